// smoothbound bound: methods, several files, standard input, exit codes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Bound, PrintsATableOfLayersNetworkObjectiveConvergenceAndAssumptions) {
  const TemporaryDirectory directory;
  const Outcome run = run_program({"bound", directory.write("small.yaml", small_network)});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  std::vector<std::string> firsts;
  std::size_t width = 0;
  for (const std::string& line : lines_of(run.out)) {
    const auto words = words_of(line);
    if (words.size() > 2 && (words[1] == "hidden" || words[1] == "out")) {
      firsts.push_back(words[0]);
      EXPECT_TRUE(width == 0 || line.size() == width) << "columns are aligned: " << line;
      width = line.size();
    }
  }
  EXPECT_THAT(firsts, ElementsAre("1", "2"));
  for (const char* part :
       {"small", "method sharp", "components", "output", "parameters", "network", "objective",
        "logistic", "batch 4", "||x|| <= 2", "Theorem 4.1", "projected gradient descent",
        "projected stochastic gradient", "step size", "iterations", "rounded up"}) {
    EXPECT_THAT(run.out, HasSubstr(part));
  }
}

TEST(Bound, AssumptionsAreStatedForWhatIsNotGiven) {
  const TemporaryDirectory directory;
  const Outcome run = run_program({"bound", directory.write("relu.yaml", relu_network)});
  EXPECT_EQ(run.exit_code, 0) << "m and l are finite";
  for (const char* setting : {"batch = 1", "radius = 1", "input_norm = 1", "initial_gap = 1",
                              "accuracy = 1e-3", "variance = 0"}) {
    EXPECT_THAT(run.out, HasSubstr(setting));
  }
  EXPECT_THAT(run.out, HasSubstr("infinite values"));
  EXPECT_THAT(run.out, HasSubstr("--smooth")) << "the remedy";
}

// The last line of the text, and of the Markdown.
std::string in_words(const std::string& network) {
  const std::string text = lines_of(run_program({"bound", "-"}, network).out).back();
  EXPECT_EQ(lines_of(run_program({"bound", "--format", "markdown", "-"}, network).out).back(),
            text);
  return text;
}

TEST(BoundInWords, NamesAStepThatIsOneOverTheSmoothnessOrLess) {
  const std::string text = in_words(std::string(small_network));
  EXPECT_THAT(text, ::testing::MatchesRegex(
                        "In words: while the parameters stay in their balls, no step of gradient "
                        "descent of size [0-9.e+-]+ \\(1/L_F\\) or less increases the objective"));
  const double step = std::stod(text.substr(text.find("of size ") + 8));
  const Json json =
      Json::parse(run_program({"bound", "--format", "json", "-"}, std::string(small_network)).out);
  const std::string smoothness = json.at("results")[0].at("objective").at("smoothness").at("text");
  EXPECT_LE(step * std::stod(smoothness), 1);
  EXPECT_GT(step * std::stod(smoothness), 1 - 1e-4);
}

TEST(BoundInWords, TellsWhatAnInfiniteSmoothnessMeans) {
  EXPECT_EQ(in_words("input: {shape: [2]}\nloss: logistic\nlayers: [{dense: 2, then: [relu]}]\n"),
            "In words: no step of gradient descent, however small, is certified; the reasons stand "
            "above");
}

// What moves in one block alone may still be certified.
TEST(BoundInWords, TellsThatAnInfiniteSmoothnessIsThatOfAllBlocks) {
  const std::string text =
      "input: {shape: [2]}\nloss: logistic\n"
      "layers: [{name: a, dense: 2, then: [relu]}, {name: b, dense: 2}]\n";
  EXPECT_EQ(lines_of(run_program({"bound", "--layerwise", "-"}, text).out).back(),
            "In words: no step of gradient descent in all parameters at once, however small, is "
            "certified; the reasons stand above");
}

// Parameters that the output does not depend on: F is constant.
TEST(BoundInWords, AllowsAnyStepOfAConstantObjective) {
  EXPECT_EQ(in_words("input: {shape: [2], norm: 0}\nloss: logistic\n"
                     "layers: [{dense: 2, bias: false}]\n"),
            "In words: while the parameters stay in their balls, no step of gradient descent "
            "increases the objective");
}

