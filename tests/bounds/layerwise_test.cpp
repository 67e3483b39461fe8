// Step sizes by parameter block: numbers worked out by hand, and relations to those of one step.

#include "smoothbound/bounds/layerwise.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/ball.hpp"
#include "support/random_network.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::check_upper;
using support::Network;
using support::read_network;

struct Evaluated {
  Network network;
  ObjectiveBounds objective;
  LayerwiseBounds blocks;
  Refinements refine;
};

Evaluated evaluate_layerwise(Network network, const Refinements& refine = {}) {
  Inputs inputs = inputs_of(network.settings);
  inputs.refinements = refine;
  const BoundTable table = evaluate_bounds(network.graph, inputs, Method::sharp);
  const ObjectiveBounds objective = bound_objective(network.graph, network.settings, table, refine);
  LayerwiseBounds blocks =
      bound_layerwise(network.graph, network.settings, table, objective, refine);
  return {std::move(network), objective, std::move(blocks), refine};
}

std::string linear_chain(const std::string& settings, const std::string& layers) {
  return "input: {shape: [1], norm: 1}\nloss: square\n" + settings + "\nlayers:\n" + layers;
}

// F = (v_2 v_1 - y)^2 / 2 + (v_1^2 + v_2^2) / 4, |v_1| <= 2, |v_2| <= 1, |y| <= 1: the gradient of
// the loss is at most 3, psi' = (v_2, v_1), psi'' = (0, 1; 1, 0).
Evaluated two_numbers() {
  return evaluate_layerwise(read_network(linear_chain("regularizer: 0.5",
                                                      "  - {dense: 1, bias: false, radius: 2}\n"
                                                      "  - {dense: 1, bias: false}\n")));
}

TEST(Layerwise, TwoNumbersByHand) {
  const LayerwiseBounds blocks = two_numbers().blocks;
  ASSERT_EQ(blocks.groups.size(), 2U);
  EXPECT_EQ(blocks.groups[0].blocks, std::vector<std::uint32_t>{0});
  EXPECT_EQ(blocks.groups[1].blocks, std::vector<std::uint32_t>{1});
  EXPECT_EQ(check_upper(blocks.groups[0].norm, 2), "");
  EXPECT_EQ(check_upper(blocks.groups[1].norm, 1), "");
  EXPECT_EQ(check_upper(blocks.groups[0].lipschitz, Ball(3) + Ball(1)), "");  // 3 l_i + R_i / 2
  EXPECT_EQ(check_upper(blocks.groups[1].lipschitz, Ball(6) + Ball(1) / Ball(2)), "");
  EXPECT_EQ(check_upper(blocks.H(0, 0), Ball(3) / Ball(2)), "");  // l_1^2 + 1/2
  EXPECT_EQ(check_upper(blocks.H(0, 1), 5), "");                  // 3 + l_1 l_2
  EXPECT_EQ(check_upper(blocks.H(1, 0), 5), "");
  EXPECT_EQ(check_upper(blocks.H(1, 1), Ball(9) / Ball(2)), "");
  EXPECT_EQ(blocks.infinite_reason, "");
}

// Of (3/2, 5; 5, 9/2): D_1 D_2 = (3/2 + 5 r) (9/2 + 5 / r) is smallest at r^2 = (3/2) / (9/2).
TEST(Layerwise, TheUsualStepsHaveTheLargestGeometricMean) {
  const std::vector<Magnitude> D = usual_majorizer(two_numbers().blocks);
  const double r = std::sqrt(1.0 / 3);
  ASSERT_EQ(D.size(), 2U);
  EXPECT_NEAR(D[0].to_double(), 1.5 + 5 * r, 1e-6);
  EXPECT_NEAR(D[1].to_double(), 4.5 + 5 / r, 1e-6);
}

TEST(Layerwise, AMajorizerByHand) {
  const LayerwiseBounds blocks = two_numbers().blocks;
  const auto of = [&](std::int64_t first, std::int64_t second) {
    return majorizer(blocks,
                     std::vector{Magnitude::from_count(first), Magnitude::from_count(second)});
  };
  EXPECT_EQ(check_upper(of(1, 3)[0], Ball(33) / Ball(2)), "");  // 3/2 + 5 3
  EXPECT_EQ(check_upper(of(1, 3)[1], Ball(37) / Ball(6)), "");  // 9/2 + 5/3
  EXPECT_EQ(check_upper(of(0, 3)[1], Ball(9) / Ball(2)), "");   // the first does not move
  EXPECT_TRUE(of(0, 3)[0].is_infinite());
}

