// Strict scalars, the same for JSON, YAML and the command line, and mappings with known keys.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/text/document.hpp"

namespace smoothbound::text {

/// What a real setting may be.
enum class RealRange : std::uint8_t { non_negative, positive, unit_interval };

constexpr std::int64_t largest_count = std::numeric_limits<std::int64_t>::max();
/// The smallest one of what may be any integer.
constexpr std::int64_t any_integer = -largest_count;

/// A scalar as the three sources have it, and what to call it in a message.
struct ScalarText {
  std::string_view text;
  bool quoted = false;
  Location location;
  std::string_view what;
};

/// Each throws SpecError at the scalar's place, with a hint, for anything but the stated form.
/// An integer >= `smallest`; exact integers in other notation (3.0, 1e3) count as such.
std::int64_t parse_count(const ScalarText& scalar, std::int64_t smallest = 1);
/// A finite decimal number in the range, enclosed from both sides.
Real parse_real(const ScalarText& scalar, RealRange range);
/// A finite decimal number, enclosed from both sides.
SignedReal parse_signed(const ScalarText& scalar);
/// true or false.
bool parse_flag(const ScalarText& scalar);
/// Whether the text is a number in JSON's grammar.
bool is_number(std::string_view text);
/// Text: a word that is not a number or a keyword, or anything in quotes.
std::string_view parse_text(const ScalarText& scalar);
/// The index of the text in `names`.
std::size_t parse_choice(const ScalarText& scalar, std::span<const std::string_view> names);

/// The scalar behind `value`; throws SpecError where it is a list or a mapping.
ScalarText scalar_of(Value value, std::string_view what);

/// "a list", "a mapping", "a single value" or "nothing".
std::string_view kind_name(Value value);

/// What to write in place of `text` where a number should stand; `example`: of such a number.
std::string number_hint(std::string_view text, std::string_view example = "12, 0.5 or 1e-3");

/// A mapping whose keys are looked up one by one; `finish` refuses those that nobody asked for.
class Fields {
 public:
  /// `what` names the mapping in messages ("conv", "the architecture"). Throws, with `hint`, if it
  /// is none.
  Fields(Value mapping, std::string_view what, std::string_view hint = {});

  /// The value of `key`, if given.
  std::optional<Value> find(std::string_view key);
  /// The value of `key`; throws SpecError at the mapping if it is missing.
  Value require(std::string_view key, std::string_view hint = {});
  /// The location of the key itself.
  [[nodiscard]] Location key_location(std::string_view key) const;
  /// Keys that were not looked up yet, with their values; they count as looked up from now on.
  std::vector<std::pair<Value, Value>> unused();
  /// Throws SpecError at the first key that was never looked up. `outer`: keys of the mapping
  /// around this one, for those who write them one level too deep.
  void finish(std::span<const std::string_view> outer = {}) const;

 private:
  struct Entry {
    Value key;
    Value value;
    bool used = false;
  };
  Value mapping_;
  std::string_view what_;
  std::vector<Entry> entries_;
  std::vector<std::string_view> known_;
};

}  // namespace smoothbound::text