// W x moves by |dW| |x| at most.
TEST(BoundInWords, TellsOfTheOutputWithoutAnObjective) {
  EXPECT_EQ(in_words("input: {shape: [2], norm: 3}\nlayers: [{dense: 2, bias: false}]\n"),
            "In words: while the parameters stay in their balls, moving them by a distance d moves "
            "the output of the whole batch by at most 3.00000e+0 d");
  EXPECT_EQ(
      in_words("input: {shape: [2]}\nlayers: [{dense: 2, then: [{layer_norm: {epsilon: 0}}]}]\n"),
      "In words: how far the output moves with the parameters is not bounded; the reasons "
      "stand above");
}

TEST(Bound, MethodChoosesWhatIsShown) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("small.yaml", small_network);
  const auto methods = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"bound", "--format", "json", file};
    arguments.insert(arguments.end(), options.begin(), options.end());
    std::vector<std::string> names;
    const Json json = Json::parse(run_program(arguments).out);
    for (const Json& result : json.at("results")) {
      names.push_back(result.at("method"));
    }
    return names;
  };
  EXPECT_THAT(methods({}), ElementsAre("sharp"));
  EXPECT_THAT(methods({"--method", "sharp"}), ElementsAre("sharp"));
  EXPECT_THAT(methods({"--method", "paper"}), ElementsAre("paper"));
  EXPECT_THAT(methods({"--method=both"}), ElementsAre("paper", "sharp"));
  const Outcome table = run_program({"bound", "--method", "both", file});
  EXPECT_THAT(table.out, HasSubstr("method paper"));
  EXPECT_THAT(table.out, HasSubstr("method sharp"));
}

TEST(BoundWithout, LeavesRefinementsOutAndSaysSo) {
  const auto numbers = [](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"bound", "--format", "json", "-"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return Json::parse(run_program(arguments, std::string(small_network)).out);
  };
  const Json all = numbers({});
  const Json fewer = numbers({"--without", "growth,levels"});
  const auto smoothness = [](const Json& json) {
    return json.at("results").at(0).at("network").at("smoothness").at("log10").get<double>();
  };
  EXPECT_GT(smoothness(fewer), smoothness(all));
  EXPECT_THAT(fewer.at("assumptions").dump(), HasSubstr("method sharp without levels, growth"));
  EXPECT_THAT(all.at("assumptions").dump(), ::testing::Not(HasSubstr("without")));
  const Json paper = numbers({"--method", "paper", "--without", "growth"});
  EXPECT_THAT(paper.at("assumptions").dump(),
              HasSubstr("without has no effect: method paper has no refinements"));
}

