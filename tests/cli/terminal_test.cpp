// On a terminal nothing is longer than its lines; files and pipes get all.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Outcome on_terminal(std::vector<std::string> arguments, unsigned short columns) {
  Invocation invocation{std::move(arguments)};
  invocation.directory = SMOOTHBOUND_SOURCE_DIR;
  invocation.columns = columns;
  return run_program(invocation);
}

Outcome in_pipe(std::vector<std::string> arguments) {
  Invocation invocation{std::move(arguments)};
  invocation.directory = SMOOTHBOUND_SOURCE_DIR;
  return run_program(invocation);
}

// UTF-8 bytes that begin a character.
std::size_t width_of(const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

class EveryOutput : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(EveryOutput, FitsIntoTheTerminal) {
  constexpr std::array<unsigned short, 3> widths{40, 80, 200};
  for (const unsigned short columns : widths) {
    const Outcome run = on_terminal(GetParam(), columns);
    ASSERT_THAT(run.exit_code, ::testing::AnyOf(0, 3)) << run.err;
    EXPECT_GT(lines_of(run.out).size(), 5U);
    for (const std::string& line : lines_of(run.out)) {
      EXPECT_LE(width_of(line), columns) << line;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryOutput,
    ::testing::Values(
        std::vector<std::string>{"bound", "architectures/vgg16-batchnorm.yaml", "--method", "both",
                                 "--explain", "fc7"},
        std::vector<std::string>{"bound", "architectures/resnet50-relu.yaml"},
        std::vector<std::string>{"cost", "architectures/lenet5.yaml"},
        std::vector<std::string>{"layers"},
        std::vector<std::string>{"compare", "architectures/vgg16.yaml", "architectures/vgg11.yaml",
                                 "architectures/vgg16-relu.yaml", "architectures/vgg13.yaml"},
        std::vector<std::string>{"sweep", "architectures/vgg16-batchnorm.yaml", "--bn-epsilon",
                                 "1e-4:1e4:log:3", "--against", "architectures/vgg16.yaml"},
        std::vector<std::string>{"run", "architectures/mlp.yaml", "--batch", "2", "--profile",
                                 "--threads", "1"},
        std::vector<std::string>{"train", "architectures/mlp.yaml", "--samples", "2",
                                 "--iterations", "2", "--threads", "1"},
        std::vector<std::string>{"plot", "architectures/vgg16.yaml", "architectures/vgg11.yaml"},
        std::vector<std::string>{"plot", "--chart", "growth", "architectures/vgg16-relu.yaml"},
        std::vector<std::string>{"--help"}, std::vector<std::string>{"train", "--help"},
        std::vector<std::string>{"sweep", "--help"}, std::vector<std::string>{"init", "--help"},
        std::vector<std::string>{"check", "--help"}, std::vector<std::string>{"man", "--help"}),
    [](const auto& test) {
      std::string name;
      for (const std::string& word : test.param) name += word + "_";
      std::erase_if(name, [](char c) {
        return c != '_' && std::isalnum(static_cast<unsigned char>(c)) == 0;
      });
      return name;
    });

TEST(Terminal, OfManyColumnsShowsWhatAPipeGets) {
  const std::vector<std::string> arguments{"bound", "architectures/vgg16-batchnorm.yaml"};
  EXPECT_EQ(on_terminal(arguments, 200).out, in_pipe(arguments).out);
}

TEST(Terminal, LeavesParametersOutBeforeItShortensComponents) {
  const std::vector<std::string> arguments{"bound", "architectures/vgg16.yaml"};
  const std::string wide = on_terminal(arguments, 97).out;
  EXPECT_THAT(wide, HasSubstr("components                  output       "));
  EXPECT_THAT(wide,
              HasSubstr("   2  conv1_2  conv softplus average_pool  64x112x112   2.45904e+4"));
  EXPECT_THAT(wide, Not(HasSubstr("parameters  ")));
  EXPECT_THAT(on_terminal(arguments, 80).out,
              HasSubstr("   2  conv1_2  conv so\u2026ge_pool  64x112x112   2.45904e+4"));
}

// Every number of a pipe is on a narrow terminal, too; of networks beside one another those of one
// stay together, and each block tells the layers.
TEST(Terminal, PagesManyNetworks) {
  const std::vector<std::string> arguments{
      "compare", "architectures/mlp.yaml", "--with", "radius=2", "--with", "radius=3", "--with",
      "radius=4"};
  const std::string narrow = on_terminal(arguments, 50).out;
  EXPECT_THAT(narrow, HasSubstr("  layer             A           B  log10 B/A\n"));
  EXPECT_THAT(narrow, HasSubstr("\n\n  layer             C  log10 C/A\n"));
  EXPECT_THAT(narrow, HasSubstr("\n\n  layer             D  log10 D/A\n"));
  std::istringstream words(in_pipe(arguments).out);
  for (std::string word; words >> word;) EXPECT_THAT(narrow, HasSubstr(word));
}

TEST(Terminal, IsNotAskedForFilesAndData) {
  const TemporaryDirectory directory;
  const std::vector<std::string> arguments{"bound", "architectures/vgg16.yaml"};
  std::vector<std::string> to_file = arguments;
  to_file.insert(to_file.end(), {"-o", directory / "bounds.txt"});
  on_terminal(to_file, 40);
  EXPECT_EQ(read_file(directory / "bounds.txt"), in_pipe(arguments).out);
  for (const char* format : {"csv", "json", "markdown"}) {
    std::vector<std::string> formatted = arguments;
    formatted.insert(formatted.end(), {"--format", format});
    EXPECT_EQ(on_terminal(formatted, 40).out, in_pipe(formatted).out) << format;
  }
}

TEST(Terminal, SaysItsWidthInColumnsIfItHasNoSize) {
  Invocation invocation{{"bound", "architectures/vgg16.yaml"}};
  invocation.directory = SMOOTHBOUND_SOURCE_DIR;
  invocation.environment = {{"COLUMNS", "40"}};
  EXPECT_EQ(run_program(invocation).out, in_pipe(invocation.arguments).out) << "a pipe";
  invocation.columns = 0;
  EXPECT_EQ(run_program(invocation).out, on_terminal(invocation.arguments, 40).out);
  invocation.environment = {{"COLUMNS", "many"}};
  EXPECT_EQ(run_program(invocation).out, on_terminal(invocation.arguments, 80).out);
}

TEST(Terminal, GetsBars) {
  const std::vector<std::string> arguments{"plot", "architectures/mlp.yaml"};
  EXPECT_THAT(on_terminal(arguments, 80).out, HasSubstr("bars from"));
  EXPECT_THAT(in_pipe(arguments).out, ::testing::StartsWith("<svg"));
  std::vector<std::string> svg = arguments;
  svg.insert(svg.end(), {"--format", "svg"});
  EXPECT_THAT(on_terminal(svg, 80).out, ::testing::StartsWith("<svg"));
}

TEST(Help, IsWrappedAt80ColumnsInAPipe) {
  const std::string help = in_pipe({"train", "--help"}).out;
  for (const std::string& line : lines_of(help)) EXPECT_LE(width_of(line), 80U) << line;
  EXPECT_EQ(help, on_terminal({"train", "--help"}, 80).out);
}

}  // namespace
}  // namespace smoothbound::testing
