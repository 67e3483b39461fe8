// Logs and checkpoints.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>

#include "problems.hpp"
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/digest.hpp"
#include "smoothbound/text/output_file.hpp"
#include "smoothbound/train/checkpoint.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;

IterationRecord record(std::int64_t iteration) {
  IterationRecord result;
  result.iteration = iteration;
  result.objective = 0.1 + static_cast<double>(iteration) / 3;
  result.gradient_mapping = 1e-7 / 3;
  result.step = 1.0 / 3;
  result.smoothness = Magnitude::from_decimal("1.5e400");
  result.oracle_calls = 2 * iteration + 1;
  result.seconds = 0.25;
  return result;
}

class LogFiles : public ::testing::TestWithParam<std::string> {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_ / GetParam();
};

TEST_P(LogFiles, AreReadAsTheyWereWritten) {
  IterationRecord last = record(2);
  last.step = std::nan("");
  last.smoothness.reset();
  {
    LogFile log(path_);
    log.append(record(0));
    log.append(record(1));
    log.append(last);
  }
  const std::vector<IterationRecord> read = read_training_log(path_);
  ASSERT_EQ(read.size(), 3U);
  for (std::int64_t i = 0; i < 3; ++i) {
    const IterationRecord& row = read[static_cast<std::size_t>(i)];
    EXPECT_EQ(row.iteration, i);
    EXPECT_EQ(row.objective, record(i).objective);
    EXPECT_EQ(row.gradient_mapping, record(i).gradient_mapping);
    EXPECT_EQ(row.oracle_calls, record(i).oracle_calls);
    EXPECT_EQ(row.seconds, 0.25);
  }
  EXPECT_EQ(read[0].step, 1.0 / 3);
  ASSERT_TRUE(read[0].smoothness.has_value());
  // Text rounds up, and so does reading it.
  EXPECT_GE(*read[0].smoothness, *record(0).smoothness);
  EXPECT_EQ(read[0].smoothness->to_text(15), record(0).smoothness->to_text(15));
  EXPECT_TRUE(std::isnan(read[2].step));
  EXPECT_FALSE(read[2].smoothness.has_value());
}

TEST_P(LogFiles, KeepWhatIsBeforeTheCheckpoint) {
  {
    LogFile log(path_);
    for (std::int64_t i = 0; i < 5; ++i) log.append(record(i));
  }
  {
    LogFile log(path_, 3);
    log.append(record(3));
  }
  const std::vector<IterationRecord> read = read_training_log(path_);
  ASSERT_EQ(read.size(), 4U);
  EXPECT_EQ(read.back().iteration, 3);
}

// Lines that are read as upper bounds and written again would grow.
TEST_P(LogFiles, LeaveOldLinesAsTheyAre) {
  {
    LogFile log(path_);
    for (std::int64_t i = 0; i < 5; ++i) log.append(record(i));
  }
  const std::string before = read_file(path_);
  for (int i = 0; i < 3; ++i) {
    const LogFile log(path_, 5);
    EXPECT_FALSE(log.has_dropped_a_part());
  }
  EXPECT_EQ(read_file(path_), before);
}

TEST_P(LogFiles, DropALastLineThatIsCutShort) {
  {
    LogFile log(path_);
    for (std::int64_t i = 0; i < 2; ++i) log.append(record(i));
  }
  const std::string whole = read_file(path_);
  const std::string line = log_line(record(2), log_format_of(path_));
  for (std::size_t length = 1; length < line.size(); ++length) {
    (void)directory_.write(GetParam(), whole + line.substr(0, length));
    const LogFile log(path_, 5);
    EXPECT_TRUE(log.has_dropped_a_part());
    EXPECT_EQ(read_file(path_), whole) << length;
  }
}

TEST_P(LogFiles, OfTheOtherFormatAreNotContinued) {
  const std::string other = GetParam() == "log.csv" ? "log.jsonl" : "log.csv";
  { LogFile(directory_ / other).append(record(0)); }
  std::filesystem::rename(directory_ / other, path_);
  try {
    const LogFile log(path_, 1);
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), GetParam() == "log.csv"
                                   ? "is JSON lines, and the name asks for CSV"
                                   : "is CSV, and the name asks for JSON lines");
    EXPECT_EQ(error.file, path_ + ":1");
    EXPECT_EQ(error.hint, "a log in JSON lines is called *.jsonl");
  }
}

