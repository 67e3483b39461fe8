// Convolutions, written out: what exact networks are put together from.
#pragma once

#include <span>

#include "enclosure/exact_network.hpp"
#include "smoothbound/layers/window.hpp"

namespace smoothbound::test::exact {

using Index = std::int64_t;

inline std::size_t at(Index i) { return static_cast<std::size_t>(i); }
inline Number of(Index n) { return Number(static_cast<double>(n)); }

// What a component reads and writes.
struct Stack {
  Shape input;
  Shape output;
  Index batch = 1;
  std::span<const double> v;  // its parameters
};

// The positions of a sample along three axes.
struct Axes {
  explicit Axes(const Shape& shape) {
    const int rank = shape.spatial_rank();
    for (int i = 0; i < rank; ++i) size[3 - rank + i] = shape.spatial(i);
  }
  [[nodiscard]] Index all() const { return size[0] * size[1] * size[2]; }
  Index size[3] = {1, 1, 1};
};

struct WindowAxis {
  Index stride = 1, dilation = 1, pad = 0, kernel = 1;
};
struct Windows {
  WindowAxis axis[3];
  [[nodiscard]] Index taps() const { return axis[0].kernel * axis[1].kernel * axis[2].kernel; }
};

inline WindowAxis window_of(const AxisWindow& w) {
  return {w.stride, w.dilation, w.pad_before, w.kernel};
}

// Position that a tap of a window reads, or -1 for one outside.
inline Index read_position(const Windows& windows, const Axes& from, const Axes& to, Index o,
                           Index tap) {
  Index place = 0;
  Index o_rest = o;
  Index tap_rest = tap;
  Index coordinates[3];
  for (int k = 2; k >= 0; --k) {
    const WindowAxis& w = windows.axis[k];
    const Index position = o_rest % to.size[k];
    o_rest /= to.size[k];
    const Index t = tap_rest % w.kernel;
    tap_rest /= w.kernel;
    coordinates[k] = position * w.stride + t * w.dilation - w.pad;
  }
  for (int k = 0; k < 3; ++k) {
    if (coordinates[k] < 0 || coordinates[k] >= from.size[k]) return -1;
    place = place * from.size[k] + coordinates[k];
  }
  return place;
}

// y_fo += sum over channels and taps w_fct z_c(o, t): or, transposed, z_c(o, t) += w_fct y_fo.
inline Numbers convolution(const Stack& s, const Numbers& z, const Shape& wide, const Shape& narrow,
                           const Windows& windows, Index groups, bool transposed) {
  const Axes from(wide);
  const Axes to(narrow);
  const Index taps = windows.taps();
  const Index channels = wide.channels() / groups;
  const Index filters = narrow.channels() / groups;
  Numbers y(at(s.batch * s.output.elements()));
  for (Index n = 0; n < s.batch; ++n) {
    for (Index f = 0; f < narrow.channels(); ++f) {
      for (Index c = 0; c < channels; ++c) {
        const Index wide_channel = f / filters * channels + c;
        for (Index tap = 0; tap < taps; ++tap) {
          const double weight = s.v[at((f * channels + c) * taps + tap)];
          for (Index o = 0; o < to.all(); ++o) {
            const Index i = read_position(windows, from, to, o, tap);
            if (i < 0) continue;
            const auto a = at((n * wide.channels() + wide_channel) * from.all() + i);
            const auto b = at((n * narrow.channels() + f) * to.all() + o);
            if (transposed) {
              y[a].add_product(weight, z[b]);
            } else {
              y[b].add_product(weight, z[a]);
            }
          }
        }
      }
    }
  }
  return y;
}

inline void add_bias(const Stack& s, Index first, Numbers& y) {
  const Index positions = s.output.positions();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Index channel = static_cast<Index>(i) / positions % s.output.channels();
    y[i] = y[i] + s.v[at(first + channel)];
  }
}

}  // namespace smoothbound::test::exact
