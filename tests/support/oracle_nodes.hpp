// Values in ball arithmetic, and the paper's rules of composition along a chain.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "oracle_scalars.hpp"

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
/// group and d' in another; T_A >= |z''[d, d]|_A and S_A >= |z'[d]|_A for any unit d. What is not
/// there is 0.
struct OracleValue {
  using Group = int;
  using Pair = std::pair<Group, Group>;
  using Numbers = oracle::Numbers;
  using Slot = oracle::Slot;

  oracle::SharedPositions positions;
  Numbers m, T, S;
  std::map<Group, Numbers> l;
  std::map<Pair, Numbers> H;               // both orders
  std::optional<OracleSingles> singles{};  // nothing: not known

  /// Without T and S.
  explicit OracleValue(oracle::SharedPositions of) : positions(std::move(of)) {
    m = zero();
    T = S = unknown();
  }
  OracleValue() : OracleValue(oracle::alike(1)) {}

  /// One group, known for the batch alone.
  static OracleValue of(const OracleTriple& z, std::int64_t positions = 1) {
    OracleValue value(oracle::alike(positions));
    value.m = Numbers(*value.positions, z.m);
    value.l[OracleGroup::rest] = Numbers(*value.positions, z.l);
    value.H[{OracleGroup::rest, OracleGroup::rest}] = Numbers(*value.positions, z.L);
    // It may be larger than the norm of the batch.
    value.m.at(oracle::of_columns) = Ball::infinity();
    for (auto& [i, l] : value.l) l.at(oracle::of_columns) = Ball::infinity();
    for (auto& [pair, h] : value.H) h.at(oracle::of_columns) = Ball::infinity();
    return value;
  }
  [[nodiscard]] Numbers zero() const { return Numbers(*positions); }
  [[nodiscard]] Numbers unknown() const { return Numbers(*positions, Ball::infinity()); }
  [[nodiscard]] std::vector<Slot> slots() const { return oracle::slots_of(*positions); }
  [[nodiscard]] Numbers l_of(Group i) const { return at(l, i); }
  [[nodiscard]] Numbers H_of(Group i, Group j) const { return at(H, Pair(i, j)); }
  /// All bounds, by reference.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (Numbers* numbers : {&m, &T, &S}) visit(*numbers);
    for (auto& [i, of_i] : l) visit(of_i);
    for (auto& [pair, h] : H) visit(h);
    if (!singles) return;
    for (OracleSingle& single : *singles) {
      visit(single.l);
      visit(single.o);
    }
  }

  /// The group b becomes part of a, by the Cauchy-Schwarz inequality.
  void join(Group a, Group b) {
    if (l.count(b) == 0) return;
    const Numbers H_aa = H_of(a, a), H_ab = H_of(a, b), H_bb = H_of(b, b);
    const Numbers l_a = l_of(a), l_b = l_of(b);
    Numbers form = zero(), slope = zero();
    for (const Slot& slot : slots()) {
      form[slot] = largest_eigenvalue(H_aa.at(slot), H_ab.at(slot), H_bb.at(slot));
      slope[slot] = hypotenuse_of(l_a.at(slot), l_b.at(slot));
    }
    H[{a, a}] = form;
    l[a] = slope;
    for (const auto& [c, of_c] : l) {
      if (c == a || c == b) continue;
      const Numbers H_ac = H_of(a, c), H_bc = H_of(b, c);
      Numbers mixed = zero();
      for (const Slot& slot : slots()) mixed[slot] = hypotenuse_of(H_ac.at(slot), H_bc.at(slot));
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
    const auto name = [&](Group i) { return i == from ? to : i; };
    std::map<Group, Numbers> renamed_l;
    std::map<Pair, Numbers> renamed_H;
    for (const auto& [i, of_i] : l) renamed_l[name(i)] = of_i;
    for (const auto& [pair, h] : H) renamed_H[{name(pair.first), name(pair.second)}] = h;
    l = renamed_l;
    H = renamed_H;
  }
  /// Bounds with respect to all parameters, at the position where they are largest.
  [[nodiscard]] OracleTriple total(std::size_t A = oracle::of_batch) const {
    OracleTriple all{m.largest(A), 0, 0};
    for (const Slot& slot : slots()) {
      if (slot.level != A) continue;
      all.l = larger(all.l, lipschitz(slot));
      all.L = larger(all.L, smoothness(slot));
    }
    return all;
  }
  [[nodiscard]] Ball lipschitz(const Slot& slot) const {
    Ball squares;
    for (const auto& [i, of_i] : l) squares = squares + square(of_i.at(slot));
    return smaller(square_root(squares), S.at(slot));
  }
  [[nodiscard]] Ball smoothness(const Slot& slot) const {
    return smaller(eigenvalue(slot), T.at(slot));
  }
  /// At each slot T becomes what H says, where it is more.
  void lower_T() {
    for (const Slot& slot : slots()) T[slot] = smoothness(slot);
  }
  void relax(const oracle::Counts& counts, const oracle::ActiveLevels& active) {
    for_each([&](Numbers& numbers) { oracle::relax(numbers, *positions, counts, active); });
  }
  /// The last own block joins the rest. A symmetric form is largest at equal arguments, so pairs
  /// have no more than T says.
  void close(const oracle::ActiveLevels& active) {
    join(OracleGroup::rest, OracleGroup::own);
    for (const Slot& slot : slots()) {
      for (auto& [pair, h] : H) h[slot] = smaller(h.at(slot), T.at(slot));
      for (auto& [i, of_i] : l) of_i[slot] = smaller(of_i.at(slot), S.at(slot));
    }
    if (active.entries) return;
    for_each([](Numbers& numbers) {
      if (numbers.is_given()) numbers.at(oracle::of_entry) = numbers.largest(oracle::of_token);
    });
  }
  /// Nothing that is not known of all positions.
  [[nodiscard]] OracleValue without_positions(std::int64_t count) const {
    OracleValue z = *this;
    z.positions = oracle::alike(count);
    z.for_each([&](Numbers& numbers) {
      if (numbers.is_given()) numbers = Numbers::of(numbers.largest(), *z.positions);
    });
    return z;
  }
  /// The same at positions of other kinds, of each of which `first` is one.
  [[nodiscard]] OracleValue on(const oracle::SharedPositions& common,
                               const std::vector<std::size_t>& first) const {
    OracleValue z = *this;
    z.positions = common;
    z.for_each([&](Numbers& numbers) {
      if (!numbers.is_given()) return;
      Numbers refined(*common);
      for (const Slot& slot : z.slots()) {
        refined[slot] = oracle::is_by_position(slot.level)
                            ? numbers.of(slot.level, positions->kinds.at(first[slot.kind]))
                            : numbers.at(slot);
      }
      numbers = refined;
    });
    return z;
  }

 private:
  template <class Key>
  static Numbers at(const std::map<Key, Numbers>& numbers, const Key& key) {
    const auto found = numbers.find(key);
    if (found == numbers.end()) return {};
    return found->second;
  }
  // Of more than eight groups the library stops before its bound has settled: within 1.1 times.
  [[nodiscard]] Ball eigenvalue(const Slot& slot) const {
    if (l.empty()) return {};
    const auto entry = [&](Group i, Group j) {
      const auto found = H.find(Pair(i, j));
      return found == H.end() ? Ball() : found->second.at(slot);
    };
    const Group first = l.begin()->first;
    if (l.size() == 1) return entry(first, first);
    const Group last = l.rbegin()->first;
    if (l.size() == 2) {
      return largest_eigenvalue(entry(first, first), entry(first, last), entry(last, last));
    }
    // The quotients of Rayleigh, and of Collatz and Wielandt, for any x > 0: powers of H plus a
    // shift find one.
    std::vector<Group> groups;
    for (const auto& [i, of_i] : l) groups.push_back(i);
    const std::size_t n = groups.size();
    std::vector<Ball> matrix;
    Ball all;
    for (const Group i : groups) {
      for (const Group j : groups) {
        matrix.push_back(entry(i, j));
        all = all + matrix.back();
      }
    }
    if (all.is_zero() || all.is_infinite()) return all;
    std::vector<Ball> power;
    for (const Ball& h : matrix) power.push_back(midpoint(h / all));
    for (std::size_t i = 0; i < n; ++i) power[i * n + i] = power[i * n + i] + oracle::ratio(1, 8);
    constexpr std::size_t settled = 8;
    const Ball slack = n <= settled ? Ball(1) : oracle::ratio(11, 10);
    constexpr int enough = 50;
    for (int squaring = 0;; ++squaring) {
      const auto [below, above] = quotients(matrix, power, n);
      const bool is_close = !certainly_less(below * (Ball(1) + Ball::decimal("1e-25")), above);
      if (is_close || squaring == enough) return between(below, above * slack);
      power = squared(power, n);
    }
  }
  // Of x = power (1, ..., 1).
  static std::pair<Ball, Ball> quotients(const std::vector<Ball>& matrix,
                                         const std::vector<Ball>& power, std::size_t n) {
    std::vector<Ball> x;
    for (std::size_t i = 0; i < n; ++i) {
      Ball sum;
      for (std::size_t j = 0; j < n; ++j) sum = sum + power[i * n + j];
      x.push_back(midpoint(sum));
    }
    Ball product;
    Ball length;
    Ball quotient;
    for (std::size_t i = 0; i < n; ++i) {
      Ball image;
      for (std::size_t j = 0; j < n; ++j) image = image + matrix[i * n + j] * x[j];
      product = product + x[i] * image;
      length = length + square(x[i]);
      quotient = larger(quotient, image / x[i]);
    }
    return {product / length, quotient};
  }
  // Of a symmetric matrix, divided by its trace: near the square, as exact numbers.
  static std::vector<Ball> squared(const std::vector<Ball>& matrix, std::size_t n) {
    Ball trace;
    for (std::size_t i = 0; i < n; ++i) trace = trace + matrix[i * n + i];
    std::vector<Ball> square;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        Ball sum;
        for (std::size_t k = 0; k < n; ++k) sum = sum + matrix[i * n + k] * matrix[k * n + j];
        square.push_back(midpoint(sum / (trace * trace)));
      }
    }
    return square;
  }
};

/// A parameter block where a layer uses it.
struct OracleBlock {
  Ball radius;
  int group = OracleGroup::own;
  int index = 0;  // in the order of evaluation
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

}  // namespace smoothbound::support
