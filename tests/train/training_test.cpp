#include "smoothbound/train/training.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "problems.hpp"
#include "smoothbound/runtime/bound_check.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound::testing {
namespace {

constexpr std::int64_t samples = 7;

// For the rounding of F.
double slack(double objective) { return 1e-12 * std::max(1.0, std::abs(objective)); }

struct Case {
  NamedNetwork network;
  Method method;
  StepRule rule;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.network.name; }

// Theorem 4.1 and Cor 4.5 as statements about runs.
class Guarantee : public ::testing::TestWithParam<Case> {};

TEST_P(Guarantee, HoldsForEveryNumberOfIterations) {
  const Case& c = GetParam();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem = make_problem(c.network.text, samples, seed);
    TrainingOptions options;
    options.rule = c.rule;
    Training<double> training = make_training(problem, options, c.method);
    training.begin(problem.start);
    const ProductOfBalls balls(training.parameter_layout(), problem.report.settings.radius);
    std::vector<IterationRecord> records;
    double smallest = std::numeric_limits<double>::infinity();
    double sum_of_steps = 0;
    for (int k = 0; k < 40; ++k) {
      records.push_back(training.advance());
      const IterationRecord& last = records.back();
      EXPECT_EQ(last.iteration, k);
      ASSERT_TRUE(last.smoothness.has_value());
      // gamma <= 1 / L, and by the whole of it where nothing else limits the step.
      EXPECT_LE(last.step * last.smoothness->to_double(), 1 + 1e-12);
      if (c.rule == StepRule::certified) {
        EXPECT_GE(last.step * last.smoothness->to_double(), 1 - 1e-9);
        EXPECT_EQ(last.step, training.global_step().step);
      }
      smallest = std::min(smallest, last.gradient_mapping);
      sum_of_steps += last.step;
      const double now = training.full_objective();
      EXPECT_LE(now, last.objective + slack(now));
      EXPECT_LE(now, last.objective -
                         last.step / 2 * last.gradient_mapping * last.gradient_mapping +
                         slack(now));
      const double decrease = records.front().objective - now;
      EXPECT_LE(smallest * smallest, 2 * (decrease + slack(now)) / sum_of_steps);
      // It stays on the balls.
      std::vector<double> w = training.state().w;
      balls.project(w);
      for (std::size_t i = 0; i < w.size(); ++i) {
        EXPECT_NEAR(w[i], training.state().w[i], 1e-13);
      }
    }
    EXPECT_LT(training.state().violation, 0);
    EXPECT_EQ(training.state().sum_of_steps, sum_of_steps);
    EXPECT_EQ(training.state().smallest_mapping, smallest);
    EXPECT_LT(training.full_objective(), records.front().objective);
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const NamedNetwork& network : trained_networks) {
    for (const Method method : {Method::paper, Method::sharp}) {
      for (const StepRule rule : {StepRule::certified, StepRule::local}) {
        cases.push_back({network, method, rule});
      }
    }
  }
  return cases;
}

std::string name_of_case(const ::testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  return fmt::format("{}{}{}", c.network.name, c.method == Method::paper ? "Paper" : "Sharp",
                     c.rule == StepRule::local ? "Local" : "");
}

INSTANTIATE_TEST_SUITE_P(All, Guarantee, ::testing::ValuesIn(all_cases()), name_of_case);

// The check of a run sees a step that is too long: it is the same code with a constant that lies.
TEST(Training, ConstantStepsThatAreTooLongIncreaseF) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 1, 0.1);
  TrainingOptions options;
  options.rule = StepRule::constant;
  options.gamma = 1e4;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  bool increased = false;
  double before = training.full_objective();
  for (int k = 0; k < 20; ++k) {
    training.advance();
    const double now = training.full_objective();
    increased = increased || now > before;
    before = now;
  }
  EXPECT_TRUE(increased);
}

// F = ((w x + b - 1)^2 + (lambda + lambda') (w^2 + b^2)) / 2 at w = b = 0, x = 1: F falls along the
// gradient (-1, -1) with the curvature 2 + lambda + lambda'. The bounds are told of no lambda'.
Problem parabola(double hidden) {
  Problem problem =
      make_problem("input: {shape: [1], norm: 1}\nloss: square\nlayers: [dense: 1]\n", 1, 1);
  problem.samples.x = {1};
  problem.samples.labels.targets = {1};
  problem.start = {0, 0};
  problem.report.settings.regularizer.nearest += hidden;
  return problem;
}

