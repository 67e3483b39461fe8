#include "machine_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "shared/model_options.hpp"
#include "smoothbound/runtime/machine.hpp"

namespace smoothbound::cli {
namespace {

std::array<Precision, 2> precisions(Precision first) {
  return {first, first == Precision::float32 ? Precision::float64 : Precision::float32};
}

std::array<std::string_view, 2> precision_names(Precision first) {
  const auto all = precisions(first);
  return {name_of(all[0]), name_of(all[1])};
}

}  // namespace

void MachineOptions::add_precision(Command& command) {
  command.group(OptionGroup::machine);
  command.choice("--precision", precision_, fmt::format("arithmetic ({})", name_of(usual_)),
                 precision_names(usual_));
}

void MachineOptions::add_to(Command& command) {
  command.group(OptionGroup::machine);
  command.option("--memory", memory_, "memory that may be used (80% of what is available)", "SIZE");
  command.option("--threads", threads_, "number of threads (as many as cores)", "COUNT");
}

Precision MachineOptions::precision(const CommandLine& line) const {
  return precisions(usual_).at(choose(line, "--precision", precision_, precision_names(usual_)));
}

std::int64_t MachineOptions::memory_limit(const CommandLine& line) const {
  if (!limits_memory()) return available_memory() / 5 * 4;
  return std::min(static_cast<std::int64_t>(parse_size(memory_text(line))), memory_within_limits());
}

void MachineOptions::apply_threads(const CommandLine& line) const {
  if (!threads_.empty()) set_threads(text::parse_count(line.scalar("--threads", threads_)));
  start_threads();
}

}  // namespace smoothbound::cli
