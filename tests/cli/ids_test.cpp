// Networks of ids: what run, train and others do with samples, and what they refuse.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Ids : public ::testing::Test {
 protected:
  Ids() {
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [4]}\nbatch: 6\nloss: logistic\nlayers:\n"
                           "  - {name: words, embedding: {entries: 5, features: 3}, "
                           "then: [global_average_pool]}\n"
                           "  - {name: out, dense: 3}\n");
    (void)directory_.write("table.yaml",
                           "input: {shape: [2]}\nlayers:\n"
                           "  - {name: t, embedding: {entries: 256, features: 1}}\n");
    (void)directory_.write("number.yaml",
                           "input: {shape: [4]}\nlayers:\n  - {name: a, dense: 2}\n");
  }
  void put_npy(const std::string& name, const std::string& type, const std::string& shape,
               const std::string& data) const {
    const std::string header =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
    (void)directory_.write(name, std::string("\x93NUMPY\1\0", 8) +
                                     static_cast<char>(header.size()) + '\0' + header + data);
  }
  [[nodiscard]] Outcome program(std::vector<std::string> arguments) const {
    return run_program(Invocation{.arguments = std::move(arguments), .directory = directory_ / ""});
  }
  [[nodiscard]] std::vector<double> values_of(const std::string& name) const {
    const ArrayFile file = open_array_file(directory_ / name);
    std::vector<double> values(static_cast<std::size_t>(file.entries().front().elements()));
    file.read_into(file.entries().front(), std::span(values));
    return values;
  }

  TemporaryDirectory directory_;
};

TEST_F(Ids, RandomOnesAreTakenAsTheyAre) {
  const Outcome table = program({"run", "net.yaml", "--seed", "3"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("data: random, uniform, seed 3, 6 samples 4\n"
                                   "  - samples: ids from 0 to 4, as they are\n"));
  EXPECT_THAT(table.out, HasSubstr("measured norms ||z|| of the whole batch, and bounds m, rounded "
                                   "up"));
  EXPECT_THAT(table.out, Not(HasSubstr("||x||")));
  EXPECT_THAT(table.out, Not(HasSubstr("scaled")));
  const Json json = Json::parse(program({"run", "net.yaml", "--format", "json"}).out);
  EXPECT_EQ(json.at("data").at("ids"), 5);
  EXPECT_FALSE(json.at("data").contains("norm"));
  EXPECT_EQ(json.at("verdict"), "holds");
}

TEST_F(Ids, BoundsDoNotAssumeANorm) {
  const Outcome table = program({"bound", "net.yaml"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("batch 6, Euclidean norms, rounded up\n"));
  EXPECT_THAT(table.out, Not(HasSubstr("||x||")));
  EXPECT_THAT(table.out, Not(HasSubstr("input_norm")));
  const Json json = Json::parse(program({"bound", "net.yaml", "--format", "json"}).out);
  EXPECT_FALSE(json.at("settings").contains("input_norm"));
  EXPECT_FALSE(json.at("settings").contains("sample_norm"));
  EXPECT_TRUE(json.at("settings").contains("radius"));
  const auto bounds = [&](const std::string& norm) {
    return Json::parse(program({"bound", "net.yaml", "--input-norm", norm, "--format", "json"}).out)
        .at("results");
  };
  EXPECT_EQ(bounds("1"), bounds("1000"));
  const Json numbers = Json::parse(program({"bound", "number.yaml", "--format", "json"}).out);
  EXPECT_TRUE(numbers.at("settings").contains("input_norm"));
}

TEST_F(Ids, OfAllTypesOfNumbers) {
  std::vector<float> table(256);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i) / 512;
  const std::vector<TensorView> weights{{"t.weight", {256, 1}, std::span<const float>(table)}};
  write_safetensors(directory_ / "w.safetensors", weights);
  using std::string_literals::operator""s;
  put_npy("u1.npy", "|u1", "(2, 2)", "\xFF\0\3\1"s);
  put_npy("i2.npy", "<i2", "(2, 2)", "\xFF\0\0\0\3\0\1\0"s);
  put_npy("i8.npy", "<i8", "(2, 2)",
          "\xFF\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"s);
  put_npy("f4.npy", "<f4", "(2, 2)", "\0\0\x7F\x43\0\0\0\0\0\0\x40\x40\0\0\x80\x3F"s);
  (void)directory_.write("ids.idx", "\0\0\x08\2\0\0\0\2\0\0\0\2\xFF\0\3\1"s);
  for (const char* const file : {"u1.npy", "i2.npy", "i8.npy", "f4.npy", "ids.idx"}) {
    for (const char* const option : {"--input", "--data"}) {
      SCOPED_TRACE(std::string(file) + option);
      const Outcome run =
          program({"run", "table.yaml", option, file, "--weights", "w.safetensors", "-o", "y.npy"});
      ASSERT_NE(run.exit_code, 2) << run.err;
      EXPECT_EQ(values_of("y.npy"), (std::vector<double>{255.0 / 512, 0, 3.0 / 512, 1.0 / 512}));
      EXPECT_THAT(run.out, HasSubstr("  - samples: ids from 0 to 255, as they are\n"));
    }
  }
  EXPECT_NE(program({"run", "table.yaml", "--input", "u1.npy", "--scale-input", "none"}).exit_code,
            2);
  EXPECT_NE(program({"run", "table.yaml", "--input", "i2.npy", "--scale-input", "1"}).exit_code, 2);
}

TEST_F(Ids, OthersAreRefusedBeforeAnythingRuns) {
  const std::string more =
      "hint: the network has an embedding: give it as many 'entries' as there are ids\n";
  const std::string others =
      "hint: ids are numbers of rows of the table of an embedding, counted from 0\n";
  using std::string_literals::operator""s;
  // 1, 1.5
  put_npy("half.npy", "<f4", "(1, 2)", "\0\0\x80\x3F\0\0\xC0\x3F"s);
  // 0, 0; 256, 0
  put_npy("large.npy", "<i2", "(2, 2)", "\0\0\0\0\0\1\0\0"s);
  put_npy("negative.npy", "<i2", "(1, 2)", "\xFF\xFF\0\0"s);
  const auto expect_refused = [&](const std::string& file, const std::string& message,
                                  const std::string& hint) {
    const Outcome run = program({"run", "table.yaml", "--input", file, "-o", "y.npy"});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, file + ": error: " + message + hint);
  };
  expect_refused("half.npy",
                 "sample 0 has 1.5 at position 1, and ids are whole numbers from 0 to 255\n",
                 others);
  expect_refused("large.npy",
                 "sample 1 has 256 at position 0, and ids are whole numbers from 0 to 255\n", more);
  expect_refused("negative.npy",
                 "sample 0 has -1 at position 0, and ids are whole numbers from 0 to 255\n",
                 others);
  const Outcome train = program({"train", "net.yaml", "--input", "large.npy"});
  EXPECT_EQ(train.exit_code, 2);
}

