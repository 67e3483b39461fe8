// Index maps written out, output by output, as their names are documented: what rules, constants
// and kernels of the library are held against.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "smoothbound/layers/layer.hpp"

namespace smoothbound::support {

using Place = std::vector<std::int64_t>;  // along each axis

inline Place place_of(std::int64_t index, const Shape& shape) {
  Place place(static_cast<std::size_t>(shape.rank()));
  for (std::size_t k = place.size(); k-- > 0;) {
    place[k] = index % shape.sizes()[k];
    index /= shape.sizes()[k];
  }
  return place;
}

/// Its row-major index, or -1 outside.
inline std::int64_t index_of(const Place& place, const Shape& shape) {
  std::int64_t index = 0;
  for (std::size_t k = 0; k < place.size(); ++k) {
    if (place[k] < 0 || place[k] >= shape.sizes()[k]) return -1;
    index = index * shape.sizes()[k] + place[k];
  }
  return index;
}

inline std::size_t named_axis(std::string_view name, const Shape& shape) {
  if (name == "channels") return 0;
  if (name == "length" || name == "width") return static_cast<std::size_t>(shape.rank()) - 1;
  return static_cast<std::size_t>(shape.rank()) - (name == "height" ? 2 : 3);
}

/// Where output `o` of a rearrangement lies in the input.
inline Place source_place(const Rearrangement& map, const Place& o, const Shape& input,
                          const Shape& output) {
  const std::string_view name = map.name();
  const RearrangementSettings& s = map.settings;
  Place i = o;
  if (name == "flatten" || name == "reshape") return place_of(index_of(o, output), input);
  if (name == "permute") {
    for (std::size_t k = 0; k < s.axes.size(); ++k)
      i[named_axis(axis_words[s.axes[k]], input)] = o[k];
  } else if (name == "slice") {
    std::int64_t& entry = i[named_axis(axis_words[s.axis], input)];
    entry = s.from + entry * s.step;
  } else if (name == "pad") {
    for (std::size_t k = 1; k < o.size(); ++k) {
      const std::int64_t n = input.sizes()[k];
      i[k] -= (s.before.is_given() ? s.before : s.by).sizes.at(k - 1);
      if (s.mode == 1) i[k] = i[k] < 0 ? -i[k] : i[k] >= n ? 2 * n - 2 - i[k] : i[k];
      if (s.mode == 2) i[k] = i[k] < 0 ? 0 : i[k] >= n ? n - 1 : i[k];
      while (s.mode == 3 && i[k] < 0) i[k] += n;
      while (s.mode == 3 && i[k] >= n) i[k] -= n;
    }
  } else if (name == "channel_shuffle") {
    i[0] = o[0] % s.count * (input.channels() / s.count) + o[0] / s.count;
  } else if (name == "space_to_depth" || name == "pixel_unshuffle") {
    std::int64_t positions = 1;
    for (std::size_t k = 1; k < o.size(); ++k) positions *= s.count;
    const bool block_slower = name == "space_to_depth";
    std::int64_t in_block = block_slower ? o[0] / input.channels() : o[0] % positions;
    i[0] = block_slower ? o[0] % input.channels() : o[0] / positions;
    for (std::size_t k = o.size(); k-- > 1; in_block /= s.count) {
      i[k] = o[k] * s.count + in_block % s.count;
    }
  } else if (name == "depth_to_space" || name == "pixel_shuffle") {
    std::int64_t positions = 1;
    std::int64_t in_block = 0;
    for (std::size_t k = 1; k < o.size(); ++k) {
      positions *= s.count;
      in_block = in_block * s.count + o[k] % s.count;
      i[k] = o[k] / s.count;
    }
    i[0] = name == "depth_to_space" ? in_block * output.channels() + o[0]
                                    : o[0] * positions + in_block;
  } else if (name == "padded_shortcut") {
    i[0] -= s.channels_before;
    for (std::size_t k = 1; k < o.size(); ++k) i[k] *= s.stride.sizes.at(k - 1);
  } else if (name == "roll") {
    const std::size_t axis = named_axis(axis_words[s.axis], input);
    const std::int64_t n = input.sizes()[axis];
    for (std::int64_t entry = 0; entry < n; ++entry) {  // goes to `entry + distance`
      if ((entry + s.distance - o[axis]) % n == 0) i[axis] = entry;
    }
  } else if (name == "relative_positions") {
    Place key;
    Place query;
    std::int64_t k = o[1];
    std::int64_t q = o[2];
    for (std::size_t axis = input.sizes().size(); axis-- > 1;) {
      const std::int64_t size = (input.sizes()[axis] + 1) / 2;
      key.insert(key.begin(), k % size);
      query.insert(query.begin(), q % size);
      k /= size;
      q /= size;
    }
    i = {o[0] / s.windows};
    for (std::size_t axis = 0; axis < key.size(); ++axis) {
      i.push_back(query[axis] - key[axis] + (input.sizes()[axis + 1] - 1) / 2);
    }
  } else {
    throw std::logic_error("write it out here");
  }
  return i;
}

/// Whether a mask subtracts from that entry. Shifted windows by the whole image: along each axis
/// its places up to the last window, those of it up to the shift, and the rest are regions.
inline bool is_masked(const Mask& mask, const Place& at, const Shape& scores) {
  std::int64_t key = at[at.size() - 2];
  std::int64_t query = at.back();
  if (mask.keys == 1) std::swap(key, query);
  if (mask.kind == 0) return key > query;
  std::int64_t window = 0;  // and the heads before it, which do not matter
  for (std::size_t k = 0; k + 2 < at.size(); ++k) window = window * scores.sizes()[k] + at[k];
  for (int axis = mask.window.given - 2; axis >= 0; --axis) {
    const std::int64_t size = mask.window[axis];
    const std::int64_t length = size * mask.windows[axis];
    const std::int64_t begin = window % mask.windows[axis] * size;
    const auto region = [&](std::int64_t place) {
      return place < length - size ? 0 : place < length - mask.shift[axis] ? 1 : 2;
    };
    if (region(begin + key % size) != region(begin + query % size)) return true;
    window /= mask.windows[axis];
    key /= size;
    query /= size;
  }
  return false;
}

inline Place source_place(const Upsample& /*map*/, const Place& o, const Shape& input,
                          const Shape& output) {
  Place i = o;
  for (std::size_t k = 1; k < o.size(); ++k) i[k] = o[k] * input.sizes()[k] / output.sizes()[k];
  return i;
}

/// For each output the index of the input that it copies, or -1.
template <class Map>
std::vector<std::int64_t> reference_sources(const Map& map, const Shape& input,
                                            const Shape& output) {
  std::vector<std::int64_t> sources;
  for (std::int64_t o = 0; o < output.elements(); ++o) {
    sources.push_back(index_of(source_place(map, place_of(o, output), input, output), input));
  }
  return sources;
}

/// The largest number of entries that are the same one, at least 1; -1 does not count.
inline std::int64_t most_copies(const std::vector<std::int64_t>& sources) {
  std::vector<std::int64_t> copies(1);
  for (const std::int64_t i : sources) {
    if (i < 0) continue;
    if (i >= std::ssize(copies)) copies.resize(static_cast<std::size_t>(i) + 1);
    ++copies[static_cast<std::size_t>(i)];
  }
  std::int64_t most = 1;
  for (const std::int64_t count : copies) most = std::max(most, count);
  return most;
}

/// What `then` copies of what `first` copies.
inline std::vector<std::int64_t> composed(const std::vector<std::int64_t>& first,
                                          const std::vector<std::int64_t>& then) {
  std::vector<std::int64_t> all;
  for (const std::int64_t i : then) all.push_back(i < 0 ? -1 : first[static_cast<std::size_t>(i)]);
  return all;
}

/// Weights of linear interpolation along an axis, in floating point as libraries state them:
/// row o of the matrix.
inline std::vector<long double> interpolation_row(std::int64_t o, std::int64_t n, std::int64_t m,
                                                  bool align_corners) {
  long double x = 0;
  if (!align_corners) {
    x = (static_cast<long double>(o) + 0.5L) * static_cast<long double>(n) /
            static_cast<long double>(m) -
        0.5L;
  } else if (m > 1) {
    x = static_cast<long double>(o * (n - 1)) / static_cast<long double>(m - 1);
  }
  std::vector<long double> row(static_cast<std::size_t>(n));
  if (x < 0) x = 0;
  const auto first = std::min(static_cast<std::int64_t>(x), n - 1);
  const long double w = x - static_cast<long double>(first);
  row[static_cast<std::size_t>(first)] += 1 - w;
  row[static_cast<std::size_t>(std::min(first + 1, n - 1))] += w;
  return row;
}

}  // namespace smoothbound::support
