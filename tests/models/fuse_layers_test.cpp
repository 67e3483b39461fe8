#include <chrono>
#include <string>

#include "fuse_support.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(FuseLayers, BiasOfAMatrixProduct) {
  EXPECT_EQ(fused("m@/fc/MatMul = MatMul(x3, w:4x8); y@/fc/Add = Add(b:8, m)", true),
            "y@/fc/MatMul = MatMul(x3, w:4x8, b:8)");
  EXPECT_EQ(fused("m = MatMul(x3, w:4x8); y = Add(m, b:8)"), "y = MatMul(x3, w:4x8, b:8)");
  EXPECT_EQ(fused("t = Transpose(w:8x4) perm=[1 0]; m = MatMul(x3, t); y = Add(m, b:8)"),
            "t = Transpose(w:8x4) perm=[1 0]; y = MatMul(x3, t, b:8)");
  for (const char* const script : {
           "m = MatMul(x3, w:4x8); y = Add(m, b:8) -> y, m",
           "m = MatMul(x3, w:4x8); y = Add(m, b:7)",
           "m = MatMul(x3, w:4x8); y = Add(m, b:1)",
           "m = MatMul(x3, w:4x8); y = Add(m, b:5x8)",
           "m = MatMul(x3, w:4x8); y = Add(m, x)",
           "m = MatMul(x3, x2); y = Add(m, b:8)",
           "m = MatMul(v:2x4, w:4x8); y = Add(m, b:8)",
           "t = Transpose(w:8x4) perm=[0 1]; m = MatMul(x3, t); y = Add(m, b:8)",
       }) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseLayers, BiasOfAConvolution) {
  EXPECT_EQ(fused("c@/conv/Conv = Conv(x, w:8x3x1x1); y@/Add = Add(c, b:1x8x1x1)", true),
            "y@/conv/Conv = Conv(x, w:8x3x1x1, b:8)");
  EXPECT_EQ(fused("c = Conv(x, w:8x3x1x1); y = Add(b:8x1x1, c)"), "y = Conv(x, w:8x3x1x1, b:8)");
  EXPECT_EQ(fused("c = Conv(x3, w:8x3x5); y = Add(c, b:8x1)"), "y = Conv(x3, w:8x3x5, b:8)");
  EXPECT_EQ(fused("c = ConvTranspose(x, w:8x3x1x1) group=2; y = Add(c, b:6x1x1)"),
            "y = ConvTranspose(x, w:8x3x1x1, b:6) group=2");
  for (const char* const script : {
           "c = Conv(x, w:8x3x1x1); y = Add(c, b:8x1x1) -> y, c",
           "c = Conv(x, w:8x3x1x1, a:8); y = Add(c, b:8x1x1)",
           "c = Conv(x, w:8x3x1x1); y = Add(c, b:8)",
           "c = Conv(x, w:8x3x1x1); y = Add(c, b:7x1x1)",
           "c = Conv(x, w:8x3x1x1); y = Add(c, b:8x1x2)",
           "c = Conv(x, w:8x3x1x1); y = Mul(c, b:8x1x1)",
           "c = ConvTranspose(x, w:8x3x1x1); y = Add(c, b:8x1x1)",
           "c = ConvTranspose(x, w:8x3x1x1) group=0; y = Add(c, b:3x1x1)",
       }) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseLayers, ZerosBeforeAConvolution) {
  EXPECT_EQ(fused("p = Pad(x) pads=[0 0 1 2 0 0 3 4]; y = Conv(p, w:8x3x1x1)"),
            "y = Conv(x, w:8x3x1x1) pads=[1 2 3 4]");
  EXPECT_EQ(fused("p = Pad(x, [0 0 1 1 0 0 1 1], 0) mode='constant'; "
                  "y = Conv(p, w:8x3x1x1) pads=[1 0 0 1] strides=[2 2]"),
            "y = Conv(x, w:8x3x1x1) pads=[2 1 1 2] strides=[2 2]");
  EXPECT_EQ(fused("p = Pad(x, [1 2], _, [-1]); y = Conv(p, w:8x3x1x1)"),
            "y = Conv(x, w:8x3x1x1) pads=[0 1 0 2]");
  for (const char* const script : {
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = Conv(p, w:8x3x1x1) -> y, p",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1] mode='reflect'; y = Conv(p, w:8x3x1x1)",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1] value=1.0; y = Conv(p, w:8x3x1x1)",
           "p = Pad(x, [0 0 1 1 0 0 1 1], 1); y = Conv(p, w:8x3x1x1)",
           "p = Pad(x) pads=[0 0 -1 1 0 0 1 1]; y = Conv(p, w:8x3x1x1)",
           "p = Pad(x) pads=[0 1 1 1 0 0 1 1]; y = Conv(p, w:8x3x1x1)",
           "p = Pad(x) pads=[1 1 1 1]; y = Conv(p, w:8x3x1x1)",
           "p = Pad(x) pads=[0 0 9000000000 1 0 0 1 1]; y = Conv(p, w:8x3x1x1)",
           "p = Pad(x, [1 2], _, [7]); y = Conv(p, w:8x3x1x1)",
           "p = Pad(x, [1 2], _, [-7]); y = Conv(p, w:8x3x1x1)",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = Conv(p, w:8x3x1x1) auto_pad='SAME_UPPER'",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = Conv(p, w:8x3x1x1) pads=[1]",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = MaxPool(p) kernel_shape=[3 3]",
       }) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseLayers, ZerosBeforeAnAveragePool) {
  EXPECT_EQ(fused("p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = AveragePool(p) kernel_shape=[3 3]"),
            "y = AveragePool(x) kernel_shape=[3 3] pads=[1 1 1 1] count_include_pad=1");
  EXPECT_EQ(fused("p = Pad(x) pads=[0 0 1 1 0 0 1 1]; "
                  "y = AveragePool(p) kernel_shape=[3 3] pads=[0 0 0 0] count_include_pad=0"),
            "y = AveragePool(x) kernel_shape=[3 3] pads=[1 1 1 1] count_include_pad=1");
  for (const char* const script : {
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = AveragePool(p) kernel_shape=[3 3] -> y, p",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = AveragePool(p) kernel_shape=[3 3] "
           "pads=[1 1 1 1]",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = AveragePool(p) kernel_shape=[3 3] ceil_mode=1",
           "p = Pad(x) pads=[0 0 1 1 0 0 1 1]; y = AveragePool(p)",
       }) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseLayers, MeansOverSpace) {
  EXPECT_EQ(fused("y = ReduceMean(x) axes=[2 3]"), "y = GlobalAveragePool(x)");
  EXPECT_EQ(fused("y = ReduceMean(x, [-1 -2]) keepdims=1"), "y = GlobalAveragePool(x)");
  EXPECT_EQ(fused("y@/pool = ReduceMean(x) axes=[-2 -1] keepdims=0; z = Relu(y)", true),
            "#@/pool = GlobalAveragePool(x); y@/pool = Flatten(#) axis=1; z@ = Relu(y)");
  EXPECT_EQ(fused("c = Conv(any, w:8x3x1x1); r = Relu(c); y = ReduceMean(r) axes=[2 3]"),
            "c = Conv(any, w:8x3x1x1); r = Relu(c); y = GlobalAveragePool(r)");
  for (const char* const script :
       {"y = ReduceMean(x) axes=[1 2]", "y = ReduceMean(x) axes=[2]", "y = ReduceMean(x)",
        "y = ReduceMean(x2) axes=[1]", "y = ReduceMean(x5) axes=[2 3]",
        "y = ReduceMean(any) axes=[2 3]", "y = ReduceMax(x) axes=[2 3]"}) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseLayers, IdentityAndDropoutAreTakenOut) {
  EXPECT_EQ(fused("i = Identity(x); d|m = Dropout(i, 0.5); y = Relu(d)"), "y = Relu(x)");
  EXPECT_TRUE(is_left("d|m = Dropout(x); y = Relu(d) -> y, m"));
  Graph graph = graph_of_script("y = Relu(x); i = Identity(y); z = Dropout(i)");
  fuse_patterns(graph);
  EXPECT_EQ(script_of_graph(graph), "y = Relu(x)");
  EXPECT_EQ(graph.values[graph.outputs.front().value].name, "y");
}