TEST_P(LogFiles, OfOtherRunsAreNotContinued) {
  { LogFile(path_).append(record(0)); }
  const double first = record(0).objective;
  EXPECT_FALSE(LogFile(path_, 1, first).has_gap());
  EXPECT_FALSE(LogFile(path_, 1).has_gap());  // not known
  EXPECT_TRUE(LogFile(path_, 2, first).has_gap());
  const std::string before = read_file(path_);
  try {
    const LogFile log(path_, 1, first + 1);
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_EQ(error.what(),
              fmt::format("is the log of another run: F at its iteration 0 is {}, and "
                          "that of the run {}",
                          first, first + 1));
    EXPECT_EQ(error.file, path_);
    EXPECT_EQ(error.hint, "name the log of the run, or another file");
  }
  EXPECT_EQ(read_file(path_), before);
}

TEST_P(LogFiles, BeginAnew) {
  { LogFile(path_).append(record(0)); }
  { const LogFile again(path_); }
  std::ifstream file(path_);
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, GetParam() == "log.csv" ? std::string(log_header()) : "");
  EXPECT_FALSE(std::getline(file, text));
}

// Its end is the end of the log, also where a run is taken up.
TEST_P(LogFiles, GoToAPipeInOnePiece) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  for (const std::int64_t keep_below : {0, 2}) {
    auto read = std::async(std::launch::async, [&] {
      std::ifstream pipe(path_);
      return std::string(std::istreambuf_iterator<char>(pipe), {});
    });
    LogFile(path_, keep_below).append(record(2));
    const LogFormat format = log_format_of(path_);
    const std::string begin =
        format == LogFormat::csv ? std::string(log_header()) + "\n" : std::string();
    EXPECT_EQ(read.get(), begin + log_line(record(2), format));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, LogFiles, ::testing::Values("log.csv", "log.jsonl"));

TEST(TrainingLog, WhatIsNoneIsNamed) {
  const TemporaryDirectory directory;
  const auto message = [&](const std::string& text) -> std::string {
    const std::string path = directory.write("log.csv", text);
    try {
      read_training_log(path);
      return "no error";
    } catch (const DataError& error) {
      return error.file.substr(path.rfind('/') + 1) + ": " + error.what();
    }
  };
  const std::string header(log_header());
  EXPECT_EQ(message(""), "log.csv: is empty");
  EXPECT_EQ(message("a,b\n"), "log.csv:1: is no log of training");
  EXPECT_EQ(message(header + "\n1,2,3\n"), "log.csv:2: is no line of 7 cells");
  EXPECT_EQ(message(header + "\n0,x,1,1,,1,1\n"), "log.csv:2: 'x' is no objective");
  EXPECT_EQ(message(header + "\n0,1,1,1,-3,1,1\n"), "log.csv:2: '-3' is no smoothness");
  EXPECT_EQ(message("{\"iteration\":0\n"),
            "log.csv:1:15: invalid JSON: unexpected end of input; expected '}'");
  EXPECT_EQ(message("{\"iteration\":0}\n"), "log.csv:1: '' is no objective");
}

// In both formats, and of runs without them nothing changes.
TEST(TrainingLog, HasTheProofsOfSteps) {
  const TemporaryDirectory directory;
  IterationRecord first = record(0);
  first.proof = {2.25, 0.125, 0.5};
  IterationRecord last = record(1);
  last.step = std::numeric_limits<double>::quiet_NaN();
  for (const std::string name : {"log.csv", "log.jsonl"}) {
    const std::string path = directory / name;
    {
      LogFile log(path, 0, std::numeric_limits<double>::quiet_NaN(), true);
      log.append(first);
      log.append(last);
    }
    const std::vector<IterationRecord> records = read_training_log(path);
    ASSERT_EQ(records.size(), 2U) << name;
    ASSERT_TRUE(records[0].proof.has_value()) << name;
    EXPECT_EQ(records[0].proof->bound, 2.25);
    EXPECT_EQ(records[0].proof->proved, 0.125);
    EXPECT_EQ(records[0].proof->obtained, 0.5);
    EXPECT_FALSE(records[1].proof.has_value()) << name;
    EXPECT_TRUE(is_training_log_file(path));
  }
  EXPECT_EQ(std::string(log_header(true)), std::string(log_header()) + ",bound,proved,obtained");
}

// As editors and spreadsheets of other systems end lines.
TEST(TrainingLog, LinesMayEndInCarriageReturns) {
  const TemporaryDirectory directory;
  const std::string lines = "0,2.5,1,0.5,,1,1\r\n1,1.5,0.5,0.5,,2,2\r\n";
  const std::string path = directory.write("log.csv", std::string(log_header()) + "\r\n" + lines);
  const std::vector<IterationRecord> records = read_training_log(path);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].objective, 1.5);
  EXPECT_EQ(records[1].seconds, 2);
  { const LogFile taken_up(path, 1); }
  EXPECT_EQ(read_file(path), std::string(log_header()) + "\n0,2.5,1,0.5,,1,1\n");
}

