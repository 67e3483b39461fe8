#include "smoothbound/enclosure/around.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "smoothbound/data/random.hpp"
#include "smoothbound/enclosure/certify.hpp"
#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/enclosure/objective_enclosure.hpp"
#include "smoothbound/graph/prefix.hpp"
#include "smoothbound/runtime/adapt_statistics.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/runtime/operator_norm.hpp"
#include "smoothbound/runtime/point.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

using Numbers = std::span<const double>;

constexpr int degree = 1;  // of the line that stands still

Magnitude above(double value) {
  return std::isfinite(value) ? Magnitude::from_double(value) : Magnitude::infinity();
}

class Around {
 public:
  Around(AroundRequest& request, const AroundProgress& progress)
      : request_(request),
        progress_(progress),
        methods_(std::exchange(request.options.methods, {})) {
    request.options.adapt = statistics_of_files(request.parameters);
  }

  AroundReport run() {
    load_samples();
    load_parameters();
    point_ = point_bounds(graph(), layout_, w_);
    if (request_.samples) enclose_values();
    if (request_.takes_columns) take_columns();
    for (const Method method : methods_) result_.results.push_back(bound(method));
    result_.radius = request_.radius;
    result_.parameters = request_.parameters;
    result_.blocks = point_.blocks;
    result_.norms = point_.batch.layer_norms;
    if (request_.measures) measure_layers();
    return std::move(result_);
  }

 private:
  [[nodiscard]] const Graph& graph() const { return result_.bounds.graph; }
  [[nodiscard]] const ResolvedSettings& settings() const { return result_.bounds.settings; }
  [[nodiscard]] std::int64_t batch() const { return settings().batch; }
  // Of the samples, where the loss can be evaluated.
  [[nodiscard]] bool knows_objective() const {
    return request_.samples && settings().loss != nullptr &&
           (settings().loss->labels == LabelKind::none || !labels_.classes.empty() ||
            !labels_.targets.empty());
  }

  void load_samples();
  void bound_labels();
  void load_parameters();
  [[nodiscard]] std::int64_t fitting_micro_batch() const;
  void enclose_values();
  bool enclose_values(LineEnclosure& line, const MicroBatch& part, Numbers x);
  void bound_loss_gradient();
  void bound_term(std::size_t sample, Numbers predictions, Numbers gradient,
                  const Magnitude& apart);
  // Whether F is a mean over samples that do not see each other.
  [[nodiscard]] bool is_mean() const {
    return knows_objective() && settings().loss->is_mean() && !graph().couples_samples;
  }
  void take_columns();
  AroundResult bound(Method method);
  void measure_layers();
  [[nodiscard]] Objective<double> objective() const;
  void measure_objective();

  AroundRequest& request_;
  const AroundProgress& progress_;
  std::vector<Method> methods_;
  AroundReport result_;
  PointBounds point_;
  ParameterLayout layout_;
  std::vector<double> w_;
  std::vector<double> x_;
  std::vector<Magnitude> norms_;  // of the samples; of ids 0
  Labels labels_;
  std::vector<ValuesAtPoint> samples_;  // each alone; or empty
  std::int64_t micro_batch_ = 0;        // samples that values are known of at once
  std::vector<double> outputs_;         // of the network, as enclosed, and
  std::vector<Magnitude> alphas_;       // how far they may be off, of each sample
};

