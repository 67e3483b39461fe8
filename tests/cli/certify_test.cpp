// smoothbound certify as users run it.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "support/csv.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Certify : public ::testing::Test {
 protected:
  Certify() {
    (void)directory_.write("net.yaml",
                           "name: net\ninput: {shape: [4], norm: 2}\nbatch: 12\nloss: logistic\n"
                           "layers:\n  - {name: a, dense: 6, then: [softplus]}\n"
                           "  - {name: b, dense: 3}\n");
  }

  [[nodiscard]] Outcome certify(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "certify");
    return run_program(Invocation{.arguments = std::move(arguments),
                                  .environment = {{"OMP_WAIT_POLICY", "passive"}},
                                  .directory = directory_ / ""});
  }
  [[nodiscard]] Json json_of(std::vector<std::string> arguments, int exit_code = 0) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = certify(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return Json::parse(outcome.out);
  }
  // Word for word; then nothing is written.
  void expect_error(const std::vector<std::string>& arguments, const std::string& message,
                    int code = 2) const {
    const std::size_t files = directory_.count();
    const Outcome outcome = certify(arguments);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, message);
    EXPECT_EQ(directory_.count(), files);
  }
  // Of a mistake in the last argument.
  void expect_mistake(const std::vector<std::string>& arguments, const std::string& message,
                      const std::string& hint, bool in_option = false) const {
    std::string line = "smoothbound certify";
    std::size_t column = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i + (in_option ? 2 : 1) == arguments.size()) column = line.size() + 2;
      line += " " + arguments[i];
    }
    expect_error(arguments, "<command line>:1:" + std::to_string(column) + ": error: " + message +
                                "\n 1 | " + line + "\n   | " + std::string(column - 1, ' ') +
                                "^\nhint: " + hint + "\n");
  }
  // Minus the gradient, or a multiple of it, as a file.
  void write_direction(const std::string& name, double factor) const {
    (void)certify({"net.yaml", "--weights", "w.safetensors", "--step", "1e-3", "--write",
                   "near.safetensors"});
    const ArrayFile w = open_array_file(directory_ / "w.safetensors");
    const ArrayFile near = open_array_file(directory_ / "near.safetensors");
    std::vector<TensorView> arrays;
    std::vector<std::vector<double>> values;
    for (const ArrayEntry& entry : w.entries()) {
      std::vector<double> from(static_cast<std::size_t>(entry.elements()));
      std::vector<double> to(from.size());
      w.read_into(entry, std::span<double>(from));
      near.read_into(*near.find(entry.name), std::span<double>(to));
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = factor * (to[i] - from[i]) / 1e-3;
      values.push_back(std::move(to));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      arrays.push_back({w.entries()[i].name, w.entries()[i].shape, values[i]});
    }
    write_safetensors(directory_ / name, arrays);
    std::filesystem::remove(directory_ / "near.safetensors");
  }
  void draw_weights() const {
    ASSERT_EQ(run_program(Invocation{.arguments = {"init", "net.yaml", "-o", "w.safetensors"},
                                     .directory = directory_ / ""})
                  .exit_code,
              0);
  }

  TemporaryDirectory directory_;
};

