// The levels of matrices: what they and the others say of each other, which parts know them, and
// attention, whose bounds do not depend on the number of tokens.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/bounds/local.hpp"
#include "smoothbound/rules/merge.hpp"
#include "support/ball.hpp"
#include "support/read_network.hpp"

namespace smoothbound::of_matrices {
namespace {

using rules::number;
using support::Ball;
using support::check_upper;
using support::square;

Ball root(std::int64_t n) { return square_root(Ball(n)); }
const Magnitude inf = Magnitude::infinity();

// m at each level behind `relax`, where one level alone has a number: of 2 samples, and of 5 x 3
// matrices for each of 12 channels.
PerLevel<Magnitude> relaxed(std::size_t level, double value,
                            const Extents& extents = {2, 15, 12, 3}) {
  rules::Value z(LevelSet::all());
  z.m.fill(inf);
  z.m[level] = number(value);
  z.relax(extents);
  return z.m;
}

TEST(OfMatrices, RowsAreBetweenPositionsAndSamples) {
  const PerLevel<Magnitude> of_rows = relaxed(largest_of_rows, 6);
  EXPECT_EQ(of_rows[per_token], number(6));
  EXPECT_EQ(of_rows[maximum], number(6));
  EXPECT_EQ(check_upper(of_rows[per_sample], Ball(6) * root(3)), "");
  EXPECT_EQ(check_upper(of_rows[euclidean], Ball(6) * root(6)), "");
  EXPECT_EQ(check_upper(of_rows[per_position], Ball(6) * root(2)), "");
  EXPECT_EQ(check_upper(of_rows[sum_of_columns], Ball(6) * root(60)), "");
  EXPECT_EQ(relaxed(per_sample, 6)[largest_of_rows], number(6));
  EXPECT_EQ(relaxed(euclidean, 6)[largest_of_rows], number(6));
  EXPECT_EQ(check_upper(relaxed(maximum, 6)[largest_of_rows], Ball(6) * root(60)), "");
  // Two rows of 15: from one position, also of both samples.
  const Extents two_rows{2, 15, 2, 15};
  for (const std::size_t level : {per_token, per_position}) {
    const PerLevel<Magnitude> of_position = relaxed(level, 6, two_rows);
    EXPECT_EQ(check_upper(of_position[largest_of_rows], Ball(6) * root(2)), "");
  }
}

TEST(OfMatrices, AnEntryIsAtMostItsColumn) {
  const PerLevel<Magnitude> of_columns = relaxed(sum_of_columns, 6);
  EXPECT_EQ(of_columns[maximum], number(6));
  EXPECT_EQ(check_upper(of_columns[per_token], Ball(6) * root(12)), "");
}

// A norm of the batch bounds no sum of magnitudes: (1, 1) has the norm sqrt 2 and the sum 2.
TEST(OfMatrices, TheNormOfTheBatchIsNoneOfColumns) {
  rules::Value z(Triple{number(1), number(1), number(1)}, LevelSet::all());
  EXPECT_EQ(z.m[sum_of_columns], inf);
  EXPECT_EQ(z.l(0)[sum_of_columns], inf);
  EXPECT_EQ(z.H(0, 0)[sum_of_columns], inf);
  z.relax({1, 3, 2, 3});
  EXPECT_EQ(check_upper(z.m[sum_of_columns], root(2)), "");
  rules::Value fewer(Triple{number(1), number(1), number(1)}, LevelSet{});
  fewer.relax({1, 3, 2, 3});
  EXPECT_EQ(fewer.m[sum_of_columns], inf);
  EXPECT_EQ(fewer.m[largest_of_rows], number(1));
}

// (1; 1) above (1; 1) is a column of sum 4, and hypot(2, 2) would be less.
TEST(OfMatrices, NothingIsKnownOfColumnsAboveEachOther) {
  rules::Value z(Triple{number(2), number(2), number(2)}, LevelSet::all());
  z.l(0)[sum_of_columns] = z.H(0, 0)[sum_of_columns] = z.m[sum_of_columns] = number(2);
  const rules::Value both = rules::concatenation(std::vector{z, z}, {});
  EXPECT_EQ(both.m[sum_of_columns], inf);
  EXPECT_EQ(both.l(0)[sum_of_columns], inf);
  EXPECT_EQ(both.H(0, 0)[sum_of_columns], inf);
  EXPECT_EQ(check_upper(both.m[largest_of_rows], Ball(2) * root(2)), "");
}

struct Layers {
  support::Network network;
  BoundTable table;

