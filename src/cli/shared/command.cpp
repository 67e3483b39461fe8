#include "command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace smoothbound::cli {

std::string_view title_of(OptionGroup group) {
  constexpr auto titles =
      std::to_array<std::string_view>({"Options", "Data", "Parameters", "Steps", "Grids",
                                       "Baseline", "Settings", "Output", "Machine"});
  return titles.at(static_cast<std::size_t>(group));
}

std::vector<std::string> Option::spellings() const {
  std::vector<std::string> result;
  if (is_positional()) return result;
  const std::size_t comma = name.find(',');
  result.push_back(name.substr(0, comma));
  if (comma != std::string::npos) result.push_back(name.substr(comma + 1));
  return result;
}

std::string Option::title() const { return is_positional() ? name : spellings().back(); }

Command::Command(const Program& program, std::string_view name, std::string_view summary)
    : program_(program), name_(name), summary_(summary) {
  add({"-h,--help", "Print this help message and exit", {}, {}});
}

Option& Command::choice(std::string name, std::string& target, std::string help,
                        std::span<const std::string_view> names) {
  return option(std::move(name), target, std::move(help), fmt::format("{}", fmt::join(names, "|")));
}

Option& Command::add(Option option) {
  option.group = group_;
  return options_.emplace_back(std::move(option));
}

const Option* Command::find(std::string_view name) const {
  const auto found = std::ranges::find_if(options_, [&](const Option& option) {
    const std::vector<std::string> spellings = option.spellings();
    return option.name == name || std::ranges::find(spellings, name) != spellings.end();
  });
  return found == options_.end() ? nullptr : &*found;
}

Program::Program(std::string footer, std::initializer_list<std::span<const CommandRow>> tables)
    : itself_(*this, "smoothbound", "Certified smoothness constants of deep networks") {
  itself_.footer(std::move(footer));
  itself_.add({"--version", "Display program version information and exit", {}, {}});
  itself_.add({"--config", "options from FILE, for those that are not given here", "FILE", {}});
  std::vector<CommandRow> rows;
  for (const auto& table : tables) rows.insert(rows.end(), table.begin(), table.end());
  std::ranges::sort(rows, {}, &CommandRow::name);
  for (const CommandRow& row : rows) {
    row.declare(commands_.emplace_back(*this, row.name, row.summary));
  }
}

const Command* Program::find(std::string_view name) const {
  const auto found = std::ranges::find(commands_, name, &Command::name);
  return found == commands_.end() ? nullptr : &*found;
}

std::vector<std::string> Program::command_names() const {
  std::vector<std::string> names;
  for (const Command& command : commands_) {
    if (!command.is_hidden()) names.push_back(command.name());
  }
  return names;
}

}  // namespace smoothbound::cli
