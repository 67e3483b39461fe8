// Every way to a step against every other, on random chains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "problems.hpp"
#include "smoothbound/steps/dense_step.hpp"
#include "steps/riccati.hpp"
#include "support/symmetric_eigenvalues.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

using testing::difference;
using testing::norm;
using testing::Problem;
using testing::tolerance;
using testing::Vector;

constexpr StepKind kinds[] = {StepKind::gradient, StepKind::gauss_newton, StepKind::newton};

class RandomChains : public ::testing::TestWithParam<int> {
 protected:
  static std::vector<std::pair<std::string_view, double>> objectives() {
    return {{"square", 0},
            {"logistic", 0.3},
            {"logistic", 0},
            {"convex_clustering", 0.1},
            {"convex_clustering", 0},
            {"square", 0.05}};
  }
  // One of the objectives for each seed; every activation meets several.
  Problem problem() {
    const auto seed = static_cast<std::uint64_t>(GetParam());
    std::mt19937_64 random(1000 + seed);
    std::string text = testing::random_chain(seed, random);
    const auto all = objectives();
    const auto [loss, lambda] = all[seed % all.size()];
    return {std::move(text), loss, lambda, 3, random};
  }
  static std::string trace(const Problem& p, StepKind kind) {
    return "step kind " + std::to_string(static_cast<int>(kind)) + ", seed " +
           std::to_string(1000 + GetParam()) + "\n" + p.text;
  }
};

TEST_P(RandomChains, RiccatiGivesTheStepOfTheDenseModel) {
  Problem p = problem();
  for (const StepKind kind : kinds) {
    SCOPED_TRACE(trace(p, kind));
    const Direction dense = dense_step(p.objective, kind, 0.7);
    const LqProblem lq = p.lq(kind, 0.7);
    const Direction riccati = riccati_step(lq);
    EXPECT_EQ(riccati.gamma, dense.gamma);
    EXPECT_EQ(riccati.halvings, dense.halvings);
    EXPECT_LT(difference(riccati.step, dense.step), tolerance);
    EXPECT_NEAR(riccati.predicted_decrease, dense.predicted_decrease,
                tolerance * dense.predicted_decrease);
    LqProblem solved = lq;
    solved.gamma = riccati.gamma;
    EXPECT_LT(residual(solved, riccati.step), 1e-10);
    EXPECT_LT(residual(solved, dense.step), 1e-10);
    EXPECT_NEAR(-value(solved, riccati.step), riccati.predicted_decrease,
                tolerance * riccati.predicted_decrease);
  }
}

// The objective of (15) is the model of F: its gradient, Hessian and value along a direction.
TEST_P(RandomChains, ValueIsTheModel) {
  Problem p = problem();
  std::mt19937_64 random(1);
  const Vector d = testing::random_vector<double>(p.w.size(), random);
  Vector gradient(d.size());
  Vector product(d.size());
  p.objective.gradient(gradient);
  for (const StepKind kind : kinds) {
    SCOPED_TRACE(trace(p, kind));
    std::fill(product.begin(), product.end(), 0);
    if (kind == StepKind::newton) p.objective.hessian_product(d, product);
    if (kind == StepKind::gauss_newton) p.objective.gauss_newton_product(d, product);
    const LqProblem lq = p.lq(kind, 2);
    const double expected =
        testing::dot(gradient, d) + testing::dot(d, product) / 2 + testing::dot(d, d) / 4;
    EXPECT_NEAR(value(lq, d), expected, 1e-10 * (1 + std::fabs(expected)));
    Vector by_v = product;
    for (std::size_t i = 0; i < d.size(); ++i) by_v[i] += gradient[i] + d[i] / 2;
    EXPECT_LT(difference(value_gradient(lq, d), by_v), 1e-10);
  }
}

