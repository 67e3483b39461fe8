#include "smoothbound/train/balls.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace smoothbound {
namespace {

ParameterLayout layout() {
  ParameterLayout result;
  result.blocks = {{"a", 0, 0, 2, {}}, {"b", 1, 2, 3, Real::from_decimal("2")}};
  result.elements = 5;
  return result;
}

TEST(ProductOfBalls, MovesOnlyBlocksThatAreOutside) {
  const ProductOfBalls balls(layout(), Real::from_decimal("1"));
  std::vector<double> w{3, 4, 1, 1, 1};
  EXPECT_EQ(balls.project(w), 1);
  EXPECT_NEAR(w[0], 0.6, 1e-15);
  EXPECT_NEAR(w[1], 0.8, 1e-15);
  EXPECT_EQ(w[2], 1);
  std::vector<double> inside{0.6, 0.7, 1, 0, 0};
  const std::vector<double> before = inside;
  EXPECT_EQ(balls.project(inside), 0);
  EXPECT_EQ(inside, before);
}

// <w - p, c - p> <= 0 for every point c of the set characterizes the projection p.
TEST(ProductOfBalls, GivesTheNearestPoint) {
  const ProductOfBalls balls(layout(), Real::from_decimal("1"));
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, 3);
  const auto draw = [&] {
    std::vector<double> w(5);
    for (double& entry : w) entry = normal(random);
    return w;
  };
  for (int i = 0; i < 200; ++i) {
    const std::vector<double> w = draw();
    std::vector<double> p = w;
    balls.project(p);
    for (int j = 0; j < 20; ++j) {
      std::vector<double> c = draw();
      balls.project(c);
      double product = 0;
      for (std::size_t k = 0; k < w.size(); ++k) product += (w[k] - p[k]) * (c[k] - p[k]);
      EXPECT_LE(product, 1e-12);
    }
  }
}

// The difference divided by gamma, where steps are long enough to see it.
TEST(ProductOfBalls, GradientMappingIsTheDifferenceQuotient) {
  const ProductOfBalls balls(layout(), Real::from_decimal("1"));
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> w(static_cast<std::size_t>(layout().elements));
    std::vector<double> gradient(w.size());
    for (double& e : w) e = normal(random);
    for (double& e : gradient) e = normal(random);
    balls.project(w);
    if (trial % 3 == 0) {
      for (double& e : w) e *= 0.7;
    }
    for (const double gamma : {1e-3, 0.1, 2.0, 50.0}) {
      std::vector<double> moved = w;
      for (std::size_t i = 0; i < w.size(); ++i) moved[i] -= gamma * gradient[i];
      balls.project(moved);
      std::vector<double> mapping(w.size());
      balls.gradient_mapping(w, gradient, gamma, mapping);
      for (std::size_t i = 0; i < w.size(); ++i) {
        EXPECT_NEAR(mapping[i], (w[i] - moved[i]) / gamma, 1e-11) << trial << " " << gamma;
      }
    }
  }
}

// Steps that vanish beside w: inside of a ball the gradient, at its border without the part that
// points outwards, and 0 where the ball is a point.
TEST(ProductOfBalls, GradientMappingOfTinySteps) {
  ParameterLayout two;
  two.blocks = {{"a", 0, 0, 2, {}}};
  two.elements = 2;
  const ProductOfBalls balls(two, Real::from_decimal("1"));
  for (const double gamma : {1e-20, 1e-100, 1e-300}) {
    const auto mapping = [&](std::vector<double> w) {
      std::vector<double> result(2);
      balls.gradient_mapping(w, std::vector<double>{-3, 4}, gamma, result);
      return result;
    };
    EXPECT_EQ(mapping({0.5, 0.5}), (std::vector<double>{-3, 4}));
    EXPECT_EQ(mapping({-1, 0}), (std::vector<double>{-3, 4}));  // it points inwards
    EXPECT_NEAR(mapping({1, 0})[0], 0, 1e-15);
    EXPECT_NEAR(mapping({1, 0})[1], 4, 1e-15);
    EXPECT_NEAR(mapping({1 + 1e-15, 0})[0], 0, 1e-12);  // outside by rounding
    std::vector<double> result(2);
    ProductOfBalls(two, Real::from_decimal("0"))
        .gradient_mapping(std::vector<double>{0, 0}, std::vector<double>{-3, 4}, gamma, result);
    EXPECT_EQ(result, (std::vector<double>{0, 0}));
  }
}

TEST(ProductOfBalls, RadiusZeroIsThePointZero) {
  const ProductOfBalls balls(layout(), Real::from_decimal("0"));
  std::vector<double> w{3, 4, 0, 0, 0};
  balls.project(w);
  EXPECT_EQ(w[0], 0);
  EXPECT_EQ(w[1], 0);
  EXPECT_FALSE(balls.find_outside(std::vector<double>(5)).has_value());
}

// 1/10 lies between two doubles, and so does the radius between `lower` and `upper`: the greater
// one is outside.
TEST(ProductOfBalls, ARadiusThatIsNoDoubleIsTheOneBelow) {
  ParameterLayout one;
  one.blocks = {{"a", 0, 0, 1, {}}};
  one.elements = 1;
  std::vector<double> w{1};
  EXPECT_EQ(ProductOfBalls(one, Real::from_decimal("0.1")).project(w), 1);
  EXPECT_EQ(w[0], std::nextafter(0.1, 0));
  one.blocks.front().radius = Real::from_decimal("0.7");  // the nearest double is below
  EXPECT_EQ(ProductOfBalls(one, Real::from_decimal("0.1")).project(w), 0);
  w = {1};
  EXPECT_EQ(ProductOfBalls(one, Real::from_decimal("0.1")).project(w), 1);
  EXPECT_EQ(w[0], 0.7);
}

TEST(ProductOfBalls, RefusesOtherSizes) {
  const ProductOfBalls balls(layout(), Real::from_decimal("1"));
  std::vector<double> w(4);
  EXPECT_THROW(balls.project(w), std::invalid_argument);
}

}  // namespace
}  // namespace smoothbound