// By gamma (1 - gamma h / 2) ||g||^2 for the curvature h: at gamma = 1/2 and h = 2 that is what is
// certified, gamma ||g||^2 / 2, at h = 5/2 three quarters of it.
TEST(Training, ADecreaseBelowTheCertifiedOneIsSeen) {
  for (const double hidden : {0.0, 0.01, 0.5}) {
    SCOPED_TRACE(hidden);
    Training<double> training = make_training(parabola(hidden), {});
    training.begin(std::vector<double>{0, 0});
    const IterationRecord record = training.advance();
    EXPECT_NEAR(record.step, 0.5, 1e-9);
    EXPECT_NEAR(record.gradient_mapping, std::sqrt(2.0), 1e-12);
    EXPECT_NEAR(record.objective - training.full_objective(), 0.5 - hidden / 4, 1e-9);
    EXPECT_EQ(training.state().violation, hidden > 0 ? 0 : -1);
  }
}

// The first step of the search that decreases F by gamma ||g||^2 / 2: the first with gamma <= 1 /
// h. From 3.2 / h on these are 0.8 / h, which reaches 0.6 gamma ||g||^2, and not 1.6 / h, with 0.2.
TEST(Training, ALineSearchTakesTheFirstStepWithTheDecreaseOfTheTheorem) {
  TrainingOptions options;
  options.rule = StepRule::line_search;
  options.gamma = 1.6;
  Training<double> training = make_training(parabola(0), options);
  training.begin(std::vector<double>{0, 0});
  const IterationRecord record = training.advance();
  EXPECT_EQ(record.step, 0.4);
  EXPECT_EQ(record.halvings, 2);
  EXPECT_EQ(training.state().gamma, 0.4);
}

TEST(Training, LocalStepsAreLongerThanGlobalOnesNearTheOrigin) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 1, 0.1);
  TrainingOptions options;
  options.rule = StepRule::local;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  EXPECT_GT(training.advance().step, training.global_step().step);
}

TEST(Training, LocalRadiusLimitsTheStep) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 1);
  TrainingOptions options;
  options.rule = StepRule::local;
  options.local_radius = 1e-3;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  const std::vector<double> before = training.state().w;
  training.advance();
  for (const ParameterBlock& block : training.parameter_layout().blocks) {
    double square = 0;
    for (std::int64_t i = block.offset; i < block.offset + block.elements; ++i) {
      const auto at = static_cast<std::size_t>(i);
      square += std::pow(training.state().w[at] - before[at], 2);
    }
    EXPECT_LE(std::sqrt(square), 1e-3 * (1 + 1e-12));
  }
}

class Decrease : public ::testing::TestWithParam<std::tuple<NamedNetwork, steps::StepKind>> {};

TEST_P(Decrease, ByLineSearchIsMonotone) {
  const auto& [network, oracle] = GetParam();
  const Problem problem = make_problem(network.text, samples, 5);
  TrainingOptions options;
  options.oracle = oracle;
  options.rule = StepRule::line_search;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  const double first = training.full_objective();
  double before = first;
  double gradient = 0;
  for (int k = 0; k < 15; ++k) {
    const IterationRecord record = training.advance();
    if (k == 0) gradient = record.gradient_mapping;
    const double now = training.full_objective();
    EXPECT_LE(now, before + slack(now)) << k;
    before = now;
  }
  EXPECT_LT(before, first - 1e-3 * std::min(1.0, gradient * gradient));
}

std::string name_of_decrease(
    const ::testing::TestParamInfo<std::tuple<NamedNetwork, steps::StepKind>>& info) {
  const auto& [network, oracle] = info.param;
  std::string name(oracle_names()[static_cast<std::size_t>(oracle)]);
  std::erase(name, '-');
  return fmt::format("{}_{}", network.name, name);
}

INSTANTIATE_TEST_SUITE_P(All, Decrease,
                         ::testing::Combine(::testing::ValuesIn(trained_networks),
                                            ::testing::Values(steps::StepKind::gradient,
                                                              steps::StepKind::gauss_newton,
                                                              steps::StepKind::newton)),
                         name_of_decrease);

