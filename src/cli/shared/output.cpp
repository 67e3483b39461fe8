#include "output.hpp"

#include <cstdio>
#include <filesystem>

namespace smoothbound::cli {
namespace {

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

}  // namespace smoothbound::cli
