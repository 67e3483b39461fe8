// Weights: all tensors of the network, and no others.
#include "smoothbound/data/weights.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "files.hpp"
#include "smoothbound/data/write_arrays.hpp"

namespace smoothbound::testing {
namespace {

class Weights : public ::testing::Test {
 protected:
  void store(const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& tensors) const {
    const std::vector<float> values(100, 1.F);
    std::vector<TensorView> views;
    for (const auto& [name, shape] : tensors) {
      std::size_t count = 1;
      for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
      views.push_back({name, shape, std::span(values).first(count)});
    }
    write_safetensors(path, views);
  }
  [[nodiscard]] std::string refusal() const {
    return message_of(path, [&] { read_weights(path, expected); });
  }
  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  const std::vector<ExpectedTensor> expected{{"conv1.weight", {4, 3}}, {"conv1.bias", {4}}};
};

TEST_F(Weights, ComeInTheOrderOfTheNetwork) {
  store({{"conv1.bias", {4}}, {"conv1.weight", {4, 3}}});
  const ArrayFile file = read_weights(path, expected);
  ASSERT_EQ(file.entries().size(), 2U);
  EXPECT_EQ(file.entries()[0].name, "conv1.weight");
  EXPECT_EQ(file.entries()[1].name, "conv1.bias");
  std::vector<float> bias(4);
  file.read_into(file.entries()[1], std::span(bias));
  EXPECT_EQ(bias, std::vector<float>(4, 1.F));
}

TEST_F(Weights, Missing) {
  store({{"conv1.weight", {4, 3}}});
  EXPECT_EQ(
      refusal(),
      "tensor 'conv1.bias' of shape [4] is missing | are these the weights of another network?");
  store({});
  EXPECT_EQ(refusal(),
            "tensor 'conv1.weight' of shape [4, 3] is missing, and 1 more | are these the weights "
            "of another network?");
  store({{"conv1.weight", {4, 3}}, {"conv1.biass", {4}}});
  EXPECT_EQ(refusal(),
            "tensor 'conv1.bias' of shape [4] is missing | did you mean 'conv1.biass'? (which the "
            "file has and the network does not)");
  store({{"conv1.weight", {4, 3}}, {"something", {4}}});
  EXPECT_EQ(refusal(),
            "tensor 'conv1.bias' of shape [4] is missing | the file has tensors that the network "
            "does not have, such as 'something'");
}

TEST_F(Weights, Superfluous) {
  store({{"conv1.weight", {4, 3}}, {"conv1.bias", {4}}, {"conv2.bias", {7}}, {"conv3.bias", {1}}});
  EXPECT_EQ(refusal(),
            "the network has no tensor 'conv2.bias'; the file has it with shape [7], and 1 more | "
            "are these the weights of another network?");
}

TEST_F(Weights, OfAnotherShape) {
  store({{"conv1.weight", {4, 4}}, {"conv1.bias", {4}}});
  EXPECT_EQ(refusal(),
            "tensor 'conv1.weight': expected shape [4, 3], found [4, 4] | are these the weights of "
            "another network?");
  store({{"conv1.weight", {3, 4}}, {"conv1.bias", {4}}});
  EXPECT_EQ(refusal(),
            "tensor 'conv1.weight': expected shape [4, 3], found [3, 4] | the axes are in reverse "
            "order: transpose it");
}

// Of a 1x1 convolution behind a global pooling, whose weights others store with axes for positions,
// and of tables with an axis for the batch.
TEST_F(Weights, AxesOfOneEntryAreIgnored) {
  store({{"conv1.weight", {4, 3, 1, 1}}, {"conv1.bias", {4, 1}}});
  const ArrayFile file = read_weights(path, expected);
  std::vector<float> values(12);
  file.read_into(file.entries()[0], std::span(values));
  EXPECT_EQ(values, std::vector<float>(12, 1.F));
  store({{"conv1.weight", {1, 4, 1, 3}}, {"conv1.bias", {1, 4}}});
  EXPECT_EQ(refusal(), "no error");
  store({{"conv1.weight", {1, 3, 4}}, {"conv1.bias", {4}}});
  EXPECT_EQ(refusal(),
            "tensor 'conv1.weight': expected shape [4, 3], found [1, 3, 4] | the axes are in "
            "reverse order: transpose it");
}

TEST_F(Weights, NeedNames) {
  const std::vector<float> values(4);
  write_npy(path, {"", {4}, std::span(values)});
  EXPECT_EQ(refusal(),
            "an NPY file holds one array without a name, not the weights of a network | store them "
            "by name, as safetensors or with numpy.savez");
}

TEST_F(Weights, ComeFromArchivesToo) {
  const std::string w = npy(npy_dict("<f4", "(4, 3)"), bytes_of(std::vector<float>(12, 2.F)));
  const std::string b = npy(npy_dict("|b1", "(4,)"), std::string(4, '\1'));
  put(directory, "w.safetensors",
      zip({stored("conv1.weight.npy", w), stored("conv1.bias.npy", b)}));
  EXPECT_EQ(refusal(),
            "tensor 'conv1.bias' holds truth values, not numbers | store it as numbers, e.g. with "
            ".astype('float32')");
  put(directory, "w.safetensors", zip({deflated("conv1.weight.npy", w)}));
  const ArrayFile file = read_weights(path, std::vector{expected[0]});
  std::vector<float> values(12);
  file.read_into(file.entries()[0], std::span(values));
  EXPECT_EQ(values, std::vector<float>(12, 2.F));
}

// As numpy.savez stores the transpose of a kernel.
TEST_F(Weights, InFortranOrder) {
  std::vector<float> stored;
  for (int column = 0; column < 3; ++column) {
    for (int row = 0; row < 4; ++row) stored.push_back(static_cast<float>(10 * row + column));
  }
  const std::string w = npy(npy_dict("<f4", "(4, 3)", "True"), bytes_of(stored));
  put(directory, "w.safetensors", zip({deflated("conv1.weight.npy", w)}));
  const ArrayFile file = read_weights(path, std::vector{expected[0]});
  std::vector<float> values(12);
  file.read_into(file.entries()[0], std::span(values));
  EXPECT_EQ(values, (std::vector<float>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}));
}

// A place in the file, for those who look there, in either order of its axes.
TEST_F(Weights, WithAxesOfOneEntryAreShownAsTheyAreStored) {
  std::vector<float> stored;
  for (int column = 0; column < 3; ++column) {
    for (int row = 0; row < 4; ++row) stored.push_back(static_cast<float>(10 * row + column));
  }
  const auto store_in_fortran_order = [&] {
    put(directory, "w.safetensors",
        zip({deflated("conv1.weight.npy",
                      npy(npy_dict("<f4", "(1, 4, 1, 3)", "True"), bytes_of(stored)))}));
  };
  const auto read = [&] {
    const ArrayFile file = read_weights(path, std::vector{expected[0]});
    std::vector<float> values(12);
    file.read_into(file.entries()[0], std::span(values));
    return values;
  };
  store_in_fortran_order();
  EXPECT_EQ(read(), (std::vector<float>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}));
  stored[6] = std::numeric_limits<float>::quiet_NaN();  // row 2, column 1
  store_in_fortran_order();
  EXPECT_EQ(message_of(path, read),
            "tensor 'conv1.weight' holds NaN at [0, 2, 0, 1] | every number has to be finite: find "
            "where this one comes from, or replace it");
}

TEST_F(Weights, OthersArePassedOver) {
  bool asked = false;
  const OtherTensors others = [&] {
    asked = true;
    return std::vector<std::string>{"conv1.bn.mean", "conv1.bn.count"};
  };
  store({{"conv1.weight", {4, 3}}, {"conv1.bias", {4}}});
  EXPECT_EQ(read_weights(path, expected, others).entries().size(), 2U);
  EXPECT_FALSE(asked);
  store({{"conv1.weight", {4, 3}}, {"conv1.bias", {4}}, {"conv1.bn.mean", {7}}});
  EXPECT_EQ(read_weights(path, expected, others).entries().size(), 2U);
  store({{"conv1.weight", {4, 3}}, {"conv1.bias", {4}}, {"conv1.bn.maen", {7}}});
  EXPECT_EQ(message_of(path, [&] { read_weights(path, expected, others); }),
            "the network has no tensor 'conv1.bn.maen'; the file has it with shape [7] | are these "
            "the weights of another network?");
}

}  // namespace
}  // namespace smoothbound::testing
