// Every message about names and shapes, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;

TEST(GraphMessage, UnknownLayers) {
  EXPECT_EQ(rendered("unknown_from.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: conv1, dense: 4}
  - {dense: 4, from: con1}
)"),
            R"(unknown_from.yaml:4:22: error: there is no layer 'con1'
 4 |   - {dense: 4, from: con1}
   |                      ^
hint: did you mean 'conv1'?
)");
  EXPECT_EQ(rendered("unknown_from2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: conv1, dense: 4}
  - {dense: 4, from: zzz}
)"),
            R"(unknown_from2.yaml:4:22: error: there is no layer 'zzz'
 4 |   - {dense: 4, from: zzz}
   |                      ^
hint: layers are called by their 'name'; the network's input is 'input'
)");
  EXPECT_EQ(rendered("unknown_add.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: conv1, dense: 4}
  - {add: [conv1, zzz]}
)"),
            R"(unknown_add.yaml:4:19: error: there is no layer 'zzz'
 4 |   - {add: [conv1, zzz]}
   |                   ^
hint: layers are called by their 'name'; the network's input is 'input'
)");
}

TEST(GraphMessage, RepeatedNames) {
  EXPECT_EQ(rendered("repeated.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {name: b, dense: 4}
  - {name: a, dense: 4}
)"),
            R"(repeated.yaml:5:12: error: two layers are named 'a'
 5 |   - {name: a, dense: 4}
   |            ^
repeated.yaml:3:12: note: the first one is here
 3 |   - {name: a, dense: 4}
   |            ^
hint: names must be unique
)");
  EXPECT_EQ(rendered("repeated_default.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 4}
  - {name: layer1, dense: 4}
)"),
            R"(repeated_default.yaml:4:12: error: two layers are named 'layer1'
 4 |   - {name: layer1, dense: 4}
   |            ^
repeated_default.yaml:3:5: note: the first one is here
 3 |   - {dense: 4}
   |     ^
hint: names must be unique
)");
}

TEST(GraphMessage, Cycles) {
  EXPECT_EQ(rendered("cycle.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4, from: c}
  - {name: b, dense: 4}
  - {name: c, dense: 4}
)"),
            R"(cycle.yaml:3:12: error: the layers form a cycle: a <- c <- b <- a
 3 |   - {name: a, dense: 4, from: c}
   |            ^
hint: a layer can only read layers that do not read it
)");
  EXPECT_EQ(rendered("self.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4, from: a}
)"),
            R"(self.yaml:3:12: error: the layers form a cycle: a <- a
 3 |   - {name: a, dense: 4, from: a}
   |            ^
hint: a layer can only read layers that do not read it
)");
  EXPECT_EQ(rendered("cycle_add.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {name: b, add: [a, d]}
  - {name: c, dense: 4}
  - {name: d, dense: 4}
)"),
            R"(cycle_add.yaml:4:12: error: the layers form a cycle: b <- d <- c <- b
 4 |   - {name: b, add: [a, d]}
   |            ^
hint: a layer can only read layers that do not read it
)");
}

