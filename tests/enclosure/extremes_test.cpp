// Numbers at both ends of the range of doubles, where a part of a bound overflows or underflows.
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"

namespace smoothbound::test {
namespace {

// z^2 D^-1 is of the size of 1, and z D^-beta-1 no double.
TEST(EnclosureExtremes, LocalResponsesOfHugeNumbers) {
  for (const double size : {1e120, 1e130, 1e140, 1e150}) {
    SCOPED_TRACE(size);
    Trap of(
        "{dense: 2, then: [tanh]}, {dense: 3, then: [{local_response_norm: {size: 3, alpha: 1, "
        "beta: 0.75, k: 1}}]}, {dense: 2}",
        "1");
    of.set(0, {0.5, -0.25}, {0.5, 1});
    of.set(2, {size, -size / 2, size / 3, size / 4, -size}, {0});
    of.set(4, {std::sqrt(size), -std::sqrt(size), std::sqrt(size) / 2}, {0});
    check(of, 0.3);
    check(of, 1e-2);
  }
}

// Products that underflow before the scale multiplies them.
TEST(EnclosureExtremes, ProductsOfMatricesThatUnderflow) {
  Trap of("{name: y, matmul: {inputs: [input, input], scale: 1e300}, then: [flatten]}, {dense: 2}",
          "2, 2");
  of.loss = "square";
  of.x = {1e-165, 1e-170, -1e-165, 1e-164};
  of.set(0, {1e30, -1e30}, {0});
  of.set(1, {0}, {1});
  check(of, 1e-3);
}

// A normalization of numbers of another size, and of a like epsilon, is the same.
TEST(EnclosureExtremes, NormalizationsOfHugeNumbers) {
  for (const std::string norm : {"layer_norm", "rms_norm", "batch_norm"}) {
    std::vector<double> alphas;
    for (const int exponent : {40, 80, 110, 140}) {
      SCOPED_TRACE(norm + " " + std::to_string(exponent));
      const double size = std::pow(10.0, exponent);
      Trap of("{dense: 4, then: [{" + norm + ": {epsilon: 1e" + std::to_string(2 * exponent) +
                  "}}]}, {dense: 2}",
              "1", 2);
      of.x = {1, -0.5};
      of.set(0, {size, -size / 2, size / 3, size / 4}, {0.125, -0.25, 0.5, 0.25});
      of.set(2, {1, -1, 0.5}, {1});
      check(of, 0.1);
      LineEnclosure line(of.graph(), of.samples);
      line.set_line(of.w, of.d, of.x, 3);
      ASSERT_TRUE(line.bound(0.1, EnclosureMode::interval));
      alphas.push_back(line.output().alpha[0]);
      EXPECT_NEAR(alphas.back(), alphas.front(), 0.01 * alphas.front());
    }
  }
}

}  // namespace
}  // namespace smoothbound::test
