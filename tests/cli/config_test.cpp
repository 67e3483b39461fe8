// --config FILE: the same as the options on the command line, which win; mistakes in it are
// located.
#include <gmock/gmock.h>

#include <tuple>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// What `bound` says about the small network on standard input.
Outcome bound_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bound");
  arguments.emplace_back("-");
  return run_program(arguments, std::string(small_network));
}

Outcome bound_with(const std::string& config, const std::vector<std::string>& options = {}) {
  const TemporaryDirectory directory;
  std::vector<std::string> arguments{"--config", directory.write("o.toml", config)};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return bound_of(arguments);
}

TEST(Config, EqualsTheOptions) {
  const Outcome plain = bound_of({});
  const Outcome given = bound_of({"--method", "paper", "--radius", "0.5", "--format", "csv"});
  ASSERT_EQ(given.exit_code, 0) << given.err;
  EXPECT_NE(given.out, plain.out);
  for (const char* config :
       {"method = paper\nradius = 0.5\nformat = csv\n",
        "# TOML\n[bound]\nmethod = \"paper\"  # as published\nradius=0.5\nformat='csv'\n",
        "; INI\r\nradius = 0.5\r\n[bound]\r\nmethod = paper\r\nformat = csv\r\n"}) {
    const Outcome run = bound_with(config);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.out, given.out) << config;
  }
}

TEST(Config, MayStandBeforeTheCommand) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("o.toml", "method = paper\n");
  const std::string text(small_network);
  const Outcome before = run_program({"--config", file, "bound", "-"}, text);
  EXPECT_EQ(before.out, bound_of({"--method", "paper"}).out);
  EXPECT_EQ(run_program({"bound", "-", "--config=" + file}, text).out, before.out);
}

TEST(Config, GivesWayToTheCommandLineAndOverridesTheFile) {
  EXPECT_EQ(bound_with("radius = 7\n", {"--radius", "0.5"}).out, bound_of({"--radius", "0.5"}).out);
  EXPECT_EQ(bound_with("radius = 0.5\n").out, bound_of({"--radius", "0.5"}).out);
  EXPECT_NE(bound_with("radius = 0.5\n").out, bound_of({}).out) << "the architecture says 1";
}

TEST(Config, SectionOfTheCommandGoesFirst) {
  EXPECT_EQ(bound_with("radius = 7\n[bound]\nradius = 0.5\n").out,
            bound_of({"--radius", "0.5"}).out);
  EXPECT_EQ(bound_with("[layers]\nformat = json\n").out, bound_of({}).out);
}

TEST(Config, KeysOfOtherCommandsAreLeftToThem) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("o.toml", "method = paper\nformat = json\n");
  EXPECT_EQ(run_program({"layers", "tanh", "--config", file}).out,
            run_program({"layers", "tanh", "--format", "json"}).out);
}

TEST(Config, IsNeverReadUnasked) {
  const TemporaryDirectory directory;
  for (const char* name : {"smoothbound.toml", "smoothbound.ini", "config.ini", ".smoothbound"}) {
    std::ignore = directory.write(name, "method = nonsense\n");
  }
  const Outcome run =
      run_program(Invocation{.arguments = {"bound", "-"},
                             .input = std::string(small_network),
                             .environment = {{"HOME", directory.path().string()},
                                             {"XDG_CONFIG_HOME", directory.path().string()}},
                             .directory = directory.path().string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

struct ConfigMistake {
  std::string name;
  std::string config;
  std::string place;  // and message
  std::string hint;
};

void PrintTo(const ConfigMistake& mistake, std::ostream* out) { *out << mistake.name; }

class ConfigMistakes : public ::testing::TestWithParam<ConfigMistake> {};

TEST_P(ConfigMistakes, AreLocatedAndExplained) {
  const TemporaryDirectory directory;
  std::ignore = directory.write("o.toml", GetParam().config);
  const Outcome run = run_program(Invocation{.arguments = {"bound", "--config", "o.toml", "-"},
                                             .input = std::string(small_network),
                                             .directory = directory.path().string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("o.toml:" + GetParam().place + "\n"));
  EXPECT_THAT(run.err, HasSubstr("hint: " + GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigMistakes,
    ::testing::Values(
        ConfigMistake{"Key", "\nmetod = both\n", "2:1: error: no command has an option 'metod'",
                      "did you mean 'method'?"},
        ConfigMistake{"KeyWithUnderscore", "bn_epsilon = 1\n",
                      "1:1: error: no command has an option 'bn_epsilon'",
                      "did you mean 'bn-epsilon'?"},
        ConfigMistake{"KeyOfSection", "[layers]\nmethod = both\n",
                      "2:1: error: 'layers' has no option 'method'", "keys are long options"},
        ConfigMistake{"Section", "[bond]\n", "1:1: error: '[bond]' is not a section of a command",
                      "did you mean 'bound'?"},
        ConfigMistake{"Choice", "  method = \"bth\"\n", "1:13: error: unknown --method 'bth'",
                      "did you mean 'both'?"},
        ConfigMistake{"Number", "radius = 1\n[bound]\nbatch = 0 # none\n",
                      "3:9: error: --batch must be at least 1", "write an integer from 1 on"},
        ConfigMistake{"Twice", "batch = 1\nbatch = 2\n",
                      "2:1: error: 'batch' is given more than once", "keep one of them"},
        ConfigMistake{"NoValue", "batch =\n", "1:1: error: 'batch' has no value",
                      "write it behind '='"},
        ConfigMistake{"EmptyValue", "output = \"\"\n", "1:10: error: 'output' has no value", ""},
        ConfigMistake{"NoKey", "batch\n", "1:1: error: no 'key = value'",
                      "write one option on a line"},
        ConfigMistake{"TwoValues", "loss = square logistic\n", "1:8: error: 'loss' takes one value",
                      "put a value with blanks or commas into quotes"},
        ConfigMistake{"CutQuote", "output = \"a#b\"\n", "1:10: error: this quote does not end",
                      "'#' begins a comment"},
        ConfigMistake{"Binary", std::string("batch = 1\n\xff\n"), "2:1: error: not UTF-8 text",
                      "save the file as UTF-8"},
        ConfigMistake{"Itself", "config = o.toml\n",
                      "1:1: error: no command has an option 'config'", "keys are long options"}),
    [](const auto& test) { return test.param.name; });

TEST(Config, UnreadableFileIsLocated) {
  const TemporaryDirectory directory;
  for (const auto& [file, why] :
       {std::pair<std::string, std::string>{directory / "none.toml", "no such file"},
        {directory.path().string(), "a directory"},
        {"/dev/zero", "no regular file"}}) {
    const Outcome run = bound_of({"--config", file});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, StartsWith("<command line>:1:19: error: cannot read '" + file +
                                    "': " + why + "\n"));
  }
}

TEST(Config, WithoutAFileSaysSo) {
  const Outcome run = run_program({"bound", "-", "--config"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--config needs a value, FILE"));
}

}  // namespace
}  // namespace smoothbound::testing
