#include "smoothbound/layers/attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace smoothbound {
namespace {

enum Place : std::uint32_t { query, key, value, scores, mixture, output };

Rearrangement reshape_to(std::vector<std::int64_t> sizes) {
  Rearrangement reshape = std::get<Rearrangement>(*find_prototype("reshape"));
  reshape.settings.sizes = std::move(sizes);
  return reshape;
}

std::size_t word_of(const auto& words, std::string_view word) {
  return static_cast<std::size_t>(std::ranges::find(words, word) - words.begin());
}

Dense projection(std::int64_t units, bool bias) {
  Dense dense;
  dense.units = units;
  dense.per = word_of(Dense::scopes, "position");
  dense.bias = bias;
  return dense;
}

Real inverse_root(std::int64_t count) {
  const auto one = Magnitude::from_count(1);
  return {one / square_root(LowerBound::from_count(count)),
          one.turned() / square_root(Magnitude::from_count(count)),
          1 / std::sqrt(static_cast<double>(count))};
}

}  // namespace

void Attention::visit_settings(SettingsVisitor& visitor) {
  visitor.count({.name = "heads",
                 .description = "blocks of channels that attend by themselves",
                 .required = true,
                 .shorthand = true},
                heads);
  visitor.flag({.name = "causal",
                .description = "whether a token only attends to itself and those before it",
                .usual = true},
               causal);
}

std::span<const Piece> Attention::pieces() {
  // Names as in PyTorch's MultiheadAttention.
  static const std::array<Piece, 6> all{{{"query", {Piece::outside}, true, "in_proj_", 0, 3, "qkv"},
                                         {"key", {Piece::outside}, true, "in_proj_", 1, 3, "qkv"},
                                         {"value", {Piece::outside}, true, "in_proj_", 2, 3, "qkv"},
                                         {"scores", {key, query}},
                                         {"mixture", {value, scores}},
                                         {"", {mixture}, true, "out_proj."}}};
  return all;
}

std::vector<Component> Attention::components(std::size_t piece,
                                             std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  switch (piece) {
    case scores: {  // [keys, queries] for each head: softmax weighs the keys of a query
      MatMul products;
      products.transpose = word_of(MatMul::transposes, "first");
      products.scale = inverse_root(input.spatial(0));
      const Softmax weights{word_of(axis_words, "height")};
      if (!causal) return {products, weights};
      Mask mask;
      mask.kind = word_of(Mask::kinds, "causal");
      mask.by = Real::from_decimal("1e4");  // exp(-1e4) is 0 in either precision
      return {products, mask, weights};
    }
    case mixture:
      return {MatMul{}, reshape_to({input.channels() * input.spatial(0), shapes[1].spatial(1)})};
    case output:
      return {projection(input.channels(), bias)};
    default:
      break;
  }
  if (input.rank() != 2) {
    throw ShapeError(fmt::format("attention reads [features, tokens], and not {}", input.to_text()),
                     "reshape brings positions into one axis");
  }
  if (input.channels() % heads != 0) {
    throw ShapeError(fmt::format("{} heads do not divide the {} features of {}", heads,
                                 input.channels(), input.to_text()),
                     "each head has the same number of channels");
  }
  return {projection(input.channels(), bias),
          reshape_to({heads, input.channels() / heads, input.spatial(0)})};
}

}  // namespace smoothbound