void Around::load_samples() {
  result_.bounds = make_report(request_.source, request_.options, request_.limits);
  if (request_.takes_columns && settings().loss == nullptr) throw NothingToCertify();
  if (!request_.samples) return;
  Samples& samples = *request_.samples;
  const Report& report = result_.bounds;
  samples.fit(report);
  if (request_.takes_columns) samples.require_labels(report);
  samples.generate(report);
  micro_batch_ = fitting_micro_batch();
  const std::int64_t size = graph().input.elements();
  x_.resize(static_cast<std::size_t>(batch() * size));
  const Preparation preparation = smoothbound::load_samples(
      samples.dataset(), 0, samples.preparation(report), std::span<double>(x_));
  labels_ = samples.labels(report);
  result_.data = samples.origin(report, preparation);
  bound_labels();
  norms_.resize(static_cast<std::size_t>(batch()));
  double largest = 0;
  for (std::size_t i = 0; i < norms_.size() && !graph().input_ids; ++i) {
    const auto each = static_cast<std::size_t>(size);
    const double norm = euclidean_norm(Numbers(x_).subspan(i * each, each));
    norms_[i] = std::isfinite(norm) ? measured(norm).upper : Magnitude::infinity();
    largest = std::max(largest, norm);
  }
  // The bounds for the samples as they are.
  if (!graph().input_ids) {
    // Rounding must not make one of them longer than all.
    const double all = std::max(euclidean_norm(Numbers(x_)), largest);
    if (!std::isfinite(all)) {
      throw DataError(samples.dataset().name, "the norm of all samples together is not finite",
                      "divide the samples, or take fewer");
    }
    request_.options.overrides.input_norm = measured(all);
    request_.options.overrides.sample_norm = measured(largest);
  }
  result_.bounds = make_report(request_.source, request_.options, request_.limits);
}

// The labels that there are, in place of the radius that the architecture says.
void Around::bound_labels() {
  if (!knows_objective() || !settings().loss->takes(label_radius_setting)) return;
  double largest = labels_.classes.empty() ? 0 : 1;  // unit vectors
  if (!labels_.targets.empty()) {
    const std::size_t each = labels_.targets.size() / static_cast<std::size_t>(batch());
    for (std::size_t first = 0; first < labels_.targets.size(); first += each) {
      largest = std::max(largest, euclidean_norm(Numbers(labels_.targets).subspan(first, each)));
    }
  }
  request_.options.overrides.label_radius = measured(largest);
}

void Around::load_parameters() {
  Network<double> network(graph(), 1, Purpose::values);
  ParameterSource parameters = request_.parameters;
  std::vector<std::string>& notes = result_.bounds.assumptions;
  parameters.reading.notice = [&notes](const std::string& what) { notes.push_back(what); };
  set_parameters(network, graph(), parameters, settings().radius);
  w_.assign(network.parameters().begin(), network.parameters().end());
  layout_ = network.parameter_layout();
}

// What is searched, or has its columns taken, has all samples at once.
std::int64_t Around::fitting_micro_batch() const {
  std::int64_t need = 0;
  if (request_.measures) need = bytes_of_enclosure(graph(), batch(), degree);
  if (request_.takes_columns) need = std::max(need, bytes_of_hessian_norm(graph(), batch()));
  if (need > request_.memory) throw MemoryShortage(need, request_.memory, batch(), true);
  const std::int64_t fits = micro_batch_of_enclosure(graph(), batch(), degree, request_.memory);
  return size_of_micro_batches(batch(), fits);
}

// Along the line that stands still, where the coefficients are the values and alpha is what
// rounding can have done to them.
void Around::enclose_values() {
  point_.batch.layer_norms.assign(graph().layers.size(), Magnitude());
  point_.sample.layer_norms = point_.batch.layer_norms;
  if (is_mean()) samples_.resize(static_cast<std::size_t>(batch()));
  outputs_.clear();
  alphas_.clear();
  const auto of_sample = static_cast<std::size_t>(graph().input.elements());
  std::unique_ptr<LineEnclosure> line;
  bool is_bounded = true;
  for (const MicroBatch& part : micro_batches(graph(), batch(), micro_batch_)) {
    // The last part may be a smaller one.
    if (!line || line->network().batch() != part.count) {
      line = std::make_unique<LineEnclosure>(graph(), part.count);
    }
    const std::size_t first = static_cast<std::size_t>(part.first) * of_sample;
    const std::size_t count = static_cast<std::size_t>(part.count) * of_sample;
    is_bounded = enclose_values(*line, part, Numbers(x_).subspan(first, count)) && is_bounded;
  }
  if (is_bounded && !outputs_.empty()) bound_loss_gradient();
}

