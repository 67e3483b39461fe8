// Attention that models spell out, before and after it became one component: the same function.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "attention_writer.hpp"
#include "models/fuse_attention.hpp"
#include "networks.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Form = AttentionForm;
using Writer = AttentionWriter;

// What the network gives with the numbers of a file.
std::vector<double> output_of(const std::string& text, const std::string& weights) {
  const Graph graph = graph_of(text, 2);
  Network<double> network(graph, 2);
  load_parameters(network, weights);
  std::mt19937_64 random(3);
  const auto elements = static_cast<std::size_t>(graph.input.elements());
  const auto x = random_vector<double>(2 * elements, random);
  Trajectory<double> trajectory(network);
  forward<double>(x, trajectory);
  const std::span<const double> y = trajectory.output();
  return {y.begin(), y.end()};
}

// Numbers for all tensors of the network, under the names that they have now.
void write_numbers(const models::Network& network, const std::string& path) {
  std::mt19937_64 random(7);
  std::vector<std::vector<double>> numbers;
  std::vector<TensorView> views;
  numbers.reserve(network.tensors.size());
  for (const models::Tensor& tensor : network.tensors) {
    std::size_t count = 1;
    for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
    numbers.push_back(random_vector<double>(count, random));
    views.push_back({tensor.name, tensor.shape, std::span<const double>(numbers.back())});
  }
  write_safetensors(path, views);
}

