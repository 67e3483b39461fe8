#include "smoothbound/enclosure/objective_enclosure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound {

ObjectiveEnclosure::ObjectiveEnclosure(const Graph& graph, const LossRow& loss,
                                       std::span<const double> x, std::int64_t samples,
                                       const ObjectiveOptions& options)
    : loss_row_(&loss), x_(x), lambda_(options.regularizer) {
  require_enclosed(loss);
  for (const auto& [first, count] : micro_batches(graph, samples, options.micro_batch)) {
    std::unique_ptr<Engine>& engine = engines_[count];
    if (!engine) engine = std::make_unique<Engine>(graph, count);
    parts_.push_back({engine.get(), first, count, {}});
  }
  const Shape& shape = line().network().output_shape();
  data_.samples = samples;
  data_.outputs = shape.elements();
  data_.positions = loss.classifies_positions() ? shape.positions() : 1;
  data_.label_smoothing = options.label_smoothing;
  data_.threshold = options.threshold;
}

ObjectiveEnclosure::ObjectiveEnclosure(const Graph& graph, const LossRow& loss,
                                       std::span<const double> x, std::int64_t samples,
                                       Labels labels, const ObjectiveOptions& options)
    : ObjectiveEnclosure(graph, loss, x, samples, options) {
  set_labels(std::move(labels));
}

namespace {

// Those of some of the samples.
template <class Number>
std::vector<Number> slice(const std::vector<Number>& all, std::int64_t samples, std::int64_t first,
                          std::int64_t count) {
  // Of labels that do not fit the loss says so.
  const std::int64_t each = std::ssize(all) / samples;
  if (each * samples != std::ssize(all)) return all;
  return {all.begin() + first * each, all.begin() + (first + count) * each};
}

}  // namespace

void ObjectiveEnclosure::set_labels(Labels labels) {
  current_ = nullptr;
  found_.clear();
  found_.resize(1);
  labels_ = std::move(labels);
  data_.labels = &labels_;
  for (Part& part : parts_) {
    part.labels = labels_;
    part.labels.classes = slice(labels_.classes, data_.samples, part.first, part.count);
    part.labels.targets = slice(labels_.targets, data_.samples, part.first, part.count);
  }
  found_.front().losses = losses();  // which looks at the labels
}

std::vector<std::unique_ptr<LossEnclosure>> ObjectiveEnclosure::losses() const {
  std::vector<std::unique_ptr<LossEnclosure>> of_parts;
  for (const Part& part : parts_) {
    of_parts.push_back(
        loss_enclosure(*loss_row_, {part.count, data_.outputs, data_.positions, &part.labels,
                                    data_.label_smoothing, data_.threshold}));
  }
  return of_parts;
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
  current_ = nullptr;
  foreseen_.clear();
  w_ = w;
  d_ = take_exponent(d);
  degree_ = degree;
  goes_back_ = false;
  squares_ = {linalg::dot(w_, w_), linalg::dot(w_, d_), linalg::dot(d_, d_),
              euclidean_norm(w_) * (1 + norm_error), euclidean_norm(d_) * (1 + norm_error)};
  work_.gradient = pass_work_ = 0;
  for (const auto& [size, engine] : engines_) engine->holds = nullptr;
  for (const Part& part : parts_) {
    take_coefficients(part);
    take_outputs(part);
    work_.gradient += part.engine->line.gradient_work();
    pass_work_ += 2 * part.engine->line.pass_work();
  }
  // The last ones are kept: what follows begins with them.
  goes_back_ = true;
  differentiate();
}

// The engine's first ones since `set_line` are of a new line, the next of other samples on it.
void ObjectiveEnclosure::take_coefficients(const Part& part) {
  Engine& engine = *part.engine;
  if (engine.holds == &part) return;
  const auto size = static_cast<std::int64_t>(x_.size()) / data_.samples;
  const std::span<const double> x = x_.subspan(static_cast<std::size_t>(part.first * size),
                                               static_cast<std::size_t>(part.count * size));
  if (engine.holds == nullptr) {
    engine.line.set_line(w_, d_, x, degree_);
  } else {
    engine.line.set_samples(x);
  }
  engine.holds = &part;
  work_.coefficients += engine.line.coefficient_work();
}

