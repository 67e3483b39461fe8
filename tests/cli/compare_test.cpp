// `smoothbound compare`: its numbers are those of `bound`, its verdicts follow from them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Json json_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const Outcome run = run_program(arguments);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return Json::parse(run.out);
}

// Deeper by one layer than `short_network`, narrower radii: better at first, worse in the end.
constexpr std::string_view long_network =
    "name: long\ninput: {shape: [3]}\nlayers:\n"
    "  - {name: a, radius: 0.5, dense: 4, then: [tanh]}\n"
    "  - {name: extra, radius: 9, dense: 4, then: [tanh]}\n"
    "  - {name: b, radius: 9, dense: 4, then: [tanh]}\n"
    "  - {name: out, radius: 9, dense: 2}\n";
constexpr std::string_view short_network =
    "name: short\ninput: {shape: [3]}\nlayers:\n"
    "  - {name: a, dense: 4, then: [tanh]}\n"
    "  - {name: b, dense: 4, then: [tanh]}\n"
    "  - {name: gone, dense: 4, then: [tanh]}\n"
    "  - {name: out, dense: 2}\n";

class Compare : public ::testing::Test {
 protected:
  Compare()
      : a_(directory_.write("a.yaml", short_network)),
        b_(directory_.write("b.yaml", long_network)) {}
  TemporaryDirectory directory_;  // NOLINT(*-non-private-member-variables-in-classes)
  std::string a_;                 // NOLINT(*-non-private-member-variables-in-classes)
  std::string b_;                 // NOLINT(*-non-private-member-variables-in-classes)
};

TEST_F(Compare, AlignsLayersByName) {
  const Json json = json_of({"compare", a_, b_, "--method", "both"});
  EXPECT_EQ(json.at("schema"), "smoothbound/compare/1");
  ASSERT_EQ(json.at("results").size(), 2U);
  for (std::size_t method = 0; method < 2; ++method) {
    std::vector<std::string> names;
    for (const Json& layer : json.at("results").at(method).at("layers")) {
      const std::string name = layer.at("name");
      names.push_back(name);
      EXPECT_EQ(layer.at("bounds").at(0).is_null(), name == "extra");
      EXPECT_EQ(layer.at("bounds").at(1).is_null(), name == "gone");
    }
    EXPECT_EQ(names, (std::vector<std::string>{"a", "extra", "b", "gone", "out"}));
    // Every number is that of `bound`.
    for (const auto& [column, file] : {std::pair<std::size_t, std::string>{0, a_}, {1, b_}}) {
      const Json bound = json_of({"bound", file, "--method", "both"}).at("results").at(method);
      for (const Json& layer : bound.at("layers")) {
        bool found = false;
        for (const Json& row : json.at("results").at(method).at("layers")) {
          if (row.at("name") != layer.at("name")) continue;
          found = true;
          for (const char* key : {"m", "lipschitz", "smoothness"}) {
            EXPECT_EQ(row.at("bounds").at(column).at(key).at("text"), layer.at(key).at("text"));
          }
        }
        EXPECT_TRUE(found) << layer.at("name");
      }
    }
  }
}

TEST_F(Compare, FindsWhereTheyPartForGood) {
  const Json result = json_of({"compare", a_, b_}).at("results").at(0);
  const auto log10 = [&](const Json& row, std::size_t column, const char* key) {
    return row.at("bounds").at(column).at(key).at("log10").get<double>();
  };
  for (const Json& verdict : result.at("verdicts")) {
    const std::string key = verdict.at("number");
    if (key == "m") continue;
    std::string parts_at;  // the first of the last stretch where b is larger
    for (const Json& row : result.at("layers")) {
      if (row.at("bounds").at(0).is_null() || row.at("bounds").at(1).is_null()) continue;
      const bool larger = log10(row, 1, key.c_str()) > log10(row, 0, key.c_str());
      if (!larger) parts_at.clear();
      if (larger && parts_at.empty()) parts_at = row.at("name");
    }
    EXPECT_EQ(verdict.at("parts_at"), parts_at) << key;
    EXPECT_EQ(verdict.at("smaller"), "A") << key;
    const Json& network = result.at("network");
    EXPECT_NEAR(verdict.at("log10_ratio").get<double>(),
                network.at(1).at(key).at("log10").get<double>() -
                    network.at(0).at(key).at("log10").get<double>(),
                1e-12);
  }
  const std::string text = run_program({"compare", a_, b_}).out;
  EXPECT_THAT(text, HasSubstr("  - l: A is smaller than B, by "));
  EXPECT_THAT(text, HasSubstr("orders of magnitude; from layer 'b' on to the end\n"));
}

