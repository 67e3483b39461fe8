// Time and memory of an action.
#pragma once

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

// Lowers `best` to the time that the action takes, if that is less.
inline void lower_to_time_of(double& best, const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  best = std::min(best, elapsed.count());
}

// A value of /proc/self/status in bytes.
inline double process_memory(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == key && status >> kibibytes) return 1024 * kibibytes;
  }
  throw std::runtime_error("no " + key + " in /proc/self/status");
}

// How much the action adds to the resident memory at its peak.
inline double peak_bytes(const std::function<void()>& action) {
  std::ofstream("/proc/self/clear_refs") << "5";  // resets the high-water mark
  const double before = process_memory("VmRSS:");
  action();
  return process_memory("VmHWM:") - before;
}

// The action's result, found in a child process.
template <class Result>
Result in_child(const std::function<Result()>& action) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    try {
      const Result result = action();
      const bool written = write(ends[1], &result, sizeof result) == sizeof result;
      _exit(written ? 0 : 1);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      _exit(1);
    }
  }
  close(ends[1]);
  Result result{};
  const bool complete = read(ends[0], &result, sizeof result) == sizeof result;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!complete || status != 0) throw std::runtime_error("a measurement failed");
  return result;
}
