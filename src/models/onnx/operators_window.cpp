// Poolings, means over axes, resizing, blocks of positions.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "padding.hpp"
#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

bool is_one_everywhere(const Sizes& sizes) {
  return std::ranges::all_of(sizes, [](std::int64_t size) { return size == 1; });
}

// How many windows there are: with a last one that hangs over the end, if that begins inside or in
// the padding in front (PyTorch's rule).
std::int64_t hanging_windows(std::int64_t size, std::int64_t before, std::int64_t after,
                             std::int64_t kernel, std::int64_t stride) {
  std::int64_t count =
      ceiling_of(std::max<std::int64_t>(size + before + after - kernel, 0), stride) + 1;
  if ((count - 1) * stride >= size + before) --count;
  return count;
}

struct Pooling {
  Sizes kernel;
  Sizes stride;
  Padding padding;
  bool ceil = false;  // whether that matters
  Sizes windows;      // along each axis
};

Pooling pooling_of(const Node& node, const Shape& input) {
  const auto rank = static_cast<std::size_t>(input.spatial_rank());
  Pooling pooling;
  pooling.kernel = per_axis(node, "kernel_shape", rank, 1);
  pooling.stride = per_axis(node, "strides", rank, 1);
  const Sizes dilation = per_axis(node, "dilations", rank, 1);
  if (!is_one_everywhere(dilation)) {
    refuse(fmt::format("dilations are [{}]", fmt::join(dilation, ", ")),
           "poolings take neighbouring positions");
  }
  pooling.padding = padding_of(node, input, pooling.kernel, pooling.stride, dilation);
  const bool asks_ceil = node.integer("ceil_mode", 0) != 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t size = input.spatial(static_cast<int>(axis));
    const std::int64_t before = pooling.padding.before[axis];
    const std::int64_t after = pooling.padding.after[axis];
    const std::int64_t kernel = pooling.kernel[axis];
    std::int64_t count = windows_along(std::max(size + before + after, asks_ceil ? kernel : 0),
                                       kernel, pooling.stride[axis]);
    if (asks_ceil) {
      const std::int64_t all = hanging_windows(size, before, after, kernel, pooling.stride[axis]);
      pooling.ceil = pooling.ceil || all != count;
      count = all;
    }
    pooling.windows.push_back(count);
  }
  return pooling;
}

StepId add_pool(Translator& translator, const Node& node, StepId input, std::string component,
                const Pooling& pooling, const Sizes& windows, bool ceil,
                std::vector<Setting> more) {
  std::vector<Setting> settings{{"kernel", extent_text(pooling.kernel)}};
  if (pooling.stride != pooling.kernel) {
    settings.push_back({"stride", extent_text(pooling.stride)});
  }
  if (!pooling.padding.is_zero()) {
    settings.push_back({"padding", extent_text(pooling.padding.before)});
  }
  if (ceil) settings.push_back({"ceil", "true"});
  settings.insert(settings.end(), more.begin(), more.end());
  Sizes sizes{translator.network().shape(input).channels()};
  sizes.insert(sizes.end(), windows.begin(), windows.end());
  return translator.map(input, std::move(component), std::move(settings), shape_of(sizes), node);
}

// A pooling that looks at real positions only: paddings that differ in front and behind only say
// how many windows there are, and where the first one begins. As many as with that padding on both
// sides, with or without one that hangs over, or with a padding wider by a stride and the first
// windows left out; those behind, where these are too many, too.
StepId pool_real_positions(Translator& translator, const Node& node, StepId input,
                           const std::string& component, Pooling pooling,
                           const std::vector<Setting>& more) {
  const Shape shape = translator.network().shape(input);
  const std::size_t rank = pooling.kernel.size();
  const Padding asked = pooling.padding;
  for (const std::int64_t left_out : {0, 1}) {
    for (const bool ceil : {false, true}) {
      Sizes windows;
      bool is_enough = true;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        const std::int64_t size = shape.spatial(static_cast<int>(axis));
        const std::int64_t kernel = pooling.kernel[axis];
        const std::int64_t stride = pooling.stride[axis];
        const std::int64_t padding = asked.before[axis] + left_out * stride;
        const std::int64_t count =
            ceil ? hanging_windows(size, padding, padding, kernel, stride)
                 : (size + 2 * padding < kernel ? 0 : (size + 2 * padding - kernel) / stride + 1);
        is_enough = is_enough && count >= pooling.windows[axis] + left_out && padding < kernel;
        windows.push_back(count);
        pooling.padding.before[axis] = padding;
      }
      if (!is_enough) continue;
      pooling.padding.after = pooling.padding.before;
      StepId step = add_pool(translator, node, input, component, pooling, windows, ceil, more);
      for (std::size_t axis = 0; axis < rank; ++axis) {
        if (windows[axis] == pooling.windows[axis]) continue;
        windows[axis] = pooling.windows[axis];
        Sizes sizes{shape.channels()};
        sizes.insert(sizes.end(), windows.begin(), windows.end());
        std::vector<Setting> part{{"axis", axis_word(axis + 1, static_cast<int>(rank) + 1)}};
        if (left_out != 0) part.push_back({"from", std::to_string(left_out)});
        part.push_back({"to", std::to_string(left_out + windows[axis])});
        step = translator.map(step, "slice", std::move(part), shape_of(sizes), node);
      }
      return step;
    }
  }
  refuse(fmt::format("pads [{}] in front and [{}] behind leave windows without a position",
                     fmt::join(asked.before, ", "), fmt::join(asked.after, ", ")),
         "pad less than a window is wide");
}

