// --weights and --statistics beside a model that has running statistics of its own.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "models/onnx_builder.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct NamedNumbers {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using State = std::vector<NamedNumbers>;

// Two dense layers, each with a batch norm; the second one's scale and shift have names of their
// own.
State state_of(const std::vector<float>& first_mean, const std::vector<float>& first_variance,
               const std::vector<float>& second_mean, const std::vector<float>& second_variance) {
  return {{"a.weight", {2, 2}, {1, 2, 3, 4}},
          {"p.weight", {2}, {1, 2}},
          {"p.bias", {2}, {0, 1}},
          {"p.running_mean", {2}, first_mean},
          {"p.running_var", {2}, first_variance},
          {"c.weight", {2, 2}, {2, 1, 1, 3}},
          {"q.gamma", {2}, {3, 1}},
          {"q.beta", {2}, {1, 0}},
          {"q.running_mean", {2}, second_mean},
          {"q.running_var", {2}, second_variance}};
}

State without(State state, const std::string& part) {
  std::erase_if(state,
                [&](const NamedNumbers& one) { return one.name.find(part) != std::string::npos; });
  return state;
}

const State own = state_of({0.5F, 0.25F}, {1.5F, 2}, {1, 2}, {4, 0.5F});
const State other = state_of({2, 3}, {0.75F, 3.75F}, {0, 1}, {0.25F, 8});
// The first batch norm as in `other`, the second as in `own`.
const State mixed = state_of({2, 3}, {0.75F, 3.75F}, {1, 2}, {4, 0.5F});

onnx::Model model_of(const State& state) {
  onnx::Model model;
  model.input("x", {"n", 2}).output("y");
  for (const NamedNumbers& one : state) model.initializer(one.name, one.shape, one.values);
  const std::string transposed = onnx::integer("transB", 1);
  model.node("Gemm", {"x", "a.weight"}, {"s"}, {transposed}, "/a/Gemm")
      .node("BatchNormalization", {"s", "p.weight", "p.bias", "p.running_mean", "p.running_var"},
            {"t"}, {}, "/p/BatchNormalization")
      .node("Gemm", {"t", "c.weight"}, {"u"}, {transposed}, "/c/Gemm")
      .node("BatchNormalization", {"u", "q.gamma", "q.beta", "q.running_mean", "q.running_var"},
            {"y"}, {}, "/q/BatchNormalization");
  return model;
}

class ModelStatistics : public ::testing::Test {
 protected:
  ModelStatistics() {
    (void)directory_.write("net.onnx", model_of(own).bytes());
    write_npy(directory_ / "x.npy", {"", {2, 2}, std::vector<double>{1, 0, 0, 1}});
    EXPECT_EQ(
        run({"import", "net.onnx", "-o", "net.yaml", "--weights", "own.safetensors"}).exit_code, 0);
    store("own.safetensors", own);
    store("other.safetensors", other);
    store("mixed.safetensors", mixed);
  }
  void store(std::string_view file, const State& state) const {
    std::vector<TensorView> tensors;
    for (const NamedNumbers& one : state) {
      tensors.push_back({one.name, one.shape, std::span<const float>(one.values)});
    }
    write_safetensors(directory_ / file, tensors);
  }
  [[nodiscard]] Outcome run(std::vector<std::string> arguments) const {
    return run_program(
        Invocation{.arguments = std::move(arguments), .directory = directory_.path().string()});
  }
  // What `command` says of the network, without the names of files.
  [[nodiscard]] Json answer(std::vector<std::string> arguments) const {
    const bool runs = arguments.front() == "run";
    arguments.insert(arguments.end(), {"--format", "json"});
    if (runs) arguments.insert(arguments.end(), {"--input", "x.npy"});
    const Outcome outcome = run(std::move(arguments));
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.exit_code, 0);
    const Json json = Json::parse(outcome.out, nullptr, false);
    return runs ? json.at("layers") : json.at("results").at(0).at("network");
  }

  TemporaryDirectory directory_;
};

TEST_F(ModelStatistics, MakeWayForThoseOfWeights) {
  for (const char* const command : {"run", "bound"}) {
    const Json expected = answer({command, "net.yaml", "--weights", "other.safetensors"});
    EXPECT_EQ(answer({command, "net.onnx", "--weights", "other.safetensors"}), expected);
    EXPECT_NE(answer({command, "net.onnx"}), expected);
    EXPECT_EQ(answer({command, "net.onnx"}),
              answer({command, "net.yaml", "--weights", "own.safetensors"}));
  }
  ASSERT_EQ(run({"check", "net.onnx", "--update", "--force", "--baseline", "b.json"}).exit_code, 0);
  EXPECT_EQ(
      run({"check", "net.onnx", "--baseline", "b.json", "--weights", "own.safetensors"}).exit_code,
      0);
  const Outcome check =
      run({"check", "net.onnx", "--baseline", "b.json", "--weights", "other.safetensors"});
  EXPECT_THAT(check.out, HasSubstr("the statistics that --weights gives did"));
  EXPECT_THAT(run({"bound", "net.onnx", "--weights", "other.safetensors"}).out,
              AllOf(Not(HasSubstr("no effect")), Not(HasSubstr("statistics"))));
}

