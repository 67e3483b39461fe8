// Goes through a model's calls, models in models included.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "layer_call.hpp"
#include "smoothbound/text/fields.hpp"

namespace smoothbound::models::keras {
namespace {

constexpr std::size_t most_calls = 200'000;
constexpr const char* name_a_shape =
    "build the model with keras.Input(shape=...) that gives all sizes, and write it again";

// Sizes of one sample: what follows the batch.
std::vector<std::int64_t> sample_sizes(text::Value shape) {
  text::Value list = shape;
  while (list.is_sequence() && list.size() == 1 && list.first_child()->is_sequence()) {
    list = *list.first_child();
  }
  if (!list.is_sequence() || list.size() < 2) {
    throw SpecError(list.location(), "the shape of the input has no axis beside the batch",
                    name_a_shape);
  }
  std::vector<std::int64_t> sizes;
  for (auto item = list.first_child()->next_sibling(); item; item = item->next_sibling()) {
    if (is_null(*item)) {
      throw SpecError(item->location(), "a size of the input is open (None)", name_a_shape);
    }
    sizes.push_back(integer_of(*item, "size of the input", 1));
  }
  return sizes;
}

std::optional<text::Value> shape_in(const Layer& layer) {
  const Config config(layer.config);
  for (const std::string_view key : {"batch_shape", "batch_input_shape", "build_input_shape"}) {
    if (const auto shape = config.find(key)) return shape;
  }
  return std::nullopt;
}

// The shape of a model's first input, as it stands in the file.
text::Value input_shape_of(const Model& model) {
  const Layer& first = model.is_sequential
                           ? model.layers.front()
                           : model.layers[model.nodes[model.inputs.front().node].layer];
  if (const auto shape = shape_in(first)) return *shape;
  if (first.model && (first.model->is_sequential || !first.model->inputs.empty())) {
    return input_shape_of(*first.model);
  }
  if (model.input_shape) return *model.input_shape;
  throw SpecError(first.location, "the model has no input shape", name_a_shape);
}

// "channels_first" or "channels_last" of all layers that say so.
void collect_formats(const Model& model, std::map<std::string_view, Location>& formats) {
  for (const Layer& layer : model.layers) {
    if (layer.model) {
      collect_formats(*layer.model, formats);
    } else if (const auto format = Config(layer.config).find("data_format")) {
      formats.emplace(text_of(format), format->location());
    }
  }
}

bool has_channels_first(const Model& model) {
  std::map<std::string_view, Location> formats;
  collect_formats(model, formats);
  const auto first = formats.find("channels_first");
  if (first == formats.end()) return false;
  if (const auto last = formats.find("channels_last"); last != formats.end()) {
    throw SpecError(first->second, "layers of both data formats in one model",
                    "use channels_last in all layers, or write an architecture file",
                    {{last->second, "a layer with the channels last"}});
  }
  return true;
}

bool only_reorders(const Layer& layer) {
  return layer.class_name == "Flatten" || layer.class_name == "Reshape";
}

// Whether all that reads the input only makes a vector or another shape of it.
bool is_only_reordered(const Model& model) {
  if (model.is_sequential) {
    const auto first = std::ranges::find_if(
        model.layers, [](const Layer& layer) { return layer.class_name != "InputLayer"; });
    return first != model.layers.end() && only_reorders(*first);
  }
  const std::uint32_t input = model.inputs.front().node;
  const auto reads = [&](const Argument& argument) {
    return !argument.constant && argument.node == input;
  };
  bool is_read = false;
  for (const Node& node : model.nodes) {
    if (std::ranges::none_of(node.arguments, reads)) continue;
    if (!only_reorders(model.layers[node.layer])) return false;
    is_read = true;
  }
  return is_read;
}

std::string refusal_hint() {
  return "write an architecture file for the rest, or export the model to ONNX; 'smoothbound "
         "import --list' shows the layers that are read";
}

// What a call results in; nothing: something before it was not understood.
using Value = std::optional<Tensor>;

class Builder {
 public:
  Builder(Building& building, MistakeList& mistakes) : building_(building), mistakes_(mistakes) {}

