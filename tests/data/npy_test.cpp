// NPY: what is read, what each lie is called, what is written.
#include <gtest/gtest.h>

#include <cmath>

#include "files.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"

namespace smoothbound::testing {
namespace {

class Npy : public ::testing::Test {
 protected:
  [[nodiscard]] std::string refusal(const std::string& bytes) const {
    const std::string path = directory.write("x.npy", bytes);
    return without_hint(message_of(path, [&] { open_array_file(path); }),
                        "the file is damaged: save the array again with numpy.save");
  }
  [[nodiscard]] std::vector<double> values(const std::string& bytes) const {
    const ArrayFile file = open_array_file(directory.write("x.npy", bytes));
    std::vector<double> result(static_cast<std::size_t>(file.entries().front().elements()));
    file.read_into(file.entries().front(), std::span(result));
    return result;
  }
  const TemporaryDirectory directory;
};

TEST_F(Npy, VersionsAndByteOrders) {
  const std::string little = bytes_of<float>({1.5F, -2.F});
  const std::string big{little[3], little[2], little[1], little[0],
                        little[7], little[6], little[5], little[4]};
  const std::vector expected{1.5, -2.0};
  for (const char version : {'\1', '\2', '\3'}) {
    EXPECT_EQ(values(npy(npy_dict("<f4", "(2,)"), little, version)), expected);
  }
  EXPECT_EQ(values(npy(npy_dict(">f4", "(2,)"), big)), expected);
  EXPECT_EQ(values(npy(npy_dict("|u1", "(2, 1)"), "\x07\xFF")), (std::vector{7.0, 255.0}));
  EXPECT_EQ(values(npy(npy_dict("|b1", "(2, 1L)"), std::string("\0\1", 2))),
            (std::vector{0.0, 1.0}));
  EXPECT_EQ(values(npy(npy_dict(">i2", "(1,)"), "\xFF\xFE")), (std::vector{-2.0}));
  EXPECT_EQ(values(npy(npy_dict("<f8", "()"), bytes_of<double>({0.1}))), (std::vector{0.1}));
}

TEST_F(Npy, KeysInAnyOrderAndQuotes) {
  EXPECT_EQ(values(npy(R"({"shape":(1,),"descr":"|i1","fortran_order":False})", "\xFF")),
            (std::vector{-1.0}));
}

TEST_F(Npy, HeaderHasToFit) {
  EXPECT_EQ(
      refusal("\x93NUMPY"),
      "the header is cut short | the file may be cut short: fetch it again, or write it again");
  EXPECT_EQ(
      refusal(std::string("\x93NUMPY\1\0\1", 9)),
      "the header is cut short | the file may be cut short: fetch it again, or write it again");
  EXPECT_EQ(refusal(std::string("\x93NUMPY\4\0\1\1", 10)),
            "version 4.0 of the format is not known | versions 1 to 3 are read");
  EXPECT_EQ(refusal(std::string("\x93NUMPY\1\0\xff\xff{}", 12)),
            "the header claims 65535 bytes, there are 2 | the file may be cut short: fetch it "
            "again, or write it again");
  EXPECT_EQ(refusal(npy(std::string(70000, ' '), "", 2)),
            "the header claims 70000 bytes, more than the limit of 65536");
}

TEST_F(Npy, HeaderIsADictionary) {
  EXPECT_EQ(refusal(npy("", "")), "the header is malformed at its byte 0");
  EXPECT_EQ(refusal(npy("{'descr: 1}", "")), "the header is malformed at its byte 2");
  EXPECT_EQ(refusal(npy("{'descr': '<f4'}", "")), "the header has no 'fortran_order'");
  EXPECT_EQ(refusal(npy("{}", "")), "the header has no 'descr'");
  EXPECT_EQ(refusal(npy("{'descr': '<f4', 'fortran_order': False}", "")),
            "the header has no 'shape'");
  EXPECT_EQ(refusal(npy("{'a': 1}", "")), "the header has an unknown key 'a'");
  EXPECT_EQ(refusal(npy("{'descr': '<f4', 'descr': '<f4'}", "")), "the header has 'descr' twice");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(1,)") + "x", "abcd")),
            "the header is malformed at its byte 58");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(1)"), "abcd")), "the header is malformed at its byte 53");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(-1,)"), "abcd")),
            "the header is malformed at its byte 51");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(1,)", "Maybe"), "abcd")),
            "the header is malformed at its byte 34");
}

