// Charts as a Vega-Lite specification. Axes are linear over decimal logarithms: a log scale would
// need the numbers themselves, and they exceed a double.
#include <cmath>
#include <nlohmann/json.hpp>

#include "chart_scale.hpp"
#include "chart_style.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

using Json = nlohmann::ordered_json;

constexpr double width = 560;
constexpr double height = 220;

Json data_of(const Chart& chart) {
  Json values = Json::array();
  for (const ChartSeries& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double y = series.y[i];
      if (std::isnan(y)) continue;
      Json row{{"series", escape_controls(series.name)}};
      if (chart.x.categories.empty()) {
        row["x"] = series.x[i];
      } else {
        row["x"] = escape_controls(x_text(chart.x, series.x[i]));
      }
      if (std::isfinite(y)) {
        row["y"] = y;
      } else {
        row["edge"] = y > 0 ? "top" : "bottom";
      }
      row["value"] = value_text(y, chart.y.logarithmic);
      values.push_back(std::move(row));
    }
  }
  return {{"values", std::move(values)}};
}

Json axis_of(const ChartAxis& axis, bool horizontal) {
  Json result{{"title", escape_controls(axis.label)}};
  if (axis.logarithmic) {
    result["labelExpr"] = "'10^' + format(datum.value, '~g')";
    result["tickMinStep"] = 1;
  }
  if (horizontal && !axis.categories.empty()) {
    result["labelAngle"] = -55;
    result["labelOverlap"] = true;
  }
  return result;
}

Json x_of(const Chart& chart) {
  Json x{{"field", "x"}};
  if (chart.x.categories.empty()) {
    x["type"] = "quantitative";
    x["scale"] = {{"zero", false}, {"nice", false}};
  } else {
    x["type"] = "ordinal";
    Json order = Json::array();
    for (const std::string& name : chart.x.categories) order.push_back(escape_controls(name));
    x["sort"] = nullptr;
    x["scale"] = {{"domain", std::move(order)}};
  }
  x["axis"] = axis_of(chart.x, true);
  return x;
}

Json tooltip_of(const Chart& chart) {
  return Json::array({{{"field", "series"}},
                      {{"field", "x"},
                       {"type", chart.x.categories.empty() ? "quantitative" : "nominal"},
                       {"title", escape_controls(chart.x.label)}},
                      {{"field", "value"}, {"title", escape_controls(chart.y.label)}}});
}

Json series_channel(const Chart& chart, bool bars) {
  Json names = Json::array();
  for (const ChartSeries& series : chart.series) names.push_back(escape_controls(series.name));
  Json channel{{"field", "series"},
               {"type", "nominal"},
               {"title", nullptr},
               {"scale", {{"domain", std::move(names)}}}};
  if (chart.series.size() < 2) channel["legend"] = nullptr;
  if (bars) channel["sort"] = nullptr;
  return channel;
}

Json layer_of_points(const Chart& chart) {
  const bool bars = chart.kind == ChartKind::bars;
  Json y{{"field", "y"}, {"type", "quantitative"}, {"axis", axis_of(chart.y, false)}};
  y["scale"] = {{"zero", bars}};
  if (bars) y["stack"] = "zero";
  Json color = series_channel(chart, bars);
  color["scale"]["range"] = light_theme.series;
  Json encoding{{"x", x_of(chart)},
                {"y", std::move(y)},
                {"color", std::move(color)},
                {"tooltip", tooltip_of(chart)}};
  Json mark{{"type", "bar"}};
  if (!bars) {
    mark = {{"type", "line"}, {"point", true}};
    encoding["strokeDash"] = series_channel(chart, bars);
    encoding["shape"] = series_channel(chart, bars);
  }
  return {{"transform", Json::array({{{"filter", "isValid(datum.y)"}}})},
          {"mark", std::move(mark)},
          {"encoding", std::move(encoding)}};
}

// What is infinite stands at an edge of the plot.
Json layer_of_edge(const Chart& chart, std::string_view edge) {
  Json color = series_channel(chart, chart.kind == ChartKind::bars);
  color["scale"]["range"] = light_theme.series;
  return {{"transform", Json::array({{{"filter", "datum.edge === '" + std::string(edge) + "'"}}})},
          {"mark",
           {{"type", "point"},
            {"filled", true},
            {"size", 50},
            {"shape", edge == "top" ? "triangle-up" : "triangle-down"}}},
          {"encoding",
           {{"x", x_of(chart)},
            {"y", {{"value", edge == "top" ? Json(0) : Json("height")}}},
            {"color", std::move(color)},
            {"tooltip", tooltip_of(chart)}}}};
}

Json layers_of_markers(const Chart& chart) {
  Json values = Json::array();
  for (const ChartMarker& marker : chart.markers) {
    Json row{{"label", escape_controls(marker.label)}};
    if (chart.x.categories.empty()) {
      row["x"] = marker.x;
    } else {
      row["x"] = escape_controls(x_text(chart.x, marker.x));
    }
    values.push_back(std::move(row));
  }
  const Json data{{"values", std::move(values)}};
  return Json::array(
      {{{"data", data},
        {"mark", {{"type", "rule"}, {"strokeDash", {5, 3}}}},
        {"encoding", {{"x", x_of(chart)}}}},
       {{"data", data},
        {"mark", {{"type", "text"}, {"angle", 270}, {"align", "right"}, {"dy", -6}}},
        {"encoding",
         {{"x", x_of(chart)}, {"y", {{"value", 4}}}, {"text", {{"field", "label"}}}}}}});
}

Json view_of(const Chart& chart) {
  Json title = Json::object();
  title["text"] = escape_controls(chart.title);
  if (!chart.note.empty()) title["subtitle"] = escape_controls(chart.note);
  title["anchor"] = "start";
  Json layers = Json::array();
  ChartRange extent;
  for (const ChartSeries& series : chart.series) {
    for (const double y : series.y) extent.include(y);
  }
  if (!extent.empty) layers.push_back(layer_of_points(chart));
  if (extent.has_infinity) layers.push_back(layer_of_edge(chart, "top"));
  if (extent.has_minus_infinity) layers.push_back(layer_of_edge(chart, "bottom"));
  if (!chart.markers.empty()) {
    for (Json& layer : layers_of_markers(chart)) layers.push_back(std::move(layer));
  }
  return {{"title", std::move(title)},
          {"width", width},
          {"height", height},
          {"data", data_of(chart)},
          {"layer", std::move(layers)}};
}

}  // namespace

void write_vega_lite(std::span<const Chart> charts, const Sink& sink) {
  Json views = Json::array();
  for (const Chart& chart : charts) views.push_back(view_of(chart));
  const Json document{
      {"$schema", "https://vega.github.io/schema/vega-lite/v5.json"},
      {"vconcat", std::move(views)},
      {"resolve",
       {{"scale",
         {{"color", "independent"}, {"strokeDash", "independent"}, {"shape", "independent"}}}}}};
  sink(document.dump(1));
  sink("\n");
}

}  // namespace smoothbound
