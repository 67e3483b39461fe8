#include "smoothbound/text/data_error.hpp"

#include <fmt/format.h>

#include "smoothbound/text/source.hpp"

namespace smoothbound {

std::string render_error(const DataError& error, RemedyWords words) {
  return fmt::format("{}: error: {}\n", escape_controls(error.file), escape_message(error.what())) +
         render_hint(error.hint, error.remedy, words);
}

}  // namespace smoothbound
