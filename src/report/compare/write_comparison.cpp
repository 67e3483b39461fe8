// A comparison for people, and for machines.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "shared/forms.hpp"
#include "shared/words.hpp"
#include "smoothbound/report/compare/writers.hpp"

namespace smoothbound {
namespace {

struct ComparedEntry {
  std::string_view key;
  std::string_view symbol;
  std::string_view meaning;
  TripleEntry member;
};
constexpr std::array<ComparedEntry, 3> compared_entries{
    {{"m", "m", "bound on the output", &Triple::m},
     {"lipschitz", "l", "Lipschitz constant in the parameters", &Triple::lipschitz},
     {"smoothness", "L", "smoothness constant in the parameters", &Triple::smoothness}}};

// The bounds of each network beside one another; null where it has no such layer.
using Bounds = std::vector<const Triple*>;

const BoundTable& table_of(const Comparison& comparison, std::size_t result, std::size_t column) {
  return comparison.networks[column].report.results[result].table;
}

Bounds bounds_of(const Comparison& comparison, std::size_t result, const ComparedLayer& layer) {
  Bounds bounds;
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    const auto& index = layer.indices[i];
    bounds.push_back(index ? &table_of(comparison, result, i).layers[*index] : nullptr);
  }
  return bounds;
}

Bounds bounds_of_networks(const Comparison& comparison, std::size_t result) {
  Bounds bounds;
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    bounds.push_back(&table_of(comparison, result, i).network());
  }
  return bounds;
}

std::size_t results_of(const Comparison& comparison) {
  return comparison.networks.front().report.results.size();
}

std::string_view method_of(const Comparison& comparison, std::size_t result) {
  return name_of(table_of(comparison, result, 0).method);
}

std::string number(const Magnitude& value) { return value.to_text(words::digits_for_people); }

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

void write_entry(const Comparison& comparison, std::size_t result, const ComparedEntry& entry,
                 Page& page) {
  std::vector<Grid::Column> columns{{"layer", Align::left, Fit::key}, {"A", Align::right}};
  for (std::size_t i = 1; i < comparison.networks.size(); ++i) {
    columns.push_back({column_name(i), Align::right});
    columns.push_back({fmt::format("log10 {}/A", column_name(i)), Align::right, Fit::keep, true});
  }
  Grid grid(columns);
  const auto add = [&](std::string_view name, const Bounds& bounds) {
    grid.add(name);
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      grid.add(bounds[i] == nullptr ? "-" : number(bounds[i]->*entry.member));
      if (i == 0) continue;
      const bool both = bounds[i] != nullptr && bounds[0] != nullptr;
      grid.add(both ? ratio(bounds[0]->*entry.member, bounds[i]->*entry.member) : "-");
    }
  };
  for (const ComparedLayer& layer : comparison.layers) {
    add(layer.name, bounds_of(comparison, result, layer));
  }
  add("network", bounds_of_networks(comparison, result));
  page.heading(fmt::format("{}, {}", entry.symbol, entry.meaning));
  page.grid(grid);
}

std::string verdict(const Comparison& comparison, std::size_t result, const ComparedEntry& entry,
                    std::size_t other, const Page& page) {
  const auto value = [&](std::size_t i) {
    return table_of(comparison, result, i).network().*entry.member;
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
  for (std::size_t result = 0; result < results_of(comparison); ++result) {
    page.heading(fmt::format("method {}", method_of(comparison, result)));
    for (const ComparedEntry& entry : compared_entries) {
      for (std::size_t other = 1; other < comparison.networks.size(); ++other) {
        page.item(verdict(comparison, result, entry, other, page));
      }
    }
    for (const ComparedEntry& entry : compared_entries)
      write_entry(comparison, result, entry, page);
  }
  std::vector<std::string> assumptions;
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    for (const std::string& line : comparison.networks[i].report.assumptions) {
      assumptions.push_back(fmt::format("{}: {}", column_name(i), line));
    }
  }
  page.list("assumptions", assumptions);
}

