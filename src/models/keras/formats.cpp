#include "formats.hpp"

#include <fmt/format.h>

#include "archive.hpp"
#include "layer_call.hpp"

namespace smoothbound::models::keras {
namespace {

constexpr std::string_view format_name = "Keras";

// `is_3`: where that does not stand in the text.
ImportedModel imported(std::string_view json, std::optional<bool> is_3 = {}) {
  if (json.starts_with(byte_order_mark)) json.remove_prefix(byte_order_mark.size());
  if (const std::size_t place = find_invalid_text(json); place != std::string_view::npos) {
    throw SpecError(locate(json, place), "the JSON is no UTF-8 text",
                    "write the file with model.to_json()");
  }
  text::Document document;
  text::parse_json(json, document);
  const Model model = read_model(document.root());
  Built built = build(model, is_3.value_or(is_keras_3(document.root())));
  return {format_name, std::move(built.text), {}, std::move(built.notes)};
}

// Whether Keras 3 wrote an archive, if it says so: Keras 2 writes such ones, too.
std::optional<bool> is_of_keras_3(std::string_view archive) {
  const std::string_view metadata = find_member(archive, "metadata.json").value_or("");
  const std::size_t key = metadata.find("\"keras_version\"");
  const std::size_t colon = metadata.find(':', key);
  const std::size_t version =
      metadata.find_first_not_of(" \t\r\n\"", colon == std::string_view::npos ? colon : colon + 1);
  if (key == std::string_view::npos || version == std::string_view::npos) return std::nullopt;
  const char first = metadata[version];
  return first >= '0' && first <= '9' ? std::optional(first == '3') : std::nullopt;
}

// The archive's own places have no line.
SpecError in_config(const SpecError& error) {
  if (error.location == whole_file) return error;
  const std::string message = fmt::format("config.json, line {}, column {}: {}",
                                          error.location.line, error.location.column, error.what());
  if (error.remedy != Remedy::none) return {whole_file, message, error.remedy};
  return {whole_file, message, error.hint};
}

}  // namespace

bool is_json(std::string_view /*path*/, std::string_view beginning) {
  if (beginning.starts_with(byte_order_mark)) beginning.remove_prefix(byte_order_mark.size());
  const std::size_t start = beginning.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || beginning[start] != '{') return false;
  return beginning.find("\"class_name\"") != std::string_view::npos &&
         beginning.find("\"config\"") != std::string_view::npos;
}

// Keras writes metadata.json first, and has no other file of that name.
bool is_archive(std::string_view path, std::string_view beginning) {
  constexpr std::size_t name_place = 30;
  if (!beginning.starts_with("PK\x03\x04") || beginning.size() < name_place) return false;
  if (path.ends_with(".keras")) return true;
  const std::string_view name = beginning.substr(name_place);
  return name.starts_with("metadata.json") || name.starts_with("config.json");
}

ImportedModel read_json(std::string_view /*path*/, std::string_view content,
                        const ImportOptions& /*options*/) {
  return imported(content);
}

ImportedModel read_archive(std::string_view /*path*/, std::string_view content,
                           const ImportOptions& /*options*/) {
  try {
    const auto config = find_member(content, "config.json");
    if (config) return imported(*config, is_of_keras_3(content));
    throw SpecError(whole_file, "the archive has no 'config.json'",
                    "save the model with model.save('model.keras')");
  } catch (const SpecErrors& errors) {
    std::vector<SpecError> moved;
    for (const SpecError& error : errors.all) moved.push_back(in_config(error));
    throw SpecErrors(std::move(moved));
  } catch (const SpecError& error) {
    throw in_config(error);
  }
}

std::vector<ModelFormat::Understood> understood_layers() {
  std::vector<ModelFormat::Understood> list;
  for (const auto& part : {weight_layers(), pooling_layers(), normalization_layers(),
                           activation_layers(), merge_layers(), shape_layers()}) {
    for (const LayerRow& row : part) {
      list.push_back({std::string(row.class_name), std::string(row.becomes)});
    }
  }
  for (const auto& [name, becomes] : known_activations()) {
    list.push_back({fmt::format("activation '{}'", name), std::string(becomes)});
  }
  return list;
}

}  // namespace smoothbound::models::keras
