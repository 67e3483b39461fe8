#include "smoothbound/layers/normalization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace smoothbound {
namespace {

void visit_epsilon(SettingsVisitor& visitor, Real& epsilon, bool shorthand = true) {
  visitor.real({.name = "epsilon",
                .description = "added to the variance",
                .shorthand = shorthand,
                .is_small = true},
               text::RealRange::non_negative, epsilon);
}

void visit_affine(SettingsVisitor& visitor, Affine& affine) {
  visitor.flag({.name = "affine", .description = "learnable scale and shift, a pair per feature"},
               affine.learnable);
  visitor.flag({.name = "scale",
                .description = "whether the affine part has a scale",
                .only_with = "affine",
                .later = true},
               affine.scale);
  visitor.flag({.name = "shift",
                .description = "whether the affine part has a shift",
                .only_with = "affine"},
               affine.shift);
  visitor.real(
      {.name = "radius", .description = "of the ball of scale and shift; default: the layer's"},
      text::RealRange::non_negative, affine.radius);
}

void visit_scope(SettingsVisitor& visitor, std::size_t& per) {
  visitor.choice({.name = "per",
                  .description = "what is normalized together: a sample, or the channels of each "
                                 "position",
                  .later = true},
                 LayerNorm::scopes, per);
}

// How many scalars are normalized together.
std::int64_t scope_size(std::size_t per, const Shape& shape) {
  return LayerNorm::scopes[per] == "sample" ? shape.elements() : shape.channels();
}

std::size_t scope_level(std::size_t per) {
  return LayerNorm::scopes[per] == "sample" ? per_sample : per_token;
}

void require_scale_or_shift(const Affine& affine) {
  if (!affine.learnable || affine.scale || affine.shift) return;
  throw ShapeError("the affine part has neither scale nor shift",
                   "leave out 'affine', or one of scale: false and shift: false");
}

// |nu(x)|^2 over n scalars is concave in the squared norms of the groups: at most n m^2 / (m^2 + n
// epsilon), where all are equal.
Magnitude normalized_norm(const Magnitude& m, const Magnitude& n, const Real& epsilon) {
  const LowerBound one = LowerBound::from_count(1);
  return Magnitude::from_count(1) / square_root(one / n + epsilon.lower / (m * m));
}

// What is normalized together.
struct NormalizedGroups {
  std::int64_t size;
  std::size_t inner;  // the finest level that has a whole group in each norm
  bool centred = true;
};

// Prop B.2 for groups of the scalars of a batch.
MapConstants normalization(const Site& site, const NormalizedGroups& groups, const Real& epsilon,
                           Method method) {
  const Magnitude scalars = output_scalars(site);
  const std::int64_t group = groups.size;
  const bool centred = groups.centred;
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
    a.growth.norm = normalized_norm;
    a.growth.parameter = epsilon;
  }
  a.inner = groups.inner;
  a.bound_of = roots_of_scalars(site.output);
  // Each entry: those of its group alone matter, and centred they are at most sqrt(g - 1).
  const LowerBound g = LowerBound::from_count(group);
  Reading reads = reading_of(groups.inner);
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

// Given numbers of a feature as bounds take them.
struct EnclosedStatistics {
  Magnitude mean;  // its absolute value
  LowerBound variance;
};

std::vector<EnclosedStatistics> enclose(const FixedStatistics& statistics) {
  std::vector<EnclosedStatistics> all;
  for (std::size_t i = 0; i < statistics.mean.size(); ++i) {
    all.push_back({Magnitude::from_double(std::fabs(statistics.mean[i])),
                   LowerBound::from_double(statistics.variance[i])});
  }
  return all;
}

// A list, or a single number for all.
const SignedReal& entry(const std::vector<SignedReal>& numbers, std::size_t i) {
  return numbers.size() == 1 ? numbers.front() : numbers[i];
}

// As many as the longer list has: one stands for all features.
std::vector<EnclosedStatistics> enclose(const std::vector<SignedReal>& mean,
                                        const std::vector<SignedReal>& variance) {
  std::vector<EnclosedStatistics> all;
  for (std::size_t i = 0; i < std::max(mean.size(), variance.size()); ++i) {
    all.push_back({entry(mean, i).magnitude.upper, entry(variance, i).magnitude.lower});
  }
  return all;
}

// Those of `has_fixed()`.
std::vector<EnclosedStatistics> given_statistics(const BatchNorm& norm) {
  return norm.fixed != nullptr ? enclose(*norm.fixed) : enclose(norm.mean, norm.variance);
}

Magnitude slope_of(const EnclosedStatistics& feature, const Real& epsilon) {
  return Magnitude::from_count(1) / square_root(feature.variance + epsilon.lower);
}

// z -> (z - mean) / sqrt(variance + epsilon) with given numbers of `features`, or one for all.
MapConstants fixed_normalization(const std::vector<EnclosedStatistics>& statistics,
                                 std::int64_t features, const Site& site, const Real& epsilon) {
  // Exact: one for all stands for each scalar.
  const std::int64_t repeats = site.output.elements() / (statistics.size() == 1 ? 1 : features);
  Magnitude slope;
  Magnitude square;
  Magnitude largest;  // entry at 0
  for (const EnclosedStatistics& feature : statistics) {
    const LowerBound variance = feature.variance + epsilon.lower;
    slope = std::max(slope, slope_of(feature, epsilon));
    square += feature.mean * feature.mean / variance;
    largest = std::max(largest, feature.mean / square_root(variance));
  }
  MapConstants a;
  a.lipschitz = {slope, "max (variance + epsilon)^-1/2", "linear up to a constant"};
  a.smoothness = {{}, "0", "linear up to a constant"};
  a.at_zero = {
      square_root(Magnitude::from_count(repeats) * Magnitude::from_count(site.batch) * square),
      "||mean (variance + epsilon)^-1/2||", "statistics are fixed"};
  a.inner = maximum;
  const Magnitude of_sample = square_root(Magnitude::from_count(repeats) * square);
  const Magnitude of_position = square_root(
      statistics.size() == 1 ? Magnitude::from_count(site.output.channels()) * square : square);
  // Of a position of elements no more is said than of its sample.
  a.at_zero_of = {of_sample, std::min(of_sample, of_position)};
  a.slope_at_zero = {slope, "l_a", "linear up to a constant"};
  a.at_maximum = linear_at_level(reading_of(maximum), slope);
  a.at_maximum->at_zero = largest;
  return a;
}

// Nothing is known of it, which is what it says.
MapConstants unknown_normalization() {
  const Constant unknown{Magnitude::infinity(), "inf", "its fixed statistics are not given"};
  MapConstants a;
  a.lipschitz = a.at_zero = a.slope_at_zero = unknown;
  a.smoothness = {{}, "0", "linear up to a constant"};
  return a;
}

// The normalization, and the scale and shift of `features` pairs behind it if there is one.
Parts with_affine(const MapConstants& a, const Affine& affine, const Site& site,
                  std::int64_t features) {
  if (!affine.learnable) return Part(a);
  AffineConstants scale;
  const Constant one{Magnitude::from_count(1), "1", "||gamma * z|| <= ||gamma|| ||z||"};
  if (affine.scale) {
    scale.bilinear = one;
  } else {
    scale.linear_input = {one.value, "1", "z + delta: no scale"};
  }
  if (affine.shift) {
    // Exact: the sizes of the features are equal.
    const Magnitude repeats = Magnitude::from_count(site.output.elements() / features) *
                              Magnitude::from_count(site.batch);
    scale.linear_parameters = {square_root(repeats), "sqrt(scalars of a feature)",
                               "the shift stands once for each of them"};
  }
  scale.of_sample = AffineOfSample{};
  scale.of_sample->taps = one.value;
  scale.of_sample->linear_input = scale.linear_input.value;
  scale.of_sample->positions.kind = PositionReads::Kind::same;
  if (affine.shift) {
    scale.of_sample->linear_parameters = {
        square_root(Magnitude::from_count(site.output.elements() / features)), one.value};
  }
  const Magnitude none;
  scale.at_maximum =
      AffineAtLevel{reading_of(maximum), affine.scale ? one.value : none,
                    affine.shift ? one.value : none, affine.scale ? none : one.value, none};
  return {Part(a), Part(scale)};
}

std::optional<OwnBlock> affine_block(const Affine& affine, std::int64_t features) {
  if (!affine.learnable) return {};
  const bool both = affine.scale && affine.shift;
  return OwnBlock{both ? checked_product(2, features, "the number of parameters") : features,
                  affine.radius,
                  {affine.scale ? 1 : 0, affine.shift ? 1 : 0}};
}

// The scale and shift of a normalization behind it: what it adds to its work.
void add_affine_work(const Affine& affine, const Site& site, Work& work) {
  if (!affine.learnable) return;
  const Magnitude scalars = output_scalars(site);
  if (affine.scale) {
    work.forward += scalars;
    work.backward_input += scalars;
    work.backward_parameters += scalars;
    work.sparsity.bilinear += scalars;
  } else {
    work.sparsity.linear_input += scalars;
  }
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
  visitor.choice({.name = "statistics",
                  .description = "those of the batch, as in training, or fixed ones, as in a "
                                 "deployed network",
                  .later = true},
                 sources, statistics);
  visitor.numbers({.name = "mean",
                   .description = "fixed: one for all features, or a list of one for each",
                   .later = true},
                  Sign::any, mean);
  visitor.numbers({.name = "variance",
                   .description = "fixed: one for all features, or a list of one for each",
                   .later = true},
                  Sign::non_negative, variance);
  visit_affine(visitor, affine);
}

Shape BatchNorm::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  require_scale_or_shift(affine);
  if (sources[statistics] == "batch" && !(mean.empty() && variance.empty())) {
    throw ShapeError("mean and variance are given, but the statistics are the batch's",
                     "write statistics: fixed, or leave them out");
  }
  if (mean.empty() != variance.empty()) {
    throw ShapeError(
        mean.empty() ? "there is a variance, but no mean" : "there is a mean, but no variance",
        "fixed statistics are both");
  }
  const auto require_length = [&](const std::vector<SignedReal>& numbers, std::string_view what) {
    if (numbers.size() <= 1 || std::ssize(numbers) == features(input)) return;
    throw ShapeError(
        fmt::format("{} has {} numbers for {} features", what, numbers.size(), features(input)),
        fmt::format("a number for all, or one for each {}", scopes[per]));
  };
  require_length(mean, "mean");
  require_length(variance, "variance");
  return input;
}

