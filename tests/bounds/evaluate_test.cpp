// Bounds along graphs: long chains, causes of infinite entries, traces.

#include "smoothbound/bounds/evaluate.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/arb_oracle.hpp"
#include "support/causes.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::Causes;
using support::causes_in;
using support::check_upper;
using support::Network;
using support::read_network;
using ::testing::HasSubstr;

constexpr std::array both_methods{Method::paper, Method::sharp};

Network read_layers(const std::string& layers, const std::string& settings = "") {
  return read_network("input: {shape: [4], norm: 1}\n" + settings + "layers:\n" + layers);
}

Causes causes_of(const Network& network, Method method, std::uint32_t layer) {
  return causes_in(CauseTable(network.graph, inputs_of(network.settings), network.bounds(method)),
                   layer);
}

// Dense layers of radius 10 with bias, ||x|| = 1, batch 1; A = 10.
// Paper: B = m + 1, m' = 10 B, l' = 10 l + B, L' = 10 L + 2 l.
// Sharp: B = sqrt(m^2 + 1), m' = 10 B, l' = sqrt((10 l)^2 + B^2), L' the largest eigenvalue of
// [10 L, l; l, 0].
TEST(EvaluateBounds, AChainOfTwentyThousandLayersStaysFiniteAndTight) {
  constexpr int depth = 20'000;
  std::string layers;
  for (int i = 0; i < depth; ++i) layers += "  - dense: 2\n";
  const Network network = read_layers(layers, "radius: 10\n");
  for (const Method method : both_methods) {
    SCOPED_TRACE(name_of(method));
    const BoundTable table = network.bounds(method);
    Ball m = 1;
    Ball l;
    Ball L;
    for (int i = 0; i < depth; ++i) {
      const Ball B = method == Method::paper ? m + Ball(1) : square_root(square(m) + Ball(1));
      L = method == Method::paper ? Ball(10) * L + Ball(2) * l
                                  : support::largest_eigenvalue(Ball(10) * L, l, 0);
      l = method == Method::paper ? Ball(10) * l + B
                                  : square_root(square(Ball(10) * l) + square(B));
      m = Ball(10) * B;
      if (i % 1000 != 0 && i + 1 != depth) continue;
      const Triple& given = table.layers[static_cast<std::size_t>(i)];
      EXPECT_EQ(check_upper(given.m, m), "") << i;
      EXPECT_EQ(check_upper(given.lipschitz, l), "") << i;
      EXPECT_EQ(check_upper(given.smoothness, L), "") << i;
    }
    EXPECT_GT(table.network().smoothness, Magnitude::from_decimal("1e5000"));
    EXPECT_TRUE(table.network().smoothness.is_finite());
    EXPECT_EQ(check_upper(table.parameter_norm, square_root(Ball(100) * Ball(depth))), "");
  }
}

// b = dense without bias: m = R ||x|| = 2, l = ||x|| = 1. A radius of the layer's own goes before
// the default, one of the affine part before that of its layer: 3 m, and 5 (m = 4) after RMS norm
// (sharp: m <= sqrt(4)).
TEST(EvaluateBounds, RadiiOfLayersAndAffineParts) {
  const Network network = read_layers(
      "  - {dense: 4, bias: false}\n"
      "  - {dense: 4, bias: false, radius: 3}\n"
      "  - {dense: 4, bias: false, radius: 3, then: [{rms_norm: {epsilon: 1, affine: true, shift: "
      "false, radius: 5}}]}\n",
      "radius: 2\n");
  Inputs inputs = inputs_of(network.settings);
  inputs.refinements.growth = false;
  const BoundTable table = evaluate_bounds(network.graph, inputs, Method::sharp);
  EXPECT_EQ(check_upper(table.layers[0].m, 2), "");
  EXPECT_EQ(check_upper(table.layers[0].lipschitz, 1), "");
  EXPECT_EQ(check_upper(table.layers[1].m, 6), "");
  EXPECT_EQ(check_upper(table.layers[2].m, 10), "");
  // Blocks of radius 2, 3, 3 and 5.
  EXPECT_EQ(check_upper(table.parameter_norm, square_root(Ball(47))), "");
}

// ||x|| = 0 without bias: the network is 0 for all parameters, whatever its kinks.
TEST(EvaluateBounds, AConstantNetworkHasNoSlope) {
  const Network network = read_network(
      "input: {shape: [4], norm: 0}\n"
      "layers: [{dense: 3, bias: false, then: [relu]}, {dense: 3, bias: false, then: [relu]}]\n");
  for (const Method method : both_methods) {
    for (const Triple& layer : network.bounds(method).layers) {
      EXPECT_TRUE(layer.m.is_zero() && layer.lipschitz.is_zero() && layer.smoothness.is_zero());
    }
  }
}

