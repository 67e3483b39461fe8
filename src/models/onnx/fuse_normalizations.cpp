#include <algorithm>
#include <array>

#include "fusion_rules.hpp"

namespace smoothbound::models::onnx {
namespace {

using Axes = std::vector<std::int64_t>;

// From the end and sorted if the rank is known.
Axes from_end(Axes axes, std::optional<std::size_t> rank) {
  if (rank) {
    for (std::int64_t& axis : axes) {
      if (axis >= 0) axis -= static_cast<std::int64_t>(*rank);
    }
  }
  std::ranges::sort(axes);
  return axes;
}

// Whether these are -k, ..., -1.
bool are_last_axes(const Axes& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != static_cast<std::int64_t>(i) - static_cast<std::int64_t>(axes.size())) {
      return false;
    }
  }
  return !axes.empty();
}

// A mean that keeps its axes.
struct Mean {
  ValueId of = absent;
  Axes axes;
};

std::optional<Mean> mean_of(const Rewriter& rewriter, ValueId value) {
  const Node* const mean = rewriter.maker(value, "ReduceMean");
  if (mean == nullptr || mean->integer("keepdims", 1) == 0) return std::nullopt;
  const auto axes = rewriter.integers(*mean, "axes", 1);
  if (!axes || axes->empty()) return std::nullopt;
  const ValueId of = rewriter.origin(mean->input(0));
  return Mean{of, from_end(*axes, rewriter.rank(of))};
}

// x - mean of x
std::optional<Mean> centered(const Rewriter& rewriter, ValueId value) {
  const Node* const difference = rewriter.maker(value, "Sub");
  if (difference == nullptr) return std::nullopt;
  auto mean = mean_of(rewriter, difference->input(1));
  if (!mean || mean->of != rewriter.origin(difference->input(0))) return std::nullopt;
  return mean;
}

// The value of which this is the square, or `absent`.
ValueId square_root_of(const Rewriter& rewriter, ValueId value) {
  if (const Node* const power = rewriter.maker(value, "Pow")) {
    return rewriter.is_scalar(power->input(1), 2) ? rewriter.origin(power->input(0)) : absent;
  }
  const Node* const multiple = rewriter.maker(value, "Mul");
  if (multiple == nullptr) return absent;
  const ValueId factor = rewriter.origin(multiple->input(0));
  return factor == rewriter.origin(multiple->input(1)) ? factor : absent;
}

// The value of which this is the root, or `absent`.
ValueId radicand(const Rewriter& rewriter, ValueId value) {
  if (const Node* const root = rewriter.maker(value, "Sqrt")) {
    return rewriter.origin(root->input(0));
  }
  const Node* const power = rewriter.maker(value, "Pow");
  if (power == nullptr || !rewriter.is_scalar(power->input(1), 0.5)) return absent;
  return rewriter.origin(power->input(0));
}

// The value of which this is one over the root, or `absent`.
ValueId inverse_radicand(const Rewriter& rewriter, ValueId value) {
  if (const Node* const inverse = rewriter.maker(value, "Reciprocal")) {
    return radicand(rewriter, inverse->input(0));
  }
  if (const Node* const fraction = rewriter.maker(value, "Div")) {
    return rewriter.is_scalar(fraction->input(0), 1) ? radicand(rewriter, fraction->input(1))
                                                     : absent;
  }
  const Node* const power = rewriter.maker(value, "Pow");
  if (power == nullptr || !rewriter.is_scalar(power->input(1), -0.5)) return absent;
  return rewriter.origin(power->input(0));
}

// mean(of^2) + epsilon
struct Variance {
  ValueId of = absent;
  Axes axes;
  double epsilon = 0;
};

std::optional<Variance> variance_of(const Rewriter& rewriter, ValueId value) {
  if (value == absent) return std::nullopt;
  const auto sum = rewriter.shifted(value);
  if (!sum || !(sum->number >= 0)) return std::nullopt;
  auto mean = mean_of(rewriter, sum->value);
  if (!mean) return std::nullopt;
  const ValueId of = square_root_of(rewriter, mean->of);
  if (of == absent) return std::nullopt;
  return Variance{of, std::move(mean->axes), sum->number};
}

