#include <fmt/format.h>

#include "layer_call.hpp"

namespace smoothbound::models::keras {
namespace {

Tensor pool(LayerCall& call, int axes, const char* component, bool is_mean) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, axes);
  // Keras 1 and 2 have other names in one dimension.
  const bool is_old = call.config.find("pool_length").has_value();
  const auto kernel = call.extent(is_old ? "pool_length" : "pool_size", axes, 2);
  const std::string_view stride_key = is_old ? "stride" : "strides";
  const auto stride = call.config.find(stride_key) ? call.extent(stride_key, axes, 1) : kernel;
  const std::string_view padding =
      call.config.text("padding", call.config.text("border_mode", "valid"));
  if (padding != "valid" && padding != "same") {
    call.refuse(fmt::format("padding '{}'", padding), "padding is 'valid' or 'same'");
  }
  std::vector<std::int64_t> sizes{shape.channels()};
  for (int axis = 0; axis < axes; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t positions = shape.spatial(axis);
    if (padding == "same") {
      sizes.push_back(ceiling_of(positions, stride[i]));
      continue;
    }
    if (kernel[i] > positions) {
      call.refuse(fmt::format("a kernel over {} positions is larger than its input, {}", kernel[i],
                              positions),
                  "use a smaller kernel, padding, or a larger input");
    }
    sizes.push_back((positions - kernel[i]) / stride[i] + 1);
  }
  std::vector<Setting> settings{{"kernel", written_extent(kernel)}};
  if (stride != kernel) settings.push_back({"stride", written_extent(stride)});
  if (padding == "same") {
    settings.push_back({"padding", "same"});
    if (is_mean) settings.push_back({"count_padding", "false"});
  }
  return call.map(input, component, std::move(settings), Shape(sizes));
}

Tensor pool_globally(LayerCall& call, int axes, const char* component) {
  const Tensor input = call.input();
  const Shape shape = call.shape(input);
  call.require_spatial(shape, axes);
  const Tensor pooled = call.map(input, component, {}, Shape{shape.channels()});
  if (!call.config.flag("keepdims", false)) return pooled;
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(shape.rank()), 1);
  sizes.front() = shape.channels();
  return call.map(pooled, "reshape", {{"sizes", yaml_list(sizes)}}, Shape(sizes));
}

template <int axes>
Tensor convert_max(LayerCall& call) {
  return pool(call, axes, "max_pool", false);
}
template <int axes>
Tensor convert_average(LayerCall& call) {
  return pool(call, axes, "average_pool", true);
}
template <int axes>
Tensor convert_global_max(LayerCall& call) {
  return pool_globally(call, axes, "global_max_pool");
}
template <int axes>
Tensor convert_global_average(LayerCall& call) {
  return pool_globally(call, axes, "global_average_pool");
}

constexpr std::array rows_of_poolings{
    LayerRow{"MaxPooling1D", convert_max<1>, "max_pool"},
    LayerRow{"MaxPooling2D", convert_max<2>, "max_pool"},
    LayerRow{"MaxPooling3D", convert_max<3>, "max_pool"},
    LayerRow{"AveragePooling1D", convert_average<1>, "average_pool"},
    LayerRow{"AveragePooling2D", convert_average<2>, "average_pool"},
    LayerRow{"AveragePooling3D", convert_average<3>, "average_pool"},
    LayerRow{"GlobalMaxPooling1D", convert_global_max<1>, "global_max_pool"},
    LayerRow{"GlobalMaxPooling2D", convert_global_max<2>, "global_max_pool"},
    LayerRow{"GlobalMaxPooling3D", convert_global_max<3>, "global_max_pool"},
    LayerRow{"GlobalAveragePooling1D", convert_global_average<1>, "global_average_pool"},
    LayerRow{"GlobalAveragePooling2D", convert_global_average<2>, "global_average_pool"},
    LayerRow{"GlobalAveragePooling3D", convert_global_average<3>, "global_average_pool"},
};

}  // namespace

std::span<const LayerRow> pooling_layers() { return rows_of_poolings; }

}  // namespace smoothbound::models::keras
