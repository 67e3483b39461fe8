// What is drawn: every value, at its place, in colours that can be told from the background.
#include "smoothbound/report/charts/chart.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/charts/chart_scale.hpp"
#include "report/charts/chart_style.hpp"
#include "report/charts/chart_svg.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double gap = std::numeric_limits<double>::quiet_NaN();

std::string svg(const std::vector<Chart>& charts) {
  std::string text;
  write_svg(charts, [&](std::string_view piece) { text += piece; });
  return text;
}

Json vega(const std::vector<Chart>& charts) {
  std::string text;
  write_vega_lite(charts, [&](std::string_view piece) { text += piece; });
  return Json::parse(text);
}
// The one chart of a Vega-Lite specification.
Json vega_view(const Chart& chart) { return vega({chart}).at("vconcat").at(0); }

std::string bars(const std::vector<Chart>& charts, int columns = 80) {
  std::string text;
  write_bars(charts, columns, [&](std::string_view piece) { text += piece; });
  return text;
}

Chart sweep() {
  Chart chart;
  chart.title = "sweep";
  chart.x = {"epsilon", true, {}};
  chart.y = {"L", true, {}};
  chart.series = {{"with", {-4, -2, 0, 2}, {82, 41, 12, 5}}, {"without", {-4, 2}, {18, 18}}};
  chart.markers = {{-0.25, 18, "0.562"}};
  return chart;
}

double channel(std::string_view hex) {
  const double value = std::stoi(std::string(hex), nullptr, 16) / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}
double luminance(std::string_view colour) {
  return 0.2126 * channel(colour.substr(1, 2)) + 0.7152 * channel(colour.substr(3, 2)) +
         0.0722 * channel(colour.substr(5, 2));
}
// As WCAG 2.1 defines it.
double contrast(std::string_view a, std::string_view b) {
  const double high = std::max(luminance(a), luminance(b));
  const double low = std::min(luminance(a), luminance(b));
  return (high + 0.05) / (low + 0.05);
}

TEST(ChartColours, ContrastIsWhatWcagDefines) {
  EXPECT_NEAR(contrast("#000000", "#ffffff"), 21, 1e-9);
  EXPECT_NEAR(contrast("#777777", "#ffffff"), 4.48, 0.01);
}

TEST(ChartColours, StandOutFromTheBackground) {
  for (const Theme& theme : {light_theme, dark_theme}) {
    for (const std::string_view text : {theme.text, theme.muted, theme.link}) {
      EXPECT_GE(contrast(text, theme.background), 4.5) << text;
      EXPECT_GE(contrast(text, theme.panel), 4.5) << text;
    }
    for (const std::string_view colour : theme.series) {
      EXPECT_GE(contrast(colour, theme.background), 3) << colour << " on " << theme.background;
    }
  }
}

TEST(Scale, HasFewRoundTicksForEveryRange) {
  for (const double span : {0.0, 0.01, 0.7, 1.0, 2.5, 9.0, 82.0, 404.0, 12345.0, 1e5, 1e18}) {
    for (const double low : {-3.3, 0.0, 17.2}) {
      for (const bool snap : {false, true}) {
        const Scale scale = make_scale(low, low + span, true, 6, snap);
        const double rounding = 1e-6 * span;  // far less than a pixel
        EXPECT_LE(scale.low, low + rounding);
        EXPECT_GE(scale.high, low + span - rounding);
        EXPECT_LT(scale.low, scale.high);
        EXPECT_LE(scale.ticks.size(), 8U) << low << " " << span;
        if (snap || span > 2) {
          EXPECT_GE(scale.ticks.size(), 2U) << low << " " << span;
        }
        for (const Tick& tick : scale.ticks) {
          EXPECT_GE(scale.fraction(tick.at), -1e-6);
          EXPECT_LE(scale.fraction(tick.at), 1 + 1e-6);
          if (tick.text == "10") {
            EXPECT_EQ(tick.at, std::round(tick.at)) << "a power of ten";
          }
        }
      }
    }
  }
}

