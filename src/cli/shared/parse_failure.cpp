#include "parse_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/aliases.hpp"
#include "smoothbound/text/regular_file.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names;
  for (const Option& option : command.options()) {
    const std::vector<std::string> spellings = option.spellings();
    names.insert(names.end(), spellings.rbegin(), spellings.rend());
  }
  return names;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

// A file of --config that cannot be read; CLI11 does not tell why.
SpecError describe_config(const CommandLine& line) {
  const std::vector<std::string>& arguments = line.arguments();
  std::string name;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with("--config="))
      name = arguments[i].substr(arguments[i].find('=') + 1);
    if (arguments[i] == "--config" && i + 1 < arguments.size()) name = arguments[i + 1];
  }
  std::string_view why = "no permission";
  try {
    const RegularFile file(name);
  } catch (const NotReadable& error) {
    using Reason = NotReadable::Reason;
    if (error.reason == Reason::no_such_file) why = "no such file";
    if (error.reason == Reason::directory) why = "a directory";
    if (error.reason == Reason::not_regular) why = "no regular file";
  }
  return {line.locate_last({"--config"}), fmt::format("cannot read '{}': {}", name, why),
          "--config names a file of options"};
}

// A positional or an option that is missing.
SpecError describe_required(const ParseFailure& failure, const CommandLine& line) {
  const std::string& command = failure.command->name();
  const Option* missing = nullptr;  // a positional before all
  for (const Option* option : failure.missing) {
    if (missing == nullptr || option->is_positional()) missing = option;
  }
  if (missing != nullptr && !missing->is_positional()) {
    return {line.end(), fmt::format("{} needs {} {}", command, missing->title(), missing->type),
            missing->help};
  }
  if (missing != nullptr && missing->type != "FILE") {
    std::string choices = missing->type;
    for (std::size_t at = 0; (at = choices.find('|', at)) != std::string::npos;) {
      choices.replace(at, 1, ", ");
    }
    return {line.end(), fmt::format("{} needs a {}", command, missing->name), "one of: " + choices};
  }
  return {line.end(), fmt::format("{} needs the name of a file", command),
          "name architecture files, or - for standard input"};
}

// Too few or too many values of an option.
SpecError describe_count(const ParseFailure& failure, const Program& program,
                         const CommandLine& line, const std::string& help) {
  const std::string name = failure.message.substr(0, failure.message.find(':'));
  const Option* option = failure.command->find(name);
  if (option == nullptr) option = program.itself().find(name);
  if (option == nullptr) return {{}, failure.message, help};
  const Location place = line.locate_last(option->spellings());
  if (failure.message.ends_with("missing")) {
    return {place, fmt::format("{} needs a value, {}", name, option->type), help};
  }
  return {place, fmt::format("{} is given more than once", name), "keep one of them"};
}

// An option that neither the command nor the program has; null: there is none.
const std::string* find_unknown(const CommandLine& line, const std::vector<std::string>& known) {
  for (const std::string& argument : line.arguments()) {
    if (!argument.starts_with('-') || argument == "-") continue;
    const std::string name = argument.substr(0, argument.find('='));
    const bool bundled = !name.starts_with("--") && name.size() > 2;
    if (is_among(known, name) || (bundled && is_among(known, name.substr(0, 2)))) continue;
    if (!is_numeric(name)) return &argument;
  }
  return nullptr;
}

std::string list_commands(const Program& program) {
  return "commands: " + join(views(program.command_names()));
}

// --json for --format json: a value in the place of its option. Empty: there is no such value.
std::string option_with_value(std::string_view name, const Command& command) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  for (const Option& option : command.options()) {
    const std::string values = "|" + option.type + "|";
    if (option.is_positional() || values.find('|', 1) + 1 == values.size()) continue;
    if (values.find(fmt::format("|{}|", name)) != std::string::npos) {
      return fmt::format("{} {}", option.title(), name);
    }
  }
  return {};
}

// What other programs call these options.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> usual_names{{
    {"-v", "--version"},
    {"-V", "--version"},
    {"-f", "--format"},
    {"--out", "--output"},
    {"--epochs", "--iterations"},
    {"--steps", "--iterations"},
    {"--lr", "--gamma"},
    {"--learning-rate", "--gamma"},
    {"--batch-size", "--batch"},
}};

