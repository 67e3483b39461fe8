// Functions of one array, element by element or along an axis.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "attention_parts.hpp"
#include "elementwise.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {

View mapped(Translator& translator, const Node& node, const View& x, const std::string& component,
            std::vector<Setting> settings) {
  View result = x;
  const Shape shape = translator.network().shape(x.step);
  result.step = translator.map(x.step, component, std::move(settings), shape, node);
  return result;
}

View scaled_and_shifted(Translator& translator, const Node& node, View x, double factor,
                        double summand) {
  if (factor != 1) x = mapped(translator, node, x, "scale", {{"", yaml_number(factor)}});
  if (summand != 0) x = mapped(translator, node, x, "shift", {{"", yaml_number(summand)}});
  return x;
}

namespace {

void translate_function(Translator& translator, const Node& node, const char* component,
                        std::vector<Setting> settings = {}) {
  translator.set(
      node, 0,
      mapped(translator, node, translator.require_view(node, 0), component, std::move(settings)));
}

// The function of an operator that has no settings.
void translate_plain(Translator& translator, const Node& node) {
  static const std::map<std::string_view, const char*> components{
      {"Relu", "relu"},           {"Sigmoid", "sigmoid"},   {"Tanh", "tanh"},
      {"Softsign", "softsign"},   {"Softplus", "softplus"}, {"Sin", "sin"},
      {"Atan", "atan"},           {"Erf", "erf"},           {"Mish", "mish"},
      {"HardSwish", "hard_swish"}};
  translate_function(translator, node, components.at(node.operation));
}

// The attribute as it was meant: 0.01 for the nearest float.
std::string attribute_text(const Node& node, std::string_view name, float otherwise) {
  return yaml_number(static_cast<float>(node.real(name, static_cast<double>(otherwise))));
}

void translate_leaky_relu(Translator& translator, const Node& node) {
  translate_function(translator, node, "leaky_relu", {{"", attribute_text(node, "alpha", 0.01F)}});
}

void translate_elu(Translator& translator, const Node& node) {
  const char* const component = node.operation == "Elu" ? "elu" : "celu";
  const std::string alpha = attribute_text(node, "alpha", 1);
  translate_function(translator, node, component,
                     alpha == "1" ? std::vector<Setting>{} : std::vector<Setting>{{"", alpha}});
}

void translate_selu(Translator& translator, const Node& node) {
  const double alpha = node.real("alpha", 1.6732632423543772);
  const double gamma = node.real("gamma", 1.0507009873554805);
  // The formula's own constants are told apart from roundings of them only.
  if (std::abs(alpha - 1.6732632423543772) < 1e-4 && std::abs(gamma - 1.0507009873554805) < 1e-4) {
    return translate_function(translator, node, "selu");
  }
  View x = mapped(translator, node, translator.require_view(node, 0), "elu",
                  {{"", yaml_number(static_cast<float>(alpha))}});
  translator.set(
      node, 0,
      scaled_and_shifted(translator, node, x, static_cast<double>(static_cast<float>(gamma)), 0));
}

void translate_gelu(Translator& translator, const Node& node) {
  const std::string_view kind = node.text("approximate", "none");
  if (kind != "none" && kind != "tanh") {
    refuse(fmt::format("approximate is '{}'", kind), "it is none or tanh");
  }
  translate_function(translator, node, kind == "tanh" ? "gelu_tanh" : "gelu");
}

// x sigmoid(alpha x) = silu(alpha x) / alpha
void translate_swish(Translator& translator, const Node& node) {
  const double alpha = node.real("alpha", 1);
  View x = scaled_and_shifted(translator, node, translator.require_view(node, 0), alpha, 0);
  x = mapped(translator, node, x, "silu", {});
  translator.set(node, 0, scaled_and_shifted(translator, node, x, outward_quotient(1, alpha), 0));
}

// max(0, min(1, alpha x + beta)) = hard_sigmoid(6 alpha x + 6 beta - 3)
void translate_hard_sigmoid(Translator& translator, const Node& node) {
  const auto alpha = static_cast<float>(node.real("alpha", 0.2));
  const auto beta = static_cast<float>(node.real("beta", 0.5));
  View x = translator.require_view(node, 0);
  if (std::abs(alpha - 1.0F / 6) > 1e-7F || beta != 0.5F) {
    x = scaled_and_shifted(translator, node, x, 6 * static_cast<double>(alpha),
                           6 * static_cast<double>(beta) - 3);
  }
  translator.set(node, 0, mapped(translator, node, x, "hard_sigmoid", {}));
}

double bound_of(Translator& translator, const Node& node, std::size_t input,
                std::string_view attribute, double otherwise) {
  if (node.input(input) != absent) {
    const Constant& given = translator.require_constant(node, input, attribute);
    return given.elements() == 1 ? given.values()[0] : std::numeric_limits<double>::quiet_NaN();
  }
  return node.real(attribute, otherwise);
}

void translate_clip(Translator& translator, const Node& node) {
  const double low = bound_of(translator, node, 1, "min", -HUGE_VAL);
  const double high = bound_of(translator, node, 2, "max", HUGE_VAL);
  translator.set(node, 0, clipped(translator, node, translator.require_view(node, 0), low, high));
}

// The axis along which slopes differ, as arrays are seen with their last axes on each other; none
// for a single slope.
std::optional<std::size_t> axis_of_slopes(const View& x, const Constant& slope, bool is_old) {
  if (slope.elements() == 1) return std::nullopt;
  if (is_old && x.rank() > 1 && slope.sizes.size() == 1 && slope.elements() == x.sizes[1]) {
    return 1;  // before opset 7 they belong to the channels
  }
  for (std::size_t i = 0; i < slope.sizes.size() && slope.sizes.size() <= x.rank(); ++i) {
    const std::size_t axis = x.rank() - slope.sizes.size() + i;
    if (slope.sizes[i] == slope.elements() && x.sizes[axis] == slope.sizes[i]) return axis;
  }
  refuse(fmt::format("slopes [{}] for an array [{}]", fmt::join(slope.sizes, ", "),
                     fmt::join(x.sizes, ", ")),
         "there is one slope, or one for each channel");
}

void translate_prelu(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Constant& slope = translator.require_constant(node, 1, "the slope");
  const std::optional<std::size_t> axis = axis_of_slopes(x, slope, translator.graph().opset < 7);
  View result = x;
  Step step;
  step.component = "prelu";
  step.inputs = {x.step};
  if (!axis) {
    step.settings.push_back({"per", "layer"});
  } else {
    const Shape& own = translator.network().shape(x.step);
    const bool lies_so = own.channels() == x.sizes[*axis] && x.strides[*axis] == own.positions();
    if (!lies_so) {
      AxisList order{*axis};
      Sizes sizes{x.sizes[*axis]};
      for (std::size_t other = 0; other < x.rank(); ++other) {
        if (other == *axis) continue;
        order.push_back(other);
        if (x.sizes[other] != 1) sizes.push_back(x.sizes[other]);
      }
      if (sizes.size() > 4) sizes = {sizes[0], x.elements() / sizes[0]};
      step.inputs = {translator.arranged(x, order, shape_of(sizes), node)};
      Sizes ordered;
      for (const std::size_t other : order) ordered.push_back(x.sizes[other]);
      const View laid = in_order(step.inputs[0], ordered, View::nowhere);
      for (std::size_t i = 0; i < order.size(); ++i) result.strides[order[i]] = laid.strides[i];
    }
  }
  step.output = translator.network().shape(step.inputs[0]);
  step.name = translator.name_of(node);
  translator.bind(step, node, {{"weight", slope.reshaped({slope.elements()})}});
  result.step = translator.add(std::move(step));
  translator.set(node, 0, std::move(result));
}

}  // namespace

