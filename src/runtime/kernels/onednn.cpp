#include "onednn.hpp"

namespace smoothbound::onednn {

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

}  // namespace smoothbound::onednn
