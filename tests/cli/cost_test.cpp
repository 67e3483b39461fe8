// smoothbound cost: its formats, options, messages and exit codes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// 3 -> 4 -> 2, for a batch of 5.
constexpr const char* network =
    "input: {shape: [3]}\nbatch: 5\nloss: logistic\nlayers:\n"
    "  - {name: hidden, dense: 4, then: [tanh]}\n  - {name: out, dense: 2}\n";

std::string text_of(const Json& quantity) { return quantity.at("text").get<std::string>(); }

TEST(Cost, ShowsPassesStepsAndMemory) {
  const Outcome run = run_program({"cost", "-"}, network);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("<stdin> (<stdin>), costs\n"));
  EXPECT_THAT(run.out, HasSubstr("F = logistic of 5 samples: the cost of loss and regularizer is "
                                 "not counted\n"));
  EXPECT_THAT(run.out, HasSubstr("  #  layer    components  output  parameters  activations  "
                                 "forward  backward  function values\n"
                                 "  1  hidden   dense tanh  4               16           20       "
                                 "60        80               20\n"
                                 "  2  out      dense       2               10           10       "
                                 "40        80                0\n"));
  for (const char* heading : {"\norders of the paper, and the Newton step's backward sweep\n",
                              "\nsteps\n", "\nmemory in bytes\n"}) {
    EXPECT_THAT(run.out, HasSubstr(heading));
  }
  EXPECT_THAT(run.out, Not(HasSubstr("not known")));
  EXPECT_THAT(run.out, Not(HasSubstr("assumptions")));
}

TEST(Cost, AnswersInJson) {
  const Outcome run = run_program({"cost", "-", "--format", "json"}, network);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = Json::parse(run.out);
  EXPECT_EQ(json.at("schema"), "smoothbound/cost/1");
  EXPECT_EQ(json.at("settings"), (Json{{"batch", 5}, {"loss", "logistic"}}));
  const Json& hidden = json.at("layers").at(0);
  EXPECT_EQ(hidden.at("name"), "hidden");
  EXPECT_EQ(hidden.at("output_shape"), Json{4});
  // rho = 16, delta_0 = 15, delta_1 = 20
  EXPECT_EQ(text_of(hidden.at("generic_space")), "620");
  EXPECT_EQ(text_of(hidden.at("generic_backward")), "1240");
  EXPECT_EQ(text_of(hidden.at("sparse_backward")), "160");  // 2 m d_1 (d_0 + 1), Cor 3.4
  EXPECT_EQ(text_of(hidden.at("forward_multiplications")), "60");
  EXPECT_NEAR(hidden.at("forward_multiplications").at("log10").get<double>(), 1.77815, 1e-5);
  EXPECT_EQ(text_of(json.at("outputs")), "10");
  EXPECT_EQ(text_of(json.at("steps").at("gradient")), "260");
  EXPECT_EQ(text_of(json.at("steps").at("gauss_newton")), std::to_string(100 + 21 * 160));
  EXPECT_EQ(json.at("memory").at(1).at("precision"), "float64");
  EXPECT_EQ(text_of(json.at("memory").at(1).at("parameters")), "208");
}

TEST(Cost, AnswersInCsv) {
  const Outcome run = run_program({"cost", "-", "--format", "csv"}, network);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto rows = parse_csv_cells(run.out);
  ASSERT_EQ(rows.size(), 1 + 2 + 1 + 3 + 10);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows.front().size());
  EXPECT_EQ(rows[1][2], "layer");
  EXPECT_EQ(rows[1][4], "hidden");
  EXPECT_EQ(rows[3][2], "network");
  EXPECT_EQ(rows[4][4], "gradient");
}

TEST(Cost, AnswersInMarkdown) {
  const Outcome run = run_program({"cost", "-", "--format", "markdown"}, network);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\n### steps\n\n| step | multiplications | consists of |\n"
                                 "| --- | ---: | --- |\n| gradient | 260 |"));
}

TEST(Cost, FollowsItsOptions) {
  const auto forward = [](const std::vector<std::string>& options, const std::string& text) {
    std::vector<std::string> arguments{"cost", "-", "--format", "json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome run = run_program(arguments, text);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return text_of(Json::parse(run.out).at("network").at("forward_multiplications"));
  };
  EXPECT_EQ(forward({"--batch", "7"}, network), "140");
  // Max pooling multiplies nothing, the average pooling in its place each number.
  const std::string pooled =
      "input: {shape: [1, 4]}\nlayers:\n  - {conv: {filters: 1, kernel: 1}, then: [max_pool: 2]}\n";
  EXPECT_EQ(forward({}, pooled), "4");
  EXPECT_EQ(forward({"--smooth"}, pooled), "8");
}

TEST(Cost, TellsWhatItAssumes) {
  const Outcome run = run_program({"cost", "-"}, "input: {shape: [3]}\nlayers: [{dense: 2}]\n");
  EXPECT_THAT(run.out, HasSubstr("\nassumptions\n  - batch = 1: not given, so the default\n"));
}

TEST(Cost, WithoutAnAnswerIsCode3) {
  const std::string opaque =
      "input: {shape: [3]}\nlayers:\n  - {name: a, opaque: {lipschitz: 1, "
      "smoothness: 1}}\n";
  const Outcome none = run_program({"cost", "-"}, opaque);
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.out, HasSubstr("\nnot known\n  - passes: layer 'a': opaque states constants of "
                                  "a layer, not what it computes\n"));
  EXPECT_EQ(run_program({"cost", "-"}, opaque + "  - {name: b, dense: 2}\n").exit_code, 0);
  const Json json = Json::parse(run_program({"cost", "-", "--format", "json"}, opaque).out);
  EXPECT_EQ(
      json.at("steps").at("gradient"),
      (Json{{"text", nullptr},
            {"log10", nullptr},
            {"reason", "layer 'a': opaque states constants of a layer, not what it computes"}}));
}

TEST(Cost, RefusesWhatItDoesNotKnow) {
  const Outcome option = run_program({"cost", "--radius", "2", "net.yaml"});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_EQ(option.out, "");
  EXPECT_EQ(option.err,
            "<command line>:1:18: error: unknown option '--radius'\n"
            " 1 | smoothbound cost --radius 2 net.yaml\n"
            "   |                  ^\n"
            "hint: 'smoothbound cost --help' lists what there is\n");
  const Outcome format = run_program({"cost", "--format", "xml", "net.yaml"});
  EXPECT_EQ(format.exit_code, 2);
  EXPECT_THAT(format.err, HasSubstr("--format"));
  const Outcome missing = run_program({"cost", "no-such-file.yaml"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err,
            "no-such-file.yaml: error: cannot open: No such file or directory\n"
            "hint: check the path; '-' reads standard input\n");
  const Outcome large = run_program({"cost", "--max-size", "10", "-"}, network);
  EXPECT_EQ(large.exit_code, 2);
  EXPECT_EQ(large.out, "");
}

TEST(Cost, WritesToAFile) {
  const TemporaryDirectory directory;
  const std::string file = directory / "cost.csv";
  const Outcome run = run_program({"cost", "-", "--format", "csv", "-o", file}, network);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(read_file(file), run_program({"cost", "-", "--format", "csv"}, network).out);
  const std::string architecture = directory.write("net.yaml", network);
  const Outcome same = run_program({"cost", architecture, "-o", architecture});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_EQ(read_file(architecture), network);
}

}  // namespace
}  // namespace smoothbound::testing
