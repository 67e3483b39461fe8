// The parameter gamma of a step, and its halving.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace smoothbound::steps {

/// Throws std::invalid_argument unless gamma is positive and finite.
void require_gamma(double gamma);

struct Feasible {
  double gamma;
  int halvings;
};

[[noreturn]] void throw_not_bounded_below(double gamma, std::optional<std::size_t> layer);

/// What an attempt to solve with some gamma gives.
struct Attempt {
  bool bounded_below = true;
  std::optional<std::size_t> layer{};  // at which it is not, counted from 0, if that is known
};

/// Halves gamma until solve(gamma) succeeds (Algo 4, line 24); throws NotBoundedBelow if it never
/// does.
template <class Solve>
Feasible halve_gamma(double gamma, int most, const Solve& solve) {
  for (int halvings = 0;; ++halvings, gamma /= 2) {
    const Attempt attempt = solve(gamma);
    if (attempt.bounded_below) return {gamma, halvings};
    if (halvings == most) throw_not_bounded_below(gamma, attempt.layer);
  }
}

}  // namespace smoothbound::steps
