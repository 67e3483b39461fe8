// Numbers in files beside the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "onnx_builder.hpp"
#include "onnx_messages.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing::onnx {
namespace {

using models::onnx::Graph;
using models::onnx::read_graph;
using ::testing::ElementsAre;

constexpr const char* beside = " | put the file beside the model, as the exporter does";

// A model with an array of two numbers in another file.
std::string model_with_external(const std::string& fields) {
  Model model;
  model.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  model.initializer(bare_tensor("w", {2}, 1, fields));
  return model.bytes();
}

class OnnxExternal : public ::testing::Test {
 protected:
  OnnxExternal() {
    std::filesystem::create_directory(directory_.path() / "model");
    (void)directory_.write("model/w.bin", "...." + raw<float>({1, 2}));
    (void)directory_.write("secret.bin", raw<float>({1, 2}));
  }
  [[nodiscard]] std::string path() const { return directory_ / "model/m.onnx"; }
  void refused(const std::string& fields, const std::string& message) const {
    EXPECT_EQ(mistakes_in(model_with_external(fields), path()), "initializer 'w': " + message);
  }
  TemporaryDirectory directory_;
};

TEST_F(OnnxExternal, IsReadWhereItLies) {
  for (const char* const location : {"w.bin", "./w.bin", "../model/w.bin"}) {
    const std::string bytes = model_with_external(external(location, "4", "8"));
    const Graph graph = read_graph(path(), bytes);
    const auto& tensor = graph.initializers.at(0);
    EXPECT_THAT(tensor.values(), ElementsAre(1, 2));
    EXPECT_EQ(std::filesystem::weakly_canonical(tensor.file),
              std::filesystem::weakly_canonical(directory_ / "model/w.bin"));
    EXPECT_EQ(tensor.offset, 4U);
    EXPECT_TRUE(tensor.is_in_file());
  }
  const std::string bytes = model_with_external(external("w.bin", "", ""));
  EXPECT_EQ(read_graph(path(), bytes).initializers.at(0).bytes.substr(0, 4), "....");
}

TEST_F(OnnxExternal, TwoArraysMayLieInTheSameBytes) {
  Model model;
  model.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  model.initializer(bare_tensor("w", {2}, 1, external("w.bin", "4", "8")));
  model.initializer(bare_tensor("v", {1}, 1, external("w.bin", "8", "4")));
  const std::string bytes = model.bytes();
  const Graph graph = read_graph(path(), bytes);
  EXPECT_EQ(graph.initializers[0].bytes.data() + 4, graph.initializers[1].bytes.data());
}

TEST_F(OnnxExternal, LiesInTheFolderOfTheModel) {
  const std::string out = "leads out of the model's folder";
  refused(external("../secret.bin", "", ""), "its external data '../secret.bin' " + out + beside);
  refused(external("a/../../secret.bin", "", ""),
          "its external data 'a/../../secret.bin' " + out + beside);
  refused(external(".", "", ""), "its external data '.' " + out + beside);
  const std::string secret = directory_ / "secret.bin";
  refused(external(secret, "", ""),
          "its external data '" + secret + "' is an absolute path" + beside);
  refused(external("/dev/zero", "", ""),
          std::string("its external data '/dev/zero' is an absolute path") + beside);
}

TEST_F(OnnxExternal, LinksLeadNowhereElse) {
  const std::filesystem::path folder = directory_.path() / "model";
  std::filesystem::create_symlink("../secret.bin", folder / "link.bin");
  std::filesystem::create_directory_symlink("..", folder / "up");
  std::filesystem::create_symlink("w.bin", folder / "inner.bin");
  const std::string out = "leads out of the model's folder";
  refused(external("link.bin", "", ""), "its external data 'link.bin' " + out + beside);
  refused(external("up/secret.bin", "", ""), "its external data 'up/secret.bin' " + out + beside);
  const std::string bytes = model_with_external(external("inner.bin", "4", ""));
  EXPECT_THAT(read_graph(path(), bytes).initializers.at(0).values(), ElementsAre(1, 2));
}

TEST_F(OnnxExternal, FilesThatCannotBeRead) {
  std::filesystem::create_directory(directory_.path() / "model/folder");
  refused(external("none.bin", "", ""),
          std::string("its external data 'none.bin' cannot be read: cannot open: No such file or "
                      "directory") +
              beside);
  refused(external("folder", "", ""),
          std::string("its external data 'folder' cannot be read: this is a directory") + beside);
  refused(external(std::string(5000, 'a'), "", ""), "its external data '" + std::string(5000, 'a') +
                                                        "' cannot be found: File name too long" +
                                                        beside);
}

TEST_F(OnnxExternal, OffsetsAndLengths) {
  refused(external("w.bin", "8", ""),
          std::string("its external data 'w.bin' ends 4 bytes before the array does") + incomplete);
  refused(external("w.bin", "13", ""),
          std::string("its external data 'w.bin' has 12 bytes, and is read from 13") + incomplete);
  refused(external("w.bin", "18446744073709551615", ""),
          std::string("its external data 'w.bin' has 12 bytes, and is read from "
                      "18446744073709551615") +
              incomplete);
  refused(external("w.bin", "0", "12"),
          std::string("its external data has 12 bytes, the array 8") + no_exporter);
  refused(external("w.bin", "-1", ""),
          std::string("the offset of its external data is '-1', which is no number") + no_exporter);
  refused(external("w.bin", "0", "8x"),
          std::string("the length of its external data is '8x', which is no number") + no_exporter);
  refused(external("", "0", "8"), std::string("external data without a location") + no_exporter);
  refused(external("w.bin", "", "") + bytes_field(9, "01234567"),
          std::string("the array has its numbers in two places") + no_exporter);
}

TEST(OnnxExternalFile, NeedsAFolder) {
  EXPECT_EQ(mistakes_in(model_with_external(external("w.bin", "", ""))),
            "initializer 'w': its external data 'w.bin' lies beside the model, which has no folder "
            "| name the model's file instead of reading it from a pipe");
}

}  // namespace
}  // namespace smoothbound::testing::onnx
