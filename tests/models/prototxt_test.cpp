#include "models/prototxt.hpp"

#include <gtest/gtest.h>

namespace smoothbound::models::prototxt {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const SpecError& error) {
    return std::to_string(error.location.line) + ":" + std::to_string(error.location.column) + " " +
           error.what() + " | " + error.hint;
  }
  return "read";
}

TEST(Prototxt, FieldsWithTheirPlaces) {
  const Field file = parse(
      "# a comment\n"
      "name: \"a\\\"b\" 'c'\n"
      "layer { num: -3, real: 1.5e-2; kind: MAX }\n"
      "dims: [1, 2]  other < x: 1 > nested: { y { } }\n");
  ASSERT_EQ(file.fields.size(), 6U);
  EXPECT_EQ(file.fields[0].value, "a\"bc");
  EXPECT_EQ(file.fields[0].kind, Field::Kind::text);
  EXPECT_EQ(file.fields[0].place, (Location{2, 1}));
  EXPECT_EQ(file.fields[0].value_place, (Location{2, 7}));
  ASSERT_EQ(file.fields[1].fields.size(), 3U);
  EXPECT_EQ(file.fields[1].fields[0].value, "-3");
  EXPECT_EQ(file.fields[1].fields[1].value, "1.5e-2");
  EXPECT_EQ(file.fields[1].fields[2].value, "MAX");
  EXPECT_EQ(file.fields[2].value, "1");
  EXPECT_EQ(file.fields[3].value, "2");
  EXPECT_EQ(file.fields[4].fields.front().value, "1");
  EXPECT_EQ(file.fields[5].fields.front().kind, Field::Kind::message);
}

TEST(Prototxt, ColumnsAreCharacters) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a: \"\xC3\xA9\" b: 1")
                .fields[1]
                .place,
            (Location{1, 8}));
}

TEST(Prototxt, WhatIsNotOfTheNotation) {
  EXPECT_EQ(refusal("layer {\n"), "1:1 'layer' is not closed | write '}' at its end");
  EXPECT_EQ(refusal("a: 1 }"),
            "1:6 a field has to begin with its name | for example num_output: 64");
  EXPECT_EQ(refusal("a 1"), "1:3 'a' has no value | write ':' and a value, or '{'");
  EXPECT_EQ(
      refusal("a: }"),
      "1:4 'a' has no value | write a number, a name, a text in quotes or a message in braces");
  EXPECT_EQ(refusal("a: \"x\n\""),
            "1:4 a text in quotes is not closed in its line | write the second quote");
  EXPECT_EQ(refusal("a: \"\\q\""),
            "1:6 an escape that names do not need | write the character itself, or one of \\n, "
            "\\t, \\\\, \\' and \\\"");
  EXPECT_EQ(refusal("a: \"\\"),
            "1:6 an escape that names do not need | write the character itself, or one of \\n, "
            "\\t, \\\\, \\' and \\\"");
  EXPECT_EQ(refusal("a: [1 2]"), "1:7 a list needs ',' or ']' here | for example dim: [1, 3]");
  EXPECT_EQ(refusal("a: \xFF"), "1:4 this is no text in UTF-8 | save the file as UTF-8");
}

TEST(Prototxt, DepthIsLimited) {
  std::string text;
  for (int i = 0; i < 65; ++i) text += "a{";
  EXPECT_EQ(refusal(text),
            "1:129 messages are nested deeper than 64 levels | a network has no more than five");
}

TEST(Prototxt, NumberOfFieldsIsLimited) {
  std::string text;
  for (int i = 0; i < 1'000'001; ++i) text += "a:1 ";
  EXPECT_EQ(refusal(text),
            "1:4000001 the file has over 1000000 fields | leave out what the structure of the "
            "network does not need");
}

TEST(Prototxt, FlagsAreWordsOrDigits) {
  MistakeList mistakes;
  const auto flag = [&](const std::string& value, bool otherwise) {
    const std::string text = value.empty() ? "" : "f: " + value;  // which the field refers to
    const Field file = parse(text);
    return Message(file, mistakes).flag("f", otherwise);
  };
  for (const bool otherwise : {true, false}) {
    EXPECT_TRUE(flag("true", otherwise));
    EXPECT_TRUE(flag("1", otherwise));
    EXPECT_FALSE(flag("false", otherwise));
    EXPECT_FALSE(flag("0", otherwise));
    EXPECT_EQ(flag("", otherwise), otherwise);
  }
  EXPECT_NO_THROW(mistakes.throw_any());
}

}  // namespace
}  // namespace smoothbound::models::prototxt
