// The ONNX tests of single nodes that no architecture expresses, by name, and what the importer
// says about them.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace smoothbound::testing::onnx {

struct Listed {
  std::string_view name;  // folder and test
  std::string_view why;   // a part of the message
};

inline constexpr std::array not_run{
    Listed{"node_test_resize_downsample_scales_linear",
           "a factor of 0.6000000238418579 for 2 positions"},
    Listed{"node_test_resize_downsample_scales_linear_align_corners",
           "a factor of 0.6000000238418579 for 2 positions"},
    Listed{"node_test_resize_downsample_scales_nearest",
           "a factor of 0.6000000238418579 for 2 positions"},
    Listed{"node_test_resize_downsample_scales_cubic",
           "a factor of 0.800000011920929 for 4 positions"},
    Listed{"node_test_resize_downsample_scales_cubic_A_n0p5_exclude_outside",
           "a factor of 0.800000011920929 for 4 positions"},
    Listed{"node_test_resize_downsample_scales_cubic_align_corners",
           "a factor of 0.800000011920929 for 4 positions"},
    Listed{"node_test_slice_neg_steps", "an axis is turned around"},
    Listed{"node_test_tile", "an axis of several entries is repeated"},
    Listed{"node_test_tile_precomputed", "an axis of several entries is repeated"},
    Listed{"node_test_pow", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_bcast_array", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_example", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_types_float32_int32", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_types_float32_int64", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_types_float32_uint32", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_types_float32_uint64", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_pow_types_int", "an exponent that is not 1, 2 or 3"},
    Listed{"node_test_add_uint8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_clip_default_int8_inbounds",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_clip_default_int8_max",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_clip_default_int8_min",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_div_uint8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_int16", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_int32", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_int64", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_int8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_uint16", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_uint32", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_uint64", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_max_uint8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_maxpool_2d_uint8",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_int16", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_int32", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_int64", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_int8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_uint16", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_uint32", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_uint64", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_min_uint8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_mul_uint8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_pow_types_float",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_pow_types_int32_float32",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_pow_types_int32_int32",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_pow_types_int64_float32",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_pow_types_int64_int64",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_sub_uint8", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_where_example", "arithmetic of the network's input, which are whole numbers"},
    Listed{"node_test_where_long_example",
           "arithmetic of the network's input, which are whole numbers"},
    Listed{"pytorch_converted_test_MaxPool2d_stride_padding_dilation", "dilations are [10, 10]"},
    Listed{"pytorch_converted_test_MaxPool1d_stride_padding_dilation", "dilations are [10]"},
    Listed{"node_test_maxpool_2d_dilations", "dilations are [2, 2]"},
    Listed{"node_test_gather_0", "entries that are not evenly spaced"},
    Listed{"node_test_gather_1", "entries that are not evenly spaced"},
    Listed{"node_test_gather_negative_indices", "entries that are not evenly spaced"},
    Listed{"node_test_gather_2d_indices", "indices that are no list"},
    Listed{"node_test_reshape_allowzero_reordered", "input 'data' has axes without a size: 0"},
    Listed{"node_test_split_zero_size_splits", "input 'input' has axes without a size: 0"},
    Listed{"node_test_constant_pad", "it pads with 1.2000000476837158"},
    Listed{"node_test_cast_FLOAT_to_STRING", "it rounds to whole numbers"},
    Listed{"node_test_castlike_FLOAT_to_STRING_expanded", "it rounds to whole numbers"},
    Listed{"node_test_resize_downsample_sizes_linear_pytorch_half_pixel",
           "linear interpolation with places by 'pytorch_half_pixel'"},
    Listed{"node_test_resize_tf_crop_and_resize",
           "linear interpolation with places by 'tf_crop_and_resize'"},
    Listed{"node_test_resize_downsample_sizes_cubic", "mode is 'cubic'"},
    Listed{"node_test_resize_upsample_scales_cubic", "mode is 'cubic'"},
    Listed{"node_test_resize_upsample_scales_cubic_A_n0p5_exclude_outside", "mode is 'cubic'"},
    Listed{"node_test_resize_upsample_scales_cubic_align_corners", "mode is 'cubic'"},
    Listed{"node_test_resize_upsample_scales_cubic_asymmetric", "mode is 'cubic'"},
    Listed{"node_test_resize_upsample_sizes_cubic", "mode is 'cubic'"},
    Listed{"node_test_resize_upsample_sizes_nearest_floor_align_corners",
           "nearest positions by 'align_corners' and 'floor'"},
    Listed{"node_test_resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric",
           "nearest positions by 'asymmetric' and 'round_prefer_ceil'"},
    Listed{"node_test_resize_upsample_sizes_nearest_ceil_half_pixel",
           "nearest positions by 'half_pixel' and 'ceil'"},
    Listed{"node_test_resize_downsample_sizes_nearest",
           "nearest positions by 'half_pixel' and 'round_prefer_floor'"},
    Listed{"node_test_resize_upsample_sizes_nearest",
           "nearest positions by 'half_pixel' and 'round_prefer_floor'"},
    Listed{"node_test_resize_downsample_sizes_nearest_tf_half_pixel_for_nn",
           "nearest positions by 'tf_half_pixel_for_nn' and 'round_prefer_floor'"},
    Listed{"node_test_slice_start_out_of_bounds", "nothing is left of an axis"},
    Listed{"node_test_cast_STRING_to_FLOAT", "numbers of type string are not read"},
    Listed{"node_test_castlike_STRING_to_FLOAT_expanded", "numbers of type string are not read"},
    Listed{"node_test_convtranspose_output_shape", "pads of -1 in front and 0 behind"},
    Listed{"node_test_prelu_example", "slopes [3, 4, 5] for an array [3, 4, 5]"},
};

/// The row of that name, or null.
inline const Listed* find_listed(std::string_view name) {
  const auto* const found = std::ranges::find(not_run, name, &Listed::name);
  return found == not_run.end() ? nullptr : found;
}

}  // namespace smoothbound::testing::onnx
