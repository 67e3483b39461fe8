#include "smoothbound/enclosure/hessian_product.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {
namespace {

using Numbers = std::span<const double>;

// What may underflow in a kernel, a sum or a product.
Magnitude underflow() { return Magnitude::from_double(0x1p-1000); }

void add(Numbers from, std::span<double> to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

}  // namespace

// A stacked batch between kernels, as computed. Sizes are bounds of the exact ones, errors of the
// distance from them, in the norm of the whole batch.
struct HessianProduct::Value {
  std::vector<double> z;
  std::vector<double> bar;      // cotangent
  std::vector<double> dot;      // tangent
  std::vector<double> bar_dot;  // the tangent of the cotangent
  bool bar_is_zero = true;
  bool dot_is_zero = true;
  bool bar_dot_is_zero = true;
  Magnitude error;
  Magnitude bar_error;
  Magnitude dot_error;
  Magnitude bar_dot_error;
  Magnitude bar_size;
  Magnitude dot_size;
  Magnitude bar_dot_size;
};

HessianProduct::~HessianProduct() = default;

HessianProduct::HessianProduct(const ObjectivePoint& point)
    : at_(point), network_(point.graph, point.batch, Purpose::derivatives, Storage::none) {
  if (!at_.loss.third_derivative) {
    throw NotEnclosed(fmt::format("loss '{}': its third derivative is not known", at_.loss.name));
  }
  allocate();
  push_values(true);
  loss_ = at_.evaluate(values_[network_.output()].z);
  pull_cotangents();
}

HessianProduct::HessianProduct(const HessianProduct& other)
    : at_(other.at_),
      network_(at_.graph, at_.batch, Purpose::derivatives, Storage::none),
      near_(other.near_) {
  allocate();
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i].error = other.values_[i].error;
  push_values(false);
  loss_ = at_.evaluate(values_[network_.output()].z);
  pull_cotangents();
}

void HessianProduct::allocate() {
  values_.resize(network_.values().size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto count = static_cast<std::size_t>(network_.values()[i].shape.elements());
    Value& value = values_[i];
    value.z.resize(count);
    if (!network_.values()[i].depends_on_parameters) continue;
    for (std::vector<double>* array : {&value.bar, &value.dot, &value.bar_dot}) {
      array->resize(count);
    }
  }
  std::ranges::copy(at_.x, values_.front().z.begin());
  state_.resize(static_cast<std::size_t>(network_.state_bytes()));
  scratch_.resize(static_cast<std::size_t>(network_.scratch_elements()));
  packed_.resize(static_cast<std::size_t>(network_.packed_elements()));
  packed_tangent_.resize(packed_.size());
  network_.pack(at_.w.data(), packed_.data());
  std::int64_t parameters = 0;
  for (const Node& node : network_.nodes()) parameters = std::max(parameters, node.parameters);
  share_.resize(static_cast<std::size_t>(parameters));
  constexpr std::int64_t least = 32;
  std::int64_t all = 2;
  for (const Node& node : network_.nodes()) all += 1 + std::ssize(node.inputs);
  additions_ = Magnitude::from_count(std::max(least, all));
  moved_.resize(network_.nodes().size());
}

// What sums over consumers, or over nodes that share parameters, lose of one of their terms.
Magnitude HessianProduct::rounded(const Magnitude& size) const {
  return scale(size * additions_, -53) + underflow();
}

HessianProduct::Point HessianProduct::point(const Node& node) {
  inputs_.clear();
  for (const std::uint32_t input : node.inputs) inputs_.push_back(values_[input].z.data());
  return {inputs_, values_[node.output].z.data(),
          network_.parameters_of(node, at_.w.data(), packed_.data()),
          state_.data() + node.state_offset, scratch_.data()};
}

Magnitude HessianProduct::along(const Node& node, Magnitude Value::*size) const {
  Magnitude all;
  for (const std::uint32_t input : node.inputs) all = hypotenuse(all, values_[input].*size);
  return all;
}

void HessianProduct::push_values(bool finds_norms) {
  for (std::size_t i = 0; i < network_.nodes().size(); ++i) {
    const Node& node = network_.nodes()[i];
    Point at = point(node);
    at.y = nullptr;
    node.kernel->forward(at, values_[node.output].z.data());
    if (finds_norms) find_norms(i);
  }
}

// Another execution is as near to the exact values: twice as far from this one.
void HessianProduct::find_norms(std::size_t index) {
  const Node& node = network_.nodes()[index];
  const Layer& layer = at_.graph.layers[node.layer];
  const Point at = point(node);
  const Magnitude error = along(node, &Value::error);
  const std::optional<DerivativeBounds> near = node.kernel->derivative_bounds(
      {at.z, at_.w.data() + node.offset, scale(error, 1), scratch_.data()});
  if (!near) {
    throw NotEnclosed(
        fmt::format("layer '{}': how well second derivatives of {} are computed is not known",
                    layer.name, name_of(layer.components[node.component].component)));
  }
  near_.push_back(*near);
  Value& out = values_[node.output];
  out.error = near->by_input * error + near->value_error + underflow();
  if (norm_bound(out.z).is_infinite()) {
    throw NotEnclosed(fmt::format("layer '{}': its values are not finite", layer.name));
  }
}