// Radius 0 without bias: z_1 = 0, but moves with v_1 (l = ||x||), and relu bends it.
TEST(EvaluateBounds, RadiusZeroStillHasASlope) {
  const Network network =
      read_layers("  - {dense: 3, bias: false, radius: 0, then: [relu]}\n", "radius: 1\n");
  for (const Method method : both_methods) {
    const Triple layer = network.bounds(method).network();
    EXPECT_TRUE(layer.m.is_zero());
    EXPECT_EQ(layer.lipschitz, Magnitude::from_count(1));
    EXPECT_TRUE(layer.smoothness.is_infinite());
  }
}

TEST(CauseTable, NamesTheFirstKink) {
  const Network network = read_layers(
      "  - {name: a, dense: 4, then: [softplus]}\n"
      "  - {name: b, dense: 4, then: [softplus, relu]}\n"
      "  - {name: c, dense: 4, then: [leaky_relu]}\n"
      "  - {name: d, dense: 4}\n");
  for (const Method method : both_methods) {
    const Causes causes = causes_of(network, method, 3);
    EXPECT_EQ(causes.smoothness.layer, 1U);
    EXPECT_THAT(causes.smoothness.reason, HasSubstr("relu: relu has a kink at 0"));
    EXPECT_EQ(causes.lipschitz.reason, "");
    EXPECT_EQ(causes.m.reason, "");
    EXPECT_EQ(causes_of(network, method, 0).smoothness.reason, "");
  }
}

// m of the opaque layer is unknown, so B = ||db/dv|| of the next layer is: its l and L follow.
TEST(CauseTable, FollowsAnUnknownBoundIntoTheOtherEntries) {
  const Network network = read_layers(
      "  - {name: a, opaque: {lipschitz: 1, smoothness: 1}}\n  - {name: b, dense: 4, then: [sin]}\n"
      "  - {name: c, dense: 4, then: [sin]}\n");
  for (const Method method : both_methods) {
    const Causes causes = causes_of(network, method, 1);
    for (const Cause* cause : {&causes.lipschitz, &causes.smoothness}) {
      EXPECT_EQ(cause->layer, 0U);
      EXPECT_EQ(cause->reason, "opaque: opaque gives neither 'bound' nor 'at_zero'");
    }
    EXPECT_EQ(causes.m.reason, "");  // sin is bounded
    EXPECT_EQ(causes_of(network, method, 0).m.layer, 0U);
    EXPECT_EQ(causes_of(network, method, 0).lipschitz.reason, "");
    EXPECT_EQ(causes_of(network, method, 2).smoothness.layer, 0U);
  }
}

TEST(CauseTable, EpsilonZero) {
  const Network network = read_layers(
      "  - {name: a, dense: 4, then: [softplus]}\n"
      "  - {name: b, dense: 4, then: [{layer_norm: {epsilon: 0}}]}\n");
  const Causes causes = causes_of(network, Method::sharp, 1);
  for (const Cause* cause : {&causes.lipschitz, &causes.smoothness}) {
    EXPECT_EQ(cause->layer, 1U);
    EXPECT_THAT(cause->reason, HasSubstr("layer_norm: epsilon is 0"));
  }
  EXPECT_EQ(causes.m.reason, "");
}

TEST(CauseTable, FollowsTheInfiniteBranchOfAMerge) {
  const Network network = read_layers(
      "  - {name: a, dense: 4, then: [softplus]}\n"
      "  - {name: b, from: input, dense: 4, then: [hard_tanh]}\n"
      "  - {name: c, add: [a, b]}\n");
  const Causes causes = causes_of(network, Method::sharp, 2);
  EXPECT_EQ(causes.smoothness.layer, 1U);
  EXPECT_THAT(causes.smoothness.reason, HasSubstr("hard_tanh: hard_tanh has kinks"));
}

