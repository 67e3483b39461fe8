// How bounds of branches merge: sums, concatenations and bilinear maps, section 4 of
// docs/theory.md.
#pragma once

#include <functional>
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
  Extents extents{};  // of the product
};

/// z_1 + ... + z_k. Branches are values whose groups have the same label exactly where they are the
/// same blocks; rests of branches become one group, as in all merges.
Value sum(std::span<const Value> branches);
/// (z_1; ...; z_k) along an axis. `within`: of each level, whether it takes the supremum along it.
Value concatenation(std::span<const Value> branches, const PerLevel<bool>& within);
/// beta(x, y), with |beta(x, y)|_A <= N(x, y), the bound: the groups of both, rests apart.
Value bilinear(const Value& x, const Value& y, const BilinearBound& bound);
/// beta_k(... beta_2(z_1, z_2) ..., z_k): `bound(i)` is that of the product with factor i > 0.
Value product(std::span<const Value> factors,
              const std::function<BilinearBound(std::size_t factor)>& bound);
/// All groups that are rests of branches become one, the rest.
void join_rests(Value& value);

}  // namespace smoothbound::rules
