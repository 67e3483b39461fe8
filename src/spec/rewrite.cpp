#include "smoothbound/spec/rewrite.hpp"

#include <algorithm>

namespace smoothbound {

std::vector<Replacement> make_smooth(Spec& spec, const Real& beta) {
  std::vector<Replacement> done;
  for (LayerSpec& layer : spec.layers) {
    for (PlacedComponent& part : layer.components) {
      std::optional<Component> smooth = smooth_form(part.component, beta);
      if (!smooth) continue;
      const std::string_view from = name_of(part.component);
      auto entry = std::ranges::find(done, from, &Replacement::from);
      if (entry == done.end()) {
        entry = done.insert(entry, {std::string(from), std::string(name_of(*smooth)), 0});
      }
      ++entry->count;
      part.component = *std::move(smooth);
    }
  }
  return done;
}

std::size_t set_batch_norm_epsilon(Spec& spec, const Real& epsilon) {
  std::size_t count = 0;
  for (LayerSpec& layer : spec.layers) {
    for (PlacedComponent& part : layer.components) {
      if (Real* own = batch_norm_epsilon(part.component)) {
        *own = epsilon;
        ++count;
      }
    }
  }
  return count;
}

}  // namespace smoothbound
