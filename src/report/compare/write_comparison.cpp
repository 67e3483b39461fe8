// A comparison for people: as text and as Markdown.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "shared/page.hpp"
#include "shared/text.hpp"
#include "smoothbound/report/compare/compare.hpp"

namespace smoothbound {
namespace {

struct Entry {
  std::string_view symbol;
  std::string_view meaning;
  Magnitude Triple::*member;
};
constexpr std::array<Entry, 3> entries{
    {{"m", "bound on the output", &Triple::m},
     {"l", "Lipschitz constant in the parameters", &Triple::lipschitz},
     {"L", "smoothness constant in the parameters", &Triple::smoothness}}};

std::string number(const Magnitude& value) { return value.to_text(text::digits_for_people); }

// Two digits behind the point, unless they hide that there is a difference.
std::string orders(double log10) {
  constexpr double visible = 0.005;
  if (log10 == 0) return "0";
  return std::abs(log10) < visible ? fmt::format("{:+.1e}", log10) : fmt::format("{:+.2f}", log10);
}

std::string ratio(const Magnitude& first, const Magnitude& other) {
  if (const auto log10 = log10_ratio(first, other)) return orders(*log10);
  return other > first ? "+inf" : "-inf";
}

void write_entry(const Comparison& comparison, std::size_t result, const Entry& entry, Page& page) {
  using Align = Grid::Align;
  std::vector<Grid::Column> columns{{"layer"}, {"A", Align::right}};
  for (std::size_t i = 1; i < comparison.networks.size(); ++i) {
    columns.push_back({column_name(i), Align::right});
    columns.push_back({fmt::format("log10 {}/A", column_name(i)), Align::right});
  }
  Grid grid(columns);
  // `bounds_of(i)`: of the i-th network, or null.
  const auto add = [&](const std::string& name, auto&& bounds_of) {
    std::vector<std::string> cells{name};
    const Triple* first = bounds_of(0);
    for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
      const Triple* bounds = bounds_of(i);
      cells.push_back(bounds == nullptr ? "-" : number(bounds->*entry.member));
      if (i == 0) continue;
      const bool both = bounds != nullptr && first != nullptr;
      cells.push_back(both ? ratio(first->*entry.member, bounds->*entry.member) : "-");
    }
    const std::vector<std::string_view> views(cells.begin(), cells.end());
    grid.add_row(std::span(views));
  };
  const auto table = [&](std::size_t i) -> const BoundTable& {
    return comparison.networks[i].report.results[result].table;
  };
  for (const ComparedLayer& layer : comparison.layers) {
    add(layer.name, [&](std::size_t i) {
      return layer.indices[i] ? &table(i).layers[*layer.indices[i]] : nullptr;
    });
  }
  add("network", [&](std::size_t i) { return &table(i).network(); });
  page.heading(fmt::format("{}, {}", entry.symbol, entry.meaning));
  page.grid(grid);
}

std::string verdict(const Comparison& comparison, std::size_t result, const Entry& entry,
                    std::size_t other, const Page& page) {
  const auto value = [&](std::size_t i) {
    return comparison.networks[i].report.results[result].table.network().*entry.member;
  };
  const Difference found = difference(comparison, result, entry.member, other);
  const std::string name = column_name(other);
  if (found.order == std::strong_ordering::equal) {
    return fmt::format("{}: A and {} are equal, {}{}", entry.symbol, name, number(value(0)),
                       value(0).is_infinite() ? ", and so say nothing" : "");
  }
  const bool first_is_smaller = found.order == std::strong_ordering::greater;
  const std::string smaller = first_is_smaller ? "A" : name;
  const std::string larger = first_is_smaller ? name : "A";
  std::string line = fmt::format("{}: {} is smaller than {}, ", entry.symbol, smaller, larger);
  if (found.log10) {
    const double size = std::abs(*found.log10);
    constexpr double visible = 0.005;
    line += size < visible ? fmt::format("by {:.1e} orders of magnitude", size)
                           : fmt::format("by {:.2f} orders of magnitude", size);
  } else {
    line +=
        value(first_is_smaller ? other : 0).is_infinite() ? "which is infinite" : "for it vanishes";
  }
  if (found.parts_at) {
    return line + fmt::format("; from layer '{}' on to the end", page.foreign(*found.parts_at));
  }
  return line + "; of the layers that both have, the last does not show it yet";
}

void write_page(const Comparison& comparison, Page& page) {
  page.title(fmt::format("comparison of {} networks", comparison.networks.size()));
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    const ComparedNetwork& network = comparison.networks[i];
    page.item(
        fmt::format("{}: {} ({}){}", column_name(i), page.foreign(network.report.graph.name),
                    page.foreign(network.report.file),
                    network.settings.empty() ? "" : " with " + page.foreign(network.settings)));
  }
  for (std::size_t result = 0; result < comparison.networks.front().report.results.size();
       ++result) {
    page.heading(fmt::format(
        "method {}", name_of(comparison.networks.front().report.results[result].table.method)));
    for (const Entry& entry : entries) {
      for (std::size_t other = 1; other < comparison.networks.size(); ++other) {
        page.item(verdict(comparison, result, entry, other, page));
      }
    }
    for (const Entry& entry : entries) write_entry(comparison, result, entry, page);
  }
  bool begun = false;
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    for (const std::string& line : comparison.networks[i].report.assumptions) {
      if (!begun) page.heading("assumptions");
      begun = true;
      page.item(fmt::format("{}: {}", column_name(i), page.foreign(line)));
    }
  }
}

}  // namespace

void write_comparison(const Comparison& comparison, const Sink& sink) {
  TextPage page(sink);
  write_page(comparison, page);
}

void write_comparison_markdown(const Comparison& comparison, const Sink& sink) {
  MarkdownPage page(sink);
  write_page(comparison, page);
}

}  // namespace smoothbound
