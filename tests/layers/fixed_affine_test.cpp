// Fixed scales and shifts: constants by hand.
#include "smoothbound/layers/fixed_affine.hpp"

#include <gtest/gtest.h>

#include "numeric.hpp"
#include "smoothbound/layers/parameter.hpp"

namespace smoothbound {
namespace {

using test::only_map;

SignedReal signed_number(std::string_view literal) {
  return text::parse_signed({literal, false, {}, "by"});
}

std::vector<SignedReal> signed_numbers(std::initializer_list<std::string_view> literals) {
  std::vector<SignedReal> all;
  for (const std::string_view literal : literals) all.push_back(signed_number(literal));
  return all;
}

TEST(FixedScale, ConstantIsTheLargestMagnitude) {
  const Shape shape{3, 4, 5};
  for (const Method method : {Method::paper, Method::sharp}) {
    FixedScale scale{signed_numbers({"0.5", "-30", "2"})};
    ASSERT_EQ(scale.output_shape({&shape, 1}), shape);
    const MapConstants a = only_map(scale.parts({{&shape, 1}, shape, 2}, method));
    EXPECT_EQ(a.lipschitz.value, Magnitude::from_count(30));
    EXPECT_EQ(a.slope_at_zero.value, Magnitude::from_count(30));
    EXPECT_TRUE(a.smoothness.value.is_zero());
    EXPECT_TRUE(a.at_zero.value.is_zero());
    EXPECT_TRUE(a.bound.value.is_infinite());
    // A decimal that is no binary number is rounded up.
    const MapConstants tenth =
        only_map(FixedScale{signed_numbers({"-0.1"})}.parts({{&shape, 1}, shape, 2}, method));
    EXPECT_EQ(tenth.lipschitz.value, Magnitude::from_decimal("0.1"));
    EXPECT_GT(tenth.lipschitz.value * Magnitude::from_count(10), Magnitude::from_count(1));
    EXPECT_TRUE(only_map(FixedScale{signed_numbers({"0"})}.parts({{&shape, 1}, shape, 2}, method))
                    .lipschitz.value.is_zero());
  }
  const Work work = FixedScale{}.work({{&shape, 1}, shape, 2});
  EXPECT_EQ(work.forward, Magnitude::from_count(120));
  EXPECT_EQ(work.backward_input, Magnitude::from_count(120));
}

// (3, -4) over 8 positions of 2 samples: ||a(0)|| = 5 * 4. One number -3 over 2 * 2 * 8 scalars
// of 2 samples, and over 9: 9.
TEST(FixedShift, OffsetIsRepeatedOverScalarsAndBatch) {
  const Shape shape{2, 8};
  FixedShift shift{signed_numbers({"3", "-4"})};
  const MapConstants a = only_map(shift.parts({{&shape, 1}, shape, 2}, Method::sharp));
  EXPECT_EQ(a.lipschitz.value, Magnitude::from_count(1));
  EXPECT_EQ(a.slope_at_zero.value, Magnitude::from_count(1));
  EXPECT_TRUE(a.smoothness.value.is_zero());
  EXPECT_EQ(a.at_zero.value, Magnitude::from_count(20));
  const Shape vector{3};
  shift.by = signed_numbers({"-3"});
  EXPECT_EQ(only_map(shift.parts({{&vector, 1}, vector, 3}, Method::paper)).at_zero.value,
            Magnitude::from_count(9));
  EXPECT_TRUE(shift.work({{&vector, 1}, vector, 3}).forward.is_zero());
}

// (3, -4) for each of 4 samples: 5 * 2. One number -2 for 9 scalars of 4 samples: 12.
TEST(FixedValue, IsThereOnceForEachSample) {
  const Shape input{7};
  FixedValue value{{1, 2}, signed_numbers({"3", "-4"})};
  const Shape shape{1, 2};
  ASSERT_EQ(value.output_shape({&input, 1}), shape);
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = only_map(value.parts({{&input, 1}, shape, 4}, method));
    EXPECT_EQ(a.bound.value, Magnitude::from_count(10));
    EXPECT_EQ(a.at_zero.value, Magnitude::from_count(10));
    EXPECT_TRUE(a.lipschitz.value.is_zero());
    EXPECT_TRUE(a.smoothness.value.is_zero());
    EXPECT_TRUE(a.slope_at_zero.value.is_zero());
    ASSERT_TRUE(a.at_maximum.has_value());
    EXPECT_EQ(a.at_maximum->bound, Magnitude::from_count(4));
    EXPECT_EQ(a.at_maximum->at_zero, Magnitude::from_count(4));
    EXPECT_TRUE(a.at_maximum->lipschitz.is_zero());
  }
  const Shape square{3, 3};
  const FixedValue one{{3, 3}, signed_numbers({"-2"})};
  EXPECT_EQ(only_map(one.parts({{&input, 1}, square, 4}, Method::sharp)).bound.value,
            Magnitude::from_count(12));
  EXPECT_FALSE(one.block({{&input, 1}, square, 4}).has_value());
  value.shape = {3, 2};
  try {
    (void)value.output_shape({&input, 1});
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "constant has 2 values, but [3, 2] has 6 scalars");
    EXPECT_EQ(error.hint, "give one number for all scalars, or one for each");
  }
}

TEST(FixedNumbers, AreOneOrOneForEachChannel) {
  const Shape shape{3, 4};
  try {
    (void)FixedScale{signed_numbers({"1", "2"})}.output_shape({&shape, 1});
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "scale has 2 numbers, but its input has 3 channels");
    EXPECT_EQ(error.hint, "give one number for all channels, or one for each");
  }
  EXPECT_THROW((void)FixedShift{signed_numbers({"1", "2"})}.output_shape({&shape, 1}), ShapeError);
}

TEST(FixedNumbers, HaveASign) {
  EXPECT_EQ(signed_number("-0.25").nearest(), -0.25);
  EXPECT_EQ(signed_number("-0.25").magnitude.upper, signed_number("0.25").magnitude.upper);
  EXPECT_EQ(signed_number("-0.25").magnitude.lower, signed_number("0.25").magnitude.lower);
  EXPECT_EQ(signed_number("-0").nearest(), 0);
  EXPECT_TRUE(signed_number("-0").magnitude.upper.is_zero());
}

}  // namespace
}  // namespace smoothbound
