#include "smoothbound/report/charts/charts_of_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "chart_scale.hpp"
#include "chart_svg.hpp"
#include "shared/words.hpp"

namespace smoothbound {
namespace {

struct Number {
  std::string_view title;
  std::string_view symbol;
  TripleEntry entry;
};
constexpr std::array<Number, 3> entries_shown{
    {{"output bound m", "m", &Triple::m},
     {"Lipschitz constant l", "l", &Triple::lipschitz},
     {"smoothness constant L", "L", &Triple::smoothness}}};

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> layer_names(const Graph& graph) {
  std::vector<std::string> names;
  names.reserve(graph.layers.size());
  for (const Layer& layer : graph.layers) names.push_back(layer.name);
  return names;
}

// Names if all networks have the same layers, else numbers.
ChartAxis depth_axis(std::span<const Report> reports) {
  std::vector<std::string> names = layer_names(reports.front().graph);
  std::size_t deepest = names.size();
  bool same = true;
  for (const Report& report : reports.subspan(1)) {
    deepest = std::max(deepest, report.graph.layers.size());
    same = same && layer_names(report.graph) == names;
  }
  if (same) return {"layer", false, std::move(names)};
  names.clear();
  for (std::size_t i = 1; i <= deepest; ++i) names.push_back(std::to_string(i));
  return {"number of the layer", false, std::move(names)};
}

std::vector<double> places(std::size_t count) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<double>(i);
  return x;
}

// One line if all have the same settings.
std::string settings_note(std::span<const Report> reports) {
  std::string first = words::network_settings(reports.front());
  const bool same = std::ranges::all_of(
      reports, [&](const Report& report) { return words::network_settings(report) == first; });
  if (same) return first;
  constexpr std::size_t most = 8;
  if (reports.size() > most) return "each under its own settings";
  const std::vector<std::string> names = words::distinct_names(reports);
  std::string note;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (i > 0) note += "; ";
    note += fmt::format("{}: {}", names[i], words::network_settings(reports[i]));
  }
  return note;
}

// ", method sharp" if it is the only one.
std::string method_note(const Report& report) {
  if (report.results.size() != 1) return "";
  return fmt::format("; method {}", name_of(report.results.front().table.method));
}

std::string names_of(std::span<const Report> reports) {
  std::string names;
  constexpr std::size_t most = 3;
  if (reports.size() > most) return fmt::format("{} networks", reports.size());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (i > 0) names += i + 1 == reports.size() ? " and " : ", ";
    names += reports[i].graph.name;
  }
  return names;
}

const MethodReport* find_method(const Report& report, Method method) {
  const auto found = std::ranges::find_if(
      report.results, [&](const MethodReport& result) { return result.table.method == method; });
  return found == report.results.end() ? nullptr : &*found;
}

// The sharpest first.
std::vector<Method> methods_of(const Report& report) {
  std::vector<Method> methods;
  for (const Method method : {Method::sharp, Method::paper}) {
    if (find_method(report, method) != nullptr) methods.push_back(method);
  }
  return methods;
}

// The colour or dash of a method, where that is what it stands for.
std::size_t style_of(Method method) { return method == Method::sharp ? 0 : 1; }

}  // namespace

std::vector<Chart> network_charts(std::span<const Report> reports) {
  std::vector<Chart> charts;
  if (reports.empty()) return charts;
  const std::vector<std::string> names = words::distinct_names(reports);
  const std::vector<Method> methods = methods_of(reports.front());
  for (const Number& number : entries_shown) {
    Chart chart;
    chart.kind = ChartKind::dots;
    chart.x = {"network", false, names};
    chart.y = {std::string(number.title), true, {}};
    for (const Method method : methods) {
      ChartSeries series{std::string(name_of(method)),
                         places(reports.size()),
                         {},
                         methods.size() > 1 ? style_of(method) : 0};
      for (const Report& report : reports) {
        series.y.push_back((find_method(report, method)->table.network().*number.entry).log10());
      }
      chart.series.push_back(std::move(series));
    }
    charts.push_back(std::move(chart));
  }
  charts.front().title = "Bounds of " + names_of(reports);
  charts.back().note = settings_note(reports) + method_note(reports.front());
  return charts;
}

