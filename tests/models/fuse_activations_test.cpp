#include <array>
#include <span>
#include <string>

#include "fuse_support.hpp"

namespace smoothbound::models::onnx {
namespace {

struct FusedCase {
  const char* script;
  const char* expected;
};

void check_all(std::span<const FusedCase> cases) {
  for (const FusedCase& one : cases) EXPECT_EQ(fused(one.script), one.expected) << one.script;
}

void expect_left(std::span<const char* const> scripts) {
  for (const char* const script : scripts) EXPECT_TRUE(is_left(script)) << fused(script);
}

TEST(FuseActivations, SwishAndMishInEachOrder) {
  constexpr std::array cases{
      FusedCase{"s = Sigmoid(x); y = Mul(x, s)", "y = Swish(x) alpha=1"},
      FusedCase{"s = Sigmoid(x); y = Mul(s, x)", "y = Swish(x) alpha=1"},
      FusedCase{"c = Cast(x) to=1; s = Sigmoid(c); d = Cast(s) to=10; y = Mul(x, d)",
                "y = Swish(x) alpha=1"},
      FusedCase{"p = Softplus(x); t = Tanh(p); y = Mul(x, t)", "y = Mish(x)"},
      FusedCase{"e = Exp(x); a = Add(e, 1); p = Log(a); t = Tanh(p); y = Mul(t, x)", "y = Mish(x)"},
      FusedCase{"z = Mul(x, 3); s = Sigmoid(z); m = Mul(s, z); y = Mul(m, 2)",
                "z = Mul(x, 3); m = Swish(z) alpha=1; y = Mul(m, 2)"},
  };
  check_all(cases);
}

TEST(FuseActivations, QuickGeluAndGatesOfOthersStay) {
  constexpr std::array scripts{
      "m = Mul(x, 1.702); s = Sigmoid(m); y = Mul(x, s)",
      "s = Sigmoid(x); y = Mul(x4, s)",
      "s = Sigmoid(x); y = Mul(s, s)",
      "s = Sigmoid(x); y = Div(x, s)",
      "t = Tanh(x); y = Mul(x, t)",
      "c = Cast(x) to=7; s = Sigmoid(c); y = Mul(x, s)",
      "s = other.Sigmoid(x); y = Mul(x, s)",
      "s = Sigmoid(x2); t = Mul(s, x3); y = Mul(t, x)",
  };
  expect_left(scripts);
}

TEST(FuseActivations, WhatIsReadElsewhereStays) {
  constexpr std::array scripts{
      "s = Sigmoid(x); y = Mul(x, s) -> y, s",
      "s = Sigmoid(x); y = Mul(x, s); z = Relu(s) -> y, z",
      "p = Softplus(x); t = Tanh(p); y = Mul(x, t) -> y, p",
      "e = Exp(x); a = Add(e, 1); y = Log(a) -> y, e",
      "a = Abs(x); b = Add(a, 1); y = Div(x, b) -> y, b",
      "a = Add(x, 3); c = Clip(a, 0, 6); y = Div(c, 6) -> y, c",
      "d = Div(x, 1.41421356); e = Erf(d); a = Add(e, 1); m = Mul(x, a); y = Mul(m, 0.5) -> y, m",
      "s = Softmax(x); y = Log(s) -> y, s",
  };
  expect_left(scripts);
}

TEST(FuseActivations, ACastOfTheInputMayBeReadElsewhere) {
  EXPECT_EQ(fused("c = Cast(x) to=1; s = Sigmoid(c); y = Mul(c, s); z = Relu(c) -> y, z"),
            "c = Cast(x) to=1; y = Swish(x) alpha=1; z = Relu(c)");
}

TEST(FuseActivations, SoftplusSoftsignAndLogSoftmax) {
  constexpr std::array cases{
      FusedCase{"e = Exp(x); a = Add(1, e); y = Log(a)", "y = Softplus(x)"},
      FusedCase{"a = Abs(x); b = Add(1, a); y = Div(x, b)", "y = Softsign(x)"},
      FusedCase{"a = Abs(x); b = Add(a, 1); y = Div(x, b)", "y = Softsign(x)"},
      FusedCase{"s = Softmax(x) axis=-1; y = Log(s)", "y = LogSoftmax(x) axis=-1"},
  };
  check_all(cases);
  constexpr std::array scripts{
      "e = Exp(x); a = Add(e, 1.001); y = Log(a)", "e = Exp(x); a = Add(e, x); y = Log(a)",
      "a = Abs(x); b = Add(a, 2); y = Div(x, b)",  "a = Abs(x); b = Add(a, 1); y = Div(b, x)",
      "a = Abs(x3); b = Add(a, 1); y = Div(x, b)",
  };
  expect_left(scripts);
}

TEST(FuseActivations, HardSigmoidInEachForm) {
  const std::string expected = "y = HardSigmoid(x) alpha=0.16667 beta=0.5";
  for (const char* const script : {
           "a = Add(x, 3); c = Clip(a, 0, 6); y = Div(c, 6)",
           "a = Add(3, x); c = Clip(a, 0, 6); y = Mul(c, 0.16666667)",
           "a = Add(x, 3); c = Clip(a) min=0.0 max=6.0; y = Mul(0.16666667, c)",
           "a = Add(x, 3); r = Relu(a); c = Min(r, 6); y = Div(c, 6)",
           "a = Add(x, 3); r = Min(6, a); c = Max(r, 0); y = Div(c, 6)",
           "a = Add(x, 3); r = Relu(a); c = Clip(r, _, 6); y = Div(c, 6)",
           "a = Sub(x, -3); r = Max(0, a); c = Min(6, r); y = Div(c, 6)",
           "m = Div(x, 6); a = Add(m, 0.5); y = Clip(a, 0, 1)",
       }) {
    EXPECT_EQ(fused(script), expected) << script;
  }
  EXPECT_EQ(fused("m = Mul(x, 0.2); a = Add(0.5, m); y = Clip(a, 0, 1)"),
            "y = HardSigmoid(x) alpha=0.2 beta=0.5");
}

TEST(FuseActivations, OtherClipsStay) {
  constexpr std::array scripts{
      "a = Add(x, 3); c = Clip(a, 0, 5); y = Div(c, 6)",
      "a = Add(x, 2); c = Clip(a, 0, 6); y = Div(c, 6)",
      "a = Add(x, 3); c = Clip(a, 1, 6); y = Div(c, 6)",
      "a = Add(x, 3); c = Clip(a, 0, 6); y = Div(6, c)",
      "a = Add(x, 3); c = Clip(a, 0, 6); y = Div(c, 5)",
      "a = Add(x, 3); c = Clip(a, 0, 6); y = Div(c, 0)",
      "m = Mul(x, 0.3); a = Add(m, 0.5); y = Clip(a, 0, 1)",
      "a = Add(x, 3); y = Clip(a, 0, x4)",
      "a = Add(x, 3); c = Clip(a, x4, 6); y = Div(c, 6)",
      "a = Add(x, 3); c = Clip(a, 0, x4); y = Div(c, 6)",
      "a = Add(x, 3); c = Clip(a, _, 6); y = Div(c, 6)",
      "a = Add(x, 3); c = Clip(a, 0); y = Div(c, 6)",
      "a = Add(x, 3); r = Relu(a); c = Min(r, 6, 5); y = Div(c, 6)",
      "y = Clip(x, 0, 6)",
      "y = Relu(x)",
  };
  expect_left(scripts);
}

TEST(FuseActivations, HardSwishInEachOrderOfTheDivision) {
  for (const char* const script : {
           "a = Add(x, 3); c = Clip(a, 0, 6); m = Mul(x, c); y = Div(m, 6)",
           "a = Add(x, 3); c = Clip(a, 0, 6); d = Div(c, 6); y = Mul(x, d)",
           "a = Add(x, 3); c = Clip(a, 0, 6); d = Div(x, 6); y = Mul(c, d)",
           "a = Add(3, x); r = Relu(a); c = Min(r, 6); m = Mul(c, 0.16666667); y = Mul(m, x)",
           "a = Add(x, 3); c = Clip(a, 0, 6); m = Mul(c, x); y = Mul(0.16666667, m)",
           "h = HardSigmoid(x) alpha=0.16666667 beta=0.5; y = Mul(x, h)",
           "h = HardSigmoid(x) alpha=0.16666667; y = Mul(h, x)",
       }) {
    EXPECT_EQ(fused(script), "y = HardSwish(x)") << script;
  }
  constexpr std::array scripts{
      "h = HardSigmoid(x) alpha=0.2 beta=0.5; y = Mul(x, h)",
      "h = HardSigmoid(x); y = Mul(x, h)",
      "h = HardSigmoid(x3) alpha=0.16666667; y = Mul(h, x)",
      "a = Add(x, 3); c = Clip(a, 0, 6); m = Mul(x, c); y = Div(m, 3)",
  };
  expect_left(scripts);
}

TEST(FuseActivations, GeluInTheOrdersOfPyTorchAndTensorFlow) {
  for (const char* const script : {
           "d = Div(x, 1.41421356); e = Erf(d); a = Add(e, 1); m = Mul(x, a); y = Mul(m, 0.5)",
           "d = Mul(x, 0.70710678); e = Erf(d); a = Add(1, e); h = Mul(0.5, x); y = Mul(h, a)",
           "d = Mul(0.70710678, x); e = Erf(d); a = Add(1, e); h = Mul(a, 0.5); y = Mul(x, h)",
           "q = Sqrt(2); d = Div(x, q); e = Erf(d); a = Add(e, 1); h = Div(x, 2); y = Mul(a, h)",
       }) {
    EXPECT_EQ(fused(script), "y = Gelu(x) approximate='none'") << script;
  }
  constexpr std::array scripts{
      "d = Div(x, 1.414); e = Erf(d); a = Add(e, 1); m = Mul(x, a); y = Mul(m, 0.5)",
      "d = Div(x, 1.41421356); e = Erf(d); a = Add(e, 1); m = Mul(x, a); y = Mul(m, 0.25)",
      "d = Div(x, 1.41421356); e = Erf(d); a = Add(e, 2); m = Mul(x, a); y = Mul(m, 0.5)",
      "d = Div(x, 1.41421356); e = Erf(d); a = Add(e, 1); m = Mul(x4, a); y = Mul(m, 0.5)",
      "e = Erf(x); a = Add(e, 1); m = Mul(x, a); y = Mul(m, 0.5)",
  };
  expect_left(scripts);
}

TEST(FuseActivations, RootsOfConstantsMayBeShared) {
  EXPECT_EQ(fused("q = Sqrt(2); d = Div(x, q); e = Erf(d); a = Add(e, 1); m = Mul(x, a); "
                  "z = Mul(m, 0.5); f = Div(z, q); g = Erf(f); b = Add(g, 1); n = Mul(z, b); "
                  "y = Mul(n, 0.5)"),
            "z = Gelu(x) approximate='none'; y = Gelu(z) approximate='none'");
}

TEST(FuseActivations, GeluByTanhWithPowerOrProducts) {
  for (const char* const script : {
           "p = Pow(x, 3); q = Mul(p, 0.044715); s = Add(x, q); t = Mul(s, 0.79788456); "
           "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
           "p = Mul(x, x); r = Mul(p, x); q = Mul(0.044715, r); s = Add(q, x); "
           "t = Mul(0.79788456, s); u = Tanh(t); v = Add(1, u); h = Mul(0.5, v); y = Mul(x, h)",
           "k = Mul(x, 0.044715); l = Mul(k, x); s = Add(1, l); m = Mul(x, 0.79788456); "
           "t = Mul(m, s); u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
           "p = Pow(x, 2); q = Mul(p, 0.044715); s = Add(q, 1); m = Mul(s, x); "
           "t = Mul(m, 0.79788456); u = Tanh(t); v = Add(u, 1); h = Mul(v, x); y = Mul(0.5, h)",
       }) {
    EXPECT_EQ(fused(script), "y = Gelu(x) approximate='tanh'") << script;
  }
  constexpr std::array scripts{
      "p = Pow(x, 3); q = Mul(p, 0.0447); s = Add(x, q); t = Mul(s, 0.79788456); "
      "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
      "p = Pow(x, 2); q = Mul(p, 0.044715); s = Add(x, q); t = Mul(s, 0.79788456); "
      "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
      "p = Pow(x, 3); q = Mul(p, 0.044715); s = Add(x, q); t = Mul(s, 0.8); "
      "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
      "p = Pow(x4, 3); q = Mul(p, 0.044715); s = Add(x, q); t = Mul(s, 0.79788456); "
      "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v)",
      "p = Pow(x, 3); q = Mul(p, 0.044715); s = Add(x, q); t = Mul(s, 0.79788456); "
      "u = Tanh(t); v = Add(u, 1); h = Mul(x, 0.5); y = Mul(h, v) -> y, t",
  };
  expect_left(scripts);
}

TEST(FuseActivations, NumbersThatAddAxesAreNoScalars) {
  EXPECT_TRUE(is_left("e = Exp(x2); a = Add(e, ones:1x1x1); y = Log(a)"));
  EXPECT_EQ(fused("e = Exp(x3); a = Add(e, ones:1x1x1); y = Log(a)"), "y = Softplus(x3)");
}

TEST(FuseActivations, NamesAreThePathsOfModules) {
  EXPECT_EQ(fused("s@/net/act/Sigmoid = Sigmoid(x); y@/net/act/Mul = Mul(x, s)", true),
            "y@/net/act/Swish = Swish(x) alpha=1");
  EXPECT_EQ(fused("s@Sigmoid_1 = Sigmoid(x); y@Mul_2 = Mul(x, s)", true),
            "y@Mul_2 = Swish(x) alpha=1");
  EXPECT_EQ(fused("s@/Sigmoid = Sigmoid(x); y@/Mul = Mul(x, s)", true),
            "y@/Swish = Swish(x) alpha=1");
}

TEST(FuseActivations, MalformedAttributesStay) {
  EXPECT_TRUE(is_left("a = Add(x, 3); c = Clip(a) min=0 max=6; y = Div(c, 6)"));
}

}  // namespace
}  // namespace smoothbound::models::onnx
