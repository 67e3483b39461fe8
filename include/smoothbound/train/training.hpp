// Training: iterations of an optimization oracle, held against the guarantee of Theorem 4.1.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/runtime/point.hpp"
#include "smoothbound/steps/second_order.hpp"
#include "smoothbound/steps/step.hpp"
#include "smoothbound/train/balls.hpp"
#include "smoothbound/train/certificate.hpp"

namespace smoothbound {

/// How far a step goes: gamma of (12), (13) or (14).
enum class StepRule : std::uint8_t {
  certified,    // 1 / L_F on the product of balls; stochastic: 1 / (2 L_F)
  local,        // 1 / L_F around the current point (Cor 4.5)
  line_search,  // halved until F falls enough
  enclosure,    // the longest one that is proved to decrease F enough along its direction
  constant,     // as given
};

/// In the order of `StepRule`, but for `constant`, which is given as a number.
std::span<const std::string_view> step_rule_names();
/// Behind the rule of layer-wise steps, where a run says which steps it takes.
inline constexpr std::string_view layerwise_suffix = " layer-wise";
/// In the order of `steps::StepKind`.
std::span<const std::string_view> oracle_names();

struct TrainingOptions {
  steps::StepKind oracle = steps::StepKind::gradient;
  StepRule rule = StepRule::certified;
  double gamma = 1;             // of `constant`, or the first one that a line search tries
  bool layerwise = false;       // of `certified` and `local`: by parameter block where that is more
  double local_radius = 0;      // R' of `local`; 0: the one with the longest step
  std::int64_t mini_batch = 0;  // samples of a step; 0: all, the deterministic methods
  std::uint64_t seed = 1;       // of mini-batches
  double dual_residual = 0;     // where Gauss-Newton steps stop, see `steps::DualOptions`
  std::int64_t micro_batch = 0;  // see `ObjectiveOptions`
};

/// Samples in memory, one after the other, with what they should be.
template <class Scalar>
struct TrainingSamples {
  std::vector<Scalar> x;
  std::int64_t count = 0;
  Labels labels;
};

/// All that a run which is taken up again has to know: with equal samples and options, the rest of
/// the run is bit for bit what it would have been.
struct TrainingState {
  std::int64_t iteration = 0;  // that comes next
  std::vector<double> w;
  double gamma = 0;  // which a line search tries next, or T; 0: that of the options
  std::int64_t oracle_calls = 0;
  double seconds = 0;
  double first_objective = std::numeric_limits<double>::quiet_NaN();
  /// Stochastic: F(w_0) on all samples; NaN: not evaluated, or not finite.
  double all_samples_first = std::numeric_limits<double>::quiet_NaN();
  double smallest_mapping = std::numeric_limits<double>::infinity();
  double sum_of_steps = 0;
  /// The iteration whose decrease was less than its step certifies; -1: none.
  std::int64_t violation = -1;
  std::int64_t shortened = 0;  // steps of `enclosure` that the balls bent or cut, since it was set
};

/// Training cannot go on: divergence, no step, numbers that are not finite. `what()` is a sentence
/// for the user that names the iteration.
class TrainingFailed : public std::runtime_error {
 public:
  TrainingFailed(std::int64_t at, const std::string& message);
  std::int64_t iteration;
  std::string checkpoint;  // a file that holds the parameters before that, if there is one
};

/// Options that contradict the objective: no certified step exists, or the oracle does not apply.
/// `what()` is a sentence for the user.
class TrainingUnsupported : public std::runtime_error {
 public:
  TrainingUnsupported(const std::string& message, Remedy way_out)
      : std::runtime_error(message), remedy(way_out) {}
  Remedy remedy;
};

/// Of these, options that contradict each other, whatever the objective is.
class ContradictoryOptions : public TrainingUnsupported {
 public:
  using TrainingUnsupported::TrainingUnsupported;
};

class EnclosureSteps;

/// Minimizes F = f o psi + r from a point on. The gradient oracle is projected onto the product of
/// balls; Gauss-Newton and Newton steps are taken as they are. Parameters are kept in float64,
/// `Scalar` is the arithmetic of the network; Gauss-Newton and Newton need double.
template <class Scalar>
class Training {
 public:
  /// `graph` and `settings.loss` have to outlive it. Throws TrainingUnsupported, NotExecutable,
  /// LossDataError, std::invalid_argument for options out of range.
  Training(const Graph& graph, ResolvedSettings settings, TrainingSamples<Scalar> samples,
           Method method, const TrainingOptions& options);
  ~Training();

