#include "smoothbound/runtime/point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "smoothbound/runtime/block_at_point.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {
namespace {

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
  if (layout.blocks.size() != graph.blocks.size()) {
    throw std::invalid_argument(fmt::format("the layout has {} parameter blocks, the network {}",
                                            layout.blocks.size(), graph.blocks.size()));
  }
  for (std::size_t i = 0; i < graph.blocks.size(); ++i) {
    const Block& block = graph.blocks[i];
    const ParameterBlock& place = layout.blocks[i];
    if (place.layer != block.layer || place.elements != block.elements) {
      throw std::invalid_argument(fmt::format("the layout has no parameters of layer '{}'",
                                              graph.layers[block.layer].name));
    }
  }
  // What the norms of operators are depends on where a block is used, too.
  PointBounds point;
  point.blocks.resize(graph.blocks.size());
  std::vector<bool> seen(graph.blocks.size());
  for (const Layer& layer : graph.layers) {
    for (std::size_t c = 0; c < layer.components.size(); ++c) {
      const std::uint32_t index = layer.components[c].block;
      if (index == PlacedComponent::no_block) continue;
      const ParameterBlock& place = layout.blocks[index];
      const auto v = w.subspan(static_cast<std::size_t>(place.offset),
                               static_cast<std::size_t>(place.elements));
      const Component& component = layer.components[c].component;
      const Site site = graph.site_of(layer, c, 1);
      const BlockAtPoint use =
          c + 1 < layer.components.size()
              ? block_at_point(component, site, v, layer.components[c + 1].component)
              : block_at_point(component, site, v);
      BlockAtPoint& block = point.blocks[index];
      block = seen[index] ? BlockAtPoint{use.norm, std::max(block.linear_input, use.linear_input),
                                         std::max(block.bias, use.bias)}
                          : use;
      seen[index] = true;
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
  if (!loss.is_mean()) return;
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
