// Attention as one operator, and spelled out.
#include <fmt/format.h>

#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Projections of tokens [1, 5, 6] by PyTorch's names, with what is between them, for 2 heads of 3.
std::string with_projections(const std::string& between, const std::string& last) {
  std::string nodes;
  for (const std::string word : {"q", "k", "v", "out"}) {
    nodes += fmt::format("w{0} = Transpose(a.{0}.weight:6x6) perm=[1 0]; ", word);
  }
  return nodes + "q = MatMul(x:1x5x6, wq); k = MatMul(x, wk); v = MatMul(x, wv); " + between +
         "; y = MatMul(" + last + ", wout)";
}

std::string attention(const std::string& settings) {
  return "  - {name: attention, then: [{permute: [length, channels]}]}\n"
         "  - name: a\n"
         "    attention: " +
         settings +
         "\n"
         "    bias: false\n"
         "    weights: {query: a.q, key: a.k, value: a.v, output: a.out}\n"
         "    then: [{permute: [length, channels]}]\n";
}

constexpr const char* spelled_out =
    "r = Reshape(q, [1 5 2 3]); qh = Transpose(r) perm=[0 2 1 3]; "
    "s = Reshape(k, [1 5 2 3]); kh = Transpose(s) perm=[0 2 3 1]; "
    "t = Reshape(v, [1 5 2 3]); vh = Transpose(t) perm=[0 2 1 3]; "
    "p = MatMul(qh, kh); d = Mul(p, fixed:1[0.57735026]); w = Softmax(d) axis=-1; m = MatMul(w, "
    "vh); "
    "n = Transpose(m) perm=[0 2 1 3]; o = Reshape(n, [1 5 6])";

// As layers are called by the first node that makes them, which differs.
std::string without_names(std::string text) {
  const std::size_t end = text.find(", then");
  return end == std::string::npos ? text : text.substr(end);
}

TEST(OnnxAttention, SpelledOutAndAsAnOperatorAreTheComponent) {
  const std::string expected = without_names(attention("2"));
  EXPECT_EQ(without_names(layers_of_script(with_projections(spelled_out, "o"))), expected);
  EXPECT_EQ(without_names(layers_of_script(
                with_projections("o = Attention(q, k, v) q_num_heads=2 kv_num_heads=2", "o"), 23)),
            expected);
  // Of four axes, with heads of their own.
  const std::string by_heads =
      "r = Reshape(q, [1 5 2 3]); qh = Transpose(r) perm=[0 2 1 3]; "
      "s = Reshape(k, [1 5 2 3]); kh = Transpose(s) perm=[0 2 1 3]; "
      "t = Reshape(v, [1 5 2 3]); vh = Transpose(t) perm=[0 2 1 3]; ";
  const std::string back = "; n = Transpose(m) perm=[0 2 1 3]; o = Reshape(n, [1 5 6])";
  EXPECT_EQ(without_names(layers_of_script(
                with_projections(by_heads + "m = Attention(qh, kh, vh)" + back, "o"), 23)),
            expected);
  EXPECT_EQ(
      without_names(layers_of_script(
          with_projections(
              by_heads + "m = Attention(qh, kh, vh) is_causal=1 scale=0.57735026" + back, "o"),
          23)),
      without_names(attention("{heads: 2, causal: true}")));
}

// As PyTorch 2 exports scaled_dot_product_attention: with sizes from shapes, the root of the scale
// on both factors, and a mask that is computed.
TEST(OnnxAttention, AsPyTorchExportsIt) {
  const std::string by_heads =
      "r = Reshape(q, [1 5 2 3]); qh = Transpose(r) perm=[0 2 1 3]; "
      "s = Reshape(k, [1 5 2 3]); kh = Transpose(s) perm=[0 2 1 3]; "
      "t = Reshape(v, [1 5 2 3]); vh = Transpose(t) perm=[0 2 1 3]; ";
  const std::string scale =
      "shape = Shape(qh); e = Slice(shape, [-1], [9223372036854775807]); f = Cast(e) to=1; "
      "root = Sqrt(f); scale = Div(fixed:1[1], root); part = Sqrt(scale); ";
  const std::string mask =
      "kshape = Shape(kh); l = Slice(shape, [-2], [-1]); n = Slice(kshape, [-2], [-1]); "
      "size = Concat(l, n) axis=0; all = Expand(fixed2:1[1], size); low = Trilu(all) upper=0; "
      "none = Equal(low, fixed3:1[0]); mask = Where(none, fixed4:1[-inf], fixed3); ";
  const std::string last =
      "m = MatMul(w, vh); back = Transpose(m) perm=[0 2 1 3]; o = Reshape(back, [1 5 6])";
  const auto layers = [](const std::string& between, std::int64_t opset) {
    return without_names(layers_of_script(with_projections(between, "o"), opset));
  };
  // TorchScript's exporter.
  const std::string turned =
      "kt = Transpose(kh) perm=[0 1 3 2]; qs = Mul(qh, part); ks = Mul(kt, part); "
      "p = MatMul(qs, ks); ";
  EXPECT_EQ(layers(by_heads + scale + turned + "w = Softmax(p) axis=-1; " + last, 14),
            without_names(attention("2")));
  EXPECT_EQ(
      layers(by_heads + scale + mask + turned + "c = Add(p, mask); w = Softmax(c) axis=-1; " + last,
             14),
      without_names(attention("{heads: 2, causal: true}")));
  // That of torch.export, which turns keys as one stack.
  const std::string as_stack =
      "kl = Shape(kh) start=-1; ks2 = Shape(kh) start=-2 end=-1; kf = Shape(kh) end=-2; "
      "flat = Concat([-1], ks2, kl) axis=0; k3 = Reshape(kh, flat); k3t = Transpose(k3) perm=[0 2 "
      "1]; "
      "full = Concat(kf, kl, ks2) axis=0; kt = Reshape(k3t, full); cast = CastLike(scale, qh); "
      "root2 = Sqrt(cast); qs = Mul(qh, root2); ks = Mul(kt, root2); p = MatMul(qs, ks); ";
  EXPECT_EQ(layers(by_heads + scale + as_stack + "w = Softmax(p) axis=-1; " + last, 18),
            without_names(attention("2")));
  EXPECT_EQ(
      layers(by_heads + scale + mask + as_stack +
                 "like = CastLike(mask, qh); c = Add(p, like); w = Softmax(c) axis=-1; " + last,
             18),
      without_names(attention("{heads: 2, causal: true}")));
}

