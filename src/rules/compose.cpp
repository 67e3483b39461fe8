#include "smoothbound/rules/compose.hpp"

#include <algorithm>

#include "at_level.hpp"
#include "map_rules.hpp"

namespace smoothbound::rules {
namespace {

// What is not stated at a level is what coarser ones say.
void forget(std::size_t level, Value& value) {
  value.for_each_number(
      [&](PerLevel<Magnitude>& numbers) { numbers[level] = Magnitude::infinity(); });
}

// The one level that is read as it is, or the number of levels.
std::size_t level_read(const Reading& reads) {
  std::size_t level = 0;
  while (level < levels.size() && reads != reading_of(level)) ++level;
  return level;
}

// With the own block among the rest.
void close(Value& value, std::size_t own_group, bool by_triangle) {
  if (own_group < value.groups() && value.label(own_group) == own) {
    const std::size_t earlier = value.find_or_add(rest);
    if (by_triangle) {
      value.join_by_triangle(earlier, own_group);
    } else {
      value.join(earlier, own_group);
    }
  }
  value.lower_to_form();
  value.fill_others();
}

}  // namespace

Composition::Composition(Value input, Method method, Trace* trace, const Refinements& refine)
    : z_(std::move(input)), method_(method), trace_(trace), refine_(refine) {}

void Composition::begin_stretch() {
  conclude();
  close(z_, own_, method_ == Method::paper);
  own_ = none_;
}

Value Composition::value() const {
  Value all = z_;
  close(all, own_, method_ == Method::paper);
  return all;
}

void Composition::apply(const AffineConstants& b, const Magnitude& R, const Extents& extents,
                        Label group) {
  if (begun_) begin_stretch();
  begun_ = true;
  // The paper's rules do not tell blocks from each other.
  const Label label = method_ == Method::paper || group == rest ? own : group;
  own_ = z_.find_or_add(label);
  Value image = z_;
  image.T.fill(Magnitude::infinity());
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!z_.level_set().has(level)) continue;
    if (const auto at = at_level(b, level, extents)) {
      apply(level, *at, R, b.acts_on_different_entries, image);
    } else {
      forget(level, image);
    }
  }
  image.relax(extents);
  std::swap(z_, image);
  if (trace_ != nullptr) record_affine(b, R, image);
}

void Composition::apply(std::size_t level, const AffineAtLevel& b, const Magnitude& R,
                        bool acts_on_different_entries, Value& image) const {
  const Magnitude m = read(b.reads, z_.m);
  const Magnitude by_block = b.bilinear * R + b.at_point;
  // Prop 4.4 (ii), (20): ||db/dz|| <= L_beta R + l_{beta^z}
  const Magnitude A =
      acts_on_different_entries ? std::max(by_block, b.linear_input) : by_block + b.linear_input;
  // ||db/dv|| <= m_{l-1} L_beta + l_{beta^v}. Sharp: weights and bias are orthogonal inside v,
  // where there are both.
  const Magnitude B = method_ == Method::paper || acts_on_different_entries
                          ? b.bilinear * m + b.linear_parameters
                          : hypotenuse(b.bilinear * m, b.linear_parameters);
  // Prop 4.4 (i): m_{l,0}
  image.m[level] = acts_on_different_entries ? A * m + R * b.linear_parameters + b.offset
                                             : R * B + (b.linear_input + b.at_point) * m + b.offset;
  // b' = A z' + B, b'' = A z'' + beta(., z') + beta(z', .)
  for (std::size_t i = 0; i < z_.groups(); ++i) {
    const Magnitude l_i = read(b.reads, z_.l(i));
    image.l(i)[level] = A * l_i;
    if (i == own_) image.l(i)[level] += B;
    for (std::size_t j = 0; j <= i; ++j) {
      Magnitude h = A * read(b.reads, z_.H(i, j));
      if (j == own_) h += b.bilinear * l_i;
      if (i == own_) h += b.bilinear * read(b.reads, z_.l(j));
      image.H(i, j)[level] = h;
    }
  }
}

void Composition::apply(const MapConstants& a, const Extents& extents) {
  begun_ = true;
  Value image = z_;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!z_.level_set().has(level)) continue;
    if (levels[level].centred) {
      apply_centred(level, a, extents, image);
    } else if (const auto at = at_level(a, level, extents)) {
      const bool acts = method_ == Method::sharp && is_finer(a.inner, level);
      apply(level, *at, acts ? &a.growth : nullptr, extents, image);
    } else {
      forget(level, image);
    }
  }
  image.relax(extents);
  std::swap(z_, image);
  if (trace_ != nullptr) record_map(a, image);
}