TEST_F(Certify, TheAnswerComesFirst) {
  const Outcome outcome = certify({"net.yaml", "--init", "kaiming"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("net (net.yaml), along w + t d\nPROVED: the step t = "));
  EXPECT_THAT(outcome.out, HasSubstr("\nobjective: F = logistic of 12 samples\n"
                                     "direction d: gradient, ||d|| = "));
  EXPECT_THAT(outcome.out, HasSubstr("of the bounds' width at T\n"));
  EXPECT_THAT(certify({"net.yaml", "--init", "kaiming", "--explain"}).out,
              HasSubstr("\nlayers and their shares of the bounds' width at T\n"
                        "  #  layer  components "));
}

TEST_F(Certify, FormatsAgree) {
  const std::vector<std::string> arguments{"net.yaml", "--init", "kaiming"};
  const Json json = json_of(arguments);
  std::vector<std::string> as_csv = arguments;
  as_csv.insert(as_csv.end(), {"--format", "csv"});
  const std::vector<CsvRow> rows = parse_csv(certify(as_csv).out);
  const Json& curve = json.at("curve");
  ASSERT_EQ(rows.size(), curve.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(std::stod(rows[i].at("t")), curve[i].at("t").get<double>());
    EXPECT_EQ(std::stod(rows[i].at("value")), curve[i].at("value").get<double>());
    EXPECT_EQ(rows[i].at("upper").empty(), !curve[i].contains("upper"));
    if (!curve[i].contains("upper")) continue;
    EXPECT_EQ(std::stod(rows[i].at("upper")), curve[i].at("upper").get<double>());
    EXPECT_LE(curve[i].at("lower"), curve[i].at("value"));
    EXPECT_LE(curve[i].at("value"), curve[i].at("upper"));
  }
}

TEST_F(Certify, AllDirectionsAreThere) {
  for (const std::string direction : {"gradient", "gauss-newton", "newton"}) {
    const Json json = json_of({"net.yaml", "--init", "kaiming", "--direction", direction});
    EXPECT_EQ(json.at("direction"), direction);
    EXPECT_EQ(json.at("verdict"), "decreases");
    EXPECT_GT(json.at("best").at("decrease"), 0.0);
  }
  const auto norm = [&](const std::string& gamma) {
    return json_of({"net.yaml", "--direction", "gauss-newton", "--gamma", gamma})
        .at("direction_norm")
        .get<double>();
  };
  EXPECT_LT(norm("0.1"), norm("1"));
}

TEST_F(Certify, SettingsReachTheBounds) {
  const Json json = json_of({"net.yaml", "--degree", "2", "--enclosure", "interval", "--samples",
                             "5", "--regularizer", "0.5", "--loss", "square"});
  EXPECT_EQ(json.at("degree"), 2);
  EXPECT_EQ(json.at("enclosure"), "interval");
  EXPECT_EQ(json.at("samples"), 5);
  EXPECT_EQ(json.at("regularizer"), 0.5);
  EXPECT_EQ(json.at("loss"), "square");
  EXPECT_EQ(json_of({"net.yaml", "--enclosure", "norm"}).at("enclosure"), "norm");
}

TEST_F(Certify, AStepIsDecided) {
  draw_weights();
  write_direction("down.safetensors", 1);
  write_direction("up.safetensors", -1);
  const auto decided = [&](const std::string& direction, const std::string& step, int exit_code) {
    const Json json = json_of(
        {"net.yaml", "--weights", "w.safetensors", "--direction", direction, "--step", step},
        exit_code);
    EXPECT_EQ(json.at("direction"), direction);
    EXPECT_EQ(json.at("asked").at("t"), std::stod(step));
    EXPECT_EQ(json.at("verdict"), json.at("asked").at("verdict"));
    return json.at("verdict").get<std::string>();
  };
  EXPECT_EQ(decided("down.safetensors", "0.05", 0), "decreases");
  EXPECT_EQ(decided("up.safetensors", "0.05", 1), "increases");
  EXPECT_EQ(decided("down.safetensors", "500", 3), "undecided");
}

TEST_F(Certify, TheChartIsDrawnAsItsFileIsNamed) {
  for (const std::string file : {"step.svg", "step.vl.json", "step"}) {
    const Outcome outcome = certify({"net.yaml", "--init", "kaiming", "-o", file});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("PROVED"));
    const std::string chart = read_file(directory_ / file);
    if (file == "step.vl.json") {
      EXPECT_EQ(Json::parse(chart).at("vconcat").size(), 1U);
    } else {
      EXPECT_THAT(chart, StartsWith("<svg "));
      EXPECT_THAT(chart, HasSubstr(">T</text>"));
      EXPECT_THAT(chart, HasSubstr(": F at most "));
      EXPECT_THAT(chart, HasSubstr(">line search</text>"));
    }
  }
}

