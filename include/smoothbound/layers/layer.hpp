// The catalogue of components: the list of types, what each has to have, and look-up by name.
// A new component is one header/source pair and one entry in `Component`.
#pragma once

#include <concepts>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "smoothbound/layers/activation.hpp"
#include "smoothbound/layers/conv.hpp"
#include "smoothbound/layers/conv_transposed.hpp"
#include "smoothbound/layers/dense.hpp"
#include "smoothbound/layers/embedding.hpp"
#include "smoothbound/layers/fixed_affine.hpp"
#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/local_response_norm.hpp"
#include "smoothbound/layers/mask.hpp"
#include "smoothbound/layers/matmul.hpp"
#include "smoothbound/layers/merge.hpp"
#include "smoothbound/layers/normalization.hpp"
#include "smoothbound/layers/opaque.hpp"
#include "smoothbound/layers/parameter.hpp"
#include "smoothbound/layers/pooling.hpp"
#include "smoothbound/layers/prelu.hpp"
#include "smoothbound/layers/rearrangement.hpp"
#include "smoothbound/layers/softmax.hpp"
#include "smoothbound/layers/upsample.hpp"

namespace smoothbound {

/// What every component has.
template <class T>
concept ComponentType = requires(T component, const T constant, SettingsVisitor& visitor,
                                 const Site& site, std::span<const Shape> shapes) {
  { T::role } -> std::convertible_to<Role>;
  { T::prototypes() } -> std::same_as<std::vector<T>>;  // one for each name, with defaults
  { constant.name() } -> std::convertible_to<std::string_view>;
  { constant.formula() } -> std::convertible_to<std::string_view>;
  { constant.line_rule() } -> std::same_as<LineRule>;
  {component.visit_settings(visitor)};
  { constant.output_shape(shapes) } -> std::same_as<Shape>;
  { constant.block(site) } -> std::same_as<std::optional<OwnBlock>>;
  { constant.work(site) } -> std::same_as<Work>;
  { constant.couples_samples() } -> std::same_as<bool>;
};

/// A component of one input: states its local constants.
template <class T>
concept UnaryType = ComponentType<T> &&
    requires(const T component, const Site& site, Method method) {
  { component.parts(site, method) } -> std::same_as<Parts>;
};

/// A component of several inputs: states by which rule their bounds merge.
template <class T>
concept MergeType = ComponentType<T> &&
    requires(const T component, std::span<const rules::Value> branches, const Site& site,
             Method method) {
  { component.merge(branches, site, method) } -> std::same_as<rules::Value>;
  { component.rule() } -> std::convertible_to<std::string_view>;
  { T::input_count } -> std::convertible_to<InputCount>;
};

/// A component with weights whose bias can be left out.
template <class T>
concept BiasedType = UnaryType<T> && requires(T component) {
  { component.bias } -> std::same_as<bool&>;
};

/// The list.
using Component =
    std::variant<Dense, Conv, ConvTransposed, Embedding, Parameter, FixedValue, Opaque, Add, Concat,
                 Multiply, MatMul, Activation, Prelu, Softmax, AveragePool, AdaptiveAveragePool,
                 MaxPool, GlobalAveragePool, GlobalMaxPool, BatchNorm, LayerNorm, GroupNorm,
                 InstanceNorm, RmsNorm, LocalResponseNorm, Rearrangement, Upsample, FixedScale,
                 FixedShift, Mask>;

Role role_of(const Component& component);
/// Whether it begins a layer with parameters, as far as its name tells.
bool begins_with_parameters(const Component& component);
/// Whether it has no input.
bool reads_nothing(const Component& component);
/// How many there are, if what it reads are ids: whole numbers from 0 on, to choose by.
std::optional<std::int64_t> ids_of(const Component& component);
/// How many branches a merge takes; of other components, one.
InputCount input_count_of(const Component& component);
std::string_view name_of(const Component& component);
std::string_view formula_of(const Component& component);
/// By what its remainder along a line of parameters is bounded.
LineRule line_rule_of(const Component& component);
/// What its arrays are called: of a smooth form, what those of the form with a kink are, so that
/// the same weights serve both.
std::string_view array_name_of(const Component& component);
/// The words for its arrays in files of weights: "weight" and "bias", also of a scale and a shift,
/// "running_mean", ... None: it has no arrays.
std::vector<std::string_view> array_words(const Component& component);
bool couples_samples(const Component& component);
/// Whether numbers that it acts with are left to somebody else, and nothing is known without them.
bool lacks_numbers(const Component& component);
/// What it costs for the whole batch.
Work work_of(const Component& component, const Site& site);
/// The parameter block that it owns, if any.
std::optional<OwnBlock> block_of(const Component& component, const Site& site);
bool is_index_map(const Component& component);
/// The index map that it is, if it is one.
std::optional<IndexMap> index_map_of(const Component& component, const Site& site);
void visit_settings(Component& component, SettingsVisitor& visitor);
/// The flag of a bias that can be left out; null for components without.
bool* bias_of(Component& component);

/// What `--smooth` puts in the component's place, if anything.
std::optional<Component> smooth_form(const Component& component, const Real& beta);
/// L_a of the component's map, where it is infinite.
std::optional<Constant> infinite_smoothness(const Component& component, const Site& site);
/// The epsilon of a batch norm; null for every other component.
Real* batch_norm_epsilon(Component& component);
/// The scale beta of a softplus; null for every other component.
Real* softplus_scale(Component& component);

/// One of each name, with default settings, in the order of the catalogue.
const std::vector<Component>& prototypes();
/// The prototype of that name, or null.
const Component* find_prototype(std::string_view name);
/// The names of a role.
std::vector<std::string_view> component_names(Role role);

}  // namespace smoothbound
