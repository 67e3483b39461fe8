// Files that are almost right: whatever is done to one, the answer is a graph or a SpecError that
// points into the text.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound {
namespace {

const std::string yaml = R"(# A residual network with every kind of layer
name: "r\u00e9s"
batch: 16
loss: {square: {label_radius: 1.5}}
input: {shape: [3, 16, 16], norm: 2, sample_norm: 0.5}
layers:
  - name: stem
    conv: {filters: 8, kernel: [3, 3], stride: 2, padding: same, dilation: 1}
    then: [batch_norm: {epsilon: 1e-2, per: element, affine: true}, gelu, {average_pool: 2}]
  - {name: branch, conv: {filters: 8, kernel: 3, padding: 1, groups: 4}, bias: false, radius: 0.5}
  - {name: sum, add: [stem, branch], then: [softplus: 3]}
  - {concat: [sum, stem], then: [{group_norm: {groups: 2}}, global_average_pool]}
  - opaque: {lipschitz: 1, smoothness: 2, at_zero: 0, parameters: 5}
  - dense: {units: 10, inputs: 16}
    then:
      - softmax
)";

const std::string json = R"({"name": "caf\u00e9", "batch": 4, "loss": "logistic",
 "input": {"shape": [2, 30], "norm": 1e1},
 "layers": [
  {"name": "a", "conv": {"filters": 4, "kernel": [5], "stride": 2, "padding": "same"},
   "then": ["tanh", {"max_pool": {"kernel": 3, "stride": 1}}]},
  {"dense": {"units": 20}, "bias": false, "then": [{"layer_norm": 1e-3}, "silu"]},
  {"name": "b", "dense": 20, "from": "a", "radius": 2.5},
  {"multiply": ["layer2", "b"]},
  {"dense": 3, "then": [{"rms_norm": {"epsilon": 0.1, "affine": true, "shift": false}}]}]}
)";

std::string mutate(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n == 0 ? 0 : n - 1)(random);
  };
  const std::size_t count = 1 + below(3);
  for (std::size_t i = 0; i < count && !text.empty(); ++i) {
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(text.size() - at, 30));
    constexpr std::string_view special = "{}[],:\"'#&*!|>%@`-?\n\r\t 0179.eE+_~<\\\x01\x7F";
    switch (below(8)) {
      case 0:  // flip a bit
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:  // duplicate
        text.insert(below(text.size()), text.substr(at, length));
        break;
      case 3:  // truncate
        text.resize(at);
        break;
      case 4:
        text[at] = special[below(special.size())];
        break;
      case 5:
        text.insert(at, 1, special[below(special.size())]);
        break;
      case 6: {  // swap two stretches
        const std::string moved = text.substr(at, length);
        text.erase(at, length);
        text.insert(below(text.size() + 1), moved);
        break;
      }
      default: {
        constexpr std::string_view words[] = {
            "1e400", "-1", "null", "\xE2\x80\xA8", "\xC2\x85", "9223372036854775807",
            "input", "*a", "<<: ", "\xEF"};
        text.insert(at, words[below(std::size(words))]);
      }
    }
  }
  return text;
}

// Lines and columns run one past the end.
bool points_into(const std::string& text, Location location) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  if (location.line < 1 || location.line > lines || location.column < 1) return false;
  std::size_t start = 0;
  for (std::uint32_t i = 1; i < location.line; ++i) start = text.find('\n', start) + 1;
  const std::string line = text.substr(start, text.find('\n', start) - start);
  return location.column <= character_count(line) + 1;
}

enum class Outcome { graph, refused };

Outcome expect_graph_or_message(const Source& source) {
  try {
    Spec spec = read_spec(source);
    const Settings settings = spec.settings;
    const Location place = spec.sample_norm_location.value_or(Location{});
    const Graph graph = build_graph(std::move(spec), settings.batch.value_or(default_batch));
    EXPECT_EQ(graph.order.size(), graph.layers.size());
    resolve(settings, place);
    return Outcome::graph;
  } catch (const SpecError& error) {
    EXPECT_TRUE(points_into(source.text, error.location))
        << error.location.line << ":" << error.location.column << " " << error.what();
    for (const SpecError::Note& note : error.notes) {
      EXPECT_TRUE(points_into(source.text, note.location)) << note.message;
    }
    EXPECT_NE(std::string(error.what()), "");
    EXPECT_TRUE(render_error(source, error).ends_with('\n'));
    return Outcome::refused;
  }
}

void expect_robust(const std::string& name, const std::string& original, std::uint32_t seeds) {
  ASSERT_EQ(expect_graph_or_message({name, original}), Outcome::graph);
  std::uint32_t refused = 0;
  for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
    std::mt19937 random(seed);
    const Source source{name, mutate(original, random)};
    SCOPED_TRACE(::testing::Message() << "seed " << seed << "\n" << escape_controls(source.text));
    ASSERT_NO_THROW(refused += expect_graph_or_message(source) == Outcome::refused ? 1U : 0U);
    if (::testing::Test::HasFailure()) return;
  }
  // Both kinds of answer were seen.
  EXPECT_GT(refused, seeds / 4);
  EXPECT_LT(refused, seeds);
}

TEST(Mutation, OfYaml) { expect_robust("net.yaml", yaml, 20'000); }
TEST(Mutation, OfJson) { expect_robust("net.json", json, 20'000); }
TEST(Mutation, OfJsonReadAsYaml) { expect_robust("net.yaml", json, 10'000); }
TEST(Mutation, OfTextWithoutAnEnding) { expect_robust("<stdin>", json, 5'000); }

}  // namespace
}  // namespace smoothbound
