// Which numbers of a step's output another one has, where only layouts and slices are between.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "smoothbound/models/network.hpp"

namespace smoothbound::models {

/// So many numbers, each at this distance from the one before.
struct IndexRun {
  std::int64_t size = 1;
  std::int64_t stride = 1;
  friend bool operator==(const IndexRun&, const IndexRun&) = default;
};

/// Numbers of an array in C order, from `offset` on: runs, the slowest first. No run has the size
/// 1, and none continues the one before it, so that equal maps compare equal.
class IndexMap {
 public:
  IndexMap() = default;
  IndexMap(std::int64_t offset, const std::vector<IndexRun>& runs);
  /// All numbers of an array, as they lie.
  explicit IndexMap(const Shape& shape);

  /// Behind the step, which reads what this map describes and has the shape `before`; nothing if it
  /// is no reshape, flatten, permute or slice, or its numbers are no runs.
  [[nodiscard]] std::optional<IndexMap> behind(const Step& step, const Shape& before) const;
  /// With axes of these sizes in another order; nothing if these are no runs.
  [[nodiscard]] std::optional<IndexMap> permuted(const Shape& shape,
                                                 const std::vector<std::size_t>& order) const;

  friend bool operator==(const IndexMap&, const IndexMap&) = default;

 private:
  using Axis = std::vector<IndexRun>;
  [[nodiscard]] std::optional<std::vector<Axis>> axes(const Shape& shape) const;
  [[nodiscard]] std::optional<IndexMap> sliced(const Step& step, const Shape& before) const;

  std::int64_t offset_ = 0;
  std::vector<IndexRun> runs_;
};

/// The number of an axis that is called by its word ("channels", "length", "width"), of `rank`
/// ones.
std::optional<std::size_t> axis_called(std::string_view word, std::size_t rank);
/// The value of a setting as it is written; empty if it is not there.
std::string_view setting_of(const Step& step, std::string_view key);

}  // namespace smoothbound::models