// At g = (1, 0) only the first moves; not farther than that it may.
TEST(Layerwise, TheBestStepFollowsTheGradient) {
  const LayerwiseBounds blocks = two_numbers().blocks;
  const std::vector<Magnitude> g{Magnitude::from_count(1), Magnitude()};
  EXPECT_EQ(check_upper(best_majorizer(blocks, g, Magnitude::infinity())[0], Ball(3) / Ball(2)),
            "");
  const Magnitude eighth = scale(Magnitude::from_count(1), -3);
  EXPECT_EQ(check_upper(best_majorizer(blocks, g, eighth)[0], 8), "");
  EXPECT_EQ(certified_square(g, best_majorizer(blocks, g, eighth)),
            scale(LowerBound::from_count(1), -3));
  // Both at once come to 2 / (2 8), one to 1 / (2 1.5): it is a saddle, and is left.
  const std::vector<Magnitude> even{Magnitude::from_count(1), Magnitude::from_count(1)};
  EXPECT_GE(certified_square(even, best_majorizer(blocks, even, Magnitude::infinity())).to_double(),
            0.666);
}

// D - H has no negative pivot, in balls of 256 bits. Where D is inf the group does not move.
bool is_positive_semidefinite(const LayerwiseBounds& blocks, const std::vector<Magnitude>& D) {
  std::vector<std::size_t> moving;
  for (std::size_t i = 0; i < D.size(); ++i) {
    if (D[i].is_finite()) moving.push_back(i);
  }
  const std::size_t size = moving.size();
  // With both signs: a pair of balls would do, but arb has signs.
  std::vector<std::vector<Ball>> M(size, std::vector<Ball>(size));
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      const Ball h = Ball::of(blocks.H(moving[i], moving[j]));
      arb_neg(M[i][j].raw(), h.raw());
      if (i == j) arb_add(M[i][i].raw(), M[i][i].raw(), Ball::of(D[moving[i]]).raw(), 256);
    }
  }
  for (std::size_t k = 0; k < size; ++k) {
    if (arb_is_positive(M[k][k].raw()) == 0) {
      // 0 is none if it stands for a row of zeros.
      for (std::size_t j = k; j < size; ++j) {
        if (arb_contains_zero(M[k][j].raw()) == 0) return false;
      }
      continue;
    }
    for (std::size_t i = k + 1; i < size; ++i) {
      for (std::size_t j = k + 1; j < size; ++j) {
        const Ball part = M[i][k] * M[k][j] / M[k][k];
        arb_sub(M[i][j].raw(), M[i][j].raw(), part.raw(), 256);
      }
    }
  }
  return true;
}

bool has_concatenation(const Network& network) {
  for (const Layer& layer : network.graph.layers) {
    for (const PlacedComponent& placed : layer.components) {
      if (name_of(placed.component) == "concat") return true;
    }
  }
  return false;
}

// The largest eigenvalue from below, by power steps.
double eigenvalue_below(const LayerwiseBounds& blocks) {
  const std::size_t size = blocks.groups.size();
  std::vector<double> x(size, 1);
  double value = 0;
  for (int step = 0; step < 50; ++step) {
    std::vector<double> y(size);
    double squares = 0;
    double product = 0;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) y[i] += blocks.H(i, j).to_double() * x[j];
      squares += x[i] * x[i];
      product += x[i] * y[i];
    }
    value = std::max(value, product / squares);
    if (!std::isfinite(product) || product == 0) return value;
    const double largest = *std::max_element(y.begin(), y.end());
    for (double& entry : y) entry /= largest;
    x = y;
  }
  return value;
}

constexpr double layerwise_rounding = 1e-9;

