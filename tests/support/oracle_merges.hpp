// The rules of merges in ball arithmetic: branches that share parameters are found by comparing
// sets of them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
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
  std::set<int> blocks;  // of parameters on which the layer depends
};

namespace oracle {

inline OracleValue merge_paper(const PlainLayer& layer, const std::vector<OracleBranch>& inputs) {
  OracleTriple all = inputs.front().bounds.two;
  if (layer.merge == "matmul") {
    const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
    all = PaperNode::multiplied(scale, all, inputs[1].bounds.two);
    return {all, all};
  }
  OracleTriple squares;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const OracleTriple& z = inputs[i].bounds.two;
    squares = PaperNode::added(squares, {square(z.m), square(z.l), square(z.L)});
    if (i == 0) continue;
    all = layer.merge == "multiply" ? PaperNode::multiplied(1, all, z) : PaperNode::added(all, z);
  }
  if (layer.merge == "concat") {
    all = {square_root(squares.m), square_root(squares.l), square_root(squares.L)};
  }
  return {all, all};
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

// A sum or a concatenation at one norm. `within`: that takes the supremum over the channels.
inline OracleTriple merge_by_groups(const std::vector<OracleValue>& branches,
                                    const std::vector<int>& groups, OracleTriple OracleValue::*norm,
                                    bool is_sum, bool within) {
  const auto combined = [&](const Ball& a, const Ball& b) {
    if (is_sum) return a + b;
    return within ? larger(a, b) : square_root(square(a) + square(b));
  };
  Ball m;
  std::map<int, OracleTriple> of_group;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const OracleTriple& z = branches[i].*norm;
    m = combined(m, z.m);
    OracleTriple& group = of_group[groups[i]];
    group.l = combined(group.l, z.l);
    group.L = combined(group.L, z.L);
  }
  OracleTriple all{m, 0, 0};
  for (const auto& [name, group] : of_group) {
    all.l = is_sum ? square_root(square(all.l) + square(group.l)) : larger(all.l, group.l);
    all.L = larger(all.L, group.L);
  }
  return all;
}

// Bounds of a value by groups, at one norm.
struct Grouped {
  Ball m;
  std::map<int, Ball> l;
  std::map<std::pair<int, int>, Ball> H;  // both orders
};
struct GroupedPair {
  Grouped two, max;
};

inline Grouped grouped(const OracleTriple& z, int group) {
  return {z.m, {{group, z.l}}, {{{group, group}, z.L}}};
}

// N(x, y) of two norms of each: Euclidean, maximum.
using Bilinear =
    std::function<Ball(const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8)>;

// Term by term of the product rule, with ||beta(x, y)|| <= two and its maximum norm <= max.
inline GroupedPair multiplied(const GroupedPair& x, const GroupedPair& y, const Bilinear& two,
                              const Bilinear& max) {
  const auto at = [](const auto& numbers, const auto& key) {
    const auto found = numbers.find(key);
    return found == numbers.end() ? Ball() : found->second;
  };
  GroupedPair product;
  for (const bool is_two : {true, false}) {
    const Bilinear& N = is_two ? two : max;
    Grouped& z = is_two ? product.two : product.max;
    z.m = N(x.two.m, x.max.m, y.two.m, y.max.m);
    std::set<int> groups;
    for (const auto& [group, l] : x.two.l) groups.insert(group);
    for (const auto& [group, l] : y.two.l) groups.insert(group);
    const auto first = [&](const Grouped& f, int i) { return at(f.l, i); };
    for (const int i : groups) {
      z.l[i] = N(first(x.two, i), first(x.max, i), y.two.m, y.max.m) +
               N(x.two.m, x.max.m, first(y.two, i), first(y.max, i));
      for (const int j : groups) {
        const std::pair pair(i, j);
        z.H[pair] = N(at(x.two.H, pair), at(x.max.H, pair), y.two.m, y.max.m) +
                    N(x.two.m, x.max.m, at(y.two.H, pair), at(y.max.H, pair)) +
                    N(first(x.two, i), first(x.max, i), first(y.two, j), first(y.max, j)) +
                    N(first(x.two, j), first(x.max, j), first(y.two, i), first(y.max, i));
      }
    }
  }
  // The maximum norm is the smaller one.
  product.max.m = smaller(product.max.m, product.two.m);
  for (auto& [group, l] : product.max.l) l = smaller(l, product.two.l[group]);
  for (auto& [pair, h] : product.max.H) h = smaller(h, product.two.H[pair]);
  return product;
}

