#include "smoothbound/text/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number in JSON's grammar, taken apart.
struct Decimal {
  bool valid = false;
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;
};

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const std::string_view digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

Decimal dissect(std::string_view text) {
  Decimal number;
  number.negative = take(text, '-');
  number.whole = take_digits(text);
  if (number.whole.empty() || (number.whole.size() > 1 && number.whole[0] == '0')) return number;
  if (take(text, '.')) {
    number.fraction = take_digits(text);
    if (number.fraction.empty()) return number;
  }
  if (take(text, 'e') || take(text, 'E')) {
    const std::string_view start = text;
    if (!take(text, '-')) take(text, '+');
    if (take_digits(text).empty()) return number;
    number.exponent = start.substr(0, start.size() - text.size());
    if (number.exponent.starts_with('+')) number.exponent.remove_prefix(1);
  }
  number.valid = text.empty();
  return number;
}

bool is_zero(const Decimal& number) {
  const auto zeros = [](std::string_view digits) {
    return digits.find_first_not_of('0') == std::string_view::npos;
  };
  return zeros(number.whole) && zeros(number.fraction);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

bool is_not_finite_word(std::string_view text) {
  std::string word = lower_case(text);
  if (word.starts_with('-') || word.starts_with('+')) word.erase(0, 1);
  if (word.starts_with('.')) word.erase(0, 1);
  return word == "nan" || word == "inf" || word == "infinity";
}

std::string shorten(std::string_view text) {
  std::size_t shown = 40;
  if (text.size() <= shown) return std::string(text);
  while ((static_cast<unsigned char>(text[shown]) & 0xC0U) == 0x80U) --shown;
  return std::string(text.substr(0, shown)) + "...";
}

std::string quote(std::string_view text) {
  return text.empty() ? "nothing" : "'" + shorten(text) + "'";
}

}  // namespace

std::string number_hint(std::string_view text, std::string_view example) {
  if (text.size() > 1 && text[0] == '0' && std::all_of(text.begin(), text.end(), is_digit)) {
    const std::size_t first = std::min(text.find_first_not_of('0'), text.size() - 1);
    return fmt::format("numbers are decimal and have no leading zero: write {}",
                       shorten(text.substr(first)));
  }
  if (text.starts_with("0x") || text.starts_with("0X") || text.starts_with("0o") ||
      text.starts_with("0b")) {
    return "write the number in decimal";
  }
  if (text.find('_') != std::string_view::npos && is_digit(text[0])) {
    return "write the digits without '_'";
  }
  if (is_not_finite_word(text)) return "settings are finite numbers";
  if (text.starts_with('+') || text.starts_with('.') || text.ends_with('.')) {
    return fmt::format("write numbers as in {}", example);
  }
  return fmt::format("write a number such as {}", example);
}

namespace {

// The digits of a valid number, or a SpecError.
Decimal require_number(const ScalarText& scalar, std::string_view example) {
  constexpr std::size_t longest_number = 400;
  if (scalar.quoted) {
    throw SpecError(
        scalar.location,
        fmt::format("{} must be a number, not the text '{}'", scalar.what, shorten(scalar.text)),
        dissect(scalar.text).valid ? "remove the quotes" : "write a number, unquoted");
  }
  const Decimal number = dissect(scalar.text);
  if (!number.valid) {
    throw SpecError(scalar.location,
                    fmt::format("{} must be a number, not {}", scalar.what, quote(scalar.text)),
                    number_hint(scalar.text, example));
  }
  if (scalar.text.size() > longest_number) {
    throw SpecError(scalar.location,
                    fmt::format("{} has more than {} digits", scalar.what, longest_number),
                    "17 digits tell all doubles apart");
  }
  return number;
}

}  // namespace

std::string_view kind_name(Value value) {
  switch (value.kind()) {
    case NodeKind::sequence:
      return "a list";
    case NodeKind::mapping:
      return "a mapping";
    case NodeKind::scalar:
      break;
  }
  return value.text().empty() && !value.is_quoted() ? "nothing" : "a single value";
}