SpatialInput pool_input(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  if (x.rank() < 3)
    refuse("a pooling without axes of positions", "it reads [batch, channels, positions...]");
  return spatial_input(translator, node, x, x.rank() - 2);
}

void set_pooled(Translator& translator, const Node& node, StepId step, const Shape& input,
                const Sizes& windows) {
  Sizes sizes{input.channels()};
  sizes.insert(sizes.end(), windows.begin(), windows.end());
  translator.set(node, 0, of_sample(step, sizes));
}

void translate_max_pool(Translator& translator, const Node& node) {
  const SpatialInput input = pool_input(translator, node);
  const Pooling pooling = pooling_of(node, input.shape);
  const StepId step = pool_real_positions(translator, node, input.step, "max_pool", pooling, {});
  set_pooled(translator, node, step, input.shape, pooling.windows);
}

void translate_average_pool(Translator& translator, const Node& node) {
  const SpatialInput input = pool_input(translator, node);
  Pooling pooling = pooling_of(node, input.shape);
  StepId step = input.step;
  const bool counts = node.integer("count_include_pad", 0) != 0;
  if (pooling.padding.is_zero() && !pooling.ceil) {
    step = add_pool(translator, node, step, "average_pool", pooling, pooling.windows, false, {});
  } else if (!counts) {
    step = pool_real_positions(translator, node, step, "average_pool", pooling,
                               {{"count_padding", "false"}});
  } else if (pooling.padding.is_symmetric()) {
    step = add_pool(translator, node, step, "average_pool", pooling, pooling.windows, pooling.ceil,
                    {});
  } else {
    std::vector<Setting> none;
    step = padded(translator, node, step, pooling.padding, none);
    pooling.padding = {Sizes(pooling.kernel.size(), 0), Sizes(pooling.kernel.size(), 0)};
    step = add_pool(translator, node, step, "average_pool", pooling, pooling.windows, pooling.ceil,
                    {});
  }
  set_pooled(translator, node, step, input.shape, pooling.windows);
}

void translate_global_pool(Translator& translator, const Node& node, const char* component) {
  const SpatialInput input = pool_input(translator, node);
  const Sizes channels{input.shape.channels()};
  const StepId step = translator.map(input.step, component, {}, shape_of(channels), node);
  Sizes sizes(translator.require_view(node, 0).rank(), 1);
  sizes[1] = channels[0];
  translator.set(node, 0, in_order(step, sizes, 0));
}

void translate_global_average(Translator& translator, const Node& node) {
  translate_global_pool(translator, node, "global_average_pool");
}
void translate_global_max(Translator& translator, const Node& node) {
  translate_global_pool(translator, node, "global_max_pool");
}

