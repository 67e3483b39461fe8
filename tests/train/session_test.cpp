// Training sessions from request to report: logs, checkpoints, and what can be wrong.
#include "smoothbound/train/session.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "cli/runtime/verdict_codes.hpp"
#include "requests.hpp"
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/output_file.hpp"
#include "smoothbound/train/checkpoint.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Verdict = TrainingReport::Verdict;

const LossRow* loss_named(std::string_view name) { return find_loss(name); }

template <class Error>
std::string message_of(const TrainingRequest& asked) {
  try {
    TrainingSession session(asked);
    session.run();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Session, ByTheCertifiedStepSaysWhatIsGuaranteed) {
  TrainingSession session(request(25));
  const TrainingReport& report = session.run();
  EXPECT_EQ(report.samples, 12);
  EXPECT_EQ(report.state.iteration, 25);
  EXPECT_EQ(report.verdict(), Verdict::holds);
  EXPECT_FALSE(report.interrupted);
  EXPECT_LT(report.last_objective.value(), report.state.first_objective);
  ASSERT_EQ(report.records.size(), 26U);
  const double smoothness = report.certified.smoothness.to_double();
  EXPECT_LE(report.certified.step * smoothness, 1 + 1e-12);
  double before = std::numeric_limits<double>::infinity();
  for (const IterationRecord& record : report.records) {
    EXPECT_LE(record.objective, before);
    before = record.objective;
  }
  // 2 L F / e^2, which the run must not need more than.
  const double e = report.state.smallest_mapping;
  const double predicted =
      predicted_iterations(report.certified.smoothness, report.state.first_objective, e)
          .to_double();
  EXPECT_NEAR(predicted, std::ceil(2 * smoothness * report.state.first_objective / (e * e)),
              1e-9 * predicted);
  EXPECT_GE(predicted, 25);
}

TEST(Session, EveryOracleDecreasesTheObjective) {
  struct How {
    steps::StepKind oracle;
    StepRule rule;
    double gamma = 1;
    std::int64_t mini_batch = 0;
    Precision precision = Precision::float64;
  };
  for (const How& how :
       {How{steps::StepKind::gradient, StepRule::local},
        How{steps::StepKind::gradient, StepRule::line_search},
        How{steps::StepKind::gradient, StepRule::constant, 0.3},
        How{steps::StepKind::gauss_newton, StepRule::line_search},
        How{steps::StepKind::gauss_newton, StepRule::constant, 0.5},
        How{steps::StepKind::newton, StepRule::line_search},
        How{steps::StepKind::gauss_newton, StepRule::constant, 0.05, 6},
        How{steps::StepKind::gradient, StepRule::constant, 0.3, 0, Precision::float32}}) {
    SCOPED_TRACE(::testing::PrintToString(static_cast<int>(how.oracle)) + " " +
                 ::testing::PrintToString(static_cast<int>(how.rule)));
    TrainingRequest asked = request(10);
    asked.training.oracle = how.oracle;
    asked.training.rule = how.rule;
    asked.training.gamma = how.gamma;
    asked.training.mini_batch = how.mini_batch;
    asked.precision = how.precision;
    TrainingSession session(asked);
    const TrainingReport& report = session.run();
    EXPECT_LT(report.last_objective.value(), report.first_objective());
  }
}

TEST(Session, StopsAtTheAccuracy) {
  TrainingRequest asked = request(100);
  asked.training.oracle = steps::StepKind::newton;
  asked.training.rule = StepRule::line_search;
  asked.options.overrides.regularizer = Real::from_decimal("0.1");
  asked.accuracy = 1e-6;
  TrainingSession session(asked);
  const TrainingReport& report = session.run();
  EXPECT_LT(report.state.iteration, 100);
  EXPECT_LE(report.state.smallest_mapping, 1e-6);
}

TEST(Session, StopsWhereTheMappingIsTheAccuracyItself) {
  TrainingSession long_run(request(10));
  const std::vector<IterationRecord> records = long_run.run().records;
  TrainingRequest asked = request(10);
  asked.accuracy = records[4].gradient_mapping;
  const auto reached = std::ranges::find_if(records, [&](const IterationRecord& record) {
    return record.gradient_mapping <= asked.accuracy;
  });
  TrainingSession session(asked);
  EXPECT_EQ(session.run().state.iteration, reached->iteration + 1);
}

TEST(Session, UnsupervisedObjectives) {
  TrainingRequest asked = request(10);
  asked.options.overrides.loss = loss_named("convex_clustering");
  TrainingSession certified(asked);
  EXPECT_EQ(certified.run().verdict(), Verdict::holds);
  for (const std::string_view loss : {"k_means", "spectral_clustering"}) {
    TrainingRequest other = request(5);
    other.options.overrides.loss = loss_named(loss);
    try {
      const TrainingSession session(other);
      ADD_FAILURE() << "no error";
    } catch (const TrainingUnsupported& error) {
      EXPECT_THAT(error.what(), StartsWith("there is no certified step: "));
      EXPECT_EQ(error.remedy, Remedy::line_search);
    }
    other.training.rule = StepRule::line_search;
    TrainingSession search(other);
    const TrainingReport& report = search.run();
    EXPECT_LE(report.last_objective.value(), report.state.first_objective);
    EXPECT_EQ(report.verdict(), Verdict::not_applicable);
  }
}

class SessionFiles : public ::testing::Test {
 protected:
  // All but seconds, which differ from run to run.
  static std::vector<std::string> lines_without_seconds(const std::string& path) {
    std::vector<std::string> lines;
    for (IterationRecord& record : read_training_log(path)) {
      record.seconds = 0;
      lines.push_back(log_line(record, LogFormat::csv));
    }
    return lines;
  }

  TemporaryDirectory directory_;
};

// Bit for bit, by both kinds of samples.
TEST_F(SessionFiles, ResumedRunsAreThoseThatWereNotInterrupted) {
  for (const steps::StepKind oracle :
       {steps::StepKind::gradient, steps::StepKind::gauss_newton, steps::StepKind::newton}) {
    struct Kind {
      std::int64_t batch;
      StepRule rule;
    };
    for (const Kind& kind : {Kind{12, StepRule::line_search}, Kind{5, StepRule::line_search},
                             Kind{12, StepRule::enclosure}, Kind{5, StepRule::enclosure}}) {
      const std::int64_t batch = kind.batch;
      const StepRule rule = kind.rule;
      SCOPED_TRACE(::testing::PrintToString(static_cast<int>(oracle)) + " " +
                   std::to_string(batch) + " " + std::to_string(static_cast<int>(rule)));
      const std::string checkpoint = directory_ / "run.safetensors";
      const auto run = [&](std::int64_t iterations, const std::string& log, bool saves,
                           bool resumes) {
        TrainingRequest asked = request(iterations);
        asked.training.oracle = oracle;
        asked.training.rule = rule;
        asked.training.mini_batch = batch;
        asked.log = directory_ / log;
        if (saves) asked.checkpoint = checkpoint;
        if (resumes) asked.resume = checkpoint;
        TrainingSession session(asked);
        session.run();
        session.save_parameters(directory_ / (log + ".safetensors"));
      };
      run(9, "whole.csv", false, false);
      run(4, "parts.csv", true, false);
      run(9, "parts.csv", false, true);
      EXPECT_EQ(read_file(directory_ / "whole.csv.safetensors"),
                read_file(directory_ / "parts.csv.safetensors"));
      EXPECT_EQ(lines_without_seconds(directory_ / "whole.csv"),
                lines_without_seconds(directory_ / "parts.csv"));
      EXPECT_EQ(lines_without_seconds(directory_ / "whole.csv").size(), 10U);
    }
  }
}

TEST_F(SessionFiles, AStopIsBetweenIterationsAndSaves) {
  TrainingRequest asked = request(100);
  asked.checkpoint = directory_ / "run.safetensors";
  std::int64_t done = 0;
  TrainingSession session(asked);
  const TrainingReport& report =
      session.run({.progress =
                       [&](std::int64_t iterations, std::int64_t all, const IterationRecord& last) {
                         EXPECT_EQ(last.iteration, iterations - 1);
                         EXPECT_EQ(iterations, done + 1);
                         EXPECT_EQ(all, 100);
                         done = iterations;
                       },
                   .is_stopped = [&] { return done == 7; }});
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.state.iteration, 7);
  asked.resume = asked.checkpoint;
  asked.iterations = 9;
  TrainingSession rest(asked);
  EXPECT_EQ(rest.run().records.front().iteration, 7);
}

