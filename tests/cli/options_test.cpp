// Options: they equal the same settings in the file; mistakes in them are located and explained.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "smoothbound/spec/settings.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Json bound_json(const std::vector<std::string>& options, const std::string& text) {
  std::vector<std::string> arguments{"bound", "--format", "json", "--method", "both"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.emplace_back("-");
  const Outcome run = run_program(arguments, text);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  if (run.out.empty()) throw std::runtime_error("no output: " + run.err);
  Json json = Json::parse(run.out);
  json.at("architecture").erase("sha256");
  return json;
}

// A network with gaps for settings: top-level lines, entries of `input`, the loss.
std::string network_with(const std::string& top, const std::string& input,
                         const std::string& loss) {
  return "name: net\ninput: {shape: [2, 4, 4]" + input + "}\n" + top + loss +
         "layers:\n"
         "  - {name: conv, conv: {filters: 3, kernel: 3}, then: [softplus, batch_norm]}\n"
         "  - {name: out, dense: 2, then: [tanh]}\n";
}

struct Override {
  std::string option;
  std::string value;
  std::string file;   // how the file gives the value
  std::string other;  // how it gives another one
};

void PrintTo(const Override& o, std::ostream* out) { *out << o.option << ' ' << o.value; }

class Overrides : public ::testing::TestWithParam<Override> {};

TEST_P(Overrides, EqualTheSameSettingInTheFile) {
  const Override& o = GetParam();
  const auto text = [&](const std::string& entry) {
    if (entry.starts_with(",")) return network_with("", entry, "loss: logistic\n");
    if (entry.starts_with("loss")) return network_with("", "", entry);
    return network_with(entry, "", "loss: logistic\n");
  };
  const Json from_file = bound_json({}, text(o.file));
  EXPECT_EQ(bound_json({o.option, o.value}, text(o.other)), from_file);
  EXPECT_EQ(bound_json({o.option + "=" + o.value}, text(o.other)), from_file);
  EXPECT_NE(bound_json({}, text(o.other)), from_file) << "the setting matters";
}

INSTANTIATE_TEST_SUITE_P(
    All, Overrides,
    ::testing::Values(Override{"--batch", "32", "batch: 32\n", "batch: 2\n"},
                      Override{"--radius", "0.5", "radius: 0.5\n", "radius: 3\n"},
                      Override{"--input-norm", "7", ", norm: 7", ", norm: 2"},
                      Override{"--sample-norm", "0.25", ", sample_norm: 0.25",
                               ", sample_norm: 0.5"},
                      Override{"--regularizer", "1e-2", "regularizer: 1e-2\n", "regularizer: 1\n"},
                      Override{"--initial-gap", "6.9", "initial_gap: 6.9\n", "initial_gap: 1.5\n"},
                      Override{"--accuracy", "1e-5", "accuracy: 1e-5\n", "accuracy: 1e-2\n"},
                      Override{"--variance", "0.1", "variance: 0.1\n", "variance: 2\n"},
                      Override{"--loss", "square", "loss: square\n", "loss: logistic\n"},
                      Override{"--label-radius", "3", "loss: {square: {label_radius: 3}}\n",
                               "loss: {square: {label_radius: 2}}\n"},
                      Override{"--clusters", "5", "loss: {k_means: {clusters: 5}}\n",
                               "loss: {k_means: {clusters: 3}}\n"}),
    [](const auto& test) {
      std::string name = test.param.option.substr(2);
      std::erase(name, '-');
      return name;
    });

TEST(Overrides, ThereIsOneForEverySetting) {
  const std::string help = run_program({"bound", "--help"}).out;
  for (const RealSetting& setting : real_settings()) {
    std::string option(setting.name);
    std::replace(option.begin(), option.end(), '_', '-');
    EXPECT_THAT(help, HasSubstr("--" + option + " NUMBER"));
  }
  for (const CountSetting& setting : count_settings()) {
    EXPECT_THAT(help, HasSubstr("--" + std::string(setting.name) + " COUNT"));
  }
}

TEST(Overrides, DoNotReachALayersOwnRadius) {
  const std::string text =
      "input: {shape: [2]}\nradius: 1\nlayers: [{name: a, dense: 2, radius: 3, bias: false}]\n";
  const Json json = bound_json({"--radius", "10"}, text);
  EXPECT_EQ(json.at("results").at(0).at("network").at("m").at("text"), "3.0000000000000000e+0");
}

