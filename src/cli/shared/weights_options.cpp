#include "weights_options.hpp"

#include <fmt/format.h>

#include <array>

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> match_words{"name", "order"};

}  // namespace

void WeightsOptions::add_to(Command& command, std::string help) {
  command.group(OptionGroup::parameters);
  command.option("--weights", file, std::move(help), "FILE");
  command.option("--weights-map", map,
                 "names of tensors, or prefixes of names, to those in the file of --weights: a "
                 "mapping in JSON or YAML",
                 "FILE");
  command.choice("--match-weights", match,
                 "tensors of --weights by their names, or in the order of the file if all shapes "
                 "fit (name)",
                 match_words);
}

MissingInBuild::MissingInBuild(Location where, const std::string& what)
    : SpecError(where, fmt::format("'{}' is not in this build, the calculator alone", what),
                "scripts/build makes the whole program; with CMake: -DSMOOTHBOUND_RUNTIME=ON") {}

}  // namespace smoothbound::cli
