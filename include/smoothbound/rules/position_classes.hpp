// Classes of positions of which bounds say the same: those that read equally many positions of each
// class in front of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// Which inputs the outputs along one axis of positions read, zeros around the input left out.
struct AxisReads {
  /// `count` inputs from `first` on, `step` apart; a mean divides their sum by `divisor`.
  struct Output {
    std::int64_t first = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
    std::int64_t divisor = 1;
    friend bool operator==(const Output&, const Output&) = default;
  };
  std::int64_t inputs = 1;
  std::vector<Output> outputs;
  friend bool operator==(const AxisReads&, const AxisReads&) = default;
};

/// What an output at a position is made from: the product of the axes' reads.
struct PositionReads {
  enum class Kind : std::uint8_t {
    unknown,  // any of the input's positions
    same,     // the input at the same position
    patch,    // inputs that it reads, each at most once for each of its channels
    mean,     // their mean
  };
  Kind kind = Kind::unknown;
  std::vector<AxisReads> axes{};
};

/// Axes of more positions than this, and values of more cells, are not divided into classes.
constexpr std::int64_t most_divided_positions = 1 << 12;
constexpr std::size_t most_position_cells = 256;

namespace rules {

/// Positions divided along each axis. A cell is a class of each: the last axis counts fastest.
/// Where the axes may be exchanged, a cell has the classes in any order.
class PositionClasses {
 public:
  struct Axis {
    std::vector<std::uint32_t> class_of;  // of each position
    std::vector<std::int64_t> sizes;      // of each class
    friend bool operator==(const Axis&, const Axis&) = default;
  };

  /// `may_exchange`: bounds stay the same if axes change places; counts only where all are equal.
  explicit PositionClasses(std::vector<Axis> axes, bool may_exchange = false);

  [[nodiscard]] const std::vector<Axis>& axes() const { return axes_; }
  [[nodiscard]] bool may_exchange() const { return may_exchange_; }
  [[nodiscard]] std::size_t cells() const { return sizes_.size(); }
  /// The class along each axis, of some of the cell's positions.
  [[nodiscard]] const std::vector<std::size_t>& classes_of(std::size_t cell) const {
    return classes_of_[cell];
  }
  [[nodiscard]] std::size_t cell_at(std::span<const std::size_t> classes) const;
  /// How many positions a cell has.
  [[nodiscard]] const Magnitude& size(std::size_t cell) const { return sizes_[cell]; }
  /// How many there are in all.
  [[nodiscard]] std::int64_t positions() const;

 private:
  std::vector<Axis> axes_;
  bool may_exchange_;
  std::vector<Magnitude> sizes_;
  std::vector<std::vector<std::size_t>> classes_of_;
  std::vector<std::size_t> cells_;  // of each tuple of classes
};

/// What the cells of an output read of an input's.
class Passage {
 public:
  /// `input` may be null: one cell.
  Passage(const PositionClasses* input, const PositionReads& reads);

  /// Null if there are too many positions or cells.
  [[nodiscard]] const std::shared_ptr<const PositionClasses>& output() const { return output_; }
  /// Of the outputs in each cell, which read a norm `of_inputs[c]` at each position of an input's
  /// cell c: the root of the sum of their squares, or their mean.
  [[nodiscard]] std::vector<Magnitude> read(std::vector<Magnitude> of_inputs) const;

 private:
  struct Patch {
    std::vector<WeightedPlace> terms;  // how many positions of which cell
    LowerBound divisor = LowerBound::from_count(1);
  };

  bool is_mean_;
  std::shared_ptr<const PositionClasses> output_;
  std::vector<Patch> patches_;  // by cell of the output
};

/// Classes that tell apart whatever one of several divisions does, null ones aside; null if there
/// are too many cells, or none of them has classes, or their axes differ.
class CommonClasses {
 public:
  explicit CommonClasses(std::span<const PositionClasses* const> all);
  [[nodiscard]] const std::shared_ptr<const PositionClasses>& classes() const { return classes_; }
  /// The cell of division `which` that a cell of the common ones is a part of.
  [[nodiscard]] std::size_t cell_of(std::size_t which, std::size_t cell) const {
    return cells_[which][cell];
  }

 private:
  std::shared_ptr<const PositionClasses> classes_;
  std::vector<std::vector<std::size_t>> cells_;  // by division and common cell
};

}  // namespace rules
}  // namespace smoothbound
