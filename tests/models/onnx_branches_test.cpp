// Branches, inputs and outputs of whole graphs.
#include <gmock/gmock.h>

#include <array>

#include "models/onnx/translator.hpp"
#include "onnx_builder.hpp"
#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

using testing::onnx::GraphMaker;
using testing::onnx::Model;

std::string layers_of_model(const Model& model) {
  const std::string bytes = model.bytes();
  std::string layers;
  const std::string mistakes = testing::onnx::mistakes_of([&] {
    const auto graph = std::make_shared<Graph>(read_graph("", bytes));
    const std::string text = Translator(graph, "m.onnx", {}).translate().text;
    layers = text.substr(text.find("layers:\n") + 8);
  });
  return mistakes == "read" ? layers : mistakes;
}

GraphMaker body(const char* operation, const char* reads) {
  GraphMaker graph;
  graph.node(operation, {reads}, {"result"}).output("result");
  return graph;
}

Model chosen(const std::vector<float>& condition, const std::string& then_branch,
             const std::string& else_branch) {
  Model model;
  model.input("x", {1, 4}).output("y").initializer("c", {}, condition);
  model.node("If", {"c"}, {"y"},
             {testing::onnx::graph("then_branch", then_branch),
              testing::onnx::graph("else_branch", else_branch)},
             "i");
  return model;
}

TEST(OnnxBranches, TheOneThatIsTakenStandsInPlace) {
  const std::string relu = body("Relu", "x").fields;
  const std::string tanh = body("Tanh", "x").fields;
  EXPECT_EQ(layers_of_model(chosen({1}, relu, tanh)), "  - {name: relu, then: [relu]}\n");
  EXPECT_EQ(layers_of_model(chosen({0}, relu, tanh)), "  - {name: tanh, then: [tanh]}\n");
}

TEST(OnnxBranches, BranchesWithinBranches) {
  const auto nested = [](int count) {
    std::string inner = body("Relu", "x").fields;
    for (int i = 1; i < count; ++i) {
      const std::string result = "r" + std::to_string(i);
      GraphMaker outer;
      outer.node("If", {"c"}, {result}, {testing::onnx::graph("then_branch", inner)}, "inner");
      inner = outer.output(result).fields;
    }
    return chosen({1}, inner, body("Tanh", "x").fields);
  };
  EXPECT_EQ(layers_of_model(nested(3)), "  - {name: relu, then: [relu]}\n");
  EXPECT_THAT(layers_of_model(nested(21)),
              ::testing::HasSubstr("node 'inner' (If): branches within branches | simplify the "
                                   "model before"));
}

TEST(OnnxBranches, WhatOnlyABranchReadsIsMadeBefore) {
  Model model;
  model.input("x", {1, 4}).output("y").initializer("c", {}, {1});
  model.node("Tanh", {"x"}, {"t"});
  model.node("If", {"c"}, {"y"}, {testing::onnx::graph("then_branch", body("Relu", "t").fields)});
  EXPECT_EQ(layers_of_model(model), "  - {name: tanh, then: [tanh, relu]}\n");
}

