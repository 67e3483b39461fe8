// The rules of merges in ball arithmetic: branches that share parameters are found by comparing
// sets of them.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "oracle_nodes.hpp"

namespace smoothbound::support {

/// A layer that has been evaluated, or is to be.
struct OracleBranch {
  bool is_done = false;
  OracleValue bounds;
  Sizes shape;
  std::set<int> blocks;  // on which the layer depends, those of shared groups left out
};

namespace oracle {

inline OracleTriple merge_paper(const PlainLayer& layer, const std::vector<OracleBranch>& inputs) {
  OracleTriple all = inputs.front().bounds.total();
  if (layer.merge == "matmul") {
    const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
    all = PaperNode::multiplied(scale, all, inputs[1].bounds.total());
    return all;
  }
  OracleTriple squares;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const OracleTriple z = inputs[i].bounds.total();
    squares = PaperNode::added(squares, {square(z.m), square(z.l), square(z.L)});
    if (i == 0) continue;
    all = layer.merge == "multiply" ? PaperNode::multiplied(1, all, z) : PaperNode::added(all, z);
  }
  if (layer.merge == "concat") {
    all = {square_root(squares.m), square_root(squares.l), square_root(squares.L)};
  }
  return all;
}

// Of each branch the first one of its group, in which a chain of branches shares parameters.
inline std::vector<int> groups_of(const std::vector<OracleBranch>& inputs) {
  std::vector<int> groups(inputs.size());
  std::vector<std::set<int>> blocks;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    groups[i] = static_cast<int>(i);
    blocks.push_back(inputs[i].blocks);
  }
  const auto share = [](const std::set<int>& a, const std::set<int>& b) {
    return std::any_of(a.begin(), a.end(), [&](int block) { return b.count(block) > 0; });
  };
  for (bool changes = true; changes;) {
    changes = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (groups[i] == groups[j] || !share(blocks[i], blocks[j])) continue;
        const int from = std::max(groups[i], groups[j]);
        const int to = std::min(groups[i], groups[j]);
        std::replace(groups.begin(), groups.end(), from, to);
        changes = true;
      }
    }
  }
  return groups;
}

// A branch whose rest is called by its group.
inline OracleValue named(const OracleBranch& input, int group) {
  OracleValue z = input.bounds;
  z.rename(OracleGroup::rest, OracleGroup::rest_of_branch(group));
  return z;
}

// The rests of all branches become one, one after the other in the order of their first branches.
inline OracleValue joined(OracleValue z) {
  std::vector<int> rests;
  for (const auto& [group, l] : z.l) {
    if (OracleGroup::is_rest_of_branch(group)) rests.push_back(group);
  }
  for (std::size_t i = 1; i < rests.size(); ++i) z.join(rests.front(), rests[i]);
  z.rename(rests.front(), OracleGroup::rest);
  return z;
}

using Combine = std::function<void(Ball& a, const Ball& b)>;
inline void add_to(Ball& a, const Ball& b) { a = a + b; }
inline void stack_on(Ball& a, const Ball& b) { a = hypotenuse_of(a, b); }
inline void raise_to(Ball& a, const Ball& b) { a = larger(a, b); }

using Combinations = std::array<Combine, level_count>;

// Blocks of all branches. A branch without a block has no gradient by it, and is what it is without
// it.
inline std::optional<OracleSingles> combined_singles(const std::vector<OracleValue>& branches,
                                                     const Combinations& combine) {
  std::map<int, OracleSingle> all;
  for (const OracleValue& branch : branches) {
    if (!branch.singles) return std::nullopt;
    for (const OracleSingle& single : *branch.singles) {
      all.try_emplace(single.block,
                      OracleSingle{single.block, single.radius, branch.zero(), branch.zero()});
    }
  }
  if (all.size() > most_singles) return std::nullopt;
  OracleSingles singles;
  for (auto& [block, sum] : all) {
    for (const OracleValue& branch : branches) {
      const auto found =
          std::find_if(branch.singles->begin(), branch.singles->end(),
                       [&, index = block](const auto& single) { return single.block == index; });
      const bool is_there = found != branch.singles->end();
      for (const Slot& slot : branch.slots()) {
        const Combine& combine_at = combine[slot.level];
        if (is_there) combine_at(sum.l[slot], found->l.at(slot));
        combine_at(sum.o[slot], (is_there ? found->o : branch.m).at(slot));
      }
    }
    singles.push_back(sum);
  }
  return singles;
}

