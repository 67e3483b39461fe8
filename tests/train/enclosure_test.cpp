// Steps that are proved before they are taken.
#include <gtest/gtest.h>

#include <cmath>

#include "problems.hpp"
#include "requests.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/train/balls.hpp"
#include "smoothbound/train/checkpoint.hpp"
#include "smoothbound/train/report.hpp"
#include "smoothbound/train/session.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

constexpr std::int64_t samples = 7;

TrainingOptions enclosed(steps::StepKind oracle = steps::StepKind::gradient) {
  TrainingOptions options;
  options.oracle = oracle;
  options.rule = StepRule::enclosure;
  return options;
}

const NamedNetwork& network_of(std::string_view name) {
  return *std::ranges::find(trained_networks, name, [](const NamedNetwork& n) { return n.name; });
}

void expect_proved(Training<double>& training, int steps) {
  for (int k = 0; k < steps; ++k) {
    const IterationRecord record = training.advance();
    ASSERT_TRUE(record.proof.has_value());
    const double after = training.is_stochastic() ? record.objective - record.proof->obtained
                                                  : training.full_objective();
    EXPECT_LE(after, record.proof->bound + 1e-14) << k;
    EXPECT_GT(record.proof->proved, 0) << k;
    EXPECT_LE(record.proof->proved, record.proof->obtained + 1e-13) << k;
    EXPECT_NEAR(record.proof->obtained, record.objective - after, 1e-15) << k;
    // No bound of nothing: a part of what was obtained, at least.
    EXPECT_GE(record.proof->proved, 0.05 * record.proof->obtained) << k;
  }
  EXPECT_LT(training.state().violation, 0);
}

class EnclosureSteps : public ::testing::TestWithParam<steps::StepKind> {};

TEST_P(EnclosureSteps, AreProved) {
  for (const std::string_view name : {"Dense", "Regularized", "Square"}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(seed));
      const Problem problem = make_problem(network_of(name).text, samples, seed);
      Training<double> training = make_training(problem, enclosed(GetParam()));
      training.begin(problem.start);
      expect_proved(training, 10);
    }
  }
}

