// Every kind of bad input through the real program: exit 2, nothing on standard output, and a
// message with place, line, caret and (where one helps) a hint.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// `file:line:column: error: ...`, the line, the caret; no control character but the newline.
void expect_message(const std::string& err, const std::string& file) {
  const auto lines = lines_of(err);
  ASSERT_GE(lines.size(), 3U) << err;
  ASSERT_TRUE(lines[0].starts_with(file + ":")) << err;
  EXPECT_THAT(lines[0].substr(file.size()), MatchesRegex(":[0-9]+:[0-9]+: error: .+"));
  const auto bar = lines[1].find(" | ");
  EXPECT_NE(bar, std::string::npos) << err;
  EXPECT_THAT(lines[2], MatchesRegex(" +\\| *\\^"));
  EXPECT_EQ(lines[2].find(" | "), bar) << err;
  EXPECT_EQ(err.back(), '\n');
  for (const char c : err) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << err;
}

void expect_refusal(const Outcome& run, const std::string& file) {
  EXPECT_FALSE(run.timed_out);
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_EQ(run.out, "");
  expect_message(run.err, file);
}

// Of what is wrong with a file as a whole: `file: error: ...` and the hint.
void expect_refused_whole(const Outcome& run, const std::string& file) {
  EXPECT_FALSE(run.timed_out);
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_EQ(run.out, "");
  const auto lines = lines_of(run.err);
  ASSERT_EQ(lines.size(), 2U) << run.err;
  EXPECT_TRUE(lines[0].starts_with(file + ": error: ")) << run.err;
  EXPECT_TRUE(lines[1].starts_with("hint: ")) << run.err;
}

struct BadText {
  std::string name;
  std::string text;
  std::string message;     // in the first line of the message
  std::string place = {};  // line:column; empty: wherever
  bool hint = true;
};

void PrintTo(const BadText& bad, std::ostream* out) { *out << ::testing::PrintToString(bad.text); }

std::string with_layers(const std::string& layers) {
  return "input: {shape: [3, 8, 8]}\nlayers:\n" + layers;
}

std::string json_with_layers(const std::string& layers) {
  return "{\"input\": {\"shape\": [3, 8, 8]},\n\"layers\": [\n" + layers + "\n]}\n";
}

class BadYaml : public ::testing::TestWithParam<BadText> {};
class BadJson : public ::testing::TestWithParam<BadText> {};

void check(const BadText& bad, const std::string& file_name) {
  const TemporaryDirectory directory;
  const std::string file = directory.write(file_name, bad.text);
  const Outcome run = run_program({"bound", file});
  expect_refusal(run, file);
  const std::string first = lines_of(run.err).at(0);
  EXPECT_THAT(first, HasSubstr(bad.message)) << run.err;
  if (!bad.place.empty()) {
    EXPECT_TRUE(first.starts_with(file + ":" + bad.place + ":")) << run.err;
  }
  if (bad.hint) {
    EXPECT_THAT(run.err, HasSubstr("\nhint: ")) << run.err;
  }
}

TEST_P(BadYaml, IsLocatedAndExplained) { check(GetParam(), "net.yaml"); }
TEST_P(BadJson, IsLocatedAndExplained) { check(GetParam(), "net.json"); }

const auto name_of_case = [](const auto& test) { return test.param.name; };