// Prop C.2: back-propagation is what the sweep does for a gradient step.
TEST_P(RandomChains, GradientStepIsBackPropagation) {
  Problem p = problem();
  Vector gradient(p.w.size());
  p.objective.gradient(gradient);
  for (double& entry : gradient) entry *= -0.25;
  const Direction step = riccati_step(p.lq(StepKind::gradient, 0.25));
  EXPECT_LT(difference(step.step, gradient), 1e-12);
  EXPECT_EQ(step.halvings, 0);
  EXPECT_NEAR(step.predicted_decrease, 2 * testing::dot(gradient, gradient),
              1e-12 * step.predicted_decrease);
}

TEST_P(RandomChains, ResidualRejectsPerturbedSolutions) {
  Problem p = problem();
  std::mt19937_64 random(2);
  for (const StepKind kind : kinds) {
    SCOPED_TRACE(trace(p, kind));
    LqProblem lq = p.lq(kind, 0.7);
    const Direction step = riccati_step(lq);
    lq.gamma = step.gamma;
    const Vector noise = testing::random_vector<double>(p.w.size(), random);
    Vector wrong = step.step;
    const double size = 1e-6 * norm(wrong) / norm(noise);
    for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] += size * noise[i];
    // The model's curvature is at least 1/gamma less what is negative: far above 1e-3.
    EXPECT_GT(residual(lq, wrong), 1e-9);
    lq.gamma *= 1.001;
    EXPECT_GT(residual(lq, step.step), 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChains, ::testing::Range(0, 36));

TEST(RandomChain, CoversEverySmoothActivation) {
  EXPECT_GE(testing::smooth_activations().size(), 12U);
  EXPECT_LE(testing::smooth_activations().size(), 36U);
}

constexpr std::string_view small_graph = R"(
input: {shape: [3], norm: 1}
layers:
  - dense: 4
    then: [tanh]
  - dense: 4
    then: [softplus]
  - dense: 2
)";

// Halvings as the eigenvalues of the whole Hessian want them: the first gamma, gamma/2, ... with
// which it is positive definite.
TEST(Halving, HappensExactlyWhereTheModelIsNotBoundedBelow) {
  int halved = 0;
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Problem p(std::string(small_graph), seed % 2 == 0 ? "square" : "logistic",
              seed % 3 == 0 ? 0.1 : 0, 5, random, Problem::Form::chain, 2);
    const auto count = static_cast<std::int64_t>(p.w.size());
    DenseMatrix hessian(count, count);
    Vector unit(p.w.size());
    for (std::int64_t j = 0; j < count; ++j) {
      unit[static_cast<std::size_t>(j)] = 1;
      p.objective.hessian_product(unit, hessian.row(j));
      unit[static_cast<std::size_t>(j)] = 0;
    }
    const double least = support::symmetric_eigenvalues(hessian).front();
    for (const double gamma : {0.3, 3.0, 100.0}) {
      int expected = 0;
      while (std::ldexp(1 / gamma, expected) + least <= 0) ++expected;
      const Direction step = riccati_step(p.lq(StepKind::newton, gamma));
      EXPECT_EQ(step.halvings, expected) << gamma << " " << least;
      EXPECT_EQ(step.gamma, std::ldexp(gamma, -expected));
      EXPECT_EQ(dense_step(p.objective, StepKind::newton, gamma).halvings, expected);
      EXPECT_EQ(riccati_step(p.lq(StepKind::gauss_newton, gamma)).halvings, 0);
      ++(expected > 0 ? halved : kept);
    }
  }
  EXPECT_GT(halved, 10);
  EXPECT_GT(kept, 10);
}

// One stage, by hand: min 1/2 p2 (b v)^2 + p1 b v + 1/2 q2 v^2 + q1 v + v^2 / (2 gamma).
LqProblem scalar_problem(double q2, double gamma) {
  LqStage stage;
  stage.A = DenseMatrix(1, 0);
  stage.B = stage.P = stage.Q = DenseMatrix(1, 1);
  stage.R = DenseMatrix(0, 1);
  stage.B(0, 0) = 2;
  stage.P(0, 0) = 3;
  stage.Q(0, 0) = q2;
  stage.p = {5};
  stage.q = {-1};
  return {{stage}, gamma};
}

