// The wire format, and the fields of ModelProto and TensorProto.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "onnx_builder.hpp"
#include "onnx_messages.hpp"

namespace smoothbound::testing::onnx {
namespace {

using models::onnx::DataType;
using models::onnx::Graph;
using models::onnx::read_graph;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Model small_model() {
  Model model;
  model.input("x", {1, 3}).node("Relu", {"x"}, {"y"}).output("y");
  return model;
}

// A model with one array, a TensorProto.
std::string model_with(const std::string& tensor) {
  Model model = small_model();
  model.initializer(tensor);
  return model.bytes();
}

std::vector<double> values_of(const std::string& tensor) {
  const std::string bytes = model_with(tensor);
  return read_graph({}, bytes).initializers.at(0).values();
}

std::string mistakes_of_tensor(const std::string& tensor) {
  return mistakes_in(model_with(tensor));
}

TEST(OnnxWire, EveryCutIsRefused) {
  const std::string whole = small_model().bytes();
  ASSERT_EQ(mistakes_in(whole), "read");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(mistakes_in(whole.substr(0, size)), HasSubstr(" | ")) << size;
  }
  EXPECT_EQ(mistakes_in(whole.substr(0, whole.size() - 1)),
            std::string("the file ends in the middle of its field 7: 39 of 40 bytes are there") +
                incomplete);
}

TEST(OnnxWire, BytesThatAreNoFields) {
  const std::string whole = small_model().bytes();
  const auto refused = [&](const std::string& more, const std::string& message) {
    EXPECT_EQ(mistakes_in(whole + more), message + incomplete);
  };
  refused("\x08", "the file ends in the middle of a number");
  refused("\x08" + std::string(10, '\xFF') + '\x01',
          "the file has a number of more than ten bytes");
  refused(std::string("\x00\x01", 2), "the file has a field with the number 0");
  refused(tag(9, 3), "the file has a field 9 of the wire type 3, which ONNX does not use");
  refused(tag(9, 4), "the file has a field 9 of the wire type 4, which ONNX does not use");
  refused(tag(9, 7), "the file has a field 9 of the wire type 7, which ONNX does not use");
  refused(tag(9, 5) + "abc", "the file ends in the middle of its field 9: 3 of 4 bytes are there");
  refused(tag(9, 1) + "abc", "the file ends in the middle of its field 9: 3 of 8 bytes are there");
  refused(tag(9, 2) + varint(std::numeric_limits<std::uint64_t>::max()),
          "the file ends in the middle of its field 9: 0 of 18446744073709551615 bytes are there");
  refused(integer_field(7, 1), "field 7 has the wire type 0, not 2");
  refused(bytes_field(1, ""), "field 1 has the wire type 2, not 0");
}

TEST(OnnxWire, UnknownFieldsAreSkipped) {
  const std::string more = integer_field(99, -1) + bytes_field(98, "abc") + float_field(97, 1) +
                           tag(96, 1) + "01234567" + bytes_field(14, "metadata") +
                           bytes_field(20, "training");
  EXPECT_EQ(mistakes_in(more + small_model().bytes() + more), "read");
}

TEST(OnnxWire, AGraphInTwoPiecesIsOne) {
  Model model;
  GraphMaker rest;
  model.input("x", {1, 3}).node("Relu", {"x"}, {"y"});
  rest.node("Tanh", {"y"}, {"z"}).output("z");
  const std::string bytes = model.bytes() + bytes_field(7, rest.fields);
  const Graph graph = read_graph({}, bytes);
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[1].operation, "Tanh");
  EXPECT_EQ(graph.nodes[1].inputs, graph.nodes[0].outputs);
}

TEST(OnnxWire, MessagesInPiecesAreMerged) {
  const std::string numbers = raw<float>({1, 2});
  const std::string first = bytes_field(1, packed({2})) + integer_field(2, 1);
  const std::string attribute = bytes_field(1, "value") + integer_field(20, 4) +
                                bytes_field(5, first) + bytes_field(5, bytes_field(9, numbers));
  Model model = small_model();
  model.node("Constant", {}, {"c"}, {attribute});
  // The type of an input, too.
  const std::string shape = bytes_field(2, bytes_field(1, integer_field(1, 7)));
  model.fields += bytes_field(11, bytes_field(1, "u") + bytes_field(2, bytes_field(1, shape)) +
                                      bytes_field(2, bytes_field(1, integer_field(1, 10) + shape)));
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  EXPECT_THAT(graph.initializers.at(0).values(), ElementsAre(1, 2));
  EXPECT_EQ(bytes.substr(graph.initializers[0].offset, 8), numbers);
  ASSERT_EQ(graph.inputs.size(), 2U);
  EXPECT_EQ(graph.inputs[1].type, DataType::float16);
  EXPECT_THAT(graph.inputs[1].sizes, ElementsAre(7, 7));
  Model twice = small_model();
  const std::string body = bytes_field(6, "");
  twice.node("If", {"x"}, {"z"}, {bytes_field(1, "then_branch") + body + body});
  EXPECT_EQ(
      mistakes_in(twice.bytes()),
      std::string("node 1 (If): attribute 'then_branch': it holds several graphs") + incomplete);
}

