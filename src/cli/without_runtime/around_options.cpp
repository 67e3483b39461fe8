// Who does not execute networks does not know their weights.
#include "shared/around_options.hpp"

namespace smoothbound::cli {

struct AroundOptions::Typed {
  std::string around;
};

AroundOptions::AroundOptions() : typed_(std::make_unique<Typed>()) {}
AroundOptions::~AroundOptions() = default;

void AroundOptions::add_to(Command& command) {
  command.group(OptionGroup::parameters);
  command.option("--around", typed_->around, "not in this build; giving it tells how to get it",
                 "FILE");
}

const std::string& AroundOptions::file(const CommandLine& line) const {
  if (!typed_->around.empty()) throw MissingInBuild(line.locate_last({"--around"}), "--around");
  return typed_->around;
}

int AroundOptions::run(const AroundCall& /*call*/, const CommandLine& line) {
  throw MissingInBuild(line.locate_last({"--around"}), "--around");
}

}  // namespace smoothbound::cli
