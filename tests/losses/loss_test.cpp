#include "smoothbound/losses/loss.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/numeric.hpp"

namespace smoothbound {
namespace {

using test::along;
using test::dot;
using test::is_near;
using test::norm;
using test::Random;
using test::scaled;
using test::unit;
using test::Vector;

constexpr long double rounding = 1 + 1e-15L;

LossConstants constants(const char* name, Method method, std::int64_t samples = 1) {
  const LossRow* loss = find_loss(name);
  return loss_constants(*loss,
                        {method, samples, Magnitude::from_count(3), Magnitude::from_count(2)});
}

// Gradient of log(sum exp(z)) - z_label.
Vector logistic_gradient(const Vector& z, std::size_t label) {
  long double sum = 0;
  for (const long double entry : z) sum += std::exp(entry);
  Vector gradient(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) gradient[i] = std::exp(z[i]) / sum;
  gradient[label] -= 1;
  return gradient;
}

TEST(Logistic, GradientIsThatOfTheFormula) {
  const auto value = [](const Vector& z) {
    long double sum = 0;
    for (const long double entry : z) sum += std::exp(entry);
    return std::log(sum) - z[1];
  };
  Random random(2);
  const Vector z = random.vector(4);
  for (std::size_t i = 0; i < 4; ++i) {
    Vector basis(4);
    basis[i] = 1;
    const long double h = 1e-5L;
    EXPECT_TRUE(is_near((value(along(z, h, basis)) - value(along(z, -h, basis))) / (2 * h),
                        logistic_gradient(z, 1)[i], 1e-9L));
  }
}

TEST(Logistic, AscentNeverExceedsTheConstants) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto gradient = [](const Vector& z) { return norm(logistic_gradient(z, 0)); };
    const auto slope = [](const Vector& pair) {  // of the gradient between two points
      const Vector a(pair.begin(), pair.begin() + 3);
      const Vector b(pair.begin() + 3, pair.end());
      const Vector difference = along(a, -1, b);
      if (norm(difference) < 1e-3L) return 0.0L;
      return norm(along(logistic_gradient(a, 0), -1, logistic_gradient(b, 0))) / norm(difference);
    };
    const long double l = climb(gradient, random.vector(3), random, 5000);
    const long double smoothness = climb(slope, random.vector(6), random, 5000);
    for (const Method method : {Method::paper, Method::sharp}) {
      EXPECT_LE(l, constants("logistic", method).lipschitz.value.to_double() * rounding);
      EXPECT_LE(smoothness, constants("logistic", method).smoothness.value.to_double() * rounding);
    }
  }
}

TEST(Logistic, SharpConstantsAreReached) {
  const LossConstants sharp = constants("logistic", Method::sharp);
  EXPECT_TRUE(is_near(norm(logistic_gradient({-40, 40, 0}, 0)), std::sqrt(2.0L), 1e-12L));
  EXPECT_TRUE(is_near(sharp.lipschitz.value.to_double(), std::sqrt(2.0L), 1e-12L));
  const Vector u{std::sqrt(0.5L), -std::sqrt(0.5L)};
  const long double h = 1e-5L;
  const Vector change =
      along(logistic_gradient(scaled(u, h), 0), -1, logistic_gradient(scaled(u, -h), 0));
  EXPECT_TRUE(is_near(norm(change) / (2 * h), sharp.smoothness.value.to_double(), 1e-9L));
  EXPECT_EQ(sharp.smoothness.value, Magnitude::from_double(0.5));
  const LossConstants paper = constants("logistic", Method::paper);
  EXPECT_EQ(paper.lipschitz.value, Magnitude::from_count(2));
  EXPECT_EQ(paper.smoothness.value, Magnitude::from_count(2));
}