std::vector<Chart> depth_charts(std::span<const Report> reports) {
  constexpr std::size_t most_lines = 8;
  if (reports.size() > most_lines) return network_charts(reports);
  std::vector<Chart> charts;
  if (reports.empty()) return charts;
  const ChartAxis axis = depth_axis(reports);
  const std::vector<std::string> names = words::distinct_names(reports);
  const std::vector<Method> methods = methods_of(reports.front());
  for (const Number& number : entries_shown) {
    Chart chart;
    chart.x = axis;
    chart.y = {std::string(number.title), true, {}};
    const bool both = methods.size() > 1 && reports.size() > 1;
    if (both) {  // a colour for each network, a dash for each method
      chart.colours = names;
      chart.dashes = {std::string(name_of(Method::sharp)), std::string(name_of(Method::paper))};
    }
    for (std::size_t r = 0; r < reports.size(); ++r) {
      for (const Method method : methods) {
        const BoundTable& table = find_method(reports[r], method)->table;
        ChartSeries series{names[r], places(table.layers.size()), {}, r, r};
        if (methods.size() > 1) series.dash = style_of(method);
        if (both) {
          series.name += fmt::format(", {}", name_of(method));
        } else if (methods.size() > 1) {
          series.name = name_of(method);
          series.colour = series.dash;
        }
        for (const Triple& bounds : table.layers) {
          series.y.push_back((bounds.*number.entry).log10());
        }
        chart.series.push_back(std::move(series));
      }
    }
    charts.push_back(std::move(chart));
  }
  charts.front().title = "Bounds along the depth: " + names_of(reports);
  charts.back().note = settings_note(reports) + method_note(reports.front());
  return charts;
}

std::vector<Chart> method_charts(std::span<const Report> reports) {
  std::vector<Chart> charts;
  for (const Report& report : reports) {
    const MethodReport* paper = find_method(report, Method::paper);
    const MethodReport* sharp = find_method(report, Method::sharp);
    if (paper == nullptr || sharp == nullptr) continue;
    Chart chart;
    chart.title = "Paper against sharp: " + report.graph.name;
    chart.note = words::network_settings(report);
    chart.x = {"layer", false, layer_names(report.graph)};
    chart.y = {"bound of the paper / sharp bound", true, {}};
    constexpr std::size_t first_colour = 2;  // others than those of the methods
    for (std::size_t n = 0; n < entries_shown.size(); ++n) {
      const Number& number = entries_shown[n];
      ChartSeries series{
          std::string(number.symbol), places(report.graph.layers.size()), {}, first_colour + n, n};
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        const Magnitude& a = paper->table.layers[i].*number.entry;
        const Magnitude& b = sharp->table.layers[i].*number.entry;
        // Where both are 0 or inf there is no factor.
        series.y.push_back(a == b && (a.is_zero() || a.is_infinite()) ? no_value
                                                                      : a.log10() - b.log10());
      }
      const bool drawn = std::ranges::any_of(series.y, [](double y) { return !std::isnan(y); });
      if (drawn) chart.series.push_back(std::move(series));
    }
    charts.push_back(std::move(chart));
  }
  return charts;
}

namespace {

// Bars of more layers than are legible stand for 2, 5, 10, ... of them that follow each other.
std::size_t layers_of_a_bar(std::size_t layers) {
  constexpr std::size_t most_bars = 100;
  for (std::size_t tens = 1;; tens *= 10) {
    for (const std::size_t digit : {1U, 2U, 5U}) {
      if (layers <= most_bars * digit * tens) return digit * tens;
    }
  }
}

// Sums of logarithmic factors for each kind of component and bar.
class Growth {
 public:
  explicit Growth(std::size_t layers)
      : layers_of_a_bar_(layers_of_a_bar(layers)),
        bars_((layers + layers_of_a_bar_ - 1) / layers_of_a_bar_),
        factors_(layers, no_value) {}

