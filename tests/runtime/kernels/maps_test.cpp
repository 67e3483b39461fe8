// Maps that copy, move, interpolate and scale: values against maps written out output by output.
#include <gtest/gtest.h>

#include "runtime/networks.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound {
namespace {

using Numbers = std::vector<double>;

// The matrix of a map on one sample, written out: (output, input, weight).
struct Entry {
  std::int64_t output;
  std::int64_t input;
  double weight;
};
struct WrittenMap {
  std::vector<Entry> entries;
  Numbers offset;
};

WrittenMap copies(const std::vector<std::int64_t>& sources) {
  WrittenMap map;
  for (std::int64_t o = 0; o < std::ssize(sources); ++o) {
    const std::int64_t i = sources[static_cast<std::size_t>(o)];
    if (i >= 0) map.entries.push_back({o, i, 1});
  }
  return map;
}

void interpolate(const Upsample& map, const Shape& input, const Shape& output,
                 WrittenMap& written) {
  for (std::int64_t o = 0; o < output.elements(); ++o) {
    const support::Place at = support::place_of(o, output);
    for (std::int64_t i = 0; i < input.elements(); ++i) {
      const support::Place from = support::place_of(i, input);
      long double weight = at[0] == from[0] ? 1 : 0;
      for (std::size_t k = 1; k < at.size() && weight != 0; ++k) {
        weight *= support::interpolation_row(at[k], input.sizes()[k], output.sizes()[k],
                                             map.align_corners)[static_cast<std::size_t>(from[k])];
      }
      if (weight != 0) written.entries.push_back({o, i, static_cast<double>(weight)});
    }
  }
}

WrittenMap written_out(const Component& component, const Shape& input, const Shape& output) {
  WrittenMap map;
  const auto number = [&](const std::vector<SignedReal>& by, std::int64_t i) {
    const std::int64_t channel = by.size() == 1 ? 0 : i / input.positions();
    return by[static_cast<std::size_t>(channel)].nearest();
  };
  if (const auto* moved = std::get_if<Rearrangement>(&component)) {
    map = copies(support::reference_sources(*moved, input, output));
  } else if (const auto* upsampled = std::get_if<Upsample>(&component)) {
    if (upsampled->is_index_map()) {
      map = copies(support::reference_sources(*upsampled, input, output));
    } else {
      interpolate(*upsampled, input, output, map);
    }
  } else if (const auto* mask = std::get_if<Mask>(&component)) {
    for (std::int64_t i = 0; i < input.elements(); ++i) {
      const bool is_masked = support::is_masked(*mask, support::place_of(i, input), input);
      map.entries.push_back({i, i, 1});
      map.offset.push_back(is_masked ? -mask->by.nearest : 0);
    }
  } else {
    for (std::int64_t i = 0; i < input.elements(); ++i) {
      const auto* scaled = std::get_if<FixedScale>(&component);
      map.entries.push_back({i, i, scaled != nullptr ? number(scaled->by, i) : 1});
      const auto* shifted = std::get_if<FixedShift>(&component);
      map.offset.push_back(shifted != nullptr ? number(shifted->by, i) : 0);
    }
  }
  map.offset.resize(static_cast<std::size_t>(output.elements()));
  return map;
}

constexpr std::int64_t batch = 3;

struct Case {
  std::string_view shape;
  std::string_view maps;
};

constexpr std::array cases{
    Case{"[3, 4, 6]", "flatten"},
    Case{"[3, 4, 6]", "reshape: [9, 8]"},
    Case{"[3, 4, 6]", "permute: [height, width, channels]"},
    Case{"[3, 4, 6]", "permute: [width, channels, height]"},
    Case{"[3, 7]", "permute: [length, channels]"},
    Case{"[7]", "slice: {axis: channels, from: 1, to: 6, step: 2}"},
    Case{"[3, 4, 6]", "slice: {axis: height, from: 1, step: 2}"},
    Case{"[3, 4, 6]", "slice: {axis: width, from: 2, to: 5}"},
    Case{"[3, 4, 6]", "pad: 2"},
    Case{"[3, 4, 6]", "pad: {before: [1, 0], after: [0, 3]}"},
    Case{"[3, 4, 6]", "pad: {before: [3, 0], after: [2, 5], mode: reflect}"},
    Case{"[3, 4, 6]", "pad: {before: [3, 0], after: [2, 5], mode: replicate}"},
    Case{"[3, 5]", "pad: {before: 4}"},
    Case{"[3, 4, 6]", "pad: {before: [3, 0], after: [9, 5], mode: circular}"},
    Case{"[3, 4, 6]", "roll: {axis: height, by: 3}"},
    Case{"[3, 4, 6]", "roll: {axis: channels, by: -1}, roll: {axis: width, by: 20}"},
    Case{"[3, 5]", "roll: {by: 3}"},
    Case{"[2, 5]", "relative_positions: 3"},
    Case{"[2, 3, 5]", "relative_positions: {window: [2, 3], windows: 4}"},
    Case{"[4, 4]", "mask"},
    Case{"[3, 5, 5]", "mask: {by: 3, keys: second}"},
    Case{"[6, 3, 3]", "mask: {kind: shifted_windows, window: [3], windows: [2], shift: [1]}"},
    Case{"[2, 6, 6, 6]",
         "mask: {kind: shifted_windows, window: [2, 3], windows: [2, 3], "
         "shift: [1, 2], by: 0.5}"},
    Case{"[2, 1]", "pad: {by: 2, mode: replicate}"},
    Case{"[6, 4, 5]", "channel_shuffle: 3"},
    Case{"[6]", "channel_shuffle: 2"},
    Case{"[3, 4, 6]", "space_to_depth: 2"},
    Case{"[8, 2, 3]", "depth_to_space: 2"},
    Case{"[8, 2, 3]", "pixel_shuffle: 2"},
    Case{"[3, 4, 6]", "pixel_unshuffle: 2"},
    Case{"[4, 6]", "pixel_shuffle: 2"},
    Case{"[4, 5, 6]", "padded_shortcut: {channels: 9, before: 2}"},
    Case{"[3, 4, 6]", "upsample: 2"},
    Case{"[3, 4, 6]", "upsample: {size: [7, 4]}"},
    Case{"[3, 4, 6]", "upsample: {factor: [2, 3], mode: bilinear}"},
    Case{"[3, 4, 6]", "upsample: {size: [9, 5], mode: bilinear}"},
    Case{"[3, 4, 6]", "upsample: {size: [9, 1], mode: bilinear, align_corners: true}"},
    Case{"[3, 4, 6]", "upsample: {size: [4, 6], mode: bilinear}"},
    Case{"[3, 5]", "upsample: {size: 8, mode: bilinear, align_corners: true}"},
    Case{"[3, 4, 6]", "scale: -0.5"},
    Case{"[3, 4, 6]", "scale: [1, -2, 0.5]"},
    Case{"[3, 4, 6]", "shift: [1, -2, 0.5]"},
    Case{"[3]", "shift: -0.25"},
    Case{"[1, 1, 1]", "pad: 1"},
    Case{"[1, 40, 300]", "upsample: 3"},  // several parts at once
    Case{"[4, 3, 5]",
         "upsample: 2, space_to_depth: 2, slice: {axis: channels, step: 3}, scale: 2, flatten"},
};

template <class Scalar>
void expect_map(const Case& c, double tolerance) {
  SCOPED_TRACE(std::string(c.maps) + " of " + std::string(c.shape));
  const Graph graph = testing::graph_of("input: {shape: " + std::string(c.shape) +
                                            ", norm: 1}\nlayers:\n  - then: [" +
                                            std::string(c.maps) + "]\n  - dense: 1\n",
                                        batch);
  Network<Scalar> network(graph, batch);
  std::mt19937_64 random(3);
  std::vector<Scalar> w(network.parameters().size());
  for (Scalar& weight : w) weight = static_cast<Scalar>(std::normal_distribution<double>()(random));
  network.set_parameters(w);
  const auto x =
      testing::random_vector<Scalar>(static_cast<std::size_t>(network.input_elements()), random);

  // A dense layer behind the maps mixes all of what they give.
  Numbers z(x.begin(), x.end());
  Shape shape = graph.input;
  for (const PlacedComponent& placed : graph.layers.front().components) {
    const WrittenMap map = written_out(placed.component, shape, placed.output);
    Numbers next;
    for (std::int64_t n = 0; n < batch; ++n) {
      next.insert(next.end(), map.offset.begin(), map.offset.end());
      for (const Entry& e : map.entries) {
        next[static_cast<std::size_t>(n * placed.output.elements() + e.output)] +=
            e.weight * z[static_cast<std::size_t>(n * shape.elements() + e.input)];
      }
    }
    z = next;
    shape = placed.output;
  }
  Trajectory<Scalar> trajectory(network);
  forward<Scalar>(x, trajectory);
  const auto y = trajectory.output();
  const auto features = static_cast<std::size_t>(shape.elements());
  ASSERT_EQ(w.size(), features + 1);
  for (std::size_t n = 0; n < y.size(); ++n) {
    double expected = static_cast<double>(w[features]);
    double size = std::abs(expected);
    for (std::size_t i = 0; i < features; ++i) {
      const double product = static_cast<double>(w[i]) * z[n * features + i];
      expected += product;
      size += std::abs(product);
    }
    EXPECT_NEAR(static_cast<double>(y[n]), expected, tolerance * size);
  }
}

TEST(MapKernels, ComputeWhatIsWrittenOut) {
  for (const Case& c : cases) {
    expect_map<double>(c, 1e-14);
    expect_map<float>(c, 1e-6);
  }
}

// Behind a convolution of 16 filters the scalars of a batch lie in blocks of channels; in float64
// they do not. Both have to be the same network.
TEST(MapKernels, WorkInEveryLayout) {
  for (const std::string_view maps :
       {"scale: [1, -1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]",
        "shift: [1, -1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]",
        "upsample: {size: [7, 9], mode: bilinear}", "pixel_shuffle: 2", "upsample: 2",
        "slice: {axis: width, from: 1, step: 2}", "pad: {before: [1, 0], after: 2, mode: reflect}",
        "permute: [channels, width, height]", "permute: [height, channels, width], upsample: 2",
        "slice: {axis: height}", "padded_shortcut: {stride: 1}", "space_to_depth: 1, pad: 1",
        "upsample: {factor: 2, mode: bilinear}, channel_shuffle: 4", "roll: {axis: height, by: 2}",
        "roll: {axis: channels, by: 5}", "pad: {by: 2, mode: circular}",
        "slice: {axis: width, to: 5}, relative_positions: 3",
        "slice: {axis: width, to: 5}, mask"}) {
    SCOPED_TRACE(maps);
    const Graph graph = testing::graph_of(
        "input: {shape: [16, 5, 6], norm: 1}\nlayers:\n  - conv: {filters: 16, kernel: 1}\n    "
        "then: [" +
            std::string(maps) + "]\n  - conv: {filters: 16, kernel: 3}\n  - dense: 3\n",
        2);
    Network<double> wide(graph, 2);
    Network<float> narrow(graph, 2);
    std::mt19937_64 random(8);
    const std::vector<double> w = testing::random_parameters(wide, random);
    const auto x =
        testing::random_vector<double>(static_cast<std::size_t>(wide.input_elements()), random);
    wide.set_parameters(w);
    narrow.set_parameters(std::vector<float>(w.begin(), w.end()));
    Trajectory<double> in_double(wide);
    Trajectory<float> in_float(narrow);
    forward<double>(x, in_double);
    forward<float>(std::vector<float>(x.begin(), x.end()), in_float);
    for (std::size_t i = 0; i < in_double.output().size(); ++i) {
      EXPECT_NEAR(in_double.output()[i], static_cast<double>(in_float.output()[i]),
                  1e-4 * (1 + std::abs(in_double.output()[i])));
    }
  }
}

}  // namespace
}  // namespace smoothbound
