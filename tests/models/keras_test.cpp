// Models as Keras 2.2, 2.12 and 3 write them.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "keras_support.hpp"
#include "models/keras/formats.hpp"

namespace smoothbound::models::testing {
namespace {

using ::testing::HasSubstr;

TEST(Keras, SequentialOfKeras3) {
  EXPECT_EQ(
      keras_text(sequential_3(
          "[null, 28, 28, 1]",
          {R"(Conv2D: "filters": 8, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same",
                     "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1,
                     "activation": "relu", "use_bias": false)",
           R"(BatchNormalization: "axis": -1, "momentum": 0.99, "epsilon": 0.001,
                     "center": true, "scale": false)",
           R"(AveragePooling2D: "pool_size": [2, 2], "padding": "same", "strides": [2, 2])",
           R"(Flatten: "data_format": "channels_last")", R"(Dropout: "rate": 0.5)",
           R"(Dense: "units": 10, "activation": "softmax", "use_bias": true)"})),
      R"(# From a Keras model.
name: m
input: {shape: [1, 28, 28]}
layers:
  - name: l1
    conv: {filters: 8, kernel: 3, stride: 2, padding: same}
    bias: false
    then:
      - relu
      - {batch_norm: {epsilon: 0.001, per: channel, affine: true, scale: false, weights: l2}}
      - {average_pool: {kernel: 2, padding: same, count_padding: false}}
      - {permute: {axes: [height, width, channels]}}
      - flatten
  - {name: l6, dense: 10, then: [softmax]}
)");
}

// A list alone, the shape in the first layer.
TEST(Keras, SequentialBefore223) {
  EXPECT_EQ(keras_text(
                R"({"class_name": "Sequential", "config": [
{"class_name": "Dense", "config": {"name": "dense_1", "trainable": true,
 "batch_input_shape": [null, 20], "dtype": "float32", "units": 64, "activation": "relu",
 "use_bias": true, "kernel_initializer": {"class_name": "VarianceScaling",
 "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": null}}}},
{"class_name": "Dropout", "config": {"name": "dropout_1", "rate": 0.5}},
{"class_name": "Dense", "config": {"name": "dense_2", "units": 10, "activation": "hard_sigmoid",
 "use_bias": true}}], "keras_version": "2.2.0", "backend": "tensorflow"})"),
            R"(# From a Keras model.
name: sequential
input: {shape: [20]}
layers:
  - {name: dense_1, dense: 64, then: [relu]}
  - {name: dense_2, dense: 10, then: [{scale: {by: 1.2}}, hard_sigmoid]}
)");
}

// A block with a shortcut, and a layer that is called twice.
TEST(Keras, FunctionalOfKeras2) {
  FunctionalModel model("[null, 8, 8, 3]");
  const std::string pad =
      model.add("ZeroPadding2D", "pad", R"("padding": [[0, 1], [0, 1]])", {"input_1"});
  const std::string conv = model.add(
      "Conv2D", "conv", R"("filters": 4, "kernel_size": [2, 2], "activation": "linear")", {pad});
  const std::string sum = model.add("Add", "add", "", {conv, conv});
  const std::string pooled =
      model.add("GlobalAveragePooling2D", "avg", R"("data_format": "channels_last")", {conv});
  const std::string square =
      model.add("Reshape", "reshape", R"("target_shape": [1, 1, 4])", {pooled});
  const std::string product = model.add("Multiply", "multiply", "", {sum, square});
  EXPECT_EQ(keras_text(model.json(product)), R"(# From a Keras model.
name: model
input: {shape: [3, 8, 8]}
layers:
  - {name: pad, then: [{pad: {before: 0, after: 1}}]}
  - {name: conv, conv: {filters: 4, kernel: 2}}
  - {name: add, add: [conv, conv]}
  - {name: avg, from: conv, then: [global_average_pool, {reshape: {sizes: [4, 1, 1]}}]}
  - {name: multiply, multiply: [add, avg]}
)");
}

