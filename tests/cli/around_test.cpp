// smoothbound bound --around as users run it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "smoothbound/data/write_arrays.hpp"
#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Around : public ::testing::Test {
 protected:
  Around() {
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [4], norm: 2}\nbatch: 6\nloss: logistic\n"
                           "layers:\n  - {name: a, dense: 6, then: [softplus]}\n"
                           "  - {name: b, dense: 3}\n");
    (void)run({"init", "net.yaml", "--scheme", "kaiming", "-o", "w.safetensors"});
  }
  [[nodiscard]] Outcome run(std::vector<std::string> arguments) const {
    return run_program(Invocation{.arguments = std::move(arguments),
                                  .environment = {{"OMP_WAIT_POLICY", "passive"}},
                                  .directory = directory_ / ""});
  }
  [[nodiscard]] Outcome bound(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"bound", "net.yaml"});
    return run(std::move(arguments));
  }
  [[nodiscard]] Json json_of(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = bound(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out);
  }
  // Of a mistake at the last use of `at`.
  void expect_mistake(const std::vector<std::string>& arguments, const std::string& at,
                      const std::string& message, const std::string& hint) const {
    std::string line = "smoothbound bound net.yaml";
    std::size_t column = 0;
    for (const std::string& argument : arguments) {
      if (argument == at) column = line.size() + 2;
      line += " " + argument;
    }
    const Outcome outcome = bound(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "<command line>:1:" + std::to_string(column) + ": error: " + message +
                               "\n 1 | " + line + "\n   | " + std::string(column - 1, ' ') +
                               "^\nhint: " + hint + "\n");
  }

  TemporaryDirectory directory_;
};

double value(const Json& quantity) { return std::stod(quantity.at("text").get<std::string>()); }

TEST_F(Around, TellsBoundsBesideWhatIsFound) {
  const Outcome outcome = bound({"--around", "w.safetensors", "--radius", "0.1", "--measure"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("||v_l - v_l*|| <= 0.1 around the weights w*\n"));
  EXPECT_THAT(outcome.out, HasSubstr("w*: w.safetensors\n"));
  EXPECT_THAT(outcome.out, HasSubstr("nothing that was found is above its bound\n"));
  EXPECT_THAT(outcome.out, HasSubstr("L/found"));
  EXPECT_THAT(outcome.out, HasSubstr("operator norm"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("radius = ")));
}

TEST_F(Around, GrowsWithTheRadius) {
  std::vector<double> L;
  for (const char* const radius : {"0", "0.01", "1"}) {
    const Json json = json_of({"--around", "w.safetensors", "--radius", radius});
    EXPECT_EQ(json.at("schema"), "smoothbound/around/1");
    EXPECT_EQ(json.at("distance"), std::stod(radius));
    EXPECT_FALSE(json.contains("data"));
    EXPECT_FALSE(json.contains("verdict"));
    L.push_back(value(json.at("results").at(0).at("objective").at("smoothness")));
  }
  EXPECT_LT(L[0], L[1]);
  EXPECT_LT(L[1], L[2]);
  const Json at_point = json_of({"--around", "w.safetensors"});  // 0 is what is left out
  EXPECT_EQ(value(at_point.at("results").at(0).at("objective").at("smoothness")), L[0]);
}

// With samples the norms of layers are known, and the objective can be measured.
TEST_F(Around, KnowsSamples) {
  const std::vector<std::string> arguments{"--around",  "w.safetensors", "--data",
                                           "random",    "--samples",     "5",
                                           "--measure", "--method",      "both"};
  const Json json = json_of(arguments);
  EXPECT_EQ(json.at("verdict"), "holds");
  EXPECT_EQ(json.at("data").at("name"), "random");
  EXPECT_EQ(json.at("settings").at("batch"), 5);
  EXPECT_EQ(json.at("results").size(), 2U);
  for (const Json& result : json.at("results")) {
    for (const Json& layer : result.at("layers")) {
      for (const char* const key : {"m", "lipschitz", "smoothness"}) {
        EXPECT_GE(value(layer.at(key)) * (1 + 1e-9) + 1e-12,
                  layer.at(std::string(key) + "_found").get<double>());
      }
    }
    const Json& objective = result.at("objective");
    EXPECT_GT(objective.at("smoothness_found").get<double>(), 0);
    EXPECT_GE(value(objective.at("smoothness")), objective.at("smoothness_found").get<double>());
    EXPECT_GE(value(objective.at("lipschitz")), objective.at("lipschitz_found").get<double>());
    EXPECT_NEAR(value(objective.at("smoothness")) * value(objective.at("step_size")), 1, 1e-9);
  }
  // Of sharp all norms of layers are those of the values.
  const Json& sharp = json.at("results").at(1).at("layers").at(1);
  EXPECT_NEAR(value(sharp.at("m")), sharp.at("m_found").get<double>(), 1e-9);
  // The same in CSV.
  std::vector<std::string> csv = arguments;
  csv.insert(csv.end(), {"--format", "csv"});
  const auto rows = parse_csv_cells(bound(csv).out);
  ASSERT_EQ(rows.size(), 7U);  // a header, and by method two layers and the objective
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows.front().size());
}

