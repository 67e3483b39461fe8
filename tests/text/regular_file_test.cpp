#include "smoothbound/text/regular_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using Reason = NotReadable::Reason;

void expect_refused(const std::string& path, Reason reason, const std::string& message) {
  try {
    const RegularFile file(path);
    ADD_FAILURE() << path << " was opened";
  } catch (const NotReadable& error) {
    EXPECT_EQ(error.reason, reason);
    EXPECT_EQ(error.what(), message);
    EXPECT_EQ(error.error != 0, reason == Reason::no_such_file || reason == Reason::cannot_open);
  }
}

TEST(RegularFile, IsOpenUntilItsEnd) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("file", "four");
  int descriptor = -1;
  {
    RegularFile file(path);
    const RegularFile moved(std::move(file));
    descriptor = moved.descriptor();
    EXPECT_EQ(moved.size(), 4U);
    std::array<char, 8> text{};
    EXPECT_EQ(read(descriptor, text.data(), text.size()), 4);
  }
  EXPECT_EQ(close(descriptor), -1) << "it was still open";
}

// Without a writer, a FIFO that is opened for reading blocks.
TEST(RegularFile, NothingElseIsOpened) {
  const TemporaryDirectory directory;
  const std::string fifo = directory / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  expect_refused(fifo, Reason::not_regular, "this is not a regular file");
  expect_refused("/dev/zero", Reason::not_regular, "this is not a regular file");
  expect_refused(directory.path().string(), Reason::directory, "this is a directory");
  expect_refused(directory / "none", Reason::no_such_file,
                 "cannot open: No such file or directory");
  expect_refused(directory.write("file", "") + "/x", Reason::cannot_open,
                 "cannot open: Not a directory");
}

}  // namespace
}  // namespace smoothbound::testing
