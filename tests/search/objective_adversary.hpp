// Searches for points at which an objective exceeds its bounds.
#pragma once

#include "search/adversary.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound::search {

/// The largest ||F'|| and |d^T F'' d| for unit d that were met.
struct ObjectiveFindings {
  double gradient = 0;
  double curvature = 0;
};

class ObjectiveAdversary {
 public:
  /// `network.settings` have a loss.
  ObjectiveAdversary(const support::Network& network, const Region& region, Network<double>& run,
                     std::uint64_t seed);

  /// Labels are drawn anew for each start.
  ObjectiveFindings search(const Effort& effort);
  /// The values and the gradient of the loss at a point, for labels drawn there.
  LossEvaluation look(const SearchPoint& point);
  /// As `search`, with the labels of the last `look`.
  void search_on(const Effort& effort);
  [[nodiscard]] const ObjectiveFindings& found() const { return found_; }
  /// Ascents that ended where the loss could not be evaluated.
  [[nodiscard]] int unsolved() const { return unsolved_; }

 private:
  void ascend_or_stop(int order, const Effort& effort);
  void ascend(int order, const Effort& effort);
  void draw_labels();
  LossEvaluation evaluate_at(const SearchPoint& point);
  // grad F by parameters and inputs.
  SearchPoint gradient_at(const SearchPoint& point, const LossEvaluation& loss);
  double value_at(int order, const SearchPoint& point, int power_steps);
  SearchPoint slope_of_value(int order, const SearchPoint& point);

  const support::Network* network_;
  const Region* region_;
  Network<double>* run_;
  Trajectory<double> trajectory_;
  std::mt19937_64 random_;
  double regularizer_;
  Labels labels_;
  Numbers direction_;
  ObjectiveFindings found_;
  int unsolved_ = 0;
};

}  // namespace smoothbound::search
