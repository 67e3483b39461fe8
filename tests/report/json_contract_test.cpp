// The JSON of `bound`, which other programs rely on: schema "smoothbound/bound/1".
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/decimal.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::MatchesRegex;

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;  // sorted
}

// A quantity: {"text", "log10"} and, for inf, "reason".
void check_quantity(const Json& quantity, bool rounds_up, const std::string& where) {
  SCOPED_TRACE(where);
  ASSERT_TRUE(quantity.at("text").is_string());
  const std::string text = quantity.at("text");
  const Json& log10 = quantity.at("log10");
  if (text == "inf" || text == "0") {
    EXPECT_TRUE(log10.is_null());
    if (text == "inf") {
      EXPECT_TRUE(quantity.contains("reason") && quantity.at("reason").is_string());
      EXPECT_FALSE(quantity.value("reason", "").empty());
    }
    return;
  }
  EXPECT_EQ(keys_of(quantity), (std::vector<std::string>{"log10", "text"}));
  EXPECT_THAT(text, MatchesRegex(R"([1-9]\.[0-9]{16}e[+-][0-9]+)"));
  ASSERT_TRUE(log10.is_number());
  // Both are bounds of the same number from the same side: they differ by roundings only.
  const double printed = log10.get<double>();
  const double exact = rounded_up(text).log10().nearest();
  EXPECT_NEAR(printed, exact, 1e-15 * std::max(1.0, std::abs(exact)) + 1e-16);
  // The value is at most 10^-16 relative away from the text, log10 as much from its own.
  if (rounds_up) {
    EXPECT_GE(printed, exact - 1e-16 * std::max(1.0, std::abs(exact)));
  } else {
    EXPECT_LE(printed, exact + 1e-16 * std::max(1.0, std::abs(exact)));
  }
}

void check_bounds(const Json& row, const std::string& where) {
  for (const char* key : {"m", "lipschitz", "smoothness"}) {
    check_quantity(row.at(key), true, where + "." + key);
  }
}

// `factor`: 2 for gradient descent, 4 for the stochastic one; the step is 2 / (factor L_F).
void check_estimate(const Json& estimate, long factor, const Json& convergence,
                    const Json& smoothness, const std::string& where) {
  SCOPED_TRACE(where);
  check_quantity(estimate.at("step_size"), false, "step_size");
  check_quantity(estimate.at("order"), true, "order");
  check_quantity(estimate.at("iterations"), true, "iterations");
  const std::string bound = smoothness.at("text");
  const std::string step = estimate.at("step_size").at("text");
  const std::string iterations = estimate.at("iterations").at("text");
  if (bound == "inf") {
    EXPECT_EQ(step, "0");
    EXPECT_EQ(iterations, "inf");
    return;
  }
  if (bound == "0") {
    EXPECT_EQ(step, "inf");
    EXPECT_EQ(iterations, "0");
    return;
  }
  const Decimal one = rounded_down("1");
  const Decimal half_factor = rounded_up(std::to_string(factor / 2));
  // step <= 1 / (factor/2 L_F), as the printed decimals have it, and hardly below.
  Decimal product = rounded_up(step);
  product *= rounded_up(bound);
  product *= half_factor;
  EXPECT_TRUE(product <= one) << step << " exceeds 1 / L_F, L_F = " << bound;
  EXPECT_TRUE(rounded_up("0.99999999999999") <= product);
  // iterations: an integer, at least factor L_F gap / accuracy^2, and not more than needed.
  const Decimal count = rounded_down(iterations);
  EXPECT_TRUE(count.is_integer()) << iterations;
  const std::string gap = convergence.at("initial_gap").dump();
  const std::string accuracy = convergence.at("accuracy").dump();
  const auto exact = [&](auto&& up, auto&& down) {
    Decimal value = up(bound);
    value *= up(gap);
    value *= up(std::to_string(factor));
    value /= down(accuracy);
    value /= down(accuracy);
    return value;
  };
  const Decimal least = exact(rounded_down, rounded_up);
  EXPECT_TRUE(least <= count) << iterations;
  Decimal most = exact(rounded_up, rounded_down);
  most *= rounded_up("1.00000000000001");
  most += 1;
  EXPECT_TRUE(count <= most) << iterations;
}

