#include "output.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "smoothbound/spec/source.hpp"

namespace smoothbound::cli {

Output::Output(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
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
  // A link is kept: what it points to is replaced.
  std::error_code ignored;
  const auto target = std::filesystem::weakly_canonical(path_, ignored);
  if (!target.empty()) path_ = target.string();
  temporary_ = path_ + ".XXXXXX";
  const int descriptor = mkstemp(temporary_.data());
  if (descriptor < 0) {
    temporary_.clear();
    fail("cannot create a file beside");
  }
  const mode_t mask = umask(0);
  umask(mask);
  constexpr mode_t everyone = 0666;
  const mode_t mode = exists ? status.st_mode & 07777U : everyone & ~mask;
  if (fchmod(descriptor, mode) != 0 || (file_ = fdopen(descriptor, "w")) == nullptr) {
    file_ = nullptr;
    fail("cannot open");
  }
}

Output::~Output() {
  if (!path_.empty() && file_ != nullptr) std::fclose(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void Output::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail("cannot write");
}

void Output::commit() {
  if (std::fflush(file_) != 0) fail("cannot write");
  if (path_.empty()) return;
  if (!temporary_.empty() && fsync(fileno(file_)) != 0) fail("cannot write");
  std::FILE* const file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail("cannot write");
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename to");
  temporary_.clear();
}

void Output::fail(const std::string& what) const {
  const int error = errno;
  throw OutputError(
      fmt::format("{} {}: {}", what,
                  path_.empty() ? "standard output" : "'" + escape_controls(path_) + "'",
                  std::strerror(error)),  // NOLINT(concurrency-mt-unsafe)
      error == EPIPE);
}

}  // namespace smoothbound::cli