TEST_F(Ids, NothingIsDoneToThem) {
  put_npy("x.npy", "|u1", "(1, 4)", std::string(4, '\1'));
  put_npy("y.npy", "|u1", "(1,)", std::string(1, '\1'));
  const auto expect_refused = [&](std::vector<std::string> arguments, const std::string& option) {
    const Outcome outcome = program(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err,
                HasSubstr("error: " + option + " does not apply to samples that are ids\n"));
    EXPECT_THAT(
        outcome.err,
        HasSubstr("hint: the network has an embedding, which takes them as they are: leave it "
                  "out\n"));
  };
  expect_refused({"run", "net.yaml", "--input", "x.npy", "--scale-input", "2"}, "--scale-input");
  expect_refused({"run", "net.yaml", "--input", "x.npy", "--standardise"}, "--standardise");
  expect_refused({"run", "net.yaml", "--input", "x.npy", "--scale-norm"}, "--scale-norm");
  expect_refused({"run", "net.yaml", "--standardise"}, "--standardise");
  expect_refused({"train", "net.yaml", "--input", "x.npy", "--labels", "y.npy", "--scale-norm"},
                 "--scale-norm");
}

TEST_F(Ids, TrainingLowersTheLoss) {
  for (const std::vector<std::string>& oracle :
       {std::vector<std::string>{"--oracle", "gradient", "--step", "line-search"},
        {"--oracle", "gradient", "--step", "local"},
        {"--oracle", "gradient"},
        {"--oracle", "gauss-newton"},
        {"--oracle", "newton"}}) {
    SCOPED_TRACE(oracle.back());
    std::vector<std::string> arguments{"train", "net.yaml", "--iterations", "8", "--log", "l.csv"};
    arguments.insert(arguments.end(), oracle.begin(), oracle.end());
    const Outcome outcome = program(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto log = read_training_log(directory_ / "l.csv");
    ASSERT_GE(log.size(), 2U);
    EXPECT_LT(log.back().objective, log.front().objective - 1e-4);
  }
}

TEST_F(Ids, CostsAreCounted) {
  const Outcome outcome = program({"cost", "net.yaml", "--format", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json layers = Json::parse(outcome.out).at("layers");
  EXPECT_EQ(layers.at(0).at("name"), "words");
  // Rows that are looked up are no weights: no chain, and Newton steps from the whole Hessian.
  EXPECT_THAT(outcome.out, HasSubstr("layer 'words' has no weights to begin with: a Newton step of "
                                     "a chain needs them"));
}

}  // namespace
}  // namespace smoothbound::testing