TEST(Scale, NamesPowersOfTen) {
  const Scale scale = make_scale(-2, 2, true, 4, true);
  ASSERT_EQ(scale.ticks.size(), 5U);
  EXPECT_EQ(scale.ticks[0].text, "10");
  EXPECT_EQ(scale.ticks[0].exponent, "\u22122");
  EXPECT_EQ(scale.ticks[2].exponent, "0");
}

TEST(ValueText, RoundsUpAndKnowsTheEdges) {
  EXPECT_EQ(value_text(0, true), "1.00e+0");
  EXPECT_EQ(value_text(std::log10(2000), true), "2.00e+3");
  EXPECT_EQ(value_text(std::log10(2001), true), "2.01e+3");
  EXPECT_EQ(value_text(std::log10(9.999), true), "1.00e+1");
  EXPECT_EQ(value_text(-250.5, true), "3.17e-251");
  EXPECT_EQ(value_text(inf, true), "inf");
  EXPECT_EQ(value_text(-inf, true), "0");
  EXPECT_EQ(value_text(0.25, false), "0.25");
}

TEST(Svg, DrawsEveryPointOnce) {
  const std::string text = svg({sweep()});
  EXPECT_EQ(count_of(text, "</title></path>"), 6U);
  EXPECT_THAT(text, HasSubstr("with, 0.01: 1.00e+41"));
  EXPECT_THAT(text, HasSubstr(">0.562</text>"));
  EXPECT_THAT(text, HasSubstr("crossing at 0.562"));  // for those who cannot see it
  EXPECT_THAT(text, HasSubstr("<desc"));
  EXPECT_THAT(text, HasSubstr("prefers-color-scheme:dark"));
}

TEST(Svg, DrawsALineThroughAllOfManyPoints) {
  Chart chart = sweep();
  chart.series = {{"many", {}, {}}};
  for (int i = 0; i < 10'000; ++i) {
    chart.series[0].x.push_back(i);
    chart.series[0].y.push_back(i % 7);
  }
  const std::string text = svg({chart});
  const std::size_t begin = text.find("<path class=\"line");
  const std::string line = text.substr(text.find(" d=", begin));
  EXPECT_EQ(count_of(line.substr(0, line.find("/>")), "L"), 9999U);
}

TEST(Svg, InfiniteValuesStandAtTheTopZerosAtTheBottomGapsNowhere) {
  Chart chart;
  chart.x = {"layer", false, {"a", "b", "c", "d"}};
  chart.y = {"L", true, {}};
  chart.series = {{"net", {0, 1, 2, 3}, {-inf, 3, gap, inf}}};
  const std::string text = svg({chart});
  EXPECT_EQ(count_of(text, "</title></path>"), 3U);
  EXPECT_THAT(text, HasSubstr("net, d: inf"));
  EXPECT_THAT(text, HasSubstr("net, a: 0"));
  EXPECT_THAT(text, HasSubstr("\u221e"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("inf ")));
}

TEST(Svg, EscapesNames) {
  Chart chart = sweep();
  chart.title = "<script>&\x1b";
  chart.series[0].name = "\"><svg onload='x'>\x01\xef\xbf\xbe";
  chart.markers[0].label = "<b>";
  const std::string text = svg({chart});
  for (const char* bad : {"<script", "<svg onload", "<b>", "\x1b", "\x01", "\xef\xbf\xbe"}) {
    EXPECT_THAT(text, Not(HasSubstr(bad)));
  }
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;&amp;\\x1b"));
}

TEST(Svg, StacksBars) {
  Chart chart;
  chart.kind = ChartKind::bars;
  chart.x = {"layer", false, {"a"}};
  chart.series = {{"up", {0}, {2}}, {"more", {0}, {3}}, {"down", {0}, {-1}}};
  const ChartRange range = y_extent(chart);
  EXPECT_EQ(range.low, -1);
  EXPECT_EQ(range.high, 5);
  EXPECT_EQ(count_of(svg({chart}), "</title></rect>"), 3U);
}

TEST(VegaLite, HoldsEveryPointAsALogarithm) {
  Chart chart = sweep();
  chart.series[0].y[3] = inf;
  const Json json = vega({chart});
  EXPECT_THAT(json.at("$schema"), HasSubstr("vega-lite/v5"));
  const Json& values = json.at("vconcat").at(0).at("data").at("values");
  ASSERT_EQ(values.size(), 6U);
  EXPECT_EQ(values.at(0).at("y"), 82);
  EXPECT_EQ(values.at(3).at("edge"), "top");
  EXPECT_FALSE(values.at(3).contains("y"));
  EXPECT_THAT(json.dump(), Not(HasSubstr("\"log\"")));
}

