#include "command_tree.hpp"

#include <algorithm>

#include "smoothbound/layers/composite.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::cli {
namespace {

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const LossRow& loss : loss_table()) names.emplace_back(loss.name);
  return names;
}

std::vector<std::string> component_names() {
  std::vector<std::string> names;
  for (const std::string_view name : catalogue_names()) names.emplace_back(name);
  for (std::string& name : loss_names()) names.push_back(std::move(name));
  return names;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

OptionInfo inspect(const Option& option, const Program& program) {
  OptionInfo info;
  info.names = option.spellings();
  info.description = option.help;
  info.group = option.group;
  info.required = option.is_required;
  info.repeats = option.repeats();
  if (option.is_flag()) return info;
  info.type = option.type;
  if (option.is_positional()) info.label = option.name;
  info.kind = ValueKind::text;
  const std::string& type = info.type;
  if (type.starts_with('[')) {
    info.kind = ValueKind::optional_text;
  } else if (type == "FILE") {
    info.kind = info.is_positional() ? ValueKind::architecture : ValueKind::file;
  } else if (type == "DIR") {
    info.kind = ValueKind::directory;
  } else if (type == "LOSS") {
    info.choices = loss_names();
  } else if (type == "COMPONENT") {
    info.choices = component_names();
  } else if (type == "COMMAND") {
    info.choices = program.command_names();
  } else if (type.find('|') != std::string::npos) {
    info.choices = split(type, '|');
  }
  if (!info.choices.empty()) info.kind = ValueKind::choice;
  return info;
}

}  // namespace

CommandInfo inspect(const Command& command, const Program& program) {
  CommandInfo info{command.name(), command.summary(), command.footer(), {}, {}};
  for (const Option& option : command.options()) {
    OptionInfo shown = inspect(option, program);
    (shown.is_positional() ? info.positionals : info.options).push_back(std::move(shown));
  }
  if (&command != &program.itself()) {
    info.options.push_back(inspect(program.itself().options().back(), program));
  }
  std::ranges::stable_sort(info.options, {}, &OptionInfo::group);
  return info;
}

ProgramInfo inspect(const Program& program) {
  ProgramInfo info{inspect(program.itself(), program), {}};
  for (const Command& command : program.commands()) {
    if (command.is_hidden() || command.is_missing()) continue;
    info.commands.push_back(inspect(command, program));
  }
  return info;
}

Footer split_footer(std::string_view footer) {
  Footer result;
  bool in_examples = false;
  for (const std::string& line : split(footer, '\n')) {
    if (line == "Example:" || line == "Examples:") {
      in_examples = true;
    } else if (!in_examples) {
      result.text += line + "\n";
    } else if (line.find_first_not_of(' ') != std::string::npos) {
      result.examples.push_back(line.substr(line.find_first_not_of(' ')));
    }
  }
  while (result.text.ends_with('\n')) result.text.pop_back();
  return result;
}

}  // namespace smoothbound::cli