TEST_F(SessionFiles, DivergenceIsSaidWithTheIterationAndLeavesTheCheckpoint) {
  TrainingRequest asked = request(1000);
  asked.options.overrides.loss = loss_named("square");
  asked.options.overrides.radius = Real::from_decimal("1e200");
  asked.parameters.scheme = Scheme::normal;
  asked.training.rule = StepRule::constant;
  asked.training.gamma = 1e4;
  asked.checkpoint = directory_ / "run.safetensors";
  TrainingSession session(asked);
  try {
    session.run();
    ADD_FAILURE() << "no error";
  } catch (const TrainingFailed& error) {
    EXPECT_THAT(error.what(), StartsWith("iteration " + std::to_string(error.iteration) + ": "));
    EXPECT_THAT(error.what(), HasSubstr("diverge"));
    EXPECT_EQ(error.checkpoint, asked.checkpoint);
  }
  EXPECT_EQ(open_array_file(asked.checkpoint).entries().size(), 4U);
}

TEST_F(SessionFiles, AFullDiskIsSaidWithTheIteration) {
  TrainingRequest asked = request(20);
  asked.checkpoint = "/dev/full";
  EXPECT_THAT(message_of<OutputError>(asked),
              ::testing::MatchesRegex("iteration 10: .*; the last checkpoint is as it was"));
}

