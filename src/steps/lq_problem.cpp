#include "lq_problem.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "gamma.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

using Vector = std::vector<double>;

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

// y += M x
void add_product(const DenseMatrix& m, std::span<const double> x, std::span<double> y) {
  for (std::int64_t i = 0; i < m.rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < m.columns; ++j) sum += m(i, j) * x[size_of(j)];
    y[size_of(i)] += sum;
  }
}

// y += M^T x
void add_transposed_product(const DenseMatrix& m, std::span<const double> x, std::span<double> y) {
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) y[size_of(j)] += m(i, j) * x[size_of(i)];
  }
}

double quadratic_form(std::span<const double> x, const DenseMatrix& m, std::span<const double> y) {
  double sum = 0;
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) sum += x[size_of(i)] * m(i, j) * y[size_of(j)];
  }
  return sum;
}

double norm(std::span<const double> a) { return std::sqrt(dot(a, a)); }

DenseMatrix loss_hessian(const LossEvaluation& loss) {
  const auto count = static_cast<std::int64_t>(loss.gradient.size());
  DenseMatrix hessian(count, count);
  Vector unit(loss.gradient.size());
  Vector column(loss.gradient.size());
  for (std::int64_t j = 0; j < count; ++j) {
    unit[size_of(j)] = 1;
    loss.hessian_product(unit, column);
    unit[size_of(j)] = 0;
    for (std::int64_t i = 0; i < count; ++i) hessian(i, j) = column[size_of(i)];
  }
  return hessian;
}

// (A~, B~) x along the chain: z~_1, ..., z~_tau, and v~_1, ..., v~_tau.
struct Rollout {
  std::vector<std::span<const double>> v;
  std::vector<Vector> z;

  Rollout(const LqProblem& problem, std::span<const double> steps) {
    if (static_cast<std::int64_t>(steps.size()) != problem.parameters()) {
      throw std::invalid_argument(
          fmt::format("the problem has {} parameters, not {}", problem.parameters(), steps.size()));
    }
    for (const LqStage& stage : problem.stages) {
      v.push_back(steps.first(stage.q.size()));
      steps = steps.subspan(stage.q.size());
      Vector next(stage.p.size());
      if (stage.A.columns > 0) add_product(stage.A, z.back(), next);
      add_product(stage.B, v.back(), next);
      z.push_back(std::move(next));
    }
  }
  // z~_{l-1}, nothing for the first stage.
  [[nodiscard]] std::span<const double> before(std::size_t l) const {
    return l == 0 ? std::span<const double>{} : std::span<const double>(z[l - 1]);
  }
};

}  // namespace

std::int64_t LqProblem::parameters() const {
  std::size_t sum = 0;
  for (const LqStage& stage : stages) sum += stage.q.size();
  return static_cast<std::int64_t>(sum);
}

LqProblem lq_problem(StagedNetwork& network, const LossEvaluation& loss,
                     const Regularizer& regularizer, StepKind kind, double gamma) {
  require_gamma(gamma);
  const std::size_t last = network.size() - 1;
  if (static_cast<std::int64_t>(loss.gradient.size()) != network.layer(last).output_elements()) {
    throw std::invalid_argument(fmt::format("the network has {} outputs, the loss {}",
                                            network.layer(last).output_elements(),
                                            loss.gradient.size()));
  }
  LqProblem problem;
  problem.gamma = gamma;
  problem.stages.resize(network.size());
  Vector lambda = loss.gradient;
  for (std::size_t l = network.size(); l-- > 0;) {
    LqStage& stage = problem.stages[l];
    const Network<double>& layer = network.layer(l);
    const std::int64_t inputs = l == 0 ? 0 : layer.input_elements();
    const std::int64_t parameters = layer.parameter_layout().elements;
    LinearStage linear = network.linear_stage(l);
    stage.A = l == 0 ? DenseMatrix(layer.output_elements(), 0) : std::move(linear.A);
    stage.B = std::move(linear.B);
    stage.R = DenseMatrix(inputs, parameters);
    stage.Q = DenseMatrix(parameters, parameters);
    stage.q.resize(size_of(parameters));
    regularizer.add_gradient(layer.parameters(), stage.q);
    if (stage.p.empty()) stage.p.resize(size_of(layer.output_elements()));
    if (l == last) {
      stage.p = loss.gradient;
      stage.P = kind == StepKind::gradient
                    ? DenseMatrix(layer.output_elements(), layer.output_elements())
                    : loss_hessian(loss);
    }
    if (kind == StepKind::newton) {
      QuadraticStage second = network.quadratic_stage(l, lambda);
      stage.Q = std::move(second.vv);
      if (l > 0) {
        stage.R = std::move(second.zv);
        problem.stages[l - 1].P = std::move(second.zz);
      }
    } else if (l > 0) {
      problem.stages[l - 1].P = DenseMatrix(inputs, inputs);
    }
    if (kind != StepKind::gradient) {
      for (std::int64_t i = 0; i < parameters; ++i) stage.Q(i, i) += regularizer.lambda;
    }
    Vector by_v(size_of(parameters));
    Vector by_z(size_of(layer.input_elements()));
    vjp<double>(network.trajectory(l), lambda, by_v, by_z);
    lambda = std::move(by_z);
  }
  return problem;
}

double value(const LqProblem& problem, std::span<const double> v) {
  const Rollout at(problem, v);
  double sum = dot(v, v) / (2 * problem.gamma);
  for (std::size_t l = 0; l < problem.stages.size(); ++l) {
    const LqStage& stage = problem.stages[l];
    sum += quadratic_form(at.z[l], stage.P, at.z[l]) / 2 + dot(stage.p, at.z[l]) +
           quadratic_form(at.before(l), stage.R, at.v[l]) +
           quadratic_form(at.v[l], stage.Q, at.v[l]) / 2 + dot(stage.q, at.v[l]);
  }
  return sum;
}

std::vector<double> value_gradient(const LqProblem& problem, std::span<const double> v) {
  const Rollout at(problem, v);
  Vector gradient(v.size());
  std::size_t end = v.size();
  Vector adjoint;  // by z~_l, of all that comes after stage l
  for (std::size_t l = problem.stages.size(); l-- > 0;) {
    const LqStage& stage = problem.stages[l];
    if (adjoint.empty()) adjoint.resize(stage.p.size());
    for (std::size_t i = 0; i < adjoint.size(); ++i) adjoint[i] += stage.p[i];
    add_product(stage.P, at.z[l], adjoint);

    const std::size_t count = stage.q.size();
    const std::span<double> by_v = std::span(gradient).subspan(end - count, count);
    for (std::size_t i = 0; i < count; ++i) {
      by_v[i] = stage.q[i] + at.v[l][i] / problem.gamma;
    }
    add_product(stage.Q, at.v[l], by_v);
    add_transposed_product(stage.B, adjoint, by_v);
    add_transposed_product(stage.R, at.before(l), by_v);
    end -= count;

    Vector before(at.before(l).size());
    add_transposed_product(stage.A, adjoint, before);
    add_product(stage.R, at.v[l], before);
    adjoint = std::move(before);
  }
  return gradient;
}

double residual(const LqProblem& problem, std::span<const double> v) {
  const double scale = norm(value_gradient(problem, Vector(v.size())));
  const double found = norm(value_gradient(problem, v));
  return scale > 0 ? found / scale : found;
}

}  // namespace smoothbound::steps
