#include "smoothbound/runtime/objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "array.hpp"

namespace smoothbound {
namespace {

template <class To, class From>
void convert(std::span<const From> from, std::vector<To>& to) {
  to.resize(from.size());
  std::transform(from.begin(), from.end(), to.begin(), [](From v) { return static_cast<To>(v); });
}

}  // namespace

std::int64_t size_of_micro_batches(std::int64_t samples, std::int64_t limit) {
  if (limit <= 0 || limit >= samples) return samples;
  for (std::int64_t size = limit; size > limit / 2; --size) {
    if (samples % size == 0) return size;
  }
  return limit;
}

std::vector<MicroBatch> micro_batches(const Graph& graph, std::int64_t samples,
                                      std::int64_t limit) {
  const std::int64_t size = size_of_micro_batches(samples, limit);
  if (size < samples && graph.couples_samples) {
    throw std::invalid_argument("the network couples the samples of a batch: no micro-batches");
  }
  std::vector<MicroBatch> all;
  for (std::int64_t first = 0; first < samples; first += size) {
    all.push_back({first, std::min(size, samples - first)});
  }
  return all;
}

template <class Scalar>
Objective<Scalar>::Objective(const Graph& graph, const LossRow& loss, std::span<const Scalar> x,
                             std::int64_t samples, Labels labels, const ObjectiveOptions& options)
    : loss_row_(&loss), x_(x), samples_(samples), labels_(std::move(labels)), options_(options) {
  if (samples < 1) throw std::invalid_argument("an objective needs a sample");
  if (static_cast<std::int64_t>(x.size()) != samples * graph.input.elements()) {
    throw std::invalid_argument(fmt::format("{} samples of {} have {} entries, not {}", samples,
                                            graph.input.to_text(), samples * graph.input.elements(),
                                            x.size()));
  }
  for (const auto& [first, count] : micro_batches(graph, samples, options.micro_batch)) {
    std::unique_ptr<Engine>& engine = engines_[count];
    if (!engine) engine = std::make_unique<Engine>(graph, count);
    parts_.push_back({engine.get(), first, count});
  }
  outputs_ = parts_.front().engine->network.output_shape().elements();
  positions_ = parts_.front().engine->network.output_shape().positions();
  predictions_.resize(static_cast<std::size_t>(samples * outputs_));
  prediction_dots_.resize(predictions_.size());
  cotangents_.resize(predictions_.size());
}

template <class Scalar>
const ParameterLayout& Objective<Scalar>::parameter_layout() const {
  return parts_.front().engine->network.parameter_layout();
}

template <class Scalar>
void Objective<Scalar>::set_point(std::span<const Scalar> w) {
  if (w.size() != point().size()) {
    throw std::invalid_argument(
        fmt::format("the network has {} parameters, not {}", point().size(), w.size()));
  }
  set_point([&](std::span<Scalar> to) {
    copy(w.data(), static_cast<std::int64_t>(w.size()), to.data());
  });
}

template <class Scalar>
void Objective<Scalar>::set_point(const std::function<void(std::span<Scalar>)>& write) {
  for (auto& [count, engine] : engines_) {
    write(engine->network.parameters());
    engine->network.update_parameters();
  }
  executed_ = nullptr;
  predicted_ = false;
  evaluated_ = false;
}

template <class Scalar>
void Objective<Scalar>::replace_samples(Labels labels) {
  labels_ = std::move(labels);
  evaluation_.warm_start.clear();
  executed_ = nullptr;
  predicted_ = false;
  evaluated_ = false;
}

template <class Scalar>
std::span<const Scalar> Objective<Scalar>::point() const {
  return std::as_const(parts_.front().engine->network).parameters();
}

template <class Scalar>
template <class Number>
std::span<Number> Objective<Scalar>::slice(std::span<Number> all, const Part& part) const {
  return all.subspan(static_cast<std::size_t>(part.first * outputs_),
                     static_cast<std::size_t>(part.count * outputs_));
}

template <class Scalar>
void Objective<Scalar>::execute(const Part& part) {
  if (executed_ == &part) return;
  const std::int64_t size = part.engine->network.input_elements() / part.count;
  forward<Scalar>(x_.subspan(static_cast<std::size_t>(part.first * size),
                             static_cast<std::size_t>(part.count * size)),
                  part.engine->trajectory);
  executed_ = &part;
  const std::span<const Scalar> output = part.engine->trajectory.output();
  std::copy(output.begin(), output.end(), slice(std::span(predictions_), part).begin());
}

template <class Scalar>
void Objective<Scalar>::predict() {
  if (predicted_) return;
  for (const auto& [count, engine] : engines_) engine->trajectory.set_observer(observer_);
  for (const Part& part : parts_) execute(part);
  for (const auto& [count, engine] : engines_) engine->trajectory.set_observer(nullptr);
  predicted_ = true;
}

template <class Scalar>
const std::vector<double>& Objective<Scalar>::predictions() {
  predict();
  return predictions_;
}

template <class Scalar>
const LossEvaluation& Objective<Scalar>::loss() {
  if (evaluated_) return evaluation_;
  predict();
  std::vector<double> warm_start = std::move(evaluation_.warm_start);
  if (!options_.warm_start) warm_start.clear();
  evaluation_ = evaluate_loss(*loss_row_, {.samples = samples_,
                                           .outputs = outputs_,
                                           .positions = positions_,
                                           .predictions = predictions_,
                                           .labels = &labels_,
                                           .clusters = options_.clusters,
                                           .label_smoothing = options_.label_smoothing,
                                           .threshold = options_.threshold,
                                           .warm_start = warm_start,
                                           .solver = {}});
  evaluated_ = true;
  return evaluation_;
}

template <class Scalar>
double Objective<Scalar>::value() {
  double value = loss().value;
  if (options_.regularizer != 0) {
    double square = 0;
    for (const Scalar entry : point()) square += static_cast<double>(entry) * entry;
    value += options_.regularizer / 2 * square;
  }
  return value;
}

template <class Scalar>
void Objective<Scalar>::regularize(std::span<const Scalar> along, std::span<Scalar> result) const {
  if (options_.regularizer == 0) return;
  add_scaled(static_cast<Scalar>(options_.regularizer), along.data(),
             static_cast<std::int64_t>(along.size()), result.data());
}

template <class Scalar>
double Objective<Scalar>::gradient(std::span<Scalar> gradient) {
  const double value = this->value();
  pull_back(evaluation_.gradient, gradient);
  regularize(point(), gradient);
  return value;
}

template <class Scalar>
void Objective<Scalar>::pull_back(std::span<const double> mu, std::span<Scalar> gradient) {
  ++oracle_calls_;
  bool first = true;
  for (const Part& part : parts_) {
    execute(part);
    convert<Scalar, double>(slice(mu, part), narrow_);
    if (first) {
      smoothbound::vjp<Scalar>(part.engine->trajectory, narrow_, gradient);
    } else {
      share_.resize(gradient.size());
      smoothbound::vjp<Scalar>(part.engine->trajectory, narrow_, share_);
      add_scaled(Scalar{1}, share_.data(), static_cast<std::int64_t>(share_.size()),
                 gradient.data());
    }
    first = false;
  }
}

template <class Scalar>
void Objective<Scalar>::push_predictions(std::span<const Scalar> w_dot) {
  ++oracle_calls_;
  for (const Part& part : parts_) {
    execute(part);
    narrow_.resize(static_cast<std::size_t>(part.count * outputs_));
    smoothbound::jvp<Scalar>(part.engine->trajectory, w_dot, {}, narrow_);
    std::copy(narrow_.begin(), narrow_.end(), slice(std::span(prediction_dots_), part).begin());
  }
}

template <class Scalar>
void Objective<Scalar>::jvp(std::span<const Scalar> w_dot, std::span<double> y_dot) {
  push_predictions(w_dot);
  std::ranges::copy(prediction_dots_, y_dot.begin());
}

template <class Scalar>
void Objective<Scalar>::vjp(std::span<const double> mu, std::span<Scalar> w_bar) {
  pull_back(mu, w_bar);
}

template <class Scalar>
void Objective<Scalar>::gauss_newton_product(std::span<const Scalar> w_dot,
                                             std::span<Scalar> product) {
  loss();
  push_predictions(w_dot);
  evaluation_.hessian_product(prediction_dots_, cotangents_);
  pull_back(cotangents_, product);
  regularize(w_dot, product);
}

template <class Scalar>
void Objective<Scalar>::hessian_product(std::span<const Scalar> w_dot, std::span<Scalar> product) {
  loss();
  if (parts_.size() == 1) {
    oracle_calls_ += 2;
    const Part& part = parts_.front();
    execute(part);
    convert<Scalar, double>(slice(std::span(evaluation_.gradient), part), narrow_);
    hvp<Scalar>(part.engine->trajectory, narrow_, w_dot, product,
                [&](std::span<const Scalar> y_dot, std::span<Scalar> mu_dot) {
                  std::copy(y_dot.begin(), y_dot.end(), prediction_dots_.begin());
                  evaluation_.hessian_product(prediction_dots_, cotangents_);
                  std::transform(cotangents_.begin(), cotangents_.end(), mu_dot.begin(),
                                 [](double v) { return static_cast<Scalar>(v); });
                });
    regularize(w_dot, product);
    return;
  }
  // The loss's Hessian may couple all samples: their tangents are needed before the way back.
  push_predictions(w_dot);
  evaluation_.hessian_product(prediction_dots_, cotangents_);
  ++oracle_calls_;
  fill(product.data(), static_cast<std::int64_t>(product.size()), Scalar{0});
  share_.resize(product.size());
  for (const Part& part : parts_) {
    execute(part);
    convert<Scalar, double>(slice(std::span(evaluation_.gradient), part), narrow_);
    convert<Scalar, double>(slice(std::span(cotangents_), part), narrow_dot_);
    hvp<Scalar>(part.engine->trajectory, narrow_, w_dot, share_,
                [&](std::span<const Scalar> /*y_dot*/, std::span<Scalar> mu_dot) {
                  std::copy(narrow_dot_.begin(), narrow_dot_.end(), mu_dot.begin());
                });
    add_scaled(Scalar{1}, share_.data(), static_cast<std::int64_t>(share_.size()), product.data());
  }
  regularize(w_dot, product);
}

template class Objective<float>;
template class Objective<double>;

}  // namespace smoothbound
