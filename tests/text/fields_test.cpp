#include "smoothbound/text/fields.hpp"

#include <gtest/gtest.h>

#include <array>

namespace smoothbound::text {
namespace {

ScalarText plain(std::string_view text) { return {text, false, {4, 2}, "units"}; }
ScalarText quoted(std::string_view text) { return {text, true, {4, 2}, "units"}; }

template <class Read>
std::string refusal(Read&& read) {
  try {
    read();
  } catch (const SpecError& error) {
    EXPECT_EQ(error.location, (Location{4, 2}));
    return std::string(error.what()) + " | " + error.hint;
  }
  return "accepted";
}

std::string refused_count(const ScalarText& scalar, std::int64_t smallest = 1) {
  return refusal([&] { parse_count(scalar, smallest); });
}
std::string refused_real(const ScalarText& scalar, RealRange range = RealRange::non_negative) {
  return refusal([&] { parse_real(scalar, range); });
}

TEST(ParseCount, AcceptsExactIntegersInAnyNotation) {
  EXPECT_EQ(parse_count(plain("7")), 7);
  EXPECT_EQ(parse_count(plain("3.0")), 3);
  EXPECT_EQ(parse_count(plain("3.000e0")), 3);
  EXPECT_EQ(parse_count(plain("1e3")), 1000);
  EXPECT_EQ(parse_count(plain("1E+3")), 1000);
  EXPECT_EQ(parse_count(plain("1.5e1")), 15);
  EXPECT_EQ(parse_count(plain("0.5e1")), 5);
  EXPECT_EQ(parse_count(plain("1200e-2")), 12);
  EXPECT_EQ(parse_count(plain("9223372036854775807")), largest_count);
  EXPECT_EQ(parse_count(plain("9.223372036854775807e18")), largest_count);
  EXPECT_EQ(parse_count(plain("0"), 0), 0);
  EXPECT_EQ(parse_count(plain("-0"), 0), 0);
  EXPECT_EQ(parse_count(plain("0e99999999999999999999"), 0), 0);
}

TEST(ParseCount, TakesNegativeIntegersWhereTheyAreMeant) {
  EXPECT_EQ(parse_count(plain("-3"), any_integer), -3);
  EXPECT_EQ(parse_count(plain("-1e2"), any_integer), -100);
  EXPECT_EQ(parse_count(plain("-0"), any_integer), 0);
  EXPECT_EQ(parse_count(plain("-9223372036854775807"), any_integer), any_integer);
  EXPECT_EQ(parse_count(plain("7"), any_integer), 7);
  EXPECT_EQ(parse_count(plain("-2"), -3), -2);
  EXPECT_EQ(refused_count(plain("-4"), -3),
            "units must be at least -3 | write an integer from -3 on");
  EXPECT_EQ(refused_count(plain("-1.5"), any_integer),
            "units must be an integer | write a whole number such as 3");
  EXPECT_EQ(refused_count(plain("-1e19"), any_integer),
            "units is too small | at least -9223372036854775807");
}

TEST(ParseCount, RefusesWhatIsNoCount) {
  EXPECT_EQ(refused_count(plain("0")), "units must be at least 1 | write an integer from 1 on");
  EXPECT_EQ(refused_count(plain("-1")), "units must not be negative | write an integer from 1 on");
  EXPECT_EQ(refused_count(plain("1e-3")),
            "units must be an integer | write a whole number such as 3");
  EXPECT_EQ(refused_count(plain("2.5")),
            "units must be an integer | write a whole number such as 3");
  EXPECT_EQ(refused_count(plain("1e-99999999999999999999")),
            "units must be an integer | write a whole number such as 3");
  for (const char* large : {"9223372036854775808", "1e19", "1e400", "1e99999999999999999999"}) {
    EXPECT_EQ(refused_count(plain(large)), "units is too large | at most 9223372036854775807");
  }
  EXPECT_EQ(refused_count(plain("010")),
            "units must be a number, not '010' | "
            "numbers are decimal and have no leading zero: write 10");
  EXPECT_EQ(refused_count(plain("000")),
            "units must be a number, not '000' | "
            "numbers are decimal and have no leading zero: write 0");
  EXPECT_EQ(refused_count(plain("0x1F")),
            "units must be a number, not '0x1F' | write the number in decimal");
  EXPECT_EQ(refused_count(plain("1_000")),
            "units must be a number, not '1_000' | write the digits without '_'");
  EXPECT_EQ(refused_count(quoted("10")),
            "units must be a number, not the text '10' | "
            "remove the quotes");
  EXPECT_EQ(refused_count(quoted("ten")),
            "units must be a number, not the text 'ten' | "
            "write a number, unquoted");
  for (const char* word : {"", "ten", "1 2", "1e", "1e+", "--1", "1.2.3", "\xC2\xB2"}) {
    EXPECT_NE(refused_count(plain(word)).find("units must be a number"), std::string::npos) << word;
  }
  EXPECT_EQ(refused_count(plain(std::string(401, '1'))),
            "units has more than 400 digits | 17 digits tell all doubles apart");
}

TEST(ParseReal, EnclosesTheLiteral) {
  const Real tenth = parse_real(plain("0.1"), RealRange::positive);
  EXPECT_GE(tenth.upper * Magnitude::from_count(10), Magnitude::from_count(1));
  EXPECT_LE(tenth.lower * LowerBound::from_count(10), LowerBound::from_count(1));
  EXPECT_EQ(tenth.nearest, 0.1);
  const Real half = parse_real(plain("5e-1"), RealRange::positive);
  EXPECT_EQ(half.upper, Magnitude::from_double(0.5));
  EXPECT_EQ(half.lower, LowerBound::from_double(0.5));
  EXPECT_TRUE(parse_real(plain("0"), RealRange::non_negative).upper.is_zero());
  EXPECT_TRUE(parse_real(plain("-0.0"), RealRange::non_negative).upper.is_zero());
  EXPECT_TRUE(parse_real(plain("1e308"), RealRange::positive).upper.is_finite());
  // Of a negative number the magnitude is enclosed.
  const SignedReal negative = parse_signed(plain("-0.1"));
  EXPECT_EQ(negative.magnitude.upper, tenth.upper);
  EXPECT_EQ(negative.magnitude.lower, tenth.lower);
  EXPECT_EQ(negative.nearest(), -0.1);
  EXPECT_EQ(parse_signed(plain("0.1")).nearest(), 0.1);
  EXPECT_TRUE(parse_signed(plain("-0")).magnitude.upper.is_zero());
  EXPECT_FALSE(parse_real(plain("1e-307"), RealRange::positive).lower.is_zero());
}

TEST(ParseReal, RefusesWhatIsNoFiniteNumber) {
  EXPECT_EQ(refused_real(plain("1e400")),
            "units is too large: beyond the largest double | "
            "numbers must lie between 1e-307 and 1e308");
  EXPECT_EQ(refused_real(plain("1e-400")),
            "units is too small: below the smallest positive double"
            " | numbers must lie between 1e-307 and 1e308");
  EXPECT_EQ(refused_real(plain("0." + std::string(390, '0') + "1")), refused_real(plain("1e-400")));
  for (const char* word : {"NaN", "nan", ".nan", ".inf", "-.inf", "Infinity", "+inf"}) {
    EXPECT_EQ(refused_real(plain(word)), "units must be a number, not '" + std::string(word) +
                                             "' | settings are finite numbers");
  }
  EXPECT_EQ(refused_real(plain("--1")),
            "units must be a number, not '--1' | write a number such as 12, 0.5 or 1e-3");
  EXPECT_EQ(refused_real(plain("-1")), "units must not be negative | remove the minus sign");
  EXPECT_EQ(refused_real(plain("-1"), RealRange::positive),
            "units must be positive | remove the minus sign");
  EXPECT_EQ(refused_real(plain("0"), RealRange::positive),
            "units must be positive | write a number above 0");
  for (const char* loose : {"+1", ".5", "5."}) {
    EXPECT_EQ(refused_real(plain(loose)), "units must be a number, not '" + std::string(loose) +
                                              "' | write numbers as in 12, 0.5 or 1e-3");
  }
  EXPECT_EQ(refused_real(plain("")),
            "units must be a number, not nothing | "
            "write a number such as 12, 0.5 or 1e-3");
}

TEST(ParseFlag, OnlyTrueAndFalse) {
  const auto refused = [](const ScalarText& scalar) {
    return refusal([&] { parse_flag(scalar); });
  };
  EXPECT_TRUE(parse_flag(plain("true")));
  EXPECT_FALSE(parse_flag(plain("false")));
  for (const char* yes : {"yes", "on", "1", "True", "TRUE", "y"}) {
    EXPECT_EQ(refused(plain(yes)),
              "units must be true or false, not '" + std::string(yes) + "' | write true");
  }
  for (const char* no : {"no", "off", "0", "False", "n"}) {
    EXPECT_EQ(refused(plain(no)),
              "units must be true or false, not '" + std::string(no) + "' | write false");
  }
  EXPECT_EQ(refused(quoted("true")), "units must be true or false, not 'true' | write true");
  EXPECT_EQ(refused(plain("maybe")),
            "units must be true or false, not 'maybe' | write true or false, unquoted");
}

TEST(ParseText, WordsAndQuotedText) {
  EXPECT_EQ(parse_text(plain("conv1")), "conv1");
  EXPECT_EQ(parse_text(plain("1x1")), "1x1");
  EXPECT_EQ(parse_text(quoted("3")), "3");
  EXPECT_EQ(parse_text(quoted("")), "");
  for (const char* word : {"3", "1e3", "true", "null", "~", ".nan"}) {
    EXPECT_EQ(refusal([&] { parse_text(plain(word)); }),
              "units must be text, not '" + std::string(word) +
                  "' | put it in quotes if it is meant as text");
  }
  EXPECT_EQ(refusal([&] { parse_text(plain("")); }),
            "units must be text, not nothing | write a word behind it, or leave the key out");
}

TEST(ParseText, LongTextIsCutBetweenCharacters) {
  std::string text(39, '1');
  text += "\xE2\x82\xAC and more of it";
  EXPECT_EQ(refused_count(plain(text)), "units must be a number, not '" + text.substr(0, 39) +
                                            "...' | write a number such as 3");
}

TEST(ParseChoice, IndexOrSuggestion) {
  constexpr std::array<std::string_view, 2> names{"element", "channel"};
  EXPECT_EQ(parse_choice(plain("channel"), names), 1U);
  EXPECT_EQ(refusal([&] { parse_choice(plain("chanel"), names); }),
            "unknown units 'chanel' | did you mean 'channel'?");
  EXPECT_EQ(refusal([&] { parse_choice(plain("x"), names); }),
            "unknown units 'x' | one of: element, channel");
}

TEST(Fields, LooksUpAndRefusesTheRest) {
  Document document;
  parse_yaml("a: 1\nb: [2]\nlayer: 3\n", document);
  Fields fields(document.root(), "the mapping");
  ASSERT_TRUE(fields.find("a"));
  EXPECT_EQ(fields.find("a")->text(), "1");
  EXPECT_FALSE(fields.find("c"));
  EXPECT_EQ(fields.key_location("layer"), (Location{3, 1}));
  const auto message = [](auto&& act) {
    try {
      act();
    } catch (const SpecError& error) {
      return std::to_string(error.location.line) + ": " + error.what() + " | " + error.hint;
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message([&] { fields.finish(); }),
            "2: unknown key 'b' in the mapping | known keys: a, c");
  EXPECT_EQ(message([&] { static_cast<void>(fields.require("layers", "needed")); }),
            "3: unknown key 'layer' in the mapping | did you mean 'layers'?");
  EXPECT_EQ(message([&] { static_cast<void>(fields.require("input", "needed")); }),
            "1: the mapping has no 'input' | needed");
  constexpr std::array<std::string_view, 1> outer{"b"};
  EXPECT_EQ(message([&] { fields.finish(outer); }),
            "2: 'b' is not a setting of the mapping | "
            "write it beside 'the mapping', as a key of the layer itself");
  EXPECT_EQ(fields.unused().size(), 2U);
  EXPECT_NO_THROW(fields.finish());
  EXPECT_EQ(message([&] { Fields(*fields.find("b"), "b", "see there"); }),
            "2: b must be a mapping, not a list | see there");
}

}  // namespace
}  // namespace smoothbound::text
