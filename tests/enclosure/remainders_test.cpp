// Networks of values that the coefficients know nothing of: with K = 1, the square of t is
// remainder alone, and what a rule makes of it is to be seen.
#include <gtest/gtest.h>

#include "enclosure/trap.hpp"

namespace smoothbound::test {
namespace {

// b = (t u_i)^2, then the rest.
Trap squares(const std::string& rest, const std::vector<double>& u) {
  Trap of("{name: a, dense: " + std::to_string(u.size()) + "}, {name: b, multiply: [a, a]}" + rest,
          "1");
  of.set(0, {0}, u);
  of.set(1, {0}, {0});
  return of;
}

TEST(EnclosureRemainders, Products) {
  for (const char* product :
       {"{multiply: [b, b]}", "{matmul: {inputs: [m, m], scale: 0.5}, then: [flatten]}"}) {
    SCOPED_TRACE(product);
    Trap of = squares(
        std::string(", {name: m, concat: [b], then: [{reshape: [2, 2]}]}, {name: f, concat: [m], "
                    "then: [flatten]}, {name: y, ") +
            (std::string(product) + ", {add: [y, f]}").substr(1),
        {1, 0.5, -0.25, 2});
    EXPECT_GT(check(of, 1, {1}), 0.9);
    check(of, 1e-3, {1});
  }
}

// What is read by several patches.
TEST(EnclosureRemainders, Maxima) {
  Trap of =
      squares(", {dense: 5, then: [{reshape: [1, 5]}, {max_pool: {kernel: 3, stride: 1}}]}", {1});
  of.set(2, {0, 0, 1, 0, 0}, {0});
  of.set(3, {-9, -9, 0, -9, -9}, {0});
  EXPECT_GT(check(of, 1, {1}), 0.9);
}

// A variance that the remainder takes away.
TEST(EnclosureRemainders, Normalizations) {
  for (const char* norm : {"layer_norm", "rms_norm"}) {
    Trap of = squares(std::string(", {dense: 3, then: [{") + norm + ": {epsilon: 1e-4}}]}", {1});
    of.set(2, {-0.8, 1, -0.2}, {0});
    of.set(3, {1, -1, 0}, {0});
    check(of, 1, {1});
    check(of, 0.5, {1});
  }
}

// Neighbours that only the remainder moves, and D that only it makes small.
TEST(EnclosureRemainders, LocalResponses) {
  for (const std::vector<double>& from : {std::vector<double>{1, 0}, std::vector<double>{3, 0}}) {
    Trap of = squares(
        ", {dense: 2, then: [{local_response_norm: {size: 3, alpha: 3, beta: 0.75, k: 1}}]}", {1});
    of.set(2, {from[0] == 1 ? 0.0 : -3.0, 1}, {0});
    of.set(3, from, {0});
    check(of, 1, {1});
    check(of, 0.3, {1});
  }
}

TEST(EnclosureRemainders, ConvexLosses) {
  for (const char* loss : {"huber", "square", "binary_logistic"}) {
    SCOPED_TRACE(loss);
    Trap of = squares("", {1, 0.5, -0.25});
    of.loss = loss;
    of.options.threshold = 4;
    of.labels = {};
    of.labels.targets = {0, 0, 0};
    check(of, 1, {1});
    of.labels.targets = {0.5, 0.5, 0.5};
    check(of, 0.3, {1});
  }
}

// The larger one of the matrices of a sample.
TEST(EnclosureRemainders, StacksOfUnlikeMatrices) {
  for (const char* inputs : {"[m, c]", "[c, m]"}) {
    SCOPED_TRACE(inputs);
    Trap of = squares(
        ", {name: m, concat: [b], then: [{reshape: [2, 2, 2]}]}, {name: c, constant: {shape: [2, "
        "2, 2], values: [0, 0, 0, 0, 9, 0, 0, 9]}}, {name: y, matmul: " +
            std::string(inputs) + "}",
        {0, 0, 0, 0, 1, 0, 0, 1});
    EXPECT_GT(check(of, 1, {1}), 0.9);
  }
}

// What is multiplied may be exact, and its product is not.
TEST(EnclosureRemainders, RoundedProductsOfInputs) {
  for (const char* product : {"multiply: [input, input, input]", "matmul: [input, input]"}) {
    SCOPED_TRACE(product);
    Trap of(std::string("{") + product + ", then: [flatten]}, {dense: 2}", "3, 3");
    for (std::size_t i = 0; i < of.x.size(); ++i) of.x[i] = 1 / (3 + static_cast<double>(i));
    of.set(0, {1, -1, 0.5}, {1});
    check(of, 1e-3);
  }
}

// Wherever a scalar is whose remainder is beyond all numbers.
TEST(EnclosureRemainders, AreAllLookedAt) {
  constexpr std::size_t units = 37;
  for (std::size_t place = 0; place < units; ++place) {
    std::vector<double> u(units, 1);
    u[place] = 1e100;
    Trap of = squares(", {name: c, multiply: [b, b]}, {dense: 1}", u);
    EXPECT_FALSE(is_bounded(of, 1)) << place;
    u[place] = 2;
    of = squares(", {name: c, multiply: [b, b]}, {dense: 1}", u);
    EXPECT_TRUE(is_bounded(of, 1)) << place;
  }
}

}  // namespace
}  // namespace smoothbound::test
