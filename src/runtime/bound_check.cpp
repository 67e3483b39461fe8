#include "smoothbound/runtime/bound_check.hpp"

#include <cmath>

namespace smoothbound {

std::vector<std::uint32_t> exceeded_layers(std::span<const double> norms, const BoundTable& table,
                                           const BoundTable& uncentred, double tolerance) {
  const Magnitude share = Magnitude::from_double(tolerance);
  std::vector<std::uint32_t> layers;
  for (std::uint32_t i = 0; i < norms.size(); ++i) {
    if (!std::isfinite(norms[i])) continue;
    const Magnitude most = table.layers[i].m + uncentred.layers[i].m * share;
    if (Magnitude::from_double(norms[i]) > most) layers.push_back(i);
  }
  return layers;
}

std::vector<std::uint32_t> overflown_layers(std::span<const double> norms) {
  std::vector<std::uint32_t> layers;
  for (std::uint32_t i = 0; i < norms.size(); ++i) {
    if (!std::isfinite(norms[i])) layers.push_back(i);
  }
  return layers;
}

}  // namespace smoothbound
