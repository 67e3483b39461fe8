// What the axes of a sample are called in files.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// Words for axes; a single spatial axis is the length.
inline constexpr std::array<std::string_view, 5> axis_words{"channels", "depth", "height", "width",
                                                            "length"};
inline constexpr std::size_t channel_axis = 0;  // its word

/// The axis that `word`, an index into `axis_words`, names in a shape of `rank` axes.
std::optional<int> find_axis(std::size_t word, int rank);
/// The same; throws ShapeError, which says what `component` asked for.
int axis_of(std::size_t word, const Shape& shape, std::string_view component);

}  // namespace smoothbound
