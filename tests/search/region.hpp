// Where a search may go: parameters in balls and inputs of bounded norm.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "smoothbound/runtime/measure.hpp"
#include "support/read_network.hpp"

namespace smoothbound::search {

using Numbers = std::vector<double>;

double norm_of(std::span<const double> v);
/// Gives `v` that norm; false if it has none.
bool set_norm(std::span<double> v, double norm);
/// A value that is not a number exceeds every other one, so that it is seen.
bool exceeds(double value, double best);

/// The product of the balls of the blocks and the inputs.
class Region {
 public:
  /// The balls of a network around 0, and stacked inputs and samples at most of its norms.
  Region(const support::Network& network, const ParameterLayout& layout);
  /// The balls of that radius around w*, with that input alone if there is one.
  void move_to(Numbers centre, double radius, std::optional<Numbers> input);

  /// How the parameters of a start are chosen.
  enum class Start : std::uint8_t { sphere, equal_groups, one_entry, opposite, positive, small };
  static constexpr int starts = 6;
  [[nodiscard]] SearchPoint draw(Start start, std::mt19937_64& random) const;

  /// A step along `direction` of that share of each radius, and back.
  [[nodiscard]] SearchPoint moved(const SearchPoint& from, SearchPoint direction,
                                  double share) const;

 private:
  template <class Number>
  [[nodiscard]] std::span<Number> block_of(std::span<Number> w, std::size_t block) const;
  [[nodiscard]] std::span<double> sample_of(Numbers& x, std::size_t sample) const;
  void project(SearchPoint& point) const;
  [[nodiscard]] Numbers draw_input(std::mt19937_64& random) const;

  ParameterLayout layout_;
  std::optional<std::int64_t> ids_;  // that inputs are
  std::size_t batch_;
  std::size_t sample_elements_;
  double norm_;
  double sample_norm_;
  Numbers radii_;
  Numbers centre_;
  std::optional<Numbers> input_;
};

}  // namespace smoothbound::search