// False where a layer is not known to be finite; it is at inf then, and those behind it.
bool Around::enclose_values(LineEnclosure& line, const MicroBatch& part, Numbers x) {
  const Network<double>& network = line.network();
  const auto count = static_cast<std::size_t>(part.count);
  std::vector<Magnitude> norms(network.values().size(), Magnitude::infinity());  // of all samples
  std::vector<std::vector<Magnitude>> of_samples(norms.size(), {count, Magnitude::infinity()});
  const auto take = [&](std::uint32_t value, const Enclosed& at) {
    const auto size = static_cast<std::size_t>(network.values()[value].shape.sample.elements());
    norms[value] = above(at.alpha_batch);
    Magnitude computed;
    for (std::size_t i = 0; i < count; ++i) {
      const Magnitude one = norm_bound({at.p[0] + i * size, size});
      computed = hypotenuse(computed, one);
      of_samples[value][i] = one + above(at.alpha == nullptr ? 0 : at.alpha[i]);
    }
    norms[value] += computed;
  };
  take(0, {.p = {x.data()}});  // layers that do nothing
  line.set_observer([&](std::size_t node, const Enclosed& at) {
    const std::uint32_t value = network.nodes()[node].output;
    take(value, at);
    if (value != network.output()) return;
    outputs_.insert(outputs_.end(), at.p[0], at.p[0] + network.output_elements());
    for (std::size_t i = 0; i < count; ++i) {
      alphas_.push_back(above(at.alpha == nullptr ? 0 : at.alpha[i]));
    }
  });
  const std::vector<double> none(w_.size());
  line.set_line(w_, none, x, degree);
  const bool is_bounded = line.bound(1, EnclosureMode::norm);
  for (std::uint32_t layer = 0; layer < graph().layers.size(); ++layer) {
    const std::uint32_t value = network.output_of(layer);
    Magnitude& of_batch = point_.batch.layer_norms[layer];
    of_batch = hypotenuse(of_batch, norms[value]);
    Magnitude& of_sample = point_.sample.layer_norms[layer];
    for (std::size_t i = 0; i < count; ++i) {
      of_sample = std::max(of_sample, of_samples[value][i]);
      if (samples_.empty()) continue;
      samples_[static_cast<std::size_t>(part.first) + i].layer_norms.push_back(
          of_samples[value][i]);
    }
  }
  return is_bounded;
}

// ||grad f|| at psi(w*), which is within alpha of what is computed; f is smooth.
void Around::bound_loss_gradient() {
  if (!knows_objective()) return;
  const LossRow& loss = *settings().loss;
  // Those whose gradient is known to be computed to some units in the last place of its terms.
  if (loss.name != "logistic" && loss.name != "square") return;
  Objective<double> f = objective();
  f.set_point(w_);
  const LossEvaluation& evaluation = f.loss();
  set_loss_gradient(point_, loss, evaluation, batch());
  const std::vector<double>& computed = f.predictions();
  const auto samples = static_cast<std::size_t>(batch());
  const std::size_t size = computed.size() / samples;
  // From the point of evaluation to the exact one, of a sample and of all.
  Magnitude farthest;
  Magnitude all;
  std::vector<double> apart(size);
  for (std::size_t i = 0; i < samples; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      apart[j] = computed[i * size + j] - outputs_[i * size + j];
    }
    const Magnitude one =
        (norm_bound(apart) + scale(norm_bound({computed.data() + i * size, size}), -52)) +
        alphas_[i];
    farthest = std::max(farthest, one);
    all = hypotenuse(all, one);
    if (!samples_.empty()) {
      bound_term(i, {computed.data() + i * size, size},
                 Numbers(evaluation.gradient).subspan(i * size, size), one);
    }
  }
  // Each term has 1 for its smoothness, and the gradient of a softmax with q outputs is off by no
  // more than q units in each of them.
  const Magnitude q = Magnitude::from_count(static_cast<std::int64_t>(size));
  const Magnitude rounding = scale(q * square_root(q), -50);
  const LowerBound n = LowerBound::from_count(batch());
  if (point_.sample.loss_gradient) *point_.sample.loss_gradient += farthest + rounding;
  if (point_.batch.loss_gradient) {
    *point_.batch.loss_gradient += all / n + rounding / square_root(n);
  }
}

