#include "rule_problem.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "smoothbound/enclosure/line_enclosure.hpp"
#include "support/read_network.hpp"

namespace smoothbound::support {
namespace {

// A network with numbers for everything, drawn from one seed.
class Instance {
 public:
  Instance(const RuleProblem& problem, int samples)
      : problem_(problem),
        network_(read_network("name: net\n" + problem.layers + "\nbatch: " +
                              std::to_string(samples) + "\nradius: 10\nloss: square\n")),
        samples_(static_cast<std::size_t>(samples)),
        line_(network_.graph, samples) {
    std::mt19937_64 random(20240611);
    std::normal_distribution<double> normal;
    const auto count = static_cast<std::size_t>(line_.network().parameter_layout().elements);
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_off = problem.has_zeros && i % 6 == 0;
      w_.push_back(is_off ? 0 : problem.size_of_parameters * normal(random));
      random_.push_back(problem.size_of_steps * normal(random));
    }
    const std::int64_t inputs = line_.network().input_elements();
    for (std::size_t i = 0; i < static_cast<std::size_t>(inputs); ++i) {
      const auto& given = problem.inputs;
      x_.push_back(given.empty() ? normal(random) : given[i % given.size()]);
    }
  }

  [[nodiscard]] LineEnclosure& line() { return line_; }
  [[nodiscard]] std::size_t samples() const { return samples_; }
  [[nodiscard]] const std::vector<double>& w() const { return w_; }
  [[nodiscard]] const std::vector<double>& x() const { return x_; }
  [[nodiscard]] const std::vector<double>& random_direction() const { return random_; }

  // Of all samples, one after the other, at v.
  [[nodiscard]] Reals exact(const Reals& v) const {
    Reals all;
    const std::size_t size = x_.size() / samples_;
    for (std::size_t n = 0; n < samples_; ++n) {
      const auto begin = x_.begin() + static_cast<std::ptrdiff_t>(n * size);
      Parameters parameters(v);
      const Reals y =
          problem_.map(parameters, Reals(begin, begin + static_cast<std::ptrdiff_t>(size)));
      EXPECT_TRUE(parameters.is_used_up());
      all.insert(all.end(), y.begin(), y.end());
    }
    return all;
  }
  [[nodiscard]] Reals moved(const std::vector<double>& d, double t) const {
    Reals v(w_.begin(), w_.end());
    for (std::size_t i = 0; i < v.size(); ++i) v[i] += static_cast<long double>(t) * d[i];
    return v;
  }
  // As they are kept in double.
  [[nodiscard]] Reals stored(const std::vector<double>& d, double t) const {
    Reals v;
    for (std::size_t i = 0; i < w_.size(); ++i) {
      const double step = t * d[i];
      v.push_back(w_[i] + step);
    }
    return v;
  }
  // Minus that of sum y_k^2 / 2 + y_0, by differences.
  [[nodiscard]] std::vector<double> gradient() const {
    const auto value = [&](const Reals& v) {
      const Reals y = exact(v);
      long double sum = y.front();
      for (const long double e : y) sum += e * e / 2;
      return sum;
    };
    std::vector<double> d;
    for (std::size_t i = 0; i < w_.size(); ++i) {
      constexpr long double step = 1e-6L;
      Reals v(w_.begin(), w_.end());
      v[i] += step;
      const long double above = value(v);
      v[i] -= 2 * step;
      d.push_back(static_cast<double>((value(v) - above) / (2 * step)));
    }
    return d;
  }

