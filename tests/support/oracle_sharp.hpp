// The sharp rules of composition along a chain in ball arithmetic, slot by slot.
#pragma once

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "oracle_nodes.hpp"
#include "oracle_statements.hpp"

namespace smoothbound::support {

struct SharpNode {
  OracleValue z;
  OracleRefinements refinements;
  oracle::ActiveLevels active;
  std::int64_t samples = 1;

  /// With `counts` of what it gives, as below.
  void apply(const oracle::AffineStatements& statements, const OracleBlock& block,
             const oracle::Counts& counts) {
    z.close(active);
    const Route route = route_to(statements.passage, counts);
    OracleValue y = empty(route);
    y.l.try_emplace(block.group, y.zero());
    add_pairs(y);
    for (const Slot& slot : y.slots()) {
      if (statements[slot.level]) {
        apply(*statements[slot.level], block, route, slot, y);
      } else {
        forget(y, slot);
      }
    }
    y.singles = behind(statements, block, route, y);
    lower_T(route, y);
    y.relax(counts, active);
    z = y;
  }
  void apply(const oracle::MapStatements& maps, const oracle::Counts& counts) {
    const Route route = route_to(maps.passage, counts);
    Numbers lipschitz = z.zero(), smoothness = z.zero();
    for (const Slot& slot : z.slots()) {
      lipschitz[slot] = z.lipschitz(slot);
      smoothness[slot] = z.smoothness(slot);
    }
    OracleValue y = empty(route);
    add_pairs(y);
    for (const Slot& slot : y.slots()) {
      const auto& a = maps.at[oracle::without_centring(slot.level)];
      if (oracle::is_centred(slot.level)) {
        forget(y, slot);
        if (active.centred && maps.is_of_samples && a) {
          apply_centred(maps, *a, route, slot, lipschitz, smoothness, y);
        }
      } else if (a) {
        apply(maps, *a, route, slot, smoothness, y);
      } else {
        forget(y, slot);
      }
    }
    y.singles = behind(maps, route, y);
    lower_by_singles(maps, counts, smoothness, y);
    if (!maps.is_linear()) lower_T(route, y);
    y.relax(counts, active);
    z = y;
  }

 private:
  using Numbers = oracle::Numbers;
  using Slot = oracle::Slot;
  using Route = oracle::Route;
  using Reading = oracle::Reading;

  [[nodiscard]] Route route_to(const oracle::Passage& passage, const oracle::Counts& counts) const {
    return oracle::route_of(passage, z.positions, counts.positions,
                            refinements.maps && active.axes);
  }
  // With the groups of z.
  [[nodiscard]] OracleValue empty(const Route& route) const {
    OracleValue y(route.output);
    for (const auto& [i, l] : z.l) y.l[i] = y.zero();
    return y;
  }
  // Pairs of groups that had no mixed derivatives may get some.
  static void add_pairs(OracleValue& y) {
    for (const auto& [i, l] : y.l) {
      for (const auto& [j, of_j] : y.l) y.H.try_emplace({i, j}, y.zero());
    }
  }
  // T begins as what H says where blocks are groups of their own, or positions are told apart, and
  // else with a map by which it may be less.
  void lower_T(const Route& route, OracleValue& y) const {
    const bool tells_positions = route.kind != oracle::Passage::Kind::all &&
                                 (z.positions->differ() || y.positions->differ());
    const bool is_shared = std::any_of(y.l.begin(), y.l.end(), [](const auto& group) {
      return group.first != OracleGroup::rest && group.first != OracleGroup::own;
    });
    if (is_shared || tells_positions) y.lower_T();
  }
  static void forget(OracleValue& y, const Slot& slot) {
    y.m[slot] = y.T[slot] = y.S[slot] = Ball::infinity();
    for (auto& [i, l] : y.l) l[slot] = Ball::infinity();
    for (auto& [pair, h] : y.H) h[slot] = Ball::infinity();
  }
  [[nodiscard]] const Numbers& l_of(int i) const {
    static const Numbers none;
    const auto found = z.l.find(i);
    return found == z.l.end() ? none : found->second;
  }
  [[nodiscard]] const Numbers& H_of(const std::pair<int, int>& pair) const {
    static const Numbers none;
    const auto found = z.H.find(pair);
    return found == z.H.end() ? none : found->second;
  }

