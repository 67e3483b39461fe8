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

std::string blocks(const Graph& graph, std::span<const std::uint32_t> blocks) {
  const auto name = [&](std::uint32_t block) {
    const Block& one = graph.blocks[block];
    return array_prefix(graph.layers[one.layer], one.component);
  };
  if (blocks.size() == 1) return name(blocks.front());
  return fmt::format("{} ... {} ({} blocks)", name(blocks.front()), name(blocks.back()),
                     blocks.size());
}

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
  return fmt::format("batch {}, {}||v_l|| <= {}{}", settings.batch, input_norm(report),
                     setting(settings.radius), radii ? " unless a layer says otherwise" : "");
}

std::string input_norm(const Report& report) {
  if (report.graph.input_ids) return "";
  return fmt::format("||x|| <= {}, ", setting(report.settings.input_norm));
}

namespace {

// The last `parts` parts of a path.
std::string_view tail_of(std::string_view path, std::size_t parts) {
  std::size_t begin = path.size();
  for (std::size_t i = 0; i < parts && begin != std::string_view::npos; ++i) {
    begin = begin == 0 ? std::string_view::npos : path.rfind('/', begin - 1);
  }
  return begin == std::string_view::npos ? path : path.substr(begin + 1);
}

}  // namespace

std::vector<std::string> distinct_names(std::span<const NetworkFile> networks) {
  std::map<std::string_view, std::vector<std::string_view>> files;
  for (const NetworkFile& network : networks) files[network.name].push_back(network.file);
  std::map<std::string_view, std::vector<std::string_view>> files_seen;
  std::vector<std::string> names;
  for (const auto& [name, file] : networks) {
    const std::vector<std::string_view>& others = files.at(name);
    names.emplace_back(name);
    if (others.size() == 1) continue;
    const auto longest = static_cast<std::size_t>(std::ranges::count(file, '/')) + 1;
    std::size_t parts = 1;
    const auto has_tail = [&, f = file](std::string_view other) {
      return tail_of(other, parts) == tail_of(f, parts);
    };
    while (parts < longest && std::ranges::count_if(others, has_tail) > 1) ++parts;
    names.back() += fmt::format(" ({})", tail_of(file, parts));
    const auto before = std::ranges::count(files_seen[name], file);  // the same file once more
    if (before > 0) names.back() += fmt::format(" #{}", before + 1);
    files_seen[name].push_back(file);
  }
  return names;
}

std::vector<std::string> distinct_names(std::span<const Report> reports) {
  std::vector<NetworkFile> networks;
  for (const Report& report : reports) networks.push_back({report.graph.name, report.file});
  return distinct_names(networks);
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
