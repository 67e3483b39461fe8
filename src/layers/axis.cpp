#include "smoothbound/layers/axis.hpp"

#include <fmt/format.h>

#include <vector>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound {

std::optional<int> find_axis(std::size_t word, int rank) {
  const std::string_view name = axis_words.at(word);
  if (name == "channels") return 0;
  const int from_the_end = name == "depth" ? 3 : name == "height" ? 2 : 1;
  // A single spatial axis is a length, several are not.
  const bool fits = name == "length" ? rank == 2 : rank > 2 && from_the_end < rank;
  return fits ? std::optional(rank - from_the_end) : std::nullopt;
}

int axis_of(std::size_t word, const Shape& shape, std::string_view component) {
  if (const auto axis = find_axis(word, shape.rank())) return *axis;
  std::vector<std::string_view> present;
  for (std::size_t other = 0; other < axis_words.size(); ++other) {
    if (find_axis(other, shape.rank())) present.push_back(axis_words.at(other));
  }
  throw ShapeError(
      fmt::format("{} has no axis '{}' for {}", shape.to_text(), axis_words.at(word), component),
      "its axes: " + join(present));
}

}  // namespace smoothbound
