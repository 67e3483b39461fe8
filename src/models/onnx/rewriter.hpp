// What rules of fusion see of a graph, and how they change it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph.hpp"

namespace smoothbound::models::onnx {

using NodeId = std::uint32_t;

/// Of a node with two inputs.
inline constexpr std::array<std::size_t, 2> either_operand{0, 1};

/// constant * factors
struct Product {
  double constant = 1;
  std::vector<ValueId> factors;
};

/// A value and a number that is added to it or multiplied by it.
struct WithNumber {
  ValueId value = absent;
  double number = 0;
};

/// An initializer, with axes of size 1 that Unsqueeze adds.
struct Parameter {
  ValueId value = absent;
  std::vector<std::int64_t> sizes;
};

/// Nodes in place of one, the last of which has its outputs. None: the rule does not apply.
using Replacement = std::vector<Node>;

/// A graph while its nodes are replaced. Values that functions return are those before conversions
/// between kinds of reals (`origin`).
class Rewriter {
 public:
  /// `read_elsewhere`: values that are read by more than nodes and the graph's outputs.
  Rewriter(Graph& graph, const std::vector<ValueId>& read_elsewhere);

  /// Puts nodes in place of node `id` and of all that lies between their inputs and it. False if
  /// something else reads what lies between.
  bool replace(NodeId id, Replacement nodes);
  /// Writes the nodes that are left back to the graph, in order.
  void finish();

  [[nodiscard]] NodeId node_count() const { return static_cast<NodeId>(graph_.nodes.size()); }
  [[nodiscard]] const Node& node(NodeId id) const { return graph_.nodes[id]; }
  [[nodiscard]] bool is_removed(NodeId id) const { return is_removed_[id]; }
  [[nodiscard]] std::optional<std::size_t> rank(ValueId value) const;
  /// Null, too, for one of more axes than arrays have.
  [[nodiscard]] const Tensor* initializer(ValueId value) const;

  /// The value before casts to reals.
  [[nodiscard]] ValueId origin(ValueId value) const;
  /// The node of ONNX's own operator whose first output the value is, or null.
  [[nodiscard]] const Node* maker(ValueId value, std::string_view operation) const;
  /// The same if the output is read once: a node that may be copied.
  [[nodiscard]] const Node* maker_for_one(ValueId value, std::string_view operation) const;
  /// An initializer of one element, or the root of one.
  [[nodiscard]] std::optional<double> scalar(ValueId value) const;
  [[nodiscard]] bool is_scalar(ValueId value, double number) const;
  /// value + number, in either order, or minus a number.
  [[nodiscard]] std::optional<WithNumber> shifted(ValueId value) const;
  /// value * number, in either order, or over a number.
  [[nodiscard]] std::optional<WithNumber> scaled(ValueId value) const;
  /// All factors of nested Mul, Pow 2 and 3, and Div by numbers; `stop` is not taken apart.
  [[nodiscard]] std::optional<Product> product(ValueId value, ValueId stop = absent) const;

  /// Whole numbers of an attribute or, if the node has none, of the constant input; nothing if
  /// there is neither.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(const Node& of,
                                                                  std::string_view attribute,
                                                                  std::size_t input) const;
  /// Nothing if the value is no initializer of reals.
  [[nodiscard]] std::optional<Parameter> parameter(ValueId value) const;
  /// Whether all elements of an initializer are this number.
  bool is_filled_with(ValueId value, double number);

  /// The initializer as a value of these sizes, of as many elements; of the same name.
  ValueId reshaped(ValueId value, const std::vector<std::int64_t>& sizes);
  /// A number for each channel of a value of this rank: the initializer as [channels].
  std::optional<ValueId> channel_parameter(ValueId value, std::optional<std::size_t> value_rank);
  /// A value that no node of the file makes.
  ValueId new_value(std::optional<std::size_t> value_rank);

 private:
  /// Whether nothing outside of the group reads an output of this node.
  [[nodiscard]] bool is_read_within(const Node& of, const std::vector<NodeId>& group) const;
  [[nodiscard]] bool find_between(NodeId id, const Replacement& nodes,
                                  std::vector<NodeId>& between) const;
  std::string_view common_name(const std::vector<NodeId>& nodes, std::string_view operation);
  void count_reads(const Node& reader, std::int32_t change);
  void remove_unread(std::vector<NodeId> open);

  Graph& graph_;
  std::vector<NodeId> maker_;               // of each value
  std::vector<std::uint32_t> reads_;        // of each value; by the graph's outputs, too
  std::vector<bool> is_removed_;            // of each node
  std::vector<std::uint8_t> ranks_;         // of each value; 255: not known
  mutable std::size_t product_steps_left_;  // so that no graph takes long
  std::unordered_map<NodeId, std::vector<NodeId>> before_;         // nodes that stand before one
  std::unordered_map<std::uint32_t, std::optional<double>> fill_;  // of initializers that are alike
  std::map<std::pair<std::uint32_t, std::vector<std::int64_t>>, ValueId> reshaped_;
};

/// Whether the number is this constant up to the rounding of float32.
bool is_near(double number, double constant);

Attribute real_attribute(std::string_view name, double value);
Attribute integer_attribute(std::string_view name, std::int64_t value);
Attribute integers_attribute(std::string_view name, std::vector<std::int64_t> values);
Attribute text_attribute(std::string_view name, std::string_view value);
/// A node of ONNX's own operators, without outputs.
Node fused_node(std::string_view operation, std::vector<ValueId> inputs,
                std::vector<Attribute> attributes = {});
/// The attribute of a node that has none of this name, or in place of it.
void set_attribute(Node& node, Attribute attribute);

/// How many axes each value has, as far as is told by the graph's inputs, initializers and the
/// operators that are listed; 255: not known.
std::vector<std::uint8_t> infer_ranks(const Graph& graph);
inline constexpr std::uint8_t unknown_rank = 255;

/// A row of a table of rules.
struct FusionRule {
  std::string_view operation;  // of the node that it looks at, the last of what it puts together
  Replacement (*apply)(Rewriter& rewriter, const Node& node);
};

}  // namespace smoothbound::models::onnx
