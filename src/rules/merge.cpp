#include "smoothbound/rules/merge.hpp"

#include <algorithm>

namespace smoothbound::rules {
namespace {

// The groups of all branches; a branch does not depend on those that it lacks.
Value with_groups_of(std::span<const Value> branches) {
  Value all(branches.front().level_count());
  for (const Value& branch : branches) {
    for (std::size_t i = 0; i < branch.groups(); ++i) all.find_or_add(branch.label(i));
  }
  return all;
}

Magnitude add(const Magnitude& a, const Magnitude& b) { return a + b; }
Magnitude larger(const Magnitude& a, const Magnitude& b) { return std::max(a, b); }

using Combine = Magnitude (*)(const Magnitude&, const Magnitude&);

// Each number of the branches combined with that of the others at the same place.
Value combine(std::span<const Value> branches, const PerLevel<Combine>& rule) {
  Value all = with_groups_of(branches);
  const auto take = [&](PerLevel<Magnitude>& into, const PerLevel<Magnitude>& from) {
    for (std::size_t level = 0; level < all.level_count(); ++level) {
      into[level] = rule[level](into[level], from[level]);
    }
  };
  for (const Value& branch : branches) {
    take(all.m, branch.m);
    for (std::size_t i = 0; i < branch.groups(); ++i) {
      const std::size_t to = all.find(branch.label(i));
      take(all.l(to), branch.l(i));
      for (std::size_t j = 0; j <= i; ++j) {
        take(all.H(to, all.find(branch.label(j))), branch.H(i, j));
      }
    }
  }
  return all;
}

}  // namespace

Value sum(std::span<const Value> branches) {
  PerLevel<Combine> rule;
  rule.fill(add);
  return combine(branches, rule);
}

Value concatenation(std::span<const Value> branches, const PerLevel<bool>& within) {
  PerLevel<Combine> rule;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    rule[level] = within[level] ? larger : hypotenuse;
  }
  return combine(branches, rule);
}

Value bilinear(const Value& x, const Value& y, const BilinearBound& bound) {
  const std::array pair{x, y};
  Value all = with_groups_of(pair);
  const std::size_t level_count = all.level_count();
  const PerLevel<Magnitude> zero{};
  // At which place a group of the result stands in a factor.
  const auto places_in = [&](const Value& factor) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < all.groups(); ++i) places.push_back(factor.find(all.label(i)));
    return places;
  };
  const std::vector<std::size_t> in_x = places_in(x);
  const std::vector<std::size_t> in_y = places_in(y);
  const auto l_of = [&](const Value& f, std::size_t i) -> const PerLevel<Magnitude>& {
    return i < f.groups() ? f.l(i) : zero;
  };
  const auto H_of = [&](const Value& f, std::size_t i, std::size_t j) -> const auto& {
    return i < f.groups() && j < f.groups() ? f.H(i, j) : zero;
  };
  for (std::size_t level = 0; level < level_count; ++level) {
    const auto N = [&](const PerLevel<Magnitude>& a, const PerLevel<Magnitude>& b) {
      Magnitude least = Magnitude::infinity();
      for (const BilinearBound::Product& product : bound.products[level]) {
        least = std::min(least, read(product.x, a, level_count) * read(product.y, b, level_count));
      }
      return least;
    };
    all.m[level] = N(x.m, y.m);
    for (std::size_t i = 0; i < all.groups(); ++i) {
      const PerLevel<Magnitude>& lx_i = l_of(x, in_x[i]);
      const PerLevel<Magnitude>& ly_i = l_of(y, in_y[i]);
      all.l(i)[level] = N(x.m, ly_i) + N(lx_i, y.m);
      for (std::size_t j = 0; j <= i; ++j) {
        const Magnitude cross = i == j ? scale(N(lx_i, ly_i), 1)
                                       : N(lx_i, l_of(y, in_y[j])) + N(l_of(x, in_x[j]), ly_i);
        all.H(i, j)[level] =
            N(x.m, H_of(y, in_y[i], in_y[j])) + N(H_of(x, in_x[i], in_x[j]), y.m) + cross;
      }
    }
  }
  return all;
}

void join_rests(Value& value, bool disjoint_entries) {
  std::size_t first = 0;
  while (first < value.groups() && !is_rest_of_branch(value.label(first))) ++first;
  if (first == value.groups()) return;
  for (std::size_t i = first + 1; i < value.groups();) {
    if (!is_rest_of_branch(value.label(i))) {
      ++i;
    } else if (disjoint_entries) {
      for (std::size_t level = 0; level < value.level_count(); ++level) {
        value.l(first)[level] = std::max(value.l(first)[level], value.l(i)[level]);
      }
      value.join_second_derivatives(first, i);
    } else {
      value.join(first, i);
    }
  }
  value.set_label(first, rest);
}

}  // namespace smoothbound::rules