std::vector<double*> HessianProduct::targets(const Node& node, std::vector<double> Value::*array,
                                             bool Value::*is_zero) {
  std::vector<double*> written;
  sums_.resize(std::max(sums_.size(), node.inputs.size()));
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    Value& value = values_[node.inputs[i]];
    std::vector<double>& to = value.*array;
    const bool again =
        std::find(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(i),
                  node.inputs[i]) != node.inputs.begin() + static_cast<std::ptrdiff_t>(i);
    if (to.empty()) {
      written.push_back(nullptr);
    } else if (value.*is_zero && !again) {
      written.push_back(to.data());
    } else {
      sums_[i].resize(std::max(sums_[i].size(), to.size()));
      written.push_back(sums_[i].data());
    }
  }
  return written;
}

void HessianProduct::add_up(const Node& node, std::span<double* const> written,
                            std::vector<double> Value::*array, bool Value::*is_zero) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == nullptr) continue;
    Value& value = values_[node.inputs[i]];
    std::vector<double>& to = value.*array;
    value.*is_zero = false;
    if (written[i] != to.data()) add({written[i], to.size()}, to);
  }
}

// The loss is a mean over samples: its second derivative is at most 1/n, its third one that of a
// term / n. Its gradient and products with its Hessian are computed to q^1.5 units in the last
// place of a term, with a margin.
void HessianProduct::pull_cotangents() {
  const LowerBound n = LowerBound::from_count(at_.batch);
  const Magnitude q = Magnitude::from_count(network_.output_shape().elements());
  Value& output = values_[network_.output()];
  if (output.bar.empty()) return;  // it does not depend on parameters
  std::ranges::copy(loss_.gradient, output.bar.begin());
  output.bar_is_zero = false;
  output.bar_error = output.error / n + scale(q * square_root(q), -46) / square_root(n) +
                     rounded(norm_bound(output.bar));
  for (std::size_t i = network_.nodes().size(); i-- > 0;) {
    const Node& node = network_.nodes()[i];
    Value& out = values_[node.output];
    if (out.bar_is_zero) continue;
    const Magnitude computed = norm_bound(out.bar);
    out.bar_size = computed + out.bar_error;
    const std::vector<double*> written = targets(node, &Value::bar, &Value::bar_is_zero);
    node.kernel->vjp(point(node), out.bar.data(), written, nullptr);
    add_up(node, written, &Value::bar, &Value::bar_is_zero);
    const DerivativeBounds& near = near_[i];
    const Magnitude off = near.by_input * out.bar_error +
                          near.second * along(node, &Value::error) * out.bar_size +
                          near.by_sample.first * computed;
    for (const std::uint32_t input : node.inputs) {
      values_[input].bar_error += off + rounded(near.by_input * out.bar_size + off);
    }
  }
}

const double* HessianProduct::tangent_of(const Node& node, std::span<const double> w_dot) const {
  return network_.parameters_of(node, w_dot.data(), packed_tangent_.data());
}

void HessianProduct::push_tangents(std::span<const double> w_dot) {
  if (!packed_tangent_.empty()) network_.pack(w_dot.data(), packed_tangent_.data());
  for (Value& value : values_) {
    value.dot_is_zero = value.bar_dot_is_zero = true;
    value.dot_size = value.dot_error = value.bar_dot_size = value.bar_dot_error = Magnitude();
  }
  for (std::size_t i = 0; i < network_.nodes().size(); ++i) {
    const Node& node = network_.nodes()[i];
    const Numbers own = w_dot.subspan(static_cast<std::size_t>(node.offset),
                                      static_cast<std::size_t>(node.parameters));
    const bool moves = std::any_of(own.begin(), own.end(), [](double e) { return e != 0; });
    moved_[i] = moves ? norm_bound(own) : Magnitude();
    std::vector<const double*> z_dot;
    bool is_zero = !moves;
    for (const std::uint32_t input : node.inputs) {
      const Value& value = values_[input];
      z_dot.push_back(value.dot_is_zero ? nullptr : value.dot.data());
      is_zero = is_zero && value.dot_is_zero;
    }
    if (is_zero) continue;
    Value& out = values_[node.output];
    node.kernel->jvp(point(node), z_dot, moves ? tangent_of(node, w_dot) : nullptr, out.dot.data());
    out.dot_is_zero = false;
    const DerivativeBounds& near = near_[i];
    const Magnitude exact = hypotenuse(along(node, &Value::dot_size), moved_[i]);
    const Magnitude off = along(node, &Value::dot_error);
    out.dot_error = near.by_input * off + near.second * along(node, &Value::error) * exact +
                    near.by_sample.first * (exact + off) + underflow();
    out.dot_size = norm_bound(out.dot) + out.dot_error;
  }
}

