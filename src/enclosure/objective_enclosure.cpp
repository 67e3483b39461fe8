#include "smoothbound/enclosure/objective_enclosure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound {

ObjectiveEnclosure::ObjectiveEnclosure(const Graph& graph, const LossRow& loss,
                                       std::span<const double> x, std::int64_t samples,
                                       const ObjectiveOptions& options)
    : line_(graph, samples), loss_row_(&loss), x_(x), lambda_(options.regularizer) {
  require_enclosed(loss);
  data_.samples = samples;
  data_.outputs = line_.network().output_shape().elements();
  data_.positions = loss.classifies_positions() ? line_.network().output_shape().positions() : 1;
  data_.label_smoothing = options.label_smoothing;
  data_.threshold = options.threshold;
}

ObjectiveEnclosure::ObjectiveEnclosure(const Graph& graph, const LossRow& loss,
                                       std::span<const double> x, std::int64_t samples,
                                       Labels labels, const ObjectiveOptions& options)
    : ObjectiveEnclosure(graph, loss, x, samples, options) {
  set_labels(std::move(labels));
}

void ObjectiveEnclosure::set_labels(Labels labels) {
  is_bounded_ = false;
  labels_ = std::move(labels);
  data_.labels = &labels_;
  loss_ = loss_enclosure(*loss_row_, {data_.samples, data_.outputs, data_.positions, &labels_,
                                      data_.label_smoothing, data_.threshold});
}

// d times a power of two that makes it neither very short nor very long, if that is exact.
std::span<const double> ObjectiveEnclosure::take_exponent(std::span<const double> d) {
  constexpr int usual = 30;
  double largest = 0;
  for (const double each : d) largest = std::max(largest, std::abs(each));
  exponent_ = 0;
  if (!(largest > 0) || !std::isfinite(largest)) return d;
  const int exponent = std::ilogb(largest);
  if (std::abs(exponent) <= usual) return d;
  scaled_.resize(d.size());
  for (std::size_t i = 0; i < d.size(); ++i) {
    scaled_[i] = std::ldexp(d[i], -exponent);
    if (std::ldexp(scaled_[i], exponent) != d[i]) return d;
  }
  exponent_ = exponent;
  return scaled_;
}

void ObjectiveEnclosure::set_line(std::span<const double> w, std::span<const double> d,
                                  int degree) {
  is_bounded_ = false;
  const std::span<const double> scaled = take_exponent(d);
  line_.set_line(w, scaled, x_, degree);
  squares_ = {linalg::dot(w, w), linalg::dot(w, scaled), linalg::dot(scaled, scaled),
              euclidean_norm(w) * (1 + norm_error), euclidean_norm(scaled) * (1 + norm_error)};
  work_.gradient = line_.gradient_work();
  work_.coefficients += line_.coefficient_work();
  differentiate();
}

void ObjectiveEnclosure::differentiate() {
  const Coefficients& p = line_.output_coefficients();
  const auto count = static_cast<std::size_t>(data_.samples * data_.outputs);
  const auto array = [&](std::size_t j) {
    return p[j] == nullptr ? std::vector<double>(count) : std::vector<double>(p[j], p[j] + count);
  };
  const std::vector<double> predictions = array(0);
  data_.predictions = predictions;
  const LossEvaluation loss = evaluate_loss(*loss_row_, data_);
  data_.predictions = {};
  const std::vector<double> first = array(1);
  derivatives_.value = loss.value + lambda_ / 2 * squares_.point;
  derivatives_.slope =
      std::ldexp(linalg::dot(loss.gradient, first) + lambda_ * squares_.mixed, exponent_);
  if (line_.degree() < 2) return;
  std::vector<double> product(count);
  loss.hessian_product(first, product);
  derivatives_.curvature = linalg::dot(first, product) + 2 * linalg::dot(loss.gradient, array(2)) +
                           lambda_ * squares_.direction;
  derivatives_.curvature = std::ldexp(derivatives_.curvature, 2 * exponent_);
}

bool ObjectiveEnclosure::bound(double length, EnclosureMode mode, std::uint32_t first_layer) {
  const double scaled = std::ldexp(length, exponent_);
  if (is_bounded_ && line_.length() == scaled && mode_ == mode && first_layer_ == first_layer) {
    return true;
  }
  mode_ = mode;
  first_layer_ = first_layer;
  ++work_.pass_count;
  // A product with centres and one with remainders.
  if (mode == EnclosureMode::interval) work_.passes += 2 * line_.pass_work();
  is_bounded_ = line_.bound(scaled, mode, first_layer);
  if (is_bounded_) loss_->take(line_);
  return is_bounded_;
}

Range ObjectiveEnclosure::at(double t) const {
  constexpr double nothing = std::numeric_limits<double>::infinity();
  const double s = std::ldexp(t, exponent_);
  if (std::ldexp(s, -exponent_) != t) return {-nothing, nothing};
  if (!is_bounded_ || !(s >= 0) || s > line_.length()) return {-nothing, nothing};
  Range range = loss_->at(s);
  if (lambda_ == 0) return range;
  // Of the sums (in blocks, fewer than 10^4 roundings in all), and of w + t d when it is stored.
  const double sum = squares_.point + s * (2 * squares_.mixed + s * squares_.direction);
  const double size = squares_.point_norm + s * squares_.direction_norm;
  const double value = lambda_ / 2 * sum;
  const double error = lambda_ * size * size * line_.sum_error();
  const double slack = error +
                       0x1p-50 * (std::abs(range.upper) + std::abs(range.lower) + std::abs(value)) +
                       0x1p-1000;
  return {range.lower + value - slack, range.upper + value + slack};
}

double ObjectiveEnclosure::rounding() const {
  const Enclosed& out = line_.output();
  double sum = 0;
  for (std::int64_t n = 0; n < data_.samples; ++n) sum += out.alpha[n];
  return sum / static_cast<double>(data_.samples);
}

void step_to(std::span<const double> w, std::span<const double> d, double t, std::span<double> v) {
  constexpr std::int64_t grain = 1 << 14;
  parallel_for(
      static_cast<std::int64_t>(v.size()), grain, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          const double step = t * d[i];
          v[i] = w[i] + step;
        }
      });
}

std::vector<double> step_to(std::span<const double> w, std::span<const double> d, double t) {
  std::vector<double> v(w.size());
  step_to(w, d, t, v);
  return v;
}

}  // namespace smoothbound
