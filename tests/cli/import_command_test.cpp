// smoothbound import as users run it.
#include <gmock/gmock.h>

#include <cstring>

#include "models/onnx_builder.hpp"
#include "smoothbound/data/array_file.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Convolution, batch norm, relu and a dense layer, as PyTorch names their tensors.
onnx::Model small_model(const std::string& last = "y") {
  onnx::Model model;
  model.input("x", {"n", 1, 3, 3}).output("y");
  model.initializer("c.weight", {2, 1, 3, 3}, std::vector<float>(18, 0.25F))
      .initializer("c.bias", {2}, {0.5F, 0})
      .initializer("b.weight", {2}, {1, 2})
      .initializer("b.bias", {2}, {0, 1})
      .initializer("b.running_mean", {2}, {0.5F, 0.25F})
      .initializer("b.running_var", {2}, {1.5F, 2})
      .initializer("f.weight", {3, 2}, {1, 0, 0, 1, 1, 1})
      .initializer("f.bias", {3}, {1, 2, 3});
  model.node("Conv", {"x", "c.weight", "c.bias"}, {"u"}, {}, "/c/Conv")
      .node("BatchNormalization", {"u", "b.weight", "b.bias", "b.running_mean", "b.running_var"},
            {"v"}, {}, "/b/BatchNormalization")
      .node("Relu", {"v"}, {"w"})
      .node("Flatten", {"w"}, {"z"})
      .node("Gemm", {"z", "f.weight", "f.bias"}, {last}, {onnx::integer("transB", 1)}, "/f/Gemm");
  return model;
}

std::string with_log_softmax() {
  onnx::Model model = small_model("scores");
  model.node("LogSoftmax", {"scores"}, {"y"}, {onnx::integer("axis", 1)}, "/LogSoftmax");
  return model.bytes();
}

constexpr std::string_view with_numbers = R"(# Made of net.onnx (ONNX, opset 13).
name: net
input: {shape: [1, 3, 3]}
layers:
  - name: c
    conv: {filters: 2, kernel: 3}
    then:
      - {batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: fixed, mean: [0.5, 0.25], variance: [1.5, 2], weights: b}}
      - relu
  - {name: f, dense: 3}
)";

const std::string darknet =
    "[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\n"
    "activation=linear\n";
const std::string keras =
    R"({"class_name": "Sequential", "config": {"name": "k", "layers": [{"class_name": "Dense", )"
    R"("config": {"name": "d", "units": 2, "batch_input_shape": [null, 3]}}]}})";

class Import : public ::testing::Test {
 protected:
  Import() { (void)directory_.write("net.onnx", small_model().bytes()); }

  [[nodiscard]] Outcome run(const std::vector<std::string>& arguments,
                            const std::string& input = {}) const {
    return run_program(Invocation{
        .arguments = arguments, .input = input, .directory = directory_.path().string()});
  }

  // The message of a failure that leaves no file behind.
  [[nodiscard]] std::string error_of(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "import");
    const std::size_t files = directory_.count();
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(directory_.count(), files);
    return outcome.err;
  }

  TemporaryDirectory directory_;
};

TEST_F(Import, WritesToStandardOutputOrWholeFiles) {
  const Outcome shown = run({"import", "net.onnx"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_EQ(shown.out, with_numbers);
  EXPECT_EQ(shown.err, "");
  const Outcome written = run({"import", "net.onnx", "-o", "net.yaml"});
  EXPECT_EQ(written.exit_code, 0);
  EXPECT_EQ(written.out + written.err, "");
  EXPECT_EQ(read_file(directory_ / "net.yaml"), with_numbers);
  EXPECT_EQ(run({"bound", "net.yaml", "--format", "csv"}).exit_code, 0);
}

TEST_F(Import, TakesStandardInput) {
  const Outcome outcome = run({"import", "-"}, small_model().bytes());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("# Made of a model (ONNX, opset 13).\n"));
  EXPECT_EQ(run({"import", "net.onnx", "-o", "-"}).out, with_numbers);
  EXPECT_EQ(error_of({"net.onnx", "--weights", "-"}),
            "<command line>:1:29: error: parameters are not text: --weights needs a file\n"
            " 1 | smoothbound import net.onnx --weights -\n"
            "   |                             ^\n"
            "hint: name a file *.safetensors\n");
  const Outcome refused = run({"import", "-", "--weights", "w.safetensors"}, small_model().bytes());
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err,
            "<command line>:1:22: error: the numbers of a model from standard input are not "
            "written\n"
            " 1 | smoothbound import - --weights w.safetensors\n"
            "   |                      ^\n"
            "hint: name the file of the model in place of '-'\n");
}

