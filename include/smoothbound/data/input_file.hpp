// Reading binary files piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "smoothbound/text/regular_file.hpp"

namespace smoothbound {

/// A regular file, open for reading. Pieces are copied out, not mapped: a file that is cut short
/// while it is read is an error, where a mapping would end the program by a signal.
class InputFile {
 public:
  /// Throws DataError for what cannot be opened and for directories, pipes and devices.
  explicit InputFile(std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Bytes in the file when it was opened.
  [[nodiscard]] std::uint64_t size() const { return file_.size(); }
  [[nodiscard]] int descriptor() const { return file_.descriptor(); }

  /// Fills `bytes` from `offset` on. Throws DataError if the file ends before.
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;
  /// At most `count` bytes from the beginning.
  [[nodiscard]] std::string read_start(std::size_t count) const;

 private:
  std::string path_;
  RegularFile file_;
};

/// Whether `path` is a directory; false if it cannot be told.
bool is_directory(const std::string& path);

}  // namespace smoothbound
