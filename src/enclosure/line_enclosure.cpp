#include "smoothbound/enclosure/line_enclosure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/parallel.hpp"
#include "smoothbound/runtime/trajectory.hpp"

namespace smoothbound {
namespace {

bool all_finite(const double* values, std::int64_t count) {
  std::atomic<bool> finite = true;
  constexpr std::int64_t grain = 1 << 14;
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    // A sum would overflow, a product with 0 is NaN of what is not finite; in several sums, for
    // vector units.
    std::array<double, 16> probes{};
    std::int64_t i = begin;
    for (; i + 16 <= end; i += 16) {
      for (std::size_t j = 0; j < probes.size(); ++j) {
        probes[j] += values[i + static_cast<std::int64_t>(j)] * 0;
      }
    }
    double probe = 0;
    for (; i < end; ++i) probe += values[i] * 0;
    for (const double each : probes) probe += each;
    if (probe != 0) finite = false;
  });
  return finite;
}

}  // namespace

// A value whose centre is part of what is only bounded.
class LineEnclosure::WithoutCentre {
 public:
  /// Of a batch with so many elements for each sample; `memory` is for as many.
  WithoutCentre(const Enclosed& z, std::int64_t samples, std::int64_t elements,
                Buffer<double> memory)
      : r_(std::move(memory)), rho_(z.rho, z.rho + samples), value_(z) {
    constexpr double up = 1 + 0x1p-38;
    parallel_for(samples, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * elements; i < end * elements; ++i) {
        r_.data()[i] = ((z.r == nullptr ? 0 : z.r[i]) + std::abs(z.centre[i])) * up;
      }
      for (std::int64_t n = begin; n < end; ++n) {
        const std::span<const double> of_sample(z.centre + n * elements,
                                                static_cast<std::size_t>(elements));
        double& rho = rho_[static_cast<std::size_t>(n)];
        // Of numbers whose squares underflow, too.
        rho = (rho + euclidean_norm(of_sample) + 0x1p-500) * up;
      }
    });
    value_.centre = nullptr;
    value_.r = r_.data();
    value_.rho = rho_.data();
  }
  [[nodiscard]] const Enclosed& value() const { return value_; }
  Buffer<double> take_memory() { return std::move(r_); }

 private:
  Buffer<double> r_;
  std::vector<double> rho_;
  Enclosed value_;
};

LineEnclosure::Inputs::Inputs() = default;
LineEnclosure::Inputs::Inputs(Inputs&&) noexcept = default;
LineEnclosure::Inputs::~Inputs() = default;

/// What is known of a value.
struct LineEnclosure::State {
  struct Value {
    std::vector<Buffer<double>> memory;  // of p_0 .. p_K
    Coefficients p{};
    Buffer<double> centre;
    Buffer<double> r;
    std::vector<double> rho;
    std::vector<double> alpha;
    double alpha_batch = 0;
    bool has_centre = false;
    bool is_zero = true;
    bool is_finite = true;  // all of p
    int order = 0;          // of the pass

    [[nodiscard]] Enclosed enclosed() const {
      return {p,
              has_centre ? centre.data() : nullptr,
              is_zero ? nullptr : r.data(),
              rho.data(),
              alpha.data(),
              alpha_batch};
    }
  };
  std::vector<Value> values;
  std::vector<std::size_t> last_reader;
  Buffer<double> scratch;
  Buffer<double> parameters;  // for those of a kernel
  std::span<const double> w, d;
  std::vector<Buffer<double>> free;  // of remainders that have been read

  // The smallest that is free.
  Buffer<double> take(std::int64_t count) {
    auto best = free.end();
    for (auto each = free.begin(); each != free.end(); ++each) {
      if (each->size() >= count && (best == free.end() || each->size() < best->size())) best = each;
    }
    if (best == free.end()) return Buffer<double>(count);
    Buffer<double> taken = std::move(*best);
    free.erase(best);
    return taken;
  }
};

LineEnclosure::~LineEnclosure() = default;

