// Steps of some of the samples, and what is known at the point.
#include <gmock/gmock.h>

#include <cmath>

#include "problems.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/runtime/point.hpp"
#include "smoothbound/train/session.hpp"
#include "train/mini_batch.hpp"

namespace smoothbound::testing {
namespace {

constexpr std::int64_t samples = 7;

TEST(Training, StochasticStepsAreHalfOfTheCertified) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 2);
  TrainingOptions options;
  options.mini_batch = 3;
  Training<double> training = make_training(problem, options);
  training.begin(problem.start);
  const IterationRecord record = training.advance();
  EXPECT_NEAR(record.step * 2 * record.smoothness->to_double(), 1, 1e-9);
  EXPECT_NE(training.advance().objective, record.objective);
}

// A step is that of a problem with the drawn samples alone, with classes and with targets.
TEST(Training, AStochasticStepIsThatOfItsSamples) {
  for (const std::size_t network : {0U, 3U}) {
    const Problem problem = make_problem(trained_networks.at(network).text, samples, 2);
    TrainingOptions options;
    options.rule = StepRule::constant;
    options.gamma = 0.3;
    TrainingOptions stochastic = options;
    stochastic.mini_batch = 3;
    stochastic.seed = 5;
    Training<double> training = make_training(problem, stochastic);
    training.begin(problem.start);
    for (std::int64_t k = 0; k < 4; ++k) {
      Problem drawn = make_problem(trained_networks.at(network).text, 3, 2);
      const std::vector<std::int64_t> of = draw_mini_batch(samples, 3, 5, k);
      const auto take = [&](const auto& all, auto& part) {
        const std::size_t size = all.size() / samples;
        for (std::size_t i = 0; i < part.size(); ++i) {
          part[i] = all[static_cast<std::size_t>(of[i / size]) * size + i % size];
        }
      };
      take(problem.samples.x, drawn.samples.x);
      take(problem.samples.labels.classes, drawn.samples.labels.classes);
      take(problem.samples.labels.targets, drawn.samples.labels.targets);
      Training<double> expected = make_training(drawn, options);
      expected.begin(training.state().w);
      const IterationRecord record = expected.advance();
      EXPECT_NEAR(training.advance().objective, record.objective, 1e-12);
      for (std::size_t i = 0; i < training.state().w.size(); ++i) {
        EXPECT_NEAR(training.state().w[i], expected.state().w[i], 1e-12);
      }
    }
  }
}

// All samples at a time is the deterministic method.
TEST(Training, MiniBatchOfAllIsNone) {
  const Problem problem = make_problem(trained_networks[0].text, samples, 2);
  TrainingOptions options;
  options.mini_batch = samples;
  Training<double> training = make_training(problem, options);
  EXPECT_FALSE(training.is_stochastic());
}

// Alone, each sample would be its own mean, and all outputs 0.
TEST(Session, SamplesThatAreCoupledStayTogether) {
  TrainingRequest asked;
  asked.iterations = 3;
  asked.source = {"network.yaml",
                  "input: {shape: [4]}\nbatch: 12\nloss: logistic\nlayers:\n"
                  "  - {dense: 3, then: [{batch_norm: {affine: false, epsilon: 1}}]}\n"};
  TrainingSession session(asked);
  for (const IterationRecord& record : session.run().records) {
    EXPECT_GT(std::abs(record.objective - std::log(3.0)), 1e-3);
    EXPECT_GT(record.gradient_mapping, 1e-3);
  }
}

// The norms that layers have at the point sharpen L: those of all samples, of one and both.
TEST(Training, LocalStepsTakeTheNormsOfLayersAtThePoint) {
  int by_batch = 0;
  int by_sample = 0;
  for (const NamedNetwork& network : trained_networks) {
    SCOPED_TRACE(network.name);
    const Problem problem = make_problem(network.text, samples, 1, 0.5);
    TrainingOptions options;
    options.rule = StepRule::local;
    options.local_radius = 0.1;
    Training<double> training = make_training(problem, options);
    training.begin(problem.start);
    const Graph& graph = problem.report.graph;
    const LossRow& loss = *problem.report.settings.loss;
    LayerNormRecorder<double> recorder(graph);
    Objective<double> objective(graph, loss, problem.samples.x, samples, problem.samples.labels,
                                {.regularizer = problem.report.settings.regularizer.nearest});
    objective.set_observer(&recorder);
    objective.set_point(training.state().w);
    std::vector<double> gradient(training.state().w.size());
    objective.gradient(gradient);
    PointBounds point = point_bounds(graph, training.parameter_layout(), training.state().w);
    set_loss_gradient(point, loss, objective.loss(), samples);
    const auto smoothness = [&](bool batch, bool sample) {
      PointBounds known = point;
      if (batch) known.batch.layer_norms = recorder.batch_norms();
      if (sample) known.sample.layer_norms = recorder.sample_norms();
      return training.certificate()
          .local_step(known, training.parameter_layout(), gradient, options.local_radius)
          .smoothness.to_double();
    };
    const double found = training.advance().smoothness->to_double();
    EXPECT_NEAR(found, smoothness(true, true), 1e-9 * found);
    by_batch += smoothness(false, true) > found * 1.001 ? 1 : 0;
    by_sample += smoothness(true, false) > found * 1.001 ? 1 : 0;
  }
  EXPECT_GT(by_batch, 0);
  EXPECT_GT(by_sample, 0);
}

}  // namespace
}  // namespace smoothbound::testing
