// Means along one axis, of which average poolings are products.
#pragma once

#include <cstdint>

#include "smoothbound/layers/window.hpp"
#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// Output o is the sum of the inputs [begin(o), end(o)) over divisor(o). No range is empty, and
/// neither end decreases from o to o + 1.
struct MeanAxis {
  enum class Kind : std::uint8_t {
    padded,    // zeros around the input count, but not what lies behind them
    real,      // means of the inputs that a window reads
    adaptive,  // window o begins at floor(o input / output), ends at ceil((o + 1) input / output)
  };

  AxisWindow window;  // adaptive: its input and output alone
  Kind kind = Kind::padded;

  [[nodiscard]] std::int64_t begin(std::int64_t o) const;
  [[nodiscard]] std::int64_t end(std::int64_t o) const;
  [[nodiscard]] std::int64_t divisor(std::int64_t o) const;
  /// What each output reads and divides by, or nothing if there are too many positions to divide.
  [[nodiscard]] AxisReads reads() const;
  /// Pairs of an output and an input that it reads, as exact as `AxisWindow::taps`.
  [[nodiscard]] Magnitude taps() const;
  /// max_i sum_{o: i in [begin(o), end(o))} R_o / D_o^2 for R_o inputs and the divisor D_o, which
  /// bounds the squared norm of the map: exact, but above it where it takes too long.
  [[nodiscard]] Magnitude squared_norm() const;

 private:
  [[nodiscard]] Magnitude most_readers() const;
};

}  // namespace smoothbound
