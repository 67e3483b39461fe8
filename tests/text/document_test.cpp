#include "smoothbound/text/document.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "spec/rendered.hpp"

namespace smoothbound::text {
namespace {

using test::rendered;

// The tree as text; with places, "kind@line:column".
std::string dump(Value value, bool places) {
  const std::string place =
      places ? fmt::format("@{}:{}", value.location().line, value.location().column) : "";
  if (value.is_scalar()) {
    const char* const quote = value.is_quoted() ? "\"" : "";
    return fmt::format("{0}{1}{0}{2}", quote, value.text(), place);
  }
  std::string text = fmt::format("{}{}", value.is_mapping() ? '{' : '[', place);
  for (auto child = value.first_child(); child; child = child->next_sibling()) {
    text += fmt::format(" {}", dump(*child, places));
  }
  return text + (value.is_mapping() ? " }" : " ]");
}

std::string dump(const Source& source, bool places) {
  Document document;
  parse(source, document);
  return dump(document.root(), places);
}

TEST(Document, JsonAndYamlGiveTheSameTree) {
  const std::string json = R"({"name": "caf\u00e9 \"x\"\n", "input": {"shape": [3, 8.0, 1e1]},
 "layers": [{"dense": 10, "bias": false}, {}, [], "", null, -1.5E-3]})";
  const std::string yaml =
      "\"name\": \"caf\xC3\xA9 \\\"x\\\"\\n\"\n"
      "\"input\":\n"
      "  \"shape\": [3, 8.0, 1e1]\n"
      "\"layers\":\n"
      "  - \"dense\": 10\n"
      "    \"bias\": false\n"
      "  - {}\n"
      "  - []\n"
      "  - ''\n"
      "  - null\n"
      "  - -1.5E-3\n";
  const std::string expected =
      "{ \"name\" \"caf\xC3\xA9 \"x\"\n\" \"input\" { \"shape\" [ 3 8.0 1e1 ] } \"layers\" "
      "[ { \"dense\" 10 \"bias\" false } { } [ ] \"\" null -1.5E-3 ] }";
  EXPECT_EQ(dump({"a.json", json}, false), expected);
  EXPECT_EQ(dump({"a.yaml", yaml}, false), expected);
  EXPECT_EQ(dump({"b.yaml", json}, false), expected) << "JSON is YAML";
}

// Text that both formats accept: the places must agree.
TEST(Document, PlacesAreThoseOfTheText) {
  const std::string text =
      "{\"\xC3\xA9\xE2\x82\xAC\": [1,\r\n"
      "  22, \"\xF0\x9F\x99\x82\\n\", {\"a\": true}],\r\n"
      "\r\n"
      " \"b\" : null}\r\n";
  const std::string expected =
      "{@1:1 \"\xC3\xA9\xE2\x82\xAC\"@1:2 [@1:8 1@1:9 22@2:3 \"\xF0\x9F\x99\x82\n\"@2:7 "
      "{@2:14 \"a\"@2:15 true@2:20 } ] \"b\"@4:2 null@4:8 }";
  EXPECT_EQ(dump({"a.json", text}, true), expected);
  EXPECT_EQ(dump({"a.yaml", text}, true), expected);
  const std::string marked = "\xEF\xBB\xBF" + text;
  EXPECT_EQ(dump({"a.json", marked}, true), expected) << "byte order mark";
  EXPECT_EQ(dump({"a.yaml", marked}, true), expected) << "byte order mark";
}

TEST(Document, PlacesInBlockYaml) {
  EXPECT_EQ(
      dump({"a.yaml", "# c\na:\n  - b: 'x'\n    c: |\n      text\n  - >-\n    folded\nd:\n"}, true),
      "{@2:1 a@2:1 [@3:3 {@3:5 b@3:5 \"x\"@3:8 c@4:5 \"text\n\"@4:8 } \"folded\"@6:5 ] d@8:1 "
      "@8:3 }");
}