void check_contract(const Json& json) {
  EXPECT_EQ(keys_of(json), (std::vector<std::string>{"architecture", "assumptions", "results",
                                                     "schema", "settings", "version"}));
  EXPECT_EQ(json.at("schema"), "smoothbound/bound/1");
  EXPECT_THAT(json.at("version").get<std::string>(), MatchesRegex(R"([0-9]+\.[0-9]+\.[0-9]+)"));
  const Json& architecture = json.at("architecture");
  EXPECT_TRUE(architecture.at("name").is_string());
  EXPECT_TRUE(architecture.at("file").is_string());
  EXPECT_THAT(architecture.at("sha256").get<std::string>(), MatchesRegex("[0-9a-f]{64}"));
  const Json& settings = json.at("settings");
  EXPECT_TRUE(settings.at("batch").is_number_integer());
  for (const char* key : {"radius", "input_norm", "sample_norm"}) {
    EXPECT_TRUE(settings.at(key).is_number()) << key;
  }
  EXPECT_TRUE(json.at("assumptions").is_array());
  for (const Json& line : json.at("assumptions")) EXPECT_TRUE(line.is_string());
  ASSERT_TRUE(json.at("results").is_array());
  ASSERT_FALSE(json.at("results").empty());
  for (const Json& result : json.at("results")) {
    const std::string method = result.at("method");
    EXPECT_TRUE(method == "paper" || method == "sharp");
    std::int64_t index = 0;
    for (const Json& layer : result.at("layers")) {
      EXPECT_EQ(keys_of(layer),
                (std::vector<std::string>{"components", "index", "lipschitz", "m", "name",
                                          "output_shape", "parameters", "smoothness"}));
      EXPECT_EQ(layer.at("index"), ++index);
      EXPECT_TRUE(layer.at("name").is_string());
      EXPECT_TRUE(layer.at("parameters").is_number_integer());
      for (const Json& name : layer.at("components")) EXPECT_TRUE(name.is_string());
      EXPECT_FALSE(layer.at("output_shape").empty());
      for (const Json& size : layer.at("output_shape")) EXPECT_GE(size.get<std::int64_t>(), 1);
      check_bounds(layer, method + " layer " + std::to_string(index));
    }
    EXPECT_GE(index, 1);
    EXPECT_EQ(keys_of(result.at("network")),
              (std::vector<std::string>{"lipschitz", "m", "smoothness"}));
    check_bounds(result.at("network"), method + " network");
    EXPECT_EQ(result.contains("objective"), settings.contains("loss"));
    EXPECT_EQ(result.contains("convergence"), settings.contains("loss"));
    if (!result.contains("objective")) continue;
    for (const char* key : {"regularizer", "accuracy", "initial_gap", "variance"}) {
      EXPECT_TRUE(settings.at(key).is_number()) << key;
    }
    const Json& objective = result.at("objective");
    EXPECT_EQ(objective.at("loss"), settings.at("loss"));
    const std::string route = objective.at("route");
    EXPECT_TRUE(route == "stacked" || route == "per-sample") << route;
    check_quantity(objective.at("lipschitz"), true, "objective.lipschitz");
    check_quantity(objective.at("smoothness"), true, "objective.smoothness");
    const Json& convergence = result.at("convergence");
    EXPECT_EQ(convergence.at("accuracy"), settings.at("accuracy"));
    EXPECT_EQ(convergence.at("initial_gap"), settings.at("initial_gap"));
    check_estimate(convergence.at("gradient_descent"), 2, convergence, objective.at("smoothness"),
                   method + " gradient_descent");
    const Json& stochastic = convergence.at("stochastic_gradient_descent");
    EXPECT_EQ(stochastic.at("variance"), settings.at("variance"));
    check_estimate(stochastic, 4, convergence, objective.at("smoothness"),
                   method + " stochastic_gradient_descent");
  }
}

struct Network {
  std::string name;
  std::string text;
  std::vector<std::string> options = {};
};

void PrintTo(const Network& network, std::ostream* out) { *out << network.text.substr(0, 300); }

class Contract : public ::testing::TestWithParam<Network> {};

TEST_P(Contract, Holds) {
  std::vector<std::string> arguments{"bound", "--format", "json", "--method", "both", "-"};
  arguments.insert(arguments.end(), GetParam().options.begin(), GetParam().options.end());
  const Outcome run = run_program(arguments, GetParam().text);
  ASSERT_TRUE(run.exit_code == 0 || run.exit_code == 3) << run.err;
  check_contract(Json::parse(run.out));
}

std::string long_chain() {
  std::string text = "input: {shape: [50]}\nbatch: 64\nradius: 9\nloss: square\nlayers:\n";
  for (int i = 0; i < 400; ++i) text += "  - {dense: 50, then: [tanh, silu]}\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Contract,
    ::testing::Values(
        Network{"Small", std::string(small_network)}, Network{"Relu", std::string(relu_network)},
        Network{"Answerless", std::string(answerless_network)},
        Network{"AnswerlessWithLoss", std::string(answerless_network), {"--loss", "logistic"}},
        Network{"Linear", "input: {shape: [3]}\nlayers: [{dense: 2}]\n"},
        Network{"OpaqueSquare",
                "input: {shape: [3]}\nloss: square\n"
                "layers: [{opaque: {lipschitz: 1, smoothness: 0}}]\n"},
        Network{"Zero",
                "input: {shape: [3], norm: 0}\nradius: 0\nloss: square\n"
                "layers: [{dense: 2, bias: false}]\n"},
        Network{"NoGap", std::string(small_network), {"--initial-gap", "0"}},
        Network{"ZeroEpsilon",
                "input: {shape: [3]}\nbatch: 4\nloss: logistic\n"
                "layers: [{dense: 2, then: [{batch_norm: {epsilon: 0}}]}]\n"},
        Network{"Long", long_chain()},
        Network{"Tiny",
                std::string(small_network),
                {"--radius", "1e-200", "--input-norm", "1e-200", "--sample-norm", "1e-200"}},
        Network{"KMeans", std::string(small_network), {"--loss", "k_means"}},
        Network{"Explained", std::string(relu_network), {"--smooth"}}),
    [](const auto& test) { return test.param.name; });

// The digests are those of GNU sha256sum.
TEST(Sha256, IsThatOfTheFilesBytes) {
  const TemporaryDirectory directory;
  const std::string text = "input: {shape: [2]}\nlayers: [{dense: 2}]\n";
  const std::string with_mark = "\xEF\xBB\xBF" + text;
  const auto digest = [&](const std::string& content) {
    const std::string file = directory.write("net.yaml", content);
    const Json json = Json::parse(run_program({"bound", "--format", "json", file}).out);
    return json.at("architecture").at("sha256").get<std::string>();
  };
  EXPECT_EQ(digest(text), "46a18a89bd6aee2f59d7bf222f67c8aa0a5e013e2cceaa5d2d9a8461ac39bd99");
  EXPECT_EQ(digest(with_mark), "8ab2795665370a414cab0041a450afd6a2373f3fe7193d813edb31e593df353e")
      << "the byte order mark is part of the file";
}

}  // namespace
}  // namespace smoothbound::testing
