#include "smoothbound/runtime/point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {
namespace {

// What `component` states of its block, or else what its norm says.
BlockAtPoint block_of(const Component& component, const Site& site, std::span<const double> v) {
  return std::visit(
      [&]<class T>(const T& c) -> BlockAtPoint {
        if constexpr (PointType<T>) {
          return c.block_at_point(site, v);
        } else {
          return {norm_bound(v)};
        }
      },
      component);
}

std::ptrdiff_t affine_steps(const Component& component, const Site& site) {
  return std::visit(
      [&]<class T>(const T& c) -> std::ptrdiff_t {
        if constexpr (StepType<T>) {
          const Steps steps = c.steps(site, Method::sharp);
          return std::count_if(steps.begin(), steps.end(), [](const Step& step) {
            return std::holds_alternative<AffineConstants>(step);
          });
        } else {
          return 0;
        }
      },
      component);
}

template <class Scalar>
Magnitude with_rounding(double norm) {
  if (!std::isfinite(norm)) return Magnitude::infinity();
  return measured(norm).upper *
         (Magnitude::from_count(1) + Magnitude::from_double(rounding_tolerance<Scalar>));
}

}  // namespace

PointBounds point_bounds(const Graph& graph, const ParameterLayout& layout,
                         std::span<const double> w) {
  if (static_cast<std::int64_t>(w.size()) != layout.elements) {
    throw std::invalid_argument(
        fmt::format("the layout has {} parameters, not {}", layout.elements, w.size()));
  }
  PointBounds point;
  const auto next_block = [&](std::uint32_t layer) {
    if (point.blocks.size() == layout.blocks.size() ||
        layout.blocks[point.blocks.size()].layer != layer) {
      throw std::invalid_argument(
          fmt::format("the layout has no parameters of layer '{}'", graph.layers[layer].name));
    }
    const ParameterBlock& block = layout.blocks[point.blocks.size()];
    return w.subspan(static_cast<std::size_t>(block.offset),
                     static_cast<std::size_t>(block.elements));
  };
  for (const std::uint32_t index : graph.order) {
    const Layer& layer = graph.layers[index];
    const Shape* input = &graph.shape_of(layer.inputs.front());
    for (const PlacedComponent& placed : layer.components) {
      const Site site{{input, 1}, placed.output, 1};
      for (auto i = affine_steps(placed.component, site); i > 0; --i) {
        point.blocks.push_back(block_of(placed.component, site, next_block(index)));
      }
      input = &placed.output;
    }
  }
  return point;
}

template <class Scalar>
LayerNormRecorder<Scalar>::LayerNormRecorder(const Graph& graph)
    : batch_(graph.layers.size(), Magnitude::infinity()),
      sample_(graph.layers.size(), Magnitude::infinity()),
      seen_(graph.layers.size()) {}

template <class Scalar>
void LayerNormRecorder<Scalar>::reset() {
  std::fill(batch_.begin(), batch_.end(), Magnitude::infinity());
  std::fill(sample_.begin(), sample_.end(), Magnitude::infinity());
  std::fill(seen_.begin(), seen_.end(), false);
}

template <class Scalar>
void LayerNormRecorder<Scalar>::on_layer(std::uint32_t layer, const BatchShape& shape,
                                         const Scalar* values) {
  if (!seen_[layer]) {
    seen_[layer] = true;
    batch_[layer] = sample_[layer] = {};
  }
  // Samples lie one behind the other in every layout.
  const auto size = static_cast<std::size_t>(shape.sample.elements());
  for (std::int64_t n = 0; n < shape.batch; ++n) {
    const Magnitude norm = with_rounding<Scalar>(
        euclidean_norm(std::span(values + n * shape.sample.elements(), size)));
    batch_[layer] = hypotenuse(batch_[layer], norm);
    sample_[layer] = std::max(sample_[layer], norm);
  }
}

template <class Scalar>
std::vector<Magnitude> LayerNormRecorder<Scalar>::batch_norms() const {
  return batch_;
}

template <class Scalar>
std::vector<Magnitude> LayerNormRecorder<Scalar>::sample_norms() const {
  return sample_;
}

template class LayerNormRecorder<float>;
template class LayerNormRecorder<double>;

void set_loss_gradient(PointBounds& point, const LossRow& loss, const LossEvaluation& evaluation,
                       std::int64_t samples) {
  const std::span<const double> gradient = evaluation.gradient;
  if (samples < 1 || gradient.size() % static_cast<std::size_t>(samples) != 0) {
    throw std::invalid_argument(
        fmt::format("{} samples have no gradient of {} entries", samples, gradient.size()));
  }
  point.batch.loss_gradient.reset();
  point.sample.loss_gradient.reset();
  if (!evaluation.differentiable) return;
  // See LossEvaluation::gap and evaluate_loss on convex clustering.
  const Magnitude error =
      std::isfinite(evaluation.gap)
          ? square_root(scale(Magnitude::from_double(std::max(evaluation.gap, 0.0)), 1))
          : Magnitude::infinity();
  point.batch.loss_gradient = with_rounding<double>(euclidean_norm(gradient)) + error;
  if (!loss.is_mean) return;
  const std::size_t size = gradient.size() / static_cast<std::size_t>(samples);
  double largest = 0;
  for (std::size_t first = 0; first < gradient.size(); first += size) {
    const double norm = euclidean_norm(gradient.subspan(first, size));
    if (!(norm <= largest)) largest = norm;
    if (std::isnan(largest)) break;
  }
  point.sample.loss_gradient =
      (with_rounding<double>(largest) + error) * Magnitude::from_count(samples);
}

}  // namespace smoothbound