  [[nodiscard]] const ParameterLayout& parameter_layout() const;
  /// Begins at w_0 = `w`, projected for the gradient oracle; returns how many blocks that moved.
  int begin(std::span<const double> w);
  /// The layer of parameters in `w` that are not in their ball, where no run of projected steps
  /// comes; nothing if there is none.
  [[nodiscard]] std::optional<std::string> layer_outside(std::span<const double> w) const;
  /// Takes up a run, as its state was.
  void resume(TrainingState state);
  [[nodiscard]] const TrainingState& state() const { return state_; }

  /// An iteration: from w_k to w_{k+1}. Throws TrainingFailed, and leaves the state at w_k.
  IterationRecord advance();
  /// The point where the run stands, without a step; the run goes on as if it had not been asked.
  IterationRecord rest();
  /// Stochastic: keeps F(w_0) on all samples for the guarantee, if the run stands at w_0.
  void note_first_objective();
  /// F on all samples at the current point.
  double full_objective();

  [[nodiscard]] bool is_stochastic() const { return options_.mini_batch > 0; }
  /// The certified step on the product of balls, whatever the rule.
  [[nodiscard]] const CertifiedStep& global_step() const { return global_; }
  [[nodiscard]] const Certificate& certificate() const { return *certificate_; }

 private:
  struct Proposal;

  void check_options() const;
  void load_samples(std::int64_t iteration);
  void set_point(std::span<const double> w);
  [[nodiscard]] double value_at(std::span<const double> w);
  IterationRecord evaluate();
  CertifiedStep certify();
  /// ||g_k|| for a step of that length.
  [[nodiscard]] double mapping_norm(double gamma) const;
  Proposal propose_gradient(IterationRecord& record);
  Proposal propose_second_order(IterationRecord& record);
  Proposal propose_enclosed(IterationRecord& record);
  void verify(IterationRecord& record, const Proposal& proposal);
  steps::Direction direction(double gamma);
  void follow(const IterationRecord& record, Proposal proposal);
  [[noreturn]] void fail(const std::string& message) const;

  const Graph& graph_;
  ResolvedSettings settings_;
  TrainingOptions options_;
  TrainingSamples<Scalar> samples_;
  std::vector<Scalar> batch_x_;  // of a mini-batch
  std::unique_ptr<Objective<Scalar>> objective_;
  std::unique_ptr<Certificate> certificate_;
  std::unique_ptr<LayerNormRecorder<Scalar>> layer_norms_;
  std::unique_ptr<EnclosureSteps> enclosure_;
  std::unique_ptr<steps::SecondOrder> second_order_;  // of the other oracles
  std::optional<ProductOfBalls> balls_;
  CertifiedStep global_;
  std::optional<LayerwiseBounds> global_blocks_;  // of layer-wise steps on the product of balls
  TrainingState state_;
  std::int64_t loaded_ = -1;       // whose mini-batch is in the objective
  std::int64_t calls_before_ = 0;  // of the objective when the state was set
  std::vector<Scalar> narrow_;
  std::vector<Scalar> narrow_gradient_;
  std::vector<double> gradient_;
  std::vector<double> objective_point_;  // where the objective stands; empty: nowhere
};

extern template class Training<float>;
extern template class Training<double>;

}  // namespace smoothbound
