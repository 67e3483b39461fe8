// How bounds of branches merge: sums, concatenations and bilinear maps, section 4 of
// docs/theory.md.
#pragma once

#include <span>
#include <vector>

#include "smoothbound/rules/value.hpp"

namespace smoothbound::rules {

/// N(x, y) >= |beta(x, y)|_A by norms of the two arguments: the smallest of several products.
struct BilinearBound {
  struct Product {
    Reading x, y;
  };
  PerLevel<std::vector<Product>> products;
};

/// z_1 + ... + z_k. Branches are values whose groups have the same label exactly where they are the
/// same blocks.
Value sum(std::span<const Value> branches);
/// (z_1; ...; z_k) along an axis. `within`: of each level, whether it takes the supremum along it.
Value concatenation(std::span<const Value> branches, const PerLevel<bool>& within);
/// beta(x, y), with |beta(x, y)|_A <= N(x, y).
Value bilinear(const Value& x, const Value& y, const BilinearBound& N);

/// All groups that are rests of branches become one again, the rest. `disjoint_entries`: they act
/// on different entries, as in a concatenation.
void join_rests(Value& value, bool disjoint_entries = false);

}  // namespace smoothbound::rules
