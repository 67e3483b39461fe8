#include "enclosure/golden.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "support/source_directory.hpp"

namespace smoothbound::test {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

double number(const std::string& word) {
  return std::strtod(
      word.c_str() + (std::string("~!=").find(word.front()) == std::string::npos ? 0 : 1), nullptr);
}

void expect_near(double value, double expected, double tolerance) {
  if (value == expected || (std::isnan(value) && std::isnan(expected))) return;
  EXPECT_LE(std::abs(value - expected), tolerance) << value << " and not " << expected;
}

void expect_bounds(const std::vector<std::string>& words, const std::vector<std::string>& golden) {
  const double lower = number(golden[1]);
  const double upper = number(golden[2]);
  const double size = std::max(std::abs(lower), std::abs(upper));
  expect_near(number(words[1]), lower, 1e-11 * size);
  expect_near(number(words[2]), upper, 1e-11 * size);
  const double width = upper - lower;
  if (!std::isfinite(width)) return;
  expect_near(number(words[2]) - number(words[1]), width, 2 * size * 0x1p-52 + 1e-3 * width);
}

void compare(const std::string& text, const std::string& expected) {
  constexpr double tolerance = 1e-7;
  const std::vector<std::string> words = split(text);
  const std::vector<std::string> golden = split(expected);
  ASSERT_EQ(words.size(), golden.size());
  if (words.front() == "F") return expect_bounds(words, golden);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == golden[i]) continue;
    const double value = number(golden[i]);
    ASSERT_TRUE(value != 0 || words[i].find_first_of("0123456789") != std::string::npos);
    double size = std::abs(value);
    if (golden[i].front() == '~') size += std::abs(number(golden.at(i + 1)));
    const char mark = golden[i].front();
    const double share = mark == '!' ? 2e-13 : mark == '=' ? 4e-15 : tolerance;
    expect_near(number(words[i]), value, share * size + 1e-300);
  }
}

}  // namespace

void check_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path path =
      std::filesystem::path(SMOOTHBOUND_SOURCE_DIR) / "tests/golden/enclosures" / (name + ".txt");
  if (std::getenv("SMOOTHBOUND_UPDATE_GOLDENS") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing: run scripts/update-goldens";
  std::istringstream computed(text);
  std::string about;
  std::string line;
  for (std::string expected; std::getline(file, expected);) {
    ASSERT_TRUE(std::getline(computed, line)) << "nothing in the place of " << expected;
    if (expected.front() != ' ') about = expected;
    SCOPED_TRACE(about + "\nnow:  " + line + "\nthen: " + expected +
                 "\nif the change is meant, run scripts/update-goldens");
    compare(line, expected);
  }
  EXPECT_FALSE(std::getline(computed, line)) << line;
}

}  // namespace smoothbound::test