// ||z - y|| over balls of radii 3 and 2 is at most 5, at opposite ends.
TEST(Square, ConstantsAreExactOnBalls) {
  for (const Method method : {Method::paper, Method::sharp}) {
    EXPECT_EQ(constants("square", method).lipschitz.value, Magnitude::from_count(5));
    EXPECT_EQ(constants("square", method).smoothness.value, Magnitude::from_count(1));
  }
  Random random(6);
  for (int i = 0; i < 500; ++i) {
    const Vector z = scaled(unit(random.vector(3)), 3);
    const Vector y = scaled(unit(random.vector(3)), 2);
    EXPECT_LE(norm(along(z, -1, y)), 5 * rounding);
    EXPECT_TRUE(is_near(norm(along(z, -1, scaled(z, -2.0L / 3))), 5, 1e-15L));
  }
  const LossRow* square = find_loss("square");
  const LossSite site{Method::sharp, 1, Magnitude::infinity(), Magnitude::from_count(2)};
  EXPECT_TRUE(loss_constants(*square, site).lipschitz.value.is_infinite());
}

TEST(Loss, MeansDivideInSharpOnly) {
  for (const char* name : {"logistic", "square"}) {
    for (const std::int64_t n : {2, 9, 1000}) {
      const LossConstants paper = constants(name, Method::paper, n);
      EXPECT_EQ(paper.lipschitz.value, constants(name, Method::paper).lipschitz.value);
      EXPECT_EQ(paper.smoothness.value, constants(name, Method::paper).smoothness.value);
      const LossConstants one = constants(name, Method::sharp);
      const LossConstants mean = constants(name, Method::sharp, n);
      const auto count = static_cast<double>(n);
      EXPECT_TRUE(is_near(mean.lipschitz.value.to_double(),
                          one.lipschitz.value.to_double() / std::sqrt(count), 1e-14L));
      EXPECT_TRUE(is_near(mean.smoothness.value.to_double(),
                          one.smoothness.value.to_double() / count, 1e-14L));
    }
  }
}

// The larger a position's softmax, p - t is at a vertex: never longer, and there as long.
TEST(Logistic, SmoothedLabelsAreNearerToTheSimplex) {
  for (const auto& [smoothing, classes] :
       {std::pair{"0.1", 5}, {"0.3", 2}, {"1", 7}, {"0", 3}, {"0.5", 3}}) {
    SCOPED_TRACE(smoothing);
    const long double e = std::stold(smoothing);
    LossSite site{Method::sharp, 1, {}, {}};
    site.classes = classes;
    site.label_smoothing = Real::from_decimal(smoothing);
    const LossConstants f = loss_constants(*find_loss("logistic"), site);
    const long double l = f.lipschitz.value.to_double();
    const auto k = static_cast<std::size_t>(classes);
    const long double share = e / static_cast<long double>(classes);
    const auto gradient = [&](const Vector& z) {
      Vector result = logistic_gradient(z, 0);
      for (long double& entry : result) entry -= share;
      result[0] += e;
      return norm(result);
    };
    Random random(3);
    for (int i = 0; i < 2000; ++i) {
      EXPECT_LE(gradient(scaled(random.vector(k), std::pow(3.0L, i % 5))), l * rounding);
    }
    Vector far(k);
    far[1] = 100;
    EXPECT_TRUE(is_near(gradient(far), l, 1e-12L));
    EXPECT_EQ(f.smoothness.value, Magnitude::from_double(0.5));
    site.method = Method::paper;
    EXPECT_EQ(loss_constants(*find_loss("logistic"), site).lipschitz.value,
              Magnitude::from_count(2));
  }
}

