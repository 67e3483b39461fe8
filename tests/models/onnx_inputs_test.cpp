// Inputs, batches, outputs and names.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxInputs, Batches) {
  constexpr std::array cases{
      LayersCase{"y = Relu(x:?x3x4x4)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Relu(x:4x3x4x4)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Relu(x:4)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"r = Relu(x:4x3x4x4); y = Reshape(r, [4 48])",
                 "  - {name: relu, then: [relu, flatten]}\n"},
      LayersCase{"r = Relu(x:4x3x4x4); y = Reshape(r, [4 -1])",
                 "  - {name: relu, then: [relu, flatten]}\n"},
      LayersCase{"r = Relu(x:4x3x4x4); y = Reshape(r, [-1 48])",
                 "  - {name: relu, then: [relu, flatten]}\n"},
      LayersCase{"r = Relu(x:4x3x4x4); y = Reshape(r, [0 -1])",
                 "  - {name: relu, then: [relu, flatten]}\n"},
      LayersCase{"r = Relu(x:4x3x4x4); y = Reshape(r, [12 4 4])",
                 "  - {name: relu, then: [relu]}\n"},
      LayersCase{"r = Relu(x:4x6x2); y = Add(r, p:4x6x2[0 1 2 3 4 5 6 7 8 9 10 11 0 1 2 3 4 5 6 7 "
                 "8 9 10 11 0 1 2 3 4 5 6 7 8 9 10 11 0 1 2 3 4 5 6 7 8 9 10 11])",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: p, parameter: [6, 2]}\n"
                 "  - {name: add, add: [relu, p]}\n"},
      LayersCase{"r = Relu(x:2x5x4); e = Expand(cls:1x1x4, [2 1 4]); y = Concat(e, r) axis=1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: cls, parameter: [4], then: [{reshape: [1, 4]}]}\n"
                 "  - {name: concat, concat: [cls, relu]}\n"},
      LayersCase{"r = Relu(x:4x3x1); y = Expand(r, [4 3 2])",
                 "  - {name: relu, then: [relu, {upsample: {size: 2}}]}\n"},
      LayersCase{"y = Slice(x:4x6, [0 1], [4 3], [0 1])",
                 "  - {name: slice, then: [{slice: {from: 1, to: 3}}]}\n"},
      // Shapes are those of the file.
      LayersCase{"s = Shape(x:4x16x2x3); h = Slice(s, [0], [2], [0]); c = Concat(h, [-1]) axis=0; "
                 "y = Reshape(x, c)",
                 "  - {name: output, then: [{reshape: [16, 6]}]}\n"},
      LayersCase{"n = Size(x:4x6); c = Reshape(n, [1]); y = Reshape(x, c)",
                 "  - {name: output, then: [identity]}\n"},
      LayersCase{"s = Shape(x:4x6); y = Reshape(x, s)", "  - {name: output, then: [identity]}\n"},
      LayersCase{"r = Resize(x:4x3x2x2, _, _, [4 3 4 4]); y = Relu(r)",
                 "  - {name: resize, then: [{upsample: {size: [4, 4]}}, relu]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxInputs, BatchesBehindOtherAxes) {
  constexpr std::array cases{
      LayersCase{"t = Transpose(x:4x16x6) perm=[1 0 2]; r = Reshape(t, [16 8 3]); y = Transpose(r) "
                 "perm=[1 0 2]",
                 "  - {name: output, then: [{reshape: [16, 2, 3]}, {permute: [height, channels, "
                 "width]}]}\n"},
      LayersCase{"t = Transpose(x:4x16x6) perm=[1 0 2]; r = Reshape(t, [-1 4 2 3]); y = "
                 "Transpose(r) perm=[1 2 0 3]",
                 "  - {name: output, then: [{reshape: [16, 2, 3]}, {permute: [height, channels, "
                 "width]}]}\n"},
      LayersCase{"t = Transpose(x:4x16x6) perm=[1 0 2]; r = Reshape(t, [16 8 3]); u = Relu(r); v = "
                 "Reshape(u, [16 4 6]); y = Transpose(v) perm=[1 0 2]",
                 "  - {name: relu, then: [relu]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxInputs, NoBatch) {
  ImportOptions options;
  options.first_axis_is_batch = false;
  constexpr std::array cases{
      LayersCase{"y = Relu(x:3x4x4)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Softmax(x:3x4) axis=0", "  - {name: softmax, then: [softmax]}\n"},
      LayersCase{
          "y = ReduceMean(x:3x4) axes=[0]",
          "  - {name: reducemean, then: [{permute: [length, channels]}, global_average_pool]}\n"},
      LayersCase{"y = Relu(x:2x3x4x4)", "  - {name: relu, then: [relu]}\n"},
  };
  check_layers(cases, options);
}

TEST(OnnxInputs, Ids) {
  constexpr std::array cases{
      LayersCase{"y = Gather(emb.weight:10x4, ids:1x5)",
                 "  - {name: emb, embedding: {entries: 10, features: 4}, then: [{permute: [length, "
                 "channels]}]}\n"},
      LayersCase{
          "e = Gather(emb.weight:10x4, ids:1x5); y = Add(e, pos.weight:5x4)",
          "  - {name: emb, embedding: {entries: 10, features: 4}}\n"
          "  - {name: pos.weight, parameter: [5, 4], then: [{permute: [length, channels]}]}\n"
          "  - {name: add, add: [emb, pos.weight], then: [{permute: [length, channels]}]}\n"},
      LayersCase{"a = Gather(emb.weight:10x4, ids:1x5); s = Slice(ids, [0], [2], [1]); y = "
                 "Gather(emb.weight, s)",
                 "  - {name: slice, then: [{slice: {to: 2}}]}\n"
                 "  - {name: emb, embedding: {entries: 10, features: 4}, then: [{permute: [length, "
                 "channels]}]}\n"},
      LayersCase{
          "c = Cast(ids:1x5) to=7; y = Gather(emb.weight:10x1, c)",
          "  - {name: emb, embedding: {entries: 10, features: 1}, then: [{reshape: [5, 1]}]}\n"},
      LayersCase{"c = Cast(ids:1x5) to=1; y = Mul(c, 0.5)",
                 "  - {name: mul, then: [{scale: 0.5}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxInputs, Outputs) {
  constexpr std::array cases{
      LayersCase{"a = Relu(x:1x4); b = Tanh(x) -> a, b", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"a = Relu(x:1x4); y = ArgMax(a) axis=1", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"a = Relu(x:1x4); m = ArgMax(a); y = Cast(m) to=1",
                 "  - {name: relu, then: [relu]}\n"},
      LayersCase{"a = Relu(x:1x4); v|i = TopK(a, [1]) -> v, i", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"a = Relu(x:1x4); m = ArgMax(a) -> m, a", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"u = Unsqueeze(x:1x3x4x5, [1]); y = Relu(u)",
                 "  - {name: relu, then: [relu, {reshape: [1, 3, 4, 5]}]}\n"},
      LayersCase{"a = Relu(x:1x4); y = Squeeze(a)", "  - {name: relu, then: [relu]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxInputs, Names) {
  constexpr std::array cases{
      LayersCase{
          "a@/layer1/layer1.0/conv/Conv = Conv(x:1x3x4x4, layer1.0.conv.weight:3x3x1x1); "
          "y@/layer1/layer1.0/act/Relu = Relu(a)",
          "  - {name: layer1.0.conv, conv: {filters: 3, kernel: 1}, bias: false, then: [relu]}\n"},
      LayersCase{"a@conv = Conv(x:1x3x4x4, onnx::Conv_1:3x3x1x1, onnx::Conv_2:3); y = Relu(a)",
                 "  - {name: conv, conv: {filters: 3, kernel: 1}, then: [relu]}\n"},
      LayersCase{"a@/fc/MatMul = MatMul(x:1x4, onnx::MatMul_3:4x2); y@/fc/Add = Add(a, fc.bias:2)",
                 "  - {name: fc, dense: 2, bias: false}\n"
                 "  - {name: fc.bias, parameter: [2]}\n"
                 "  - {name: fc_2, add: [fc, fc.bias]}\n"},
      LayersCase{"a = Conv(x:1x3x4x4, c.weight:3x3x1x1, d.bias:3); y = Conv(a, c.weight, e.bias:3)",
                 "  - {name: c, conv: {filters: 3, kernel: 1}, weights: {weight: c.weight, bias: "
                 "d.bias}}\n"
                 "  - {name: c_2, conv: {filters: 3, kernel: 1}, weights: {weight: c.weight_2, "
                 "bias: e.bias}}\n"},
      LayersCase{
          "a = Relu(x:1x4); b = Relu(a); c = Gemm(b, w:4x4) transB=1; y = Gemm(c, v:4x4) transB=1",
          "  - {name: relu, then: [relu, relu]}\n"
          "  - {name: gemm, dense: 4, bias: false, weights: {weight: w}}\n"
          "  - {name: gemm_2, dense: 4, bias: false, weights: {weight: v}}\n"},
      LayersCase{"a@m = Gemm(x:1x4, onnx::1:4x4); y@m = Gemm(a, onnx::2:4x4)",
                 "  - {name: m, dense: 4, bias: false}\n"
                 "  - {name: m_2, share: m, dense: 4, bias: false}\n"},
      LayersCase{"a = Gemm(x:1x2, onnx::1:2x2[1 2 3 4]); y = Gemm(a, onnx::2:2x2[1 2 3 4])",
                 "  - {name: gemm, dense: 2, bias: false}\n"
                 "  - {name: gemm_2, share: gemm, dense: 2, bias: false}\n"},
      LayersCase{"a = Gemm(x:1x2, onnx::1:2x2[1 1 1 1]); y = Gemm(a, onnx::2:2x2[1 1 1 1])",
                 "  - {name: gemm, dense: 2, bias: false}\n"
                 "  - {name: gemm_2, dense: 2, bias: false, weights: {weight: gemm.weight_2}}\n"},
      LayersCase{"a = Gemm(x:1x2, p.weight:2x2[1 2 3 4]) transB=1; y = Gemm(a, q.weight:2x2[1 2 3 "
                 "4]) transB=1",
                 "  - {name: p, dense: 2, bias: false}\n"
                 "  - {name: q, dense: 2, bias: false}\n"},
  };
  check_layers(cases);
}

// Equal numbers under names that exporters make up: those of one module that is called again.
TEST(OnnxInputs, ModulesThatAreCalledAgain) {
  const auto is_shared = [](const std::string& first, const std::string& second) {
    const std::string layers = layers_of_script("a@" + first + " = Gemm(x:1x4, onnx::1:4x4); y@" +
                                                second + " = Gemm(a, onnx::2:4x4)");
    EXPECT_THAT(layers, ::testing::HasSubstr("dense: 4")) << layers;
    return layers.find("share: ") != std::string::npos;
  };
  EXPECT_TRUE(is_shared("/a/Gemm", "/a/Gemm_1"));
  EXPECT_TRUE(is_shared("/a/Gemm", "/a_1/Gemm"));
  EXPECT_TRUE(is_shared("/a_12/Gemm", "/a/Gemm"));
  EXPECT_TRUE(is_shared("/net/a/Gemm", "/net_1/a/Gemm"));
  EXPECT_TRUE(is_shared("/net/net.0/Gemm", "/net_1/net.0/Gemm"));
  EXPECT_TRUE(is_shared("/Gemm", "/Gemm_1"));
  EXPECT_TRUE(is_shared("m", "n"));
  EXPECT_TRUE(is_shared("", ""));
  EXPECT_FALSE(is_shared("/0/a/Gemm", "/1/a/Gemm"));
  EXPECT_FALSE(is_shared("/a/Gemm", "/b/Gemm"));
  EXPECT_FALSE(is_shared("/a_1/Gemm", "/a_2/Gemm"));
  EXPECT_FALSE(is_shared("/a/Gemm", "/a_b/Gemm"));
  EXPECT_FALSE(is_shared("/a/Gemm", "/a_/Gemm"));
  EXPECT_FALSE(is_shared("/a/Gemm", "/ab/Gemm"));
  EXPECT_FALSE(is_shared("/a/Gemm", "/a/b/Gemm"));
  EXPECT_FALSE(is_shared("/a/Gemm", "m"));
  // The third call is held against the first, not against another module's.
  EXPECT_EQ(layers_of_script("a@/p/Gemm = Gemm(x:1x4, onnx::1:4x4); b@/q/Gemm = Gemm(a, "
                             "onnx::2:4x4); y@/q_1/Gemm = Gemm(b, onnx::3:4x4)"),
            "  - {name: p, dense: 4, bias: false}\n"
            "  - {name: q, dense: 4, bias: false}\n"
            "  - {name: q_1, share: q, dense: 4, bias: false}\n");
}

// Under the name that the numbers have in files of weights, where the usual one is taken.
TEST(OnnxInputs, ComputedParametersAreNamedAsTheyAreCalled) {
  const auto graph = std::make_shared<Graph>(graph_of_script(
      "u = Mul(w:4x4, 2); a@/p/Gemm = Gemm(x:1x4, u); v = Mul(w, 3); y@/p/Gemm = Gemm(a, v)", 17));
  const ImportedModel model = Translator(graph, "m.onnx", {}).translate();
  EXPECT_THAT(
      model.notes,
      ::testing::IsSupersetOf(
          {"the parameters 'p.weight' are computed from 'w': the computed numbers count",
           "the parameters 'p.weight_2' are computed from 'w': the computed numbers count"}));
  ASSERT_EQ(model.tensors.size(), 2U);
  EXPECT_EQ(model.tensors[0].name, "p.weight");
  EXPECT_EQ(model.tensors[1].name, "p.weight_2");
}

}  // namespace
}  // namespace smoothbound::models::onnx