  // A 0 counts as 1: there is nothing yet that could grow. What was infinite before is a gap.
  void add(std::size_t layer, const std::string& kind, const Magnitude& before,
           const Magnitude& after) {
    // Every kind is there for every number, so that all panels have the same legend.
    std::vector<double>& values = kinds_.try_emplace(kind, bars_, no_value).first->second;
    if (before.is_infinite()) return;
    const double from = before.is_zero() ? 0 : before.log10();
    const double to = after.is_zero() ? 0 : after.log10();
    for (double* value : {&values[layer / layers_of_a_bar_], &factors_[layer]}) {
      *value = (std::isnan(*value) ? 0 : *value) + to - from;
    }
  }

  [[nodiscard]] std::size_t bars() const { return bars_; }
  [[nodiscard]] std::size_t layers_of_each() const { return layers_of_a_bar_; }

  // The layers with the largest factors, those above 1.
  [[nodiscard]] std::vector<std::size_t> largest(std::size_t most) const {
    std::vector<std::size_t> layers;
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      if (factors_[i] > 0) layers.push_back(i);
    }
    std::ranges::stable_sort(layers, std::greater<>(), [&](std::size_t i) { return factors_[i]; });
    layers.resize(std::min(most, layers.size()));
    return layers;
  }
  [[nodiscard]] double factor(std::size_t layer) const { return factors_[layer]; }

  [[nodiscard]] const std::map<std::string, std::vector<double>>& kinds() const { return kinds_; }

 private:
  std::size_t layers_of_a_bar_;
  std::size_t bars_;
  std::map<std::string, std::vector<double>> kinds_;
  std::vector<double> factors_;  // of each layer
};

// The largest of what a layer reads.
Magnitude before(const Report& report, const MethodReport& result, const Layer& layer,
                 TripleEntry entry) {
  Magnitude largest;
  for (const std::uint32_t input : layer.inputs) {
    if (input != Graph::network_input) {
      largest = std::max(largest, result.table.layers[input].*entry);
    } else if (entry == &Triple::m && !report.graph.input_ids) {  // ids have no norm
      largest = std::max(largest, report.settings.input_norm.upper);
    }
  }
  return largest;
}

void add_layer(const Report& report, const MethodReport& result, std::uint32_t index,
               std::span<Growth> growth) {
  const Layer& layer = report.graph.layers[index];
  const std::vector<Triple> behind =
      bounds_behind_components(report.graph, inputs_of(report.settings), result.table, index);
  for (std::size_t n = 0; n < entries_shown.size(); ++n) {
    Magnitude previous = before(report, result, layer, entries_shown[n].entry);
    for (std::size_t i = 0; i < behind.size(); ++i) {
      const Magnitude& next = behind[i].*entries_shown[n].entry;
      growth[n].add(index, std::string(name_of(layer.components[i].component)), previous, next);
      previous = next;
    }
  }
}

// Layers by name, or by the numbers of the first and the last one of a bar.
ChartAxis growth_axis(const Graph& graph, const Growth& growth) {
  const std::size_t each = growth.layers_of_each();
  if (each == 1) return {"layer", false, layer_names(graph)};
  ChartAxis axis{fmt::format("numbers of the layers, {} to a bar", each), false, {}};
  for (std::size_t first = 0; first < graph.layers.size(); first += each) {
    const std::size_t last = std::min(first + each, graph.layers.size());
    axis.categories.push_back(first + 1 == last ? std::to_string(last)
                                                : fmt::format("{}-{}", first + 1, last));
  }
  return axis;
}

