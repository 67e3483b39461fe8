#include "process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include "smoothbound/text/output_file.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP};

std::atomic<bool>& stops_first() {
  static std::atomic<bool> stops{false};
  return stops;
}

std::atomic<bool>& stop_requested() {
  static std::atomic<bool> requested{false};
  return requested;
}

sigset_t set_of_ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : ending_signals) sigaddset(&set, number);
  return set;
}

bool is_ignored(int number) {
  struct sigaction action {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// As the signal would have done it.
[[noreturn]] void end_by(int number) {
  remove_unfinished_output();
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  (void)std::raise(number);
  constexpr int by_signal = 128;
  _exit(by_signal + number);
}

[[noreturn]] void wait_for_signals(sigset_t awaited) {
  while (true) {
    int number = 0;
    if (sigwait(&awaited, &number) != 0) continue;
    const bool may_only_ask = number != SIGHUP && stops_first().load();
    if (!may_only_ask || stop_requested().exchange(true)) end_by(number);
  }
}

}  // namespace

void block_ending_signals() {
  const sigset_t set = set_of_ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void watch_ending_signals() {
  block_ending_signals();
  sigset_t awaited = set_of_ending_signals();
  for (const int number : ending_signals) {
    if (is_ignored(number)) sigdelset(&awaited, number);  // blocked ones would be seen by sigwait
  }
  try {
    std::thread(wait_for_signals, awaited).detach();
  } catch (const std::system_error&) {  // too many threads: at least the program can be ended
    pthread_sigmask(SIG_UNBLOCK, &awaited, nullptr);
  }
}

void stop_at_first_signal() { stops_first() = true; }

bool is_stop_requested() { return stop_requested().load(); }

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one. For the wrong direction, so that its use is an error.
    if (open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

}  // namespace smoothbound::cli
