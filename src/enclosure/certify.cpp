#include "smoothbound/enclosure/certify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "smoothbound/runtime/adapt_statistics.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/steps/second_order.hpp"

namespace smoothbound {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto verdict_names =
    std::to_array<std::string_view>({"decreases", "increases", "undecided"});
constexpr auto mode_names = std::to_array<std::string_view>({"norm", "interval"});
constexpr auto oracle_directions =
    std::to_array<std::string_view>({"gradient", "gauss-newton", "newton"});

StepVerdict verdict_of(const Range& start, const Range& end) {
  if (end.upper < start.lower) return StepVerdict::decreases;
  if (end.lower > start.upper) return StepVerdict::increases;
  return StepVerdict::undecided;
}

class Certification {
 public:
  explicit Certification(CertifyRequest& request) : request_(request) {
    request.options.adapt = statistics_of_files(request.parameters, request.statistics);
  }

  CertifyReport run(const std::string& save) {
    const Clock::time_point start = Clock::now();
    load();
    tell("finding the direction");
    choose_direction();
    tell("Taylor coefficients along the direction");
    result_.degree = request_.degree;
    // Everything is linear in d but T: the certificate is that of the direction as it is.
    line_->set_line(w_, d_, request_.degree);
    result_.derivatives = line_->derivatives();
    finder_.emplace(*line_);
    choose_mode();
    search();
    result_.work = line_->work();
    explain();
    decide();
    search_line();
    draw();
    if (request_.storage == Precision::float32) store();
    if (!save.empty()) write(save);
    result_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return std::move(result_);
  }

 private:
  void load();
  void choose_direction();
  void read_direction();
  void choose_mode();
  void search();
  void explain();
  void foresee_shares(std::uint32_t first);
  void decide();
  void search_line();
  void draw();
  void store();
  void write(const std::string& path);
  template <class Scalar>
  void write_as(const std::string& path, std::span<const double> v);
  [[nodiscard]] double value_at(double t);
  [[nodiscard]] ObjectiveOptions objective_options() const;
  FoundStep find(StepGoal goal, bool refines, double first_length = 0);
  void tell(std::string_view what) const {
    if (request_.progress) request_.progress(what);
  }

  CertifyRequest& request_;
  CertifyReport result_;
  std::vector<double> x_;
  Labels labels_;
  std::vector<double> w_;
  std::vector<double> d_;
  std::vector<double> stored_;  // w + t d in float32; then d is the way there
  std::unique_ptr<Objective<double>> objective_;
  std::unique_ptr<ObjectiveEnclosure> line_;
  std::optional<StepFinder> finder_;
};

ObjectiveOptions Certification::objective_options() const {
  const ResolvedSettings& settings = result_.bounds.settings;
  ObjectiveOptions options;
  options.regularizer = settings.regularizer.nearest;
  options.clusters = settings.clusters;
  options.label_smoothing = settings.label_smoothing.nearest;
  options.threshold = settings.threshold.nearest;
  options.warm_start = false;
  options.micro_batch = result_.micro_batch;
  return options;
}

void Certification::load() {
  result_.bounds = make_report(request_.source, request_.options, request_.limits);
  const Report& report = result_.bounds;
  if (report.settings.loss == nullptr) throw NothingToCertify();
  request_.samples.fit(report);
  request_.samples.require_labels(report);
  request_.samples.generate(report);
  const std::int64_t samples = report.settings.batch;
  const Graph& graph = report.graph;
  const std::int64_t fits =
      micro_batch_of_enclosure(graph, samples, request_.degree, request_.memory);
  if (fits > 0) result_.micro_batch = size_of_micro_batches(samples, fits);
  x_.resize(static_cast<std::size_t>(samples * graph.input.elements()));
  const Preparation preparation = load_samples(
      request_.samples.dataset(), 0, request_.samples.preparation(report), std::span<double>(x_));
  labels_ = request_.samples.labels(report);
  result_.data = request_.samples.origin(report, preparation);
  result_.parameters = request_.parameters;
  result_.statistics = request_.statistics;
  Network<double> network(graph, 1, Purpose::values);
  ParameterSource parameters = request_.parameters;
  std::vector<std::string> notes;
  parameters.reading.notice = [&notes](const std::string& what) { notes.push_back(what); };
  set_parameters(network, graph, parameters, report.settings.radius);
  result_.bounds.assumptions.insert(result_.bounds.assumptions.end(), notes.begin(), notes.end());
  w_.assign(network.parameters().begin(), network.parameters().end());
  // Before the objective: a component without a rule is said at once.
  line_ = std::make_unique<ObjectiveEnclosure>(graph, *report.settings.loss, x_, samples, labels_,
                                               objective_options());
  objective_ =
      std::make_unique<Objective<double>>(graph, *report.settings.loss, std::span<const double>(x_),
                                          samples, labels_, objective_options());
  objective_->set_point(w_);
}

void Certification::read_direction() {
  Network<double> network(result_.bounds.graph, 1, Purpose::values);
  load_parameters(network, request_.direction_file);
  d_.assign(network.parameters().begin(), network.parameters().end());
  result_.direction = request_.direction_file;
}

void Certification::choose_direction() {
  if (!request_.direction_file.empty()) {
    read_direction();
  } else if (request_.oracle == steps::StepKind::gradient) {
    d_.resize(w_.size());
    objective_->gradient(d_);
    for (double& entry : d_) entry = -entry;
  } else {
    objective_->value();
    steps::SecondOrder oracle(result_.bounds.graph, result_.bounds.settings.batch, request_.oracle);
    d_ = oracle
             .direction(*objective_, x_, {result_.bounds.settings.regularizer.nearest},
                        request_.gamma)
             .step;
  }
  if (request_.direction_file.empty()) {
    result_.direction = oracle_directions[static_cast<std::size_t>(request_.oracle)];
  }
  result_.direction_norm = euclidean_norm(std::span<const double>(d_));
}

FoundStep Certification::find(StepGoal goal, bool refines, double first_length) {
  StepSearch search{result_.mode, goal, first_length, 25, refines};
  search.before_pass = [this] {
    tell(fmt::format("looking for a step: pass {}", line_->work().pass_count + 1));
  };
  return finder_->find(search);
}

// The one that proves the larger decrease for each gradient of its cost.
void Certification::choose_mode() {
  result_.mode = request_.mode.value_or(EnclosureMode::interval);
  if (request_.mode) return;
  std::array<double, 2> gains{};
  double length = 0;
  const EnclosureWork& work = line_->work();
  const double coefficients = work.gradients();
  for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
    result_.mode = mode;
    const FoundStep found = find(StepGoal::least_bound, false, length);
    // Intervals are no wider than norms: they need not look for a T that is short enough.
    if (found.step) length = found.step->length;
    // In training the passes are few: all of the coefficients, and those that were needed.
    double passes = 0;
    if (mode == EnclosureMode::interval && work.gradient > 0) {
      passes = found.passes * line_->pass_work() / work.gradient;
    }
    if (found.step) {
      gains[static_cast<std::size_t>(mode)] =
          found.step->decrease / (coefficients + std::min(passes, (coefficients + passes) / 4));
    }
  }
  result_.mode = gains[0] > gains[1] ? EnclosureMode::norm : EnclosureMode::interval;
}

