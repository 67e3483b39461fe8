// smoothbound completion: what a shell reads in order to complete commands, options and values.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/command_tree.hpp"
#include "shared/completion_scripts.hpp"
#include "shared/exit_code.hpp"
#include "shared/output.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 3> shell_names{"bash", "zsh", "fish"};

int run(const Program& program, const std::string& shell, const CommandLine& line) {
  using Writer = std::string (*)(const ProgramInfo&);
  constexpr std::array<Writer, shell_names.size()> writers{bash_completion, zsh_completion,
                                                           fish_completion};
  const text::ScalarText typed{shell, true, line.locate(shell), "shell"};
  const Writer write = writers[text::parse_choice(typed, shell_names)];
  Output output("");
  output.write(write(inspect(program)));
  output.commit();
  return success;
}

}  // namespace

void declare_completion(Command& command) {
  auto shell = std::make_shared<std::string>();
  command.choice("shell", *shell, "the shell that reads it", shell_names).required();
  command.footer(
      "Examples:\n"
      "  source <(smoothbound completion bash)\n"
      "  smoothbound completion zsh > ~/.zfunc/_smoothbound\n"
      "  smoothbound completion fish > ~/.config/fish/completions/smoothbound.fish");
  command.action([shell, &program = command.program()](const CommandLine& line) {
    return run(program, *shell, line);
  });
}

}  // namespace smoothbound::cli
