#include <string>
#include <vector>

#include "fuse_support.hpp"

namespace smoothbound::models::onnx {
namespace {

// PyTorch's order; `axes` of both means, the rest behind it.
std::string layer_norm(const std::string& input, const std::string& axes,
                       const std::string& rest = "") {
  return "m = ReduceMean(" + input + ") axes=" + axes + "; d = Sub(" + input +
         ", m); p = Pow(d, 2); v = ReduceMean(p) axes=" + axes +
         "; a = Add(v, 1e-5); s = Sqrt(a); y = Div(d, s)" + rest;
}

TEST(FuseNormalizations, LayerNormWithAndWithoutScaleAndShift) {
  EXPECT_EQ(fused(layer_norm("x3", "[-1]")), "y = LayerNormalization(x3) axis=-1 epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", "; z = Mul(y, w:8); u = Add(z, b:8)")),
            "u = LayerNormalization(x3, w:8, b:8) axis=-1 epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", "; z = Mul(w:8, y)")),
            "z = LayerNormalization(x3, w:8) axis=-1 epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", "; z = Add(b:8, y)")),
            "z = LayerNormalization(x3, _, b:8) axis=-1 epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", "; z = Add(y, b:8); u = Mul(z, w:8)")),
            "z = LayerNormalization(x3, _, b:8) axis=-1 epsilon=1e-05; u = Mul(z, w:8)");
}

TEST(FuseNormalizations, LayerNormOverAnyAxes) {
  EXPECT_EQ(fused(layer_norm("x3", "[2]", "; z = Mul(y, w:8)")),
            "z = LayerNormalization(x3, w:8) axis=-1 epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x", "[1 2 3]", "; z = Mul(y, w:2x3x4)")),
            "z = LayerNormalization(x, w:2x3x4) axis=-3 epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x", "[1]", "; z = Mul(w:8x1x1, y); u = Add(z, b:1x8x1x1)")),
            "u = LayerNormalization(x, w:8, b:8) axes=[-3] epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("any", "[1]", "; z = Mul(y, w:8x1x1)")),
            "y = LayerNormalization(any) axes=[1] epsilon=1e-05; z = Mul(y, w:8x1x1)");
  EXPECT_EQ(fused(layer_norm("x", "[1]", "; z = Mul(y, w:8)")),
            "y = LayerNormalization(x) axes=[-3] epsilon=1e-05; z = Mul(y, w:8)");
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", "; z = Mul(y, 2)")),
            "y = LayerNormalization(x3) axis=-1 epsilon=1e-05; z = Mul(y, 2)");
}

TEST(FuseNormalizations, ScalesWithAxesThatNodesAdd) {
  EXPECT_EQ(fused(layer_norm("x", "[1]",
                             "; s1 = Unsqueeze(w:8) axes=[1]; "
                             "s2 = Unsqueeze(s1, [2]); z = Mul(s2, y)")),
            "z = LayerNormalization(x, w:8) axes=[-3] epsilon=1e-05");
  EXPECT_EQ(fused(layer_norm("x", "[1]", "; u = Unsqueeze(w:8) axes=[-1 -2]; z = Mul(y, u)")),
            "z = LayerNormalization(x, w:8) axes=[-3] epsilon=1e-05");
  const std::string left = "y = LayerNormalization(x) axes=[-3] epsilon=1e-05; ";
  EXPECT_EQ(fused(layer_norm("x", "[1]", "; u = Unsqueeze(w:8) axes=[1 5]; z = Mul(y, u)")),
            left + "u = Unsqueeze(w:8) axes=[1 5]; z = Mul(y, u)");
  EXPECT_EQ(fused(layer_norm("x", "[1]", "; u = Unsqueeze(w:8) axes=[1 2]; z = Mul(y, u) -> z, u")),
            left + "u = Unsqueeze(w:8) axes=[1 2]; z = Mul(y, u)");
}

