// What shells and man are told is what --help tells: every command, every option.
#include <gmock/gmock.h>

#include <regex>
#include <set>
#include <sstream>

#include "support/run_program.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string output_of(const std::vector<std::string>& arguments) {
  const Outcome run = run_program(arguments);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.out;
}

std::string help_of(const std::string& command) {
  return output_of(command.empty() ? std::vector<std::string>{"--help"}
                                   : std::vector<std::string>{command, "--help"});
}

// The first words of the lines of a section of help.
std::vector<std::string> first_words(const std::string& help, const std::string& section) {
  std::vector<std::string> words;
  std::istringstream lines(help);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ")) {
      inside = line == section;
    } else if (inside && line[2] != ' ') {
      words.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  return words;
}

std::vector<std::string> commands() { return first_words(help_of(""), "Subcommands:"); }

// The titles of the groups in which options stand.
std::vector<std::string> groups_of(const std::string& help) {
  std::vector<std::string> titles;
  std::istringstream lines(help);
  std::string title;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(':')) title = line;
    if (!line.starts_with("  -")) continue;
    if (titles.empty() || titles.back() != title) titles.push_back(title);
  }
  return titles;
}

// "-o" and "--output" of "-o,--output".
std::set<std::string> options_of(const std::string& command) {
  std::set<std::string> names;
  const std::string help = help_of(command);
  for (const std::string& title : groups_of(help)) {
    for (const std::string& joined : first_words(help, title)) {
      std::istringstream parts(joined);
      for (std::string name; std::getline(parts, name, ',');) names.insert(name);
    }
  }
  return names;
}

std::string unescaped(std::string roff) {
  return std::regex_replace(std::move(roff), std::regex(R"(\\-)"), "-");
}

// The words of the line that has `key`, split at what is no part of an option.
std::set<std::string> words_of_lines_with(const std::string& text, const std::string& key) {
  std::set<std::string> words;
  std::istringstream lines(text);
  const std::regex word("[A-Za-z0-9_-]+");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(key) == std::string::npos) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), word), end; it != end; ++it) {
      words.insert(it->str());
    }
  }
  return words;
}

class EveryCommand : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryCommand, HasItsOptionsInTheManual) {
  const std::string& command = GetParam();
  const std::string page =
      unescaped(output_of(command.empty() ? std::vector<std::string>{"man"}
                                          : std::vector<std::string>{"man", command}));
  const std::set<std::string> options = options_of(command);
  EXPECT_GE(options.size(), 3U) << "help was not understood";
  for (const std::string& option : options) {
    EXPECT_THAT(page, HasSubstr("\\fB" + option + "\\fR"));
  }
  for (const char* section :
       {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"}) {
    EXPECT_THAT(page, HasSubstr(std::string(".SH ") + section + "\n"));
  }
}

TEST_P(EveryCommand, HasItsOptionsInBash) {
  const std::string script = output_of({"completion", "bash"});
  const std::set<std::string> offered =
      words_of_lines_with(script, "'" + GetParam() + "') options=");
  for (const std::string& option : options_of(GetParam())) EXPECT_THAT(offered, Contains(option));
}

TEST_P(EveryCommand, HasItsOptionsInFish) {
  const std::string script = output_of({"completion", "fish"});
  const std::string condition =
      GetParam().empty() ? "'not __fish_seen" : "'__fish_seen_subcommand_from " + GetParam() + "'";
  std::istringstream lines(script);
  std::set<std::string> offered;
  const std::regex form("-([ls]) ([a-z0-9-]+)");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(condition) == std::string::npos) continue;
    const std::string head = line.substr(0, line.find(" -d "));
    for (std::sregex_iterator it(head.begin(), head.end(), form), end; it != end; ++it) {
      offered.insert((it->str(1) == "l" ? "--" : "-") + it->str(2));
    }
  }
  for (const std::string& option : options_of(GetParam())) EXPECT_THAT(offered, Contains(option));
}

