// A Keras model as its JSON describes it: layers, and the calls that connect them. Views lead into
// the document, which lives as long as the model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "smoothbound/text/document.hpp"

namespace smoothbound::models::keras {

/// What a layer's configuration says, by key; null counts as missing. The getters throw SpecError
/// at the value for anything but the stated form.
class Config {
 public:
  /// `mapping`: null or no mapping counts as empty. Throws SpecError for hundreds of keys.
  explicit Config(std::optional<text::Value> mapping);

  [[nodiscard]] std::optional<text::Value> find(std::string_view key) const;
  [[nodiscard]] text::Value require(std::string_view key, Location where) const;
  [[nodiscard]] std::string_view text(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const;
  /// A finite number.
  [[nodiscard]] double real(std::string_view key, double otherwise) const;

 private:
  std::optional<text::Value> mapping_;
};

/// A value that is written as `null`.
bool is_null(text::Value value);
/// An integer >= `smallest`.
std::int64_t integer_of(text::Value value, std::string_view what, std::int64_t smallest);
/// Integers >= `smallest`: a list of them, or one.
std::vector<std::int64_t> integers_of(text::Value value, std::string_view what,
                                      std::int64_t smallest);
double real_of(text::Value value, std::string_view what);
/// The text of a scalar, quoted or not; empty for lists and mappings.
std::string_view text_of(std::optional<text::Value> value);

/// What a call is given: the output of another call, or something that stands in the file.
struct Argument {
  std::string_view key;                 // empty: by its position
  std::uint32_t node = 0;               // Model::nodes
  std::int64_t output = 0;              // of the node
  std::optional<text::Value> constant;  // in place of a node
};

struct Model;

struct Layer {
  std::string_view class_name;
  std::string_view module;  // that the class stands in: Keras 3
  std::string name;
  Location location;  // of the class name
  std::optional<text::Value> config;
  std::unique_ptr<Model> model;  // a model as a layer
};

/// A call of a layer. Of an input layer: its value.
struct Node {
  std::uint32_t layer = 0;
  std::vector<Argument> arguments;
};

struct Model {
  std::string name;
  Location location;
  bool is_sequential = false;  // `layers` in a row; there are no nodes
  std::vector<Layer> layers;
  std::vector<Node> nodes;       // each behind those that it reads
  std::vector<Argument> inputs;  // of input layers
  std::vector<Argument> outputs;
  std::optional<text::Value> input_shape;  // of a sequential model without an input layer
};

/// The model in a document: that of `to_json`, of `config.json`, of `model_config` in HDF5 or of
/// TensorFlow.js' model.json. Throws SpecErrors for what is malformed.
Model read_model(text::Value root);
/// Whether Keras 3 wrote it.
bool is_keras_3(text::Value root);
/// Whether a layer of this class is a model.
bool is_model_class(std::string_view class_name);

}  // namespace smoothbound::models::keras
