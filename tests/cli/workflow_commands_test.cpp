// What others name is never a command of GitHub's runner, which reads every line that is written.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// As the runner's ActionCommand.cs parses a line, of any command.
bool is_command(std::string line) {
  const std::vector<std::string> spaces{" ", "\t", "\xc2\xa0", "\xe2\x80\x83", "\xe3\x80\x80"};
  for (bool trimmed = true; trimmed;) {
    trimmed = false;
    for (const std::string& space : spaces) {
      if (line.starts_with(space)) trimmed = !line.erase(0, space.size()).empty();
    }
  }
  if (line.starts_with("::") && line.find("::", 2) != std::string::npos) return true;
  const std::size_t old = line.find("##[");
  return old != std::string::npos && line.find(']', old) != std::string::npos;
}

void expect_no_command(const Outcome& outcome, const std::string& what) {
  EXPECT_NE(outcome.exit_code, 70) << what << outcome.err;
  for (const std::string& text : {outcome.out, outcome.err}) {
    for (const std::string& line : lines_of(text)) EXPECT_FALSE(is_command(line)) << what << line;
  }
}

const std::vector<std::string> command_names{"::error file=x::y", " \xe3\x80\x80::warning::y",
                                             "##[error]y", "y ##[group]z"};

std::string network_called(const std::string& name, const std::string& more = "") {
  const std::string quoted = nlohmann::json(name).dump();
  return R"({"name": )" + quoted + R"(, "input": {"shape": [3]}, "loss": "logistic", "layers": [
{"name": )" +
         quoted + R"(, "dense": 2, "then": ["relu"]}, {"name": "last", "from": )" + quoted +
         ", \"dense\": 2" + more + "}]}";
}

TEST(WorkflowCommands, OfTheReferenceAreSeen) {
  EXPECT_TRUE(is_command("  ::error file=x::y"));
  EXPECT_TRUE(is_command("a ##[error]b"));
  EXPECT_FALSE(is_command("x ::error file=x::y"));
}

TEST(WorkflowCommands, AreNoLineOfAnyOutput) {
  for (const std::string& name : command_names) {
    const TemporaryDirectory directory;
    const std::string file = name + ".json";
    (void)directory.write(file, network_called(name));
    (void)directory.write("bad" + file, network_called(name, ", \"dens\": 1"));
    (void)directory.write(name + "bad.json", network_called(name, ", \"dens\": 1"));
    const auto run = [&](const std::vector<std::string>& arguments) {
      const Outcome outcome = run_program(Invocation{.arguments = arguments,
                                                     .environment = {{"CI", ""}},
                                                     .directory = directory.path().string()});
      expect_no_command(outcome, arguments.front() + ": ");
      return outcome;
    };
    for (const std::string format : {"table", "markdown", "csv", "json"}) {
      for (const std::string command : {"bound", "compare", "cost", "sweep", "run"}) {
        std::vector<std::string> arguments{command, file, "--format", format};
        if (command == "sweep") arguments.insert(arguments.end(), {"--radius", "1,2"});
        if (command == "compare") arguments.insert(arguments.end(), {"--with", "radius=2"});
        EXPECT_EQ(run(arguments).exit_code, 0) << command;
      }
    }
    EXPECT_EQ(run({"bound", "--explain", name, file}).exit_code, 0);
    EXPECT_EQ(run({"plot", file, "-o", "-"}).exit_code, 0);
    EXPECT_EQ(run({"bound", name + "bad.json"}).exit_code, 2);
    EXPECT_EQ(run({"bound", "bad" + file}).exit_code, 2);
    EXPECT_EQ(run({"bound", name}).exit_code, 2);
    EXPECT_EQ(run({name}).exit_code, 2);
    EXPECT_EQ(run({"layers", name}).exit_code, 2);
    EXPECT_EQ(run({"run", file, "--input", name}).exit_code, 2);
    EXPECT_EQ(run({"check", file, "--baseline", name, "--update"}).exit_code, 0);
    (void)directory.write(file, network_called(name, ", \"radius\": 2"));
    for (const std::string format : {"table", "markdown", "csv", "json"}) {
      EXPECT_EQ(run({"check", file, "--baseline", name, "--format", format}).exit_code, 1);
    }
  }
}

TEST(WorkflowCommands, AreTheSameDataInJsonAndCsv) {
  for (const std::string& name : command_names) {
    const auto json = nlohmann::json::parse(
        run_program({"bound", "--format", "json", "-"}, network_called(name)).out);
    EXPECT_EQ(json.at("architecture").at("name"), name);
  }
  const Outcome csv =
      run_program({"bound", "--format", "csv", "-"}, network_called(command_names.front()));
  EXPECT_EQ(parse_csv(csv.out).at(0).at("name"), command_names.front());
}

TEST(WorkflowCommands, OfOurOwnComeOut) {
  const TemporaryDirectory directory;
  const std::string file = "::error file=x::y.json";
  const auto check = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"check", file, "--baseline", "b.json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(Invocation{.arguments = arguments,
                                  .environment = {{"CI", ""}, {"GITHUB_WORKSPACE", ""}},
                                  .directory = directory.path().string()});
  };
  (void)directory.write(file, network_called(command_names.front()));
  ASSERT_EQ(check({"--update"}).exit_code, 0);
  (void)directory.write(file, network_called(command_names.front(), ", \"radius\": 2"));
  const auto lines = lines_of(check({"--github"}).out);
  EXPECT_THAT(lines.front(), StartsWith("::stop-commands::"));
  EXPECT_THAT(lines.back(), StartsWith("::error file="));
  EXPECT_EQ(std::ranges::count_if(lines, is_command), 3);
}

TEST(InvisibleCharacters, AreEscapedInTextAndMessages) {
  const std::string name = "a\u200bb\u2060c\u00add\u200ee";
  const Outcome table = run_program({"bound", "-"}, network_called(name));
  EXPECT_THAT(table.out, HasSubstr("a\\u{200b}b\\u{2060}c\\u{00ad}d\\u{200e}e"));
  const Outcome message = run_program({"bound", "--explain", name, "-"}, network_called("a"));
  EXPECT_EQ(message.exit_code, 2);
  EXPECT_THAT(message.err, HasSubstr("a\\u{200b}b"));
}

}  // namespace
}  // namespace smoothbound::testing
