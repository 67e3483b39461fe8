#include "smoothbound/rules/merge.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <vector>

namespace smoothbound::rules {
namespace {

// The groups of all branches; a branch does not depend on those that it lacks.
Value with_groups_of(std::span<const Value> branches) {
  Value all(branches.front().level_set());
  for (const Value& branch : branches) {
    for (std::size_t i = 0; i < branch.groups(); ++i) all.find_or_add(branch.label(i));
  }
  return all;
}

Magnitude add(const Magnitude& a, const Magnitude& b) { return a + b; }
Magnitude larger(const Magnitude& a, const Magnitude& b) { return std::max(a, b); }

// Of one group of rests: its derivatives, and its mixed ones with groups that are no rests.
struct RestGroup {
  PerLevel<Magnitude> l;
  PerLevel<Magnitude> H;
  std::vector<PerLevel<Magnitude>> mixed;  // by group of the whole
};

// Sums, and concatenations: linear in the branches, so that the numbers of a group are made out of
// those of the branches at the same place. Rests of branches are groups of the same label or of
// disjoint parameters, without mixed derivatives between them; there may be many, and they become
// one, as `Value::join` has it.
class Combination {
 public:
  using Rule = Magnitude (*)(const Magnitude&, const Magnitude&);

  Combination(std::span<const Value> branches, const PerLevel<Rule>& rule, bool disjoint_entries)
      : all_(branches.front().level_set()), rule_(rule), disjoint_entries_(disjoint_entries) {
    for (const Value& branch : branches) {
      for (std::size_t i = 0; i < branch.groups(); ++i) {
        if (!is_rest_of_branch(branch.label(i))) all_.find_or_add(branch.label(i));
      }
    }
    for (const Value& branch : branches) add(branch);
    // Along one direction branches on disjoint parameters are a case of "largest": |d|^2 is the sum
    // of its parts.
    const bool are_disjoint = rests_.size() == branches.size() && all_.groups() == 0;
    all_.T.fill({});
    all_.S.fill({});
    for (std::size_t level = 0; level < levels.size(); ++level) {
      for (const Value& branch : branches) {
        Magnitude& T = all_.T[level];
        T = are_disjoint ? std::max(T, branch.T[level]) : rule_[level](T, branch.T[level]);
        // Of first derivatives of a sum of disjoint branches this holds for their squares.
        Magnitude& S = all_.S[level];
        S = !are_disjoint       ? rule_[level](S, branch.S[level])
            : disjoint_entries_ ? std::max(S, branch.S[level])
                                : hypotenuse(S, branch.S[level]);
      }
    }
    add_blocks(branches);
  }

  Value result() {
    for (const std::uint32_t group : order_) join(rests_.at(group));
    return std::move(all_);
  }

 private:
  void take(PerLevel<Magnitude>& into, const PerLevel<Magnitude>& from) const {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      into[level] = rule_[level](into[level], from[level]);
    }
  }

  void add(const Value& branch) {
    take(all_.m, branch.m);
    for (std::size_t i = 0; i < branch.groups(); ++i) {
      if (is_rest_of_branch(branch.label(i))) {
        add_rest(branch, i);
        continue;
      }
      const std::size_t to = all_.find(branch.label(i));
      take(all_.l(to), branch.l(i));
      for (std::size_t j = 0; j <= i; ++j) {
        if (is_rest_of_branch(branch.label(j))) continue;
        take(all_.H(to, all_.find(branch.label(j))), branch.H(i, j));
      }
    }
  }

  // Without a block a branch that lacks it is what it was: it counts with its whole norm.
  void add_blocks(std::span<const Value> branches) {
    if (!std::all_of(branches.begin(), branches.end(),
                     [](const Value& branch) { return branch.knows_blocks(); })) {
      return;
    }
    std::map<std::uint32_t, BlockBound> all;
    for (const Value& branch : branches) {
      for (const BlockBound& block : branch.blocks()) {
        all.try_emplace(block.block, BlockBound{block.block, block.radius, {}, {}});
      }
    }
    if (all.size() > most_listed_blocks) return;
    for (const Value& branch : branches) {
      auto known = branch.blocks().begin();
      for (auto& [block, bound] : all) {
        if (known != branch.blocks().end() && known->block == block) {
          take(bound.l, known->l);
          take(bound.o, known->o);
          ++known;
        } else {
          take(bound.o, branch.m);
        }
      }
    }
    std::vector<BlockBound> list;
    list.reserve(all.size());
    for (auto& [block, bound] : all) list.push_back(std::move(bound));
    all_.set_blocks(std::move(list));
  }