  static Ball slope_of(const OracleAffine& b, const Ball& R) {
    return b.on_different_entries ? larger(b.bilinear * R, b.input) : b.bilinear * R + b.input;
  }
  // Weights and bias are orthogonal, if these are what beta and beta^v read.
  static Ball by_block(const OracleAffine& b, const Ball& m) {
    return b.on_different_entries ? b.bilinear * m + b.parameters
                                  : hypotenuse_of(b.bilinear * m, b.parameters);
  }
  static Ball norm_behind(const OracleAffine& b, const Ball& R, const Ball& m) {
    return b.on_different_entries ? slope_of(b, R) * m + R * b.parameters + b.offset
                                  : R * by_block(b, m) + b.input * m + b.offset;
  }

  // b' = A z' + B, b'' = A z'' + beta(., z') + beta(z', .)
  void apply(const oracle::AffineStatement& b, const OracleBlock& block, const Route& route,
             const Slot& slot, OracleValue& y) const {
    const int v = block.group;
    const Ball m = b.reads.read(z.m, route, slot);
    const Ball A = slope_of(b, block.radius);
    const Ball B = by_block(b, m);
    y.m[slot] = norm_behind(b, block.radius, m);
    std::map<int, Ball> slopes;
    for (auto& [i, l] : y.l) {
      slopes[i] = b.reads.read(l_of(i), route, slot);
      l[slot] = A * slopes[i] + (i == v ? B : Ball());
    }
    for (auto& [pair, h] : y.H) {
      const auto [i, j] = pair;
      Ball sum = A * b.reads.read(H_of(pair), route, slot);
      if (j == v) sum = sum + b.bilinear * slopes[i];
      if (i == v) sum = sum + b.bilinear * slopes[j];
      h[slot] = sum;
    }
  }

  // Blocks one by one. What a scalar is without block k: the rules for m with the radius 0 for it,
  // or (radial: false) what biases behind it add.
  [[nodiscard]] std::optional<OracleSingles> behind(const oracle::AffineStatements& statements,
                                                    const OracleBlock& block, const Route& route,
                                                    const OracleValue& y) const {
    const bool is_own = block.group == OracleGroup::own;
    if (!z.singles || !statements.is_linear || !is_own) return std::nullopt;
    if (z.singles->size() + 1 > most_singles) return std::nullopt;
    const Ball& R = block.radius;
    OracleSingles singles;
    for (const OracleSingle& single : *z.singles) {
      OracleSingle next{single.block, single.radius, y.unknown(), y.unknown()};
      for (const Slot& slot : y.slots()) {
        if (!statements[slot.level]) continue;
        const oracle::AffineStatement& b = *statements[slot.level];
        const Ball o = b.reads.read(single.o, route, slot);
        next.l[slot] = slope_of(b, R) * b.reads.read(single.l, route, slot);
        next.o[slot] = refinements.radial ? norm_behind(b, R, o)
                                          : slope_of(b, R) * o + R * b.parameters + b.offset;
      }
      singles.push_back(next);
    }
    OracleSingle own{block.index, R, y.unknown(), y.unknown()};
    for (const Slot& slot : y.slots()) {
      if (!statements[slot.level]) continue;
      const oracle::AffineStatement& b = *statements[slot.level];
      const Ball m = b.reads.read(z.m, route, slot);
      own.l[slot] = by_block(b, m);
      own.o[slot] = norm_behind(b, 0, m);
    }
    singles.push_back(own);
    return singles;
  }

  [[nodiscard]] Ball slope_of(const oracle::MapStatements& maps, const OracleMap& a,
                              const Ball& m) const {
    const Ball slope = smaller(a.lipschitz, a.slope_at_zero + a.smoothness * m);
    return refinements.growth && maps.slope ? smaller(slope, maps.slope(m)) : slope;
  }
  // What stands for the entries of a group: at the maximum norm and those of matrices, what the
  // part reads stands for the level of its groups, too; an entry is no larger than its position.
  static Reading inner_of(const oracle::MapStatements& maps, const oracle::MapStatement& a,
                          std::size_t A) {
    if (A == oracle::of_entry || oracle::is_of_matrices(A)) return a.reads;
    const Reading inner = Reading::of(maps.inner);
    return maps.inner == oracle::of_entry ? inner.or_of(oracle::of_token) : inner;
  }
  // Bounds of what is read stand for m.
  [[nodiscard]] Ball norm_behind(const oracle::MapStatements& maps, const oracle::MapStatement& a,
                                 const Numbers& of, const Route& route, const Slot& slot) const {
    const Ball m = a.reads.read(of, route, slot);
    const Ball m_of_taylor =
        refinements.growth ? smaller(m, inner_of(maps, a, slot.level).read(of)) : m;
    const Ball least =
        smaller(smaller(a.bound, a.at_zero + a.lipschitz * m),
                a.at_zero + (a.slope_at_zero + a.smoothness / Ball(2) * m_of_taylor) * m);
    if (!refinements.growth || !maps.growth) return least;
    return smaller(least, maps.growth(slot.level, m));
  }