// x / root of its variance: what is divided, and by what.
struct Standardized {
  ValueId numerator = absent;
  Variance variance;
};

std::optional<Standardized> standardized(const Rewriter& rewriter, const Node& node) {
  if (node.operation == "Div") {
    auto variance = variance_of(rewriter, radicand(rewriter, node.input(1)));
    if (!variance) return std::nullopt;
    return Standardized{rewriter.origin(node.input(0)), std::move(*variance)};
  }
  for (const std::size_t i : {0U, 1U}) {
    auto variance = variance_of(rewriter, inverse_radicand(rewriter, node.input(i)));
    if (variance) return Standardized{rewriter.origin(node.input(1 - i)), std::move(*variance)};
  }
  return std::nullopt;
}

Node normalization(std::string_view operation, std::vector<ValueId> inputs, const Variance& by) {
  Attribute axes = are_last_axes(by.axes) ? integer_attribute("axis", by.axes.front())
                                          : integers_attribute("axes", by.axes);
  return fused_node(operation, std::move(inputs),
                    {std::move(axes), real_attribute("epsilon", by.epsilon)});
}

Replacement fuse_layer_norm(Rewriter& rewriter, const Node& node) {
  const auto found = standardized(rewriter, node);
  if (!found) return {};
  // Some exporters write x - mean twice.
  const auto above = centered(rewriter, found->numerator);
  const auto below = centered(rewriter, found->variance.of);
  if (!above || !below || above->of != below->of || above->axes != below->axes ||
      above->axes != found->variance.axes) {
    return {};
  }
  return {normalization("LayerNormalization", {above->of}, found->variance)};
}

Replacement fuse_rms_norm(Rewriter& rewriter, const Node& node) {
  const auto found = standardized(rewriter, node);
  if (!found || found->numerator != found->variance.of) return {};
  return {normalization("RMSNormalization", {found->numerator}, found->variance)};
}

// The initializer as numbers along these axes, which are from the end.
std::optional<ValueId> axes_parameter(Rewriter& rewriter, ValueId value, const Axes& axes) {
  const Tensor* const tensor = rewriter.initializer(value);
  if (tensor == nullptr || !tensor->is_real() || axes.empty()) return std::nullopt;
  Axes sizes = tensor->sizes;
  const auto rank = static_cast<std::int64_t>(sizes.size());
  Axes along;
  for (std::int64_t axis = -rank; axis < 0; ++axis) {
    const std::int64_t size = sizes[static_cast<std::size_t>(axis + rank)];
    const bool is_along = std::ranges::find(axes, axis) != axes.end();
    if (is_along == (size == 1)) return std::nullopt;  // numbers of another axis, or for all
    if (is_along) along.push_back(size);
  }
  if (along.size() != axes.size()) return std::nullopt;
  return rewriter.reshaped(value, along);
}

// (x w + shift) - mean w, with w = scale / root of the variance: TensorFlow's order
Replacement fuse_folded_layer_norm(Rewriter& rewriter, const Node& node) {
  for (const std::size_t i : {0U, 1U}) {
    const Node* const multiple = rewriter.maker(node.input(i), "Mul");
    const Node* const rest = rewriter.maker(node.input(1 - i), "Sub");
    if (multiple == nullptr || rest == nullptr) continue;
    const Node* const mean_part = rewriter.maker(rest->input(1), "Mul");
    if (mean_part == nullptr) continue;
    for (const std::size_t k : {0U, 1U}) {
      const auto mean = mean_of(rewriter, mean_part->input(k));
      if (!mean) continue;
      const ValueId weight = rewriter.origin(mean_part->input(1 - k));
      const ValueId first = rewriter.origin(multiple->input(0));
      const ValueId second = rewriter.origin(multiple->input(1));
      if (!((first == mean->of && second == weight) || (first == weight && second == mean->of))) {
        continue;
      }
      std::vector<ValueId> inputs{mean->of, absent, absent};
      auto variance = variance_of(rewriter, inverse_radicand(rewriter, weight));
      if (const Node* const scaled = variance ? nullptr : rewriter.maker(weight, "Mul")) {
        for (const std::size_t m : {0U, 1U}) {
          const auto scale = axes_parameter(rewriter, scaled->input(m), mean->axes);
          if (!scale) continue;
          inputs[1] = *scale;
          variance = variance_of(rewriter, inverse_radicand(rewriter, scaled->input(1 - m)));
        }
      }
      const auto shift = axes_parameter(rewriter, rest->input(0), mean->axes);
      if (!variance || !shift) continue;
      inputs[2] = *shift;
      const auto below = centered(rewriter, variance->of);
      if (!below || below->of != mean->of || below->axes != mean->axes ||
          variance->axes != mean->axes) {
        continue;
      }
      return {normalization("LayerNormalization", std::move(inputs), *variance)};
    }
  }
  return {};
}

