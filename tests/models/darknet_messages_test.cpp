// What is said about configurations of Darknet, and about their weights.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/imported.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing::darknet {
namespace {

using ::testing::ElementsAre;

const std::string small_net = "[net]\nwidth=8\nheight=8\nchannels=4\n";

// Whatever the file begins with.
std::string refusals_of(const std::string& content) {
  for (const models::ModelFormat& format : models::model_formats()) {
    if (format.name == "Darknet") return places_of([&] { format.read("a.cfg", content, {}); });
  }
  return "no format";
}

TEST(DarknetMessages, OfTheBeginning) {
  EXPECT_EQ(refusals_of("[maxpool]\n"),
            "1:1 a configuration of Darknet begins with [net] (write [net] with width, height and "
            "channels)\n");
  EXPECT_EQ(refusals_of("width=3\n[net]\n"),
            "1:1 an option before the first section (the file begins with [net])\n");
  EXPECT_EQ(refusals_of(""),
            "1:1 a configuration of Darknet begins with [net] (write [net] with width, height and "
            "channels)\n");
  for (const char* sizes : {"height=3\n", "width=3\n", "channels=3\n", "height=3\nwidth=3\n",
                            "height=3\nchannels=3\n", "width=3\nchannels=3\n"}) {
    EXPECT_EQ(refusals_of(std::string("[net]\n") + sizes + "[avgpool]\n"),
              "1:1 [net] gives no size of the input (write width, height and channels)\n")
        << sizes;
  }
  EXPECT_EQ(refusals_of("[net] width=3\n[avgpool]\n"),
            "1:1 a section has to be its name in brackets (for example [convolutional])\n");
  EXPECT_EQ(refusals_of("[net]\nwidth=\xFF\n"),
            "2:7 this is no text in UTF-8 (save the file as UTF-8)\n");
  EXPECT_EQ(refusals_of("[net]\ninputs=2\n=3\n[dropout]\n"),
            "3:1 this is neither a section nor an option (write KEY=VALUE, or [SECTION])\n");
  EXPECT_EQ(refusals_of("[net]\nwidth=1073741824\nheight=1073741824\nchannels=1073741824\n"),
            "1:1 the number of scalars of a sample exceeds 2^63 - 1 (use smaller sizes)\n");
  EXPECT_EQ(refusals_of("[net]\ninputs=0\n[avgpool]\n"),
            "2:8 'inputs' has to be an integer from 1 to 2^30, not '0' (for example inputs=1)\n");
  std::string many = "[net]\n";
  for (int i = 0; i < 100'000; ++i) many += "[dropout]\n";
  EXPECT_EQ(refusals_of(many),
            "100001:1 the file has over 100000 sections (this is no configuration of a network)\n");
}

TEST(DarknetMessages, OfLayers) {
  EXPECT_EQ(refusals_of(small_net + "[route]\nlayers=,\n"),
            "6:8 'layers' has to be a list of integers, not ',' (for example layers=-1, 8)\n");
  EXPECT_EQ(refusals_of("[net]\nwidth=8\nheight=6\nchannels=4\n[reorg3d]\nstride=3\n"),
            "6:1 [reorg3d] cannot take [4, 6, 8] apart by 3 (height and width have to be multiples "
            "of the stride, and the channels of its square)\n");
  EXPECT_EQ(refusals_of("[net]\nwidth=6\nheight=8\nchannels=4\n[reorg3d]\nstride=3\n"),
            "6:1 [reorg3d] cannot take [4, 8, 6] apart by 3 (height and width have to be multiples "
            "of the stride, and the channels of its square)\n");
  for (const char* number : {"1073741825", "-1073741825", "99999999999999999999"}) {
    EXPECT_EQ(refusals_of(small_net + "[route]\nlayers=" + number + "\n"),
              std::string("6:8 'layers' has to be a list of integers, not '") + number +
                  "' (for example layers=-1, 8)\n");
  }
  for (const char* number : {"1073741824", "-1073741824"}) {
    EXPECT_EQ(refusals_of(small_net + "[route]\nlayers=" + number + "\n"),
              std::string("6:8 ") + number +
                  " is no layer before this one, which is layer 0 (layers are counted from 0 "
                  "behind [net], or back from this one with -1)\n");
  }
  EXPECT_EQ(refusals_of(small_net + "[yolo]\n[route]\nlayers=0\n"),
            "7:8 layer 0 is a head of detections, which no layer reads here (read the layer in "
            "front of it, with [route])\n");
  EXPECT_EQ(
      refusals_of(small_net + "[maxpool]\nsize=2\n[shortcut]\nfrom=0\nactivation=\n"),
      "9:12 the activation '' is not read (known are logistic, leaky, linear, relu, mish, swish, "
      "tanh, elu, selu, gelu, relu6, relie, revleaky, hardtan, loggy, sigmoid, identity)\n");
  EXPECT_EQ(
      refusals_of(small_net + "[upsample]\nstride=1073741824\n[upsample]\nstride=1073741824\n"),
      "5:1 [upsample]: the number of scalars of a sample exceeds 2^63 - 1 (make the sizes "
      "smaller)\n");
  EXPECT_EQ(refusals_of(small_net + "[local]\n[deconv]\n"),
            "5:1 [local] cannot be read: filters of its own for each position have no counterpart "
            "(write an architecture file with an opaque layer in its place)\n"
            "6:1 [deconv] cannot be read: it is cut at its ends as no layer here (write an "
            "architecture file with an opaque layer in its place)\n");
  EXPECT_EQ(refusals_of(small_net + "[maxpool]\nsize=2\nsize=3\nantialiasing=1\n"),
            "7:1 'size' is given twice in a section (remove one of them: Darknet takes the first)\n"
            "8:1 'antialiasing' of [maxpool] has no counterpart (give such a layer as opaque, with "
            "constants of your own)\n");
}

TEST(DarknetMessages, NotesOfWhatIsLeftOut) {
  EXPECT_THAT(
      imported("a.cfg", small_net + "[maxpool]\nsize=2\nblur=0\nlearning_rate=1\n[yolo]\n").notes,
      ElementsAre("7:1: option 'blur' of [maxpool] is not known, and left out",
                  "the network ends in front of [yolo], which only finds boxes in its "
                  "output"));
}

TEST(DarknetMessages, OfWeights) {
  const TemporaryDirectory folder;
  models::ImportOptions options;
  const std::string header("\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
  const std::string dense = "[net]\ninputs=1\n[connected]\noutput=1\nactivation=linear\n";
  const auto refusals = [&](const std::string& bytes, const std::string& config) {
    options.numbers_file = folder.write("w", bytes);
    std::string text = places_of("a.cfg", config, options);
    if (const std::size_t at = text.find(options.numbers_file); at != std::string::npos)
      text.replace(at, options.numbers_file.size(), "w");
    return text;
  };
  EXPECT_EQ(refusals(header + std::string(8, '\0'), dense), "");
  EXPECT_EQ(refusals(header + std::string(9, '\0'), dense),
            "0:0 'w' holds 2 numbers and part of another behind its header of 16 bytes, where the "
            "layers have 2 (weights belong to one configuration, with its number of classes, and "
            "are those of all layers)\n");
  EXPECT_EQ(refusals("x", dense),
            "0:0 'w' has no header of Darknet's weights (name the file of the weights that belong "
            "to the configuration)\n");
  EXPECT_EQ(refusals(std::string("\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0", 16), dense),
            "0:0 'w' has no header of Darknet's weights (name the file of the weights that belong "
            "to the configuration)\n");
  EXPECT_EQ(refusals(header, dense + "flipped=1\n[convolutional]\nflipped=1\nfilters=2\n"),
            "8:1 'flipped' of [convolutional] has no counterpart (give such a layer as opaque, "
            "with constants of your own)\n");
  const std::string wide = "[convolutional]\nfilters=1073741824\nactivation=linear\n";
  EXPECT_EQ(refusals(header, dense + wide + wide),
            "9:1 [convolutional]: the number of parameters exceeds 2^60 (check the sizes)\n");
  options.numbers_file = folder / "none";
  EXPECT_THAT(places_of("a.cfg", dense, options),
              ::testing::MatchesRegex("0:0 the weights '.*none': cannot open: No such file or "
                                      "directory .name the file of the weights that belong to the "
                                      "configuration.\n"));
}

}  // namespace
}  // namespace smoothbound::testing::darknet