TEST(BatchNormEpsilon, EqualsThatOfTheFile) {
  const auto text = [](const std::string& epsilon) {
    return "name: n\ninput: {shape: [4]}\nbatch: 8\nlayers:\n"
           "  - {name: a, dense: 4, then: [{batch_norm: {epsilon: " +
           epsilon +
           "}}]}\n"
           "  - {name: b, dense: 4, then: [tanh, {batch_norm: {epsilon: " +
           epsilon + "}}]}\n";
  };
  const Json from_file = bound_json({}, text("0.5"));
  const Json overridden = bound_json({"--bn-epsilon", "0.5"}, text("7"));
  EXPECT_EQ(overridden.at("results"), from_file.at("results"));
  EXPECT_NE(bound_json({}, text("7")).at("results"), from_file.at("results"));
  EXPECT_EQ(overridden.at("settings").at("bn_epsilon"), 0.5);
  EXPECT_FALSE(from_file.at("settings").contains("bn_epsilon"));
}

TEST(BatchNormEpsilon, WithoutBatchNormSaysSo) {
  const Outcome run = run_program({"bound", "--bn-epsilon", "1", "-"}, std::string(small_network));
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("bn-epsilon has no effect"));
}

const std::string kinked =
    "name: n\ninput: {shape: [2, 8, 8]}\nlayers:\n"
    "  - {name: a, conv: {filters: 3, kernel: 3}, then: [relu, {max_pool: 2}]}\n"
    "  - {name: b, dense: 4, then: [relu]}\n";

std::string smoothed(const std::string& softplus) {
  return "name: n\ninput: {shape: [2, 8, 8]}\nlayers:\n"
         "  - {name: a, conv: {filters: 3, kernel: 3}, then: [" +
         softplus + ", {average_pool: 2}]}\n  - {name: b, dense: 4, then: [" + softplus + "]}\n";
}

TEST(Smooth, RewritesReluAndMaxPoolingAndSaysSo) {
  const Json json = bound_json({"--smooth"}, kinked);
  EXPECT_EQ(json.at("results"), bound_json({}, smoothed("softplus")).at("results"));
  const std::string notes = json.at("assumptions").dump();
  EXPECT_THAT(notes, HasSubstr("2 relu replaced by softplus"));
  EXPECT_THAT(notes, HasSubstr("1 max_pool replaced by average_pool"));
  EXPECT_EQ(json.at("settings").at("smooth"), 1.0);
}

// Each kink of the catalogue has a form without: the bounds are those of the file with it.
TEST(Smooth, RewritesEveryKink) {
  const auto file = [](const std::string& activation) {
    return "input: {shape: [4]}\nlayers:\n  - {dense: 3, then: [" + activation +
           "]}\n  - {dense: 2}\n";
  };
  for (const auto& [with_kink, smooth] :
       {std::pair<std::string, std::string>{"relu", "{softplus: 3}"},
        {"relu6", "{smooth_relu6: 3}"},
        {"{leaky_relu: 0.2}", "{smooth_leaky_relu: {slope: 0.2, beta: 3}}"},
        {"{elu: 2}", "{celu: 2}"},
        {"selu", "smooth_selu"},
        {"hard_tanh", "tanh"},
        {"hard_sigmoid", "sigmoid"},
        {"hard_swish", "silu"}}) {
    SCOPED_TRACE(with_kink);
    const Json json = bound_json({"--smooth", "3"}, file(with_kink));
    EXPECT_EQ(json.at("results"), bound_json({}, file(smooth)).at("results"));
    EXPECT_THAT(json.at("assumptions").dump(), HasSubstr("smooth: 1 "));
    EXPECT_THAT(json.at("results").dump(), Not(HasSubstr("\"inf\"")));
  }
  // Where f'' jumps only, nothing is done.
  for (const std::string smooth : {"elu", "celu", "softsign", "smooth_selu"}) {
    EXPECT_THAT(bound_json({"--smooth"}, file(smooth)).at("assumptions").dump(),
                HasSubstr("smooth has no effect: there is nothing to replace"));
  }
  // What was assumed of the one holds for the other.
  EXPECT_THAT(bound_json({"--smooth"}, file("leaky_relu")).at("assumptions").dump(),
              HasSubstr("slope = 0.01 of leaky_relu"));
}

TEST(Smooth, NamesWhatItCannotReplace) {
  const std::string file =
      "input: {shape: [4]}\nlayers:\n  - {dense: 3, then: [relu, {batch_norm: {epsilon: 0}}]}\n"
      "  - {opaque: {lipschitz: 1, smoothness: 1}, then: [{batch_norm: {epsilon: 0}}]}\n";
  const std::string notes = bound_json({"--smooth"}, file).at("assumptions").dump();
  EXPECT_THAT(notes, HasSubstr("smooth: 1 relu replaced by softplus"));
  EXPECT_THAT(notes, HasSubstr("smooth: 2 batch_norm not replaced: "));
}

