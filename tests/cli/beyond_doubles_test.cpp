// Bounds beyond 1.8e308 in everything that is written.
#include <gmock/gmock.h>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view beyond = R"(
name: beyond
input: {shape: [2], norm: 1e200}
radius: 1e200
loss: square
layers:
  - {name: first, dense: 2}
  - {name: second, dense: 2}
)";

constexpr std::string_view moderate = R"(
name: beyond
input: {shape: [2]}
loss: square
layers:
  - {name: first, dense: 2}
  - {name: second, dense: 2}
)";

class BeyondDoubles : public ::testing::TestWithParam<const char*> {
 protected:
  // Its output.
  std::string run(std::vector<std::string> arguments, int exit_code = 0) {
    arguments.insert(arguments.end(), {"--format", GetParam()});
    SCOPED_TRACE(::testing::PrintToString(arguments));
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return outcome.out;
  }
  TemporaryDirectory directory_;
  std::string file_ = directory_.write("beyond.yaml", beyond);
  std::string other_ = directory_.write("moderate.yaml", moderate);
};

TEST_P(BeyondDoubles, AreWrittenByTheCalculator) {
  EXPECT_THAT(run({"bound", "--method", "both", file_}), HasSubstr("e+400"));
  EXPECT_THAT(run({"compare", file_, other_}), HasSubstr("e+400"));
  EXPECT_THAT(run({"sweep", file_, "--radius", "1e100,1e200"}), HasSubstr("e+400"));
}

TEST_P(BeyondDoubles, AreWrittenByTheRuntime) {
  EXPECT_THAT(run({"run", "--precision", "float64", "--radius", "1e200", file_}),
              HasSubstr("e+400"));
  // Near the origin, where the loss is a double.
  (void)run({"train", "--precision", "float64", "--iterations", "2", "--step", "line-search",
             "--input-norm", "1", file_});
  (void)run({"cost", file_});
}

INSTANTIATE_TEST_SUITE_P(Formats, BeyondDoubles,
                         ::testing::Values("table", "markdown", "csv", "json"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace smoothbound::testing
