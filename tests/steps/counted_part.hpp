// Which inputs, weights and outputs meet in the layers of networks that are written out as loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <utility>
#include <vector>

#include "counted.hpp"
#include "smoothbound/graph/graph.hpp"

namespace smoothbound::testing {

using Index = std::size_t;
inline Index at(std::int64_t i) { return static_cast<Index>(i); }

/// A component where it stands, with what it reads and gives.
struct CountedPart {
  const PlacedComponent* placed;
  std::uint32_t layer;
  std::vector<Numbers> z;
  std::vector<Shape> shapes;
  std::vector<bool> wanted;
  Index offset;
  Numbers v;
  Numbers y;
  [[nodiscard]] const Shape& input() const { return shapes.front(); }
  [[nodiscard]] const Shape& output() const { return placed->output; }
  [[nodiscard]] std::int64_t batch() const {
    return static_cast<std::int64_t>(z.front().size()) / input().elements();
  }
};

// Transposed convolutions: tap(input, weight, output, or none where padding takes it away).
template <class Tap>
void each_product(const ConvTransposed& c, const CountedPart& part, const Tap& tap) {
  // Of outputs, for each position of the input.
  const Patches patches = patches_of_axes(part.output(), [&](int axis) {
    const AxisWindow along = c.transposed_window(part.input(), axis);
    Patches result(at(along.output));
    for (Index i = 0; i < result.size(); ++i) {
      for (std::int64_t t = 0; t < along.kernel; ++t) {
        const std::int64_t o =
            static_cast<std::int64_t>(i) * along.stride + t * along.dilation - along.pad_before;
        const bool inside = o >= 0 && o < part.output().spatial(axis);
        result[i].places.push_back(inside ? std::optional(at(o)) : std::nullopt);
      }
    }
    return result;
  });
  const Index channels = at(part.input().channels());
  const Index filters = at(c.filters / c.groups);  // of a group
  const Index taps = patches.front().places.size();
  for (Index n = 0; n < at(part.batch()); ++n) {
    for (Index ch = 0; ch < channels; ++ch) {
      const Index first = ch / (channels / at(c.groups)) * filters;
      for (Index p = 0; p < patches.size(); ++p) {
        for (Index f = 0; f < filters; ++f) {
          const Index plane = n * at(c.filters) + first + f;
          for (Index t = 0; t < taps; ++t) {
            const auto place = patches[p].places[t];
            tap((n * channels + ch) * patches.size() + p, (ch * filters + f) * taps + t,
                place ? std::optional(plane * at(part.output().positions()) + *place)
                      : std::nullopt);
          }
        }
      }
    }
  }
}
// bias(weight, output)
template <class Bias>
void each_bias(const ConvTransposed& c, const CountedPart& part, const Bias& bias) {
  if (!c.bias) return;
  const Index first = part.v.size() - at(c.filters);
  for (Index o = 0; o < part.y.size(); ++o) {
    bias(first + o / at(part.output().positions()) % at(c.filters), o);
  }
}
inline Index slope_of(const Prelu& prelu, const CountedPart& part, Index i) {
  return Prelu::scopes[prelu.per] == "layer"
             ? 0
             : i / at(part.output().positions()) % at(part.output().channels());
}
// What is added as it is, and what alpha multiplies.
inline std::pair<double, double> halves_of(const Prelu& prelu, double x) {
  if (!prelu.is_smooth) return {std::max(x, 0.0), std::min(x, 0.0)};
  const double beta = prelu.beta.nearest;
  return {std::log1p(std::exp(beta * x)) / beta, -std::log1p(std::exp(-beta * x)) / beta};
}
inline Counted slope_of(const Prelu& prelu, double x, const Counted& alpha) {
  if (!prelu.is_smooth) return x > 0 ? Counted{1} : alpha;
  const double s = 1 / (1 + std::exp(-prelu.beta.nearest * x));
  return Counted{s} + alpha * Counted{1 - s};
}
// Poolings: of each output the inputs, padding left out, and what a mean is divided by.
struct Readers {
  std::vector<Index> inputs;
  double divisor;
};
template <class Pool>
Patches pooled_patches(const Pool& pool, const Shape& input) {
  if constexpr (std::same_as<Pool, AdaptiveAveragePool>) {
    return adaptive_patches_of(pool.output, input);
  } else if constexpr (requires { pool.window; }) {
    return patches_of(pool.window, input);
  } else {
    return adaptive_patches_of(Extent::uniform(1), input);
  }
}
template <class Pool>
std::vector<Readers> readers_of(const Pool& pool, const CountedPart& part) {
  const Index positions = at(part.input().positions());
  const Patches patches = pooled_patches(pool, part.input());
  std::vector<Readers> result;
  for (Index plane = 0; plane < at(part.batch() * part.input().channels()); ++plane) {
    for (const Patch& patch : patches) {
      Readers& all = result.emplace_back(Readers{{}, patch.divisor});
      for (const auto& place : patch.places) {
        if (place) all.inputs.push_back(plane * positions + *place);
      }
      if constexpr (requires { pool.count_padding; }) {
        if (!pool.count_padding) all.divisor = static_cast<double>(all.inputs.size());
      }
    }
  }
  return result;
}
template <class Pool>
constexpr bool is_mean =
    std::same_as<Pool, AveragePool> || std::same_as<Pool, AdaptiveAveragePool> ||
    std::same_as<Pool, GlobalAveragePool>;
template <class Pool>
constexpr bool is_maximum = std::same_as<Pool, MaxPool> || std::same_as<Pool, GlobalMaxPool>;

template <class Pool, class Body>
void each_largest(const Pool& pool, const CountedPart& part, const Body& body) {
  const auto all = readers_of(pool, part);
  for (Index o = 0; o < all.size(); ++o) {
    if (all[o].inputs.empty()) continue;
    Index largest = all[o].inputs.front();
    for (const Index i : all[o].inputs) {
      if (part.z[0][i].value > part.z[0][largest].value) largest = i;
    }
    body(largest, o);
  }
}

}  // namespace smoothbound::testing
