// The objective in ball arithmetic, Prop 4.2: a loss of what the network predicts.
#pragma once

#include <algorithm>
#include <stdexcept>

#include "oracle_nodes.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::support {

struct OracleObjective {
  Ball l, L;
};

namespace oracle {

/// Of a loss as a function of the predictions for a batch.
struct OracleLoss {
  Ball l, L;
};

inline bool is_mean(const PlainNetwork& network) { return find_loss(network.loss)->is_mean(); }

/// Losses that are no mean of terms.
inline OracleLoss loss_of_batch(const std::string& name, std::int64_t batch, bool sharp) {
  if (name == "k_means" || name == "spectral_clustering")
    return {Ball::infinity(), Ball::infinity()};
  if (name != "convex_clustering") throw std::invalid_argument(name + " is not written out");
  const Ball others = Ball(batch - 1) / Ball(2);
  // Of two samples, the paper's is below the true one.
  return {Ball(batch) * (sharp || batch == 2 ? square_root(others) : others), 1};
}

/// By the paper, whose mean of terms is as its largest term. Predictions have norms of at most m.
inline OracleLoss paper_loss(const PlainNetwork& network, const Ball& m, std::int64_t batch,
                             const Sizes& shape) {
  const std::string& name = network.loss;
  if (name == "logistic") return {2, 2};
  if (name == "binary_logistic") return {1, ratio(1, 4)};
  const Ball residual = m + Ball::decimal(network.label_radius);
  if (name == "square") return {residual, 1};
  if (name == "huber") return {smaller(1, residual / root(product_of(shape))), 1};
  return loss_of_batch(name, batch, false);
}

/// A mean of terms of what is predicted, by levels whose axes divide them.
struct MeanLoss {
  Counts terms;
  std::vector<std::size_t> dividing;
  Levels slope;  // the root mean square of the gradients of the terms that a level adds up
  Ball curvature;
  std::int64_t classes = 1;
};

inline MeanLoss mean_loss(const PlainNetwork& network, const Levels& m, const Counts& counts,
                          bool on_ball) {
  const std::string& name = network.loss;
  if (name == "logistic") {
    MeanLoss f{{counts.samples, counts.positions, 1},
               {of_batch, of_sample, of_position, of_token},
               all_of(root(2)),
               ratio(1, 2),
               counts.channels};
    if (on_ball) {
      // No probability exceeds t, so |p - e_y|^2 <= 1 + t.
      const Ball t = Ball(1) / (Ball(1) + Ball(counts.channels - 1) *
                                              falling_exponential(root(2) * m[of_token]));
      f.slope = all_of(smaller(root(2), square_root(Ball(1) + t)));
      f.curvature = smaller(f.curvature, t);
    }
    return f;
  }
  const Counts scalars = counts;
  const std::vector<std::size_t> all{of_batch, of_sample, of_position, of_token, of_entry};
  if (name == "binary_logistic") {
    const Ball slope = on_ball ? logistic_sigmoid(m[of_entry]) : Ball(1);
    return {scalars, all, all_of(slope), ratio(1, 4)};
  }
  const Ball rho = Ball::decimal(network.label_radius);
  const Ball mean_of_samples = smaller(m[of_sample], m[of_batch] / root(counts.samples)) + rho;
  const Ball sample = m[of_sample] + rho;
  if (name == "square") {
    return {{counts.samples, 1, 1}, {of_batch, of_sample}, {mean_of_samples, sample}, 1};
  }
  if (name != "huber") throw std::invalid_argument(name + " is not written out");
  const Ball root_scalars = root(counts.positions * counts.channels);
  return {scalars,
          all,
          {smaller(1, mean_of_samples / root_scalars), smaller(1, sample / root_scalars), 1, 1, 1},
          1};
}

/// Of f''[z', z'], where the predictions are small or have one class that is much larger than the
/// others: at a level without entries, at the position where it is largest.
inline Ball by_singles(const PlainNetwork& network, const OracleValue& z, const MeanLoss& f,
                       std::size_t level) {
  const bool is_logistic = network.loss == "logistic";
  if (!z.singles || (!is_logistic && network.loss != "binary_logistic")) return Ball::infinity();
  const Ball terms(f.terms.outside(level));
  const Ball nu = f.curvature / terms;
  // A sum of the variances of k numbers, each at most k (2/e)^2; or of x^2 s (1-s).
  const Ball of_classes = Ball(2) * one_over_e() * root(f.classes) / root(f.curvature / terms);
  const Ball of_scalars = root(softplus_moment() / nu);
  Ball largest;
  for (const Slot& slot : z.slots()) {
    if (slot.level != level) continue;
    const Ball E =
        largest_sum_of_squares(*z.singles, z.m, slot, is_logistic ? of_classes : of_scalars);
    largest = larger(largest, nu * E);
  }
  return largest;
}

/// Bounds of the loss of predictions z(w), of `counts` for a sample.
inline OracleObjective sharp_objective(const PlainNetwork& network, const OracleValue& z,
                                       const Counts& counts, const ActiveLevels& active,
                                       const OracleRefinements& refinements) {
  if (!is_mean(network)) {
    const OracleLoss f = loss_of_batch(network.loss, counts.samples, true);
    const OracleTriple psi = z.total();
    return {psi.l * f.l, psi.L * f.l + square(psi.l) * f.L};
  }
  const MeanLoss f = mean_loss(network, z.m.largest(), counts, refinements.loss);
  Ball first = Ball::infinity();
  Ball second = Ball::infinity();
  Ball slope = Ball::infinity();
  for (const std::size_t A : f.dividing) {
    if (!active.has(A)) continue;
    const Ball terms = root(f.terms.outside(A));
    const OracleTriple psi = z.total(A);
    const Ball l = psi.l / terms;
    first = smaller(first, f.slope[A] * l);
    slope = smaller(slope, l);
    second = smaller(second, f.slope[A] * (psi.L / terms));
  }
  Ball bent = by_singles(network, z, f, active.axes ? of_token : of_batch);
  if (refinements.radial) bent = smaller(bent, by_singles(network, z, f, of_batch));
  return {first, second + smaller(f.curvature * square(slope), bent)};
}

}  // namespace oracle
}  // namespace smoothbound::support
