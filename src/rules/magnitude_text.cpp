// Decimal text of bounds: exactly rounded by MPFR, and a faster way to the few digits of tables.

#include <mpfr.h>

#include <algorithm>
#include <array>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {
namespace {

// Significant digits of value = 0.d1d2d3... * 10^exponent.
struct Digits {
  std::string text;
  std::int64_t exponent = 0;
};

template <Rounding d>
Digits exact_digits(const Bound<d>& value, std::size_t count) {
  mp_limb_t limb = value.significand();
  mpfr_t x;
  mpfr_custom_init_set(x, MPFR_REGULAR_KIND, value.exponent(), 63, &limb);
  std::vector<char> buffer(std::max<std::size_t>(count + 2, 7));  // as mpfr_get_str asks for
  mpfr_exp_t exponent = 0;
  mpfr_get_str(buffer.data(), &exponent, 10, count, x, d == Rounding::up ? MPFR_RNDU : MPFR_RNDD);
  return {buffer.data(), exponent};
}

constexpr int largest_power = 300;

// 10^-300 .. 10^300, rounded in the direction d.
template <Rounding d>
const Bound<d>& power_of_ten(int power) {
  static const auto table = [] {
    std::array<Bound<d>, 2 * largest_power + 1> powers;
    for (int i = -largest_power; i <= largest_power; ++i) {
      const int index = i + largest_power;
      powers[static_cast<std::size_t>(index)] = Bound<d>::from_decimal("1e" + std::to_string(i));
    }
    return powers;
  }();
  const int index = power + largest_power;
  return table[static_cast<std::size_t>(index)];
}

// The same where `value` is of moderate size and `count` small: the digits are the integer part of
// value * 10^j, an upper (lower) bound within 2^-40. Nothing where that bound is so near to an
// integer that it does not tell how to round.
template <Rounding d>
std::optional<Digits> quick_digits(const Bound<d>& value, std::size_t count) {
  constexpr std::size_t few = 7;
  constexpr std::int64_t moderate = 900;  // binary exponents
  if (count > few || value.exponent() > moderate || value.exponent() < -moderate) return {};
  constexpr double log10_of_two = 0.30102999566398120;
  auto exponent =
      static_cast<int>(static_cast<double>(value.exponent()) * log10_of_two + largest_power) -
      largest_power + 1;  // at least the decimal exponent, at most one more
  std::uint64_t least = 1;
  for (std::size_t i = 1; i < count; ++i) least *= 10;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Bound<d> scaled = value * power_of_ten<d>(static_cast<int>(count) - exponent);
    if (scaled.exponent() < 1) {
      --exponent;
      continue;
    }
    const auto bits = static_cast<unsigned>(scaled.exponent());
    const std::uint64_t whole = scaled.significand() >> (64U - bits);
    const std::uint64_t fraction = scaled.significand() << bits;
    constexpr std::uint64_t doubt = std::uint64_t{1} << 44U;  // 2^-20
    const bool near_integer = d == Rounding::up ? fraction != 0 && fraction < doubt
                                                : fraction > ~std::uint64_t{0} - doubt;
    if (near_integer) return {};
    if (whole < least) {
      --exponent;
      continue;
    }
    const std::uint64_t digits = whole + (d == Rounding::up && fraction != 0 ? 1 : 0);
    if (whole >= 10 * least || digits >= 10 * least) return {};
    return Digits{std::to_string(digits), exponent};
  }
  return {};
}

}  // namespace

template <Rounding d>
std::string Bound<d>::to_text(int digits) const {
  if (is_zero()) return "0";
  if (is_infinite()) return "inf";
  const auto count = static_cast<std::size_t>(std::max(digits, 1));
  const std::optional<Digits> quick = quick_digits(*this, count);
  const Digits found = quick ? *quick : exact_digits(*this, count);
  std::string text = found.text;
  if (count > 1) text.insert(1, 1, '.');
  const std::int64_t exponent = found.exponent - 1;
  text.append(exponent < 0 ? "e-" : "e+");
  return text.append(std::to_string(exponent < 0 ? -exponent : exponent));
}

template std::string Bound<Rounding::up>::to_text(int) const;
template std::string Bound<Rounding::down>::to_text(int) const;

}  // namespace smoothbound
