// The composition rules in ball arithmetic: along a chain.
#pragma once

#include "oracle_constants.hpp"

namespace smoothbound::support {

/// Bounds of a function of the parameters.
struct OracleTriple {
  Ball m, l, L;
};

/// The largest eigenvalue of [a b; b d].
inline Ball largest_eigenvalue(const Ball& a, const Ball& b, const Ball& d) {
  if (a.is_infinite() || b.is_infinite() || d.is_infinite()) return Ball::infinity();
  return (a + d + square_root(square(difference(a, d)) + Ball(4) * square(b))) / Ball(2);
}

/// What a map makes of m and l: the minima of Prop 4.4 (i) and (ii).
struct OracleMinima {
  Ball m, l;
};
inline OracleMinima minima(const OracleMap& a, const Ball& m, bool sharp) {
  const Ball curvature = sharp ? a.smoothness / Ball(2) : a.smoothness;
  const Ball by_slope = a.at_zero + a.lipschitz * m;
  const Ball by_curvature = a.at_zero + (a.slope_at_zero + curvature * m) * m;
  return {smaller(a.bound, smaller(by_slope, by_curvature)),
          smaller(a.lipschitz, a.slope_at_zero + a.smoothness * m)};
}

/// What is known of a value at the maximum norm, besides the Euclidean bounds.
struct OracleValue {
  OracleTriple two, max;
};

/// The paper's rules for nodes: sums, bilinear maps and maps of triples.
struct PaperNode {
  OracleTriple z;

  static OracleTriple scaled(const Ball& c, const OracleTriple& u) {
    return {c * u.m, c * u.l, c * u.L};
  }
  static OracleTriple added(const OracleTriple& u, const OracleTriple& v) {
    return {u.m + v.m, u.l + v.l, u.L + v.L};
  }
  static OracleTriple multiplied(const Ball& c, const OracleTriple& u, const OracleTriple& v) {
    return {c * u.m * v.m, c * (u.m * v.l + v.m * u.l),
            c * (u.m * v.L + v.m * u.L + Ball(2) * u.l * v.l)};
  }
  explicit PaperNode(const OracleValue& value) : z(value.two) {}

  void apply(const OracleAffine& b, const OracleAffine& /*at_maximum*/, const Ball& radius) {
    if (b.on_different_entries) {
      const Ball A = larger(b.bilinear * radius, b.input);
      z = {A * z.m + radius * b.parameters + b.offset, A * z.l + b.bilinear * z.m + b.parameters,
           A * z.L + Ball(2) * b.bilinear * z.l};
      return;
    }
    const OracleTriple v{radius, 1, 0};
    z = added(added(multiplied(b.bilinear, v, z), scaled(b.parameters, v)),
              added(scaled(b.input, z), {b.offset, 0, 0}));
  }
  void apply(const OracleMap& a, const OracleMap& /*at_maximum*/) {
    const OracleMinima least = minima(a, z.m, false);
    z = {least.m, least.l * z.l, least.l * z.L + a.smoothness * square(z.l)};
  }
  [[nodiscard]] OracleValue result() const { return {z, z}; }
};

/// The sharp rules at one norm: (g1, g2) bound the gradient's blocks for earlier and own
/// parameters, the matrix H the Hessian's.
struct OracleBlocks {
  Ball m, g1, g2, h11, h12, h22;

  static OracleBlocks of(const OracleTriple& z) { return {z.m, z.l, 0, z.L, 0, 0}; }
  [[nodiscard]] OracleTriple result() const {
    return {m, square_root(square(g1) + square(g2)), largest_eigenvalue(h11, h12, h22)};
  }
  void apply(const OracleAffine& b, const OracleTriple& z, const Ball& radius) {
    const Ball A = b.on_different_entries ? larger(b.bilinear * radius, b.input)
                                          : b.bilinear * radius + b.input;
    const Ball B = square_root(square(b.bilinear * z.m) + square(b.parameters));
    const Ball m_0 = b.on_different_entries ? A * z.m + radius * b.parameters + b.offset
                                            : radius * B + b.input * z.m + b.offset;
    *this = {m_0, A * z.l, B, A * z.L, b.bilinear * z.l, 0};
  }
  void apply(const OracleMap& a, const OracleBlocks& z) {
    const OracleMinima least = minima(a, z.m, true);
    *this = {least.m,
             least.l * z.g1,
             least.l * z.g2,
             least.l * z.h11 + a.smoothness * z.g1 * z.g1,
             least.l * z.h12 + a.smoothness * z.g1 * z.g2,
             least.l * z.h22 + a.smoothness * z.g2 * z.g2};
  }
};

inline Ball read(const OracleReading& reads, const Ball& two, const Ball& max) {
  const Ball by_two = reads.euclidean.is_infinite() ? reads.euclidean : reads.euclidean * two;
  const Ball by_max = reads.maximum.is_infinite() ? reads.maximum : reads.maximum * max;
  return smaller(by_two, by_max);
}

/// Both norms side by side.
struct SharpNode {
  OracleBlocks two, max;

  explicit SharpNode(const OracleValue& z)
      : two(OracleBlocks::of(z.two)), max(OracleBlocks::of(z.max)) {}

  void apply(const OracleAffine& b, const OracleAffine& at_maximum, const Ball& radius) {
    const OracleValue z = result();
    const auto seen = [&](Ball OracleTriple::*entry) {
      return read(at_maximum.reads, z.two.*entry, z.max.*entry);
    };
    two.apply(b, z.two, radius);
    max.apply(at_maximum, {seen(&OracleTriple::m), seen(&OracleTriple::l), seen(&OracleTriple::L)},
              radius);
  }
  void apply(const OracleMap& a, const OracleMap& at_maximum) {
    OracleBlocks seen;
    for (const auto entry : {&OracleBlocks::m, &OracleBlocks::g1, &OracleBlocks::g2,
                             &OracleBlocks::h11, &OracleBlocks::h12, &OracleBlocks::h22}) {
      seen.*entry = read(at_maximum.reads, two.*entry, max.*entry);
    }
    two.apply(a, two);
    max.apply(at_maximum, seen);
  }
  [[nodiscard]] OracleValue result() const { return lowered(two.result(), max.result()); }

  /// The maximum norm is the smaller one.
  static OracleValue lowered(const OracleTriple& two, const OracleTriple& max) {
    return {two, {smaller(max.m, two.m), smaller(max.l, two.l), smaller(max.L, two.L)}};
  }
};

}  // namespace smoothbound::support