TEST(BoundWithout, PointsAtANameThatThereIsNot) {
  const auto message = [](const std::string& list) {
    const Outcome run = run_program({"bound", "--without", list, "-"}, std::string(small_network));
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_EQ(message("maps,cauchi"),
            "<command line>:1:34: error: there is no refinement 'cauchi'\n"
            " 1 | smoothbound bound --without maps,cauchi -\n"
            "   |                                  ^\n"
            "hint: did you mean 'cauchy'?\n");
  EXPECT_THAT(message("zzzzz"), HasSubstr("hint: there are: levels, growth, joint, loss, "));
}

class LayerwiseBound : public ::testing::Test {
 protected:
  // What --layerwise adds in JSON.
  static Json layerwise_of(std::string_view text, const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{"bound", "--layerwise", "--format", "json", "-"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Json json = Json::parse(run_program(arguments, std::string(text)).out);
    const Json result = json.at("results").at(0);
    return result.contains("layerwise") ? result.at("layerwise") : Json();
  }
};

TEST_F(LayerwiseBound, JsonHasAGroupForEachBlock) {
  const Json layerwise = layerwise_of(small_network);
  EXPECT_GE(layerwise.at("gain").at("log10"), 0);
  ASSERT_EQ(layerwise.at("groups").size(), 2U);
  const Json& hidden = layerwise.at("groups").at(0);
  EXPECT_EQ(hidden.at("blocks"), Json::parse(R"(["hidden"])"));
  EXPECT_EQ(hidden.at("parameters"), 20);
  EXPECT_EQ(hidden.at("norm").at("text"), "1.0000000000000000e+0");
  for (const char* key : {"lipschitz", "smoothness", "majorizer", "step_size"}) {
    EXPECT_TRUE(hidden.at(key).at("log10").is_number()) << key;
  }
  EXPECT_NEAR(hidden.at("majorizer").at("log10").get<double>(),
              -hidden.at("step_size").at("log10").get<double>(), 1e-12);
  EXPECT_EQ(
      Json::parse(run_program({"bound", "--format", "json", "-"}, std::string(small_network)).out)
          .at("results")
          .at(0)
          .contains("layerwise"),
      false);
}

// It costs the others nothing, and has no part in the mean of the steps.
TEST_F(LayerwiseBound, ABlockOfRadiusZeroDoesNotMove) {
  const std::string head = "input: {shape: [3]}\nbatch: 1\nloss: logistic\nlayers:\n";
  const std::string tail = "  - {name: b, dense: 4, then: [softplus]}\n  - {name: o, dense: 3}\n";
  const Json fixed =
      layerwise_of(head + "  - {name: a, dense: 4, radius: 0, then: [softplus]}\n" + tail);
  ASSERT_EQ(fixed.at("groups").size(), 3U);
  EXPECT_EQ(fixed.at("groups").at(0).at("majorizer").at("text"), "inf");
  EXPECT_EQ(fixed.at("groups").at(0).at("step_size").at("text"), "0");
  EXPECT_GE(fixed.at("gain").at("log10"), 0);
  // Of two blocks, l of both in D: below twice the larger L.
  const auto majorizer = [&](std::size_t i) {
    return std::stod(std::string(fixed.at("groups").at(i).at("majorizer").at("text")));
  };
  const auto smoothness = [&](std::size_t i) {
    return std::stod(std::string(fixed.at("groups").at(i).at("smoothness").at("text")));
  };
  EXPECT_LE(1 / majorizer(1) * smoothness(1), 1);
  EXPECT_GT(1 / majorizer(1) * smoothness(1), 0.3);
}

// Of what several gradients cannot be at once, pairs of blocks know nothing.
TEST_F(LayerwiseBound, StepsAreNotShorterThanOneForAllInTheMean) {
  const Json json =
      Json::parse(run_program({"bound", "--layerwise", "--format", "json",
                               std::string(SMOOTHBOUND_SOURCE_DIR) + "/architectures/vgg16.yaml"})
                      .out);
  const Json& result = json.at("results").at(0);
  EXPECT_EQ(result.at("layerwise").at("gain").at("text"), "1.0000000000000000e+0");
  for (const Json& group : result.at("layerwise").at("groups")) {
    EXPECT_EQ(group.at("majorizer"), result.at("objective").at("smoothness"));
  }
}

TEST_F(LayerwiseBound, JsonTellsWhyNumbersAreInfinite) {
  const Json layerwise = layerwise_of(relu_network);
  EXPECT_FALSE(layerwise.contains("gain"));
  const Json& first = layerwise.at("groups").at(0);
  EXPECT_EQ(first.at("step_size").at("text"), "0");
  EXPECT_THAT(first.at("step_size").at("reason").get<std::string>(), StartsWith("layer 'a', relu"));
  EXPECT_TRUE(layerwise.at("groups").at(1).at("step_size").at("log10").is_number());
}

TEST_F(LayerwiseBound, TheTableAndCsvHaveRowsForBlocks) {
  const std::string shared =
      "input: {shape: [2]}\nloss: logistic\nlayers:\n  - {name: a, dense: 2, then: [tanh, "
      "{layer_norm: {affine: true}}]}\n  - {name: b, dense: 2, share: a, then: [{layer_norm: "
      "{affine: true}}]}\n  - {name: c, dense: 2}\n";
  const std::string table = run_program({"bound", "--layerwise", "-"}, shared).out;
  EXPECT_THAT(table, HasSubstr("\nlayer-wise steps\n  block"));
  EXPECT_THAT(table, HasSubstr("\n  a.layer_norm  "));
  EXPECT_THAT(table, HasSubstr("\nl and L of F in one block alone; steps of 1/D in all blocks at "
                               "once are certified\nthe geometric mean of these steps is "));
  EXPECT_THAT(run_program({"bound", "--layerwise", "-"}, std::string(relu_network)).out,
              HasSubstr("\n  - inf: layer 'a', relu: relu has a kink at 0; --smooth "));
  std::vector<std::string> names;
  const Outcome csv =
      run_program({"bound", "--layerwise", "--format", "csv", "-"}, std::string(small_network));
  for (const CsvRow& row : parse_csv(csv.out)) {
    if (row.at("record") != "block") continue;
    names.push_back(row.at("name"));
    EXPECT_EQ(row.at("parameters"), names.size() == 1 ? "20" : "12");
    EXPECT_FALSE(row.at("lipschitz").empty());
    EXPECT_FALSE(row.at("smoothness").empty());
    EXPECT_FALSE(row.at("step_size").empty());
  }
  EXPECT_THAT(names, ElementsAre("hidden", "out"));
}

TEST_F(LayerwiseBound, ManyBlocksStandInOneRow) {
  std::string text = "input: {shape: [2]}\nloss: logistic\nlayers:\n";
  for (int i = 1; i <= 256; ++i) text += "  - {dense: 2, then: [tanh]}\n";
  const std::string table = run_program({"bound", "--layerwise", "-"}, text).out;
  EXPECT_THAT(table, HasSubstr("\n  layer1 ... layer2 (2 blocks)  "));
  EXPECT_THAT(table, HasSubstr("\n  - what is shared, and of more blocks than can be told apart "
                               "neighbours, has one step together\n"));
}

TEST_F(LayerwiseBound, WithoutALossItHasNoEffect) {
  EXPECT_EQ(layerwise_of("input: {shape: [3]}\nlayers: [{dense: 2}]\n"), Json());
  EXPECT_THAT(run_program({"bound", "--layerwise", "-"},
                          "input: {shape: [3]}\nlayers: [{dense: "
                          "2}]\n")
                  .out,
              HasSubstr("\n  - layerwise has no effect: there is no loss, and steps decrease "
                        "one\n"));
}

TEST_F(LayerwiseBound, ThePaperDoesNotTellBlocksApart) {
  for (const std::string method : {"paper", "both"}) {
    const Outcome run =
        run_program({"bound", "--layerwise", "--method", method, "-"}, std::string(small_network));
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err,
                HasSubstr("error: the rules of the paper do not tell parameter blocks from "
                          "each other\n"));
    EXPECT_THAT(run.err, EndsWith("hint: --layerwise takes --method sharp\n"));
  }
}

class SeveralFiles : public ::testing::Test {
 protected:
  const TemporaryDirectory directory;
  const std::string good = directory.write("good.yaml", small_network);
  const std::string bad = directory.write("bad.yaml", bad_network);
  const std::string also_good = directory.write("also_good.yaml", relu_network);
};

TEST_F(SeveralFiles, GoOnBehindABadOneAndTellTheWorst) {
  const Outcome run = run_program({"bound", good, bad, also_good});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.out, HasSubstr(good));
  EXPECT_THAT(run.out, HasSubstr(also_good));
  EXPECT_THAT(run.out, Not(HasSubstr(bad)));
  EXPECT_THAT(run.err, StartsWith(bad + ":3:"));
  EXPECT_THAT(run.err, EndsWith("2 of 3 files done, 1 with errors\n"));
}

