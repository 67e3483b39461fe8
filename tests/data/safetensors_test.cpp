// safetensors: what is read, and what each lie is called.
#include <gtest/gtest.h>

#include "files.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"

namespace smoothbound::testing {
namespace {

class Safetensors : public ::testing::Test {
 protected:
  [[nodiscard]] std::string refusal(const std::string& bytes) const {
    const std::string path = directory.write("w.safetensors", bytes);
    return without_hint(message_of(path, [&] { open_array_file(path); }),
                        "the file is damaged: fetch it again, or store the tensors again with "
                        "safetensors");
  }
  [[nodiscard]] std::string refusal(std::string_view header, std::size_t size) const {
    return refusal(safetensors(header, std::string(size, '\0')));
  }
  const TemporaryDirectory directory;
};

TEST_F(Safetensors, HoldsTensorsAndMetadata) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
      R"("a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("none":{"dtype":"I8","shape":[0,3],"data_offsets":[16,16]}}   )";
  const std::string path = directory.write(
      "w", safetensors(header, bytes_of<double>({0.1}) + bytes_of<float>({1.5F, -2.F})));
  const ArrayFile file = open_array_file(path);
  EXPECT_EQ(file.format().name, "safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  ASSERT_EQ(file.entries().size(), 3U);
  EXPECT_EQ(file.entries()[0].name, "a") << "in the order of the file's bytes";
  EXPECT_EQ(file.entries()[1].shape, (std::vector<std::int64_t>{2}));
  std::vector<double> b(2);
  file.read_into(*file.find("b"), std::span(b));
  EXPECT_EQ(b, (std::vector{1.5, -2.0}));
  double a = 0;
  file.read_into(*file.find("a"), std::span(&a, 1));
  EXPECT_EQ(a, 0.1);
  EXPECT_EQ(file.find("none")->elements(), 0);
  EXPECT_EQ(file.find("c"), nullptr);
}

TEST_F(Safetensors, MayBeEmpty) {
  const ArrayFile file = open_array_file(directory.write("w", safetensors("{}")));
  EXPECT_TRUE(file.entries().empty());
}

TEST_F(Safetensors, HeaderHasToFit) {
  EXPECT_EQ(refusal(little_endian(100, 8) + "{}"),
            "the header claims 100 bytes, the file has 2 after its length | the file may be cut "
            "short: fetch it again, or write it again");
  EXPECT_EQ(refusal(little_endian(std::uint64_t{1} << 40U, 8) + "{}"),
            "the header claims 1099511627776 bytes, the file has 2 after its length | the file may "
            "be cut short: fetch it again, or write it again");
}

TEST_F(Safetensors, HeaderHasALimit) {
  const std::string path = directory.write("w", little_endian(100'000'001, 8) + "{");
  std::filesystem::resize_file(path, 200'000'000);  // sparse
  EXPECT_EQ(message_of(path, [&] { open_array_file(path); }),
            "the header claims 100000001 bytes, more than the limit of 100000000 | the file is "
            "damaged: fetch it again, or store the tensors again with safetensors");
}

TEST_F(Safetensors, HeaderIsJsonOfOneForm) {
  EXPECT_EQ(refusal("{\"a\": ", 0), "the header is not valid JSON: an error at its byte 7");
  EXPECT_EQ(refusal("{\"a\xFF\": 1}", 0), "the header is not valid JSON: an error at its byte 4");
  EXPECT_EQ(refusal("{} {}", 0), "the header is not valid JSON: an error at its byte 4");
  EXPECT_EQ(refusal(R"({"a": 1})", 0), "tensor 'a' is 1, not an object");
  EXPECT_EQ(refusal(R"({"a": []})", 0), "tensor 'a' is an array, not an object");
  EXPECT_EQ(refusal(R"({"a": {"dtype": 3}})", 0), "tensor 'a': 'dtype' is 3, not a string");
  EXPECT_EQ(refusal(R"({"a": {"shape": "3"}})", 0),
            "tensor 'a': 'shape' is a string, not an array");
  EXPECT_EQ(refusal(R"({"a": {"shape": [[1]]}})", 0),
            "tensor 'a': 'shape' has an array where a count belongs");
  EXPECT_EQ(refusal(R"({"a": {"shape": [-1]}})", 0),
            "tensor 'a': 'shape' has -1 where a count belongs");
  EXPECT_EQ(refusal(R"({"a": {"shape": [1.5]}})", 0),
            "tensor 'a': 'shape' has 1.5 where a count belongs");
  EXPECT_EQ(refusal(R"({"a": {"shape": [9223372036854775808]}})", 0),
            "tensor 'a': 'shape' exceeds 2^63 - 1");
  EXPECT_EQ(refusal(R"({"a": {"data_offsets": [1]}})", 0),
            "tensor 'a': 'data_offsets' has to be two numbers");
  EXPECT_EQ(refusal(R"({"a": {"data_offsets": [1,2,3]}})", 0),
            "tensor 'a': 'data_offsets' has more than two numbers");
  EXPECT_EQ(refusal(R"({"a": {"size": 1}})", 0), "tensor 'a' has an unknown field 'size'");
  EXPECT_EQ(refusal(R"({"a": {"dtype": "F32", "shape": []}})", 0),
            "tensor 'a' has no 'data_offsets'");
  EXPECT_EQ(refusal(R"({"__metadata__": {"a": 1}})", 0), "__metadata__: 'a' is 1, not a string");
  EXPECT_EQ(refusal(R"({"__metadata__": {"a": {}}})", 0),
            "__metadata__: 'a' is an object, not a string");
}

TEST_F(Safetensors, NothingAppearsTwice) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                    R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                    2),
            "tensor 'a' appears twice");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","dtype":"U8"}})", 0), "tensor 'a' has 'dtype' twice");
  EXPECT_EQ(refusal(R"({"__metadata__": {"a": "", "a": ""}})", 0), "__metadata__ has 'a' twice");
}