// Which layers to look at, where a bar does not tell.
std::string largest_factors(const Graph& graph, std::span<const Growth> growth) {
  constexpr std::size_t most = 3;
  constexpr std::size_t most_name = 24;
  std::string note;
  for (std::size_t n = 0; n < entries_shown.size(); ++n) {
    std::string names;
    for (const std::size_t layer : growth[n].largest(most)) {
      names += fmt::format("{}{} ({})", names.empty() ? "" : ", ",
                           svg::shorten(graph.layers[layer].name, most_name),
                           value_text(growth[n].factor(layer), true));
    }
    if (!names.empty())
      note += fmt::format("; largest factors of {}: {}", entries_shown[n].symbol, names);
  }
  return note;
}

// The kinds of components of all networks, those that matter most first: these get the colours that
// are told apart best.
std::vector<std::string> rank_kinds(std::span<const std::vector<Growth>> all) {
  std::map<std::string, double> weights;
  for (const std::vector<Growth>& growth : all) {
    for (const Growth& number : growth) {
      for (const auto& [kind, values] : number.kinds()) {
        double& weight = weights[kind];
        for (const double value : values) weight += std::isfinite(value) ? std::abs(value) : 0;
      }
    }
  }
  std::vector<std::string> kinds;
  kinds.reserve(weights.size());
  for (const auto& [kind, weight] : weights) kinds.push_back(kind);
  std::ranges::stable_sort(kinds, std::greater<>(),
                           [&](const std::string& kind) { return weights.at(kind); });
  return kinds;
}

std::vector<Chart> growth_of_network(const NetworkBounds& bounds, std::span<const Growth> growth,
                                     std::span<const std::string> kinds) {
  const Report& report = *bounds.report;
  const bool gathered = growth.front().layers_of_each() > 1;
  std::vector<Chart> charts;
  for (std::size_t n = 0; n < entries_shown.size(); ++n) {
    Chart chart;
    chart.kind = ChartKind::bars;
    chart.x = growth_axis(report.graph, growth.front());
    chart.y = {fmt::format("growth factor of the {}", entries_shown[n].title), true, {}};
    chart.total = gathered ? "layers" : "layer";
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      const auto found = growth[n].kinds().find(kinds[k]);
      if (found == growth[n].kinds().end()) continue;
      chart.series.push_back({kinds[k], places(growth[n].bars()), found->second, k});
    }
    charts.push_back(std::move(chart));
  }
  charts.front().title = fmt::format("Growth by layer and component: {}, method {}",
                                     report.graph.name, name_of(bounds.result->table.method));
  charts.back().note =
      words::network_settings(report) +
      "; a layer's factor is its number over the largest one among what it reads (over 1 where "
      "that is 0)";
  if (gathered) {
    charts.back().note += "; the factors of the layers of a bar are multiplied" +
                          largest_factors(report.graph, growth);
  }
  return charts;
}

}  // namespace

std::vector<Chart> growth_charts(std::span<const NetworkBounds> networks) {
  std::vector<std::vector<Growth>> growth;
  for (const auto& [report, result] : networks) {
    const std::size_t layers = report->graph.layers.size();
    growth.emplace_back(entries_shown.size(), Growth(layers));
    for (std::uint32_t i = 0; i < layers; ++i) add_layer(*report, *result, i, growth.back());
  }
  const std::vector<std::string> kinds = rank_kinds(growth);
  std::vector<Chart> charts;
  std::array<ChartRange, entries_shown.size()> scales;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    for (Chart& chart : growth_of_network(networks[i], growth[i], kinds)) {
      const ChartRange extent = y_extent(chart);
      ChartRange& scale = scales[charts.size() % entries_shown.size()];
      scale.include(extent.low);
      scale.include(extent.high);
      charts.push_back(std::move(chart));
    }
  }
  for (std::size_t i = 0; i < charts.size(); ++i) {
    const ChartRange& scale = scales[i % entries_shown.size()];
    charts[i].shown = {scale.low, scale.high};
  }
  return charts;
}

}  // namespace smoothbound
