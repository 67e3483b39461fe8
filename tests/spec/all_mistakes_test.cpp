// All mistakes of a file in one run, and the words of other programs.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "rendered.hpp"
#include "smoothbound/text/aliases.hpp"

namespace smoothbound {
namespace {

using test::rendered;

// The places and messages alone, with the hints.
std::string summary(const std::string& text) {
  std::istringstream lines(rendered("n.yaml", text));
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("n.yaml:")) result += line.substr(7) + "\n";
    if (line.starts_with("hint: ")) result += "  " + line.substr(6) + "\n";
  }
  return result;
}

// Of layers that a mistake leaves unknown, and of those that read them, nothing is said.
TEST(AllMistakes, OfReadingAndOfTheGraphTogether) {
  EXPECT_EQ(
      summary(R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, conv: {filters: 4, kernel: 9}}
  - {name: b, from: input, conv: {filters: 4, kernel: 3, strid: 2}}
  - {name: c, conv: {filters: 1, kernel: 99}}
  - {name: d, from: aa, dense: 10}
  - {name: a, from: input, dense: 10}
  - {name: e, from: f, dense: 10}
  - {name: f, from: e, dense: 10}
  - {name: 3, add: [c, q]}
  - {from: layer8, dense: 1}
  - 7
  - {from: [e], dense: 1}
)"),
      R"(3:15: error: layer 'a': the kernel (9) is larger than the padded input (8) along the height
  use a smaller kernel, more padding, or fewer poolings before
4:58: error: unknown key 'strid' in conv
  did you mean 'stride'?
6:21: error: there is no layer 'aa'
  layers are called by their 'name'; the network's input is 'input'
7:12: error: two layers are named 'a'
3:12: note: the first one is here
  names must be unique
8:12: error: the layers form a cycle: e <- f <- e
  a layer can only read layers that do not read it
10:12: error: name must be text, not '3'
  put it in quotes if it is meant as text
10:24: error: there is no layer 'q'
  layers are called by their 'name'; the network's input is 'input'
12:5: error: a layer must be a mapping, not a single value
  for example {dense: 10, then: [softplus]}
13:12: error: from must be the name of one layer
  to combine several, use add, concat, multiply, matmul
)");
}

// What another mistake hides is not looked for, and every cycle is told.
TEST(AllMistakes, NothingFollowsFromRepeatedOrLostNames) {
  EXPECT_EQ(summary(R"(input: {shape: [3, 8, 8]}
layers:
  - {name: stem, conv: {filters: 4, kernel: 1}}
  - {name: stem, conv: {filters: 3, kernel: 1}}
  - {name: sum, add: [stem, input]}
  - {nam: block, from: input, dense: 3}
  - {name: 1, from: input, dense: 3}
  - {name: [a], from: input, dense: 3}
  - {add: [block, block]}
  - {from: "1", dense: 3}
  - {from: a, dense: 3}
)"),
            R"(4:12: error: two layers are named 'stem'
3:12: note: the first one is here
  names must be unique
6:6: error: unknown key or component 'nam' in the layer
  did you mean 'name'?
7:12: error: name must be text, not '1'
  put it in quotes if it is meant as text
8:12: error: name must be a single value, not a list
  write one word or number in its place
)");
}

// The first one counts for all else.
TEST(AllMistakes, RepeatedKeysHideNoOthers) {
  const std::string expected = R"(3:1: error: key 'batch' appears twice
1:1: note: 'batch' is first given here
  keep one of the two
5:18: error: key 'dense' appears twice
5:8: note: 'dense' is first given here
  keep one of the two
6:14: error: there is no layer 'zz'
  layers are called by their 'name'; the network's input is 'input'
)";
  EXPECT_EQ(summary(R"(batch: 2
input: {shape: [3]}
batch: 3
layers:
  -   {dense: 3, dense: {x: 1}}
  -  {from:  zz, dense: 3}
)"),
            expected);
  std::string json = "{ \"batch\": 2, \"input\": {\"shape\": [3]}, \"batch\": 3, \"layers\": [";
  std::string many = "{\"dense\": 3";
  for (int i = 0; i < 20; ++i) many += fmt::format(", \"key{}\": 1, \"dense\": 4", i);
  const std::string told =
      rendered("n.json", json + many + "}, {\"from\": \"zz\", \"dense\": 1}]}");
  EXPECT_NE(told.find("error: key 'batch' appears twice"), std::string::npos);
  EXPECT_NE(told.find("error: unknown key or component 'key7'"), std::string::npos);
  EXPECT_EQ(told.find("one affine part"), std::string::npos);
}

