// Functions of a model, in place of their calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx_builder.hpp"
#include "onnx_messages.hpp"

namespace smoothbound::testing::onnx {
namespace {

using models::onnx::Graph;
using models::onnx::read_graph;
using ::testing::ElementsAre;

constexpr const char* without_functions =
    " | export the model without functions, or put them in place with onnx.inliner";

Model calling(const std::vector<std::string>& attributes = {}) {
  Model model;
  model.input("x", {1, 3}).initializer("w", {1}, {1});
  model.node("f", {"x", "w"}, {"y"}, attributes, "call", "own").output("y");
  return model;
}

TEST(OnnxFunctions, NodesInPlaceOfACall) {
  Model model = calling({integer("axis", 2)});
  model.node("f", {"y"}, {"z"}, {}, "", "own");
  // Formal names may be those of the caller's values, in another place.
  FunctionMaker f("f", "own", {"w", "x"}, {"r"}, {"axis", "alpha"});
  f.node("Softmax", {"w"}, {"y"}, {reference("axis", "axis", 2), reference("alpha", "alpha", 1)},
         "soft");
  f.node("Constant", {}, {"c"}, {reference("value_int", "axis", 2)});
  f.node("Add", {"y", "x", "c"}, {"r"});
  f.fields += bytes_field(11, real("alpha", 0.25F));
  FunctionMaker g("g", "own", {}, {});  // that nobody calls
  const std::string bytes = model.function(f).function(g).bytes();
  // The second call gives no axis to a constant.
  EXPECT_EQ(mistakes_in(bytes),
            std::string("node 1 (f): node 1 (Constant): a constant has one attribute and one "
                        "output") +
                incomplete);
  Model one = calling({integer("axis", 2)});
  const std::string good = one.function(f).bytes();
  const Graph graph = read_graph({}, good);
  ASSERT_EQ(graph.nodes.size(), 2U);
  const auto& soft = graph.nodes[0];
  const auto& sum = graph.nodes[1];
  EXPECT_EQ(soft.name, "call/soft");
  EXPECT_EQ(soft.integer("axis", 0), 2);
  EXPECT_EQ(soft.real("alpha", 0), 0.25);
  EXPECT_EQ(soft.inputs.at(0), graph.inputs.at(0).value);
  EXPECT_EQ(graph.values[soft.outputs.at(0)].name, "call/y");
  EXPECT_EQ(sum.inputs.at(0), soft.outputs[0]);
  EXPECT_EQ(graph.initializer(sum.inputs.at(1))->name, "w");
  EXPECT_THAT(graph.initializer(sum.inputs.at(2))->values(), ElementsAre(2));
  EXPECT_EQ(sum.outputs.at(0), graph.outputs.at(0).value);
}

TEST(OnnxFunctions, NestedCallsAndInputsThatAreLeftOut) {
  Model model;
  model.input("x", {1}).node("f", {"x"}, {"y"}, {integer("k", 5)}, "a", "own").output("y");
  FunctionMaker f("f", "own", {"p", "q"}, {"r"}, {"k"});
  f.node("g", {"p", "q"}, {"r"}, {reference("m", "k", 2)}, "b", "own");
  FunctionMaker g("g", "own", {"p", "q"}, {"s"}, {"m"});
  g.node("Clip", {"p", "", "q"}, {"t"}, {reference("n", "m", 2)}).node("Relu", {"t"}, {"s"});
  const std::string bytes = model.function(f).function(g).bytes();
  const Graph graph = read_graph({}, bytes);
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[0].integer("n", 0), 5);
  EXPECT_THAT(graph.nodes[0].inputs,
              ElementsAre(graph.inputs[0].value, models::onnx::absent, models::onnx::absent));
  EXPECT_EQ(graph.values[graph.nodes[0].outputs.at(0)].name, "a/b/t");
  EXPECT_EQ(graph.nodes[1].outputs.at(0), graph.outputs[0].value);
}

TEST(OnnxFunctions, AnOutputThatIsAnInput) {
  Model model = calling();
  FunctionMaker f("f", "own", {"p", "q"}, {"p"});
  const std::string bytes = model.function(f).bytes();
  const Graph graph = read_graph({}, bytes);
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].operation, "Identity");
  EXPECT_THAT(graph.nodes[0].inputs, ElementsAre(graph.inputs[0].value));
  EXPECT_THAT(graph.nodes[0].outputs, ElementsAre(graph.outputs[0].value));
}

