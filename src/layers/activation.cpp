#include "smoothbound/layers/activation.hpp"

#include <algorithm>

namespace smoothbound {
namespace {

constexpr std::string_view scale_name = "beta";

}  // namespace

const ActivationRow* find_activation(std::string_view name) {
  const auto table = activation_table();
  const auto row = std::find_if(table.begin(), table.end(),
                                [&](const ActivationRow& r) { return r.name == name; });
  return row == table.end() ? nullptr : &*row;
}

Activation::Activation(const ActivationRow& table_row) : row(&table_row) {
  if (!row->parameter.name.empty()) parameter = Real::from_decimal(row->parameter.default_value);
}

std::vector<Activation> Activation::prototypes() {
  std::vector<Activation> all;
  for (const ActivationRow& row : activation_table()) all.emplace_back(row);
  return all;
}

void Activation::visit_settings(SettingsVisitor& visitor) {
  const ActivationParameter& declared = row->parameter;
  if (!declared.name.empty()) {
    visitor.real({.name = declared.name, .description = declared.description, .shorthand = true},
                 declared.range, parameter);
  }
  if (row->has_scale) {
    visitor.real({.name = scale_name, .description = "scale; the larger, the closer to the kink"},
                 text::RealRange::positive, scale);
  }
}

Jet Activation::evaluate(double x) const {
  const double beta = scale.nearest;
  if (beta == 1) return row->evaluate(x, parameter.nearest);
  const Jet f = row->evaluate(beta * x, parameter.nearest);
  return {f.value / beta, f.first, beta * f.second};
}

ScalarConstants Activation::constants(Method method) const {
  ScalarConstants f = row->constants(method, parameter);
  if (!row->has_scale) return f;
  f.smoothness.value *= scale.upper;
  f.at_zero.value = f.at_zero.value / scale.lower;
  f.bound.value = f.bound.value / scale.lower;
  return f;
}

MapGrowth Activation::growth() const {
  if (row->growth == nullptr) return {};
  MapGrowth growth = row->growth(parameter);
  if (row->has_scale) {
    growth.scale = scale;
    growth.joint *= scale.upper;
    growth.third *= scale.upper * scale.upper;
    const LowerBound squared = scale.lower * scale.lower;
    growth.unsaturated.second = growth.unsaturated.second / squared;
    growth.unsaturated.joint = growth.unsaturated.joint / squared;
  }
  return growth;
}

std::optional<ScaledBranches> Activation::branches() const {
  if (row->branches == nullptr) return std::nullopt;
  return ScaledBranches(row->branches(parameter.nearest), parameter.nearest, scale.nearest);
}

LineRule Activation::line_rule() const {
  const std::optional<ScaledBranches> f = branches();
  if (!f) return {"", "its row has no branches"};
  if (f->layout().kinks > 0)
    return {"smooth branches, and what kinks change", "docs/theory.md 8.5"};
  return {"Taylor coefficients and envelopes of derivatives", "docs/theory.md 8.4"};
}

Parts Activation::parts(const Site& site, Method method) const {
  const ScalarConstants f = constants(method);
  // n_out scalars over the batch: vectors of n_out equal entries have sqrt(n_out) their norm.
  const Magnitude root_n = square_root(Magnitude::from_count(site.output.elements()) *
                                       Magnitude::from_count(site.batch));
  MapConstants a;
  a.lipschitz = f.lipschitz;
  a.smoothness = f.smoothness;
  a.at_zero = {f.at_zero.value * root_n, f.at_zero.value.is_zero() ? "0" : f.at_zero.formula,
               f.at_zero.source};
  a.slope_at_zero = f.slope_at_zero;
  a.bound = {f.bound.value * root_n, f.bound.formula, f.bound.source};
  a.inner = maximum;
  a.bound_of = f.bound.value * roots_of_scalars(site.output);
  a.at_zero_of = f.at_zero.value * roots_of_scalars(site.output);
  if (method == Method::sharp) a.growth = growth();
  a.at_maximum = MapAtLevel{reading_of(maximum), f.bound.value,   f.lipschitz.value,
                            f.smoothness.value,  f.at_zero.value, f.slope_at_zero.value};
  return Part(a);
}

Work Activation::work(const Site& site) const {
  Work work;
  work.evaluations = output_scalars(site);
  work.backward_input = work.evaluations;  // f'(z) times the cotangent
  work.sparsity.map = work.evaluations;
  return work;
}

std::optional<Activation> Activation::smooth_form(const Real& beta) const {
  if (row->smooth_form.empty() || constants(Method::sharp).smoothness.value.is_finite()) {
    return std::nullopt;
  }
  Activation smooth(*find_activation(row->smooth_form));
  const std::string_view its_parameter = smooth.row->parameter.name;
  if (its_parameter == scale_name) smooth.parameter = beta;
  if (!its_parameter.empty() && its_parameter == row->parameter.name) smooth.parameter = parameter;
  if (smooth.row->has_scale) smooth.scale = beta;
  return smooth;
}

}  // namespace smoothbound
