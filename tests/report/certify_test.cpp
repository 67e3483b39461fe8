// Steps that are proved, as they are shown: a report with planted values in every format, and its
// chart.
#include "smoothbound/report/certify/certify.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/shared/directed.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// Of `small_network`; F falls from 1.5 to 1.25 at 0.75, of which 0.2 at 0.5 is proved.
CertifyReport planted() {
  CertifyReport report;
  ReportOptions options;
  options.methods.clear();
  report.bounds = make_report(Source{"net.yaml", std::string(small_network)}, options, {});
  report.data.name = "random";
  report.data.seed = 3;
  report.data.stored = report.data.used = report.bounds.graph.input;
  report.parameters.file = "w.safetensors";
  report.direction = "gradient";
  report.direction_norm = 0.875;
  report.derivatives = {1.5, -0.7, 0.9};
  report.start = {1.4999999, 1.5000001};
  report.rounding = 1.25e-13;
  report.length = 0.625;
  report.order = 4;
  report.best = ProvedStep{0.5, 1.2987654321, 1.2512345678, 0.2012344679, 0.625, 4};
  report.longest = ProvedStep{0.5625, 1.31, 1.2, 0.1899999, 0.75, 1};
  report.line_search = 0.75;
  report.line_search_value = 1.25;
  report.shares = {{0, 0.25}, {1, 0.75}};
  report.curve = {
      {0, 1.5, {1.4999999, 1.5000001}}, {0.5, 1.275, {1.25, 1.3}}, {1, 1.375, {unknown, unknown}}};
  report.work = {100, 300, 200, 7};
  report.seconds = 0.25;
  return report;
}

CertifyReport asked(double lower, double upper, StepVerdict verdict) {
  CertifyReport report = planted();
  report.asked = CertifyReport::AskedStep{0.05, {lower, upper}, 1.4625, verdict};
  return report;
}

std::string text_of(const CertifyReport& report, Format format, bool explains = false) {
  std::string text;
  write(
      report, format, [&](std::string_view piece) { text += piece; }, explains);
  return text;
}

// The second line, behind the title.
std::string answer(const CertifyReport& report) {
  return lines_of(text_of(report, Format::table)).at(1);
}

TEST(Certified, TableHasTheAnswerFirst) {
  EXPECT_EQ(text_of(planted(), Format::table, true), R"(small (net.yaml), along w + t d
PROVED: the step t = 0.5 decreases F, by 0.201234 at least, to 1.29877 at most

  step              t  F at least  F at most  decrease at least      T  n
  least bound     0.5     1.25123    1.29877           0.201234  0.625  4
  longest      0.5625     1.19999    1.31001           0.189999   0.75  1

longest: the longest step certified to decrease F by 0.1 t |slope|

problem
data: random, normal, seed 3, 4 samples 3
parameters: w.safetensors
objective: F = logistic of 4 samples + (0.0001/2) ||w||^2
direction d: gradient, ||d|| = 0.875

computed in floating point, which proves nothing
at w: F = 1.5, slope <grad F, d> = -0.7, curvature <d, hess F d> = 0.9
exact line search: t = 0.75, F = 1.25
the best proved step is 66.7% of its step, with 80.5% of its decrease

bounds
for t in [0, T], T = 0.625: Taylor polynomials of degree K = 3, their remainder of )"
                                                     R"(order n = 4, by intervals
F(w) in [1.49999989, 1.50000011]
what limits T: layer 'out' brings in 75.0% of the bounds' width at T
rounding: outputs are off by 1.25e-13 at most, in the mean over samples, which the bounds )"
                                                     R"(allow for
cost: 3 gradients, 7 passes for remainders
time: 0.25 s

layers and their shares of the bounds' width at T
  #  layer   components      share
  1  hidden  dense softplus  25.0%
  2  out     dense           75.0%
)");
}

