// What single layers of Keras become.

#include <gtest/gtest.h>

#include <array>

#include "keras_support.hpp"

namespace smoothbound::models::testing {
namespace {

const std::string image = "[null, 8, 6, 4]";
const std::string sequence = "[null, 10, 4]";

TEST(KerasLayers, Weights) {
  EXPECT_EQ(keras_layers(sequence, {R"(Dense: "units": 3)"}),
            "  - {name: l1, dense: {units: 3, per: position}}\n");
  EXPECT_EQ(
      keras_layers(sequence, {R"(Conv1D: "filters": 3, "kernel_size": [3], "padding": "causal",
                                         "dilation_rate": [2])"}),
      "  - {name: l1/pad, then: [{pad: {before: 4, after: 0}}]}\n"
      "  - {name: l1, conv: {filters: 3, kernel: 3, dilation: 2}}\n");
  EXPECT_EQ(
      keras_layers(image, {R"(DepthwiseConv2D: "kernel_size": [3, 3], "depth_multiplier": 2)"}),
      "  - {name: l1, conv: {filters: 8, kernel: 3, groups: 4}}\n");
  EXPECT_EQ(
      keras_layers(image, {R"(SeparableConv2D: "filters": 5, "kernel_size": [3, 3],
                                      "padding": "same", "use_bias": true)"}),
      "  - {name: l1/depthwise, conv: {filters: 4, kernel: 3, padding: same, groups: 4}, bias: "
      "false}\n"
      "  - {name: l1/pointwise, conv: {filters: 5, kernel: 1}}\n");
  EXPECT_EQ(keras_layers(image, {R"(Conv2DTranspose: "filters": 5, "kernel_size": [5, 5],
                                      "strides": [2, 2], "padding": "same")"}),
            "  - {name: l1, conv_transposed: {filters: 5, kernel: 5, stride: 2, padding: same}}\n");
  EXPECT_EQ(
      keras_layers(image, {R"(Conv2DTranspose: "filters": 5, "kernel_size": [2, 2],
                                      "strides": [3, 3])"}),
      "  - {name: l1, conv_transposed: {filters: 5, kernel: 2, stride: 3, output_padding: 1}}\n");
  EXPECT_EQ(keras_layers("[null, 10]", {R"(Embedding: "input_dim": 100, "output_dim": 16)",
                                        R"(LayerNormalization: "axis": [-1], "epsilon": 0.001)",
                                        "GlobalAveragePooling1D"}),
            "  - name: l1\n"
            "    embedding: {entries: 100, features: 16}\n"
            "    then:\n"
            "      - {layer_norm: {epsilon: 0.001, per: position, affine: true, weights: l2}}\n"
            "      - global_average_pool\n");
}

TEST(KerasLayers, NormalizationsAndFixedNumbers) {
  EXPECT_EQ(keras_layers(image, {R"(Rescaling: "scale": [1, 0.5, 0.25, 1], "offset": -1.0)"}),
            "  - {name: l1, then: [{scale: {by: [1, 0.5, 0.25, 1]}}, {shift: {by: -1}}]}\n");
  EXPECT_EQ(keras_layers(image, {R"(Normalization: "axis": [-1], "mean": [[1, 0, 0, 0]],
                                      "variance": [[4, 1, 1, 1]])"}),
            "  - {name: l1, then: [{scale: {by: [0.5, 1, 1, 1]}}, {shift: {by: [-0.5, 0, 0, "
            "0]}}]}\n");
  EXPECT_EQ(keras_layers(image, {R"(GroupNormalization: "groups": -1, "axis": -1)"}),
            "  - {name: l1, then: [{group_norm: {groups: 4, epsilon: 0.001, affine: true, weights: "
            "l1}}]}\n");
}

TEST(KerasLayers, WhatIsNotGivenIsTheDefault) {
  const std::string wide = "[null, 8, 6, 64]";
  const auto one_map = [](const std::string& map) {
    return "  - {name: l1, then: [{" + map + "}]}\n";
  };
  EXPECT_EQ(keras_layers(wide, {"BatchNormalization"}),
            one_map("batch_norm: {epsilon: 0.001, per: channel, affine: true, weights: l1}"));
  EXPECT_EQ(keras_layers(wide, {"LayerNormalization"}),
            one_map("layer_norm: {epsilon: 0.001, per: position, affine: true, weights: l1}"));
  EXPECT_EQ(keras_layers("[null, 64]", {"RMSNormalization"}),
            one_map("rms_norm: {epsilon: 1e-06, affine: true, shift: false, weights: l1}"));
  EXPECT_EQ(keras_layers(wide, {"GroupNormalization"}),
            one_map("group_norm: {groups: 32, epsilon: 0.001, affine: true, weights: l1}"));
  EXPECT_EQ(keras_layers(wide, {"MaxPooling2D"}), one_map("max_pool: {kernel: 2}"));
  EXPECT_EQ(keras_layers(wide, {"AveragePooling2D"}), one_map("average_pool: {kernel: 2}"));
  EXPECT_EQ(keras_layers(sequence, {"MaxPooling1D"}), one_map("max_pool: {kernel: 2}"));
  EXPECT_EQ(keras_layers(sequence, {"UpSampling1D"}), one_map("upsample: {factor: 2}"));
  EXPECT_EQ(keras_layers(wide, {"UpSampling2D"}), one_map("upsample: {factor: 2}"));
  EXPECT_EQ(keras_layers(sequence, {"ZeroPadding1D"}), one_map("pad: {by: 1}"));
  EXPECT_EQ(keras_layers(wide, {"ZeroPadding2D"}), one_map("pad: {by: 1}"));
  EXPECT_EQ(keras_layers(sequence, {"Cropping1D"}),
            one_map("slice: {axis: length, from: 1, to: 9}"));
  EXPECT_EQ(keras_layers(wide, {"ReLU", "Softmax", "ELU"}),
            "  - {name: l1, then: [relu, softmax, elu]}\n");
  EXPECT_EQ(keras_layers(wide, {R"(Conv2D: "filters": 3, "kernel_size": 3)"}),
            "  - {name: l1, conv: {filters: 3, kernel: 3}}\n");
  EXPECT_EQ(keras_layers(wide, {R"(Conv2DTranspose: "filters": 3, "kernel_size": 3)"}),
            "  - {name: l1, conv_transposed: {filters: 3, kernel: 3}}\n");
  EXPECT_EQ(keras_layers(wide, {R"(DepthwiseConv2D: "kernel_size": 3)"}),
            "  - {name: l1, conv: {filters: 64, kernel: 3, groups: 64}}\n");
  EXPECT_EQ(keras_layers(wide, {R"(SeparableConv2D: "filters": 3, "kernel_size": 3)"}),
            "  - {name: l1/depthwise, conv: {filters: 64, kernel: 3, groups: 64}, bias: false}\n"
            "  - {name: l1/pointwise, conv: {filters: 3, kernel: 1}}\n");
}

TEST(KerasLayers, Activations) {
  const auto maps = [](const std::string& layer) {
    const std::string text = keras_layers("[null, 8]", {layer});
    const std::size_t start = text.find("then: [");
    return start == std::string::npos ? text : text.substr(start + 7, text.size() - start - 10);
  };
  EXPECT_EQ(maps(R"(ReLU: "max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0)"), "relu6");
  EXPECT_EQ(maps(R"(ReLU: "max_value": 3.0)"), "{scale: {by: 2}}, relu6, {scale: {by: 0.5}}");
  EXPECT_EQ(maps(R"(ReLU: "negative_slope": 0.1)"), "{leaky_relu: {slope: 0.1}}");
  EXPECT_EQ(maps(R"(LeakyReLU: "alpha": 0.2)"), "{leaky_relu: {slope: 0.2}}");
  EXPECT_EQ(maps("LeakyReLU"), "{leaky_relu: {slope: 0.3}}");
  EXPECT_EQ(maps(R"(ELU: "alpha": 1.0)"), "elu");
  EXPECT_EQ(maps(R"(Activation: "activation": "swish")"), "silu");
  EXPECT_EQ(maps(R"(Activation: "activation": "hard_sigmoid")"), "hard_sigmoid");
  EXPECT_EQ(maps(R"(Activation: "activation": {"class_name": "function", "config": "gelu"})"),
            "gelu");
  EXPECT_EQ(maps(R"(Activation: "activation": {"module": "keras.layers", "class_name": "LeakyReLU",
                     "config": {"negative_slope": 0.5}})"),
            "{leaky_relu: {slope: 0.5}}");
  EXPECT_EQ(keras_layers(image, {R"(Softmax: "axis": 1)", R"(PReLU: "shared_axes": [1, 2])"}),
            "  - {name: l1, then: [{softmax: {axis: height}}, {prelu: {weights: l2}}]}\n");
}

TEST(KerasLayers, Shapes) {
  EXPECT_EQ(keras_layers(image, {R"(Cropping2D: "cropping": [[1, 0], [0, 2]])",
                                 R"(UpSampling2D: "size": [2, 2], "interpolation": "bilinear")"}),
            "  - name: l1\n"
            "    then:\n"
            "      - {slice: {axis: height, from: 1}}\n"
            "      - {slice: {axis: width, to: 4}}\n"
            "      - {upsample: {factor: 2, mode: bilinear}}\n");
  EXPECT_EQ(
      keras_layers(image, {R"(ZeroPadding2D: "padding": [1, 2])", R"(Permute: "dims": [2, 1, 3])",
                           R"(Reshape: "target_shape": [-1, 4])"}),
      "  - name: l1\n"
      "    then:\n"
      "      - {pad: {by: [1, 2]}}\n"
      "      - {permute: {axes: [channels, width, height]}}\n"
      "      - {reshape: {sizes: [4, 100]}}\n");
  EXPECT_EQ(keras_layers(image, {"Softmax", R"(Reshape: "target_shape": [24, 8])"}),
            "  - name: l1\n"
            "    then:\n"
            "      - softmax\n"
            "      - {permute: {axes: [height, width, channels]}}\n"
            "      - {reshape: {sizes: [24, 8]}}\n"
            "      - {permute: {axes: [length, channels]}}\n");
  EXPECT_EQ(keras_layers("[null, 8]", {R"(RepeatVector: "n": 5)"}),
            "  - {name: l1, then: [{reshape: {sizes: [8, 1]}}, {upsample: {size: 5}}]}\n");
}

TEST(KerasLayers, WhatHasNoCounterpartIsRefused) {
  const auto refusal = [](const std::string& shape, const std::string& layer) {
    const std::string text = keras_layers(shape, {layer});
    const std::size_t start = text.find("layer 'l1'");
    return start == std::string::npos ? text : text.substr(start, text.size() - start - 1);
  };
  EXPECT_EQ(
      refusal(image, R"(Conv1D: "filters": 3, "kernel_size": [3])"),
      "layer 'l1' (Conv1D): it reads samples with 1 spatial axes, not 2 (their shape is [4, 8, "
      "6], channels first) | check the layers before it");
  EXPECT_EQ(refusal(image, R"(Conv2D: "filters": 3, "kernel_size": [9, 9])"),
            "layer 'l1' (Conv2D): a kernel over 9 positions is larger than its input, 8 | use a "
            "smaller kernel, padding, or a larger input");
  EXPECT_EQ(refusal(image, R"(Conv2D: "filters": 3, "kernel_size": [3, 3], "groups": 3)"),
            "layer 'l1' (Conv2D): 3 groups of 4 channels and 3 filters | groups divide both");
  EXPECT_EQ(refusal(image, R"(ReLU: "threshold": 1.0)"),
            "layer 'l1' (ReLU): a threshold, at which it jumps | use ReLU without a threshold");
  EXPECT_EQ(refusal(image, "PReLU"),
            "layer 'l1' (PReLU): an alpha for each position | share the spatial axes: "
            "shared_axes=[1, 2]");
  EXPECT_EQ(refusal(image, R"(LayerNormalization: "axis": [1])"),
            "layer 'l1' (LayerNormalization): it normalizes along other axes than the channels | "
            "normalize along the channels, or write an architecture file");
  EXPECT_EQ(
      refusal(image, R"(Reshape: "target_shape": [7])"),
      "layer 'l1' (Reshape): its target shape does not hold the 192 scalars of its input | the "
      "product of the sizes has to be that number");
  EXPECT_EQ(
      refusal(image, R"(Activation: "activation": "exponential")"),
      "layer 'l1' (Activation): the activation 'exponential' is not known here | the known "
      "ones are linear, relu, relu6, sigmoid, tanh, elu, celu, selu, gelu, swish, silu, mish, "
      "hard_swish, hard_silu, hard_sigmoid, hard_tanh, softplus, softsign, leaky_relu, "
      "softmax");
  EXPECT_EQ(
      refusal("[null, 10]", R"(Embedding: "input_dim": 5, "output_dim": 2, "mask_zero": true)"),
      "layer 'l1' (Embedding): mask_zero hides positions from later layers | write an "
      "architecture file without masks");
}

// The operators of a graph: hard swish as MobileNetV3 of TensorFlow writes it.
TEST(KerasLayers, FunctionsOfTensorFlow) {
  FunctionalModel model("[null, 8]");
  const auto function = [&](const std::string& name, const std::string& function_name,
                            const std::string& tensor, const std::string& arguments) {
    // The call is one list, not a list of them.
    return model.add_flat("TFOpLambda", name, "\"function\": \"" + function_name + "\"", tensor,
                          arguments);
  };
  const std::string plus =
      function("tf.__operators__.add", "__operators__.add", "input_1", R"("y": 3.0, "name": null)");
  const std::string relu = model.add("ReLU", "re_lu", R"("max_value": 6.0)", {plus});
  const std::string times =
      function("tf.math.multiply", "math.multiply", relu, R"("y": 0.25, "name": null)");
  const std::string tanh = function("tf.math.tanh", "math.tanh", times, R"("name": null)");
  const std::string product = model.add("Multiply", "multiply", "", {"input_1", tanh});
  EXPECT_EQ(keras_text(model.json(product)),
            "# From a Keras model.\nname: model\ninput: {shape: [8]}\nlayers:\n"
            "  - {name: tf.__operators__.add, then: [{shift: {by: 3}}, relu6, {scale: {by: 0.25}}, "
            "tanh]}\n"
            "  - {name: multiply, multiply: [input, tf.__operators__.add]}\n");
}

// The second argument is called by its name, and may be a tensor; the first one may be a number.
TEST(KerasLayers, FunctionsOfTensorFlowOfTwoTensors) {
  const auto becomes = [](const std::string& function, const std::string& first,
                          const std::string& second = R"(["relu", 0, 0])") {
    FunctionalModel model("[null, 8]");
    const std::string relu = model.add("ReLU", "relu", "", {"input_1"});
    model.add_flat("TFOpLambda", "f", "\"function\": \"" + function + "\"", first,
                   "\"y\": " + second);
    std::string json = model.json("f");
    const std::string number = R"(["_CONSTANT_VALUE", )";
    if (const std::size_t place = json.find(number); place != std::string::npos) {
      json.replace(place + number.size(), 4, "-1, 2.0");
    }
    const std::string text = keras_text(json);
    const std::size_t begin = text.find("  - ");
    return begin == std::string::npos ? text : text.substr(begin);
  };
  const std::string relu = "  - {name: relu, then: [relu]}\n";
  EXPECT_EQ(becomes("math.add", "input_1"), relu + "  - {name: f, add: [input, relu]}\n");
  EXPECT_EQ(becomes("math.add", "input_1", R"([["relu", 0, 0], ["input_1", 0, 0]])"),
            relu + "  - {name: f, add: [input, relu, input]}\n");
  EXPECT_EQ(becomes("math.multiply", "input_1"), relu + "  - {name: f, multiply: [input, relu]}\n");
  EXPECT_EQ(becomes("math.subtract", "input_1"),
            "  - {name: relu, then: [relu, {scale: {by: -1}}]}\n"
            "  - {name: f, add: [input, relu]}\n");
  EXPECT_EQ(becomes("math.subtract", "_CONSTANT_VALUE"),
            "  - {name: relu, then: [relu, {scale: {by: -1}}, {shift: {by: 2}}]}\n");
  EXPECT_EQ(becomes("math.truediv", "_CONSTANT_VALUE"),
            "3:16: layer 'f' (TFOpLambda): a quotient by a tensor or 0 | divide by a number\n");
}

// Arguments of an operation are in its configuration; `ops.gelu` is the approximate one.
TEST(KerasLayers, OperationsOfKeras3) {
  const auto becomes = [](const std::string& class_name, const std::string& arguments) {
    const std::string tensor =
        R"({"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}})";
    const std::string text = keras_text(
        R"({"module": "keras", "class_name": "Functional", "config": {"name": "m", "layers": [
{"class_name": "InputLayer", "config": {"batch_shape": [null, 8, 6]}, "name": "in", "inbound_nodes": []},
{"module": "keras.src.ops.nn", "class_name": ")" +
        class_name + R"(", "config": {"name": "op")" + arguments +
        R"(}, "name": "op", "inbound_nodes": [{"args": [)" + tensor + R"(], "kwargs": {}}]}],
"input_layers": ["in", 0, 0], "output_layers": ["op", 0, 0]}})");
    const std::size_t start = text.find("then: [");
    return start == std::string::npos ? text : text.substr(start + 7, text.size() - start - 10);
  };
  EXPECT_EQ(becomes("Relu6", ""), "relu6");
  EXPECT_EQ(becomes("Gelu", ""), "gelu_tanh");
  EXPECT_EQ(becomes("Gelu", R"(, "approximate": false)"), "gelu");
  EXPECT_EQ(becomes("LeakyRelu", ""), "{leaky_relu: {slope: 0.2}}");
  EXPECT_EQ(becomes("LeakyRelu", R"(, "negative_slope": 0.5)"), "{leaky_relu: {slope: 0.5}}");
  EXPECT_EQ(becomes("Elu", R"(, "alpha": 2.0)"), "{elu: {alpha: 2}}");
  EXPECT_EQ(becomes("Softmax", R"(, "axis": 1)"), "{softmax: {axis: length}}");
  EXPECT_EQ(becomes("Celu", R"(, "alpha": 1.0)"), "celu");
  EXPECT_EQ(
      becomes("Celu", R"(, "alpha": 2.0)"),
      "3:46: layer 'op' (Celu): celu with an alpha other than 1 | write an architecture file\n");
}

TEST(KerasLayers, PoolingOfKeras1) {
  EXPECT_EQ(keras_layers(sequence, {R"(MaxPooling1D: "pool_length": 3, "stride": 2,
                                      "border_mode": "same")"}),
            "  - {name: l1, then: [{max_pool: {kernel: 3, stride: 2, padding: same}}]}\n");
}

TEST(KerasLayers, SelfAttention) {
  FunctionalModel model("[null, 10, 16]");
  const std::string attention = model.add(
      "MultiHeadAttention", "mha", R"("num_heads": 2, "key_dim": 8)", {"input_1", "input_1"});
  EXPECT_EQ(keras_text(model.json(attention)),
            "# From a Keras model.\nname: model\ninput: {shape: [16, 10]}\nlayers:\n"
            "  - {name: mha, attention: {heads: 2}}\n");
  // As a layer says that was built.
  for (const char* const axes : {"[1]", "1", "[-2]", "-2", "null"}) {
    FunctionalModel built("[null, 10, 16]");
    const std::string config =
        std::string(R"("num_heads": 2, "key_dim": 8, "output_shape": null, "attention_axes": )") +
        axes;
    EXPECT_EQ(keras_text(built.json(
                  built.add("MultiHeadAttention", "mha", config, {"input_1", "input_1"}))),
              keras_text(model.json(attention)))
        << axes;
  }
}

// One number for both ends, or two of them, alone or in a list.
TEST(KerasLayers, MarginsOfSequences) {
  const auto padded = [](const std::string& padding) {
    const std::string text = keras_layers(sequence, {"ZeroPadding1D: \"padding\": " + padding});
    const std::size_t start = text.find("{pad: ");
    return start == std::string::npos ? text : text.substr(start + 6, text.size() - start - 10);
  };
  EXPECT_EQ(padded("3"), "{by: 3}");
  EXPECT_EQ(padded("[3]"), "{by: 3}");
  EXPECT_EQ(padded("[1, 2]"), "{before: 1, after: 2}");
  EXPECT_EQ(padded("[[1, 2]]"), "{before: 1, after: 2}");
  EXPECT_EQ(keras_layers(sequence, {R"(Cropping1D: "cropping": [1, 2])"}),
            "  - {name: l1, then: [{slice: {axis: length, from: 1, to: 8}}]}\n");
}

// Arguments of the call: a mask of causes, and what says nothing about the function.
TEST(KerasLayers, ArgumentsOfAttention) {
  const auto becomes = [](const std::string& arguments) {
    FunctionalModel model("[null, 10, 16]");
    model.add_flat("MultiHeadAttention", "mha", R"("num_heads": 2, "key_dim": 8)", "input_1",
                   R"("value": ["input_1", 0, 0], )" + arguments);
    const std::string text = keras_text(model.json("mha"));
    const std::size_t begin = text.find("layers:\n");
    return begin == std::string::npos ? text : text.substr(begin + 8);
  };
  EXPECT_EQ(becomes(R"("use_causal_mask": true, "training": true)"),
            "  - {name: mha, attention: {heads: 2, causal: true}}\n");
  EXPECT_EQ(becomes(R"("use_causal_mask": false, "training": false)"),
            "  - {name: mha, attention: {heads: 2}}\n");
  EXPECT_EQ(becomes(R"("return_attention_scores": false)"),
            "  - {name: mha, attention: {heads: 2}}\n");
  EXPECT_EQ(
      becomes(R"("return_attention_scores": true)"),
      "2:16: layer 'mha' (MultiHeadAttention): argument 'return_attention_scores' | layers for "
      "it are dense, matmul and softmax: write an architecture file\n");
}

// For each number of spatial axes.
TEST(KerasLayers, Poolings) {
  const std::array<std::string, 3> shapes{"[null, 8, 4]", "[null, 8, 6, 4]", "[null, 8, 6, 4, 4]"};
  for (std::size_t axes = 1; axes <= shapes.size(); ++axes) {
    const auto becomes = [&](const std::string& layer) {
      return keras_layers(shapes[axes - 1], {layer + std::to_string(axes) + "D"});
    };
    EXPECT_EQ(becomes("MaxPooling"), "  - {name: l1, then: [{max_pool: {kernel: 2}}]}\n");
    EXPECT_EQ(becomes("AveragePooling"), "  - {name: l1, then: [{average_pool: {kernel: 2}}]}\n");
    EXPECT_EQ(becomes("GlobalMaxPooling"), "  - {name: l1, then: [global_max_pool]}\n");
    EXPECT_EQ(becomes("GlobalAveragePooling"), "  - {name: l1, then: [global_average_pool]}\n");
  }
}

TEST(KerasLayers, FunctionsByName) {
  const auto maps = [](const std::string& function) {
    const std::string text =
        keras_layers("[null, 8]", {"Activation: \"activation\": \"" + function + "\""});
    const std::size_t start = text.find("then: [");
    return start == std::string::npos ? text : text.substr(start + 7, text.size() - start - 10);
  };
  for (const char* same :
       {"relu", "relu6", "sigmoid", "tanh", "elu", "celu", "selu", "gelu", "silu", "mish",
        "hard_swish", "hard_sigmoid", "hard_tanh", "softplus", "softsign", "softmax"}) {
    EXPECT_EQ(maps(same), same);
  }
  EXPECT_EQ(maps("swish"), "silu");
  EXPECT_EQ(maps("hard_silu"), "hard_swish");
  EXPECT_EQ(maps("leaky_relu"), "{leaky_relu: {slope: 0.2}}");
}

}  // namespace
}  // namespace smoothbound::models::testing