LineEnclosure::LineEnclosure(const Graph& graph, std::int64_t batch)
    : network_(graph, batch, Purpose::derivatives, Storage::none),
      state_(std::make_unique<State>()) {
  const auto& nodes = network_.nodes();
  state_->values.resize(network_.values().size());
  state_->last_reader.assign(network_.values().size(), nodes.size());
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    rules_.push_back(nodes[node].kernel->taylor_rule());
    if (rules_.back() == nullptr) {
      const Layer& layer = graph.layers[nodes[node].layer];
      throw NotEnclosed(fmt::format("layer '{}': {} has no rule for enclosures along a line",
                                    layer.name,
                                    name_of(layer.components[nodes[node].component].component)));
    }
    for (const std::uint32_t input : nodes[node].inputs) state_->last_reader[input] = node;
  }
  state_->last_reader[network_.output()] = nodes.size();
  state_->scratch = Buffer<double>(network_.scratch_elements());
  std::int64_t parameters = 0;
  for (const auto& node : nodes) parameters = std::max(parameters, node.parameters);
  state_->parameters = Buffer<double>(parameters);
  place_of_layer_.resize(graph.layers.size());
  for (std::uint32_t i = 0; i < graph.order.size(); ++i) place_of_layer_[graph.order[i]] = i;
}

std::vector<Coefficients> LineEnclosure::coefficients_of(std::size_t node) const {
  std::vector<Coefficients> inputs;
  for (const std::uint32_t input : network_.nodes()[node].inputs) {
    inputs.push_back(state_->values[input].p);
  }
  return inputs;
}

// As the node's rule takes them in this pass.
LineEnclosure::Inputs LineEnclosure::inputs_of(std::size_t node) const {
  Inputs inputs;
  for (const std::uint32_t input : network_.nodes()[node].inputs) {
    Enclosed& value = inputs.values.emplace_back(state_->values[input].enclosed());
    if (value.centre == nullptr || rules_[node]->reads_centres(pass_.mode)) continue;
    const std::int64_t size = network_.values()[input].shape.elements();
    value = inputs.replaced
                .emplace_back(std::make_unique<WithoutCentre>(
                    value, network_.batch(), size / network_.batch(), state_->take(size)))
                ->value();
  }
  return inputs;
}

void LineEnclosure::set_line(std::span<const double> w, std::span<const double> d,
                             std::span<const double> x, int degree) {
  const auto parameters = static_cast<std::size_t>(network_.parameter_layout().elements);
  if (w.size() != parameters || d.size() != parameters) {
    throw std::invalid_argument(fmt::format("the network has {} parameters, not {} and {}",
                                            parameters, w.size(), d.size()));
  }
  if (degree < 1 || degree > most_degree) {
    throw std::invalid_argument(fmt::format("a degree of {}", degree));
  }
  degree_ = degree;
  state_->w = w;
  state_->d = d;
  take_coefficients(x, false);
}

void LineEnclosure::set_samples(std::span<const double> x) {
  if (degree_ == 0) throw std::invalid_argument("there is no line yet");
  take_coefficients(x, true);
}

void LineEnclosure::take_coefficients(std::span<const double> x, bool is_same_line) {
  if (x.size() != static_cast<std::size_t>(network_.input_elements())) {
    throw std::invalid_argument(
        fmt::format("the batch has {} numbers, not {}", network_.input_elements(), x.size()));
  }
  is_bounded_ = false;
  const auto samples = static_cast<std::size_t>(network_.batch());
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  State::Value& input = state_->values.front();
  input.p = {x.data()};
  input.rho.assign(samples, 0.0);
  input.alpha.assign(samples, 0.0);
  coefficient_work_ = pass_work_ = gradient_work_ = 0;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& node = network_.nodes()[i];
    State::Value& value = state_->values[node.output];
    value.memory.resize(terms);
    std::vector<double*> p;
    for (Buffer<double>& memory : value.memory) {
      const std::int64_t count = network_.values()[node.output].shape.elements();
      if (memory.size() != count) memory = Buffer<double>(count);
      p.push_back(memory.data());
    }
    const double* const along = state_->d.data() + node.offset;
    const bool moves = std::any_of(along, along + node.parameters, [](double e) { return e != 0; });
    rules_[i]->coefficients({degree_, state_->w.data() + node.offset, moves ? along : nullptr,
                             state_->scratch.data(), is_same_line},
                            coefficients_of(i), p);
    count_work(i, moves);
    value.p = {};
    std::copy(p.begin(), p.end(), value.p.begin());
    const std::int64_t count = network_.values()[node.output].shape.elements();
    value.is_finite = std::ranges::all_of(
        p, [&](const double* each) { return each == nullptr || all_finite(each, count); });
    value.rho.resize(samples);
    value.alpha.resize(samples);
  }
}

