#include "smoothbound/bounds/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "places.hpp"

namespace smoothbound {
namespace {

constexpr std::string_view beyond_the_largest =
    "beyond the largest number, about 1e1388255822130839282";

// The first infinite constant among those that can make `entry` infinite.
std::string local_reason(const LayerEvaluator& evaluator, const Layer& layer, TripleEntry entry,
                         RemedyWords words) {
  std::string reason;
  const auto consider = [&](const PlacedComponent& placed, const Constant& constant) {
    if (reason.empty() && constant.value.is_infinite()) {
      reason = fmt::format("{}: {}", name_of(placed.component),
                           with_remedy(constant.source, constant.remedy, words));
    }
  };
  evaluator.for_each_part(layer, [&](std::span<const PlacedComponent> run, const Part& part) {
    const auto* a = std::get_if<MapConstants>(&part);
    if (a == nullptr) return;
    const PlacedComponent& placed = run.front();  // several only of finite constants
    if (entry == &Triple::smoothness) consider(placed, a->smoothness);
    if (entry != &Triple::m) consider(placed, a->lipschitz);
    if (entry == &Triple::m) consider(placed, a->lipschitz);
    consider(placed, a->at_zero);
  });
  return reason;
}

std::size_t position_of(TripleEntry entry) {
  return static_cast<std::size_t>(std::ranges::find(triple_entries, entry) -
                                  triple_entries.begin());
}

}  // namespace

PlaceAffine place_in_balls(const Graph& graph, const Inputs& inputs) {
  return [&](std::uint32_t block, const AffineConstants& b) {
    const std::optional<Real>& own = graph.blocks[block].radius;
    const Magnitude radius = own ? own->upper : inputs.default_radius;
    return AffinePart{b, radius, radius};
  };
}

rules::Value BoundTable::value(std::uint32_t layer) const {
  if (values.empty()) return {layers[layer], level_set};
  return values[layer].unpack(level_set);
}

BoundTable evaluate_bounds(const Graph& graph, const Inputs& inputs, Method method) {
  BoundTable table = empty_table(graph, inputs, method);
  fill_table(graph, inputs, place_in_balls(graph, inputs), nullptr, table);
  return table;
}

rules::Trace trace_layer(const Graph& graph, const Inputs& inputs, const BoundTable& table,
                         std::uint32_t layer) {
  rules::Trace trace;
  LayerEvaluator(graph, inputs, table, place_in_balls(graph, inputs))
      .evaluate(graph.layers[layer], &trace);
  for (rules::TraceLine& line : trace.lines) {
    line.source = with_remedy(line.source, line.remedy, inputs.words);
  }
  return trace;
}

std::vector<Triple> bounds_behind_components(const Graph& graph, const Inputs& inputs,
                                             const BoundTable& table, std::uint32_t layer) {
  return LayerEvaluator(graph, inputs, table, place_in_balls(graph, inputs))
      .evaluate_components(graph.layers[layer]);
}

CauseTable::CauseTable(const Graph& graph, const Inputs& inputs, const BoundTable& table) {
  const bool all_finite = std::ranges::all_of(table.layers, [](const Triple& bounds) {
    return bounds.m.is_finite() && bounds.lipschitz.is_finite() && bounds.smoothness.is_finite();
  });
  if (all_finite) return;
  const PlaceAffine place = place_in_balls(graph, inputs);
  const LayerEvaluator evaluator(graph, inputs, table, place);
  index_.resize(graph.layers.size(), {none, none, none});
  const auto inherited = [&](const Layer& layer, TripleEntry from) {
    for (const std::uint32_t input : layer.inputs) {
      if (input == Graph::network_input) continue;
      if (const auto cause = index_[input][position_of(from)]; cause != none) return cause;
    }
    return none;
  };
  // An entry is infinite because the same entry of an input is, or by a constant of the layer, or
  // because of what else it is made from, or else it is too large.
  const auto find_cause = [&](std::uint32_t index, TripleEntry entry) {
    const Layer& layer = graph.layers[index];
    if (const auto cause = inherited(layer, entry); cause != none) return cause;
    std::string reason = local_reason(evaluator, layer, entry, inputs.words);
    if (reason.empty() && entry != &Triple::m) {
      for (const TripleEntry from : {&Triple::lipschitz, &Triple::m}) {
        if (const auto cause = inherited(layer, from); cause != none) return cause;
      }
    }
    if (reason.empty()) reason = beyond_the_largest;
    causes_.push_back({index, std::move(reason)});
    return static_cast<std::uint32_t>(causes_.size() - 1);
  };
  for (const std::uint32_t layer : graph.order) {
    for (const TripleEntry entry : triple_entries) {
      if ((table.layers[layer].*entry).is_finite()) continue;
      index_[layer][position_of(entry)] = find_cause(layer, entry);
    }
  }
}

const Cause* CauseTable::find(std::uint32_t layer, TripleEntry entry) const {
  if (index_.empty()) return nullptr;
  const std::uint32_t cause = index_[layer][position_of(entry)];
  return cause == none ? nullptr : &causes_[cause];
}

std::string describe(const Graph& graph, const Cause& cause) {
  return fmt::format("layer '{}', {}", graph.layers[cause.layer].name, cause.reason);
}

}  // namespace smoothbound
