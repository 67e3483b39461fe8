// Every message about text that is not JSON, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;
using namespace std::string_literals;

TEST(JsonMessage, EmptyFile) {
  EXPECT_EQ(rendered("empty.json", ""),
            R"(empty.json:1:1: error: the file is empty
 1 | 
   | ^
hint: an architecture file has at least 'input' and 'layers'
)");
}

TEST(JsonMessage, Truncated) {
  EXPECT_EQ(rendered("trunc1.json", "{\"input\": {\"shape\": [3, 8"),
            R"(trunc1.json:1:26: error: invalid JSON: unexpected end of input; expected ']'
 1 | {"input": {"shape": [3, 8
   |                          ^
hint: the file ends too early: is a closing bracket or quote missing?
)");
  EXPECT_EQ(
      rendered("trunc2.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": 10},
)"),
      R"(trunc2.json:4:1: error: invalid JSON: unexpected end of input; expected '[', '{', or a literal
 4 | 
   | ^
hint: the file ends too early: is a closing bracket or quote missing?
)");
  EXPECT_EQ(rendered("trunc3.json", R"({"input": {"shape": [3, 8, 8]},
 "lay)"),
            R"(trunc3.json:2:2: error: invalid JSON: invalid string: missing closing quote
 2 |  "lay
   |  ^
hint: the text that begins here has no closing quote
)");
}

TEST(JsonMessage, TrailingText) {
  EXPECT_EQ(rendered("trailing.json", R"({"input": {"shape": [3]}, "layers": [{"dense": 1}]}
{"more": 1}
)"),
            R"(trailing.json:2:1: error: invalid JSON: unexpected '{'; expected end of input
 2 | {"more": 1}
   | ^
hint: the file holds one JSON value; remove what follows it
)");
}

TEST(JsonMessage, CommasAndColons) {
  EXPECT_EQ(
      rendered("trailing_comma.json", R"({"input": {"shape": [3]},
 "layers": [{"dense": 1},]}
)"),
      R"(trailing_comma.json:2:26: error: invalid JSON: unexpected ']'; expected '[', '{', or a literal
 2 |  "layers": [{"dense": 1},]}
   |                          ^
hint: remove the comma before the closing bracket
)");
  EXPECT_EQ(
      rendered("double_comma.json", "{\"input\": {\"shape\": [3,, 4]}}"),
      R"(double_comma.json:1:24: error: invalid JSON: unexpected ','; expected '[', '{', or a literal
 1 | {"input": {"shape": [3,, 4]}}
   |                        ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
  EXPECT_EQ(
      rendered("missing_value.json", "{\"input\": ,}"),
      R"(missing_value.json:1:11: error: invalid JSON: unexpected ','; expected '[', '{', or a literal
 1 | {"input": ,}
   |           ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
  EXPECT_EQ(rendered("missing_comma.json", "{\"a\": 1 \"b\": 2}"),
            R"(missing_comma.json:1:9: error: invalid JSON: unexpected string literal; expected '}'
 1 | {"a": 1 "b": 2}
   |         ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
  EXPECT_EQ(rendered("colon.json", "{\"a\", 1}"),
            R"(colon.json:1:5: error: invalid JSON: unexpected ','; expected ':'
 1 | {"a", 1}
   |     ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
  EXPECT_EQ(rendered("comma.json", ","),
            R"(comma.json:1:1: error: invalid JSON: unexpected ','; expected '[', '{', or a literal
 1 | ,
   | ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
  EXPECT_EQ(rendered("mismatch.json", "{\"a\": [1, 2}"),
            R"(mismatch.json:1:12: error: invalid JSON: unexpected '}'; expected ']'
 1 | {"a": [1, 2}
   |            ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
  EXPECT_EQ(rendered("semicolon.json", "{\"a\": 1; \"b\": 2}"),
            R"(semicolon.json:1:10: error: invalid JSON: invalid literal
 1 | {"a": 1; "b": 2}
   |          ^
hint: check for a missing comma or quote; .yaml files allow the looser YAML syntax
)");
}

TEST(JsonMessage, NotANumberOfJson) {
  EXPECT_EQ(rendered("leading_zero.json",
                     "{\"input\": {\"shape\": [010]}, \"layers\": [{\"dense\": 1}]}"),
            R"(leading_zero.json:1:22: error: invalid JSON: '010' is not a JSON value
 1 | {"input": {"shape": [010]}, "layers": [{"dense": 1}]}
   |                      ^
hint: numbers are decimal and have no leading zero: write 10
)");
  EXPECT_EQ(rendered("hex.json", "{\"input\": {\"shape\": [0x1F]}, \"layers\": [{\"dense\": 1}]}"),
            R"(hex.json:1:22: error: invalid JSON: '0x1F' is not a JSON value
 1 | {"input": {"shape": [0x1F]}, "layers": [{"dense": 1}]}
   |                      ^
hint: write the number in decimal
)");
  EXPECT_EQ(rendered("underscore.json",
                     "{\"input\": {\"shape\": [1_000]}, \"layers\": [{\"dense\": 1}]}"),
            R"(underscore.json:1:22: error: invalid JSON: '1_000' is not a JSON value
 1 | {"input": {"shape": [1_000]}, "layers": [{"dense": 1}]}
   |                      ^
hint: write the digits without '_'
)");
  EXPECT_EQ(rendered("plus.json", "{\"a\": +1}"),
            R"(plus.json:1:7: error: invalid JSON: '+1' is not a JSON value
 1 | {"a": +1}
   |       ^
hint: write numbers as in 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("dot.json", "{\"a\": .5}"),
            R"(dot.json:1:7: error: invalid JSON: '.5' is not a JSON value
 1 | {"a": .5}
   |       ^
hint: write numbers as in 12, 0.5 or 1e-3
)");
  EXPECT_EQ(rendered("nan.json", "{\"radius\": NaN}"),
            R"(nan.json:1:12: error: invalid JSON: 'NaN' is not a JSON value
 1 | {"radius": NaN}
   |            ^
hint: settings are finite numbers
)");
  EXPECT_EQ(rendered("inf.json", "{\"radius\": Infinity}"),
            R"(inf.json:1:12: error: invalid JSON: 'Infinity' is not a JSON value
 1 | {"radius": Infinity}
   |            ^
hint: settings are finite numbers
)");
  EXPECT_EQ(rendered("minf.json", "{\"radius\": -Infinity}"),
            R"(minf.json:1:12: error: invalid JSON: '-Infinity' is not a JSON value
 1 | {"radius": -Infinity}
   |            ^
hint: settings are finite numbers
)");
  EXPECT_EQ(rendered("eps_e400.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": 3, "then": [{"batch_norm": {"epsilon": 1e400}}]}]}
)"),
            R"(eps_e400.json:3:52: error: the number is out of range
 3 |   {"dense": 3, "then": [{"batch_norm": {"epsilon": 1e400}}]}]}
   |                                                    ^
hint: numbers must fit a double: 1e308 is about the largest
)");
  EXPECT_EQ(rendered("units_huge.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": 1e400}]}
)"),
            R"(units_huge.json:3:13: error: the number is out of range
 3 |   {"dense": 1e400}]}
   |             ^
