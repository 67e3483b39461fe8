#include "smoothbound/text/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace smoothbound {

RegularFile::RegularFile(const std::string& path)
    : descriptor_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  using Reason = NotReadable::Reason;
  struct stat status {};
  const int error = descriptor_ < 0 || fstat(descriptor_, &status) != 0 ? errno : 0;
  if (error == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  if (descriptor_ >= 0) close(descriptor_);  // there will be no destructor
  if (error != 0) {
    throw NotReadable(error == ENOENT ? Reason::no_such_file : Reason::cannot_open, error,
                      "cannot open: " + std::generic_category().message(error));
  }
  if (S_ISDIR(status.st_mode)) throw NotReadable(Reason::directory, 0, "this is a directory");
  throw NotReadable(Reason::not_regular, 0, "this is not a regular file");
}

RegularFile::RegularFile(RegularFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

RegularFile::~RegularFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace smoothbound
