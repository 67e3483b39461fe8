#include "enclosure/exact_network.hpp"

#include <stdexcept>
#include <type_traits>

#include "enclosure/exact_maps.hpp"
#include "enclosure/exact_windows.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound::test {
namespace {

using namespace exact;

Numbers apply(const Dense& dense, const Stack& s, const Numbers& z) {
  const Index fan = dense.fan_in(s.input);
  const Index positions = dense.is_per_position() ? s.input.positions() : 1;
  Numbers y(at(s.batch * s.output.elements()));
  for (Index n = 0; n < s.batch; ++n) {
    for (Index unit = 0; unit < dense.units; ++unit) {
      for (Index p = 0; p < positions; ++p) {
        Number& sum = y[at((n * dense.units + unit) * positions + p)];
        for (Index i = 0; i < fan; ++i) {
          sum.add_product(s.v[at(unit * fan + i)],
                          z[at(n * s.input.elements() + i * positions + p)]);
        }
        if (dense.bias) sum = sum + s.v[at(dense.units * fan + unit)];
      }
    }
  }
  return y;
}

Numbers apply(const Conv& conv, const Stack& s, const Numbers& z) {
  Windows windows;
  const int rank = s.input.spatial_rank();
  for (int i = 0; i < rank; ++i) {
    windows.axis[3 - rank + i] = window_of(conv.window.along(s.input, i));
  }
  Numbers y = convolution(s, z, s.input, s.output, windows, conv.groups, false);
  const Index weights = s.output.channels() * (s.input.channels() / conv.groups) * windows.taps();
  if (conv.bias) add_bias(s, weights, y);
  return y;
}

Numbers apply(const ConvTransposed& conv, const Stack& s, const Numbers& z) {
  Windows windows;
  const int rank = s.input.spatial_rank();
  for (int i = 0; i < rank; ++i) {
    windows.axis[3 - rank + i] = window_of(conv.transposed_window(s.input, i));
  }
  Numbers y = convolution(s, z, s.output, s.input, windows, conv.groups, true);
  const Index weights = s.input.channels() * (s.output.channels() / conv.groups) * windows.taps();
  if (conv.bias) add_bias(s, weights, y);
  return y;
}

Numbers apply(const Activation& f, const Stack& /*s*/, const Numbers& z) {
  Numbers y;
  for (const Number& x : z) y.push_back(exact_activation(f, x));
  return y;
}

// The inputs of each output along an axis, and by what their sum is divided.
struct PoolWindow {
  std::vector<Index> reads;
  Index divisor = 1;
};
using PoolWindows = std::vector<PoolWindow>;

template <class Body>
void each_patch(const Shape& input, const PoolWindows (&axes)[3], const Body& body) {
  const Axes from(input);
  Index o = 0;
  for (const PoolWindow& a : axes[0]) {
    for (const PoolWindow& b : axes[1]) {
      for (const PoolWindow& c : axes[2]) {
        std::vector<Index> reads;
        for (const Index i : a.reads) {
          for (const Index j : b.reads) {
            for (const Index k : c.reads) {
              reads.push_back((i * from.size[1] + j) * from.size[2] + k);
            }
          }
        }
        body(o++, reads, a.divisor * b.divisor * c.divisor);
      }
    }
  }
}

PoolWindows window_patches(const AxisWindow& w, bool count_padding) {
  PoolWindows all;
  for (Index o = 0; o < w.output; ++o) {
    PoolWindow patch;
    Index counted = 0;
    for (Index t = 0; t < w.kernel; ++t) {
      const Index i = o * w.stride + t - w.pad_before;
      if (i >= 0 && i < w.input) patch.reads.push_back(i);
      if (i >= -w.pad_before && i < w.input + w.pad_behind) ++counted;
    }
    patch.divisor = count_padding ? counted : static_cast<Index>(patch.reads.size());
    all.push_back(patch);
  }
  return all;
}

PoolWindows adaptive_patches(Index input, Index output) {
  PoolWindows all;
  for (Index o = 0; o < output; ++o) {
    PoolWindow patch;
    for (Index i = o * input / output; i < ((o + 1) * input + output - 1) / output; ++i) {
      patch.reads.push_back(i);
    }
    patch.divisor = static_cast<Index>(patch.reads.size());
    all.push_back(patch);
  }
  return all;
}

Numbers pooled(const Stack& s, const Numbers& z, const PoolWindows (&axes)[3], bool mean) {
  Numbers y(at(s.batch * s.output.elements()));
  for (Index slice = 0; slice < s.batch * s.input.channels(); ++slice) {
    each_patch(s.input, axes, [&](Index o, const std::vector<Index>& reads, Index divisor) {
      Number value;
      for (std::size_t k = 0; k < reads.size(); ++k) {
        const Number& each = z[at(slice * s.input.positions() + reads[k])];
        value = mean ? value + each : k == 0 ? each : largest(value, each);
      }
      if (mean) value = value / of(divisor);
      y[at(slice * s.output.positions() + o)] = value;
    });
  }
  return y;
}

template <class Make>
Numbers pooled_along(const Stack& s, const Numbers& z, bool mean, const Make& make) {
  PoolWindows axes[3] = {{{{0}, 1}}, {{{0}, 1}}, {{{0}, 1}}};
  const int rank = s.input.spatial_rank();
  for (int i = 0; i < rank; ++i) axes[3 - rank + i] = make(i);
  return pooled(s, z, axes, mean);
}

Numbers apply(const AveragePool& pool, const Stack& s, const Numbers& z) {
  return pooled_along(s, z, true, [&](int i) {
    return window_patches(pool.window.along(s.input, i), pool.count_padding);
  });
}
Numbers apply(const MaxPool& pool, const Stack& s, const Numbers& z) {
  return pooled_along(s, z, false,
                      [&](int i) { return window_patches(pool.window.along(s.input, i), true); });
}
Numbers apply(const AdaptiveAveragePool& /*pool*/, const Stack& s, const Numbers& z) {
  return pooled_along(
      s, z, true, [&](int i) { return adaptive_patches(s.input.spatial(i), s.output.spatial(i)); });
}
Numbers apply(const GlobalAveragePool& /*pool*/, const Stack& s, const Numbers& z) {
  return pooled_along(s, z, true, [&](int i) { return adaptive_patches(s.input.spatial(i), 1); });
}
Numbers apply(const GlobalMaxPool& /*pool*/, const Stack& s, const Numbers& z) {
  return pooled_along(s, z, false, [&](int i) { return adaptive_patches(s.input.spatial(i), 1); });
}

// Which group each scalar of a batch belongs to: body(sample, channel, position).
template <class GroupOf>
Numbers normalized(const Stack& s, const Numbers& z, bool centred, double epsilon,
                   const GroupOf& group_of) {
  const Index positions = s.input.positions();
  std::map<Index, std::vector<std::size_t>> groups;
  for (Index n = 0; n < s.batch; ++n) {
    for (Index c = 0; c < s.input.channels(); ++c) {
      for (Index p = 0; p < positions; ++p) {
        groups[group_of(n, c, p)].push_back(at((n * s.input.channels() + c) * positions + p));
      }
    }
  }
  Numbers y(z.size());
  for (const auto& [group, places] : groups) {
    const Number count = of(static_cast<Index>(places.size()));
    Number mean;
    for (const std::size_t i : places) mean = mean + z[i];
    mean = centred ? mean / count : Number();
    Number square;
    for (const std::size_t i : places) square.add_product(z[i] - mean, z[i] - mean);
    const Number scale = root(square / count + epsilon);
    for (const std::size_t i : places) y[i] = (z[i] - mean) / scale;
  }
  return y;
}

Numbers normalize(const BatchNorm& norm, const Stack& s, const Numbers& z) {
  const Index positions = s.input.positions();
  const bool each_element = norm.per == 0;
  const double epsilon = norm.epsilon.nearest;
  if (!norm.has_fixed()) {
    return normalized(s, z, true, epsilon, [&](Index, Index c, Index p) {
      return each_element ? c * positions + p : c;
    });
  }
  const FixedStatistics fixed = norm.fixed_statistics(s.input);
  Numbers y;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Index scalar = static_cast<Index>(i) % s.input.elements();
    const std::size_t feature = at(each_element ? scalar : scalar / positions);
    y.push_back((z[i] - fixed.mean[feature]) / root(Number(fixed.variance[feature]) + epsilon));
  }
  return y;
}
template <class Norm>
Numbers normalize_scoped(const Norm& norm, const Stack& s, const Numbers& z, bool centred) {
  const Index positions = s.input.positions();
  return normalized(s, z, centred, norm.epsilon.nearest,
                    [&](Index n, Index, Index p) { return norm.per == 1 ? n * positions + p : n; });
}
Numbers normalize(const LayerNorm& norm, const Stack& s, const Numbers& z) {
  return normalize_scoped(norm, s, z, true);
}
Numbers normalize(const RmsNorm& norm, const Stack& s, const Numbers& z) {
  return normalize_scoped(norm, s, z, false);
}
Numbers normalize(const GroupNorm& norm, const Stack& s, const Numbers& z) {
  const Index channels = s.input.channels() / norm.groups;
  return normalized(s, z, true, norm.epsilon.nearest,
                    [&](Index n, Index c, Index) { return n * norm.groups + c / channels; });
}
Numbers normalize(const InstanceNorm& norm, const Stack& s, const Numbers& z) {
  return normalized(s, z, true, norm.epsilon.nearest,
                    [&](Index n, Index c, Index) { return n * s.input.channels() + c; });
}

