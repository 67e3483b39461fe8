// --weights of the commands: parameters and statistics of one file, under the names that others
// give them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "smoothbound/data/write_arrays.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// z = W x with W = (1 2; 3 4), less (2, 3), over (1, 2).
class WeightsOption : public ::testing::Test {
 protected:
  WeightsOption() {
    write_net("net.yaml", "statistics: fixed, weights: bn1");
    write_net("numbers.yaml", "statistics: fixed, mean: [2, 3], variance: [0.75, 3.75]");
    write_npy(directory_ / "x.npy", {"", {2, 2}, std::vector<double>{1, 0, 0, 1}});
    write_weights("w.safetensors", {"conv1.weight", "bn1.running_mean", "bn1.running_var",
                                    "bn1.num_batches_tracked"});
  }
  void write_net(std::string_view name, const std::string& settings) const {
    (void)directory_.write(
        name,
        "name: net\ninput: {shape: [2]}\nloss: {square: {label_radius: 1}}\nlayers:\n"
        "  - {name: a, radius: 6, dense: 2, bias: false, weights: conv1, then: [{batch_norm: "
        "{epsilon: 0.25, " +
            settings + "}}]}\n");
  }
  void write_weights(std::string_view file, const std::vector<std::string>& names) const {
    const std::vector<std::vector<double>> values{{1, 2, 3, 4}, {2, 3}, {0.75, 3.75}, {7}};
    const std::vector<std::vector<std::int64_t>> shapes{{2, 2}, {2}, {2}, {}};
    std::vector<TensorView> tensors;
    for (std::size_t i = 0; i < names.size(); ++i) {
      tensors.push_back({names[i], shapes[i], std::span<const double>(values[i])});
    }
    write_safetensors(directory_ / file, tensors);
  }
  [[nodiscard]] Outcome run(std::vector<std::string> arguments) const {
    return run_program(
        Invocation{.arguments = std::move(arguments), .directory = directory_.path().string()});
  }
  [[nodiscard]] Json json(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = run(std::move(arguments));
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out, nullptr, false);
  }

  TemporaryDirectory directory_;
};

TEST_F(WeightsOption, GiveStatisticsToBounds) {
  const auto network = [&](std::vector<std::string> arguments) {
    return json(std::move(arguments)).at("results").at(0).at("network");
  };
  EXPECT_EQ(network({"bound", "net.yaml", "--weights", "w.safetensors"}),
            network({"bound", "numbers.yaml"}));
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"compare", "net.yaml", "net.yaml"},
           {"sweep", "net.yaml", "--batch", "1,2"},
           {"check", "net.yaml", "--update", "--force", "--baseline", "b.json"},
           {"report", "net.yaml", "-o", "r.html"},
           {"plot", "net.yaml", "-o", "p.svg"}}) {
    const Outcome without = run(command);
    EXPECT_EQ(without.exit_code, 2);
    EXPECT_THAT(without.err, HasSubstr("but no numbers for them\n"));
    std::vector<std::string> with = command;
    with.insert(with.end(), {"--weights", "w.safetensors"});
    const Outcome outcome = run(with);
    EXPECT_THAT(outcome.err, Not(HasSubstr("error")));
    EXPECT_EQ(outcome.exit_code, 0);
  }
}

TEST_F(WeightsOption, SayWhereTheyHaveNoEffectOnBounds) {
  const Outcome outcome = run({"bound", "numbers.yaml", "--weights", "w.safetensors"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out,
              HasSubstr("weights have no effect: no batch norm lacks its statistics\n"));
}

// Also where they have no effect.
TEST_F(WeightsOption, OfOtherProgramsAreNamed) {
  (void)directory_.write("d.weights", std::string("\0\0\0\0\2\0\0\0\0\0\0\0", 12));
  (void)directory_.write("net.cfg", "[net]\ninputs=2\n[connected]\noutput=2\nactivation=tanh\n");
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"run", "net.cfg"},
           {"run", "net.yaml"},
           {"bound", "net.cfg"},
           {"bound", "net.yaml"},
           {"train", "net.yaml"},
           {"train", "net.cfg", "--loss", "square"},
           {"check", "net.cfg", "--update", "--force", "--baseline", "b"},
           {"compare", "net.cfg", "numbers.yaml"}}) {
    std::vector<std::string> with = command;
    with.insert(with.end(), {"--weights", "d.weights"});
    const Outcome outcome = run(with);
    EXPECT_EQ(outcome.exit_code, 2) << command.front();
    EXPECT_EQ(outcome.err,
              "d.weights: error: this is the numbers of a model of Darknet, not a file of arrays\n"
              "hint: name its configuration before: smoothbound import net.cfg d.weights -o "
              "net.yaml --weights weights.safetensors\n")
        << command.front();
  }
}

