#include "convex_clustering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "cluster_curvature.hpp"
#include "oracles.hpp"

namespace smoothbound {
namespace {

using losses::ClusterCurvature;
using losses::Partition;
using Numbers = std::span<const double>;

constexpr double infinity = std::numeric_limits<double>::infinity();

double squared_norm(Numbers x) {
  double sum = 0;
  for (const double entry : x) sum += entry * entry;
  return sum;
}

// Calls f(i, j, begin of the pair's numbers) for all i < j < n.
template <class F>
void for_each_pair(std::size_t n, std::size_t q, const F& f) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j, begin += q) f(i, j, begin);
  }
}

// Scales u into the unit ball, up to rounding, and returns the factor.
double project(std::span<double> u) {
  const double length = std::sqrt(squared_norm(u));
  if (length <= 1) return 1;
  for (double& entry : u) entry /= length;
  return 1 / length;
}

class Solver {
 public:
  Solver(std::size_t n, std::size_t q, Numbers z, Numbers warm_start, const InnerSolver& options)
      : n_(n), q_(q), z_(z), options_(options), dual_(n * (n - 1) / 2 * q) {
    fused_.assign(n * (n - 1) / 2, false);
    // D^T D has the eigenvalue n: both terms weigh the same.
    rho_ = 1 / static_cast<double>(n);  // NOLINT(*-prefer-member-initializer)
    take(warm_start);
  }

  ClusteringSolution run() {
    ClusteringSolution best;
    best.gap = infinity;
    std::int64_t next_check = 0;  // a warm start, or points that coincide, may need no step
    std::int64_t checks_within = 0;
    for (std::int64_t step = 0;; ++step) {
      const bool is_last = step >= options_.iterations;
      if (step == next_check || is_last) {
        next_check = step + std::max<std::int64_t>(10, step / 2);
        improve(plain(), best);
        for (const Partition& clusters : candidates(step)) improve(polished(clusters), best);
        best.iterations = step;
        // A gap within the tolerance may still have two points wrongly together or apart; some
        // more steps decide it, and make the gap vanish to rounding.
        const double tolerance = options_.relative_gap * best.value;
        if (best.gap <= 1e-10 * tolerance) return best;
        if (best.gap <= tolerance && (++checks_within == 4 || is_last)) return best;
        if (is_last) fail(best);
      }
      advance(step);
    }
  }

 private:
  static void improve(std::optional<ClusteringSolution> found, ClusteringSolution& best) {
    if (found && found->gap < best.gap) best = std::move(*found);
  }