bool is_per_element(const BatchNorm& norm) { return norm.per == 0; }
bool is_per_element(const LayerNorm& norm) { return norm.per == 0; }
bool is_per_element(const RmsNorm& norm) { return norm.per == 0; }
bool is_per_element(const GroupNorm& /*norm*/) { return false; }
bool is_per_element(const InstanceNorm& /*norm*/) { return false; }

// gamma z + beta, each of them if it is there.
Numbers scaled(const Affine& affine, bool per_element, const Stack& s, const Numbers& z) {
  const Index positions = per_element ? 1 : s.input.positions();
  const Index features = s.input.elements() / positions;
  Numbers y = z;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Index feature = static_cast<Index>(i) % s.input.elements() / positions;
    if (affine.scale) y[i] = y[i] * s.v[at(feature)];
    if (affine.shift) y[i] = y[i] + s.v[at(feature + (affine.scale ? features : 0))];
  }
  return y;
}

Numbers copied(const Stack& s, const Numbers& z, const std::vector<Index>& sources) {
  Numbers y;
  for (Index n = 0; n < s.batch; ++n) {
    for (const Index i : sources) {
      y.push_back(i < 0 ? Number() : z[at(n * s.input.elements() + i)]);
    }
  }
  return y;
}

Numbers apply(const Rearrangement& map, const Stack& s, const Numbers& z) {
  return copied(s, z, support::reference_sources(map, s.input, s.output));
}

