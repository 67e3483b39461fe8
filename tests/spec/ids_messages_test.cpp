// Every message about ids as a network's input, word for word.
#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

using test::rendered;

TEST(IdsMessage, InputsThatAreNoTokens) {
  EXPECT_EQ(
      rendered("ids.yaml", R"(input: {shape: [3, 8]}
layers:
  - {name: words, embedding: {entries: 4, features: 2}}
)"),
      R"(ids.yaml:3:19: error: layer 'words': embedding takes ids [tokens] but gets input [3, 8]
 3 |   - {name: words, embedding: {entries: 4, features: 2}}
   |                   ^
hint: write input: {shape: [tokens]}, with the number of tokens of a sample
)");
}

TEST(IdsMessage, TooManyEntries) {
  EXPECT_EQ(
      rendered("entries.yaml", R"(input: {shape: [8]}
layers:
  - {name: words, embedding: {entries: 16777217, features: 2}}
)"),
      R"(entries.yaml:3:19: error: layer 'words': embedding has 16777217 entries, and 16777216 are possible
 3 |   - {name: words, embedding: {entries: 16777217, features: 2}}
   |                   ^
hint: ids are kept as float32, which holds every whole number up to there
)");
}

TEST(IdsMessage, EmbeddingsOfWhatALayerComputes) {
  EXPECT_EQ(
      rendered("behind.yaml", R"(input: {shape: [8]}
layers:
  - {name: words, embedding: {entries: 4, features: 2}}
  - {name: again, embedding: {entries: 4, features: 2}}
)"),
      R"(behind.yaml:4:19: error: layer 'again': embedding reads 'words', and ids are the network's input only
 4 |   - {name: again, embedding: {entries: 4, features: 2}}
   |                   ^
hint: write from: input, or dense with per: position in place of embedding
)");
}

TEST(IdsMessage, LayersThatComputeWithIds) {
  const std::string reader = R"(input: {shape: [8]}
layers:
  - {name: words, embedding: {entries: 4, features: 1}}
)";
  EXPECT_EQ(
      rendered("reads.yaml", reader + "  - {name: d, from: input, dense: 3}\n"),
      R"(reads.yaml:4:12: error: layer 'd' computes with the network's input, and 'words' takes it for ids
 4 |   - {name: d, from: input, dense: 3}
   |            ^
reads.yaml:3:12: note: the ids are read here
 3 |   - {name: words, embedding: {entries: 4, features: 1}}
   |            ^
hint: ids are no numbers: read what is looked up, 'words'
)");
  // Merges, and layers without a component that begins them; before the embedding, too.
  EXPECT_EQ(
      rendered("merge.yaml", R"(input: {shape: [8]}
layers:
  - {name: first, then: [tanh]}
  - {name: words, from: input, embedding: {entries: 4, features: 1}}
  - {name: sum, add: [words, input]}
)"),
      R"(merge.yaml:3:12: error: layer 'first' computes with the network's input, and 'words' takes it for ids
 3 |   - {name: first, then: [tanh]}
   |            ^
merge.yaml:4:12: note: the ids are read here
 4 |   - {name: words, from: input, embedding: {entries: 4, features: 1}}
   |            ^
hint: ids are no numbers: read what is looked up, 'words'
merge.yaml:5:12: error: layer 'sum' computes with the network's input, and 'words' takes it for ids
 5 |   - {name: sum, add: [words, input]}
   |            ^
merge.yaml:4:12: note: the ids are read here
 4 |   - {name: words, from: input, embedding: {entries: 4, features: 1}}
   |            ^
hint: ids are no numbers: read what is looked up, 'words'
)");
}

TEST(IdsMessage, NamesOfOtherLibraries) {
  const auto hint = [](const std::string& name) {
    const std::string all = rendered("other.yaml", "input: {shape: [8]}\nlayers:\n  - {" + name +
                                                       ": {entries: 4, features: 2}}\n");
    const std::size_t place = all.find("hint: ");
    return place == std::string::npos ? all : all.substr(place);
  };
  for (const char* name : {"Embedding", "nn.Embedding", "TokenEmbedding", "embed"}) {
    EXPECT_EQ(hint(name), "hint: did you mean 'embedding'?\n") << name;
  }
  EXPECT_EQ(hint("nn.EmbeddingBag"),
            "hint: embedding, and global_average_pool for the mean of a bag\n");
  EXPECT_EQ(rendered("setting.yaml",
                     "input: {shape: [8]}\nlayers:\n"
                     "  - {embedding: {num_embeddings: 4, features: 2}}\n"),
            R"(setting.yaml:3:18: error: unknown key 'num_embeddings' in embedding
 3 |   - {embedding: {num_embeddings: 4, features: 2}}
   |                  ^
hint: did you mean 'entries'?
)");
}

}  // namespace
}  // namespace smoothbound
