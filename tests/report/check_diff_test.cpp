// The exact comparison of bounds with those of a baseline, on numbers made by hand.
#include <gmock/gmock.h>

#include "report/shared/align.hpp"
#include "smoothbound/bounds/check.hpp"

namespace smoothbound::testing {
namespace {

using Pairs = std::vector<std::pair<int, int>>;

Pairs aligned(const std::vector<std::string_view>& before,
              const std::vector<std::string_view>& after) {
  Pairs pairs;
  for (const Aligned& place : align(before, after)) {
    pairs.emplace_back(place.before ? static_cast<int>(*place.before) : -1,
                       place.after ? static_cast<int>(*place.after) : -1);
  }
  return pairs;
}

TEST(Align, FindsWhatCameAndWent) {
  EXPECT_EQ(aligned({}, {}), Pairs());
  EXPECT_EQ(aligned({"a", "b"}, {"a", "b"}), (Pairs{{0, 0}, {1, 1}}));
  EXPECT_EQ(aligned({"a", "b", "c"}, {"a", "c"}), (Pairs{{0, 0}, {1, -1}, {2, 1}}));
  EXPECT_EQ(aligned({"a", "c"}, {"x", "a", "b", "c"}), (Pairs{{-1, 0}, {0, 1}, {-1, 2}, {1, 3}}));
  EXPECT_EQ(aligned({"a"}, {"b"}), (Pairs{{0, -1}, {-1, 0}}));
}

TEST(Align, KeepsTheLongestPartOfAnotherOrder) {
  EXPECT_EQ(aligned({"a", "b", "c", "d"}, {"d", "a", "b", "c"}),
            (Pairs{{-1, 0}, {0, 1}, {1, 2}, {2, 3}, {3, -1}}));
}

bool exceeds(const char* larger, const char* smaller, const char* tolerance) {
  return Decimal(smaller) * Decimal(tolerance).plus_one() < Decimal(larger);
}

TEST(Decimal, ComparesExactlyAtTheEdge) {
  EXPECT_FALSE(exceeds("1.0000000010000000e+0", "1.0000000000000000e+0", "1e-9"));
  EXPECT_TRUE(exceeds("1.0000000010000001e+0", "1.0000000000000000e+0", "1e-9"));
  // 3.3333333333333333 * 1.000000001 = 3.3333333366666666333...
  EXPECT_FALSE(
      exceeds("3.3333333366666666e+12345678901", "3.3333333333333333e+12345678901", "1e-9"));
  EXPECT_TRUE(
      exceeds("3.3333333366666667e+12345678901", "3.3333333333333333e+12345678901", "1e-9"));
  EXPECT_TRUE(exceeds("1.0000000000000001e+300", "1.0000000000000000e+300", "0"));
  EXPECT_TRUE(exceeds("1.0000000000000001e+300", "1.0000000000000000e+300", "1e-300"));
  EXPECT_FALSE(exceeds("1e+1", "9.9999999999999999e+0", "1e-16"));
  EXPECT_FALSE(exceeds("2e-5000", "1e-5000", "1"));
  EXPECT_TRUE(exceeds("2.0000000000000001e-5000", "1e-5000", "1"));
  EXPECT_FALSE(exceeds("1.25e+2", "25", "4.0"));
  EXPECT_TRUE(exceeds("1.26e+2", "25", "4.0"));
  EXPECT_FALSE(exceeds("9e+20", "1", "9e20"));
  EXPECT_TRUE(exceeds("9.1e+20", "1", "9e20"));
}

TEST(Decimal, KnowsZeroAndInfinity) {
  EXPECT_TRUE(exceeds("inf", "1e+400000", "1e300"));
  EXPECT_FALSE(exceeds("inf", "inf", "0"));
  EXPECT_FALSE(exceeds("1e+400000", "inf", "0"));
  EXPECT_TRUE(exceeds("1e-400000", "0", "1e300"));
  EXPECT_FALSE(exceeds("0", "0", "0"));
  for (const char* text :
       {"", "-1", "01", "1.", ".5", "1e", "nan", "1e99999999999999999999", "1 "}) {
    EXPECT_THROW(Decimal{text}, std::invalid_argument) << text;
  }
}

TEST(Shorten, RoundsTheTextInItsDirection) {
  EXPECT_EQ(shorten("1.2345670000000000e+5", 6, Rounding::up), "1.23457e+5");
  EXPECT_EQ(shorten("1.2345600000000000e+5", 6, Rounding::up), "1.23456e+5");
  EXPECT_EQ(shorten("1.2345600000000001e+5", 6, Rounding::up), "1.23457e+5");
  EXPECT_EQ(shorten("1.2345699999999999e+5", 6, Rounding::down), "1.23456e+5");
  EXPECT_EQ(shorten("9.9999999999999999e-1", 6, Rounding::up), "1.00000e+0");
  EXPECT_EQ(shorten("9.9999999999999999e+9", 6, Rounding::up), "1.00000e+10");
  EXPECT_EQ(shorten("0", 6, Rounding::up), "0");
  EXPECT_EQ(shorten("inf", 6, Rounding::up), "inf");
}

TEST(Ratio, IsALogarithmWhereItIsHuge) {
  EXPECT_EQ(ratio_text("2e+5", "2e+5"), "1");
  EXPECT_EQ(ratio_text("2e+5", "3e+5"), "1.5");
  EXPECT_EQ(ratio_text("1e+10", "1e+5010"), "10^+5000.00");
  EXPECT_EQ(ratio_text("1e+10", "1.0000001e+10"), "1+1.0e-07");
  EXPECT_EQ(ratio_text("1", "inf"), "inf");
  EXPECT_EQ(ratio_text("0", "1"), "inf");
  EXPECT_EQ(ratio_text("inf", "1"), "0");
}

// An entry with layers a and b and, if `smoothness` is given, an objective.
BaselineEntry entry(const std::string& m_of_a, const std::string& network_m,
                    const std::string& smoothness = "") {
  BaselineEntry entry{"net.yaml", "net", {"all", "structure"}, {{"radius", "1"}}, {}};
  BaselineResult result{Method::sharp, {}};
  result.rows.push_back({RowKind::layer, "a", {m_of_a, "1", "1"}});
  result.rows.push_back({RowKind::layer, "b", {network_m, "1", "1"}});
  result.rows.push_back({RowKind::network, "", {network_m, "1", "1"}});
  if (!smoothness.empty()) {
    result.rows.push_back({RowKind::objective, "", {"1", smoothness}});
    result.rows.push_back({RowKind::gradient_descent, "", {"1e-3", "1e+1", "2e+1"}});
  }
  entry.results.push_back(result);
  return entry;
}

ArchitectureDiff compare(const BaselineEntry& before, const BaselineEntry& after,
                         const char* tolerance = "1e-9") {
  return compare_entries(before, after, Decimal(tolerance), {{5, 3}, {6, 3}}, "0.0.1");
}

TEST(CompareEntries, JudgesByTheTolerance) {
  EXPECT_EQ(compare(entry("1", "1"), entry("1", "1")).status, Status::unchanged);
  EXPECT_EQ(compare(entry("1", "1"), entry("1.000000001", "1")).status, Status::unchanged);
  EXPECT_EQ(compare(entry("1.000000001", "1"), entry("1", "1")).status, Status::unchanged);
  EXPECT_EQ(compare(entry("1", "1"), entry("1.0000000010000001", "1")).status, Status::regressed);
  EXPECT_EQ(compare(entry("1.0000000010000001", "1"), entry("1", "1")).status, Status::improved);
  EXPECT_EQ(compare(entry("1", "1"), entry("1.000000001", "1"), "0").status, Status::regressed);
  EXPECT_EQ(compare(entry("2", "1"), entry("1", "2")).status, Status::regressed);
  EXPECT_EQ(compare(entry("1", "inf"), entry("1", "1")).status, Status::improved);
  EXPECT_EQ(compare(entry("1", "1e+400"), entry("1", "inf")).status, Status::regressed);
}

TEST(CompareEntries, FindsTheFirstRowAndItsPlace) {
  const ArchitectureDiff diff = compare(entry("1", "1"), entry("1", "2"));
  ASSERT_TRUE(diff.first);
  EXPECT_EQ(diff.first_row().name, "b");
  EXPECT_EQ(diff.location, (Location{6, 3}));
  EXPECT_EQ(headline(diff), "the first layer that changed is 'b'");
}

TEST(CompareEntries, TellsThatALayerMoved) {
  BaselineEntry after = entry("1", "1");
  EXPECT_THAT(compare(entry("1", "1"), after).causes, ::testing::IsEmpty());
  std::swap(after.results[0].rows[0], after.results[0].rows[1]);
  EXPECT_EQ(compare(entry("1", "1"), after).causes.back(), "moved to another place: layer 'b'");
}

TEST(CompareEntries, TakesASmallerStepForWorse) {
  BaselineEntry after = entry("1", "1", "1");
  after.results[0].rows.back().texts[0] = "0.9e-3";
  EXPECT_EQ(compare(entry("1", "1", "1"), after).status, Status::regressed);
  EXPECT_EQ(compare(after, entry("1", "1", "1")).status, Status::improved);
  // Iterations are rounded to integers, and judged by the order that they come from.
  after = entry("1", "1", "1");
  after.results[0].rows.back().texts[2] = "2.1e+1";
  EXPECT_EQ(compare(entry("1", "1", "1"), after).status, Status::unchanged);
}

TEST(CompareEntries, DoesNotAcceptThatTheObjectiveIsGone) {
  EXPECT_EQ(compare(entry("1", "1", "1"), entry("1", "1")).status, Status::regressed);
  EXPECT_EQ(compare(entry("1", "1"), entry("1", "1", "1")).status, Status::changed);
}

TEST(CompareEntries, SaysWhatChanged) {
  BaselineEntry after = entry("2", "1");
  const auto first_cause = [&] { return compare(entry("1", "1"), after).causes.at(0); };
  EXPECT_THAT(first_cause(), ::testing::StartsWith("neither the file nor the settings changed"));
  after.meaning = {"other", "structure"};
  EXPECT_EQ(first_cause(), "the file changed: a setting that the command line overrides");
  after.settings = {{"radius", "2"}, {"loss", "logistic"}};
  EXPECT_EQ(first_cause(), "the file changed: radius 1 -> 2, loss none -> logistic");
  after.meaning = {"other", "other"};
  EXPECT_EQ(first_cause(), "the file changed: its layers");
}

TEST(CheckResult, FailsOnWorseAndIfExactOnEverything) {
  CheckResult result;
  ArchitectureDiff diff;
  for (const auto& [status, fails, fails_if_exact] : {std::tuple{Status::unchanged, false, false},
                                                      {Status::improved, false, true},
                                                      {Status::changed, false, true},
                                                      {Status::added, false, true},
                                                      {Status::removed, false, true},
                                                      {Status::regressed, true, true}}) {
    diff.status = status;
    result.exact = false;
    EXPECT_EQ(result.fails(diff), fails) << name_of(status);
    result.exact = true;
    EXPECT_EQ(result.fails(diff), fails_if_exact) << name_of(status);
  }
}

}  // namespace
}  // namespace smoothbound::testing
