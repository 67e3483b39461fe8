// Costs: held against counters in networks written out as loops, and against executions.
#include "smoothbound/steps/cost.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "counted_network.hpp"
#include "runtime/networks.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/steps/gauss_newton.hpp"
#include "support/source_directory.hpp"

namespace smoothbound::testing {
namespace {

using namespace steps;

constexpr std::int64_t samples = 3;

std::int64_t integer(const Magnitude& value) { return value.to_integer().value_or(-1); }
std::int64_t integer(const Count& count) { return count.is_known() ? integer(count.value) : -1; }

// Values and gradients are those of the runtime, and so the loops are the network; what they have
// counted is what `count_costs` and profiles say.
void expect_counts(const Graph& graph, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Network<double> network(graph, samples);
  const std::vector<double> w = random_parameters(network, random);
  network.set_parameters(w);
  Trajectory<double> trajectory(network);
  const auto x = random_input(graph, samples, random);
  const auto mu =
      random_vector<double>(static_cast<std::size_t>(network.output_elements()), random);
  forward<double>(x, trajectory);
  std::vector<double> gradient(w.size());
  vjp<double>(trajectory, mu, gradient);

  CountedNetwork loops(graph, samples);
  const Numbers y = loops.forward(counted(w), counted(x));
  const Numbers w_bar = loops.backward(counted(mu));
  ASSERT_EQ(y.size(), mu.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    EXPECT_NEAR(y[i].value, trajectory.output()[i], 1e-9 * (1 + std::abs(y[i].value)));
  }
  ASSERT_EQ(w_bar.size(), gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    EXPECT_NEAR(w_bar[i].value, gradient[i], 1e-8 * (1 + std::abs(gradient[i]))) << i;
  }

  const NetworkCost cost = count_costs(graph, samples);
  RunnerOptions options;
  options.profile = true;
  BatchRunner<float> runner(graph, samples, options);
  const RunResult<float> run =
      runner.run([](std::int64_t, std::span<float> values) { std::ranges::fill(values, 1.0F); });
  PassCounts all;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    SCOPED_TRACE(graph.layers[i].name);
    const PassCounts& counts = loops.counts[i];
    EXPECT_EQ(integer(cost.layers[i].forward_multiplications), counts.forward);
    EXPECT_EQ(integer(cost.layers[i].backward_multiplications), counts.backward);
    EXPECT_EQ(integer(cost.layers[i].evaluations), counts.evaluations);
    EXPECT_EQ(run.profile[i].multiplications, static_cast<double>(counts.forward));
    EXPECT_EQ(integer(cost.layers[i].activations), samples * graph.layers[i].output.elements());
    all.forward += counts.forward;
    all.backward += counts.backward;
  }
  EXPECT_EQ(integer(cost.total.forward_multiplications), all.forward);
  EXPECT_EQ(integer(cost.total.backward_multiplications), all.backward);
  EXPECT_EQ(integer(cost.gradient), all.forward + all.backward);
  EXPECT_EQ(integer(cost.outputs), std::ssize(mu));
  EXPECT_EQ(integer(cost.gauss_newton), all.forward + (2 * std::ssize(mu) + 1) * all.backward);
}

class Counts : public ::testing::TestWithParam<NamedNetwork> {};

TEST_P(Counts, AreThoseOfLoopsThatCount) {
  const Graph graph = graph_of(GetParam().text, samples);
  expect_counts(graph, 1);
}

TEST(CountsOfFixedStatistics, AreThoseOfLoopsThatCount) {
  int tried = 0;
  for (const NamedNetwork& network : smooth_networks) {
    const Graph graph = graph_of(network.text, samples);
    if (!graph.couples_samples) continue;
    SCOPED_TRACE(network.name);
    expect_counts(with_statistics_of_a_batch(graph, 2), 3);
    ++tried;
  }
  EXPECT_EQ(tried, 3);
}

constexpr std::array own_networks{
    NamedNetwork{"Poolings", R"(
input: {shape: [4, 9, 7], norm: 1}
layers:
  - then: [{average_pool: {kernel: [3, 2], stride: [2, 1], padding: 1}}]
  - conv: {filters: 6, kernel: [3, 1], stride: 2, padding: [2, 1], groups: 2}
    then: [{average_pool: {kernel: 2, stride: 1, padding: same}}, {max_pool: {kernel: 2, padding: 1}}]
  - conv: {filters: 4, kernel: 2, dilation: [1, 3], padding: 3}
    bias: false
    then: [{group_norm: {groups: 2, epsilon: 0.1}}, global_average_pool, rms_norm: 0.1]
)"},
    NamedNetwork{"Untrained", R"(
input: {shape: [5], norm: 1}
layers:
  - {name: a, then: [layer_norm: {epsilon: 0.1, affine: true}]}
  - {name: b, from: input, then: [tanh]}
  - {name: c, from: input, then: [tanh, sigmoid]}
  - {name: gate, multiply: [a, b, c, input, a]}
  - {name: out, dense: 2}
)"},
    NamedNetwork{"OneParameter", R"(
input: {shape: [1], norm: 1}
layers:
  - {dense: 1, bias: false, then: [tanh]}
  - {dense: 1, bias: false, then: [sigmoid, tanh]}
)"},
};

const auto name_of_network = [](const auto& test) { return std::string(test.param.name); };
INSTANTIATE_TEST_SUITE_P(Smooth, Counts, ::testing::ValuesIn(smooth_networks), name_of_network);
INSTANTIATE_TEST_SUITE_P(Kinked, Counts, ::testing::ValuesIn(kinked_networks), name_of_network);
INSTANTIATE_TEST_SUITE_P(Own, Counts, ::testing::ValuesIn(own_networks), name_of_network);

// By hand, from Prop 3.3, Cor 3.4 and Prop C.5.
TEST(Orders, AreThoseOfThePaper) {
  const Graph graph = graph_of(R"(
input: {shape: [2, 6, 6]}
layers:
  - conv: {filters: 3, kernel: 3}
    then: [tanh]
  - dense: 5
    then: [softplus]
)",
                               samples);
  const NetworkCost cost = count_costs(graph, samples);
  const std::int64_t m = samples;
  // n^p = 16 patches, n^f = 3 filters of s^f = 18.
  EXPECT_EQ(integer(cost.layers[0].sparse_backward), (2 * 16 * 3 * 18 + 16 * 3 + 48) * m);
  EXPECT_EQ(integer(cost.layers[1].sparse_backward), 2 * m * 5 * (48 + 1));
  const std::int64_t first = 72 * m;
  const std::int64_t second = 48 * m;
  const std::int64_t third = 5 * m;
  EXPECT_EQ(integer(cost.layers[0].generic_space), (57 + first) * second);
  EXPECT_EQ(integer(cost.layers[1].generic_space), (245 + second) * third);
  EXPECT_EQ(integer(cost.total.generic_backward),
            2 * (first * second + 57 * second + second * third + 245 * third));
}