TEST(OnnxBranches, WhatIsWrongWithGraphs) {
  constexpr std::array cases{
      LayersCase{"y = Relu(any)",
                 "input 'any' has no shape | export the model with the shape of its input"},
      LayersCase{"y = Relu(x:1x?x4)",
                 "input 'x' has axes without a size: 1 | only the batch, the first axis, may be "
                 "open: export the model with the size of its input"},
      LayersCase{"y = Relu(x:1x0)",
                 "input 'x' has axes without a size: 1 | only the batch, the first axis, may be "
                 "open: export the model with the size of its input"},
      LayersCase{"y = Relu(ids:1x4)",
                 "a node Relu: arithmetic of the network's input, which are whole numbers | cast "
                 "them to float32 before: whole numbers may be ids of an embedding"},
      LayersCase{"a = Relu(x:1x4); y = Add(a, x3)",
                 "the model has 2 inputs: 'x', 'x3' | a network has one: export it with the others "
                 "as constants"},
      LayersCase{"y = Shape(x:1x4)",
                 "the output does not depend on the input | a network has at least one layer"},
      LayersCase{"r = Relu(x:1x4); y = Shape(r)",
                 "the output does not depend on the input | a network has at least one layer"},
      LayersCase{"y = Exp(x:1x4)",
                 "a node Exp: the operator is not understood | its slope has no bound: leave it "
                 "out, or write the layer as 'opaque' with constants of your own"},
      LayersCase{"y = Frobnicate(x:1x4)",
                 "a node Frobnicate: the operator is not understood | 'smoothbound import --list' "
                 "names the operators that are; export the model without it, or write an "
                 "architecture file with 'opaque' in its place"},
      LayersCase{"y = ai.Relu(x:1x4)",
                 "a node Relu: an operator of the domain 'ai' | 'smoothbound import --list' names "
                 "the operators that are; export the model without it, or write an architecture "
                 "file with 'opaque' in its place"},
      LayersCase{"y = Loop(x:1x4)",
                 "a node Loop: the operator is not understood | unroll it: write the steps out "
                 "before the export"},
      LayersCase{"v|i = MaxPool(x:1x1x4) kernel_shape=[2]; y = Relu(i) -> y",
                 "a node Relu: its input 1 does not depend on the network's input | export it with "
                 "constants folded"},
      LayersCase{"y = If(x:1x1)",
                 "a node If: its condition depends on the network's input | export the branch that "
                 "is taken"},
      LayersCase{"y = If(1); z = Add(x:1x4, y)",
                 "a node If: the branch is missing | is the file complete?"},
      LayersCase{"y = Conv(x:1x3, w:2x3); z = Conv(y, v:2x2); a = Gemm(x, u:5x5); b = Add(z, a)",
                 "a node Conv: the weights have the shape [2, 3] | convolutions have one to three "
                 "axes of positions\n"
                 "a node Gemm: vectors of 3 numbers meet weights for 5 | is the file complete?"},
      LayersCase{"c = Cast(x:1x4) to=9; y = Relu(c)",
                 "a node Relu: arithmetic of the network's input, which are whole numbers | cast "
                 "them to float32 before: whole numbers may be ids of an embedding"},
      LayersCase{
          "y = Relu(x:1x2x2x2x2x2)",
          "an array [2, 2, 2, 2, 2]: a shape has 1 to 4 sizes, not 5 | [features], [channels, "
          "length], [channels, height, width] or [channels, depth, height, width]"},
      LayersCase{"y = QLinearConv(x:1x4)",
                 "a node QLinearConv: the operator is not understood | export the network before "
                 "it is quantized"},
      LayersCase{"y = TopK(x:1x4, 1); z = Relu(y)",
                 "a node TopK: the operator is not understood | export the network without its "
                 "post-processing"},
  };
  check_layers(cases);
}

TEST(OnnxBranches, AnOpenSizeIsCalledByItsName) {
  Model model;
  model.input("x", {"batch", 3, "height", 4}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_EQ(layers_of_model(model),
            "input 'x' has axes without a size: 'height' | only the batch, the first axis, may be "
            "open: export the model with the size of its input");
}

TEST(OnnxBranches, AnInputThatIsNoArray) {
  Graph graph = graph_of_script("y = Relu(x:1x4)");
  graph.inputs.front().is_tensor = false;
  EXPECT_EQ(testing::onnx::mistakes_of(
                [&] { Translator(std::make_shared<Graph>(graph), "", {}).translate(); }),
            "input 'x' is no array | networks read one array");
}

TEST(OnnxBranches, ComputationsOfKnownArraysEnd) {
  std::string script;
  std::string sizes;
  for (int i = 0; i <= 1024; ++i) {
    script += "e" + std::to_string(i) + " = Expand(1, [1048576]); s" + std::to_string(i) +
              " = Shape(e" + std::to_string(i) + "); ";
    sizes += (i == 0 ? "s" : ", s") + std::to_string(i);
  }
  EXPECT_EQ(layers_of_script(script + "c = Concat(" + sizes + ") axis=0; y = Add(x:1x4, c)"),
            "a node Expand: what is computed of known arrays takes too long | simplify the model "
            "before, for example with onnxsim");
}

}  // namespace
}  // namespace smoothbound::models::onnx