View softmax_along(Translator& translator, const Node& node, View x, std::size_t axis) {
  if (x.holds_batch(axis)) {
    refuse("it goes over the batch, so that samples depend on each other",
           "export it along the axis of the classes");
  }
  const Isolated at = isolated(translator.network(), x, axis, translator.name_of(node));
  const Shape shape = translator.network().shape(at.step);
  std::vector<Setting> settings;
  if (at.axis != 0) settings.push_back({"axis", axis_word(at.axis, shape.rank())});
  x.step = translator.map(at.step, "softmax", settings, shape, node);
  return x;
}

namespace {

void translate_softmax(Translator& translator, const Node& node) {
  const bool is_old = translator.graph().opset < 13;
  View x = translator.require_view(node, 0);
  const std::size_t axis = axis_within(node.integer("axis", is_old ? 1 : -1), x.rank());
  std::size_t where = axis;
  const View given = x;
  bool is_flat = false;
  if (is_old) {  // all axes from this one on are one
    std::int64_t behind = 1;
    for (std::size_t i = axis; i < x.rank(); ++i) {
      if (x.holds_batch(i)) refuse_joined_samples();
      behind *= x.sizes[i];
    }
    if (behind != x.sizes[axis]) {
      x = reshaped(translator.network(), x, {x.elements() / behind, behind},
                   translator.name_of(node));
      where = 1;
      is_flat = true;
    }
  }
  x = softmax_along(translator, node, std::move(x), where);
  if (is_flat) {
    x = reshaped(translator.network(), x, given.sizes, translator.name_of(node));
    x.take_batch(given);
  }
  translator.set(node, 0, std::move(x));
}

// Of what the logistic loss does itself, nothing is left but its scores.
void translate_log_softmax(Translator& translator, const Node& node) {
  translator.note(fmt::format(
      "'{}' (LogSoftmax) is left out: it is a part of the logistic loss, which takes the scores",
      translator.name_of(node)));
  translator.set(node, 0, translator.require_view(node, 0));
}

}  // namespace

