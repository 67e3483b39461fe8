// Finds the tensors of a network among those of a file, by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/data/weights.hpp"

namespace smoothbound {

/// Whether a name is this word, or ends in it behind a dot.
bool is_last_word(std::string_view name, std::string_view word);
/// Whether nothing reads a tensor of this name: a count that PyTorch keeps beside statistics.
bool is_never_read(std::string_view name);
/// Whether it is a running mean or variance, as far as its name tells.
bool is_running_statistic(std::string_view name);

/// `name`, or what is left of it behind prefixes that wrappers of modules add, if that is one that
/// is known; else empty. `stripped`: how many of them.
std::string_view plain_name(std::string_view name,
                            const std::function<bool(std::string_view)>& is_known,
                            std::uint32_t* stripped = nullptr);

/// What belongs to an expected tensor.
struct FoundTensor {
  const ArrayEntry* entry = nullptr;                  // null: nothing
  TensorName name;                                    // under which it is there
  const WeightsMap::Rows::value_type* row = nullptr;  // of the map by which it is looked for
};

/// Of each expected tensor the entry of the first of its names that there is, with as few prefixes
/// as possible.
std::vector<FoundTensor> search_tensors(std::span<const ArrayEntry> entries,
                                        std::span<const ExpectedTensor> expected,
                                        const WeightsMap* map);

}  // namespace smoothbound