void put_bounds(JsonWriter& json, const Triple* first, const Triple* bounds) {
  if (bounds == nullptr) return json.value(nullptr);
  json.object([&] {
    for (const ComparedEntry& entry : compared_entries) {
      const Magnitude& value = bounds->*entry.member;
      json.object(entry.key, [&] {
        json.member("text", value.to_text(words::digits_for_machines));
        json.member("log10", value.log10());
        if (first == nullptr) return;
        json.member("log10_ratio", log10_ratio(first->*entry.member, value));
      });
    }
  });
}

void put_row(JsonWriter& json, std::string_view key, const Bounds& bounds) {
  json.list(key, bounds, [&](const Triple* column) { put_bounds(json, bounds[0], column); });
}

void put_verdict(JsonWriter& json, const Comparison& comparison, std::size_t result,
                 const ComparedEntry& entry, std::size_t other) {
  const Difference found = difference(comparison, result, entry.member, other);
  std::optional<std::string> smaller;
  if (found.order == std::strong_ordering::greater) smaller = "A";
  if (found.order == std::strong_ordering::less) smaller = column_name(other);
  json.object([&] {
    json.member("number", entry.key);
    json.member("first", "A");
    json.member("other", column_name(other));
    json.member("smaller", smaller);
    json.member("log10_ratio", found.log10);
    json.member("parts_at", found.parts_at);
  });
}

void put_result(JsonWriter& json, const Comparison& comparison, std::size_t result) {
  json.object_on_lines(3, [&] {
    json.member("method", method_of(comparison, result));
    json.list_on_lines(4, "layers", comparison.layers, [&](const ComparedLayer& layer) {
      json.object([&] {
        json.member("name", layer.name);
        put_row(json, "bounds", bounds_of(comparison, result, layer));
      });
    });
    put_row(json, "network", bounds_of_networks(comparison, result));
    const std::size_t others = comparison.networks.size() - 1;
    json.list("verdicts", compared_entries.size() * others, [&](std::size_t i) {
      put_verdict(json, comparison, result, compared_entries[i / others], i % others + 1);
    });
  });
}

void write_json(const Comparison& comparison, JsonWriter& json) {
  json::head(json, "smoothbound/compare/1");
  json.list("networks", comparison.networks.size(), [&](std::size_t i) {
    const ComparedNetwork& network = comparison.networks[i];
    json.object([&] {
      json.member("column", column_name(i));
      json.member("name", network.report.graph.name);
      json.member("file", network.report.file);
      json.member("sha256", network.report.sha256);
      json.member("settings", network.settings);
      json.member("assumptions", network.report.assumptions);
    });
  });
  json.list_on_lines(2, "results", results_of(comparison),
                     [&](std::size_t result) { put_result(json, comparison, result); });
}

void write_csv(const Comparison& comparison, const Sink& sink) {
  std::vector<std::string> columns{"method", "record",       "layer",   "column",
                                   "file",   "architecture", "settings"};
  for (const ComparedEntry& entry : compared_entries) {
    add_with_log(columns, std::string(entry.key));
    columns.push_back(fmt::format("{}_log10_ratio", entry.key));
  }
  CsvWriter csv(sink, columns);
  const auto add = [&](std::size_t result, std::string_view record, std::string_view layer,
                       const Bounds& bounds) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      if (bounds[i] == nullptr) continue;
      const ComparedNetwork& network = comparison.networks[i];
      csv.add(method_of(comparison, result), record, layer, column_name(i), network.report.file,
              network.report.graph.name, network.settings);
      for (const ComparedEntry& entry : compared_entries) {
        const Magnitude& value = bounds[i]->*entry.member;
        csv.add_with_log(value);
        std::optional<double> ratio;
        if (bounds[0] != nullptr) ratio = log10_ratio(bounds[0]->*entry.member, value);
        ratio ? csv.add(*ratio) : csv.skip(1);
      }
      csv.end_row();
    }
  };
  for (std::size_t result = 0; result < results_of(comparison); ++result) {
    for (const ComparedLayer& layer : comparison.layers) {
      add(result, "layer", layer.name, bounds_of(comparison, result, layer));
    }
    add(result, "network", "", bounds_of_networks(comparison, result));
  }
}

}  // namespace

void write(const Comparison& comparison, Format format, const Sink& sink) {
  constexpr Forms<Comparison> forms{write_page, write_csv, write_json};
  forms.write(comparison, format, sink);
}

}  // namespace smoothbound