TEST_F(SeveralFiles, JsonIsAListOfThoseThatCanBeRead) {
  const Outcome run = run_program({"bound", "--format", "json", good, bad, also_good});
  EXPECT_EQ(run.exit_code, 2);
  const Json json = Json::parse(run.out);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0].at("architecture").at("file"), good);
  EXPECT_EQ(json[1].at("architecture").at("file"), also_good);
}

TEST_F(SeveralFiles, CsvHasOneHeader) {
  const Outcome run = run_program({"bound", "--format", "csv", good, bad, also_good});
  EXPECT_EQ(count_of(run.out, "file,architecture,method"), 1U);
  EXPECT_EQ(run.out.find("file,architecture,method"), 0U);
  const auto rows = parse_csv(run.out);
  EXPECT_EQ(rows.front().at("file"), good);
  EXPECT_EQ(rows.back().at("file"), also_good);
}

TEST_F(SeveralFiles, MarkdownHasOneSectionForEach) {
  const Outcome run = run_program({"bound", "--format", "markdown", good, also_good});
  EXPECT_EQ(run.exit_code, 0);
  std::size_t sections = 0;
  for (const std::string& line : lines_of(run.out)) sections += line.starts_with("## ") ? 1U : 0U;
  EXPECT_EQ(sections, 2U);
  EXPECT_EQ(run.err, "2 of 2 files done\n");
}

