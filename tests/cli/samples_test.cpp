// What run and train do to samples and targets before they use them, and how many they take.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// The identity on two numbers, and one matrix for what needs parameters.
class SamplesAsStored : public ::testing::Test {
 protected:
  SamplesAsStored() {
    (void)directory_.write("same.yaml",
                           "input: {shape: [2]}\nloss: square\nlayers:\n"
                           "  - {name: i, then: [identity]}\n");
    (void)directory_.write("net.yaml",
                           "input: {shape: [2]}\nloss: square\nlayers:\n  - {name: a, dense: 2}\n");
    put_npy("x.npy", "|u1", "(2, 2)", std::string("\xFF\0\0\xFF", 4));
    put_npy("t.npy", "|u1", "(2, 2)", std::string("\0\xFF\xFF\0", 4));
  }
  void put_npy(const std::string& name, const std::string& type, const std::string& shape,
               const std::string& data) const {
    const std::string header =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
    (void)directory_.write(name, std::string("\x93NUMPY\1\0", 8) +
                                     static_cast<char>(header.size()) + '\0' + header + data);
  }
  [[nodiscard]] Outcome program(std::vector<std::string> arguments) const {
    return run_program(
        Invocation{.arguments = std::move(arguments), .directory = directory_.path().string()});
  }
  [[nodiscard]] Json json_of(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = program(std::move(arguments));
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out);
  }
  [[nodiscard]] std::vector<double> outputs() const {
    const ArrayFile file = open_array_file(directory_ / "y.npy");
    std::vector<double> values(static_cast<std::size_t>(file.entries().front().elements()));
    file.read_into(file.entries().front(), std::span(values));
    return values;
  }

  TemporaryDirectory directory_;
};

TEST_F(SamplesAsStored, BytesAreDividedAndItIsSaid) {
  for (const std::string option : {"--input", "--data"}) {
    const std::vector<std::string> arguments{"run", "same.yaml", option, "x.npy", "-o", "y.npy"};
    const Json json = json_of(arguments);
    EXPECT_EQ(json.at("data").at("numbers"), (Json{{"type", "U8"}, {"divisor", 255}}));
    EXPECT_EQ(outputs(), (std::vector<double>{1, 0, 0, 1}));
    EXPECT_THAT(program(arguments).out, HasSubstr("  - samples: U8 numbers, divided by 255\n"));
    std::vector<std::string> plain = arguments;
    plain.insert(plain.end(), {"--scale-input", "none"});
    EXPECT_EQ(json_of(plain).at("data").at("numbers"), (Json{{"type", "U8"}, {"divisor", 1}}));
    EXPECT_EQ(outputs(), (std::vector<double>{255, 0, 0, 255}));
    EXPECT_THAT(program(plain).out, HasSubstr("  - samples: U8 numbers as they are\n"));
    plain.back() = "51";
    EXPECT_EQ(json_of(plain).at("data").at("numbers"), (Json{{"type", "U8"}, {"divisor", 51}}));
    EXPECT_EQ(outputs(), (std::vector<double>{5, 0, 0, 5}));
  }
}

TEST_F(SamplesAsStored, OtherWholeNumbersAreDividedIfThatIsAskedFor) {
  put_npy("x.npy", "<i2", "(1, 2)", std::string("\xFF\0\1\0", 4));
  const std::vector<std::string> arguments{"run", "same.yaml", "--input", "x.npy", "-o", "y.npy"};
  EXPECT_THAT(program(arguments).out, HasSubstr("  - samples: I16 numbers as they are\n"));
  EXPECT_EQ(outputs(), (std::vector<double>{255, 1}));
  std::vector<std::string> divided = arguments;
  divided.insert(divided.end(), {"--scale-input", "255"});
  EXPECT_THAT(program(divided).out, HasSubstr("  - samples: I16 numbers, divided by 255\n"));
  EXPECT_EQ(outputs().front(), 1);
}

// Predictions (1, 0) and (0, 1) for targets (0, 1) and (1, 0): the square loss is half the mean of
// the squared distances, 2 each.
TEST_F(SamplesAsStored, TargetsAreTreatedAlike) {
  const std::vector<std::string> arguments{"run",       "same.yaml", "--input",     "x.npy",
                                           "--targets", "t.npy",     "--precision", "float64"};
  const Json divided = json_of(arguments);
  EXPECT_EQ(divided.at("data").at("targets"), (Json{{"type", "U8"}, {"divisor", 255}}));
  EXPECT_DOUBLE_EQ(divided.at("loss").at("value"), 1);
  EXPECT_THAT(program(arguments).out, HasSubstr("  - targets: U8 numbers, divided by 255\n"));
  std::vector<std::string> plain = arguments;
  plain.insert(plain.end(), {"--scale-input", "none"});
  EXPECT_DOUBLE_EQ(json_of(plain).at("loss").at("value"), 255 * 255);
}

// Two positions of the channels (1, 0) and (0, 1): a label for each.
class LabelsOfPositions : public SamplesAsStored {
 protected:
  LabelsOfPositions() {
    (void)directory_.write("map.yaml",
                           "input: {shape: [2, 2]}\nlayers:\n  - {conv: {filters: 2, kernel: 1}}\n"
                           "  - {then: [identity]}\n");
    (void)directory_.write("same_map.yaml",
                           "input: {shape: [2, 2]}\nlayers:\n  - {then: [identity]}\n");
    put_npy("maps.npy", "|u1", "(1, 2, 2)", std::string("\xFF\0\0\xFF", 4));
    put_npy("y.npy", "|u1", "(1, 2)", std::string("\0\0", 2));
  }
};

