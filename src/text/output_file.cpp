#include "smoothbound/text/output_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

// The temporary file of the output that is being written.
struct Unfinished {
  std::mutex mutex;
  const std::string* path = nullptr;  // null: none
};

Unfinished& unfinished() {
  static Unfinished unfinished;
  return unfinished;
}

// mkstemp; who removes unfinished output finds both the file and its name, or neither.
int create_temporary(std::string& pattern) {
  const std::lock_guard lock(unfinished().mutex);
  const int descriptor = mkstemp(pattern.data());
  if (descriptor >= 0) unfinished().path = &pattern;
  return descriptor;
}

void remove_temporary(const std::string& path) {
  const std::lock_guard lock(unfinished().mutex);
  unlink(path.c_str());
  unfinished().path = nullptr;
}

// What `path` links to, existing or not, so that a link is kept. Empty if links go in a circle.
std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int most_links = 40;
  std::error_code error;
  for (int i = 0; i < most_links; ++i) {
    if (!std::filesystem::is_symlink(path, error)) return path;
    // An absolute target replaces the directory.
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
    if (error) break;
  }
  return {};
}

// What it means that a system call on an output failed so, and what to do.
struct Failure {
  int error;
  OutputError::Cause cause;
  const char* advice;
};

const Failure& failure_of(int error) {
  using enum OutputError::Cause;
  static constexpr std::array<Failure, 12> failures{{
      {EISDIR, path, "name a file in it"},
      {ENOENT, path, "make its folder first, or name another file"},
      {ENOTDIR, path, "make its folder first, or name another file"},
      {ELOOP, path, "mend the link, or name another file"},
      {EACCES, path, "name a file where you may write"},
      {EPERM, path, "name a file where you may write"},
      {EROFS, path, "name a file where you may write"},
      {ENAMETOOLONG, path, "take a shorter name"},
      {EPIPE, reader_gone, "keep the program that reads it running"},
      {ENOSPC, machine, "make room on the disk, or name a file on another"},
      {EDQUOT, machine, "make room on the disk, or name a file on another"},
      {EFBIG, machine, "raise the limit (ulimit -f), or name another file"},
  }};
  static constexpr Failure other{0, machine, "check where it goes, or name another file"};
  const auto* const found = std::ranges::find(failures, error, &Failure::error);
  return found == failures.end() ? other : *found;
}

}  // namespace

void throw_output_error(const std::string& what, const std::string& name) {
  const int error = errno;
  const Failure& failure = failure_of(error);
  throw OutputError(fmt::format("{} {}: {}", what, name,
                                std::strerror(error)),  // NOLINT(concurrency-mt-unsafe)
                    failure.cause, failure.advice);
}

void remove_unfinished_output() noexcept {
  unfinished().mutex.lock();
  if (const std::string* path = unfinished().path) unlink(path->c_str());
}

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  const bool exists = stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("cannot write");
  }
  if (exists && !S_ISREG(status.st_mode)) {  // a device or pipe
    file_ = std::fopen(path_.c_str(), "we");
    if (file_ == nullptr) fail("cannot open");
    return;
  }
  const std::filesystem::path target = behind_links(path_);
  if (target.empty()) {
    errno = ELOOP;
    fail("cannot write");
  }
  path_ = target.string();
  temporary_ = path_ + ".XXXXXX";
  int descriptor = create_temporary(temporary_);
  if (descriptor < 0 && errno == ENAMETOOLONG) {  // the name may be as long as names can be
    temporary_ = (target.parent_path() / ".smoothbound.XXXXXX").string();
    descriptor = create_temporary(temporary_);
  }
  if (descriptor < 0) {
    temporary_.clear();
    fail("cannot create a file beside");
  }
  const mode_t mask = umask(0);
  umask(mask);
  constexpr mode_t everyone = 0666;
  const mode_t mode = exists ? status.st_mode & 07777U : everyone & ~mask;
  if (fchmod(descriptor, mode) != 0 || (file_ = fdopen(descriptor, "w")) == nullptr) {
    const int error = errno;
    file_ = nullptr;
    remove_temporary(temporary_);  // there will be no destructor
    errno = error;
    fail("cannot open");
  }
}

OutputFile::~OutputFile() {
  if (file_ != nullptr) std::fclose(file_);
  if (!temporary_.empty()) remove_temporary(temporary_);
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("cannot write");
}

void OutputFile::commit() {
  if (std::fflush(file_) != 0) fail("cannot write");
  if (!temporary_.empty() && fsync(fileno(file_)) != 0) fail("cannot write");
  std::FILE* const file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail("cannot write");
  if (temporary_.empty()) return;
  const std::lock_guard lock(unfinished().mutex);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename to");
  unfinished().path = nullptr;
  temporary_.clear();
}

void OutputFile::fail(const std::string& what) const {
  throw_output_error(what, fmt::format("'{}'", escape_controls(path_)));
}

}  // namespace smoothbound
