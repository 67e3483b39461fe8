// What the bounds around a point take from a network at this point.
#pragma once

#include <span>
#include <vector>

#include "smoothbound/bounds/local.hpp"
#include "smoothbound/runtime/bound_check.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/trajectory.hpp"

namespace smoothbound {

/// `PointBounds::blocks` of w* = `w`: certified norms, in a few passes over the parameters, and up
/// to most_gram_rows^2 operations for each in matrices of no more rows or columns than that. A
/// block with numbers that are not finite has the bounds inf. The rest of the result is empty.
/// `layout` is that of a network of `graph`; throws std::invalid_argument if sizes do not fit.
PointBounds point_bounds(const Graph& graph, const ParameterLayout& layout,
                         std::span<const double> w);

/// Takes down ||z_l(w*)|| during forward passes over all samples, for `PointBounds`: of all samples
/// that pass by, stacked, and of the largest sample. Set it as the observer of the trajectory.
template <class Scalar>
class LayerNormRecorder final : public Observer<Scalar> {
 public:
  explicit LayerNormRecorder(const Graph& graph);
  void on_layer(std::uint32_t layer, const BatchShape& shape, const Scalar* values) override;
  /// Begins anew, for another point.
  void reset();

  /// For `batch.layer_norms` and `sample.layer_norms`, with `rounding_tolerance` for what the
  /// forward pass has rounded: as with that, a convention, not a proof. Who wants proven bounds
  /// leaves the layer norms out. Layers that nothing was seen of have the norm inf.
  [[nodiscard]] std::vector<Magnitude> batch_norms() const;
  [[nodiscard]] std::vector<Magnitude> sample_norms() const;

 private:
  std::vector<Magnitude> batch_;
  std::vector<Magnitude> sample_;
  std::vector<bool> seen_;
};

extern template class LayerNormRecorder<float>;
extern template class LayerNormRecorder<double>;

/// Sets the gradients of the loss in `point`: of all predictions and, of a mean, the largest of one
/// term. `evaluation` is that of `loss` for `samples` samples at psi(w*). Includes the error that
/// the evaluation states (of convex clustering) and `rounding_tolerance<double>`.
void set_loss_gradient(PointBounds& point, const LossRow& loss, const LossEvaluation& evaluation,
                       std::int64_t samples);

}  // namespace smoothbound
