// Non-negative extended numbers whose rounding direction is part of their type.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace smoothbound {

enum class Rounding : std::uint8_t { up, down };

constexpr Rounding opposite(Rounding rounding) {
  return rounding == Rounding::up ? Rounding::down : Rounding::up;
}

/// A number in [0, inf] with 63 bits and an exponent of up to 62 bits, on MPFR.
///
/// Every operation on `Bound<Rounding::up>` returns a value >= the exact one, every operation on
/// `Bound<Rounding::down>` a value <= the exact one; each is correctly rounded in its direction, so
/// it is also monotone. Only what is monotone increasing takes operands of its own direction: a
/// divisor and what is subtracted have the opposite one. What exceeds the exponent range rounds to
/// infinity (up) or to the largest number (down).
///
/// Conventions for bounds: 0 * inf = 0, because a zero upper bound says that the bounded quantity
/// is identically zero. A positive number over a divisor that may be zero is inf (up).
///
/// Values are trivially copyable (16 bytes, no allocation) and independent of locale and of the
/// floating-point environment. The operations widen MPFR's exponent range of the calling thread.
template <Rounding direction>
class Bound {
 public:
  using Opposite = Bound<opposite(direction)>;

  /// Zero.
  constexpr Bound() = default;

  static constexpr Bound infinity() {
    Bound result;
    result.exponent_ = infinite_exponent;
    return result;
  }
  /// `count` >= 0, exactly; throws std::invalid_argument otherwise.
  static constexpr Bound from_count(std::int64_t count) {
    if (count < 0) throw std::invalid_argument("a count is not negative");
    Bound result;
    if (count == 0) return result;
    const auto bits = static_cast<std::uint64_t>(count);
    const int leading_zeros = std::countl_zero(bits);
    result.significand_ = bits << static_cast<unsigned>(leading_zeros);
    result.exponent_ = std::numeric_limits<std::uint64_t>::digits - leading_zeros;
    return result;
  }
  /// A finite double >= 0, exactly.
  static Bound from_double(double value);
  /// The rounded value of a non-negative decimal literal in JSON's grammar ("0.1", "1e-5").
  /// Throws std::invalid_argument for anything else.
  static Bound from_decimal(std::string_view literal);

  [[nodiscard]] constexpr bool is_zero() const { return exponent_ == zero_exponent; }
  [[nodiscard]] constexpr bool is_infinite() const { return exponent_ == infinite_exponent; }
  [[nodiscard]] constexpr bool is_finite() const { return !is_infinite(); }
  [[nodiscard]] constexpr bool is_one() const {
    return exponent_ == 1 && significand_ == std::uint64_t{1} << 63U;
  }

  /// Scientific notation with `digits` >= 1 significant digits, rounded in the direction of the
  /// type
  /// ("1.5217524595168066e+25"); "0" and "inf".
  [[nodiscard]] std::string to_text(int digits) const;
  /// Decimal logarithm, rounded in the direction of the type; -inf for 0.
  [[nodiscard]] double log10() const;
  /// Nearest double in the direction of the type (inf or the largest double beyond the range).
  [[nodiscard]] double to_double() const;
  /// The value as an integer if it is one that an int64 holds.
  [[nodiscard]] std::optional<std::int64_t> to_integer() const;

  friend constexpr bool operator==(const Bound&, const Bound&) = default;
  friend constexpr std::strong_ordering operator<=>(const Bound& a, const Bound& b) {
    if (a.exponent_ != b.exponent_) return a.exponent_ <=> b.exponent_;
    return a.significand_ <=> b.significand_;
  }

  /// The significand as an integer with its top bit set (0 for zero and inf), and the exponent e
  /// of value = significand / 2^64 * 2^e. For tests that need the exact value.
  [[nodiscard]] constexpr std::uint64_t significand() const { return significand_; }
  [[nodiscard]] constexpr std::int64_t exponent() const { return exponent_; }

  /// This very number, rounded the other way from now on: for numbers that are no bounds, of which
  /// any value is right.
  [[nodiscard]] constexpr Opposite turned() const {
    Opposite same;
    same.significand_ = significand_;
    same.exponent_ = exponent_;
    return same;
  }