// Where predictions have norms of at most m no class is more likely than 1/(1 + (K-1) exp(-sqrt(2)
// m)), which two classes reach; gradient and Hessian are the smaller for it.
TEST(Logistic, IsFlatterOnABallOfPredictions) {
  for (const auto& [smoothing, classes, m] :
       {std::tuple{"0", 2, 1.0}, {"0", 1000, 1.0}, {"0.1", 5, 0.25}, {"0.2", 10, 2.0}}) {
    SCOPED_TRACE(classes);
    const double e = std::stod(smoothing);
    LossSite site{Method::sharp, 1, {}, {}};
    site.classes = classes;
    site.label_smoothing = Real::from_decimal(smoothing);
    const LossConstants everywhere = loss_constants(*find_loss("logistic"), site);
    site.position_bound = Magnitude::from_double(m);
    const LossConstants f = loss_constants(*find_loss("logistic"), site);
    const double p = 1 / (1 + (classes - 1) * std::exp(-std::sqrt(2.0) * m));
    const double target = (1 - e) * (1 - e) + 2 * (1 - e) * e / classes + e * e / classes;
    EXPECT_NEAR(f.smoothness.value.to_double(), std::min(0.5, p), 1e-15);
    EXPECT_NEAR(f.lipschitz.value.to_double(),
                std::min(everywhere.lipschitz.value.to_double(), std::sqrt(p + target)), 1e-15);
    Random random(5);
    for (int i = 0; i < 2000; ++i) {
      const Vector z = scaled(unit(random.vector(static_cast<std::size_t>(classes))), m);
      Vector gradient = logistic_gradient(z, 0);
      for (long double& entry : gradient) entry -= e / classes;
      gradient[0] += e;
      ASSERT_LE(norm(gradient), f.lipschitz.value.to_double() * rounding);
    }
    if (classes == 2) {
      const long double half = m / std::sqrt(2.0L);
      EXPECT_TRUE(is_near(1 + logistic_gradient({half, -half}, 0)[0], p, 1e-15L));
    }
    site.position_bound = Magnitude::infinity();
    EXPECT_EQ(loss_constants(*find_loss("logistic"), site).lipschitz.value,
              everywhere.lipschitz.value);
  }
}

TEST(BinaryLogistic, IsFlatterOnABallOfPredictions) {
  LossSite site{Method::sharp, 1, {}, {}};
  site.entry_bound = Magnitude::from_count(2);
  const LossConstants f = loss_constants(*find_loss("binary_logistic"), site);
  EXPECT_NEAR(f.lipschitz.value.to_double(), 1 / (1 + std::exp(-2.0)), 1e-15);
  EXPECT_EQ(f.smoothness.value, Magnitude::from_double(0.25));
}

// <z, f'' z> of a term, where z is not small: 4 K/e^2 of K classes, and the supremum of x^2 s(1-s).
TEST(Loss, RadialCurvatures) {
  LossSite site{Method::sharp, 1, {}, {}};
  for (const int classes : {2, 5, 1000}) {
    site.classes = classes;
    const Magnitude bound = loss_constants(*find_loss("logistic"), site).radial_curvature;
    const long double exact = 4 * classes * std::exp(-2.0L);
    EXPECT_GE(static_cast<long double>(bound.to_double()), exact * (1 - 1e-15L));
    EXPECT_LE(static_cast<long double>(bound.to_double()), exact * (1 + 1e-15L));
    // All classes at -2, but for one at 0.
    for (double shift = 0; shift < 6; shift += 0.25) {
      const long double rest = (classes - 1) * std::exp(-static_cast<long double>(shift));
      const long double variance = shift * shift * rest / ((1 + rest) * (1 + rest));
      EXPECT_LE(variance, exact);
    }
  }
  long double largest = 0;
  for (long double x = 2; x < 3; x += 1e-5L) {
    const long double s = 1 / (1 + std::exp(-x));
    largest = std::max(largest, x * x * s * (1 - s));
  }
  const double binary =
      loss_constants(*find_loss("binary_logistic"), site).radial_curvature.to_double();
  EXPECT_GE(binary, static_cast<double>(largest));
  EXPECT_LE(binary, static_cast<double>(largest * (1 + 1e-9L)));
  EXPECT_TRUE(loss_constants(*find_loss("square"), site).radial_curvature.is_infinite());
  site.method = Method::paper;
  EXPECT_TRUE(loss_constants(*find_loss("binary_logistic"), site).radial_curvature.is_infinite());
}

