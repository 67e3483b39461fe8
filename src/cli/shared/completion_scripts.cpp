#include "completion_scripts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "smoothbound/models/model.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound::cli {
namespace {

std::vector<std::string> command_names(const ProgramInfo& program) {
  std::vector<std::string> names;
  for (const CommandInfo& command : program.commands) names.push_back(command.name);
  return names;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  while (true) {
    const std::size_t place = text.find(from);
    result.append(text.substr(0, place));
    if (place == std::string_view::npos) return result;
    result.append(to);
    text.remove_prefix(place + from.size());
  }
}

// Of architecture files, and of the models that may stand in their place.
std::string endings(std::string_view separator) {
  std::vector<std::string_view> all(architecture_endings.begin(), architecture_endings.end());
  for (const models::ModelFormat& format : models::model_formats()) {
    const std::string_view ending = format.endings.substr(std::string_view("*.").size());
    if (std::ranges::find(all, ending) == all.end()) all.push_back(ending);
  }
  return fmt::format("{}", fmt::join(all, separator));
}

// -- bash --

// Which function adds the words of a value; empty where any text may stand.
std::string bash_values(const OptionInfo& option) {
  switch (option.kind) {
    case ValueKind::choice:
      return fmt::format("_smoothbound_words '{}'", fmt::join(option.choices, " "));
    case ValueKind::architecture:
      return "_smoothbound_files '" + endings(" ") + "'";
    case ValueKind::file:
      return "_smoothbound_files ''";
    case ValueKind::directory:
      return "_smoothbound_files /";
    default:
      return {};
  }
}

constexpr std::string_view bash_functions = R"(# bash completion for smoothbound

# The words that begin with what was typed.
_smoothbound_words() {
  local word
  for word in $1; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}

# Directories, and files with one of these endings; '' for all files, / for none.
_smoothbound_files() {
  local name ending
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do
    if [[ -z $1 || -d ${name/#\~/$HOME} ]]; then
      COMPREPLY+=("$name")
      continue
    fi
    for ending in $1; do
      [[ $name == *."$ending" ]] && COMPREPLY+=("$name")
    done
  done < <(compgen -f -- "$cur")
}

_smoothbound() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local command='' options='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == --config ]]; then
      ((++i))
      [[ ${COMP_WORDS[i]} == = ]] && ((++i))
    elif [[ $word != -* && -z $command ]]; then
      command=$word
    fi
  done
  # '=' is a word of its own: --option = value
  if [[ $cur == = && $prev == --* ]]; then
    cur=
  elif [[ $prev == = && COMP_CWORD -gt 2 ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
)";

std::string bash_cases(const CommandInfo& command, bool is_program) {
  std::string cases;
  for (const OptionInfo& option : command.options) {
    if (option.kind == ValueKind::none || option.kind == ValueKind::optional_text) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) {
      patterns.push_back(fmt::format("'{} {}'", is_program ? "" : command.name, name));
    }
    cases += fmt::format("    {}) {}; return ;;\n", fmt::join(patterns, "|"),
                         bash_values(option).empty() ? ":" : bash_values(option));
  }
  return cases;
}

std::string bash_words(const CommandInfo& command, bool is_program, const ProgramInfo& program) {
  std::vector<std::string> names;
  for (const OptionInfo& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  std::string values;
  if (is_program) {
    values = fmt::format("_smoothbound_words '{}'", fmt::join(command_names(program), " "));
  } else if (!command.positionals.empty()) {
    values = bash_values(command.positionals.back());
  }
  return fmt::format("    '{}') options='{}'\n      [[ $cur == -* ]] || {} ;;\n",
                     is_program ? "" : command.name, fmt::join(names, " "),
                     values.empty() ? ":" : values);
}

// -- zsh --

// A text within single quotes, of which colons and brackets are separators.
std::string zsh_text(std::string text) {
  for (const char* special : {"\\", ":", "[", "]"}) {
    text = replace_all(text, special, std::string("\\") + special);
  }
  return replace_all(text, "'", "'\\''");
}

std::string zsh_values(const OptionInfo& option) {
  switch (option.kind) {
    case ValueKind::choice:
      return fmt::format("({})", fmt::join(option.choices, " "));
    case ValueKind::architecture:
      return "_files -g \"*.(" + endings("|") + ")\"";
    case ValueKind::file:
      return "_files";
    case ValueKind::directory:
      return "_files -/";
    default:
      return " ";
  }
}

// What a value is called where completion lists it.
std::string zsh_label(const OptionInfo& option) {
  return option.kind == ValueKind::choice ? "value" : zsh_text(option.type);
}

std::string zsh_option(const OptionInfo& option) {
  std::string text;
  // Each way to write the option excludes all of them.
  const std::string others = fmt::format("({})", fmt::join(option.names, " "));
  for (const std::string& name : option.names) {
    std::string form = name;
    std::string value;
    if (option.kind == ValueKind::optional_text) {
      form += "=-";
      value = "::" + zsh_label(option) + ": ";
    } else if (option.kind != ValueKind::none) {
      form += name.starts_with("--") ? "=" : "+";
      value = fmt::format(":{}:{}", zsh_label(option), zsh_values(option));
    }
    text += fmt::format("        '{}{}[{}]{}' \\\n", option.repeats ? "*" : others, form,
                        zsh_text(option.description), value);
  }
  return text;
}

std::string zsh_command(const CommandInfo& command) {
  std::string text = fmt::format("    {})\n      _arguments -s \\\n", command.name);
  for (const OptionInfo& option : command.options) text += zsh_option(option);
  for (const OptionInfo& option : command.positionals) {
    text += fmt::format("        '{}:{}:{}' \\\n", option.repeats ? "*" : "", zsh_label(option),
                        zsh_values(option));
  }
  return text + "        && result=0 ;;\n";
}

// -- fish --

std::string fish_text(std::string_view text) {
  return fmt::format("'{}'", replace_all(replace_all(text, "\\", "\\\\"), "'", "\\'"));
}

std::string fish_values(const OptionInfo& option) {
  switch (option.kind) {
    case ValueKind::choice:
      return " -x -a " + fish_text(fmt::format("{}", fmt::join(option.choices, " ")));
    case ValueKind::architecture:
      return " -x -a '(__smoothbound_files \"\\.(" + endings("|") + ")\\$\")'";
    case ValueKind::file:
      return " -r -F";
    case ValueKind::directory:
      return R"( -x -a '(__smoothbound_files "/\$")')";
    case ValueKind::text:
      return " -x";
    default:
      return {};
  }
}

constexpr std::string_view fish_functions = R"(# fish completion for smoothbound
function __smoothbound_files -d 'Directories, and files whose name matches'
    set -l typed (string replace -r '^--[^=]*=' '' -- (commandline -ct))
    complete -C "__fish_command_without_completions $typed" |
        string replace -r '\t.*' '' | string match -e -r "/\$|$argv[1]"
end

complete -c smoothbound -f
)";

std::string fish_command(const CommandInfo& command, const std::string& condition) {
  std::string text;
  const std::string head = "complete -c smoothbound -n " + fish_text(condition);
  for (const OptionInfo& option : command.options) {
    text += head;
    for (const std::string& name : option.names) {
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    text += fish_values(option) + " -d " + fish_text(option.description) + "\n";
  }
  for (const OptionInfo& option : command.positionals) {
    const std::string values = fish_values(option);
    if (!values.empty()) text += head + values + "\n";
  }
  return text;
}

}  // namespace

std::string bash_completion(const ProgramInfo& program) {
  std::string text(bash_functions);
  text += "  case \"$command $prev\" in\n" + bash_cases(program.itself, true);
  for (const CommandInfo& command : program.commands) text += bash_cases(command, false);
  text += "  esac\n  case $command in\n" + bash_words(program.itself, true, program);
  for (const CommandInfo& command : program.commands) text += bash_words(command, false, program);
  text +=
      "  esac\n"
      "  [[ $cur == -* ]] && _smoothbound_words \"$options\"\n"
      "  return 0\n"
      "}\n\n"
      "complete -F _smoothbound smoothbound\n";
  return text;
}

std::string zsh_completion(const ProgramInfo& program) {
  std::string text =
      "#compdef smoothbound\n"
      "# zsh completion for smoothbound\n\n"
      "_smoothbound() {\n"
      "  local context state state_descr line result=1\n"
      "  typeset -A opt_args\n"
      "  _arguments -C -s \\\n";
  for (const OptionInfo& option : program.itself.options) text += zsh_option(option);
  text +=
      "        '1:command:->command' \\\n"
      "        '*::argument:->argument' \\\n"
      "        && result=0\n"
      "  if [[ $state == command ]]; then\n"
      "    local -a commands\n"
      "    commands=(\n";
  for (const CommandInfo& command : program.commands) {
    text += fmt::format("      '{}:{}'\n", command.name, zsh_text(command.description));
  }
  text +=
      "    )\n"
      "    _describe -t commands command commands && result=0\n"
      "  fi\n"
      "  [[ $state == argument ]] && case $line[1] in\n";
  for (const CommandInfo& command : program.commands) text += zsh_command(command);
  text +=
      "  esac\n"
      "  return result\n"
      "}\n\n"
      "# Read from a file of $fpath, this is the function's body; else it is sourced.\n"
      "if [[ $funcstack[1] == _smoothbound ]]; then\n"
      "  _smoothbound \"$@\"\n"
      "else\n"
      "  compdef _smoothbound smoothbound\n"
      "fi\n";
  return text;
}

std::string fish_completion(const ProgramInfo& program) {
  const std::string names = fmt::format("{}", fmt::join(command_names(program), " "));
  const std::string no_command = "not __fish_seen_subcommand_from " + names;
  std::string text(fish_functions);
  for (const CommandInfo& command : program.commands) {
    text += fmt::format("complete -c smoothbound -n '{}' -a {} -d {}\n", no_command, command.name,
                        fish_text(command.description));
  }
  text += fish_command(program.itself, no_command);
  for (const CommandInfo& command : program.commands) {
    text += fish_command(command, "__fish_seen_subcommand_from " + command.name);
  }
  return text;
}

}  // namespace smoothbound::cli
