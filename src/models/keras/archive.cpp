#include "archive.hpp"

#include <fmt/format.h>

#include "smoothbound/text/source.hpp"

namespace smoothbound::models::keras {
namespace {

constexpr std::size_t longest_config = std::size_t{1} << 26U;
constexpr const char* unpack =
    "unpack it, and give its config.json: python -m zipfile -e model.keras model";

// Little-endian numbers of the ZIP format, at places that were checked to be inside.
std::uint64_t number_at(std::string_view bytes, std::size_t place, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[place + i]);
  }
  return value;
}

[[noreturn]] void refuse_damaged() {
  throw SpecError(whole_file, "the archive is damaged: its table of contents does not fit",
                  "save the model again with model.save('model.keras')");
}

constexpr std::size_t end_size = 22;

// Where the end record stands: behind it a comment of 64 KiB at most.
std::size_t find_end_record(std::string_view bytes) {
  constexpr std::size_t longest_comment = 0xFFFF;
  if (bytes.size() < end_size) refuse_damaged();
  const std::size_t last = bytes.size() - end_size;
  const std::size_t found = bytes.rfind("PK\x05\x06", last);
  if (found == std::string_view::npos || last - found > longest_comment) refuse_damaged();
  return found;
}

}  // namespace

std::optional<std::string_view> find_member(std::string_view bytes, std::string_view name) {
  constexpr std::size_t entry_size = 46;
  constexpr std::size_t local_size = 30;
  const std::size_t end = find_end_record(bytes);
  const std::uint64_t count = number_at(bytes, end + 10, 2);
  std::uint64_t place = number_at(bytes, end + 16, 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (place > bytes.size() || bytes.size() - place < entry_size) refuse_damaged();
    const auto at = static_cast<std::size_t>(place);
    if (bytes.substr(at, 4) != "PK\x01\x02") refuse_damaged();
    const auto name_size = static_cast<std::size_t>(number_at(bytes, at + 28, 2));
    if (bytes.size() - at - entry_size < name_size) refuse_damaged();
    if (bytes.substr(at + entry_size, name_size) != name) {
      place += entry_size + name_size + number_at(bytes, at + 30, 2) + number_at(bytes, at + 32, 2);
      continue;
    }
    const std::uint64_t method = number_at(bytes, at + 10, 2);
    const std::uint64_t size = number_at(bytes, at + 20, 4);
    const std::uint64_t local = number_at(bytes, at + 42, 4);
    if (method != 0) {
      throw SpecError(whole_file, fmt::format("'{}' is compressed in the archive", name), unpack);
    }
    if (size > longest_config) {
      throw SpecError(
          whole_file,
          fmt::format("'{}' has {} bytes, more than the limit of {}", name, size, longest_config),
          "write an architecture file for a smaller model");
    }
    if (local > bytes.size() || bytes.size() - local < local_size ||
        bytes.substr(static_cast<std::size_t>(local), 4) != "PK\x03\x04") {
      refuse_damaged();
    }
    const auto header = static_cast<std::size_t>(local);
    const std::uint64_t start =
        local + local_size + number_at(bytes, header + 26, 2) + number_at(bytes, header + 28, 2);
    if (start > bytes.size() || bytes.size() - start < size) refuse_damaged();
    return bytes.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(size));
  }
  return std::nullopt;
}

}  // namespace smoothbound::models::keras