TEST_F(SessionFiles, CheckpointsOfOtherRunsAreRefused) {
  TrainingRequest asked = request(2);
  asked.checkpoint = directory_ / "run.safetensors";
  {
    TrainingSession session(asked);
    session.run();
    session.save_parameters(directory_ / "w.safetensors");
  }
  asked.resume = asked.checkpoint;
  TrainingRequest seed = asked;
  seed.training.seed = 2;
  EXPECT_EQ(message_of<DataError>(seed), "is of a run with seed 1, not 2");
  TrainingRequest regularizer = asked;
  regularizer.options.overrides.regularizer = Real::from_decimal("1");
  EXPECT_EQ(message_of<DataError>(regularizer), "is of a run with regularizer 0, not 1");
  TrainingRequest precision = asked;
  precision.precision = Precision::float32;
  EXPECT_EQ(message_of<DataError>(precision), "is of a run with precision float64, not float32");
  TrainingRequest parameters = asked;
  parameters.resume = directory_ / "w.safetensors";
  EXPECT_EQ(message_of<DataError>(parameters),
            "is no checkpoint of training: it holds parameters only");
}

// What matters is what is read, not what its files are called.
TEST_F(SessionFiles, OtherSamplesAreRefusedUnderWhateverName) {
  const auto write = [&](const std::string& name, double last) {
    std::vector<double> values(48, 0.25);
    values.back() = last;
    write_npy(directory_ / name, {"", {12, 4}, std::span<const double>(values)});
  };
  const auto write_targets = [&](const std::string& name, double first) {
    std::vector<double> values(36, 0.5);
    values.front() = first;
    write_npy(directory_ / name, {"", {12, 3}, std::span<const double>(values)});
  };
  const auto on = [&](const std::string& name, const std::string& targets) {
    TrainingRequest asked = request(2);
    SampleRequest samples;
    samples.name = directory_ / name;
    samples.is_input = true;
    samples.targets = directory_ / targets;
    asked.samples = Samples(samples);
    asked.options.overrides.batch = 12;
    asked.options.overrides.loss = loss_named("square");
    asked.checkpoint = directory_ / "run.safetensors";
    return asked;
  };
  write("x.npy", 1);
  write_targets("y.npy", 0.5);
  write_targets("other.npy", 0.25);
  TrainingSession(on("x.npy", "y.npy")).run();
  const auto resume = [&](const std::string& name, const std::string& targets) {
    TrainingRequest asked = on(name, targets);
    asked.resume = asked.checkpoint;
    return asked;
  };
  constexpr std::string_view message =
      "is of a run on other samples: those given now, or their labels, differ";
  EXPECT_NO_THROW(TrainingSession(resume("./x.npy", ".//y.npy")).run());
  EXPECT_EQ(message_of<DataError>(resume("x.npy", "other.npy")), message);
  write("x.npy", 2);
  EXPECT_EQ(message_of<DataError>(resume("x.npy", "y.npy")), message);
}

