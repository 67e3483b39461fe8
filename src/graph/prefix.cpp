#include "smoothbound/graph/prefix.hpp"

#include <algorithm>

namespace smoothbound {
namespace {

// Which layers `layer` needs, itself included.
std::vector<bool> needed_layers(const Graph& graph, std::uint32_t layer) {
  std::vector<bool> needed(graph.layers.size());
  std::vector<std::uint32_t> open{layer};
  while (!open.empty()) {
    const std::uint32_t next = open.back();
    open.pop_back();
    if (needed[next]) continue;
    needed[next] = true;
    for (const std::uint32_t input : graph.layers[next].inputs) {
      if (input != Graph::network_input) open.push_back(input);
    }
    if (graph.layers[next].share != Layer::none) open.push_back(graph.layers[next].share);
  }
  return needed;
}

}  // namespace

Prefix prefix_of(const Graph& graph, std::uint32_t layer) {
  const std::vector<bool> needed = needed_layers(graph, layer);
  Prefix prefix;
  Graph& part = prefix.graph;
  part.name = graph.name;
  part.input = graph.input;
  part.shared_groups = graph.shared_groups;
  part.couples_samples = graph.couples_samples;
  part.input_ids = graph.input_ids;

  // The output is the last layer.
  std::vector<std::uint32_t> place_of_layer(graph.layers.size(), Layer::none);
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < graph.layers.size(); ++i) {
    if (needed[i] && i != layer) place_of_layer[i] = count++;
  }
  place_of_layer[layer] = count;
  std::vector<std::uint32_t> place_of_block(graph.blocks.size(), PlacedComponent::no_block);
  for (std::uint32_t b = 0; b < graph.blocks.size(); ++b) {
    if (!needed[graph.blocks[b].layer]) continue;
    place_of_block[b] = static_cast<std::uint32_t>(prefix.blocks.size());
    prefix.blocks.push_back(b);
    Block& block = part.blocks.emplace_back(graph.blocks[b]);
    block.layer = place_of_layer[block.layer];
  }
  part.layers.resize(count + 1);
  for (std::uint32_t i = 0; i < graph.layers.size(); ++i) {
    if (!needed[i]) continue;
    Layer& copy = part.layers[place_of_layer[i]] = graph.layers[i];
    for (std::uint32_t& input : copy.inputs) {
      if (input != Graph::network_input) input = place_of_layer[input];
    }
    if (copy.share != Layer::none) copy.share = place_of_layer[copy.share];
    for (PlacedComponent& placed : copy.components) {
      if (placed.block != PlacedComponent::no_block) placed.block = place_of_block[placed.block];
    }
    part.parameters += copy.parameters;
  }
  for (const std::uint32_t i : graph.order) {
    if (needed[i]) part.order.push_back(place_of_layer[i]);
  }
  return prefix;
}

}  // namespace smoothbound