FixedStatistics BatchNorm::fixed_statistics(const Shape& shape) const {
  if (fixed != nullptr) return *fixed;
  FixedStatistics result;
  for (std::size_t f = 0; f < static_cast<std::size_t>(features(shape)); ++f) {
    result.mean.push_back(entry(mean, f).nearest());
    result.variance.push_back(entry(variance, f).nearest());
  }
  return result;
}

std::int64_t BatchNorm::features(const Shape& shape) const {
  return scopes[per] == "element" ? shape.elements() : shape.channels();
}

std::optional<OwnBlock> BatchNorm::block(const Site& site) const {
  return affine_block(affine, features(site.output));
}

Work BatchNorm::work(const Site& site) const {
  if (!couples_samples()) {
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

std::vector<Magnitude> BatchNorm::fixed_slopes() const {
  std::vector<Magnitude> slopes;
  if (!has_fixed()) return slopes;
  for (const EnclosedStatistics& feature : given_statistics(*this)) {
    slopes.push_back(slope_of(feature, epsilon));
  }
  return slopes;
}

Parts BatchNorm::parts(const Site& site, Method method) const {
  const std::int64_t d = features(site.output);
  if (lacks_fixed()) return with_affine(unknown_normalization(), affine, site, d);
  if (has_fixed()) {
    const auto given = given_statistics(*this);
    return with_affine(fixed_normalization(given, d, site, epsilon), affine, site, d);
  }
  const std::int64_t group = site.output.elements() / d * site.batch;
  const bool of_elements = centres_samples(site.output);
  MapConstants a =
      normalization(site, {group, of_elements ? per_position : euclidean}, epsilon, method);
  a.centres_samples = of_elements;
  return with_affine(a, affine, site, d);
}

void LayerNorm::visit_settings(SettingsVisitor& visitor) {
  visit_epsilon(visitor, epsilon);
  visit_scope(visitor, per);
  visit_affine(visitor, affine);
}

Shape LayerNorm::output_shape(std::span<const Shape> shapes) const {
  require_scale_or_shift(affine);
  return shapes.front();
}

std::optional<OwnBlock> LayerNorm::block(const Site& site) const {
  return affine_block(affine, scope_size(per, site.output));
}

Work LayerNorm::work(const Site& site) const {
  return normalization_work(site, scope_size(per, site.output), true, affine);
}

Parts LayerNorm::parts(const Site& site, Method method) const {
  const std::int64_t group = scope_size(per, site.output);
  return with_affine(normalization(site, {group, scope_level(per)}, epsilon, method), affine, site,
                     group);
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
  require_scale_or_shift(affine);
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
  return with_affine(normalization(site, {group, per_sample}, epsilon, method), affine, site,
                     site.output.channels());
}

void InstanceNorm::visit_settings(SettingsVisitor& visitor) {
  visit_epsilon(visitor, epsilon);
  visit_affine(visitor, affine);
}

Shape InstanceNorm::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  require_scale_or_shift(affine);
  if (input.positions() == 1) {
    throw ShapeError("instance_norm of channels with one position each is 0",
                     "it needs channels with several positions; layer_norm takes the channels "
                     "together");
  }
  return input;
}

std::optional<OwnBlock> InstanceNorm::block(const Site& site) const {
  return affine_block(affine, site.output.channels());
}

Work InstanceNorm::work(const Site& site) const {
  return normalization_work(site, site.output.positions(), true, affine);
}

Parts InstanceNorm::parts(const Site& site, Method method) const {
  return with_affine(normalization(site, {site.output.positions(), per_sample}, epsilon, method),
                     affine, site, site.output.channels());
}

void RmsNorm::visit_settings(SettingsVisitor& visitor) {
  visit_epsilon(visitor, epsilon);
  visit_scope(visitor, per);
  visit_affine(visitor, affine);
}

Shape RmsNorm::output_shape(std::span<const Shape> shapes) const {
  require_scale_or_shift(affine);
  return shapes.front();
}

std::optional<OwnBlock> RmsNorm::block(const Site& site) const {
  return affine_block(affine, scope_size(per, site.output));
}

Work RmsNorm::work(const Site& site) const {
  return normalization_work(site, scope_size(per, site.output), false, affine);
}

Parts RmsNorm::parts(const Site& site, Method method) const {
  const std::int64_t group = scope_size(per, site.output);
  return with_affine(normalization(site, {group, scope_level(per), false}, epsilon, method), affine,
                     site, group);
}

}  // namespace smoothbound
