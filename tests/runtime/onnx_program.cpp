#include "onnx_program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "onnx_index_maps.hpp"
#include "onnx_windows.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound::testing::onnx {
namespace {

std::int64_t product(const Sizes& sizes, std::size_t begin, std::size_t end) {
  std::int64_t result = 1;
  for (std::size_t i = begin; i < end; ++i) result *= sizes[i];
  return result;
}
std::int64_t product(const Sizes& sizes) { return product(sizes, 0, sizes.size()); }

class Translation {
 public:
  Translation(const Model& model, const std::filesystem::path& folder)
      : node_(model.nodes.front()) {
    const std::filesystem::path data = folder / "test_data_set_0";
    std::map<std::string, Tensor> tensors = model.initializers;
    int index = 0;
    for (const Value& value : model.inputs) {
      if (tensors.contains(value.name)) continue;
      if (!value.is_tensor) throw Inexpressible::not_a_tensor;
      tensors.emplace(value.name, read_tensor(data / fmt::format("input_{}.pb", index++)));
    }
    for (const std::string& name : node_.inputs) {
      inputs_.emplace_back();
      if (name.empty()) continue;
      inputs_.back() = tensors.at(name);
      const bool fits = std::ranges::all_of(inputs_.back()->values, [](double value) {
        using Single = std::numeric_limits<float>;
        return value == 0 || (std::fabs(value) >= static_cast<double>(Single::min()) &&
                              std::fabs(value) <= static_cast<double>(Single::max()));
      });
      if (!fits) throw Inexpressible::beyond_float32;
    }
    const Tensor output = read_tensor(data / "output_0.pb");
    program_.output_sizes = output.sizes;
    program_.output = output.values;
  }

  Program take() { return std::move(program_); }

  void activation(std::string_view component) {
    const Sizes& sizes = x().sizes;
    const std::int64_t batch = sizes.size() > 1 ? sizes.front() : 1;
    map(batch, {product(sizes) / batch}, component);
  }
  void activation(std::string_view component, std::string_view setting, double value) {
    activation(fmt::format("{{{}: {{{}: {:.17g}}}}}", component, setting, value));
  }
  void elu() { activation("elu", "alpha", real("alpha", 1)); }
  void leaky_relu() { activation("leaky_relu", "slope", real("alpha", 0.01)); }
  // The axes that the slopes have are seen as the channels.
  void prelu() {
    const Tensor& slope = input(1);
    // A list that does not fit the last axis is one of channels: so it was before version 7.
    const bool of_channels = slope.sizes.size() == 1 && slope.sizes[0] != x().sizes.back();
    const std::size_t first = of_channels ? 1 : x().sizes.size() - slope.sizes.size();
    const auto has_slopes = [&](std::size_t axis) {
      return axis >= first && axis < first + slope.sizes.size() && slope.sizes[axis - first] > 1;
    };
    std::size_t begin = 0;
    while (begin < x().sizes.size() && !has_slopes(begin)) ++begin;
    std::size_t end = begin;
    while (end < x().sizes.size() && has_slopes(end)) ++end;
    if (product(slope.sizes) == 1) begin = end = 1;
    const std::int64_t channels = product(x().sizes, begin, end);
    if (channels != product(slope.sizes)) throw Inexpressible::other_constants;
    map(product(x().sizes, 0, begin), {channels, product(x().sizes, end, x().sizes.size())},
        "prelu");
    program_.parameters["f.prelu.slope"] = slope.values;
  }
  void selu() {
    // The defaults are the usual constants, in single precision.
    if (std::fabs(real("alpha", 1.67326) - 1.67326) > 1e-4) throw Inexpressible::other_constants;
    if (std::fabs(real("gamma", 1.0507) - 1.0507) > 1e-4) throw Inexpressible::other_constants;
    activation("selu");
  }
  void hard_sigmoid() {
    const bool ours = std::fabs(real("alpha", 0.2) * 6 - 1) < 1e-6 && real("beta", 0.5) == 0.5;
    if (!ours) throw Inexpressible::other_constants;
    activation("hard_sigmoid");
  }
  void clip() {
    if (x().type != ElementType::real) throw Inexpressible::integer_arithmetic;
    const std::optional<double> low = clip_bound("min", 1);
    const std::optional<double> high = clip_bound("max", 2);
    if (!low && !high) return activation("identity");
    if (low == 0.0 && !high) return activation("relu");
    if (low == 0.0 && high == 6.0) return activation("relu6");
    if (low == -1.0 && high == 1.0) return activation("hard_tanh");
    throw Inexpressible::other_constants;
  }
  void dropout() {
    const bool training = has(2) && input(2).type == ElementType::other;  // a boolean
    if (training) throw Inexpressible::random;
    activation("dropout");
  }

