// What is said about models of Keras.

#include <gtest/gtest.h>

#include "keras_support.hpp"
#include "models/keras/formats.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::models::testing {
namespace {

const std::string small_image = "[null, 8, 6, 4]";

// What is wrong with the one layer, which reads samples of this shape: "what | hint".
std::string keras_refusal(const std::string& shape, const std::string& layer) {
  const std::string text = keras_layers(shape, {layer});
  const std::size_t start = text.find(": ");
  return start == std::string::npos ? text : text.substr(start + 2, text.size() - start - 3);
}

// The same of a functional model's layer "n" that reads some tensors.
std::string refusal_of_call(const std::string& class_name, const std::string& config,
                            const std::vector<std::string>& inputs) {
  FunctionalModel model(small_image);
  model.add("GlobalAveragePooling2D", "pooled", "", {"input_1"});
  model.add("ZeroPadding2D", "larger", "", {"input_1"});
  model.add(class_name, "n", config, inputs);
  const std::string text = keras_text(model.json("n"));
  const std::size_t start = text.find("layer 'n'");
  return start == std::string::npos ? text : text.substr(start, text.size() - start - 1);
}

// A functional model of these layers behind "in", and of these outputs.
std::string functional(const std::string& layers, const std::string& output = R"(["d", 0, 0])") {
  return keras_text(R"({"class_name": "Model", "config": {"name": "m", "layers": [
{"class_name": "InputLayer", "config": {"batch_input_shape": [null, 3]}, "name": "in"},
)" + layers + R"(],
"input_layers": [["in", 0, 0]], "output_layers": [)" +
                    output + "]}}");
}

TEST(KerasMessages, OfActivations) {
  EXPECT_EQ(keras_refusal(small_image, R"(ReLU: "negative_slope": -1)"),
            "layer 'l1' (ReLU): a negative_slope below 0 | write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(ReLU: "max_value": 0)"),
            "layer 'l1' (ReLU): max_value with a negative_slope, or none above 0 | write an "
            "architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(LeakyReLU: "alpha": -1)"),
            "layer 'l1' (LeakyReLU): a slope below 0 | write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(ELU: "alpha": 0)"),
            "layer 'l1' (ELU): alpha is not above 0 | write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(Softmax: "axis": [1, 2])"),
            "layer 'l1' (Softmax): a softmax along several axes | reshape them into one before");
  EXPECT_EQ(keras_refusal(small_image, R"(Softmax: "axis": 0)"),
            "layer 'l1' (Softmax): axis 0 of samples with 3 axes | axes count from 1, behind the "
            "batch, or from -1, the last one");
}

TEST(KerasMessages, OfNormalizations) {
  EXPECT_EQ(
      keras_refusal(small_image, R"(BatchNormalization: "epsilon": -1)"),
      "layer 'l1' (BatchNormalization): epsilon is below 0 | epsilon is a small number above 0");
  EXPECT_EQ(keras_refusal(small_image, R"(BatchNormalization: "axis": 1)"),
            "layer 'l1' (BatchNormalization): its features are not the channels | normalize along "
            "the channels, or write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(LayerNormalization: "rms_scaling": true)"),
            "layer 'l1' (LayerNormalization): rms_scaling | use RMSNormalization");
  EXPECT_EQ(keras_refusal("[null, 3, 8]", R"(BatchNormalization: "axis": 1)"),
            "layer 'l1' (BatchNormalization): its features are not the channels | normalize along "
            "the channels, or write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(GroupNormalization: "axis": 1)"),
            "layer 'l1' (GroupNormalization): its groups are not of channels | normalize along the "
            "channels, or write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(GroupNormalization: "groups": 3)"),
            "layer 'l1' (GroupNormalization): 3 groups of 4 channels | groups divide the channels");
  EXPECT_EQ(keras_refusal(small_image, R"(Rescaling: "scale": [1, 2])"),
            "'scale' has 2 numbers for 4 channels | give one for all, or one for each channel");
  EXPECT_EQ(keras_refusal(small_image, R"(Rescaling: "scale": "x")"),
            "'scale' must be a number | write a number such as 12, 0.5 or 1e-3");
  std::string many = "[1";
  for (int i = 0; i < 4096; ++i) many += ", 1";
  EXPECT_EQ(keras_refusal(small_image, "Rescaling: \"scale\": " + many + "]"),
            "layer 'l1' (Rescaling): 'scale' has 4097 numbers, more than the limit of 4096 | scale "
            "the samples instead");
  EXPECT_EQ(
      keras_refusal(small_image, R"(Rescaling: "scale": [1, 2], "data_format": "channels_first")"),
      "layer 'l1' (Rescaling): numbers for the last axis, which is not that of the channels "
      "| use data_format='channels_last'");
  EXPECT_EQ(keras_refusal("[null, 3, 8]", R"(Rescaling: "offset": [1, 2, 3], "data_format":
                                              "channels_first")"),
            "layer 'l1' (Rescaling): numbers for the last axis, which is not that of the channels "
            "| use data_format='channels_last'");
  const std::string numbers = R"(Normalization: "mean": 0, "variance": )";
  EXPECT_EQ(keras_refusal(small_image, numbers + R"(1, "axis": 1)"),
            "layer 'l1' (Normalization): its features are not the channels | normalize along the "
            "channels, or write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, numbers + R"(1, "invert": true)"),
            "layer 'l1' (Normalization): invert | write scale and shift instead");
  EXPECT_EQ(keras_refusal(small_image, numbers + "-1"),
            "layer 'l1' (Normalization): a variance below 0 | adapt the layer to samples");
  EXPECT_EQ(keras_refusal(small_image, R"(Normalization: "mean": 1e308, "variance": 0)"),
            "layer 'l1' (Normalization): numbers beyond those of a double | scale the samples");
}

