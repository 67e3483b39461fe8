#include "smoothbound/runtime/oracle.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "networks.hpp"

namespace smoothbound {
namespace {

using testing::dot;
using testing::kinked_networks;
using testing::NamedNetwork;
using testing::random_vector;
using testing::smooth_networks;
using Vector = std::vector<double>;

struct OracleCase {
  NamedNetwork network;
  std::int64_t batch;
  std::uint64_t seed;
  bool fixed_statistics = false;

  [[nodiscard]] Graph graph() const {
    Graph graph = testing::graph_of(network.text, batch);
    return fixed_statistics ? testing::with_statistics_of_a_batch(graph, seed) : graph;
  }
};

std::vector<OracleCase> cases_of(std::span<const NamedNetwork> networks) {
  std::vector<OracleCase> cases;
  for (const NamedNetwork& network : networks) {
    for (const std::int64_t batch : {2, 5}) {
      cases.push_back({network, batch, 17});
      cases.push_back({network, batch, 18});
    }
    if (network.name.starts_with("BatchNorm")) cases.push_back({network, 1, 17, true});
  }
  return cases;
}

std::string name_of_case(const ::testing::TestParamInfo<OracleCase>& info) {
  return std::string(info.param.network.name) + "Batch" + std::to_string(info.param.batch) +
         "Seed" + std::to_string(info.param.seed) + (info.param.fixed_statistics ? "Fixed" : "");
}

class Derivatives : public ::testing::TestWithParam<OracleCase> {
 protected:
  Derivatives()
      : random_(GetParam().seed),
        network_(GetParam().graph(), GetParam().batch),
        w_(testing::random_parameters(network_, random_)),
        x_(testing::random_input(GetParam().graph(), GetParam().batch, random_)),
        trajectory_(network_) {
    run(w_, x_);
  }

  Vector run(const Vector& w, const Vector& x) {
    network_.set_parameters(w);
    forward<double>(x, trajectory_);
    const auto y = trajectory_.output();
    return {y.begin(), y.end()};
  }
  [[nodiscard]] std::size_t outputs() const {
    return static_cast<std::size_t>(network_.output_elements());
  }
  static Vector moved(const Vector& from, double step, const Vector& direction) {
    Vector to = from;
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += step * direction[i];
    return to;
  }
  // Every component agrees, relative to the largest one.
  static void expect_near(const Vector& found, const Vector& expected, double tolerance) {
    double largest = 0;
    for (const double e : expected) largest = std::max(largest, std::fabs(e));
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], tolerance * (largest + 1e-3)) << "component " << i;
    }
  }
  // (f(w + h d) - f(w - h d)) / 2h, extrapolated: an error of order h^4.
  template <class F>
  static Vector difference(const F& f, double h) {
    const auto slope = [&](double step) {
      Vector up = f(step);
      const Vector down = f(-step);
      for (std::size_t i = 0; i < up.size(); ++i) up[i] = (up[i] - down[i]) / (2 * step);
      return up;
    };
    Vector fine = slope(h / 2);
    const Vector coarse = slope(h);
    for (std::size_t i = 0; i < fine.size(); ++i) fine[i] += (fine[i] - coarse[i]) / 3;
    return fine;
  }

  void single_precision_follows();

  std::mt19937_64 random_;
  Network<double> network_;
  Vector w_;
  Vector x_;
  Trajectory<double> trajectory_;
};

TEST_P(Derivatives, VjpIsTheAdjointOfJvp) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const Vector x_dot = random_vector<double>(x_.size(), random_);
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector y_dot(outputs());
  jvp<double>(trajectory_, w_dot, x_dot, y_dot);
  Vector grad_w(w_.size());
  Vector grad_x(x_.size());
  vjp<double>(trajectory_, mu, grad_w, grad_x);
  double size = 0;
  for (std::size_t i = 0; i < w_.size(); ++i) size += std::fabs(grad_w[i] * w_dot[i]);
  for (std::size_t i = 0; i < x_.size(); ++i) size += std::fabs(grad_x[i] * x_dot[i]);
  EXPECT_NEAR(dot(mu, y_dot), dot(grad_w, w_dot) + dot(grad_x, x_dot), 1e-12 * size);
}

