// Executions from request to report, on networks small enough to do by hand.
#include "smoothbound/runtime/execute.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "cli/runtime/verdict_codes.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/text/data_error.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Verdict = RunReport::Verdict;

// What `function` throws, as its message; the test fails if it throws nothing of that type.
template <class Error, class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

// z = W x + b with W = (1 2; 3 4), b = (0.5, -0.5), ||v||^2 = 30.5, on x = (1, 0) and (0, 1).
class Execute : public ::testing::Test {
 protected:
  Execute() {
    write_array("x.npy", {2, 2}, {1, 0, 0, 1});
    write_labels({1, 0});
    write_safetensors(directory_ / "w.safetensors",
                      std::vector<TensorView>{{"a.weight", {2, 2}, std::vector{1.0, 2.0, 3.0, 4.0}},
                                              {"a.bias", {2}, std::vector{0.5, -0.5}}});
  }

  static std::string network(const std::string& radius, const std::string& loss = "logistic") {
    return "name: net\ninput: {shape: [2]}\nloss: " + loss +
           "\nlayers:\n  - {name: a, radius: " + radius + ", dense: 2}\n";
  }
  void write_array(const std::string& name, const std::vector<std::int64_t>& shape,
                   const std::vector<double>& values) const {
    write_npy(directory_ / name, {"", shape, values});
  }
  // An IDX file: bytes, one axis, its length, the labels.
  void write_labels(const std::vector<char>& labels) const {
    std::string bytes{0, 0, 8, 1, 0, 0, 0, static_cast<char>(labels.size())};
    bytes.append(labels.begin(), labels.end());
    (void)directory_.write("labels.idx", bytes);
  }

  [[nodiscard]] SampleRequest input(const std::string& name = "x.npy") const {
    SampleRequest samples;
    samples.name = directory_ / name;
    samples.is_input = true;
    return samples;
  }
  [[nodiscard]] SampleRequest labelled() const {
    SampleRequest samples = input();
    samples.labels = directory_ / "labels.idx";
    return samples;
  }
  [[nodiscard]] SampleRequest with_targets() const {
    SampleRequest samples = input();
    samples.targets = directory_ / "t.npy";
    return samples;
  }
  // All samples, and the weights above.
  [[nodiscard]] RunRequest request(const std::string& text, const SampleRequest& samples) const {
    RunRequest result;
    result.source = {"net.yaml", text};
    result.samples = Samples(samples);
    result.options.overrides.batch = result.samples.count();
    result.parameters.file = directory_ / "w.safetensors";
    return result;
  }

  TemporaryDirectory directory_;
};

TEST_F(Execute, NormsLossAndAccuracyAreRight) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    RunRequest asked = request(network("6"), labelled());
    asked.precision = precision;
    const RunReport run = execute(asked);
    EXPECT_EQ(run.precision, precision);
    EXPECT_EQ(run.bounds.settings.batch, 2);
    EXPECT_DOUBLE_EQ(run.input_norm, std::sqrt(2));
    EXPECT_DOUBLE_EQ(run.norms.at(0), std::sqrt(27));
    EXPECT_NEAR(run.loss.value().value.value(),
                (std::log1p(std::exp(-1)) + std::log1p(std::exp(1))) / 2, 1e-15);
    EXPECT_EQ(run.accuracy.value().correct, 1);
    EXPECT_EQ(run.accuracy.value().samples, 2);
    EXPECT_EQ(run.verdict(), Verdict::holds);
    EXPECT_DOUBLE_EQ(run.blocks.at(0).norm, std::sqrt(30.5));
    EXPECT_TRUE(run.blocks.at(0).inside);
    std::visit(
        [&](const auto& outputs) {
          EXPECT_EQ(sizeof(outputs[0]), precision == Precision::float32 ? 4U : 8U);
          EXPECT_THAT(outputs, ElementsAre(1.5, 2.5, 2.5, 3.5));
        },
        run.outputs);
  }
}

TEST_F(Execute, ParametersOutsideClaimNothing) {
  EXPECT_EQ(execute(request(network("5"), input())).verdict(), Verdict::outside);
  // Though ||z|| is far beyond m.
  const RunReport tiny = execute(request(network("0.001"), input()));
  EXPECT_EQ(tiny.verdict(), Verdict::outside);
  EXPECT_THAT(tiny.exceeded(0), ElementsAre(0U));
}