TEST(OnnxWire, RepeatedNumbersPackedOrNot) {
  const std::string sizes = integer_field(1, 2) + bytes_field(1, packed({1})) + integer_field(1, 2);
  const std::string head = sizes + bytes_field(8, "w");
  const std::string floats = integer_field(2, 1) + float_field(4, 1) + float_field(4, -2) +
                             bytes_field(4, "") + bytes_field(4, raw<float>({3})) +
                             float_field(4, 0.5F);
  EXPECT_THAT(values_of(head + floats), ElementsAre(1, -2, 3, 0.5));
  const std::string doubles = integer_field(2, 11) + tag(10, 1) + raw<double>({1e300}) +
                              bytes_field(10, raw<double>({1, 2, 3}));
  EXPECT_THAT(values_of(head + doubles), ElementsAre(1e300, 1, 2, 3));
  const std::string integers = integer_field(2, 7) + integer_field(7, -1) +
                               bytes_field(7, packed({std::int64_t{1} << 40U, 2})) +
                               integer_field(7, 0);
  EXPECT_THAT(values_of(head + integers), ElementsAre(-1, 1099511627776, 2, 0));
  EXPECT_EQ(
      mistakes_of_tensor(head + integer_field(2, 1) + tag(4, 1) + "01234567"),
      std::string("initializer 'w': field 4 of the array is no list of numbers") + no_exporter);
  EXPECT_EQ(mistakes_of_tensor(head + integer_field(2, 7) + bytes_field(7, "\xFF")),
            std::string("initializer 'w': a list of integers ends in the middle of a number") +
                incomplete);
}

TEST(OnnxWire, NamesAreText) {
  const auto refused = [](const std::string& name) {
    Model model = small_model();
    model.node("Relu", {"x"}, {name});
    EXPECT_EQ(mistakes_in(model.bytes()),
              "node 1 (Relu): the name '" + escape_controls(name) +
                  "' is not text in UTF-8 | export the model with names of letters, digits and "
                  "'_./-:'");
  };
  refused("a\nb");
  refused("a\x1b[31m");
  refused("\xFF");
  refused("a\xC2\x85");
  refused("cut\xC3");
  refused(std::string("a\0b", 3));
  Model named = small_model();
  named.node("Relu", {"x"}, {"z"}, {}, "\n").initializer(float_tensor("\n", {1}, {1}));
  EXPECT_THAT(mistakes_in(named.bytes()),
              AllOf(StartsWith("initializer 0: the name '\\n' is not text"),
                    HasSubstr("\nnode 1 (Relu): the name '\\n' is not text")));
  Model model = small_model();
  model.node("Relu", {"x"}, {"größe/ß 1"});
  EXPECT_EQ(mistakes_in(model.bytes()), "read");
}

TEST(OnnxModel, VersionsThatAreRead) {
  Model model = small_model();
  for (model.ir = 3; model.ir <= 12; ++model.ir) EXPECT_EQ(mistakes_in(model.bytes()), "read");
  model.ir = 2;
  EXPECT_EQ(mistakes_in(model.bytes()),
            "the model is of ONNX's IR version 2; versions 3 to 12 are read | save it again with "
            "another version of onnx, which sets ir_version");
  model.ir = 13;
  EXPECT_THAT(mistakes_in(model.bytes()), StartsWith("the model is of ONNX's IR version 13;"));
  model.ir = 8;
  for (model.opset = 7; model.opset <= 23; ++model.opset) {
    EXPECT_EQ(mistakes_in(model.bytes()), "read");
  }
  EXPECT_EQ(mistakes_in(model.bytes()),
            "the model is written for opset 24; opsets 6 to 23 are read | export it with opset 17, "
            "or convert it with onnx.version_converter");
  model.opset = 5;
  model.ir = 2;
  EXPECT_THAT(mistakes_in(model.bytes()), HasSubstr("\nthe model is written for opset 5;"));
  const std::string other = bytes_field(8, bytes_field(1, "other") + integer_field(2, 1));
  EXPECT_EQ(mistakes_in(integer_field(1, 8) + other + bytes_field(7, model.fields)),
            "the model does not say which opset it is written for | add an opset_import of 6 to 23 "
            "to it");
  const std::string named = bytes_field(8, bytes_field(1, "ai.onnx") + integer_field(2, 9));
  EXPECT_EQ(mistakes_in(integer_field(1, 8) + other + named + bytes_field(7, model.fields)),
            "read");
  EXPECT_EQ(mistakes_in(Model().head()), std::string("the model has no graph") + incomplete);
}

