#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

constexpr std::int64_t first_ir_version = 3;
constexpr std::int64_t last_ir_version = 12;
constexpr std::int64_t first_opset = 7;
constexpr std::int64_t last_opset = 23;
constexpr std::size_t most_nested_bodies = 64;

// The fields of ModelProto.
struct ModelParts {
  Pieces graph;
  std::vector<std::string_view> functions;
  std::optional<std::int64_t> opset;
};

ModelParts parts_of_model(Graph& graph, std::string_view content) {
  ModelParts parts;
  Field field;
  for (FieldReader reader(content, "the file"); reader.next(field);) {
    switch (field.number) {
      case 1:
        graph.ir_version = field.integer();
        break;
      case 2:
        graph.producer = field.name();
        break;
      case 7:
        parts.graph.push_back(field.message());
        break;
      case 8: {
        const Opset opset = read_opset(field.message());
        if (opset.domain.empty()) parts.opset = opset.version;
        break;
      }
      case 25:
        parts.functions.push_back(field.message());
        break;
      default:
        break;
    }
  }
  return parts;
}

void check_versions(Graph& graph, const ModelParts& parts) {
  MistakeList mistakes;
  if (graph.ir_version < first_ir_version || graph.ir_version > last_ir_version) {
    mistakes.add({whole_file,
                  fmt::format("the model is of ONNX's IR version {}; versions {} to {} are read",
                              graph.ir_version, first_ir_version, last_ir_version),
                  "save it again with another version of onnx, which sets ir_version"});
  }
  if (!parts.opset) {
    mistakes.add({whole_file, "the model does not say which opset it is written for",
                  fmt::format("add an opset_import of {} to {} to it", first_opset, last_opset)});
  } else if (*parts.opset < first_opset || *parts.opset > last_opset) {
    mistakes.add({whole_file,
                  fmt::format("the model is written for opset {}; opsets {} to {} are read",
                              *parts.opset, first_opset, last_opset),
                  "export it with opset 17, or convert it with onnx.version_converter"});
  }
  if (parts.graph.empty()) {
    mistakes.add({whole_file, "the model has no graph", damaged_file});
  }
  mistakes.throw_any();
  graph.opset = *parts.opset;
}

void read_functions(Graph& graph, const std::vector<std::string_view>& functions) {
  MistakeList mistakes;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    mistakes.attempt([&] {
      within([&] { return fmt::format("function {}", i); },
             [&] {
               Function function = read_function(graph, functions[i]);
               const FunctionKey key{function.domain, function.name, function.overload};
               const std::string_view name = function.name;
               if (graph.reading->functions.emplace(key, std::move(function)).second) return;
               throw SpecError(whole_file, fmt::format("there are two functions '{}'", name),
                               damaged_file);
             });
    });
  }
  mistakes.throw_any();
}

// Whether the body lies in the other one, and is not the same.
bool lies_within(std::string_view body, std::string_view other) {
  const std::less_equal<> before;
  return before(other.data(), body.data()) &&
         before(body.data() + body.size(), other.data() + other.size()) &&
         body.size() < other.size();
}

// Bodies that `body` does not lie in are no longer seen.
void close_bodies(Reading& reading, std::string_view body) {
  while (!reading.bodies.empty() && !lies_within(body, reading.bodies.back().bytes)) {
    for (const auto name : reading.bodies.back().names) reading.names.erase(name);
    reading.bodies.pop_back();
  }
  if (reading.bodies.size() < most_nested_bodies) return;
  throw SpecError(whole_file,
                  fmt::format("graphs stand more than {} deep in each other", most_nested_bodies),
                  "simplify the model, with onnxsim for instance");
}

}  // namespace

Opset read_opset(std::string_view bytes) {
  Opset opset;
  Field field;
  for (FieldReader reader(bytes, "opset_import"); reader.next(field);) {
    if (field.number == 1) opset.domain = domain_of(field);
    if (field.number == 2) opset.version = field.integer();
  }
  return opset;
}

Graph read_graph(std::string_view path, std::string_view content) {
  Graph graph;
  graph.reading = std::make_shared<Reading>();
  graph.reading->path = std::string(path);
  graph.reading->content = content;
  const ModelParts parts = parts_of_model(graph, content);
  check_versions(graph, parts);
  read_functions(graph, parts.functions);
  GraphBuilder builder(graph);
  Scope scope{.names = &graph.reading->names};
  builder.read(parts.graph, scope);
  graph.nodes = std::move(builder.nodes);
  graph.inputs = std::move(builder.inputs);
  graph.outputs = std::move(builder.outputs);
  if (graph.outputs.empty()) {
    throw SpecError(whole_file, "the graph has no output", damaged_file);
  }
  return graph;
}

std::vector<Node> read_body(Graph& graph, std::string_view body, std::vector<ValueId>& outputs) {
  Reading& reading = *graph.reading;
  close_bodies(reading, body);
  reading.bodies.push_back({.bytes = body, .names = {}});
  GraphBuilder builder(graph);
  Scope scope{.names = &reading.names, .added = &reading.bodies.back().names};
  within([] { return std::string("the graph of a node"); },
         [&] {
           builder.read({body}, scope);
           if (builder.inputs.empty()) return;
           throw SpecError(whole_file, "it has inputs: loops are not read",
                           "export the model with loops unrolled");
         });
  outputs.clear();
  for (const GraphInput& output : builder.outputs) outputs.push_back(output.value);
  return std::move(builder.nodes);
}

}  // namespace smoothbound::models::onnx
