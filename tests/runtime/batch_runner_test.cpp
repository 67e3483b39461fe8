#include "smoothbound/runtime/batch_runner.hpp"

#include <gmock/gmock.h>

#include "networks.hpp"
#include "smoothbound/data/dataset.hpp"

namespace smoothbound::testing {
namespace {

constexpr std::int64_t samples = 7;

template <class Scalar>
struct Execution {
  RunResult<Scalar> result;
  std::int64_t batch = 0;
  double last_progress = 0;
};

template <class Scalar>
Execution<Scalar> run_with(std::string_view text, const RunnerOptions& options) {
  const Graph graph = graph_of(text, samples);
  BatchRunner<Scalar> runner(graph, samples, options);
  std::mt19937_64 random(3);
  const std::vector<double> w = random_parameters(runner.network(), random);
  runner.network().set_parameters(std::vector<Scalar>(w.begin(), w.end()));
  const Dataset dataset = random_dataset(graph.input, samples, 1);
  Execution<Scalar> run;
  run.batch = runner.batch();
  run.result =
      runner.run([&](std::int64_t first, std::span<Scalar> values) { dataset.read(first, values); },
                 [&](double done) {
                   EXPECT_GE(done, run.last_progress);
                   run.last_progress = done;
                 });
  return run;
}

template <class Scalar>
void expect_near(const RunResult<Scalar>& a, const RunResult<Scalar>& b, double tolerance) {
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    EXPECT_NEAR(a.outputs[i], b.outputs[i], tolerance);
  }
  ASSERT_EQ(a.layer_norms.size(), b.layer_norms.size());
  for (std::size_t i = 0; i < a.layer_norms.size(); ++i) {
    EXPECT_GT(a.layer_norms[i], 0);
    EXPECT_NEAR(a.layer_norms[i], b.layer_norms[i], tolerance * b.layer_norms[i]);
  }
  EXPECT_NEAR(a.input_norm, b.input_norm, 1e-12 * b.input_norm);
}

class Runner : public ::testing::TestWithParam<NamedNetwork> {};

TEST_P(Runner, GivesTheSameInPartsAsAtOnce) {
  const std::string_view text = GetParam().text;
  const bool coupled = graph_of(text, samples).couples_samples;
  const Execution<double> whole = run_with<double>(text, {});
  EXPECT_EQ(whole.batch, samples);
  EXPECT_NEAR(whole.last_progress, 1, 1e-9);
  for (const std::int64_t most : {1, 2, 3, 6}) {
    RunnerOptions options;
    options.most_samples = most;
    const Execution<double> parts = run_with<double>(text, options);
    EXPECT_LE(parts.batch, coupled ? samples : most);
    expect_near(parts.result, whole.result, 1e-12);
    expect_near(run_with<float>(text, options).result, run_with<float>(text, {}).result, 1e-4);
  }
}

TEST_P(Runner, KeepsToItsMemoryOrRefuses) {
  const std::string_view text = GetParam().text;
  const Graph graph = graph_of(text, samples);
  const std::int64_t whole = BatchRunner<double>(graph, samples).bytes();
  bool refused = false;
  std::int64_t last = samples;
  for (std::int64_t memory = whole; memory > 0 && !refused; memory = memory * 31 / 32) {
    RunnerOptions options;
    options.memory = memory;
    try {
      const BatchRunner<double> runner(graph, samples, options);
      EXPECT_LE(runner.bytes(), memory);
      EXPECT_LE(runner.batch(), samples);
      last = runner.batch();
    } catch (const MemoryShortage& shortage) {
      refused = true;
      EXPECT_GT(shortage.needed, memory);
      EXPECT_EQ(shortage.allowed, memory);
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_LE(last, graph.couples_samples ? samples : 2);
}

TEST_P(Runner, MeasuresEachLayer) {
  RunnerOptions options;
  options.profile = true;
  options.most_samples = 3;
  const std::string_view text = GetParam().text;
  const Graph graph = graph_of(text, samples);
  const Execution<float> run = run_with<float>(text, options);
  expect_near(run.result, run_with<float>(text, {}).result, 1e-4);
  EXPECT_NEAR(run.last_progress, 1, 1e-9);
  ASSERT_EQ(run.result.profile.size(), graph.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const LayerProfile& row = run.result.profile[i];
    EXPECT_EQ(row.output_bytes, samples * graph.layers[i].output.elements() * 4);
    EXPECT_GE(row.forward_seconds, 0);
    EXPECT_LT(row.forward_seconds, 60);
    const std::string_view first = name_of(graph.layers[i].components.front().component);
    const bool multiplies = first != "add" && first != "concat" && first != "parameter" &&
                            first != "constant" && first != "embedding";
    EXPECT_EQ(multiplies, row.multiplications > 0) << first;
  }
}

INSTANTIATE_TEST_SUITE_P(Smooth, Runner, ::testing::ValuesIn(smooth_networks),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(HugeRun, IsRefusedBeforeItIsPlanned) {
  const Graph graph = graph_of("input: {shape: [9, 9, 9]}\nlayers: [{dense: 3}]\n", 1);
  for (const double exponent : {40.0, 50.0, 52.0}) {
    RunnerOptions options;
    options.memory = std::int64_t{1} << 34U;
    try {
      const BatchRunner<double> runner(graph, static_cast<std::int64_t>(std::exp2(exponent)),
                                       options);
      FAIL();
    } catch (const MemoryShortage& shortage) {
      EXPECT_GT(shortage.needed, options.memory);
    }
  }
}

TEST(MemoryText, HasAFittingUnit) {
  EXPECT_EQ(memory_to_text(0), "0 bytes");
  EXPECT_EQ(memory_to_text(1023), "1023 bytes");
  EXPECT_EQ(memory_to_text(1536), "1.5 KiB");
  EXPECT_EQ(memory_to_text(std::int64_t{5} << 30U), "5.0 GiB");
  EXPECT_EQ(memory_to_text(std::int64_t{1} << 60U), "1048576.0 TiB");
  EXPECT_STREQ(MemoryShortage(2048, 1024).what(),
               "the execution takes 2.0 KiB, and there are 1.0 KiB");
}

}  // namespace
}  // namespace smoothbound::testing