TEST(Smooth, TakesBetaEitherWay) {
  const Json expected = bound_json({}, smoothed("{softplus: {beta: 4}}")).at("results");
  EXPECT_EQ(bound_json({"--smooth=4"}, kinked).at("results"), expected);
  EXPECT_EQ(bound_json({"--smooth", "4"}, kinked).at("results"), expected);
  EXPECT_NE(bound_json({"--smooth"}, kinked).at("results"), expected);
}

TEST(Smooth, DoesNotSwallowTheFileBehindIt) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("net.yaml", kinked);
  const Outcome run = run_program({"bound", "--format", "json", "--smooth", file});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Json::parse(run.out).at("results"),
            run_program({"bound", "--format", "json", file, "--smooth"}).out.empty()
                ? Json()
                : Json::parse(run_program({"bound", "--format", "json", file, "--smooth"}).out)
                      .at("results"));
}

TEST(Smooth, WithoutKinksSaysSo) {
  const Outcome run = run_program({"bound", "--smooth", "-"}, std::string(small_network));
  EXPECT_THAT(run.out, HasSubstr("smooth has no effect"));
}

TEST(MaxSize, LimitsAndIsNamed) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("net.yaml", small_network);
  const std::string size = std::to_string(small_network.size());
  EXPECT_EQ(run_program({"bound", "--max-size", size, file}).exit_code, 0);
  EXPECT_EQ(run_program({"bound", "--max-size", "1KiB", file}).exit_code, 0);
  const std::string less = std::to_string(small_network.size() - 1);
  const std::string expected = "larger than the limit of " + less + " bytes";
  const Outcome from_file = run_program({"bound", "--max-size", less, file});
  EXPECT_EQ(from_file.exit_code, 2);
  EXPECT_THAT(from_file.err, HasSubstr(expected));
  EXPECT_THAT(from_file.err, HasSubstr("--max-size"));
  const Outcome from_input =
      run_program({"bound", "--max-size", less, "-"}, std::string(small_network));
  EXPECT_EQ(from_input.exit_code, 2);
  EXPECT_THAT(from_input.err, HasSubstr(expected));
}

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;
  std::string place;  // line:column on the command line
  std::string message;
  std::string hint;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << ::testing::PrintToString(mistake.arguments);
}

class CommandLineMistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(CommandLineMistakes, AreLocatedAndExplained) {
  const Mistake& mistake = GetParam();
  const Outcome run = run_program(mistake.arguments, std::string(small_network));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("<command line>:" + mistake.place + ": error: "));
  EXPECT_THAT(run.err, HasSubstr(mistake.message));
  EXPECT_THAT(run.err, HasSubstr("hint: " + mistake.hint));
  const auto lines = lines_of(run.err);
  ASSERT_GE(lines.size(), 3U);
  EXPECT_THAT(lines[1], StartsWith(" 1 | smoothbound"));
  const std::size_t column = std::stoul(mistake.place.substr(2));
  EXPECT_EQ(lines[2].find('^'), column + 4) << "the caret stands below the mistake";
}