// Parameters (3, 4) at the radius 5 and the sample (3, 4): ||z|| = m = 25.
TEST_F(Execute, ABoundThatIsAttainedHolds) {
  write_safetensors(directory_ / "w.safetensors",
                    std::vector<TensorView>{{"a.weight", {1, 2}, std::vector{3.0, 4.0}}});
  write_array("x.npy", {1, 2}, {3, 4});
  RunRequest asked = request(
      "input: {shape: [2]}\nlayers:\n  - {name: a, radius: 5, dense: 1, bias: false}\n", input());
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    asked.precision = precision;
    const RunReport run = execute(asked);
    EXPECT_EQ(run.norms.at(0), 25);
    EXPECT_NEAR(run.bounds.results.at(0).table.network().m.to_double(), 25, 1e-9);
    EXPECT_EQ(run.verdict(), Verdict::holds);
  }
  // With a bound that is too small, as a defect of the program would have it.
  RunReport wrong = execute(asked);
  wrong.bounds.results.at(0).table.layers.at(0).m = Magnitude::from_count(24);
  EXPECT_EQ(wrong.verdict(), Verdict::exceeded);
  EXPECT_THAT(wrong.exceeded(0), ElementsAre(0U));
  EXPECT_EQ(cli::exit_code_of(wrong.verdict()), cli::regression);
}

TEST(RunExitCodes, TellViolationsFromWhatCannotBeTold) {
  EXPECT_EQ(cli::exit_code_of(Verdict::holds), 0);
  EXPECT_EQ(cli::exit_code_of(Verdict::outside), 0);
  EXPECT_EQ(cli::exit_code_of(Verdict::exceeded), 1);
  EXPECT_EQ(cli::exit_code_of(Verdict::overflow), 3);
}

TEST_F(Execute, SamplesArePreparedAsAsked) {
  SampleRequest scaled = input();
  scaled.scale_norm = true;
  RunRequest asked = request(network("6"), scaled);
  asked.options.overrides.input_norm = Real::from_decimal("7");
  asked.precision = Precision::float64;
  const RunReport run = execute(asked);
  EXPECT_NEAR(run.input_norm, 7, 7 * 0x1p-21);
  EXPECT_LE(run.input_norm, 7);
  EXPECT_EQ(run.data.norm, 7);
  // Each feature is 0 and 1: mean 1/2, deviation 1/2, so it becomes -1 and 1.
  SampleRequest standardised = input();
  standardised.standardise = true;
  const RunReport other = execute(request(network("6"), standardised));
  EXPECT_THAT(other.data.preparation.mean, ElementsAre(0.5, 0.5));
  EXPECT_THAT(other.data.preparation.deviation, ElementsAre(0.5, 0.5));
  EXPECT_NEAR(other.input_norm, 2, 1e-6);
  RunRequest one = request(network("6"), input());
  one.options.overrides.batch = 1;
  EXPECT_DOUBLE_EQ(execute(one).norms.at(0), std::sqrt(8.5));
}

TEST_F(Execute, LossesNeedTheirLabels) {
  const RunReport none = execute(request(network("6"), input()));
  EXPECT_FALSE(none.loss.value().value.has_value());
  EXPECT_EQ(none.loss->reason, "logistic needs labels: the class of each sample");
  EXPECT_FALSE(none.accuracy.has_value());
  // ||z_i - e_i||^2 / 2, the mean: ((1.5^2 + 1.5^2) + (1.5^2 + 3.5^2)) / 4.
  const RunReport square = execute(request(network("6", "square"), labelled()));
  EXPECT_DOUBLE_EQ(square.loss.value().value.value(), 4.75);
  // Two points: with both at one place the loss is (1/2) (1/2) ||z_1 - z_2||^2 = 1/2.
  const RunReport cluster = execute(request(network("6", "convex_clustering"), labelled()));
  EXPECT_NEAR(cluster.loss.value().value.value(), 0.5, 1e-10);
  EXPECT_FALSE(cluster.accuracy.has_value());
}

// z = (1.5, 2.5) and (2.5, 3.5); ((0.5^2 + 2.5^2) / 2 + (1.5^2 + 0.5^2) / 2) / 2 = 2.25.
TEST_F(Execute, TargetsAreWhatTheSquareLossIsTakenTo) {
  write_array("t.npy", {2, 2}, {1, 0, 1, 3});
  RunRequest asked = request(network("6", "square"), with_targets());
  const RunReport run = execute(asked);
  EXPECT_DOUBLE_EQ(run.loss.value().value.value(), 2.25);
  EXPECT_FALSE(run.accuracy.has_value());
  asked.options.overrides.batch = 1;  // the first sample alone
  EXPECT_DOUBLE_EQ(execute(asked).loss.value().value.value(), 3.25);
  write_npy(directory_ / "t.npy", {"", {2, 2}, std::vector<float>{1, 0, 1, 3}});
  EXPECT_DOUBLE_EQ(
      execute(request(network("6", "square"), with_targets())).loss.value().value.value(), 2.25);
}

