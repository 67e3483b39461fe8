#include <gtest/gtest.h>

#include <filesystem>

#include "smoothbound/models/model.hpp"

namespace smoothbound::models {
namespace {

std::string_view name_of_format(std::string_view path, std::string_view beginning) {
  const ModelFormat* const format = find_format(path, beginning);
  return format == nullptr ? "none" : format->name;
}

using namespace std::string_view_literals;

TEST(ModelFormats, AreToldByContentWhateverTheName) {
  EXPECT_EQ(name_of_format("net", "\x08\x08\x12\x07pytorch"sv), "ONNX");
  EXPECT_EQ(name_of_format("net.yaml", "\x08\x0a\x3a\x02"sv), "ONNX");
  EXPECT_EQ(name_of_format("net.txt", "[net]\nwidth=4\n"), "Darknet");
  EXPECT_EQ(name_of_format("net.txt", "layer {\n  type: \"ReLU\"\n}\n"), "Caffe");
  EXPECT_EQ(name_of_format("", R"({"class_name": "Sequential", "config": []})"), "Keras");
}

TEST(ModelFormats, ANameOfOnnxIsEnough) { EXPECT_EQ(name_of_format("a.onnx", ""), "ONNX"); }

TEST(ModelFormats, ArchitecturesAreNone) {
  EXPECT_EQ(name_of_format("net.yaml", "input: {shape: [2]}\nlayers: [{dense: 2}]\n"), "none");
  EXPECT_EQ(name_of_format("net.json", R"({"input": {"shape": [2]}, "layers": []})"), "none");
  EXPECT_EQ(name_of_format("net", "\x08\x00\x12"sv), "none");
  EXPECT_EQ(name_of_format("net", "\x08\x08"sv), "none");
}

TEST(ModelFormats, EachNamesWhatItUnderstands) {
  EXPECT_EQ(model_formats().size(), 5U);
  for (const ModelFormat& format : model_formats()) {
    const auto rows = format.understood();
    EXPECT_GT(rows.size(), 10U) << format.name;
    for (const auto& row : rows) EXPECT_FALSE(row.name.empty() || row.becomes.empty());
  }
}

// Files of the kernel's own are regular ones, and have no pages.
TEST(ModelFormats, WhatCannotBeMappedIsSaid) {
  const std::string path = "/sys/devices/system/cpu/online";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "there is no such file here";
  try {
    const MappedFile file(path);
    FAIL() << "it was mapped";
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(), "cannot map the file: No such device");
    EXPECT_EQ(error.hint, "copy it to a disk");
  }
}

TEST(ModelFormats, AnEmptyFileOfOnnxIsSaidToBeEmpty) {
  try {
    find_format("a.onnx", "")->read("a.onnx", "", {});
    FAIL() << "it was read";
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(), "the file is empty");
    EXPECT_FALSE(error.hint.empty());
  }
}

}  // namespace
}  // namespace smoothbound::models
