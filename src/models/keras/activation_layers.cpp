#include <fmt/format.h>

#include <algorithm>

#include "layer_call.hpp"

namespace smoothbound::models::keras {
namespace {

struct Function {
  std::string_view name;
  std::string_view component;  // empty: the identity
  std::string_view setting = {};
  std::string_view value = {};
};

constexpr std::array functions{
    Function{"linear", ""},
    Function{"relu", "relu"},
    Function{"relu6", "relu6"},
    Function{"sigmoid", "sigmoid"},
    Function{"tanh", "tanh"},
    Function{"elu", "elu"},
    Function{"celu", "celu"},
    Function{"selu", "selu"},
    Function{"gelu", "gelu"},
    Function{"swish", "silu"},
    Function{"silu", "silu"},
    Function{"mish", "mish"},
    Function{"hard_swish", "hard_swish"},
    Function{"hard_silu", "hard_swish"},
    Function{"hard_sigmoid", "hard_sigmoid"},
    Function{"hard_tanh", "hard_tanh"},
    Function{"softplus", "softplus"},
    Function{"softsign", "softsign"},
    Function{"leaky_relu", "leaky_relu", "slope", "0.2"},
    Function{"softmax", "softmax"},
};

Tensor softmax_along(LayerCall& call, Tensor from, int axis) {
  const Shape shape = call.shape(from);
  std::vector<Setting> settings;
  if (axis != 0) {
    settings.push_back(
        {"axis", std::string(axis_names(shape.rank())[static_cast<std::size_t>(axis)])});
  }
  return call.map(from, "softmax", std::move(settings), shape);
}

Tensor convert_activation(LayerCall& call) { return call.activated(call.input()); }

Tensor convert_relu(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  const double slope = call.config.real("negative_slope", 0);
  if (call.config.real("threshold", 0) != 0) {
    call.refuse("a threshold, at which it jumps", "use ReLU without a threshold");
  }
  if (slope < 0) call.refuse("a negative_slope below 0", "write an architecture file");
  if (!call.config.find("max_value")) {
    if (slope == 0) return call.map(input, "relu", {}, shape);
    return call.map(input, "leaky_relu", {{"slope", yaml_number(slope)}}, shape);
  }
  const double top = call.config.real("max_value", 0);
  if (slope != 0 || top <= 0) {
    call.refuse("max_value with a negative_slope, or none above 0", "write an architecture file");
  }
  constexpr double six = 6;
  if (top == six) return call.map(input, "relu6", {}, shape);
  return call.scale(call.map(call.scale(input, six / top), "relu6", {}, shape), top / six);
}

Tensor leaky_relu(LayerCall& call, double slope) {
  const Tensor input = call.input();
  if (slope < 0) call.refuse("a slope below 0", "write an architecture file");
  return call.map(input, "leaky_relu", {{"slope", yaml_number(slope)}}, call.shape(input));
}

Tensor convert_leaky_relu(LayerCall& call) {
  constexpr double usual_slope = 0.3;
  return leaky_relu(
      call, call.config.real(call.config.find("alpha") ? "alpha" : "negative_slope", usual_slope));
}

Tensor convert_elu(LayerCall& call) {
  const Tensor input = call.input();
  const double alpha = call.config.real("alpha", 1);
  if (alpha <= 0) call.refuse("alpha is not above 0", "write an architecture file");
  std::vector<Setting> settings;
  if (alpha != 1) settings.push_back({"alpha", yaml_number(alpha)});
  return call.map(input, "elu", std::move(settings), call.shape(input));
}

// One alpha for each scalar of a sample, but along the shared axes.
Tensor convert_prelu(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  std::vector<bool> is_shared(static_cast<std::size_t>(shape.rank()));
  if (call.config.find("shared_axes")) {
    for (const int axis : call.axes("shared_axes", 1, shape)) {
      is_shared[static_cast<std::size_t>(axis)] = true;
    }
  }
  for (int axis = 0; axis < shape.spatial_rank(); ++axis) {
    if (!is_shared[static_cast<std::size_t>(axis) + 1] && shape.spatial(axis) != 1) {
      call.refuse("an alpha for each position", "share the spatial axes: shared_axes=[1, 2]");
    }
  }
  std::vector<Setting> settings;
  if (is_shared.front()) settings.push_back({"per", "layer"});
  return call.owning_map(input, "prelu", std::move(settings), shape);
}

Tensor convert_softmax(LayerCall& call) {
  const Tensor input = call.input();
  const std::vector<int> axes = call.axes("axis", -1, call.shape(input));
  if (axes.size() != 1) {
    call.refuse("a softmax along several axes", "reshape them into one before");
  }
  return softmax_along(call, input, axes.front());
}

constexpr std::array rows_of_activations{
    LayerRow{"Activation", convert_activation, "its activation"},
    LayerRow{"ReLU", convert_relu, "relu, relu6, leaky_relu"},
    LayerRow{"LeakyReLU", convert_leaky_relu, "leaky_relu"},
    LayerRow{"PReLU", convert_prelu, "prelu"},
    LayerRow{"ELU", convert_elu, "elu"},
    LayerRow{"Softmax", convert_softmax, "softmax"},
};

// A function as a word, as {"class_name": "function", "config": "relu"}, or a layer.
std::string_view function_name(text::Value value) {
  if (value.is_scalar()) return value.text();
  const Config object(value);
  const std::string_view class_name = text_of(object.find("class_name"));
  if (class_name == "function") return text_of(object.find("config"));
  return class_name;
}

}  // namespace

Tensor LayerCall::activated(Tensor from, std::string_view key) {
  const auto value = config.find(key);
  if (!value) return from;
  const std::string_view function = function_name(*value);
  if (const auto result = activation(from, function)) return *result;
  const auto* const row = std::ranges::find(rows_of_activations, function, &LayerRow::class_name);
  if (row != rows_of_activations.end() && function != "Activation" && value->is_mapping()) {
    Layer inner;
    inner.class_name = function;
    inner.location = value->location();
    inner.config = Config(value).find("config");
    LayerCall call(building, inner, name, {{{}, from, {}}});
    return row->convert(call);
  }
  std::vector<std::string_view> names;
  names.reserve(std::size(functions));
  for (const Function& known : functions) names.push_back(known.name);
  throw SpecError(value->location(),
                  fmt::format("layer '{}' ({}): the activation '{}' is not known here", name,
                              layer.class_name, function),
                  fmt::format("the known ones are {}", [&] {
                    std::string list;
                    for (const std::string_view known : names) {
                      list += (list.empty() ? "" : ", ") + std::string(known);
                    }
                    return list;
                  }()));
}

std::optional<Tensor> LayerCall::activation(Tensor from, std::string_view function) {
  const auto* const row = std::ranges::find(functions, function, &Function::name);
  if (row == functions.end()) return std::nullopt;
  if (row->component.empty()) return from;
  const Shape output = shape(from);
  if (row->name == "softmax") return softmax_along(*this, from, axis(-1, output));
  Tensor argument = from;
  // min(max(0.2 x + 0.5, 0), 1) before Keras 3, where x / 6 stands.
  constexpr double old_slope = 1.2;
  if (row->name == "hard_sigmoid" && !building.is_keras_3) argument = scale(from, old_slope);
  std::vector<Setting> settings;
  if (!row->setting.empty()) {
    settings.push_back({std::string(row->setting), std::string(row->value)});
  }
  return map(argument, std::string(row->component), std::move(settings), output);
}

// Its arguments stand in its configuration, and their defaults are not those of all layers.
Tensor activate_by_operation(LayerCall& call, std::string_view function) {
  constexpr double usual_slope = 0.2;
  if (function == "leaky_relu")
    return leaky_relu(call, call.config.real("negative_slope", usual_slope));
  if (function == "elu") return convert_elu(call);
  if (function == "softmax") return convert_softmax(call);
  const Tensor input = call.input();
  if (function == "gelu" && call.config.flag("approximate", true)) {
    return call.map(input, "gelu_tanh", {}, call.shape(input));
  }
  if (function == "celu" && call.config.real("alpha", 1) != 1) {
    call.refuse("celu with an alpha other than 1", "write an architecture file");
  }
  return call.activation(input, function).value();
}

std::span<const LayerRow> activation_layers() { return rows_of_activations; }

std::vector<std::pair<std::string_view, std::string_view>> known_activations() {
  std::vector<std::pair<std::string_view, std::string_view>> known;
  known.reserve(std::size(functions));
  for (const Function& function : functions) {
    known.emplace_back(function.name, function.component.empty() ? "nothing" : function.component);
  }
  return known;
}

}  // namespace smoothbound::models::keras
