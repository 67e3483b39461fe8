// What a training session would take, before it begins.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "requests.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/steps/cost.hpp"

namespace smoothbound::testing {
namespace {

// Of 1e13 iterations, none of which is made, with all 12 samples or some.
TEST(Session, LongWorkIsSaidBeforeItBegins) {
  const auto notice = [](std::int64_t iterations, std::int64_t mini_batch) {
    std::string told;
    TrainingRequest asked = request(iterations);
    asked.training.mini_batch = mini_batch;
    if (mini_batch > 0) {
      asked.training.rule = StepRule::constant;
      asked.training.gamma = 0.1;
    }
    asked.notice = [&](const std::string& file, const std::string& what) {
      told += file + ": " + what;
    };
    const TrainingSession session(asked);
    return told;
  };
  const Report report = make_report(request(1).source, {}, {});
  const auto work_of = [&](std::int64_t samples) {
    return steps::count_costs(report.graph, samples).gradient.value.to_double();
  };
  for (const std::int64_t mini_batch : {0, 1, 2}) {
    const double work = 1e13 * work_of(mini_batch > 0 ? mini_batch : 12);
    EXPECT_EQ(notice(10'000'000'000'000, mini_batch),
              fmt::format("net.yaml: gradients up to iteration 10000000000000 take about {:.2g} "
                          "multiplications, {:.2g} h of one core at 1e10 a second",
                          work, work / 3.6e13));
  }
  // From 1e13 multiplications on.
  const auto most = static_cast<std::int64_t>(1e13 / work_of(12));
  EXPECT_EQ(notice(most, 0), "");
  EXPECT_THAT(notice(most + 1, 0), ::testing::StartsWith("net.yaml: gradients up to iteration "));
  // Whether somebody listens or not.
  EXPECT_NO_THROW(TrainingSession(request(10'000'000'000'000)));
}

// Inputs; predictions, classes, and what the loss and its derivatives keep of each prediction.
TEST(Session, MemoryOfTheSamplesIsSaid) {
  const auto needed = [](std::int64_t samples, Precision precision) {
    TrainingRequest asked = request(1);
    asked.options.overrides.batch = samples;
    asked.precision = precision;
    asked.memory = 100;
    try {
      const TrainingSession session(asked);
      ADD_FAILURE() << "no error";
    } catch (const TooManySamples& error) {
      EXPECT_EQ(error.allowed, 100);
      EXPECT_EQ(error.samples, samples);
      return error.needed;
    }
    return std::int64_t{0};
  };
  for (const std::int64_t samples : {1, 12}) {
    const std::int64_t of_a_prediction = numbers_of_evaluation(*find_loss("logistic"), samples) + 2;
    const std::int64_t outputs = (3 + 1 + 3 * of_a_prediction) * 8;
    EXPECT_EQ(needed(samples, Precision::float64), samples * (4 * 8 + outputs));
    EXPECT_EQ(needed(samples, Precision::float32), samples * (4 * 4 + outputs));
  }
}

// What a step takes is counted twice, for line searches, beside the samples.
TEST(Session, MemoryForAStepIsSaid) {
  TrainingRequest asked = request(1);
  asked.source.text =
      "input: {shape: [4], norm: 2}\nloss: logistic\nlayers:\n  - {dense: 200000, then: [tanh]}\n"
      "  - {dense: 2}\n";
  asked.memory = std::int64_t{1} << 20U;
  try {
    const TrainingSession session(asked);
    ADD_FAILURE() << "no error";
  } catch (const MemoryShortage& error) {
    EXPECT_GT(error.allowed, asked.memory - 1000);
    EXPECT_LT(error.allowed, asked.memory);
    // At least the parameters and their gradient.
    constexpr std::int64_t parameters = 200'000 * 5 + 2 * 200'001;
    EXPECT_GT(error.needed, 2 * 2 * parameters * 8);
    EXPECT_LT(error.needed, 2 * 3 * parameters * 8);
    EXPECT_EQ(error.samples, 1);
  }
}

}  // namespace
}  // namespace smoothbound::testing
