// Fusion does not change what a graph computes: patterns with a part changed at random, evaluated
// on numbers before and after.
#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "fuse_support.hpp"

namespace smoothbound::models::onnx {
namespace {

using Numbers = std::vector<double>;  // of values

constexpr std::array patterns{
    "s = Sigmoid(x); y = Mul(x, s)",
    "m = Mul(x, 1.702); s = Sigmoid(m); y = Mul(x, s)",
    "e = Exp(x); a = Add(e, 1); p = Log(a); t = Tanh(p); y = Mul(x, t)",
    "a = Abs(x); b = Add(1, a); y = Div(x, b)",
    "a = Add(x, 3); c = Clip(a, 0, 6); d = Div(c, 6); y = Mul(x, d)",
    "a = Add(x, 3); r = Relu(a); c = Min(r, 6); m = Mul(x, c); y = Mul(m, 0.16666667)",
    "m = Mul(x, 0.2); a = Add(m, 0.5); c = Clip(a, 0, 1); y = Mul(c, 1)",
    "a = Max(x, 0); c = Min(a, 6); b = Sub(x, -3); d = Clip(b, 0, 6); y = Div(d, 6)",
    "d = Div(x, 1.41421356); e = Erf(d); a = Add(e, 1); m = Mul(x, a); y = Mul(m, 0.5)",
    "p = Pow(x, 3); q = Mul(p, 0.044715); s = Add(x, q); t = Mul(s, 0.79788456); "
    "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
    "k = Mul(x, 0.044715); l = Mul(k, x); s = Add(1, l); m = Mul(x, 0.79788456); "
    "t = Mul(m, s); u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
};

double clipped(double value, double low, double high) {
  return std::min(std::max(value, low), high);
}

double result_of(const Node& node, const Numbers& numbers) {
  const auto in = [&](std::size_t i) { return numbers[node.inputs[i]]; };
  const std::string_view operation = node.operation;
  const double x = in(0);
  const double sigmoid = 1 / (1 + std::exp(-x));
  if (operation == "Add") return x + in(1);
  if (operation == "Sub") return x - in(1);
  if (operation == "Mul") return x * in(1);
  if (operation == "Div") return x / in(1);
  if (operation == "Pow") return std::pow(x, in(1));
  if (operation == "Min") return std::min(x, in(1));
  if (operation == "Max") return std::max(x, in(1));
  if (operation == "Clip") return clipped(x, in(1), in(2));
  if (operation == "Relu") return std::max(x, 0.0);
  if (operation == "Abs") return std::abs(x);
  if (operation == "Exp") return std::exp(x);
  if (operation == "Log") return std::log(x);
  if (operation == "Erf") return std::erf(x);
  if (operation == "Tanh") return std::tanh(x);
  if (operation == "Sigmoid") return sigmoid;
  if (operation == "Softplus") return std::log1p(std::exp(x));
  if (operation == "Softsign") return x / (1 + std::abs(x));
  if (operation == "Swish") return x * sigmoid;
  if (operation == "Mish") return x * std::tanh(std::log1p(std::exp(x)));
  if (operation == "HardSwish") return x * clipped(x + 3, 0, 6) / 6;
  if (operation == "HardSigmoid") {
    return clipped(node.real("alpha", 0.2) * x + node.real("beta", 0.5), 0, 1);
  }
  if (operation == "Gelu" && node.text("approximate", "none") == "tanh") {
    return x / 2 * (1 + std::tanh(0.7978845608 * (x + 0.044715 * x * x * x)));
  }
  if (operation == "Gelu") return x / 2 * (1 + std::erf(x / std::sqrt(2)));
  ADD_FAILURE() << operation;
  return 0;
}

double evaluate(const Graph& graph, double input) {
  Numbers numbers(graph.values.size(), 0);
  for (ValueId id = 0; id < numbers.size(); ++id) {
    if (graph.initializer(id) != nullptr) numbers[id] = graph.initializer(id)->values().front();
  }
  numbers[graph.inputs.front().value] = input;
  for (const Node& node : graph.nodes) {
    numbers[node.outputs.front()] = result_of(node, numbers);
  }
  return numbers[graph.outputs.front().value];
}

// Swaps two inputs, or has a node read something else that is made before it.
void change(Graph& graph, std::mt19937& random) {
  const auto below = [&](std::size_t count) { return random() % count; };
  const std::size_t index = below(graph.nodes.size());
  Node& node = graph.nodes[index];
  if (node.inputs.size() == 2 && below(2) == 0) {
    std::swap(node.inputs[0], node.inputs[1]);
    return;
  }
  std::vector<ValueId> others{graph.inputs.front().value};
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    if (graph.initializer(id) != nullptr) others.push_back(id);
  }
  for (std::size_t i = 0; i < index; ++i) others.push_back(graph.nodes[i].outputs.front());
  node.inputs[below(node.inputs.size())] = others[below(others.size())];
}

bool is_same(double first, double second) {
  if (std::isnan(first) || std::isnan(second)) return std::isnan(first) == std::isnan(second);
  return first == second ||
         std::abs(first - second) <= 1e-5 * std::max({1.0, std::abs(first), std::abs(second)});
}

TEST(FuseValues, FusionChangesNoValue) {
  std::mt19937 random(7);
  std::size_t fused_graphs = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    Graph graph = graph_of_script(patterns[random() % patterns.size()]);
    for (std::size_t count = random() % 4; count > 0; --count) change(graph, random);
    const std::string before = script_of_graph(graph);
    Graph after = graph;
    fuse_patterns(after);
    if (after.nodes.size() < graph.nodes.size()) ++fused_graphs;
    for (const double x : {-4.0, -2.5, -0.7, 0.3, 1.9, 3.5}) {
      const double expected = evaluate(graph, x);
      const double found = evaluate(after, x);
      ASSERT_TRUE(is_same(expected, found))
          << before << "\n"
          << script_of_graph(after) << "\nat " << x << ": " << expected << ", " << found;
    }
  }
  EXPECT_GT(fused_graphs, 5000U);
}

}  // namespace
}  // namespace smoothbound::models::onnx
