// Each component of the catalogue alone, behind weights: nothing exceeds the bounds at any level.
#include <gtest/gtest.h>

#include <set>

#include "search/check.hpp"
#include "search/component_list.hpp"

namespace smoothbound::search {
namespace {

// The networks that have the component: on maps, and on features where it stands there.
std::vector<std::string> networks_with(const std::string& component) {
  std::vector<std::string> texts;
  for (const char* const weights : {"conv: {filters: 4, kernel: 1}, bias: false",
                                    "conv: {filters: 4, kernel: 2, padding: same}", "dense: 8"}) {
    texts.push_back(fmt::format(
        "batch: 3\nradius: 2\ninput: {{shape: [2, 3, 3], norm: 4, sample_norm: 3}}\nlayers:\n"
        "  - {{{}, then: [{{{}}}]}}\n",
        weights, component));
  }
  return texts;
}

class Components {
 public:
  void search(const std::string& text, std::uint64_t seed) {
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    nearest_.set_context(text);
    const support::Network network = support::read_network(text);
    for (const Layer& layer : network.graph.layers) {
      for (const PlacedComponent& placed : layer.components) {
        names_.emplace(name_of(placed.component));
      }
    }
    search_network(network, seed, {2, 6, 3}, nearest_);
  }
  // Where it stands; returns how many networks have it.
  int search_component(const std::string& component) {
    int networks = 0;
    for (const std::string& text : networks_with(component)) {
      try {
        support::read_network(text);
      } catch (const std::runtime_error&) {
        continue;  // it does not fit there
      }
      search(text, 7);
      ++networks;
    }
    return networks;
  }
  [[nodiscard]] const std::set<std::string>& names() const { return names_; }
  [[nodiscard]] const Nearest& nearest() const { return nearest_; }

 private:
  std::set<std::string> names_;
  Nearest nearest_;
};

// With weights, or several inputs.
constexpr std::array other_networks{
    "[{conv_transposed: {filters: 4, kernel: [3, 2], stride: 2, padding: [1, 0]}}]",
    "[{conv_transposed: {filters: 4, kernel: 2, stride: 1, groups: 2}}]",
    "[{conv: {filters: 4, kernel: 2, stride: 2, padding: 1, groups: 2}}]",
    "[{conv: {filters: 3, kernel: [1, 3], dilation: [1, 2], padding: same}, bias: false}]",
    "[{dense: {units: 3, per: position}}]",
    "[{name: p, parameter: [2, 3, 3]}, {name: y, add: [p, input]}]",
    "[{name: p, constant: {shape: [2, 3, 3], values: 0.5}}, {name: y, multiply: [p, input]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: y, add: [a, input]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: b, from: input, conv: {filters: 2, kernel: "
    "3, padding: same}}, {name: y, add: [a, b]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: y, concat: [a, input]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: y, concat: {inputs: [a, input], axis: "
    "width}}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: y, multiply: [a, input]}]",
    "[{name: a, conv: {filters: 1, kernel: 1}}, {name: y, multiply: [a, input]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}, then: [global_average_pool]}, {name: y, multiply: "
    "[a, input]}]",
    "[{name: a, radius: 50, conv: {filters: 2, kernel: 1}, then: [tanh]}, {name: gate, from: "
    "input, "
    "radius: 50, conv: {filters: 2, kernel: 1}, then: [global_average_pool, tanh]}, {name: y, "
    "multiply: [a, gate]}]",
    "[{name: gate, radius: 50, conv: {filters: 1, kernel: 1}, then: [tanh]}, {name: a, from: "
    "input, "
    "radius: 50, conv: {filters: 2, kernel: 1}, then: [tanh]}, {name: y, multiply: [gate, a]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: y, matmul: [a, input]}]",
    "[{name: a, conv: {filters: 2, kernel: 1}}, {name: y, matmul: {inputs: [a, a], transpose: "
    "second, scale: 0.5}}]",
};

TEST(SearchedComponents, StayBelowTheirBounds) {
  Components components;
  for (const char* const settings : settings_of_components) {
    EXPECT_GT(components.search_component(settings), 0) << settings;
  }
  for (const char* const layers : other_networks) {
    for (const char* const settings : {"batch: 1", "batch: 3\nradius: 3"}) {
      components.search(
          fmt::format("{}\ninput: {{shape: [2, 3, 3], norm: 2}}\nlayers: {}\n", settings, layers),
          5);
    }
  }
  components.search("batch: 3\ninput: {shape: [4]}\nlayers: [embedding: {entries: 3, features: 2}]",
                    5);
  for (const Component& component : prototypes()) {
    const std::string name(name_of(component));
    if (components.names().contains(name) || name == "opaque") continue;
    EXPECT_GT(components.search_component(name), 0) << name;
  }
  expect_something_near(components.nearest(), 0.7);
}

}  // namespace
}  // namespace smoothbound::search
