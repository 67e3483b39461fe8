#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/imported.hpp"

namespace smoothbound::testing::caffe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string input =
    "name: \"net\"\nlayer { name: \"data\" type: \"Input\" top: \"data\"\n"
    "  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n";

std::string layers_of(const std::string& layers) {
  const std::string text = imported("net.prototxt", input + layers).text;
  support::read_network(text);  // throws what is wrong with it
  return text.substr(text.find("layers:\n") + 8);
}

TEST(Caffe, WholeNetwork) {
  const models::ImportedModel model = imported(
      "lenet.prototxt",
      "name: \"LeNet\"\n"
      "layer { name: \"data\" type: \"Input\" top: \"data\"\n"
      "  input_param { shape: { dim: 64 dim: 1 dim: 28 dim: 28 } } }\n"
      "layer { name: \"conv1\" type: \"Convolution\" bottom: \"data\" top: \"conv1\"\n"
      "  param { lr_mult: 1 } convolution_param { num_output: 20 kernel_size: 5 stride: 1\n"
      "    weight_filler { type: \"xavier\" } } }\n"
      "layer { name: \"pool1\" type: \"Pooling\" bottom: \"conv1\" top: \"pool1\"\n"
      "  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }\n"
      "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"pool1\" top: \"ip\"\n"
      "  inner_product_param { num_output: 10 } }\n"
      "layer { name: \"relu\" type: \"ReLU\" bottom: \"ip\" top: \"ip\" }\n"
      "layer { name: \"accuracy\" type: \"Accuracy\" bottom: \"ip\" bottom: \"label\"\n"
      "  top: \"accuracy\" include { phase: TEST } }\n"
      "layer { name: \"loss\" type: \"SoftmaxWithLoss\" bottom: \"ip\" bottom: \"label\"\n"
      "  top: \"loss\" }\n");
  EXPECT_EQ(model.format, "Caffe");
  EXPECT_EQ(model.text,
            "# from a network of Caffe\n"
            "name: LeNet\n"
            "input: {shape: [1, 28, 28]}\n"
            "loss: logistic\n"
            "layers:\n"
            "  - {name: conv1, conv: {filters: 20, kernel: 5}, then: [{max_pool: {kernel: 2}}]}\n"
            "  - {name: ip, dense: 10, then: [relu]}\n");
  EXPECT_THAT(model.notes, IsEmpty());
}

TEST(Caffe, AlexNet) {
  std::string text = "name: \"AlexNet\" input: \"data\" input_dim: [10, 3, 227, 227]\n";
  std::string before = "data";
  const auto add = [&](const std::string& name, const std::string& type,
                       const std::string& settings, bool in_place = false) {
    const std::string top = in_place ? before : name;
    text += "layer { name: \"" + name + "\" type: \"" + type + "\" bottom: \"" + before +
            "\" top: \"" + top + "\" " + settings + " }\n";
    before = top;
  };
  const auto conv = [&](const std::string& name, const std::string& settings) {
    add(name, "Convolution", "convolution_param { " + settings + " }");
    add("relu_" + name, "ReLU", "", true);
  };
  const auto norm = [&](const std::string& name) {
    add(name, "LRN", "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }");
  };
  const auto pool = [&](const std::string& name) {
    add(name, "Pooling", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }");
  };
  conv("conv1", "num_output: 96 kernel_size: 11 stride: 4");
  norm("norm1");
  pool("pool1");
  conv("conv2", "num_output: 256 pad: 2 kernel_size: 5 group: 2");
  norm("norm2");
  pool("pool2");
  conv("conv3", "num_output: 384 pad: 1 kernel_size: 3");
  conv("conv4", "num_output: 384 pad: 1 kernel_size: 3 group: 2");
  conv("conv5", "num_output: 256 pad: 1 kernel_size: 3 group: 2");
  pool("pool5");
  for (const char* const units : {"4096", "4096", "1000"}) {
    add(std::string("fc") + units, "InnerProduct",
        std::string("inner_product_param { num_output: ") + units + " }");
  }
  add("prob", "Softmax", "");
  const support::Network network = network_of("deploy.prototxt", text);
  EXPECT_EQ(network.graph.parameters, 60'965'224);
  EXPECT_EQ(network.graph.layers.back().output, (Shape{1000}));
}