  // Which points may coincide at the solution: those whose copies of a difference are 0; and, where
  // that has not been enough for some time because it alternates, those that are near each other.
  // A wrong guess costs time only, for every guess has its gap.
  [[nodiscard]] std::vector<Partition> candidates(std::int64_t step) const {
    std::vector<Partition> result{partition(fused_)};
    if (step < 100) return result;
    const std::vector<double> y = primal_of(force_);
    std::vector<double> squared(fused_.size());
    for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
      for (std::size_t k = 0; k < q_; ++k) {
        const double d = y[i * q_ + k] - y[j * q_ + k];
        squared[begin / q_] += d * d;
      }
    });
    const double largest = *std::max_element(squared.begin(), squared.end());
    for (const double reach : {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}) {
      std::vector<bool> near(squared.size());
      for (std::size_t p = 0; p < near.size(); ++p) {
        near[p] = squared[p] <= reach * reach * largest;
      }
      Partition next = partition(near);
      const bool is_new = std::none_of(result.begin(), result.end(), [&](const Partition& known) {
        return known.cluster_of == next.cluster_of;
      });
      if (is_new) result.push_back(std::move(next));
    }
    return result;
  }

  [[noreturn]] void fail(const ClusteringSolution& best) const {
    throw NotConverged(fmt::format(
        "convex_clustering: relative duality gap {:.1e} after {} iterations; {:.1e} is asked for",
        best.gap / best.value, options_.iterations, options_.relative_gap));
  }

  void take(Numbers warm_start) {
    if (warm_start.empty()) {
      // (z_i - z_j)/n, which gathers all points in their mean, cut to the unit balls.
      for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
        for (std::size_t k = 0; k < q_; ++k) {
          dual_[begin + k] = (z_[i * q_ + k] - z_[j * q_ + k]) / static_cast<double>(n_);
        }
        fused_[begin / q_] = project(std::span(dual_).subspan(begin, q_)) == 1;
      });
    } else {
      if (warm_start.size() != dual_.size()) {
        throw LossDataError(
            fmt::format("convex_clustering: a warm start of {} numbers; {} samples of {} outputs "
                        "have {}",
                        warm_start.size(), n_, q_, dual_.size()));
      }
      dual_.assign(warm_start.begin(), warm_start.end());
      for (std::size_t begin = 0; begin < dual_.size(); begin += q_) {
        const auto u = std::span(dual_).subspan(begin, q_);
        if (!std::isfinite(squared_norm(u))) {
          throw LossDataError("convex_clustering: the warm start has numbers that are not finite");
        }
        project(u);
        fused_[begin / q_] = squared_norm(u) < 1 - 1e-12;
      }
    }
    force_ = gather(dual_);
    copy_force_.assign(z_.size(), 0);
    y_ = primal_of(force_);
    // Copies begin as the differences themselves.
    for (std::size_t i = 0; i < z_.size(); ++i) {
      double sum = 0;
      for (std::size_t j = i % q_; j < z_.size(); j += q_) sum += y_[i] - y_[j];
      copy_force_[i] = sum;
    }
  }

  // D^T u
  [[nodiscard]] std::vector<double> gather(Numbers u) const {
    std::vector<double> result(z_.size());
    for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
      for (std::size_t k = 0; k < q_; ++k) {
        result[i * q_ + k] += u[begin + k];
        result[j * q_ + k] -= u[begin + k];
      }
    });
    return result;
  }

  // The minimum over y for given duals.
  [[nodiscard]] std::vector<double> primal_of(Numbers force) const {
    std::vector<double> y(z_.begin(), z_.end());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] -= force[i];
    return y;
  }

  // One step: y, then the copies v_ij of y_i - y_j and the duals. Of the copies only D^T v is kept.
  void advance(std::int64_t step) {
    // (I + rho D^T D) y = z + D^T (rho v - u). D^T D is n on what sums to zero, 0 on the mean.
    const auto n = static_cast<double>(n_);
    for (std::size_t k = 0; k < q_; ++k) {
      double mean = 0;
      for (std::size_t i = k; i < z_.size(); i += q_) mean += z_[i] / n;
      for (std::size_t i = k; i < z_.size(); i += q_) {
        y_[i] = mean + (z_[i] - mean + rho_ * copy_force_[i] - force_[i]) / (1 + rho_ * n);
      }
    }
    std::vector<double> force(z_.size());
    std::vector<double> copy_force(z_.size());
    double primal_residual = 0;  // ||D y - v||^2
    for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
      double* u = dual_.data() + begin;
      const double* yi = y_.data() + i * q_;
      const double* yj = y_.data() + j * q_;
      double length = 0;
      for (std::size_t k = 0; k < q_; ++k) {
        const double pull = u[k] + rho_ * (yi[k] - yj[k]);
        length += pull * pull;
      }
      length = std::sqrt(length);
      const bool fused = length <= 1;
      fused_[begin / q_] = fused;
      const double shrink = fused ? 1 : 1 / length;
      for (std::size_t k = 0; k < q_; ++k) {
        const double difference = yi[k] - yj[k];
        const double pull = u[k] + rho_ * difference;
        u[k] = pull * shrink;
        const double v = (pull - u[k]) / rho_;
        primal_residual += (difference - v) * (difference - v);
        force[i * q_ + k] += u[k];
        force[j * q_ + k] -= u[k];
        copy_force[i * q_ + k] += v;
        copy_force[j * q_ + k] -= v;
      }
    });
    double dual_residual = 0;  // ||rho D^T (v - previous v)||^2
    for (std::size_t i = 0; i < z_.size(); ++i) {
      const double change = rho_ * (copy_force[i] - copy_force_[i]);
      dual_residual += change * change;
    }
    force_ = std::move(force);
    copy_force_ = std::move(copy_force);
    // D multiplies by sqrt n what sums to zero: residuals are compared as changes of y. Adapting
    // ever more rarely keeps the method convergent.
    const double y_error = std::sqrt(primal_residual / n);
    const double force_error = std::sqrt(dual_residual);
    if (step < next_adaptation_) return;
    next_adaptation_ += std::max<std::int64_t>(10, step / 4);
    if (y_error > 5 * force_error) {
      rho_ *= 2;
    } else if (force_error > 5 * y_error) {
      rho_ /= 2;
    }
  }

  // The iterate as it is: y from the duals, and the gap between the two,
  // sum_{i<j} ||y_i - y_j|| - <u_ij, y_i - y_j>, in which every term is at least 0.
  [[nodiscard]] ClusteringSolution plain() const {
    ClusteringSolution result;
    result.points = primal_of(force_);
    result.dual = dual_;
    result.cluster_of = partition(fused_).cluster_of;
    result.value = squared_norm(force_) / 2;
    const auto& y = result.points;
    for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
      double squared = 0;
      double along = 0;
      for (std::size_t k = 0; k < q_; ++k) {
        const double d = y[i * q_ + k] - y[j * q_ + k];
        squared += d * d;
        along += d * dual_[begin + k];
      }
      const double length = std::sqrt(squared);
      result.value += length;
      result.gap += std::max(0.0, length - along);
    });
    return result;
  }

  // Points are together if they, or a chain of such pairs, are marked.
  [[nodiscard]] Partition partition(const std::vector<bool>& marked) const {
    std::vector<std::size_t> parent(n_);
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root = [&](std::size_t i) {
      while (parent[i] != i) i = parent[i] = parent[parent[i]];
      return i;
    };
    for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
      if (!marked[begin / q_]) return;
      const std::size_t a = root(i);
      const std::size_t b = root(j);
      parent[std::max(a, b)] = std::min(a, b);
    });
    Partition result;
    result.cluster_of.resize(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      const std::size_t first = root(i);  // <= i
      if (first == i) {
        result.cluster_of[i] = static_cast<std::int64_t>(result.sizes.size());
        result.sizes.push_back(0);
      } else {
        result.cluster_of[i] = result.cluster_of[first];
      }
      result.sizes[result.cluster(i)] += 1;
    }
    return result;
  }

  // Gradient of the smooth problem in the centres; nothing if two of them coincide.
  [[nodiscard]] std::optional<std::vector<double>> centre_gradient(const Partition& clusters,
                                                                   Numbers sums, Numbers c) const {
    std::vector<double> g(c.size());
    for (std::size_t i = 0; i < c.size(); ++i) g[i] = clusters.sizes[i / q_] * c[i] - sums[i];
    bool distinct = true;
    for_each_pair(clusters.sizes.size(), q_, [&](std::size_t a, std::size_t b, std::size_t) {
      double squared = 0;
      double size = 0;
      for (std::size_t k = 0; k < q_; ++k) {
        squared += (c[a * q_ + k] - c[b * q_ + k]) * (c[a * q_ + k] - c[b * q_ + k]);
        size += c[a * q_ + k] * c[a * q_ + k];
      }
      distinct = distinct && squared > 1e-28 * size;  // apart by more than rounding
      const double weight = clusters.sizes[a] * clusters.sizes[b] / std::sqrt(squared);
      for (std::size_t k = 0; k < q_; ++k) {
        const double pull = weight * (c[a * q_ + k] - c[b * q_ + k]);
        g[a * q_ + k] += pull;
        g[b * q_ + k] -= pull;
      }
    });
    if (!distinct) return std::nullopt;
    return g;
  }

  // Newton's method on the centres, from the means of the iterate.
  [[nodiscard]] std::optional<std::vector<double>> centres(const Partition& clusters) const {
    const std::vector<double> sums = clusters.sums(z_, q_);
    std::vector<double> c = clusters.sums(primal_of(force_), q_);
    for (std::size_t i = 0; i < c.size(); ++i) c[i] /= clusters.sizes[i / q_];
    auto g = centre_gradient(clusters, sums, c);
    for (int step = 0; g && step < 50; ++step) {
      const ClusterCurvature curvature(clusters.sizes, c, q_);
      const std::vector<double> newton = curvature.solve(*g);
      const double before = squared_norm(*g);
      bool improved = false;
      for (double length = 1; length > 1e-4 && !improved; length /= 2) {
        std::vector<double> next = c;
        for (std::size_t i = 0; i < c.size(); ++i) next[i] -= length * newton[i];
        auto next_gradient = centre_gradient(clusters, sums, next);
        if (!next_gradient || !(squared_norm(*next_gradient) < before)) continue;
        improved = true;
        c = std::move(next);
        g = std::move(next_gradient);
      }
      if (!improved) break;  // at the limit of rounding, or the clusters are not those
    }
    if (!g) return std::nullopt;
    return c;
  }

  // The solution if these are its clusters. Between clusters the duals are
  // the exact directions, whose terms in the gap vanish; within a cluster they have to balance what
  // is left, r_i = z_i - y_i - (directions), which is found by alternating between that equation
  // and the unit balls, from the duals of the iterate. The gap is ||r - D^T u||^2 / 2.
  [[nodiscard]] std::optional<ClusteringSolution> polished(const Partition& clusters) const {
    const auto found = centres(clusters);
    if (!found) return std::nullopt;
    const std::vector<double>& c = *found;
    ClusteringSolution result;
    result.dual = dual_;
    result.points.resize(z_.size());
    std::vector<double> rest(z_.size());
    for (std::size_t i = 0; i < z_.size(); ++i) {
      result.points[i] = c[clusters.cluster(i / q_) * q_ + i % q_];
      rest[i] = z_[i] - result.points[i];
    }
    result.value = squared_norm(rest) / 2;
    std::vector<std::pair<std::size_t, std::size_t>> within;
    std::vector<std::size_t> begins;
    for_each_pair(n_, q_, [&](std::size_t i, std::size_t j, std::size_t begin) {
      if (clusters.cluster_of[i] == clusters.cluster_of[j]) {
        within.emplace_back(i, j);
        begins.push_back(begin);
      } else {
        result.value += separate(i, j, result.points, std::span(result.dual).subspan(begin, q_));
      }
      for (std::size_t k = 0; k < q_; ++k) {
        rest[i * q_ + k] -= result.dual[begin + k];
        rest[j * q_ + k] += result.dual[begin + k];
      }
    });
    result.gap = squared_norm(rest) / 2;
    std::vector<double> before(q_);
    for (int round = 0; round < 2000; ++round) {
      if (within.empty() || result.gap <= 1e-28 * result.value) break;
      const std::vector<double> old = rest;
      for (std::size_t p = 0; p < within.size(); ++p) {
        const auto [i, j] = within[p];
        const auto u = std::span(result.dual).subspan(begins[p], q_);
        const double size = clusters.sizes[clusters.cluster(i)];
        std::copy(u.begin(), u.end(), before.begin());
        for (std::size_t k = 0; k < q_; ++k) {
          u[k] += (old[i * q_ + k] - old[j * q_ + k]) / size;
        }
        project(u);
        for (std::size_t k = 0; k < q_; ++k) {
          rest[i * q_ + k] -= u[k] - before[k];
          rest[j * q_ + k] += u[k] - before[k];
        }
      }
      const double gap = squared_norm(rest) / 2;
      // A guess that is far off is not worth many rounds.
      const bool stalls = gap > (gap > 1e-6 * result.value ? 0.9 : 0.9999) * result.gap;
      result.gap = gap;
      if (stalls) break;
    }
    result.cluster_of = clusters.cluster_of;
    return result;
  }

  // Makes u the direction from y_j to y_i and returns their distance.
  double separate(std::size_t i, std::size_t j, Numbers y, std::span<double> u) const {
    for (std::size_t k = 0; k < q_; ++k) u[k] = y[i * q_ + k] - y[j * q_ + k];
    const double length = std::sqrt(squared_norm(u));
    for (double& entry : u) entry /= length;
    return length;
  }

  std::size_t n_;
  std::size_t q_;
  Numbers z_;
  InnerSolver options_;
  std::vector<double> dual_;  // u, always in the unit balls
  std::vector<bool> fused_;   // whether v_ij = 0
  std::vector<double> y_;
  std::vector<double> force_;       // D^T u
  std::vector<double> copy_force_;  // D^T v
  double rho_ = 1;
  std::int64_t next_adaptation_ = 10;
};

