// All values of a network along a line against what is stated of them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/line_problem.hpp"

namespace smoothbound::test {

/// What a pass says of the values, with its own copies.
class NodeStatements {
 public:
  explicit NodeStatements(LineEnclosure& line) : line_(line) {
    line.set_observer([this](std::size_t node, const Enclosed& value) { take(node, value); });
  }
  NodeStatements(const NodeStatements&) = delete;
  NodeStatements& operator=(const NodeStatements&) = delete;
  ~NodeStatements() { line_.set_observer({}); }

  /// Number of statements, each of which holds: fails where one does not.
  std::int64_t check(const ExactValues& exact, double t) const {
    std::int64_t checks = 0;
    const Number s = gauge(line_.length(), line_.degree(), line_.order(), t);
    EXPECT_EQ(exact.kernels.size(), nodes_.size());
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      checks += check(nodes_[node], exact.kernels.at(node), s, t, node);
    }
    return checks;
  }
  /// The largest part of a bound of a scalar that has been met.
  [[nodiscard]] double nearest() const { return nearest_; }
  /// Of each node, that of what is beyond rounding, and that of rounding where nothing is beyond.
  struct Shares {
    double remainder = 0, rounding = 0;
  };
  [[nodiscard]] const std::vector<Shares>& shares() const { return shares_; }

 private:
  struct Statement {
    Coefficients p{};
    std::vector<double> centre, r, rho, alpha;
    double alpha_batch = 0;
  };

  void take(std::size_t node, const Enclosed& value) {
    nodes_.resize(std::max(nodes_.size(), node + 1));
    const auto& of = line_.network().values()[line_.network().nodes()[node].output];
    const std::int64_t count = of.shape.elements();
    const std::int64_t samples = line_.network().batch();
    Statement& statement = nodes_[node];
    statement.p = value.p;
    statement.centre.clear();
    if (value.centre != nullptr) statement.centre.assign(value.centre, value.centre + count);
    statement.r.assign(static_cast<std::size_t>(count), 0.0);
    if (value.r != nullptr) statement.r.assign(value.r, value.r + count);
    statement.rho.assign(value.rho, value.rho + samples);
    statement.alpha.assign(value.alpha, value.alpha + samples);
    statement.alpha_batch = value.alpha_batch;
  }

  std::int64_t check(const Statement& of, const Numbers& exact, const Number& s, double t,
                     std::size_t node) const {
    const std::size_t elements = exact.size() / of.rho.size();
    EXPECT_EQ(exact.size(), of.r.size());
    Number in_all;   // ||z - P||^2 of the batch
    Number allowed;  // (sum of rho^2)^(1/2) s + alpha_batch, squared
    for (std::size_t n = 0; n < of.rho.size(); ++n) {
      Number square;
      for (std::size_t e = 0; e < elements; ++e) {
        const std::size_t i = n * elements + e;
        Number value;
        for (std::size_t j = of.p.size(); j-- > 0;) {
          value = value * Number(t) + (of.p[j] == nullptr ? 0.0 : of.p[j][i]);
        }
        if (!of.centre.empty()) {
          value = value + Number(of.centre[i]) * gauge(1, line_.degree(), line_.degree() + 1, t);
        }
        const Number off = absolute(exact[i] - value);
        const Number most = Number(of.r[i]) * s + Number(of.alpha[n]);
        if (certainly_less(most, off)) {
          ADD_FAILURE() << "node " << node << ", sample " << n << ", scalar " << e << ": off by "
                        << off.to_text() << " where " << most.to_text() << " is stated: r "
                        << of.r[i] << ", s " << s.to_double() << ", alpha " << of.alpha[n];
          return 0;
        }
        note(node, off.least_absolute() / most.to_double(), of.r[i] * s.to_double(), of.alpha[n]);
        square.add_product(off, off);
      }
      const Number most = Number(of.rho[n]) * s + Number(of.alpha[n]);
      if (certainly_less(most * most, square)) {
        ADD_FAILURE() << "node " << node << ", sample " << n << ": off by a norm of "
                      << root(square).to_text() << " where " << most.to_text() << " is stated";
        return 0;
      }
      in_all = in_all + square;
      allowed.add_product(of.rho[n], of.rho[n]);
    }
    const Number most = root(allowed) * s + Number(of.alpha_batch);
    EXPECT_FALSE(certainly_less(most * most, in_all))
        << "node " << node << ", the batch: off by a norm of " << root(in_all).to_text()
        << " where " << most.to_text() << " is stated";
    return static_cast<std::int64_t>(exact.size());
  }

  void note(std::size_t node, double share, double remainder, double rounding) const {
    nearest_ = std::max(nearest_, share);
    shares_.resize(std::max(shares_.size(), node + 1));
    Shares& of = shares_[node];
    if (remainder > 1e6 * rounding) of.remainder = std::max(of.remainder, share);
    if (remainder < 1e-3 * rounding) of.rounding = std::max(of.rounding, share);
  }

  LineEnclosure& line_;
  std::vector<Statement> nodes_;
  mutable std::vector<Shares> shares_;
  mutable double nearest_ = 0;
};

}  // namespace smoothbound::test
