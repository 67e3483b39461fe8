// The ONNX tests of single nodes that no architecture expresses, by name, and why.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace smoothbound::testing::onnx {

struct Listed {
  std::string_view name;  // folder and test
  std::string_view why;   // a part of the message
};

inline constexpr std::array<Listed, 0> not_run{};

/// The row of that name, or null.
inline const Listed* find_listed(std::string_view name) {
  const auto* const found = std::ranges::find(not_run, name, &Listed::name);
  return found == not_run.end() ? nullptr : found;
}

}  // namespace smoothbound::testing::onnx
