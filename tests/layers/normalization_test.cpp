#include "smoothbound/layers/normalization.hpp"

#include <gtest/gtest.h>

#include <string>

#include "numeric.hpp"

namespace smoothbound {
namespace {

constexpr long double above = 1 + 1e-15L;  // of the evaluation

using test::along;
using test::climb;
using test::dot;
using test::is_near;
using test::norm;
using test::only_map;
using test::Random;
using test::scaled;
using test::unit;
using test::Vector;

// The groups that a normalization of a batch of samples forms: indices into the stacked batch,
// sample after sample, channels first.
using Groups = std::vector<std::vector<std::size_t>>;

struct Normalized {
  std::string name;
  Groups groups;
  bool centred = true;
  Shape shape;
  std::int64_t batch;
  std::function<Parts(const Site&, Method, Real)> parts;
};

Groups groups_of(const Shape& shape, std::int64_t batch,
                 const std::function<std::size_t(std::size_t sample, std::size_t channel,
                                                 std::size_t position)>& group) {
  Groups groups;
  std::size_t index = 0;
  for (std::size_t s = 0; s < static_cast<std::size_t>(batch); ++s) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels()); ++c) {
      for (std::size_t p = 0; p < static_cast<std::size_t>(shape.positions()); ++p) {
        const std::size_t g = group(s, c, p);
        if (groups.size() <= g) groups.resize(g + 1);
        groups[g].push_back(index++);
      }
    }
  }
  return groups;
}

std::vector<Normalized> normalizations() {
  const auto batch_norm = [](std::size_t per) {
    return [per](const Site& site, Method method, Real epsilon) {
      BatchNorm component;
      component.per = per;
      component.epsilon = epsilon;
      return component.parts(site, method);
    };
  };
  const Shape image{2, 2, 1};
  return {
      {"per_element", groups_of(image, 4, [](auto, auto c, auto p) { return 2 * c + p; }), true,
       image, 4, batch_norm(0)},
      {"per_channel", groups_of(image, 3, [](auto, auto c, auto) { return c; }), true, image, 3,
       batch_norm(1)},
      {"layer", groups_of(image, 2, [](auto s, auto, auto) { return s; }), true, image, 2,
       [](const Site& site, Method method, Real epsilon) {
         LayerNorm component;
         component.epsilon = epsilon;
         return component.parts(site, method);
       }},
      {"group",
       groups_of({4, 2}, 2, [](auto s, auto c, auto) { return 2 * s + c / 2; }),
       true,
       {4, 2},
       2,
       [](const Site& site, Method method, Real epsilon) {
         GroupNorm component;
         component.groups = 2;
         component.epsilon = epsilon;
         return component.parts(site, method);
       }},
      {"layer_per_position", groups_of(image, 2, [](auto s, auto, auto p) { return 2 * s + p; }),
       true, image, 2,
       [](const Site& site, Method method, Real epsilon) {
         LayerNorm component;
         component.per = 1;
         component.epsilon = epsilon;
         return component.parts(site, method);
       }},
      {"instance", groups_of(image, 2, [](auto s, auto c, auto) { return 2 * s + c; }), true, image,
       2,
       [](const Site& site, Method method, Real epsilon) {
         InstanceNorm component;
         component.epsilon = epsilon;
         return component.parts(site, method);
       }},
      {"rms_per_position", groups_of(image, 2, [](auto s, auto, auto p) { return 2 * s + p; }),
       false, image, 2,
       [](const Site& site, Method method, Real epsilon) {
         RmsNorm component;
         component.per = 1;
         component.epsilon = epsilon;
         return component.parts(site, method);
       }},
      {"rms",
       groups_of({5}, 2, [](auto s, auto, auto) { return s; }),
       false,
       {5},
       2,
       [](const Site& site, Method method, Real epsilon) {
         RmsNorm component;
         component.epsilon = epsilon;
         return component.parts(site, method);
       }},
  };
}

// The map along x + t u up to order two in t: y(t) = y0 + y1 t + y2 t^2 / 2.
struct Expansion {
  Vector value, first, second;
};

