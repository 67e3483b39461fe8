#include <algorithm>
#include <array>
#include <numeric>

#include "fusion_rules.hpp"

namespace smoothbound::models::onnx {
namespace {

using Sizes = std::vector<std::int64_t>;

// Units of the constant matrix that a MatMul multiplies by, or of its transpose.
std::optional<std::int64_t> units_of(const Rewriter& rewriter, ValueId weight) {
  if (const Node* const turned = rewriter.maker(weight, "Transpose")) {
    const Tensor* const matrix = rewriter.initializer(turned->input(0));
    const Sizes order = turned->integers("perm");
    if (matrix == nullptr || matrix->sizes.size() != 2) return std::nullopt;
    if (!order.empty() && order != Sizes{1, 0}) return std::nullopt;
    return matrix->sizes[0];
  }
  const Tensor* const matrix = rewriter.initializer(weight);
  if (matrix == nullptr || matrix->sizes.size() != 2) return std::nullopt;
  return matrix->sizes[1];
}

Replacement fuse_matmul_bias(Rewriter& rewriter, const Node& node) {
  for (const std::size_t i : {0U, 1U}) {
    const Node* const matmul = rewriter.maker(node.input(i), "MatMul");
    const Tensor* const bias = rewriter.initializer(node.input(1 - i));
    if (matmul == nullptr || matmul->inputs.size() != 2 || bias == nullptr || !bias->is_real()) {
      continue;
    }
    const auto units = units_of(rewriter, matmul->input(1));
    if (!units || rewriter.initializer(matmul->input(0)) != nullptr) continue;
    if (bias->sizes != Sizes{*units}) continue;
    Node fused = *matmul;
    fused.inputs.push_back(rewriter.origin(node.input(1 - i)));
    return {std::move(fused)};
  }
  return {};
}

Replacement fuse_convolution_bias(Rewriter& rewriter, const Node& node) {
  for (const std::string_view operation : {"Conv", "ConvTranspose"}) {
    for (const std::size_t i : {0U, 1U}) {
      const Node* const conv = rewriter.maker(node.input(i), operation);
      if (conv == nullptr || conv->input(1) == absent || conv->input(2) != absent) continue;
      const Tensor* const weight = rewriter.initializer(conv->input(1));
      if (weight == nullptr || weight->sizes.size() < 3) continue;
      const std::size_t rank = weight->sizes.size();
      // Of a transposed one [channels, filters / groups, ...].
      const bool is_transposed = operation == "ConvTranspose";
      const std::int64_t groups = is_transposed ? conv->integer("group", 1) : 1;
      const std::int64_t filters = weight->sizes[is_transposed ? 1 : 0];
      const auto bias = rewriter.channel_parameter(node.input(1 - i), rank);
      // Division, so that no product overflows.
      if (!bias || groups < 1) continue;
      const std::int64_t size = rewriter.initializer(*bias)->sizes.front();
      if (size % groups != 0 || size / groups != filters) continue;
      Node fused = *conv;
      fused.inputs.resize(2);
      fused.inputs.push_back(*bias);
      return {std::move(fused)};
    }
  }
  return {};
}

// What a Pad adds to the spatial axes of a value of this rank: beginnings, then ends. Nothing: it
// is not zeros, not in space, or less than nothing.
std::optional<Sizes> spatial_zeros(const Rewriter& rewriter, const Node& pad, std::size_t rank) {
  constexpr std::int64_t most = std::int64_t{1} << 31U;
  if (pad.text("mode", "constant") != "constant" || pad.real("value", 0) != 0) return std::nullopt;
  if (pad.input(2) != absent) {
    const auto value = rewriter.scalar(pad.input(2));
    if (!value || *value != 0) return std::nullopt;
  }
  const auto pads = rewriter.integers(pad, "pads", 1);
  Sizes axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (pad.input(3) != absent) {
    const auto listed = rewriter.integers(pad, "axes", 3);
    if (!listed) return std::nullopt;
    axes = *listed;
  }
  if (!pads || pads->size() != 2 * axes.size()) return std::nullopt;
  Sizes zeros(2 * (rank - 2), 0);
  for (std::size_t i = 0; i < pads->size(); ++i) {
    const std::int64_t count = (*pads)[i];
    std::int64_t axis = axes[i % axes.size()];
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
    if (count == 0) continue;
    if (count < 0 || count > most || axis < 2 || axis >= static_cast<std::int64_t>(rank)) {
      return std::nullopt;
    }
    zeros[static_cast<std::size_t>(axis) - 2 + (i < axes.size() ? 0 : rank - 2)] += count;
  }
  return zeros;
}

// The window's own padding, or nothing if that depends on sizes.
std::optional<Sizes> window_zeros(const Node& node, std::size_t rank) {
  constexpr std::int64_t most = std::int64_t{1} << 31U;
  if (node.text("auto_pad", "NOTSET") != "NOTSET") return std::nullopt;
  Sizes zeros = node.integers("pads");
  if (zeros.empty()) zeros.assign(2 * (rank - 2), 0);
  const auto is_count = [](std::int64_t count) { return count >= 0 && count <= most; };
  if (zeros.size() != 2 * (rank - 2) || !std::ranges::all_of(zeros, is_count)) return std::nullopt;
  return zeros;
}

// The node with the zeros of the Pad before it among its own.
Replacement with_zeros(const Rewriter& rewriter, const Node& node, const Node& pad,
                       std::size_t rank) {
  auto zeros = spatial_zeros(rewriter, pad, rank);
  const auto own = window_zeros(node, rank);
  if (!zeros || !own) return {};
  std::ranges::transform(*zeros, *own, zeros->begin(), std::plus<>());
  Node fused = node;
  fused.inputs.front() = pad.input(0);
  set_attribute(fused, integers_attribute("pads", std::move(*zeros)));
  return {std::move(fused)};
}

Replacement fuse_pad_convolution(Rewriter& rewriter, const Node& node) {
  const Node* const pad = rewriter.maker(node.input(0), "Pad");
  const auto rank = rewriter.rank(node.input(1));
  if (pad == nullptr || !rank || *rank < 3) return {};
  return with_zeros(rewriter, node, *pad, *rank);
}

// Only into a window without zeros of its own, which would not be counted.
Replacement fuse_pad_average(Rewriter& rewriter, const Node& node) {
  const Node* const pad = rewriter.maker(node.input(0), "Pad");
  const std::size_t rank = node.integers("kernel_shape").size() + 2;
  if (pad == nullptr || rank < 3 || node.integer("ceil_mode", 0) != 0) return {};
  const auto own = window_zeros(node, rank);
  if (!own || std::ranges::any_of(*own, [](std::int64_t count) { return count != 0; })) return {};
  Replacement fused = with_zeros(rewriter, node, *pad, rank);
  if (!fused.empty()) set_attribute(fused.front(), integer_attribute("count_include_pad", 1));
  return fused;
}

Replacement fuse_mean_over_space(Rewriter& rewriter, const Node& node) {
  const auto rank = rewriter.rank(node.input(0));
  auto axes = rewriter.integers(node, "axes", 1);
  if (!rank || *rank < 3 || !axes) return {};
  for (std::int64_t& axis : *axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(*rank);
  }
  std::ranges::sort(*axes);
  Sizes spatial(*rank - 2);
  std::iota(spatial.begin(), spatial.end(), 2);
  if (*axes != spatial) return {};
  Node pool = fused_node("GlobalAveragePool", {node.input(0)});
  pool.name = node.name;
  if (node.integer("keepdims", 1) != 0) return {std::move(pool)};
  pool.outputs = {rewriter.new_value(rank)};
  Node flatten = fused_node("Flatten", {pool.outputs.front()}, {integer_attribute("axis", 1)});
  flatten.name = node.name;
  return {std::move(pool), std::move(flatten)};
}

// Means after the normalizations, which are made of them.
constexpr std::array layer_rows{
    FusionRule{"Add", fuse_matmul_bias},
    FusionRule{"Add", fuse_convolution_bias},
    FusionRule{"Conv", fuse_pad_convolution},
    FusionRule{"AveragePool", fuse_pad_average},
    FusionRule{"ReduceMean", fuse_mean_over_space},
};

}  // namespace

std::span<const FusionRule> layer_fusions() { return layer_rows; }

}  // namespace smoothbound::models::onnx