// ||grad f_i|| and ||hess f_i|| of a sample's own term of the loss, whose predictions are `apart`
// from the exact ones; `gradient` is that of the mean.
void Around::bound_term(std::size_t sample, Numbers predictions, Numbers gradient,
                        const Magnitude& apart) {
  const Magnitude q = Magnitude::from_count(static_cast<std::int64_t>(predictions.size()));
  const Magnitude rounding = scale(q * square_root(q), -50);
  const Magnitude computed = norm_bound(gradient) * Magnitude::from_count(batch());
  samples_[sample].loss_gradient = computed + scale(computed, -30) + rounding + apart;
  if (settings().loss->name != "logistic" || graph().output_shape().positions() != 1) return;
  // The Hessian diag(p) - p p^T has rows whose absolute values sum to 2 p_j (1 - p_j).
  const double largest = *std::max_element(predictions.begin(), predictions.end());
  std::vector<double> p;
  for (const double z : predictions) p.push_back(std::exp(z - largest));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  double curvature = 0;
  for (std::size_t j = 0; j < p.size(); ++j) {
    const double others =
        std::accumulate(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(j), 0.0) +
        std::accumulate(p.begin() + static_cast<std::ptrdiff_t>(j) + 1, p.end(), 0.0);
    curvature = std::max(curvature, 2 * (p[j] / sum) * (others / sum));
  }
  samples_[sample].loss_curvature =
      (above(curvature) + rounding) * exponential(square_root(Magnitude::from_count(2)) * apart);
}

void Around::take_columns() {
  if (!knows_objective() || !request_.radius.upper.is_zero()) {
    throw std::invalid_argument("columns of the Hessian are those of F at the weights");
  }
  ObjectivePoint at{graph(), *settings().loss, w_, x_, batch(), settings().regularizer.nearest, {}};
  at.evaluate = [this](Numbers predictions) {
    LossData data;
    data.samples = batch();
    data.outputs = graph().output_shape().elements();
    data.positions = graph().output_shape().positions();
    data.predictions = predictions;
    data.labels = &labels_;
    data.label_smoothing = settings().label_smoothing.nearest;
    return evaluate_loss(*settings().loss, data);
  };
  result_.hessian = hessian_norm(at, [&](std::int64_t done, std::int64_t all) {
    if (progress_) progress_(done, all, "columns");
  });
}

AroundResult Around::bound(Method method) {
  Inputs inputs = inputs_of(settings());
  const Magnitude& radius = request_.radius.upper;
  BoundTable table = evaluate_bounds_around(graph(), inputs, point_, radius, method);
  AroundResult result{std::move(table), {graph(), inputs, {}}, {}, {}, {}};
  result.causes = CauseTable(graph(), inputs, result.table);
  if (result.table.level_set.has(centred_euclidean)) {
    Inputs uncentred = inputs;
    uncentred.refinements.centred = false;
    PointBounds blocks;
    blocks.blocks = point_.blocks;
    result.uncentred = evaluate_bounds_around(graph(), uncentred, blocks, radius, method).layers;
  }
  if (settings().loss != nullptr) {
    result.objective = bound_objective_around(graph(), settings(), point_, radius, result.table);
    if (method == Method::sharp && !samples_.empty()) {
      const ObjectiveBounds mean =
          bound_objective_by_sample(graph(), settings(), point_, radius, samples_, norms_);
      result.objective->lipschitz = std::min(result.objective->lipschitz, mean.lipschitz);
      if (mean.smoothness < result.objective->smoothness) {
        result.objective->smoothness = mean.smoothness;
        result.objective->route = Route::sample;
        result.objective->infinite_reason = mean.infinite_reason;
      }
    }
    if (method == Method::sharp && result_.hessian &&
        result_.hessian->bound < result.objective->smoothness) {
      result.objective->smoothness = result_.hessian->bound;
      result.objective->route = Route::hessian;
      if (result.objective->lipschitz.is_finite()) result.objective->infinite_reason.clear();
    }
  }
  if (const auto& layer = result_.bounds.explained_layer) {
    result.explanation = trace_layer_around(graph(), inputs, point_, radius, result.table, *layer);
  }
  return result;
}

Objective<double> Around::objective() const {
  ObjectiveOptions options;
  options.regularizer = settings().regularizer.nearest;
  options.clusters = settings().clusters;
  options.label_smoothing = settings().label_smoothing.nearest;
  options.threshold = settings().threshold.nearest;
  options.micro_batch = micro_batch_;
  return {graph(), *settings().loss, x_, batch(), labels_, options};
}

