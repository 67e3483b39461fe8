// Local response normalization as loops over numbers that count, for counted_network.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "counted.hpp"
#include "smoothbound/layers/local_response_norm.hpp"

namespace smoothbound::testing {

class CountedResponse {
 public:
  /// `groups`: the places of the channels of each position, in order.
  CountedResponse(const LocalResponseNorm& norm, const Numbers& z,
                  std::vector<std::vector<std::size_t>> groups)
      : norm_(norm), z_(z), groups_(std::move(groups)), divisor_(z.size()), power_(z.size()) {
    const bool mean = LocalResponseNorm::kinds[norm.alpha_of] == "mean";
    const double a = norm.alpha.nearest / (mean ? static_cast<double>(norm.size) : 1);
    Numbers squares;
    for (const Counted& number : z) squares.push_back(number * number);
    each_window([&](std::size_t i, std::size_t j) { divisor_[i] += squares[j]; });
    for (std::size_t i = 0; i < z.size(); ++i) {
      divisor_[i] = Counted{a} * divisor_[i];
      divisor_[i] += Counted{norm.k.nearest};
      power_[i] = {std::pow(divisor_[i].value, -norm.beta.nearest)};
      ++Counted::evaluations;
    }
  }

  [[nodiscard]] Numbers value() const {
    Numbers y;
    for (std::size_t i = 0; i < z_.size(); ++i) y.push_back(z_[i] * power_[i]);
    return y;
  }

  [[nodiscard]] Numbers pull(const Numbers& y, const Numbers& mu) const {
    Numbers ratio;
    for (std::size_t i = 0; i < mu.size(); ++i) ratio.push_back(mu[i] * y[i] / divisor_[i]);
    Numbers sums(mu.size());
    each_window([&](std::size_t i, std::size_t j) { sums[j] += ratio[i]; });
    const Counted factor{-2 * norm_.factor() * norm_.beta.nearest};
    Numbers z_bar;
    for (std::size_t i = 0; i < mu.size(); ++i) {
      z_bar.push_back(power_[i] * mu[i]);
      z_bar.back() += factor * (z_[i] * sums[i]);
    }
    return z_bar;
  }

 private:
  // Calls body(i, j) for each channel i and each j of its window.
  template <class Body>
  void each_window(const Body& body) const {
    for (const std::vector<std::size_t>& group : groups_) {
      const auto n = static_cast<std::int64_t>(group.size());
      for (std::int64_t c = 0; c < n; ++c) {
        for (std::int64_t j = 0; j < n; ++j) {
          if (j < c - norm_.size / 2 || j > c + (norm_.size - 1) / 2) continue;
          body(group[static_cast<std::size_t>(c)], group[static_cast<std::size_t>(j)]);
        }
      }
    }
  }

  const LocalResponseNorm& norm_;
  const Numbers& z_;
  std::vector<std::vector<std::size_t>> groups_;
  Numbers divisor_, power_;
};

}  // namespace smoothbound::testing