// What each level sums over, of 3 samples with 4 positions of 5 classes.
TEST(Loss, TermsThatALevelSumsOver) {
  struct Case {
    const char* loss;
    std::size_t level;
    bool divides;
    std::int64_t terms;
  };
  for (const Case& c :
       {Case{"square", euclidean, true, 3}, Case{"square", per_sample, true, 1},
        Case{"square", per_position, false, 3}, Case{"square", maximum, false, 1},
        Case{"logistic", euclidean, true, 12}, Case{"logistic", per_sample, true, 4},
        Case{"logistic", per_position, true, 3}, Case{"logistic", per_token, true, 1},
        Case{"logistic", maximum, false, 1}, Case{"huber", euclidean, true, 60},
        Case{"huber", per_position, true, 15}, Case{"huber", maximum, true, 1},
        Case{"huber", centred_euclidean, false, 60}, Case{"convex_clustering", euclidean, true, 1},
        Case{"convex_clustering", per_sample, false, 1}}) {
    SCOPED_TRACE(std::string(c.loss) + " " + std::string(levels[c.level].name));
    LossSite site{Method::sharp, 3, {}, {}};
    site.classes = 5;
    site.positions = 4;
    EXPECT_EQ(divides_terms(*find_loss(c.loss), c.level), c.divides);
    EXPECT_EQ(summed_terms(*find_loss(c.loss), site, c.level), LowerBound::from_count(c.terms));
  }
}

// n terms for the samples, n P for positions, n q for scalars; the paper's mean has their maximum.
TEST(Loss, TermsAreCounted) {
  const auto of = [](const char* name, Method method) {
    LossSite site{method, 5, Magnitude::infinity(), Magnitude::from_count(2)};
    site.classes = 3;
    site.positions = 4;
    return loss_constants(*find_loss(name), site);
  };
  const auto expect = [&](const char* name, long double terms, long double l, long double L) {
    SCOPED_TRACE(name);
    const LossConstants sharp = of(name, Method::sharp);
    EXPECT_TRUE(is_near(sharp.lipschitz.value.to_double(), l / std::sqrt(terms), 1e-15L));
    EXPECT_TRUE(is_near(sharp.smoothness.value.to_double(), L / terms, 1e-15L));
  };
  expect("logistic", 20, std::sqrt(2.0L), 0.5L);
  expect("binary_logistic", 60, 1, 0.25L);
  expect("huber", 60, 1, 1);
  for (const char* name : {"binary_logistic", "huber"}) {
    EXPECT_EQ(of(name, Method::paper).lipschitz.value, Magnitude::from_count(1));
  }
  EXPECT_EQ(of("binary_logistic", Method::paper).smoothness.value, Magnitude::from_double(0.25));
  EXPECT_EQ(of("huber", Method::paper).smoothness.value, Magnitude::from_count(1));
}

// 10 samples of 5 classes, smoothing 0.1; 20 scalars, threshold 1.5.
TEST(Loss, ConstantsInNumbers) {
  const auto of = [](const char* name, std::int64_t samples, std::int64_t classes) {
    LossSite site{Method::sharp, samples, Magnitude::infinity(), {}};
    site.classes = classes;
    site.label_smoothing = Real::from_decimal("0.1");
    site.threshold = Real::from_decimal("1.5");
    return loss_constants(*find_loss(name), site);
  };
  const auto expect = [](const LossConstants& f, long double l, long double L) {
    EXPECT_TRUE(is_near(f.lipschitz.value.to_double(), l, 1e-15L));
    EXPECT_TRUE(is_near(f.smoothness.value.to_double(), L, 1e-15L));
  };
  expect(of("logistic", 10, 5), 0.42520583250938597632L, 0.05L);
  expect(of("binary_logistic", 4, 5), 0.22360679774997896964L, 0.0125L);
  expect(of("huber", 4, 5), 0.33541019662496845446L, 0.05L);
}

// F(z) = (1/n) sum f_i(z_i) where every f_i has its steepest slope: the constant is reached.
TEST(Loss, MeanOfSteepestTermsReachesTheSharpConstant) {
  const std::size_t n = 7;
  Vector stacked;
  for (std::size_t i = 0; i < n; ++i) {
    for (const long double entry : logistic_gradient({-40, 40}, 0)) {
      stacked.push_back(entry / static_cast<long double>(n));
    }
  }
  EXPECT_TRUE(is_near(norm(stacked),
                      constants("logistic", Method::sharp, 7).lipschitz.value.to_double(), 1e-12L));
}

