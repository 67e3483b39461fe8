#include "smoothbound/text/data_error.hpp"

#include <fmt/format.h>

#include "smoothbound/text/source.hpp"

namespace smoothbound {

std::string render_error(const DataError& error) {
  std::string text =
      fmt::format("{}: error: {}\n", escape_controls(error.file), escape_message(error.what()));
  if (!error.hint.empty()) text += "hint: " + escape_message(error.hint) + "\n";
  return text;
}

}  // namespace smoothbound
