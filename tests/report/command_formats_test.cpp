// Every command with a result writes it in every format, and names of files choose among them.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "smoothbound/report/shared/format.hpp"
#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A command on a small network, with what its output has to say in every format.
struct Command {
  std::string name;
  std::vector<std::string> arguments;
  std::string telling;  // stands in the result, whatever the format
  std::string schema;   // of the JSON
  bool has_output;      // -o takes the result: of `run` and `train` it takes what they computed
  std::string list;     // of the JSON: what the other formats have rows for
  std::string record;   // of those rows of the CSV, if it has several
  std::size_t more;     // rows of the first table of the Markdown besides: the network, the input
};

const std::vector<Command>& commands() {
  const std::string mlp = "architectures/mlp.yaml";
  static const std::vector<Command> all{
      {"bound", {mlp}, "hidden1", "smoothbound/bound/1", true, "/results/0/layers", "layer", 1},
      {"compare",
       {mlp, mlp},
       "mlp",
       "smoothbound/compare/1",
       true,
       "/results/0/layers",
       "layer",
       1},
      {"sweep",
       {mlp, "--radius", "1,2"},
       "radius",
       "smoothbound/sweep/1",
       true,
       "/points",
       "point",
       0},
      {"check",
       {mlp, "--baseline", "tests/baseline/architectures.json", "--method", "both"},
       "architectures/mlp.yaml",
       "smoothbound/check/1",
       true,
       "/architectures",
       "architecture",
       0},
      {"layers",
       {"softplus", "logistic"},
       "softplus",
       "smoothbound/layers/1",
       true,
       "/components/0/settings",
       "setting",
       0},
      {"cost", {mlp}, "hidden1", "smoothbound/cost/1", true, "/layers", "layer", 1},
      {"run", {mlp, "--samples", "4"}, "hidden1", "smoothbound/run/1", false, "/layers", "", 1},
      {"train",
       {mlp, "--samples", "4", "--iterations", "2"},
       "",
       "smoothbound/train/1",
       false,
       "/records",
       "",
       0},
  };
  return all;
}

Outcome run_command(const Command& command, std::vector<std::string> more) {
  std::vector<std::string> arguments{command.name};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(
      Invocation{.arguments = std::move(arguments), .directory = SMOOTHBOUND_SOURCE_DIR});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Cells of a row of a table; "\|" is none of its borders.
std::ptrdiff_t borders(const std::string& row) {
  std::ptrdiff_t count = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == '|' && (i == 0 || row[i - 1] != '\\')) ++count;
  }
  return count;
}

// Each table has a divider, and rows as long as its head.
void expect_markdown(const std::string& text) {
  const auto lines = lines_of(text);
  std::size_t tables = 0;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    // A norm may begin a line, too.
    if (!lines[i].starts_with("| ") || (i > 0 && lines[i - 1].starts_with("| "))) continue;
    ++tables;
    EXPECT_EQ(lines[i + 1].find_first_not_of("|-: "), std::string::npos) << lines[i + 1];
    for (std::size_t row = i; row < lines.size() && lines[row].starts_with("| "); ++row) {
      EXPECT_EQ(borders(lines[row]), borders(lines[i])) << lines[row];
    }
  }
  EXPECT_GT(tables, 0U);
}

// Rows of the first table.
std::size_t rows_of_markdown(const std::string& text) {
  const auto lines = lines_of(text);
  const auto is_row = [](const std::string& line) { return line.starts_with("| "); };
  const auto first = std::ranges::find_if(lines, is_row);
  const auto end = std::find_if_not(first, lines.end(), is_row);
  return static_cast<std::size_t>(end - first) - 2;
}

void expect_format(const Command& command, Format format, const std::string& text) {
  EXPECT_THAT(text, HasSubstr(command.telling));
  EXPECT_NE(text, "");
  if (format == Format::table) {
    EXPECT_THAT(text, ::testing::Not(HasSubstr("\n| ")));
  }
  if (format == Format::markdown) expect_markdown(text);
  if (format == Format::csv) {
    EXPECT_GE(parse_csv(text).size(), 1U);  // throws for what is none
  }
  if (format == Format::json) {
    // One document for each file, where there are several.
    EXPECT_EQ(nlohmann::json::parse(text).at("schema"), command.schema);
  }
}

class CommandFormat : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  const Command& command_ = commands()[std::get<0>(GetParam())];
  const Format format_ = Format(formats()[std::get<1>(GetParam())]);
};

TEST_P(CommandFormat, IsWrittenWhereItIsAskedFor) {
  const Outcome run = run_command(command_, {"--format", std::string(format_->name)});
  // That the other shipped networks are missing is no regression.
  ASSERT_EQ(run.exit_code, 0) << run.err;
  expect_format(command_, format_, run.out);
}

TEST_P(CommandFormat, IsChosenByTheNameOfTheFile) {
  const TemporaryDirectory directory;
  const std::string ending(format_->ending);
  const std::string file = directory / ("x" + ending);
  const Outcome run = run_command(command_, {"-o", file});
  if (!command_.has_output) {
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, HasSubstr("is written as *" + ending));
    EXPECT_FALSE(std::filesystem::exists(file));
    return;
  }
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  expect_format(command_, format_, read_file(file));
}

INSTANTIATE_TEST_SUITE_P(All, CommandFormat,
                         ::testing::Combine(::testing::Range<std::size_t>(0, commands().size()),
                                            ::testing::Range<std::size_t>(0, formats().size())),
                         [](const auto& test) {
                           return commands()[std::get<0>(test.param)].name + "_" +
                                  std::string(formats()[std::get<1>(test.param)].name);
                         });

TEST(CommandFormats, HaveAsManyRowsAsEachOther) {
  for (const Command& command : commands()) {
    SCOPED_TRACE(command.name);
    const auto text_in = [&](const char* format) {
      return run_command(command, {"--format", format}).out;
    };
    const auto json = nlohmann::json::parse(text_in("json"));
    const std::size_t rows = json.at(nlohmann::json::json_pointer(command.list)).size();
    EXPECT_GT(rows, 0U);
    const auto csv = parse_csv(text_in("csv"));
    const auto is_counted = [&](const CsvRow& row) {
      return command.record.empty() || row.at("record") == command.record;
    };
    // Columns of a comparison have a row each.
    const std::size_t each = command.name == "compare" ? 2 : 1;
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count_if(csv, is_counted)), each * rows);
    EXPECT_EQ(rows_of_markdown(text_in("markdown")), rows + command.more);
  }
}

TEST(CommandFormats, AnExplicitOneDecidesWhereTheNameSaysNothing) {
  const TemporaryDirectory directory;
  for (const Command& command : commands()) {
    if (!command.has_output) continue;
    SCOPED_TRACE(command.name);
    const std::string file = directory / (command.name + ".out");
    ASSERT_EQ(run_command(command, {"--format", "json", "-o", file}).exit_code, 0);
    expect_format(command, Format::json, read_file(file));
  }
}

TEST(CommandFormats, AContradictionIsAnError) {
  const TemporaryDirectory directory;
  for (const Command& command : commands()) {
    if (!command.has_output) continue;
    SCOPED_TRACE(command.name);
    const std::string file = directory / (command.name + ".csv");
    const Outcome run = run_command(command, {"--format", "json", "-o", file});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_THAT(run.err, HasSubstr("error: --format json contradicts the name of '" + file + "'"));
    EXPECT_THAT(run.err, HasSubstr("hint: leave --format out, or name a file *.json"));
  }
}

}  // namespace
}  // namespace smoothbound::testing
