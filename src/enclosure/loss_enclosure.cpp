#include "smoothbound/enclosure/loss_enclosure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "loss_parts.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace loss_rules {
namespace {

// log sum_j exp(v_j) of v_j = o_j - o_y, in which errors that outputs share cancel.
class LogisticEnclosure final : public Outputs {
 public:
  explicit LogisticEnclosure(const LossSetup& setup) : Outputs(setup) {
    if (setup.labels->classes.size() != static_cast<std::size_t>(setup.samples * setup.positions)) {
      throw LossDataError("logistic needs labels: the class of each sample");
    }
    require_classes(setup, setup.outputs / setup.positions);
  }

  void take(LineEnclosure& line) override {
    take_line(line);
    rd_ = line.differences(setup_.labels->classes);
    const auto& classes = setup_.labels->classes;
    each_term([&](std::size_t term, std::int64_t first, std::int64_t channels) {
      const auto label = static_cast<std::size_t>(first + classes[term] * setup_.positions);
      const Polynomial base = coefficients_[label];
      for (std::int64_t j = 0; j < channels; ++j) {
        auto& c = coefficients_[static_cast<std::size_t>(first + j * setup_.positions)];
        for (std::size_t l = 0; l < c.size(); ++l) c[l] -= base[l];
      }
    });
  }

  [[nodiscard]] Range at(double t) const override {
    const double s = gauge(t);
    Range sum;
    double roundings = 0;
    std::vector<double> low;
    std::vector<double> high;
    each_term([&](std::size_t /*term*/, std::int64_t first, std::int64_t channels) {
      low.clear();
      high.clear();
      for (std::int64_t j = 0; j < channels; ++j) {
        const std::int64_t place = first + j * setup_.positions;
        const Point v = evaluate(place, t);
        const double half = (rd_[static_cast<std::size_t>(place)] * s + v.error) * inflation;
        low.push_back(v.value - half);
        high.push_back(v.value + half);
      }
      // The differences above are rounded once more.
      const double error = gamma(channels + 20);
      const double lower = log_sum_exp(low);
      const double upper = log_sum_exp(high);
      sum.lower += lower - error * (1 + std::abs(lower));
      sum.upper += upper + error * (1 + std::abs(upper));
      roundings += std::abs(lower) + std::abs(upper);
      if (setup_.label_smoothing > 0) roundings += add_smoothing(low, high, sum);
    });
    const std::int64_t terms = setup_.samples * setup_.positions;
    Range mean = mean_of(sum.lower, sum.upper, terms);
    mean = widened(mean, gamma(2 * terms + 4) * roundings / static_cast<double>(terms));
    const double root_positions = std::sqrt(static_cast<double>(setup_.positions));
    constexpr double root_two = 1.41421356237309515;  // rounded up
    mean = widened(mean, (1 + setup_.label_smoothing) * root_two * alpha_ / root_positions);
    // A mean of log-sum-exp(z) - z_j, with weights that are not negative.
    return setup_.label_smoothing <= 1 ? not_negative(mean) : mean;
  }

 private:
  // body(term, place of its first output, channels)
  template <class Body>
  void each_term(const Body& body) const {
    const std::int64_t channels = setup_.outputs / setup_.positions;
    for (std::int64_t n = 0; n < setup_.samples; ++n) {
      for (std::int64_t p = 0; p < setup_.positions; ++p) {
        body(static_cast<std::size_t>(n * setup_.positions + p), n * setup_.outputs + p, channels);
      }
    }
  }
  static double log_sum_exp(const std::vector<double>& z) {
    const auto top = std::max_element(z.begin(), z.end());
    double others = 0;
    for (auto each = z.begin(); each != z.end(); ++each) {
      if (each != top) others += std::exp(*each - *top);
    }
    return *top + std::log1p(others);
  }
  // Smoothed labels have e (o_y - mean o) = -e mean v besides.
  // Returns the sizes of what is added.
  double add_smoothing(const std::vector<double>& low, const std::vector<double>& high,
                       Range& sum) const {
    double down = 0;
    double up = 0;
    double absolute = 0;
    for (std::size_t j = 0; j < low.size(); ++j) {
      down -= high[j];
      up -= low[j];
      absolute += std::abs(low[j]) + std::abs(high[j]);
    }
    const double share = setup_.label_smoothing / static_cast<double>(low.size());
    const double error = share * gamma(std::ssize(low) + 4) * absolute * inflation;
    sum.lower += share * down - error;
    sum.upper += share * up + error;
    return share * (std::abs(down) + std::abs(up)) * inflation;
  }

