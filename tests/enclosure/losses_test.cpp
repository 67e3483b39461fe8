// Losses that are means over all scalars, against ball arithmetic, and which losses there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"

namespace smoothbound::test {
namespace {

// Three outputs of each of two samples that move by some of their size.
Trap outputs_of(const std::string& loss, double size, double motion) {
  Trap of("{dense: 4, then: [tanh]}, {dense: 3}", "2", 2);
  of.loss = loss;
  of.x = {1, -0.5, 0.25, 2};
  of.set(0, {0.3, -0.7, 0.9}, {0.1, 0.2, -0.4, 0.3});
  of.set(1, {0.1, -0.2}, {0.05});
  of.set(2, {size, -size, size / 3, 0, size / 2}, {motion, -motion / 3, motion / 2});
  of.set(3, {0.1 * size, 0, -0.2 * size}, {motion, 0, -motion});
  return of;
}

TEST(EnclosureLosses, BinaryLogistic) {
  for (const double size : {1e-8, 1.0, 30.0, 1e3, 1e6}) {
    for (const double length : {1e-9, 1e-3, 0.3, 2.0}) {
      SCOPED_TRACE(std::to_string(size) + " " + std::to_string(length));
      Trap of = outputs_of("binary_logistic", size, size / 2);
      check(of, length);
      of.labels = {};
      of.labels.targets = {0, 1, 0.25, 1e-300, 0.5, 1 - 0x1p-53};
      check(of, length);
    }
  }
}

TEST(EnclosureLosses, Huber) {
  for (const double threshold : {1e-6, 0.3, 1.0, 1e9}) {
    for (const double size : {1e-8, 1.0, 1e3}) {
      for (const double length : {1e-9, 1e-3, 0.3, 2.0}) {
        SCOPED_TRACE(std::to_string(threshold) + " " + std::to_string(size) + " " +
                     std::to_string(length));
        Trap of = outputs_of("huber", size, size / 2);
        of.options.threshold = threshold;
        check(of, length);
        of.labels = {};
        of.labels.targets = {0, 1, -0.25, threshold, -threshold, 1e3};
        check(of, length);
      }
    }
  }
}

// At the kinks of f' and at its zero, where outputs do not move or move away.
TEST(EnclosureLosses, ResidualsAtTheThreshold) {
  for (const double motion : {-1.0, 0.0, 1.0}) {
    Trap of("{dense: 4}", "1");
    of.loss = "huber";
    of.options.threshold = 0.5;
    of.set(0, {0}, {motion});
    of.set(1, {0.5, -0.5, 0, 0.5}, {0});
    of.labels = {};
    of.labels.targets = {0, 0, 0, 0.5};
    for (const double length : {1e-9, 0.1, 0.5, 3.0}) check(of, length);
  }
}

// What the rules know of a network without remainder is little more than rounding, below and above.
TEST(EnclosureLosses, AreTightWhereNothingIsLeftOut) {
  for (const char* loss : {"logistic", "binary_logistic", "square", "huber"}) {
    SCOPED_TRACE(loss);
    Trap of("{dense: 3}", "2", 2);
    of.loss = loss;
    of.x = {1, -0.5, 0.25, 2};
    of.set(0, {0.3, -0.7, 0.9}, {0.1, 0.2, -0.4, 0.3});
    of.set(1, {0.1, -0.2}, {0.05});
    const auto line = of.enclosure();
    line->set_line(of.w, of.d, 3);
    ASSERT_TRUE(line->bound(1, EnclosureMode::norm));
    for (const double t : {0.0, 0.5, 1.0}) {
      const Range range = line->at(t);
      EXPECT_LT(range.upper - range.lower, of.loss == "square" ? 1e-11 : 1e-13);
      EXPECT_GE(range.lower, 0);
    }
  }
}

// In norms: bounds of all outputs of a sample together are no wider than those one by one.
TEST(EnclosureLosses, RemaindersGrowWithTheRootOfTheOutputs) {
  const auto width_of = [](const std::string& outputs, const char* loss) {
    Trap of("{dense: 8, then: [tanh]}, {dense: " + outputs + "}", "1");
    of.loss = loss;
    of.labels = {};
    of.labels.targets.assign(static_cast<std::size_t>(of.graph().output_shape().elements()), 1);
    of.set(0, {0.3, -0.7, 0.9}, {0.5, 1, -0.4});
    of.set(1, {0.1}, {0.05});
    of.set(2, {0.3, -0.2, 0.1}, {0});
    of.set(3, {0}, {0});
    const auto line = of.enclosure();
    line->set_line(of.w, of.d, 2);
    EXPECT_TRUE(line->bound(0.5, EnclosureMode::norm));
    const Range range = line->at(0.5);
    return range.upper - range.lower;
  };
  for (const char* loss : {"binary_logistic", "huber"}) {
    EXPECT_LT(width_of("300", loss), 1.5 * width_of("3", loss)) << loss;
  }
}

TEST(EnclosureLosses, AreNamedInTheCatalogueWhereThereIsARule) {
  for (const LossRow& loss : loss_table()) {
    SCOPED_TRACE(loss.name);
    bool is_enclosed = true;
    try {
      require_enclosed(loss);
    } catch (const NotEnclosed&) {
      is_enclosed = false;
    }
    EXPECT_EQ(loss.line_rule.exists(), is_enclosed);
    EXPECT_EQ(loss.is_mean(), is_enclosed);
    EXPECT_FALSE(loss.line_rule.source.empty());
  }
}

TEST(EnclosureLosses, TargetsThatAreNone) {
  const auto message_of = [](const char* loss, double target) -> std::string {
    Trap of("{dense: 3}", "1", 2);
    of.loss = loss;
    of.labels = {};
    of.labels.targets = {0, 1, 0, 1, target, 0};
    try {
      (void)of.enclosure();
    } catch (const LossDataError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(message_of("binary_logistic", 1.5),
            "binary_logistic: sample 1: target 1 is 1.5; targets lie between 0 and 1");
  EXPECT_EQ(message_of("binary_logistic", -infinity),
            "binary_logistic: sample 1: target 1 is -inf; targets lie between 0 and 1");
  EXPECT_EQ(message_of("huber", infinity), "huber: sample 1: target 1 is inf");
  EXPECT_EQ(message_of("huber", 1.5), "none");
}

}  // namespace
}  // namespace smoothbound::test
