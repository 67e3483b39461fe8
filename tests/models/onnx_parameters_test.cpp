// Trained numbers that stand beside values: as they lie in the file.
#include <gmock/gmock.h>

#include <array>

#include "imported.hpp"
#include "onnx_builder.hpp"
#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

TEST(OnnxParameters, HaveTheShapeOfTheFileWithoutOnes) {
  constexpr std::array cases{
      LayersCase{"t = Transpose(x:1x2x3) perm=[0 2 1]; y = Add(t, p:1x3x2)",
                 "  - {name: p, parameter: [3, 2], then: [{permute: [length, channels]}]}\n"
                 "  - {name: add, add: [input, p], then: [{permute: [length, channels]}]}\n"},
      LayersCase{"t = Transpose(x:1x2x3x4) perm=[0 2 3 1]; y = Mul(t, p:3x4x2)",
                 "  - name: p\n"
                 "    parameter: [3, 4, 2]\n"
                 "    then: [{reshape: [12, 2]}, {permute: [length, channels]}, {reshape: [2, 3, "
                 "4]}]\n"
                 "  - name: mul\n"
                 "    multiply: [input, p]\n"
                 "    then: [{reshape: [2, 12]}, {permute: [length, channels]}, {reshape: [3, 4, "
                 "2]}]\n"},
      LayersCase{"r = Relu(x:1x3x2x2); y = Mul(r, p:1x3x1x1)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: p, parameter: [3]}\n"
                 "  - {name: mul, multiply: [relu, p]}\n"},
      LayersCase{"r = Relu(x:1x2x3x4); y = MatMul(r, p:1x2x4x5)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: p, parameter: [2, 4, 5]}\n"
                 "  - {name: matmul, matmul: [relu, p]}\n"},
      LayersCase{"s = Reshape(x:1x2x3x24, [1 2 3 4 6]); y = MatMul(s, p:2x3x6x5)",
                 "  - {name: p, parameter: [2, 3, 6, 5], then: [{reshape: [6, 6, 5]}]}\n"
                 "  - {name: matmul, from: input, then: [{reshape: [6, 4, 6]}]}\n"
                 "  - {name: matmul_2, matmul: [matmul, p], then: [{reshape: [2, 3, 4, 5]}]}\n"},
      // Of more axes than a shape has the first ones are one.
      LayersCase{"s = Reshape(x:1x2x3x2x4, [1 2 3 2 2 2]); y = Add(s, p:2x3x2x2x2)",
                 "  - {name: p, parameter: [6, 2, 2, 2], then: [{reshape: [2, 3, 2, 4]}]}\n"
                 "  - {name: add, add: [input, p], then: [flatten]}\n"},
  };
  check_layers(cases);
}

TEST(OnnxParameters, BehindOperatorsThatMoveTheirNumbers) {
  constexpr std::array cases{
      LayersCase{"p = Transpose(w:1x3x2) perm=[0 2 1]; r = Relu(x:1x2x3); y = Add(r, p)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: w, parameter: [3, 2], then: [{permute: [length, channels]}]}\n"
                 "  - {name: add, add: [relu, w]}\n"},
      LayersCase{"p = Reshape(w:1x6, [1 2 3]); r = Relu(x:1x2x3); y = Add(r, p)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: w, parameter: [6], then: [{reshape: [2, 3]}]}\n"
                 "  - {name: add, add: [relu, w]}\n"},
      LayersCase{"r = Relu(x:1x2x3); a = Add(r, w:2x3); q = Reshape(w, [6]); s = Reshape(a, [1 "
                 "6]); y = Add(s, q)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: w, parameter: [2, 3]}\n"
                 "  - {name: add, add: [relu, w]}\n"
                 "  - {name: w_2, share: w, parameter: [2, 3]}\n"
                 "  - {name: add_2, add: [add, w_2], then: [flatten]}\n"},
      // Numbers that are computed have the shape that they are computed with.
      LayersCase{"p = Transpose(w:2x3x2) perm=[1 2 0]; r = Relu(x:1x3x4); q = Reshape(p, [3 4]); y "
                 "= Add(r, q)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: w, parameter: [3, 4], weights: add}\n"
                 "  - {name: add, add: [relu, w]}\n"},
      // A class token, and a table, for each sample of a batch of a fixed size.
      LayersCase{"r = Relu(x:2x5x4); e = Expand(cls:1x1x4, [2 1 4]); c = Concat(e, r) axis=1; t = "
                 "Expand(p:6x4, [2 6 4]); y = Add(c, t)",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: cls, parameter: [4], then: [{reshape: [1, 4]}]}\n"
                 "  - {name: concat, concat: [cls, relu]}\n"
                 "  - {name: p, parameter: [6, 4]}\n"
                 "  - {name: add, add: [concat, p]}\n"},
  };
  check_layers(cases);
}

// A view into the file, under the initializer's name and with the parameter's shape.
TEST(OnnxParameters, LieInTheFile) {
  testing::onnx::Model model;
  model.input("x", {1, 2, 3}).output("y").initializer("net.places", {1, 3, 2}, {1, 2, 3, 4, 5, 6});
  model.node("Transpose", {"x"}, {"t"}, {testing::onnx::ints("perm", {0, 2, 1})})
      .node("Add", {"t", "net.places"}, {"y"});
  const auto tensors = testing::imported("net.onnx", model.bytes()).tensors;
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors.front().name, "net.places");
  EXPECT_EQ(tensors.front().shape, (std::vector<std::int64_t>{3, 2}));
  const auto& region = std::get<FileRegion>(tensors.front().numbers);
  EXPECT_EQ(region.file, "net.onnx");
  EXPECT_FALSE(region.reversed);
}

TEST(OnnxNames, NodesAtTheTopAreCalledAsTheirOperators) {
  constexpr std::array cases{
      LayersCase{"r@/Relu = Relu(x:1x3x2); c@/Concat = Concat(x, r) axis=1; y@/Concat_1 = "
                 "Concat(c, r) axis=1",
                 "  - {name: relu, then: [relu]}\n"
                 "  - {name: concat, concat: [input, relu]}\n"
                 "  - {name: concat_2, concat: [concat, relu]}\n"},
      LayersCase{"r@Relu_7 = Relu(x:1x3x2); y@/net/Add = Add(x, r)",
                 "  - {name: Relu_7, then: [relu]}\n"
                 "  - {name: net, add: [input, Relu_7]}\n"},
  };
  check_layers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