TEST(Bars, HaveALineForEachValueAndFitTheTerminal) {
  for (const int columns : {40, 80, 200}) {
    const std::string text = bars({sweep()}, columns);
    EXPECT_EQ(count_of(text, "e+"), 8U);  // six values and the two ends of the scale
    EXPECT_THAT(text, HasSubstr("mark at"));
    for (const std::string& line : lines_of(text)) {
      std::size_t characters = 0;
      for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      if (line.find("\u2588") != std::string::npos) {
        EXPECT_LE(characters, static_cast<std::size_t>(columns)) << line;
      }
    }
  }
}

TEST(Bars, AreAsLongAsTheirValues) {
  Chart chart;
  chart.x = {"layer", false, {"a", "b", "c"}};
  chart.y = {"m", true, {}};
  chart.series = {{"net", {0, 1, 2}, {0, 5, 10}}};
  const std::vector<std::string> lines = lines_of(bars({chart}));
  const auto full = [](const std::string& line) { return count_of(line, "\u2588"); };
  EXPECT_EQ(full(lines.at(1)), 0U);
  EXPECT_NEAR(static_cast<double>(full(lines.at(3))), 2.0 * static_cast<double>(full(lines.at(2))),
              1);
  EXPECT_GT(full(lines.at(3)), 50U);
}

// Advance widths as Chromium measured them in DejaVu Sans, 100 px high.
TEST(TextWidth, IsAtLeastThatOfTheWidestUsualFont) {
  struct Case {
    std::string text;
    double measured;
  };
  for (const Case& each :
       {Case{"conv1_1", 416.0}, Case{"WWWWWW", 593.3}, Case{"iiiillll", 222.3},
        Case{"encoder.layers.11.attention.output.dense", 2075.1}, Case{"MobileNetV2", 635.6},
        Case{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1747.2}, Case{"abcdefghijklmnopqrstuvwxyz", 1464.6},
        Case{"0123456789", 636.2}, Case{"batch 128, ||x|| <= 1", 1057.3}}) {
    EXPECT_GE(svg::text_width(each.text, 100), each.measured) << each.text;
    EXPECT_LE(svg::text_width(each.text, 100), 1.3 * each.measured) << each.text;
  }
}

TEST(Elide, KeepsBothEnds) {
  EXPECT_EQ(svg::shorten("conv1_1", 7), "conv1_1");
  EXPECT_EQ(svg::shorten("stage1.block2.conv3", 9), "stag\u2026onv3");
  EXPECT_EQ(svg::shorten("\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc", 4), "\u00e4\u00f6\u2026\u00fc");
  const std::string name = "encoder.layers.11.attention.output.dense";
  for (const double width : {30.0, 60.0, 100.0, 200.0, 1000.0}) {
    const std::string text = svg::elide(name, width, 10);
    EXPECT_LE(svg::text_width(text, 10), width + 1e-9);
    EXPECT_EQ(text == name, svg::text_width(name, 10) <= width);
    if (text == name) continue;
    const std::size_t dots = text.find("\u2026");
    ASSERT_NE(dots, std::string::npos);
    EXPECT_TRUE(name.starts_with(text.substr(0, dots)));
    EXPECT_TRUE(name.ends_with(text.substr(dots + 3)));
    EXPECT_NEAR(static_cast<double>(dots), static_cast<double>(text.size() - dots - 3), 3);
  }
}