class FusedAttention : public ::testing::Test {
 protected:
  // The text before and after.
  std::array<std::string, 2> fuse(Writer& writer) {
    const std::string before = writer.network().text(writer.output(), {});
    write_numbers(writer.network(), path("before"));
    models::fuse_attention(writer.network(), writer.output());
    write_numbers(writer.network(), path("after"));
    return {before, writer.network().text(writer.output(), {})};
  }
  [[nodiscard]] std::string path(const std::string& stem) const {
    return directory_ / (stem + ".safetensors");
  }
  void expect_same(const std::array<std::string, 2>& texts) {
    const std::vector<double> before = output_of(texts[0], path("before"));
    const std::vector<double> after = output_of(texts[1], path("after"));
    ASSERT_EQ(before.size(), after.size());
    double largest = 0;
    for (const double y : before) largest = std::max(largest, std::abs(y));
    for (std::size_t i = 0; i < before.size(); ++i) {
      // The scale is a float32 before.
      EXPECT_NEAR(before[i], after[i], 1e-6 * largest);
    }
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(FusedAttention, IsTheSameFunctionInAllForms) {
  std::size_t forms = 0;
  for (unsigned bits = 0; bits < 1U << 9U; ++bits) {
    const auto bit = [&](unsigned place) { return (bits >> place & 1U) != 0; };
    Form form;
    form.is_packed = bit(0);
    form.keys_are_last = bit(1);
    form.weights_are_first = bit(2);
    form.turns_first = bit(3);
    form.turns_second = bit(4);
    form.turns_values = bit(5);
    form.goes_by_tokens = bit(6);
    form.causal = bit(7);
    form.heads = bit(8) ? 2 : 1;
    form.scale = static_cast<int>(bits % 3);
    form.bias = bits % 5 != 0;
    form.cuts_a_stack = form.is_packed && bits % 7 < 2;
    const bool turns_weights = form.keys_are_last != form.weights_are_first;
    if ((form.turns_first && form.turns_second) || (turns_weights && form.turns_values)) continue;
    SCOPED_TRACE(text_of(form));
    Writer writer(form);
    const auto texts = fuse(writer);
    ASSERT_THAT(texts[0], HasSubstr("softmax"));
    ASSERT_THAT(texts[1], AllOf(Not(HasSubstr("softmax")), Not(HasSubstr("matmul")),
                                HasSubstr(form.causal ? "causal: true" : "attention: ")));
    expect_same(texts);
    ++forms;
  }
  EXPECT_EQ(forms, 288U);
}

TEST_F(FusedAttention, StaysWhereItIsSomethingElse) {
  const auto expect_unchanged = [&](const Form& form) {
    SCOPED_TRACE(text_of(form));
    Writer writer(form);
    const auto texts = fuse(writer);
    EXPECT_EQ(texts[0], texts[1]);
  };
  for (const char* fault : {"order", "scaled values", "scale", "tanh", "scores are read",
                            "values are read", "packed is read", "long", "scaled product"}) {
    expect_unchanged({.fault = fault});
  }
  for (const char* fault : {"values of another", "same", "bias", "values are read"}) {
    expect_unchanged({.is_packed = false, .fault = fault});
  }
  // As many tokens as features of a head, so that shapes say nothing.
  for (const char* fault : {"rows", "softmax", "product", "weights"}) {
    expect_unchanged({.heads = 2, .width = 4, .tokens = 4, .fault = fault});
  }
  expect_unchanged({.keys_are_last = false, .fault = "heads"});  // weights of heads, not of keys
  expect_unchanged({.width = 5, .fault = "axes"});
  expect_unchanged({.causal = true, .fault = "mask"});
  expect_unchanged({.scale = 3, .causal = true});  // the mask is scaled, too
  expect_unchanged({.scale = 4});                  // none
}

// A network that ends inside of it.
TEST_F(FusedAttention, PartsOfItStay) {
  Writer writer({.causal = true});
  models::Network& network = writer.network();
  for (models::StepId end = 1; end < writer.output(); ++end) {
    const std::string before = network.text(end, {});
    models::fuse_attention(network, end);
    EXPECT_EQ(network.text(end, {}), before);
  }
}

TEST_F(FusedAttention, NamesAreThoseOfPyTorchOrGiven) {
  const auto text_with = [&](Writer& writer) { return fuse(writer)[1]; };
  Writer packed({});
  EXPECT_THAT(text_with(packed),
              HasSubstr("  - {name: a, attention: 2, weights: {qkv: a.qkv, output: a.out}}\n"));
  Writer apart({.is_packed = false, .causal = true, .bias = false});
  EXPECT_THAT(text_with(apart),
              HasSubstr("  - name: a\n    attention: {heads: 2, causal: true}\n    bias: false\n"
                        "    weights: {query: a.q, key: a.k, value: a.v, output: a.out}\n"));
  // What stands for the block is the layer's name.
  const auto renamed = [&](Writer& writer, const std::vector<std::string>& names) {
    std::size_t next = 0;
    for (models::StepId id = 2; id < writer.network().size(); ++id) {
      models::Step& step = writer.network().step(id);
      if (step.component != "dense") continue;
      const std::string old = step.weights + ".";
      const std::string& stem = names[next++];
      step.weights.clear();
      for (models::Tensor& tensor : writer.network().tensors) {
        if (!tensor.name.starts_with(old)) continue;
        const std::string word = tensor.name.substr(old.size());
        tensor.name = stem + word;
        step.tensor_names.push_back({word, tensor.name});
      }
    }
  };
  Writer usual({});
  renamed(usual, {"enc.att.in_proj_", "enc.att.out_proj."});
  const auto texts = fuse(usual);
  EXPECT_THAT(texts[1], HasSubstr("  - {name: enc.att, attention: 2}\n"));
  expect_same(texts);
  Writer other({.is_packed = false});
  renamed(other, {"att.query.", "att.key.", "att.value.", "att.out_proj."});
  EXPECT_THAT(text_with(other), HasSubstr("  - {name: att, attention: 2}\n"));
  // PyTorch's exporter computes weights, and so loses their names where no bias tells them.
  for (const std::string last : {"att.out_proj.weight", "att.weight_2"}) {
    SCOPED_TRACE(last);
    Writer lost({.bias = false});
    renamed(lost, {"att.", "att.out_proj."});
    for (models::Tensor& tensor : lost.network().tensors) {
      if (tensor.name == "att.out_proj.weight") tensor.name = last;
    }
    for (models::StepId id = 2; id < lost.network().size(); ++id) {
      models::Step& step = lost.network().step(id);
      if (step.component != "dense") continue;
      models::Setting& weight = step.tensor_names.front();
      if (weight.value.starts_with("att.o")) {
        weight.value = last;
      } else {
        step.weights = "att";
        step.tensor_names.clear();
      }
    }
    const auto lost_texts = fuse(lost);
    EXPECT_THAT(lost_texts[1], HasSubstr("  - {name: att, attention: 2, bias: false}\n"));
    std::vector<std::string> names;
    for (const models::Tensor& tensor : lost.network().tensors) names.push_back(tensor.name);
    EXPECT_THAT(names, ::testing::IsSupersetOf({"att.in_proj_weight", "att.out_proj.weight"}));
    expect_same(lost_texts);
  }
  // Names that end otherwise become others, and this is said.
  Writer odd({});
  renamed(odd, {"W_", "out."});
  std::vector<models::Tensor>& tensors = odd.network().tensors;
  std::rotate(tensors.begin(), tensors.begin() + 2, tensors.end());
  const auto odd_texts = fuse(odd);
  EXPECT_THAT(
      odd_texts[1],
      HasSubstr("  - {name: a.out, attention: 2, weights: {qkv: a.out.qkv, output: out}}\n"));
  EXPECT_THAT(odd.network().notes,
              ::testing::ElementsAre("the parameters 'W_weight' are called 'a.out.qkv.weight' here",
                                     "the parameters 'W_bias' are called 'a.out.qkv.bias' here"));
  expect_same(odd_texts);
}

// Layers with no path in common: then the last one's name is that of all.
TEST_F(FusedAttention, PrefixesThatAreTheNameOfTheLayerAreWritten) {
  Writer writer({.is_packed = false});
  for (models::StepId id = 2; id < writer.network().size(); ++id) {
    models::Step& step = writer.network().step(id);
    if (step.component == "dense") step.name = step.weights = step.name.substr(2);
  }
  for (models::Tensor& tensor : writer.network().tensors) {
    if (tensor.name.starts_with("a.")) tensor.name.erase(0, 2);
  }
  const auto texts = fuse(writer);
  EXPECT_THAT(texts[1], HasSubstr("  - {name: out, attention: 2, weights: {query: q, key: k, "
                                  "value: v, output: out}}\n"));
  expect_same(texts);
}

// Two blocks that ask for the same name have parameters of their own.
TEST_F(FusedAttention, NamesThatAreGivenAreDifferent) {
  Writer writer({});
  models::Network& network = writer.network();
  const models::StepId size = network.size();
  const models::StepId second = writer.attention(writer.output(), "b.");
  for (models::StepId id = 2; id < network.size(); ++id) {
    models::Step& step = network.step(id);
    if (step.component != "dense") continue;
    const std::string old = step.weights + '.';
    for (models::Tensor& tensor : network.tensors) {
      if (!tensor.name.starts_with(old)) continue;
      const std::string word = tensor.name.substr(old.size());
      tensor.name = fmt::format("{}_{}", step.weights.front(), old.substr(2)) + word;
      std::ranges::replace(tensor.name, '.', '-');
      step.tensor_names.push_back({word, tensor.name});
    }
    step.weights.clear();
    if (id >= size) step.name = "a" + step.name.substr(1);
  }
  const std::string before = network.text(second, {});
  write_numbers(network, path("before"));
  models::fuse_attention(network, second);
  write_numbers(network, path("after"));
  const std::string after = network.text(second, {});
  EXPECT_THAT(after, HasSubstr("  - {name: a.out, attention: 2, weights: {qkv: a.out.qkv, output: "
                               "a.out.output}}\n"
                               "  - {name: a.out_2, attention: 2, weights: {qkv: a.out.qkv_2, "
                               "output: a.out.output_2}}\n"));
  expect_same({before, after});
}

TEST_F(FusedAttention, SharesParametersAsItsLayersDid) {
  for (const bool is_packed : {true, false}) {
    SCOPED_TRACE(is_packed);
    const Form form{.is_packed = is_packed};
    Writer writer(form);
    models::Network& network = writer.network();
    const models::StepId size = network.size();
    const std::size_t tensors = network.tensors.size();
    const models::StepId second = writer.attention(writer.output(), "b.");
    network.tensors.resize(tensors);
    for (models::StepId id = 2; id < size; ++id) {
      if (network.step(id).component != "dense") continue;
      network.step(id + size - 2).share = id;
      network.step(id + size - 2).weights.clear();
    }
    const std::string before = network.text(second, {});
    write_numbers(network, path("before"));
    models::fuse_attention(network, second);
    write_numbers(network, path("after"));
    const std::string after = network.text(second, {});
    EXPECT_THAT(after, AllOf(HasSubstr("share: a, attention: 2"), Not(HasSubstr("softmax"))));
    expect_same({before, after});
  }
  // A layer elsewhere that shares with one of them keeps all of them as they are.
  Writer writer({});
  models::Network& network = writer.network();
  const models::StepId last = writer.dense("c", 6, writer.output());
  network.tensors.resize(network.tensors.size() - 2);
  network.step(last).share = writer.output();
  network.step(last).weights.clear();
  const std::string before = network.text(last, {});
  models::fuse_attention(network, last);
  EXPECT_EQ(before, network.text(last, {}));
  EXPECT_THAT(before, HasSubstr("share: a.out"));
}

TEST_F(FusedAttention, LongChainsTakeNoTime) {
  Writer writer({});
  models::Network& network = writer.network();
  models::StepId end = network.size() - 1;
  for (int i = 0; i < 100'000; ++i) end = writer.map(end, "softmax", {}, network.shape(end));
  models::fuse_attention(network, end);
  EXPECT_EQ(network.step(writer.output()).component, "attention");
}

}  // namespace
}  // namespace smoothbound::testing
