#include <algorithm>
#include <array>
#include <limits>
#include <numbers>

#include "fusion_rules.hpp"

namespace smoothbound::models::onnx {
namespace {

// The x of whose function the value is, or `absent`.
using FindArgument = ValueId (*)(const Rewriter&, ValueId value);

ValueId argument_of(const Rewriter& rewriter, ValueId value, std::string_view operation) {
  const Node* const node = rewriter.maker(value, operation);
  return node == nullptr ? absent : rewriter.origin(node->input(0));
}

ValueId sigmoid_argument(const Rewriter& rewriter, ValueId value) {
  return argument_of(rewriter, value, "Sigmoid");
}

ValueId tanh_softplus_argument(const Rewriter& rewriter, ValueId value) {
  return argument_of(rewriter, argument_of(rewriter, value, "Tanh"), "Softplus");
}

bool is_relu6_slope(double alpha, double beta) { return is_near(alpha, 1.0 / 6) && beta == 0.5; }

ValueId hard_sigmoid_argument(const Rewriter& rewriter, ValueId value) {
  const Node* const node = rewriter.maker(value, "HardSigmoid");
  if (node == nullptr || !is_relu6_slope(node->real("alpha", 0.2), node->real("beta", 0.5))) {
    return absent;
  }
  return rewriter.origin(node->input(0));
}

// min(max(value, low), high)
struct Clipped {
  ValueId value = absent;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

void clip_also(Clipped& clipped, double low, double high) {
  const double outer_low = clipped.low;
  const double outer_high = clipped.high;
  clipped.low = std::min(std::max(low, outer_low), outer_high);
  clipped.high = std::min(std::max(high, outer_low), outer_high);
}

// The bound of a Clip: an attribute before operator set 11. Nothing: not a constant.
std::optional<double> bound_of_clip(const Rewriter& rewriter, const Node& clip,
                                    std::string_view attribute, std::size_t input,
                                    double otherwise) {
  if (clip.find(attribute) != nullptr) return clip.real(attribute, 0);
  return clip.input(input) == absent ? otherwise : rewriter.scalar(clip.input(input));
}

// Takes one clipping off the value; false if there is none.
bool unclip(const Rewriter& rewriter, Clipped& clipped) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (const Node* const clip = rewriter.maker(clipped.value, "Clip")) {
    const auto low = bound_of_clip(rewriter, *clip, "min", 1, -infinity);
    const auto high = bound_of_clip(rewriter, *clip, "max", 2, infinity);
    if (!low || !high) return false;
    clip_also(clipped, *low, *high);
    clipped.value = rewriter.origin(clip->input(0));
    return true;
  }
  if (const Node* const relu = rewriter.maker(clipped.value, "Relu")) {
    clip_also(clipped, 0, infinity);
    clipped.value = rewriter.origin(relu->input(0));
    return true;
  }
  for (const bool is_min : {true, false}) {
    const Node* const bound = rewriter.maker(clipped.value, is_min ? "Min" : "Max");
    if (bound == nullptr || bound->inputs.size() != 2) continue;
    for (const std::size_t i : either_operand) {
      const auto number = rewriter.scalar(bound->input(i));
      if (!number) continue;
      if (is_min) {
        clip_also(clipped, -infinity, *number);
      } else {
        clip_also(clipped, *number, infinity);
      }
      clipped.value = rewriter.origin(bound->input(1 - i));
      return true;
    }
  }
  return false;
}

Clipped clipped_value(const Rewriter& rewriter, ValueId value) {
  Clipped clipped;
  clipped.value = rewriter.origin(value);
  constexpr int most = 4;
  for (int i = 0; i < most && unclip(rewriter, clipped); ++i) {
  }
  return clipped;
}

ValueId relu6_argument(const Rewriter& rewriter, ValueId value) {
  const Clipped clipped = clipped_value(rewriter, value);
  if (clipped.low != 0 || clipped.high != 6) return absent;
  const auto sum = rewriter.shifted(clipped.value);
  return sum && sum->number == 3 ? sum->value : absent;
}

// 1 + erf(x / sqrt 2)
ValueId erf_argument(const Rewriter& rewriter, ValueId value) {
  const auto sum = rewriter.shifted(value);
  if (!sum || sum->number != 1) return absent;
  const auto argument = rewriter.scaled(argument_of(rewriter, sum->value, "Erf"));
  return argument && is_near(argument->number, 1 / std::numbers::sqrt2) ? argument->value : absent;
}

bool is_power(const Product& product, double constant, ValueId base, std::size_t exponent) {
  return is_near(product.constant, constant) && product.factors.size() == exponent &&
         std::ranges::all_of(product.factors, [&](ValueId factor) { return factor == base; });
}

// x + 0.044715 x^3, or of x (1 + 0.044715 x^2) the second, whose x has to be `outer`.
ValueId cubic_argument(const Rewriter& rewriter, ValueId value, ValueId outer) {
  constexpr double cubic = 0.044715;
  const Node* const sum = rewriter.maker(value, "Add");
  if (sum == nullptr) return absent;
  for (const std::size_t i : either_operand) {
    const ValueId term = sum->input(1 - i);
    if (outer != absent) {
      const auto square = rewriter.product(term, outer);
      if (rewriter.is_scalar(sum->input(i), 1) && square && is_power(*square, cubic, outer, 2)) {
        return outer;
      }
      continue;
    }
    const ValueId x = rewriter.origin(sum->input(i));
    const auto cube = rewriter.product(term, x);
    if (cube && is_power(*cube, cubic, x, 3)) return x;
  }
  return absent;
}

// 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))
ValueId tanh_argument(const Rewriter& rewriter, ValueId value) {
  const auto sum = rewriter.shifted(value);
  if (!sum || sum->number != 1) return absent;
  const ValueId argument = argument_of(rewriter, sum->value, "Tanh");
  if (argument == absent) return absent;
  const auto whole = rewriter.product(argument);
  if (!whole) return absent;
  // Each factor may be the sum; the x of the other form is what is left.
  for (const ValueId factor : whole->factors) {
    for (const bool is_apart : {false, true}) {
      if (is_apart && whole->factors.size() < 2) continue;
      const ValueId other =
          whole->factors.front() == factor ? whole->factors.back() : whole->factors.front();
      const ValueId x = cubic_argument(rewriter, factor, is_apart ? other : absent);
      if (x == absent) continue;
      const auto again = rewriter.product(argument, x);
      const std::size_t count = is_apart ? 2 : 1;
      if (again && again->factors.size() == count &&
          is_near(again->constant, std::numbers::sqrt2 * std::numbers::inv_sqrtpi)) {
        return x;
      }
    }
  }
  return absent;
}

// constant * x * f(x)
struct Gate {
  std::string_view operation;
  double constant;
  FindArgument find;
  std::string_view approximate;
};

constexpr std::array gates{
    Gate{"Swish", 1, sigmoid_argument, {}},          Gate{"Mish", 1, tanh_softplus_argument, {}},
    Gate{"HardSwish", 1, hard_sigmoid_argument, {}}, Gate{"HardSwish", 1.0 / 6, relu6_argument, {}},
    Gate{"Gelu", 0.5, erf_argument, "none"},         Gate{"Gelu", 0.5, tanh_argument, "tanh"},
};

// The x of a gate whose f(x) is the factor.
ValueId gated_value(const Rewriter& rewriter, ValueId output, const Gate& gate, ValueId factor) {
  const ValueId x = gate.find(rewriter, factor);
  if (x == absent || x == factor) return absent;
  const auto product = rewriter.product(output, x);
  if (!product || product->factors.size() != 2 || !is_near(product->constant, gate.constant)) {
    return absent;
  }
  const std::vector<ValueId>& both = product->factors;
  const bool is_gate = (both[0] == x && both[1] == factor) || (both[0] == factor && both[1] == x);
  return is_gate ? x : absent;
}

Replacement fuse_gate(Rewriter& rewriter, const Node& node) {
  const ValueId output = node.outputs.front();
  const auto product = rewriter.product(output);
  if (!product) return {};
  for (const Gate& gate : gates) {
    for (const ValueId factor : product->factors) {
      const ValueId x = gated_value(rewriter, output, gate, factor);
      if (x == absent) continue;
      Node fused = fused_node(gate.operation, {x});
      if (gate.operation == "Swish") set_attribute(fused, real_attribute("alpha", 1));
      if (!gate.approximate.empty()) {
        set_attribute(fused, text_attribute("approximate", gate.approximate));
      }
      return {std::move(fused)};
    }
  }
  return {};
}

// constant * clip(a x + b, 0, high) with constant * high = 1, of the slopes that are in use
Replacement fuse_hard_sigmoid(Rewriter& rewriter, const Node& node) {
  const auto product = rewriter.product(node.outputs.front());
  if (!product || product->factors.size() != 1) return {};
  const double constant = product->constant;
  const Clipped clipped = clipped_value(rewriter, product->factors.front());
  if (clipped.low != 0 || !is_near(constant * clipped.high, 1)) return {};
  const auto sum = rewriter.shifted(clipped.value);
  if (!sum || !is_near(sum->number * constant, 0.5)) return {};
  const auto multiple = rewriter.scaled(sum->value);
  for (const WithNumber& x : {WithNumber{sum->value, 1}, multiple.value_or(WithNumber{})}) {
    for (const double alpha : {1.0 / 6, 0.2}) {
      if (x.value == absent || !is_near(x.number * constant, alpha)) continue;
      return {fused_node("HardSigmoid", {x.value},
                         {real_attribute("alpha", alpha), real_attribute("beta", 0.5)})};
    }
  }
  return {};
}

// log(1 + exp x)
Replacement fuse_softplus(Rewriter& rewriter, const Node& node) {
  const auto sum = rewriter.shifted(node.input(0));
  if (!sum || sum->number != 1) return {};
  const ValueId x = argument_of(rewriter, sum->value, "Exp");
  return x == absent ? Replacement{} : Replacement{fused_node("Softplus", {x})};
}

// x / (1 + |x|)
Replacement fuse_softsign(Rewriter& rewriter, const Node& node) {
  const auto sum = rewriter.shifted(node.input(1));
  if (!sum || sum->number != 1) return {};
  const ValueId x = argument_of(rewriter, sum->value, "Abs");
  if (x == absent || x != rewriter.origin(node.input(0))) return {};
  return {fused_node("Softsign", {x})};
}

// With the axis of the Softmax, whose default the operator set decides alike for both.
Replacement fuse_log_softmax(Rewriter& rewriter, const Node& node) {
  const Node* const softmax = rewriter.maker_for_one(node.input(0), "Softmax");
  if (softmax == nullptr) return {};
  return {fused_node("LogSoftmax", {rewriter.origin(softmax->input(0))}, softmax->attributes)};
}

// What others are made of stands above them.
constexpr std::array activation_rows{
    FusionRule{"Log", fuse_log_softmax},  FusionRule{"Log", fuse_softplus},
    FusionRule{"Div", fuse_softsign},     FusionRule{"Clip", fuse_hard_sigmoid},
    FusionRule{"Min", fuse_hard_sigmoid}, FusionRule{"Max", fuse_hard_sigmoid},
    FusionRule{"Mul", fuse_hard_sigmoid}, FusionRule{"Div", fuse_hard_sigmoid},
    FusionRule{"Mul", fuse_gate},         FusionRule{"Div", fuse_gate},
};

}  // namespace

std::span<const FusionRule> activation_fusions() { return activation_rows; }

}  // namespace smoothbound::models::onnx
