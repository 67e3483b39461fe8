// Every operation of Bound against exact or 400-bit results: on the right side, and the nearest
// number there.

#include "smoothbound/rules/magnitude.hpp"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <cmath>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

namespace smoothbound {
namespace {

// What does not round in one direction does not compile.
template <class A, class B>
constexpr bool can_divide = requires(A a, B b) {
  a / b;
};
template <class A, class B>
constexpr bool can_subtract = requires(A a, B b) {
  a - b;
};
template <class A, class B>
constexpr bool can_mix = requires(A a, B b) {
  a + b;
}
|| requires(A a, B b) { a* b; }
|| requires(A a, B b) { a < b; };
static_assert(can_divide<Magnitude, LowerBound> && can_divide<LowerBound, Magnitude>);
static_assert(!can_divide<Magnitude, Magnitude> && !can_divide<LowerBound, LowerBound>);
static_assert(!can_subtract<Magnitude, Magnitude> && !can_subtract<Magnitude, LowerBound>);
static_assert(!can_mix<Magnitude, LowerBound> && !can_mix<LowerBound, Magnitude>);
static_assert(!std::is_convertible_v<Magnitude, LowerBound> &&
              !std::is_convertible_v<double, Magnitude>);
static_assert(std::is_trivially_copyable_v<Magnitude> && sizeof(Magnitude) == 16);

// An MPFR number of many bits.
class Wide {
 public:
  explicit Wide(mpfr_prec_t bits = 400) {
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    mpfr_init2(x_, bits);
    mpfr_set_zero(x_, 1);
  }
  template <Rounding d>
  explicit Wide(const Bound<d>& bound) : Wide() {
    if (bound.is_infinite()) {
      mpfr_set_inf(x_, 1);
    } else if (!bound.is_zero()) {
      mpfr_set_uj(x_, bound.significand(), MPFR_RNDN);
      mpfr_set_exp(x_, bound.exponent());
    }
  }
  explicit Wide(const std::string& literal) : Wide(4000) {
    mpfr_set_str(x_, literal.c_str(), 10, MPFR_RNDN);
  }
  Wide(const Wide&) = delete;
  Wide& operator=(const Wide&) = delete;
  ~Wide() { mpfr_clear(x_); }
  operator mpfr_ptr() { return x_; }  // NOLINT: passed to MPFR
  operator mpfr_srcptr() const { return x_; }

