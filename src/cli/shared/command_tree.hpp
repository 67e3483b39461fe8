// What completion scripts and manual pages tell of commands and options.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"

namespace smoothbound::cli {

/// What follows an option, or stands in place of a positional.
enum class ValueKind : std::uint8_t {
  none,           // a flag
  optional_text,  // may be left out
  text,
  choice,  // one of OptionInfo::choices
  architecture,
  file,
  directory,
};

struct OptionInfo {
  std::vector<std::string> names;  // with dashes, short ones first; none for a positional
  std::string label;               // of a positional, as help shows it
  std::string type;                // as help shows it
  OptionGroup group = OptionGroup::general;
  std::string description;
  ValueKind kind = ValueKind::none;
  std::vector<std::string> choices;
  bool required = false;
  bool repeats = false;

  [[nodiscard]] bool is_positional() const { return names.empty(); }
};

struct CommandInfo {
  std::string name;
  std::string description;
  std::string footer;
  std::vector<OptionInfo> options;  // those of every command included; by group
  std::vector<OptionInfo> positionals;
};

struct ProgramInfo {
  CommandInfo itself;
  std::vector<CommandInfo> commands;
};

/// Commands that are hidden or not in this build are left out. The values of an option follow from
/// its type name: "a|b|c" are choices, LOSS, COMPONENT, COMMAND, FILE and DIR what they say, in a
/// positional FILE is an architecture file; anything else is text.
ProgramInfo inspect(const Program& program);
/// One command, whether it is hidden or not.
CommandInfo inspect(const Command& command, const Program& program);

/// Calls `take(title, options)` for each group that there is.
template <class Take>
void for_each_group(std::span<const OptionInfo> options, const Take& take) {
  while (!options.empty()) {
    std::size_t count = 1;
    while (count < options.size() && options[count].group == options.front().group) ++count;
    take(title_of(options.front().group), options.first(count));
    options = options.subspan(count);
  }
}

/// The examples at the end of a footer, and the text before them.
struct Footer {
  std::string text;
  std::vector<std::string> examples;
};
Footer split_footer(std::string_view footer);

}  // namespace smoothbound::cli
