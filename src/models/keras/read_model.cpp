// Sequential and functional models, as Keras 1 to 3 write them.
//
// Calls (`inbound_nodes`) have three forms. Keras 2: [["conv", 0, 0, {}], ...], tensors as a name,
// the number of a call and of an output, with further arguments; the same without the outer list
// for operations such as `x + 3`. Keras 3: {"args": [...], "kwargs": {...}} with tensors as
// {"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}}.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include "model.hpp"
#include "smoothbound/text/fields.hpp"

namespace smoothbound::models::keras {
namespace {

constexpr const char* written_by_keras = "write the file with model.to_json()";

// A tensor by its names in the file.
struct TensorName {
  std::string_view layer;
  std::int64_t call = 0;
  std::int64_t output = 0;
  Location location;
};

struct CallArgument {
  std::string_view key;
  std::optional<TensorName> tensor;
  std::optional<text::Value> constant;
};

struct Call {
  std::uint32_t layer = 0;
  Location location;
  std::vector<CallArgument> arguments;
};

std::vector<text::Value> elements_of(text::Value sequence) {
  std::vector<text::Value> elements;
  for (auto item = sequence.first_child(); item; item = item->next_sibling()) {
    elements.push_back(*item);
  }
  return elements;
}

// ["conv", 0, 0], and what may follow: `{}` of Keras 2.
std::optional<TensorName> name_of_tensor(text::Value value) {
  constexpr std::uint32_t parts = 3;
  if (!value.is_sequence() || value.size() < parts || value.size() > parts + 1) return std::nullopt;
  const std::vector<text::Value> items = elements_of(value);
  const auto is_index = [](text::Value item) {
    return item.is_scalar() && !item.is_quoted() && text::is_number(item.text());
  };
  if (!items[0].is_scalar() || !items[0].is_quoted() || !is_index(items[1]) ||
      !is_index(items[2]) || items[1].text().starts_with('-')) {
    return std::nullopt;
  }
  return TensorName{items[0].text(), integer_of(items[1], "number of a call", 0),
                    integer_of(items[2], "number of an output", 0), value.location()};
}

// A tensor of Keras 3.
std::optional<TensorName> history_of(text::Value value) {
  if (!value.is_mapping()) return std::nullopt;
  const Config tensor(value);
  if (text_of(tensor.find("class_name")) != "__keras_tensor__") return std::nullopt;
  const auto history = Config(tensor.find("config")).find("keras_history");
  auto name = history ? name_of_tensor(*history) : std::nullopt;
  if (!name) throw SpecError(value.location(), "a tensor without a history", written_by_keras);
  return name;
}

bool holds_tensor(text::Value value) {
  if (history_of(value)) return true;
  if (!value.is_sequence()) return false;
  if (name_of_tensor(value)) return true;
  for (auto item = value.first_child(); item; item = item->next_sibling()) {
    if (holds_tensor(*item)) return true;
  }
  return false;
}

class ModelReader {
 public:
  explicit ModelReader(MistakeList& mistakes) : mistakes_(mistakes) {}

  Model read(text::Value value, std::string_view class_name, std::optional<text::Value> config) {
    Model model;
    model.location = value.location();
    if (class_name == "Sequential") {
      read_sequential(config, model);
    } else {
      read_functional(value, config, model);
    }
    return model;
  }

 private:
  void read_sequential(std::optional<text::Value> config, Model& model) {
    model.is_sequential = true;
    auto layers = config;  // before Keras 2.2.3 these alone
    if (config && config->is_mapping()) {
      const Config settings(config);
      model.name = settings.text("name", "sequential");
      model.input_shape = settings.find("build_input_shape");
      layers = settings.find("layers");
    } else {
      model.name = "sequential";
    }
    for (const text::Value& layer : layers_of(layers, model)) {
      mistakes_.attempt([&] { model.layers.push_back(read_layer(layer)); });
    }
  }

