// Numbers in files beside the model.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "reading.hpp"
#include "smoothbound/text/regular_file.hpp"

namespace smoothbound::models::onnx {
namespace {

namespace fs = std::filesystem;

constexpr const char* beside = "put the file beside the model, as the exporter does";

[[noreturn]] void refuse_external(std::string_view location, const std::string& message,
                                  const char* advice) {
  throw SpecError(whole_file, fmt::format("its external data '{}' {}", location, message), advice);
}

fs::path folder_of(const Reading& reading) {
  const fs::path folder = fs::path(reading.path).parent_path();
  return folder.empty() ? "." : folder;
}

// Links on the way are followed first, so that they lead nowhere else.
bool lies_in(const fs::path& folder, const fs::path& file) {
  const fs::path inner = fs::weakly_canonical(file);
  const fs::path outer = fs::weakly_canonical(folder);
  const auto [end, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end() && rest != inner.end();
}

}  // namespace

std::string external_path(const Reading& reading, std::string_view location) {
  if (reading.path.empty()) {
    refuse_external(location, "lies beside the model, which has no folder",
                    "name the model's file instead of reading it from a pipe");
  }
  const fs::path relative{std::string(location)};
  if (relative.is_absolute()) refuse_external(location, "is an absolute path", beside);
  const fs::path folder = folder_of(reading);
  try {
    if (!lies_in(folder, folder / relative)) {
      refuse_external(location, "leads out of the model's folder", beside);
    }
  } catch (const fs::filesystem_error& error) {
    refuse_external(location, "cannot be found: " + error.code().message(), beside);
  }
  return reading.path.find('/') == std::string::npos ? relative.string()
                                                     : (folder / relative).string();
}

std::string_view read_external(Reading& reading, std::string_view location, std::uint64_t offset,
                               std::uint64_t size) {
  auto found = reading.files.find(location);
  if (found == reading.files.end()) {
    try {
      auto file = std::make_unique<const MappedFile>(external_path(reading, location));
      found = reading.files.emplace(std::string(location), std::move(file)).first;
    } catch (const SpecError&) {
      throw;
    } catch (const std::runtime_error& error) {
      refuse_external(location, fmt::format("cannot be read: {}", error.what()), beside);
    }
  }
  const std::string_view bytes = found->second->bytes();
  if (offset > bytes.size()) {
    refuse_external(location,
                    fmt::format("has {} bytes, and is read from byte {}", bytes.size(), offset),
                    damaged_file);
  }
  const std::string_view rest = bytes.substr(static_cast<std::size_t>(offset));
  if (size > rest.size()) {
    refuse_external(location,
                    fmt::format("ends {} bytes before the array does", size - rest.size()),
                    damaged_file);
  }
  return rest.substr(0, static_cast<std::size_t>(size));
}

}  // namespace smoothbound::models::onnx
