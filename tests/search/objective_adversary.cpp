#include "search/objective_adversary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace smoothbound::search {
namespace {

// b += factor * a
void add_multiple(double factor, const Numbers& a, Numbers& b) {
  for (std::size_t i = 0; i < b.size(); ++i) b[i] += factor * a[i];
}

}  // namespace

ObjectiveAdversary::ObjectiveAdversary(const support::Network& network, const Region& region,
                                       Network<double>& run, std::uint64_t seed)
    : network_(&network),
      region_(&region),
      run_(&run),
      trajectory_(run),
      random_(seed),
      regularizer_(network.settings.regularizer.lower.to_double()) {}

ObjectiveFindings ObjectiveAdversary::search(const Effort& effort) {
  for (int start = 0; start < effort.starts; ++start) {
    for (const int order : {1, 2}) {
      draw_labels();
      ascend_or_stop(order, effort);
    }
  }
  return found_;
}

void ObjectiveAdversary::search_on(const Effort& effort) {
  for (int start = 0; start < effort.starts; ++start) {
    for (const int order : {1, 2}) ascend_or_stop(order, effort);
  }
}

// A loss whose inner problem resists says nothing of what was not met before.
void ObjectiveAdversary::ascend_or_stop(int order, const Effort& effort) {
  try {
    ascend(order, effort);
  } catch (const NotConverged&) {
    ++unsolved_;
  }
}

LossEvaluation ObjectiveAdversary::look(const SearchPoint& point) {
  draw_labels();
  return evaluate_at(point);
}

// Classes, or targets at the border of their ball.
void ObjectiveAdversary::draw_labels() {
  const Shape& output = run_->output_shape();
  const auto samples = static_cast<std::size_t>(run_->batch());
  const auto elements = static_cast<std::size_t>(output.elements());
  labels_ = {};
  if (network_->settings.loss->labels == LabelKind::classes) {
    labels_.classes.resize(samples * static_cast<std::size_t>(output.positions()));
    const bool equal = random_() % 2 == 0;
    for (std::int64_t& label : labels_.classes) {
      label = equal ? 0
                    : static_cast<std::int64_t>(random_() %
                                                static_cast<std::uint64_t>(output.channels()));
    }
  }
  if (network_->settings.loss->labels != LabelKind::classes_or_targets) return;
  labels_.targets.resize(samples * elements);
  const bool is_binary = network_->settings.loss->term == TermOf::scalar &&
                         !network_->settings.loss->takes(label_radius_setting);
  const bool positive = random_() % 2 == 0;
  std::normal_distribution<double> normal;
  for (double& target : labels_.targets) {
    target = is_binary ? static_cast<double>(random_() % 2) : positive ? -1 : normal(random_);
  }
  if (is_binary) return;
  for (std::size_t n = 0; n < samples; ++n) {
    set_norm(std::span(labels_.targets).subspan(n * elements, elements),
             network_->settings.label_radius.lower.to_double());
  }
}

LossEvaluation ObjectiveAdversary::evaluate_at(const SearchPoint& point) {
  run_->set_parameters(point.w);
  forward<double>(point.x, trajectory_);
  LossData data;
  data.samples = run_->batch();
  data.outputs = run_->output_shape().elements();
  data.positions = run_->output_shape().positions();
  data.predictions = trajectory_.output();
  data.labels = &labels_;
  data.label_smoothing = network_->settings.label_smoothing.nearest;
  data.threshold = network_->settings.threshold.nearest;
  return evaluate_loss(*network_->settings.loss, data);
}

SearchPoint ObjectiveAdversary::gradient_at(const SearchPoint& point, const LossEvaluation& loss) {
  SearchPoint gradient{Numbers(point.w.size()), Numbers(point.x.size())};
  vjp<double>(trajectory_, loss.gradient, gradient.w, gradient.x);
  add_multiple(regularizer_, point.w, gradient.w);
  return gradient;
}

// ||F'||, or |d^T F'' d| of the best d that power steps find. `direction_` becomes the direction,
// of the sign of the value in the first case.
double ObjectiveAdversary::value_at(int order, const SearchPoint& point, int power_steps) {
  const LossEvaluation loss = evaluate_at(point);
  if (order == 1) {
    direction_ = gradient_at(point, loss).w;
    const double value = norm_of(direction_);
    if (exceeds(value, found_.gradient)) found_.gradient = value;
    set_norm(direction_, 1);
    return value;
  }
  Numbers next = direction_;
  double best = -1;
  for (int step = 0; step <= power_steps; ++step) {
    if (!set_norm(next, 1)) break;
    Numbers product(next.size());
    hvp<double>(trajectory_, loss.gradient, next, product,
                [&](std::span<const double> y_dot, std::span<double> mu_dot) {
                  loss.hessian_product(y_dot, mu_dot);
                });
    add_multiple(regularizer_, next, product);
    const double form = std::inner_product(next.begin(), next.end(), product.begin(), 0.0);
    if (exceeds(std::abs(form), best)) {
      best = std::abs(form);
      direction_ = next;
    }
    const double shift = std::copysign(norm_of(product) / 2, form);
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = shift * next[i] + product[i];
  }
  if (exceeds(best, found_.curvature)) found_.curvature = best;
  return std::max(best, 0.0);
}

// But for a positive factor, by differences along `direction_`.
SearchPoint ObjectiveAdversary::slope_of_value(int order, const SearchPoint& point) {
  constexpr double step = 1e-4;
  const auto gradient = [&](double shift) {
    SearchPoint there = point;
    add_multiple(shift, direction_, there.w);
    return gradient_at(there, evaluate_at(there));
  };
  SearchPoint sum = gradient(step);
  const auto add = [&](double factor, const SearchPoint& other) {
    add_multiple(factor, other.w, sum.w);
    add_multiple(factor, other.x, sum.x);
  };
  add(order == 2 ? 1 : -1, gradient(-step));
  if (order == 1) return sum;
  const SearchPoint here = gradient(0);
  add(-2, here);
  // d^T F'' d by the same differences, whose sign counts.
  SearchPoint ahead = gradient(step);
  add_multiple(-1, here.w, ahead.w);
  const double form = std::inner_product(ahead.w.begin(), ahead.w.end(), direction_.begin(), 0.0);
  if (form < 0) {
    for (double& entry : sum.w) entry = -entry;
    for (double& entry : sum.x) entry = -entry;
  }
  return sum;
}

void ObjectiveAdversary::ascend(int order, const Effort& effort) {
  const auto start = static_cast<Region::Start>(random_() % Region::starts);
  SearchPoint at = region_->draw(start, random_);
  if (at.w.empty()) return;
  std::normal_distribution<double> normal;
  direction_.resize(at.w.size());
  for (double& entry : direction_) entry = normal(random_);
  double value = value_at(order, at, effort.power_steps);
  double share = 1;
  for (int i = 0; i < effort.ascents && value > 0; ++i) {
    const Numbers direction = direction_;
    SearchPoint next = region_->moved(at, slope_of_value(order, at), share);
    const double reached = value_at(order, next, effort.power_steps);
    if (reached > value) {
      value = reached;
      at = std::move(next);
      share *= 1.5;
    } else {
      share /= 4;
      direction_ = direction;
    }
  }
}

}  // namespace smoothbound::search