TEST(FuseLayers, AnInitializerBehindAnIdentityIsItsOwn) {
  Graph graph = graph_of_script(
      "j = Identity(w:8); n = BatchNormalization(x, w:8, b:8, mean:8, var:8); "
      "y = BatchNormalization(n, j, b:8, mean:8, var:8)");
  fuse_patterns(graph);
  EXPECT_EQ(script_of_graph(graph),
            "n = BatchNormalization(x, w:8, b:8, mean:8, var:8); "
            "y = BatchNormalization(n, j:8, b:8, mean:8, var:8)");
  const Tensor& own = *graph.initializer(graph.nodes[1].inputs[1]);
  const Tensor& first = *graph.initializer(graph.nodes[0].inputs[1]);
  EXPECT_NE(&own, &first);
  EXPECT_EQ(own.values(), first.values());
}

TEST(FuseLayers, OneInitializerForTwoLayersStaysOne) {
  Graph graph = graph_of_script(
      "c = Conv(x, w:3x3x1x1); d = Add(c, b:3x1x1); e = Conv(d, w:3x3x1x1); y = Add(e, b:3x1x1)");
  fuse_patterns(graph);
  EXPECT_EQ(script_of_graph(graph), "d = Conv(x, w:3x3x1x1, b:3); y = Conv(d, w:3x3x1x1, b:3)");
  EXPECT_EQ(graph.nodes[0].inputs,
            (std::vector<ValueId>{graph.nodes[0].inputs[0], graph.nodes[1].inputs[1],
                                  graph.nodes[1].inputs[2]}));
}

TEST(FuseLayers, TimeGrowsWithTheGraph) {
  constexpr int blocks = 20000;
  std::string script = "a0 = Relu(x)";
  for (int i = 1; i <= blocks; ++i) {
    const std::string n = std::to_string(i);
    script += "; i" + n + " = Identity(a" + std::to_string(i - 1) + "); c" + n + " = Cast(i" + n +
              ") to=1; s" + n + " = Sigmoid(c" + n + "); m" + n + " = Mul(c" + n + ", s" + n +
              "); a" + n + " = Add(m" + n + ", 1)";
  }
  Graph graph = graph_of_script(script);
  ASSERT_EQ(graph.nodes.size(), 5 * blocks + 1);
  const auto start = std::chrono::steady_clock::now();
  fuse_patterns(graph);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(graph.nodes.size(), 2 * blocks + 1);
  EXPECT_LT(time.count(), 5.0);
  RecordProperty("seconds", std::to_string(time.count()));
}

}  // namespace
}  // namespace smoothbound::models::onnx