// The axes of a LayerNormalization or RMSNormalization, from the end; none: not known.
Axes normalized_axes(const Rewriter& rewriter, const Node& node) {
  const auto rank = rewriter.rank(node.input(0));
  if (node.find("axes") != nullptr) {
    Axes axes = from_end(node.integers("axes"), rank);
    return axes.empty() || axes.back() >= 0 ? Axes{} : axes;
  }
  std::int64_t first = node.integer("axis", -1);
  if (first >= 0 && rank) first -= static_cast<std::int64_t>(*rank);
  constexpr std::int64_t most = 8;
  Axes axes;
  if (first < -most) return axes;
  for (std::int64_t axis = first; axis < 0; ++axis) axes.push_back(axis);
  return axes;
}

// How a Mul or an Add becomes the scale or the shift of a normalization.
struct Absorbing {
  std::string_view operation;
  std::size_t input;  // which it becomes
  // The initializer as that parameter, or nothing.
  std::optional<ValueId> (*parameter)(Rewriter&, ValueId value, const Node& normalization);
};

std::optional<ValueId> parameter_of_axes(Rewriter& rewriter, ValueId value, const Node& node) {
  return axes_parameter(rewriter, value, normalized_axes(rewriter, node));
}

std::optional<ValueId> parameter_of_channels(Rewriter& rewriter, ValueId value, const Node& node) {
  return rewriter.channel_parameter(value, rewriter.rank(node.input(0)));
}

Replacement absorb(Rewriter& rewriter, const Node& node, const Absorbing& how) {
  for (const std::size_t i : {0U, 1U}) {
    const Node* const before = rewriter.maker(node.input(i), how.operation);
    // A scale behind a shift would scale that, too.
    if (before == nullptr || before->inputs.empty() || before->input(how.input) != absent ||
        before->input(2) != absent) {
      continue;
    }
    const auto parameter = how.parameter(rewriter, node.input(1 - i), *before);
    if (!parameter) continue;
    Node fused = *before;
    fused.inputs.resize(std::max(fused.inputs.size(), how.input + 1), absent);
    fused.inputs[how.input] = *parameter;
    return {std::move(fused)};
  }
  return {};
}

template <std::size_t input>
Replacement absorb_into_layer_norm(Rewriter& rewriter, const Node& node) {
  return absorb(rewriter, node, {"LayerNormalization", input, parameter_of_axes});
}

Replacement absorb_into_rms_norm(Rewriter& rewriter, const Node& node) {
  return absorb(rewriter, node, {"RMSNormalization", 1, parameter_of_axes});
}

template <std::size_t input>
Replacement absorb_into_group_norm(Rewriter& rewriter, const Node& node) {
  return absorb(rewriter, node, {"GroupNormalization", input, parameter_of_channels});
}

