#include "smoothbound/steps/gauss_newton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "eigen.hpp"
#include "gamma.hpp"

namespace smoothbound {
namespace {

using Eigen::VectorXd;

std::span<double> entries(VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
std::span<const double> entries(const VectorXd& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

void require_outputs(const LinearizedNetwork& psi, const LossEvaluation& loss) {
  if (static_cast<std::int64_t>(loss.gradient.size()) == psi.outputs) return;
  throw std::invalid_argument(
      fmt::format("the network has {} outputs, the loss {}", psi.outputs, loss.gradient.size()));
}

// Calls of the oracle, counted.
class Oracle {
 public:
  explicit Oracle(const LinearizedNetwork& psi) : psi_(psi) {}
  VectorXd jvp(const VectorXd& w_dot) {
    ++calls_;
    VectorXd y_dot(psi_.outputs);
    psi_.jvp(entries(w_dot), entries(y_dot));
    return y_dot;
  }
  VectorXd vjp(const VectorXd& mu) {
    ++calls_;
    VectorXd w_bar(static_cast<Eigen::Index>(psi_.w.size()));
    psi_.vjp(entries(mu), entries(w_bar));
    return w_bar;
  }
  [[nodiscard]] std::int64_t calls() const { return calls_; }

 private:
  const LinearizedNetwork& psi_;
  std::int64_t calls_ = 0;
};

// Residuals with their products by H, to which new ones are made orthogonal in <x, H y>.
class KeptResiduals {
 public:
  explicit KeptResiduals(std::int64_t most) : most_(most) {}
  void add(const VectorXd& r, const VectorXd& Hr, double square) {
    if (static_cast<std::int64_t>(kept_.size()) < most_) kept_.push_back({r, Hr, square});
  }
  void make_orthogonal(VectorXd& r) const {
    for (int pass = 0; pass < 2; ++pass) {
      for (const Residual& old : kept_) r -= (old.Hr.dot(r) / old.square) * old.r;
    }
  }

 private:
  struct Residual {
    VectorXd r, Hr;
    double square;
  };
  std::int64_t most_;
  std::vector<Residual> kept_;
};

// The minimizer x of the model over the span of directions: of Krylov's space, for those that
// conjugate gradient in the dual gives, where each is conjugate to all but the two before it.
class SpanMinimizer {
 public:
  SpanMinimizer(const VectorXd& gradient, double a)
      : gradient_(gradient), a_(a), x_(VectorXd::Zero(gradient.size())) {}
  // A direction e with J e and H J e.
  void add(VectorXd e, VectorXd Je, VectorXd HJe) {
    if (Jx_.size() == 0) Jx_ = HJx_ = VectorXd::Zero(Je.size());
    for (const Conjugate& old : last_) {
      if (old.curvature == 0) continue;
      const double part = (a_ * old.e.dot(e) + old.HJe.dot(Je)) / old.curvature;
      e -= part * old.e;
      Je -= part * old.Je;
      HJe -= part * old.HJe;
    }
    const double curvature = a_ * e.squaredNorm() + HJe.dot(Je);
    if (!(curvature > 0)) return;
    const double length = -(gradient_.dot(e) + a_ * x_.dot(e) + HJx_.dot(Je)) / curvature;
    x_ += length * e;
    Jx_ += length * Je;
    HJx_ += length * HJe;
    std::swap(last_[0], last_[1]);
    last_[1] = {std::move(e), std::move(Je), std::move(HJe), curvature};
  }
  [[nodiscard]] const VectorXd& x() const { return x_; }
  [[nodiscard]] double decrease() const {
    return -gradient_.dot(x_) - (a_ * x_.squaredNorm() + HJx_.dot(Jx_)) / 2;
  }

 private:
  struct Conjugate {
    VectorXd e, Je, HJe;
    double curvature = 0;
  };
  const VectorXd& gradient_;
  double a_;
  VectorXd x_, Jx_, HJx_;
  Conjugate last_[2];
};

}  // namespace

LinearizedNetwork linearize(Trajectory<double>& trajectory) {
  return {trajectory.network().parameters(), trajectory.network().output_elements(),
          [&trajectory](std::span<const double> w_dot, std::span<double> y_dot) {
            jvp<double>(trajectory, w_dot, {}, y_dot);
          },
          [&trajectory](std::span<const double> mu, std::span<double> w_bar) {
            vjp<double>(trajectory, mu, w_bar);
          }};
}

Direction gradient_direction(const LinearizedNetwork& psi, const LossEvaluation& loss,
                             const Regularizer& regularizer, double gamma) {
  require_gamma(gamma);
  require_outputs(psi, loss);
  std::vector<double> gradient(psi.w.size());
  psi.vjp(loss.gradient, gradient);
  regularizer.add_gradient(psi.w, gradient);
  const auto g = view(gradient);
  if (!g.allFinite()) throw NotFinite("the gradient is not finite");
  Direction direction{std::vector<double>(gradient.size()), gamma, 0, gamma * g.squaredNorm() / 2};
  view(std::span(direction.step)) = -gamma * g;
  return direction;
}

GaussNewtonDirection gauss_newton_direction(const LinearizedNetwork& psi,
                                            const LossEvaluation& loss,
                                            const Regularizer& regularizer, double gamma,
                                            const DualOptions& options) {
  require_gamma(gamma);
  require_outputs(psi, loss);
  const double lambda = regularizer.lambda;
  if (!(lambda >= 0)) {
    throw std::invalid_argument(
        fmt::format("a Gauss-Newton step needs a convex regularizer, not lambda = {}", lambda));
  }
  const double a = 1 / gamma + lambda;
  const std::int64_t q = psi.outputs;
  const std::int64_t most = options.iterations > 0 ? std::min(options.iterations, q) : q;
  const auto times_H = [&](const VectorXd& x) {
    VectorXd product(x.size());
    loss.hessian_product(entries(x), entries(product));
    return product;
  };

  Oracle oracle(psi);
  // grad F(w), which becomes J^T mu + lambda w.
  const VectorXd gradient = oracle.vjp(view(loss.gradient)) + lambda * view(psi.w);
  if (!gradient.allFinite()) throw NotFinite("the gradient is not finite");
  VectorXd sum = gradient;
  VectorXd r = -oracle.jvp(gradient);
  VectorXd Hr = times_H(r);
  double square = Hr.dot(r);
  const double first_square = square;
  VectorXd p = r;
  VectorXd Hp = Hr;
  KeptResiduals kept(options.kept_residuals);

  if (!std::isfinite(first_square)) throw NotFinite("the Gauss-Newton model is not finite");
  SpanMinimizer best(gradient, a);
  best.add(gradient, -r, -Hr);

  GaussNewtonDirection result;
  // What is left of the residual below this is rounding.
  constexpr double rounding = 4 * std::numeric_limits<double>::epsilon();
  const double least = std::max(options.relative_residual, rounding);
  while (result.iterations < most && square > least * least * first_square) {
    ++result.iterations;
    const VectorXd step = oracle.vjp(Hp);
    const double length = square / (a * Hp.dot(p) + step.squaredNorm());
    if (!std::isfinite(length)) throw NotFinite("the Gauss-Newton model is not finite");
    sum += length * step;
    if (result.iterations == q) {  // the residual is zero: its oracle call is saved
      square = 0;
      break;
    }
    kept.add(r, Hr, square);
    const VectorXd J_step = oracle.jvp(step);
    best.add(step, J_step, times_H(J_step));
    r -= length * (a * p + J_step);
    kept.make_orthogonal(r);
    Hr = times_H(r);
    const double before = square;
    square = Hr.dot(r);
    p = r + (square / before) * p;
    Hp = Hr + (square / before) * Hp;
  }
  // With rounding, r^T H r may fall below 0 where it is 0.
  if (square < -1e-8 * std::fabs(first_square)) {
    throw NotBoundedBelow(
        "a Gauss-Newton step needs a convex loss: the loss's Hessian has a negative eigenvalue");
  }
  const bool exact = square <= rounding * rounding * first_square;
  const VectorXd step = exact ? VectorXd(-sum / a) : best.x();
  result.step.assign(step.begin(), step.end());
  result.gamma = gamma;
  result.oracle_calls = oracle.calls();
  result.relative_residual = exact ? 0 : std::sqrt(square / first_square);
  // At the solution, m(w~) = 1/2 grad m(0)^T w~.
  result.predicted_decrease = exact ? -gradient.dot(step) / 2 : best.decrease();
  return result;
}

}  // namespace smoothbound
