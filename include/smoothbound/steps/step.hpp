// What a step of an optimization oracle is, (12)-(14) of the paper.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace smoothbound::steps {

/// Which model of F at w is minimized: linear in f o psi and r (12), quadratic in f and r with psi
/// linear (13), quadratic in all (14); each plus ||w~||^2 / (2 gamma).
enum class StepKind : std::uint8_t { gradient, gauss_newton, newton };

/// The minimizer of such a model: the next point is w + step.
struct Direction {
  std::vector<double> step;  // (v~_1; ...; v~_tau), in the order of w
  double gamma = 0;          // with which it was taken
  int halvings = 0;          // by which that is less than the gamma asked for
  /// m(0) - m(step) for the model m, the term of gamma included: never negative.
  double predicted_decrease = 0;
};

/// Gamma is halved so often before a model counts as not bounded below.
constexpr int most_halvings = 60;

/// The quadratic model has no minimum, for the last gamma tried either.
class NotBoundedBelow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A derivative that the model is built of is infinite or not a number.
class NotFinite : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace smoothbound::steps