TEST(GraphMessage, UnequalShapes) {
  EXPECT_EQ(rendered("add_shapes.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {name: b, dense: 5}
  - {add: [a, b]}
)"),
            R"(add_shapes.yaml:5:6: error: layer 'layer3': add needs equal shapes
 5 |   - {add: [a, b]}
   |      ^
add_shapes.yaml:3:12: note: 'a' gives [4]
 3 |   - {name: a, dense: 4}
   |            ^
add_shapes.yaml:4:12: note: 'b' gives [5]
 4 |   - {name: b, dense: 5}
   |            ^
hint: a 1x1 convolution or a pooling can adapt a branch
)");
  EXPECT_EQ(rendered("add_input.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {add: [a, input]}
)"),
            R"(add_input.yaml:4:6: error: layer 'layer2': add needs equal shapes
 4 |   - {add: [a, input]}
   |      ^
add_input.yaml:3:12: note: 'a' gives [4]
 3 |   - {name: a, dense: 4}
   |            ^
add_input.yaml:1:1: note: 'input' gives [3, 8, 8]
 1 | input: {shape: [3, 8, 8]}
   | ^
hint: a 1x1 convolution or a pooling can adapt a branch
)");
  EXPECT_EQ(
      rendered("multiply.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, dense: 4}
  - {name: b, dense: 5}
  - {multiply: [a, b]}
)"),
      R"(multiply.yaml:5:6: error: layer 'layer3': multiply needs shapes that are equal, or 1 where they differ
 5 |   - {multiply: [a, b]}
   |      ^
multiply.yaml:3:12: note: 'a' gives [4]
 3 |   - {name: a, dense: 4}
   |            ^
multiply.yaml:4:12: note: 'b' gives [5]
 4 |   - {name: b, dense: 5}
   |            ^
hint: for example [64, 7, 7] by [64], [64, 1, 1], [1, 7, 7] or [1]
)");
  EXPECT_EQ(rendered("concat.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, conv: {filters: 4, kernel: 3}}
  - {name: b, conv: {filters: 4, kernel: 5}, from: input}
  - {concat: [a, b]}
)"),
            R"(concat.yaml:5:6: error: layer 'layer3': concat needs equal sizes but for the channels
 5 |   - {concat: [a, b]}
   |      ^
concat.yaml:3:12: note: 'a' gives [4, 6, 6]
 3 |   - {name: a, conv: {filters: 4, kernel: 3}}
   |            ^
concat.yaml:4:12: note: 'b' gives [4, 4, 4]
 4 |   - {name: b, conv: {filters: 4, kernel: 5}, from: input}
   |            ^
hint: a pooling can adapt a branch
)");
}

TEST(GraphMessage, FanIn) {
  EXPECT_EQ(
      rendered("fanin.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: {units: 10, inputs: 7}
)"),
      R"(fanin.yaml:3:5: error: layer 'layer1': dense declares 7 inputs but gets 192 ([3, 8, 8])
 3 |   - dense: {units: 10, inputs: 7}
   |     ^
hint: write inputs: 192, or leave it out
)");
  EXPECT_EQ(
      rendered("fanin_conv.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 10, kernel: 3, inputs: 4}
)"),
      R"(fanin_conv.yaml:3:5: error: layer 'layer1': conv declares 4 input channels but gets 3 ([3, 8, 8])
 3 |   - conv: {filters: 10, kernel: 3, inputs: 4}
   |     ^
hint: write inputs: 3, or leave it out
)");
}

TEST(GraphMessage, Groups) {
  EXPECT_EQ(
      rendered("groups.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 3, groups: 2}
)"),
      R"(groups.yaml:3:5: error: layer 'layer1': 2 groups do not divide 3 input channels and 4 filters
 3 |   - conv: {filters: 4, kernel: 3, groups: 2}
   |     ^
hint: groups must divide both
)");
  EXPECT_EQ(rendered("group_norm.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {conv: {filters: 4, kernel: 3}, then: [{group_norm: 3}]}
)"),
            R"(group_norm.yaml:3:45: error: layer 'layer1': 3 groups do not divide 4 channels
 3 |   - {conv: {filters: 4, kernel: 3}, then: [{group_norm: 3}]}
   |                                             ^
hint: groups must divide the channels
)");
}

TEST(GraphMessage, Normalizations) {
  const auto message = [](const std::string& component) {
    const std::string text =
        rendered("norm.yaml", "input: {shape: [3, 2]}\nlayers:\n  - then: [" + component + "]\n");
    const std::size_t error = text.find("error: ");
    return text.substr(error, text.find('\n', error) - error) + " | " +
           text.substr(text.find("hint: "));
  };
  EXPECT_EQ(message("{layer_norm: {affine: true, scale: false, shift: false}}"),
            "error: layer 'layer1': the affine part has neither scale nor shift | hint: leave out "
            "'affine', or one of scale: false and shift: false\n");
  EXPECT_EQ(message("global_average_pool, instance_norm"),
            "error: layer 'layer1': instance_norm of channels with one position each is 0 | hint: "
            "it needs channels with several positions; layer_norm takes the channels together\n");
  EXPECT_EQ(message("{batch_norm: {mean: 1, variance: 1}}"),
            "error: layer 'layer1': mean and variance are given, but the statistics are the "
            "batch's | hint: write statistics: fixed, or leave them out\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, mean: 1}}"),
            "error: layer 'layer1': there is a mean, but no variance | hint: fixed statistics are "
            "both\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, variance: 1}}"),
            "error: layer 'layer1': there is a variance, but no mean | hint: fixed statistics are "
            "both\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, mean: [1, 2], variance: 1}}"),
            "error: layer 'layer1': mean has 2 numbers for 3 features | hint: a number for all, or "
            "one for each channel\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, per: element, mean: 0, variance: [1, 2]}}"),
            "error: layer 'layer1': variance has 2 numbers for 6 features | hint: a number for "
            "all, or one for each element\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, mean: 0, variance: [1, -1, 1]}}"),
            "error: variance must not be negative | hint: remove the minus sign\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, mean: [], variance: 1}}"),
            "error: mean is an empty list | hint: a number, or a list of one for each feature\n");
  EXPECT_EQ(message("{batch_norm: {statistics: fixed, mean: --1, variance: 1}}"),
            "error: mean must be a number, not '--1' | hint: write a number such as 12, 0.5 or "
            "1e-3\n");
  EXPECT_EQ(message("{local_response_norm: {size: 3, beta: 0}}"),
            "error: beta must be positive | hint: write a number above 0\n");
}