TEST_F(Compare, SettingsAreThoseOfTheOptions) {
  const Json json = json_of({"compare", a_, "--batch", "2", "--with", "radius=2",
                             "--with=input-norm=3,batch=5", "--with", "bn-epsilon=1,smooth=2"});
  ASSERT_EQ(json.at("networks").size(), 4U);
  EXPECT_EQ(json.at("networks").at(2).at("settings"), "input-norm=3,batch=5");
  const std::vector<std::vector<std::string>> options{
      {"--batch", "2"},
      {"--batch", "2", "--radius", "2"},
      {"--input-norm", "3", "--batch", "5"},
      {"--batch", "2", "--bn-epsilon", "1", "--smooth", "2"}};
  for (std::size_t i = 0; i < options.size(); ++i) {
    std::vector<std::string> bound{"bound", a_};
    bound.insert(bound.end(), options[i].begin(), options[i].end());
    EXPECT_EQ(json.at("results").at(0).at("network").at(i).at("smoothness").at("text"),
              json_of(bound).at("results").at(0).at("network").at("smoothness").at("text"))
        << i;
  }
}

TEST_F(Compare, CsvHasARowForEachLayerAndColumn) {
  const Outcome run = run_program({"compare", a_, b_, "--format", "csv"});
  const auto rows = parse_csv(run.out);
  EXPECT_EQ(rows.size(), 4U + 4U + 2U);
  for (const auto& row : rows) {
    EXPECT_EQ(row.at("m_log10_ratio").empty(), row.at("layer") == "extra") << row.at("layer");
  }
}

TEST_F(Compare, MarkdownEscapesNames) {
  const std::string file = directory_.write(
      "c.yaml", "name: '<b>|x'\ninput: {shape: [3]}\nlayers: [{name: '|a|', dense: 2}]\n");
  const Outcome run = run_program({"compare", a_, file, "--format", "markdown"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out.find("<b>"), std::string::npos);
  EXPECT_EQ(run.out.find("| |a|"), std::string::npos);
}

TEST_F(Compare, InfiniteNumbersAreNamed) {
  const std::string relu = directory_.write("relu.yaml", relu_network);
  const Outcome run = run_program({"compare", relu, "--with", "smooth=1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("  - L: B is smaller than A, which is infinite; from layer 'a'"));
  const Outcome both = run_program({"compare", relu, relu});
  EXPECT_THAT(both.out, HasSubstr("  - L: A and B are equal, inf, and so say nothing\n"));
  const std::string none = directory_.write("none.yaml", answerless_network);
  EXPECT_EQ(run_program({"compare", none, relu}).exit_code, 3);
}

TEST_F(Compare, MistakesAreLocated) {
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& message) {
    const Outcome run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, HasSubstr(message));
  };
  refused({"compare", "x.yaml"}, "error: one network alone cannot be compared");
  refused({"compare", "x.yaml", "--with", "radius"}, "1:35: error: 'radius' has no '='");
  refused({"compare", "x.yaml", "--with", "batch=1,raduis=2"},
          "1:43: error: --with knows no setting 'raduis'");
  refused({"compare", "x.yaml", "--with", "batch=1,radius=-2"},
          "1:50: error: radius must not be negative");
  refused({"compare", "x.yaml", "--with", "batch=0"}, "error: batch must be at least 1");
  refused({"compare", "x.yaml", "--with", "loss=hinge"}, "error: unknown loss 'hinge'");
  refused({"compare", "x.yaml", "--with", "radius=2", "--with", "radius=2"},
          "error: --with radius=2 is given twice");
  refused(
      {"compare", "x.yaml", a_, "-o", a_},
      "1:" + std::to_string(29 + a_.size()) + ": error: the output '" + a_ + "' is also an input");
  refused({"compare", a_, "no-such.yaml"}, "no-such.yaml: error: cannot open");
  refused({"compare", "-", "-"}, "standard input can be read once");
}

TEST_F(Compare, StandardInputServesAllColumns) {
  const Outcome run =
      run_program({"compare", "-", "--with", "radius=2"}, std::string(short_network));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("comparison of 2 networks\n"));
}

}  // namespace
}  // namespace smoothbound::testing
