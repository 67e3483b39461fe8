// Poolings, reductions over axes, resizing.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxWindows, Poolings) {
  constexpr std::array cases{
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[2 2] strides=[2 2]",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 2}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] pads=[1 1 1 1]",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 3, stride: 2, padding: 1}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8) kernel_shape=[3]",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 3, stride: 1}}]}\n"},
      LayersCase{
          "y = MaxPool(x:1x3x4x4x4) kernel_shape=[2 2 4] strides=[2 2 1]",
          "  - {name: maxpool, then: [{max_pool: {kernel: [2, 2, 4], stride: [2, 2, 1]}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x9x9) kernel_shape=[2 2] strides=[2 2] ceil_mode=1",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 2, ceil: true}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[2 2] strides=[2 2] ceil_mode=1",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 2}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] pads=[0 0 1 1]",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 3, stride: 2, ceil: true}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] pads=[1 1 0 0]",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 3, stride: 2, padding: 1}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[3 3] pads=[0 0 1 1]",
                 "  - name: maxpool\n"
                 "    then:\n"
                 "      - {max_pool: {kernel: 3, stride: 1, padding: 1}}\n"
                 "      - {slice: {axis: height, from: 1, to: 8}}\n"
                 "      - {slice: {axis: width, from: 1, to: 8}}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] auto_pad='SAME_UPPER'",
                 "  - {name: maxpool, then: [{max_pool: {kernel: 3, stride: 2, ceil: true}}]}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[2 2] auto_pad='SAME_UPPER'",
                 "  - name: maxpool\n"
                 "    then:\n"
                 "      - {max_pool: {kernel: 2, stride: 1, padding: 1}}\n"
                 "      - {slice: {axis: height, from: 1, to: 9}}\n"
                 "      - {slice: {axis: width, from: 1, to: 9}}\n"},
      LayersCase{"y = MaxPool(x:1x3x8x8) kernel_shape=[2 2] auto_pad='SAME_LOWER'",
                 "  - name: maxpool\n"
                 "    then:\n"
                 "      - {max_pool: {kernel: 2, stride: 1, padding: 1}}\n"
                 "      - {slice: {axis: height, to: 8}}\n"
                 "      - {slice: {axis: width, to: 8}}\n"},
  };
  check_layers(cases);
}

TEST(OnnxWindows, AveragePoolings) {
  constexpr std::array cases{
      LayersCase{"y = AveragePool(x:1x3x8x8) kernel_shape=[2 2] strides=[2 2]",
                 "  - {name: averagepool, then: [{average_pool: {kernel: 2}}]}\n"},
      LayersCase{
          "y = AveragePool(x:1x3x8x8) kernel_shape=[3 3] pads=[1 1 1 1]",
          "  - name: averagepool\n"
          "    then: [{average_pool: {kernel: 3, stride: 1, padding: 1, count_padding: false}}]\n"},
      LayersCase{
          "y = AveragePool(x:1x3x8x8) kernel_shape=[3 3] pads=[1 1 1 1] count_include_pad=1",
          "  - {name: averagepool, then: [{average_pool: {kernel: 3, stride: 1, padding: 1}}]}\n"},
      LayersCase{
          "y = AveragePool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] pads=[0 0 1 1]",
          "  - name: averagepool\n"
          "    then: [{average_pool: {kernel: 3, stride: 2, ceil: true, count_padding: false}}]\n"},
      LayersCase{
          "y = AveragePool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] pads=[0 0 1 1] "
          "count_include_pad=1",
          "  - name: averagepool\n"
          "    then: [{pad: {before: 0, after: 1}}, {average_pool: {kernel: 3, stride: 2}}]\n"},
      LayersCase{"y = AveragePool(x:1x3x9x9) kernel_shape=[2 2] strides=[2 2] ceil_mode=1",
                 "  - {name: averagepool, then: [{average_pool: {kernel: 2, ceil: true, "
                 "count_padding: false}}]}\n"},
      LayersCase{"y = AveragePool(x:1x3x9x9) kernel_shape=[2 2] strides=[2 2] ceil_mode=1 "
                 "count_include_pad=1",
                 "  - {name: averagepool, then: [{average_pool: {kernel: 2, ceil: true}}]}\n"},
      LayersCase{"y = AveragePool(x:1x3x8x8) kernel_shape=[3 3] strides=[2 2] pads=[1 1 1 1] "
                 "ceil_mode=1 count_include_pad=1",
                 "  - {name: averagepool, then: [{average_pool: {kernel: 3, stride: 2, padding: 1, "
                 "ceil: true}}]}\n"},
      LayersCase{"y = AveragePool(x:1x1x5) kernel_shape=[2] strides=[2] pads=[0 1] ceil_mode=1 "
                 "count_include_pad=1",
                 "  - {name: averagepool, then: [{pad: {before: 0, after: 1}}, {average_pool: "
                 "{kernel: 2}}]}\n"},
      LayersCase{
          "y = AveragePool(x:1x3x7x8) kernel_shape=[3 3] strides=[2 2] auto_pad='SAME_UPPER'",
          "  - name: averagepool\n"
          "    then:\n"
          "      - {average_pool: {kernel: 3, stride: 2, padding: [1, 0], ceil: true, "
          "count_padding: false}}\n"},
  };
  check_layers(cases);
}

