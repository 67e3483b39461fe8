#include "enclosure/random_line.hpp"

#include <cmath>

#include "runtime/kinked_networks.hpp"
#include "runtime/named_networks.hpp"
#include "support/random_network.hpp"

namespace smoothbound::test {
namespace {

double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53 * 2 - 1;
}
bool chance(std::mt19937_64& random, std::uint64_t percent) { return random() % 100 < percent; }

// A multiple of 1/4 from -1 to 1.
double on_grid(std::mt19937_64& random) { return static_cast<double>(random() % 9) / 4 - 1; }

// Some more kinks than there are.
const char* kinked(std::mt19937_64& random) {
  static constexpr const char* kinds[] = {"relu",       "relu",       "relu6",      "hard_sigmoid",
                                          "hard_swish", "leaky_relu", "elu",        "selu",
                                          "hard_tanh",  "softsign",   "capped_exp", "celu"};
  return kinds[random() % std::size(kinds)];
}

bool is_activation(const std::string& kind) { return find_activation(kind) != nullptr; }

void make_enclosable(support::PlainNetwork& network, std::mt19937_64& random) {
  const bool kinks = chance(random, 40);
  for (support::PlainLayer& layer : network.layers) {
    for (support::PlainPart& part : layer.parts) {
      if (is_activation(part.kind) && kinks && chance(random, 50)) {
        part = {};
        part.kind = kinked(random);
      }
      if (part.kind == "average_pool" && kinks && chance(random, 40)) {
        part.kind = "max_pool";
        part.count_padding = true;
      }
      if (part.epsilon == "100" || part.epsilon == "0") part.epsilon = "0.1";
    }
  }
  network.batch = static_cast<std::int64_t>(1 + random() % 4);
  network.loss = "logistic";
  network.label_radius = "1";
  network.regularizer = "0";
  network.radius = "1";
}

// What random networks have rarely or never.
constexpr std::string_view rare_networks[]{
    R"(
input: {shape: [4, 3, 5, 2], norm: 1}
layers:
  - conv: {filters: 4, kernel: [2, 3, 1], stride: [1, 2, 1], padding: [1, 1, 0], groups: 2}
    then: [{batch_norm: {epsilon: 0.1, statistics: fixed, mean: [0.5, -1, 0, 3],
            variance: [1, 0.2, 3, 0], affine: true}}, relu]
  - conv_transposed: {filters: 2, kernel: 2, stride: 2, padding: 1, groups: 2}
    then: [{max_pool: {kernel: 2, stride: 1}}, hard_swish]
  - dense: {units: 3, per: position}
    then: [global_max_pool, {scale: [2, -0.1, 0]}, {shift: [1, 0.3, -2]}]
)",
    R"(
input: {shape: [2, 5, 4], norm: 1}
layers:
  - conv: {filters: 3, kernel: 3, padding: same}
    then: [{upsample: {size: [7, 6], mode: bilinear}}, gelu]
  - conv: {filters: 3, kernel: 2, dilation: 2}
    then: [{upsample: {factor: [1, 2], mode: bilinear, align_corners: true}}, {batch_norm: {epsilon:
            0.2, statistics: fixed, mean: -0.25, variance: 0.5, per: element, affine: true}}]
  - conv: {filters: 2, kernel: 1}
    then: [{adaptive_average_pool: [3, 2]}]
  - dense: 3
)",
    R"(
input: {shape: [3, 4, 4], norm: 1}
layers:
  - name: a
    conv: {filters: 4, kernel: 3, padding: 1}
    then: [{mask: {by: 3}}, {instance_norm: {epsilon: 0.1, affine: true}}, leaky_relu: 1.5]
  - name: b
    conv: {filters: 4, kernel: 3, padding: 2, dilation: 2}
    share: a
    from: input
    then: [{instance_norm: {epsilon: 0.1, affine: true}}, sigmoid]
  - name: c
    conv: {filters: 4, kernel: 1}
    then: [{mask: {kind: shifted_windows, window: [2, 2], windows: [2, 2], shift: [1, 1], by: 2}}]
  - name: all
    add: [a, b, c, a, b]
    then: [{rms_norm: {epsilon: 0.01, per: position, affine: true}}, relu6]
  - dense: 4
)",
    R"(
