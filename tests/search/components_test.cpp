// Each component of the catalogue alone, behind weights: nothing exceeds the bounds at any level.
#include <gtest/gtest.h>

#include <set>

#include "search/check.hpp"

namespace smoothbound::search {
namespace {

// Components with settings that matter, in flow style.
constexpr std::array settings_of_components{
    "average_pool: 2",
    "average_pool: {kernel: 3, stride: 1, padding: same}",
    "average_pool: {kernel: 3, stride: 2, padding: 1, count_padding: false}",
    "adaptive_average_pool: [2, 3]",
    "max_pool: 2",
    "max_pool: {kernel: 3, stride: 1, padding: same}",
    "batch_norm: {epsilon: 0.1, per: element}",
    "batch_norm: {epsilon: 0.1, per: channel, affine: true}",
    "batch_norm: {epsilon: 0.1, statistics: fixed, mean: -0.25, variance: 0.5, affine: true}",
    "layer_norm: {epsilon: 0.1, affine: true}",
    "layer_norm: {epsilon: 0.1, per: position, affine: true}",
    "rms_norm: {epsilon: 0.1, affine: true}",
    "rms_norm: {epsilon: 0.1, per: position}",
    "group_norm: {groups: 2, epsilon: 0.1, affine: true}",
    "instance_norm: {epsilon: 0.1, affine: true}",
    "local_response_norm: {size: 3, alpha: 2, beta: 0.75, k: 0.5}",
    "softmax: channels",
    "softmax: width",
    "slice: {axis: width, from: 1, step: 2}",
    "slice: {axis: channels, from: 1}",
    "pad: {by: 1, mode: reflect}",
    "pad: {by: 2, mode: zero}",
    "pad: {by: 1, mode: replicate}",
    "pad: {by: 2, mode: circular}",
    "upsample: 2",
    "upsample: {size: [5, 7], mode: bilinear}",
    "upsample: {size: [5, 7], mode: bilinear, align_corners: true}",
    "upsample: 2}, {space_to_depth: 2",
    "pad: {by: 1, mode: replicate}}, {pixel_unshuffle: 5",
    "flatten}, {reshape: [4, 9]",
    "channel_shuffle: 2",
    "pixel_unshuffle: 3",
    "space_to_depth: 3",
    "pixel_shuffle: 2",
    "depth_to_space: 2",
    "padded_shortcut: {stride: 2, channels: 6, before: 1}",
    "permute: [height, channels, width]",
    "permute: [channels, width, height]",
    "reshape: [2, 18]",
    "reshape: [6, 6]",
    "roll: {axis: width, by: 2}",
    "roll: {axis: channels, by: 1}",
    "relative_positions: {window: [2, 2], windows: 2}",
    "scale: [1, -2, 0.5, 1]",
    "shift: [1, -2, 0.5, 0]",
    "mask: {by: 3}",
    "prelu: {per: layer, radius: 2}",
    "prelu: {per: channel}",
    "smooth_prelu: {beta: 3, per: channel}",
    "smooth_prelu: {beta: 1, per: layer}",
    "softplus: 3",
    "celu: 0.5",
    "elu: 2",
    "smooth_relu6: 2",
};

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
