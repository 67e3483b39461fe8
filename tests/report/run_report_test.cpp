// The verdict on an execution, on reports with planted values.
#include <gmock/gmock.h>

#include <limits>

#include "smoothbound/report/run/run.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using Verdict = RunReport::Verdict;

// Of `small_network`, with norms that are a part of the bounds and one block inside.
RunReport planted(double part) {
  RunReport run;
  ReportOptions options;
  options.methods = {Method::paper, Method::sharp};
  run.bounds = make_report(Source{"net.yaml", std::string(small_network)}, options, {});
  run.precision = Precision::float64;
  run.data.name = "random";
  run.data.stored = run.data.used = run.bounds.graph.input;
  run.tolerance = 1e-10;
  for (const Triple& layer : run.bounds.results.back().table.layers) {
    run.norms.push_back(part * layer.m.to_double());
  }
  run.blocks.push_back({"hidden", 0, 1, Real::from_decimal("1"), true});
  return run;
}

std::string table_of(const RunReport& run) {
  std::string text;
  write(run, Format::table, [&](std::string_view piece) { text += piece; });
  return text;
}

TEST(RunVerdict, HoldsUpToTheBound) {
  EXPECT_EQ(planted(0).verdict(), Verdict::holds);
  EXPECT_EQ(planted(0.5).verdict(), Verdict::holds);
  EXPECT_EQ(planted(1 - 1e-15).verdict(), Verdict::holds);
}

TEST(RunVerdict, IsExceededBeyondIt) {
  const RunReport run = planted(1 + 1e-9);
  EXPECT_EQ(run.verdict(), Verdict::exceeded);
  EXPECT_THAT(run.exceeded(1), ::testing::ElementsAre(0U, 1U));
  const std::string table = table_of(run);
  EXPECT_THAT(table, HasSubstr("  - VIOLATED: layer 'hidden', method sharp: ||z|| = "));
  EXPECT_THAT(table, HasSubstr("  - VIOLATED: layer 'out', method sharp: ||z|| = "));
  EXPECT_THAT(table, HasSubstr("this is a defect of the program\n"));
}

TEST(RunVerdict, ClaimsNothingOfParametersOutside) {
  RunReport run = planted(2);
  run.blocks.front().inside = false;
  EXPECT_EQ(run.verdict(), Verdict::outside);
  EXPECT_EQ(count_of(table_of(run), "VIOLATED"), 0U);
}

TEST(RunVerdict, TellsOverflowFromViolation) {
  RunReport run = planted(0.5);
  run.norms.back() = std::numeric_limits<double>::infinity();
  EXPECT_EQ(run.verdict(), Verdict::overflow);
  run.norms.front() *= 3;
  EXPECT_EQ(run.verdict(), Verdict::exceeded);
}

}  // namespace
}  // namespace smoothbound::testing
