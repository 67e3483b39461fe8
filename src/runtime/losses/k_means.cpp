// min over centres and assignments of sum_i ||c_{k(i)} - z_i||^2: Lloyd's iteration and moves of
// single points, from k-means++ starts (Arthur and Vassilvitskii 2007).
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "oracles.hpp"

namespace smoothbound::losses {
namespace {

constexpr int starts = 10;
constexpr std::uint64_t seed = 1;

using Assignment = std::vector<std::int64_t>;

struct Points {
  std::size_t n;
  std::size_t q;
  std::span<const double> numbers;

  [[nodiscard]] std::span<const double> at(std::size_t i) const {
    return numbers.subspan(i * q, q);
  }
};

double squared_distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

// In [0, 1). The standard's distributions differ between libraries, its engines do not.
double uniform(std::mt19937_64& engine) { return static_cast<double>(engine() >> 11U) * 0x1p-53; }

// Means of the rows of `x` (n x q) over each cluster. An empty cluster has 0, as good a place as
// any other to wait for a point.
std::vector<double> cluster_means(std::span<const double> x, std::size_t q,
                                  const Assignment& cluster_of, std::size_t k) {
  std::vector<double> means(k * q);
  std::vector<double> sizes(k);
  for (std::size_t i = 0; i < cluster_of.size(); ++i) {
    const auto c = static_cast<std::size_t>(cluster_of[i]);
    sizes[c] += 1;
    for (std::size_t j = 0; j < q; ++j) means[c * q + j] += x[i * q + j];
  }
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < q; ++j) means[c * q + j] /= std::max(sizes[c], 1.0);
  }
  return means;
}

// Out of the points, each drawn with probability proportional to its squared distance to those
// drawn before. Fewer than k where points coincide: then all distances are 0.
std::vector<double> plus_plus(const Points& z, std::size_t k, std::mt19937_64& engine) {
  std::vector<double> centres;
  std::vector<double> distance(z.n, 1);
  while (centres.size() < k * z.q) {
    double total = 0;
    for (const double d : distance) total += d;
    if (!(total > 0)) break;
    double left = uniform(engine) * total;
    std::size_t chosen = z.n;
    for (std::size_t i = 0; i < z.n; ++i) {
      if (!(distance[i] > 0)) continue;
      chosen = i;
      left -= distance[i];
      if (left < 0) break;
    }
    const auto point = z.at(chosen);
    const bool is_first = centres.empty();
    centres.insert(centres.end(), point.begin(), point.end());
    for (std::size_t i = 0; i < z.n; ++i) {
      const double d = squared_distance(z.at(i), point);
      distance[i] = is_first ? d : std::min(distance[i], d);
    }
  }
  return centres;
}

struct Clustering {
  Assignment cluster_of;
  std::vector<double> centres;  // means of their points
  double value = std::numeric_limits<double>::infinity();
};

// A point leaves its cluster only for a strictly nearer centre, so that the value falls at each
// step and the iteration ends.
void reassign(const Points& z, Clustering& clustering) {
  const std::size_t k = clustering.centres.size() / z.q;
  const std::span<const double> centres(clustering.centres);
  for (std::size_t i = 0; i < z.n; ++i) {
    auto& own = clustering.cluster_of[i];
    double best =
        squared_distance(z.at(i), centres.subspan(static_cast<std::size_t>(own) * z.q, z.q));
    for (std::size_t c = 0; c < k; ++c) {
      const double d = squared_distance(z.at(i), centres.subspan(c * z.q, z.q));
      if (!(d < best)) continue;
      best = d;
      own = static_cast<std::int64_t>(c);
    }
  }
}

double value_of(const Points& z, const Clustering& clustering) {
  double sum = 0;
  for (std::size_t i = 0; i < z.n; ++i) {
    const auto c = static_cast<std::size_t>(clustering.cluster_of[i]);
    sum += squared_distance(z.at(i), std::span(clustering.centres).subspan(c * z.q, z.q));
  }
  return sum;
}

Clustering with_means(const Points& z, Assignment cluster_of, std::size_t k) {
  Clustering result{std::move(cluster_of), {}, 0};
  result.centres = cluster_means(z.numbers, z.q, result.cluster_of, k);
  result.value = value_of(z, result);
  return result;
}

Clustering lloyd(const Points& z, Clustering current, std::size_t k) {
  // Rounding could make two assignments alternate; their values say so.
  double before = std::numeric_limits<double>::infinity();
  while (true) {
    reassign(z, current);
    current = with_means(z, std::move(current.cluster_of), k);
    if (!(current.value < before)) return current;
    before = current.value;
  }
}

