#include "smoothbound/layers/mean_axis.hpp"

#include <algorithm>
#include <numeric>

namespace smoothbound {
namespace {

constexpr std::int64_t most_outputs = 1 << 20;

// floor(o n / k) and ceil(o n / k) for 0 <= o <= k < 2^31.
std::int64_t floor_of_share(std::int64_t o, std::int64_t n, std::int64_t k) {
  return o * (n / k) + o * (n % k) / k;
}
std::int64_t ceil_of_share(std::int64_t o, std::int64_t n, std::int64_t k) {
  return o * (n / k) + (o * (n % k) + k - 1) / k;
}

}  // namespace

std::int64_t MeanAxis::begin(std::int64_t o) const {
  if (kind == Kind::adaptive) return floor_of_share(o, window.input, window.output);
  return std::max<std::int64_t>(window.place(o, 0), 0);
}

std::int64_t MeanAxis::end(std::int64_t o) const {
  if (kind == Kind::adaptive) return ceil_of_share(o + 1, window.input, window.output);
  return std::min(window.place(o, window.kernel - 1) + 1, window.input);
}

std::int64_t MeanAxis::divisor(std::int64_t o) const {
  if (kind != Kind::padded) return end(o) - begin(o);
  const std::int64_t first = window.place(o, 0);
  return std::min(first + window.kernel, window.input + window.pad_behind) - first;
}

AxisReads MeanAxis::reads() const {
  AxisReads reads{window.input, {}};
  if (!window.may_be_divided()) return reads;
  for (std::int64_t o = 0; o < window.output; ++o) {
    reads.outputs.push_back({begin(o), 1, end(o) - begin(o), divisor(o)});
  }
  return reads;
}

Magnitude MeanAxis::taps() const {
  if (kind != Kind::adaptive) return window.taps();
  // Neighbours share an input where the border between them, (o + 1) n / k, is no integer.
  const std::int64_t whole_borders = std::gcd(window.input, window.output);
  return Magnitude::from_count(window.input) + Magnitude::from_count(window.output - whole_borders);
}

// R_o <= D_o and D_o >= 1: no term exceeds 1.
Magnitude MeanAxis::most_readers() const {
  if (kind != Kind::adaptive) return Magnitude::from_count(window.largest_overlap());
  // o > i k / n - 1 and o < (i + 1) k / n.
  return Magnitude::from_count(window.output / window.input) + Magnitude::from_count(2);
}

Magnitude MeanAxis::squared_norm() const {
  if (window.output > most_outputs) return most_readers();
  const auto term = [&](std::int64_t o) {
    const LowerBound divisor_of_o = LowerBound::from_count(divisor(o));
    return Magnitude::from_count(end(o) - begin(o)) / (divisor_of_o * divisor_of_o);
  };
  // The outputs that read i are consecutive. With o the last of them, all of them read begin(o),
  // too: the largest sum stands at the beginning of some window, over that and those before it.
  constexpr std::int64_t most_steps = 1 << 22;
  std::int64_t steps = 0;
  Magnitude largest;
  for (std::int64_t o = 0; o < window.output; ++o) {
    Magnitude sum;
    const std::int64_t shared = begin(o);
    for (std::int64_t before = o; before >= 0 && end(before) > shared; --before) {
      if (++steps > most_steps) return most_readers();
      sum += term(before);
    }
    largest = std::max(largest, sum);
  }
  return largest;
}

}  // namespace smoothbound