TEST(Keras, FunctionalOfKeras3WithAModelInside) {
  const std::string tensor =
      R"({"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "dtype": "float32",
          "keras_history": ["NAME", 0, 0]}})";
  const auto history = [&](const std::string& name) {
    std::string text = tensor;
    return text.replace(text.find("NAME"), 4, name);
  };
  const std::string inner =
      R"({"module": "keras.src.models.functional", "class_name": "Functional", "name": "inner",
 "config": {"name": "inner", "layers": [
  {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "x"}, "name": "x",
   "inbound_nodes": []},
  {"class_name": "Dense", "config": {"name": "d", "units": 4}, "name": "d", "inbound_nodes":
   [{"args": [)" +
      history("x") + R"(], "kwargs": {}}]}],
 "input_layers": ["x", 0, 0], "output_layers": ["d", 0, 0]},
 "inbound_nodes": [{"args": [)" +
      history("in") + R"(], "kwargs": {}}, {"args": [)" + history("relu") + R"(], "kwargs": {}}]})";
  std::string second = history("inner");
  second.replace(second.find(", 0, 0]"), 7, ", 1, 0]");
  const std::string model =
      R"({"module": "keras", "class_name": "Functional", "config": {"name": "outer", "layers": [
  {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "in"}, "name": "in",
   "inbound_nodes": []},)" +
      inner + R"(,
  {"class_name": "ReLU", "config": {"name": "relu", "max_value": null, "negative_slope": 0.0,
   "threshold": 0.0}, "name": "relu", "inbound_nodes": [{"args": [)" +
      history("inner") + R"(], "kwargs": {}}]},
  {"module": "keras.src.ops.numpy", "class_name": "Add", "config": {"name": "plus"}, "name": "plus",
   "inbound_nodes": [{"args": [)" +
      second + R"(, 3.0], "kwargs": {}}]},
  {"class_name": "Concatenate", "config": {"name": "cat", "axis": -1}, "name": "cat",
   "inbound_nodes": [{"args": [[)" +
      history("plus") + ", " + history("in") + R"(]], "kwargs": {}}]}],
 "input_layers": [["in", 0, 0]], "output_layers": [["cat", 0, 0]]}})";
  EXPECT_EQ(keras_text(model), R"(# From a Keras model.
name: outer
input: {shape: [4]}
layers:
  - {name: inner/d, dense: 4, then: [relu]}
  - {name: inner/d_2, share: inner/d, dense: 4, then: [{shift: {by: 3}}]}
  - {name: cat, concat: [inner/d_2, input]}
)");
  EXPECT_EQ(keras_parameters(model), 20);
}

TEST(Keras, NotesSayWhatTheFileDoesNotHave) {
  const std::string batch_norm = R"(BatchNormalization: "axis": -1)";
  EXPECT_EQ(keras_notes(sequential_3("[null, 6, 5, 4]", {batch_norm})),
            "samples are given channels first: [4, 6, 5] for Keras' [6, 5, 4]\n"
            "the file has no numbers: batch normalizations take the mean and variance of each "
            "batch, as in training\n");
  EXPECT_EQ(keras_notes(sequential_3("[null, 6]", {R"(Dense: "units": 3)"})), "");
  EXPECT_EQ(keras_notes(sequential_3("[null, 6]",
                                     {R"(Normalization: "axis": -1)", R"(Dense: "units": 3)"})),
            "layer 'l1' (Normalization) is left out: its mean and variance are not in the file; "
            "scale the samples, or add 'scale' and 'shift'\n");
}

// All at once, in their places.
TEST(Keras, UnknownLayersAreNamed) {
  const std::string hint =
      " | write an architecture file for the rest, or export the model to ONNX; 'smoothbound "
      "import "
      "--list' shows the layers that are read\n";
  EXPECT_EQ(keras_text(sequential_3(
                "[null, 6, 5]", {R"(LSTM: "units": 3)", "Lambda", R"(Dense: "units": 3)", "Mine"})),
            "2:42: layer 'l1' is of the class 'LSTM', which has no counterpart here" + hint +
                "3:42: layer 'l2' is of the class 'Lambda', which has no counterpart here" + hint +
                "5:42: layer 'l4' is of the class 'Mine', which has no counterpart here" + hint);
}

TEST(Keras, OtherClassesAreRefused) {
  EXPECT_EQ(
      keras_text(R"({"class_name": "MyModel", "config": {}})"),
      "1:16: a model of the class 'MyModel', of which the file does not tell what it computes "
      "| Sequential and functional models are read; export others with "
      "model.export('model.onnx', format='onnx')\n");
}

TEST(Keras, InputsHaveAllSizes) {
  const std::string hint =
      " | build the model with keras.Input(shape=...) that gives all sizes, and write it again\n";
  EXPECT_EQ(keras_text(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, null, 3]}},
{"class_name": "Dense", "config": {"name": "d", "units": 3}}]}})"),
            "2:77: a size of the input is open (None)" + hint);
  EXPECT_EQ(keras_text(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
{"class_name": "Dense", "config": {"name": "d", "units": 3}}]}})"),
            "2:16: the model has no input shape" + hint);
}

