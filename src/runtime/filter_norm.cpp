#include "smoothbound/runtime/filter_norm.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {
namespace {

// gamma_n = n u / (1 - n u) <= n 2^-52, u = 2^-53.
Magnitude rounding_error(std::int64_t roundings) {
  return Magnitude::from_count(roundings) * Magnitude::from_double(std::ldexp(1.0, -52));
}

// The points 2 pi (u, v, ..)/M of which one is in each pair th, -th: norms are the same at both.
class Grid {
 public:
  Grid(std::vector<std::int64_t> kernel, std::int64_t points)
      : kernel_(std::move(kernel)), points_(points) {
    std::erase(kernel_, 1);
  }
  [[nodiscard]] std::int64_t points() const {
    std::int64_t all = 1;
    for (std::size_t axis = 0; axis < kernel_.size(); ++axis) {
      all *= axis == 0 ? points_ / 2 + 1 : points_;
    }
    return all;
  }
  // The product of the cosines by which the largest norm on the grid is divided, rounded down.
  [[nodiscard]] LowerBound cosines() const {
    LowerBound product = LowerBound::from_count(1);
    for (const std::int64_t k : kernel_) {
      const double angle =
          std::numbers::pi * static_cast<double>(k - 1) / static_cast<double>(2 * points_);
      // The angle has three roundings, below pi/2, and the cosine four.
      product = product * LowerBound::from_double(std::max(std::cos(angle) - 0x1p-48, 0.0));
    }
    return product;
  }
  // exp(i a theta) of all taps a, at a point.
  void phases(std::int64_t point, std::vector<double>& cosine, std::vector<double>& sine) const {
    cosine.assign(1, 1);
    sine.assign(1, 0);
    for (std::size_t axis = 0; axis < kernel_.size(); ++axis) {
      const std::int64_t size = axis == 0 ? points_ / 2 + 1 : points_;
      const std::int64_t u = point % size;
      point /= size;
      std::vector<double> next_cosine;
      std::vector<double> next_sine;
      for (std::size_t before = 0; before < cosine.size(); ++before) {
        for (std::int64_t tap = 0; tap < kernel_[axis]; ++tap) {
          // Turns that are whole leave small angles.
          const double angle = 2 * std::numbers::pi * static_cast<double>(u * tap % points_) /
                               static_cast<double>(points_);
          const double c = std::cos(angle);
          const double s = std::sin(angle);
          next_cosine.push_back(cosine[before] * c - sine[before] * s);
          next_sine.push_back(cosine[before] * s + sine[before] * c);
        }
      }
      cosine = std::move(next_cosine);
      sine = std::move(next_sine);
    }
  }
  // Of each phase, absolute: an angle below 2 pi has three roundings, sine and cosine four more,
  // and each axis two products and a sum.
  [[nodiscard]] std::int64_t roundings() const {
    return 40 * static_cast<std::int64_t>(kernel_.size());
  }

 private:
  std::vector<std::int64_t> kernel_;
  std::int64_t points_;
};

std::int64_t longest(const Filters& w) {
  return w.kernel.empty() ? 1 : *std::max_element(w.kernel.begin(), w.kernel.end());
}

Magnitude by_frobenius(const Filters& w) {
  return square_root(Magnitude::from_count(w.overlap)) * norm_bound(w.weights);
}

// Whether the root of a sum of squares, as computed, is certainly no more than that: then the
// spectral norm is none either.
bool is_below(double square, const Magnitude& largest) {
  constexpr double margin = 1e-6;  // above the rounding of the sum
  return square > 0x1p-900 && std::isfinite(square) &&
         Magnitude::from_double(std::sqrt(square) * (1 + margin)) <= largest;
}

}  // namespace

