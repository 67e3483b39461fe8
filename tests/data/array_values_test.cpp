// Conversion of elements, files of no format, and files that are none.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "files.hpp"
#include "smoothbound/data/array_file.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::StartsWith;

class ArrayValues : public ::testing::Test {
 protected:
  // A safetensors file of one tensor with all of `data`.
  [[nodiscard]] ArrayFile tensor(std::string_view type, const std::string& shape,
                                 const std::string& data) const {
    return open_array_file(directory.write(
        "w", safetensors(R"({"t":{"dtype":")" + std::string(type) + R"(","shape":)" + shape +
                             R"(,"data_offsets":[0,)" + std::to_string(data.size()) + "]}}",
                         data)));
  }
  template <class Value>
  static std::vector<Value> values(const ArrayFile& file) {
    std::vector<Value> result(static_cast<std::size_t>(file.entries()[0].elements()));
    file.read_into(file.entries()[0], std::span(result));
    return result;
  }
  template <class Value>
  [[nodiscard]] std::string refusal(const ArrayFile& file) const {
    return message_of(file.path(), [&] { values<Value>(file); });
  }
  const TemporaryDirectory directory;
};

TEST_F(ArrayValues, EveryHalf) {
  std::vector<std::uint16_t> bits;
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    if ((i & 0x7C00U) != 0x7C00U) bits.push_back(static_cast<std::uint16_t>(i));
  }
  const auto read =
      values<float>(tensor("F16", "[" + std::to_string(bits.size()) + "]", bytes_of(bits)));
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const int exponent = (bits[i] >> 10U) & 0x1F;
    const int fraction = bits[i] & 0x3FF;
    const double magnitude =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    const double expected = (bits[i] & 0x8000U) != 0 ? -magnitude : magnitude;
    ASSERT_EQ(read[i], expected) << bits[i];
    ASSERT_EQ(std::signbit(read[i]), std::signbit(expected)) << bits[i];
  }
}

TEST_F(ArrayValues, Bfloat16IsTheUpperHalfOfAFloat) {
  const auto file = tensor("BF16", "[3]", bytes_of<std::uint16_t>({0x3F80, 0xC049, 0x0001}));
  EXPECT_EQ(values<float>(file), (std::vector{1.F, -3.140625F, 0x1p-133F}));
}

TEST_F(ArrayValues, DoublesRoundToNearest) {
  const auto file = tensor("F64", "[2]", bytes_of<double>({0.1, 1 + 0x1p-24 + 0x1p-50}));
  EXPECT_EQ(values<float>(file), (std::vector{0.1F, 1 + 0x1p-23F}));
  EXPECT_EQ(values<double>(file), (std::vector{0.1, 1 + 0x1p-24 + 0x1p-50}));
}

TEST_F(ArrayValues, WholeNumbers) {
  EXPECT_EQ(values<double>(tensor("I64", "[1]", bytes_of<std::int64_t>({-5}))), std::vector{-5.0});
  EXPECT_EQ(values<double>(tensor("U64", "[1]", bytes_of<std::uint64_t>({~std::uint64_t{0}}))),
            std::vector{0x1p64});
  EXPECT_EQ(values<double>(tensor("U32", "[1]", bytes_of<std::uint32_t>({4294967295U}))),
            std::vector{4294967295.0});
  EXPECT_EQ(values<double>(tensor("I8", "[1]", "\x80")), std::vector{-128.0});
  EXPECT_EQ(values<double>(tensor("U16", "[1]", "\xFF\xFF")), std::vector{65535.0});
  EXPECT_EQ(values<double>(tensor("I32", "[1]", "\xFF\xFF\xFF\xFF")), std::vector{-1.0});
  const ArrayFile huge = tensor("U64", "[1]", bytes_of<std::uint64_t>({~std::uint64_t{0}}));
  std::int64_t value = 0;
  EXPECT_EQ(
      message_of(huge.path(), [&] { huge.read_range(huge.entries()[0], 0, std::span(&value, 1)); }),
      "tensor 't' holds 18446744073709551615 at [0] | labels are whole numbers from 0 on");
  const ArrayFile real = tensor("F32", "[1]", bytes_of<float>({1.F}));
  EXPECT_EQ(
      message_of(real.path(), [&] { real.read_range(real.entries()[0], 0, std::span(&value, 1)); }),
      "tensor 't' holds F32, not whole numbers | save the class of each sample as a whole number, "
      "e.g. with array.astype('int64')");
}

