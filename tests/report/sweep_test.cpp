// Grids, products of them, and crossings whose places are known in closed form.
#include "smoothbound/bounds/sweep.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "report/charts/chart_scale.hpp"
#include "smoothbound/report/sweep/writers.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SweepAxis axis_of(SweepSetting setting, std::string_view text) {
  return parse_axis(setting, {text, false, {1, 1}, "--grid"});
}

std::vector<std::string> literals(SweepSetting setting, std::string_view text) {
  std::vector<std::string> all;
  for (const SweepValue& value : axis_of(setting, text).values) all.push_back(value.literal);
  return all;
}

TEST(SweepGrid, PointsAreTheShortestDecimals) {
  EXPECT_THAT(literals(SweepSetting::radius, "1e-4:1e2:log:7"),
              ElementsAre("1e-4", "0.001", "0.01", "0.1", "1", "10", "1e2"));
  EXPECT_THAT(literals(SweepSetting::radius, "0:1:lin:6"),
              ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(literals(SweepSetting::bn_epsilon, "1e-8:1e-6:log:3"),
              ElementsAre("1e-8", "1e-7", "1e-6"));
  EXPECT_THAT(literals(SweepSetting::batch, "1:128:log:8"),
              ElementsAre("1", "2", "4", "8", "16", "32", "64", "128"));
  EXPECT_THAT(literals(SweepSetting::radius, "1:100:log:4"),
              ElementsAre("1", "4.641588833612779", "21.544346900318835", "100"));
}

TEST(SweepGrid, ListsAndNumbersStayAsTyped) {
  EXPECT_THAT(literals(SweepSetting::radius, "3,1.50,0,1e+1"),
              ElementsAre("3", "1.50", "0", "1e+1"));
  EXPECT_THAT(literals(SweepSetting::input_norm, "2.0"), ElementsAre("2.0"));
  EXPECT_THAT(literals(SweepSetting::batch, "1e2,8"), ElementsAre("100", "8"));
  EXPECT_THAT(literals(SweepSetting::radius, "2:2:lin:1"), ElementsAre("2"));
  EXPECT_EQ(axis_of(SweepSetting::radius, "1,2").spacing, Spacing::logarithmic);
  EXPECT_EQ(axis_of(SweepSetting::radius, "0,2").spacing, Spacing::linear);
}

TEST(SweepGrid, EveryPointIsThePointThatItsLiteralSays) {
  for (const SweepValue& value : axis_of(SweepSetting::bn_epsilon, "1e-4:1e4:log:1001").values) {
    const Real real = Real::from_decimal(value.literal);
    EXPECT_EQ(value.real.upper, real.upper);
    EXPECT_EQ(value.real.lower, real.lower);
  }
}

struct BadGrid {
  std::string name;
  SweepSetting setting;
  std::string text;
  std::uint32_t column;
  std::string message;
  std::string hint;
};

class BadGrids : public ::testing::TestWithParam<BadGrid> {};

TEST_P(BadGrids, AreRefusedInTheirPlace) {
  const BadGrid& bad = GetParam();
  try {
    axis_of(bad.setting, bad.text);
    FAIL() << bad.text << " was accepted";
  } catch (const SpecError& error) {
    EXPECT_EQ(error.what(), bad.message);
    EXPECT_EQ(error.hint, bad.hint);
    EXPECT_EQ(error.location.column, bad.column);
  }
}

constexpr auto radius = SweepSetting::radius;
constexpr auto batch = SweepSetting::batch;
const std::string fewer =
    "take fewer points; crossings are found to 6 digits from a coarse grid, too";

INSTANTIATE_TEST_SUITE_P(
    Mistakes, BadGrids,
    ::testing::Values(
        BadGrid{"TwoParts", radius, "1:2", 1, "--grid is not a range",
                "a range is FIRST:LAST:lin:POINTS or FIRST:LAST:log:POINTS, as in 0.1:10:log:21"},
        BadGrid{"FiveParts", radius, "1:2:lin:3:4", 1, "--grid is not a range",
                "a range is FIRST:LAST:lin:POINTS or FIRST:LAST:log:POINTS, as in 0.1:10:log:21"},
        BadGrid{"Spacing", radius, "1:2:geo:3", 5, "--grid: unknown spacing 'geo'",
                "lin for equal differences, log for equal ratios"},
        BadGrid{"Empty", radius, "1:1.0:log:3", 1, "--grid: the range is empty, from 1 to 1.0",
                "write 1 for a single point"},
        BadGrid{"LogFromZero", radius, "0:1:log:3", 1, "--grid: a log range cannot hold 0",
                "begin above 0, or write lin"},
        BadGrid{"LogToZero", radius, "1:0:log:3", 3, "--grid: a log range cannot hold 0",
                "begin above 0, or write lin"},
        BadGrid{"Negative", radius, "-1:1:log:3", 1, "--grid must not be negative",
                "remove the minus sign"},
        BadGrid{"Reversed", radius, "10:0.1:log:21", 1,
                "--grid: the range goes down, from 10 to 0.1", "write 0.1:10:log:21"},
        BadGrid{"NaN", radius, "1:nan:lin:3", 3, "--grid must be a number, not 'nan'",
                "settings are finite numbers"},
        BadGrid{"NaNInList", radius, "1,NaN", 3, "--grid must be a number, not 'NaN'",
                "settings are finite numbers"},
        BadGrid{"Infinity", radius, "1:inf:log:3", 3, "--grid must be a number, not 'inf'",
                "settings are finite numbers"},
        BadGrid{"OnePoint", radius, "1:2:lin:1", 9, "--grid: a range has at least 2 points",
                "write 1 for a single point"},
        BadGrid{"NoPoint", radius, "1:2:lin:0", 9,
                "the number of points of --grid must be at least 1", "write an integer from 1 on"},
        BadGrid{"HalfAPoint", radius, "1:2:lin:2.5", 9,
                "the number of points of --grid must be an integer",
                "write a whole number such as 3"},
        BadGrid{"ABillionPoints", radius, "1:2:log:1e9", 9,
                "--grid has 1e9 points: a sweep has at most 1,000,000", fewer},
        BadGrid{"TooClose", radius, "1:1.0000000000000004:lin:9", 1,
                "--grid: the points are too close to tell them apart",
                "take fewer points or a wider range"},
        BadGrid{"EmptyItem", radius, "1,,2", 3, "--grid has an empty item",
                "write 0.1:10:log:21, 0:1:lin:11, a list 1,8,128 or a number"},
        BadGrid{"TrailingComma", radius, "1,2,", 5, "--grid has an empty item",
                "write 0.1:10:log:21, 0:1:lin:11, a list 1,8,128 or a number"},
        BadGrid{"ZeroScale", SweepSetting::softplus_scale, "1,0", 3, "--grid must be positive",
                "write a number above 0"},
        BadGrid{"ZeroBatch", batch, "8,0", 3, "--grid must be at least 1",
                "write an integer from 1 on"},
        BadGrid{"FractionalBatch", batch, "8,1.5", 3, "--grid must be an integer",
                "write a whole number such as 3"},
        BadGrid{"FractionalBatchBetween", batch, "1:100:log:4", 1,
                "--grid must be integers, not 4.64159",
                "write a list of integers such as 1,8,128"}),
    [](const auto& test) { return test.param.name; });

TEST(SweepProduct, HasALimit) {
  const std::vector<SweepAxis> axes{axis_of(batch, "1:1000:lin:1000"),
                                    axis_of(radius, "0:1:lin:1000")};
  EXPECT_NO_THROW(refuse_too_many_points(axes));
  const std::vector<SweepAxis> more{axes[0], axes[1], axis_of(SweepSetting::input_norm, "1,2")};
  try {
    refuse_too_many_points(more);
    FAIL();
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(), "1000 x 1000 x 2 points: a sweep has at most 1,000,000");
  }
}