TEST_F(Safetensors, TypesAreKnown) {
  EXPECT_EQ(
      refusal(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1),
      "tensor 'a' has the type 'F8_E4M3', which is not known | known are F64, F32, F16, BF16, "
      "U8, I8, U16, I16, U32, I32, U64, I64, BOOL");
}

TEST_F(Safetensors, OffsetsAgreeWithTypeAndShape) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}})", 20),
            "tensor 'a': F32 [2, 3] takes 24 bytes, the offsets 0 to 20 hold 20");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8),
            "tensor 'a' ends at 0, before it begins at 8");
  EXPECT_EQ(
      refusal(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
      "tensor 'a': F32 [4294967296, 4294967296] is 2^63 bytes or more");
  EXPECT_EQ(
      refusal(R"({"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})", 0),
      "tensor 'a': F32 [0, 4294967296, 4294967296] is 2^63 bytes or more");
}

TEST_F(Safetensors, TensorsFillTheFileWithoutOverlap) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3),
            "tensor 'a' ends at byte 4 of the data, of which there are 3 | the file may be cut "
            "short: fetch it again, or write it again");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[1],)"
                    R"("data_offsets":[9223372036854775806,9223372036854775807]}})",
                    3),
            "tensor 'a' ends at byte 9223372036854775807 of the data, of which there are 3 | the "
            "file may be cut short: fetch it again, or write it again");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                    6),
            "tensors 'a' and 'b' overlap");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                    R"("b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}})",
                    8),
            "2 bytes before tensor 'b' belong to no tensor");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 7),
            "3 bytes at the end belong to no tensor");
}

TEST_F(Safetensors, AxesAreFew) {
  std::string shape = "1";
  for (int i = 0; i < 40; ++i) shape += ",1";
  EXPECT_EQ(refusal(R"({"a":{"shape":[)" + shape + "]}}", 0), "tensor 'a' has more than 32 axes");
}

TEST_F(Safetensors, AreWrittenAsTheyAreRead) {
  const std::vector<float> a{1, 2, 3, 4, 5, 6};
  const std::vector<double> b{0.1, -1e300};
  const std::string path = directory / "out.safetensors";
  const std::vector<TensorView> tensors{{"a", {2, 3}, std::span(a)}, {"b", {2}, std::span(b)}};
  write_safetensors(path, tensors, {{"made", "here"}});
  EXPECT_EQ(directory.count(), 1U) << "no temporary file is left";
  const ArrayFile file = open_array_file(path);
  EXPECT_EQ(file.metadata(), (ArrayFile::Metadata{{"made", "here"}}));
  EXPECT_EQ(file.entries()[0].name, "b") << "F64 first, so that all are aligned";
  EXPECT_EQ(file.entries()[0].offset % 8, 0U);
  std::vector<float> a_read(6);
  std::vector<double> b_read(2);
  file.read_into(*file.find("a"), std::span(a_read));
  file.read_into(*file.find("b"), std::span(b_read));
  EXPECT_EQ(a_read, a);
  EXPECT_EQ(b_read, b);
  EXPECT_EQ(file.find("a")->shape, (std::vector<std::int64_t>{2, 3}));

  const std::string first = read_file(path);
  EXPECT_EQ(first.substr(8, 16), R"({"__metadata__":)");
  const std::vector<TensorView> reversed{tensors[1], tensors[0]};
  write_safetensors(path, reversed, {{"made", "here"}});
  EXPECT_EQ(read_file(path), first) << "the order of the tensors does not matter";
}

TEST_F(Safetensors, KeepTheirNames) {
  const std::vector<float> a(1);
  const std::string name = "\u00E4 \"\\\n\t\u20AC \U0001F600";
  const std::string path = directory / "out.safetensors";
  write_safetensors(path, std::vector<TensorView>{{name, {1}, std::span(a)}}, {{name, name}});
  const ArrayFile file = open_array_file(path);
  EXPECT_EQ(file.entries()[0].name, name);
  EXPECT_EQ(file.metadata(), (ArrayFile::Metadata{{name, name}}));
}

TEST_F(Safetensors, AreNotWrittenWithoutSense) {
  const std::vector<float> a(2);
  const std::string path = directory / "out.safetensors";
  const auto write = [&](const std::vector<TensorView>& tensors) {
    write_safetensors(path, tensors);
  };
  EXPECT_THROW(write({{"a", {3}, std::span(a)}}), std::invalid_argument);
  EXPECT_THROW(write({{"a", {-2, -1}, std::span(a)}}), std::invalid_argument);
  EXPECT_THROW(write({{"a", {2}, std::span(a)}, {"a", {2}, std::span(a)}}), std::invalid_argument);
  EXPECT_THROW(write({{"__metadata__", {2}, std::span(a)}}), std::invalid_argument);
  EXPECT_THROW(write({{"\xFF", {2}, std::span(a)}}), std::invalid_argument);
  EXPECT_THROW(write_safetensors(path, {}, {{"\xFF", "a"}}), std::invalid_argument);
  EXPECT_THROW(write_safetensors(path, {}, {{"a", "\xFF"}}), std::invalid_argument);
  EXPECT_EQ(directory.count(), 0U);
}

}  // namespace
}  // namespace smoothbound::testing