 private:
  mpfr_t x_;
};

// `result` is what `exact`, whose `ternary` tells where the truth lies beside it, rounds to with 63
// bits: rounding 400 bits once more is right unless the truth hides next to a 63-bit number, which
// the ternary value then tells.
template <Rounding d>
testing::AssertionResult is_rounded(const Bound<d>& result, const Wide& exact, int ternary) {
  Wide rounded(63);
  const mpfr_rnd_t mode = d == Rounding::up ? MPFR_RNDU : MPFR_RNDD;
  const int again = mpfr_set(rounded, exact, mode);
  if (again == 0 && mpfr_regular_p(rounded) != 0) {
    // `ternary` < 0: the truth is above `exact`.
    if (d == Rounding::up && ternary < 0) mpfr_nextabove(rounded);
    if (d == Rounding::down && ternary > 0) mpfr_nextbelow(rounded);
  }
  if (mpfr_equal_p(Wide(result), rounded) != 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.to_text(25) << " is not the rounded exact value";
}

// Numbers of all sizes; every seventh is a special one.
class RandomBounds {
 public:
  explicit RandomBounds(std::uint64_t seed) : random_(seed) {}

  template <Rounding d>
  Bound<d> next() {
    const auto dice = random_() % 7;
    if (dice == 0) {
      const auto count = static_cast<std::int64_t>(random_() % 5);
      return Bound<d>::from_count(count);
    }
    const double mantissa = 1 + static_cast<double>(random_() % (1ULL << 52U)) / 4503599627370496.0;
    // Three times a double fills all 63 bits.
    const Bound<d> x = Bound<d>::from_double(mantissa) / Bound<opposite(d)>::from_count(3);
    if (dice == 1) return x;
    if (dice == 2) return x * power_of_two<d>(static_cast<std::int64_t>(random_() % 200) - 100);
    const std::int64_t huge =
        static_cast<std::int64_t>(random_() % 2'000'000'000'001) - 1'000'000'000'000;
    return dice == 3 ? x * power_of_two<d>(huge)
                     : x * power_of_two<d>(static_cast<std::int64_t>(random_() % 20) - 10);
  }

  // Exact: by repeated squaring of 2 or 1/2.
  template <Rounding d>
  static Bound<d> power_of_two(std::int64_t n) {
    Bound<d> base = n < 0 ? Bound<d>::from_double(0.5) : Bound<d>::from_count(2);
    Bound<d> result = Bound<d>::from_count(1);
    for (std::uint64_t rest = static_cast<std::uint64_t>(std::abs(n)); rest != 0; rest >>= 1U) {
      if (rest % 2 != 0) result *= base;
      base *= base;
    }
    return result;
  }

 private:
  std::mt19937_64 random_;
};

constexpr int rounds = 20'000;

template <class T>
class BoundOperations : public testing::Test {};
struct Up {
  static constexpr Rounding direction = Rounding::up;
};
struct Down {
  static constexpr Rounding direction = Rounding::down;
};
using Directions = testing::Types<Up, Down>;
TYPED_TEST_SUITE(BoundOperations, Directions);

TYPED_TEST(BoundOperations, AreCorrectlyRounded) {
  constexpr Rounding d = TypeParam::direction;
  RandomBounds random(d == Rounding::up ? 1 : 2);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.next<d>();
    const auto b = random.next<d>();
    const auto divisor = random.next<opposite(d)>();
    SCOPED_TRACE("round " + std::to_string(i) + ": " + a.to_text(25) + ", " + b.to_text(25) + ", " +
                 divisor.to_text(25));
    Wide exact;
    int ternary = mpfr_add(exact, Wide(a), Wide(b), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(a + b, exact, ternary));
    ternary = mpfr_mul(exact, Wide(a), Wide(b), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(a * b, exact, ternary));
    ternary = mpfr_sqrt(exact, Wide(a), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(square_root(a), exact, ternary));
    if (!divisor.is_zero()) {
      ternary = mpfr_div(exact, Wide(a), Wide(divisor), MPFR_RNDN);
      ASSERT_TRUE(is_rounded(a / divisor, exact, ternary));
    }
    // Order is that of the numbers.
    ASSERT_EQ(a < b, mpfr_less_p(Wide(a), Wide(b)) != 0);
    ASSERT_EQ(a == b, mpfr_equal_p(Wide(a), Wide(b)) != 0);
  }
}

TYPED_TEST(BoundOperations, FunctionsAreCorrectlyRounded) {
  constexpr Rounding d = TypeParam::direction;
  RandomBounds random(d == Rounding::up ? 8 : 9);
  int compared = 0;
  for (int i = 0; i < rounds / 10; ++i) {
    const auto a = random.next<d>();
    if (a.exponent() > 10 || a.exponent() < -60) continue;
    ++compared;
    SCOPED_TRACE("round " + std::to_string(i) + ": " + a.to_text(25));
    Wide exact;
    int ternary = mpfr_sinh(exact, Wide(a), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(hyperbolic_sine(a), exact, ternary));
    ternary = mpfr_cosh(exact, Wide(a), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(hyperbolic_cosine(a), exact, ternary));
    ternary = mpfr_tanh(exact, Wide(a), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(hyperbolic_tangent(a), exact, ternary));
    ternary = mpfr_log1p(exact, Wide(a), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(log_one_plus(a), exact, ternary));
  }
  EXPECT_GT(compared, 500);
  using B = Bound<d>;
  EXPECT_EQ(hyperbolic_cosine(B()), B::from_count(1));
  EXPECT_EQ(hyperbolic_tangent(B::infinity()), B::from_count(1));
  EXPECT_EQ(hyperbolic_cosine(B::from_double(1e300)).is_infinite(), d == Rounding::up);
}

TEST(Magnitude, ExcessIsRoundedUp) {
  RandomBounds random(10);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.next<Rounding::up>();
    const auto b = random.next<Rounding::down>();
    SCOPED_TRACE("round " + std::to_string(i) + ": " + a.to_text(25) + ", " + b.to_text(25));
    Wide exact;
    const int ternary = mpfr_dim(exact, Wide(a), Wide(b), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(excess(a, b), exact, ternary));
  }
  EXPECT_EQ(excess(Magnitude::from_count(3), LowerBound::from_count(5)), Magnitude());
  EXPECT_TRUE(excess(Magnitude::infinity(), LowerBound::infinity()).is_infinite());
  EXPECT_EQ(excess(Magnitude::from_count(3), LowerBound::infinity()), Magnitude());
}

TEST(Magnitude, DistanceAndCeilingAreRoundedUp) {
  RandomBounds random(3);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.next<Rounding::up>();
    const auto b = random.next<Rounding::up>();
    SCOPED_TRACE("round " + std::to_string(i) + ": " + a.to_text(25) + ", " + b.to_text(25));
    Wide exact;
    int ternary = a < b ? mpfr_sub(exact, Wide(b), Wide(a), MPFR_RNDN)
                        : mpfr_sub(exact, Wide(a), Wide(b), MPFR_RNDN);
    ASSERT_TRUE(is_rounded(distance(a, b), exact, ternary));
    if (a.exponent() > 300 || a.exponent() < -300) continue;
    mpfr_ceil(exact, Wide(a));
    ASSERT_TRUE(is_rounded(ceiling(a), exact, 0));
  }
  EXPECT_EQ(ceiling(Magnitude::from_double(1e-300)), Magnitude::from_count(1));
  EXPECT_EQ(ceiling(Magnitude()), Magnitude());
  EXPECT_TRUE(ceiling(Magnitude::infinity()).is_infinite());
  EXPECT_EQ(distance(Magnitude::from_count(3), Magnitude::from_count(3)), Magnitude());
  EXPECT_TRUE(distance(Magnitude::infinity(), Magnitude::infinity()).is_infinite());
}

