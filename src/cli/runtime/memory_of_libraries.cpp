// OpenBLAS takes its buffers in a constructor, and where there is no memory for them it asks again
// for ever.

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "shared/exit_code.hpp"
#include "shared/process.hpp"
#include "smoothbound/runtime/machine.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::string_view threads_variable = "OMP_NUM_THREADS=";

std::size_t threads_of_blas(const char* const* environment) {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
  auto threads = static_cast<std::size_t>(std::max(cores, 1));
  for (; *environment != nullptr; ++environment) {
    std::string_view entry(*environment);
    if (!entry.starts_with(threads_variable)) continue;
    entry.remove_prefix(threads_variable.size());
    std::size_t asked = 0;
    if (std::from_chars(entry.data(), entry.data() + entry.size(), asked).ec == std::errc{} &&
        asked > 0) {
      threads = std::min(threads, asked);
    }
  }
  return threads;
}

}  // namespace

// No library is ready: system calls only.
void check_memory_of_libraries(const char* const* environment) {
  constexpr std::size_t others = std::size_t{16} << 20U;
  const std::size_t bytes =
      threads_of_blas(environment) * static_cast<std::size_t>(bytes_of_blas_thread) + others;
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) {
    munmap(memory, bytes);
    return;
  }
  constexpr std::string_view message =
      "smoothbound: error: out of memory: the limit (ulimit -v) does not leave the 128 MiB that "
      "OpenBLAS takes for each thread\n"
      "hint: raise it, or set OMP_NUM_THREADS=1\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
  _exit(internal);
}

}  // namespace smoothbound::cli
