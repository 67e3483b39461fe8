// Passes that are spared: what they would have given is what there is.
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"
#include "smoothbound/enclosure/step_search.hpp"

namespace smoothbound::test {
namespace {

Trap three_layers() {
  Trap of(
      "{name: a, conv: {filters: 2, kernel: 3, padding: 1}, then: [relu]}, {name: b, conv: "
      "{filters: 3, kernel: 2}, then: [gelu, {max_pool: 2}]}, {dense: 3}, {dense: 3, then: [tanh]}",
      "1, 5, 5", 3);
  for (std::size_t i = 0; i < of.x.size(); ++i) of.x[i] = std::sin(static_cast<double>(3 * i));
  for (std::size_t i = 0; i < of.w.size(); ++i) {
    of.w[i] = std::cos(static_cast<double>(5 * i)) * 0.5;
    of.d[i] = std::sin(static_cast<double>(7 * i)) * 0.3;
  }
  return of;
}

// Along -gradient.
Trap descending() {
  Trap of = three_layers();
  Objective<double> f(of.graph(), *find_loss(of.loss), of.x, of.samples, of.labels, of.options);
  f.set_point(of.w);
  f.gradient(of.d);
  for (double& each : of.d) each = -each;
  return of;
}

TEST(Passes, WithoutOneThereIsNothing) {
  Trap of = three_layers();
  const auto line = of.enclosure();
  for (int lines = 0; lines < 2; ++lines) {
    EXPECT_EQ(line->length(), 0);
    EXPECT_EQ(line->failed_layer(), 0U);
    EXPECT_EQ(line->order(), 0);
    EXPECT_EQ(line->rounding(), 0);
    EXPECT_EQ(line->at(0).upper, infinity);
    EXPECT_EQ(line->at(0).lower, -infinity);
    line->set_line(of.w, of.d, 3);
  }
  ASSERT_TRUE(line->bound(0.01, EnclosureMode::interval));
  EXPECT_EQ(line->length(), 0.01);
  EXPECT_EQ(line->at(0.010001).upper, infinity);
  EXPECT_EQ(line->at(-1e-9).lower, -infinity);
  EXPECT_LT(line->at(0.01).upper, infinity);
}

TEST(Passes, GoOnFromTheLayerBefore) {
  Trap of = three_layers();
  for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
    const auto line = of.enclosure();
    line->set_line(of.w, of.d, 3);
    ASSERT_TRUE(line->bound(0.05, mode));
    for (std::uint32_t first = 1; first <= 4; ++first) {
      SCOPED_TRACE(first);
      const auto whole = of.enclosure();
      whole->set_line(of.w, of.d, 3);
      ASSERT_TRUE(whole->bound(0.05, mode, first));
      ASSERT_TRUE(line->bound(0.05, mode, first));
      EXPECT_EQ(line->line().order(), whole->line().order());
      for (const double t : {0.0, 0.02, 0.05}) {
        EXPECT_EQ(line->at(t).upper, whole->at(t).upper);
        EXPECT_EQ(line->at(t).lower, whole->at(t).lower);
      }
    }
    // Another T, another mode, and more than one layer farther: nothing of the last pass is of use.
    const EnclosureMode turned =
        mode == EnclosureMode::norm ? EnclosureMode::interval : EnclosureMode::norm;
    for (const EnclosurePass& pass :
         {EnclosurePass{0.04, mode, 2}, {0.05, turned, 2}, {0.05, mode, 3}}) {
      const auto fresh = of.enclosure();
      fresh->set_line(of.w, of.d, 3);
      ASSERT_TRUE(line->bound(0.05, mode, 1));
      ASSERT_TRUE(line->bound(pass.length, pass.mode, pass.first_layer));
      ASSERT_TRUE(fresh->bound(pass.length, pass.mode, pass.first_layer));
      EXPECT_EQ(line->at(pass.length).upper, fresh->at(pass.length).upper);
      EXPECT_EQ(line->at(pass.length).lower, fresh->at(pass.length).lower);
    }
    // From the first layer on, with another T, and with the first T.
    const auto other = of.enclosure();
    other->set_line(of.w, of.d, 3);
    for (const double length : {0.04, 0.05}) {
      ASSERT_TRUE(line->bound(length, mode));
      ASSERT_TRUE(other->bound(length, mode));
      EXPECT_EQ(line->at(length).upper, other->at(length).upper);
    }
  }
}

TEST(Passes, AreNotMadeTwiceInARow) {
  Trap of = three_layers();
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 3);
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::norm));
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::norm));
  EXPECT_EQ(line->work().pass_count, 1);
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::interval));
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::interval, 1));
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::interval));
  EXPECT_EQ(line->work().pass_count, 4);
  line->set_line(of.w, of.d, 3);
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::interval));
  EXPECT_EQ(line->work().pass_count, 5);
}

TEST(Passes, ServeAllGoals) {
  Trap of = descending();
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 3);
  StepFinder finder(*line);
  StepSearch search;
  search.refines = true;
  const FoundStep least = finder.find(search);
  ASSERT_TRUE(least.step);
  const std::int64_t passes = line->work().pass_count;
  const FoundStep again = finder.find(search);
  EXPECT_EQ(line->work().pass_count, passes);
  EXPECT_EQ(again.step->t, least.step->t);
  EXPECT_EQ(again.step->upper, least.step->upper);
  search.goal = StepGoal::sufficient_decrease;
  search.first_length = least.step->length;
  const FoundStep longest = finder.find(search);
  ASSERT_TRUE(longest.step);
  EXPECT_GE(longest.step->t, least.step->t * 0.5);
  // What is proved is what the line has at the same T.
  for (const FoundStep& found : {least, longest}) {
    ASSERT_TRUE(line->bound(found.step->length, EnclosureMode::interval));
    EXPECT_EQ(line->at(found.step->t).upper, found.step->upper);
    EXPECT_GE(line->at(0).lower - found.step->upper, found.step->decrease);
  }
}

}  // namespace
}  // namespace smoothbound::test
