// What exporters write in several ways, and what looks alike but is not.
#include <gmock/gmock.h>

#include <limits>
#include <string>
#include <vector>

#include "onnx_builder.hpp"
#include "smoothbound/models/model.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::models {
namespace {

using namespace smoothbound::testing::onnx;

// The layers of the architecture file, or what is wrong.
std::string layers_of(const Model& model) {
  const std::string bytes = model.bytes();
  const ModelFormat* const format = find_format("m.onnx", bytes);
  if (format == nullptr) return "no format";
  try {
    const std::string text = format->read("m.onnx", bytes, {}).text;
    return text.substr(text.find("layers:\n") + 8);
  } catch (const SpecErrors& errors) {
    return std::string("refused: ") + errors.what();
  } catch (const SpecError& error) {
    return std::string("refused: ") + error.what();
  }
}

Model image(std::int64_t opset, std::int64_t size = 8) {
  Model model;
  model.opset = opset;
  model.input("x", {1, 3, size, size}).output("y");
  return model;
}

std::vector<float> counted(std::size_t count) {
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(i) + 1;
  return numbers;
}

Model& conv(Model& model, const std::string& from, const std::string& to,
            const std::vector<std::string>& attributes = {}) {
  model.initializer(to + ".weight", {3, 3, 3, 3}, counted(81));
  model.node("Conv", {from, to + ".weight"}, {to}, attributes);
  return model;
}

Model pooled(const char* operation, std::vector<std::string> attributes) {
  attributes.push_back(ints("kernel_shape", {2, 2}));
  Model model = image(13);
  model.node(operation, {"x"}, {"y"}, attributes);
  return model;
}

TEST(OnnxTraps, AttributesThatBecameInputs) {
  Model clip = image(7);
  clip.node("Clip", {"x"}, {"y"}, {real("min", 0), real("max", 6)});
  EXPECT_EQ(layers_of(clip), "  - {name: clip, then: [relu6]}\n");
  Model clip_11 = image(11);
  clip_11.initializer("low", {}, {0}).initializer("high", {}, {6});
  clip_11.node("Clip", {"x", "low", "high"}, {"y"});
  EXPECT_EQ(layers_of(clip_11), layers_of(clip));

  Model pad = image(9);
  pad.node("Pad", {"x"}, {"y"}, {ints("pads", {0, 0, 1, 1, 0, 0, 1, 1})});
  EXPECT_EQ(layers_of(pad), "  - {name: pad, then: [{pad: {by: 1}}]}\n");
  Model pad_11 = image(11);
  pad_11.initializer(integer_tensor("pads", {8}, {0, 0, 1, 1, 0, 0, 1, 1}));
  pad_11.node("Pad", {"x", "pads"}, {"y"});
  EXPECT_EQ(layers_of(pad_11), layers_of(pad));

  Model slice = image(9);
  slice.node("Slice", {"x"}, {"y"}, {ints("starts", {1}), ints("ends", {9}), ints("axes", {2})});
  EXPECT_EQ(layers_of(slice), "  - {name: slice, then: [{slice: {axis: height, from: 1}}]}\n");
  Model slice_10 = image(10);
  slice_10.initializer(integer_tensor("starts", {1}, {1}));
  slice_10.initializer(integer_tensor("ends", {1}, {9}));
  slice_10.initializer(integer_tensor("axes", {1}, {2}));
  slice_10.node("Slice", {"x", "starts", "ends", "axes"}, {"y"});
  EXPECT_EQ(layers_of(slice_10), layers_of(slice));

  Model split = image(11);
  split.node("Split", {"x"}, {"a", "b"}, {integer("axis", 1), ints("split", {1, 2})});
  split.node("Relu", {"b"}, {"y"});
  EXPECT_EQ(layers_of(split), "  - {name: split, then: [{slice: {from: 1}}, relu]}\n");
  Model split_13 = image(13);
  split_13.initializer(integer_tensor("sizes", {2}, {1, 2}));
  split_13.node("Split", {"x", "sizes"}, {"a", "b"}, {integer("axis", 1)});
  split_13.node("Relu", {"b"}, {"y"});
  EXPECT_EQ(layers_of(split_13), layers_of(split));

  Model mean = image(13);
  mean.node("ReduceMean", {"x"}, {"y"}, {ints("axes", {2, 3}), integer("keepdims", 0)});
  EXPECT_EQ(layers_of(mean), "  - {name: globalaveragepool, then: [global_average_pool]}\n");
  Model mean_18 = image(18);
  mean_18.initializer(integer_tensor("axes", {2}, {2, 3}));
  mean_18.node("ReduceMean", {"x", "axes"}, {"y"}, {integer("keepdims", 0)});
  EXPECT_EQ(layers_of(mean_18), layers_of(mean));

  // And the axis that Softmax takes: all behind the first before opset 13.
  Model softmax = image(11);
  softmax.node("Softmax", {"x"}, {"y"});
  EXPECT_EQ(layers_of(softmax),
            "  - {name: softmax, then: [flatten, softmax, {reshape: [3, 8, 8]}]}\n");
  Model softmax_13 = image(13);
  softmax_13.node("Softmax", {"x"}, {"y"}, {integer("axis", 1)});
  EXPECT_EQ(layers_of(softmax_13), "  - {name: softmax, then: [softmax]}\n");
}

TEST(OnnxTraps, OneInitializerIsSharedAndEqualOnesAreNot) {
  Model shared = image(13);
  shared.initializer("w", {3, 3, 1, 1}, counted(9));
  shared.node("Conv", {"x", "w"}, {"c"}).node("Conv", {"c", "w"}, {"y"});
  const std::string first =
      "  - {name: conv, conv: {filters: 3, kernel: 1}, bias: false, weights: {weight: w}}\n";
  EXPECT_EQ(
      layers_of(shared),
      first + "  - {name: conv_2, share: conv, conv: {filters: 3, kernel: 1}, bias: false}\n");
  Model merged = image(13);
  merged.initializer("w", {3, 3, 1, 1}, counted(9)).node("Identity", {"w"}, {"w2"});
  merged.node("Conv", {"x", "w"}, {"c"}).node("Conv", {"c", "w2"}, {"y"});
  EXPECT_EQ(layers_of(merged), first +
                                   "  - {name: conv_2, conv: {filters: 3, kernel: 1}, bias: false, "
                                   "weights: {weight: w2}}\n");
  // Before IR version 4 weights are inputs, too.
  Model old = image(8);
  old.ir = 3;
  old.input("w", {3, 3, 1, 1}).initializer("w", {3, 3, 1, 1}, counted(9));
  old.node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(layers_of(old), first);
}

TEST(OnnxTraps, PaddingOfConvolutions) {
  const std::vector<std::int64_t> two{2, 2};
  const std::string strided =
      "  - {name: \"y\", conv: {filters: 3, kernel: 3, stride: 2}, bias: false}\n";
  Model uneven = image(13);
  conv(uneven, "x", "y", {ints("pads", {0, 0, 1, 1}), ints("strides", two)});
  EXPECT_EQ(layers_of(uneven),
            "  - {name: conv, then: [{pad: {before: 0, after: 1}}]}\n" + strided);
  Model lower = image(13);
  conv(lower, "x", "y", {testing::onnx::text("auto_pad", "SAME_LOWER"), ints("strides", two)});
  EXPECT_EQ(layers_of(lower), "  - {name: conv, then: [{pad: {before: 1, after: 0}}]}\n" + strided);
  Model upper = image(13, 9);
  conv(upper, "x", "y", {testing::onnx::text("auto_pad", "SAME_UPPER"), ints("strides", two)});
  EXPECT_EQ(layers_of(upper),
            "  - {name: \"y\", conv: {filters: 3, kernel: 3, stride: 2, padding: 1}, "
            "bias: false}\n");
}

TEST(OnnxTraps, WindowsOfPools) {
  const auto pads = ints("pads", {1, 1, 1, 1});
  EXPECT_EQ(
      layers_of(pooled("AveragePool", {pads})),
      "  - name: averagepool\n"
      "    then: [{average_pool: {kernel: 2, stride: 1, padding: 1, count_padding: false}}]\n");
  EXPECT_EQ(
      layers_of(pooled("AveragePool", {pads, integer("count_include_pad", 1)})),
      "  - {name: averagepool, then: [{average_pool: {kernel: 2, stride: 1, padding: 1}}]}\n");
  // Strides are 1 unless they are given.
  EXPECT_EQ(layers_of(pooled("MaxPool", {})),
            "  - {name: maxpool, then: [{max_pool: {kernel: 2, stride: 1}}]}\n");
  EXPECT_EQ(layers_of(pooled("MaxPool", {ints("strides", {2, 2}), integer("ceil_mode", 1)})),
            "  - {name: maxpool, then: [{max_pool: {kernel: 2}}]}\n");
  // A zero is more than what a pool pads with.
  Model zeros = image(13);
  zeros.initializer(integer_tensor("pads", {8}, {0, 0, 1, 1, 0, 0, 1, 1}));
  zeros.node("Pad", {"x", "pads"}, {"p"});
  zeros.node("MaxPool", {"p"}, {"y"}, {ints("kernel_shape", {3, 3})});
  EXPECT_EQ(layers_of(zeros),
            "  - {name: pad, then: [{pad: {by: 1}}, {max_pool: {kernel: 3, stride: 1}}]}\n");
}

TEST(OnnxTraps, FlattenOfChannelsLast) {
  Model model = image(13);
  model.node("Transpose", {"x"}, {"t"}, {ints("perm", {0, 2, 3, 1})}).node("Flatten", {"t"}, {"f"});
  model.initializer("fc.weight", {192, 2}, counted(384)).node("MatMul", {"f", "fc.weight"}, {"y"});
  EXPECT_EQ(layers_of(model),
            "  - {name: flatten, then: [{reshape: [3, 64]}, {permute: [length, channels]}, "
            "flatten]}\n"
            "  - {name: fc, dense: 2, bias: false}\n");
}

TEST(OnnxTraps, ABatchNormOfTraining) {
  Model model = image(15);
  for (const char* const name : {"s", "b", "m", "v"}) model.initializer(name, {3}, {1, 2, 3});
  model.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y", "mean", "var"},
             {integer("training_mode", 1)});
  EXPECT_EQ(layers_of(model),
            "  - name: batchnormalization\n"
            "    then:\n"
            "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, weights: {weight: "
            "s, bias: b}}}\n");
}