// What the Hessian product keeps.
struct Fixed {
  Partition clusters;
  ClusterCurvature curvature;
  std::size_t q;
};

Partition partition_of(const std::vector<std::int64_t>& cluster_of) {
  Partition result{cluster_of, {}};
  for (const std::int64_t cluster : cluster_of) {
    result.sizes.resize(std::max(result.sizes.size(), static_cast<std::size_t>(cluster) + 1));
    result.sizes[static_cast<std::size_t>(cluster)] += 1;
  }
  return result;
}

}  // namespace

ClusteringSolution solve_convex_clustering(std::int64_t samples, std::int64_t outputs,
                                           std::span<const double> predictions,
                                           std::span<const double> warm_start,
                                           const InnerSolver& solver) {
  return Solver(static_cast<std::size_t>(samples), static_cast<std::size_t>(outputs), predictions,
                warm_start, solver)
      .run();
}

namespace losses {

LossEvaluation convex_clustering(const LossData& data) {
  ClusteringSolution solution = solve_convex_clustering(
      data.samples, data.outputs, data.predictions, data.warm_start, data.solver);
  const auto q = static_cast<std::size_t>(data.outputs);
  LossEvaluation result;
  result.value = solution.value;
  result.gap = solution.gap;
  result.gradient.assign(data.predictions.begin(), data.predictions.end());
  for (std::size_t i = 0; i < result.gradient.size(); ++i) result.gradient[i] -= solution.points[i];
  result.iterations = solution.iterations;
  result.warm_start = std::move(solution.dual);
  Partition clusters = partition_of(solution.cluster_of);
  std::vector<double> centres = clusters.sums(solution.points, q);
  for (std::size_t i = 0; i < centres.size(); ++i) centres[i] /= clusters.sizes[i / q];
  ClusterCurvature curvature(clusters.sizes, std::move(centres), q);
  result.cluster_of = std::move(solution.cluster_of);
  // Differentiating the optimality of the centres: (N + K) dc = (sums of dz over the clusters), and
  // the gradient's change is dz - dy.
  result.hessian_product =
      [fixed = std::make_shared<const Fixed>(Fixed{std::move(clusters), std::move(curvature), q})](
          std::span<const double> direction, std::span<double> product) {
        double residual = 0;
        const std::vector<double> moves =
            fixed->curvature.solve(fixed->clusters.sums(direction, fixed->q), &residual);
        if (!(residual <= 1e-9)) {
          throw NotConverged(fmt::format(
              "convex_clustering: conjugate gradient for a Hessian product ends at residual {:.1e}",
              residual));
        }
        for (std::size_t i = 0; i < direction.size(); ++i) {
          const std::size_t cluster = fixed->clusters.cluster(i / fixed->q);
          product[i] = direction[i] - moves[cluster * fixed->q + i % fixed->q];
        }
      };
  return result;
}

}  // namespace losses
}  // namespace smoothbound