TEST(Keras, DamagedGraphsAreRefused) {
  const auto refusal = [](const std::string& node, const std::string& output) {
    return keras_text(R"({"class_name": "Model", "config": {"name": "s", "layers": [
{"class_name": "InputLayer", "config": {"batch_input_shape": [null, 3]}, "name": "in"},
{"class_name": "Dense", "config": {"units": 3}, "name": "d", "inbound_nodes":
[)" + node + R"(]}],
"input_layers": [["in", 0, 0]], "output_layers": [[")" +
                      output + R"(", 0, 0]]}})");
  };
  const std::string hint = " | write the file with model.to_json()\n";
  EXPECT_EQ(refusal(R"([["x", 0, 0, {}]])", "d"), "4:3: there is no layer 'x'" + hint);
  EXPECT_EQ(refusal(R"([["in", 7, 0, {}]])", "d"),
            "4:3: layer 'in' has no call with the number 7" + hint);
  EXPECT_EQ(refusal(R"([["d", 0, 0, {}]])", "d"),
            "3:16: layer 'd' reads its own output | a network has no loops\n");
  EXPECT_EQ(refusal(R"([["_CONSTANT_VALUE", -1]])", "d"),
            "4:3: not a tensor: its layer, call and output" + hint);
  EXPECT_EQ(refusal(R"([5])", "d"), "4:2: not a tensor: its layer, call and output" + hint);
  EXPECT_EQ(refusal(R"([["in", 0, 0, {}]])", "in"),
            "1:1: the model's output is its input | a network has at least one layer\n");
  EXPECT_EQ(refusal(R"([["in", 0, 0, {}]])", "e"), "5:51: there is no layer 'e'" + hint);
}

// 40 calls of a model of 40 calls of ... a layer.
std::string nested(const std::string& innermost) {
  const std::string layer = R"({"class_name": "InputLayer", "config": {"batch_input_shape":
[null, 3]}, "name": "x", "inbound_nodes": []})";
  std::string model;
  for (int depth = 0; depth < 8; ++depth) {
    std::string calls = R"([["x", 0, 0, {}]])";
    for (int i = 0; i < 39; ++i) {
      calls += fmt::format(R"(,[["m", {}, 0, {{}}]])", i + (depth == 0 ? 0 : 1));
    }
    const std::string inner =
        depth == 0 ? "{" + innermost + R"(, "name": "m", "inbound_nodes": [)" + calls + "]}"
                   : model + R"(, "name": "m", "inbound_nodes": [)" + calls + "]}";
    model = R"({"class_name": "Model", "config": {"name": "m", "layers": [)" + layer + ", " +
            inner + R"(], "input_layers": [["x", 0, 0]], "output_layers": [["m", )" +
            std::to_string(depth == 0 ? 39 : 40) + ", 0]]}";
  }
  return model + "}";
}

