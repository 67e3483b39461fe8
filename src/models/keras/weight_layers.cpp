// Layers with weights: dense ones, convolutions, embeddings, attention.
#include <fmt/format.h>

#include <algorithm>

#include "layer_call.hpp"

namespace smoothbound::models::keras {
namespace {

constexpr const char* too_large = "the size of a layer";

Tensor convert_dense(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  const std::int64_t units = call.required_integer("units");
  const bool bias = call.config.flag("use_bias", true);
  if (shape.rank() == 1) {
    return call.activated(
        call.head(input, "dense", {{"", std::to_string(units)}}, Shape{units}, bias));
  }
  if (call.building.channels_first) {
    call.refuse("it acts along the last axis, which is not that of the channels",
                "flatten before it, or use data_format='channels_last'");
  }
  std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  sizes.front() = units;
  return call.activated(call.head(
      input, "dense", {{"units", std::to_string(units)}, {"per", "position"}}, Shape(sizes), bias));
}

struct Filter {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> dilation;
  std::string padding;  // "same", "valid"
};

std::int64_t span_of(const Filter& filter, std::size_t axis) {
  return checked_sum(checked_product(filter.kernel[axis] - 1, filter.dilation[axis], too_large), 1,
                     too_large);
}

std::string padding_of(const LayerCall& call, bool may_be_causal) {
  std::string padding(call.config.text("padding", "valid"));
  if (padding != "same" && padding != "valid" && !(may_be_causal && padding == "causal")) {
    call.refuse(fmt::format("padding '{}'", padding), "padding is 'valid' or 'same'");
  }
  return padding;
}

Filter filter_of(const LayerCall& call, int axes) {
  static_cast<void>(call.config.require("kernel_size", call.layer.location));
  return {call.extent("kernel_size", axes, 1), call.extent("strides", axes, 1),
          call.extent("dilation_rate", axes, 1), padding_of(call, axes == 1)};
}

bool all_ones(const std::vector<std::int64_t>& sizes) {
  return std::ranges::all_of(sizes, [](std::int64_t n) { return n == 1; });
}

std::vector<Setting> settings_of(const Filter& filter, std::int64_t filters, std::int64_t groups) {
  std::vector<Setting> settings{{"filters", std::to_string(filters)},
                                {"kernel", written_extent(filter.kernel)}};
  if (!all_ones(filter.stride)) settings.push_back({"stride", written_extent(filter.stride)});
  if (filter.padding == "same" && !all_ones(filter.kernel)) {
    settings.push_back({"padding", "same"});
  }
  if (!all_ones(filter.dilation)) settings.push_back({"dilation", written_extent(filter.dilation)});
  if (groups != 1) settings.push_back({"groups", std::to_string(groups)});
  return settings;
}

Shape convolved(const LayerCall& call, const Shape& shape, const Filter& filter,
                std::int64_t filters) {
  std::vector<std::int64_t> sizes{filters};
  for (int axis = 0; axis < shape.spatial_rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t input = shape.spatial(axis);
    const std::int64_t span = span_of(filter, i);
    if (filter.padding == "same") {
      sizes.push_back(ceiling_of(input, filter.stride[i]));
      continue;
    }
    if (span > input) {
      call.refuse(
          fmt::format("a kernel over {} positions is larger than its input, {}", span, input),
          "use a smaller kernel, padding, or a larger input");
    }
    sizes.push_back((input - span) / filter.stride[i] + 1);
  }
  return Shape(sizes);
}

// Zeros before the input, so that no output sees what comes later.
Tensor padded_causally(LayerCall& call, Tensor input, Filter& filter) {
  if (filter.padding != "causal") return input;
  filter.padding = "valid";
  const std::int64_t before = span_of(filter, 0) - 1;
  const Shape shape = call.shape(input);
  if (before == 0) return input;
  const Tensor padded =
      call.map(input, "pad", {{"before", std::to_string(before)}, {"after", "0"}},
               Shape{shape.channels(), checked_sum(shape.spatial(0), before, too_large)});
  call.building.network.step(padded.step).name = call.name + "/pad";
  return padded;
}

Tensor convolve(LayerCall& call, Tensor input, const Filter& filter, std::int64_t filters,
                std::int64_t groups, bool bias, const std::string& part = {}) {
  const Shape shape = call.shape(input);
  if (shape.channels() % groups != 0 || filters % groups != 0) {
    call.refuse(
        fmt::format("{} groups of {} channels and {} filters", groups, shape.channels(), filters),
        "groups divide both");
  }
  return call.head(input, "conv", settings_of(filter, filters, groups),
                   convolved(call, shape, filter, filters), bias, part);
}

template <int axes>
Tensor convert_conv(LayerCall& call) {
  Tensor input = call.input();
  call.require_spatial(call.shape(input), axes);
  Filter filter = filter_of(call, axes);
  input = padded_causally(call, input, filter);
  const std::int64_t groups = call.config.find("groups") ? call.required_integer("groups") : 1;
  return call.activated(convolve(call, input, filter, call.required_integer("filters"), groups,
                                 call.config.flag("use_bias", true)));
}

std::int64_t depthwise_filters(const LayerCall& call, const Shape& shape) {
  const std::int64_t multiplier =
      call.config.find("depth_multiplier") ? call.required_integer("depth_multiplier") : 1;
  return checked_product(shape.channels(), multiplier, too_large);
}

template <int axes>
Tensor convert_depthwise(LayerCall& call) {
  Tensor input = call.input();
  call.require_spatial(call.shape(input), axes);
  Filter filter = filter_of(call, axes);
  input = padded_causally(call, input, filter);
  const Shape shape = call.shape(input);
  return call.activated(convolve(call, input, filter, depthwise_filters(call, shape),
                                 shape.channels(), call.config.flag("use_bias", true)));
}

template <int axes>
Tensor convert_separable(LayerCall& call) {
  Tensor input = call.input();
  call.require_spatial(call.shape(input), axes);
  Filter filter = filter_of(call, axes);
  input = padded_causally(call, input, filter);
  const Shape shape = call.shape(input);
  const Tensor between = convolve(call, input, filter, depthwise_filters(call, shape),
                                  shape.channels(), false, "depthwise");
  const std::vector<std::int64_t> ones(axes, 1);
  return call.activated(convolve(call, between, {ones, ones, ones, "valid"},
                                 call.required_integer("filters"), 1,
                                 call.config.flag("use_bias", true), "pointwise"));
}

template <int axes>
Tensor convert_transposed(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, axes);
  const Filter filter{call.extent("kernel_size", axes, 1), call.extent("strides", axes, 1),
                      call.extent("dilation_rate", axes, 1), padding_of(call, false)};
  if (call.config.find("output_padding")) {
    call.refuse("output_padding", "leave it None, or write an architecture file");
  }
  if (!all_ones(filter.dilation)) {
    call.refuse("dilation_rate above 1", "write an architecture file");
  }
  const std::int64_t filters = call.required_integer("filters");
  std::vector<Setting> settings{{"filters", std::to_string(filters)},
                                {"kernel", written_extent(filter.kernel)}};
  if (!all_ones(filter.stride)) settings.push_back({"stride", written_extent(filter.stride)});
  std::vector<std::int64_t> sizes{filters};
  std::vector<std::int64_t> behind;  // positions that no patch reaches, where strides leave gaps
  for (int axis = 0; axis < axes; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t steps = checked_product(shape.spatial(axis), filter.stride[i], too_large);
    behind.push_back(std::max<std::int64_t>(filter.stride[i] - filter.kernel[i], 0));
    const std::int64_t over = std::max<std::int64_t>(filter.kernel[i] - filter.stride[i], 0);
    sizes.push_back(filter.padding == "same" ? steps : checked_sum(steps, over, too_large));
  }
  if (filter.padding == "same") {
    settings.push_back({"padding", "same"});
  } else if (std::ranges::any_of(behind, [](std::int64_t n) { return n > 0; })) {
    settings.push_back({"output_padding", written_extent(behind)});
  }
  return call.activated(call.head(input, "conv_transposed", std::move(settings), Shape(sizes),
                                  call.config.flag("use_bias", true)));
}

Tensor convert_embedding(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (shape.rank() != 1) {
    call.refuse("it reads samples with more than one axis", "give it a sequence of ids");
  }
  if (call.config.flag("mask_zero", false)) {
    call.refuse("mask_zero hides positions from later layers",
                "write an architecture file without masks");
  }
  const std::int64_t features = call.required_integer("output_dim");
  return call.head(input, "embedding",
                   {{"entries", std::to_string(call.required_integer("input_dim"))},
                    {"features", std::to_string(features)}},
                   Shape{features, shape.channels()});
}

// Self-attention whose heads divide the features.
Tensor convert_attention(LayerCall& call) {
  constexpr const char* advice =
      "layers for it are dense, matmul and softmax: write an architecture file";
  bool causal = false;
  for (const Given& given : call.given) {
    if (!given.constant) continue;
    const bool is_set = text_of(given.constant) != "false";
    if (given.key == "use_causal_mask") {
      causal = is_set;
    } else if (is_set && given.key != "training" && !given.key.empty()) {
      call.refuse(fmt::format("argument '{}'", given.key), advice);
    }
  }
  const bool is_self = !call.inputs.empty() && std::ranges::all_of(call.inputs, [&](Tensor tensor) {
    return tensor.step == call.inputs.front().step;
  });
  if (!is_self || call.inputs.size() > 3) {
    call.refuse("query, value and key are not the same tensor", advice);
  }
  const Tensor input = call.inputs.front();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, 1);
  const std::int64_t heads = call.required_integer("num_heads");
  const std::int64_t key = call.required_integer("key_dim");
  const std::int64_t value =
      call.config.find("value_dim") ? call.required_integer("value_dim") : key;
  if (checked_product(heads, key, too_large) != shape.channels() || value != key) {
    call.refuse(fmt::format("{} heads of {} (values: {}) do not divide {} features", heads, key,
                            value, shape.channels()),
                advice);
  }
  // Of tokens, which a layer that was built may say.
  const std::vector<int> over = call.axes("attention_axes", 1, shape);
  const bool over_tokens = over == std::vector{call.axis(1, shape)};
  if (!over_tokens) call.refuse("'attention_axes' is set", advice);
  if (call.config.find("output_shape")) call.refuse("'output_shape' is set", advice);
  std::vector<Setting> settings{{"heads", std::to_string(heads)}};
  if (causal) settings.push_back({"causal", "true"});
  if (call.building.heads.contains(
          std::tuple(call.layer.location.line, call.layer.location.column, ""))) {
    call.refuse("it is called twice, and its parameters cannot be shared",
                "give each call a layer of its own");
  }
  return call.head(input, "attention", std::move(settings), shape,
                   call.config.flag("use_bias", true));
}

