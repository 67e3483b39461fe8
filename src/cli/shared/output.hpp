// Output that is either whole or an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smoothbound/text/output_file.hpp"

namespace smoothbound::cli {

/// Standard output, or a file that appears under its name only once it is complete.
class Output {
 public:
  /// Empty path: standard output. Throws OutputError.
  explicit Output(std::string path);

  /// Throws OutputError.
  void write(std::string_view text);
  /// Flushes, and gives the file its name. Throws OutputError.
  void commit();

 private:
  std::optional<OutputFile> file_;  // none: standard output
};

/// Throws OutputError if a file cannot be written there: what is said before long work, not after
/// it. Devices and pipes are left alone.
void probe_output(const std::string& path);

}  // namespace smoothbound::cli
