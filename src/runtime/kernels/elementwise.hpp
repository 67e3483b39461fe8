// Kernels of element-wise activations.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound {
struct Activation;
}

namespace smoothbound::kernels {

/// Vectorized float32 code of an activation whose derivatives follow from its value y = f(x), so
/// that it works in place: with s(y) = f'(x) and r(y) = f''(x)/f'(x), for `count` scalars. Results
/// may overwrite any argument.
struct FastActivation {
  /// y = f(x)
  void (*value)(const float* x, float parameter, std::int64_t count, float* y);
  /// out = s(y) a: of a tangent or a cotangent
  void (*scale)(const float* y, const float* a, float parameter, std::int64_t count, float* out);
  /// out = r(y) a b + s(y) c; c may be null: the derivative of `scale`, with a = s x_dot
  void (*curve)(const float* y, const float* a, const float* b, const float* c, float parameter,
                std::int64_t count, float* out);
  /// `Kernel::slope_below`, where there is one.
  std::optional<float> (*slope_below)(float parameter) = nullptr;
};

/// The vectorized code of a row of the table of activations, or null; the table of these is in
/// vector_math.cpp.
const FastActivation* find_fast_activation(std::string_view name);

/// y_i = f(x_i) for `count` scalars; float32 takes vectorized code where there is any.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> elementwise_kernel(const Activation& f, std::int64_t count,
                                                   std::int64_t samples = 1);

/// The rule of enclosures of f on so many scalars of each sample; null: the row has none.
std::unique_ptr<TaylorRule> elementwise_rule(const Activation& f, std::int64_t samples,
                                             std::int64_t elements);

}  // namespace smoothbound::kernels
