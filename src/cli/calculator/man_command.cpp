// smoothbound man: the manual pages, for the build. Hidden, since users have man(1).

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/command_tree.hpp"
#include "shared/exit_code.hpp"
#include "shared/output.hpp"
#include "smoothbound/text/suggest.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound::cli {
namespace {

// Text as roff: nothing in it is a request, an escape or a typographic quote.
std::string escape(std::string_view text, bool literal) {
  std::string result;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\':
        result += "\\(rs";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '-':
        result += literal ? "\\-" : "-";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) { return "\\fB" + escape(text, true) + "\\fR"; }

// Options that are mentioned within text have literal dashes.
std::string prose(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t option = text.find("--");
    result += escape(text.substr(0, option), false);
    if (option == std::string_view::npos) break;
    text.remove_prefix(option);
    const std::size_t end = std::min(text.find_first_of(" ;,.:')"), text.size());
    result += bold(text.substr(0, end));
    text.remove_prefix(end);
  }
  return result;
}

// Choices are typed as they stand, names of types in italics.
std::string value_of(const OptionInfo& option) {
  const bool literal = option.type.find('|') != std::string::npos;
  if (!literal) return "\\fI" + escape(option.type, true) + "\\fR";
  return fmt::format("{}", fmt::join(option.choices, "|"));
}

std::string synopsis(const std::string& name, const CommandInfo& command, bool is_program) {
  std::string text = bold(name) + " [\\fIOPTION\\fR ...]";
  if (is_program) text += R"( \fICOMMAND\fR [\fIARGUMENT\fR ...])";
  for (const OptionInfo& positional : command.positionals) {
    const std::string shown = value_of(positional) + (positional.repeats ? " ..." : "");
    text += positional.required ? " " + shown : " [" + shown + "]";
  }
  return text;
}

void write_option(const OptionInfo& option, std::string& page) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back(bold(name));
  page += fmt::format(".TP\n{}", fmt::join(names, ", "));
  if (option.kind != ValueKind::none) page.append(" ").append(value_of(option));
  page += fmt::format("\n{}.\n", prose(option.description));
  if (option.kind == ValueKind::choice && option.type.find('|') == std::string::npos) {
    page += fmt::format("One of: {}.\n",
                        escape(fmt::format("{}", fmt::join(option.choices, ", ")), true));
  }
}

void write_options(const CommandInfo& command, std::string& page) {
  page += ".SH OPTIONS\n";
  for (const OptionInfo& option : command.positionals) {
    page += fmt::format(".TP\n{}\n{}.\n", value_of(option), prose(option.description));
  }
  for_each_group(command.options, [&](std::string_view title, std::span<const OptionInfo> options) {
    if (options.size() < command.options.size()) page += fmt::format(".SS {}\n", title);
    for (const OptionInfo& option : options) write_option(option, page);
  });
}

std::string dashed(const std::string& command) { return "smoothbound-" + command; }

void write_see_also(const ProgramInfo& program, const CommandInfo& command, bool is_program,
                    std::string& page) {
  std::vector<std::string> pages;
  if (!is_program) pages.emplace_back("smoothbound");
  for (const CommandInfo& other : program.commands) {
    if (other.name != command.name) pages.push_back(dashed(other.name));
  }
  page += ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < pages.size(); ++i) {
    page += fmt::format(".BR {} (1){}\n", escape(pages[i], true), i + 1 < pages.size() ? "," : "");
  }
}

std::string write_page(const ProgramInfo& program, const CommandInfo& command) {
  const bool is_program = &command == &program.itself;
  const std::string name = is_program ? "smoothbound" : dashed(command.name);
  std::string title = name;
  std::ranges::transform(title, title.begin(),
                         [](char c) { return c == '_' ? c : static_cast<char>(std::toupper(c)); });
  const Footer footer = split_footer(command.footer);
  // No date: the same version gives the same page.
  std::string page = fmt::format(".TH {} 1 \"\" \"smoothbound {}\" \"User Commands\"\n",
                                 escape(title, true), version);
  page += fmt::format(".SH NAME\n{} \\- {}\n", escape(name, true), prose(command.description));
  page +=
      fmt::format(".SH SYNOPSIS\n{}\n",
                  synopsis(is_program ? name : "smoothbound " + command.name, command, is_program));
  page += ".SH DESCRIPTION\n";
  page += prose(command.description) + ".\n";
  if (is_program) {
    page +=
        ".PP\nReads the architecture of a deep network and computes, for every layer, certified\n"
        "upper bounds on its output (m), its Lipschitz constant (l) and its smoothness constant\n"
        "(L) as functions of the parameters.\n.SH COMMANDS\n";
    for (const CommandInfo& other : program.commands) {
      page += fmt::format(".TP\n{}\n{}.\n", bold(other.name), prose(other.description));
    }
  } else if (!footer.text.empty()) {
    page += ".PP\n" + prose(footer.text) + "\n";
  }
  write_options(command, page);
  page += ".SH EXIT STATUS\n";
  for (const ExitCodeRow& row : exit_codes) {
    page += fmt::format(".TP\n.B {}\n{}.\n", static_cast<int>(row.code), prose(row.meaning));
  }
  if (!footer.examples.empty()) {
    page += ".SH EXAMPLES\n.nf\n";
    for (const std::string& example : footer.examples) page += escape(example, true) + "\n";
    page += ".fi\n";
  }
  write_see_also(program, command, is_program, page);
  return page;
}

struct ManOptions {
  std::string command;
  bool list = false;
};

int run(const ProgramInfo& program, const ManOptions& options, const CommandLine& line) {
  const std::string& name = options.command;
  Output output("");
  if (options.list) {
    for (const CommandInfo& command : program.commands) output.write(command.name + "\n");
    output.commit();
    return success;
  }
  const CommandInfo* command = name.empty() ? &program.itself : nullptr;
  std::vector<std::string_view> known;
  for (const CommandInfo& candidate : program.commands) {
    known.push_back(candidate.name);
    if (candidate.name == name) command = &candidate;
  }
  if (command == nullptr) {
    throw SpecError(line.locate(name), fmt::format("there is no command '{}'", name),
                    suggest(name, known, "commands: " + join(known)));
  }
  output.write(write_page(program, *command));
  output.commit();
  return success;
}

}  // namespace

void declare_man(Command& command) {
  auto options = std::make_shared<ManOptions>();
  command.hide();
  command.option("command", options->command, "the command", "COMMAND");
  command.flag("--commands", options->list, "list the commands that have a page");
  command.footer(
      "Example:\n"
      "  smoothbound man bound > smoothbound-bound.1");
  command.action([options, &program = command.program()](const CommandLine& line) {
    return run(inspect(program), *options, line);
  });
}

}  // namespace smoothbound::cli