// Numbers of the same kind of all branches, slot by slot; their positions are the same.
inline OracleValue combined(const std::vector<OracleValue>& branches, const Combinations& combine) {
  OracleValue all(branches.front().positions);
  all.T = all.S = all.zero();
  const auto add = [&](Numbers& sum, const Numbers& number) {
    if (!sum.is_given()) sum = all.zero();
    for (const Slot& slot : all.slots()) combine[slot.level](sum[slot], number.at(slot));
  };
  for (const OracleValue& branch : branches) {
    add(all.m, branch.m);
    add(all.T, branch.T);
    add(all.S, branch.S);
    for (const auto& [i, l] : branch.l) add(all.l[i], l);
    for (const auto& [pair, h] : branch.H) add(all.H[pair], h);
  }
  all.singles = combined_singles(branches, combine);
  return all;
}

// With positions that all of them tell apart.
inline std::vector<OracleValue> on_common_positions(const std::vector<OracleValue>& branches) {
  std::vector<SharedPositions> positions;
  for (const OracleValue& branch : branches) positions.push_back(branch.positions);
  std::vector<std::size_t> first;
  const bool are_single =
      std::all_of(positions.begin(), positions.end(), [](const auto& p) { return p->size() == 1; });
  if (are_single) return branches;
  const SharedPositions together = common(positions, first);
  std::vector<OracleValue> refined;
  for (const OracleValue& branch : branches) refined.push_back(branch.on(together, first));
  return refined;
}
inline std::vector<OracleValue> without_positions(const std::vector<OracleValue>& branches,
                                                  std::int64_t count) {
  std::vector<OracleValue> all;
  for (const OracleValue& branch : branches) all.push_back(branch.without_positions(count));
  return all;
}

inline OracleValue add_sharp(const std::vector<OracleValue>& branches) {
  Combinations combine;
  combine.fill(add_to);
  return joined(combined(on_common_positions(branches), combine));
}

inline OracleValue concat_sharp(std::size_t axis, const std::vector<OracleValue>& branches,
                                std::int64_t positions) {
  Combinations combine;
  for (std::size_t A = 0; A < level_count; ++A) {
    const bool takes_supremum = A == of_entry || (axis > 0 && has_positions(A));
    combine[A] = takes_supremum ? raise_to : stack_on;
  }
  OracleValue all = combined(
      axis == 0 ? on_common_positions(branches) : without_positions(branches, positions), combine);
  // Disjoint rests act on disjoint entries, where the larger slope counts and not their root.
  Numbers largest = all.zero();
  for (auto& [i, l] : all.l) {
    if (!OracleGroup::is_rest_of_branch(i)) continue;
    for (const Slot& slot : all.slots()) {
      raise_to(largest[slot], l.at(slot));
      l[slot] = 0;
    }
  }
  const auto first = all.l.lower_bound(OracleGroup::rest_of_branch(0));
  if (first != all.l.end()) first->second = largest;
  all = joined(all);
  // Columns of sums are not known to be those of squares.
  all.for_each([](Numbers& numbers) {
    if (numbers.is_given()) numbers.at(of_columns) = Ball::infinity();
  });
  return all;
}

// A bound on a product at a level, from numbers of both factors at all levels.
using Bilinear = std::function<Ball(std::size_t A, const Levels& x, const Levels& y)>;

// Term by term of the product rule, for all positions alike.
inline OracleValue multiplied(const OracleValue& x, const OracleValue& y, const Bilinear& N,
                              std::int64_t positions) {
  OracleValue product(alike(positions));
  std::set<int> groups;
  for (const OracleValue* factor : {&x, &y}) {
    for (const auto& [group, l] : factor->l) groups.insert(group);
  }
  const auto times = [&](const Numbers& u, const Numbers& v) {
    const Levels of_u = u.largest(), of_v = v.largest();
    Levels all = all_of(Ball::infinity());  // where no more is known
    for (std::size_t A = 0; A < level_count; ++A) {
      if (!is_centred(A)) all[A] = N(A, of_u, of_v);
    }
    return all;
  };
  const auto sum = [&](std::initializer_list<Levels> terms) {
    Levels all;
    for (const Levels& term : terms) {
      for (std::size_t A = 0; A < level_count; ++A) all[A] = all[A] + term[A];
    }
    return Numbers::of(all, *product.positions);
  };
  product.m = sum({times(x.m, y.m)});
  for (const int i : groups) {
    const Numbers x_i = x.l_of(i), y_i = y.l_of(i);
    product.l[i] = sum({times(x_i, y.m), times(x.m, y_i)});
    for (const int j : groups) {
      product.H[{i, j}] = sum({times(x.H_of(i, j), y.m), times(x.m, y.H_of(i, j)),
                               times(x_i, y.l_of(j)), times(x.l_of(j), y_i)});
    }
  }
  return product;
}

