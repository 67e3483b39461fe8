#include "rewriter.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace smoothbound::models::onnx {
namespace {

constexpr std::size_t casts_looked_through = 8;
constexpr std::size_t largest_product = 16;       // in operations
constexpr std::size_t products_per_node = 256;    // the same, for the whole graph
constexpr std::size_t most_operands = 8;          // of a node in a group
constexpr std::size_t largest_group = 32;         // in nodes
constexpr std::int64_t largest_filled = 1 << 20;  // more channels no layer has

bool is_cast_to_real(const Node& node) {
  constexpr std::array<DataType, 4> reals{DataType::float32, DataType::float64, DataType::float16,
                                          DataType::bfloat16};
  if (node.operation != "Cast" || !node.domain.empty()) return false;
  const Attribute* const to = node.find("to");
  return to != nullptr && std::ranges::any_of(reals, [&](DataType real) {
           return static_cast<std::int64_t>(real) == to->integer;
         });
}

// Others have no arithmetic, or none that rules ask for.
bool has_numbers(const Tensor& tensor) {
  return tensor.is_real() || tensor.type == DataType::int64 || tensor.type == DataType::int32;
}

bool is_of_onnx(const Node& node, std::string_view operation) {
  return node.operation == operation && node.domain.empty();
}

}  // namespace

Rewriter::Rewriter(Graph& graph, const std::vector<ValueId>& read_elsewhere)
    : graph_(graph),
      maker_(graph.values.size(), absent),
      reads_(graph.values.size(), 0),
      is_removed_(graph.nodes.size(), false),
      ranks_(infer_ranks(graph)),
      product_steps_left_(products_per_node * (graph.nodes.size() + 1)) {
  for (NodeId id = 0; id < node_count(); ++id) {
    for (const ValueId output : node(id).outputs) {
      if (output != absent) maker_[output] = id;
    }
    count_reads(node(id), 1);
  }
  for (const GraphInput& output : graph.outputs) {
    if (output.value != absent) ++reads_[output.value];
  }
  for (const ValueId value : read_elsewhere) ++reads_[value];
}

void Rewriter::count_reads(const Node& reader, std::int32_t change) {
  for (const ValueId input : reader.inputs) {
    if (input != absent) reads_[input] += static_cast<std::uint32_t>(change);
  }
}

const Tensor* Rewriter::initializer(ValueId value) const {
  return graph_.initializer(origin(value));
}

std::optional<std::size_t> Rewriter::rank(ValueId value) const {
  if (value == absent || ranks_[value] == unknown_rank) return std::nullopt;
  return ranks_[value];
}

ValueId Rewriter::origin(ValueId value) const {
  for (std::size_t i = 0; i < casts_looked_through && value != absent; ++i) {
    const NodeId id = maker_[value];
    if (id == absent || !is_cast_to_real(node(id)) || node(id).inputs.empty()) break;
    value = node(id).inputs.front();
  }
  return value;
}

const Node* Rewriter::maker(ValueId value, std::string_view operation) const {
  value = origin(value);
  if (value == absent || maker_[value] == absent) return nullptr;
  const Node& found = node(maker_[value]);
  return is_of_onnx(found, operation) && found.outputs.front() == value ? &found : nullptr;
}

std::optional<double> Rewriter::scalar(ValueId value) const {
  const Node* const root = maker(value, "Sqrt");
  const Tensor* const tensor = initializer(root == nullptr ? value : root->input(0));
  if (tensor == nullptr || tensor->elements() != 1 || !has_numbers(*tensor)) {
    return std::nullopt;
  }
  const double number = tensor->values().front();
  return root == nullptr ? number : std::sqrt(number);
}

const Node* Rewriter::maker_for_one(ValueId value, std::string_view operation) const {
  const Node* const found = maker(value, operation);
  return found != nullptr && reads_[found->outputs.front()] == 1 ? found : nullptr;
}

bool Rewriter::is_scalar(ValueId value, double number) const {
  const std::optional<double> found = scalar(value);
  return found && is_near(*found, number);
}

