#include "smoothbound/text/suggest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace smoothbound {
namespace {

TEST(EditDistance, CountsEditsAndTranspositions) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("conv", "conv"), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("con", "conv"), 1);
  EXPECT_EQ(edit_distance("cnov", "conv"), 1);
  EXPECT_EQ(edit_distance("layer", "layers"), 1);
}

TEST(Suggest, NearestCandidateWithinAThirdOfTheWord) {
  constexpr std::array<std::string_view, 4> words{"conv", "dense", "softplus", "max_pool"};
  EXPECT_EQ(suggest("cnov", words), "did you mean 'conv'?");
  EXPECT_EQ(suggest("sofplus", words), "did you mean 'softplus'?");
  EXPECT_EQ(suggest("denze", words), "did you mean 'dense'?");
  EXPECT_EQ(suggest("maxpool", words, "none"), "did you mean 'max_pool'?");
  EXPECT_EQ(suggest("lstm", words, "none"), "none");
  EXPECT_EQ(suggest("", words, "none"), "none");
  EXPECT_EQ(suggest(std::string(100'000, 'a'), words, "none"), "none");
  EXPECT_EQ(suggest("conv", {}, "none"), "none");
}

TEST(Suggest, CaseAndUnderscoresDoNotCount) {
  constexpr std::array<std::string_view, 4> words{"gelu", "relu", "max_pool", "--bn-epsilon"};
  EXPECT_EQ(suggest("Relu", words), "did you mean 'relu'?");
  EXPECT_EQ(suggest("MaxPool", words), "did you mean 'max_pool'?");
  EXPECT_EQ(suggest("--bn_epsilon", words), "did you mean '--bn-epsilon'?");
}

// One letter is as near to every other.
TEST(Suggest, ShortWordsAreNoSlips) {
  constexpr std::array<std::string_view, 3> words{"-h", "-o", "--help"};
  EXPECT_EQ(suggest("-v", words, "none"), "none");
  EXPECT_EQ(suggest("-x", words, "none"), "none");
}

// What another program means by the word, where that is among the candidates.
TEST(Suggest, AliasesBeforeNearWords) {
  constexpr std::array<std::string_view, 3> words{"dense", "relu", "leaky_relu"};
  EXPECT_EQ(suggest("Linear", words), "did you mean 'dense'?");
  EXPECT_EQ(suggest("RReLU", words),
            "a random slope is not in the catalogue; leaky_relu has a fixed one");
  EXPECT_EQ(suggest("conv2d", words, "none"), "none");
  EXPECT_EQ(suggest("nn.ReLU", words, "none"), "did you mean 'relu'?");
  EXPECT_EQ(suggest("tf.keras.layers.LeakyReLU", words, "none"), "did you mean 'leaky_relu'?");
  EXPECT_EQ(suggest("nn.Linear", words, "none"), "did you mean 'dense'?");
  EXPECT_EQ(suggest("other.rel", words, "none"), "none");
}

TEST(Suggest, AWordIsAmongOthersAsItStands) {
  const std::vector<std::string> words{"dense", "relu"};
  EXPECT_TRUE(is_among(words, "relu"));
  EXPECT_FALSE(is_among(words, "rel"));
  EXPECT_FALSE(is_among({}, ""));
}

TEST(Join, CommasBetween) {
  constexpr std::array<std::string_view, 3> words{"a", "b", "c"};
  EXPECT_EQ(join(words), "a, b, c");
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join_or(words), "a, b or c");
  EXPECT_EQ(join_or(std::span(words).first(2)), "a or b");
  EXPECT_EQ(join_or(std::span(words).first(1)), "a");
  EXPECT_EQ(join_or({}), "");
}

}  // namespace
}  // namespace smoothbound
