// Operators that move, choose and join numbers.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxLayout, WhatDisappears) {
  constexpr std::array cases{
      LayersCase{"i = Identity(x:1x4); d = Dropout(i, 0.5); c = Cast(d) to=10; y = Relu(c)",
                 "  - {name: relu, then: [relu]}\n"},
      LayersCase{"r = Reshape(x:1x3x4x4, [1 3 16]); y = Relu(r)",
                 "  - {name: relu, then: [relu, {reshape: [3, 16]}]}\n"},
      LayersCase{"r = Reshape(x:1x3x4x4, [0 -1]); y = Relu(r)",
                 "  - {name: relu, then: [relu, flatten]}\n"},
      LayersCase{"u = Unsqueeze(x:1x4, [2 3]); s = Squeeze(u, [-1]); y = Relu(s)",
                 "  - {name: relu, then: [relu, {reshape: [4, 1]}]}\n"},
      LayersCase{
          "t = Transpose(x:1x3x4x4) perm=[0 2 3 1]; u = Transpose(t) perm=[0 3 1 2]; y = Relu(u)",
          "  - {name: relu, then: [relu]}\n"},
      LayersCase{"f = Flatten(x:1x3x4x4); y = Gemm(f, w:48x2)",
                 "  - {name: gemm, dense: 2, bias: false, weights: {weight: w}}\n"},
      LayersCase{"t = Transpose(x:1x1x4) perm=[0 2 1]; y = Relu(t)",
                 "  - {name: relu, then: [relu, {reshape: [4, 1]}]}\n"},
      LayersCase{"y = Identity(x:1x4)", "  - {name: output, then: [identity]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, WhatIsLeft) {
  constexpr std::array cases{
      LayersCase{"y = Reshape(x:1x3x4x4, [1 3 16])",
                 "  - {name: output, then: [{reshape: [3, 16]}]}\n"},
      LayersCase{"y = Flatten(x:1x3x4x4)", "  - {name: output, then: [flatten]}\n"},
      LayersCase{"y = Flatten(x:1x3x4x4) axis=-1",
                 "  - {name: output, then: [{reshape: [12, 4]}]}\n"},
      LayersCase{"y = Transpose(x:1x5x4) perm=[0 2 1]",
                 "  - {name: output, then: [{permute: [length, channels]}]}\n"},
      LayersCase{"y = Transpose(x:1x3x4x5) perm=[0 2 3 1]",
                 "  - {name: output, then: [{reshape: [3, 20]}, {permute: [length, channels]}, "
                 "{reshape: [4, 5, 3]}]}\n"},
      LayersCase{"r = Reshape(x:1x12x4x5, [1 2 6 4 5]); t = Transpose(r) perm=[0 2 1 3 4]; y = "
                 "Reshape(t, [1 12 4 5])",
                 "  - name: reshape\n"
                 "    then:\n"
                 "      - {reshape: [2, 6, 20]}\n"
                 "      - {permute: [height, channels, width]}\n"
                 "      - flatten\n"
                 "      - {reshape: [12, 4, 5]}\n"},
      LayersCase{"r = Reshape(x:1x16x4, [1 2 2 2 2 4]); t = Transpose(r) perm=[0 5 4 3 2 1]; y = "
                 "Reshape(t, [1 64])",
                 "  - name: reshape\n"
                 "    then:\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {reshape: [4, 8, 2]}\n"
                 "      - {permute: [channels, width, height]}\n"
                 "      - {reshape: [8, 4, 2]}\n"
                 "      - {permute: [channels, width, height]}\n"
                 "      - {reshape: [16, 2, 2]}\n"
                 "      - {permute: [channels, width, height]}\n"
                 "      - flatten\n"},
      LayersCase{"t = Transpose(x:1x3x4x4) perm=[0 2 3 1]; y = Reshape(t, [1 16 3])",
                 "  - {name: output, then: [{reshape: [3, 16]}, {permute: [length, channels]}]}\n"},
      LayersCase{"t = Transpose(x:1x3x4x4) perm=[0 2 3 1]; y = Reshape(t, [1 48])",
                 "  - {name: reshape, then: [{reshape: [3, 16]}, {permute: [length, channels]}, "
                 "flatten]}\n"},
      LayersCase{"r = Reshape(x:1x2x3x4, [1 2 1 3 4]); y = Squeeze(r)",
                 "  - {name: output, then: [identity]}\n"},
      LayersCase{"y = Reshape(x:1x2x6) shape=[1 3 4]",
                 "  - {name: output, then: [{reshape: [3, 4]}]}\n", 4},
      LayersCase{"y = Reshape(x:1x2x6, [1 2 2 3]) allowzero=1",
                 "  - {name: output, then: [{reshape: [2, 2, 3]}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, Parts) {
  constexpr std::array cases{
      LayersCase{"y = Slice(x:1x4x6, [1], [3], [1])",
                 "  - {name: slice, then: [{slice: {from: 1, to: 3}}]}\n"},
      LayersCase{"y = Slice(x:1x4x6, [-3], [1000], [-1], [2])",
                 "  - {name: slice, then: [{slice: {axis: length, from: 3, step: 2}}]}\n"},
      LayersCase{"y = Slice(x:1x4x6, [0 1], [3 6], [1 2], [2 3])",
                 "  - name: slice\n"
                 "    then: [{slice: {to: 3, step: 2}}, {slice: {axis: length, from: 1, to: 5, "
                 "step: 3}}]\n"},
      LayersCase{"s = Slice(x:1x4x6, [0], [4], [1]); y = Relu(s)",
                 "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Slice(x:1x2x3x4x5, [1], [2], [3])",
                 "  - {name: slice, then: [{slice: {axis: height, from: 1, to: 2}}]}\n"},
      LayersCase{"y = Slice(x:1x4x6) starts=[1] ends=[-1] axes=[2]",
                 "  - {name: slice, then: [{slice: {axis: length, from: 1, to: 5}}]}\n", 9},
      LayersCase{"y = Slice(x:1x4x6) starts=[0 2] ends=[1 4]",
                 "  - {name: slice, then: [{slice: {from: 2}}]}\n", 9},
      LayersCase{"a|b = Split(x:1x4x6, [1 3]) axis=1 -> b",
                 "  - {name: split, then: [{slice: {from: 1}}]}\n"},
      LayersCase{"a|b|c = Split(x:1x5x6) axis=1 -> c",
                 "  - {name: split, then: [{slice: {from: 4}}]}\n"},
      LayersCase{"a|b = Split(x:1x5x6) axis=1 num_outputs=2 -> b",
                 "  - {name: split, then: [{slice: {from: 3}}]}\n", 18},
      LayersCase{"a|b = Split(x:1x4x6) axis=-1 split=[2 4] -> a",
                 "  - {name: split, then: [{slice: {axis: length, to: 2}}]}\n", 11},
      LayersCase{"y = Gather(x:1x4x6, i:[2]) axis=1",
                 "  - {name: gather, then: [{slice: {from: 2, to: 3}}, flatten]}\n"},
      LayersCase{"y = Gather(x:1x4x6, i:[-1]) axis=2",
                 "  - {name: gather, then: [{slice: {axis: length, from: 5}}, flatten]}\n"},
      LayersCase{"y = Gather(x:1x4x6, [1 3]) axis=1",
                 "  - {name: gather, then: [{slice: {from: 1, step: 2}}]}\n"},
      LayersCase{"y = Gather(x:1x4x6, [2]) axis=1",
                 "  - {name: gather, then: [{slice: {from: 2, to: 3}}]}\n"},
      LayersCase{"y = Gather(x:1x4, i:[0]) axis=0", "  - {name: output, then: [identity]}\n"},
      LayersCase{"t = Transpose(x:1x4x6) perm=[0 2 1]; y = Gather(t, i:[1]) axis=2",
                 "  - {name: gather, then: [{slice: {from: 1, to: 2}}, flatten]}\n"},
      LayersCase{"q = Slice(x:1x4x6, [1], [3], [1]); s = Slice(x, [1], [3], [1]); y = Add(q, s)",
                 "  - {name: slice, then: [{slice: {from: 1, to: 3}}]}\n"
                 "  - {name: slice_2, from: input, then: [{slice: {from: 1, to: 3}}]}\n"
                 "  - {name: add, add: [slice, slice_2]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, Joined) {
  constexpr std::array cases{
      LayersCase{"a = Relu(x:1x3x4x4); y = Concat(x, a) axis=1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: concat, concat: [input, relu]}\n"},
      LayersCase{"a = Relu(x:1x3x4x4); y = Concat(x, a) axis=-1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: concat, concat: {inputs: [input, relu], axis: width}}\n"},
      LayersCase{"a = Relu(x:1x5x4); y = Concat(x, a) axis=1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: concat, concat: [input, relu]}\n"},
      LayersCase{"a = Relu(x:1x4); y = Concat(x, a) axis=1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: concat, concat: [input, relu]}\n"},
      LayersCase{"c = Concat(x:1x4) axis=1; y = Relu(c)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{
          "r = Relu(x:1x3x4x4); y = Concat(r, fixed:1x2x4x4) axis=1",
          "  - {name: relu, then: [relu]}\n"
          "  - name: concat.constant\n"
          "    constant: {shape: [2, 4, 4], values: [0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, "
          "7.25, 8.25, 9.25, 10.25, 11.25, 12.25, 13.25, 14.25, 15.25, 16.25, 17.25, 18.25, 19.25, "
          "20.25, 21.25, 22.25, 23.25, 24.25, 25.25, 26.25, 27.25, 28.25, 29.25, 30.25, 31.25]}\n"
          "  - {name: concat, concat: [relu, concat.constant]}\n"},
      LayersCase{"r = Relu(x:1x5x4); y = Concat(cls:1x1x4, r) axis=1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: cls, parameter: [4], then: [{reshape: [1, 4]}]}\n"
                 "  - {name: concat, concat: [cls, relu]}\n"},
      LayersCase{
          "r = Relu(x:1x5x4); t = Transpose(r) perm=[0 2 1]; y = Concat(cls:1x4x1, t) axis=2",
          "  - {name: relu, then: [relu]}\n"
          "  - {name: cls, parameter: [4], then: [{reshape: [1, 4]}]}\n"
          "  - {name: concat, concat: [cls, relu], then: [{permute: [length, channels]}]}\n"},
      LayersCase{"t = Transpose(x:1x4x4) perm=[0 2 1]; y = Concat(t, x) axis=1",
                 "  - {name: concat, then: [{permute: [length, channels]}]}\n"
                 "  - name: concat_2\n"
                 "    concat: {inputs: [input, concat], axis: length}\n"
                 "    then: [{permute: [length, channels]}]\n"},
      LayersCase{"g = ReduceMean(x:1x3x4x4) axes=[2 3]; h = ReduceMax(x) axes=[2 3]; y = Concat(g, "
                 "h) axis=2",
                 "  - {name: reducemean, then: [global_average_pool, {reshape: [3, 1]}]}\n"
                 "  - {name: reducemax, from: input, then: [global_max_pool, {reshape: [3, 1]}]}\n"
                 "  - name: concat\n"
                 "    concat: {inputs: [reducemean, reducemax], axis: length}\n"
                 "    then: [{reshape: [3, 2, 1]}]\n"},
      LayersCase{"u = Unsqueeze(x:1x2x3x4, [3]); r = Relu(u); y = Concat(u, r) axis=3",
                 "  - {name: relu, then: [relu, {reshape: [2, 3, 1, 4]}]}\n"
                 "  - {name: concat, from: input, then: [{reshape: [2, 3, 1, 4]}]}\n"
                 "  - {name: concat_2, concat: {inputs: [concat, relu], axis: height}}\n"},
      LayersCase{"a = Relu(x:1x2x3x4x2); y = Concat(x, a) axis=3",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: concat, concat: {inputs: [input, relu], axis: height}}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, Repeated) {
  constexpr std::array cases{
      LayersCase{"y = Expand(x:1x3x1x1, [1 3 2 4])",
                 "  - name: expand\n"
                 "    then:\n"
                 "      - {reshape: [3, 1]}\n"
                 "      - {upsample: {size: 2}}\n"
                 "      - {reshape: [6, 1]}\n"
                 "      - {upsample: {size: 4}}\n"
                 "      - {reshape: [3, 2, 4]}\n"},
      LayersCase{"y = Expand(x:1x4, [1 4])", "  - {name: output, then: [identity]}\n"},
      LayersCase{"y = Expand(x:1x3x1, [3 2])",
                 "  - {name: expand, then: [{upsample: {size: 2}}]}\n"},
      LayersCase{"y = Tile(x:1x3x1, [1 1 4])", "  - {name: tile, then: [{upsample: {size: 4}}]}\n"},
      LayersCase{"t = Tile(x:1x3x1, [1 1 1]); y = Relu(t)", "  - {name: relu, then: [relu]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, Padded) {
  constexpr std::array cases{
      LayersCase{"y = Pad(x:1x3x4x4, [0 0 1 2 0 0 1 2])",
                 "  - {name: pad, then: [{pad: {by: [1, 2]}}]}\n"},
      LayersCase{"y = Pad(x:1x3x4x4, [0 0 1 2 0 0 0 1])",
                 "  - {name: pad, then: [{pad: {before: [1, 2], after: [0, 1]}}]}\n"},
      LayersCase{"y = Pad(x:1x3x4x4, [0 0 1 1 0 0 1 1]) mode='reflect'",
                 "  - {name: pad, then: [{pad: {by: 1, mode: reflect}}]}\n"},
      LayersCase{"y = Pad(x:1x3x4, [0 0 1 0 0 2]) mode='edge'",
                 "  - {name: pad, then: [{pad: {before: 1, after: 2, mode: replicate}}]}\n"},
      LayersCase{"y = Pad(x:1x3x4x4, [0 0 1 1 0 0 1 1]) mode='wrap'",
                 "  - {name: pad, then: [{pad: {by: 1, mode: circular}}]}\n", 19},
      LayersCase{"y = Pad(x:1x3x4x4, [0 2 0 0 0 1 0 0])",
                 "  - name: pad\n"
                 "    then: [{reshape: [1, 3, 16]}, {pad: {before: [2, 0], after: [1, 0]}}, "
                 "{reshape: [6, 4, 4]}]\n"},
      LayersCase{"y = Pad(x:1x5x4, [0 1 0 0 0 0])",
                 "  - name: pad\n"
                 "    then: [{reshape: [1, 5, 4]}, {pad: {before: [1, 0], after: [0, 0]}}, "
                 "{reshape: [6, 4]}]\n"},
      LayersCase{"y = Pad(x:1x4, [0 1 0 2])",
                 "  - {name: pad, then: [{reshape: [1, 4, 1]}, {pad: {before: [1, 0], after: [2, "
                 "0]}}, flatten]}\n"},
      LayersCase{"y = Pad(x:1x3x4x4, [0 0 -1 0 0 0 1 -2])",
                 "  - name: pad\n"
                 "    then:\n"
                 "      - {slice: {axis: height, from: 1}}\n"
                 "      - {slice: {axis: width, to: 2}}\n"
                 "      - {pad: {before: 0, after: [1, 0]}}\n"},
      LayersCase{"y = Pad(x:1x3x4x4, [0 0 -1 -1 0 0 -1 -1], 3)",
                 "  - name: pad\n"
                 "    then: [{slice: {axis: height, from: 1, to: 3}}, {slice: {axis: width, from: "
                 "1, to: 3}}]\n"},
      LayersCase{"y = Pad(x:1x3x4x4, [1 0 1 0], 0, [3 2])",
                 "  - {name: pad, then: [{pad: {by: [0, 1]}}]}\n", 18},
      LayersCase{"y = Pad(x:1x3x4x4) pads=[0 0 1 1 0 0 1 1]",
                 "  - {name: pad, then: [{pad: {by: 1}}]}\n", 2},
      LayersCase{"y = Pad(x:1x3x4x4) paddings=[0 0 1 1 0 0 1 1]",
                 "  - {name: pad, then: [{pad: {by: 1}}]}\n", 1},
      LayersCase{"t = Transpose(x:1x4x3) perm=[0 2 1]; y = Pad(t, [0 1 0 0 1 0])",
                 "  - name: pad\n"
                 "    then:\n"
                 "      - {reshape: [4, 3, 1]}\n"
                 "      - {pad: {before: [1, 0], after: [1, 0]}}\n"
                 "      - {reshape: [4, 5]}\n"
                 "      - {permute: [length, channels]}\n"},
      LayersCase{"y = Pad(x:1x2x3x4x5, [0 0 1 0 0 0 0 0 0 1])",
                 "  - {name: pad, then: [{pad: {before: [1, 0, 0], after: [0, 0, 1]}}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, Blocks) {
  constexpr std::array cases{
      LayersCase{"y = SpaceToDepth(x:1x3x4x4) blocksize=2",
                 "  - {name: spacetodepth, then: [{space_to_depth: 2}]}\n"},
      LayersCase{"y = DepthToSpace(x:1x8x2x2) blocksize=2",
                 "  - {name: depthtospace, then: [{depth_to_space: 2}]}\n"},
      LayersCase{"y = DepthToSpace(x:1x8x2x2) blocksize=2 mode='CRD'",
                 "  - {name: depthtospace, then: [{pixel_shuffle: 2}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxLayout, KnownNumbersOfShapes) {
  constexpr std::array cases{
      LayersCase{"s = Shape(x:1x3x4x4); g = Gather(s, i:[1]) axis=0; u = Unsqueeze(g, [0]); c = "
                 "Concat([1], u, [-1]) axis=0; y = Reshape(x, c)",
                 "  - {name: output, then: [{reshape: [3, 16]}]}\n"},
      LayersCase{"s = Shape(x:1x3x4x4) start=1 end=-1; y = Reshape(x, [1 12 4]) -> y",
                 "  - {name: output, then: [{reshape: [12, 4]}]}\n"},
      LayersCase{"s = Shape(x:1x3x4x4) start=2; p = ReduceProd(s) keepdims=1; c = Concat([1 3], p) "
                 "axis=0; y = Reshape(x, c)",
                 "  - {name: output, then: [{reshape: [3, 16]}]}\n"},
      LayersCase{"n = Size(x:1x4); c = Cast(n) to=1; y = Div(x, c)",
                 "  - {name: div, then: [{scale: 0.25}]}\n"},
      LayersCase{"s = Shape(x:1x2x4); z = ConstantOfShape(s); r = Relu(x); y = Add(r, z)",
                 "  - {name: relu, then: [relu]}\n"},
      LayersCase{
          "s = Shape(x:1x2x4) start=-1; q = Range(0, 4, 1); r = Relu(x); y = Add(r, q)",
          "  - {name: relu, then: [relu]}\n"
          "  - name: add.constant\n"
          "    constant: {shape: [4], values: [0, 1, 2, 3]}\n"
          "    then: [{reshape: [4, 1]}, {upsample: {size: 2}}, {permute: [length, channels]}]\n"
          "  - {name: add, add: [relu, add.constant]}\n"},
      LayersCase{"s = Shape(x:1x4); e = Equal(s, [1 4]); w = Where(e, s, [7 7]); y = Reshape(x, w)",
                 "  - {name: output, then: [identity]}\n"},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