Sweep sweep_of(const std::string& text, std::vector<SweepAxis> axes, const std::string& other = {},
               unsigned threads = 1) {
  const ReportOptions options = options_for({}, axes);
  std::optional<Report> against;
  if (!other.empty()) against = make_report({"other.yaml", other}, options, {});
  return run_sweep(make_report({"net.yaml", text}, options, {}), std::move(against),
                   std::move(axes), {Method::paper, Method::sharp}, {threads, {}});
}

const std::string two_layers =
    "name: two\ninput: {shape: [2]}\nloss: square\nlayers:\n"
    "  - {name: a, dense: 2, then: [softplus, batch_norm]}\n  - {name: b, dense: 2}\n";

TEST(SweepProduct, TheLastSettingIsTheFastest) {
  const Sweep sweep = sweep_of(two_layers, {axis_of(radius, "2,1"), axis_of(batch, "1,3,2")});
  std::vector<std::string> points;
  for (std::size_t i = 0; i < sweep.point_count(); ++i) {
    points.push_back(sweep.value(i, 0).literal + " " + sweep.value(i, 1).literal);
  }
  EXPECT_THAT(points, ElementsAre("2 1", "2 3", "2 2", "1 1", "1 3", "1 2"));
  EXPECT_EQ(sweep.results.size(), 12U);
}