// Reshape to groups, InstanceNormalization, Reshape back
Replacement fuse_group_norm(Rewriter& rewriter, const Node& node) {
  const Node* const norm = rewriter.maker(node.input(0), "InstanceNormalization");
  if (norm == nullptr) return {};
  const Node* const apart = rewriter.maker(norm->input(0), "Reshape");
  if (apart == nullptr) return {};
  const ValueId x = rewriter.origin(apart->input(0));
  const auto sizes = rewriter.integers(*apart, "shape", 1);
  const auto rank = rewriter.rank(x);
  if (!sizes || sizes->size() != 3 || (*sizes)[1] < 1 || !rank) return {};
  const Tensor* const scale = rewriter.initializer(norm->input(1));
  if (scale == nullptr || scale->elements() != (*sizes)[1] ||
      !rewriter.is_filled_with(norm->input(1), 1) || !rewriter.is_filled_with(norm->input(2), 0)) {
    return {};
  }
  const Node* const shape = rewriter.maker(node.input(1), "Shape");
  const bool is_back = shape != nullptr && rewriter.origin(shape->input(0)) == x;
  const auto back = rewriter.integers(node, "shape", 1);
  if (!is_back && (!back || back->size() != *rank)) return {};
  return {fused_node("GroupNormalization", {x},
                     {integer_attribute("num_groups", (*sizes)[1]),
                      real_attribute("epsilon", norm->real("epsilon", 1e-5))})};
}

// What was never scaled or shifted, with a scale and a shift behind it.
Node* untouched_batch_norm(Rewriter& rewriter, ValueId value, Node& copy) {
  const Node* const norm = rewriter.maker(value, "BatchNormalization");
  if (norm == nullptr || norm->inputs.size() < 5 || !rewriter.is_filled_with(norm->input(1), 1) ||
      !rewriter.is_filled_with(norm->input(2), 0)) {
    return nullptr;
  }
  copy = *norm;
  return &copy;
}

bool take_parameter(Rewriter& rewriter, Node& norm, ValueId value, std::size_t input) {
  const auto parameter = rewriter.channel_parameter(value, rewriter.rank(norm.input(0)));
  if (!parameter ||
      rewriter.initializer(*parameter)->sizes != rewriter.initializer(norm.input(1))->sizes) {
    return false;
  }
  norm.inputs[input] = *parameter;
  return true;
}

Replacement fuse_batch_norm_scale(Rewriter& rewriter, const Node& node) {
  Node norm;
  for (const std::size_t i : {0U, 1U}) {
    if (untouched_batch_norm(rewriter, node.input(i), norm) != nullptr &&
        take_parameter(rewriter, norm, node.input(1 - i), 1)) {
      return {std::move(norm)};
    }
  }
  return {};
}

Replacement fuse_batch_norm_shift(Rewriter& rewriter, const Node& node) {
  Node norm;
  for (const std::size_t i : {0U, 1U}) {
    if (untouched_batch_norm(rewriter, node.input(i), norm) != nullptr &&
        take_parameter(rewriter, norm, node.input(1 - i), 2)) {
      return {std::move(norm)};
    }
    const Node* const scaled = rewriter.maker(node.input(i), "Mul");
    if (scaled == nullptr) continue;
    Replacement fused = fuse_batch_norm_scale(rewriter, *scaled);
    if (!fused.empty() && take_parameter(rewriter, fused.front(), node.input(1 - i), 2)) {
      return fused;
    }
  }
  return {};
}

// LayerNormalization before RMSNormalization, which the one of x - mean is; a batch norm with both
// before those with one, which are not untouched afterwards.
constexpr std::array normalization_rows{
    FusionRule{"Add", fuse_folded_layer_norm},
    FusionRule{"Div", fuse_layer_norm},
    FusionRule{"Mul", fuse_layer_norm},
    FusionRule{"Div", fuse_rms_norm},
    FusionRule{"Mul", fuse_rms_norm},
    FusionRule{"Mul", absorb_into_layer_norm<1>},
    FusionRule{"Add", absorb_into_layer_norm<2>},
    FusionRule{"Mul", absorb_into_rms_norm},
    FusionRule{"Reshape", fuse_group_norm},
    FusionRule{"Mul", absorb_into_group_norm<1>},
    FusionRule{"Add", absorb_into_group_norm<2>},
    FusionRule{"Add", fuse_batch_norm_shift},
    FusionRule{"Mul", fuse_batch_norm_scale},
};

}  // namespace

std::span<const FusionRule> normalization_fusions() { return normalization_rows; }

}  // namespace smoothbound::models::onnx
