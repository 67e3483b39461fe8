// Values that read nothing: blocks of parameters, such as positional embeddings, class tokens and
// layer scales, and numbers that are not trained.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// v itself, the same for each sample.
struct Parameter {
  std::vector<std::int64_t> shape{1};

  static constexpr std::array<std::string_view, 1> array_words{"value"};
  static constexpr Role role = Role::affine;
  /// It has no input: the layer counts as a reader of the network's input, of which it uses
  /// nothing.
  static constexpr bool reads_nothing = true;
  static std::vector<Parameter> prototypes() { return {Parameter{}}; }
  [[nodiscard]] std::string_view name() const { return "parameter"; }
  [[nodiscard]] std::string_view formula() const { return "v, for each sample"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::parameters; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> /*shapes*/) const { return Shape(shape); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const {
    OwnBlock own{site.output.elements(), {}};
    std::ranges::copy(site.output.sizes(), own.form.begin());
    return own;
  }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// Numbers of the file, the same for each sample: one for all scalars, or one for each, row by row.
struct FixedValue {
  std::vector<std::int64_t> shape{1};
  std::vector<SignedReal> values{SignedReal{}};

  static constexpr Role role = Role::affine;
  /// As of a parameter.
  static constexpr bool reads_nothing = true;
  static constexpr bool is_fixed = true;  // no parameters, though it begins a layer
  static std::vector<FixedValue> prototypes() { return {FixedValue{}}; }
  [[nodiscard]] std::string_view name() const { return "constant"; }
  [[nodiscard]] std::string_view formula() const { return "fixed numbers, for each sample"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& /*site*/) const { return {}; }
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