// Where a text of an SVG document stands, by the estimate of its width.
svg::Box box_of_text(const std::string& element) {
  const auto attribute = [&](const std::string& begin) {
    const std::size_t at = element.find(begin);
    return at == std::string::npos ? 0 : std::stod(element.substr(at + begin.size()));
  };
  const bool title = element.find("class=\"title\"") != std::string::npos;
  const bool small = element.find("class=\"muted") != std::string::npos ||
                     element.find("small") != std::string::npos;
  std::string text = element.substr(element.find('>') + 1);
  for (std::size_t at = 0; (at = text.find('<')) != std::string::npos;) {  // a raised exponent
    text.erase(at, text.find('>', at) + 1 - at);
  }
  const double size = svg::text_width(text, title ? 16 : small ? svg::small_size : svg::font_size);
  if (const std::size_t at = element.find("translate("); at != std::string::npos) {
    std::istringstream place(element.substr(at + 10));
    double x = 0;
    double y = 0;
    place >> x >> y;
    return {x - size * std::cos(0.96), y, x, y + size * std::sin(0.96)};
  }
  double x = attribute(" x=\"");
  if (element.find("\"middle\"") != std::string::npos) x -= size / 2;
  if (element.find("\"end\"") != std::string::npos) x -= size;
  const double y = attribute(" y=\"");
  return {x, y - 11, x + size, y + 3};
}

void expect_all_texts_inside(const std::string& document) {
  const auto size = [&](const std::string& name) {
    return std::stod(document.substr(document.find(" " + name + "=\"") + name.size() + 3));
  };
  const double width = size("width");
  const double height = size("height");
  std::size_t texts = 0;
  for (std::size_t at = 0; (at = document.find("<text", at)) != std::string::npos; ++at) {
    const std::string element = document.substr(at, document.find("</text>", at) - at);
    const svg::Box box = box_of_text(element);
    EXPECT_GE(box.left, 0) << element;
    EXPECT_LE(box.right, width) << element;
    EXPECT_GE(box.top, 0) << element;
    EXPECT_LE(box.bottom, height) << element;
    ++texts;
  }
  EXPECT_GT(texts, 5U);
}

TEST(Svg, ClipsNoLabel) {
  for (const ChartKind kind : {ChartKind::lines, ChartKind::bars, ChartKind::dots}) {
    for (const std::size_t count : {1U, 2U, 9U, 40U, 152U}) {
      for (const std::string& name : {std::string("fc"), std::string(300, 'W'),
                                      std::string(60, 'i') + " " + std::string(60, 'm')}) {
        SCOPED_TRACE(std::to_string(static_cast<int>(kind)) + " " + std::to_string(count) + name);
        Chart chart;
        chart.title = "Bounds of " + name;
        chart.note = name;
        chart.kind = kind;
        chart.x.label = name;
        chart.y = {name, true, {}};
        chart.series = {{name, {}, {}, 0}, {"b" + name, {}, {}, 1}};
        for (std::size_t i = 0; i < count; ++i) {
          chart.x.categories.push_back((i == 0 ? "a" : name) + std::to_string(i));
          for (ChartSeries& series : chart.series) {
            series.x.push_back(static_cast<double>(i));
            series.y.push_back(static_cast<double>(i % 7) * 50);
          }
        }
        chart.series[0].y.back() = inf;
        expect_all_texts_inside(svg({chart}));
      }
    }
  }
}

TEST(Svg, MarksNoPointsOfALineWithMoreThan40) {
  for (const std::size_t count : {2U, 40U, 41U, 500U}) {
    Chart chart = sweep();
    chart.markers.clear();
    chart.series = {{"line", {}, {}}, {"lonely", {0, 1, 2}, {gap, 5, gap}}};
    for (std::size_t i = 0; i < count; ++i) {
      chart.series[0].x.push_back(static_cast<double>(i));
      chart.series[0].y.push_back(static_cast<double>(i % 7));
    }
    EXPECT_EQ(count_of(svg({chart}), "</title></path>"), 1 + (count <= 40 ? count : 0));
    const Json marks = vega_view(chart).at("layer").at(0).at("mark");
    EXPECT_EQ(marks.at("type"), "line");
  }
  Chart chart = sweep();
  chart.series.resize(1);
  EXPECT_TRUE(vega_view(chart).at("layer").at(0).at("mark").at("point"));
  for (int i = 3; i < 60; ++i) {
    chart.series[0].x.push_back(i);
    chart.series[0].y.push_back(i);
  }
  EXPECT_FALSE(vega_view(chart).at("layer").at(0).at("mark").at("point"));
}

