// Elementary operations on arrays.
#pragma once

#include <cstdint>

#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound {

constexpr std::int64_t array_grain = 1 << 14;

template <class Scalar>
void fill(Scalar* out, std::int64_t count, Scalar value) {
  parallel_for(count, array_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = value;
  });
}

template <class Scalar>
void copy(const Scalar* in, std::int64_t count, Scalar* out) {
  if (in == out) return;
  parallel_for(count, array_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = in[i];
  });
}

/// out += scale * in
template <class Scalar>
void add_scaled(Scalar scale, const Scalar* in, std::int64_t count, Scalar* out) {
  parallel_for(count, array_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] += scale * in[i];
  });
}

}  // namespace smoothbound
