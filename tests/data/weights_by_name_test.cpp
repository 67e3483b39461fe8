// Which tensor of a file is which of a network: other names, prefixes, maps and orders.
#include <gmock/gmock.h>

#include "files.hpp"
#include "smoothbound/data/weights.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/text/source_errors.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::ElementsAre;

class WeightsByName : public ::testing::Test {
 protected:
  // Each tensor is full of its number: 1, 2, ...
  void store(const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& tensors) const {
    std::vector<std::vector<float>> values;
    std::vector<TensorView> views;
    values.reserve(tensors.size());
    for (const auto& [name, shape] : tensors) {
      std::size_t count = 1;
      for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
      values.emplace_back(count, static_cast<float>(values.size() + 1));
      views.push_back({name, shape, std::span<const float>(values.back())});
    }
    write_safetensors(path, views);
  }
  // The first value of each expected tensor.
  [[nodiscard]] std::vector<float> read(const WeightsReading& reading = {},
                                        const OtherTensors& others = {}) const {
    const ArrayFile file = read_weights(path, expected, others, reading);
    std::vector<float> first;
    for (const ArrayEntry& entry : file.entries()) {
      std::vector<float> values(static_cast<std::size_t>(entry.elements()));
      file.read_into(entry, std::span(values));
      first.push_back(values.front());
    }
    return first;
  }
  [[nodiscard]] std::string refusal(const WeightsReading& reading = {}) const {
    return message_of(path, [&] { (void)read(reading); });
  }
  [[nodiscard]] WeightsReading mapped(const std::string& text) const {
    put(directory, "map.yaml", text);
    WeightsReading reading;
    reading.map = std::make_shared<const WeightsMap>(directory / "map.yaml");
    return reading;
  }
  template <class Run>
  static std::string map_message(const Run& run) {
    try {
      run();
    } catch (const SourceErrors& error) {
      Source source = error.source;
      source.name = "map.yaml";
      return render_errors(source, error.errors);
    }
    return "no error";
  }
  // In order of the file, as NPZ keeps it.
  void archive(const std::vector<std::pair<std::string, std::string>>& arrays) const {
    std::vector<ZipMember> members;
    int number = 0;
    for (const auto& [name, shape] : arrays) {
      std::size_t count = 1;
      for (const char c : shape)
        count *= c >= '0' && c <= '9' ? static_cast<std::size_t>(c - '0') : 1;
      const std::vector<float> values(count, static_cast<float>(++number));
      members.push_back(stored(name + ".npy", npy(npy_dict("<f4", shape), bytes_of(values))));
    }
    put(directory, "w.safetensors", zip(members));
  }

  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  std::vector<ExpectedTensor> expected{{"a.weight", {4, 3}},
                                       {"a.batch_norm.scale", {4}, {{"a.batch_norm.weight"}}}};
};

TEST_F(WeightsByName, TheFirstNameThatIsThereCounts) {
  store({{"a.weight", {4, 3}}, {"a.batch_norm.weight", {4}}});
  EXPECT_THAT(read(), ElementsAre(1, 2));
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}});
  EXPECT_THAT(read(), ElementsAre(1, 2));
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}, {"a.batch_norm.weight", {4}}});
  EXPECT_EQ(refusal(),
            "the network has no tensor 'a.batch_norm.weight'; the file has it with shape [4] | are "
            "these the weights of another network?");
}

TEST_F(WeightsByName, PrefixesOfWrappersAreTakenAway) {
  store({{"module.a.weight", {4, 3}}, {"_orig_mod.module.model.a.batch_norm.weight", {4}}});
  EXPECT_THAT(read(), ElementsAre(1, 2));
  store({{"module.a.weight", {4, 3}}, {"net.a.batch_norm.weight", {4}}});
  EXPECT_EQ(refusal(),
            "tensor 'a.batch_norm.scale' of shape [4] is missing | the file has tensors that the "
            "network does not have, such as 'net.a.batch_norm.weight'");
}

// A layer may be named like a wrapper.
TEST_F(WeightsByName, PrefixesThatAreExpectedStay) {
  expected = {{"model.weight", {2}}, {"weight", {3}}};
  store({{"model.weight", {2}}, {"module.weight", {3}}});
  EXPECT_THAT(read(), ElementsAre(1, 2));
  store({{"module.model.weight", {2}}, {"weight", {3}}});
  EXPECT_THAT(read(), ElementsAre(1, 2));
}

TEST_F(WeightsByName, AsFewPrefixesAsPossible) {
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}, {"model.a.weight", {4, 3}}});
  EXPECT_EQ(refusal(),
            "the network has no tensor 'model.a.weight'; the file has it with shape [4, 3] | are "
            "these the weights of another network?");
}

TEST_F(WeightsByName, CountsOfBatchesAreNeverRead) {
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}, {"b.num_batches_tracked", {1}}});
  EXPECT_THAT(read(), ElementsAre(1, 2));
}

