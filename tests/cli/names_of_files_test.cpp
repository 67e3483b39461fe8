// Names are bytes, up to 255 of them: no output that stores or bears one fails.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/data/array_file.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;

class NamesOfFiles : public ::testing::Test {
 protected:
  Outcome run(std::vector<std::string> arguments) const {
    Outcome outcome =
        run_program(Invocation{.arguments = std::move(arguments),
                               .environment = {{"CI", ""}, {"OMP_WAIT_POLICY", "passive"}},
                               .directory = directory_.path().string()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome;
  }
  TemporaryDirectory directory_;  // NOLINT(*-non-private-member-variables-in-classes)
};

TEST_F(NamesOfFiles, ThatAreNoTextAreStored) {
  const std::string net = "n\xff\x01.yaml";
  (void)directory_.write(net,
                         "input: {shape: [4]}\nbatch: 4\nloss: logistic\nlayers:\n"
                         "  - {name: a, dense: 6, then: [softplus]}\n  - {name: b, dense: 3}\n");
  run({"init", net, "-o", "w\xfd.safetensors"});
  const ArrayFile weights = open_array_file(directory_ / "w\xfd.safetensors");
  EXPECT_EQ(weights.metadata().at("architecture"), "n\\xff\x01");
  run({"run", net, "--weights", "w\xfd.safetensors", "--output", "y\xfc.npy"});
  const std::vector<std::string> train{
      "train",     net,  "--iterations",     "2", "--checkpoint", "k\xfb.safetensors", "--log",
      "l\xfa.csv", "-o", "o\xf9.safetensors"};
  run(train);
  std::vector<std::string> resumed = train;
  resumed[3] = "3";
  resumed.insert(resumed.end(), {"--resume", "k\xfb.safetensors"});
  run(resumed);
  run({"plot", "l\xfa.csv", "-o", "p\xf8.svg"});
  run({"report", net, "-o", "r\xf7.html"});
  for (const std::string format : {"table", "markdown", "csv", "json"}) {
    run({"bound", net, "--format", format, "-o", "b\xf6"});
    if (format == "json") {
      EXPECT_TRUE(nlohmann::json::accept(read_file(directory_ / "b\xf6")));
    }
  }
}

TEST_F(NamesOfFiles, LayersMayHaveAZero) {
  (void)directory_.write("net.json", R"({"name": "\u0000", "input": {"shape": [3]}, "layers": [
    {"name": "\u0000", "dense": 2}, {"name": "a\u0000b", "dense": 2}]})");
  run({"init", "net.json", "--seed", "3", "-o", "w.safetensors"});
  const ArrayFile file = open_array_file(directory_ / "w.safetensors");
  EXPECT_EQ(file.metadata().at("architecture"), std::string(1, '\0'));
  EXPECT_EQ(file.entries().size(), 4U);
  const std::vector<std::string> same{"--seed", "3", "--format", "csv"};
  const auto csv_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), same.begin(), same.end());
    return run(arguments).out;
  };
  EXPECT_EQ(csv_of({"run", "net.json", "--weights", "w.safetensors"}),
            csv_of({"run", "net.json", "--init", "kaiming"}));
}

TEST_F(NamesOfFiles, OfOutputsMayBeAsLongAsNamesCanBe) {
  (void)directory_.write("net.yaml", small_network);
  for (const std::size_t length : {248U, 249U, 255U}) {
    const std::string name(length, 'x');
    run({"bound", "net.yaml", "-o", name});
    EXPECT_THAT(read_file(directory_ / name), HasSubstr("hidden"));
  }
  EXPECT_EQ(directory_.count(), 4U) << "no temporary file is left";
  const Outcome outcome =
      run_program({"bound", directory_ / "net.yaml", "-o", directory_ / std::string(256, 'x')});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("File name too long"));
  EXPECT_EQ(directory_.count(), 4U);
}

}  // namespace
}  // namespace smoothbound::testing
