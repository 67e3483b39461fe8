#include "parameter_roots.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace smoothbound {
namespace {

bool has_parameters(const Layer& layer) {
  return layer.parameters > 0 ||
         std::ranges::any_of(layer.components, [](const PlacedComponent& placed) {
           return role_of(placed.component) == Role::affine;  // opaque may not tell how many
         });
}

}  // namespace

ParameterRoots::ParameterRoots(Graph& graph)
    : graph_(graph), sets_(2), roots_(graph.layers.size(), empty_set) {}

ParameterRoots::SetIndex ParameterRoots::roots_of(std::uint32_t layer) const {
  return layer == Graph::network_input ? empty_set : roots_[layer];
}

bool ParameterRoots::meet(SetIndex a, SetIndex b) const {
  if (a == empty_set || b == empty_set) return false;
  if (a == b || a == every_root || b == every_root) return true;
  auto i = sets_[a].begin();
  auto j = sets_[b].begin();
  while (i != sets_[a].end() && j != sets_[b].end()) {
    if (*i == *j) return true;
    *i < *j ? ++i : ++j;
  }
  return false;
}

ParameterRoots::SetIndex ParameterRoots::unite(SetIndex a, SetIndex b) {
  if (a == b || b == empty_set) return a;
  if (a == empty_set) return b;
  if (a == every_root || b == every_root) return every_root;
  std::vector<std::uint32_t> both;
  std::ranges::set_union(sets_[a], sets_[b], std::back_inserter(both));
  if (both.size() == sets_[a].size()) return a;
  if (both.size() == sets_[b].size()) return b;
  if (both.size() > most_roots) return every_root;
  sets_.push_back(std::move(both));
  return static_cast<SetIndex>(sets_.size() - 1);
}

void ParameterRoots::add(std::uint32_t index) {
  Layer& layer = graph_.layers[index];
  SetIndex roots = empty_set;
  for (const std::uint32_t input : layer.inputs) roots = unite(roots, roots_of(input));
  if (layer.inputs.size() > 1) {
    // Connected components of "shares parameters with"; there are few inputs.
    std::vector<std::uint32_t>& groups = layer.input_groups;
    groups.resize(layer.inputs.size());
    std::iota(groups.begin(), groups.end(), 0U);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (groups[i] == groups[j] || !meet(roots_of(layer.inputs[i]), roots_of(layer.inputs[j]))) {
          continue;
        }
        std::ranges::replace(groups, groups[i], groups[j]);
      }
    }
  }
  if (roots == empty_set && has_parameters(layer)) {
    sets_.push_back({index});
    roots = static_cast<SetIndex>(sets_.size() - 1);
  }
  roots_[index] = roots;
}

}  // namespace smoothbound
