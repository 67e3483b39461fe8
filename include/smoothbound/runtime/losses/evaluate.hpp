// Losses on numbers: value, gradient and Hessian product at given predictions, in double. What a
// loss is called and how smooth it is stands in losses/loss.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <vector>

#include "smoothbound/losses/loss.hpp"

namespace smoothbound {

/// What a loss throws: `what()` is a sentence for the user.
class LossError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Predictions, labels or settings that do not fit; samples and outputs are counted from 0.
class LossDataError : public LossError {
 public:
  using LossError::LossError;
};

/// A derivative was asked for where there is none.
class NotDifferentiable : public LossError {
 public:
  using LossError::LossError;
};

/// An inner problem was not solved to the accuracy asked for.
class NotConverged : public LossError {
 public:
  using LossError::LossError;
};

/// What a sample should be. A supervised loss takes one of the two, the other one is empty.
struct Labels {
  /// n, each in 0 .. q-1; of logistic n x positions, each a channel of that position.
  std::vector<std::int64_t> classes;
  std::vector<double> targets;  // n x q, row by row
};

/// When the inner problem of convex clustering counts as solved.
struct InnerSolver {
  /// Certified: value - minimum <= relative_gap * value. Where the clusters are found, as nearly
  /// always, the gap is many orders of magnitude smaller.
  double relative_gap = 1e-13;
  /// Each costs n(n-1)/2 differences of q numbers.
  std::int64_t iterations = 100'000;
};

/// Where a loss is evaluated. Nothing is owned.
struct LossData {
  std::int64_t samples = 0;             // n >= 1
  std::int64_t outputs = 0;             // q >= 1, of one sample: channels x positions
  std::int64_t positions = 1;           // of one sample, which logistic classifies
  std::span<const double> predictions;  // n x q, row by row: one sample after the other
  const Labels* labels = nullptr;       // of means over samples or less; the others ignore them
  std::int64_t clusters = default_clusters;  // k >= 1, of k_means and spectral_clustering
  double label_smoothing = 0;                // in [0, 1], of logistic
  double threshold = 1;                      // > 0, of huber
  /// `LossEvaluation::warm_start` of an evaluation near by with the same sizes, or empty.
  std::span<const double> warm_start;
  InnerSolver solver;
};

/// A loss at some predictions, with what its derivatives need: it does not refer to `LossData`.
struct LossEvaluation {
  double value = 0;
  /// The value by definition is in [value - gap, value], up to rounding: convex_clustering solves
  /// its inner problem to this duality gap, k_means finds a local minimum and a lower bound on all.
  double gap = 0;
  std::vector<double> gradient;  // n x q
  /// Whether the loss has a gradient here. If not, `gradient` is that of one of the smooth
  /// functions of which the loss is the minimum. k_means compares the assignment found with those
  /// that differ in one point.
  bool differentiable = true;
  std::vector<std::int64_t> cluster_of;  // each sample's cluster, of convex_clustering and k_means
  std::int64_t iterations = 0;           // of the inner solver
  std::vector<double> warm_start;        // of convex_clustering: n(n-1)/2 x q dual variables

  using Product = std::function<void(std::span<const double>, std::span<double>)>;
  /// (direction, product), both n x q and not overlapping: product = Hessian times direction.
  /// Throws LossDataError for other sizes, NotDifferentiable where spectral_clustering has no
  /// Hessian, NotConverged if the linear system of convex_clustering resists.
  ///
  /// logistic, binary_logistic and square have a Hessian everywhere. huber has none where a
  /// residual is the threshold, and the product is that of residuals near by, towards 0.
  /// convex_clustering has one where which points coincide at the solution does not change near by;
  /// where it does, the product is that of a Hessian with `cluster_of` held fixed, which is one of
  /// the limits of Hessians near by. k_means is quadratic for a fixed assignment, and the product
  /// that of this quadratic.
  Product hessian_product;
};

/// The loss of the stacked predictions; a mean has its factor 1/n in everything.
///
/// - logistic: `labels->classes`.
/// - square, huber, binary_logistic: `labels->targets`, in [0, 1] for the last, or
///   `labels->classes`, which stand for the unit vectors of the outputs (one-hot).
/// - convex_clustering (Prop B.1): the Moreau envelope, hence gradient z - y* and Hessian
///   I - dy*/dz. Its gradient is within sqrt(2 gap) of the exact one, in the Euclidean norm.
/// - k_means: finding the minimum is NP-hard. Lloyd's iteration and moves of single points, from
/// ten
///   k-means++ starts that are the same in every run, give an upper estimate of it; all else
///   belongs to the assignment found.
///   `gap` comes from the relaxation to projectors of rank k whose range contains (1, ..., 1).
/// - spectral_clustering: the sum of squared singular values beyond the k largest, which is the
///   squared distance to the matrices of rank k. Differentiable where sigma_k > sigma_{k+1}.
///
/// With k >= n, k_means is 0; with k >= min(n, q), spectral_clustering is.
///
/// Throws LossDataError for sizes, labels or settings that do not fit and for predictions that are
/// not finite, NotConverged if convex clustering runs out of iterations.
LossEvaluation evaluate_loss(const LossRow& loss, const LossData& data);

/// How many numbers an evaluation for `samples` samples takes for each number of the predictions.
std::int64_t numbers_of_evaluation(const LossRow& loss, std::int64_t samples);

}  // namespace smoothbound
