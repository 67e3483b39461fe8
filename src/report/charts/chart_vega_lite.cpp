// Charts as a Vega-Lite specification. Axes are linear over decimal logarithms: a log scale would
// need the numbers themselves, and they exceed a double.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <sstream>

#include "chart_scale.hpp"
#include "chart_style.hpp"
#include "chart_svg.hpp"
#include "smoothbound/text/json_writer.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

constexpr double plot_width = 560;
constexpr double plot_height = 220;

// Names are elided where they are shown, so that the data keeps them whole.
std::string elided_label(std::size_t most) {
  return fmt::format(
      "length(datum.label) > {0} ? slice(datum.label, 0, {1}) + '\u2026' + slice(datum.label, "
      "-{1}) "
      ": datum.label",
      most, most / 2);
}
constexpr std::size_t most_category = 18;
constexpr std::size_t most_name = 48;

// A place on the x axis: a number, or the name of a category.
void put_x(JsonWriter& json, const Chart& chart, double x) {
  if (chart.x.categories.empty()) return json.member("x", x);
  json.member("x", escape_controls(x_text(chart.x, x)));
}

// What a colour or dash stands for, if the legend explains these.
std::string name_at(const std::vector<std::string>& names, std::size_t i) {
  return i < names.size() ? escape_controls(names[i]) : std::string();
}

void put_value(JsonWriter& json, const Chart& chart, const ChartSeries& series, std::size_t i) {
  const double y = series.y[i];
  json.member("series", escape_controls(series.name));
  if (!chart.colours.empty()) json.member("colour", name_at(chart.colours, series.colour));
  if (!chart.dashes.empty()) json.member("dash", name_at(chart.dashes, series.dash));
  put_x(json, chart, series.x[i]);
  if (std::isfinite(y)) {
    json.member("y", y);
  } else {
    json.member("edge", y > 0 ? "top" : "bottom");
  }
  json.member("value", value_text(y, chart.y.logarithmic));
}

void put_values(JsonWriter& json, const Chart& chart) {
  json.array("values", [&] {
    for (const ChartSeries& series : chart.series) {
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        if (std::isnan(series.y[i])) continue;
        json.item([&] { json.object([&] { put_value(json, chart, series, i); }); });
      }
    }
  });
}

// Powers of ten, as in SVG.
std::vector<double> ticks_of(const ChartRange& extent) {
  constexpr int most = 6;
  std::vector<double> places;
  if (extent.empty) return places;
  for (const Tick& tick : make_scale(extent.low, extent.high, true, most, false).ticks) {
    if (tick.text == "10") places.push_back(tick.at);
  }
  return places;
}

void put_axis(JsonWriter& json, const ChartAxis& axis, const ChartRange& extent, bool level) {
  json.object("axis", [&] {
    if (axis.label.empty()) {
      json.member("title", nullptr);
    } else {
      json.member("title", escape_controls(axis.label));
    }
    if (axis.logarithmic) {
      json.members({{"labelExpr", "'10^' + format(datum.value, '~g')"}, {"tickMinStep", 1}});
      if (const std::vector<double> ticks = ticks_of(extent); ticks.size() > 1) {
        json.member("values", ticks);
      }
    }
    if (axis.categories.empty()) return;
    json.member("labelExpr", elided_label(level ? most_category : most_name));
    json.member("labelLimit", 0);
    if (level) json.members({{"labelAngle", -55}, {"labelOverlap", true}});
  });
}

// The x axis, which stands upright beside dots.
void put_x_channel(JsonWriter& json, const Chart& chart) {
  const bool dots = chart.kind == ChartKind::dots;
  json.object(dots ? "y" : "x", [&] {
    json.member("field", "x");
    if (chart.x.categories.empty()) {
      json.member("type", "quantitative");
      json.object("scale", {{"zero", false}, {"nice", false}});
    } else {
      json.members({{"type", "ordinal"}, {"sort", nullptr}});
      json.object("scale", [&] {
        json.list("domain", chart.x.categories,
                  [](const std::string& name) { return escape_controls(name); });
      });
    }
    put_axis(json, chart.x, x_extent(chart), !dots);
  });
}

void put_y_channel(JsonWriter& json, const Chart& chart) {
  const bool bars = chart.kind == ChartKind::bars;
  json.object(chart.kind == ChartKind::dots ? "x" : "y", [&] {
    json.members({{"field", "y"}, {"type", "quantitative"}});
    put_axis(json, chart.y, y_extent(chart), chart.kind == ChartKind::dots);
    json.object("scale", [&] {
      json.member("zero", bars);
      const ChartRange shown = extent_of(chart.shown);
      if (shown.empty || !(shown.high > shown.low)) return;
      json.member("domain", std::array{shown.low, shown.high});
    });
    if (bars) json.member("stack", "zero");
  });
}

