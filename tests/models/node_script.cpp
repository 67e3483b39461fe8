#include "node_script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <stdexcept>

namespace smoothbound::models::onnx {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \n") - first + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (std::string part = trimmed(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("-0123456789.e") == std::string::npos;
}

// Of "[1 2]"
std::vector<std::int64_t> list_of(std::string_view text) {
  std::vector<std::int64_t> numbers;
  for (const std::string& part : split(text.substr(1, text.size() - 2), ' ')) {
    numbers.push_back(std::stoll(part));
  }
  return numbers;
}

std::vector<float> numbers_in(std::string_view text) {
  std::vector<float> numbers;
  for (const std::string& part : split(text.substr(1, text.size() - 2), ' ')) {
    numbers.push_back(std::stof(part));
  }
  return numbers;
}

class Script {
 public:
  Graph run(std::string_view script, std::int64_t opset) {
    graph_.opset = opset;
    const std::size_t arrow = script.find("->");
    for (const std::string& statement : split(script.substr(0, arrow), ';')) add(statement);
    std::vector<ValueId> outputs{graph_.nodes.back().outputs.front()};
    if (arrow != std::string_view::npos) {
      outputs.clear();
      for (const auto& name : split(script.substr(arrow + 2), ',')) outputs.push_back(value(name));
    }
    for (const ValueId output : outputs) {
      GraphInput& added = graph_.outputs.emplace_back();
      added.value = output;
    }
    return std::move(graph_);
  }

 private:
  // "y@name = Op(a, b) axis=1"
  void add(const std::string& statement) {
    const std::size_t equals = statement.find('=');
    const std::size_t open = statement.find('(');
    const std::size_t close = statement.find(')');
    if (equals > open || close == std::string::npos) throw std::logic_error(statement);
    Node node;
    const std::string left = trimmed(statement.substr(0, equals));
    const std::size_t at = left.find('@');
    if (at != std::string::npos) node.name = graph_.keep(left.substr(at + 1));
    for (const auto& name : split(left.substr(0, at), '|')) node.outputs.push_back(named(name));
    std::string operation = trimmed(statement.substr(equals + 1, open - equals - 1));
    if (const std::size_t dot = operation.find('.'); dot != std::string::npos) {
      node.domain = graph_.keep(operation.substr(0, dot));
      operation = operation.substr(dot + 1);
    }
    node.operation = graph_.keep(operation);
    for (const auto& argument : split(statement.substr(open + 1, close - open - 1), ',')) {
      node.inputs.push_back(value(argument));
    }
    std::string rest = trimmed(statement.substr(close + 1));
    while (!rest.empty()) {
      const std::size_t sign = rest.find('=');
      const std::size_t end = rest[sign + 1] == '[' ? rest.find(']') + 1 : rest.find(' ');
      add_attribute(node, rest.substr(0, sign), rest.substr(sign + 1, end - sign - 1));
      rest = end >= rest.size() ? "" : trimmed(rest.substr(end));
    }
    graph_.nodes.push_back(std::move(node));
  }

  void add_attribute(Node& node, const std::string& name, const std::string& text) {
    Attribute& attribute = node.attributes.emplace_back();
    attribute.name = graph_.keep(name);
    if (text.front() == '[' && text.find('.') != std::string::npos) {
      attribute.type = AttributeType::reals;
      attribute.reals = numbers_in(text);
    } else if (text.front() == '[') {
      attribute.type = AttributeType::integers;
      attribute.integers = list_of(text);
    } else if (text.front() == '\'') {
      attribute.type = AttributeType::text;
      attribute.text = graph_.keep(text.substr(1, text.size() - 2));
    } else if (text.find_first_of(".e") != std::string::npos) {
      attribute.type = AttributeType::real;
      attribute.real = std::stof(text);
    } else {
      attribute.type = AttributeType::integer;
      attribute.integer = std::stoll(text);
    }
  }

  ValueId named(const std::string& name) {
    const auto [place, is_new] = values_.try_emplace(name, absent);
    if (is_new) place->second = graph_.new_value(graph_.keep(name));
    return place->second;
  }

  ValueId value(const std::string& text) {
    if (text == "_") return absent;
    if (values_.contains(text)) return values_.at(text);
    if (is_number(text)) return constant(text, {}, {std::stof(text)});
    if (text.front() == '[') return list(text);
    const std::size_t colon = text.rfind(':');
    if (colon != std::string::npos && (text.front() == 'x' || text.starts_with("ids"))) {
      return input(text, colon);
    }
    if (colon != std::string::npos) return initializer(text, colon);
    const bool is_input = text == "any" || (text.front() == 'x' && text.size() <= 2);
    if (!is_input) throw std::logic_error("no value " + text);
    GraphInput& input = graph_.inputs.emplace_back();
    input.value = named(text);
    input.type = DataType::float32;
    input.has_shape = text != "any";
    input.sizes.resize(text.size() == 2 ? static_cast<std::size_t>(text[1] - '0') : 4);
    return input.value;
  }

