#include "smoothbound/layers/prelu.hpp"

namespace smoothbound {

void Prelu::visit_settings(SettingsVisitor& visitor) {
  visitor.choice({.name = "per", .description = "what has one alpha: a channel, or the layer"},
                 scopes, per);
  visitor.real({.name = "radius", .description = "of the ball of alpha; default: the layer's"},
               text::RealRange::non_negative, radius);
}

std::optional<OwnBlock> Prelu::block(const Site& site) const {
  return OwnBlock{slopes(site.output), radius};
}

// Backward alpha or 1 times the cotangent, and its product with min(x, 0).
Work Prelu::work(const Site& site) const {
  Work work;
  work.forward = output_scalars(site);
  work.backward_input = work.forward;
  work.backward_parameters = work.forward;
  work.sparsity.map = work.forward;
  work.sparsity.bilinear = work.forward;
  work.sparsity.linear_input = work.forward;
  return work;
}

Parts Prelu::parts(const Site& /*site*/, Method /*method*/) const {
  MapConstants split;  // x -> (x_+, x_-)
  split.lipschitz = {Magnitude::from_count(1), "1", "x -> (x_+, x_-) keeps lengths"};
  split.smoothness = {Magnitude::infinity(), "inf", "prelu has a kink at 0"};
  split.at_zero = {{}, "0", "a(0) = 0"};
  split.slope_at_zero = {Magnitude::from_count(1), "l_a", "not differentiable at 0: l_a"};
  AffineConstants b;  // (x_+, x_-) -> x_+ + alpha x_-
  b.bilinear = {Magnitude::from_count(1), "1", "||alpha x_-|| <= ||alpha|| ||x_-||"};
  b.linear_input = {Magnitude::from_count(1), "1", "x_+"};
  b.acts_on_different_entries = true;
  const Magnitude one = Magnitude::from_count(1);
  split.at_maximum =
      MapAtLevel{reading_of(maximum), Magnitude::infinity(), one, Magnitude::infinity(), {}, one};
  b.at_maximum = AffineAtLevel{reading_of(maximum), one, {}, one, {}, {}};
  return {Part(split), Part(b)};
}

}  // namespace smoothbound
