#include "smoothbound/layers/interpolation.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "smoothbound/text/shape.hpp"

namespace smoothbound {
namespace {

using Numbers = std::vector<double>;
using Integers = std::vector<std::int64_t>;
__extension__ using Wide = __int128;  // of products of two numbers

constexpr std::int64_t most_entries = 1 << 14;

// out = A^T A x times the denominator squared, for numbers that are exact or for which it does not
// matter.
template <class Number>
void apply(const std::vector<Interpolation::Tap>& taps, std::int64_t denominator,
           const std::vector<Number>& x, std::vector<Number>& out) {
  std::ranges::fill(out, Number{});
  for (const Interpolation::Tap& tap : taps) {
    const auto first = static_cast<std::size_t>(tap.first);
    const auto second = static_cast<std::size_t>(tap.second);
    const auto w = static_cast<Number>(tap.numerator);
    const auto rest = static_cast<Number>(denominator - tap.numerator);
    const Number y = rest * x[first] + w * x[second];
    out[first] += rest * y;
    out[second] += w * y;
  }
}

// Integers in [1, 2^bits] near the entries of largest size 1 that some power steps from ones give.
// Which ones they are decides on how sharp the bound is, not on whether it is one.
Integers positive_vector(const std::vector<Interpolation::Tap>& taps, std::int64_t denominator,
                         std::size_t size, int bits) {
  Numbers x(size, 1.0);
  Numbers next(size);
  constexpr std::size_t most_work = 1 << 11;
  const std::size_t steps = std::clamp<std::size_t>(most_work / (taps.size() + size), 4, 64);
  for (std::size_t step = 0; step < steps; ++step) {
    apply(taps, denominator, x, next);
    const double largest = *std::ranges::max_element(next);
    for (std::size_t i = 0; i < size; ++i) x[i] = next[i] / largest;
  }
  Integers result(size);
  std::ranges::transform(x, result.begin(), [&](double value) {
    return std::max<std::int64_t>(std::llround(std::ldexp(value, bits)), 1);
  });
  return result;
}

// max_i (A^T A x)_i / x_i, rounded up.
Magnitude largest_quotient(const std::vector<Interpolation::Tap>& taps, std::int64_t denominator,
                           const Integers& x) {
  Integers y(x.size());
  apply(taps, denominator, x, y);
  std::size_t largest = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (static_cast<Wide>(y[i]) * x[largest] > static_cast<Wide>(y[largest]) * x[i]) largest = i;
  }
  const LowerBound below = LowerBound::from_count(denominator);
  return Magnitude::from_count(y[largest]) / (below * below * LowerBound::from_count(x[largest]));
}

}  // namespace

Interpolation::Interpolation(std::int64_t input, std::int64_t output, bool align_corners)
    : input_(input), output_(output), align_corners_(align_corners) {
  // Of what no memory holds there are bounds, but no weights.
  constexpr std::int64_t most = std::int64_t{1} << 61U;
  if (std::max(input, output) > most) return;
  if (align_corners) {
    if (output == 1 || input == 1) return;
    const std::int64_t common = std::gcd(input - 1, output - 1);
    step_ = (input - 1) / common;
    denominator_ = (output - 1) / common;
    return;
  }
  // x = ((2 o + 1) n - m) / (2 m) with n/m in lowest terms. One position lies at 0.
  if (input == 1) return;
  const std::int64_t common = std::gcd(input, output);
  const std::int64_t n = input / common;
  const std::int64_t m = output / common;
  denominator_ = 2 * m;
  step_ = 2 * n;
  start_ = n - m;
}

Interpolation::Tap Interpolation::tap(std::int64_t o) const {
  const Wide place = std::max<Wide>(static_cast<Wide>(o) * step_ + start_, 0);
  Tap tap{static_cast<std::int64_t>(place / denominator_), 0,
          static_cast<std::int64_t>(place % denominator_)};
  if (tap.first >= input_ - 1) tap = {input_ - 1, 0, 0};
  tap.second = tap.first + (tap.numerator > 0 ? 1 : 0);
  return tap;
}

bool Interpolation::is_enumerable() const {
  return input_ <= most_entries && output_ <= most_entries;
}

Magnitude Interpolation::entries() const {
  if (is_identity()) return Magnitude::from_count(output_);
  if (!is_enumerable()) return scale(Magnitude::from_count(output_), 1);
  std::int64_t count = 0;
  for (std::int64_t o = 0; o < output_; ++o) count += tap(o).numerator > 0 ? 2 : 1;
  return Magnitude::from_count(count);
}

Magnitude Interpolation::squared_norm() const {
  if (is_identity()) return Magnitude::from_count(1);
  if (input_ == 1) return Magnitude::from_count(output_);  // copies
  // Rows have sum 1. With half-pixel centres and an integer factor, columns have the factor as
  // their sum, so that it is an eigenvalue of A^T A with a positive vector: its norm.
  if (!align_corners_ && output_ % input_ == 0) {
    return Magnitude::from_count(output_ / input_);
  }
  if (!is_enumerable()) {
    // Rows have sum 1; an entry has weight, at most 1, in what lies less than 1 from it, and at an
    // end what lies up to 1/2 beyond it, in steps of n/m, or of (n-1)/(m-1): in 2 and 3/2 of these.
    const std::int64_t points = align_corners_ ? std::max<std::int64_t>(output_ - 1, 1) : output_;
    const std::int64_t spaces = align_corners_ ? input_ - 1 : input_;
    return scale(Magnitude::from_count(ceiling_of(points, spaces)), 1) + Magnitude::from_count(1);
  }
  std::vector<Tap> taps(static_cast<std::size_t>(output_));
  for (std::size_t o = 0; o < taps.size(); ++o) taps[o] = tap(static_cast<std::int64_t>(o));
  // (A^T A x)_i times the denominator squared is at most that square times 2^bits times the sum of
  // a column, at most the number of outputs: as many bits as remain below 2^62. At 0 bits x is a
  // vector of ones, and the bound the largest sum of a column.
  const int used = 2 * static_cast<int>(std::bit_width(static_cast<std::uint64_t>(denominator_))) +
                   static_cast<int>(std::bit_width(static_cast<std::uint64_t>(output_)));
  constexpr int all_bits = 62;
  constexpr int most_bits = 40;
  const auto size = static_cast<std::size_t>(input_);
  const Magnitude column_sum = largest_quotient(taps, denominator_, Integers(size, 1));
  const int bits = std::min(all_bits - used, most_bits);
  if (bits < 1) return column_sum;
  return std::min(column_sum, largest_quotient(taps, denominator_,
                                               positive_vector(taps, denominator_, size, bits)));
}

}  // namespace smoothbound