  std::vector<Value> run(const Model& model, const std::vector<Value>& inputs,
                         const std::string& prefix) {
    return model.is_sequential ? run_sequential(model, inputs, prefix)
                               : run_functional(model, inputs, prefix);
  }

 private:
  std::vector<Value> run_sequential(const Model& model, const std::vector<Value>& inputs,
                                    const std::string& prefix) {
    Value value = inputs.empty() ? std::nullopt : inputs.front();
    for (const Layer& layer : model.layers) {
      if (layer.class_name == "InputLayer") continue;
      const std::vector<Value> result = call(layer, prefix, {{{}, std::nullopt, {}}}, {value});
      value = result.empty() ? std::nullopt : result.front();
    }
    return {value};
  }

  std::vector<Value> run_functional(const Model& model, const std::vector<Value>& inputs,
                                    const std::string& prefix) {
    std::vector<std::vector<Value>> values(model.nodes.size());
    for (std::size_t i = 0; i < model.inputs.size() && i < inputs.size(); ++i) {
      values[model.inputs[i].node] = {inputs[i]};
    }
    const auto value_of = [&](const Argument& argument) -> Value {
      const auto& outputs = values[argument.node];
      const auto index = static_cast<std::size_t>(argument.output);
      return index < outputs.size() ? outputs[index] : std::nullopt;
    };
    for (std::size_t i = 0; i < model.nodes.size(); ++i) {
      const Node& node = model.nodes[i];
      const Layer& layer = model.layers[node.layer];
      if (layer.class_name == "InputLayer") continue;
      std::vector<Given> given;
      std::vector<Value> read;
      for (const Argument& argument : node.arguments) {
        given.push_back({argument.key, std::nullopt, argument.constant});
        read.push_back(argument.constant ? std::nullopt : value_of(argument));
      }
      values[i] = call(layer, prefix, std::move(given), read);
    }
    std::vector<Value> outputs;
    for (const Argument& output : model.outputs) outputs.push_back(value_of(output));
    return outputs;
  }

  std::vector<Value> call(const Layer& layer, const std::string& prefix, std::vector<Given> given,
                          const std::vector<Value>& read) {
    std::vector<Value> result;
    mistakes_.attempt([&] { result = call_or_throw(layer, prefix, std::move(given), read); });
    return result;
  }

  std::vector<Value> call_or_throw(const Layer& layer, const std::string& prefix,
                                   std::vector<Given> given, const std::vector<Value>& read) {
    if (++calls_ > most_calls) {
      mistakes_.throw_any();
      throw SpecErrors(
          {SpecError(layer.location, fmt::format("the model calls more than {} layers", most_calls),
                     "write an architecture file for a smaller one")});
    }
    constexpr std::size_t longest_name = 1000;
    const std::string name = prefix + layer.name;
    if (name.size() > longest_name) {
      throw SpecError(layer.location,
                      fmt::format("the name of a layer has {} bytes, with those of the models "
                                  "around it",
                                  name.size()),
                      "give it a shorter one");
    }
    if (layer.model) {
      calls_ += layer.model->is_sequential ? layer.model->layers.size() : layer.model->nodes.size();
      std::vector<Value> inputs;
      for (std::size_t i = 0; i < given.size(); ++i) {
        if (!given[i].constant) inputs.push_back(read[i]);
      }
      const std::size_t expected = layer.model->is_sequential ? 1 : layer.model->inputs.size();
      if (inputs.size() != expected) {
        throw SpecError(layer.location,
                        fmt::format("model '{}' has {} inputs and is called with {} tensors", name,
                                    expected, inputs.size()),
                        "write the file with model.to_json()");
      }
      return run(*layer.model, inputs, name + "/");
    }
    const LayerRow* const row = find_layer(layer.class_name);
    if (row == nullptr && !is_operation(layer)) {
      throw SpecError(layer.location,
                      fmt::format("layer '{}' is of the class '{}', which has no counterpart here",
                                  name, layer.class_name),
                      refusal_hint());
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (given[i].constant) continue;
      if (!read[i]) return {};
      given[i].tensor = read[i];
    }
    LayerCall called(building_, layer, name, std::move(given));
    try {
      return {row != nullptr ? row->convert(called) : operate(called)};
    } catch (const ShapeError& error) {
      called.refuse(error.what(), error.hint.empty() ? "check the sizes" : error.hint);
    }
  }