TEST(Certified, MarkdownIsTheSame) {
  EXPECT_EQ(text_of(planted(), Format::markdown), R"(## small (net.yaml), along w + t d

PROVED: the step t = 0.5 decreases F, by 0.201234 at least, to 1.29877 at most

| step | t | F at least | F at most | decrease at least | T | n |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| least bound | 0.5 | 1.25123 | 1.29877 | 0.201234 | 0.625 | 4 |
| longest | 0.5625 | 1.19999 | 1.31001 | 0.189999 | 0.75 | 1 |

longest: the longest step certified to decrease F by 0.1 t |slope|

### problem

data: random, normal, seed 3, 4 samples 3
parameters: w.safetensors
objective: F = logistic of 4 samples + (0.0001/2) ||w||^2
direction d: gradient, ||d|| = 0.875

### computed in floating point, which proves nothing

at w: F = 1.5, slope <grad F, d> = -0.7, curvature <d, hess F d> = 0.9
exact line search: t = 0.75, F = 1.25
the best proved step is 66.7% of its step, with 80.5% of its decrease

### bounds

for t in [0, T], T = 0.625: Taylor polynomials of degree K = 3, their remainder of )"
                                                  R"(order n = 4, by intervals
F(w) in [1.49999989, 1.50000011]
what limits T: layer 'out' brings in 75.0% of the bounds' width at T
rounding: outputs are off by 1.25e-13 at most, in the mean over samples, which the bounds )"
                                                  R"(allow for
cost: 3 gradients, 7 passes for remainders
time: 0.25 s
)");
}

TEST(Certified, CsvHasARowForEachPoint) {
  EXPECT_EQ(text_of(planted(), Format::csv),
            "file,architecture,verdict,t,value,lower,upper\n"
            "net.yaml,small,decreases,0,1.5,1.4999999,1.5000001\n"
            "net.yaml,small,decreases,0.5,1.275,1.25,1.3\n"
            "net.yaml,small,decreases,1,1.375,,\n");
}

TEST(Certified, JsonHasWhatThereIs) {
  Json json = Json::parse(text_of(asked(1.4, 1.45, StepVerdict::decreases), Format::json));
  EXPECT_EQ(json.at("schema"), "smoothbound/certify/1");
  for (const char* key : {"schema", "version", "architecture", "data", "parameters"}) {
    json.erase(key);
  }
  json.at("assumptions").clear();  // of any report
  EXPECT_EQ(json, Json::parse(R"({
    "precision": "float64", "samples": 4, "loss": "logistic", "regularizer": 1e-4,
    "direction": "gradient", "direction_norm": 0.875, "degree": 3, "enclosure": "interval",
    "value": 1.5, "slope": -0.7, "curvature": 0.9, "verdict": "decreases",
    "start": {"lower": 1.4999999, "upper": 1.5000001}, "length": 0.625, "order": 4,
    "rounding": 1.25e-13,
    "asked": {"t": 0.05, "lower": 1.4, "upper": 1.45, "value": 1.4625, "verdict": "decreases"},
    "best": {"t": 0.5, "lower": 1.2512345678, "upper": 1.2987654321, "decrease": 0.2012344679,
             "length": 0.625, "order": 4},
    "longest": {"t": 0.5625, "lower": 1.2, "upper": 1.31, "decrease": 0.1899999, "length": 0.75,
                "order": 1},
    "line_search": {"t": 0.75, "value": 1.25, "proved_step": 0.6666666666666666,
                    "proved_decrease": 0.8049378716},
    "shares": [{"index": 1, "name": "hidden", "share": 0.25},
               {"index": 2, "name": "out", "share": 0.75}],
    "curve": [{"t": 0.0, "value": 1.5, "lower": 1.4999999, "upper": 1.5000001},
              {"t": 0.5, "value": 1.275, "lower": 1.25, "upper": 1.3}, {"t": 1.0, "value": 1.375}],
    "gradients": 3.0, "passes": 7, "seconds": 0.25, "assumptions": []})"));
}

