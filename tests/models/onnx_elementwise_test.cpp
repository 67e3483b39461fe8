// Functions of one array.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxElementwise, PlainFunctions) {
  constexpr std::array cases{
      LayersCase{"a = Relu(x:1x4); b = Sigmoid(a); c = Tanh(b); d = Softsign(c); y = Softplus(d)",
                 "  - {name: relu, then: [relu, sigmoid, tanh, softsign, softplus]}\n"},
      LayersCase{"a = Sin(x:1x4); b = Atan(a); c = Erf(b); d = Mish(c); y = HardSwish(d)",
                 "  - {name: sin, then: [sin, atan, erf, mish, hard_swish]}\n"},
      LayersCase{"y = Neg(x:1x4)", "  - {name: neg, then: [{scale: -1}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxElementwise, FunctionsWithNumbers) {
  constexpr std::array cases{
      LayersCase{"y = LeakyRelu(x:1x4)", "  - {name: leakyrelu, then: [{leaky_relu: 0.01}]}\n"},
      LayersCase{"y = LeakyRelu(x:1x4) alpha=0.2",
                 "  - {name: leakyrelu, then: [{leaky_relu: 0.2}]}\n"},
      LayersCase{"a = Elu(x:1x4); y = Elu(a) alpha=0.5",
                 "  - {name: elu, then: [elu, {elu: 0.5}]}\n"},
      LayersCase{"a = Celu(x:1x4); y = Celu(a) alpha=2.0",
                 "  - {name: celu, then: [celu, {celu: 2}]}\n"},
      LayersCase{"y = Selu(x:1x4)", "  - {name: selu, then: [selu]}\n"},
      LayersCase{"y = Selu(x:1x4) alpha=1.67326 gamma=1.0507", "  - {name: selu, then: [selu]}\n"},
      LayersCase{"y = Selu(x:1x4) alpha=2.0 gamma=3.0",
                 "  - {name: selu, then: [{elu: 2}, {scale: 3}]}\n"},
      LayersCase{"a = Gelu(x:1x4); y = Gelu(a) approximate='tanh'",
                 "  - {name: gelu, then: [gelu, gelu_tanh]}\n"},
      LayersCase{"y = Swish(x:1x4)", "  - {name: swish, then: [silu]}\n"},
      LayersCase{"y = Swish(x:1x4) alpha=2.0",
                 "  - {name: swish, then: [{scale: 2}, silu, {scale: 0.5}]}\n"},
      LayersCase{"y = HardSigmoid(x:1x4)",
                 "  - {name: hardsigmoid, then: [{scale: 1.2000000178813934}, hard_sigmoid]}\n"},
      LayersCase{"y = HardSigmoid(x:1x4) alpha=0.16666667 beta=0.5",
                 "  - {name: hardsigmoid, then: [hard_sigmoid]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxElementwise, Clip) {
  constexpr std::array cases{
      LayersCase{"y = Clip(x:1x4, 0, 6)", "  - {name: clip, then: [relu6]}\n"},
      LayersCase{"y = Clip(x:1x4, 0, 3)",
                 "  - {name: clip, then: [{scale: 2}, relu6, {scale: 0.5}]}\n"},
      LayersCase{"y = Clip(x:1x4, -1, 1)", "  - {name: clip, then: [hard_tanh]}\n"},
      LayersCase{"y = Clip(x:1x4, -1, 3)",
                 "  - {name: clip, then: [{scale: 0.5}, {shift: -0.5}, hard_tanh, {scale: 2}, "
                 "{shift: 1}]}\n"},
      LayersCase{"y = Clip(x:1x4, -1)",
                 "  - {name: clip, then: [{shift: 1}, relu, {shift: -1}]}\n"},
      LayersCase{
          "y = Clip(x:1x4, _, 2)",
          "  - {name: clip, then: [{scale: -1}, {shift: 2}, relu, {scale: -1}, {shift: 2}]}\n"},
      LayersCase{"y = Clip(x:1x4, 0)", "  - {name: clip, then: [relu]}\n"},
      LayersCase{"c = Clip(x:1x4); y = Relu(c)", "  - {name: relu, then: [relu]}\n"},
      LayersCase{"y = Clip(x:1x4) min=0.0 max=6.0", "  - {name: clip, then: [relu6]}\n", 6},
      LayersCase{"c = Clip(x:1x4) min=-3.4028e38 max=3.4028e38; y = Relu(c)",
                 "  - {name: relu, then: [relu]}\n", 6},
  };
  check_layers(cases);
}

TEST(OnnxElementwise, Slopes) {
  constexpr std::array cases{
      LayersCase{"y = PRelu(x:1x3x4x4, act.weight:)",
                 "  - {name: prelu, then: [{prelu: {per: layer, weights: act}}]}\n"},
      LayersCase{"y = PRelu(x:1x3x4x4, act.weight:1)",
                 "  - {name: prelu, then: [{prelu: {per: layer, weights: act}}]}\n"},
      LayersCase{"y = PRelu(x:1x3x4x4, act.weight:3x1x1)",
                 "  - {name: prelu, then: [{prelu: {weights: act}}]}\n"},
      LayersCase{"y = PRelu(x:1x3x4x4, act.weight:1x3x1x1)",
                 "  - {name: prelu, then: [{prelu: {weights: act}}]}\n"},
      LayersCase{"y = PRelu(x:1x3x4x5, act.weight:5)",
                 "  - name: prelu\n"
                 "    then:\n"
                 "      - {reshape: [12, 5]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {reshape: [5, 3, 4]}\n"
                 "      - {prelu: {weights: act}}\n"
                 "      - {reshape: [5, 12]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {reshape: [3, 4, 5]}\n"},
      LayersCase{"y = PRelu(x:1x3x4x4, act.weight:3)",
                 "  - {name: prelu, then: [{prelu: {weights: act}}]}\n", 6},
      // As many channels as columns: whose they are is the opset's to say.
      LayersCase{"y = PRelu(x:1x4x4, act.weight:4)",
                 "  - name: prelu\n"
                 "    then: [{permute: [length, channels]}, {prelu: {weights: act}}, {permute: "
                 "[length, channels]}]\n"},
      LayersCase{"y = PRelu(x:1x4x4, act.weight:4)",
                 "  - {name: prelu, then: [{prelu: {weights: act}}]}\n", 6},
      LayersCase{"y = PRelu(x:1x3x5, act.weight:5)",
                 "  - name: prelu\n"
                 "    then: [{permute: [length, channels]}, {prelu: {weights: act}}, {permute: "
                 "[length, channels]}]\n",
                 6},
      LayersCase{"r = Reshape(x:1x3x16, [1 3 2 2 2 2]); y = PRelu(r, act.weight:2)",
                 "  - name: prelu\n"
                 "    then:\n"
                 "      - {reshape: [24, 2]}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - {prelu: {weights: act}}\n"
                 "      - {permute: [length, channels]}\n"
                 "      - flatten\n"},
      LayersCase{"y = PRelu(x:1x3, act.weight:3)",
                 "  - {name: prelu, then: [{prelu: {weights: act}}]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxElementwise, Softmax) {
  constexpr std::array cases{
      LayersCase{"y = Softmax(x:1x10)", "  - {name: softmax, then: [softmax]}\n"},
      LayersCase{"y = Softmax(x:1x5x4)",
                 "  - {name: softmax, then: [{softmax: {axis: length}}]}\n"},
      LayersCase{"y = Softmax(x:1x5x4) axis=1", "  - {name: softmax, then: [softmax]}\n"},
      LayersCase{"y = Softmax(x:1x2x5x4) axis=-2",
                 "  - {name: softmax, then: [{softmax: {axis: height}}]}\n"},
      LayersCase{"y = Softmax(x:1x2x3x4x5) axis=3",
                 "  - {name: softmax, then: [{softmax: {axis: height}}]}\n"},
      LayersCase{"t = Transpose(x:1x5x4) perm=[0 2 1]; y = Softmax(t)",
                 "  - {name: softmax, then: [softmax, {permute: [length, channels]}]}\n"},
      LayersCase{"y = Softmax(x:1x1x4) axis=1", "  - {name: softmax, then: [softmax]}\n"},
      LayersCase{"y = Softmax(x:1x10)", "  - {name: softmax, then: [softmax]}\n", 11},
      LayersCase{"y = Softmax(x:1x5x4)",
                 "  - {name: softmax, then: [flatten, softmax, {reshape: [5, 4]}]}\n", 11},
      LayersCase{"y = Softmax(x:1x5x4) axis=2",
                 "  - {name: softmax, then: [{softmax: {axis: length}}]}\n", 11},
      LayersCase{"l = LogSoftmax(x:1x10)", "  - {name: output, then: [identity]}\n"},
      LayersCase{"a = Relu(x:1x10); l = LogSoftmax(a)", "  - {name: relu, then: [relu]}\n"},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