TEST(FuseNormalizations, LayerNormInOtherOrders) {
  // Axes as an input, the difference twice, a square by itself, and roots as powers.
  EXPECT_EQ(fused("m = ReduceMean(x3, [-1]); d = Sub(x3, m); e = Sub(x3, m); p = Mul(e, e); "
                  "v = ReduceMean(p, [-1]); a = Add(1e-6, v); s = Pow(a, 0.5); y = Div(d, s)"),
            "y = LayerNormalization(x3) axis=-1 epsilon=1e-06");
  for (const char* const inverse :
       {"s = Sqrt(a); r = Reciprocal(s)", "s = Sqrt(a); r = Div(1, s)", "r = Pow(a, -0.5)"}) {
    EXPECT_EQ(fused("m = ReduceMean(x3) axes=[-1]; d = Sub(x3, m); p = Mul(d, d); "
                    "v = ReduceMean(p) axes=[-1]; a = Add(v, 1e-6); " +
                    std::string(inverse) + "; y = Mul(r, d)"),
              "y = LayerNormalization(x3) axis=-1 epsilon=1e-06")
        << inverse;
  }
}

TEST(FuseNormalizations, TheOrderOfTensorFlow) {
  const std::string before =
      "m@ln/moments/mean = ReduceMean(x3) axes=[2]; d@ln/moments/sq = Sub(x3, m); "
      "p@ln/moments/sq__1 = Mul(d, d); v@ln/moments/variance = ReduceMean(p) axes=[2]; "
      "a@ln/batchnorm/add = Add(v, 0.001); s@ln/batchnorm/Rsqrt = Sqrt(a); "
      "r@ln/batchnorm/Rsqrt__2 = Reciprocal(s); ";
  const std::string expected =
      "y@ln/LayerNormalization = LayerNormalization(x3, g:8, b:8) axis=-1 epsilon=0.001";
  EXPECT_EQ(fused(before + "w@ln/batchnorm/mul = Mul(r, g:8); k@ln/batchnorm/mul_1 = Mul(x3, w); "
                           "n@ln/batchnorm/mul_2 = Mul(m, w); o@ln/batchnorm/sub = Sub(b:8, n); "
                           "y@ln/batchnorm/add_1 = Add(k, o)",
                  true),
            expected);
  EXPECT_EQ(fused(before + "w@ln/batchnorm/mul = Mul(g:8, r); k@ln/batchnorm/mul_1 = Mul(w, x3); "
                           "n@ln/batchnorm/mul_2 = Mul(w, m); o@ln/batchnorm/sub = Sub(b:8, n); "
                           "y@ln/batchnorm/add_1 = Add(o, k)",
                  true),
            expected);
  EXPECT_EQ(fused(before + "k@ln/a = Mul(x3, r); n@ln/b = Mul(m, r); o@ln/c = Sub(b:8, n); "
                           "y@ln/d = Add(k, o)",
                  true),
            "y@ln/LayerNormalization = LayerNormalization(x3, _, b:8) axis=-1 epsilon=0.001");
  EXPECT_TRUE(is_left(before + "w = Mul(r, g:8); k = Mul(x3, w); n = Mul(m, w); o = Sub(b:8, n); "
                               "y = Add(k, o) -> y, w"));
  EXPECT_TRUE(is_left(before + "w = Mul(r, g:8); k = Mul(d, w); n = Mul(m, w); o = Sub(b:8, n); "
                               "y = Add(k, o)"));
}

