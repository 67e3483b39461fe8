#include "run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "cli/shared/program.hpp"
#include "program_path.hpp"

namespace smoothbound::testing {
namespace {

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  }
  // What is written into the one end seems to go to a terminal.
  static Pipe terminal(unsigned short columns = 0) {
    std::array<char, 128> name{};
    const int screen = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (screen < 0 || grantpt(screen) != 0 || unlockpt(screen) != 0 ||
        ptsname_r(screen, name.data(), name.size()) != 0) {
      throw std::runtime_error("no terminal");
    }
    const winsize size{0, columns, 0, 0};
    if (ioctl(screen, TIOCSWINSZ, &size) != 0) throw std::runtime_error("no size");
    return {screen, open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  [[nodiscard]] int reader() const { return ends_[0]; }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }

 private:
  Pipe(int reader, int writer) : ends_{reader, writer} {}
  void close_end(std::size_t i) {
    if (ends_.at(i) >= 0) close(ends_.at(i));
    ends_.at(i) = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

const char* other_program() { return std::getenv("SMOOTHBOUND_PROGRAM"); }

std::vector<std::string> command(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{program_path()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

std::vector<std::string> environment_of(const Invocation& invocation) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view inherited(*entry);
    bool replaced = false;
    for (const auto& [name, value] : invocation.environment) {
      replaced = replaced || inherited.starts_with(std::string(name).append("="));
    }
    if (!replaced) all.emplace_back(inherited);
  }
  for (const auto& [name, value] : invocation.environment) {
    all.push_back(std::string(name).append("=").append(value));
  }
  return all;
}

constexpr int cannot_start = 127;

// Behind fork, like all up to exec: only calls that are safe there.
void settle(const char* directory, int input, int output, int errors,
            const std::vector<int>& closed = {}) noexcept {
  signal(SIGPIPE, SIG_DFL);
  if (directory[0] != '\0' && chdir(directory) != 0) _exit(cannot_start);
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(errors, STDERR_FILENO) < 0) {
    _exit(cannot_start);
  }
  for (const int descriptor : closed) close(descriptor);
}

[[noreturn]] void become_file(char* const* arguments, char* const* environment) {
  execve(arguments[0], arguments, environment);
  _exit(cannot_start);
}

// The same commands without loading a program, which is most of what a short one takes. What they
// throw ends the child, as it ends the program, and does not get into the test's frames.
[[noreturn]] void become_commands(const std::vector<char*>& arguments) noexcept {
  // Its input ends when nobody holds the other end any more, itself included.
  if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) _exit(cannot_start);
  const int code =
      cli::execute_command_line(static_cast<int>(arguments.size()) - 1, arguments.data());
  std::cout.flush();
  (void)std::fflush(nullptr);
  _exit(code);
}

// Whether a forked child is as good as a new process: it has none of the other threads, what
// libraries read from the environment when they were loaded stays, and sanitizers look for leaks at
// the exit of a program only.
bool may_continue_as_program(const Invocation& invocation) {
  return SMOOTHBOUND_SANITIZED == 0 && other_program() == nullptr &&
         invocation.environment.empty() &&
         std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}) == 1;
}

// Reads what there is; false at the end.
bool drain(int descriptor, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t count = read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

// Writes what fits; false once there is nothing left, or nobody reads.
bool feed(int descriptor, std::string_view& rest) {
  const ssize_t count = write(descriptor, rest.data(), rest.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  rest.remove_prefix(static_cast<std::size_t>(count));
  return !rest.empty();
}

// Serves the three pipes until the outputs are closed; false if that takes too long.
bool converse(Pipe& input, Pipe& output, Pipe& errors, std::string_view text,
              std::chrono::seconds timeout, Outcome& outcome) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  if (text.empty()) input.close_writer();
  bool more_output = output.reader() >= 0;
  bool more_errors = true;
  while (more_output || more_errors) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 3> polled{{{input.writer(), POLLOUT, 0},
                                  {more_output ? output.reader() : -1, POLLIN, 0},
                                  {more_errors ? errors.reader() : -1, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) {
      throw std::runtime_error("poll failed");
    }
    if (polled[0].revents != 0 && !feed(input.writer(), text)) input.close_writer();
    if (polled[1].revents != 0) more_output = drain(output.reader(), outcome.out);
    if (polled[2].revents != 0) more_errors = drain(errors.reader(), outcome.err);
  }
  return true;
}

}  // namespace

std::string program_path() {
  return other_program() != nullptr ? other_program() : SMOOTHBOUND_PROGRAM;
}

int wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error("waitpid failed");
  }
  constexpr int killed = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : killed + WTERMSIG(status);
}

Outcome run_program(const Invocation& invocation) {
  signal(SIGPIPE, SIG_IGN);  // the program need not read all of its input
  std::vector<std::string> arguments = command(invocation.arguments);
  std::vector<std::string> environment = environment_of(invocation);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  Pipe input;
  Pipe output = invocation.columns ? Pipe::terminal(*invocation.columns) : Pipe();
  Pipe errors = invocation.on_terminal ? Pipe::terminal() : Pipe();
  int standard_output = output.writer();
  if (invocation.output == StandardOutput::closed_pipe) output.close_reader();
  if (invocation.output == StandardOutput::to_file) {
    standard_output = open(invocation.output_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (standard_output < 0) throw std::runtime_error("cannot open " + invocation.output_file);
  }
  const bool forked = may_continue_as_program(invocation);
  std::cout.flush();  // what is still to be written is not the child's
  (void)std::fflush(nullptr);
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("fork failed");
  if (process == 0) {
    settle(invocation.directory.c_str(), input.reader(), standard_output, errors.writer(),
           invocation.closed);
    if (forked) become_commands(argument_pointers);
    become_file(argument_pointers.data(), environment_pointers.data());
  }
  if (invocation.output == StandardOutput::to_file) close(standard_output);
  input.close_reader();
  output.close_writer();
  errors.close_writer();
  fcntl(input.writer(), F_SETFL, O_NONBLOCK);
  Outcome outcome;
  outcome.timed_out =
      !converse(input, output, errors, invocation.input, invocation.timeout, outcome);
  if (outcome.timed_out) kill(process, SIGKILL);
  outcome.exit_code = wait_for(process);
  if (invocation.columns) std::erase(outcome.out, '\r');
  return outcome;
}

pid_t start_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = command(arguments);
  const std::vector<char*> argument_pointers = pointers(all);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) throw std::runtime_error("cannot open /dev/null");
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("fork failed");
  if (process == 0) {
    settle("", null, null, null);
    become_file(argument_pointers.data(), environ);
  }
  close(null);
  return process;
}

}  // namespace smoothbound::testing