input: {shape: [6], norm: 1}
layers:
  - {name: one, dense: 6, then: [relu]}
  - {name: two, dense: 6, share: one, then: [{capped_exp: 2}]}
  - {name: three, dense: 6, share: one, then: [{elu: 2}]}
  - {name: four, dense: 6, share: one, bias: true, then: [{celu: 0.5}]}
  - {name: all, concat: [one, two, three, four, input]}
  - {name: last, dense: 3}
)",
    R"(
input: {shape: [1, 6, 6], norm: 1}
layers:
  - conv: {filters: 2, kernel: 3, stride: 2, dilation: 2, padding: 2}
    then: [{group_norm: {groups: 1, epsilon: 0.05}}, relu]
  - conv: {filters: 2, kernel: 3, padding: 1}
    bias: false
    then: [{batch_norm: {epsilon: 0.001, affine: true}}, relu,
           {max_pool: {kernel: 3, stride: 2, padding: 1}}]
  - dense: 8
    bias: false
    then: [{batch_norm: {epsilon: 0.001, affine: true, scale: false}}, hard_tanh]
  - dense: 3
)",
    R"(
input: {shape: [3, 3], norm: 1}
layers:
  - conv: {filters: 3, kernel: 1}
    then: [{relative_positions: {window: [2], windows: 2}}, softplus, {pad: {by: 1, mode: circular}}]
  - conv: {filters: 3, kernel: 4}
    then: [sigmoid]
  - conv: {filters: 3, kernel: 1}
    then: [tanh]
  - conv_transposed: {filters: 3, kernel: 1}
    then: []
)",
    R"(
input: {shape: [2, 3], norm: 1}
layers:
  - conv: {filters: 2, kernel: 2, padding: 1}
    then: [softplus]
  - conv_transposed: {filters: 3, kernel: 3, stride: 2, padding: 1, output_padding: 1, dilation: 2}
    then: [sin]
  - conv: {filters: 3, kernel: 2, padding: 1, stride: 20}
)"};

std::string_view named_network(std::mt19937_64& random) {
  const std::uint64_t kind = random() % 3;
  if (kind == 0) return testing::smooth_networks[random() % testing::smooth_networks.size()].text;
  if (kind == 1) return testing::kinked_networks[random() % testing::kinked_networks.size()].text;
  return rare_networks[random() % std::size(rare_networks)];
}

support::PlainNetwork plain_network(std::uint64_t seed, std::mt19937_64& random) {
  support::PlainNetwork plain = support::random_network(seed);
  make_enclosable(plain, random);
  return plain;
}

// By fan-in, on a grid, or both ends of the scale.
void choose_point(LineProblem& of, const ParameterLayout& layout, std::mt19937_64& random) {
  const bool grid = chance(random, 40);
  const double scale = chance(random, 5) ? 10 : chance(random, 5) ? 1e-3 : 1;
  const bool uneven = chance(random, 15);  // sums that cancel
  for (const ParameterArray& array : layout.arrays) {
    double fan = 1;
    const double size = uneven ? scale * std::pow(10, 5 * uniform(random)) : scale;
    for (std::size_t k = 1; k < array.sizes.size(); ++k) fan *= static_cast<double>(array.sizes[k]);
    const bool is_scale = array.name.ends_with("scale") || array.name.ends_with("weight");
    const bool is_vector = array.sizes.size() == 1;
    for (std::int64_t i = 0; i < array.elements; ++i) {
      const double u = grid ? on_grid(random) : 1.7 * uniform(random) / std::sqrt(fan);
      const double shifted = is_vector && is_scale && !chance(random, 10) ? 1 + u / 2 : u;
      of.w[static_cast<std::size_t>(array.offset + i)] = size * shifted;
    }
  }
  const bool input_grid = chance(random, 40);
  const double offset = uneven ? std::pow(10, 4 * uniform(random)) : 0;
  for (double& each : of.x) {
    each = offset + (input_grid ? on_grid(random) : 2 * uniform(random));
  }
}

void train(LineProblem& of, std::mt19937_64& random) try {
  Objective<double> f(of.graph(), *find_loss(of.loss), of.x, of.samples, of.labels, of.options);
  const double rate = std::pow(10, -0.5 - static_cast<double>(random() % 3));
  std::vector<double> gradient(of.w.size());
  for (int step = 0; step < 8; ++step) {
    f.set_point(of.w);
    f.gradient(gradient);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      if (!std::isfinite(gradient[i])) return;
    }
    for (std::size_t i = 0; i < gradient.size(); ++i) of.w[i] -= rate * gradient[i];
  }
} catch (const LossError&) {  // outputs that are not finite
}