// Over some axes of an array: those that stay are channels of a step, the others its positions.
void translate_reduction(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Sizes named = axes_of(node, translator.optional_constant(node, 1, "the axes"));
  const bool keeps = node.integer("keepdims", 1) != 0;
  std::vector<bool> goes(x.rank(), named.empty());
  for (const std::int64_t axis : named) goes[axis_within(axis, x.rank())] = true;
  if (named.empty() && node.integer("noop_with_empty_axes", 0) != 0) {
    return translator.set(node, 0, x);
  }
  if (x.batch >= 0 && goes[static_cast<std::size_t>(x.batch)]) {
    refuse("it goes over the batch, so that samples depend on each other",
           "export the network without its loss");
  }
  AxisList order;
  Sizes kept;
  std::int64_t channels = 1;
  std::int64_t count = 1;
  View where = x;  // the batch
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (!goes[axis]) {
      if (x.holds_batch(axis)) where.batch = static_cast<int>(kept.size());
      order.push_back(axis);
      channels *= x.sizes[axis];
      kept.push_back(x.sizes[axis]);
    } else if (keeps) {
      kept.push_back(1);
    }
  }
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (!goes[axis]) continue;
    order.push_back(axis);
    count *= x.sizes[axis];
  }
  // Images as such, where they lie so.
  const Shape& own = translator.network().shape(x.step);
  const bool lies_so = own.rank() > 1 && own.channels() == channels && x.is_in_order() &&
                       std::ranges::is_sorted(order);
  StepId step = lies_so ? x.step : translator.arranged(x, order, shape_of({channels, count}), node);
  const bool is_max = node.operation == "ReduceMax";
  step = translator.map(step, is_max ? "global_max_pool" : "global_average_pool", {},
                        shape_of({channels}), node);
  if (node.operation == "ReduceSum") {
    step = translator.map(step, "scale", {{"", std::to_string(count)}}, shape_of({channels}), node);
  }
  View result = in_order(step, kept, View::nowhere);
  result.take_batch(where);
  translator.set(node, 0, std::move(result));
}

// What an output size stands for: sizes along the axes of positions.
Sizes resized_sizes(Translator& translator, const Node& node, const View& x) {
  const bool is_upsample = node.operation == "Upsample";
  const bool is_old = translator.graph().opset < 11;
  const Constant* scales =
      translator.optional_constant(node, is_upsample || is_old ? 1 : 2, "the scales");
  const Constant* const given =
      is_upsample || is_old ? nullptr : translator.optional_constant(node, 3, "the sizes");
  std::vector<double> factors;
  if (scales != nullptr) factors = scales->values();
  if (const Attribute* const old = node.find("scales"); old != nullptr) {
    factors.assign(old->reals.begin(), old->reals.end());
  }
  Sizes sizes = x.sizes;
  const Sizes named = node.integers("axes");
  const auto axis_at = [&](std::size_t i) {
    return named.empty() ? i : axis_within(named[i], x.rank());
  };
  const auto fits = [&](std::size_t count) {
    return count <= x.rank() && (named.empty() || count == named.size());
  };
  if (given != nullptr && given->elements() > 0) {
    const Sizes asked = given->integers();
    if (!fits(asked.size())) {
      refuse(fmt::format("{} sizes for other axes", asked.size()), "is the file complete?");
    }
    if (const auto policy = node.text("keep_aspect_ratio_policy", "stretch"); policy != "stretch") {
      refuse(fmt::format("keep_aspect_ratio_policy is '{}'", policy), "export it as stretch");
    }
    for (std::size_t i = 0; i < asked.size(); ++i) sizes[axis_at(i)] = asked[i];
    const auto batch = static_cast<std::size_t>(x.batch);
    if (x.batch >= 0 && translator.batch() != 1) sizes[batch] = x.sizes[batch];
    return sizes;
  }
  if (factors.empty() || !fits(factors.size())) {
    refuse("neither scales nor sizes are known", "export it with fixed ones");
  }
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const std::size_t axis = axis_at(i);
    const double wanted = static_cast<double>(x.sizes[axis]) * factors[i];
    if (!(wanted >= 1 && wanted < 0x1p40))
      refuse("a factor that leaves no position", "is the file complete?");
    sizes[axis] = static_cast<std::int64_t>(wanted);
    const double exact = static_cast<double>(sizes[axis]) / static_cast<double>(x.sizes[axis]);
    if (sizes[axis] != x.sizes[axis] && std::abs(exact - factors[i]) > 1e-6 * factors[i]) {
      refuse(fmt::format("a factor of {} for {} positions", factors[i], x.sizes[axis]),
             "export it with sizes, or a factor that gives a whole number of positions");
    }
  }
  return sizes;
}

// Whether nearest entries are floor(o input / output): what this place does to whole factors, too.
bool takes_floor(const Node& node, const View& x, const Sizes& sizes, bool is_old) {
  if (is_old) return true;
  const std::string_view place = node.text("coordinate_transformation_mode", "half_pixel");
  const std::string_view rounding = node.text("nearest_mode", "round_prefer_floor");
  if (place == "asymmetric" && rounding == "floor") return true;
  bool whole = true;  // factors
  for (std::size_t axis = 0; axis < sizes.size(); ++axis)
    whole = whole && sizes[axis] % x.sizes[axis] == 0;
  return whole && (place == "half_pixel" || place == "pytorch_half_pixel") &&
         (rounding == "round_prefer_floor" || rounding == "round_prefer_ceil");
}