TEST_F(ArrayValues, NaNAndInfinitiesAreRefusedWithTheirPlace) {
  std::vector<float> x(6);
  x[4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal<float>(tensor("F32", "[2,3]", bytes_of(x))),
            "tensor 't' holds NaN at [1, 1] | every number has to be finite: find where this one "
            "comes from, or replace it");
  x[4] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal<double>(tensor("F32", "[2,3]", bytes_of(x))),
            "tensor 't' holds an infinite value at [1, 1] | every number has to be finite: find "
            "where this one comes from, or replace it");
  EXPECT_EQ(refusal<float>(tensor("F64", "[]", bytes_of<double>({-1e300}))),
            "tensor 't' holds -1e+300, which is beyond float32, at [] | every number has to be "
            "finite: find where this one comes from, or replace it");
  EXPECT_EQ(refusal<float>(tensor("F16", "[1]", bytes_of<std::uint16_t>({0x7E00}))),
            "tensor 't' holds NaN at [0] | every number has to be finite: find where this one "
            "comes from, or replace it");
  EXPECT_EQ(refusal<float>(tensor("F16", "[1]", bytes_of<std::uint16_t>({0xFC00}))),
            "tensor 't' holds an infinite value at [0] | every number has to be finite: find where "
            "this one comes from, or replace it");
  EXPECT_EQ(refusal<float>(tensor("BF16", "[1]", bytes_of<std::uint16_t>({0x7FC0}))),
            "tensor 't' holds NaN at [0] | every number has to be finite: find where this one "
            "comes from, or replace it");
  // Behind the piece that is read first.
  std::vector<double> many(100'000);
  many[99'999] = std::nan("");
  EXPECT_EQ(refusal<float>(tensor("F64", "[1000,100]", bytes_of(many))),
            "tensor 't' holds NaN at [999, 99] | every number has to be finite: find where this "
            "one comes from, or replace it");
}

TEST_F(ArrayValues, RangesAreThoseOfTheArray) {
  const auto file = tensor("F32", "[4]", bytes_of<float>({0, 1, 2, 3}));
  std::vector<float> two(2);
  file.read_range(file.entries()[0], 1, std::span(two));
  EXPECT_EQ(two, (std::vector{1.F, 2.F}));
  EXPECT_THROW(file.read_range(file.entries()[0], 3, std::span(two)), std::out_of_range);
  EXPECT_THROW(file.read_range(file.entries()[0], -1, std::span(two)), std::out_of_range);
  EXPECT_THROW(file.read_into(file.entries()[0], std::span(two)), std::out_of_range);
}

TEST_F(ArrayValues, AFileThatIsCutWhileItIsReadIsAnError) {
  const auto file = tensor("F32", "[4]", bytes_of<float>({0, 1, 2, 3}));
  std::filesystem::resize_file(file.path(), 20);
  EXPECT_EQ(
      refusal<float>(file),
      "the file became shorter while it was read | begin again when nothing writes to it any more");
}

class Files : public ArrayValues {
 protected:
  [[nodiscard]] static std::string refusal(const std::string& path) {
    return message_of(path, [&] { open_array_file(path); });
  }
};

TEST_F(Files, ThatAreNone) {
  EXPECT_EQ(refusal(directory / "none"), "cannot open: No such file or directory | check the path");
  EXPECT_EQ(refusal(directory.path().string()), "this is a directory | name a file in it");
  EXPECT_EQ(refusal(directory.write("empty", "")),
            "the file is empty | write it again, or fetch it again");
  const std::string fifo = directory / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(refusal(fifo), "this is not a regular file | write the data to a file first");
  EXPECT_EQ(refusal("/dev/null"), "this is not a regular file | write the data to a file first");
  EXPECT_EQ(refusal(directory.write("plain", "") + "/below"),
            "cannot open: Not a directory | check the path, and who may read it");
}

TEST_F(Files, ThatMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string closed = directory.write("closed", "x");
  chmod(closed.c_str(), 0);
  EXPECT_EQ(refusal(closed),
            "cannot open: Permission denied | check the path, and who may read it");
}

TEST_F(Files, OfNoFormat) {
  const std::string message =
      "this is no safetensors, NPY or NPZ file | the format is told by the content, whatever the "
      "name of the file";
  EXPECT_EQ(refusal(directory.write("a.npy", "x")), message);
  EXPECT_EQ(refusal(directory.write("a.safetensors", "{\"a\": {}, \"b\": {}}")), message);
  EXPECT_EQ(refusal(directory.write("a.npz", std::string(1000, '\0'))), message);
}

TEST_F(Files, ThatArePicklesAreToBeConverted) {
  for (const std::string& start :
       {std::string("\x80\2}q\0X", 6), std::string("\x80\4\x95\x1a\0\0\0\0\0\0\0{", 12),
        std::string("\x80\2\x8a\nl\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15),
        std::string("(dp0\nS'a'\n")}) {
    const std::string path = directory.write("w.pt", start);
    EXPECT_EQ(
        refusal(path),
        "this is a Python pickle, as of PyTorch, not a file of arrays | if you trust it: python -c "
        "\"import torch, safetensors.torch as s; w = torch.load('" +
            path +
            "', map_location='cpu', weights_only=True); s.save_file({k: v.clone().contiguous() for "
            "k, v in w.get('state_dict', w).items()}, 'weights.safetensors')\"");
  }
}

// What is given as weights and belongs to other programs: what it is, and what makes of it
// something that is read.
TEST_F(Files, OfOtherProgramsAreToBeConverted) {
  using namespace std::string_literals;
  const auto advice = [&](const std::string& name, const std::string& bytes) {
    const std::string path = directory.write(name, bytes);
    std::string text = refusal(path);
    if (const std::size_t at = text.find(path); at != std::string::npos)
      text.replace(at, path.size(), name);
    return text;
  };
  const std::string no_arrays = ", not a file of arrays | ";
  for (const char minor : {'\1', '\2'}) {
    EXPECT_EQ(advice("y.weights", "\0\0\0\0"s + minor + "\0\0\0\5\0\0\0"s),
              "this is the numbers of a model of Darknet" + no_arrays +
                  "name its configuration before: smoothbound import net.cfg y.weights -o net.yaml "
                  "--weights weights.safetensors");
  }
  EXPECT_EQ(advice("m.h5", "\x89HDF\r\n\x1a\n\0"s),
            "this is an HDF5 file, as of Keras" + no_arrays +
                "export the network with its numbers, to be read in place of both: python -c "
                "\"import keras; keras.models.load_model('m.h5', "
                "compile=False).export('model.onnx', format='onnx')\"");
  EXPECT_EQ(advice("m.caffemodel", "\x0a\x07VGG\xb8\x05\0\0"s),
            "this is the parameters of a network of Caffe" + no_arrays +
                "with the network that they belong to: python -c \"import caffe, numpy; "
                "numpy.savez('weights.npz', **{k + s: b.data for k, v in caffe.Net('net.prototxt', "
                "'m.caffemodel', caffe.TEST).params.items() for s, b in zip(('.weight', '.bias'), "
                "v)})\"");
  EXPECT_EQ(advice("m.tflite", "\x1c\0\0\0TFL3\x14\0"s),
            "this is a model of TensorFlow Lite" + no_arrays +
                "python -m tf2onnx.convert --tflite m.tflite --output model.onnx");
  EXPECT_EQ(advice("m.pb", "\x0a\xb8\x05\x0a\x01x"s),
            "this is a graph of TensorFlow" + no_arrays +
                "python -m tf2onnx.convert --graphdef m.pb --inputs x:0 --outputs y:0 --output "
                "model.onnx, with the names of its input and output");
  EXPECT_EQ(advice("w.gz", "\x1f\x8b\x08\0"s),
            "this is a gzip file" + no_arrays + "unpack it: gzip -d w.gz");
  EXPECT_EQ(
      advice("w", "version https://git-lfs.github.com/spec/v1\n"),
      "this is a pointer of Git LFS to a file" + no_arrays + "fetch the file itself: git lfs pull");
}

TEST_F(Files, OfSafetensorsMayBeginLikeAPickle) {
  const std::string header = "{}" + std::string(0x280 - 2, ' ');
  EXPECT_TRUE(open_array_file(directory.write("w", safetensors(header))).entries().empty());
}

TEST(DataErrorText, IsEscaped) {
  EXPECT_EQ(render_error(DataError("w\n.npy", "tensor '\x1b[31m'", "try '\x07'")),
            "w\\n.npy: error: tensor '\\x1b[31m'\nhint: try '\\x07'\n");
  EXPECT_EQ(render_error(DataError("w", "bad", "mend it")), "w: error: bad\nhint: mend it\n");
  const std::string text = render_error(DataError("w", std::string(5000, 'x'), ""));
  EXPECT_THAT(text, StartsWith("w: error: xxx"));
  EXPECT_LT(text.size(), 1100U);
}

}  // namespace
}  // namespace smoothbound::testing
