// Values against the backend tests of ONNX: models of one operator, with inputs and outputs that
// others computed, imported and executed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <variant>

#include "models/onnx/graph.hpp"
#include "models/onnx/translator.hpp"
#include "networks.hpp"
#include "onnx_not_run.hpp"
#include "smoothbound/models/model.hpp"
#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound {
namespace {

namespace fs = std::filesystem;
namespace onnx = models::onnx;
using testing::onnx::find_listed;
using testing::onnx::Listed;
using testing::onnx::not_run;

constexpr const char* package = "libonnx-testdata";
constexpr const char* data_folder = "/usr/share/libonnx-testdata/data";
// As many as version 1.12.0 has; fewer means that tests were not found.
constexpr std::size_t fewest_run = 365;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A field of a protocol buffer that holds a message.
std::string message_field(int number, const std::string& bytes) {
  std::string field(1, static_cast<char>((number << 3) | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7U) field += static_cast<char>((size & 0x7FU) | 0x80U);
  return field + static_cast<char>(size) + bytes;
}

// A TensorProto under another name.
std::string renamed(const std::string& tensor, const std::string& name) {
  return tensor + message_field(8, name);
}

// The model with more initializers: ModelProto.graph, and GraphProto.initializer.
std::string with_initializers(const std::string& model, const std::vector<std::string>& tensors) {
  std::string graph;
  for (const std::string& tensor : tensors) graph += message_field(5, tensor);
  return model + message_field(7, graph);
}

struct OnnxTest {
  std::string name;  // folder and test
  fs::path path;
};
void PrintTo(const OnnxTest& test, std::ostream* out) { *out << test.name; }

// The tests of models with one node whose operator is claimed. What ONNX calls "expanded" are
// graphs of primitive operators for a function that is a test of its own. LogSoftmax is left to the
// loss, Shape and Size are numbers, and what random numbers or 16 bits do to values is left out.
bool is_inexact(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  return has("_to_FLOAT16") || has("BFLOAT16") || (has("training_dropout") && !has("zero_ratio"));
}

std::vector<OnnxTest> find_tests() {
  std::vector<OnnxTest> tests;
  for (const char* collection : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    const fs::path folder = fs::path(data_folder) / collection;
    if (!fs::is_directory(folder)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::string content = content_of(entry.path() / "model.onnx");
      std::string_view operation;
      onnx::Graph graph;
      try {
        graph = onnx::read_graph("", content);
      } catch (const SpecError&) {  // of other domains and types
        continue;
      }
      if (graph.nodes.size() != 1) continue;
      operation = graph.nodes.front().operation;
      if (!graph.nodes.front().domain.empty() || onnx::find_operator(operation) == nullptr)
        continue;
      if (operation == "LogSoftmax" || operation == "Shape" || operation == "Size") continue;
      if (is_inexact(entry.path().filename())) continue;
      if (graph.outputs.empty() || !graph.outputs.front().is_tensor) continue;
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

// A model whose inputs but one are initializers, and what it is to give.
struct Program {
  std::string file;
  models::ImportOptions options{};
  std::string text{};
  std::int64_t batch = 1;
  std::vector<double> input;
  std::vector<double> output;
};

std::vector<double> values_of(const onnx::Graph& graph, const std::string& name) {
  for (const onnx::Tensor& tensor : graph.initializers) {
    if (tensor.name == name) return tensor.values();
  }
  return {};
}

// The program, or why there is none.
std::variant<Program, std::string> translate(const OnnxTest& test) {
  const std::string model = content_of(test.path / "model.onnx");
  const fs::path data = test.path / "test_data_set_0";
  const onnx::Graph graph = onnx::read_graph("", model);
  std::vector<std::string> names;
  std::vector<std::string> tensors;
  std::vector<std::string> held;  // all numbers, under names that no node reads
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    names.emplace_back(graph.values[graph.inputs[i].value].name);
    const std::string tensor = content_of(data / fmt::format("input_{}.pb", i));
    tensors.push_back(renamed(tensor, names.back()));
    held.push_back(renamed(tensor, "held " + names.back()));
  }
  held.push_back(renamed(content_of(data / "output_0.pb"), "held output"));
  // Most arrays of these tests have no axis of samples; convolutions need one.
  std::string reason;  // the first one
  for (const bool has_batch : {false, true}) {
    for (std::size_t chosen = 0; chosen < names.size(); ++chosen) {
      try {
        std::vector<std::string> known = tensors;
        known.erase(known.begin() + static_cast<std::ptrdiff_t>(chosen));
        const fs::path file = fs::path(::testing::TempDir()) / (test.name + ".onnx");
        std::ofstream(file, std::ios::binary) << with_initializers(model, known);
        Program program;
        program.file = file;
        program.options.first_axis_is_batch = has_batch;
        program.text = models::read_model_file(file, program.options).value().model.text;
        const std::string all = with_initializers(model, held);
        const onnx::Graph numbers = onnx::read_graph("", all);
        program.input = values_of(numbers, "held " + names[chosen]);
        program.output = values_of(numbers, "held output");
        const auto& sizes = numbers.inputs[chosen].sizes;
        if (has_batch && sizes.size() > 1) program.batch = sizes[0].value_or(1);
        return program;
      } catch (const SpecErrors& errors) {
        if (reason.empty()) reason = errors.all.front().what();
      } catch (const SpecError& error) {
        if (reason.empty()) reason = error.what();
      }
    }
  }
  return reason;
}

template <class Scalar>
void expect_output(const Program& program, double tolerance) {
  SCOPED_TRACE(program.text);
  const Graph graph = testing::graph_of(program.text, program.batch);
  Network<Scalar> network(graph, program.batch);
  if (graph.parameters > 0) load_parameters(network, program.file, {}, {.import = program.options});
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
  if (const auto* why = std::get_if<std::string>(&translated)) {
    ASSERT_NE(listed, nullptr) << "not in the table: " << *why;
    EXPECT_NE(why->find(listed->why), std::string::npos) << *why;
    return;
  }
  ASSERT_EQ(listed, nullptr) << "runs, but the table says that it does not";
  const Program& program = std::get<Program>(translated);
  constexpr double tolerance = 2e-6;  // of the largest output
  expect_output<double>(program, tolerance);
  // Some tests have numbers that no float32 holds.
  const auto is_moderate = [](double value) {
    return value == 0 || (std::fabs(value) < 1e30 && std::fabs(value) > 1e-30);
  };
  if (std::ranges::all_of(program.input, is_moderate)) expect_output<float>(program, tolerance);
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
