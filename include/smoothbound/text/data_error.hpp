// What is wrong with a file of arrays or samples, and how it is shown.
#pragma once

#include <stdexcept>
#include <string>

#include "smoothbound/rules/remedy.hpp"

namespace smoothbound {

/// A mistake in a file of weights or data: the file, what is wrong, and what to do about it, which
/// nobody who throws one may leave open.
class DataError : public std::runtime_error {
 public:
  DataError(std::string name, const std::string& message, std::string advice)
      : std::runtime_error(message), file(std::move(name)), hint(std::move(advice)) {}
  DataError(std::string name, const std::string& message, Remedy way_out)
      : std::runtime_error(message), file(std::move(name)), remedy(way_out) {}

  std::string file;  // as the user named it
  std::string hint;
  Remedy remedy = Remedy::none;  // in place of a hint
};

/// `FILE: error: MESSAGE` and, if there is one, `hint: HINT`. Ends in a newline. Nothing in it can
/// drive a terminal: see `escape_controls`.
std::string render_error(const DataError& error, RemedyWords words = plain_words);

}  // namespace smoothbound
