// Networks of keras.applications, with the numbers of parameters that Keras states.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "keras_support.hpp"

namespace smoothbound::models::testing {
namespace {

std::string conv_config(int filters, int kernel, int stride, const char* padding, bool bias,
                        const char* activation) {
  return fmt::format(
      R"("filters": {}, "kernel_size": [{}, {}], "strides": [{}, {}], "padding": "{}",)"
      R"( "data_format": "channels_last", "use_bias": {}, "activation": "{}")",
      filters, kernel, kernel, stride, stride, padding, bias, activation);
}

TEST(KerasArchitectures, Vgg16) {
  FunctionalModel model("[null, 224, 224, 3]");
  std::string last = "input_1";
  int block = 0;
  for (const auto& [count, filters] : {std::pair{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}) {
    ++block;
    for (int i = 1; i <= count; ++i) {
      last = model.add("Conv2D", fmt::format("block{}_conv{}", block, i),
                       conv_config(filters, 3, 1, "same", true, "relu"), {last});
    }
    last = model.add("MaxPooling2D", fmt::format("block{}_pool", block),
                     R"("pool_size": [2, 2], "strides": [2, 2], "padding": "valid")", {last});
  }
  last = model.add("Flatten", "flatten", "", {last});
  for (const char* const name : {"fc1", "fc2"}) {
    last = model.add("Dense", name, R"("units": 4096, "activation": "relu")", {last});
  }
  last = model.add("Dense", "predictions", R"("units": 1000, "activation": "softmax")", {last});
  EXPECT_EQ(keras_parameters(model.json(last)), 138'357'544);
}

std::string with_norm(FunctionalModel& model, const std::string& name, std::string last) {
  last = model.add("BatchNormalization", name + "_bn",
                   R"("axis": [3], "momentum": 0.99, "epsilon": 0.001)", {last});
  return model.add("ReLU", name + "_relu", R"("max_value": 6.0, "negative_slope": 0.0)", {last});
}

// 4,253,864 with the statistics of its batch normalizations, which are no parameters.
TEST(KerasArchitectures, MobileNet) {
  FunctionalModel model("[null, 224, 224, 3]");
  const auto norm = [&](const std::string& name, const std::string& from) {
    return with_norm(model, name, from);
  };
  std::string last =
      model.add("Conv2D", "conv1", conv_config(32, 3, 2, "same", false, "linear"), {"input_1"});
  last = norm("conv1", last);
  int block = 0;
  for (const auto& [filters, stride] : {std::pair{64, 1},
                                        {128, 2},
                                        {128, 1},
                                        {256, 2},
                                        {256, 1},
                                        {512, 2},
                                        {512, 1},
                                        {512, 1},
                                        {512, 1},
                                        {512, 1},
                                        {512, 1},
                                        {1024, 2},
                                        {1024, 1}}) {
    ++block;
    const std::string depthwise = fmt::format("conv_dw_{}", block);
    const std::string pointwise = fmt::format("conv_pw_{}", block);
    if (stride == 2) {
      last = model.add("ZeroPadding2D", fmt::format("conv_pad_{}", block),
                       R"("padding": [[0, 1], [0, 1]])", {last});
    }
    last = model.add("DepthwiseConv2D", depthwise,
                     fmt::format(R"("kernel_size": [3, 3], "strides": [{}, {}], "padding": "{}",)"
                                 R"( "depth_multiplier": 1, "use_bias": false)",
                                 stride, stride, stride == 1 ? "same" : "valid"),
                     {last});
    last = norm(depthwise, last);
    last =
        model.add("Conv2D", pointwise, conv_config(filters, 1, 1, "same", false, "linear"), {last});
    last = norm(pointwise, last);
  }
  last = model.add("GlobalAveragePooling2D", "pool", R"("keepdims": true)", {last});
  last = model.add("Dropout", "dropout", R"("rate": 0.001)", {last});
  last = model.add("Conv2D", "conv_preds", conv_config(1000, 1, 1, "same", true, "linear"), {last});
  last = model.add("Reshape", "reshape_2", R"("target_shape": [1000])", {last});
  last = model.add("Activation", "predictions", R"("activation": "softmax")", {last});
  EXPECT_EQ(keras_parameters(model.json(last)), 4'231'976);
}

// 25,636,712 with the statistics.
TEST(KerasArchitectures, ResNet50) {
  FunctionalModel model("[null, 224, 224, 3]");
  const auto conv = [&](const std::string& name, const std::string& from, int filters, int kernel,
                        int stride, const char* padding) {
    const std::string made =
        model.add("Conv2D", name + "_conv",
                  conv_config(filters, kernel, stride, padding, true, "linear"), {from});
    return model.add("BatchNormalization", name + "_bn", R"("axis": [3], "epsilon": 1.001e-05)",
                     {made});
  };
  const auto relu = [&](const std::string& name, const std::string& from) {
    return model.add("Activation", name, R"("activation": "relu")", {from});
  };
  std::string last =
      model.add("ZeroPadding2D", "conv1_pad", R"("padding": [[3, 3], [3, 3]])", {"input_1"});
  last = relu("conv1_relu", conv("conv1", last, 64, 7, 2, "valid"));
  last = model.add("ZeroPadding2D", "pool1_pad", R"("padding": [[1, 1], [1, 1]])", {last});
  last =
      model.add("MaxPooling2D", "pool1_pool", R"("pool_size": [3, 3], "strides": [2, 2])", {last});
  int stage = 1;
  for (const auto& [blocks, filters] : {std::pair{3, 64}, {4, 128}, {6, 256}, {3, 512}}) {
    ++stage;
    for (int block = 1; block <= blocks; ++block) {
      const std::string name = fmt::format("conv{}_block{}", stage, block);
      const int stride = block == 1 && stage > 2 ? 2 : 1;
      const std::string shortcut =
          block == 1 ? conv(name + "_0", last, 4 * filters, 1, stride, "valid") : last;
      last = relu(name + "_1_relu", conv(name + "_1", last, filters, 1, stride, "valid"));
      last = relu(name + "_2_relu", conv(name + "_2", last, filters, 3, 1, "same"));
      last = conv(name + "_3", last, 4 * filters, 1, 1, "valid");
      last = relu(name + "_out", model.add("Add", name + "_add", "", {shortcut, last}));
    }
  }
  last = model.add("GlobalAveragePooling2D", "avg_pool", "", {last});
  last = model.add("Dense", "predictions", R"("units": 1000, "activation": "softmax")", {last});
  EXPECT_EQ(keras_parameters(model.json(last)), 25'583'592);
}

}  // namespace
}  // namespace smoothbound::models::testing
