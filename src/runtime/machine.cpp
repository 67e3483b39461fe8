#include "smoothbound/runtime/machine.hpp"

#include <fmt/format.h>
#include <omp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "smoothbound/text/resource_error.hpp"

namespace smoothbound {
namespace {

constexpr std::int64_t unknown = std::int64_t{1} << 62U;
// For the code that oneDNN generates; where it gets no memory for that it may wait for ever.
constexpr std::int64_t generated_code = std::int64_t{64} << 20U;

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

std::int64_t left_of(__rlimit_resource resource, std::int64_t used) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur >= static_cast<rlim_t>(unknown)) {
    return unknown;
  }
  return std::max<std::int64_t>(static_cast<std::int64_t>(limit.rlim_cur) - used - generated_code,
                                0);
}

}  // namespace

std::int64_t memory_within_limits() {
  // Field by field, in pages.
  std::ifstream file("/proc/self/statm");
  enum : std::size_t { size, resident, shared, text, library, data, fields };
  std::array<std::int64_t, fields> pages{};
  for (std::int64_t& count : pages) file >> count;
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  return std::min(left_of(RLIMIT_AS, pages[size] * page), left_of(RLIMIT_DATA, pages[data] * page));
}

std::int64_t available_memory() {
  return std::min({kernel_estimate(), group_limit(), memory_within_limits()});
}

bool can_map(std::int64_t bytes) {
  const auto length = static_cast<std::size_t>(bytes);
  void* const memory =
      mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  munmap(memory, length);
  return true;
}

void set_threads(std::int64_t count) {
  constexpr std::int64_t most = 1024;
  omp_set_num_threads(static_cast<int>(std::clamp<std::int64_t>(count, 1, most)));
}

std::int64_t thread_count() { return omp_get_max_threads(); }

void start_threads() {
  const int count = omp_get_max_threads();
  std::atomic<bool> all_there{false};
  std::vector<std::jthread> threads;
  const auto wait = [&] { all_there.wait(false); };
  const auto release = [&] {
    all_there = true;
    all_there.notify_all();
  };
  try {
    threads.reserve(static_cast<std::size_t>(count));
    for (int i = 1; i < count; ++i) threads.emplace_back(wait);
  } catch (const std::exception&) {
    release();
    throw ResourceError(
        fmt::format("there is no memory for {} threads, or they are more than the limits allow",
                    count),
        "take fewer, or raise the limits (ulimit -v, ulimit -u)");
  }
  release();
  threads.clear();
#pragma omp parallel
  {  // OpenMP keeps them
  }
  if (!can_map(generated_code)) {
    throw ResourceError(
        fmt::format("the limits on memory do not leave {} MiB for code that is generated",
                    generated_code >> 20U),
        "raise them (ulimit -v), or take fewer threads");
  }
}

}  // namespace smoothbound
