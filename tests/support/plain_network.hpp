// A network as plain data, apart from the library's own types: what a generator makes, what is
// written as an architecture file, and what an oracle evaluates. Components that are not written
// out here stand with the settings that they need, see catalogue.hpp.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::support {

using Sizes = std::vector<std::int64_t>;

/// Settings of a sliding window, one number for each axis.
struct PlainWindow {
  Sizes kernel;
  Sizes stride;         // empty: 1, or for poolings the kernel
  Sizes dilation;       // empty: 1
  std::string padding;  // "", "valid", "same" or "sizes"
  Sizes pads;           // for "sizes"
};

/// One component. Reals are decimal literals; empty: not given.
struct PlainPart {
  std::string kind;
  std::int64_t size = 0;  // dense: units; conv: filters; group_norm: groups
  std::int64_t groups = 1;
  bool bias = true;
  PlainWindow window;
  std::string parameter_name;  // of an activation
  std::string parameter;
  std::string epsilon;
  std::string per;
  bool affine = false;
  bool shift = true;
  std::string affine_radius;
  std::string lipschitz;  // of an opaque layer, as what follows
  std::string smoothness;
  std::string bound;
  std::string at_zero;
  Sizes output;
};

struct PlainLayer {
  static constexpr int network_input = -1;
  std::string name;
  std::vector<int> inputs;
  std::string merge;   // "add", "concat", "multiply" or none
  std::string radius;  // empty: the network's
  std::vector<PlainPart> parts;
};

struct PlainNetwork {
  Sizes input;
  std::int64_t batch = 1;
  std::string norm = "1";
  std::string sample_norm;
  std::string radius = "1";
  std::string loss;
  std::string label_radius = "1";
  std::string regularizer = "0";
  std::string gap = "1";
  std::string accuracy = "1e-3";
  std::vector<PlainLayer> layers;  // the last one is the output
};

inline std::int64_t product_of(const Sizes& sizes) {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) product *= size;
  return product;
}

inline std::int64_t positions_of(const Sizes& shape) { return product_of(shape) / shape.front(); }

/// A window along one axis: output o reads o * stride + t * dilation - pad, 0 <= t < kernel.
struct PlainAxis {
  std::int64_t input, kernel, stride, dilation, pad, output;

  /// How many pairs (o, t) read the input that most of them read, counted.
  [[nodiscard]] std::int64_t count_overlap() const {
    Sizes readers(static_cast<std::size_t>(input), 0);
    for (std::int64_t o = 0; o < output; ++o) {
      for (std::int64_t t = 0; t < kernel; ++t) {
        const std::int64_t p = o * stride + t * dilation - pad;
        if (p >= 0 && p < input) ++readers[static_cast<std::size_t>(p)];
      }
    }
    return *std::max_element(readers.begin(), readers.end());
  }
};

/// The window along an axis of that size; nothing if the kernel does not fit.
inline std::optional<PlainAxis> plain_axis(const PlainWindow& window, bool is_pooling,
                                           std::size_t axis, std::int64_t input) {
  PlainAxis result{input, window.kernel[axis], 1, 1, 0, 0};
  if (is_pooling) result.stride = result.kernel;
  if (!window.stride.empty()) result.stride = window.stride[axis];
  if (!window.dilation.empty()) result.dilation = window.dilation[axis];
  const std::int64_t reach = (result.kernel - 1) * result.dilation + 1;
  if (window.padding == "same") {
    while (result.output * result.stride < input) ++result.output;
    std::int64_t pads = 0;
    while (input + pads < (result.output - 1) * result.stride + reach) ++pads;
    result.pad = pads / 2;
    return result;
  }
  if (window.padding == "sizes") result.pad = window.pads[axis];
  while (result.output * result.stride + reach <= input + 2 * result.pad) ++result.output;
  if (result.output == 0) return std::nullopt;
  return result;
}

inline bool is_pooling(const PlainPart& part) {
  return part.kind == "average_pool" || part.kind == "max_pool";
}

/// The shape after a component; nothing if it does not fit.
inline std::optional<Sizes> shape_after(const PlainPart& part, const Sizes& shape) {
  const bool spatial = shape.size() > 1;
  if (!is_written_out(part.kind)) return other_component(part.kind).shape_after(shape);
  if (part.kind == "dense") return Sizes{part.size};
  if (part.kind == "opaque") return part.output.empty() ? shape : part.output;
  if (part.kind == "global_average_pool") {
    return spatial ? std::optional(Sizes{shape.front()}) : std::nullopt;
  }
  if (part.kind == "group_norm" && shape.front() % part.size != 0) return std::nullopt;
  if (part.kind != "conv" && !is_pooling(part)) return shape;
  if (!spatial || part.window.kernel.size() != shape.size() - 1) return std::nullopt;
  Sizes result = shape;
  if (part.kind == "conv") {
    if (shape.front() % part.groups != 0 || part.size % part.groups != 0) return std::nullopt;
    result.front() = part.size;
  }
  for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis) {
    const auto window = plain_axis(part.window, is_pooling(part), axis, shape[axis + 1]);
    if (!window) return std::nullopt;
    result[axis + 1] = window->output;
  }
  return result;
}

