// --explain LAYER: how a layer's numbers came about.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view branched = R"(
input: {shape: [3, 8, 8]}
batch: 4
layers:
  - {name: a, conv: {filters: 4, kernel: 3, padding: same}, then: [softplus, {average_pool: 2}]}
  - {name: b, conv: {filters: 4, kernel: 3, padding: same}, then: [{batch_norm: {epsilon: 1}}]}
  - {name: sum, add: [a, b], then: [tanh]}
  - {name: gate, multiply: [a, sum]}
  - {name: both, concat: [sum, gate]}
  - {name: out, from: both, dense: 5, then: [softmax]}
)";

// The value of the last line of a symbol.
std::string last_value(const Json& explanation, const std::string& symbol) {
  std::string value;
  for (const Json& line : explanation.at("lines")) {
    if (line.value("symbol", "") == symbol) value = line.at("value").at("text");
  }
  return value;
}

// The last value among m, m_j and m_in: the bound as far as the layer got.
std::string last_of(const Json& explanation, const std::vector<std::string>& symbols) {
  std::string value;
  for (const Json& line : explanation.at("lines")) {
    const std::string symbol = line.value("symbol", "");
    if (std::find(symbols.begin(), symbols.end(), symbol) != symbols.end()) {
      value = line.at("value").at("text");
    }
  }
  return value;
}

TEST(Explain, EndsInTheNumbersOfTheTable) {
  for (const char* name : {"a", "b", "sum", "gate", "both", "out"}) {
    const Outcome run =
        run_program({"bound", "--method", "both", "--format", "json", "--explain", name, "-"},
                    std::string(branched));
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json json = Json::parse(run.out);
    for (const Json& result : json.at("results")) {
      const Json& explanation = result.at("explanation");
      EXPECT_EQ(explanation.at("layer"), name);
      const auto row = std::find_if(result.at("layers").begin(), result.at("layers").end(),
                                    [&](const Json& layer) { return layer.at("name") == name; });
      ASSERT_NE(row, result.at("layers").end());
      EXPECT_EQ(last_of(explanation, {"m_in", "m_0", "m_j", "m"}), row->at("m").at("text")) << name;
      const std::string l = last_value(explanation, "l");
      const std::string smoothness = last_value(explanation, "L");
      EXPECT_EQ(l.empty() ? last_value(explanation, "l_in") : l, row->at("lipschitz").at("text"));
      EXPECT_EQ(smoothness.empty() ? last_value(explanation, "L_in") : smoothness,
                row->at("smoothness").at("text"));
    }
  }
}

TEST(Explain, NamesFormulaAndSourceOfConstantsAndWhatDominates) {
  for (const char* method : {"paper", "sharp"}) {
    const Outcome run =
        run_program({"bound", "--method", method, "--explain", "b", "-"}, std::string(branched));
    EXPECT_EQ(run.exit_code, 0);
    for (const char* part : {"how 'b' came about", "L_beta", "l_a", "L_a", "||a(0)||", "Prop 4.4",
                             "batch_norm", "the largest part is"}) {
      EXPECT_THAT(run.out, HasSubstr(part));
    }
  }
}

// What the refinements save of the objective stands with the output, on whose bounds it rests.
TEST(Explain, OfTheOutputEndsInTheNumbersOfTheObjective) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("net.yaml", small_network);
  const auto explain = [&](const std::string& layer) {
    const Outcome run = run_program({"bound", "--format", "json", "--explain", layer, file});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return Json::parse(run.out).at("results").at(0);
  };
  const Json result = explain("out");
  const Json& objective = result.at("objective");
  EXPECT_EQ(last_value(result.at("explanation"), "l_F"), objective.at("lipschitz").at("text"));
  EXPECT_EQ(last_value(result.at("explanation"), "L_F"), objective.at("smoothness").at("text"));
  EXPECT_THAT(
      run_program({"bound", "--explain", "out", file}).out,
      HasSubstr("what each of them saves of this layer's numbers and of the objective's\n"));
  EXPECT_EQ(last_value(explain("hidden").at("explanation"), "L_F"), "");
  const Outcome hidden = run_program({"bound", "--explain", "hidden", file});
  EXPECT_THAT(hidden.out, HasSubstr("what each of them saves of this layer's numbers\n"));
  EXPECT_THAT(run_program({"bound", "--explain", "out", "-"}, std::string(branched)).out,
              HasSubstr("what each of them saves of this layer's numbers\n"));
}

