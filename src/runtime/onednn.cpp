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

memory::desc describe(const BatchShape& shape) {
  using tag = memory::format_tag;
  const std::int64_t block = shape.layout.channel_block;
  const tag format = block == 1                         ? tag::nchw
                     : block == shape.sample.channels() ? tag::nhwc
                     : block == 8                       ? tag::nChw8c
                                                        : tag::nChw16c;
  return {dimensions(shape), memory::data_type::f32, format};
}

std::optional<Layout> layout_of(const memory::desc& chosen, const BatchShape& shape) {
  BatchShape candidate = shape;
  const std::int64_t channels = shape.sample.channels();
  for (const std::int64_t block : {std::int64_t{1}, std::int64_t{8}, std::int64_t{16}, channels}) {
    if (channels % block != 0) continue;
    candidate.layout.channel_block = block;
    if (describe(candidate) == chosen) return candidate.layout;
  }
  return std::nullopt;
}

void run(const dnnl::primitive& primitive, const std::unordered_map<int, memory>& arguments) {
  primitive.execute(stream(), arguments);
  stream().wait();
}

}  // namespace smoothbound::onednn
