// The composition rules at points small enough to work out by hand.

#include "smoothbound/rules/compose.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "rules/statements.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

const Magnitude inf = Magnitude::infinity();

MapConstants map(const Magnitude& lipschitz, const Magnitude& smoothness, double at_zero,
                 const Magnitude& slope_at_zero, const Magnitude& bound = inf) {
  MapConstants a;
  a.lipschitz.value = lipschitz;
  a.smoothness.value = smoothness;
  a.at_zero.value = number(at_zero);
  a.slope_at_zero.value = slope_at_zero;
  a.bound.value = bound;
  return a;
}

Triple triple(double m, double l, double L) { return {number(m), number(l), number(L)}; }

void expect_triple(const Triple& given, const Ball& m, const Ball& l, const Ball& L) {
  EXPECT_EQ(check_upper(given.m, m), "") << "m";
  EXPECT_EQ(check_upper(given.lipschitz, l), "") << "l";
  EXPECT_EQ(check_upper(given.smoothness, L), "") << "L";
}

TEST(Composition, WithoutStepsIsItsInput) {
  for (const Method method : {Method::paper, Method::sharp}) {
    expect_triple(Composition(triple(2, 3, 5), method).result(), 2, 3, 5);
  }
}

// A first layer, ||x|| = 3, R = 2, L_beta = 1, lv = 4. Paper: B = 3 + 4 = 7, m = R B = 14, l = B.
// Sharp: weights and bias are orthogonal, B = sqrt(9 + 16) = 5, m = 10, l = 5. L = 0: for fixed x
// the layer is linear in its parameters.
TEST(Composition, FirstAffineLayer) {
  Composition paper(triple(3, 0, 0), Method::paper);
  paper.apply(affine(1, 4), number(2));
  expect_triple(paper.result(), 14, 7, 0);
  Composition sharp(triple(3, 0, 0), Method::sharp);
  sharp.apply(affine(1, 4), number(2));
  expect_triple(sharp.result(), 10, 5, 0);
}

// V (W x) with ||x|| = 3, R = 2 and no map between: the second affine part begins a stretch of its
// own. m = 12, l = sqrt(6^2 + 6^2) and L = ||x||; paper: l = 6 + 6 and L = 2 ||x||.
TEST(Composition, AffinePartsBehindEachOther) {
  Composition paper(triple(3, 0, 0), Method::paper);
  Composition sharp(triple(3, 0, 0), Method::sharp);
  for (Composition* composition : {&paper, &sharp}) {
    composition->apply(affine(1, 0), number(2));
    composition->apply(affine(1, 0), number(2));
  }
  expect_triple(paper.result(), 12, 12, 6);
  expect_triple(sharp.result(), 12, square_root(Ball(72)), 3);
}

// lz and ||b0||: A = L_beta R + lz = 2 + 3, m = R B + lz m + ||b0||.
// Paper: B = 3 + 4 = 7, m = 14 + 9 + 1 = 24, l = A l + B = 5*2 + 7 = 17, L = A L + 2 L_beta l =
// 5*1 + 2*2 = 9. Sharp: B = 5, m = 10 + 9 + 1 = 20, l = sqrt(100 + 25); L is the largest
// eigenvalue of [5 2; 2 0], (5 + sqrt(25 + 16)) / 2.
TEST(Composition, AffinePartWithLinearTermAndOffset) {
  Composition paper(triple(3, 2, 1), Method::paper);
  paper.apply(affine(1, 4, 3, 1), number(2));
  expect_triple(paper.result(), 24, 17, 9);
  Composition sharp(triple(3, 2, 1), Method::sharp);
  sharp.apply(affine(1, 4, 3, 1), number(2));
  expect_triple(sharp.result(), 20, square_root(Ball(125)),
                (Ball(5) + square_root(Ball(41))) / Ball(2));
}

// Around a point with ||beta(v*, .)|| = 4: A = 2 + 4 + 3, m = R B + (4 + 3) 3 + 1.
TEST(Composition, AffinePartAroundAPoint) {
  AffineConstants b = affine(1, 4, 3, 1);
  b.at_point = number(4);
  Composition sharp(triple(3, 2, 1), Method::sharp);
  sharp.apply(b, number(2));
  expect_triple(sharp.result(), 32, square_root(Ball(18 * 18 + 25)),
                (Ball(9) + square_root(Ball(81 + 16))) / Ball(2));
}

