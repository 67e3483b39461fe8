// Numbers in files beside the model.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

namespace fs = std::filesystem;

constexpr const char* beside = "put the file beside the model, as the exporter does";

[[noreturn]] void refuse_external(std::string_view location, const std::string& message,
                                  const char* advice) {
  throw SpecError(whole_file, fmt::format("its external data '{}' {}", location, message), advice);
}

// Links on the way are followed first, so that they lead nowhere else.
bool lies_in(const fs::path& folder, const fs::path& file) {
  const fs::path inner = fs::weakly_canonical(file);
  const fs::path outer = fs::weakly_canonical(folder);
  const auto [end, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end() && rest != inner.end();
}

std::string external_path(const Reading& reading, std::string_view location) {
  if (reading.path.empty()) {
    refuse_external(location, "lies beside the model, which has no folder",
                    "name the model's file instead of reading it from a pipe");
  }
  const fs::path relative{std::string(location)};
  if (relative.is_absolute()) refuse_external(location, "is an absolute path", beside);
  const fs::path folder = fs::path(reading.path).parent_path();
  const fs::path file = folder / relative;
  try {
    if (lies_in(folder.empty() ? "." : folder, file)) return file.string();
  } catch (const fs::filesystem_error& error) {
    refuse_external(location, "cannot be found: " + error.code().message(), beside);
  }
  refuse_external(location, "leads out of the model's folder", beside);
}

const ExternalFile& open_external(Reading& reading, std::string_view location) {
  const auto known = reading.files.find(location);
  if (known != reading.files.end()) return known->second;
  ExternalFile opened{.path = external_path(reading, location), .file = nullptr};
  try {
    opened.file = std::make_unique<const MappedFile>(opened.path);
  } catch (const std::runtime_error& error) {
    refuse_external(location, fmt::format("cannot be read: {}", error.what()), beside);
  }
  return reading.files.emplace(std::string(location), std::move(opened)).first->second;
}

}  // namespace

void read_external(Reading& reading, std::string_view location, std::uint64_t size,
                   Tensor& tensor) {
  const ExternalFile& external = open_external(reading, location);
  const std::string_view bytes = external.file->bytes();
  if (tensor.offset > bytes.size()) {
    refuse_external(location,
                    fmt::format("has {} bytes, and is read from {}", bytes.size(), tensor.offset),
                    damaged_file);
  }
  const std::string_view rest = bytes.substr(static_cast<std::size_t>(tensor.offset));
  if (size > rest.size()) {
    refuse_external(location,
                    fmt::format("ends {} bytes before the array does", size - rest.size()),
                    damaged_file);
  }
  tensor.bytes = rest.substr(0, static_cast<std::size_t>(size));
  tensor.file = external.path;
}

}  // namespace smoothbound::models::onnx
