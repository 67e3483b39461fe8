// Arrays that are known when a model is read: weights, and what follows from shapes and literals.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph.hpp"
#include "smoothbound/models/network.hpp"

namespace smoothbound::models::onnx {

using Sizes = std::vector<std::int64_t>;

/// Throws SpecError for a size below 0, and if those that are not 0 make too many numbers.
std::int64_t product(const Sizes& sizes);
/// Throws SpecError for an array of more axes than `largest_rank`.
void require_rank(std::size_t axes);
/// Of an array in C order.
Sizes strides_of(const Sizes& sizes);

/// An array whose numbers are looked at when they are asked for: weights stay in their file.
class Constant {
 public:
  using Compute = std::function<std::vector<double>()>;
  static constexpr std::uint32_t no_origin = 0xFFFFFFFFU;

  Constant() = default;
  /// An initializer as it is. The graph has to outlive it.
  Constant(const Graph& graph, std::uint32_t initializer, bool is_literal);
  /// Numbers that are there.
  Constant(Sizes array_sizes, bool holds_integers, std::vector<double> numbers);
  /// Numbers to be computed; `like`: whose name and nature they have.
  Constant(Sizes array_sizes, const Constant& like, Compute compute);

  Sizes sizes;
  bool is_integer = false;
  /// Whether it is made of an initializer that a user may have trained.
  bool may_be_trained = false;
  std::string name;                  // of the initializer that it is made of
  std::uint32_t origin = no_origin;  // of that initializer
  std::string view;                  // what was done to it since; equal for equal arrays
  std::uint32_t depth = 0;           // of computations that are not done yet
  std::shared_ptr<const Constant> repeated = {};  // if it is that array along more entries

  [[nodiscard]] std::int64_t elements() const { return product(sizes); }
  /// In C order. Throws SpecError for texts.
  [[nodiscard]] const std::vector<double>& values() const;
  /// As integers; numbers beyond their range as the nearest one.
  [[nodiscard]] Sizes integers() const;
  /// The first number; throws SpecError if there is none.
  [[nodiscard]] double first() const;
  [[nodiscard]] std::int64_t first_integer() const;
  [[nodiscard]] bool is_scalar() const { return elements() == 1; }
  /// Whether all numbers are this one.
  [[nodiscard]] bool is_all(double number) const;

  /// Says in `view` what was done to it; of long stories only a hash is kept.
  void add_to_view(std::string_view what);
  /// Counts its numbers, now or once they are computed. Throws SpecError.
  void take_room(const std::shared_ptr<Room>& room);
  /// The same numbers in the same order, with other sizes; throws SpecError if they do not fit.
  [[nodiscard]] Constant reshaped(Sizes to) const;
  /// The axes in another order.
  [[nodiscard]] Constant permuted(const std::vector<int>& order) const;
  /// The initializer whose numbers these are, with the sizes and the order of axes that it has in
  /// the file; numbers that are computed are so themselves.
  [[nodiscard]] Constant as_stored() const;
  /// Whether its axes are those of `as_stored` in reverse order, but for axes of size 1; else the
  /// numbers are in the same order.
  [[nodiscard]] bool is_reversed() const { return reversed_; }
  /// Where its numbers are, in C order.
  [[nodiscard]] std::variant<FileRegion, ComputedNumbers> numbers(const std::string& file) const;

 private:
  struct Numbers {
    std::vector<double> values;
    Compute compute;                  // empty: they are there
    std::shared_ptr<Room> room = {};  // that the values are taken of
    Numbers(std::vector<double> numbers, Compute function)
        : values(std::move(numbers)), compute(std::move(function)) {}
    Numbers(const Numbers&) = delete;
    Numbers& operator=(const Numbers&) = delete;
    ~Numbers() {
      if (room != nullptr) room->give_back(values.size());
    }
    void take_room(std::shared_ptr<Room> from);
  };
  [[nodiscard]] const Tensor& tensor() const { return graph_->initializers[origin]; }

  const Graph* graph_ = nullptr;  // an initializer of it, in order or (`reversed_`) with axes so
  bool reversed_ = false;
  mutable std::shared_ptr<Numbers> numbers_;  // what it holds does not change
};

/// Evaluates operators whose inputs are all known. `work`: numbers that may still be computed; goes
/// down. Nothing: not an operator that is evaluated. Throws SpecError for what cannot be right.
class Folder {
 public:
  /// `most`: the largest array, and a thousandth of all numbers that are computed.
  explicit Folder(std::int64_t most) : most_(most), work_(most * work_factor) {}

  [[nodiscard]] bool knows(std::string_view operation) const;
  /// `inputs`: null for those that are left out.
  std::vector<Constant> fold(const Graph& graph, const Node& node,
                             const std::vector<const Constant*>& inputs);
  /// Counts an array of these sizes; throws SpecError for one that is too large.
  void require_room(const Sizes& sizes);

 private:
  static constexpr std::int64_t work_factor = 1000;
  std::int64_t most_;
  std::int64_t work_;
};

/// Those of the sizes of an array that a Shape asks for.
Sizes sizes_asked(const Node& node, const Sizes& all);
/// The sizes of two arrays that are seen as equally large; throws SpecError if they are not so.
Sizes broadcast_sizes(const Sizes& a, const Sizes& b);
/// `axis` from 0 on, where below 0 counts from the end; throws SpecError.
std::size_t axis_within(std::int64_t axis, std::size_t rank);
/// The axes in the order that a Transpose gives them; throws SpecError.
std::vector<std::size_t> order_of(const Node& node, std::size_t rank);
/// The sizes that a Reshape asks for, with 0 and -1 resolved. Throws SpecError.
Sizes reshape_sizes(const Sizes& from, const Sizes& asked, bool allows_zero);
/// Entries from, from + step, ..., as many as `count`.
struct Range {
  std::int64_t from = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};
/// What a Slice takes of an axis of that size.
Range slice_range(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step);
/// Starts, ends, axes and steps of a Slice, of attributes (opset 9) or of inputs, for each axis of
/// an array of these sizes.
std::vector<Range> slice_of(const Graph& graph, const Node& node, const Sizes& sizes,
                            const std::vector<const Constant*>& inputs);
/// The parts that a Split makes of an axis.
Sizes split_sizes(const Node& node, std::int64_t size, const Constant* given);
/// Axes as attribute or (since the opset that moved them) as input; empty: none given.
Sizes axes_of(const Node& node, const Constant* given);

[[noreturn]] void refuse(const std::string& message, std::string hint);

}  // namespace smoothbound::models::onnx
