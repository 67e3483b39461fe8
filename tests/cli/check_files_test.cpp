// Which entry of the baseline `smoothbound check` holds a file against, whatever its path is
// called.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/rules/constants.hpp"
#include "smoothbound/text/digest.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string one_layer(const std::string& radius, const std::string& layer = "o") {
  return "input: {shape: [4]}\nlayers:\n  - {name: " + layer + ", radius: " + radius +
         ", dense: 3}\n";
}

// nets/a.yaml was accepted with radius 1 and has radius 9 now.
class CheckedFiles : public ::testing::Test {
 protected:
  CheckedFiles() {
    fs::create_directory(directory_.path() / "nets");
    fs::create_directory(directory_.path() / "other");
    write("nets/a.yaml", one_layer("1"));
    const Outcome outcome = run({"nets/a.yaml", "--baseline", "b.json", "--update"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    write("nets/a.yaml", one_layer("9"));
  }
  void write(std::string_view name, std::string_view text) const {
    (void)directory_.write(name, text);
  }
  void rename(const char* from, const char* to) const {
    fs::rename(directory_.path() / from, directory_.path() / to);
  }
  [[nodiscard]] Outcome run(std::vector<std::string> arguments, const std::string& folder = "",
                            const std::string& workspace = "") const {
    arguments.insert(arguments.begin(), "check");
    return run_program(Invocation{.arguments = std::move(arguments),
                                  .environment = {{"CI", ""}, {"GITHUB_WORKSPACE", workspace}},
                                  .directory = (directory_.path() / folder).string()});
  }
  void expect_worse(const std::vector<std::string>& arguments,
                    const std::string& folder = "") const {
    const Outcome outcome = run(arguments, folder);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("1 architecture: 1 worse"));
  }
  // The baseline as an earlier version wrote it: the key is a path from the working directory.
  void make_first(const std::string& key) const {
    const fs::path path = fs::path(SMOOTHBOUND_SOURCE_DIR) / "tests/baseline/first_schema.json";
    std::string text = read_file(path.string());
    EXPECT_THAT(text, HasSubstr(key));
    // Of the present formulas, by which these layers have the same bounds.
    const std::string first = "\"formulas\": 2";
    EXPECT_THAT(text, HasSubstr(first));
    text.replace(text.find(first), first.size(), fmt::format("\"formulas\": {}", formulas_version));
    // The checksum is that of what is in front of the entries, and of their checksums.
    const Json baseline = Json::parse(text);
    const std::string old_sum = baseline.at("checksum");
    const std::string entry_sum = baseline.at("architectures").at(0).at("checksum");
    text.replace(text.find(old_sum), old_sum.size(),
                 sha256(text.substr(0, text.find("\"architectures\"")) + entry_sum + "\n"));
    write("b.json", text);
  }

  TemporaryDirectory directory_;  // NOLINT(*-non-private-member-variables-in-classes)
};

TEST_F(CheckedFiles, AreFoundWhateverTheSpelling) {
  fs::create_directory_symlink(directory_.path() / "nets", directory_.path() / "link");
  fs::create_directory_symlink(directory_.path(), directory_.path() / "other/root");
  for (const std::string file :
       {"nets/a.yaml", "./nets/../nets/a.yaml", "link/a.yaml", "other/root/nets/a.yaml"}) {
    expect_worse({file, "--baseline", "b.json"});
  }
  expect_worse({directory_ / "nets/a.yaml", "--baseline", "b.json"});
  expect_worse({"a.yaml", "--baseline", "../b.json"}, "nets");
  expect_worse({"../link/a.yaml", "--baseline", directory_ / "b.json"}, "other");
  expect_worse({"nets/a.yaml", "--baseline", "other/root/b.json"});
  expect_worse({"root/nets/a.yaml", "--baseline", "root/b.json"}, "other");
}

TEST_F(CheckedFiles, KeysAreThePathsFromTheBaseline) {
  ASSERT_EQ(run({"../nets/a.yaml", "--baseline", "b.json", "--update"}, "other").exit_code, 0);
  const Json baseline = Json::parse(read_file(directory_ / "other/b.json"));
  EXPECT_EQ(baseline.at("schema"), "smoothbound/baseline/2");
  EXPECT_EQ(baseline.at("architectures").at(0).at("file"), "../nets/a.yaml");
  ASSERT_EQ(
      run({directory_ / "nets/a.yaml", "--baseline", directory_ / "b.json", "--update"}).exit_code,
      0);
  EXPECT_EQ(Json::parse(read_file(directory_ / "b.json")).at("architectures").at(0).at("file"),
            "nets/a.yaml");
}

TEST_F(CheckedFiles, OfOtherFoldersAreNotTakenForThem) {
  write("other/a.yaml", one_layer("1", "p"));
  const Outcome outcome = run({"a.yaml", "../nets/a.yaml", "--baseline", "../b.json"}, "other");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, StartsWith("new        a.yaml: not in the baseline"));
  EXPECT_THAT(outcome.out, HasSubstr("\nWORSE      ../nets/a.yaml\n"));
}