TEST(Training, OracleCallsOfGradientStepsAreOneEach) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 5);
  Training<double> training = make_training(problem, {});
  training.begin(problem.start);
  for (int k = 1; k <= 5; ++k) EXPECT_EQ(training.advance().oracle_calls, k);
}

TEST(Training, RecordsTellTheTimeSoFar) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 5);
  Training<double> training = make_training(problem, {});
  training.begin(problem.start);
  double before = 0;
  for (int k = 0; k < 3; ++k) {
    const double now = training.advance().seconds;
    EXPECT_GT(now, before);
    EXPECT_EQ(now, training.state().seconds);
    before = now;
  }
}

TEST(Training, GaussNewtonTakesAtMost2qPlus1CallsAndTheGradient) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 5);
  TrainingOptions options;
  options.oracle = steps::StepKind::gauss_newton;
  options.rule = StepRule::constant;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  const std::int64_t q = samples * 3;
  const IterationRecord record = training.advance();
  EXPECT_GT(record.oracle_calls, 3);
  EXPECT_LE(record.oracle_calls, 1 + 2 * q + 1);
}

TEST(Training, GaussNewtonStopsAtTheResidualThatWasAskedFor) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 5);
  const auto calls_until = [&](double residual) {
    TrainingOptions options;
    options.oracle = steps::StepKind::gauss_newton;
    options.rule = StepRule::constant;
    options.dual_residual = residual;
    Training<double> training = make_training(problem, options);
    training.begin(problem.start);
    return training.advance().oracle_calls;
  };
  const std::int64_t exact = calls_until(0);
  const std::int64_t middle = calls_until(1e-3);
  const std::int64_t least = calls_until(1);
  EXPECT_LT(middle, exact);
  EXPECT_LT(least, middle);
  EXPECT_LE(least, 3);  // the residual of the step 0 is 1
}

// The first step tried is the last one, or that of the options where there is none.
TEST(Training, ASearchGoesOnFromTheStepBefore) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 5);
  for (const steps::StepKind oracle :
       {steps::StepKind::gradient, steps::StepKind::gauss_newton, steps::StepKind::newton}) {
    TrainingOptions options;
    options.oracle = oracle;
    options.rule = StepRule::line_search;
    options.gamma = 2e-3;
    Training<double> training = make_training(problem, options);
    training.begin(problem.start);
    for (const auto& [before, expected] : {std::pair{0.0, 2e-3}, std::pair{1e-3, 1e-3}}) {
      TrainingState state = training.state();
      state.gamma = before;
      training.resume(state);
      EXPECT_EQ(training.advance().step, expected);
    }
  }
}

TEST(Training, MicroBatchesGiveTheSameRun) {
  const Problem problem = make_problem(trained_networks[2].text, 6, 5);
  for (const steps::StepKind oracle : {steps::StepKind::gradient, steps::StepKind::gauss_newton}) {
    TrainingOptions options;
    options.oracle = oracle;
    options.rule = StepRule::line_search;
    Training<double> whole = make_training(problem, options);
    options.micro_batch = 2;
    Training<double> parts = make_training(problem, options);
    whole.begin(problem.start);
    parts.begin(problem.start);
    for (int k = 0; k < 5; ++k) {
      EXPECT_NEAR(whole.advance().objective, parts.advance().objective, 1e-9);
    }
  }
}

// Bit for bit.
class Resumed : public ::testing::TestWithParam<std::tuple<steps::StepKind, std::int64_t>> {};

