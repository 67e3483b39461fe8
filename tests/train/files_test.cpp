// Logs and checkpoints.

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "problems.hpp"
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/text/data_error.hpp"
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

TEST_P(LogFiles, BeginAnew) {
  { LogFile(path_).append(record(0)); }
  { const LogFile again(path_); }
  std::ifstream file(path_);
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, GetParam() == "log.csv" ? std::string(log_header()) : "");
  EXPECT_FALSE(std::getline(file, text));
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
      return error.what();
    }
  };
  const std::string header(log_header());
  EXPECT_EQ(message(""), "is empty");
  EXPECT_EQ(message("a,b\n"), "line 1: is no log of training");
  EXPECT_EQ(message(header + "\n1,2,3\n"), "line 2: is no line of 7 cells");
  EXPECT_EQ(message(header + "\n0,x,1,1,,1,1\n"), "line 2: 'x' is no objective");
  EXPECT_EQ(message(header + "\n0,1,1,1,-3,1,1\n"), "line 2: '-3' is no smoothness");
  EXPECT_EQ(message("{\"iteration\":0\n"), "line 1: is no JSON object");
  EXPECT_EQ(message("{\"iteration\":0}\n"), "line 1: '' is no objective");
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
  EXPECT_EQ(read_identity(path), read.identity);
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
