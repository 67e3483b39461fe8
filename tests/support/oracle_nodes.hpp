// The composition rules in ball arithmetic: along a chain.
#pragma once

#include <map>
#include <utility>

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

/// How groups of parameter blocks are called. Blocks that several layers use have groups of their
/// own, from 1 on; at a merge the rests of disjoint branches are groups, too.
struct OracleGroup {
  static constexpr int own = -1;  // the block of the last affine part
  static constexpr int rest = 0;
  static constexpr int most_shared = 8;  // the last one has all that are left
  static constexpr int rest_of_branch(int branch) { return 1000 + branch; }
  static constexpr bool is_rest_of_branch(int group) { return group >= 1000; }
};

/// Bounds of a value by groups, at one norm; what is not there is 0.
struct Grouped {
  Ball m;
  std::map<int, Ball> l;
  std::map<std::pair<int, int>, Ball> H;  // both orders

  template <class Numbers, class Key>
  static Ball at(const Numbers& numbers, const Key& key) {
    const auto found = numbers.find(key);
    return found == numbers.end() ? Ball() : found->second;
  }
  [[nodiscard]] Ball l_of(int i) const { return at(l, i); }
  [[nodiscard]] Ball H_of(int i, int j) const { return at(H, std::pair(i, j)); }

  /// The group b becomes part of a, by the Cauchy-Schwarz inequality.
  void join(int a, int b) {
    if (l.count(b) == 0) return;
    H[{a, a}] = largest_eigenvalue(H_of(a, a), H_of(a, b), H_of(b, b));
    l[a] = square_root(square(l_of(a)) + square(l_of(b)));
    for (const auto& [c, of_c] : l) {
      if (c == a || c == b) continue;
      H[{a, c}] = H[{c, a}] = square_root(square(H_of(a, c)) + square(H_of(b, c)));
    }
    for (const auto& [c, of_c] : l) {
      H.erase({b, c});
      H.erase({c, b});
    }
    l.erase(b);
  }
  void rename(int from, int to) {
    if (l.count(from) == 0) return;
    Grouped renamed{m, {}, {}};
    const auto name = [&](int i) { return i == from ? to : i; };
    for (const auto& [i, of_i] : l) renamed.l[name(i)] = of_i;
    for (const auto& [pair, h] : H) renamed.H[{name(pair.first), name(pair.second)}] = h;
    *this = renamed;
  }
  /// Bounds with respect to all parameters. Of three and more groups only bounds of the largest
  /// eigenvalue are known: from one of them to 1.1 times the other one.
  [[nodiscard]] OracleTriple total() const {
    Ball squares;
    for (const auto& [i, of_i] : l) squares = squares + square(of_i);
    return {m, square_root(squares), largest_eigenvalue_of_all()};
  }

 private:
  [[nodiscard]] Ball largest_eigenvalue_of_all() const {
    if (l.empty()) return {};
    const int first = l.begin()->first;
    if (l.size() == 1) return H_of(first, first);
    const int last = l.rbegin()->first;
    if (l.size() == 2) {
      return largest_eigenvalue(H_of(first, first), H_of(first, last), H_of(last, last));
    }
    Ball all;
    for (const auto& [pair, h] : H) all = all + h;
    if (all.is_zero() || all.is_infinite()) return all;
    // Power steps of H plus a shift; then the quotients of Rayleigh, and of Collatz and Wielandt.
    std::map<int, Ball> x;
    for (const auto& [i, of_i] : l) x[i] = 1;
    for (int step = 0; step < 60; ++step) {
      const std::map<int, Ball> image = times(x);
      for (auto& [i, of_i] : x) of_i = image.at(i) / all + of_i / Ball(8);
    }
    const std::map<int, Ball> image = times(x);
    Ball product;
    Ball length;
    Ball quotient;
    for (const auto& [i, of_i] : x) {
      product = product + of_i * image.at(i);
      length = length + square(of_i);
      quotient = larger(quotient, image.at(i) / of_i);
    }
    return between(product / length, quotient * Ball(11) / Ball(10));
  }
  [[nodiscard]] std::map<int, Ball> times(const std::map<int, Ball>& x) const {
    std::map<int, Ball> y;
    for (const auto& [i, of_i] : x) {
      Ball sum;
      for (const auto& [j, of_j] : x) sum = sum + H_of(i, j) * of_j;
      y[i] = sum;
    }
    return y;
  }
};

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

/// Of a value: Euclidean, and at the maximum norm.
struct OracleValue {
  Grouped two, max;

