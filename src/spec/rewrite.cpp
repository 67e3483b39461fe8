#include "smoothbound/spec/rewrite.hpp"

#include <algorithm>

namespace smoothbound {
namespace {

// Sets `setting` of all components that `member` finds it in; returns how many there are.
std::size_t set_all(Spec& spec, Real* (*member)(Component&), std::string_view setting,
                    const Real& value) {
  std::size_t count = 0;
  std::string_view component;
  for (LayerSpec& layer : spec.layers) {
    for (PlacedComponent& part : layer.components) {
      Real* own = member(part.component);
      if (own == nullptr) continue;
      *own = value;
      component = name_of(part.component);
      ++count;
    }
  }
  std::erase_if(spec.defaults, [&](const ComponentDefault& assumed) {
    return assumed.component == component && assumed.setting == setting;
  });
  return count;
}

}  // namespace

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
  // What was assumed of a setting holds for the smooth form, which keeps it.
  return done;
}

std::size_t set_batch_norm_epsilon(Spec& spec, const Real& epsilon) {
  return set_all(spec, batch_norm_epsilon, "epsilon", epsilon);
}

std::size_t set_softplus_scale(Spec& spec, const Real& beta) {
  return set_all(spec, softplus_scale, "beta", beta);
}

}  // namespace smoothbound
