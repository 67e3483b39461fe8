// What to do about a path that is no file of a network.
#pragma once

#include <string>

namespace smoothbound {

/// About a folder.
std::string advice_for_directory(const std::string& path);
/// About a path that cannot be opened because of `error`, an errno: near names beside it, and
/// networks that come with the program.
std::string advice_for_missing(const std::string& path, int error);

}  // namespace smoothbound
