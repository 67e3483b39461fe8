// --weights and how its tensors are told, as typed.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "command.hpp"
#include "command_line.hpp"
#include "smoothbound/bounds/report.hpp"

namespace smoothbound::cli {

/// What --match-weights takes, in the order of `TensorMatch`.
constexpr std::array<std::string_view, 2> tensor_matches{"name", "order"};

struct WeightsOptions {
  std::string file;
  std::string map;
  std::string match;

  /// Declares --weights, with `help`, --weights-map and --match-weights.
  void add_to(Command& command, std::string help);
};

/// This build does not have what is asked for.
class MissingInBuild : public SpecError {
 public:
  MissingInBuild(Location where, const std::string& what);
};

/// Gives batch norms the statistics that they lack; null without --weights. Throws SpecError with
/// a place on the command line; MissingInBuild in a build without the runtime, which is what reads
/// them. Each kind of build has its own.
GraphAdapter statistics_adapter(const WeightsOptions& options, const CommandLine& line);

}  // namespace smoothbound::cli
