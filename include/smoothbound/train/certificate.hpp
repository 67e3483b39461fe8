// Step sizes that the bounds certify, for an objective on given samples.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "smoothbound/bounds/layerwise.hpp"
#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// What the bounds need to know of the samples: norms, with their errors.
struct SampleNorms {
  Magnitude batch;   // of the stacked batch: of any mini-batch that may be drawn
  Magnitude sample;  // of the largest sample
  Magnitude label;   // of the largest label
};

/// The norms of `samples` samples of equal size in `x`, of which `batch` are taken at a time, and
/// of labels with targets (empty: classes, whose unit vectors have norm 1). Throws
/// std::invalid_argument if a number is not finite.
template <class Scalar>
SampleNorms measure_samples(std::span<const Scalar> x, std::int64_t samples, std::int64_t batch,
                            std::span<const double> targets = {});

/// A step size with the smoothness constant it comes from.
struct CertifiedStep {
  Magnitude smoothness;  // L_F where the step leads
  double step = 0;       // at most 1 / L_F, as a double; 0: there is none, see `reason`
  std::string reason;    // why there is no step
  /// Layer-wise: steps of the parameter blocks, certified together, in place of `step`; or empty.
  std::vector<double> by_block{};
};

/// Lengths of the parts of the gradient, by parameter block, and what measuring may add.
std::vector<Magnitude> block_lengths(const ParameterLayout& layout,
                                     std::span<const double> gradient);
/// Steps of the parameter blocks that `best_majorizer` certifies at gradients of such lengths.
std::vector<double> steps_by_block(const LayerwiseBounds& bounds,
                                   std::span<const Magnitude> lengths,
                                   const Magnitude& farthest = Magnitude::infinity());

/// Certifies steps for F = f o psi + r on `batch` samples: Theorem 4.1 on the product of balls, and
/// Cor 4.5 around a point. For mini-batches the constants hold for each of them, hence for their
/// mean.
class Certificate {
 public:
  /// `settings` with its batch replaced by `batch` and norms by those measured. `graph` has to
  /// outlive the certificate. The loss must not be null.
  Certificate(const Graph& graph, ResolvedSettings settings, std::int64_t batch,
              const SampleNorms& norms, Method method);

  /// 1 / L_F on the product of balls, halved for the stochastic method.
  [[nodiscard]] CertifiedStep global_step(bool stochastic) const;

  /// The step along -gradient at the point w, which stays in C' = {||v_b - w_b|| <= R'}:
  /// min{1 / L_F(R'), R' / max_b ||gradient_b||}. `radius`: R', or 0 for the one with the longest
  /// step, by bisection. Also holds for the projected step, as projections onto balls around 0 do
  /// not lead away from a point in them. `layerwise`: with `by_block`, of the R' among the double
  /// and half of this one, and so on, where they certify most (of `radius`, if there is one).
  [[nodiscard]] CertifiedStep local_step(const PointBounds& point, const ParameterLayout& layout,
                                         std::span<const double> gradient, double radius,
                                         bool layerwise = false) const;
  /// By parameter block, on the product of balls.
  [[nodiscard]] LayerwiseBounds global_blocks() const;

  [[nodiscard]] const ResolvedSettings& settings() const { return settings_; }
  [[nodiscard]] Method method() const { return method_; }

 private:
  [[nodiscard]] ObjectiveBounds bounds_around(const PointBounds& point,
                                              const Magnitude& radius) const;
  [[nodiscard]] LayerwiseBounds blocks_around(const PointBounds& point,
                                              const Magnitude& radius) const;
  [[nodiscard]] std::vector<double> local_steps_by_block(const PointBounds& point,
                                                         std::span<const Magnitude> lengths,
                                                         double radius, bool is_given) const;

  const Graph& graph_;
  ResolvedSettings settings_;
  Method method_;
};

}  // namespace smoothbound
