// The four formats tell the same.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;

// With branches, an infinite and a zero entry, and per-sample numbers that differ from stacked
// ones.
constexpr std::string_view network = R"(name: formats
input: {shape: [3, 8, 8], norm: 2, sample_norm: 1}
batch: 4
loss: logistic
regularizer: 0.25
initial_gap: 6.9
accuracy: 1e-3
variance: 0.5
layers:
  - {name: first, dense: 6, bias: false}
  - {name: branch, dense: 6, then: [softplus, {softplus: {beta: 2}}]}
  - {name: sum, add: [first, branch]}
  - {name: kink, dense: 4, then: [relu]}
  - {name: out, from: sum, dense: 3, then: [softmax]}
)";

std::string run_format(const std::string& format, const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments{"bound", "--method", "both", "--format", format, "-"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Outcome run = run_program(arguments, std::string(network));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.out;
}

std::string join(const Json& texts, const std::string& separator) {
  std::string result;
  for (const Json& text : texts) {
    result += result.empty() ? "" : separator;
    result += text.is_string() ? text.get<std::string>() : text.dump();
  }
  return result;
}

void expect_bound(const CsvRow& row, const std::string& column, const Json& quantity) {
  EXPECT_EQ(row.at(column), quantity.at("text")) << column;
  const std::string log10 = row.at(column + "_log10");
  if (quantity.at("log10").is_null()) {
    EXPECT_EQ(log10, "") << column;
  } else {
    EXPECT_EQ(std::stod(log10), quantity.at("log10").get<double>()) << column;
  }
}

void expect_bounds(const CsvRow& row, const Json& bounds) {
  for (const char* key : {"m", "lipschitz", "smoothness"}) expect_bound(row, key, bounds.at(key));
}

TEST(Formats, CsvHasTheTextsOfJson) {
  const Json json = Json::parse(run_format("json"));
  const auto rows = parse_csv(run_format("csv"));
  std::size_t at = 0;
  for (const Json& result : json.at("results")) {
    for (const Json& layer : result.at("layers")) {
      const CsvRow& row = rows.at(at++);
      EXPECT_EQ(row.at("file"), "<stdin>");
      EXPECT_EQ(row.at("architecture"), "formats");
      EXPECT_EQ(row.at("method"), result.at("method"));
      EXPECT_EQ(row.at("record"), "layer");
      EXPECT_EQ(row.at("index"), layer.at("index").dump());
      EXPECT_EQ(row.at("name"), layer.at("name"));
      EXPECT_EQ(row.at("components"), join(layer.at("components"), " "));
      EXPECT_EQ(row.at("output_shape"), join(layer.at("output_shape"), "x"));
      EXPECT_EQ(row.at("parameters"), layer.at("parameters").dump());
      expect_bounds(row, layer);
    }
    EXPECT_EQ(rows.at(at).at("record"), "network");
    EXPECT_EQ(rows.at(at).at("parameters"), json.at("architecture").at("parameters").dump());
    expect_bounds(rows.at(at++), result.at("network"));
    const CsvRow& objective = rows.at(at++);
    EXPECT_EQ(objective.at("record"), "objective");
    EXPECT_EQ(objective.at("name"), "logistic");
    EXPECT_EQ(objective.at("components"), result.at("objective").at("route"));
    expect_bound(objective, "lipschitz", result.at("objective").at("lipschitz"));
    expect_bound(objective, "smoothness", result.at("objective").at("smoothness"));
    for (const char* name : {"gradient_descent", "stochastic_gradient_descent"}) {
      const CsvRow& row = rows.at(at++);
      EXPECT_EQ(row.at("record"), "convergence");
      EXPECT_EQ(row.at("name"), name);
      for (const char* key : {"step_size", "order", "iterations"}) {
        EXPECT_EQ(row.at(key), result.at("convergence").at(name).at(key).at("text")) << key;
      }
    }
  }
  for (const Json& line : json.at("assumptions")) {
    EXPECT_EQ(rows.at(at).at("record"), "assumption");
    EXPECT_EQ(rows.at(at++).at("name"), line);
  }
  EXPECT_EQ(at, rows.size());
}

TEST(Formats, SumsOfLayerParametersAreTheNetworks) {
  std::map<std::string, std::int64_t> sums;
  for (const CsvRow& row : parse_csv(run_format("csv"))) {
    if (row.at("record") == "layer") sums[row.at("method")] += std::stoll(row.at("parameters"));
    if (row.at("record") == "network") {
      EXPECT_EQ(row.at("parameters"), std::to_string(sums.at(row.at("method"))));
    }
  }
  // 192*6 + (6*6 + 6) + (6*4 + 4) + (6*3 + 3)
  EXPECT_EQ(sums.at("sharp"), 1243);
}

// Cells between bars, unescaped, without the blanks around them.
std::vector<std::string> markdown_cells(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|') {
      const auto first = cell.find_first_not_of(' ');
      const auto last = cell.find_last_not_of(' ');
      cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
      cell.clear();
    } else {
      cell += line[line[i] == '\\' ? ++i : i];
    }
  }
  return cells;
}

