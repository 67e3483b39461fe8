// The objective F(w) = f(psi(w)) + r(w) on given samples, with its oracles.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/losses/regularizer.hpp"
#include "smoothbound/runtime/oracle.hpp"

namespace smoothbound {

struct ObjectiveOptions {
  /// Samples that are executed at once; 0: all. What couples samples (batch norm) needs all.
  std::int64_t micro_batch = 0;
  double regularizer = 0;                    // lambda of r
  std::int64_t clusters = default_clusters;  // of k_means and spectral_clustering
  double label_smoothing = 0;                // of logistic
  double threshold = 1;                      // of huber
  /// Begin the inner problem of a loss at the solution of the point before. Without it, values
  /// depend on nothing but the point, to the last bit.
  bool warm_start = true;
};

/// Of micro-batches with at most `limit` samples, 0: all; smaller ones where all have the same size
/// then, and are not much smaller.
std::int64_t size_of_micro_batches(std::int64_t samples, std::int64_t limit);
struct MicroBatch {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
/// All of them. Throws std::invalid_argument for more than one of what couples samples.
std::vector<MicroBatch> micro_batches(const Graph& graph, std::int64_t samples, std::int64_t limit);

/// f is evaluated in float64, psi in `Scalar`. Results do not depend on the size of micro-batches,
/// rounding aside. With one micro-batch the trajectory is kept from call to call at the same point.
template <class Scalar>
class Objective {
 public:
  /// `x` holds `samples` samples, one after the other, and must outlive the objective. Throws
  /// std::invalid_argument for sizes that do not fit and for micro-batches of what couples samples,
  /// NotExecutable, LossDataError.
  Objective(const Graph& graph, const LossRow& loss, std::span<const Scalar> x,
            std::int64_t samples, Labels labels, const ObjectiveOptions& options = {});

  [[nodiscard]] const ParameterLayout& parameter_layout() const;
  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] const Labels& labels() const { return labels_; }
  /// Outputs of the network for one sample.
  [[nodiscard]] std::int64_t outputs() const { return outputs_; }

  /// The point w of all that follows.
  void set_point(std::span<const Scalar> w);
  /// The same: `write` writes w, which may be more than once.
  void set_point(const std::function<void(std::span<Scalar>)>& write);
  [[nodiscard]] std::span<const Scalar> point() const;

  /// Sees, from the next point on, the forward passes with which psi(w) is computed, one over each
  /// sample; passes that micro-batches repeat for derivatives are not shown. Null: none.
  void set_observer(Observer<Scalar>* observer) { observer_ = observer; }
  /// What `x` refers to has been overwritten by other samples, as many, with these labels. A point
  /// has to be set anew.
  void replace_samples(Labels labels);

  /// F(w)
  double value();
  /// F(w), and `gradient` = grad F(w): a forward and a backward pass.
  double gradient(std::span<Scalar> gradient);
  /// hess F(w) w_dot
  void hessian_product(std::span<const Scalar> w_dot, std::span<Scalar> product);
  /// grad psi(w) hess f(psi(w)) grad psi(w)^T w_dot + lambda w_dot
  void gauss_newton_product(std::span<const Scalar> w_dot, std::span<Scalar> product);
  /// y_dot = grad psi(w)^T w_dot, of all samples
  void jvp(std::span<const Scalar> w_dot, std::span<double> y_dot);
  /// w_bar = grad psi(w) mu
  void vjp(std::span<const double> mu, std::span<Scalar> w_bar);
  /// psi(w), a sample after the other.
  [[nodiscard]] const std::vector<double>& predictions();
  /// f at psi(w) for all samples.
  const LossEvaluation& loss();

  /// Calls of the automatic-differentiation oracle so far: backward passes and linearized forward
  /// passes, each over all samples.
  [[nodiscard]] std::int64_t oracle_calls() const { return oracle_calls_; }

 private:
  struct Engine {
    Network<Scalar> network;
    Trajectory<Scalar> trajectory;
    Engine(const Graph& graph, std::int64_t batch)
        : network(graph, batch), trajectory(network, KeepCotangents::yes) {}
  };
  struct Part {
    Engine* engine;
    std::int64_t first;
    std::int64_t count;
  };

  void execute(const Part& part);
  // Executes part after part where that has not been done at this point.
  void predict();
  template <class Number>
  [[nodiscard]] std::span<Number> slice(std::span<Number> all, const Part& part) const;
  void regularize(std::span<const Scalar> along, std::span<Scalar> result) const;
  void push_predictions(std::span<const Scalar> w_dot);
  // gradient = grad psi(w) mu
  void pull_back(std::span<const double> mu, std::span<Scalar> gradient);

  const LossRow* loss_row_;
  std::span<const Scalar> x_;
  std::int64_t samples_;
  std::int64_t outputs_ = 0;
  std::int64_t positions_ = 1;  // of the outputs for a sample
  Labels labels_;
  ObjectiveOptions options_;
  std::map<std::int64_t, std::unique_ptr<Engine>> engines_;  // by batch size
  std::vector<Part> parts_;
  Observer<Scalar>* observer_ = nullptr;
  const Part* executed_ = nullptr;  // whose trajectory its engine holds
  bool predicted_ = false;
  bool evaluated_ = false;
  std::vector<double> predictions_;
  std::vector<double> prediction_dots_;
  std::vector<double> cotangents_;  // of the predictions: H_f times their tangents
  LossEvaluation evaluation_;
  std::vector<Scalar> narrow_;  // a part's share of something in float64
  std::vector<Scalar> narrow_dot_;
  std::vector<Scalar> share_;  // a part's share of a product
  std::int64_t oracle_calls_ = 0;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace smoothbound
