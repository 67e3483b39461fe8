#include "smoothbound/layers/rearrangement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "smoothbound/layers/window.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

using Settings = RearrangementSettings;
using Result = RearrangementRow::Result;
using Sizes = std::vector<std::int64_t>;

Sizes sizes_of(const Shape& shape) { return {shape.sizes().begin(), shape.sizes().end()}; }

// Rules along the axes of the input.
Result along_axes(IndexMap map) {
  Sizes sizes;
  sizes.reserve(map.axes.size());
  for (const IndexMap::Axis& axis : map.axes) sizes.push_back(axis.rule.output);
  return {Shape(sizes), std::move(map)};
}

void no_settings(SettingsVisitor& /*visitor*/, Settings& /*settings*/) {}

Result flatten_at(const Settings& /*settings*/, const Shape& input) {
  const Sizes whole{input.elements()};
  return {Shape(whole), IndexMap::in_order(whole)};
}

void visit_reshape(SettingsVisitor& visitor, Settings& settings) {
  visitor.sizes({.name = "sizes",
                 .description = "sizes of the output, row by row in the order of the input",
                 .required = true,
                 .shorthand = true},
                settings.sizes);
}

Result reshape_at(const Settings& settings, const Shape& input) {
  if (settings.sizes.empty()) return flatten_at(settings, input);
  const Shape output{std::span(settings.sizes)};
  if (output.elements() != input.elements()) {
    throw ShapeError(
        fmt::format("reshape makes {} of {}, which has {} scalars and not {}", output.to_text(),
                    input.to_text(), input.elements(), output.elements()),
        "the product of the sizes has to remain the same");
  }
  return {output, IndexMap::in_order(Sizes{input.elements()})};
}

void visit_permute(SettingsVisitor& visitor, Settings& settings) {
  visitor.choices({.name = "axes",
                   .description = "axes of the input in their new order, by name",
                   .required = true,
                   .shorthand = true},
                  axis_words, settings.axes);
}

// The names of the axes of such a shape.
std::vector<std::string_view> axes_of(const Shape& shape) {
  std::vector<std::string_view> names(static_cast<std::size_t>(shape.rank()));
  for (std::size_t word = 0; word < axis_words.size(); ++word) {
    if (const auto axis = find_axis(word, shape.rank())) {
      names[static_cast<std::size_t>(*axis)] = axis_words.at(word);
    }
  }
  return names;
}

Result permute_at(const Settings& settings, const Shape& input) {
  const Sizes sizes = sizes_of(input);
  std::vector<int> order;
  for (const std::size_t word : settings.axes) {
    const std::optional<int> axis = find_axis(word, input.rank());
    if (axis && std::ranges::find(order, *axis) == order.end()) order.push_back(*axis);
  }
  if (settings.axes.empty()) return along_axes(IndexMap::in_order(sizes));
  if (order.size() != sizes.size() || settings.axes.size() != sizes.size()) {
    throw ShapeError(fmt::format("permute has to name each axis of {} once", input.to_text()),
                     fmt::format("the axes are {}", join(axes_of(input))));
  }
  return along_axes(IndexMap::permuted(sizes, order));
}

void visit_slice(SettingsVisitor& visitor, Settings& settings) {
  visitor.choice({.name = "axis", .description = "axis along which entries are taken"}, axis_words,
                 settings.axis);
  visitor.count({.name = "from", .description = "first entry, counted from 0", .smallest = 0},
                settings.from);
  visitor.count({.name = "to", .description = "entry before which it ends; default: the end"},
                settings.to);
  visitor.count({.name = "step", .description = "distance of neighbouring entries"}, settings.step);
}

// The axis along which it goes, by the setting.
std::size_t required_axis(const Settings& settings, const Shape& input, std::string_view what) {
  const std::optional<int> axis = find_axis(settings.axis, input.rank());
  if (axis) return static_cast<std::size_t>(*axis);
  throw ShapeError(fmt::format("{} goes along the {}, which {} does not have", what,
                               axis_words.at(settings.axis), input.to_text()),
                   fmt::format("the axes are {}", join(axes_of(input))));
}

