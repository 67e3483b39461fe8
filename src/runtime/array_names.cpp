#include "smoothbound/runtime/array_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace smoothbound {
namespace {

constexpr std::string_view value_array = "value";

// Arrays that have another name here than elsewhere.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> words{
    {{"scale", "weight"}, {"shift", "bias"}, {"slope", "weight"}}};

std::string_view word_for(std::string_view array) {
  const auto* const found =
      std::ranges::find(words, array, &std::pair<std::string_view, std::string_view>::first);
  return found == words.end() ? array : found->second;
}

}  // namespace

bool names_weights(const Graph& graph) {
  return std::ranges::any_of(graph.layers, [](const Layer& layer) {
    return std::ranges::any_of(layer.components,
                               [](const PlacedComponent& part) { return part.weights != nullptr; });
  });
}

ExpectedTensor array_tensor(const Layer& layer, std::size_t component, std::string_view array,
                            std::vector<std::int64_t> shape) {
  const WeightNames none;
  const PlacedComponent& placed = layer.components[component];
  const WeightNames& given = placed.weights ? *placed.weights : none;
  const std::string_view word = word_for(array);
  ExpectedTensor tensor;
  tensor.shape = std::move(shape);
  const auto exact =
      std::ranges::find(given.exact, word, &std::pair<std::string, std::string>::first);
  if (exact != given.exact.end()) {
    tensor.name = exact->second;
    return tensor;
  }
  if (given.prefix.empty()) {
    const std::string prefix = array_prefix(layer, component);
    tensor.name = fmt::format("{}.{}", prefix, array);
    if (word != array) tensor.also.push_back({fmt::format("{}.{}", prefix, word)});
    if (array == value_array) tensor.also.push_back({prefix});
  } else if (array == value_array) {
    tensor.name = given.prefix;
    tensor.also.push_back({fmt::format("{}.{}", given.prefix, array)});
  } else {
    tensor.name = fmt::format("{}.{}", given.prefix, word);
  }
  for (const WeightNames::Other& other : given.others) {
    tensor.also.push_back({fmt::format("{}{}", other.beginning, word), other.part, other.parts});
  }
  return tensor;
}

}  // namespace smoothbound
