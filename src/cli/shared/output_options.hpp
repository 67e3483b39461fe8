// --format and -o, which every command with a result has, and what names of files say of formats.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"
#include "smoothbound/report/shared/format.hpp"

namespace smoothbound::cli {

/// Declares --format of a command that writes its result in every format; `target` is empty if it
/// is not given.
void add_format(Command& command, std::string& target);
/// What --format says of standard output; a table if it is not given, as wide as the terminal.
/// Throws SpecError.
Format choose_format(const CommandLine& line, const std::string& format);

struct OutputOptions {
  std::string format;
  std::string path;

  /// Declares both.
  void add_to(Command& command);
  /// What --format says, else the name of the file, else a table. Throws SpecError at --format if
  /// the two contradict each other.
  [[nodiscard]] Format choose_format(const CommandLine& line) const;
};

/// Throws SpecError at the option `spellings` if the name of its file ends like a known format that
/// is none of those `written`. `what` is written: "no chart is written as *.png".
void refuse_other_formats(const CommandLine& line, const std::vector<std::string>& spellings,
                          const std::string& path, const std::vector<std::string_view>& written,
                          std::string_view what, const std::string& hint);

}  // namespace smoothbound::cli
