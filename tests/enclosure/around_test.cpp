// Bounds around weights, by hand and beside what a search finds.
#include "smoothbound/enclosure/around.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/enclosure/objective_enclosure.hpp"
#include "smoothbound/graph/prefix.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/network.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/trajectory.hpp"
#include "support/random_network.hpp"
#include "support/read_network.hpp"
#include "support/search_seeds.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound {
namespace {

using ::testing::IsEmpty;
using Vector = std::vector<double>;

class Values final : public Observer<double> {
 public:
  explicit Values(std::size_t layers) : of(layers) {}
  void on_layer(std::uint32_t layer, const BatchShape& shape, const double* values) override {
    of[layer].assign(values, values + shape.elements());
  }
  std::vector<Vector> of;
};

Vector normals(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Vector values(count);
  for (double& value : values) value = normal(random);
  return values;
}

// What may be executed of a seed's network.
std::optional<std::string> executable_text(std::uint64_t seed) {
  support::PlainNetwork plain = support::random_network(seed);
  plain.batch = 1 + static_cast<std::int64_t>(seed % 3);
  plain.norm = "0.7";
  plain.sample_norm.clear();
  for (support::PlainLayer& layer : plain.layers) {
    for (support::PlainPart& part : layer.parts) {
      if (part.kind == "opaque" || part.kind == "embedding") return std::nullopt;
      if (part.epsilon == "0") part.epsilon = "1e-3";
    }
  }
  return support::to_text(plain);
}

TEST(PrefixOf, ComputesWhatTheLayerDoes) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::optional<std::string> text = executable_text(seed);
    if (!text) continue;
    SCOPED_TRACE(*text);
    const Graph graph = support::read_network(*text).graph;
    Network<double> network(graph, 2);
    std::mt19937_64 random(seed);
    const Vector w = normals(network.parameters().size(), random);
    const Vector x = normals(static_cast<std::size_t>(network.input_elements()), random);
    network.set_parameters(w);
    Trajectory<double> trajectory(network);
    Values values(graph.layers.size());
    trajectory.set_observer(&values);
    forward<double>(x, trajectory);
    for (std::uint32_t layer = 0; layer < graph.layers.size(); ++layer) {
      if (values.of[layer].empty()) continue;  // it computes nothing
      const Prefix prefix = prefix_of(graph, layer);
      EXPECT_EQ(prefix.graph.layers[prefix.graph.output()].name, graph.layers[layer].name);
      Network<double> part(prefix.graph, 2);
      Vector of_part;
      for (const std::uint32_t b : prefix.blocks) {
        const ParameterBlock& block = network.parameter_layout().blocks[b];
        of_part.insert(of_part.end(), w.begin() + block.offset,
                       w.begin() + block.offset + block.elements);
      }
      ASSERT_EQ(of_part.size(), part.parameters().size());
      part.set_parameters(of_part);
      Trajectory<double> short_one(part);
      forward<double>(x, short_one);
      const auto y = short_one.output();
      ASSERT_EQ(y.size(), values.of[layer].size());
      for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], values.of[layer][i]) << i;
      ++compared;
    }
  }
  EXPECT_GE(compared, 100);
}

Samples random_samples(std::uint64_t seed) {
  SampleRequest request;
  request.seed = seed;
  return Samples(request);
}

AroundRequest request_for(const std::string& text, const char* radius, bool with_samples,
                          std::uint64_t seed = 1) {
  AroundRequest request;
  request.source = {"net.yaml", text};
  request.parameters.scheme = Scheme::kaiming;
  request.parameters.seed = seed;
  request.radius = Real::from_decimal(radius);
  if (with_samples) request.samples = random_samples(seed);
  return request;
}

// Both methods, all radii: nothing that is found is above its bound.
TEST(BoundAround, IsAboveWhatASearchFinds) {
  int bounded = 0;
  const support::SearchSeeds seeds = support::search_seeds(45);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const std::optional<std::string> text = executable_text(seed);
    if (!text) continue;
    const char* const radius = std::array{"0", "0.01", "0.7"}.at(seed % 3);
    for (const bool with_samples : {false, true}) {
      SCOPED_TRACE(
          fmt::format("seed {}, radius {}, samples {}\n{}", seed, radius, with_samples, *text));
      AroundRequest request = request_for(*text, radius, with_samples, seed);
      request.options.methods = {Method::paper, Method::sharp};
      request.measures = true;
      request.search.starts = 1;
      request.search.ascents = 1;
      request.search.power_steps = 4;
      AroundReport report;
      try {
        report = bound_around(request);
      } catch (const SpecError&) {
        continue;  // a radius that nothing can be drawn in
      } catch (const std::overflow_error&) {
        continue;
      }
      EXPECT_THAT(report.exceeded(), IsEmpty());
      for (const Excess& one : report.exceeded()) {
        ADD_FAILURE() << one.quantity << " of layer "
                      << (one.layer ? report.bounds.graph.layers[*one.layer].name : "F") << ": "
                      << one.measured << " above " << one.bound.to_text(17);
      }
      bounded += report.layers.empty() ? 0 : 1;
    }
  }
  EXPECT_GE(bounded, seeds.is_wish ? 1 : 40);
}