  void apply(const oracle::MapStatements& maps, const oracle::MapStatement& a, const Route& route,
             const Slot& slot, const Numbers& smoothness, OracleValue& y) const {
    const Reading inner = inner_of(maps, a, slot.level);
    const auto read = [&](const Numbers& x) { return a.reads.read(x, route, slot); };
    const auto read_inner = [&](const Numbers& x) { return inner.read(x, route, slot); };
    // Of all positions at once.
    const Ball slope = slope_of(maps, a, inner.read(z.m));
    y.m[slot] = norm_behind(maps, a, z.m, route, slot);

    const Ball joint = refinements.joint ? maps.joint : Ball::infinity();
    const auto second = [&](const Ball& h, const Ball& E, const Ball& curvature) {
      const Ball sum = slope * h + curvature * E;
      return joint.is_infinite() ? sum : smaller(sum, hypotenuse_of(a.lipschitz * h, joint * E));
    };
    std::map<int, std::pair<Ball, Ball>> slopes;  // and those of the entries of a group
    Ball l, l_inner;
    for (auto& [i, l_i] : y.l) {
      const auto& [outer, of_entries] = slopes[i] = {read(l_of(i)), read_inner(l_of(i))};
      l_i[slot] = slope * outer;
      l = hypotenuse_of(l, outer);
      l_inner = hypotenuse_of(l_inner, of_entries);
    }
    for (auto& [pair, h] : y.H) {
      const auto& [l_i, inner_i] = slopes[pair.first];
      const auto& [l_j, inner_j] = slopes[pair.second];
      const bool is_one_group = pair.first == pair.second;
      h[slot] = second(read(H_of(pair)), smaller(l_i * inner_j, inner_i * l_j),
                       is_one_group ? a.smoothness : a.of_pairs.value_or(a.smoothness));
    }
    y.S[slot] = slope * read(z.S);
    const Ball T = read(z.T);
    const bool is_unknown = T.is_infinite() && (joint.is_infinite() || a.smoothness.is_zero());
    const Ball form = a.reads.only() && !a.smoothness.is_zero() ? read(smoothness) : T;
    const Ball E = smaller(l, read(z.S)) * smaller(l_inner, read_inner(z.S));
    y.T[slot] = is_unknown ? T : second(form, E, a.smoothness);
  }

  // Without the mean over samples. A map of one sample brings several not further apart than its
  // slope times as far. With z' = mu + c', mu the mean, f'(z) z' is f'(z) c' and mu times f'(z),
  // which is not further from its mean than L times z; likewise f'(z) z'' and f''(z) z' z'.
  void apply_centred(const oracle::MapStatements& maps, const oracle::MapStatement& a,
                     const Route& route, const Slot& slot, const Numbers& lipschitz,
                     const Numbers& smoothness, OracleValue& y) const {
    const Reading reading = a.reads.centred();
    const auto read = [&](const Numbers& x) { return reading.read(x, route, slot); };
    const Ball slope = a.smoothness.is_zero()
                           ? a.lipschitz
                           : slope_of(maps, a, inner_of(maps, a, slot.level).read(z.m));
    const Ball m = read(z.m);
    y.m[slot] = smaller(a.bound, slope * m);
    const Ball& L = a.smoothness;
    if (L.is_zero()) {
      for (auto& [i, l] : y.l) l[slot] = slope * read(l_of(i));
      for (auto& [pair, h] : y.H) h[slot] = slope * read(H_of(pair));
      y.T[slot] = slope * read(z.T);
      y.S[slot] = slope * read(z.S);
    }
    if (L.is_zero() || maps.inner != oracle::of_entry) return;
    // Of a mean over samples, entry by entry: at the position, or at any.
    const auto mean = [&](const Numbers& of) {
      Ball largest;
      for (std::size_t k = 0; k < z.positions->size(); ++k) {
        if (oracle::is_by_position(slot.level) && route.kind == oracle::Passage::Kind::same &&
            k != slot.kind) {
          continue;
        }
        const Ball of_samples = of.of(oracle::of_position, k) / oracle::root(samples);
        largest = larger(largest, smaller(of.of(oracle::of_token, k), of_samples));
      }
      return largest;
    };
    const Reading fine = Reading::of(oracle::centred_of_position);
    const auto read_fine = [&](const Numbers& x) { return fine.read(x, route, slot); };
    struct OfGroup {
      Ball all, fine, mean;
    };
    std::map<int, OfGroup> slopes;
    for (auto& [i, l] : y.l) {
      const OfGroup& of = slopes[i] = {read(l_of(i)), read_fine(l_of(i)), mean(l_of(i))};
      l[slot] = slope * of.all + L * (of.mean * m);
    }
    for (auto& [pair, h] : y.H) {
      const OfGroup& i = slopes[pair.first];
      const OfGroup& j = slopes[pair.second];
      const Ball both_centred = smaller(i.all * j.fine, i.fine * j.all);
      const Ball of_second = L * (both_centred + i.all * j.mean + i.mean * j.all);
      const Ball of_means = maps.third * (i.mean * j.mean) + L * mean(H_of(pair));
      h[slot] = slope * read(H_of(pair)) + of_second + of_means * m;
    }
    const OfGroup all{read(lipschitz), read_fine(lipschitz), mean(lipschitz)};
    const Ball twice = all.mean * all.all + all.mean * all.all;
    y.S[slot] = slope * all.all + L * (all.mean * m);
    y.T[slot] = slope * read(smoothness) + L * (all.all * all.fine + twice) +
                (maps.third * square(all.mean) + L * mean(smoothness)) * m;
  }