Expansion expand(const Normalized& c, const Vector& x, const Vector& u, long double epsilon) {
  Expansion y{Vector(x.size()), Vector(x.size()), Vector(x.size())};
  for (const auto& group : c.groups) {
    const auto n = static_cast<long double>(group.size());
    Vector a;
    Vector b;
    for (const std::size_t i : group) {
      a.push_back(x[i]);
      b.push_back(u[i]);
    }
    for (Vector* v : {&a, &b}) {
      long double mean = 0;
      for (const long double entry : *v) mean += entry / n;
      if (c.centred) {
        for (long double& entry : *v) entry -= mean;
      }
    }
    // z / sqrt(|z|^2 / n + epsilon) along z = a + t b
    const long double f2 = dot(a, a) / n + epsilon;
    const long double f = std::sqrt(f2);
    const long double ab = dot(a, b) / n;
    const long double bb = dot(b, b) / n;
    const long double r0 = 1 / f;
    const long double r1 = -ab / (f2 * f);
    const long double r2 = -bb / (f2 * f) + 3 * ab * ab / (f2 * f2 * f);
    for (std::size_t k = 0; k < group.size(); ++k) {
      y.value[group[k]] = a[k] * r0;
      y.first[group[k]] = b[k] * r0 + a[k] * r1;
      y.second[group[k]] = 2 * b[k] * r1 + a[k] * r2;
    }
  }
  return y;
}

class NormalizationTest : public testing::TestWithParam<Normalized> {
 protected:
  [[nodiscard]] MapConstants constants(Method method, const char* epsilon) const {
    const Normalized& c = GetParam();
    return only_map(
        c.parts({{&c.shape, 1}, c.shape, c.batch}, method, Real::from_decimal(epsilon)));
  }
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(GetParam().shape.elements() * GetParam().batch);
  }
  [[nodiscard]] std::size_t group_size() const { return GetParam().groups.front().size(); }
};

INSTANTIATE_TEST_SUITE_P(All, NormalizationTest, testing::ValuesIn(normalizations()),
                         [](const auto& c) { return c.param.name; });

// The expansion itself, which the searches rest on.
TEST_P(NormalizationTest, ExpansionAgreesWithDifferences) {
  Random random(1);
  const Vector x = random.vector(size());
  const Vector u = random.vector(size());
  const long double h = 1e-4L;
  const auto value = [&](long double t) {
    return expand(GetParam(), along(x, t, u), u, 0.3L).value;
  };
  const Expansion y = expand(GetParam(), x, u, 0.3L);
  for (std::size_t i = 0; i < size(); ++i) {
    EXPECT_TRUE(is_near(y.first[i], (value(h)[i] - value(-h)[i]) / (2 * h), 1e-6L));
    EXPECT_TRUE(
        is_near(y.second[i], (value(h)[i] - 2 * y.value[i] + value(-h)[i]) / (h * h), 1e-6L));
  }
}

TEST_P(NormalizationTest, AscentNeverExceedsTheConstants) {
  for (const char* epsilon : {"1e-5", "0.3", "100"}) {
    SCOPED_TRACE(epsilon);
    const long double eps = std::stold(epsilon);
    const long double size_of_x = std::sqrt(eps * static_cast<long double>(group_size()));
    for (const Method method : {Method::paper, Method::sharp}) {
      const MapConstants a = constants(method, epsilon);
      for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        // (x; u): the point in the scale where the map bends, and the direction.
        const auto split = [&](const Vector& xu, auto&& score) {
          const auto half = static_cast<std::ptrdiff_t>(size());
          const Vector x = scaled(Vector(xu.begin(), xu.begin() + half), size_of_x);
          const Vector u = unit(Vector(xu.begin() + half, xu.end()));
          return score(expand(GetParam(), x, u, eps));
        };
        const Vector start = scaled(random.vector(2 * size()), seed % 2 == 0 ? 1.0L : 0.3L);
        const auto first = [&](const Vector& xu) {
          return split(xu, [](const Expansion& y) { return norm(y.first); });
        };
        const auto second = [&](const Vector& xu) {
          return split(xu, [](const Expansion& y) { return norm(y.second); });
        };
        const auto value = [&](const Vector& xu) {
          return split(xu, [](const Expansion& y) { return norm(y.value); });
        };
        EXPECT_LE(climb(first, start, random, 1500), a.lipschitz.value.to_double() * above);
        EXPECT_LE(climb(second, start, random, 1500), a.smoothness.value.to_double() * above);
        EXPECT_LE(climb(value, start, random, 300), a.bound.value.to_double() * above);
      }
    }
  }
}