 private:
  const RuleProblem& problem_;
  Network network_;
  std::size_t samples_;
  LineEnclosure line_;
  std::vector<double> w_, random_, x_;
};

long double polynomial(const Coefficients& p, int degree, std::size_t i, long double t) {
  long double value = 0;
  for (int j = degree; j >= 0; --j) {
    const double* const values = p[static_cast<std::size_t>(j)];
    value = value * t + (values == nullptr ? 0.0L : values[i]);
  }
  return value;
}

// What an enclosure says at one t.
struct At {
  Reals rest;         // z - P
  long double gauge;  // s
};

void expect_holds(const Instance& instance, const Enclosed& out, const At& at) {
  const std::size_t size = at.rest.size() / instance.samples();
  long double of_all = 0;
  for (std::size_t n = 0; n < instance.samples(); ++n) {
    long double square = 0;
    for (std::size_t i = n * size; i < (n + 1) * size; ++i) {
      square += at.rest[i] * at.rest[i];
      const long double r = out.r == nullptr ? 0 : out.r[i];
      EXPECT_LE(std::abs(at.rest[i]), r * at.gauge + out.alpha[n]) << "output " << i;
    }
    EXPECT_LE(std::sqrt(square), out.rho[n] * at.gauge + out.alpha[n]) << "sample " << n;
    of_all += square;
  }
  long double rho = 0;
  for (std::size_t n = 0; n < instance.samples(); ++n) rho += out.rho[n] * out.rho[n];
  EXPECT_LE(std::sqrt(of_all), std::sqrt(rho) * at.gauge + out.alpha_batch);
}

// The bound of the norm of all remainders over what they come to, at T.
long double looseness(const Instance& instance, const Enclosed& out, const At& at) {
  long double bound = 0;
  for (std::size_t n = 0; n < instance.samples(); ++n) bound += out.rho[n] * out.rho[n];
  if (bound == 0) return 0;
  long double square = 0;
  for (const long double e : at.rest) square += e * e;
  return std::sqrt(bound) * at.gauge / std::sqrt(square);
}

void check_line(Instance& instance, const std::vector<double>& d, int degree, double factor,
                bool has_kinks) {
  instance.line().set_line(instance.w(), d, instance.x(), degree);
  for (const double length : {0x1p-20, 0x1p-10, 0x1p-6, 0x1p-3, 0.5, 2.0}) {
    for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
      SCOPED_TRACE("degree " + std::to_string(degree) + " T " + std::to_string(length));
      ASSERT_TRUE(instance.line().bound(length, mode)) << instance.line().failed_layer();
      const Enclosed& out = instance.line().output();
      const int order = instance.line().order();
      EXPECT_TRUE(has_kinks || order == degree + 1);
      At at{};
      for (const double part : {0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 1.0}) {
        const double t = part * length;
        at.gauge = std::pow(static_cast<long double>(length), degree + 1 - order) *
                   std::pow(static_cast<long double>(t), order);
        for (const Reals& v : {instance.stored(d, t), instance.moved(d, t)}) {
          at.rest = instance.exact(v);
          for (std::size_t i = 0; i < at.rest.size(); ++i) {
            at.rest[i] -= polynomial(out.p, degree, i, t);
            if (out.centre != nullptr) {
              at.rest[i] -= out.centre[i] * std::pow(static_cast<long double>(t), degree + 1);
            }
          }
          expect_holds(instance, out, at);
          if (::testing::Test::HasFailure()) return;
        }
      }
      // So far as rounding leaves something to compare.
      if (length == 0x1p-10 && degree < 3 && order == degree + 1) {
        EXPECT_LE(looseness(instance, out, at), factor);
        if (mode == EnclosureMode::interval && std::getenv("SHOW") != nullptr) {
          printf("degree %d looseness %Lg alpha %g\n", degree, looseness(instance, out, at),
                 out.alpha[0]);
        }
      }
    }
  }
}

// With twice the direction, half of T is the same.
void check_scaling(Instance& instance, const std::vector<double>& d) {
  std::vector<double> twice;
  for (const double e : d) twice.push_back(2 * e);
  instance.line().set_line(instance.w(), d, instance.x(), 2);
  ASSERT_TRUE(instance.line().bound(0x1p-4, EnclosureMode::interval));
  const double rho = instance.line().output().rho[0];
  instance.line().set_line(instance.w(), twice, instance.x(), 2);
  ASSERT_TRUE(instance.line().bound(0x1p-5, EnclosureMode::interval));
  EXPECT_NEAR(instance.line().output().rho[0], 8 * rho, 1e-6 * rho);
}

}  // namespace

Reals dense(Parameters& v, const Reals& x, std::size_t units) {
  const auto weight = v.take(units * x.size());
  const auto bias = v.take(units);
  Reals y(bias.begin(), bias.end());
  for (std::size_t i = 0; i < units; ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) y[i] += weight[i * x.size() + j] * x[j];
  }
  return y;
}

void RuleProblem::check(int samples, double factor) const {
  Instance instance(*this, samples);
  for (const std::vector<double>& d : {instance.random_direction(), instance.gradient()}) {
    for (const int degree : {1, 2, 3}) {
      check_line(instance, d, degree, factor, has_kinks);
      if (::testing::Test::HasFailure()) return;
    }
    check_scaling(instance, d);
  }
}

void RuleProblem::check_failures(int samples) const {
  Instance instance(*this, samples);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double>& d = instance.random_direction();
  for (const double number : {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity}) {
    for (std::size_t i = 0; i < d.size(); ++i) {
      for (const bool is_direction : {false, true}) {
        std::vector<double> w = instance.w();
        std::vector<double> along = d;
        (is_direction ? along : w)[i] = number;
        instance.line().set_line(w, along, instance.x(), 2);
        EXPECT_FALSE(instance.line().bound(0x1p-4, EnclosureMode::norm))
            << number << " at " << i << (is_direction ? " of the direction" : "");
      }
    }
  }
}

}  // namespace smoothbound::support
