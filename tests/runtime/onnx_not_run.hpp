// The ONNX tests of single nodes that no architecture expresses, by name, and why.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "onnx_program.hpp"

namespace smoothbound::testing::onnx {

struct Listed {
  std::string_view name;  // folder and test
  Inexpressible why;
};

inline constexpr std::array not_run{
    Listed{"node_test_averagepool_2d_same_lower", Inexpressible::asymmetric_padding},
    Listed{"node_test_maxpool_2d_same_lower", Inexpressible::asymmetric_padding},
    Listed{"node_test_maxpool_2d_dilations", Inexpressible::dilated_pooling},
    Listed{"pytorch_converted_test_MaxPool1d_stride_padding_dilation",
           Inexpressible::dilated_pooling},
    Listed{"pytorch_converted_test_MaxPool2d_stride_padding_dilation",
           Inexpressible::dilated_pooling},
    Listed{"node_test_gemm_default_matrix_bias", Inexpressible::bias_of_each_sample},
    Listed{"node_test_matmul_3d", Inexpressible::stacked_matrices},
    Listed{"node_test_matmul_4d", Inexpressible::stacked_matrices},
    Listed{"node_test_clip_default_max", Inexpressible::other_constants},
    Listed{"node_test_clip_inbounds", Inexpressible::other_constants},
    Listed{"node_test_clip_outbounds", Inexpressible::other_constants},
    Listed{"node_test_clip_splitbounds", Inexpressible::other_constants},
    Listed{"node_test_hardsigmoid", Inexpressible::other_constants},
    Listed{"node_test_hardsigmoid_default", Inexpressible::other_constants},
    Listed{"node_test_hardsigmoid_example", Inexpressible::other_constants},
    Listed{"node_test_selu", Inexpressible::other_constants},
    Listed{"node_test_selu_example", Inexpressible::other_constants},
    Listed{"pytorch_operator_test_operator_permute2", Inexpressible::many_axes},
    Listed{"pytorch_operator_test_operator_clip", Inexpressible::other_constants},
    Listed{"node_test_add_uint8", Inexpressible::integer_arithmetic},
    Listed{"node_test_clip_default_int8_inbounds", Inexpressible::integer_arithmetic},
    Listed{"node_test_clip_default_int8_max", Inexpressible::integer_arithmetic},
    Listed{"node_test_clip_default_int8_min", Inexpressible::integer_arithmetic},
    Listed{"node_test_mul_uint8", Inexpressible::integer_arithmetic},
    Listed{"node_test_training_dropout", Inexpressible::random},
    Listed{"node_test_training_dropout_default", Inexpressible::random},
    Listed{"node_test_training_dropout_default_mask", Inexpressible::random},
    Listed{"node_test_training_dropout_mask", Inexpressible::random},
    Listed{"node_test_training_dropout_zero_ratio", Inexpressible::random},
    Listed{"node_test_training_dropout_zero_ratio_mask", Inexpressible::random},
    Listed{"node_test_identity_opt", Inexpressible::not_a_tensor},
    Listed{"node_test_identity_sequence", Inexpressible::not_a_tensor},
    Listed{"pytorch_operator_test_operator_add_broadcast", Inexpressible::beyond_float32},
    Listed{"pytorch_operator_test_operator_add_size1_broadcast", Inexpressible::beyond_float32},
    Listed{"pytorch_operator_test_operator_add_size1_right_broadcast",
           Inexpressible::beyond_float32},
    Listed{"pytorch_operator_test_operator_add_size1_singleton_broadcast",
           Inexpressible::beyond_float32},
    Listed{"node_test_constant_pad", Inexpressible::other_constants},
    Listed{"node_test_reshape_allowzero_reordered", Inexpressible::empty_array},
    Listed{"node_test_resize_downsample_scales_cubic", Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_scales_cubic_A_n0p5_exclude_outside",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_scales_cubic_align_corners",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_scales_linear", Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_scales_linear_align_corners",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_sizes_cubic", Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_sizes_linear_pytorch_half_pixel",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_downsample_sizes_nearest", Inexpressible::other_interpolation},
    Listed{"node_test_resize_tf_crop_and_resize", Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_scales_cubic", Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_scales_cubic_A_n0p5_exclude_outside",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_scales_cubic_align_corners",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_scales_cubic_asymmetric", Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_sizes_cubic", Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_sizes_nearest_ceil_half_pixel",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_sizes_nearest_floor_align_corners",
           Inexpressible::other_interpolation},
    Listed{"node_test_resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric",
           Inexpressible::other_interpolation},
    Listed{"node_test_slice_neg_steps", Inexpressible::backwards},
    Listed{"node_test_slice_start_out_of_bounds", Inexpressible::empty_array},
    Listed{"pytorch_converted_test_ConstantPad2d", Inexpressible::other_constants},
    Listed{"node_test_gather_1", Inexpressible::other_axes},
    Listed{"node_test_gather_2d_indices", Inexpressible::other_axes},
};

/// The row of that name, or null.
inline const Listed* find_listed(std::string_view name) {
  const auto* const found = std::ranges::find(not_run, name, &Listed::name);
  return found == not_run.end() ? nullptr : found;
}

}  // namespace smoothbound::testing::onnx