ScalarText scalar_of(Value value, std::string_view what) {
  if (!value.is_scalar()) {
    throw SpecError(value.location(),
                    fmt::format("{} must be a single value, not {}", what, kind_name(value)),
                    "write one word or number in its place");
  }
  return {value.text(), value.is_quoted(), value.location(), what};
}

std::int64_t parse_count(const ScalarText& scalar, std::int64_t smallest) {
  const Decimal number = require_number(scalar, "3");
  const auto refuse = [&](std::string_view problem, std::string hint) {
    throw SpecError(scalar.location, fmt::format("{} {}", scalar.what, problem), std::move(hint));
  };
  std::string digits = std::string(number.whole) + std::string(number.fraction);
  std::int64_t exponent = 0;
  if (!number.exponent.empty()) {
    const auto [end, error] = std::from_chars(
        number.exponent.data(), number.exponent.data() + number.exponent.size(), exponent);
    if (error != std::errc())
      exponent = number.exponent[0] == '-' ? -largest_count / 2 : largest_count / 2;
  }
  exponent -= static_cast<std::int64_t>(number.fraction.size());
  for (; exponent < 0 && digits.size() > 1 && digits.back() == '0'; ++exponent) digits.pop_back();
  std::int64_t value = 0;
  bool fits = true;
  if (!is_zero(number)) {
    if (exponent < 0) refuse("must be an integer", "write a whole number such as 3");
    fits = exponent < 19;
    if (fits) digits.append(static_cast<std::size_t>(exponent), '0');
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    fits = fits && error == std::errc();
  }
  const bool negative = number.negative && !is_zero(number);
  if (negative && smallest >= 0) {
    refuse("must not be negative", fmt::format("write an integer from {} on", smallest));
  }
  if (!fits && negative) refuse("is too small", fmt::format("at least {}", smallest));
  if (!fits) refuse("is too large", fmt::format("at most {}", largest_count));
  if (negative) value = -value;
  if (value < smallest) {
    refuse(fmt::format("must be at least {}", smallest),
           fmt::format("write an integer from {} on", smallest));
  }
  return value;
}

Real parse_real(const ScalarText& scalar, RealRange range) {
  const Decimal number = require_number(scalar, "12, 0.5 or 1e-3");
  const auto refuse = [&](std::string_view problem, std::string hint) {
    throw SpecError(scalar.location, fmt::format("{} {}", scalar.what, problem), std::move(hint));
  };
  if (number.negative && !is_zero(number)) {
    refuse(range == RealRange::positive ? "must be positive" : "must not be negative",
           "remove the minus sign");
  }
  if (is_zero(number)) {
    if (range == RealRange::positive) refuse("must be positive", "write a number above 0");
    return {};
  }
  double nearest = 0;
  const auto [end, error] =
      std::from_chars(scalar.text.data(), scalar.text.data() + scalar.text.size(), nearest);
  if (error != std::errc() || nearest == 0) {
    const bool tiny =
        number.exponent.starts_with('-') || is_zero({true, false, number.whole, "", ""});
    refuse(tiny ? "is too small: below the smallest positive double"
                : "is too large: beyond the largest double",
           "numbers must lie between 1e-307 and 1e308");
  }
  const Real result = Real::from_decimal(scalar.text);
  if (range == RealRange::unit_interval && result.upper > Magnitude::from_count(1)) {
    refuse("must be at most 1", "write a number from 0 to 1");
  }
  return result;
}

SignedReal parse_signed(const ScalarText& scalar) {
  ScalarText magnitude = scalar;
  const bool negative = scalar.text.starts_with('-') && dissect(scalar.text).valid;
  if (negative) magnitude.text.remove_prefix(1);
  const Real real = parse_real(magnitude, RealRange::non_negative);
  return {real, negative && !real.upper.is_zero()};
}

bool is_number(std::string_view text) { return dissect(text).valid; }

bool parse_flag(const ScalarText& scalar) {
  if (!scalar.quoted && scalar.text == "true") return true;
  if (!scalar.quoted && scalar.text == "false") return false;
  const std::string word = lower_case(scalar.text);
  const bool yes = word == "yes" || word == "on" || word == "true" || word == "y" || word == "1";
  const bool no = word == "no" || word == "off" || word == "false" || word == "n" || word == "0";
  throw SpecError(scalar.location,
                  fmt::format("{} must be true or false, not {}", scalar.what, quote(scalar.text)),
                  yes  ? "write true"
                  : no ? "write false"
                       : "write true or false, unquoted");
}

