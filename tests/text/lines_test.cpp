// Lines of a limited width: at words, and by characters, not bytes.
#include "smoothbound/text/lines.hpp"

#include <gtest/gtest.h>

namespace smoothbound::testing {
namespace {

TEST(WrapText, BreaksAtSpaces) {
  EXPECT_EQ(wrap_text("", "one two three", 7), "one two\nthree\n");
  EXPECT_EQ(wrap_text("", "one two three", 13), "one two three\n");
  EXPECT_EQ(wrap_text("", "one two three", any_width), "one two three\n");
  EXPECT_EQ(wrap_text("", "one  two", 4), "one\ntwo\n") << "no space at a break";
  EXPECT_EQ(wrap_text("", "", 4), "\n");
}

TEST(WrapText, IndentsToWhereTheTextBegins) {
  EXPECT_EQ(wrap_text("  - ", "one two three", 12), "  - one two\n    three\n");
  EXPECT_EQ(wrap_text("\n# ", "one two", 5), "\n# one\n  two\n");
}

TEST(WrapText, KeepsLongWordsWhole) {
  EXPECT_EQ(wrap_text("", "a elephants b", 4), "a\nelephants\nb\n");
  EXPECT_EQ(wrap_text("    ", "ab cd", 2), "    ab\n    cd\n") << "an indent wider than all";
}

TEST(WrapText, CountsCharacters) {
  EXPECT_EQ(wrap_text("", "\u00e4\u00e4 \u00f6\u00f6 \u00fc", 5),
            "\u00e4\u00e4 \u00f6\u00f6\n\u00fc\n");
}

TEST(ShortenMiddle, KeepsBothEnds) {
  EXPECT_EQ(shorten_middle("conv softplus average_pool", 11), "conv \u2026_pool");
  EXPECT_EQ(shorten_middle("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten_middle("abcdef", 4), "ab\u2026f");
  EXPECT_EQ(shorten_middle("abcdef", 1), "\u2026");
  EXPECT_EQ(shorten_middle("abcdef", 0), "");
  EXPECT_EQ(shorten_middle("\u00e4\u00f6\u00fc\u00df", 3), "\u00e4\u2026\u00df");
}

}  // namespace
}  // namespace smoothbound::testing
