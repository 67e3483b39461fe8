#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

// TypeProto.Tensor
void read_tensor_type(const Pieces& pieces, GraphInput& input) {
  Pieces shape;
  Field field;
  for (FieldReader reader(pieces, "the type"); reader.next(field);) {
    if (field.number == 1) input.type = static_cast<DataType>(field.integer());
    if (field.number == 2) shape.push_back(field.message());
  }
  input.has_shape = !shape.empty();
  Field dimension;
  for (FieldReader reader(shape, "the shape"); reader.next(field);) {
    if (field.number != 1) continue;
    auto& size = input.sizes.emplace_back();
    auto& symbol = input.symbols.emplace_back();
    for (FieldReader parts(field.message(), "a size"); parts.next(dimension);) {
      if (dimension.number == 1) size = dimension.integer();
      if (dimension.number == 2) symbol = dimension.name();
    }
    if (!size || symbol.empty()) continue;
    symbol = {};  // only one of both holds
  }
}

// ValueInfoProto; returns its name.
std::string_view read_value_info(std::string_view bytes, GraphInput& input) {
  std::string_view name;
  Pieces types;
  Pieces tensor_types;
  Field field;
  for (FieldReader reader(bytes, "the value"); reader.next(field);) {
    if (field.number == 1) name = field.name();
    if (field.number == 2) types.push_back(field.message());
  }
  if (name.empty()) throw SpecError(whole_file, "it has no name", damaged_file);
  for (FieldReader reader(types, "the type"); reader.next(field);) {
    if (field.number == 1) tensor_types.push_back(field.message());
    const bool is_other = field.number == 4 || field.number == 5 || field.number == 8 ||
                          field.number == 9;  // sequence, map, sparse tensor, optional
    if (is_other) input.is_tensor = false;
  }
  read_tensor_type(tensor_types, input);
  return name;
}

// The fields of GraphProto.
struct GraphParts {
  std::vector<std::string_view> nodes;
  std::vector<std::string_view> initializers;
  std::vector<std::string_view> sparse_initializers;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
};

GraphParts parts_of_graph(const Pieces& pieces, std::string_view& graph_name) {
  GraphParts parts;
  Field field;
  for (FieldReader reader(pieces, "the graph"); reader.next(field);) {
    switch (field.number) {
      case 1:
        parts.nodes.push_back(field.message());
        break;
      case 2:
        graph_name = field.name();
        break;
      case 5:
        parts.initializers.push_back(field.message());
        break;
      case 11:
        parts.inputs.push_back(field.message());
        break;
      case 12:
        parts.outputs.push_back(field.message());
        break;
      case 15:
        parts.sparse_initializers.push_back(field.message());
        break;
      default:
        break;
    }
  }
  return parts;
}

// The name in a message, for one of which no more is read.
std::string_view name_in(std::string_view bytes, std::uint32_t number) {
  std::string_view name;
  Field field;
  for (FieldReader reader(bytes, "the array"); reader.next(field);) {
    if (field.number == number) name = field.name();
  }
  return name;
}

void refuse_sparse(std::string_view bytes) {
  Field field;
  std::string_view name;
  for (FieldReader reader(bytes, "the sparse array"); reader.next(field);) {
    if (field.number == 1) name = name_in(field.message(), 8);
  }
  throw SpecError(whole_file, fmt::format("initializer '{}' is sparse", name),
                  "export the model with dense arrays");
}

// A kind of messages in a graph: what they are called, and the field of their name.
struct PartKind {
  std::string_view kind;
  std::uint32_t name_field;
};

// "initializer 'w'", or with its number if the name cannot be read.
std::string describe_part(const PartKind& kind, std::string_view bytes, std::size_t index) {
  try {
    const std::string_view name = name_in(bytes, kind.name_field);
    if (!name.empty()) return fmt::format("{} '{}'", kind.kind, name);
  } catch (const SpecError&) {  // what is wrong with it is what is being said
  }
  return fmt::format("{} {}", kind.kind, index);
}

template <class Read>
void each_part(MistakeList& mistakes, const std::vector<std::string_view>& parts,
               const PartKind& kind, const Read& read) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    mistakes.attempt(
        [&] { within([&] { return describe_part(kind, parts[i], i); }, [&] { read(parts[i]); }); });
  }
}

