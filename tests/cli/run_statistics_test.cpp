// smoothbound run with fixed statistics of batch norm, on a network small enough to do by hand.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/data/write_arrays.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

// z = W x with W = (1 2; 3 4), on x = (1, 0) and (0, 1); then batch norm of both features.
class RunStatistics : public ::testing::Test {
 protected:
  RunStatistics() {
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [2]}\nlayers:\n  - {name: a, radius: 6, "
                           "dense: 2, bias: false, then: [{batch_norm: {epsilon: 0.25}}]}\n");
    write_npy(directory_ / "x.npy", {"", {2, 2}, std::vector<double>{1, 0, 0, 1}});
    write_safetensors(directory_ / "w.safetensors",
                      std::vector<TensorView>{{"a.weight", {2, 2}, weight_}});
    write_statistics({2, 3}, {0.75, 3.75});
  }
  void write_statistics(const std::vector<double>& mean,
                        const std::vector<double>& variance) const {
    const auto size = static_cast<std::int64_t>(mean.size());
    write_safetensors(directory_ / "s.safetensors",
                      std::vector<TensorView>{{"a.batch_norm.running_mean", {size}, mean},
                                              {"a.batch_norm.running_var", {size}, variance}});
  }
  [[nodiscard]] Outcome run(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"run",          "net.yaml",     "--input",
                                       "x.npy",        "--weights",    "w.safetensors",
                                       "--statistics", "s.safetensors"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(
        Invocation{.arguments = std::move(arguments), .directory = directory_.path().string()});
  }
  void expect_refused(const std::string& message, const std::vector<std::string>& more = {}) const {
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, message);
  }

  TemporaryDirectory directory_;
  std::vector<double> weight_{1, 2, 3, 4};
};

// z = (1, 3), (2, 4); less (2, 3), over (1, 2): (-1, 0), (0, 1/2).
TEST_F(RunStatistics, AreUsedInValuesAndBounds) {
  const Outcome outcome = run({"--format", "json", "--precision", "float64"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exit_code, 0);
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json.at("parameters").at("statistics"), "s.safetensors");
  const Json& layer = json.at("layers").at(0);
  EXPECT_NEAR(layer.at("norm"), std::sqrt(1.25), 1e-12);
  // m = l R ||x|| + ||a(0)|| with l = 1, R = 6, ||x||^2 = 2, ||a(0)||^2 = 2 (2^2 + (3/2)^2).
  const double m = 6 * std::sqrt(2.0) + std::sqrt(12.5);
  EXPECT_NEAR(layer.at("m").at("sharp").at("log10"), std::log10(m), 1e-11);
  EXPECT_THAT(run().out, HasSubstr("statistics of batch norm: s.safetensors\n"));
  // A sample alone, which the statistics of its own batch would send to 0.
  const Json alone = Json::parse(run({"--samples", "1", "--format", "json"}).out);
  EXPECT_NEAR(alone.at("layers").at(0).at("norm"), 1, 1e-6);
}

TEST_F(RunStatistics, HaveToFit) {
  write_statistics({2, 3, 4}, {1, 1, 1});
  expect_refused(
      "s.safetensors: error: tensor 'a.batch_norm.running_mean': expected shape [2], found [3]\n"
      "hint: are these the weights of another network?\n");
  write_statistics({2, 3}, {1, -0.5});
  expect_refused(
      "s.safetensors: error: tensor 'a.batch_norm.running_var': the variance at [1] is negative: "
      "-0.5\nhint: variances are squares: is this another tensor under its name?\n");
  write_statistics({2, std::nan("")}, {1, 1});
  expect_refused(
      "s.safetensors: error: tensor 'a.batch_norm.running_mean' holds NaN at [1]\n"
      "hint: every number has to be finite: find where this one comes from, or replace it\n");
  write_safetensors(
      directory_ / "s.safetensors",
      std::vector<TensorView>{{"a.batch_norm.running_mean", {2}, std::vector{1.0, 2.0}}});
  expect_refused(
      "s.safetensors: error: tensor 'a.batch_norm.running_var' of shape [2] is missing\n"
      "hint: are these the weights of another network?\n");
  expect_refused(
      "<command line>:1:91: error: the output 's.safetensors' is also an input\n"
      " 1 | ...ut x.npy --weights w.safetensors --statistics s.safetensors -o s.safetensors\n"
      "   |                                                                ^\n"
      "hint: write to another file\n",
      {"-o", "s.safetensors"});
  (void)directory_.write("net.yaml",
                         "name: net\ninput: {shape: [2]}\nlayers:\n  - {name: a, dense: 2}\n");
  expect_refused(
      "s.safetensors: error: 'net' has no batch norm to use statistics\n"
      "hint: leave out the statistics\n");
}