TEST(GraphMessage, Kernels) {
  EXPECT_EQ(
      rendered("kernel.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 11}
)"),
      R"(kernel.yaml:3:5: error: layer 'layer1': the kernel (11) is larger than the padded input (8) along the height
 3 |   - conv: {filters: 4, kernel: 11}
   |     ^
hint: use a smaller kernel, more padding, or fewer poolings before
)");
  EXPECT_EQ(
      rendered("kernel_w.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: [3, 9]}
)"),
      R"(kernel_w.yaml:3:5: error: layer 'layer1': the kernel (9) is larger than the padded input (8) along the width
 3 |   - conv: {filters: 4, kernel: [3, 9]}
   |     ^
hint: use a smaller kernel, more padding, or fewer poolings before
)");
  EXPECT_EQ(
      rendered("kernel_dil.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 5, dilation: 4, padding: 1}
)"),
      R"(kernel_dil.yaml:3:5: error: layer 'layer1': the kernel (17 with its dilation) is larger than the padded input (10) along the height
 3 |   - conv: {filters: 4, kernel: 5, dilation: 4, padding: 1}
   |     ^
hint: use a smaller kernel, more padding, or fewer poolings before
)");
  EXPECT_EQ(
      rendered("pool.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {conv: {filters: 4, kernel: 3}, then: [softplus, {average_pool: 7}]}
)"),
      R"(pool.yaml:3:55: error: layer 'layer1': the kernel (7) is larger than the padded input (6) along the height
 3 |   - {conv: {filters: 4, kernel: 3}, then: [softplus, {average_pool: 7}]}
   |                                                       ^
hint: use a smaller kernel, more padding, or fewer poolings before
)");
  EXPECT_EQ(
      rendered("padding_only.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {conv: {filters: 4, kernel: 3, padding: 9}, then: [{max_pool: {kernel: [3, 2], padding: 2}}]}
)"),
      R"(padding_only.yaml:3:57: error: layer 'layer1': the first patch of max_pool lies in the padding (2), as the kernel is 2 along the width
 3 |   - {conv: {filters: 4, kernel: 3, padding: 9}, then: [{max_pool: {kernel: [3, 2], padding: 2}}]}
   |                                                         ^
hint: use padding that is smaller than the kernel
)");
  EXPECT_EQ(
      rendered("kernel1.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 4, kernel: [3]}
)"),
      R"(kernel1.yaml:3:5: error: layer 'layer1': kernel has 1 number, but [3, 8, 8] has 2 spatial axes
 3 |   - conv: {filters: 4, kernel: [3]}
   |     ^
hint: give one number for all axes, or one for each
)");
}

TEST(GraphMessage, NoPositions) {
  EXPECT_EQ(
      rendered("conv_dense.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 4
  - conv: {filters: 4, kernel: 3}
)"),
      R"(conv_dense.yaml:4:5: error: layer 'layer2': conv needs an input with positions, not [4]
 4 |   - conv: {filters: 4, kernel: 3}
   |     ^
hint: [channels, length], [channels, height, width] or [channels, depth, height, width]
)");
  EXPECT_EQ(
      rendered("pool_dense.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - {dense: 4, then: [{max_pool: 2}]}
)"),
      R"(pool_dense.yaml:3:24: error: layer 'layer1': max_pool needs an input with positions, not [4]
 3 |   - {dense: 4, then: [{max_pool: 2}]}
   |                        ^
hint: [channels, length], [channels, height, width] or [channels, depth, height, width]
)");
}

