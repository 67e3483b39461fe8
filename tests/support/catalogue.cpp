#include "catalogue.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <variant>

namespace smoothbound::support {
namespace {

// Gives a component the settings without which it cannot be, the smallest ones, and tells them as
// a file has them: `"filters": 1`.
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
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& value) override {
    if (!info.required) return;
    value = {1};
    tell(info, "[1]");
  }
  void numbers(const SettingInfo& info, Sign /*sign*/, std::vector<SignedReal>& value) override {
    if (!info.required) return;
    value = {SignedReal{Real::from_decimal("1")}};
    tell(info, "1");
  }
  void choices(const SettingInfo& info, std::span<const std::string_view> names,
               std::vector<std::size_t>& value) override {
    if (!info.required) return;
    value = {0};
    tell(info, "\"" + std::string(names[0]) + "\"");
  }

 private:
  static void assign(std::int64_t& value, std::int64_t number) { value = number; }
  static void assign(std::optional<std::int64_t>& value, std::int64_t number) { value = number; }
  static void assign(std::vector<std::int64_t>& value, std::int64_t number) { value = {number}; }
  static void assign(std::vector<Real>& value, std::int64_t number) {
    value = {Real::from_decimal(std::to_string(number))};
  }
  static void assign(Extent& value, std::int64_t number) { value = Extent::uniform(number); }
  template <class RealOrOptional>
  static void assign(RealOrOptional& value, std::int64_t number) {
    value = Real::from_decimal(std::to_string(number));
  }
  template <class Value>
  void set(const SettingInfo& info, Value& value, std::int64_t number) {
    assign(value, number);
    tell(info, std::to_string(number));
  }
  void tell(const SettingInfo& info, const std::string& value) {
    text_ += (text_.empty() ? "\"" : ", \"") + std::string(info.name) + "\": " + value;
  }

  std::string text_;
};

}  // namespace

std::optional<std::vector<std::int64_t>> OtherComponent::shape_after(
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

Parts OtherComponent::parts(const Site& site, Method method) const {
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

bool is_written_out(std::string_view name) {
  static constexpr std::array<std::string_view, 15> names{
      "dense",      "conv",       "opaque",     "add",          "concat",
      "multiply",   "matmul",     "softmax",    "max_pool",     "global_average_pool",
      "batch_norm", "layer_norm", "group_norm", "average_pool", "rms_norm"};
  return std::ranges::find(names, name) != names.end();
}

const OtherComponent& other_component(std::string_view name) {
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

std::vector<std::string> other_components(Role role) {
  std::vector<std::string> names;
  for (const std::string_view name : component_names(role)) {
    if (is_written_out(name) || find_activation(name) != nullptr) continue;
    const Component& component = *find_prototype(name);
    if (!is_index_map(component) && !ids_of(component)) names.emplace_back(name);
  }
  return names;
}

std::vector<ActivationValues> activations(bool kinked) {
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