// The one attribute of a Constant as an array. Numbers that are not there as bytes are kept.
Tensor constant_of(Graph& graph, const Attribute& attribute) {
  const auto reals = [&](const std::vector<float>& values) {
    std::string bytes(values.size() * sizeof(float), '\0');
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return graph.keep(std::move(bytes));
  };
  const auto size = [](const auto& values) { return static_cast<std::int64_t>(values.size()); };
  Tensor tensor;
  if (attribute.name == "value" && attribute.tensor) return *attribute.tensor;
  if (attribute.name == "value_float" && attribute.type == AttributeType::real) {
    tensor.type = DataType::float32;
    tensor.bytes = reals({attribute.real});
  } else if (attribute.name == "value_floats" && attribute.type == AttributeType::reals) {
    tensor.type = DataType::float32;
    tensor.sizes = {size(attribute.reals)};
    tensor.bytes = reals(attribute.reals);
  } else if (attribute.name == "value_int" && attribute.type == AttributeType::integer) {
    tensor.type = DataType::int64;
    tensor.integers = {attribute.integer};
  } else if (attribute.name == "value_ints" && attribute.type == AttributeType::integers) {
    tensor.type = DataType::int64;
    tensor.sizes = {size(attribute.integers)};
    tensor.integers = attribute.integers;
  } else if (attribute.name == "value_string" || attribute.name == "value_strings") {
    tensor.type = DataType::text;
  } else {
    throw SpecError(whole_file,
                    fmt::format("a constant's attribute '{}' is not read", attribute.name),
                    "export the model with dense constants of numbers");
  }
  return tensor;
}

}  // namespace

ValueId Graph::new_value(std::string_view value_name) {
  values.push_back({.name = value_name});
  return static_cast<ValueId>(values.size() - 1);
}

ValueId GraphBuilder::refer(std::string_view name, Scope& scope) {
  const auto [entry, is_new] = scope.names->try_emplace(name, absent);
  if (!is_new) return entry->second;
  entry->second =
      graph_.new_value(scope.prefix.empty() ? name : graph_.keep(scope.prefix + std::string(name)));
  is_made_.push_back(false);
  if (scope.added != nullptr) scope.added->push_back(name);
  return entry->second;
}

ValueId GraphBuilder::define(std::string_view name, Scope& scope) {
  const ValueId value = refer(name, scope);
  if (value == absent || is_made(value)) {
    throw SpecError(whole_file, fmt::format("there are two values '{}'", name),
                    "export the model again; ONNX's own checker refuses it, too");
  }
  is_made_[value - first_] = true;
  return value;
}

void GraphBuilder::add_initializer(std::string_view bytes, Scope& scope) {
  const std::string_view name = name_in(bytes, 8);
  if (name.empty()) throw SpecError(whole_file, "it has no name", damaged_file);
  const ValueId value = define(name, scope);
  graph_.values[value].initializer = static_cast<std::uint32_t>(graph_.initializers.size());
  graph_.initializers.push_back(read_tensor(graph_, {bytes}));
}

// Up to IR version 3 initializers were inputs, too.
void GraphBuilder::add_input(std::string_view bytes, Scope& scope) {
  GraphInput input;
  const std::string_view name = read_value_info(bytes, input);
  const auto known = scope.names->find(name);
  if (known != scope.names->end() && graph_.initializer(known->second) != nullptr) return;
  input.value = define(name, scope);
  inputs.push_back(std::move(input));
}

void GraphBuilder::add_output(std::string_view bytes, Scope& scope) {
  GraphInput output;
  const std::string_view name = read_value_info(bytes, output);
  output.value = refer(name, scope);
  if (!is_made(output.value)) {
    throw SpecError(whole_file, fmt::format("nothing makes '{}'", name), damaged_file);
  }
  outputs.push_back(std::move(output));
}

void GraphBuilder::add_node(std::string_view bytes, std::size_t index, Scope& scope) {
  NodeParts parts;
  within([&] { return describe_node(index, parts); },
         [&] {
           read_node(graph_, bytes, parts);
           add_parts(parts, scope);
         });
}