TEST(GraphMessage, Overflow) {
  EXPECT_EQ(
      rendered("overflow_params.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 9223372036854775807
)"),
      R"(overflow_params.yaml:3:5: error: layer 'layer1': the number of parameters exceeds 2^63 - 1
 3 |   - dense: 9223372036854775807
   |     ^
hint: make the sizes smaller
)");
  EXPECT_EQ(
      rendered("overflow_batch.yaml", R"(batch: 9223372036854775807
input: {shape: [3]}
layers:
  - dense: 10
)"),
      R"(overflow_batch.yaml:4:5: error: layer 'layer1': the number of scalars of a batch exceeds 2^63 - 1
 4 |   - dense: 10
   |     ^
hint: make the sizes smaller
)");
  EXPECT_EQ(
      rendered("overflow_kernel.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 1, kernel: 4294967296, padding: 4294967296}
)"),
      R"(overflow_kernel.yaml:3:5: error: layer 'layer1': the number of scalars of a sample exceeds 2^63 - 1
 3 |   - conv: {filters: 1, kernel: 4294967296, padding: 4294967296}
   |     ^
hint: make the sizes smaller
)");
  EXPECT_EQ(
      rendered("overflow_pad.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 1, kernel: 3, padding: 9223372036854775807}
)"),
      R"(overflow_pad.yaml:3:5: error: layer 'layer1': the size of the padded input exceeds 2^63 - 1
 3 |   - conv: {filters: 1, kernel: 3, padding: 9223372036854775807}
   |     ^
hint: make the sizes smaller
)");
  EXPECT_EQ(
      rendered("overflow_net.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: 40000000000000000
  - dense: 200
)"),
      R"(overflow_net.yaml:4:5: error: the number of parameters of the network exceeds 2^63 - 1
 4 |   - dense: 200
   |     ^
hint: make the sizes smaller
)");
  EXPECT_EQ(rendered("opaque3.yaml", R"(input: {shape: [3]}
layers:
  - opaque: {lipschitz: 1, smoothness: 1, output: [1, 2, 3, 4, 5]}
)"),
            R"(opaque3.yaml:3:5: error: layer 'layer1': a shape has 1 to 4 sizes, not 5
 3 |   - opaque: {lipschitz: 1, smoothness: 1, output: [1, 2, 3, 4, 5]}
   |     ^
hint: [features], [channels, length], [channels, height, width] or [channels, depth, height, width]
)");
}

TEST(GraphMessage, OtherLayers) {
  EXPECT_EQ(
      rendered("transposed.yaml", R"(input: {shape: [3, 4, 4]}
layers:
  - conv_transposed: {filters: 2, kernel: 3, stride: 2, output_padding: [0, 2]}
)"),
      R"(transposed.yaml:3:5: error: layer 'layer1': output_padding (2) is not smaller than the stride (2) or the dilation (1) along the width
 3 |   - conv_transposed: {filters: 2, kernel: 3, stride: 2, output_padding: [0, 2]}
   |     ^
hint: it chooses among the sizes that a convolution with that stride makes equal
)");
  EXPECT_EQ(
      rendered("adaptive.yaml", R"(input: {shape: [3, 8]}
layers:
  - then: [adaptive_average_pool: [2, 2]]
)"),
      R"(adaptive.yaml:3:12: error: layer 'layer1': output has 2 numbers, but [3, 8] has 1 spatial axis
 3 |   - then: [adaptive_average_pool: [2, 2]]
   |            ^
hint: give one number for all axes, or one for each
)");
  EXPECT_EQ(rendered("per_position.yaml", R"(input: {shape: [3, 8]}
layers:
  - dense: {units: 4, per: token}
)"),
            R"(per_position.yaml:3:28: error: unknown per 'token'
 3 |   - dense: {units: 4, per: token}
   |                            ^
hint: one of: sample, position
)");
}

}  // namespace
}  // namespace smoothbound