// Of the samples' own file, of one beside it, or targets in their place.
TEST_F(SessionFiles, LabelsAreAskedForWhereThereAreNone) {
  write_npy(directory_ / "x.npy",
            {"", {12, 4}, std::span<const double>(std::vector<double>(48, 0.25))});
  write_npy(directory_ / "targets.npy",
            {"", {12, 3}, std::span<const double>(std::vector<double>(36, 0.5))});
  std::ofstream(directory_ / "labels.idx", std::ios::binary)
      << std::string("\0\0\x08\x01\0\0\0\x0c", 8) << std::string(12, '\1');
  const auto begin = [&](std::string_view loss, const std::string& labels,
                         const std::string& targets) {
    TrainingRequest asked = request(1);
    SampleRequest samples;
    samples.name = directory_ / "x.npy";
    samples.labels = labels.empty() ? "" : std::string(directory_ / labels);
    samples.targets = targets.empty() ? "" : std::string(directory_ / targets);
    asked.samples = Samples(samples);
    asked.options.overrides.loss = loss_named(loss);
    TrainingSession(asked).run();
  };
  EXPECT_NO_THROW(begin("logistic", "labels.idx", ""));
  EXPECT_NO_THROW(begin("square", "", "targets.npy"));
  EXPECT_NO_THROW(begin("convex_clustering", "", ""));
  EXPECT_THROW(begin("logistic", "", ""), LabelsMissing);
  EXPECT_THROW(begin("square", "", ""), LabelsMissing);
}

// With a checksum, as if somebody had made them.
TEST_F(SessionFiles, ForgedCheckpointsAreRefused) {
  TrainingRequest asked = request(2);
  asked.checkpoint = directory_ / "run.safetensors";
  TrainingSession(asked).run();
  asked.resume = asked.checkpoint;
  const Report report = make_report(asked.source, asked.options, {});
  const ParameterLayout layout =
      Network<double>(report.graph, 1, Purpose::values, Storage::none).parameter_layout();
  const Checkpoint whole = load_checkpoint(asked.resume, layout);
  for (const std::string text : {"x", "", "-1", "13", "1 ", "99999999999999999999"}) {
    Checkpoint forged = whole;
    forged.identity["micro-batch"] = text;
    save_checkpoint(asked.resume, layout, forged.state, forged.identity);
    EXPECT_EQ(message_of<DataError>(asked), "'" + text + "' is no micro-batch of a checkpoint");
  }
  Checkpoint outside = whole;
  outside.state.w.back() = 1.5;
  save_checkpoint(asked.resume, layout, outside.state, outside.identity);
  EXPECT_EQ(message_of<DataError>(asked),
            "the parameters of layer 'b' are not in their ball, where every projected step ends");
}

// The limit is one of the process: a file of the log's size is cut, the checkpoint is smaller.
TEST_F(SessionFiles, ALogOnAFullDiskLeavesTheCheckpointThatWasAskedFor) {
  TrainingRequest asked = request(1000);
  asked.log = directory_ / "log.csv";
  asked.checkpoint = directory_ / "run.safetensors";
  asked.checkpoint_every = 1000;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{20'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of<OutputError>(asked);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, ::testing::MatchesRegex(
                           "iteration [0-9]+: cannot write '.*': File too large; the run is saved "
                           "in '.*run.safetensors'"));
  asked.resume = asked.checkpoint;
  asked.iterations = 300;
  std::string told;
  asked.notice = [&](const std::string& file, const std::string& what) {
    told = file.substr(file.rfind('/') + 1) + ": " + what;
  };
  TrainingSession(asked).run();
  EXPECT_EQ(told, "log.csv: its last line is cut short and is dropped");
}

// No parameter reaches the output.
TEST(Session, NothingThatParametersChangeIsRefused) {
  for (const std::string_view loss : {"logistic", "square", "convex_clustering"}) {
    for (const StepRule rule : {StepRule::certified, StepRule::line_search, StepRule::constant}) {
      TrainingRequest asked = request(3);
      asked.source.text = "input: {shape: [3]}\nbatch: 4\nlayers:\n  - {then: [tanh]}\n";
      asked.options.overrides.loss = loss_named(loss);
      asked.training.rule = rule;
      EXPECT_EQ(message_of<TrainingUnsupported>(asked),
                "L_F = 0: no parameter changes the objective, and there is nothing to minimize");
    }
  }
}

