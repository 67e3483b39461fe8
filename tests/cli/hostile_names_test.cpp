// Names are shown, never obeyed: by no terminal, no table, no CSV reader.
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

// A JSON string literal of a name with everything that could do harm.
constexpr std::string_view hostile =
    R"("x\u001b[31m|y\n\t\"q\",`*_<b>[l]\\ \u0007\u009b\u202e\u2028\u007f,z")";

std::string hostile_network() {
  return R"({"name": )" + std::string(hostile) + R"(, "input": {"shape": [3]}, "loss": "logistic",
    "layers": [{"name": )" +
         std::string(hostile) + R"(, "dense": 2, "then": ["relu"]},
               {"name": "unused", "from": )" +
         std::string(hostile) + R"(, "dense": 2},
               {"name": "last", "from": )" +
         std::string(hostile) + R"(, "dense": 2}]})";
}

// No byte below 0x20 but the newline, no DEL, no C1 control, no text that runs backwards.
void expect_harmless(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    EXPECT_TRUE(byte == '\n' || byte >= 0x20) << "byte " << static_cast<int>(byte);
    EXPECT_NE(byte, 0x7F);
  }
  for (const char* sequence : {"\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8"}) {
    EXPECT_FALSE(contains(text, sequence));
  }
}

const std::vector<std::string> formats{"table", "json", "csv", "sheet", "markdown"};

TEST(HostileNames, AreEscapedInEveryFormat) {
  const std::string name = Json::parse(hostile);
  for (const std::string& format : formats) {
    const Outcome run =
        run_program({"bound", "--method", "both", "--format", format, "--explain", name, "-"},
                    hostile_network());
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.out, "") << format;
    expect_harmless(run.out);
    EXPECT_EQ(run.err, "");
  }
}

TEST(HostileNames, SurviveJsonUnchanged) {
  const std::string name = Json::parse(hostile);
  const Json json =
      Json::parse(run_program({"bound", "--format", "json", "-"}, hostile_network()).out);
  EXPECT_EQ(json.at("architecture").at("name"), name);
  EXPECT_EQ(json.at("results").at(0).at("layers").at(0).at("name"), name);
}

TEST(HostileNames, DoNotBreakTheColumnsOfCsv) {
  const auto cells =
      parse_csv_cells(run_program({"bound", "--format", "csv", "-"}, hostile_network()).out);
  ASSERT_GT(cells.size(), 4U);
  for (const auto& row : cells) EXPECT_EQ(row.size(), cells[0].size());
  EXPECT_THAT(cells[1][5], HasSubstr("x\\x1b[31m|y\\n\\t\"q\",`*_<b>[l]"));
}

// The text that a Markdown reader shows for a cell or line.
std::string unescape_markdown(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    result += text[escape ? ++i : i];
  }
  return result;
}

TEST(HostileNames, DoNotBreakTheColumnsOfMarkdown) {
  const Outcome run = run_program({"bound", "--format", "markdown", "-"}, hostile_network());
  std::size_t rows = 0;
  for (const std::string& line : lines_of(run.out)) {
    if (line.empty() || line[0] != '|') continue;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\') {
        ++i;
      } else if (line[i] == '|') {
        ++bars;
      }
    }
    EXPECT_TRUE(bars == 9U || bars == 6U) << line;
    rows += bars == 9U ? 1U : 0U;
  }
  EXPECT_EQ(rows, 6U) << "titles, rule, three layers, network";
}

TEST(HostileNames, AreNotMarkupAnywhereInMarkdown) {
  const Outcome run = run_program(
      {"bound", "--format", "markdown", "--explain", Json::parse(hostile), "-"}, hostile_network());
  EXPECT_FALSE(contains(run.out, "<b>")) << run.out;
  EXPECT_FALSE(contains(run.out, "`*_"));
  EXPECT_GE(count_of(run.out, "\\<b\\>"), 5U) << "title, row, cause, unused layer, explanation";
  EXPECT_THAT(unescape_markdown(run.out), HasSubstr("\"q\",`*_<b>[l]"));
}

TEST(HostileNames, AreEscapedInMessages) {
  const std::vector<std::string> texts{
      R"({"input": {"shape": [3]}, "layers": [{"dense": 2, "from": )" + std::string(hostile) +
          "}]}",
      R"({"input": {"shape": [3]}, "layers": [{"dense": 2, )" + std::string(hostile) + ": 1}]}",
      R"({"input": {"shape": [3]}, )" + std::string(hostile) + R"(: 1, "layers": [{"dense": 2}]})",
      R"({"input": {"shape": [3]}, "loss": )" + std::string(hostile) +
          R"(, "layers": [{"dense": 2}]})",
      R"({"input": {"shape": [3]}, "layers": [{"dense": 2, "then": [)" + std::string(hostile) +
          "]}]}",
      R"({"input": {"shape": [3]}, "layers": [{"name": )" + std::string(hostile) +
          R"(, "conv": {"filters": 1, "kernel": 3}}]})",
      "{\"input\": \x1b[31m }",
      "\x1b[31m",
      "name: \x1b[31m\n"};
  for (const std::string& text : texts) {
    const Outcome run = run_program({"bound", "-"}, text);
    EXPECT_EQ(run.exit_code, 2) << text;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err, "");
    expect_harmless(run.err);
  }
}

