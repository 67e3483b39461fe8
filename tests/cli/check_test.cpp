// `smoothbound check` as a user meets it: baselines that are refused, updates, reporters.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/rules/constants.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class Check : public ::testing::Test {
 protected:
  Check() { (void)directory_.write("net.yaml", small_network); }

  [[nodiscard]] Outcome run(std::vector<std::string> arguments,
                            std::vector<std::pair<std::string, std::string>> environment = {
                                {"CI", ""}}) const {
    arguments.insert(arguments.begin(), "check");
    return run_program(Invocation{.arguments = std::move(arguments),
                                  .environment = std::move(environment),
                                  .directory = directory_.path().string()});
  }
  [[nodiscard]] Outcome check(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"net.yaml", "--baseline", "bounds.json"});
    return run(std::move(more));
  }
  void update() const {
    const Outcome outcome = check({"--update"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  [[nodiscard]] std::string baseline() const { return read_file(directory_ / "bounds.json"); }
  void set_baseline(const std::string& text) const { (void)directory_.write("bounds.json", text); }
  void set_network(const std::string& text) const { (void)directory_.write("net.yaml", text); }

  void expect_refusal(const std::string& message) const {
    const Outcome outcome = check();
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith(message));
    const bool is_baseline = !std::filesystem::exists(directory_ / "bounds.json") ||
                             baseline().find("\"smoothbound/baseline/") != std::string::npos;
    EXPECT_THAT(outcome.err,
                HasSubstr(is_baseline ? "\nhint: to accept the present bounds: smoothbound check "
                                        "net.yaml --baseline bounds.json --update\n"
                                      : "\nhint: name a file that check --update has written\n"));
  }

  TemporaryDirectory directory_;  // NOLINT(*-non-private-member-variables-in-classes)
};

TEST_F(Check, TheBaselineHoldsTheNumbersOfBound) {
  update();
  const Json entry = Json::parse(baseline()).at("architectures").at(0);
  const Json bound =
      Json::parse(run_program({"bound", "--format", "json", directory_ / "net.yaml"}).out);
  const Json& kept = entry.at("results").at(0);
  const Json& computed = bound.at("results").at(0);
  for (const char* key : {"m", "lipschitz", "smoothness"}) {
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(kept.at("layers").at(i).at(key), computed.at("layers").at(i).at(key).at("text"));
    }
    EXPECT_EQ(kept.at("network").at(key), computed.at("network").at(key).at("text"));
  }
  EXPECT_EQ(kept.at("objective").at("smoothness"),
            computed.at("objective").at("smoothness").at("text"));
  for (const char* kind : {"gradient_descent", "stochastic_gradient_descent"}) {
    for (const char* key : {"step_size", "order", "iterations"}) {
      EXPECT_EQ(kept.at(kind).at(key), computed.at("convergence").at(kind).at(key).at("text"));
    }
  }
}

TEST_F(Check, TheBaselineDependsNeitherOnOrderNorOnTime) {
  (void)directory_.write("a.yaml", relu_network);
  ASSERT_EQ(run({"net.yaml", "a.yaml", "--baseline", "bounds.json", "--update"}).exit_code, 0);
  const std::string first = baseline();
  ASSERT_EQ(run({"./a.yaml", "./net.yaml", "--baseline", "bounds.json", "--update"}).exit_code, 0);
  EXPECT_EQ(baseline(), first);
  EXPECT_EQ(run({"net.yaml", "a.yaml", "--baseline", "bounds.json"}).exit_code, 0);
}

TEST_F(Check, AMissingBaselineIsAnError) {
  expect_refusal("bounds.json: error: there is no such baseline\n");
}

TEST_F(Check, AHeadEditedByHandIsRejected) {
  update();
  const std::string text = baseline();
  const std::string version = "\"0.1.0\"";
  const std::size_t at = text.find(version);
  set_baseline(text.substr(0, at).append("7").append(text.substr(at + version.size())));
  expect_refusal("bounds.json:2:12: error: version must be text, not '7'\n");
}

TEST_F(Check, ATruncatedBaselineIsRejected) {
  update();
  const std::string text = baseline();
  for (std::size_t size = 0; size + 2 < text.size(); size += 97) {
    set_baseline(text.substr(0, size));
    const Outcome outcome = check();
    EXPECT_EQ(outcome.exit_code, 2) << size;
    EXPECT_EQ(outcome.out, "") << size;
    EXPECT_THAT(outcome.err, StartsWith("bounds.json:")) << size;
    EXPECT_THAT(outcome.err, HasSubstr("--update")) << size;
  }
  set_baseline(text.substr(0, text.find("\"formulas\"")));
  expect_refusal("bounds.json:3:1: error: invalid JSON: ");
}

