#include "foreign_formats.hpp"

#include <fmt/format.h>

#include "smoothbound/models/foreign_formats.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {

void refuse_foreign(std::string_view path, std::string_view beginning) {
  const auto foreign = models::find_foreign(path, beginning);
  if (!foreign) return;
  const std::string message = fmt::format("this is {}, not an architecture file", foreign->what);
  if (foreign->to_network.empty()) throw SpecError(whole_file, message, foreign->remedy);
  throw SpecError(whole_file, message, foreign->to_network);
}

}  // namespace smoothbound