TEST_F(CheckedFiles, OfStandardInputAreKnownAsThat) {
  const auto check = [&](const std::string& text, std::vector<std::string> more) {
    more.insert(more.begin(), {"check", "-", "--baseline", "stdin.json"});
    return run_program(Invocation{.arguments = std::move(more),
                                  .input = text,
                                  .environment = {{"CI", ""}},
                                  .directory = directory_.path().string()});
  };
  ASSERT_EQ(check(one_layer("1"), {"--update"}).exit_code, 0);
  EXPECT_EQ(check(one_layer("1"), {}).out, "unchanged  <stdin>\n1 architecture: 1 unchanged\n");
  EXPECT_EQ(check(one_layer("2"), {}).exit_code, 1);
}

TEST_F(CheckedFiles, ThatAreRenamedAreComparedByTheirMeaning) {
  rename("nets/a.yaml", "other/new.yaml");
  // The name of the layer remains.
  const Outcome worse = run({"other/new.yaml", "--baseline", "b.json"});
  EXPECT_EQ(worse.exit_code, 1);
  EXPECT_THAT(worse.out,
              StartsWith("WORSE      other/new.yaml: renamed, 'nets/a.yaml' in the baseline\n"
                         "  the first layer that changed is 'o' (other/new.yaml:3:12)\n"));
  EXPECT_THAT(worse.out, HasSubstr("1 architecture: 1 worse (1 renamed)\n"));
  write("other/new.yaml", one_layer("1"));
  const std::vector<std::string> arguments{"other/new.yaml", "--baseline", "b.json"};
  const Outcome same = run(arguments);
  EXPECT_EQ(same.exit_code, 0);
  EXPECT_EQ(same.out,
            "unchanged  other/new.yaml: renamed, 'nets/a.yaml' in the baseline\n"
            "1 architecture: 1 unchanged (1 renamed)\n");
  std::vector<std::string> exact = arguments;
  exact.insert(exact.end(), {"--exact", "--format", "json"});
  const Outcome strict = run(exact);
  EXPECT_EQ(strict.exit_code, 1);
  const Json json = Json::parse(strict.out).at("architectures");
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json.at(0).at("status"), "unchanged");
  EXPECT_EQ(json.at(0).at("renamed_from"), "nets/a.yaml");
  EXPECT_EQ(json.at(0).at("fails"), true);
  exact = arguments;
  exact.insert(exact.end(), {"--exact", "--junit", "j.xml", "--github"});
  EXPECT_THAT(run(exact).out,
              HasSubstr("\n::error file=other/new.yaml,line=1,col=1,title=smoothbound check%3A "
                        "unchanged::renamed, 'nets/a.yaml' in the baseline\n"));
  EXPECT_THAT(read_file(directory_ / "j.xml"),
              HasSubstr("<failure message=\"renamed, &#39;nets/a.yaml&#39; in the baseline\""));
}

