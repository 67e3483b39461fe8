// What people type before they know the commands.
#include <gmock/gmock.h>

#include <filesystem>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class NaturalWords : public ::testing::Test {
 protected:
  NaturalWords() {
    (void)directory_.write("net.yaml", "input: {shape: [2]}\nlayers: [{dense: 2}]\n");
    std::filesystem::create_directory(directory_ / "nets");
    (void)directory_.write("nets/a.yml", "input: {shape: [2]}\nlayers: [{dense: 2}]\n");
    std::filesystem::create_directory(directory_ / "empty");
  }
  [[nodiscard]] Outcome run(const std::vector<std::string>& arguments) const {
    return run_program(Invocation{.arguments = arguments, .directory = directory_.path().string()});
  }
  // The hint of a refusal.
  [[nodiscard]] std::string hint(const std::vector<std::string>& arguments) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    return outcome.err.substr(outcome.err.rfind("hint: "));
  }

  TemporaryDirectory directory_;
};

TEST_F(NaturalWords, HelpAndVersion) {
  const Outcome help = run({"help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.out, run({"--help"}).out);
  EXPECT_THAT(help.out, HasSubstr("Usage: smoothbound"));
  const Outcome bound = run({"help", "bound"});
  EXPECT_EQ(bound.exit_code, 0);
  EXPECT_EQ(bound.out, run({"bound", "--help"}).out);
  EXPECT_THAT(bound.out, HasSubstr("Usage: smoothbound bound"));
  const Outcome version = run({"version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out, run({"--version"}).out);
  EXPECT_THAT(version.out, StartsWith("smoothbound "));
  EXPECT_EQ(run({"help", "help"}).out, help.out);
  EXPECT_EQ(hint({"help", "bond"}), "hint: did you mean 'bound'?\n");
  EXPECT_EQ(hint({"help", "bound", "x"}), "hint: help is about one command\n");
  EXPECT_EQ(hint({"-v"}), "hint: did you mean '--version'?\n");
  EXPECT_EQ(hint({"bound", "-V", "net.yaml"}), "hint: did you mean '--version'?\n");
}

TEST_F(NaturalWords, AFileInPlaceOfTheCommand) {
  EXPECT_EQ(hint({"net.yaml"}), "hint: a command comes first: smoothbound bound net.yaml\n");
  EXPECT_EQ(hint({"no/such.json", "--exact"}), "hint: 'smoothbound --help' lists what there is\n");
  EXPECT_EQ(hint({"no/such.json"}),
            "hint: a command comes first: smoothbound bound no/such.json\n");
  EXPECT_EQ(hint({"nets/"}),
            "hint: a command comes first, and the files in it: smoothbound bound nets/*\n");
  EXPECT_EQ(hint({"net"}), "hint: a command comes first: smoothbound bound net.yaml\n");
  EXPECT_EQ(hint({"bond"}), "hint: did you mean 'bound'?\n");
}

TEST_F(NaturalWords, AValueInPlaceOfItsOption) {
  EXPECT_EQ(hint({"bound", "--json", "net.yaml"}), "hint: did you mean '--format json'?\n");
  EXPECT_EQ(hint({"bound", "net.yaml", "--both"}), "hint: did you mean '--method both'?\n");
  EXPECT_EQ(hint({"--json", "net.yaml"}),
            "hint: a command comes first: smoothbound bound FILE --format json\n");
  EXPECT_EQ(hint({"--colour", "net.yaml"}), "hint: 'smoothbound --help' lists what there is\n");
}

TEST_F(NaturalWords, OptionsOfOtherPrograms) {
  EXPECT_EQ(hint({"train", "net.yaml", "--epochs", "3"}), "hint: did you mean '--iterations'?\n");
  EXPECT_EQ(hint({"train", "net.yaml", "--lr", "3"}), "hint: did you mean '--gamma'?\n");
  EXPECT_EQ(hint({"bound", "net.yaml", "--batch-size", "3"}), "hint: did you mean '--batch'?\n");
  EXPECT_EQ(hint({"bound", "net.yaml", "--batch_size", "3"}), "hint: did you mean '--batch'?\n");
  EXPECT_EQ(hint({"bound", "net.yaml", "-f", "json"}), "hint: did you mean '--format'?\n");
  EXPECT_EQ(hint({"bound", "net.yaml", "--lr", "3"}),
            "hint: 'smoothbound bound --help' lists what there is\n");
}

TEST_F(NaturalWords, OutputsOfOtherKinds) {
  for (const std::string name : {"x.pdf", "x.html", "x.svg", "x.yaml"}) {
    EXPECT_EQ(
        hint({"bound", "net.yaml", "-o", name}),
        "hint: *.txt, *.md, *.csv and *.json are; 'report' writes pages, and 'plot' charts\n");
    EXPECT_FALSE(std::filesystem::exists(directory_ / name));
  }
  for (const std::string name : {"x.json", "x.pdf"}) {
    EXPECT_EQ(
        hint({"report", "net.yaml", "-o", name}),
        "hint: a page is *.html; 'bound' and 'compare' write *.txt, *.md, *.csv and *.json\n");
    EXPECT_FALSE(std::filesystem::exists(directory_ / name));
  }
  // Without a hint nobody knows what to do about an output that cannot be.
  EXPECT_EQ(run({"bound", "net.yaml", "-o", "nets"}).err,
            "smoothbound: error: cannot write 'nets': Is a directory\nhint: name a file in it\n");
  EXPECT_EQ(run({"bound", "net.yaml", "-o", "no/such.txt"}).err,
            "smoothbound: error: cannot create a file beside 'no/such.txt': No such file or "
            "directory\nhint: make its folder first, or name another file\n");
  EXPECT_EQ(run({"bound", "net.yaml", "-o", "nets"}).exit_code, 2);
  (void)directory_.write("table.csv", "a,b\n1,2\n");
  EXPECT_THAT(run({"plot", "table.csv", "-o", "p.svg"}).err,
              StartsWith("table.csv:1: error: is no log of training\nhint: a log is what"));
}

TEST_F(NaturalWords, AFolderInPlaceOfFiles) {
  EXPECT_EQ(hint({"bound", "nets"}), "hint: name the files in it, as in nets/*.yml\n");
  EXPECT_EQ(hint({"bound", "nets/"}), "hint: name the files in it, as in nets/*.yml\n");
  EXPECT_EQ(hint({"bound", "empty"}), "hint: name an architecture file; there is none in it\n");
}

TEST_F(NaturalWords, ANetworkByItsName) {
  EXPECT_EQ(hint({"bound", "net"}), "hint: did you mean 'net.yaml'?\n");
  EXPECT_EQ(hint({"bound", "nets/a"}), "hint: did you mean 'nets/a.yml'?\n");
  EXPECT_EQ(hint({"bound", "xyz"}), "hint: check the path; '-' reads standard input\n");
}

// Found from where the program is, so the program itself is run: the environment is set.
TEST_F(NaturalWords, AShippedNetwork) {
  const auto found = [&](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_program(Invocation{.arguments = arguments,
                                                   .environment = {{"ANY", "1"}},
                                                   .directory = directory_.path().string()});
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.err.substr(outcome.err.rfind("hint: "));
  };
  EXPECT_THAT(found({"bound", "vgg16"}),
              EndsWith("/architectures/vgg16.yaml', which comes with smoothbound?\n"));
  EXPECT_THAT(found({"bound", "lenet5.json"}),
              EndsWith("/architectures/lenet5.json', which comes with smoothbound?\n"));
  EXPECT_THAT(found({"vgg16"}),
              MatchesRegex("hint: a command comes first: smoothbound bound /.*/vgg16.yaml\n"));
  EXPECT_EQ(found({"bound", "nets/vgg16"}), "hint: check the path; '-' reads standard input\n");
}

}  // namespace
}  // namespace smoothbound::testing
