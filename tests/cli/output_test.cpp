// Output is whole or an error: -o, full disks, closed pipes, signals.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int no_such_place = 2;
constexpr int cannot_write = 70;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return 0;
  return status.st_mode & 07777U;
}

class OutputFile : public ::testing::Test {
 protected:
  const TemporaryDirectory inputs;
  const TemporaryDirectory directory;  // of outputs only
  const std::string good = inputs.write("good.yaml", small_network);
  const std::string bad = inputs.write("bad.yaml", bad_network);
  const std::string whole = run_program({"bound", good}).out;
};

TEST_F(OutputFile, HoldsWhatStandardOutputWould) {
  const std::string target = directory / "out.txt";
  const Outcome run = run_program({"bound", "-o", target, good});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "");
  ASSERT_FALSE(whole.empty());
  EXPECT_EQ(read_file(target), whole);
  EXPECT_EQ(directory.count(), 1U) << "no temporary file is left";
}

TEST_F(OutputFile, IsNoInputFile) {
  const Outcome run = run_program({"bound", good, "-o", good});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("is also an input"));
  EXPECT_EQ(run_program({"bound", good}).out, whole);
}

TEST_F(OutputFile, HasTheModeOfAnyNewFile) {
  const std::string target = directory / "out.txt";
  const mode_t mask = umask(027);
  const Outcome run = run_program({"bound", "--output=" + target, good});
  umask(mask);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(mode_of(target), 0640U);
}

TEST_F(OutputFile, KeepsTheModeOfTheFileItReplaces) {
  const std::string target = directory.write("out.txt", "old");
  ASSERT_EQ(chmod(target.c_str(), 0604), 0);
  EXPECT_EQ(run_program({"bound", "-o", target, good}).exit_code, 0);
  EXPECT_EQ(mode_of(target), 0604U);
  EXPECT_EQ(read_file(target), whole);
}

TEST_F(OutputFile, KeepsALinkAndReplacesWhatItPointsTo) {
  const std::string target = directory.write("target.txt", "old");
  fs::create_symlink("target.txt", directory / "link");
  fs::create_symlink("link", directory / "second");
  EXPECT_EQ(run_program({"bound", "-o", directory / "second", good}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(directory / "second"));
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_EQ(read_file(target), whole);
  EXPECT_EQ(directory.count(), 3U);
}

TEST_F(OutputFile, CreatesWhatADanglingLinkPointsTo) {
  fs::create_directory(directory / "sub");
  fs::create_symlink("sub/new.txt", directory / "link");
  const Outcome run = run_program({"bound", "-o", directory / "link", good});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_EQ(read_file(directory / "sub/new.txt"), whole);
}

TEST_F(OutputFile, RefusesLinksThatGoInACircle) {
  fs::create_symlink("b", directory / "a");
  fs::create_symlink("a", directory / "b");
  const Outcome run = run_program({"bound", "-o", directory / "a", good});
  EXPECT_EQ(run.exit_code, no_such_place);
  EXPECT_TRUE(fs::is_symlink(directory / "a"));
  EXPECT_EQ(directory.count(), 2U);
}

TEST_F(OutputFile, StaysAsItWasIfTheInputIsBad) {
  const std::string target = directory.write("out.txt", "old");
  const Outcome run = run_program({"bound", "-o", target, bad});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(read_file(target), "old");
  EXPECT_EQ(run_program({"bound", "-o", directory / "new.txt", bad}).exit_code, 2);
  EXPECT_EQ(directory.count(), 1U) << "neither a new file nor a temporary one";
}

TEST_F(OutputFile, HoldsTheGoodOnesOfSeveral) {
  const std::string target = directory / "out.txt";
  const Outcome run = run_program({"bound", "-o", target, bad, good});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(read_file(target), whole);
}

TEST_F(OutputFile, NeedsADirectoryThatExists) {
  const Outcome run = run_program({"bound", "-o", directory / "missing/out.txt", good});
  EXPECT_EQ(run.exit_code, no_such_place);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("missing/out.txt': No such file or directory"));
  EXPECT_EQ(directory.count(), 0U);
}

