#include "command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "remedies.hpp"

namespace smoothbound::cli {

bool is_numeric(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return end == text.data() + text.size() && error != std::errc::invalid_argument;
}

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
      const bool valued = i + 1 < argc && is_numeric(argv[i + 1]);
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

text::ScalarText CommandLine::scalar(std::string_view option, std::string_view value) const {
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

std::string CommandLine::first_word() const {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    if (arguments_[i] == "--config") {
      ++i;
    } else if (!arguments_[i].starts_with('-')) {
      return arguments_[i];
    }
  }
  return {};
}

}  // namespace smoothbound::cli
