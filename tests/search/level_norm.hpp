// Norms of stacked batches at the levels, and where they are attained.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/runtime/layout.hpp"

namespace smoothbound::search {

/// The norms of values of one shape. A level takes a Euclidean norm over each of its slots: the
/// entries that agree in the axes of its supremum. Of matrices it adds magnitudes over columns, or
/// the squares of the largest entries of a sample's rows.
class LevelNorms {
 public:
  explicit LevelNorms(const BatchShape& shape) {
    place_in_matrices(shape);
    const auto entries = static_cast<std::size_t>(shape.elements());
    columns_.resize(entries);
    differences_.resize(entries);
    means_.resize(static_cast<std::size_t>(shape.sample.elements()));
    samples_ = static_cast<double>(shape.batch);
    for (std::int64_t n = 0; n < shape.batch; ++n) {
      for (std::int64_t c = 0; c < shape.sample.channels(); ++c) {
        for (std::int64_t p = 0; p < shape.sample.positions(); ++p) {
          columns_[static_cast<std::size_t>(shape.offset(n, c, p))] =
              static_cast<std::size_t>(c * shape.sample.positions() + p);
        }
      }
    }
    positions_ = static_cast<std::size_t>(shape.sample.positions());
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (levels[level].of_matrices) continue;
      slot_of_[level].resize(entries);
      const Level& axes = levels[level];
      const std::int64_t channels = axes.channels ? shape.sample.channels() : 1;
      const std::int64_t positions = axes.positions ? shape.sample.positions() : 1;
      const std::int64_t samples = axes.samples ? shape.batch : 1;
      sums_[level].resize(static_cast<std::size_t>(samples * positions * channels));
      for (std::int64_t n = 0; n < shape.batch; ++n) {
        for (std::int64_t c = 0; c < shape.sample.channels(); ++c) {
          for (std::int64_t p = 0; p < shape.sample.positions(); ++p) {
            const std::int64_t slot =
                ((n % samples) * channels + c % channels) * positions + p % positions;
            slot_of_[level][static_cast<std::size_t>(shape.offset(n, c, p))] =
                static_cast<std::size_t>(slot);
          }
        }
      }
    }
  }

  /// The norm at a level. Values that are not numbers have a norm that is none.
  double operator()(const double* values, std::size_t level) {
    if (level == largest_of_rows) return of_rows(values, nullptr);
    if (level == sum_of_columns) return of_columns(values, nullptr);
    values = seen(values, level);
    return std::sqrt(sums_[level][largest_slot(values, level)]);
  }

  /// Of each entry the slot that it belongs to.
  [[nodiscard]] const std::vector<std::size_t>& slots(std::size_t level) const {
    return slot_of_[level];
  }
  /// How many slots there are.
  [[nodiscard]] std::size_t slot_count(std::size_t level) const { return sums_[level].size(); }
  /// The position of a slot, at levels that tell positions.
  [[nodiscard]] std::size_t position_of(std::size_t slot) const { return slot % positions_; }

  /// Of what was measured last at a level that tells positions: the norms at each of them, where
  /// they exceed what is known.
  void raise(std::size_t level, std::vector<double>& by_position) const {
    by_position.resize(positions_);
    for (std::size_t slot = 0; slot < sums_[level].size(); ++slot) {
      double& best = by_position[position_of(slot)];
      const double squares = sums_[level][slot];
      if (!std::isnan(best) && !(squares <= best * best)) best = std::sqrt(squares);
    }
  }