TEST_F(OutputFile, IsNotADirectory) {
  const Outcome run = run_program({"bound", "-o", directory.path().string(), good});
  EXPECT_EQ(run.exit_code, no_such_place);
  EXPECT_THAT(run.err, HasSubstr("Is a directory"));
}

TEST_F(OutputFile, CannotBeMadeInADirectoryThatMayNotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "permissions do not hold for root";
  ASSERT_EQ(chmod(directory.path().c_str(), 0500), 0);
  const Outcome run = run_program({"bound", "-o", directory / "out.txt", good});
  ASSERT_EQ(chmod(directory.path().c_str(), 0700), 0);
  EXPECT_EQ(run.exit_code, no_such_place);
  EXPECT_THAT(run.err, HasSubstr("Permission denied"));
  EXPECT_EQ(directory.count(), 0U);
}

TEST_F(OutputFile, CannotBeMadeInAPlaceWithoutFiles) {
  const Outcome run = run_program({"bound", "-o", "/proc/smoothbound-out.txt", good});
  EXPECT_EQ(run.exit_code, no_such_place);
  EXPECT_THAT(run.err, HasSubstr("/proc/smoothbound-out.txt'"));
}

TEST_F(OutputFile, OnAFullDeviceIsAnError) {
  const Outcome run = run_program({"bound", "-o", "/dev/full", good});
  EXPECT_EQ(run.exit_code, cannot_write);
  EXPECT_EQ(run.err,
            "smoothbound: error: cannot write '/dev/full': No space left on device\n"
            "hint: make room on the disk, or name a file on another\n");
}

TEST_F(OutputFile, MayBeADevice) {
  const Outcome run = run_program({"bound", "-o", "/dev/stdout", good});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, whole);
}

// A million layers take seconds; the signal comes as soon as there is a temporary file.
TEST_F(OutputFile, LeavesNoTemporaryFileBehindIfASignalEndsTheProgram) {
  std::string text = "input: {shape: [2]}\nlayers:\n";
  for (int i = 0; i < 300'000; ++i) text += "  - {dense: 2, then: [softplus]}\n";
  const std::string large = inputs.write("large.yaml", text);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t process = start_program({"bound", "-o", directory / "out.txt", large});
    for (int i = 0; i < 10'000 && directory.count() == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(directory.count(), 1U);
    kill(process, number);
    EXPECT_EQ(wait_for(process), 128 + number);
    EXPECT_EQ(directory.count(), 0U) << "signal " << number;
  }
}

TEST(FullDisk, IsAnErrorForEveryCommand) {
  const TemporaryDirectory directory;
  const std::string good = directory.write("good.yaml", small_network);
  const std::vector<std::vector<std::string>> commands{
      {"bound", good},     {"bound", "--format", "json", good},
      {"layers"},          {"layers", "--format", "json"},
      {"schema"},          {"--help"},
      {"bound", "--help"}, {"--version"}};
  for (const auto& arguments : commands) {
    Invocation invocation{arguments};
    invocation.output = StandardOutput::to_file;
    invocation.output_file = "/dev/full";
    const Outcome run = run_program(invocation);
    EXPECT_EQ(run.exit_code, cannot_write) << arguments[0];
    EXPECT_EQ(run.err,
              "smoothbound: error: cannot write standard output: No space left on device\n"
              "hint: make room on the disk, or name a file on another\n")
        << arguments[0];
  }
}

TEST(ClosedPipe, IsAnErrorWithoutAMessage) {
  const TemporaryDirectory directory;
  const std::string good = directory.write("good.yaml", small_network);
  const std::vector<std::vector<std::string>> commands{
      {"bound", good}, {"bound", "--format", "csv", good}, {"layers"}, {"schema"}, {"--help"}};
  for (const auto& arguments : commands) {
    Invocation invocation{arguments};
    invocation.output = StandardOutput::closed_pipe;
    const Outcome run = run_program(invocation);
    EXPECT_EQ(run.exit_code, cannot_write) << arguments[0];
    EXPECT_EQ(run.err, "") << arguments[0];
  }
}

}  // namespace
}  // namespace smoothbound::testing