// Squaring 1e300 53 times passes the largest number that there is.
TEST(CauseTable, SaysWhatIsBeyondTheLargestNumber) {
  std::string layers = "  - {name: z0, dense: 4, bias: false}\n";
  constexpr int squarings = 60;
  for (int i = 1; i <= squarings; ++i) {
    layers += fmt::format("  - {{name: z{}, multiply: [z{}, z{}]}}\n", i, i - 1, i - 1);
  }
  const Network network = read_layers(layers, "radius: 1e300\n");
  const BoundTable table = network.bounds(Method::paper);
  std::uint32_t first = 0;
  while (table.layers[first].m.is_finite()) ++first;
  // log10 m is 300 * 2^52 = 1.35e18 after 52 squarings; the limit is 2^62 log10(2) = 1.39e18.
  EXPECT_EQ(first, 53U);
  const Causes causes = causes_of(network, Method::paper, squarings);
  EXPECT_EQ(causes.m.layer, first);
  LowerBound largest = LowerBound::from_count(2);
  for (int i = 0; i < 70; ++i) largest *= largest;
  const std::string text = largest.to_text(1);
  const std::string exponent = text.substr(text.find('+') + 1);
  EXPECT_EQ(causes.m.reason, "beyond the largest number, about 1e" + exponent);
}

const rules::TraceLine& last_line(const rules::Trace& trace, std::string_view symbol) {
  const auto found =
      std::find_if(trace.lines.rbegin(), trace.lines.rend(),
                   [&](const rules::TraceLine& line) { return line.symbol == symbol; });
  if (found == trace.lines.rend()) throw std::logic_error("no line " + std::string(symbol));
  return *found;
}

// What the trace adds up to is what the table says.
void expect_trace_of_table(const Network& network, Method method, std::uint32_t layer,
                           std::string_view last_bound) {
  const BoundTable table = network.bounds(method);
  const rules::Trace trace = trace_layer(network.graph, inputs_of(network.settings), table, layer);
  const auto value = [&](std::string_view symbol) { return last_line(trace, symbol).value; };
  const Triple& z = table.layers[layer];
  EXPECT_EQ(value(last_bound), z.m);
  const Magnitude earlier = value("P A l_in");
  const Magnitude own = value("P B");
  if (method == Method::paper) {
    EXPECT_EQ(check_upper(z.lipschitz, Ball::of(earlier) + Ball::of(own)), "");
    const Ball terms =
        Ball::of(value("H_11")) + Ball::of(value("2 H_12")) + Ball::of(value("H_22"));
    EXPECT_EQ(check_upper(z.smoothness, terms), "");
  } else {
    EXPECT_EQ(
        check_upper(z.lipschitz, square_root(square(Ball::of(earlier)) + square(Ball::of(own)))),
        "");
    const Ball eigenvalue = support::largest_eigenvalue(
        Ball::of(value("H_11")), Ball::of(value("H_12")), Ball::of(value("H_22")));
    const auto form = std::ranges::find(trace.lines, "T", &rules::TraceLine::symbol);
    EXPECT_EQ(form == trace.lines.end() ? check_upper(z.smoothness, eigenvalue)
                                        : check_upper(z.smoothness, Ball::of(form->value)),
              "");
  }
}

const char* const traced_layers =
    "  - {name: a, dense: 4, then: [softplus]}\n"
    "  - {name: b, dense: 4, then: [softplus, sigmoid]}\n"
    "  - {name: c, from: a, dense: 4}\n"
    "  - {name: d, add: [b, c], then: [{layer_norm: {epsilon: 1, affine: true}}, softplus, "
    "softplus]}\n"
    "  - {name: e, dense: 2, then: [tanh, {rms_norm: {epsilon: 1, affine: true}}]}\n";

TEST(TraceLayer, AddsUpToTheTable) {
  const Network network = read_layers(traced_layers, "radius: 2\n");
  for (const Method method : both_methods) {
    SCOPED_TRACE(name_of(method));
    expect_trace_of_table(network, method, 0, "m_j");
    expect_trace_of_table(network, method, 1, "m_j");
    expect_trace_of_table(network, method, 2, "m_0");
    expect_trace_of_table(network, method, 3, "m_j");
    expect_trace_of_table(network, method, 4, "m_0");
  }
}

TEST(TraceLayer, BeginsWithWhatTheLayerReads) {
  const Network network = read_layers(traced_layers, "radius: 2\n");
  const BoundTable table = network.bounds(Method::sharp);
  const rules::Trace chain = trace_layer(network.graph, inputs_of(network.settings), table, 1);
  EXPECT_EQ(last_line(chain, "m_in").value, table.layers[0].m);
  EXPECT_EQ(last_line(chain, "l_in").value, table.layers[0].lipschitz);
  EXPECT_EQ(last_line(chain, "L_in").value, table.layers[0].smoothness);
  const rules::Trace merge = trace_layer(network.graph, inputs_of(network.settings), table, 3);
  EXPECT_EQ(last_line(merge, "l_1").value, table.layers[1].lipschitz);
  EXPECT_EQ(last_line(merge, "L_2").value, table.layers[2].smoothness);
  // b and c share a's parameters.
  EXPECT_EQ(last_line(merge, "m_1").formula, "'b', parameter group 1");
  EXPECT_EQ(last_line(merge, "m_2").formula, "'c', parameter group 1");
}

