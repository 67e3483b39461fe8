// By what values along a line of parameters are enclosed, in words.
#pragma once

#include <string_view>

namespace smoothbound {

/// The rule of docs/theory.md by which the remainder of Taylor polynomials along w + t d is
/// bounded.
struct LineRule {
  std::string_view name;    // empty: there is none
  std::string_view source;  // section of docs/theory.md, or why there is none

  [[nodiscard]] constexpr bool exists() const { return !name.empty(); }
};

}  // namespace smoothbound
