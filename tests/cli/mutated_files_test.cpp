// Files of every kind, damaged at random, through the commands that read them: whatever comes of
// it, nothing crashes, no error is the program's, and every message says where and what to do.
// SMOOTHBOUND_MUTANTS and SMOOTHBOUND_SEED in the environment set how many of each kind, and where
// they begin; see tests/fuzz/mutate.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "data/files.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

// A file that is right, and a command for it.
struct Kind {
  std::string name;
  std::string file;
  std::vector<std::string> command;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"Yaml", "net.yaml", {"bound", "net.yaml"}},
      {"Json", "net.json", {"bound", "net.json"}},
      {"Config", "o.toml", {"bound", "net.yaml", "--config", "o.toml"}},
      {"Npy", "x.npy", {"run", "net.yaml", "--input", "x.npy"}},
      {"Fortran", "f.npy", {"run", "net.yaml", "--input", "f.npy"}},
      {"Targets",
       "f.npy",
       {"run", "net.yaml", "--input", "x.npy", "--targets", "f.npy", "--loss", "square"}},
      {"Labels", "l.npy", {"run", "net.yaml", "--input", "x.npy", "--labels", "l.npy"}},
      {"Idx", "x.idx", {"run", "net.yaml", "--data", "x.idx"}},
      {"Gzip", "x.gz", {"run", "net.yaml", "--data", "x.gz"}},
      {"Cifar10", "c.bin", {"run", "image.yaml", "--data", "c.bin"}},
      {"Cifar100", "d.bin", {"run", "image.yaml", "--data", "d.bin"}},
      {"Npz", "w.npz", {"run", "net.yaml", "--weights", "w.npz", "--statistics", "w.npz"}},
      {"Safetensors",
       "w.safetensors",
       {"run", "net.yaml", "--weights", "w.safetensors", "--statistics", "w.safetensors"}},
      {"Log", "log.csv", {"plot", "log.csv", "-o", "-"}},
      {"LogLines", "log.jsonl", {"plot", "log.jsonl", "-o", "-"}},
      {"Checkpoint",
       "k.safetensors",
       {"train", "net.yaml", "--input", "x.npy", "--labels", "l.npy", "--resume", "k.safetensors",
        "--iterations", "3"}},
      {"Baseline", "b.json", {"check", "net.yaml", "--baseline", "b.json"}},
  };
  return all;
}

std::size_t number_of(const char* variable, std::size_t otherwise) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): one thread
  return text == nullptr ? otherwise : std::stoul(text);
}

std::string mutate(std::string text, std::mt19937& random) {
  constexpr std::array<std::string_view, 16> tokens{"-1",     "0",
                                                    "1e400",  "18446744073709551616",
                                                    "nan",    "{",
                                                    "[",      "\"",
                                                    "\n",     std::string_view("\0", 1),
                                                    "\xFF",   "\xFF\xFF\xFF\xFF",
                                                    "\r\n\t", ",",
                                                    "PK\3\4", "\x1b[2J"};
  const std::size_t changes = 1 + random() % 3 / 2;
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    // Half of them at the beginning, where headers are.
    const std::size_t most =
        random() % 2 == 0 ? text.size() : std::min<std::size_t>(text.size(), 160);
    const std::size_t at = random() % most;
    const std::size_t length = 1 + random() % std::min<std::size_t>(text.size() - at, 20);
    switch (random() % 6) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        text.resize(at);
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      case 4:
        text.replace(at, 1, tokens.at(random() % tokens.size()));
        break;
      default:
        text.insert(random() % (text.size() + 1), tokens.at(random() % tokens.size()));
    }
  }
  return text;
}