TEST_P(Derivatives, JvpMatchesDifferences) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const Vector x_dot = random_vector<double>(x_.size(), random_);
  Vector y_dot(outputs());
  jvp<double>(trajectory_, w_dot, x_dot, y_dot);
  const auto along = [&](double step) {
    return run(moved(w_, step, w_dot), moved(x_, step, x_dot));
  };
  expect_near(y_dot, difference(along, 1e-3), 1e-7);
}

// In a hundred components or less, others for each network.
TEST_P(Derivatives, VjpMatchesDifferencesInComponents) {
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector grad_w(w_.size());
  vjp<double>(trajectory_, mu, grad_w);
  Vector found;
  Vector expected;
  // Some tell enough: the adjoint of jvp is held against jvp in all components at once.
  const std::size_t stride = 1 + w_.size() / 100;
  for (std::size_t i = GetParam().seed % stride; i < w_.size(); i += stride) {
    Vector unit(w_.size());
    unit[i] = 1;
    const auto along = [&](double step) { return run(moved(w_, step, unit), x_); };
    found.push_back(grad_w[i]);
    expected.push_back(dot(mu, difference(along, 2e-3)));
  }
  ASSERT_FALSE(expected.empty());
  expect_near(found, expected, 1e-7);
}

TEST_P(Derivatives, HvpMatchesDifferencesOfVjp) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector h(w_.size());
  hvp<double>(trajectory_, mu, w_dot, h);
  const auto along = [&](double step) {
    run(moved(w_, step, w_dot), x_);
    Vector grad_w(w_.size());
    vjp<double>(trajectory_, mu, grad_w);
    return grad_w;
  };
  expect_near(h, difference(along, 1e-3), 1e-6);
}

TEST_P(Derivatives, HvpFollowsACotangentThatMoves) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const auto y = trajectory_.output();
  // f = sum y^4/4: mu = y^3, mu_dot = 3 y^2 y_dot
  const auto mu_of = [](std::span<const double> outputs) {
    Vector mu;
    for (const double v : outputs) mu.push_back(v * v * v);
    return mu;
  };
  Vector h(w_.size());
  const Vector at(y.begin(), y.end());
  hvp<double>(trajectory_, mu_of(at), w_dot, h,
              [&](std::span<const double> y_dot, std::span<double> mu_dot) {
                for (std::size_t i = 0; i < at.size(); ++i)
                  mu_dot[i] = 3 * at[i] * at[i] * y_dot[i];
              });
  const auto along = [&](double step) {
    const Vector outputs = run(moved(w_, step, w_dot), x_);
    Vector grad_w(w_.size());
    vjp<double>(trajectory_, mu_of(outputs), grad_w);
    return grad_w;
  };
  expect_near(h, difference(along, 1e-3), 1e-6);
}

TEST_P(Derivatives, HessianIsSymmetric) {
  const Vector a = random_vector<double>(w_.size(), random_);
  const Vector b = random_vector<double>(w_.size(), random_);
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector along_a(w_.size());
  Vector along_b(w_.size());
  hvp<double>(trajectory_, mu, a, along_a);
  hvp<double>(trajectory_, mu, b, along_b);
  double size = 0;
  for (std::size_t i = 0; i < w_.size(); ++i) size += std::fabs(along_a[i] * b[i]);
  EXPECT_NEAR(dot(along_a, b), dot(along_b, a), 1e-12 * size);
}

TEST_P(Derivatives, SecondDirectionalMatchesDifferencesOfJvpAndHvp) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  Vector y_ddot(outputs());
  second_directional<double>(trajectory_, w_dot, y_ddot);
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector h(w_.size());
  hvp<double>(trajectory_, mu, w_dot, h);
  double size = 0;
  for (std::size_t i = 0; i < w_.size(); ++i) size += std::fabs(h[i] * w_dot[i]);
  EXPECT_NEAR(dot(mu, y_ddot), dot(h, w_dot), 1e-11 * size);
  const auto along = [&](double step) {
    run(moved(w_, step, w_dot), x_);
    Vector y_dot(outputs());
    jvp<double>(trajectory_, w_dot, {}, y_dot);
    return y_dot;
  };
  expect_near(y_ddot, difference(along, 1e-3), 1e-6);
}

