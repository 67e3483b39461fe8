#include "smoothbound/rules/compose.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "at_level.hpp"
#include "map_rules.hpp"
#include "smoothbound/rules/unsaturated.hpp"

namespace smoothbound::rules {
namespace {

// What is not stated at a level is what coarser ones say.
void forget(std::size_t level, Value& value) {
  for (std::size_t k = 0; k < value.numbers(); ++k) {
    value.number(k)[level] = Magnitude::infinity();
  }
  for (std::size_t c = 0; c < value.cells().size(); ++c) forget(level, value.cell(c));
}

bool reads_patches(const PositionReads& positions) {
  return positions.kind == PositionReads::Kind::patch ||
         positions.kind == PositionReads::Kind::mean;
}

// What norms of a patch, or of a mean, are multiplied by where they are known cell by cell.
AffineAtLevel of_patches(AffineAtLevel b, std::size_t level) {
  b.reads[level] = Magnitude::from_count(1);
  return b;
}
MapAtLevel of_patches(MapAtLevel a, std::size_t /*level*/) {
  a.lipschitz = a.slope_at_zero = Magnitude::from_count(1);
  return a;
}

// How a part's cells read those of z, which has none any more if there would be too many; nothing
// where cells tell no more than the value does.
std::optional<Passage> passage_of(const PositionReads& positions, Value& z) {
  if (!z.level_set().has(per_position) || !reads_patches(positions)) return std::nullopt;
  std::optional<Passage> passage(std::in_place, z.classes(), positions);
  if (passage->output() == nullptr && z.classes() != nullptr) {
    z.divide(nullptr);
    passage.emplace(nullptr, positions);
  }
  const auto& classes = passage->output();
  // Of one cell that reads one cell's patch the part says the same.
  const bool adds_nothing = classes != nullptr && classes->cells() == 1 && z.classes() == nullptr &&
                            positions.kind == PositionReads::Kind::patch;
  if (classes == nullptr || adds_nothing) passage.reset();
  return passage;
}

// Calls `visit` with each cell of the output, and with what it reads as a value: at one level the
// numbers of the patch, for the rest those of z.
template <class Visitor>
void for_each_patch(const Value& z, const Passage& passage, std::size_t level,
                    const Visitor& visit) {
  std::vector<std::vector<Magnitude>> read;  // by number and cell of the output
  for (std::size_t k = 0; k < z.numbers(); ++k) {
    std::vector<Magnitude> of_inputs;
    for (const Value& cell : z.cells()) of_inputs.push_back(cell.number(k)[level]);
    if (z.cells().empty()) of_inputs.push_back(z.number(k)[level]);
    read.push_back(passage.read(std::move(of_inputs)));
  }
  Value patch = z;
  patch.divide(nullptr);
  for (std::size_t c = 0; c < passage.output()->cells(); ++c) {
    for (std::size_t k = 0; k < read.size(); ++k) patch.number(k)[level] = read[k][c];
    visit(c, std::as_const(patch));
  }
}

// `of_cell` of each cell, the largest; of a value without cells, its own.
template <class OfCell>
Magnitude largest_of_cells(const Value& value, const OfCell& of_cell) {
  if (value.cells().empty()) return of_cell(value);
  Magnitude largest;
  for (const Value& cell : value.cells()) largest = std::max(largest, of_cell(cell));
  return largest;
}

// The one level that is read as it is, or the number of levels.
std::size_t level_read(const Reading& reads) {
  std::size_t level = 0;
  while (level < levels.size() && reads != reading_of(level)) ++level;
  return level;
}

// With the own block in the group that it joins.
void close(Value& value, std::size_t own_group, Label joined, bool by_triangle) {
  if (own_group < value.groups() && value.label(own_group) == own) {
    const std::size_t earlier = value.find_or_add(joined);
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
  close(z_, own_, joined_, method_ == Method::paper);
  own_ = none_;
}

Value Composition::value() const {
  Value all = z_;
  close(all, own_, joined_, method_ == Method::paper);
  return all;
}

template <class Statement, class Rule>
void Composition::apply_at_levels(const PositionReads& positions, const Extents& extents,
                                  bool makes_forms, bool keeps_blocks, const Statement& statement,
                                  const Rule& rule) {
  const bool keeps = positions.kind == PositionReads::Kind::same && z_.classes() != nullptr &&
                     z_.classes()->positions() == extents.positions;
  const std::optional<Passage> passage =
      refine_.maps ? passage_of(positions, z_) : std::optional<Passage>();
  Value image = z_;
  if (!keeps_blocks) image.forget_blocks();
  if (!keeps) image.divide(passage ? passage->output() : nullptr);
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!z_.level_set().has(level)) continue;
    const auto at = statement(level);
    if (!at) {
      forget(level, image);
    } else if (image.cells().empty() || !tells_positions(level)) {
      rule(level, *at, z_, image);
    } else if (keeps) {
      for (std::size_t c = 0; c < image.cells().size(); ++c) {
        rule(level, *at, z_.cells()[c], image.cell(c));
      }
    } else {
      for_each_patch(z_, *passage, level, [&](std::size_t c, const Value& patch) {
        rule(level, of_patches(*at, level), patch, image.cell(c));
      });
    }
  }
  if (makes_forms) image.lower_forms();
  image.relax(extents);
  if (image.cells().size() == 1) image.divide(nullptr);
  std::swap(z_, image);
}

void Composition::apply(const AffineConstants& b, const Magnitude& R, const Extents& extents,
                        Label group, std::optional<std::uint32_t> block, Label joined) {
  if (begun_) begin_stretch();
  begun_ = true;
  joined_ = method_ == Method::paper ? rest : joined;
  // The paper's rules do not tell blocks from each other.
  const Label label = method_ == Method::paper || group == rest ? own : group;
  own_ = z_.find_or_add(label);
  const bool keeps_blocks = block.has_value() && !b.acts_on_different_entries;
  if (keeps_blocks) z_.add_block(*block, R);
  const Value before = trace_ != nullptr ? z_ : Value();
  apply_at_levels(
      b.of_sample ? b.of_sample->positions : PositionReads{}, extents, true, keeps_blocks,
      [&](std::size_t level) { return at_level(b, level, extents); },
      [&](std::size_t level, const AffineAtLevel& at, const Value& z, Value& image) {
        apply(level, at, R, b.acts_on_different_entries, z, image);
      });
  if (trace_ != nullptr) record_affine(b, R, before);
}

void Composition::apply(std::size_t level, const AffineAtLevel& b, const Magnitude& R,
                        bool acts_on_different_entries, const Value& z, Value& image) const {
  const Magnitude m = read(b.reads, z.m);
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
  image.T[level] = image.S[level] = Magnitude::infinity();
  // b' = A z' + B, b'' = A z'' + beta(., z') + beta(z', .)
  for (std::size_t i = 0; i < z.groups(); ++i) {
    const Magnitude l_i = read(b.reads, z.l(i));
    image.l(i)[level] = A * l_i;
    if (i == own_) image.l(i)[level] += B;
    for (std::size_t j = 0; j <= i; ++j) {
      Magnitude h = A * read(b.reads, z.H(i, j));
      if (j == own_) h += b.bilinear * l_i;
      if (i == own_) h += b.bilinear * read(b.reads, z.l(j));
      image.H(i, j)[level] = h;
    }
  }
  // Of each block by itself; the last one is that of the part.
  for (std::size_t k = 0; k < image.blocks().size(); ++k) {
    BlockBound& behind = image.block(k);
    const Magnitude o = read(b.reads, z.blocks()[k].o);
    if (k + 1 == image.blocks().size()) {
      behind.l[level] = B;
      behind.o[level] = b.linear_input * m + b.offset;
    } else {
      behind.l[level] = A * read(b.reads, z.blocks()[k].l);
      behind.o[level] = b.linear_input * o + b.offset +
                        R * (refine_.radial ? hypotenuse(b.bilinear * o, b.linear_parameters)
                                            : b.bilinear * o + b.linear_parameters);
    }
  }
}

void Composition::apply(const MapConstants& a, const Extents& extents) {
  begun_ = true;
  PositionReads positions = a.positions;
  if (!reads_patches(positions) && levels[a.inner].positions) {
    positions.kind = PositionReads::Kind::same;
  }
  const Value before = trace_ != nullptr ? z_ : Value();
  const bool is_sharp = method_ == Method::sharp;
  apply_at_levels(
      positions, extents, !a.smoothness.value.is_zero(),
      a.growth.unsaturated.is_frozen || a.smoothness.value.is_zero(),
      [&](std::size_t level) -> std::optional<MapAtLevel> {
        if (!levels[level].centred) return at_level(a, level, extents);
        // What has the mean 0 has the bounds of the level that is not centred; of maps that mix
        // samples no more is known.
        const bool is_known = !a.centres_samples && is_finer(a.inner, per_sample);
        return is_known ? at_level(a, level_before_centring(level), extents) : std::nullopt;
      },
      [&](std::size_t level, const MapAtLevel& at, const Value& z, Value& image) {
        if (levels[level].centred) return apply_centred(level, at, a.growth, extents, z, image);
        const bool acts = is_sharp && is_finer(a.inner, level);
        apply(level, at, acts ? &a.growth : nullptr, extents, z, image);
      });
  if (trace_ != nullptr) record_map(a, before);
}

void Composition::apply(std::size_t level, const MapAtLevel& a, const MapGrowth* growth,
                        const Extents& extents, const Value& z, Value& image) const {
  const bool grows = growth != nullptr && refine_.growth;
  const Magnitude m = read(a.reads, z.m);
  // Of the whole: bounds of slopes differ little between cells.
  const Magnitude m_inner = a.inner ? z_.m[*a.inner] : m;
  Magnitude slope = slope_within(a, m_inner);
  if (grows) slope = std::min(slope, growth->slope_within(m_inner));
  const auto norm_of = [&](const Magnitude& x, const Magnitude& x_inner) {
    const Magnitude bound =
        std::min({a.bound, by_slope(a, x),
                  by_curvature(a, x, refine_.growth ? std::min(x, x_inner) : x, method_)});
    const bool has_norm = grows && growth->norm != nullptr;
    return has_norm ? std::min(bound, growth->norm_within(x, extents.outside(level))) : bound;
  };
  image.m[level] = norm_of(m, m_inner);
  for (std::size_t k = 0; k < image.blocks().size(); ++k) {
    image.block(k).l[level] = slope * read(a.reads, z.blocks()[k].l);
    const Magnitude o = read(a.reads, z.blocks()[k].o);
    image.block(k).o[level] = !refine_.radial ? by_slope(a, o)
                              : a.inner       ? norm_of(o, z_.blocks()[k].o[*a.inner])
                                              : norm_of(o, o);
  }
  const bool is_joint = growth != nullptr && refine_.joint && growth->joint.is_finite();
  apply_to_derivatives(level, a, slope, is_joint ? growth->joint : Magnitude::infinity(), z, image);
  const bool bends = grows && !a.smoothness.is_zero() && z_.knows_blocks() && a.inner;
  // The bound of the whole batch may be far below what samples, each by itself, allow.
  const bool is_for_batch = refine_.radial && level == euclidean;
  if (bends && (is_for_batch || level == finest_level(z_.level_set(), *a.inner))) {
    lower_unsaturated(level, a, *growth, slope, extents, z, image);
  }
}

void Composition::apply_to_derivatives(std::size_t level, const MapAtLevel& a,
                                       const Magnitude& slope, const Magnitude& joint,
                                       const Value& z, Value& image) const {
  // The second derivative: a' z'' + a''[z', z'], and at one point both factors of a are not large.
  const auto second = [&](const Magnitude& h, const Magnitude& e, const Magnitude& L) {
    const Magnitude apart = slope * h + L * e;
    return joint.is_finite() ? std::min(apart, hypotenuse(a.lipschitz * h, joint * e)) : apart;
  };
  const auto l = [&](std::size_t i) { return read(a.reads, z.l(i)); };
  const Magnitude L_of_pairs = a.smoothness_of_pairs.value_or(a.smoothness);
  const auto l_inner = [&](std::size_t i) { return a.inner ? z.l(i)[*a.inner] : l(i); };
  for (std::size_t i = 0; i < z.groups(); ++i) {
    const Magnitude l_i = l(i);
    const Magnitude l_i_inner = l_inner(i);
    image.l(i)[level] = slope * l_i;
    for (std::size_t j = 0; j <= i; ++j) {
      const Magnitude e =
          a.smoothness.is_zero() ? Magnitude() : std::min(l_i * l_inner(j), l_i_inner * l(j));
      image.H(i, j)[level] =
          second(read(a.reads, z.H(i, j)), e, i == j ? a.smoothness : L_of_pairs);
    }
  }
  // The same along one direction, where that may be less than what H and l say.
  const Magnitude T = read(a.reads, z.T);
  const Magnitude S = read(a.reads, z.S);
  image.T[level] = a.smoothness.is_zero() ? slope * T : Magnitude::infinity();
  image.S[level] = slope * S;
  if (a.smoothness.is_zero()) return;
  if ((joint.is_finite() || T.is_finite()) && z.groups() <= most_groups_with_form) {
    Magnitude all;
    for (std::size_t i = 0; i < z.groups(); ++i) all = hypotenuse(all, l(i));
    all = std::min(all, S);
    const Magnitude all_inner = a.inner ? z.lipschitz(*a.inner) : all;
    const std::size_t read_level = level_read(a.reads);
    image.T[level] = second(read_level < levels.size() ? z.smoothness(read_level) : T,
                            all * all_inner, a.smoothness);
  }
}

// Subtracting the mean over samples, Pi, of a map that does the same to each sample. A Lipschitz
// function contracts variances; with z' = Pi z' + mu, the part with mu, which all samples have in
// common, is multiplied by Pi f'(z), and likewise for second derivatives. Section 3 of
// docs/theory.md.
void Composition::apply_centred(std::size_t level, const MapAtLevel& at, const MapGrowth& growth,
                                const Extents& extents, const Value& z, Value& image) const {
  const Magnitude& m_inner = z_.m[at.inner.value_or(level_before_centring(level))];
  Magnitude slope = slope_within(at, m_inner);
  if (refine_.growth) slope = std::min(slope, growth.slope_within(m_inner));
  const Magnitude& m = z.m[level];
  const Magnitude& L = at.smoothness;
  if (!L.is_zero() && at.inner != maximum) forget(level, image);
  image.m[level] = std::min(at.bound, slope * m);
  if (!L.is_zero() && at.inner != maximum) return;
  const Magnitude K = L.is_zero() ? Magnitude() : growth.third;
  const LowerBound root_samples = square_root(LowerBound::from_count(extents.samples));
  const auto mean = [&](const auto& at_level_of) {
    return largest_of_cells(z, [&](const Value& cell) {
      return std::min(at_level_of(cell, per_token), at_level_of(cell, per_position) / root_samples);
    });
  };
  const auto mean_l = [&](std::size_t i) {
    return mean([&](const Value& cell, std::size_t of) { return cell.l(i)[of]; });
  };
  for (std::size_t i = 0; i < z.groups(); ++i) {
    const Magnitude& l_i = z.l(i)[level];
    const Magnitude mu_i = mean_l(i);
    image.l(i)[level] = slope * l_i + L * mu_i * m;
    for (std::size_t j = 0; j <= i; ++j) {
      const Magnitude& l_j = z.l(j)[level];
      const Magnitude mu_j = mean_l(j);
      const Magnitude nu =
          mean([&](const Value& cell, std::size_t of) { return cell.H(i, j)[of]; });
      const Magnitude e = std::min(l_i * z.l(j)[centred_position], z.l(i)[centred_position] * l_j);
      image.H(i, j)[level] = slope * z.H(i, j)[level] + (L * nu + K * mu_i * mu_j) * m +
                             L * (l_i * mu_j + mu_i * l_j + e);
    }
  }
  for (std::size_t k = 0; k < image.blocks().size(); ++k) {
    image.block(k).l[level] = image.block(k).o[level] = Magnitude::infinity();
  }
  image.S[level] = Magnitude::infinity();
  if (L.is_zero()) {
    image.T[level] = slope * z.T[level];
    return;
  }
  image.T[level] = Magnitude::infinity();
  if (z.groups() > most_groups_with_form) return;
  // The same along one direction.
  const Magnitude l = z.lipschitz(level);
  const Magnitude mu = mean([](const Value& cell, std::size_t of) { return cell.lipschitz(of); });
  const Magnitude nu = mean([](const Value& cell, std::size_t of) { return cell.smoothness(of); });
  image.T[level] = slope * z.smoothness(level) + (L * nu + K * mu * mu) * m +
                   L * (scale(l * mu, 1) + l * z.lipschitz(centred_position));
}

}  // namespace smoothbound::rules
