// smoothbound run as users run it, on networks small enough to do by hand.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string architectures = std::string(SMOOTHBOUND_SOURCE_DIR) + "/architectures/";

// z = W x + b with W = (1 2; 3 4), b = (0.5, -0.5), ||v||^2 = 30.5, on x = (1, 0) and (0, 1).
class ByHand : public ::testing::Test {
 protected:
  ByHand() {
    write_array("x.npy", {2, 2}, {1, 0, 0, 1});
    write_labels("labels.idx", {1, 0});
    weights("w.safetensors", {1, 2, 3, 4}, {0.5, -0.5});
    network("net.yaml", 6);
  }

  void network(const std::string& name, double radius, const std::string& more = "") const {
    (void)directory_.write(name, "name: net\ninput: {shape: [2]}\nloss: logistic\n" + more +
                                     "layers:\n  - {name: a, radius: " + Json(radius).dump() +
                                     ", dense: 2}\n");
  }
  void weights(const std::string& name, const std::vector<double>& weight,
               const std::vector<double>& bias) const {
    write_safetensors(directory_ / name,
                      std::vector<TensorView>{{"a.weight", {2, 2}, weight}, {"a.bias", {2}, bias}});
  }
  void write_array(const std::string& name, const std::vector<std::int64_t>& shape,
                   const std::vector<double>& values) const {
    write_npy(directory_ / name, {"", shape, values});
  }

  // An IDX file: bytes, one axis, its length, the labels.
  void write_labels(const std::string& name, const std::vector<char>& labels) const {
    std::string bytes{0, 0, 8, 1, 0, 0, 0, static_cast<char>(labels.size())};
    bytes.append(labels.begin(), labels.end());
    (void)directory_.write(name, bytes);
  }

  [[nodiscard]] Outcome run(std::vector<std::string> arguments, std::string input = {}) const {
    arguments.insert(arguments.begin(), "run");
    return run_program(Invocation{.arguments = std::move(arguments),
                                  .input = std::move(input),
                                  .directory = directory_.path().string()});
  }
  [[nodiscard]] Json json_of(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = run(std::move(arguments));
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out);
  }
  void expect_error(const std::vector<std::string>& arguments, const std::string& message,
                    int code = 2) const {
    const std::size_t files = directory_.count();
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, message);
    EXPECT_EQ(directory_.count(), files);
  }

  TemporaryDirectory directory_;
};

// What they are is held in runtime/execute_test.cpp; here, that they come to JSON and to the file.
TEST_F(ByHand, NormsLossAndAccuracyAreWritten) {
  for (const std::string precision : {"float32", "float64"}) {
    const Json json =
        json_of({"net.yaml", "--input", "x.npy", "--labels", "labels.idx", "--weights",
                 "w.safetensors", "--precision", precision, "--output", "y.npy"});
    EXPECT_EQ(json.at("schema"), "smoothbound/run/1");
    EXPECT_EQ(json.at("precision"), precision);
    EXPECT_EQ(json.at("batch"), 2);
    EXPECT_DOUBLE_EQ(json.at("input_norm"), std::sqrt(2));
    EXPECT_DOUBLE_EQ(json.at("layers").at(0).at("norm"), std::sqrt(27));
    EXPECT_NEAR(json.at("loss").at("value"),
                (std::log1p(std::exp(-1)) + std::log1p(std::exp(1))) / 2, 1e-15);
    EXPECT_EQ(json.at("accuracy"), (Json{{"correct", 1}, {"samples", 2}}));
    EXPECT_EQ(json.at("verdict"), "holds");
    EXPECT_DOUBLE_EQ(json.at("blocks").at(0).at("norm"), std::sqrt(30.5));
    EXPECT_EQ(json.at("blocks").at(0).at("inside"), true);
    const ArrayFile outputs = open_array_file(directory_ / "y.npy");
    EXPECT_EQ(outputs.entries().front().type,
              precision == "float32" ? ElementType::f32 : ElementType::f64);
    EXPECT_THAT(outputs.entries().front().shape, ElementsAre(2, 2));
    std::vector<double> y(4);
    outputs.read_into(outputs.entries().front(), std::span(y));
    EXPECT_THAT(y, ElementsAre(1.5, 2.5, 2.5, 3.5));
  }
}