  // Rows of a matrix, whatever axes they have; ids below 0 count from the end.
  void gather() {
    if (axis_of("axis", 0) != 0) throw Inexpressible::other_axes;
    const std::int64_t rows = x().sizes[0];
    layer(1, {product(input(1).sizes)},
          fmt::format("embedding: {{entries: {}, features: {}}}\n    "
                      "then: [{{permute: [length, channels]}}]",
                      rows, product(x().sizes) / rows));
    program_.input = input(1).values;
    for (double& id : program_.input) id += id < 0 ? static_cast<double>(rows) : 0;
    program_.parameters["f.weight"] = x().values;
  }

  // Groups of channels of each position: the axis is seen as the channels.
  void softmax() {
    const std::size_t axis = axis_of("axis", -1);
    map(product(x().sizes, 0, axis),
        {x().sizes[axis], product(x().sizes, axis + 1, x().sizes.size())}, "softmax");
  }

  void flatten() {
    const std::size_t axis = axis_of("axis", 1);
    Sizes sample(x().sizes.begin() + static_cast<std::ptrdiff_t>(axis), x().sizes.end());
    if (sample.empty()) sample.push_back(1);
    if (std::ssize(sample) > Shape::largest_rank) throw Inexpressible::many_axes;
    const std::int64_t units = product(sample);
    layer(product(x().sizes, 0, axis), sample, fmt::format("dense: {}\n    bias: false", units));
    program_.parameters["f.weight"] = selection(units, units, [](std::int64_t i) { return i; });
  }

  void gemm() {
    const double alpha = real("alpha", 1);
    const double beta = real("beta", 1);
    const Tensor& a = x();
    const Tensor& b = input(1);
    if (a.sizes.size() != 2 || b.sizes.size() != 2) throw Inexpressible::stacked_matrices;
    const bool turn_a = integer("transA", 0) != 0;
    const bool turn_b = integer("transB", 0) != 0;
    const std::int64_t rows = a.sizes[turn_a ? 1 : 0];
    const std::int64_t inner = a.sizes[turn_a ? 0 : 1];
    const std::int64_t units = b.sizes[turn_b ? 0 : 1];
    layer(rows, {inner}, fmt::format("dense: {}\n    bias: {}", units, has(2)));
    program_.input = turn_a ? transposed(a) : a.values;
    std::vector<double> weight = turn_b ? b.values : transposed(b);
    for (double& w : weight) w *= alpha;
    program_.parameters["f.weight"] = weight;
    if (!has(2)) return;
    const Tensor& c = input(2);
    if (c.sizes.size() == 2 && c.sizes[0] > 1) throw Inexpressible::bias_of_each_sample;
    std::vector<double> bias(static_cast<std::size_t>(units));
    for (std::size_t j = 0; j < bias.size(); ++j) bias[j] = beta * c.values[j % c.values.size()];
    program_.parameters["f.bias"] = bias;
  }

  void conv() {
    const Tensor& weight = input(1);
    Sizes kernel(weight.sizes.begin() + 2, weight.sizes.end());
    const std::string window = window_settings().of_conv(kernel);
    layer(x().sizes[0], sample(),
          fmt::format("conv: {{filters: {}, {}, groups: {}}}\n    bias: {}", weight.sizes[0],
                      window, integer("group", 1), has(2)));
    program_.parameters["f.weight"] = weight.values;
    if (has(2)) program_.parameters["f.bias"] = input(2).values;
  }

  void conv_transposed() {
    const Tensor& weight = input(1);
    const std::int64_t groups = integer("group", 1);
    Sizes kernel(weight.sizes.begin() + 2, weight.sizes.end());
    layer(x().sizes[0], sample(),
          fmt::format("conv_transposed: {{filters: {}, {}, groups: {}}}\n    bias: {}",
                      weight.sizes[1] * groups, window_settings().of_transposed(kernel), groups,
                      has(2)));
    program_.parameters["f.weight"] = weight.values;
    if (has(2)) program_.parameters["f.bias"] = input(2).values;
  }