// The bounds count on no sample being longer than it may be, and so does the search.
TEST(BoundAround, SearchesSamplesOfTheNormTheyMayHave) {
  AroundRequest request = request_for(
      "input: {shape: [3], norm: 2, sample_norm: 1}\nbatch: 4\nlayers:\n"
      "  - {dense: 3, then: [sigmoid]}\n  - {dense: 2}\n",
      "0.5", false);
  request.measures = true;
  const AroundReport report = bound_around(request);
  EXPECT_THAT(report.exceeded(), IsEmpty());
  EXPECT_GT(report.layers[1].slope, 0);
  MeasureSettings search = usual_search();
  search.norm = 2;
  search.sample_norm = 1;
  const Measurement found = measure(report.bounds.graph, 4, search);
  for (const Measured* one : {&found.norm, &found.slope, &found.curvature}) {
    for (std::size_t first = 0; first < one->x.size(); first += 3) {
      EXPECT_LE(euclidean_norm(std::span<const double>(one->x).subspan(first, 3)), 1 + 1e-9);
    }
  }
}

TEST(BoundAround, TellsWhatIsAboveItsBound) {
  AroundRequest request = request_for(
      "input: {shape: [3], norm: 1}\nloss: logistic\nbatch: 2\nlayers: [{dense: 2}]", "0", true);
  request.measures = true;
  AroundReport report = bound_around(request);
  ASSERT_EQ(report.layers.size(), 1U);
  ASSERT_TRUE(report.objective.has_value());
  EXPECT_THAT(report.exceeded(), IsEmpty());
  const Triple& bounds = report.results[0].table.layers[0];
  const MeasuredLayer honest = report.layers[0];
  report.layers[0].norm = bounds.m.to_double() * (1 + 1e-6);
  ASSERT_EQ(report.exceeded().size(), 1U);
  EXPECT_EQ(report.exceeded()[0].quantity, "m");
  EXPECT_EQ(report.exceeded()[0].layer, 0U);
  report.layers[0] = honest;
  report.layers[0].slope = bounds.lipschitz.to_double() * (1 + 1e-6);
  ASSERT_EQ(report.exceeded().size(), 1U);
  EXPECT_EQ(report.exceeded()[0].quantity, "l");
  report.layers[0] = honest;
  report.layers[0].curvature = 1e-6;  // of a linear map
  ASSERT_EQ(report.exceeded().size(), 1U);
  EXPECT_EQ(report.exceeded()[0].quantity, "L");
  report.layers[0] = honest;
  report.objective->slope = report.results[0].objective->lipschitz.to_double() * (1 + 1e-6);
  report.objective->curvature = report.results[0].objective->smoothness.to_double() * (1 + 1e-6);
  ASSERT_EQ(report.exceeded().size(), 2U);
  EXPECT_FALSE(report.exceeded()[1].layer.has_value());
}

// Of samples that are known, the norms of layers are those of the values, and certified.
TEST(BoundAround, KnowsTheNormsOfLayers) {
  const std::string text =
      "input: {shape: [2, 6, 6], norm: 3}\nbatch: 3\nlayers:\n"
      "  - {name: a, conv: {filters: 4, kernel: 3}, then: [tanh]}\n"
      "  - {name: b, then: [identity]}\n  - {name: c, from: b, dense: 5, then: [softplus]}\n";
  AroundRequest request = request_for(text, "0", true);
  Samples samples = random_samples(1);
  const AroundReport report = bound_around(request);
  const Report before = make_report(request.source, {}, {});  // of the architecture's norm
  samples.fit(before);
  samples.generate(before);
  const Graph& graph = report.bounds.graph;
  Network<double> network(graph, 3);
  set_parameters(network, graph, request.parameters, report.bounds.settings.radius);
  Vector x(static_cast<std::size_t>(network.input_elements()));
  (void)load_samples(samples.dataset(), 0, samples.preparation(before), std::span<double>(x));
  Trajectory<double> trajectory(network);
  Values values(graph.layers.size());
  trajectory.set_observer(&values);
  forward<double>(x, trajectory);
  ASSERT_EQ(report.norms.size(), 3U);
  for (std::uint32_t layer = 0; layer < 3; ++layer) {
    const Vector& z = values.of[layer].empty() ? values.of[0] : values.of[layer];
    const double norm = euclidean_norm(std::span<const double>(z));
    EXPECT_GE(report.norms[layer].to_double(), norm * (1 - 1e-13));
    EXPECT_NEAR(report.norms[layer].to_double(), norm, 1e-10 * norm);
    EXPECT_EQ(report.results[0].table.layers[layer].m.to_text(10), report.norms[layer].to_text(10));
  }
}