  std::vector<double> rd_;
};

// (1/2) ||o - y||^2 of each sample.
class SquareEnclosure final : public Outputs {
 public:
  explicit SquareEnclosure(const LossSetup& setup)
      : Outputs(setup), targets_(targets_of(setup, "square")) {}

  void take(LineEnclosure& line) override { take_line(line); }

  [[nodiscard]] Range at(double t) const override {
    const double s = gauge(t);
    Range sum;
    for (std::int64_t n = 0; n < setup_.samples; ++n) {
      double below = 0;   // || (|v| - b)_+ ||^2
      double above = 0;   // || |v| + b ||^2
      double centre = 0;  // ||v||^2
      double errors = 0;  // of the evaluation of v
      for (std::int64_t j = 0; j < setup_.outputs; ++j) {
        const std::int64_t place = n * setup_.outputs + j;
        const Point o = evaluate(place, t);
        const double v = o.value - targets_[static_cast<std::size_t>(place)];
        const double error = o.error + unit_roundoff * 2 * std::abs(v);
        const double b = (remainder(place) * s + error) * inflation;
        const double least = std::max(std::abs(v) - b, 0.0);
        below += least * least;
        above += (std::abs(v) + b) * (std::abs(v) + b);
        centre += v * v;
        errors += error * error;
      }
      const double reach = rho(n) * s + std::sqrt(errors);
      const double down =
          std::max(std::sqrt(below), std::sqrt(centre) - reach * inflation) - alpha(n) * inflation;
      const double up = std::min(std::sqrt(above), std::sqrt(centre) + reach) + alpha(n);
      // Sums of as many squares, and their root.
      const double error = gamma(setup_.outputs + 40);
      const double least = std::max(down - 2 * error * std::sqrt(centre), 0.0);
      sum.lower += least * least / 2 * (1 - 2 * error);
      sum.upper += up * up / 2 * (1 + 4 * error) * inflation;
    }
    return mean_of(sum.lower, sum.upper, setup_.samples);
  }

 private:
  std::vector<double> targets_;
};

template <class Enclosure>
std::unique_ptr<LossEnclosure> make(const LossSetup& setup) {
  return std::make_unique<Enclosure>(setup);
}

struct LossRule {
  std::string_view name;
  std::unique_ptr<LossEnclosure> (*make)(const LossSetup& setup);
};

constexpr std::array table{LossRule{"logistic", make<LogisticEnclosure>},
                           LossRule{"binary_logistic", binary_logistic},
                           LossRule{"square", make<SquareEnclosure>}, LossRule{"huber", huber}};

const LossRule& rule_of(const LossRow& loss) {
  const auto* const rule =
      std::ranges::find(table, loss.name, [](const LossRule& r) { return r.name; });
  if (rule == table.end()) {
    std::vector<std::string_view> names;
    names.reserve(table.size());
    for (const LossRule& known : table) names.push_back(known.name);
    throw NotEnclosed(fmt::format("the loss {} has no rule for enclosures along a line", loss.name),
                      "one of: " + join(names));
  }
  return *rule;
}

}  // namespace
}  // namespace loss_rules

void require_enclosed(const LossRow& loss) { (void)loss_rules::rule_of(loss); }

std::unique_ptr<LossEnclosure> loss_enclosure(const LossRow& loss, const LossSetup& setup) {
  return loss_rules::rule_of(loss).make(setup);
}

}  // namespace smoothbound
