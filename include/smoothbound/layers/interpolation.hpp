// Linear interpolation along an axis: the weights that are executed, and their operator norm.
#pragma once

#include <cstdint>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// Output o lies at the position x(o) of the input, between two entries of it, and takes both with
/// weights. Half-pixel centres: x = (o + 1/2) input/output - 1/2, at least 0; aligned corners:
/// x = o (input - 1)/(output - 1), 0 for a single output. Positions beyond the last entry take that
/// one. In exact numbers; those of PyTorch and ONNX for sizes and for integer factors.
class Interpolation {
 public:
  /// (1 - w) x[first] + w x[second] with w = numerator / denominator() in [0, 1). Both are the same
  /// entry where w = 0.
  struct Tap {
    std::int64_t first = 0;
    std::int64_t second = 0;
    std::int64_t numerator = 0;
  };

  /// Sizes >= 1.
  Interpolation(std::int64_t input, std::int64_t output, bool align_corners);

  [[nodiscard]] std::int64_t input() const { return input_; }
  [[nodiscard]] std::int64_t output() const { return output_; }
  [[nodiscard]] bool is_identity() const { return input_ == output_; }
  [[nodiscard]] std::int64_t denominator() const { return denominator_; }
  [[nodiscard]] Tap tap(std::int64_t o) const;
  /// Entries of the matrix A of all weights that are not 0.
  [[nodiscard]] Magnitude entries() const;
  /// A bound on ||A||^2: exact for an integer factor with half-pixel centres, else by
  /// Collatz-Wielandt, or crude for more than some 10^4 entries.
  [[nodiscard]] Magnitude squared_norm() const;
  friend bool operator==(const Interpolation&, const Interpolation&) = default;

 private:
  [[nodiscard]] bool is_enumerable() const;

  std::int64_t input_;
  std::int64_t output_;
  bool align_corners_;
  std::int64_t denominator_ = 1;
  std::int64_t step_ = 0;  // x(o) denominator = o step + start
  std::int64_t start_ = 0;
};

}  // namespace smoothbound
