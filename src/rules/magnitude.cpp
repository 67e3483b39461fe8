#include "smoothbound/rules/magnitude.hpp"

#include <mpfr.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace smoothbound {
namespace {

// One limb with a spare bit: MPFR's fastest path, 1,000 times finer than a double.
constexpr mpfr_prec_t precision = 63;
static_assert(sizeof(mp_limb_t) == sizeof(std::uint64_t));

constexpr mpfr_rnd_t mode(Rounding rounding) {
  return rounding == Rounding::up ? MPFR_RNDU : MPFR_RNDD;
}

// Once for each thread, before its first operation.
void widen_exponent_range() {
  thread_local bool widened = false;
  if (widened) return;
  mpfr_set_emin(mpfr_get_emin_min());
  mpfr_set_emax(mpfr_get_emax_max());
  widened = true;
}

// An MPFR number of the engine's precision on the stack.
struct Number {
  Number() { mpfr_custom_init_set(value, MPFR_ZERO_KIND, 0, precision, &limb); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() = default;

  operator mpfr_ptr() { return value; }  // NOLINT(google-explicit-constructor): a thin handle

  mp_limb_t limb = 0;
  mpfr_t value;
};

}  // namespace

// The bridge between the stored form and MPFR's.
struct BoundAccess {
  template <Rounding d>
  static void load(Number& number, const Bound<d>& bound) {
    number.limb = bound.significand_;
    const int kind = bound.is_zero()       ? MPFR_ZERO_KIND
                     : bound.is_infinite() ? MPFR_INF_KIND
                                           : MPFR_REGULAR_KIND;
    mpfr_custom_init_set(number.value, kind, kind == MPFR_REGULAR_KIND ? bound.exponent_ : 0,
                         precision, &number.limb);
  }

  template <Rounding d>
  static std::int64_t& exponent(Bound<d>& bound) {
    return bound.exponent_;
  }

  template <Rounding d>
  static Bound<d> store(Number& number) {
    if (mpfr_inf_p(number.value) != 0) return Bound<d>::infinity();
    Bound<d> bound;
    if (mpfr_zero_p(number.value) != 0) return bound;
    bound.significand_ = number.limb;
    bound.exponent_ = mpfr_get_exp(number.value);
    return bound;
  }
};

namespace {

template <Rounding d, class Operation>
Bound<d> apply(Operation&& operation, const Bound<d>& a) {
  widen_exponent_range();
  Number x;
  Number result;
  BoundAccess::load(x, a);
  operation(result, x, mode(d));
  return BoundAccess::store<d>(result);
}

template <Rounding d, Rounding e, class Operation>
Bound<d> apply(Operation&& operation, const Bound<d>& a, const Bound<e>& b) {
  widen_exponent_range();
  Number x;
  Number y;
  Number result;
  BoundAccess::load(x, a);
  BoundAccess::load(y, b);
  operation(result, x, y, mode(d));
  return BoundAccess::store<d>(result);
}

// "12.50e-3" as "1250e-5": MPFR reads the decimal point of the locale, an exponent never.
std::string without_decimal_point(std::string_view literal) {
  const std::size_t exponent_mark = std::min(literal.find_first_of("eE"), literal.size());
  std::string digits;
  std::int64_t exponent = 0;
  bool after_point = false;
  for (const char c : literal.substr(0, exponent_mark)) {
    if (c == '.' && !after_point) {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      if (after_point) --exponent;
    } else {
      throw std::invalid_argument("not a non-negative decimal literal");
    }
  }
  if (exponent_mark < literal.size()) {
    std::string_view text = literal.substr(exponent_mark + 1);
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    std::int64_t given = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), given);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw std::invalid_argument("not a non-negative decimal literal");
    }
    exponent += given;
  }
  if (digits.empty()) throw std::invalid_argument("not a non-negative decimal literal");
  return digits + "e" + std::to_string(exponent);
}

}  // namespace