void HessianProduct::begin_second() {
  Value& out = values_[network_.output()];
  if (out.dot_is_zero) return;
  const LowerBound n = LowerBound::from_count(at_.batch);
  const Magnitude q = Magnitude::from_count(network_.output_shape().elements());
  loss_.hessian_product(out.dot, out.bar_dot);
  out.bar_dot_is_zero = false;
  const Magnitude third = Magnitude::from_count(*at_.loss.third_derivative);
  out.bar_dot_error = (out.dot_error + third * out.error * out.dot_size +
                       scale(q * square_root(q), -46) * (out.dot_size + out.dot_error)) /
                          n +
                      underflow();
}

// Along the tangent: phi''[tangent]^T bar + phi'^T bar_dot, in exact numbers and as computed.
void HessianProduct::pull_second(std::size_t index, std::span<const double> w_dot,
                                 std::span<double> product) {
  const Node& node = network_.nodes()[index];
  Value& out = values_[node.output];
  std::vector<const double*> z_dot;
  bool moves = !moved_[index].is_zero();
  const double* const v_dot = moves ? tangent_of(node, w_dot) : nullptr;
  for (const std::uint32_t input : node.inputs) {
    const Value& value = values_[input];
    z_dot.push_back(value.dot_is_zero ? nullptr : value.dot.data());
    moves = moves || !value.dot_is_zero;
  }
  if (out.bar_is_zero || (out.bar_dot_is_zero && !moves)) return;
  const std::vector<double*> written = targets(node, &Value::bar_dot, &Value::bar_dot_is_zero);
  const bool has_parameters = node.parameters > 0;
  node.kernel->hvp(point(node), z_dot, out.dot_is_zero ? nullptr : out.dot.data(), v_dot,
                   out.bar.data(), out.bar_dot_is_zero ? nullptr : out.bar_dot.data(), written,
                   has_parameters ? share_.data() : nullptr);
  add_up(node, written, &Value::bar_dot, &Value::bar_dot_is_zero);

  const DerivativeBounds& near = near_[index];
  const Magnitude error = along(node, &Value::error);
  const Magnitude tangent = hypotenuse(along(node, &Value::dot_size), moved_[index]);
  const Magnitude tangent_off = along(node, &Value::dot_error);
  const Magnitude bar = out.bar_size + out.bar_error;  // as computed
  const Magnitude computed = out.bar_dot_is_zero ? Magnitude() : norm_bound(out.bar_dot);
  out.bar_dot_size = computed + out.bar_dot_error;
  const Magnitude curved = near.second * tangent * out.bar_size;
  // Beside rounding.
  const Magnitude off =
      near.second * (tangent_off * bar + tangent * out.bar_error + error * out.bar_dot_size) +
      near.third * error * tangent * bar;
  const auto rounding = [&](const DerivativeBounds::Errors& errors) {
    return errors.second * (tangent + tangent_off) * bar + errors.first * computed;
  };
  const Magnitude of_input = near.by_input * out.bar_dot_error + off + rounding(near.by_sample);
  for (const std::uint32_t input : node.inputs) {
    values_[input].bar_dot_error +=
        of_input + rounded(near.by_input * out.bar_dot_size + curved + of_input);
  }
  if (!has_parameters) return;
  add({share_.data(), static_cast<std::size_t>(node.parameters)},
      product.subspan(static_cast<std::size_t>(node.offset),
                      static_cast<std::size_t>(node.parameters)));
  const Magnitude of_parameters =
      near.by_parameters * out.bar_dot_error + off + rounding(near.of_parameters);
  total_ += of_parameters + rounded(near.by_parameters * out.bar_dot_size + curved + of_parameters);
}

Magnitude HessianProduct::operator()(std::span<const double> w_dot, std::span<double> product,
                                     std::size_t first_node) {
  std::ranges::fill(product, 0.0);
  total_ = Magnitude::from_double(0x1p-500);  // what underflows
  push_tangents(w_dot);
  begin_second();
  for (std::size_t i = network_.nodes().size(); i-- > first_node;) pull_second(i, w_dot, product);
  if (at_.regularizer == 0) return total_;
  for (std::size_t i = 0; i < product.size(); ++i) product[i] += at_.regularizer * w_dot[i];
  return total_ +
         rounded(Magnitude::from_double(at_.regularizer) * norm_bound(w_dot) + norm_bound(product));
}

std::int64_t bytes_of_hessian_product(const Network<double>& network) {
  std::int64_t numbers = network.scratch_elements() + 2 * network.packed_elements();
  std::int64_t of_sums = 0;
  std::int64_t of_share = 0;
  for (const auto& value : network.values()) numbers += 4 * value.shape.elements();
  for (const auto& node : network.nodes()) {
    std::int64_t of_inputs = 0;
    for (const std::uint32_t input : node.inputs) {
      of_inputs += network.values()[input].shape.elements();
    }
    of_sums = std::max(of_sums, of_inputs);
    of_share = std::max(of_share, node.parameters);
  }
  constexpr std::int64_t of_loss = 4;  // predictions, gradient, and what its products are made of
  numbers += of_sums + of_share + of_loss * network.output_elements();
  return numbers * static_cast<std::int64_t>(sizeof(double)) + network.state_bytes();
}

}  // namespace smoothbound
