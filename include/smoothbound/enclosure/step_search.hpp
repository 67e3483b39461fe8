// How far to go along a line, for sure: the T to try, and the t that is proved best.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "smoothbound/enclosure/objective_enclosure.hpp"

namespace smoothbound {

/// A step with its proof: F(w + t d) <= `upper`, which is at least `decrease` below F(w).
struct ProvedStep {
  double t = 0;
  double upper = 0;     // u(t)
  double lower = 0;     // l(t)
  double decrease = 0;  // l(0) - u(t), rounded down
  double length = 0;    // T of the enclosure that proves it
  int order = 0;        // its n
};

/// What a proved step should be.
enum class StepGoal : std::uint8_t {
  least_bound,          // u(t) as small as possible
  sufficient_decrease,  // t as large as u(t) <= l(0) - share t |slope| allows
};

/// The part of the decrease that the slope promises which `sufficient_decrease` asks for, usually.
constexpr double proved_share = 0.1;

struct StepSearch {
  EnclosureMode mode = EnclosureMode::interval;
  StepGoal goal = StepGoal::least_bound;
  double first_length = 0;  // T to begin with; 0: 1.2 times the Newton step along the line
  int most_passes = 25;
  /// Try other T after the first one that proves a decrease, for a better step.
  bool refines = false;
  double longest = std::numeric_limits<double>::infinity();  // t and T at most
  std::function<void()> before_pass{};                       // may be empty
  double share = proved_share;                               // what `sufficient_decrease` asks for
};

/// The T with which a search begins: somewhat more than the Newton step along the line.
double usual_length(const LineDerivatives& f);

/// The best step that was found, and the T with which the next line should begin. After it the
/// enclosure is the one of another T, maybe. Nothing: no decrease is proved.
struct FoundStep {
  std::optional<ProvedStep> step;
  double next_length = 0;
  int passes = 0;  // that the search asked for
};
FoundStep find_step(ObjectiveEnclosure& line, const StepSearch& search);

/// For several searches on one line: no pass is made twice, as the lengths T are powers of 2^(1/4),
/// but for those that `StepSearch` gives.
class StepFinder {
 public:
  explicit StepFinder(ObjectiveEnclosure& line) : line_(&line) {}
  /// As `find_step`.
  FoundStep find(const StepSearch& search);

 private:
  // What a pass proves, by goals.
  using Proved = std::array<std::optional<ProvedStep>, 2>;
  const Proved& pass(double length, EnclosureMode mode);
  void foresee(double at, const StepSearch& search);

  ObjectiveEnclosure* line_;
  std::map<std::pair<EnclosureMode, double>, Proved> known_;
};

/// The best t in [0, T] for the bounds that the line has.
std::optional<ProvedStep> best_on_interval(const ObjectiveEnclosure& line, StepGoal goal,
                                           double share = proved_share);

/// The first local minimum of a function from 0 on, up to a relative accuracy of about 1e-3: where
/// an exact line search stops. `first` is a step of the right order; nothing if it never rises.
std::optional<double> first_minimum(const std::function<double(double)>& value, double first);

}  // namespace smoothbound