void ObjectiveEnclosure::take_outputs(const Part& part) {
  const Coefficients& p = part.engine->line.output_coefficients();
  for (std::size_t j = 0; j < outputs_.size(); ++j) {
    outputs_[j].resize(static_cast<std::size_t>(data_.samples * data_.outputs));
    double* const to = outputs_[j].data() + part.first * data_.outputs;
    const std::int64_t count = part.count * data_.outputs;
    if (p[j] == nullptr) {
      std::fill_n(to, count, 0.0);
    } else {
      std::copy_n(p[j], count, to);
    }
  }
}

void ObjectiveEnclosure::differentiate() {
  data_.predictions = outputs_[0];
  const LossEvaluation loss = evaluate_loss(*loss_row_, data_);
  data_.predictions = {};
  const std::vector<double>& first = outputs_[1];
  derivatives_.value = loss.value + lambda_ / 2 * squares_.point;
  derivatives_.slope =
      std::ldexp(linalg::dot(loss.gradient, first) + lambda_ * squares_.mixed, exponent_);
  if (degree_ < 2) return;
  std::vector<double> product(first.size());
  loss.hessian_product(first, product);
  derivatives_.curvature = linalg::dot(first, product) +
                           2 * linalg::dot(loss.gradient, outputs_[2]) +
                           lambda_ * squares_.direction;
  derivatives_.curvature = std::ldexp(derivatives_.curvature, 2 * exponent_);
}

bool ObjectiveEnclosure::is_known(const EnclosurePass& pass) {
  if (current_ == nullptr) return false;
  const auto known = std::ranges::find(found_, pass, &Found::pass);
  if (known == found_.end()) return false;
  current_ = &*known;
  return true;
}

bool ObjectiveEnclosure::bound(double length, EnclosureMode mode, std::uint32_t first_layer) {
  const auto scaled = [&](EnclosurePass pass) {
    pass.length = std::ldexp(pass.length, exponent_);
    return pass;
  };
  const EnclosurePass asked = scaled({length, mode, first_layer});
  if (is_known(asked)) return current_->is_bounded;
  std::vector<EnclosurePass> passes{asked};
  for (const EnclosurePass& each : std::exchange(foreseen_, {})) {
    if (!has_micro_batches()) break;
    if (std::ranges::find(passes, scaled(each)) == passes.end()) passes.push_back(scaled(each));
  }
  found_.resize(passes.size());
  for (std::size_t i = 0; i < passes.size(); ++i) {
    if (found_[i].losses.empty()) found_[i].losses = losses();
    found_[i].pass = passes[i];
  }
  sweep();
  current_ = &found_.front();
  return current_->is_bounded;
}

void ObjectiveEnclosure::sweep() {
  for (Found& found : found_) {
    found.is_bounded = true;
    found.order = degree_ + 1;
    found.alphas = 0;
    ++work_.pass_count;
    // A product with centres and one with remainders.
    if (found.pass.mode == EnclosureMode::interval) work_.passes += pass_work_;
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::size_t part = goes_back_ ? parts_.size() - 1 - i : i;
    take_coefficients(parts_[part]);
    for (Found& found : found_) bound_part(part, found);
  }
  goes_back_ = !goes_back_;
}

void ObjectiveEnclosure::bound_part(std::size_t part, Found& found) {
  if (!found.is_bounded) return;
  LineEnclosure& line = parts_[part].engine->line;
  const EnclosurePass& pass = found.pass;
  found.is_bounded = line.bound(pass.length, pass.mode, pass.first_layer);
  found.failed_layer = line.failed_layer();
  found.order = std::min(found.order, line.order());
  if (!found.is_bounded) return;
  found.losses[part]->take(line);
  const Enclosed& out = line.output();
  for (std::int64_t n = 0; n < parts_[part].count; ++n) found.alphas += out.alpha[n];
}