  void pool(std::string_view component) {
    const Sizes kernel = attribute("kernel_shape").integers;
    const bool is_mean = component == "average_pool";
    std::string window = window_settings().of_pooling(kernel);
    if (is_mean && integer("count_include_pad", 0) == 0) window += ", count_padding: false";
    map(x().sizes[0], sample(), fmt::format("{{{}: {{{}}}}}", component, window));
  }
  void global_average_pool() { map(x().sizes[0], sample(), "global_average_pool"); }
  void global_max_pool() { map(x().sizes[0], sample(), "global_max_pool"); }

  void batch_norm() {
    const bool training = integer("training_mode", 0) != 0;
    std::string settings = "per: channel, ";
    if (!training) {
      settings += fmt::format("statistics: fixed, mean: [{:.17g}], variance: [{:.17g}], ",
                              fmt::join(input(3).values, ", "), fmt::join(input(4).values, ", "));
    }
    normalize(x().sizes[0], sample(), "batch_norm", settings);
  }
  void layer_norm() {
    const std::size_t axis = axis_of("axis", -1);
    normalize(product(x().sizes, 0, axis), {product(x().sizes, axis, x().sizes.size())},
              "layer_norm", "");
  }
  void instance_norm() { normalize(x().sizes[0], sample(), "instance_norm", ""); }
  void local_response_norm() {
    map(x().sizes[0], sample(),
        fmt::format("{{local_response_norm: {{size: {}, alpha: {:.17g}, beta: {:.17g}, k: "
                    "{:.17g}}}}}",
                    integer("size", 1), real("alpha", 1e-4), real("beta", 0.75), real("bias", 1)));
  }
  void mean_variance_norm() {
    map(x().sizes[0], sample(), "{batch_norm: {epsilon: 1e-12, per: channel}}");
  }

  void index_map() {
    const MapText text = index_map_text(node_, inputs_, program_.output_sizes);
    map(text.batch, text.sample, text.components);
  }

  // The operands are stacked in one input; branches of the network take them out of it.
  void merge(std::string_view component) {
    for (const auto& operand : inputs_) {
      if (operand->type != ElementType::real) throw Inexpressible::integer_arithmetic;
    }
    if (inputs_.size() == 1) return activation("identity");
    const std::int64_t results = product(program_.output_sizes);
    std::int64_t stacked = 0;
    for (const auto& operand : inputs_) stacked += product(operand->sizes);
    std::string layers;
    std::vector<std::string> names;
    std::int64_t first = 0;
    for (const auto& operand : inputs_) {
      const std::string name = fmt::format("operand{}", names.size());
      layers += fmt::format("  - name: {}\n    from: input\n    dense: {}\n    bias: false\n", name,
                            results);
      const auto place = [&](std::int64_t i) { return first + broadcast_place(*operand, i); };
      program_.parameters[name + ".weight"] = selection(results, stacked, place);
      program_.input.insert(program_.input.end(), operand->values.begin(), operand->values.end());
      names.push_back(name);
      first += product(operand->sizes);
    }
    layers += fmt::format("  - name: f\n    {}: [{}]\n", component, fmt::join(names, ", "));
    network(1, {stacked}, layers);
  }
  // The axis is seen as the channels, the operands as channels behind each other.
  void concat() {
    const std::size_t axis = axis_of("axis", 1);
    const std::int64_t batch = product(x().sizes, 0, axis);
    const std::int64_t inner = product(x().sizes, axis + 1, x().sizes.size());
    const std::int64_t channels = program_.output_sizes[axis];
    std::string layers;
    std::vector<std::string> names;
    std::int64_t first = 0;
    for (const auto& operand : inputs_) {
      const std::string name = fmt::format("operand{}", names.size());
      const std::int64_t part = operand->sizes[axis];
      layers += fmt::format(
          "  - name: {}\n    from: input\n    conv: {{filters: {}, kernel: 1}}\n    bias: false\n",
          name, part);
      program_.parameters[name + ".weight"] =
          selection(part, channels, [&](std::int64_t i) { return first + i; });
      names.push_back(name);
      first += part;
    }
    for (std::int64_t sample = 0; sample < batch; ++sample) {
      for (const auto& operand : inputs_) {
        const auto size = static_cast<std::ptrdiff_t>(operand->sizes[axis] * inner);
        const auto begin = operand->values.begin() + sample * size;
        program_.input.insert(program_.input.end(), begin, begin + size);
      }
    }
    layers += fmt::format("  - name: f\n    concat: [{}]\n", fmt::join(names, ", "));
    network(batch, {channels, inner}, layers);
  }