template <Rounding d>
Bound<d> Bound<d>::from_double(double value) {
  if (!(value >= 0) || std::isinf(value)) throw std::invalid_argument("not a finite double >= 0");
  Number x;
  mpfr_set_d(x, value, mode(d));
  return BoundAccess::store<d>(x);
}

template <Rounding d>
Bound<d> Bound<d>::from_decimal(std::string_view literal) {
  widen_exponent_range();
  Number x;
  const std::string text = without_decimal_point(literal);
  char* end = nullptr;
  mpfr_strtofr(x, text.c_str(), &end, 10, mode(d));
  return BoundAccess::store<d>(x);
}

template <Rounding d>
double Bound<d>::log10() const {
  if (is_zero()) return -std::numeric_limits<double>::infinity();
  if (is_infinite()) return std::numeric_limits<double>::infinity();
  widen_exponent_range();
  Number x;
  Number result;
  BoundAccess::load(x, *this);
  mpfr_log10(result, x, mode(d));
  return mpfr_get_d(result, mode(d));
}

template <Rounding d>
double Bound<d>::to_double() const {
  Number x;
  BoundAccess::load(x, *this);
  return mpfr_get_d(x, mode(d));
}

template <Rounding d>
std::optional<std::int64_t> Bound<d>::to_integer() const {
  Number x;
  BoundAccess::load(x, *this);
  if (is_infinite() || mpfr_integer_p(x) == 0 || mpfr_fits_intmax_p(x, MPFR_RNDN) == 0) {
    return std::nullopt;
  }
  return mpfr_get_sj(x, MPFR_RNDN);
}

template <Rounding d>
Bound<d> operator+(const Bound<d>& a, const Bound<d>& b) {
  if (a.is_zero()) return b;  // zeros and ones abound, and need no MPFR
  if (b.is_zero()) return a;
  return apply(mpfr_add, a, b);
}

template <Rounding d>
Bound<d> operator*(const Bound<d>& a, const Bound<d>& b) {
  if (a.is_zero() || b.is_zero()) return {};
  if (a.is_one()) return b;
  if (b.is_one()) return a;
  return apply(mpfr_mul, a, b);
}

template <Rounding d>
Bound<d> operator/(const Bound<d>& a, const Bound<opposite(d)>& b) {
  if (a.is_zero()) return {};
  if (b.is_zero()) return Bound<d>::infinity();
  if (b.is_one()) return a;
  if (b.is_infinite()) {
    // inf / inf says nothing: the side of the type that is always right.
    if (a.is_infinite()) return d == Rounding::up ? Bound<d>::infinity() : Bound<d>();
    return {};
  }
  return apply(mpfr_div, a, b);
}

template <Rounding d>
Bound<d> square_root(const Bound<d>& a) {
  return a.is_one() ? a : apply(mpfr_sqrt, a);
}

Magnitude hypotenuse(const Magnitude& a, const Magnitude& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  // mpfr_hypot rounds correctly but takes five times as long; the sum bounds what rounding adds,
  // also where a square overflows.
  return std::min(square_root(a * a + b * b), a + b);
}

Magnitude weighted_sum(std::span<const WeightedPlace> terms, std::span<const Magnitude> list) {
  widen_exponent_range();
  Number sum;
  Number term;
  for (const auto& [place, weight] : terms) {
    const Magnitude& number = list[place];
    if (number.is_zero()) continue;
    BoundAccess::load(term, number);
    if (!weight.is_one()) {
      Number factor;
      BoundAccess::load(factor, weight);
      mpfr_mul(term, term, factor, mode(Rounding::up));
    }
    mpfr_add(sum, sum, term, mode(Rounding::up));
  }
  return BoundAccess::store<Rounding::up>(sum);
}

template <Rounding d>
Bound<d> scale(const Bound<d>& a, int power) {
  if (a.is_zero() || a.is_infinite()) return a;
  constexpr std::int64_t near_the_end = std::int64_t{1} << 61U;
  if (a.exponent() > near_the_end || a.exponent() < -near_the_end) {
    return apply([power](mpfr_ptr result, mpfr_ptr x,
                         mpfr_rnd_t rounding) { mpfr_mul_2si(result, x, power, rounding); },
                 a);
  }
  Bound<d> result = a;
  BoundAccess::exponent(result) += power;
  return result;
}