TEST_F(Around, AccountsForALayer) {
  const Outcome outcome =
      bound({"--around", "w.safetensors", "--explain", "b", "--data", "random"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("how 'b' came about"));
  EXPECT_THAT(outcome.out, HasSubstr("l_beta_z + ||beta(v*, .)||"));
  EXPECT_THAT(outcome.out, HasSubstr("min {m, ||z(w*)|| + l ||w - w*||}"));
}

// ReLU is not smooth: L is inf, with a reason, and there are finite answers.
TEST_F(Around, TellsWhatIsInfinite) {
  (void)directory_.write("net.yaml",
                         "name: net\ninput: {shape: [4], norm: 2}\nbatch: 6\nloss: logistic\n"
                         "layers:\n  - {name: a, dense: 6, then: [relu]}\n"
                         "  - {name: b, dense: 3}\n");
  const Outcome outcome = bound({"--around", "w.safetensors"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("L from 'a' on: layer 'a', relu: "));
  const Json json = json_of({"--around", "w.safetensors"});
  EXPECT_EQ(json.at("results").at(0).at("layers").at(0).at("smoothness").at("text"), "inf");
  EXPECT_THAT(json.at("results").at(0).at("objective").at("smoothness").at("reason").dump(),
              HasSubstr("relu"));
}

// At the weights themselves L_F is the norm of the Hessian, by all of its columns.
TEST_F(Around, GoesThroughTheColumnsOfTheHessian) {
  const std::vector<std::string> samples{"--around", "w.safetensors", "--data",
                                         "random",   "--samples",     "5"};
  const Json without = json_of(samples);
  EXPECT_FALSE(without.contains("hessian"));
  std::vector<std::string> arguments = samples;
  arguments.insert(arguments.end(), {"--hessian", "--measure", "--method", "both"});
  const Json json = json_of(arguments);
  const Json& hessian = json.at("hessian");
  const double norm = value(hessian.at("norm"));
  EXPECT_GE(hessian.at("products").get<int>(), 4 * 6 + 6 + 6 * 3 + 3);
  EXPECT_LE(hessian.at("norm_found").get<double>(), norm);
  EXPECT_GE(hessian.at("norm_found").get<double>(), 0.97 * norm);
  const Json& sharp = json.at("results").at(1).at("objective");
  EXPECT_EQ(value(sharp.at("smoothness")), norm);
  EXPECT_GE(norm, sharp.at("smoothness_found").get<double>());
  EXPECT_LT(norm, value(without.at("results").at(0).at("objective").at("smoothness")));
  // The paper's method keeps its own.
  EXPECT_GT(value(json.at("results").at(0).at("objective").at("smoothness")), norm);
  arguments = samples;
  arguments.emplace_back("--hessian");
  const Outcome page = bound(arguments);
  EXPECT_THAT(page.out, HasSubstr("by all columns of the Hessian; "));
}

TEST_F(Around, SaysWhereColumnsAreNotKnown) {
  const std::vector<std::string> arguments{
      "--around", "w.safetensors", "--data", "random", "--samples", "5", "--hessian"};
  (void)directory_.write("net.yaml",
                         "name: net\ninput: {shape: [4], norm: 2}\nbatch: 6\nloss: logistic\n"
                         "layers:\n  - {name: a, dense: 6, then: [relu]}\n"
                         "  - {name: b, dense: 3}\n");
  const Outcome kinks = bound(arguments);
  EXPECT_EQ(kinks.exit_code, 3);
  EXPECT_EQ(kinks.out, "");
  EXPECT_EQ(kinks.err,
            "net.yaml: error: layer 'a': how well second derivatives of relu are computed is not "
            "known\nhint: without --hessian, norms of layers bound the objective\n");
  (void)directory_.write("net.yaml",
                         "name: net\ninput: {shape: [4], norm: 2}\nbatch: 6\n"
                         "layers:\n  - {name: a, dense: 6, then: [softplus]}\n"
                         "  - {name: b, dense: 3}\n");
  const Outcome lossless = bound(arguments);
  EXPECT_EQ(lossless.exit_code, 2);
  EXPECT_EQ(lossless.out, "");
  EXPECT_THAT(lossless.err, HasSubstr("names no loss"));
}

TEST_F(Around, KeepsToItsMemory) {
  (void)directory_.write("net.yaml",
                         "name: net\ninput: {shape: [4], norm: 2}\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 200, then: [softplus]}\n  - {name: b, dense: 3}\n");
  (void)run({"init", "net.yaml", "--scheme", "kaiming", "-o", "w.safetensors"});
  const std::vector<std::string> arguments{"--around",  "w.safetensors", "--data",    "random",
                                           "--samples", "2000",          "--threads", "1"};
  const auto with_memory = [&](const std::string& size) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--memory", size});
    return all;
  };
  const Json whole = json_of(with_memory("1GiB"));
  const Json parts = json_of(with_memory("8MiB"));
  const auto network = [](const Json& json) {
    return json.at("results").back().at("layers").back();
  };
  for (const char* const quantity : {"m", "lipschitz", "smoothness"}) {
    EXPECT_NEAR(value(network(parts).at(quantity)), value(network(whole).at(quantity)),
                1e-9 * value(network(whole).at(quantity)));
  }
  const auto hint_of = [&](std::vector<std::string> more) {
    std::vector<std::string> all = with_memory(more.empty() ? "100KiB" : "8MiB");
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = bound(all);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("net.yaml: error: bounds for 2000 samples take "));
    return outcome.err.substr(outcome.err.find("hint: "));
  };
  const std::string fewer = "take fewer with --samples, or allow more with --memory\n";
  EXPECT_EQ(hint_of({}), "hint: " + fewer);
  EXPECT_EQ(hint_of({"--measure"}), "hint: --measure searches all samples at once: " + fewer);
  EXPECT_EQ(hint_of({"--hessian"}), "hint: --hessian takes all samples at once: " + fewer);
  (void)directory_.write("net.yaml",
                         "name: n\ninput: {shape: [4]}\nbatch: 3000\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 6, then: [batch_norm]}\n  - {name: b, dense: 3}\n");
  (void)run({"init", "net.yaml", "--scheme", "kaiming", "-o", "w.safetensors"});
  EXPECT_EQ(hint_of({}), "hint: batch normalization needs all samples at once: " + fewer);
}

