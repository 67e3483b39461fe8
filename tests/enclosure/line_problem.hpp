// A network, a point, a direction and samples: what enclosures are checked on.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "enclosure/exact_network.hpp"
#include "smoothbound/enclosure/objective_enclosure.hpp"
#include "support/read_network.hpp"

namespace smoothbound::test {

struct LineProblem {
  std::string text;
  support::Network network;
  std::string loss = "logistic";
  std::int64_t samples = 1;
  Labels labels;
  ObjectiveOptions options;
  std::vector<double> x, w, d;

  /// The text has no loss and no batch.
  LineProblem(const std::string& architecture, std::int64_t batch)
      : text(architecture),
        network(support::read_network(architecture + "\nbatch: " + std::to_string(batch) +
                                      "\nloss: logistic\nradius: 10\n")),
        samples(batch) {}
  LineProblem(support::Network of, std::string of_text, std::int64_t batch)
      : text(std::move(of_text)), network(std::move(of)), samples(batch) {}

  [[nodiscard]] const Graph& graph() const { return network.graph; }
  [[nodiscard]] std::int64_t positions() const {
    return loss == "logistic" ? graph().output_shape().positions() : 1;
  }
  [[nodiscard]] ExactLoss exact_setup() const {
    return {loss,
            samples,
            positions(),
            &labels,
            options.label_smoothing,
            options.regularizer,
            options.threshold};
  }
  [[nodiscard]] Number exact(double t) const {
    const std::vector<double> v = step_to(w, d, t);
    return exact_loss(exact_setup(), exact_values(graph(), samples, v, x).output, v);
  }
  [[nodiscard]] std::unique_ptr<ObjectiveEnclosure> enclosure() const {
    return std::make_unique<ObjectiveEnclosure>(graph(), *find_loss(loss), x, samples, labels,
                                                options);
  }
  /// Labels that fit the outputs, one after the other.
  void label(std::mt19937_64& random) {
    labels = {};
    const std::int64_t classes = graph().output_shape().elements() / positions();
    for (std::int64_t i = 0; i < samples * positions(); ++i) {
      labels.classes.push_back(
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(classes)));
    }
  }
  /// Targets from 0 to 1 in their place, with both ends among them; of other sizes, but for
  /// binary_logistic.
  void aim(std::mt19937_64& random) {
    labels = {};
    const double size = loss == "binary_logistic" ? 1 : 4;
    for (std::int64_t i = 0; i < samples * graph().output_shape().elements(); ++i) {
      const std::uint64_t part = random() % 9;
      labels.targets.push_back(size * static_cast<double>(part) / 8);
    }
  }
};

/// s(t) = T^(K+1) (t/T)^n
inline Number gauge(double length, int degree, int order, double t) {
  Number s(1.0);
  for (int i = 0; i < order; ++i) s = s * Number(t);
  for (int i = order; i <= degree; ++i) s = s * Number(length);
  return s;
}

}  // namespace smoothbound::test
