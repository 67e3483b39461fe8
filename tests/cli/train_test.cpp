// smoothbound train run as users run it.
#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/data/array_file.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Train : public ::testing::Test {
 protected:
  Train() {
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [4], norm: 2}\nbatch: 12\nloss: logistic\n"
                           "layers:\n  - {name: a, dense: 6, then: [softplus]}\n"
                           "  - {name: b, dense: 3}\n");
    (void)directory_.write("clusters.yaml",
                           "name: clusters\ninput: {shape: [4], norm: 2}\nbatch: 12\n"
                           "loss: convex_clustering\nlayers:\n"
                           "  - {name: a, dense: 6, then: [tanh]}\n  - {name: b, dense: 2}\n");
  }

  [[nodiscard]] Outcome train(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "train");
    return run_program(Invocation{.arguments = std::move(arguments),
                                  .environment = {{"OMP_WAIT_POLICY", "passive"}},
                                  .directory = directory_ / ""});
  }

  [[nodiscard]] std::string bytes_of(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // All but seconds, which differ from run to run.
  [[nodiscard]] std::vector<std::string> lines_without_seconds(const std::string& name) const {
    std::vector<std::string> lines;
    for (IterationRecord& record : read_training_log(directory_ / name)) {
      record.seconds = 0;
      lines.push_back(log_line(record, LogFormat::csv));
    }
    return lines;
  }

  TemporaryDirectory directory_;
};

