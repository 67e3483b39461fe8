// Attention against its formula.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "networks.hpp"

namespace smoothbound::testing {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Of one layer of attention, by the name behind that of the layer.
class Projections {
 public:
  Projections(const ParameterLayout& layout, const std::vector<double>& w) {
    for (const ParameterArray& array : layout.arrays) {
      const auto first = w.begin() + static_cast<std::ptrdiff_t>(array.offset);
      arrays_[array.name] = {first, first + static_cast<std::ptrdiff_t>(array.elements)};
    }
  }
  // W z + b for each column z.
  [[nodiscard]] Matrix apply(const std::string& name, const Matrix& z) const {
    const std::vector<double>& weight = arrays_.at(name + ".weight");
    const std::vector<double>& bias = arrays_.at(name + ".bias");
    Matrix y(bias.size(), std::vector<double>(z.front().size()));
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t t = 0; t < y[i].size(); ++t) {
        y[i][t] = bias[i];
        for (std::size_t j = 0; j < z.size(); ++j) y[i][t] += weight[i * z.size() + j] * z[j][t];
      }
    }
    return y;
  }

 private:
  std::map<std::string, std::vector<double>> arrays_;
};

Matrix attend(const Projections& layer, const Matrix& z, std::size_t heads, bool causal) {
  const Matrix q = layer.apply("a.query", z);
  const Matrix k = layer.apply("a.key", z);
  const Matrix v = layer.apply("a.value", z);
  const std::size_t tokens = z.front().size();
  const std::size_t d = q.size() / heads;
  Matrix mixed(q.size(), std::vector<double>(tokens));
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t query = 0; query < tokens; ++query) {
      const std::size_t keys = causal ? query + 1 : tokens;
      std::vector<double> p(keys);
      double sum = 0;
      for (std::size_t key = 0; key < keys; ++key) {
        double score = 0;
        for (std::size_t c = h * d; c < (h + 1) * d; ++c) score += q[c][query] * k[c][key];
        p[key] = std::exp(score / std::sqrt(static_cast<double>(d)));
        sum += p[key];
      }
      for (std::size_t c = h * d; c < (h + 1) * d; ++c) {
        for (std::size_t key = 0; key < keys; ++key) {
          mixed[c][query] += p[key] / sum * v[c][key];
        }
      }
    }
  }
  return layer.apply("a", mixed);
}

template <class Scalar>
void expect_formula(double tolerance) {
  for (const std::size_t heads : {1U, 2U, 3U, 6U}) {
    const bool causal = heads % 2 == 0;
    SCOPED_TRACE(heads);
    constexpr std::size_t features = 6;
    constexpr std::size_t tokens = 5;
    constexpr std::size_t batch = 2;
    const Graph graph = graph_of(
        fmt::format("input: {{shape: [6, 5]}}\nlayers:\n  - {{name: a, attention: {{heads: {}, "
                    "causal: {}}}}}\n",
                    heads, causal),
        batch);
    std::mt19937_64 random(heads);
    Network<Scalar> network(graph, batch);
    const std::vector<double> w = random_vector<double>(network.parameters().size(), random);
    network.set_parameters(std::vector<Scalar>(w.begin(), w.end()));
    const auto x = random_vector<Scalar>(batch * features * tokens, random);
    Trajectory<Scalar> trajectory(network);
    forward<Scalar>(x, trajectory);
    const std::span<const Scalar> y = trajectory.output();
    const Projections layer(network.parameter_layout(), w);
    for (std::size_t n = 0; n < batch; ++n) {
      Matrix z(features, std::vector<double>(tokens));
      const std::size_t sample = n * features * tokens;
      for (std::size_t i = 0; i < features; ++i) {
        for (std::size_t t = 0; t < tokens; ++t) {
          z[i][t] = static_cast<double>(x[sample + i * tokens + t]);
        }
      }
      const Matrix expected = attend(layer, z, heads, causal);
      for (std::size_t i = 0; i < features; ++i) {
        for (std::size_t t = 0; t < tokens; ++t) {
          EXPECT_NEAR(static_cast<double>(y[sample + i * tokens + t]), expected[i][t], tolerance);
        }
      }
    }
  }
}

TEST(Attention, IsItsFormula) {
  expect_formula<double>(1e-12);
  expect_formula<float>(2e-4);
}

}  // namespace
}  // namespace smoothbound::testing
