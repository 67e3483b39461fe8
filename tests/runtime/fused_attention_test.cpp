// Attention that models spell out, before and after it became one component: the same function.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "models/fuse_attention.hpp"
#include "networks.hpp"
#include "search.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// One of the ways in which exporters write it.
struct Form {
  std::int64_t heads = 2;
  std::int64_t width = 3;  // of a head
  std::int64_t tokens = 5;
  bool is_packed = true;          // one dense layer for queries, keys and values
  bool cuts_a_stack = false;      // of three, and not rows
  bool keys_are_last = true;      // scores are [queries, keys]
  bool weights_are_first = true;  // in the product with values
  bool turns_first = false;       // the first factor of the scores lies transposed
  bool turns_second = false;
  bool turns_values = false;
  bool goes_by_tokens = false;  // the mixture, before the dense layer
  int scale = 0;                // where it stands
  bool causal = false;
  bool bias = true;
  // What makes it another function, or one that is no attention.
  std::string fault{};
};

std::string text_of(const Form& f) {
  return fmt::format(
      "heads {} width {} tokens {} packed {} stack {} keys last {} weights first {} turns {} {} {} "
      "by tokens {} scale {} causal {} bias {} fault {}",
      f.heads, f.width, f.tokens, f.is_packed, f.cuts_a_stack, f.keys_are_last, f.weights_are_first,
      f.turns_first, f.turns_second, f.turns_values, f.goes_by_tokens, f.scale, f.causal, f.bias,
      f.fault);
}

// Writes such a network, step by step.
class Writer {
 public:
  explicit Writer(Form form)
      : f_(std::move(form)), network_("net", Shape{f_.heads * f_.width, f_.tokens}) {
    features_ = f_.heads * f_.width;
    dense("first", features_, models::Network::input);
    output_ = attention(network_.size() - 1, "a.");
  }

  [[nodiscard]] models::Network& network() { return network_; }
  [[nodiscard]] models::StepId output() const { return output_; }

  models::StepId dense(const std::string& name, std::int64_t units, models::StepId input,
                       bool bias = true) {
    models::Step step;
    step.kind = models::Step::Kind::head;
    step.component = "dense";
    step.settings = {{"units", std::to_string(units)}, {"per", "position"}};
    step.inputs = {input};
    step.output = Shape{units, f_.tokens};
    step.name = name;
    step.weights = name;
    step.bias = bias;
    add_tensor(name + ".weight", {units, network_.shape(input).channels()});
    if (bias) add_tensor(name + ".bias", {units});
    return network_.add(std::move(step));
  }

  models::StepId map(models::StepId input, const std::string& component,
                     std::vector<models::Setting> settings, const Shape& output) {
    models::Step step;
    step.component = component;
    step.settings = std::move(settings);
    step.inputs = {input};
    step.output = output;
    return network_.add(std::move(step));
  }

  models::StepId attention(models::StepId tokens, const std::string& path) {
    const std::array<models::StepId, 3> z = parts_of(tokens, path);
    const std::size_t first = f_.keys_are_last ? 0 : 1;
    const bool turned_both = f_.fault == "axes";
    const models::StepId scores = product(factor(z[first], f_.turns_first == turned_both),
                                          factor(z[1 - first], f_.turns_second != turned_both),
                                          f_.turns_first, f_.turns_second, {f_.tokens, f_.tokens});
    const models::StepId weights = weighed(scores);
    const bool turned = f_.keys_are_last != f_.weights_are_first;
    models::StepId mixture = 0;
    if (f_.weights_are_first) {
      mixture = product(weights, factor(z[2], !f_.turns_values), turned, f_.turns_values,
                        {f_.tokens, f_.width});
    } else {
      mixture = product(factor(z[2], f_.turns_values), weights, f_.turns_values, turned,
                        {f_.width, f_.tokens});
    }
    if (f_.fault == "product") network_.step(mixture).component = "multiply";
    const models::StepId last = dense(path + "out", features_, joined(mixture), f_.bias);
    if (f_.fault == "scores are read") return sum(last, shaped(scores));
    if (f_.fault == "values are read") return sum(last, z[2]);
    if (f_.fault == "packed is read") return sum(last, row(packed_, 1));
    return last;
  }