 private:
  [[nodiscard]] bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i]; }
  [[nodiscard]] const Tensor& input(std::size_t i) const { return inputs_.at(i).value(); }
  [[nodiscard]] const Tensor& x() const { return input(0); }

  [[nodiscard]] Attribute attribute(const std::string& name) const {
    return attribute_of(node_, name);
  }
  [[nodiscard]] double real(const std::string& name, double otherwise) const {
    return node_.attributes.contains(name) ? attribute(name).real : otherwise;
  }
  [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t otherwise) const {
    return node_.attributes.contains(name) ? attribute(name).integer : otherwise;
  }
  [[nodiscard]] std::size_t axis_of(const std::string& name, std::int64_t otherwise) const {
    const std::int64_t axis = integer(name, otherwise);
    return static_cast<std::size_t>(axis < 0 ? axis + std::ssize(x().sizes) : axis);
  }
  [[nodiscard]] std::optional<double> clip_bound(const std::string& name, std::size_t i) const {
    if (has(i)) return input(i).values.front();
    if (node_.attributes.contains(name)) return attribute(name).real;
    return std::nullopt;
  }

  // The shape of a sample.
  [[nodiscard]] Sizes sample() const {
    if (std::ssize(x().sizes) > 1 + Shape::largest_rank) throw Inexpressible::many_axes;
    return {x().sizes.begin() + 1, x().sizes.end()};
  }

  [[nodiscard]] WindowSettings window_settings() const {
    return {node_, x().sizes, program_.output_sizes};
  }

  void network(std::int64_t batch, const Sizes& shape, std::string_view layers) {
    program_.batch = batch;
    program_.architecture =
        fmt::format("input: {{shape: {}, norm: 1}}\nlayers:\n{}", list(shape), layers);
  }
  void layer(std::int64_t batch, const Sizes& shape, std::string_view component) {
    network(batch, shape, fmt::format("  - name: f\n    {}\n", component));
    program_.input = x().values;
  }
  void map(std::int64_t batch, const Sizes& shape, std::string_view component) {
    layer(batch, shape, fmt::format("then: [{}]", component));
  }
  void normalize(std::int64_t batch, const Sizes& shape, const std::string& component,
                 std::string_view settings) {
    map(batch, shape,
        fmt::format("{{{}: {{{}epsilon: {:.17g}, affine: true}}}}", component, settings,
                    real("epsilon", 1e-5)));
    program_.parameters["f." + component + ".scale"] = input(1).values;
    program_.parameters["f." + component + ".shift"] = input(2).values;
  }

  static std::vector<double> transposed(const Tensor& matrix) {
    const auto rows = static_cast<std::size_t>(matrix.sizes[0]);
    const auto columns = static_cast<std::size_t>(matrix.sizes[1]);
    std::vector<double> turned(matrix.values.size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        turned[j * rows + i] = matrix.values[i * columns + j];
      }
    }
    return turned;
  }

  // The matrix whose row i takes out entry place(i).
  template <class Place>
  static std::vector<double> selection(std::int64_t rows, std::int64_t columns,
                                       const Place& place) {
    std::vector<double> matrix(static_cast<std::size_t>(rows * columns));
    for (std::int64_t i = 0; i < rows; ++i) {
      matrix[static_cast<std::size_t>(i * columns + place(i))] = 1;
    }
    return matrix;
  }

  // Which entry of the operand meets entry i of the output.
  [[nodiscard]] std::int64_t broadcast_place(const Tensor& operand, std::int64_t i) const {
    std::int64_t place = 0;
    std::int64_t stride = 1;
    const std::size_t missing = program_.output_sizes.size() - operand.sizes.size();
    for (std::size_t axis = program_.output_sizes.size(); axis-- > missing;) {
      const std::int64_t size = operand.sizes[axis - missing];
      if (size > 1) place += i % program_.output_sizes[axis] * stride;
      stride *= size;
      i /= program_.output_sizes[axis];
    }
    return place;
  }

  const Node& node_;
  std::vector<std::optional<Tensor>> inputs_;
  Program program_;
};