  ValueId list(const std::string& text) {
    const ValueId id = named(text);
    Tensor& tensor = add_tensor(id, text);
    graph_.values[id].is_literal = true;
    tensor.type = DataType::int64;
    tensor.integers = list_of(text);
    tensor.sizes = {static_cast<std::int64_t>(tensor.integers.size())};
    return id;
  }

  ValueId input(const std::string& text, std::size_t colon) {
    GraphInput& added = graph_.inputs.emplace_back();
    added.value = named(text.substr(0, colon));
    added.type = text.front() == 'x' ? DataType::float32 : DataType::int64;
    added.has_shape = true;
    for (const auto& size : split(text.substr(colon + 1), 'x')) {
      added.sizes.push_back(size == "?" ? std::nullopt : std::optional(std::stoll(size)));
    }
    return added.value;
  }

  ValueId initializer(const std::string& text, std::size_t colon) {
    std::vector<std::int64_t> sizes;
    std::int64_t count = 1;
    const std::size_t bracket = std::min(text.find('['), text.size());
    for (const auto& size : split(text.substr(colon + 1, bracket - colon - 1), 'x')) {
      count *= sizes.emplace_back(std::stoll(size));
    }
    std::vector<float> numbers(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = text.starts_with("ones")    ? 1
                   : text.starts_with("zeros") ? 0
                                               : static_cast<float>(i) + 0.25F;
    }
    if (bracket < text.size()) numbers = numbers_in(text.substr(bracket));
    const ValueId id = constant(text.substr(0, colon), sizes, numbers);
    graph_.values[id].is_literal = text.starts_with("fixed");
    values_[text] = id;
    return id;
  }

  ValueId constant(const std::string& name, const std::vector<std::int64_t>& sizes,
                   const std::vector<float>& numbers) {
    const ValueId id = named(name);
    Tensor& tensor = add_tensor(id, name);
    tensor.type = DataType::float32;
    tensor.sizes = sizes;
    std::string bytes(numbers.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    tensor.bytes = graph_.keep(std::move(bytes));
    return id;
  }

  Tensor& add_tensor(ValueId id, const std::string& name) {
    graph_.values[id].initializer = static_cast<std::uint32_t>(graph_.initializers.size());
    Tensor& tensor = graph_.initializers.emplace_back();
    tensor.name = graph_.keep(name);
    return tensor;
  }

  Graph graph_;
  std::map<std::string, ValueId> values_;
};

std::string shown_value(const Graph& graph, ValueId id) {
  if (id == absent) return "_";
  const Tensor* const tensor = graph.initializer(id);
  if (tensor == nullptr) {
    return graph.values[id].name.empty() ? "#" : std::string(graph.values[id].name);
  }
  if (tensor->sizes.empty() || !tensor->is_real()) return std::string(tensor->name);
  return fmt::format("{}:{}", tensor->name, fmt::join(tensor->sizes, "x"));
}

std::string shown_attribute(const Attribute& attribute) {
  switch (attribute.type) {
    case AttributeType::integers:
      return fmt::format(" {}=[{}]", attribute.name, fmt::join(attribute.integers, " "));
    case AttributeType::text:
      return fmt::format(" {}='{}'", attribute.name, attribute.text);
    case AttributeType::real:
      return fmt::format(" {}={:.5g}", attribute.name, attribute.real);
    default:
      return fmt::format(" {}={}", attribute.name, attribute.integer);
  }
}

}  // namespace

Graph graph_of_script(std::string_view script, std::int64_t opset) {
  return Script().run(script, opset);
}

std::string script_of_graph(const Graph& graph, bool with_names) {
  std::string text;
  for (const Node& node : graph.nodes) {
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    for (const ValueId id : node.inputs) inputs.push_back(shown_value(graph, id));
    for (const ValueId id : node.outputs) outputs.push_back(shown_value(graph, id));
    if (!text.empty()) text += "; ";
    text += fmt::format("{}{} = {}({})", fmt::join(outputs, "|"),
                        with_names ? fmt::format("@{}", node.name) : "", node.operation,
                        fmt::join(inputs, ", "));
    for (const Attribute& attribute : node.attributes) text += shown_attribute(attribute);
  }
  return text;
}

}  // namespace smoothbound::models::onnx
