// Exact arithmetic on the decimal texts of bounds ("1.5217524595168066e+25", "0", "inf").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// A decimal number >= 0 or infinity, exactly: however long a tolerance is, what is compared with
/// it is not rounded.
class Decimal {
 public:
  /// A number >= 0 in JSON's grammar, or "inf"; throws std::invalid_argument for anything else.
  explicit Decimal(std::string_view text);

  [[nodiscard]] bool is_infinite() const { return infinite_; }
  [[nodiscard]] bool is_zero() const { return !infinite_ && digits_.empty(); }

  /// This number plus 1, for finite numbers whose exponents are those of doubles.
  [[nodiscard]] Decimal plus_one() const;
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  friend bool operator<(const Decimal& a, const Decimal& b);

 private:
  Decimal() = default;
  void normalize();

  std::string digits_;         // without zeros at either end; empty for 0
  std::int64_t exponent_ = 0;  // value = digits * 10^exponent
  bool infinite_ = false;
};

/// A bound's text with fewer digits, rounded in `direction`; unchanged if it has no more.
std::string shorten(std::string_view text, int digits, Rounding direction);

/// How many times `before` the number `after` is, for people: "1.25", "1+2.3e-9", "10^+11.54".
std::string ratio_text(std::string_view before, std::string_view after);

}  // namespace smoothbound