// A loss, a point, samples and labels; false where the network is large.
bool complete(LineProblem& of, std::mt19937_64& random) {
  const Network<double> network(of.graph(), of.samples, Purpose::derivatives, Storage::none);
  double work = 0;
  for (const auto& node : network.nodes()) work += node.multiplications;
  for (const auto& value : network.values()) {
    work += 20 * static_cast<double>(value.shape.elements());
  }
  const ParameterLayout& layout = network.parameter_layout();
  if (work > 60'000 || layout.elements == 0 || layout.elements > 4000) return false;
  static constexpr const char* losses[] = {"square", "binary_logistic", "huber"};
  of.loss = chance(random, 55) ? "logistic" : losses[random() % std::size(losses)];
  if (of.loss == "huber") of.options.threshold = chance(random, 50) ? 0.25 : 2;
  if (chance(random, 25)) of.options.regularizer = 0.125;
  if (of.loss == "logistic" && chance(random, 25)) of.options.label_smoothing = 0.25;
  if (!of.graph().couples_samples && chance(random, 25)) of.options.micro_batch = 1;
  of.w.resize(static_cast<std::size_t>(layout.elements));
  of.x.resize(static_cast<std::size_t>(network.input_elements()));
  choose_point(of, layout, random);
  const bool has_targets = of.loss != "logistic" && chance(random, 50);
  has_targets ? of.aim(random) : of.label(random);
  if (chance(random, 25)) train(of, random);
  return true;
}

}  // namespace

std::optional<LineProblem> random_problem(std::uint64_t seed, std::mt19937_64& random) {
  std::optional<LineProblem> of;
  try {
    if (seed % 3 == 0) {
      // Not as arguments, which every compiler evaluates in its own order.
      const std::int64_t batch = 1 + static_cast<std::int64_t>(random() % 4);
      of.emplace(std::string(named_network(random)), batch);
    } else {
      const support::PlainNetwork plain = plain_network(seed, random);
      const std::string text = support::to_text(plain);
      of.emplace(support::read_network(text), text, plain.batch);
    }
    if (!complete(*of, random)) return {};
  } catch (const std::runtime_error&) {  // it does not fit any more, or is not executed
    if (seed % 3 == 0) throw;
    return {};
  }
  return of;
}

std::vector<LineProblem> named_problems(std::mt19937_64& random) {
  std::vector<LineProblem> all;
  const auto add = [&](std::string_view text) {
    LineProblem of(std::string(text), 1 + static_cast<std::int64_t>(random() % 4));
    if (complete(of, random)) all.push_back(std::move(of));
  };
  for (const auto& named : testing::smooth_networks) add(named.text);
  for (const auto& named : testing::kinked_networks) add(named.text);
  for (const std::string_view text : rare_networks) add(text);
  return all;
}

std::vector<double> random_direction(const LineProblem& of, Objective<double>& f,
                                     std::mt19937_64& random) {
  std::vector<double> d(of.w.size());
  const std::uint64_t kind = random() % 5;
  if (kind < 2) {
    try {
      f.set_point(of.w);
      f.gradient(d);
      for (double& each : d) each = std::isfinite(each) ? -each : 1;
    } catch (const LossError&) {
      std::fill(d.begin(), d.end(), 1.0);
    }
  } else {
    for (double& each : d) each = kind == 2 ? on_grid(random) : uniform(random);
  }
  if (kind == 4) {  // of one block alone
    const auto& blocks = f.parameter_layout().blocks;
    const ParameterBlock& only = blocks[random() % blocks.size()];
    for (std::size_t i = 0; i < d.size(); ++i) {
      const auto place = static_cast<std::int64_t>(i);
      if (place < only.offset || place >= only.offset + only.elements) d[i] = 0;
    }
  }
  const double scale = chance(random, 10) ? 1e8 : chance(random, 10) ? 1e-8 : 1;
  for (double& each : d) each *= scale;
  return d;
}

double random_length(const ObjectiveEnclosure& line, std::span<const double> d,
                     std::mt19937_64& random) {
  const LineDerivatives& at = line.derivatives();
  double newton = std::abs(at.slope / at.curvature);
  if (line.line().degree() < 2 || !std::isnormal(newton)) {
    double square = 1e-200;
    for (const double each : d) square += each * each;
    newton = 0.3 / std::sqrt(square);
  }
  static constexpr double shares[] = {1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.1, 0.3, 0.3, 1, 1, 3, 30, 100};
  return newton * shares[random() % std::size(shares)];
}

}  // namespace smoothbound::test