TEST(OnnxModel, WhatItSaysOfItself) {
  Model model = small_model();
  model.more = bytes_field(2, "pytorch");
  model.fields += bytes_field(2, "main_graph");
  const std::string bytes = model.bytes();
  const Graph graph = read_graph({}, bytes);
  EXPECT_EQ(graph.ir_version, 8);
  EXPECT_EQ(graph.opset, 13);
  EXPECT_EQ(graph.producer, "pytorch");
  EXPECT_EQ(graph.name, "main_graph");
}

TEST(OnnxTensor, TypesAsBytes) {
  const auto of_type = [](std::int64_t type, const std::string& bytes) {
    return values_of(bare_tensor("w", {2}, type, bytes_field(9, bytes)));
  };
  EXPECT_THAT(of_type(1, raw<float>({1.5F, -2})), ElementsAre(1.5, -2));
  EXPECT_THAT(of_type(2, raw<std::uint8_t>({1, 255})), ElementsAre(1, 255));
  EXPECT_THAT(of_type(3, raw<std::int8_t>({1, -1})), ElementsAre(1, -1));
  EXPECT_THAT(of_type(4, raw<std::uint16_t>({1, 65535})), ElementsAre(1, 65535));
  EXPECT_THAT(of_type(5, raw<std::int16_t>({1, -1})), ElementsAre(1, -1));
  EXPECT_THAT(of_type(6, raw<std::int32_t>({1, -1})), ElementsAre(1, -1));
  EXPECT_THAT(of_type(7, raw<std::int64_t>({1, -1})), ElementsAre(1, -1));
  EXPECT_THAT(of_type(9, raw<std::uint8_t>({0, 7})), ElementsAre(0, 1));
  EXPECT_THAT(of_type(10, raw<std::uint16_t>({0x3C00, 0xC000})), ElementsAre(1, -2));
  EXPECT_THAT(of_type(11, raw<double>({1e-300, -2})), ElementsAre(1e-300, -2));
  EXPECT_THAT(of_type(12, raw<std::uint32_t>({1, 4294967295U})), ElementsAre(1, 4294967295));
  EXPECT_THAT(of_type(13, raw<std::uint64_t>({1, 1ULL << 63U})), ElementsAre(1, 0x1p63));
  EXPECT_THAT(of_type(16, raw<std::uint16_t>({0x3F80, 0xC000})), ElementsAre(1, -2));
}

TEST(OnnxTensor, TypesAsNumbers) {
  const auto of_type = [](std::int64_t type, std::uint32_t field,
                          const std::vector<std::int64_t>& numbers) {
    return values_of(bare_tensor("w", {2}, type, bytes_field(field, packed(numbers))));
  };
  EXPECT_THAT(of_type(2, 5, {1, 255}), ElementsAre(1, 255));
  EXPECT_THAT(of_type(3, 5, {1, -1}), ElementsAre(1, -1));
  EXPECT_THAT(of_type(6, 5, {1, -1}), ElementsAre(1, -1));
  EXPECT_THAT(of_type(9, 5, {0, 1}), ElementsAre(0, 1));
  EXPECT_THAT(of_type(10, 5, {0x3C00, 0xC000}), ElementsAre(1, -2));
  EXPECT_THAT(of_type(16, 5, {0x3F80, 0xC000}), ElementsAre(1, -2));
  EXPECT_THAT(of_type(12, 11, {1, 4294967295}), ElementsAre(1, 4294967295));
  EXPECT_THAT(of_type(13, 11, {1, -1}), ElementsAre(1, 0x1p64));
}

