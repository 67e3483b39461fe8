// The table of element-wise activations: the single source of their values, derivatives and
// constants. A new activation is one row in src/layers/activation_table.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "smoothbound/layers/activation_taylor.hpp"
#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// f(x), f'(x), f''(x). At a kink the derivatives are those from the left, as
/// in PyTorch for ReLU.
struct Jet {
  double value = 0;
  double first = 0;
  double second = 0;
};

/// Constants of the scalar function f.
struct ScalarConstants {
  Constant lipschitz;                                         // sup |f'|
  Constant smoothness;                                        // sup |f''|, inf where f' jumps
  Constant at_zero;                                           // |f(0)|
  Constant slope_at_zero;                                     // |f'(0)|
  Constant bound{Magnitude::infinity(), "inf", "unbounded"};  // sup |f|
};

/// The number that a parameterised activation takes.
struct ActivationParameter {
  std::string_view name;  // empty: the activation takes none
  std::string_view description;
  std::string_view default_value;
  text::RealRange range = text::RealRange::positive;
  std::span<const std::string_view> samples;  // values to test at, the default aside
};

struct ActivationRow {
  std::string_view name;
  std::string_view formula;
  ActivationParameter parameter;
  Jet (*evaluate)(double x, double parameter);
  ScalarConstants (*constants)(Method method, const Real& parameter);
  /// What encloses it along a line of parameters; null: nothing does.
  Branches (*branches)(double parameter) = nullptr;
  /// The row that `--smooth` puts in its place where it has a kink: relu becomes softplus, as in
  /// section 5.1 of the paper. A parameter that both have is kept. "": none.
  std::string_view smooth_form = {};
  /// Whether it takes a scale beta besides, being f(beta x) / beta of this f; `evaluate` and the
  /// values of `constants` are those of beta = 1.
  bool has_scale = false;
  /// What is known of it on balls, at a parameter; null: nothing.
  MapGrowth (*growth)(const Real& parameter) = nullptr;
};

/// All activations.
std::span<const ActivationRow> activation_table();
/// The row of that name, or null.
const ActivationRow* find_activation(std::string_view name);

/// An activation as a component.
struct Activation {
  const ActivationRow* row = nullptr;
  Real parameter;
  Real scale{Magnitude::from_count(1), LowerBound::from_count(1), 1};  // 1 if it takes none

  Activation() = default;
  explicit Activation(const ActivationRow& table_row);

  static constexpr Role role = Role::non_affine;
  static std::vector<Activation> prototypes();
  [[nodiscard]] std::string_view name() const { return row->name; }
  [[nodiscard]] std::string_view formula() const { return row->formula; }
  [[nodiscard]] LineRule line_rule() const;
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> inputs) const { return inputs.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
  /// f at its parameter and scale, and the constants of that.
  [[nodiscard]] Jet evaluate(double x) const;
  [[nodiscard]] ScalarConstants constants(Method method) const;
  [[nodiscard]] MapGrowth growth() const;
  /// Its derivatives up to the fifth, with the doubles next to its parameter and its scale in their
  /// place; none: its row has none.
  [[nodiscard]] std::optional<ScaledBranches> branches() const;
  /// What has no kink in the place of one that has, with its scale beta, if it takes one.
  [[nodiscard]] std::optional<Activation> smooth_form(const Real& beta) const;
};

}  // namespace smoothbound