TEST(Magnitude, HypotenuseIsAboveTheRootAndNotAboveTheSum) {
  RandomBounds random(4);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.next<Rounding::up>();
    const auto b = random.next<Rounding::up>();
    SCOPED_TRACE("round " + std::to_string(i) + ": " + a.to_text(25) + ", " + b.to_text(25));
    const Magnitude root = hypotenuse(a, b);
    ASSERT_LE(root, a + b);
    if (root.is_infinite()) continue;
    Wide exact;
    mpfr_hypot(exact, Wide(a), Wide(b), MPFR_RNDD);
    ASSERT_GE(mpfr_cmp(Wide(root), exact), 0);
    // Three roundings, each within 2^-62.
    Wide limit;
    mpfr_mul_2si(limit, exact, -60, MPFR_RNDD);
    mpfr_add(limit, limit, exact, MPFR_RNDD);
    const auto square_fits = [](const Magnitude& x) {
      constexpr std::int64_t most = std::int64_t{1} << 60U;
      return x.is_zero() || (x.exponent() < most && x.exponent() > -most);
    };
    if (square_fits(a) && square_fits(b)) {
      ASSERT_LE(mpfr_cmp(Wide(root), limit), 0);
    }
  }
  const Magnitude three = Magnitude::from_count(3);
  EXPECT_EQ(hypotenuse(three, Magnitude()), three);
  EXPECT_EQ(hypotenuse(Magnitude(), three), three);
  EXPECT_EQ(hypotenuse(three, Magnitude::from_count(4)), Magnitude::from_count(5));
  EXPECT_TRUE(hypotenuse(three, Magnitude::infinity()).is_infinite());
}

TYPED_TEST(BoundOperations, FollowTheConventionsOfZeroAndInfinity) {
  using B = Bound<TypeParam::direction>;
  using Other = typename B::Opposite;
  const B inf = B::infinity();
  const B two = B::from_count(2);
  EXPECT_TRUE((B() * inf).is_zero());
  EXPECT_TRUE((inf * B()).is_zero());
  EXPECT_TRUE((two * inf).is_infinite());
  EXPECT_TRUE((two + inf).is_infinite());
  EXPECT_TRUE((B() / Other()).is_zero());
  EXPECT_TRUE((B() / Other::infinity()).is_zero());
  EXPECT_TRUE((two / Other()).is_infinite());
  EXPECT_TRUE((two / Other::infinity()).is_zero());
  EXPECT_TRUE((inf / Other::from_count(2)).is_infinite());
  // inf / inf: the side on which the truth cannot be missed.
  EXPECT_EQ((inf / Other::infinity()).is_infinite(), TypeParam::direction == Rounding::up);
  EXPECT_TRUE(square_root(inf).is_infinite());
  EXPECT_LT(two, inf);
  EXPECT_LT(B(), two);
}

