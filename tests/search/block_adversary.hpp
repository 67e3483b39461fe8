// Searches for what block by block exceeds the bounds of a value: section "Unsaturated scalars" of
// docs/theory.md.
#pragma once

#include <random>

#include "search/adversary.hpp"

namespace smoothbound::search {

/// The largest quotients of what was met and what is certified of a network's output, at the levels
/// that are known.
struct BlockFindings {
  double l = 0;         // |z'[d]|_A, d in a block, over l_k
  double o = 0;         // |z|_A with 0 for a block in the frozen network over o_k
  double gradient = 0;  // sum_k |g_k|^2 over E(|sigma|)
};

class BlockAdversary {
 public:
  /// The output of `network` has to know its blocks.
  BlockAdversary(const support::Network& network, const Region& region, Network<double>& run,
                 std::uint64_t seed);

  BlockFindings search(const Effort& effort);

 private:
  /// What is sought: the quotients, in the order of `BlockFindings`.
  enum class Aim : std::uint8_t { l, o, gradient };

  void climb(Aim aim, const Effort& effort);
  double evaluate(Aim aim, const SearchPoint& point, int power_steps);
  double look_at_block(Aim aim, std::size_t k, int power_steps);
  double compare(Aim aim, std::size_t k, std::span<const double> image);
  double look_at_gradients(std::size_t level, int power_steps);
  /// Of one scalar, after which `y` is the one in its slot whose gradient is larger.
  double look_at_gradient(std::size_t level, Numbers& y, bool is_orthogonal);
  /// Changes a block so that a scalar of the output becomes 0.
  SearchPoint with_zero(const SearchPoint& point);
  /// Of unit length in one slot of a level.
  Numbers draw_scalar(std::size_t level);
  /// The numbers that hold in a slot: of the cell of its position, if they are told apart.
  const rules::Value& value_in(std::size_t level, std::size_t slot) const;
  static double note(double& best, double found, const Magnitude& bound);
  std::span<double> block_of(std::span<double> w, std::size_t block) const;

  const Region* region_;
  Network<double>* run_;
  Trajectory<double> trajectory_;
  std::mt19937_64 random_;
  LevelNorms norms_;
  rules::Value value_;
  std::vector<std::size_t> cells_;   // by position; empty: one
  std::vector<std::size_t> levels_;  // that are known and not centred
  SearchPoint at_;                   // of the last evaluation
  BlockFindings found_;
};

}  // namespace smoothbound::search
