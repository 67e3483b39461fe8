#include "smoothbound/steps/gauss_newton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "gamma.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

using Vector = std::vector<double>;

Vector scaled(double alpha, Vector x) {
  scale(alpha, x);
  return x;
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
  Vector jvp(const Vector& w_dot) {
    ++calls_;
    Vector y_dot(static_cast<std::size_t>(psi_.outputs));
    psi_.jvp(w_dot, y_dot);
    return y_dot;
  }
  Vector vjp(const Vector& mu) {
    ++calls_;
    Vector w_bar(psi_.w.size());
    psi_.vjp(mu, w_bar);
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
  void add(const Vector& r, const Vector& Hr, double square) {
    if (static_cast<std::int64_t>(kept_.size()) < most_) kept_.push_back({r, Hr, square});
  }
  void make_orthogonal(Vector& r) const {
    for (int pass = 0; pass < 2; ++pass) {
      for (const Residual& old : kept_) add_scaled(-dot(old.Hr, r) / old.square, old.r, r);
    }
  }

 private:
  struct Residual {
    Vector r, Hr;
    double square;
  };
  std::int64_t most_;
  std::vector<Residual> kept_;
};

// The minimizer x of the model over the span of directions: of Krylov's space, for those that
// conjugate gradient in the dual gives, where each is conjugate to all but the two before it.
class SpanMinimizer {
 public:
  SpanMinimizer(const Vector& gradient, double a)
      : gradient_(gradient), a_(a), x_(gradient.size()) {}
  // A direction e with J e and H J e.
  void add(Vector e, Vector Je, Vector HJe) {
    Jx_.resize(Je.size());
    HJx_.resize(Je.size());
    for (const Conjugate& old : last_) {
      if (old.curvature == 0) continue;
      const double part = (a_ * dot(old.e, e) + dot(old.HJe, Je)) / old.curvature;
      add_scaled(-part, old.e, e);
      add_scaled(-part, old.Je, Je);
      add_scaled(-part, old.HJe, HJe);
    }
    const double curvature = a_ * dot(e, e) + dot(HJe, Je);
    if (!(curvature > 0)) return;
    const double length = -(dot(gradient_, e) + a_ * dot(x_, e) + dot(HJx_, Je)) / curvature;
    add_scaled(length, e, x_);
    add_scaled(length, Je, Jx_);
    add_scaled(length, HJe, HJx_);
    std::swap(last_[0], last_[1]);
    last_[1] = {std::move(e), std::move(Je), std::move(HJe), curvature};
  }
  [[nodiscard]] const Vector& x() const { return x_; }
  [[nodiscard]] double decrease() const {
    return -dot(gradient_, x_) - (a_ * dot(x_, x_) + dot(HJx_, Jx_)) / 2;
  }

 private:
  struct Conjugate {
    Vector e, Je, HJe;
    double curvature = 0;
  };
  const Vector& gradient_;
  double a_;
  Vector x_, Jx_, HJx_;
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
  if (!all_finite(gradient)) throw NotFinite("the gradient is not finite");
  return {scaled(-gamma, gradient), gamma, 0, gamma * dot(gradient, gradient) / 2};
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
  const auto times_H = [&](const Vector& x) {
    Vector product(x.size());
    loss.hessian_product(x, product);
    return product;
  };

  Oracle oracle(psi);
  // grad F(w), which becomes J^T mu + lambda w.
  Vector gradient = oracle.vjp(loss.gradient);
  add_scaled(lambda, psi.w, gradient);
  if (!all_finite(gradient)) throw NotFinite("the gradient is not finite");
  Vector sum = gradient;
  Vector r = scaled(-1, oracle.jvp(gradient));
  Vector Hr = times_H(r);
  double square = dot(Hr, r);
  const double first_square = square;
  Vector p = r;
  Vector Hp = Hr;
  KeptResiduals kept(options.kept_residuals);

  if (!std::isfinite(first_square)) throw NotFinite("the Gauss-Newton model is not finite");
  SpanMinimizer best(gradient, a);
  best.add(gradient, scaled(-1, r), scaled(-1, Hr));

  GaussNewtonDirection result;
  // What is left of the residual below this is rounding.
  constexpr double rounding = 4 * std::numeric_limits<double>::epsilon();
  const double least = std::max(options.relative_residual, rounding);
  while (result.iterations < most && square > least * least * first_square) {
    ++result.iterations;
    const Vector step = oracle.vjp(Hp);
    const double length = square / (a * dot(Hp, p) + dot(step, step));
    if (!std::isfinite(length)) throw NotFinite("the Gauss-Newton model is not finite");
    add_scaled(length, step, sum);
    if (result.iterations == q) {  // the residual is zero: its oracle call is saved
      square = 0;
      break;
    }
    kept.add(r, Hr, square);
    const Vector J_step = oracle.jvp(step);
    best.add(step, J_step, times_H(J_step));
    add_scaled(-length * a, p, r);
    add_scaled(-length, J_step, r);
    kept.make_orthogonal(r);
    Hr = times_H(r);
    const double before = square;
    square = dot(Hr, r);
    scale(square / before, p);
    add_scaled(1, r, p);
    scale(square / before, Hp);
    add_scaled(1, Hr, Hp);
  }
  // With rounding, r^T H r may fall below 0 where it is 0.
  if (square < -1e-8 * std::fabs(first_square)) {
    throw NotBoundedBelow(
        "a Gauss-Newton step needs a convex loss: the loss's Hessian has a negative eigenvalue");
  }
  const bool exact = square <= rounding * rounding * first_square;
  result.step = exact ? scaled(-1 / a, sum) : best.x();
  result.gamma = gamma;
  result.oracle_calls = oracle.calls();
  result.relative_residual = exact ? 0 : std::sqrt(square / first_square);
  // At the solution, m(w~) = 1/2 grad m(0)^T w~.
  result.predicted_decrease = exact ? -dot(gradient, result.step) / 2 : best.decrease();
  return result;
}

}  // namespace smoothbound::steps