// "NAME: a factor of F below" is that between what a refinement leaves and what those before it
// did.
TEST(Explain, MeasuresRefinementsOneAfterTheOther) {
  constexpr std::string_view with_loss = R"(
input: {shape: [3, 8, 8]}
batch: 4
radius: 0.125
loss: binary_logistic
layers:
  - {name: a, conv: {filters: 4, kernel: 3, padding: same}, then: [softplus]}
  - {name: b, conv: {filters: 4, kernel: 3, padding: same}, then: [softplus, {average_pool: 2}]}
  - {name: out, dense: 2}
)";
  const auto lines_of = [&](const std::string& without) {
    const Outcome run =
        run_program({"bound", "--without", without, "--explain", "out", "--format", "json", "-"},
                    std::string(with_loss));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return Json::parse(run.out).at("results").at(0).at("explanation").at("lines");
  };
  const std::regex measured("([a-z]+): a factor of ([0-9][.][0-9]{3}e[+][0-9]+) below");
  std::map<std::string, double> before;
  std::set<std::string> names;
  for (const Json& line : lines_of("radial")) {
    std::smatch found;
    const std::string source = line.value("source", "");
    if (!std::regex_match(source, found, measured)) continue;
    names.insert(found[1]);
    const std::string symbol = line.at("symbol");
    const double value = std::stod(line.at("value").at("text").get<std::string>());
    const double factor = std::stod(found[2]);
    EXPECT_GT(factor, 1) << symbol << " " << source;
    const auto [place, is_first] = before.try_emplace(symbol, value);
    if (!is_first) {
      EXPECT_NEAR(factor, place->second / value, 0.001 * factor) << symbol << " " << source;
    }
    place->second = value;
  }
  EXPECT_EQ(before.size(), 5U);  // m, l, L, l_F and L_F
  EXPECT_GE(names.size(), 4U);
  // What is left out saves nothing.
  for (const Json& line : lines_of("growth")) {
    EXPECT_FALSE(line.value("source", "").starts_with("growth:")) << line;
  }
}

// L of that layer is T, a third of H_11.
TEST(Explain, TellsWhereTheWholeIsLessThanAPart) {
  const Outcome run =
      run_program({"bound", "--explain", "fc7", "--format", "json",
                   std::string(SMOOTHBOUND_SOURCE_DIR) + "/architectures/vgg16.yaml"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json explanation = Json::parse(run.out).at("results").at(0).at("explanation");
  const std::string smoothness = last_value(explanation, "T");
  EXPECT_EQ(last_value(explanation, "L"), smoothness);
  EXPECT_LT(std::stod(smoothness), std::stod(last_value(explanation, "H_11")) / 2);
  EXPECT_THAT(explanation.at("conclusions").at(1), HasSubstr(": less than its largest part, H_11"));
}

TEST(Explain, UnknownLayerSuggests) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("net.yaml", small_network);
  const Outcome run = run_program({"bound", "--explain", "hiden", file});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "<command line>:1:29: error: " + file +
                         ": there is no layer 'hiden'\n"
                         " 1 | smoothbound bound --explain hiden " +
                         file +
                         "\n"
                         "   |                             ^\n"
                         "hint: did you mean 'hidden'?\n");
}

TEST(Explain, UnknownLayerListsThoseThatThereAre) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("net.yaml", small_network);
  const Outcome run = run_program({"bound", "--explain=zzz", file});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("<command line>:1:29: error: "));
  EXPECT_THAT(run.err, HasSubstr("\nhint: there are: hidden, "));
}

// Neither has what it reads a norm.
TEST(Explain, IdsAndWhatReadsNothingHaveNoBoundOfTheInput) {
  const TemporaryDirectory directory;
  const std::string file =
      directory.write("net.yaml",
                      "input: {shape: [4]}\nlayers:\n"
                      "  - {name: words, embedding: {entries: 5, features: 2}}\n"
                      "  - {name: places, parameter: [2, 4]}\n"
                      "  - {name: sum, add: [words, places], then: [tanh]}\n"
                      "  - {name: last, dense: 3}\n");
  for (const char* const layer : {"words", "places"}) {
    const Outcome run = run_program({"bound", file, "--explain", layer});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, ::testing::Not(HasSubstr("\n  m_in "))) << layer;
    EXPECT_THAT(run.out, HasSubstr("l_beta_v")) << layer;
  }
  EXPECT_THAT(run_program({"bound", file, "--explain", "last"}).out, HasSubstr("\n  m_in "));
}

}  // namespace
}  // namespace smoothbound::testing
