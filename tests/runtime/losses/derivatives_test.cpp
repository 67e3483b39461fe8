// Every row of the loss table: its gradient, Hessian product and constants against its value.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
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
  std::int64_t positions = 1;
};

class LossDerivatives : public testing::TestWithParam<std::string> {
 protected:
  template <class Check>
  void for_each_problem(const Check& check) const {
    const LossRow& loss = *find_loss(GetParam());
    for (const Case c :
         {Case{1, 1, 1}, Case{1, 4, 2}, Case{2, 1, 3}, Case{5, 3, 1}, Case{6, 2, 4}, Case{4, 7, 3},
          Case{9, 4, 10}, Case{12, 1, 5}, Case{3, 6, 2, 2}, Case{2, 12, 4, 4}, Case{1, 3, 1, 3}}) {
      for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(testing::Message() << c.samples << " samples of " << c.outputs << ", scale "
                                        << c.scale << ", seed " << seed);
        Numbers random(seed);
        Problem problem = random_problem(loss, c.samples, c.outputs, random, c.scale, c.positions);
        problem.label_smoothing = std::array{0.0, 0.1, 0.5, 1.0}.at(seed - 1);
        problem.threshold = std::array{1.0, 0.25, 3.0, 1e9}.at(seed - 1);
        check(problem, random);
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
      LossSite site{method, problem.samples, Magnitude::from_double(prediction_bound),
                    Magnitude::from_double(label_radius)};
      site.positions = problem.positions;
      site.classes = problem.outputs / problem.positions;
      site.label_smoothing = Real::from_decimal(fmt::format("{}", problem.label_smoothing));
      site.threshold = Real::from_decimal(fmt::format("{}", problem.threshold));
      const LossConstants bounds = loss_constants(*problem.loss, site);
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

// Two samples of two positions: the means of four terms, each of the channels of its position.
TEST(Logistic, PositionsAreTerms) {
  Problem problem{find_loss("logistic"), 2, 4, {1, 2, 3, 5, -1, 0, 7, 2}, {{0, 1, 1, 0}, {}}, 2, 2};
  const LossEvaluation f = problem.evaluate();
  Problem terms{problem.loss, 4, 2, {1, 3, 2, 5, -1, 7, 0, 2}, problem.labels};
  const LossEvaluation g = terms.evaluate();
  EXPECT_DOUBLE_EQ(f.value, g.value);
  const Doubles& d = g.gradient;
  EXPECT_EQ(f.gradient, (Doubles{d[0], d[2], d[1], d[3], d[4], d[6], d[5], d[7]}));
  const Doubles p = product_of(g, {1, 0, 0, 0, 2, 0, 0, -1});
  EXPECT_EQ(product_of(f, {1, 0, 0, 0, 2, 0, 0, -1}),
            (Doubles{p[0], p[2], p[1], p[3], p[4], p[6], p[5], p[7]}));
}

TEST(Logistic, SmoothedLabelsAreTargetsBetweenTheClasses) {
  Problem problem{find_loss("logistic"), 1, 2, {std::log(3.0), 0}, {{0}, {}}};
  problem.label_smoothing = 0.5;  // the target is (3/4, 1/4), the softmax
  EXPECT_NEAR(problem.evaluate().value, std::log(4.0) - 0.75 * std::log(3.0), 1e-15);
  EXPECT_NEAR(norm(problem.evaluate().gradient), 0, 1e-16);
}

TEST(BinaryLogistic, IsTheFormulaAndAccurateFarOut) {
  Problem problem{find_loss("binary_logistic"), 1, 2, {0, std::log(3.0)}, {{}, {0.5, 1}}};
  const LossEvaluation f = problem.evaluate();
  EXPECT_NEAR(f.value, (std::log(2.0) + std::log(4.0 / 3)) / 2, 1e-15);
  EXPECT_THAT(f.gradient, testing::Pointwise(testing::DoubleNear(1e-16), Doubles{0, -0.125}));
  EXPECT_THAT(product_of(f, {1, 1}),
              testing::Pointwise(testing::DoubleNear(1e-16), Doubles{0.125, 0.09375}));
  problem.z = {1000, -1000};
  problem.labels.targets = {0, 1};
  EXPECT_EQ(problem.evaluate().value, 1000);
  EXPECT_EQ(problem.evaluate().gradient, (Doubles{0.5, -0.5}));
  problem.z = {50, -50};
  problem.labels.targets = {1, 0};
  EXPECT_DOUBLE_EQ(problem.evaluate().value, std::exp(-50.0));
  EXPECT_DOUBLE_EQ(problem.evaluate().gradient[0], -std::exp(-50.0) / 2);
  problem.labels = {{1}, {}};  // the unit vector (0, 1)
  problem.z = {-40, 40};
  EXPECT_DOUBLE_EQ(problem.evaluate().value, std::exp(-40.0));
}

// r = 3 and -1/2 at the threshold 2: 2 * 3 - 2 and 1/8.
TEST(Huber, IsTheFormula) {
  Problem problem{find_loss("huber"), 2, 1, {4, 1}, {{}, {1, 1.5}}};
  problem.threshold = 2;
  const LossEvaluation f = problem.evaluate();
  EXPECT_EQ(f.value, (4 + 0.125) / 2);
  EXPECT_EQ(f.gradient, (Doubles{1, -0.25}));
  EXPECT_EQ(product_of(f, {1, 1}), (Doubles{0, 0.5}));
  const Problem classes{find_loss("huber"), 1, 2, {0, 0.5}, {{1}, {}}};
  EXPECT_EQ(classes.evaluate().gradient, (Doubles{0, -0.25}));
}

// Each of n q scalars at its steepest, and at its largest curvature.
TEST(LossConstantsOfEvaluations, AreReachedByTermsForScalarsAndPositions) {
  const auto sharp = [](const char* name, std::int64_t classes, std::int64_t positions) {
    LossSite site{Method::sharp, 2, Magnitude::from_count(9), Magnitude::from_count(9)};
    site.classes = classes;
    site.positions = positions;
    return loss_constants(*find_loss(name), site);
  };
  const auto double_of = [](const Constant& constant) { return constant.value.to_double(); };
  Problem binary{find_loss("binary_logistic"), 2, 2, {50, -50, 50, 50}, {{}, {0, 1, 0, 0}}};
  EXPECT_NEAR(norm(binary.evaluate().gradient), double_of(sharp("binary_logistic", 2, 1).lipschitz),
              1e-12);
  EXPECT_NEAR(double_of(sharp("binary_logistic", 2, 1).lipschitz), 0.5, 1e-15);
  binary.z = {0, 50, 50, 50};
  EXPECT_NEAR(product_of(binary.evaluate(), {1, 0, 0, 0})[0],
              double_of(sharp("binary_logistic", 2, 1).smoothness), 1e-15);
  Problem huber{find_loss("huber"), 2, 2, {2, -2, 2, 2}, {{}, {0, 0, 0, 0}}};
  EXPECT_NEAR(norm(huber.evaluate().gradient), double_of(sharp("huber", 2, 1).lipschitz), 1e-15);
  huber.z = {0, 3, 3, 3};
  EXPECT_NEAR(product_of(huber.evaluate(), {1, 0, 0, 0})[0],
              double_of(sharp("huber", 2, 1).smoothness), 1e-15);
  const Problem logistic{find_loss("logistic"), 2, 4, {40, -40, -40, 40, 40, 40, -40, -40},
                         {{1, 0, 1, 1}, {}},    2, 2};
  EXPECT_NEAR(norm(logistic.evaluate().gradient), double_of(sharp("logistic", 2, 2).lipschitz),
              1e-12);
  EXPECT_NEAR(double_of(sharp("logistic", 2, 2).lipschitz), std::sqrt(2.0) / 2, 1e-15);
  EXPECT_NEAR(double_of(sharp("logistic", 2, 2).smoothness), 1.0 / 8, 1e-15);
}

// Small residuals: the bounds of predictions and targets beat the threshold.
TEST(LossConstantsOfEvaluations, HuberTakesTheSmallerBound) {
  LossSite site{Method::sharp, 1, Magnitude::from_count(3), Magnitude::from_count(1)};
  site.classes = 4;
  site.threshold = Real::from_decimal("5");
  const Problem huber{find_loss("huber"), 1, 4, {3, 0, 0, 0}, {{}, {-1, 0, 0, 0}}, 2, 1, 0, 5};
  EXPECT_EQ(loss_constants(*find_loss("huber"), site).lipschitz.value, Magnitude::from_count(1));
  EXPECT_EQ(norm(huber.evaluate().gradient), 1);
  site.method = Method::paper;
  EXPECT_EQ(loss_constants(*find_loss("huber"), site).lipschitz.value, Magnitude::from_count(2));
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