TEST_F(SeveralFiles, NothingIsPrintedIfAllAreBad) {
  for (const char* format : {"table", "json", "csv", "markdown"}) {
    const Outcome run = run_program({"bound", "--format", format, bad, bad});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "") << format;
    EXPECT_THAT(run.err, EndsWith("0 of 2 files done, 2 with errors\n"));
  }
}

TEST_F(SeveralFiles, TheHighestCodeCounts) {
  const std::string infinite = directory.write("infinite.yaml", answerless_network);
  EXPECT_EQ(run_program({"bound", good, bad, good}).exit_code, 2);
  const Outcome run = run_program({"bound", good, infinite, good});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.err, "3 of 3 files done, 1 without a finite answer\n");
  for (const auto& [first, second] : {std::pair(bad, infinite), std::pair(infinite, bad)}) {
    const Outcome both = run_program({"bound", first, second, good});
    EXPECT_EQ(both.exit_code, 3);
    EXPECT_THAT(both.err,
                EndsWith("2 of 3 files done, 1 with errors, 1 without a finite answer\n"));
  }
}

// m of batch norm is finite whatever epsilon is, so only l and L are infinite.
TEST(ExitCode, IsZeroWhileAnyOfTheThreeIsFinite) {
  const Outcome run = run_program(
      {"bound", "--format", "json", "-"},
      "input: {shape: [2]}\nbatch: 4\nlayers: [{dense: 2, then: [{batch_norm: {epsilon: 0}}]}]");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const Json network = Json::parse(run.out).at("results").at(0).at("network");
  EXPECT_NE(network.at("m").at("text"), "inf");
  EXPECT_EQ(network.at("lipschitz").at("text"), "inf");
  EXPECT_EQ(network.at("smoothness").at("text"), "inf");
}

TEST(ExitCode, IsThreeIfAllThreeAreInfinite) {
  const std::string network(answerless_network);
  for (const char* format : {"table", "json", "csv", "markdown"}) {
    const Outcome run = run_program({"bound", "--format", format, "-"}, network);
    EXPECT_EQ(run.exit_code, 3) << run.out << run.err;
    EXPECT_NE(run.out, "") << "the reason is still worth reading";
    EXPECT_EQ(run.err, "");
  }
  const Outcome json = run_program({"bound", "--format", "json", "-"}, network);
  const Json network_row = Json::parse(json.out).at("results").at(0).at("network");
  for (const char* key : {"m", "lipschitz", "smoothness"}) {
    EXPECT_EQ(network_row.at(key).at("text"), "inf") << key;
    EXPECT_FALSE(network_row.at(key).at("reason").get<std::string>().empty()) << key;
  }
}

TEST(StandardInput, GivesTheSameAsTheFile) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("small.yaml", small_network);
  Json from_file = Json::parse(run_program({"bound", "--format", "json", file}).out);
  Json from_input =
      Json::parse(run_program({"bound", "--format", "json", "-"}, std::string(small_network)).out);
  EXPECT_EQ(from_input.at("architecture").at("file"), "<stdin>");
  from_file.at("architecture").erase("file");
  from_input.at("architecture").erase("file");
  EXPECT_EQ(from_file, from_input);
}

TEST(StandardInput, MayBeJson) {
  const Outcome run =
      run_program({"bound", "-"}, R"({"input": {"shape": [2]}, "layers": [{"dense": 3}]})");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("network"));
}

TEST(StandardInput, MistakesAreLocated) {
  const Outcome run = run_program({"bound", "-"}, std::string(bad_network));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("<stdin>:3:"));
}

TEST(StandardInput, IsReadOnce) {
  const Outcome run = run_program({"bound", "-", "-"}, std::string(small_network));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("standard input can be read once"));
}

}  // namespace
}  // namespace smoothbound::testing