  void read_functional(text::Value value, std::optional<text::Value> config, Model& model) {
    if (!config || !config->is_mapping()) {
      throw SpecError(value.location(), "the model has no configuration", written_by_keras);
    }
    const Config settings(config);
    model.name = settings.text("name", "model");
    std::vector<std::vector<Call>> calls;
    for (const text::Value& layer : layers_of(settings.find("layers"), model)) {
      mistakes_.attempt([&] {
        model.layers.push_back(read_layer(layer));
        calls.push_back(read_calls(layer, static_cast<std::uint32_t>(model.layers.size() - 1)));
      });
      calls.resize(model.layers.size());
    }
    std::vector<TensorName> inputs;
    std::vector<TensorName> outputs;
    collect_tensors(settings.require("input_layers", value.location()), inputs);
    collect_tensors(settings.require("output_layers", value.location()), outputs);
    connect(calls, inputs, outputs, model);
  }

  static std::vector<text::Value> layers_of(std::optional<text::Value> layers, const Model& model) {
    if (layers && layers->is_sequence() && layers->size() > 0) return elements_of(*layers);
    throw SpecError(layers ? layers->location() : model.location, "the model has no list of layers",
                    written_by_keras);
  }

  Layer read_layer(text::Value value) {
    const Config entry(value);
    Layer layer;
    const text::Value class_name = entry.require("class_name", value.location());
    layer.class_name = text_of(class_name);
    layer.location = class_name.location();
    layer.module = entry.text("module", {});
    layer.config = entry.find("config");
    layer.name = text_of(entry.find("name"));
    if (layer.name.empty()) layer.name = text_of(Config(layer.config).find("name"));
    if (layer.name.empty()) layer.name = layer.class_name;
    if (is_model_class(layer.class_name)) {
      layer.model = std::make_unique<Model>(read(value, layer.class_name, layer.config));
    }
    return layer;
  }

  static std::vector<Call> read_calls(text::Value layer, std::uint32_t index) {
    std::vector<Call> calls;
    const auto nodes = Config(layer).find("inbound_nodes");
    if (!nodes || !nodes->is_sequence()) return calls;
    for (auto node = nodes->first_child(); node; node = node->next_sibling()) {
      Call call{index, node->location(), {}};
      if (node->is_mapping()) {
        const Config parts(*node);
        if (const auto args = parts.find("args")) add_arguments({}, *args, call);
        add_keywords(parts.find("kwargs"), call);
      } else if (node->is_sequence()) {
        read_node_2(*node, call);
      }
      calls.push_back(std::move(call));
    }
    return calls;
  }

  // A call in the notation of Keras 2.
  static void read_node_2(text::Value node, Call& call) {
    const std::vector<text::Value> items = elements_of(node);
    const bool is_flat = !items.empty() && items[0].is_scalar();
    for (const text::Value& item : is_flat ? std::vector{node} : items) {
      const std::vector<text::Value> parts = item.is_sequence() ? elements_of(item) : items;
      constexpr std::size_t place_of_constant = 2;
      if (const auto name = name_of_tensor(item)) {
        call.arguments.push_back({{}, name, {}});
      } else if (parts.size() > place_of_constant && text_of(parts[0]) == "_CONSTANT_VALUE") {
        call.arguments.push_back({{}, {}, parts[place_of_constant]});
      } else {
        throw SpecError(item.location(), "not a tensor: its layer, call and output",
                        written_by_keras);
      }
      if (parts.size() > place_of_constant + 1) add_keywords(parts.back(), call);
    }
  }

  static void add_keywords(std::optional<text::Value> mapping, Call& call) {
    if (!mapping || !mapping->is_mapping()) return;
    for (auto key = mapping->first_child(); key;) {
      const auto value = key->next_sibling();
      if (!is_null(*value)) add_arguments(key->text(), *value, call);
      key = value->next_sibling();
    }
  }