Result slice_at(const Settings& settings, const Shape& input) {
  const std::string_view name = axis_words.at(settings.axis);
  IndexMap map = IndexMap::in_order(input.sizes());
  AxisRule& rule = map.axes[required_axis(settings, input, "slice")].rule;
  const std::int64_t to = settings.to.value_or(rule.input);
  if (to > rule.input || settings.from >= to) {
    throw ShapeError(fmt::format("slice takes entries {} to {} of {} along the {}", settings.from,
                                 to, rule.input, name),
                     "'from' is the first one, counted from 0, and 'to' the one behind the last");
  }
  rule.offset = settings.from;
  rule.numerator = settings.step;
  rule.output = (to - settings.from - 1) / settings.step + 1;
  return along_axes(std::move(map));
}

constexpr std::array<std::string_view, 4> pad_modes{"zero", "reflect", "replicate", "circular"};

void visit_pad(SettingsVisitor& visitor, Settings& settings) {
  visitor.extent({.name = "by",
                  .description = "entries before and behind each spatial axis",
                  .shorthand = true,
                  .smallest = 0},
                 settings.by);
  visitor.extent({.name = "before", .description = "entries before it; default: by", .smallest = 0},
                 settings.before);
  visitor.extent({.name = "after", .description = "entries behind it; default: by", .smallest = 0},
                 settings.after);
  visitor.choice({.name = "mode", .description = "what they are: zero, or copies of the input"},
                 pad_modes, settings.mode);
}

AxisRule::Outside outside_of(std::size_t mode) {
  if (pad_modes.at(mode) == "reflect") return AxisRule::Outside::reflect;
  if (pad_modes.at(mode) == "replicate") return AxisRule::Outside::replicate;
  if (pad_modes.at(mode) == "circular") return AxisRule::Outside::wrap;
  return AxisRule::Outside::zero;
}

Result pad_at(const Settings& settings, const Shape& input) {
  require_spatial(input, "pad");
  const Extent& before = settings.before.is_given() ? settings.before : settings.by;
  const Extent& after = settings.after.is_given() ? settings.after : settings.by;
  require_fit(input, settings.before.is_given() ? "before" : "by", before);
  require_fit(input, settings.after.is_given() ? "after" : "by", after);
  IndexMap map = IndexMap::in_order(input.sizes());
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    AxisRule& rule = map.axes[static_cast<std::size_t>(axis) + 1].rule;
    constexpr const char* what = "the size of the padded input";
    rule.output = checked_sum(checked_sum(rule.input, before[axis], what), after[axis], what);
    rule.offset = -before[axis];
    rule.outside = outside_of(settings.mode);
    const std::int64_t most = std::max(before[axis], after[axis]);
    if (rule.outside == AxisRule::Outside::reflect && most >= rule.input) {
      throw ShapeError(fmt::format("pad cannot reflect {} of {} entries along {}", most, rule.input,
                                   axis_name(input, axis)),
                       "an axis of n entries reflects at most n - 1 of them");
    }
  }
  return along_axes(std::move(map));
}

void visit_groups(SettingsVisitor& visitor, Settings& settings) {
  visitor.count({.name = "groups",
                 .description = "groups that the channels are dealt from",
                 .required = true,
                 .shorthand = true},
                settings.count);
}

Result channel_shuffle_at(const Settings& settings, const Shape& input) {
  const std::int64_t groups = settings.count;
  if (input.channels() % groups != 0) {
    throw ShapeError(
        fmt::format("groups ({}) do not divide the channels ({})", groups, input.channels()),
        "use a divisor of the number of channels");
  }
  const Sizes sizes{groups, input.channels() / groups, input.positions()};
  return {input, IndexMap::permuted(sizes, std::array{1, 0, 2})};
}

void visit_block(SettingsVisitor& visitor, Settings& settings) {
  visitor.count({.name = "block",
                 .description = "positions of a block along each spatial axis",
                 .required = true,
                 .shorthand = true},
                settings.count);
}

void visit_factor(SettingsVisitor& visitor, Settings& settings) {
  visitor.count({.name = "factor",
                 .description = "positions of a block along each spatial axis",
                 .required = true,
                 .shorthand = true},
                settings.count);
}

// Which of the two numbers of a channel counts slower: of the channel itself, or in its block.
enum class Slower : std::uint8_t { channel, block };

