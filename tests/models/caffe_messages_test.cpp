// What is said about networks of Caffe.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/imported.hpp"

namespace smoothbound::testing::caffe {
namespace {

using ::testing::ElementsAre;

const std::string image =
    "layer { name: \"data\" type: \"Input\" top: \"data\"\n"
    "  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n";

std::string refusals_of(const std::string& layers) {
  return places_of("n.prototxt", image + layers);
}

// Of a layer that reads "data".
std::string layer(const std::string& type, const std::string& settings = "") {
  return "layer { name: \"n\" type: \"" + type + "\" bottom: \"data\" top: \"y\" " + settings +
         " }\n";
}

TEST(CaffeMessages, OfInputs) {
  EXPECT_EQ(places_of("n.prototxt",
                      "input: \"data\" input_shape { dim: [1, 2, 3, 4, 5, 6] }\n" + layer("ReLU")),
            "1:1 a shape has 1 to 4 sizes, not 5 (use one to four sizes behind the batch)\n");
  EXPECT_EQ(places_of("n.prototxt", "layer { type: \"Input\" top: \"x\" }\nlayer {\n}\n"),
            "1:1 layer '': an input without 'input_param { shape ... }' (for example input_param { "
            "shape { dim: 1 dim: 3 dim: 224 dim: 224 } })\n"
            "2:1 layer '': the type '' is not known (write an architecture file with an opaque "
            "layer in its place)\n");
  EXPECT_EQ(places_of("n.prototxt", "layer { type: \"Data\" top: \"x\" }\nlayer {\n}\n"),
            "1:1 layer '': the sizes of what Data reads are not in this file (write type: "
            "\"Input\" and input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } })\n"
            "2:1 layer '': the type '' is not known (write an architecture file with an opaque "
            "layer in its place)\n");
  EXPECT_EQ(places_of("n.prototxt",
                      "layer { type: \"DummyData\" top: \"x\"\n"
                      "dummy_data_param { shape { } } }\nlayer {\n}\n"),
            "1:1 layer '': a shape has 1 to 4 sizes, not 0 ([features], [channels, length], "
            "[channels, height, width] or [channels, depth, height, width])\n"
            "3:1 layer '': the type '' is not known (write an architecture file with an opaque "
            "layer in its place)\n");
  EXPECT_EQ(places_of("n.prototxt", "layer {\n type: \"ReLU\" top: \"\xFF\" }\n"),
            "2:21 this is no text in UTF-8 (save the file as UTF-8)\n");
}

TEST(CaffeMessages, OfFields) {
  EXPECT_EQ(
      refusals_of(layer("Convolution",
                        "convolution_param { num_output: 2 kernel_size: 1\n"
                        "bias_term: maybe }")),
      "4:12 'bias_term' has to be true or false, not 'maybe' (for example bias_term: true)\n");
  EXPECT_EQ(
      refusals_of(layer("ReLU", "relu_param { negative_slope: x }")),
      "3:85 'negative_slope' has to be a number, not 'x' (for example negative_slope: 0.5)\n");
  EXPECT_EQ(refusals_of("layer { name { } type: \"ReLU\" bottom: \"data\" top: \"y\" }\n"),
            "3:14 'name' has to be a name, not a message (for example name: \"conv1\")\n");
  EXPECT_EQ(refusals_of(layer("ELU", "elu_param { alhpa: 2 }")),
            "3:67 unknown field 'alhpa' of elu_param (did you mean 'alpha'?)\n");
  EXPECT_EQ(refusals_of(layer("ReLU", "relu_parm { negative_slope: 1 }")),
            "3:56 unknown field 'relu_parm' of layer 'n' (did you mean 'relu_param'?)\n");
  EXPECT_EQ(refusals_of("layer { name: \"n\" type: \"ReLU\" bottom: \"data\" topp: \"y\" }\n"),
            "3:1 layer 'n': ReLU has 0 tops (name one)\n");
  for (const std::string name : {"dropout_param", "flatten_param", "permute_param", "softmax_param",
                                 "shuffle_channel_param"}) {
    std::string type =
        name == "shuffle_channel_param" ? "ShuffleChannel" : name.substr(0, name.find('_'));
    type.front() = static_cast<char>(type.front() & ~0x20);
    const std::string order = name == "permute_param" ? "order: [0, 1, 2, 3] " : "";
    EXPECT_THAT(
        imported("n.prototxt", image + layer(type, name + " { " + order + "zzzzzz: 1 }")).notes,
        ElementsAre(
            ::testing::EndsWith(": field 'zzzzzz' of " + name + " is not known, and left out")));
  }
}

TEST(CaffeMessages, OfLayers) {
  const std::string conv = "convolution_param { num_output: 2 kernel_size: 1 ";
  EXPECT_EQ(refusals_of(layer("Convolution", conv + "axis: 2 }")),
            "3:1 layer 'n': Convolution is read with axis 1 only (axis 1 are the channels)\n");
  EXPECT_EQ(refusals_of(layer("Deconvolution", conv + "stride: 1073741824 pad: 1073741824 }")),
            "3:1 layer 'n': the number of scalars of a sample exceeds 2^63 - 1 (make the sizes "
            "smaller)\n");
  const std::string wide = "num_output: 1 kernel_size: 1 stride_w: 1073741824 stride_h: 1 } }\n";
  EXPECT_EQ(places_of("n.prototxt",
                      "input: \"x\" input_shape { dim: [1, 1, 1, 1073741824] }\n"
                      "layer { name: \"a\" type: \"Deconvolution\" bottom: \"x\" top: \"a\"\n"
                      "convolution_param { " +
                          wide +
                          "layer { name: \"b\" type: \"Deconvolution\" bottom: \"a\" top: \"b\"\n"
                          "convolution_param { " +
                          wide),
            "4:1 layer 'b': the size of an axis exceeds 2^63 - 1 (make the sizes smaller)\n");
  std::string eight;
  for (int i = 0; i < 8; ++i) eight += "bottom: \"x\" ";
  EXPECT_EQ(places_of("n.prototxt",
                      "input: \"x\" input_shape { dim: [1, 1073741824, 1073741824] }\n"
                      "layer { name: \"f\" type: \"Flatten\" bottom: \"x\" top: \"x\" }\n"
                      "layer { name: \"n\" type: \"Concat\" top: \"y\" " +
                          eight + "}\n"),
            "3:1 layer 'n': the size of an axis exceeds 2^63 - 1 (make the sizes smaller)\n");
  EXPECT_EQ(refusals_of("layer { name: \"n\" type: \"ReLU\" top: \"y\" }\n"),
            "3:1 layer 'n': ReLU needs 1 bottom (name the blobs that it reads)\n");
  EXPECT_EQ(refusals_of("layer { name: \"n\" type: \"Concat\" top: \"y\" }\n"),
            "3:1 layer 'n': Concat needs 1 bottom (name the blobs that it reads)\n");
  EXPECT_EQ(refusals_of("layer { name: \"n\" type: \"Crop\" bottom: \"data\" top: \"y\" }\n"),
            "3:1 layer 'n': Crop needs 2 bottoms (name the blobs that it reads)\n");
  EXPECT_EQ(refusals_of("layer { name: \"p\" type: \"Pooling\" bottom: \"data\" top: \"p\"\n"
                        "  pooling_param { kernel_size: 2 stride: 2 } }\n" +
                        layer("Eltwise", "bottom: \"p\"") + layer("Concat", "bottom: \"p\"")),
            "5:1 layer 'n': [3, 8, 8] and [3, 4, 4] are not equal (Eltwise needs equal shapes)\n"
            "6:1 layer 'n': [3, 8, 8] and [3, 4, 4] cannot be joined (Concat needs equal sizes but "
            "for its axis)\n");
  EXPECT_EQ(
      refusals_of("layer { name: \"f\" type: \"Flatten\" bottom: \"data\" top: \"f\" }\n" +
                  layer("Crop", "bottom: \"f\"")),
      "4:1 layer 'n': Crop needs equal axes, and one offset or one for each (check 'offset')\n");
  EXPECT_EQ(refusals_of("layer { name: \"a\" type: \"Accuracy\" bottom: \"data\" top: \"a\" }\n"
                        "layer { name: \"n\" type: \"ReLU\" bottom: \"a\" top: \"y\" }\n"),
            "4:1 layer 'n': 'a' is a label, a loss or a second input, which no layer reads here (a "
            "network has one input)\n");
  EXPECT_EQ(refusals_of(layer("MVN") + layer("Embed") + layer("Axpy")),
            "3:1 layer 'n': MVN cannot be read: it adds its epsilon to the deviation, not to the "
            "variance (write an architecture file with an opaque layer in its place)\n"
            "4:1 layer 'n': Embed cannot be read: its input are ids, which a network of images "
            "does not have (write an architecture file with an opaque layer in its place)\n"
            "5:1 layer 'n': Axpy cannot be read: write it as Scale and Eltwise (write an "
            "architecture file with an opaque layer in its place)\n");
  EXPECT_EQ(places_of("n.prototxt", "input: \"data\" input_shape { dim: [1, 2, 3, 4, 5] }\n" +
                                        layer("Pooling", "pooling_param { kernel_size: 1 }") +
                                        "layer {\n}\n"),
            "2:1 layer 'n': [2, 3, 4, 5] is no image (three spatial axes are not read)\n"
            "3:1 layer '': the type '' is not known (write an architecture file with an opaque "
            "layer in its place)\n");
  EXPECT_EQ(
      refusals_of(
          "layer { name: \"a\" type: \"Convolution\" bottom: \"data\" top: \"a\"\n"
          "  param { name: \"w\" } convolution_param { num_output: 2 kernel_size: 1 } }\n" +
          layer("InnerProduct", "param { name: \"w\" } inner_product_param { num_output: 2 }")),
      "5:1 layer 'n': parameters are shared with a layer of another type (share them between "
      "layers of one type)\n");
}

TEST(CaffeMessages, NotesOfWhatIsLeftOut) {
  EXPECT_THAT(imported("n.prototxt", image + layer("Sigmoid",
                                                   "sigmoid_param { engine: CAFFE } "
                                                   "param { lr_mult: 1 } phase: TEST"))
                  .notes,
              ::testing::IsEmpty());
  EXPECT_THAT(imported("n.prototxt",
                       "layer { name: \"d\" type: \"Data\" top: \"data\" top: \"label\"\n"
                       "  transform_param { crop_size: 8 } }\n" +
                           layer("ReLU", "zzzzzz: 1"))
                  .notes,
              ElementsAre("layer 'd': images are taken to have three channels",
                          "3:56: field 'zzzzzz' of layer 'n' is not known, and left out"));
}

}  // namespace
}  // namespace smoothbound::testing::caffe