// One dense layer without bias, on a single number x: outputs w x, hess F = x^2 H_f. With two
// outputs that differ by t, H_f has one eigenvalue, 2 s (1 - s), s the sigmoid of t.
double curvature_of_logistic(double t) {
  const double s = 1 / (1 + std::exp(-t));
  return 2 * s * (1 - s);
}

TEST(BoundAround, TakesTheCurvatureOfTheLossAtThePoint) {
  const std::string text =
      "input: {shape: [1], norm: 1.5}\nbatch: 1\nloss: logistic\nlayers: [{dense: 2, bias: false}]";
  for (const char* const radius : {"0", "0.125", "3"}) {
    SCOPED_TRACE(radius);
    const AroundReport report =
        bound_around(request_for("input: {shape: [1], norm: 1.5}\nbatch: 1\nloss: logistic\n"
                                 "layers: [{dense: 2, bias: false}]",
                                 radius, true));
    const Graph& graph = report.bounds.graph;
    Network<double> network(graph, 1);
    ParameterSource kaiming;
    kaiming.scheme = Scheme::kaiming;
    set_parameters(network, graph, kaiming, report.bounds.settings.radius);
    const Report before = make_report(Source{"net.yaml", text}, {}, {});
    Samples samples = random_samples(1);
    samples.fit(before);
    samples.generate(before);
    Vector x(1);
    (void)load_samples(samples.dataset(), 0, samples.preparation(before), std::span<double>(x));
    const double norm = std::abs(x[0]);
    EXPECT_NEAR(norm, 1.5, 1e-6);
    const double t = (network.parameters()[0] - network.parameters()[1]) * x[0];
    const double r = report.radius.nearest;
    const double at_point = curvature_of_logistic(t) * std::exp(std::sqrt(2.0) * norm * r);
    const double curvature = std::min(0.5, at_point) * norm * norm;
    const ObjectiveBounds& objective = *report.results[0].objective;
    EXPECT_GE(objective.smoothness.to_double(), curvature * (1 - 1e-12));
    EXPECT_NEAR(objective.smoothness.to_double(), curvature, 1e-9 * curvature);
    // grad f = p - e_y has the norm sqrt(2) (1 - p_y).
    const std::int64_t label = samples.labels(report.bounds).classes.at(0);
    const double p = 1 / (1 + std::exp(label == 0 ? -t : t));
    const double slope =
        std::min(std::sqrt(2.0), std::sqrt(2.0) * (1 - p) + std::min(0.5, at_point) * norm * r);
    // Far away the ball of predictions says a little more.
    EXPECT_GE(objective.lipschitz.to_double(), slope * norm * (1 - 1e-4));
    EXPECT_LE(objective.lipschitz.to_double(), slope * norm + 1e-6);
  }
}

// Of several samples the mean counts, not the largest.
TEST(BoundAround, IsAMeanOverSamples) {
  const auto text = [](int batch) {
    return fmt::format(
        "input: {{shape: [3], norm: 2}}\nbatch: {}\nloss: logistic\nlayers:\n"
        "  - {{dense: 4, then: [softplus]}}\n  - {{dense: 3}}\n",
        batch);
  };
  const AroundReport all = bound_around(request_for(text(6), "0.1", true));
  const support::Network network = support::read_network(text(6));
  PointBounds point;
  point.blocks = all.blocks;
  // By hand, from what is known of one sample without its values.
  const std::vector<ValuesAtPoint> unknown(6);
  const std::vector<Magnitude> norms{Magnitude::from_count(1), Magnitude::from_count(1),
                                     Magnitude::from_count(1), Magnitude::from_count(2),
                                     Magnitude::from_count(2), Magnitude::from_count(2)};
  const Magnitude radius = Magnitude::from_decimal("0.1");
  const ObjectiveBounds mean =
      bound_objective_by_sample(network.graph, network.settings, point, radius, unknown, norms);
  Magnitude sum;
  for (const std::int64_t norm : {1, 2}) {
    ResolvedSettings one = network.settings;
    one.batch = 1;
    one.input_norm = Real::from_decimal(std::to_string(norm));
    one.sample_norm = one.input_norm;
    const BoundTable table =
        evaluate_bounds_around(network.graph, inputs_of(one), point, radius, Method::sharp);
    sum += bound_objective_around(network.graph, one, point, radius, table).smoothness;
  }
  EXPECT_NEAR(mean.smoothness.to_double(), sum.to_double() / 2, 1e-12 * sum.to_double());
  EXPECT_THROW((void)bound_objective_by_sample(network.graph, network.settings, point, radius,
                                               std::span(unknown).first(5), norms),
               std::invalid_argument);
  EXPECT_LE(all.results[0].objective->smoothness, mean.smoothness);
}