std::optional<WithNumber> Rewriter::shifted(ValueId value) const {
  if (const Node* const sum = maker(value, "Add")) {
    for (const std::size_t i : either_operand) {
      if (const auto number = scalar(sum->input(i))) {
        return WithNumber{origin(sum->input(1 - i)), *number};
      }
    }
  }
  if (const Node* const difference = maker(value, "Sub")) {
    if (const auto number = scalar(difference->input(1))) {
      return WithNumber{origin(difference->input(0)), -*number};
    }
  }
  return std::nullopt;
}

std::optional<WithNumber> Rewriter::scaled(ValueId value) const {
  if (const Node* const multiple = maker(value, "Mul")) {
    for (const std::size_t i : either_operand) {
      if (const auto number = scalar(multiple->input(i))) {
        return WithNumber{origin(multiple->input(1 - i)), *number};
      }
    }
  }
  if (const Node* const fraction = maker(value, "Div")) {
    if (const auto number = scalar(fraction->input(1)); number && *number != 0) {
      return WithNumber{origin(fraction->input(0)), 1 / *number};
    }
  }
  return std::nullopt;
}

std::optional<Product> Rewriter::product(ValueId value, ValueId stop) const {
  Product result;
  std::vector<ValueId> open{value};
  for (std::size_t step = 0; !open.empty(); ++step) {
    if (step > largest_product || product_steps_left_ == 0) return std::nullopt;
    --product_steps_left_;
    const ValueId factor = origin(open.back());
    open.pop_back();
    if (factor == stop) {
      result.factors.push_back(factor);
      continue;
    }
    if (const auto number = scalar(factor)) {
      result.constant *= *number;
    } else if (const Node* const both = maker(factor, "Mul")) {
      open.insert(open.end(), {both->input(0), both->input(1)});
    } else if (const auto fraction =
                   maker(factor, "Div") != nullptr ? scaled(factor) : std::nullopt) {
      result.constant *= fraction->number;
      open.push_back(fraction->value);
    } else if (const Node* const power = maker(factor, "Pow");
               power != nullptr &&
               (is_scalar(power->input(1), 2) || is_scalar(power->input(1), 3))) {
      open.insert(open.end(), is_scalar(power->input(1), 2) ? 2 : 3, power->input(0));
    } else {
      result.factors.push_back(factor);
    }
  }
  return result;
}

std::optional<std::vector<std::int64_t>> Rewriter::integers(const Node& of,
                                                            std::string_view attribute,
                                                            std::size_t input) const {
  constexpr std::int64_t most = 64;
  if (const Attribute* const given = of.find(attribute)) {
    if (given->integers.size() > most) return std::nullopt;
    return of.integers(attribute);
  }
  const Tensor* const tensor = initializer(of.input(input));
  if (tensor == nullptr || tensor->type != DataType::int64 || tensor->elements() > most) {
    return std::nullopt;
  }
  std::vector<std::int64_t> numbers;
  for (const double number : tensor->values()) {
    // Those that a double does not hold are no sizes.
    if (std::abs(number) > 9e15) return std::nullopt;
    numbers.push_back(static_cast<std::int64_t>(number));
  }
  return numbers;
}

std::optional<Parameter> Rewriter::parameter(ValueId value) const {
  constexpr std::size_t most = 3;
  std::vector<const Node*> added;
  while (const Node* const node = added.size() < most ? maker(value, "Unsqueeze") : nullptr) {
    added.push_back(node);
    value = node->input(0);
  }
  const Tensor* const tensor = initializer(value);
  if (tensor == nullptr || !tensor->is_real()) return std::nullopt;
  Parameter found{origin(value), tensor->sizes};
  for (; !added.empty(); added.pop_back()) {
    auto axes = integers(*added.back(), "axes", 1);
    if (!axes) return std::nullopt;
    const auto rank = static_cast<std::int64_t>(found.sizes.size() + axes->size());
    for (std::int64_t& axis : *axes) axis = axis < 0 ? axis + rank : axis;
    std::ranges::sort(*axes);
    for (const std::int64_t axis : *axes) {
      if (axis < 0 || axis > static_cast<std::int64_t>(found.sizes.size())) return std::nullopt;
      found.sizes.insert(found.sizes.begin() + axis, 1);
    }
  }
  return found;
}

