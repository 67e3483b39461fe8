// Maps that copy, move, interpolate and scale, written out over numbers that count: see
// counted_network.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <vector>

#include "counted.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound::testing {

template <class Map>
concept CountedMap = std::same_as<Map, Rearrangement> || std::same_as<Map, Upsample> ||
    std::same_as<Map, FixedScale> || std::same_as<Map, FixedShift>;

/// The shapes of a sample before and after a map, and the number of samples.
struct MapShapes {
  Shape input;
  Shape output;
  std::int64_t batch = 1;

  [[nodiscard]] std::size_t inputs() const {
    return static_cast<std::size_t>(batch * input.elements());
  }
  [[nodiscard]] std::size_t outputs() const {
    return static_cast<std::size_t>(batch * output.elements());
  }
};

/// body(place in the input, place in the output) for each output that is a copy.
template <class Map, class Body>
void each_copy(const Map& map, const MapShapes& at, const Body& body) {
  const auto sources = support::reference_sources(map, at.input, at.output);
  const std::size_t inputs = at.inputs() / static_cast<std::size_t>(at.batch);
  for (std::size_t n = 0; n < static_cast<std::size_t>(at.batch); ++n) {
    for (std::size_t o = 0; o < sources.size(); ++o) {
      if (sources[o] < 0) continue;
      body(n * inputs + static_cast<std::size_t>(sources[o]), n * sources.size() + o);
    }
  }
}

template <class Map>
Numbers copied(const Map& map, const MapShapes& at, const Numbers& z) {
  Numbers y(at.outputs());
  each_copy(map, at, [&](std::size_t i, std::size_t o) { y[o] = z[i]; });
  return y;
}
template <class Map>
Numbers copied_back(const Map& map, const MapShapes& at, const Numbers& mu) {
  Numbers bar(at.inputs());
  each_copy(map, at, [&](std::size_t i, std::size_t o) { bar[i] += mu[o]; });
  return bar;
}

/// Linear interpolation along one axis: body(place in what a pass reads, place in what it writes,
/// weight), two for each output.
template <class Body>
void each_weight(const std::vector<std::int64_t>& sizes, std::size_t axis, std::int64_t outputs,
                 bool align_corners, const Body& body) {
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    if (k != axis) (k < axis ? outer : inner) *= sizes[k];
  }
  const std::int64_t inputs = sizes[axis];
  for (std::int64_t o = 0; o < outputs; ++o) {
    const auto row = support::interpolation_row(o, inputs, outputs, align_corners);
    std::int64_t first = 0;
    while (row[static_cast<std::size_t>(first)] == 0) ++first;
    const std::int64_t second = std::min(first + 1, inputs - 1);
    const auto w = static_cast<double>(row[static_cast<std::size_t>(first)]);
    for (std::int64_t a = 0; a < outer; ++a) {
      for (std::int64_t b = 0; b < inner; ++b) {
        const auto to = static_cast<std::size_t>((a * outputs + o) * inner + b);
        body(static_cast<std::size_t>((a * inputs + first) * inner + b), to, Counted{w});
        body(static_cast<std::size_t>((a * inputs + second) * inner + b), to, Counted{1 - w});
      }
    }
  }
}

/// The sizes before each pass, and behind the last one; batch and channels included.
inline std::vector<std::vector<std::int64_t>> sizes_of_passes(const MapShapes& at) {
  std::vector<std::int64_t> sizes{at.batch};
  sizes.insert(sizes.end(), at.input.sizes().begin(), at.input.sizes().end());
  std::vector<std::vector<std::int64_t>> all{sizes};
  for (std::size_t axis = 2; axis < sizes.size(); ++axis) {
    sizes[axis] = at.output.sizes()[axis - 1];
    all.push_back(sizes);
  }
  return all;
}
inline std::size_t elements_of(const std::vector<std::int64_t>& sizes) {
  std::size_t product = 1;
  for (const std::int64_t size : sizes) product *= static_cast<std::size_t>(size);
  return product;
}

inline double number_of(const std::vector<Real>& by, const MapShapes& at, std::size_t i) {
  const auto positions = static_cast<std::size_t>(at.input.positions());
  const std::size_t channel = i / positions % static_cast<std::size_t>(at.input.channels());
  return by[by.size() == 1 ? 0 : channel].nearest;
}

inline Numbers map_value(const Rearrangement& map, const MapShapes& at, const Numbers& z) {
  return copied(map, at, z);
}
inline Numbers map_pull(const Rearrangement& map, const MapShapes& at, const Numbers& mu) {
  return copied_back(map, at, mu);
}

inline Numbers map_value(const Upsample& map, const MapShapes& at, const Numbers& z) {
  if (Upsample::modes[map.mode] == "nearest") return copied(map, at, z);
  const auto sizes = sizes_of_passes(at);
  Numbers x = z;
  for (std::size_t pass = 0; pass + 1 < sizes.size(); ++pass) {
    const std::int64_t outputs = sizes[pass + 1][pass + 2];
    if (sizes[pass][pass + 2] == outputs) continue;
    Numbers y(elements_of(sizes[pass + 1]));
    each_weight(sizes[pass], pass + 2, outputs, map.align_corners,
                [&](std::size_t i, std::size_t o, Counted w) { y[o] += w * x[i]; });
    x = y;
  }
  return x;
}
inline Numbers map_pull(const Upsample& map, const MapShapes& at, const Numbers& mu) {
  if (Upsample::modes[map.mode] == "nearest") return copied_back(map, at, mu);
  const auto sizes = sizes_of_passes(at);
  Numbers bar = mu;
  for (std::size_t pass = sizes.size() - 1; pass-- > 0;) {
    const std::int64_t outputs = sizes[pass + 1][pass + 2];
    if (sizes[pass][pass + 2] == outputs) continue;
    Numbers before(elements_of(sizes[pass]));
    each_weight(sizes[pass], pass + 2, outputs, map.align_corners,
                [&](std::size_t i, std::size_t o, Counted w) { before[i] += w * bar[o]; });
    bar = before;
  }
  return bar;
}

inline Numbers map_value(const FixedScale& scale, const MapShapes& at, const Numbers& z) {
  Numbers y(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) y[i] = Counted{number_of(scale.by, at, i)} * z[i];
  return y;
}
inline Numbers map_pull(const FixedScale& scale, const MapShapes& at, const Numbers& mu) {
  return map_value(scale, at, mu);
}

inline Numbers map_value(const FixedShift& shift, const MapShapes& at, const Numbers& z) {
  Numbers y(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) y[i] = z[i] + Counted{number_of(shift.by, at, i)};
  return y;
}
inline Numbers map_pull(const FixedShift& /*shift*/, const MapShapes& /*at*/, const Numbers& mu) {
  return mu;
}

}  // namespace smoothbound::testing
