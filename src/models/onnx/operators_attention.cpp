// Attention as one operator, without the projections around it.
#include <fmt/format.h>

#include <cmath>

#include "attention_parts.hpp"
#include "elementwise.hpp"

namespace smoothbound::models::onnx {
namespace {

// 1 / sqrt(d), not less than it.
double default_scale(std::int64_t features) {
  const auto d = static_cast<double>(features);
  const double scale = outward_quotient(1, std::sqrt(d));
  return std::sqrt(d) * std::sqrt(d) == d ? scale : std::nextafter(scale, 1);
}

// [batch, heads, tokens, features of a head], also of [batch, tokens, features of all heads].
View by_heads(Translator& translator, const Node& node, std::size_t input, const char* attribute) {
  const View& x = translator.require_view(node, input);
  if (x.rank() == 4) return x;
  const std::int64_t heads = node.integer(attribute, 0);
  if (x.rank() != 3 || heads < 1 || x.sizes[2] % heads != 0) {
    refuse(fmt::format("its input {} has {} axes, and {} is {}", input + 1, x.rank(), attribute,
                       heads),
           "three axes need a number of heads that divides the last one, four axes have them");
  }
  const Sizes sizes{x.sizes[0], x.sizes[1], heads, x.sizes[2] / heads};
  return permuted(reshaped(translator.network(), x, sizes, translator.name_of(node)), {0, 2, 1, 3});
}

// What is added to scores of keys that do not count: truth values say which do.
Constant as_summand(const Constant& mask, bool has_truth_values) {
  if (!has_truth_values) return mask;
  return {mask.sizes, mask, [mask] {
            std::vector<double> values = mask.values();
            for (double& value : values) value = value != 0 ? 0 : -HUGE_VAL;
            return values;
          }};
}

// Keys behind their query do not count.
Constant causal_mask(std::int64_t queries, std::int64_t keys) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(queries * keys));
  for (std::int64_t query = 0; query < queries; ++query) {
    for (std::int64_t key = 0; key < keys; ++key) values.push_back(key > query ? -HUGE_VAL : 0);
  }
  return {Sizes{queries, keys}, true, std::move(values)};
}

void translate_attention(Translator& translator, const Node& node) {
  constexpr const char* spell_out = "export the model with an opset below 23, which spells it out";
  for (const std::size_t input : {4U, 5U, 6U}) {
    if (node.input(input) != absent) refuse("it goes on from earlier keys and values", spell_out);
  }
  if (node.real("softcap", 0) != 0) refuse("its scores are capped", spell_out);
  const View query = by_heads(translator, node, 0, "q_num_heads");
  const View key = by_heads(translator, node, 1, "kv_num_heads");
  const View value = by_heads(translator, node, 2, "kv_num_heads");
  if (query.sizes[1] != key.sizes[1]) {
    refuse(fmt::format("{} heads of queries meet {} of keys", query.sizes[1], key.sizes[1]),
           spell_out);
  }
  const std::int64_t queries = query.sizes[2];
  const std::int64_t keys = key.sizes[2];
  View scores = matrix_products(translator, node, query, permuted(key, {0, 1, 3, 2}));
  const double scale =
      node.find("scale") == nullptr ? default_scale(query.sizes[3]) : node.real("scale", 1);
  scores = scaled_and_shifted(translator, node, std::move(scores), scale, 0);
  if (const Constant* const mask = translator.optional_constant(node, 3, "the mask")) {
    scores = added(translator, node, scores, as_summand(*mask, mask->is_integer));
  }
  if (node.integer("is_causal", 0) != 0) {
    translator.require_room({queries, keys});
    scores = added(translator, node, scores, causal_mask(queries, keys));
  }
  scores = softmax_along(translator, node, std::move(scores), 3);
  View result = matrix_products(translator, node, scores, value);
  const View& given = translator.require_view(node, 0);
  if (given.rank() == 3) {
    const Sizes sizes{given.sizes[0], queries, result.sizes[1] * result.sizes[3]};
    result = reshaped(translator.network(), permuted(result, {0, 2, 1, 3}), sizes,
                      translator.name_of(node));
  }
  translator.set(node, 0, std::move(result));
}

}  // namespace

std::vector<Operator> attention_operators() {
  return {{"Attention", "matmul and softmax, or attention", translate_attention}};
}

}  // namespace smoothbound::models::onnx