hint: numbers must fit a double: 1e308 is about the largest
)");
}

TEST(JsonMessage, WordsAndComments) {
  EXPECT_EQ(rendered("bad_literal.json", "{\"a\": True}"),
            R"(bad_literal.json:1:7: error: invalid JSON: 'True' is not a JSON value
 1 | {"a": True}
   |       ^
hint: text stands in double quotes; true and false are lower case
)");
  EXPECT_EQ(rendered("yes.json",
                     "{\"input\": {\"shape\": [3]}, \"layers\": [{\"dense\": 1, \"bias\": yes}]}"),
            R"(yes.json:1:59: error: invalid JSON: 'yes' is not a JSON value
 1 | {"input": {"shape": [3]}, "layers": [{"dense": 1, "bias": yes}]}
   |                                                           ^
hint: text stands in double quotes; true and false are lower case
)");
  EXPECT_EQ(rendered("single_quotes.json", "{'a': 1}"),
            R"(single_quotes.json:1:2: error: invalid JSON: invalid literal
 1 | {'a': 1}
   |  ^
hint: JSON has double quotes only
)");
  EXPECT_EQ(rendered("comment.json", R"({"a": 1, // c
 "b": 2})"),
            R"(comment.json:1:10: error: invalid JSON: invalid literal
 1 | {"a": 1, // c
   |          ^
hint: JSON has no comments; .yaml files have, after '#'
)");
}