// One point that goes to another cluster, whose centres follow.
struct Move {
  std::size_t point = 0;
  std::int64_t to = 0;
  double gain = -std::numeric_limits<double>::infinity();
};

// The best one (Hartigan and Wong 1979). That a centre is nearest, as Lloyd has it, is not enough:
// a point takes part of its own centre with it.
Move best_move(const Points& z, const Clustering& clustering, std::size_t k) {
  std::vector<double> sizes(k);
  for (const auto c : clustering.cluster_of) sizes[static_cast<std::size_t>(c)] += 1;
  const std::span<const double> centres(clustering.centres);
  Move best;
  for (std::size_t i = 0; i < z.n; ++i) {
    const auto own = static_cast<std::size_t>(clustering.cluster_of[i]);
    if (sizes[own] == 1) continue;  // its cluster would be empty: never a gain
    const double saved =
        sizes[own] / (sizes[own] - 1) * squared_distance(z.at(i), centres.subspan(own * z.q, z.q));
    for (std::size_t c = 0; c < k; ++c) {
      if (c == own) continue;
      const double spent =
          sizes[c] / (sizes[c] + 1) * squared_distance(z.at(i), centres.subspan(c * z.q, z.q));
      if (saved - spent > best.gain) best = {i, static_cast<std::int64_t>(c), saved - spent};
    }
  }
  return best;
}

// Gains this small relative to the value are rounding.
constexpr double tie = 1e-12;

Clustering descend(const Points& z, std::vector<double> centres) {
  const std::size_t k = centres.size() / z.q;
  Clustering current = lloyd(z, {Assignment(z.n), std::move(centres), {}}, k);
  while (true) {
    const Move move = best_move(z, current, k);
    if (!(move.gain > tie * current.value)) return current;
    Assignment next = current.cluster_of;
    next[move.point] = move.to;
    Clustering moved = lloyd(z, with_means(z, std::move(next), k), k);
    if (!(moved.value < current.value)) return current;
    current = std::move(moved);
  }
}

// Whether another assignment, by one move from here, is as good: then the minimum has a kink. Not
// so at 0, from which the value grows with the squared distance.
bool has_tie(const Points& z, const Clustering& clustering) {
  if (clustering.value == 0) return false;
  const std::size_t k = clustering.centres.size() / z.q;
  return best_move(z, clustering, k).gain >= -tie * clustering.value;
}

// Every normalized equivalence matrix is a projector of rank k at most that keeps (1, ..., 1), so
// what it leaves of the centred points is at least their energy beyond k - 1 singular values.
double lower_bound(const Points& z, std::int64_t clusters) {
  const Assignment together(z.n, 0);
  const std::vector<double> mean = cluster_means(z.numbers, z.q, together, 1);
  std::vector<double> centred(z.numbers.begin(), z.numbers.end());
  for (std::size_t i = 0; i < centred.size(); ++i) centred[i] -= mean[i % z.q];
  return tail_energy(static_cast<std::int64_t>(z.n), static_cast<std::int64_t>(z.q), centred,
                     clusters - 1);
}

}  // namespace

LossEvaluation k_means(const LossData& data) {
  const Points z{static_cast<std::size_t>(data.samples), static_cast<std::size_t>(data.outputs),
                 data.predictions};
  const auto k = static_cast<std::size_t>(std::min(data.clusters, data.samples));
  std::mt19937_64 engine(seed);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  Clustering best;
  for (int i = 0; i < starts; ++i) {
    Clustering found = descend(z, plus_plus(z, k, engine));
    if (best.cluster_of.empty() || found.value < best.value) best = std::move(found);
  }
  LossEvaluation result;
  result.value = best.value;
  result.gap = std::max(0.0, best.value - lower_bound(z, data.clusters));
  result.differentiable = !has_tie(z, best);
  result.gradient.resize(z.numbers.size());
  for (std::size_t i = 0; i < z.numbers.size(); ++i) {
    const auto c = static_cast<std::size_t>(best.cluster_of[i / z.q]);
    result.gradient[i] = 2 * (z.numbers[i] - best.centres[c * z.q + i % z.q]);
  }
  result.cluster_of = best.cluster_of;
  result.hessian_product = [cluster_of = std::move(best.cluster_of), q = z.q, k](
                               std::span<const double> direction, std::span<double> product) {
    const std::vector<double> means = cluster_means(direction, q, cluster_of, k);
    for (std::size_t i = 0; i < direction.size(); ++i) {
      const auto c = static_cast<std::size_t>(cluster_of[i / q]);
      product[i] = 2 * (direction[i] - means[c * q + i % q]);
    }
  };
  return result;
}

}  // namespace smoothbound::losses