// Positions of a block become channels.
Result blocks_to_channels(const Settings& settings, const Shape& input, Slower slower,
                          std::string_view name) {
  require_spatial(input, name);
  const std::int64_t block = settings.count;
  Sizes seen{input.channels()};  // channels, then blocks and positions in a block of each axis
  Sizes output{input.channels()};
  std::vector<int> in_block;
  std::vector<int> blocks;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    const std::int64_t size = input.spatial(axis);
    if (size % block != 0) {
      throw ShapeError(fmt::format("{} with {} does not divide {} ({})", name, block,
                                   axis_name(input, axis), size),
                       "use a divisor, or pad the input before");
    }
    output.front() = checked_product(output.front(), block, "the number of channels");
    output.push_back(size / block);
    blocks.push_back(static_cast<int>(seen.size()));
    seen.push_back(size / block);
    in_block.push_back(static_cast<int>(seen.size()));
    seen.push_back(block);
  }
  std::vector<int> order = in_block;
  order.insert(slower == Slower::channel ? order.begin() : order.end(), 0);
  order.insert(order.end(), blocks.begin(), blocks.end());
  return {Shape(output), IndexMap::permuted(seen, order)};
}

// The inverse.
Result channels_to_blocks(const Settings& settings, const Shape& input, Slower slower,
                          std::string_view name) {
  require_spatial(input, name);
  const std::int64_t block = settings.count;
  std::int64_t positions = 1;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    positions = checked_product(positions, block, "the number of positions in a block");
  }
  if (input.channels() % positions != 0) {
    throw ShapeError(fmt::format("{} with {} needs a multiple of {} channels, not {}", name, block,
                                 positions, input.channels()),
                     "each channel of the output takes one of the input for each position of a "
                     "block");
  }
  const int rank = input.spatial_rank();
  const std::int64_t channels = input.channels() / positions;
  Sizes seen(static_cast<std::size_t>(rank), block);  // positions in a block and channels, as in x
  seen.insert(slower == Slower::channel ? seen.begin() : seen.end(), channels);
  std::vector<int> order{slower == Slower::channel ? 0 : rank};
  Sizes output{channels};
  for (int axis = 0; axis < rank; ++axis) {
    order.push_back(static_cast<int>(seen.size()));
    order.push_back(slower == Slower::channel ? axis + 1 : axis);
    seen.push_back(input.spatial(axis));
    output.push_back(checked_product(input.spatial(axis), block, "the number of positions"));
  }
  return {Shape(output), IndexMap::permuted(seen, order)};
}

void visit_shortcut(SettingsVisitor& visitor, Settings& settings) {
  visitor.count({.name = "channels", .description = "channels of the output; default: the input's"},
                settings.channels);
  visitor.extent({.name = "stride", .description = "distance of neighbouring positions"},
                 settings.stride);
  visitor.count({.name = "before",
                 .description = "those of the added channels that stand before the others",
                 .smallest = 0},
                settings.channels_before);
}

Result shortcut_at(const Settings& settings, const Shape& input) {
  require_fit(input, "stride", settings.stride);
  IndexMap map = IndexMap::in_order(input.sizes());
  AxisRule& channels = map.axes.front().rule;
  channels.output = settings.channels.value_or(channels.input);
  const std::int64_t least =
      checked_sum(channels.input, settings.channels_before, "the number of channels");
  if (channels.output < least) {
    throw ShapeError(fmt::format("padded_shortcut has {} channels, but needs {} at least",
                                 channels.output, least),
                     "it adds channels of zeros to those of the input");
  }
  channels.offset = -settings.channels_before;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    AxisRule& rule = map.axes[static_cast<std::size_t>(axis) + 1].rule;
    rule.numerator = settings.stride[axis];
    rule.output = (rule.input - 1) / rule.numerator + 1;
  }
  return along_axes(std::move(map));
}

void visit_roll(SettingsVisitor& visitor, Settings& settings) {
  visitor.choice({.name = "axis", .description = "axis along which entries move on"}, axis_words,
                 settings.axis);
  visitor.count({.name = "by",
                 .description = "entries by which each moves on, below 0: back; what passes an end "
                                "comes in at the other",
                 .required = true,
                 .smallest = text::any_integer},
                settings.distance);
}

Result roll_at(const Settings& settings, const Shape& input) {
  IndexMap map = IndexMap::in_order(input.sizes());
  AxisRule& rule = map.axes[required_axis(settings, input, "roll")].rule;
  rule.outside = AxisRule::Outside::wrap;
  rule.offset = -(settings.distance % rule.input);
  return {input, std::move(map)};
}

void visit_relative_positions(SettingsVisitor& visitor, Settings& settings) {
  visitor.extent({.name = "window",
                  .description = "sizes of the window: a number for all axes, or one for each",
                  .required = true,
                  .shorthand = true},
                 settings.window);
  visitor.count({.name = "windows",
                 .description = "windows with the same entries, which count faster than channels"},
                settings.windows);
}

