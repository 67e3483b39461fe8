// Fusion on graphs that are read from files, and on those that nobody exports.
#include <chrono>
#include <string>

#include "fuse_support.hpp"
#include "onnx_builder.hpp"

namespace smoothbound::models::onnx {
namespace {

using namespace smoothbound::testing::onnx;

TEST(FuseGraphs, WhatABodyReadsStays) {
  GraphMaker inner;
  inner.node("Relu", {"s"}, {"t"}).output("t");
  GraphMaker outer;
  outer
      .node("If", {"c"}, {"u"},
            {smoothbound::testing::onnx::graph("then_branch", inner.fields),
             smoothbound::testing::onnx::graph("else_branch", inner.fields)})
      .output("u");
  GraphMaker direct;
  direct.output("i");
  Model model;
  model.input("x", {1, 3}).input("c", {}, 9);
  model.node("Sigmoid", {"x"}, {"s"})
      .node("Mul", {"x", "s"}, {"y"})
      .node("Identity", {"y"}, {"i"})
      .node("If", {"c"}, {"z"},
            {smoothbound::testing::onnx::graph("then_branch", outer.fields),
             smoothbound::testing::onnx::graph("else_branch", direct.fields)})
      .output("z");
  const std::string bytes = model.bytes();
  Graph graph = read_graph("", bytes);
  const std::string before = script_of_graph(graph);
  fuse_patterns(graph);
  EXPECT_EQ(script_of_graph(graph), before);
}

TEST(FuseGraphs, ADamagedBodyIsLeftToWhoReadsIt) {
  Model model;
  model.input("x", {1, 3}).input("c", {}, 9);
  model.node("Sigmoid", {"x"}, {"s"})
      .node("Mul", {"x", "s"}, {"y"})
      .node("If", {"c"}, {"z"}, {smoothbound::testing::onnx::graph("then_branch", "\x0A\x7F")})
      .output("y");
  const std::string bytes = model.bytes();
  Graph graph = read_graph("", bytes);
  fuse_patterns(graph);
  EXPECT_EQ(graph.nodes.front().operation, "Swish");
}

TEST(FuseGraphs, NodesWithTooFewInputsStay) {
  for (const char* const operation :
       {"Add", "AveragePool", "Clip", "Conv", "Div", "Dropout", "Identity", "Log", "Max", "Min",
        "Mul", "ReduceMean", "Reshape", "Sub"}) {
    EXPECT_TRUE(is_left("y = " + std::string(operation) + "()")) << operation;
    if (operation == std::string_view("Identity") || operation == std::string_view("Dropout")) {
      continue;
    }
    EXPECT_TRUE(is_left("y = " + std::string(operation) + "(x)")) << operation;
    for (const char* const inner :
         {"BatchNormalization", "Clip", "Conv", "ConvTranspose", "Erf", "Exp", "GroupNormalization",
          "InstanceNormalization", "LayerNormalization", "MatMul", "Pad", "Pow", "Reciprocal",
          "RMSNormalization", "Sigmoid", "Softmax", "Sqrt", "Tanh"}) {
      const std::string script =
          "a = " + std::string(inner) + "(); y = " + std::string(operation) + "(a, w:8x1x1)";
      EXPECT_TRUE(is_left(script)) << fused(script);
    }
  }
}

TEST(FuseGraphs, ACastWhoseTypeIsATextStays) {
  EXPECT_TRUE(is_left("c = Cast(x) to='float'; s = Sigmoid(c); y = Mul(x, s)"));
}

// Sums of tanh of products of sums: each of the last products looks at all of them.
TEST(FuseGraphs, ProductsOfManyFactorsTakeNoTime) {
  std::string script = "a = Mul(x, 2)";
  std::string inner = "a";
  for (int i = 0; i < 7; ++i) {
    const std::string n = std::to_string(i);
    script += "; b" + n + " = Add(x, 0.5); p" + n + " = Mul(" + inner + ", b" + n + ")";
    inner = "p" + n;
  }
  std::string outer = "a";
  for (int i = 0; i < 7; ++i) {
    const std::string n = std::to_string(i);
    script += "; t" + n + " = Tanh(" + inner + "); c" + n + " = Add(t" + n + ", 1); q" + n +
              " = Mul(" + outer + ", c" + n + ")";
    outer = "q" + n;
  }
  for (int i = 0; i < 20000; ++i) {
    script += "; y" + std::to_string(i) + " = Mul(" + outer + ", 0.5)";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(is_left(script));
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  EXPECT_LT(time.count(), 20.0);
}

TEST(FuseGraphs, LongChainsTakeNoTime) {
  constexpr int length = 20000;
  std::string casts = "c0 = Cast(x) to=1";
  std::string products = "c0 = Mul(x, 2)";
  std::string means = "c0 = Relu(x)";
  for (int i = 1; i <= length; ++i) {
    const std::string before = std::to_string(i - 1);
    const std::string here = std::to_string(i);
    casts += "; c" + here + " = Cast(c" + before + ") to=1; r" + here + " = Mul(x, c" + here + ")";
    products += "; c" + here + " = Mul(c" + before + ", c" + before + ")";
    means += "; c" + here + " = Div(c" + before + ", c" + before + ")";
  }
  for (const std::string* const script : {&casts, &products, &means}) {
    EXPECT_TRUE(is_left(*script));
  }
}

}  // namespace
}  // namespace smoothbound::models::onnx
