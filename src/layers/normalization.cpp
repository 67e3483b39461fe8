#include "smoothbound/layers/normalization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace smoothbound {
namespace {

void visit_epsilon(SettingsVisitor& visitor, Real& epsilon, bool shorthand = true) {
  visitor.real({.name = "epsilon", .description = "added to the variance", .shorthand = shorthand},
               text::RealRange::non_negative, epsilon);
}

void visit_affine(SettingsVisitor& visitor, Affine& affine) {
  visitor.flag({.name = "affine", .description = "learnable scale and shift, a pair per feature"},
               affine.learnable);
  visitor.flag({.name = "shift",
                .description = "whether the affine part has a shift",
                .only_with = "affine"},
               affine.shift);
  visitor.real(
      {.name = "radius", .description = "of the ball of scale and shift; default: the layer's"},
      text::RealRange::non_negative, affine.radius);
}

// Prop B.2 for `scalars` numbers over the batch, normalized in groups of `group`.
MapConstants normalization(const Magnitude& scalars, std::int64_t group, const Real& epsilon,
                           Method method, bool centred = true) {
  const LowerBound& eps = epsilon.lower;
  const Magnitude one = Magnitude::from_count(1);
  const Magnitude slope = one / square_root(eps);
  const Magnitude curvature = one / (square_root(LowerBound::from_count(group)) * eps);
  MapConstants a;
  a.at_zero = {{}, "0", "a(0) = 0"};
  a.slope_at_zero = {slope, "epsilon^-1/2", "1/sqrt(variance + epsilon) at 0"};
  if (method == Method::paper) {
    a.bound = {scalars, "d g, d features over groups of g", "Prop B.2 (i), section 5.2"};
    a.lipschitz = {Magnitude::from_count(2) * slope, "2 epsilon^-1/2", "Prop B.2 (ii)"};
    a.smoothness = {Magnitude::from_count(2) * curvature, "2 g^-1/2 epsilon^-1", "section 5.2"};
  } else {
    a.bound = {square_root(scalars), "sqrt(d g), d features over groups of g",
               "each feature has squared norm <= g"};
    a.lipschitz = {slope, "epsilon^-1/2",
                   "eigenvalues 1/f and epsilon/f^3, f^2 = variance + epsilon"};
    const Magnitude factor = Magnitude::from_count(48) /
                             (LowerBound::from_count(25) * square_root(LowerBound::from_count(5)));
    a.smoothness = {factor * curvature, "48/(25 sqrt 5) g^-1/2 epsilon^-1",
                    "symmetric, so 3u/(1+u^2)^(5/2) at u = 1/2"};
  }
  // Each entry: those of its group alone matter, and centred they are at most sqrt(g - 1).
  const LowerBound g = LowerBound::from_count(group);
  Reading reads = reading_of(euclidean);
  reads[maximum] = square_root(Magnitude::from_count(group));
  const Magnitude entry_slope =
      centred ? square_root(Magnitude::from_count(group - 1) / g) * slope : slope;
  a.at_maximum =
      MapAtLevel{reads,       square_root(Magnitude::from_count(centred ? group - 1 : group)),
                 entry_slope, a.smoothness.value,
                 {},          entry_slope};
  if (eps.is_zero()) {
    const std::string_view reason = "epsilon is 0: no slope bounds 1/sqrt(variance + epsilon)";
    for (Constant* constant : {&a.slope_at_zero, &a.lipschitz, &a.smoothness}) {
      constant->source = reason;
    }
  }
  return a;
}

// z -> (z - mean) / sqrt(variance + epsilon) with given numbers, each for `repeats` scalars.
MapConstants fixed_normalization(const FixedStatistics& statistics, const Magnitude& repeats,
                                 const Real& epsilon) {
  Magnitude slope;
  Magnitude square;
  for (std::size_t i = 0; i < statistics.mean.size(); ++i) {
    const LowerBound variance = LowerBound::from_double(statistics.variance[i]) + epsilon.lower;
    const Magnitude mean = Magnitude::from_double(std::fabs(statistics.mean[i]));
    slope = std::max(slope, Magnitude::from_count(1) / square_root(variance));
    square += mean * mean / variance;
  }
  MapConstants a;
  a.lipschitz = {slope, "max (variance + epsilon)^-1/2", "linear up to a constant"};
  a.smoothness = {{}, "0", "linear up to a constant"};
  a.at_zero = {square_root(repeats * square), "||mean (variance + epsilon)^-1/2||",
               "statistics are fixed"};
  a.slope_at_zero = {slope, "l_a", "linear up to a constant"};
  return a;
}

// The normalization, and the scale and shift of `features` pairs behind it if there is one.
Parts with_affine(const MapConstants& a, const Affine& affine, const Site& site,
                  std::int64_t features) {
  if (!affine.learnable) return Part(a);
  AffineConstants scale;
  scale.bilinear = {Magnitude::from_count(1), "1", "||gamma * z|| <= ||gamma|| ||z||"};
  if (affine.shift) {
    // Exact: the sizes of the features are equal.
    const Magnitude repeats = Magnitude::from_count(site.output.elements() / features) *
                              Magnitude::from_count(site.batch);
    scale.linear_parameters = {square_root(repeats), "sqrt(scalars of a feature)",
                               "the shift stands once for each of them"};
  }
  const Magnitude one = Magnitude::from_count(1);
  scale.at_maximum =
      AffineAtLevel{reading_of(maximum), one, affine.shift ? one : Magnitude(), {}, {}};
  return {Part(a), Part(scale)};
}

std::optional<OwnBlock> affine_block(const Affine& affine, std::int64_t features) {
  if (!affine.learnable) return {};
  return OwnBlock{
      affine.shift ? checked_product(2, features, "the number of parameters") : features,
      affine.radius};
}

// The scale and shift of a normalization behind it: what it adds to its work.
void add_affine_work(const Affine& affine, const Site& site, Work& work) {
  if (!affine.learnable) return;
  const Magnitude scalars = output_scalars(site);
  work.forward += scalars;
  work.backward_input += scalars;
  work.backward_parameters += scalars;
  work.sparsity.bilinear += scalars;
  if (affine.shift) work.sparsity.linear_parameters += scalars;
}

// Of a group of g: mean and mean square by a division each, g squares, g divisions by the root.
// Backward the mean of the cotangent mu, <y, mu>/g, and (mu - mean - y <y, mu>/g) / root: 3 g and
// the divisions of two means. Without `centred` there is no mean.
Work normalization_work(const Site& site, std::int64_t group, bool centred, const Affine& affine) {
  const Magnitude scalars = output_scalars(site);
  // Exact: groups tile the batch.
  const Magnitude groups = ceiling(scalars / LowerBound::from_count(group));
  const Magnitude means = centred ? scale(groups, 1) : groups;
  Work work;
  work.forward = scale(scalars, 1) + means;
  work.backward_input = scale(scalars, 1) + scalars + means;
  work.sparsity.map = scalars * Magnitude::from_count(group);
  add_affine_work(affine, site, work);
  return work;
}

}  // namespace

