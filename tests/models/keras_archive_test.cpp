// Archives of Keras 3: ZIP files whose members are stored as they are.

#include <gtest/gtest.h>

#include "keras_support.hpp"
#include "models/keras/formats.hpp"

namespace smoothbound::models::testing {
namespace {

std::string little_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
  return bytes;
}

// With a first member that is of no interest, and extra fields and comments, too.
std::string archive(const std::string& name, const std::string& content, int method = 0,
                    const std::string& version = "3.5.0") {
  std::string bytes;
  std::string table;
  const auto add = [&](const std::string& member, const std::string& data, int how) {
    const std::string sizes = little_endian(0, 4) + little_endian(data.size(), 4) +
                              little_endian(data.size(), 4) + little_endian(member.size(), 2);
    table += "PK\1\2" + little_endian(20, 2) + little_endian(20, 2) + little_endian(0, 2) +
             little_endian(static_cast<std::uint64_t>(how), 2) + little_endian(0, 4) + sizes +
             little_endian(2, 2) + little_endian(1, 2) + little_endian(0, 2) + little_endian(0, 2) +
             little_endian(0, 4) + little_endian(bytes.size(), 4) + member + "xxc";
    bytes += "PK\3\4" + little_endian(20, 2) + little_endian(0, 2) +
             little_endian(static_cast<std::uint64_t>(how), 2) + little_endian(0, 4) + sizes +
             little_endian(3, 2) + member + "yyy" + data;
  };
  add("metadata.json", R"({"keras_version": ")" + version + R"("})", 0);
  add(name, content, method);
  const std::string end = "PK\5\6" + little_endian(0, 4) + little_endian(2, 2) +
                          little_endian(2, 2) + little_endian(table.size(), 4) +
                          little_endian(bytes.size(), 4) + little_endian(0, 2);
  return bytes + table + end;
}

const std::string damaged =
    "0:0: the archive is damaged: its table of contents does not fit | save the model again with "
    "model.save('model.keras')\n";

TEST(KerasArchive, ReadsItsConfig) {
  const std::string json = sequential_3("[null, 6]", {R"(Dense: "units": 3)"});
  const std::string bytes = archive("config.json", json);
  EXPECT_TRUE(keras::is_archive("m.zip", bytes));
  EXPECT_TRUE(keras::is_archive("m.keras", archive("x", "")));
  EXPECT_FALSE(keras::is_archive("m.keras", json));
  EXPECT_EQ(keras_archive_text(bytes), keras_text(json));
  EXPECT_EQ(keras_text(json),
            "# From a Keras model.\nname: m\ninput: {shape: [6]}\nlayers:\n  - {name: l1, dense: "
            "3}\n");
}

// Keras 2.12 to 2.15 write such archives, too, and have another hard_sigmoid.
TEST(KerasArchive, TheVersionIsThatOfItsMetadata) {
  const auto maps = [](const std::string& version) {
    const std::string text = keras_archive_text(archive(
        "config.json", sequential_3("[null, 6]", {R"(Activation: "activation": "hard_sigmoid")"}),
        0, version));
    return text.substr(text.find("then: "));
  };
  EXPECT_EQ(maps("3.5.0"), "then: [hard_sigmoid]}\n");
  EXPECT_EQ(maps(""), "then: [hard_sigmoid]}\n");
  EXPECT_EQ(maps("2.15.0"), "then: [{scale: {by: 1.2}}, hard_sigmoid]}\n");
}

TEST(KerasArchive, MessagesTellThePlaceInsideOfIt) {
  EXPECT_EQ(keras_archive_text(archive("config.json", sequential_3("[null, 6]", {"Mine"}))),
            "0:0: config.json, line 2, column 42: layer 'l1' is of the class 'Mine', which has no "
            "counterpart here | write an architecture file for the rest, or export the model to "
            "ONNX; 'smoothbound import --list' shows the layers that are read\n");
}

TEST(KerasArchive, SizesAreLimited) {
  std::string bytes = archive("config.json", "{}");
  const std::size_t name = bytes.rfind("config.json");
  bytes.replace(name - 46 + 20, 4, little_endian(std::uint64_t{1} << 27U, 4));
  EXPECT_EQ(keras_archive_text(bytes),
            "0:0: 'config.json' has 134217728 bytes, more than the limit of 67108864 | write an "
            "architecture file for a smaller model\n");
}

TEST(KerasArchive, RefusesWhatIsNotStored) {
  EXPECT_EQ(keras_archive_text(archive("config.json", "{}", 8)),
            "0:0: 'config.json' is compressed in the archive | unpack it, and give its "
            "config.json: python -m zipfile -e model.keras model\n");
  EXPECT_EQ(keras_archive_text("PK\5\6" + std::string(18, '\0')),
            "0:0: the archive has no 'config.json' | save the model with "
            "model.save('model.keras')\n");
  EXPECT_EQ(keras_archive_text(archive("other.json", "{}")),
            "0:0: the archive has no 'config.json' | save the model with "
            "model.save('model.keras')\n");
}

// Each byte of the table, and each length of the file.
TEST(KerasArchive, DamageIsNoticed) {
  const std::string bytes =
      archive("config.json", sequential_3("[null, 6]", {R"(Dense: "units": 3)"}));
  EXPECT_EQ(keras_archive_text(""), damaged);
  EXPECT_EQ(keras_archive_text(bytes.substr(0, bytes.size() - 1)), damaged);
  const std::size_t table = bytes.find("PK\1\2");
  for (std::size_t i = table; i < bytes.size(); ++i) {
    for (const char change : {'\x01', '\x7f', '\xff'}) {
      std::string other = bytes;
      other[i] = static_cast<char>(other[i] ^ change);
      EXPECT_NE(keras_archive_text(other), "") << i;
    }
  }
  std::string moved = bytes;
  moved[bytes.size() - 6] = '\x7f';  // where the table begins
  EXPECT_EQ(keras_archive_text(moved), damaged);
}

}  // namespace
}  // namespace smoothbound::models::testing