// The number of multiplications of VGG-16 that is told of convolutions and dense layers, for one
// image; poolings multiply each number that they read, and softmax divides.
TEST(Forward, OfVgg16IsThePublishedOne) {
  Source source;
  load_source(SMOOTHBOUND_SOURCE_DIR "/architectures/vgg16.yaml", {}, source);
  const Graph graph = build_graph(read_spec(source), 1);
  const std::int64_t pooled =
      64 * 224 * 224 + 128 * 112 * 112 + 256 * 56 * 56 + 512 * 28 * 28 + 512 * 14 * 14;
  EXPECT_EQ(integer(count_costs(graph, 1).total.forward_multiplications),
            15'470'264'320 + pooled + 1000);
}

// Matrix products and factorizations of a stage as loops.
class StageLoops {
 public:
  std::int64_t count = 0;

  void product(std::int64_t rows, std::int64_t inner, std::int64_t columns) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) count += inner;
    }
  }
  void cholesky(std::int64_t n) {
    for (std::int64_t j = 0; j < n; ++j) {
      count += j;                                               // the squares below the root
      for (std::int64_t i = j + 1; i < n; ++i) count += j + 1;  // products and a division
    }
  }
  void triangular_solve(std::int64_t n, std::int64_t columns) {
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t i = 0; i < n; ++i) count += i + 1;
    }
  }
  void symmetric_product(std::int64_t n, std::int64_t inner) {
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) count += inner;
    }
  }
};

