#include "smoothbound/layers/conv.hpp"

#include <gtest/gtest.h>

#include "small_map.hpp"

namespace smoothbound {
namespace {

using test::norm;
using test::patches;
using test::Random;
using test::unit;
using test::Vector;

struct Convolution {
  const char* name;
  Shape input;
  std::int64_t filters;
  Window window;
  std::int64_t groups = 1;
};

const std::vector<Convolution> convolutions{
    {"plain", {2, 5, 5}, 3, {.kernel = Extent::uniform(3)}},
    {"stride", {1, 7, 6}, 2, {.kernel = Extent::uniform(3), .stride = Extent::uniform(2)}},
    {"dilated",
     {2, 8},
     2,
     {.kernel = Extent::uniform(3), .stride = Extent::uniform(2), .dilation = Extent::uniform(2)}},
    {"padded",
     {1, 4, 4},
     2,
     {.kernel = {{3, 2}, 3}, .padding = {Padding::Kind::same, Extent::uniform(0)}}},
    {"grouped", {4, 6}, 4, {.kernel = Extent::uniform(2)}, 2},
    {"one_axis", {3, 9}, 2, {.kernel = Extent::uniform(4)}},
    {"volume", {1, 3, 3, 4}, 2, {.kernel = {{2, 2, 3}, 4}, .stride = {{1, 1, 2}, 4}}},
    {"single_patch", {2, 3, 3}, 2, {.kernel = Extent::uniform(3)}},
};

Conv conv_of(const Convolution& c) {
  Conv conv;
  conv.filters = c.filters;
  conv.window = c.window;
  conv.groups = c.groups;
  return conv;
}

// beta(W, z) of one sample, W by filter, channel of its group and tap.
Vector apply(const Convolution& c, const Vector& weights, const Vector& z) {
  const auto all = patches(c.window, c.input);
  const auto positions = static_cast<std::size_t>(c.input.positions());
  const auto channels = static_cast<std::size_t>(c.input.channels() / c.groups);
  const auto filters = static_cast<std::size_t>(c.filters);
  const std::size_t filters_per_group = filters / static_cast<std::size_t>(c.groups);
  const std::size_t taps = all.front().size();
  Vector result;
  for (std::size_t f = 0; f < filters; ++f) {
    for (const auto& patch : all) {
      long double sum = 0;
      for (std::size_t k = 0; k < channels; ++k) {
        const std::size_t channel = f / filters_per_group * channels + k;
        for (std::size_t t = 0; t < taps; ++t) {
          if (!patch[t]) continue;
          sum += weights[(f * channels + k) * taps + t] * z[channel * positions + *patch[t]];
        }
      }
      result.push_back(sum);
    }
  }
  return result;
}

std::size_t weight_count(const Convolution& c) {
  Conv conv = conv_of(c);
  conv.bias = false;
  const Shape output = conv.output_shape({&c.input, 1});
  return static_cast<std::size_t>(conv.block({{&c.input, 1}, output, 1})->elements);
}

// sup ||beta(W, z)|| over unit W and z from below: in turns, the best W for z and z for W.
long double ascend(const Convolution& c, Random& random) {
  Vector w = unit(random.vector(weight_count(c)));
  Vector z = unit(random.vector(static_cast<std::size_t>(c.input.elements())));
  const auto improve = [](Vector& x, const auto& map) {
    const Vector image = map(x);
    Vector next(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      Vector basis(x.size());
      basis[i] = 1;
      next[i] = test::dot(map(basis), image);
    }
    x = unit(next);
  };
  long double best = norm(apply(c, w, z));
  for (int i = 0; i < 15; ++i) {
    improve(w, [&](const Vector& v) { return apply(c, v, z); });
    improve(z, [&](const Vector& v) { return apply(c, w, v); });
    best = std::max(best, norm(apply(c, w, z)));
  }
  return best;
}

TEST(Conv, AscentNeverExceedsTheBilinearConstant) {
  for (const Convolution& c : convolutions) {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(testing::Message() << c.name << ", seed " << seed);
      Random random(seed);
      const Conv conv = conv_of(c);
      const Shape output = conv.output_shape({&c.input, 1});
      const Site site{{&c.input, 1}, output, 1};
      const long double found = ascend(c, random);
      for (const Method method : {Method::paper, Method::sharp}) {
        const auto b = std::get<AffineConstants>(*conv.parts(site, method).begin());
        EXPECT_LE(found, b.bilinear.value.to_double() * (1 + 1e-15L)) << name_of(method);
        if (method == Method::sharp) {
          EXPECT_GE(found, b.bilinear.value.to_double() / 2);
        }
      }
    }
  }
}

TEST(Conv, OneByOneAndSinglePatchesReachTheBilinearConstant) {
  Random random(4);
  for (const Window& window : {Window{}, Window{.kernel = Extent::uniform(3)}}) {
    const Convolution c{"", {2, 3, 3}, 2, window};
    const Conv conv = conv_of(c);
    const Shape output = conv.output_shape({&c.input, 1});
    const auto b =
        std::get<AffineConstants>(*conv.parts({{&c.input, 1}, output, 1}, Method::sharp).begin());
    EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
    EXPECT_TRUE(test::is_near(ascend(c, random), 1, 1e-9L));
  }
}

TEST(Conv, ShapesAndParametersEqualCounts) {
  for (const Convolution& c : convolutions) {
    SCOPED_TRACE(c.name);
    const Conv conv = conv_of(c);
    const Shape output = conv.output_shape({&c.input, 1});
    EXPECT_EQ(output.rank(), c.input.rank());
    EXPECT_EQ(output.channels(), c.filters);
    const auto all = patches(c.window, c.input);
    EXPECT_EQ(static_cast<std::size_t>(output.positions()), all.size());
    const std::int64_t taps = static_cast<std::int64_t>(all.front().size());
    EXPECT_EQ(conv.block({{&c.input, 1}, output, 1})->elements,
              c.filters * (c.input.channels() / c.groups * taps + 1));
  }
}

// The bias of a filter stands in every position and sample: ||beta^v(v)|| = sqrt(np m) ||v||.
TEST(Conv, BiasConstantIsExact) {
  for (const Convolution& c : convolutions) {
    Conv conv = conv_of(c);
    const Shape output = conv.output_shape({&c.input, 1});
    const Site site{{&c.input, 1}, output, 5};
    for (const Method method : {Method::paper, Method::sharp}) {
      const auto b = std::get<AffineConstants>(*conv.parts(site, method).begin());
      const Magnitude repeats =
          Magnitude::from_count(static_cast<std::int64_t>(patches(c.window, c.input).size()) * 5);
      EXPECT_EQ(b.linear_parameters.value, square_root(repeats)) << c.name;
      EXPECT_TRUE(b.linear_input.value.is_zero());
      EXPECT_TRUE(b.offset.value.is_zero());
      conv.bias = false;
      const auto unbiased = std::get<AffineConstants>(*conv.parts(site, method).begin());
      EXPECT_TRUE(unbiased.linear_parameters.value.is_zero());
      conv.bias = true;
    }
  }
}

// Behind a global pooling: channels at one position.
TEST(Conv, OfSinglePositionsTakesChannelsAlone) {
  const Shape input{6};
  Conv conv;
  conv.filters = 4;
  conv.groups = 2;
  conv.window.kernel = {{1, 1}, 3};
  const Shape output = conv.output_shape({&input, 1});
  EXPECT_EQ(output, Shape{4});
  const Site site{{&input, 1}, output, 3};
  EXPECT_EQ(conv.block(site)->elements, 4 * 3 + 4);
  for (const Method method : {Method::paper, Method::sharp}) {
    const auto b = std::get<AffineConstants>(*conv.parts(site, method).begin());
    EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
    EXPECT_EQ(b.linear_parameters.value, square_root(Magnitude::from_count(3)));
  }
}

TEST(Conv, PaperConstantIsTheRootOfTheNumberOfPatches) {
  const Convolution& c = convolutions.front();  // 3 x 3 patches
  const Conv conv = conv_of(c);
  const Shape output = conv.output_shape({&c.input, 1});
  const Site site{{&c.input, 1}, output, 5};
  EXPECT_EQ(std::get<AffineConstants>(*conv.parts(site, Method::paper).begin()).bilinear.value,
            Magnitude::from_count(3));
}

TEST(Conv, RefusesWhatDoesNotFit) {
  const auto refusal = [](const Conv& conv, const Shape& shape) {
    try {
      static_cast<void>(conv.output_shape({&shape, 1}));
    } catch (const ShapeError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  Conv conv;
  conv.window.kernel = Extent::uniform(2);
  EXPECT_EQ(refusal(conv, {10}), "conv needs an input with positions, not [10]");
  conv.window.kernel = Extent::uniform(1);
  EXPECT_EQ(refusal(conv, {10}), "none");
  conv.window.padding = {Padding::Kind::explicit_sizes, Extent::uniform(1)};
  EXPECT_EQ(refusal(conv, {10}), "conv needs an input with positions, not [10]");
  conv.window.padding = {};
  conv.groups = 2;
  EXPECT_EQ(refusal(conv, {4, 4}), "2 groups do not divide 4 input channels and 1 filters");
  conv.filters = 2;
  EXPECT_EQ(refusal(conv, {4, 4}), "none");
  EXPECT_EQ(refusal(conv, {3, 4}), "2 groups do not divide 3 input channels and 2 filters");
  conv.inputs = 6;
  EXPECT_EQ(refusal(conv, {4, 4}), "conv declares 6 input channels but gets 4 ([4, 4])");
}

}  // namespace
}  // namespace smoothbound
