#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

constexpr std::array<std::string_view, 9> attribute_kinds{"of a kind that is not read",
                                                          "a float",
                                                          "an integer",
                                                          "a text",
                                                          "a tensor",
                                                          "a graph",
                                                          "a list of floats",
                                                          "a list of integers",
                                                          "a list of texts"};

std::string_view kind_of(AttributeType type) {
  return attribute_kinds.at(static_cast<std::size_t>(type));
}

// The attribute, of the type that its operator reads, or null.
const Attribute* find_typed(const Node& node, std::string_view attribute, AttributeType type) {
  const Attribute* const found = node.find(attribute);
  if (found == nullptr || found->type == type) return found;
  throw SpecError(
      whole_file,
      fmt::format("attribute '{}' is {}, not {}", attribute, kind_of(found->type), kind_of(type)),
      "export the model again; ONNX's own checker refuses it, too");
}

// The fields of AttributeProto that hold messages, until all pieces are there.
struct AttributePieces {
  Pieces tensor;
  Pieces graph;
};

AttributeType read_attribute_field(const Field& field, Attribute& attribute,
                                   AttributePieces& pieces) {
  switch (field.number) {
    case 2:
      attribute.real = field.real();
      return AttributeType::real;
    case 3:
      attribute.integer = field.integer();
      return AttributeType::integer;
    case 4:
      attribute.text = field.message();
      return AttributeType::text;
    case 5:
      pieces.tensor.push_back(field.message());
      return AttributeType::tensor;
    case 6:
      pieces.graph.push_back(field.message());
      return AttributeType::graph;
    case 7:
      field.append_to(attribute.reals);
      return AttributeType::reals;
    case 8:
      field.append_to(attribute.integers);
      return AttributeType::integers;
    case 9:
      attribute.texts.push_back(field.message());
      return AttributeType::texts;
    default:
      return AttributeType::other;
  }
}

}  // namespace

const Attribute* Node::find(std::string_view attribute) const {
  const auto found = std::ranges::find(attributes, attribute, &Attribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

std::int64_t Node::integer(std::string_view attribute, std::int64_t otherwise) const {
  const Attribute* const found = find_typed(*this, attribute, AttributeType::integer);
  return found == nullptr ? otherwise : found->integer;
}

double Node::real(std::string_view attribute, double otherwise) const {
  const Attribute* const found = find_typed(*this, attribute, AttributeType::real);
  return found == nullptr ? otherwise : static_cast<double>(found->real);
}

std::string_view Node::text(std::string_view attribute, std::string_view otherwise) const {
  const Attribute* const found = find_typed(*this, attribute, AttributeType::text);
  return found == nullptr ? otherwise : found->text;
}

std::vector<std::int64_t> Node::integers(std::string_view attribute) const {
  const Attribute* const found = find_typed(*this, attribute, AttributeType::integers);
  return found == nullptr ? std::vector<std::int64_t>{} : found->integers;
}

std::string_view domain_of(const Field& field) {
  const std::string_view domain = field.name();
  return domain == "ai.onnx" ? std::string_view{} : domain;
}

std::string describe_node(std::size_t index, const NodeParts& parts) {
  std::string text = fmt::format("node {}", index);
  if (!parts.name.empty()) text += fmt::format(" '{}'", parts.name);
  if (!parts.operation.empty()) text += fmt::format(" ({})", parts.operation);
  return text;
}

Attribute read_attribute(Graph& graph, std::string_view bytes, std::string_view& reference) {
  Attribute attribute;
  AttributePieces pieces;
  auto seen = AttributeType::other;
  std::int64_t said = 0;
  Field field;
  for (FieldReader reader(bytes, "an attribute"); reader.next(field);) {
    if (field.number == 1) attribute.name = field.name();
    if (field.number == 20) said = field.integer();
    if (field.number == 21) reference = field.name();
    const AttributeType type = read_attribute_field(field, attribute, pieces);
    if (type != AttributeType::other) seen = type;
  }
  // Writers may leave out zeros, and empty lists.
  const bool is_known = said > 0 && said < static_cast<std::int64_t>(attribute_kinds.size());
  attribute.type = said == 0  ? seen
                   : is_known ? static_cast<AttributeType>(said)
                              : AttributeType::other;
  within([&] { return fmt::format("attribute '{}'", attribute.name); },
         [&] {
           if (attribute.name.empty()) {
             throw SpecError(whole_file, "it has no name", damaged_file);
           }
           if (seen != AttributeType::other && seen != attribute.type) {
             throw SpecError(whole_file,
                             fmt::format("it is said to be {}, but is {}", kind_of(attribute.type),
                                         kind_of(seen)),
                             damaged_file);
           }
           if (!pieces.tensor.empty()) attribute.tensor = read_tensor(graph, pieces.tensor);
           if (pieces.graph.size() > 1) {
             throw SpecError(whole_file, "it holds several graphs", damaged_file);
           }
           if (!pieces.graph.empty()) attribute.graph = pieces.graph.front();
         });
  return attribute;
}

void read_node(Graph& graph, std::string_view bytes, NodeParts& parts) {
  // Of ONNX's operators none has as many.
  constexpr std::size_t most_attributes = 256;
  MistakeList mistakes;
  Field field;
  for (FieldReader reader(bytes, "the node"); reader.next(field);) {
    mistakes.attempt([&] {
      switch (field.number) {
        case 1:
          parts.inputs.push_back(field.name());
          return;
        case 2:
          parts.outputs.push_back(field.name());
          return;
        case 3:
          parts.name = field.name();
          return;
        case 4:
          parts.operation = field.name();
          return;
        case 5: {
          AttributeParts& read = parts.attributes.emplace_back();
          read.attribute = read_attribute(graph, field.message(), read.reference);
          return;
        }
        case 7:
          parts.domain = domain_of(field);
          return;
        case 8:
          parts.overload = field.name();
          return;
        default:
          return;
      }
    });
    if (parts.attributes.size() > most_attributes) {
      throw SpecError(whole_file, fmt::format("it has more than {} attributes", most_attributes),
                      damaged_file);
    }
  }
  mistakes.throw_any();
  if (parts.operation.empty()) throw SpecError(whole_file, "it has no operator", damaged_file);
  for (auto at = parts.attributes.begin(); at != parts.attributes.end(); ++at) {
    const bool is_second = std::any_of(
        parts.attributes.begin(), at,
        [&](const AttributeParts& other) { return other.attribute.name == at->attribute.name; });
    if (!is_second) continue;
    throw SpecError(whole_file, fmt::format("it has two attributes '{}'", at->attribute.name),
                    damaged_file);
  }
}

}  // namespace smoothbound::models::onnx