TEST(Caffe, PoolingRoundsUp) {
  const auto pooled = [](int size, const std::string& settings) {
    return imported("p.prototxt", "input: \"x\" input_shape { dim: [1, 1, " + std::to_string(size) +
                                      ", " + std::to_string(size) +
                                      "] }\nlayer {\n type: \"Pooling\" bottom: \"x\" "
                                      "top: \"y\" pooling_param { " +
                                      settings + " } }\n")
        .text;
  };
  EXPECT_THAT(pooled(7, "kernel_size: 2 stride: 2"),
              HasSubstr("max_pool: {kernel: 2, ceil: true}"));
  EXPECT_THAT(pooled(8, "kernel_size: 2 stride: 2"), HasSubstr("max_pool: {kernel: 2}"));
  EXPECT_THAT(pooled(7, "kernel_size: 3 pad: 1 stride: 2 pool: AVE"),
              HasSubstr("average_pool: {kernel: 3, stride: 2, padding: 1}"));
  EXPECT_THAT(pooled(8, "kernel_size: 3 pad: 1 stride: 2 pool: AVE"),
              HasSubstr("average_pool: {kernel: 3, stride: 2, padding: 1, ceil: true}"));
  // With padding along one axis, windows begin in the image along both.
  EXPECT_THAT(pooled(6, "kernel_size: 1 stride: 4 pad_h: 1 pad_w: 0 kernel_h: 2"),
              HasSubstr("max_pool: {kernel: [2, 1], stride: 4, padding: [1, 0]}"));
  EXPECT_THAT(pooled(8, "pool: AVE global_pooling: true"), HasSubstr("global_average_pool"));
  EXPECT_THAT(places_of("p.prototxt",
                        "input: \"x\" input_shape { dim: [1, 1, 6, 6] }\nlayer {\n name: \"p\" "
                        "type: \"Pooling\" bottom: \"x\" top: \"y\" pooling_param { "
                        "kernel_size: 1 stride: 4 } }\n"),
              HasSubstr("layer 'p': a window of the pooling lies outside of its input"));
}

// The scale becomes that of the batch norm before; alone, it stands in one that does nothing else.
TEST(Caffe, BatchNormAndScale) {
  EXPECT_EQ(layers_of("layer { name: \"bn\" type: \"BatchNorm\" bottom: \"data\" top: \"bn\"\n"
                      "  batch_norm_param { eps: 0.001 } }\n"
                      "layer { name: \"s\" type: \"Scale\" bottom: \"bn\" top: \"s\"\n"
                      "  scale_param { bias_term: true } }\n"),
            "  - {name: s, then: [{batch_norm: {epsilon: 0.001, per: channel, affine: true}}]}\n");
  EXPECT_EQ(layers_of("layer { name: \"s\" type: \"Scale\" bottom: \"data\" top: \"s\" }\n"
                      "layer { name: \"b\" type: \"Bias\" bottom: \"s\" top: \"b\" }\n"),
            "  - name: s\n"
            "    then:\n"
            "      - {batch_norm: {epsilon: 0, per: channel, statistics: fixed, mean: 0, variance: "
            "1, affine: true, shift: false}}\n"
            "      - {batch_norm: {epsilon: 0, per: channel, statistics: fixed, mean: 0, variance: "
            "1, affine: true, scale: false}}\n");
  const models::ImportedModel fixed =
      imported("f.prototxt", input +
                                 "layer { type: \"BatchNorm\" bottom: \"data\" top: \"y\"\n"
                                 "  batch_norm_param { use_global_stats: true } }\n");
  EXPECT_THAT(fixed.text,
              HasSubstr("batch_norm: {epsilon: 1e-05, per: channel, statistics: fixed}"));
  EXPECT_THAT(fixed.notes, ElementsAre("use_global_stats: true: these statistics lie in a "
                                       ".caffemodel, which is not read; give them by --weights, "
                                       "or import with --batch-norms batch"));
  models::ImportOptions options;
  options.batch_norms = models::ImportOptions::BatchNorms::batch;
  const models::ImportedModel batch =
      imported("f.prototxt",
               input +
                   "layer { type: \"BatchNorm\" bottom: \"data\" top: \"y\"\n"
                   "  batch_norm_param { use_global_stats: true } }\n",
               options);
  EXPECT_THAT(batch.text, HasSubstr("batch_norm: {epsilon: 1e-05, per: channel}"));
  EXPECT_THAT(batch.notes,
              ElementsAre("batch_norm has the statistics of each batch, as in training"));
}

