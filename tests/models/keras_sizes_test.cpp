// Sizes of images behind Keras' layers: those that the importer counts, and those that the
// architecture file comes to.
#include <gtest/gtest.h>

#include <string>

#include "imported.hpp"
#include "keras_support.hpp"
#include "support/read_network.hpp"

namespace smoothbound::models::testing {
namespace {

// What Cropping2D says that it is given.
std::string counted_size_behind(const std::string& layer) {
  const auto cropped = [&](const std::string& cropping) {
    return keras_text(
        sequential_3("[null, 16, 24, 4]", {layer, "Cropping2D: \"cropping\": " + cropping}));
  };
  return smoothbound::testing::counted_in(
      {cropped("[[999, 0], [0, 0]]"), cropped("[[0, 0], [999, 0]]")}, "it cuts 999 and 0 off ");
}

// "CHANNELS HEIGHTxWIDTH", if both say so.
std::string size_behind(const std::string& layer) {
  const std::string text = keras_text(sequential_3("[null, 16, 24, 4]", {layer}));
  const Shape shape = support::read_network(text).graph.layers.back().output;
  const std::string size =
      std::to_string(shape.spatial(0)) + "x" + std::to_string(shape.spatial(1));
  const std::string counted = counted_size_behind(layer);
  return std::to_string(shape.channels()) + " " + size +
         (size == counted ? "" : ", counted as " + counted);
}

TEST(KerasSizes, OfImagesThatAreNotSquare) {
  const std::string conv = R"("filters": 5, "kernel_size": [3, 5])";
  EXPECT_EQ(size_behind("Conv2D: " + conv), "5 14x20");
  EXPECT_EQ(size_behind("Conv2D: " + conv + R"(, "strides": [2, 3])"), "5 7x7");
  EXPECT_EQ(size_behind("Conv2D: " + conv + R"(, "strides": [2, 2], "padding": "same")"), "5 8x12");
  EXPECT_EQ(size_behind("Conv2D: " + conv + R"(, "dilation_rate": [2, 3])"), "5 12x12");
  EXPECT_EQ(size_behind("Conv2DTranspose: " + conv), "5 18x28");
  EXPECT_EQ(size_behind("Conv2DTranspose: " + conv + R"(, "strides": [2, 3])"), "5 33x74");
  EXPECT_EQ(size_behind("Conv2DTranspose: " + conv + R"(, "strides": [2, 3], "padding": "same")"),
            "5 32x72");
  EXPECT_EQ(size_behind(R"(DepthwiseConv2D: "kernel_size": [3, 2], "depth_multiplier": 3)"),
            "12 14x23");
  EXPECT_EQ(size_behind("SeparableConv2D: " + conv + R"(, "strides": [2, 2])"), "5 7x10");
  EXPECT_EQ(size_behind(R"(MaxPooling2D: "pool_size": [2, 3])"), "4 8x8");
  EXPECT_EQ(size_behind(R"(MaxPooling2D: "pool_size": [3, 2], "strides": [1, 4])"), "4 14x6");
  EXPECT_EQ(size_behind(R"(AveragePooling2D: "pool_size": [3, 5], "padding": "same")"), "4 6x5");
  EXPECT_EQ(size_behind(R"(UpSampling2D: "size": [2, 2])"), "4 32x48");
  EXPECT_EQ(size_behind(R"(ZeroPadding2D: "padding": [[1, 2], [3, 4]])"), "4 19x31");
  EXPECT_EQ(size_behind(R"(ZeroPadding2D: "padding": [1, 2])"), "4 18x28");
  EXPECT_EQ(size_behind(R"(Cropping2D: "cropping": [[1, 2], [3, 4]])"), "4 13x17");
  EXPECT_EQ(size_behind(R"(Permute: "dims": [2, 1, 3])"), "4 24x16");
  EXPECT_EQ(size_behind(R"(Permute: "dims": [3, 1, 2])"), "24 4x16");
  EXPECT_EQ(size_behind(R"(Reshape: "target_shape": [8, -1, 2])"), "2 8x96");
  EXPECT_EQ(size_behind(R"(GlobalAveragePooling2D: "keepdims": true)"), "4 1x1");
  EXPECT_EQ(size_behind(R"(Dense: "units": 3)"), "3 16x24");
  EXPECT_EQ(size_behind("BatchNormalization"), "4 16x24");
  EXPECT_EQ(size_behind(R"(Softmax: "axis": 1)"), "4 16x24");
}

}  // namespace
}  // namespace smoothbound::models::testing
