// The writer of JSON against nlohmann's, whose bytes the formats have had from the beginning.
#include "smoothbound/text/json_writer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <bit>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "smoothbound/text/source.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::ordered_json;

std::string written(const std::function<void(JsonWriter&)>& body,
                    JsonStyle style = JsonStyle::lines) {
  std::string text;
  const Sink sink = [&](std::string_view piece) { text += piece; };
  JsonWriter json(sink, style);
  body(json);
  json.flush();
  return text;
}

// Bytes that are no text as \xNN: names of files may have them, and differ in nothing else.
std::string readable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::size_t valid = find_invalid_text(text);
    if (valid < text.size() && text[valid] == '\0') ++valid;  // is text to JSON
    result += text.substr(0, valid);
    text.remove_prefix(std::min(valid, text.size()));
    if (text.empty() || find_invalid_text(text) != 0 || text.front() == '\0') continue;
    result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    text.remove_prefix(1);
  }
  return result;
}

// Bytes that begin, continue, or break characters, beside arbitrary ones.
TEST(JsonWriter, QuotesWhateverBytesAreGiven) {
  constexpr std::string_view bytes =
      "ab\"\\\n\t\x01\x1f\x7f\x80\xbf\xc0\xc2\xc3\xa9\xe0\xa0\x9f\xed\xe2\x82\xac\xf0\x90\x98\xf4"
      "\x8f\xf5"
      "\xff";
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::string text(random() % 9, ' ');
    for (char& c : text) {
      c = random() % 4 == 0 ? static_cast<char>(random() % 256) : bytes[random() % bytes.size()];
    }
    ASSERT_EQ(json_quoted(text), Json(readable(text)).dump(-1, ' ', true));
  }
}

TEST(JsonWriter, WritesTheDigitsOfNumbers) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200'000; ++i) {
    for (const double value :
         {std::bit_cast<double>(random()), static_cast<double>(random() % 1'000'000) / 1000,
          std::uniform_real_distribution<>(-30, 60)(random)}) {
      ASSERT_EQ(json_number(value), Json(value).dump()) << value;
    }
  }
  EXPECT_EQ(json_number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWriter, SetsContainers) {
  const Json expected{{"a", 1},
                      {"b", {1.0, nullptr, true}},
                      {"c", Json::object()},
                      {"d", Json::array()},
                      {"e", {{"x", Json::array({Json::array({1}), Json::object()})}}},
                      {"f", "\u00e9\x7f"},
                      {"g", {{"y", -1}, {"z", "text"}}}};
  const auto body = [](JsonWriter& json) {
    json.object([&] {
      json.member("a", 1);
      json.array("b", [&] {
        json.item(1.0);
        json.item(nullptr);
        json.item(true);
      });
      json.object("c", [] {});
      json.member("d", std::vector<int>());
      json.object("e", [&] {
        json.list("x", 2, [&](int i) {
          if (i == 0) return json.value(std::vector<int>{1});
          json.object([] {});
        });
      });
      json.member("f", "\u00e9\x7f");
      json.object("g", {{"y", -1}, {"z", "text"}});
    });
  };
  EXPECT_EQ(written(body), expected.dump(-1, ' ', true));
  EXPECT_EQ(written(body, JsonStyle::indented_by_1), expected.dump(1));
  EXPECT_EQ(written(body, JsonStyle::indented_by_2), expected.dump(2));
}

TEST(JsonWriter, PutsLinesWhereTheyAreAskedFor) {
  const auto body = [](JsonWriter& json) {
    json.document([&] {
      json.member("schema", "s");
      json.list_on_lines(2, "rows", 2, [&](int i) { json.object({{"i", i}, {"n", nullptr}}); });
      json.list_on_lines(2, "none", 0, [](int) { return 0; });
      json.member("spaced", [&] {
        json.object_on_lines(JsonWriter::spaced, [&] {
          json.member("a", std::optional<int>());
          json.member("b", std::optional<int>(1));
        });
      });
    });
  };
  EXPECT_EQ(written(body),
            "{\"schema\": \"s\",\n \"rows\": [\n  {\"i\":0,\"n\":null},\n  {\"i\":1,\"n\":null}],\n"
            " \"none\": [],\n \"spaced\": {\"a\": null, \"b\": 1}}\n");
}

}  // namespace
}  // namespace smoothbound::testing
