#include "prototxt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound::models::prototxt {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::size_t most_fields = 1'000'000;
constexpr std::size_t most_notes = 100;
constexpr std::int64_t largest_integer = std::int64_t{1} << 30U;  // sums of products of two fit

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_word(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '+'; }

class Parser {
 public:
  explicit Parser(std::string_view content) : text_(content) {
    if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
  }

  Field file() {
    Field root;
    read_fields(root, '\0', 0);
    return root;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char next() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] Location place() const { return {line_, column_}; }

  [[noreturn]] void refuse(Location where, const std::string& message, const char* hint) const {
    throw SpecError(where, message, hint);
  }

  void step() {
    const auto byte = static_cast<unsigned char>(text_[at_++]);
    constexpr unsigned continuation = 0x80;
    constexpr unsigned continuation_mask = 0xC0;
    if (byte == '\n') {
      ++line_;
      column_ = 1;
    } else if (at_end() ||
               (static_cast<unsigned char>(text_[at_]) & continuation_mask) != continuation) {
      ++column_;
    }
  }

  void skip_blanks() {
    while (!at_end()) {
      if (next() == '#') {
        while (!at_end() && next() != '\n') step();
      } else if (std::string_view(" \t\r\n\f\v").find(next()) != std::string_view::npos) {
        step();
      } else {
        return;
      }
    }
  }

  bool take(char c) {
    skip_blanks();
    if (at_end() || next() != c) return false;
    step();
    return true;
  }

  // Up to `closing`, or the end of the file where that is NUL.
  void read_fields(Field& message, char closing, std::size_t depth) {
    for (;;) {
      skip_blanks();
      if (at_end()) {
        if (closing == '\0') return;
        refuse(message.place, fmt::format("'{}' is not closed", message.name),
               "write '}' at its end");
      }
      if (closing != '\0' && next() == closing) return step();
      if (next() == ';' || next() == ',') {
        step();
        continue;
      }
      read_field(message, depth);
    }
  }

  void read_field(Field& message, std::size_t depth) {
    const Location where = place();
    if (!is_letter(next())) {
      refuse(where, "a field has to begin with its name", "for example num_output: 64");
    }
    const std::size_t begin = at_;
    while (!at_end() && (is_letter(next()) || is_digit(next()))) step();
    const std::string_view name = text_.substr(begin, at_ - begin);
    const bool has_colon = take(':');
    skip_blanks();
    if (next() != '[') return read_value(message, name, where, has_colon, depth);
    step();
    if (take(']')) return;
    for (;;) {
      skip_blanks();
      read_value(message, name, where, has_colon, depth);
      if (take(']')) return;
      if (!take(',')) refuse(place(), "a list needs ',' or ']' here", "for example dim: [1, 3]");
    }
  }

  void read_value(Field& message, std::string_view name, Location where, bool has_colon,
                  std::size_t depth) {
    if (++count_ > most_fields) {
      refuse(where, fmt::format("the file has over {} fields", most_fields),
             "leave out what the structure of the network does not need");
    }
    Field& field = message.fields.emplace_back();
    field.name = name;
    field.place = where;
    field.value_place = place();
    const char first = next();
    if (first == '{' || first == '<') {
      if (depth + 1 > deepest) {
        refuse(where, fmt::format("messages are nested deeper than {} levels", deepest),
               "a network has no more than five");
      }
      step();
      return read_fields(field, first == '{' ? '}' : '>', depth + 1);
    }
    if (!has_colon) {
      refuse(place(), fmt::format("'{}' has no value", name), "write ':' and a value, or '{'");
    }
    if (first == '"' || first == '\'') {
      field.kind = Field::Kind::text;
      while (next() == '"' || next() == '\'') {
        read_quoted(field.value);
        skip_blanks();
      }
      return;
    }
    const std::size_t begin = at_;
    while (!at_end() && is_of_word(next())) step();
    if (at_ == begin) {
      refuse(place(), fmt::format("'{}' has no value", name),
             "write a number, a name, a text in quotes or a message in braces");
    }
    field.kind = Field::Kind::word;
    field.value = text_.substr(begin, at_ - begin);
  }

  void read_quoted(std::string& value) {
    const Location where = place();
    const char quote = next();
    step();
    while (!at_end() && next() != quote && next() != '\n') {
      if (next() == '\\') {
        step();
        read_escape(value);
        continue;
      }
      value += next();
      step();
    }
    if (at_end() || next() != quote) {
      refuse(where, "a text in quotes is not closed in its line", "write the second quote");
    }
    step();
  }

  void read_escape(std::string& value) {
    constexpr std::string_view letters = "ntr\\'\"";
    constexpr std::string_view meanings = "\n\t\r\\'\"";
    const std::size_t index = at_end() ? std::string_view::npos : letters.find(next());
    if (index == std::string_view::npos) {
      refuse(place(), "an escape that names do not need",
             "write the character itself, or one of \\n, \\t, \\\\, \\' and \\\"");
    }
    value += meanings[index];
    step();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  std::size_t count_ = 0;
};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if constexpr (std::is_floating_point_v<Number>) {
    if (text.ends_with('f') && !text.ends_with("inf")) text.remove_suffix(1);  // as in C
  }
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shown(const Field& field) {
  if (field.kind == Field::Kind::message) return "a message";
  return field.kind == Field::Kind::text ? fmt::format("\"{}\"", field.value)
                                         : fmt::format("'{}'", field.value);
}

}  // namespace