TEST(KerasMessages, OfWeights) {
  EXPECT_EQ(keras_refusal(small_image, R"(Dense: "units": 3, "data_format": "channels_first")"),
            "layer 'l1' (Dense): it acts along the last axis, which is not that of the channels | "
            "flatten before it, or use data_format='channels_last'");
  EXPECT_EQ(keras_refusal(small_image, "Dense"),
            "'units' is missing | write the file with model.to_json()");
  EXPECT_EQ(keras_refusal(small_image, R"(Dense: "units": 0)"),
            "units must be at least 1 | write an integer from 1 on");
  EXPECT_EQ(keras_refusal(small_image,
                          R"(Conv2D: "filters": 3, "kernel_size": [3, 3], "padding": "full")"),
            "layer 'l1' (Conv2D): padding 'full' | padding is 'valid' or 'same'");
  EXPECT_EQ(keras_refusal(small_image, R"(Conv2D: "filters": 3, "kernel_size": [3, 3, 3])"),
            "'kernel_size' has 3 entries, where Conv2D has 2 spatial axes | write the file with "
            "model.to_json()");
  const std::string back = R"(Conv2DTranspose: "filters": 3, "kernel_size": [3, 3], )";
  EXPECT_EQ(keras_refusal(small_image, back + R"("output_padding": 1)"),
            "layer 'l1' (Conv2DTranspose): output_padding | leave it None, or write an "
            "architecture file");
  EXPECT_EQ(keras_refusal(small_image, back + R"("dilation_rate": 2)"),
            "layer 'l1' (Conv2DTranspose): dilation_rate above 1 | write an architecture file");
  EXPECT_EQ(keras_refusal(small_image, R"(Embedding: "input_dim": 3, "output_dim": 3)"),
            "layer 'l1' (Embedding): it reads samples with more than one axis | give it a sequence "
            "of ids");
  EXPECT_EQ(keras_refusal(small_image,
                          R"(Conv2D: "filters": 4611686018427387904, "kernel_size": [1, 1])"),
            "layer 'l1' (Conv2D): the number of scalars of a sample exceeds 2^63 - 1 | make the "
            "sizes smaller");
  EXPECT_EQ(
      keras_refusal(small_image, R"(UpSampling2D: "size": 4611686018427387904)"),
      "layer 'l1' (UpSampling2D): the size of a layer exceeds 2^63 - 1 | make the sizes smaller");
  const std::string attention = R"(MultiHeadAttention: "num_heads": 2, )";
  EXPECT_EQ(keras_refusal("[null, 8, 4]", attention + R"("key_dim": 3)"),
            "layer 'l1' (MultiHeadAttention): 2 heads of 3 (values: 3) do not divide 4 features | "
            "layers for it are dense, matmul and softmax: write an architecture file");
  EXPECT_EQ(keras_refusal("[null, 8, 4]", attention + R"("key_dim": 2, "output_shape": 5)"),
            "layer 'l1' (MultiHeadAttention): 'output_shape' is set | layers for it are dense, "
            "matmul and softmax: write an architecture file");
  for (const char* const axes : {"[2]", "-1", "[]", "[1, 2]", "[1, 1]"}) {
    EXPECT_EQ(
        keras_refusal("[null, 8, 4]", attention + R"("key_dim": 2, "attention_axes": )" + axes),
        "layer 'l1' (MultiHeadAttention): 'attention_axes' is set | layers for it are dense, "
        "matmul and softmax: write an architecture file")
        << axes;
  }
  EXPECT_EQ(keras_refusal("[null, 8, 4]", attention + R"("key_dim": 2, "attention_axes": [3])"),
            "layer 'l1' (MultiHeadAttention): axis 3 of samples with 2 axes | axes count from 1, "
            "behind the batch, or from -1, the last one");
  EXPECT_EQ(refusal_of_call("MultiHeadAttention", R"("num_heads": 2, "key_dim": 2)",
                            {"input_1", "pooled"}),
            "layer 'n' (MultiHeadAttention): query, value and key are not the same tensor | layers "
            "for it are dense, matmul and softmax: write an architecture file");
}

