#include "shared/commands.hpp"

#include <array>

namespace smoothbound::cli {

// Each in NAME_command.cpp.
using Declare = void(Command&);
Declare declare_bound, declare_check, declare_compare, declare_completion, declare_import,
    declare_layers, declare_man, declare_plot, declare_report, declare_schema, declare_sweep;

std::span<const CommandRow> calculator_commands() {
  static constexpr auto rows = std::to_array<CommandRow>({
      {"bound", "Per-layer bounds of architecture files, and the estimates of Theorem 4.1",
       declare_bound},
      {"check", "Whether bounds got worse than those of a baseline file; for CI jobs",
       declare_check},
      {"compare", "Networks side by side, or one under several settings: which has smaller bounds",
       declare_compare},
      {"completion", "A script with which a shell completes commands, options and values",
       declare_completion},
      {"import", "A model of ONNX, Keras, Darknet or Caffe as an architecture file and weights",
       declare_import},
      {"layers", "The catalogue: every component and loss with its formula, constants and source",
       declare_layers},
      {"man", "Manual page of the program or of a command", declare_man},
      {"plot", "Charts of the bounds of architecture files, or of logs of training", declare_plot},
      {"report", "One HTML page about architecture files: summary, charts, layers, objective",
       declare_report},
      {"schema", "JSON Schema of the architecture file", declare_schema},
      {"sweep", "Bounds along grids of settings, and where they cross those of another network",
       declare_sweep},
  });
  return rows;
}

}  // namespace smoothbound::cli
