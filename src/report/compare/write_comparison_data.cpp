// A comparison for machines: JSON and CSV.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "shared/text.hpp"
#include "smoothbound/report/compare/compare.hpp"
#include "smoothbound/text/source.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using Json = nlohmann::ordered_json;

struct Entry {
  const char* key;
  Magnitude Triple::*member;
};
constexpr std::array<Entry, 3> entries{
    {{"m", &Triple::m}, {"lipschitz", &Triple::lipschitz}, {"smoothness", &Triple::smoothness}}};

const BoundTable& table_of(const Comparison& comparison, std::size_t result, std::size_t column) {
  return comparison.networks[column].report.results[result].table;
}

// The bounds of each column in a row; null where it has no such layer.
using Bounds = std::vector<const Triple*>;

Bounds bounds_of(const Comparison& comparison, std::size_t result, const ComparedLayer& layer) {
  Bounds bounds;
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    bounds.push_back(layer.indices[i] ? &table_of(comparison, result, i).layers[*layer.indices[i]]
                                      : nullptr);
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

Json finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json row_of(const Bounds& bounds) {
  Json row = Json::array();
  for (const Triple* column : bounds) {
    if (column == nullptr) {
      row.push_back(nullptr);
      continue;
    }
    Json object;
    for (const Entry& entry : entries) {
      const Magnitude& value = column->*entry.member;
      object[entry.key] = {{"text", value.to_text(text::digits_for_machines)},
                           {"log10", finite(value.log10())}};
      if (bounds[0] != nullptr) {
        object[entry.key]["log10_ratio"] = finite(log10_ratio(bounds[0]->*entry.member, value));
      }
    }
    row.push_back(std::move(object));
  }
  return row;
}

Json verdicts_of(const Comparison& comparison, std::size_t result) {
  Json verdicts = Json::array();
  for (const Entry& entry : entries) {
    for (std::size_t other = 1; other < comparison.networks.size(); ++other) {
      const Difference found = difference(comparison, result, entry.member, other);
      Json smaller(nullptr);
      if (found.order == std::strong_ordering::greater) smaller = "A";
      if (found.order == std::strong_ordering::less) smaller = column_name(other);
      verdicts.push_back({{"number", entry.key},
                          {"first", "A"},
                          {"other", column_name(other)},
                          {"smaller", std::move(smaller)},
                          {"log10_ratio", finite(found.log10)},
                          {"parts_at", found.parts_at ? Json(*found.parts_at) : Json(nullptr)}});
    }
  }
  return verdicts;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// RFC 4180, with control characters escaped so that a row stays a line.
std::string cell(std::string_view value) {
  std::string shown = escape_controls(value);
  if (shown.find_first_of(",\"") == std::string::npos) return shown;
  std::string result = "\"";
  for (const char c : shown) result.append(c == '"' ? 2 : 1, c);
  return result + "\"";
}

void write_row(const Comparison& comparison, std::string_view method, std::string_view record,
               std::string_view layer, const Bounds& bounds, const Sink& sink) {
  const auto logarithm = [](std::optional<double> value) {
    return value && std::isfinite(*value) ? fmt::format("{}", *value) : std::string();
  };
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (bounds[i] == nullptr) continue;
    const ComparedNetwork& network = comparison.networks[i];
    std::string line = fmt::format("{},{},{},{},{},{},{}", method, record, cell(layer),
                                   column_name(i), cell(network.report.file),
                                   cell(network.report.graph.name), cell(network.settings));
    for (const Entry& entry : entries) {
      const Magnitude& value = bounds[i]->*entry.member;
      std::optional<double> ratio;
      if (bounds[0] != nullptr) ratio = log10_ratio(bounds[0]->*entry.member, value);
      line += fmt::format(",{},{},{}", value.to_text(text::digits_for_machines),
                          logarithm(value.log10()), logarithm(ratio));
    }
    sink(line.append(1, '\n'));
  }
}

}  // namespace

void write_comparison_json(const Comparison& comparison, const Sink& sink) {
  Json networks = Json::array();
  for (std::size_t i = 0; i < comparison.networks.size(); ++i) {
    const ComparedNetwork& network = comparison.networks[i];
    networks.push_back({{"column", column_name(i)},
                        {"name", network.report.graph.name},
                        {"file", network.report.file},
                        {"sha256", network.report.sha256},
                        {"settings", network.settings},
                        {"assumptions", network.report.assumptions}});
  }
  sink("{\"schema\": \"smoothbound/compare/1\",\n \"version\": " + dump(version) +
       ",\n \"networks\": " + dump(networks) + ",\n \"results\": [");
  const std::size_t results = comparison.networks.front().report.results.size();
  for (std::size_t result = 0; result < results; ++result) {
    sink(result == 0 ? "\n  {\"method\": " : ",\n  {\"method\": ");
    sink(dump(name_of(table_of(comparison, result, 0).method)) + ",\n   \"layers\": [");
    bool first = true;
    for (const ComparedLayer& layer : comparison.layers) {
      sink(first ? "\n    " : ",\n    ");
      first = false;
      sink(dump({{"name", layer.name}, {"bounds", row_of(bounds_of(comparison, result, layer))}}));
    }
    sink("],\n   \"network\": " + dump(row_of(bounds_of_networks(comparison, result))) +
         ",\n   \"verdicts\": " + dump(verdicts_of(comparison, result)) + "}");
  }
  sink("]}\n");
}

void write_comparison_csv(const Comparison& comparison, const Sink& sink) {
  sink(
      "method,record,layer,column,file,architecture,settings,m,m_log10,m_log10_ratio,lipschitz,"
      "lipschitz_log10,lipschitz_log10_ratio,smoothness,smoothness_log10,smoothness_log10_ratio\n");
  const auto& results = comparison.networks.front().report.results;
  for (std::size_t result = 0; result < results.size(); ++result) {
    const std::string_view method = name_of(results[result].table.method);
    for (const ComparedLayer& layer : comparison.layers) {
      write_row(comparison, method, "layer", layer.name, bounds_of(comparison, result, layer),
                sink);
    }
    write_row(comparison, method, "network", "", bounds_of_networks(comparison, result), sink);
  }
}

}  // namespace smoothbound