// Where F is flat, a line search must not double its step for ever; what is too long is said.
TEST_F(SessionFiles, StepsThatLeaveTheNumbersAreSaidAndNotSaved) {
  TrainingRequest asked = request(5);
  asked.training.rule = StepRule::constant;
  asked.training.gamma = 1e308;
  asked.options.overrides.radius = Real::from_decimal("1e300");
  asked.parameters.scheme = Scheme::normal;
  asked.training.mini_batch = 5;
  asked.checkpoint = directory_ / "run.safetensors";
  asked.log = directory_ / "log.jsonl";
  EXPECT_THAT(message_of<TrainingFailed>(asked), StartsWith("iteration "));
  EXPECT_THAT(read_file(asked.log), ::testing::Not(HasSubstr("nan")));
  if (!std::filesystem::exists(asked.checkpoint)) return;
  const ArrayFile file = open_array_file(asked.checkpoint);
  for (const ArrayEntry& entry : file.entries()) {
    std::vector<double> values(static_cast<std::size_t>(entry.bytes / sizeof(double)));
    EXPECT_NO_THROW(file.read_into(entry, std::span(values)));
  }
}

TEST(Session, WhatCannotBeIsSaid) {
  TrainingRequest lossless = request(1);
  lossless.source.text = "input: {shape: [2]}\nlayers:\n  - {dense: 2}\n";
  EXPECT_EQ(message_of<NothingToMinimize>(lossless),
            "names no loss, so there is nothing to minimize");
  TrainingRequest batch = request(1);
  batch.training.mini_batch = 13;
  EXPECT_EQ(message_of<MiniBatchTooLarge>(batch), "a step of 13 samples, and there are 12");
  batch.training.mini_batch = 3;
  batch.options.overrides.loss = loss_named("convex_clustering");
  EXPECT_EQ(message_of<TrainingUnsupported>(batch),
            "convex_clustering is no mean over the samples: it has no mini-batches");
  batch.options.overrides.loss = nullptr;
  batch.training.rule = StepRule::local;
  EXPECT_EQ(message_of<TrainingUnsupported>(batch),
            "steps certified around a point are those of all samples");
  TrainingRequest narrow = request(1);
  narrow.training.oracle = steps::StepKind::newton;
  narrow.precision = Precision::float32;
  EXPECT_EQ(message_of<TrainingUnsupported>(narrow),
            "Gauss-Newton and Newton steps are computed in float64");
  TrainingRequest kink = request(1);
  kink.source.text =
      "input: {shape: [2]}\nloss: logistic\nlayers:\n"
      "  - {name: a, dense: 2, then: [relu]}\n  - {name: b, dense: 2}\n";
  EXPECT_EQ(message_of<TrainingUnsupported>(kink),
            "there is no certified step: layer 'a', relu: relu has a kink at 0; smoothing puts "
            "softplus in its place");
  TrainingRequest memory = request(1);
  memory.memory = 1024;
  EXPECT_THAT(message_of<MemoryShortage>(memory), HasSubstr(", and there are 1.0 KiB"));
  // Samples count: a million of them take 32 MB, one thing at a time needs little.
  TrainingRequest samples = request(1);
  samples.options.overrides.batch = 1'000'000;
  samples.memory = 40'000'000;
  EXPECT_THAT(message_of<TooManySamples>(samples), HasSubstr(", and there are 38.1 MiB"));
  samples.options.overrides.batch = 1'000'000'000'000;
  EXPECT_THAT(message_of<TooManySamples>(samples), HasSubstr(" TiB, and there are 38.1 MiB"));
  TrainingRequest methods = request(1);
  methods.options.methods = {Method::paper, Method::sharp};
  EXPECT_EQ(message_of<std::invalid_argument>(methods), "a step is certified by one method");
}

TEST(TrainExitCodes, TellADecreaseThatIsTooSmall) {
  TrainingSession session(request(2));
  TrainingReport report = session.run();
  EXPECT_EQ(cli::exit_code_of(report.verdict()), 0);
  for (const std::int64_t iteration : {0, 1}) {
    report.state.violation = iteration;  // which no run has but by a defect
    EXPECT_EQ(report.verdict(), Verdict::violated);
    EXPECT_EQ(cli::exit_code_of(report.verdict()), 1);
  }
}

}  // namespace
}  // namespace smoothbound::testing