// Position of an output between those of inputs: ends are at ends, or pixels have halves.
Number interpolated_at(Index o, Index input, Index output, bool align_corners) {
  if (align_corners) return output > 1 ? of(o * (input - 1)) / of(output - 1) : Number();
  const Number x = of((2 * o + 1) * input) / of(2 * output) - Number(0.5);
  return largest(x, Number());
}

// Interpolated along one axis of an array [before, size, behind].
Numbers interpolated(const Numbers& z, Index input, Index output, Index behind,
                     bool align_corners) {
  if (input == output) return z;
  Numbers y;
  const Index before = static_cast<Index>(z.size()) / (input * behind);
  for (Index b = 0; b < before; ++b) {
    for (Index o = 0; o < output; ++o) {
      const Number x = interpolated_at(o, input, output, align_corners);
      for (Index k = 0; k < behind; ++k) {
        Number sum;
        for (Index i = 0; i < input; ++i) {
          // The hat around i; what lies behind the last entry counts as that.
          const Number distance = absolute(smallest(x, of(input - 1)) - of(i));
          sum.add_product(largest(Number(1) - distance, Number()),
                          z[at((b * input + i) * behind + k)]);
        }
        y.push_back(sum);
      }
    }
  }
  return y;
}

Numbers apply(const Upsample& map, const Stack& s, const Numbers& z) {
  if (map.mode == 0) {
    return copied(s, z, support::reference_sources(map, s.input, s.output));
  }
  Numbers y = z;
  Index behind = 1;
  for (int axis = s.input.spatial_rank(); axis-- > 0;) {
    y = interpolated(y, s.input.spatial(axis), s.output.spatial(axis), behind, map.align_corners);
    behind *= s.output.spatial(axis);
  }
  return y;
}

const SignedReal& number_of(const std::vector<SignedReal>& by, const Stack& s, std::size_t i) {
  if (by.size() == 1) return by.front();
  return by[at(static_cast<Index>(i) / s.input.positions() % s.input.channels())];
}

