// Seeded problems: networks of all components that can be enclosed, points, directions, lengths.
#pragma once

#include <optional>
#include <random>

#include "enclosure/line_problem.hpp"

namespace smoothbound::test {

/// Nothing where the seed's network has what cannot be enclosed, or is large.
std::optional<LineProblem> random_problem(std::uint64_t seed, std::mt19937_64& random);
/// Of each network that has a name, or is rare, and not large.
std::vector<LineProblem> named_problems(std::mt19937_64& random);
std::vector<double> random_direction(const LineProblem& of, Objective<double>& f,
                                     std::mt19937_64& random);
/// T, about the Newton step along the line times 1e-7 to 1e2.
double random_length(const ObjectiveEnclosure& line, std::span<const double> d,
                     std::mt19937_64& random);

}  // namespace smoothbound::test