// W p_j for all p_j but p_0, which a forward pass has, and D p_j; then one product with the
// remainder, which begins behind the first layer that moves.
void LineEnclosure::count_work(std::size_t index, bool moves) {
  const auto& node = network_.nodes()[index];
  const State::Value& input = state_->values[node.inputs.front()];
  double products = -1;
  for (std::size_t j = 0; j <= static_cast<std::size_t>(degree_); ++j) {
    if (input.p[j] != nullptr) products += moves ? 2 : 1;
  }
  coefficient_work_ += products * node.multiplications;
  if (input.p[1] != nullptr) pass_work_ += node.multiplications;
  const bool passes_on = network_.values()[node.inputs.front()].depends_on_parameters;
  gradient_work_ += (passes_on ? 3 : 2) * node.multiplications;
}

const Coefficients& LineEnclosure::output_coefficients() const {
  return state_->values[network_.output()].p;
}

double LineEnclosure::sum_error() const {
  return static_cast<double>(network_.parameter_layout().elements + 64) * 0x1p-53;
}

// The node that it begins with.
std::size_t LineEnclosure::begin_pass(double length, EnclosureMode mode,
                                      std::uint32_t first_layer) {
  const bool goes_on = is_bounded_ && !observer_ && first_layer > 0 &&
                       first_layer_ + 1 == first_layer && pass_.length == length &&
                       pass_.mode == mode;
  pass_ = {length, mode, state_->scratch.data(), state_->parameters.data()};
  order_ = degree_ + 1;
  output_ = {};
  is_bounded_ = false;
  first_layer_ = first_layer;
  std::size_t node = 0;
  if (!goes_on) return node;
  // What was exact in the last pass is as it was.
  for (; node < rules_.size(); ++node) {
    if (place_of_layer_[network_.nodes()[node].layer] + 1 >= first_layer) break;
    order_ = std::min(order_, state_->values[network_.nodes()[node].output].order);
  }
  return node;
}

// Whether all bounds of the node's output are finite.
bool LineEnclosure::bound_node(std::size_t index) {
  const auto& node = network_.nodes()[index];
  State::Value& value = state_->values[node.output];
  const std::int64_t count = network_.values()[node.output].shape.elements();
  if (value.r.size() < count) value.r = state_->take(count);
  if (value.centre.size() < count) value.centre = state_->take(count);
  Remainder out;
  out.centre = value.centre.data();
  out.r = value.r.data();
  out.rho = value.rho.data();
  out.alpha = value.alpha.data();
  out.order = degree_ + 1;
  const Inputs inputs = inputs_of(index);
  rules_[index]->remainder(pass_, inputs.values, value.p, out);
  for (const auto& replaced : inputs.replaced) state_->free.push_back(replaced->take_memory());
  if (place_of_layer_[node.layer] < first_layer_) {
    out.is_zero = true;
    out.has_centre = false;
    std::ranges::fill(value.rho, 0.0);
  }
  value.is_zero = out.is_zero;
  value.has_centre = out.has_centre;
  value.alpha_batch = out.alpha_batch;
  value.order = out.order;
  order_ = std::min(order_, out.order);
  return std::isfinite(out.alpha_batch) && all_finite(value.rho.data(), network_.batch()) &&
         all_finite(value.alpha.data(), network_.batch()) &&
         (out.is_zero || all_finite(value.r.data(), count)) &&
         (!out.has_centre || all_finite(value.centre.data(), count)) && value.is_finite;
}

