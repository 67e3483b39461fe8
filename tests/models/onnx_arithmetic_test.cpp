// Sums and products, of values and of known numbers.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxArithmetic, SumsOfValues) {
  constexpr std::array cases{
      LayersCase{"a = Relu(x:1x3x4x4); y = Add(x, a)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: add, add: [input, relu]}\n"},
      LayersCase{"a = Relu(x:1x4); b = Tanh(x); y = Sum(x, a, b)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: tanh, from: input, then: [tanh]}\n"
                 "  - {name: sum, add: [input, relu]}\n"
                 "  - {name: sum_2, add: [sum, tanh]}\n"},
      LayersCase{"a = Relu(x:1x4); y = Mean(x, a)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: mean, add: [input, relu], then: [{scale: 0.5}]}\n"},
      LayersCase{"a = Relu(x:1x4); y = Sub(x, a)",
                 "  - {name: relu, then: [relu, {scale: -1}]}\n"
                 "  - {name: sub, add: [input, relu]}\n"},
      LayersCase{"y = Add(x:1x4, x)", "  - {name: add, add: [input, input]}\n"},
      LayersCase{"t = Transpose(x:1x4x4) perm=[0 2 1]; y = Add(x, t)",
                 "  - {name: add, then: [{permute: [length, channels]}]}\n"
                 "  - {name: add_2, add: [input, add]}\n"},
      LayersCase{"t = Transpose(x:1x4x4) perm=[0 2 1]; y = Add(t, x)",
                 "  - {name: add, then: [{permute: [length, channels]}]}\n"
                 "  - {name: add_2, add: [input, add], then: [{permute: [length, channels]}]}\n"},
      LayersCase{"m = ReduceMean(x:1x3x4x4) axes=[2 3]; y = Sub(x, m)",
                 "  - name: reducemean\n"
                 "    then:\n"
                 "      - global_average_pool\n"
                 "      - {scale: -1}\n"
                 "      - {reshape: [3, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [12, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [3, 4, 4]}\n"
                 "  - {name: sub, add: [input, reducemean]}\n"},
      LayersCase{
          "m = ReduceMean(x:1x3x4x4) axes=[1]; y = Add(m, x)",
          "  - {name: reducemean, then: [{reshape: [3, 16]}, {permute: [length, channels]}]}\n"
          "  - {name: reducemean_2, then: [global_average_pool, {reshape: [16, 1]}, {upsample: "
          "{size: 3}}]}\n"
          "  - name: add\n"
          "    add: [reducemean_2, reducemean]\n"
          "    then: [{permute: [length, channels]}, {reshape: [3, 4, 4]}]\n"},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, ProductsOfValues) {
  constexpr std::array cases{
      LayersCase{"a = Relu(x:1x4); y = Mul(x, a)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: mul, multiply: [input, relu]}\n"},
      LayersCase{"m = GlobalAveragePool(x:1x3x4x4); y = Mul(x, m)",
                 "  - {name: globalaveragepool, then: [global_average_pool]}\n"
                 "  - {name: mul, multiply: [input, globalaveragepool]}\n"},
      LayersCase{"m = GlobalAveragePool(x:1x3x4x4); y = Mul(m, x)",
                 "  - {name: globalaveragepool, then: [global_average_pool]}\n"
                 "  - {name: mul, multiply: [input, globalaveragepool]}\n"},
      LayersCase{
          "m = ReduceMean(x:1x3x4x4) axes=[1]; y = Mul(x, m)",
          "  - {name: reducemean, then: [{reshape: [3, 16]}]}\n"
          "  - name: reducemean_2\n"
          "    then: [{permute: [length, channels]}, global_average_pool, {reshape: [1, 16]}]\n"
          "  - {name: mul, multiply: [reducemean, reducemean_2], then: [{reshape: [3, 4, 4]}]}\n"},
      LayersCase{"m = ReduceMean(x:1x3x4x5) axes=[1 3]; y = Mul(x, m)",
                 "  - {name: reducemean, then: [{permute: [height, channels, width]}, {reshape: "
                 "[4, 15]}]}\n"
                 "  - {name: reducemean_2, then: [global_average_pool]}\n"
                 "  - name: mul\n"
                 "    multiply: [reducemean, reducemean_2]\n"
                 "    then: [{reshape: [4, 3, 5]}, {permute: [height, channels, width]}]\n"},
      LayersCase{"t = Transpose(x:1x4x4) perm=[0 2 1]; y = Mul(x, t)",
                 "  - {name: mul, then: [{permute: [length, channels]}]}\n"
                 "  - {name: mul_2, multiply: [input, mul]}\n"},
      LayersCase{
          "m = ReduceMean(x:1x5x4) axes=[2]; u = Transpose(m) perm=[0 2 1]; y = Mul(m, u)",
          "  - {name: reducemean, then: [global_average_pool]}\n"
          "  - {name: mul, then: [{reshape: [5, 1]}, {upsample: {size: 5}}]}\n"
          "  - {name: mul_2, from: reducemean, then: [{reshape: [1, 5]}]}\n"
          "  - {name: mul_3, multiply: [mul, mul_2], then: [{permute: [length, channels]}]}\n"},
      LayersCase{"y = Pow(x:1x4, 2)", "  - {name: pow, multiply: [input, input]}\n"},
      LayersCase{"y = Pow(x:1x4, 3)",
                 "  - {name: pow, multiply: [input, input]}\n"
                 "  - {name: pow_2, multiply: [pow, input]}\n"},
      LayersCase{"p = Pow(x:1x4, 1); y = Relu(p)", "  - {name: relu, then: [relu]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, FixedNumbers) {
  constexpr std::array cases{
      LayersCase{"y = Add(x:1x4, 2)", "  - {name: add, then: [{shift: 2}]}\n"},
      LayersCase{"y = Add(2, x:1x4)", "  - {name: add, then: [{shift: 2}]}\n"},
      LayersCase{"a = Add(x:1x4, 0); y = Relu(a)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Sub(x:1x4, 2)", "  - {name: sub, then: [{shift: -2}]}\n"},
      LayersCase{"y = Sub(2, x:1x4)", "  - {name: sub, then: [{scale: -1}, {shift: 2}]}\n"},
      LayersCase{"y = Mul(x:1x4, 0.5)", "  - {name: mul, then: [{scale: 0.5}]}\n"},
      LayersCase{"a = Mul(x:1x4, 1); y = Relu(a)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Div(x:1x4, 4)", "  - {name: div, then: [{scale: 0.25}]}\n"},
      LayersCase{"y = Div(x:1x4, v:4[1 2 4 8])",
                 "  - {name: div, then: [{scale: {by: [1, 0.5, 0.25, 0.125]}}]}\n"},
      LayersCase{"r = Relu(x:1x3x4x4); y = Add(r, fixed:3x1x1[1 2 3])",
                 "  - {name: relu, then: [relu, {shift: {by: [1, 2, 3]}}]}\n"},
      LayersCase{"r = Relu(x:1x3x4x4); y = Mul(r, fixed:1x3x1x1[1 2 3])",
                 "  - {name: relu, then: [relu, {scale: {by: [1, 2, 3]}}]}\n"},
      LayersCase{"r = Relu(x:1x3x4x4); y = Mul(r, fixed:3x1x1[2 2 2])",
                 "  - {name: relu, then: [relu, {scale: 2}]}\n"},
      LayersCase{"r = Relu(x:1x3x2); y = Add(r, fixed:3x2)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: add.constant, constant: {shape: [3, 2], values: [0.25, 1.25, 2.25, "
                 "3.25, 4.25, 5.25]}}\n"
                 "  - {name: add, add: [relu, add.constant]}\n"},
      LayersCase{"r = Relu(x:1x3x2); y = Mul(r, fixed:2[1 2])",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: mul.constant, constant: {shape: [2], values: [1, 2]}, then: "
                 "[{reshape: [1, 2]}]}\n"
                 "  - {name: mul, multiply: [relu, mul.constant]}\n"},
      LayersCase{"r = Relu(x:1x2x3x4); y = Mul(r, fixed:3x1[1 2 3])",
                 "  - {name: relu, then: [relu, {permute: [height, channels, width]}, {reshape: "
                 "[3, 8]}]}\n"
                 "  - {name: mul.constant, constant: {shape: [3], values: [1, 2, 3]}}\n"
                 "  - name: mul\n"
                 "    multiply: [relu, mul.constant]\n"
                 "    then: [{reshape: [3, 2, 4]}, {permute: [height, channels, width]}]\n"},
      LayersCase{
          "r = Relu(x:1x2x2); y = Sub(fixed:2[1 2], r)",
          "  - {name: relu, then: [relu, {scale: -1}]}\n"
          "  - name: sub.constant\n"
          "    constant: {shape: [2], values: [1, 2]}\n"
          "    then: [{reshape: [2, 1]}, {upsample: {size: 2}}, {permute: [length, channels]}]\n"
          "  - {name: sub, add: [relu, sub.constant]}\n"},
      LayersCase{"r = Relu(x:1x2x2x4); f = Flatten(r); y = Mul(f, fixed:16)",
                 "  - name: relu\n"
                 "    then:\n"
                 "      - relu\n"
                 "      - {reshape: [16, 1]}\n"
                 "      - {scale: {by: [0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25, 8.25, "
                 "9.25, 10.25, 11.25, 12.25, 13.25, 14.25, 15.25]}}\n"
                 "      - flatten\n"},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, TrainedNumbers) {
  constexpr std::array cases{
      LayersCase{"r = Relu(x:1x3x4x4); y = Add(r, bias:3x1x1)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - name: bias\n"
                 "    parameter: [3]\n"
                 "    then:\n"
                 "      - {reshape: [3, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [12, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [3, 4, 4]}\n"
                 "  - {name: add, add: [relu, bias]}\n"},
      LayersCase{"r = Relu(x:1x4); y = Add(r, bias:4)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: bias, parameter: [4]}\n"
                 "  - {name: add, add: [relu, bias]}\n"},
      LayersCase{"r = Relu(x:1x3x2); y = Add(position:1x3x2, r)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: position, parameter: [3, 2]}\n"
                 "  - {name: add, add: [relu, position]}\n"},
      LayersCase{"r = Relu(x:1x3x4x4); y = Mul(r, gamma:3x1x1)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: gamma, parameter: [3]}\n"
                 "  - {name: mul, multiply: [relu, gamma]}\n"},
      LayersCase{"r = Relu(x:1x5x4); y = Mul(r, gamma:4)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: gamma, parameter: [4], then: [{reshape: [1, 4]}]}\n"
                 "  - {name: mul, multiply: [relu, gamma]}\n"},
      LayersCase{"r = Relu(x:1x4); y = Mul(gamma:, r)",
                 "  - {name: relu, then: [relu, {reshape: [1, 4]}]}\n"
                 "  - {name: gamma, parameter: [1]}\n"
                 "  - {name: mul, multiply: [relu, gamma], then: [flatten]}\n"},
      LayersCase{"r = Relu(x:1x4); y = Mul(2, r)", "  - {name: relu, then: [relu, {scale: 2}]}\n"},
      LayersCase{
          "t = Transpose(x:1x3x4x4) perm=[0 2 3 1]; r = Relu(t); y = Mul(r, gamma:3)",
          "  - {name: relu, then: [relu]}\n"
          "  - {name: gamma, parameter: [3]}\n"
          "  - name: mul\n"
          "    multiply: [relu, gamma]\n"
          "    then: [{reshape: [3, 16]}, {permute: [length, channels]}, {reshape: [4, 4, 3]}]\n"},
      LayersCase{"r = Relu(x:1x3x4x4); y = Add(r, onnx::Add_7:3x1x1)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - name: add\n"
                 "    parameter: [3]\n"
                 "    then:\n"
                 "      - {reshape: [3, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [12, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [3, 4, 4]}\n"
                 "  - {name: add_2, add: [relu, add]}\n"},
      LayersCase{"r = Relu(x:1x4); a = Add(r, p:4); y = Add(a, p)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: p, parameter: [4]}\n"
                 "  - {name: add, add: [relu, p]}\n"
                 "  - {name: p_2, share: p, parameter: [4]}\n"
                 "  - {name: add_2, add: [add, p_2]}\n"},
      LayersCase{"r = Relu(x:1x2x3x2x2); y = Add(r, p:2x3x2x2)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: p, parameter: [2, 3, 2, 2]}\n"
                 "  - {name: add, add: [relu, p]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, WhatPreparesTheInputIsFixed) {
  constexpr std::array cases{
      LayersCase{"y = Sub(x:1x3x4x4, mean:3x1x1[1 2 3])",
                 "  - {name: sub, then: [{shift: {by: [-1, -2, -3]}}]}\n"},
      LayersCase{"y = Mul(x:1x3x4x4, std:1x3x1x1[1 2 3])",
                 "  - {name: mul, then: [{scale: {by: [1, 2, 3]}}]}\n"},
      LayersCase{"y = Add(x:1x3x4x4, p:3x4x4)",
                 "  - {name: p, parameter: [3, 4, 4]}\n"
                 "  - {name: add, add: [input, p]}\n"},
      LayersCase{"y = Add(x:1x3, p:3)",
                 "  - {name: add, then: [{shift: {by: [0.25, 1.25, 2.25]}}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, AxisOfOldSums) {
  constexpr std::array cases{
      LayersCase{"r = Relu(x:1x3x4x4); y = Add(r, fixed:3[1 2 3]) axis=1 broadcast=1",
                 "  - {name: relu, then: [relu, {shift: {by: [1, 2, 3]}}]}\n", 6},
      LayersCase{"r = Relu(x:1x3x4x4); y = Mul(r, fixed:4[1 2 3 4]) axis=3 broadcast=1",
                 "  - {name: relu, then: [relu, {reshape: [12, 4]}]}\n"
                 "  - {name: mul.constant, constant: {shape: [4], values: [1, 2, 3, 4]}, then: "
                 "[{reshape: [1, 4]}]}\n"
                 "  - {name: mul, multiply: [relu, mul.constant], then: [{reshape: [3, 4, 4]}]}\n",
                 6},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, Extremes) {
  constexpr std::array cases{
      LayersCase{"y = Max(x:1x4, 0)", "  - {name: max, then: [relu]}\n"},
      LayersCase{
          "y = Min(x:1x4, 6)",
          "  - {name: min, then: [{scale: -1}, {shift: 6}, relu, {scale: -1}, {shift: 6}]}\n"},
      LayersCase{"a = Max(x:1x4, 0); y = Min(a, 6)",
                 "  - {name: max, then: [relu, {scale: -1}, {shift: 6}, relu, {scale: -1}, {shift: "
                 "6}]}\n"},
      LayersCase{"a = Tanh(x:1x4); y = Max(x, a)",
                 "  - {name: tanh, then: [tanh]}\n"
                 "  - {name: max, from: input, then: [{scale: -1}]}\n"
                 "  - {name: max_2, add: [tanh, max], then: [relu]}\n"
                 "  - {name: max_3, add: [input, max_2]}\n"},
      LayersCase{"a = Tanh(x:1x4); y = Min(x, a)",
                 "  - {name: tanh, then: [tanh, {scale: -1}]}\n"
                 "  - {name: min, add: [tanh, input], then: [relu, {scale: -1}]}\n"
                 "  - {name: min_2, add: [input, min]}\n"},
      LayersCase{"a = Tanh(x:1x4); y = Max(x, a, 1)",
                 "  - {name: tanh, then: [tanh]}\n"
                 "  - {name: max, from: input, then: [{scale: -1}]}\n"
                 "  - {name: max_2, add: [tanh, max], then: [relu]}\n"
                 "  - {name: max_3, add: [input, max_2], then: [{shift: -1}, relu, {shift: 1}]}\n"},
      LayersCase{"y = Max(x:1x2, v:2[1 2])",
                 "  - {name: max, then: [{shift: {by: [-1, -2]}}, relu, {shift: {by: [1, 2]}}]}\n"},
      LayersCase{"y = Min(x:1x2, v:2[1 2])",
                 "  - name: min\n"
                 "    then: [{shift: {by: [-1, -2]}}, {scale: -1}, relu, {scale: -1}, {shift: {by: "
                 "[1, 2]}}]\n"},
      LayersCase{"m = Max(x:1x2, v:1x1x1[1]); y = Transpose(m) perm=[2 1 0]",
                 "  - {name: max, then: [{shift: -1}, relu, {shift: 1}, {reshape: [2, 1]}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxArithmetic, Masks) {
  constexpr std::array cases{
      LayersCase{"s = MatMul(x:1x3x3, w:3x3); y = Add(s, fixed:3x3[0 -1e9 -1e9 0 0 -1e9 0 0 0])",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 3, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w_transposed}\n"
                 "    then: [{permute: [length, channels]}, {mask: {by: 10000, keys: second}}]\n"},
      LayersCase{
          "s = MatMul(x:1x2x3x3, w:3x3); y = Add(s, mask:1x1x3x3[0 -1e4 -1e4 0 0 -1e4 0 0 0])",
          "  - {name: matmul_2, then: [{reshape: [6, 3]}, {permute: [length, channels]}, {reshape: "
          "[3, 2, 3]}]}\n"
          "  - name: matmul\n"
          "    dense: {units: 3, per: position}\n"
          "    bias: false\n"
          "    weights: {weight: w_transposed}\n"
          "    then:\n"
          "      - {reshape: [3, 6]}\n"
          "      - {permute: [length, channels]}\n"
          "      - {reshape: [2, 3, 3]}\n"
          "      - {mask: {by: 10000, keys: second}}\n"},
      LayersCase{"s = MatMul(x:1x3x3, w:3x3); y = Add(s, fixed:3[0 0 -1e9])",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 3, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w_transposed}\n"
                 "    then: [{shift: {by: [0, 0, -10000]}}, {permute: [length, channels]}]\n"},
      LayersCase{"s = MatMul(x:1x2x2, w:2x2); y = Sub(s, fixed:2x2[0 1e5 0 0])",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w_transposed}\n"
                 "    then: [{permute: [length, channels]}, {mask: {by: 10000, keys: second}}]\n"},
      LayersCase{"s = MatMul(x:1x2x2, w:2x2); y = Where(fixed:2x2[1 0 1 1], s, -1e9)",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w_transposed}\n"
                 "    then: [{permute: [length, channels]}, {mask: {by: 10000, keys: second}}]\n"},
      LayersCase{"s = MatMul(x:1x2x2, w:2x2); y = Where(fixed:2x2[0 1 0 0], -1e9, s)",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w_transposed}\n"
                 "    then: [{permute: [length, channels]}, {mask: {by: 10000, keys: second}}]\n"},
      LayersCase{"s = MatMul(x:1x2x2, w:2x2); y = Where(fixed:2[1 0], s, -1e9)",
                 "  - {name: matmul_2, then: [{permute: [length, channels]}]}\n"
                 "  - name: matmul\n"
                 "    dense: {units: 2, per: position}\n"
                 "    bias: false\n"
                 "    weights: {weight: w_transposed}\n"
                 "    then: [{shift: {by: [0, -10000]}}, {permute: [length, channels]}]\n"},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
