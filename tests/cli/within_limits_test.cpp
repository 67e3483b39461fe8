// What the program does where limits leave it little memory.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>

#include "support/program_path.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;

// Sanitizers map terabytes.
class AddressSpace : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("SMOOTHBOUND_PROGRAM") != nullptr) GTEST_SKIP() << "may be sanitized";
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [4], norm: 2}\nbatch: 12\nloss: logistic\n"
                           "layers:\n  - {name: a, dense: 6, then: [softplus]}\n"
                           "  - {name: b, dense: 3}\n");
  }

  // With the limit, in MiB, on the program alone; it has a minute.
  [[nodiscard]] Outcome run_within(int limit, const std::string& arguments) const {
    const std::string script = "cd '" + (directory_ / "") + "' && (ulimit -v " +
                               std::to_string(limit * 1024) + "; OMP_NUM_THREADS=2 timeout 60 '" +
                               program_path() + "' " + arguments + " >out 2>err)";
    Outcome outcome;
    outcome.exit_code = WEXITSTATUS(std::system(script.c_str()));
    outcome.out = read_file(directory_ / "out");
    outcome.err = read_file(directory_ / "err");
    return outcome;
  }

  TemporaryDirectory directory_;
};

TEST_F(AddressSpace, WithLittleOfItEveryCommandEndsWithAnAnswerOrAMessage) {
  const std::vector<std::string> commands{"bound net.yaml",
                                          "sweep net.yaml --radius 1:2:lin:3",
                                          "init net.yaml -o w.safetensors",
                                          "run net.yaml --batch 100",
                                          "train net.yaml --iterations 2 --step 0.01",
                                          "train net.yaml --iterations 1 --oracle newton"};
  for (const int limit : {110, 170, 480, 640}) {
    for (const std::string& command : commands) {
      const Outcome outcome = run_within(limit, command);
      SCOPED_TRACE(command + " within " + std::to_string(limit) + " MiB: " + outcome.err);
      EXPECT_THAT(outcome.exit_code, AnyOf(0, 2, 3));
      if (outcome.exit_code == 0) continue;
      EXPECT_FALSE(command.starts_with("bound"));
      EXPECT_THAT(outcome.err, ContainsRegex("error: .*\nhint: "));
      EXPECT_EQ(outcome.out, "");
    }
  }
}

TEST_F(AddressSpace, OfOpenBlasIsAskedForBeforeItIsLoaded) {
  const Outcome outcome = run_within(330, "train net.yaml --iterations 1 --samples 100");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err,
            "smoothbound: error: the limits on memory do not leave OpenBLAS its 448 MiB\n"
            "hint: raise them (ulimit -v), or take fewer threads\n");
}

TEST_F(AddressSpace, OfThreadsIsAskedForBeforeTheyAreStarted) {
  const Outcome outcome = run_within(400, "run net.yaml --threads 1000");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err,
            "smoothbound: error: there is no memory for 1000 threads, or they are more than the "
            "limits allow\n"
            "hint: take fewer, or raise the limits (ulimit -v, ulimit -u)\n");
}

TEST_F(AddressSpace, WhatCannotBeForeseenIsOutOfMemory) {
  std::string text = "input: {shape: [4]}\nlayers:\n";
  for (int i = 0; i < 100'000; ++i) text += "  - {name: l" + std::to_string(i) + ", dense: 4}\n";
  (void)directory_.write("many.yaml", text);
  const Outcome outcome = run_within(100, "bound many.yaml");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "smoothbound: error: out of memory\n"
            "hint: take fewer samples or a smaller network, or raise the limits (ulimit -v)\n");
}

TEST_F(AddressSpace, MemoryBeyondTheLimitsDoesNotCount) {
  const Outcome outcome = run_within(400, "run net.yaml --samples 100000000 --memory 1024GiB");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, ContainsRegex("error: executing 100000000 samples takes [0-9.]+ GiB, "
                                         "more than the [0-9.]+ MiB of --memory\n"));
}

}  // namespace
}  // namespace smoothbound::testing