// As a state dict has them: --weights passes over statistics, --statistics over weights.
TEST_F(RunStatistics, AndWeightsComeFromOneFile) {
  const std::string apart = run({"--format", "json"}).out;
  const auto store = [&](const std::string& last) {
    write_safetensors(
        directory_ / "w.safetensors",
        std::vector<TensorView>{{"a.weight", {2, 2}, weight_},
                                {"a.batch_norm.running_mean", {2}, std::vector{2.0, 3.0}},
                                {"a.batch_norm.running_var", {2}, std::vector{0.75, 3.75}},
                                {last, {}, std::vector{7.0}}});
    std::filesystem::copy_file(directory_ / "w.safetensors", directory_ / "s.safetensors",
                               std::filesystem::copy_options::overwrite_existing);
  };
  store("a.batch_norm.num_batches_tracked");
  const Outcome together = run({"--format", "json"});
  EXPECT_EQ(together.err, "");
  EXPECT_EQ(together.out, apart);
  store("a.batch_norm.batches");
  expect_refused(
      "s.safetensors: error: the network has no tensor 'a.batch_norm.batches'; the file has it "
      "with "
      "shape []\nhint: are these the weights of another network?\n");
}

// The same numbers in the network's own file.
TEST_F(RunStatistics, MayStandInTheFile) {
  const auto layer_of = [&](const std::vector<std::string>& arguments) {
    const Outcome outcome =
        run_program(Invocation{.arguments = arguments, .directory = directory_.path().string()});
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out).at("layers").at(0);
  };
  const Json from_file = Json::parse(run({"--format", "json"}).out).at("layers").at(0);
  const auto network_with = [&](const std::string& settings) {
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [2]}\nlayers:\n  - {name: a, radius: 6, "
                           "dense: 2, bias: false, then: [{batch_norm: {epsilon: 0.25, "
                           "statistics: fixed" +
                               settings + "}}]}\n");
  };
  const std::vector<std::string> without{"run",       "net.yaml",      "--input",  "x.npy",
                                         "--weights", "w.safetensors", "--format", "json"};
  network_with(", mean: [2, 3], variance: [0.75, 3.75]");
  EXPECT_EQ(layer_of(without), from_file);
  // Without numbers they come from --statistics, or from the weights' file.
  network_with("");
  EXPECT_EQ(Json::parse(run({"--format", "json"}).out).at("layers").at(0), from_file);
  write_safetensors(
      directory_ / "w.safetensors",
      std::vector<TensorView>{{"a.weight", {2, 2}, weight_},
                              {"a.batch_norm.running_mean", {2}, std::vector{2.0, 3.0}},
                              {"a.batch_norm.running_var", {2}, std::vector{0.75, 3.75}}});
  EXPECT_EQ(layer_of(without), from_file);
  // Otherwise nothing can be said.
  const Outcome bounds = run_program(
      Invocation{.arguments = {"bound", "net.yaml"}, .directory = directory_.path().string()});
  EXPECT_EQ(bounds.exit_code, 2);
  EXPECT_EQ(bounds.out, "");
  EXPECT_EQ(bounds.err,
            "net.yaml:4:57: error: layer 'a': batch_norm has fixed statistics, but no numbers for "
            "them\n"
            " 4 |   - {name: a, radius: 6, dense: 2, bias: false, then: [{batch_norm: {epsilon: "
            "0.25, statistics: fixed}}]}\n"
            "   |                                                         ^\n"
            "hint: add mean and variance, each a number or a list, or give a file with them by "
            "--weights; 'smoothbound import --batch-norms batch' makes those of a model statistics "
            "of the batch\n");
}

}  // namespace
}  // namespace smoothbound::testing