// What a state_dict holds besides parameters; but a bias that nobody reads is a mistake.
TEST_F(WeightsByName, BuffersArePassedOverWhereThatIsAskedFor) {
  const WeightsReading reading{.passes_over_buffers = true};
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}, {"mean", {3}}, {"b.mask", {2, 2}}});
  EXPECT_THAT(read(reading), ElementsAre(1, 2));
  EXPECT_EQ(
      refusal(),
      "the network has no tensor 'b.mask'; the file has it with shape [2, 2], and 1 more | are "
      "these the weights of another network?");
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}, {"a.bias", {4}}});
  EXPECT_EQ(refusal(reading),
            "the network has no tensor 'a.bias'; the file has it with shape [4] | are these the "
            "weights of another network?");
}

TEST_F(WeightsByName, BuffersThatLookLikeParametersAreToldOf) {
  std::vector<std::string> told;
  const WeightsReading reading{.passes_over_buffers = true,
                               .notice = [&](const std::string& what) { told.push_back(what); }};
  const auto told_beside = [&](const std::vector<std::string>& names) {
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> tensors{
        {"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}};
    for (const std::string& name : names) tensors.push_back({name, {2}});
    store(tensors);
    told.clear();
    EXPECT_THAT(read(reading), ElementsAre(1, 2));
    return told;
  };
  EXPECT_THAT(told_beside({"b.mask", "b.num_batches_tracked", "weight_of_it", "b.my_bias"}),
              ElementsAre());
  EXPECT_THAT(told_beside({"b.bias"}),
              ElementsAre("1 tensor of '" + path + "' is not read, such as 'b.bias'"));
  EXPECT_THAT(told_beside({"b.mask", "b.weight", "b.bias", "weight"}),
              ElementsAre("3 tensors of '" + path + "' are not read, such as 'b.bias'"));
  store({{"a.weight", {4, 3}}, {"a.batch_norm.scale", {4}}, {"b.bias", {2}}});
  EXPECT_THAT(read({.passes_over_buffers = true}), ElementsAre(1, 2));
}

TEST_F(WeightsByName, OthersMayHavePrefixesToo) {
  store({{"module.a.weight", {4, 3}},
         {"module.a.batch_norm.scale", {4}},
         {"module.a.batch_norm.running_mean", {4}}});
  const OtherTensors others = [] { return std::vector<std::string>{"a.batch_norm.running_mean"}; };
  EXPECT_THAT(read({}, others), ElementsAre(1, 2));
}

TEST_F(WeightsByName, PartsOfATensor) {
  expected = {{"k.weight", {2, 2}, {{"in_proj_weight", 1, 3}}},
              {"v.weight", {2, 2}, {{"in_proj_weight", 2, 3}}}};
  std::vector<float> values(12);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const auto write = [&](const std::vector<std::int64_t>& shape) {
    write_safetensors(
        path, std::vector<TensorView>{{"in_proj_weight", shape, std::span<const float>(values)}});
  };
  write({6, 2});
  EXPECT_THAT(read(), ElementsAre(4, 8));
  write({2, 6});
  EXPECT_EQ(refusal(),
            "tensor 'in_proj_weight': expected shape [6, 2], found [2, 6] | the axes are in "
            "reverse order: transpose it");
  for (const auto& pack : {stored, deflated}) {
    put(directory, "w.safetensors",
        zip({pack("in_proj_weight.npy", npy(npy_dict("<f4", "(6, 2)"), bytes_of(values)))}));
    EXPECT_THAT(read(), ElementsAre(4, 8));
  }
  // In Fortran order rows lie interleaved.
  for (const auto& pack : {stored, deflated}) {
    put(directory, "w.safetensors",
        zip({pack("in_proj_weight.npy",
                  npy(npy_dict("<f4", "(6, 2)", "True"), bytes_of(values)))}));
    EXPECT_THAT(read(), ElementsAre(2, 4));
    const ArrayFile file = read_weights(path, expected, {}, {});
    std::vector<float> part(4);
    file.read_into(file.entries()[1], std::span(part));
    EXPECT_THAT(part, ElementsAre(4, 10, 5, 11));
    std::vector<double> last(2);
    file.read_range(file.entries()[0], 2, std::span(last));
    EXPECT_THAT(last, ElementsAre(3, 9));
  }
}

TEST_F(WeightsByName, FollowAMap) {
  store({{"features.0.weight", {4, 3}}, {"bn.weight", {4}}});
  EXPECT_THAT(read(mapped("a.weight: features.0.weight\na.batch_norm: bn\n")), ElementsAre(1, 2));
  EXPECT_THAT(read(mapped("{\"a\": \"features.0\", \"a.batch_norm\": \"bn\"}")), ElementsAre(1, 2));
  store({{"module.features.0.weight", {4, 3}}, {"bn.weight", {4}}});
  EXPECT_THAT(read(mapped("{a: features.0, a.batch_norm: bn}")), ElementsAre(1, 2));
}

TEST_F(WeightsByName, WhatAMapGetsWrongIsShownInIt) {
  store({{"features.0.weight", {4, 3}}, {"bn.weight", {4}}});
  EXPECT_EQ(map_message([&] {
              (void)read(
                  mapped("a.weight: features.weight\nb.weight: bn.weight\n"
                         "a.batch_norm.scale: bn.weight\n"));
            }),
            "map.yaml:1:11: error: the file has no tensor 'features.weight', which stands for "
            "'a.weight'\n"
            " 1 | a.weight: features.weight\n"
            "   |           ^\n"
            "hint: did you mean 'features.0.weight'? (which the file has)\n"
            "map.yaml:2:1: error: the network has no tensor 'b.weight', nor one that begins with "
            "'b.weight.'\n"
            " 2 | b.weight: bn.weight\n"
            "   | ^\n"
            "hint: did you mean 'a.weight'? (which it has)\n");
  EXPECT_EQ(map_message(
                [&] { (void)read(mapped("a.weight: nothing\na.batch_norm.scale: bn.weight\n")); }),
            "map.yaml:1:11: error: the file has no tensor 'nothing', which stands for 'a.weight'\n"
            " 1 | a.weight: nothing\n"
            "   |           ^\n"
            "hint: it has 'features.0.weight'\n");
}

TEST_F(WeightsByName, AMapIsAMappingOfNames) {
  EXPECT_EQ(map_message([&] { (void)mapped("[a, b]"); }),
            "map.yaml:1:1: error: a map of weights must be a mapping, not a list\n"
            " 1 | [a, b]\n"
            "   | ^\n"
            "hint: for example {\"conv1.weight\": \"features.0.weight\", \"block\": "
            "\"layer1.0\"}\n");
  EXPECT_EQ(map_message([&] { (void)mapped("a: 1\nb: [c]\nd: ''\n"); }),
            "map.yaml:1:4: error: the name in the file must be text, not '1'\n"
            " 1 | a: 1\n"
            "   |    ^\n"
            "hint: put it in quotes if it is meant as text\n"
            "map.yaml:2:4: error: the name in the file must be a single value, not a list\n"
            " 2 | b: [c]\n"
            "   |    ^\n"
            "hint: write one word or number in its place\n"
            "map.yaml:3:4: error: the name in the file is empty\n"
            " 3 | d: ''\n"
            "   |    ^\n"
            "hint: for example {\"conv1.weight\": \"features.0.weight\", \"block\": "
            "\"layer1.0\"}\n");
  EXPECT_EQ(map_message([&] { (void)mapped("\n"); }),
            "map.yaml:1:1: error: the file is empty\n"
            " 1 | \n"
            "   | ^\n"
            "hint: for example {\"conv1.weight\": \"features.0.weight\", \"block\": "
            "\"layer1.0\"}\n");
  EXPECT_EQ(
      message_of(directory / "none.json", [&] { const WeightsMap map(directory / "none.json"); }),
      "cannot open: No such file or directory | check the path");
}

TEST_F(WeightsByName, OrGoByOrder) {
  WeightsReading order;
  order.match = TensorMatch::order;
  archive({{"w", "(1, 4, 3)"}, {"s", "(1, 4, 1)"}});
  EXPECT_THAT(read(order), ElementsAre(1, 2));
  archive({{"w", "(4, 3)"},
           {"s", "(4,)"},
           {"m.running_mean", "(4,)"},
           {"m.running_var", "(4,)"},
           {"m.num_batches_tracked", "(1,)"}});
  EXPECT_THAT(read(order), ElementsAre(1, 2));
  expected = {{"a.batch_norm.running_mean", {4}}, {"a.batch_norm.running_var", {4}}};
  EXPECT_THAT(read(order), ElementsAre(3, 4));
}

TEST_F(WeightsByName, OrderIsRefusedWhereShapesDiffer) {
  WeightsReading order;
  order.match = TensorMatch::order;
  archive({{"s", "(4,)"}, {"w", "(4, 3)"}});
  EXPECT_EQ(refusal(order),
            "tensor 1 of the file, 's', has shape [4], and that of the network, 'a.weight', [4, 3] "
            "| their orders differ: give names, in a map of weights or by 'weights' in the "
            "architecture");
  archive({{"w", "(4, 3)"}});
  EXPECT_EQ(refusal(order),
            "the network has 2 tensors, and the file has 1 | by order, each tensor of the file is "
            "one of the network");
}

TEST_F(WeightsByName, MayBeAskedWhetherTheyAreThere) {
  store({{"module.a.weight", {7}}});
  EXPECT_EQ(find_tensors(path, expected), (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace smoothbound::testing
