#include <algorithm>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "bilinear.hpp"
#include "conv.hpp"
#include "onednn.hpp"

namespace smoothbound::kernels {
namespace {

using dnnl::memory;
using Forward = dnnl::convolution_forward;
using BackwardData = dnnl::convolution_backward_data;
using BackwardWeights = dnnl::convolution_backward_weights;

constexpr auto direct = dnnl::algorithm::convolution_direct;

// A primitive with its memory objects, made once; the data come with each call.
class Primitive {
 public:
  Primitive() = default;
  Primitive(dnnl::primitive primitive, const std::unordered_map<int, memory::desc>& arguments)
      : primitive_(std::move(primitive)) {
    for (const auto& [argument, description] : arguments) {
      memories_.emplace(argument, memory(description, onednn::engine(), nullptr));
    }
  }
  [[nodiscard]] bool is_made() const { return !memories_.empty(); }
  /// oneDNN takes inputs, too, as pointers to what is not const.
  void set(int argument, const float* data) {
    memories_.at(argument).set_data_handle(const_cast<float*>(data));  // NOLINT
  }
  void run() const { onednn::run(primitive_, memories_); }

 private:
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> memories_;
};

Primitive reorder(const memory::desc& from, const memory::desc& to, bool accumulate) {
  dnnl::primitive_attr attributes;
  if (accumulate) {
    dnnl::post_ops sum;
    sum.append_sum();
    attributes.set_post_ops(sum);
  }
  const dnnl::reorder::primitive_desc description(onednn::engine(), from, onednn::engine(), to,
                                                  attributes);
  return {dnnl::reorder(description), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}};
}

std::int64_t floats(const memory::desc& description) {
  constexpr std::int64_t alignment = 16;  // parts of a buffer begin at cache lines
  const auto size = static_cast<std::int64_t>(description.get_size() / sizeof(float));
  return (size + alignment - 1) / alignment * alignment;
}

// Along one or two axes.
class OneDnnConvKernel final : public BilinearKernel<float> {
 public:
  explicit OneDnnConvKernel(const ConvGeometry& geometry)
      : g_(geometry),
        input_{g_.input, g_.batch, {}},
        output_{g_.output, g_.batch, {}},
        no_bias_(static_cast<std::size_t>(g_.output.channels())) {
    const AxisWindow& rows = g_.axes[1];
    const AxisWindow& columns = g_.axes[2];
    strides_ = {rows.stride, columns.stride};
    dilations_ = {rows.dilation - 1, columns.dilation - 1};
    pad_before_ = {rows.pad_before, columns.pad_before};
    pad_after_ = {rows.pad_after(), columns.pad_after()};
    weight_sizes_ = {g_.output.channels(), g_.channels_of_group(), rows.kernel, columns.kernel};
    memory::format_tag plain = memory::format_tag::oihw;
    if (g_.groups > 1) {
      weight_sizes_.front() /= g_.groups;
      weight_sizes_.insert(weight_sizes_.begin(), g_.groups);
      plain = memory::format_tag::goihw;
    }
    plain_weights_ = {weight_sizes_, memory::data_type::f32, plain};
    bias_ = {{g_.output.channels()}, memory::data_type::f32, memory::format_tag::x};
  }

  // The library chooses the layouts. Where it would pad channels, or has only its slow reference
  // code, channels last or plain on both sides is tried: none of them needs padding.
  Layout plan(std::span<Layout> inputs, Purpose purpose) override {
    using tag = memory::format_tag;
    derivatives_ = purpose == Purpose::derivatives;
    const auto as = [&](const BatchShape& shape, tag format) {
      return memory::desc(onednn::dimensions(shape), memory::data_type::f32, format);
    };
    bool settled = false;
    for (const tag format : {tag::any, tag::nhwc, tag::nchw}) {
      settled = try_layouts(as(input_, format), as(output_, format), false);
      if (settled) break;
    }
    if (!settled) try_layouts(as(input_, tag::nchw), as(output_, tag::nchw), true);
    inputs[0] = input_.layout;
    return output_.layout;
  }

