// The formats of arrays, each with a source of its own, and what they share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/input_file.hpp"

namespace smoothbound {

/// More axes are a lie, and would make a message or a table long.
constexpr std::size_t most_axes = 32;
/// Hints for files that do not hold what their beginnings promise.
constexpr const char* cut_short = "the file may be cut short: fetch it again, or write it again";
constexpr const char* fetch_again = "the file is damaged: fetch it again, or write it again";

/// Deflate makes of a byte at most 1032: https://zlib.net/zlib_tech.html
constexpr std::uint64_t largest_deflate_ratio = 1032;

extern const ArrayFormat idx_format;  // plain or compressed with gzip
extern const ArrayFormat safetensors_format;
extern const ArrayFormat npy_format;
extern const ArrayFormat npz_format;

/// The format with such contents as which the file begins, or null.
const ArrayFormat* find_format(const InputFile& file,
                               std::initializer_list<ArrayContents> contents);

/// Throws DataError: the file is not what it was when it was opened.
[[noreturn]] void throw_changed(const std::string& path);
/// Throws DataError if there is nothing in the file.
void refuse_empty(const InputFile& file);
/// Throws DataError, with how to convert it, if a file of this name that begins like this is one of
/// another program.
void refuse_foreign(const std::string& path, std::string_view beginning);
/// The same of pickles alone.
void refuse_pickle(const InputFile& file);

/// The size in bytes of an array; none if it is 2^63 or more.
std::optional<std::uint64_t> byte_count(std::span<const std::int64_t> shape, ElementType type);

/// Arrays that lie in a file as they are.
class FileBytes : public ArrayBytes {
 public:
  explicit FileBytes(InputFile file) : file_(std::move(file)) {}
  void read(const ArrayEntry& entry, std::uint64_t begin,
            std::span<std::byte> bytes) const override {
    file_.read(entry.offset + begin, bytes);
  }

 private:
  InputFile file_;
};

/// What an NPY header says. `offset` is that of the elements.
struct NpyHeader {
  ElementType type = ElementType::f32;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// A stream of bytes that begins with an NPY header.
class NpySource {
 public:
  NpySource() = default;
  NpySource(const NpySource&) = delete;
  NpySource& operator=(const NpySource&) = delete;
  virtual ~NpySource() = default;
  virtual void read(std::uint64_t offset, std::span<std::byte> bytes) = 0;
};

/// Reads and checks the header of an array that is `size` bytes long with it. `path` and `what`
/// ("", or "member 'a.npy': ") are for messages. Throws DataError.
NpyHeader read_npy_header(NpySource& source, std::uint64_t size, const std::string& path,
                          const std::string& what);

}  // namespace smoothbound