// The paper does not tell blocks from each other, whatever the own one would join.
TEST(Composition, ThePaperHasOneGroup) {
  Composition paper(triple(3, 2, 1), Method::paper);
  paper.apply(affine(1, 0), number(2), {}, rest, {}, 7);
  ASSERT_EQ(paper.value().groups(), 1U);
  EXPECT_EQ(paper.value().label(0), rest);
  Composition sharp(triple(3, 2, 1), Method::sharp);
  sharp.apply(affine(1, 0), number(2), {}, rest, {}, 7);
  ASSERT_EQ(sharp.value().groups(), 2U);
  EXPECT_EQ(sharp.value().label(sharp.value().find(7)), 7U);
}

// beta and beta^z on different entries, as in a rectifier with a learned slope: A = max{L_beta R,
// lz}, m = A m_in, B = L_beta m_in. With R = 1/2 or 5 and lz = 1; (m, l, L) = (3, 2, 1). Around a
// point with
// ||beta(v*, .)|| = 4 A is max{1/2 + 4, 1}.
TEST(Composition, TermsThatActOnDifferentEntries) {
  AffineConstants b = affine(1, 0, 1);
  b.acts_on_different_entries = true;
  const Ball half = Ball(1) / Ball(2);
  for (const auto& [R, at_point, A] :
       {std::tuple{0.5, 0.0, Ball(1)}, {5.0, 0.0, Ball(5)}, {0.5, 4.0, Ball(4) + half}}) {
    b.at_point = number(at_point);
    Composition sharp(triple(3, 2, 1), Method::sharp);
    sharp.apply(b, number(R));
    // l = sqrt((2 A)^2 + 3^2), L the largest eigenvalue of [A, 2; 2, 0].
    expect_triple(sharp.result(), Ball(3) * A, square_root(Ball(4) * A * A + Ball(9)),
                  (A + square_root(A * A + Ball(16))) / Ball(2));
    Composition paper(triple(3, 2, 1), Method::paper);
    paper.apply(b, number(R));
    expect_triple(paper.result(), Ball(3) * A, Ball(2) * A + Ball(3), A + Ball(4));
  }
}

// With lv = 1/2 of the same parameters and ||beta_0|| = 1: B = 3 + 1/2, not sqrt(9 + 1/4), and
// m = 3 A + R/2 + 1.
TEST(Composition, TermsThatActOnDifferentEntriesShareTheirParameters) {
  AffineConstants b = affine(1, 0.5, 1, 1);
  b.acts_on_different_entries = true;
  const Ball half = Ball(1) / Ball(2);
  for (const Method method : {Method::paper, Method::sharp}) {
    Composition all(triple(3, 2, 1), method);
    all.apply(b, number(5));
    const Ball B = Ball(3) + half;
    const bool sharp = method == Method::sharp;
    expect_triple(all.result(), Ball(16) + Ball(5) * half,
                  sharp ? square_root(Ball(100) + square(B)) : Ball(10) + B,
                  sharp ? (Ball(5) + square_root(Ball(41))) / Ball(2) : Ball(9));
  }
}

// (m, l, L) = (3, 2, 1), R = 2, L_beta = 1, lv = 4, then l_a = 1/2, L_a = 1/4, ||a(0)|| = 1,
// ||grad a(0)|| = 1/4. A = 2.
// Paper: B = 7, m_0 = 14, l_1 = min{1/2, 1/4 + 14/4} = 1/2, m_1 = min{1 + 7, 1 + (15/4) 14} = 8,
// P = 1/2, S = 1/4; l = P (A l + B) = (4 + 7)/2; L = P A L + A^2 S l^2 + 2 (A B S + P) l + B^2 S
// = 1 + 4 + 2 (7/2 + 1/2) 2 + 49/4 = 33.25.
// Sharp: B = 5, m_0 = 10, m_1 = min{1 + 5, 1 + (1/4 + 10/8) 10} = 6, l = sqrt(16 + 25)/2,
// H = [1 + 4, (5/2 + 1/2) 2; ., 25/4] = [5 6; 6 25/4]: eigenvalue (45/4 + sqrt((5/4)^2 + 144))/2.
TEST(Composition, LayerWithActivation) {
  const MapConstants a = map(number(0.5), number(0.25), 1, number(0.25));
  Composition paper(triple(3, 2, 1), Method::paper);
  paper.apply(affine(1, 4), number(2));
  paper.apply(a);
  expect_triple(paper.result(), 8, Ball(11) / Ball(2), Ball(133) / Ball(4));
  Composition sharp(triple(3, 2, 1), Method::sharp);
  sharp.apply(affine(1, 4), number(2));
  sharp.apply(a);
  const Ball root = square_root(Ball(25) / Ball(16) + Ball(144));
  expect_triple(sharp.result(), 6, square_root(Ball(41)) / Ball(2),
                (Ball(45) / Ball(4) + root) / Ball(2));
}

