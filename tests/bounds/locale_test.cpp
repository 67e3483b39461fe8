// Numbers under a locale that writes a decimal comma. Such a locale is seldom installed where tests
// run, so the program's own localeconv stands in for one.

#include <gtest/gtest.h>
#include <mpfr.h>

#include <clocale>
#include <stdexcept>

#include "smoothbound/rules/magnitude.hpp"

namespace {
bool comma = false;  // NOLINT: read by a C function
}

extern "C" struct lconv* localeconv() noexcept {
  static char point[] = ".";
  static char decimal_comma[] = ",";
  static char empty[] = "";
  static struct lconv convention {};
  convention.decimal_point = comma ? decimal_comma : point;
  convention.thousands_sep = empty;
  convention.grouping = empty;
  return &convention;
}

namespace smoothbound {
namespace {

class DecimalComma : public testing::Test {
 protected:
  void SetUp() override {
    comma = true;
    mpfr_t x;
    mpfr_init2(x, 53);
    mpfr_strtofr(x, "2,5", nullptr, 10, MPFR_RNDN);
    const bool in_force = mpfr_cmp_d(x, 2.5) == 0;
    mpfr_clear(x);
    if (!in_force) GTEST_SKIP() << "MPFR does not ask this program's localeconv";
  }
  void TearDown() override { comma = false; }
};

TEST_F(DecimalComma, LiteralsAreReadWithAPoint) {
  EXPECT_EQ(Magnitude::from_decimal("2.5"), Magnitude::from_double(2.5));
  EXPECT_EQ(LowerBound::from_decimal("12.50e-1"), LowerBound::from_double(1.25));
  EXPECT_EQ(Real::from_decimal("0.25").nearest, 0.25);
  EXPECT_THROW(Magnitude::from_decimal("2,5"), std::invalid_argument);
}

TEST_F(DecimalComma, TextsHaveAPoint) {
  EXPECT_EQ(Magnitude::from_double(2.5).to_text(3), "2.50e+0");
  EXPECT_EQ(LowerBound::from_double(1234.5).to_text(6), "1.23450e+3");
}

}  // namespace
}  // namespace smoothbound
