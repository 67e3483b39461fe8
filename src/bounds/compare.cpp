#include "smoothbound/bounds/compare.hpp"

#include <cmath>

#include "align.hpp"

namespace smoothbound {

Comparison compare_networks(std::vector<ComparedNetwork>&& networks) {
  Comparison comparison;
  comparison.networks = std::move(networks);
  const std::size_t columns = comparison.networks.size();
  for (std::size_t column = 0; column < columns; ++column) {
    std::vector<std::string_view> before;
    for (const ComparedLayer& layer : comparison.layers) before.emplace_back(layer.name);
    std::vector<std::string_view> after;
    const Graph& graph = comparison.networks[column].report.graph;
    for (const Layer& layer : graph.layers) after.emplace_back(layer.name);
    std::vector<ComparedLayer> merged;
    for (const Aligned& place : align(before, after)) {
      if (place.before) {
        merged.push_back(comparison.layers[*place.before]);
      } else {
        merged.push_back(
            {graph.layers[*place.after].name, std::vector<std::optional<std::size_t>>(columns)});
      }
      merged.back().indices[column] = place.after;
    }
    comparison.layers = std::move(merged);
  }
  return comparison;
}

std::string column_name(std::size_t index) {
  constexpr std::size_t letters = 26;
  std::string name(1, static_cast<char>('A' + index % letters));
  return index < letters ? name : column_name(index / letters - 1) + name;
}

std::optional<double> log10_ratio(const Magnitude& first, const Magnitude& other) {
  if (first == other) return 0;
  const double ratio = other.log10() - first.log10();
  if (!std::isfinite(ratio)) return std::nullopt;
  return ratio;
}

Difference difference(const Comparison& comparison, std::size_t result, TripleEntry entry,
                      std::size_t other) {
  const auto table = [&](std::size_t column) -> const BoundTable& {
    return comparison.networks[column].report.results[result].table;
  };
  const auto order_of = [&](const Triple& first, const Triple& second) {
    return second.*entry <=> first.*entry;
  };
  const Triple& first_network = table(0).network();
  const Triple& other_network = table(other).network();
  Difference difference;
  difference.order = order_of(first_network, other_network);
  difference.log10 = log10_ratio(first_network.*entry, other_network.*entry);
  if (difference.order == std::strong_ordering::equal) return difference;
  for (std::size_t i = comparison.layers.size(); i-- > 0;) {
    const ComparedLayer& layer = comparison.layers[i];
    if (!layer.indices[0] || !layer.indices[other]) continue;
    const std::strong_ordering order =
        order_of(table(0).layers[*layer.indices[0]], table(other).layers[*layer.indices[other]]);
    if (order != difference.order) break;
    difference.parts_at = layer.name;
  }
  return difference;
}

}  // namespace smoothbound
