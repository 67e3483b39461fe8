// The composition rules in ball arithmetic: along a chain.
#pragma once

#include <map>
#include <utility>

#include "oracle_statements.hpp"

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

inline Ball hypotenuse_of(const Ball& a, const Ball& b) {
  return square_root(square(a) + square(b));
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

/// Bounds of a value at each level: |z|_A, by groups |z'[d]|_A and |z''[d, d']|_A for unit d in one
/// group and d' in another, and T_A >= |z''[d, d]|_A for any unit d. What is not there is 0.
struct OracleValue {
  using Group = int;
  using Pair = std::pair<Group, Group>;

  Levels m;
  Levels T = oracle::all_of(Ball::infinity());
  std::map<Group, Levels> l;
  std::map<Pair, Levels> H;  // both orders

  /// One group, known for the batch alone.
  static OracleValue of(const OracleTriple& z) {
    OracleValue value;
    value.m = oracle::all_of(z.m);
    value.l[OracleGroup::rest] = oracle::all_of(z.l);
    value.H[{OracleGroup::rest, OracleGroup::rest}] = oracle::all_of(z.L);
    // It may be larger than the norm of the batch.
    value.m[oracle::of_columns] = value.l[OracleGroup::rest][oracle::of_columns] =
        value.H[{OracleGroup::rest, OracleGroup::rest}][oracle::of_columns] = Ball::infinity();
    return value;
  }
  [[nodiscard]] Levels l_of(Group i) const { return at(l, i); }
  [[nodiscard]] Levels H_of(Group i, Group j) const { return at(H, Pair(i, j)); }

  /// The group b becomes part of a, by the Cauchy-Schwarz inequality.
  void join(Group a, Group b) {
    if (l.count(b) == 0) return;
    const Levels H_aa = H_of(a, a), H_ab = H_of(a, b), H_bb = H_of(b, b);
    const Levels l_a = l_of(a), l_b = l_of(b);
    for (std::size_t A = 0; A < oracle::level_count; ++A) {
      H[{a, a}][A] = largest_eigenvalue(H_aa[A], H_ab[A], H_bb[A]);
      l[a][A] = hypotenuse_of(l_a[A], l_b[A]);
    }
    for (const auto& [c, of_c] : l) {
      if (c == a || c == b) continue;
      const Levels H_ac = H_of(a, c), H_bc = H_of(b, c);
      Levels mixed;
      for (std::size_t A = 0; A < oracle::level_count; ++A) {
        mixed[A] = hypotenuse_of(H_ac[A], H_bc[A]);
      }
      H[{a, c}] = H[{c, a}] = mixed;
    }
    for (const auto& [c, of_c] : l) {
      H.erase({b, c});
      H.erase({c, b});
    }
    l.erase(b);
  }
  void rename(Group from, Group to) {
    if (l.count(from) == 0) return;
    OracleValue renamed;
    renamed.m = m;
    renamed.T = T;
    const auto name = [&](Group i) { return i == from ? to : i; };
    for (const auto& [i, of_i] : l) renamed.l[name(i)] = of_i;
    for (const auto& [pair, h] : H) renamed.H[{name(pair.first), name(pair.second)}] = h;
    *this = renamed;
  }
  /// Bounds with respect to all parameters.
  [[nodiscard]] OracleTriple total(std::size_t A = oracle::of_batch) const {
    return {m[A], lipschitz(A), smoothness(A)};
  }
  [[nodiscard]] Ball lipschitz(std::size_t A) const {
    Ball squares;
    for (const auto& [i, of_i] : l) squares = squares + square(of_i[A]);
    return square_root(squares);
  }
  [[nodiscard]] Ball smoothness(std::size_t A) const {
    return smaller(largest_eigenvalue_of_all(A), T[A]);
  }
  void relax(const oracle::Counts& counts, const oracle::ActiveLevels& active) {
    oracle::relax(m, counts, active);
    oracle::relax(T, counts, active);
    for (auto& [i, of_i] : l) oracle::relax(of_i, counts, active);
    for (auto& [pair, h] : H) oracle::relax(h, counts, active);
  }
  /// The last own block joins the rest. A symmetric form is largest at equal arguments, so pairs
  /// have no more than T says.
  void close() {
    join(OracleGroup::rest, OracleGroup::own);
    for (auto& [pair, h] : H) {
      for (std::size_t A = 0; A < oracle::level_count; ++A) h[A] = smaller(h[A], T[A]);
    }
  }

 private:
  template <class Key>
  static Levels at(const std::map<Key, Levels>& numbers, const Key& key) {
    const auto found = numbers.find(key);
    if (found == numbers.end()) return {};
    return found->second;
  }
  // Of three and more groups only bounds of the largest eigenvalue are known: from one of them to
  // 1.1 times the other one.
  [[nodiscard]] Ball largest_eigenvalue_of_all(std::size_t A) const {
    if (l.empty()) return {};
    const Group first = l.begin()->first;
    if (l.size() == 1) return H_of(first, first)[A];
    const Group last = l.rbegin()->first;
    if (l.size() == 2) {
      return largest_eigenvalue(H_of(first, first)[A], H_of(first, last)[A], H_of(last, last)[A]);
    }
    Ball all;
    for (const auto& [pair, h] : H) all = all + h[A];
    if (all.is_zero() || all.is_infinite()) return all;
    // Power steps of H plus a shift; then the quotients of Rayleigh, and of Collatz and Wielandt.
    std::map<Group, Ball> x;
    for (const auto& [i, of_i] : l) x[i] = 1;
    for (int step = 0; step < 60; ++step) {
      const std::map<Group, Ball> image = times(A, x);
      for (auto& [i, of_i] : x) of_i = image.at(i) / all + of_i / Ball(8);
    }
    const std::map<Group, Ball> image = times(A, x);
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
  [[nodiscard]] std::map<Group, Ball> times(std::size_t A, const std::map<Group, Ball>& x) const {
    std::map<Group, Ball> y;
    for (const auto& [pair, h] : H) {
      Ball& sum = y[pair.first];
      sum = sum + h[A] * x.at(pair.second);
    }
    for (const auto& [i, of_i] : x) y[i];
    return y;
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

  void apply(const OracleAffine& b, const OracleBlock& block) {
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
  void apply(const OracleMap& a) {
    const Ball by_slope = a.at_zero + a.lipschitz * z.m;
    const Ball by_curvature = a.at_zero + (a.slope_at_zero + a.smoothness * z.m) * z.m;
    const Ball l = smaller(a.lipschitz, a.slope_at_zero + a.smoothness * z.m);
    z = {smaller(a.bound, smaller(by_slope, by_curvature)), l * z.l,
         l * z.L + a.smoothness * square(z.l)};
  }
};

/// The sharp rules, level by level.
struct SharpNode {
  OracleValue z;
  OracleRefinements refinements;
  std::int64_t samples = 1;

  void apply(const oracle::AffineStatements& statements, const OracleBlock& block) {
    z.close();
    OracleValue y = z;
    y.l.try_emplace(block.group);
    add_pairs(y);
    for (std::size_t A = 0; A < oracle::level_count; ++A) {
      if (statements[A]) {
        apply(*statements[A], block, A, y);
      } else {
        forget(y, A);
      }
    }
    y.T = oracle::all_of(Ball::infinity());
    z = y;
  }
  void apply(const oracle::MapStatements& a) {
    const bool is_joint = refinements.joint && !a.joint.is_infinite();
    Levels L = oracle::all_of(Ball::infinity());
    for (std::size_t A = 0; A < oracle::level_count; ++A) {
      if (is_joint || !z.T[A].is_infinite()) L[A] = z.smoothness(A);
    }
    OracleValue y = z;
    add_pairs(y);
    for (std::size_t A = 0; A < oracle::level_count; ++A) {
      if (oracle::is_centred(A)) continue;
      if (a.at[A]) {
        apply(a, *a.at[A], A, L, y);
      } else {
        forget(y, A);
      }
    }
    for (const std::size_t A : oracle::centred_levels) apply_centred(a, A, y);
    z = y;
  }

 private:
  // Pairs of groups that had no mixed derivatives may get some.
  static void add_pairs(OracleValue& y) {
    for (const auto& [i, l] : y.l) {
      for (const auto& [j, of_j] : y.l) y.H.try_emplace({i, j});
    }
  }
  static void forget(OracleValue& y, std::size_t A) {
    y.m[A] = y.T[A] = Ball::infinity();
    for (auto& [i, l] : y.l) l[A] = Ball::infinity();
    for (auto& [pair, h] : y.H) h[A] = Ball::infinity();
  }

  // b' = A z' + B, b'' = A z'' + beta(., z') + beta(z', .)
  void apply(const oracle::AffineStatement& b, const OracleBlock& block, std::size_t level,
             OracleValue& y) const {
    const Ball& R = block.radius;
    const int v = block.group;
    const Ball m = b.reads.read(z.m);
    const Ball A =
        b.on_different_entries ? larger(b.bilinear * R, b.input) : b.bilinear * R + b.input;
    // Weights and bias are orthogonal, if these are what beta and beta^v read.
    const Ball B = b.on_different_entries ? b.bilinear * m + b.parameters
                                          : hypotenuse_of(b.bilinear * m, b.parameters);
    y.m[level] = b.on_different_entries ? A * m + R * b.parameters + b.offset
                                        : R * B + b.input * m + b.offset;
    const auto l_of = [&](int i) { return b.reads.read(z.l_of(i)); };
    for (auto& [i, l] : y.l) l[level] = A * l_of(i) + (i == v ? B : Ball());
    for (auto& [pair, h] : y.H) {
      const auto [i, j] = pair;
      Ball sum = A * b.reads.read(z.H_of(i, j));
      if (j == v) sum = sum + b.bilinear * l_of(i);
      if (i == v) sum = sum + b.bilinear * l_of(j);
      h[level] = sum;
    }
  }

  [[nodiscard]] Ball slope_of(const oracle::MapStatements& maps, const OracleMap& a,
                              const Ball& m) const {
    const Ball slope = smaller(a.lipschitz, a.slope_at_zero + a.smoothness * m);
    return refinements.growth && maps.slope ? smaller(slope, maps.slope(m)) : slope;
  }

  void apply(const oracle::MapStatements& maps, const oracle::MapStatement& a, std::size_t level,
             const Levels& L, OracleValue& y) const {
    // At the maximum norm and of matrices, what the part reads stands for the level of its groups,
    // too.
    const bool is_by_groups = level != oracle::of_entry && !oracle::is_of_matrices(level);
    const oracle::Reading inner = is_by_groups ? oracle::Reading::of(maps.inner) : a.reads;
    const Ball m = a.reads.read(z.m);
    const Ball m_inner = inner.read(z.m);
    const Ball slope = slope_of(maps, a, m_inner);
    const Ball& m_of_taylor = refinements.growth ? m_inner : m;
    y.m[level] = smaller(smaller(a.bound, a.at_zero + a.lipschitz * m),
                         a.at_zero + (a.slope_at_zero + a.smoothness / Ball(2) * m_of_taylor) * m);
    if (refinements.growth && maps.growth && !oracle::is_of_matrices(level)) {
      y.m[level] = smaller(y.m[level], maps.growth(level, m));
    }

    const Ball joint = refinements.joint ? maps.joint : Ball::infinity();
    const auto second = [&](const Ball& h, const Ball& E, const Ball& curvature) {
      const Ball sum = slope * h + curvature * E;
      return joint.is_infinite() ? sum : smaller(sum, hypotenuse_of(a.lipschitz * h, joint * E));
    };
    for (auto& [i, l] : y.l) l[level] = slope * a.reads.read(z.l_of(i));
    for (auto& [pair, h] : y.H) {
      const Levels l_i = z.l_of(pair.first), l_j = z.l_of(pair.second);
      const Ball E =
          smaller(a.reads.read(l_i) * inner.read(l_j), inner.read(l_i) * a.reads.read(l_j));
      const bool is_one_group = pair.first == pair.second;
      h[level] = second(a.reads.read(z.H_of(pair.first, pair.second)), E,
                        is_one_group ? a.smoothness : a.of_pairs.value_or(a.smoothness));
    }
    Ball l, l_inner;
    for (const auto& [i, l_i] : z.l) {
      l = hypotenuse_of(l, a.reads.read(l_i));
      l_inner = hypotenuse_of(l_inner, inner.read(l_i));
    }
    const Ball T = a.reads.read(a.reads.only() ? L : z.T);
    y.T[level] = T.is_infinite() ? T : second(T, l * l_inner, a.smoothness);
  }

  // Without the mean over samples. A map of one sample brings several not further apart than its
  // slope times as far. With z' = mu + c', mu the mean, f'(z) z' is f'(z) c' and mu times f'(z),
  // which is not further from its mean than L times z; likewise f'(z) z'' and f''(z) z' z'.
  void apply_centred(const oracle::MapStatements& maps, std::size_t level, OracleValue& y) const {
    forget(y, level);
    const auto& a = maps.at[oracle::without_centring(level)];
    if (!maps.is_of_samples || !a) return;
    const Ball slope = slope_of(maps, *a, z.m[maps.inner]);
    const Ball& m = z.m[level];
    y.m[level] = smaller(a->bound, slope * m);
    const Ball& L = a->smoothness;
    if (L.is_zero()) {
      for (auto& [i, l] : y.l) l[level] = slope * z.l_of(i)[level];
      for (auto& [pair, h] : y.H) h[level] = slope * z.H_of(pair.first, pair.second)[level];
      y.T[level] = slope * z.T[level];
    }
    if (L.is_zero() || maps.inner != oracle::of_entry) return;
    // Of a mean over samples, entry by entry.
    const auto mean = [&](const Levels& of) {
      return smaller(of[oracle::of_token], of[oracle::of_position] / oracle::root(samples));
    };
    for (auto& [i, l] : y.l) {
      const Levels l_i = z.l_of(i);
      l[level] = slope * l_i[level] + L * (mean(l_i) * m);
    }
    for (auto& [pair, h] : y.H) {
      const Levels l_i = z.l_of(pair.first), l_j = z.l_of(pair.second);
      const Levels H_ij = z.H_of(pair.first, pair.second);
      const Ball both_centred = smaller(l_i[level] * l_j[oracle::centred_of_position],
                                        l_i[oracle::centred_of_position] * l_j[level]);
      const Ball of_second = L * (both_centred + l_i[level] * mean(l_j) + mean(l_i) * l_j[level]);
      const Ball of_means = maps.third * (mean(l_i) * mean(l_j)) + L * mean(H_ij);
      h[level] = slope * H_ij[level] + of_second + of_means * m;
    }
    Levels l, form;
    for (std::size_t A = 0; A < oracle::level_count; ++A) {
      l[A] = z.lipschitz(A);
      form[A] = z.smoothness(A);
    }
    const Ball twice = mean(l) * l[level] + mean(l) * l[level];
    y.T[level] = slope * form[level] + L * (l[level] * l[oracle::centred_of_position] + twice) +
                 (maps.third * square(mean(l)) + L * mean(form)) * m;
  }
};

}  // namespace smoothbound::support