TEST_P(EveryCommand, HasItsOptionsInZsh) {
  const std::string script = output_of({"completion", "zsh"});
  const std::size_t begin = GetParam().empty() ? script.find("_arguments -C")
                                               : script.find("\n    " + GetParam() + ")\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string part = script.substr(begin, script.find("&& result=0", begin) - begin);
  for (const std::string& option : options_of(GetParam())) {
    EXPECT_TRUE(std::regex_search(
        part, std::regex("\\)" + option + "[=+-]*\\[|\\*" + option + "[=+-]*\\[")))
        << option << " in " << part;
  }
}

TEST_P(EveryCommand, HasExamples) {
  EXPECT_THAT(help_of(GetParam()), ::testing::ContainsRegex("\nExamples?:\n  .*smoothbound "));
}

std::vector<std::string> program_and_commands() {
  std::vector<std::string> names = commands();
  names.insert(names.begin(), "");
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, EveryCommand, ::testing::ValuesIn(program_and_commands()),
                         [](const auto& test) {
                           return test.param.empty() ? "smoothbound" : test.param;
                         });

TEST(Groups, AreThoseOfHelpInTheManual) {
  EXPECT_THAT(groups_of(help_of("train")), ElementsAre("Options:", "Data:", "Parameters:", "Steps:",
                                                       "Settings:", "Output:", "Machine:"));
  EXPECT_THAT(groups_of(help_of("")), ElementsAre("Options:"));
  for (const std::string& command : commands()) {
    const std::vector<std::string> titles = groups_of(help_of(command));
    EXPECT_EQ(std::set(titles.begin(), titles.end()).size(), titles.size()) << command;
    std::vector<std::string> of_manual;
    std::istringstream page(output_of({"man", command}));
    for (std::string line; std::getline(page, line);) {
      if (line.starts_with(".SS ")) of_manual.push_back(line.substr(4) + ":");
    }
    if (titles.size() > 1) {
      EXPECT_EQ(of_manual, titles) << command;
    }
  }
}

TEST(Groups, OrderTheOptionsOfCompletion) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = output_of({"completion", shell});
    std::size_t place = script.find("train");
    for (const char* option : {"config", "data", "weights", "oracle", "method", "log", "memory"}) {
      place = script.find(option, place);
      EXPECT_NE(place, std::string::npos) << shell << ' ' << option;
    }
  }
}

TEST(Commands, AreListedByTheManual) {
  const std::vector<std::string> names = commands();
  EXPECT_THAT(names, Contains("bound"));
  EXPECT_THAT(names, Not(Contains("man"))) << "hidden";
  std::string joined;
  for (const std::string& name : names) joined += name + "\n";
  EXPECT_EQ(output_of({"man", "--commands"}), joined);
  for (const std::string& name : names) {
    EXPECT_THAT(unescaped(output_of({"man"})), HasSubstr(".BR smoothbound-" + name + " (1)"));
  }
}

// A type that only names choices tells no shell what they are.
TEST(Choices, AreStated) {
  for (const std::string& command : commands()) {
    EXPECT_THAT(help_of(command), Not(::testing::ContainsRegex("--(format|method) [A-Z]")))
        << "declare it with add_choice";
  }
}

TEST(Choices, ArePassedOn) {
  EXPECT_THAT(output_of({"completion", "bash"}),
              HasSubstr("'bound --method') _smoothbound_words 'paper sharp both'; return"));
  EXPECT_THAT(help_of("bound"), HasSubstr("--method paper|sharp|both "));
  EXPECT_THAT(unescaped(output_of({"man", "bound"})),
              HasSubstr("\\fB--method\\fR paper|sharp|both\n"));
}

TEST(ExitCodes, AreInHelpAndManual) {
  for (const char* code : {"0", "1", "2", "3", "70"}) {
    EXPECT_THAT(help_of(""), ::testing::ContainsRegex(std::string("\n  ") + code + " +[a-z]"));
    EXPECT_THAT(output_of({"man", "bound"}), HasSubstr(std::string(".B ") + code + "\n"));
  }
}

}  // namespace
}  // namespace smoothbound::testing