double ObjectiveEnclosure::length() const {
  return current_ == nullptr ? 0 : std::ldexp(current_->pass.length, -exponent_);
}

// Of the parts' means by their numbers of samples, rounded outwards.
Range ObjectiveEnclosure::mean_at(double s) const {
  if (!has_micro_batches()) return current_->losses.front()->at(s);
  Range sum;
  double sizes = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Range of_part = current_->losses[i]->at(s);
    const auto count = static_cast<double>(parts_[i].count);
    sum.lower += count * of_part.lower;
    sum.upper += count * of_part.upper;
    sizes += count * (std::abs(of_part.lower) + std::abs(of_part.upper));
  }
  const auto samples = static_cast<double>(data_.samples);
  const double slack =
      sizes / samples * static_cast<double>(parts_.size() + 8) * 0x1p-52 + 0x1p-1000;
  return {sum.lower / samples - slack, sum.upper / samples + slack};
}

Range ObjectiveEnclosure::at(double t) const {
  constexpr double nothing = std::numeric_limits<double>::infinity();
  const double s = std::ldexp(t, exponent_);
  if (std::ldexp(s, -exponent_) != t) return {-nothing, nothing};
  if (current_ == nullptr || !current_->is_bounded) return {-nothing, nothing};
  if (!(s >= 0) || s > current_->pass.length) return {-nothing, nothing};
  Range range = mean_at(s);
  if (lambda_ == 0) return range;
  // Of the sums (in blocks, fewer than 10^4 roundings in all), and of w + t d when it is stored.
  const double sum = squares_.point + s * (2 * squares_.mixed + s * squares_.direction);
  const double size = squares_.point_norm + s * squares_.direction_norm;
  const double value = lambda_ / 2 * sum;
  const double error = lambda_ * size * size * line().sum_error();
  const double slack = error +
                       0x1p-50 * (std::abs(range.upper) + std::abs(range.lower) + std::abs(value)) +
                       0x1p-1000;
  return {range.lower + value - slack, range.upper + value + slack};
}

double ObjectiveEnclosure::rounding() const {
  return current_ == nullptr ? 0 : current_->alphas / static_cast<double>(data_.samples);
}

namespace {

// What is kept of each output: three coefficients, what its loss does, and what each pass finds.
std::int64_t bytes_of_outputs(const Graph& graph, std::int64_t samples) {
  constexpr std::int64_t passes = most_foreseen + 1;
  constexpr std::int64_t each = 3 + 5 + passes * (most_degree + 4);
  return samples * (graph.input.elements() + graph.output_shape().elements() * each) *
         static_cast<std::int64_t>(sizeof(double));
}

}  // namespace

std::int64_t bytes_of_objective_enclosure(const Graph& graph, std::int64_t samples,
                                          std::int64_t micro_batch, int degree) {
  const std::int64_t size = size_of_micro_batches(samples, micro_batch);
  std::int64_t bytes = bytes_of_enclosure(graph, size, degree);
  if (size == samples) return bytes;
  const std::int64_t rest = samples % size;
  if (rest > 0) bytes += bytes_of_enclosure(graph, rest, degree);
  return bytes + bytes_of_outputs(graph, samples);
}

std::int64_t micro_batch_of_enclosure(const Graph& graph, std::int64_t samples, int degree,
                                      std::int64_t memory) {
  const auto bytes = [&](std::int64_t size) {
    return bytes_of_objective_enclosure(graph, samples, size, degree);
  };
  const std::int64_t of_all = bytes(samples);
  if (of_all <= memory) return 0;
  if (graph.couples_samples) throw MemoryShortage(of_all, memory, samples, true);
  std::int64_t fits = 1;
  if (const std::int64_t least = bytes(fits); least > memory) {
    // What is kept of each pass may be more than few samples spare.
    throw MemoryShortage(std::min(least, of_all), memory, samples);
  }
  for (std::int64_t too_large = samples; too_large - fits > 1;) {
    const std::int64_t middle = fits + (too_large - fits) / 2;
    (bytes(middle) <= memory ? fits : too_large) = middle;
  }
  return fits;
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
