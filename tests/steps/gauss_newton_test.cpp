#include "smoothbound/steps/gauss_newton.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "problems.hpp"
#include "smoothbound/steps/dense_step.hpp"
#include "steps/riccati.hpp"

namespace smoothbound::steps {
namespace {

using testing::difference;
using testing::dot;
using testing::Problem;
using ::testing::ThrowsMessage;
using testing::tolerance;
using testing::Vector;

GaussNewtonDirection dual(Problem& p, double gamma, const DualOptions& options = {}) {
  return gauss_newton_direction(linearize(p.trajectory), p.objective.loss(), p.regularizer, gamma,
                                options);
}

class GaussNewton : public ::testing::TestWithParam<int> {
 protected:
  Problem problem() {
    const auto seed = static_cast<std::uint64_t>(GetParam());
    std::mt19937_64 random(2000 + seed);
    std::string text = testing::random_chain(seed, random);
    return {std::move(text), losses[seed % 3], seed % 2 == 0 ? 0 : 0.2, 4, random};
  }
  static constexpr std::string_view losses[] = {"logistic", "square", "convex_clustering"};
};

TEST_P(GaussNewton, DualIsTheDenseSolveAndTheRiccatiSweep) {
  Problem p = problem();
  const std::int64_t q = p.whole.output_elements();
  for (const double gamma : {0.01, 1.0, 100.0}) {
    SCOPED_TRACE("seed " + std::to_string(2000 + GetParam()) + ", gamma " + std::to_string(gamma) +
                 "\n" + p.text);
    const Direction dense = dense_step(p.objective, StepKind::gauss_newton, gamma);
    const LqProblem lq = p.lq(StepKind::gauss_newton, gamma);
    const GaussNewtonDirection found = dual(p, gamma);
    EXPECT_LT(difference(found.step, dense.step), tolerance);
    EXPECT_LT(difference(found.step, riccati_step(lq).step), tolerance);
    EXPECT_LT(residual(lq, found.step), tolerance);
    EXPECT_NEAR(found.predicted_decrease, dense.predicted_decrease,
                tolerance * dense.predicted_decrease);
    EXPECT_EQ(found.gamma, gamma);
    EXPECT_EQ(found.halvings, 0);
    EXPECT_LE(found.oracle_calls, 2 * q + 1);
    EXPECT_EQ(found.oracle_calls, found.iterations == q ? 2 * q + 1 : 2 * found.iterations + 2);
  }
}

TEST_P(GaussNewton, GradientDirectionIsThatOfTheSameProblem) {
  Problem p = problem();
  const Direction found =
      gradient_direction(linearize(p.trajectory), p.objective.loss(), p.regularizer, 0.3);
  const Direction expected = riccati_step(p.lq(StepKind::gradient, 0.3));
  EXPECT_LT(difference(found.step, expected.step), 1e-12);
  EXPECT_NEAR(found.predicted_decrease, expected.predicted_decrease,
              1e-12 * expected.predicted_decrease);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GaussNewton, ::testing::Range(0, 36));

class Graphs : public ::testing::TestWithParam<testing::NamedNetwork> {};

// Any graph: branches, sums and products as well.
TEST_P(Graphs, DualIsTheDenseSolve) {
  std::mt19937_64 random(77);
  Problem p(std::string(GetParam().text), "square", 0.1, 2, random, Problem::any_graph);
  const GaussNewtonDirection found = dual(p, 1);
  Vector product(p.w.size());
  Vector gradient(p.w.size());
  p.objective.gradient(gradient);
  p.objective.gauss_newton_product(found.step, product);
  for (std::size_t i = 0; i < product.size(); ++i) product[i] = -product[i] - found.step[i];
  EXPECT_LT(difference(product, gradient), 1e-11);
  if (p.w.size() > 500) return;
  const Direction dense = dense_step(p.objective, StepKind::gauss_newton, 1);
  EXPECT_LT(difference(found.step, dense.step), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Any, Graphs, ::testing::ValuesIn(testing::smooth_networks),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr std::string_view network = R"(
input: {shape: [6], norm: 1}
layers:
  - dense: 8
    then: [softplus]
  - dense: 3
)";

// The logistic loss's Hessian vanishes along (1, ..., 1) of each sample: its rank counts.
TEST(Dual, StaysInTheRangeOfTheLossesHessian) {
  std::mt19937_64 random(5);
  Problem p(std::string(network), "logistic", 0, 7, random);
  const GaussNewtonDirection found = dual(p, 10);
  EXPECT_LE(found.iterations, 14);
  EXPECT_LE(found.oracle_calls, 30);
  EXPECT_LT(residual(p.lq(StepKind::gauss_newton, 10), found.step), 1e-12);
}

TEST(Dual, StopsEarlyWhereThatIsAskedFor) {
  std::mt19937_64 random(6);
  Problem p(std::string(network), "square", 0, 20, random);
  const Direction exact = dual(p, 50);
  std::int64_t calls = 0;
  double error = 1;
  for (const double wanted : {1e-1, 1e-3, 1e-6}) {
    const GaussNewtonDirection found = dual(p, 50, {.relative_residual = wanted});
    EXPECT_LE(found.relative_residual, wanted);
    EXPECT_GT(found.oracle_calls, calls);
    EXPECT_EQ(found.oracle_calls, 2 * found.iterations + 2);
    EXPECT_LT(difference(found.step, exact.step), error);
    // The model's value at this very step, not at the minimum.
    EXPECT_NEAR(found.predicted_decrease, -value(p.lq(StepKind::gauss_newton, 50), found.step),
                1e-10 * found.predicted_decrease);
    calls = found.oracle_calls;
    error = difference(found.step, exact.step);
  }
  EXPECT_LT(error, 1e-3);  // a = 1/50 is far below the curvature of the model
  EXPECT_EQ(dual(p, 50, {.iterations = 3}).oracle_calls, 8);
}

// However early it stops, it is the best step of Krylov's space: more calls never do worse, and the
// model decreases from the first on.
TEST(Dual, StepsOfFewIterationsAreThoseOfConjugateGradientInW) {
  std::mt19937_64 random(6);
  Problem p(std::string(network), "logistic", 0.01, 20, random);
  constexpr double gamma = 100;
  const LqProblem lq = p.lq(StepKind::gauss_newton, gamma);
  const auto times = [&](const Vector& d) {
    Vector product(d.size());
    p.objective.gauss_newton_product(d, product);
    for (std::size_t i = 0; i < d.size(); ++i) product[i] += d[i] / gamma;
    return product;
  };
  Vector r = value_gradient(lq, Vector(p.w.size()));
  for (double& entry : r) entry = -entry;
  Vector d = r;
  Vector x(r.size());
  for (std::int64_t k = 1; k <= 8; ++k) {
    const Vector product = times(d);
    const double square = dot(r, r);
    const double length = square / dot(d, product);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] += length * d[i];
      r[i] -= length * product[i];
    }
    for (std::size_t i = 0; i < x.size(); ++i) d[i] = r[i] + dot(r, r) / square * d[i];
    if (k == 1) continue;
    const GaussNewtonDirection found = dual(p, gamma, {.iterations = k - 1});
    EXPECT_LT(difference(found.step, x), 1e-8) << k;
    EXPECT_NEAR(found.predicted_decrease, -value(lq, x), 1e-10 * found.predicted_decrease);
  }
}

// A network of one layer that is linear in w: the step for gamma -> inf is least squares, and
// predicted and actual decrease agree.
TEST(Dual, IsExactForALinearNetwork) {
  std::mt19937_64 random(8);
  Problem p("input: {shape: [3], norm: 1}\nlayers:\n  - dense: 2\n", "square", 0, 6, random);
  const double before = p.objective.value();
  const GaussNewtonDirection found = dual(p, 1e3);
  Vector w = p.w;
  for (std::size_t i = 0; i < w.size(); ++i) w[i] += found.step[i];
  p.objective.set_point(w);
  EXPECT_NEAR(before - p.objective.value(),
              found.predicted_decrease + dot(found.step, found.step) / 2e3, 1e-12);
}

TEST(Dual, IsZeroAtAStationaryPoint) {
  std::mt19937_64 random(9);
  Problem p(std::string(network), "square", 0, 2, random);
  LossEvaluation loss = p.objective.loss();
  std::fill(loss.gradient.begin(), loss.gradient.end(), 0);
  const auto found = gauss_newton_direction(linearize(p.trajectory), loss, {}, 1);
  EXPECT_EQ(testing::norm(found.step), 0);
  EXPECT_EQ(found.oracle_calls, 2);
  EXPECT_EQ(found.predicted_decrease, 0);
}

TEST(Dual, ErrorsSayWhatIsWrong) {
  std::mt19937_64 random(10);
  Problem p(std::string(network), "square", 0, 2, random);
  const LinearizedNetwork psi = linearize(p.trajectory);
  LossEvaluation loss = p.objective.loss();
  EXPECT_THAT([&] { gauss_newton_direction(psi, loss, {}, 0); },
              ThrowsMessage<std::invalid_argument>("gamma is 0; it has to be positive and finite"));
  EXPECT_THAT([&] { gauss_newton_direction(psi, loss, {-1}, 1); },
              ThrowsMessage<std::invalid_argument>(
                  "a Gauss-Newton step needs a convex regularizer, not lambda = -1"));
  LossEvaluation concave = loss;
  concave.hessian_product = [](std::span<const double> x, std::span<double> y) {
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = -x[i];
  };
  EXPECT_THAT([&] { gauss_newton_direction(psi, concave, {}, 1); },
              ThrowsMessage<NotBoundedBelow>("a Gauss-Newton step needs a convex loss: the loss's "
                                             "Hessian has a negative eigenvalue"));
  LossEvaluation infinite = loss;
  infinite.gradient[0] = INFINITY;
  EXPECT_THAT([&] { gauss_newton_direction(psi, infinite, {}, 1); },
              ThrowsMessage<NotFinite>("the gradient is not finite"));
  EXPECT_THAT([&] { gradient_direction(psi, infinite, {}, 1); },
              ThrowsMessage<NotFinite>("the gradient is not finite"));
  loss.hessian_product = [](std::span<const double> /*x*/, std::span<double> y) {
    for (double& entry : y) entry = INFINITY;
  };
  EXPECT_THAT([&] { gauss_newton_direction(psi, loss, {}, 1); },
              ThrowsMessage<NotFinite>("the Gauss-Newton model is not finite"));
  loss.gradient.pop_back();
  EXPECT_THAT([&] { gauss_newton_direction(psi, loss, {}, 1); },
              ThrowsMessage<std::invalid_argument>("the network has 6 outputs, the loss 5"));
  EXPECT_THAT([&] { gradient_direction(psi, loss, {}, 1); },
              ThrowsMessage<std::invalid_argument>("the network has 6 outputs, the loss 5"));
}

}  // namespace
}  // namespace smoothbound::steps
