// Every message about text that is not YAML, or YAML beyond what is read, word for word.

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;
using namespace std::string_literals;

TEST(YamlMessage, EmptyFile) {
  EXPECT_EQ(rendered("empty.yaml", ""),
            R"(empty.yaml:1:1: error: the file is empty
 1 | 
   | ^
hint: an architecture file has at least 'input' and 'layers'
)");
  EXPECT_EQ(rendered("blank.yaml", R"( 

)"),
            R"(blank.yaml:1:1: error: the file is empty
 1 |  
   | ^
hint: an architecture file has at least 'input' and 'layers'
)");
  EXPECT_EQ(rendered("comment_only.yaml", R"(# nothing
)"),
            R"(comment_only.yaml:1:1: error: the file is empty
 1 | # nothing
   | ^
hint: an architecture file has at least 'input' and 'layers'
)");
  EXPECT_EQ(rendered("doc_marker.yaml", R"(---
)"),
            R"(doc_marker.yaml:2:1: error: the architecture must be a mapping, not nothing
 2 | 
   | ^
hint: it has the keys 'input' and 'layers'
)");
}

TEST(YamlMessage, Truncated) {
  EXPECT_EQ(
      rendered("trunc1.yaml", "input: {shape: [3, 8"),
      R"(trunc1.yaml:1:21: error: invalid YAML: did not find expected ',' or ']' while parsing a flow sequence
 1 | input: {shape: [3, 8
   |                     ^
trunc1.yaml:1:16: note: it began here
 1 | input: {shape: [3, 8
   |                ^
hint: check indentation, and that every bracket and quote is closed
)");
  EXPECT_EQ(
      rendered("trunc2.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - conv: {filters: 3
)"),
      R"(trunc2.yaml:4:1: error: invalid YAML: did not find expected ',' or '}' while parsing a flow mapping
 4 | 
   | ^
trunc2.yaml:3:11: note: it began here
 3 |   - conv: {filters: 3
   |           ^
hint: check indentation, and that every bracket and quote is closed
)");
  EXPECT_EQ(
      rendered("trunc3.yaml", R"(input: {shape: [3, 8, 8]}
lay)"),
      R"(trunc3.yaml:2:4: error: invalid YAML: could not find expected ':' while scanning a simple key
 2 | lay
   |    ^
trunc3.yaml:2:1: note: it began here
 2 | lay
   | ^
hint: check indentation, and that every bracket and quote is closed
)");
  EXPECT_EQ(
      rendered("trunc4.yaml", R"(input: {shape: [3, 8, 8]}
name: "abc
)"),
      R"(trunc4.yaml:3:1: error: invalid YAML: found unexpected end of stream while scanning a quoted scalar
 3 | 
   | ^
trunc4.yaml:2:7: note: it began here
 2 | name: "abc
   |       ^
hint: check indentation, and that every bracket and quote is closed
)");
}

TEST(YamlMessage, TrailingText) {
  EXPECT_EQ(rendered("trailing.yaml", R"({input: {shape: [3]}, layers: [{dense: 1}]}
more: 1
)"),
            R"(trailing.yaml:2:1: error: invalid YAML: did not find expected <document start>
 2 | more: 1
   | ^
hint: the file holds one mapping; remove what follows it
)");
}

TEST(YamlMessage, Layout) {
  EXPECT_EQ(rendered("tab_indent.yaml", "input:\n\tshape: [3]\n"),
            R"(tab_indent.yaml:2:1: error: invalid YAML: a tab cannot indent
 2 |  shape: [3]
   | ^
hint: indent with spaces
)");
  EXPECT_EQ(rendered("tabbed.yaml", "input: {shape: [3]}\nlayers:\n  -\tdense: x\n"),
            R"(tabbed.yaml:3:4: error: invalid YAML: a tab cannot indent
 3 |   - dense: x
   |    ^
hint: indent with spaces
)");
  EXPECT_EQ(
      rendered("bad_indent.yaml", R"(input:
  shape: [3]
 norm: 1
)"),
      R"(bad_indent.yaml:3:2: error: invalid YAML: did not find expected key while parsing a block mapping
 3 |  norm: 1
   |  ^
bad_indent.yaml:1:1: note: it began here
 1 | input:
   | ^
hint: check indentation, and that every bracket and quote is closed
)");
  EXPECT_EQ(rendered("colon.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
name: a: b
)"),
            R"(colon.yaml:3:8: error: invalid YAML: mapping values are not allowed in this context
 3 | name: a: b
   |        ^
hint: put text that contains a colon in quotes; settings stand in braces: {key: value}
)");
  EXPECT_EQ(rendered("loss5.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
loss: square: 3
)"),
            R"(loss5.yaml:3:13: error: invalid YAML: mapping values are not allowed in this context
 3 | loss: square: 3
   |             ^
hint: put text that contains a colon in quotes; settings stand in braces: {key: value}
)");
}

TEST(YamlMessage, NotText) {
  EXPECT_EQ(rendered("nul.yaml", "input: {shape: [3]}\000\n"s),
            R"(nul.yaml:1:20: error: NUL byte in the file
 1 | input: {shape: [3]}\x00
   |                    ^
hint: an architecture file is UTF-8 text
)");
  EXPECT_EQ(rendered("utf8.yaml", "name: na\357ve\n"),
            R"(utf8.yaml:1:9: error: byte 0xEF is not UTF-8
 1 | name: na\xefve
   |         ^
hint: save the file as UTF-8
)");
  EXPECT_EQ(rendered("control.yaml", "name: a\001b\n"),
            R"(control.yaml:1:8: error: invalid YAML: control characters are not allowed
 1 | name: a\x01b
   |        ^
hint: remove the character
)");
}

TEST(YamlMessage, DuplicateKey) {
  EXPECT_EQ(rendered("dup.yaml", R"(input: {shape: [3]}
radius: 1
layers: [{dense: 1}]
radius: 2
)"),
            R"(dup.yaml:4:1: error: key 'radius' appears twice
 4 | radius: 2
   | ^
dup.yaml:2:1: note: 'radius' is first given here
 2 | radius: 1
   | ^
hint: keep one of the two
)");
  EXPECT_EQ(rendered("dup_nested.yaml", R"(input: {shape: [3, 8, 8]}
layers:
  - dense: {units: 3, units: 4}
)"),
            R"(dup_nested.yaml:3:23: error: key 'units' appears twice
 3 |   - dense: {units: 3, units: 4}
   |                       ^
dup_nested.yaml:3:13: note: 'units' is first given here
 3 |   - dense: {units: 3, units: 4}
   |             ^
hint: keep one of the two
)");
}

TEST(YamlMessage, AnchorsAndAliases) {
  EXPECT_EQ(rendered("alias.yaml", R"(a: &x 1
b: *x
)"),
            R"(alias.yaml:1:4: error: YAML anchors and aliases are not supported
 1 | a: &x 1
   |    ^
hint: write the value out where it is used; for a file from Python, set yaml.Dumper.ignore_aliases = lambda *a: True (SafeDumper for safe_dump), or write JSON
)");
  EXPECT_EQ(rendered("alias2.yaml", R"(a: *x
)"),
            R"(alias2.yaml:1:4: error: YAML anchors and aliases are not supported
 1 | a: *x
   |    ^
hint: write the value out where it is used; for a file from Python, set yaml.Dumper.ignore_aliases = lambda *a: True (SafeDumper for safe_dump), or write JSON
)");
  EXPECT_EQ(rendered("self_alias.yaml", R"(&x a: *x
)"),
            R"(self_alias.yaml:1:1: error: YAML anchors and aliases are not supported
 1 | &x a: *x
   | ^
hint: write the value out where it is used; for a file from Python, set yaml.Dumper.ignore_aliases = lambda *a: True (SafeDumper for safe_dump), or write JSON
)");
}

TEST(YamlMessage, MergeKey) {
  EXPECT_EQ(rendered("merge.yaml", R"(base: {a: 1}
layers:
  <<: {b: 1}
)"),
            R"(merge.yaml:3:3: error: YAML merge keys are not supported
 3 |   <<: {b: 1}
   |   ^
hint: write the merged keys out
)");
}

TEST(YamlMessage, Tags) {
  EXPECT_EQ(rendered("tag.yaml", R"(name: !!str 3
)"),
            R"(tag.yaml:1:7: error: YAML tags are not supported
 1 | name: !!str 3
   |       ^
hint: remove the tag; numbers and text are told apart by quotes
)");
  EXPECT_EQ(rendered("tag2.yaml", R"(!custom {a: 1}
)"),
            R"(tag2.yaml:1:1: error: YAML tags are not supported
 1 | !custom {a: 1}
   | ^
hint: remove the tag; numbers and text are told apart by quotes
)");
}

TEST(YamlMessage, SecondDocument) {
  EXPECT_EQ(rendered("second.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
---
layers: []
)"),
            R"(second.yaml:3:1: error: a second YAML document begins here
 3 | ---
   | ^
hint: keep one architecture in one file
)");
  EXPECT_EQ(rendered("second_end.yaml", R"(input: {shape: [3]}
layers: [{dense: 1}]
...
---
)"),
            R"(second_end.yaml:4:1: error: a second YAML document begins here
 4 | ---
   | ^
hint: keep one architecture in one file
)");
}

TEST(YamlMessage, OneComma) {
  EXPECT_EQ(
      rendered("comma.yaml", ","),
      R"(comma.yaml:1:1: error: invalid YAML: did not find expected node content while parsing a block node
 1 | ,
   | ^
hint: check indentation, and that every bracket and quote is closed
)");
  EXPECT_EQ(
      rendered("comma", ","),
      R"(comma:1:1: error: invalid YAML: did not find expected node content while parsing a block node
 1 | ,
   | ^
hint: check indentation, and that every bracket and quote is closed
)");
}

TEST(YamlMessage, ComplexKey) {
  EXPECT_EQ(
      rendered("complex_key.yaml", R"([a]: 1
)"),
      R"(complex_key.yaml:1:1: error: a key must be a single word or string, not a list or a mapping
 1 | [a]: 1
   | ^
hint: write 'KEY: VALUE'; a list or a mapping stands behind the colon
)");
}

TEST(YamlMessage, WrongRoot) {
  EXPECT_EQ(rendered("root_list.yaml", R"(- 1
)"),
            R"(root_list.yaml:1:1: error: the architecture must be a mapping, not a list
 1 | - 1
   | ^
hint: it has the keys 'input' and 'layers'
)");
  EXPECT_EQ(rendered("root_scalar.yaml", R"(hello
)"),
            R"(root_scalar.yaml:1:1: error: the architecture must be a mapping, not a single value
 1 | hello
   | ^
hint: it has the keys 'input' and 'layers'
)");
}

TEST(YamlMessage, LinesEndAtLineFeedsOnly) {
  EXPECT_EQ(rendered("cr.yaml", "name: x\rradius: 1\rfoo: 2\r"),
            R"(cr.yaml:1:1: error: the architecture has no 'input'
 1 | name: x\rradius: 1\rfoo: 2
   | ^
hint: the shape of one input, for example input: {shape: [3, 224, 224]}
cr.yaml:1:1: error: the architecture has no 'layers'
 1 | name: x\rradius: 1\rfoo: 2
   | ^
hint: the list of layers
cr.yaml:1:19: error: unknown key 'foo' in the architecture
 1 | name: x\rradius: 1\rfoo: 2
   |                     ^
hint: known keys: $schema, name, batch, radius, regularizer, initial_gap, accuracy, variance, loss, input, layers
)");
  EXPECT_EQ(rendered("nel.yaml", "name: x\302\205radius: 1\342\200\250foo: 2\n"),
            R"(nel.yaml:1:1: error: the architecture has no 'input'
 1 | name: x\u{0085}radius: 1\u{2028}foo: 2
   | ^
hint: the shape of one input, for example input: {shape: [3, 224, 224]}
nel.yaml:1:1: error: the architecture has no 'layers'
 1 | name: x\u{0085}radius: 1\u{2028}foo: 2
   | ^
hint: the list of layers
nel.yaml:1:19: error: unknown key 'foo' in the architecture
 1 | name: x\u{0085}radius: 1\u{2028}foo: 2
   |                                 ^
hint: known keys: $schema, name, batch, radius, regularizer, initial_gap, accuracy, variance, loss, input, layers
)");
}

}  // namespace
}  // namespace smoothbound
