#include "smoothbound/models/model.hpp"

namespace smoothbound::models {

std::optional<ModelFile> read_model_file(const std::string& path, const ImportOptions& options) {
  ModelFile file{path, std::make_shared<const MappedFile>(path), {}};
  const std::string_view bytes = file.content->bytes();
  const ModelFormat* const format = find_format(path, bytes.substr(0, beginning_bytes));
  if (format == nullptr) return std::nullopt;
  file.model = format->read(path, bytes, options);
  return file;
}

}  // namespace smoothbound::models
