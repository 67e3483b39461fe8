// Random chains with a loss on random samples, as everything that a step is computed from.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "runtime/networks.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "steps/lq_problem.hpp"

namespace smoothbound::testing {

using Vector = std::vector<double>;

/// Of steps, beside those of another method.
constexpr double tolerance = 1e-9;

inline double norm(const Vector& a) { return std::sqrt(dot(a, a)); }

/// ||a - b|| / ||b||, or ||a|| if b is 0.
inline double difference(const Vector& a, const Vector& b) {
  if (a.size() != b.size()) return HUGE_VAL;
  Vector d = a;
  for (std::size_t i = 0; i < d.size(); ++i) d[i] -= b[i];
  return norm(b) > 0 ? norm(d) / norm(b) : norm(d);
}

/// A network on samples with a loss and a regularizer, at a random point.
struct Problem {
  std::string text;
  std::int64_t samples;
  Regularizer regularizer;
  Graph graph;
  Vector x, w;
  Objective<double> objective;
  std::optional<StagedNetwork> network;  // nothing for a graph that is no chain
  Network<double> whole;
  Trajectory<double> trajectory;

  enum class Form : bool { chain, any };
  static constexpr Form any_graph = Form::any;

  Problem(std::string yaml, std::string_view loss, double lambda, std::int64_t count,
          std::mt19937_64& random, Form form = Form::chain, double scale = 1)
      : text(std::move(yaml)),
        samples(count),
        regularizer{lambda},
        graph(graph_of(text, count)),
        x(random_vector<double>(static_cast<std::size_t>(count * graph.input.elements()), random)),
        objective(graph, *find_loss(loss), x, count, labels(loss, random), options(lambda)),
        whole(graph, count),
        trajectory(whole) {
    w = random_parameters(whole, random);
    for (double& entry : w) entry *= scale;
    objective.set_point(w);
    if (form == Form::chain) network.emplace(graph, count).forward(w, x);
    whole.set_parameters(w);
    forward<double>(x, trajectory);
  }

  steps::LqProblem lq(steps::StepKind kind, double gamma) {
    return steps::lq_problem(*network, objective.loss(), regularizer, kind, gamma);
  }

 private:
  static ObjectiveOptions options(double lambda) {
    ObjectiveOptions result;
    result.regularizer = lambda;
    return result;
  }
  Labels labels(std::string_view loss, std::mt19937_64& random) const {
    const auto outputs = graph.output_shape().elements();
    Labels result;
    if (loss == "logistic") {
      for (std::int64_t i = 0; i < samples; ++i) {
        result.classes.push_back(static_cast<std::int64_t>(random() % 1000) % outputs);
      }
    } else if (loss == "square") {
      result.targets = random_vector<double>(static_cast<std::size_t>(samples * outputs), random);
    }
    return result;
  }
};

/// The names of all activations with a smoothness constant.
inline const std::vector<std::string>& smooth_activations() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const Activation& a : Activation::prototypes()) {
      const ScalarConstants constants = a.constants(Method::sharp);
      if (constants.smoothness.value.is_finite()) found.emplace_back(a.row->name);
    }
    return found;
  }();
  return names;
}

/// A chain of dense and convolutional layers, as text; `seed` chooses the `seed`-th activation and
/// all else at random.
inline std::string random_chain(std::uint64_t seed, std::mt19937_64& random) {
  const auto& activations = smooth_activations();
  std::size_t next = seed;
  const auto pick = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  const auto parts = [&](bool normalize) {
    std::string list = activations[next++ % activations.size()];
    const std::string norm =
        pick(2) == 0 ? "{batch_norm: {epsilon: 0.1, affine: true}}"
                     : "{batch_norm: {epsilon: 0.2, per: channel, affine: true, shift: false}}";
    if (normalize) list = pick(2) == 0 ? norm + ", " + list : list + ", " + norm;
    return list;
  };
  std::string text;
  const auto line = [&](const std::string& s) { text += s + "\n"; };
  const std::int64_t kind = pick(3);
  line(kind == 0   ? "input: {shape: [4], norm: 1}"
       : kind == 1 ? "input: {shape: [2, 7], norm: 1}"
                   : "input: {shape: [2, 5, 4], norm: 1}");
  line("layers:");
  if (kind == 1) {
    line("  - conv: {filters: 4, kernel: 3, groups: 2}");
    line("    then: [" + parts(pick(2) == 0) + ", {average_pool: {kernel: 2, stride: 2}}]");
    line("  - conv: {filters: 2, kernel: 2, padding: same}");
    line("    then: [" + parts(false) + "]");
  } else if (kind == 2) {
    line("  - conv: {filters: 3, kernel: [3, 2], padding: 1}");
    if (pick(2) == 0) line("    bias: false");
    line("    then: [average_pool: 2, " + parts(pick(2) == 0) + "]");
    if (pick(2) == 0) {
      line("  - conv: {filters: 2, kernel: 2, stride: [1, 2], padding: same}");
      line("    then: [" + parts(pick(2) == 0) + "]");
    }
  } else {
    line("  - dense: 6");
    if (pick(2) == 0) line("    bias: false");
    line("    then: [" + parts(pick(2) == 0) + "]");
  }
  if (pick(2) == 0) {
    line("  - dense: 5");
    line("    then: [" + parts(pick(3) == 0) + "]");
  }
  line("  - dense: 3");
  if (pick(4) == 0) line("    then: [softmax]");
  return text;
}

}  // namespace smoothbound::testing
