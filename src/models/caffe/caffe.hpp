// Networks of Caffe as text: the functions of their format's row.
#pragma once

#include "smoothbound/models/model.hpp"

namespace smoothbound::models::caffe {

/// Whether a line opens `layer {` or `layers {`.
bool recognizes(std::string_view path, std::string_view beginning);
ImportedModel read(std::string_view path, std::string_view content, const ImportOptions& options);
std::vector<ModelFormat::Understood> understood();

}  // namespace smoothbound::models::caffe
