#include "smoothbound/layers/composite.hpp"

#include <algorithm>

namespace smoothbound {
namespace {

template <class... T>
requires(CompositeType<T>&&...) std::vector<Composite> collect_composites(
    const std::variant<T...>* /*list*/) {
  std::vector<Composite> all;
  const auto add = [&](const auto& some) { all.insert(all.end(), some.begin(), some.end()); };
  (add(T::prototypes()), ...);
  return all;
}

}  // namespace

std::string_view name_of(const Composite& composite) {
  return std::visit([](const auto& c) { return c.name(); }, composite);
}

std::string_view formula_of(const Composite& composite) {
  return std::visit([](const auto& c) { return c.formula(); }, composite);
}

void visit_settings(Composite& composite, SettingsVisitor& visitor) {
  std::visit([&](auto& c) { c.visit_settings(visitor); }, composite);
}

std::span<const Piece> pieces_of(const Composite& composite) {
  return std::visit([](const auto& c) { return c.pieces(); }, composite);
}

std::vector<Component> components_of(const Composite& composite, std::size_t piece,
                                     std::span<const Shape> shapes) {
  return std::visit([&](const auto& c) { return c.components(piece, shapes); }, composite);
}

std::string_view word_of(const Piece& piece) { return piece.name.empty() ? "output" : piece.name; }

std::vector<std::string_view> weight_words(const Composite& composite) {
  std::vector<std::string_view> words;
  for (const Piece& piece : pieces_of(composite)) {
    if (!piece.has_parameters) continue;
    for (const std::string_view word : {word_of(piece), piece.word_of_parts}) {
      if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    }
  }
  return words;
}

bool* bias_of(Composite& composite) {
  return std::visit(
      [](auto& c) -> bool* {
        if constexpr (requires { c.bias; }) return &c.bias;
        return nullptr;
      },
      composite);
}

const std::vector<Composite>& composites() {
  static const std::vector<Composite> all = collect_composites(static_cast<Composite*>(nullptr));
  return all;
}

const Composite* find_composite(std::string_view name) {
  const auto found = std::ranges::find_if(
      composites(), [&](const Composite& composite) { return name_of(composite) == name; });
  return found == composites().end() ? nullptr : &*found;
}

std::vector<std::string_view> catalogue_names() {
  std::vector<std::string_view> names;
  for (const Component& component : prototypes()) names.push_back(name_of(component));
  for (const Composite& composite : composites()) names.push_back(name_of(composite));
  return names;
}

std::vector<std::string_view> biased_names() {
  std::vector<std::string_view> names;
  const auto add = [&](auto part) {
    if (bias_of(part) != nullptr) names.push_back(name_of(part));
  };
  for (const Component& component : prototypes()) add(component);
  for (const Composite& composite : composites()) add(composite);
  return names;
}

}  // namespace smoothbound