std::string hint_for_unknown(const std::string& name, const Command* command,
                             const Program& program, const std::vector<std::string>& known,
                             std::string otherwise) {
  for (const auto& [typed, meant] : usual_names) {
    if (fold(name) != fold(typed) || !is_among(known, meant)) continue;
    return fmt::format("did you mean '{}'?", meant);
  }
  if (command != nullptr) {
    const std::string meant = option_with_value(name, *command);
    if (!meant.empty()) return fmt::format("did you mean '{}'?", meant);
    return suggest(name, views(known), std::move(otherwise));
  }
  for (const Command& one : program.commands()) {
    const std::string meant = option_with_value(name, one);
    if (meant.empty() || one.is_hidden()) continue;
    return fmt::format("a command comes first: smoothbound {} FILE {}", one.name(), meant);
  }
  return suggest(name, views(known), std::move(otherwise));
}

// A file in the place of the command.
std::string hint_for_file(const std::string& word) {
  const bool is_named_so = std::ranges::any_of(architecture_endings, [&](std::string_view ending) {
    return word.ends_with(fmt::format(".{}", ending));
  });
  std::error_code ignored;
  if (std::filesystem::is_directory(word, ignored)) {
    return fmt::format("a command comes first, and the files in it: smoothbound bound {}/*",
                       word.substr(0, word.find_last_not_of('/') + 1));
  }
  for (const std::string_view ending : architecture_endings) {
    const std::string file = fmt::format("{}.{}", word, ending);
    if (std::filesystem::is_regular_file(file, ignored)) {
      return fmt::format("a command comes first: smoothbound bound {}", file);
    }
  }
  if (!is_named_so && !std::filesystem::is_regular_file(word, ignored)) {
    const std::string shipped = shipped_architecture(word);
    if (shipped.empty()) return {};
    return fmt::format("a command comes first: smoothbound bound {}", shipped);
  }
  return fmt::format("a command comes first: smoothbound bound {}", word);
}

SpecError describe_missing_command(const Program& program, const CommandLine& line) {
  const std::string word = line.first_word();
  if (word.empty()) return {{}, "a command is required", list_commands(program)};
  return unknown_command(word, program, line);
}

}  // namespace

SpecError unknown_command(const std::string& word, const Program& program,
                          const CommandLine& line) {
  std::string hint = hint_for_file(word);
  if (hint.empty()) {
    hint = suggest(word, views(program.command_names()), list_commands(program));
  }
  return {line.locate(word), fmt::format("unknown command '{}'", word), std::move(hint)};
}

SpecError describe(const ParseFailure& failure, const Program& program, const CommandLine& line) {
  const Command* command = failure.command;
  const std::string help =
      fmt::format("'{} --help' lists what there is",
                  command == nullptr ? "smoothbound" : "smoothbound " + command->name());
  std::vector<std::string> known;
  if (command != nullptr) known = option_names(*command);
  // Options of the program may stand behind a command.
  for (std::string& name : option_names(program.itself())) known.push_back(std::move(name));
  if (const std::string* argument = find_unknown(line, known)) {
    const std::string name = argument->substr(0, argument->find('='));
    return {line.locate(*argument), fmt::format("unknown option '{}'", name),
            hint_for_unknown(name, command, program, known, help)};
  }
  if (command == nullptr) return describe_missing_command(program, line);
  switch (failure.kind) {
    case ParseFailure::Kind::count:
      return describe_count(failure, program, line, help);
    case ParseFailure::Kind::required:
      return describe_required(failure, line);
    case ParseFailure::Kind::unexpected: {
      const std::string extra = failure.message.substr(failure.message.rfind(": ") + 2);
      return {line.locate(extra), fmt::format("unexpected argument '{}'", extra), help};
    }
    case ParseFailure::Kind::config:
      return describe_config(line);
    case ParseFailure::Kind::other:
      break;
  }
  return {{}, failure.message, help};
}

}  // namespace smoothbound::cli
