// smoothbound plot and report through the real program.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A name with everything that XML, HTML and terminals could take for more than text.
constexpr std::string_view plotted_hostile_network =
    R"({"name": "<script>alert(1)</script>&\u001b[31m\u0001\u202e\uffff]]>", "input": {"shape": [3]},
        "loss": "logistic", "layers": [{"name": "\"'><b>\u0007", "dense": 2, "then": ["relu"]}]})";

bool has_xmllint() { return std::system("command -v xmllint >/dev/null 2>&1") == 0; }

void expect_well_formed(const std::string& text) {
  for (const char* bad :
       {"<script", "<b>", "\x1b", "\x01", "\x07", "\xe2\x80\xae", "\xef\xbf\xbf"}) {
    EXPECT_THAT(text, Not(HasSubstr(bad)));
  }
  if (!has_xmllint()) return;
  const TemporaryDirectory directory;
  const std::string file = directory.write("page.xml", text);
  EXPECT_EQ(std::system(("xmllint --noout --nonet " + file).c_str()), 0);
}

TEST(Plot, IsWellFormedWhateverTheNames) {
  for (const char* chart : {"depth", "methods", "growth"}) {
    const Outcome run =
        run_program({"plot", "--chart", chart, "-"}, std::string(plotted_hostile_network));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, StartsWith("<svg "));
    expect_well_formed(run.out);
  }
}

TEST(Plot, FormatFollowsTheOutput) {
  const TemporaryDirectory directory;
  const std::string net = directory.write("net.yaml", small_network);
  EXPECT_EQ(run_program({"plot", net, "-o", directory / "a.svg"}).exit_code, 0);
  EXPECT_THAT(read_file(directory / "a.svg"), StartsWith("<svg "));
  EXPECT_EQ(run_program({"plot", net, "-o", directory / "a.vl.json"}).exit_code, 0);
  EXPECT_EQ(Json::parse(read_file(directory / "a.vl.json")).at("vconcat").size(), 3U);
  const Outcome bars = run_program({"plot", net, "-o", "-"});
  EXPECT_THAT(bars.out, HasSubstr("\u2588"));
  EXPECT_THAT(run_program({"plot", net, "-o", "-", "--format", "svg"}).out, StartsWith("<svg "));
}

TEST(Plot, DrawsEveryLayerOfEveryFile) {
  const TemporaryDirectory directory;
  const std::string a = directory.write("a.yaml", small_network);
  const std::string b = directory.write("b.yaml", relu_network);
  const Outcome run = run_program({"plot", "--method", "both", a, b});
  EXPECT_EQ(count_of(run.out, "</title></path>"), 3U * 2 * 2 * 2);
  EXPECT_THAT(run.out, HasSubstr("\u221e"));
}

TEST(Plot, GoesOnBehindABadFileAndTellsByItsExitCode) {
  const TemporaryDirectory directory;
  const std::string good = directory.write("good.yaml", small_network);
  const std::string bad = directory.write("bad.yaml", bad_network);
  const Outcome run = run_program({"plot", bad, good});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("bad.yaml:3:"));
  EXPECT_THAT(run.out, HasSubstr("small"));
  EXPECT_EQ(run_program({"plot", bad}).out, "");
  EXPECT_EQ(run_program({"plot", "-"}, std::string(answerless_network)).exit_code, 3);
}

TEST(Plot, NeverOverwritesItsInput) {
  const TemporaryDirectory directory;
  const std::string net = directory.write("net.yaml", small_network);
  for (const char* command : {"plot", "report"}) {
    const Outcome run =
        run_program({command, net, "-o", directory.path().string() + "/./net.yaml"});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("is also an input"));
    EXPECT_EQ(read_file(net), small_network);
  }
}

TEST(Plot, RefusesNamesOfOtherFormats) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("a.yaml", small_network);
  for (const char* ending : {".png", ".pdf", ".html"}) {
    const std::string picture = directory / (std::string("a") + ending);
    for (const Outcome& run :
         {run_program({"plot", file, "-o", picture}),
          run_program({"sweep", file, "--radius", "1,2", "--plot", picture})}) {
      EXPECT_EQ(run.exit_code, 2);
      EXPECT_EQ(run.out, "");
      EXPECT_THAT(run.err, HasSubstr(std::string("error: no chart is written as *") + ending));
      EXPECT_FALSE(std::filesystem::exists(picture));
    }
    EXPECT_EQ(run_program({"plot", file, "--format", "svg", "-o", picture}).exit_code, 0);
  }
}