Field parse(std::string_view content) {
  if (const std::size_t at = find_invalid_text(content); at != std::string_view::npos) {
    throw SpecError(locate(content, at), "this is no text in UTF-8", "save the file as UTF-8");
  }
  return Parser(content).file();
}

const Field* Message::find(std::string_view name) {
  known_.push_back(name);
  const Field* last = nullptr;
  for (const Field& field : field_->fields) {
    if (field.name == name) last = &field;
  }
  return last;
}

std::vector<const Field*> Message::all(std::string_view name) {
  known_.push_back(name);
  std::vector<const Field*> found;
  for (const Field& field : field_->fields) {
    if (field.name == name) found.push_back(&field);
  }
  return found;
}

Message Message::message(std::string_view name) {
  const Field* const field = find(name);
  if (field != nullptr && field->kind == Field::Kind::message) return {*field, *mistakes_};
  if (field != nullptr) {
    mistakes_->add(SpecError(field->value_place,
                             fmt::format("'{}' has to be a message, not {}", name, shown(*field)),
                             fmt::format("write {} {{ ... }}", name)));
  }
  static const Field none;
  return {none, *mistakes_};
}

std::vector<std::int64_t> Message::integers(std::string_view name, std::int64_t smallest) {
  std::vector<std::int64_t> values;
  for (const Field* const field : all(name)) {
    const auto value =
        field->kind == Field::Kind::word ? parse_number<std::int64_t>(field->value) : std::nullopt;
    if (value && *value >= smallest && *value <= largest_integer) {
      values.push_back(*value);
      continue;
    }
    mistakes_->add(
        SpecError(field->value_place,
                  fmt::format("'{}' has to be an integer from {} to 2^30, not {}", name, smallest,
                              shown(*field)),
                  fmt::format("for example {}: {}", name, std::max<std::int64_t>(smallest, 1))));
  }
  return values;
}

std::int64_t Message::integer(std::string_view name, std::int64_t otherwise,
                              std::int64_t smallest) {
  const std::vector<std::int64_t> values = integers(name, smallest);
  return values.empty() ? otherwise : values.back();
}

std::vector<double> Message::reals(std::string_view name) {
  std::vector<double> values;
  for (const Field* const field : all(name)) {
    const auto value =
        field->kind == Field::Kind::word ? parse_number<double>(field->value) : std::nullopt;
    if (value && std::isfinite(*value)) {
      values.push_back(*value);
      continue;
    }
    mistakes_->add(SpecError(field->value_place,
                             fmt::format("'{}' has to be a number, not {}", name, shown(*field)),
                             fmt::format("for example {}: 0.5", name)));
  }
  return values;
}

double Message::real(std::string_view name, double otherwise) {
  const std::vector<double> values = reals(name);
  return values.empty() ? otherwise : values.back();
}

bool Message::flag(std::string_view name, bool otherwise) {
  const Field* const field = find(name);
  if (field == nullptr) return otherwise;
  if (field->kind == Field::Kind::word) {
    if (field->value == "true" || field->value == "1") return true;
    if (field->value == "false" || field->value == "0") return false;
  }
  mistakes_->add(SpecError(field->value_place,
                           fmt::format("'{}' has to be true or false, not {}", name, shown(*field)),
                           fmt::format("for example {}: {}", name, otherwise)));
  return otherwise;
}

std::vector<std::string> Message::texts(std::string_view name) {
  std::vector<std::string> values;
  for (const Field* const field : all(name)) {
    if (field->kind != Field::Kind::message) {
      values.push_back(field->value);
      continue;
    }
    mistakes_->add(SpecError(field->value_place,
                             fmt::format("'{}' has to be a name, not a message", name),
                             fmt::format("for example {}: \"conv1\"", name)));
  }
  return values;
}

std::string Message::text(std::string_view name, std::string_view otherwise) {
  std::vector<std::string> values = texts(name);
  return values.empty() ? std::string(otherwise) : std::move(values.back());
}

void Message::finish(std::string_view what, std::vector<std::string>& notes) const {
  for (const Field& field : field_->fields) {
    if (std::ranges::find(known_, field.name) != known_.end()) continue;
    if (notes.size() >= most_notes) return;
    const std::string hint = suggest(field.name, known_);
    if (!hint.empty()) {
      mistakes_->add(
          SpecError(field.place, fmt::format("unknown field '{}' of {}", field.name, what), hint));
    } else {
      notes.push_back(fmt::format("{}:{}: field '{}' of {} is not known, and left out",
                                  field.place.line, field.place.column, field.name, what));
    }
  }
}

}  // namespace smoothbound::models::prototxt
