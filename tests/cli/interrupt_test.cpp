// Signals: how the program is ended, and that no handler takes the stack of a thread.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "smoothbound/bounds/training_log.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int interrupted = 130;

// Seconds at most until something is so.
template <class Condition>
bool wait_until(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class Interrupts : public ::testing::Test {
 protected:
  Interrupts()
      : network_(directory_.write("net.yaml",
                                  "name: net\ninput: {shape: [4], norm: 2}\nbatch: 12\n"
                                  "loss: logistic\nlayers:\n"
                                  "  - {name: a, dense: 6, then: [softplus]}\n"
                                  "  - {name: b, dense: 3}\n")) {}

  // A run that does not end by itself, once it iterates.
  [[nodiscard]] pid_t train(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{
        "train",        network_,  "--iterations",       "100000000",
        "--checkpoint", run(name), "--checkpoint-every", "1000000000",
        "--log",        log(name), "--precision",        "float32",
        "--threads",    "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const pid_t process = start_program(arguments);
    EXPECT_TRUE(
        wait_until([&] { return fs::exists(log(name)) && fs::file_size(log(name)) > 300; }));
    return process;
  }
  [[nodiscard]] std::string log(const std::string& name) const {
    return directory_ / (name + ".csv");
  }
  [[nodiscard]] std::string run(const std::string& name) const {
    return directory_ / (name + ".safetensors");
  }

  TemporaryDirectory directory_;
  std::string network_;
};

// A bit for each signal in a line of /proc/PID/task/TID/status.
std::uint64_t signals(const fs::path& status, const std::string& line) {
  std::ifstream file(status);
  for (std::string word; file >> word;) {
    if (word != line + ":") continue;
    file >> word;
    return std::stoull(word, nullptr, 16);
  }
  return 0;
}

// Generated code may keep the stack pointer in the heap, where a handler would write.
TEST_F(Interrupts, NoThreadRunsAHandler) {
  const pid_t process = train("run", {});
  std::uint64_t ending = 0;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ending |= std::uint64_t{1} << (number - 1);
  int threads = 0;
  int waiting = 0;  // a thread in sigwait is shown without what it waits for
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    ++threads;
    const std::uint64_t blocked = signals(task.path() / "status", "SigBlk") & ending;
    if (blocked == 0) {
      ++waiting;
    } else {
      EXPECT_EQ(blocked, ending) << task.path();
    }
    EXPECT_EQ(signals(task.path() / "status", "SigCgt") & ending, 0U) << task.path();
  }
  EXPECT_GE(threads, 2);
  EXPECT_LE(waiting, 1);
  kill(process, SIGTERM);
  EXPECT_EQ(wait_for(process), interrupted);
}

// The iteration is finished, and the checkpoint is that of a run that can be taken up.
TEST_F(Interrupts, TheFirstSavesAndEnds) {
  const pid_t process = train("run", {});
  kill(process, SIGINT);
  EXPECT_EQ(wait_for(process), interrupted);
  const std::vector<IterationRecord> records = read_training_log(log("run"));
  ASSERT_FALSE(records.empty());
  const Outcome outcome =
      run_program({"train", network_, "--iterations", std::to_string(records.back().iteration + 2),
                   "--resume", run("run"), "--format", "json", "--precision", "float32"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out)["records"].front()["iteration"], records.back().iteration);
}

// tests/interrupts does this as often as it is told.
TEST_F(Interrupts, TwentyOfThemSaveTwentyRuns) {
  constexpr int at_once = 4;
  for (int i = 0; i < 20; i += at_once) {
    std::vector<pid_t> processes;
    for (int j = 0; j < at_once; ++j) {
      processes.push_back(train("run" + std::to_string(i + j), {"--seed", std::to_string(i + j)}));
    }
    for (const pid_t process : processes) kill(process, SIGINT);
    for (const pid_t process : processes) EXPECT_EQ(wait_for(process), interrupted);
    for (int j = 0; j < at_once; ++j) EXPECT_TRUE(fs::exists(run("run" + std::to_string(i + j))));
  }
}

// An iteration of this network takes longer than both signals.
TEST_F(Interrupts, TheSecondEndsAtOnce) {
  const std::string large = directory_.write(
      "large.yaml",
      "name: large\ninput: {shape: [3, 64, 64]}\nbatch: 64\nloss: logistic\n"
      "layers:\n  - {conv: {filters: 64, kernel: 7, padding: same}, then: [tanh]}\n"
      "  - {conv: {filters: 64, kernel: 7, padding: same}, then: [tanh]}\n"
      "  - {dense: 3}\n");
  const std::string log = directory_ / "large.csv";
  const pid_t process =
      start_program({"train", large, "--step", "1e-9", "--log", log, "--checkpoint", run("large")});
  EXPECT_TRUE(wait_until([&] { return fs::exists(log); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // the iteration has begun
  kill(process, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill(process, SIGINT);
  EXPECT_EQ(wait_for(process), 128 + SIGINT);
  EXPECT_FALSE(fs::exists(run("large")));
}

// There is nothing to save yet.
TEST_F(Interrupts, TheFirstEndsARunThatWaitsForAReader) {
  const std::string pipe = directory_ / "log";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const pid_t process = start_program({"train", network_, "--log", pipe});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(kill(process, 0), 0);
  kill(process, SIGINT);
  EXPECT_EQ(wait_for(process), 128 + SIGINT);
}

// As nohup has it.
TEST_F(Interrupts, WhatTheCallerIgnoresStaysIgnored) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  const pid_t process = train("run", {});
  std::signal(SIGHUP, before);
  kill(process, SIGHUP);
  const auto size = fs::file_size(log("run"));
  EXPECT_TRUE(wait_until([&] { return fs::file_size(log("run")) > size + 1000; }));
  kill(process, SIGINT);
  EXPECT_EQ(wait_for(process), interrupted);
}

}  // namespace
}  // namespace smoothbound::testing
