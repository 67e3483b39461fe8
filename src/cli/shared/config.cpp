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

bool is_settable(const Option& option) {
  return !option.is_positional() && !std::holds_alternative<std::monostate>(option.target);
}

// The long options that a file may set, without dashes.
std::vector<std::string> keys_of(const Command& command) {
  std::vector<std::string> keys;
  for (const Option& option : command.options()) {
    if (is_settable(option)) keys.push_back(option.title().substr(2));
  }
  return keys;
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
  Reader(const ConfigReader& reader, const Source& source) : reader_(reader), source_(source) {}

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
    const std::vector<std::string> commands = reader_.program.command_names();
    if (!text.ends_with(']') || !is_among(commands, name)) {
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
    for (const Command& command : reader_.program.commands()) {
      if (command.is_hidden() || (!section_.empty() && command.name() != section_)) continue;
      if (command.is_missing()) return;  // nobody knows its options here
      for (std::string& name : keys_of(command)) {
        if (!is_among(known, name)) known.push_back(std::move(name));
      }
    }
    if (is_among(known, key)) return;
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
      throw SpecError(place(rest), fmt::format("'{}' takes one value, not a list", key),
                      "write it without brackets");
    }
    const std::vector<std::string> values = reader_.values_of(std::string(statement));
    if (values.size() != 1) {
      throw SpecError(place(rest), fmt::format("'{}' takes one value", key),
                      "put a value with blanks or commas into quotes");
    }
    const std::string& value = values.front();
    if (value.empty()) {
      throw SpecError(place(rest), fmt::format("'{}' has no value", key),
                      "write it behind '=', or leave the key out");
    }
    // CLI11 cuts a comment off before it looks at quotes.
    if (value.front() == '"' || value.front() == '\'') {
      throw SpecError(place(rest), "this quote does not end",
                      rest == uncommented ? "end it with the quote with which it begins"
                                          : "'#' begins a comment, in quotes too");
    }
    return value;
  }

  const ConfigReader& reader_;
  const Source& source_;
  std::string_view begin_;
  std::uint32_t number_ = 0;
  std::string section_;
  std::vector<Entry> entries_;
};

// By the same key in the section of the command.
bool is_overruled(const Entry& entry, const std::vector<Entry>& entries, const Command& command) {
  return entry.section.empty() && std::ranges::any_of(entries, [&](const Entry& other) {
           return other.section == command.name() && other.key == entry.key;
         });
}

std::vector<ConfigValue> values_in(const Source& source, const ConfigReader& reader,
                                   CommandLine& line) {
  if (source.text.size() > largest_config) {
    throw SpecError({}, "larger than 1 MiB", "is it a file of options?");
  }
  const std::size_t invalid = find_invalid_text(source.text);
  if (invalid != std::string::npos) {
    throw SpecError(locate(source.text, invalid), "not UTF-8 text", "save the file as UTF-8");
  }
  const std::vector<Entry> entries = Reader(reader, source).read();
  std::vector<ConfigValue> given;
  if (reader.command == nullptr) return given;
  const Command& command = *reader.command;
  for (const Entry& entry : entries) {
    const Option* option = command.find("--" + entry.key);
    if (option == nullptr || !is_settable(*option)) continue;
    if (is_overruled(entry, entries, command)) continue;
    if (!entry.section.empty() && entry.section != command.name()) continue;
    if (option->is_flag()) {
      if (entry.value != "true" && entry.value != "false") {
        throw SpecError(entry.value_place, fmt::format("'{}' is true or false", entry.key),
                        "write true or false, unquoted");
      }
      if (entry.value == "false") continue;
    }
    line.add_config_place("--" + entry.key, entry.value, entry.value_place);
    given.push_back({entry.key, entry.value});
  }
  return given;
}

}  // namespace

std::vector<ConfigValue> read_config(const std::string& file, std::istream& input,
                                     const ConfigReader& reader, CommandLine& line) {
  Source source{file, {}};
  source.text.resize(largest_config + 1);
  input.read(source.text.data(), static_cast<std::streamsize>(source.text.size()));
  source.text.resize(static_cast<std::size_t>(input.gcount()));
  line.set_config(source);
  try {
    return values_in(source, reader, line);
  } catch (const SpecError& error) {
    throw CommandLine::in_config(error);
  }
}

}  // namespace smoothbound::cli
