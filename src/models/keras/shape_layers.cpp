// Layers that copy and move: their arrays have the channels last, ours first.
#include <fmt/format.h>

#include <algorithm>

#include "layer_call.hpp"

namespace smoothbound::models::keras {
namespace {

// Whether the order of the scalars is the same channels first and channels last.
bool is_one_order(const Shape& shape) { return shape.channels() == 1 || shape.positions() == 1; }

// An array of ours with its scalars in the order of channels last.
Tensor with_channels_last(LayerCall& call, Tensor from) {
  const Shape shape = call.shape(from);
  if (is_one_order(shape)) return from;
  std::string axes;
  for (const std::string_view axis : axis_names(shape.rank()).subspan(1)) {
    axes += fmt::format("{}, ", axis);
  }
  return call.map(from, "permute", {{"axes", fmt::format("[{}channels]", axes)}},
                  Shape(keras_sizes(shape, false)));
}

Tensor convert_flatten(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  if (shape.rank() == 1) return input;
  // Keras 2 flattens channels last whatever the format is.
  const bool is_moved = call.building.channels_first && !call.building.is_keras_3;
  const Tensor from = is_moved ? with_channels_last(call, input) : input;
  return call.reshaped(from, {shape.elements()});
}

Tensor convert_reshape(LayerCall& call) {
  const Tensor input = call.input();
  const std::int64_t elements = call.shape(input).elements();
  const text::Value target = call.config.require("target_shape", call.layer.location);
  std::vector<std::int64_t> sizes = integers_of(target, "target_shape", -1);
  std::int64_t known = 1;
  for (const std::int64_t size : sizes) {
    if (size != -1) known = checked_product(known, size, "the size of a layer");
  }
  const auto open = std::ranges::count(sizes, -1);
  if (open > 1 || known == 0 || (open == 1 && elements % known != 0) ||
      (open == 0 && known != elements)) {
    call.refuse(fmt::format("its target shape does not hold the {} scalars of its input", elements),
                "the product of the sizes has to be that number");
  }
  std::ranges::replace(sizes, std::int64_t{-1}, elements / known);
  return call.reshaped(input, sizes);
}

// `dims` count from 1.
Tensor convert_permute(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  const text::Value dims = call.config.require("dims", call.layer.location);
  std::vector<int> from;  // our axes, in Keras' order of the output
  for (const std::int64_t dim : integers_of(dims, "dims", 1)) from.push_back(call.axis(dim, shape));
  std::vector<int> sorted = from;
  std::ranges::sort(sorted);
  if (from.size() != static_cast<std::size_t>(shape.rank()) ||
      std::ranges::adjacent_find(sorted) != sorted.end()) {
    call.refuse(fmt::format("its dims are no order of {} axes", shape.rank()),
                "name each axis once, from 1");
  }
  if (!call.building.channels_first) std::rotate(from.begin(), from.end() - 1, from.end());
  if (std::ranges::is_sorted(from)) return input;
  std::string axes;
  std::vector<std::int64_t> sizes;
  for (const int axis : from) {
    const auto i = static_cast<std::size_t>(axis);
    axes += fmt::format("{}{}", axes.empty() ? "" : ", ", axis_names(shape.rank())[i]);
    sizes.push_back(shape.sizes()[i]);
  }
  return call.map(input, "permute", {{"axes", fmt::format("[{}]", axes)}}, Shape(sizes));
}

Tensor convert_repeat(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, 0);
  const std::int64_t count = call.required_integer("n");
  const Shape column{shape.channels(), 1};
  const Tensor reshaped =
      call.map(input, "reshape", {{"sizes", yaml_list({shape.channels(), 1})}}, column);
  return call.map(reshaped, "upsample", {{"size", std::to_string(count)}},
                  Shape{shape.channels(), count});
}

struct Margins {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> behind;
};

// n, (n, m) or ((a, b), (c, d)) for several axes; n or (a, b) for one.
Margins margins_of(const LayerCall& call, std::string_view key, int axes) {
  const auto count = static_cast<std::size_t>(axes);
  Margins margins{std::vector<std::int64_t>(count, 1), std::vector<std::int64_t>(count, 1)};
  const auto value = call.config.find(key);
  if (!value) return margins;
  const auto refuse = [&] {
    call.refuse(fmt::format("'{}' is not one entry for each of {} spatial axes", key, axes),
                "write the file with model.to_json()");
  };
  const auto set = [&](std::size_t axis, const std::vector<std::int64_t>& pair) {
    if (pair.empty() || pair.size() > 2) refuse();
    margins.before[axis] = pair.front();
    margins.behind[axis] = pair.back();
  };
  if (!value->is_sequence() || axes == 1) {
    std::vector<std::int64_t> pair;
    if (value->is_sequence() && value->size() == 1) {
      pair = integers_of(*value->first_child(), key, 0);
    } else {
      pair = integers_of(*value, key, 0);
    }
    for (std::size_t axis = 0; axis < count; ++axis) set(axis, pair);
    return margins;
  }
  if (value->size() != count) refuse();
  std::size_t axis = 0;
  for (auto item = value->first_child(); item; item = item->next_sibling()) {
    set(axis++, integers_of(*item, key, 0));
  }
  return margins;
}

template <int axes>
Tensor convert_padding(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, axes);
  const Margins margins = margins_of(call, "padding", axes);
  std::vector<std::int64_t> sizes{shape.channels()};
  bool is_none = true;
  for (int axis = 0; axis < axes; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t more =
        checked_sum(margins.before[i], margins.behind[i], "the size of a layer");
    is_none = is_none && more == 0;
    sizes.push_back(checked_sum(shape.spatial(axis), more, "the size of a layer"));
  }
  if (is_none) return input;
  if (margins.before == margins.behind) {
    return call.map(input, "pad", {{"by", written_extent(margins.before)}}, Shape(sizes));
  }
  return call.map(
      input, "pad",
      {{"before", written_extent(margins.before)}, {"after", written_extent(margins.behind)}},
      Shape(sizes));
}

