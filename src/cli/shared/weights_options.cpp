#include "weights_options.hpp"

#include <fmt/format.h>

namespace smoothbound::cli {

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
                 tensor_matches);
}

MissingInBuild::MissingInBuild(Location where, const std::string& what)
    : SpecError(where, fmt::format("'{}' is not in this build, the calculator alone", what),
                "scripts/build makes the whole program; with CMake: -DSMOOTHBOUND_RUNTIME=ON") {}

}  // namespace smoothbound::cli