TEST(OnnxTraps, WhatStandsBeforeAndBehindTheNetwork) {
  Model model = image(13);
  model.initializer("mean", {3, 1, 1}, {1, 2, 3}).initializer("std", {3, 1, 1}, {2, 2, 2});
  model.node("Sub", {"x", "mean"}, {"d"}).node("Div", {"d", "std"}, {"e"});
  conv(model, "e", "c").node("ArgMax", {"c"}, {"y"}, {integer("axis", 1)});
  EXPECT_EQ(layers_of(model),
            "  - {name: sub, then: [{shift: {by: [-1, -2, -3]}}, {scale: 0.5}]}\n"
            "  - {name: c, conv: {filters: 3, kernel: 3}, bias: false}\n");
}

TEST(OnnxTraps, WhatIsLeftOut) {
  Model constant = image(13);
  constant.initializer(integer_tensor("sizes", {4}, {2, 3, 1, 1}));
  constant.node("ConstantOfShape", {"sizes"}, {"w"},
                {tensor("value", float_tensor("", {1}, {0.5F}))});
  constant.node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(layers_of(constant), "  - {name: conv, conv: {filters: 2, kernel: 1}, bias: false}\n");
  Model concat = image(13);
  conv(concat, "x", "c").node("Concat", {"c"}, {"d"}, {integer("axis", 1)});
  concat.node("Relu", {"d"}, {"y"});
  EXPECT_EQ(layers_of(concat),
            "  - {name: c, conv: {filters: 3, kernel: 3}, bias: false, then: [relu]}\n");
  Model resize = image(11);
  resize.initializer("roi", {0}, {}).initializer("scales", {4}, {1, 1, 2, 2});
  resize.node("Resize", {"x", "roi", "scales"}, {"y"},
              {testing::onnx::text("mode", "nearest"), testing::onnx::text("nearest_mode", "floor"),
               testing::onnx::text("coordinate_transformation_mode", "asymmetric")});
  EXPECT_EQ(layers_of(resize), "  - {name: resize, then: [{upsample: {size: [16, 16]}}]}\n");
  Model gemm;
  gemm.input("x", {1, 4}).output("y").initializer("fc.weight", {2, 4}, counted(8));
  gemm.node("Gemm", {"x", "fc.weight"}, {"y"}, {integer("transB", 1)});
  EXPECT_EQ(layers_of(gemm), "  - {name: fc, dense: 2, bias: false}\n");
}

