#include "output.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "smoothbound/spec/source.hpp"

namespace smoothbound::cli {
namespace {

// The temporary file of the output that is being written, for the handler.
std::atomic<const char*> unfinished{nullptr};  // NOLINT(*-non-const-global-variables)
static_assert(std::atomic<const char*>::is_always_lock_free);

extern "C" void remove_unfinished(int signal_number) {
  if (const char* path = unfinished.load()) unlink(path);
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP};

// mkstemp, such that a signal that ends the program leaves no half file behind either.
int create_temporary(std::string& pattern) {
  for (const int number : ending_signals) {
    // What the caller ignores (nohup) stays ignored.
    if (std::signal(number, remove_unfinished) == SIG_IGN) std::signal(number, SIG_IGN);
  }
  // No signal may come between the file and its registration.
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  for (const int number : ending_signals) sigaddset(&blocked, number);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const int descriptor = mkstemp(pattern.data());
  const int error = errno;
  if (descriptor >= 0) unfinished = pattern.c_str();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return descriptor;
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

}  // namespace

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
  const std::filesystem::path target = behind_links(path_);
  if (target.empty()) {
    errno = ELOOP;
    fail("cannot write");
  }
  path_ = target.string();
  temporary_ = path_ + ".XXXXXX";
  const int descriptor = create_temporary(temporary_);
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
    unfinished = nullptr;
    unlink(temporary_.c_str());  // there will be no destructor
    errno = error;
    fail("cannot open");
  }
}

Output::~Output() {
  if (!path_.empty() && file_ != nullptr) std::fclose(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
  unfinished = nullptr;
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
  unfinished = nullptr;
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