TEST(Svg, DrawsAReferenceAsAPlainRule) {
  Chart chart = sweep();
  chart.series[1].reference = true;
  const std::string text = svg({chart});
  EXPECT_EQ(count_of(text, "</title></path>"), 4U);
  const std::size_t begin = text.find("<path class=\"rule");
  ASSERT_NE(begin, std::string::npos);
  const std::string rule = text.substr(begin, text.find("/>", begin) - begin);
  EXPECT_EQ(count_of(rule, "H"), 1U) << rule;
  EXPECT_EQ(count_of(rule, "L"), 0U) << rule;
}

TEST(Svg, ExplainsColoursAndDashesWhereLinesAreOfTwoKinds) {
  Chart chart;
  chart.y = {"L", true, {}};
  chart.colours = {"first net", "second net"};
  chart.dashes = {"sharp", "paper"};
  for (std::size_t net = 0; net < 2; ++net) {
    for (std::size_t method = 0; method < 2; ++method) {
      chart.series.push_back({"a line", {0, 1}, {1, 2}, net, method});
    }
  }
  const std::string text = svg({chart});
  for (const char* name : {"first net", "second net", "sharp", "paper"}) {
    EXPECT_EQ(count_of(text, std::string(">") + name + "</text>"), 1U) << name;
  }
  EXPECT_EQ(count_of(text, ">a line</text>"), 0U);
  const Json encoding = vega_view(chart).at("layer").at(0).at("encoding");
  EXPECT_EQ(encoding.at("color").at("field"), "colour");
  EXPECT_EQ(encoding.at("color").at("scale").at("domain"), Json(chart.colours));
  EXPECT_EQ(encoding.at("strokeDash").at("field"), "dash");
  EXPECT_EQ(encoding.at("strokeDash").at("scale").at("domain"), Json(chart.dashes));
  const Json values = vega_view(chart).at("data").at("values");
  EXPECT_EQ(values.at(2).at("colour"), "first net");
  EXPECT_EQ(values.at(2).at("dash"), "paper");
}

TEST(Svg, PutsDotsOfOneCategoryIntoOneRow) {
  Chart chart;
  chart.kind = ChartKind::dots;
  chart.x = {"network", false, {"first", "second", "third"}};
  chart.y = {"m", true, {}};
  chart.series = {{"sharp", {0, 1, 2}, {1, inf, -inf}, 0}, {"paper", {0, 1, 2}, {2, inf, gap}, 1}};
  Chart other = chart;
  other.y.label = "l";
  const std::string text = svg({chart, other});
  EXPECT_EQ(count_of(text, "</title></path>"), 10U);
  for (const char* name : {"first", "second", "third", "sharp", "paper"}) {
    EXPECT_EQ(count_of(text, std::string(">") + name + "</text>"), 1U) << name;
  }
  EXPECT_THAT(text, HasSubstr("\u221e"));
  const Json encoding = vega_view(chart).at("layer").at(0).at("encoding");
  EXPECT_EQ(encoding.at("y").at("field"), "x");
  EXPECT_EQ(encoding.at("x").at("field"), "y");
}

TEST(PlaceLabels, KeepsThemApartAndInside) {
  const svg::Box frame{0, 0, 300, 240};
  std::vector<svg::PointLabel> points;
  for (int i = 0; i < 9; ++i) points.push_back({150.0 + i % 3, 60.0 + i / 3, 80});
  points.push_back({299, 239, 80});
  points.push_back({1, 1, 80});
  const svg::Box taken{158, 0, 300, 60};
  const auto overlap = [](const svg::Box& a, const svg::Box& b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  };
  const std::vector<svg::Box> boxes =
      svg::place_labels(points, frame, [&](const svg::Box& box) { return overlap(box, taken); });
  ASSERT_EQ(boxes.size(), points.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_GE(boxes[i].left, 0);
    EXPECT_LE(boxes[i].right, 300);
    EXPECT_GE(boxes[i].top, 0);
    EXPECT_LE(boxes[i].bottom, 240);
    EXPECT_FALSE(overlap(boxes[i], taken)) << i;
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(overlap(boxes[i], boxes[j])) << i << " " << j;
  }
}

}  // namespace
}  // namespace smoothbound::testing
