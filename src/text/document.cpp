#include "smoothbound/text/document.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <unordered_map>

namespace smoothbound::text {

void DocumentBuilder::attach(const Document::Node& node) {
  const auto index = static_cast<std::uint32_t>(document_.nodes_.size());
  if (index == Document::none) {
    throw SpecError(node.location, "the document has too many nodes",
                    "describe the network in several files");
  }
  document_.nodes_.push_back(node);
  if (open_.empty()) return;
  Document::Node& parent = document_.nodes_[open_.back().node];
  if (parent.child_count == 0) {
    parent.first_child = index;
  } else {
    document_.nodes_[open_.back().last_child].next_sibling = index;
  }
  ++parent.child_count;
  open_.back().last_child = index;
}

bool DocumentBuilder::expects_key() const {
  if (open_.empty()) return false;
  const Document::Node& parent = document_.nodes_[open_.back().node];
  return parent.kind == NodeKind::mapping && parent.child_count % 2 == 0;
}

void DocumentBuilder::open(NodeKind kind, Location location) {
  if (expects_key()) {
    throw SpecError(location, "a key must be a single word or string, not a list or a mapping",
                    "write 'KEY: VALUE'; a list or a mapping stands behind the colon");
  }
  if (open_.size() >= static_cast<std::size_t>(Document::depth_limit)) {
    throw SpecError(location, fmt::format("nested more than {} levels deep", Document::depth_limit),
                    "an architecture file needs five levels; is this the right file?");
  }
  Document::Node node;
  node.kind = kind;
  node.location = location;
  attach(node);
  open_.push_back({static_cast<std::uint32_t>(document_.nodes_.size() - 1), Document::none});
}

void DocumentBuilder::close() {
  const std::uint32_t closed = open_.back().node;
  open_.pop_back();
  if (document_.nodes_[closed].kind == NodeKind::mapping) drop_repeated_keys(closed);
}

void DocumentBuilder::scalar(std::string_view text, bool quoted, Location location) {
  Document::Node node;
  node.location = location;
  node.quoted = quoted;
  if (!text.empty()) {
    auto* copy = static_cast<char*>(document_.texts_.allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    node.text = {copy, text.size()};
  }
  attach(node);
}

void DocumentBuilder::drop_repeated_keys(std::uint32_t mapping) {
  auto& nodes = document_.nodes_;
  std::uint32_t last = Document::none;  // value of the entry before
  const auto drop = [&](std::uint32_t first, std::uint32_t again) {
    repeated_.add(
        {nodes[again].location,
         fmt::format("key '{}' appears twice", nodes[again].text),
         "keep one of the two",
         {{nodes[first].location, fmt::format("'{}' is first given here", nodes[first].text)}}});
    nodes[last].next_sibling = nodes[nodes[again].next_sibling].next_sibling;
    nodes[mapping].child_count -= 2;
  };
  constexpr std::uint32_t few = 16;
  const bool is_short = nodes[mapping].child_count / 2 <= few;
  std::unordered_map<std::string_view, std::uint32_t> seen;
  const auto earlier = [&](std::uint32_t key) {
    if (!is_short) {
      const auto [first, inserted] = seen.emplace(nodes[key].text, key);
      return inserted ? key : first->second;
    }
    std::uint32_t other = nodes[mapping].first_child;
    while (nodes[other].text != nodes[key].text) {
      other = nodes[nodes[other].next_sibling].next_sibling;
    }
    return other;
  };
  for (auto key = nodes[mapping].first_child; key != Document::none;) {
    const std::uint32_t value = nodes[key].next_sibling;
    const std::uint32_t next = nodes[value].next_sibling;
    if (const std::uint32_t first = earlier(key); first != key) {
      drop(first, key);
    } else {
      last = value;
    }
    key = next;
  }
}

void parse(const Source& source, Document& document, MistakeList* repeated) {
  std::string_view text = source.text;
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (const std::size_t bad = find_invalid_text(text); bad != std::string_view::npos) {
    const Location location = locate(text, bad);
    if (text[bad] == '\0') {
      throw SpecError(location, "NUL byte in the file", "an architecture file is UTF-8 text");
    }
    throw SpecError(
        location, fmt::format("byte 0x{:02X} is not UTF-8", static_cast<unsigned char>(text[bad])),
        "save the file as UTF-8");
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    throw SpecError({}, "the file is empty",
                    "an architecture file has at least 'input' and 'layers'");
  }
  const auto has_ending = [&](std::string_view ending) { return source.name.ends_with(ending); };
  // What was made of a model is YAML, also if that is JSON.
  bool json = has_ending(".json") && source.model_format.empty();
  if (!json && !has_ending(".yaml") && !has_ending(".yml") && text[first] == '{') {
    // YAML's {key: value} may also begin with a brace, but JSON goes on with a quote or ends.
    const std::size_t second = text.find_first_not_of(" \t\r\n", first + 1);
    json = second == std::string_view::npos || text[second] == '"' || text[second] == '}';
  }
  json ? parse_json(text, document, repeated) : parse_yaml(text, document, repeated);
}

}  // namespace smoothbound::text