struct Operator {
  std::string_view name;
  void (*translate)(Translation& node);
};

template <std::size_t n>
struct Literal {
  constexpr Literal(const char (&text)[n]) {
    std::copy_n(text, n, characters);
  }  // NOLINT: implicit
  char characters[n];
};

// An operator that is an activation without settings.
template <Literal component>
void simple(Translation& node) {
  node.activation(component.characters);
}

constexpr Operator operators[] = {
    {"Add", [](Translation& node) { node.merge("add"); }},
    {"Atan", simple<"atan">},
    {"AveragePool", [](Translation& node) { node.pool("average_pool"); }},
    {"BatchNormalization", [](Translation& node) { node.batch_norm(); }},
    {"Clip", [](Translation& node) { node.clip(); }},
    {"Concat", [](Translation& node) { node.concat(); }},
    {"Conv", [](Translation& node) { node.conv(); }},
    {"ConvTranspose", [](Translation& node) { node.conv_transposed(); }},
    {"DepthToSpace", [](Translation& node) { node.index_map(); }},
    {"Dropout", [](Translation& node) { node.dropout(); }},
    {"Elu", [](Translation& node) { node.elu(); }},
    {"Erf", simple<"erf">},
    {"Flatten", [](Translation& node) { node.flatten(); }},
    {"Gather", [](Translation& node) { node.gather(); }},
    {"Gelu", simple<"gelu">},
    {"Gemm", [](Translation& node) { node.gemm(); }},
    {"GlobalAveragePool", [](Translation& node) { node.global_average_pool(); }},
    {"GlobalMaxPool", [](Translation& node) { node.global_max_pool(); }},
    {"HardSigmoid", [](Translation& node) { node.hard_sigmoid(); }},
    {"HardSwish", simple<"hard_swish">},
    {"Identity", simple<"identity">},
    {"InstanceNormalization", [](Translation& node) { node.instance_norm(); }},
    {"LayerNormalization", [](Translation& node) { node.layer_norm(); }},
    {"LeakyRelu", [](Translation& node) { node.leaky_relu(); }},
    {"LRN", [](Translation& node) { node.local_response_norm(); }},
    {"MatMul", [](Translation& node) { node.gemm(); }},
    {"MaxPool", [](Translation& node) { node.pool("max_pool"); }},
    {"MeanVarianceNormalization", [](Translation& node) { node.mean_variance_norm(); }},
    {"Mish", simple<"mish">},
    {"Mul", [](Translation& node) { node.merge("multiply"); }},
    {"Pad", [](Translation& node) { node.index_map(); }},
    {"PRelu", [](Translation& node) { node.prelu(); }},
    {"Relu", simple<"relu">},
    {"Reshape", [](Translation& node) { node.index_map(); }},
    {"Resize", [](Translation& node) { node.index_map(); }},
    {"Selu", [](Translation& node) { node.selu(); }},
    {"Sigmoid", simple<"sigmoid">},
    {"Sin", simple<"sin">},
    {"Slice", [](Translation& node) { node.index_map(); }},
    {"Softmax", [](Translation& node) { node.softmax(); }},
    {"Softplus", simple<"softplus">},
    {"Softsign", simple<"softsign">},
    {"SpaceToDepth", [](Translation& node) { node.index_map(); }},
    {"Sum", [](Translation& node) { node.merge("add"); }},
    {"Tanh", simple<"tanh">},
    {"Transpose", [](Translation& node) { node.index_map(); }},
    {"Upsample", [](Translation& node) { node.index_map(); }},
};

const Operator* find_operator(std::string_view name) {
  const auto* const found = std::ranges::find(operators, name, &Operator::name);
  return found == std::end(operators) ? nullptr : found;
}

}  // namespace

bool has_component(std::string_view operation) { return find_operator(operation) != nullptr; }

std::variant<Program, Inexpressible> translate(const Model& model,
                                               const std::filesystem::path& folder) {
  try {
    Translation translation(model, folder);
    find_operator(model.nodes.front().operation)->translate(translation);
    return translation.take();
  } catch (const Inexpressible why) {
    return why;
  }
}

}  // namespace smoothbound::testing::onnx