// Gradient of min_y sum ||y_i - z_i||^2 / 2 + sum_{i<j} ||y_i - y_j||, which is z - y at the
// minimum; found on the dual: maximize over |u_ij| <= 1 the form <z, D^T u> - ||D^T u||^2 / 2.
Vector clustering_gradient(const Vector& z, std::size_t n, std::size_t d) {
  std::vector<Vector> dual(n * n, Vector(d));
  Vector g(n * d);
  for (int step = 0; step < 4000; ++step) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) {
        Vector& u = dual[i * n + j];
        Vector next = u;
        // y_i - y_j is the slope along u_ij; 1/(2n) is a safe step.
        for (std::size_t k = 0; k < d; ++k) {
          const long double slope = z[i * d + k] - g[i * d + k] - z[j * d + k] + g[j * d + k];
          next[k] += slope / (2 * static_cast<long double>(n));
        }
        if (norm(next) > 1) next = unit(next);
        for (std::size_t k = 0; k < d; ++k) {
          g[i * d + k] += next[k] - u[k];
          g[j * d + k] -= next[k] - u[k];
        }
        u = next;
      }
    }
  }
  return g;
}

TEST(ConvexClustering, SampledGradientsNeverExceedTheConstants) {
  for (const std::size_t n : {std::size_t{2}, std::size_t{3}, std::size_t{5}}) {
    Random random(static_cast<std::uint32_t>(n));
    for (const long double size : {0.1L, 1.0L, 30.0L}) {
      const Vector a = scaled(random.vector(2 * n), size);
      const Vector b = along(a, 0.1L * size, random.vector(2 * n));
      const Vector ga = clustering_gradient(a, n, 2);
      const Vector gb = clustering_gradient(b, n, 2);
      for (const Method method : {Method::paper, Method::sharp}) {
        const LossConstants f =
            constants("convex_clustering", method, static_cast<std::int64_t>(n));
        EXPECT_LE(norm(ga), f.lipschitz.value.to_double() * rounding);
        EXPECT_LE(norm(along(ga, -1, gb)),
                  f.smoothness.value.to_double() * norm(along(a, -1, b)) + 1e-6L);
      }
    }
  }
}

// Two points far apart: the gradient is (e, -e) with |e| = 1, of norm sqrt 2; n(n-1)/2 = 1 is too
// small, so the paper's constant is not used there.
TEST(ConvexClustering, TwoPointsNeedMoreThanThePaperSays) {
  const Vector g = clustering_gradient({10, 0, -10, 0}, 2, 2);
  EXPECT_TRUE(is_near(norm(g), std::sqrt(2.0L), 1e-9L));
  for (const Method method : {Method::paper, Method::sharp}) {
    const double l = constants("convex_clustering", method, 2).lipschitz.value.to_double();
    EXPECT_TRUE(is_near(l, std::sqrt(2.0L), 1e-15L)) << name_of(method);
  }
  EXPECT_EQ(constants("convex_clustering", Method::paper, 5).lipschitz.value,
            Magnitude::from_count(10));
  EXPECT_TRUE(is_near(constants("convex_clustering", Method::sharp, 5).lipschitz.value.to_double(),
                      5 * std::sqrt(2.0L), 1e-14L));
  EXPECT_EQ(constants("convex_clustering", Method::sharp, 5).smoothness.value,
            Magnitude::from_count(1));
  EXPECT_TRUE(constants("convex_clustering", Method::sharp, 1).lipschitz.value.is_zero());
}

TEST(Loss, ThoseThatAreNotSmoothSayWhy) {
  for (const char* name : {"k_means", "spectral_clustering"}) {
    for (const Method method : {Method::paper, Method::sharp}) {
      const LossConstants f = constants(name, method, 10);
      EXPECT_TRUE(f.lipschitz.value.is_infinite()) << name;
      EXPECT_TRUE(f.smoothness.value.is_infinite()) << name;
      EXPECT_THAT(std::string(f.smoothness.source), testing::HasSubstr("not smooth")) << name;
    }
  }
}

TEST(Loss, NamesAreFoundAndUnknownOnesAreNot) {
  for (const LossRow& row : loss_table()) EXPECT_EQ(find_loss(row.name), &row);
  EXPECT_EQ(find_loss("hinge"), nullptr);
}

}  // namespace
}  // namespace smoothbound