TEST(AllMistakes, ACycleHidesNoOthers) {
  EXPECT_EQ(summary(R"(input: {shape: [3, 8, 8]}
layers:
  - {name: s, from: s, dense: 3}
  - {name: t, from: u, dense: 3}
  - {name: u, from: t, dense: 3}
  - {name: ok, from: input, conv: {filters: 4, kernel: 9}}
  - {name: reader, from: u, conv: {filters: 4, kernel: 9}}
)"),
            R"(3:12: error: the layers form a cycle: s <- s
  a layer can only read layers that do not read it
4:12: error: the layers form a cycle: t <- u <- t
  a layer can only read layers that do not read it
6:29: error: layer 'ok': the kernel (9) is larger than the padded input (8) along the height
  use a smaller kernel, more padding, or fewer poolings before
)");
}

TEST(AllMistakes, WordsInTheirPlace) {
  EXPECT_EQ(summary(R"(input: {shape: [28, 28, 1]}
layers:
  - {dense: {units: 3, use_bias: false, activation: relu}, then: [linear]}
  - {from: input, conv: {num_filters: 3, kernel: 3}}
  - {from: input, conv: {filters: 3, kernel: 3}}
)"),
            R"(3:24: error: unknown key 'use_bias' in dense
  did you mean 'bias'? It stands beside 'dense', in the layer
3:41: error: unknown key 'activation' in dense
  write activations in then: [relu]
3:67: error: unknown component 'linear'
  did you mean 'identity'?
4:26: error: unknown key 'num_filters' in conv
  did you mean 'filters'?
5:19: error: layer 'layer3': the kernel (3) is larger than the padded input (1) along the width
  input [28, 28, 1] is read as 28 channels of 28x1: do channels come first? An image of 28x28 in 1 channels is [1, 28, 28]
)");
}

// A layer whose input is not known reads nothing rather than the layer before: no cycle.
TEST(AllMistakes, NothingFollowsFromAnInputThatCannotBeRead) {
  EXPECT_EQ(summary(R"(input: {shape: [3, 8, x]}
layers:
  - {name: a, conv: {filters: 4, kernel: 9}}
  - {name: b, from: c, dense: 10}
  - {name: c, from: [b], dense: 10}
)"),
            R"(1:23: error: a size must be a number, not 'x'
  write a number such as 3
5:21: error: from must be the name of one layer
  to combine several, use add, concat, multiply, matmul
)");
}

TEST(AllMistakes, OfSettingsInputAndLayersInTheOrderOfTheFile) {
  EXPECT_EQ(summary(R"(batchsize: 3
radius: big
input: {shape: [3, x, -1], norm: -2, size: 3}
layers:
  - {name: a, conv: {out_channels: 4, kernel_size: 3, stride: 0}, then: [Relu, {softplus: 0}]}
  - {name: b, Linear: 10, radius: no, bias: maybe}
  - {name: c, dense: {units: 1.5, inputs: none}}
  - 7
)"),
            R"(1:1: error: unknown key 'batchsize' in the architecture
  did you mean 'batch'?
2:9: error: radius must be a number, not 'big'
  write a number such as 12, 0.5 or 1e-3
3:20: error: a size must be a number, not 'x'
  write a number such as 3
3:23: error: a size must not be negative
  write an integer from 1 on
3:34: error: norm must not be negative
  remove the minus sign
3:38: error: unknown key 'size' in input
  did you mean 'shape'?
5:22: error: unknown key 'out_channels' in conv
  did you mean 'filters'?
5:39: error: unknown key 'kernel_size' in conv
  did you mean 'kernel'?
5:63: error: stride must be at least 1
  write an integer from 1 on
5:74: error: unknown component 'Relu'
  did you mean 'relu'?
5:91: error: beta must be positive
  write a number above 0
6:15: error: unknown key or component 'Linear' in the layer
  did you mean 'dense'?
6:35: error: radius must be a number, not 'no'
  write a number such as 12, 0.5 or 1e-3
6:45: error: bias must be true or false, not 'maybe'
  write true or false, unquoted
7:30: error: units must be an integer
  write a whole number such as 3
7:43: error: inputs must be a number, not 'none'
  write a number such as 3
8:5: error: a layer must be a mapping, not a single value
  for example {dense: 10, then: [softplus]}
)");
}

// What follows from a mistake is not a second one.
TEST(AllMistakes, OfTheGraphWithoutWhatFollows) {
  EXPECT_EQ(
      summary(R"(input: {shape: [3, 8, 8]}
layers:
  - {name: a, conv: {filters: 4, kernel: 9}}
  - {name: b, dense: {units: 3, inputs: 7}}
  - {name: c, from: nosuch, then: [max_pool: 2]}
  - {name: d, from: input, conv: {filters: 4, kernel: 3, inputs: 5}}
  - {name: e, add: [b, d]}
  - {name: f, from: input, then: [{max_pool: 10}]}
  - {name: b, from: inptu, dense: 3}
)"),
      R"(3:15: error: layer 'a': the kernel (9) is larger than the padded input (8) along the height
  use a smaller kernel, more padding, or fewer poolings before
5:21: error: there is no layer 'nosuch'
  layers are called by their 'name'; the network's input is 'input'
6:28: error: layer 'd': conv declares 5 input channels but gets 3 ([3, 8, 8])
  write inputs: 3, or leave it out
8:36: error: layer 'f': the kernel (10) is larger than the padded input (8) along the height
  use a smaller kernel, more padding, or fewer poolings before
9:12: error: two layers are named 'b'
4:12: note: the first one is here
  names must be unique
9:21: error: there is no layer 'inptu'
  did you mean 'input'?
)");
}