void check_relations(const Evaluated& evaluated, std::uint64_t seed, int& compared) {
  const LayerwiseBounds& blocks = evaluated.blocks;
  const std::size_t count = blocks.groups.size();
  std::vector<std::uint32_t> all;
  Magnitude lipschitz;
  bool is_finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    const StepGroup& group = blocks.groups[i];
    all.insert(all.end(), group.blocks.begin(), group.blocks.end());
    EXPECT_LE(group.lipschitz, evaluated.objective.lipschitz);
    lipschitz = hypotenuse(lipschitz, group.lipschitz);
    is_finite = is_finite && group.lipschitz.is_finite();
    for (std::size_t j = 0; j < count; ++j) {
      EXPECT_EQ(blocks.H(i, j), blocks.H(j, i));
      EXPECT_LE(blocks.H(i, j), evaluated.objective.smoothness);
      is_finite = is_finite && blocks.H(i, j).is_finite();
    }
  }
  EXPECT_EQ(blocks.infinite_reason.empty(), is_finite);
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), evaluated.network.graph.blocks.size());
  for (std::uint32_t b = 0; b < all.size(); ++b) EXPECT_EQ(all[b], b);
  // Unsaturated scalars bound the gradients of all blocks by less than the sum of their squares.
  if (!evaluated.refine.cauchy && !has_concatenation(evaluated.network) && lipschitz.is_finite() &&
      evaluated.objective.lipschitz.is_finite()) {
    EXPECT_LE(lipschitz,
              evaluated.objective.lipschitz * Magnitude::from_double(1 + layerwise_rounding));
  }
  if (count == 0 || !is_finite) return;
  const double largest = eigenvalue_below(blocks);
  // Some D, and what is promised of them.
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<Magnitude> g;
  double square = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // A gradient has no part where F does not change, and none that counts where nothing moves.
    const double drawn = std::exp(2 * normal(random));
    const bool counts = !blocks.groups[i].lipschitz.is_zero() && may_move(blocks, i);
    const double length = counts ? drawn : 0;
    g.push_back(Magnitude::from_double(length));
    square += length * length;
  }
  const std::vector<Magnitude> best = best_majorizer(blocks, g, Magnitude::infinity());
  EXPECT_TRUE(is_positive_semidefinite(blocks, best));
  EXPECT_TRUE(is_positive_semidefinite(blocks, majorizer(blocks, g)));
  const std::vector<Magnitude> usual = usual_majorizer(blocks);
  EXPECT_TRUE(is_positive_semidefinite(blocks, usual));
  if (!(largest > 0) || !std::isfinite(largest)) return;
  const double reached = certified_square(g, best).to_double();
  double form = 0;  // <g, H g>, at most the eigenvalue times the square
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      form += g[i].to_double() * blocks.H(i, j).to_double() * g[j].to_double();
    }
  }
  EXPECT_GE(reached * form, square * square * (1 - layerwise_rounding));
  const Magnitude farthest = Magnitude::from_double(0.1);
  const std::vector<Magnitude> near = best_majorizer(blocks, g, farthest);
  EXPECT_TRUE(is_positive_semidefinite(blocks, near));
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_GE(reached * blocks.H(i, i).to_double(),
              g[i].to_double() * g[i].to_double() * (1 - layerwise_rounding));
    EXPECT_LE(g[i] / near[i].turned(), farthest * Magnitude::from_double(1 + layerwise_rounding));
  }
  double logarithms = 0;  // of the geometric mean over 1 / L
  for (std::size_t i = 0; i < count; ++i) {
    if (usual[i].is_zero() || !may_move(blocks, i)) continue;
    logarithms += std::log(largest) - std::log(usual[i].to_double());
  }
  EXPECT_GE(logarithms, -0.02 * static_cast<double>(count));
  ++compared;
}

TEST(Layerwise, RelationsInRandomNetworks) {
  int compared = 0;
  int shared = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const support::PlainNetwork plain = support::random_network(seed);
    if (plain.loss.empty()) continue;
    const std::string text = to_text(plain);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    const Network network = read_network(text);
    shared += network.graph.shared_groups > 0 ? 1 : 0;
    Refinements refine;
    refine.cauchy = seed % 2 == 0;
    check_relations(evaluate_layerwise(network, refine), seed, compared);
    if (HasFailure()) return;
  }
  EXPECT_GE(compared, 300);
  EXPECT_GE(shared, 30);
}

// Without what bounds single directions L_F is an eigenvalue of few groups, and that of all is none
// larger.
TEST(Layerwise, TheEigenvalueOfAllBlocksIsNotLarger) {
  Refinements refine;
  refine.joint = false;
  refine.cauchy = false;
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const support::PlainNetwork plain = support::random_network(seed);
    if (plain.loss.empty()) continue;
    const std::string text = to_text(plain);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    const Evaluated evaluated = evaluate_layerwise(read_network(text), refine);
    if (has_concatenation(evaluated.network)) continue;
    const double largest = eigenvalue_below(evaluated.blocks);
    const double L = evaluated.objective.smoothness.to_double();
    if (!std::isfinite(L) || !std::isfinite(largest)) continue;
    EXPECT_LE(largest, L * (1 + layerwise_rounding));
    if (HasFailure()) return;
    ++compared;
  }
  EXPECT_GE(compared, 100);
}

// v^2 x: one block, which has the step of all.
TEST(Layerwise, ASharedBlockIsOne) {
  const Evaluated shared = evaluate_layerwise(read_network(
      linear_chain("",
                   "  - {name: v, dense: 1, bias: false}\n"
                   "  - {dense: 1, bias: false, share: v}\n  - {dense: 1, bias: false}\n")));
  ASSERT_EQ(shared.blocks.groups.size(), 2U);
  // psi = v^2 u: derivatives 2 and 1, second ones (2, 2; 2, 0); g = 2.
  EXPECT_EQ(check_upper(shared.blocks.groups[0].lipschitz, 4), "");
  EXPECT_EQ(check_upper(shared.blocks.groups[1].lipschitz, 2), "");
  EXPECT_EQ(check_upper(shared.blocks.H(0, 0), Ball(4) + Ball(4)), "");
  EXPECT_EQ(check_upper(shared.blocks.H(0, 1), Ball(4) + Ball(2)), "");
  EXPECT_EQ(check_upper(shared.blocks.H(1, 1), 1), "");
}