TEST(HostileNames, OnTheCommandLineAreEscaped) {
  const std::string evil = "a\x1b[31m\n\xff|";
  const std::vector<std::vector<std::string>> commands{
      {evil},
      {"bound", evil},
      {"bound", "--" + evil, "-"},
      {"layers", evil},
      {"schema", evil},
      {"bound", "--method", evil, "-"},
      {"bound", "--batch", evil, "-"},
      {"bound", "--explain", evil, "-"},
      {"bound", "-o", "/nonexistent/" + evil, "-"}};
  for (const auto& arguments : commands) {
    const Outcome run = run_program(arguments, std::string(small_network));
    EXPECT_NE(run.exit_code, 0);
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err, "");
    expect_harmless(run.err);
  }
}

TEST(HostileFileNames, AreEscapedInEveryFormat) {
  const TemporaryDirectory directory;
  for (const std::string name : {"a\x1b[31m\nb|c,\"d\".yaml", "not utf-8 \xff\xfe.yaml"}) {
    const std::string unnamed(relu_network);  // so that the file's name is the network's
    const std::string file = directory.write(name, unnamed);
    for (const std::string& format : formats) {
      const Outcome run = run_program({"bound", "--format", format, file});
      EXPECT_EQ(run.exit_code, 0) << run.err;
      expect_harmless(run.out);
      EXPECT_NE(run.out, "");
      if (format == "json") {
        EXPECT_TRUE(Json::accept(run.out)) << run.out;
      }
      if (format == "csv") {
        EXPECT_EQ(parse_csv(run.out).at(0).at("name"), "a");
      }
    }
    const Outcome bad = run_program({"bound", directory.write("bad" + name, bad_network)});
    EXPECT_EQ(bad.exit_code, 2);
    expect_harmless(bad.err);
  }
}

// With a locale that writes 0,5: if it is not installed, setting it must not matter either.
TEST(Locale, ChangesNothing) {
  for (const std::string& format : formats) {
    const Outcome plain =
        run_program({"bound", "--format", format, "-"}, std::string(small_network));
    ASSERT_EQ(plain.exit_code, 0);
    for (const char* locale : {"de_DE.UTF-8", "tr_TR.UTF-8", "C.UTF-8", "POSIX", "nonsense"}) {
      Invocation invocation{{"bound", "--format", format, "-"}, std::string(small_network)};
      invocation.environment = {{"LC_ALL", locale}, {"LANG", locale}, {"LC_NUMERIC", locale}};
      const Outcome run = run_program(invocation);
      EXPECT_EQ(run.exit_code, 0);
      EXPECT_EQ(run.out, plain.out) << locale;
    }
  }
}

// What a spreadsheet would run is text in `sheet`; numbers stay numbers, and `csv` is as it
// was.
TEST(HostileNames, AreNoFormulasInASpreadsheet) {
  const std::vector<std::string> names{"=1+2", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1,2)",
                                       R"(=\"q\",x)"};
  std::string network = R"({"input": {"shape": [3]}, "layers": [)";
  for (const std::string& name : names) {
    network +=
        (name == names.front() ? R"({"name": ")" : R"(, {"name": ")") + name + R"(", "dense": 3})";
  }
  network += "]}";
  const auto cells = [&](const std::string& format) {
    const Outcome run = run_program({"bound", "--format", format, "-"}, network);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return parse_csv_cells(run.out);
  };
  const auto plain = cells("csv");
  const auto defused = cells("sheet");
  ASSERT_EQ(plain.size(), defused.size());
  std::size_t changed = 0;
  for (std::size_t row = 0; row < plain.size(); ++row) {
    ASSERT_EQ(plain[row].size(), defused[row].size());
    for (std::size_t column = 0; column < plain[row].size(); ++column) {
      const std::string& cell = plain[row][column];
      if (defused[row][column] == cell) {
        // Negative logarithms, say.
        EXPECT_TRUE(cell.find_first_of("=+-@") != 0 ||
                    cell.find_first_not_of("-.0123456789e+") == std::string::npos)
            << cell;
        continue;
      }
      EXPECT_EQ(defused[row][column], "'" + cell);
      ++changed;
    }
  }
  EXPECT_EQ(changed, names.size());
}

}  // namespace
}  // namespace smoothbound::testing
