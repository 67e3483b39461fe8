#include "command_tree.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "smoothbound/layers/layer.hpp"
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
  for (const Component& component : prototypes()) names.emplace_back(name_of(component));
  for (std::string& name : loss_names()) names.push_back(std::move(name));
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
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

OptionInfo inspect(const CLI::Option& option, const CLI::App& root) {
  OptionInfo info;
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  info.description = option.get_description();
  info.required = option.get_required();
  info.repeats = option.get_expected_max() > 1;
  if (option.get_items_expected_max() == 0) return info;
  info.type = option.get_type_name();
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
    info.choices = command_names(root);
  } else if (type.find('|') != std::string::npos) {
    info.choices = split(type, '|');
  }
  if (!info.choices.empty()) info.kind = ValueKind::choice;
  return info;
}

CommandInfo inspect_command(const CLI::App& command, const CLI::App& root) {
  CommandInfo info;
  info.name = command.get_name();
  info.description = command.get_description();
  info.footer = command.get_footer();
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    OptionInfo shown = inspect(*option, root);
    (shown.is_positional() ? info.positionals : info.options).push_back(std::move(shown));
  }
  if (&command != &root && root.get_config_ptr() != nullptr) {
    info.options.push_back(inspect(*root.get_config_ptr(), root));
  }
  return info;
}

}  // namespace

std::span<const std::string_view> architecture_endings() {
  static constexpr std::array<std::string_view, 3> endings{"yaml", "yml", "json"};
  return endings;
}

Program inspect(const CLI::App& app) {
  Program program{inspect_command(app, app), {}};
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) program.commands.push_back(inspect_command(*command, app));
  }
  return program;
}

std::string choice_type(std::span<const std::string_view> names) {
  return fmt::format("{}", fmt::join(names, "|"));
}

CLI::Option* add_choice(CLI::App& command, const std::string& name, std::string& target,
                        const std::string& help, std::span<const std::string_view> names) {
  return command.add_option(name, target, help)->type_name(choice_type(names));
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
