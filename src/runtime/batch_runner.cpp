#include "smoothbound/runtime/batch_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/oracle.hpp"

namespace smoothbound {
namespace {

// More at once is no faster, and memory that is not touched stays free for others.
constexpr double usual_bytes = 0x1p30;
// What is beyond is not planned in integers.
constexpr double largest_bytes = 0x1p60;

// Scalars that a sample takes in an execution, roughly.
double estimate(const Graph& graph, bool derivatives) {
  auto sum = static_cast<double>(graph.input.elements());
  double largest = sum;
  for (const Layer& layer : graph.layers) {
    for (const PlacedComponent& part : layer.components) {
      const auto elements = static_cast<double>(part.output.elements());
      sum += elements;
      largest = std::max(largest, elements);
    }
  }
  return derivatives ? 2 * sum : 3 * largest;
}

template <class Scalar>
class Recorder : public Observer<Scalar> {
 public:
  using Node = typename Network<Scalar>::Node;

  Recorder(const Graph& graph, const Network<Scalar>& network, RunResult<Scalar>& result)
      : network_(network),
        result_(result),
        norms_(graph.layers.size()),
        told_(graph.layers.size()) {}

  void begin(std::int64_t samples) { samples_ = samples; }
  void set_timed(bool timed) { timed_ = timed; }
  std::function<void(double)> on_work;

  void on_forward(const Node& node, double seconds) override {
    if (LayerProfile* profile = find(node)) {
      profile->forward_seconds += seconds;
      profile->multiplications += node.multiplications;
    }
    if (on_work) on_work(work_of(node));
  }
  void on_backward(const Node& node, double seconds) override {
    if (LayerProfile* profile = find(node)) profile->backward_seconds += seconds;
    if (on_work) on_work(2 * work_of(node));
  }
  // May be told several times, the last time is the one that counts.
  void on_layer(std::uint32_t layer, const BatchShape& shape, const Scalar* values) override {
    const auto count = static_cast<std::size_t>(samples_ * shape.sample.elements());
    norms_[layer] = euclidean_norm(std::span(values, count));
    told_[layer] = true;
  }
  [[nodiscard]] bool has_seen(std::uint32_t layer) const { return told_[layer]; }

  // The norms of what was executed last.
  [[nodiscard]] std::vector<double>& norms() { return norms_; }

  double work_of(const Node& node) const {
    return node.multiplications +
           static_cast<double>(network_.values()[node.output].shape.elements());
  }

 private:
  LayerProfile* find(const Node& node) {
    if (!timed_) return nullptr;
    return node.layer == Network<Scalar>::none ? &result_.reorders : &result_.profile[node.layer];
  }

  const Network<Scalar>& network_;
  RunResult<Scalar>& result_;
  std::vector<double> norms_;
  std::vector<bool> told_;
  std::int64_t samples_ = 0;
  bool timed_ = false;
};

}  // namespace

std::string memory_to_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr double step = 1024;
  for (; amount >= step && unit + 1 < units.size(); ++unit) amount /= step;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", amount, units[unit]);
}

MemoryShortage::MemoryShortage(std::int64_t needed_bytes, std::int64_t allowed_bytes,
                               std::int64_t all_samples, bool together)
    : std::runtime_error(fmt::format("the execution takes {}, and there are {}",
                                     memory_to_text(needed_bytes), memory_to_text(allowed_bytes))),
      needed(needed_bytes),
      allowed(allowed_bytes),
      samples(all_samples),
      all_at_once(together) {}

template <class Scalar>
BatchRunner<Scalar>::BatchRunner(const Graph& graph, std::int64_t samples,
                                 const RunnerOptions& options)
    : graph_(graph), samples_(samples), options_(options) {
  constexpr double scalar = sizeof(Scalar);
  const auto allowed = static_cast<double>(options.memory);
  // Parameters, twice where kernels want them in another form, and their gradient.
  const double parameters =
      static_cast<double>(graph.parameters) * scalar * (options.profile ? 2 : 1);
  const double each = estimate(graph, options.profile) * scalar;
  const double kept = static_cast<double>(samples) *
                      (static_cast<double>(graph.output_shape().elements()) * scalar +
                       static_cast<double>(options.reserved_per_sample));
  std::int64_t batch = samples;
  if (!graph.couples_samples) {
    double target = allowed - parameters - kept;
    if (!options.profile) target = std::min(target, usual_bytes);
    const double most = std::clamp(target / each, 1.0, static_cast<double>(samples));
    batch = std::clamp<std::int64_t>(static_cast<std::int64_t>(most), 1,
                                     std::min(samples, options.most_samples));
  }
  const double least = parameters + kept;
  if (const double all = least + each * static_cast<double>(batch);
      least > allowed || all > largest_bytes) {
    throw MemoryShortage(static_cast<std::int64_t>(std::min(all, 2 * largest_bytes)),
                         options.memory, samples, graph.couples_samples);
  }
  const Purpose purpose = options.profile ? Purpose::derivatives : Purpose::values;
  while (true) {
    // Parts of the same size but for one, as the last one is filled up.
    const std::int64_t parts = (samples - 1) / batch + 1;
    batch = (samples - 1) / parts + 1;
    network_.reset();
    network_ = std::make_unique<Network<Scalar>>(graph, batch, purpose);
    bytes_ = bytes_of(*network_);
    if (bytes_ <= options.memory) break;
    if (batch == 1 || graph.couples_samples) {
      throw MemoryShortage(bytes_, options.memory, samples, graph.couples_samples);
    }
    batch = (batch + 1) / 2;
  }
}

