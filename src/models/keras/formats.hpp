// The rows of Keras: the JSON of a model, and the archive in which Keras 3 saves it.
#pragma once

#include "smoothbound/models/model.hpp"

namespace smoothbound::models::keras {

bool is_json(std::string_view path, std::string_view beginning);
bool is_archive(std::string_view path, std::string_view beginning);
ImportedModel read_json(std::string_view path, std::string_view content,
                        const ImportOptions& options);
ImportedModel read_archive(std::string_view path, std::string_view content,
                           const ImportOptions& options);
std::vector<ModelFormat::Understood> understood_layers();

}  // namespace smoothbound::models::keras
