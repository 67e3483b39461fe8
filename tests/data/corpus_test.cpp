// Every file of the fuzzers' corpus, whole and damaged, through its reader.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <random>
#include <vector>

#include "fuzz/readers.hpp"
#include "smoothbound/models/model.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

class Corpus : public ::testing::TestWithParam<fuzz::NamedReader> {
 protected:
  static std::vector<std::filesystem::path> files() {
    const std::filesystem::path folder =
        std::filesystem::path(SMOOTHBOUND_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
  }
};

TEST_P(Corpus, IsReadOrRefused) {
  EXPECT_GE(files().size(), 4U);
  for (const auto& path : files()) {
    SCOPED_TRACE(path);
    EXPECT_NO_THROW(GetParam().read(path.string()));
  }
}

TEST_P(Corpus, DamagedIsReadOrRefused) {
  const TemporaryDirectory directory;
  std::mt19937 random(20);
  for (const auto& path : files()) {
    const std::string whole = read_file(path);
    for (int i = 0; i < 24 && !whole.empty(); ++i) {
      std::string text = whole;
      const std::size_t at = random() % text.size();
      if (i % 3 == 0) text.resize(at);
      if (i % 3 == 1) text[at] = static_cast<char>(random());
      if (i % 3 == 2) text.insert(at, text.substr(at, 8));
      const std::string damaged = directory.write("damaged" + path.extension().string(), text);
      ASSERT_NO_THROW(GetParam().read(damaged)) << path << " draw " << i;
    }
  }
}

// A new format of models needs a fuzzer.
TEST(ModelCorpora, EveryFormatHasOne) {
  for (const models::ModelFormat& format : models::model_formats()) {
    std::string name(format.name == "Caffe" ? "prototxt" : format.name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_NE(std::ranges::find(fuzz::readers, name, &fuzz::NamedReader::name), fuzz::readers.end())
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, Corpus, ::testing::ValuesIn(fuzz::readers),
                         [](const auto& reader) { return std::string(reader.param.name); });

}  // namespace
}  // namespace smoothbound::testing