// The groups become one, one after the other in the order of their first branches.
inline OracleTriple joined(Grouped z) {
  while (z.l.size() > 1) {
    const int a = z.l.begin()->first;
    const int b = std::next(z.l.begin())->first;
    z.H[{a, a}] = largest_eigenvalue(z.H[{a, a}], z.H[{a, b}], z.H[{b, b}]);
    z.l[a] = square_root(square(z.l[a]) + square(z.l[b]));
    for (const auto& [c, l] : z.l) {
      if (c == a || c == b) continue;
      z.H[{a, c}] = z.H[{c, a}] = square_root(square(z.H[{a, c}]) + square(z.H[{b, c}]));
    }
    z.l.erase(b);
  }
  const int last = z.l.begin()->first;
  return {z.m, z.l[last], z.H[{last, last}]};
}

inline OracleValue multiply_sharp(const std::vector<OracleBranch>& inputs,
                                  const std::vector<int>& groups) {
  const auto factor = [&](std::size_t i) {
    const OracleValue& z = inputs[i].bounds;
    return GroupedPair{grouped(z.two, groups[i]), grouped(z.max, groups[i])};
  };
  GroupedPair all = factor(0);
  Sizes shape = inputs.front().shape;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Sizes result = plain_broadcast(shape, inputs[i].shape).value();
    const auto root_of_repeats = [&](const Sizes& part) {
      return root(product_of(result) / product_of(part));
    };
    const Ball root_x = root_of_repeats(shape);
    const Ball root_y = root_of_repeats(inputs[i].shape);
    // Factors that have been repeated, which takes the roots of their repeats, or as they were.
    all = multiplied(
        all, factor(i),
        [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
          return smaller(x2 * y2, smaller(root_x * x2 * y8, x8 * (root_y * y2)));
        },
        [](const Ball&, const Ball& x8, const Ball&, const Ball& y8) { return x8 * y8; });
    shape = result;
  }
  return SharpNode::lowered(joined(all.two), joined(all.max));
}

// ||A B|| <= ||A|| ||B|| in Frobenius norms, of one factor that of one matrix; an entry is a row
// times a column.
inline OracleValue matmul_sharp(const PlainLayer& layer, const std::vector<OracleBranch>& inputs,
                                const std::vector<int>& groups) {
  const PlainProduct sizes =
      plain_product(layer.transpose, inputs[0].shape, inputs[1].shape).value();
  const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
  const Ball root_inner = root(sizes.inner);
  const Ball root_first = root(sizes.rows * sizes.inner);
  const Ball root_second = root(sizes.inner * sizes.columns);
  const auto factor = [&](std::size_t i) {
    const OracleValue& z = inputs[i].bounds;
    return GroupedPair{grouped(z.two, groups[i]), grouped(z.max, groups[i])};
  };
  const GroupedPair product = multiplied(
      factor(0), factor(1),
      [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
        return scale *
               smaller(x2 * smaller(y2, root_second * y8), smaller(x2, root_first * x8) * y2);
      },
      [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
        return scale * (smaller(x2, root_inner * x8) * smaller(y2, root_inner * y8));
      });
  return SharpNode::lowered(joined(product.two), joined(product.max));
}

inline OracleValue merge(const PlainLayer& layer, const std::vector<OracleBranch>& inputs,
                         bool sharp) {
  if (!sharp) return merge_paper(layer, inputs);
  const std::vector<int> groups = groups_of(inputs);
  std::vector<OracleValue> branches;
  for (const OracleBranch& input : inputs) branches.push_back(input.bounds);
  if (layer.merge == "multiply") return multiply_sharp(inputs, groups);
  if (layer.merge == "matmul") return matmul_sharp(layer, inputs, groups);
  const bool is_sum = layer.merge == "add";
  const auto both = [&](OracleTriple OracleValue::*norm, bool within) {
    return merge_by_groups(branches, groups, norm, is_sum, within);
  };
  return SharpNode::lowered(both(&OracleValue::two, false), both(&OracleValue::max, !is_sum));
}

}  // namespace oracle
}  // namespace smoothbound::support
