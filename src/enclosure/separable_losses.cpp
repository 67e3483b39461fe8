// Means over all scalars of a convex function of each output: binary_logistic and huber.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "loss_parts.hpp"

namespace smoothbound::loss_rules {
namespace {

// f' = rises - falls: two numbers that are not negative, of which the first increases with the
// output, and the second decreases. Each is known up to a relative error of gamma_16.
struct Slopes {
  double rises = 0;
  double falls = 0;
  [[nodiscard]] double size() const { return std::abs(rises - falls); }
  [[nodiscard]] double sum() const { return rises + falls; }
};

// (1-y) log(1 + exp(z)) + y log(1 + exp(-z)), 0 <= y <= 1
class BinaryLogisticTerm {
 public:
  static constexpr std::string_view name = "binary_logistic";
  static constexpr double curvature = 0.25;

  explicit BinaryLogisticTerm(const LossSetup& /*setup*/) {}
  static constexpr std::string_view range = "; targets lie between 0 and 1";
  static bool takes(double target) { return 0 <= target && target <= 1; }
  static double argument(double output, double /*y*/) { return output; }
  static double value(double z, double y) {
    // A factor of 0 may meet a z whose logarithm is infinite.
    return (y < 1 ? (1 - y) * log_one_plus_exp(z) : 0) + (y > 0 ? y * log_one_plus_exp(-z) : 0);
  }
  static Slopes slopes(double z, double y) { return {(1 - y) * sigmoid(z), y * sigmoid(-z)}; }

 private:
  static double log_one_plus_exp(double z) {
    return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
  }
  static double sigmoid(double z) {
    const double e = std::exp(-std::abs(z));
    return (z < 0 ? e : 1) / (1 + e);
  }
};

// r^2/2 up to the threshold, linear beyond, r = z - y
class HuberTerm {
 public:
  static constexpr std::string_view name = "huber";
  static constexpr double curvature = 1;

  explicit HuberTerm(const LossSetup& setup) : threshold_(setup.threshold) {}
  static constexpr std::string_view range{};
  static bool takes(double target) { return std::isfinite(target); }
  static double argument(double output, double y) { return output - y; }
  [[nodiscard]] double value(double r, double /*y*/) const {
    const double size = std::min(std::abs(r), threshold_);
    return size * (std::abs(r) - size / 2);
  }
  [[nodiscard]] Slopes slopes(double r, double /*y*/) const {
    return {std::clamp(r, 0.0, threshold_), std::clamp(-r, 0.0, threshold_)};
  }

 private:
  double threshold_;
};

// By the triangle inequality for norms over the outputs of a sample, and output by output for
// intervals, whichever is better.
template <class Term>
class SeparableEnclosure final : public Outputs {
 public:
  explicit SeparableEnclosure(const LossSetup& setup)
      : Outputs(setup), term_(setup), targets_(targets_of(setup, Term::name)) {
    const auto outputs = static_cast<std::size_t>(setup.outputs);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (Term::takes(targets_[i])) continue;
      throw LossDataError(fmt::format("{}: sample {}: target {} is {}{}", Term::name, i / outputs,
                                      i % outputs, targets_[i], Term::range));
    }
  }

  void take(LineEnclosure& line) override { take_line(line); }

  [[nodiscard]] Range at(double t) const override {
    const double s = gauge(t);
    Range sum;
    double steepest = 0;   // the square of all f'
    double roundings = 0;  // what those of the network do
    for (std::int64_t n = 0; n < setup_.samples; ++n) {
      const Sample of = sample_at(n, t, s);
      const double slope = std::sqrt(of.slopes);
      const double reach = rho(n) * s + std::sqrt(of.errors);
      const double error = gamma(2 * setup_.outputs + 160);
      // What is added and taken off is a product of two norms, of so many terms each; both orders
      // keep a NaN of the first.
      const double change = slope * reach * (1 + 4 * error) * inflation;
      const double up =
          std::min(of.upper, of.centre + change + Term::curvature / 2 * reach * reach * inflation);
      const double down = std::max(of.lower, of.centre - change - 2 * error * of.centre);
      sum.lower += std::max(down, 0.0) * (1 - 2 * error);
      sum.upper += up * (1 + 2 * error);
      steepest += of.steepest;
      roundings += std::sqrt(of.steepest) * alpha(n);
    }
    const std::int64_t terms = setup_.samples * setup_.outputs;
    roundings = std::min(roundings, std::sqrt(steepest) * alpha_batch_) *
                (1 + 2 * gamma(terms + 16)) * inflation;
    const Range mean = mean_of(sum.lower, sum.upper, terms);
    return not_negative(widened(mean, roundings / static_cast<double>(terms)));
  }

 private:
  // Sums over the outputs of a sample.
  struct Sample {
    double lower = 0;     // of the least f on the intervals of E
    double upper = 0;     // of the largest
    double centre = 0;    // of f at v
    double slopes = 0;    // of f'(v)^2
    double steepest = 0;  // of f'^2 wherever E and A can lead
    double errors = 0;    // of the squares of what v is off by
  };

  [[nodiscard]] Sample sample_at(std::int64_t n, double t, double s) const {
    Sample of;
    const double alpha = std::min(this->alpha(n), alpha_batch_);
    for (std::int64_t j = 0; j < setup_.outputs; ++j) {
      const std::int64_t place = n * setup_.outputs + j;
      const double y = targets_[static_cast<std::size_t>(place)];
      const Point o = evaluate(place, t);
      const double v = term_.argument(o.value, y);
      const double error = o.error + unit_roundoff * 2 * std::abs(v);
      const double r = std::min(remainder(place), rho(n));
      const double half = (r * s + error) * inflation;
      const double low = below(v - half);
      const double high = above(v + half);
      const double value = term_.value(v, y);
      const double slope = size_of(term_.slopes(v, y));
      of.lower += least(low, high, y, value - slope * half * inflation - 0x1p-46 * value);
      of.upper += std::max(term_.value(low, y), term_.value(high, y));
      of.centre += value;
      of.slopes += slope * slope;
      // f' increases: it is largest in size at the ends.
      const double steep = std::max(term_.slopes(above(high + alpha), y).rises,
                                    term_.slopes(below(low - alpha), y).falls) *
                           inflation;
      of.steepest += steep * steep;
      of.errors += error * error;
    }
    return of;
  }

  // The least f on an interval: at an end, or in between, where it is above `tangent` and 0.
  [[nodiscard]] double least(double low, double high, double y, double tangent) const {
    constexpr double surely = 1 + 0x1p-46;
    const Slopes first = term_.slopes(low, y);
    if (first.rises >= first.falls * surely) return term_.value(low, y);
    const Slopes last = term_.slopes(high, y);
    if (last.falls >= last.rises * surely) return term_.value(high, y);
    return std::max(tangent, 0.0);
  }
  // |f'|, rounded up; what underflows is far below.
  static double size_of(const Slopes& of) {
    return (of.size() + gamma(20) * of.sum()) * inflation + 0x1p-500;
  }
  static double below(double x) { return std::nextafter(x, -HUGE_VAL); }
  static double above(double x) { return std::nextafter(x, HUGE_VAL); }

  Term term_;
  std::vector<double> targets_;
};

}  // namespace

std::unique_ptr<LossEnclosure> binary_logistic(const LossSetup& setup) {
  return std::make_unique<SeparableEnclosure<BinaryLogisticTerm>>(setup);
}
std::unique_ptr<LossEnclosure> huber(const LossSetup& setup) {
  return std::make_unique<SeparableEnclosure<HuberTerm>>(setup);
}

}  // namespace smoothbound::loss_rules
