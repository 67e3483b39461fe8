// Branches, inputs and outputs of whole graphs.
#include <gmock/gmock.h>

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