  [[nodiscard]] std::optional<OracleSingles> behind(const oracle::MapStatements& maps,
                                                    const Route& route,
                                                    const OracleValue& y) const {
    const bool is_linear = maps.is_linear();
    const oracle::Unsaturated& f = maps.unsaturated;
    if (!z.singles || (!is_linear && f.kind != oracle::Unsaturated::Kind::softplus)) {
      return std::nullopt;
    }
    OracleSingles singles;
    for (const OracleSingle& single : *z.singles) {
      OracleSingle next{single.block, single.radius, y.unknown(), y.unknown()};
      for (const Slot& slot : y.slots()) {
        if (oracle::is_centred(slot.level) || !maps.at[slot.level]) continue;
        const oracle::MapStatement& a = *maps.at[slot.level];
        const Ball slope = slope_of(maps, a, inner_of(maps, a, slot.level).read(z.m));
        next.l[slot] = slope * a.reads.read(single.l, route, slot);
        // |f(0)| is share log(2)/scale sqrt(n), which is what a tangent of f has at 0 at most.
        next.o[slot] = refinements.radial
                           ? norm_behind(maps, a, single.o, route, slot)
                           : a.lipschitz * a.reads.read(single.o, route, slot) + a.at_zero;
      }
      singles.push_back(next);
    }
    return singles;
  }

  void lower_by_singles(const oracle::MapStatements& maps, const oracle::Counts& counts,
                        const Numbers& smoothness, OracleValue& y) const {
    using oracle::root;
    const oracle::Unsaturated& f = maps.unsaturated;
    if (!z.singles || f.kind == oracle::Unsaturated::Kind::none) return;
    const std::size_t finest = active.axes ? f.inner : oracle::of_batch;
    const auto lower = [](Ball& x, const Ball& to) { x = smaller(x, to); };
    for (const Slot& slot : y.slots()) {
      const std::size_t level = slot.level;
      if (level != finest && !(refinements.radial && level == oracle::of_batch)) continue;
      const oracle::MapStatement& a = maps.at[level].value();
      const Ball slope = slope_of(maps, a, inner_of(maps, a, level).read(z.m));
      const auto E = [&](const Ball& scalar) {
        return oracle::largest_sum_of_squares(*z.singles, z.m, slot, scalar);
      };
      const Ball L = smoothness.at(slot);
      const std::int64_t n = counts.outside(level);
      if (f.kind == oracle::Unsaturated::Kind::softplus) {
        const Ball scalar = root(Ball(4) * oracle::softplus_moment() * root(n)) / f.scale;
        lower(y.T[slot], slope * L + f.share * (f.scale / Ball(4)) * E(scalar));
        if (maps.joint.is_infinite() || !refinements.joint) continue;
        const Ball c = maps.joint / f.scale;
        const Ball of_joint = root(oracle::joint_moment() / c * root(n)) / f.scale;
        lower(y.T[slot], hypotenuse_of(L, maps.joint * E(of_joint)));
        continue;
      }
      const Ball of_entries = Ball(2) * oracle::one_over_e() * root(f.entries);
      const Ball of_third =
          root((Ball(1) + root(f.entries)) * z.m.at(slot) * of_entries / a.smoothness);
      lower(y.T[slot], slope * L + a.smoothness * E(of_third));
      const std::int64_t groups = n / f.entries;
      const Ball of_slope =
          Ball(4) * oracle::one_over_e() * root(oracle::ratio(f.entries * groups, 2));
      lower(y.S[slot], root(E(of_slope)) / Ball(2));
    }
  }
};

}  // namespace smoothbound::support
