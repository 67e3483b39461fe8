#include "keras_support.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/keras/formats.hpp"
#include "smoothbound/graph/graph.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound::models::testing {
namespace {

std::string refusal_line(const SpecError& error) {
  return fmt::format("{}:{}: {} | {}\n", error.location.line, error.location.column, error.what(),
                     error.hint);
}

template <class Read>
std::string text_or_refusals(const Read& read) {
  try {
    return read().text;
  } catch (const SpecErrors& errors) {
    std::string lines;
    for (const SpecError& error : errors.all) lines += refusal_line(error);
    return lines;
  } catch (const SpecError& error) {
    return refusal_line(error);
  }
}

}  // namespace

std::string keras_text(const std::string& json) {
  return text_or_refusals([&] { return keras::read_json("m.json", json, {}); });
}

std::string keras_archive_text(const std::string& bytes) {
  return text_or_refusals([&] { return keras::read_archive("m.keras", bytes, {}); });
}

std::string keras_notes(const std::string& json) {
  std::string lines;
  for (const std::string& note : keras::read_json("m.json", json, {}).notes) lines += note + "\n";
  return lines;
}

std::string sequential_3(const std::string& batch_shape, const std::vector<std::string>& layers) {
  std::string list = fmt::format(
      R"({{"module": "keras.layers", "class_name": "InputLayer", "config": )"
      R"({{"batch_shape": {}, "dtype": "float32", "name": "in"}}, "registered_name": null}})",
      batch_shape);
  int number = 0;
  for (const std::string& layer : layers) {
    const std::size_t colon = layer.find(':');
    const std::string class_name = layer.substr(0, colon);
    const std::string settings = colon == std::string::npos ? "" : "," + layer.substr(colon + 1);
    list += fmt::format(
        ",\n{{\"module\": \"keras.layers\", \"class_name\": \"{}\", \"config\": {{\"name\": "
        "\"l{}\"{}}}, \"registered_name\": null}}",
        class_name, ++number, settings);
  }
  return fmt::format(
      R"({{"module": "keras", "class_name": "Sequential", "config": {{"name": "m", "layers": [{}]}}}})",
      list);
}

std::string keras_layers(const std::string& batch_shape, const std::vector<std::string>& layers) {
  const std::string text = keras_text(sequential_3(batch_shape, layers));
  const std::size_t start = text.find("layers:\n");
  return start == std::string::npos ? text : text.substr(start + 8);
}

std::int64_t keras_parameters(const std::string& json) {
  const ImportedModel model = keras::read_json("m.json", json, {});
  Source source{"m.json", model.text};
  source.model_format = model.format;
  return build_graph(read_spec(source), 1).parameters;
}

FunctionalModel::FunctionalModel(const std::string& batch_shape)
    : layers_(fmt::format(R"({{"class_name": "InputLayer", "config": {{"batch_input_shape": {}, )"
                          R"("dtype": "float32", "sparse": false, "ragged": false, "name": )"
                          R"("input_1"}}, "name": "input_1", "inbound_nodes": []}})",
                          batch_shape)) {}

std::string FunctionalModel::add(const std::string& class_name, const std::string& name,
                                 const std::string& config,
                                 const std::vector<std::string>& inputs) {
  std::string tensors;
  for (const std::string& input : inputs) {
    tensors += fmt::format("{}[\"{}\", 0, 0, {{}}]", tensors.empty() ? "" : ", ", input);
  }
  layers_ += fmt::format(
      ",\n{{\"class_name\": \"{}\", \"config\": {{\"name\": \"{}\", \"trainable\": true{}{}}}, "
      "\"name\": \"{}\", \"inbound_nodes\": [[{}]]}}",
      class_name, name, config.empty() ? "" : ", ", config, name, tensors);
  return name;
}

std::string FunctionalModel::add_flat(const std::string& class_name, const std::string& name,
                                      const std::string& config, const std::string& input,
                                      const std::string& arguments) {
  layers_ += fmt::format(
      ",\n{{\"class_name\": \"{}\", \"config\": {{\"name\": \"{}\", {}}}, \"name\": \"{}\", "
      "\"inbound_nodes\": [[\"{}\", 0, 0, {{{}}}]]}}",
      class_name, name, config, name, input, arguments);
  return name;
}

std::string FunctionalModel::json(const std::string& output) const {
  return fmt::format(
      R"({{"class_name": "Functional", "config": {{"name": "model", "trainable": true, )"
      R"("layers": [{}], "input_layers": [["input_1", 0, 0]], "output_layers": [["{}", 0, 0]]}}, )"
      R"("keras_version": "2.12.0", "backend": "tensorflow"}})",
      layers_, output);
}

}  // namespace smoothbound::models::testing
