#include "smoothbound/report/charts/charts_of_report.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

Report report_on(std::string_view text, std::vector<Method> methods = {Method::sharp}) {
  ReportOptions options;
  options.methods = std::move(methods);
  return make_report({"net.yaml", std::string(text)}, options, {});
}

constexpr std::string_view chain = R"(name: chain
input: {shape: [3, 8, 8], norm: 2}
batch: 4
layers:
  - {name: a, conv: {filters: 4, kernel: 3}, then: [{batch_norm: {affine: true}}, softplus]}
  - {name: b, conv: {filters: 2, kernel: 3}, then: [sigmoid, {average_pool: 2}]}
  - {name: c, dense: 3, then: [softmax]}
)";

TEST(DepthCharts, ShowTheTable) {
  const std::vector<Report> reports{report_on(chain, {Method::paper, Method::sharp})};
  const std::vector<Chart> charts = depth_charts(reports);
  ASSERT_EQ(charts.size(), 3U);
  EXPECT_EQ(charts[0].x.categories, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(charts[2].series.size(), 2U);
  EXPECT_EQ(charts[2].series[1].name, "sharp");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(charts[2].series[1].y[i], reports[0].results[1].table.layers[i].smoothness.log10());
  }
}

TEST(DepthCharts, NumberLayersThatHaveDifferentNames) {
  std::vector<Report> reports;
  reports.push_back(report_on(chain));
  reports.push_back(report_on(small_network));
  const std::vector<Chart> charts = depth_charts(reports);
  EXPECT_EQ(charts[0].x.categories, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(charts[0].series[1].name, "small");
  EXPECT_EQ(charts[0].series[1].y.size(), 2U);
}

TEST(MethodCharts, AreThePapersBoundsOverTheSharpOnes) {
  const std::vector<Report> reports{report_on(chain, {Method::paper, Method::sharp})};
  const std::vector<Chart> charts = method_charts(reports);
  ASSERT_EQ(charts.size(), 1U);
  for (const ChartSeries& series : charts[0].series) {
    for (const double y : series.y) EXPECT_GE(y, -1e-12) << series.name;
  }
  EXPECT_TRUE(method_charts(std::vector<Report>{report_on(chain)}).empty());
}

// What the growth charts say of a chain adds up to the network's numbers.
TEST(GrowthCharts, AddUpToTheNetworksNumbers) {
  for (const Method method : {Method::paper, Method::sharp}) {
    const Report report = report_on(chain, {method});
    const std::vector<Chart> charts = growth_charts(report, report.results[0]);
    ASSERT_EQ(charts.size(), 3U);
    const auto sum = [](const Chart& chart) {
      double total = 0;
      for (const ChartSeries& series : chart.series) {
        for (const double y : series.y) total += std::isnan(y) ? 0 : y;
      }
      return total;
    };
    const Triple& network = report.results[0].table.network();
    EXPECT_NEAR(sum(charts[0]), network.m.log10() - std::log10(2), 1e-9);
    EXPECT_NEAR(sum(charts[1]), network.lipschitz.log10(), 1e-9);
    EXPECT_NEAR(sum(charts[2]), network.smoothness.log10(), 1e-9);
  }
}

TEST(GrowthCharts, OfManyLayersHaveFewBars) {
  struct Case {
    std::size_t layers, bars;
    std::string second, last;
  };
  for (const Case& each : {Case{100, 100, "layer2", "layer100"}, Case{101, 51, "3-4", "101"},
                           Case{2345, 47, "51-100", "2301-2345"}}) {
    SCOPED_TRACE(each.layers);
    std::string text = "input: {shape: [2]}\nlayers:\n";
    for (std::size_t i = 0; i < each.layers; ++i) {
      text += i == 70 ? "  - {name: big<70>, dense: 2, radius: 90, then: [tanh]}\n"
                      : "  - {dense: 2, then: [softplus]}\n";
    }
    const Report report = report_on(text);
    const std::vector<Chart> charts = growth_charts(report, report.results[0]);
    double sum = 0;
    for (const ChartSeries& series : charts[1].series) {
      EXPECT_EQ(series.x.size(), each.bars);
      ASSERT_EQ(series.y.size(), each.bars);
      for (const double y : series.y) sum += std::isnan(y) ? 0 : y;
    }
    EXPECT_NEAR(sum, report.results[0].table.network().lipschitz.log10(), 1e-6);
    ASSERT_EQ(charts[1].x.categories.size(), each.bars);
    EXPECT_EQ(charts[1].x.categories[1], each.second);
    EXPECT_EQ(charts[1].x.categories.back(), each.last);
    EXPECT_EQ(charts[2].note.find("largest factors of l: big<70> (") != std::string::npos,
              each.bars < each.layers)
        << charts[2].note;
  }
}

TEST(GrowthCharts, BlameTheComponentThatIsInfinite) {
  const Report report = report_on(relu_network);
  const std::vector<Chart> charts = growth_charts(report, report.results[0]);
  for (const Chart& chart : charts) {
    std::vector<std::string> names;
    for (const ChartSeries& series : chart.series) names.push_back(series.name);
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("relu", "dense"));
  }
  // Even where L says nothing of it, m does: layer b is the dense one alone.
  for (const ChartSeries& series : charts[0].series) {
    EXPECT_EQ(std::isnan(series.y[1]), series.name == "relu");
  }
  for (const ChartSeries& series : charts[2].series) {
    EXPECT_EQ(std::isinf(series.y[0]), series.name == "relu");
    EXPECT_TRUE(std::isnan(series.y[1])) << "behind an infinite number there is no factor";
  }
}

TEST(BoundsBehindComponents, EndWithTheLayers) {
  const Report report = report_on(chain);
  const Inputs inputs = inputs_of(report.settings);
  for (std::uint32_t i = 0; i < report.graph.layers.size(); ++i) {
    const std::vector<Triple> behind =
        bounds_behind_components(report.graph, inputs, report.results[0].table, i);
    ASSERT_EQ(behind.size(), report.graph.layers[i].components.size());
    const Triple& layer = report.results[0].table.layers[i];
    EXPECT_EQ(behind.back().m, layer.m);
    EXPECT_EQ(behind.back().lipschitz, layer.lipschitz);
    EXPECT_EQ(behind.back().smoothness, layer.smoothness);
  }
}

}  // namespace
}  // namespace smoothbound::testing