TEST(Certified, JsonLeavesOutWhatThereIsNot) {
  CertifyReport report = planted();
  report.best = report.longest = {};
  report.line_search = {};
  report.length = 0;
  report.shares.clear();
  report.failed_layer = "out";
  report.derivatives.curvature = inf;
  report.asked = CertifyReport::AskedStep{9, {-inf, inf}, unknown, StepVerdict::undecided};
  const Json json = Json::parse(text_of(report, Format::json));
  EXPECT_EQ(json.dump().find("null"), std::string::npos);
  for (const char* key : {"best", "longest", "line_search", "length", "order", "start", "saved"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
  EXPECT_EQ(json.at("asked").at("lower"), "-inf");
  EXPECT_EQ(json.at("asked").at("upper"), "inf");
  EXPECT_EQ(json.at("asked").at("value"), "nan");
  EXPECT_EQ(json.at("curvature"), "inf");
  EXPECT_EQ(json.at("failed_layer"), "out");
  EXPECT_EQ(json.at("verdict"), "undecided");
}

TEST(Certified, TheAnswerIsAboutTheStepThatWasAskedFor) {
  EXPECT_EQ(answer(asked(1.4, 1.45, StepVerdict::decreases)),
            "PROVED: the step t = 0.05 decreases F, by 0.0499998 at least: F(w + t d) <= 1.45 and "
            "F(w) >= 1.49999");
  EXPECT_EQ(answer(asked(1.55, 1.6, StepVerdict::increases)),
            "PROVED: the step t = 0.05 increases F, by 0.0499998 at least: F(w + t d) >= 1.55 and "
            "F(w) <= 1.50001");
  EXPECT_EQ(answer(asked(1.4, 1.6, StepVerdict::undecided)),
            "not decided: the step t = 0.05 leads to F(w + t d) in [1.39, 1.61], from F(w) in "
            "[1.49999989, 1.50000011]");
  CertifyReport unbounded = asked(-inf, inf, StepVerdict::undecided);
  unbounded.length = 0;
  unbounded.failed_layer = "out";
  EXPECT_EQ(answer(unbounded),
            "not decided: for t up to 0.05 there are no finite bounds: those of layer 'out' are "
            "not");
}

TEST(Certified, WhyNothingIsProved) {
  CertifyReport report = planted();
  report.best = report.longest = {};
  EXPECT_EQ(answer(report),
            "no decrease is proved: for no T that was tried do the bounds on [0, T] come below "
            "F(w)");
  report.derivatives.slope = 0.25;
  EXPECT_EQ(answer(report), "no decrease is proved: F does not fall along d, its slope is 0.25");
}

TEST(Certified, WhatIsSavedIsSaid) {
  CertifyReport report = planted();
  report.saved = "w2.safetensors";
  EXPECT_THAT(text_of(report, Format::table),
              HasSubstr("\nw + t d for t = 0.5 is saved in w2.safetensors\n"));
  EXPECT_EQ(Json::parse(text_of(report, Format::json)).at("saved"), "w2.safetensors");
}

TEST(CertifiedNumbers, AreRoundedToTheSafeSide) {
  EXPECT_EQ(at_most(1.2345671), "1.23457");
  EXPECT_EQ(at_most(1.2345601), "1.23457");
  EXPECT_EQ(at_least(1.2345699), "1.23456");
  EXPECT_EQ(at_most(-1.2345699), "-1.23456");
  EXPECT_EQ(at_least(-1.2345601), "-1.23457");
  EXPECT_EQ(at_most(0), "0");
  EXPECT_EQ(at_most(0.5), "0.5");
  EXPECT_EQ(at_most(100), "100");
  EXPECT_EQ(at_most(123456), "123456");
  EXPECT_EQ(at_most(1234567), "1.23457e+6");
  EXPECT_EQ(at_least(0.00123), "0.00122999");  // the double is below
  EXPECT_EQ(at_most(1e-5), "1.00001e-5");      // and here above
  EXPECT_EQ(at_most(inf), "inf");
  EXPECT_EQ(at_least(-inf), "-inf");
}

// Of T: what is typed again lies in [0, T].
TEST(Directed, NumbersThatAreTypedAgainAreNotBeyond) {
  EXPECT_EQ(not_beyond(0.06669), "0.06669");
  EXPECT_EQ(not_beyond(0.00123), "0.00123");
  EXPECT_EQ(not_beyond(1e-30), "1e-30");
  EXPECT_EQ(not_beyond(2), "2");
  EXPECT_EQ(not_beyond(0.1234567), "0.123456");
  EXPECT_EQ(not_beyond(0.1234561), "0.123456");
  EXPECT_EQ(not_beyond(std::nextafter(0.5, 0)), "0.499999");
  for (double t = 1e-9; t < 1e9; t *= 1.37) {
    const double typed = std::stod(not_beyond(t));
    EXPECT_LE(typed, t);
    EXPECT_GE(typed, t * (1 - 1e-5));
  }
}

TEST(CertifiedNumbers, IntervalsTellTheirEndsApart) {
  EXPECT_EQ(interval(1.5, 1.5009765625), "[1.5, 1.50098]");  // exact, and rounded
  EXPECT_EQ(interval(-0.25, 8), "[-0.25, 8]");
  EXPECT_EQ(interval(2, 2), "[2, 2]");
  EXPECT_EQ(interval(-inf, inf), "[-inf, inf]");
}

TEST(CertifiedChart, HasFBetweenItsBounds) {
  const std::vector<Chart> charts = certify_charts(planted());
  ASSERT_EQ(charts.size(), 1U);
  const Chart& chart = charts[0];
  ASSERT_EQ(chart.series.size(), 3U);
  EXPECT_THAT(chart.series[0].y, ElementsAre(1.5, 1.275, 1.375));
  EXPECT_THAT(chart.series[1].y, ElementsAre(1.5000001, 1.3, ::testing::IsNan()));
  EXPECT_THAT(chart.series[2].y, ElementsAre(1.4999999, 1.25, ::testing::IsNan()));
  ASSERT_EQ(chart.markers.size(), 3U);
  EXPECT_EQ(chart.markers[0].label, "t = 0.5: F at most 1.29877");
  EXPECT_EQ(chart.markers[0].y, 1.2987654321);
  EXPECT_EQ(chart.markers[1].label, "line search");
  EXPECT_EQ(chart.markers[2].label, "T");
  EXPECT_EQ(chart.markers[2].x, 0.625);
  EXPECT_DOUBLE_EQ(chart.markers[2].y, 1.3);  // between two points
  std::string svg;
  write_svg(charts, [&](std::string_view piece) { svg += piece; });
  EXPECT_THAT(svg, HasSubstr("marked: line search"));
  EXPECT_THAT(svg, Not(HasSubstr("crossing at")));
}

// Bounds that go far away do not make F look level: they end where they leave what F takes thrice.
TEST(CertifiedChart, BoundsEndWhereTheyAreOfNoUse) {
  CertifyReport report = planted();
  report.curve[1].bounds = {-1000, 1000};
  report.curve[2].bounds = {-2000, 2000};
  const Chart chart = certify_charts(report).front();
  EXPECT_THAT(chart.series[1].y, ElementsAre(1.5000001, ::testing::DoubleNear(1.725, 1e-12),
                                             ::testing::IsNan(), ::testing::IsNan()));
  EXPECT_LT(chart.series[1].x[1], 0.001);
  EXPECT_THAT(chart.series[2].y, ElementsAre(1.4999999, ::testing::DoubleNear(1.05, 1e-12),
                                             ::testing::IsNan(), ::testing::IsNan()));
}

TEST(CertifiedChart, WithoutBoundsItIsF) {
  CertifyReport report = planted();
  report.best = report.longest = {};
  report.length = 0;
  for (CurvePoint& point : report.curve) point.bounds = {unknown, unknown};
  const Chart chart = certify_charts(report).front();
  EXPECT_EQ(chart.series.size(), 1U);
  EXPECT_EQ(chart.note, "F is computed in floating point: it has no finite bounds");
}

TEST(CertifiedChart, MarksTheStepThatWasAskedFor) {
  const Chart chart = certify_charts(asked(1.4, 1.6, StepVerdict::undecided)).front();
  EXPECT_EQ(chart.markers[0].label, "t = 0.05");
  EXPECT_EQ(chart.markers[0].y, 1.4625);
}

}  // namespace
}  // namespace smoothbound::testing
