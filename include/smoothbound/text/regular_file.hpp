// Files that are read: regular ones, whatever a path leads to.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace smoothbound {

/// A path cannot be read from. `what()`: "cannot open: Permission denied", "this is a directory".
class NotReadable : public std::runtime_error {
 public:
  enum class Reason : std::uint8_t { no_such_file, cannot_open, directory, not_regular };

  NotReadable(Reason why, int number, const std::string& message)
      : std::runtime_error(message), reason(why), error(number) {}
  Reason reason;
  int error;  // errno; 0: it was opened, but is not regular
};

/// An open regular file. Opening does not block: a FIFO without a writer is refused like a device.
class RegularFile {
 public:
  /// Throws NotReadable.
  explicit RegularFile(const std::string& path);
  RegularFile(RegularFile&& other) noexcept;
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;
  RegularFile& operator=(RegularFile&&) = delete;
  ~RegularFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// In bytes, when it was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  int descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace smoothbound