TEST(FuseNormalizations, WhatIsNoLayerNormStays) {
  const std::string tail = "; a = Add(v, 1e-5); s = Sqrt(a); y = Div(d, s)";
  for (const std::string& script : std::vector<std::string>{
           layer_norm("x3", "[-1]", " -> y, v"),
           "m = ReduceMean(x3) axes=[-1] keepdims=0; d = Sub(x3, m); p = Pow(d, 2); "
           "v = ReduceMean(p) axes=[-1] keepdims=0" +
               tail,
           "m = ReduceMean(x3) axes=[-1]; d = Sub(x3, m); p = Pow(d, 3); "
           "v = ReduceMean(p) axes=[-1]" +
               tail,
           "m = ReduceMean(x3); d = Sub(x3, m); p = Pow(d, 2); v = ReduceMean(p)" + tail,
           "m = ReduceMean(x3) axes=[-1]; d = Sub(x3, m); p = Pow(d, 2); "
           "v = ReduceMean(p) axes=[-1]; a = Add(v, -1e-5); s = Sqrt(a); y = Div(d, s)",
       }) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseNormalizations, WhatIsCenteredOtherwiseIsStillDividedByItsRoot) {
  const std::string expected = "d = Sub(x3, m); y = RMSNormalization(d) axis=-1 epsilon=1e-05";
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", " -> y, m")),
            "m = ReduceMean(x3) axes=[-1]; " + expected);
  EXPECT_EQ(fused(layer_norm("x3", "[-1]", " -> y, d")),
            "m = ReduceMean(x3) axes=[-1]; " + expected);
  EXPECT_EQ(fused("m = ReduceMean(x3) axes=[1]; d = Sub(x3, m); p = Pow(d, 2); "
                  "v = ReduceMean(p) axes=[-1]; a = Add(v, 1e-5); s = Sqrt(a); y = Div(d, s)"),
            "m = ReduceMean(x3) axes=[1]; " + expected);
}

TEST(FuseNormalizations, RootMeanSquares) {
  const std::string before = "p = Pow(x3, 2); v = ReduceMean(p) axes=[-1]; a = Add(v, 1e-6); ";
  const std::string expected = "RMSNormalization(x3) axis=-1 epsilon=1e-06";
  EXPECT_EQ(fused(before + "s = Sqrt(a); y = Div(x3, s)"), "y = " + expected);
  EXPECT_EQ(fused(before + "s = Sqrt(a); r = Reciprocal(s); y = Mul(x3, r)"), "y = " + expected);
  EXPECT_EQ(fused(before + "s = Sqrt(a); r = Div(1, s); y = Mul(x3, r); z = Mul(w:8, y)"),
            "z = RMSNormalization(x3, w:8) axis=-1 epsilon=1e-06");
  EXPECT_EQ(fused(before + "s = Sqrt(a); y = Div(x3, s); z = Add(y, b:8)"),
            "y = " + expected + "; z = Add(y, b:8)");
  EXPECT_TRUE(is_left(before + "s = Sqrt(a); y = Div(x, s)"));
  EXPECT_TRUE(is_left(before + "s = Sqrt(a); y = Div(s, x3)"));
  EXPECT_TRUE(is_left(before + "s = Sqrt(a); y = Div(x3, s) -> y, s"));
  // In float32 between casts from and to half precision.
  EXPECT_EQ(
      fused("f = Cast(x3) to=1; p = Pow(f, 2); v = ReduceMean(p) axes=[-1]; a = Add(v, 1e-6); "
            "s = Sqrt(a); r = Reciprocal(s); n = Mul(f, r); h = Cast(n) to=10; "
            "y = Mul(w:8, h)"),
      "y = RMSNormalization(x3, w:8) axis=-1 epsilon=1e-06");
}

TEST(FuseNormalizations, GroupsByReshapes) {
  const std::string before =
      "r = Reshape(x, [0 4 -1]); n = InstanceNormalization(r, ones:4, zeros:4) epsilon=1e-6; ";
  const std::string expected = "num_groups=4 epsilon=1e-06";
  EXPECT_EQ(fused(before + "s = Shape(x); y = Reshape(n, s)"),
            "y = GroupNormalization(x) " + expected);
  EXPECT_EQ(fused(before + "k = Reshape(n, [0 8 5 5]); m = Mul(k, w:8x1x1); y = Add(m, b:8x1x1)"),
            "y = GroupNormalization(x, w:8, b:8) " + expected);
  EXPECT_EQ(fused(before + "k = Reshape(n, [0 8 5 5]); m = Mul(w:1x8x1x1, k)"),
            "m = GroupNormalization(x, w:8) " + expected);
  EXPECT_EQ(fused(before + "k = Reshape(n, [0 8 5 5]); m = Mul(k, w:8)"),
            "k = GroupNormalization(x) " + expected + "; m = Mul(k, w:8)");
  EXPECT_TRUE(is_left(before + "y = Reshape(n, [0 200])"));
  EXPECT_TRUE(is_left(before + "s = Shape(x3); y = Reshape(n, s)"));
  EXPECT_TRUE(is_left(before + "y = Reshape(n, [0 8 5 5]) -> y, n"));
  EXPECT_TRUE(
      is_left("r = Reshape(x, [0 4 -1]); n = InstanceNormalization(r, w:4, zeros:4); "
              "y = Reshape(n, [0 8 5 5])"));
  EXPECT_TRUE(
      is_left("r = Reshape(x, [0 4 -1]); n = InstanceNormalization(r, ones:4, w:4); "
              "y = Reshape(n, [0 8 5 5])"));
  EXPECT_TRUE(
      is_left("r = Reshape(x, [0 8 -1]); n = InstanceNormalization(r, ones:4, zeros:4); "
              "y = Reshape(n, [0 8 5 5])"));
}