TEST_F(Check, OtherSchemasAreRejected) {
  update();
  const std::string text = baseline();
  set_baseline(replaced(text, "baseline/2", "baseline/3"));
  expect_refusal(
      "bounds.json:1:12: error: the schema is not smoothbound/baseline/2: this is no baseline, or "
      "one of another version of the program\n");
  set_baseline("{\"schema\": \"smoothbound/bound/1\"}");
  expect_refusal("bounds.json:1:12: error: the schema is not smoothbound/baseline/2");
  set_baseline("[]");
  expect_refusal("bounds.json:1:1: error: the baseline must be a mapping, not a list\n");
}

TEST_F(Check, HandEditedBaselinesAreRejectedWithTheLine) {
  update();
  const std::string text = baseline();
  const auto line_of_checksum = [&](std::size_t which) {
    std::size_t at = text.find("\"checksum\"");
    if (which > 0) at = text.find("\"checksum\"", at + 1);
    return std::to_string(count_of(text.substr(0, at), "\n") + 1);
  };
  const auto number = text.find("\"m\": \"") + 6;
  std::string edited = text;
  edited[number] = edited[number] == '9' ? '8' : '9';
  set_baseline(edited);
  expect_refusal("bounds.json:" + line_of_checksum(0) +
                 ":15: error: the entry of 'net.yaml' does not fit its checksum: it was edited by "
                 "hand, or damaged\n");
  set_baseline(replaced(text, "\"name\": \"hidden\"", "\"name\": \"hiden\""));
  expect_refusal("bounds.json:" + line_of_checksum(0) + ":15: error: the entry of 'net.yaml'");
  set_baseline(replaced(text, "\"version\": \"", "\"version\": \"9"));
  expect_refusal("bounds.json:" + line_of_checksum(1) +
                 ":13: error: the baseline does not fit its checksum");
  set_baseline(replaced(text, "\"m\": \"", "\"m\": \"-"));
  EXPECT_THAT(check().err, HasSubstr("error: m must be a number as text, such as \"1.5e+25\""));
  set_baseline(replaced(text, "\"network\"", "\"netwrok\""));
  EXPECT_THAT(check().err, HasSubstr("error: unknown key 'netwrok' in a result"));
}

// A formatter may touch the file: what it says is what counts.
TEST_F(Check, AReformattedBaselineIsTheSame) {
  update();
  set_baseline(nlohmann::ordered_json::parse(baseline()).dump(4));
  EXPECT_EQ(check().exit_code, 0);
}

TEST_F(Check, OtherFormulasAreRefused) {
  update();
  set_baseline(
      replaced(baseline(), fmt::format("\"formulas\": {}", formulas_version), "\"formulas\": 99"));
  expect_refusal(
      fmt::format("bounds.json:3:13: error: the baseline was computed by formulas 99, this program "
                  "has formulas {}: their bounds cannot be compared\n",
                  formulas_version));
}

TEST_F(Check, OtherSettingsAreRefused) {
  update();
  const Outcome outcome = check({"--radius", "2", "--method=both"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              StartsWith("bounds.json:4:12: error: the baseline was computed with method sharp, "
                         "not with method both, radius 2\n"));
  EXPECT_THAT(outcome.err, HasSubstr("hint: to accept the present bounds: smoothbound check "
                                     "net.yaml --baseline bounds.json --radius 2 --method=both "
                                     "--update\n"));
}

TEST_F(Check, UpdateRefusesInCi) {
  const std::vector<std::string> arguments{"net.yaml", "--baseline", "bounds.json", "--update"};
  const Outcome refused = run(arguments, {{"CI", "true"}});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, StartsWith("<command line>:1:51: error: --update in a CI job"));
  EXPECT_EQ(directory_.count(), 1U);
  auto forced = arguments;
  forced.emplace_back("--force");
  EXPECT_EQ(run(forced, {{"CI", "true"}}).exit_code, 0);
  EXPECT_EQ(directory_.count(), 2U);
  EXPECT_THAT(check({"--force"}).err, HasSubstr("error: --force belongs to --update"));
}