TEST(BoundAround, RefusesWhatDoesNotFitIntoMemory) {
  AroundRequest request =
      request_for("input: {shape: [3], norm: 1}\nbatch: 2\nlayers: [{dense: 2}]", "0", true);
  request.memory = 100;
  EXPECT_THROW((void)bound_around(request), MemoryShortage);
}

// Samples a few at a time, the last ones fewer: the same bounds, rounding aside.
TEST(BoundAround, GoesThroughSamplesInMicroBatches) {
  for (const char* const loss : {"logistic", "square", "huber"}) {
    SCOPED_TRACE(loss);
    const std::string text = fmt::format(
        "input: {{shape: [2, 5, 5], norm: 3}}\nbatch: 17\nloss: {}\nregularizer: 0.1\nlayers:\n"
        "  - {{name: a, conv: {{filters: 6, kernel: 3}}, then: [tanh]}}\n"
        "  - {{name: b, then: [identity]}}\n  - {{name: c, from: b, dense: 3}}\n",
        loss);
    AroundRequest request = request_for(text, "0.25", true);
    const AroundReport whole = bound_around(request);
    request.memory = bytes_of_objective_enclosure(whole.bounds.graph, 17, 5, 1);
    ASSERT_EQ(micro_batch_of_enclosure(whole.bounds.graph, 17, 1, request.memory), 5);
    const AroundReport parts = bound_around(request);
    const auto expect_near = [](const Magnitude& a, const Magnitude& b) {
      EXPECT_NEAR(a.to_double(), b.to_double(), 1e-11 * b.to_double());
    };
    ASSERT_EQ(parts.norms.size(), 3U);
    for (std::uint32_t layer = 0; layer < 3; ++layer) {
      expect_near(parts.norms[layer], whole.norms[layer]);
      for (std::size_t i = 0; i < whole.results.size(); ++i) {
        const Triple& of_parts = parts.results[i].table.layers[layer];
        const Triple& of_whole = whole.results[i].table.layers[layer];
        expect_near(of_parts.m, of_whole.m);
        expect_near(of_parts.lipschitz, of_whole.lipschitz);
        expect_near(of_parts.smoothness, of_whole.smoothness);
      }
    }
    for (std::size_t i = 0; i < whole.results.size(); ++i) {
      expect_near(parts.results[i].objective->lipschitz, whole.results[i].objective->lipschitz);
      expect_near(parts.results[i].objective->smoothness, whole.results[i].objective->smoothness);
    }
    // What needs all samples at once says so.
    request.measures = true;
    try {
      (void)bound_around(request);
      ADD_FAILURE() << "a search with less memory than it takes";
    } catch (const MemoryShortage& error) {
      EXPECT_TRUE(error.all_at_once);
      EXPECT_EQ(error.needed, bytes_of_enclosure(whole.bounds.graph, 17, 1));
    }
  }
}

// Where the values of one sample are not finite, the norm of the layer is not, whatever is known of
// the others.
TEST(BoundAround, NoMicroBatchIsForgotten) {
  const testing::TemporaryDirectory directory;
  for (const std::size_t place : {std::size_t{0}, std::size_t{16}}) {
    std::vector<double> x(17, 0.5);
    x[place] = 1e200;
    const std::string file = directory / "x.npy";
    write_npy(file, {"x", {17, 1}, x});
    AroundRequest request = request_for(
        "input: {shape: [1], norm: 3}\nbatch: 17\nloss: logistic\nlayers:\n"
        "  - {name: a, dense: 40}\n  - {name: b, multiply: [a, a]}\n  - {name: c, dense: 2}\n",
        "0", false);
    SampleRequest samples;
    samples.name = file;
    samples.is_input = true;
    const support::Network network = support::read_network(request.source.text);
    for (const std::int64_t size : {0, 5}) {
      request.samples = Samples(samples);
      request.memory = bytes_of_objective_enclosure(network.graph, 17, size, 1);
      const AroundReport report = bound_around(request);
      EXPECT_TRUE(report.norms[0].is_finite());
      EXPECT_TRUE(report.norms[1].is_infinite());
      EXPECT_TRUE(report.norms[2].is_infinite());
      EXPECT_FALSE(report.results[0].table.layers[1].m.is_infinite()) << "||W|| ||x|| bounds it";
    }
  }
}

}  // namespace
}  // namespace smoothbound
