#include "smoothbound/runtime/machine.hpp"

#include <omp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace smoothbound {
namespace {

constexpr std::int64_t unknown = std::int64_t{1} << 62U;

// "MemAvailable:   21938412 kB"
std::int64_t kernel_estimate() {
  std::ifstream file("/proc/meminfo");
  constexpr std::int64_t kibibyte = 1024;
  for (std::string word; file >> word;) {
    if (word != "MemAvailable:") continue;
    std::int64_t count = 0;
    if (file >> count && count >= 0 && count < unknown / kibibyte) return count * kibibyte;
    break;
  }
  return unknown;
}

std::optional<std::int64_t> number_in(const char* path) {
  std::ifstream file(path);
  std::int64_t number = 0;  // the limit may also be "max"
  if (file >> number && number >= 0) return number;
  return std::nullopt;
}

std::int64_t group_limit() {
  const auto limit = number_in("/sys/fs/cgroup/memory.max");
  const auto used = number_in("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return unknown;
  return std::max<std::int64_t>(*limit - *used, 0);
}

// What the process may map, less what it has mapped: field by field of /proc/self/statm, in pages.
std::int64_t left_of(__rlimit_resource resource, std::int64_t pages) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur >= static_cast<rlim_t>(unknown)) {
    return unknown;
  }
  const std::int64_t of_blas = bytes_of_blas_thread * omp_get_max_threads();
  const std::int64_t used = pages * sysconf(_SC_PAGESIZE) + of_blas;
  return std::max<std::int64_t>(static_cast<std::int64_t>(limit.rlim_cur) - used, 0);
}

}  // namespace

std::int64_t memory_within_limits() {
  std::ifstream file("/proc/self/statm");
  enum : std::size_t { size, resident, shared, text, library, data, fields };
  std::array<std::int64_t, fields> pages{};
  for (std::int64_t& count : pages) file >> count;
  return std::min(left_of(RLIMIT_AS, pages[size]), left_of(RLIMIT_DATA, pages[data]));
}

std::int64_t available_memory() {
  return std::min({kernel_estimate(), group_limit(), memory_within_limits()});
}

void set_threads(std::int64_t count) {
  constexpr std::int64_t most = 1024;
  omp_set_num_threads(static_cast<int>(std::clamp<std::int64_t>(count, 1, most)));
}

}  // namespace smoothbound
