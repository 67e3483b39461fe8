// Normalizations.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxNormalizations, BatchNorms) {
  constexpr std::array cases{
      LayersCase{"y = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, bn.running_mean:2[1 "
                 "2], bn.running_var:2[3 4])",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: "
                 "fixed, mean: [1, 2], variance: [3, 4], weights: bn}}\n"},
      LayersCase{"y = BatchNormalization(x:1x2, ones:2, zeros:2, m:2[0 0], v:2[1 1]) epsilon=0.001",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 0.001, per: channel, affine: true, statistics: "
                 "fixed, mean: 0, variance: 1, weights: {weight: ones, bias: zeros, running_mean: "
                 "m, running_var: v}}}\n"},
      LayersCase{
          "y = BatchNormalization(x:1x2x4, fixed1:2[1 1], fixed2:2[0 0], m:2[1 2], v:2[3 4])",
          "  - name: batchnormalization\n"
          "    then:\n"
          "      - {batch_norm: {epsilon: 1e-05, per: channel, statistics: fixed, mean: [1, 2], "
          "variance: [3, 4], weights: {running_mean: m, running_var: v}}}\n"},
      LayersCase{"y = BatchNormalization(x:1x2x4, fixed1:2[1 1], bn.bias:2, m:2[1 2], v:2[3 4])",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, scale: false, "
                 "statistics: fixed, mean: [1, 2], variance: [3, 4], weights: {bias: bn.bias, "
                 "running_mean: m, running_var: v}}}\n"},
      LayersCase{"t = Transpose(x:1x4x4x2) perm=[0 3 1 2]; y = BatchNormalization(t, bn.weight:2, "
                 "bn.bias:2, bn.running_mean:2[1 2], bn.running_var:2[3 4])",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {reshape: [16, 2]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {reshape: [2, 4, 4]}\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: "
                 "fixed, mean: [1, 2], variance: [3, 4], weights: bn}}\n"},
      LayersCase{
          "y = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, bn.running_mean:2, "
          "bn.running_var:2) training_mode=1",
          "  - name: batchnormalization\n"
          "    then: [{batch_norm: {epsilon: 1e-05, per: channel, affine: true, weights: bn}}]\n"},
      LayersCase{
          "y|m|v|n|w = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, "
          "bn.running_mean:2, bn.running_var:2)",
          "  - name: batchnormalization\n"
          "    then: [{batch_norm: {epsilon: 1e-05, per: channel, affine: true, weights: bn}}]\n",
          9},
      LayersCase{
          "y = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, bn.running_mean:2, "
          "bn.running_var:2)",
          "  - name: batchnormalization\n"
          "    then: [{batch_norm: {epsilon: 1e-05, per: channel, affine: true, weights: bn}}]\n",
          6},
      LayersCase{"y = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, bn.running_mean:2[1 "
                 "1], bn.running_var:2[2 2]) is_test=1",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: "
                 "fixed, mean: 1, variance: 2, weights: bn}}\n",
                 6},
      LayersCase{"y = BatchNormalization(x:1x2x1x2, bn.weight:2x1x2, bn.bias:2x1x2, m:2x1x2[1 2 3 "
                 "4], v:2x1x2[1 2 3 4]) spatial=0",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: element, affine: true, statistics: "
                 "fixed, mean: [1, 2, 3, 4], variance: [1, 2, 3, 4], weights: {weight: bn.weight, "
                 "bias: bn.bias, running_mean: m, running_var: v}}}\n",
                 7},
  };
  check_layers(cases);
}

TEST(OnnxNormalizations, StatisticsOfTheBatch) {
  ImportOptions options;
  options.batch_norms = ImportOptions::BatchNorms::batch;
  constexpr std::array cases{
      LayersCase{
          "y = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, bn.running_mean:2, "
          "bn.running_var:2)",
          "  - name: batchnormalization\n"
          "    then: [{batch_norm: {epsilon: 1e-05, per: channel, affine: true, weights: bn}}]\n"},
  };
  check_layers(cases, options);
}

TEST(OnnxNormalizations, StatisticsInAFile) {
  ImportOptions options;
  options.statistics_in_text = false;
  constexpr std::array cases{
      LayersCase{"y = BatchNormalization(x:1x2x4x4, bn.weight:2, bn.bias:2, bn.running_mean:2, "
                 "bn.running_var:2)",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: "
                 "fixed, weights: bn}}\n"},
      LayersCase{"y = BatchNormalization(x:1x2x4x4, onnx::1:2, onnx::2:2, onnx::3:2, onnx::4:2)",
                 "  - name: batchnormalization\n"
                 "    then:\n"
                 "      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: "
                 "fixed, weights: batchnormalization}}\n"},
  };
  check_layers(cases, options);
}

