// What does not change, and what follows from other numbers that are known.
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"

namespace smoothbound::test {
namespace {

Trap mixed() {
  Trap of(
      "{name: a, conv: {filters: 2, kernel: 3, padding: 1}, then: [{batch_norm: {epsilon: "
      "0.1, affine: true}}, softplus]}, {name: b, conv: {filters: 2, kernel: 1}, then: [gelu]}, "
      "{add: [a, b], then: [{average_pool: 2}]}, {dense: 3}",
      "1, 4, 4", 2);
  for (std::size_t i = 0; i < of.x.size(); ++i) of.x[i] = std::sin(static_cast<double>(3 * i));
  for (std::size_t i = 0; i < of.w.size(); ++i) {
    of.w[i] = std::cos(static_cast<double>(5 * i)) * 0.5;
    of.d[i] = std::sin(static_cast<double>(7 * i)) * 0.3;
  }
  return of;
}

TEST(EnclosureInvariants, ScalesOfDirectionsDoNotMatter) {
  Trap of = mixed();
  check(of, 0.1);
  for (const int degree : {1, 2, 3}) {
    for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
      const auto one = of.enclosure();
      one->set_line(of.w, of.d, degree);
      ASSERT_TRUE(one->bound(0.1, mode));
      std::vector<double> twice = of.d;
      for (double& each : twice) each *= 2;
      const auto other = of.enclosure();
      other->set_line(of.w, twice, degree);
      ASSERT_TRUE(other->bound(0.05, mode));
      for (const double t : {0.0, 0.01, 0.06, 0.1}) {
        EXPECT_NEAR(one->at(t).upper, other->at(t / 2).upper, 1e-10);
        EXPECT_NEAR(one->at(t).lower, other->at(t / 2).lower, 1e-10);
      }
    }
  }
}

TEST(EnclosureInvariants, NoDirectionAtAll) {
  Trap of = mixed();
  std::fill(of.d.begin(), of.d.end(), 0.0);
  check(of, 1);
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 3);
  ASSERT_TRUE(line->bound(1, EnclosureMode::interval));
  const Range range = line->at(1);
  EXPECT_LT(range.upper - range.lower, 1e-10);
}

TEST(EnclosureInvariants, SlopesAreThoseOfTheGradient) {
  Trap of = mixed();
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 2);
  Objective<double> f(of.graph(), *find_loss(of.loss), of.x, of.samples, of.labels, of.options);
  f.set_point(of.w);
  std::vector<double> gradient(of.w.size());
  f.gradient(gradient);
  double slope = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) slope += gradient[i] * of.d[i];
  EXPECT_NEAR(line->derivatives().slope, slope, 1e-12);
}

// Bounds of one line say nothing of another one, nor of what lies beyond T.
TEST(EnclosureInvariants, BoundsThatThereAreNot) {
  for (const char* loss : {"square", "logistic", "binary_logistic", "huber"}) {
    Trap of = mixed();
    of.loss = loss;
    const auto line = of.enclosure();
    const auto is_unknown = [&](double t) {
      return line->at(t).upper == infinity && line->at(t).lower == -infinity;
    };
    line->set_line(of.w, of.d, 3);
    EXPECT_TRUE(is_unknown(0));
    ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
    EXPECT_FALSE(is_unknown(0));
    EXPECT_FALSE(is_unknown(0.1));
    EXPECT_TRUE(is_unknown(std::nextafter(0.1, 1)));
    EXPECT_TRUE(is_unknown(-1e-300));
    EXPECT_TRUE(is_unknown(std::nan("")));
    EXPECT_FALSE(line->bound(1e20, EnclosureMode::norm));
    EXPECT_TRUE(is_unknown(0));
    ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
    line->set_line(of.w, of.d, 2);
    EXPECT_TRUE(is_unknown(0));
    ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
    line->set_labels(of.labels);
    EXPECT_TRUE(is_unknown(0));
  }
}

}  // namespace
}  // namespace smoothbound::test
