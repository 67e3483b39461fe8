// The values of a network along a line of parameters w + t d, enclosed for all t in [0, T]:
// section 8 of docs/theory.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "smoothbound/runtime/network.hpp"
#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound {

/// What has no rule: `what()` is a sentence that names it.
class NotEnclosed : public std::runtime_error {
 public:
  explicit NotEnclosed(const std::string& message, std::string advice = {})
      : std::runtime_error(message), hint(std::move(advice)) {}
  std::string hint;  // what has one in its place; may be empty
};

/// Taylor coefficients of all values of a network on a fixed batch, and on demand, for any T, what
/// bounds the rest. Memory: K + 1 numbers for each scalar between kernels, and one more for those
/// that are still to be read in a pass.
class LineEnclosure {
 public:
  /// Throws NotEnclosed with the name of the layer and the component without a rule,
  /// NotExecutable, std::bad_alloc.
  LineEnclosure(const Graph& graph, std::int64_t batch);
  LineEnclosure(const LineEnclosure&) = delete;
  LineEnclosure& operator=(const LineEnclosure&) = delete;
  ~LineEnclosure();

  [[nodiscard]] const Network<double>& network() const { return network_; }
  [[nodiscard]] int degree() const { return degree_; }
  /// T of the last call of `bound`.
  [[nodiscard]] double length() const { return pass_.length; }

  /// Coefficients up to degree K = 1 .. 3 of w + t d on the batch `x`; all three must stay as they
  /// are. Throws std::invalid_argument for sizes that do not fit.
  void set_line(std::span<const double> w, std::span<const double> d, std::span<const double> x,
                int degree);
  /// Coefficients of another batch on the line that has been set.
  void set_samples(std::span<const double> x);
  /// Bounds all that the coefficients leave out for t in [0, T], as if it were nothing up to the
  /// layers before `first_layer` in the graph's order. False if a bound is not finite, of which
  /// `failed_layer` tells where; then there is no output. T is at most 2^40, and T^(K+1) a normal
  /// number: a direction of another order has to be scaled. A pass with the next `first_layer`, all
  /// else equal, begins there.
  bool bound(double length, EnclosureMode mode, std::uint32_t first_layer = 0);
  [[nodiscard]] std::uint32_t failed_layer() const { return failed_layer_; }

  /// Sees what `bound` finds of each node's output, in order. Null: none.
  using Observer = std::function<void(std::size_t node, const Enclosed& value)>;
  void set_observer(Observer observer) { observer_ = std::move(observer); }

  /// Of the network, after `bound`, for all samples.
  [[nodiscard]] const Enclosed& output() const { return output_; }
  /// n of s(t) = T^(K+1) (t/T)^n.
  [[nodiscard]] int order() const { return order_; }
  /// p_0 .. p_K of the network's output, after `set_line`.
  [[nodiscard]] const Coefficients& output_coefficients() const;

  /// Multiplications in products with parameters: of the coefficients beyond a forward pass, of
  /// those with centres, or with remainders, in a pass of `bound`, and of a gradient.
  [[nodiscard]] double coefficient_work() const { return coefficient_work_; }
  [[nodiscard]] double pass_work() const { return pass_work_; }
  [[nodiscard]] double gradient_work() const { return gradient_work_; }
  /// Relative to the absolute terms, what rounding does to a sum over all parameters.
  [[nodiscard]] double sum_error() const;

  /// rd_j >= |E_j - E_y| / s of the outputs of each sample, y its label.
  [[nodiscard]] std::vector<double> differences(std::span<const std::int64_t> labels);

 private:
  struct State;
  void take_coefficients(std::span<const double> x, bool is_same_line);
  void count_work(std::size_t index, bool moves);
  std::size_t begin_pass(double length, EnclosureMode mode, std::uint32_t first_layer);
  [[nodiscard]] std::vector<Coefficients> coefficients_of(std::size_t node) const;
  class WithoutCentre;
  struct Inputs {
    std::vector<Enclosed> values;
    std::vector<std::unique_ptr<WithoutCentre>> replaced;  // what values refer to
    Inputs();
    Inputs(Inputs&&) noexcept;
    ~Inputs();
  };
  [[nodiscard]] Inputs inputs_of(std::size_t node) const;
  bool bound_node(std::size_t index);
  void release_inputs(std::size_t index);

  Network<double> network_;
  std::vector<std::unique_ptr<TaylorRule>> rules_;
  std::unique_ptr<State> state_;
  int degree_ = 0;
  int order_ = 0;
  std::uint32_t failed_layer_ = 0;
  std::vector<std::uint32_t> place_of_layer_;  // in the graph's order
  Enclosed output_;
  RemainderPass pass_;
  std::uint32_t first_layer_ = 0;
  bool is_bounded_ = false;  // by the last pass
  Observer observer_;
  double coefficient_work_ = 0;
  double pass_work_ = 0;
  double gradient_work_ = 0;
};

/// Bytes that a `LineEnclosure` of degree K takes, with what a gradient of the batch does.
std::int64_t bytes_of_enclosure(const Graph& graph, std::int64_t batch, int degree);

}  // namespace smoothbound
