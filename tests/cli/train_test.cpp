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

TEST_F(Train, ByTheCertifiedStepSaysWhatIsGuaranteed) {
  const Outcome outcome = train({"net.yaml", "--iterations", "25", "--format", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["schema"], "smoothbound/train/1");
  EXPECT_EQ(json["samples"], 12);
  EXPECT_EQ(json["iterations"], 25);
  EXPECT_EQ(json["oracle"], "gradient");
  EXPECT_EQ(json["guarantee"], "holds");
  EXPECT_LT(json["last_objective"], json["first_objective"]);
  ASSERT_EQ(json["records"].size(), 26U);
  const double step = json["certified_step"];
  const double smoothness = std::stod(json["smoothness"]["text"].get<std::string>());
  EXPECT_LE(step * smoothness, 1 + 1e-12);
  double before = 1e300;
  for (const Json& record : json["records"]) {
    EXPECT_LE(record["objective"], before);
    before = record["objective"];
  }
  // 2 L F / e^2, which the run must not need more than.
  const double e = json["smallest_gradient_mapping"];
  const double first = json["first_objective"];
  const double predicted = std::stod(json["predicted_iterations"]["text"].get<std::string>());
  EXPECT_NEAR(predicted, std::ceil(2 * smoothness * first / (e * e)), 1e-9 * predicted);
  EXPECT_GE(predicted, 25);
}

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

TEST_F(Train, EveryOracleDecreasesTheObjective) {
  for (const std::vector<std::string>& how : std::vector<std::vector<std::string>>{
           {"--step", "local"},
           {"--step", "line-search"},
           {"--step", "0.3"},
           {"--oracle", "gauss-newton"},
           {"--oracle", "gauss-newton", "--gamma", "0.5"},
           {"--oracle", "newton"},
           {"--oracle", "gauss-newton", "--batch", "6", "--gamma", "0.05"},
           {"--precision", "float32", "--step", "0.3"}}) {
    SCOPED_TRACE(how.front() + " " + how[1]);
    std::vector<std::string> arguments{"net.yaml", "--iterations", "10", "--format", "json"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const Outcome outcome = train(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json json = Json::parse(outcome.out);
    EXPECT_LT(json["last_objective"], json["first_objective"]);
  }
}

TEST_F(Train, StopsAtTheAccuracy) {
  const Outcome outcome = train({"net.yaml", "--oracle", "newton", "--regularizer", "0.1",
                                 "--accuracy", "1e-6", "--iterations", "100", "--format", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_LT(json["iterations"], 100);
  EXPECT_LE(json["smallest_gradient_mapping"], 1e-6);
}

TEST_F(Train, UnsupervisedObjectives) {
  const Outcome clustering = train({"clusters.yaml", "--format", "json", "--iterations", "10"});
  ASSERT_EQ(clustering.exit_code, 0) << clustering.err;
  EXPECT_EQ(Json::parse(clustering.out)["guarantee"], "holds");
  for (const std::string loss : {"k_means", "spectral_clustering"}) {
    const Outcome certified = train({"clusters.yaml", "--loss", loss});
    EXPECT_EQ(certified.exit_code, 3);
    EXPECT_EQ(certified.out, "");
    EXPECT_THAT(certified.err, StartsWith("clusters.yaml: error: there is no certified step: "));
    EXPECT_THAT(certified.err, HasSubstr("hint: --step line-search needs none\n"));
    const Outcome search = train({"clusters.yaml", "--loss", loss, "--step", "line-search",
                                  "--iterations", "5", "--format", "json"});
    ASSERT_EQ(search.exit_code, 0) << search.err;
    const Json json = Json::parse(search.out);
    EXPECT_LE(json["last_objective"], json["first_objective"]);
    EXPECT_EQ(json["guarantee"], "not applicable");
  }
}

// Bit for bit, by both kinds of samples.
TEST_F(Train, ResumedRunsAreThoseThatWereNotInterrupted) {
  for (const std::string oracle : {"gradient", "gauss-newton", "newton"}) {
    for (const std::string batch : {"12", "5"}) {
      SCOPED_TRACE(oracle + " " + batch);
      const std::string step = oracle == "gradient" ? "--step" : "--gamma";
      const std::vector<std::string> how{"net.yaml", "--oracle", oracle,      step, "line-search",
                                         "--batch",  batch,      "--threads", "2"};
      const auto run = [&](std::vector<std::string> more) {
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
  }
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

struct Mistake {
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
  const std::vector<Mistake> mistakes{
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
      {{"net.yaml", "--resume", "run.safetensors", "--regularizer", "1"},
       2,
       "run.safetensors: error: is of a run with regularizer 0, not 1"},
      {{"net.yaml", "--resume", "nowhere.safetensors"}, 2, "nowhere.safetensors: error: "},
      {{"net.yaml", "-o", "net.yaml"}, 2, "error: "},
      {{"net.yaml", "-o", "-"}, 2, "error: --output needs a file"},
      {{"net.yaml", "--log", "/nowhere/log.csv"}, 70, "error: cannot create a file beside"},
      {{"clusters.yaml", "--batch", "3"},
       3,
       "clusters.yaml: error: convex_clustering is no mean over the samples"},
      {{"net.yaml", "--step", "local", "--batch", "3"},
       3,
       "error: steps certified around a point are those of all samples"},
      {{"net.yaml", "--oracle", "newton", "--precision", "float32"},
       3,
       "error: Gauss-Newton and Newton steps are computed in float64"},
      {{"net.yaml", "--memory", "1k"}, 2, "error: "},
  };
  for (const Mistake& mistake : mistakes) {
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
