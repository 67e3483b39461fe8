#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (descriptor_ > STDIN_FILENO) close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string system_message(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse_size(std::size_t limit) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  const std::string shown = limit % mebibyte == 0
                                ? fmt::format("{} MiB ({} bytes)", limit / mebibyte, limit)
                                : fmt::format("{} bytes", limit);
  throw SpecError({}, fmt::format("the file is larger than the limit of {}", shown),
                  Remedy::larger_files);
}

void read_all(int descriptor, std::size_t limit, std::string& text) {
  std::array<char, std::size_t{1} << 14U> piece{};
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      text.clear();
      throw SpecError({}, "cannot read: " + system_message(error));
    }
    if (count == 0) return;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) {
      text.clear();
      refuse_size(limit);
    }
  }
}

}  // namespace

void load_source(const std::string& path, const Limits& limits, Source& source) {
  if (path == "-") {
    source.name = "<stdin>";
    source.text.clear();
    read_all(STDIN_FILENO, limits.bytes, source.text);
  } else {
    source = {path, path};  // messages about the file itself show its path
    // O_NONBLOCK: a FIFO without a writer must not hang.
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (file.get() < 0 || fstat(file.get(), &status) != 0) {
      throw SpecError({}, "cannot open: " + system_message(errno),
                      errno == ENOENT ? "check the path; '-' reads standard input" : "");
    }
    if (S_ISDIR(status.st_mode)) {
      throw SpecError({}, "this is a directory", "name the files in it");
    }
    if (!S_ISREG(status.st_mode)) {
      throw SpecError({}, "this is not a regular file", "to read from a pipe, use '-'");
    }
    if (static_cast<std::size_t>(status.st_size) > limits.bytes) refuse_size(limits.bytes);
    std::string text;
    text.reserve(static_cast<std::size_t>(status.st_size) + 1);
    read_all(file.get(), limits.bytes, text);
    source.text = std::move(text);
  }
}

}  // namespace smoothbound