void GraphBuilder::add_parts(NodeParts& parts, Scope& scope) {
  if (scope.function != nullptr) substitute(parts, scope);
  const auto& functions = graph_.reading->functions;
  const auto function = functions.find({parts.domain, parts.operation, parts.overload});
  if (function != functions.end()) return inline_call(parts, function->second, scope);
  for (const AttributeParts& read : parts.attributes) {
    if (read.reference.empty()) continue;
    throw SpecError(whole_file,
                    fmt::format("attribute '{}' refers to one of a call, but is in no function",
                                read.attribute.name),
                    damaged_file);
  }
  if (parts.domain.empty() && parts.operation == "Constant") return add_constant(parts, scope);
  add_plain(parts, scope);
}

void GraphBuilder::add_constant(const NodeParts& parts, Scope& scope) {
  if (parts.attributes.size() != 1 || parts.outputs.size() != 1 || parts.outputs[0].empty()) {
    throw SpecError(whole_file, "a constant has one attribute and one output", damaged_file);
  }
  Tensor tensor = constant_of(graph_, parts.attributes.front().attribute);
  const ValueId value = define(parts.outputs[0], scope);
  tensor.name = graph_.values[value].name;
  graph_.values[value].initializer = static_cast<std::uint32_t>(graph_.initializers.size());
  graph_.values[value].is_literal = true;
  graph_.initializers.push_back(std::move(tensor));
}

void GraphBuilder::add_plain(NodeParts& parts, Scope& scope) {
  if (std::ranges::all_of(parts.outputs, [](auto name) { return name.empty(); })) {
    throw SpecError(whole_file, "it has no output", damaged_file);
  }
  Node node;
  node.name = scope.prefix.empty() || parts.name.empty()
                  ? parts.name
                  : graph_.keep(scope.prefix + std::string(parts.name));
  node.operation = parts.operation;
  node.domain = parts.domain;
  node.inputs.reserve(parts.inputs.size());
  node.outputs.reserve(parts.outputs.size());
  node.attributes.reserve(parts.attributes.size());
  for (const auto name : parts.inputs) {
    node.inputs.push_back(name.empty() ? absent : refer(name, scope));
  }
  for (const auto name : parts.outputs) {
    node.outputs.push_back(name.empty() ? absent : define(name, scope));
  }
  for (AttributeParts& read : parts.attributes) {
    node.attributes.push_back(std::move(read.attribute));
  }
  nodes.push_back(std::move(node));
}

void GraphBuilder::check_made() const {
  MistakeList mistakes;
  for (const Node& node : nodes) {
    for (const ValueId input : node.inputs) {
      if (input == absent || is_made(input)) continue;
      const std::string called = node.name.empty() ? "" : fmt::format(" '{}'", node.name);
      mistakes.add({whole_file,
                    fmt::format("a node{} ({}) reads '{}', which nothing makes", called,
                                node.operation, graph_.values[input].name),
                    damaged_file});
    }
  }
  mistakes.throw_any();
}

void GraphBuilder::read(const Pieces& pieces, Scope& scope) {
  std::string_view name;
  const GraphParts parts = parts_of_graph(pieces, name);
  if (graph_.name.empty()) graph_.name = name;
  MistakeList mistakes;
  for (const auto bytes : parts.sparse_initializers) {
    mistakes.attempt([&] { refuse_sparse(bytes); });
  }
  graph_.initializers.reserve(graph_.initializers.size() + parts.initializers.size());
  each_part(mistakes, parts.initializers, {"initializer", 8},
            [&](std::string_view bytes) { add_initializer(bytes, scope); });
  each_part(mistakes, parts.inputs, {"input", 1},
            [&](std::string_view bytes) { add_input(bytes, scope); });
  nodes.reserve(parts.nodes.size());
  for (std::size_t i = 0; i < parts.nodes.size(); ++i) {
    mistakes.attempt([&] { add_node(parts.nodes[i], i, scope); });
  }
  mistakes.throw_any();
  mistakes.attempt([&] { check_made(); });
  each_part(mistakes, parts.outputs, {"output", 1},
            [&](std::string_view bytes) { add_output(bytes, scope); });
  mistakes.throw_any();
  sort_nodes(nodes, graph_.values, first_);
}

}  // namespace smoothbound::models::onnx
