// `weights:` of a layer, or of an item of `then`.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "smoothbound/spec/weight_names.hpp"
#include "smoothbound/text/document.hpp"

namespace smoothbound {

/// Reads a prefix, or a mapping with a name for each of `words`. Throws SpecError.
std::shared_ptr<const WeightNames> read_weight_names(text::Value value,
                                                     const std::vector<std::string_view>& words);

}  // namespace smoothbound