TEST(Magnitude, WhatExceedsTheRangeRoundsInItsDirection) {
  Magnitude up = Magnitude::from_count(2);
  LowerBound down = LowerBound::from_count(2);
  Magnitude small_up = Magnitude::from_double(0.5);
  LowerBound small_down = LowerBound::from_double(0.5);
  for (int i = 0; i < 70; ++i) {  // 2^(2^70)
    up *= up;
    down *= down;
    small_up *= small_up;
    small_down *= small_down;
  }
  EXPECT_TRUE(up.is_infinite());
  EXPECT_TRUE(down.is_finite());
  EXPECT_EQ(down + down, down);  // the largest number
  EXPECT_GT(down, RandomBounds::power_of_two<Rounding::down>(4'000'000'000'000'000'000));
  EXPECT_FALSE(small_up.is_zero());
  EXPECT_LT(small_up, RandomBounds::power_of_two<Rounding::up>(-4'000'000'000'000'000'000));
  EXPECT_TRUE(small_down.is_zero());
}

// MPFR's exponent range belongs to a thread, and begins narrower than the engine's.
TEST(Magnitude, EveryThreadHasTheWholeRange) {
  const std::string literal = "1e300000000000000000";
  const Magnitude huge = Magnitude::from_decimal(literal);
  ASSERT_TRUE(huge.is_finite());
  const Magnitude square = huge * huge;
  const auto in_a_thread = [](const std::function<Magnitude()>& first_operation) {
    Magnitude result;
    std::thread([&] { result = first_operation(); }).join();
    return result;
  };
  EXPECT_EQ(in_a_thread([&] { return Magnitude::from_decimal(literal); }), huge);
  EXPECT_EQ(in_a_thread([&] { return huge * huge; }), square);
  EXPECT_EQ(in_a_thread([&] { return huge + huge; }), scale(huge, 1));
  EXPECT_EQ(in_a_thread([&] { return square / LowerBound::from_count(2); }), scale(square, -1));
  EXPECT_EQ(in_a_thread([&] { return square_root(square); }), square_root(square));
  EXPECT_EQ(in_a_thread([&] { return ceiling(huge); }), huge);
  const std::string small = "1e-300000000000000000";
  const Magnitude tiny = Magnitude::from_decimal(small);
  EXPECT_LT(tiny, Magnitude::from_double(1e-300));
  EXPECT_EQ(in_a_thread([&] { return Magnitude::from_decimal(small); }), tiny);
  EXPECT_EQ(in_a_thread([&] { return tiny * tiny; }), tiny * tiny);
  double exponent = 0;
  std::string text;
  std::thread([&] { exponent = square.log10(); }).join();
  std::thread([&] { text = square.to_text(20); }).join();
  EXPECT_EQ(exponent, square.log10());
  EXPECT_EQ(text, square.to_text(20));
}

TEST(Magnitude, CountsAndDoublesAreExact) {
  const std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Magnitude::from_count(largest).to_integer(), largest);
  EXPECT_EQ(LowerBound::from_count(largest).to_integer(), largest);
  EXPECT_EQ(Magnitude::from_double(0.1).to_double(), 0.1);
  EXPECT_EQ(LowerBound::from_double(5e-324).to_double(), 5e-324);
  EXPECT_EQ(Magnitude::from_double(1.5).to_integer(), std::nullopt);
  EXPECT_EQ((Magnitude::from_count(largest) + Magnitude::from_count(1)).to_integer(), std::nullopt);
  EXPECT_EQ(Magnitude().to_integer(), 0);
  EXPECT_THROW(Magnitude::from_count(-1), std::invalid_argument);
  for (const double wrong : {-1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_THROW(Magnitude::from_double(wrong), std::invalid_argument) << wrong;
  }
}