void Around::measure_layers() {
  MeasureSettings search = request_.search;
  search.norm = settings().input_norm.lower.to_double();
  search.sample_norm = settings().sample_norm.lower.to_double();
  search.default_radius = request_.radius.lower.to_double();
  search.x = x_;
  result_.layers.resize(graph().layers.size());
  std::int64_t done = 0;
  for (const std::uint32_t layer : graph().order) {
    const Prefix prefix = prefix_of(graph(), layer);
    search.centre.clear();
    for (const std::uint32_t b : prefix.blocks) {
      const auto first = w_.begin() + static_cast<std::ptrdiff_t>(layout_.blocks[b].offset);
      search.centre.insert(search.centre.end(), first,
                           first + static_cast<std::ptrdiff_t>(layout_.blocks[b].elements));
    }
    if (search.centre.empty() && search.x.empty()) search.default_radius = 0;
    const Measurement found = measure(prefix.graph, batch(), search);
    result_.layers[layer] = {found.norm.value, found.slope.value, found.curvature.value};
    if (progress_) progress_(++done, std::ssize(graph().order), "layers");
  }
  if (knows_objective()) measure_objective();
}

// By power iteration.
void Around::measure_objective() {
  Objective<double> f = objective();
  f.set_point(w_);
  std::vector<double> v(w_.size());
  std::vector<double> product(w_.size());
  f.gradient(v);
  MeasuredObjective found;
  found.slope = euclidean_norm(Numbers(v));
  constexpr int starts = 2;
  constexpr int steps = 40;
  RandomSequence random(request_.search.seed);
  std::uint64_t place = 0;
  try {
    for (int start = 0; start < starts; ++start) {
      if (start > 0) {
        for (double& entry : v) entry = random.normal(place++);
      }
      for (int step = 0; step < steps; ++step) {
        const double length = euclidean_norm(Numbers(v));
        if (!(length > 0) || !std::isfinite(length)) break;
        linalg::scale(1 / length, v);
        f.hessian_product(v, product);
        found.curvature = std::max(found.curvature, euclidean_norm(Numbers(product)));
        std::swap(v, product);
      }
    }
  } catch (const LossError&) {
    // No Hessian, or an inner problem that resists: then there is no more to be measured.
  }
  result_.objective = found;
}

// Whether a measured value is above its bound by more than the rounding of the measurement, which
// is relative to what is summed up on the way.
bool is_above(double value, const Magnitude& bound, double summands) {
  if (std::isnan(value)) return false;
  constexpr double tolerance = 1e-9;
  const double allowed = bound.to_double() * (1 + tolerance) + tolerance * summands;
  return value > allowed;
}

}  // namespace

bool AroundReport::has_finite_answer() const {
  return std::any_of(results.begin(), results.end(), [](const AroundResult& result) {
    const Triple& network = result.table.network();
    return network.m.is_finite() || network.lipschitz.is_finite() || network.smoothness.is_finite();
  });
}

std::vector<Excess> AroundReport::exceeded() const {
  std::vector<Excess> found;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const AroundResult& result = results[i];
    for (std::uint32_t layer = 0; layer < layers.size(); ++layer) {
      const MeasuredLayer& at = layers[layer];
      const Triple& of_layer = result.table.layers[layer];
      const auto look = [&](std::string_view what, double value, const Magnitude& bound,
                            double summands) {
        if (is_above(value, bound, summands)) found.push_back({i, layer, what, value, bound});
      };
      const Triple noise = result.uncentred.empty() ? Triple() : result.uncentred[layer];
      look("m", at.norm, of_layer.m, noise.m.to_double());
      look("l", at.slope, of_layer.lipschitz, at.norm + noise.lipschitz.to_double());
      look("L", at.curvature, of_layer.smoothness,
           at.norm + at.slope + noise.smoothness.to_double());
    }
    if (!objective || !result.objective) continue;
    if (is_above(objective->slope, result.objective->lipschitz, 0)) {
      found.push_back({i, {}, "l", objective->slope, result.objective->lipschitz});
    }
    if (is_above(objective->curvature, result.objective->smoothness, objective->slope)) {
      found.push_back({i, {}, "L", objective->curvature, result.objective->smoothness});
    }
  }
  return found;
}

AroundReport bound_around(AroundRequest request, const AroundProgress& progress) {
  return Around(request, progress).run();
}

}  // namespace smoothbound