TEST(OnnxNormalizations, OverFeatures) {
  constexpr std::array cases{
      LayersCase{
          "y = LayerNormalization(x:1x5x4, ln.weight:4, ln.bias:4)",
          "  - name: layernormalization\n"
          "    then:\n"
          "      - {permute: [length, channels]}\n"
          "      - {layer_norm: {epsilon: 1e-05, per: position, affine: true, weights: ln}}\n"
          "      - {permute: [length, channels]}\n"},
      LayersCase{"y = LayerNormalization(x:1x4, ln.weight:4)",
                 "  - name: layernormalization\n"
                 "    then: [{layer_norm: {epsilon: 1e-05, per: position, affine: true, shift: "
                 "false, weights: ln}}]\n"},
      LayersCase{
          "y = LayerNormalization(x:1x5x4, fixed1:4[1 1 1 1], fixed2:4[0 0 0 0]) epsilon=0.01",
          "  - name: layernormalization\n"
          "    then:\n"
          "      - {permute: [length, channels]}\n"
          "      - {layer_norm: {epsilon: 0.01, per: position}}\n"
          "      - {permute: [length, channels]}\n"},
      LayersCase{
          "y = LayerNormalization(x:1x3x2x2, ln.weight:3x2x2, ln.bias:3x2x2) axis=1",
          "  - name: layernormalization\n"
          "    then:\n"
          "      - flatten\n"
          "      - {layer_norm: {epsilon: 1e-05, per: position, affine: true, weights: ln}}\n"
          "      - {reshape: [3, 2, 2]}\n"},
      LayersCase{
          "y = LayerNormalization(x:1x5x2x2, ln.weight:2x2, ln.bias:2x2) axis=-2",
          "  - name: layernormalization\n"
          "    then:\n"
          "      - {reshape: [5, 4]}\n"
          "      - {permute: [length, channels]}\n"
          "      - {layer_norm: {epsilon: 1e-05, per: position, affine: true, weights: ln}}\n"
          "      - {permute: [length, channels]}\n"
          "      - {reshape: [5, 2, 2]}\n"},
      LayersCase{
          "t = Transpose(x:1x3x4x4) perm=[0 2 3 1]; y = LayerNormalization(t, ln.weight:3, "
          "ln.bias:3)",
          "  - name: layernormalization\n"
          "    then:\n"
          "      - {layer_norm: {epsilon: 1e-05, per: position, affine: true, weights: ln}}\n"
          "      - {reshape: [3, 16]}\n"
          "      - {permute: [length, channels]}\n"
          "      - {reshape: [4, 4, 3]}\n"},
      LayersCase{"y = LayerNormalization(x:1x2x3x4x5, ln.weight:5)",
                 "  - name: layernormalization\n"
                 "    then:\n"
                 "      - {reshape: [24, 5]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {reshape: [5, 2, 3, 4]}\n"
                 "      - {layer_norm: {epsilon: 1e-05, per: position, affine: true, shift: false, "
                 "weights: ln}}\n"
                 "      - {reshape: [5, 24]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {reshape: [2, 3, 4, 5]}\n"},
      LayersCase{"r = Reshape(x:1x2x3x8x5, [1 2 3 2 4 5]); y = LayerNormalization(r, ln.weight:5)",
                 "  - name: layernormalization\n"
                 "    then:\n"
                 "      - {reshape: [48, 5]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {layer_norm: {epsilon: 1e-05, per: position, affine: true, shift: false, "
                 "weights: ln}}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - flatten\n"},
      LayersCase{"y = RMSNormalization(x:1x5x4, rms.weight:4)",
                 "  - name: rmsnormalization\n"
                 "    then:\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {rms_norm: {epsilon: 1e-05, per: position, affine: true, shift: false, "
                 "weights: rms}}\n"
                 "      - {permute: [length, channels]}\n",
                 23},
  };
  check_layers(cases);
}

TEST(OnnxNormalizations, OverGroups) {
  constexpr std::array cases{
      LayersCase{"y = InstanceNormalization(x:1x3x4x4, in.weight:3, in.bias:3)",
                 "  - name: instancenormalization\n"
                 "    then: [{instance_norm: {epsilon: 1e-05, affine: true, weights: in}}]\n"},
      LayersCase{
          "y = GroupNormalization(x:1x4x3x3, gn.weight:4, gn.bias:4) num_groups=2",
          "  - name: groupnormalization\n"
          "    then: [{group_norm: {groups: 2, epsilon: 1e-05, affine: true, weights: gn}}]\n",
          21},
      LayersCase{"y = GroupNormalization(x:1x4x3x3, gn.weight:2, gn.bias:2) num_groups=2",
                 "  - name: groupnormalization\n"
                 "    then: [{group_norm: {groups: 2, epsilon: 1e-05, affine: true, weights: "
                 "groupnormalization}}]\n",
                 18},
      LayersCase{"a = GroupNormalization(x:1x4x3x3, gn.weight:2, gn.bias:2) num_groups=2; b = "
                 "GroupNormalization(a, gn.weight, gn.bias) num_groups=2; y = "
                 "InstanceNormalization(b, in.weight:4, in.bias:4)",
                 "  - name: groupnormalization\n"
                 "    then:\n"
                 "      - {group_norm: {groups: 2, epsilon: 1e-05, affine: true, weights: "
                 "groupnormalization}}\n"
                 "      - {group_norm: {groups: 2, epsilon: 1e-05, affine: true, weights: {weight: "
                 "groupnormalization.weight_2, bias: groupnormalization.bias_2}}}\n"
                 "      - {instance_norm: {epsilon: 1e-05, affine: true, weights: in}}\n",
                 18},
      LayersCase{"y = LRN(x:1x4x3x3) size=3",
                 "  - {name: lrn, then: [{local_response_norm: {size: 3, alpha: 1e-04, beta: 0.75, "
                 "k: 1}}]}\n"},
      LayersCase{"y = LRN(x:1x4x3x3) size=5 alpha=0.5 beta=0.5 bias=2.0",
                 "  - {name: lrn, then: [{local_response_norm: {size: 5, alpha: 0.5, beta: 0.5, k: "
                 "2}}]}\n"},
      LayersCase{
          "r = Reshape(x:1x4x4x16, [1 4 2 2 4 4]); y = InstanceNormalization(r, in.weight:4, "
          "in.bias:4)",
          "  - name: instancenormalization\n"
          "    then: [{instance_norm: {epsilon: 1e-05, affine: true, weights: in}}, flatten]\n"},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