Numbers apply(const FixedScale& map, const Stack& s, const Numbers& z) {
  Numbers y;
  for (std::size_t i = 0; i < z.size(); ++i) y.push_back(z[i] * number_of(map.by, s, i).nearest());
  return y;
}
Numbers apply(const FixedShift& map, const Stack& s, const Numbers& z) {
  Numbers y;
  for (std::size_t i = 0; i < z.size(); ++i) y.push_back(z[i] + number_of(map.by, s, i).nearest());
  return y;
}
Numbers apply(const Mask& mask, const Stack& s, const Numbers& z) {
  Numbers y;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const support::Place place =
        support::place_of(static_cast<Index>(i) % s.input.elements(), s.input);
    const bool masked = support::is_masked(mask, place, s.input);
    y.push_back(masked ? z[i] - mask.by.nearest : z[i]);
  }
  return y;
}

Numbers sum_of(const std::vector<const Numbers*>& inputs) {
  Numbers y = *inputs.front();
  for (std::size_t k = 1; k < inputs.size(); ++k) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = y[i] + (*inputs[k])[i];
  }
  return y;
}

Numbers concatenated(const Concat& concat, const std::vector<const Numbers*>& inputs,
                     const std::vector<Shape>& shapes, Index batch) {
  const int axis = axis_of(concat.axis, shapes.front(), "concat");
  Index before = batch;
  for (int k = 0; k < axis; ++k) before *= shapes.front().sizes()[at(k)];
  Numbers y;
  for (Index b = 0; b < before; ++b) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Index size = static_cast<Index>(inputs[k]->size()) / before;
      for (Index i = 0; i < size; ++i) y.push_back((*inputs[k])[at(b * size + i)]);
    }
  }
  return y;
}

template <class T>
concept Stated = requires(const T& part, const Stack& s, const Numbers& z) {
  apply(part, s, z);
};
template <class T>
concept Normalizes = requires(const T& part, const Stack& s, const Numbers& z) {
  normalize(part, s, z);
};

struct Walk {
  ExactValues values;
  std::vector<const Numbers*> inputs;
  std::vector<Shape> shapes;
  Index batch = 1;

  template <class Part>
  Numbers step(const Part& part, const Stack& s) {
    if constexpr (std::is_same_v<Part, Add>) {
      return sum_of(inputs);
    } else if constexpr (std::is_same_v<Part, Concat>) {
      return concatenated(part, inputs, shapes, batch);
    } else if constexpr (std::is_same_v<Part, Multiply> || std::is_same_v<Part, MatMul>) {
      return merged(part, s, inputs, shapes);
    } else if constexpr (Normalizes<Part>) {
      Numbers y = normalize(part, s, *inputs.front());
      if (!part.affine.learnable) return y;
      values.kernels.push_back(y);
      return scaled(part.affine, is_per_element(part), s, y);
    } else if constexpr (Stated<Part>) {
      return apply(part, s, *inputs.front());
    } else {
      throw std::logic_error("not stated: " + std::string(part.name()));
    }
  }
};

}  // namespace

ExactValues exact_values(const Graph& graph, std::int64_t batch, std::span<const double> w,
                         std::span<const double> x) {
  std::vector<Index> offsets;
  Index total = 0;
  for (const Block& block : graph.blocks) {
    offsets.push_back(total);
    total += block.elements;
  }
  Numbers input(x.begin(), x.end());
  std::vector<Numbers> outputs(graph.layers.size());
  Walk walk;
  walk.batch = batch;
  for (const std::uint32_t index : graph.order) {
    const Layer& layer = graph.layers[index];
    walk.inputs.clear();
    walk.shapes.clear();
    for (const std::uint32_t from : layer.inputs) {
      walk.inputs.push_back(from == Graph::network_input ? &input : &outputs[from]);
      walk.shapes.push_back(graph.shape_of(from));
    }
    Numbers current;
    for (const PlacedComponent& part : layer.components) {
      Stack s{walk.shapes.front(), part.output, batch, {}};
      if (part.block != PlacedComponent::no_block) {
        s.v = w.subspan(at(offsets[part.block]), at(graph.blocks[part.block].elements));
      }
      Numbers next =
          std::visit([&](const auto& each) { return walk.step(each, s); }, part.component);
      current = std::move(next);
      walk.values.kernels.push_back(current);
      walk.inputs.assign(1, &current);
      walk.shapes.assign(1, part.output);
    }
    outputs[index] = walk.inputs.front() == &current ? current : *walk.inputs.front();
  }
  walk.values.output = outputs[graph.output()];
  return std::move(walk.values);
}

}  // namespace smoothbound::test
