// What a step is before it is taken.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "smoothbound/train/training.hpp"

namespace smoothbound {

template <class Scalar>
struct Training<Scalar>::Proposal {
  std::vector<double> w;
  std::optional<double> objective{};  // F there, if it is known
  double next_gamma = 0;
};

/// Which a line search tries next. Where F is flat it would grow beyond all numbers.
inline double longer(double gamma) {
  constexpr double longest = 1e100;
  return std::max(gamma, std::min(2 * gamma, longest));
}

template <class To, class From>
void convert(std::span<const From> from, std::vector<To>& to) {
  to.resize(from.size());
  std::transform(from.begin(), from.end(), to.begin(), [](From v) { return static_cast<To>(v); });
}

}  // namespace smoothbound
