// Searches that try to exceed the bounds of a network.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "smoothbound/runtime/measure.hpp"
#include "support/read_network.hpp"

namespace smoothbound::testing {

/// How near a search came, found / bound, at its best.
struct Nearest {
  double slope = 0;
  double curvature = 0;
};

/// Searches in the balls of a network; the test fails if a bound of either method is exceeded.
/// Raises `nearest`.
inline void expect_below_bounds(const support::Network& network, std::uint64_t seed, int ascents,
                                Nearest& nearest) {
  MeasureSettings settings;
  settings.seed = seed;
  settings.ascents = ascents;
  settings.norm = network.settings.input_norm.lower.to_double();
  settings.default_radius = network.settings.radius.lower.to_double();
  const Measurement found = measure(network.graph, network.settings.batch, settings);
  constexpr double rounding = 1 + 1e-9;
  for (const Method method : {Method::paper, Method::sharp}) {
    const Triple bounds = network.bounds(method).network();
    const double smoothness = bounds.smoothness.to_double();
    EXPECT_LE(found.norm.value, bounds.m.to_double() * rounding);
    EXPECT_LE(found.slope.value, bounds.lipschitz.to_double() * rounding);
    // Of a network without curvature differences leave some noise.
    if (smoothness > 0) {
      EXPECT_LE(found.curvature.value, smoothness * rounding);
      nearest.curvature = std::max(nearest.curvature, found.curvature.value / smoothness);
    }
    nearest.slope = std::max(nearest.slope, found.slope.value / bounds.lipschitz.to_double());
  }
}

}  // namespace smoothbound::testing