TEST(Caffe, BranchesAndJoins) {
  EXPECT_EQ(
      layers_of(
          "layer { name: \"cut\" type: \"Slice\" bottom: \"data\" top: \"a\" top: \"b\"\n"
          "  slice_param { axis: 2 slice_point: 3 } }\n"
          "layer { name: \"join\" type: \"Concat\" bottom: \"b\" bottom: \"a\" top: \"c\"\n"
          "  concat_param { axis: -2 } }\n"
          "layer { name: \"sum\" type: \"Eltwise\" bottom: \"c\" bottom: \"data\" top: \"d\"\n"
          "  eltwise_param { coeff: [1, -1] } }\n"
          "layer { name: \"turn\" type: \"Permute\" bottom: \"d\" top: \"e\"\n"
          "  permute_param { order: [0, 2, 3, 1] } }\n"
          "layer { name: \"shape\" type: \"Reshape\" bottom: \"e\" top: \"f\"\n"
          "  reshape_param { shape { dim: 0 dim: -1 dim: 6 } } }\n"
          "layer { name: \"soft\" type: \"Softmax\" bottom: \"f\" top: \"g\"\n"
          "  softmax_param { axis: 2 } }\n"
          "layer { name: \"flat\" type: \"Flatten\" bottom: \"g\" top: \"h\" }\n"),
      "  - {name: cut, then: [{slice: {axis: height, from: 0, to: 3}}]}\n"
      "  - {name: cut_2, from: input, then: [{slice: {axis: height, from: 3, to: 8}}]}\n"
      "  - {name: join, concat: {inputs: [cut_2, cut], axis: height}}\n"
      "  - {name: sum, from: input, then: [{scale: -1}]}\n"
      "  - name: sum_2\n"
      "    add: [join, sum]\n"
      "    then:\n"
      "      - {permute: {axes: [height, width, channels]}}\n"
      "      - {reshape: [32, 6]}\n"
      "      - {softmax: length}\n"
      "      - flatten\n");
}

TEST(Caffe, OldFilesAndPhases) {
  const models::ImportedModel model =
      imported("old.prototxt",
               "input: \"data\" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n"
               "layers { name: \"noise\" type: DROPOUT bottom: \"data\" top: \"data\"\n"
               "  include { phase: TRAIN } }\n"
               "layers { name: \"ip\" type: INNER_PRODUCT bottom: \"data\" top: \"ip\"\n"
               "  blobs_lr: 1 inner_product_param { num_output: 2 bias_term: false } }\n"
               "layers { name: \"ip2\" type: INNER_PRODUCT bottom: \"data\" top: \"ip2\"\n"
               "  inner_product_param { num_output: 3 } }\n"
               "layers { name: \"act\" type: POWER bottom: \"ip2\" top: \"act\"\n"
               "  power_param { scale: 2 shift: -1 } }\n");
  EXPECT_EQ(model.text,
            "# from a network of Caffe\n"
            "name: caffe\n"
            "input: {shape: [3, 4, 4]}\n"
            "layers:\n"
            "  - {name: ip2, dense: 3, then: [{scale: 2}, {shift: -1}]}\n");
  EXPECT_THAT(model.notes,
              ElementsAre("the output is 'act'; other blobs that no layer reads, 'ip', are left "
                          "out with what only they need"));
}

TEST(Caffe, SharedParameters) {
  EXPECT_EQ(layers_of("layer { name: \"a\" type: \"InnerProduct\" bottom: \"data\" top: \"a\"\n"
                      "  param { name: \"w\" } param { name: \"b\" }\n"
                      "  inner_product_param { num_output: 192 } }\n"
                      "layer { name: \"b\" type: \"InnerProduct\" bottom: \"a\" top: \"b\"\n"
                      "  param { name: \"w\" } param { name: \"b\" }\n"
                      "  inner_product_param { num_output: 192 } }\n"),
            "  - {name: a, dense: 192}\n"
            "  - {name: b, share: a, dense: 192}\n");
  EXPECT_THAT(imported("old.prototxt",
                       "input: \"x\" input_shape { dim: [1, 2] }\n"
                       "layers { name: \"a\" type: INNER_PRODUCT bottom: \"x\" top: \"a\"\n"
                       "  param: \"w\" param: \"b\" inner_product_param { num_output: 2 } }\n"
                       "layers { name: \"b\" type: INNER_PRODUCT bottom: \"a\" top: \"b\"\n"
                       "  param: \"w\" param: \"b\" inner_product_param { num_output: 2 } }\n")
                  .text,
              HasSubstr("{name: b, share: a, dense: 2}"));
}