TEST_F(Import, WritesWeightsBesideAnArchitectureWithoutNumbers) {
  const Outcome outcome =
      run({"import", "net.onnx", "-o", "net.yaml", "--weights", "w.safetensors"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(read_file(directory_ / "net.yaml"),
              HasSubstr("{batch_norm: {epsilon: 1e-05, per: channel, affine: true, statistics: "
                        "fixed, weights: b}}"));
  const ArrayFile file = open_array_file(directory_ / "w.safetensors");
  EXPECT_EQ(file.entries().size(), 8U);
  EXPECT_THAT(file.find("c.weight")->shape, ElementsAre(2, 1, 3, 3));
  EXPECT_THAT(file.find("b.running_var")->shape, ElementsAre(2));
  EXPECT_THAT(file.find("f.weight")->shape, ElementsAre(3, 2));
  // The model itself and what it became give the same.
  const auto output_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--samples", "2", "-o", "y.npy"});
    EXPECT_EQ(run(arguments).exit_code, 0);
    return read_file(directory_ / "y.npy");
  };
  EXPECT_EQ(output_of({"run", "net.onnx"}),
            output_of({"run", "net.yaml", "--weights", "w.safetensors"}));
}

TEST_F(Import, StatisticsThatChangeAreACauseOfOtherBounds) {
  onnx::Model other = small_model();
  const std::string running_var = onnx::raw(std::vector<float>{1.5F, 2});
  other.fields.replace(other.fields.find(running_var), running_var.size(),
                       onnx::raw(std::vector<float>{0.5F, 2}));
  (void)directory_.write("other.onnx", other.bytes());
  ASSERT_EQ(run({"import", "net.onnx", "-o", "net.yaml", "--weights", "w.safetensors"}).exit_code,
            0);
  const auto check = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"check", "net.yaml", "--baseline", "bounds.json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  ASSERT_EQ(check({"--weights", "w.safetensors", "--update", "--force"}).exit_code, 0);
  const Outcome outcome = check({"--weights", "other.onnx"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("neither the file nor the settings changed: the statistics "
                                     "that --weights gives did, or the formulas, without a "
                                     "version of their own ("));
}

TEST_F(Import, BatchNormsAreFixedUnlessAskedFor) {
  EXPECT_EQ(run({"import", "net.onnx", "--batch-norms", "fixed"}).out, with_numbers);
  const Outcome batch = run({"import", "net.onnx", "--batch-norms", "batch"});
  EXPECT_EQ(batch.exit_code, 0);
  EXPECT_THAT(batch.out,
              HasSubstr("{batch_norm: {epsilon: 1e-05, per: channel, affine: true, weights: b}}"));
  EXPECT_THAT(error_of({"net.onnx", "--batch-norms", "none"}),
              EndsWith("unknown --batch-norms 'none'\n"
                       " 1 | smoothbound import net.onnx --batch-norms none\n"
                       "   |                                           ^\n"
                       "hint: one of: fixed, batch\n"));
}

TEST_F(Import, TheFirstAxisMayBeOneOfTheSample) {
  onnx::Model model;
  model.input("x", {5, 4}).output("y");
  model.node("Relu", {"x"}, {"y"});
  (void)directory_.write("rows.onnx", model.bytes());
  EXPECT_THAT(run({"import", "rows.onnx"}).out, HasSubstr("input: {shape: [4]}\n"));
  EXPECT_THAT(run({"import", "rows.onnx", "--no-batch"}).out,
              HasSubstr("input: {shape: [5, 4]}\n"));
}

TEST_F(Import, NotesStandOnStandardErrorAndInTheFile) {
  (void)directory_.write("notes.onnx", with_log_softmax());
  const std::string note =
      "'logsoftmax' (LogSoftmax) is left out: it is a part of the logistic loss, which takes the "
      "scores\n";
  const Outcome outcome = run({"import", "notes.onnx", "-o", "notes.yaml"});
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "note: " + note);
  EXPECT_THAT(read_file(directory_ / "notes.yaml"),
              StartsWith("# Made of notes.onnx (ONNX, opset 13).\n# " + note));
  EXPECT_THAT(run({"bound", "notes.onnx"}).out, HasSubstr("  - " + note));
}

TEST_F(Import, DarknetHasItsNumbersInASecondFile) {
  (void)directory_.write("d.cfg", darknet);
  // Biases, scales, means, variances and weights of the convolution, behind a header.
  const std::vector<std::int32_t> header{0, 2, 0, 0, 0};
  const std::vector<float> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  (void)directory_.write("d.weights", onnx::raw(header) + onnx::raw(numbers));
  ASSERT_EQ(
      run({"import", "d.cfg", "d.weights", "-o", "d.yaml", "--weights", "d.safetensors"}).exit_code,
      0);
  EXPECT_EQ(open_array_file(directory_ / "d.safetensors").entries().size(), 5U);
  EXPECT_EQ(run({"run", "d.yaml", "--weights", "d.safetensors", "--samples", "1"}).exit_code, 0);
  EXPECT_EQ(error_of({"d.cfg", "-o", "e.yaml", "--weights", "e.safetensors"}),
            "<command line>:1:36: error: this Darknet model has no numbers\n"
            " 1 | smoothbound import d.cfg -o e.yaml --weights e.safetensors\n"
            "   |                                    ^\n"
            "hint: name its file *.weights behind the model\n");
  EXPECT_EQ(error_of({"d.weights"}),
            "d.weights: error: this is the numbers of a model of Darknet, not an architecture "
            "file\n"
            "hint: name its configuration before: smoothbound import net.cfg d.weights -o net.yaml "
            "--weights weights.safetensors\n");
}

TEST_F(Import, PlacesInWhatAModelBecameAreCalledSo) {
  (void)directory_.write("net.prototxt",
                         "input: \"x\"\ninput_shape { dim: 1 dim: 2 dim: 3 dim: 3 }\n"
                         "layer { name: \"b\" type: \"BatchNorm\" bottom: \"x\" top: \"y\"\n"
                         "  batch_norm_param { use_global_stats: true } }\n");
  const Outcome outcome = run({"bound", "net.prototxt"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err,
            "net.prototxt (imported):5:23: error: layer 'b': batch_norm has fixed statistics, but "
            "no numbers for them\n"
            " 5 |   - {name: b, then: [{batch_norm: {epsilon: 1e-05, per: channel, statistics: "
            "fixed}}]}\n"
            "   |                       ^\n"
            "hint: add mean and variance, each a number or a list, or give a file with them by "
            "--weights; 'smoothbound import --batch-norms batch' makes those of a model statistics "
            "of the batch\n");
  EXPECT_EQ(run({"import", "net.prototxt", "--batch-norms", "batch", "-o", "b.yaml"}).exit_code, 0);
  EXPECT_EQ(run({"bound", "b.yaml"}).exit_code, 0);
}

TEST_F(Import, FilesThatDoNotGoTogether) {
  (void)directory_.write("k.json", keras);
  EXPECT_EQ(error_of({"net.onnx", "k.json"}),
            "<command line>:1:13: error: a model of ONNX has no second file of numbers\n"
            " 1 | smoothbound import net.onnx k.json\n"
            "   |             ^\n"
            "hint: import one model at a time; a file *.weights goes with a configuration of "
            "Darknet\n");
  EXPECT_THAT(error_of({"a.onnx", "b.onnx", "c.onnx"}),
              AllOf(HasSubstr("error: one model is imported at a time\n"),
                    EndsWith("hint: a second file holds the numbers of a model of Darknet\n")));
  EXPECT_THAT(error_of({"k.json", "-o", "k.yaml", "--weights", "k.safetensors"}),
              AllOf(HasSubstr("error: this Keras model has no numbers\n"),
                    EndsWith("hint: leave --weights out: of this format the architecture is "
                             "read\n")));
}

TEST_F(Import, OutputsAreWholeOrAbsentAndCalledAsTheyAre) {
  EXPECT_THAT(error_of({"net.onnx", "-o", "net.json"}),
              AllOf(HasSubstr("error: no architecture file is written as *.json\n"),
                    EndsWith("hint: name a file *.yaml\n")));
  EXPECT_THAT(error_of({"net.onnx", "--weights", "w.npz"}),
              AllOf(HasSubstr("error: no file of parameters is written as *.npz\n"),
                    EndsWith("hint: name a file *.safetensors\n")));
  for (const std::vector<std::string>& outputs :
       {std::vector<std::string>{"-o", "none/n.yaml", "--weights", "w.safetensors"},
        {"-o", "n.yaml", "--weights", "none/w.safetensors"}}) {
    std::vector<std::string> arguments{"net.onnx"};
    arguments.insert(arguments.end(), outputs.begin(), outputs.end());
    EXPECT_THAT(error_of(arguments), HasSubstr("error: cannot create a file beside 'none/"));
  }
}

TEST_F(Import, IsOfModels) {
  (void)directory_.write("net.yaml", small_network);
  EXPECT_EQ(error_of({"net.yaml"}),
            "net.yaml: error: this is no model of another program\n"
            "hint: 'smoothbound import --list' names the formats; architecture files need no "
            "import\n");
  onnx::Model unknown = small_model("s");
  unknown.node("Det", {"s"}, {"y"}, {}, "/Det");
  (void)directory_.write("unknown.onnx", unknown.bytes());
  EXPECT_EQ(error_of({"unknown.onnx"}),
            "unknown.onnx: error: node '/Det' (Det): the operator is not understood\n"
            "hint: 'smoothbound import --list' names the operators that are; export the model "
            "without it, or write an architecture file with 'opaque' in its place\n");
  EXPECT_THAT(error_of({}), HasSubstr("error: a model is missing\n"));
  EXPECT_THAT(error_of({"none.onnx"}),
              HasSubstr("none.onnx: error: cannot open: No such file or directory\n"));
  (void)directory_.write("empty.onnx", "");
  EXPECT_EQ(error_of({"empty.onnx"}),
            "empty.onnx: error: the file is empty\n"
            "hint: is the file complete? copy, download or export it again\n");
  (void)directory_.write("h5.onnx", "\x89HDF\r\n\x1a\n");
  EXPECT_THAT(error_of({"h5.onnx"}),
              StartsWith("h5.onnx: error: this is an HDF5 file, as of Keras, not an architecture "
                         "file\n"));
}

TEST_F(Import, ListsWhatIsUnderstood) {
  const Outcome outcome = run({"import", "--list"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("ONNX (*.onnx)\n  Add "));
  for (const char* const part :
       {"\n  Conv                   conv\n", "\n\nKeras (*.keras, *.json)\n",
        "\n\nDarknet (*.cfg)\n", "\n\nCaffe (*.prototxt)\n",
        "  InnerProduct             dense\n"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  EXPECT_THAT(lines_of(outcome.out), Each(Not(EndsWith(" "))));
}

}  // namespace
}  // namespace smoothbound::testing
