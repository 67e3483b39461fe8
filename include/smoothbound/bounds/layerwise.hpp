// Bounds of the objective block by block, and step sizes of their own for blocks: section 7 of
// docs/theory.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/bounds/local.hpp"

namespace smoothbound {

/// Parameter blocks that have one step size together: mostly a single one.
struct StepGroup {
  std::vector<std::uint32_t> blocks;  // of the graph, in their order
  Magnitude norm;                     // sup ||w_i||, w_i all of them
  Magnitude lipschitz;                // sup ||grad F|| in these blocks
};

struct LayerwiseBounds {
  /// Blocks that are used once are told apart up to so many; beyond, neighbours share a group.
  static constexpr std::size_t most_groups = 128;

  std::vector<StepGroup> groups;      // in the order of their first blocks
  std::vector<Magnitude> smoothness;  // H, row by row: |F''[d, d']| for unit d, d' in two groups
  std::string infinite_reason;        // if a number is inf

  [[nodiscard]] const Magnitude& H(std::size_t i, std::size_t j) const {
    return smoothness[i * groups.size() + j];
  }
};

/// The parameters of all these blocks.
std::int64_t parameters_of(const Graph& graph, std::span<const std::uint32_t> blocks);

/// On the product of balls, given the table and the objective of `evaluate_bounds` and
/// `bound_objective` by method sharp, which no number exceeds. Throws std::invalid_argument for
/// tables of method paper, whose rules do not tell blocks from each other.
LayerwiseBounds bound_layerwise(const Graph& graph, const ResolvedSettings& settings,
                                const BoundTable& table, const ObjectiveBounds& objective,
                                const Refinements& refine = {});
/// The same around a point, given `evaluate_bounds_around` and `bound_objective_around`.
LayerwiseBounds bound_layerwise_around(const Graph& graph, const ResolvedSettings& settings,
                                       const PointBounds& point, const Magnitude& radius,
                                       const BoundTable& table, const ObjectiveBounds& objective);

/// D_i = (H x)_i / x_i, so that D - H is positive semidefinite, whatever x >= 0 is. Where x_i is 0
/// and H has other entries in row i, D_i is inf: such a group does not move.
std::vector<Magnitude> majorizer(const LayerwiseBounds& bounds, std::span<const Magnitude> x);

/// Whether a group takes part in steps: its H_ii is finite, and it is not in a ball of radius 0.
bool may_move(const LayerwiseBounds& bounds, std::size_t group);

/// The D whose steps 1 / D_i have the largest geometric mean, whatever the gradient is: at least
/// 1 / lambda_max(H), but for what more passes would add; of groups that may move.
std::vector<Magnitude> usual_majorizer(const LayerwiseBounds& bounds);

/// The D among many for which sum g_i^2 / D_i, twice the certified decrease, is largest, at a
/// gradient whose groups have the lengths g. No group moves farther than `farthest`, g_i / D_i.
/// Where that is inf, the sum is at least |g|^2 / lambda_max(H), of groups that may move.
std::vector<Magnitude> best_majorizer(const LayerwiseBounds& bounds, std::span<const Magnitude> g,
                                      const Magnitude& farthest);

/// sum g_i^2 / D_i as far as the numbers tell.
LowerBound certified_square(std::span<const Magnitude> g, std::span<const Magnitude> D);

}  // namespace smoothbound
