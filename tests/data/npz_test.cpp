// NPZ: zip archives of arrays, and those that lie about what is in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"
#include "smoothbound/data/array_file.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Npz : public ::testing::Test {
 protected:
  [[nodiscard]] std::string refusal(const std::string& bytes) const {
    const std::string path = directory.write("w.npz", bytes);
    return message_of(path, [&] { open_array_file(path); });
  }
  // What is only seen when elements are unpacked.
  [[nodiscard]] std::string late_refusal(const std::string& bytes) const {
    const std::string path = directory.write("w.npz", bytes);
    const ArrayFile file = open_array_file(path);
    return message_of(path, [&] {
      std::vector<float> values(static_cast<std::size_t>(file.entries().front().elements()));
      file.read_into(file.entries().front(), std::span(values));
    });
  }
  const TemporaryDirectory directory;
  const std::string a = npy(npy_dict("<f4", "(2,)"), bytes_of<float>({1.5F, -2.F}));
  const std::string big = npy(npy_dict("<f8", "(100000,)"), std::string(800000, '\0'));
};

TEST_F(Npz, StoredAndDeflated) {
  const std::string path =
      directory.write("w", zip({stored("a.npy", a), deflated("b.npy", big), deflated("c.npy", a)}));
  const ArrayFile file = open_array_file(path);
  EXPECT_EQ(file.format().name, "NPZ");
  ASSERT_EQ(file.entries().size(), 3U);
  EXPECT_EQ(file.entries()[1].name, "b");
  EXPECT_EQ(file.entries()[1].shape, (std::vector<std::int64_t>{100000}));
  std::vector<double> values(100000, 1);
  file.read_into(file.entries()[1], std::span(values));
  EXPECT_EQ(values, std::vector<double>(100000));
  std::vector<float> two(2);
  for (const char* name : {"c", "a"}) {
    two = {};
    two.resize(2);
    file.read_into(*file.find(name), std::span(two));
    EXPECT_EQ(two, (std::vector{1.5F, -2.F}));
  }
  float second = 0;
  file.read_range(*file.find("c"), 1, std::span(&second, 1));
  EXPECT_EQ(second, -2.F);
  file.read_range(*file.find("c"), 0, std::span(&second, 1));
  EXPECT_EQ(second, 1.5F) << "backwards: unpacked anew";
}

TEST_F(Npz, ArchiveIsWhole) {
  const std::string whole = zip({stored("a.npy", a)});
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 30)),
              StartsWith("this is no whole zip archive"));
  EXPECT_THAT(refusal("PK\3\4"), StartsWith("this is no whole zip archive"));
}

TEST_F(Npz, MembersAreArrays) {
  EXPECT_EQ(refusal(zip({stored("a.txt", a)})),
            "member 'a.txt' is no NPY array | write the archive with numpy.savez or "
            "numpy.savez_compressed");
  EXPECT_EQ(refusal(zip({stored("a.npy", "nothing of the sort")})),
            "member 'a.npy': this is no NPY array | the file is damaged: save the array again with "
            "numpy.save");
  EXPECT_EQ(
      refusal(zip({stored("a.npy", npy(npy_dict("|O", "(1,)"), "abcd"))})),
      "member 'a.npy': the elements are Python objects, which are stored as a pickle | save an "
      "array of numbers, e.g. with array.astype('float32')");
  EXPECT_EQ(refusal(zip({stored("a.npy", a + "x")})),
            "member 'a.npy': F32 [2] takes 8 bytes, there are 9 after the header | the file is "
            "damaged: save the array again with numpy.save");
  EXPECT_THAT(refusal(zip({stored("a.npy", a), stored("a.npy", a)})),
              StartsWith("member 'a.npy' appears twice"));
}

TEST_F(Npz, SizesAreNotTakenOnTrust) {
  ZipMember bomb = deflated("a.npy", a);
  bomb.size = 0xF0000000;
  EXPECT_THAT(refusal(zip({bomb})),
              ::testing::MatchesRegex("member 'a.npy' claims to unpack to 4026531840 bytes, which "
                                      "[0-9]+ bytes cannot hold \\| the file is damaged: .*"));
  ZipMember longer = stored("a.npy", a);
  longer.size += 8;
  EXPECT_EQ(refusal(zip({longer})),
            "member 'a.npy' claims to unpack to 84 bytes, which 76 bytes cannot hold | the file is "
            "damaged: fetch it again, or write it again");
}

TEST_F(Npz, MembersUnpackToWhatTheyClaim) {
  const std::string ten = npy(npy_dict("<f4", "(10,)"), std::string(40, '\0'));
  ZipMember less = deflated("a.npy", ten.substr(0, ten.size() - 4));
  less.size += 4;
  EXPECT_THAT(late_refusal(zip({less})), StartsWith("member 'a.npy' cannot be unpacked: "));
  ZipMember more = deflated("a.npy", ten + "more");
  more.size -= 4;
  EXPECT_THAT(late_refusal(zip({more})), StartsWith("member 'a.npy' cannot be unpacked: "));
  ZipMember wrong = stored("a.npy", ten);
  wrong.crc ^= 1U;
  EXPECT_EQ(late_refusal(zip({wrong})),
            "member 'a.npy' cannot be unpacked: CRC error | the file is damaged: fetch it again, "
            "or write it again");
}

TEST_F(Npz, MethodsAreTwo) {
  ZipMember odd = stored("a.npy", a);
  odd.method = 14;
  EXPECT_EQ(refusal(zip({odd})),
            "member 'a.npy' is compressed by method 14 | write the archive with numpy.savez or "
            "numpy.savez_compressed");
  ZipMember secret = stored("a.npy", a);
  secret.flags = 1;
  EXPECT_EQ(
      refusal(zip({secret})),
      "member 'a.npy' is encrypted | write the archive with numpy.savez or numpy.savez_compressed");
}

TEST_F(Npz, MembersDoNotShareBytes) {
  // Two entries of the table of contents point to one member.
  const std::string local = zip({stored("a.npy", big)});
  const std::size_t start = local.find("PK\1\2");
  const std::size_t end = local.find("PK\5\6");
  const std::string entry = local.substr(start, end - start);
  std::string other = entry;
  other.replace(other.find("a.npy"), 5, "b.npy");
  const std::string file = local.substr(0, start) + entry + other + "PK\5\6" +
                           std::string(4, '\0') + little_endian(2, 2) + little_endian(2, 2) +
                           little_endian(2 * entry.size(), 4) + little_endian(start, 4) +
                           std::string(2, '\0');
  EXPECT_THAT(refusal(file), ::testing::AnyOf(HasSubstr("overlap"), HasSubstr("no whole zip")));
}

TEST_F(Npz, TorchArchivesArePickles) {
  const std::string pickle =
      "this is a model or parameters of PyTorch, not a file of arrays | if "
      "you trust it: python -c \"import torch, safetensors.torch as s; ";
  EXPECT_THAT(refusal(zip({stored("archive/data.pkl", "x"), stored("archive/data/0", "y")})),
              StartsWith(pickle + "w = torch.load("));
  EXPECT_THAT(refusal(zip({stored("m/data.pkl", "x"), stored("m/code/__torch__.py", "y")})),
              StartsWith("this is a TorchScript model, not a file of arrays | if you trust it: "
                         "python -c \"import torch, safetensors.torch as s; w = torch.jit.load("));
}

}  // namespace
}  // namespace smoothbound::testing
