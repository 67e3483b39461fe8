#include "onednn.hpp"

#include <utility>
#include <vector>

#include "array.hpp"

namespace smoothbound::kernels::onednn {

using dnnl::memory;

dnnl::engine& engine() {
  static dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

dnnl::stream& stream() {
  static dnnl::stream instance(engine());
  return instance;
}

memory::dims dimensions(const BatchShape& shape) {
  const Shape& s = shape.sample;
  const std::int64_t height = s.spatial_rank() == 2 ? s.spatial(0) : 1;
  const std::int64_t width = s.spatial_rank() == 0 ? 1 : s.spatial(s.spatial_rank() - 1);
  return {shape.batch, s.channels(), height, width};
}

std::optional<Layout> layout_of(const memory::desc& chosen, const BatchShape& shape) {
  using tag = memory::format_tag;
  const std::int64_t channels = shape.sample.channels();
  const auto is = [&](tag format) {
    return chosen == memory::desc(dimensions(shape), memory::data_type::f32, format);
  };
  if (is(tag::nchw)) return plain_layout;
  if (is(tag::nhwc)) return Layout{channels};
  for (const auto& [format, block] : {std::pair{tag::nChw8c, 8}, std::pair{tag::nChw16c, 16}}) {
    if (channels % block == 0 && is(format)) return Layout{block};
  }
  return std::nullopt;
}

void run(const dnnl::primitive& primitive, const std::unordered_map<int, memory>& arguments) {
  primitive.execute(stream(), arguments);
  stream().wait();
}

#if DNNL_VERSION_MAJOR >= 3
namespace {

std::vector<std::int64_t> places_along(int axis, const memory::desc& layout) {
  const memory::dims blocks = layout.get_inner_blks();
  const memory::dims axes = layout.get_inner_idxs();
  const std::int64_t size_of_axis = layout.get_dims()[static_cast<std::size_t>(axis)];
  const std::int64_t stride_of_rest = layout.get_strides()[static_cast<std::size_t>(axis)];
  std::vector<std::int64_t> places;
  for (std::int64_t i = 0; i < size_of_axis; ++i) {
    std::int64_t place = 0;
    std::int64_t rest = i;
    std::int64_t stride = 1;
    for (std::size_t block = blocks.size(); block-- > 0;) {
      const std::int64_t size = blocks[block];
      if (axes[block] == axis) {
        place += rest % size * stride;
        rest /= size;
      }
      stride *= size;
    }
    places.push_back(place + rest * stride_of_rest);
  }
  return places;
}

}  // namespace

bool pack_padded(const float* dense, const memory::desc& layout, float* packed) {
  if (layout.get_padded_dims() == layout.get_dims()) return false;
  // The place of a scalar is a sum over the axes; those behind the first are added up once.
  const std::vector<std::int64_t> rows = places_along(0, layout);
  std::vector<std::int64_t> in_row{0};
  for (int axis = 1; axis < layout.get_ndims(); ++axis) {
    const std::vector<std::int64_t> next = places_along(axis, layout);
    std::vector<std::int64_t> sums;
    sums.reserve(in_row.size() * next.size());
    for (const std::int64_t place : in_row) {
      for (const std::int64_t step : next) sums.push_back(place + step);
    }
    in_row = std::move(sums);
  }
  fill(packed, static_cast<std::int64_t>(layout.get_size() / sizeof(float)), 0.0F);
  const auto columns = static_cast<std::int64_t>(in_row.size());
  const auto count = static_cast<std::int64_t>(rows.size());
  parallel_for(count, array_grain / columns + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* from = dense + row * columns;
      float* const to = packed + rows[static_cast<std::size_t>(row)];
      for (const std::int64_t place : in_row) to[place] = *from++;
    }
  });
  return true;
}
#endif

}  // namespace smoothbound::kernels::onednn
