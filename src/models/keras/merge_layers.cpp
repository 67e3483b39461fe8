// Sums and products, of tensors and with fixed numbers: layers, operators and functions.
#include <fmt/format.h>

#include <algorithm>

#include "layer_call.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::models::keras {
namespace {

Shape common_shape(const LayerCall& call, const std::vector<Tensor>& tensors) {
  const Shape first = call.shape(tensors.front());
  for (const Tensor tensor : tensors) {
    if (call.shape(tensor) == first) continue;
    call.refuse(fmt::format("it adds tensors of the shapes {} and {} (channels first)",
                            first.to_text(), call.shape(tensor).to_text()),
                "sums need equal shapes: repeat the smaller one before");
  }
  return first;
}

void require_some(const LayerCall& call) {
  if (call.inputs.empty()) call.refuse("it reads no tensor", "write the file with model.to_json()");
}

Tensor add(LayerCall& call, const std::vector<Tensor>& tensors) {
  if (tensors.size() == 1) return tensors.front();
  const Shape shape = common_shape(call, tensors);
  return call.merge("add", {}, tensors, shape);
}

Tensor convert_add(LayerCall& call) { return convert_arithmetic(call, "Add"); }
Tensor convert_subtract(LayerCall& call) { return convert_arithmetic(call, "Subtract"); }
Tensor convert_multiply(LayerCall& call) { return convert_arithmetic(call, "Multiply"); }
Tensor convert_divide(LayerCall& call) { return convert_arithmetic(call, "Divide"); }

Tensor convert_mean(LayerCall& call) {
  require_some(call);
  const Tensor sum = add(call, call.inputs);
  if (call.inputs.size() == 1) return sum;
  return call.scale(sum, outward_quotient(1, static_cast<double>(call.inputs.size())));
}

Tensor multiply(LayerCall& call) {
  if (call.inputs.size() == 1) return call.inputs.front();
  const Shape first = call.shape(call.inputs.front());
  std::vector<std::int64_t> sizes(first.sizes().begin(), first.sizes().end());
  for (const Tensor tensor : call.inputs) {
    const Shape other = call.shape(tensor);
    const auto others = other.sizes();
    bool fits = others.size() == sizes.size();
    for (std::size_t i = 0; fits && i < sizes.size(); ++i) {
      fits = sizes[i] == others[i] || sizes[i] == 1 || others[i] == 1;
      sizes[i] = std::max(sizes[i], others[i]);
    }
    if (fits) continue;
    call.refuse(
        fmt::format("it multiplies tensors of the shapes {} and {} (channels first)",
                    call.shape(call.inputs.front()).to_text(), call.shape(tensor).to_text()),
        "reshape the smaller one to as many axes: (1, 1, channels)");
  }
  return call.merge("multiply", {}, call.inputs, Shape(sizes));
}

Tensor convert_concatenate(LayerCall& call) {
  require_some(call);
  if (call.inputs.size() == 1) return call.inputs.front();
  const Shape first = call.shape(call.inputs.front());
  const int axis = call.axis(call.integer("axis", -1), first);
  std::vector<std::int64_t> sizes(first.sizes().begin(), first.sizes().end());
  std::int64_t& joined = sizes[static_cast<std::size_t>(axis)];
  joined = 0;
  for (const Tensor tensor : call.inputs) {
    const Shape other = call.shape(tensor);
    const auto others = other.sizes();
    bool fits = others.size() == sizes.size();
    for (std::size_t i = 0; fits && i < sizes.size(); ++i) {
      fits = static_cast<int>(i) == axis || others[i] == sizes[i];
    }
    if (!fits) {
      call.refuse(fmt::format("it joins tensors of the shapes {} and {} (channels first)",
                              first.to_text(), other.to_text()),
                  "they may differ along the joined axis alone");
    }
    joined = checked_sum(joined, others[static_cast<std::size_t>(axis)], "the joined axis");
  }
  std::vector<Setting> settings;
  if (axis != 0) {
    settings.push_back(
        {"axis", std::string(axis_names(first.rank())[static_cast<std::size_t>(axis)])});
  }
  return call.merge("concat", std::move(settings), call.inputs, Shape(sizes));
}

constexpr std::array rows_of_merges{
    LayerRow{"Add", convert_add, "add; shift"},
    LayerRow{"Subtract", convert_subtract, "add of scale: -1; shift"},
    LayerRow{"Multiply", convert_multiply, "multiply; scale"},
    LayerRow{"Divide", convert_divide, "scale"},
    LayerRow{"TrueDivide", convert_divide, "scale"},
    LayerRow{"Average", convert_mean, "add, scale"},
    LayerRow{"Concatenate", convert_concatenate, "concat"},
    LayerRow{"TFOpLambda", convert_function, "sums, products and activations"},
};

struct Operator {
  std::string_view function;
  std::string_view operation;
};

constexpr std::array operators{
    Operator{"__operators__.add", "Add"},        Operator{"math.add", "Add"},
    Operator{"math.subtract", "Subtract"},       Operator{"__operators__.sub", "Subtract"},
    Operator{"math.multiply", "Multiply"},       Operator{"__operators__.mul", "Multiply"},
    Operator{"math.truediv", "Divide"},          Operator{"math.divide", "Divide"},
    Operator{"__operators__.truediv", "Divide"},
};

}  // namespace

Tensor convert_arithmetic(LayerCall& call, std::string_view operation) {
  require_some(call);
  // A tensor and a number, in this order or the other.
  const Given* number = nullptr;
  for (const Given& given : call.given) {
    if (!given.constant || given.key == "name") continue;
    if (number != nullptr || call.inputs.size() != 1) {
      call.refuse("it reads more than a tensor and a number", "write an architecture file");
    }
    number = &given;
  }
  if (number == nullptr) {
    if (operation == "Add") return add(call, call.inputs);
    if (operation == "Multiply") return multiply(call);
    if (operation == "Divide" || call.inputs.size() != 2) {
      call.refuse("a quotient of tensors, or a difference of other than two",
                  "write an architecture file");
    }
    return add(call, {call.inputs[0], call.scale(call.inputs[1], -1)});
  }
  const Tensor input = call.inputs.front();
  const double value =
      real_of(*number->constant, number->key.empty() ? call.layer.class_name : number->key);
  const bool is_first = number == call.given.data();
  if (operation == "Add") return call.shift(input, value);
  if (operation == "Multiply") return call.scale(input, value);
  if (operation == "Subtract") {
    return is_first ? call.shift(call.scale(input, -1), value) : call.shift(input, -value);
  }
  if (is_first || value == 0) call.refuse("a quotient by a tensor or 0", "divide by a number");
  return call.scale(input, outward_quotient(1, value));
}

Tensor convert_function(LayerCall& call) {
  const std::string_view function = call.config.text("function", {});
  for (const Operator& known : operators) {
    if (known.function == function) return convert_arithmetic(call, known.operation);
  }
  const bool is_plain = std::ranges::all_of(
      call.given, [](const Given& given) { return given.tensor || given.key == "name"; });
  if (function.starts_with("nn.") || function.starts_with("math.")) {
    const std::string_view word = function.substr(function.find('.') + 1);
    if (is_plain) {
      if (const auto result = call.activation(call.input(), word)) return *result;
    }
  }
  call.refuse(fmt::format("the function '{}' is not known here", function),
              "sums, products with a tensor or a number, and activations are");
}

std::span<const LayerRow> merge_layers() { return rows_of_merges; }

}  // namespace smoothbound::models::keras