// A direction that sums to zero in every group.
Vector balanced(const Normalized& c, std::size_t size) {
  Vector u(size);
  const auto& group = c.groups.front();
  u[group[0]] = 1;
  u[group[1]] = -1;
  return unit(u);
}

TEST_P(NormalizationTest, SharpConstantsAreReached) {
  for (const char* epsilon : {"1e-5", "0.3", "100"}) {
    SCOPED_TRACE(epsilon);
    const long double eps = std::stold(epsilon);
    const MapConstants a = constants(Method::sharp, epsilon);
    const Vector u = balanced(GetParam(), size());
    const Expansion at_zero = expand(GetParam(), Vector(size()), u, eps);
    EXPECT_TRUE(is_near(norm(at_zero.first) / a.lipschitz.value.to_double(), 1, 1e-12L));
    EXPECT_TRUE(is_near(norm(at_zero.first) / a.slope_at_zero.value.to_double(), 1, 1e-12L));
    EXPECT_EQ(norm(at_zero.value), 0);
    EXPECT_TRUE(a.at_zero.value.is_zero());
    // |x| = sqrt(g eps) / 2, along x itself
    const Vector x = scaled(u, std::sqrt(static_cast<long double>(group_size()) * eps) / 2);
    const Expansion extremal = expand(GetParam(), x, u, eps);
    EXPECT_TRUE(is_near(norm(extremal.second) / a.smoothness.value.to_double(), 1, 1e-12L));
    Random random(3);
    const Vector far = scaled(random.vector(size()), 1e6L * std::sqrt(eps));
    EXPECT_TRUE(
        is_near(norm(expand(GetParam(), far, u, eps).value) / a.bound.value.to_double(), 1, 1e-6L));
  }
}

TEST_P(NormalizationTest, PaperConstantsFollowItsFormulas) {
  const MapConstants a = constants(Method::paper, "0.25");
  const double scalars = static_cast<double>(size());
  const double group = static_cast<double>(group_size());
  EXPECT_DOUBLE_EQ(a.bound.value.to_double(), scalars);                    // d m
  EXPECT_DOUBLE_EQ(a.lipschitz.value.to_double(), 4);                      // 2 / sqrt(epsilon)
  EXPECT_DOUBLE_EQ(a.smoothness.value.to_double(), 8 / std::sqrt(group));  // 2 / (sqrt(m) epsilon)
  EXPECT_DOUBLE_EQ(a.slope_at_zero.value.to_double(), 2);
  EXPECT_TRUE(a.at_zero.value.is_zero());
}

TEST_P(NormalizationTest, EpsilonZeroIsInfiniteWithAReason) {
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = constants(method, "0");
    for (const Constant* constant : {&a.lipschitz, &a.smoothness, &a.slope_at_zero}) {
      EXPECT_TRUE(constant->value.is_infinite());
      EXPECT_NE(constant->source.find("epsilon is 0"), std::string_view::npos);
    }
    EXPECT_TRUE(a.bound.value.is_finite());
  }
}