  explicit Layers(const std::string& text, bool with_attention = true)
      : network(support::read_network(text)) {
    Inputs inputs = inputs_of(network.settings);
    inputs.refinements.attention = with_attention;
    table = evaluate_bounds(network.graph, inputs, Method::sharp);
  }
  [[nodiscard]] Triple at(std::size_t level, std::uint32_t from_behind = 0) const {
    return table.at(static_cast<std::uint32_t>(table.layers.size()) - 1 - from_behind, level);
  }
};

void expect_triple(const Triple& given, const Ball& m, const Ball& l, const Ball& L) {
  EXPECT_EQ(check_upper(given.m, m), "") << "m";
  EXPECT_EQ(check_upper(given.lipschitz, l), "") << "l";
  EXPECT_EQ(check_upper(given.smoothness, L), "") << "L";
}

// x of norm 2 in all, weights and bias of norm 3: sqrt(2^2 + 1) of each row together, as of one
// position. A matmul behind has these levels carried.
TEST(OfMatrices, WhatOneUnitMakesIsARow) {
  const auto rows_of = [](const std::string& shape, const std::string& layer) {
    const Layers layers(
        fmt::format("radius: 3\ninput: {{shape: {}, norm: 2}}\nlayers:\n  - {{name: y, {}}}\n"
                    "  - {{name: z, matmul: {{inputs: [y, y], transpose: first}}}}\n",
                    shape, layer));
    return layers.at(largest_of_rows, 1);
  };
  const Ball B = root(5);
  for (const char* const layer :
       {"dense: {units: 6, per: position}", "conv: {filters: 6, kernel: 1}",
        "conv: {filters: 6, kernel: 3, padding: same}", "conv: {filters: 6, kernel: 2, groups: 2}",
        "conv_transposed: {filters: 6, kernel: 2}"}) {
    SCOPED_TRACE(layer);
    expect_triple(rows_of("[4, 7]", layer), Ball(3) * B, B, 0);
  }
  // Rows of one channel: each may have its own largest entry, and all of these together the norm
  // of a sample.
  EXPECT_EQ(check_upper(rows_of("[4, 7, 5]", "dense: {units: 6, per: position}").lipschitz,
                        square_root(Ball(4) + Ball(35))),
            "");
}

TEST(OfMatrices, ReshapingKeepsRowsOfTheSameSize) {
  const auto rows_behind = [](const std::string& map) {
    const Layers layers(
        fmt::format("input: {{shape: [4, 6], norm: 2}}\nlayers:\n"
                    "  - {{name: y, dense: {{units: 4, per: position}}, bias: false, then: [{}]}}\n"
                    "  - {{name: z, matmul: {{inputs: [y, y], transpose: first}}}}\n",
                    map));
    return layers.at(largest_of_rows, 1).m;
  };
  // What is read of a sample is at most its norm, 2; of a reading of more, sqrt(1.5) at sp.
  EXPECT_EQ(rows_behind("{reshape: [2, 2, 6]}"), number(2));
  EXPECT_EQ(rows_behind("{reshape: [8, 3]}"), number(2));
}

// Of 4 heads, with the norm 8 of each token: s = 1/4 q k, and behind the softmax s' and
// s'' + 4/(3 sqrt 3) s'^2 along one direction; q and k join before the value does.
struct Token {
  Ball m = root(65);  // q, k and v: R = 1, B = sqrt(8^2 + 1)
  Ball s1 = root(2) * m * m / Ball(4);
  Ball s2 = m * m / Ball(4);
  Ball p = s2 + Ball(4) / (Ball(3) * root(3)) * square(s1);
};
std::string of_tokens(const std::string& attention, int tokens, const std::string& more = "") {
  return fmt::format(
      "{}input: {{shape: [64, {}], norm: 1e9}}\nlayers:\n"
      "  - {{name: n, then: [{{layer_norm: {{epsilon: 1e-40, per: position}}}}]}}\n  - {}\n",
      more, tokens, attention);
}

TEST(AttentionRule, DoesNotDependOnTheNumberOfTokens) {
  const Token token;
  const Ball l = square_root(square(token.m * token.s1) + square(token.m));
  const Ball own = token.m * token.p;
  const Ball mixed = token.s1 * token.m;
  const Ball L = (own + square_root(square(own) + Ball(4) * square(mixed))) / Ball(2);
  for (const int tokens : {20, 1000}) {
    for (const char* const more : {"", "batch: 7\n"}) {
      const Layers layers(of_tokens("{attention: 4}", tokens, more));
      const Triple mixture = layers.at(per_token, 1);
      // The largest norm of a normalized token is 8 but for the 41st digit.
      EXPECT_NEAR(mixture.m.to_double(), std::sqrt(65.0), 1e-12);
      expect_triple(mixture, token.m, l, L);
      expect_triple(layers.at(sum_of_columns, 2), 1, token.s1, token.p);
      expect_triple(layers.at(largest_of_rows, 1), token.m, l, L);
    }
  }
}

TEST(AttentionRule, HoldsWithAMaskAndWrittenOut) {
  const Triple all = Layers(of_tokens("{attention: 4}", 50)).at(per_token);
  const Triple causal =
      Layers(of_tokens("{attention: {heads: 4, causal: true}}", 50)).at(per_token);
  EXPECT_EQ(all.smoothness, causal.smoothness);
  EXPECT_EQ(all.lipschitz, causal.lipschitz);
  const auto projection = [](const char* name) {
    return fmt::format(
        "  - {{name: {}, from: n, dense: {{units: 64, per: position}}, then: [{{reshape: [4, 16, "
        "50]}}]}}\n",
        name);
  };
  const std::string written =
      of_tokens(
          "{name: k, from: n, dense: {units: 64, per: position}, then: [{reshape: [4, 16, "
          "50]}]}",
          50) +
      projection("q") + projection("v") +
      "  - {name: s, matmul: {inputs: [k, q], transpose: first, scale: 0.25}, then: [{softmax: "
      "height}]}\n  - {name: o, matmul: [v, s], then: [{reshape: [64, 50]}]}\n"
      "  - {name: z, dense: {units: 64, per: position}}\n";
  EXPECT_EQ(Layers(written).at(per_token).smoothness, all.smoothness);
}

TEST(AttentionRule, OnlyLowers) {
  const std::string text = of_tokens("{attention: 4}", 20, "batch: 3\n");
  const Layers with(text);
  const Layers without(text, false);
  EXPECT_LT(scale(with.at(per_token).smoothness, 4), without.at(per_token).smoothness);
  for (std::uint32_t layer = 0; layer < with.table.layers.size(); ++layer) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      const Triple less = with.at(level, layer);
      const Triple more = without.at(level, layer);
      EXPECT_LE(less.m, more.m);
      EXPECT_LE(less.lipschitz, more.lipschitz);
      EXPECT_LE(less.smoothness, more.smoothness);
    }
  }
  EXPECT_FALSE(without.table.level_set.has(largest_of_rows));
  EXPECT_TRUE(with.table.level_set.has(sum_of_columns));
}

// Around weights of norm 2 and a bias of 1/2, in a ball of radius 1/4: m = B/4 + 2 sqrt(4) + 1/2
// with B = sqrt(4 + 1).
TEST(AttentionRule, RowsAroundAPoint) {
  const support::Network network = support::read_network(
      "input: {shape: [4, 7], norm: 2}\nlayers:\n"
      "  - {name: y, dense: {units: 6, per: position}}\n"
      "  - {name: z, matmul: {inputs: [y, y], transpose: first}}\n");
  const PointBounds point{{{number(2), number(2), number(0.5)}}, {}, {}};
  const BoundTable table = evaluate_bounds_around(network.graph, inputs_of(network.settings), point,
                                                  number(0.25), Method::sharp);
  const Ball m = root(5) / Ball(4) + Ball(4) + Ball(1) / Ball(2);
  EXPECT_EQ(check_upper(table.at(0, largest_of_rows).m, m), "");
  EXPECT_EQ(check_upper(table.at(0, largest_of_rows).lipschitz, root(5)), "");
}

}  // namespace
}  // namespace smoothbound::of_matrices