TEST_P(Derivatives, KeptCotangentsGiveTheSameProducts) {
  const Vector mu = random_vector<double>(outputs(), random_);
  const Vector other_mu = random_vector<double>(outputs(), random_);
  Trajectory<double> keeping(network_, KeepCotangents::yes);
  forward<double>(x_, keeping);
  for (const Vector& m : {mu, mu, other_mu}) {
    const Vector w_dot = random_vector<double>(w_.size(), random_);
    Vector h(w_.size());
    Vector kept(w_.size());
    hvp<double>(trajectory_, m, w_dot, h);
    hvp<double>(keeping, m, w_dot, kept);
    EXPECT_EQ(h, kept);
  }
}

// float32 is held against float64 by the rounding that each of its sums can collect.
void Derivatives::single_precision_follows() {
  Network<float> single(GetParam().graph(), GetParam().batch);
  const auto narrow = [](const Vector& v) { return std::vector<float>(v.begin(), v.end()); };
  const auto wide = [](const std::vector<float>& v) { return Vector(v.begin(), v.end()); };
  single.set_parameters(narrow(w_));
  const std::vector<float> x = narrow(x_);
  Trajectory<float> trajectory(single);
  forward<float>(x, trajectory);
  const auto y = trajectory.output();
  constexpr double tolerance = 3e-5;
  const auto y64 = trajectory_.output();
  expect_near(Vector(y.begin(), y.end()), Vector(y64.begin(), y64.end()), tolerance);

  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const Vector x_dot = random_vector<double>(x_.size(), random_);
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector y_dot(outputs());
  Vector grad_w(w_.size());
  Vector grad_x(x_.size());
  Vector h(w_.size());
  Vector y_ddot(outputs());
  jvp<double>(trajectory_, w_dot, x_dot, y_dot);
  vjp<double>(trajectory_, mu, grad_w, grad_x);
  hvp<double>(trajectory_, mu, w_dot, h);
  second_directional<double>(trajectory_, w_dot, y_ddot);
  std::vector<float> y_dot32(outputs());
  std::vector<float> grad_w32(w_.size());
  std::vector<float> grad_x32(x_.size());
  std::vector<float> h32(w_.size());
  std::vector<float> y_ddot32(outputs());
  jvp<float>(trajectory, narrow(w_dot), narrow(x_dot), y_dot32);
  vjp<float>(trajectory, narrow(mu), grad_w32, grad_x32);
  hvp<float>(trajectory, narrow(mu), narrow(w_dot), h32);
  second_directional<float>(trajectory, narrow(w_dot), y_ddot32);
  expect_near(wide(y_dot32), y_dot, tolerance);
  expect_near(wide(grad_w32), grad_w, tolerance);
  expect_near(wide(grad_x32), grad_x, tolerance);
  expect_near(wide(h32), h, tolerance);
  expect_near(wide(y_ddot32), y_ddot, tolerance);
}

TEST_P(Derivatives, SinglePrecisionFollows) { single_precision_follows(); }

INSTANTIATE_TEST_SUITE_P(All, Derivatives, ::testing::ValuesIn(cases_of(smooth_networks)),
                         name_of_case);

// Steps so small that almost surely no kink lies within them.
class KinkedDerivatives : public Derivatives {};

TEST_P(KinkedDerivatives, MatchDifferencesAndEachOther) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const Vector mu = random_vector<double>(outputs(), random_);
  Vector y_dot(outputs());
  Vector grad_w(w_.size());
  jvp<double>(trajectory_, w_dot, {}, y_dot);
  vjp<double>(trajectory_, mu, grad_w);
  double size = 0;
  for (std::size_t i = 0; i < w_.size(); ++i) size += std::fabs(grad_w[i] * w_dot[i]);
  EXPECT_NEAR(dot(mu, y_dot), dot(grad_w, w_dot), 1e-12 * size);
  Vector h(w_.size());
  hvp<double>(trajectory_, mu, w_dot, h);
  const auto along = [&](double step) { return run(moved(w_, step, w_dot), x_); };
  expect_near(y_dot, difference(along, 1e-7), 1e-6);
  const auto gradient_along = [&](double step) {
    run(moved(w_, step, w_dot), x_);
    Vector gradient(w_.size());
    vjp<double>(trajectory_, mu, gradient);
    return gradient;
  };
  expect_near(h, difference(gradient_along, 1e-7), 1e-5);
}

TEST_P(KinkedDerivatives, SinglePrecisionFollows) { single_precision_follows(); }

INSTANTIATE_TEST_SUITE_P(All, KinkedDerivatives, ::testing::ValuesIn(cases_of(kinked_networks)),
                         name_of_case);

}  // namespace
}  // namespace smoothbound