TEST_F(Check, UpdateOverwritesNothingButBaselines) {
  set_baseline("precious");
  const Outcome outcome = check({"--update"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("error: this file is no baseline"));
  EXPECT_EQ(baseline(), "precious");
}

TEST_F(Check, UpdateWritesNothingIfAFileHasMistakes) {
  update();
  const std::string before = baseline();
  (void)directory_.write("bad.yaml", bad_network);
  const Outcome outcome = run({"net.yaml", "bad.yaml", "--baseline", "bounds.json", "--update"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("bad.yaml:3:"));
  EXPECT_THAT(outcome.err, HasSubstr("the baseline is not written"));
  EXPECT_EQ(baseline(), before);
}

TEST_F(Check, OutputsThatAreInputsAreRefused) {
  update();
  std::filesystem::create_symlink(directory_.path() / "net.yaml", directory_.path() / "link.json");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"net.yaml", "--baseline", "net.yaml", "--update"},
        {"net.yaml", "--baseline", "./net.yaml"},
        {"net.yaml", "--baseline", "link.json", "--update"},
        {"net.yaml", "--baseline", "bounds.json", "--junit", "net.yaml"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("is also an input"));
  }
  EXPECT_THAT(run({"net.yaml", "--baseline", "bounds.json", "--junit", "./bounds.json"}).err,
              HasSubstr("'./bounds.json' is the output of both --baseline and --junit"));
  EXPECT_EQ(read_file(directory_ / "net.yaml"), small_network);
  EXPECT_THAT(run({"net.yaml", "./net.yaml", "--baseline", "bounds.json"}).err,
              HasSubstr("error: './net.yaml' is named twice"));
  EXPECT_THAT(run({"net.yaml", "--baseline", "-"}).err, HasSubstr("the baseline is a file"));
}

TEST_F(Check, OutputsThatCannotBeWrittenAreErrors) {
  update();
  EXPECT_EQ(check({"--junit", "no/such/directory.xml"}).exit_code, 2);
  EXPECT_EQ(run({"net.yaml", "--baseline", "no/such/bounds.json", "--update"}).exit_code, 2);
  EXPECT_EQ(run({"net.yaml", "--baseline", "bounds.json", "--github"},
                {{"GITHUB_STEP_SUMMARY", "/no/such/directory/summary"}})
                .exit_code,
            2);
}

TEST_F(Check, TolerancesAreChecked) {
  for (const char* tolerance : {"-1", "nan", "inf", "1e999", "one", "1,5"}) {
    const Outcome outcome = check({"--tolerance=" + std::string(tolerance)});
    EXPECT_EQ(outcome.exit_code, 2) << tolerance;
    EXPECT_THAT(outcome.err, StartsWith("<command line>:1:")) << tolerance;
  }
  update();
  set_network(replaced(std::string(small_network), "radius: 1", "radius: 1.000001"));
  EXPECT_EQ(check().exit_code, 1);
  EXPECT_EQ(check({"--tolerance", "1e-7"}).exit_code, 1);
  EXPECT_EQ(check({"--tolerance", "1e-5"}).exit_code, 0);
}

TEST_F(Check, NewAndRemovedFilesAreNoRegressions) {
  (void)directory_.write("old.yaml", "input: {shape: [3]}\nlayers: [{name: z, dense: 4}]\n");
  ASSERT_EQ(run({"net.yaml", "old.yaml", "--baseline", "bounds.json", "--update"}).exit_code, 0);
  (void)directory_.write("new.yaml", relu_network);
  const std::vector<std::string> arguments{"net.yaml", "new.yaml", "--baseline", "bounds.json"};
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out,
            "unchanged  net.yaml\n"
            "new        new.yaml: not in the baseline; --update adds it\n"
            "removed    old.yaml: in the baseline, not among the files; --update removes it\n"
            "3 architectures: 1 unchanged, 1 new, 1 removed\n");
  std::vector<std::string> exact = arguments;
  exact.emplace_back("--exact");
  EXPECT_EQ(run(exact).exit_code, 1);
}

