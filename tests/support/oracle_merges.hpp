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
  std::set<int> blocks;  // on which the layer depends, those of shared groups left out
};

namespace oracle {

inline OracleValue merge_paper(const PlainLayer& layer, const std::vector<OracleBranch>& inputs) {
  OracleTriple all = inputs.front().bounds.two.total();
  if (layer.merge == "matmul") {
    const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
    all = PaperNode::multiplied(scale, all, inputs[1].bounds.two.total());
    return OracleValue::of(all);
  }
  OracleTriple squares;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const OracleTriple z = inputs[i].bounds.two.total();
    squares = PaperNode::added(squares, {square(z.m), square(z.l), square(z.L)});
    if (i == 0) continue;
    all = layer.merge == "multiply" ? PaperNode::multiplied(1, all, z) : PaperNode::added(all, z);
  }
  if (layer.merge == "concat") {
    all = {square_root(squares.m), square_root(squares.l), square_root(squares.L)};
  }
  return OracleValue::of(all);
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
  for (const auto& [group, l] : z.two.l) {
    if (OracleGroup::is_rest_of_branch(group)) rests.push_back(group);
  }
  for (std::size_t i = 1; i < rests.size(); ++i) z.join(rests.front(), rests[i]);
  z.rename(rests.front(), OracleGroup::rest);
  z.lower();
  return z;
}

// A sum or a concatenation at one norm. `within`: that takes the supremum along the axis.
inline Grouped merged_by_groups(const std::vector<OracleValue>& branches,
                                Grouped OracleValue::*norm, bool is_sum, bool within) {
  const auto combine = [&](Ball& a, const Ball& b) {
    a = is_sum ? a + b : within ? larger(a, b) : square_root(square(a) + square(b));
  };
  Grouped all;
  for (const OracleValue& branch : branches) {
    const Grouped& z = branch.*norm;
    combine(all.m, z.m);
    for (const auto& [i, l] : z.l) combine(all.l[i], l);
    for (const auto& [pair, h] : z.H) combine(all.H[pair], h);
  }
  if (is_sum) return all;
  // Disjoint rests act on disjoint entries, where the larger slope counts and not their root.
  Ball largest;
  for (auto& [i, l] : all.l) {
    if (!OracleGroup::is_rest_of_branch(i)) continue;
    largest = larger(largest, l);
    l = 0;
  }
  const auto first = all.l.lower_bound(OracleGroup::rest_of_branch(0));
  if (first != all.l.end()) first->second = largest;
  return all;
}

// N(x, y) of two norms of each: Euclidean, maximum.
using Bilinear =
    std::function<Ball(const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8)>;

// Term by term of the product rule, with ||beta(x, y)|| <= two and its maximum norm <= max.
inline OracleValue multiplied(const OracleValue& x, const OracleValue& y, const Bilinear& two,
                              const Bilinear& max) {
  OracleValue product;
  std::set<int> groups;
  for (const OracleValue* factor : {&x, &y}) {
    for (const auto& [group, l] : factor->two.l) groups.insert(group);
  }
  for (const bool is_two : {true, false}) {
    const Bilinear& N = is_two ? two : max;
    Grouped& z = is_two ? product.two : product.max;
    z.m = N(x.two.m, x.max.m, y.two.m, y.max.m);
    const auto slopes = [&](int i, int j) {
      return N(x.two.l_of(i), x.max.l_of(i), y.two.l_of(j), y.max.l_of(j));
    };
    for (const int i : groups) {
      z.l[i] = N(x.two.l_of(i), x.max.l_of(i), y.two.m, y.max.m) +
               N(x.two.m, x.max.m, y.two.l_of(i), y.max.l_of(i));
      for (const int j : groups) {
        z.H[{i, j}] = N(x.two.H_of(i, j), x.max.H_of(i, j), y.two.m, y.max.m) +
                      N(x.two.m, x.max.m, y.two.H_of(i, j), y.max.H_of(i, j)) + slopes(i, j) +
                      slopes(j, i);
      }
    }
  }
  product.lower();
  return product;
}

inline OracleValue multiply_sharp(const std::vector<OracleBranch>& inputs,
                                  const std::vector<OracleValue>& branches) {
  OracleValue all = branches.front();
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
        all, branches[i],
        [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
          return smaller(x2 * y2, smaller(root_x * x2 * y8, x8 * (root_y * y2)));
        },
        [](const Ball&, const Ball& x8, const Ball&, const Ball& y8) { return x8 * y8; });
    shape = result;
  }
  return joined(all);
}

// ||A B|| <= ||A|| ||B|| in Frobenius norms, of one factor that of one matrix; an entry is a row
// times a column.
inline OracleValue matmul_sharp(const PlainLayer& layer, const std::vector<OracleBranch>& inputs,
                                const std::vector<OracleValue>& branches) {
  const PlainProduct sizes =
      plain_product(layer.transpose, inputs[0].shape, inputs[1].shape).value();
  const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
  const Ball root_inner = root(sizes.inner);
  const Ball root_first = root(sizes.rows * sizes.inner);
  const Ball root_second = root(sizes.inner * sizes.columns);
  return joined(multiplied(
      branches[0], branches[1],
      [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
        return scale *
               smaller(x2 * smaller(y2, root_second * y8), smaller(x2, root_first * x8) * y2);
      },
      [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
        return scale * (smaller(x2, root_inner * x8) * smaller(y2, root_inner * y8));
      }));
}

inline OracleValue merge(const PlainLayer& layer, const std::vector<OracleBranch>& inputs,
                         bool sharp) {
  if (!sharp) return merge_paper(layer, inputs);
  const std::vector<int> groups = groups_of(inputs);
  std::vector<OracleValue> branches;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    branches.push_back(named(inputs[i], groups[i]));
  }
  if (layer.merge == "multiply") return multiply_sharp(inputs, branches);
  if (layer.merge == "matmul") return matmul_sharp(layer, inputs, branches);
  const bool is_sum = layer.merge == "add";
  return joined({merged_by_groups(branches, &OracleValue::two, is_sum, false),
                 merged_by_groups(branches, &OracleValue::max, is_sum, !is_sum)});
}

}  // namespace oracle
}  // namespace smoothbound::support