TEST(OnnxTraps, OthersAreRefusedByName) {
  Model foreign = image(13);
  foreign.node("Relu", {"x"}, {"y"}, {}, "r", "com.example");
  EXPECT_EQ(layers_of(foreign),
            "refused: node 'r' (Relu): an operator of the domain 'com.example'");
  GraphMaker body;
  body.output("q");
  Model loop = image(13);
  loop.node("Loop", {"", "", "x"}, {"y"}, {graph("body", body.fields)}, "l");
  EXPECT_EQ(layers_of(loop), "refused: node 'l' (Loop): the operator is not understood");
  Model branch = image(13);
  branch.node("ReduceMax", {"x"}, {"m"}, {ints("axes", {1, 2, 3}), integer("keepdims", 0)});
  branch.node("Cast", {"m"}, {"c"}, {integer("to", 9)});
  branch.node("If", {"c"}, {"y"},
              {graph("then_branch", body.fields), graph("else_branch", body.fields)}, "i");
  EXPECT_EQ(layers_of(branch),
            "refused: node 'i' (If): its condition depends on the network's input");
}

// An initializer, as the exporter folds it, and no parameter: none is infinite.
TEST(OnnxTraps, MasksThatAreAdded) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto masked = [](const std::vector<float>& numbers) {
    Model model;
    model.input("x", {1, 2, 2}).output("y");
    model.initializer("mask", {2, 2}, numbers);
    model.node("Softplus", {"x"}, {"u"}).node("Add", {"u", "mask"}, {"v"});
    model.node("Softmax", {"v"}, {"y"}, {integer("axis", -1)});
    return layers_of(model);
  };
  EXPECT_EQ(
      masked({0, -infinity, 0, 0}),
      "  - {name: softplus, then: [softplus, {mask: {by: 10000, keys: second}}, {softmax: {axis: "
      "length}}]}\n");
  EXPECT_EQ(masked({-20000, 0, 0, 0}),
            "  - {name: softplus, then: [softplus]}\n"
            "  - {name: add.constant, constant: {shape: [2, 2], values: [-10000, 0, 0, 0]}}\n"
            "  - {name: add, add: [softplus, add.constant], then: [{softmax: {axis: length}}]}\n");
  EXPECT_EQ(masked({0, -1, 0, 0}),
            "  - {name: softplus, then: [softplus]}\n"
            "  - {name: mask, parameter: [2, 2]}\n"
            "  - {name: add, add: [softplus, mask], then: [{softmax: {axis: length}}]}\n");
}

}  // namespace
}  // namespace smoothbound::models