// Two maps on z with (m, l, L) = (4, 3, 2), l_1 = 2, L_1 = 1/2, l_2 = 1/2, L_2 = 1, slopes at 0
// as large as the l. P = 1, S = L_1 l_2 + L_2 l_1^2 = 1/4 + 4; m = 4; l = 3;
// L = P L + S l^2 = 2 + 9 (17/4). Without parameters of its own both methods agree.
TEST(Composition, MapsWithoutAnAffinePart) {
  for (const Method method : {Method::paper, Method::sharp}) {
    Composition c(triple(4, 3, 2), method);
    c.apply(map(number(2), number(0.5), 0, number(2)));
    c.apply(map(number(0.5), number(1), 0, number(0.5)));
    expect_triple(c.result(), 4, 3, Ball(161) / Ball(4));
  }
}

// Near 0 the slope and curvature there are the better bounds: m_0 = 1/8, l_a = 1, L_a = 1/4,
// a(0) = 0, grad a(0) = 0. l_1 = min{1, 1/32}; m_1 = (1/4)(1/8)^2 = 1/256, by Taylor's formula
// half of it. l = 1/32 l_in; L = 1/32 L_in + 1/4 l_in^2.
TEST(Composition, SmallInputsUseTheCurvatureAtZero) {
  for (const Method method : {Method::paper, Method::sharp}) {
    Composition c(triple(0.125, 1, 1), method);
    c.apply(map(number(1), number(0.25), 0, {}));
    expect_triple(c.result(), Ball(1) / Ball(method == Method::paper ? 256 : 512),
                  Ball(1) / Ball(32), Ball(9) / Ball(32));
  }
}

TEST(Composition, AGlobalBoundEndsTheGrowth) {
  Composition c(triple(100, 1, 1), Method::paper);
  c.apply(map(number(1), number(1), 0, number(1), number(2)));
  expect_triple(c.result(), 2, 1, 2);
}

// An affine part after maps is a layer of its own.
TEST(Composition, AnAffineStepAfterMapsBeginsAnotherLayer) {
  const AffineConstants b = affine(1.5, 4);
  const MapConstants a = map(number(0.5), number(0.25), 1, number(0.25));
  for (const Method method : {Method::paper, Method::sharp}) {
    Composition whole(triple(3, 2, 1), method);
    whole.apply(b, number(2));
    whole.apply(a);
    Composition first = whole;
    whole.apply(affine(1, 2), number(0.5));
    whole.apply(a);
    Composition second(first.result(), method);
    second.apply(affine(1, 2), number(0.5));
    second.apply(a);
    EXPECT_EQ(whole.result().m, second.result().m);
    EXPECT_EQ(whole.result().lipschitz, second.result().lipschitz);
    EXPECT_EQ(whole.result().smoothness, second.result().smoothness);
  }
}

// A kink (L_a = inf) behind a layer that is 0 for all parameters: ||x|| = 0 and no bias, so that
// B = 0, and l_in = 0. 0 * inf = 0: the layer stays constant. With radius 0 but ||x|| = 3 the
// parameters still move it, B = 3: l is finite and L is not.
TEST(Composition, ZeroTimesInfinityIsZero) {
  const MapConstants kink = map(number(1), inf, 0, number(1));
  for (const Method method : {Method::paper, Method::sharp}) {
    Composition constant(triple(0, 0, 0), method);
    constant.apply(affine(1, 0), number(2));
    constant.apply(kink);
    expect_triple(constant.result(), 0, 0, 0);
    Composition moved(triple(3, 0, 0), method);
    moved.apply(affine(1, 0), number(0));
    moved.apply(kink);
    expect_triple(moved.result(), 0, 3, Ball::infinity());
    // A map without any slope bound: where its input is 0, m is ||a(0)||.
    Composition steep(triple(0, 0, 0), method);
    steep.apply(map(inf, inf, 0, inf));
    expect_triple(steep.result(), 0, 0, 0);
  }
}

// The largest number is just below 2^(2^62 - 1). Half of it, 2^(2^62 - 2), for H_11, and 1 for
// H_12: the eigenvalue is hardly larger, but twice that, which its formula takes, is beyond.
TEST(Composition, AnEigenvalueNearTheLargestNumberIsFinite) {
  Magnitude root = number(2);  // 2^(2^60)
  for (int i = 0; i < 60; ++i) root = root * root;
  Magnitude huge = root * root * root * scale(root, -2);
  ASSERT_TRUE(huge.is_finite());
  ASSERT_TRUE((huge + huge).is_infinite());
  Composition c({number(1), number(1), huge}, Method::sharp);
  c.apply(affine(1, 0), number(1));
  EXPECT_GE(c.result().smoothness, huge);
  EXPECT_LT(c.result().smoothness, huge * number(1 + 1e-15));
}

