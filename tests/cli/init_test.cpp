// smoothbound init as users run it.
#include <gmock/gmock.h>

#include "smoothbound/data/array_file.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class Init : public ::testing::Test {
 protected:
  Init() { (void)directory_.write("net.yaml", small_network); }

  [[nodiscard]] Outcome run(const std::vector<std::string>& arguments) const {
    return run_program(Invocation{.arguments = arguments, .directory = directory_.path().string()});
  }

  TemporaryDirectory directory_;
};

TEST_F(Init, WritesEveryTensorAndHowItWasDrawn) {
  const Outcome outcome =
      run({"init", "net.yaml", "--scheme", "xavier", "--seed", "7", "-o", "w.safetensors"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "");
  const ArrayFile file = open_array_file(directory_ / "w.safetensors");
  EXPECT_EQ(file.entries().size(), 4U);
  EXPECT_THAT(file.find("hidden.weight")->shape, ElementsAre(5, 3));
  EXPECT_THAT(file.find("hidden.bias")->shape, ElementsAre(5));
  EXPECT_THAT(file.find("out.weight")->shape, ElementsAre(2, 5));
  EXPECT_THAT(file.find("out.bias")->shape, ElementsAre(2));
  EXPECT_EQ(file.find("out.bias")->type, ElementType::f32);
  EXPECT_THAT(file.metadata(), UnorderedElementsAre(Pair("architecture", "small"),
                                                    Pair("scheme", "xavier"), Pair("seed", "7")));
}

TEST_F(Init, IsTheSameForASeed) {
  ASSERT_EQ(run({"init", "net.yaml", "-o", "a"}).exit_code, 0);
  ASSERT_EQ(run({"init", "net.yaml", "--scheme", "kaiming", "--seed", "1", "-o", "b"}).exit_code,
            0);
  ASSERT_EQ(run({"init", "net.yaml", "--seed", "2", "-o", "c"}).exit_code, 0);
  EXPECT_EQ(read_file(directory_ / "a"), read_file(directory_ / "b"));
  EXPECT_NE(read_file(directory_ / "a"), read_file(directory_ / "c"));
}

TEST_F(Init, GivesWhatRunDrawsItself) {
  for (const std::string scheme : {"kaiming", "ball"}) {
    ASSERT_EQ(run({"init", "net.yaml", "--scheme", scheme, "--radius", "2", "--seed", "9", "-o",
                   "w.safetensors"})
                  .exit_code,
              0);
    const auto layers = [&](std::vector<std::string> more) {
      std::vector<std::string> arguments{"run",      "net.yaml", "--seed",   "9",
                                         "--radius", "2",        "--format", "csv"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return run(arguments).out;
    };
    EXPECT_EQ(layers({"--weights", "w.safetensors"}), layers({"--init", scheme}));
  }
}

TEST_F(Init, OfABallIsInside) {
  ASSERT_EQ(run({"init", "net.yaml", "--scheme", "ball", "-o", "w"}).exit_code, 0);
  EXPECT_THAT(run({"run", "net.yaml", "--weights", "w"}).out,
              HasSubstr("||v|| <= R in every block"));
  EXPECT_THAT(run({"run", "net.yaml", "--weights", "w", "--radius", "1e-3"}).out,
              HasSubstr("parameters outside of their balls\n"));
}

TEST_F(Init, MistakesAreShown) {
  const auto error_of = [&](const std::vector<std::string>& arguments, int code) {
    const std::size_t files = directory_.count();
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(directory_.count(), files);
    return outcome.err;
  };
  EXPECT_EQ(error_of({"init", "net.yaml"}, 2),
            "<command line>:1:26: error: init needs --output FILE\n"
            " 1 | smoothbound init net.yaml\n"
            "   |                          ^\n"
            "hint: the file to write, whole or not at all\n");
  EXPECT_THAT(error_of({"init", "net.yaml", "--scheme", "kaimin", "-o", "w"}, 2),
              HasSubstr("unknown --scheme 'kaimin'\n"));
  EXPECT_THAT(error_of({"init", "net.yaml", "--scheme", "kaimin", "-o", "w"}, 2),
              HasSubstr("hint: did you mean 'kaiming'?\n"));
  EXPECT_THAT(error_of({"init", "net.yaml", "-o", "net.yaml"}, 2),
              HasSubstr("error: the output 'net.yaml' is also an input\n"));
  EXPECT_THAT(error_of({"init", "net.yaml", "-o", "-"}, 2),
              HasSubstr("error: parameters are not text: --output needs a file\n"));
  EXPECT_THAT(error_of({"init", "net.yaml", "-o", "w.npz"}, 2),
              HasSubstr("error: no file of parameters is written as *.npz\n"));
  EXPECT_THAT(error_of({"init", "net.yaml", "--seed", "x", "-o", "w"}, 2),
              HasSubstr("error: --seed must be "));
  EXPECT_EQ(error_of({"init", "net.yaml", "-o", "no/w"}, 2),
            "smoothbound: error: cannot create a file beside 'no/w': No such file or directory\n"
            "hint: make its folder first, or name another file\n");
  EXPECT_EQ(error_of({"init", "net.yaml", "--scheme", "ball", "--radius", "1e39", "-o", "w"}, 2),
            "net.yaml: error: the radius 1e+39 is beyond the range of the numbers\n"
            "hint: take a smaller radius, by --radius or in the file\n");
  (void)directory_.write("opaque.yaml",
                         "input: {shape: [2]}\nlayers:\n"
                         "  - {name: b, opaque: {lipschitz: 1, smoothness: 1}}\n");
  EXPECT_EQ(
      error_of({"init", "opaque.yaml", "-o", "w"}, 3),
      "opaque.yaml: error: layer 'b': opaque states constants of a layer, not what it "
      "computes\nhint: 'smoothbound bound' computes its bounds; to execute it, give the layer "
      "components in place of constants\n");
  (void)directory_.write("huge.yaml",
                         "input: {shape: [1000000000]}\nlayers: [{dense: 1000000000}]\n");
  EXPECT_THAT(
      error_of({"init", "huge.yaml", "-o", "w"}, 2),
      HasSubstr("huge.yaml: error: 1000000001000000000 parameters take 8.01e+18 bytes, and "));
}

}  // namespace
}  // namespace smoothbound::testing