// F at the parameters of the file is what was proved of the step.
TEST_F(Certify, WrittenParametersAreThoseOfTheStep) {
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{}, {"--direction", "newton"}, {"--step", "0.25"}}) {
    std::vector<std::string> arguments{"net.yaml", "--init",  "kaiming",         "--regularizer",
                                       "1e-3",     "--write", "next.safetensors"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const Json first = json_of(arguments);
    EXPECT_EQ(first.at("saved"), "next.safetensors");
    const Json& step = first.contains("asked") ? first.at("asked") : first.at("best");
    const Json next =
        json_of({"net.yaml", "--weights", "next.safetensors", "--regularizer", "1e-3"});
    const double value = next.at("value");
    EXPECT_LE(step.at("lower").get<double>(), value);
    EXPECT_LE(value, step.at("upper").get<double>());
    EXPECT_LE(step.at("lower").get<double>(), next.at("start").at("upper").get<double>());
    EXPECT_LE(next.at("start").at("lower").get<double>(), step.at("upper").get<double>());
    EXPECT_LT(next.at("start").at("upper").get<double>(),
              first.at("start").at("lower").get<double>());
    EXPECT_EQ(open_array_file(directory_ / "next.safetensors").find("a.weight")->type,
              ElementType::f64);
  }
}

// Rounded parameters are those of the file, and what is proved is proved of them.
TEST_F(Certify, StepsAreCertifiedAsFloat32StoresThem) {
  draw_weights();  // in float32
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{}, {"--step", "0.25"}, {"--step", "1e-14"}}) {
    std::vector<std::string> arguments{"net.yaml",      "--weights",     "w.safetensors",
                                       "--store",       "float32",       "--write",
                                       "n.safetensors", "--regularizer", "1e-3"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const bool is_lost = arguments.back() == "1e-14";  // in the rounding
    const Json json = json_of(arguments, is_lost ? 3 : 0);
    const Json& stored = json.at("stored");
    EXPECT_EQ(stored.at("precision"), "float32");
    EXPECT_EQ(stored.at("t"), json.at(json.contains("asked") ? "asked" : "best").at("t"));
    EXPECT_EQ(json.at("verdict"), stored.at("verdict"));
    EXPECT_EQ(json.at("verdict"), is_lost ? "undecided" : "decreases");
    const double below = stored.at("start").at("lower");
    EXPECT_EQ(stored.at("upper").get<double>() < below, !is_lost);
    EXPECT_NEAR(below, json.at("start").at("lower").get<double>(), 1e-9);
    EXPECT_EQ(open_array_file(directory_ / "n.safetensors").find("a.weight")->type,
              ElementType::f32);
    const Json next = json_of({"net.yaml", "--weights", "n.safetensors", "--regularizer", "1e-3"});
    for (const Json& value : {next.at("value"), stored.at("value")}) {
      EXPECT_LE(stored.at("lower").get<double>(), value.get<double>() + 1e-14);
      EXPECT_LE(value.get<double>(), stored.at("upper").get<double>() + 1e-14);
    }
    EXPECT_LE(stored.at("lower").get<double>(), next.at("start").at("upper").get<double>());
    EXPECT_LE(next.at("start").at("lower").get<double>(), stored.at("upper").get<double>());
  }
  EXPECT_THAT(certify({"net.yaml", "--store", "float32"}).out,
              HasSubstr("\nPROVED: stored in float32, w + t d decreases F, by "));
  write_direction("up.safetensors", -1);
  const Outcome up = certify({"net.yaml", "--weights", "w.safetensors", "--direction",
                              "up.safetensors", "--store", "float32", "--step", "0.05"});
  EXPECT_EQ(up.exit_code, 1);
  EXPECT_THAT(up.out, HasSubstr("\nPROVED: stored in float32, w + t d increases F, by "));
  expect_error({"net.yaml", "--step", "1e60", "--store", "float32", "--write", "f.safetensors"},
               "net.yaml: error: w + t d has numbers beyond the range of float32\n"
               "hint: take other parameters, or divide the samples\n",
               3);
}