TEST(FuseNormalizations, ScaleAndShiftBehindAnUntouchedBatchNorm) {
  const std::string before =
      "n@/bn/BatchNormalization = BatchNormalization(x, ones:8, zeros:8, mean:8, var:8) "
      "epsilon=0.001; ";
  EXPECT_EQ(fused(before + "m@Mul = Mul(n, w:8x1x1); y@Add = Add(m, b:1x8x1x1)", true),
            "y@/bn/BatchNormalization = BatchNormalization(x, w:8, b:8, mean:8, var:8) "
            "epsilon=0.001");
  EXPECT_EQ(fused(before + "m = Mul(w:8x1x1, n)"),
            "m = BatchNormalization(x, w:8, zeros:8, mean:8, var:8) epsilon=0.001");
  EXPECT_EQ(fused(before + "m = Add(b:8x1x1, n)"),
            "m = BatchNormalization(x, ones:8, b:8, mean:8, var:8) epsilon=0.001");
  EXPECT_EQ(fused("n = BatchNormalization(x2, ones:8, zeros:8, mean:8, var:8); m = Mul(w:8, n)"),
            "m = BatchNormalization(x2, w:8, zeros:8, mean:8, var:8)");
  for (const std::string& script : {
           before + "m = Mul(n, w:8)",
           before + "m = Mul(n, w:7x1x1)",
           before + "m = Mul(n, 2)",
           before + "m = Mul(n, x4)",
           before + "m = Mul(n, w:8x1x1) -> m, n",
           before + "m = Relu(n)",
           std::string("n = BatchNormalization(x, s:8, zeros:8, mean:8, var:8); "
                       "m = Mul(n, w:8x1x1); y = Add(m, b:8x1x1)"),
           std::string("n = BatchNormalization(x, ones:8, s:8, mean:8, var:8); "
                       "m = Mul(n, w:8x1x1)"),
           std::string("n|v = BatchNormalization(x, ones:8, zeros:8, mean:8, var:8); "
                       "m = Mul(n, w:8x1x1) -> m, v"),
       }) {
    EXPECT_TRUE(is_left(script)) << fused(script);
  }
}

TEST(FuseNormalizations, NamesAreThePathsOfModules) {
  EXPECT_EQ(fused("m@/encoder/ln_1/ReduceMean = ReduceMean(x3) axes=[-1]; "
                  "d@/encoder/ln_1/Sub = Sub(x3, m); p@/encoder/ln_1/Pow = Pow(d, 2); "
                  "v@/encoder/ln_1/ReduceMean_1 = ReduceMean(p) axes=[-1]; "
                  "a@/encoder/ln_1/Add = Add(v, 1e-5); s@/encoder/ln_1/Sqrt = Sqrt(a); "
                  "n@/encoder/ln_1/Div = Div(d, s); k@/encoder/ln_1/Mul = Mul(n, w:8); "
                  "y@/encoder/ln_1/Add_1 = Add(k, b:8)",
                  true),
            "y@/encoder/ln_1/LayerNormalization = LayerNormalization(x3, w:8, b:8) axis=-1 "
            "epsilon=1e-05");
}

}  // namespace
}  // namespace smoothbound::models::onnx
