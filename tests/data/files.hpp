// Files of arrays, written byte by byte so that they can lie, and what readers say about them.
#pragma once

#include <zlib.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/data_error.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {

template <class Value>
std::string bytes_of(const std::vector<Value>& values) {
  std::string bytes(values.size() * sizeof(Value), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline std::string little_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return bytes;
}

inline std::string big_endian(std::uint32_t value) {
  const std::string bytes = little_endian(value, 4);
  return {bytes.rbegin(), bytes.rend()};
}

inline std::string safetensors(std::string_view header, std::string_view data = {}) {
  return little_endian(header.size(), 8) + std::string(header) + std::string(data);
}

inline std::string npy(std::string_view header, std::string_view data, char version = 1) {
  return "\x93NUMPY" + std::string{version, '\0'} +
         little_endian(header.size(), version == 1 ? 2 : 4) + std::string(header) +
         std::string(data);
}

inline std::string npy_dict(std::string_view descr, std::string_view shape,
                            std::string_view fortran = "False") {
  return "{'descr': '" + std::string(descr) + "', 'fortran_order': " + std::string(fortran) +
         ", 'shape': " + std::string(shape) + ", }\n";
}

inline std::string idx(const std::vector<std::uint32_t>& shape, std::string_view data,
                       char type = 8) {
  std::string bytes{'\0', '\0', type, static_cast<char>(shape.size())};
  for (const std::uint32_t size : shape) bytes += big_endian(size);
  return bytes + std::string(data);
}

inline std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2 failed");
  }
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// A zip archive of one member, with sizes and method as claimed.
struct ZipMember {
  std::string name;
  std::string packed;
  std::uint32_t size = 0;  // claimed
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint16_t flags = 0;
};

inline std::uint32_t crc_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

inline ZipMember stored(const std::string& name, const std::string& text) {
  return {name, text, static_cast<std::uint32_t>(text.size()), 0, crc_of(text)};
}

inline ZipMember deflated(const std::string& name, const std::string& text) {
  const std::string whole = gzip(text);
  constexpr std::size_t header = 10;
  constexpr std::size_t trailer = 8;
  return {name, whole.substr(header, whole.size() - header - trailer),
          static_cast<std::uint32_t>(text.size()), 8, crc_of(text)};
}

inline std::string zip(const std::vector<ZipMember>& members) {
  std::string file;
  std::string directory;
  for (const ZipMember& m : members) {
    const std::string common = little_endian(20, 2) + little_endian(m.flags, 2) +
                               little_endian(m.method, 2) + little_endian(0, 2) +
                               little_endian(0x21, 2) + little_endian(m.crc, 4) +
                               little_endian(m.packed.size(), 4) + little_endian(m.size, 4) +
                               little_endian(m.name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(20, 2) + common + std::string(10, '\0') +
                 little_endian(file.size(), 4) + m.name;
    file += "PK\3\4" + common + m.name + m.packed;
  }
  const std::size_t start = file.size();
  return file + directory + "PK\5\6" + std::string(4, '\0') + little_endian(members.size(), 2) +
         little_endian(members.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(start, 4) + std::string(2, '\0');
}

/// Writes a file whose path is of no interest.
inline void put(const TemporaryDirectory& directory, std::string_view name, std::string_view text) {
  static_cast<void>(directory.write(name, text));
}

/// "MESSAGE" or "MESSAGE | HINT" of the DataError that `run` throws; the file is checked to be
/// `file`.
template <class Run>
std::string message_of(const std::string& file, const Run& run) {
  try {
    run();
  } catch (const DataError& error) {
    if (error.file != file) return "about another file: " + error.file;
    return error.hint.empty() ? error.what() : std::string(error.what()) + " | " + error.hint;
  }
  return "no error";
}

/// `message` without a hint that it ends with and that others share; where it ends otherwise, all.
inline std::string without_hint(std::string message, std::string_view hint) {
  const std::string end = " | " + std::string(hint);
  if (message.ends_with(end)) message.resize(message.size() - end.size());
  return message;
}

}  // namespace smoothbound::testing