  models::StepId sum(models::StepId a, models::StepId b) {
    models::Step step;
    step.kind = models::Step::Kind::merge;
    step.component = "add";
    step.inputs = {a, b};
    step.output = network_.shape(a);
    return network_.add(std::move(step));
  }

 private:
  void add_tensor(const std::string& name, std::vector<std::int64_t> shape) {
    network_.tensors.push_back({name, std::move(shape), {}});
  }

  // Queries, keys and values [features, tokens].
  std::array<models::StepId, 3> parts_of(models::StepId tokens, const std::string& path) {
    std::array<models::StepId, 3> z{};
    const std::array<std::string, 3> names{"q", "k", "v"};
    packed_ = f_.is_packed ? dense(path + "qkv", 3 * features_, tokens, f_.bias) : 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      std::size_t part = i;
      if (f_.fault == "order" && i != 1) part = 2 - i;
      const bool reads_other = f_.fault == "values of another" && i == 2;
      z[i] = f_.is_packed
                 ? row(packed_, part)
                 : dense(path + names[i], features_, reads_other ? models::Network::input : tokens,
                         i == 2 && f_.fault == "bias" ? !f_.bias : f_.bias);
      const bool scales_query = i == 0 && (f_.scale == 1 || f_.scale == 2);
      const bool scales_key = i == 1 && f_.scale == 2;
      if (scales_query || scales_key) z[i] = scaled(z[i], f_.scale == 2 ? 0.5 : 1);
      if (i == 2 && f_.fault == "scaled values") z[i] = scaled(z[i], 1);
    }
    if (f_.fault == "same") z[1] = z[0];
    return z;
  }

  models::StepId row(models::StepId packed, std::size_t part) {
    const auto from = static_cast<std::int64_t>(part);
    if (f_.cuts_a_stack) {
      const models::StepId stack =
          map(packed, "reshape", {{"", fmt::format("[3, {}]", features_ * f_.tokens)}},
              Shape{3, features_ * f_.tokens});
      const models::StepId cut =
          map(stack, "slice", {{"from", std::to_string(from)}, {"to", std::to_string(from + 1)}},
              Shape{1, features_ * f_.tokens});
      return map(cut, "reshape", {{"", fmt::format("[{}, {}]", features_, f_.tokens)}},
                 Shape{features_, f_.tokens});
    }
    std::vector<models::Setting> settings;
    if (part != 0) settings.push_back({"from", std::to_string(from * features_)});
    if (part != 2) settings.push_back({"to", std::to_string((from + 1) * features_)});
    return map(packed, "slice", settings, Shape{features_, f_.tokens});
  }

  models::StepId scaled(models::StepId z, double power) {
    const double fault = f_.fault == "scale" ? 1 + 1e-5 : 1;
    const double by = std::pow(static_cast<double>(f_.width), -0.5 * power) * fault;
    // As float32 rounds it.
    return map(z, "scale", {{"", models::yaml_number(static_cast<float>(by))}}, network_.shape(z));
  }

  [[nodiscard]] Shape stack(std::int64_t rows, std::int64_t columns) const {
    return f_.heads == 1 ? Shape{rows, columns} : Shape{f_.heads, rows, columns};
  }

  models::StepId turned(models::StepId z, std::int64_t rows, std::int64_t columns) {
    const char* const order = f_.heads == 1 ? "[length, channels]" : "[channels, width, height]";
    return map(z, "permute", {{"", order}}, stack(rows, columns));
  }

  // [features, tokens] as heads of matrices [width, tokens], or [tokens, width].
  models::StepId factor(models::StepId z, bool by_tokens) {
    if (f_.heads != 1) {
      z = map(z, "reshape", {{"", fmt::format("[{}, {}, {}]", f_.heads, f_.width, f_.tokens)}},
              stack(f_.width, f_.tokens));
    }
    return by_tokens ? turned(z, f_.tokens, f_.width) : z;
  }

  models::StepId product(models::StepId first, models::StepId second, bool turns_first,
                         bool turns_second, std::array<std::int64_t, 2> sizes) {
    models::Step step;
    step.kind = models::Step::Kind::merge;
    step.component = "matmul";
    if (turns_first) step.settings.push_back({"transpose", "first"});
    if (turns_second) step.settings.push_back({"transpose", "second"});
    step.inputs = {first, second};
    step.output = stack(sizes[0], sizes[1]);
    return network_.add(std::move(step));
  }

  models::StepId weighed(models::StepId scores) {
    const Shape shape = network_.shape(scores);
    if (f_.scale == 0) scores = scaled(scores, 1);
    if (f_.causal) {
      std::vector<models::Setting> settings{{"by", f_.fault == "mask" ? "9999" : "10000"}};
      if (f_.keys_are_last) settings.push_back({"keys", "second"});
      scores = map(scores, "mask", std::move(settings), shape);
    }
    if (f_.scale == 3) scores = scaled(scores, 1);
    if (f_.fault == "tanh") scores = map(scores, "tanh", {}, shape);
    const bool is_last = f_.keys_are_last != (f_.fault == "softmax");
    const char* const last = f_.heads == 1 ? "length" : "width";
    const char* const first = f_.heads == 1 ? "channels" : "height";
    return map(scores, "softmax", {{"axis", is_last ? last : first}}, shape);
  }

  // The mixture as [features, tokens].
  models::StepId joined(models::StepId mixture) {
    const Shape all{features_, f_.tokens};
    const auto reshaped = [&](models::StepId z, const Shape& shape) {
      return map(z, "reshape", {{"", fmt::format("[{}, {}]", shape.channels(), shape.spatial(0))}},
                 shape);
    };
    if (f_.fault == "rows" || (!f_.weights_are_first && !f_.goes_by_tokens)) {
      return f_.heads == 1 ? mixture : reshaped(mixture, all);
    }
    if (!f_.goes_by_tokens || f_.heads == 1) {
      if (f_.weights_are_first) mixture = turned(mixture, f_.width, f_.tokens);
      return f_.heads == 1 ? mixture : reshaped(mixture, all);
    }
    const char* const order =
        f_.weights_are_first ? "[height, channels, width]" : "[width, channels, height]";
    mixture = map(mixture, "permute", {{"", order}}, Shape{f_.tokens, f_.heads, f_.width});
    mixture = map(mixture, "flatten", {}, Shape{features_ * f_.tokens});
    mixture = reshaped(mixture, Shape{f_.tokens, features_});
    return map(mixture, "permute", {{"", "[length, channels]"}}, all);
  }

  // Some numbers of the scores as [features, tokens].
  models::StepId shaped(models::StepId scores) {
    const std::int64_t wanted = features_ * f_.tokens;
    scores = map(scores, "flatten", {}, Shape{f_.heads * f_.tokens * f_.tokens});
    scores = map(scores, "slice", {{"to", std::to_string(wanted)}}, Shape{wanted});
    return map(scores, "reshape", {{"", fmt::format("[{}, {}]", features_, f_.tokens)}},
               Shape{features_, f_.tokens});
  }

  Form f_;
  models::Network network_;
  std::int64_t features_ = 0;
  models::StepId packed_ = 0;
  models::StepId output_ = 0;
};

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
                            "values are read", "packed is read"}) {
    expect_unchanged({.fault = fault});
  }
  for (const char* fault : {"values of another", "same", "bias", "values are read"}) {
    expect_unchanged({.is_packed = false, .fault = fault});
  }
  // As many tokens as features of a head, so that shapes say nothing.
  for (const char* fault : {"rows", "softmax", "product"}) {
    expect_unchanged({.heads = 2, .width = 4, .tokens = 4, .fault = fault});
  }
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
  // Names that end otherwise become others, and this is said.
  Writer odd({});
  renamed(odd, {"W_", "out."});
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
