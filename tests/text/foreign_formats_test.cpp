// Files that are no text, given where an architecture belongs.

#include <gtest/gtest.h>

#include <string>

#include "smoothbound/text/document.hpp"

namespace smoothbound::text {
namespace {

using namespace std::string_literals;

std::string message(const std::string& text) {
  Document document;
  try {
    parse({"net.yaml", text}, document);
  } catch (const SpecError& error) {
    EXPECT_EQ(error.location, (Location{1, 1}));
    EXPECT_NE(error.hint, "");
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
  EXPECT_EQ(message("input: {shape: [3]}\n"), "read");
}

}  // namespace
}  // namespace smoothbound::text
