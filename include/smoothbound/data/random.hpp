// Random numbers whose bits are the same on every machine and with every standard library.
#pragma once

#include <cstdint>

namespace smoothbound {

/// The quantile function of the standard normal distribution, by Wichura's algorithm AS 241
/// (PPND16), "The Percentage Points of the Normal Distribution", Applied Statistics 37 (1988), with
/// relative error about 1e-16. It uses +, -, *, / and the square root only, its logarithm
/// included, so the result does not depend on a mathematical library. For 0 < probability < 1.
double normal_quantile(double probability);

/// A sequence of numbers of which any can be had without those before: the i-th is the (i+1)-th
/// output of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators",
/// 2014) from a state mixed of seed and stream. Sequences with another seed or stream are
/// independent for all practical purposes.
class RandomSequence {
 public:
  explicit RandomSequence(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(mix(mix(seed + increment) ^ (stream * stream_factor))) {}

  /// 64 random bits.
  [[nodiscard]] std::uint64_t bits(std::uint64_t index) const {
    return mix(state_ + (index + 1) * increment);
  }
  /// Uniform in (0, 1): a multiple of 2^-53 plus 2^-54.
  [[nodiscard]] double uniform(std::uint64_t index) const {
    return (static_cast<double>(bits(index) >> 11U) + 0.5) * 0x1p-53;
  }
  /// Standard normal; at most 8.3 in magnitude.
  [[nodiscard]] double normal(std::uint64_t index) const { return normal_quantile(uniform(index)); }
  /// Uniform in 0, ..., count - 1, for 1 <= count < 2^32 (with a bias below 2^-32).
  [[nodiscard]] std::int64_t below(std::uint64_t index, std::int64_t count) const {
    return static_cast<std::int64_t>(((bits(index) >> 32U) * static_cast<std::uint64_t>(count)) >>
                                     32U);
  }

 private:
  static constexpr std::uint64_t increment = 0x9E3779B97F4A7C15;
  static constexpr std::uint64_t stream_factor = 0xD1342543DE82EF95;

  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EB;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

}  // namespace smoothbound