// What nobody reads any more.
void LineEnclosure::release_inputs(std::size_t index) {
  if (index + 1 == rules_.size()) return;
  for (const std::uint32_t input : network_.nodes()[index].inputs) {
    if (input == 0 || state_->last_reader[input] != index) continue;
    for (Buffer<double>* read : {&state_->values[input].r, &state_->values[input].centre}) {
      if (read->size() > 0) state_->free.push_back(std::exchange(*read, Buffer<double>()));
    }
  }
}

bool LineEnclosure::bound(double length, EnclosureMode mode, std::uint32_t first_layer) {
  const std::size_t first = begin_pass(length, mode, first_layer);
  const double last_power = std::pow(length, degree_ + 1);
  failed_layer_ = rules_.empty() ? 0 : network_.nodes().front().layer;  // none of a mere copy
  // Beyond it, powers of coefficients may underflow where their product with those of T matters.
  constexpr double longest = 0x1p40;
  if (!std::isnormal(last_power) || !(length > 0 && length <= longest)) return false;
  if (!all_finite(state_->values.front().p[0], network_.input_elements())) return false;
  for (std::size_t i = first; i < rules_.size(); ++i) {
    if (!bound_node(i)) {
      failed_layer_ = network_.nodes()[i].layer;
      return false;
    }
    if (observer_) observer_(i, state_->values[network_.nodes()[i].output].enclosed());
    release_inputs(i);
  }
  output_ = state_->values[network_.output()].enclosed();
  is_bounded_ = true;
  return true;
}

std::vector<double> LineEnclosure::differences(std::span<const std::int64_t> labels) {
  const std::int64_t outputs = network_.output_shape().elements();
  const std::int64_t positions =
      static_cast<std::int64_t>(labels.size()) / std::max<std::int64_t>(network_.batch(), 1);
  std::vector<double> rd(static_cast<std::size_t>(network_.batch() * outputs));
  if (output_.r == nullptr) return rd;
  const std::size_t last = rules_.size() - 1;
  if (!rules_.empty() && positions == 1 && network_.nodes()[last].output == network_.output()) {
    const State::Value& value = state_->values[network_.output()];
    Remainder out;
    out.alpha_batch = value.alpha_batch;
    out.is_zero = value.is_zero;
    out.order = order_;
    if (rules_[last]->difference_remainder(pass_, inputs_of(last).values, out, labels, rd.data())) {
      return rd;
    }
  }
  const std::int64_t channels = outputs / positions;
  for (std::size_t term = 0; term < labels.size(); ++term) {
    const auto at = static_cast<std::int64_t>(term);
    const std::int64_t first = at / positions * outputs + at % positions;
    const double of_label = output_.r[first + labels[term] * positions];
    for (std::int64_t j = 0; j < channels; ++j) {
      const std::int64_t place = first + j * positions;
      rd[static_cast<std::size_t>(place)] =
          j == labels[term] ? 0 : (output_.r[place] + of_label) * (1 + 0x1p-40);
    }
  }
  return rd;
}

std::int64_t bytes_of_enclosure(const Graph& graph, std::int64_t batch, int degree) {
  const Network<double> network(graph, batch, Purpose::derivatives, Storage::none);
  std::int64_t scalars = 0;
  std::int64_t largest = 0;
  for (const auto& value : network.values()) {
    scalars += value.shape.elements();
    largest = std::max(largest, value.shape.elements());
  }
  // Remainders and centres live until they are read; a pass takes a few more of the largest value.
  constexpr std::int64_t working = 8;
  std::int64_t of_kernel = 0;
  for (const auto& node : network.nodes()) of_kernel = std::max(of_kernel, node.parameters);
  // w, d, and the objective's; of a kernel |w + T d|, and what its norm takes.
  const std::int64_t parameters = 3 * network.parameter_layout().elements + 2 * of_kernel;
  const std::int64_t numbers =
      scalars * (degree + 3) + working * largest + network.scratch_elements() + parameters;
  return numbers * static_cast<std::int64_t>(sizeof(double)) + memory_need(network).gradient;
}

}  // namespace smoothbound
