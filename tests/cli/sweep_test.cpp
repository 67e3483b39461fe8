// smoothbound sweep as users run it; what it says is held against `bound`.
#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

const std::string architectures = std::string(SMOOTHBOUND_SOURCE_DIR) + "/architectures/";
const std::string plain = architectures + "vgg16.yaml";
const std::string normalized = architectures + "vgg16-batchnorm.yaml";

Json json_of(std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const Outcome run = run_program(arguments, input);
  if (run.out.empty()) throw std::runtime_error("no output: " + run.err);
  return Json::parse(run.out);
}

// The point's numbers are those of `bound` with the same settings, to the last digit.
void expect_point_of_bound(const Json& point, std::vector<std::string> arguments,
                           const std::string& input = {}) {
  arguments.insert(arguments.begin(), "bound");
  for (const auto& [name, value] : point.at("values").items()) {
    std::string option = "--" + name;
    std::replace(option.begin(), option.end(), '_', '-');
    arguments.insert(arguments.end(), {option, value.get<std::string>()});
  }
  const Json bound = json_of(arguments, input);
  ASSERT_EQ(point.at("results").size(), bound.at("results").size());
  for (std::size_t i = 0; i < bound.at("results").size(); ++i) {
    const Json& ours = point.at("results").at(i);
    const Json& theirs = bound.at("results").at(i);
    EXPECT_EQ(ours.at("method"), theirs.at("method"));
    EXPECT_EQ(ours.at("network"), theirs.at("network"));
    ASSERT_EQ(ours.contains("objective"), theirs.contains("objective"));
    if (!theirs.contains("objective")) continue;
    for (const char* key : {"lipschitz", "smoothness", "route"}) {
      EXPECT_EQ(ours.at("objective").at(key), theirs.at("objective").at(key)) << key;
    }
    EXPECT_EQ(ours.at("iterations"),
              theirs.at("convergence").at("gradient_descent").at("iterations"));
  }
}

TEST(SweepPoints, AreThoseOfBound) {
  const Json sweep = json_of({"sweep", "--method", "both", "--bn-epsilon", "1e-4:1e4:log:6",
                              "--batch", "1,128", normalized});
  ASSERT_EQ(sweep.at("schema"), "smoothbound/sweep/1");
  ASSERT_EQ(sweep.at("points").size(), 12U);
  for (const Json& point : sweep.at("points")) {
    expect_point_of_bound(point, {"--method", "both", normalized});
  }
}

TEST(SweepPoints, AreThoseOfBoundForEverySettingAndReason) {
  // The small network gives its own sample_norm; of the others it follows the input norm.
  for (const std::string_view network : {small_network, relu_network}) {
    const std::string text(network);
    const Json sweep =
        json_of({"sweep", "--input-norm", "2:3:lin:3", "--radius", "0,1.5", "-"}, text);
    ASSERT_EQ(sweep.at("points").size(), 6U);
    for (const Json& point : sweep.at("points")) expect_point_of_bound(point, {"-"}, text);
  }
}

TEST(SweepPoints, OfASoftplusScaleAreThoseOfTheRewrittenFile) {
  const std::string net = "input: {shape: [3]}\nlayers: [{dense: 4, then: [relu]}, {dense: 2}]\n";
  const Json sweep = json_of({"sweep", "--smooth", "--softplus-scale", "0.5,8", "-"}, net);
  for (const Json& point : sweep.at("points")) {
    const Json bound = json_of(
        {"bound", "--smooth=" + point.at("values").at("softplus_scale").get<std::string>(), "-"},
        net);
    EXPECT_EQ(point.at("results").at(0).at("network"), bound.at("results").at(0).at("network"));
  }
}

double log10_of(const Json& result, const std::string& bound) {
  return result.at("network").at(bound).at("log10").get<double>();
}

// The epsilon at which the two networks agree, by bisection on what `bound` prints.
double bisect(const Json& other, std::size_t method, const std::string& bound) {
  double low = std::log10(0.1);
  double high = std::log10(10);
  const auto difference = [&](double epsilon) {
    const Json json = json_of({"bound", "--method", "both", "--bn-epsilon",
                               Json(std::pow(10, epsilon)).dump(), normalized});
    return log10_of(json.at("results").at(method), bound) - log10_of(other, bound);
  };
  EXPECT_GT(difference(low), 0);
  EXPECT_LT(difference(high), 0);
  for (int step = 0; step < 26; ++step) {
    const double middle = (low + high) / 2;
    (difference(middle) > 0 ? low : high) = middle;
  }
  return std::pow(10, (low + high) / 2);
}

