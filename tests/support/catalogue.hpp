// What generator and oracle take from the catalogue: which components there are, and shapes,
// settings and constants of those that they do not write out themselves.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/layers/layer.hpp"

namespace smoothbound::support {

/// Gives a component the settings without which it cannot be, the smallest ones, and tells them as
/// a file has them: `"filters": 1`.
class RequiredSettings : public SettingsVisitor {
 public:
  [[nodiscard]] const std::string& text() const { return text_; }

  void count(const SettingInfo& info, std::int64_t& value) override {
    if (info.required) set(info, value, info.smallest);
  }
  void count(const SettingInfo& info, std::optional<std::int64_t>& value) override {
    if (info.required) set(info, value, info.smallest);
  }
  void real(const SettingInfo& info, text::RealRange /*range*/, Real& value) override {
    if (info.required) set(info, value, 1);
  }
  void real(const SettingInfo& info, text::RealRange /*range*/,
            std::optional<Real>& value) override {
    if (info.required) set(info, value, 1);
  }
  void extent(const SettingInfo& info, Extent& value) override {
    if (info.required) set(info, value, 1);
  }
  // These always have a default.
  void flag(const SettingInfo& /*info*/, bool& /*value*/) override {}
  void choice(const SettingInfo& /*info*/, std::span<const std::string_view> /*names*/,
              std::size_t& /*value*/) override {}
  void padding(const SettingInfo& /*info*/, Padding& /*value*/) override {}
  void sizes(const SettingInfo& /*info*/, std::vector<std::int64_t>& /*value*/) override {}

 private:
  static void assign(std::int64_t& value, std::int64_t number) { value = number; }
  static void assign(std::optional<std::int64_t>& value, std::int64_t number) { value = number; }
  static void assign(Extent& value, std::int64_t number) { value = Extent::uniform(number); }
  template <class RealOrOptional>
  static void assign(RealOrOptional& value, std::int64_t number) {
    value = Real::from_decimal(std::to_string(number));
  }
  template <class Value>
  void set(const SettingInfo& info, Value& value, std::int64_t number) {
    assign(value, number);
    text_ +=
        (text_.empty() ? "\"" : ", \"") + std::string(info.name) + "\": " + std::to_string(number);
  }

  std::string text_;
};

/// A component of one input that the plain network does not write out.
struct OtherComponent {
  Component component;
  std::string settings;

  [[nodiscard]] std::optional<std::vector<std::int64_t>> shape_after(
      const std::vector<std::int64_t>& sizes) const {
    const Shape shape{std::span(sizes)};
    try {
      const Shape after = std::visit(
          [&](const auto& c) {
            return c.output_shape({&shape, 1});
          },
          component);
      return std::vector(after.sizes().begin(), after.sizes().end());
    } catch (const ShapeError&) {
      return std::nullopt;
    }
  }
  [[nodiscard]] Parts parts(const Site& site, Method method) const {
    return std::visit(
        [&](const auto& c) -> Parts {
          if constexpr (UnaryType<std::remove_cvref_t<decltype(c)>>) {
            return c.parts(site, method);
          } else {
            throw std::logic_error("a merge is a rule of composition: state it in the oracle");
          }
        },
        component);
  }
};

/// The components that plain_network.hpp, random_network.hpp and oracle_constants.hpp write out, by
/// the formulas of docs/theory.md. All others come from the catalogue.
inline bool is_written_out(std::string_view name) {
  static constexpr std::array<std::string_view, 14> names{
      "dense",        "conv",       "opaque",
      "add",          "concat",     "multiply",
      "softmax",      "max_pool",   "global_average_pool",
      "batch_norm",   "layer_norm", "group_norm",
      "average_pool", "rms_norm"};
  return std::ranges::find(names, name) != names.end();
}

inline const OtherComponent& other_component(std::string_view name) {
  static const std::vector<OtherComponent> all = [] {
    std::vector<OtherComponent> others;
    for (const Component& prototype : prototypes()) {
      RequiredSettings settings;
      Component component = prototype;
      visit_settings(component, settings);
      others.push_back({component, settings.text()});
    }
    return others;
  }();
  return *std::ranges::find_if(all,
                               [&](const auto& other) { return name_of(other.component) == name; });
}

/// Those of a role that are neither written out nor activations.
inline std::vector<std::string> other_components(Role role) {
  std::vector<std::string> names;
  for (const std::string_view name : component_names(role)) {
    if (!is_written_out(name) && find_activation(name) == nullptr) names.emplace_back(name);
  }
  return names;
}

/// An activation with values of its parameter; "" is the default, and stands for none.
struct ActivationValues {
  const ActivationRow* row;
  std::vector<std::string> values;
};

/// The activations with kinks or those without. Some are the one or the other by their parameter.
inline std::vector<ActivationValues> activations(bool kinked) {
  std::vector<ActivationValues> all;
  for (const ActivationRow& row : activation_table()) {
    std::vector<std::string> values;
    const auto add_value = [&](std::string_view value, std::string literal) {
      const Real parameter = value.empty() ? Real{} : Real::from_decimal(value);
      if (row.constants(Method::sharp, parameter).smoothness.value.is_infinite() == kinked) {
        values.push_back(std::move(literal));
      }
    };
    add_value(row.parameter.default_value, "");
    for (const std::string_view sample : row.parameter.samples) {
      add_value(sample, std::string(sample));
    }
    if (!values.empty()) all.push_back({&row, values});
  }
  return all;
}

}  // namespace smoothbound::support