 private:
  friend Opposite;
  friend struct BoundAccess;
  static constexpr std::int64_t zero_exponent = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t infinite_exponent = std::numeric_limits<std::int64_t>::max();

  std::uint64_t significand_ = 0;
  std::int64_t exponent_ = zero_exponent;
};

/// Rounds up: a reported bound, and all that makes one larger.
using Magnitude = Bound<Rounding::up>;
/// Rounds down: what stands in a denominator, and step sizes.
using LowerBound = Bound<Rounding::down>;

template <Rounding d>
Bound<d> operator+(const Bound<d>& a, const Bound<d>& b);
template <Rounding d>
Bound<d> operator*(const Bound<d>& a, const Bound<d>& b);
template <Rounding d>
Bound<d> operator/(const Bound<d>& a, const Bound<opposite(d)>& b);
template <Rounding d>
Bound<d> square_root(const Bound<d>& a);
/// sqrt(a^2 + b^2), never above a + b; hypotenuse(a, 0) is a.
Magnitude hypotenuse(const Magnitude& a, const Magnitude& b);

/// `weight` times the number at `place` of a list.
struct WeightedPlace {
  std::size_t place = 0;
  Magnitude weight;
};
/// Their sum, of weights > 0.
Magnitude weighted_sum(std::span<const WeightedPlace> terms, std::span<const Magnitude> list);

/// a * 2^power, for |power| below 64.
template <Rounding d>
Bound<d> scale(const Bound<d>& a, int power);

/// The smallest integer that is not below `a` (inf for inf).
Magnitude ceiling(const Magnitude& a);

/// max(a - b, 0), rounded up.
Magnitude excess(const Magnitude& a, const LowerBound& b);

/// sinh, cosh and tanh, which increase on [0, inf].
template <Rounding d>
Bound<d> hyperbolic_sine(const Bound<d>& a);
template <Rounding d>
Bound<d> hyperbolic_cosine(const Bound<d>& a);
template <Rounding d>
Bound<d> hyperbolic_tangent(const Bound<d>& a);
template <Rounding d>
Bound<d> exponential(const Bound<d>& a);
/// log(1 + a)
template <Rounding d>
Bound<d> log_one_plus(const Bound<d>& a);

/// |a - b| of the two numbers themselves, rounded in the direction of the type (not of the
/// quantities that they bound: a caller has to know what its expression increases in). Of an
/// infinite one it is inf (up) or 0 (down).
template <Rounding d>
Bound<d> distance(const Bound<d>& a, const Bound<d>& b);

template <Rounding d>
Bound<d>& operator+=(Bound<d>& a, const Bound<d>& b) {
  return a = a + b;
}
template <Rounding d>
Bound<d>& operator*=(Bound<d>& a, const Bound<d>& b) {
  return a = a * b;
}

/// Gives back, at the end of its scope, what the arithmetic keeps for the thread that runs it
/// (MPFR's pool of integers and its cached constants): a thread that computes bounds and then ends
/// begins with one.
class ThreadCaches {
 public:
  ThreadCaches() = default;
  ThreadCaches(const ThreadCaches&) = delete;
  ThreadCaches& operator=(const ThreadCaches&) = delete;
  ~ThreadCaches();
};

/// A decimal literal enclosed from both sides; of a negative one, which few settings may be, its
/// magnitude, and `nearest` has the sign.
struct Real {
  Magnitude upper;
  LowerBound lower;
  double nearest = 0;

  /// From a literal in JSON's grammar whose value is a non-negative double's neighbour; throws
  /// std::invalid_argument otherwise.
  static Real from_decimal(std::string_view literal);
};

/// A decimal literal of either sign.
struct SignedReal {
  Real magnitude;
  bool negative = false;

  [[nodiscard]] double nearest() const { return negative ? -magnitude.nearest : magnitude.nearest; }
};

/// base^exponent: at least (up) or at most (down) every power of the number that `base` bounds to
/// an exponent of the enclosure, whose `nearest` is not read. A power increases in its base; in its
/// exponent it increases for bases above 1 and decreases below. 0^0 is 1.
template <Rounding d>
Bound<d> power(const Bound<d>& base, const Real& exponent);

}  // namespace smoothbound
