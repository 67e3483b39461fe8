// Convolutions, dense layers and products of matrices.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxLinear, Convolutions) {
  constexpr std::array cases{
      LayersCase{"y = Conv(x:1x3x8x8, c.weight:4x3x3x3)",
                 "  - {name: c, conv: {filters: 4, kernel: 3}, bias: false}\n"},
      LayersCase{"y = Conv(x:1x3x8x8, c.weight:4x3x3x3, c.bias:4) pads=[1 1 1 1] strides=[2 2]",
                 "  - {name: c, conv: {filters: 4, kernel: 3, stride: 2, padding: 1}}\n"},
      LayersCase{"y = Conv(x:1x4x8x8, c.weight:4x2x3x5) group=2 dilations=[2 1] pads=[1 2 1 2] "
                 "strides=[2 1]",
                 "  - name: c\n"
                 "    conv: {filters: 4, kernel: [3, 5], stride: [2, 1], dilation: [2, 1], "
                 "padding: [1, 2], groups: 2}\n"
                 "    bias: false\n"},
      LayersCase{"y = Conv(x:1x3x8, c.weight:4x3x3) kernel_shape=[3] pads=[0 2]",
                 "  - {name: conv, then: [{pad: {before: 0, after: 2}}]}\n"
                 "  - {name: c, conv: {filters: 4, kernel: 3}, bias: false}\n"},
      LayersCase{"y = Conv(x:1x3x4x4x4, c.weight:2x3x1x1x1)",
                 "  - {name: c, conv: {filters: 2, kernel: 1}, bias: false}\n"},
      LayersCase{"y = Conv(x:1x3x8x8, c.weight:4x3x3x3) pads=[0 0 1 1] strides=[2 2]",
                 "  - {name: conv, then: [{pad: {before: 0, after: 1}}]}\n"
                 "  - {name: c, conv: {filters: 4, kernel: 3, stride: 2}, bias: false}\n"},
      LayersCase{"y = Conv(x:1x3x8x8, c.weight:4x3x3x3) auto_pad='SAME_UPPER' strides=[2 2]",
                 "  - {name: conv, then: [{pad: {before: 0, after: 1}}]}\n"
                 "  - {name: c, conv: {filters: 4, kernel: 3, stride: 2}, bias: false}\n"},
      LayersCase{"y = Conv(x:1x3x8x8, c.weight:4x3x3x3) auto_pad='SAME_LOWER' strides=[2 2]",
                 "  - {name: conv, then: [{pad: {before: 1, after: 0}}]}\n"
                 "  - {name: c, conv: {filters: 4, kernel: 3, stride: 2}, bias: false}\n"},
      LayersCase{
          "y = Conv(x:1x3x8x8, c.weight:4x3x3x3) auto_pad='SAME_LOWER' dilations=[2 2]",
          "  - {name: c, conv: {filters: 4, kernel: 3, dilation: 2, padding: 2}, bias: false}\n"},
      LayersCase{"y = Conv(x:1x3x8x8, c.weight:4x3x3x3) auto_pad='VALID' pads=[1 1 1 1]",
                 "  - {name: c, conv: {filters: 4, kernel: 3}, bias: false}\n"},
      LayersCase{"t = Transpose(x:1x8x8x3) perm=[0 3 1 2]; y = Conv(t, c.weight:4x3x3x3)",
                 "  - {name: conv, then: [{reshape: [64, 3]}, {permute: [length, channels]}, "
                 "{reshape: [3, 8, 8]}]}\n"
                 "  - {name: c, conv: {filters: 4, kernel: 3}, bias: false}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLinear, TransposedConvolutions) {
  constexpr std::array cases{
      LayersCase{"y = ConvTranspose(x:1x3x4x4, c.weight:3x2x3x3)",
                 "  - {name: c, conv_transposed: {filters: 2, kernel: 3}, bias: false}\n"},
      LayersCase{"y = ConvTranspose(x:1x4x4x4, c.weight:4x2x3x3, c.bias:4) group=2 strides=[2 2] "
                 "pads=[1 1 1 1] output_padding=[1 1]",
                 "  - name: c\n"
                 "    conv_transposed: {filters: 4, kernel: 3, stride: 2, padding: 1, "
                 "output_padding: 1, groups: 2}\n"},
      LayersCase{"y = ConvTranspose(x:1x3x4x4, c.weight:3x2x3x3) strides=[2 2] pads=[0 1 1 1] "
                 "dilations=[1 2]",
                 "  - name: c\n"
                 "    conv_transposed: {filters: 2, kernel: 3, stride: 2, dilation: [1, 2], "
                 "padding: [0, 1]}\n"
                 "    bias: false\n"
                 "    then: [{slice: {axis: height, to: 8}}]\n"},
      LayersCase{"y = ConvTranspose(x:1x3x4x4, c.weight:3x2x3x3) strides=[2 2] pads=[1 0 0 0]",
                 "  - name: c\n"
                 "    conv_transposed: {filters: 2, kernel: 3, stride: 2}\n"
                 "    bias: false\n"
                 "    then: [{slice: {axis: height, from: 1, to: 9}}]\n"},
      LayersCase{"y = ConvTranspose(x:1x3x4, c.weight:3x2x3) strides=[2] output_shape=[8]",
                 "  - name: c\n"
                 "    conv_transposed: {filters: 2, kernel: 3, stride: 2}\n"
                 "    bias: false\n"
                 "    then: [{slice: {axis: length, from: 1, to: 9}}]\n"},
      LayersCase{"y = ConvTranspose(x:1x3x4, c.weight:3x2x3) strides=[2] output_shape=[1 2 8]",
                 "  - name: c\n"
                 "    conv_transposed: {filters: 2, kernel: 3, stride: 2}\n"
                 "    bias: false\n"
                 "    then: [{slice: {axis: length, from: 1, to: 9}}]\n"},
      LayersCase{"y = ConvTranspose(x:1x3x4, c.weight:3x2x3) strides=[2] output_shape=[8] "
                 "auto_pad='SAME_UPPER'",
                 "  - name: c\n"
                 "    conv_transposed: {filters: 2, kernel: 3, stride: 2}\n"
                 "    bias: false\n"
                 "    then: [{slice: {axis: length, to: 8}}]\n"},
      LayersCase{"y = ConvTranspose(x:1x3x4, c.weight:3x2x4) strides=[2] auto_pad='SAME_LOWER'",
                 "  - {name: c, conv_transposed: {filters: 2, kernel: 4, stride: 2, padding: 1}, "
                 "bias: false}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLinear, Gemm) {
  constexpr std::array cases{
      LayersCase{"y = Gemm(x:1x4, fc.weight:4x2)", "  - {name: fc, dense: 2, bias: false}\n"},
      LayersCase{"y = Gemm(x:1x4, fc.weight:2x4, fc.bias:2) transB=1",
                 "  - {name: fc, dense: 2}\n"},
      LayersCase{"y = Gemm(x:1x4, fc.weight:2x4, fc.bias:1x2) transB=1 alpha=0.5 beta=2.0",
                 "  - {name: gemm, dense: 2}\n"},
      LayersCase{"y = Gemm(x:1x4, fc.weight:2x4, b:1) transB=1", "  - {name: fc, dense: 2}\n"},
      LayersCase{"y = Gemm(x:1x4, fc.weight:2x4, zeros:) transB=1",
                 "  - {name: fc, dense: 2, bias: false}\n"},
      LayersCase{"f = Flatten(x:1x3x2x2); y = Gemm(f, fc.weight:2x12, fc.bias:2) transB=1",
                 "  - {name: fc, dense: 2}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLinear, GemmOfManyRows) {
  ImportOptions options;
  options.first_axis_is_batch = false;
  constexpr std::array cases{
      LayersCase{"y = Gemm(x:3x4, fc.weight:4x2, fc.bias:2)",
                 "  - {name: gemm, then: [{permute: [length, channels]}]}\n"
                 "  - {name: fc, dense: {units: 2, per: position}, then: [{permute: [length, "
                 "channels]}]}\n"},
      LayersCase{"y = Gemm(x:4x3, fc.weight:4x2, fc.bias:1x2) transA=1",
                 "  - {name: fc, dense: {units: 2, per: position}, then: [{permute: [length, "
                 "channels]}]}\n"},
      LayersCase{
          "y = Gemm(x:2x4, fc.weight:4x2, c:2x1)",
          "  - {name: gemm, then: [{permute: [length, channels]}]}\n"
          "  - {name: fc, dense: {units: 2, per: position}, bias: false}\n"
          "  - name: c\n"
          "    parameter: [2]\n"
          "    then: [{reshape: [2, 1]}, {upsample: {size: 2}}, {permute: [length, channels]}]\n"
          "  - {name: gemm_2, add: [fc, c], then: [{permute: [length, channels]}]}\n"},
      LayersCase{
          "y = Gemm(x:3x4, fc.weight:4x2, fixed:3x2) beta=0.5",
          "  - {name: gemm, then: [{permute: [length, channels]}]}\n"
          "  - {name: fc, dense: {units: 2, per: position}, bias: false}\n"
          "  - name: gemm.constant\n"
          "    constant: {shape: [2, 3], values: [0.125, 1.125, 2.125, 0.625, 1.625, 2.625]}\n"
          "  - {name: gemm_2, add: [fc, gemm.constant], then: [{permute: [length, channels]}]}\n"},
  };
  check_layers(cases, options);
}

TEST(OnnxLinear, ScaledWeightsAreOnesOfTheirOwn) {
  constexpr std::array cases{
      LayersCase{"a = Gemm(x:1x2, fc.weight:2x2) transB=1; b = Gemm(a, fc.weight) transB=1; y = "
                 "Gemm(b, fc.weight) transB=1 alpha=0.5",
                 "  - {name: fc, dense: 2, bias: false}\n"
                 "  - {name: gemm_2, share: fc, dense: 2, bias: false}\n"
                 "  - {name: gemm, dense: 2, bias: false}\n"},
      LayersCase{"w = Mul(v:2x2, 2); a = MatMul(x:1x2, w); b = MatMul(a, w); y = MatMul(b, v)",
                 "  - {name: matmul, dense: 2, bias: false}\n"
                 "  - {name: matmul_3, share: matmul, dense: 2, bias: false}\n"
                 "  - {name: matmul_2, dense: 2, bias: false, weights: {weight: v_transposed}}\n"},
      LayersCase{"u = MatMul(a.w:2x2, b.w:2x2); c = MatMul(x:1x2, u); y = MatMul(c, a.w)",
                 "  - {name: matmul, dense: 2, bias: false}\n"
                 "  - {name: a, dense: 2, bias: false, weights: {weight: a.w_transposed}}\n"},
      LayersCase{"t = Trilu(a.w:2x2); c = MatMul(x:1x2, t); y = MatMul(c, a.w)",
                 "  - {name: matmul, dense: 2, bias: false}\n"
                 "  - {name: a, dense: 2, bias: false, weights: {weight: a.w_transposed}}\n"},
      LayersCase{
          "p = ReduceSum(a.w:2x2x2, [0]) keepdims=0; q = ReduceSum(a.w, [1]) keepdims=0; c = "
          "MatMul(x:1x2, p); y = MatMul(c, q)",
          "  - {name: matmul, dense: 2, bias: false}\n"
          "  - {name: matmul_2, dense: 2, bias: false, weights: {weight: matmul.weight_2}}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLinear, ProductsWithWeights) {
  constexpr std::array cases{
      LayersCase{"y = MatMul(x:1x4, w:4x2)",
                 "  - {name: matmul, dense: 2, bias: false, weights: {weight: w}}\n"},
      LayersCase{"y = MatMul(x:1x5x4, w:4x2)",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w}\n"
                 "    then: [{permute: [length, channels]}]\n"},
      LayersCase{"y = MatMul(x:1x5x4, w:1x1x4x2)",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w}\n"
                 "    then: [{permute: [length, channels]}]\n"},
      LayersCase{
          "y = MatMul(x:1x6x5x4, w:4x2)",
          "  - name: matmul_2\n"
          "    then: [{reshape: [30, 4]}, {permute: [length, channels]}, {reshape: [4, 6, 5]}]\n"
          "  - name: matmul\n"
          "    dense: {units: 2, per: position}\n"
          "    bias: false\n"
          "    weights: {weight: w}\n"
          "    then: [{reshape: [2, 30]}, {permute: [length, channels]}, {reshape: [6, 5, 2]}]\n"},
      LayersCase{"t = Transpose(x:1x4x5) perm=[0 2 1]; y = MatMul(t, w:4x2)",
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w}\n"
                 "    then: [{permute: [length, channels]}]\n"},
      LayersCase{"y = MatMul(w:2x5, x:1x5x4)",
                 "  - {name: matmul, dense: {units: 2, per: position}, bias: false, weights: "
                 "{weight: w}}\n"},
      LayersCase{"y = MatMul(w:1x2x5, x:1x5x4)",
                 "  - {name: matmul, dense: {units: 2, per: position}, bias: false, weights: "
                 "{weight: w}}\n"},
      LayersCase{"y = MatMul(x:1x2x3x4, w:2x4x5)",
                 "  - {name: w, parameter: [2, 4, 5]}\n"
                 "  - {name: matmul, matmul: [input, w]}\n"},
      LayersCase{"r = Reshape(x:1x5x16, [1 5 2 2 2 2]); y = MatMul(r, w:2x3)",
                 "  - {name: matmul_2, then: [{reshape: [40, 2]}, {permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 3, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w}\n"
                 "    then: [{permute: [length, channels]}, flatten]\n"},
  };
  check_layers(cases);
}

TEST(OnnxLinear, ProductsOfTwoValues) {
  constexpr std::array cases{
      LayersCase{"t = Transpose(x:1x5x4) perm=[0 2 1]; y = MatMul(x, t)",
                 "  - {name: matmul, matmul: {inputs: [input, input], transpose: second}}\n"},
      LayersCase{"t = Transpose(x:1x5x4) perm=[0 2 1]; y = MatMul(t, x)",
                 "  - {name: matmul, matmul: {inputs: [input, input], transpose: first}}\n"},
      LayersCase{"t = Transpose(x:1x5x5) perm=[0 2 1]; y = MatMul(t, t)",
                 "  - {name: matmul, then: [{permute: [length, channels]}]}\n"
                 "  - {name: matmul_2, matmul: {inputs: [matmul, input], transpose: second}}\n"},
      LayersCase{"k = Transpose(x:1x2x5x4) perm=[0 1 3 2]; y = MatMul(x, k)",
                 "  - {name: matmul, matmul: {inputs: [input, input], transpose: second}}\n"},
      LayersCase{"t = Transpose(x:1x2x5x5) perm=[0 1 3 2]; y = MatMul(t, t)",
                 "  - {name: matmul, then: [{permute: [channels, width, height]}]}\n"
                 "  - {name: matmul_2, matmul: {inputs: [matmul, input], transpose: second}}\n"},
      LayersCase{
          "h = Reshape(x:1x5x8, [1 5 2 4]); q = Transpose(h) perm=[0 2 1 3]; k = Transpose(h) "
          "perm=[0 2 3 1]; y = MatMul(q, k)",
          "  - {name: matmul, then: [{reshape: [5, 2, 4]}, {permute: [height, channels, width]}]}\n"
          "  - {name: matmul_2, matmul: {inputs: [matmul, matmul], transpose: second}}\n"},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