void BatchNorm::visit_settings(SettingsVisitor& visitor) {
  visit_epsilon(visitor, epsilon);
  visitor.choice({.name = "per",
                  .description = "what a feature is: an element of the sample, as in "
                                 "the paper, or a channel"},
                 scopes, per);
  visit_affine(visitor, affine);
}

std::int64_t BatchNorm::features(const Shape& shape) const {
  return scopes[per] == "element" ? shape.elements() : shape.channels();
}

std::optional<OwnBlock> BatchNorm::block(const Site& site) const {
  return affine_block(affine, features(site.output));
}

Work BatchNorm::work(const Site& site) const {
  if (fixed != nullptr) {
    Work work;
    work.forward = output_scalars(site);
    work.backward_input = work.forward;
    work.sparsity.map = work.forward;
    add_affine_work(affine, site, work);
    return work;
  }
  const std::int64_t group = site.output.elements() / features(site.output) * site.batch;
  return normalization_work(site, group, true, affine);
}

Parts BatchNorm::parts(const Site& site, Method method) const {
  const std::int64_t d = features(site.output);
  if (fixed != nullptr) {
    const Magnitude repeats =
        Magnitude::from_count(site.output.elements() / d) * Magnitude::from_count(site.batch);
    return with_affine(fixed_normalization(*fixed, repeats, epsilon), affine, site, d);
  }
  const std::int64_t group = site.output.elements() / d * site.batch;
  return with_affine(normalization(output_scalars(site), group, epsilon, method), affine, site, d);
}

void LayerNorm::visit_settings(SettingsVisitor& visitor) {
  visit_epsilon(visitor, epsilon);
  visit_affine(visitor, affine);
}

std::optional<OwnBlock> LayerNorm::block(const Site& site) const {
  return affine_block(affine, site.output.elements());
}

Work LayerNorm::work(const Site& site) const {
  return normalization_work(site, site.output.elements(), true, affine);
}

Parts LayerNorm::parts(const Site& site, Method method) const {
  const std::int64_t group = site.output.elements();
  return with_affine(normalization(output_scalars(site), group, epsilon, method), affine, site,
                     site.output.elements());
}

void GroupNorm::visit_settings(SettingsVisitor& visitor) {
  visitor.count({.name = "groups",
                 .description = "number of groups of channels",
                 .required = true,
                 .shorthand = true},
                groups);
  visit_epsilon(visitor, epsilon, false);
  visit_affine(visitor, affine);
}

Shape GroupNorm::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  if (input.channels() % groups != 0) {
    throw ShapeError(fmt::format("{} groups do not divide {} channels", groups, input.channels()),
                     "groups must divide the channels");
  }
  return input;
}

std::optional<OwnBlock> GroupNorm::block(const Site& site) const {
  return affine_block(affine, site.output.channels());
}

Work GroupNorm::work(const Site& site) const {
  return normalization_work(site, site.output.elements() / groups, true, affine);
}

Parts GroupNorm::parts(const Site& site, Method method) const {
  const std::int64_t group = site.output.elements() / groups;
  return with_affine(normalization(output_scalars(site), group, epsilon, method), affine, site,
                     site.output.channels());
}

void RmsNorm::visit_settings(SettingsVisitor& visitor) {
  visit_epsilon(visitor, epsilon);
  visit_affine(visitor, affine);
}

std::optional<OwnBlock> RmsNorm::block(const Site& site) const {
  return affine_block(affine, site.output.elements());
}

Work RmsNorm::work(const Site& site) const {
  return normalization_work(site, site.output.elements(), false, affine);
}

Parts RmsNorm::parts(const Site& site, Method method) const {
  const std::int64_t group = site.output.elements();
  return with_affine(normalization(output_scalars(site), group, epsilon, method, false), affine,
                     site, site.output.elements());
}

}  // namespace smoothbound
