#include "config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <optional>
#include <sstream>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::size_t largest_config = 1U << 20U;

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with(';'); }

// The long options that a file may set, without dashes.
std::vector<std::string> keys_of(const CLI::App& command) {
  std::vector<std::string> keys;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_configurable() || option->get_group().empty()) continue;
    keys.insert(keys.end(), option->get_lnames().begin(), option->get_lnames().end());
  }
  return keys;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string suggest_word(std::string_view word, const std::vector<std::string>& known,
                         const std::string& what) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return suggest(word, views, what + join(views));
}

// One `key = value`.
struct Entry {
  std::string section;  // empty: of every command
  std::string key;
  std::string value;
  Location key_place;
  Location value_place;
};

class Reader {
 public:
  Reader(const CLI::App& app, const Source& source) : app_(app), source_(source) {}

  std::vector<Entry> read() {
    std::uint32_t number = 0;
    std::istringstream lines(source_.text);
    for (std::string line; std::getline(lines, line);) {
      ++number;
      std::string_view text = line;
      if (number == 1 && text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
      }
      const std::string_view statement = trim(text);
      if (statement.empty() || is_comment(statement)) continue;
      begin_ = text;
      number_ = number;
      statement.starts_with('[') ? open_section(statement) : read_entry(statement);
    }
    return std::move(entries_);
  }

 private:
  // Of a part of the line.
  [[nodiscard]] Location place(std::string_view part) const {
    const auto offset = static_cast<std::size_t>(part.data() - begin_.data());
    return {number_, static_cast<std::uint32_t>(1 + character_count(begin_.substr(0, offset)))};
  }

  void open_section(std::string_view statement) {
    const std::string_view text = trim(statement.substr(0, statement.find('#')));
    const std::string_view name = trim(text.substr(1, text.size() - (text.ends_with(']') ? 2 : 1)));
    std::vector<std::string> commands;
    for (const CLI::App* command : app_.get_subcommands({})) {
      if (!command->get_group().empty()) commands.push_back(command->get_name());
    }
    if (!text.ends_with(']') || !contains(commands, name)) {
      throw SpecError(place(statement),
                      fmt::format("'{}' is not a section of a command", statement),
                      suggest_word(name, commands, "commands: "));
    }
    section_ = name;
  }

  void read_entry(std::string_view statement) {
    const std::size_t equals = statement.find('=');
    const std::string_view key = trim(statement.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) {
      throw SpecError(place(statement), "no 'key = value'",
                      "write one option on a line: method = both");
    }
    check_key(key);
    const std::string_view rest = trim(statement.substr(equals + 1));
    Entry entry{section_, std::string(key), single_value(statement, key, rest), place(key),
                place(rest.empty() ? key : rest)};
    if (rest.starts_with('"') || rest.starts_with('\'')) ++entry.value_place.column;
    for (const Entry& earlier : entries_) {
      if (earlier.section != section_ || earlier.key != key) continue;
      throw SpecError(entry.key_place, fmt::format("'{}' is given more than once", key),
                      "keep one of them", {{earlier.key_place, "first given here"}});
    }
    entries_.push_back(std::move(entry));
  }

  // The key has to be an option of the section's command, or of some command.
  void check_key(std::string_view key) {
    std::vector<std::string> known;
    for (const CLI::App* command : app_.get_subcommands({})) {
      if (command->get_group().empty()) continue;
      if (!section_.empty() && command->get_name() != section_) continue;
      for (std::string& name : keys_of(*command)) {
        if (!contains(known, name)) known.push_back(std::move(name));
      }
    }
    if (contains(known, key)) return;
    throw SpecError(place(key),
                    section_.empty() ? fmt::format("no command has an option '{}'", key)
                                     : fmt::format("'{}' has no option '{}'", section_, key),
                    suggest_word(key, known, "keys are long options without dashes: "));
  }

