// One of the layers of which a composite consists.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace smoothbound {

struct Piece {
  /// What the composite reads, as an input.
  static constexpr std::uint32_t outside = 0xFFFFFFFFU;

  std::string_view name;  // behind that of the layer; empty: the last one, which is the layer
  std::vector<std::uint32_t> inputs;  // earlier pieces, or `outside`
  bool has_parameters = false;
  /// What others put before "weight" and "bias" of its first component, behind the composite's
  /// name; its arrays are the `part`-th of `parts` along the first axis there.
  std::string_view other_beginning{};
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
  /// What those together are called where an architecture file names their prefix: "qkv".
  std::string_view word_of_parts{};
};

}  // namespace smoothbound
