#include "smoothbound/text/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smoothbound {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

TEST(RenderError, LineCaretNotesAndHint) {
  const Source source{"net.yaml", "a: 1\nb: 2\nc: 3\n"};
  const SpecError error({3, 4}, "wrong", "do better", {{{1, 1}, "because of this"}});
  EXPECT_EQ(render_error(source, error), R"(net.yaml:3:4: error: wrong
 3 | c: 3
   |    ^
net.yaml:1:1: note: because of this
 1 | a: 1
   | ^
hint: do better
)");
}

TEST(RenderError, CaretStandsBelowTheCharacterWhateverItsBytes) {
  const Source source{"n", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x99\x82\tx\r\n"};
  EXPECT_EQ(render_error(source, SpecError({1, 5}, "x", "")),
            "n:1:5: error: x\n 1 | \xC3\xA9\xE2\x82\xAC\xF0\x9F\x99\x82 x\n   |     ^\n");
}

TEST(RenderError, LinesPastTheEndAreEmpty) {
  EXPECT_EQ(render_error({"n", "ab"}, SpecError({1, 3}, "x", "")),
            "n:1:3: error: x\n 1 | ab\n   |   ^\n");
  EXPECT_EQ(render_error({"n", "ab\n"}, SpecError({2, 1}, "x", "")),
            "n:2:1: error: x\n 2 | \n   | ^\n");
  EXPECT_EQ(render_error({"n", ""}, SpecError({12, 1}, "x", "")),
            "n:12:1: error: x\n 12 | \n    | ^\n");
}

TEST(RenderError, LongLinesAreCutAroundTheColumn) {
  std::string line;
  for (int i = 0; i < 5000; ++i) line += static_cast<char>('a' + i % 26);
  const std::string text = render_error({"n", line}, SpecError({1, 2601}, "x", ""));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    lines.push_back(text.substr(at, text.find('\n', at) - at));
    at = text.find('\n', at) + 1;
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_LT(lines[1].size(), 140U);
  EXPECT_TRUE(lines[1].starts_with(" 1 | ..."));
  EXPECT_TRUE(lines[1].ends_with("..."));
  // The 2601st letter is an 'a', and the caret is below it.
  EXPECT_EQ(lines[1][lines[2].find('^')], line[2600]);
  EXPECT_EQ(lines[1][lines[2].find('^') - 1], line[2599]);
}

TEST(RenderError, NothingDrivesATerminal) {
  const std::string evil = "\x1B[31m\x07\x7F\xC2\x9B\xE2\x80\xAE\xFF";
  const Source source{evil + "name", evil + "line\n"};
  const std::string text = render_error(source, SpecError({1, 1}, evil, evil, {{{1, 2}, evil}}));
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte < 0x7F)) << static_cast<int>(byte);
  }
  EXPECT_THAT(text, HasSubstr("\\x1b[31m\\x07\\x7f\\u{009b}\\u{202e}\\xffname:1:1: error"));
}

TEST(RenderError, CaretAccountsForEscapes) {
  EXPECT_EQ(render_error({"n", "\x1B"s + "ab"}, SpecError({1, 3}, "x", "")),
            "n:1:3: error: x\n 1 | \\x1bab\n   |      ^\n");
}

TEST(RenderError, HugeMessagesAreCutBetweenCharacters) {
  std::string message = "a";
  for (int i = 0; i < 5000; ++i) message += "\xE2\x82\xAC";
  const std::string text = render_error({"n", "x"}, SpecError({1, 1}, message, ""));
  EXPECT_LT(text.size(), 1100U);
  EXPECT_THAT(text, Not(HasSubstr("\\x")));
  EXPECT_THAT(text, HasSubstr("...\n"));
}

TEST(RenderError, ByteOrderMarkIsNotCounted) {
  EXPECT_EQ(render_error({"n",
                          "\xEF\xBB\xBF"
                          "ab"},
                         SpecError({1, 2}, "x", "")),
            "n:1:2: error: x\n 1 | ab\n   |  ^\n");
}

