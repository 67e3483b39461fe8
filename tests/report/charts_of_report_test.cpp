#include "smoothbound/report/charts/charts_of_report.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "report/charts/chart_scale.hpp"
#include "report/shared/words.hpp"
#include "smoothbound/report/charts/training_charts.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

Report report_on(std::string_view text, std::vector<Method> methods = {Method::sharp}) {
  ReportOptions options;
  options.methods = std::move(methods);
  return make_report({"net.yaml", std::string(text)}, options, {});
}

constexpr std::string_view unnamed_chain = R"(
input: {shape: [3, 8, 8], norm: 2}
batch: 4
layers:
  - {name: a, conv: {filters: 4, kernel: 3}, then: [{batch_norm: {affine: true}}, softplus]}
  - {name: b, conv: {filters: 2, kernel: 3}, then: [sigmoid, {average_pool: 2}]}
  - {name: c, dense: 3, then: [softmax]}
)";

const std::string chain_text = "name: chain" + std::string(unnamed_chain);
const std::string_view chain = chain_text;

TEST(DepthCharts, ShowTheTable) {
  const std::vector<Report> reports{report_on(chain, {Method::paper, Method::sharp})};
  const std::vector<Chart> charts = depth_charts(reports);
  ASSERT_EQ(charts.size(), 3U);
  EXPECT_EQ(charts[0].x.categories, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(charts[2].series.size(), 2U);
  EXPECT_EQ(charts[2].series[0].name, "sharp");
  EXPECT_EQ(charts[2].series[1].name, "paper");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(charts[2].series[0].y[i], reports[0].results[1].table.layers[i].smoothness.log10());
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

TEST(DepthCharts, HaveAColourForEachNetworkAndADashForEachMethod) {
  std::vector<Report> reports;
  for (const std::string_view text : {chain, small_network, relu_network}) {
    reports.push_back(report_on(text, {Method::paper, Method::sharp}));
  }
  for (const Chart& chart : depth_charts(reports)) {
    EXPECT_EQ(chart.colours, (std::vector<std::string>{"chain", "small", "net"}));
    EXPECT_EQ(chart.dashes, (std::vector<std::string>{"sharp", "paper"}));
    ASSERT_EQ(chart.series.size(), 6U);
    for (const ChartSeries& series : chart.series) {
      EXPECT_EQ(series.name, chart.colours[series.colour] + ", " + chart.dashes[series.dash]);
    }
  }
}

TEST(DepthCharts, OfMoreThan8NetworksAreDots) {
  std::vector<Report> reports;
  for (int i = 1; i <= 8; ++i) {
    reports.push_back(report_on("name: net" + std::to_string(i) + std::string(unnamed_chain),
                                {Method::paper, Method::sharp}));
  }
  EXPECT_EQ(depth_charts(reports)[0].kind, ChartKind::lines);
  reports.push_back(report_on(relu_network, {Method::paper, Method::sharp}));
  const std::vector<Chart> charts = depth_charts(reports);
  ASSERT_EQ(charts.size(), 3U);
  for (const Chart& chart : charts) {
    EXPECT_EQ(chart.kind, ChartKind::dots);
    EXPECT_EQ(chart.x.categories.size(), 9U);
    EXPECT_EQ(chart.x.categories[8], "net");
    ASSERT_EQ(chart.series.size(), 2U);
    EXPECT_EQ(chart.series[0].name, "sharp");
    EXPECT_EQ(chart.series[1].y.size(), 9U);
  }
  EXPECT_EQ(charts[1].series[1].y[3], reports[3].results[0].table.network().lipschitz.log10());
  EXPECT_TRUE(std::isinf(charts[2].series[0].y[8]));
}

TEST(DistinctNames, TellFilesOfOneStemApart) {
  const std::vector<words::NetworkFile> networks{
      {"lenet5", "a/lenet5.yaml"}, {"lenet5", "a/lenet5.json"}, {"mlp", "a/mlp.yaml"},
      {"net", "x/one/net.yaml"},   {"net", "x/two/net.yaml"},   {"net", "net.yaml"},
      {"same", "s.yaml"},          {"same", "s.yaml"}};
  EXPECT_THAT(words::distinct_names(networks),
              ::testing::ElementsAre("lenet5 (lenet5.yaml)", "lenet5 (lenet5.json)", "mlp",
                                     "net (one/net.yaml)", "net (two/net.yaml)", "net (net.yaml)",
                                     "same (s.yaml)", "same (s.yaml) #2"));
}

TEST(MethodCharts, AreThePapersBoundsOverTheSharpOnes) {
  const std::vector<Report> reports{report_on(chain, {Method::paper, Method::sharp})};
  const std::vector<Chart> charts = method_charts(reports);
  ASSERT_EQ(charts.size(), 1U);
  for (const ChartSeries& series : charts[0].series) {
    for (const double y : series.y) EXPECT_GE(y, -1e-12) << series.name;
    const std::vector<Chart> depth = depth_charts(reports);
    for (const ChartSeries& method : depth[0].series) {
      EXPECT_NE(series.colour, method.colour) << "it stands for something else";
    }
  }
  EXPECT_TRUE(method_charts(std::vector<Report>{report_on(chain)}).empty());
}

std::vector<Chart> growth_of(const Report& report) {
  const NetworkBounds bounds{&report, &report.results[0]};
  return growth_charts({&bounds, 1});
}

// What the growth charts say of a chain adds up to the network's numbers.
TEST(GrowthCharts, AddUpToTheNetworksNumbers) {
  for (const Method method : {Method::paper, Method::sharp}) {
    const Report report = report_on(chain, {method});
    const std::vector<Chart> charts = growth_of(report);
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

// Readers compare networks by colour and height.
TEST(GrowthCharts, HaveOneColourForAComponentAndOneScaleForANumber) {
  std::vector<Report> reports;
  for (const std::string_view text : {small_network, chain, relu_network}) {
    reports.push_back(report_on(text));
  }
  std::vector<NetworkBounds> networks;
  for (const Report& report : reports) networks.push_back({&report, &report.results[0]});
  const std::vector<Chart> charts = growth_charts(networks);
  ASSERT_EQ(charts.size(), 9U);
  std::map<std::string, std::size_t> colours;
  std::set<std::size_t> used;
  for (std::size_t i = 0; i < charts.size(); ++i) {
    EXPECT_EQ(charts[i].total, "layer");
    EXPECT_EQ(y_extent(charts[i]).low, y_extent(charts[i % 3]).low) << i;
    EXPECT_EQ(y_extent(charts[i]).high, y_extent(charts[i % 3]).high) << i;
    for (const ChartSeries& series : charts[i].series) {
      EXPECT_EQ(colours.try_emplace(series.name, series.colour).first->second, series.colour);
      used.insert(series.colour);
    }
  }
  EXPECT_EQ(used.size(), colours.size());
  EXPECT_GT(colours.size(), 5U);
  // Every chart alone has a smaller scale than the largest one.
  EXPECT_LT(y_extent(growth_of(reports[0])[2]).high, y_extent(charts[2]).high);
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
    const std::vector<Chart> charts = growth_of(report);
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
  const std::vector<Chart> charts = growth_of(report);
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

NamedLog log_of(const std::string& name, std::int64_t iterations, bool certified) {
  NamedLog log{name, {}};
  for (std::int64_t k = 0; k < iterations; ++k) {
    IterationRecord record;
    record.iteration = k;
    record.objective = 2;
    record.gradient_mapping = 1 / static_cast<double>(k + 1);
    record.step = 1;
    if (certified) record.smoothness = Magnitude::from_double(1);
    log.records.push_back(record);
  }
  return log;
}

TEST(TrainingCharts, HaveAColourForEachRunAndADashForTheGuarantee) {
  const std::vector<NamedLog> logs{log_of("a.csv", 4, true), log_of("b.csv", 3, false),
                                   log_of("c.csv", 5, true)};
  const std::vector<Chart> charts = training_charts(logs);
  ASSERT_EQ(charts.size(), 2U);
  ASSERT_EQ(charts[0].series.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(charts[0].series[i].colour, i);
    EXPECT_EQ(charts[0].series[i].dash, 0U);
  }
  const Chart& mapping = charts[1];
  EXPECT_EQ(mapping.colours, (std::vector<std::string>{"a.csv", "b.csv", "c.csv"}));
  EXPECT_EQ(mapping.dashes, (std::vector<std::string>{"smallest ||g||", "guarantee"}));
  ASSERT_EQ(mapping.series.size(), 5U);
  for (const ChartSeries& series : mapping.series) {
    EXPECT_EQ(series.name, mapping.colours[series.colour] + ": " + mapping.dashes[series.dash]);
  }
  // sqrt(2 F(w_0) / K)
  EXPECT_NEAR(mapping.series[1].y[2], std::log10(std::sqrt(4.0 / 3)), 1e-12);
  const std::vector<Chart> one = training_charts({logs.data(), 1});
  EXPECT_EQ(one[1].series[0].colour, one[1].series[1].colour);
  EXPECT_NE(one[1].series[0].dash, one[1].series[1].dash);
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
