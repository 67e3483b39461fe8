// Remainders around centres: quotients by their values, and what carries centres on.
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"

namespace smoothbound::test {
namespace {

// One unit that starts at `start` and moves by `speed` t, and the range of the quotient
// (f(P) - P') / t^(K+1) for t in [0, 1], by values.
struct OneUnit : Trap {
  OneUnit(const std::string& f, double start, double speed)
      : Trap("{dense: 1, bias: false, then: [" + f + "]}, {dense: 2, bias: false}", "1") {
    set(0, {start}, {speed});
    set(1, {0.5, -0.5}, {0});
  }

  // r of the activation over the radius of the range.
  [[nodiscard]] double looseness(int degree) const {
    LineEnclosure line(graph(), 1);
    line.set_line(w, d, x, degree);
    double r = 0;
    Coefficients p{};
    line.set_observer([&](std::size_t node, const Enclosed& value) {
      if (node == 1) r = value.r[0], p = value.p;
    });
    if (!line.bound(1, EnclosureMode::interval)) return infinity;
    double low = infinity;
    double high = -infinity;
    for (int i = 200; i <= 1000; ++i) {
      const double t = i / 1000.0;
      const std::vector<double> v = step_to(w, d, t);
      const double f = exact_values(graph(), 1, v, x).kernels.at(1).at(0).to_double();
      double value = 0;
      for (int j = degree; j >= 0; --j) value = value * t + p[static_cast<std::size_t>(j)][0];
      const double quotient = (f - value) / std::pow(t, degree + 1);
      low = std::min(low, quotient);
      high = std::max(high, quotient);
    }
    return r / ((high - low) / 2);
  }
};

// Far beyond the radius within which a Taylor series converges, and back over its turns.
TEST(EnclosureCentres, QuotientsHoldBetweenTheirValues) {
  for (const char* f :
       {"tanh", "sigmoid", "softplus", "gelu", "gelu_tanh", "silu", "sin", "elu", "softsign"}) {
    for (const double start : {-2.0, -0.3, 0.0, 0.1, 1.5}) {
      for (const double speed : {-4.0, -0.7, 0.3, 1.3, 9.0}) {
        SCOPED_TRACE(std::string(f) + " from " + std::to_string(start) + " by " +
                     std::to_string(speed));
        const OneUnit of(f, start, speed);
        check(of, 1, {1, 2, 3}, false);
      }
    }
  }
}

// Ranges of derivatives would be several times wider.
TEST(EnclosureCentres, QuotientsAreNarrow) {
  for (const double start : {-0.8, 0.0, 0.5}) {
    for (const double speed : {0.8, 1.4}) {
      for (const int degree : {2, 3}) {
        EXPECT_LE(OneUnit("tanh", start, speed).looseness(degree), 2.5)
            << start << ' ' << speed << ' ' << degree;
      }
    }
  }
}

// v + T/2 d is 0: all that is left of a centre is what half of T d makes of it.
TEST(EnclosureCentres, WeightsThatTurn) {
  for (const char* last :
       {"{dense: 2, bias: false}", "{conv: {filters: 2, kernel: 1}, bias: false}"}) {
    Trap of(std::string("{conv: {filters: 1, kernel: 1}, bias: false, then: [tanh]}, {conv: "
                        "{filters: 1, kernel: 1}, bias: false, then: [sigmoid]}, ") +
                last,
            "1, 1, 1");
    constexpr double length = 0.5;
    of.set(0, {0.2}, {1.9});
    of.set(1, {-1}, {2 / length});
    of.set(2, {-1, 1}, {2 / length, -2 / length});
    EXPECT_GE(check(of, length), 0.2);
  }
}

// A centre towards a kink counts as a way to it.
TEST(EnclosureCentres, KinksOnTheWayOfACentre) {
  for (const char* f : {"relu", "{leaky_relu: 0.3}", "{leaky_relu: 1.5}", "relu6", "elu"}) {
    for (const double sign : {1.0, -1.0}) {
      SCOPED_TRACE(f);
      // 1 - t of a unit, and what its tanh comes to less than that, near 0.
      Trap of(std::string("{dense: 1, bias: false, then: [tanh]}, {dense: 1, then: [") + f +
                  "]}, {dense: 2, bias: false}",
              "1");
      of.set(0, {0.1}, {1.6});
      of.w[1] = sign, of.d[1] = 0;
      of.w[2] = -sign * 0.93, of.d[2] = 0;
      of.set(3, {1, -1}, {0});
      check(of, 1);
      check(of, 0.6);
    }
  }
}

// Rules that read no centres see it as a part of what is bounded.
TEST(EnclosureCentres, RulesWithoutCentres) {
  for (const char* f : {"softmax", "{layer_norm: {epsilon: 0.1}}", "{max_pool: 2}"}) {
    SCOPED_TRACE(f);
    const bool pools = std::string(f) == "{max_pool: 2}";
    Trap of(std::string(pools ? "{conv: {filters: 2, kernel: 1}" : "{dense: 4") +
                ", then: [tanh, " + f + "]}, {dense: 2}",
            pools ? "1, 2, 2" : "4");
    for (std::size_t i = 0; i < of.w.size(); ++i) {
      of.w[i] = std::cos(static_cast<double>(5 * i)) * 0.7;
      of.d[i] = std::sin(static_cast<double>(7 * i));
    }
    check(of, 0.5);
  }
}

}  // namespace
}  // namespace smoothbound::test