void put_tooltip(JsonWriter& json, const Chart& chart) {
  const std::string x = escape_controls(chart.x.label);
  const std::string y = escape_controls(chart.y.label);
  json.array("tooltip", [&] {
    json.item([&] { json.object({{"field", "series"}}); });
    json.item([&] {
      json.object({{"field", "x"},
                   {"type", chart.x.categories.empty() ? "quantitative" : "nominal"},
                   {"title", x}});
    });
    json.item([&] { json.object({{"field", "value"}, {"title", y}}); });
  });
}

std::string_view colour_at(std::size_t i) {
  constexpr std::size_t size = light_theme.series.size();
  return (i / size % 2 == 0 ? light_theme : dark_theme).series[i % size];
}

// The shapes of SVG.
std::string_view shape_at(std::size_t i) {
  constexpr std::array<std::string_view, svg::colours> shapes{
      "circle",        "square", "triangle-up",   "diamond",
      "triangle-down", "cross",  "triangle-left", "triangle-right"};
  return shapes[i % shapes.size()];
}

// The dashes of SVG as numbers.
std::vector<int> dash_at(std::size_t i) {
  std::vector<int> lengths;
  std::istringstream words{std::string(svg::dashes(i))};
  for (int length = 0; words >> length;) lengths.push_back(length);
  if (lengths.empty()) lengths = {1, 0};
  return lengths;
}

// A channel that tells series apart: by each, or by the names of what it stands for.
template <class Value>
void put_channel(JsonWriter& json, std::string_view key, const Chart& chart,
                 const std::vector<std::string>& names, std::string_view field,
                 std::size_t ChartSeries::*index, const Value& value) {
  const bool keyed = !names.empty();
  json.object(key, [&] {
    json.members({{"field", keyed ? field : "series"}, {"type", "nominal"}, {"title", nullptr}});
    json.object("scale", [&] {
      if (keyed) {
        json.list("domain", names, [](const std::string& name) { return escape_controls(name); });
        json.array("range", [&] {
          for (std::size_t i = 0; i < names.size(); ++i) json.item(value(i));
        });
      } else {
        json.list("domain", chart.series,
                  [](const ChartSeries& series) { return escape_controls(series.name); });
        json.list("range", chart.series,
                  [&](const ChartSeries& series) { return value(series.*index); });
      }
    });
    if ((keyed ? names.size() : chart.series.size()) < 2) {
      json.member("legend", nullptr);
    } else {
      json.object("legend", [&] {
        json.member("labelExpr", elided_label(most_name));
        json.member("labelLimit", 0);
        if (key == "strokeDash" && keyed) {
          json.members({{"symbolType", "stroke"}, {"symbolStrokeColor", light_theme.muted}});
        }
      });
    }
    if (chart.kind == ChartKind::bars) json.member("sort", nullptr);
  });
}

void put_colour(JsonWriter& json, const Chart& chart) {
  put_channel(json, "color", chart, chart.colours, "colour", &ChartSeries::colour, colour_at);
}

void put_filter(JsonWriter& json, const std::string& condition) {
  json.array("transform", [&] { json.item([&] { json.object({{"filter", condition}}); }); });
}

void put_marks(JsonWriter& json, const Chart& chart) {
  put_filter(json, "isValid(datum.y)");
  json.object("mark", [&] {
    if (chart.kind == ChartKind::bars) return json.member("type", "bar");
    if (chart.kind == ChartKind::dots) {
      return json.members({{"type", "point"}, {"filled", true}, {"opacity", 1}, {"size", 45}});
    }
    json.member("type", "line");
    json.member("point", std::ranges::any_of(chart.series, svg::has_markers));
  });
  json.object("encoding", [&] {
    put_x_channel(json, chart);
    put_y_channel(json, chart);
    put_colour(json, chart);
    put_tooltip(json, chart);
    if (chart.kind != ChartKind::lines) return;
    if (std::ranges::any_of(chart.series, svg::has_markers)) {
      put_channel(json, "shape", chart, chart.colours, "colour", &ChartSeries::colour, shape_at);
    }
    if (!chart.colours.empty() && chart.dashes.empty()) return;
    put_channel(json, "strokeDash", chart, chart.dashes, "dash", &ChartSeries::dash, dash_at);
  });
}

// What is infinite stands at an edge of the plot.
void put_edge(JsonWriter& json, const Chart& chart, bool top) {
  put_filter(json, fmt::format("datum.edge === '{}'", top ? "top" : "bottom"));
  json.object("mark", {{"type", "point"},
                       {"filled", true},
                       {"size", 50},
                       {"shape", top ? "triangle-up" : "triangle-down"}});
  json.object("encoding", [&] {
    put_x_channel(json, chart);
    const bool dots = chart.kind == ChartKind::dots;
    json.object(dots ? "x" : "y", [&] {
      if (dots == top) {
        json.member("value", dots ? "width" : "height");
      } else {
        json.member("value", 0);
      }
    });
    put_colour(json, chart);
    put_tooltip(json, chart);
  });
}