TEST(Sweep, DoesNotDependOnTheNumberOfThreads) {
  const auto run = [](unsigned threads) {
    const Sweep sweep =
        sweep_of(two_layers,
                 {axis_of(SweepSetting::bn_epsilon, "1e-3:1e3:log:40"), axis_of(radius, "0,1,2"),
                  axis_of(SweepSetting::softplus_scale, "1,4")},
                 "name: plain\ninput: {shape: [2]}\nlayers:\n"
                 "  - {name: a, dense: 2, then: [softplus]}\n  - {name: b, dense: 2}\n",
                 threads);
    std::string text;
    write(sweep, Format::json, [&](std::string_view piece) { text += piece; });
    write(sweep, Format::csv, [&](std::string_view piece) { text += piece; });
    return text;
  };
  const std::string one = run(1);
  EXPECT_GT(one.size(), 10'000U);
  EXPECT_EQ(one, run(3));
  EXPECT_EQ(one, run(16));
}

TEST(Sweep, FailuresOfAThreadArriveWhole) {
  const auto fail = [] {
    run_in_parallel(100, {4, {}}, []() -> RangeTask {
      return [](std::size_t begin, std::size_t) {
        if (begin > 50) throw std::runtime_error("broken");
      };
    });
  };
  EXPECT_THROW(fail(), std::runtime_error);
}

// Without bias, batch 1, ||x|| = 1: a chain of n dense layers has l = n R^(n-1) by the paper's
// rules and sqrt(n) R^(n-1) by the sharp ones; disjoint branches add up, as squares if sharp.
const std::string valley =
    "name: valley\ninput: {shape: [2], norm: 1}\nbatch: 1\nlayers:\n"
    "  - {name: a, dense: 2, bias: false}\n  - {name: b, dense: 2, bias: false}\n"
    "  - {name: c, dense: 2, bias: false}\n  - {name: d, from: input, dense: 2, bias: false}\n"
    "  - {name: sum, add: [c, d]}\n";  // 3 R^2 + 1, sqrt(3 R^4 + 1)
const std::string slope =
    "name: slope\ninput: {shape: [2], norm: 1}\nbatch: 1\nlayers:\n"
    "  - {name: a, dense: 2, bias: false}\n  - {name: b, dense: 2, bias: false}\n"
    "  - {name: c, from: input, dense: 2, bias: false}\n  - {name: d, dense: 2, bias: false}\n"
    "  - {name: sum, add: [b, d]}\n";  // 4 R, 2 R

const CrossingList& lipschitz_list(const Sweep& sweep, std::size_t method) {
  for (const CrossingList& list : sweep.crossings) {
    if (list.method == method && list.bound == &Triple::lipschitz) return list;
  }
  throw std::runtime_error("no list");
}

void expect_crossing(const Crossing& crossing, double place, Standing below, Standing above) {
  const double low = crossing.low.real.nearest;
  const double high = crossing.high.real.nearest;
  EXPECT_LE(low, place * (1 + 1e-12));
  EXPECT_GE(high, place * (1 - 1e-12));
  EXPECT_LT(high / low - 1, 5e-7);
  EXPECT_EQ(crossing.below, below);
  EXPECT_EQ(crossing.above, above);
}

// The second grid has the tie at R = 1 among its points.
TEST(Crossings, OfAFunctionThatIsNotMonotoneAreAllFound) {
  for (const char* grid : {"0.13:7:log:9", "0.1:10:log:21", "0.05:5.3:lin:22", "7,0.13,0.7,0.4"}) {
    SCOPED_TRACE(grid);
    const Sweep sweep = sweep_of(valley, {axis_of(radius, grid)}, slope);
    const std::array<double, 2> first{1.0 / 3, std::sqrt(1.0 / 3)};
    for (std::size_t method = 0; method < 2; ++method) {
      const CrossingList& list = lipschitz_list(sweep, method);
      ASSERT_EQ(list.crossings.size(), 2U);
      EXPECT_EQ(list.at_lowest, Standing::worse);
      expect_crossing(list.crossings[0], first[method], Standing::worse, Standing::better);
      expect_crossing(list.crossings[1], 1, Standing::better, Standing::worse);
    }
  }
}

// By the paper's rules the slope has l = k (4 R + 1) here: the two curves cross at
// R = (2 k -+ sqrt(4 k^2 - 3 (1 - k))) / 3, so close that no grid has a point in between.
TEST(Crossings, OfOneIntervalDoNotHide) {
  const double k = 0.5688;
  const double root = std::sqrt(4 * k * k - 3 * (1 - k));
  const std::string other =
      slope + "  - {name: scaled, opaque: {lipschitz: 0.5688, smoothness: 0, bound: 1}}\n";
  for (const char* grid : {"0.01:100:log:2", "0.01:100:log:9", "0.01:100:log:801", "0:1:lin:2",
                           "0:1:lin:200", "0.3,0.5", "0.36,0.4,3", "0.001,0.37,0.42"}) {
    SCOPED_TRACE(grid);
    const Sweep sweep = sweep_of(valley, {axis_of(radius, grid)}, other);
    const CrossingList& list = lipschitz_list(sweep, 0);
    ASSERT_EQ(list.crossings.size(), 2U);
    expect_crossing(list.crossings[0], (2 * k - root) / 3, Standing::worse, Standing::better);
    expect_crossing(list.crossings[1], (2 * k + root) / 3, Standing::better, Standing::worse);
    EXPECT_TRUE(lipschitz_list(sweep, 1).crossings.empty());
  }
}

TEST(Crossings, AreFoundForEachCombinationOfTheOtherSettings) {
  // Both sides are proportional to ||x||: the places stay.
  const Sweep sweep = sweep_of(
      valley, {axis_of(radius, "0.13:7:log:9"), axis_of(SweepSetting::input_norm, "1,3")}, slope);
  ASSERT_EQ(sweep.crossings.size(), 8U);
  for (const CrossingList& list : sweep.crossings) {
    if (list.bound != &Triple::lipschitz || list.method != 0) continue;
    ASSERT_EQ(list.crossings.size(), 2U);
    expect_crossing(list.crossings[0], 1.0 / 3, Standing::worse, Standing::better);
  }
  EXPECT_EQ(sweep.value(sweep.crossings[0].first_point, 1).literal, "1");
  EXPECT_EQ(sweep.value(sweep.crossings[4].first_point, 1).literal, "3");
}

TEST(Crossings, OfIntegersAreNeighbours) {
  // l of a dense layer with bias is ||x|| + sqrt(batch) by the paper, of two without bias 2 R
  // ||x||: equal at batch 25.
  const std::string with_bias = "input: {shape: [2], norm: 5}\nlayers: [{name: a, dense: 2}]\n";
  const std::string without =
      "input: {shape: [2], norm: 5}\nlayers:\n  - {name: a, dense: 2, bias: false}\n"
      "  - {name: b, dense: 2, bias: false}\n";
  const Sweep sweep = sweep_of(with_bias, {axis_of(batch, "1,1000")}, without);
  const CrossingList& list = lipschitz_list(sweep, 0);
  ASSERT_EQ(list.crossings.size(), 1U);
  EXPECT_EQ(list.crossings[0].low.literal, "24");
  EXPECT_EQ(list.crossings[0].high.literal, "26");
}

TEST(Crossings, AreNoneAgainstItself) {
  const Sweep sweep = sweep_of(slope, {axis_of(radius, "0.1:10:log:5")}, slope);
  for (const CrossingList& list : sweep.crossings) {
    EXPECT_TRUE(list.crossings.empty());
    EXPECT_EQ(list.at_lowest, Standing::equal);
  }
}

TEST(SweepCharts, HoldEveryPointTheOtherNetworkAndTheCrossings) {
  const Sweep sweep = sweep_of(valley, {axis_of(radius, "0.13:7:log:9")}, slope);
  const std::vector<Chart> charts = sweep_charts(sweep);
  ASSERT_EQ(charts.size(), 4U);  // l by the paper, sharp; L by the paper, sharp
  EXPECT_THAT(charts[1].title, HasSubstr("Lipschitz constant l along radius, method sharp"));
  EXPECT_TRUE(charts[0].x.logarithmic);
  EXPECT_THAT(charts[0].colours, ElementsAre("valley", "slope"));
  ASSERT_EQ(charts[0].series.size(), 2U);
  EXPECT_EQ(charts[0].series[0].name, "valley");
  EXPECT_EQ(charts[0].series[1].name, "slope");
  for (const ChartSeries& series : charts[0].series) {
    EXPECT_EQ(series.x.size(), 9U);
    EXPECT_FALSE(series.reference);
  }
  EXPECT_NEAR(charts[0].series[1].y.front(), std::log10(4 * 0.13), 1e-12);
  ASSERT_EQ(charts[0].markers.size(), 2U);
  EXPECT_NEAR(charts[0].markers[0].x, std::log10(1.0 / 3), 1e-6);
  EXPECT_EQ(charts[0].markers[0].label, "0.333333");
  // On the line as it is drawn, between two points of 3 R^2 + 1.
  EXPECT_NEAR(charts[0].markers[0].y, std::log10(4.0 / 3), 0.05);
}

TEST(SweepCharts, HaveAColourForEachNetworkAndADashForEachCombination) {
  const Sweep sweep = sweep_of(
      valley, {axis_of(radius, "0.13:7:log:9"), axis_of(SweepSetting::input_norm, "1,3")}, slope);
  const Chart chart = sweep_charts(sweep).front();
  EXPECT_THAT(chart.dashes, ElementsAre("input_norm 1", "input_norm 3"));
  ASSERT_EQ(chart.series.size(), 4U);
  for (const ChartSeries& series : chart.series) {
    EXPECT_EQ(series.name, chart.colours[series.colour] + ", " + chart.dashes[series.dash]);
  }
  ASSERT_EQ(chart.markers.size(), 4U);
  for (const ChartMarker& marker : chart.markers) {
    EXPECT_THAT(marker.label, HasSubstr(", input_norm "));
    double nearest = 100;  // its line
    for (const ChartSeries& series : chart.series) {
      if (!marker.label.ends_with(chart.dashes[series.dash]) || series.colour != 0) continue;
      nearest = height_at(series, marker.x) - marker.y;
    }
    EXPECT_NEAR(nearest, 0, 1e-12) << marker.label;
  }
}

TEST(SweepCharts, DrawAConstantOtherNetworkAsAReference) {
  const std::string plain =
      "name: plain\ninput: {shape: [2]}\nlayers:\n"
      "  - {name: a, dense: 2, then: [softplus]}\n  - {name: b, dense: 2}\n";
  const Sweep sweep = sweep_of(
      two_layers, {axis_of(SweepSetting::bn_epsilon, "1e-3:1e3:log:50"), axis_of(radius, "1,2")},
      plain);
  for (const Chart& chart : sweep_charts(sweep)) {
    ASSERT_EQ(chart.series.size(), 4U);
    for (const ChartSeries& series : chart.series) {
      EXPECT_EQ(series.reference, series.colour == 1) << series.name;
    }
  }
}

}  // namespace
}  // namespace smoothbound::testing