// Every row of the table, where the file is written with that word: the hint is the row's, and its
// name exists.
TEST(Aliases, TargetsExist) {
  const auto is_setting = [](std::string_view name) {
    struct Finder : SettingsVisitor {
      std::string_view wanted;
      bool found = false;
      void see(const SettingInfo& info) { found = found || info.name == wanted; }
      void count(const SettingInfo& info, std::int64_t&) override { see(info); }
      void count(const SettingInfo& info, std::optional<std::int64_t>&) override { see(info); }
      void real(const SettingInfo& info, text::RealRange, Real&) override { see(info); }
      void real(const SettingInfo& info, text::RealRange, std::optional<Real>&) override {
        see(info);
      }
      void flag(const SettingInfo& info, bool&) override { see(info); }
      void choice(const SettingInfo& info, std::span<const std::string_view>,
                  std::size_t&) override {
        see(info);
      }
      void extent(const SettingInfo& info, Extent&) override { see(info); }
      void padding(const SettingInfo& info, Padding&) override { see(info); }
      void sizes(const SettingInfo& info, std::vector<std::int64_t>&) override { see(info); }
      void numbers(const SettingInfo& info, Sign, std::vector<SignedReal>&) override { see(info); }
      void choices(const SettingInfo& info, std::span<const std::string_view>,
                   std::vector<std::size_t>&) override {
        see(info);
      }
    } finder;
    finder.wanted = name;
    for (Component component : prototypes()) visit_settings(component, finder);
    for (Composite composite : composites()) visit_settings(composite, finder);
    return finder.found;
  };
  constexpr std::array<std::string_view, 4> of_the_file{"input", "layers", "shape", "loss"};
  for (const Alias& alias : aliases()) {
    const bool is_file_setting =
        std::ranges::any_of(real_settings(),
                            [&](const RealSetting& s) { return s.key == alias.name; }) ||
        std::ranges::any_of(count_settings(),
                            [&](const CountSetting& s) { return s.key == alias.name; });
    EXPECT_TRUE(find_prototype(alias.name) != nullptr || find_composite(alias.name) != nullptr ||
                find_loss(alias.name) != nullptr ||
                std::ranges::find(layer_keys, alias.name) != layer_keys.end() ||
                std::ranges::find(of_the_file, alias.name) != of_the_file.end() ||
                is_file_setting || is_setting(alias.name))
        << alias.word << " -> " << alias.name;
    // A setting of one component may be called as another component is: pad, scale.
    if (find_prototype(alias.name) == nullptr && find_composite(alias.name) == nullptr) continue;
    EXPECT_EQ(find_prototype(alias.word), nullptr) << alias.word;
    EXPECT_EQ(find_composite(alias.word), nullptr) << alias.word;
  }
}

std::string hint_for(const std::string& layer) {
  const std::string text =
      rendered("n.yaml", "input: {shape: [3, 8, 8]}\nlayers: [" + layer + "]\n");
  const std::size_t at = text.find("hint: ");
  return at == std::string::npos ? text : text.substr(at + 6, text.find('\n', at) - at - 6);
}