TEST_F(Around, TakesAFileForItsOutput) {
  EXPECT_EQ(bound({"--around", "w.safetensors", "-o", "out.json"}).exit_code, 0);
  EXPECT_EQ(Json::parse(read_file(directory_ / "out.json")).at("schema"), "smoothbound/around/1");
  const std::size_t files = directory_.count();
  EXPECT_EQ(bound({"--around", "nothing.safetensors", "-o", "other.json"}).exit_code, 2);
  EXPECT_EQ(directory_.count(), files);
}

TEST_F(Around, MistakesAreShown) {
  expect_mistake({"--measure"}, "--measure", "--measure is about weights",
                 "name a file of them by --around, or leave it out");
  expect_mistake({"--hessian"}, "--hessian", "--hessian is about weights",
                 "name a file of them by --around, or leave it out");
  for (const char* const option : {"--memory", "--threads"}) {
    expect_mistake({option, "2"}, option, std::string(option) + " is about weights",
                   "name a file of them by --around, or leave it out");
  }
  for (const std::vector<std::string>& rest :
       {std::vector<std::string>{}, {"--data", "random", "--samples", "2", "--radius", "1"}}) {
    std::vector<std::string> all{"--around", "w.safetensors", "--hessian"};
    all.insert(all.end(), rest.begin(), rest.end());
    expect_mistake(all, "--hessian",
                   "--hessian is about the objective on samples, at the weights themselves",
                   "name samples by --data or --input, and leave --radius out");
  }
  expect_mistake({"--data", "x.npy"}, "--data", "--data is about weights",
                 "name a file of them by --around, or leave it out");
  expect_mistake({"--around", "w.safetensors", "--samples", "3"}, "--samples",
                 "--samples is about samples", "name them by --data or --input, or leave it out");
  expect_mistake(
      {"--around", "w.safetensors", "--layerwise"}, "--layerwise", "--layerwise and --around",
      "'smoothbound train --step local --layerwise' certifies such steps around weights");
  expect_mistake({"--around", "w.safetensors", "--without", "levels"}, "--without",
                 "--without and --around", "it is about bounds on balls around 0");
  expect_mistake({"--around", "w.safetensors", "--weights", "w.safetensors"}, "--weights",
                 "--weights and --around",
                 "statistics of batch norms are read from the file of --around");
  expect_mistake({"net.yaml", "--around", "w.safetensors"}, "--around",
                 "--around is about one network", "name one file");
  const std::vector<double> numbers(12, 0.5);
  write_npy(directory_ / "x.npy", {"x", {3, 4}, numbers});
  write_npy(directory_ / "y.npy", {"y", {3, 3}, std::span(numbers).first(9)});
  const Outcome targets =
      bound({"--around", "w.safetensors", "--input", "x.npy", "--targets", "y.npy"});
  EXPECT_EQ(targets.exit_code, 2);
  EXPECT_EQ(targets.out, "");
  EXPECT_THAT(targets.err, HasSubstr("error: --targets does not apply to the loss logistic\n"));
  const Outcome other = bound({"--around", "nothing.safetensors"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_EQ(other.out, "");
  EXPECT_THAT(other.err, HasSubstr("nothing.safetensors: error: cannot open"));
  const Outcome layer = bound({"--around", "w.safetensors", "--explain", "c"});
  EXPECT_EQ(layer.exit_code, 2);
  EXPECT_EQ(layer.out, "");
  EXPECT_THAT(layer.err, HasSubstr("net.yaml: there is no layer 'c'"));
}

}  // namespace
}  // namespace smoothbound::testing