TEST(OnnxAttention, OtherScalesAndMasksStayParts) {
  const auto parts_of = [](const std::string& arguments) {
    return layers_of_script("o = Attention(x:1x2x3x4, x, x" + arguments, 23);
  };
  EXPECT_EQ(parts_of(") scale=0.25"),
            "  - name: attention\n"
            "    matmul: {inputs: [input, input], transpose: second}\n"
            "    then: [{scale: 0.25}, {softmax: {axis: width}}]\n"
            "  - {name: attention_2, matmul: [attention, input]}\n");
  EXPECT_THAT(parts_of(")"), HasSubstr("then: [{scale: 0.5}, {softmax: {axis: width}}]\n"));
  EXPECT_THAT(layers_of_script("o = Attention(x:1x2x4x3, x, x)", 23),
              HasSubstr("{scale: 0.577350269189626}"));  // not less than 1 / sqrt(3)
  // Truth values tell which keys count, numbers are added.
  EXPECT_THAT(parts_of(", mask:3x3[0 -inf -inf 0 0 -inf 0 0 0])"),
              HasSubstr("{mask: {by: 10000, keys: second}}"));
  EXPECT_THAT(layers_of_script("m = Cast(allowed:1x3[1 1 0]) to=9; "
                               "o = Attention(x:1x2x3x4, x, x, m)",
                               23),
              HasSubstr("constant: {shape: [3], values: [0, 0, -10000]}"));
  EXPECT_THAT(parts_of(", mask:1x3[0 0 -inf])"), HasSubstr("-10000"));
}

TEST(OnnxAttention, SoftmaxOfTheInputIsNone) {
  EXPECT_EQ(layers_of_script("y = Softmax(x:1x3x4)"),
            "  - {name: softmax, then: [{softmax: {axis: length}}]}\n");
  EXPECT_EQ(layers_of_script("s = Mul(x:1x3x3, fixed:1[0.5]); w = Softmax(s); y = MatMul(w, x)"),
            "  - {name: mul, then: [{scale: 0.5}, {softmax: {axis: length}}]}\n"
            "  - {name: matmul, matmul: [mul, input]}\n");
}

TEST(OnnxAttention, WhatItIsNot) {
  const auto mistake = [](const char* script) { return layers_of_script(script, 23); };
  constexpr const char* hint = " | export the model with an opset below 23, which spells it out";
  EXPECT_EQ(mistake("y = Attention(x:1x2x3x4, x, x, _, past:1x2x1x4, past2:1x2x1x4)"),
            std::string("a node Attention: it goes on from earlier keys and values") + hint);
  EXPECT_EQ(mistake("y = Attention(x:1x2x3x4, x, x) softcap=2.0"),
            std::string("a node Attention: its scores are capped") + hint);
  EXPECT_EQ(mistake("k = MatMul(x:1x5x6, w:6x3); "
                    "y = Attention(x, k, k) q_num_heads=2 kv_num_heads=1"),
            std::string("a node Attention: 2 heads of queries meet 1 of keys") + hint);
  EXPECT_EQ(mistake("y = Attention(x:1x5x6, x, x)"),
            "a node Attention: its input 1 has 3 axes, and q_num_heads is 0 | three axes need a "
            "number of heads that divides the last one, four axes have them");
  EXPECT_EQ(mistake("y = Attention(x:1x5x6, x, x) q_num_heads=2 kv_num_heads=4"),
            "a node Attention: its input 2 has 3 axes, and kv_num_heads is 4 | three axes need a "
            "number of heads that divides the last one, four axes have them");
}

}  // namespace
}  // namespace smoothbound::models::onnx