TEST_F(Certify, SamplesThatDoNotFitGoInMicroBatches) {
  (void)directory_.write("wide.yaml",
                         "name: wide\ninput: {shape: [4]}\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 200, then: [softplus]}\n  - {name: b, dense: 3}\n");
  const std::vector<std::string> arguments{"wide.yaml", "--init", "kaiming",
                                           "--samples", "2000",   "--explain"};
  const auto with_memory = [&](const std::string& size) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--memory", size});
    return json_of(all);
  };
  const Json whole = with_memory("1GiB");
  const Json parts = with_memory("8MiB");
  EXPECT_FALSE(whole.contains("micro_batch"));
  EXPECT_EQ(2000 % parts.at("micro_batch").get<int>(), 0);
  EXPECT_GT(parts.at("gradients"), whole.at("gradients"));
  for (const std::string step : {"best", "longest"}) {
    for (const std::string number : {"t", "lower", "upper", "decrease"}) {
      EXPECT_NEAR(parts.at(step).at(number), whole.at(step).at(number), 1e-6) << step << number;
    }
  }
  ASSERT_EQ(parts.at("shares").size(), whole.at("shares").size());
  for (std::size_t i = 0; i < parts.at("shares").size(); ++i) {
    EXPECT_NEAR(parts.at("shares")[i].at("share"), whole.at("shares")[i].at("share"), 1e-3);
  }
  const Outcome text = certify({"wide.yaml", "--samples", "2000", "--memory", "8MiB"});
  EXPECT_THAT(text.out, HasSubstr(" for remainders, in micro-batches of "));
  const Outcome none = certify({"wide.yaml", "--samples", "2000", "--memory", "1MiB"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr(", and there are 1.0 MiB\nhint: take fewer with --samples, or "
                                  "allow more with --memory\n"));
  (void)directory_.write("norm.yaml",
                         "name: n\ninput: {shape: [4]}\nbatch: 3000\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 6, then: [batch_norm]}\n  - {name: b, dense: 3}\n");
  const Outcome coupled = certify({"norm.yaml", "--memory", "1MiB"});
  EXPECT_EQ(coupled.exit_code, 2);
  EXPECT_THAT(coupled.err, HasSubstr("hint: batch normalization needs all samples at once: take "
                                     "fewer with --samples, or allow more with --memory\n"));
}

TEST_F(Certify, NothingIsWrittenWhereNothingIsProved) {
  draw_weights();
  write_direction("up.safetensors", -1);
  const std::size_t files = directory_.count();
  const std::vector<std::string> arguments{"net.yaml",     "--weights",      "w.safetensors",
                                           "--direction",  "up.safetensors", "--write",
                                           "n.safetensors"};
  const Outcome outcome = certify(arguments);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("\nno decrease is proved: F does not fall along d, its slope "
                                     "is "));
  EXPECT_THAT(outcome.err, HasSubstr("error: no step is proved, and 'n.safetensors' is not "
                                     "written\n"));
  EXPECT_THAT(outcome.err, HasSubstr("\nhint: --step says which one to write, proved or not\n"));
  EXPECT_EQ(directory_.count(), files);
  // A step that is asked for is written, whatever is known of it.
  std::vector<std::string> asked = arguments;
  asked.insert(asked.end(), {"--step", "500"});
  EXPECT_THAT(certify(asked).err, "");
  EXPECT_TRUE(std::filesystem::exists(directory_ / "n.safetensors"));
}

