// Which branches share parameters, against sets of parameter blocks that are written out.

#include "graph/parameter_roots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace smoothbound {
namespace {

Layer layer_of(std::vector<std::uint32_t> inputs, std::int64_t parameters) {
  Layer layer;
  layer.inputs = std::move(inputs);
  layer.parameters = parameters;
  return layer;
}

void add_all(Graph& graph) {
  ParameterRoots roots(graph);
  for (std::uint32_t i = 0; i < graph.layers.size(); ++i) roots.add(i);
}

// Groups by sets of blocks: each layer with parameters is a block; branches that meet, directly or
// through others, are one group.
std::vector<std::set<std::size_t>> groups_by_sets(
    const std::vector<std::set<std::uint32_t>>& blocks) {
  std::vector<std::set<std::size_t>> groups(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) groups[i] = {i};
  for (std::size_t round = 0; round < blocks.size(); ++round) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      for (std::size_t j = 0; j < blocks.size(); ++j) {
        const bool meet = std::any_of(blocks[i].begin(), blocks[i].end(),
                                      [&](std::uint32_t block) { return blocks[j].count(block); });
        if (meet) groups[i].insert(groups[j].begin(), groups[j].end());
      }
    }
  }
  return groups;
}

TEST(ParameterRoots, AgreeWithSetsOfBlocksOnRandomGraphs) {
  int equal = 0;
  int different = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Graph graph;
    std::vector<std::set<std::uint32_t>> blocks;
    const auto layers = static_cast<std::uint32_t>(2 + random() % 25);
    for (std::uint32_t i = 0; i < layers; ++i) {
      std::vector<std::uint32_t> inputs(random() % 3 == 0 ? 1 + random() % 5 : 1);
      std::set<std::uint32_t> own;
      for (std::uint32_t& input : inputs) {
        const auto pick = static_cast<std::uint32_t>(random() % (i + 1));
        input = pick == i ? Graph::network_input : pick;
        if (input != Graph::network_input) own.insert(blocks[input].begin(), blocks[input].end());
      }
      const bool has_parameters = inputs.size() == 1 && random() % 2 == 0;
      if (has_parameters) own.insert(i);
      graph.layers.push_back(layer_of(inputs, has_parameters ? 1 : 0));
      blocks.push_back(own);
    }
    add_all(graph);
    for (const Layer& layer : graph.layers) {
      if (layer.inputs.size() < 2) {
        EXPECT_TRUE(layer.input_groups.empty());
        continue;
      }
      std::vector<std::set<std::uint32_t>> branches;
      for (const std::uint32_t input : layer.inputs) {
        branches.push_back(input == Graph::network_input ? std::set<std::uint32_t>{}
                                                         : blocks[input]);
      }
      const auto expected = groups_by_sets(branches);
      ASSERT_EQ(layer.input_groups.size(), branches.size());
      for (std::size_t i = 0; i < branches.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          const bool together = expected[i].count(j) > 0;
          EXPECT_EQ(layer.input_groups[i] == layer.input_groups[j], together) << i << " " << j;
          ++(together ? equal : different);
        }
      }
    }
  }
  EXPECT_GT(equal, 1000);
  EXPECT_GT(different, 1000);
}

// An opaque layer may not tell how many parameters it has: it counts as having some.
TEST(ParameterRoots, OpaqueLayersHaveParameters) {
  Graph graph;
  Layer opaque = layer_of({Graph::network_input}, 0);
  opaque.components.push_back({Opaque{}, {}, Shape{1}});
  graph.layers = {opaque, layer_of({0}, 0), layer_of({0}, 0), layer_of({1, 2}, 0)};
  add_all(graph);
  EXPECT_EQ(graph.layers[3].input_groups[0], graph.layers[3].input_groups[1]);
}

// `count` layers that read the input, and pairwise sums of all of them: a layer with that many
// roots.
std::uint32_t add_union(Graph& graph, std::size_t count) {
  const auto first = static_cast<std::uint32_t>(graph.layers.size());
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < count; ++i) {
    graph.layers.push_back(layer_of({Graph::network_input}, 1));
    all.push_back(first + static_cast<std::uint32_t>(i));
  }
  while (all.size() > 1) {
    std::vector<std::uint32_t> next;
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
      graph.layers.push_back(layer_of({all[i], all[i + 1]}, 0));
      next.push_back(static_cast<std::uint32_t>(graph.layers.size() - 1));
    }
    if (all.size() % 2 != 0) next.push_back(all.back());
    all = next;
  }
  return all.front();
}

