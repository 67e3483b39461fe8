#include "smoothbound/rules/compose.hpp"

#include <algorithm>

namespace smoothbound::rules {
namespace {

Magnitude twice(const Magnitude& a) { return scale(a, 1); }

Magnitude half(const Magnitude& a) { return scale(a, -1); }

AffineAtLevel euclidean_constants(const AffineConstants& b) {
  return {reading_of(euclidean), b.bilinear.value, b.linear_parameters.value,
          b.linear_input.value,  b.offset.value,   b.at_point};
}

MapAtLevel euclidean_constants(const MapConstants& a) {
  return {reading_of(euclidean), a.bound.value,   a.lipschitz.value,
          a.smoothness.value,    a.at_zero.value, a.slope_at_zero.value};
}

// l_{l,j} = min{l_a, ||grad a(0)|| + L_a m_{l,j-1}}, Prop 4.4 (ii)
Magnitude slope_within(const MapAtLevel& a, const Magnitude& m) {
  return std::min(a.lipschitz, a.slope_at_zero + a.smoothness * m);
}

// The second and third bound of m_{l,j} in Prop 4.4 (i). Sharp: Taylor's formula has L_a/2.
Magnitude by_slope(const MapAtLevel& a, const Magnitude& m) { return a.at_zero + a.lipschitz * m; }

Magnitude by_curvature(const MapAtLevel& a, const Magnitude& m, Method method) {
  const Magnitude curvature = method == Method::paper ? a.smoothness : half(a.smoothness);
  return a.at_zero + (a.slope_at_zero + curvature * m) * m;
}

}  // namespace

Composition::Composition(Value input, Method method, Trace* trace)
    : input_(std::move(input)), method_(method), trace_(trace) {
  for (std::size_t level = 0; level < input_.level_count(); ++level) {
    at_[level].m = input_.m[level];
  }
}

void Composition::begin_stretch() {
  conclude();
  input_ = value();
  own_ = none_;
  for (std::size_t level = 0; level < input_.level_count(); ++level) {
    at_[level] = Stretch{};
    at_[level].m = input_.m[level];
  }
}

void Composition::apply(const AffineConstants& b, const Magnitude& R, Label group) {
  if (begun_) begin_stretch();
  begun_ = true;
  // The paper's rules are those of a block that the input may depend on.
  const Label label = method_ == Method::paper ? rest : group == rest ? own : group;
  own_ = input_.find_or_add(label);
  const Value before = input_.level_count() > 1 ? input_ : Value();
  for (std::size_t level = 0; level < input_.level_count(); ++level) {
    const bool is_stated = level == maximum && b.at_maximum;
    const AffineAtLevel constants = is_stated ? *b.at_maximum : euclidean_constants(b);
    if (level != euclidean) read_anew(level, constants.reads, before);
    apply(level, constants, R, b.acts_on_different_entries);
  }
  if (trace_ != nullptr) record_affine(b, R);
}

void Composition::apply(std::size_t level, const AffineAtLevel& b, const Magnitude& R,
                        bool acts_on_different_entries) {
  Stretch& at = at_[level];
  const Magnitude m = at.m;
  at.bilinear = b.bilinear;
  const Magnitude by_block = b.bilinear * R + b.at_point;
  // Prop 4.4 (ii), (20): L_beta R + l_{beta^z}
  at.A = acts_on_different_entries ? std::max(by_block, b.linear_input) : by_block + b.linear_input;
  // Prop 4.4 (ii), (20): m_{l-1} L_beta + l_{beta^v}. Sharp: weights and bias are orthogonal inside
  // v, where there are both.
  at.B = method_ == Method::paper || acts_on_different_entries
             ? b.bilinear * m + b.linear_parameters
             : hypotenuse(b.bilinear * m, b.linear_parameters);
  // Prop 4.4 (i): m_{l,0}
  at.m = acts_on_different_entries ? at.A * m + R * b.linear_parameters + b.offset
                                   : R * at.B + (b.linear_input + b.at_point) * m + b.offset;
}

void Composition::read_anew(std::size_t level, const Reading& reading, const Value& before) {
  const std::size_t level_count = before.level_count();
  at_[level] = Stretch{};
  at_[level].m = read(reading, before.m, level_count);
  for (std::size_t i = 0; i < before.groups(); ++i) {
    input_.l(i)[level] = read(reading, before.l(i), level_count);
    for (std::size_t j = 0; j <= i; ++j) {
      input_.H(i, j)[level] = read(reading, before.H(i, j), level_count);
    }
  }
}

void Composition::apply(const MapConstants& a) {
  begun_ = true;
  const MapAtLevel constants = euclidean_constants(a);
  const Magnitude m_before = at_[euclidean].m;
  if (input_.level_count() > 1) {
    const MapAtLevel& at_maximum = a.at_maximum ? *a.at_maximum : constants;
    if (at_maximum.reads != reading_of(maximum)) {
      read_anew(maximum, at_maximum.reads, derivatives(false));
    }
    apply(maximum, at_maximum);
  }
  apply(euclidean, constants);
  if (trace_ != nullptr) record_map(a, m_before);
}

void Composition::apply(std::size_t level, const MapAtLevel& a) {
  Stretch& at = at_[level];
  const Magnitude l = slope_within(a, at.m);
  // Prop 4.4 (iii): S_k = sum_j L_{a_j} (prod_{i<j} l_i)^2 prod_{i>j} l_i, one factor at a time.
  at.S = l * at.S + a.smoothness * at.P * at.P;
  at.P = at.P * l;
  at.m = std::min({a.bound, by_slope(a, at.m), by_curvature(a, at.m, method_)});
}

// The first derivative along a group, before the maps: A l_i, and B of the own block.
Magnitude Composition::through(std::size_t level, std::size_t group) const {
  const Stretch& at = at_[level];
  const Magnitude carried = at.A * input_.l(group)[level];
  return group == own_ ? carried + at.B : carried;
}

Composition::Terms Composition::terms(std::size_t level, std::size_t i, std::size_t j) const {
  const Stretch& at = at_[level];
  const Magnitude& l_i = input_.l(i)[level];
  const Magnitude& l_j = input_.l(j)[level];
  Terms terms;
  terms.carried = at.P * at.A * input_.H(i, j)[level];
  terms.curvature = at.A * at.A * at.S * l_i * l_j;
  if (i != own_ && j != own_) return terms;
  const Magnitude mixed = at.A * at.B * at.S + at.bilinear * at.P;
  if (i == j) {
    terms.mixed = twice(mixed * l_i);
    terms.own = at.B * at.B * at.S;
  } else {
    terms.mixed = mixed * (i == own_ ? l_j : l_i);
  }
  return terms;
}

Value Composition::derivatives(bool joined) const {
  Value all = input_;
  for (std::size_t level = 0; level < all.level_count(); ++level) {
    all.m[level] = at_[level].m;
    for (std::size_t i = 0; i < all.groups(); ++i) {
      all.l(i)[level] = through(level, i);
      for (std::size_t j = 0; j <= i; ++j) {
        const Terms t = terms(level, i, j);
        all.H(i, j)[level] = t.carried + t.curvature + t.mixed + t.own;
      }
    }
  }
  // Prop 4.4 (ii) and (iii) with orthogonal blocks: docs/theory.md, section 3. The gradient has the
  // orthogonal blocks P A l_in and P B; the Hessian's norm is at most that of the matrix of its
  // blocks' norms.
  if (joined && own_ != none_ && all.label(own_) == own) all.join(all.find_or_add(rest), own_);
  for (std::size_t level = 0; level < all.level_count(); ++level) {
    for (std::size_t i = 0; i < all.groups(); ++i) {
      all.l(i)[level] = at_[level].P * all.l(i)[level];
    }
  }
  return all;
}

Value Composition::value() const {
  Value all = derivatives(true);
  all.relax();
  return all;
}

}  // namespace smoothbound::rules