// Markers with their labels; those of the same place have one of several lines.
struct MarkerGroup {
  ChartMarker first;
  std::vector<std::string> labels;
};
std::vector<MarkerGroup> group_markers(const Chart& chart) {
  constexpr double near = 0.03;  // of the axis
  const ChartRange x = x_extent(chart);
  const ChartRange y = y_extent(chart);
  std::vector<MarkerGroup> groups;
  for (const ChartMarker& marker : chart.markers) {
    const auto is_near = [&](const MarkerGroup& group) {
      return std::abs(group.first.x - marker.x) <= near * (x.high - x.low) &&
             std::abs(group.first.y - marker.y) <= near * (y.high - y.low);
    };
    auto group = std::ranges::find_if(groups, is_near);
    if (group == groups.end()) group = groups.insert(group, {marker, {}});
    group->labels.push_back(escape_controls(marker.label));
  }
  return groups;
}

void put_markers(JsonWriter& json, const Chart& chart, bool labels) {
  const auto put = [&](const ChartMarker& marker) {
    put_x(json, chart, marker.x);
    json.member("y", marker.y);
  };
  json.object("data", [&] {
    if (labels) {
      json.list("values", group_markers(chart), [&](const MarkerGroup& group) {
        json.object([&] {
          json.member("label", group.labels);
          put(group.first);
        });
      });
    } else {
      json.list("values", chart.markers,
                [&](const ChartMarker& marker) { json.object([&] { put(marker); }); });
    }
  });
  if (labels) {
    json.object(
        "mark",
        {{"type", "text"}, {"align", "left"}, {"baseline", "bottom"}, {"dx", 7}, {"dy", -7}});
  } else {
    json.object("mark", {{"type", "point"}, {"size", 50}, {"color", light_theme.text}});
  }
  json.object("encoding", [&] {
    put_x_channel(json, chart);
    put_y_channel(json, chart);
    if (labels) json.object("text", {{"field", "label"}});
  });
}

// What the bars of one x add up to.
void put_totals(JsonWriter& json, const Chart& chart) {
  std::map<double, double> totals;
  for (const ChartSeries& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (!std::isnan(series.y[i])) totals[series.x[i]] += series.y[i];
    }
  }
  std::erase_if(totals, [](const auto& total) { return !std::isfinite(total.second); });
  json.object("data", [&] {
    json.list("values", totals, [&](const auto& total) {
      json.object([&] {
        put_x(json, chart, total.first);
        json.member("y", total.second);
      });
    });
  });
  json.object("mark", {{"type", "tick"}, {"thickness", 2}, {"color", light_theme.text}});
  json.object("encoding", [&] {
    put_x_channel(json, chart);
    put_y_channel(json, chart);
  });
}

void put_view(JsonWriter& json, const Chart& chart) {
  ChartRange extent;
  for (const ChartSeries& series : chart.series) {
    for (const double y : series.y) extent.include(y);
  }
  json.object("title", [&] {
    constexpr double title_size = 15;  // bold
    json.member("text", svg::wrap(escape_controls(chart.title), plot_width, title_size));
    const std::string note = escape_controls(chart.note);
    if (!note.empty()) json.member("subtitle", svg::wrap(note, plot_width, svg::small_size));
    json.member("anchor", "start");
  });
  json.member("width", plot_width);
  if (chart.kind == ChartKind::dots) {
    constexpr int row = 16;
    json.object("height", {{"step", row}});
  } else {
    json.member("height", plot_height);
  }
  json.object("data", [&] { put_values(json, chart); });
  json.array("layer", [&] {
    const auto layer = [&](const auto& put, auto... how) {
      json.item([&] { json.object([&] { put(json, chart, how...); }); });
    };
    if (!extent.empty) layer(put_marks);
    if (extent.has_infinity) layer(put_edge, true);
    if (extent.has_minus_infinity) layer(put_edge, false);
    if (!chart.total.empty()) layer(put_totals);
    if (chart.markers.empty()) return;
    layer(put_markers, false);
    layer(put_markers, true);
  });
}

}  // namespace

void write_vega_lite(std::span<const Chart> charts, const Sink& sink) {
  JsonWriter json(sink, JsonStyle::indented_by_1);
  json.document([&] {
    json.member("$schema", "https://vega.github.io/schema/vega-lite/v5.json");
    json.list("vconcat", charts,
              [&](const Chart& chart) { json.object([&] { put_view(json, chart); }); });
    json.object("resolve", [&] {
      json.object(
          "scale",
          {{"color", "independent"}, {"strokeDash", "independent"}, {"shape", "independent"}});
    });
  });
}

}  // namespace smoothbound
