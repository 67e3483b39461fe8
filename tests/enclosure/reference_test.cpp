// Numbers that were computed independently, on nine small networks: coefficients, derivatives along
// the line and bounds, and the exact loss in 20 digits.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "smoothbound/enclosure/objective_enclosure.hpp"
#include "support/program_path.hpp"
#include "support/read_network.hpp"
#include "support/source_directory.hpp"

namespace smoothbound {
namespace {

using Json = nlohmann::ordered_json;

// The layers of each network.
const std::map<std::string, std::string> architectures{
    {"dense_tanh", "input: {shape: [3], norm: 1}\nlayers: [{dense: 4, then: [tanh]}, {dense: 3}]"},
    {"dense_tanh_square",
     "input: {shape: [3], norm: 1}\nlayers: [{dense: 4, then: [tanh]}, {dense: 4, then: "
     "[sigmoid]}, {dense: 3}]"},
    {"dense_softplus",
     "input: {shape: [3], norm: 1}\nlayers: [{dense: 5, then: [softplus]}, {dense: 4, then: "
     "[softplus]}, {dense: 3}]"},
    {"dense_relu",
     "input: {shape: [3], norm: 1}\nlayers: [{dense: 5, then: [relu]}, {dense: 4, then: [relu]}, "
     "{dense: 3}]"},
    {"conv_avgpool",
     "input: {shape: [1, 6, 6], norm: 1}\nlayers: [{conv: {filters: 2, kernel: 3, padding: 1}, "
     "then: [tanh, "
     "{average_pool: 2}]}, {conv: {filters: 3, kernel: 3, padding: 1, stride: 2}, then: [softplus, "
     "global_average_pool]}, {dense: 3}]"},
    {"conv_maxpool_relu",
     "input: {shape: [1, 4, 4], norm: 1}\nlayers: [{conv: {filters: 2, kernel: 3, padding: 1}, "
     "then: [relu, "
     "{max_pool: 2}]}, {dense: 3}]"},
    {"conv_batchnorm",
     "input: {shape: [1, 4, 4], norm: 1}\nlayers: [{conv: {filters: 2, kernel: 3, padding: 1}, "
     "bias: false, then: "
     "[{batch_norm: {epsilon: 0.01, affine: true}}, softplus, global_average_pool]}, {dense: 3}]"},
    {"dense_layernorm",
     "input: {shape: [3], norm: 1}\nlayers: [{dense: 5, then: [{layer_norm: {epsilon: 0.01, "
     "affine: true}}, tanh]}, "
     "{dense: 3}]"},
    {"residual",
     "input: {shape: [3], norm: 1}\nlayers: [{name: a1, dense: 4, then: [tanh]}, {name: a2, dense: "
     "4, then: [tanh]}, "
     "{name: sum, add: [a2, a1]}, {dense: 3}]"}};

void flatten(const Json& json, std::vector<double>& to) {
  if (json.is_array() || json.is_object()) {
    for (const Json& entry : json) flatten(entry, to);
  } else {
    to.push_back(json.is_string() ? std::stod(json.get<std::string>()) : json.get<double>());
  }
}

std::vector<double> numbers(const Json& json) {
  std::vector<double> all;
  flatten(json, all);
  return all;
}

const Json& cases() {
  static const Json all = [] {
    std::ifstream file(SMOOTHBOUND_SOURCE_DIR "/tests/reference/local.json");
    return Json::parse(file).at("cases");
  }();
  return all;
}

// A case with everything that it refers to.
struct Problem {
  explicit Problem(const Json& of)
      : json(of),
        network(support::read_network("name: net\n" + architectures.at(of.at("name")) +
                                          "\nbatch: " + std::to_string(of.at("labels").size()) +
                                          "\nradius: 10\n" +
                                          "loss: " + of.at("loss").get<std::string>() + "\n",
                                      "net.yaml")),
        x(numbers(of.at("inputs"))),
        w(numbers(of.at("parameters"))) {
    // Its arrays stand in another order.
    for (const auto& [name, values] : of.at("parameters").items()) {
      flatten(of.at("direction").at(name), d);
    }
    labels.classes = of.at("labels").get<std::vector<std::int64_t>>();
    enclosure = std::make_unique<ObjectiveEnclosure>(network.graph, *network.settings.loss, x,
                                                     std::ssize(labels.classes), labels);
  }
  const Json& json;
  support::Network network;
  std::vector<double> x, w, d;
  Labels labels;
  std::unique_ptr<ObjectiveEnclosure> enclosure;
};

double relative(double value, double expected) {
  return std::abs(value - expected) / std::max(std::abs(expected), 1e-3);
}

TEST(EnclosureReference, CoefficientsAndDerivatives) {
  ASSERT_EQ(cases().size(), 9U);
  for (const Json& of : cases()) {
    SCOPED_TRACE(of.at("name"));
    Problem problem(of);
    for (const int degree : {2, 3}) {
      problem.enclosure->set_line(problem.w, problem.d, degree);
      const auto expected = numbers(of.at("jets_last").at("K" + std::to_string(degree)));
      const Coefficients& p = problem.enclosure->line().output_coefficients();
      const std::size_t count = expected.size() / (static_cast<std::size_t>(degree) + 1);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const double* const values = p[i / count];  // null: zero
        EXPECT_LT(relative(values == nullptr ? 0 : values[i % count], expected[i]), 1e-9) << i;
      }
      const LineDerivatives& f = problem.enclosure->derivatives();
      EXPECT_LT(relative(f.value, numbers(of.at("f0")).front()), 1e-12);
      EXPECT_LT(relative(f.slope, of.at("f1")), 1e-11);
      EXPECT_LT(relative(f.curvature, of.at("f2")), 1e-11);
    }
  }
}

// Never above what the reference found (it may be tighter), and always around the exact loss.
TEST(EnclosureReference, Bounds) {
  int compared = 0;
  int close = 0;
  for (const Json& of : cases()) {
    SCOPED_TRACE(of.at("name"));
    Problem problem(of);
    for (const Json& result : of.at("results")) {
      const int degree = result.at("K");
      const double length = result.at("T");
      const bool by_norm = result.at("mode") == "norm";
      SCOPED_TRACE(result.at("mode").get<std::string>() + " K " + std::to_string(degree) + " T " +
                   std::to_string(length));
      problem.enclosure->set_line(problem.w, problem.d, degree);
      ASSERT_TRUE(problem.enclosure->bound(
          length, by_norm ? EnclosureMode::norm : EnclosureMode::interval));
      EXPECT_EQ(problem.enclosure->line().order(), result.at("order_n"));
      for (const Json& at : result.at("bounds")) {
        const double exact = numbers(at.at("exact")).front();
        const Range range = problem.enclosure->at(at.at("t"));
        EXPECT_GE(range.upper, exact) << at;
        EXPECT_LE(range.lower, exact) << at;
        const double upper = at.at("upper");
        const double lower = at.at("lower");
        EXPECT_LE(range.upper, upper + 1e-9 * std::abs(upper)) << at;
        EXPECT_GE(range.lower, lower - 1e-9 * std::abs(lower)) << at;
        ++compared;
        close += relative(range.upper, upper) < 1e-9 && relative(range.lower, lower) < 1e-9;
      }
    }
  }
  EXPECT_EQ(compared, 432);
  RecordProperty("close", close);
  std::cout << close << " of " << compared << "\n";
}

}  // namespace
}  // namespace smoothbound