  /// The same, where `unit` becomes what the norm is a product with, of norm 1 in the dual: the
  /// part of `values` that has it, of length 1, or signs; or 0. At levels that tell positions
  /// `only` may name one: the norm there.
  double operator()(std::span<const double> values, std::size_t level, std::vector<double>& unit,
                    std::optional<std::size_t> only = {}) {
    if (level == largest_of_rows) return of_rows(values.data(), &unit);
    if (level == sum_of_columns) return of_columns(values.data(), &unit);
    const double* const measured = seen(values.data(), level);
    const std::size_t slot = largest_slot(measured, level, only);
    const double norm = std::sqrt(sums_[level][slot]);
    unit.assign(values.size(), 0);
    if (!(norm > 0)) return norm;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (slot_of_[level][i] == slot) unit[i] = measured[i] / norm;
    }
    return norm;
  }

 private:
  void place_in_matrices(const BatchShape& shape) {
    const auto sizes = shape.sample.sizes();
    const std::int64_t rank = shape.sample.rank();
    const std::int64_t row = rank == 1 ? 1 : sizes.back();
    const std::int64_t column =
        sizes[static_cast<std::size_t>(std::max<std::int64_t>(rank - 2, 0))];
    row_of_.resize(static_cast<std::size_t>(shape.elements()));
    column_of_.resize(row_of_.size());
    const std::int64_t elements = shape.sample.elements();
    rows_of_sample_ = static_cast<std::size_t>(elements / row);
    for (std::int64_t n = 0; n < shape.batch; ++n) {
      for (std::int64_t i = 0; i < elements; ++i) {
        const std::int64_t positions = shape.sample.positions();
        const auto at = static_cast<std::size_t>(shape.offset(n, i / positions, i % positions));
        row_of_[at] = static_cast<std::size_t>((n * elements + i) / row);
        const std::int64_t matrix = (n * elements + i) / (column * row);
        column_of_[at] = static_cast<std::size_t>(matrix * row + i % row);
      }
    }
  }

  // Of each row its largest entry, of the largest sample.
  double of_rows(const double* values, std::vector<double>* unit) const {
    std::vector<std::size_t> largest(rows_of_sample_ * static_cast<std::size_t>(samples_),
                                     row_of_.size());
    for (std::size_t i = 0; i < row_of_.size(); ++i) {
      std::size_t& best = largest[row_of_[i]];
      if (best == row_of_.size() || !(std::abs(values[i]) <= std::abs(values[best]))) best = i;
    }
    double norm = 0;
    std::size_t sample = 0;
    for (std::size_t first = 0; first < largest.size(); first += rows_of_sample_) {
      double squares = 0;
      for (std::size_t r = first; r < first + rows_of_sample_; ++r) {
        squares += values[largest[r]] * values[largest[r]];
      }
      if (std::sqrt(squares) <= norm) continue;
      norm = std::sqrt(squares);
      sample = first;
    }
    if (unit == nullptr) return norm;
    unit->assign(row_of_.size(), 0);
    for (std::size_t r = sample; norm > 0 && r < sample + rows_of_sample_; ++r) {
      (*unit)[largest[r]] = values[largest[r]] / norm;
    }
    return norm;
  }

  double of_columns(const double* values, std::vector<double>* unit) const {
    std::vector<double> sums(column_of_.size());
    for (std::size_t i = 0; i < column_of_.size(); ++i) sums[column_of_[i]] += std::abs(values[i]);
    const auto best = static_cast<std::size_t>(
        std::max_element(
            sums.begin(), sums.end(),
            [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }) -
        sums.begin());
    if (unit == nullptr) return sums[best];
    unit->assign(column_of_.size(), 0);
    for (std::size_t i = 0; i < column_of_.size(); ++i) {
      if (column_of_[i] == best && values[i] != 0) (*unit)[i] = values[i] < 0 ? -1 : 1;
    }
    return sums[best];
  }

  // The values, or their differences from the mean over the samples.
  const double* seen(const double* values, std::size_t level) {
    if (!levels[level].centred) return values;
    std::fill(means_.begin(), means_.end(), 0.0);
    for (std::size_t i = 0; i < columns_.size(); ++i) means_[columns_[i]] += values[i] / samples_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      differences_[i] = values[i] - means_[columns_[i]];
    }
    return differences_.data();
  }

  std::size_t largest_slot(const double* values, std::size_t level,
                           std::optional<std::size_t> only = {}) {
    std::vector<double>& sums = sums_[level];
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = 0; i < slot_of_[level].size(); ++i) {
      sums[slot_of_[level][i]] += values[i] * values[i];
    }
    const std::size_t first = only.value_or(0);
    const std::size_t step = only ? positions_ : 1;
    std::size_t best = first;
    for (std::size_t slot = first + step; slot < sums.size(); slot += step) {
      if (!(sums[slot] <= sums[best]) && !std::isnan(sums[best])) best = slot;
    }
    return best;
  }

  PerLevel<std::vector<std::size_t>> slot_of_;
  PerLevel<std::vector<double>> sums_;
  std::vector<std::size_t> columns_;  // what entries of all samples have in common
  std::vector<std::size_t> row_of_;   // of matrices, among all samples
  std::vector<std::size_t> column_of_;
  std::size_t rows_of_sample_ = 1;
  std::vector<double> means_;
  std::vector<double> differences_;
  double samples_ = 1;
  std::size_t positions_ = 1;
};

}  // namespace smoothbound::search
