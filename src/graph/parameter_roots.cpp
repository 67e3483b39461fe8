#include "parameter_roots.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace smoothbound {
namespace {

bool has_parameters(const Layer& layer) {
  return layer.parameters > 0 ||
         std::ranges::any_of(layer.components, [](const PlacedComponent& placed) {
           return begins_with_parameters(placed.component);  // opaque may not tell how many
         });
}

// Disjoint groups of the inputs of a merge, each named by its first member.
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  std::uint32_t find(std::uint32_t input) {
    while (parent_[input] != input) {
      parent_[input] = parent_[parent_[input]];
      input = parent_[input];
    }
    return input;
  }
  void unite(std::uint32_t a, std::uint32_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> parent_;
};

}  // namespace

ParameterRoots::ParameterRoots(Graph& graph)
    : graph_(graph),
      sets_(2),
      roots_(graph.layers.size(), empty_set),
      readings_(graph.layers.size()),
      root_marks_(graph.layers.size()),
      set_marks_(2) {
  for (const Layer& layer : graph.layers) {
    for (const std::uint32_t input : layer.inputs) {
      if (input != Graph::network_input) ++readings_[input];
    }
  }
}

ParameterRoots::SetIndex ParameterRoots::roots_of(std::uint32_t layer) const {
  return layer == Graph::network_input ? empty_set : roots_[layer];
}

ParameterRoots::SetIndex ParameterRoots::make(std::vector<std::uint32_t> roots,
                                              std::vector<SetIndex> parts) {
  held_ += roots.size();
  most_held_ = std::max(most_held_, held_);
  sets_.push_back({std::move(roots), std::move(parts), 0});
  set_marks_.emplace_back();
  return static_cast<SetIndex>(sets_.size() - 1);
}

ParameterRoots::SetIndex ParameterRoots::merge(std::uint32_t index) {
  Layer& layer = graph_.layers[index];
  // The largest sets first: what they are known to contain is not looked at again.
  std::vector<std::uint32_t> inputs(layer.inputs.size());
  std::iota(inputs.begin(), inputs.end(), 0U);
  const auto set_of = [&](std::uint32_t input) { return roots_of(layer.inputs[input]); };
  std::ranges::stable_sort(inputs, [&](std::uint32_t a, std::uint32_t b) {
    return sets_[set_of(a)].roots.size() > sets_[set_of(b)].roots.size();
  });
  Groups groups(inputs.size());
  // Whether it is the first in this merge; else it joins the group of the first one.
  const auto is_first = [&](Mark& mark, std::uint32_t input) {
    if (mark.merge == index) {
      groups.unite(mark.input, input);
      return false;
    }
    mark = {index, input};
    return true;
  };
  std::vector<std::uint32_t> roots;
  std::vector<SetIndex> parts;
  bool every = false;
  for (const std::uint32_t input : inputs) {
    const SetIndex set = set_of(input);
    every = every || set == every_root;
    if (set == empty_set) continue;
    if (parts.empty() || parts.back() != set) parts.push_back(set);
    if (!is_first(set_marks_[set], input)) continue;
    for (const SetIndex part : sets_[set].parts) {
      if (set_marks_[part].merge != index) set_marks_[part] = {index, input};
    }
    visits_ += sets_[set].roots.size();
    for (const std::uint32_t root : sets_[set].roots) {
      if (is_first(root_marks_[root], input)) roots.push_back(root);
    }
  }
  if (every) {
    std::erase_if(inputs, [&](std::uint32_t input) { return set_of(input) == empty_set; });
    for (const std::uint32_t input : inputs) groups.unite(inputs.front(), input);
  }
  layer.input_groups.resize(layer.inputs.size());
  for (std::uint32_t input = 0; input < layer.inputs.size(); ++input) {
    layer.input_groups[input] = groups.find(input);
  }
  if (every || roots.size() > most_roots) return every_root;
  if (roots.empty()) return empty_set;
  const SetIndex largest = set_of(inputs.front());
  if (roots.size() == sets_[largest].roots.size()) return largest;
  return make(std::move(roots), std::move(parts));
}

void ParameterRoots::give(std::uint32_t layer, SetIndex set) {
  roots_[layer] = set;
  if (readings_[layer] > 0) ++sets_[set].layers;
}

void ParameterRoots::forget_read(const Layer& layer) {
  for (const std::uint32_t input : layer.inputs) {
    if (input == Graph::network_input || --readings_[input] > 0) continue;
    Set& set = sets_[roots_[input]];
    if (--set.layers > 0) continue;
    held_ -= set.roots.size();
    set.roots = {};
    set.parts = {};
  }
}

void ParameterRoots::add(std::uint32_t index) {
  const Layer& layer = graph_.layers[index];
  SetIndex roots = layer.inputs.size() == 1 ? roots_of(layer.inputs.front()) : merge(index);
  if (roots == empty_set && has_parameters(layer)) roots = make({index}, {});
  give(index, roots);
  forget_read(layer);
}

}  // namespace smoothbound
