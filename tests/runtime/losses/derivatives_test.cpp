// Every row of the loss table: its gradient, Hessian product and constants against its value.
#include <gmock/gmock.h>

#include <string>

#include "evaluation.hpp"

namespace smoothbound {
namespace {

using test::along;
using test::dot;
using test::Doubles;
using test::norm;
using test::Numbers;
using test::Problem;
using test::product_of;
using test::random_problem;

struct Case {
  std::int64_t samples;
  std::int64_t outputs;
  double scale;  // of the predictions
};

class LossDerivatives : public testing::TestWithParam<std::string> {
 protected:
  template <class Check>
  void for_each_problem(const Check& check) const {
    const LossRow& loss = *find_loss(GetParam());
    for (const Case c : {Case{1, 1, 1}, Case{1, 4, 2}, Case{2, 1, 3}, Case{5, 3, 1}, Case{6, 2, 4},
                         Case{4, 7, 3}, Case{9, 4, 10}, Case{12, 1, 5}}) {
      for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(testing::Message() << c.samples << " samples of " << c.outputs << ", scale "
                                        << c.scale << ", seed " << seed);
        Numbers random(seed);
        check(random_problem(loss, c.samples, c.outputs, random, c.scale), random);
      }
    }
  }
};

std::vector<std::string> all_losses() {
  std::vector<std::string> names;
  for (const LossRow& row : loss_table()) names.emplace_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(, LossDerivatives, testing::ValuesIn(all_losses()),
                         [](const auto& instance) { return instance.param; });

TEST_P(LossDerivatives, EveryProblemIsEvaluated) {
  for_each_problem([](const Problem& problem, Numbers& /*random*/) {
    const LossEvaluation f = problem.evaluate();
    EXPECT_TRUE(std::isfinite(f.value));
    EXPECT_EQ(f.gradient.size(), problem.z.size());
  });
}

TEST_P(LossDerivatives, GradientIsThatOfTheValue) {
  for_each_problem([](const Problem& problem, Numbers& random) {
    const LossEvaluation f = problem.evaluate();
    ASSERT_TRUE(f.differentiable);
    const Doubles d = random.vector(problem.z.size());
    const double h = 1e-5;
    const double difference =
        (problem.at(along(problem.z, h, d)).value - problem.at(along(problem.z, -h, d)).value) /
        (2 * h);
    EXPECT_NEAR(difference, dot(f.gradient, d), 1e-8 * (1 + f.value));
  });
}

TEST_P(LossDerivatives, HessianProductIsThatOfTheGradient) {
  for_each_problem([](const Problem& problem, Numbers& random) {
    const LossEvaluation f = problem.evaluate();
    const Doubles d = random.vector(problem.z.size());
    const double h = 1e-5;
    const Doubles above = problem.at(along(problem.z, h, d)).gradient;
    const Doubles below = problem.at(along(problem.z, -h, d)).gradient;
    const Doubles product = product_of(f, d);
    for (std::size_t i = 0; i < d.size(); ++i) {
      EXPECT_NEAR((above[i] - below[i]) / (2 * h), product[i], 2e-7) << i;
    }
  });
}

TEST_P(LossDerivatives, HessianIsSymmetric) {
  for_each_problem([](const Problem& problem, Numbers& random) {
    const LossEvaluation f = problem.evaluate();
    const Doubles a = random.vector(problem.z.size());
    const Doubles b = random.vector(problem.z.size());
    EXPECT_NEAR(dot(product_of(f, a), b), dot(a, product_of(f, b)), 1e-11 * norm(a) * norm(b));
  });
}

// Convex functions and k_means at its assignment; spectral_clustering is not convex.
TEST_P(LossDerivatives, HessianIsPositiveSemidefiniteWhereItShouldBe) {
  if (GetParam() == "spectral_clustering") return;
  for_each_problem([](const Problem& problem, Numbers& random) {
    const Doubles d = random.vector(problem.z.size());
    EXPECT_GE(dot(product_of(problem.evaluate(), d), d), -1e-13 * dot(d, d));
  });
}

TEST_P(LossDerivatives, NeverExceedTheConstants) {
  for_each_problem([&](const Problem& problem, Numbers& random) {
    double prediction_bound = 0;
    double label_radius = 0;
    const auto q = static_cast<std::size_t>(problem.outputs);
    for (std::size_t begin = 0; begin < problem.z.size(); begin += q) {
      const auto row = [&](const Doubles& x) {
        return norm({x.begin() + static_cast<std::ptrdiff_t>(begin),
                     x.begin() + static_cast<std::ptrdiff_t>(begin + q)});
      };
      prediction_bound = std::max(prediction_bound, row(problem.z));
      if (!problem.labels.targets.empty()) {
        label_radius = std::max(label_radius, row(problem.labels.targets));
      }
    }
    const LossEvaluation f = problem.evaluate();
    Doubles d = random.vector(problem.z.size());
    for (int i = 0; i < 20; ++i) {  // towards the largest eigenvalue
      const Doubles next = product_of(f, d);
      if (norm(next) == 0) break;
      d = along(Doubles(d.size()), 1 / norm(next), next);
    }
    for (const Method method : {Method::paper, Method::sharp}) {
      const LossConstants bounds = loss_constants(
          *problem.loss, {method, problem.samples, Magnitude::from_double(prediction_bound),
                          Magnitude::from_double(label_radius)});
      EXPECT_LE(norm(f.gradient), bounds.lipschitz.value.to_double() * (1 + 1e-14));
      EXPECT_LE(norm(product_of(f, d)),
                bounds.smoothness.value.to_double() * norm(d) * (1 + 1e-14));
    }
  });
}

// The sharp constants are reached: logistic's and square's by the means of n terms as well.
TEST(LossConstantsOfEvaluations, AreReached) {
  const auto sharp = [](const char* name, std::int64_t n) {
    return loss_constants(*find_loss(name),
                          {Method::sharp, n, Magnitude::from_count(3), Magnitude::from_count(2)});
  };
  const double root_half = std::sqrt(0.5);
  Problem logistic{find_loss("logistic"), 3, 2, {40, -40, 40, -40, -40, 40}, {{1, 1, 0}, {}}};
  EXPECT_NEAR(norm(logistic.evaluate().gradient), sharp("logistic", 3).lipschitz.value.to_double(),
              1e-12);
  logistic.z.assign(6, 1);
  const Doubles u{root_half, -root_half, 0, 0, 0, 0};
  EXPECT_NEAR(norm(product_of(logistic.evaluate(), u)),
              sharp("logistic", 3).smoothness.value.to_double(), 1e-14);
  const Problem square{find_loss("square"), 2, 1, {3, -3}, {{}, {-2, 2}}};
  EXPECT_NEAR(norm(square.evaluate().gradient), sharp("square", 2).lipschitz.value.to_double(),
              1e-14);
  EXPECT_EQ(product_of(square.evaluate(), {1, 0}), (Doubles{0.5, 0}));
  const Problem pair{find_loss("convex_clustering"), 2, 2, {10, 0, -10, 0}, {}};
  EXPECT_NEAR(norm(pair.evaluate().gradient),
              sharp("convex_clustering", 2).lipschitz.value.to_double(), 1e-12);
  // Together, the points move their mean only: a change of their difference is all gradient.
  const Problem fused{find_loss("convex_clustering"), 2, 1, {0.1, 0}, {}};
  EXPECT_NEAR(norm(product_of(fused.evaluate(), {root_half, -root_half})), 1, 1e-14);
}

TEST(Evaluation, DoesNotReferToTheData) {
  for (const LossRow& row : loss_table()) {
    Numbers random(3);
    auto problem = std::make_unique<Problem>(random_problem(row, 5, 3, random));
    const Doubles d = random.vector(15);
    const LossEvaluation f = problem->evaluate();
    const Doubles before = product_of(f, d);
    problem.reset();
    EXPECT_EQ(product_of(f, d), before) << row.name;
  }
}

TEST(Logistic, IsTheFormula) {
  const Problem problem{find_loss("logistic"), 2, 2, {std::log(3.0), 0, 1, 1}, {{0, 1}, {}}};
  const LossEvaluation f = problem.evaluate();
  EXPECT_NEAR(f.value, (std::log(4.0 / 3) + std::log(2.0)) / 2, 1e-15);
  EXPECT_THAT(f.gradient,
              testing::Pointwise(testing::DoubleNear(1e-15), Doubles{-0.125, 0.125, 0.25, -0.25}));
}

TEST(Logistic, IsAccurateFarOut) {
  Problem problem{find_loss("logistic"), 1, 2, {1000, 0}, {{1}, {}}};
  EXPECT_EQ(problem.evaluate().value, 1000);
  problem.labels.classes = {0};
  EXPECT_EQ(problem.evaluate().value, 0);
  problem.z = {50, 0};
  EXPECT_DOUBLE_EQ(problem.evaluate().value, std::exp(-50.0));
  EXPECT_DOUBLE_EQ(problem.evaluate().gradient[0], -std::exp(-50.0));
  problem.z = {1e308, -1e308};
  EXPECT_EQ(problem.evaluate().value, 0);
  problem.outputs = 1;
  problem.z = {7};
  EXPECT_EQ(problem.evaluate().value, 0);
  EXPECT_EQ(problem.evaluate().gradient, Doubles{0});
}

TEST(Square, ClassesStandForUnitVectors) {
  const Problem classes{find_loss("square"), 2, 3, {1, 2, 3, 4, 5, 6}, {{2, 0}, {}}};
  Problem targets = classes;
  targets.labels = {{}, {0, 0, 1, 1, 0, 0}};
  const LossEvaluation f = classes.evaluate();
  EXPECT_EQ(f.value, (1.0 + 4 + 4 + 9 + 25 + 36) / 4);
  EXPECT_EQ(f.gradient, (Doubles{0.5, 1, 1, 1.5, 2.5, 3}));
  EXPECT_EQ(targets.evaluate().value, f.value);
  EXPECT_EQ(targets.evaluate().gradient, f.gradient);
}

}  // namespace
}  // namespace smoothbound
