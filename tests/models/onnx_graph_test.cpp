// Graphs: names, order, constants, attributes and bodies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx_builder.hpp"
#include "onnx_messages.hpp"

namespace smoothbound::testing::onnx {
namespace {

using models::onnx::absent;
using models::onnx::Graph;
using models::onnx::Node;
using models::onnx::read_body;
using models::onnx::read_graph;
using models::onnx::ValueId;
using ::testing::ElementsAre;
using ::testing::StartsWith;

std::vector<std::string> operations_of(const std::vector<Node>& nodes) {
  std::vector<std::string> names;
  for (const Node& node : nodes) names.emplace_back(node.operation);
  return names;
}

Model begun() {
  Model model;
  model.input("x", {1, 3});
  return model;
}

TEST(OnnxGraph, NodesAttributesAndShapes) {
  Model model;
  model.input("x", {"batch", 3, std::int64_t{8}, 8}, 10);
  model.initializer("w", {4, 3, 1, 1}, std::vector<float>(12));
  model.input("w", {4, 3, 1, 1});
  model.node("Conv", {"x", "w", ""}, {"y"},
             {ints("pads", {1, 1, -1}), integer("group", 2), real("alpha", 0.5F),
              text("auto_pad", "SAME_UPPER"), texts("names", {"a", "b"}), reals("r", {1, 2}),
              tensor("t", float_tensor("", {1}, {5}))},
             "/features/features.0/Conv", "other");
  model.output("y");
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  const Node& node = graph.nodes.at(0);
  EXPECT_EQ(node.name, "/features/features.0/Conv");
  EXPECT_EQ(node.domain, "other");
  EXPECT_THAT(node.integers("pads"), ElementsAre(1, 1, -1));
  EXPECT_THAT(node.integers("none"), ElementsAre());
  EXPECT_EQ(node.integer("group", 1), 2);
  EXPECT_EQ(node.integer("none", 7), 7);
  EXPECT_EQ(node.real("alpha", 1), 0.5);
  EXPECT_EQ(node.real("none", 2), 2);
  EXPECT_EQ(node.text("auto_pad", ""), "SAME_UPPER");
  EXPECT_EQ(node.text("none", "NOTSET"), "NOTSET");
  EXPECT_THAT(node.find("names")->texts, ElementsAre("a", "b"));
  EXPECT_THAT(node.find("r")->reals, ElementsAre(1, 2));
  EXPECT_THAT(node.find("t")->tensor->values(), ElementsAre(5));
  EXPECT_EQ(node.input(0), graph.inputs.at(0).value);
  EXPECT_NE(graph.initializer(node.input(1)), nullptr);
  EXPECT_EQ(node.input(2), absent);
  EXPECT_EQ(node.input(3), absent);
  EXPECT_EQ(graph.initializer(node.input(0)), nullptr);
  EXPECT_EQ(graph.initializer(absent), nullptr);
  ASSERT_EQ(graph.inputs.size(), 1U) << "an initializer is no input";
  EXPECT_THAT(graph.inputs[0].sizes, ElementsAre(std::nullopt, 3, 8, 8));
  EXPECT_THAT(graph.inputs[0].symbols, ElementsAre("batch", "", "", ""));
  EXPECT_TRUE(graph.inputs[0].has_shape);
  EXPECT_EQ(graph.inputs[0].type, models::onnx::DataType::float16);
  EXPECT_EQ(graph.outputs.at(0).value, node.outputs.at(0));
  EXPECT_FALSE(graph.outputs[0].has_shape);
}

TEST(OnnxGraph, InputsThatAreNoTensors) {
  Model model = begun();
  model.fields += bytes_field(11, bytes_field(1, "s") + bytes_field(2, bytes_field(4, "")));
  model.output("x");
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  EXPECT_TRUE(graph.inputs.at(0).is_tensor);
  EXPECT_FALSE(graph.inputs.at(1).is_tensor);
}

TEST(OnnxGraph, AttributesOfAnotherType) {
  Model model = begun();
  model.node("Softmax", {"x"}, {"y"}, {real("axis", 1), integer("pads", 1)}).output("y");
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  const Node& node = graph.nodes.at(0);
  EXPECT_EQ(mistakes_of([&] { (void)node.integer("axis", 0); }),
            std::string("attribute 'axis' is a float, not an integer") + checker);
  EXPECT_EQ(mistakes_of([&] { (void)node.integers("pads"); }),
            std::string("attribute 'pads' is an integer, not a list of integers") + checker);
  EXPECT_EQ(mistakes_of([&] { (void)node.text("pads", ""); }),
            std::string("attribute 'pads' is an integer, not a text") + checker);
  EXPECT_EQ(mistakes_of([&] { (void)node.real("pads", 0); }),
            std::string("attribute 'pads' is an integer, not a float") + checker);
}

TEST(OnnxGraph, AttributesThatAreMalformed) {
  const auto refused = [](const std::vector<std::string>& attributes, const std::string& message) {
    Model model = begun();
    model.node("Relu", {"x"}, {"y"}, attributes, "r").output("y");
    EXPECT_EQ(mistakes_in(model.bytes()), "node 0 'r' (Relu): " + message + incomplete);
  };
  refused({bytes_field(1, "a") + integer_field(20, 1) + integer_field(3, 1)},
          "attribute 'a': it is said to be a float, but is an integer");
  refused({integer("", 1)}, "attribute '': it has no name");
  refused({integer("a", 1), integer("b", 1), real("a", 1)}, "it has two attributes 'a'");
  refused(std::vector<std::string>(300, integer("a", 1)), "it has more than 256 attributes");
  refused({reference("a", "b", 2)}, "attribute 'a' refers to one of a call, but is in no function");
  refused({bytes_field(1, "a") + bytes_field(7, "123")},
          "a list of floats ends in the middle of a number");
}

TEST(OnnxGraph, OlderFilesSayNoTypeAndNewerOnesNoZeros) {
  Model model = begun();
  model.node(
      "Relu", {"x"}, {"y"},
      {bytes_field(1, "a") + integer_field(3, 5), bytes_field(1, "b") + integer_field(20, 2)});
  model.output("y");
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  EXPECT_EQ(graph.nodes.at(0).integer("a", 0), 5);
  EXPECT_EQ(graph.nodes.at(0).integer("b", 1), 0);
}

TEST(OnnxGraph, NodesInAnyOrder) {
  Model model = begun();
  model.node("C", {"b", "a"}, {"c"}).node("B", {"a"}, {"b"}).node("A", {"x"}, {"a"});
  model.node("D", {"x"}, {"d"}).output("c");
  const std::string bytes = model.bytes();
  EXPECT_THAT(operations_of(read_graph({}, bytes).nodes), ElementsAre("A", "B", "C", "D"));
}

TEST(OnnxGraph, AMillionNodesInReverseOrder) {
  constexpr int count = 1'000'000;
  Model model;
  model.input("v0", {1});
  for (int i = count; i > 0; --i) {
    model.node("Relu", {"v" + std::to_string(i - 1)}, {"v" + std::to_string(i)});
  }
  model.output("v" + std::to_string(count));
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  ASSERT_EQ(graph.nodes.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(graph.nodes.front().inputs.at(0), graph.inputs.at(0).value);
  EXPECT_EQ(graph.nodes.back().outputs.at(0), graph.outputs.at(0).value);
}

TEST(OnnxGraph, Cycles) {
  Model model = begun();
  model.node("A", {"x", "c"}, {"a"}).node("B", {"a"}, {"b"}).node("C", {"b"}, {"c"}).output("c");
  EXPECT_EQ(mistakes_in(model.bytes()),
            std::string("'a', made by A, is made of itself: nodes form a cycle") + checker);
  Model own = begun();
  own.node("A", {"a"}, {"a"}).output("a");
  EXPECT_EQ(mistakes_in(own.bytes()),
            std::string("'a', made by A, is made of itself: nodes form a cycle") + checker);
}

TEST(OnnxGraph, ValuesTwiceOrNever) {
  Model model = begun();
  model.initializer("w", {1}, {1}).initializer("w", {1}, {1}).input("x", {1});
  model.node("Relu", {"x"}, {"y"}, {}, "first").node("Relu", {"x"}, {"y"}, {}, "second");
  model.node("Relu", {"y"}, {"w"}).output("y");
  EXPECT_EQ(mistakes_in(model.bytes()),
            std::string("initializer 'w': there are two values 'w'") + checker +
                "\ninput 'x': there are two values 'x'" + checker +
                "\nnode 1 'second' (Relu): there are two values 'y'" + checker +
                "\nnode 2 (Relu): there are two values 'w'" + checker);
  Model never = begun();
  never.node("Add", {"x", "u"}, {"y"}, {}, "sum").node("Relu", {"v"}, {"z"}).output("nothing");
  EXPECT_EQ(mistakes_in(never.bytes()),
            std::string("a node 'sum' (Add) reads 'u', which nothing makes") + incomplete +
                "\na node (Relu) reads 'v', which nothing makes" + incomplete +
                "\noutput 'nothing': nothing makes 'nothing'" + incomplete);
}

TEST(OnnxGraph, PartsWithoutWhatTheyNeed) {
  Model model = begun();
  model.node("", {"x"}, {"y"}, {}, "n").node("Relu", {"x"}, {}).node("Relu", {"x"}, {""});
  model.input("", {1});
  EXPECT_EQ(mistakes_in(model.bytes()), std::string("input 1: it has no name") + incomplete +
                                            "\nnode 0 'n': it has no operator" + incomplete +
                                            "\nnode 1 (Relu): it has no output" + incomplete +
                                            "\nnode 2 (Relu): it has no output" + incomplete);
  EXPECT_EQ(mistakes_in(begun().bytes()), std::string("the graph has no output") + incomplete);
}

TEST(OnnxGraph, SparseInitializersAreRefused) {
  Model model = begun();
  model.fields += bytes_field(15, bytes_field(1, float_tensor("w", {1}, {1})));
  model.output("x");
  EXPECT_EQ(mistakes_in(model.bytes()),
            "initializer 'w' is sparse | export the model with dense arrays");
}

TEST(OnnxGraph, ConstantsAreInitializers) {
  Model model = begun();
  model.initializer("w", {1}, {1});
  model.node("Constant", {}, {"a"}, {tensor("value", integer_tensor("", {2}, {3, -4}))});
  model.node("Constant", {}, {"b"}, {real("value_float", 1.5F)});
  model.node("Constant", {}, {"c"}, {integer("value_int", -7)});
  model.node("Constant", {}, {"d"}, {reals("value_floats", {1, 2})});
  model.node("Constant", {}, {"e"}, {ints("value_ints", {5, 6})}, "", "ai.onnx");
  model.node("Constant", {}, {"f"}, {text("value_string", "a")});
  model.output("x");
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  EXPECT_THAT(graph.nodes, ElementsAre());
  ASSERT_EQ(graph.initializers.size(), 7U);
  EXPECT_THAT(graph.initializers[1].values(), ElementsAre(3, -4));
  EXPECT_EQ(graph.initializers[1].name, "a");
  EXPECT_THAT(graph.initializers[2].values(), ElementsAre(1.5));
  EXPECT_THAT(graph.initializers[2].sizes, ElementsAre());
  EXPECT_THAT(graph.initializers[3].values(), ElementsAre(-7));
  EXPECT_THAT(graph.initializers[4].values(), ElementsAre(1, 2));
  EXPECT_THAT(graph.initializers[4].sizes, ElementsAre(2));
  EXPECT_THAT(graph.initializers[5].values(), ElementsAre(5, 6));
  EXPECT_THAT(mistakes_of([&] { (void)graph.initializers[6].values(); }),
              StartsWith("numbers of type string are not read"));
  for (const auto& value : graph.values) {
    if (value.initializer == absent) continue;
    EXPECT_EQ(value.is_literal, value.name != "w") << value.name;
  }
}

TEST(OnnxGraph, ConstantsThatAreNone) {
  Model model = begun();
  model.node("Constant", {}, {"a"});
  model.node("Constant", {}, {"b"}, {bytes_field(1, "sparse_value") + integer_field(20, 11)});
  model.node("Constant", {}, {"c"}, {integer("value_float", 1)});
  EXPECT_EQ(mistakes_in(model.bytes()),
            std::string("node 0 (Constant): a constant has one attribute and one output") +
                incomplete +
                "\nnode 1 (Constant): a constant's attribute 'sparse_value' is not read | export "
                "the model with dense constants of numbers"
                "\nnode 2 (Constant): a constant's attribute 'value_float' is not read | export "
                "the model with dense constants of numbers");
}

TEST(OnnxGraph, AHundredMistakesAreEnough) {
  Model model = begun();
  for (int i = 0; i < 100'000; ++i) model.node("", {"x"}, {"y"});
  const std::string mistakes = mistakes_in(model.bytes());
  EXPECT_EQ(std::count(mistakes.begin(), mistakes.end(), '\n'), 99);
}

// The body of the node `index`, or nothing.
std::string_view body_of(const std::vector<Node>& nodes, std::size_t index,
                         std::string_view name = "then_branch") {
  const auto* const attribute = nodes.at(index).find(name);
  return attribute == nullptr ? std::string_view{} : attribute->graph;
}

TEST(OnnxBody, NamesAreSeenFromWithin) {
  GraphMaker inner;
  inner.node("Tanh", {"i"}, {"j"}).output("j");
  GraphMaker then_branch;
  then_branch.initializer("k", {1}, {2});
  then_branch.node("Constant", {}, {"c"}, {integer("value_int", 3)});
  then_branch.node("Add", {"h", "k"}, {"i"}).node("Neg", {"x"}, {"h"});
  then_branch.node("If", {"c"}, {"l"}, {graph("then_branch", inner.fields)})
      .output("l")
      .output("x");
  GraphMaker else_branch;  // the same names beside the other branch
  else_branch.node("Abs", {"x"}, {"i"}).output("i");
  Model model = begun();
  model.node("If", {"x"}, {"y"},
             {graph("then_branch", then_branch.fields), graph("else_branch", else_branch.fields)});
  model.output("y");
  const std::string bytes = model.bytes();
  Graph read = read_graph({}, bytes);
  for (int i = 0; i < 2; ++i) {  // also once more
    std::vector<ValueId> outputs;
    const auto nodes = read_body(read, body_of(read.nodes, 0), outputs);
    EXPECT_THAT(operations_of(nodes), ElementsAre("Neg", "Add", "If"));
    EXPECT_EQ(nodes[0].inputs.at(0), read.inputs[0].value);
    EXPECT_THAT(read.initializer(nodes[1].inputs.at(1))->values(), ElementsAre(2));
    EXPECT_TRUE(read.values[nodes[2].inputs.at(0)].is_literal);
    EXPECT_THAT(outputs, ElementsAre(nodes[2].outputs.at(0), read.inputs[0].value));
    const auto deep = read_body(read, body_of(nodes, 2), outputs);
    EXPECT_EQ(deep.at(0).inputs, nodes[1].outputs);
    const auto others = read_body(read, body_of(read.nodes, 0, "else_branch"), outputs);
    EXPECT_THAT(operations_of(others), ElementsAre("Abs"));
    EXPECT_NE(others[0].outputs, nodes[1].outputs);
  }
}

TEST(OnnxBody, NamesShadowNothingAndAreNotSeenFromOutside) {
  GraphMaker shadow;
  shadow.node("Neg", {"x"}, {"x"}).output("x");
  GraphMaker first;
  first.node("Neg", {"x"}, {"i"}).output("i");
  GraphMaker second;
  second.node("Abs", {"i"}, {"j"}).output("j");
  GraphMaker loop;
  loop.input("k", {1}).node("Abs", {"k"}, {"j"}).output("j");
  Model model = begun();
  model.node("If", {"x"}, {"a"}, {graph("then_branch", shadow.fields)});
  model.node("If", {"x"}, {"b"}, {graph("then_branch", first.fields)});
  model.node("If", {"x"}, {"c"}, {graph("then_branch", second.fields)});
  model.node("Loop", {"x"}, {"d"}, {graph("then_branch", loop.fields)}).output("a");
  const std::string bytes = model.bytes();
  Graph read = read_graph({}, bytes);
  std::vector<ValueId> outputs;
  const auto result = [&](std::size_t node) {
    return mistakes_of([&] { read_body(read, body_of(read.nodes, node), outputs); });
  };
  EXPECT_EQ(result(0),
            std::string("the graph of a node: node 0 (Neg): there are two values 'x'") + checker);
  EXPECT_EQ(result(1), "read");
  EXPECT_EQ(
      result(2),
      std::string("the graph of a node: a node (Abs) reads 'i', which nothing makes") + incomplete);
  EXPECT_EQ(result(3),
            "the graph of a node: it has inputs: loops are not read | export the model with loops "
            "unrolled");
}

TEST(OnnxBody, TenThousandInEachOther) {
  std::string fields;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = std::to_string(i);
    GraphMaker maker;
    maker.node("If", {"x"}, {name}, {graph("then_branch", fields)}).output(name);
    fields = maker.fields;
  }
  Model model = begun();
  model.fields += fields;
  const std::string bytes = model.bytes();
  Graph read = read_graph({}, bytes);
  std::vector<Node> nodes = read.nodes;
  std::vector<ValueId> outputs;
  std::size_t depth = 0;
  EXPECT_EQ(mistakes_of([&] {
              for (; depth < 10'000; ++depth) nodes = read_body(read, body_of(nodes, 0), outputs);
            }),
            "graphs stand more than 64 deep in each other | simplify the model, with onnxsim for "
            "instance");
  EXPECT_EQ(depth, 64U);
}

}  // namespace
}  // namespace smoothbound::testing::onnx