  [[nodiscard]] std::vector<ParameterShape> parameters() const override { return g_.parameters(); }

  [[nodiscard]] std::int64_t packed_elements() const override {
    return floats(forward_weights_) + floats(bias_) +
           (derivatives_ ? floats(backward_data_description_.weights_desc()) : 0);
  }
  void pack(const float* v, float* packed) const override {
    pack_weights(v, forward_weights_, packed);
    float* const bias = packed + floats(forward_weights_);
    if (g_.bias) {
      copy(v + g_.weights(), g_.output.channels(), bias);
    } else {
      fill(bias, g_.output.channels(), 0.0F);
    }
    if (derivatives_) {
      pack_weights(v, backward_data_description_.weights_desc(), bias + floats(bias_));
    }
  }

  [[nodiscard]] std::int64_t scratch_elements() const override {
    if (!derivatives_) return 0;
    return std::max(floats(backward_data_description_.diff_src_desc()),
                    floats(backward_weights_description_.diff_weights_desc()) + floats(bias_));
  }

  // Where a vector instruction does it at the end of the same sums.
  bool fuse(const Kernel<float>& next) override {
    const std::optional<float> slope = next.slope_below();
    if (!slope || has_scalar_ends(forward_description_)) return false;
    dnnl::post_ops rectify;
    onednn::append_relu(rectify, *slope);
    try {
      Forward::primitive_desc fused =
          forward_description(source_, target_, forward_weights_, rectify);
      if (name_of(fused) != name_of(forward_description_)) return false;
      fused_description_ = std::move(fused);
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }
  void forward(const Point<float>& at, float* y) override {
    if (!fused_description_) return BilinearKernel::forward(at, y);
    if (!fused_.is_made()) fused_ = make_forward(*fused_description_);
    run_forward(fused_, at.z[0], at.v, true, y);
  }

 protected:
  void apply(const float* z, const float* packed, bool with_bias, bool accumulate, float* y,
             float* /*scratch*/) override {
    Primitive& forward = forward_[accumulate ? 1 : 0];
    if (!forward.is_made()) {
      dnnl::post_ops sum;
      sum.append_sum();
      // What adds has to read the weights that are packed already.
      forward =
          make_forward(accumulate ? forward_description(source_, target_, forward_weights_, sum)
                                  : forward_description_);
    }
    run_forward(forward, z, packed, with_bias, y);
  }

  void apply_transposed(const float* y_bar, const float* packed, bool accumulate, float* z_bar,
                        float* scratch) override {
    const memory::desc result = backward_data_description_.diff_src_desc();
    const memory::desc wanted = source_;
    if (!backward_data_.is_made()) {
      backward_data_ = {BackwardData(backward_data_description_),
                        {{DNNL_ARG_DIFF_DST, target_},
                         {DNNL_ARG_WEIGHTS, backward_data_description_.weights_desc()},
                         {DNNL_ARG_DIFF_SRC, result}}};
      for (const bool sum : {false, true})
        input_reorder_[sum ? 1 : 0] = reorder(result, wanted, sum);
    }
    const bool straight = !accumulate && result == wanted;
    backward_data_.set(DNNL_ARG_DIFF_DST, y_bar);
    backward_data_.set(DNNL_ARG_WEIGHTS, packed + floats(forward_weights_) + floats(bias_));
    backward_data_.set(DNNL_ARG_DIFF_SRC, straight ? z_bar : scratch);
    backward_data_.run();
    if (straight) return;
    Primitive& move = input_reorder_[accumulate ? 1 : 0];
    move.set(DNNL_ARG_FROM, scratch);
    move.set(DNNL_ARG_TO, z_bar);
    move.run();
  }

  void outer(const float* z, const float* y_bar, bool with_bias, bool accumulate, float* v_bar,
             float* scratch) override {
    const memory::desc result = backward_weights_description_.diff_weights_desc();
    if (!backward_weights_.is_made()) {
      backward_weights_ = {BackwardWeights(backward_weights_description_),
                           {{DNNL_ARG_SRC, source_},
                            {DNNL_ARG_DIFF_DST, target_},
                            {DNNL_ARG_DIFF_WEIGHTS, result},
                            {DNNL_ARG_DIFF_BIAS, bias_}}};
      for (const bool sum : {false, true}) {
        weight_reorder_[sum ? 1 : 0] = reorder(result, plain_weights_, sum);
      }
    }
    float* const bias = scratch + floats(result);
    backward_weights_.set(DNNL_ARG_SRC, z);
    backward_weights_.set(DNNL_ARG_DIFF_DST, y_bar);
    backward_weights_.set(DNNL_ARG_DIFF_WEIGHTS, scratch);
    backward_weights_.set(DNNL_ARG_DIFF_BIAS, bias);
    backward_weights_.run();
    Primitive& move = weight_reorder_[accumulate ? 1 : 0];
    move.set(DNNL_ARG_FROM, scratch);
    move.set(DNNL_ARG_TO, v_bar);
    move.run();
    if (!g_.bias) return;
    float* const v_bar_bias = v_bar + g_.weights();
    if (!accumulate) fill(v_bar_bias, g_.output.channels(), 0.0F);
    if (with_bias) add_scaled(1.0F, bias, g_.output.channels(), v_bar_bias);
  }

  [[nodiscard]] std::int64_t input_elements() const override { return input_.elements(); }
  [[nodiscard]] std::int64_t output_elements() const override { return output_.elements(); }
  [[nodiscard]] std::int64_t parameter_elements() const override {
    return g_.weights() + (g_.bias ? g_.output.channels() : 0);
  }

 private:
  // Describes the primitives in these layouts; false if there is none, or (unless `accept_slow`)
  // only slow code for one of them, or channels would be padded.
  bool try_layouts(const memory::desc& source, const memory::desc& target, bool accept_slow) {
    try {
      forward_description_ = forward_description(source, target, any_weights(), {});
      source_ = forward_description_.src_desc();
      target_ = forward_description_.dst_desc();
      const auto from = onednn::layout_of(source_, input_);
      const auto to = onednn::layout_of(target_, output_);
      if (!from || !to || (!accept_slow && is_slow(forward_description_))) return false;
      input_.layout = *from;
      output_.layout = *to;
      forward_weights_ = forward_description_.weights_desc();
      if (!derivatives_) return true;
      describe_backward_data();
      backward_weights_description_ = onednn::describe<BackwardWeights>(
          forward_description_, direct, source_, any_weights(), bias_, target_, strides_,
          dilations_, pad_before_, pad_after_);
      return accept_slow || !is_slow(backward_weights_description_);
    } catch (const dnnl::error&) {
      if (accept_slow) throw;
      return false;
    }
  }
  // The layout of its result is free: what is not that of the input is reordered.
  void describe_backward_data() {
    using tag = memory::format_tag;
    const auto as = [&](tag format) {
      return memory::desc(onednn::dimensions(input_), memory::data_type::f32, format);
    };
    for (const memory::desc& result : {source_, as(tag::nhwc), as(tag::nchw), as(tag::any)}) {
      try {
        backward_data_description_ =
            onednn::describe<BackwardData>(forward_description_, direct, result, any_weights(),
                                           target_, strides_, dilations_, pad_before_, pad_after_);
      } catch (const dnnl::error&) {
        continue;
      }
      if (!is_slow(backward_data_description_)) return;
    }
  }
  static std::string_view name_of(const dnnl::primitive_desc_base& description) {
    return description.impl_info_str();
  }
  // Names are composed of parts: "x64:gemm:jit", "jit_uni_ncsp_convolution:conv+ref:any".
  static bool is_called(const dnnl::primitive_desc_base& description, std::string_view part) {
    return name_of(description).find(part) != std::string_view::npos;
  }
  static bool is_slow(const dnnl::primitive_desc_base& description) {
    return is_called(description, "ref:");
  }
  // Code that is not generated multiplies by a slope of 0 as by any other, with -0 as the result.
  static bool has_scalar_ends(const dnnl::primitive_desc_base& description) {
    return is_slow(description) || is_called(description, "gemm:");
  }
  [[nodiscard]] memory::desc any_weights() const {
    return {weight_sizes_, memory::data_type::f32, memory::format_tag::any};
  }
  [[nodiscard]] Forward::primitive_desc forward_description(const memory::desc& source,
                                                            const memory::desc& target,
                                                            const memory::desc& weights,
                                                            const dnnl::post_ops& ends) const {
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ends);
    auto description = onednn::describe<Forward>(attributes, dnnl::prop_kind::forward_training,
                                                 direct, source, weights, bias_, target, strides_,
                                                 dilations_, pad_before_, pad_after_);
    // Of oneDNN 3, slow code that converts layouts comes first where it adds in plain ones.
    while (is_slow(description) && description.next_impl()) continue;
    return description;
  }
  [[nodiscard]] Primitive make_forward(const Forward::primitive_desc& description) const {
    return {Forward(description),
            {{DNNL_ARG_SRC, source_},
             {DNNL_ARG_WEIGHTS, forward_weights_},
             {DNNL_ARG_BIAS, bias_},
             {DNNL_ARG_DST, target_}}};
  }
  void run_forward(Primitive& primitive, const float* z, const float* packed, bool with_bias,
                   float* y) const {
    primitive.set(DNNL_ARG_SRC, z);
    primitive.set(DNNL_ARG_WEIGHTS, packed);
    primitive.set(DNNL_ARG_BIAS, with_bias ? packed + floats(forward_weights_) : no_bias_.data());
    primitive.set(DNNL_ARG_DST, y);
    primitive.run();
  }
  void pack_weights(const float* v, const memory::desc& to, float* packed) const {
    if (onednn::pack_padded(v, to, packed)) return;
    Primitive move = reorder(plain_weights_, to, false);
    move.set(DNNL_ARG_FROM, v);
    move.set(DNNL_ARG_TO, packed);
    move.run();
  }

