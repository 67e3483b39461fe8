#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "models/imported.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing::darknet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string net = "[net]\nwidth=8\nheight=8\nchannels=4\n";

std::string layers_of(const std::string& sections) {
  const std::string text = imported("net.cfg", net + sections).text;
  support::read_network(text);  // throws what is wrong with it
  return text.substr(text.find("layers:\n") + 8);
}

std::string conv(int filters, int size, const std::string& more = "batch_normalize=1\n",
                 const std::string& activation = "leaky") {
  return "[convolutional]\n" + more + "filters=" + std::to_string(filters) +
         "\nsize=" + std::to_string(size) + "\nstride=1\npad=1\nactivation=" + activation + "\n\n";
}

const std::string pool = "[maxpool]\nsize=2\nstride=2\n\n";

std::string yolov2() {
  std::string text = "[net]\nwidth=416\nheight=416\nchannels=3\n\n";
  text += conv(32, 3) + pool + conv(64, 3) + pool + conv(128, 3) + conv(64, 1) + conv(128, 3);
  text += pool + conv(256, 3) + conv(128, 1) + conv(256, 3) + pool;
  text += conv(512, 3) + conv(256, 1) + conv(512, 3) + conv(256, 1) + conv(512, 3) + pool;
  text += conv(1024, 3) + conv(512, 1) + conv(1024, 3) + conv(512, 1) + conv(1024, 3);
  text += conv(1024, 3) + conv(1024, 3) + "[route]\nlayers=-9\n\n" + conv(64, 1);
  text += "[reorg]\nstride=2\n\n[route]\nlayers=-1,-4\n\n" + conv(1024, 3);
  return text + conv(425, 1, "", "linear") + "[region]\nanchors=0.57,0.67\n";
}

std::string yolov3_tiny() {
  std::string text = "[net]\nwidth=416\nheight=416\nchannels=3\n\n";
  for (const int filters : {16, 32, 64, 128, 256}) text += conv(filters, 3) + pool;
  text += conv(512, 3) + "[maxpool]\nsize=2\nstride=1\n\n" + conv(1024, 3) + conv(256, 1);
  text += conv(512, 3) + conv(255, 1, "", "linear") + "[yolo]\nmask = 3,4,5\n\n";
  text += "[route]\nlayers = -4\n\n" + conv(128, 1) + "[upsample]\nstride=2\n\n";
  text += "[route]\nlayers = -1, 8\n\n" + conv(256, 3) + conv(255, 1, "", "linear");
  return text + "[yolo]\nmask = 0,1,2\n";
}

TEST(Darknet, WholeNetwork) {
  const models::ImportedModel model = imported(
      "cfg/small.cfg",
      "# a comment\n[net]\n# Testing\nbatch=1\nwidth=13\nheight = 13\nchannels=3\n\n" + conv(8, 3) +
          pool +
          "[avgpool]\n\n[connected]\noutput=5\nactivation=linear\n[dropout]\nprobability=.5\n"
          "[softmax]\ngroups=1\n[cost]\ntype=sse\n");
  EXPECT_EQ(model.format, "Darknet");
  EXPECT_EQ(model.text,
            "# from a configuration of Darknet\n"
            "name: small\n"
            "input: {shape: [3, 13, 13]}\n"
            "layers:\n"
            "  - name: conv_0\n"
            "    conv: {filters: 8, kernel: 3, padding: 1}\n"
            "    bias: false\n"
            "    then:\n"
            "      - {batch_norm: {epsilon: 1e-5, per: channel, affine: true}}\n"
            "      - {leaky_relu: 0.1}\n"
            "      - {max_pool: {kernel: 2, ceil: true}}\n"
            "      - global_average_pool\n"
            "  - {name: dense_3, dense: 5, then: [{dropout: 0.5}, softmax]}\n");
  EXPECT_THAT(model.notes,
              ElementsAre("batch_norm adds 1e-5 to the variance, as Darknet does in training, and "
                          "its forks always; without weights it has the statistics of each batch"));
}

