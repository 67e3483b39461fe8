// How far long work has come.
#pragma once

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace smoothbound::cli {

/// "12 s left", "5 min left", "3 h left"
inline std::string time_left(double seconds) {
  constexpr double minute = 60;
  constexpr double hour = 60 * minute;
  constexpr double several = 2;
  if (seconds < several * minute) return fmt::format("{:.0f} s left", seconds);
  if (seconds < several * hour) return fmt::format("{:.0f} min left", seconds / minute);
  return fmt::format("{:.0f} h left", seconds / hour);
}

/// A line on a terminal, once the work takes longer than a second; it goes when this does.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// Whether anybody would see it: standard error is a terminal, and one that can wipe a line.
  [[nodiscard]] static bool is_wanted() {
    if (isatty(STDERR_FILENO) == 0) return false;
    const char* const terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): as it began
    return terminal == nullptr || std::string_view(terminal) != "dumb";
  }

  void show(std::size_t done, std::size_t all, std::string_view what) {
    show_line(fmt::format("{:3}% of {} {}", done * 100 / all, all, what));
  }
  /// In place of the line before.
  void show_line(std::string_view line) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + interval;
    shown_ = true;
    std::cerr << '\r' << cut(line) << "\x1b[K" << std::flush;
  }
  void clear() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

 private:
  // As much as a line of the terminal holds.
  static std::string_view cut(std::string_view line) {
    winsize size{};
    const bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return is_known ? line.substr(0, size.ws_col - 1U) : line;
  }

  static constexpr std::chrono::milliseconds interval{200};
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(1);
  bool shown_ = false;
};

}  // namespace smoothbound::cli
