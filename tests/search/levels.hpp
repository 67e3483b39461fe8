// The levels at which bounds are searched for violations.
#pragma once

#include <array>
#include <cstddef>

#include "smoothbound/bounds/evaluate.hpp"

namespace smoothbound::search {

inline constexpr std::array searched_levels{Level{"2"}, Level{"s", true}, Level{"p", false, true},
                                            Level{"sp", true, true},
                                            Level{"inf", true, true, true}};
constexpr std::size_t level_total = searched_levels.size();

template <class T>
using EachLevel = std::array<T, level_total>;

/// What a table says of a layer at a level.
template <class Table>
Triple bounds_at(const Table& table, std::size_t layer, std::size_t level) {
  if constexpr (requires { table.at(layer, level); }) {
    return table.at(layer, level);
  } else if (level + 1 == level_total && !table.values.empty() && table.level_count > 1) {
    return table.values[layer].total(maximum);
  } else {
    return table.layers[layer];
  }
}

/// With bounds at all levels, whether or not a layer reads them.
template <class Settings>
Settings at_all_levels(Settings inputs) {
  if constexpr (requires { inputs.all_levels; }) inputs.all_levels = true;
  return inputs;
}

}  // namespace smoothbound::search
