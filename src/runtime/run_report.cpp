#include "smoothbound/runtime/run_report.hpp"

#include <algorithm>
#include <array>

#include "smoothbound/runtime/bound_check.hpp"

namespace smoothbound {

bool RunReport::is_inside() const {
  return std::ranges::all_of(blocks, [](const BlockNorm& block) { return block.inside; });
}

std::vector<std::uint32_t> RunReport::exceeded(std::size_t result) const {
  const BoundTable& table = bounds.results[result].table;
  if (!table.level_set.has(centred_euclidean)) {
    return exceeded_layers(norms, table, table, tolerance);
  }
  Inputs inputs = inputs_of(bounds.settings);
  inputs.refinements.centred = false;
  return exceeded_layers(norms, table, evaluate_bounds(bounds.graph, inputs, table.method),
                         tolerance);
}

std::vector<std::uint32_t> RunReport::overflown() const { return overflown_layers(norms); }

RunReport::Verdict RunReport::verdict() const {
  if (is_inside()) {
    for (std::size_t i = 0; i < bounds.results.size(); ++i) {
      if (!exceeded(i).empty()) return Verdict::exceeded;
    }
  }
  if (!overflown().empty()) return Verdict::overflow;
  return is_inside() ? Verdict::holds : Verdict::outside;
}

std::string_view name_of(RunReport::Verdict verdict) {
  constexpr std::array<std::string_view, 4> names{"holds", "outside", "exceeded", "overflow"};
  return names.at(static_cast<std::size_t>(verdict));
}

}  // namespace smoothbound