// Seen as [channels, windows, pairs of places].
Result relative_positions_at(const Settings& settings, const Shape& input) {
  if (!settings.window.is_given()) return along_axes(IndexMap::in_order(sizes_of(input)));
  require_spatial(input, "relative_positions");
  require_fit(input, "window", settings.window);
  AxisRule::Window window;
  window.fill(1);
  std::int64_t places = 1;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    const std::int64_t size = settings.window[axis];
    constexpr const char* what = "the number of places in a window";
    places = checked_product(places, size, what);
    const std::int64_t entries = checked_sum(size, size - 1, what);
    if (input.spatial(axis) != entries) {
      throw ShapeError(
          fmt::format("relative_positions reads {} entries along {}, not {}", entries,
                      axis_name(input, axis), input.spatial(axis)),
          fmt::format("places in a window of {} are -{} to {} apart", size, size - 1, size - 1));
    }
    window.at(static_cast<std::size_t>(axis)) = size;
  }
  const std::int64_t stack =
      checked_product(input.channels(), settings.windows, "the number of windows");
  IndexMap map = IndexMap::in_order(Sizes{input.channels(), 1, input.positions()});
  map.axes[1].rule = AxisRule::nearest(1, settings.windows);
  map.axes[2].rule = AxisRule::relative_places(window);
  return {Shape{stack, places, places}, std::move(map)};
}

constexpr std::array table{
    RearrangementRow{"flatten", "the sample as one vector, row by row", no_settings, flatten_at},
    RearrangementRow{"reshape", "the same scalars, row by row, with other sizes", visit_reshape,
                     reshape_at},
    RearrangementRow{"permute", "the axes of a sample in another order", visit_permute, permute_at},
    RearrangementRow{"slice", "every step-th entry of an axis, from one to another", visit_slice,
                     slice_at},
    RearrangementRow{"pad", "zeros or copies around the positions", visit_pad, pad_at},
    RearrangementRow{"channel_shuffle", "channel j groups + g is channel j of group g",
                     visit_groups, channel_shuffle_at},
    RearrangementRow{"space_to_depth",
                     "blocks of positions become channels, the place in a block counts slower",
                     visit_block,
                     [](const Settings& settings, const Shape& input) {
                       return blocks_to_channels(settings, input, Slower::block, "space_to_depth");
                     }},
    RearrangementRow{"depth_to_space", "the inverse of space_to_depth", visit_block,
                     [](const Settings& settings, const Shape& input) {
                       return channels_to_blocks(settings, input, Slower::block, "depth_to_space");
                     }},
    RearrangementRow{"pixel_unshuffle",
                     "blocks of positions become channels, the channel counts slower", visit_factor,
                     [](const Settings& settings, const Shape& input) {
                       return blocks_to_channels(settings, input, Slower::channel,
                                                 "pixel_unshuffle");
                     }},
    RearrangementRow{"pixel_shuffle", "the inverse of pixel_unshuffle", visit_factor,
                     [](const Settings& settings, const Shape& input) {
                       return channels_to_blocks(settings, input, Slower::channel, "pixel_shuffle");
                     }},
    RearrangementRow{"padded_shortcut", "every stride-th position, with channels of zeros added",
                     visit_shortcut, shortcut_at},
    RearrangementRow{"roll", "the entries of an axis, moved on in a circle", visit_roll, roll_at},
    RearrangementRow{"relative_positions",
                     "[channels, places, places] of a window, for each key and query the entry at "
                     "place of query - place of key + size - 1",
                     visit_relative_positions, relative_positions_at},
};

}  // namespace

std::span<const RearrangementRow> rearrangement_table() { return table; }

std::vector<Rearrangement> Rearrangement::prototypes() {
  std::vector<Rearrangement> all;
  all.reserve(table.size());
  for (const RearrangementRow& row : table) all.push_back({&row, {}});
  return all;
}

// Copies: nothing is multiplied.
Work Rearrangement::work(const Site& site) const {
  Work work;
  work.sparsity.map = index_map(site).copying() * Magnitude::from_count(site.batch);
  return work;
}

Parts Rearrangement::parts(const Site& site, Method /*method*/) const {
  const IndexMap map = index_map(site);
  return Part(index_map_constants({&map, 1}, keeps_positions(map, site.input(), site.output),
                                  keeps_rows(map, site.input(), site.output)));
}

}  // namespace smoothbound