template <class Scalar>
std::int64_t BatchRunner<Scalar>::bytes_of(const Network<Scalar>& network) const {
  const std::int64_t parameters = network.parameter_layout().elements;
  const MemoryNeed<Scalar> need = memory_need(network);
  const std::int64_t scalars = parameters * (options_.profile ? 2 : 1) + network.packed_elements() +
                               network.input_elements() +
                               (options_.profile ? network.output_elements() : 0) +
                               samples_ * network.output_shape().elements();
  return scalars * static_cast<std::int64_t>(sizeof(Scalar)) +
         (options_.profile ? need.gradient : need.forward) +
         samples_ * options_.reserved_per_sample;
}

template <class Scalar>
RunResult<Scalar> BatchRunner<Scalar>::run(const Reader& read, const Progress& progress) {
  const Network<Scalar>& network = *network_;
  const std::int64_t batch = network.batch();
  const std::int64_t parts = (samples_ - 1) / batch + 1;
  const auto of_sample = static_cast<std::size_t>(network.input_shape().elements());
  const auto of_output = static_cast<std::size_t>(network.output_shape().elements());
  RunResult<Scalar> result;
  result.outputs.reserve(static_cast<std::size_t>(samples_) * of_output);
  result.layer_norms.resize(graph_.layers.size());
  if (options_.profile) result.profile.resize(graph_.layers.size());
  std::vector<Scalar> x(static_cast<std::size_t>(batch) * of_sample);
  std::vector<Scalar> mu(options_.profile ? static_cast<std::size_t>(batch) * of_output : 0, 1);
  std::vector<Scalar> gradient(options_.profile ? network.parameters().size() : 0);
  Trajectory<Scalar> trajectory(network);
  Recorder<Scalar> recorder(graph_, network, result);
  trajectory.set_observer(&recorder);
  double all = 0;
  for (const auto& node : network.nodes()) all += recorder.work_of(node);
  all *= static_cast<double>(parts) * (options_.profile ? 3 : 1);
  double done = 0;

  for (std::int64_t first = 0; first < samples_; first += batch) {
    const std::int64_t now = std::min(batch, samples_ - first);
    const auto used = std::span(x).first(static_cast<std::size_t>(now) * of_sample);
    read(first, used);
    std::fill(x.begin() + static_cast<std::ptrdiff_t>(used.size()), x.end(), Scalar{0});
    recorder.begin(now);
    if (options_.profile && first == 0) {
      // Pages are mapped and code is generated at the first time.
      forward(std::span<const Scalar>(x), trajectory);
      vjp(trajectory, std::span<const Scalar>(mu), std::span(gradient));
    }
    recorder.set_timed(options_.profile);
    if (progress) {
      recorder.on_work = [&](double work) { progress((done += work) / all); };
    }
    forward(std::span<const Scalar>(x), trajectory);
    const auto output = trajectory.output().first(static_cast<std::size_t>(now) * of_output);
    result.outputs.insert(result.outputs.end(), output.begin(), output.end());
    result.input_norm =
        std::hypot(result.input_norm, euclidean_norm(std::span<const Scalar>(used)));
    const std::vector<double>& norms = recorder.norms();
    for (std::size_t i = 0; i < norms.size(); ++i) {
      result.layer_norms[i] = std::hypot(result.layer_norms[i], norms[i]);
    }
    if (options_.profile) {
      vjp(trajectory, std::span<const Scalar>(mu), std::span(gradient));
    }
  }
  // A layer without kernels is what it reads.
  for (const std::uint32_t layer : graph_.order) {
    if (recorder.has_seen(layer)) continue;
    const std::uint32_t input = graph_.layers[layer].inputs.front();
    result.layer_norms[layer] =
        input == Graph::network_input ? result.input_norm : result.layer_norms[input];
  }
  for (std::size_t i = 0; i < result.profile.size(); ++i) {
    result.profile[i].output_bytes =
        samples_ * graph_.layers[i].output.elements() * static_cast<std::int64_t>(sizeof(Scalar));
  }
  return result;
}

template class BatchRunner<float>;
template class BatchRunner<double>;

}  // namespace smoothbound