Magnitude ceiling(const Magnitude& a) {
  return apply([](mpfr_ptr result, mpfr_ptr x,
                  mpfr_rnd_t rounding) { return mpfr_rint_ceil(result, x, rounding); },
               a);
}

Magnitude excess(const Magnitude& a, const LowerBound& b) {
  if (a.is_infinite() || b.is_zero()) return a;
  return apply(mpfr_dim, a, b);
}

template <Rounding d>
Bound<d> hyperbolic_sine(const Bound<d>& a) {
  return apply(mpfr_sinh, a);
}

template <Rounding d>
Bound<d> hyperbolic_cosine(const Bound<d>& a) {
  return apply(mpfr_cosh, a);
}

template <Rounding d>
Bound<d> hyperbolic_tangent(const Bound<d>& a) {
  return apply(mpfr_tanh, a);
}

template <Rounding d>
Bound<d> exponential(const Bound<d>& a) {
  return apply(mpfr_exp, a);
}

template <Rounding d>
Bound<d> log_one_plus(const Bound<d>& a) {
  return apply(mpfr_log1p, a);
}

template <Rounding d>
Bound<d> distance(const Bound<d>& a, const Bound<d>& b) {
  if (a.is_infinite() || b.is_infinite()) {
    return d == Rounding::up ? Bound<d>::infinity() : Bound<d>();
  }
  return a < b ? apply(mpfr_sub, b, a) : apply(mpfr_sub, a, b);
}

template <Rounding d>
Bound<d> power(const Bound<d>& base, const Real& exponent) {
  const bool increases = base >= Bound<d>::from_count(1);
  const bool by_upper = increases == (d == Rounding::up);
  return by_upper ? apply(mpfr_pow, base, exponent.upper) : apply(mpfr_pow, base, exponent.lower);
}

Real Real::from_decimal(std::string_view literal) {
  Real real{Magnitude::from_decimal(literal), LowerBound::from_decimal(literal), 0};
  const auto [end, error] =
      std::from_chars(literal.data(), literal.data() + literal.size(), real.nearest);
  if (error != std::errc() || end != literal.data() + literal.size()) {
    throw std::invalid_argument("not a decimal literal in the range of double");
  }
  return real;
}

ThreadCaches::~ThreadCaches() { mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE); }

template class Bound<Rounding::up>;
template class Bound<Rounding::down>;
template Magnitude operator+(const Magnitude&, const Magnitude&);
template LowerBound operator+(const LowerBound&, const LowerBound&);
template Magnitude operator*(const Magnitude&, const Magnitude&);
template LowerBound operator*(const LowerBound&, const LowerBound&);
template Magnitude operator/(const Magnitude&, const LowerBound&);
template LowerBound operator/(const LowerBound&, const Magnitude&);
template Magnitude square_root(const Magnitude&);
template LowerBound square_root(const LowerBound&);
template Magnitude distance(const Magnitude&, const Magnitude&);
template LowerBound distance(const LowerBound&, const LowerBound&);
template Magnitude power(const Magnitude&, const Real&);
template LowerBound power(const LowerBound&, const Real&);
template Magnitude hyperbolic_sine(const Magnitude&);
template LowerBound hyperbolic_sine(const LowerBound&);
template Magnitude hyperbolic_cosine(const Magnitude&);
template LowerBound hyperbolic_cosine(const LowerBound&);
template Magnitude hyperbolic_tangent(const Magnitude&);
template LowerBound hyperbolic_tangent(const LowerBound&);
template Magnitude exponential(const Magnitude&);
template LowerBound exponential(const LowerBound&);
template Magnitude log_one_plus(const Magnitude&);
template LowerBound log_one_plus(const LowerBound&);
template Magnitude scale(const Magnitude&, int);
template LowerBound scale(const LowerBound&, int);

}  // namespace smoothbound