TEST_F(Execute, TargetsHaveToFit) {
  const auto refused = [&] {
    return message_of<DataError>([&] { execute(request(network("6", "square"), with_targets())); });
  };
  write_array("t.npy", {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(refused(), "an array of shape [2, 3] holds no targets for outputs of shape [2]");
  write_array("t.npy", {2}, {1, 2});
  EXPECT_EQ(refused(), "an array of shape [2] holds no targets for outputs of shape [2]");
  write_array("t.npy", {3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(refused(), "3 targets do not belong to 2 samples");
  write_array("t.npy", {2, 2}, {1, 2, std::nan(""), 4});
  EXPECT_EQ(refused(), "the array holds NaN at [1, 0]");
  for (const std::string loss : {"logistic", "k_means"}) {
    EXPECT_EQ(
        message_of<TargetsNotTaken>([&] { execute(request(network("6", loss), with_targets())); }),
        "targets do not apply to the loss " + loss);
  }
  EXPECT_EQ(
      message_of<TargetsNotTaken>([&] {
        execute(request("input: {shape: [2]}\nlayers:\n  - {name: a, dense: 2}\n", with_targets()));
      }),
      "targets need a loss, and there is none");
}

TEST_F(Execute, FewerSamplesThanTheBatchAreTold) {
  RunRequest asked = request(network("6"), input());
  asked.options.overrides.batch = 9;
  try {
    execute(asked);
    ADD_FAILURE() << "no error";
  } catch (const TooFewSamples& error) {
    EXPECT_STREQ(error.what(), "there are 2 samples, and the batch of 'net' is 9");
    EXPECT_EQ(error.asked, 9);
    EXPECT_EQ(error.available, 2);
    EXPECT_EQ(error.data, directory_ / "x.npy");
  }
}

TEST_F(Execute, MistakesInSamplesAreNamed) {
  write_array("wide.npy", {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(message_of<DataError>([&] { execute(request(network("6"), input("wide.npy"))); }),
            "samples have the shape [3], the network's input has [2]");
  write_array("nan.npy", {1, 2}, {1, std::nan("")});
  EXPECT_THAT(message_of<DataError>([&] { execute(request(network("6"), input("nan.npy"))); }),
              HasSubstr("NaN"));
  write_labels({0, 2});
  EXPECT_EQ(message_of<DataError>([&] { execute(request(network("6"), labelled())); }),
            "sample 1 has the label 2, and 'net' has 2 outputs");
}

TEST_F(Execute, DataSetsGetABorderAndInputsDoNot) {
  const std::string text =
      "name: image\ninput: {shape: [1, 4, 4]}\nlayers:\n  - {name: a, dense: 2}\n";
  write_array("x.npy", {1, 1, 2, 2}, {1, 2, 3, 4});
  SampleRequest images = input();
  RunRequest asked = request(text, images);
  asked.parameters = {};
  EXPECT_EQ(message_of<DataError>([&] { execute(asked); }),
            "samples have the shape [1, 2, 2], the network's input has [1, 4, 4]");
  images.is_input = false;
  asked.samples = Samples(images);
  const RunReport run = execute(asked);
  EXPECT_EQ(run.data.stored, (Shape{1, 2, 2}));
  EXPECT_EQ(run.data.used, (Shape{1, 4, 4}));
  EXPECT_DOUBLE_EQ(run.input_norm, std::sqrt(30));
}

TEST_F(Execute, WhatPrecisionCannotHoldHasARemedy) {
  RunRequest asked = request(network("6"), SampleRequest{});
  asked.options.overrides.input_norm = Real::from_decimal("1e200");
  try {
    execute(asked);
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_EQ(render_error(error),
              "random: error: the norm of all samples together is not finite\n"
              "hint: float64 reaches further\n");
    EXPECT_EQ(error.remedy, Remedy::longer_numbers);
  }
}

TEST_F(Execute, MistakesInTheArchitectureHaveTheirPlace) {
  RunRequest asked;
  asked.source = {"net.yaml", "input: {shape: [2]}\nlayers:\n  - {name: a, dense: 0}\n"};
  try {
    execute(asked);
    ADD_FAILURE() << "no error";
  } catch (const SpecError& error) {
    EXPECT_EQ(error.location.line, 3U);
  }
  asked.source.text =
      "input: {shape: [2]}\nlayers:\n  - {name: b, opaque: {lipschitz: 1, smoothness: 1}}\n";
  EXPECT_EQ(message_of<NotExecutable>([&] { execute(asked); }),
            "layer 'b': opaque states constants of a layer, not what it computes");
}

// What the architecture `name` is executed with, on two random samples.
RunRequest shipped(const std::string& name) {
  RunRequest request;
  request.source = {
      name, read_file(std::string(SMOOTHBOUND_SOURCE_DIR) + "/architectures/" + name + ".yaml")};
  request.options.overrides.batch = 2;
  return request;
}

TEST(ExecuteMemory, TooLittleIsSaidBeforeItStarts) {
  RunRequest request = shipped("vgg16");
  request.options.overrides.batch = 8;
  request.memory = std::int64_t{100} << 20U;
  try {
    execute(request);
    ADD_FAILURE() << "no error";
  } catch (const MemoryShortage& error) {
    EXPECT_EQ(error.allowed, request.memory);
    EXPECT_GT(error.needed, request.memory);
    EXPECT_EQ(error.samples, 8);
    EXPECT_FALSE(error.all_at_once);
  }
  request = shipped("vgg16-batchnorm");
  request.options.overrides.batch = 1'000'000;
  request.memory = std::int64_t{2} << 30U;
  try {
    execute(request);
    ADD_FAILURE() << "no error";
  } catch (const MemoryShortage& error) {
    EXPECT_GT(error.needed, std::int64_t{1} << 40U);
    EXPECT_TRUE(error.all_at_once);
  }
}

TEST(ExecuteMemory, SamplesGoThroughInParts) {
  RunRequest request = shipped("lenet5");
  request.options.overrides.batch = 300;
  request.precision = Precision::float64;
  const RunReport whole = execute(request);
  request.memory = std::int64_t{8} << 20U;
  std::int64_t told = 0;
  const RunReport parts = execute(request, [&](std::int64_t done, std::int64_t all) {
    EXPECT_GE(done, told);
    EXPECT_EQ(all, 300);
    told = done;
  });
  EXPECT_GT(told, 0);
  EXPECT_LT(parts.samples_at_once, whole.samples_at_once);
  EXPECT_NEAR(whole.loss.value().value.value(), parts.loss.value().value.value(), 1e-12);
  ASSERT_EQ(whole.norms.size(), parts.norms.size());
  for (std::size_t i = 0; i < whole.norms.size(); ++i) {
    EXPECT_NEAR(parts.norms[i], whole.norms[i], 1e-12 * whole.norms[i]);
  }
}

TEST(ExecuteProfile, CountsWhatLayersDo) {
  RunRequest request = shipped("lenet5");
  EXPECT_THAT(execute(request).profile, IsEmpty());
  request.profile = true;
  const RunReport run = execute(request);
  // 6 maps of 28 x 28, each number a sum of 25 products and then weighted in a mean, of two
  // samples.
  EXPECT_EQ(run.profile.at(0).multiplications, 2 * 6 * 28 * 28 * 26);
  EXPECT_EQ(run.profile.at(4).multiplications, 2 * 84 * 10);
  EXPECT_EQ(run.profile.at(0).output_bytes, 2 * 6 * 14 * 14 * 4);
}

// Every shipped architecture that is small enough, with parameters in their balls.
TEST(ExecuteShipped, ArchitecturesKeepTheirBounds) {
  for (const char* name : {"mlp", "lenet5", "resnet18"}) {
    SCOPED_TRACE(name);
    RunRequest request = shipped(name);
    request.options.methods = {Method::paper, Method::sharp};
    request.parameters.seed = 5;
    EXPECT_EQ(execute(request).verdict(), Verdict::holds);
  }
}

TEST(ExecuteOnFashionMnist, WorksByName) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "apt-get install dataset-fashion-mnist";
  }
  RunRequest request = shipped("lenet5");
  request.options.overrides.batch = 20;
  SampleRequest samples;
  samples.name = "fashion-mnist";
  request.samples = Samples(samples);
  const RunReport run = execute(request);
  EXPECT_EQ(run.data.split, "test");
  EXPECT_EQ(run.data.stored, (Shape{1, 28, 28}));
  EXPECT_EQ(run.data.used, (Shape{1, 32, 32}));
  EXPECT_EQ(run.verdict(), Verdict::holds);
  EXPECT_EQ(run.accuracy.value().samples, 20);
  EXPECT_GT(run.loss.value().value.value(), 2);
}

}  // namespace
}  // namespace smoothbound::testing