TEST(KerasMessages, OfShapes) {
  EXPECT_EQ(keras_refusal(small_image, R"(Permute: "dims": [1, 1, 2])"),
            "layer 'l1' (Permute): its dims are no order of 3 axes | name each axis once, from 1");
  EXPECT_EQ(keras_refusal(small_image, R"(ZeroPadding2D: "padding": [1, 2, 3])"),
            "layer 'l1' (ZeroPadding2D): 'padding' is not one entry for each of 2 spatial axes | "
            "write the file with model.to_json()");
  EXPECT_EQ(keras_refusal(small_image, R"(ZeroPadding2D: "padding": [[1, 2, 3], 4])"),
            "layer 'l1' (ZeroPadding2D): 'padding' is not one entry for each of 2 spatial axes | "
            "write the file with model.to_json()");
  EXPECT_EQ(
      keras_refusal(small_image, R"(Cropping2D: "cropping": 4)"),
      "layer 'l1' (Cropping2D): it cuts 4 and 4 off 8 positions | leave at least one position");
  EXPECT_EQ(keras_refusal(small_image, R"(UpSampling2D: "interpolation": "bicubic")"),
            "layer 'l1' (UpSampling2D): interpolation 'bicubic' | 'nearest' and 'bilinear' are "
            "known here");
  EXPECT_EQ(keras_refusal(small_image, R"(UpSampling2D: "interpolation": 3)"),
            "'interpolation' must be text | write the file with model.to_json()");
  EXPECT_EQ(keras_refusal(small_image, R"(MaxPooling2D: "padding": "full")"),
            "layer 'l1' (MaxPooling2D): padding 'full' | padding is 'valid' or 'same'");
  EXPECT_EQ(keras_refusal(small_image, R"(MaxPooling2D: "pool_size": 9)"),
            "layer 'l1' (MaxPooling2D): a kernel over 9 positions is larger than its input, 8 | "
            "use a smaller kernel, padding, or a larger input");
}

TEST(KerasMessages, OfJoins) {
  EXPECT_EQ(refusal_of_call("Add", "", {"input_1", "pooled"}),
            "layer 'n' (Add): it adds tensors of the shapes [4, 8, 6] and [4] (channels first) | "
            "sums need equal shapes: repeat the smaller one before");
  EXPECT_EQ(refusal_of_call("Multiply", "", {"input_1", "pooled"}),
            "layer 'n' (Multiply): it multiplies tensors of the shapes [4, 8, 6] and [4] (channels "
            "first) | reshape the smaller one to as many axes: (1, 1, channels)");
  EXPECT_EQ(refusal_of_call("Concatenate", "", {"input_1", "larger"}),
            "layer 'n' (Concatenate): it joins tensors of the shapes [4, 8, 6] and [4, 10, 8] "
            "(channels first) | they may differ along the joined axis alone");
  EXPECT_EQ(refusal_of_call("Subtract", "", {"input_1", "input_1", "input_1"}),
            "layer 'n' (Subtract): a quotient of tensors, or a difference of other than two | "
            "write an architecture file");
  EXPECT_EQ(refusal_of_call("ReLU", "", {"input_1", "pooled"}),
            "layer 'n' (ReLU): it is called with 2 tensors instead of one | write an architecture "
            "file for this part");
  EXPECT_EQ(refusal_of_call("Add", "", {}),
            "layer 'n' (Add): it reads no tensor | write the file with model.to_json()");
  EXPECT_EQ(refusal_of_call("Concatenate", "", {}),
            "layer 'n' (Concatenate): it reads no tensor | write the file with model.to_json()");
  EXPECT_EQ(refusal_of_call("Average", "", {}),
            "layer 'n' (Average): it reads no tensor | write the file with model.to_json()");
  const auto function = [](const std::string& name, const std::string& arguments) {
    FunctionalModel model(small_image);
    model.add_flat("TFOpLambda", "n", "\"function\": \"" + name + "\"", "input_1", arguments);
    const std::string text = keras_text(model.json("n"));
    return text.substr(text.find(": ") + 2);
  };
  EXPECT_EQ(function("math.add", R"("y": 3, "z": 4)"),
            "layer 'n' (TFOpLambda): it reads more than a tensor and a number | write an "
            "architecture file\n");
  EXPECT_EQ(function("math.truediv", R"("y": 0)"),
            "layer 'n' (TFOpLambda): a quotient by a tensor or 0 | divide by a number\n");
  EXPECT_EQ(function("nn.leaky_relu", R"("alpha": 0.5)"),
            "layer 'n' (TFOpLambda): the function 'nn.leaky_relu' is not known here | sums, "
            "products with a tensor or a number, and activations are\n");
  EXPECT_EQ(function("math.add", R"("y": "x")"),
            "'y' must be a number | write a number such as 12, 0.5 or 1e-3\n");
}