TEST_F(Train, TableShowsTheRun) {
  const Outcome outcome = train({"net.yaml", "--iterations", "12"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out,
              HasSubstr("objective: F = logistic of 12 samples\n"
                        "oracle: gradient, projected, step certified by method sharp\n"));
  EXPECT_THAT(outcome.out, HasSubstr("12 iterations: F from "));
  EXPECT_THAT(outcome.out, HasSubstr("\nguarantee\nTheorem 4.1: with step 1/L_F, L_F = "));
  EXPECT_THAT(outcome.out, HasSubstr("this run: after 12\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("every step decreased F by gamma ||g||^2 / 2 at least, as certified\n"));
  const Outcome markdown = train({"net.yaml", "--iterations", "1", "--format", "markdown"});
  EXPECT_THAT(markdown.out, HasSubstr("| k | F(w_k) | "));
}

// What comes of them is held in train/session_test.cpp.
TEST_F(Train, OptionsSayHowStepsAreMade) {
  struct Case {
    std::vector<std::string> how;
    std::string line;
  };
  for (const Case& one :
       {Case{{"--step", "local"}, "oracle: gradient, projected, step local by method sharp\n"},
        Case{{"--step", "0.3", "--precision", "float32"},
             "oracle: gradient, projected, step 0.3\n"},
        Case{{"--oracle", "gauss-newton", "--batch", "6", "--gamma", "0.05"},
             "oracle: gauss-newton of 6 samples at a time, gamma 0.05\n"},
        Case{{"--oracle", "newton"}, "oracle: newton, gamma line-search\n"}}) {
    std::vector<std::string> arguments{"net.yaml", "--iterations", "1"};
    arguments.insert(arguments.end(), one.how.begin(), one.how.end());
    const Outcome outcome = train(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(one.line));
  }
}

TEST_F(Train, ALossWithoutCertifiedStepsHasARemedy) {
  const Outcome certified = train({"clusters.yaml", "--loss", "k_means"});
  EXPECT_EQ(certified.exit_code, 3);
  EXPECT_EQ(certified.out, "");
  EXPECT_THAT(certified.err, StartsWith("clusters.yaml: error: there is no certified step: "));
  EXPECT_THAT(certified.err, HasSubstr("hint: --step line-search needs none\n"));
}

// Bit for bit; train/session_test.cpp tries all oracles.
TEST_F(Train, ResumedRunsAreThoseThatWereNotInterrupted) {
  const auto run = [&](std::vector<std::string> more) {
    const std::vector<std::string> how{"net.yaml", "--batch", "5", "--threads", "2"};
    more.insert(more.begin(), how.begin(), how.end());
    const Outcome outcome = train(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  run({"--iterations", "9", "--log", "whole.csv", "-o", "whole.safetensors"});
  run({"--iterations", "4", "--log", "parts.csv", "--checkpoint", "run.safetensors"});
  run({"--iterations", "9", "--log", "parts.csv", "--resume", "run.safetensors", "-o",
       "parts.safetensors"});
  EXPECT_EQ(bytes_of("whole.safetensors"), bytes_of("parts.safetensors"));
  EXPECT_FALSE(bytes_of("whole.safetensors").empty());
  EXPECT_EQ(lines_without_seconds("whole.csv"), lines_without_seconds("parts.csv"));
  EXPECT_EQ(lines_without_seconds("whole.csv").size(), 10U);
}

TEST_F(Train, TheTrainedNetworkRuns) {
  ASSERT_EQ(train({"net.yaml", "--iterations", "3", "-o", "w.safetensors"}).exit_code, 0);
  const Outcome outcome =
      run_program(Invocation{.arguments = {"run", "net.yaml", "--weights", "w.safetensors"},
                             .directory = directory_ / ""});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

// Ctrl-C: the iteration is finished, the checkpoint is that of a run that can be taken up.
TEST_F(Train, AnInterruptSavesAndEnds) {
  const std::string checkpoint = directory_ / "run.safetensors";
  const std::string log = directory_ / "log.csv";
  const pid_t process =
      start_program({"train", directory_ / "net.yaml", "--iterations", "100000000", "--checkpoint",
                     checkpoint, "--checkpoint-every", "1000000000", "--log", log});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while ((!std::filesystem::exists(log) || std::filesystem::file_size(log) < 1000) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(process, SIGINT);
  EXPECT_EQ(wait_for(process), 130);
  const std::vector<IterationRecord> records = read_training_log(log);
  ASSERT_FALSE(records.empty());
  const Outcome outcome =
      train({"net.yaml", "--iterations", std::to_string(records.back().iteration + 2), "--resume",
             checkpoint, "--format", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out)["records"].front()["iteration"], records.back().iteration);
}

TEST_F(Train, DivergenceIsSaidWithTheIterationAndLeavesTheCheckpoint) {
  const Outcome outcome = train({"net.yaml", "--loss", "square", "--radius", "1e200", "--init",
                                 "normal", "--step", "1e4", "--iterations", "1000", "--checkpoint",
                                 "run.safetensors", "-o", "out.safetensors"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("net.yaml: error: iteration "));
  EXPECT_THAT(outcome.err, HasSubstr("diverge"));
  EXPECT_THAT(outcome.err, HasSubstr("hint: 'run.safetensors' holds the parameters before that\n"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "out.safetensors"));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "run.safetensors"));
  const ArrayFile file = open_array_file(directory_ / "run.safetensors");
  EXPECT_EQ(file.entries().size(), 4U);
}

struct TrainMistake {
  std::vector<std::string> arguments;
  int exit_code;
  std::string message;
};

TEST_F(Train, MistakesAreSaid) {
  ASSERT_EQ(train({"net.yaml", "--iterations", "2", "--checkpoint", "run.safetensors", "-o",
                   "w.safetensors"})
                .exit_code,
            0);
  (void)directory_.write("lossless.yaml", "input: {shape: [2]}\nlayers:\n  - {dense: 2}\n");
  (void)directory_.write("relu.yaml",
                         "input: {shape: [2]}\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 2, then: [relu]}\n  - {name: b, dense: 2}\n");
  const std::vector<TrainMistake> mistakes{
      {{"lossless.yaml"},
       2,
       "lossless.yaml: error: names no loss, so there is nothing to minimize"},
      {{"relu.yaml"}, 3, "relu.yaml: error: there is no certified step: layer 'a', relu: "},
      {{"net.yaml", "--gamma", "1"}, 2, "error: --gamma is for gauss-newton and newton"},
      {{"net.yaml", "--oracle", "newton", "--step", "1"},
       2,
       "error: --step is for the gradient oracle"},
      {{"net.yaml", "--oracle", "newtown"}, 2, "did you mean 'newton'?"},
      {{"net.yaml", "--step", "linesearch"}, 2, "did you mean 'line-search'?"},
      {{"net.yaml", "--step", "-1"}, 2, "error: --step"},
      {{"net.yaml", "--local-radius", "1"}, 2, "error: --local-radius is for --step local"},
      {{"net.yaml", "--dual-residual", "1"},
       2,
       "error: --dual-residual is for --oracle gauss-newton"},
      {{"net.yaml", "--batch", "13"}, 2, "error: a step of 13 samples, and there are 12"},
      {{"net.yaml", "--method", "both"}, 2, "error: a step is certified by one method"},
      {{"net.yaml", "--weights", "w.safetensors", "--init", "ball"},
       2,
       "error: --weights and --init both say where to begin"},
      {{"net.yaml", "--resume", "w.safetensors"}, 2, "w.safetensors: error: is of a run with "},
      {{"net.yaml", "--resume", "run.safetensors", "--seed", "2"},
       2,
       "run.safetensors: error: is of a run with seed 1, not 2"},
      {{"net.yaml", "--resume", "nowhere.safetensors"}, 2, "nowhere.safetensors: error: "},
      {{"net.yaml", "-o", "net.yaml"}, 2, "error: "},
      {{"net.yaml", "-o", "-"}, 2, "error: --output needs a file"},
      {{"net.yaml", "--log", "/nowhere/log.csv"}, 70, "error: cannot create a file beside"},
      {{"clusters.yaml", "--batch", "3"},
       3,
       "clusters.yaml: error: convex_clustering is no mean over the samples"},
      {{"net.yaml", "--oracle", "newton", "--precision", "float32"},
       3,
       "error: Gauss-Newton and Newton steps are computed in float64"},
      {{"net.yaml", "--memory", "1k"}, 2, "error: "},
  };
  for (const TrainMistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.message);
    std::vector<std::string> arguments = mistake.arguments;
    arguments.insert(arguments.end(), {"--log", "new.csv"});
    if (mistake.arguments[1 % mistake.arguments.size()] == "--log") arguments = mistake.arguments;
    const Outcome outcome = train(arguments);
    EXPECT_EQ(outcome.exit_code, mistake.exit_code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(mistake.message));
    EXPECT_FALSE(std::filesystem::exists(directory_ / "new.csv"));
  }
}

TEST_F(Train, LogsArePlottedAgainstTheGuarantee) {
  ASSERT_EQ(train({"net.yaml", "--iterations", "3", "--log", "a.csv"}).exit_code, 0);
  ASSERT_EQ(train({"net.yaml", "--iterations", "3", "--step", "0.1", "--log", "b.jsonl"}).exit_code,
            0);
  const auto plot = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "plot");
    return run_program(Invocation{.arguments = std::move(arguments), .directory = directory_ / ""});
  };
  const Outcome bars = plot({"a.csv", "-o", "-"});
  EXPECT_EQ(bars.exit_code, 0) << bars.err;
  EXPECT_THAT(bars.out, HasSubstr("guarantee"));
  const Outcome constant = plot({"b.jsonl", "-o", "-"});
  EXPECT_THAT(constant.out, Not(HasSubstr("guarantee  ")));
  const Outcome svg = plot({"a.csv", "b.jsonl"});
  EXPECT_THAT(svg.out, StartsWith("<svg"));
  EXPECT_THAT(svg.out, HasSubstr("a.csv: guarantee"));
  const Outcome vega = plot({"a.csv", "--format", "vega-lite"});
  EXPECT_FALSE(Json::parse(vega.out)["vconcat"].empty());
  const Outcome mixed = plot({"a.csv", "net.yaml"});
  EXPECT_EQ(mixed.exit_code, 2);
  EXPECT_THAT(mixed.err, HasSubstr("'net.yaml' is no log of training, and 'a.csv' is one"));
}

// The guarantee in the plot is above what was measured.
TEST_F(Train, PlottedGuaranteesBoundTheRun) {
  ASSERT_EQ(
      train({"net.yaml", "--iterations", "30", "--step", "local", "--log", "a.csv"}).exit_code, 0);
  const std::vector<IterationRecord> records = read_training_log(directory_ / "a.csv");
  double smallest = 1e300;
  double steps = 0;
  for (std::size_t k = 0; k + 1 < records.size(); ++k) {
    smallest = std::min(smallest, records[k].gradient_mapping);
    steps += records[k].step;
    EXPECT_LE(smallest, std::sqrt(2 * records.front().objective / steps));
  }
}

}  // namespace
}  // namespace smoothbound::testing