TEST(OnnxWindows, WholeAxes) {
  constexpr std::array cases{
      LayersCase{
          "y = GlobalAveragePool(x:1x3x8x8)",
          "  - {name: globalaveragepool, then: [global_average_pool, {reshape: [3, 1, 1]}]}\n"},
      LayersCase{"g = GlobalMaxPool(x:1x3x8); y = Flatten(g)",
                 "  - {name: globalmaxpool, then: [global_max_pool]}\n"},
      LayersCase{"y = ReduceMean(x:1x3x8x8) axes=[2 3]",
                 "  - {name: reducemean, then: [global_average_pool, {reshape: [3, 1, 1]}]}\n"},
      LayersCase{"y = ReduceMean(x:1x3x8x8) axes=[2 3] keepdims=0",
                 "  - {name: reducemean, then: [global_average_pool]}\n"},
      LayersCase{"y = ReduceMean(x:1x3x8x8) axes=[1]",
                 "  - name: reducemean\n"
                 "    then:\n"
                 "      - {reshape: [3, 64]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - global_average_pool\n"
                 "      - {reshape: [1, 8, 8]}\n"},
      LayersCase{"y = ReduceMax(x:1x3x8x8) axes=[-2] keepdims=0",
                 "  - name: reducemax\n"
                 "    then:\n"
                 "      - {permute: [channels, width, height]}\n"
                 "      - {reshape: [24, 8]}\n"
                 "      - global_max_pool\n"
                 "      - {reshape: [3, 8]}\n"},
      LayersCase{"y = ReduceSum(x:1x5x4, [1])",
                 "  - name: reducesum\n"
                 "    then: [{permute: [length, channels]}, global_average_pool, {scale: 5}, "
                 "{reshape: [1, 4]}]\n"},
      LayersCase{"y = ReduceSum(x:1x5x4, _) noop_with_empty_axes=1",
                 "  - {name: output, then: [identity]}\n"},
      LayersCase{"y = ReduceSum(x:1x5x4, [-1]) keepdims=0",
                 "  - {name: reducesum, then: [global_average_pool, {scale: 4}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxWindows, WholeArrays) {
  ImportOptions options;
  options.first_axis_is_batch = false;
  constexpr std::array cases{
      LayersCase{"y = ReduceMean(x:3x4)",
                 "  - {name: reducemean, then: [{reshape: [1, 12]}, global_average_pool]}\n"},
      LayersCase{"y = ReduceMax(x:3x4) keepdims=0",
                 "  - {name: reducemax, then: [{reshape: [1, 12]}, global_max_pool]}\n"},
  };
  check_layers(cases, options);
}

TEST(OnnxWindows, Resizing) {
  constexpr std::array cases{
      LayersCase{"y = Resize(x:1x3x4x4, _, s:4[1 1 2 2]) "
                 "coordinate_transformation_mode='asymmetric' nearest_mode='floor'",
                 "  - {name: resize, then: [{upsample: {size: [8, 8]}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, s:4[1 1 2 3])",
                 "  - {name: resize, then: [{upsample: {size: [8, 12]}}]}\n"},
      LayersCase{
          "y = Resize(x:1x3x4x4, _, s:4[1 1 2 2]) "
          "coordinate_transformation_mode='pytorch_half_pixel' nearest_mode='round_prefer_ceil'",
          "  - {name: resize, then: [{upsample: {size: [8, 8]}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 6 8]) "
                 "coordinate_transformation_mode='asymmetric' nearest_mode='floor'",
                 "  - {name: resize, then: [{upsample: {size: [6, 8]}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4, _, _, [1 3 8]) mode='linear'",
                 "  - {name: resize, then: [{upsample: {size: 8, mode: bilinear}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 6 6]) mode='linear'",
                 "  - {name: resize, then: [{upsample: {size: [6, 6], mode: bilinear}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 2 2]) mode='linear' "
                 "coordinate_transformation_mode='pytorch_half_pixel'",
                 "  - {name: resize, then: [{upsample: {size: [2, 2], mode: bilinear}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [1 3 6 6]) mode='linear' "
                 "coordinate_transformation_mode='align_corners'",
                 "  - {name: resize, then: [{upsample: {size: [6, 6], mode: bilinear, "
                 "align_corners: true}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, _, [6 6]) mode='linear' axes=[2 3] antialias=1",
                 "  - {name: resize, then: [{upsample: {size: [6, 6], mode: bilinear}}]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, _, s:2[2 2]) mode='nearest' axes=[2 3]",
                 "  - {name: resize, then: [{upsample: {size: [8, 8]}}]}\n"},
      LayersCase{"r = Resize(x:1x3x4x4, _, s:4[1 1 1 1]) mode='cubic'; y = Relu(r)",
                 "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Resize(x:1x3x4x4, s:4[1 1 2 2])",
                 "  - {name: resize, then: [{upsample: {size: [8, 8]}}]}\n", 10},
      LayersCase{"y = Upsample(x:1x3x4x4, s:4[1 1 2 2]) mode='nearest'",
                 "  - {name: upsample, then: [{upsample: {size: [8, 8]}}]}\n", 9},
      LayersCase{"y = Upsample(x:1x3x4x4) scales=[1.0 1.0 3.0 2.0]",
                 "  - {name: upsample, then: [{upsample: {size: [12, 8]}}]}\n", 7},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