void Composition::apply(std::size_t level, const MapAtLevel& a, const MapGrowth* growth,
                        const Extents& extents, Value& image) const {
  const bool grows = growth != nullptr && refine_.growth;
  const bool is_joint = growth != nullptr && refine_.joint && growth->joint.is_finite();
  const Magnitude m = read(a.reads, z_.m);
  const Magnitude m_inner = a.inner ? z_.m[*a.inner] : m;
  Magnitude slope = slope_within(a, m_inner);
  image.m[level] = std::min(
      {a.bound, by_slope(a, m), by_curvature(a, m, refine_.growth ? m_inner : m, method_)});
  if (grows) {
    slope = std::min(slope, growth->slope_within(m_inner));
    if (growth->norm != nullptr) {
      image.m[level] = std::min(image.m[level], growth->norm_within(m, extents.outside(level)));
    }
  }
  // The second derivative: a' z'' + a''[z', z'], and at one point both factors of a are not large.
  const auto second = [&](const Magnitude& h, const Magnitude& e, const Magnitude& L) {
    const Magnitude apart = slope * h + L * e;
    return is_joint ? std::min(apart, hypotenuse(a.lipschitz * h, growth->joint * e)) : apart;
  };
  const auto l = [&](std::size_t i) { return read(a.reads, z_.l(i)); };
  const Magnitude L_of_pairs = a.smoothness_of_pairs.value_or(a.smoothness);
  const auto l_inner = [&](std::size_t i) { return a.inner ? z_.l(i)[*a.inner] : l(i); };
  for (std::size_t i = 0; i < z_.groups(); ++i) {
    const Magnitude l_i = l(i);
    const Magnitude l_i_inner = l_inner(i);
    image.l(i)[level] = slope * l_i;
    for (std::size_t j = 0; j <= i; ++j) {
      const Magnitude e =
          a.smoothness.is_zero() ? Magnitude() : std::min(l_i * l_inner(j), l_i_inner * l(j));
      image.H(i, j)[level] =
          second(read(a.reads, z_.H(i, j)), e, i == j ? a.smoothness : L_of_pairs);
    }
  }
  // The same along one direction, where that may be less than what H says.
  const Magnitude T = read(a.reads, z_.T);
  if (!is_joint && T.is_infinite()) return;
  Magnitude all;
  Magnitude all_inner;
  for (std::size_t i = 0; i < z_.groups(); ++i) {
    all = hypotenuse(all, l(i));
    all_inner = hypotenuse(all_inner, l_inner(i));
  }
  const std::size_t read_level = level_read(a.reads);
  image.T[level] = second(read_level < levels.size() ? z_.smoothness(read_level) : T,
                          all * all_inner, a.smoothness);
}

// Subtracting the mean over samples, Pi, of a map that does the same to each sample. A Lipschitz
// function contracts variances; with z' = Pi z' + mu, the part with mu, which all samples have in
// common, is multiplied by Pi f'(z), and likewise for second derivatives. Section 3 of
// docs/theory.md.
void Composition::apply_centred(std::size_t level, const MapConstants& a, const Extents& extents,
                                Value& image) const {
  forget(level, image);
  const auto at = at_level(a, level_before_centring(level), extents);
  // What has the mean 0 has the bounds of the level that is not centred; of maps that mix samples
  // no more is known.
  if (!at || a.centres_samples || !is_finer(a.inner, per_sample)) return;
  const Magnitude& m_inner = at->inner ? z_.m[*at->inner] : z_.m[level_before_centring(level)];
  Magnitude slope = slope_within(*at, m_inner);
  if (refine_.growth) slope = std::min(slope, a.growth.slope_within(m_inner));
  const Magnitude& m = z_.m[level];
  image.m[level] = std::min(at->bound, slope * m);
  const Magnitude& L = at->smoothness;
  if (!L.is_zero() && a.inner != maximum) return;
  const Magnitude K = L.is_zero() ? Magnitude() : a.growth.third;
  const LowerBound root_samples = square_root(LowerBound::from_count(extents.samples));
  const auto mean = [&](const PerLevel<Magnitude>& numbers) {
    return std::min(numbers[per_token], numbers[per_position] / root_samples);
  };
  for (std::size_t i = 0; i < z_.groups(); ++i) {
    const Magnitude& l_i = z_.l(i)[level];
    const Magnitude mu_i = mean(z_.l(i));
    image.l(i)[level] = slope * l_i + L * mu_i * m;
    for (std::size_t j = 0; j <= i; ++j) {
      const Magnitude& l_j = z_.l(j)[level];
      const Magnitude mu_j = mean(z_.l(j));
      const Magnitude e =
          std::min(l_i * z_.l(j)[centred_position], z_.l(i)[centred_position] * l_j);
      image.H(i, j)[level] = slope * z_.H(i, j)[level] +
                             (L * mean(z_.H(i, j)) + K * mu_i * mu_j) * m +
                             L * (l_i * mu_j + mu_i * l_j + e);
    }
  }
  if (L.is_zero()) {
    image.T[level] = slope * z_.T[level];
    return;
  }
  // The same along one direction.
  const auto mean_of = [&](const auto& number) {
    return std::min((z_.*number)(per_token), (z_.*number)(per_position) / root_samples);
  };
  const Magnitude l = z_.lipschitz(level);
  const Magnitude mu = mean_of(&Value::lipschitz);
  image.T[level] = slope * z_.smoothness(level) +
                   (L * mean_of(&Value::smoothness) + K * mu * mu) * m +
                   L * (scale(l * mu, 1) + l * z_.lipschitz(centred_position));
}

}  // namespace smoothbound::rules