TEST_F(LabelsOfPositions, AreThoseOfLogistic) {
  const Json json = json_of({"run", "same_map.yaml", "--loss", "logistic", "--input", "maps.npy",
                             "--labels", "y.npy", "--precision", "float64"});
  const double wrong = std::log(1 + std::exp(1.0));
  EXPECT_DOUBLE_EQ(json.at("loss").at("value"), (wrong - 1 + wrong) / 2);
  EXPECT_FALSE(json.contains("accuracy"));
  const Json smoothed =
      json_of({"run", "same_map.yaml", "--loss", "logistic", "--label-smoothing", "1", "--input",
               "maps.npy", "--labels", "y.npy", "--precision", "float64"});
  EXPECT_DOUBLE_EQ(smoothed.at("loss").at("value"), wrong - 0.5);
  for (const std::string loss : {"logistic", "binary_logistic", "huber"}) {
    const Json trained =
        json_of({"train", "map.yaml", "--loss", loss, "--step", "certified", "--iterations", "3"});
    EXPECT_EQ(trained.at("guarantee"), "holds");
  }
}

TEST_F(LabelsOfPositions, HaveTheShapeOfTheOutputs) {
  const auto refusal = [&](const std::string& loss, const std::string& labels) {
    const Outcome outcome = program(
        {"run", "same_map.yaml", "--loss", loss, "--input", "maps.npy", "--labels", labels});
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  put_npy("one.npy", "|u1", "(1,)", std::string(1, '\0'));
  EXPECT_EQ(
      refusal("logistic", "one.npy"),
      "one.npy: error: each sample has one label, and logistic takes labels of shape [2]: the "
      "outputs of 'same_map' have the shape [2, 2]\n"
      "hint: to classify samples, end the network in dense, or average over the positions with "
      "global_average_pool\n");
  EXPECT_EQ(refusal("square", "y.npy"),
            "y.npy: error: each sample has labels of shape [2], and square takes one label: the "
            "outputs of 'same_map' have the shape [2, 2]\n"
            "hint: logistic takes a label for each position\n");
  put_npy("y.npy", "|u1", "(1, 2)", std::string("\0\2", 2));
  EXPECT_EQ(refusal("logistic", "y.npy"),
            "y.npy: error: sample 0 has the label 2, and 'same_map' has 2 channels\n"
            "hint: logistic needs a channel for each class\n");
}

TEST_F(SamplesAsStored, TrainingSaysItToo) {
  const std::vector<std::string> arguments{"train",     "net.yaml", "--input",      "x.npy",
                                           "--targets", "t.npy",    "--iterations", "1"};
  const Json json = json_of(arguments);
  EXPECT_EQ(json.at("data").at("numbers").at("divisor"), 255);
  EXPECT_EQ(json.at("data").at("targets").at("divisor"), 255);
  EXPECT_THAT(program(arguments).out, HasSubstr("  - samples: U8 numbers, divided by 255\n"));
}

TEST_F(SamplesAsStored, RealNumbersAreNotDivided) {
  write_npy(directory_ / "x.npy", {"", {1, 2}, std::vector<double>{1, 2}});
  const Outcome outcome = program({"run", "same.yaml", "--input", "x.npy"});
  EXPECT_THAT(outcome.out, Not(HasSubstr("samples:")));
  const Outcome refused = program({"run", "same.yaml", "--input", "x.npy", "--scale-input", "255"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err,
            "x.npy: error: the samples are F64, and only whole numbers are divided\n"
            "hint: divide them before they are saved\n");
  EXPECT_EQ(program({"run", "same.yaml", "--input", "x.npy", "--scale-input", "none"}).exit_code,
            0);
  EXPECT_THAT(program({"run", "net.yaml", "--scale-input", "255"}).err,
              HasSubstr("error: --scale-input does not apply to random samples\n"));
  EXPECT_THAT(program({"run", "net.yaml", "--input", "x.npy", "--scale-input", "0"}).err,
              HasSubstr("error: --scale-input must be positive\n"));
}

// An architecture's batch is that of its bounds; files say how many samples there are.
TEST_F(SamplesAsStored, AllOfAFileAreTaken) {
  put_npy("y.npy", "|u1", "(2, 1)", std::string("\0\1", 2));
  for (const std::string option : {"--input", "--data"}) {
    for (const auto& [command, count] :
         {std::pair<std::string, std::string>{"run", "batch"}, {"train", "samples"}}) {
      const std::vector<std::string> arguments{command, "net.yaml", option,
                                               "x.npy", "--labels", "y.npy"};
      EXPECT_EQ(json_of(arguments).at(count), 2) << command << " " << option;
      std::vector<std::string> one = arguments;
      one.insert(one.end(), {"--samples", "1"});
      EXPECT_EQ(json_of(one).at(count), 1) << command << " " << option;
    }
  }
}

}  // namespace
}  // namespace smoothbound::testing