TEST(OnnxTensor, WhereItsNumbersLie) {
  Model model = small_model();
  model.initializer("w", {2}, {1, 2});
  model.initializer(bare_tensor("v", {2}, 1, bytes_field(4, raw<float>({3, 4}))));
  model.initializer(bare_tensor("u", {1}, 1, float_field(4, 5)));
  const std::string bytes = model.bytes();
  const Graph graph = read_graph("somewhere/m.onnx", bytes);
  EXPECT_EQ(bytes.substr(graph.initializers[0].offset, 8), raw<float>({1, 2}));
  EXPECT_EQ(bytes.substr(graph.initializers[1].offset, 8), raw<float>({3, 4}));
  EXPECT_TRUE(graph.initializers[1].is_in_file());
  EXPECT_FALSE(graph.initializers[2].is_in_file());
  EXPECT_EQ(graph.initializers[1].file, "");
}

TEST(OnnxTensor, SizesThatAreNone) {
  const auto refused = [](const std::vector<std::int64_t>& sizes, const std::string& message) {
    EXPECT_EQ(mistakes_of_tensor(bare_tensor("w", sizes, 1)),
              "initializer 'w': " + message + no_exporter);
  };
  refused({2, -1}, "a size of the array is -1");
  refused({std::numeric_limits<std::int64_t>::min()},
          "a size of the array is -9223372036854775808");
  refused({std::int64_t{1} << 32U, std::int64_t{1} << 32U},
          "the array has more than 2^63 - 1 numbers");
  refused({std::int64_t{1} << 62U}, "the array has more than 2^63 - 1 bytes");
  refused({std::int64_t{1} << 40U},
          "the array has 0 bytes in place of 4398046511104: 1099511627776 numbers of float32");
  refused({std::int64_t{1} << 62U, 4, 0}, "the array has more than 2^63 - 1 numbers");
  EXPECT_THAT(values_of(bare_tensor("w", {std::int64_t{1} << 60U, 4, 0}, 1)), ElementsAre());
  EXPECT_THAT(values_of(float_tensor("w", {}, {7})), ElementsAre(7));
}

TEST(OnnxTensor, NumbersThatDoNotFit) {
  const auto refused = [](const std::string& tensor, const std::string& message) {
    EXPECT_EQ(mistakes_of_tensor(tensor), "initializer 'w': " + message + no_exporter);
  };
  refused(float_tensor("w", {3}, {1, 2}),
          "the array has 8 bytes in place of 12: 3 numbers of float32");
  refused(integer_tensor("w", {3}, {1, 2}), "the array has 2 numbers in place of 3");
  refused(bare_tensor("w", {1}, 7, bytes_field(5, packed({1}))),
          "the array has 0 numbers in place of 1");
  refused(bare_tensor("w", {1}, 1, bytes_field(9, "0123") + float_field(4, 1)),
          "the array has its numbers in two places");
  EXPECT_EQ(mistakes_of_tensor(bare_tensor("w", {1}, 1, bytes_field(3, ""))),
            "initializer 'w': the array is one of several segments | export it in one piece");
  EXPECT_EQ(
      mistakes_of_tensor(bare_tensor("w", {1}, 27)),
      "initializer 'w': there is no data type 27 | export the model with an opset of 6 to 23");
  EXPECT_EQ(mistakes_of_tensor(bare_tensor("w", {1}, (std::int64_t{1} << 32U) + 1)),
            "initializer 'w': there is no data type 4294967297 | export the model with an opset of "
            "6 to 23");
  EXPECT_EQ(mistakes_of_tensor(bare_tensor("", {1}, 1)),
            std::string("initializer 0: it has no name") + incomplete);
}

TEST(OnnxTensor, TypesWithoutArithmeticAreRefusedWhenUsed) {
  const std::vector<std::pair<std::int64_t, std::string>> types{{8, "string"},
                                                                {14, "complex64"},
                                                                {15, "complex128"},
                                                                {17, "float8e4m3fn"},
                                                                {18, "float8e4m3fnuz"},
                                                                {19, "float8e5m2"},
                                                                {20, "float8e5m2fnuz"},
                                                                {21, "uint4"},
                                                                {22, "int4"},
                                                                {23, "float4e2m1"},
                                                                {24, "float8e8m0"},
                                                                {25, "uint2"},
                                                                {26, "int2"}};
  for (const auto& [type, name] : types) {
    const std::string bytes = model_with(bare_tensor("w", {3}, type, bytes_field(9, "ab")));
    const Graph graph = read_graph({}, bytes);
    EXPECT_EQ(name_of(graph.initializers.at(0).type), name);
    EXPECT_EQ(mistakes_of([&] { (void)graph.initializers[0].values(); }),
              "numbers of type " + name +
                  " are not read | export the model in float32, float64, float16 or bfloat16");
  }
  EXPECT_EQ(models::onnx::name_of(DataType{77}), "an unknown type");
}

}  // namespace
}  // namespace smoothbound::testing::onnx
