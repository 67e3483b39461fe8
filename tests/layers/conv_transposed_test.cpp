#include "smoothbound/layers/conv_transposed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "numeric.hpp"

namespace smoothbound {
namespace {

using test::norm;
using test::Random;
using test::unit;
using test::Vector;

struct Transposed {
  const char* name;
  Shape input;
  ConvTransposed conv;
};

ConvTransposed transposed(std::int64_t filters, std::int64_t kernel, std::int64_t stride,
                          std::int64_t padding = 0, std::int64_t output_padding = 0,
                          std::int64_t dilation = 1, std::int64_t groups = 1) {
  ConvTransposed conv;
  conv.filters = filters;
  conv.window.kernel = Extent::uniform(kernel);
  conv.window.stride = Extent::uniform(stride);
  conv.window.dilation = Extent::uniform(dilation);
  conv.window.padding = {Padding::Kind::explicit_sizes, Extent::uniform(padding)};
  conv.output_padding = Extent::uniform(output_padding);
  conv.groups = groups;
  return conv;
}

ConvTransposed same(ConvTransposed conv) {
  conv.window.padding.kind = Padding::Kind::same;
  return conv;
}

const std::vector<Transposed> cases{
    {"doubling", {2, 4}, transposed(2, 4, 2, 1)},
    {"image", {1, 3, 2}, transposed(2, 3, 2, 1, 1)},
    {"no_overlap", {2, 2, 2}, transposed(1, 2, 2)},
    {"grouped", {4, 5}, transposed(2, 3, 1, 1, 0, 1, 2)},
    {"dilated", {1, 4}, transposed(2, 3, 2, 0, 0, 2)},
    {"cut", {1, 4}, transposed(1, 5, 2, 2, 1)},
    {"one_input", {2, 1}, transposed(2, 4, 1)},
    {"volume", {1, 2, 1, 2}, transposed(1, 2, 1)},
    {"same", {1, 4, 3}, same(transposed(1, 3, 2))},
    {"gaps", {1, 3}, same(transposed(1, 2, 3))},
};

// beta(W, z) of one sample: each input of a group adds its filters to the outputs around it.
Vector apply(const Transposed& c, const Vector& weights, const Vector& z) {
  const Shape output = c.conv.output_shape({&c.input, 1});
  const int axes = c.input.spatial_rank();
  const auto extent = [&](const Extent& e, int axis) { return axis < axes ? e[axis] : 1; };
  const auto size = [&](const Shape& s, int axis) { return axis < axes ? s.spatial(axis) : 1; };
  // Three axes, missing ones behind the others.
  std::array<std::int64_t, 3> taps{};
  std::array<std::int64_t, 3> pad{};
  for (int axis = 0; axis < 3; ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    taps[a] = extent(c.conv.window.kernel, axis);
    if (axis >= axes) continue;
    const std::int64_t span = (taps[a] - 1) * c.conv.window.dilation[axis] + 1;
    pad[a] = c.conv.window.padding.kind == Padding::Kind::same
                 ? std::max<std::int64_t>(span - c.conv.window.stride[axis], 0) / 2
                 : c.conv.window.padding.sizes[axis];
  }
  const std::int64_t filters = c.conv.filters / c.conv.groups;
  const std::int64_t channels = c.input.channels() / c.conv.groups;
  Vector result(static_cast<std::size_t>(output.elements()));
  std::size_t i = 0;
  for (std::int64_t channel = 0; channel < c.input.channels(); ++channel) {
    for (std::int64_t p = 0; p < c.input.positions(); ++p, ++i) {
      const std::array<std::int64_t, 3> from{p / (size(c.input, 1) * size(c.input, 2)),
                                             p / size(c.input, 2) % size(c.input, 1),
                                             p % size(c.input, 2)};
      for (std::int64_t k = 0; k < filters * taps[0] * taps[1] * taps[2]; ++k) {
        std::int64_t rest = k;
        std::array<std::int64_t, 3> to{};
        bool inside = true;
        for (int axis = 2; axis >= 0; --axis) {
          const auto a = static_cast<std::size_t>(axis);
          to[a] = from[a] * extent(c.conv.window.stride, axis) +
                  rest % taps[a] * extent(c.conv.window.dilation, axis) - pad[a];
          inside = inside && to[a] >= 0 && to[a] < size(output, axis);
          rest /= taps[a];
        }
        if (!inside) continue;
        const std::int64_t filter = channel / channels * filters + rest;
        const std::int64_t place =
            ((filter * size(output, 0) + to[0]) * size(output, 1) + to[1]) * size(output, 2) +
            to[2];
        const std::int64_t weight = channel * filters * taps[0] * taps[1] * taps[2] + k;
        result[static_cast<std::size_t>(place)] += weights[static_cast<std::size_t>(weight)] * z[i];
      }
    }
  }
  return result;
}

AffineConstants constants(const Transposed& c, Method method, std::int64_t batch = 1) {
  const Shape output = c.conv.output_shape({&c.input, 1});
  return std::get<AffineConstants>(*c.conv.parts({{&c.input, 1}, output, batch}, method).begin());
}

// sup ||beta(W, z)|| over unit W and z from below: in turns, a better W for z and z for W.
long double ascend(const Transposed& c, Random& random) {
  ConvTransposed unbiased = c.conv;
  unbiased.bias = false;
  const Shape output = c.conv.output_shape({&c.input, 1});
  const auto weights = unbiased.block({{&c.input, 1}, output, 1})->elements;
  Vector w = unit(random.vector(static_cast<std::size_t>(weights)));
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
  long double best = 0;
  for (int i = 0; i < 15; ++i) {
    improve(w, [&](const Vector& v) { return apply(c, v, z); });
    improve(z, [&](const Vector& v) { return apply(c, w, v); });
    best = std::max(best, norm(apply(c, w, z)));
  }
  return best;
}

TEST(ConvTransposed, AscentNeverExceedsTheBilinearConstant) {
  for (const Transposed& c : cases) {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(testing::Message() << c.name << ", seed " << seed);
      Random random(seed);
      const long double found = ascend(c, random);
      const long double sharp = constants(c, Method::sharp).bilinear.value.to_double();
      EXPECT_LE(found, sharp * (1 + 1e-15L));
      EXPECT_GE(found, sharp / 2);
      EXPECT_LE(sharp, constants(c, Method::paper).bilinear.value.to_double());
    }
  }
}

// Without overlap, each output is one product: 1, reached.
TEST(ConvTransposed, DisjointPatchesReachTheBilinearConstant) {
  Random random(5);
  for (const Transposed& c : cases) {
    if (std::string_view(c.name) != "no_overlap" && std::string_view(c.name) != "gaps") continue;
    EXPECT_EQ(constants(c, Method::sharp).bilinear.value, Magnitude::from_count(1));
    EXPECT_TRUE(test::is_near(ascend(c, random), 1, 1e-9L));
  }
}

// Pairs of one output, counted, and the number of outputs.
TEST(ConvTransposed, OverlapAndSizeOfOneAxis) {
  struct Row {
    std::int64_t input, kernel, stride, padding, dilation, output_padding, output, overlap;
  };
  for (const Row& r :
       {Row{4, 4, 2, 1, 1, 0, 8, 2}, Row{4, 3, 2, 1, 1, 1, 8, 2}, Row{7, 2, 2, 0, 1, 0, 14, 1},
        Row{5, 3, 1, 1, 1, 0, 5, 3}, Row{4, 5, 2, 2, 1, 1, 8, 3}, Row{4, 3, 2, 0, 2, 0, 11, 3},
        Row{1, 4, 1, 0, 1, 0, 4, 1}}) {
    const ConvTransposed conv =
        transposed(1, r.kernel, r.stride, r.padding, r.output_padding, r.dilation);
    const Shape input{1, r.input};
    const Shape image{1, r.input, r.input};
    EXPECT_EQ(conv.output_shape({&input, 1}), (Shape{1, r.output}));
    EXPECT_EQ(conv.largest_overlap(input), r.overlap);
    EXPECT_EQ(conv.largest_overlap(image), r.overlap * r.overlap);
  }
}

// With padding: same, stride times as many outputs as inputs: of the span - stride others half,
// rounded down, is taken away before them; none where patches leave gaps.
TEST(ConvTransposed, SamePaddingOfOneAxis) {
  struct Row {
    std::int64_t kernel, stride, dilation, pad_before;
  };
  for (const Row& r : {Row{3, 2, 1, 0}, Row{5, 2, 1, 1}, Row{5, 1, 1, 2}, Row{4, 1, 1, 1},
                       Row{3, 1, 2, 2}, Row{2, 3, 1, 0}, Row{2, 5, 1, 0}, Row{1, 1, 1, 0}}) {
    const ConvTransposed conv = same(transposed(1, r.kernel, r.stride, 0, 0, r.dilation));
    const AxisWindow window = conv.transposed_window({1, 4}, 0);
    EXPECT_EQ(window.input, 4 * r.stride);
    EXPECT_EQ(window.pad_before, r.pad_before) << r.kernel << " by " << r.stride;
  }
}

TEST(ConvTransposed, OverlapEqualsCountsForRandomSettings) {
  Random random(8);
  int tried = 0;
  while (tried < 5000) {
    const std::int64_t n = random.integer(1, 12);
    const std::int64_t kernel = random.integer(1, 7);
    const std::int64_t stride = random.integer(1, 5);
    const std::int64_t dilation = random.integer(1, 4);
    const std::int64_t padding = random.integer(0, 5);
    const std::int64_t behind = random.integer(0, std::max(stride, dilation) - 1);
    const std::int64_t outputs =
        (n - 1) * stride + (kernel - 1) * dilation + 1 + behind - 2 * padding;
    const ConvTransposed conv = transposed(1, kernel, stride, padding, behind, dilation);
    const Shape input{1, n};
    if (outputs < 1) {
      EXPECT_THROW(static_cast<void>(conv.output_shape({&input, 1})), ShapeError);
      continue;
    }
    ++tried;
    std::vector<std::int64_t> pairs(static_cast<std::size_t>(outputs));
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t t = 0; t < kernel; ++t) {
        const std::int64_t o = i * stride + t * dilation - padding;
        if (o >= 0 && o < outputs) ++pairs[static_cast<std::size_t>(o)];
      }
    }
    ASSERT_EQ(conv.output_shape({&input, 1}), (Shape{1, outputs}));
    ASSERT_EQ(conv.largest_overlap(input), *std::ranges::max_element(pairs));
  }
}

