#include "smoothbound/layers/activation.hpp"

#include <algorithm>

namespace smoothbound {

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
  if (declared.name.empty()) return;
  visitor.real({.name = declared.name, .description = declared.description, .shorthand = true},
               declared.range, parameter);
}

Parts Activation::parts(const Site& site, Method method) const {
  const ScalarConstants f = row->constants(method, parameter);
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
  if (!row->replaced_by_softplus) return std::nullopt;
  Activation softplus(*find_activation("softplus"));
  softplus.parameter = beta;
  return softplus;
}

}  // namespace smoothbound
