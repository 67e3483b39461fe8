// Output that is either whole or an error.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace smoothbound::cli {

/// Output that cannot be written. `silent`: the reader has gone away and wants no message.
class OutputError : public std::runtime_error {
 public:
  OutputError(const std::string& message, bool reader_gone)
      : std::runtime_error(message), silent(reader_gone) {}
  bool silent;
};

/// Standard output, or a file that appears under its name only once it is complete.
class Output {
 public:
  /// Empty path: standard output. Throws OutputError.
  explicit Output(std::string path);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  /// Discards what was not committed.
  ~Output();

  /// Throws OutputError.
  void write(std::string_view text);
  /// Flushes, and gives the file its name. Throws OutputError.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  std::string temporary_;  // empty: written in place
  std::FILE* file_ = stdout;
};

}  // namespace smoothbound::cli