TEST(Formats, MarkdownHasTheCellsOfTheTable) {
  std::vector<std::vector<std::string>> markdown;  // the words of each row
  for (const std::string& line : lines_of(run_format("markdown", {"--explain", "branch"}))) {
    if (!line.starts_with("|") || line.starts_with("| -")) continue;
    std::vector<std::string> words;
    for (const std::string& cell : markdown_cells(line)) {
      for (std::string& word : words_of(cell)) words.push_back(std::move(word));
    }
    markdown.push_back(std::move(words));
  }
  ASSERT_GT(markdown.size(), 60U);
  std::size_t found = 0;
  for (const std::string& line : lines_of(run_format("table", {"--explain", "branch"}))) {
    if (found < markdown.size() && words_of(line) == markdown[found]) ++found;
  }
  EXPECT_EQ(found, markdown.size())
      << "first missing: "
      << ::testing::PrintToString(markdown[std::min(found, markdown.size() - 1)]);
}

// "1.23457e+5" is "1.2345678901234567e+5" rounded up to 6 digits: a number for people never lies
// below the bound.
std::string round_up_to_six(const std::string& text) {
  if (text == "inf" || text == "0") return text;
  const std::size_t e = text.find('e');
  long digits = std::stol(text.substr(0, 1) + text.substr(2, 5));
  long exponent = std::stol(text.substr(e + 1));
  if (text.substr(7, e - 7).find_first_not_of('0') != std::string::npos) ++digits;
  if (digits == 1'000'000) {
    digits /= 10;
    ++exponent;
  }
  const std::string all = std::to_string(digits);
  return all.substr(0, 1) + "." + all.substr(1) + (exponent < 0 ? "e-" : "e+") +
         std::to_string(std::labs(exponent));
}

TEST(Formats, TheTableRoundsTheTextsOfJsonUp) {
  const Json json = Json::parse(run_format("json"));
  std::vector<std::vector<std::string>> expected;
  for (const Json& result : json.at("results")) {
    for (const Json& layer : result.at("layers")) {
      expected.push_back({layer.at("name"), round_up_to_six(layer.at("m").at("text")),
                          round_up_to_six(layer.at("lipschitz").at("text")),
                          round_up_to_six(layer.at("smoothness").at("text"))});
    }
  }
  std::vector<std::vector<std::string>> shown;
  for (const std::string& line : lines_of(run_format("table"))) {
    const auto words = words_of(line);
    if (words.size() < 7 || words[0].find_first_not_of("0123456789") != std::string::npos) continue;
    shown.push_back({words[1], words[words.size() - 3], words[words.size() - 2], words.back()});
  }
  EXPECT_EQ(shown, expected);
}

TEST(Formats, LinesEndAndCarryNoTrailingBlanks) {
  for (const char* format : {"table", "markdown", "csv", "json"}) {
    const std::string text = run_format(format);
    ASSERT_FALSE(text.empty());
    EXPECT_EQ(text.back(), '\n');
    EXPECT_FALSE(contains(text, " \n")) << format;
    EXPECT_FALSE(contains(text, "\r"));
  }
}

}  // namespace
}  // namespace smoothbound::testing