// Two files that might both be the one of the baseline are nobody's.
TEST_F(CheckedFiles, ThatAreRenamedHaveToBeTheOnlyOnes) {
  write("one.yaml", one_layer("2"));
  write("two.yaml", one_layer("3"));
  const Outcome outcome = run({"one.yaml", "two.yaml", "--baseline", "b.json"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out,
            "new        one.yaml: not in the baseline; --update adds it\n"
            "new        two.yaml: not in the baseline; --update adds it\n"
            "removed    nets/a.yaml: in the baseline, not among the files; --update removes it\n"
            "3 architectures: 2 new, 1 removed\n");
}

// Which became which cannot be told, whatever else is compared: that does not pass.
TEST_F(CheckedFiles, ThatMayHaveBeenRenamedDoNotPass) {
  write("other/x.yaml", "input: {shape: [5]}\nlayers: [{name: only, dense: 2}]\n");
  write("nets/a.yaml", one_layer("1"));
  write("nets/b.yaml", one_layer("2"));
  const std::vector<std::string> update{"nets/a.yaml", "nets/b.yaml", "other/x.yaml",
                                        "--baseline",  "b.json",      "--update"};
  ASSERT_EQ(run(update).exit_code, 0);
  write("nets/c.yaml", one_layer("9"));
  // Beside files that are there but not checked, it is just new.
  EXPECT_EQ(run({"nets/c.yaml", "other/x.yaml", "--baseline", "b.json"}).exit_code, 0);
  write("nets/d.yaml", one_layer("9"));
  fs::remove(directory_.path() / "nets/a.yaml");
  fs::remove(directory_.path() / "nets/b.yaml");
  const Outcome outcome =
      run({"nets/c.yaml", "nets/d.yaml", "other/x.yaml", "--baseline", "b.json"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, HasSubstr("5 architectures: 1 unchanged, 2 new, 2 removed\n"));
  for (const std::string file : {"nets/c.yaml", "nets/d.yaml"}) {
    EXPECT_THAT(outcome.err, HasSubstr("b.json: error: '" + file +
                                       "' may be what has become of 'nets/a.yaml' or "
                                       "'nets/b.yaml': it is not compared\nhint: to accept "));
  }
}

// The same file name, and half of the layers.
TEST_F(CheckedFiles, ThatMovedAndChangedAreFoundByTheirName) {
  write("other/a.yaml", one_layer("1") + "  - {name: p, radius: 7, dense: 3}\n");
  expect_worse({"other/a.yaml", "--baseline", "b.json"});
}

TEST_F(CheckedFiles, OfWhichNoneIsInTheBaselineAreAMistake) {
  write("x.yaml", std::string(relu_network));
  const Outcome outcome = run({"x.yaml", "--baseline", "b.json"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, HasSubstr("2 architectures: 1 new, 1 removed\n"));
  EXPECT_THAT(outcome.err,
              StartsWith("b.json: error: nothing was compared: none of the files is in the "
                         "baseline\n"));
  EXPECT_THAT(
      outcome.err,
      HasSubstr("\nhint: it holds 'nets/a.yaml', by the path from its own folder; to accept "
                "the present bounds: smoothbound check x.yaml --baseline b.json "
                "--update\n"));
}

TEST_F(CheckedFiles, OfTheFirstSchemaAreReadAndMatched) {
  make_first("nets/a.yaml");
  for (const std::string file : {"nets/a.yaml", "./nets/../nets/a.yaml"}) {
    expect_worse({file, "--baseline", "b.json"});
  }
  expect_worse({directory_ / "nets/a.yaml", "--baseline", "b.json"});
  expect_worse({"a.yaml", "--baseline", "../b.json"}, "nets");
  write("nets/a.yaml", one_layer("1"));
  EXPECT_EQ(run({"a.yaml", "--baseline", "../b.json"}, "nets").out,
            "unchanged  a.yaml\n1 architecture: 1 unchanged\n");
  ASSERT_EQ(run({"a.yaml", "--baseline", "../b.json", "--update"}, "nets").exit_code, 0);
  EXPECT_THAT(read_file(directory_ / "b.json"),
              StartsWith(R"({"schema": "smoothbound/baseline/2")"));
}

TEST_F(CheckedFiles, AreAnnotatedFromTheRootOfTheRepository) {
  const std::string root = directory_.path().string();
  const auto file_of = [](const Outcome& outcome) {
    const std::size_t at = outcome.out.find("::error file=") + 13;
    return outcome.out.substr(at, outcome.out.find(',', at) - at);
  };
  const std::vector<std::string> arguments{"a.yaml", "--baseline", "../b.json", "--github"};
  EXPECT_EQ(file_of(run(arguments, "nets", root)), "nets/a.yaml");
  EXPECT_EQ(file_of(run(arguments, "nets", root + "/nets/")), "a.yaml");
  EXPECT_EQ(file_of(run(arguments, "nets", root + "/other")), "a.yaml") << "not below it";
  EXPECT_EQ(file_of(run(arguments, "nets")), "a.yaml");
  EXPECT_EQ(
      file_of(run({directory_ / "nets/a.yaml", "--baseline", "b.json", "--github"}, "", root)),
      "nets/a.yaml");
}

// Names are bytes; two that differ are two.
TEST_F(CheckedFiles, MayHaveNamesThatAreNoText) {
  const std::vector<std::string> names{"\xff.yaml", "\xfe.yaml", "\\xff.yaml", "\x01.yaml"};
  std::vector<std::string> arguments = names;
  arguments.insert(arguments.end(), {"--baseline", "c.json"});
  for (const std::string& name : names) write(name, one_layer("1"));
  std::vector<std::string> update = arguments;
  update.emplace_back("--update");
  const Outcome written = run(update);
  ASSERT_EQ(written.exit_code, 0) << written.err;
  std::vector<std::string> keys;
  const Json baseline = Json::parse(read_file(directory_ / "c.json"));
  for (const Json& entry : baseline.at("architectures")) keys.push_back(entry.at("file"));
  EXPECT_THAT(keys, ElementsAre("\x01.yaml", "\\\\xff.yaml", "\\xfe.yaml", "\\xff.yaml"));
  write("\xfe.yaml", one_layer("2"));
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\nWORSE      \\xfe.yaml\n"));
  EXPECT_THAT(outcome.out, HasSubstr("4 architectures: 1 worse, 3 unchanged\n"));
}

// Two networks of the same names and kinds of layers: the one whose radius changed is known by what
// else it is.
TEST_F(CheckedFiles, AreKnownThoughARadiusChangedAndSeveralAreNew) {
  const auto network = [](int units, const std::string& radius) {
    return fmt::format("input: {{shape: [4]}}\nbatch: 1\nlayers: [{{dense: {}}}, {{dense: 3{}}}]\n",
                       units, radius);
  };
  write("nets/a.yaml", network(8, ""));
  write("nets/b.yaml", network(9, ""));
  ASSERT_EQ(run({"nets/a.yaml", "nets/b.yaml", "--baseline", "b.json", "--update"}).exit_code, 0);
  fs::remove(directory_.path() / "nets/a.yaml");
  write("nets/c.yaml", network(8, ", radius: 3"));
  write("nets/d.yaml", network(11, ""));
  write("nets/e.yaml", network(5, ""));
  const Outcome outcome =
      run({"nets/b.yaml", "nets/c.yaml", "nets/d.yaml", "nets/e.yaml", "--baseline", "b.json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out,
              HasSubstr("WORSE      nets/c.yaml: renamed, 'nets/a.yaml' in the baseline\n"));
}

TEST_F(CheckedFiles, AreNotTheSummaryOfTheJob) {
  for (const std::string file : {"nets/a.yaml", "b.json"}) {
    const std::string before = read_file(directory_ / file);
    const Outcome outcome = run_program(
        Invocation{.arguments = {"check", "nets/a.yaml", "--baseline", "b.json", "--github"},
                   .environment = {{"CI", ""}, {"GITHUB_STEP_SUMMARY", file}},
                   .directory = directory_.path().string()});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err,
                HasSubstr(fmt::format(
                    "error: the job's summary would be appended to '{}', which is read\n", file)));
    EXPECT_EQ(read_file(directory_ / file), before);
  }
}

}  // namespace
}  // namespace smoothbound::testing