inline OracleValue multiply_sharp(const std::vector<OracleBranch>& inputs,
                                  const std::vector<OracleValue>& branches, std::int64_t batch,
                                  const ActiveLevels& active) {
  OracleValue all = branches.front();
  Sizes shape = inputs.front().shape;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Sizes result = plain_broadcast(shape, inputs[i].shape).value();
    const auto root_of_repeats = [&](const Sizes& part, std::size_t A) {
      const Counts before = Counts::of(part, batch);
      return root(ratio(Counts::of(result, batch).outside(A), before.outside(A)));
    };
    // Factors that have been repeated, which takes the roots of their repeats, or as they were.
    const auto bound = [&](std::size_t A, const Levels& x, const Levels& y) {
      if (is_of_matrices(A)) return Ball::infinity();
      const Ball by_entries = smaller(root_of_repeats(shape, A) * x[A] * y[of_entry],
                                      x[of_entry] * (root_of_repeats(inputs[i].shape, A) * y[A]));
      return smaller(x[A] * y[A], by_entries);
    };
    all = multiplied(all, branches[i], bound, positions_of(result));
    shape = result;
    all.relax(Counts::of(shape, batch), active);
  }
  return joined(all);
}

// ||A B|| <= ||A|| ||B|| in Frobenius norms, of one factor that of one matrix; an entry is a row
// times a column.
inline OracleValue matmul_sharp(const PlainLayer& layer, const std::vector<OracleBranch>& inputs,
                                const std::vector<OracleValue>& branches, const Counts& counts,
                                const ActiveLevels& active) {
  const PlainProduct sizes =
      plain_product(layer.transpose, inputs[0].shape, inputs[1].shape).value();
  const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
  const auto matrix = [](const Levels& z, std::int64_t entries) {
    return smaller(z[of_sample], root(entries) * z[of_entry]);
  };
  const auto bound = [&](std::size_t A, const Levels& x, const Levels& y) {
    if (A == of_position || A == of_token || A == of_columns) return Ball::infinity();
    // Rows times columns as they are kept, or columns times columns.
    const bool turns_none = layer.transpose.empty() || layer.transpose == "none";
    if (A == of_rows) return turns_none ? scale * x[A] * y[of_columns] : Ball::infinity();
    if (A == of_entry) {
      const Ball entry = scale * (matrix(x, sizes.inner) * matrix(y, sizes.inner));
      if (turns_none) return smaller(entry, scale * x[of_entry] * y[of_columns]);
      return layer.transpose == "first" ? smaller(entry, scale * x[of_rows] * y[of_rows]) : entry;
    }
    const Ball one_x = matrix(x, sizes.rows * sizes.inner);
    const Ball one_y = matrix(y, sizes.inner * sizes.columns);
    return scale * smaller(x[A] * one_y, one_x * y[A]);
  };
  OracleValue product = multiplied(branches[0], branches[1], bound, counts.positions);
  product.relax(counts, active);
  return joined(product);
}

inline OracleValue merge(const PlainLayer& layer, const std::vector<OracleBranch>& inputs,
                         std::int64_t batch, const ActiveLevels& active) {
  const std::vector<int> groups = groups_of(inputs);
  std::vector<OracleValue> branches;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    branches.push_back(named(inputs[i], groups[i]));
  }
  if (layer.merge == "multiply") return multiply_sharp(inputs, branches, batch, active);
  std::vector<Sizes> shapes;
  for (const OracleBranch& input : inputs) shapes.push_back(input.shape);
  const Sizes shape = merged_shape(layer, shapes);
  if (layer.merge == "matmul") {
    return matmul_sharp(layer, inputs, branches, Counts::of(shape, batch), active);
  }
  if (layer.merge == "add") return add_sharp(branches);
  return concat_sharp(layer.axis, branches, positions_of(shape));
}

}  // namespace oracle
}  // namespace smoothbound::support
