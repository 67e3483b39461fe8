// Components that stand for several layers: the list of types, and what each has to have. Bounds,
// kernels and derivatives are those of the layers; a new composite is one header/source pair and
// one entry in `Composite`.
#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "smoothbound/layers/attention.hpp"
#include "smoothbound/layers/layer.hpp"
#include "smoothbound/layers/piece.hpp"

namespace smoothbound {

/// What every composite has.
template <class T>
concept CompositeType = requires(T composite, const T constant, SettingsVisitor& visitor,
                                 std::size_t piece, std::span<const Shape> shapes) {
  { T::prototypes() } -> std::same_as<std::vector<T>>;
  { constant.name() } -> std::convertible_to<std::string_view>;
  { constant.formula() } -> std::convertible_to<std::string_view>;
  {composite.visit_settings(visitor)};
  { T::pieces() } -> std::same_as<std::span<const Piece>>;
  { constant.components(piece, shapes) } -> std::same_as<std::vector<Component>>;
};

/// The list.
using Composite = std::variant<Attention>;

std::string_view name_of(const Composite& composite);
std::string_view formula_of(const Composite& composite);
void visit_settings(Composite& composite, SettingsVisitor& visitor);
/// The layers that it stands for, each behind those that it reads; the last one gives its output.
std::span<const Piece> pieces_of(const Composite& composite);
/// What one of them consists of, on inputs of these shapes. Throws ShapeError if they do not fit.
std::vector<Component> components_of(const Composite& composite, std::size_t piece,
                                     std::span<const Shape> shapes);
/// What a piece with parameters is called beside the others: its name, or "output".
std::string_view word_of(const Piece& piece);
/// The words for its pieces with parameters, and for several of them in one array.
std::vector<std::string_view> weight_words(const Composite& composite);
/// Its flag of a bias that can be left out; null for those without.
bool* bias_of(Composite& composite);

/// One of each name, with default settings.
const std::vector<Composite>& composites();
/// The composite of that name, or null.
const Composite* find_composite(std::string_view name);

/// The names of all components, and of what is made of them.
std::vector<std::string_view> catalogue_names();
/// The names of those among them with a bias that can be left out.
std::vector<std::string_view> biased_names();

}  // namespace smoothbound
