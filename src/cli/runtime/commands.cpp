#include "shared/commands.hpp"

#include <array>

namespace smoothbound::cli {

// Each in NAME_command.cpp.
using Declare = void(Command&);
Declare declare_certify, declare_cost, declare_init, declare_run, declare_train;

std::span<const CommandRow> runtime_commands() {
  static constexpr auto rows = std::to_array<CommandRow>({
      {"certify",
       "What is proved of a network's objective along a direction: how far it falls, for sure",
       declare_certify},
      {"cost", "Operations and memory of passes and of gradient, Gauss-Newton and Newton steps",
       declare_cost},
      {"init", "Random parameters of a network, as a safetensors file", declare_init},
      {"run", "Executes a network: outputs, loss, and the norms of its layers beside their bounds",
       declare_run},
      {"train", "Minimizes the loss of a network by steps with guarantees, and holds them to it",
       declare_train},
  });
  return rows;
}

}  // namespace smoothbound::cli