  ConvGeometry g_;
  BatchShape input_;
  BatchShape output_;
  bool derivatives_ = false;
  std::vector<float> no_bias_;
  memory::dims strides_, dilations_, pad_before_, pad_after_, weight_sizes_;
  memory::desc source_, target_, plain_weights_, bias_, forward_weights_;
  Forward::primitive_desc forward_description_;
  std::optional<Forward::primitive_desc> fused_description_;  // with the activation behind it
  BackwardData::primitive_desc backward_data_description_;
  BackwardWeights::primitive_desc backward_weights_description_;
  // Made at first use; two of each kind that may overwrite or add.
  std::array<Primitive, 2> forward_, input_reorder_, weight_reorder_;
  Primitive fused_, backward_data_, backward_weights_;
};

// Whether oneDNN gathers single pixels of a fraction of a vector of channels: there, too, 2.6
// writes behind its own buffers in the derivative by the weights.
bool gathers_few_channels(const ConvGeometry& geometry) {
  constexpr std::int64_t vector = 16;
  const AxisWindow& rows = geometry.axes[1];
  const AxisWindow& columns = geometry.axes[2];
  return rows.kernel == 1 && columns.kernel == 1 && (rows.stride > 1 || columns.stride > 1) &&
         geometry.channels_of_group() % vector != 0;
}

// Whether a sample is larger than oneDNN counts: 2.6 divides by what has overflowed to 0.
bool is_beyond_int(const ConvGeometry& geometry) {
  return std::max(geometry.input.elements(), geometry.output.elements()) >
         std::numeric_limits<int>::max();
}

}  // namespace

template <>
std::unique_ptr<Kernel<float>> conv_kernel(const ConvGeometry& geometry) {
  const bool has_depth = geometry.input.spatial_rank() > 2;
  if (has_depth || gathers_few_channels(geometry) || is_beyond_int(geometry))
    return patch_conv_kernel<float>(geometry);
  return std::make_unique<OneDnnConvKernel>(geometry);
}

}  // namespace smoothbound::kernels
