#include "smoothbound/layers/prelu.hpp"

#include "smoothbound/layers/activation.hpp"

namespace smoothbound {
namespace {

// What follows the split of x in two halves: one of them as it is, the other one times alpha.
AffineConstants of_halves(std::string_view of_alpha, std::string_view of_input) {
  const Magnitude one = Magnitude::from_count(1);
  AffineConstants b;
  b.bilinear = {one, "1", of_alpha};
  b.linear_input = {one, "1", of_input};
  b.acts_on_different_entries = true;
  b.of_sample = AffineOfSample{};
  b.of_sample->taps = b.of_sample->linear_input = one;
  b.of_sample->positions.kind = PositionReads::Kind::same;
  b.at_maximum = AffineAtLevel{reading_of(maximum), one, {}, one, {}, {}};
  return b;
}

}  // namespace

std::vector<Prelu> Prelu::prototypes() {
  Prelu smooth;
  smooth.is_smooth = true;
  return {Prelu{}, smooth};
}

std::string_view Prelu::formula() const {
  return is_smooth ? "g(x) - alpha g(-x), alpha learned, g the softplus of scale beta"
                   : "max(x, 0) + alpha min(x, 0), alpha learned";
}

LineRule Prelu::line_rule() const {
  if (is_smooth)
    return {"smooth branches and products with moving slopes", "docs/theory.md 8.4, 8.6"};
  return {"branches at the kink, of moving slopes", "docs/theory.md 8.7"};
}

std::optional<Prelu> Prelu::smooth_form(const Real& scale) const {
  if (is_smooth) return std::nullopt;
  Prelu smooth = *this;
  smooth.is_smooth = true;
  smooth.beta = scale;
  return smooth;
}

void Prelu::visit_settings(SettingsVisitor& visitor) {
  visitor.choice({.name = "per", .description = "what has one alpha: a channel, or the layer"},
                 scopes, per);
  visitor.real({.name = "radius", .description = "of the ball of alpha; default: the layer's"},
               text::RealRange::non_negative, radius);
  if (!is_smooth) return;
  visitor.real({.name = "beta", .description = "scale; the larger, the closer to the kink"},
               text::RealRange::positive, beta);
}

std::optional<OwnBlock> Prelu::block(const Site& site) const {
  return OwnBlock{slopes(site.output), radius};
}

// Backward the slope times the cotangent, and its product with what alpha multiplies. Smooth, one
// softplus gives both, g(-x) = g(x) - x, and the slope is s + alpha (1 - s).
Work Prelu::work(const Site& site) const {
  Work work;
  work.forward = output_scalars(site);
  if (is_smooth) work.evaluations = work.forward;
  work.backward_input = is_smooth ? scale(work.forward, 1) : work.forward;
  work.backward_parameters = work.forward;
  work.sparsity.map = work.forward;
  work.sparsity.bilinear = work.forward;
  work.sparsity.linear_input = work.forward;
  return work;
}

Parts Prelu::parts(const Site& site, Method method) const {
  if (is_smooth) return smooth_parts(site, method);
  const Magnitude one = Magnitude::from_count(1);
  MapConstants split;  // x -> (x_+, x_-)
  split.lipschitz = {one, "1", "x -> (x_+, x_-) keeps lengths"};
  split.smoothness = {Magnitude::infinity(), "inf", "prelu has a kink at 0", Remedy::smooth_form};
  split.at_zero = {{}, "0", "a(0) = 0"};
  split.slope_at_zero = {one, "l_a", "not differentiable at 0: l_a"};
  split.inner = maximum;
  split.at_maximum =
      MapAtLevel{reading_of(maximum), Magnitude::infinity(), one, Magnitude::infinity(), {}, one};
  // (x_+, x_-) -> x_+ + alpha x_-
  return {Part(split), Part(of_halves("||alpha x_-|| <= ||alpha|| ||x_-||", "x_+"))};
}

// x -> (u, w) = (g(x) - c, c - g(-x)) with c = g(0), then u + alpha w + c (1 - alpha). The norm of
// (u, w) is that of |u| + |w| = |x|.
Parts Prelu::smooth_parts(const Site& site, Method method) const {
  const Magnitude one = Magnitude::from_count(1);
  const ScalarConstants g = find_activation("softplus")->constants(method, beta);
  MapConstants split;
  split.lipschitz = {one, "1", "(u, w) = (g(x) - g(0), g(0) - g(-x)), u' + w' = 1"};
  split.smoothness = {scale(g.smoothness.value, 1), "beta/2", "u'' = -w'' = g'' <= beta/4"};
  split.at_zero = {{}, "0", "a(0) = 0"};
  split.slope_at_zero = {one, "1", "u' = w' = 1/2 at 0"};
  split.inner = maximum;
  split.at_maximum =
      MapAtLevel{reading_of(maximum), Magnitude::infinity(), one, split.smoothness.value, {}, one};
  const Magnitude entries = output_scalars(site);
  const Magnitude of_an_alpha =  // this many
      Magnitude::from_count(per == 0 ? site.output.positions() : site.output.elements()) *
      Magnitude::from_count(site.batch);
  const Magnitude& c = g.at_zero.value;
  AffineConstants b = of_halves("||alpha w|| <= ||alpha|| ||w||", "u");
  b.linear_parameters = {c * square_root(of_an_alpha), "sqrt(entries of an alpha) log(2)/beta",
                         "-g(0) alpha"};
  b.offset = {c * square_root(entries), "sqrt(n_out) log(2)/beta", "g(0)"};
  const Repeated scalars = roots_of_scalars(site.output);
  b.of_sample->linear_parameters = c * (per == 0 ? roots_of_positions(site.output) : scalars);
  b.of_sample->offset = c * scalars;
  b.at_maximum->linear_parameters = c;
  b.at_maximum->offset = c;
  return {Part(split), Part(b)};
}

}  // namespace smoothbound