  // Lists of tensors are taken apart, other lists are constants.
  static void add_arguments(std::string_view key, text::Value value, Call& call) {
    if (is_null(value)) return;
    auto name = history_of(value);
    if (!name && !key.empty()) name = name_of_tensor(value);
    if (name) {
      call.arguments.push_back({key, name, {}});
    } else if (value.is_sequence() && (call.arguments.empty() || holds_tensor(value))) {
      for (auto item = value.first_child(); item; item = item->next_sibling()) {
        if (history_of(*item) || !item->is_sequence() || !key.empty()) {
          add_element(key, *item, call);
        } else {
          add_arguments(key, *item, call);
        }
      }
    } else {
      call.arguments.push_back({key, {}, value});
    }
  }

  static void add_element(std::string_view key, text::Value item, Call& call) {
    auto name = history_of(item);
    if (!name) name = name_of_tensor(item);
    if (name) {
      call.arguments.push_back({key, name, {}});
    } else if (!is_null(item)) {
      call.arguments.push_back({key, {}, item});
    }
  }

  // ["x", 0, 0], a list of these, or a mapping of names to these.
  static void collect_tensors(text::Value value, std::vector<TensorName>& names) {
    if (const auto name = name_of_tensor(value)) {
      names.push_back(*name);
    } else if (!value.is_scalar()) {
      for (auto item = value.first_child(); item; item = item->next_sibling()) {
        collect_tensors(*item, names);
      }
    }
  }

  // Names become numbers of nodes, in an order in which each is behind those that it reads.
  // NOLINTNEXTLINE(readability-function-cognitive-complexity): one table of names, read three ways
  void connect(std::vector<std::vector<Call>>& calls, const std::vector<TensorName>& inputs,
               const std::vector<TensorName>& outputs, Model& model) {
    std::unordered_map<std::string_view, std::uint32_t> layer_of;
    std::vector<std::uint32_t> first_node;
    std::vector<Call*> all;
    for (std::uint32_t i = 0; i < model.layers.size(); ++i) {
      const Layer& layer = model.layers[i];
      if (!layer_of.emplace(layer.name, i).second) {
        mistakes_.add(SpecError(layer.location,
                                fmt::format("a second layer has the name '{}'", layer.name),
                                "give each layer a name of its own"));
      }
      if (layer.class_name == "InputLayer") calls[i] = {Call{i, layer.location, {}}};
      first_node.push_back(static_cast<std::uint32_t>(all.size()));
      for (Call& call : calls[i]) all.push_back(&call);
    }
    first_node.push_back(static_cast<std::uint32_t>(all.size()));
    mistakes_.throw_any();

    // Keras counts the calls of a model from 1 if its own construction was the call 0.
    std::vector<bool> from_one(model.layers.size());
    const auto for_all_names = [&](const auto& act) {
      for (Call* call : all) {
        for (CallArgument& argument : call->arguments) {
          if (argument.tensor) act(*argument.tensor);
        }
      }
      for (const TensorName& name : outputs) act(name);
    };
    for_all_names([&](const TensorName& name) {
      const auto layer = layer_of.find(name.layer);
      if (layer == layer_of.end() || model.layers[layer->second].model == nullptr) return;
      const auto count = first_node[layer->second + 1] - first_node[layer->second];
      if (name.call == static_cast<std::int64_t>(count)) from_one[layer->second] = true;
    });

    const auto node_of = [&](const TensorName& name) {
      const auto layer = layer_of.find(name.layer);
      if (layer == layer_of.end()) {
        throw SpecError(name.location, fmt::format("there is no layer '{}'", name.layer),
                        written_by_keras);
      }
      const std::uint32_t first = first_node[layer->second];
      const std::int64_t index = name.call - (from_one[layer->second] ? 1 : 0);
      if (index < 0 || index >= static_cast<std::int64_t>(first_node[layer->second + 1] - first)) {
        throw SpecError(
            name.location,
            fmt::format("layer '{}' has no call with the number {}", name.layer, name.call),
            written_by_keras);
      }
      return static_cast<std::uint32_t>(first + index);
    };
    std::vector<Node> nodes;
    for (const Call* call : all) {
      Node& node = nodes.emplace_back();
      node.layer = call->layer;
      for (const CallArgument& argument : call->arguments) {
        mistakes_.attempt([&] {
          Argument& added = node.arguments.emplace_back();
          added.key = argument.key;
          added.constant = argument.constant;
          if (!argument.tensor) return;
          added.node = node_of(*argument.tensor);
          added.output = argument.tensor->output;
        });
      }
    }
    const auto resolve = [&](const std::vector<TensorName>& names, std::vector<Argument>& into) {
      for (const TensorName& name : names) {
        mistakes_.attempt([&] { into.push_back({{}, node_of(name), name.output, {}}); });
      }
    };
    resolve(inputs, model.inputs);
    resolve(outputs, model.outputs);
    mistakes_.throw_any();
    sort(std::move(nodes), model);
  }

