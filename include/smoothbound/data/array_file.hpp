// Arrays in files: all formats behind one interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/models/element_type.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound {

/// "[3, 4]"; "[]" for a scalar.
std::string shape_to_text(std::span<const std::int64_t> shape);

/// One array of a file. Its elements are read in C order, the last axis fastest, however they lie.
struct ArrayEntry {
  std::string name;  // empty: the only array of its file
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;  // of the first element: in the file, or in what a member unpacks to
  std::uint64_t bytes = 0;   // size of all elements
  bool big_endian = false;
  std::uint64_t member = 0;     // of an archive
  bool fortran_order = false;   // they lie with the first axis fastest
  std::int64_t rows_there = 0;  // in Fortran order: of the array that it is a part of, if it is one

  [[nodiscard]] std::int64_t elements() const {
    return static_cast<std::int64_t>(bytes / size_of(type));
  }
};

/// "tensor 'conv1.weight'", or "the array" where there is no name.
std::string described(const ArrayEntry& entry);

/// Where the bytes of arrays come from: a file, an archive, memory.
class ArrayBytes {
 public:
  ArrayBytes() = default;
  ArrayBytes(const ArrayBytes&) = delete;
  ArrayBytes& operator=(const ArrayBytes&) = delete;
  virtual ~ArrayBytes() = default;
  /// Copies bytes of `entry` from `begin` (0: its first element) on. Throws DataError.
  virtual void read(const ArrayEntry& entry, std::uint64_t begin,
                    std::span<std::byte> bytes) const = 0;
};

/// What a file of a format holds.
enum class ArrayContents : std::uint8_t {
  dataset,       // samples, or their labels: one array, in a format of such
  array,         // one array of whatever
  named_arrays,  // many, as parameters are
};

class ArrayFile;
class InputFile;

/// A format of arrays in files, a row of the table in src/data/open_array_file.cpp.
struct ArrayFormat {
  std::string_view name;  // "NPY"
  ArrayContents contents;
  /// Whether the file begins as the format does.
  bool (*matches)(const InputFile& file);
  /// A file that does, with its checked table of contents. Throws DataError.
  ArrayFile (*open)(InputFile file);
  bool holds_more = false;  // than a network reads
};

/// The names of the formats with such contents.
std::vector<std::string_view> array_formats(std::initializer_list<ArrayContents> contents);

/// An open file whose header has been checked as a whole: shapes do not overflow, and every array
/// lies in the file. Elements are read piece by piece and converted on the way, so that a file is
/// never in memory beside its values. Not for several threads at once.
class ArrayFile {
 public:
  using Metadata = std::map<std::string, std::string>;

  ArrayFile(std::string path, const ArrayFormat& format, std::vector<ArrayEntry> entries,
            std::unique_ptr<ArrayBytes> bytes, Metadata metadata = {});

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const ArrayFormat& format() const { return *format_; }
  /// In the order in which they lie in the file.
  [[nodiscard]] const std::vector<ArrayEntry>& entries() const { return entries_; }
  /// What safetensors keeps under `__metadata__`.
  [[nodiscard]] const Metadata& metadata() const { return metadata_; }
  /// Null if there is none of that name.
  [[nodiscard]] const ArrayEntry* find(std::string_view name) const;

  /// The same file with other entries, or these in another order.
  [[nodiscard]] ArrayFile with_entries(std::vector<ArrayEntry> entries) && {
    entries_ = std::move(entries);
    return std::move(*this);
  }

  /// All elements of `entry`, as many as `values` has. F16, BF16, F32 and small integers widen
  /// exactly, all else rounds to nearest; truth values become 0 and 1. Throws DataError for NaN,
  /// infinities and values beyond the range of float, with their index, and if reading fails.
  void read_into(const ArrayEntry& entry, std::span<float> values) const;
  void read_into(const ArrayEntry& entry, std::span<double> values) const;

  /// The same for the elements from `first` on.
  void read_range(const ArrayEntry& entry, std::int64_t first, std::span<float> values) const;
  void read_range(const ArrayEntry& entry, std::int64_t first, std::span<double> values) const;
  /// For entries of an integral type. Throws DataError for other types and for values >= 2^63.
  void read_range(const ArrayEntry& entry, std::int64_t first,
                  std::span<std::int64_t> values) const;

 private:
  template <class Value>
  void convert_range(const ArrayEntry& entry, std::int64_t first, std::span<Value> values) const;
  template <class Value>
  void convert_transposed(const ArrayEntry& entry, std::int64_t first,
                          std::span<Value> values) const;
  template <class Value>
  [[nodiscard]] Value convert(const ArrayEntry& entry, auto element, std::int64_t index) const;

  std::string path_;
  const ArrayFormat* format_;
  std::vector<ArrayEntry> entries_;
  std::unique_ptr<ArrayBytes> bytes_;
  Metadata metadata_;
};

/// Opens a file of any format but those of data sets; which one is told by its content. A model of
/// another program is a file of its tensors. Throws DataError, with the advice to convert where it
/// is a pickle, and SourceErrors for what a model holds that is not understood.
ArrayFile open_array_file(const std::string& path, const models::ImportOptions& import = {});

}  // namespace smoothbound
