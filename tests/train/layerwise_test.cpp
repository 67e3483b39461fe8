// Objectives on samples beside their bounds by parameter block, and runs with steps of their own
// for blocks.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "problems.hpp"
#include "requests.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound::testing {
namespace {

using BlockVector = std::vector<double>;

constexpr std::int64_t layerwise_samples = 5;

// Networks with what blocks can be: shared, in several branches, scales behind normalizations.
constexpr std::array layerwise_networks{NamedNetwork{"Shared", R"(
input: {shape: [4]}
radius: 1.2
loss: logistic
layers:
  - {name: a, dense: 4, then: [tanh]}
  - {name: b, dense: 4, share: a, then: [softplus]}
  - {name: c, from: a, dense: 4, then: [sigmoid]}
  - {name: sum, add: [b, c]}
  - {dense: 3}
)"},
                                        NamedNetwork{"Products", R"(
input: {shape: [4]}
radius: 1.5
loss: square
layers:
  - {name: a, dense: 3, then: [tanh]}
  - {name: b, from: a, dense: 3, then: [sigmoid]}
  - {name: c, from: input, dense: 3}
  - {name: product, multiply: [a, b, c]}
  - {name: both, concat: [product, a]}
  - {dense: 2}
)"},
                                        NamedNetwork{"Fixed", R"(
input: {shape: [4]}
radius: 1.5
loss: square
layers:
  - {name: a, dense: 3, radius: 0, then: [softplus]}
  - {name: b, dense: 3, then: [sigmoid]}
  - {dense: 2}
)"},
                                        NamedNetwork{"Normalized", R"(
input: {shape: [2, 4, 4]}
radius: 0.9
loss: logistic
regularizer: 0.1
layers:
  - {conv: {filters: 3, kernel: 3, padding: same}, then: [{batch_norm: {epsilon: 0.5, affine: true}}, softplus]}
  - {conv: {filters: 2, kernel: 2}, then: [{layer_norm: {epsilon: 1, affine: true}}, tanh]}
  - {dense: 3}
)"}};

std::vector<NamedNetwork> all_layerwise_networks() {
  std::vector<NamedNetwork> all(trained_networks.begin(), trained_networks.end());
  all.insert(all.end(), layerwise_networks.begin(), layerwise_networks.end());
  return all;
}

class LayerwiseRun : public ::testing::TestWithParam<NamedNetwork> {};

INSTANTIATE_TEST_SUITE_P(All, LayerwiseRun, ::testing::ValuesIn(all_layerwise_networks()),
                         [](const auto& test) { return std::string(test.param.name); });

// The samples of a problem with settings that have their norms.
class SampledObjective {
 public:
  explicit SampledObjective(const Problem& problem)
      : graph_(problem.report.graph),
        certificate_(
            graph_, problem.report.settings, problem.samples.count,
            measure_samples(std::span<const double>(problem.samples.x), problem.samples.count,
                            problem.samples.count, problem.samples.labels.targets),
            Method::sharp),
        recorder_(graph_),
        objective_(graph_, *problem.report.settings.loss, problem.samples.x, problem.samples.count,
                   problem.samples.labels,
                   {.regularizer = problem.report.settings.regularizer.nearest}) {
    objective_.set_observer(&recorder_);
  }

  Objective<double>& at(std::span<const double> w) {
    recorder_.reset();
    objective_.set_point(w);
    return objective_;
  }
  [[nodiscard]] const ParameterLayout& layout() const { return objective_.parameter_layout(); }
  [[nodiscard]] const Certificate& certificate() const { return certificate_; }

  LayerwiseBounds bounds_around(std::span<const double> w, double radius) {
    at(w);
    PointBounds point = point_bounds(graph_, layout(), w);
    point.batch.layer_norms = recorder_.batch_norms();
    point.sample.layer_norms = recorder_.sample_norms();
    const ResolvedSettings& settings = certificate_.settings();
    set_loss_gradient(point, *settings.loss, objective_.loss(), objective_.samples());
    const Magnitude R = Magnitude::from_double(radius);
    const BoundTable table =
        evaluate_bounds_around(graph_, inputs_of(settings), point, R, Method::sharp);
    return bound_layerwise_around(graph_, settings, point, R, table,
                                  bound_objective_around(graph_, settings, point, R, table));
  }

 private:
  const Graph& graph_;
  Certificate certificate_;
  LayerNormRecorder<double> recorder_;
  Objective<double> objective_;
};

// The part of a vector in a group, and 0 elsewhere; its norm.
BlockVector part_of(const StepGroup& group, const ParameterLayout& layout,
                    const BlockVector& vector, double& norm) {
  BlockVector part(vector.size());
  for (const std::uint32_t b : group.blocks) {
    const ParameterBlock& block = layout.blocks[b];
    for (std::int64_t i = block.offset; i < block.offset + block.elements; ++i) {
      part[static_cast<std::size_t>(i)] = vector[static_cast<std::size_t>(i)];
    }
  }
  norm = euclidean_norm(std::span<const double>(part));
  return part;
}

// The largest |F''[d, d']| / H_ij and ||grad F_i|| / l_i that some power steps find at the point.
struct Shares {
  double smoothness = 0;
  double lipschitz = 0;
};

void look_at(SampledObjective& sampled, const LayerwiseBounds& bounds, const BlockVector& w,
             std::mt19937_64& random, Shares& found) {
  Objective<double>& objective = sampled.at(w);
  const ParameterLayout& layout = sampled.layout();
  BlockVector gradient(w.size());
  objective.gradient(gradient);
  double norm = 0;
  for (std::size_t i = 0; i < bounds.groups.size(); ++i) {
    (void)part_of(bounds.groups[i], layout, gradient, norm);
    const double l = bounds.groups[i].lipschitz.to_double();
    EXPECT_LE(norm, l * (1 + 1e-9)) << "gradient in group " << i;
    found.lipschitz = std::max(found.lipschitz, norm / l);
    for (std::size_t j = 0; j <= i; ++j) {
      BlockVector direction = random_vector<double>(w.size(), random);
      direction = part_of(bounds.groups[i], layout, direction, norm);
      const double h = bounds.H(i, j).to_double();
      constexpr int steps = 6;
      for (int step = 0; step < steps && norm > 0; ++step) {
        for (double& entry : direction) entry /= norm;
        BlockVector product(w.size());
        objective.hessian_product(direction, product);
        direction = part_of(bounds.groups[step % 2 == 0 ? j : i], layout, product, norm);
        EXPECT_LE(norm, h * (1 + 1e-9) + 1e-13) << "Hessian in groups " << i << ", " << j;
        found.smoothness = std::max(found.smoothness, norm / h);
      }
    }
  }
}

TEST_P(LayerwiseRun, BlocksOfDerivativesStayBelowTheirBounds) {
  Shares found;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem = make_problem(GetParam().text, layerwise_samples, seed);
    SampledObjective sampled(problem);
    const ProductOfBalls balls(sampled.layout(), problem.report.settings.radius);
    std::mt19937_64 random(seed);
    BlockVector w = random_vector<double>(problem.start.size(), random, 3);
    balls.project(w);
    look_at(sampled, sampled.certificate().global_blocks(), w, random, found);
    constexpr double radius = 0.2;
    const LayerwiseBounds around = sampled.bounds_around(problem.start, radius);
    BlockVector moved = random_vector<double>(w.size(), random);
    for (const ParameterBlock& block : sampled.layout().blocks) {
      const auto part = std::span(moved).subspan(static_cast<std::size_t>(block.offset),
                                                 static_cast<std::size_t>(block.elements));
      const double norm = euclidean_norm(std::span<const double>(part));
      for (double& entry : part) entry *= radius / norm;
    }
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += problem.start[i];
    look_at(sampled, around, moved, random, found);
  }
  // The bounds are not so far off that a wrong one would go unnoticed.
  EXPECT_GT(found.smoothness, 0.05);
  EXPECT_GT(found.lipschitz, 0.02);
}

// Each step decreases F by what is certified, which is never less than with one step for all.
TEST_P(LayerwiseRun, StepsDecreaseTheObjectiveAsCertified) {
  for (const StepRule rule : {StepRule::certified, StepRule::local}) {
    SCOPED_TRACE(static_cast<int>(rule));
    TrainingOptions options;
    options.rule = rule;
    const Problem problem = make_problem(GetParam().text, layerwise_samples, 3);
    Training<double> one = make_training(problem, options);
    options.layerwise = true;
    Training<double> training = make_training(problem, options);
    training.begin(problem.start);
    const ProductOfBalls balls(training.parameter_layout(), problem.report.settings.radius);
    for (int k = 0; k < 25; ++k) {
      const BlockVector before = training.state().w;
      TrainingState there;
      there.w = before;
      one.resume(there);
      const IterationRecord plain = one.advance();
      const IterationRecord record = training.advance();
      EXPECT_EQ(record.smoothness, plain.smoothness);
      EXPECT_EQ(record.gradient_mapping, plain.gradient_mapping);
      EXPECT_GE(record.step, plain.step);
      const double now = training.full_objective();
      const double square = record.gradient_mapping * record.gradient_mapping;
      EXPECT_LE(now,
                record.objective - record.step / 2 * square + 1e-12 * std::max(1.0, std::abs(now)));
      BlockVector w = training.state().w;
      balls.project(w);
      for (std::size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(w[i], training.state().w[i], 1e-13);
    }
    EXPECT_LT(training.state().violation, 0);
  }
}

// The mean gain of a first step, as it is certified.
TEST(LayerwiseTraining, StepsAreLongerThanOneForAllBlocks) {
  for (const StepRule rule : {StepRule::certified, StepRule::local}) {
    SCOPED_TRACE(static_cast<int>(rule));
    double logarithms = 0;
    for (const NamedNetwork& network : all_layerwise_networks()) {
      const Problem problem = make_problem(network.text, layerwise_samples, 2);
      const auto first_step = [&](bool layerwise) {
        TrainingOptions options;
        options.rule = rule;
        options.layerwise = layerwise;
        Training<double> training = make_training(problem, options);
        training.begin(problem.start);
        return training.advance().step;
      };
      logarithms += std::log(first_step(true) / first_step(false));
    }
    EXPECT_GT(std::exp(logarithms / static_cast<double>(all_layerwise_networks().size())), 1.2);
  }
}

// R' that is given is the farthest that a block goes, and one goes so far if it is small.
TEST(LayerwiseTraining, NoBlockLeavesTheBallThatIsCertified) {
  const Problem problem = make_problem(trained_networks[0].text, layerwise_samples, 2, 0.3);
  TrainingOptions options;
  options.rule = StepRule::local;
  options.layerwise = true;
  for (const double radius : {1e-4, 0.5}) {
    SCOPED_TRACE(radius);
    options.local_radius = radius;
    Training<double> training = make_training(problem, options);
    training.begin(problem.start);
    const BlockVector before = training.state().w;
    training.advance();
    double farthest = 0;
    for (const ParameterBlock& block : training.parameter_layout().blocks) {
      double square = 0;
      for (std::int64_t i = block.offset; i < block.offset + block.elements; ++i) {
        const auto place = static_cast<std::size_t>(i);
        square += (training.state().w[place] - before[place]) *
                  (training.state().w[place] - before[place]);
      }
      farthest = std::max(farthest, std::sqrt(square));
    }
    EXPECT_LE(farthest, radius * (1 + 1e-9));
    if (radius < 0.01) {
      EXPECT_GE(farthest, radius * (1 - 1e-6));
    }
  }
}

TEST(LayerwiseTraining, StepsAreThoseOfTheGroups) {
  LayerwiseBounds bounds;
  const auto number = [](std::int64_t n) { return Magnitude::from_count(n); };
  bounds.groups = {{{0, 2}, number(1), {}}, {{1}, number(1), {}}};
  bounds.smoothness = {number(4), {}, {}, number(8)};
  const std::vector<Magnitude> lengths{number(3), number(1), number(4)};
  EXPECT_EQ(steps_by_block(bounds, lengths), (std::vector<double>{0.25, 0.125, 0.25}));
  // 3 and 4 are 5 together, which goes 1/2 far.
  const Magnitude half = scale(number(1), -1);
  EXPECT_EQ(steps_by_block(bounds, lengths, half)[1], 0.125);
  EXPECT_NEAR(steps_by_block(bounds, lengths, half)[0], 0.1, 1e-15);
  EXPECT_LE(steps_by_block(bounds, lengths, half)[0], 0.1);
  EXPECT_EQ(steps_by_block(bounds, std::vector<Magnitude>{{}, number(1), {}}),
            (std::vector<double>{0, 0.125, 0}));
  bounds.smoothness = {Magnitude::from_decimal("1e400"), {}, {}, number(8)};
  EXPECT_EQ(steps_by_block(bounds, lengths), (std::vector<double>{0, 0.125, 0}));
  // In a ball of radius 0 nothing moves.
  bounds.smoothness = {number(4), number(2), number(2), number(8)};
  bounds.groups[0].norm = {};
  EXPECT_EQ(steps_by_block(bounds, lengths), (std::vector<double>{0, 0.125, 0}));
}

TEST(LayerwiseTraining, AreRefusedForOtherSteps) {
  const Problem problem = make_problem(trained_networks[0].text, layerwise_samples, 1);
  TrainingOptions options;
  options.layerwise = true;
  options.rule = StepRule::line_search;
  EXPECT_THROW(make_training(problem, options), std::invalid_argument);
  options.rule = StepRule::certified;
  EXPECT_THROW(make_training(problem, options, Method::paper), std::invalid_argument);
  options.mini_batch = 2;
  try {
    (void)make_training(problem, options);
    FAIL();
  } catch (const ContradictoryOptions& error) {
    EXPECT_STREQ(error.what(), "layer-wise steps are those of all samples");
    EXPECT_EQ(error.remedy, Remedy::all_samples);
  }
}

TEST(LayerwiseTraining, TheStepSaysWhatItIs) {
  TrainingRequest asked = request(1);
  asked.training.layerwise = true;
  EXPECT_EQ(TrainingSession(asked).run().step, "certified layer-wise");
}

// Two blocks of the plane: |v| <= 1 with a step that leaves it, and one that does not move.
TEST(LayerwiseTraining, AStepOfBlocksIsProjected) {
  ParameterLayout layout;
  layout.elements = 4;
  layout.blocks = {{"a", 0, 0, 2, {}}, {"b", 1, 2, 2, {}}};
  const ProductOfBalls balls(layout, Real::from_decimal("1"));
  const BlockVector w{0.5, 0, 0.25, 0.5};
  const BlockVector gradient{-1, 0, 3, 4};
  const ProductOfBalls::BlockStep step = balls.step(w, gradient, BlockVector{2, 0});
  EXPECT_EQ(step.w, (BlockVector{1, 0, 0.25, 0.5}));
  EXPECT_NEAR(step.certified, 2 * 0.25 * 0.25, 1e-15);  // g = (w - p) / 2
  EXPECT_NEAR(balls.step(w, gradient, BlockVector{0, 0.125}).certified, 0.125 * 25, 1e-12);
}

}  // namespace
}  // namespace smoothbound::testing