INSTANTIATE_TEST_SUITE_P(
    Text, BadYaml,
    ::testing::Values(
        BadText{"Empty", "", "empty"}, BadText{"OnlyBlanks", " \n\n", "empty"},
        BadText{"OnlyAComment", "# nothing\n", ""}, BadText{"OnlyAComma", ",", ""},
        BadText{"OnlyAScalar", "net\n", "mapping"},
        BadText{"Truncated", "input: {shape: [3, 8\n", ""},
        BadText{"TruncatedString", "name: \"net\n", ""},
        BadText{"TrailingText", "{input: {shape: [2]}, layers: [{dense: 2}]} more\n", ""},
        BadText{"SecondDocument", "input: {shape: [2]}\nlayers: [{dense: 2}]\n---\nname: b\n",
                "document", "3:1"},
        BadText{"Nul", "name: a\0b\n"s, "NUL", "1:8"},
        BadText{"InvalidUtf8", "name: a\xff\n", "0xFF is not UTF-8", "1:8"},
        BadText{"OverlongUtf8", "name: \xc0\xaf\n", "0xC0 is not UTF-8", "1:7"},
        BadText{"TruncatedUtf8", "name: \xe2\x82", "is not UTF-8", "1:7"},
        BadText{"Tab", "input:\n\tshape: [2]\n", ""},
        BadText{"Alias", "input: &a {shape: [2]}\nlayers: [*a]\n", ""},
        BadText{"MergeKey", "input: {<<: {shape: [2]}}\nlayers: [{dense: 2}]\n", "merge"},
        BadText{"CustomTag", "input: !shape {shape: [2]}\nlayers: [{dense: 2}]\n", "tag"},
        BadText{"DuplicateKey", "layers: [{dense: 1}]\nname: a\nname: b\ninput: {shape: [2]}\n",
                "key 'name' appears twice", "3:1"}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Grammar, BadYaml,
    ::testing::Values(
        BadText{"NoInput", "layers: [{dense: 2}]\n", "has no 'input'"},
        BadText{"NoShape", "input: {norm: 1}\nlayers: [{dense: 2}]\n", "has no 'shape'", "1:8"},
        BadText{"NoLayers", "input: {shape: [2]}\n", "has no 'layers'"},
        BadText{"EmptyLayers", "input: {shape: [2]}\nlayers: []\n", "layers is empty", "2:9"},
        BadText{"UnknownKey", "input: {shape: [2]}\nlayers: [{dense: 2}]\nbacth: 3\n",
                "unknown key 'bacth'", "3:1"},
        BadText{"UnknownInputKey", "input: {shape: [2], nrom: 1}\nlayers: [{dense: 2}]\n",
                "unknown key 'nrom' in input", "1:21"},
        BadText{"UnknownComponent", with_layers("  - {dens: 2}\n"), "'dens'", "3:6"},
        BadText{"UnknownMap", with_layers("  - {dense: 2, then: [sofplus]}\n"),
                "unknown component 'sofplus'", "3:23"},
        BadText{"UnknownSetting", with_layers("  - {conv: {filters: 2, kernal: 3}}\n"), "'kernal'",
                "3:25"},
        BadText{"UnknownLoss", "loss: hinge\n" + with_layers("  - {dense: 2}\n"),
                "unknown loss 'hinge'", "1:7"},
        BadText{"WrongTypeOfLayers", "input: {shape: [2]}\nlayers: 3\n", "layers must be a list",
                "2:9"},
        BadText{"WrongTypeOfLayer", with_layers("  - dense\n"), "must be a mapping", "3:5"},
        BadText{"WrongTypeOfName", "name: [a]\n" + with_layers("  - {dense: 2}\n"), "name", "1:7",
                false},
        BadText{"NumberAsName", "name: 12\n" + with_layers("  - {dense: 2}\n"), "must be text",
                "1:7"},
        BadText{"WrongTypeOfShape", "input: {shape: 3}\nlayers: [{dense: 2}]\n",
                "shape must be a list", "1:16"},
        BadText{"Yes", with_layers("  - {dense: 2, bias: yes}\n"), "must be true or false", "3:22"},
        BadText{"On", with_layers("  - {dense: 2, bias: on}\n"), "must be true or false", "3:22"},
        BadText{"UnknownLayer", with_layers("  - {name: a, dense: 2}\n  - {from: b, dense: 2}\n"),
                "there is no layer 'b'", "4:12"},
        BadText{"RepeatedName", with_layers("  - {name: a, dense: 2}\n  - {name: a, dense: 2}\n"),
                "two layers are named 'a'", "4:12"},
        BadText{"Cycle",
                with_layers("  - {name: a, from: c, dense: 2}\n  - {name: b, dense: 2}\n"
                            "  - {name: c, dense: 2}\n"),
                "cycle: "},
        BadText{"SelfLoop", with_layers("  - {name: a, from: a, dense: 2}\n"), "a <- a"},
        BadText{"SampleNormTooLarge",
                "input: {shape: [2], norm: 1, sample_norm: 2}\n"
                "layers: [{dense: 2}]\n",
                "sample_norm exceeds", "1:43"}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Numbers, BadYaml,
    ::testing::Values(
        BadText{"Quoted", with_layers("  - {dense: \"2\"}\n"), "must be a number, not the text",
                "3:13"},
        BadText{"Octal", with_layers("  - {dense: 010}\n"), "not '010'", "3:13"},
        BadText{"Hexadecimal", with_layers("  - {dense: 0x1F}\n"), "not '0x1F'", "3:13"},
        BadText{"Underscore", with_layers("  - {dense: 1_000}\n"), "not '1_000'", "3:13"},
        BadText{"Zero", with_layers("  - {dense: 0}\n"), "at least 1", "3:13"},
        BadText{"Negative", with_layers("  - {dense: -3}\n"), "negative", "3:13"},
        BadText{"Fraction", with_layers("  - {dense: 2.5}\n"), "must be an integer", "3:13"},
        BadText{"ZeroShape", "input: {shape: [0]}\nlayers: [{dense: 2}]\n", "at least 1", "1:17"},
        BadText{"ZeroBatch", "batch: 0\n" + with_layers("  - {dense: 2}\n"), "at least 1", "1:8"},
        BadText{"ShapeOverflow",
                "input: {shape: [4000000000, 4000000000, 3]}\nlayers: [{dense: 2}]\n",
                "exceeds 2^63 - 1", "1:16"},
        BadText{"ParameterOverflow",
                "input: {shape: [4000000000]}\nlayers: [{dense: 4000000000}]\n",
                "exceeds 2^63 - 1"},
        BadText{"BatchOverflow",
                "batch: 4000000000\ninput: {shape: [4000000000]}\nlayers: "
                "[{dense: 4000000000, bias: false}]\n",
                "exceeds 2^63 - 1"},
        BadText{"NaN", "radius: .nan\n" + with_layers("  - {dense: 2}\n"), "not '.nan'", "1:9"},
        BadText{"Infinity", "radius: .inf\n" + with_layers("  - {dense: 2}\n"), "not '.inf'",
                "1:9"},
        BadText{"TooLarge", "radius: 1e400\n" + with_layers("  - {dense: 2}\n"), "too large",
                "1:9"},
        BadText{"TooLargeCount", with_layers("  - {dense: 1e30}\n"), "too large", "3:13"},
        BadText{"TinyEpsilon",
                with_layers("  - {dense: 2, then: [{batch_norm: {epsilon: 1e-400}}]}\n"),
                "too small", "3:46"},
        BadText{"NegativeEpsilon",
                with_layers("  - {dense: 2, then: [{batch_norm: {epsilon: -1}}]}\n"),
                "must not be negative", "3:46"},
        BadText{"NegativeRadius", "radius: -1\n" + with_layers("  - {dense: 2}\n"), "negative",
                "1:9"},
        BadText{"ZeroAccuracy", "accuracy: 0\n" + with_layers("  - {dense: 2}\n"), "positive",
                "1:11"}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Shapes, BadYaml,
    ::testing::Values(
        BadText{"KernelTooLarge", with_layers("  - {conv: {filters: 2, kernel: 9}}\n"),
                "layer 'layer1'"},
        BadText{"ZeroStride", with_layers("  - {conv: {filters: 2, kernel: 3, stride: 0}}\n"),
                "at least 1", "3:44"},
        BadText{"ZeroDilation", with_layers("  - {conv: {filters: 2, kernel: 3, dilation: 0}}\n"),
                "at least 1", "3:46"},
        BadText{"GroupsDoNotDivide",
                with_layers("  - {conv: {filters: 4, kernel: 3, groups: 2}}\n"), "groups"},
        BadText{"FanIn", "input: {shape: [7]}\nlayers:\n  - {conv: {filters: 4, kernel: 3}}\n",
                "layer 'layer1'"},
        BadText{"ThreeKernels", with_layers("  - {conv: {filters: 4, kernel: [3, 3, 3]}}\n"), ""},
        BadText{"PoolTooLarge", with_layers("  - {dense: 2, then: [{average_pool: 2}]}\n"),
                "layer 'layer1'"}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Text, BadJson,
    ::testing::Values(
        BadText{"Empty", "", "empty"}, BadText{"OnlyAComma", ",", ""},
        BadText{"Truncated", "{\"input\": {\"shape\": [2", "invalid JSON"},
        BadText{"TruncatedString", "{\"inp", "invalid JSON"},
        BadText{"TrailingText", "{\"input\": {\"shape\": [2]}, \"layers\": [{\"dense\": 2}]} more",
                "invalid JSON", "1:53"},
        BadText{"TrailingComma", "{\"input\": {\"shape\": [2],},\n\"layers\": []}", "invalid JSON"},
        BadText{"Nul", "{\"name\": \"a\0\"}"s, "NUL", "1:12"},
        BadText{"NulBehindTheEnd", "{\"input\": {\"shape\": [2]}, \"layers\": [{\"dense\": 2}]}\0"s,
                "NUL", "1:52"},
        BadText{"InvalidUtf8", "{\"name\": \"\x80\"}", "0x80 is not UTF-8", "1:11"},
        BadText{"DuplicateKey",
                "{\"name\": \"a\",\n \"name\": \"b\", \"input\": {\"shape\": [2]}, \"layers\": "
                "[{\"dense\": 1}]}",
                "key 'name' appears twice", "2:2"}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Values, BadJson,
    ::testing::Values(
        BadText{"NoShape", "{\"input\": {}, \"layers\": [{\"dense\": 2}]}", "has no 'shape'",
                "1:11"},
        BadText{"UnknownComponent", json_with_layers(R"({"dens": 2})"), "'dens'", "3:2"},
        BadText{"UnknownKey", R"({"input": {"shape": [2]}, "layers": [{"dense": 2}], "bacth": 3})",
                "unknown key 'bacth'", "1:53"},
        BadText{"WrongType", json_with_layers("7"), "must be a mapping", "3:1"},
        BadText{"Quoted", json_with_layers(R"({"dense": "2"})"), "not the text", "3:11"},
        BadText{"Octal", json_with_layers(R"({"dense": 010})"), ""},
        BadText{"Hexadecimal", json_with_layers(R"({"dense": 0x1F})"), ""},
        BadText{"Underscore", json_with_layers(R"({"dense": 1_000})"), ""},
        BadText{"Yes", json_with_layers(R"({"dense": 2, "bias": yes})"), ""},
        BadText{"Zero", json_with_layers(R"({"dense": 0})"), "at least 1", "3:11"},
        BadText{"Negative", json_with_layers(R"({"dense": -1})"), "negative", "3:11"},
        BadText{"NaN", json_with_layers(R"({"dense": 2, "radius": NaN})"), ""},
        BadText{"TooLarge", json_with_layers(R"({"dense": 2, "radius": 1e400})"), "", "3:24"},
        BadText{"TinyEpsilon",
                json_with_layers(R"({"dense": 2, "then": [{"batch_norm": {"epsilon": 1e-400}}]})"),
                "too small", "3:50"},
        BadText{"UnknownLayer", json_with_layers(R"({"from": "b", "dense": 2})"),
                "there is no layer 'b'", "3:10"}),
    name_of_case);

TEST(UnequalShapes, NameBothProducers) {
  for (const std::string merge : {"add", "concat", "multiply"}) {
    const std::string text = with_layers(
        "  - {name: one, from: input, conv: {filters: 2, kernel: 3}}\n"
        "  - {name: two, from: input, conv: {filters: 2, kernel: 5}}\n"
        "  - {name: both, " +
        merge + ": [one, two]}\n");
    const Outcome run = run_program({"bound", "-"}, text);
    expect_refusal(run, "<stdin>");
    EXPECT_THAT(run.err, HasSubstr("<stdin>:5:")) << merge;
    EXPECT_THAT(run.err, HasSubstr("<stdin>:3:12: note: 'one' gives [2, 6, 6]"));
    EXPECT_THAT(run.err, HasSubstr("<stdin>:4:12: note: 'two' gives [2, 4, 4]"));
  }
}

TEST(DuplicateKey, IsShownInBothPlaces) {
  const Outcome run = run_program({"bound", "-"}, "name: a\nbatch: 2\nname: b\n");
  expect_refusal(run, "<stdin>");
  EXPECT_THAT(run.err, HasSubstr("<stdin>:3:1: error: "));
  EXPECT_THAT(run.err, HasSubstr("<stdin>:1:1: note: "));
}

TEST(Cycle, IsPrinted) {
  const Outcome run = run_program(
      {"bound", "-"}, with_layers("  - {name: a, from: c, dense: 2}\n  - {name: b, dense: 2}\n"
                                  "  - {name: c, dense: 2}\n"));
  expect_refusal(run, "<stdin>");
  EXPECT_THAT(run.err,
              ::testing::AnyOf(HasSubstr("a <- c <- b <- a"), HasSubstr("b <- a <- c <- b"),
                               HasSubstr("c <- b <- a <- c")));
}

class DeepNesting : public ::testing::TestWithParam<std::string> {};

TEST_P(DeepNesting, IsRefusedAtOnce) {
  constexpr std::size_t depth = 1'000'000;
  const std::string opening = GetParam();
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += opening;
  for (const char* name : {"deep.json", "deep.yaml"}) {
    const TemporaryDirectory directory;
    const std::string file = directory.write(name, text);
    const auto start = std::chrono::steady_clock::now();
    const Outcome run = run_program({"bound", file});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    expect_refusal(run, file);
    EXPECT_LT(run.err.size(), 1000U);
  }
}

INSTANTIATE_TEST_SUITE_P(Openings, DeepNesting,
                         ::testing::Values("[", "{\"a\":", "- ", "[{\"a\":", "? "),
                         [](const auto& test) { return "Case" + std::to_string(test.index); });

TEST(NotAFile, IsRefused) {
  const TemporaryDirectory directory;
  const Outcome missing = run_program({"bound", directory / "missing.yaml"});
  expect_refused_whole(missing, directory / "missing.yaml");
  EXPECT_THAT(missing.err, HasSubstr("No such file"));
  const Outcome folder = run_program({"bound", directory.path().string()});
  expect_refused_whole(folder, directory.path().string());
  EXPECT_THAT(folder.err, HasSubstr("directory"));
  const std::string fifo = directory / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const Outcome pipe = run_program({"bound", fifo});
  expect_refused_whole(pipe, fifo);
  EXPECT_THAT(pipe.err, HasSubstr("not a regular file"));
  const Outcome device = run_program({"bound", "/dev/zero"});
  expect_refused_whole(device, "/dev/zero");
}

// Whatever is read: nothing waits for a writer that never comes.
TEST(NotAFile, PipesAreRefusedWhereverAFileIsRead) {
  const TemporaryDirectory directory;
  const std::string net = directory.write("net.yaml", small_network);
  const std::string fifo = directory / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  using Arguments = std::vector<std::string>;
  for (const Arguments& arguments : {Arguments{"plot", fifo},
                                     {"plot", net, fifo},
                                     {"report", fifo},
                                     {"compare", net, fifo},
                                     {"sweep", fifo, "--radius", "1,2"},
                                     {"cost", fifo},
                                     {"--config", fifo, "bound", net},
                                     {"check", "--baseline", fifo, net},
                                     {"run", net, "--input", fifo},
                                     {"run", net, "--weights", fifo},
                                     {"train", net, "--resume", fifo},
                                     {"train", net, "--checkpoint", fifo}}) {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    Invocation invocation{arguments};
    invocation.timeout = std::chrono::seconds(10);
    const Outcome run = run_program(invocation);
    EXPECT_FALSE(run.timed_out);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, ::testing::ContainsRegex("(not a|no) regular file"));
    EXPECT_THAT(run.err, HasSubstr("hint: "));
  }
}

TEST(NotAFile, IncludesWhatMayNotBeRead) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("secret.yaml", small_network);
  ASSERT_EQ(chmod(file.c_str(), 0), 0);
  if (access(file.c_str(), R_OK) == 0) GTEST_SKIP() << "permissions do not hold for root";
  const Outcome run = run_program({"bound", file});
  expect_refused_whole(run, file);
  EXPECT_THAT(run.err, HasSubstr("Permission denied"));
}

TEST(LargeFile, IsRefusedByItsSizeAndTheLimitIsNamed) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("large.yaml", small_network);
  constexpr off_t size = (off_t{64} << 20) + 1;
  ASSERT_EQ(truncate(file.c_str(), size), 0);  // sparse
  const Outcome run = run_program({"bound", file});
  expect_refused_whole(run, file);
  EXPECT_THAT(run.err, HasSubstr("larger than the limit of 64 MiB (67108864 bytes)"));
  EXPECT_THAT(run.err, HasSubstr("--max-size"));
  const Outcome raised = run_program({"bound", "--max-size", "65MiB", file});
  expect_refusal(raised, file);
  EXPECT_THAT(raised.err, HasSubstr("NUL")) << "the limit is raised: now the content is looked at";
}

TEST(ManyLayers, AreRefusedBeyondTheLimitWhichMaxSizeRaises) {
  const TemporaryDirectory directory;
  std::string text = "input: {shape: [1]}\nlayers: [";
  for (int i = 0; i <= 1'000'000; ++i) text += "{dense: 1},";
  const std::string file = directory.write("many.yaml", text + "]\n");
  const Outcome run = run_program({"bound", "--format", "csv", file});
  expect_refusal(run, file);
  EXPECT_THAT(run.err, HasSubstr("1000001 layers exceed the limit of 1000000"));
  EXPECT_THAT(run.err, HasSubstr("--max-size"));
  const Outcome raised = run_program({"bound", "--max-size", "65MiB", "-o", "/dev/null", file});
  EXPECT_EQ(raised.exit_code, 0) << raised.err;
}

// Neither epsilon = 0 nor a kink is a mistake.
TEST(Infinite, IsNotAnError) {
  for (const std::string then : {"[{batch_norm: {epsilon: 0}}]", "[relu]", "[{max_pool: 2}]"}) {
    const Outcome run = run_program(
        {"bound", "-"},
        "batch: 2\n" + with_layers("  - {conv: {filters: 2, kernel: 3}, then: " + then + "}\n"));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("inf"));
    EXPECT_THAT(run.out, HasSubstr("infinite values"));
    EXPECT_EQ(run.err, "");
  }
}

}  // namespace
}  // namespace smoothbound::testing
