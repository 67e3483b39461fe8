// Trainings that are refused, and those that cannot go on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>

#include "problems.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;

void expect_unsupported(std::string_view text, const TrainingOptions& options,
                        const std::string& message) {
  const Problem problem = make_problem(text, 7, 1);
  try {
    make_training(problem, options);
    ADD_FAILURE() << "no error";
  } catch (const TrainingUnsupported& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_NE(error.remedy, Remedy::none);
  }
}

constexpr std::string_view kinked = R"(
input: {shape: [3]}
loss: logistic
layers:
  - {dense: 4, then: [relu]}
  - {dense: 2}
)";

TEST(TrainingFailures, WhatHasNoCertifiedStepSaysWhy) {
  expect_unsupported(kinked, {}, "there is no certified step: layer");
  for (const std::string loss : {"k_means", "spectral_clustering"}) {
    expect_unsupported("input: {shape: [3]}\nloss: " + loss + "\nlayers:\n  - {dense: 2}\n", {},
                       "there is no certified step: ");
  }
}

// L at the point is beyond 1e308: the parameters are about 1e60, and softplus bends by 1e150.
TEST(TrainingFailures, AStepAroundThePointThatIsNoDoubleFails) {
  const Problem problem = make_problem(
      "input: {shape: [2]}\nradius: 1e70\nloss: logistic\nlayers:\n"
      "  - {dense: 2, then: [{softplus: {beta: 1e150}}]}\n"
      "  - {dense: 2, then: [{softplus: {beta: 1e150}}]}\n  - {dense: 2}\n",
      7, 1, 1e60);
  TrainingOptions options;
  options.rule = StepRule::local;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  EXPECT_THAT([&] { training.advance(); },
              ::testing::ThrowsMessage<TrainingFailed>(::testing::EndsWith(
                  "there is no certified step: the certified step is below the smallest double")));
}

TEST(TrainingFailures, OptionsThatContradictTheObjectiveAreRefused) {
  TrainingOptions options;
  options.mini_batch = 3;
  expect_unsupported(trained_networks[5].text, options,
                     "convex_clustering is no mean over the samples");
  options.rule = StepRule::local;
  expect_unsupported(trained_networks[0].text, options,
                     "steps certified around a point are those of all samples");
  TrainingOptions newton;
  newton.oracle = steps::StepKind::newton;
  expect_unsupported(trained_networks[0].text, newton,
                     "certified steps are those of the gradient oracle");
}

// Where all outputs are 0, their singular values are equal and the spectral loss has no Hessian.
TEST(TrainingFailures, APointWithoutAStepNamesTheIteration) {
  const Problem problem = make_problem(
      "input: {shape: [4]}\nloss: {spectral_clustering: {clusters: 2}}\nlayers: [dense: 3]\n", 12,
      3);
  TrainingOptions options;
  options.oracle = steps::StepKind::newton;
  options.rule = StepRule::constant;
  Training<double> training = make_training(problem, options);
  training.begin(std::vector<double>(problem.start.size()));
  EXPECT_THAT([&] { training.advance(); },
              ::testing::ThrowsMessage<TrainingFailed>(
                  ::testing::StartsWith("iteration 0: spectral_clustering has no Hessian here")));
}

// At 0 the slope from the left is far beyond that to the right, where F falls.
TEST(TrainingFailures, NoStepThatDecreasesTheObjectiveEnough) {
  Problem problem = make_problem(
      "input: {shape: [1]}\nloss: square\nlayers:\n"
      "  - {dense: 1, bias: false, then: [{leaky_relu: {slope: 1e10}}]}\n",
      1, 1);
  problem.samples.x = {1};
  problem.samples.labels.targets = {1};
  for (const steps::StepKind oracle :
       {steps::StepKind::gradient, steps::StepKind::gauss_newton, steps::StepKind::newton}) {
    TrainingOptions options;
    options.oracle = oracle;
    options.rule = StepRule::line_search;
    options.gamma = 1e-9;
    Training<double> training = make_training(problem, options);
    training.begin(std::vector<double>{0});
    EXPECT_THAT([&] { training.advance(); },
                ::testing::ThrowsMessage<TrainingFailed>(::testing::StrEq(fmt::format(
                    "iteration 0: no step decreases the objective enough, after 60 halvings down "
                    "to {:.3g}",
                    std::ldexp(1e-9, -60)))));
  }
}

TEST(TrainingFailures, OptionsBeyondTheirRangeAreRefused) {
  const Problem problem = make_problem(trained_networks[0].text, 7, 1);
  const auto expect_refused = [&](const std::function<void(TrainingOptions&)>& change) {
    TrainingOptions options;
    change(options);
    EXPECT_THROW(make_training(problem, options), std::invalid_argument);
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double gamma : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
    expect_refused([&](TrainingOptions& options) { options.gamma = gamma; });
  }
  for (const double negative : {-1.0, nan}) {
    expect_refused([&](TrainingOptions& options) { options.local_radius = negative; });
    expect_refused([&](TrainingOptions& options) { options.dual_residual = negative; });
  }
  for (const std::int64_t count : {-1, 8}) {
    expect_refused([&](TrainingOptions& options) { options.mini_batch = count; });
  }
}

TEST(TrainingFailures, DivergenceNamesTheIteration) {
  const Problem problem = make_problem(
      "input: {shape: [2]}\nradius: 1e200\nloss: square\nlayers:\n  - {dense: 2}\n  - {dense: 1}\n",
      7, 1);
  TrainingOptions options;
  options.rule = StepRule::constant;
  options.gamma = 1e6;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  try {
    for (int k = 0; k < 100; ++k) training.advance();
    ADD_FAILURE() << "no error";
  } catch (const TrainingFailed& error) {
    EXPECT_GT(error.iteration, 0);
    EXPECT_EQ(error.iteration, training.state().iteration);
    EXPECT_THAT(error.what(), HasSubstr("iteration " + std::to_string(error.iteration) + ": "));
    EXPECT_THAT(error.what(), HasSubstr("diverge"));
  }
  // What is left are the parameters before that.
  for (const double entry : training.state().w) EXPECT_TRUE(std::isfinite(entry));
}

}  // namespace
}  // namespace smoothbound::testing
