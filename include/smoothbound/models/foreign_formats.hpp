// Files of other programs that are not read, told by what is in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smoothbound/rules/remedy.hpp"

namespace smoothbound::models {

/// Such a file, and how what is read comes of it.
struct ForeignFile {
  std::string_view what;  // "an HDF5 file, as of Keras"
  std::string to_network;
  Remedy remedy = Remedy::none;  // where `to_network` is empty
  std::string to_arrays;         // empty: its arrays are read
};

/// What a file of this name that begins like this (with 16 KiB at most) is, if it is no text or
/// model that is read.
std::optional<ForeignFile> find_foreign(std::string_view path, std::string_view beginning);
/// Whether a file begins as a Python pickle does.
bool is_pickle(std::string_view beginning);

}  // namespace smoothbound::models
