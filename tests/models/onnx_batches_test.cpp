// The batch of a file, through axes that it is joined with; and samples that depend on each other.
#include <fmt/format.h>

#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

constexpr const char* joined =
    ": samples of the batch depend on each other | is the first axis that of the batch? If not, "
    "--no-batch; else export it so that each sample is treated alone";

TEST(OnnxBatches, SamplesThatMeetAreRefused) {
  for (const char* batch : {"4", "1", "?"}) {
    SCOPED_TRACE(batch);
    const auto said = [&](const std::string& nodes) {
      const std::string input = fmt::format("x:{}x12", batch);
      return layers_of_script(fmt::format(fmt::runtime(nodes), input));
    };
    const std::string turned = "t = Transpose({}) perm=[1 0]; ";
    EXPECT_EQ(said(turned + "y = MatMul(x, t)"), std::string("a node MatMul") + joined);
    EXPECT_EQ(said(turned + "y = MatMul(t, x)"), std::string("a node MatMul") + joined);
    const std::string pairs = "a = Unsqueeze({}, [1]); b = Unsqueeze(x, [0]); ";
    EXPECT_EQ(said(pairs + "y = Add(a, b)"), std::string("a node Add") + joined);
    EXPECT_EQ(said(pairs + "y = Mul(a, b)"), std::string("a node Mul") + joined);
    EXPECT_EQ(said("w = MatMul({}, w:12x1); t = Transpose(w) perm=[1 0]; y = Concat(w, t) axis=0")
                  .find("a node Concat: "),
              0U);
  }
  const std::string weights =
      layers_of_script("t = Transpose(x:4x12) perm=[1 0]; y = MatMul(t, w:4x3)");
  EXPECT_EQ(weights, std::string("a node MatMul") + joined);
  // Without a batch all is one sample.
  ImportOptions options;
  options.first_axis_is_batch = false;
  EXPECT_EQ(layers_of_script("t = Transpose(x:4x12) perm=[1 0]; y = MatMul(x, t)", 17, options),
            "  - {name: matmul, matmul: {inputs: [input, input], transpose: second}}\n");
}

TEST(OnnxBatches, AxesThatHoldTheBatchAreNotReduced) {
  const std::string flat = "r = Reshape(x:4x12, [1 -1]); ";
  EXPECT_EQ(layers_of_script(flat + "y = Softmax(r) axis=1"),
            "a node Softmax: it goes over the batch, so that samples depend on each other | export "
            "it along the axis of the classes");
  EXPECT_EQ(layers_of_script(flat + "y = ReduceMean(r) axes=[1]"),
            "a node ReduceMean: it goes over the batch, so that samples depend on each other | "
            "export the network without its loss");
  EXPECT_EQ(layers_of_script(flat + "y = LayerNormalization(r, s:48, b:48) axis=1"),
            "a node LayerNormalization: it goes over the batch, so that samples depend on each "
            "other | export it over the features of each sample");
  EXPECT_EQ(layers_of_script(flat + "y = Slice(r, [0], [12], [1])"),
            "a node Slice: it takes some of the samples | export the network for each sample");
  EXPECT_EQ(layers_of_script("r = Reshape(x:4x12, [2 -1 12]); y = ReduceMean(r) axes=[1]"),
            "a node Reshape: the batch is cut into parts, or joined with others | export it with a "
            "batch of one");
  // All axes from the one that is named on, before opset 13.
  for (const char* batch : {"4", "1"}) {
    EXPECT_EQ(layers_of_script(fmt::format("t = Transpose(x:{}x3x5) perm=[1 0 2]; "
                                           "y = Softmax(t) axis=1",
                                           batch),
                               11),
              std::string("a node Softmax") + joined);
  }
}

// Windows: the samples are a part of an axis, and an axis of their own again.
TEST(OnnxBatches, AreFollowedThroughAxesThatTheyAreAPartOf) {
  const auto layers = [](std::int64_t batch) {
    const auto many = [&](std::int64_t count) { return batch * count; };
    return layers_of_script(fmt::format(
        "w = Reshape(x:{0}x8x6, [{1} 2 6]); p = MatMul(w, p.weight:6x6); "
        "h = Reshape(p, [{1} 2 3 2]); t = Transpose(h) perm=[0 2 1 3]; u = Transpose(h) "
        "perm=[0 2 3 1]; s = MatMul(t, u); z = Softmax(s) axis=-1; m = MatMul(z, t); "
        "k = Transpose(m) perm=[0 2 1 3]; l = Reshape(k, [{1} 2 6]); y = Reshape(l, [{0} 8 6])",
        batch, many(4)));
  };
  const std::string one = layers(1);
  EXPECT_NE(one.find("matmul: {inputs: [p, p], transpose: first}"), std::string::npos) << one;
  for (const std::int64_t batch : {2, 3, 4, 6, 8}) EXPECT_EQ(layers(batch), one) << batch;
}

// Tokens first, then samples: the batch counts faster in the axis that has both.
TEST(OnnxBatches, MayBeTheInnerPartOfAnAxis) {
  const auto layers = [](std::int64_t batch) {
    return layers_of_script(
        fmt::format("t = Transpose(x:{0}x4x6) perm=[1 0 2]; r = Reshape(t, [{1} 6]); p = MatMul(r, "
                    "p.weight:6x3); b = Reshape(p, [4 {0} 3]); s = Transpose(b) perm=[1 0 2]; "
                    "y = Softmax(s) axis=1",
                    batch, batch * 4));
  };
  EXPECT_NE(layers(1).find("softmax: {axis: length}"), std::string::npos) << layers(1);
  for (const std::int64_t batch : {2, 3, 4, 6}) EXPECT_EQ(layers(batch), layers(1)) << batch;
}

TEST(OnnxBatches, AreNoAxisOfOneEntry) {
  const auto layers = [](int batch) {
    return layers_of_script(
        fmt::format("s = Squeeze(x:{}x1x4); y = MatMul(s, w.weight:4x3)", batch), 11);
  };
  EXPECT_EQ(layers(2), "  - {name: w, dense: 3, bias: false}\n");
  EXPECT_EQ(layers(5), layers(2));
}

TEST(OnnxBatches, NumbersForEachSampleAreThoseOfOne) {
  const auto layers = [](const char* script) { return layers_of_script(script); };
  const std::string one = layers("r = Reshape(x:1x4x2, [2 2 2]); y = Add(r, fixed:2x1x1[1 2])");
  EXPECT_NE(one.find("[1, 2]"), std::string::npos) << one;
  EXPECT_EQ(layers("r = Reshape(x:3x4x2, [6 2 2]); y = Add(r, fixed:6x1x1[1 2 1 2 1 2])"), one);
  EXPECT_EQ(layers("r = Reshape(x:3x4x2, [6 2 2]); y = Add(r, fixed:6x1x1[1 2 1 2 1 3])"),
            "a node Add: its numbers differ between the samples of the batch | export it with a "
            "batch of one");
}

}  // namespace
}  // namespace smoothbound::models::onnx