TEST_F(ByHand, BoundsAreThoseOfTheSamplesAsTheyAre) {
  const Json json =
      json_of({"net.yaml", "--input", "x.npy", "--weights", "w.safetensors", "--method", "both"});
  const Outcome bound =
      run_program({"bound", "--method", "both", "--format", "json", "--batch", "2", "--input-norm",
                   "1.4142135623745", "--radius", "6", directory_ / "net.yaml"});
  const Json expected = Json::parse(bound.out);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string method = expected.at("results").at(i).at("method");
    const double log10 = expected.at("results").at(i).at("network").at("m").at("log10");
    EXPECT_NEAR(json.at("layers").at(0).at("m").at(method).at("log10"), log10, 1e-11);
  }
}

TEST_F(ByHand, ParametersOutsideAreToldAndNothingIsClaimed) {
  network("small.yaml", 5);
  const std::vector<std::string> arguments{"small.yaml", "--input", "x.npy", "--weights",
                                           "w.safetensors"};
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\nparameters outside of their balls\n"
                                     "  block       norm  radius\n"
                                     "  a      5.523e+00       5\n"
                                     "\n"
                                     "m is about parameters with ||v|| <= R: nothing follows for "
                                     "these, and nothing is checked\n"));
  EXPECT_EQ(json_of(arguments).at("verdict"), "outside");
}

TEST_F(ByHand, SamplesArePreparedAsAsked) {
  const Json scaled = json_of({"net.yaml", "--input", "x.npy", "--weights", "w.safetensors",
                               "--scale-norm", "--input-norm", "7"});
  EXPECT_EQ(scaled.at("data").at("norm"), 7);
  // Each feature is 0 and 1: mean 1/2, deviation 1/2, so it becomes -1 and 1.
  const Outcome standardised =
      run({"net.yaml", "--input", "x.npy", "--weights", "w.safetensors", "--standardise"});
  EXPECT_THAT(standardised.out,
              HasSubstr("  - channel 0: less its mean 0.5, over its deviation 0.5\n"));
  EXPECT_THAT(standardised.out, HasSubstr("for ||x|| = 2.00001e+0"));
  const Json one =
      json_of({"net.yaml", "--input", "x.npy", "--samples", "1", "--weights", "w.safetensors"});
  EXPECT_EQ(one.at("batch"), 1);
  EXPECT_DOUBLE_EQ(one.at("layers").at(0).at("norm"), std::sqrt(8.5));
}

TEST_F(ByHand, TargetsHaveToFit) {
  write_array("t.npy", {2, 3}, {1, 2, 3, 4, 5, 6});
  expect_error({"net.yaml", "--input", "x.npy", "--targets", "t.npy", "--loss", "square"},
               "t.npy: error: an array of shape [2, 3] holds no targets for outputs of shape [2]\n"
               "hint: for 2 samples the shape is [2, 2]\n");
  expect_error({"net.yaml", "--input", "x.npy", "--targets", "w.safetensors", "--loss", "square"},
               "w.safetensors: error: targets have to be an NPY file\n"
               "hint: save them alone, e.g. with numpy.save\n");
  expect_error({"net.yaml", "--input", "x.npy", "--targets", "none.npy", "--loss", "square"},
               "none.npy: error: cannot open: No such file or directory\nhint: check the path\n");
}

TEST_F(ByHand, FormatsAgree) {
  const std::vector<std::string> arguments{"net.yaml",      "--input",  "x.npy", "--weights",
                                           "w.safetensors", "--method", "both"};
  const auto with = [&](const std::string& format) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--format", format});
    return run(all).out;
  };
  const Json json = Json::parse(with("json"));
  const std::vector<CsvRow> rows = parse_csv(with("csv"));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].at("name"), "a");
  EXPECT_EQ(std::stod(rows[0].at("norm")), json.at("layers").at(0).at("norm").get<double>());
  EXPECT_EQ(rows[0].at("m_paper"), json.at("layers").at(0).at("m").at("paper").at("text"));
  EXPECT_EQ(rows[0].at("m_sharp"), json.at("layers").at(0).at("m").at("sharp").at("text"));
  EXPECT_EQ(rows[0].at("verdict"), "holds");
  EXPECT_THAT(
      with("markdown"),
      HasSubstr("| # | layer | components | output | norm | m paper | m sharp | norm/m |\n"));
  EXPECT_THAT(with("markdown"), HasSubstr("| 1 | a | dense | 2 | 5.196e+00 | "));
  EXPECT_THAT(with("table"), HasSubstr("  1  a      dense       2       5.196e+00  "));
}

