#include "smoothbound/data/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

}  // namespace

InputFile::InputFile(std::string path)
    : path_(std::move(path)),
      // O_NONBLOCK: a FIFO without a writer must not hang.
      descriptor_(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  struct stat status {};
  if (descriptor_ < 0 || fstat(descriptor_, &status) != 0) {
    throw DataError(path_, "cannot open: " + system_message(errno),
                    errno == ENOENT ? "check the path" : "");
  }
  // There will be no destructor.
  if (!S_ISREG(status.st_mode)) {
    close(descriptor_);
    if (S_ISDIR(status.st_mode)) {
      throw DataError(path_, "this is a directory", "name a file in it");
    }
    throw DataError(path_, "this is not a regular file", "write the data to a file first");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void InputFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    // The kernel reads no more than 2 GiB at once.
    const std::size_t piece = std::min(bytes.size(), std::size_t{1} << 30U);
    const ssize_t count = pread(descriptor_, bytes.data(), piece, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw DataError(path_, "cannot read: " + system_message(errno));
    if (count == 0) throw DataError(path_, "the file became shorter while it was read");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::string InputFile::read_start(std::size_t count) const {
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(count, size_)), '\0');
  read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace smoothbound
