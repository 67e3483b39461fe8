// Names of files are bytes; what is stored as text has to hold them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace smoothbound {

/// `name` as UTF-8 text that `name_of_text` takes back: a backslash is doubled, and a byte that
/// belongs to no UTF-8 text is \xNN.
std::string text_of_name(std::string_view name);
/// The name whose text this is.
std::string name_of_text(std::string_view text);

/// The path from the root without links and detours, also of a file that does not exist.
std::filesystem::path resolved(const std::filesystem::path& path);

}  // namespace smoothbound