// All of a file, at their places; what follows from a mistake is not one.
TEST(Caffe, Mistakes) {
  EXPECT_EQ(
      places_of("net.prototxt",
                input + "layer { name: \"c\" type: \"Convolutoin\" bottom: \"data\" top: \"c\" }\n"
                        "layer { name: \"d\" type: \"ReLU\" bottom: \"c\" top: \"d\" }\n"
                        "layer { name: \"p\" type: \"Pooling\" bottom: \"dta\" top: \"p\" }\n"
                        "layer { name: \"x\" type: \"Exp\" bottom: \"data\" top: \"x\" }\n"
                        "layer { name: \"q\" type: \"Convolution\" bottom: \"data\" top: \"q\"\n"
                        "  convolution_param { num_outputs: 4 kernel_size: \"3\" } }\n"),
      "4:1 layer 'c': the type 'Convolutoin' is not known (did you mean 'Convolution'?)\n"
      "6:1 layer 'p': no layer before makes the blob 'dta' (did you mean 'data'?)\n"
      "7:1 layer 'x': Exp cannot be read: no component computes it (write an architecture "
      "file with an opaque layer in its place)\n"
      "8:1 layer 'q': a convolution needs 'num_output' and 'kernel_size' (for example "
      "num_output: 64 kernel_size: 3)\n"
      "9:23 unknown field 'num_outputs' of convolution_param (did you mean 'num_output'?)\n"
      "9:51 'kernel_size' has to be an integer from 1 to 2^30, not \"3\" (for example "
      "kernel_size: 1)\n");
}

// The message of a layer that reads "data", without its name.
std::string refusal_of(const std::string& type, const std::string& settings) {
  const std::string places =
      places_of("net.prototxt", input + "layer { name: \"n\" type: \"" + type +
                                    "\" bottom: \"data\" top: \"y\" " + settings + " }\n");
  const std::string start = "4:1 layer 'n': ";
  return places.starts_with(start) ? places.substr(start.size(), places.size() - start.size() - 1)
                                   : places;
}

