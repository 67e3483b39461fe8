#include "smoothbound/data/input_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

RegularFile open_data(const std::string& path) {
  using Reason = NotReadable::Reason;
  try {
    return RegularFile(path);
  } catch (const NotReadable& error) {
    throw DataError(path, error.what(),
                    error.reason == Reason::no_such_file  ? "check the path"
                    : error.reason == Reason::directory   ? "name a file in it"
                    : error.reason == Reason::not_regular ? "write the data to a file first"
                                                          : "check the path, and who may read it");
  }
}

}  // namespace

void throw_changed(const std::string& path) {
  throw DataError(path, "the file became shorter while it was read",
                  "begin again when nothing writes to it any more");
}

InputFile::InputFile(std::string path) : path_(std::move(path)), file_(open_data(path_)) {}

void InputFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    // The kernel reads no more than 2 GiB at once.
    const std::size_t piece = std::min(bytes.size(), std::size_t{1} << 30U);
    const ssize_t count =
        pread(file_.descriptor(), bytes.data(), piece, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw DataError(path_, "cannot read: " + system_message(errno), "check the disk it is on");
    }
    if (count == 0) throw_changed(path_);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::string InputFile::read_start(std::size_t count) const {
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(count, size())), '\0');
  read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace smoothbound