TEST(OnnxFunctions, OverloadsAndDomainsTellThemApart) {
  Model model = calling();
  FunctionMaker other("f", "other", {"p", "q"}, {"r"});
  other.node("Tanh", {"p"}, {"r"});
  FunctionMaker overload("f", "own", {"p", "q"}, {"r"});
  overload.fields += bytes_field(13, "second");
  overload.node("Abs", {"p"}, {"r"});
  FunctionMaker f("f", "own", {"p", "q"}, {"r"});
  f.node("Relu", {"p"}, {"r"});
  const std::string bytes = model.function(other).function(overload).function(f).bytes();
  EXPECT_EQ(read_graph({}, bytes).nodes.at(0).operation, "Relu");
  EXPECT_EQ(mistakes_in(model.function(f).bytes()),
            std::string("function 3: there are two functions 'f'") + incomplete);
}

std::string mistakes_with(const FunctionMaker& f) {
  return mistakes_in(calling().function(f).bytes());
}

TEST(OnnxFunctions, CallsThatDoNotFit) {
  EXPECT_EQ(mistakes_with(FunctionMaker("f", "own", {"p"}, {"r"})),
            std::string("node 0 'call' (f): function 'f' has 1 inputs and 1 outputs, the call 2 "
                        "and 1") +
                incomplete);
  EXPECT_EQ(mistakes_with(FunctionMaker("f", "own", {"p", "p"}, {"r"})),
            std::string("node 0 'call' (f): function 'f' has two inputs 'p'") + incomplete);
  FunctionMaker older("f", "own", {"p", "q"}, {"r"});
  older.fields += bytes_field(9, integer_field(2, 9));
  EXPECT_EQ(mistakes_with(older),
            std::string("node 0 'call' (f): function 'f' is written for opset 9, the model for "
                        "13") +
                without_functions);
  FunctionMaker refers("f", "own", {"p", "q"}, {"r"}, {"a"});
  refers.node("Relu", {"p"}, {"r"}, {reference("b", "c", 2)}, "inner");
  EXPECT_EQ(mistakes_with(refers),
            std::string("node 0 'call' (f): node 0 'inner' (Relu): attribute 'b' refers to an "
                        "attribute 'c', which there is not") +
                incomplete);
  FunctionMaker body("f", "own", {"p", "q"}, {"r"});
  body.node("If", {"p"}, {"r"}, {graph("then_branch", "")});
  EXPECT_EQ(mistakes_with(body),
            std::string("node 0 'call' (f): node 0 (If): it has a graph of its own, which "
                        "functions may not have here") +
                without_functions);
  FunctionMaker twice("f", "own", {"p", "q"}, {"r"});
  twice.node("Relu", {"p"}, {"q"});
  EXPECT_EQ(mistakes_with(twice),
            std::string("node 0 'call' (f): node 0 (Relu): there are two values 'q'") + checker);
  EXPECT_EQ(mistakes_with(FunctionMaker("f", "own", {"p", "q"}, {"r"})),
            std::string("output 'y': nothing makes 'y'") + incomplete);
}

TEST(OnnxFunctions, DoNotCallThemselves) {
  FunctionMaker f("f", "own", {"p", "q"}, {"r"});
  f.node("g", {"p"}, {"r"}, {}, "", "own");
  FunctionMaker g("g", "own", {"p"}, {"r"});
  g.node("f", {"p"}, {"r"}, {}, "", "own");
  EXPECT_EQ(mistakes_in(calling().function(f).function(g).bytes()),
            std::string("node 0 'call' (f): node 0 (g): node 0 (f): function 'f' calls itself") +
                without_functions);
}

TEST(OnnxFunctions, DepthAndSizeAreLimited) {
  // Each calls the next one twice: 2^n nodes.
  const auto chain = [](int count) {
    Model model;
    model.input("x", {1}).node("f0", {"x"}, {"y"}, {}, "", "own").output("y");
    for (int i = 0; i < count; ++i) {
      const std::string next = i + 1 < count ? "f" + std::to_string(i + 1) : "Relu";
      const std::string domain = i + 1 < count ? "own" : "";
      FunctionMaker f("f" + std::to_string(i), "own", {"p"}, {"r"});
      f.node(next, {"p"}, {"t"}, {}, "", domain).node(next, {"t"}, {"r"}, {}, "", domain);
      model.function(f);
    }
    return model.bytes();
  };
  EXPECT_EQ(mistakes_in(chain(6)), "read");
  EXPECT_THAT(mistakes_in(chain(30)),
              ::testing::HasSubstr(std::string("calls of functions make the model too large") +
                                   without_functions));
  Model deep;
  deep.input("x", {1}).node("f0", {"x"}, {"y"}, {}, "c", "own").output("y");
  for (int i = 0; i < 40; ++i) {
    FunctionMaker f("f" + std::to_string(i), "own", {"p"}, {"r"});
    f.node("f" + std::to_string(i + 1), {"p"}, {"r"}, {}, "c", "own");
    deep.function(f);
  }
  EXPECT_THAT(mistakes_in(deep.bytes()),
              ::testing::HasSubstr(std::string("functions call each other more than 32 deep") +
                                   without_functions));
}

}  // namespace
}  // namespace smoothbound::testing::onnx