  void add_rest(const Value& branch, std::size_t i) {
    const auto [place, is_new] = rests_.try_emplace(branch.label(i));
    if (is_new) order_.push_back(branch.label(i));
    RestGroup& group = place->second;
    group.mixed.resize(all_.groups());
    take(group.l, branch.l(i));
    take(group.H, branch.H(i, i));
    for (std::size_t j = 0; j < branch.groups(); ++j) {
      if (is_rest_of_branch(branch.label(j))) continue;
      take(group.mixed[all_.find(branch.label(j))], branch.H(i, j));
    }
  }

  void join(const RestGroup& group) {
    const std::size_t others = group.mixed.size();
    const std::size_t to = all_.find_or_add(rest);
    for (std::size_t level = 0; level < levels.size(); ++level) {
      Magnitude& l = all_.l(to)[level];
      l = disjoint_entries_ ? std::max(l, group.l[level]) : hypotenuse(l, group.l[level]);
      Magnitude& H = all_.H(to, to)[level];
      H = std::max(H, group.H[level]);
      for (std::size_t j = 0; j < others; ++j) {
        Magnitude& mixed = all_.H(to, j)[level];
        mixed = hypotenuse(mixed, group.mixed[j][level]);
      }
    }
  }

  Value all_;
  PerLevel<Rule> rule_;
  bool disjoint_entries_;
  std::unordered_map<Label, RestGroup> rests_;
  std::vector<Label> order_;  // of their first branches
};

// `of` the branches, cell by cell where they are divided alike.
template <class Rule>
Value by_cells(std::span<const Value> branches, const Rule& of) {
  Value all = of(branches);
  std::vector<const PositionClasses*> classes;
  for (const Value& branch : branches) classes.push_back(branch.classes());
  const CommonClasses common(classes);
  if (common.classes() == nullptr) return all;
  std::vector<Value> cells;
  for (std::size_t c = 0; c < common.classes()->cells(); ++c) {
    std::vector<Value> parts;
    for (std::size_t i = 0; i < branches.size(); ++i) {
      parts.push_back(classes[i] == nullptr ? branches[i]
                                            : branches[i].cells()[common.cell_of(i, c)]);
    }
    cells.push_back(of(parts));
  }
  all.set_cells(common.classes(), std::move(cells));
  return all;
}

}  // namespace

Value sum(std::span<const Value> branches) {
  PerLevel<Combination::Rule> rule;
  rule.fill(add);
  return by_cells(branches, [&](std::span<const Value> parts) {
    return Combination(parts, rule, false).result();
  });
}

Value concatenation(std::span<const Value> branches, const PerLevel<bool>& within) {
  PerLevel<Combination::Rule> rule;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    rule[level] = within[level] ? larger : hypotenuse;
  }
  const auto of = [&](std::span<const Value> parts) {
    Value all = Combination(parts, rule, true).result();
    // Along a column sums add up, as squares do not.
    for (std::size_t k = 0; k < all.numbers(); ++k) {
      all.number(k)[sum_of_columns] = Magnitude::infinity();
    }
    return all;
  };
  // Along positions they are not the same ones.
  return within[per_position] ? of(branches) : by_cells(branches, of);
}

Value bilinear(const Value& x, const Value& y, const BilinearBound& bound) {
  const std::array pair{x, y};
  Value all = with_groups_of(pair);
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
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!all.level_set().has(level)) continue;
    const auto N = [&](const PerLevel<Magnitude>& a, const PerLevel<Magnitude>& b) {
      Magnitude least = Magnitude::infinity();
      for (const BilinearBound::Product& product : bound.products[level]) {
        least = std::min(least, read(product.x, a) * read(product.y, b));
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

void join_rests(Value& value) {
  std::size_t first = 0;
  while (first < value.groups() && !is_rest_of_branch(value.label(first))) ++first;
  if (first == value.groups()) return;
  for (std::size_t i = first + 1; i < value.groups();) {
    if (is_rest_of_branch(value.label(i))) {
      value.join(first, i);
    } else {
      ++i;
    }
  }
  value.set_label(first, rest);
}

Value product(std::span<const Value> factors,
              const std::function<BilinearBound(std::size_t factor)>& bound) {
  // Rests of more factors than this are one group from there on: it has all of them, so that a
  // later factor may share with it whatever it is.
  constexpr std::size_t most_groups = 16;
  Value all = factors.front();
  bool is_one = false;
  for (std::size_t i = 1; i < factors.size(); ++i) {
    Value factor = factors[i];
    if (!is_one && all.groups() > most_groups) {
      join_rests(all);
      is_one = true;
    }
    for (std::size_t g = 0; is_one && g < factor.groups(); ++g) {
      if (is_rest_of_branch(factor.label(g))) factor.set_label(g, rest);
    }
    const BilinearBound product_bound = bound(i);
    all = bilinear(all, factor, product_bound);
    all.relax(product_bound.extents);
  }
  join_rests(all);
  return all;
}

}  // namespace smoothbound::rules