TEST_F(ModelStatistics, MakeWayForThoseOfAFileOfTheirOwn) {
  const Json expected = answer({"run", "net.yaml", "--weights", "other.safetensors"});
  EXPECT_EQ(answer({"run", "net.onnx", "--statistics", "other.safetensors"}), expected);
  store("s.safetensors",
        without(without(without(without(other, "weight"), "bias"), "gamma"), "beta"));
  EXPECT_EQ(answer({"run", "net.onnx", "--statistics", "s.safetensors"}), expected);
  EXPECT_EQ(
      answer({"run", "net.onnx", "--weights", "own.safetensors", "--statistics", "s.safetensors"}),
      expected);
}

TEST_F(ModelStatistics, AreThoseOfTheFileInTraining) {
  const auto train = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"train", "net.onnx", "--loss", "square", "--iterations",
                                         "1", "--input", "x.npy", "--targets", "x.npy"});
    return run(std::move(arguments));
  };
  const Outcome first = train({"--weights", "other.safetensors", "--checkpoint", "c.safetensors"});
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_EQ(train({"--statistics", "other.safetensors", "--resume", "c.safetensors"}).exit_code, 0);
  EXPECT_EQ(train({"--statistics", "mixed.safetensors", "--resume", "c.safetensors"}).err,
            "c.safetensors: error: is of a run with other statistics of batch norm\n"
            "hint: give the files with which it began\n");
}

TEST_F(ModelStatistics, StayWhereTheFileHasNone) {
  store("part.safetensors", without(other, "q.running"));
  store("none.safetensors", without(other, "running"));
  for (const char* const command : {"run", "bound"}) {
    EXPECT_EQ(answer({command, "net.onnx", "--weights", "part.safetensors"}),
              answer({command, "net.yaml", "--weights", "mixed.safetensors"}));
    EXPECT_EQ(answer({command, "net.onnx", "--weights", "none.safetensors"}),
              answer({command, "net.yaml", "--weights", "own.safetensors"}));
    EXPECT_THAT(
        run({command, "net.onnx", "--weights", "part.safetensors"}).out,
        HasSubstr("batch norm of layer 'c': 'part.safetensors' has no statistics for it, and the "
                  "model's own are used\n"));
    EXPECT_THAT(
        run({command, "net.onnx", "--weights", "none.safetensors"}).out,
        HasSubstr("batch norm of layer 'a' and 1 more: 'none.safetensors' has no statistics for "
                  "it, and the model's own are used\n"));
  }
  EXPECT_EQ(answer({"run", "net.onnx", "--statistics", "part.safetensors"}),
            answer({"run", "net.yaml", "--weights", "mixed.safetensors"}));
}

TEST_F(ModelStatistics, OfAFileHaveToBeBothOrSome) {
  store("half.safetensors", without(other, "p.running_var"));
  const char* const hint = "\nhint: are these the weights of another network?\n";
  for (const char* const option : {"--weights", "--statistics"}) {
    const Outcome outcome = run({"run", "net.onnx", option, "half.safetensors"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err,
              std::string("half.safetensors: error: tensor 'p.running_var' of shape [2] is "
                          "missing") +
                  hint);
  }
  store("none.safetensors", without(other, "running"));
  EXPECT_EQ(
      run({"run", "net.onnx", "--statistics", "none.safetensors"}).err,
      std::string("none.safetensors: error: tensor 'p.running_mean' of shape [2] is missing, and 3 "
                  "more") +
          hint);
}

TEST_F(ModelStatistics, AreFoundByMapAndByOrder) {
  const Json expected = answer({"run", "net.yaml", "--weights", "other.safetensors"});
  // Files have their tensors by name.
  const auto numbered = [](State state) {
    for (std::size_t i = 0; i < state.size(); ++i) {
      std::string& name = state[i].name;
      name = std::to_string(i) + name.substr(name.find('.'));
    }
    return state;
  };
  store("ordered.safetensors", numbered(other));
  EXPECT_EQ(
      answer({"run", "net.onnx", "--weights", "ordered.safetensors", "--match-weights", "order"}),
      expected);
  store("none.safetensors", numbered(without(other, "running")));
  EXPECT_EQ(
      answer({"run", "net.onnx", "--weights", "none.safetensors", "--match-weights", "order"}),
      answer({"run", "net.yaml", "--weights", "own.safetensors"}));
  State renamed = other;
  for (NamedNumbers& one : renamed) one.name = "net." + one.name;
  store("renamed.safetensors", renamed);
  (void)directory_.write("map.yaml", "{a: net.a, p: net.p, c: net.c, q: net.q}\n");
  EXPECT_EQ(
      answer({"run", "net.onnx", "--weights", "renamed.safetensors", "--weights-map", "map.yaml"}),
      expected);
}

TEST_F(ModelStatistics, AreNoMatterWithoutBatchNorms) {
  onnx::Model model;
  model.input("x", {"n", 2}).output("y").initializer("a.weight", {2, 2}, {1, 2, 3, 4});
  model.node("Gemm", {"x", "a.weight"}, {"y"}, {}, "/a/Gemm");
  (void)directory_.write("plain.onnx", model.bytes());
  EXPECT_THAT(run({"bound", "plain.onnx", "--weights", "other.safetensors"}).out,
              HasSubstr("weights have no effect: no batch norm lacks its statistics\n"));
  EXPECT_EQ(run({"run", "plain.onnx", "--statistics", "other.safetensors"}).err,
            "other.safetensors: error: 'plain' has no batch norm to use statistics\n"
            "hint: leave out the statistics\n");
}

}  // namespace
}  // namespace smoothbound::testing
