// Operators that add numbers around others, and those that take blocks of positions for channels.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "layout.hpp"
#include "padding.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

// In front of each axis of an array, then behind each.
Sizes pads_of(Translator& translator, const Node& node, const View& x) {
  Sizes pads = node.inputs.size() > 1 ? translator.require_constant(node, 1, "the pads").integers()
                                      : node.integers("pads");
  if (pads.empty()) pads = node.integers("paddings");
  Sizes all = pads;
  const Constant* const named = translator.optional_constant(node, 3, "the axes");
  const Sizes axes = named != nullptr ? named->integers() : Sizes{};
  if (!axes.empty()) all.assign(2 * x.rank(), 0);
  for (std::size_t i = 0; i < axes.size() && pads.size() == 2 * axes.size(); ++i) {
    const std::size_t axis = axis_within(axes[i], x.rank());
    all[axis] = pads[i];
    all[axis + x.rank()] = pads[i + axes.size()];
  }
  const bool is_huge = std::ranges::any_of(
      all, [](std::int64_t pad) { return pad < -most_padding || pad > most_padding; });
  if (all.size() != 2 * x.rank() || (!axes.empty() && pads.size() != 2 * axes.size()) || is_huge)
    refuse(fmt::format("pads are [{}], of an array [{}]", fmt::join(pads, ", "),
                       fmt::join(x.sizes, ", ")),
           "one in front for each axis, then one behind");
  return all;
}

// What is added: the setting `mode`, or zeros.
std::vector<Setting> pad_mode(Translator& translator, const Node& node, bool pads_at_all) {
  const std::string_view mode = node.text("mode", "constant");
  if (mode == "reflect") return {{"mode", "reflect"}};
  if (mode == "edge") return {{"mode", "replicate"}};
  if (mode == "wrap") return {{"mode", "circular"}};
  if (mode != "constant") {
    refuse(fmt::format("mode is '{}'", mode), "constant, reflect, edge and wrap are understood");
  }
  double value = node.real("value", 0);
  if (const Constant* const given = translator.optional_constant(node, 2, "the value");
      given != nullptr && given->elements() == 1)
    value = given->values()[0];
  if (value != 0 && pads_at_all) {
    refuse(fmt::format("it pads with {}", value),
           "the catalogue pads with zeros, or by reflect, edge and wrap");
  }
  return {};
}

// Pads below 0 take away; they become 0.
View without_negative_pads(Translator& translator, const Node& node, View x, Sizes& all) {
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    std::int64_t& before = all[axis];
    std::int64_t& after = all[axis + x.rank()];
    if (before >= 0 && after >= 0) continue;
    const std::int64_t from = std::max<std::int64_t>(-before, 0);
    const std::int64_t count = x.sizes[axis] - from - std::max<std::int64_t>(-after, 0);
    x = sliced(translator, node, x, axis, {from, 1, count});
    before = std::max<std::int64_t>(before, 0);
    after = std::max<std::int64_t>(after, 0);
  }
  return x;
}

void translate_pad(Translator& translator, const Node& node) {
  View x = translator.require_view(node, 0);
  Sizes all = pads_of(translator, node, x);
  const bool pads_at_all = std::ranges::any_of(all, [](std::int64_t pad) { return pad > 0; });
  const std::vector<Setting> more = pad_mode(translator, node, pads_at_all);
  x = without_negative_pads(translator, node, std::move(x), all);
  // All positions at once, where only they are padded.
  const bool is_spatial = x.rank() > 2 && x.rank() < 6 && x.sizes[0] == 1 &&
                          all[0] + all[1] + all[x.rank()] + all[x.rank() + 1] == 0;
  if (is_spatial && std::ranges::any_of(all, [](std::int64_t pad) { return pad > 0; })) {
    const SpatialInput input = spatial_input(translator, node, x, x.rank() - 2);
    const Sizes front(all.begin() + 2, all.begin() + static_cast<std::ptrdiff_t>(x.rank()));
    const Sizes behind(all.begin() + static_cast<std::ptrdiff_t>(x.rank()) + 2, all.end());
    Sizes sizes{input.shape.channels()};
    for (std::size_t axis = 0; axis < front.size(); ++axis) {
      sizes.push_back(checked_sum(input.shape.spatial(static_cast<int>(axis)),
                                  checked_sum(front[axis], behind[axis], "a size"), "a size"));
    }
    std::vector<Setting> settings{{"before", extent_text(front)}, {"after", extent_text(behind)}};
    if (front == behind) settings = {{"by", extent_text(front)}};
    settings.insert(settings.end(), more.begin(), more.end());
    const StepId step = translator.map(input.step, "pad", settings, shape_of(sizes), node);
    return translator.set(node, 0, of_sample(step, sizes));
  }
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    const std::int64_t before = all[axis];
    const std::int64_t after = all[axis + x.rank()];
    if (before == 0 && after == 0) continue;
    if (x.holds_batch(axis)) refuse("it adds samples", "export the network for each sample");
    // [outer, axis, inner]: the axis as the height of images of width `inner`.
    const std::int64_t size = x.sizes[axis];
    const std::int64_t inner = size == 1 ? x.elements() : x.strides[axis];
    const std::int64_t outer = x.elements() / size / inner;
    const Shape seen = shape_of({outer, size, inner});
    StepId step = x.step;
    if (translator.network().shape(step) != seen) {
      step = translator.map(step, "reshape", {{"", yaml_list({outer, size, inner})}}, seen, node);
    }
    const std::int64_t all_entries =
        checked_sum(size, checked_sum(before, after, "a size"), "a size");
    std::vector<Setting> settings{{"before", yaml_list({before, 0})},
                                  {"after", yaml_list({after, 0})}};
    settings.insert(settings.end(), more.begin(), more.end());
    step = translator.map(step, "pad", settings, shape_of({outer, all_entries, inner}), node);
    x = resized(x, axis, all_entries, step);
  }
  translator.set(node, 0, std::move(x));
}

}  // namespace

std::vector<Operator> pad_operators() {
  return {
      {"Pad", "pad", translate_pad, true},
  };
}

}  // namespace smoothbound::models::onnx