// A sum of a layer with so many roots and one that shares nothing with it.
bool counts_as_sharing(std::size_t roots) {
  Graph graph;
  const std::uint32_t many = add_union(graph, roots);
  graph.layers.push_back(layer_of({Graph::network_input}, 1));
  const auto apart = static_cast<std::uint32_t>(graph.layers.size() - 1);
  graph.layers.push_back(layer_of({many, apart}, 0));
  add_all(graph);
  return graph.layers.back().input_groups[0] == graph.layers.back().input_groups[1];
}

TEST(ParameterRoots, TooManyRootsCountAsSharing) {
  EXPECT_FALSE(counts_as_sharing(ParameterRoots::most_roots));
  EXPECT_TRUE(counts_as_sharing(ParameterRoots::most_roots + 1));
}

// What has no parameters shares none, however many the other branch has.
TEST(ParameterRoots, TheInputSharesNothingEvenBeyondTheCap) {
  Graph graph;
  const std::uint32_t many = add_union(graph, ParameterRoots::most_roots + 1);
  graph.layers.push_back(layer_of({many, Graph::network_input}, 0));
  add_all(graph);
  EXPECT_NE(graph.layers.back().input_groups[0], graph.layers.back().input_groups[1]);
}

// What a network costs: roots that are kept, and looked at, beside the inputs that its file names.
struct Cost {
  std::size_t held;
  std::size_t visits;
  std::size_t inputs = 0;
  explicit Cost(Graph& graph) {
    ParameterRoots roots(graph);
    for (std::uint32_t i = 0; i < graph.layers.size(); ++i) roots.add(i);
    held = roots.most_held();
    visits = roots.visits();
    for (const Layer& layer : graph.layers) inputs += layer.inputs.size();
  }
};

// Layers that read the input, and behind each the sum of all that is there.
TEST(ParameterRoots, OfDenseSkipsCostWhatTheFileDoes) {
  Graph graph;
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    graph.layers.push_back(i % 2 == 0 ? layer_of({Graph::network_input}, 1) : layer_of(all, 0));
    all.push_back(i);
  }
  const Cost cost(graph);
  EXPECT_LE(cost.held, cost.inputs);
  EXPECT_LE(cost.visits, cost.inputs);
  // The last branch shares nothing; all others meet in the sum before it.
  const std::vector<std::uint32_t>& groups = graph.layers.back().input_groups;
  EXPECT_EQ(groups.back(), groups.size() - 1);
  EXPECT_EQ(std::count(groups.begin(), groups.end(), 0U),
            static_cast<std::ptrdiff_t>(groups.size() - 1));
}

TEST(ParameterRoots, OfManySumsOfTheSameBranchesCostWhatTheFileDoes) {
  Graph graph;
  std::vector<std::uint32_t> branches;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    graph.layers.push_back(layer_of({Graph::network_input}, 1));
    branches.push_back(i);
  }
  for (int i = 0; i < 40; ++i) graph.layers.push_back(layer_of(branches, 0));
  const Cost cost(graph);
  EXPECT_LE(cost.held, cost.inputs);
  EXPECT_LE(cost.visits, cost.inputs);
}

// Each sum is read once: what it depends on need not be kept.
TEST(ParameterRoots, OfAChainOfSumsAreForgotten) {
  Graph graph;
  graph.layers.push_back(layer_of({Graph::network_input}, 1));
  for (std::uint32_t i = 1; i < 6000; i += 2) {
    graph.layers.push_back(layer_of({Graph::network_input}, 1));
    graph.layers.push_back(layer_of({i - 1, i}, 0));
  }
  EXPECT_LE(Cost(graph).held, graph.layers.size() + 2);
}

TEST(ParameterRoots, OfOneSumOfAHundredThousandBranches) {
  Graph graph;
  std::vector<std::uint32_t> branches;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    graph.layers.push_back(layer_of({Graph::network_input}, 1));
    branches.push_back(i);
  }
  graph.layers.push_back(layer_of(branches, 0));
  const Cost cost(graph);
  EXPECT_LE(cost.visits, cost.inputs);
  EXPECT_EQ(graph.layers.back().input_groups, branches);
}

TEST(ParameterRoots, OfAChainOfAHundredThousandLayersAreOne) {
  Graph graph;
  graph.layers.push_back(layer_of({Graph::network_input}, 1));
  for (std::uint32_t i = 1; i < 100'000; ++i) {
    // Every third layer is a residual sum.
    graph.layers.push_back(i % 3 == 2 ? layer_of({i - 1, i - 2}, 0) : layer_of({i - 1}, 1));
  }
  const Cost cost(graph);
  EXPECT_EQ(cost.held, 1U);
  EXPECT_LE(cost.visits, cost.inputs);
  for (std::uint32_t i = 2; i < graph.layers.size(); i += 3) {
    ASSERT_EQ(graph.layers[i].input_groups[0], graph.layers[i].input_groups[1]) << i;
  }
}

}  // namespace
}  // namespace smoothbound