TEST(Caffe, WhatHasNoCounterpart) {
  EXPECT_EQ(refusal_of("Pooling", "pooling_param { pool: STOCHASTIC }"),
            "the pooling 'STOCHASTIC' has no counterpart (use MAX or AVE)");
  EXPECT_EQ(refusal_of("Pooling", ""), "a pooling needs 'kernel_size' (or global_pooling: true)");
  EXPECT_EQ(
      refusal_of("Pooling", "pooling_param { pool: AVE kernel_size: 1 stride: 5 }"),
      "these windows of an average have no counterpart (use a smaller kernel, stride or padding)");
  EXPECT_EQ(refusal_of("LRN", "lrn_param { norm_region: WITHIN_CHANNEL }"),
            "LRN is read across channels only (norm_region: ACROSS_CHANNELS)");
  EXPECT_EQ(refusal_of("LRN", "lrn_param { local_size: 4 }"),
            "'local_size' has to be odd (for example local_size: 5)");
  EXPECT_EQ(refusal_of("Power", "power_param { power: 2 }"),
            "Power is read with power: 1 only (give it as opaque)");
  EXPECT_EQ(refusal_of("Eltwise", "eltwise_param { operation: MAX }"),
            "the operation 'MAX' has no counterpart (SUM and PROD are read)");
  EXPECT_EQ(refusal_of("Eltwise", "eltwise_param { coeff: [1, 2] }"),
            "'coeff' has to be given once for each bottom of a SUM (or not at all)");
  EXPECT_EQ(refusal_of("InnerProduct", "inner_product_param { num_output: 2 axis: 2 }"),
            "InnerProduct is read with axis 1 only (put a Flatten in front of it)");
  EXPECT_EQ(refusal_of("InnerProduct", ""),
            "InnerProduct needs 'num_output' (for example num_output: 10)");
  EXPECT_EQ(refusal_of("Convolution", "convolution_param { num_output: 2 kernel_size: 11 }"),
            "the kernel is larger than the padded image (use a smaller kernel, or more padding)");
  EXPECT_EQ(refusal_of("Convolution", "convolution_param { num_output: 2 kernel_size: [1, 2, 3] }"),
            "'kernel_size' has over two sizes (images have a height and a width)");
  EXPECT_EQ(
      refusal_of("Convolution", "convolution_param { num_output: 2 kernel_size: 1 group: 2 }"),
      "2 groups do not divide 3 input channels and 2 filters (groups must divide both)");
  EXPECT_EQ(refusal_of("Scale", "scale_param { axis: 2 }"),
            "Scale is read with axis 1 and num_axes 1 only (scale channels)");
  EXPECT_EQ(refusal_of("Scale", "bottom: \"data\""),
            "a product of two blobs is read with axis: 0 and no bias only (the second one needs "
            "the same shape, or a number for each channel)");
  EXPECT_EQ(refusal_of("Bias", "bias_param { axis: 2 }"),
            "Bias is read with axis 1 and one bottom only (shift channels)");
  EXPECT_EQ(refusal_of("BatchNorm", "batch_norm_param { eps: -1 }"),
            "'eps' is below 0 (for example eps: 1e-5)");
  EXPECT_EQ(refusal_of("Softmax", "softmax_param { axis: 0 }"),
            "axis 0 is not one of a sample of shape [3, 8, 8] (axis 0 is the batch, axis 1 the "
            "channels)");
  EXPECT_EQ(refusal_of("Flatten", "flatten_param { axis: 2 }"),
            "Flatten is read with axis 1 and end_axis -1 only (or use Reshape)");
  EXPECT_EQ(refusal_of("Reshape", "reshape_param { shape { dim: 0 dim: 5 } }"),
            "[5] has other scalars than [3, 8, 8] (a sample keeps its scalars; the first size is "
            "that of the batch)");
  EXPECT_EQ(refusal_of("Reshape", ""),
            "Reshape is read with two to five sizes and axis 0 only (for example shape { dim: 0 "
            "dim: -1 })");
  EXPECT_EQ(
      refusal_of("Permute", "permute_param { order: 1 }"),
      "'order' has to name each axis once, the batch first (for example order: [0, 2, 3, 1])");
  EXPECT_EQ(
      refusal_of("Slice", "slice_param { slice_point: 5 }"),
      "3 entries cannot be cut into 1 tops (give increasing 'slice_point's, one less than tops)");
  EXPECT_EQ(refusal_of("Crop", "bottom: \"data\" crop_param { offset: 1 }"),
            "entries 1 to 9 of 8 (use a smaller offset)");
  EXPECT_EQ(refusal_of("ShuffleChannel", "shuffle_channel_param { group: 2 }"),
            "'group' does not divide the channels (use a divisor)");
  EXPECT_EQ(refusal_of("ReLU", "top: \"z\""), "ReLU has 2 tops (name one)");
  EXPECT_EQ(refusal_of("Concat", "bottom: \"label\""),
            "no layer before makes the blob 'label' (layers read what those before them in the "
            "file make)");
  EXPECT_EQ(refusal_of("Data", ""),
            "the sizes of what Data reads are not in this file (write type: \"Input\" and "
            "input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } })");
  EXPECT_EQ(refusal_of("ReLU", "relu_param: 3"),
            "4:68 'relu_param' has to be a message, not '3' (write relu_param { ... })\n");
}

TEST(Caffe, NetworksWithoutInputOrOutput) {
  EXPECT_EQ(
      places_of("a.prototxt", "layer { name: \"a\" type: \"Silence\" }\n"),
      "1:1 the network has no input (write a layer of type \"Input\" with input_param { shape "
      "... })\n");
  EXPECT_EQ(places_of("a.prototxt", input),
            "1:1 no layer makes an output (write layers that compute something from the input)\n");
  EXPECT_EQ(places_of("a.prototxt", "input: \"x\"\nlayer { name: \"a\" type: \"Silence\" }\n"),
            "1:1 the input 'x' has no shape (for example input_shape { dim: 1 dim: 3 dim: 224 dim: "
            "224 })\n");
}

}  // namespace
}  // namespace smoothbound::testing::caffe