  /// One group, which bounds the maximum norm, too.
  static OracleValue of(const OracleTriple& z) {
    const Grouped one{z.m, {{OracleGroup::rest, z.l}}, {{{0, 0}, z.L}}};
    return {one, one};
  }
  void join(int a, int b) {
    two.join(a, b);
    max.join(a, b);
  }
  void rename(int from, int to) {
    two.rename(from, to);
    max.rename(from, to);
  }
  /// The maximum norm is the smaller one.
  void lower() {
    max.m = smaller(max.m, two.m);
    for (auto& [i, l] : max.l) l = smaller(l, two.l_of(i));
    for (auto& [pair, h] : max.H) h = smaller(h, two.H_of(pair.first, pair.second));
  }
};

/// A parameter block where a layer uses it.
struct OracleBlock {
  Ball radius;
  int group = OracleGroup::own;
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
  explicit PaperNode(const OracleValue& value) : z(value.two.total()) {}

  void apply(const OracleAffine& b, const OracleAffine& /*at_maximum*/, const OracleBlock& block) {
    const Ball& radius = block.radius;
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
  [[nodiscard]] OracleValue result() const { return OracleValue::of(z); }
};

inline Ball read(const OracleReading& reads, const Ball& two, const Ball& max) {
  const Ball by_two = reads.euclidean.is_infinite() ? reads.euclidean : reads.euclidean * two;
  const Ball by_max = reads.maximum.is_infinite() ? reads.maximum : reads.maximum * max;
  return smaller(by_two, by_max);
}

/// The sharp rules at one norm after the other.
struct SharpNode {
  OracleValue z;

  explicit SharpNode(const OracleValue& value) : z(value) {}

  void apply(const OracleAffine& b, const OracleAffine& at_maximum, const OracleBlock& block) {
    z = result();
    const Grouped seen = reading(at_maximum.reads);
    z.two = image(b, z.two, block);
    z.max = image(at_maximum, seen, block);
  }
  void apply(const OracleMap& a, const OracleMap& at_maximum) {
    const Grouped seen = reading(at_maximum.reads);
    z.two = image(a, z.two);
    z.max = image(at_maximum, seen);
  }
  /// With the last own block among the rest.
  [[nodiscard]] OracleValue result() const {
    OracleValue all = z;
    all.join(OracleGroup::rest, OracleGroup::own);
    all.lower();
    return all;
  }

 private:
  [[nodiscard]] Grouped reading(const OracleReading& reads) const {
    Grouped seen{read(reads, z.two.m, z.max.m), {}, {}};
    for (const auto& [i, l] : z.two.l) seen.l[i] = read(reads, l, z.max.l_of(i));
    for (const auto& [pair, h] : z.two.H) {
      seen.H[pair] = read(reads, h, z.max.H_of(pair.first, pair.second));
    }
    return seen;
  }

  // b' = A z' + B, b'' = A z'' + beta(., z') + beta(z', .)
  static Grouped image(const OracleAffine& b, const Grouped& z, const OracleBlock& block) {
    const Ball& R = block.radius;
    const Ball A =
        b.on_different_entries ? larger(b.bilinear * R, b.input) : b.bilinear * R + b.input;
    // Weights and bias are orthogonal, if these are what beta and beta^v read.
    const Ball B = b.on_different_entries
                       ? b.bilinear * z.m + b.parameters
                       : square_root(square(b.bilinear * z.m) + square(b.parameters));
    const Ball m = b.on_different_entries ? A * z.m + R * b.parameters + b.offset
                                          : R * B + b.input * z.m + b.offset;
    Grouped y{m, z.l, {}};
    const int v = block.group;
    y.l[v];
    for (auto& [i, l] : y.l) {
      l = A * z.l_of(i);
      if (i == v) l = l + B;
    }
    for (const auto& [i, of_i] : y.l) {
      for (const auto& [j, of_j] : y.l) {
        Ball h = A * z.H_of(i, j);
        if (j == v) h = h + b.bilinear * z.l_of(i);
        if (i == v) h = h + b.bilinear * z.l_of(j);
        y.H[{i, j}] = h;
      }
    }
    return y;
  }
  static Grouped image(const OracleMap& a, const Grouped& z) {
    const OracleMinima least = minima(a, z.m, true);
    Grouped y{least.m, {}, {}};
    for (const auto& [i, l] : z.l) y.l[i] = least.l * l;
    for (const auto& [i, of_i] : z.l) {
      for (const auto& [j, of_j] : z.l) {
        y.H[{i, j}] = least.l * z.H_of(i, j) + a.smoothness * of_i * of_j;
      }
    }
    return y;
  }
};

}  // namespace smoothbound::support
