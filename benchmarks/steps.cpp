// What a Newton or Gauss-Newton step costs in float64, on chains of width 8 and on a network of
// real size.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/steps/gauss_newton.hpp"
#include "smoothbound/steps/newton.hpp"

namespace {

using namespace smoothbound;
using Vector = std::vector<double>;
using Json = nlohmann::ordered_json;

/// Seconds of each of `repeat` calls.
template <class Work>
Json seconds(int repeat, const Work& work) {
  Json result = Json::array();
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    result.push_back(passed.count());
  }
  return result;
}

std::int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  constexpr std::int64_t kilobyte = 1024;
  return usage.ru_maxrss * kilobyte;
}

Vector normal(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<double> distribution;
  Vector values(count);
  for (double& value : values) value = distribution(random);
  return values;
}

// ||a - b|| / ||b||
double relative_error(Vector a, const Vector& b) {
  linalg::add_scaled(-1, b, a);
  return euclidean_norm(a) / euclidean_norm(b);
}

// A network with the logistic loss on random samples at a random point.
struct Setting {
  std::int64_t batch;
  Graph graph;
  Labels labels;
  Vector x;
  Objective<double> objective;

  Setting(const std::string& text, std::int64_t samples, std::mt19937_64& random)
      : batch(samples),
        graph(build_graph(read_spec(Source{"chain.yaml", text}), batch)),
        labels(draw_labels(random)),
        x(normal(static_cast<std::size_t>(batch * graph.input.elements()), random)),
        objective(graph, *find_loss("logistic"), x, batch, labels) {
    Vector w(static_cast<std::size_t>(objective.parameter_layout().elements));
    for (const ParameterArray& array : objective.parameter_layout().arrays) {
      const auto fan_in = static_cast<double>(array.elements / array.sizes.front());
      for (std::int64_t i = 0; i < array.elements; ++i) {
        w[static_cast<std::size_t>(array.offset + i)] =
            std::normal_distribution<double>(0, 1 / std::sqrt(fan_in))(random);
      }
    }
    objective.set_point(w);
  }

  // All that another program needs to take the same step, and the step: an array after the other.
  void write(const std::string& file, const Vector& step) {
    std::ofstream out(file, std::ios::binary);
    const auto put = [&](std::span<const double> values) {
      out.write(reinterpret_cast<const char*>(values.data()),
                static_cast<std::streamsize>(values.size_bytes()));
    };
    put(objective.point());
    put(x);
    put(Vector(labels.classes.begin(), labels.classes.end()));
    put(step);
    if (!out.flush()) throw std::runtime_error("cannot write " + file);
  }

 private:
  [[nodiscard]] Labels draw_labels(std::mt19937_64& random) const {
    Labels result;
    const auto outputs = static_cast<std::uint64_t>(graph.output_shape().elements());
    for (std::int64_t i = 0; i < batch; ++i) {
      result.classes.push_back(static_cast<std::int64_t>(random() % outputs));
    }
    return result;
  }
};

// ||grad m(step)|| / ||grad m(0)|| for the model m of the step.
double model_residual(Setting& s, steps::StepKind kind, const steps::Direction& direction) {
  Vector gradient(direction.step.size());
  Vector product(direction.step.size());
  s.objective.gradient(gradient);
  if (kind == steps::StepKind::newton) {
    s.objective.hessian_product(direction.step, product);
  } else {
    s.objective.gauss_newton_product(direction.step, product);
  }
  const double scale = euclidean_norm(gradient);
  linalg::add_scaled(1, product, gradient);
  linalg::add_scaled(1 / direction.gamma, direction.step, gradient);
  return euclidean_norm(gradient) / scale;
}

Json newton(Setting& s, double gamma, int repeat, steps::Direction& direction) {
  steps::SplitChain chain(s.graph, s.batch);
  const LossEvaluation& loss = s.objective.loss();
  Json result;
  result["seconds"] = seconds(repeat, [&] {
    chain.forward(s.objective.point(), s.x);
    direction = steps::newton_direction(chain, loss, {}, gamma);
  });
  result["gamma"] = direction.gamma;
  result["halvings"] = direction.halvings;
  result["residual"] = model_residual(s, steps::StepKind::newton, direction);
  return result;
}

// x with A x = b, by elimination with pivots.
Vector solve(linalg::DenseMatrix A, Vector b) {
  const auto at = [](Vector& x, std::int64_t i) -> double& {
    return x[static_cast<std::size_t>(i)];
  };
  for (std::int64_t k = 0; k < A.rows; ++k) {
    std::int64_t pivot = k;
    for (std::int64_t i = k + 1; i < A.rows; ++i) {
      if (std::fabs(A(i, k)) > std::fabs(A(pivot, k))) pivot = i;
    }
    std::swap_ranges(A.row(k).begin(), A.row(k).end(), A.row(pivot).begin());
    std::swap(at(b, k), at(b, pivot));
    const auto rest = static_cast<std::size_t>(A.columns - k);
    for (std::int64_t i = k + 1; i < A.rows; ++i) {
      const double factor = A(i, k) / A(k, k);
      linalg::add_scaled(-factor, A.row(k).last(rest), A.row(i).last(rest));
      at(b, i) -= factor * at(b, k);
    }
  }
  for (std::int64_t k = A.rows; k-- > 0;) {
    for (std::int64_t j = k + 1; j < A.rows; ++j) at(b, k) -= A(k, j) * at(b, j);
    at(b, k) /= A(k, k);
  }
  return b;
}