TEST_F(Certify, MistakesOnTheCommandLine) {
  expect_mistake({"net.yaml", "--direction", "newtown"},
                 "unknown --direction 'newtown', and there is no such file",
                 "did you mean 'newton'?");
  expect_mistake({"net.yaml", "--direction", "gauss_newton"},
                 "unknown --direction 'gauss_newton', and there is no such file",
                 "did you mean 'gauss-newton'?");
  expect_mistake({"net.yaml", "--direction", "no.npz"},
                 "unknown --direction 'no.npz', and there is no such file",
                 "one of: gradient, gauss-newton, newton; or a file");
  expect_mistake({"net.yaml", "--degree", "4"}, "unknown --degree '4'", "one of: 2, 3");
  expect_mistake({"net.yaml", "--enclosure", "box"}, "unknown --enclosure 'box'",
                 "one of: norm, interval");
  expect_mistake({"net.yaml", "--step", "0"}, "--step must be positive", "write a number above 0");
  expect_mistake({"net.yaml", "--step", "-1"}, "--step must be positive", "remove the minus sign");
  expect_mistake({"net.yaml", "--step", "certified"}, "--step must be a number, not 'certified'",
                 "write a number such as 12, 0.5 or 1e-3");
  expect_mistake({"net.yaml", "--gamma", "2"}, "--gamma is for --direction gauss-newton and newton",
                 "take one of them, or leave it out", true);
  expect_mistake({"net.yaml", "--weights", "w.safetensors", "--init", "ball"},
                 "--weights and --init both give parameters", "keep one of them", true);
  expect_mistake({"net.yaml", "-o", "-"},
                 "the chart is not what is on standard output: --output needs a file",
                 "name a file *.svg", true);
  expect_mistake({"net.yaml", "-o", "f.png"}, "no chart is written as *.png",
                 "name a file *.svg, or *.json for Vega-Lite", true);
  expect_mistake({"net.yaml", "--write", "-"}, "parameters are not text: --write needs a file",
                 "name a file *.safetensors", true);
  expect_mistake({"net.yaml", "--write", "w.npz"}, "no file of parameters is written as *.npz",
                 "name a file *.safetensors", true);
  expect_mistake({"net.yaml", "--write", "net.yaml"}, "the output 'net.yaml' is also an input",
                 "write to another file", true);
  expect_mistake({"net.yaml", "-o", "f", "--write", "f"},
                 "'f' is the output of both -o and --write", "write to two files", true);
  expect_mistake({"net.yaml", "--precision", "float32"}, "unknown option '--precision'",
                 "'smoothbound certify --help' lists what there is", true);
}

// The same chart, byte by byte, of its own JSON.
TEST_F(Certify, PlotDrawsWhatWasSaved) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--step", "0.05"}, {"--step", "1e6"}}) {
    std::vector<std::string> arguments = {"net.yaml", "-o", "step.svg", "--format", "json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    (void)directory_.write("step.json", certify(arguments).out);
    const Outcome plot = run_program({"plot", directory_ / "step.json"});
    EXPECT_EQ(plot.exit_code, 0) << plot.err;
    EXPECT_EQ(plot.out, read_file(directory_ / "step.svg"));
  }
  EXPECT_THAT(run_program({"plot", directory_ / "step.json", "--format", "vega-lite"}).out,
              HasSubstr("vega-lite"));
}

TEST_F(Certify, PlotTellsWhatIsWrongWithWhatWasSaved) {
  const std::string good = certify({"net.yaml", "--format", "json"}).out;
  const auto error_of = [&](const std::string& text) {
    const std::string file = directory_.write("step.json", text);
    const Outcome plot = run_program({"plot", file});
    EXPECT_EQ(plot.exit_code, 2);
    EXPECT_EQ(plot.out, "");
    return plot.err.substr(plot.err.find("step.json"));
  };
  EXPECT_THAT(error_of(good.substr(0, good.size() / 2)), HasSubstr("error: "));
  std::string other = good;
  const std::size_t place = other.find("\"t\":", other.find("\"curve\""));
  ASSERT_NE(place, std::string::npos);
  other.insert(place + 4, "\"x\",\"was\":");
  EXPECT_THAT(error_of(other), HasSubstr("error: 'x' is no t\n"));
  EXPECT_THAT(error_of(other), HasSubstr("hint: a certificate is what 'smoothbound certify "
                                         "--format json' writes\n"));
  other = good;
  other.replace(other.find("\"curve\""), 7, "\"curbe\"");
  EXPECT_THAT(error_of(other), HasSubstr("'curve'"));
  (void)directory_.write("step.json", good);
  const Outcome mixed = run_program({"plot", directory_ / "step.json", directory_ / "net.yaml"});
  EXPECT_EQ(mixed.exit_code, 2);
  EXPECT_THAT(mixed.err, HasSubstr("is no certificate of a step, and"));
}

