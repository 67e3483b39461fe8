// The objective F(w + t d) = f(psi(w + t d)) + r(w + t d) along a line, enclosed for all t in
// [0, T]: section 8 of docs/theory.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "smoothbound/enclosure/loss_enclosure.hpp"
#include "smoothbound/runtime/objective.hpp"

namespace smoothbound {

/// F and its derivatives along the line at t = 0, out of the coefficients: in floating point, no
/// bounds.
struct LineDerivatives {
  double value = 0;
  double slope = 0;      // <grad F, d>
  double curvature = 0;  // <d, hess F d>; needs K >= 2
};

/// What has been spent on a line, in multiplications of the network's products.
struct EnclosureWork {
  double coefficients = 0;  // beyond the forward pass of the gradient
  double passes = 0;
  double gradient = 0;  // what a gradient of the batch takes
  std::int64_t pass_count = 0;

  /// In gradients, that of the direction included.
  [[nodiscard]] double gradients() const {
    return gradient == 0 ? 1 : 1 + (coefficients + passes) / gradient;
  }
};

/// How many passes are worth being made besides: those that one sweep keeps the outputs of.
constexpr std::uint32_t most_foreseen = 8;

/// A pass that bounds what the coefficients leave out on [0, T], and where it begins: see
/// `LineEnclosure::bound`.
struct EnclosurePass {
  double length = 0;  // T
  EnclosureMode mode = EnclosureMode::interval;
  std::uint32_t first_layer = 0;

  friend bool operator==(const EnclosurePass&, const EnclosurePass&) = default;
};

/// With micro-batches the coefficients of one at a time are kept, and taken anew for each sweep
/// over all of them; the bounds are those of the mean, rounding aside.
class ObjectiveEnclosure {
 public:
  /// `x`, samples one after the other, has to outlive it. Throws NotEnclosed, NotExecutable,
  /// LossDataError, std::invalid_argument for micro-batches of what couples samples.
  ObjectiveEnclosure(const Graph& graph, const LossRow& loss, std::span<const double> x,
                     std::int64_t samples, Labels labels, const ObjectiveOptions& options = {});
  /// Of samples whose labels `set_labels` will give. Throws NotEnclosed, NotExecutable.
  ObjectiveEnclosure(const Graph& graph, const LossRow& loss, std::span<const double> x,
                     std::int64_t samples, const ObjectiveOptions& options = {});

  /// What `x` refers to may have been overwritten by other samples, with these labels: a line has
  /// to be set anew. Throws LossDataError.
  void set_labels(Labels labels);

  [[nodiscard]] const ParameterLayout& parameter_layout() const {
    return line().network().parameter_layout();
  }
  /// Coefficients along w + t d up to degree K; both must stay as they are.
  void set_line(std::span<const double> w, std::span<const double> d, int degree);
  [[nodiscard]] const LineDerivatives& derivatives() const { return derivatives_; }
  /// Passes that will be asked for, `most_foreseen` at most: the next sweep over micro-batches
  /// makes them besides.
  void foresee(std::vector<EnclosurePass> passes) { foreseen_ = std::move(passes); }
  [[nodiscard]] bool has_micro_batches() const { return parts_.size() > 1; }
  /// Bounds F for t in [0, T]; false if it has no finite bounds. `first_layer`: as of
  /// `LineEnclosure::bound`. Does nothing if these are bounds it has.
  bool bound(double length, EnclosureMode mode, std::uint32_t first_layer = 0);
  /// l(t) <= F(v) <= u(t), of the exact function at the parameters v = w + t d as they are rounded
  /// by `step_to`, and at the exact ones. Infinite for t outside of [0, T], and without bounds.
  [[nodiscard]] Range at(double t) const;
  /// T of the last call of `bound`.
  [[nodiscard]] double length() const;
  /// n of s(t) = T^(K+1) (t/T)^n, the least of all samples.
  [[nodiscard]] int order() const { return current_ == nullptr ? 0 : current_->order; }
  /// Where `bound` failed.
  [[nodiscard]] std::uint32_t failed_layer() const {
    return current_ == nullptr ? 0 : current_->failed_layer;
  }
  /// Of the first micro-batch, or of all samples, if there are none. Along a multiple of d, if d is
  /// very short or long: its t is another one.
  [[nodiscard]] const LineEnclosure& line() const { return parts_.front().engine->line; }
  /// The mean over samples of what rounding can have done to the outputs.
  [[nodiscard]] double rounding() const;
  /// Multiplications of the products of one pass in interval mode.
  [[nodiscard]] double pass_work() const { return pass_work_; }
  [[nodiscard]] const EnclosureWork& work() const { return work_; }
  void forget_work() { work_.coefficients = work_.passes = 0, work_.pass_count = 0; }

