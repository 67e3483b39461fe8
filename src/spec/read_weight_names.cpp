#include "read_weight_names.hpp"

#include <fmt/format.h>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound {
namespace {

std::string tensor_name(text::Value value, std::string_view what) {
  std::string name(text::parse_text(text::scalar_of(value, what)));
  if (name.empty()) {
    throw SpecError(value.location(), fmt::format("{} is empty", what),
                    "write the name that the file has, or leave the key out");
  }
  return name;
}

}  // namespace

std::shared_ptr<const WeightNames> read_weight_names(text::Value value,
                                                     const std::vector<std::string_view>& words) {
  WeightNames names;
  if (value.is_sequence()) {
    throw SpecError(value.location(),
                    fmt::format("{} must be a prefix of names or a mapping, not {}", weights_key,
                                text::kind_name(value)),
                    "for example weights: layer1.0.conv1, or weights: {weight: fc.w, bias: fc.b}");
  }
  if (value.is_scalar()) {
    names.prefix = tensor_name(value, weights_key);
    return std::make_shared<const WeightNames>(std::move(names));
  }
  text::Fields fields(value, weights_key);
  MistakeList mistakes;
  for (const std::string_view word : words) {
    const auto given = fields.find(word);
    if (!given) continue;
    mistakes.attempt(
        [&] { names.exact.emplace_back(std::string(word), tensor_name(*given, word)); });
  }
  mistakes.attempt([&] { fields.finish(); });
  mistakes.throw_any();
  return std::make_shared<const WeightNames>(std::move(names));
}

}  // namespace smoothbound