template <int axes>
Tensor convert_cropping(LayerCall& call) {
  Tensor result = call.input();
  const Shape shape = call.shape(result);
  call.require_spatial(shape, axes);
  const Margins margins = margins_of(call, "cropping", axes);
  std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  for (int axis = 0; axis < axes; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t whole = shape.spatial(axis);
    if (margins.before[i] >= whole || margins.behind[i] >= whole - margins.before[i]) {
      call.refuse(fmt::format("it cuts {} and {} off {} positions", margins.before[i],
                              margins.behind[i], whole),
                  "leave at least one position");
    }
    if (margins.before[i] == 0 && margins.behind[i] == 0) continue;
    const std::int64_t end = whole - margins.behind[i];
    sizes[i + 1] = end - margins.before[i];
    std::vector<Setting> settings{{"axis", std::string(axis_names(shape.rank())[i + 1])}};
    if (margins.before[i] > 0) settings.push_back({"from", std::to_string(margins.before[i])});
    if (end < whole) settings.push_back({"to", std::to_string(end)});
    result = call.map(result, "slice", std::move(settings), Shape(sizes));
  }
  return result;
}

template <int axes>
Tensor convert_upsampling(LayerCall& call) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, axes);
  const auto factor = call.extent(call.config.find("length") ? "length" : "size", axes, 2);
  const std::string_view mode = call.config.text("interpolation", "nearest");
  if (mode != "nearest" && mode != "bilinear") {
    call.refuse(fmt::format("interpolation '{}'", mode), "'nearest' and 'bilinear' are known here");
  }
  std::vector<std::int64_t> sizes{shape.channels()};
  for (int axis = 0; axis < axes; ++axis) {
    sizes.push_back(checked_product(shape.spatial(axis), factor[static_cast<std::size_t>(axis)],
                                    "the size of a layer"));
  }
  std::vector<Setting> settings{{"factor", written_extent(factor)}};
  if (mode != "nearest") settings.push_back({"mode", std::string(mode)});
  return call.map(input, "upsample", std::move(settings), Shape(sizes));
}