  // By CLI11's rules for quotes, comments and lists.
  std::string single_value(std::string_view statement, std::string_view key,
                           std::string_view rest) const {
    const std::string_view uncommented = trim(rest.substr(0, rest.find('#')));
    if (uncommented.empty()) {
      throw SpecError(place(key), fmt::format("'{}' has no value", key),
                      "write it behind '=', or leave the key out");
    }
    if (uncommented.starts_with('[')) {
      throw SpecError(place(rest), fmt::format("'{}' takes one value, not a list", key));
    }
    std::istringstream line{std::string(statement)};
    const std::vector<CLI::ConfigItem> items = CLI::ConfigBase().from_config(line);
    if (items.size() != 1 || items.front().inputs.size() != 1) {
      throw SpecError(place(rest), fmt::format("'{}' takes one value", key),
                      "put a value with blanks or commas into quotes");
    }
    std::string value = items.front().inputs.front();
    if (value.empty()) {
      throw SpecError(place(rest), fmt::format("'{}' has no value", key),
                      "write it behind '=', or leave the key out");
    }
    // CLI11 cuts a comment off before it looks at quotes.
    if (value.front() == '"' || value.front() == '\'') {
      throw SpecError(place(rest), "this quote does not end",
                      rest == uncommented ? "" : "'#' begins a comment, in quotes too");
    }
    return value;
  }

  const CLI::App& app_;
  const Source& source_;
  std::string_view begin_;
  std::uint32_t number_ = 0;
  std::string section_;
  std::vector<Entry> entries_;
};

class Config : public CLI::ConfigBase {
 public:
  Config(const CLI::App& app, CommandLine& line) : app_(app), line_(line) {}

  // What the file says for the command that runs.
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    Source source{app_.get_config_ptr()->as<std::string>(), {}};
    source.text.resize(largest_config + 1);
    input.read(source.text.data(), static_cast<std::streamsize>(source.text.size()));
    source.text.resize(static_cast<std::size_t>(input.gcount()));
    line_.set_config(source);
    try {
      return items_of(source);
    } catch (const SpecError& error) {
      throw CommandLine::in_config(error);
    }
  }

 private:
  std::vector<CLI::ConfigItem> items_of(const Source& source) const {
    if (source.text.size() > largest_config) {
      throw SpecError({}, "larger than 1 MiB", "is it a file of options?");
    }
    const std::size_t invalid = find_invalid_text(source.text);
    if (invalid != std::string::npos) {
      throw SpecError(locate(source.text, invalid), "not UTF-8 text", "save the file as UTF-8");
    }
    const std::vector<Entry> entries = Reader(app_, source).read();
    std::vector<CLI::ConfigItem> given;
    if (app_.get_subcommands().empty()) return given;
    const CLI::App& command = *app_.get_subcommands().front();
    const std::vector<std::string> keys = keys_of(command);
    for (const Entry& entry : entries) {
      if (!contains(keys, entry.key) || is_overruled(entry, entries, command)) continue;
      if (!entry.section.empty() && entry.section != command.get_name()) continue;
      const CLI::Option& option = *command.get_option("--" + entry.key);
      if (option.get_items_expected_max() == 0) {
        if (entry.value != "true" && entry.value != "false") {
          throw SpecError(entry.value_place, fmt::format("'{}' is true or false", entry.key));
        }
        if (entry.value == "false") continue;
      }
      line_.add_config_place("--" + entry.key, entry.value, entry.value_place);
      given.push_back({{command.get_name()}, entry.key, {entry.value}});
    }
    return given;
  }

  // By the same key in the section of the command.
  static bool is_overruled(const Entry& entry, const std::vector<Entry>& entries,
                           const CLI::App& command) {
    return entry.section.empty() && std::ranges::any_of(entries, [&](const Entry& other) {
             return other.section == command.get_name() && other.key == entry.key;
           });
  }

  const CLI::App& app_;
  CommandLine& line_;
};

}  // namespace

void add_config(CLI::App& app, CommandLine& line) {
  app.set_config("--config", "", "options from FILE, for those that are not given here")
      ->type_name("FILE");
  app.config_formatter(std::make_shared<Config>(app, line));
  for (CLI::App* command : app.get_subcommands({})) command->fallthrough();
}

std::string Formatter::make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const {
  const CLI::App* root = app->get_parent();
  const bool inherits = root != nullptr && root->get_config_ptr() != nullptr;
  return (inherits ? make_option(root->get_config_ptr(), false) : std::string()) +
         CLI::Formatter::make_subcommands(app, mode);
}

}  // namespace smoothbound::cli