TEST_F(Certify, WhatCannotBeCertifiedIsSaid) {
  const std::vector<double> x(48, 0.5);
  write_npy(directory_ / "x.npy", {"", {12, 4}, std::span<const double>(x)});
  (void)directory_.write("lossless.yaml", "input: {shape: [2]}\nlayers:\n  - {dense: 2}\n");
  (void)directory_.write("opaque.yaml",
                         "input: {shape: [2]}\nloss: logistic\nlayers:\n"
                         "  - {name: a, opaque: {lipschitz: 1, smoothness: 1}}\n");
  expect_error({"lossless.yaml"},
               "lossless.yaml: error: names no loss, so there is nothing to certify\n"
               "hint: add 'loss: logistic' to it, or give --loss\n");
  expect_error({"net.yaml", "--input", "x.npy", "-o", "f.svg"},
               "x.npy: error: has no labels, and the loss logistic asks what each sample should "
               "be\nhint: --labels takes a file with the class of each sample\n");
  expect_error({"net.yaml", "--loss", "k_means", "--write", "f"},
               "net.yaml: error: the loss k_means has no rule for enclosures along a line\n"
               "hint: one of: logistic, binary_logistic, square, huber\n",
               3);
  expect_error({"net.yaml", "--direction", "net.yaml"},
               "net.yaml: error: this is no safetensors, NPY or NPZ file\n"
               "hint: the format is told by the content, whatever the name of the file\n");
  expect_error({"net.yaml", "--input", "x.npy", "--samples", "13"},
               "<command line>:1:44: error: --samples asks for 13 samples, and in 'x.npy' there "
               "are 12 samples\n 1 | smoothbound certify net.yaml --input x.npy --samples 13\n"
               "   |                                            ^\n"
               "hint: --samples 12 takes all of them\n");
  expect_error({"net.yaml", "--radius", "1e300"},
               "net.yaml: error: logistic: sample 0: output 0 is -inf\n"
               "hint: take other parameters, or divide the samples\n",
               3);
  const Outcome large =
      certify({"net.yaml", "--memory", "1MiB", "--samples", "100000", "--write", "f"});
  EXPECT_EQ(large.exit_code, 2);
  EXPECT_EQ(large.out, "");
  EXPECT_THAT(large.err, StartsWith("net.yaml: error: bounds on 100000 samples take "));
  EXPECT_THAT(large.err, HasSubstr(", and there are 1.0 MiB\nhint: take fewer with --samples, or "
                                   "allow more with --memory\n"));
  (void)directory_.write("wide.yaml",
                         "name: wide\ninput: {shape: [200]}\nbatch: 2\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 200, then: [tanh]}\n  - {add: [a, input]}\n"
                         "  - {name: b, dense: 2}\n");
  expect_error(
      {"wide.yaml", "--direction", "newton"},
      "wide.yaml: error: Newton steps of a network that is no chain of layers with weights "
      "take the whole Hessian, and 40602 parameters are more than 3000\n"
      "hint: --direction gauss-newton takes any network\n",
      3);
  const Outcome opaque = certify({"opaque.yaml"});
  EXPECT_EQ(opaque.exit_code, 3);
  EXPECT_THAT(opaque.err, HasSubstr("\nhint: 'smoothbound bound' computes its bounds"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "f"));
}

}  // namespace
}  // namespace smoothbound::testing
