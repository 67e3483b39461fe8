// Networks with numbers that are chosen one by one, and a check of all that is stated of them.
#pragma once

#include <gtest/gtest.h>

#include <limits>

#include "enclosure/node_check.hpp"

namespace smoothbound::test {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Sets every weight to a number, and every entry of the direction.
struct Trap : LineProblem {
  Trap(const std::string& layers, const std::string& input, std::int64_t batch = 1)
      : LineProblem("name: net\ninput: {shape: [" + input + "], norm: 1}\nlayers: [" + layers + "]",
                    batch) {
    const Network<double> of(graph(), batch, Purpose::derivatives, Storage::none);
    layout = of.parameter_layout();
    w.resize(static_cast<std::size_t>(layout.elements));
    d.resize(w.size());
    x.assign(static_cast<std::size_t>(of.input_elements()), 1.0);
    std::mt19937_64 random(7);
    label(random);
  }
  // Of the arrays in order.
  void set(std::size_t array, const std::vector<double>& of_w, const std::vector<double>& of_d) {
    const auto first = static_cast<std::size_t>(layout.arrays.at(array).offset);
    const auto count = static_cast<std::size_t>(layout.arrays.at(array).elements);
    for (std::size_t i = 0; i < count; ++i) {
      w[first + i] = of_w[i % of_w.size()];
      d[first + i] = of_d[i % of_d.size()];
    }
  }
  ParameterLayout layout;
};

// The largest part of a bound that is met.
inline double check(const LineProblem& of, double length,
                    const std::vector<int>& degrees = {1, 2, 3}, bool everywhere = true) {
  double nearest = 0;
  for (const int degree : degrees) {
    for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
      SCOPED_TRACE("K " + std::to_string(degree) + (mode == EnclosureMode::norm ? " norm" : ""));
      const auto line = of.enclosure();
      line->set_line(of.w, of.d, degree);
      LineEnclosure values(of.graph(), of.samples);
      const NodeStatements nodes(values);
      values.set_line(of.w, of.d, of.x, degree);
      const bool bounded = line->bound(length, mode) && values.bound(length, mode);
      EXPECT_TRUE(bounded || !everywhere);
      if (!bounded) continue;
      for (const double share : {0.0, 1e-3, 0.1, 0.4, 0.9, 1.0}) {
        const double t = share * length;
        const std::vector<double> v = step_to(of.w, of.d, t);
        const ExactValues exact = exact_values(of.graph(), of.samples, v, of.x);
        const Number value = exact_loss(of.exact_setup(), exact.output, v);
        const Range range = line->at(t);
        EXPECT_FALSE(certainly_less(range.upper, value)) << t << ": " << value.to_text();
        EXPECT_FALSE(certainly_less(value, range.lower)) << t << ": " << value.to_text();
        nodes.check(exact, t);
      }
      nearest = std::max(nearest, nodes.nearest());
    }
  }
  return nearest;
}

inline bool is_bounded(const LineProblem& of, double length) {
  for (const int degree : {1, 2, 3}) {
    for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
      LineEnclosure line(of.graph(), of.samples);
      line.set_line(of.w, of.d, of.x, degree);
      if (line.bound(length, mode)) return true;
    }
  }
  return false;
}

}  // namespace smoothbound::test
