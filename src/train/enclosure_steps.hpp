// Steps along a direction that are proved to decrease the objective before they are taken.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/enclosure/step_search.hpp"
#include "smoothbound/train/balls.hpp"

namespace smoothbound {

class EnclosureSteps {
 public:
  /// K: what proves the longest steps for their cost, see docs/benchmarks.md.
  static constexpr int degree = 3;

  /// Throws NotEnclosed, NotExecutable, LossDataError.
  EnclosureSteps(const Graph& graph, const ResolvedSettings& settings, std::int64_t batch,
                 const ObjectiveOptions& options);

  struct Step {
    std::vector<double> w;  // w + t d, as it is certified
    ProvedStep proof;
    double next_length = 0;     // T to begin with next time
    bool is_shortened = false;  // to stay in the balls
    EnclosureWork work;
  };
  /// The longest step found from w along d that is proved to decrease the objective of the samples
  /// enough, in every third `iteration` by half of what the slope promises, and that leaves no
  /// ball; `balls` may be null. Where -gradient leads out of a ball too soon, the direction is that
  /// of a projected step. Nothing: no decrease is proved.
  std::optional<Step> find(std::span<const double> w, std::span<const double> d,
                           std::span<const double> x, const Labels& labels, std::int64_t iteration,
                           double first_length, const ProductOfBalls* balls);

 private:
  // T to begin with, 0: not known, and the part of what the slope promises that is asked for.
  struct Wish {
    double length = 0;
    double share = proved_share;
  };
  [[nodiscard]] Wish wish_of(std::int64_t iteration, double first_length) const;
  // On the line that has been set.
  std::optional<Step> on_line(std::span<const double> w, std::span<const double> d,
                              const Wish& wish, double longest);

  const Graph& graph_;
  const LossRow& loss_;
  std::int64_t batch_;
  ObjectiveOptions options_;
  std::vector<double> x_;
  std::unique_ptr<ObjectiveEnclosure> line_;
};

}  // namespace smoothbound