std::string_view parse_text(const ScalarText& scalar) {
  const std::string_view text = scalar.text;
  if (!scalar.quoted) {
    const bool keyword = text.empty() || text == "null" || text == "~" || text == "true" ||
                         text == "false" || is_not_finite_word(text);
    if (keyword || dissect(text).valid) {
      throw SpecError(scalar.location,
                      fmt::format("{} must be text, not {}", scalar.what, quote(text)),
                      text.empty() ? "write a word behind it, or leave the key out"
                                   : "put it in quotes if it is meant as text");
    }
  }
  return text;
}

std::size_t parse_choice(const ScalarText& scalar, std::span<const std::string_view> names) {
  const std::string_view text = parse_text(scalar);
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    throw SpecError(scalar.location, fmt::format("unknown {} '{}'", scalar.what, shorten(text)),
                    suggest(text, names, "one of: " + join(names)));
  }
  return static_cast<std::size_t>(found - names.begin());
}

Fields::Fields(Value mapping, std::string_view what, std::string_view hint)
    : mapping_(mapping), what_(what) {
  if (!mapping.is_mapping()) {
    throw SpecError(mapping.location(),
                    fmt::format("{} must be a mapping, not {}", what, kind_name(mapping)),
                    std::string(hint));
  }
  entries_.reserve(mapping.size());
  known_.reserve(8);
  for (auto key = mapping.first_child(); key;) {
    const Value value = *key->next_sibling();
    entries_.push_back({*key, value});
    key = value.next_sibling();
  }
}

std::optional<Value> Fields::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  for (Entry& entry : entries_) {
    if (entry.key.text() == key) {
      entry.used = true;
      return entry.value;
    }
  }
  return std::nullopt;
}

Value Fields::require(std::string_view key, std::string_view hint) {
  if (const auto value = find(key)) return *value;
  // Often the key is there, misspelt: then that is the mistake to show.
  for (const Entry& entry : entries_) {
    const std::string_view candidates[] = {key};
    if (!entry.used && !suggest(entry.key.text(), candidates).empty()) {
      throw SpecError(entry.key.location(),
                      fmt::format("unknown key '{}' in {}", shorten(entry.key.text()), what_),
                      suggest(entry.key.text(), candidates));
    }
  }
  throw SpecError(mapping_.location(), fmt::format("{} has no '{}'", what_, key),
                  std::string(hint));
}

Location Fields::key_location(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key.text() == key) return entry.key.location();
  }
  return mapping_.location();
}

std::vector<std::pair<Value, Value>> Fields::unused() {
  std::vector<std::pair<Value, Value>> result;
  for (Entry& entry : entries_) {
    if (!entry.used) result.emplace_back(entry.key, entry.value);
    entry.used = true;
  }
  return result;
}

void Fields::finish(std::span<const std::string_view> outer) const {
  MistakeList mistakes;
  for (const Entry& entry : entries_) {
    if (entry.used) continue;
    if (std::find(outer.begin(), outer.end(), entry.key.text()) != outer.end()) {
      mistakes.add({entry.key.location(),
                    fmt::format("'{}' is not a setting of {}", entry.key.text(), what_),
                    fmt::format("write it beside '{}', as a key of the layer itself", what_)});
      continue;
    }
    std::string hint = suggest(entry.key.text(), known_);
    if (hint.empty()) {
      hint = suggest(entry.key.text(), outer);
      if (hint.ends_with('?')) hint += fmt::format(" It stands beside '{}', in the layer", what_);
    }
    if (hint.empty()) hint = known_.empty() ? "remove it" : "known keys: " + join(known_);
    mistakes.add({entry.key.location(),
                  fmt::format("unknown key '{}' in {}", shorten(entry.key.text()), what_), hint});
  }
  mistakes.throw_any();
}

}  // namespace smoothbound::text
