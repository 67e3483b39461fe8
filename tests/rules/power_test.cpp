// Powers with real exponents: on the right side, and near.

#include <gtest/gtest.h>
#include <mpfr.h>

#include <random>
#include <string>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {
namespace {

// value of a bound or literal with 400 bits
class Precise {
 public:
  Precise() { mpfr_init2(x_, 400); }
  template <Rounding d>
  explicit Precise(const Bound<d>& bound) : Precise() {
    mpfr_set_zero(x_, 1);
    if (bound.is_infinite()) mpfr_set_inf(x_, 1);
    if (bound.is_zero() || bound.is_infinite()) return;
    mpfr_set_uj(x_, bound.significand(), MPFR_RNDN);
    mpfr_set_exp(x_, bound.exponent());
  }
  explicit Precise(const std::string& literal) : Precise() {
    mpfr_set_str(x_, literal.c_str(), 10, MPFR_RNDN);
  }
  Precise(const Precise&) = delete;
  Precise& operator=(const Precise&) = delete;
  ~Precise() { mpfr_clear(x_); }
  operator mpfr_ptr() { return x_; }  // NOLINT: passed to MPFR

 private:
  mpfr_t x_;
};

Real exactly(double value) {
  return {Magnitude::from_double(value), LowerBound::from_double(value), value};
}

// Bases below and above 1, exponents that are no doubles.
TEST(Power, EnclosesThePowerTightly) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 2000; ++i) {
    const double base = std::ldexp(1 + static_cast<double>(random() % 4096) / 4096,
                                   static_cast<int>(random() % 13) - 6);
    const std::string literal =
        std::to_string(random() % 9) + "." + std::to_string(random() % 1'000'000);
    SCOPED_TRACE(std::to_string(base) + "^" + literal);
    const Real exponent = Real::from_decimal(literal);
    Precise exact;
    mpfr_pow(exact, Precise(Magnitude::from_double(base)), Precise(literal), MPFR_RNDN);
    const Magnitude above = power(Magnitude::from_double(base), exponent);
    const LowerBound below = power(LowerBound::from_double(base), exponent);
    ASSERT_GE(mpfr_cmp(Precise(above), exact), 0);
    ASSERT_LE(mpfr_cmp(Precise(below), exact), 0);
    ASSERT_LE((above / below).to_double(), 1 + 1e-14);
  }
}

// The enclosure's other end would be on the wrong side.
TEST(Power, TakesTheEndOfTheExponentThatIsOnItsSide) {
  const Real exponent{Magnitude::from_count(3), LowerBound::from_count(2), 0};
  EXPECT_EQ(power(Magnitude::from_count(2), exponent), Magnitude::from_count(8));
  EXPECT_EQ(power(LowerBound::from_count(2), exponent), LowerBound::from_count(4));
  EXPECT_EQ(power(Magnitude::from_double(0.5), exponent), Magnitude::from_double(0.25));
  EXPECT_EQ(power(LowerBound::from_double(0.5), exponent), LowerBound::from_double(0.125));
  EXPECT_TRUE(power(Magnitude::from_count(1), exponent).is_one());
  EXPECT_TRUE(power(LowerBound::from_count(1), exponent).is_one());
}

TEST(Power, QuartersAreRoots) {
  for (const double base : {0.3, 0.75, 1.0, 1.1, 17.0}) {
    const Magnitude above = Magnitude::from_double(base);
    const LowerBound below = LowerBound::from_double(base);
    EXPECT_EQ(power(above, exactly(0.5)), square_root(above));
    EXPECT_EQ(power(below, exactly(0.5)), square_root(below));
    EXPECT_LE(power(above, exactly(0.25)), square_root(square_root(above)));
    EXPECT_GE(power(below, exactly(0.25)), square_root(square_root(below)));
    EXPECT_EQ(power(above, exactly(1)), above);
    EXPECT_EQ(power(above, exactly(2)), above * above);
  }
}

TEST(Power, EndsOfTheRange) {
  const Magnitude inf = Magnitude::infinity();
  EXPECT_TRUE(power(Magnitude(), exactly(0)).is_one());
  EXPECT_TRUE(power(Magnitude(), exactly(0.5)).is_zero());
  EXPECT_TRUE(power(Magnitude(), Real{Magnitude::from_count(1), LowerBound(), 0}).is_one());
  EXPECT_TRUE(power(LowerBound(), Real{Magnitude::from_count(1), LowerBound(), 0}).is_zero());
  EXPECT_TRUE(power(inf, exactly(0.5)).is_infinite());
  EXPECT_TRUE(power(inf, exactly(0)).is_one());
  EXPECT_TRUE(power(Magnitude::from_count(2), exactly(1e300)).is_infinite());
  EXPECT_TRUE(power(LowerBound::from_count(2), exactly(1e300)).is_finite());
  EXPECT_TRUE(power(LowerBound::from_double(0.5), exactly(1e300)).is_zero());
  const Magnitude tiny = power(Magnitude::from_double(0.5), exactly(1e300));
  EXPECT_FALSE(tiny.is_zero());
  EXPECT_LT(tiny.log10(), -1e17);
}

TEST(Distance, IsRoundedDownForLowerBounds) {
  const LowerBound third = LowerBound::from_count(1) / Magnitude::from_count(3);
  EXPECT_EQ(distance(LowerBound::from_count(5), LowerBound::from_count(3)),
            LowerBound::from_count(2));
  EXPECT_EQ(distance(third, LowerBound::from_count(1)), distance(LowerBound::from_count(1), third));
  const LowerBound huge = LowerBound::from_double(1e30);
  EXPECT_LT(distance(huge, third), huge);
  EXPECT_TRUE(distance(LowerBound::infinity(), third).is_zero());
}

}  // namespace
}  // namespace smoothbound