  // An operation of Keras 3: `keras.ops.relu(x)` has the class "Relu".
  static std::string function_of(const Layer& layer) {
    std::string function;
    for (const char c : layer.class_name) {
      const bool is_upper = c >= 'A' && c <= 'Z';
      if (is_upper && !function.empty()) function += '_';
      function += is_upper ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return function;
  }
  static bool is_operation(const Layer& layer) {
    if (layer.module.find(".ops") == std::string_view::npos) return false;
    const auto known = known_activations();
    return std::ranges::any_of(known,
                               [&](const auto& row) { return row.first == function_of(layer); });
  }
  static Tensor operate(LayerCall& call) {
    return activate_by_operation(call, function_of(call.layer));
  }

  Building& building_;
  MistakeList& mistakes_;
  std::size_t calls_ = 0;
};

// A functional model has one input and one output here.
void require_one(const std::vector<Argument>& tensors, const char* what, const Model& model) {
  if (tensors.size() == 1) return;
  throw SpecError(model.location, fmt::format("the model has {} {}", tensors.size(), what),
                  fmt::format("a network has one input and one output: build a keras.Model with "
                              "one of the {}",
                              what));
}

}  // namespace

const LayerRow* find_layer(std::string_view class_name) {
  static const auto rows = [] {
    std::unordered_map<std::string_view, const LayerRow*> table;
    for (const auto& part : {weight_layers(), pooling_layers(), normalization_layers(),
                             activation_layers(), merge_layers(), shape_layers()}) {
      for (const LayerRow& row : part) table.emplace(row.class_name, &row);
    }
    return table;
  }();
  const auto found = rows.find(class_name);
  return found == rows.end() ? nullptr : found->second;
}

Built build(const Model& model, bool is_keras_3) {
  if (!model.is_sequential) {
    require_one(model.inputs, "inputs", model);
    require_one(model.outputs, "outputs", model);
  }
  MistakeList mistakes;
  bool channels_first = false;
  mistakes.attempt([&] { channels_first = has_channels_first(model); });
  const text::Value place = input_shape_of(model);
  const std::vector<std::int64_t> sizes = sample_sizes(place);
  Shape shape;
  bool is_as_in_keras = false;
  try {
    shape = shape_of(sizes, channels_first);
    is_as_in_keras = !channels_first && shape.channels() != 1 && shape.positions() != 1 &&
                     is_only_reordered(model);
    if (is_as_in_keras) shape = Shape(sizes);
  } catch (const ShapeError& error) {
    throw SpecError(place.location(), error.what(), error.hint.empty() ? name_a_shape : error.hint);
  }
  Building building{Network(model.name, shape), is_keras_3, channels_first};
  const std::vector<Value> outputs =
      Builder(building, mistakes).run(model, {Tensor{Network::input, is_as_in_keras}}, {});
  mistakes.throw_any();
  if (outputs.empty() || !outputs.front()) {
    throw SpecError(model.location, "the model's output depends on one that no layer has",
                    "write the file with model.to_json()");
  }
  if (outputs.front()->step == Network::input) {
    throw SpecError(model.location, "the model's output is its input",
                    "a network has at least one layer");
  }
  Built built;
  if (!channels_first && shape.rank() > 1 && !is_as_in_keras) {
    built.notes.push_back(fmt::format("samples are given channels first: {} for Keras' {}",
                                      shape.to_text(), yaml_list(sizes)));
  }
  built.notes.insert(built.notes.end(), building.notes.begin(), building.notes.end());
  built.text = building.network.text(outputs.front()->step, {"From a Keras model."});
  return built;
}

}  // namespace smoothbound::models::keras