TEST_F(Check, ABadFileIsAnErrorAndTheOthersAreChecked) {
  update();
  (void)directory_.write("bad.yaml", bad_network);
  const Outcome outcome =
      run({"bad.yaml", "net.yaml", "--baseline", "bounds.json", "--github", "--junit", "j.xml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, StartsWith("bad.yaml:3:15: error: unknown key or component 'dens'"));
  EXPECT_THAT(outcome.out, HasSubstr("\nunchanged  net.yaml\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n::error file=bad.yaml,line=3,col=15,title=smoothbound "
                                     "check%3A ERROR::unknown key or component 'dens'"));
  EXPECT_THAT(read_file(directory_ / "j.xml"), HasSubstr("<error message=\"unknown key"));
}

TEST_F(Check, SettingsOfTheFileAreNamed) {
  update();
  set_network(replaced(std::string(small_network), "radius: 1", "radius: 2"));
  const Outcome outcome = check();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("  the file changed: radius 1 -> 2\n"));
  set_network(replaced(std::string(small_network), "variance: 0.5", "variance: 7"));
  EXPECT_EQ(check().out,
            "unchanged  net.yaml: the file changed, but no bound by more than the tolerance\n"
            "1 architecture: 1 unchanged\n");
}

constexpr std::string_view hostile_name = "a,b:c%d\\n::error::<x>&\\\"\\u001b";

class Reporters : public Check {
 protected:
  Reporters() {
    set_network(text("1"));
    update();
    set_network(text("2"));
  }
  static std::string text(const std::string& radius) {
    return "input: {shape: [3]}\nlayers:\n  - {name: first, dense: 2}\n  - {name: \"" +
           std::string(hostile_name) + "\", radius: " + radius + ", dense: 2}\n";
  }
};

TEST_F(Reporters, AnnotationsPointAtTheLayer) {
  const Outcome outcome = run({"net.yaml", "--baseline", "bounds.json", "--github"},
                              {{"GITHUB_STEP_SUMMARY", directory_ / "summary.md"}});
  EXPECT_EQ(outcome.exit_code, 1);
  const auto lines = lines_of(outcome.out);
  const std::string prefix = "::stop-commands::";
  ASSERT_THAT(lines.front(), StartsWith(prefix));
  const std::string token = lines.front().substr(prefix.size());
  EXPECT_EQ(token.size(), 64U);
  // Whatever a name looks like, the runner takes no command from between the two.
  EXPECT_EQ(lines[lines.size() - 2], "::" + token + "::");
  EXPECT_THAT(lines.back(),
              StartsWith("::error file=net.yaml,line=4,col=12,title=smoothbound check%3A WORSE::"
                         "the first layer that changed is 'a,b:c%25d\\n::error::<x>&\"\\x1b'%0A"
                         "the file changed: its layers%0A"));
  const std::string summary = read_file(directory_ / "summary.md");
  EXPECT_THAT(summary, StartsWith("## smoothbound check\n\n1 architecture: 1 worse\n"));
  EXPECT_THAT(summary, Not(HasSubstr("<x>")));
  EXPECT_THAT(summary, Not(HasSubstr("\x1b")));
  // A second step adds to it.
  ASSERT_EQ(run({"net.yaml", "--baseline", "bounds.json", "--github"},
                {{"GITHUB_STEP_SUMMARY", directory_ / "summary.md"}})
                .exit_code,
            1);
  EXPECT_EQ(read_file(directory_ / "summary.md"), summary + summary);
}

TEST_F(Reporters, AnnotationsAreNotMixedWithDataOnStandardOutput) {
  const std::vector<std::string> arguments{"net.yaml", "--baseline", "bounds.json", "--github",
                                           "--format"};
  for (const std::string format : {"json", "csv", "markdown"}) {
    std::vector<std::string> mixed = arguments;
    mixed.push_back(format);
    const Outcome outcome = run(mixed);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("error: --github would mix annotations with the " + format +
                                       " on standard output\n"));
    EXPECT_THAT(outcome.err, HasSubstr("write the latter to a file: -o FILE"));
    mixed.insert(mixed.end(), {"-o", directory_ / "data"});
    const Outcome apart = run(mixed);
    EXPECT_EQ(apart.exit_code, 1) << apart.err;
    EXPECT_THAT(apart.out, StartsWith("::error file=net.yaml,line=4"));
    EXPECT_NE(read_file(directory_ / "data"), "");
  }
}

TEST_F(Reporters, JunitIsValid) {
  (void)directory_.write("bad<&\">.yaml", bad_network);
  (void)directory_.write("new.yaml", relu_network);
  ASSERT_EQ(run({"net.yaml", "bad<&\">.yaml", "new.yaml", "--baseline", "bounds.json", "--junit",
                 "j.xml"})
                .exit_code,
            2);
  const std::string xml = read_file(directory_ / "j.xml");
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"smoothbound check\" tests=\"3\" failures=\"1\" "
                             "errors=\"1\" skipped=\"1\" time=\"0\">"));
  EXPECT_THAT(xml, HasSubstr("<testcase name=\"bad&lt;&amp;&quot;&gt;.yaml\""));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"the first layer that changed is "
                             "&#39;a,b:c%d\\n::error::&lt;x&gt;&amp;&quot;\\x1b&#39;\" "
                             "type=\"regression\">WORSE"));
  if (std::system("command -v xmllint >/dev/null") != 0) GTEST_SKIP() << "xmllint is not there";
  const std::string command = "xmllint --noout --schema '" SMOOTHBOUND_SOURCE_DIR
                              "/tests/schema/junit.xsd' '" +
                              (directory_ / "j.xml") + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace smoothbound::testing