// "symbol = value: formula" of each line, in the order in which they are recorded.
std::vector<std::string> account(const Trace& trace) {
  std::vector<std::string> lines;
  for (const TraceLine& line : trace.lines) {
    lines.push_back(fmt::format("{} = {:g}", line.symbol, line.value.to_double()) +
                    (line.formula == "0" ? "" : ": " + line.formula));
  }
  return lines;
}

// By hand: ||z|| <= 2, l = 3, L = 5; R = 2, L_beta = 2, l_v = 3, l_z = 1, offset 1; then a with
// l_a = 4, L_a = 2, a(0) = 1, slope 1. A = 2 2 + 1 = 5, B = 2 2 + 3 = 7 or sqrt(16 + 9) = 5.
TEST(Trace, HasAllThatTheResultIsMadeOf) {
  Trace paper;
  Composition c(triple(2, 3, 5), Method::paper, &paper);
  c.apply(affine(2, 3, 1, 1), number(2));
  c.apply(map(number(4), number(2), 1, number(1)));
  c.conclude();
  EXPECT_EQ(account(paper),
            (std::vector<std::string>{"L_beta = 2",
                                      "l_beta_v = 3",
                                      "l_beta_z = 1",
                                      "||beta_0|| = 1",
                                      "R = 2: ||v|| <= R",
                                      "A = 5: L_beta R + l_beta_z",
                                      "B = 7: L_beta m_in + l_beta_v",
                                      "m_0 = 17: R B + l_beta_z m_in + ||beta_0||",
                                      "||a|| = inf: inf",
                                      "l_a = 4",
                                      "L_a = 2",
                                      "||a(0)|| = 1",
                                      "||grad a(0)|| = 1",
                                      "l_j = 4: l_a  (of min{l_a, ||grad a(0)|| + L_a m})",
                                      "m_j = 69: ||a(0)|| + l_a m, the smallest of all bounds",
                                      "P A l_in = 60: earlier parameters",
                                      "P B = 28: own parameters",
                                      "l = 88: P (A l_in + B), (20)",
                                      "H_11 = 550: P A L_in + S A^2 l_in^2: earlier parameters",
                                      "2 H_12 = 468: (S A B + P L_beta) l_in: mixed",
                                      "H_22 = 98: S B^2: own parameters",
                                      "L = 1116: H_11 + 2 H_12 + H_22, (21)"}));
  EXPECT_EQ(
      paper.conclusions,
      (std::vector<std::string>{
          "l = 8.80000e+1: the largest part is P A l_in = 6.00000e+1 (earlier parameters)",
          "L = 1.11600e+3: the largest part is H_11 = 5.50000e+2 (P A L_in + S A^2 l_in^2: earlier "
          "parameters)"}));
  // A result that is accounted for again is concluded once.
  c.conclude();
  EXPECT_EQ(paper.conclusions.size(), 2U);

  Trace sharp;
  Composition d(triple(2, 3, 5), Method::sharp, &sharp);
  d.apply(affine(2, 3, 1), number(2));
  d.apply(map(number(4), number(2), 1, number(1)));
  d.conclude();
  EXPECT_EQ(account(sharp), (std::vector<std::string>{
                                "L_beta = 2",
                                "l_beta_v = 3",
                                "l_beta_z = 1",
                                "R = 2: ||v|| <= R",
                                "A = 5: L_beta R + l_beta_z",
                                "B = 5: sqrt((L_beta m_in)^2 + l_beta_v^2)",
                                "m_0 = 12: R B + l_beta_z m_in + ||beta_0||",
                                "||a|| = inf: inf",
                                "l_a = 4",
                                "L_a = 2",
                                "||a(0)|| = 1",
                                "||grad a(0)|| = 1",
                                "l_j = 4: l_a  (of min{l_a, ||grad a(0)|| + L_a m})",
                                "m_j = 49: ||a(0)|| + l_a m, the smallest of all bounds",
                                "P A l_in = 60: earlier parameters",
                                "P B = 20: own parameters",
                                "l = 63.2456: P sqrt((A l_in)^2 + B^2)",
                                "H_11 = 550: earlier parameters",
                                "H_12 = 174: earlier and own parameters",
                                "H_22 = 50: own parameters",
                                "L = 604.592: largest eigenvalue of [H_11 H_12; H_12 H_22]"}));
}

