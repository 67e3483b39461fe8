#include "smoothbound/text/file_name.hpp"

#include <gtest/gtest.h>

#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

TEST(FileName, AsTextIsReadable) {
  EXPECT_EQ(text_of_name("nets/a.yaml"), "nets/a.yaml");
  EXPECT_EQ(text_of_name("\xC3\xA9\xFFz"), "\xC3\xA9\\xffz");
  EXPECT_EQ(text_of_name("\\xff"), "\\\\xff");
}

TEST(FileName, ComesBackFromItsText) {
  for (int a = 0; a < 256; ++a) {
    for (const char b : {'\\', 'x', '\xFF', '\xC3', '0', '\0'}) {
      const std::string name{static_cast<char>(a), b, '\\', 'x', '4', '1', static_cast<char>(a)};
      const std::string text = text_of_name(name);
      EXPECT_EQ(find_invalid_text(text), std::string::npos) << a;
      EXPECT_EQ(name_of_text(text), name) << a;
    }
  }
}

}  // namespace
}  // namespace smoothbound