void Certification::search() {
  const FoundStep best = find(StepGoal::least_bound, true);
  result_.best = best.step;
  const FoundStep longest =
      find(StepGoal::sufficient_decrease, true, best.step ? best.step->length : 0);
  result_.longest = longest.step;
  double length = request_.step ? *request_.step : 0;
  if (length == 0 && best.step) length = best.step->length;
  if (length == 0) {
    // Nothing is proved: what is known close by says why.
    constexpr double part = 1.0 / 64;
    length = part * usual_length(result_.derivatives);
  }
  if (line_->bound(length, result_.mode)) {
    result_.length = length;
    result_.order = line_->order();
    result_.start = line_->at(0);
    result_.rounding = line_->rounding();
  } else {
    result_.failed_layer = result_.bounds.graph.layers[line_->failed_layer()].name;
  }
}

// What is left of the width at T if all layers up to one are exact, layer by layer.
void Certification::explain() {
  if (result_.length == 0) return;
  const auto width = [&] {
    const Range at = line_->at(result_.length);
    return at.upper - at.lower;
  };
  const double all = width();
  const auto& order = result_.bounds.graph.order;
  double before = all;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    const bool is_last = i + 1 == order.size();
    tell(fmt::format("shares of layers: {} of {}", i + 1, order.size()));
    if (i % (most_foreseen - 1) == 0) foresee_shares(i);
    if (!is_last && !line_->bound(result_.length, result_.mode, i + 1)) break;
    // The last one is all that is left; of a width of rounding alone nobody has a share.
    const double after = is_last ? 0 : width();
    result_.shares.push_back({order[i], all > 0 ? std::max(before - after, 0.0) / all : 0});
    before = std::min(before, after);
  }
  (void)line_->bound(result_.length, result_.mode);
}

// With micro-batches: the next passes of `explain`, at last the one of all layers again.
void Certification::foresee_shares(std::uint32_t first) {
  std::vector<EnclosurePass> passes;
  const auto layers = static_cast<std::uint32_t>(result_.bounds.graph.order.size());
  const std::uint32_t end = std::min(first + most_foreseen - 1, layers - 1);
  for (std::uint32_t i = first; i < end; ++i) {
    passes.push_back({result_.length, result_.mode, i + 1});
  }
  if (end + 1 == layers) passes.push_back({result_.length, result_.mode});
  line_->foresee(std::move(passes));
}

