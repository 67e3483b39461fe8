#include "words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "smoothbound/text/source.hpp"

namespace smoothbound::words {

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

std::string count(const Magnitude& value) {
  constexpr std::int64_t readable = 1'000'000'000'000;
  if (const auto integer = value.to_integer(); integer && *integer <= readable) {
    return count(*integer);
  }
  return value.to_text(digits_for_people);
}

std::string integer(const Magnitude& value) {
  const auto integer = value.to_integer();
  return integer ? std::to_string(*integer) : value.to_text(digits_for_machines);
}

std::string setting(const Real& value) { return fmt::format("{}", value.nearest); }

std::string objective(const ResolvedSettings& settings) {
  std::string title = fmt::format("F = {} of {} sample{}", settings.loss->name, settings.batch,
                                  settings.batch == 1 ? "" : "s");
  if (settings.regularizer.nearest > 0) {
    title += fmt::format(" + ({}/2) ||w||^2", setting(settings.regularizer));
  }
  return title;
}

std::string network_settings(const Report& report) {
  const ResolvedSettings& settings = report.settings;
  const bool radii = std::ranges::any_of(
      report.graph.layers, [](const Layer& layer) { return layer.radius.has_value(); });
  return fmt::format("batch {}, ||x|| <= {}, ||v_l|| <= {}{}", settings.batch,
                     setting(settings.input_norm), setting(settings.radius),
                     radii ? " unless a layer says otherwise" : "");
}

std::vector<InfiniteValues> infinite_values(const Report& report, const MethodReport& result) {
  struct Entry {
    std::string_view name;
    TripleEntry member;
  };
  constexpr std::array<Entry, 3> entries{
      {{"m", &Triple::m}, {"l", &Triple::lipschitz}, {"L", &Triple::smoothness}}};
  std::vector<InfiniteValues> lines;
  for (const Entry& entry : entries) {
    std::map<const Cause*, std::size_t> counts;
    std::vector<const Cause*> found;
    for (std::uint32_t i = 0; i < report.graph.layers.size(); ++i) {
      const Cause* cause = result.causes.find(i, entry.member);
      if (cause == nullptr) continue;
      if (counts[cause]++ == 0) found.push_back(cause);
    }
    constexpr std::size_t most = 5;
    for (std::size_t i = 0; i < std::min(found.size(), most); ++i) {
      const std::size_t count = counts[found[i]];
      lines.push_back({fmt::format("{} of {} layer{}", entry.name, count, count == 1 ? "" : "s"),
                       describe(report.graph, *found[i])});
    }
    if (found.size() > most) {
      lines.push_back({fmt::format("{}: {} more causes", entry.name, found.size() - most), ""});
    }
  }
  return lines;
}

}  // namespace smoothbound::words
