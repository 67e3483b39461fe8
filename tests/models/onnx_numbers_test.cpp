// The numbers of the tensors that layers read.
#include <fmt/ranges.h>

#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

// "name [sizes]: numbers" of each tensor, in lines.
std::string tensors_of_script(std::string_view script, std::int64_t opset) {
  const auto graph = std::make_shared<Graph>(graph_of_script(script, opset));
  std::string lines;
  for (const models::Tensor& tensor : Translator(graph, "", {}).translate().tensors) {
    lines += fmt::format("{} [{}]: {}\n", tensor.name, fmt::join(tensor.shape, ", "),
                         fmt::join(std::get<ComputedNumbers>(tensor.numbers)(), ", "));
  }
  return lines;
}

TEST(OnnxNumbers, OfTensors) {
  constexpr std::array cases{
      LayersCase{"y = Gemm(x:1x3, w:3x2[1 2 3 4 5 6], b:2[7 8])",
                 "w [2, 3]: 1, 3, 5, 2, 4, 6\nb [2]: 7, 8\n"},
      LayersCase{"y = Gemm(x:1x3, w:2x3[1 2 3 4 5 6], b:1x2[7 8]) transB=1 alpha=2.0 beta=3.0",
                 "gemm.weight [2, 3]: 2, 4, 6, 8, 10, 12\ngemm.bias [2]: 21, 24\n"},
      LayersCase{"y = Gemm(x:1x3, w:3x2[1 2 3 4 5 6], b:1[7]) beta=0.5",
                 "w [2, 3]: 1, 3, 5, 2, 4, 6\ngemm.bias [2]: 3.5, 3.5\n"},
      LayersCase{"y = MatMul(x:1x3, w:3x2[1 2 3 4 5 6])", "w [2, 3]: 1, 3, 5, 2, 4, 6\n"},
      LayersCase{"t = Transpose(w:2x3[1 2 3 4 5 6]) perm=[1 0]; y = MatMul(x:1x3, t)",
                 "w [2, 3]: 1, 2, 3, 4, 5, 6\n"},
      LayersCase{"y = GroupNormalization(x:1x6x2x2, gn.weight:2[3 5], gn.bias:2[7 9]) num_groups=2",
                 "groupnormalization.weight [6]: 3, 3, 3, 5, 5, 5\ngroupnormalization.bias [6]: 7, "
                 "7, 7, 9, 9, 9\n",
                 18},
      LayersCase{"y = GroupNormalization(x:1x2x2x2, gn.weight:2[3 5], gn.bias:2[7 9]) num_groups=2",
                 "gn.weight [2]: 3, 5\ngn.bias [2]: 7, 9\n", 18},
      LayersCase{"y = ConvTranspose(x:1x2x3x3, w:2x3x1x1[1 2 3 4 5 6])",
                 "w [2, 3, 1, 1]: 1, 2, 3, 4, 5, 6\n"},
      LayersCase{"y = ConvTranspose(x:1x2x3x3, w:2x3x1x1[1 2 3 4 5 6]) group=2",
                 "w [2, 3, 1, 1]: 1, 2, 3, 4, 5, 6\n"},
      LayersCase{"y = Conv(x:1x2x3x3, w:1x2x1x2[1 2 3 4], b:1[5])",
                 "w [1, 2, 1, 2]: 1, 2, 3, 4\nb [1]: 5\n"},
      LayersCase{"y = PRelu(x:1x3x2, s:3x1[1 2 3])", "s [3]: 1, 2, 3\n"},
      LayersCase{"y = Gather(w:3x2[1 2 3 4 5 6], ids:1x5)", "w [3, 2]: 1, 2, 3, 4, 5, 6\n"},
      LayersCase{
          "y = BatchNormalization(x:1x2x3, bn.weight:2[1 2], bn.bias:2[3 4], m:2[5 6], v:2[7 8])",
          "bn.weight [2]: 1, 2\nbn.bias [2]: 3, 4\nm [2]: 5, 6\nv [2]: 7, 8\n"},
      LayersCase{"y = Add(x:1x3x2, p:3x2[1 2 3 4 5 6])", "p [3, 2]: 1, 2, 3, 4, 5, 6\n"},
      LayersCase{"t = Transpose(x:1x2x3) perm=[0 2 1]; y = Add(t, p:3x2[1 2 3 4 5 6])",
                 "p [3, 2]: 1, 2, 3, 4, 5, 6\n"},
      LayersCase{"p = Transpose(w:2x3x2[1 2 3 4 5 6 7 8 9 10 11 12]) perm=[1 2 0]; r = "
                 "Relu(x:1x3x4); q = Reshape(p, [3 4]); y "
                 "= Add(r, q)",
                 "add [3, 4]: 1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12\n"},
      LayersCase{"m = Mul(w:3x2[1 2 3 4 5 6], 2); y = MatMul(x:1x3, m)",
                 "matmul.weight [2, 3]: 2, 6, 10, 4, 8, 12\n"},
      LayersCase{"c = Concat(v:1x2[1 2], w:2x2[3 4 5 6]) axis=0; y = MatMul(x:1x3, c)",
                 "matmul.weight [2, 3]: 1, 3, 5, 2, 4, 6\n"},
  };
  for (const LayersCase& one : cases) {
    EXPECT_EQ(tensors_of_script(one.script, one.opset), one.expected) << one.script;
  }
}

}  // namespace
}  // namespace smoothbound::models::onnx
