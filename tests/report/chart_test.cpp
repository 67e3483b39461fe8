// What is drawn: every value, at its place, in colours that can be told from the background.
#include "smoothbound/report/charts/chart.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/charts/chart_scale.hpp"
#include "report/charts/chart_style.hpp"
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
  chart.markers = {{-0.25, "crossing at 0.56"}};
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
  EXPECT_THAT(text, HasSubstr("crossing at 0.56"));
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

}  // namespace
}  // namespace smoothbound::testing
