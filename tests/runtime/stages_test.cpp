#include "smoothbound/runtime/stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "networks.hpp"

namespace smoothbound {
namespace {

using testing::random_vector;
using Vector = std::vector<double>;

constexpr std::string_view chain = R"(
input: {shape: [2, 4, 4], norm: 1}
layers:
  - conv: {filters: 3, kernel: 3, padding: same}
    then: [softplus, average_pool: 2, {batch_norm: {epsilon: 0.1, affine: true}}]
  - dense: 4
    then: [tanh]
  - dense: 3
    then: [softmax]
)";
constexpr std::int64_t batch = 2;

Vector times(const linalg::DenseMatrix& m, const Vector& x) {
  Vector y(static_cast<std::size_t>(m.rows));
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) {
      y[static_cast<std::size_t>(i)] += m(i, j) * x[static_cast<std::size_t>(j)];
    }
  }
  return y;
}

class Stages : public ::testing::Test {
 protected:
  Stages() {
    std::mt19937_64 random(5);
    w_ = testing::random_parameters(network_, random);
    x_ = random_vector<double>(static_cast<std::size_t>(network_.input_elements()), random);
    w_dot_ = random_vector<double>(w_.size(), random);
    mu_ = random_vector<double>(static_cast<std::size_t>(network_.output_elements()), random);
    network_.set_parameters(w_);
    staged_.forward(w_, x_);
  }
  Vector part(const Vector& w, std::size_t l) const {
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < l; ++k) begin += staged_.layer(k).parameter_layout().elements;
    const auto first = w.begin() + begin;
    return {first, first + staged_.layer(l).parameter_layout().elements};
  }

  Graph graph_ = testing::graph_of(chain, batch);
  Network<double> network_{graph_, batch};
  StagedNetwork staged_{graph_, batch};
  Vector w_, x_, w_dot_, mu_;
};

TEST_F(Stages, ForwardIsThatOfTheNetwork) {
  Trajectory<double> trajectory(network_);
  forward<double>(x_, trajectory);
  const auto expected = trajectory.output();
  const auto found = staged_.forward(w_, x_);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_DOUBLE_EQ(found[i], expected[i]);
}

// (15): z~_l = A_l z~_{l-1} + B_l v~_l is the linearized chain.
TEST_F(Stages, LinearStagesGiveTheLinearizedChain) {
  Trajectory<double> trajectory(network_);
  forward<double>(x_, trajectory);
  Vector expected(mu_.size());
  jvp<double>(trajectory, w_dot_, {}, expected);
  Vector z_dot(x_.size());
  for (std::size_t l = 0; l < staged_.size(); ++l) {
    const LinearStage stage = staged_.linear_stage(l);
    Vector next = times(stage.A, z_dot);
    const Vector own = times(stage.B, part(w_dot_, l));
    for (std::size_t i = 0; i < next.size(); ++i) next[i] += own[i];
    z_dot = next;
  }
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(z_dot[i], expected[i], 1e-12);
}

// w_dot^T hess (mu^T psi) w_dot is the sum of the stages' quadratic forms along the linearized
// chain, with lambda by back-propagation: Prop 3.1 (3).
TEST_F(Stages, QuadraticStagesAddUpToTheHessian) {
  Trajectory<double> trajectory(network_);
  forward<double>(x_, trajectory);
  Vector product(w_.size());
  hvp<double>(trajectory, mu_, w_dot_, product);
  const double expected = testing::dot(product, w_dot_);

  std::vector<Vector> lambdas(staged_.size() + 1);
  lambdas.back() = mu_;
  for (std::size_t l = staged_.size(); l-- > 0;) {
    Vector by_v(part(w_, l).size());
    lambdas[l].resize(static_cast<std::size_t>(staged_.layer(l).input_elements()));
    vjp<double>(staged_.trajectory(l), lambdas[l + 1], by_v, lambdas[l]);
  }
  Vector z_dot(x_.size());
  double sum = 0;
  for (std::size_t l = 0; l < staged_.size(); ++l) {
    const Vector v_dot = part(w_dot_, l);
    const QuadraticStage second = staged_.quadratic_stage(l, lambdas[l + 1]);
    sum += testing::dot(z_dot, times(second.zz, z_dot)) +
           2 * testing::dot(z_dot, times(second.zv, v_dot)) +
           testing::dot(v_dot, times(second.vv, v_dot));
    for (std::int64_t i = 0; i < second.vv.rows; ++i) {
      for (std::int64_t j = 0; j < i; ++j) ASSERT_NEAR(second.vv(i, j), second.vv(j, i), 1e-12);
    }
    Vector next(static_cast<std::size_t>(staged_.layer(l).output_elements()));
    jvp<double>(staged_.trajectory(l), v_dot, z_dot, next);
    z_dot = next;
  }
  EXPECT_NEAR(sum, expected, 1e-11 * (1 + std::fabs(expected)));
}

TEST(StagedNetwork, NeedsAChain) {
  const Graph graph = testing::graph_of(R"(
input: {shape: [2], norm: 1}
layers:
  - name: a
    dense: 2
  - name: b
    add: [a, input]
)",
                                        1);
  EXPECT_THAT(([&] { StagedNetwork(graph, 1); }),
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "layer 'b' does not read just the layer before it: no chain"));
}

}  // namespace
}  // namespace smoothbound
