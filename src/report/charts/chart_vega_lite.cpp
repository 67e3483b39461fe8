// Charts as a Vega-Lite specification. Axes are linear over decimal logarithms: a log scale would
// need the numbers themselves, and they exceed a double.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "chart_scale.hpp"
#include "chart_style.hpp"
#include "smoothbound/text/json_writer.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

constexpr double plot_width = 560;
constexpr double plot_height = 220;

// A place on the x axis: a number, or the name of a category.
void put_x(JsonWriter& json, const Chart& chart, double x) {
  if (chart.x.categories.empty()) return json.member("x", x);
  json.member("x", escape_controls(x_text(chart.x, x)));
}

void put_values(JsonWriter& json, const Chart& chart) {
  json.array("values", [&] {
    for (const ChartSeries& series : chart.series) {
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        const double y = series.y[i];
        if (std::isnan(y)) continue;
        json.item([&] {
          json.object([&] {
            json.member("series", escape_controls(series.name));
            put_x(json, chart, series.x[i]);
            if (std::isfinite(y)) {
              json.member("y", y);
            } else {
              json.member("edge", y > 0 ? "top" : "bottom");
            }
            json.member("value", value_text(y, chart.y.logarithmic));
          });
        });
      }
    }
  });
}

void put_axis(JsonWriter& json, const ChartAxis& axis, bool horizontal) {
  json.object("axis", [&] {
    json.member("title", escape_controls(axis.label));
    if (axis.logarithmic) {
      json.members({{"labelExpr", "'10^' + format(datum.value, '~g')"}, {"tickMinStep", 1}});
    }
    if (horizontal && !axis.categories.empty()) {
      json.members({{"labelAngle", -55}, {"labelOverlap", true}});
    }
  });
}

void put_x_channel(JsonWriter& json, const Chart& chart) {
  json.object("x", [&] {
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
    put_axis(json, chart.x, true);
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

// What tells the series apart.
void put_channel(JsonWriter& json, std::string_view key, const Chart& chart, bool colored) {
  json.object(key, [&] {
    json.members({{"field", "series"}, {"type", "nominal"}, {"title", nullptr}});
    json.object("scale", [&] {
      json.list("domain", chart.series,
                [](const ChartSeries& series) { return escape_controls(series.name); });
      if (colored) json.member("range", light_theme.series);
    });
    if (chart.series.size() < 2) json.member("legend", nullptr);
    if (chart.kind == ChartKind::bars) json.member("sort", nullptr);
  });
}

void put_filter(JsonWriter& json, const std::string& condition) {
  json.array("transform", [&] { json.item([&] { json.object({{"filter", condition}}); }); });
}

void put_points(JsonWriter& json, const Chart& chart) {
  const bool bars = chart.kind == ChartKind::bars;
  put_filter(json, "isValid(datum.y)");
  json.object("mark", [&] {
    json.member("type", bars ? "bar" : "line");
    if (!bars) json.member("point", true);
  });
  json.object("encoding", [&] {
    put_x_channel(json, chart);
    json.object("y", [&] {
      json.members({{"field", "y"}, {"type", "quantitative"}});
      put_axis(json, chart.y, false);
      json.object("scale", {{"zero", bars}});
      if (bars) json.member("stack", "zero");
    });
    put_channel(json, "color", chart, true);
    put_tooltip(json, chart);
    if (bars) return;
    put_channel(json, "strokeDash", chart, false);
    put_channel(json, "shape", chart, false);
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
    json.object("y", [&] {
      if (top) {
        json.member("value", 0);
      } else {
        json.member("value", "height");
      }
    });
    put_channel(json, "color", chart, true);
    put_tooltip(json, chart);
  });
}

void put_markers(JsonWriter& json, const Chart& chart) {
  json.object("data", [&] {
    json.list("values", chart.markers, [&](const ChartMarker& marker) {
      json.object([&] {
        json.member("label", escape_controls(marker.label));
        put_x(json, chart, marker.x);
      });
    });
  });
}

void put_marker_lines(JsonWriter& json, const Chart& chart) {
  put_markers(json, chart);
  json.object("mark", [&] {
    json.member("type", "rule");
    json.member("strokeDash", std::array{5, 3});
  });
  json.object("encoding", [&] { put_x_channel(json, chart); });
}

void put_marker_labels(JsonWriter& json, const Chart& chart) {
  put_markers(json, chart);
  json.object("mark", {{"type", "text"}, {"angle", 270}, {"align", "right"}, {"dy", -6}});
  json.object("encoding", [&] {
    put_x_channel(json, chart);
    json.object("y", {{"value", 4}});
    json.object("text", {{"field", "label"}});
  });
}

void put_view(JsonWriter& json, const Chart& chart) {
  ChartRange extent;
  for (const ChartSeries& series : chart.series) {
    for (const double y : series.y) extent.include(y);
  }
  json.object("title", [&] {
    json.member("text", escape_controls(chart.title));
    if (!chart.note.empty()) json.member("subtitle", escape_controls(chart.note));
    json.member("anchor", "start");
  });
  json.members({{"width", plot_width}, {"height", plot_height}});
  json.object("data", [&] { put_values(json, chart); });
  json.array("layer", [&] {
    const auto layer = [&](const auto& put, auto... how) {
      json.item([&] { json.object([&] { put(json, chart, how...); }); });
    };
    if (!extent.empty) layer(put_points);
    if (extent.has_infinity) layer(put_edge, true);
    if (extent.has_minus_infinity) layer(put_edge, false);
    if (chart.markers.empty()) return;
    layer(put_marker_lines);
    layer(put_marker_labels);
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
