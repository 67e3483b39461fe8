#include "smoothbound/enclosure/objective_enclosure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"

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

void ObjectiveEnclosure::set_line(std::span<const double> w, std::span<const double> d,
                                  int degree) {
  is_bounded_ = false;
  line_.set_line(w, d, x_, degree);
  squares_ = {linalg::dot(w, w), linalg::dot(w, d), linalg::dot(d, d),
              euclidean_norm(w) * (1 + norm_error), euclidean_norm(d) * (1 + norm_error)};
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
  derivatives_.slope = linalg::dot(loss.gradient, first) + lambda_ * squares_.mixed;
  if (line_.degree() < 2) return;
  std::vector<double> product(count);
  loss.hessian_product(first, product);
  derivatives_.curvature = linalg::dot(first, product) + 2 * linalg::dot(loss.gradient, array(2)) +
                           lambda_ * squares_.direction;
}

bool ObjectiveEnclosure::bound(double length, EnclosureMode mode, std::uint32_t first_layer) {
  ++work_.pass_count;
  // A product with centres, in interval mode one with remainders.
  work_.passes += line_.pass_work() * (mode == EnclosureMode::interval ? 2 : 1);
  is_bounded_ = line_.bound(length, mode, first_layer);
  if (is_bounded_) loss_->take(line_);
  return is_bounded_;
}

Range ObjectiveEnclosure::at(double t) const {
  constexpr double nothing = std::numeric_limits<double>::infinity();
  if (!is_bounded_ || !(t >= 0) || t > line_.length()) return {-nothing, nothing};
  Range range = loss_->at(t);
  if (lambda_ == 0) return range;
  // Of the sums (in blocks, fewer than 10^4 roundings in all), and of w + t d when it is stored.
  const double sum = squares_.point + t * (2 * squares_.mixed + t * squares_.direction);
  const double size = squares_.point_norm + t * squares_.direction_norm;
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

std::vector<double> step_to(std::span<const double> w, std::span<const double> d, double t) {
  std::vector<double> v(w.begin(), w.end());
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double step = t * d[i];
    v[i] += step;
  }
  return v;
}

}  // namespace smoothbound
