// Functions of a model: their nodes in place of those that call them.
#include <fmt/format.h>

#include <algorithm>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

constexpr const char* without_functions =
    "export the model without functions, or put them in place with onnx.inliner";
constexpr std::size_t most_nested_calls = 32;

// What an attribute takes in memory, about.
std::int64_t memory_of(const Attribute& attribute) {
  std::size_t numbers = attribute.reals.size() + attribute.integers.size() + attribute.texts.size();
  if (attribute.tensor)
    numbers += attribute.tensor->integers.size() + attribute.tensor->sizes.size();
  return static_cast<std::int64_t>(sizeof(Attribute) + numbers * sizeof(std::string_view));
}

std::int64_t memory_of(const NodeParts& parts, std::size_t name_size) {
  const std::size_t values = parts.inputs.size() + parts.outputs.size();
  auto size = static_cast<std::int64_t>(sizeof(Node) + (values + 1) * (sizeof(Value) + name_size));
  for (const AttributeParts& read : parts.attributes) size += memory_of(read.attribute);
  return size;
}

// Checks that a call may stand in `scope`.
void check_nesting(const Function& function, const Scope& scope) {
  std::size_t depth = 1;
  for (const Scope* at = &scope; at->function != nullptr; at = at->caller, ++depth) {
    if (at->function == &function) {
      throw SpecError(whole_file, fmt::format("function '{}' calls itself", function.name),
                      without_functions);
    }
  }
  if (depth <= most_nested_calls) return;
  throw SpecError(whole_file,
                  fmt::format("functions call each other more than {} deep", most_nested_calls),
                  without_functions);
}

void check_call(const Graph& graph, const NodeParts& parts, const Function& function) {
  if (function.opset != 0 && graph.opset != 0 && function.opset != graph.opset) {
    throw SpecError(whole_file,
                    fmt::format("function '{}' is written for opset {}, the model for {}",
                                function.name, function.opset, graph.opset),
                    without_functions);
  }
  if (parts.inputs.size() <= function.inputs.size() &&
      parts.outputs.size() <= function.outputs.size()) {
    return;
  }
  throw SpecError(whole_file,
                  fmt::format("function '{}' has {} inputs and {} outputs, the call {} and {}",
                              function.name, function.inputs.size(), function.outputs.size(),
                              parts.inputs.size(), parts.outputs.size()),
                  damaged_file);
}

const Attribute* attribute_of_call(const Scope& scope, std::string_view name) {
  for (const AttributeParts& given : scope.call->attributes) {
    if (given.attribute.name == name) return &given.attribute;
  }
  const auto& defaults = scope.function->defaults;
  const auto found = std::ranges::find(defaults, name, &Attribute::name);
  return found == defaults.end() ? nullptr : &*found;
}

bool has_parameter(const Function& function, std::string_view name) {
  return std::ranges::find(function.attributes, name) != function.attributes.end() ||
         std::ranges::find(function.defaults, name, &Attribute::name) != function.defaults.end();
}

}  // namespace

Function read_function(Graph& graph, std::string_view bytes) {
  Function function;
  MistakeList mistakes;
  Field field;
  for (FieldReader reader(bytes, "the function"); reader.next(field);) {
    mistakes.attempt([&] {
      switch (field.number) {
        case 1:
          function.name = field.name();
          return;
        case 4:
          function.inputs.push_back(field.name());
          return;
        case 5:
          function.outputs.push_back(field.name());
          return;
        case 6:
          function.attributes.push_back(field.name());
          return;
        case 7:
          function.nodes.push_back(field.message());
          return;
        case 9: {
          const Opset opset = read_opset(field.message());
          if (opset.domain.empty()) function.opset = opset.version;
          return;
        }
        case 10:
          function.domain = domain_of(field);
          return;
        case 11: {
          std::string_view reference;
          function.defaults.push_back(read_attribute(graph, field.message(), reference));
          return;
        }
        case 13:
          function.overload = field.name();
          return;
        default:
          return;
      }
    });
  }
  mistakes.throw_any();
  return function;
}

// Attributes that stand for one of the call's become that, or nothing where the call has none.
void GraphBuilder::substitute(NodeParts& parts, const Scope& scope) {
  std::vector<AttributeParts> kept;
  for (AttributeParts& read : parts.attributes) {
    if (!read.attribute.graph.empty() || read.attribute.type == AttributeType::graph) {
      throw SpecError(whole_file, "it has a graph of its own, which functions may not have here",
                      without_functions);
    }
    if (!read.reference.empty()) {
      if (scope.function == nullptr || !has_parameter(*scope.function, read.reference)) {
        throw SpecError(
            whole_file,
            fmt::format("attribute '{}' refers to an attribute '{}', which there is not",
                        read.attribute.name, read.reference),
            damaged_file);
      }
      const Attribute* const given = attribute_of_call(scope, read.reference);
      if (given == nullptr) continue;
      const std::string_view name = read.attribute.name;
      read.attribute = *given;
      read.attribute.name = name;
      read.reference = {};
    }
    kept.push_back(std::move(read));
  }
  parts.attributes = std::move(kept);
}

void GraphBuilder::inline_call(NodeParts& parts, const Function& function, Scope& scope) {
  check_nesting(function, scope);
  check_call(graph_, parts, function);
  std::unordered_map<std::string_view, ValueId> names;
  Scope inner{.names = &names};
  inner.prefix =
      fmt::format("{}{}/", scope.prefix, parts.name.empty() ? parts.operation : parts.name);
  inner.call = &parts;
  inner.function = &function;
  inner.caller = &scope;
  fill_inner(parts, function, scope, inner);
  MistakeList mistakes;
  for (std::size_t i = 0; i < function.nodes.size(); ++i) {
    mistakes.attempt([&] { add_node(function.nodes[i], i, inner); });
  }
  mistakes.throw_any();
}

// Formal inputs and outputs are the values of the call. An output that is an input, too, is a copy.
void GraphBuilder::fill_inner(NodeParts& parts, const Function& function, Scope& scope,
                              Scope& inner) {
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    const std::string_view given = i < parts.inputs.size() ? parts.inputs[i] : std::string_view{};
    const ValueId value = given.empty() ? absent : refer(given, scope);
    if (!inner.names->emplace(function.inputs[i], value).second) {
      throw SpecError(
          whole_file,
          fmt::format("function '{}' has two inputs '{}'", function.name, function.inputs[i]),
          damaged_file);
    }
  }
  for (std::size_t i = 0; i < parts.outputs.size(); ++i) {
    if (parts.outputs[i].empty()) continue;
    const auto [known, is_new] = inner.names->emplace(function.outputs[i], absent);
    if (is_new) {
      known->second = refer(parts.outputs[i], scope);
      continue;
    }
    Node copy;
    copy.name = graph_.keep(inner.prefix + std::string(function.outputs[i]));
    copy.operation = "Identity";
    copy.inputs = {known->second};
    copy.outputs = {define(parts.outputs[i], scope)};
    nodes.push_back(std::move(copy));
  }
}

void GraphBuilder::spend(const NodeParts& parts, const Scope& scope) {
  graph_.reading->call_budget -= memory_of(parts, scope.prefix.size());
  if (graph_.reading->call_budget >= 0) return;
  throw SpecError(whole_file, "calls of functions make it too large", without_functions);
}

}  // namespace smoothbound::models::onnx
