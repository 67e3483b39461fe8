#include "smoothbound/runtime/losses/regularizer.hpp"

#include <stdexcept>

#include "evaluation.hpp"

namespace smoothbound {
namespace {

using test::Doubles;

TEST(Regularizer, IsHalfLambdaTimesTheSquaredNorm) {
  const Regularizer r{0.5};
  const Doubles w{1, -2, 3};
  EXPECT_EQ(r.value(w), 3.5);
  Doubles gradient{10, 10, 10};
  r.add_gradient(w, gradient);
  EXPECT_EQ(gradient, (Doubles{10.5, 9, 11.5}));
  Doubles product{0, 0, 1};
  r.add_hessian_product(Doubles{2, 0, 4}, product);
  EXPECT_EQ(product, (Doubles{1, 0, 3}));
  EXPECT_EQ(Regularizer{}.value(w), 0);
}

TEST(Regularizer, RefusesOtherSizes) {
  const Regularizer r{1};
  Doubles out(2);
  const std::string expected = "regularizer: vectors of 3 and 2 numbers";
  EXPECT_EQ(test::message_of<std::invalid_argument>([&] { r.add_gradient(Doubles(3), out); }),
            expected);
  EXPECT_EQ(
      test::message_of<std::invalid_argument>([&] { r.add_hessian_product(Doubles(3), out); }),
      expected);
}

}  // namespace
}  // namespace smoothbound
