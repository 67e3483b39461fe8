// How the output of a step is seen as an array of ONNX: axes in another order, merged or cut, cost
// nothing until an operator wants the numbers to lie in an order of its own.
#pragma once

#include <string>
#include <vector>

#include "constant.hpp"
#include "smoothbound/models/network.hpp"

namespace smoothbound::models::onnx {

/// Entry (i_1, ..., i_n) is number sum_k i_k stride_k of the step's output, row by row; each number
/// is one entry. Sizes are those for one sample: the axis of the batch has the size 1, as long as
/// nodes do not join it with others, and is known as long as it can be told from them.
struct View {
  static constexpr int nowhere = -1;

  StepId step = Network::input;
  Sizes sizes;
  Sizes strides;  // 0 for axes of size 1
  int batch = nowhere;
  bool is_ids = false;     // whole numbers that an embedding takes
  std::int64_t outer = 1;  // so many entries along `batch` count slower than the samples

  [[nodiscard]] std::size_t rank() const { return sizes.size(); }
  /// Whether entries along the axis belong to different samples.
  [[nodiscard]] bool holds_batch(std::size_t axis) const { return batch == static_cast<int>(axis); }
  /// Says that the batch is where it is in another view of the same axes.
  void take_batch(const View& from) {
    batch = from.batch;
    outer = from.outer;
  }
  [[nodiscard]] std::int64_t elements() const { return product(sizes); }
  /// Whether the numbers lie in the order of the axes.
  [[nodiscard]] bool is_in_order() const;
};

/// AxisList of a view, by number.
using AxisList = std::vector<std::size_t>;

/// The output of `step` as an array of these sizes, row by row.
View in_order(StepId step, Sizes sizes, int batch);
/// The same with the batch where `like` has it.
View in_order(StepId step, Sizes sizes, const View& like);

View permuted(const View& view, const AxisList& order);

/// Throws SpecError if samples of one view would meet others of the other one, entry by entry, the
/// last axes of both being the same.
void require_same_batch(const View& a, const View& b);
/// What is said where samples depend on each other.
[[noreturn]] void refuse_joined_samples();

/// The step's output as a step whose output has the shape `shape`, and whose numbers row by row are
/// those of the view's axes in this order (all but those of size 1). `name`: for what has to be
/// added.
StepId arranged(Network& network, const View& view, const AxisList& order, const Shape& shape,
                const std::string& name);

/// With other sizes, row by row.
View reshaped(Network& network, const View& view, const Sizes& sizes, const std::string& name);

/// An axis of a view as an axis of a step's output.
struct Isolated {
  StepId step;
  std::size_t axis;  // of its shape
};
/// Adds a reshape where the axis is only a part of one, or is one with others.
Isolated isolated(Network& network, const View& view, std::size_t axis, const std::string& name);

/// The view of a step that has `count` entries along what was that axis of `view`, isolated.
View resized(const View& view, std::size_t axis, std::int64_t count, StepId step);

/// The word for an axis of a shape of that rank: "channels", "height".
std::string axis_word(std::size_t axis, int rank);

/// Adds a component of one input that stands in `then`.
StepId add_map(Network& network, StepId input, std::string component, std::vector<Setting> settings,
               const Shape& output, const std::string& name);

/// A shape; throws SpecError if there is none of so many axes.
Shape shape_of(const Sizes& sizes);

}  // namespace smoothbound::models::onnx
