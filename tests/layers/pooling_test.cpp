#include "smoothbound/layers/pooling.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "small_map.hpp"

namespace smoothbound {
namespace {

using test::norm;
using test::only_map;
using test::operator_norm;
using test::patches;
using test::Random;
using test::Vector;

Vector average(const Window& window, const Shape& input, const Vector& z) {
  Vector result;
  for (const auto& patch : patches(window, input)) {
    long double sum = 0;
    for (const auto& position : patch) sum += position ? z[*position] : 0;
    result.push_back(sum / static_cast<long double>(patch.size()));
  }
  return result;
}

Vector windows_maximum(const Window& window, const Shape& input, const Vector& z) {
  Vector result;
  for (const auto& patch : patches(window, input)) {
    long double largest = -INFINITY;
    for (const auto& position : patch) {
      if (position) largest = std::max(largest, z[*position]);
    }
    result.push_back(largest);
  }
  return result;
}

struct Pooled {
  Shape input;
  Extent kernel, stride;
  std::int64_t padding = 0;
  bool disjoint = false;  // patches that neither overlap nor leave the input
};

const std::vector<Pooled> poolings{
    {{1, 8, 8}, Extent::uniform(2), {}, 0, true},
    {{1, 7, 7}, Extent::uniform(3), {}, 0, true},
    {{1, 6, 9}, {{2, 3}, 3}, {}, 0, true},
    {{1, 12}, Extent::uniform(4), {}, 0, true},
    {{1, 8, 8}, Extent::uniform(3), Extent::uniform(2), 0},
    {{1, 7, 6}, Extent::uniform(3), Extent::uniform(1), 1},
    {{1, 11}, Extent::uniform(5), Extent::uniform(2), 2},
    {{1, 10, 5}, {{4, 2}, 3}, {{3, 1}, 3}, 1},
    {{1, 4, 2, 6}, {{2, 1, 3}, 4}, {}, 0, true},
    {{1, 3, 4, 5}, Extent::uniform(2), {{1, 2, 2}, 4}, 1},
};

Window window_of(const Pooled& c) {
  Window window{.kernel = c.kernel, .stride = c.stride, .stride_is_kernel = true};
  if (c.padding != 0) {
    window.padding = {Padding::Kind::explicit_sizes, Extent::uniform(c.padding)};
  }
  return window;
}

std::size_t positions(const Shape& input) { return static_cast<std::size_t>(input.positions()); }

// What there is to say about the patches of both poolings; empty: nothing.
template <class Pool>
std::string complaint(const Window& window, const Shape& input) {
  Pool pool;
  pool.window = window;
  try {
    (void)pool.output_shape({&input, 1});
    return {};
  } catch (const ShapeError& error) {
    return error.what();
  }
}

TEST(Poolings, HaveNoPatchesThatLieInThePadding) {
  int refused = 0;
  for (int axis = 0; axis < 2; ++axis) {
    for (int code = 0; code < 4 * 4 * 4 * 5; ++code) {
      const std::int64_t kernel = 1 + code % 4;
      const std::int64_t stride = 1 + code / 4 % 4;
      const std::int64_t padding = code / 16 % 4;
      const std::int64_t size = 1 + code / 64;
      if (kernel > size + 2 * padding) continue;
      const auto both = [&](std::int64_t along, std::int64_t across) {
        return axis == 0 ? Extent{{along, across}, 3} : Extent{{across, along}, 3};
      };
      const Shape input = axis == 0 ? Shape{1, size, 1} : Shape{1, 1, size};
      const Window window{.kernel = both(kernel, 1),
                          .stride = both(stride, 1),
                          .padding = {Padding::Kind::explicit_sizes, both(padding, 0)}};
      const auto all = patches(window, input);
      const bool has_bad_patch = std::ranges::any_of(all, [](const auto& patch) {
        return std::ranges::none_of(patch, [](const auto& place) { return place.has_value(); });
      });
      const auto expected = [&](std::string_view name) {
        if (!has_bad_patch) return std::string();
        return fmt::format(
            "the first patch of {} lies in the padding ({}), as the kernel is {} "
            "along the {}",
            name, padding, kernel, axis == 0 ? "height" : "width");
      };
      EXPECT_EQ(complaint<MaxPool>(window, input), expected("max_pool"));
      EXPECT_EQ(complaint<AveragePool>(window, input), expected("average_pool"));
      refused += has_bad_patch ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(AveragePool, OperatorNormIsWithinTheConstantAndReachesItWithoutOverlap) {
  Random random(7);
  for (const Pooled& c : poolings) {
    SCOPED_TRACE(c.input.to_text());
    AveragePool pool;
    pool.window = window_of(c);
    const Shape output = pool.output_shape({&c.input, 1});
    EXPECT_EQ(static_cast<std::size_t>(output.positions()), patches(pool.window, c.input).size());
    const Site site{{&c.input, 1}, output, 3};
    const long double exact =
        operator_norm([&](const Vector& z) { return average(pool.window, c.input, z); },
                      positions(c.input), random);
    const MapConstants a = only_map(pool.parts(site, Method::sharp));
    EXPECT_LE(exact, a.lipschitz.value.to_double() * (1 + 1e-15L));
    EXPECT_LE(a.lipschitz.value.to_double(), 1.6L * exact);  // at these sizes
    if (c.disjoint) {
      EXPECT_TRUE(test::is_near(exact, a.lipschitz.value.to_double(), 1e-12L));
    }
    EXPECT_EQ(a.slope_at_zero.value, a.lipschitz.value);
    EXPECT_TRUE(a.smoothness.value.is_zero());
    EXPECT_TRUE(a.at_zero.value.is_zero());
    EXPECT_TRUE(a.bound.value.is_infinite());
    EXPECT_EQ(only_map(pool.parts(site, Method::paper)).lipschitz.value, Magnitude::from_count(1));
  }
}

TEST(MaxPool, DifferencesAreWithinTheConstantAndReachItWhereOneInputWins) {
  Random random(8);
  for (const Pooled& c : poolings) {
    SCOPED_TRACE(c.input.to_text());
    MaxPool pool;
    pool.window = window_of(c);
    const Site site{{&c.input, 1}, pool.output_shape({&c.input, 1}), 1};
    const MapConstants a = only_map(pool.parts(site, Method::sharp));
    EXPECT_EQ(a.lipschitz.value, only_map(pool.parts(site, Method::paper)).lipschitz.value);
    EXPECT_TRUE(a.smoothness.value.is_infinite());
    EXPECT_NE(a.smoothness.source.find("kinks"), std::string_view::npos);
    EXPECT_TRUE(a.at_zero.value.is_zero());
    const auto ratio = [&](const Vector& x, const Vector& step) {
      const Vector y = windows_maximum(pool.window, c.input, x);
      const Vector z = windows_maximum(pool.window, c.input, test::along(x, 1, step));
      return norm(test::along(y, -1, z)) / norm(step);
    };
    long double best = 0;
    for (std::size_t i = 0; i < positions(c.input); ++i) {
      for (const long double size : {0.01L, 1.0L, 10.0L}) {
        best = std::max(best, ratio(random.vector(positions(c.input)),
                                    test::scaled(random.vector(positions(c.input)), size)));
      }
      Vector peak(positions(c.input));
      peak[i] = 5;  // wins in every patch that contains it, before and after
      best = std::max(best, ratio(peak, peak));
    }
    EXPECT_LE(best, a.lipschitz.value.to_double() * (1 + 1e-15L));
    EXPECT_TRUE(test::is_near(best, a.lipschitz.value.to_double(), 1e-12L));
  }
}

TEST(GlobalAveragePool, NormIsExact) {
  Random random(9);
  const Shape input{3, 5, 2};
  const GlobalAveragePool pool;
  EXPECT_EQ(pool.output_shape({&input, 1}), Shape{3});
  const Shape output{3};
  const Site site{{&input, 1}, output, 2};
  const long double exact = operator_norm(
      [&](const Vector& z) {
        Vector means(3);
        for (std::size_t i = 0; i < z.size(); ++i) means[i / 10] += z[i] / 10;
        return means;
      },
      30, random);
  const MapConstants a = only_map(pool.parts(site, Method::sharp));
  EXPECT_TRUE(test::is_near(exact, a.lipschitz.value.to_double(), 1e-12L));
  EXPECT_EQ(a.slope_at_zero.value, a.lipschitz.value);
  EXPECT_EQ(only_map(pool.parts(site, Method::paper)).lipschitz.value, Magnitude::from_count(1));
}

// Products over the axes; one value for both methods, as it may exceed 1.
TEST(AveragePool, WithOtherDivisorsHasTheProductOfItsAxes) {
  const Shape input{2, 7, 6};
  AveragePool pool;
  pool.window = {.kernel = Extent::uniform(3),
                 .stride = Extent::uniform(2),
                 .padding = {Padding::Kind::explicit_sizes, {{1, 0}, 3}},
                 .ceil = true};
  const Site site{{&input, 1}, pool.output_shape({&input, 1}), 3};
  EXPECT_EQ(site.output, (Shape{2, 4, 3}));
  const MapConstants a = only_map(pool.parts(site, Method::sharp));
  EXPECT_NEAR(a.lipschitz.value.to_double(), std::sqrt(2.0 / 3 * (1.0 / 3 + 1.0 / 2)), 1e-15);
  EXPECT_EQ(a.lipschitz.value, only_map(pool.parts(site, Method::paper)).lipschitz.value);
  EXPECT_EQ(a.slope_at_zero.value, a.lipschitz.value);
  EXPECT_TRUE(a.smoothness.value.is_zero());
  pool.count_padding = false;
  EXPECT_NEAR(only_map(pool.parts(site, Method::sharp)).lipschitz.value.to_double(),
              std::sqrt((1.0 / 2 + 1.0 / 3) * (1.0 / 3 + 1.0 / 2)), 1e-15);
}

TEST(AdaptiveAveragePool, HasTheShapeAskedForAndTheProductOfItsAxes) {
  const Shape input{2, 7, 3, 6};
  AdaptiveAveragePool pool;
  pool.output = {{3, 5, 2}, 4};
  const Site site{{&input, 1}, pool.output_shape({&input, 1}), 3};
  EXPECT_EQ(site.output, (Shape{2, 3, 5, 2}));
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = only_map(pool.parts(site, method));
    EXPECT_NEAR(a.lipschitz.value.to_double(), std::sqrt(2.0 / 3 * 2 / 3), 1e-15);
    EXPECT_EQ(a.slope_at_zero.value, a.lipschitz.value);
    EXPECT_TRUE(a.at_zero.value.is_zero());
  }
  // Whole patches: their mean.
  const Shape even{1, 8, 6};
  pool.output = {{2, 3}, 3};
  EXPECT_EQ(only_map(pool.parts({{&even, 1}, pool.output_shape({&even, 1}), 1}, Method::sharp))
                .lipschitz.value,
            square_root(Magnitude::from_count(1) / LowerBound::from_count(8)));
  const Shape line{1, 4};
  EXPECT_THROW(static_cast<void>(pool.output_shape({&line, 1})), ShapeError);
}

TEST(GlobalMaxPool, CopiesOneInputOfEachChannel) {
  const Shape input{3, 5, 2};
  const GlobalMaxPool pool;
  const Shape output = pool.output_shape({&input, 1});
  EXPECT_EQ(output, Shape{3});
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = only_map(pool.parts({{&input, 1}, output, 2}, method));
    EXPECT_EQ(a.lipschitz.value, Magnitude::from_count(1));
    EXPECT_TRUE(a.smoothness.value.is_infinite());
    EXPECT_EQ(a.smoothness.source, "global_max_pool has kinks");
    EXPECT_EQ(a.smoothness.remedy, Remedy::average_for_global_max_pool);
    EXPECT_TRUE(a.at_zero.value.is_zero());
  }
  EXPECT_TRUE(pool.smooth_form(Real{}).has_value());
}

TEST(Pooling, NeedsPositions) {
  const Shape flat{10};
  EXPECT_THROW(static_cast<void>(AveragePool{}.output_shape({&flat, 1})), ShapeError);
  EXPECT_THROW(static_cast<void>(MaxPool{}.output_shape({&flat, 1})), ShapeError);
  EXPECT_THROW(static_cast<void>(GlobalAveragePool{}.output_shape({&flat, 1})), ShapeError);
  EXPECT_THROW(static_cast<void>(GlobalMaxPool{}.output_shape({&flat, 1})), ShapeError);
  EXPECT_THROW(static_cast<void>(AdaptiveAveragePool{}.output_shape({&flat, 1})), ShapeError);
}

}  // namespace
}  // namespace smoothbound