TEST(NewtonSweep, IsTheSumOfItsProducts) {
  const std::int64_t m = 6;
  const Graph graph = graph_of(R"(
input: {shape: [1, 5]}
layers:
  - conv: {filters: 2, kernel: 2}
    then: [tanh]
  - dense: 7
    then: [layer_norm: {epsilon: 0.1, affine: true}]
  - dense: 3
)",
                               m);
  const NetworkCost cost = count_costs(graph, m);
  // 24 patches of 2 numbers and a one: 3 unknowns a filter.
  StageLoops first;
  for (int filter = 0; filter < 2; ++filter) {
    first.product(48, 24, 3);  // G L
    first.product(3, 24, 6);   // L^T that
  }
  first.cholesky(6);
  EXPECT_EQ(integer(cost.layers[0].newton_unknowns), 6);
  EXPECT_EQ(integer(cost.layers[0].newton_multiplications), first.count);
  // 6 rows of 8 features and a one: 6 unknowns a filter, and 14 numbers of the norm.
  StageLoops second;
  second.count += 3 * 9 * 6 * 6;  // factorization of the patches, Q and L
  second.product(9, 6, 9);        // Q Q^T
  second.product(56, 42, 8);      // G Z
  for (int filter = 0; filter < 7; ++filter) {
    second.product(6, 6, 48);  // L^T (G Z)
    second.product(56, 6, 6);  // G L
    second.product(6, 6, 56);  // L^T (G L)
  }
  for (int sample = 0; sample < 6; ++sample) second.product(8, 7, 48);  // Z^T (G Z)
  second.cholesky(56);
  second.triangular_solve(56, 48);
  second.symmetric_product(48, 56);
  second.product(6 * 8, 7, 6);  // Q^T T^T
  second.product(6, 7, 6);      // Y^T Y
  second.product(6 * 8, 1, 6 * 8);
  EXPECT_EQ(integer(cost.layers[1].newton_unknowns), 56);
  EXPECT_EQ(integer(cost.layers[1].newton_multiplications), second.count);
  EXPECT_EQ(integer(cost.total.newton_unknowns), 6 + 56 + integer(cost.layers[2].newton_unknowns));
  EXPECT_EQ(integer(cost.newton),
            integer(cost.gradient) + integer(cost.total.newton_multiplications));
  // Patches with ones and weights; the factor and its vector.
  EXPECT_EQ(integer(cost.layers[0].newton_bytes), 8 * (24 * 3 + 3 * 2 + 6 * 6 + 6));
  // Q and L, weights, and the projector; the factor; V; Z and Y.
  EXPECT_EQ(integer(cost.layers[1].newton_bytes), 8 * (6 * 6 + 9 * 6 + 9 * 7 + 9 * 9 +  //
                                                       56 * 56 + 56 + 56 * 48 + 7 * 8 + 42));
  // At the end of the second layer's stage: G, L^T G and G L, and the cost before it.
  EXPECT_EQ(integer(cost.newton_bytes),
            integer(cost.total.newton_bytes) + 8 * (56 * (56 + 56 + 6) + 48 * 48));
}

// Where the layer reads more than it has unknowns, G Z is the largest.
TEST(NewtonSweep, MemoryOfAWideInput) {
  const NetworkCost cost = count_costs(graph_of(R"(
input: {shape: [1, 40]}
layers:
  - conv: {filters: 1, kernel: 2}
  - dense: 30
)",
                                                2),
                                       2);
  EXPECT_EQ(integer(cost.layers[0].newton_bytes), 8 * (78 * 3 + 3 + 3 * 3 + 3));
  EXPECT_EQ(integer(cost.layers[1].newton_bytes), 8 * (2 * 2 + 40 * 2 + 40 * 30 + 40 * 40 +  //
                                                       60 * 60 + 60 + 60 * 78 + 30 * 39 + 60));
  EXPECT_EQ(integer(cost.newton_bytes),
            integer(cost.total.newton_bytes) + 8 * (60 * 60 + 60 * 78 + 78 * 78));
}

TEST(NewtonSweep, NeedsAChain) {
  const auto* const network = std::ranges::find(smooth_networks, "Branches", &NamedNetwork::name);
  ASSERT_NE(network, smooth_networks.end());
  const NetworkCost branches = count_costs(graph_of(network->text, 2), 2);
  EXPECT_EQ(branches.newton.reason, "layer 'sum' does not read just the layer before it: no chain");
  EXPECT_TRUE(branches.gauss_newton.is_known());
  EXPECT_EQ(count_costs(graph_of(own_networks[0].text, 2), 2).newton.reason,
            "layer 'layer1' has no weights to begin with: a Newton step of a chain needs them");
}

TEST(OpaqueLayers, HaveNoCosts) {
  const Graph graph = graph_of(
      "input: {shape: [4]}\nlayers:\n  - {name: a, dense: 3}\n"
      "  - {name: b, opaque: {lipschitz: 1, smoothness: 1}}\n",
      2);
  const NetworkCost cost = count_costs(graph, 2);
  const std::string reason = "layer 'b': opaque states constants of a layer, not what it computes";
  EXPECT_TRUE(cost.has_answer());
  EXPECT_EQ(integer(cost.layers[0].forward_multiplications), 24);
  for (const Count& count : {cost.layers[1].forward_multiplications, cost.gradient, cost.newton,
                             cost.gauss_newton, cost.memory[0].trajectory}) {
    EXPECT_EQ(count.reason, reason);
  }
  EXPECT_EQ(integer(cost.layers[1].generic_space), 36);
}

