#include "plain_network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "catalogue.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::support {
namespace {

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

Mapping settings_of(const PlainPart& part) {
  Mapping map(is_written_out(part.kind) ? "" : other_of(part).settings);
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
  if (part.window.ceil) map.add("ceil", "true");
  if (!part.count_padding) map.add("count_padding", "false");
  if (part.groups != 1) map.add("groups", part.groups);
  if (!part.parameter.empty()) map.add(part.parameter_name, part.parameter);
  map.add_given("epsilon", part.epsilon);
  if (part.axis > 0) map.add("axis", "\"" + part.axis_name + "\"");
  if (!part.per.empty()) map.add("per", "\"" + part.per + "\"");
  if (part.affine) map.add("affine", "true");
  if (!part.scale) map.add("scale", "false");
  if (!part.shift) map.add("shift", "false");
  map.add_given("radius", part.affine_radius);
  map.add_given("lipschitz", part.lipschitz);
  map.add_given("smoothness", part.smoothness);
  map.add_given("bound", part.bound);
  map.add_given("at_zero", part.at_zero);
  if (!part.output.empty()) map.add("output", fmt::format("[{}]", fmt::join(part.output, ", ")));
  return map;
}

bool is_source(const PlainLayer& layer) {
  return !layer.parts.empty() && reads_nothing(*find_prototype(layer.parts.front().kind));
}

std::string layer_text(const PlainNetwork& network, std::size_t index) {
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
    Mapping settings;
    settings.add("inputs", fmt::format("[{}]", fmt::join(names, ", ")));
    if (layer.axis > 0) settings.add("axis", "\"" + layer.axis_name + "\"");
    if (!layer.transpose.empty()) settings.add("transpose", "\"" + layer.transpose + "\"");
    settings.add_given("scale", layer.scale);
    const bool is_plain = layer.axis == 0 && layer.transpose.empty() && layer.scale.empty();
    map.add(layer.merge, is_plain ? fmt::format("[{}]", fmt::join(names, ", ")) : settings.text());
  } else if (layer.inputs.front() != static_cast<int>(index) - 1 && !is_source(layer)) {
    map.add("from", name_of_input(layer.inputs.front()));
  }
  map.add_given("radius", layer.radius);
  if (layer.share >= 0) map.add("share", name_of_input(layer.share));
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

}  // namespace

const OtherComponent& other_of(const PlainPart& part) {
  return part.other ? *part.other : other_component(part.kind);
}

std::optional<PlainAxis> plain_axis(const PlainWindow& window, bool is_pooling, std::size_t axis,
                                    std::int64_t input) {
  PlainAxis result{input, window.kernel[axis], 1, 1, 0, 0, 0};
  if (is_pooling) result.stride = result.kernel;
  if (!window.stride.empty()) result.stride = window.stride[axis];
  if (!window.dilation.empty()) result.dilation = window.dilation[axis];
  const std::int64_t reach = (result.kernel - 1) * result.dilation + 1;
  if (window.padding == "same") {
    while (result.output * result.stride < input) ++result.output;
    std::int64_t pads = 0;
    while (input + pads < (result.output - 1) * result.stride + reach) ++pads;
    result.pad = pads / 2;
    result.pad_behind = pads - result.pad;
    return result;
  }
  if (window.padding == "sizes") result.pad = result.pad_behind = window.pads[axis];
  if (is_pooling && result.pad >= result.kernel) return std::nullopt;  // patches of padding only
  while (result.output * result.stride + reach <= input + 2 * result.pad) ++result.output;
  if (result.output == 0) return std::nullopt;
  // One more that begins in the input or before it, if the last one does not end with the zeros.
  const std::int64_t end = (result.output - 1) * result.stride + reach;
  const bool hangs_over =
      end < input + 2 * result.pad && result.output * result.stride - result.pad < input;
  if (window.ceil && hangs_over) ++result.output;
  return result;
}

std::optional<Sizes> shape_after(const PlainPart& part, const Sizes& shape) {
  const bool spatial = shape.size() > 1;
  if (!is_written_out(part.kind)) return other_of(part).shape_after(shape);
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

std::string plain_axis_name(std::size_t axis, std::size_t rank) {
  if (axis == 0) return "channels";
  if (rank == 2) return "length";
  static const std::array<std::string, 3> names{"depth", "height", "width"};
  return names.at(axis + 3 - rank);
}

std::optional<PlainProduct> plain_product(const std::string& transpose, const Sizes& a,
                                          const Sizes& b) {
  if (a.size() != b.size() || a.size() < 2 || a.size() > 3) return std::nullopt;
  if (a.size() == 3 && a[0] != b[0]) return std::nullopt;
  const std::size_t row = a.size() - 2;
  const std::size_t column = a.size() - 1;
  const std::int64_t rows = transpose == "first" ? a[column] : a[row];
  const std::int64_t inner = transpose == "first" ? a[row] : a[column];
  const std::int64_t inner_of_b = transpose == "second" ? b[column] : b[row];
  const std::int64_t columns = transpose == "second" ? b[row] : b[column];
  if (inner != inner_of_b) return std::nullopt;
  return PlainProduct{a.size() == 3 ? a[0] : 1, rows, inner, columns};
}

std::optional<Sizes> plain_broadcast(Sizes a, Sizes b) {
  const bool one_is_short = a.size() == 1 || b.size() == 1;
  if (a.size() != b.size() && !one_is_short) return std::nullopt;
  const std::size_t axes = std::max(a.size(), b.size());
  a.resize(axes, 1);
  b.resize(axes, 1);
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (a[axis] == 1) a[axis] = b[axis];
    if (b[axis] != 1 && b[axis] != a[axis]) return std::nullopt;
  }
  return a;
}

Sizes merged_shape(const PlainLayer& layer, const std::vector<Sizes>& inputs) {
  Sizes shape = inputs.front();
  if (layer.merge == "multiply") {
    for (const Sizes& input : inputs) shape = plain_broadcast(shape, input).value();
  }
  if (layer.merge == "matmul") {
    const PlainProduct product = plain_product(layer.transpose, inputs[0], inputs[1]).value();
    shape[shape.size() - 2] = product.rows;
    shape[shape.size() - 1] = product.columns;
  }
  if (layer.merge == "concat") {
    for (std::size_t i = 1; i < inputs.size(); ++i) shape[layer.axis] += inputs[i][layer.axis];
  }
  return shape;
}

std::string to_text(const PlainNetwork& network) {
  Mapping input;
  input.add("shape", fmt::format("[{}]", fmt::join(network.input, ", ")));
  input.add("norm", network.norm);
  input.add_given("sample_norm", network.sample_norm);
  Mapping map;
  map.add("batch", network.batch);
  map.add("input", input.text());
  map.add("radius", network.radius);
  const LossRow* loss = find_loss(network.loss);
  if (loss != nullptr && loss->takes(label_radius_setting)) {
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
    layers += (i == 0 ? "\n  " : ",\n  ") + layer_text(network, i);
  }
  map.add("layers", "[" + layers + "]");
  return map.text() + "\n";
}

}  // namespace smoothbound::support
