#include "cluster_curvature.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace smoothbound::losses {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

std::vector<double> Partition::sums(std::span<const double> x, std::size_t q) const {
  std::vector<double> result(sizes.size() * q);
  for (std::size_t i = 0; i < x.size(); ++i) result[cluster(i / q) * q + i % q] += x[i];
  return result;
}

ClusterCurvature::ClusterCurvature(std::vector<double> sizes, std::vector<double> centres,
                                   std::size_t q)
    : q_(q), sizes_(std::move(sizes)), centres_(std::move(centres)), diagonal_(sizes_) {
  const std::span<const double> c(centres_);
  const double share = static_cast<double>(q - 1) / static_cast<double>(q);  // tr(I - ee^T) / q
  for (std::size_t a = 0; a < sizes_.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double length = distance(c.subspan(a * q, q), c.subspan(b * q, q));
      const double weight = sizes_[a] * sizes_[b] / length * share;
      diagonal_[a] += weight;
      diagonal_[b] += weight;
    }
  }
}

void ClusterCurvature::multiply(std::span<const double> x, std::span<double> result) const {
  for (std::size_t i = 0; i < x.size(); ++i) result[i] = sizes_[i / q_] * x[i];
  if (q_ == 1) return;  // distances on a line have no curvature
  for (std::size_t a = 0; a < sizes_.size(); ++a) {
    const double* ca = centres_.data() + a * q_;
    const double* xa = x.data() + a * q_;
    double* ra = result.data() + a * q_;
    for (std::size_t b = 0; b < a; ++b) {
      const double* cb = centres_.data() + b * q_;
      const double* xb = x.data() + b * q_;
      double* rb = result.data() + b * q_;
      double squared = 0;
      double along = 0;
      for (std::size_t j = 0; j < q_; ++j) {
        squared += (ca[j] - cb[j]) * (ca[j] - cb[j]);
        along += (ca[j] - cb[j]) * (xa[j] - xb[j]);
      }
      along /= squared;
      const double weight = sizes_[a] * sizes_[b] / std::sqrt(squared);
      for (std::size_t j = 0; j < q_; ++j) {
        const double force = weight * (xa[j] - xb[j] - along * (ca[j] - cb[j]));
        ra[j] += force;
        rb[j] -= force;
      }
    }
  }
}

std::vector<double> ClusterCurvature::solve(std::span<const double> right_side,
                                            double* residual) const {
  const std::size_t size = right_side.size();
  std::vector<double> x(size);
  std::vector<double> rest(right_side.begin(), right_side.end());
  std::vector<double> scaled(size);
  std::vector<double> image(size);
  const auto precondition = [&] {
    for (std::size_t i = 0; i < size; ++i) scaled[i] = rest[i] / diagonal_[i / q_];
  };
  precondition();
  std::vector<double> direction = scaled;
  const double start = dot(rest, scaled);
  double energy = start;
  // Exact arithmetic needs `size` steps; rounding some more where centres nearly coincide.
  for (std::size_t step = 0; step < 10 * size + 50 && energy > 1e-32 * start; ++step) {
    multiply(direction, image);
    const double curvature = dot(direction, image);
    if (!(curvature > 0)) break;
    const double length = energy / curvature;
    for (std::size_t i = 0; i < size; ++i) {
      x[i] += length * direction[i];
      rest[i] -= length * image[i];
    }
    precondition();
    const double next = dot(rest, scaled);
    for (std::size_t i = 0; i < size; ++i) {
      direction[i] = scaled[i] + next / energy * direction[i];
    }
    energy = next;
  }
  if (residual != nullptr) {
    // Centres that coincide have an infinite diagonal: then nothing is solved.
    const bool is_zero = dot(right_side, right_side) == 0;
    *residual = is_zero ? 0 : start > 0 ? std::sqrt(std::max(energy, 0.0) / start) : HUGE_VAL;
  }
  return x;
}

}  // namespace smoothbound::losses
