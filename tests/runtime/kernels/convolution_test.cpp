// Convolutions against sums written out: patches that are read at once, line by line, sample by
// sample, side by side, and as rows.
#include <gtest/gtest.h>

#include "runtime/networks.hpp"

namespace smoothbound {
namespace {

struct Case {
  const char* conv;
  std::int64_t channels, side;
  std::int64_t filters, kernel, stride, dilation, padding, groups;
  std::int64_t batch;
};

std::string text_of(const Case& c) {
  return "name: net\nradius: 1\ninput: {shape: [" + std::to_string(c.channels) + ", " +
         std::to_string(c.side) + ", " + std::to_string(c.side) +
         "], norm: 1}\nlayers:\n  - {name: a, conv: {" + c.conv + "}}\n";
}

// Outputs of a sample.
std::vector<double> written_out(const Case& c, std::int64_t side, const double* w,
                                const double* z) {
  const std::int64_t in_group = c.channels / c.groups;
  const double* const bias = w + c.filters * in_group * c.kernel * c.kernel;
  std::vector<double> y;
  for (std::int64_t f = 0; f < c.filters; ++f) {
    const std::int64_t first = f / (c.filters / c.groups) * in_group;
    for (std::int64_t place = 0; place < side * side; ++place) {
      double sum = bias[f];
      for (std::int64_t i = 0; i < in_group * c.kernel * c.kernel; ++i) {
        const std::int64_t channel = first + i / (c.kernel * c.kernel);
        const std::int64_t row =
            place / side * c.stride + i / c.kernel % c.kernel * c.dilation - c.padding;
        const std::int64_t column = place % side * c.stride + i % c.kernel * c.dilation - c.padding;
        if (row < 0 || row >= c.side || column < 0 || column >= c.side) continue;
        sum += w[f * in_group * c.kernel * c.kernel + i] *
               z[(channel * c.side + row) * c.side + column];
      }
      y.push_back(sum);
    }
  }
  return y;
}

constexpr Case cases[] = {
    {"filters: 3, kernel: 3, padding: 1", 2, 7, 3, 3, 1, 1, 1, 1, 1},
    {"filters: 3, kernel: 3, padding: 2, stride: 2, dilation: 2", 2, 9, 3, 3, 2, 2, 2, 1, 40},
    {"filters: 4, kernel: 2, stride: 3, padding: 1, groups: 2", 6, 8, 4, 2, 3, 1, 1, 2, 9},
    {"filters: 1, kernel: 3, padding: 1", 2, 6, 1, 3, 1, 1, 1, 1, 33},
    {"filters: 5, kernel: 4", 3, 4, 5, 4, 1, 1, 0, 1, 70},
    {"filters: 5, kernel: 5, padding: 1", 3, 3, 5, 5, 1, 1, 1, 1, 70},
    {"filters: 4, kernel: 3, groups: 2", 2, 3, 4, 3, 1, 1, 0, 2, 20},
    {"filters: 2, kernel: 5, padding: 4, dilation: 3", 1, 6, 2, 5, 1, 3, 4, 1, 3},
    // Not all of its patches are read at once.
    {"filters: 2, kernel: 3, padding: 1", 64, 60, 2, 3, 1, 1, 1, 1, 1},
};

TEST(Convolutions, AreSumsOverPatches) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.conv);
    const Graph graph = testing::graph_of(text_of(c), c.batch);
    Network<double> network(graph, c.batch);
    std::mt19937_64 random(3);
    const auto w = testing::random_vector<double>(network.parameters().size(), random);
    network.set_parameters(w);
    const auto x = testing::random_input(graph, c.batch, random);
    Trajectory<double> at = forward<double>(network, x);
    const std::span<const double> y = at.output();
    const std::int64_t side = network.output_shape().sizes().back();
    const auto outputs = static_cast<std::size_t>(network.output_shape().elements());
    for (std::int64_t n = 0; n < c.batch; ++n) {
      const std::vector<double> exact =
          written_out(c, side, w.data(), x.data() + n * graph.input.elements());
      ASSERT_EQ(exact.size(), outputs);
      for (std::size_t o = 0; o < outputs; ++o) {
        ASSERT_NEAR(y[static_cast<std::size_t>(n) * outputs + o], exact[o], 1e-11);
      }
    }
    // <mu, jvp(w_dot, x_dot)> = <vjp(mu), (w_dot, x_dot)>
    const auto mu = testing::random_vector<double>(y.size(), random);
    const auto w_dot = testing::random_vector<double>(w.size(), random);
    const auto x_dot = testing::random_vector<double>(x.size(), random);
    std::vector<double> y_dot(y.size());
    std::vector<double> of_w(w.size());
    std::vector<double> of_x(x.size());
    jvp<double>(at, w_dot, x_dot, y_dot);
    vjp<double>(at, mu, of_w, of_x);
    double pushed = 0;
    double pulled = 0;
    double size = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      pushed += mu[i] * y_dot[i];
      size += std::abs(mu[i] * y_dot[i]);
    }
    for (std::size_t i = 0; i < w.size(); ++i) pulled += of_w[i] * w_dot[i];
    for (std::size_t i = 0; i < x.size(); ++i) pulled += of_x[i] * x_dot[i];
    EXPECT_NEAR(pushed, pulled, 1e-12 * size);
  }
}

}  // namespace
}  // namespace smoothbound
