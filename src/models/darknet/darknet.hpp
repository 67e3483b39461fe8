// Configurations of Darknet: the functions of their format's row.
#pragma once

#include "smoothbound/models/model.hpp"

namespace smoothbound::models::darknet {

/// Whether the first section is [net].
bool recognizes(std::string_view path, std::string_view beginning);
/// `options.numbers_file`: the .weights, whose arrays then lie in the result's tensors.
ImportedModel read(std::string_view path, std::string_view content, const ImportOptions& options);
std::vector<ModelFormat::Understood> understood();

}  // namespace smoothbound::models::darknet
