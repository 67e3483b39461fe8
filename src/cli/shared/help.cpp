#include "help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "smoothbound/text/lines.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::cli {
namespace {

class HelpWriter {
 public:
  explicit HelpWriter(std::size_t columns)
      : columns_(columns), second_(std::min<std::size_t>(30, columns * 3 / 8)) {}

  void paragraph(std::string_view text) { text_ += wrap_text("", text, columns_); }
  void heading(std::string_view title) { text_ += fmt::format("\n{}:\n", title); }

  // A name, and in a second column what it means.
  void entry(const std::string& name, std::string_view meaning) {
    std::string begin = "  " + name;
    const std::size_t size = character_count(begin);
    if (size + 2 > second_) {
      text_ += begin + "\n";
      begin.clear();
    }
    begin.resize(begin.size() + second_ - (begin.empty() ? 0 : size), ' ');
    text_ += wrap_text(begin, meaning, columns_);
  }

  void option(const OptionInfo& option, const std::string& positional = {}) {
    std::string name =
        option.is_positional() ? positional : fmt::format("{}", fmt::join(option.names, ","));
    if (!option.type.empty()) name += " " + option.type;
    if (option.is_positional() && option.repeats) name += " ...";
    if (option.required) name += " REQUIRED";
    entry(name, option.description);
  }

  // Paragraphs, lines of a name and its meaning, and examples.
  void footer(std::string_view text) {
    if (text.empty()) return;
    text_ += "\n";
    bool in_examples = false;
    std::string open;  // a paragraph, as far as it was read
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const bool is_title = line == "Example:" || line == "Examples:";
      in_examples = in_examples || is_title;
      if (line.empty() || line.starts_with(' ') || is_title) {
        if (!open.empty()) paragraph(std::exchange(open, {}));
        in_examples && !is_title ? example(line) : footer_line(line);
      } else {
        open.append(open.empty() ? "" : " ").append(line);
      }
    }
    if (!open.empty()) paragraph(open);
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void footer_line(std::string_view line) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t gap = line.find("  ", indent);
    if (gap == std::string_view::npos) return paragraph(line);
    entry(std::string(line.substr(indent, gap - indent)),
          line.substr(line.find_first_not_of(' ', gap)));
  }

  // A command that is too long goes on in further lines, as a shell reads it.
  void example(std::string_view line) {
    std::string begin;
    while (character_count(begin) + character_count(line) > columns_) {
      std::string_view rest = line;
      const std::size_t taken = begin.size() + 2;
      std::string_view part = take_line(rest, columns_ > taken ? columns_ - taken : 1);
      if (rest.empty()) break;
      // An option and its value stand together.
      const std::size_t last = part.rfind(' ');
      if (last != std::string_view::npos && part.substr(last).starts_with(" -") &&
          part.find_first_not_of(' ') < last) {
        part = part.substr(0, last);
      }
      text_.append(begin).append(part).append(" \\\n");
      line.remove_prefix(line.find_first_not_of(' ', part.size()));
      begin = "    ";
    }
    text_.append(begin).append(line).append("\n");
  }

  std::size_t columns_;
  std::size_t second_;
  std::string text_;
};

}  // namespace

std::string help_text(const ProgramInfo& program, const CommandInfo& command, std::size_t columns) {
  const bool is_program = &command == &program.itself;
  HelpWriter help(columns);
  help.paragraph(command.description);
  std::string usage = is_program ? "smoothbound [OPTIONS] SUBCOMMAND"
                                 : fmt::format("smoothbound {} [OPTIONS]", command.name);
  for (const OptionInfo& positional : command.positionals) {
    const std::string shown = positional.label + (positional.repeats ? "..." : "");
    usage += positional.required ? " " + shown : fmt::format(" [{}]", shown);
  }
  help.paragraph("Usage: " + usage);
  if (!command.positionals.empty()) help.heading("Positionals");
  for (const OptionInfo& positional : command.positionals) {
    help.option(positional, positional.label);
  }
  for_each_group(command.options, [&](std::string_view title, std::span<const OptionInfo> options) {
    help.heading(title);
    for (const OptionInfo& option : options) help.option(option);
  });
  if (is_program) {
    help.heading("Subcommands");
    for (const CommandInfo& other : program.commands) help.entry(other.name, other.description);
  }
  help.footer(command.footer);
  return std::move(help).text();
}

}  // namespace smoothbound::cli
