// Searches for parameters, inputs and directions at which a network exceeds its bounds.
#pragma once

#include <vector>

#include "search/level_norm.hpp"
#include "search/region.hpp"

namespace smoothbound::search {

/// How long a search lasts.
struct Effort {
  int starts = 1;       // for each level and order of derivatives
  int ascents = 5;      // steps from each start
  int power_steps = 4;  // for the direction at each point
};

/// The largest norms met, of values, first and second derivatives along unit directions.
using Orders = std::array<double, 3>;

/// The same at each position, at the levels that tell positions.
using AtPositions = PerLevel<Numbers>;

struct Findings {
  PerLevel<Orders> output{};
  std::vector<PerLevel<double>> layers;  // of values alone
  std::array<AtPositions, 3> output_positions;
  std::vector<AtPositions> layer_positions;
};

/// Maximizes each quantity at each level in turn; what is met on the way counts for all of them.
class Adversary {
 public:
  Adversary(const support::Network& network, const Region& region, Network<double>& run,
            std::uint64_t seed);

  Findings search(const Effort& effort);

 private:
  class Recorder;

  void ascend(int order, std::size_t level, const Effort& effort);
  double evaluate(int order, std::size_t level, const SearchPoint& point, int power_steps);
  void forward_to(const SearchPoint& point);
  void record(int order, std::span<const double> image);
  void draw_direction();

  const Region* region_;
  Network<double>* run_;
  Trajectory<double> trajectory_;
  std::mt19937_64 random_;
  LevelNorms norms_;
  std::vector<LevelNorms> layer_norms_;
  Numbers direction_;
  Numbers unit_;                    // the part of the image that counts, of length 1
  bool centres_ = false;            // some layer sees differences from the mean over samples
  std::optional<std::size_t> aim_;  // a position whose norm is sought, in place of the largest
  Findings found_;
};

}  // namespace smoothbound::search
