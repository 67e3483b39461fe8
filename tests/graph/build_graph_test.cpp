// From a Spec to a graph: order, shapes, and every mistake that only the whole shows.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Graph build(const std::string& layers, std::int64_t batch = 1,
            const std::string& shape = "[4, 8, 8]") {
  return build_graph(
      read_spec(Source{"net.yaml", "input: {shape: " + shape + "}\nlayers:\n" + layers}), batch);
}

// The mistake that building meets.
SpecError error_of(const std::string& layers, std::int64_t batch = 1,
                   const std::string& shape = "[4, 8, 8]") {
  try {
    build(layers, batch, shape);
  } catch (const SpecError& error) {
    return error;
  }
  ADD_FAILURE() << "no error for\n" << layers;
  return {{}, "", ""};
}

std::vector<std::string> names_in_order(const Graph& graph) {
  std::vector<std::string> names;
  for (const std::uint32_t layer : graph.order) names.push_back(graph.layers[layer].name);
  return names;
}

TEST(BuildGraph, AChainReadsTheLayerBefore) {
  const Graph graph = build("  - {name: a, dense: 3}\n  - {name: b, dense: 2}\n");
  EXPECT_THAT(names_in_order(graph), ElementsAre("a", "b"));
  EXPECT_THAT(graph.layers[0].inputs, ElementsAre(Graph::network_input));
  EXPECT_THAT(graph.layers[1].inputs, ElementsAre(0U));
  EXPECT_EQ(graph.output(), 1U);
  EXPECT_EQ(graph.shape_of(Graph::network_input), (Shape{4, 8, 8}));
  EXPECT_EQ(graph.shape_of(0), (Shape{3}));
  // 256 * 3 + 3 and 3 * 2 + 2
  EXPECT_EQ(graph.layers[0].parameters, 771);
  EXPECT_EQ(graph.parameters, 779);
  EXPECT_FALSE(graph.couples_samples);
  EXPECT_THAT(graph.unused, IsEmpty());
}

