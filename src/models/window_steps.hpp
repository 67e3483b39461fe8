// Poolings of programs that pad and round in their own ways, as steps of this one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/models/network.hpp"

namespace smoothbound::models {

/// A number for the height and one for the width.
using Pair = std::array<std::int64_t, 2>;

/// Windows of a pooling: the first one begins `before` in front of the input, and there are
/// `output` along each axis. What lies outside of the input counts for nothing.
struct Windows {
  Pair input{};
  Pair kernel{};
  Pair stride{};
  Pair before{};
  Pair output{};
};

/// "3", or "[3, 5]" where they differ.
std::string extent_text(const Pair& pair);

/// Floor of a / b for b > 0.
constexpr std::int64_t floor_of(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// Settings of a pooling of this program with these windows, or nothing: the padding is the same at
/// both ends here.
std::optional<std::vector<Setting>> pooling_settings(const Windows& windows);

/// Maxima of any windows that all begin in front of the input's end and end behind its begin: where
/// no pooling has them, the ends of the input are repeated before it, which changes no maximum.
/// Throws ShapeError for windows without an entry of the input, and shapes that are too large.
StepId add_max_pool(Network& network, StepId input, const Windows& windows,
                    const std::string& name);

}  // namespace smoothbound::models
