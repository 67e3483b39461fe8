#include <fmt/format.h>

#include "smoothbound/graph/graph.hpp"

namespace smoothbound {

std::string array_prefix(const Layer& layer, std::size_t component) {
  const auto name_at = [&](std::size_t c) { return array_name_of(layer.components[c].component); };
  if (role_of(layer.components[component].component) == Role::affine) return layer.name;
  const std::string_view name = name_at(component);
  std::size_t times = 1;
  for (std::size_t c = 0; c < component; ++c) {
    const bool counts = role_of(layer.components[c].component) != Role::affine;
    if (counts && name_at(c) == name) ++times;
  }
  return times == 1 ? fmt::format("{}.{}", layer.name, name)
                    : fmt::format("{}.{}_{}", layer.name, name, times);
}

}  // namespace smoothbound