INSTANTIATE_TEST_SUITE_P(
    All, CommandLineMistakes,
    ::testing::Values(
        Mistake{"NoCommand", {}, "1:1", "a command is required", "commands: bound, "},
        Mistake{
            "UnknownCommand", {"bond"}, "1:13", "unknown command 'bond'", "did you mean 'bound'?"},
        Mistake{"UnknownOption",
                {"bound", "--metod", "paper", "-"},
                "1:19",
                "unknown option '--metod'",
                "did you mean '--method'?"},
        Mistake{"UnknownGlobalOption",
                {"--versoin"},
                "1:13",
                "unknown option '--versoin'",
                "did you mean '--version'?"},
        Mistake{"UnknownMethod",
                {"bound", "--method", "papr", "-"},
                "1:28",
                "unknown --method 'papr'",
                "did you mean 'paper'?"},
        Mistake{"UnknownMethodJoined",
                {"bound", "--method=papr", "-"},
                "1:28",
                "unknown --method 'papr'",
                "did you mean 'paper'?"},
        Mistake{"UnknownFormat",
                {"bound", "--format", "xml", "-"},
                "1:28",
                "unknown --format 'xml'",
                "one of: table, markdown, csv, sheet, json"},
        Mistake{"UnknownLoss",
                {"bound", "--loss", "logstic", "-"},
                "1:26",
                "unknown --loss 'logstic'",
                "did you mean 'logistic'?"},
        Mistake{"NoFile", {"bound"}, "1:18", "bound needs the name of a file", "name architecture"},
        Mistake{
            "NoFileNorBaseline", {"check"}, "1:18", "check needs the name of a file", "name arch"},
        Mistake{
            "NoBaseline", {"check", "a.yaml"}, "1:25", "check needs --baseline FILE", "the acc"},
        Mistake{"ZeroBatch",
                {"bound", "--batch", "0", "-"},
                "1:27",
                "--batch must be at least 1",
                "write an integer from 1 on"},
        Mistake{"FractionalBatch",
                {"bound", "--batch=2.5", "-"},
                "1:27",
                "--batch must be an integer",
                ""},
        Mistake{"NegativeRadius",
                {"bound", "--radius", "-1", "-"},
                "1:28",
                "--radius must not be negative",
                ""},
        Mistake{"ZeroAccuracy",
                {"bound", "--accuracy", "0", "-"},
                "1:30",
                "--accuracy must be positive",
                "write a number above 0"},
        Mistake{"ZeroBeta",
                {"bound", "--smooth", "0", "-"},
                "1:28",
                "--smooth must be positive",
                "write a number above 0"},
        Mistake{"InfiniteNorm",
                {"bound", "--input-norm", "inf", "-"},
                "1:32",
                "--input-norm must be a number, not 'inf'",
                "settings are finite numbers"},
        Mistake{"HugeNorm",
                {"bound", "--input-norm", "1e400", "-"},
                "1:32",
                "--input-norm is too large",
                ""},
        Mistake{"BadSize", {"bound", "--max-size", "5MB", "-"}, "1:30", "--max-size", ""},
        Mistake{"HugeSize",
                {"bound", "--max-size", "9999999GiB", "-"},
                "1:30",
                "--max-size is too large",
                "at most"},
        Mistake{"EmptyBatch", {"bound", "--batch", "", "-"}, "1:27", "empty argument", ""},
        Mistake{"EmptyOutput", {"bound", "-o", "", "-"}, "1:22", "empty argument", ""},
        Mistake{"EmptyFile", {"bound", ""}, "1:19", "empty argument", ""},
        Mistake{"NothingBehindEquals",
                {"bound", "--format=", "-"},
                "1:19",
                "--format has no value",
                ""},
        Mistake{"MissingValue", {"bound", "-", "-o"}, "1:21", "--output needs a value, FILE", ""},
        Mistake{"GivenTwice",
                {"bound", "--batch", "2", "--batch", "3", "-"},
                "1:29",
                "--batch is given more than once",
                "keep one of them"},
        Mistake{"ExtraArgument", {"schema", "x"}, "1:20", "unexpected argument 'x'", ""},
        Mistake{
            "UnknownSchemaOption", {"schema", "--bogus"}, "1:20", "unknown option '--bogus'", ""},
        Mistake{"UnknownComponent",
                {"layers", "sofplus"},
                "1:20",
                "there is no component or loss 'sofplus'",
                "did you mean 'softplus'?"},
        Mistake{"UnknownLayersFormat",
                {"layers", "--format", "xml"},
                "1:29",
                "unknown --format 'xml'",
                "one of: table, markdown, csv, sheet, json"},
        Mistake{"BehindAControl",
                {"bound", "a\nb\x1b", "--bogus"},
                "1:28",
                "unknown option '--bogus'",
                ""}),
    [](const auto& test) { return test.param.name; });

TEST(Help, IsThereForEveryCommand) {
  const std::string top = run_program({"--help"}).out;
  for (const char* command : {"bound", "layers", "schema", "sweep"}) {
    EXPECT_THAT(top, HasSubstr(command));
    for (const char* option : {"--help", "-h"}) {
      const Outcome run = run_program({command, option});
      EXPECT_EQ(run.exit_code, 0);
      EXPECT_EQ(run.err, "");
      EXPECT_THAT(run.out, HasSubstr(std::string("Usage: smoothbound ") + command));
      EXPECT_THAT(run.out, HasSubstr("Example"));
    }
  }
}

TEST(Version, IsOneLine) {
  const Outcome run = run_program({"--version"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, ::testing::MatchesRegex("smoothbound [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  const Json json =
      Json::parse(run_program({"bound", "--format", "json", "-"}, std::string(small_network)).out);
  EXPECT_EQ(run.out, "smoothbound " + json.at("version").get<std::string>() + "\n");
}

}  // namespace
}  // namespace smoothbound::testing