TEST(TrainingLog, NestedDeeplyIsRefused) {
  const TemporaryDirectory directory;
  constexpr std::size_t depth = 100'000;
  for (const auto& [open, close] : {std::pair("[", "]"), {"{\"a\":", "}"}}) {
    std::string text = "{\"iteration\":";
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    const std::string path = directory.write("log.jsonl", text + "}\n");
    try {
      read_training_log(path);
      ADD_FAILURE() << "no error";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), ::testing::StrEq("nested more than 64 levels deep"));
      EXPECT_THAT(error.file, ::testing::MatchesRegex(".*log.jsonl:1:[0-9]+"));
      EXPECT_EQ(error.hint, "each line is a JSON object, as 'smoothbound train --log' writes it");
    }
  }
}

class Checkpoints : public ::testing::Test {
 protected:
  Checkpoints()
      : problem_(make_problem(trained_networks[0].text, 5, 1)),
        training_(make_training(problem_, {})) {
    training_.begin(problem_.start);
    training_.advance();
  }
  TemporaryDirectory directory_;
  Problem problem_;
  Training<double> training_;
};

TEST_F(Checkpoints, HoldEveryBit) {
  const std::string path = directory_ / "run.safetensors";
  save_checkpoint(path, training_.parameter_layout(), training_.state(), {{"seed", "7"}});
  const Checkpoint read = load_checkpoint(path, training_.parameter_layout());
  EXPECT_EQ(read.state.w, training_.state().w);
  EXPECT_EQ(read.state.iteration, 1);
  EXPECT_EQ(read.state.gamma, training_.state().gamma);
  EXPECT_EQ(read.state.oracle_calls, training_.state().oracle_calls);
  EXPECT_EQ(read.state.first_objective, training_.state().first_objective);
  EXPECT_EQ(read.state.smallest_mapping, training_.state().smallest_mapping);
  EXPECT_EQ(read.state.sum_of_steps, training_.state().sum_of_steps);
  EXPECT_EQ(read.state.violation, -1);
  EXPECT_EQ(read.identity, (TrainingIdentity{{"seed", "7"}}));
}

TEST_F(Checkpoints, ParametersAloneAreNone) {
  const std::string path = directory_ / "weights.safetensors";
  save_trained(path, training_.parameter_layout(), training_.state().w, {});
  try {
    load_checkpoint(path, training_.parameter_layout());
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is no checkpoint of training"));
  }
}

// Each is refused, with a way out, or says what the whole one says.
TEST_F(Checkpoints, NoBitIsLostUnseen) {
  const std::string path = directory_ / "run.safetensors";
  const ParameterLayout& layout = training_.parameter_layout();
  save_checkpoint(path, layout, training_.state(), {{"seed", "7"}, {"step", "certified"}});
  const Checkpoint whole = load_checkpoint(path, layout);
  const std::string bytes = read_file(path);
  int refused = 0;
  const auto check = [&](const std::string& damaged, const std::string& how) {
    (void)directory_.write("damaged.safetensors", damaged);
    try {
      const Checkpoint read = load_checkpoint(directory_ / "damaged.safetensors", layout);
      EXPECT_EQ(read.state.w, whole.state.w) << how;
      EXPECT_EQ(read.identity, whole.identity) << how;
      EXPECT_EQ(read.state.iteration, whole.state.iteration) << how;
      EXPECT_EQ(read.state.seconds, whole.state.seconds) << how;
      EXPECT_EQ(read.state.first_objective, whole.state.first_objective) << how;
    } catch (const DataError& error) {
      ++refused;
      EXPECT_EQ(error.file, directory_ / "damaged.safetensors") << how;
      EXPECT_STRNE(error.what(), "") << how;
      EXPECT_TRUE(!error.hint.empty() || error.remedy != Remedy::none) << how << error.what();
    }
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int bits : {0x01, 0x80}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ bits);
      check(damaged, "byte " + std::to_string(i));
    }
    if (i % 16 == 0) check(bytes.substr(0, i), "cut at " + std::to_string(i));
  }
  EXPECT_GT(refused, static_cast<int>(2 * bytes.size()));
}

