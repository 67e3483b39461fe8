// The digest of an architecture's meaning: equal for other ways to write the same, different for
// everything that may move a bound or the name of a layer.
#include "smoothbound/spec/meaning.hpp"

#include <gmock/gmock.h>

#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/digest.hpp"

namespace smoothbound::testing {
namespace {

Meaning meaning(const std::string& text, const std::string& name = "net.yaml") {
  return meaning_of(read_spec(Source{name, text}));
}

const std::string base = R"(name: net
input: {shape: [3, 8, 8], norm: 2}
batch: 4
radius: 1
loss: {square: {label_radius: 1}}
layers:
  - name: a
    conv: {filters: 4, kernel: 3, padding: same}
    then: [softplus, {average_pool: 2}]
  - {name: b, dense: 10, then: [{batch_norm: {epsilon: 1e-2}}]}
)";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Digest, IsThatOfTheStandard) {  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

struct Change {
  std::string from;
  std::string to;
};

class SameMeaning : public ::testing::TestWithParam<Change> {};

TEST_P(SameMeaning, HasTheSameDigest) {
  const Meaning changed = meaning(with(base, GetParam().from, GetParam().to));
  EXPECT_EQ(changed.all, meaning(base).all);
  EXPECT_EQ(changed.structure, meaning(base).structure);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, SameMeaning,
    ::testing::Values(
        Change{"name: net\n", "# a comment\nname: other\n"}, Change{"name: net\n", ""},
        Change{"batch: 4\nradius: 1\n", "radius: 1.0\n\nbatch: 4\n"}, Change{"1e-2", "0.01"},
        Change{"radius: 1\n", ""}, Change{"norm: 2", "norm: 2, sample_norm: 2"},
        Change{"{square: {label_radius: 1}}", "square"}, Change{"kernel: 3", "kernel: [3, 3]"},
        Change{"kernel: 3", "kernel: 3, stride: 1, dilation: 1, groups: 1, inputs: 3"},
        Change{"{average_pool: 2}", "{average_pool: {kernel: 2, stride: [2, 2], padding: valid}}"},
        Change{"{average_pool: 2}",
               "{average_pool: {kernel: 2, ceil: false, count_padding: true}}"},
        Change{"dense: 10", "dense: {units: 10, per: sample}"},
        Change{"{average_pool: 2}", "{average_pool: {kernel: 2, padding: 0}}"},
        Change{"{name: b, dense: 10", "{name: b, from: a, bias: true, dense: {units: 10}"},
        Change{"name: a\n", "name: a\n    from: input\n"},
        Change{"softplus,", "softplus: {beta: 1},"}),
    [](const auto& test) { return "Change" + std::to_string(test.index); });

// Settings that came after their components stand in a digest where they are not at their defaults,
// so that what was written before them has the digest that it had.
TEST(Meaning, LaterSettingsCountWhereTheyAreGiven) {
  const auto of = [](const std::string& component) {
    return meaning("input: {shape: [2, 3]}\nlayers: [{then: [" + component + "]}]\n").structure;
  };
  const std::string plain = of("batch_norm");
  EXPECT_EQ(plain, "dfd5aa362413a5e5342201d87c80b4c04a07750af9d9922163a5d040c1a904f4");
  EXPECT_EQ(of("{batch_norm: {statistics: batch, scale: true}}"), plain);
  EXPECT_EQ(of("{layer_norm: {per: sample}}"), of("layer_norm"));
  EXPECT_NE(of("{layer_norm: {per: position}}"), of("layer_norm"));
  const std::string fixed = of("{batch_norm: {statistics: fixed, mean: 0, variance: 1}}");
  EXPECT_NE(fixed, plain);
  EXPECT_EQ(of("{batch_norm: {statistics: fixed, mean: -0, variance: 1.0}}"), fixed);
  EXPECT_NE(of("{batch_norm: {statistics: fixed, mean: 1, variance: 1}}"), fixed);
  EXPECT_NE(of("{batch_norm: {statistics: fixed, mean: 1, variance: 1}}"),
            of("{batch_norm: {statistics: fixed, mean: -1, variance: 1}}"));
  EXPECT_NE(of("{batch_norm: {statistics: fixed, mean: [1, 2], variance: 1}}"),
            of("{batch_norm: {statistics: fixed, mean: [2, 1], variance: 1}}"));
}

// Radii, of layers as of affine parts, are settings of what stays the same form.
TEST(Meaning, FormIsWithoutRadii) {
  const auto of = [](const std::string& layer) {
    return meaning("input: {shape: [4]}\nlayers: [{dense: 3, " + layer + "}]\n");
  };
  const Meaning plain = of("then: [{batch_norm: {affine: true}}]");
  const Meaning layer = of("radius: 3, then: [{batch_norm: {affine: true}}]");
  const Meaning affine = of("then: [{batch_norm: {affine: true, radius: 3}}]");
  EXPECT_NE(layer.structure, plain.structure);
  EXPECT_NE(affine.structure, plain.structure);
  EXPECT_EQ(layer.form, plain.form);
  EXPECT_EQ(affine.form, plain.form);
  EXPECT_NE(of("then: [{batch_norm: {affine: false}}]").form, plain.form);
}

class OtherMeaning : public ::testing::TestWithParam<Change> {};

TEST_P(OtherMeaning, HasAnotherDigest) {
  EXPECT_NE(meaning(with(base, GetParam().from, GetParam().to)).all, meaning(base).all);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, OtherMeaning,
    ::testing::Values(
        Change{"name: a", "name: c"}, Change{"batch: 4", "batch: 5"},
        Change{"radius: 1\n", "radius: 1.0000000000000000001\n"}, Change{"norm: 2", "norm: 3"},
        Change{"norm: 2", "norm: 2, sample_norm: 1"},
        Change{"square: {label_radius: 1}", "square: {label_radius: 2}"},
        Change{"{square: {label_radius: 1}}", "logistic"}, Change{"filters: 4", "filters: 5"},
        Change{"kernel: 3", "kernel: [3, 1]"}, Change{"padding: same", "padding: 1"},
        Change{"softplus,", ""}, Change{"softplus,", "tanh,"},
        Change{"{average_pool: 2}", "{max_pool: 2}"}, Change{"dense: 10", "dense: 10, bias: false"},
        Change{"dense: 10", "from: input, dense: 10"}, Change{"dense: 10", "radius: 1, dense: 10"},
        Change{"{average_pool: 2}", "{average_pool: {kernel: 2, ceil: true}}"},
        Change{"{average_pool: 2}", "{average_pool: {kernel: 2, count_padding: false}}"},
        Change{"dense: 10", "dense: {units: 10, per: position}"}, Change{"1e-2", "1e-3"},
        Change{"epsilon: 1e-2", "epsilon: 1e-2, per: element"},
        Change{"batch: 4\n", "batch: 4\naccuracy: 1e-2\n"}, Change{"[3, 8, 8]", "[3, 8, 16]"}),
    [](const auto& test) { return "Change" + std::to_string(test.index); });

TEST(Meaning, HasSignsAndOrders) {
  const auto of = [](const std::string& map) {
    return meaning("input: {shape: [4, 4, 4]}\nlayers: [{then: [" + map + "]}]\n").all;
  };
  EXPECT_EQ(of("scale: 0.1"), of("scale: {by: [1e-1]}"));
  EXPECT_NE(of("scale: 0.1"), of("scale: -0.1"));
  EXPECT_NE(of("shift: [1, 2, 3, 4]"), of("shift: [1, 2, 4, 3]"));
  EXPECT_NE(of("shift: 1"), of("scale: 1"));
  EXPECT_NE(of("permute: [width, height, channels]"), of("permute: [width, channels, height]"));
  EXPECT_EQ(of("upsample: {mode: nearest}"), of("upsample"));
  EXPECT_NE(of("upsample: {mode: bilinear}"), of("upsample"));
  EXPECT_NE(of("pad: {before: 1}"), of("pad: {after: 1}"));
}

TEST(Meaning, OfVolumes) {
  const auto of = [](const std::string& kernel) {
    return meaning("input: {shape: [2, 4, 4, 4]}\nlayers: [conv: {filters: 2, kernel: " + kernel +
                   "}]\n")
        .all;
  };
  EXPECT_EQ(of("3"), of("[3, 3, 3]"));
  EXPECT_NE(of("[3, 3, 2]"), of("[3, 3, 3]"));
  EXPECT_NE(of("[3, 3, 2]"), of("[3, 2, 3]"));
}

TEST(Meaning, HasTheNumberOfClusters) {
  const auto of = [](const std::string& loss) {
    return meaning(with(base, "{square: {label_radius: 1}}", loss)).all;
  };
  EXPECT_EQ(of("k_means"), of("{k_means: {clusters: 2}}"));
  EXPECT_NE(of("k_means"), of("{k_means: {clusters: 3}}"));
}

TEST(Meaning, OfSettingsIsNotOfStructure) {
  const Meaning changed = meaning(with(base, "batch: 4", "batch: 5"));
  EXPECT_EQ(changed.structure, meaning(base).structure);
}

TEST(Meaning, IsThatOfTheSameNetworkInJson) {
  const std::string json = R"({"layers": [
    {"then": ["softplus", {"average_pool": {"kernel": 2}}], "name": "a",
     "conv": {"kernel": 3, "padding": "same", "filters": 4}},
    {"name": "b", "then": [{"batch_norm": 1e-2}], "dense": 10}],
    "loss": "square", "batch": 4, "input": {"norm": 2.0, "shape": [3, 8, 8]}})";
  EXPECT_EQ(meaning(json, "elsewhere.json").all, meaning(base).all);
}

// Nothing in a name can make two networks look like one.
TEST(Meaning, KeepsNamesApart) {
  const std::string head = "input: {shape: [2]}\nlayers:\n";
  EXPECT_NE(meaning(head + "  - {name: 'a radius - from 5:input', dense: 2}\n").all,
            meaning(head + "  - {name: a, dense: 2}\n").all);
}

}  // namespace
}  // namespace smoothbound::testing