// a x + b x, then c: a and b do not meet in psi'', and both meet c.
TEST(Layerwise, BranchesAreToldApart) {
  const Evaluated sum = evaluate_layerwise(read_network(linear_chain(
      "",
      "  - {name: a, dense: 1, bias: false}\n  - {name: b, from: input, dense: 1, bias: false}\n"
      "  - {name: s, add: [a, b]}\n  - {dense: 1, bias: false}\n")));
  ASSERT_EQ(sum.blocks.groups.size(), 3U);
  // m = 2, so g = 3 and psi' = (1, 1, 2).
  EXPECT_EQ(check_upper(sum.blocks.groups[2].lipschitz, 6), "");
  EXPECT_EQ(check_upper(sum.blocks.H(0, 0), 1), "");
  EXPECT_EQ(check_upper(sum.blocks.H(0, 1), 1), "");
  EXPECT_EQ(check_upper(sum.blocks.H(0, 2), Ball(3) + Ball(2)), "");
  EXPECT_EQ(check_upper(sum.blocks.H(2, 2), 4), "");
}

// Blocks in front of a kink do not move; the last one does.
TEST(Layerwise, InfiniteNumbersHaveAReason) {
  const Evaluated relu = evaluate_layerwise(read_network(
      linear_chain("", "  - {name: a, dense: 3, then: [relu]}\n  - {name: b, dense: 1}\n")));
  EXPECT_TRUE(relu.blocks.H(0, 0).is_infinite());
  EXPECT_TRUE(relu.blocks.H(0, 1).is_finite());
  EXPECT_EQ(relu.blocks.infinite_reason.substr(0, 16), "layer 'a', relu:");
  const std::vector<Magnitude> D = usual_majorizer(relu.blocks);
  EXPECT_TRUE(D[0].is_infinite());
  EXPECT_EQ(D[1], relu.blocks.H(1, 1));
  const std::vector<Magnitude> g{Magnitude::from_count(1), Magnitude::from_count(1)};
  EXPECT_EQ(best_majorizer(relu.blocks, g, Magnitude::infinity()), D);
}

std::string deep_chain(std::size_t layers) {
  std::string text;
  for (std::size_t i = 0; i < layers; ++i) text += "  - {dense: 2, then: [tanh]}\n";
  return "input: {shape: [2], norm: 1}\nloss: logistic\nlayers:\n" + text;
}

// Neighbours share groups of at most two sizes; what they have together is joined as squares are.
TEST(Layerwise, ManyBlocksAreGroupsOfNeighbours) {
  constexpr std::size_t layers = 300;
  const Evaluated deep = evaluate_layerwise(read_network(deep_chain(layers)));
  ASSERT_EQ(deep.blocks.groups.size(), LayerwiseBounds::most_groups);
  std::uint32_t next = 0;
  Magnitude all;
  for (const StepGroup& group : deep.blocks.groups) {
    EXPECT_GE(group.blocks.size(), layers / LayerwiseBounds::most_groups);
    EXPECT_LE(group.blocks.size(), layers / LayerwiseBounds::most_groups + 1);
    for (const std::uint32_t block : group.blocks) EXPECT_EQ(block, next++);
    all = hypotenuse(all, group.lipschitz);
    EXPECT_EQ(check_upper(group.norm, square_root(Ball(static_cast<int>(group.blocks.size())))),
              "");
  }
  EXPECT_EQ(next, layers);
  EXPECT_NEAR(all.to_double() / deep.objective.lipschitz.to_double(), 1, 1e-12);
  const Evaluated whole =
      evaluate_layerwise(read_network(deep_chain(LayerwiseBounds::most_groups)));
  EXPECT_EQ(whole.blocks.groups.size(), LayerwiseBounds::most_groups);
  EXPECT_EQ(whole.blocks.groups.back().blocks.size(), 1U);
}

TEST(Layerwise, ThePaperDoesNotTellBlocksApart) {
  const Network network = read_network(deep_chain(2));
  const BoundTable table = network.bounds(Method::paper);
  const ObjectiveBounds objective = bound_objective(network.graph, network.settings, table);
  EXPECT_THROW((void)bound_layerwise(network.graph, network.settings, table, objective),
               std::invalid_argument);
}

}  // namespace
}  // namespace smoothbound