template <class Scalar>
void expect_memory(const Graph& graph, const MemoryCost& memory) {
  SCOPED_TRACE(memory.precision);
  const Network<Scalar> network(graph, samples);
  EXPECT_EQ(integer(memory.parameters),
            static_cast<std::int64_t>(sizeof(Scalar)) * std::ssize(network.parameters()));
  Trajectory<Scalar> trajectory(network);
  std::vector<Scalar> x(static_cast<std::size_t>(network.input_elements()));
  forward<Scalar>(x, trajectory);
  EXPECT_EQ(integer(memory.trajectory), trajectory.bytes());
  std::vector<Scalar> mu(static_cast<std::size_t>(network.output_elements()), 1);
  std::vector<Scalar> gradient(network.parameters().size());
  vjp<Scalar>(trajectory, mu, gradient);
  // Where several consumers' cotangents are added there is another buffer, and for a block that
  // several layers use.
  EXPECT_LE(integer(memory.trajectory) + integer(memory.backward), trajectory.bytes());
  if (testing::is_chain(graph) && graph.shared_groups == 0) {
    EXPECT_EQ(integer(memory.trajectory) + integer(memory.backward), trajectory.bytes());
  }
  EXPECT_EQ(integer(memory.gradient),
            2 * integer(memory.parameters) + integer(memory.packed) + integer(memory.trajectory) +
                integer(memory.backward) +
                static_cast<std::int64_t>(sizeof(Scalar)) * (std::ssize(x) + std::ssize(mu)));
}

TEST(Memory, IsWhatExecutionsTake) {
  for (const NamedNetwork& network : smooth_networks) {
    SCOPED_TRACE(network.name);
    const Graph graph = graph_of(network.text, samples);
    const NetworkCost cost = count_costs(graph, samples);
    expect_memory<float>(graph, cost.memory[0]);
    expect_memory<double>(graph, cost.memory[1]);
  }
}

// At most 2 q + 1 products, as the cost of the step says.
TEST(GaussNewton, TakesNoMoreProductsThanCounted) {
  const Graph graph = graph_of(smooth_networks[0].text, 2);
  std::mt19937_64 random(4);
  Network<double> network(graph, 2);
  network.set_parameters(random_parameters(network, random));
  Trajectory<double> trajectory(network);
  forward<double>(random_vector<double>(10, random), trajectory);
  const LossRow& square = *find_loss("square");
  const Labels labels{{}, std::vector<double>(6, 0.5)};
  const std::vector<double> predictions(trajectory.output().begin(), trajectory.output().end());
  LossData data;
  data.samples = 2;
  data.outputs = 3;
  data.predictions = predictions;
  data.labels = &labels;
  const LossEvaluation loss = evaluate_loss(square, data);
  const GaussNewtonDirection step = gauss_newton_direction(linearize(trajectory), loss, {}, 1.0);
  const std::int64_t q = integer(count_costs(graph, 2).outputs);
  EXPECT_EQ(q, 6);
  EXPECT_LE(step.oracle_calls, 2 * q + 1);
}

// Numbers beyond 64 bits are rounded up, and nothing is planned or allocated.
TEST(HugeNetworks, AreCounted) {
  const std::int64_t batch = std::int64_t{1} << 40U;
  const Graph graph = graph_of(
      "input: {shape: [1000]}\nlayers:\n  - {dense: 1000, then: [tanh]}\n  - {dense: 1000}\n",
      batch);
  const NetworkCost cost = count_costs(graph, batch);
  EXPECT_EQ(integer(cost.layers[0].forward_multiplications), batch * 1'000'000);
  EXPECT_GT(cost.total.generic_space.log10(), 30);
  EXPECT_TRUE(cost.newton.value.is_finite());
  EXPECT_EQ(cost.memory[1].gradient.reason, "more than 2^50 bytes: not planned");
}

// Of 100 samples with 2^40 inputs: planned with few outputs, and not with as many.
TEST(HugeNetworks, ArePlannedUpTo2To50Bytes) {
  for (const int stride : {1, 1024}) {
    const Graph graph =
        graph_of(fmt::format("input: {{shape: [1, 1048576, 1048576]}}\nlayers:\n"
                             "  - {{conv: {{filters: 1, kernel: 1, stride: {}}}, bias: false}}\n",
                             stride),
                 100);
    const Count gradient = count_costs(graph, 100).memory[1].gradient;
    EXPECT_EQ(gradient.reason, stride == 1 ? "more than 2^50 bytes: not planned" : "");
  }
}

TEST(HugeNetworks, ArePlannedUpTo20000Components) {
  constexpr std::size_t most = 20'000;
  for (const std::size_t components : {most, most + 1}) {
    std::string text = "input: {shape: [2]}\nlayers:\n";
    for (std::size_t i = 0; i < components; i += 2) {
      text += i + 1 < components ? "  - {dense: 2, then: [tanh]}\n" : "  - {dense: 2}\n";
    }
    const Count gradient = count_costs(graph_of(text, 1), 1).memory[0].gradient;
    EXPECT_EQ(gradient.reason, components > most ? "more than 20000 components: not planned" : "");
  }
}

}  // namespace
}  // namespace smoothbound::testing
