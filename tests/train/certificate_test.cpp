#include "smoothbound/train/certificate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "problems.hpp"
#include "smoothbound/runtime/point.hpp"

namespace smoothbound::testing {
namespace {

// `value` or hardly more: what a measured norm may be above it.
void expect_just_above(const Magnitude& bound, double value) {
  EXPECT_GE(bound, Magnitude::from_double(value));
  EXPECT_LE(bound, Magnitude::from_double(value * (1 + 1e-11)));
}

// Norms 2, 1, 4, 0, 3: the two largest, wherever they stand, bound every mini-batch of two.
TEST(SampleNorms, AreThoseOfTheLargestSamples) {
  const std::vector<double> x{2, 0, 0.6, 0.8, 0, -4, 0, 0, 3, 0};
  const std::vector<float> narrow(x.begin(), x.end());
  const std::array roots{4.0, 5.0, std::sqrt(29.0), std::sqrt(30.0), std::sqrt(30.0)};
  for (std::int64_t batch = 1; batch <= 5; ++batch) {
    SCOPED_TRACE(batch);
    const SampleNorms norms = measure_samples(std::span<const double>(x), 5, batch);
    expect_just_above(norms.sample, 4);
    expect_just_above(norms.batch, roots.at(static_cast<std::size_t>(batch - 1)));
    EXPECT_EQ(norms.label, Magnitude::from_count(1));  // of classes
    const SampleNorms in_float = measure_samples(std::span<const float>(narrow), 5, batch);
    EXPECT_NEAR(in_float.batch.to_double(), norms.batch.to_double(), 1e-6);
  }
}

TEST(SampleNorms, ABatchHasOneToAllOfTheSamples) {
  const std::vector<double> x{1, 1, 1};
  const auto measure = [&](std::int64_t samples, std::int64_t batch) {
    (void)measure_samples(std::span<const double>(x), samples, batch);
  };
  EXPECT_NO_THROW(measure(3, 1));
  EXPECT_NO_THROW(measure(3, 3));
  EXPECT_THROW(measure(3, 0), std::invalid_argument);
  EXPECT_THROW(measure(3, 4), std::invalid_argument);
  EXPECT_THROW(measure(0, 0), std::invalid_argument);
}

TEST(SampleNorms, OfTargetsAreTheLargest) {
  const std::vector<double> x{1, 1, 1};
  for (std::size_t largest = 0; largest < 3; ++largest) {
    std::vector<double> targets{0.3, 0, 0.1, 0.7, -1, 0};
    targets[2 * largest] = 3;
    targets[2 * largest + 1] = 4;
    expect_just_above(measure_samples(std::span<const double>(x), 3, 2, targets).label, 5);
  }
}

// With a radius so small that it limits the step, this is R' over the norm of the longest block,
// whichever that is, rounded down.
TEST(Certificate, ALocalStepLeavesNoBlocksBall) {
  const Problem problem = make_problem(trained_networks[0].text, 7, 1);
  const Training<double> training = make_training(problem, {});
  const ParameterLayout& layout = training.parameter_layout();
  const PointBounds point = point_bounds(problem.report.graph, layout, problem.start);
  constexpr double radius = 1e-6;
  ASSERT_EQ(layout.blocks.size(), 3U);
  for (const ParameterBlock& longest : layout.blocks) {
    SCOPED_TRACE(longest.offset);
    std::vector<double> gradient(static_cast<std::size_t>(layout.elements));
    for (const ParameterBlock& block : layout.blocks) {
      gradient[static_cast<std::size_t>(block.offset)] = &block == &longest ? 300 : 400;
      if (&block != &longest) continue;
      gradient[static_cast<std::size_t>(block.offset + 1)] = 400;
    }
    const double step = training.certificate().local_step(point, layout, gradient, radius).step;
    EXPECT_LE(step * 500, radius);
    EXPECT_GE(step * 500, radius * (1 - 1e-10));
  }
}

// R' / ||g|| rises with R' and 1 / L falls: the longest step is where they meet, however far that
// is from 1, by bisection over 120 powers of ten.
TEST(Certificate, TheLongestLocalStepIsFound) {
  const Problem problem = make_problem(trained_networks[0].text, 7, 1);
  const Training<double> training = make_training(problem, {});
  const ParameterLayout& layout = training.parameter_layout();
  const PointBounds point = point_bounds(problem.report.graph, layout, problem.start);
  for (const double norm : {1e-30, 1e-3, 1.0, 1e3, 1e30}) {
    SCOPED_TRACE(norm);
    std::vector<double> gradient(static_cast<std::size_t>(layout.elements));
    gradient[0] = norm;
    const auto step = [&](double radius) {
      return training.certificate().local_step(point, layout, gradient, radius).step;
    };
    double low = 1e-60;
    double high = 1e60;
    for (int i = 0; i < 60; ++i) {
      const double middle = std::sqrt(low) * std::sqrt(high);
      (step(middle) * norm >= middle * (1 - 1e-9) ? low : high) = middle;
    }
    const double longest = step(low);
    EXPECT_GE(step(0), longest * 0.9995);
    EXPECT_LE(step(0), longest * (1 + 1e-8));
  }
}

// Of one linear layer L is the same everywhere, so that any R' is too short for so long a gradient:
// the search ends at 16^60.
TEST(Certificate, TheSearchOfALocalStepEnds) {
  const Problem problem =
      make_problem("input: {shape: [3]}\nloss: square\nlayers:\n  - {dense: 2}\n", 4, 1);
  const Training<double> training = make_training(problem, {});
  const ParameterLayout& layout = training.parameter_layout();
  const PointBounds point = point_bounds(problem.report.graph, layout, problem.start);
  std::vector<double> gradient(static_cast<std::size_t>(layout.elements));
  gradient[0] = 1e200;
  const double step = training.certificate().local_step(point, layout, gradient, 0).step;
  EXPECT_NEAR(step * 1e200 / std::pow(16.0, 60), 1, 1e-9);
}

}  // namespace
}  // namespace smoothbound::testing