void translate_resize(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const Sizes sizes = resized_sizes(translator, node, x);
  if (sizes == x.sizes) return translator.set(node, 0, x);
  if (x.rank() < 3 || sizes[0] != x.sizes[0] || sizes[1] != x.sizes[1]) {
    refuse(fmt::format("[{}] becomes [{}]", fmt::join(x.sizes, ", "), fmt::join(sizes, ", ")),
           "positions can be resized, no channels");
  }
  const std::string_view mode = node.text("mode", "nearest");
  const bool is_old = node.operation == "Upsample" || translator.graph().opset < 11;
  const std::string_view place = node.text("coordinate_transformation_mode", "half_pixel");
  std::vector<Setting> settings{{"size", extent_text({sizes.begin() + 2, sizes.end()})}};
  if (sizes.size() > 3 && settings[0].value.front() != '[') {
    settings[0].value = yaml_list({sizes.begin() + 2, sizes.end()});
  }
  if (mode == "nearest") {
    if (!takes_floor(node, x, sizes, is_old)) {
      refuse(fmt::format("nearest positions by '{}' and '{}'", place,
                         node.text("nearest_mode", "round_prefer_floor")),
             "asymmetric and floor, or a whole factor");
    }
  } else if (mode == "linear") {
    bool grows = true;
    for (std::size_t axis = 0; axis < sizes.size(); ++axis)
      grows = grows && sizes[axis] >= x.sizes[axis];
    const bool has_one =
        std::ranges::any_of(sizes.begin() + 2, sizes.end(), [](auto size) { return size == 1; });
    settings.push_back({"mode", "bilinear"});
    if (place == "align_corners" && !is_old) {
      settings.push_back({"align_corners", "true"});
    } else if (is_old || (place != "half_pixel" && (place != "pytorch_half_pixel" || has_one))) {
      refuse(fmt::format("linear interpolation with places by '{}'", is_old ? "asymmetric" : place),
             "export it with opset 11 or later, as half_pixel or align_corners");
    }
    if (node.integer("antialias", 0) != 0 && !grows) {
      refuse("antialias of what shrinks", "export it without");
    }
  } else {
    refuse(fmt::format("mode is '{}'", mode), "nearest and linear are understood");
  }
  const SpatialInput input = spatial_input(translator, node, x, x.rank() - 2);
  const StepId step = translator.map(input.step, "upsample", settings,
                                     shape_of({sizes.begin() + 1, sizes.end()}), node);
  translator.set(node, 0, of_sample(step, {sizes.begin() + 1, sizes.end()}));
}

void translate_blocks(Translator& translator, const Node& node) {
  const View& x = translator.require_view(node, 0);
  const std::int64_t block = node.integer("blocksize", 1);
  const bool to_depth = node.operation == "SpaceToDepth";
  const SpatialInput input = spatial_input(translator, node, x, 2);
  const std::int64_t channels = input.shape.channels();
  const std::int64_t height = input.shape.spatial(0);
  const std::int64_t width = input.shape.spatial(1);
  const bool fits =
      block >= 1 && (to_depth ? height % block == 0 && width % block == 0
                              : channels % block == 0 && channels / block % block == 0);
  if (!fits) {
    refuse(fmt::format("blocks of {} in {}", block, input.shape.to_text()),
           "is the file complete?");
  }
  const bool is_shuffle = node.text("mode", "DCR") == "CRD";
  const Sizes sizes = to_depth ? Sizes{channels * block * block, height / block, width / block}
                               : Sizes{channels / block / block, height * block, width * block};
  const char* const component = to_depth     ? "space_to_depth"
                                : is_shuffle ? "pixel_shuffle"
                                             : "depth_to_space";
  const StepId step =
      translator.map(input.step, component, {{"", std::to_string(block)}}, shape_of(sizes), node);
  translator.set(node, 0, of_sample(step, sizes));
}

}  // namespace

std::vector<Operator> window_operators() {
  return {
      {"MaxPool", "max_pool", translate_max_pool},
      {"AveragePool", "average_pool", translate_average_pool},
      {"GlobalAveragePool", "global_average_pool", translate_global_average},
      {"GlobalMaxPool", "global_max_pool", translate_global_max},
      {"ReduceMean", "global_average_pool of the axes", translate_reduction},
      {"ReduceSum", "global_average_pool and scale", translate_reduction},
      {"ReduceMax", "global_max_pool of the axes", translate_reduction},
      {"Resize", "upsample", translate_resize},
      {"Upsample", "upsample", translate_resize},
      {"SpaceToDepth", "space_to_depth", translate_blocks, true},
      {"DepthToSpace", "depth_to_space or pixel_shuffle", translate_blocks, true},
  };
}

}  // namespace smoothbound::models::onnx