TEST_F(ByHand, ValuesBeyondTheArithmeticAreNoViolation) {
  weights("huge.safetensors", {3e38, 3e38, 0, 0}, {0, 0});
  write_array("ones.npy", {1, 2}, {1, 1});
  network("huge.yaml", 1e39);
  const Outcome outcome =
      run({"huge.yaml", "--input", "ones.npy", "--weights", "huge.safetensors"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out,
              HasSubstr("the values of 1 layer are not finite in float32, from 'a' on; "
                        "--precision float64 reaches further\n"));
  EXPECT_EQ(run({"huge.yaml", "--input", "ones.npy", "--weights", "huge.safetensors", "--precision",
                 "float64"})
                .exit_code,
            0);
}

TEST_F(ByHand, MistakesAreShownInTheirPlace) {
  const auto on_line = [](const std::string& line, std::size_t column, const std::string& message,
                          const std::string& hint) {
    return "<command line>:1:" + std::to_string(column) + ": error: " + message +
           "\n 1 | smoothbound run " + line + "\n   | " + std::string(column - 1, ' ') +
           "^\nhint: " + hint + "\n";
  };
  expect_error({"net.yaml", "--batch", "0"},
               on_line("net.yaml --batch 0", 34, "--batch must be at least 1",
                       "write an integer from 1 on"));
  expect_error(
      {"net.yaml", "--samples", "2", "--batch", "2"},
      on_line("net.yaml --samples 2 --batch 2", 26,
              "--samples and --batch both say how many samples there are", "keep one of them"));
  expect_error({"net.yaml", "--input", "x.npy", "--samples", "3"},
               on_line("net.yaml --input x.npy --samples 3", 40,
                       "--samples asks for 3 samples, and in 'x.npy' there are 2 samples",
                       "--samples 2 takes all of them"));
  expect_error({"net.yaml", "--data", "x.npy", "--input", "x.npy"},
               on_line("net.yaml --data x.npy --input x.npy", 39,
                       "--data and --input both name samples", "keep one of them"));
  expect_error({"net.yaml", "--split", "train"},
               on_line("net.yaml --split train", 26, "--split does not apply to random samples",
                       "name samples with --data or --input"));
  expect_error(
      {"net.yaml", "--labels", "labels.idx"},
      on_line("net.yaml --labels labels.idx", 26, "--labels does not apply to random samples",
              "name samples with --data or --input"));
  expect_error({"net.yaml", "--targets", "x.npy"},
               on_line("net.yaml --targets x.npy", 26, "--targets does not apply to random samples",
                       "name samples with --data or --input"));
  expect_error(
      {"net.yaml", "--input", "x.npy", "--labels", "labels.idx", "--targets", "x.npy"},
      on_line("net.yaml --input x.npy --labels labels.idx --targets x.npy", 60,
              "--labels and --targets both say what the samples should be", "keep one of them"));
  expect_error({"net.yaml", "--input", "x.npy", "--targets", "x.npy"},
               on_line("net.yaml --input x.npy --targets x.npy", 40,
                       "--targets does not apply to the loss logistic",
                       "it takes classes, from --labels; square takes targets"));
  expect_error({"net.yaml", "--input", "x.npy", "--targets", "x.npy", "--loss", "k_means"},
               on_line("net.yaml --input x.npy --targets x.npy --loss k_means", 40,
                       "--targets does not apply to the loss k_means",
                       "take the square loss: --loss square"));
  (void)directory_.write("bare.yaml",
                         "name: bare\ninput: {shape: [2]}\nlayers:\n  - {name: a, dense: 2}\n");
  expect_error(
      {"bare.yaml", "--input", "x.npy", "--targets", "x.npy"},
      on_line("bare.yaml --input x.npy --targets x.npy", 41,
              "--targets needs a loss, and there is none", "take the square loss: --loss square"));
  expect_error({"net.yaml", "--weights", "w.safetensors", "--init", "ball"},
               on_line("net.yaml --weights w.safetensors --init ball", 50,
                       "--weights and --init both give parameters", "keep one of them"));
  expect_error({"net.yaml", "--init", "bal"},
               on_line("net.yaml --init bal", 33, "unknown --init 'bal'", "did you mean 'ball'?"));
  expect_error({"net.yaml", "--precision", "half"},
               on_line("net.yaml --precision half", 38, "unknown --precision 'half'",
                       "one of: float32, float64"));
  expect_error({"net.yaml", "--seed", "-1"},
               on_line("net.yaml --seed -1", 33, "--seed must not be negative",
                       "write an integer from 0 on"));
  expect_error({"net.yaml", "--threads", "0"},
               on_line("net.yaml --threads 0", 36, "--threads must be at least 1",
                       "write an integer from 1 on"));
  expect_error(
      {"net.yaml", "--output", "-"},
      on_line("net.yaml --output -", 26,
              "the network's outputs are not text: --output needs a file", "name a file *.npy"));
  for (const std::string option : {"--input x.npy", "--data x.npy", "--weights x.npy"}) {
    const std::size_t blank = option.find(' ');
    expect_error({"net.yaml", option.substr(0, blank), option.substr(blank + 1), "-o", "x.npy"},
                 on_line("net.yaml " + option + " -o x.npy", 27 + option.size(),
                         "the output 'x.npy' is also an input", "write to another file"));
  }
}

TEST_F(ByHand, MistakesInFilesAreNamed) {
  (void)directory_.write(
      "image.yaml", "name: image\ninput: {shape: [1, 4, 4]}\nlayers:\n  - {name: a, dense: 2}\n");
  write_array("small.npy", {1, 1, 2, 2}, {1, 2, 3, 4});
  expect_error({"image.yaml", "--input", "small.npy"},
               "small.npy: error: samples have the shape [1, 2, 2], the network's input has "
               "[1, 4, 4]\nhint: a border of zeros would make them fit\n");
  EXPECT_THAT(run({"image.yaml", "--data", "small.npy"}).out,
              HasSubstr("data: small.npy, 1 sample 1x2x2 with a border of zeros, 1x4x4\n"));
  write_labels("far.idx", {0, 2});
  expect_error({"net.yaml", "--input", "x.npy", "--labels", "far.idx"},
               "far.idx: error: sample 1 has the label 2, and 'net' has 2 outputs\n"
               "hint: logistic needs an output for each class\n");
  write_safetensors(directory_ / "other.safetensors",
                    std::vector<TensorView>{{"a.weight", {1, 2}, std::vector{3.0, 4.0}},
                                            {"a.bias", {2}, std::vector{0.0, 0.0}}});
  expect_error({"net.yaml", "--weights", "other.safetensors"},
               "other.safetensors: error: tensor 'a.weight': expected shape [2, 2], found [1, 2]\n"
               "hint: are these the weights of another network?\n");
  expect_error({"net.yaml", "--input", "none.npy"},
               "none.npy: error: cannot open: No such file or directory\nhint: check the path\n");
  expect_error({"net.yaml", "--input-norm", "1e200"},
               "random: error: the norm of all samples together is not finite\n"
               "hint: --precision float64 reaches further\n");
}

TEST_F(ByHand, OutputsThatCannotBeWrittenAreToldBeforeTheWork) {
  expect_error({"net.yaml", "--output", "no/y.npy"},
               "smoothbound: error: cannot create a file beside 'no/y.npy': No such file or "
               "directory\n"
               "hint: make its folder first, or name another file\n");
}

TEST_F(ByHand, ALayerThatCannotBeExecutedIsNamed) {
  (void)directory_.write("opaque.yaml",
                         "input: {shape: [2]}\nlayers:\n  - {name: a, dense: 2}\n"
                         "  - {name: b, opaque: {lipschitz: 1, smoothness: 1}}\n");
  expect_error({"opaque.yaml"},
               "opaque.yaml: error: layer 'b': opaque states constants of a layer, not what it "
               "computes\nhint: 'smoothbound bound' computes its bounds; to execute it, give the "
               "layer components in place of constants\n",
               3);
}

TEST(RunMemory, TooLittleIsSaidBeforeItStarts) {
  const Outcome plain =
      run_program({"run", architectures + "vgg16.yaml", "--batch", "8", "--memory", "100MiB"});
  EXPECT_EQ(plain.exit_code, 2);
  EXPECT_EQ(plain.out, "");
  EXPECT_THAT(plain.err, ::testing::ContainsRegex(
                             ": error: executing 8 samples takes [0-9.]+ MiB, more than the 100.0 "
                             "MiB of --memory\n"));
  EXPECT_THAT(plain.err, HasSubstr("hint: take fewer samples, or allow more with --memory\n"));
  const Outcome coupled = run_program(
      {"run", architectures + "vgg16-batchnorm.yaml", "--batch", "1000000", "--memory", "2GiB"});
  EXPECT_EQ(coupled.exit_code, 2);
  EXPECT_THAT(coupled.err, ::testing::ContainsRegex(
                               "executing 1000000 samples takes [0-9.]+ TiB, more than the 2.0 GiB "
                               "of --memory\n"));
  EXPECT_THAT(coupled.err, HasSubstr("hint: batch normalization needs all samples at once: take "
                                     "fewer, or allow more with --memory\n"));
}

TEST(RunProfile, HasARowForEachLayer) {
  const std::string file = architectures + "lenet5.yaml";
  const Outcome table = run_program({"run", file, "--batch", "2", "--profile"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  for (const char* row : {"  c1  ", "  output  ", "  changes of layout  ", "  all  "}) {
    EXPECT_THAT(table.out.substr(table.out.find("\nprofile\n")), HasSubstr(row));
  }
}

TEST(RunOnFashionMnist, WorksByName) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "apt-get install dataset-fashion-mnist";
  }
  const Outcome table = run_program({"run", architectures + "lenet5.yaml", "--data",
                                     "fashion-mnist", "--samples", "20", "--split", "train"});
  EXPECT_THAT(table.out, HasSubstr("data: fashion-mnist (train), 20 samples 1x28x28 with a border "
                                   "of zeros, 1x32x32\n"));
}

// Of outputs about 1e200, which are doubles; the squares are not.
TEST(Run, ALossBeyondAllNumbersIsNoAnswer) {
  const TemporaryDirectory directory;
  const std::string file = directory.write(
      "net.yaml",
      "name: net\ninput: {shape: [3]}\nradius: 1e200\nloss: square\nbatch: 2\nlayers:\n"
      "  - {dense: 2}\n");
  const Outcome table = run_program({"run", file, "--precision", "float64"});
  EXPECT_EQ(table.exit_code, 3) << table.err;
  EXPECT_THAT(table.out,
              HasSubstr("loss not evaluated: square: its value is beyond the largest number\n"));
  EXPECT_EQ(run_program({"run", file, "--precision", "float64", "--radius", "1"}).exit_code, 0);
}

TEST(Run, ReadsTheArchitectureFromStandardInput) {
  const Outcome outcome = run_program({"run", "-", "--seed", "3"}, std::string(small_network));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("data: random, normal, seed 3, 4 samples 3\n"));
}