class MutatedFiles : public ::testing::TestWithParam<Kind> {
 protected:
  MutatedFiles() {
    const std::string layers = "layers:\n  - {name: a, dense: 2, then: [batch_norm, softplus]}\n";
    write("net.yaml",
          "name: net\nbatch: 2\ninput: {shape: [2], norm: 1}\nloss: logistic\n" + layers);
    write("net.json", R"({"name": "net", "input": {"shape": [1, 4, 4]}, "layers": [
      {"name": "c", "conv": {"filters": 2, "kernel": 3, "padding": 1}, "then": ["tanh"]},
      {"dense": {"units": 3}}]})");
    write("image.yaml", "input: {shape: [3, 32, 32]}\n" + layers);
    write("o.toml", "batch = 4\nradius = 2.5\nmethod = \"both\"\nformat = \"csv\"\n");
    const std::vector<float> x{1, 2, 3, 4};
    write("x.npy", npy(npy_dict("<f4", "(2, 2)"), bytes_of(x)));
    write("f.npy", npy(npy_dict("<f4", "(2, 2)", "True"), bytes_of(x)));
    write("l.npy", npy(npy_dict("<i8", "(2, 1)"), bytes_of<std::int64_t>({0, 1})));
    write("x.idx", idx({2, 2}, "abcd"));
    write("x.gz", gzip(idx({2, 2}, "abcd")));
    write("c.bin", '\3' + std::string(3072, 'x') + '\1' + std::string(3072, 'y'));
    write("d.bin", "\3\4" + std::string(3072, 'x'));
    const auto member = [&](const std::string& name, const std::string& shape, std::size_t count) {
      return deflated(name + ".npy",
                      npy(npy_dict("<f4", shape), bytes_of(std::vector<float>(count, 0.5F))));
    };
    write("w.npz", zip({member("a.weight", "(2, 2)", 4), member("a.bias", "(2,)", 2),
                        member("a.batch_norm.running_mean", "(2,)", 2),
                        member("a.batch_norm.running_var", "(2,)", 2)}));
    write_safetensors(
        directory_ / "w.safetensors",
        std::vector<TensorView>{{"a.weight", {2, 2}, x},
                                {"a.bias", {2}, std::span(x).first(2)},
                                {"a.batch_norm.running_mean", {2}, std::span(x).first(2)},
                                {"a.batch_norm.running_var", {2}, std::span(x).first(2)}});
    write("log.csv",
          "iteration,objective,gradient_mapping,step,smoothness,oracle_calls,seconds\n"
          "0,2.5,1.25,0.5,2,1,0.000100\n1,1.5,0.25,0.5,2,2,0.000200\n2,1.25,0.125,,,3,0.000300\n");
    write(
        "log.jsonl",
        R"({"iteration":0,"objective":2.5,"gradient_mapping":1.25,"step":0.5,"oracle_calls":1,"seconds":0.1})"
        "\n"
        R"({"iteration":1,"objective":1.5,"gradient_mapping":0.25,"smoothness":"2","oracle_calls":2,"seconds":0.2})"
        "\n");
    if (GetParam().name == "Checkpoint") {
      EXPECT_EQ(run({"train", "net.yaml", "--input", "x.npy", "--labels", "l.npy", "--checkpoint",
                     "k.safetensors", "--iterations", "2"})
                    .exit_code,
                0);
    }
    if (GetParam().name == "Baseline") {
      EXPECT_EQ(run({"check", "net.yaml", "--baseline", "b.json", "--update", "--force"}).exit_code,
                0);
    }
  }
  void write(const std::string& name, const std::string& bytes) const {
    (void)directory_.write(name, bytes);
  }
  [[nodiscard]] Outcome run(const std::vector<std::string>& arguments) const {
    return run_program(Invocation{.arguments = arguments,
                                  .environment = {},
                                  .directory = directory_.path().string(),
                                  .timeout = std::chrono::seconds(20)});
  }
  // What a message has to have; empty: it has.
  [[nodiscard]] static std::string flaw_of(const Outcome& outcome) {
    if (outcome.timed_out) return "no end";
    if (outcome.exit_code > 3) return "exit code " + std::to_string(outcome.exit_code);
    if (outcome.exit_code < 2) return "";
    if (outcome.exit_code == 3 && outcome.err.empty()) return "";  // the answer has the reason
    const std::size_t error = outcome.err.find(": error: ");
    if (error == std::string::npos || error == 0) return "no place";
    if (outcome.err.find("\nhint: ") == std::string::npos) return "no hint";
    if (outcome.err.find('\x1b') != std::string::npos) return "a control character";
    return "";
  }

  TemporaryDirectory directory_;
};

TEST_P(MutatedFiles, AreReadOrRefusedWithAPlaceAndAHint) {
  const Kind& kind = GetParam();
  const std::string whole = read_file(directory_ / kind.file);
  const Outcome right = run(kind.command);
  ASSERT_EQ(right.exit_code, 0) << right.err;
  constexpr std::size_t usual = 200;
  const std::size_t count = number_of("SMOOTHBOUND_MUTANTS", usual);
  const std::size_t first = number_of("SMOOTHBOUND_SEED", 1);
  std::map<int, std::size_t> codes;
  std::size_t flaws = 0;
  for (std::size_t seed = first; seed < first + count; ++seed) {
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    const std::string mutant = mutate(whole, random);
    write(kind.file, mutant);
    const Outcome outcome = run(kind.command);
    ++codes[outcome.exit_code];
    const std::string flaw = flaw_of(outcome);
    if (!flaw.empty()) ++flaws;
    EXPECT_EQ(flaw, "") << "seed " << seed << "\n" << outcome.err;
  }
  std::cout << "mutants of " << kind.name << ": " << count << " from seed " << first;
  for (const auto& [code, times] : codes) std::cout << ", exit " << code << ": " << times;
  std::cout << "; " << flaws << " flaws\n";
}

INSTANTIATE_TEST_SUITE_P(Kinds, MutatedFiles, ::testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace smoothbound::testing
