// Index maps with their settings, for index_map_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "smoothbound/layers/rearrangement.hpp"
#include "smoothbound/layers/upsample.hpp"

namespace smoothbound::test {

using Settings = RearrangementSettings;

inline Rearrangement named(std::string_view name, const Settings& settings = Settings()) {
  const auto rows = rearrangement_table();
  return {&*std::ranges::find(rows, name, &RearrangementRow::name), settings};
}

inline Rearrangement reshape(std::vector<std::int64_t> sizes) {
  Settings settings;
  settings.sizes = std::move(sizes);
  return named("reshape", settings);
}
inline Rearrangement permute(std::vector<std::size_t> axes) {
  Settings settings;
  settings.axes = std::move(axes);
  return named("permute", settings);
}
inline Rearrangement slice(std::size_t axis, std::int64_t from, std::optional<std::int64_t> to,
                           std::int64_t step) {
  Settings settings;
  settings.axis = axis;
  settings.from = from;
  settings.to = to;
  settings.step = step;
  return named("slice", settings);
}
inline Rearrangement counted(std::string_view name, std::int64_t count) {
  Settings settings;
  settings.count = count;
  return named(name, settings);
}
inline Rearrangement pad(Extent before, Extent after, std::size_t mode) {
  Settings settings;
  settings.before = before;
  settings.after = after;
  settings.mode = mode;
  return named("pad", settings);
}
inline Rearrangement roll(std::size_t axis, std::int64_t by) {
  Settings settings;
  settings.axis = axis;
  settings.distance = by;
  return named("roll", settings);
}
inline Rearrangement relative_positions(Extent window, std::int64_t windows) {
  Settings settings;
  settings.window = window;
  settings.windows = windows;
  return named("relative_positions", settings);
}
inline Rearrangement pad_by(std::int64_t by) {
  Settings settings;
  settings.by = Extent::uniform(by);
  return named("pad", settings);
}
inline Rearrangement shortcut(std::int64_t stride, std::int64_t channels, std::int64_t before) {
  Settings settings;
  settings.stride = Extent::uniform(stride);
  settings.channels = channels;
  settings.channels_before = before;
  return named("padded_shortcut", settings);
}
inline Upsample nearest_factor(std::int64_t factor) {
  Upsample map;
  map.factor = Extent::uniform(factor);
  return map;
}
inline Upsample nearest_size(Extent size) {
  Upsample map;
  map.size = size;
  return map;
}

inline constexpr std::size_t channels_word = 0;
inline constexpr std::size_t height_word = 2;
inline constexpr std::size_t width_word = 3;
inline constexpr std::size_t length_word = 4;

}  // namespace smoothbound::test
