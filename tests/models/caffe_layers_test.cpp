// What single layers of Caffe become, and the shapes behind them: those that the importer counts,
// and those that the architecture file comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "models/imported.hpp"

namespace smoothbound::testing::caffe {
namespace {

const std::string wide_input =
    "layer { name: \"data\" type: \"Input\" top: \"data\"\n"
    "  input_param { shape { dim: 1 dim: 8 dim: 12 dim: 20 } } }\n";

std::string one_layer(const std::string& type, const std::string& settings = "",
                      const std::string& bottom = "data", const std::string& top = "out") {
  return "layer { name: \"" + top + "\" type: \"" + type + "\" bottom: \"" + bottom + "\" top: \"" +
         top + "\" " + settings + " }\n";
}

// Of the last blob, if both say the same.
std::string shape_behind(const std::string& layers) {
  const std::string shape =
      network_of("a.prototxt", wide_input + layers).graph.layers.back().output.to_text();
  const std::string refusal = places_of(
      "a.prototxt",
      wide_input + layers +
          one_layer("Reshape", "reshape_param { shape { dim: 0 dim: 7919 } }", "out", "z"));
  const std::string begin = "has other scalars than ";
  const std::size_t place = refusal.find(begin);
  if (place == std::string::npos) return refusal;
  const std::string counted = refusal.substr(place + begin.size(), shape.size());
  return counted == shape ? shape : shape + ", counted as " + refusal.substr(place);
}

TEST(CaffeLayers, OfImagesThatAreNotSquare) {
  EXPECT_EQ(shape_behind(one_layer("Pooling", "pooling_param { kernel_size: 3 stride: 2 }")),
            "[8, 6, 10]");
  EXPECT_EQ(
      shape_behind(one_layer("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 }")),
      "[8, 6, 10]");
  EXPECT_EQ(shape_behind(one_layer("Pooling",
                                   "pooling_param { kernel_h: 3 kernel_w: 2 stride_h: 3 "
                                   "stride_w: 2 }")),
            "[8, 4, 10]");
  EXPECT_EQ(shape_behind(one_layer("Pooling", "pooling_param { pool: AVE global_pooling: true }")),
            "[8]");
  EXPECT_EQ(shape_behind(one_layer("Convolution",
                                   "convolution_param { num_output: 4 kernel_size: 3 "
                                   "stride: 2 pad: 1 }")),
            "[4, 6, 10]");
  EXPECT_EQ(shape_behind(one_layer("Convolution",
                                   "convolution_param { num_output: 4 kernel_h: 1 "
                                   "kernel_w: 5 pad_h: 0 pad_w: 1 }")),
            "[4, 12, 18]");
  EXPECT_EQ(shape_behind(one_layer("Convolution",
                                   "convolution_param { num_output: 4 kernel_size: 3 "
                                   "dilation: 2 }")),
            "[4, 8, 16]");
  EXPECT_EQ(shape_behind(one_layer("Deconvolution",
                                   "convolution_param { num_output: 4 kernel_size: "
                                   "4 stride: 2 pad: 1 }")),
            "[4, 24, 40]");
  EXPECT_EQ(shape_behind(one_layer("Deconvolution",
                                   "convolution_param { num_output: 8 kernel_h: 2 "
                                   "kernel_w: 3 stride_h: 2 stride_w: 3 group: 8 }")),
            "[8, 24, 60]");
  EXPECT_EQ(shape_behind(one_layer("Slice", "top: \"b\" slice_param { axis: 3 slice_point: 7 }") +
                         one_layer("ReLU", "", "b", "c") + one_layer("ReLU", "", "out", "out")),
            "[8, 12, 7]");
  EXPECT_EQ(shape_behind(one_layer("ReLU", "", "data", "r") +
                         one_layer("Concat", "bottom: \"r\" concat_param { axis: 3 }")),
            "[8, 12, 40]");
  EXPECT_EQ(shape_behind(one_layer("Permute", "permute_param { order: [0, 3, 1, 2] }")),
            "[20, 8, 12]");
  EXPECT_EQ(shape_behind(one_layer("Pooling",
                                   "pooling_param { kernel_h: 2 kernel_w: 4 stride_h: 2 "
                                   "stride_w: 4 }",
                                   "data", "p") +
                         one_layer("Crop", "bottom: \"p\" crop_param { offset: [1, 2] }")),
            "[8, 6, 5]");
  EXPECT_EQ(shape_behind(one_layer("ShuffleChannel", "shuffle_channel_param { group: 2 }")),
            "[8, 12, 20]");
  EXPECT_EQ(shape_behind(one_layer("Flatten")), "[1920]");
}

TEST(CaffeLayers, WhatIsNotGivenIsTheDefault) {
  const auto becomes = [](const std::string& type, const std::string& settings = "") {
    const std::string text = imported("a.prototxt", wide_input + one_layer(type, settings)).text;
    const std::size_t begin = text.find("{name: out");
    return begin == std::string::npos ? text : text.substr(begin, text.size() - begin - 1);
  };
  EXPECT_EQ(becomes("LRN"),
            "{name: out, then: [{local_response_norm: {size: 5, alpha: 1, beta: 0.75, k: 1}}]}");
  EXPECT_EQ(becomes("ReLU"), "{name: out, then: [relu]}");
  EXPECT_EQ(becomes("ELU"), "{name: out, then: [elu]}");
  EXPECT_EQ(becomes("PReLU"), "{name: out, then: [prelu]}");
  EXPECT_EQ(becomes("Dropout"), "{name: out, then: [{dropout: 0.5}]}");
  EXPECT_EQ(becomes("Softmax"), "{name: out, then: [softmax]}");
  EXPECT_EQ(becomes("BatchNorm"),
            "{name: out, then: [{batch_norm: {epsilon: 1e-05, per: channel}}]}");
  EXPECT_EQ(becomes("Pooling", "pooling_param { kernel_size: 2 }"),
            "{name: out, then: [{max_pool: {kernel: 2, stride: 1}}]}");
  EXPECT_EQ(becomes("Pooling", "pooling_param { global_pooling: true }"),
            "{name: out, then: [global_max_pool]}");
  EXPECT_EQ(becomes("Convolution", "convolution_param { num_output: 2 kernel_size: 3 }"),
            "{name: out, conv: {filters: 2, kernel: 3}}");
  EXPECT_EQ(becomes("Deconvolution", "convolution_param { num_output: 2 kernel_size: 3 }"),
            "{name: out, conv_transposed: {filters: 2, kernel: 3}}");
  EXPECT_EQ(becomes("InnerProduct", "inner_product_param { num_output: 2 }"),
            "{name: out, dense: 2}");
  EXPECT_EQ(becomes("Power", "power_param { shift: 1 }"), "{name: out, then: [{shift: 1}]}");
  EXPECT_EQ(becomes("Power", "power_param { scale: 3 }"), "{name: out, then: [{scale: 3}]}");
  EXPECT_EQ(becomes("ELU", "elu_param { alpha: 2 }"), "{name: out, then: [{elu: {alpha: 2}}]}");
  EXPECT_EQ(becomes("ReLU", "relu_param { negative_slope: 0.1 }"),
            "{name: out, then: [{leaky_relu: 0.1}]}");
  EXPECT_EQ(becomes("PReLU", "prelu_param { channel_shared: true }"),
            "{name: out, then: [{prelu: {per: layer}}]}");
  EXPECT_EQ(becomes("Concat", "bottom: \"data\""), "{name: out, concat: [input, input]}");
  EXPECT_EQ(becomes("Eltwise", "bottom: \"data\""), "{name: out, add: [input, input]}");
}

TEST(CaffeLayers, SumsHaveAFactorForEach) {
  const std::string sum = one_layer("ReLU", "", "data", "r") +
                          one_layer("Eltwise", "bottom: \"r\" eltwise_param { coeff: [2, 3] }");
  const std::string text = imported("a.prototxt", wide_input + sum).text;
  EXPECT_EQ(text.substr(text.find("  - ")),
            "  - {name: r, then: [relu, {scale: 3}]}\n"
            "  - {name: out, from: input, then: [{scale: 2}]}\n"
            "  - {name: out_2, add: [out, r]}\n");
}

// Files before the axes had numbers of their own.
TEST(CaffeLayers, AxesOfOldFiles) {
  EXPECT_EQ(shape_behind(one_layer("ReLU", "", "data", "r") +
                         one_layer("Concat", "bottom: \"r\" concat_param { concat_dim: 2 }")),
            "[8, 24, 20]");
  EXPECT_EQ(shape_behind(one_layer("Slice", "slice_param { slice_dim: 3 }") +
                         one_layer("ReLU", "", "out", "out")),
            "[8, 12, 20]");
  for (const char* settings :
       {"Concat concat_param { concat_dim: 0 }", "Slice slice_param { slice_dim: 0 }"}) {
    const std::string text = settings;
    const std::size_t space = text.find(' ');
    EXPECT_EQ(places_of("a.prototxt",
                        wide_input + one_layer(text.substr(0, space), text.substr(space + 1))),
              "3:1 layer 'out': axis 0 is not one of a sample of shape [8, 12, 20] (axis 0 is the "
              "batch, axis 1 the channels)\n");
  }
}

// The first size is that of the batch, unless it is the only one.
TEST(CaffeLayers, InputsOfEachRank) {
  const auto input_of = [](const std::string& type, const std::string& dims) {
    const std::string parameter = type == "Input" ? "input_param" : "dummy_data_param";
    const std::string text =
        imported("a.prototxt", "layer { name: \"data\" type: \"" + type + "\" top: \"data\" " +
                                   parameter + " { shape { dim: " + dims + " } } }\n" +
                                   one_layer("ReLU"))
            .text;
    const std::size_t begin = text.find("input: ");
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  for (const char* type : {"Input", "DummyData"}) {
    EXPECT_EQ(input_of(type, "7"), "input: {shape: [7]}");
    EXPECT_EQ(input_of(type, "[2, 7]"), "input: {shape: [7]}");
    EXPECT_EQ(input_of(type, "[2, 7, 5]"), "input: {shape: [7, 5]}");
    EXPECT_EQ(input_of(type, "[2, 7, 5, 3]"), "input: {shape: [7, 5, 3]}");
  }
}

TEST(CaffeLayers, IntegersHaveLeastValues) {
  const auto least = [](const std::string& type, const std::string& parameter,
                        const std::string& field, int value) {
    const std::string text =
        places_of("a.prototxt", wide_input + one_layer(type, parameter + " { " + field + ": " +
                                                                 std::to_string(value - 1) + " }"));
    return text.find("'" + field + "' has to be an integer from " + std::to_string(value) +
                     " to 2^30, not '" + std::to_string(value - 1) + "'") != std::string::npos;
  };
  EXPECT_TRUE(least("Bias", "bias_param", "axis", -4));
  EXPECT_TRUE(least("Bias", "bias_param", "num_axes", -1));
  EXPECT_TRUE(least("Scale", "scale_param", "axis", -4));
  EXPECT_TRUE(least("Scale", "scale_param", "num_axes", -1));
  EXPECT_TRUE(least("InnerProduct", "inner_product_param", "axis", -4));
  EXPECT_TRUE(least("InnerProduct", "inner_product_param", "num_output", 1));
  EXPECT_TRUE(least("Convolution", "convolution_param", "axis", -4));
  EXPECT_TRUE(least("Convolution", "convolution_param", "group", 1));
  EXPECT_TRUE(least("Convolution", "convolution_param", "num_output", 1));
  EXPECT_TRUE(least("Convolution", "convolution_param", "kernel_size", 1));
  EXPECT_TRUE(least("Convolution", "convolution_param", "stride", 1));
  EXPECT_TRUE(least("Convolution", "convolution_param", "dilation", 1));
  EXPECT_TRUE(least("Convolution", "convolution_param", "pad", 0));
  EXPECT_TRUE(least("Pooling", "pooling_param", "kernel_size", 1));
  EXPECT_TRUE(least("Pooling", "pooling_param", "stride", 1));
  EXPECT_TRUE(least("Pooling", "pooling_param", "pad", 0));
  EXPECT_TRUE(least("LRN", "lrn_param", "local_size", 1));
  EXPECT_TRUE(least("Flatten", "flatten_param", "axis", -4));
  EXPECT_TRUE(least("Flatten", "flatten_param", "end_axis", -4));
  EXPECT_TRUE(least("Reshape", "reshape_param", "axis", -4));
  EXPECT_TRUE(least("Reshape", "reshape_param", "num_axes", -1));
  EXPECT_TRUE(least("Slice", "slice_param", "slice_point", 1));
  EXPECT_TRUE(least("Permute", "permute_param", "order", 0));
  EXPECT_TRUE(least("ShuffleChannel", "shuffle_channel_param", "group", 1));
  EXPECT_TRUE(least("Crop", "bottom: \"data\" crop_param", "offset", 0));
}

TEST(CaffeLayers, TypesOfOldFilesAreWrittenInCapitals) {
  const auto refusal = [](const std::string& type) {
    return places_of("a.prototxt", wide_input + "layers { name: \"n\" type: " + type +
                                       " bottom: \"data\" top: \"n\" }\n");
  };
  EXPECT_EQ(refusal("NORMALIZE"), refusal("\"Normalize\""));
  EXPECT_EQ(refusal("ABSVAL"), refusal("\"AbsVal\""));
  EXPECT_EQ(refusal("ABSVAL"),
            "3:1 layer 'n': AbsVal cannot be read: no component computes it (write an "
            "architecture file with an opaque layer in its place)\n");
}

// Numbers stand for words in files that a program wrote.
TEST(CaffeLayers, WordsAndTheirNumbers) {
  const auto same = [](const std::string& type, const std::string& word,
                       const std::string& number) {
    const auto text = [&](const std::string& settings) {
      return imported("a.prototxt", wide_input + one_layer(type, settings)).text;
    };
    EXPECT_EQ(text(word), text(number));
    return text(word).substr(text(word).find("{name: out") + 12);
  };
  EXPECT_EQ(same("Eltwise", "bottom: \"data\"", "bottom: \"data\" eltwise_param { operation: 1 }"),
            "add: [input, input]}\n");
  EXPECT_EQ(same("Eltwise", "bottom: \"data\" eltwise_param { operation: PROD }",
                 "bottom: \"data\" eltwise_param { operation: 0 }"),
            "multiply: [input, input]}\n");
  EXPECT_EQ(same("Pooling", "pooling_param { kernel_size: 2 pool: MAX }",
                 "pooling_param { kernel_size: 2 pool: 0 }"),
            "then: [{max_pool: {kernel: 2, stride: 1}}]}\n");
  EXPECT_EQ(same("Pooling", "pooling_param { kernel_size: 2 pool: AVE }",
                 "pooling_param { kernel_size: 2 pool: 1 }"),
            "then: [{average_pool: {kernel: 2, stride: 1}}]}\n");
  EXPECT_EQ(same("Pooling", "pooling_param { kernel_size: 3 stride: 2 round_mode: FLOOR }",
                 "pooling_param { kernel_size: 3 stride: 2 ceil_mode: false }"),
            "then: [{max_pool: {kernel: 3, stride: 2}}]}\n");
}

// What decides on training or speed alone is known, and nothing is said about it.
TEST(CaffeLayers, FieldsWithoutAMeaningHere) {
  for (const char* settings :
       {"Dropout dropout_param { dropout_ratio: 0.5 scale_train: true }",
        "ReLU relu_param { engine: CUDNN }", "LRN lrn_param { engine: CUDNN }",
        "Softmax softmax_param { engine: CUDNN }",
        "Pooling pooling_param { kernel_size: 2 engine: CUDNN }",
        "BatchNorm batch_norm_param { eps: 0.1 moving_average_fraction: 0.9 }",
        "PReLU prelu_param { filler { type: \"constant\" } }",
        "Eltwise bottom: \"data\" eltwise_param { stable_prod_grad: true }",
        "InnerProduct inner_product_param { num_output: 2 transpose: true weight_filler { } "
        "bias_filler { } }",
        "Convolution convolution_param { num_output: 2 kernel_size: 1 engine: CUDNN weight_filler "
        "{ "
        "} bias_filler { } force_nd_im2col: true }"}) {
    const std::string text = settings;
    const std::size_t space = text.find(' ');
    const auto notes = imported("a.prototxt", wide_input + one_layer(text.substr(0, space),
                                                                     text.substr(space + 1)))
                           .notes;
    EXPECT_THAT(notes,
                ::testing::Each("batch_norm has the statistics of each batch, as in training"))
        << text;
  }
}

TEST(CaffeLayers, KernelsHaveBothSizes) {
  for (const char* kernel : {"kernel_h: 3", "kernel_w: 3"}) {
    EXPECT_EQ(places_of("a.prototxt",
                        wide_input + one_layer("Convolution", std::string("convolution_param { "
                                                                          "num_output: 2 ") +
                                                                  kernel + " }")),
              "3:1 layer 'out': a convolution needs 'num_output' and 'kernel_size' (for example "
              "num_output: 64 kernel_size: 3)\n");
    EXPECT_EQ(
        places_of("a.prototxt", wide_input + one_layer("Pooling", std::string("pooling_param { ") +
                                                                      kernel + " }")),
        "3:1 layer 'out': a pooling needs 'kernel_size' (or global_pooling: true)\n");
  }
}

TEST(CaffeLayers, SlicesAreEqualWithoutPoints) {
  EXPECT_EQ(shape_behind(one_layer("Slice", "top: \"b\"") + one_layer("ReLU", "", "b", "c") +
                         one_layer("ReLU", "", "out", "out")),
            "[4, 12, 20]");
  const std::string text =
      imported("a.prototxt", wide_input + one_layer("Slice", "top: \"b\" top: \"c\" top: \"d\"") +
                                 one_layer("Concat", "bottom: \"c\"", "b", "e"))
          .text;
  EXPECT_THAT(text, ::testing::HasSubstr("{slice: {axis: channels, from: 2, to: 4}}"));
  EXPECT_THAT(text, ::testing::HasSubstr("{slice: {axis: channels, from: 4, to: 6}}"));
}

TEST(CaffeLayers, LabelsStandBesideImages) {
  const std::string data =
      "layer { name: \"d\" type: \"Data\" top: \"data\" top: \"label\" transform_param { "
      "crop_size: "
      "6 } }\n";
  EXPECT_EQ(imported("a.prototxt", data + one_layer("ReLU")).text,
            "# from a network of Caffe\nname: caffe\ninput: {shape: [3, 6, 6]}\nlayers:\n"
            "  - {name: out, then: [relu]}\n");
  EXPECT_EQ(places_of("a.prototxt", data + one_layer("ReLU", "", "label")),
            "2:1 layer 'out': 'label' is a label, a loss or a second input, which no layer reads "
            "here (a network has one input)\n");
}

}  // namespace
}  // namespace smoothbound::testing::caffe
