// Values against the backend tests of ONNX: inputs and outputs that others computed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "networks.hpp"
#include "onnx_not_run.hpp"
#include "smoothbound/runtime/oracle.hpp"

namespace smoothbound {
namespace {

namespace fs = std::filesystem;
using testing::onnx::find_listed;
using testing::onnx::Inexpressible;
using testing::onnx::Listed;
using testing::onnx::not_run;
using testing::onnx::Program;

constexpr const char* package = "libonnx-testdata";
constexpr const char* data_folder = "/usr/share/libonnx-testdata/data";
// As many as version 1.12.0 has; fewer means that tests were not found.
constexpr std::size_t fewest_run = 255;

struct OnnxTest {
  std::string name;  // folder and test
  fs::path path;
};
void PrintTo(const OnnxTest& test, std::ostream* out) { *out << test.name; }

// The tests of single nodes whose operator the catalogue has. What ONNX calls "expanded" are
// graphs of primitive operators for a function that is a test of its own.
std::vector<OnnxTest> find_tests() {
  std::vector<OnnxTest> tests;
  for (const char* collection : {"node", "pytorch-converted", "pytorch-operator"}) {
    const fs::path folder = fs::path(data_folder) / collection;
    if (!fs::is_directory(folder)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const auto model = testing::onnx::read_model(entry.path() / "model.onnx");
      if (model.nodes.size() != 1) continue;
      if (!testing::onnx::has_component(model.nodes.front().operation)) continue;
      std::string name = fmt::format("{}_{}", collection, entry.path().filename().string());
      std::ranges::replace(name, '-', '_');
      tests.push_back({name, entry.path()});
    }
  }
  std::ranges::sort(tests, {}, &OnnxTest::name);
  return tests;
}

const std::vector<OnnxTest>& all_tests() {
  static const std::vector<OnnxTest> tests = find_tests();
  return tests;
}

auto translate(const OnnxTest& test) {
  return testing::onnx::translate(testing::onnx::read_model(test.path / "model.onnx"), test.path);
}

template <class Scalar>
void expect_output(const Program& program, double tolerance) {
  SCOPED_TRACE(program.architecture);
  const Graph graph = testing::graph_of(program.architecture, program.batch);
  Network<Scalar> network(graph, program.batch);
  std::vector<Scalar> w(network.parameters().size());
  for (const ParameterArray& array : network.parameter_layout().arrays) {
    const std::vector<double>& values = program.parameters.at(array.name);
    ASSERT_EQ(std::ssize(values), array.elements) << array.name;
    std::ranges::transform(values, w.begin() + array.offset,
                           [](double value) { return static_cast<Scalar>(value); });
  }
  ASSERT_EQ(network.parameter_layout().arrays.size(), program.parameters.size());
  network.set_parameters(w);
  const std::vector<Scalar> x(program.input.begin(), program.input.end());
  Trajectory<Scalar> trajectory(network);
  forward<Scalar>(x, trajectory);
  const auto y = trajectory.output();
  ASSERT_EQ(y.size(), program.output.size());
  double largest = 0;
  for (const double value : program.output) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < y.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(y[i]), program.output[i], tolerance * largest)
        << "element " << i;
  }
}

class OnnxValues : public ::testing::TestWithParam<OnnxTest> {};

// The stored outputs are float32 and were mostly computed in it.
TEST_P(OnnxValues, AreThoseOfTheReference) {
  const auto translated = translate(GetParam());
  const Listed* const listed = find_listed(GetParam().name);
  if (const auto* why = std::get_if<Inexpressible>(&translated)) {
    ASSERT_NE(listed, nullptr) << "not in the table: " << reason_of(*why);
    EXPECT_EQ(reason_of(listed->why), reason_of(*why));
    return;
  }
  ASSERT_EQ(listed, nullptr) << "runs, but the table says that it does not";
  const Program& program = std::get<Program>(translated);
  constexpr double tolerance = 2e-6;  // of the largest output
  expect_output<double>(program, tolerance);
  expect_output<float>(program, tolerance);
}

std::string name_of_test(const ::testing::TestParamInfo<OnnxTest>& info) { return info.param.name; }

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OnnxValues);
INSTANTIATE_TEST_SUITE_P(All, OnnxValues, ::testing::ValuesIn(all_tests()), name_of_test);

TEST(OnnxTests, AreAllRunOrListed) {
  if (!fs::exists(data_folder)) GTEST_SKIP() << "the package " << package << " is not installed";
  std::set<std::string, std::less<>> names;
  std::size_t run = 0;
  for (const OnnxTest& test : all_tests()) {
    names.insert(test.name);
    if (std::holds_alternative<Program>(translate(test))) ++run;
  }
  for (const Listed& listed : not_run) {
    EXPECT_TRUE(names.contains(listed.name)) << listed.name << " is no test any more";
  }
  EXPECT_EQ(run + not_run.size(), all_tests().size());
  EXPECT_GE(run, fewest_run);
}

}  // namespace
}  // namespace smoothbound
