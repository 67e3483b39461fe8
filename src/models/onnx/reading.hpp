// What the sources of this folder share while they read a graph.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "graph.hpp"
#include "smoothbound/models/model.hpp"
#include "wire.hpp"

namespace smoothbound::models::onnx {

/// An attribute of a node in a function may stand for one of the call's.
struct AttributeParts {
  Attribute attribute;
  std::string_view reference;  // the call's attribute, or empty
};

/// NodeProto with its names as they stand there.
struct NodeParts {
  std::string_view name;
  std::string_view operation;
  std::string_view domain;
  std::string_view overload;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<AttributeParts> attributes;
};

/// FunctionProto; its nodes are read where it is called.
struct Function {
  std::string_view name;
  std::string_view domain;
  std::string_view overload;
  std::int64_t opset = 0;  // of ONNX's own domain; 0: none is said
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> attributes;  // without those that have a default
  std::vector<Attribute> defaults;
  std::vector<std::string_view> nodes;
};

using FunctionKey = std::tuple<std::string_view, std::string_view, std::string_view>;

/// One with numbers, beside the model.
struct ExternalFile {
  std::string path;
  std::unique_ptr<const MappedFile> file;
};

struct Reading {
  /// A body whose names are in `names`; bodies nest as their bytes do.
  struct Body {
    std::string_view bytes;
    std::vector<std::string_view> names;
  };

  std::string path;
  std::string_view content;
  std::unordered_map<std::string_view, ValueId> names;  // that are seen
  std::vector<Body> bodies;                             // from the outermost
  std::map<FunctionKey, Function> functions;            // by domain, name and overload
  /// Bytes of memory that calls of functions may still take: thirty functions that call each other
  /// twice would take all.
  std::int64_t call_budget = std::int64_t{1} << 28U;
  std::map<std::string, ExternalFile, std::less<>> files;  // by location
};

/// A domain; ONNX's own is empty.
std::string_view domain_of(const Field& field);

/// OperatorSetIdProto.
struct Opset {
  std::string_view domain;
  std::int64_t version = 0;
};
Opset read_opset(std::string_view bytes);

/// TensorProto. Throws SpecError without its name.
Tensor read_tensor(Graph& graph, const Pieces& pieces);
/// The `size` bytes at `tensor.offset` of the file for `location`, which has to lie in the model's
/// folder, as the bytes of `tensor`. Throws SpecError.
void read_external(Reading& reading, std::string_view location, std::uint64_t size, Tensor& tensor);

/// NodeProto; `parts` holds what was read of it if this throws SpecErrors.
void read_node(Graph& graph, std::string_view bytes, NodeParts& parts);
Attribute read_attribute(Graph& graph, std::string_view bytes, std::string_view& reference);
Function read_function(Graph& graph, std::string_view bytes);

/// "node 12 'conv1' (Conv)"; nodes count from 0, as in Python.
std::string describe_node(std::size_t index, const NodeParts& parts);

/// Where the names of values are resolved: in a graph, or in one call of a function.
struct Scope {
  std::unordered_map<std::string_view, ValueId>* names = nullptr;
  std::vector<std::string_view>* added = nullptr;  // where new names are noted, if anywhere
  std::string prefix = {};                         // of a call's values and nodes
  const NodeParts* call = nullptr;                 // in a function
  const Function* function = nullptr;
  const Scope* caller = nullptr;
};

/// Makes a graph or a body of messages.
class GraphBuilder {
 public:
  explicit GraphBuilder(Graph& graph)
      : graph_(graph), first_(static_cast<ValueId>(graph.values.size())) {}

  /// All of a GraphProto into `nodes`, `inputs` and `outputs`; names go to `scope`. Throws
  /// SpecErrors.
  void read(const Pieces& pieces, Scope& scope);

  std::vector<Node> nodes;
  std::vector<GraphInput> inputs;
  std::vector<GraphInput> outputs;

 private:
  void add_initializer(std::string_view bytes, Scope& scope);
  void add_input(std::string_view bytes, Scope& scope);
  void add_output(std::string_view bytes, Scope& scope);
  void add_node(std::string_view bytes, std::size_t index, Scope& scope);
  void add_parts(NodeParts& parts, Scope& scope);
  void add_constant(const NodeParts& parts, Scope& scope);
  void add_plain(NodeParts& parts, Scope& scope);
  void check_made() const;

  // A value of this name, which is made here or elsewhere.
  ValueId refer(std::string_view name, Scope& scope);
  // The same, made here.
  ValueId define(std::string_view name, Scope& scope);

  // In functions.cpp: calls.
  void inline_call(NodeParts& parts, const Function& function, Scope& scope);
  void fill_inner(NodeParts& parts, const Function& function, Scope& scope, Scope& inner);
  void substitute(NodeParts& parts, const Scope& scope);
  void spend(std::size_t memory);

  // Values that were there before are made elsewhere.
  [[nodiscard]] bool is_made(ValueId value) const {
    return value < first_ || is_made_[value - first_];
  }

  Graph& graph_;
  ValueId first_;
  std::vector<bool> is_made_;  // of each value from the first one on
};

/// Puts each node behind those whose outputs it reads, without need leaving their order. They make
/// none of the values before `first`. Throws SpecError for a cycle.
void sort_nodes(std::vector<Node>& nodes, const std::vector<Value>& values, ValueId first);

}  // namespace smoothbound::models::onnx
