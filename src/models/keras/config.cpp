#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "model.hpp"
#include "smoothbound/text/fields.hpp"

namespace smoothbound::models::keras {
namespace {

// Keras' layers have some thirty; each look-up goes through them.
constexpr std::uint32_t most_keys = 256;

}  // namespace

bool is_null(text::Value value) {
  return value.is_scalar() && !value.is_quoted() && value.text() == "null";
}

Config::Config(std::optional<text::Value> mapping) {
  if (!mapping || !mapping->is_mapping()) return;
  if (mapping->size() > most_keys) {
    throw SpecError(mapping->location(),
                    fmt::format("a mapping of {} keys, where Keras writes tens", mapping->size()),
                    "write the file with model.to_json()");
  }
  mapping_ = mapping;
}

std::optional<text::Value> Config::find(std::string_view key) const {
  if (!mapping_) return std::nullopt;
  for (auto entry = mapping_->first_child(); entry;) {
    const auto value = entry->next_sibling();
    if (!value) break;
    if (entry->text() == key) return is_null(*value) ? std::nullopt : value;
    entry = value->next_sibling();
  }
  return std::nullopt;
}

text::Value Config::require(std::string_view key, Location where) const {
  if (const auto value = find(key)) return *value;
  throw SpecError(mapping_ ? mapping_->location() : where, fmt::format("'{}' is missing", key),
                  "write the file with model.to_json()");
}

std::string_view Config::text(std::string_view key, std::string_view otherwise) const {
  const auto value = find(key);
  if (!value) return otherwise;
  const auto scalar = text::scalar_of(*value, key);
  if (scalar.quoted) return scalar.text;
  throw SpecError(value->location(), fmt::format("'{}' must be text", key),
                  "write the file with model.to_json()");
}

bool Config::flag(std::string_view key, bool otherwise) const {
  const auto value = find(key);
  return value ? text::parse_flag(text::scalar_of(*value, key)) : otherwise;
}

double Config::real(std::string_view key, double otherwise) const {
  const auto value = find(key);
  return value ? real_of(*value, key) : otherwise;
}

std::int64_t integer_of(text::Value value, std::string_view what, std::int64_t smallest) {
  return text::parse_count(text::scalar_of(value, what), smallest);
}

std::vector<std::int64_t> integers_of(text::Value value, std::string_view what,
                                      std::int64_t smallest) {
  // Of axes. Layers that are called often read their lists as often.
  constexpr std::uint32_t most_numbers = 64;
  if (value.is_sequence() && value.size() > most_numbers) {
    throw SpecError(value.location(), fmt::format("'{}' has {} entries", what, value.size()),
                    "write the file with model.to_json()");
  }
  std::vector<std::int64_t> numbers;
  if (!value.is_sequence()) return {integer_of(value, what, smallest)};
  for (auto item = value.first_child(); item; item = item->next_sibling()) {
    numbers.push_back(integer_of(*item, what, smallest));
  }
  return numbers;
}

double real_of(text::Value value, std::string_view what) {
  const auto scalar = text::scalar_of(value, what);
  double number = 0;
  const char* const end = scalar.text.data() + scalar.text.size();
  if (scalar.quoted || !text::is_number(scalar.text) ||
      std::from_chars(scalar.text.data(), end, number).ec != std::errc{} ||
      !std::isfinite(number)) {
    throw SpecError(value.location(), fmt::format("'{}' must be a number", what),
                    text::number_hint(scalar.text));
  }
  return number;
}

std::string_view text_of(std::optional<text::Value> value) {
  return value && value->is_scalar() ? value->text() : std::string_view{};
}

}  // namespace smoothbound::models::keras
