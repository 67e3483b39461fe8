// Enclosures of objectives whose samples are not all kept at once.
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"
#include "smoothbound/enclosure/step_search.hpp"
#include "smoothbound/runtime/batch_runner.hpp"

namespace smoothbound::test {
namespace {

constexpr std::int64_t samples = 7;  // micro-batches of 3 leave one for the last

Trap of_loss(const std::string& loss) {
  Trap of(
      "{name: a, conv: {filters: 2, kernel: 3, padding: 1}, then: [relu]}, {name: b, conv: "
      "{filters: 3, kernel: 2}, then: [gelu, {max_pool: 2}]}, {dense: 3, then: [tanh]}",
      "1, 5, 5", samples);
  for (std::size_t i = 0; i < of.x.size(); ++i) of.x[i] = std::sin(static_cast<double>(3 * i));
  for (std::size_t i = 0; i < of.w.size(); ++i) {
    of.w[i] = std::cos(static_cast<double>(5 * i)) * 0.5;
  }
  of.loss = loss;
  of.options.regularizer = 0.25;
  std::mt19937_64 random(11);
  if (loss != "logistic") of.aim(random);
  Objective<double> f(of.graph(), *find_loss(loss), of.x, samples, of.labels, of.options);
  f.set_point(of.w);
  f.gradient(of.d);
  for (double& each : of.d) each = -each;
  return of;
}

class MicroBatchesOf : public ::testing::TestWithParam<std::string> {};

TEST_P(MicroBatchesOf, EncloseTheMeanOfAllSamples) {
  Trap of = of_loss(GetParam());
  const auto whole = of.enclosure();
  whole->set_line(of.w, of.d, 3);
  EXPECT_FALSE(whole->has_micro_batches());
  for (const std::int64_t size : {1, 2, 3, 6}) {
    SCOPED_TRACE(size);
    of.options.micro_batch = size;
    const auto line = of.enclosure();
    EXPECT_TRUE(line->has_micro_batches());
    line->set_line(of.w, of.d, 3);
    EXPECT_NEAR(line->derivatives().value, whole->derivatives().value, 1e-13);
    EXPECT_NEAR(line->derivatives().slope, whole->derivatives().slope, 1e-12);
    EXPECT_NEAR(line->derivatives().curvature, whole->derivatives().curvature, 1e-12);
    for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
      ASSERT_TRUE(line->bound(0.1, mode));
      ASSERT_TRUE(whole->bound(0.1, mode));
      EXPECT_EQ(line->order(), whole->order());
      EXPECT_EQ(line->length(), 0.1);
      EXPECT_NEAR(line->rounding(), whole->rounding(), 0.5 * whole->rounding());
      for (const double t : {0.0, 0.03, 0.1}) {
        const Range range = line->at(t);
        const Number value = of.exact(t);
        EXPECT_FALSE(certainly_less(range.upper, value)) << t << ": " << value.to_text();
        EXPECT_FALSE(certainly_less(value, range.lower)) << t << ": " << value.to_text();
        // The order n, and which units matter, may be those of fewer samples.
        EXPECT_NEAR(range.upper, whole->at(t).upper, 1e-5);
        EXPECT_NEAR(range.lower, whole->at(t).lower, 1e-5);
        EXPECT_LE(range.upper, whole->at(t).upper + 1e-12);
        EXPECT_GE(range.lower, whole->at(t).lower - 1e-12);
      }
      EXPECT_EQ(line->at(0.11).upper, infinity);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, MicroBatchesOf,
                         ::testing::Values("logistic", "square", "huber", "binary_logistic"),
                         [](const auto& test) { return test.param; });

TEST(MicroBatches, TakeOtherSamplesOnTheLineThereIs) {
  Trap of = of_loss("logistic");
  of.options.micro_batch = 2;
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 3);
  ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
  const Range before = line->at(0.1);
  for (double& each : of.x) each *= -0.5;
  line->set_labels(of.labels);
  line->set_line(of.w, of.d, 3);
  ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
  EXPECT_NE(line->at(0.1).upper, before.upper);
  EXPECT_FALSE(certainly_less(line->at(0.1).upper, of.exact(0.1)));
  EXPECT_FALSE(certainly_less(of.exact(0.1), line->at(0.1).lower));
}

TEST(MicroBatches, MakePassesTogetherThatAreForeseen) {
  Trap of = of_loss("logistic");
  of.options.micro_batch = 2;
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 2);
  const double of_coefficients = line->work().coefficients;
  line->foresee(
      {{0.05, EnclosureMode::interval}, {0.1, EnclosureMode::norm}, {0.1, EnclosureMode::norm, 1}});
  ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
  EXPECT_EQ(line->work().pass_count, 3);
  // Of 2, 2, 2 and 1 samples the last ones of both sizes are kept.
  const double after = line->work().coefficients;
  EXPECT_DOUBLE_EQ(after, of_coefficients * (1 + 4.0 / 7));
  const double all = line->at(0.1).upper;
  ASSERT_TRUE(line->bound(0.05, EnclosureMode::interval));
  EXPECT_EQ(line->length(), 0.05);
  EXPECT_EQ(line->at(0.1).upper, infinity);
  ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm, 1));
  EXPECT_LT(line->at(0.1).upper, all);
  ASSERT_TRUE(line->bound(0.1, EnclosureMode::norm));
  EXPECT_EQ(line->at(0.1).upper, all);
  EXPECT_EQ(line->work().pass_count, 3);
  EXPECT_EQ(line->work().coefficients, after);
  // Foreseen once, made once.
  ASSERT_TRUE(line->bound(0.2, EnclosureMode::norm));
  EXPECT_EQ(line->work().pass_count, 4);
  line->foresee({{0.05, EnclosureMode::norm}});
  line->set_line(of.w, of.d, 2);
  ASSERT_TRUE(line->bound(0.2, EnclosureMode::norm));
  EXPECT_EQ(line->work().pass_count, 5);
  // All samples at once have coefficients for every pass.
  of.options.micro_batch = 0;
  const auto whole = of.enclosure();
  whole->set_line(of.w, of.d, 2);
  whole->foresee({{0.05, EnclosureMode::interval}});
  ASSERT_TRUE(whole->bound(0.1, EnclosureMode::norm));
  EXPECT_EQ(whole->work().pass_count, 1);
}