// Scale and shift: how many, how often each shift is repeated, and which comes first.
template <class Norm>
void expect_affine(Norm component, std::int64_t features, std::int64_t repeats) {
  const Shape shape{6, 2, 5};
  const Site site{{&shape, 1}, shape, 7};
  EXPECT_FALSE(component.block(site));
  component.affine.learnable = true;
  EXPECT_EQ(component.block(site)->elements, 2 * features);
  EXPECT_FALSE(component.block(site)->radius);
  const Parts parts = component.parts(site, Method::sharp);
  ASSERT_EQ(parts.end() - parts.begin(), 2);
  EXPECT_TRUE(std::holds_alternative<MapConstants>(*parts.begin()));
  const auto& scale = std::get<AffineConstants>(*(parts.begin() + 1));
  EXPECT_EQ(scale.bilinear.value, Magnitude::from_count(1));
  EXPECT_EQ(scale.linear_parameters.value, square_root(Magnitude::from_count(repeats)));
  EXPECT_TRUE(scale.linear_input.value.is_zero());
  EXPECT_TRUE(scale.offset.value.is_zero());

  component.affine.shift = false;
  component.affine.radius = Real::from_decimal("2");
  EXPECT_EQ(component.block(site)->elements, features);
  EXPECT_EQ(component.block(site)->radius->upper, Magnitude::from_count(2));
  const Parts without_shift = component.parts(site, Method::paper);
  const auto& only_scale = std::get<AffineConstants>(*(without_shift.begin() + 1));
  EXPECT_TRUE(only_scale.linear_parameters.value.is_zero());
  EXPECT_EQ(only_scale.bilinear.value, Magnitude::from_count(1));

  component.affine.scale = false;
  EXPECT_THROW(static_cast<void>(component.output_shape({&shape, 1})), ShapeError);
  component.affine.shift = true;
  EXPECT_EQ(component.output_shape({&shape, 1}), shape);
  EXPECT_EQ(component.block(site)->elements, features);
  const Parts without_scale = component.parts(site, Method::sharp);
  const auto& only_shift = std::get<AffineConstants>(*(without_scale.begin() + 1));
  EXPECT_TRUE(only_shift.bilinear.value.is_zero());
  EXPECT_EQ(only_shift.linear_input.value, Magnitude::from_count(1));
  EXPECT_EQ(only_shift.linear_parameters.value, scale.linear_parameters.value);
  EXPECT_TRUE(only_shift.offset.value.is_zero());
}

TEST(Normalization, AffinePartOfEachKind) {
  BatchNorm per_element;
  per_element.per = 0;
  BatchNorm per_channel;
  per_channel.per = 1;
  GroupNorm group;
  group.groups = 3;
  expect_affine(per_element, 60, 7);
  expect_affine(per_channel, 6, 70);
  expect_affine(LayerNorm{}, 60, 7);
  expect_affine(group, 6, 70);
  expect_affine(RmsNorm{}, 60, 7);
  expect_affine(InstanceNorm{}, 6, 70);
  LayerNorm layer_per_position;
  layer_per_position.per = 1;
  expect_affine(layer_per_position, 6, 70);
  RmsNorm rms_per_position;
  rms_per_position.per = 1;
  expect_affine(rms_per_position, 6, 70);
}

TEST(Normalization, InstanceNormIsGroupNormWithAGroupForEachChannel) {
  const Shape shape{4, 3, 2};
  const Site site{{&shape, 1}, shape, 5};
  InstanceNorm instance;
  GroupNorm group;
  group.groups = 4;
  instance.affine.learnable = group.affine.learnable = true;
  for (const Method method : {Method::paper, Method::sharp}) {
    const Parts a = instance.parts(site, method);
    const Parts b = group.parts(site, method);
    const auto& x = std::get<MapConstants>(*a.begin());
    const auto& y = std::get<MapConstants>(*b.begin());
    EXPECT_EQ(x.bound.value, y.bound.value);
    EXPECT_EQ(x.lipschitz.value, y.lipschitz.value);
    EXPECT_EQ(x.smoothness.value, y.smoothness.value);
    EXPECT_EQ(std::get<AffineConstants>(*(a.begin() + 1)).linear_parameters.value,
              std::get<AffineConstants>(*(b.begin() + 1)).linear_parameters.value);
  }
  EXPECT_EQ(instance.work(site).forward, group.work(site).forward);
  EXPECT_EQ(instance.block(site)->elements, group.block(site)->elements);
  const Shape flat{4};
  EXPECT_THROW(static_cast<void>(instance.output_shape({&flat, 1})), ShapeError);
}