TEST(Aliases, WordsOfOtherPrograms) {
  const auto then = [](const std::string& word) { return hint_for("{then: [" + word + "]}"); };
  EXPECT_EQ(then("ReLU"), "did you mean 'relu'?");
  EXPECT_EQ(then("Relu"), "did you mean 'relu'?");
  EXPECT_EQ(then("GELU"), "did you mean 'gelu'?");
  EXPECT_EQ(then("LeakyReLU"), "did you mean 'leaky_relu'?");
  EXPECT_EQ(then("BatchNorm2d"), "did you mean 'batch_norm'?");
  EXPECT_EQ(then("MaxPool2d"), "did you mean 'max_pool'?");
  EXPECT_EQ(then("swish"), "did you mean 'silu'?");
  EXPECT_EQ(then("rrelu"), "a random slope is not in the catalogue; leaky_relu has a fixed one");
  EXPECT_EQ(then("Flatten"), "did you mean 'flatten'?");
  EXPECT_EQ(then("view"), "did you mean 'reshape'?");
  EXPECT_EQ(then("Transpose"), "did you mean 'permute'?");
  EXPECT_EQ(then("nn.ReflectionPad2d"), "pad with mode: reflect");
  EXPECT_EQ(then("nn.CircularPad2d"), "pad with mode: circular");
  EXPECT_EQ(then("torch.roll"), "did you mean 'roll'?");
  EXPECT_EQ(then("relative_position_bias"),
            "a parameter, then relative_positions, added to the scores");
  EXPECT_EQ(then("CausalMask"), "did you mean 'mask'?");
  EXPECT_EQ(then("tril"), "mask, which is causal unless it has another kind");
  EXPECT_EQ(then("exp"), "exp has no bounds; capped_exp is min(exp(x), cap)");
  EXPECT_EQ(then("{roll: {shifts: 2}}"), "did you mean 'by'?");
  EXPECT_EQ(hint_for("{register_buffer: {shape: [2]}}"), "did you mean 'constant'?");
  EXPECT_EQ(then("UpSampling2D"), "upsample, with mode: bilinear if it is not the nearest");
  EXPECT_EQ(then("PixelShuffle"), "did you mean 'pixel_shuffle'?");
  EXPECT_EQ(then("Reorg"), "space_to_depth; Darknet's reorg has the channels in another order");
  EXPECT_EQ(then("{upsample: {scale_factor: 2}}"), "did you mean 'factor'?");
  EXPECT_EQ(then("{slice: {dim: channels}}"), "did you mean 'axis'?");
  EXPECT_EQ(then("{permute: [0, 2, 1]}"), "one of: channels, depth, height, width, length");
  EXPECT_EQ(then("{slice: {axis: 1}}"), "one of: channels, depth, height, width, length");
  EXPECT_EQ(then("{upsample: {mode: linear}}"), "did you mean 'bilinear'?");
  EXPECT_EQ(hint_for("{conv: {filters: 3, kernel: 2, pad: 1}}"), "did you mean 'padding'?");
  EXPECT_EQ(then("AdaptiveAvgPool2d"), "did you mean 'adaptive_average_pool'?");
  EXPECT_EQ(then("GlobalMaxPooling2D"), "did you mean 'global_max_pool'?");
  EXPECT_EQ(then("{max_pool: {kernel: 2, ceil_mode: true}}"), "did you mean 'ceil'?");
  EXPECT_EQ(hint_for("{ConvTranspose2d: {}}"), "did you mean 'conv_transposed'?");
  EXPECT_EQ(hint_for("{deconvolutional: {}}"), "did you mean 'conv_transposed'?");
  EXPECT_EQ(hint_for("{Conv3d: {}}"), "did you mean 'conv'?");
  EXPECT_EQ(hint_for("{conv2d: {}}"), "did you mean 'conv'?");
  EXPECT_EQ(hint_for("{Linear: 3}"), "did you mean 'dense'?");
  EXPECT_EQ(hint_for("{fc: 3}"), "did you mean 'dense'?");
  EXPECT_EQ(hint_for("{dense: {in_features: 3, units: 2}}"), "did you mean 'inputs'?");
  EXPECT_EQ(hint_for("{conv: {filters: 3, kernel_size: 2}}"), "did you mean 'kernel'?");
  EXPECT_EQ(hint_for("{conv: {filters: 3, kernel: 2, strides: 2}}"), "did you mean 'stride'?");
  EXPECT_EQ(then("{batch_norm: {eps: 1}}"), "did you mean 'epsilon'?");
  EXPECT_EQ(then("{batch_norm: {momentum: 1}}"),
            "statistics are the batch's, or, with statistics: fixed, given: leave it out");
  EXPECT_EQ(then("{batch_norm: {running_mean: 1}}"), "did you mean 'mean'?");
  EXPECT_EQ(then("{batch_norm: {moving_variance: 1}}"), "did you mean 'variance'?");
  EXPECT_EQ(then("InstanceNorm2d"), "did you mean 'instance_norm'?");
  EXPECT_EQ(then("LayerNorm"), "did you mean 'layer_norm'?");
  EXPECT_EQ(then("LayerNorm2d"), "layer_norm with per: position");
  EXPECT_EQ(then("GroupNorm"), "did you mean 'group_norm'?");
  EXPECT_EQ(then("RMSNorm"), "did you mean 'rms_norm'?");
  EXPECT_EQ(then("LocalResponseNorm"), "did you mean 'local_response_norm'?");
  EXPECT_EQ(then("LRN"), "did you mean 'local_response_norm'?");
  EXPECT_EQ(then("{local_response_norm: {depth_radius: 2}}"),
            "size is 2 depth_radius + 1; alpha_of: sum, as in TensorFlow");
  EXPECT_EQ(then("{max_pool: {pool_size: 2}}"), "did you mean 'kernel'?");
}

}  // namespace
}  // namespace smoothbound
