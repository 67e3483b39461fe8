// Models of Keras as tests write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace smoothbound::models::testing {

/// The architecture file of a JSON text; or the refusals, one a line: "line:column: what | hint".
std::string keras_text(const std::string& json);
/// What has to be said about it, one a line.
std::string keras_notes(const std::string& json);
/// The same of an archive.
std::string keras_archive_text(const std::string& bytes);

/// A file of `keras_text`'s layers alone, of a Sequential model of Keras 3 with this input (as a
/// list with the batch) and these layers, each "Class: settings of its config".
std::string keras_layers(const std::string& batch_shape, const std::vector<std::string>& layers);
/// The JSON of that model.
std::string sequential_3(const std::string& batch_shape, const std::vector<std::string>& layers);

/// Parameters of the network, read as an architecture file.
std::int64_t keras_parameters(const std::string& json);

/// A functional model of Keras 2, layer by layer.
class FunctionalModel {
 public:
  explicit FunctionalModel(const std::string& batch_shape);
  /// Adds a layer that reads others, and returns its name.
  std::string add(const std::string& class_name, const std::string& name, const std::string& config,
                  const std::vector<std::string>& inputs);
  /// An operation whose one call is not in a list, with further arguments.
  std::string add_flat(const std::string& class_name, const std::string& name,
                       const std::string& config, const std::string& input,
                       const std::string& arguments);
  [[nodiscard]] std::string json(const std::string& output) const;

 private:
  std::string layers_;
};

}  // namespace smoothbound::models::testing
