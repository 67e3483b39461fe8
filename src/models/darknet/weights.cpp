#include "darknet/weights.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

#include "smoothbound/text/regular_file.hpp"

namespace smoothbound::models::darknet {
namespace {

constexpr std::uint64_t number_bytes = 4;

MappedFile open_weights(const std::string& path) {
  try {
    return MappedFile(path);
  } catch (const NotReadable& error) {
    throw SpecError(whole_file, fmt::format("the weights '{}': {}", path, error.what()),
                    "name the file of the weights that belong to the configuration");
  }
}

std::uint32_t little_endian(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i);
  }
  return value;
}

}  // namespace

Weights::Weights(std::string path) : path_(std::move(path)), file_(open_weights(path_)) {
  constexpr std::size_t short_header = 16;  // major, minor, revision, images seen
  const std::string_view bytes = file_.bytes();
  const auto refuse = [&] {
    throw SpecError(whole_file, fmt::format("'{}' has no header of Darknet's weights", path_),
                    "name the file of the weights that belong to the configuration");
  };
  if (bytes.size() < short_header) refuse();
  const std::uint32_t major_version = little_endian(bytes, 0);
  const std::uint32_t minor_version = little_endian(bytes, number_bytes);
  constexpr std::uint32_t transposed_from = 1000;
  is_transposed_ = major_version > transposed_from || minor_version > transposed_from;
  // Since version 0.2 the images seen are counted in 64 bits.
  const bool is_long = major_version < transposed_from && minor_version < transposed_from &&
                       major_version * 10 + minor_version >= 2;
  header_ = short_header + (is_long ? number_bytes : 0);
  if (bytes.size() < header_) refuse();
}

FileRegion Weights::take(std::int64_t count) {
  FileRegion region{path_, header_ + static_cast<std::uint64_t>(taken_) * number_bytes};
  constexpr std::int64_t most = std::int64_t{1} << 60U;  // so that offsets in bytes do not overflow
  taken_ = checked_sum(taken_, count, "the number of parameters");
  if (taken_ > most) throw ShapeError("the number of parameters exceeds 2^60", "check the sizes");
  return region;
}

std::vector<float> Weights::values(const FileRegion& region, std::int64_t count) const {
  const std::string_view bytes = file_.bytes();
  const std::uint64_t end = region.offset + static_cast<std::uint64_t>(count) * number_bytes;
  if (end > bytes.size()) return {};
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto offset = static_cast<std::size_t>(region.offset) + i * number_bytes;
    numbers[i] = std::bit_cast<float>(little_endian(bytes, offset));
  }
  return numbers;
}

void Weights::require_all_taken() const {
  const std::uint64_t bytes = file_.bytes().size() - header_;
  if (bytes == static_cast<std::uint64_t>(taken_) * number_bytes) return;
  throw SpecError(
      whole_file,
      fmt::format("'{}' holds {} numbers{} behind its header of {} bytes, where the layers have {}",
                  path_, bytes / number_bytes,
                  bytes % number_bytes == 0 ? "" : " and part of another", header_, taken_),
      "weights belong to one configuration, with its number of classes, and are those of all "
      "layers");
}

}  // namespace smoothbound::models::darknet
