// Messages about the settings of maps that copy, move and scale, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;

TEST(MapMessage, Lists) {
  EXPECT_EQ(rendered("permute_numbers.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [permute: [0, 2, 1]]
)"),
            R"(permute_numbers.yaml:3:22: error: axes must be a name, not 0
 3 |   - then: [permute: [0, 2, 1]]
   |                      ^
hint: one of: channels, depth, height, width, length
)");
  EXPECT_EQ(rendered("permute_empty.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [permute: []]
)"),
            R"(permute_empty.yaml:3:21: error: axes must not be empty
 3 |   - then: [permute: []]
   |                     ^
hint: write at least one entry
)");
  EXPECT_EQ(
      rendered("permute_twice.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [permute: [height, height, width]]
)"),
      R"(permute_twice.yaml:3:12: error: layer 'layer1': permute has to name each axis of [3, 8, 8] once
 3 |   - then: [permute: [height, height, width]]
   |            ^
hint: the axes are channels, height, width
)");
  EXPECT_EQ(rendered("permute_none.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [permute]
)"),
            R"(permute_none.yaml:3:12: error: permute has no 'axes'
 3 |   - then: [permute]
   |            ^
hint: axes of the input in their new order, by name
)");
}

TEST(MapMessage, Axes) {
  EXPECT_EQ(rendered("slice_axis.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [slice: {axis: 1, from: 2}]
)"),
            R"(slice_axis.yaml:3:26: error: axis must be a name, not 1
 3 |   - then: [slice: {axis: 1, from: 2}]
   |                          ^
hint: one of: channels, depth, height, width, length
)");
  EXPECT_EQ(
      rendered("slice_to.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [slice: {axis: width, to: 9}]
)"),
      R"(slice_to.yaml:3:12: error: layer 'layer1': slice takes entries 0 to 9 of 8 along the width
 3 |   - then: [slice: {axis: width, to: 9}]
   |            ^
hint: 'from' is the first one, counted from 0, and 'to' the one behind the last
)");
}

TEST(MapMessage, Sizes) {
  EXPECT_EQ(rendered("reshape_rest.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [reshape: [3, -1]]
)"),
            R"(reshape_rest.yaml:3:25: error: sizes must not be negative
 3 |   - then: [reshape: [3, -1]]
   |                         ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(
      rendered("reshape_other.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [reshape: [3, 8]]
)"),
      R"(reshape_other.yaml:3:12: error: layer 'layer1': reshape makes [3, 8] of [3, 8, 8], which has 192 scalars and not 24
 3 |   - then: [reshape: [3, 8]]
   |            ^
hint: the product of the sizes has to remain the same
)");
  EXPECT_EQ(rendered("pad_negative.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [pad: {before: -1}]
)"),
            R"(pad_negative.yaml:3:26: error: before must not be negative
 3 |   - then: [pad: {before: -1}]
   |                          ^
hint: write an integer from 0 on
)");
  EXPECT_EQ(rendered("pad_mode.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [pad: {by: 1, mode: turning}]
)"),
            R"(pad_mode.yaml:3:31: error: unknown mode 'turning'
 3 |   - then: [pad: {by: 1, mode: turning}]
   |                               ^
hint: one of: zero, reflect, replicate, circular
)");
  EXPECT_EQ(rendered("upsample_zero.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [upsample: 0]
)"),
            R"(upsample_zero.yaml:3:22: error: factor must be at least 1
 3 |   - then: [upsample: 0]
   |                      ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("upsample_both.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [upsample: {factor: 2, size: 9}]
)"),
            R"(upsample_both.yaml:3:12: error: layer 'layer1': upsample has a factor and a size
 3 |   - then: [upsample: {factor: 2, size: 9}]
   |            ^
hint: the one follows from the other
)");
}

TEST(MapMessage, Numbers) {
  EXPECT_EQ(rendered("scale_word.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [scale: [1, two, 3]]
)"),
            R"(scale_word.yaml:3:23: error: by must be a number, not 'two'
 3 |   - then: [scale: [1, two, 3]]
   |                       ^
hint: write a number such as 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("scale_none.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [scale]
)"),
            R"(scale_none.yaml:3:12: error: scale has no 'by'
 3 |   - then: [scale]
   |            ^
hint: factor, or one for each channel
)");
  EXPECT_EQ(
      rendered("shift_two.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [shift: [1, -2]]
)"),
      R"(shift_two.yaml:3:12: error: layer 'layer1': shift has 2 numbers, but its input has 3 channels
 3 |   - then: [shift: [1, -2]]
   |            ^
hint: give one number for all channels, or one for each
)");
  EXPECT_EQ(rendered("roll_half.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - then: [roll: {axis: width, by: -0.5}]
)"),
            R"(roll_half.yaml:3:36: error: by must be an integer
 3 |   - then: [roll: {axis: width, by: -0.5}]
   |                                    ^
hint: write a whole number such as 3
)");
}

TEST(MapMessage, Scores) {
  EXPECT_EQ(rendered("mask_kind.yaml", R"(input: {shape: [8, 8]}
layers:
  - then: [mask: padding]
)"),
            R"(mask_kind.yaml:3:18: error: unknown kind 'padding'
 3 |   - then: [mask: padding]
   |                  ^
hint: one of: causal, shifted_windows
)");
  EXPECT_EQ(rendered("mask_windows.yaml", R"(input: {shape: [4, 6, 6]}
layers:
  - then: [mask: {kind: shifted_windows, window: [2, 3], windows: [2, 2], shift: [2, 0]}]
)"),
            R"(mask_windows.yaml:3:12: error: layer 'layer1': mask has a shift of 2 in windows of 2
 3 |   - then: [mask: {kind: shifted_windows, window: [2, 3], windows: [2, 2], shift: [2, 0]}]
   |            ^
hint: a shift is smaller than its window; 0 is none
)");
  EXPECT_EQ(rendered("relative_none.yaml", R"(input: {shape: [3, 13, 13]}
layers:
  - then: [relative_positions]
)"),
            R"(relative_none.yaml:3:12: error: relative_positions has no 'window'
 3 |   - then: [relative_positions]
   |            ^
hint: sizes of the window: a number for all axes, or one for each
)");
}

TEST(MapMessage, Constants) {
  EXPECT_EQ(rendered("constant_none.yaml", R"(input: {shape: [3]}
layers:
  - constant: {shape: [2, 2]}
)"),
            R"(constant_none.yaml:3:15: error: constant has no 'values'
 3 |   - constant: {shape: [2, 2]}
   |               ^
hint: a number for all scalars, or one for each, row by row
)");
  EXPECT_EQ(
      rendered("constant_three.yaml", R"(input: {shape: [3]}
layers:
  - constant: {shape: [2, 2], values: [1, 2, 3]}
)"),
      R"(constant_three.yaml:3:5: error: layer 'layer1': constant has 3 values, but [2, 2] has 4 scalars
 3 |   - constant: {shape: [2, 2], values: [1, 2, 3]}
   |     ^
hint: give one number for all scalars, or one for each
)");
}

}  // namespace
}  // namespace smoothbound