TEST(ConvTransposed, ConstantsOfTheBiasAndOfThePaper) {
  for (const Transposed& c : cases) {
    SCOPED_TRACE(c.name);
    const Shape output = c.conv.output_shape({&c.input, 1});
    const AffineConstants b = constants(c, Method::sharp, 5);
    EXPECT_EQ(b.linear_parameters.value,
              square_root(Magnitude::from_count(output.positions() * 5)));
    EXPECT_TRUE(b.linear_input.value.is_zero());
    EXPECT_TRUE(b.offset.value.is_zero());
    EXPECT_EQ(constants(c, Method::paper).bilinear.value,
              square_root(Magnitude::from_count(c.input.positions())));
    Transposed unbiased = c;
    unbiased.conv.bias = false;
    EXPECT_TRUE(constants(unbiased, Method::sharp).linear_parameters.value.is_zero());
    const Site site{{&c.input, 1}, output, 1};
    EXPECT_EQ(c.conv.block(site)->elements, unbiased.conv.block(site)->elements + c.conv.filters);
  }
}

TEST(ConvTransposed, RefusesWhatDoesNotFit) {
  const auto refusal = [](const ConvTransposed& conv, const Shape& shape) {
    try {
      static_cast<void>(conv.output_shape({&shape, 1}));
    } catch (const ShapeError& error) {
      return error.what() + std::string(" | ") + error.hint;
    }
    return std::string("none");
  };
  EXPECT_EQ(refusal(transposed(1, 2, 2), {10}),
            "conv_transposed needs an input with positions, not [10] | [channels, length], "
            "[channels, height, width] or [channels, depth, height, width]");
  EXPECT_EQ(refusal(transposed(1, 2, 2, 0, 0, 1, 2), {4, 4}),
            "2 groups do not divide 4 input channels and 1 filters | groups must divide both");
  EXPECT_EQ(refusal(transposed(1, 3, 1, 2), {1, 2, 2}),
            "padding (2) takes away all 4 positions of the output along the height | use less "
            "padding or a larger kernel");
  EXPECT_EQ(refusal(transposed(1, 3, 2, 1, 2), {1, 4}),
            "output_padding (2) is not smaller than the stride (2) or the dilation (1) along the "
            "length | it chooses among the sizes that a convolution with that stride makes equal");
  EXPECT_EQ(refusal(same(transposed(1, 3, 2, 0, 1)), {1, 4}),
            "output_padding has no place with padding: same | the output has stride times as many "
            "positions as the input");
  ConvTransposed conv = transposed(1, 2, 2);
  conv.inputs = 3;
  EXPECT_EQ(refusal(conv, {4, 4}),
            "conv_transposed declares 3 input channels but gets 4 ([4, 4]) | write inputs: 4, or "
            "leave it out");
  conv.inputs.reset();
  conv.output_padding = {{1, 1}, 3};
  EXPECT_EQ(refusal(conv, {4, 4}),
            "output_padding has 2 numbers, but [4, 4] has 1 spatial axis | give one number for all "
            "axes, or one for each");
}

}  // namespace
}  // namespace smoothbound
