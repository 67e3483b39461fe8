#include "command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "remedies.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

bool is_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return end == text.data() + text.size() && error != std::errc::invalid_argument;
}

std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

// Every option name of a command, with dashes.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (std::string& name : spellings(*option)) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

CommandLine::CommandLine(int argc, const char* const* argv) {
  source_.name = "<command line>";
  source_.text = "smoothbound";
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    source_.text += ' ';
    columns_.push_back(character_count(source_.text) + 1);
    source_.text += escape_controls(argument);
    // The value of --smooth is optional: without this, it would swallow the file behind it.
    if (argument == "--smooth") {
      const bool valued = i + 1 < argc && is_number(argv[i + 1]);
      argument += valued ? fmt::format("={}", argv[i + 1]) : "=1";
      if (valued) source_.text += fmt::format(" {}", argv[++i]);
    }
    arguments_.push_back(std::move(argument));
  }
}

void CommandLine::refuse_empty() const {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const std::string_view argument = arguments_[i];
    const Location place{1, static_cast<std::uint32_t>(columns_[i])};
    if (argument.empty()) throw SpecError(place, "empty argument", "remove it, or write a value");
    if (!argument.starts_with("--") || !argument.ends_with('=')) continue;
    throw SpecError(place, fmt::format("{} has no value", argument.substr(0, argument.size() - 1)),
                    "write it behind '=', or leave the option out");
  }
}

Location CommandLine::locate_last(const std::vector<std::string>& spellings) const {
  for (std::size_t i = arguments_.size(); i-- > 0;) {
    const bool found = std::ranges::any_of(spellings, [&](const std::string& name) {
      return arguments_[i] == name || arguments_[i].starts_with(name + "=");
    });
    if (found) return {1, static_cast<std::uint32_t>(columns_[i])};
  }
  for (const std::string& name : spellings) {
    if (const ConfigPlace* config = find_config(name)) return config->place;
  }
  return {};
}

Location CommandLine::end() const {
  return {1, static_cast<std::uint32_t>(character_count(source_.text) + 1)};
}

Location CommandLine::locate(std::string_view text) const {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    if (arguments_[i].starts_with(text)) return {1, static_cast<std::uint32_t>(columns_[i])};
  }
  const ConfigPlace* config = find_config(text);
  return config == nullptr ? Location{} : config->place;
}

const CommandLine::ConfigPlace* CommandLine::find_config(std::string_view option) const {
  for (const ConfigPlace& config : config_places_) {
    if (config.option == option) return &config;
  }
  return nullptr;
}

void CommandLine::add_config_place(std::string option, std::string value, Location place) {
  ++place.line;
  config_places_.push_back({std::move(option), std::move(value), place});
}

SpecError CommandLine::in_config(SpecError error) {
  ++error.location.line;
  for (SpecError::Note& note : error.notes) ++note.location.line;
  return error;
}

std::string CommandLine::render(SpecError error) const {
  if (error.location.line == 1) return cli::render(source_, error);
  --error.location.line;
  for (SpecError::Note& note : error.notes) --note.location.line;
  return cli::render(config_, error);
}

ScalarText CommandLine::scalar(std::string_view option, std::string_view value) const {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const auto column = static_cast<std::uint32_t>(columns_[i]);
    if (arguments_[i] == fmt::format("{}={}", option, value)) {
      return {value, false, {1, column + static_cast<std::uint32_t>(option.size()) + 1}, option};
    }
    if (arguments_[i] == value && i > 0 && arguments_[i - 1] == option) {
      return {value, false, {1, column}, option};
    }
  }
  if (const ConfigPlace* config = find_config(option);
      config != nullptr && config->value == value) {
    return {value, false, config->place, option};
  }
  return {value, false, locate(option), option};
}

namespace {

// A file of --config that cannot be read; CLI11 does not tell why.
SpecError describe_config(const CommandLine& line) {
  const std::vector<std::string>& arguments = line.arguments();
  std::string name;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with("--config="))
      name = arguments[i].substr(arguments[i].find('=') + 1);
    if (arguments[i] == "--config" && i + 1 < arguments.size()) name = arguments[i + 1];
  }
  std::error_code ignored;
  const bool exists = std::filesystem::exists(name, ignored);
  const bool directory = std::filesystem::is_directory(name, ignored);
  const std::string_view why = directory ? "a directory"
                               : exists  ? "no permission"
                                         : "no such file";
  return {line.locate_last({"--config"}), fmt::format("cannot read '{}': {}", name, why),
          "--config names a file of options"};
}