void Certification::decide() {
  if (!request_.step) return;
  CertifyReport::AskedStep asked;
  asked.t = *request_.step;
  constexpr double none = std::numeric_limits<double>::infinity();
  asked.bounds = {-none, none};
  if (result_.length > 0) {
    asked.bounds = line_->at(asked.t);
    asked.verdict = verdict_of(result_.start, asked.bounds);
  }
  asked.value = value_at(asked.t);
  result_.asked = asked;
}

// What is rounded to float32 lies on another line, the one to it from w: its t is 1.
void Certification::store() {
  const std::optional<double> t = result_.chosen();
  if (!t) return;
  tell("the step as it is stored");
  stored_ = step_to(w_, d_, *t);
  for (std::size_t i = 0; i < stored_.size(); ++i) {
    stored_[i] = static_cast<float>(stored_[i]);
    if (!std::isfinite(stored_[i])) {
      throw steps::NotFinite("w + t d has numbers beyond the range of float32");
    }
    d_[i] = stored_[i] - w_[i];
  }
  CertifyReport::StoredStep stored;
  stored.t = *t;
  line_->forget_work();
  line_->set_line(w_, d_, request_.degree);
  constexpr double none = std::numeric_limits<double>::infinity();
  stored.start = stored.bounds = {-none, none};
  if (line_->bound(1, result_.mode)) {
    stored.start = line_->at(0);
    stored.bounds = line_->at(1);
  }
  stored.verdict = verdict_of(stored.start, stored.bounds);
  objective_->set_point(stored_);
  stored.value = objective_->value();
  result_.stored = stored;
  result_.work.coefficients += line_->work().coefficients;
  result_.work.passes += line_->work().passes;
  result_.work.pass_count += line_->work().pass_count;
}

double Certification::value_at(double t) {
  tell("F along the line");
  objective_->set_point([&](std::span<double> v) { step_to(w_, d_, t, v); });
  return objective_->value();
}

void Certification::search_line() {
  const LineDerivatives& f = result_.derivatives;
  if (!(f.slope < 0)) return;
  double first = f.curvature > 0 ? -f.slope / f.curvature : 1;
  if (result_.best) first = std::max(first, result_.best->t);
  result_.line_search = first_minimum([&](double t) { return value_at(t); }, first);
  if (result_.line_search) result_.line_search_value = value_at(*result_.line_search);
}

void Certification::draw() {
  if (request_.curve_points == 0) return;
  double end = std::max(result_.length, result_.asked ? result_.asked->t : 0);
  if (result_.line_search) end = std::max(end, std::min(*result_.line_search * 1.2, 4 * end));
  if (end == 0) end = result_.line_search.value_or(1);
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i <= request_.curve_points; ++i) {
    CurvePoint point;
    point.t = end * i / request_.curve_points;
    point.value = value_at(point.t);
    point.bounds = {unknown, unknown};
    if (result_.length > 0 && point.t <= result_.length) point.bounds = line_->at(point.t);
    result_.curve.push_back(point);
  }
}

void Certification::write(const std::string& path) {
  const std::optional<double> t = result_.chosen();
  if (!t) return;
  if (!result_.asked && result_.verdict() != StepVerdict::decreases) return;
  finder_.reset();  // their memory is not needed any more
  line_.reset();
  objective_.reset();
  if (result_.stored) {
    write_as<float>(path, stored_);
  } else {
    write_as<double>(path, step_to(w_, d_, *t));
  }
}

template <class Scalar>
void Certification::write_as(const std::string& path, std::span<const double> v) {
  Network<Scalar> network(result_.bounds.graph, 1, Purpose::values);
  std::ranges::transform(v, network.parameters().begin(),
                         [](double each) { return static_cast<Scalar>(each); });
  network.update_parameters();
  save_parameters(network, path, {{"architecture", result_.bounds.graph.name}});
  result_.saved = path;
}

}  // namespace

std::span<const std::string_view> enclosure_modes() { return mode_names; }

std::string_view name_of(EnclosureMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }

std::string_view name_of(StepVerdict verdict) {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

StepVerdict CertifyReport::verdict() const {
  if (stored) return stored->verdict;
  if (asked) return asked->verdict;
  return best ? StepVerdict::decreases : StepVerdict::undecided;
}

std::optional<double> CertifyReport::chosen() const {
  if (asked) return asked->t;
  if (best) return best->t;
  return std::nullopt;
}

NothingToCertify::NothingToCertify()
    : std::runtime_error("names no loss, so there is nothing to certify") {}

CertifyReport certify(CertifyRequest request, const std::string& save) {
  return Certification(request).run(save);
}

}  // namespace smoothbound