TEST(BuildGraph, ForwardReferencesAreOrdered) {
  const Graph graph = build(
      "  - {name: d, from: c, dense: 3}\n"
      "  - {name: c, add: [a, b]}\n"
      "  - {name: b, from: a, dense: 5}\n"
      "  - {name: a, from: input, dense: 5}\n"
      "  - {name: e, from: d, dense: 1}\n");
  EXPECT_THAT(names_in_order(graph), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(graph.layers[0].name, "d");  // the table keeps the order of the file
  EXPECT_EQ(graph.layers[0].output, (Shape{3}));
  EXPECT_EQ(graph.layers[0].parameters, 18);  // 5 * 3 + 3: c's shape was known first
}

TEST(BuildGraph, AChainBackToFrontOfAHundredThousandLayersIsFast) {
  constexpr int depth = 100'000;
  std::string layers;
  for (int i = depth; i > 1; --i) {
    layers += fmt::format("  - {{name: a{}, from: a{}, dense: 1}}\n", i, i - 1);
  }
  layers += "  - {name: a1, from: input, dense: 1}\n";
  layers += fmt::format("  - {{name: last, from: a{}, dense: 1}}\n", depth);
  Spec spec = read_spec(Source{"net.yaml", "input: {shape: [1]}\nlayers:\n" + layers});
  const auto start = std::chrono::steady_clock::now();
  const Graph graph = build_graph(std::move(spec), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(graph.layers[graph.order.front()].name, "a1");
  EXPECT_EQ(graph.order.size(), static_cast<std::size_t>(depth) + 1);
}

TEST(BuildGraph, PrintsACycle) {
  const SpecError error = error_of(
      "  - {name: a, from: c, dense: 2}\n"
      "  - {name: b, from: a, dense: 2}\n"
      "  - {name: c, from: b, dense: 2}\n");
  // Every arrow points from what is read to its reader: a reads c, c reads b, b reads a.
  EXPECT_STREQ(error.what(), "the layers form a cycle: a <- c <- b <- a");
}

TEST(BuildGraph, PrintsALayerThatReadsItself) {
  const SpecError error = error_of("  - {name: a, dense: 2}\n  - {name: b, from: b, dense: 2}\n");
  EXPECT_STREQ(error.what(), "the layers form a cycle: b <- b");
  EXPECT_EQ(error.location.line, 4U);
}

TEST(BuildGraph, CutsALongCycleShort) {
  std::string layers = "  - {name: a0, from: a99, dense: 1}\n";
  for (int i = 1; i < 100; ++i) layers += fmt::format("  - {{name: a{}, dense: 1}}\n", i);
  std::string expected = "the layers form a cycle: a0 <- ...";  // a0 reads a99, and so on
  for (int i = 20; i >= 0; --i) expected += fmt::format(" <- a{}", i);
  EXPECT_EQ(error_of(layers).what(), expected);
}

TEST(BuildGraph, UnknownNamesAreAnsweredWithTheNearestOne) {
  const SpecError error =
      error_of("  - {name: shortcut, dense: 2}\n  - {from: shortcit, dense: 2}\n");
  EXPECT_STREQ(error.what(), "there is no layer 'shortcit'");
  EXPECT_EQ(error.hint, "did you mean 'shortcut'?");
  EXPECT_EQ(error.location, (Location{4, 12}));
  EXPECT_EQ(error_of("  - {add: [inptu, input]}\n").hint, "did you mean 'input'?");
  EXPECT_THAT(error_of("  - {from: quite_another, dense: 2}\n").hint, HasSubstr("'name'"));
}

TEST(BuildGraph, RepeatedNamesAreShownTwice) {
  const SpecError error = error_of("  - {name: a, dense: 2}\n  - {name: a, dense: 2}\n");
  EXPECT_STREQ(error.what(), "two layers are named 'a'");
  EXPECT_EQ(error.location.line, 4U);
  ASSERT_EQ(error.notes.size(), 1U);
  EXPECT_EQ(error.notes[0].location.line, 3U);
  // A default name counts.
  EXPECT_STREQ(error_of("  - {dense: 2}\n  - {name: layer1, dense: 2}\n").what(),
               "two layers are named 'layer1'");
}

TEST(BuildGraph, ListsLayersThatDoNotReachTheOutput) {
  const Graph graph = build(
      "  - {name: a, dense: 2}\n"
      "  - {name: dead, from: a, dense: 3}\n"
      "  - {name: deader, from: dead, dense: 3}\n"
      "  - {name: b, from: a, dense: 2}\n");
  EXPECT_THAT(graph.unused, ElementsAre("dead", "deader"));
}

TEST(BuildGraph, CouplingComponentsAreNoticed) {
  EXPECT_TRUE(build("  - {dense: 2, then: [batch_norm]}\n").couples_samples);
  EXPECT_TRUE(build("  - opaque: {lipschitz: 1, smoothness: 1}\n").couples_samples);
  EXPECT_FALSE(build("  - {dense: 2, then: [layer_norm, softmax]}\n").couples_samples);
}

TEST(BuildGraph, ShapesThatDoNotFitNameTheLayerAndItsInputs) {
  const SpecError error = error_of(
      "  - {name: a, dense: 2}\n  - {name: b, from: input, dense: 3}\n"
      "  - {name: sum, add: [a, b]}\n");
  EXPECT_STREQ(error.what(), "layer 'sum': add needs equal shapes");
  EXPECT_EQ(error.location.line, 5U);
  ASSERT_EQ(error.notes.size(), 2U);
  EXPECT_EQ(error.notes[0].message, "'a' gives [2]");
  EXPECT_EQ(error.notes[1].message, "'b' gives [3]");
  EXPECT_EQ(error.notes[1].location.line, 4U);
  EXPECT_THAT(error_of("  - {name: k, conv: {filters: 1, kernel: 9}}\n").what(),
              HasSubstr("layer 'k': the kernel (9) is larger than the padded input (8)"));
  EXPECT_THAT(error_of("  - {name: k, dense: 4}\n  - {conv: {filters: 1, kernel: 3}}\n").what(),
              HasSubstr("layer 'layer2': conv needs an input with positions, not [4]"));
}

TEST(BuildGraph, OverflowIsAnError) {
  constexpr std::int64_t half = std::int64_t{1} << 62U;
  // [2^62] scalars fit, two batches of them do not.
  const std::string wide = fmt::format("  - {{name: wide, dense: {}, bias: false}}\n", half);
  EXPECT_EQ(build(wide, 1, "[1]").parameters, half);
  EXPECT_THAT(error_of(wide, 2, "[1]").what(),
              HasSubstr("layer 'wide': the number of scalars of a batch exceeds 2^63 - 1"));
  EXPECT_THAT(error_of(wide, 1, "[2]").what(),
              HasSubstr("layer 'wide': the number of parameters exceeds 2^63 - 1"));
  EXPECT_THAT(
      error_of(wide + fmt::format("  - {{from: input, dense: {}, bias: false}}\n", half), 1, "[1]")
          .what(),
      HasSubstr("the number of parameters of the network exceeds 2^63 - 1"));
  EXPECT_THAT(error_of(wide + "  - {concat: [wide, wide]}\n", 1, "[1]").what(),
              HasSubstr("the number of channels exceeds 2^63 - 1"));
}

}  // namespace
}  // namespace smoothbound