constexpr std::array rows{
    LayerRow{"Dense", convert_dense, "dense"},
    LayerRow{"Conv1D", convert_conv<1>, "conv"},
    LayerRow{"Conv2D", convert_conv<2>, "conv"},
    LayerRow{"Conv3D", convert_conv<3>, "conv"},
    LayerRow{"Convolution1D", convert_conv<1>, "conv"},
    LayerRow{"Convolution2D", convert_conv<2>, "conv"},
    LayerRow{"Convolution3D", convert_conv<3>, "conv"},
    LayerRow{"DepthwiseConv1D", convert_depthwise<1>, "conv"},
    LayerRow{"DepthwiseConv2D", convert_depthwise<2>, "conv"},
    LayerRow{"SeparableConv1D", convert_separable<1>, "conv, conv"},
    LayerRow{"SeparableConv2D", convert_separable<2>, "conv, conv"},
    LayerRow{"Conv1DTranspose", convert_transposed<1>, "conv_transposed"},
    LayerRow{"Conv2DTranspose", convert_transposed<2>, "conv_transposed"},
    LayerRow{"Conv3DTranspose", convert_transposed<3>, "conv_transposed"},
    LayerRow{"Embedding", convert_embedding, "embedding"},
    LayerRow{"MultiHeadAttention", convert_attention, "attention (self-attention)"},
};

}  // namespace

std::span<const LayerRow> weight_layers() { return rows; }

}  // namespace smoothbound::models::keras