// Of so many layers, the last bound is about 1e440.
std::string deep(std::string_view radius) {
  std::string text = "name: deep\ninput: {shape: [2]}\nloss: square\nradius: ";
  text += std::string(radius) + "\nlayers:\n";
  for (int i = 0; i < 220; ++i) text += "  - {dense: 2}\n";
  return text;
}

class BeyondDoubles : public ::testing::TestWithParam<const char*> {
 protected:
  // Its output.
  std::string run(std::vector<std::string> arguments, int exit_code = 0) {
    arguments.insert(arguments.end(), {"--format", GetParam()});
    SCOPED_TRACE(::testing::PrintToString(arguments));
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return outcome.out;
  }
  TemporaryDirectory directory_;
  std::string file_ = directory_.write("deep.yaml", deep("100"));
  std::string other_ = directory_.write("moderate.yaml", deep("1"));
};

TEST_P(BeyondDoubles, AreWrittenByTheCalculator) {
  EXPECT_THAT(run({"bound", file_}), HasSubstr("e+440"));
  EXPECT_THAT(run({"compare", file_, other_}), HasSubstr("e+440"));
  EXPECT_THAT(run({"sweep", file_, "--radius", "1,100"}), HasSubstr("e+440"));
}

// With parameters that are far from the surface of their balls, all that is measured is a double.
TEST_P(BeyondDoubles, AreWrittenByTheRuntime) {
  EXPECT_THAT(run({"run", "--init", "normal", "--precision", "float64", file_}),
              HasSubstr("e+440"));
  (void)run({"train", "--init", "normal", "--precision", "float64", "--iterations", "2", "--step",
             "line-search", file_});
  (void)run({"cost", file_});
}

TEST(BeyondDoublesInRun, AreDividedBy) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("deep.yaml", deep("100"));
  const Outcome outcome = run_program({"run", "--init", "normal", "--precision", "float64", file});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("1\\.41425e\\+440  [0-9.]*e-[45][0-9][0-9]\n"));
}

INSTANTIATE_TEST_SUITE_P(Formats, BeyondDoubles,
                         ::testing::Values("table", "markdown", "csv", "json"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace smoothbound::testing
