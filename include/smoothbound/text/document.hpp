// A located document tree that serves JSON and YAML alike.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::text {

enum class NodeKind : std::uint8_t { scalar, sequence, mapping };

class Value;

/// The tree: nodes in one array, in document order. A mapping's children alternate key and value.
/// Scalars are kept as text: what a scalar means is decided where it is read (`spec/fields.hpp`),
/// by the same rules for both formats.
class Document {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFFU;
  static constexpr int depth_limit = 64;

  struct Node {
    std::string_view text;  // of a scalar
    Location location;
    std::uint32_t first_child = none;
    std::uint32_t next_sibling = none;
    std::uint32_t child_count = 0;
    NodeKind kind = NodeKind::scalar;
    bool quoted = false;  // a JSON string, a quoted or block YAML scalar: never a number
  };

  [[nodiscard]] Value root() const;
  [[nodiscard]] const Node& node(std::uint32_t index) const { return nodes_[index]; }

 private:
  friend class DocumentBuilder;
  std::vector<Node> nodes_;
  std::pmr::monotonic_buffer_resource texts_;
};

/// A node of a document: a handle as cheap as a pointer, valid while the document lives.
class Value {
 public:
  Value(const Document& document, std::uint32_t index) : document_(&document), index_(index) {}

  [[nodiscard]] NodeKind kind() const { return node().kind; }
  [[nodiscard]] bool is_mapping() const { return kind() == NodeKind::mapping; }
  [[nodiscard]] bool is_sequence() const { return kind() == NodeKind::sequence; }
  [[nodiscard]] bool is_scalar() const { return kind() == NodeKind::scalar; }
  [[nodiscard]] bool is_quoted() const { return node().quoted; }
  [[nodiscard]] std::string_view text() const { return node().text; }
  [[nodiscard]] Location location() const { return node().location; }
  /// Elements of a sequence, entries of a mapping.
  [[nodiscard]] std::uint32_t size() const {
    return is_mapping() ? node().child_count / 2 : node().child_count;
  }

  /// The first child (of a mapping: its first key) and the node after this one.
  [[nodiscard]] std::optional<Value> first_child() const { return at(node().first_child); }
  [[nodiscard]] std::optional<Value> next_sibling() const { return at(node().next_sibling); }

 private:
  [[nodiscard]] const Document::Node& node() const { return document_->node(index_); }
  [[nodiscard]] std::optional<Value> at(std::uint32_t index) const {
    if (index == Document::none) return std::nullopt;
    return Value(*document_, index);
  }

  const Document* document_;
  std::uint32_t index_;
};

inline Value Document::root() const { return {*this, 0}; }

/// Builds a document from a stream of events; refuses what both formats refuse: nesting deeper than
/// `Document::depth_limit` and keys that are not scalars. Keys that appear again in a mapping are
/// left out with their values, and go into `repeated`.
class DocumentBuilder {
 public:
  DocumentBuilder(Document& document, MistakeList& repeated)
      : document_(document), repeated_(repeated) {}

  void open(NodeKind kind, Location location);
  void close();
  /// `text` is copied.
  void scalar(std::string_view text, bool quoted, Location location);
  [[nodiscard]] bool expects_key() const;

 private:
  struct Open {
    std::uint32_t node;
    std::uint32_t last_child;
  };
  void attach(const Document::Node& node);
  void drop_repeated_keys(std::uint32_t mapping);

  Document& document_;
  MistakeList& repeated_;
  std::vector<Open> open_;
};

/// Parses JSON; throws SpecError. `repeated`: gets keys that appear again, which are thrown, too,
/// if it is null.
void parse_json(std::string_view text, Document& document, MistakeList* repeated = nullptr);
/// Parses one YAML document without anchors, aliases, tags and merge keys; the same.
void parse_yaml(std::string_view text, Document& document, MistakeList* repeated = nullptr);
/// Parses `source` as what its name's ending says (.json, .yaml, .yml), or else as what it looks
/// like; the same. Throws SpecError, also for what is not UTF-8 text.
void parse(const Source& source, Document& document, MistakeList* repeated = nullptr);

}  // namespace smoothbound::text