std::int64_t Filters::taps() const {
  return std::accumulate(kernel.begin(), kernel.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<double> Filters::tap_by_tap() const {
  std::vector<double> result(weights.size());
  const std::int64_t count = taps();
  auto to = result.begin();
  for (std::int64_t t = 0; t < count; ++t) {
    for (std::int64_t row = 0; row < filters * channels; ++row) {
      *to++ = weights[static_cast<std::size_t>(row * count + t)];
    }
  }
  return result;
}

// The real matrix [Re, -Im; Im, Re] has the norm of the complex one.
Magnitude frequency_norm(const Filters& w) {
  const std::int64_t taps = w.taps();
  if (taps == 1) return operator_norm_bound(w.weights, w.filters, w.channels);
  if (norm_bound(w.weights).is_infinite()) return Magnitude::infinity();
  constexpr double most_work = 1e9;
  const auto small = static_cast<double>(2 * std::min(w.filters, w.channels));
  const auto large = static_cast<double>(2 * std::max(w.filters, w.channels));
  for (std::int64_t points : {32, 16, 8}) {
    if (points < longest(w)) break;
    const Grid grid(w.kernel, points);
    if (static_cast<double>(grid.points()) * small * small * (large + 8 * small) > most_work) {
      continue;
    }
    std::vector<double> cosine;
    std::vector<double> sine;
    std::vector<double> matrix(static_cast<std::size_t>(4 * w.filters * w.channels));
    Magnitude largest;
    for (std::int64_t point = 0; point < grid.points(); ++point) {
      grid.phases(point, cosine, sine);
      double square = 0;  // of the Frobenius norm
      for (std::int64_t f = 0; f < w.filters; ++f) {
        for (std::int64_t c = 0; c < w.channels; ++c) {
          const double* const weight = w.weights.data() + (f * w.channels + c) * taps;
          double re = 0;
          double im = 0;
          for (std::size_t a = 0; a < cosine.size(); ++a) {
            re += weight[a] * cosine[a];
            im += weight[a] * sine[a];
          }
          const auto at = [&](std::int64_t row, std::int64_t column) -> double& {
            return matrix[static_cast<std::size_t>(row * 2 * w.channels + column)];
          };
          at(f, c) = at(f + w.filters, c + w.channels) = re;
          at(f, c + w.channels) = -im;
          at(f + w.filters, c) = im;
          square += re * re + im * im;
        }
      }
      if (is_below(square, largest)) continue;
      largest = std::max(largest, operator_norm_bound(matrix, 2 * w.filters, 2 * w.channels));
    }
    // An entry is off by gamma sum_a |W_a| <= gamma sqrt(taps) of the norm of its taps, in both
    // parts.
    const Magnitude error = rounding_error(2 * (taps + grid.roundings())) *
                            square_root(Magnitude::from_count(taps)) * norm_bound(w.weights);
    return (largest + error) / grid.cosines();
  }
  return Magnitude::infinity();
}

// ||W(theta)||_F^2 = sum_ab <W_a, W_b> cos((a - b) theta).
Magnitude frequency_frobenius_norm(const Filters& w) {
  const std::int64_t taps = w.taps();
  const Magnitude norm = norm_bound(w.weights);
  constexpr std::int64_t most_taps = 128;
  constexpr std::int64_t points = 32;
  if (taps == 1 || norm.is_infinite()) return norm;
  if (taps > most_taps || longest(w) > points) return Magnitude::infinity();
  const std::int64_t size = w.filters * w.channels;
  std::vector<double> gram(static_cast<std::size_t>(taps * taps));
  for (std::int64_t row = 0; row < size; ++row) {
    const double* const weight = w.weights.data() + row * taps;
    for (std::int64_t a = 0; a < taps; ++a) {
      for (std::int64_t b = 0; b < taps; ++b) {
        gram[static_cast<std::size_t>(a * taps + b)] += weight[a] * weight[b];
      }
    }
  }
  const Grid grid(w.kernel, points);
  std::vector<double> cosine;
  std::vector<double> sine;
  double largest = 0;
  for (std::int64_t point = 0; point < grid.points(); ++point) {
    grid.phases(point, cosine, sine);
    double square = 0;
    for (std::size_t a = 0; a < cosine.size(); ++a) {
      for (std::size_t b = 0; b < cosine.size(); ++b) {
        square += gram[a * cosine.size() + b] * (cosine[a] * cosine[b] + sine[a] * sine[b]);
      }
    }
    if (!std::isfinite(square)) return Magnitude::infinity();  // the squares overflow
    largest = std::max(largest, square);
  }
  // sum_ab |<W_a, W_b>| <= (sum_a ||W_a||)^2 <= taps ||W||_F^2, and two below the normal numbers.
  const Magnitude error = rounding_error(size + taps * taps + 2 * grid.roundings() + 8) *
                          Magnitude::from_count(taps) * norm * norm;
  const Magnitude square =
      Magnitude::from_double(largest) + error + Magnitude::from_double(std::ldexp(1.0, -1000));
  return square_root(square) / grid.cosines();
}

Magnitude quick_filter_norm(const Filters& w) {
  return std::min(by_frobenius(w), frequency_frobenius_norm(w));
}

Magnitude filter_norm(const Filters& w) {
  const std::int64_t taps = w.taps();
  const Magnitude root_overlap = square_root(Magnitude::from_count(w.overlap));
  const std::int64_t patch = w.channels * taps;
  const Magnitude by_patches = root_overlap * operator_norm_bound(w.weights, w.filters, patch);
  if (taps == 1) return by_patches;
  // Rows are filters at all taps, columns channels: the transposed map reads patches of outputs.
  const std::vector<double> stacked = w.tap_by_tap();
  const Magnitude root_taps = square_root(Magnitude::from_count(taps));
  const Magnitude by_outputs =
      root_taps * operator_norm_bound(stacked, w.filters * taps, w.channels);
  const Magnitude row = absolute_sums(w.weights, w.filters, patch).row;
  const Magnitude column = absolute_sums(stacked, w.filters * taps, w.channels).column;
  // Each tap is a matrix that acts on some of the inputs, each of them once.
  constexpr std::int64_t most_gram = 128;  // there may be many taps
  Magnitude tap_sum;
  const auto size = static_cast<std::size_t>(w.filters * w.channels);
  for (std::size_t first = 0; first < stacked.size(); first += size) {
    tap_sum += operator_norm_bound(std::span(stacked).subspan(first, size), w.filters, w.channels,
                                   most_gram);
  }
  return std::min({by_patches, by_outputs, square_root(row * column), tap_sum, frequency_norm(w),
                   frequency_frobenius_norm(w)});
}

}  // namespace smoothbound
