// Index maps, interpolation and fixed numbers, written out as loops over numbers that count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "counted_merges.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound::testing {

class CountedMaps : protected CountedMerges {
 protected:
  using Sizes = std::vector<std::int64_t>;

  // Index maps: places in a sample, of the output and of the input that it copies.
  template <class Map, class Body>
  static void each_copy(const Map& map, const Part& part, const Body& body) {
    const auto sources = support::reference_sources(map, part.input(), part.output());
    const Index inputs = at(part.input().elements());
    for (Index n = 0; n < at(part.batch()); ++n) {
      for (Index o = 0; o < sources.size(); ++o) {
        if (sources[o] >= 0) body(n * inputs + at(sources[o]), n * sources.size() + o);
      }
    }
  }
  static void value(const Rearrangement& map, Part& part) {
    each_copy(map, part, [&](Index i, Index o) { part.y[o] = part.z[0][i]; });
  }
  static void pull(const Rearrangement& map, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    if (!part.wanted[0]) return;
    each_copy(map, part, [&](Index i, Index o) { z_bars[0][i] += mu[o]; });
  }

  // Linear along one axis after the other: body(place in what a pass reads, place in what it
  // writes, weight), two for each output.
  template <class Body>
  static void each_weight(const Sizes& sizes, std::size_t axis, std::int64_t outputs,
                          bool align_corners, const Body& body) {
    std::int64_t outer = 1;
    std::int64_t inner = 1;
    for (std::size_t k = 0; k < sizes.size(); ++k) (k < axis ? outer : inner) *= sizes[k];
    const std::int64_t inputs = sizes[axis];
    inner /= inputs;
    for (std::int64_t o = 0; o < outputs; ++o) {
      const auto row = support::interpolation_row(o, inputs, outputs, align_corners);
      std::int64_t first = 0;
      while (row[at(first)] == 0) ++first;
      const std::int64_t second = std::min(first + 1, inputs - 1);
      for (std::int64_t a = 0; a < outer; ++a) {
        for (std::int64_t b = 0; b < inner; ++b) {
          const Index to = at((a * outputs + o) * inner + b);
          const auto w = static_cast<double>(row[at(first)]);
          body(at((a * inputs + first) * inner + b), to, Counted{w});
          body(at((a * inputs + second) * inner + b), to, Counted{1 - w});
        }
      }
    }
  }
  // The sizes between the passes, batch and channels included, axis by axis.
  [[nodiscard]] static std::vector<Sizes> sizes_of_passes(const Part& part) {
    Sizes sizes{part.batch()};
    sizes.insert(sizes.end(), part.input().sizes().begin(), part.input().sizes().end());
    std::vector<Sizes> all{sizes};
    for (int axis = 0; axis < part.input().spatial_rank(); ++axis) {
      sizes[at(axis) + 2] = part.output().spatial(axis);
      all.push_back(sizes);
    }
    return all;
  }
  static Index elements(const Sizes& sizes) {
    Index product = 1;
    for (const std::int64_t size : sizes) product *= at(size);
    return product;
  }
  static void value(const Upsample& map, Part& part) {
    if (Upsample::modes[map.mode] == "nearest") {
      each_copy(map, part, [&](Index i, Index o) { part.y[o] = part.z[0][i]; });
      return;
    }
    const auto sizes = sizes_of_passes(part);
    Numbers x = part.z[0];
    for (Index pass = 0; pass + 1 < sizes.size(); ++pass) {
      const std::int64_t outputs = sizes[pass + 1][pass + 2];
      if (sizes[pass][pass + 2] == outputs) continue;
      Numbers y(elements(sizes[pass + 1]));
      each_weight(sizes[pass], pass + 2, outputs, map.align_corners,
                  [&](Index i, Index o, Counted w) { y[o] += w * x[i]; });
      x = y;
    }
    part.y = x;
  }
  static void pull(const Upsample& map, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    if (!part.wanted[0]) return;
    if (Upsample::modes[map.mode] == "nearest") {
      each_copy(map, part, [&](Index i, Index o) { z_bars[0][i] += mu[o]; });
      return;
    }
    const auto sizes = sizes_of_passes(part);
    Numbers bar = mu;
    for (Index pass = sizes.size() - 1; pass-- > 0;) {
      const std::int64_t outputs = sizes[pass + 1][pass + 2];
      if (sizes[pass][pass + 2] == outputs) continue;
      Numbers before(elements(sizes[pass]));
      each_weight(sizes[pass], pass + 2, outputs, map.align_corners,
                  [&](Index i, Index o, Counted w) { before[i] += w * bar[o]; });
      bar = before;
    }
    z_bars[0] = bar;
  }

  [[nodiscard]] static double number_of(const std::vector<SignedReal>& by, const Part& part,
                                        Index i) {
    const Index channel = i / at(part.input().positions()) % at(part.input().channels());
    return by[by.size() == 1 ? 0 : channel].nearest();
  }
  static void value(const FixedScale& scale, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      part.y[i] = Counted{number_of(scale.by, part, i)} * part.z[0][i];
    }
  }
  static void pull(const FixedScale& scale, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    if (!part.wanted[0]) return;
    for (Index i = 0; i < mu.size(); ++i) {
      z_bars[0][i] = Counted{number_of(scale.by, part, i)} * mu[i];
    }
  }
  static void value(const FixedShift& shift, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      part.y[i] = part.z[0][i] + Counted{number_of(shift.by, part, i)};
    }
  }
  static void pull(const FixedShift& /*shift*/, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    if (part.wanted[0]) z_bars[0] = mu;
  }
  static void value(const Mask& mask, Part& part) {
    const Index sample = at(part.output().elements());
    for (Index i = 0; i < part.y.size(); ++i) {
      const auto place = support::place_of(static_cast<std::int64_t>(i % sample), part.output());
      const double by = support::is_masked(mask, place, part.output()) ? mask.by.nearest : 0;
      part.y[i] = part.z[0][i] + Counted{-by};
    }
  }
  static void pull(const Mask& /*mask*/, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    if (part.wanted[0]) z_bars[0] = mu;
  }
};

}  // namespace smoothbound::testing
