#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound {
namespace {

class LoadSource : public testing::Test {
 protected:
  LoadSource()
      : folder_(std::filesystem::temp_directory_path() /
                ("smoothbound_load_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~LoadSource() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  // The message, with its path replaced by FILE.
  static std::string refusal(const std::string& path, const Limits& limits = {}) {
    Source source;
    try {
      load_source(path, limits, source);
    } catch (const SpecError& error) {
      std::string text = render_error(source, error);
      for (auto at = text.find(path); at != std::string::npos; at = text.find(path)) {
        text.replace(at, path.size(), "FILE");
      }
      return text;
    }
    return "read";
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(LoadSource, ReadsTheBytesOfAFile) {
  std::string text = "name: \xC3\xA9\r\n";
  for (int i = 0; i < 200'000; ++i) text += "# comment\n";
  Source source;
  load_source(write("net.yaml", text), {}, source);
  EXPECT_EQ(source.text, text);
  EXPECT_EQ(source.name, path("net.yaml"));
}

// The parsers skip the mark; the digest of a report is that of the whole file.
TEST_F(LoadSource, KeepsAByteOrderMark) {
  Source source;
  load_source(write("net.yaml", "\xEF\xBB\xBFname: x"), {}, source);
  EXPECT_EQ(source.text, "\xEF\xBB\xBFname: x");
}

TEST_F(LoadSource, Directory) {
  EXPECT_EQ(refusal(std::filesystem::path(path("x")).parent_path().string()),
            "FILE: error: this is a directory\n"
            "hint: name an architecture file; there is none in it\n");
}

TEST_F(LoadSource, FifoWithoutAWriterDoesNotHang) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(refusal(path("fifo")),
            "FILE: error: this is not a regular file\n"
            "hint: to read from a pipe, use '-'\n");
}

TEST_F(LoadSource, DeviceIsNotRead) {
  EXPECT_EQ(refusal("/dev/zero"),
            "FILE: error: this is not a regular file\n"
            "hint: to read from a pipe, use '-'\n");
}

TEST_F(LoadSource, NoSuchFile) {
  EXPECT_EQ(refusal(path("none.yaml")),
            "FILE: error: cannot open: No such file or directory\n"
            "hint: check the path; '-' reads standard input\n");
}

TEST_F(LoadSource, NoSuchFileButANearOne) {
  write("vgg16.yaml", "");
  write("weights.npz", "");
  EXPECT_EQ(refusal(path("vgg16.yml")),
            "FILE: error: cannot open: No such file or directory\n"
            "hint: did you mean 'vgg16.yaml'?\n");
  EXPECT_THAT(refusal(path("vgg16.yaml/below")), ::testing::HasSubstr("Not a directory"));
}

TEST_F(LoadSource, UnreadableFile) {
  if (geteuid() == 0) GTEST_SKIP() << "the superuser reads every file";
  const std::string file = write("secret.yaml", "name: x");
  ASSERT_EQ(chmod(file.c_str(), 0), 0);
  EXPECT_EQ(refusal(file),
            "FILE: error: cannot open: Permission denied\n"
            "hint: allow reading it, with chmod +r, or as its owner\n");
}

TEST_F(LoadSource, TooLargeNamesTheLimit) {
  const Limits limits{.bytes = 2U << 20U};
  EXPECT_EQ(refusal(write("fits.yaml", std::string(2U << 20U, '#')), limits), "read");
  EXPECT_EQ(refusal(write("large.yaml", std::string((2U << 20U) + 1, '#')), limits),
            "FILE: error: the file is larger than the limit of 2 MiB (2097152 bytes)\n"
            "hint: the limit can be raised\n");
}

}  // namespace
}  // namespace smoothbound
