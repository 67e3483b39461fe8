#include <utility>

#include "reading.hpp"
#include "rewriter.hpp"

namespace smoothbound::models::onnx {
namespace {

constexpr std::size_t deepest_body = 64;

// A message within a body, and what it is: GraphProto, NodeProto, AttributeProto, or ValueInfoProto
// of an output.
struct BodyPart {
  enum class Kind : std::uint8_t { graph, node, attribute, output };
  Kind kind;
  std::string_view bytes;
  std::size_t depth;
};

// Parts of the part that may name values.
void open_part(const BodyPart& part, std::vector<BodyPart>& open,
               std::vector<std::string_view>& names) {
  using Kind = BodyPart::Kind;
  Field field;
  for (FieldReader reader(part.bytes, "a body"); reader.next(field);) {
    if (field.type != WireType::bytes) continue;
    if (part.kind == Kind::graph && field.number == 1) {
      open.push_back({Kind::node, field.bytes, part.depth});
    } else if (part.kind == Kind::graph && field.number == 12) {
      open.push_back({Kind::output, field.bytes, part.depth});
    } else if (part.kind == Kind::node && field.number == 5) {
      open.push_back({Kind::attribute, field.bytes, part.depth});
    } else if (part.kind == Kind::attribute && field.number == 6 && part.depth < deepest_body) {
      open.push_back({Kind::graph, field.bytes, part.depth + 1});
    } else if ((part.kind == Kind::node || part.kind == Kind::output) && field.number == 1) {
      names.push_back(field.bytes);
    }
  }
}

}  // namespace

std::vector<ValueId> values_read_in_bodies(const Graph& graph, std::span<const Node> nodes) {
  std::vector<ValueId> values;
  if (graph.reading == nullptr) return values;
  std::vector<BodyPart> open;
  std::vector<std::string_view> names;
  for (const Node& node : nodes) {
    for (const Attribute& attribute : node.attributes) {
      if (!attribute.graph.empty()) open.push_back({BodyPart::Kind::graph, attribute.graph, 0});
    }
  }
  while (!open.empty()) {
    const BodyPart part = open.back();
    open.pop_back();
    try {
      open_part(part, open, names);
    } catch (const SpecError&) {  // who reads the body says what is wrong with it
      continue;
    }
  }
  for (const std::string_view name : names) {
    const auto found = graph.reading->names.find(name);
    if (found != graph.reading->names.end()) values.push_back(found->second);
  }
  return values;
}

}  // namespace smoothbound::models::onnx
