// Two lists of names beside one another.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace smoothbound {

/// A place in one of the lists or in both.
struct Aligned {
  std::optional<std::size_t> before;
  std::optional<std::size_t> after;
};

/// A longest common subsequence in the order of both lists, and between its members what stands
/// only in the first list, then what stands only in the second. Of a name that `before` repeats,
/// the first place counts.
std::vector<Aligned> align(std::span<const std::string_view> before,
                           std::span<const std::string_view> after);

}  // namespace smoothbound