  // Among those that are ready, the first in the file comes first.
  static void sort(std::vector<Node> nodes, Model& model) {
    const auto count = static_cast<std::uint32_t>(nodes.size());
    std::vector<std::vector<std::uint32_t>> readers(count);
    std::vector<std::size_t> missing(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (const Argument& argument : nodes[i].arguments) {
        if (argument.constant) continue;
        readers[argument.node].push_back(i);
        ++missing[i];
      }
    }
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (missing[i] == 0) ready.push(i);
    }
    std::vector<std::uint32_t> place(count);
    for (std::uint32_t next = 0; !ready.empty(); ++next) {
      const std::uint32_t node = ready.top();
      ready.pop();
      place[node] = next;
      model.nodes.push_back(std::move(nodes[node]));
      for (const std::uint32_t reader : readers[node]) {
        if (--missing[reader] == 0) ready.push(reader);
      }
    }
    const auto waiting = std::ranges::find_if(missing, [](std::size_t n) { return n > 0; });
    if (waiting != missing.end()) {
      const Layer& layer =
          model.layers[nodes[static_cast<std::size_t>(waiting - missing.begin())].layer];
      throw SpecError(layer.location, fmt::format("layer '{}' reads its own output", layer.name),
                      "a network has no loops");
    }
    const auto move = [&](std::vector<Argument>& arguments) {
      for (Argument& argument : arguments) argument.node = place[argument.node];
    };
    for (Node& node : model.nodes) move(node.arguments);
    move(model.inputs);
    move(model.outputs);
  }

  MistakeList& mistakes_;
};

// The model in files that have more around it.
text::Value topology_of(text::Value root) {
  text::Value value = root;
  for (const std::string_view key : {"modelTopology", "model_config"}) {
    if (const auto inner = Config(value).find(key); inner && inner->is_mapping()) value = *inner;
  }
  return value;
}

}  // namespace

bool is_model_class(std::string_view class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

bool is_keras_3(text::Value root) {
  const text::Value topology = topology_of(root);
  const Config config(topology);
  if (const auto version = config.find("keras_version")) return text_of(version).starts_with('3');
  return config.find("module").has_value();
}

Model read_model(text::Value root) {
  const text::Value topology = topology_of(root);
  const Config entry(topology);
  const text::Value class_name = entry.require("class_name", topology.location());
  if (!is_model_class(text_of(class_name))) {
    throw SpecError(class_name.location(),
                    fmt::format("a model of the class '{}', of which the file does not tell what "
                                "it computes",
                                text_of(class_name)),
                    "Sequential and functional models are read; export others with "
                    "model.export('model.onnx', format='onnx')");
  }
  MistakeList mistakes;
  Model model;
  mistakes.attempt([&] {
    model = ModelReader(mistakes).read(topology, text_of(class_name), entry.find("config"));
  });
  mistakes.throw_any();
  const auto build = Config(entry.find("build_config")).find("input_shape");
  if (model.is_sequential && !model.input_shape) model.input_shape = build;
  return model;
}

}  // namespace smoothbound::models::keras
