// What operators make of known arrays, by their numbers.
#include <array>

#include "onnx_layers.hpp"

namespace smoothbound::models::onnx {
namespace {

struct FoldCase {
  const char* script;  // of nodes that make k, an array for five numbers
  const char* expected;
  std::int64_t opset = 17;
};

// The numbers as they are added to five values, in the order in which they lie.
void check_numbers(std::span<const FoldCase> cases) {
  const std::string begin = "  - {name: relu, then: [relu, {shift: ";
  for (const FoldCase& one : cases) {
    const std::string script =
        std::string("r = Relu(x:1x5); ") + one.script + "; all = Reshape(k, [5]); y = Add(r, all)";
    const std::string layers = layers_of_script(script, one.opset);
    EXPECT_EQ(layers, begin + one.expected + "}]}\n") << one.script;
  }
}

TEST(OnnxFold, Parts) {
  constexpr std::array cases{
      FoldCase{"k = Slice(fixed:6[1 2 3 4 5 6], [-1], [0], [0], [-1])", "{by: [6, 5, 4, 3, 2]}"},
      FoldCase{"k = Slice(fixed:5[1 2 3 4 5], [9], [-9], [0], [-1])", "{by: [5, 4, 3, 2, 1]}"},
      FoldCase{"k = Slice(fixed:10[1 2 3 4 5 6 7 8 9 10], [-1], [-99], [-1], [-2])",
               "{by: [10, 8, 6, 4, 2]}"},
      FoldCase{"k = Slice(fixed:9[1 2 3 4 5 6 7 8 9], [0], [99], [0], [2])",
               "{by: [1, 3, 5, 7, 9]}"},
      FoldCase{"k = Slice(fixed:8[1 2 3 4 5 6 7 8], [-99], [-3], [0], [1])",
               "{by: [1, 2, 3, 4, 5]}"},
      FoldCase{"k = Slice(fixed:2x5, [1], [2], [0])", "{by: [5.25, 6.25, 7.25, 8.25, 9.25]}"},
      FoldCase{"k = Slice(fixed:5x2, [1], [2], [1])", "{by: [1.25, 3.25, 5.25, 7.25, 9.25]}"},
      FoldCase{"k = Gather(fixed:5x2, [-2]) axis=1", "{by: [0.25, 2.25, 4.25, 6.25, 8.25]}"},
      FoldCase{"k = Gather(fixed:5[1 2 3 4 5], [4 -1 0 -5 1])", "{by: [5, 5, 1, 1, 2]}"},
      FoldCase{"a|k = Split(fixed:7[1 2 3 4 5 6 7], [2 5]) axis=0", "{by: [3, 4, 5, 6, 7]}"},
      FoldCase{"a|k = Split(fixed:5x2) axis=1", "{by: [1.25, 3.25, 5.25, 7.25, 9.25]}"},
  };
  check_numbers(cases);
}

TEST(OnnxFold, Orders) {
  constexpr std::array cases{
      FoldCase{"u = Unsqueeze(fixed:5[1 2 3 4 5], [1]); k = Squeeze(u)", "{by: [1, 2, 3, 4, 5]}"},
      FoldCase{"u = Unsqueeze(fixed:5[1 2 3 4 5], [-1 0]); s = Squeeze(u, [-1]); k = "
               "Concat(s) axis=0",
               "{by: [1, 2, 3, 4, 5]}"},
      FoldCase{"u = Unsqueeze(fixed:2[1 2], [0]); e = Expand(u, [3 2]); f = Flatten(e) axis=0; k = "
               "Slice(f, [1], [6], [1])",
               "{by: [2, 1, 2, 1, 2]}"},
      FoldCase{"u = Unsqueeze(fixed:2[1 2], [1]); e = Expand(u, [2 3]); f = Flatten(e) axis=0; k = "
               "Slice(f, [1], [6], [1])",
               "{by: [1, 1, 2, 2, 2]}"},
      FoldCase{"t = Tile(fixed:2x1[1 2], [1 3]); f = Flatten(t) axis=0; k = Slice(f, [1], [6], "
               "[1])",
               "{by: [1, 1, 2, 2, 2]}"},
      FoldCase{"t = Tile(fixed:2[1 2], [3]); k = Slice(t, [1], [6], [0])", "{by: [2, 1, 2, 1, 2]}"},
      FoldCase{"t = Transpose(fixed:2x3); f = Flatten(t) axis=0; k = Slice(f, [1], [6], [1])",
               "{by: [3.25, 1.25, 4.25, 2.25, 5.25]}"},
      FoldCase{"u = Unsqueeze([1 2], [1]); c = Concat(u, fixed:2x2[3 4 5 6]) axis=1; f = "
               "Flatten(c) axis=0; k = "
               "Slice(f, [1], [6], [1])",
               "{by: [3, 4, 2, 5, 6]}"},
  };
  check_numbers(cases);
}

TEST(OnnxFold, Reductions) {
  constexpr std::array cases{
      FoldCase{"k = ReduceMean(fixed:5x2[1 3 2 6 0 0 -4 4 5 6]) axes=[1]",
               "{by: [2, 4, 0, 0, 5.5]}"},
      FoldCase{"k = ReduceSum(fixed:5x2[1 3 2 6 0 0 -4 4 5 6], [1]) keepdims=0",
               "{by: [4, 8, 0, 0, 11]}"},
      FoldCase{"k = ReduceSum(fixed:2x5[1 2 3 4 5 6 7 8 9 0], [0])", "{by: [7, 9, 11, 13, 5]}"},
      FoldCase{"k = ReduceProd(fixed:5x2[1 3 2 6 0 0 -4 4 5 6]) axes=[-1]",
               "{by: [3, 12, 0, -16, 30]}"},
      FoldCase{"k = ReduceMax(fixed:5x2[1 3 2 6 -1 -2 -4 4 5 6]) axes=[1]",
               "{by: [3, 6, -1, 4, 6]}"},
      FoldCase{"k = ReduceMin(fixed:5x2[1 3 2 6 1 2 -4 4 5 6]) axes=[1]", "{by: [1, 2, 1, -4, 5]}"},
      FoldCase{"k = ReduceL1(fixed:5x2[1 3 2 6 0 0 -4 4 5 6]) axes=[1]", "{by: [4, 8, 0, 8, 11]}"},
      FoldCase{"k = ReduceL2(fixed:5x2[3 4 6 8 0 0 -5 12 8 15]) axes=[1]",
               "{by: [5, 10, 0, 13, 17]}"},
      FoldCase{"k = ReduceSumSquare(fixed:5x2[1 3 2 6 0 0 -4 4 5 6]) axes=[1]",
               "{by: [10, 40, 0, 32, 61]}"},
  };
  check_numbers(cases);
}

TEST(OnnxFold, Arithmetic) {
  constexpr std::array cases{
      FoldCase{"k = Add(fixed:5[1 2 3 4 5], [2])", "{by: [3, 4, 5, 6, 7]}"},
      FoldCase{"k = Sub(fixed:5[1 2 3 4 5], [2])", "{by: [-1, 0, 1, 2, 3]}"},
      FoldCase{"k = Sub([2], fixed:5[1 2 3 4 5])", "{by: [1, 0, -1, -2, -3]}"},
      FoldCase{"k = Mul(fixed:5[1 2 3 4 5], [2])", "{by: [2, 4, 6, 8, 10]}"},
      FoldCase{"k = Div(fixed:5[1 2 3 4 5], [2])", "{by: [0.5, 1, 1.5, 2, 2.5]}"},
      FoldCase{"k = Div([7 -7 6 0 1], [2 2 3 5 1])", "{by: [3, -3, 2, 0, 1]}"},
      FoldCase{"k = Pow(fixed:5[1 2 3 4 5], [2])", "{by: [1, 4, 9, 16, 25]}"},
      FoldCase{"k = Max(fixed:5[1 2 3 4 5], [3])", "{by: [3, 3, 3, 4, 5]}"},
      FoldCase{"k = Min(fixed:5[1 2 3 4 5], [3])", "{by: [1, 2, 3, 3, 3]}"},
      FoldCase{"k = Mod([7 -7 6 0 1], [3 3 3 5 2])", "{by: [1, 2, 0, 0, 1]}"},
      FoldCase{"g = Greater(fixed:5[1 2 3 4 5], [3]); k = Where(g, [9], [7])",
               "{by: [7, 7, 7, 9, 9]}"},
      FoldCase{"g = Less([1 2 3 4 5], [3]); k = Where(g, [9], [7])", "{by: [9, 9, 7, 7, 7]}"},
      FoldCase{"g = GreaterOrEqual([1 2 3 4 5], [3]); k = Where(g, [9], [7])",
               "{by: [7, 7, 9, 9, 9]}"},
      FoldCase{"g = LessOrEqual([1 2 3 4 5], [3]); k = Where(g, [9], [7])",
               "{by: [9, 9, 9, 7, 7]}"},
      FoldCase{"g = Equal([1 2 3 4 5], [3]); k = Where(g, [9], [7])", "{by: [7, 7, 9, 7, 7]}"},
      FoldCase{"k = Neg(fixed:5[1 2 3 4 5])", "{by: [-1, -2, -3, -4, -5]}"},
      FoldCase{"k = Abs([-1 2 -3 4 -5])", "{by: [1, 2, 3, 4, 5]}"},
      FoldCase{"k = Sqrt(fixed:5[1 4 9 16 25])", "{by: [1, 2, 3, 4, 5]}"},
      FoldCase{"k = Reciprocal(fixed:5[1 2 4 8 16])", "{by: [1, 0.5, 0.25, 0.125, 0.0625]}"},
      FoldCase{"k = Floor(fixed:5[1.5 2 -1.5 -2 0.25])", "{by: [1, 2, -2, -2, 0]}"},
      FoldCase{"k = Ceil(fixed:5[1.5 2 -1.5 -2 0.25])", "{by: [2, 2, -1, -2, 1]}"},
      FoldCase{"k = Cast(fixed:5[1.5 2 -1.5 -2 0.25]) to=7", "{by: [1, 2, -1, -2, 0]}"},
      FoldCase{"c = Cast(fixed:5[1.5 0 -1.5 -2 0.25]) to=9; k = Cast(c) to=1",
               "{by: [1, 0, 1, 1, 1]}"},
      FoldCase{"u = Unsqueeze([1 -2], [1]); k = MatMul(fixed:5x2[1 3 2 6 0 0 -4 4 5 6], u)",
               "{by: [-5, -10, 0, -12, -7]}"},
      FoldCase{"k = Range(3, 8, 1)", "{by: [3, 4, 5, 6, 7]}"},
      FoldCase{"k = Range(4, -6, -2)", "{by: [4, 2, 0, -2, -4]}"},
      FoldCase{"t = Trilu(fixed:3x3[1 2 3 4 5 6 7 8 9]); f = Flatten(t) axis=0; k = Slice(f, [2], "
               "[7], [1])",
               "{by: [3, 0, 5, 6, 0]}"},
      FoldCase{"t = Trilu(fixed:3x3[1 2 3 4 5 6 7 8 9], -1) upper=0; f = Flatten(t) axis=0; k = "
               "Slice(f, [2], [7], [1])",
               "{by: [0, 4, 0, 0, 7]}"},
      FoldCase{"i = Unsqueeze([3 -5], [1]); k = ScatterND(fixed:5[1 2 3 4 5], i, [8 9])",
               "{by: [9, 2, 3, 8, 5]}"},
  };
  check_numbers(cases);
}

}  // namespace
}  // namespace smoothbound::models::onnx