TEST_F(WeightsOption, OfAStateDictFitAsTheyAre) {
  const Json expected =
      json({"run", "net.yaml", "--input", "x.npy", "--weights", "w.safetensors"}).at("layers");
  write_weights("m.safetensors", {"module.conv1.weight", "module.bn1.running_mean",
                                  "module.bn1.running_var", "module.bn1.num_batches_tracked"});
  EXPECT_EQ(
      json({"run", "net.yaml", "--input", "x.npy", "--weights", "m.safetensors"}).at("layers"),
      expected);
  EXPECT_EQ(json({"run", "net.yaml", "--input", "x.npy", "--weights", "m.safetensors",
                  "--statistics", "m.safetensors"})
                .at("layers"),
            expected);
}

TEST_F(WeightsOption, NumbersOfTheArchitectureStayAndThatIsSaid) {
  write_net("net.yaml", "weights: bn1, statistics: fixed, mean: 0, variance: 1");
  const Outcome outcome =
      run({"run", "net.yaml", "--input", "x.npy", "--weights", "w.safetensors"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out,
              HasSubstr("batch norm of layer 'a': the architecture gives its statistics, and those "
                        "of 'w.safetensors' are not used\n"));
  const Outcome without = run({"run", "net.yaml", "--input", "x.npy", "--init", "ball"});
  EXPECT_THAT(without.out, Not(HasSubstr("are not used")));
}

TEST_F(WeightsOption, MayHaveOtherNamesByAMap) {
  write_weights("o.safetensors", {"features.0.weight", "features.1.running_mean",
                                  "features.1.running_var", "features.1.num_batches_tracked"});
  (void)directory_.write("map.yaml", "conv1: features.0\nbn1: features.1\n");
  EXPECT_EQ(
      json({"run", "net.yaml", "--input", "x.npy", "--weights", "o.safetensors", "--weights-map",
            "map.yaml"})
          .at("layers"),
      json({"run", "net.yaml", "--input", "x.npy", "--weights", "w.safetensors"}).at("layers"));
  (void)directory_.write("map.yaml", "conv1: features.0\nbn1: features.2\n");
  const Outcome outcome =
      run({"bound", "net.yaml", "--weights", "o.safetensors", "--weights-map", "map.yaml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              HasSubstr("map.yaml:2:6: error: the file has no tensor 'features.2.running_mean', "
                        "which stands for 'bn1.running_mean'\n 2 | bn1: features.2\n"));
}

TEST_F(WeightsOption, OrGoByOrderOnRequest) {
  write_weights("o.safetensors", {"a", "b.running_mean", "c.running_var"});
  EXPECT_EQ(
      json({"run", "net.yaml", "--input", "x.npy", "--weights", "o.safetensors", "--match-weights",
            "order"})
          .at("layers"),
      json({"run", "net.yaml", "--input", "x.npy", "--weights", "w.safetensors"}).at("layers"));
  EXPECT_EQ(run({"run", "net.yaml", "--input", "x.npy", "--weights", "o.safetensors"}).exit_code,
            2);
}

TEST_F(WeightsOption, HowTensorsAreToldIsAboutWeights) {
  (void)directory_.write("map.yaml", "conv1: c\n");
  const auto expect = [&](const std::vector<std::string>& more, const std::string& message) {
    std::vector<std::string> arguments{"bound", "net.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(message));
  };
  expect({"--weights-map", "map.yaml"}, "error: --weights-map is about --weights\n");
  expect({"--match-weights", "order"}, "hint: give a file by --weights, or leave it out\n");
  expect({"--weights", "w.safetensors", "--weights-map", "map.yaml", "--match-weights", "order"},
         "error: --weights-map gives names, and --match-weights order takes none\n");
  expect({"--weights", "w.safetensors", "--match-weights", "shape"},
         "error: unknown --match-weights 'shape'\n");
}

TEST_F(WeightsOption, StatisticsAreNotNeededForWhatDoesNotDependOnThem) {
  const Outcome init = run({"init", "net.yaml", "-o", "i.safetensors"});
  EXPECT_EQ(init.err, "");
  EXPECT_EQ(init.exit_code, 0);
  const Outcome cost = run({"cost", "net.yaml"});
  EXPECT_EQ(cost.err, "");
  EXPECT_EQ(cost.exit_code, 0);
  EXPECT_EQ(json({"cost", "net.yaml"}).at("layers"), json({"cost", "numbers.yaml"}).at("layers"));
}

TEST_F(WeightsOption, TrainingBeginsWithThem) {
  const std::vector<std::string> data{"--iterations", "2",         "--input",
                                      "x.npy",        "--targets", "x.npy"};
  const auto train = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"train"});
    arguments.insert(arguments.end(), data.begin(), data.end());
    return run(std::move(arguments));
  };
  EXPECT_EQ(train({"net.yaml"}).exit_code, 2);
  const Outcome outcome =
      train({"net.yaml", "--weights", "w.safetensors", "--checkpoint", "c.safetensors"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exit_code, 0);
  const Outcome resumed =
      train({"net.yaml", "--statistics", "w.safetensors", "--resume", "c.safetensors"});
  EXPECT_EQ(resumed.exit_code, 0);
  write_weights("o.safetensors", {"x", "bn1.running_var", "bn1.running_mean"});
  write_safetensors(directory_ / "o.safetensors",
                    std::vector<TensorView>{{"bn1.running_mean", {2}, std::vector{2.0, 3.0}},
                                            {"bn1.running_var", {2}, std::vector{1.0, 3.75}}});
  const Outcome other =
      train({"net.yaml", "--statistics", "o.safetensors", "--resume", "c.safetensors"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_EQ(other.err,
            "c.safetensors: error: is of a run with other statistics of batch norm\n"
            "hint: give the files with which it began\n");
}

// Of a network with more layers, say.
TEST_F(WeightsOption, TensorsThatAreNotReadAreCounted) {
  std::vector<std::vector<double>> values{{1, 2, 3, 4}, {2, 3}, {0.75, 3.75}, {5}, {6}, {7}};
  write_safetensors(directory_ / "more.safetensors",
                    std::vector<TensorView>{{"conv1.weight", {2, 2}, values[0]},
                                            {"bn1.running_mean", {2}, values[1]},
                                            {"bn1.running_var", {2}, values[2]},
                                            {"conv2.weight", {1}, values[3]},
                                            {"conv2.bias", {1}, values[4]},
                                            {"mask", {1}, values[5]}});
  const char* const note = "2 tensors of 'more.safetensors' are not read, such as 'conv2.bias'\n";
  const Outcome outcome =
      run({"run", "net.yaml", "--input", "x.npy", "--weights", "more.safetensors"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr(note));
  const Outcome trained = run({"train", "net.yaml", "--iterations", "1", "--input", "x.npy",
                               "--targets", "x.npy", "--weights", "more.safetensors"});
  EXPECT_EQ(trained.exit_code, 0);
  EXPECT_EQ(trained.err, std::string("net.yaml: note: ") + note);
}

TEST_F(WeightsOption, ArraysOfOneNameAreShownInTheFile) {
  (void)directory_.write("two.yaml",
                         "input: {shape: [2]}\nlayers:\n  - {name: a, dense: 2}\n"
                         "  - {name: b, dense: 2, weights: a}\n");
  const Outcome outcome = run({"init", "two.yaml", "-o", "i.safetensors"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("two.yaml:4:15: error: layers 'a' and 'b' both have an array "
                                     "'a.weight' in files of weights\n"));
}

}  // namespace
}  // namespace smoothbound::testing