TEST(SweepCrossings, OfVgg16AgreeWithBisectionOnBound) {
  const Json sweep = json_of({"sweep", "--method", "both", "--bn-epsilon", "1e-4:1e4:log:81",
                              "--against", plain, normalized});
  const Json other = json_of({"bound", "--method", "both", plain});
  ASSERT_EQ(sweep.at("crossings").size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const Json& list = sweep.at("crossings").at(i);
    const std::size_t method = i / 2;
    EXPECT_EQ(list.at("method"), other.at("results").at(method).at("method"));
    EXPECT_EQ(list.at("along"), "bn_epsilon");
    ASSERT_EQ(list.at("brackets").size(), 1U) << list;
    const Json& bracket = list.at("brackets").at(0);
    const double low = std::stod(bracket.at("low").get<std::string>());
    const double high = std::stod(bracket.at("high").get<std::string>());
    const double place = bisect(other.at("results").at(method), method, list.at("bound"));
    EXPECT_LT(high / low - 1, 5e-7);
    EXPECT_LT(std::abs(low / place - 1), 5e-7) << list;
    EXPECT_LT(std::abs(high / place - 1), 5e-7) << list;
    EXPECT_EQ(bracket.at("below"), "worse");
    EXPECT_EQ(bracket.at("above"), "better");
  }
}

// Section 5.2 of the paper: worse with 1e-2, better with 1e2.
TEST(SweepCrossings, OfVgg16OrderAsInThePaper) {
  const Json sweep = json_of(
      {"sweep", "--method", "both", "--bn-epsilon", "1e-2,1e2", "--against", plain, normalized});
  for (std::size_t point = 0; point < 2; ++point) {
    for (const Json& result : sweep.at("points").at(point).at("results")) {
      for (const char* bound : {"lipschitz", "smoothness"}) {
        const double difference = log10_of(result, bound) - log10_of(result.at("against"), bound);
        EXPECT_GT(point == 0 ? difference : -difference, 1) << result;
      }
    }
  }
}

TEST(SweepCrossings, IfNoneLiesInTheRangeThatIsSaid) {
  const Outcome run =
      run_program({"sweep", "--bn-epsilon", "10:100:log:3", "--against", plain, normalized});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("crossings along bn_epsilon\n"
                                 "  sharp l: none in the range, better throughout\n"
                                 "  sharp L: none in the range, better throughout\n"));
}

TEST(SweepCsv, HasARowForEachPointAndCrossing) {
  const Outcome run = run_program(
      {"sweep", "--bn-epsilon", "0.1,10", "--against", plain, "--format", "csv", normalized});
  std::string lipschitz;  // of the network that stays
  for (const CsvRow& row : parse_csv(run_program({"bound", "--format", "csv", plain}).out)) {
    if (row.at("record") == "network") lipschitz = row.at("lipschitz");
  }
  std::map<std::string, int> records;
  for (const CsvRow& row : parse_csv(run.out)) {
    ++records[row.at("record")];
    if (row.at("record") == "point") {
      EXPECT_EQ(row.at("against_lipschitz"), lipschitz);
      EXPECT_EQ(row.at("bound"), "");
    } else if (row.at("record") == "crossing") {
      EXPECT_EQ(row.at("below") + " " + row.at("above"), "worse better");
      EXPECT_LT(std::stod(row.at("low")), std::stod(row.at("high")));
      EXPECT_EQ(row.at("m"), "");
    } else {
      EXPECT_NE(row.at("note"), "");
    }
  }
  EXPECT_EQ(records["point"], 2);
  EXPECT_EQ(records["crossing"], 2);
  EXPECT_EQ(records["assumption"], 7);
}

TEST(SweepOutputs, GoWholeToFiles) {
  const TemporaryDirectory directory;
  const std::string output = directory / "points.csv";
  const std::string plot = directory / "plot.svg";
  const Outcome run = run_program({"sweep", "--bn-epsilon", "0.1,10", "--against", plain,
                                   "--format", "csv", "-o", output, "--plot", plot, normalized});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(read_file(output), HasSubstr(",crossing,"));
  const std::string svg = read_file(plot);
  EXPECT_THAT(svg, HasSubstr("<svg"));
  EXPECT_THAT(svg, HasSubstr("vgg16-batchnorm"));
  EXPECT_EQ(directory.count(), 2U);
}

TEST(SweepOutputs, BarsStandBelowTheTable) {
  const Outcome run =
      run_program({"sweep", "--radius", "1,2", "--plot", "-", "-"}, std::string(small_network));
  EXPECT_EQ(run.exit_code, 0);
  const std::size_t table = run.out.find("method sharp");
  const std::size_t chart = run.out.find("Lipschitz constant l along radius");
  ASSERT_NE(chart, std::string::npos) << run.out;
  EXPECT_LT(table, chart);
}

TEST(SweepExitCodes, TellOfNoAnswer) {
  const Outcome run =
      run_program({"sweep", "--radius", "1,2", "-"}, std::string(answerless_network));
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.out, HasSubstr("infinite values\n"));
}

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;
  std::string message;
};

class SweepMistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(SweepMistakes, AreShownWithPlaceAndHint) {
  std::vector<std::string> arguments{"sweep"};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  const Outcome run = run_program(arguments, std::string(small_network));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, SweepMistakes,
    ::testing::Values(
        Mistake{"NothingToSweep",
                {"-"},
                "<command line>:1:20: error: there is nothing to sweep\n"
                " 1 | smoothbound sweep -\n"
                "   |                    ^\n"
                "hint: give a grid, as in --bn-epsilon 1e-4:1e4:log:81, to one of --bn-epsilon, "
                "--radius, --batch, --input-norm, --softplus-scale\n"},
        Mistake{"LogFromZero",
                {"--radius=0:1:log:3", "-"},
                "<command line>:1:28: error: --radius: a log range cannot hold 0\n"
                " 1 | smoothbound sweep --radius=0:1:log:3 -\n"
                "   |                            ^\n"
                "hint: begin above 0, or write lin\n"},
        Mistake{"TooManyTogether",
                {"--radius", "0:1:lin:2000", "--batch", "1:1000:lin:1000", "-"},
                "<command line>:1:41: error: 2000 x 1000 points: a sweep has at most 1,000,000\n"
                " 1 | smoothbound sweep --radius 0:1:lin:2000 --batch 1:1000:lin:1000 -\n"
                "   |                                         ^\n"
                "hint: take fewer points; crossings are found to 6 digits from a coarse grid, "
                "too\n"},
        Mistake{"NoThreads",
                {"--radius", "1", "--threads", "0", "-"},
                "<command line>:1:40: error: --threads must be at least 1\n"
                " 1 | smoothbound sweep --radius 1 --threads 0 -\n"
                "   |                                        ^\n"
                "hint: write an integer from 1 on\n"},
        Mistake{"StandardInputTwice",
                {"--radius", "1", "--against", "-", "-"},
                "<command line>:1:42: error: standard input can be read once\n"
                " 1 | smoothbound sweep --radius 1 --against - -\n"
                "   |                                          ^\n"
                "hint: name '-' once\n"},
        Mistake{"BarsAmidstCsv",
                {"--radius", "1", "--format", "csv", "--plot", "-", "-"},
                "<command line>:1:43: error: --plot - would mix bars with the csv on standard "
                "output\n"
                " 1 | smoothbound sweep --radius 1 --format csv --plot - -\n"
                "   |                                           ^\n"
                "hint: write one of them to a file: -o FILE or --plot FILE\n"}),
    [](const auto& test) { return test.param.name; });

TEST(SweepMistakes, OfAnInputNormBelowTheSampleNormAreShownInTheFile) {
  const Outcome run =
      run_program({"sweep", "--input-norm", "0.5:4:log:4", "-"}, std::string(small_network));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("sample_norm exceeds the norm of the whole batch"));
}

TEST(SweepMistakes, OfAnOutputThatIsAnInputLeaveItAlone) {
  const TemporaryDirectory directory;
  const std::string net = directory.write("net.yaml", small_network);
  const std::string other = directory.write("other.yaml", small_network);
  for (const auto& [option, path] : std::vector<std::pair<std::string, std::string>>{
           {"-o", net}, {"--plot", net}, {"-o", other}, {"-o", directory / "./net.yaml"}}) {
    const Outcome run =
        run_program({"sweep", "--radius", "1,2", "--against", other, option, path, net});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("is also an input"));
    EXPECT_THAT(run.err, HasSubstr("hint: write to another file"));
  }
  const std::string both = directory / "out";
  const Outcome run = run_program({"sweep", "--radius", "1,2", "-o", both, "--plot", both, net});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("is the output of both -o and --plot"));
  EXPECT_EQ(read_file(net), small_network);
  EXPECT_EQ(read_file(other), small_network);
  EXPECT_EQ(directory.count(), 2U);
}

Outcome run_on_terminal(const std::string& grid) {
  Invocation invocation{{"sweep", "--radius", grid, "--threads", "1", "--format", "csv", plain}};
  invocation.on_terminal = true;
  return run_program(invocation);
}

TEST(SweepProgress, IsALineOnATerminalThatIsWipedAtTheEnd) {
  Outcome run;
  std::size_t points = 50;
  do {  // until it takes longer than a second on this machine
    points *= 2;
    run = run_on_terminal("0.1:10:log:" + std::to_string(points));
    ASSERT_EQ(run.exit_code, 0) << run.err;
  } while (run.err.empty() && points < 500'000);
  ASSERT_FALSE(run.err.empty());
  const std::string wipe_rest = "\x1b[K";
  const std::string all = " of " + std::to_string(points) + " evaluations" + wipe_rest;
  ASSERT_EQ(run.err.substr(run.err.size() - 4), "\r\x1b[K");
  std::istringstream steps(run.err.substr(1, run.err.size() - 5));
  int before = 0;
  for (std::string step; std::getline(steps, step, '\r');) {
    ASSERT_EQ(step.size(), 4 + all.size()) << step;
    EXPECT_EQ(step.substr(4), all);
    EXPECT_EQ(step[3], '%');
    const int percent = std::stoi(step.substr(0, 3));
    EXPECT_GE(percent, before);
    EXPECT_LE(percent, 100);
    before = percent;
  }
  EXPECT_THAT(run.out, ::testing::Not(HasSubstr("evaluations")));
}

TEST(SweepProgress, IsNotShownForShortWork) {
  const Outcome run = run_on_terminal("0.1:10:log:3");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
}

}  // namespace
}  // namespace smoothbound::testing