TEST_F(Checkpoints, WithNumbersThatNoRunComesToAreRefused) {
  const std::string path = directory_ / "run.safetensors";
  const auto message = [&](const std::function<void(TrainingState&)>& change) -> std::string {
    TrainingState state = training_.state();
    change(state);
    save_checkpoint(path, training_.parameter_layout(), state, {});
    try {
      (void)load_checkpoint(path, training_.parameter_layout());
      return "no error";
    } catch (const DataError& error) {
      EXPECT_EQ(error.hint, "take a copy of the checkpoint, or begin a new run");
      return error.what();
    }
  };
  using State = TrainingState;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message([](State&) {}), "no error");
  EXPECT_EQ(message([](State& s) { s.iteration = -1; }), "'-1' is no iteration of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.iteration = std::numeric_limits<std::int64_t>::min(); }),
            "'-9223372036854775808' is no iteration of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.oracle_calls = -2; }),
            "'-2' is no oracle_calls of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.gamma = inf; }), "'inf' is no gamma of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.seconds = nan; }), "'nan' is no seconds of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.seconds = -0.5; }), "'-0.5' is no seconds of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.first_objective = nan; }),
            "'nan' is no first_objective of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.smallest_mapping = nan; }),
            "'nan' is no smallest_mapping of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.sum_of_steps = -1; }),
            "'-1' is no sum_of_steps of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.violation = 1; }), "'1' is no violation of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.w[0] = nan; }).substr(0, 7), "tensor ");
  EXPECT_EQ(message([](State& s) { s.violation = -2; }), "'-2' is no violation of a checkpoint");
  // The ends of what a run comes to.
  EXPECT_EQ(message([](State& s) { s.iteration = 0; }), "no error");
  EXPECT_EQ(message([](State& s) { s.iteration = s.violation = 0; }),
            "'0' is no violation of a checkpoint");
  EXPECT_EQ(message([](State& s) { s.violation = 0; }), "no error");
  EXPECT_EQ(message([](State& s) {
              s.oracle_calls = 0;
              s.gamma = s.seconds = s.first_objective = s.smallest_mapping = s.sum_of_steps = 0;
            }),
            "no error");
  EXPECT_EQ(message([](State& s) { s.smallest_mapping = s.sum_of_steps = inf; }), "no error");
}

// With the checksum that belongs to it.
TEST_F(Checkpoints, NumbersWithWhatIsNoNumberBehindAreRefused) {
  const std::string path = directory_ / "run.safetensors";
  const ParameterLayout& layout = training_.parameter_layout();
  const std::vector<double>& w = training_.state().w;
  save_checkpoint(path, layout, training_.state(), {});
  const ArrayFile::Metadata saved = open_array_file(path).metadata();
  const auto load_with = [&](const std::string& iteration) {
    ArrayFile::Metadata metadata = saved;
    metadata.at("training.iteration") = iteration;
    metadata.erase("checksum.sha256");
    Sha256 digest;
    for (const auto& [name, value] : metadata) {
      digest.add_whole(name);
      digest.add_whole(value);
    }
    for (const ParameterArray& array : layout.arrays) {
      digest.add_whole(array.name);
      digest.add_whole(std::span<const std::int64_t>(array.sizes));
    }
    digest.add_whole(std::span<const double>(w));
    metadata["checksum.sha256"] = std::move(digest).digits();
    save_trained(path, layout, w, metadata);
    return load_checkpoint(path, layout).state.iteration;
  };
  EXPECT_EQ(load_with("17"), 17);
  for (const std::string iteration : {"17x", "17 ", "", "x"}) {
    try {
      load_with(iteration);
      ADD_FAILURE() << iteration;
    } catch (const DataError& error) {
      EXPECT_EQ(std::string(error.what()), "'" + iteration + "' is no iteration of a checkpoint");
    }
  }
}

TEST_F(Checkpoints, WithoutAChecksumAreRefused) {
  const std::string path = directory_ / "old.safetensors";
  save_trained(path, training_.parameter_layout(), training_.state().w,
               {{"training.iteration", "3"}, {"training.seconds", "1"}});
  try {
    (void)load_checkpoint(path, training_.parameter_layout());
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "has no checksum: it is damaged, or of an earlier version");
    EXPECT_EQ(error.remedy, Remedy::new_run);
  }
}

// The old checkpoint is there until the new one is whole.
TEST_F(Checkpoints, SurviveAFailedOne) {
  const std::string path = directory_ / "run.safetensors";
  save_checkpoint(path, training_.parameter_layout(), training_.state(), {});
  EXPECT_THROW(save_checkpoint("/dev/full", training_.parameter_layout(), training_.state(), {}),
               OutputError);
  EXPECT_EQ(load_checkpoint(path, training_.parameter_layout()).state.w, training_.state().w);
}

}  // namespace
}  // namespace smoothbound::testing