// m = 2 before; a with l_a, L_a, a(0), slope and ||a||.
TEST(Trace, NamesTheBoundsThatWereTheSmallest) {
  const auto lines = [](Method method, const MapConstants& a) {
    Trace trace;
    Composition c(triple(2, 0, 0), method, &trace);
    c.apply(a);
    std::vector<std::string> found;
    for (const std::string& line : account(trace)) {
      if (line.starts_with("l_j") || line.starts_with("m_j")) found.push_back(line);
    }
    return found;
  };
  using Lines = std::vector<std::string>;
  const std::string by_slope = "l_a  (of min{l_a, ||grad a(0)|| + L_a m})";
  const std::string by_curvature = "||grad a(0)|| + L_a m  (of min{l_a, ||grad a(0)|| + L_a m})";
  for (const Method method : {Method::paper, Method::sharp}) {
    EXPECT_EQ(lines(method, map(number(3), number(8), 1, number(1), number(6))),
              (Lines{"l_j = 3: " + by_slope, "m_j = 6: ||a||, the smallest of all bounds"}));
    EXPECT_EQ(
        lines(method, map(number(3), number(8), 1, number(1), number(8))),
        (Lines{"l_j = 3: " + by_slope, "m_j = 7: ||a(0)|| + l_a m, the smallest of all bounds"}));
  }
  EXPECT_EQ(lines(Method::paper, map(number(30), number(8), 1, number(1))),
            (Lines{"l_j = 17: " + by_curvature,
                   "m_j = 35: ||a(0)|| + (||grad a(0)|| + L_a m) m, the smallest of all bounds"}));
  EXPECT_EQ(
      lines(Method::sharp, map(number(30), number(8), 1, number(1))),
      (Lines{"l_j = 17: " + by_curvature,
             "m_j = 19: ||a(0)|| + (||grad a(0)|| + L_a/2 m) m, the smallest of all bounds"}));
}

TEST(Trace, ConcludesNothingFromTotalsThatHaveNoLargestPart) {
  for (const Method method : {Method::paper, Method::sharp}) {
    Trace trace;
    Composition c(triple(2, 0, 0), method, &trace);
    c.apply(map(inf, inf, 0, inf));
    c.conclude();
    EXPECT_EQ(trace.conclusions, (std::vector<std::string>{"l = 0", "L = 0"}));
    Trace other;
    Composition d(triple(2, 1, 1), method, &other);
    d.apply(map(inf, inf, 0, inf));
    d.conclude();
    EXPECT_EQ(other.conclusions, (std::vector<std::string>{"l = inf", "L = inf"}));
  }
}

// Behind x -> x: blocks that are used once with l = 3 and L = 5, and block 7 with l = 4 and L = 1,
// without mixed derivatives.
TEST(Trace, NamesTheGroupsOfBlocks) {
  Value z;
  z.m[euclidean] = number(2);
  for (const auto& [label, l, L] : {std::tuple{rest, 3.0, 5.0}, {Label{7}, 4.0, 1.0}}) {
    const std::size_t group = z.find_or_add(label);
    z.l(group)[euclidean] = number(l);
    z.H(group, group)[euclidean] = number(L);
  }
  Trace trace;
  Composition c(z, Method::sharp, &trace);
  c.apply(map(number(1), {}, 0, number(1)));
  c.conclude();
  std::vector<std::string> lines = account(trace);
  lines.erase(lines.begin(), lines.end() - 6);
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "l_rest = 3: parameters that are used once", "l_shared 7 = 4: a shared block",
                "l = 5: root of the sum of squares over groups of blocks",
                "H_rest = 5: parameters that are used once", "H_shared 7 = 1: a shared block",
                "L = 5: largest eigenvalue of the matrix over groups of blocks"}));
  EXPECT_EQ(trace.conclusions,
            (std::vector<std::string>{
                "l = 5.00000e+0: the largest part is l_shared 7 = 4.00000e+0 (a shared block)",
                "L = 5.00000e+0: the largest part is H_rest = 5.00000e+0 (parameters that are used "
                "once)"}));
}

TEST(Trace, NamesTheFirstOfEqualParts) {
  Trace trace;
  Composition c(triple(1, 1, 0), Method::paper, &trace);
  c.apply(affine(1, 0), number(1));
  c.conclude();
  EXPECT_EQ(trace.conclusions.front(),
            "l = 2.00000e+0: the largest part is P A l_in = 1.00000e+0 (earlier parameters)");
}

}  // namespace
}  // namespace smoothbound::rules