// Models in models multiply calls: the limits are on what is called, not on the file.
TEST(Keras, SizesAreLimited) {
  EXPECT_THAT(keras_text(nested(R"("class_name": "ReLU", "config": {"max_value": 3})")),
              HasSubstr("the network has more than 200000 steps | write an architecture file for a "
                        "smaller one\n"));
  EXPECT_THAT(
      keras_text(nested(R"("class_name": "Activation", "config": {"activation": "linear"})")),
      HasSubstr("the model calls more than 200000 layers | write an "
                "architecture file for a smaller one\n"));
  std::string many = "[1";
  for (int i = 0; i < 70; ++i) many += ", 1";
  EXPECT_THAT(keras_layers("[null, 3]", {"Reshape: \"target_shape\": " + many + "]"}),
              HasSubstr("'target_shape' has 71 entries | write the file with model.to_json()"));
  EXPECT_THAT(keras_text(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
{"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [null, 3], "name": ")" +
                         std::string(2000, 'n') + R"("}}]}})"),
              HasSubstr("the name of a layer has 2000 bytes, with those of the models around it | "
                        "give it a shorter one"));
}

TEST(Keras, TensorsAreChannelsFirstWhereTheModelIs) {
  EXPECT_EQ(keras_layers("[null, 3, 8, 6]",
                         {R"(Conv2D: "filters": 4, "kernel_size": [3, 1], "data_format":
                              "channels_first")",
                          R"(BatchNormalization: "axis": 1, "scale": false, "center": false)",
                          R"(Flatten: "data_format": "channels_first")"}),
            "  - name: l1\n"
            "    conv: {filters: 4, kernel: [3, 1]}\n"
            "    then: [{batch_norm: {epsilon: 0.001, per: channel}}, flatten]\n");
  EXPECT_THAT(keras_layers("[null, 3, 8, 8]", {R"(MaxPooling2D: "data_format": "channels_first")",
                                               R"(MaxPooling2D: "data_format": "channels_last")"}),
              HasSubstr("layers of both data formats in one model | use channels_last in all "
                        "layers, or write an architecture file"));
}

// What only becomes a vector keeps its order.
TEST(Keras, InputsThatAreFlattenedStayAsTheyAre) {
  EXPECT_EQ(keras_text(sequential_3("[null, 28, 20]", {"Flatten", R"(Dense: "units": 10)"})),
            "# From a Keras model.\nname: m\ninput: {shape: [28, 20]}\nlayers:\n"
            "  - {name: l1, then: [flatten]}\n  - {name: l2, dense: 10}\n");
  const auto input_for = [](const std::string& shape) {
    const std::string text = keras_text(sequential_3(shape, {"Flatten", R"(Dense: "units": 3)"}));
    const std::size_t begin = text.find("input: ");
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(input_for("[null, 2, 5]"), "input: {shape: [2, 5]}");
  EXPECT_EQ(input_for("[null, 5, 2]"), "input: {shape: [5, 2]}");
  // With one channel or position both orders are the same.
  EXPECT_EQ(input_for("[null, 1, 5]"), "input: {shape: [5, 1]}");
  EXPECT_EQ(input_for("[null, 5, 1]"), "input: {shape: [1, 5]}");
}

TEST(Keras, IsToldByItsContent) {
  const std::string model = sequential_3("[null, 6]", {R"(Dense: "units": 3)"});
  EXPECT_TRUE(keras::is_json("m.txt", model));
  EXPECT_TRUE(keras::is_json("", "\xEF\xBB\xBF \n" + model));
  EXPECT_FALSE(keras::is_json("m.json", R"({"input": {"shape": [3]}, "layers": []})"));
  EXPECT_FALSE(keras::is_json("m.yaml", "# {\"class_name\": \"config\"}"));
  EXPECT_FALSE(keras::is_json("m.json", ""));
  EXPECT_FALSE(keras::understood_layers().empty());
}

}  // namespace
}  // namespace smoothbound::models::testing