std::vector<SignedReal> signed_reals(std::initializer_list<const char*> literals) {
  std::vector<SignedReal> all;
  for (const std::string literal : literals) {
    const bool negative = literal.front() == '-';
    all.push_back({Real::from_decimal(literal.substr(negative ? 1 : 0)), negative});
  }
  return all;
}

// (z - mean) / sqrt(variance + 0.75): slopes 1, 1/2 and 2/3 for three channels of two positions.
TEST(Normalization, FixedStatisticsAreAnAffineMap) {
  const Shape shape{3, 2};
  const Site site{{&shape, 1}, shape, 5};
  BatchNorm norm;
  norm.epsilon = Real::from_decimal("0.75");
  norm.statistics = 1;
  EXPECT_TRUE(norm.lacks_fixed());
  EXPECT_FALSE(norm.couples_samples());
  EXPECT_TRUE(only_map(norm.parts(site, Method::sharp)).lipschitz.value.is_infinite());
  norm.mean = signed_reals({"1", "-2", "0"});
  norm.variance = signed_reals({"0.25", "3.25", "1.5"});
  EXPECT_EQ(norm.output_shape({&shape, 1}), shape);
  EXPECT_FALSE(norm.lacks_fixed());
  EXPECT_FALSE(norm.couples_samples());
  const FixedStatistics statistics = norm.fixed_statistics(shape);
  EXPECT_EQ(statistics.mean, (std::vector<double>{1, -2, 0}));
  EXPECT_EQ(statistics.variance, (std::vector<double>{0.25, 3.25, 1.5}));
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = only_map(norm.parts(site, method));
    EXPECT_EQ(a.lipschitz.value, Magnitude::from_count(1));
    EXPECT_EQ(a.slope_at_zero.value, Magnitude::from_count(1));
    EXPECT_TRUE(a.smoothness.value.is_zero());
    EXPECT_TRUE(a.bound.value.is_infinite());
    // (1 + 4/4) of each of ten positions of the batch
    EXPECT_EQ(a.at_zero.value, square_root(Magnitude::from_count(20)));
    EXPECT_EQ(norm.work(site).forward, Magnitude::from_count(30));
  }
  // One number for all.
  norm.mean = signed_reals({"-0.5"});
  norm.variance = signed_reals({"0.25"});
  const MapConstants all = only_map(norm.parts(site, Method::sharp));
  EXPECT_EQ(all.at_zero.value, square_root(Magnitude::from_double(0.25 * 30)));
  EXPECT_EQ(norm.fixed_statistics(shape).mean, (std::vector<double>{-0.5, -0.5, -0.5}));
  norm.variance = signed_reals({"0.25", "3.25", "0.25"});
  EXPECT_EQ(only_map(norm.parts(site, Method::sharp)).at_zero.value,
            square_root(Magnitude::from_count(10) * Magnitude::from_double(0.25 * 2.25)));
  // Given from outside, these come before the file's.
  norm.fixed =
      std::make_shared<const FixedStatistics>(FixedStatistics{{2, 0, 0}, {3.25, 15.25, 15.25}});
  const MapConstants given = only_map(norm.parts(site, Method::sharp));
  EXPECT_EQ(given.lipschitz.value, Magnitude::from_double(0.5));
  EXPECT_EQ(given.at_zero.value, square_root(Magnitude::from_count(10)));
}

TEST(Normalization, OnlyBatchNormCouplesSamples) {
  EXPECT_TRUE(BatchNorm{}.couples_samples());
  EXPECT_FALSE(LayerNorm{}.couples_samples());
  EXPECT_FALSE(GroupNorm{}.couples_samples());
  EXPECT_FALSE(RmsNorm{}.couples_samples());
}

TEST(Normalization, GroupsMustDivideTheChannels) {
  const Shape shape{6, 2};
  GroupNorm component;
  component.groups = 4;
  EXPECT_THROW(static_cast<void>(component.output_shape({&shape, 1})), ShapeError);
  component.groups = 3;
  EXPECT_EQ(component.output_shape({&shape, 1}), shape);
}

}  // namespace
}  // namespace smoothbound
