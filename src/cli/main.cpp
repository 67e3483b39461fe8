// Parses the command line, runs one command and turns what goes wrong into messages and exit codes.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <sstream>

#include "shared/command_line.hpp"
#include "shared/config.hpp"
#include "shared/exit_code.hpp"
#include "shared/output.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound::cli {
namespace {

std::string footer() {
  std::string text = "Exit codes:\n";
  for (const ExitCodeRow& row : exit_codes) {
    text += fmt::format("  {:<28}{}\n", static_cast<int>(row.code), row.meaning);
  }
  return text +
         "\n'smoothbound COMMAND --help' tells more.\n\n"
         "Examples:\n"
         "  smoothbound bound vgg16.yaml\n"
         "  smoothbound layers softplus\n"
         "  smoothbound --config options.toml bound vgg16.yaml";
}

int parse_and_run(CommandLine& line) {
  CLI::App app{"Certified smoothness constants of deep networks", "smoothbound"};
  app.set_version_flag("--version", "smoothbound " + std::string(version));
  app.require_subcommand(1);
  app.footer(footer());
  app.formatter(std::make_shared<Formatter>());
  line.refuse_empty();
  Action action;
  add_bound_command(app, line, action);
  add_check_command(app, line, action);
  add_compare_command(app, line, action);
  add_completion_command(app, line, action);
  add_layers_command(app, line, action);
  add_man_command(app, line, action);
  add_plot_command(app, line, action);
  add_report_command(app, line, action);
  add_schema_command(app, line, action);
  add_sweep_command(app, line, action);
  add_runtime_commands(app, line, action);
  add_config(app, line);
  try {
    std::vector<std::string> reversed = line.arguments();
    std::ranges::reverse(reversed);
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != success) throw describe(error, app, line);
    std::ostringstream text;  // --help, --version
    app.exit(error, text, text);
    Output output("");
    output.write(text.str());
    output.commit();
    return success;
  }
  return action();
}

int run(CommandLine line) {
  try {
    return parse_and_run(line);
  } catch (const SpecError& error) {
    std::cerr << line.render(error);
    return bad_input;
  } catch (const DataError& error) {
    std::cerr << render(error);
    return bad_input;
  } catch (const OutputError& error) {
    if (!error.silent) std::cerr << "smoothbound: error: " << error.what() << '\n';
    return internal;
  } catch (const std::bad_alloc&) {
    std::cerr << "smoothbound: error: out of memory\n";
    return internal;
  } catch (const std::exception& error) {
    std::cerr << "smoothbound: internal error: " << error.what() << '\n';
    return internal;
  }
}

}  // namespace
}  // namespace smoothbound::cli

int main(int argc, char** argv) {
  // A closed pipe or a full quota is an error of `write`, not a death by signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  smoothbound::cli::remove_unfinished_output_on_signals();
  return smoothbound::cli::run(smoothbound::cli::CommandLine(argc, argv));
}