bool Rewriter::is_filled_with(ValueId value, double number) {
  const Tensor* const tensor = initializer(value);
  if (tensor == nullptr || !tensor->is_real()) return false;
  const std::uint32_t index = graph_.values[origin(value)].initializer;
  const auto [place, is_new] = fill_.try_emplace(index);
  if (is_new && tensor->elements() > 0 && tensor->elements() <= largest_filled) {
    const std::vector<double> numbers = tensor->values();
    const double first = numbers.front();
    if (std::ranges::all_of(numbers, [&](double other) { return other == first; })) {
      place->second = first;
    }
  }
  return place->second == number;
}

ValueId Rewriter::reshaped(ValueId value, const std::vector<std::int64_t>& sizes) {
  value = origin(value);
  const std::uint32_t index = graph_.values[value].initializer;
  if (graph_.initializers[index].sizes == sizes) return value;
  const auto [place, is_new] = reshaped_.try_emplace({index, sizes}, absent);
  if (is_new) {
    place->second = new_value(sizes.size());
    Value& added = graph_.values[place->second];
    added = graph_.values[value];
    added.initializer = static_cast<std::uint32_t>(graph_.initializers.size());
    Tensor tensor = graph_.initializers[index];
    tensor.sizes = sizes;
    graph_.initializers.push_back(std::move(tensor));
  }
  return place->second;
}

std::optional<ValueId> Rewriter::channel_parameter(ValueId value,
                                                   std::optional<std::size_t> value_rank) {
  const std::optional<Parameter> found = parameter(value);
  if (!found || !value_rank || *value_rank < 2) return std::nullopt;
  const std::vector<std::int64_t>& sizes = found->sizes;
  // [1, channels, 1, 1], with or without the first.
  if (sizes.size() + 1 != *value_rank && sizes.size() != *value_rank) return std::nullopt;
  const std::size_t axis = sizes.size() + 1 - *value_rank;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i != axis && sizes[i] != 1) return std::nullopt;
  }
  return reshaped(found->value, {sizes[axis]});
}

ValueId Rewriter::new_value(std::optional<std::size_t> value_rank) {
  const auto id = static_cast<ValueId>(graph_.values.size());
  graph_.values.emplace_back();
  maker_.push_back(absent);
  reads_.push_back(0);
  ranks_.push_back(value_rank ? static_cast<std::uint8_t>(*value_rank) : unknown_rank);
  return id;
}

bool Rewriter::is_read_within(const Node& of, const std::vector<NodeId>& group) const {
  return std::ranges::all_of(of.outputs, [&](ValueId output) {
    if (output == absent) return true;
    std::size_t reads = 0;
    for (const NodeId reader : group) {
      reads += static_cast<std::size_t>(std::ranges::count(node(reader).inputs, output));
    }
    return reads == reads_[output];
  });
}

bool Rewriter::find_between(NodeId id, const Replacement& nodes,
                            std::vector<NodeId>& between) const {
  const auto is_input = [&](ValueId value) {
    return std::ranges::any_of(nodes, [&](const Node& added) {
      return std::ranges::find(added.inputs, value) != added.inputs.end();
    });
  };
  between = {id};
  for (std::size_t next = 0; next < between.size(); ++next) {
    if (between.size() > largest_group) return false;
    const Node& reader = node(between[next]);
    if (reader.inputs.size() > most_operands || reader.outputs.size() > most_operands) {
      return false;
    }
    for (const ValueId value : reader.inputs) {
      if (value == absent || maker_[value] == absent || is_input(value)) continue;
      if (is_input(origin(value)) || scalar(value)) continue;
      if (std::ranges::find(between, maker_[value]) == between.end()) {
        between.push_back(maker_[value]);
      }
    }
  }
  return std::all_of(between.begin() + 1, between.end(),
                     [&](NodeId inner) { return is_read_within(node(inner), between); });
}

// "/encoder/ln/LayerNormalization" for what was "/encoder/ln/Sub" and "/encoder/ln/Div". The name
// of the first node if they have nothing in common.
std::string_view Rewriter::common_name(const std::vector<NodeId>& nodes,
                                       std::string_view operation) {
  std::string_view common = node(nodes.front()).name;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const std::string_view other = node(nodes[i]).name;
    const auto end = std::ranges::mismatch(common, other).in1;
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
    const std::size_t slash = common.rfind('/');
    common = slash == std::string_view::npos ? std::string_view() : common.substr(0, slash + 1);
  }
  if (nodes.size() == 1 || common.empty()) return node(nodes.front()).name;
  return graph_.keep(std::string(common) + std::string(operation));
}