// A positional or an option that is missing.
SpecError describe_required(const CLI::App& command, const CommandLine& line) {
  const CLI::Option* missing = nullptr;  // a positional before all
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    if (missing == nullptr || option->get_positional()) missing = option;
  }
  if (missing != nullptr && !missing->get_positional()) {
    return {line.end(),
            fmt::format("{} needs {} {}", command.get_name(), missing->get_name(),
                        missing->get_type_name()),
            missing->get_description()};
  }
  if (missing != nullptr && missing->get_type_name() != "FILE") {
    std::string choices = missing->get_type_name();
    for (std::size_t at = 0; (at = choices.find('|', at)) != std::string::npos;) {
      choices.replace(at, 1, ", ");
    }
    return {line.end(), fmt::format("{} needs a {}", command.get_name(), missing->get_name()),
            "one of: " + choices};
  }
  return {line.end(), fmt::format("{} needs the name of a file", command.get_name()),
          "name architecture files, or - for standard input"};
}

// Too few or too many values, of options that exist.
SpecError describe_values(const CLI::ParseError& error, const CLI::App& command,
                          const CommandLine& line, const std::string& help) {
  const std::string_view message = error.what();
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ArgumentMismatch: {  // "--output: 1 required FILE missing"
      const std::string name(message.substr(0, message.find(':')));
      const CLI::Option* option = command.get_option_no_throw(name);
      if (option == nullptr && command.get_parent() != nullptr) {
        option = command.get_parent()->get_option_no_throw(name);
      }
      if (option == nullptr) break;
      const Location place = line.locate_last(spellings(*option));
      if (message.ends_with("missing")) {
        return {place, fmt::format("{} needs a value, {}", name, option->get_type_name()), help};
      }
      return {place, fmt::format("{} is given more than once", name), "keep one of them"};
    }
    case CLI::ExitCodes::RequiredError:
      return describe_required(command, line);
    case CLI::ExitCodes::ExtrasError: {  // "The following argument was not expected: x"
      const std::string extra(message.substr(message.rfind(": ") + 2));
      return {line.locate(extra), fmt::format("unexpected argument '{}'", extra), help};
    }
    case CLI::ExitCodes::FileError:
      return describe_config(line);
    default:
      break;
  }
  return {{}, error.what(), help};
}

// The first argument that is neither an option nor its value: meant as a command.
std::string first_word(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--config") {
      ++i;
    } else if (!arguments[i].starts_with('-')) {
      return arguments[i];
    }
  }
  return {};
}

}  // namespace

SpecError describe(const CLI::ParseError& error, const CLI::App& app, const CommandLine& line) {
  const CLI::App* command = &app;
  for (const CLI::App* sub : app.get_subcommands()) command = sub;
  const std::string help =
      fmt::format("'{} --help' lists what there is",
                  command == &app ? "smoothbound" : "smoothbound " + command->get_name());
  std::vector<std::string> known = option_names(*command);
  if (command != &app) {  // options of the program may stand behind a command
    for (std::string& name : option_names(app)) known.push_back(std::move(name));
  }
  for (const std::string& argument : line.arguments()) {
    if (!argument.starts_with('-') || argument == "-") continue;
    const std::string name = argument.substr(0, argument.find('='));
    if (std::ranges::find(known, name) != known.end()) continue;
    const bool bundled = !name.starts_with("--") && name.size() > 2;
    if (bundled && std::ranges::find(known, name.substr(0, 2)) != known.end()) continue;
    if (is_number(name)) continue;
    return {line.locate(argument), fmt::format("unknown option '{}'", name),
            suggest(name, views(known), help)};
  }
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (!sub->get_group().empty()) commands.push_back(sub->get_name());
  }
  if (command == &app) {
    const std::string word = first_word(line.arguments());
    if (!word.empty()) {
      return {line.locate(word), fmt::format("unknown command '{}'", word),
              suggest(word, views(commands), "commands: " + join(views(commands)))};
    }
  }
  if (command == &app) {
    return {{}, "a command is required", "commands: " + join(views(commands))};
  }
  return describe_values(error, *command, line, help);
}

}  // namespace smoothbound::cli
