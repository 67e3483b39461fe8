#include "smoothbound/report/shared/format.hpp"

namespace smoothbound {

std::optional<Format> format_of_name(std::string_view path) {
  if (path.ends_with(".md") || path.ends_with(".markdown")) return Format::markdown;
  if (path.ends_with(".csv")) return Format::csv;
  if (path.ends_with(".json")) return Format::json;
  return std::nullopt;
}

}  // namespace smoothbound
