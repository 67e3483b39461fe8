// Files that are either whole or not there.
#pragma once

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace smoothbound {

/// Output that cannot be written.
class OutputError : public std::runtime_error {
 public:
  enum class Cause : std::uint8_t {
    path,         // where it should go: a mistake of who asked for it
    reader_gone,  // who wants no message
    machine,      // a full disk, say
  };
  OutputError(const std::string& message, Cause why, std::string advice)
      : std::runtime_error(message), cause(why), hint(std::move(advice)) {}
  Cause cause;
  std::string hint;
};

/// Throws an OutputError for the current `errno`; `name` is quoted already.
[[noreturn]] void throw_output_error(const std::string& what, const std::string& name);

/// A file that appears under its name only once it is complete: written beside its target and then
/// renamed. A link is kept, and what it links to replaced; devices and pipes are written in place,
/// where opening a pipe waits for its reader.
class OutputFile {
 public:
  /// Throws OutputError.
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Discards what was not committed.
  ~OutputFile();

  /// Throws OutputError.
  void write(std::string_view bytes);
  /// Flushes, and gives the file its name. Throws OutputError.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  std::string temporary_;  // empty: written in place
  std::FILE* file_ = nullptr;
};

/// Removes the temporary file of the `OutputFile` that was begun last and not committed. For a
/// thread that ends the process: from now on no output is begun or gets its name; who tries waits
/// for ever.
void remove_unfinished_output() noexcept;

}  // namespace smoothbound
