// Seconds of exact Newton and Gauss-Newton steps: on a chain of width 8 by depth, and on a network
// of real size.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/steps/gauss_newton.hpp"
#include "smoothbound/steps/newton.hpp"

namespace {

using namespace smoothbound;
using Vector = std::vector<double>;

double seconds(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Vector normal(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<double> distribution;
  Vector values(count);
  for (double& value : values) value = distribution(random);
  return values;
}

double norm(const Vector& a) {
  double sum = 0;
  for (const double entry : a) sum += entry * entry;
  return std::sqrt(sum);
}

// A network with the logistic loss on random samples at a random point.
struct Setting {
  Graph graph;
  Vector x;
  Objective<double> objective;

  Setting(const std::string& text, std::int64_t batch, std::mt19937_64& random)
      : graph(build_graph(read_spec(Source{"chain.yaml", text}), batch)),
        x(normal(static_cast<std::size_t>(batch * graph.input.elements()), random)),
        objective(graph, *find_loss("logistic"), x, batch, labels(batch, random)) {
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

 private:
  [[nodiscard]] Labels labels(std::int64_t batch, std::mt19937_64& random) const {
    Labels result;
    const auto outputs = static_cast<std::uint64_t>(graph.shape_of(graph.output()).elements());
    for (std::int64_t i = 0; i < batch; ++i) {
      result.classes.push_back(static_cast<std::int64_t>(random() % outputs));
    }
    return result;
  }
};

// ||grad m(step)|| / ||grad m(0)|| for Newton's model m, by a Hessian product.
double residual_of(Setting& s, const Direction& direction) {
  Vector gradient(direction.step.size());
  Vector product(direction.step.size());
  s.objective.gradient(gradient);
  s.objective.hessian_product(direction.step, product);
  for (std::size_t i = 0; i < product.size(); ++i) {
    product[i] += gradient[i] + direction.step[i] / direction.gamma;
  }
  return norm(product) / norm(gradient);
}

double newton(const std::string& name, const std::string& text, std::int64_t batch, double gamma) {
  std::mt19937_64 random(1);
  Setting s(text, batch, random);
  SplitChain chain(s.graph, batch);
  const LossEvaluation& loss = s.objective.loss();
  double best = HUGE_VAL;
  Direction direction;
  for (int repeat = 0; repeat < (s.graph.parameters > 100'000 ? 1 : 3); ++repeat) {
    best = std::min(best, seconds([&] {
                      chain.forward(s.objective.point(), s.x);
                      direction = newton_direction(chain, loss, {}, gamma);
                    }));
  }
  fmt::print("newton,{},{},{:.6f},{:.3g},{},{:.2g}\n", name, s.graph.parameters, best,
             direction.gamma, direction.halvings, residual_of(s, direction));
  return best;
}

void gauss_newton(const std::string& name, const std::string& text, std::int64_t batch) {
  std::mt19937_64 random(1);
  Setting s(text, batch, random);
  Network<double> network(s.graph, batch);
  network.set_parameters(s.objective.point());
  Trajectory<double> trajectory(network);
  for (const double wanted : {1e-3, 1e-6, 1e-10, 0.0}) {
    GaussNewtonDirection direction;
    const double time = seconds([&] {
      forward<double>(s.x, trajectory);
      direction = gauss_newton_direction(linearize(trajectory), s.objective.loss(), {}, 1,
                                         {.relative_residual = wanted});
    });
    fmt::print("gauss-newton,{},{},{:.6f},{:.0e},{},{}\n", name, s.graph.parameters, time, wanted,
               direction.oracle_calls, batch * s.objective.outputs());
  }
}

std::string narrow_chain(int depth) {
  std::string text = "input: {shape: [8], norm: 1}\nlayers:\n";
  for (int l = 1; l < depth; ++l) text += "  - dense: 8\n    then: [tanh]\n";
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

int main() {
  fmt::print("newton,network,parameters,seconds,gamma,halvings,residual\n");
  Vector logs;
  Vector depths;
  for (int depth = 4; depth <= 1024; depth *= 2) {
    const double time = newton(fmt::format("width 8 depth {}", depth), narrow_chain(depth), 16, 1);
    if (depth < 64) continue;
    depths.push_back(std::log(depth));
    logs.push_back(std::log(time));
  }
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    mean_x += depths[i] / static_cast<double>(logs.size());
    mean_y += logs[i] / static_cast<double>(logs.size());
  }
  double xy = 0;
  double xx = 0;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    xy += (depths[i] - mean_x) * (logs[i] - mean_y);
    xx += (depths[i] - mean_x) * (depths[i] - mean_x);
  }
  fmt::print("exponent of the growth from depth 64 on: {:.3f}\n", xy / xx);
  newton("784-128-64-10", real_size, 64, 1);
  fmt::print("gauss-newton,network,parameters,seconds,residual,oracle calls,outputs q\n");
  gauss_newton("width 8 depth 64", narrow_chain(64), 16);
  gauss_newton("784-128-64-10", real_size, 64);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("peak memory: {:.2f} GiB\n", static_cast<double>(usage.ru_maxrss) / (1 << 20));
}