// yolov2.weights has 50,983,561 numbers behind its header, of which 20,672 are statistics.
TEST(Darknet, Yolo2) {
  const support::Network network = network_of("yolov2.cfg", yolov2());
  EXPECT_EQ(network.graph.parameters, 50'983'561 - 20'672);
  EXPECT_EQ(network.graph.layers.back().output, (Shape{425, 13, 13}));
}

// yolov3-tiny.weights has 8,858,734 numbers behind its header.
TEST(Darknet, Yolo3Tiny) {
  const models::ImportedModel model = imported("yolov3-tiny.cfg", yolov3_tiny());
  const support::Network network = support::read_network(model.text);
  EXPECT_EQ(network.graph.layers.back().output, (Shape{255, 26, 26}));
  EXPECT_THAT(model.notes,
              ::testing::Contains("other outputs, those of layers 16, are left out, with what only "
                                  "they need"));
  const TemporaryDirectory folder;
  models::ImportOptions options;
  options.numbers_file =
      folder.write("x.weights", std::string("\0\0\0\0\2\0\0\0", 8) + std::string(12, '\0'));
  EXPECT_THAT(
      places_of("yolov3-tiny.cfg", yolov3_tiny(), options),
      HasSubstr("x.weights' holds 0 numbers behind its header of 20 bytes, where the layers "
                "have 8858734 ("));
}

// The window of size 2 and stride 1 reads one position behind the image.
TEST(Darknet, MaxPools) {
  EXPECT_EQ(layers_of("[maxpool]\nsize=2\nstride=1\n[maxpool]\nsize=5\nstride=1\n[maxpool]\n"
                      "size=4\nstride=1\npadding=5\n"),
            "  - name: max_pool_0\n"
            "    then:\n"
            "      - {max_pool: {kernel: 2, stride: 1, padding: same}}\n"
            "      - {max_pool: {kernel: 5, stride: 1, padding: 2}}\n"
            "      - {pad: {before: 2, after: 3, mode: replicate}}\n"
            "      - {max_pool: {kernel: 4, stride: 1}}\n");
}

TEST(Darknet, RoutesAndShortcuts) {
  EXPECT_EQ(layers_of(conv(6, 3, "", "relu") + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" +
                      conv(8, 1, "", "linear") +
                      "[shortcut]\nfrom=0\nactivation=mish\n[route]\nlayers=-1,2\n"),
            "  - {name: conv_0, conv: {filters: 6, kernel: 3, padding: 1}, then: [relu]}\n"
            "  - {name: slice_1, then: [{slice: {axis: channels, from: 3, to: 6}}]}\n"
            "  - {name: conv_2, conv: {filters: 8, kernel: 1}}\n"
            "  - {name: padded_shortcut_3, from: conv_0, then: [{padded_shortcut: {channels: 8, "
            "stride: 1}}]}\n"
            "  - {name: add_3, add: [conv_2, padded_shortcut_3], then: [mish]}\n"
            "  - {name: concat_4, concat: [add_3, conv_2]}\n");
}

TEST(Darknet, ProductsAndGroupsOfScores) {
  EXPECT_EQ(layers_of(conv(4, 1, "", "linear") + "[avgpool]\n" + conv(4, 1, "", "logistic") +
                      "[scale_channels]\nfrom=0\nactivation=linear\n[softmax]\ngroups=2\n"),
            "  - {name: conv_0, conv: {filters: 4, kernel: 1}}\n"
            "  - {name: global_average_pool_1, then: [global_average_pool, {reshape: [4, 1, 1]}]}\n"
            "  - {name: conv_2, conv: {filters: 4, kernel: 1}, then: [sigmoid]}\n"
            "  - name: multiply_3\n"
            "    multiply: [conv_0, conv_2]\n"
            "    then: [{reshape: [2, 128]}, {softmax: length}, flatten]\n");
}

TEST(Darknet, Reorganization) {
  EXPECT_EQ(layers_of("[reorg]\nstride=2\n"),
            "  - {name: reshape_0, then: [{reshape: [1, 16, 16]}, {space_to_depth: 2}, {reshape: "
            "[16, 4, 4]}]}\n");
  EXPECT_EQ(layers_of("[reorg3d]\nstride=2\n"),
            "  - {name: space_to_depth_0, then: [{space_to_depth: 2}]}\n");
  EXPECT_EQ(layers_of("[reorg]\nstride=2\nreverse=1\n"),
            "  - {name: depth_to_space_0, then: [{depth_to_space: 2}]}\n");
  EXPECT_EQ(layers_of("[reorg3d]\nstride=2\n[reorg3d]\nstride=2\nreverse=1\n"),
            "  - name: space_to_depth_0\n"
            "    then: [{space_to_depth: 2}, {reshape: [4, 8, 8]}, {depth_to_space: 2}, {reshape: "
            "[4, 8, 8]}]\n");
}

TEST(Darknet, Crop) {
  EXPECT_EQ(layers_of("[crop]\ncrop_height=5\ncrop_width=8\n"),
            "  - {name: slice_0, then: [{slice: {axis: height, from: 1, to: 6}}, {scale: 2}, "
            "{shift: -1}]}\n");
}

// A header of version 0.2, then biases, statistics and weights of a convolution, and of a dense
// layer its biases and matrix.
TEST(Darknet, WeightsLieInTheFile) {
  const std::string small =
      "[net]\nwidth=1\nheight=1\nchannels=2\n[convolutional]\nbatch_normalize=1\nfilters=2\n"
      "size=1\nactivation=linear\n[connected]\noutput=1\nactivation=linear\n";
  const TemporaryDirectory folder;
  std::string bytes("\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  for (int i = 0; i < 15; ++i) {
    const auto number = static_cast<float>(i);
    std::array<char, 4> raw{};
    std::memcpy(raw.data(), &number, 4);
    bytes.append(raw.data(), 4);
  }
  models::ImportOptions options;
  options.numbers_file = folder.write("small.weights", bytes);
  const models::ImportedModel model = imported("small.cfg", small, options);
  EXPECT_THAT(model.text,
              HasSubstr("  - name: conv_0\n"
                        "    conv: {filters: 2, kernel: 1}\n"
                        "    bias: false\n"
                        "    then:\n"
                        "      - {batch_norm: {epsilon: 1e-5, per: channel, statistics: fixed, "
                        "mean: [4, 5], variance: [6, 7], affine: true, weights: conv_0.norm}}\n"));
  const auto described = [](const models::Tensor& tensor) {
    const auto& region = std::get<models::FileRegion>(tensor.numbers);
    return fmt::format("{} [{}] at {}{}", tensor.name, fmt::join(tensor.shape, ", "), region.offset,
                       region.reversed ? " reversed" : "");
  };
  std::vector<std::string> tensors;
  for (const models::Tensor& tensor : model.tensors) tensors.push_back(described(tensor));
  EXPECT_THAT(tensors, ElementsAre("conv_0.weight [2, 2, 1, 1] at 52",
                                   "conv_0.norm.weight [2] at 28", "conv_0.norm.bias [2] at 20",
                                   "dense_1.weight [1, 2] at 72", "dense_1.bias [1] at 68"));

  options.statistics_in_text = false;
  const models::ImportedModel apart = imported("small.cfg", small, options);
  EXPECT_THAT(apart.text,
              HasSubstr("{epsilon: 1e-5, per: channel, statistics: fixed, affine: true, weights"));
  EXPECT_EQ(apart.tensors.size(), 7U);
  EXPECT_EQ(described(apart.tensors[3]), "conv_0.norm.running_mean [2] at 36");
  options.batch_norms = models::ImportOptions::BatchNorms::batch;
  EXPECT_THAT(imported("small.cfg", small, options).text,
              HasSubstr("{epsilon: 1e-5, per: channel, affine: true, weights: conv_0.norm}"));

  bytes[0] = '\xE9';  // version 1001 stores matrices by columns, after a header of 16 bytes
  bytes[1] = '\3';
  bytes.resize(bytes.size() - 4);
  options.numbers_file = folder.write("columns.weights", bytes);
  EXPECT_EQ(described(imported("small.cfg", small, options).tensors[3]),
            "dense_1.weight [1, 2] at 68 reversed");
}

// The version says how long the header is, and how matrices of dense layers lie.
TEST(Darknet, VersionsOfWeights) {
  const TemporaryDirectory folder;
  const auto matrix_of = [&](std::uint32_t major_version, std::uint32_t minor_version,
                             std::size_t header) {
    std::string bytes(header + 12, '\0');  // two weights and a bias
    std::memcpy(bytes.data(), &major_version, 4);
    std::memcpy(bytes.data() + 4, &minor_version, 4);
    models::ImportOptions options;
    options.numbers_file = folder.write("a.weights", bytes);
    const auto model =
        imported("a.cfg", "[net]\ninputs=2\n[connected]\noutput=1\nactivation=linear\n", options);
    const auto& region = std::get<models::FileRegion>(model.tensors.front().numbers);
    return std::to_string(region.offset) + (region.reversed ? " reversed" : "");
  };
  EXPECT_EQ(matrix_of(0, 0, 16), "20");
  EXPECT_EQ(matrix_of(0, 1, 16), "20");
  EXPECT_EQ(matrix_of(0, 2, 20), "24");
  EXPECT_EQ(matrix_of(1, 0, 20), "24");
  EXPECT_EQ(matrix_of(999, 999, 20), "24");
  EXPECT_EQ(matrix_of(1000, 0, 16), "20");
  EXPECT_EQ(matrix_of(0, 1000, 16), "20");
  EXPECT_EQ(matrix_of(1001, 0, 16), "20 reversed");
  EXPECT_EQ(matrix_of(0, 1001, 16), "20 reversed");
}

TEST(Darknet, WeightsThatAreNone) {
  const TemporaryDirectory folder;
  models::ImportOptions options;
  options.numbers_file = folder.write("short.weights", "x");
  EXPECT_THAT(places_of("a.cfg", net + conv(2, 1), options),
              HasSubstr("short.weights' has no header of Darknet's weights ("));
  options.numbers_file = folder / "none";
  EXPECT_THAT(places_of("a.cfg", net + conv(2, 1), options),
              HasSubstr("none': cannot open: No such file or directory ("));
}

// All of a file, at their places; what follows from a mistake is not one.
TEST(Darknet, Mistakes) {
  EXPECT_EQ(
      places_of("a.cfg", net + "[convolutional]\nfilters=x\nfliters=2\nactivation=linear\n"
                               "[route]\nlayers=7\n[lstm]\nnonsense\n"
                               "[convolutionl]\n"),
      "6:9 'filters' has to be an integer from 1 to 2^30, not 'x' (for example filters=1)\n"
      "7:1 unknown option 'fliters' of [convolutional] (did you mean 'filters'?)\n"
      "10:8 7 is no layer before this one, which is layer 1 (layers are counted from 0 behind "
      "[net], or back from this one with -1)\n"
      "11:1 [lstm] cannot be read: recurrent layers have no counterpart (write an architecture "
      "file with an opaque layer in its place)\n"
      "12:1 this is neither a section nor an option (write KEY=VALUE, or [SECTION])\n"
      "13:1 unknown layer [convolutionl] (did you mean 'convolutional'?)\n");
}

TEST(Darknet, FilesThatAreNoNetwork) {
  EXPECT_EQ(places_of("a.cfg", "[net]\nwidth=3\n[avgpool]\n"),
            "1:1 [net] gives no size of the input (write width, height and channels)\n");
  EXPECT_EQ(
      places_of("a.cfg", net),
      "1:1 the network has no layers (write sections such as [convolutional] behind [net])\n");
  EXPECT_EQ(
      places_of("a.cfg", net + "[route]\nlayers=-1\n"),
      "6:8 -1 is no layer before this one, which is layer 0 (layers are counted from 0 behind "
      "[net], or back from this one with -1)\n");
  EXPECT_EQ(
      places_of("a.cfg", net + "[cost]\ntype=sse\n"),
      "1:1 no layer computes anything (write sections such as [convolutional] behind [net])\n");
  EXPECT_EQ(places_of("a.cfg", net + "[avgpool\n"),
            "5:1 a section has to be its name in brackets (for example [convolutional])\n");
}

// What is said about one section, without the first place.
std::string refusal_of(const std::string& section) {
  const std::string places = places_of("a.cfg", net + conv(4, 1, "", "linear") + section);
  const std::size_t begin = places.find(' ') + 1;
  return places.substr(begin, places.size() - begin - 1);
}

TEST(Darknet, WhatHasNoCounterpart) {
  EXPECT_EQ(refusal_of("[activation]\nactivation=leeky\n"),
            "the activation 'leeky' is not read (did you mean 'leaky'?)");
  EXPECT_EQ(refusal_of("[maxpool]\nsize=2\nsize=3\n"),
            "'size' is given twice in a section (remove one of them: Darknet takes the first)");
  EXPECT_EQ(refusal_of("[maxpool]\nmaxpool_depth=1\n"),
            "'maxpool_depth' of [maxpool] has no counterpart (give such a layer as opaque, with "
            "constants of your own)");
  EXPECT_EQ(refusal_of("[maxpool]\nsize=2\npadding=20\n"),
            "[maxpool]: a window of the pooling lies outside of its input (use a smaller window, "
            "stride or padding)");
  EXPECT_EQ(refusal_of("[convolutional]\nxnor=1\n"),
            "'xnor' of [convolutional] has no counterpart (give such a layer as opaque, with "
            "constants of your own)");
  EXPECT_EQ(refusal_of("[convolutional]\nsize=11\n"),
            "the filters are larger than the padded image (use a smaller size, or padding)");
  EXPECT_EQ(refusal_of("[convolutional]\ngroups=3\n"),
            "3 groups do not divide 4 input channels and 1 filters (groups must divide both)");
  EXPECT_EQ(refusal_of("[convolutional]\nsize=2\ndilation=2\n"),
            "with this dilation the output has 6 positions along an axis, where Darknet reserves 7 "
            "(use pad=1 and an odd size)");
  EXPECT_EQ(refusal_of("[softmax]\ntree=a.tree\n"),
            "a softmax over a tree of classes has no counterpart (leave the section out: the "
            "network ends in its scores then)");
  EXPECT_EQ(refusal_of("[softmax]\ntemperature=0\n"),
            "'temperature' has to be above 0 (for example 1)");
  EXPECT_EQ(refusal_of("[softmax]\ntemperature=hot\n"),
            "'temperature' has to be a number, not 'hot' (for example temperature=1)");
  EXPECT_EQ(refusal_of("[softmax]\ngroups=7\n"),
            "7 groups do not divide 256 scores (use a divisor of the number of scores)");
  EXPECT_EQ(refusal_of("[softmax]\ngroups=2\nspatial=1\n"),
            "a softmax of groups of channels has no counterpart (leave the section out: the "
            "network ends in its scores then)");
  EXPECT_EQ(refusal_of("[shortcut]\n"),
            "[shortcut] names no layers (write from=-1 for the layer before)");
  EXPECT_EQ(refusal_of("[shortcut]\nfrom=a\n"),
            "'from' has to be a list of integers, not 'a' (for example from=-1, 8)");
  EXPECT_EQ(refusal_of("[shortcut]\nfrom=0\nweights_type=per_channel\n"),
            "weighted sums of layers are not read (use none)");
  EXPECT_EQ(refusal_of("[avgpool]\n[shortcut]\nfrom=0\n"),
            "a sum of [4] and [4, 8, 8] has no counterpart (the layer that is added may have other "
            "channels, and a multiple of the positions)");
  EXPECT_EQ(refusal_of("[route]\nlayers=0\ngroups=2\ngroup_id=2\n"),
            "group 2 of 2 groups (groups are counted from 0)");
  EXPECT_EQ(refusal_of("[route]\nlayers=0\ngroups=3\n"),
            "3 groups do not divide 4 channels (use a divisor of the number of channels)");
  EXPECT_EQ(refusal_of("[maxpool]\nsize=2\nstride=2\n[route]\nlayers=0,1\n"),
            "[4, 8, 8] and [4, 4, 4] cannot be joined (joined layers need the same positions)");
  EXPECT_EQ(refusal_of("[reorg]\nstride=3\n"),
            "[reorg] cannot take [4, 8, 8] apart by 3 (height and width have to be multiples of "
            "the stride, and the channels of its square)");
  EXPECT_EQ(refusal_of("[reorg3d]\nstride=2\nreverse=1\n"),
            "[reorg3d] cannot take [4, 8, 8] apart by 2 (height and width have to be multiples of "
            "the stride, and the channels of its square)");
  EXPECT_EQ(refusal_of("[reorg]\nflatten=1\n"),
            "'flatten' and 'extra' have no counterpart (leave them out)");
  EXPECT_EQ(refusal_of("[crop]\ncrop_height=9\n"), "9 positions of 8 (crop at most the image)");
  EXPECT_EQ(refusal_of("[sam]\nfrom=0,0\n"), "'from' has to name one layer (for example from=-4)");
  EXPECT_EQ(refusal_of("[scale_channels]\nfrom=0\nscale_wh=1\n"),
            "factors of positions are not read (leave it out)");
  EXPECT_EQ(refusal_of("[maxpool]\nsize=2\nstride=2\n[sam]\nfrom=0\n"),
            "a product of [4, 8, 8] and [4, 4, 4] has no counterpart (the factor needs the same "
            "shape, or one number for each channel)");
  EXPECT_EQ(refusal_of("[yolo]\n[upsample]\n"),
            "layer 1 is a head of detections, which no layer reads here (read the layer in front "
            "of it, with [route])");
}

}  // namespace
}  // namespace smoothbound::testing::darknet