TEST(KerasMessages, OfOrdersOfAxes) {
  for (const char* dims : {"[1, 1, 2]", "[1, 2, 1]", "[1, 2]"}) {
    EXPECT_EQ(
        keras_refusal(small_image, std::string("Permute: \"dims\": ") + dims),
        "layer 'l1' (Permute): its dims are no order of 3 axes | name each axis once, from 1");
  }
}

// As many spatial axes as the layer has.
TEST(KerasMessages, OfSamplesWithOtherAxes) {
  for (const char* one :
       {"Conv1D: \"filters\": 3, \"kernel_size\": 1", "MaxPooling1D", "AveragePooling1D",
        "GlobalAveragePooling1D", "GlobalMaxPooling1D", "UpSampling1D", "ZeroPadding1D",
        "Cropping1D", "SeparableConv1D: \"filters\": 3, \"kernel_size\": 1",
        "Conv1DTranspose: \"filters\": 3, \"kernel_size\": 1"}) {
    const std::string layer = one;
    EXPECT_EQ(keras_refusal(small_image, layer),
              "layer 'l1' (" + layer.substr(0, layer.find(':')) +
                  "): it reads samples with 1 spatial axes, not 2 (their shape is [4, 8, 6], "
                  "channels first) | check the layers before it");
  }
}

TEST(KerasMessages, OfCalls) {
  const std::string twice = R"("inbound_nodes": [[["in", 0, 0, {}]], [["NAME", 0, 0, {}]]]})";
  const auto called_twice = [&](const std::string& class_name, const std::string& config) {
    std::string calls = twice;
    calls.replace(calls.find("NAME"), 4, "d");
    return functional(R"({"class_name": ")" + class_name + R"(", "config": {)" + config +
                          R"(}, "name": "d", )" + calls,
                      R"(["d", 1, 0])");
  };
  EXPECT_EQ(called_twice("PReLU", ""),
            "3:16: layer 'd' (PReLU): it is called twice, and its parameters cannot be shared | "
            "give each call a layer of its own\n");
  EXPECT_EQ(called_twice("BatchNormalization", ""),
            "3:16: layer 'd' (BatchNormalization): it is called twice, and its parameters cannot "
            "be shared | give each call a layer of its own\n");
  EXPECT_EQ(functional(R"({"class_name": "Sequential", "config": {"name": "d", "layers": [
{"class_name": "Dense", "config": {"units": 3}}]}, "name": "d", "inbound_nodes":
[[["in", 0, 0, {}], ["in", 0, 0, {}]]]})"),
            "3:16: model 'd' has 1 inputs and is called with 2 tensors | write the file with "
            "model.to_json()\n");
  const std::string dense = R"({"class_name": "Dense", "config": {"units": 3}, "name": "d",
