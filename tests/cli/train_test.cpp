// smoothbound train run as users run it.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/shared/progress.hpp"
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
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
  EXPECT_THAT(
      outcome.out,
      HasSubstr(
          "every step decreased F by gamma ||g||^2 / 2 at least, as certified, up to rounding\n"));
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
        Case{{"--layerwise"},
             "oracle: gradient, projected, step certified layer-wise by method sharp\n"},
        Case{{"--step", "local", "--layerwise"},
             "oracle: gradient, projected, step local layer-wise by method sharp\n"},
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
  const std::vector<double> x(48, 0.5);
  write_npy(directory_ / "x.npy", {"", {12, 4}, std::span<const double>(x)});
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
      {{"net.yaml", "--step", "line-search", "--layerwise"},
       2,
       "error: --layerwise is for --step certified and local"},
      {{"net.yaml", "--oracle", "newton", "--layerwise"},
       2,
       "hint: take one of them, or leave it out"},
      {{"net.yaml", "--layerwise", "--method", "paper"},
       2,
       "error: the rules of the paper do not tell parameter blocks from each other"},
      {{"net.yaml", "--layerwise", "--batch", "3"},
       2,
       "error: layer-wise steps are those of all samples"},
      {{"net.yaml", "--layerwise", "--resume", "run.safetensors"},
       2,
       "run.safetensors: error: is of a run with step certified, not certified layer-wise"},
      {{"net.yaml", "--dual-residual", "1"},
       2,
       "error: --dual-residual is for --oracle gauss-newton"},
      {{"net.yaml", "--batch", "13"}, 2, "error: a step of 13 samples, and there are 12"},
      {{"net.yaml", "--method", "both"}, 2, "error: a step is certified by one method"},
      {{"net.yaml", "--weights", "w.safetensors", "--init", "ball"},
       2,
       "error: --weights and --init both say where to begin"},
      {{"net.yaml", "--resume", "w.safetensors"},
       2,
       "w.safetensors: error: is no checkpoint of training: it holds parameters only\n"},
      {{"net.yaml", "--resume", "run.safetensors", "--seed", "2"},
       2,
       "run.safetensors: error: is of a run with seed 1, not 2"},
      {{"net.yaml", "--resume", "nowhere.safetensors"}, 2, "nowhere.safetensors: error: "},
      {{"net.yaml", "-o", "net.yaml"}, 2, "error: "},
      {{"net.yaml", "-o", "-"}, 2, "error: --output needs a file"},
      {{"net.yaml", "--log", "/nowhere/log.csv"}, 2, "error: cannot create a file beside"},
      {{"clusters.yaml", "--batch", "3"},
       3,
       "clusters.yaml: error: convex_clustering is no mean over the samples"},
      {{"net.yaml", "--step", "local", "--batch", "5"},
       2,
       "error: steps certified around a point are those of all samples\n"},
      {{"net.yaml", "--input", "x.npy"},
       2,
       "x.npy: error: has no labels, and the loss logistic asks what each sample should be\nhint: "
       "--labels takes a file with the class of each sample\n"},
      {{"net.yaml", "--samples", "1000000000000"},
       2,
       "\nhint: take fewer with --samples, or allow more with --memory\n"},
      {{"net.yaml", "--oracle", "newton", "--precision", "float32"},
       2,
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

// Existing or not, and however they are spelt; --resume and --checkpoint may be one file.
TEST_F(Train, FilesOfTwoPurposesAreRefused) {
  ASSERT_EQ(train({"net.yaml", "--iterations", "1", "--checkpoint", "k", "-o", "w.safetensors"})
                .exit_code,
            0);
  (void)directory_.write("o", "iterations = 1\n");
  std::filesystem::create_symlink("n", directory_ / "link");
  const std::string checkpoint = bytes_of("k");
  const auto output = [](const std::string& file, const std::string& a, const std::string& b) {
    return "'" + file + "' is the output of both " + a + " and " + b + "\n";
  };
  const std::string here = std::filesystem::canonical(directory_ / "").string();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--resume", "k", "-o", "k"}, output("k", "--resume", "-o")},
      {{"--resume", "k", "--log", "./k"}, output("k", "--log", "--resume")},
      {{"--resume", "k", "--checkpoint", "n", "-o", "k"}, output("k", "--resume", "-o")},
      {{"--checkpoint", "n", "-o", "n"}, output("n", "--checkpoint", "-o")},
      {{"--checkpoint", "n", "--log", "n"}, output("n", "--log", "--checkpoint")},
      {{"--checkpoint", "n", "-o", here + "/n"}, output(here + "/n", "--checkpoint", "-o")},
      {{"--checkpoint", "n", "-o", "link"}, output("link", "--checkpoint", "-o")},
      {{"--weights", "w.safetensors", "--checkpoint", "w.safetensors"},
       "the output 'w.safetensors' is also an input\n"},
      {{"--config", "o", "-o", "o"}, "the output 'o' is also an input\n"},
      {{"--input", "x.npy", "--log", "./x.npy"}, "the output './x.npy' is also an input\n"},
      {{"--targets", "t.npy", "-o", "t.npy"}, "the output 't.npy' is also an input\n"},
  };
  for (const auto& [arguments, message] : cases) {
    std::vector<std::string> all{"net.yaml", "--iterations", "2"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = train(all);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_EQ(bytes_of("k"), checkpoint);
    EXPECT_FALSE(std::filesystem::exists(directory_ / "n"));
  }
  EXPECT_EQ(train({"net.yaml", "--iterations", "2", "--resume", "k", "--checkpoint", "./k"}).err,
            "");
  EXPECT_EQ(
      train({"net.yaml", "--iterations", "1", "--log", "/dev/null", "-o", "/dev/null"}).exit_code,
      0);
}

// What was to be said on it must not get into a file that takes its number.
TEST_F(Train, AClosedStandardStreamIsNoFileOfTheRun) {
  ASSERT_EQ(train({"net.yaml", "--iterations", "2", "--log", "whole.csv"}).exit_code, 0);
  for (const int closed : {0, 1, 2}) {
    const Outcome outcome = run_program(
        Invocation{.arguments = {"train", "net.yaml", "--iterations", "2", "--log", "l.csv"},
                   .directory = directory_ / "",
                   .closed = {closed}});
    EXPECT_EQ(outcome.exit_code, closed == 1 ? 70 : 0);
    EXPECT_EQ(outcome.err, closed == 1 ? "smoothbound: error: cannot write standard output: Bad "
                                         "file descriptor\nhint: check where it goes, or name "
                                         "another file\n"
                                       : "");
    EXPECT_EQ(lines_without_seconds("l.csv"), lines_without_seconds("whole.csv"));
  }
}

TEST_F(Train, ALastLineOfTheLogThatIsCutShortIsDroppedAndSaid) {
  ASSERT_EQ(
      train({"net.yaml", "--log", "l.csv", "--iterations", "3", "--checkpoint", "k"}).exit_code, 0);
  (void)directory_.write("l.csv", bytes_of("l.csv") + "4,0.5,0.");
  const Outcome outcome =
      train({"net.yaml", "--log", "l.csv", "--iterations", "5", "--resume", "k"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "l.csv: note: its last line is cut short and is dropped\n");
  EXPECT_EQ(lines_without_seconds("l.csv").size(), 6U);
}

TEST_F(Train, ANetworkWhoseParametersChangeNothingIsRefused) {
  (void)directory_.write("constant.yaml",
                         "input: {shape: [3]}\nbatch: 4\nloss: logistic\nlayers:\n"
                         "  - {then: [tanh]}\n");
  const Outcome outcome = train({"constant.yaml", "--log", "l.jsonl", "-o", "w.safetensors"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              HasSubstr("error: L_F = 0: no parameter changes the objective, and there is nothing "
                        "to minimize\n"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "l.jsonl"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "w.safetensors"));
}

// On a terminal, from the first second on; it is killed in the second one.
TEST_F(Train, ALiveLineShowsWhereLongRunsAre) {
  const Outcome outcome =
      run_program(Invocation{.arguments = {"train", "net.yaml", "--iterations", "100000000"},
                             .directory = directory_ / "",
                             .on_terminal = true,
                             .timeout = std::chrono::seconds(2)});
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_THAT(outcome.err,
              ::testing::ContainsRegex("k = [0-9]+ of 100000000: F = [0-9.e-]+, \\|\\|g\\|\\| = "
                                       "[0-9.e-]+, step [0-9.e-]+, [0-9]+ (s|min|h) left"));
  EXPECT_EQ(cli::time_left(100), "100 s left");
  EXPECT_EQ(cli::time_left(600), "10 min left");
  EXPECT_EQ(cli::time_left(36'000), "10 h left");
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