Tensor convert_identity(LayerCall& call) { return call.input(); }

constexpr std::array rows_of_shapes{
    LayerRow{"Flatten", convert_flatten, "permute, flatten"},
    LayerRow{"Reshape", convert_reshape, "permute, reshape"},
    LayerRow{"Permute", convert_permute, "permute"},
    LayerRow{"RepeatVector", convert_repeat, "reshape, upsample"},
    LayerRow{"ZeroPadding1D", convert_padding<1>, "pad"},
    LayerRow{"ZeroPadding2D", convert_padding<2>, "pad"},
    LayerRow{"ZeroPadding3D", convert_padding<3>, "pad"},
    LayerRow{"Cropping1D", convert_cropping<1>, "slice"},
    LayerRow{"Cropping2D", convert_cropping<2>, "slice"},
    LayerRow{"Cropping3D", convert_cropping<3>, "slice"},
    LayerRow{"UpSampling1D", convert_upsampling<1>, "upsample"},
    LayerRow{"UpSampling2D", convert_upsampling<2>, "upsample"},
    LayerRow{"UpSampling3D", convert_upsampling<3>, "upsample"},
    LayerRow{"Dropout", convert_identity, "nothing"},
    LayerRow{"SpatialDropout1D", convert_identity, "nothing"},
    LayerRow{"SpatialDropout2D", convert_identity, "nothing"},
    LayerRow{"SpatialDropout3D", convert_identity, "nothing"},
    LayerRow{"GaussianDropout", convert_identity, "nothing"},
    LayerRow{"AlphaDropout", convert_identity, "nothing"},
    LayerRow{"GaussianNoise", convert_identity, "nothing"},
    LayerRow{"ActivityRegularization", convert_identity, "nothing"},
    LayerRow{"Identity", convert_identity, "nothing"},
    LayerRow{"RandomFlip", convert_identity, "nothing"},
    LayerRow{"RandomRotation", convert_identity, "nothing"},
    LayerRow{"RandomZoom", convert_identity, "nothing"},
    LayerRow{"RandomTranslation", convert_identity, "nothing"},
    LayerRow{"RandomContrast", convert_identity, "nothing"},
    LayerRow{"RandomBrightness", convert_identity, "nothing"},
};

}  // namespace

Tensor LayerCall::reshaped(Tensor from, const std::vector<std::int64_t>& sizes) {
  const Shape source = shape(from);
  const Shape target = shape_of(sizes, building.channels_first);
  const auto as_list = [](const Shape& shape) {
    return yaml_list({shape.sizes().begin(), shape.sizes().end()});
  };
  const auto to = [&](Tensor tensor, const Shape& result) {
    if (shape(tensor) == result) return tensor;
    if (result.rank() == 1) return map(tensor, "flatten", {}, result);
    return map(tensor, "reshape", {{"sizes", as_list(result)}}, result);
  };
  if (building.channels_first) return to(from, target);
  if (!from.is_as_in_keras && source.channels() == target.channels()) return to(from, target);
  const Tensor tensor = from.is_as_in_keras ? from : with_channels_last(*this, from);
  if (is_one_order(target)) return to(tensor, target);
  const Tensor reshaped = to(tensor, Shape(sizes));
  const auto names = axis_names(target.rank());
  std::string axes(names.back());
  for (const std::string_view axis : names.first(names.size() - 1)) {
    axes += fmt::format(", {}", axis);
  }
  return map(reshaped, "permute", {{"axes", fmt::format("[{}]", axes)}}, target);
}

std::span<const LayerRow> shape_layers() { return rows_of_shapes; }

}  // namespace smoothbound::models::keras