/// The shape that a layer reads, given its inputs' shapes.
inline Sizes merged_shape(const PlainLayer& layer, const std::vector<Sizes>& inputs) {
  Sizes shape = inputs.front();
  if (layer.merge == "concat") {
    for (std::size_t i = 1; i < inputs.size(); ++i) shape.front() += inputs[i].front();
  }
  return shape;
}

namespace plain_text {

// `"key": value` in flow style, which JSON and YAML share.
class Mapping {
 public:
  explicit Mapping(std::string text = {}) : text_(std::move(text)) {}
  void add(const std::string& key, const std::string& value) {
    text_ += fmt::format("{}\"{}\": {}", text_.empty() ? "" : ", ", key, value);
  }
  void add(const std::string& key, std::int64_t value) { add(key, std::to_string(value)); }
  void add_given(const std::string& key, const std::string& literal) {
    if (!literal.empty()) add(key, literal);
  }
  void add_given(const std::string& key, const Sizes& sizes) {
    if (sizes.empty()) return;
    const bool uniform = std::all_of(sizes.begin(), sizes.end(),
                                     [&](std::int64_t size) { return size == sizes.front(); });
    add(key, uniform ? std::to_string(sizes.front()) : fmt::format("[{}]", fmt::join(sizes, ", ")));
  }
  [[nodiscard]] bool is_empty() const { return text_.empty(); }
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

inline Mapping settings_of(const PlainPart& part) {
  Mapping map(is_written_out(part.kind) ? "" : other_component(part.kind).settings);
  if (part.kind == "conv") map.add("filters", part.size);
  if (part.kind == "group_norm") map.add("groups", part.size);
  map.add_given("kernel", part.window.kernel);
  map.add_given("stride", part.window.stride);
  map.add_given("dilation", part.window.dilation);
  if (part.window.padding == "sizes") {
    map.add_given("padding", part.window.pads);
  } else if (!part.window.padding.empty()) {
    map.add("padding", "\"" + part.window.padding + "\"");
  }
  if (part.groups != 1) map.add("groups", part.groups);
  if (!part.parameter.empty()) map.add(part.parameter_name, part.parameter);
  map.add_given("epsilon", part.epsilon);
  if (!part.per.empty()) map.add("per", "\"" + part.per + "\"");
  if (part.affine) map.add("affine", "true");
  if (!part.shift) map.add("shift", "false");
  map.add_given("radius", part.affine_radius);
  map.add_given("lipschitz", part.lipschitz);
  map.add_given("smoothness", part.smoothness);
  map.add_given("bound", part.bound);
  map.add_given("at_zero", part.at_zero);
  if (!part.output.empty()) map.add("output", fmt::format("[{}]", fmt::join(part.output, ", ")));
  return map;
}

inline std::string layer_text(const PlainNetwork& network, std::size_t index) {
  const PlainLayer& layer = network.layers[index];
  const auto name_of_input = [&](int input) {
    return input < 0 ? std::string("\"input\"")
                     : "\"" + network.layers[static_cast<std::size_t>(input)].name + "\"";
  };
  Mapping map;
  map.add("name", "\"" + layer.name + "\"");
  if (!layer.merge.empty()) {
    std::vector<std::string> names;
    for (const int input : layer.inputs) names.push_back(name_of_input(input));
    map.add(layer.merge, fmt::format("[{}]", fmt::join(names, ", ")));
  } else if (layer.inputs.front() != static_cast<int>(index) - 1) {
    map.add("from", name_of_input(layer.inputs.front()));
  }
  map.add_given("radius", layer.radius);
  std::vector<std::string> maps;
  for (const PlainPart& part : layer.parts) {
    const Mapping settings = settings_of(part);
    if (part.kind == "dense") {
      map.add("dense", part.size);
    } else if (role_of(*find_prototype(part.kind)) == Role::affine) {
      map.add(part.kind, settings.text());
    } else if (settings.is_empty()) {
      maps.push_back("\"" + part.kind + "\"");
    } else {
      maps.push_back(fmt::format("{{\"{}\": {}}}", part.kind, settings.text()));
    }
    if (!part.bias) map.add("bias", "false");
  }
  if (!maps.empty()) map.add("then", fmt::format("[{}]", fmt::join(maps, ", ")));
  return map.text();
}

}  // namespace plain_text

/// The architecture file: JSON, which is YAML too.
inline std::string to_text(const PlainNetwork& network) {
  plain_text::Mapping input;
  input.add("shape", fmt::format("[{}]", fmt::join(network.input, ", ")));
  input.add("norm", network.norm);
  input.add_given("sample_norm", network.sample_norm);
  plain_text::Mapping map;
  map.add("batch", network.batch);
  map.add("input", input.text());
  map.add("radius", network.radius);
  const LossRow* loss = find_loss(network.loss);
  if (loss != nullptr && loss->setting == label_radius_setting) {
    map.add("loss", fmt::format("{{\"{}\": {{\"label_radius\": {}}}}}", network.loss,
                                network.label_radius));
  } else if (!network.loss.empty()) {
    map.add("loss", "\"" + network.loss + "\"");
  }
  map.add("regularizer", network.regularizer);
  map.add("initial_gap", network.gap);
  map.add("accuracy", network.accuracy);
  std::string layers;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    layers += (i == 0 ? "\n  " : ",\n  ") + plain_text::layer_text(network, i);
  }
  map.add("layers", "[" + layers + "]");
  return map.text() + "\n";
}

}  // namespace smoothbound::support
