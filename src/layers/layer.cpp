#include "smoothbound/layers/layer.hpp"

#include <unordered_map>

namespace smoothbound {
namespace {

template <class... T>
requires((UnaryType<T> || MergeType<T>)&&...) constexpr bool all_are_components(
    const std::variant<T...>* /*list*/) {
  return true;
}
static_assert(all_are_components(static_cast<Component*>(nullptr)));

template <class... T>
std::vector<Component> collect(const std::variant<T...>* /*list*/) {
  std::vector<Component> all;
  const auto add = [&](const auto& some) { all.insert(all.end(), some.begin(), some.end()); };
  (add(T::prototypes()), ...);
  return all;
}

}  // namespace

Role role_of(const Component& component) {
  return std::visit([](const auto& c) { return c.role; }, component);
}

bool begins_with_parameters(const Component& component) {
  return std::visit(
      [](const auto& c) {
        return c.role == Role::affine && !requires { c.is_fixed; };
      },
      component);
}

bool reads_nothing(const Component& component) {
  return std::visit(
      [](const auto& c) {
        return requires { c.reads_nothing; };
      },
      component);
}

std::optional<std::int64_t> ids_of(const Component& component) {
  return std::visit(
      [](const auto& c) -> std::optional<std::int64_t> {
        if constexpr (requires { c.ids(); }) return c.ids();
        return std::nullopt;
      },
      component);
}

InputCount input_count_of(const Component& component) {
  return std::visit(
      [](const auto& c) {
        if constexpr (MergeType<std::remove_cvref_t<decltype(c)>>) {
          return c.input_count;
        } else {
          return InputCount{1, 1};
        }
      },
      component);
}

std::string_view name_of(const Component& component) {
  return std::visit([](const auto& c) { return c.name(); }, component);
}

std::string_view formula_of(const Component& component) {
  return std::visit([](const auto& c) { return c.formula(); }, component);
}

LineRule line_rule_of(const Component& component) {
  return std::visit([](const auto& c) { return c.line_rule(); }, component);
}

std::string_view array_name_of(const Component& component) {
  return std::visit(
      [](const auto& c) -> std::string_view {
        if constexpr (requires { c.array_name(); }) return c.array_name();
        return c.name();
      },
      component);
}

std::vector<std::string_view> array_words(const Component& component) {
  return std::visit(
      [](const auto& c) -> std::vector<std::string_view> {
        using Type = std::remove_cvref_t<decltype(c)>;
        if constexpr (requires { Type::array_words; }) {
          return {Type::array_words.begin(), Type::array_words.end()};
        } else if constexpr (BiasedType<Type> || requires { c.affine; }) {
          return {"weight", "bias"};
        } else {
          return {};
        }
      },
      component);
}

bool couples_samples(const Component& component) {
  return std::visit([](const auto& c) { return c.couples_samples(); }, component);
}

bool lacks_numbers(const Component& component) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.lacks_fixed(); }) return c.lacks_fixed();
        return false;
      },
      component);
}

Work work_of(const Component& component, const Site& site) {
  return std::visit([&](const auto& c) { return c.work(site); }, component);
}

std::optional<OwnBlock> block_of(const Component& component, const Site& site) {
  return std::visit([&](const auto& c) { return c.block(site); }, component);
}

bool is_index_map(const Component& component) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.is_index_map(); }) return c.is_index_map();
        return false;
      },
      component);
}

std::optional<IndexMap> index_map_of(const Component& component, const Site& site) {
  return std::visit(
      [&](const auto& c) -> std::optional<IndexMap> {
        if constexpr (requires { c.is_index_map(); }) {
          if (c.is_index_map()) return c.index_map(site);
        }
        return std::nullopt;
      },
      component);
}

void visit_settings(Component& component, SettingsVisitor& visitor) {
  std::visit([&](auto& c) { c.visit_settings(visitor); }, component);
}

bool* bias_of(Component& component) {
  return std::visit(
      [](auto& c) -> bool* {
        if constexpr (BiasedType<std::remove_cvref_t<decltype(c)>>) return &c.bias;
        return nullptr;
      },
      component);
}

std::optional<Component> smooth_form(const Component& component, const Real& beta) {
  return std::visit(
      [&](const auto& c) -> std::optional<Component> {
        if constexpr (requires { c.smooth_form(beta); }) {
          if (const auto smooth = c.smooth_form(beta)) return *smooth;
        }
        return std::nullopt;
      },
      component);
}

std::optional<Constant> infinite_smoothness(const Component& component, const Site& site) {
  return std::visit(
      [&](const auto& c) -> std::optional<Constant> {
        if constexpr (UnaryType<std::remove_cvref_t<decltype(c)>>) {
          for (const Part& part : c.parts(site, Method::sharp)) {
            const auto* a = std::get_if<MapConstants>(&part);
            if (a != nullptr && a->smoothness.value.is_infinite()) return a->smoothness;
          }
        }
        return std::nullopt;
      },
      component);
}

Real* batch_norm_epsilon(Component& component) {
  auto* norm = std::get_if<BatchNorm>(&component);
  return norm == nullptr ? nullptr : &norm->epsilon;
}

Real* softplus_scale(Component& component) {
  auto* activation = std::get_if<Activation>(&component);
  return activation != nullptr && activation->name() == "softplus" ? &activation->parameter
                                                                   : nullptr;
}

const std::vector<Component>& prototypes() {
  static const std::vector<Component> all = collect(static_cast<Component*>(nullptr));
  return all;
}

const Component* find_prototype(std::string_view name) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const Component*> map;
    for (const Component& component : prototypes()) map.emplace(name_of(component), &component);
    return map;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::vector<std::string_view> component_names(Role role) {
  std::vector<std::string_view> names;
  for (const Component& component : prototypes()) {
    if (role_of(component) == role) names.push_back(name_of(component));
  }
  return names;
}

}  // namespace smoothbound
