#include "smoothbound/runtime/machine.hpp"

#include <omp.h>

#include <algorithm>
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

}  // namespace

std::int64_t available_memory() { return std::min(kernel_estimate(), group_limit()); }

void set_threads(std::int64_t count) {
  constexpr std::int64_t most = 1024;
  omp_set_num_threads(static_cast<int>(std::clamp<std::int64_t>(count, 1, most)));
}

}  // namespace smoothbound
