// Every message about a size, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;

TEST(SizeMessage, Sizes) {
  EXPECT_EQ(rendered("stride0.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, stride: 0}
)"),
            R"(stride0.yaml:3:43: error: stride must be at least 1
 3 |   - conv: {filters: 4, kernel: 3, stride: 0}
   |                                           ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("dil0.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, dilation: 0}
)"),
            R"(dil0.yaml:3:45: error: dilation must be at least 1
 3 |   - conv: {filters: 4, kernel: 3, dilation: 0}
   |                                             ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("dil0b.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, dilation: [1, 0]}
)"),
            R"(dil0b.yaml:3:49: error: dilation must be at least 1
 3 |   - conv: {filters: 4, kernel: 3, dilation: [1, 0]}
   |                                                 ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("groups0.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, groups: 0}
)"),
            R"(groups0.yaml:3:43: error: groups must be at least 1
 3 |   - conv: {filters: 4, kernel: 3, groups: 0}
   |                                           ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("pad_neg.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, padding: -1}
)"),
            R"(pad_neg.yaml:3:44: error: padding must not be negative
 3 |   - conv: {filters: 4, kernel: 3, padding: -1}
   |                                            ^
hint: write an integer from 0 on
)");
  EXPECT_EQ(rendered("kernel4.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: [3, 3, 3, 3]}
)"),
            R"(kernel4.yaml:3:32: error: kernel must have one to three numbers, not 4
 3 |   - conv: {filters: 4, kernel: [3, 3, 3, 3]}
   |                                ^
hint: a number, [length], [height, width] or [depth, height, width]
)");
  EXPECT_EQ(rendered("kernel_empty.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: []}
)"),
            R"(kernel_empty.yaml:3:32: error: kernel must have one to three numbers, not 0
 3 |   - conv: {filters: 4, kernel: []}
   |                                ^
hint: a number, [length], [height, width] or [depth, height, width]
)");
}

TEST(SizeMessage, Shapes) {
  EXPECT_EQ(rendered("shape_scalar.yaml", R"(input: {shape: 3}
layers: [{dense: 1}]
)"),
            R"(shape_scalar.yaml:1:16: error: shape must be a list of sizes, not a single value
 1 | input: {shape: 3}
   |                ^
hint: for example shape: [3, 224, 224]
)");
  EXPECT_EQ(rendered("shape_map.yaml", R"(input: {shape: {a: 1}}
layers: [{dense: 1}]
)"),
            R"(shape_map.yaml:1:16: error: shape must be a list of sizes, not a mapping
 1 | input: {shape: {a: 1}}
   |                ^
hint: for example shape: [3, 224, 224]
)");
  EXPECT_EQ(rendered("shape_empty.yaml", R"(input: {shape: []}
layers: [{dense: 1}]
)"),
            R"(shape_empty.yaml:1:16: error: a shape has 1 to 4 sizes, not 0
 1 | input: {shape: []}
   |                ^
hint: [features], [channels, length], [channels, height, width] or [channels, depth, height, width]
)");
  EXPECT_EQ(rendered("shape_5.yaml", R"(input: {shape: [1, 2, 3, 4, 5]}
layers: [{dense: 1}]
)"),
            R"(shape_5.yaml:1:16: error: a shape has 1 to 4 sizes, not 5
 1 | input: {shape: [1, 2, 3, 4, 5]}
   |                ^
hint: [features], [channels, length], [channels, height, width] or [channels, depth, height, width]
)");
  EXPECT_EQ(rendered("shape_nested.yaml", R"(input: {shape: [[1]]}
layers: [{dense: 1}]
)"),
            R"(shape_nested.yaml:1:17: error: a size must be a single value, not a list
 1 | input: {shape: [[1]]}
   |                 ^
hint: write one word or number in its place
)");
  EXPECT_EQ(rendered("overflow_shape.yaml", R"(input: {shape: [4294967296, 4294967296]}
layers: [{dense: 1}]
)"),
            R"(overflow_shape.yaml:1:16: error: the number of scalars of a sample exceeds 2^63 - 1
 1 | input: {shape: [4294967296, 4294967296]}
   |                ^
hint: make the sizes smaller
)");
}

}  // namespace
}  // namespace smoothbound