"inbound_nodes": [[["in", 0, 0, {}]]]})";
  EXPECT_EQ(functional(dense + ",\n" + dense),
            "5:16: a second layer has the name 'd' | give each layer a name of its own\n");
  EXPECT_EQ(functional(dense, R"(["d", 0, 1])"),
            "1:1: the model's output depends on one that no layer has | write the file with "
            "model.to_json()\n");
  EXPECT_EQ(functional(dense, R"(["d", 0, 0], ["in", 0, 0])"),
            "1:1: the model has 2 outputs | a network has one input and one output: build a "
            "keras.Model with one of the outputs\n");
  EXPECT_EQ(functional(R"({"class_name": "Dense", "config": {"units": 3}, "name": "d",
"inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {}}], "kwargs": {}}]})"),
            "4:29: a tensor without a history | write the file with model.to_json()\n");
}

TEST(KerasMessages, OfTheFile) {
  const auto sequential = [](const std::string& config) {
    return keras_text(R"({"class_name": "Sequential", "config": )" + config + "}");
  };
  EXPECT_EQ(keras_text(R"({"class_name": "Model", "config": []})"),
            "1:1: the model has no configuration | write the file with model.to_json()\n");
  EXPECT_EQ(keras_text(R"({"class_name": "Model", "config": {"layers": [
{"class_name": "InputLayer", "config": {}, "name": "in"}]}})"),
            "1:35: 'input_layers' is missing | write the file with model.to_json()\n");
  EXPECT_EQ(keras_text(R"({"config": {}})"),
            "1:1: 'class_name' is missing | write the file with model.to_json()\n");
  EXPECT_EQ(sequential(R"({"name": "m", "layers": []})"),
            "1:64: the model has no list of layers | write the file with model.to_json()\n");
  EXPECT_EQ(sequential(R"({"name": 3, "layers": [{"class_name": "ReLU"}]})"),
            "1:49: 'name' must be text | write the file with model.to_json()\n");
  EXPECT_EQ(sequential(R"({"layers": [{"config": {}}]})"),
            "1:52: 'class_name' is missing | write the file with model.to_json()\n");
  EXPECT_EQ(sequential(R"({"layers": [
{"class_name": "InputLayer", "config": {"batch_shape": [null]}}, {"class_name": "ReLU"}]})"),
            "2:56: the shape of the input has no axis beside the batch | build the model with "
            "keras.Input(shape=...) that gives all sizes, and write it again\n");
  EXPECT_EQ(sequential(R"({"layers": [
{"class_name": "InputLayer", "config": {"batch_shape": [null, 0]}}, {"class_name": "ReLU"}]})"),
            "2:63: size of the input must be at least 1 | write an integer from 1 on\n");
  EXPECT_EQ(sequential(R"({"layers": [
{"class_name": "InputLayer", "config": {"batch_shape": [null, 1, 2, 3, 4, 5]}},
{"class_name": "ReLU"}]})"),
            "2:56: a shape has 1 to 4 sizes, not 5 | [features], [channels, length], [channels, "
            "height, width] or [channels, depth, height, width]\n");
  EXPECT_EQ(keras_text("{\"class_name\": \"\xFF\"}"),
            "1:17: the JSON is no UTF-8 text | write the file with model.to_json()\n");
  EXPECT_EQ(functional(R"({"class_name": "ReLU", "config": {}, "name": "d",
"inbound_nodes": [[["in", 1.5, 0, {}]]]})"),
            "4:27: number of a call must be an integer | write a whole number such as 3\n");
  EXPECT_EQ(functional(R"({"class_name": "ReLU", "config": {}, "name": "d",
"inbound_nodes": [[["in", 0, 1.5, {}]]]})"),
            "4:30: number of an output must be an integer | write a whole number such as 3\n");
  std::string keys = R"({"layers": 0)";
  for (int i = 0; i < 256; ++i) keys += ", \"k" + std::to_string(i) + "\": 0";
  EXPECT_EQ(sequential(keys + "}"),
            "1:40: a mapping of 257 keys, where Keras writes tens | write the file with "
            "model.to_json()\n");
}

// Both places of a contradiction are told.
TEST(KerasMessages, OfTwoFormats) {
  const std::string json =
      sequential_3(small_image, {R"(MaxPooling2D: "data_format": "channels_first")",
                                 R"(MaxPooling2D: "data_format": "channels_last")"});
  try {
    keras::read_json("m.json", json, {});
    FAIL() << "it was read";
  } catch (const SpecError& error) {
    ASSERT_EQ(error.notes.size(), 1U);
    EXPECT_EQ(error.notes.front().message, "a layer with the channels last");
    EXPECT_EQ(error.notes.front().location.line, 3U);
  }
}

}  // namespace
}  // namespace smoothbound::models::testing