TEST(TraceLayer, AnnouncesEveryComponentOnce) {
  const Network network = read_layers(traced_layers, "radius: 2\n");
  const BoundTable table = network.bounds(Method::sharp);
  std::vector<std::string> names;
  for (const rules::TraceLine& line :
       trace_layer(network.graph, inputs_of(network.settings), table, 3).lines) {
    if (line.symbol.empty()) names.push_back(line.formula);
  }
  EXPECT_THAT(names, testing::ElementsAre("add", "layer_norm", "softplus", "softplus"));
}

// The layer reads ||x|| = 2; the maps that follow it have l = m / m_in each.
Network read_maps(const std::string& maps) {
  return read_network("input: {shape: [2, 4, 4], norm: 2}\nlayers:\n  - then: [" + maps + "]\n");
}

void expect_bound(const std::string& maps, const Ball& m) {
  SCOPED_TRACE(maps);
  const Network network = read_maps(maps);
  for (const Method method : both_methods) {
    EXPECT_EQ(check_upper(network.bounds(method).network().m, m), "");
  }
}

// Composed before their copies are counted: nearest by 2 and every other entry again is the
// identity, by the single maps it would be 2 along each axis.
TEST(IndexMaps, ThatFollowEachOtherAreOneMap) {
  expect_bound("upsample: 2", 4);
  expect_bound("upsample: 2, slice: {axis: height, step: 2}", square_root(Ball(2)) * Ball(2));
  expect_bound("upsample: 2, slice: {axis: height, step: 2}, slice: {axis: width, step: 2}", 2);
  expect_bound("upsample: 2, dropout, slice: {axis: height, step: 2}", 4);  // no index map between
  expect_bound("flatten, reshape: [4, 8], permute: [length, channels]", 2);
  expect_bound("upsample: 2, upsample: {factor: 2, mode: bilinear}", 8);
  expect_bound("scale: -3, upsample: 2, shift: 0", 12);
  // 2 * 3 + 0.5 sqrt(64) of the shift in two samples' place: batch 1, 32 scalars.
  expect_bound("scale: 3, shift: -0.5", Ball(6) + square_root(Ball(8)));
}

TEST(IndexMaps, ATraceNamesAllMapsOfARunAndStatesItsConstants) {
  const Network network = read_maps("upsample: 2, slice: {axis: height, step: 2}, softplus");
  for (const Method method : both_methods) {
    const BoundTable table = network.bounds(method);
    const rules::Trace trace = trace_layer(network.graph, inputs_of(network.settings), table, 0);
    std::vector<std::string> told;
    for (const rules::TraceLine& line : trace.lines) {
      if (line.symbol.empty()) told.push_back(line.formula);
      if (line.symbol == "l_a") told.push_back(line.formula);
      if (line.symbol == "l_a" && told.size() == 3) {
        EXPECT_EQ(line.value, square_root(Magnitude::from_count(2)));
      }
    }
    EXPECT_THAT(told,
                testing::ElementsAre("upsample", "slice",
                                     "sqrt(q), these maps together copy an input at most q times",
                                     "softplus", "1"));
  }
}

TEST(IndexMaps, BoundsBehindComponentsAreThoseOfTheRunSoFar) {
  const Network network =
      read_maps("upsample: 2, slice: {axis: height, step: 2}, slice: {axis: width, step: 2}, tanh");
  for (const Method method : both_methods) {
    const BoundTable table = network.bounds(method);
    const std::vector<Triple> behind =
        bounds_behind_components(network.graph, inputs_of(network.settings), table, 0);
    ASSERT_EQ(behind.size(), 4U);
    EXPECT_EQ(check_upper(behind[0].m, 4), "");
    EXPECT_EQ(check_upper(behind[1].m, square_root(Ball(2)) * Ball(2)), "");
    EXPECT_EQ(check_upper(behind[2].m, 2), "");
    EXPECT_EQ(behind[3].m, table.network().m);
  }
}

}  // namespace
}  // namespace smoothbound