// x[i, j, k] = 100 i + 10 j + k, as numpy.save writes it with the first axis fastest.
TEST_F(Npy, FortranOrderIsTransposedWhileItIsRead) {
  std::vector<std::int16_t> stored;
  std::vector<double> wanted;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) stored.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) wanted.push_back(100 * i + 10 * j + k);
    }
  }
  const std::string bytes = npy(npy_dict("<i2", "(2, 3, 4)", "True"), bytes_of(stored));
  EXPECT_EQ(values(bytes), wanted);
  const ArrayFile file = open_array_file(directory.write("x.npy", bytes));
  const ArrayEntry& entry = file.entries().front();
  for (std::size_t first = 0; first < wanted.size(); ++first) {
    for (std::size_t count = 0; first + count <= wanted.size(); ++count) {
      std::vector<float> part(count);
      file.read_range(entry, static_cast<std::int64_t>(first), std::span(part));
      EXPECT_TRUE(std::equal(part.begin(), part.end(), wanted.begin() + static_cast<long>(first)))
          << first << " " << count;
    }
  }
  EXPECT_EQ(values(npy(npy_dict("<i2", "(0, 3)", "True"), "")), std::vector<double>{});
  EXPECT_EQ(values(npy(npy_dict("|i1", "()", "True"), "a")), std::vector{97.0});
  EXPECT_EQ(values(npy(npy_dict("|i1", "(2,)", "True"), "ab")), (std::vector{97.0, 98.0}));
}

// Larger than what is read at once: a matrix of 300 rows and 700 columns, and its transpose.
TEST_F(Npy, FortranOrderOfManyElements) {
  std::vector<float> stored;
  for (int column = 0; column < 700; ++column) {
    for (int row = 0; row < 300; ++row) stored.push_back(static_cast<float>(1000 * row + column));
  }
  const std::string bytes = npy(npy_dict("<f4", "(300, 700)", "True"), bytes_of(stored));
  const std::vector<double> all = values(bytes);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i], static_cast<double>(1000 * (i / 700) + i % 700));
  }
  stored[5 * 300 + 7] = std::nanf("");
  const std::string damaged = npy(npy_dict("<f4", "(300, 700)", "True"), bytes_of(stored));
  EXPECT_EQ(message_of(directory / "x.npy", [&] { static_cast<void>(values(damaged)); }),
            "the array holds NaN at [7, 5] | every number has to be finite: find where this one "
            "comes from, or replace it");
}

TEST_F(Npy, ElementsAreNumbers) {
  EXPECT_EQ(refusal(npy(npy_dict("|O", "(1,)"), "abcd")),
            "the elements are Python objects, which are stored as a pickle | save an array of "
            "numbers, e.g. with array.astype('float32')");
  EXPECT_EQ(
      refusal(npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd")),
      "the elements are records | save each field as an array of its own");
  EXPECT_EQ(refusal(npy(npy_dict("<c8", "(1,)"), "abcdefgh")),
            "the elements have the type '<c8', which is not known | save it as numbers, e.g. with "
            "array.astype('float32')");
  EXPECT_EQ(refusal(npy(npy_dict("|f4", "(1,)"), "abcd")),
            "the elements have the type '|f4', which is not known | save it as numbers, e.g. with "
            "array.astype('float32')");
}

TEST_F(Npy, ShapeAgreesWithTheFile) {
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(2, 3)"), "abcd")),
            "F32 [2, 3] takes 24 bytes, there are 4 after the header | the file may be cut short: "
            "fetch it again, or write it again");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(1,)"), "abcde")),
            "F32 [1] takes 4 bytes, there are 5 after the header");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(4294967296, 4294967296)"), "abcd")),
            "F32 [4294967296, 4294967296] is 2^63 bytes or more");
  EXPECT_EQ(refusal(npy(npy_dict("<f4", "(99999999999999999999,)"), "abcd")),
            "a size in the shape exceeds 2^63 - 1");
  std::string shape = "(";
  for (int i = 0; i < 33; ++i) shape += "1, ";
  EXPECT_EQ(refusal(npy(npy_dict("<f4", shape + ")"), "abcd")),
            "the shape has more than 32 axes | reshape it: samples have up to 4 axes");
}

TEST_F(Npy, IsWrittenAsNumpyDoes) {
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  const std::string path = directory / "y.npy";
  write_npy(path, {"", {2, 3}, std::span(x)});
  const std::string bytes = read_file(path);
  EXPECT_EQ(bytes.size(), 128U + 24U);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\1\0\x76\0", 10));
  EXPECT_TRUE(
      bytes.substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  EXPECT_EQ(bytes[127], '\n');
  const ArrayFile file = open_array_file(path);
  std::vector<float> read(6);
  file.read_into(file.entries().front(), std::span(read));
  EXPECT_EQ(read, x);

  const std::vector<double> y{0.1};
  write_npy(path, {"", {1}, std::span(y)});
  EXPECT_EQ(open_array_file(path).entries().front().shape, (std::vector<std::int64_t>{1}));
  write_npy(path, {"", {}, std::span(y)});
  EXPECT_TRUE(open_array_file(path).entries().front().shape.empty());
}

}  // namespace
}  // namespace smoothbound::testing