// The Gauss-Newton step by the whole Jacobian, a call of the oracle for each output, and a q x q
// solve: what `steps::gauss_newton_direction` does without.
steps::Direction by_jacobian(const steps::LinearizedNetwork& psi, const LossEvaluation& loss,
                             double gamma) {
  const std::int64_t q = psi.outputs;
  linalg::DenseMatrix jacobian(q, static_cast<std::int64_t>(psi.w.size()));
  Vector unit(static_cast<std::size_t>(q));
  for (std::int64_t j = 0; j < q; ++j) {
    unit[static_cast<std::size_t>(j)] = 1;
    psi.vjp(unit, jacobian.row(j));
    unit[static_cast<std::size_t>(j)] = 0;
  }
  linalg::DenseMatrix gram(q, q);
  linalg::add_gram(1, jacobian, gram);
  linalg::DenseMatrix matrix(q, q);  // the Gram matrix times the loss's Hessian
  for (std::int64_t j = 0; j < q; ++j) loss.hessian_product(gram.row(j), matrix.row(j));
  linalg::add_to_diagonal(1 / gamma, matrix);
  Vector right = product(gram, loss.gradient);
  linalg::scale(-1, right);
  Vector mu(loss.gradient.size());
  loss.hessian_product(solve(std::move(matrix), std::move(right)), mu);
  linalg::add_scaled(1, loss.gradient, mu);
  Vector step = product(linalg::transposed(jacobian), mu);
  linalg::scale(-gamma, step);
  return {std::move(step), gamma, 0, 0};
}

Json gauss_newton(Setting& s, double gamma, int repeat, steps::Direction& exact) {
  Network<double> network(s.graph, s.batch);
  network.set_parameters(s.objective.point());
  Trajectory<double> trajectory(network);
  const LossEvaluation& loss = s.objective.loss();
  const auto linearized = [&] {
    forward<double>(s.x, trajectory);
    return steps::linearize(trajectory);
  };
  Json runs = Json::array();
  for (const double wanted : {0.0, 1e-1, 1e-2, 1e-3, 1e-6, 1e-10}) {  // the exact step first
    steps::GaussNewtonDirection direction;
    Json run;
    run["wanted"] = wanted;
    run["seconds"] = seconds(repeat + 1, [&] {
      direction = steps::gauss_newton_direction(linearized(), loss, {}, gamma,
                                                {.relative_residual = wanted});
    });
    run["seconds"].erase(0);  // warms up
    if (wanted == 0) exact = direction;
    run["calls"] = direction.oracle_calls;
    run["residual"] = model_residual(s, steps::StepKind::gauss_newton, direction);
    run["error"] = relative_error(direction.step, exact.step);
    run["decrease_lost"] = 1 - direction.predicted_decrease / exact.predicted_decrease;
    runs.push_back(run);
  }
  return runs;
}

Json jacobian(Setting& s, double gamma, int repeat, steps::Direction& direction) {
  Network<double> network(s.graph, s.batch);
  network.set_parameters(s.objective.point());
  Trajectory<double> trajectory(network);
  const LossEvaluation& loss = s.objective.loss();
  Json result;
  result["seconds"] = seconds(repeat, [&] {
    forward<double>(s.x, trajectory);
    direction = by_jacobian(steps::linearize(trajectory), loss, gamma);
  });
  result["residual"] = model_residual(s, steps::StepKind::gauss_newton, direction);
  return result;
}

std::string narrow_chain(int depth) {
  std::string text = "input: {shape: [8], norm: 1}\nlayers:\n";
  for (int l = 1; l < depth; ++l) text += "  - dense: 8\n    then: [softplus]\n";
  return text + "  - dense: 8\n";
}

constexpr const char* real_size = R"(
input: {shape: [784], norm: 1}
layers:
  - dense: 128
    then: [softplus]
  - dense: 64
    then: [softplus]
  - dense: 10
)";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Seconds of a step on one batch, as JSON");
  std::string kind;
  std::string file;
  int depth = 0;
  double gamma = 1;
  int repeat = 3;
  app.add_option("step", kind, "newton, gauss-newton or jacobian")
      ->required()
      ->check(CLI::IsMember({"newton", "gauss-newton", "jacobian"}));
  app.add_option("--depth", depth, "of a chain of width 8, batch 16; 0: 784-128-64-10, batch 64");
  app.add_option("--gamma", gamma, "of the step, halved while a Newton step does not exist");
  app.add_option("--repeat", repeat, "steps that are timed");
  app.add_option("--write", file, "file for point, inputs, labels and step, as doubles");
  CLI11_PARSE(app, argc, argv);
  try {
    std::mt19937_64 random(1);
    Setting s(depth > 0 ? narrow_chain(depth) : real_size, depth > 0 ? 16 : 64, random);
    Json result;
    result["parameters"] = s.graph.parameters;
    result["outputs"] = s.batch * s.objective.outputs();
    steps::Direction direction;
    const auto& run = kind == "newton" ? newton : kind == "jacobian" ? jacobian : gauss_newton;
    result["result"] = run(s, gamma, repeat, direction);
    if (!file.empty()) s.write(file, direction.step);
    result["peak_bytes"] = peak_bytes();
    fmt::print("{}\n", result.dump());
  } catch (const std::exception& error) {
    fmt::print(stderr, "steps: error: {}\n", error.what());
    return 1;
  }
  return 0;
}