TEST(Magnitude, DoublesAreRoundedInTheirDirection) {
  const Magnitude third = Magnitude::from_count(1) / LowerBound::from_count(3);
  const LowerBound low_third = LowerBound::from_count(1) / Magnitude::from_count(3);
  EXPECT_EQ(std::nextafter(low_third.to_double(), 1), third.to_double());
  const auto huge = RandomBounds::power_of_two<Rounding::up>(5000);
  const auto low_huge = RandomBounds::power_of_two<Rounding::down>(5000);
  EXPECT_EQ(huge.to_double(), HUGE_VAL);
  EXPECT_EQ(low_huge.to_double(), std::numeric_limits<double>::max());
  EXPECT_EQ(RandomBounds::power_of_two<Rounding::up>(-5000).to_double(), 5e-324);
  EXPECT_EQ(RandomBounds::power_of_two<Rounding::down>(-5000).to_double(), 0);
  EXPECT_EQ(Magnitude().to_double(), 0);
}

// Literals and, for the same number, an independent reading with 4,000 bits.
class Literals : public testing::TestWithParam<std::string> {};

TEST_P(Literals, AreEnclosedAsTightlyAsCanBe) {
  const std::string& text = GetParam();
  const Wide exact(text);
  EXPECT_TRUE(is_rounded(Magnitude::from_decimal(text), exact, 0));
  EXPECT_TRUE(is_rounded(LowerBound::from_decimal(text), exact, 0));
}

INSTANTIATE_TEST_SUITE_P(Magnitude, Literals,
                         testing::Values("0.1", "1e-5", "123.456e-7", "0", "0.0", "0e5", "1", "3.0",
                                         "12.50E+3", "0.000123e-300", std::string(308, '9'),
                                         "0." + std::string(307, '0') + "1",
                                         "1" + std::string(400, '0') + "1",
                                         std::string(308, '3') + "." + std::string(308, '7') +
                                             "e-308",
                                         "9223372036854775809", "1e100000000", "7e-100000000"));

TEST(Magnitude, RefusesWhatIsNoDecimalLiteral) {
  for (const char* const text : {"", ".", "e5", "-1", "+1", "1e", "1e+", "1.2.3", "1,5", "0x10",
                                 "inf", "nan", "1 ", " 1", "1e5x", "1e1.5", "1_000"}) {
    EXPECT_THROW(Magnitude::from_decimal(text), std::invalid_argument) << text;
    EXPECT_THROW(Real::from_decimal(text), std::invalid_argument) << text;
  }
  EXPECT_THROW(Real::from_decimal("1e400"), std::invalid_argument);
}

TEST(Real, EnclosesItsLiteral) {
  const Real tenth = Real::from_decimal("0.1");
  EXPECT_EQ(tenth.nearest, 0.1);
  EXPECT_EQ(tenth.upper, Magnitude::from_decimal("0.1"));
  EXPECT_EQ(tenth.lower, LowerBound::from_decimal("0.1"));
  EXPECT_LT(mpfr_cmp(Wide(tenth.lower), Wide(tenth.upper)), 0);
  const Real half = Real::from_decimal("0.5");
  EXPECT_EQ(mpfr_cmp(Wide(half.lower), Wide(half.upper)), 0);
}

// The decimal text is on its side of the number, and less than one unit in its last place away.
template <Rounding d>
void check_text(const Bound<d>& x, int digits) {
  const std::string text = x.to_text(digits);
  SCOPED_TRACE(x.to_text(40) + " with " + std::to_string(digits) + " digits: " + text);
  const std::size_t mark = text.find('e');
  ASSERT_NE(mark, std::string::npos);
  ASSERT_EQ(mark, digits == 1 ? 1U : static_cast<std::size_t>(digits) + 1);
  if (digits > 1) {
    ASSERT_EQ(text[1], '.');
  }
  ASSERT_NE(text[0], '0');
  ASSERT_TRUE(text[mark + 1] == '+' || text[mark + 1] == '-');
  const Wide exact(x);
  const Wide printed(text);
  if (d == Rounding::up) {
    ASSERT_GE(mpfr_cmp(printed, exact), 0);
  } else {
    ASSERT_LE(mpfr_cmp(printed, exact), 0);
  }
  const std::int64_t exponent = std::stoll(text.substr(mark + 1)) - digits + 1;
  const Wide unit("1e" + std::to_string(exponent));
  Wide gap(4000);
  mpfr_sub(gap, printed, exact, MPFR_RNDN);
  ASSERT_LT(mpfr_cmpabs(gap, unit), 0);
}