TEST(Document, FormatIsThatOfTheEndingOrOfTheLooks) {
  EXPECT_EQ(dump({"net.yml", "{a: 1}"}, false), "{ a 1 }");
  EXPECT_EQ(dump({"<stdin>", "{a: 1}"}, false), "{ a 1 }");
  EXPECT_EQ(dump({"<stdin>", "a: 1"}, false), "{ a 1 }");
  EXPECT_EQ(dump({"<stdin>", " \n{ \"a\": 1}"}, false), "{ \"a\" 1 }");
  EXPECT_EQ(dump({"<stdin>", "{}"}, false), "{ }");
  EXPECT_NE(rendered("net.json", "a: 1").find("invalid JSON"), std::string::npos);
  EXPECT_NE(rendered("net", "{\"a\" 1}").find("invalid JSON"), std::string::npos);
}

// Small mappings are checked in pairs, large ones through a table: the same answer.
TEST(Document, DuplicateKeysNameBothPlaces) {
  const auto message = [](const std::string& name, const std::string& text) -> std::string {
    const Source source{name, text};
    Document document;
    try {
      parse(source, document);
    } catch (const SpecError& error) {
      return render_errors(source, error);
    }
    return "no error";
  };
  for (const int size : {3, 16, 17, 1000}) {
    std::string text;
    for (int i = 0; i < size; ++i) text += fmt::format("\"key{}\": {},\n", i, i);
    for (const char* name : {"a.json", "a.yaml"}) {
      EXPECT_EQ(message(name, "{" + text + "\"key1\": 0}"),
                fmt::format("{0}:{1}:1: error: key 'key1' appears twice\n"
                            " {1} | \"key1\": 0}}\n"
                            " {2} | ^\n"
                            "{0}:2:1: note: 'key1' is first given here\n"
                            " 2 | \"key1\": 1,\n"
                            "   | ^\n"
                            "hint: keep one of the two\n",
                            name, size + 1, std::string(std::to_string(size + 1).size(), ' ')));
    }
  }
  EXPECT_NE(rendered("a.json", R"({"a": 1, "\u0061": 2})").find("key 'a' appears twice"),
            std::string::npos);
}

// Wherever they stand, and with what they hold.
TEST(Document, DuplicateKeysAreLeftOut) {
  for (const std::string name : {"a.json", "a.yaml"}) {
    MistakeList repeated;
    Document document;
    parse({name, R"({"a": 1, "a": {"x": 2}, "b": {"c": 3, "d": 4, "c": 5, "c": 6}, "a": [7]})"},
          document, &repeated);
    EXPECT_EQ(repeated.size(), 4U);
    EXPECT_EQ(document.root().size(), 2U);
    EXPECT_EQ(dump(document.root(), false), R"({ "a" 1 "b" { "c" 3 "d" 4 } })");
  }
}

TEST(Document, DepthIsLimited) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  for (const char* name : {"a.json", "a.yaml"}) {
    const std::string tree = dump({name, nested(Document::depth_limit)}, false);
    EXPECT_EQ(std::count(tree.begin(), tree.end(), '['), Document::depth_limit) << name;
    EXPECT_NE(rendered(name, nested(Document::depth_limit + 1))
                  .find(":1:65: error: nested more than 64 levels deep"),
              std::string::npos)
        << name;
  }
}

TEST(Document, AMillionBracketsAreRefused) {
  const auto repeated = [](std::string_view text) {
    std::string result;
    for (int i = 0; i < 1'000'000; ++i) result += text;
    return result;
  };
  for (const auto& [name, text, column] :
       {std::tuple{"a.json", "[", 65}, std::tuple{"a.yaml", "[", 65},
        std::tuple{"a.json", "{\"a\":", 321}, std::tuple{"a.yaml", "{a: ", 257},
        std::tuple{"a.yaml", "- ", 129}}) {
    const std::string message = rendered(name, repeated(text));
    EXPECT_TRUE(message.starts_with(
        fmt::format("{}:1:{}: error: nested more than 64 levels deep\n", name, column)))
        << message.substr(0, 200);
  }
}

TEST(Document, TextsSurviveTheirSource) {
  Document document;
  {
    const Source source{"a.yaml", "name: " + std::string(1000, 'x')};
    parse(source, document);
  }
  EXPECT_EQ(document.root().first_child()->next_sibling()->text(), std::string(1000, 'x'));
}

}  // namespace
}  // namespace smoothbound::text