TEST(JsonMessage, InvalidStrings) {
  EXPECT_EQ(
      rendered("bad_escape.json", "{\"a\": \"\\q\"}"),
      R"(bad_escape.json:1:7: error: invalid JSON: invalid string: forbidden character after backslash
 1 | {"a": "\q"}
   |       ^
hint: in text, write \\ for a backslash, \n for a line break and \t for a tab
)");
  EXPECT_EQ(
      rendered("ctrl_in_string.json", "{\"a\": \"x\ty\"}"),
      R"(ctrl_in_string.json:1:7: error: invalid JSON: invalid string: control character U+0009 (HT) must be escaped to \u0009 or \t
 1 | {"a": "x y"}
   |       ^
hint: in text, write \\ for a backslash, \n for a line break and \t for a tab
)");
  EXPECT_EQ(
      rendered("newline_in_string.json", R"({"a": "x
"})"),
      R"(newline_in_string.json:1:7: error: invalid JSON: invalid string: control character U+000A (LF) must be escaped to \u000A or \n
 1 | {"a": "x
   |       ^
hint: in text, write \\ for a backslash, \n for a line break and \t for a tab
)");
}

TEST(JsonMessage, NotText) {
  EXPECT_EQ(
      rendered("nul.json", "{\"input\": {\"shape\": [3]}, \"layers\": [{\"dense\": 1}]}\000"s),
      R"(nul.json:1:52: error: NUL byte in the file
 1 | {"input": {"shape": [3]}, "layers": [{"dense": 1}]}\x00
   |                                                    ^
hint: an architecture file is UTF-8 text
)");
  EXPECT_EQ(rendered("utf8.json", "{\"name\": \"\377\"}"),
            R"(utf8.json:1:11: error: byte 0xFF is not UTF-8
 1 | {"name": "\xff"}
   |           ^
hint: save the file as UTF-8
)");
}

TEST(JsonMessage, DuplicateKey) {
  EXPECT_EQ(rendered("dup.json", R"({"input": {"shape": [3]},
 "radius": 1,
 "layers": [{"dense": 1}],
 "radius": 2})"),
            R"(dup.json:4:2: error: key 'radius' appears twice
 4 |  "radius": 2}
   |  ^
dup.json:2:2: note: 'radius' is first given here
 2 |  "radius": 1,
   |  ^
hint: keep one of the two
)");
}

TEST(JsonMessage, WrongRoot) {
  EXPECT_EQ(rendered("root_list.json", "[1]"),
            R"(root_list.json:1:1: error: the architecture must be a mapping, not a list
 1 | [1]
   | ^
hint: it has the keys 'input' and 'layers'
)");
  EXPECT_EQ(rendered("root_scalar.json", "3"),
            R"(root_scalar.json:1:1: error: the architecture must be a mapping, not a single value
 1 | 3
   | ^
hint: it has the keys 'input' and 'layers'
)");
}

TEST(JsonMessage, Numbers) {
  EXPECT_EQ(rendered("dense_quoted.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": "10"}]}
)"),
            R"(dense_quoted.json:3:13: error: units must be a number, not the text '10'
 3 |   {"dense": "10"}]}
   |             ^
hint: remove the quotes
)");
  EXPECT_EQ(rendered("units_zero.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": 0}]}
)"),
            R"(units_zero.json:3:13: error: units must be at least 1
 3 |   {"dense": 0}]}
   |             ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("units_neg.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": -1}]}
)"),
            R"(units_neg.json:3:13: error: units must not be negative
 3 |   {"dense": -1}]}
   |             ^
hint: write an integer from 1 on
)");
  EXPECT_EQ(rendered("units_bool.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": true}]}
)"),
            R"(units_bool.json:3:13: error: units must be a number, not 'true'
 3 |   {"dense": true}]}
   |             ^
hint: write a number such as 3
)");
  EXPECT_EQ(rendered("units_null.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": null}]}
)"),
            R"(units_null.json:3:13: error: units must be a number, not 'null'
 3 |   {"dense": null}]}
   |             ^
hint: write a number such as 3
)");
  EXPECT_EQ(rendered("eps_em400.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": 3, "then": [{"batch_norm": {"epsilon": 1e-400}}]}]}
)"),
            R"(eps_em400.json:3:52: error: epsilon is too small: below the smallest positive double
 3 |   {"dense": 3, "then": [{"batch_norm": {"epsilon": 1e-400}}]}]}
   |                                                    ^
hint: numbers must lie between 1e-307 and 1e308
)");
  EXPECT_EQ(rendered("bn_null.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": 3, "then": [{"batch_norm": null}]}]}
)"),
            R"(bn_null.json:3:40: error: epsilon must be a number, not 'null'
 3 |   {"dense": 3, "then": [{"batch_norm": null}]}]}
   |                                        ^
hint: write a number such as 12, 0.5 or 1e-3
)");
  EXPECT_EQ(
      rendered("fanin.json", R"({"input": {"shape": [3, 8, 8]},
 "layers": [
  {"dense": {"units": 10, "inputs": 7}}]}
)"),
      R"(fanin.json:3:4: error: layer 'layer1': dense declares 7 inputs but gets 192 ([3, 8, 8])
 3 |   {"dense": {"units": 10, "inputs": 7}}]}
   |    ^
hint: write inputs: 192, or leave it out
)");
}

}  // namespace
}  // namespace smoothbound