// Few digits of numbers that are, or nearly are, decimals of few digits: where rounding is decided
// far behind the digits that are shown.
TYPED_TEST(BoundOperations, TextOfShortDecimalsIsRounded) {
  constexpr Rounding d = TypeParam::direction;
  std::mt19937_64 random(d == Rounding::up ? 14 : 15);
  for (int i = 0; i < 20'000; ++i) {
    const auto digits = static_cast<int>(1 + random() % 7);
    const auto exponent = static_cast<int>(random() % 560) - 280;
    const std::string literal =
        std::to_string(1 + random() % 10'000'000) + "e" + std::to_string(exponent);
    for (const auto& x : {Bound<d>::from_decimal(literal), Bound<d>::from_count(1 + i)}) {
      check_text(x, digits);
    }
    if (this->HasFatalFailure()) {
      ADD_FAILURE() << "round " << i << ": " << literal;
      return;
    }
  }
}

TYPED_TEST(BoundOperations, TextIsRoundedInTheDirectionOfTheType) {
  constexpr Rounding d = TypeParam::direction;
  RandomBounds random(d == Rounding::up ? 4 : 5);
  for (int i = 0; i < 3000; ++i) {
    const auto x = random.next<d>();
    // 4,000 bits do not hold a decimal text of a number with an exponent of 10^12 closely enough.
    if (x.is_zero() || std::abs(x.exponent()) > 1000) continue;
    for (const int digits : {1, 2, 3, 6, 17, 70}) check_text(x, digits);
    if (this->HasFatalFailure()) return;
  }
}

TEST(Magnitude, TextOfRoundCases) {
  const Magnitude third = Magnitude::from_count(1) / LowerBound::from_count(3);
  const LowerBound low_third = LowerBound::from_count(1) / Magnitude::from_count(3);
  EXPECT_EQ(third.to_text(3), "3.34e-1");
  EXPECT_EQ(low_third.to_text(3), "3.33e-1");
  EXPECT_EQ(third.to_text(1), "4e-1");
  // A carry through all digits makes a new one.
  EXPECT_EQ(Magnitude::from_decimal("9.999").to_text(3), "1.00e+1");
  EXPECT_EQ(LowerBound::from_decimal("9.999").to_text(3), "9.99e+0");
  EXPECT_EQ(Magnitude::from_decimal("0.99999").to_text(1), "1e+0");
  EXPECT_EQ(Magnitude::from_count(25).to_text(17), "2.5000000000000000e+1");
  EXPECT_EQ(Magnitude().to_text(5), "0");
  EXPECT_EQ(Magnitude::infinity().to_text(5), "inf");
  EXPECT_EQ(LowerBound::from_decimal("1e100").to_text(0).size(), std::string("9e+99").size());
  // 10^308 has no 63-bit form: what encloses it lies on both sides.
  EXPECT_EQ(Magnitude::from_decimal("1e308").to_text(10), "1.000000001e+308");
  EXPECT_EQ(LowerBound::from_decimal("1e308").to_text(10), "9.999999999e+307");
}

TYPED_TEST(BoundOperations, LogarithmIsRoundedInTheDirectionOfTheType) {
  constexpr Rounding d = TypeParam::direction;
  RandomBounds random(d == Rounding::up ? 6 : 7);
  for (int i = 0; i < rounds; ++i) {
    const auto x = random.next<d>();
    if (x.is_zero()) continue;
    Wide exact;
    mpfr_log10(exact, Wide(x), MPFR_RNDN);
    const double log = x.log10();
    const int side = mpfr_cmp_d(exact, log);
    ASSERT_TRUE(d == Rounding::up ? side <= 0 : side >= 0) << x.to_text(25) << " " << log;
    // At most one double away.
    const double beyond = std::nextafter(log, d == Rounding::up ? -HUGE_VAL : HUGE_VAL);
    const int other_side = mpfr_cmp_d(exact, beyond);
    ASSERT_TRUE(d == Rounding::up ? other_side >= 0 : other_side <= 0) << x.to_text(25);
  }
  using B = Bound<d>;
  EXPECT_EQ(B().log10(), -HUGE_VAL);
  EXPECT_EQ(B::infinity().log10(), HUGE_VAL);
  EXPECT_EQ(B::from_count(1000).log10(), 3);
}

}  // namespace
}  // namespace smoothbound
