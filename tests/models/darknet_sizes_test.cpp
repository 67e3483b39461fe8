// Sizes of images behind Darknet's layers: those that the importer counts, and those that the
// architecture file comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "models/imported.hpp"

namespace smoothbound::testing::darknet {
namespace {

// What [crop] says that it is given.
std::string counted_size(const std::string& sections) {
  const auto cropped = [&](const char* crop) {
    return places_of("a.cfg", "[net]\nwidth=24\nheight=16\nchannels=8\n" + sections +
                                  "[crop]\ncrop_" + crop + "=999\n");
  };
  return counted_in({cropped("height"), cropped("width")}, " 999 positions of ");
}

// "HEIGHTxWIDTH", if both say so.
std::string size_behind(const std::string& sections) {
  const auto network = network_of("a.cfg", "[net]\nwidth=24\nheight=16\nchannels=8\n" + sections);
  const Shape& shape = network.graph.layers.back().output;
  const std::string size =
      std::to_string(shape.spatial(0)) + "x" + std::to_string(shape.spatial(1));
  const std::string counted = counted_size(sections);
  return size == counted ? size : size + ", counted as " + counted;
}

TEST(DarknetSizes, OfImagesThatAreNotSquare) {
  EXPECT_EQ(size_behind("[upsample]\nstride=2\n"), "32x48");
  EXPECT_EQ(size_behind("[upsample]\nstride=3\nscale=0.5\n"), "48x72");
  EXPECT_EQ(size_behind("[reorg]\nstride=2\n"), "8x12");
  EXPECT_EQ(size_behind("[reorg]\nstride=2\nreverse=1\n"), "32x48");
  EXPECT_EQ(size_behind("[reorg3d]\nstride=2\n"), "8x12");
  EXPECT_EQ(size_behind("[reorg3d]\nstride=2\n[reorg3d]\nstride=2\nreverse=1\n"), "16x24");
  EXPECT_EQ(size_behind("[maxpool]\nsize=2\nstride=2\n"), "8x12");
  EXPECT_EQ(size_behind("[maxpool]\nsize=3\nstride=2\n"), "8x12");
  EXPECT_EQ(size_behind("[maxpool]\nsize=3\nstride=2\npadding=0\n"), "7x11");
  EXPECT_EQ(size_behind("[maxpool]\nsize=2\nstride=1\n"), "16x24");
  EXPECT_EQ(size_behind("[convolutional]\nfilters=2\nsize=3\nstride=2\npad=1\nactivation=relu\n"),
            "8x12");
  EXPECT_EQ(size_behind("[convolutional]\nfilters=2\nsize=3\nstride=1\nactivation=relu\n"),
            "14x22");
  EXPECT_EQ(size_behind("[crop]\ncrop_height=5\ncrop_width=9\n"), "5x9");
  EXPECT_EQ(size_behind("[maxpool]\nsize=2\nstride=2\n[shortcut]\nfrom=0\n"), "8x12");
  EXPECT_EQ(size_behind("[dropout]\n[maxpool]\nsize=2\nstride=2\n[shortcut]\nfrom=0\n"), "8x12");
  EXPECT_EQ(size_behind("[convolutional]\nfilters=2\nsize=1\n[maxpool]\nsize=4\nstride=4\n"
                        "[convolutional]\nfilters=8\nsize=1\n[shortcut]\nfrom=0\n"),
            "4x6");
  EXPECT_EQ(size_behind("[activation]\nactivation=relu\n[route]\nlayers=0\ngroups=2\n"), "16x24");
}

}  // namespace
}  // namespace smoothbound::testing::darknet