TEST(EscapeControls, KeepsTextAndEscapesTheRest) {
  EXPECT_EQ(escape_controls("plain caf\xC3\xA9 \xE2\x82\xAC"), "plain caf\xC3\xA9 \xE2\x82\xAC");
  EXPECT_EQ(escape_controls("a\nb\tc\rd\0e"s), "a\\nb\\tc\\rd\\x00e");
  EXPECT_EQ(escape_controls("\xC2\x85"), "\\u{0085}");            // C1
  EXPECT_EQ(escape_controls("\xE2\x81\xA6"), "\\u{2066}");        // bidirectional isolate
  EXPECT_EQ(escape_controls("\xE2\x80\xA8"), "\\u{2028}");        // line separator
  EXPECT_EQ(escape_controls("\xEF\xBB\xBF"), "\\u{feff}");        // byte order mark
  EXPECT_EQ(escape_controls("\xC0\x80"), "\\xc0\\x80");           // overlong
  EXPECT_EQ(escape_controls("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(escape_controls("\xE2\x82"), "\\xe2\\x82");           // cut
}

TEST(FindInvalidText, FindsTheFirstBadByte) {
  EXPECT_EQ(find_invalid_text(""), std::string_view::npos);
  EXPECT_EQ(find_invalid_text("caf\xC3\xA9\xF4\x8F\xBF\xBF"), std::string_view::npos);
  EXPECT_EQ(find_invalid_text("ab\0c"s), 2U);
  EXPECT_EQ(find_invalid_text("ab\xFF"), 2U);
  EXPECT_EQ(find_invalid_text("\x80"), 0U);
  EXPECT_EQ(find_invalid_text("a\xC3"), 1U);
  EXPECT_EQ(find_invalid_text("a\xC3z"), 1U);
  EXPECT_EQ(find_invalid_text("\xC1\xBF"), 0U);
  EXPECT_EQ(find_invalid_text("\xE0\x9F\xBF"), 0U);
  EXPECT_EQ(find_invalid_text("\xED\xBF\xBF"), 0U);
  EXPECT_EQ(find_invalid_text("\xF0\x8F\xBF\xBF"), 0U);
  EXPECT_EQ(find_invalid_text("\xF4\x90\x80\x80"), 0U);
}

TEST(Locate, CountsLinesAndCharacters) {
  const std::string text = "ab\n\xC3\xA9x\r\nz";
  EXPECT_EQ(locate(text, 0), (Location{1, 1}));
  EXPECT_EQ(locate(text, 2), (Location{1, 3}));
  EXPECT_EQ(locate(text, 3), (Location{2, 1}));
  EXPECT_EQ(locate(text, 5), (Location{2, 2}));
  EXPECT_EQ(locate(text, 8), (Location{3, 1}));
  EXPECT_EQ(locate(text, 9), (Location{3, 2}));
  EXPECT_EQ(locate("", 0), (Location{1, 1}));
}

TEST(CharacterCount, CountsCodePoints) {
  EXPECT_EQ(character_count(""), 0U);
  EXPECT_EQ(character_count("a\xC3\xA9\xF0\x9F\x99\x82"), 3U);
}

TEST(EscapeControls, DefusesWorkflowCommands) {
  EXPECT_EQ(escape_controls("::error::x"), "\\x3a:error::x");
  EXPECT_EQ(escape_controls(" \u3000::x"), " \u3000\\x3a:x");
  EXPECT_EQ(escape_controls("a::x"), "a::x");
  EXPECT_EQ(escape_controls("a##[x] ###[y]"), "a##\\x5bx] ###\\x5by]");
  EXPECT_EQ(escape_controls(""), "");
  EXPECT_EQ(escape_controls("  "), "  ");
  // The caret stays below its character.
  EXPECT_EQ(render_error({"n", "##[a]b"}, SpecError({1, 6}, "x", "")),
            "n:1:6: error: x\n 1 | ##\\x5ba]b\n   |         ^\n");
}

TEST(EscapeControls, ShowsWhatIsInvisible) {
  EXPECT_EQ(escape_controls("a\u200bb\u00ad\u2060\u3164"),
            "a\\u{200b}b\\u{00ad}\\u{2060}\\u{3164}");
  EXPECT_EQ(escape_controls("\u202a\u2066\u061c"), "\\u{202a}\\u{2066}\\u{061c}");
}

}  // namespace
}  // namespace smoothbound
