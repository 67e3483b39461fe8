// Tensors of models of other programs as arrays of a file.
#include "smoothbound/data/model_arrays.hpp"

#include <gmock/gmock.h>

#include "files.hpp"
#include "smoothbound/data/weights.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::ElementsAre;

class ModelArrays : public ::testing::Test {
 protected:
  ModelArrays() {
    put(directory, "numbers",
        "head" + bytes_of(std::vector<float>{1, 2, 3, 4, 5, 6}) +
            bytes_of(std::vector<std::uint16_t>{0x3C00, 0x4000}));
    model.path = directory / "net.model";
    model.model.format = "Test";
    model.model.tensors = {
        {"a.weight", {2, 3}, region(4, ElementType::f32)},
        {"b.weight", {2, 3}, region(4, ElementType::f32, true)},
        {"c.bias", {2}, region(28, ElementType::f16)},
        {"d.bias", {3}, models::ComputedNumbers([this] {
           ++computed;
           return std::vector<double>{0.1, 0.2, 0.3};
         })},
    };
  }
  [[nodiscard]] models::FileRegion region(std::uint64_t offset, ElementType type,
                                          bool reversed = false) const {
    return {directory / "numbers", offset, type, reversed};
  }
  static std::vector<double> values(const ArrayFile& file, std::string_view name) {
    const ArrayEntry& entry = *file.find(name);
    std::vector<double> all(static_cast<std::size_t>(entry.elements()));
    file.read_into(entry, std::span(all));
    return all;
  }

  const TemporaryDirectory directory;
  models::ModelFile model;
  int computed = 0;
};

TEST_F(ModelArrays, AreReadWhereTheyLie) {
  const ArrayFile file = model_arrays(model.path, model);
  EXPECT_EQ(file.path(), model.path);
  EXPECT_THAT(values(file, "a.weight"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(values(file, "b.weight"), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_THAT(values(file, "c.bias"), ElementsAre(1, 2));
  EXPECT_EQ(computed, 0);
  EXPECT_THAT(values(file, "d.bias"), ElementsAre(0.1, 0.2, 0.3));
  EXPECT_EQ(computed, 1);
}

TEST_F(ModelArrays, AreRefusedBeyondTheirFile) {
  model.model.tensors[1].numbers = region(12, ElementType::f64);
  EXPECT_EQ(message_of(directory / "numbers", [&] { model_arrays(model.path, model); }),
            "tensor 'b.weight' ends at byte 60, and the file has 32 | the file may be cut short: "
            "fetch it again, or write it again");
  model.model.tensors[1].numbers = region(~std::uint64_t{0}, ElementType::f32);
  EXPECT_NE(message_of(directory / "numbers", [&] { model_arrays(model.path, model); }),
            "no error");
  model.model.tensors[1].shape = {std::int64_t{1} << 62, 8};
  EXPECT_EQ(message_of(model.path, [&] { model_arrays(model.path, model); }),
            "tensor 'b.weight': [4611686018427387904, 8] is 2^63 bytes or more | export the model "
            "again");
}

TEST_F(ModelArrays, AreAsManyAsTheShapeSays) {
  model.model.tensors[3].shape = {4};
  const ArrayFile file = model_arrays(model.path, model);
  EXPECT_EQ(message_of(model.path, [&] { values(file, "d.bias"); }),
            "tensor 'd.bias' has 3 numbers in place of 4 | export the model again");
}

TEST_F(ModelArrays, OfAModelWithoutNumbers) {
  model.model.tensors.clear();
  EXPECT_EQ(message_of(model.path, [&] { model_arrays(model.path, model); }),
            "this Test model has no numbers | name a file of weights, or draw some");
  model.model.format = "Darknet";
  EXPECT_EQ(message_of(model.path, [&] { model_arrays(model.path, model); }),
            "this Darknet model has no numbers | name a file of weights, or draw some; its own, "
            "*.weights, are made one: smoothbound import net.cfg net.weights -o net.yaml --weights "
            "weights.safetensors");
}

TEST_F(ModelArrays, AreWrittenAsSafetensors) {
  const std::string path = directory / "w.safetensors";
  write_model_tensors(path, model);
  const ArrayFile file = open_array_file(path);
  EXPECT_EQ(file.find("a.weight")->type, ElementType::f32);
  EXPECT_EQ(file.find("b.weight")->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_THAT(values(file, "b.weight"), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_EQ(file.find("c.bias")->type, ElementType::f32);
  EXPECT_THAT(values(file, "c.bias"), ElementsAre(1, 2));
  EXPECT_EQ(file.find("d.bias")->type, ElementType::f64);
  EXPECT_THAT(values(file, "d.bias"), ElementsAre(0.1, 0.2, 0.3));
}

TEST_F(ModelArrays, AreWrittenPieceByPiece) {
  std::vector<float> many(200'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i);
  put(directory, "numbers", bytes_of(many));
  model.model.tensors = {{"a", {1000, 200}, region(0, ElementType::f32)}};
  const std::string path = directory / "w.safetensors";
  write_model_tensors(path, model);
  const std::vector<double> read = values(open_array_file(path), "a");
  ASSERT_EQ(read.size(), many.size());
  EXPECT_TRUE(std::equal(read.begin(), read.end(), many.begin()));
}

TEST(ReadModelFile, IsNothingForAFileOfNoFormat) {
  const TemporaryDirectory directory;
  put(directory, "w.npy", "no model");
  EXPECT_FALSE(models::read_model_file(directory / "w.npy", {}).has_value());
}

}  // namespace
}  // namespace smoothbound::testing
