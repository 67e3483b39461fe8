// Output as it was when somebody last looked at it. scripts/update-goldens writes the files anew;
// what makes the numbers right is tested elsewhere.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path source_directory = SMOOTHBOUND_SOURCE_DIR;
const fs::path golden_directory = source_directory / "tests/golden";

// Compares with a golden, or writes it.
void check_golden(const fs::path& name, const std::string& text) {
  const fs::path file = golden_directory / name;
  if (std::getenv("SMOOTHBOUND_UPDATE_GOLDENS") != nullptr) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  ASSERT_TRUE(fs::exists(file)) << file << " is missing: run scripts/update-goldens";
  EXPECT_EQ(text, read_file(file)) << "if the change is meant, run scripts/update-goldens";
}

std::vector<std::string> architectures() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(source_directory / "architectures")) {
    const fs::path& path = entry.path();
    if (path.extension() == ".yaml" || (path.extension() == ".json" && path.stem() != "schema")) {
      names.push_back(path.filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// What of the CSV depends on neither version nor file name, nor is said twice.
std::string trim(const std::string& csv) {
  std::string text;
  for (const CsvRow& row : parse_csv(csv)) {
    if (row.at("record") == "assumption") continue;
    text += row.at("method") + " " + row.at("record");
    for (const char* column : {"name", "components", "output_shape", "parameters", "m", "lipschitz",
                               "smoothness", "step_size", "order", "iterations"}) {
      if (!row.at(column).empty()) text += " " + row.at(column);
    }
    text += '\n';
  }
  return text;
}

class ArchitectureGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(ArchitectureGolden, NumbersAreUnchanged) {
  const Outcome run = run_program(Invocation{
      .arguments = {"bound", "--method", "both", "--format", "csv", "architectures/" + GetParam()},
      .directory = source_directory.string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  check_golden(fs::path("architectures") / (GetParam() + ".txt"), trim(run.out));
}

INSTANTIATE_TEST_SUITE_P(Shipped, ArchitectureGolden, ::testing::ValuesIn(architectures()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

// Shipped files name it by the same relative path in the repository and where they are installed.
TEST(SchemaTextGolden, StandsInTheRepository) {
  check_golden("../../architecture.schema.json", run_program({"schema"}).out);
}

TEST(ArchitectureGoldens, BelongToAnArchitectureEach) {
  std::vector<std::string> expected = architectures();
  for (std::string& name : expected) name += ".txt";
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(golden_directory / "architectures")) {
    found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
  EXPECT_GE(found.size(), 14U);
}

struct GoldenCommand {
  std::string name;
  std::vector<std::string> arguments;
  std::string input = {};
};

class TextGolden : public ::testing::TestWithParam<GoldenCommand> {};

TEST_P(TextGolden, IsUnchanged) {
  const Outcome run = run_program(Invocation{.arguments = GetParam().arguments,
                                             .input = GetParam().input,
                                             .directory = source_directory.string()});
  check_golden("text/" + GetParam().name + ".txt",
               run.out + (run.err.empty() ? "" : "-- standard error --\n" + run.err) +
                   "-- exit code " + std::to_string(run.exit_code) + " --\n");
}

INSTANTIATE_TEST_SUITE_P(
    Commands, TextGolden,
    ::testing::Values(
        GoldenCommand{"table", {"bound", "architectures/lenet5.yaml"}},
        GoldenCommand{"table_both", {"bound", "--method", "both", "-"}, std::string(small_network)},
        GoldenCommand{"table_infinite", {"bound", "architectures/vgg16-relu.yaml"}},
        GoldenCommand{"markdown", {"bound", "--format", "markdown", "architectures/lenet5.yaml"}},
        GoldenCommand{"csv", {"bound", "--format", "csv", "-"}, std::string(small_network)},
        GoldenCommand{"explain_paper",
                      {"bound", "--method", "paper", "--explain", "conv2_2", "--bn-epsilon", "1e-2",
                       "architectures/vgg16-batchnorm.yaml"}},
        GoldenCommand{"explain_sharp",
                      {"bound", "--explain", "conv2_2", "architectures/vgg16-batchnorm.yaml"}},
        GoldenCommand{"layers", {"layers", "softplus", "batch_norm", "conv", "add", "logistic"}},
        GoldenCommand{"help", {"--help"}}, GoldenCommand{"help_bound", {"bound", "--help"}},
        GoldenCommand{"help_plot", {"plot", "--help"}},
        GoldenCommand{"help_report", {"report", "--help"}},
        GoldenCommand{"plot_depth",
                      {"plot", "-o", "-", "--method", "both", "architectures/mlp.yaml"}},
        GoldenCommand{"plot_growth",
                      {"plot", "-o", "-", "--chart", "growth", "architectures/vgg16-relu.yaml"}},
        GoldenCommand{"help_sweep", {"sweep", "--help"}},
        GoldenCommand{"help_run", {"run", "--help"}},
        GoldenCommand{"help_init", {"init", "--help"}},
        GoldenCommand{"error_run", {"run", "architectures/lenet5.yaml", "--init", "bal"}},
        GoldenCommand{"sweep",
                      {"sweep", "--method", "both", "--bn-epsilon", "1e-2:1e2:log:5", "--against",
                       "architectures/vgg16.yaml", "architectures/vgg16-batchnorm.yaml"}},
        GoldenCommand{
            "sweep_product",
            {"sweep", "--radius", "0.5:2:log:3", "--batch", "1,8", "architectures/mlp.yaml"}},
        GoldenCommand{"sweep_csv",
                      {"sweep", "--radius", "1,2", "--format", "csv", "-"},
                      std::string(small_network)},
        GoldenCommand{"error_sweep", {"sweep", "--radius", "10:0.1:log:21", "net.yaml"}},
        GoldenCommand{"error_yaml", {"bound", "-"}, std::string(bad_network)},
        GoldenCommand{
            "error_json", {"bound", "-"}, "{\"input\": {\"shape\": [3]},\n \"layers\": [\n"},
        GoldenCommand{"error_shapes",
                      {"bound", "-"},
                      "input: {shape: [3]}\nlayers:\n  - {name: a, dense: 2}\n"
                      "  - {name: b, from: input, dense: 4}\n  - {add: [a, b]}\n"},
        GoldenCommand{"error_cycle",
                      {"bound", "-"},
                      "input: {shape: [3]}\nlayers:\n  - {name: a, from: b, dense: 2}\n"
                      "  - {name: b, dense: 2}\n"},
        GoldenCommand{"error_option", {"bound", "--metod", "paper", "net.yaml"}},
        GoldenCommand{"error_missing_file", {"bound", "no-such-file.yaml"}},
        GoldenCommand{"help_cost", {"cost", "--help"}},
        GoldenCommand{"help_certify", {"certify", "--help"}},
        GoldenCommand{"help_train", {"train", "--help"}},
        GoldenCommand{"cost", {"cost", "architectures/lenet5.yaml"}},
        GoldenCommand{"cost_branches", {"cost", "--batch", "2", "architectures/resnet18.yaml"}},
        GoldenCommand{"cost_csv", {"cost", "--format", "csv", "-"}, std::string(small_network)},
        GoldenCommand{
            "cost_markdown", {"cost", "--format", "markdown", "-"}, std::string(small_network)},
        GoldenCommand{"error_cost", {"cost", "--radius", "2", "net.yaml"}},
        GoldenCommand{"help_check", {"check", "--help"}},
        GoldenCommand{"help_compare", {"compare", "--help"}},
        GoldenCommand{"compare",
                      {"compare", "architectures/vgg16.yaml", "architectures/vgg16-batchnorm.yaml",
                       "--bn-epsilon", "1e-2"}},
        GoldenCommand{"compare_with",
                      {"compare", "--method", "both", "-", "--with", "radius=2", "--with",
                       "radius=0.5,batch=1"},
                      std::string(small_network)},
        GoldenCommand{"compare_layers",
                      {"compare", "--smooth", "architectures/resnet18.yaml",
                       "architectures/resnet50-relu.yaml"}},
        GoldenCommand{"compare_markdown",
                      {"compare", "--format", "markdown", "architectures/lenet5.yaml",
                       "architectures/mlp.yaml"}},
        GoldenCommand{"compare_csv",
                      {"compare", "--format", "csv", "-", "--with", "radius=2"},
                      std::string(small_network)},
        GoldenCommand{"error_compare_with", {"compare", "net.yaml", "--with", "raduis=2"}},
        GoldenCommand{"check_unchanged",
                      {"check", "architectures/mlp.yaml", "architectures/vgg16.yaml", "--baseline",
                       "tests/baseline/architectures.json", "--method", "both"}},
        GoldenCommand{"error_check_settings",
                      {"check", "architectures/mlp.yaml", "--baseline",
                       "tests/baseline/architectures.json", "--radius", "2"}},
        GoldenCommand{"error_check_missing",
                      {"check", "architectures/mlp.yaml", "--baseline", "no-such.json"}}),
    [](const auto& test) { return test.param.name; });

// Files that became worse, better, new and unreadable since their baseline was written.
TEST(CheckTextGolden, IsUnchanged) {
  const TemporaryDirectory directory;
  const auto text = [](const std::string& radius) {
    return "input: {shape: [3]}\nloss: logistic\nlayers:\n"
           "  - {name: first, dense: 4, then: [softplus]}\n"
           "  - {name: second, radius: " +
           radius + ", dense: 4, then: [tanh]}\n  - {name: 'out|<b>', dense: 2}\n";
  };
  std::vector<std::string> arguments{"check",      "better.yaml", "same.yaml",
                                     "worse.yaml", "--baseline",  "bounds.json"};
  const auto run = [&](const std::vector<std::string>& more) {
    Invocation invocation{.arguments = arguments, .directory = directory.path().string()};
    invocation.arguments.insert(invocation.arguments.end(), more.begin(), more.end());
    invocation.environment = {{"GITHUB_STEP_SUMMARY", directory / "summary.md"}};
    return run_program(invocation);
  };
  for (const char* name : {"better.yaml", "same.yaml", "worse.yaml"}) {
    (void)directory.write(name, text("1"));
  }
  ASSERT_EQ(run({"--update", "--force"}).exit_code, 0);
  check_golden("text/check_baseline.txt", read_file(directory / "bounds.json"));
  (void)directory.write("better.yaml", text("0.999999999"));
  (void)directory.write("worse.yaml", text("1e9"));
  (void)directory.write("new.yaml", text("1"));
  (void)directory.write("wrong.yaml", bad_network);
  arguments.insert(arguments.end(), {"new.yaml", "wrong.yaml"});
  const Outcome plain = run({"--junit", "junit.xml", "--tolerance", "1e-11"});
  check_golden("text/check.txt", plain.out + "-- standard error --\n" + plain.err +
                                     "-- exit code " + std::to_string(plain.exit_code) + " --\n");
  check_golden("text/check_junit.txt", read_file(directory / "junit.xml"));
  const Outcome github = run({"--github", "--tolerance", "1e-11"});
  check_golden("text/check_github.txt", github.out);
  check_golden("text/check_summary.txt", read_file(directory / "summary.md"));
}

// Counts as published with the networks, by torchvision for those for ImageNet, or by Keras.
// GoogLeNet and Inception v3 are without auxiliary heads.
TEST(PublishedParameterCounts, AreThoseOfTheShippedArchitectures) {
  const std::vector<std::pair<std::string, std::int64_t>> published{
      {"vgg11", 132'863'336},
      {"vgg13", 133'047'848},
      {"vgg16", 138'357'544},
      {"vgg16-relu", 138'357'544},
      {"vgg16-logits", 138'357'544},
      {"vgg19", 143'667'240},
      {"lenet5", 61'706},
      {"alexnet", 61'100'840},
      {"alexnet-relu", 61'100'840},
      {"mlp", 109'386},
      {"resnet18", 11'689'512},
      {"resnet18-relu", 11'689'512},
      {"resnet50", 25'557'032},
      {"resnet50-relu", 25'557'032},
      {"densenet121", 7'978'856},
      {"efficientnet-b0", 5'288'548},
      {"googlenet", 6'624'904},
      {"inception-v3", 23'834'568},
      {"mobilenetv2", 3'504'872},
      {"mobilenetv3-small", 2'542'856},
      {"shufflenetv2", 2'278'604},
      {"squeezenet1_0", 1'248'424},
      {"squeezenet1_1", 1'235'496},
      {"convnext-tiny", 28'589'128},
      {"vit-b-16", 86'567'656},
      {"dcgan-generator", 3'576'704},
      {"dcgan-discriminator", 2'765'568},
      {"imdb-cnn", 350'751},
      {"gpt2", 124'439'808},
      {"swin-t", 28'288'354}};
  for (const auto& [name, count] : published) {
    const Outcome run =
        run_program({"bound", "--format", "json",
                     (source_directory / "architectures" / (name + ".yaml")).string()});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json json = Json::parse(run.out);
    EXPECT_EQ(json.at("architecture").at("parameters"), count) << name;
    std::int64_t sum = 0;
    for (const Json& layer : json.at("results").at(0).at("layers")) {
      sum += layer.at("parameters").get<std::int64_t>();
    }
    EXPECT_EQ(sum, count) << name;
  }
}

}  // namespace
}  // namespace smoothbound::testing