bool Rewriter::replace(NodeId id, Replacement nodes) {
  std::vector<NodeId> between;
  if (nodes.front().input(0) == absent) return false;  // of a node without the inputs it needs
  if (!find_between(id, nodes, between)) return false;
  const auto before = rank(nodes.front().input(0));
  const auto after = rank(node(id).outputs.front());
  // A number of shape [1, 1, 1, 1] adds axes to what has fewer.
  if (nodes.size() == 1 && before && after && before != after) return false;
  for (Node& added : nodes) {
    if (added.name.empty()) added.name = common_name(between, added.operation);
    count_reads(added, 1);
  }
  count_reads(node(id), -1);
  nodes.back().outputs = node(id).outputs;
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    const NodeId added = node_count();
    before_[id].push_back(added);
    is_removed_.push_back(false);
    for (const ValueId output : nodes[i].outputs) maker_[output] = added;
    graph_.nodes.push_back(std::move(nodes[i]));
  }
  graph_.nodes[id] = std::move(nodes.back());
  between.erase(between.begin());
  remove_unread(std::move(between));
  return true;
}

// Removes those of the nodes that nothing reads, and what only they read: casts of inputs.
void Rewriter::remove_unread(std::vector<NodeId> open) {
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    const auto is_unread = [&](ValueId output) { return output == absent || reads_[output] == 0; };
    if (is_removed_[id] || !std::ranges::all_of(node(id).outputs, is_unread)) continue;
    is_removed_[id] = true;
    count_reads(node(id), -1);
    for (const ValueId input : node(id).inputs) {
      if (input != absent && maker_[input] != absent) open.push_back(maker_[input]);
    }
  }
}

void Rewriter::finish() {
  std::vector<Node> left;
  left.reserve(graph_.nodes.size());
  // Those that were added stand behind the last of the file's.
  const std::size_t of_file = graph_.nodes.size() - [&] {
    std::size_t added = 0;
    for (const auto& [id, nodes] : before_) added += nodes.size();
    return added;
  }();
  for (NodeId id = 0; id < of_file; ++id) {
    if (is_removed_[id]) continue;
    if (const auto before = before_.find(id); before != before_.end()) {
      for (const NodeId added : before->second) left.push_back(std::move(graph_.nodes[added]));
    }
    left.push_back(std::move(graph_.nodes[id]));
  }
  graph_.nodes = std::move(left);
}

bool is_near(double number, double constant) {
  return std::abs(number - constant) <= 1e-6 * std::abs(constant);
}

Attribute real_attribute(std::string_view name, double value) {
  Attribute attribute;
  attribute.name = name;
  attribute.type = AttributeType::real;
  attribute.real = static_cast<float>(value);
  return attribute;
}

Attribute integer_attribute(std::string_view name, std::int64_t value) {
  Attribute attribute;
  attribute.name = name;
  attribute.type = AttributeType::integer;
  attribute.integer = value;
  return attribute;
}

Attribute integers_attribute(std::string_view name, std::vector<std::int64_t> values) {
  Attribute attribute;
  attribute.name = name;
  attribute.type = AttributeType::integers;
  attribute.integers = std::move(values);
  return attribute;
}

Attribute text_attribute(std::string_view name, std::string_view value) {
  Attribute attribute;
  attribute.name = name;
  attribute.type = AttributeType::text;
  attribute.text = value;
  return attribute;
}

Node fused_node(std::string_view operation, std::vector<ValueId> inputs,
                std::vector<Attribute> attributes) {
  Node node;
  node.operation = operation;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  return node;
}

void set_attribute(Node& node, Attribute attribute) {
  const auto place = std::ranges::find(node.attributes, attribute.name, &Attribute::name);
  if (place != node.attributes.end()) {
    *place = std::move(attribute);
  } else {
    node.attributes.push_back(std::move(attribute));
  }
}

}  // namespace smoothbound::models::onnx