TEST(Riccati, SolvesAScalarProblem) {
  const LqProblem problem = scalar_problem(7, 0.5);
  const Direction step = riccati_step(problem);
  EXPECT_DOUBLE_EQ(step.step.at(0), -9.0 / 21);  // (10 - 1) / (12 + 7 + 2)
  EXPECT_NEAR(value(problem, step.step), -81.0 / 42, 1e-14);
  EXPECT_DOUBLE_EQ(step.predicted_decrease, 81.0 / 42);
  EXPECT_LT(residual(problem, step.step), 1e-15);
  EXPECT_DOUBLE_EQ(residual(problem, Vector{0}), 1);
}

// 12 - 20 + 1/gamma > 0 from gamma = 1/16 on; at 1/8 it is 0.
TEST(Riccati, HalvesGammaWhereTheStageIsSingularToo) {
  const Direction step = riccati_step(scalar_problem(-20, 1));
  EXPECT_EQ(step.halvings, 4);
  EXPECT_EQ(step.gamma, 1.0 / 16);
  EXPECT_DOUBLE_EQ(step.step.at(0), -9.0 / 8);
}

using ::testing::ThrowsMessage;

TEST(Errors, SayWhatIsWrong) {
  EXPECT_THAT([] { riccati_step(scalar_problem(-1e30, 1)); },
              ThrowsMessage<NotBoundedBelow>(
                  "the quadratic model is not bounded below at layer 1: after 60 halvings, with "
                  "gamma = 8.67e-19, its matrix is still not positive definite"));
  EXPECT_THAT([] { riccati_step(scalar_problem(NAN, 1)); },
              ThrowsMessage<NotFinite>("the quadratic model is not finite at layer 1"));
  EXPECT_THAT(
      [] { riccati_step(scalar_problem(1, -2)); },
      ThrowsMessage<std::invalid_argument>("gamma is -2; it has to be positive and finite"));
  EXPECT_THAT(
      [] {
        residual(scalar_problem(1, 1), Vector{1, 2});
      },
      ThrowsMessage<std::invalid_argument>("the problem has 1 parameters, not 2"));

  std::mt19937_64 random(3);
  Problem p(std::string(small_graph), "square", 0, 2, random);
  EXPECT_THAT([&] { p.lq(StepKind::newton, 0); },
              ThrowsMessage<std::invalid_argument>("gamma is 0; it has to be positive and finite"));
  EXPECT_THAT(
      [&] { dense_step(p.objective, StepKind::newton, INFINITY); },
      ThrowsMessage<std::invalid_argument>("gamma is inf; it has to be positive and finite"));
  EXPECT_THAT(
      [&] {
        LossEvaluation other = p.objective.loss();
        other.gradient.pop_back();
        lq_problem(*p.network, other, p.regularizer, StepKind::newton, 1);
      },
      ThrowsMessage<std::invalid_argument>("the network has 4 outputs, the loss 3"));
  Problem concave(std::string(small_graph), "square", -1e30, 2, random);
  EXPECT_THAT([&] { dense_step(concave.objective, StepKind::newton, 1); },
              ThrowsMessage<NotBoundedBelow>(
                  "the quadratic model is not bounded below: after 60 halvings, with gamma = "
                  "8.67e-19, its matrix is still not positive definite"));
  Problem infinite(std::string(small_graph), "square", INFINITY, 2, random);
  EXPECT_THAT([&] { dense_step(infinite.objective, StepKind::newton, 1); },
              ThrowsMessage<NotFinite>("the quadratic model is not finite"));
}

}  // namespace
}  // namespace smoothbound::steps
