// The rules of enclosures of prelu and of its smooth form.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound::kernels {

/// Which alpha a scalar has.
struct Slopes {
  std::int64_t samples = 1;
  std::int64_t elements = 1;  // of a sample
  std::int64_t same = 1;      // neighbours that have the same alpha

  [[nodiscard]] std::int64_t of(std::int64_t i) const { return i % elements / same; }
};

/// Of the smooth form, if there is a beta.
std::unique_ptr<TaylorRule> prelu_rule(const Slopes& slopes, const std::optional<Real>& beta);

}  // namespace smoothbound::kernels
