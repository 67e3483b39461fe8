#include "program.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <new>

#include "command_line.hpp"
#include "commands.hpp"
#include "distinct_files.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "parser.hpp"
#include "process.hpp"
#include "remedies.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/resource_error.hpp"
#include "smoothbound/text/source_errors.hpp"
#include "weights_options.hpp"

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
  const Program program(footer(), {calculator_commands(), runtime_commands()});
  const Parsed parsed = parse(program, line);
  if (parsed.command != nullptr) {
    if (!parsed.command->is_missing()) refuse_coincidences(*parsed.command, line);
    return parsed.command->run(line);
  }
  Output output("");
  output.write(parsed.text);
  output.commit();
  return success;
}

int refuse(const ResourceError& error) {
  std::cerr << "smoothbound: error: " << error.what() << '\n' << "hint: " << error.hint << '\n';
  return no_answer;
}

int report_failures(CommandLine line) {
  try {
    return parse_and_run(line);
  } catch (const MissingInBuild& error) {
    std::cerr << line.render(error);
    return no_answer;
  } catch (const SpecError& error) {
    std::cerr << line.render(error);
    return bad_input;
  } catch (const SourceErrors& error) {
    std::cerr << render(error.source, error.errors);
    return bad_input;
  } catch (const DataError& error) {
    std::cerr << render(error);
    return bad_input;
  } catch (const OutputError& error) {
    if (error.cause != OutputError::Cause::reader_gone) {
      std::cerr << "smoothbound: error: " << error.what() << "\nhint: " << error.hint << '\n';
    }
    return error.cause == OutputError::Cause::path ? bad_input : internal;
  } catch (const ResourceError& error) {
    return refuse(error);
  } catch (const std::bad_alloc&) {
    return refuse({"out of memory",
                   "take fewer samples or a smaller network, or raise the limits (ulimit -v)"});
  } catch (const std::exception& error) {
    std::cerr << "smoothbound: internal error: " << error.what() << '\n';
    return internal;
  }
}

}  // namespace

int execute_command_line(int argc, const char* const* argv) {
  open_standard_streams();
  // A closed pipe or a full quota is an error of `write`, not a death by signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  watch_ending_signals();
  return report_failures(CommandLine(argc, argv));
}

}  // namespace smoothbound::cli
