#include "output.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>

namespace smoothbound::cli {
namespace {

extern "C" void remove_and_end(int signal_number) {
  remove_unfinished_output();
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

[[noreturn]] void fail() { throw_output_error("cannot write", "standard output"); }

}  // namespace

Output::Output(std::string path) {
  if (!path.empty()) file_.emplace(std::move(path));
}

void Output::write(std::string_view text) {
  if (file_) {
    file_->write(text);
  } else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    fail();
  }
}

void Output::commit() {
  if (file_) {
    file_->commit();
  } else if (std::fflush(stdout) != 0) {
    fail();
  }
}

void probe_output(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) {
    const OutputFile probe(path);
  }
}

void remove_unfinished_output_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // What the caller ignores (nohup) stays ignored.
    if (std::signal(number, remove_and_end) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

}  // namespace smoothbound::cli
