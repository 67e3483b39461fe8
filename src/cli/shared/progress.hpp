// How far long work has come.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string_view>

namespace smoothbound::cli {

/// A line on a terminal, once the work takes longer than a second; it goes when this does.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// Whether anybody would see it.
  [[nodiscard]] static bool is_wanted() { return isatty(STDERR_FILENO) != 0; }

  void show(std::size_t done, std::size_t all, std::string_view what) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + interval;
    shown_ = true;
    std::cerr << fmt::format("\r{:3}% of {} {}", done * 100 / all, all, what) << std::flush;
  }
  void clear() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

 private:
  static constexpr std::chrono::milliseconds interval{200};
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(1);
  bool shown_ = false;
};

}  // namespace smoothbound::cli