TEST(MicroBatches, FailWhereOneOfThemDoes) {
  Trap of = of_loss("square");
  of.x[25 * 4] = 1e200;  // of the fifth sample
  of.options.micro_batch = 2;
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 3);
  EXPECT_FALSE(line->bound(1e-3, EnclosureMode::norm));
  EXPECT_EQ(of.graph().layers[line->failed_layer()].name, "b");
  EXPECT_EQ(line->at(0).upper, infinity);
  EXPECT_EQ(line->at(0).lower, -infinity);
}

TEST(MicroBatches, ProveTheSameSteps) {
  Trap of = of_loss("logistic");
  const auto whole = of.enclosure();
  whole->set_line(of.w, of.d, 3);
  of.options.micro_batch = 3;
  const auto line = of.enclosure();
  line->set_line(of.w, of.d, 3);
  for (const StepGoal goal : {StepGoal::least_bound, StepGoal::sufficient_decrease}) {
    StepSearch search;
    search.goal = goal;
    search.refines = true;
    const FoundStep of_whole = StepFinder(*whole).find(search);
    const FoundStep found = StepFinder(*line).find(search);
    ASSERT_TRUE(of_whole.step && found.step);
    EXPECT_NEAR(found.step->t, of_whole.step->t, 1e-3 * found.step->t);
    EXPECT_NEAR(found.step->upper, of_whole.step->upper, 1e-6);
    EXPECT_EQ(found.step->length, of_whole.step->length);
    EXPECT_EQ(found.step->order, of_whole.step->order);
  }
}

TEST(MicroBatches, AreAsLargeAsTheMemoryAllows) {
  const Trap of = of_loss("logistic");
  const auto bytes = [&](std::int64_t size) {
    return bytes_of_objective_enclosure(of.graph(), samples, size, 3);
  };
  EXPECT_EQ(bytes(0), bytes_of_enclosure(of.graph(), samples, 3));
  EXPECT_EQ(bytes(samples), bytes(0));
  // Of three and one samples there are two networks.
  EXPECT_GT(bytes(3), bytes_of_enclosure(of.graph(), 3, 3) + bytes_of_enclosure(of.graph(), 1, 3));
  EXPECT_LT(bytes(1), bytes(3));
  EXPECT_EQ(micro_batch_of_enclosure(of.graph(), samples, 3, bytes(0)), 0);
  EXPECT_EQ(micro_batch_of_enclosure(of.graph(), samples, 3, bytes(3)), 3);
  EXPECT_EQ(micro_batch_of_enclosure(of.graph(), samples, 3, bytes(3) - 1), 2);
  EXPECT_EQ(micro_batch_of_enclosure(of.graph(), samples, 3, bytes(1)), 1);
  try {
    (void)micro_batch_of_enclosure(of.graph(), samples, 3, bytes(1) - 1);
    ADD_FAILURE() << "there is less memory than one sample takes";
  } catch (const MemoryShortage& error) {
    EXPECT_EQ(error.needed, bytes(1));
    EXPECT_EQ(error.allowed, bytes(1) - 1);
    EXPECT_EQ(error.samples, samples);
    EXPECT_FALSE(error.all_at_once);
  }
}

TEST(MicroBatches, AreNotOfSamplesThatAreCoupled) {
  Trap of("{dense: 2, then: [batch_norm, tanh]}", "3", 4);
  EXPECT_EQ(micro_batch_of_enclosure(of.graph(), 4, 3, 1 << 30), 0);
  try {
    (void)micro_batch_of_enclosure(of.graph(), 4, 3, 100);
    ADD_FAILURE() << "there is too little memory";
  } catch (const MemoryShortage& error) {
    EXPECT_TRUE(error.all_at_once);
  }
  of.options.micro_batch = 2;
  EXPECT_THROW((void)of.enclosure(), std::invalid_argument);
  of.options.micro_batch = 4;
  EXPECT_NO_THROW((void)of.enclosure());
}

}  // namespace
}  // namespace smoothbound::test