TEST_P(Resumed, RunIsTheOneThatWasNotInterrupted) {
  const auto& [oracle, mini_batch] = GetParam();
  for (const std::size_t network : {std::size_t{0}, std::size_t{5}}) {
    if (network == 5 && mini_batch > 0) continue;  // no mean
    const Problem problem = make_problem(trained_networks[network].text, samples, 9);
    TrainingOptions options;
    options.oracle = oracle;
    options.rule = StepRule::line_search;
    options.mini_batch = mini_batch;
    Training<double> whole = make_training(problem, options);
    whole.begin(problem.start);
    std::vector<IterationRecord> records;
    TrainingState middle;
    for (int k = 0; k < 8; ++k) {
      if (k == 3) middle = whole.state();
      records.push_back(whole.advance());
    }
    Training<double> rest = make_training(problem, options);
    rest.resume(middle);
    for (int k = 3; k < 8; ++k) {
      const IterationRecord record = rest.advance();
      const IterationRecord& expected = records[static_cast<std::size_t>(k)];
      EXPECT_EQ(record.iteration, expected.iteration);
      EXPECT_EQ(record.objective, expected.objective);
      EXPECT_EQ(record.gradient_mapping, expected.gradient_mapping);
      EXPECT_EQ(record.step, expected.step);
      EXPECT_EQ(record.oracle_calls, expected.oracle_calls);
    }
    EXPECT_EQ(rest.state().w, whole.state().w);
    EXPECT_EQ(rest.state().sum_of_steps, whole.state().sum_of_steps);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Resumed,
                         ::testing::Combine(::testing::Values(steps::StepKind::gradient,
                                                              steps::StepKind::gauss_newton,
                                                              steps::StepKind::newton),
                                            ::testing::Values(0, 3)));

// k-means and spectral clustering are not smooth, but they train.
TEST(Training, LossesThatAreNotSmoothTrainByLineSearch) {
  for (const std::string loss : {"k_means", "spectral_clustering"}) {
    const Problem problem = make_problem(
        "input: {shape: [4]}\nloss: {" + loss +
            ": {clusters: 2}}\nlayers:\n  - {dense: 6, then: [tanh]}\n  - {dense: 3}\n",
        12, 3, 3);
    TrainingOptions options;
    options.rule = StepRule::line_search;
    Training<double> training = make_training(problem, options);
    training.begin(problem.start);
    const double first = training.full_objective();
    for (int k = 0; k < 10; ++k) training.advance();
    EXPECT_LT(training.full_objective(), 0.9 * first) << loss;
  }
}

TEST(Training, InFloat32FollowsFloat64) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 2);
  TrainingOptions options;
  options.rule = StepRule::constant;
  options.gamma = 0.5;
  Training<double> wide = make_training(problem, options);
  TrainingSamples<float> narrow;
  narrow.count = samples;
  narrow.x.assign(problem.samples.x.begin(), problem.samples.x.end());
  narrow.labels = problem.samples.labels;
  Training<float> training(problem.report.graph, problem.report.settings, narrow, Method::sharp,
                           options);
  wide.begin(problem.start);
  training.begin(problem.start);
  for (int k = 0; k < 20; ++k) {
    EXPECT_NEAR(training.advance().objective, wide.advance().objective, 1e-5);
  }
}

// The mapping is that of the step that would be tried next.
TEST(Training, AtRestTakesTheStepOfTheSearch) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 2);
  TrainingOptions search;
  search.rule = StepRule::line_search;
  search.gamma = 100;
  Training<double> training = make_training(problem, search);
  training.begin(problem.start);
  const auto at_rest = [&](double gamma) {
    TrainingOptions options;
    options.rule = StepRule::constant;
    options.gamma = gamma;
    Training<double> other = make_training(problem, options);
    other.begin(training.state().w);
    return other.rest().gradient_mapping;
  };
  EXPECT_EQ(training.rest().gradient_mapping, at_rest(100)) << "before the first step";
  int below_one = 0;
  for (int i = 0; i < 60; ++i) {
    training.advance();
    const double gamma = training.state().gamma;
    const double mapping = at_rest(gamma);
    EXPECT_NEAR(training.rest().gradient_mapping, mapping, 1e-12 * mapping) << gamma;
    below_one += gamma < 1 && std::abs(at_rest(100) - mapping) > 1e-3 * mapping ? 1 : 0;
  }
  EXPECT_GT(below_one, 0);
}

TEST(Training, AtRestTellsWhereItStands) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 2);
  Training<double> training = make_training(problem, {});
  training.begin(problem.start);
  training.advance();
  const std::vector<double> w = training.state().w;
  const IterationRecord rest = training.rest();
  EXPECT_EQ(rest.iteration, 1);
  EXPECT_TRUE(std::isnan(rest.step));
  EXPECT_EQ(training.state().w, w);
  const IterationRecord next = training.advance();
  EXPECT_EQ(next.oracle_calls, 2);
  EXPECT_EQ(next.objective, rest.objective);
  EXPECT_NEAR(next.gradient_mapping, rest.gradient_mapping, 1e-12 * next.gradient_mapping);
}

}  // namespace
}  // namespace smoothbound::testing
