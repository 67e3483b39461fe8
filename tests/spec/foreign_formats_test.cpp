// Files of other programs, given where an architecture belongs.

#include <gtest/gtest.h>

#include <string>

#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound {
namespace {

using namespace std::string_literals;

std::string message(const std::string& text) {
  try {
    read_spec({"net.yaml", text});
  } catch (const SpecError& error) {
    EXPECT_EQ(error.location, (Location{1, 1}));
    EXPECT_NE(error.remedy, Remedy::none);
    return error.what();
  }
  return "read";
}

TEST(ForeignFormat, IsNamed) {
  EXPECT_EQ(message("PK\x03\x04\x14\0"s),
            "this is a ZIP archive: a model of PyTorch or Keras, or an NPZ file, not an "
            "architecture file");
  EXPECT_EQ(message("\x89HDF\r\n\x1a\n\0"s),
            "this is an HDF5 file, as of Keras, not an architecture file");
  EXPECT_EQ(message("\x93NUMPY\x01\0"s), "this is a NumPy array, not an architecture file");
  EXPECT_EQ(message("\x1f\x8b\x08\0"s), "this is a gzip file, not an architecture file");
  EXPECT_EQ(message("\x80\x04\x95\0"s),
            "this is a Python pickle, as of PyTorch, not an architecture file");
  EXPECT_EQ(message("\x08\x07\x12\x07pytorch"s), "this is an ONNX model, not an architecture file");
  EXPECT_EQ(message("\x40\0\0\0\0\0\0\0{\"w\":{}}"s),
            "this is a safetensors file, not an architecture file");
  EXPECT_EQ(message("[net]\nbatch=64\n"),
            "this is a configuration of Darknet, not an architecture file");
  EXPECT_EQ(message("input: {shape: [3]}\nlayers: [{dense: 1}]\n"), "read");
}

// Protobuf's notation, of which the first lines pass for YAML.
TEST(ForeignFormat, MessagesAsTextAreNamed) {
  EXPECT_EQ(message("name: \"LeNet\"\n\nlayer {\n  name: \"data\"\n}\n"),
            "this is a network of Caffe, not an architecture file");
  EXPECT_EQ(message("name: \"old\"\r\nlayers{\r\n}\r\n"),
            "this is a network of Caffe, not an architecture file");
  EXPECT_EQ(message("node {\n  name: \"x\"\n}\n"),
            "this is a graph of TensorFlow or ONNX as text, not an architecture file");
  EXPECT_EQ(message("ir_version: 7\ngraph {\n}\n"),
            "this is a graph of TensorFlow or ONNX as text, not an architecture file");
  // The words inside of a line or of a name.
  EXPECT_EQ(
      message("name: >\n  a graph {\n  layer { x\ninput: {\n shape: [3]}\nlayers: [{dense: 1}]\n"),
      "read");
}

}  // namespace
}  // namespace smoothbound
