#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "smoothbound/spec/source.hpp"

namespace smoothbound::text {

std::string shape(const Shape& shape) { return fmt::format("{}", fmt::join(shape.sizes(), "x")); }

std::string components(const Layer& layer, std::string_view separator) {
  std::string result;
  for (const PlacedComponent& placed : layer.components) {
    if (!result.empty()) result += separator;
    result += name_of(placed.component);
  }
  return result;
}

std::string count(std::int64_t value) {
  std::string digits = std::to_string(value);
  constexpr int group = 3;
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - group; i > 0; i -= group) {
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  }
  return digits;
}

std::string iterations(const Magnitude& value) {
  constexpr std::int64_t readable = 1'000'000'000'000;
  if (const auto integer = value.to_integer(); integer && *integer <= readable) {
    return count(*integer);
  }
  return value.to_text(digits_for_people);
}

std::string setting(const Real& value) { return fmt::format("{}", value.nearest); }

std::string cause(const Graph& graph, const Cause& cause) {
  return fmt::format("layer '{}', {}", graph.layers[cause.layer].name, cause.reason);
}

std::string csv_cell(std::string_view cell) {
  std::string shown = escape_controls(cell);
  if (shown.find_first_of(",\"") == std::string::npos) return shown;
  std::string result = "\"";
  for (const char c : shown) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

std::string csv_logarithm(const Magnitude& value) {
  const double log10 = value.log10();
  return std::isfinite(log10) ? fmt::format("{}", log10) : "";
}

}  // namespace smoothbound::text