TEST(Plot, RefusesUnknownChartsAndFormats) {
  for (const char* option : {"--chart=depht", "--format=png"}) {
    const Outcome run = run_program({"plot", option, "-"}, std::string(small_network));
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("hint:"));
    EXPECT_EQ(run.out, "");
  }
}

TEST(HtmlReport, IsWellFormedWhateverTheNames) {
  const Outcome run = run_program({"report", "-"}, std::string(plotted_hostile_network));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("<!DOCTYPE html>"));
  expect_well_formed(run.out);
  EXPECT_THAT(run.out, HasSubstr("relu has a kink at 0"));
}

TEST(HtmlReport, TakesADirectorysFilesByName) {
  const TemporaryDirectory directory;
  (void)directory.write("b.yml", small_network);
  (void)directory.write("a.yaml", relu_network);
  (void)directory.write("c.yaml", bad_network);
  (void)directory.write("notes.txt", "no architecture");
  const Outcome run = run_program({"report", directory.path().string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("c.yaml:3:"));
  EXPECT_LT(run.out.find("a.yaml, SHA-256"), run.out.find("b.yml, SHA-256"));
  EXPECT_THAT(run.out, HasSubstr("Files with errors"));
  EXPECT_THAT(run.out, HasSubstr("href=\"#network-2\""));
  EXPECT_THAT(run.out, HasSubstr("id=\"network-2\""));
  EXPECT_THAT(run.out, Not(HasSubstr("no architecture")));
}

// The default method first, and files of one name told apart.
TEST(HtmlReport, BeginsWithTheSharpMethodAndTellsFilesOfOneNameApart) {
  const TemporaryDirectory directory;
  const std::string yaml = directory.write("small.yaml", small_network);
  const std::string json = directory.write("small.yml", small_network);
  const std::string page = run_program({"report", yaml, json}).out;
  for (const char* name : {">small (small.yaml)</a>", ">small (small.yml)</a>"}) {
    EXPECT_EQ(count_of(page, name), 2U) << name;  // a row for each method
  }
  EXPECT_LT(page.find("<td class=\"text\" data-label=\"method\">sharp</td>"),
            page.find("<td class=\"text\" data-label=\"method\">paper</td>"));
  EXPECT_LT(page.find("L<br/>sharp</th>"), page.find("m<br/>paper</th>"));
  EXPECT_LT(page.find("convergence, method sharp"), page.find("convergence, method paper"));
  // A dot for each method, number and network.
  EXPECT_EQ(count_of(page.substr(0, page.find("<section")), "</title></path>"), 2U * 3 * 2);
}

TEST(HtmlReport, ShowsTheNumbersOfBound) {
  const Outcome csv = run_program({"bound", "--method", "both", "-"}, std::string(small_network));
  const Outcome page = run_program({"report", "-"}, std::string(small_network));
  std::size_t numbers = 0;
  for (const std::string& line : lines_of(csv.out)) {
    for (const std::string& word : words_of(line)) {
      if (word.find("e+") == std::string::npos || word.back() == ',') continue;
      EXPECT_THAT(page.out, HasSubstr(word));
      ++numbers;
    }
  }
  EXPECT_GT(numbers, 20U);
}

TEST(HtmlReport, NeedsNothingFromElsewhere) {
  const Outcome run = run_program({"report", "-"}, std::string(small_network));
  for (const char* word : {"<script", "src=", "url(http", "@import"}) {
    EXPECT_THAT(run.out, Not(HasSubstr(word)));
  }
  EXPECT_EQ(count_of(run.out, "https://"), 0U);
}

TEST(HtmlReport, RefusesADirectoryWithoutArchitectures) {
  const TemporaryDirectory directory;
  const Outcome run = run_program({"report", directory.path().string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("no architecture files"));
  EXPECT_EQ(run.out, "");
}

}  // namespace
}  // namespace smoothbound::testing