 private:
  struct Part;
  struct Engine {
    LineEnclosure line;
    const Part* holds = nullptr;  // whose coefficients it has
    Engine(const Graph& graph, std::int64_t batch) : line(graph, batch) {}
  };
  // A micro-batch.
  struct Part {
    Engine* engine = nullptr;
    std::int64_t first = 0;
    std::int64_t count = 0;
    Labels labels;
  };
  // What a pass has found, with T of the scaled line.
  struct Found {
    EnclosurePass pass;
    bool is_bounded = false;
    int order = 0;
    std::uint32_t failed_layer = 0;
    double alphas = 0;                                   // over all samples
    std::vector<std::unique_ptr<LossEnclosure>> losses;  // of each part
  };

  [[nodiscard]] std::vector<std::unique_ptr<LossEnclosure>> losses() const;
  void take_coefficients(const Part& part);
  void take_outputs(const Part& part);
  void sweep();
  void bound_part(std::size_t part, Found& found);
  [[nodiscard]] bool is_known(const EnclosurePass& pass);
  void differentiate();
  std::span<const double> take_exponent(std::span<const double> d);
  [[nodiscard]] Range mean_at(double s) const;

  const LossRow* loss_row_;
  std::span<const double> x_;
  Labels labels_;
  LossData data_;  // but for predictions
  double lambda_;
  std::map<std::int64_t, std::unique_ptr<Engine>> engines_;  // by batch size
  std::vector<Part> parts_;
  std::span<const double> w_, d_;  // the line that has been set, d scaled
  int degree_ = 0;
  bool goes_back_ = false;  // the next sweep: it begins where there are coefficients
  std::vector<EnclosurePass> foreseen_;
  std::vector<Found> found_;  // by the last sweep
  const Found* current_ = nullptr;
  std::array<std::vector<double>, 3> outputs_;  // p_0 .. p_2 of all samples
  int exponent_ = 0;                            // the line has d 2^-exponent and t 2^exponent
  std::vector<double> scaled_;                  // that d, where the exponent is not 0
  LineDerivatives derivatives_;
  // ||w||^2, <w, d>, ||d||^2, and a bound of what rounding makes of their sum at t = 1 per unit.
  struct Squares {
    double point = 0, mixed = 0, direction = 0;
    double point_norm = 0, direction_norm = 0;
  };
  Squares squares_;
  double pass_work_ = 0;
  EnclosureWork work_;
};

/// Bytes that an `ObjectiveEnclosure` of degree K takes, with what a gradient does; `micro_batch`
/// as of `ObjectiveOptions`.
std::int64_t bytes_of_objective_enclosure(const Graph& graph, std::int64_t samples,
                                          std::int64_t micro_batch, int degree);
/// The largest micro-batch that fits into so many bytes; 0: all samples do. Throws MemoryShortage.
std::int64_t micro_batch_of_enclosure(const Graph& graph, std::int64_t samples, int degree,
                                      std::int64_t memory);

/// v = w + t d, as it is certified: each number rounded twice.
void step_to(std::span<const double> w, std::span<const double> d, double t, std::span<double> v);
std::vector<double> step_to(std::span<const double> w, std::span<const double> d, double t);

}  // namespace smoothbound