View clipped(Translator& translator, const Node& node, View x, double low, double high) {
  constexpr double huge = 3.4e38;
  if (low <= -huge && high >= huge) return x;
  if (std::isnan(low) || std::isnan(high) || low >= high) {
    refuse(fmt::format("bounds {} and {}", low, high), "they are numbers, the first one smaller");
  }
  if (high >= huge) {  // relu(x - low) + low
    x = scaled_and_shifted(translator, node, x, 1, -low);
    x = mapped(translator, node, x, "relu", {});
    return scaled_and_shifted(translator, node, x, 1, low);
  }
  if (low <= -huge) {  // high - relu(high - x)
    x = scaled_and_shifted(translator, node, x, -1, high);
    x = mapped(translator, node, x, "relu", {});
    return scaled_and_shifted(translator, node, x, -1, high);
  }
  if (low == 0) {
    x = scaled_and_shifted(translator, node, x, outward_quotient(6, high), 0);
    x = mapped(translator, node, x, "relu6", {});
    return scaled_and_shifted(translator, node, x, outward_quotient(high, 6), 0);
  }
  const double middle = (low + high) / 2;
  const double half = (high - low) / 2;
  x = scaled_and_shifted(translator, node, x, outward_quotient(1, half),
                         outward_quotient(-middle, half));
  x = mapped(translator, node, x, "hard_tanh", {});
  return scaled_and_shifted(translator, node, x, half, middle);
}

std::vector<Operator> elementwise_operators() {
  return {
      {"Relu", "relu", translate_plain},
      {"Sigmoid", "sigmoid", translate_plain},
      {"Tanh", "tanh", translate_plain},
      {"Softsign", "softsign", translate_plain},
      {"Softplus", "softplus", translate_plain},
      {"Sin", "sin", translate_plain},
      {"Atan", "atan", translate_plain},
      {"Erf", "erf", translate_plain},
      {"Mish", "mish", translate_plain},
      {"HardSwish", "hard_swish", translate_plain},
      {"LeakyRelu", "leaky_relu", translate_leaky_relu},
      {"Elu", "elu", translate_elu},
      {"Celu", "celu", translate_elu},
      {"Selu", "selu, or elu and scale", translate_selu},
      {"Gelu", "gelu or gelu_tanh", translate_gelu},
      {"Swish", "silu", translate_swish},
      {"HardSigmoid", "hard_sigmoid", translate_hard_sigmoid},
      {"Clip", "relu, relu6 or hard_tanh", translate_clip},
      {"PRelu", "prelu", translate_prelu},
      {"Softmax", "softmax", translate_softmax},
      {"LogSoftmax", "a part of the logistic loss", translate_log_softmax},
  };
}

}  // namespace smoothbound::models::onnx