std::string name_of_oracle(const ::testing::TestParamInfo<steps::StepKind>& info) {
  return std::array{"Gradient", "GaussNewton", "Newton"}[static_cast<std::size_t>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Oracles, EnclosureSteps,
                         ::testing::Values(steps::StepKind::gradient, steps::StepKind::gauss_newton,
                                           steps::StepKind::newton),
                         name_of_oracle);

TEST(EnclosedTraining, OfOtherNetworks) {
  for (const std::string_view name : {"Convolution", "BatchNorm", "Branches"}) {
    SCOPED_TRACE(name);
    const Problem problem = make_problem(network_of(name).text, samples, 1);
    Training<double> training = make_training(problem, enclosed());
    training.begin(problem.start);
    expect_proved(training, 10);
  }
}

TEST(EnclosedTraining, OfMiniBatches) {
  const Problem problem = make_problem(network_of("Dense").text, samples, 1);
  TrainingOptions options = enclosed();
  options.mini_batch = 3;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  expect_proved(training, 10);
}

// Where the gradient leads out of a ball at once, too.
TEST(EnclosedTraining, StaysInTheBalls) {
  for (const double scale : {0.5, 20.0}) {
    SCOPED_TRACE(scale);
    const Problem problem = make_problem(network_of("Dense").text, samples, 2, scale);
    Training<double> training = make_training(problem, enclosed());
    training.begin(problem.start);
    const ProductOfBalls balls(training.parameter_layout(), problem.report.settings.radius);
    for (int k = 0; k < 30; ++k) {
      training.advance();
      EXPECT_FALSE(balls.find_outside(training.state().w)) << k;
    }
    EXPECT_GT(training.state().shortened, 0);
    EXPECT_LT(training.state().violation, 0);
  }
}

TEST(EnclosedTraining, StepsAreLongerThanTheCertifiedOnes) {
  const Problem problem = make_problem(network_of("Dense").text, samples, 1, 0.5);
  Training<double> training = make_training(problem, enclosed());
  training.begin(problem.start);
  EXPECT_GT(training.advance().step, 10 * training.global_step().step);
}

TEST(EnclosedTraining, WithoutARuleThereIsNone) {
  const Problem problem = make_problem(network_of("Clustering").text, samples, 1);
  try {
    make_training(problem, enclosed());
    FAIL();
  } catch (const TrainingUnsupported& error) {
    EXPECT_STREQ(error.what(),
                 "the loss convex_clustering has no rule for enclosures along a line");
    EXPECT_EQ(error.remedy, Remedy::line_search);
  }
}

TEST(EnclosedTraining, AtAMinimumThereIsNoStep) {
  Problem problem =
      make_problem("input: {shape: [1], norm: 1}\nloss: square\nlayers: [dense: 1]\n", 1, 1);
  problem.samples.x = {1};
  problem.samples.labels.targets = {0};
  problem.start = {0, 0};
  Training<double> training = make_training(problem, enclosed());
  training.begin(problem.start);
  try {
    training.advance();
    FAIL();
  } catch (const TrainingFailed& error) {
    EXPECT_STREQ(error.what(),
                 "iteration 0: no step is proved to decrease the objective of 0, "
                 "whose gradient has the norm 0");
  }
}

TEST(Balls, RoomIsWhereALineLeaves) {
  const Problem problem = make_problem(
      "input: {shape: [2], norm: 1}\nradius: 2\nloss: square\nlayers: [{dense: 1, bias: false}]\n",
      1, 1);
  const Training<double> training = make_training(problem, {});
  const ProductOfBalls balls(training.parameter_layout(), problem.report.settings.radius);
  const auto room = [&](std::vector<double> w, std::vector<double> d) { return balls.room(w, d); };
  EXPECT_NEAR(room({0, 0}, {0, 4}), 0.5, 1e-8);
  EXPECT_LE(room({0, 0}, {0, 4}), 0.5);
  EXPECT_NEAR(room({1, 0}, {1, 0}), 1, 1e-8);
  EXPECT_NEAR(room({1, 0}, {-1, 0}), 3, 1e-8);
  EXPECT_NEAR(room({1, 0}, {0, 1}), std::sqrt(3.0), 1e-8);
  EXPECT_EQ(room({2, 0}, {1, 1}), 0);
  EXPECT_EQ(room({2, 0}, {0, 1}), 0);
  EXPECT_NEAR(room({2, 0}, {-1, 0}), 4, 1e-7);
  EXPECT_EQ(room({1, 1}, {0, 0}), std::numeric_limits<double>::infinity());
}

TEST(EnclosedTraining, VerdictIsThatOfItsProofs) {
  TrainingReport report;
  report.rule = StepRule::enclosure;
  for (const std::int64_t mini_batch : {0, 3}) {
    report.mini_batch = mini_batch;
    report.state.violation = -1;
    EXPECT_EQ(report.verdict(), TrainingReport::Verdict::holds);
    report.state.violation = 2;
    EXPECT_EQ(report.verdict(), TrainingReport::Verdict::violated);
  }
}

// Coefficients take more than gradients do, and samples are divided as they ask for it.
TEST(EnclosedTraining, KeepsToItsMemory) {
  const TemporaryDirectory directory;
  const auto asked_for = [](StepRule rule, std::int64_t memory) {
    TrainingRequest asked = request(3);
    asked.source.text.replace(asked.source.text.find("dense: 6"), 8, "dense: 200");
    asked.options.overrides.batch = 3000;
    asked.training.rule = rule;
    if (memory > 0) asked.memory = memory;
    return asked;
  };
  const auto trained = [&](StepRule rule, std::int64_t memory) {
    TrainingRequest asked = asked_for(rule, memory);
    asked.checkpoint = directory / "run.safetensors";
    TrainingSession session(asked);
    const double last = session.run().last_objective.value();
    const ParameterLayout layout =
        Network<double>(session.run().bounds.graph, 1, Purpose::values, Storage::none)
            .parameter_layout();
    return std::pair(last,
                     std::stoll(load_checkpoint(asked.checkpoint, layout).identity["micro-batch"]));
  };
  const auto [whole, all] = trained(StepRule::enclosure, 0);
  EXPECT_EQ(all, 3000);
  const std::int64_t memory = 10'000'000;
  const auto [parts, of_enclosures] = trained(StepRule::enclosure, memory);
  const auto [other, of_gradients] = trained(StepRule::line_search, memory);
  EXPECT_NEAR(parts, whole, 1e-6);
  EXPECT_LT(of_enclosures, of_gradients);
  EXPECT_GE(of_enclosures, 1);
  const TrainingRequest short_of = asked_for(StepRule::enclosure, 2'000'000);
  EXPECT_THROW(TrainingSession{short_of}, MemoryShortage);
}

}  // namespace
}  // namespace smoothbound::testing
