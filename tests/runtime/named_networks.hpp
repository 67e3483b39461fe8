// Small networks that have every component.
#pragma once

#include <array>
#include <string_view>

#include "embedding_texts.hpp"

namespace smoothbound::testing {

struct NamedNetwork {
  std::string_view name;
  std::string_view text;
};

/// Smooth networks: their derivatives of all orders exist.
inline constexpr std::array smooth_networks{
    NamedNetwork{"Dense", R"(
input: {shape: [5], norm: 1}
layers:
  - dense: 7
    then: [softplus]
  - dense: 4
    bias: false
    then: [tanh]
  - dense: 3
)"},
    NamedNetwork{"Convolutions", R"(
input: {shape: [3, 9, 8], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3, padding: same}
    then: [softplus: 2, average_pool: 2]
  - conv: {filters: 6, kernel: [2, 3], stride: [2, 1], padding: 1, groups: 2}
    then: [sigmoid]
  - conv: {filters: 4, kernel: 2, dilation: 2, padding: same}
    bias: false
    then: [gelu, {average_pool: {kernel: 2, stride: 1, padding: same}}]
  - dense: 5
    then: [softmax]
)"},
    NamedNetwork{"WideConvolutions", R"(
input: {shape: [16, 6, 6], norm: 1}
layers:
  - conv: {filters: 32, kernel: 1}
    then: [softplus]
  - conv: {filters: 16, kernel: [1, 2], padding: same}
    then: [softplus, average_pool: 2]
  - conv: {filters: 5, kernel: 3, padding: same}
    then: [tanh, global_average_pool]
  - dense: 3
)"},
    NamedNetwork{"Sequence", R"(
input: {shape: [4, 11], norm: 1}
layers:
  - conv: {filters: 6, kernel: 3, stride: 2}
    then: [silu, {group_norm: {groups: 3, epsilon: 0.1, affine: true}}]
  - conv: {filters: 2, kernel: 2}
    then: [mish, softmax]
  - dense: 3
    then: [layer_norm: {epsilon: 0.2, affine: true}]
)"},
    NamedNetwork{"BatchNormPerChannel", R"(
input: {shape: [3, 6, 6], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3}
    then: [{batch_norm: {epsilon: 0.1, affine: true}}, softplus]
  - conv: {filters: 16, kernel: 3, padding: same}
    then: [{batch_norm: {epsilon: 0.01, per: channel}}, atan]
  - dense: 3
)"},
    NamedNetwork{"BatchNormPerElement", R"(
input: {shape: [2, 5, 5], norm: 1}
layers:
  - conv: {filters: 3, kernel: 3}
    then: [softplus, {batch_norm: {epsilon: 0.1, per: element, affine: true, shift: false}}]
  - dense: 6
    then: [{batch_norm: {epsilon: 0.5, per: element}}, erf]
  - dense: 3
    then: [{rms_norm: {epsilon: 0.1, affine: true}}]
)"},
    NamedNetwork{"Positions", R"(
input: {shape: [4, 3, 5], norm: 1}
layers:
  - conv: {filters: 6, kernel: 2}
    then: [{layer_norm: {epsilon: 0.1, per: position, affine: true}}, softplus]
  - conv: {filters: 4, kernel: 1}
    then: [{rms_norm: {epsilon: 0.2, per: position, affine: true, shift: false}}, tanh]
  - conv: {filters: 3, kernel: [2, 1]}
    then: [{instance_norm: {epsilon: 0.3, affine: true, scale: false}}, softplus]
  - dense: 3
)"},
    NamedNetwork{"LocalResponse", R"(
input: {shape: [5, 4, 3], norm: 1}
layers:
  - conv: {filters: 16, kernel: 2}
    then: [{local_response_norm: {size: 5, alpha: 2, beta: 0.75, k: 0.5}}, softplus]
  - conv: {filters: 6, kernel: [2, 1]}
    then: [{local_response_norm: {size: 4, alpha: 0.7, beta: 1.3, k: 2, alpha_of: sum}}]
  - dense: 5
    then: [{local_response_norm: {size: 2, alpha: 3, beta: 0.4}}]
)"},
    NamedNetwork{"FixedStatistics", R"(
input: {shape: [2, 4, 3], norm: 1}
layers:
  - conv: {filters: 3, kernel: 2}
    then: [{batch_norm: {epsilon: 0.1, statistics: fixed, mean: [0.5, -1, 0], variance: [1, 0.2, 3],
                         affine: true, scale: false}}, softplus]
  - dense: 4
    then: [{batch_norm: {statistics: fixed, mean: -0.25, variance: 0.5, per: element,
                         affine: true}}, tanh]
)"},
    NamedNetwork{"Branches", R"(
input: {shape: [6], norm: 1}
layers:
  - name: a
    dense: 5
    then: [softsign]
  - name: b
    dense: 5
    then: [elu]
  - name: sum
    add: [a, b, a]
  - name: gate
    from: b
    dense: 5
    then: [sigmoid]
  - name: gated
    multiply: [sum, gate, sum]
  - name: joined
    concat: [gated, input, b]
  - name: unused
    from: a
    dense: 2
  - name: out
    from: joined
    dense: 3
    then: [sin]
)"},
    NamedNetwork{"Gates", R"(
input: {shape: [4, 3, 5], norm: 1}
layers:
  - name: a
    conv: {filters: 4, kernel: 3, padding: same}
    then: [tanh]
  - name: pooled
    from: a
    then: [global_average_pool]
  - name: channel
    dense: 4
    then: [sigmoid]
  - name: position
    from: a
    conv: {filters: 1, kernel: 1}
    then: [sigmoid]
  - name: number
    from: pooled
    dense: 1
    then: [sin]
  - name: row
    from: a
    conv: {filters: 4, kernel: [3, 1]}
    then: [softplus]
  - name: all
    multiply: [number, channel, a, position, row]
  - name: small_first
    multiply: [number, channel]
  - name: out
    concat: [small_first, pooled]
  - name: both
    multiply: [all, out_channel]
  - name: out_channel
    from: out
    dense: 4
  - name: last
    from: both
    dense: 3
)"},
    NamedNetwork{"Attention", R"(
input: {shape: [6, 4], norm: 1}
layers:
  - name: position
    parameter: [6, 4]
  - name: first
    radius: 2
    parameter: {shape: [6, 1]}
  - name: sum
    add: [input, position]
    then: [tanh]
  - name: tokens
    concat: {inputs: [first, sum], axis: length}
  - name: key
    conv: {filters: 6, kernel: 1}
  - name: value
    from: tokens
    conv: {filters: 4, kernel: 1}
    then: [softplus]
  - name: scores
    matmul: {inputs: [key, tokens], transpose: first, scale: 0.4}
    then: [{softmax: length}]
  - name: mixed
    matmul: {inputs: [value, scores], transpose: second}
  - name: again
    matmul: [mixed, scores]
    then: [{softmax: channels}]
  - name: image
    from: input
    conv: {filters: 6, kernel: 1, groups: 2}
  - name: alone
    concat: [image]
  - name: one
    parameter: 1
  - name: scaled
    multiply: [again, one]
  - name: last
    dense: 3
)"},
    NamedNetwork{"MultiHeadAttention", R"(
input: {shape: [6, 3], norm: 1}
layers:
  - {name: tokens, dense: {units: 4, per: position}}
  - {name: first, attention: 2, then: [tanh]}
  - {name: sum, add: [first, tokens]}
  - {name: again, attention: {heads: 2, causal: true}, share: first}
  - {name: one_head, attention: 1, bias: false, then: [{layer_norm: {per: position, affine: true}}]}
  - dense: 3
)"},
    NamedNetwork{"Embedding", embedding_text},
    NamedNetwork{"EmbeddingChain", embedding_chain_text},
    NamedNetwork{"TiedEmbedding", tied_embedding_text},
    NamedNetwork{"TableOfWeights", table_of_weights_text},
    NamedNetwork{"SharedAtOtherPlaces", R"(
input: {shape: [2, 8], norm: 1}
layers:
  - name: start
    conv: {filters: 2, kernel: 1}
  - name: small
    conv: {filters: 2, kernel: 4, stride: 4}
    then: [tanh, {instance_norm: {epsilon: 0.5, affine: true}}]
  - name: large
    from: start
    share: small
    conv: {filters: 2, kernel: 4, padding: 2}
    then: [sin, {instance_norm: {epsilon: 0.5, affine: true}}]
  - name: last
    dense: 2
)"},
    NamedNetwork{"Recurrent", R"(
input: {shape: [4], norm: 1}
layers:
  - name: start
    dense: 4
    then: [sin]
  - name: cell
    dense: 4
    then: [tanh, {layer_norm: {epsilon: 0.3, affine: true}}]
  - name: again
    share: cell
    dense: 4
    then: [tanh, {layer_norm: {epsilon: 0.3, affine: true}}]
  - name: input_too
    from: input
    dense: 4
    share: start
  - name: twin
    dense: 4
    share: cell
    then: [sigmoid, {layer_norm: {epsilon: 0.3, affine: true}}]
  - name: sum
    add: [again, twin, start]
  - name: product
    multiply: [sum, again]
  - name: last
    from: product
    dense: 3
  - name: unused
    from: cell
    share: last
    dense: 3
  - name: out
    from: last
    dense: 2
)"},
    NamedNetwork{"SmoothForms", R"(
input: {shape: [2, 5, 5], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3}
    then: [{smooth_leaky_relu: {slope: 0.2, beta: 3}}]
  - conv: {filters: 4, kernel: 3, padding: same}
    then: [{smooth_relu6: 2}]
  - dense: 5
    then: [{smooth_leaky_relu: 1.5}]
)"},
    NamedNetwork{"Residual", R"(
input: {shape: [16, 5, 5], norm: 1}
layers:
  - name: stem
    conv: {filters: 16, kernel: 3, padding: same}
    then: [softplus]
  - name: body
    conv: {filters: 16, kernel: 1}
    then: [gelu_tanh]
  - name: sum
    add: [stem, body]
    then: [softplus]
  - name: both
    concat: [sum, stem]
  - name: out
    dense: 4
)"},
    NamedNetwork{"IndexMaps", R"(
input: {shape: [3, 6, 5], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3, padding: same}
    then:
      - softplus
      - upsample: 2
      - slice: {axis: width, from: 1, step: 3}
      - pad: {before: [1, 0], after: [0, 2], mode: reflect}
  - conv: {filters: 8, kernel: 3, stride: 2}
    then: [tanh, channel_shuffle: 2, pixel_shuffle: 2, space_to_depth: 2, depth_to_space: 2,
           pixel_unshuffle: 2]
  - conv: {filters: 2, kernel: 1}
    then:
      - padded_shortcut: {stride: 2, channels: 5, before: 1}
      - sin
      - permute: [width, channels, height]
      - reshape: [5, 3]
      - pad: {before: 2, after: 1}
      - flatten
  - dense: 3
)"},
    NamedNetwork{"Windows", R"(
input: {shape: [2, 4, 6], norm: 1}
layers:
  - name: windows
    conv: {filters: 4, kernel: 1}
    then:
      - roll: {axis: height, by: -1}
      - roll: {axis: width, by: -2}
      - reshape: [4, 2, 2, 6]
      - permute: [depth, channels, height, width]
      - reshape: [2, 4, 4, 3]
      - permute: [channels, height, depth, width]
      - reshape: [4, 4, 6]
  - name: positions
    constant: {shape: [2, 9], values: [-1, -1, -1, 0, 0, 0, 1, 1, 1, -2, 0, 2, -2, 0, 2, -2, 0, 2]}
  - name: bias
    from: positions
    conv: {filters: 1, kernel: 1}
    then: [tanh, reshape: [1, 9], pad: {by: 3, mode: circular}, slice: {axis: length, to: 15},
           reshape: [1, 3, 5], {relative_positions: {window: [2, 3], windows: 4}}]
  - name: half
    constant: {shape: [4, 6, 1], values: 0.5}
  - name: scores
    matmul: {inputs: [windows, windows], transpose: first, scale: 0.5}
  - name: scale
    parameter: [1, 1, 1]
    then: [smooth_capped_exp: 2]
  - name: scaled
    multiply: [scores, scale]
  - name: sum
    add: [scaled, bias]
  - name: weights
    then:
      - mask: {kind: shifted_windows, window: [2, 3], windows: [2, 2], shift: [1, 2], by: 3}
      - softmax: height
      - mask: {by: 0.25}
      - sin
  - name: out
    multiply: [weights, half]
  - name: last
    dense: 2
)"},
    NamedNetwork{"Interpolation", R"(
input: {shape: [16, 4, 5], norm: 1}
layers:
  - conv: {filters: 16, kernel: 1}
    then:
      - softplus
      - upsample: {factor: 2, mode: bilinear}
      - scale: [1, -1, 0.5, 1, 1, 2, 1, 1, 1, 1.5, 1, 1, 1, -2, 1, 0.25]
  - conv: {filters: 4, kernel: 3, stride: 2}
    then:
      - scale: {by: -0.75}
      - upsample: {size: [5, 7], mode: bilinear, align_corners: true}
      - shift: [0.5, -1, 0, 2]
  - conv: {filters: 3, kernel: [2, 3], stride: [1, 2]}
    then:
      - sin
      - pad: {by: 1, mode: replicate}
      - upsample: {size: [3, 2]}
      - upsample: {size: [3, 4], mode: bilinear}
  - dense: 3
    then: [shift: -0.25]
)"},
    NamedNetwork{"Volumes", R"(
input: {shape: [2, 3, 5, 4], norm: 1}
layers:
  - conv: {filters: 4, kernel: [2, 3, 2], padding: same, groups: 2}
    then: [softplus, {average_pool: {kernel: [1, 2, 2], stride: [1, 2, 1], padding: [0, 1, 0]}}]
  - conv: {filters: 3, kernel: [1, 2, 3], stride: [2, 1, 1], padding: [1, 0, 1], dilation: [2, 1, 1]}
    then: [tanh, batch_norm: {epsilon: 0.1}]
  - conv: {filters: 2, kernel: 1}
    then: [softmax, global_average_pool]
  - dense: 2
)"},
    NamedNetwork{"Transposed", R"(
input: {shape: [3, 2, 3], norm: 1}
layers:
  - conv_transposed: {filters: 4, kernel: [3, 2], stride: 2, padding: [1, 0], output_padding: [1, 0]}
    then: [softplus]
  - conv_transposed: {filters: 2, kernel: 3, stride: 2, padding: same, groups: 2}
    then: [tanh, average_pool: 3]
  - conv_transposed: {filters: 3, kernel: 2, dilation: 2, padding: 1}
    bias: false
    then: [sigmoid]
  - dense: 2
)"},
    NamedNetwork{"TransposedSequence", R"(
input: {shape: [2, 3], norm: 1}
layers:
  - conv_transposed: {filters: 3, kernel: 2, stride: 3}
    then: [silu]
  - conv_transposed: {filters: 2, kernel: 4, stride: 2, padding: 1}
)"},
    NamedNetwork{"TransposedVolumes", R"(
input: {shape: [2, 1, 2, 2], norm: 1}
layers:
  - conv_transposed: {filters: 4, kernel: 2, stride: [2, 1, 2], groups: 2}
    then: [softplus, {adaptive_average_pool: [2, 1, 2]}]
  - dense: 3
)"},
    NamedNetwork{"Means", R"(
input: {shape: [2, 7, 6], norm: 1}
layers:
  - conv: {filters: 4, kernel: 2, padding: same}
    then: [softplus, {average_pool: {kernel: 3, stride: 2, padding: 1, count_padding: false}}]
  - dense: {units: 3, per: position}
    then: [tanh, {average_pool: {kernel: 2, stride: 2, padding: 1, ceil: true}}]
  - dense: {units: 2, per: position}
    bias: false
    then: [adaptive_average_pool: [2, 4]]
  - conv: {filters: 3, kernel: 1}
    then: [gelu, global_average_pool]
  - conv: {filters: 4, kernel: 1, groups: 1}
    then: [softplus]
  - dense: 2
)"},
    NamedNetwork{"SmoothLearnedSlopes", R"(
input: {shape: [2, 5, 4], norm: 1}
layers:
  - conv: {filters: 8, kernel: 3}
    then: [smooth_prelu, {smooth_prelu: {per: layer, radius: 2, beta: 3}}]
  - dense: 4
    then: [{smooth_prelu: {beta: 0.5}}]
  - dense: 2
)"},
};

}  // namespace smoothbound::testing
