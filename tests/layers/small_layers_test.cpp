// Dense, merges, opaque layers and the catalogue.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "numeric.hpp"
#include "smoothbound/layers/composite.hpp"

namespace smoothbound {
namespace {

using ::testing::HasSubstr;

std::string refusal(const Component& component, const std::vector<Shape>& shapes) {
  try {
    std::visit([&](const auto& c) { static_cast<void>(c.output_shape(shapes)); }, component);
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "none";
}

Shape shape_of(const Component& component, const std::vector<Shape>& shapes) {
  return std::visit([&](const auto& c) { return c.output_shape(shapes); }, component);
}

TEST(Dense, FlattensAndCounts) {
  Dense dense;
  dense.units = 10;
  const Shape input{3, 4, 5};
  const Shape output = dense.output_shape({&input, 1});
  EXPECT_EQ(output, Shape{10});
  const Site site{{&input, 1}, output, 16};
  EXPECT_EQ(dense.block(site)->elements, 610);
  for (const Method method : {Method::paper, Method::sharp}) {
    const auto b = std::get<AffineConstants>(*dense.parts(site, method).begin());
    EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
    EXPECT_EQ(b.linear_parameters.value, Magnitude::from_count(4));
    EXPECT_TRUE(b.linear_input.value.is_zero());
    EXPECT_TRUE(b.offset.value.is_zero());
  }
  dense.bias = false;
  EXPECT_EQ(dense.block(site)->elements, 600);
  EXPECT_FALSE(dense.block(site)->radius);
  EXPECT_TRUE(std::get<AffineConstants>(*dense.parts(site, Method::sharp).begin())
                  .linear_parameters.value.is_zero());
  EXPECT_FALSE(dense.couples_samples());
}

// ||W^T Z||_F <= ||W||_F ||Z||_F, with equality for matrices of rank one.
TEST(Dense, BilinearConstantIsReachedByRankOne) {
  test::Random random(11);
  const auto product_norm = [](const test::Vector& w, const test::Vector& z) {  // 3 x 2, 3 x 4
    test::Vector result(8);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        for (std::size_t k = 0; k < 3; ++k) result[i * 4 + j] += w[k * 2 + i] * z[k * 4 + j];
      }
    }
    return test::norm(result);
  };
  for (int i = 0; i < 200; ++i) {
    EXPECT_LE(product_norm(test::unit(random.vector(6)), test::unit(random.vector(12))), 1);
  }
  test::Vector w(6);
  test::Vector z(12);
  w[0] = z[0] = 1;
  EXPECT_EQ(product_norm(w, z), 1);
}

// A convolution of single positions, in any arrangement.
TEST(Dense, PerPositionActsOnChannels) {
  Dense dense;
  dense.units = 10;
  dense.per = 1;
  dense.inputs = 3;
  const Shape input{3, 4, 5};
  const Shape output = dense.output_shape({&input, 1});
  EXPECT_EQ(output, (Shape{10, 4, 5}));
  const Site site{{&input, 1}, output, 5};
  EXPECT_EQ(dense.block(site)->elements, 40);
  for (const Method method : {Method::paper, Method::sharp}) {
    const auto b = std::get<AffineConstants>(*dense.parts(site, method).begin());
    EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
    EXPECT_EQ(b.linear_parameters.value, Magnitude::from_count(10));
  }
  EXPECT_EQ(shape_of(dense, {{3}}), Shape{10});
  EXPECT_EQ(refusal(dense, {{4, 3}}), "dense declares 3 inputs but gets 4 ([4, 3])");
}

TEST(Dense, DeclaredFanInIsChecked) {
  Dense dense;
  dense.inputs = 7;
  EXPECT_EQ(refusal(dense, {{3, 2}}), "dense declares 7 inputs but gets 6 ([3, 2])");
  dense.inputs = 6;
  EXPECT_EQ(refusal(dense, {{3, 2}}), "none");
}

TEST(Dense, ParametersAreCountedWithChecks) {
  Dense dense;
  dense.units = std::int64_t{1} << 62;
  const Shape input{3};
  const Shape output{dense.units};
  EXPECT_THROW(static_cast<void>(dense.block({{&input, 1}, output, 1})), ShapeError);
}

TEST(Merge, Shapes) {
  EXPECT_EQ(shape_of(Add{}, {{4, 3}, {4, 3}}), (Shape{4, 3}));
  EXPECT_EQ(shape_of(Multiply{}, {{4}, {4}, {4}}), (Shape{4}));
  EXPECT_EQ(shape_of(Multiply{}, {{4, 3, 2}, {4}}), (Shape{4, 3, 2}));
  EXPECT_EQ(shape_of(Multiply{}, {{4}, {1, 3, 2}}), (Shape{4, 3, 2}));
  EXPECT_EQ(shape_of(Multiply{}, {{1}, {4, 1, 2}, {1, 3, 1}}), (Shape{4, 3, 2}));
  EXPECT_EQ(shape_of(Concat{}, {{4, 3, 2}, {5, 3, 2}, {1, 3, 2}}), (Shape{10, 3, 2}));
  EXPECT_EQ(shape_of(Concat{}, {{4}, {7}}), (Shape{11}));
}

TEST(Merge, RefusesUnequalShapes) {
  EXPECT_EQ(refusal(Add{}, {{4, 3}, {4, 2}}), "add needs equal shapes");
  EXPECT_EQ(refusal(Add{}, {{12}, {4, 3}}), "add needs equal shapes");
  const std::string unequal = "multiply needs shapes that are equal, or 1 where they differ";
  EXPECT_EQ(refusal(Multiply{}, {{4}, {5}}), unequal);
  EXPECT_EQ(refusal(Multiply{}, {{4, 3, 2}, {4, 3}}), unequal);
  EXPECT_EQ(refusal(Multiply{}, {{4, 3, 2}, {4}, {1, 3, 1}, {4, 3, 3}}), unequal);
  EXPECT_EQ(refusal(Concat{}, {{4, 3}, {4, 2}}), "concat needs equal sizes but for the channels");
  EXPECT_EQ(refusal(Concat{}, {{4, 3}, {4}}), "concat needs equal sizes but for the channels");
  const std::int64_t half = std::int64_t{1} << 62;
  EXPECT_THAT(refusal(Concat{}, {{half}, {half}}), HasSubstr("exceeds 2^63 - 1"));
}

MatMul matmul(std::size_t transpose) {
  MatMul product;
  product.transpose = transpose;
  return product;
}

// 2 x 3 by 3 x 4, of which none, the first or the second is given transposed, and stacks of 5.
TEST(MatMul, Shapes) {
  EXPECT_EQ(shape_of(matmul(0), {{2, 3}, {3, 4}}), (Shape{2, 4}));
  EXPECT_EQ(shape_of(matmul(1), {{3, 2}, {3, 4}}), (Shape{2, 4}));
  EXPECT_EQ(shape_of(matmul(2), {{2, 3}, {4, 3}}), (Shape{2, 4}));
  EXPECT_EQ(shape_of(matmul(0), {{5, 2, 3}, {5, 3, 4}}), (Shape{5, 2, 4}));
  EXPECT_EQ(shape_of(matmul(1), {{5, 3, 2}, {5, 3, 4}}), (Shape{5, 2, 4}));
  EXPECT_EQ(shape_of(matmul(2), {{5, 2, 3}, {5, 4, 3}}), (Shape{5, 2, 4}));
}

// The scale costs a product for each of the 5 * 2 * 4 entries of 7 samples, and each of these has
// 3 products of two factors.
TEST(MatMul, Work) {
  const std::vector<Shape> shapes{{5, 2, 3}, {5, 3, 4}};
  const Work work = matmul(0).work({shapes, {5, 2, 4}, 7});
  EXPECT_EQ(work.forward, Magnitude::from_count(7 * 40 * (3 + 1)));
  EXPECT_EQ(work.backward_input, work.forward);
  EXPECT_EQ(work.sparsity.map, Magnitude::from_count(7 * 40 * 3 * 2));
}

TEST(MatMul, RefusesWhatDoesNotFit) {
  const std::string matrices = "it takes two matrices, or two stacks of them";
  EXPECT_EQ(refusal(matmul(0), {{3}, {3}}), "matmul of [3] and [3]: " + matrices);
  EXPECT_EQ(refusal(matmul(0), {{2, 3}, {3}}), "matmul of [2, 3] and [3]: " + matrices);
  EXPECT_EQ(refusal(matmul(0), {{2, 3}, {5, 3, 4}}), "matmul of [2, 3] and [5, 3, 4]: " + matrices);
  EXPECT_EQ(refusal(matmul(0), {{1, 5, 2, 3}, {1, 5, 3, 4}}),
            "matmul of [1, 5, 2, 3] and [1, 5, 3, 4]: " + matrices);
  EXPECT_EQ(refusal(matmul(0), {{2, 3}, {4, 3}}),
            "matmul of [2, 3] and [4, 3]: rows of 3 entries meet columns of 4");
  EXPECT_EQ(refusal(matmul(1), {{2, 3}, {3, 4}}),
            "matmul of [2, 3] and [3, 4]: rows of 2 entries meet columns of 3");
  EXPECT_EQ(refusal(matmul(0), {{5, 2, 3}, {6, 3, 4}}),
            "matmul of [5, 2, 3] and [6, 3, 4]: stacks of 5 and 6 matrices");
  const std::vector<Shape> unequal{{2, 3}, {4, 3}};
  try {
    static_cast<void>(MatMul{}.output_shape(unequal));
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_EQ(error.hint,
              "[rows, inner] by [inner, columns], or [stack, rows, inner] by [stack, inner, "
              "columns]; transpose: first or second turns one of them");
  }
}

TEST(Opaque, IsAStepOnThePairOfParametersAndInput) {
  Opaque opaque;
  opaque.lipschitz = Real::from_decimal("3");
  opaque.smoothness = Real::from_decimal("5");
  const Shape shape{4};
  const Site site{{&shape, 1}, shape, 2};
  const auto map_of = [&] {
    const Parts parts = opaque.parts(site, Method::sharp);
    EXPECT_EQ(parts.end() - parts.begin(), 2);
    const auto pair = std::get<AffineConstants>(*parts.begin());
    EXPECT_TRUE(pair.bilinear.value.is_zero());
    EXPECT_EQ(pair.linear_parameters.value, Magnitude::from_count(1));
    EXPECT_EQ(pair.linear_input.value, Magnitude::from_count(1));
    return std::get<MapConstants>(*(parts.begin() + 1));
  };
  MapConstants phi = map_of();
  EXPECT_EQ(phi.lipschitz.value, Magnitude::from_count(3));
  EXPECT_EQ(phi.slope_at_zero.value, Magnitude::from_count(3));
  EXPECT_EQ(phi.smoothness.value, Magnitude::from_count(5));
  EXPECT_TRUE(phi.at_zero.value.is_infinite());
  EXPECT_THAT(std::string(phi.at_zero.source), HasSubstr("neither 'bound' nor 'at_zero'"));
  EXPECT_TRUE(phi.bound.value.is_infinite());
  opaque.at_zero = Real::from_decimal("7");
  opaque.bound = Real::from_decimal("9");
  phi = map_of();
  EXPECT_EQ(phi.at_zero.value, Magnitude::from_count(7));
  EXPECT_EQ(phi.bound.value, Magnitude::from_count(9));
  EXPECT_TRUE(opaque.couples_samples());
}

TEST(Opaque, OutputAndParametersAreThoseGiven) {
  Opaque opaque;
  EXPECT_EQ(shape_of(opaque, {{4, 2}}), (Shape{4, 2}));
  opaque.output = {3, 5};
  opaque.parameters = 17;
  EXPECT_EQ(shape_of(opaque, {{4, 2}}), (Shape{3, 5}));
  const Shape shape{4, 2};
  EXPECT_EQ(opaque.block({{&shape, 1}, shape, 1})->elements, 17);
  opaque.output = {1, 2, 3, 4, 5};
  EXPECT_THAT(refusal(opaque, {{4}}), HasSubstr("1 to 4 sizes"));
}

// A rounded literal is one that is not below what the file says.
TEST(Opaque, GivenConstantsAreRoundedUp) {
  Opaque opaque;
  opaque.lipschitz = Real::from_decimal("0.1");
  opaque.smoothness = Real::from_decimal("0.1");
  const Shape shape{4};
  const Parts parts = opaque.parts({{&shape, 1}, shape, 1}, Method::paper);
  const auto& phi = std::get<MapConstants>(*(parts.begin() + 1));
  EXPECT_GE(phi.lipschitz.value * Magnitude::from_count(10), Magnitude::from_count(1));
  EXPECT_EQ(phi.smoothness.value, Magnitude::from_decimal("0.1"));
}

TEST(Catalogue, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Component& component : prototypes()) {
    const std::string_view name = name_of(component);
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_EQ(find_prototype(name), &component);
    EXPECT_FALSE(formula_of(component).empty()) << name;
    const auto of_role = component_names(role_of(component));
    EXPECT_THAT(of_role, testing::Contains(name));
  }
  EXPECT_EQ(find_prototype("convolution"), nullptr);
  EXPECT_EQ(component_names(Role::affine).size() + component_names(Role::merge).size() +
                component_names(Role::non_affine).size(),
            prototypes().size());
}

TEST(Catalogue, Roles) {
  EXPECT_THAT(component_names(Role::affine),
              testing::ElementsAre("dense", "conv", "conv_transposed", "embedding", "parameter",
                                   "constant", "opaque"));
  EXPECT_THAT(component_names(Role::merge),
              testing::ElementsAre("add", "concat", "multiply", "matmul"));
  EXPECT_THAT(
      component_names(Role::non_affine),
      testing::IsSupersetOf({"softplus", "softmax", "average_pool", "max_pool",
                             "global_average_pool", "batch_norm", "layer_norm", "group_norm",
                             "instance_norm", "rms_norm", "local_response_norm", "identity"}));
}

// None of these names may be one of a layer's other keys: an entry of `layers` holds both.
TEST(Catalogue, NamesDoNotMeetOtherKeys) {
  for (const std::string_view key : layer_keys) {
    EXPECT_EQ(find_prototype(key), nullptr) << key;
    EXPECT_EQ(find_composite(key), nullptr) << key;
  }
}

TEST(Catalogue, StepsOfEveryPrototypeSayWhereTheyComeFrom) {
  const Shape image{4, 6, 6};
  const Shape tokens{5};
  const auto expect_told = [](const Constant& constant, std::string_view name) {
    EXPECT_FALSE(constant.formula.empty()) << name;
    if (!constant.value.is_zero()) {
      EXPECT_FALSE(constant.source.empty()) << name << " " << constant.formula;
    }
  };
  for (const Component& component : prototypes()) {
    std::visit(
        [&](const auto& c) {
          if constexpr (UnaryType<std::remove_cvref_t<decltype(c)>>) {
            const Shape& shape = ids_of(component) ? tokens : image;
            const Shape output = c.output_shape({&shape, 1});
            for (const Method method : {Method::paper, Method::sharp}) {
              for (const Part& part : c.parts({{&shape, 1}, output, 2}, method)) {
                if (const auto* a = std::get_if<MapConstants>(&part)) {
                  for (const Constant* constant :
                       {&a->bound, &a->lipschitz, &a->smoothness, &a->at_zero, &a->slope_at_zero}) {
                    expect_told(*constant, c.name());
                  }
                } else {
                  const auto& b = std::get<AffineConstants>(part);
                  expect_told(b.bilinear, c.name());
                  expect_told(b.linear_parameters, c.name());
                  expect_told(b.linear_input, c.name());
                }
              }
            }
          } else {
            EXPECT_FALSE(c.rule().empty()) << c.name();
          }
        },
        component);
  }
}

struct NotAComponent {};
struct WithoutParts {
  static constexpr Role role = Role::affine;
  static std::vector<WithoutParts> prototypes() { return {}; }
  [[nodiscard]] std::string_view name() const { return ""; }
  [[nodiscard]] std::string_view formula() const { return ""; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& /*visitor*/) {}
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes[0]; }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  [[nodiscard]] Work work(const Site& /*site*/) const { return {}; }
  [[nodiscard]] bool couples_samples() const { return false; }
};
static_assert(!ComponentType<NotAComponent>);
static_assert(ComponentType<WithoutParts> && !UnaryType<WithoutParts> && !MergeType<WithoutParts>);
static_assert(UnaryType<Dense> && UnaryType<Opaque> && MergeType<Add> && !UnaryType<Add>);
static_assert(BiasedType<Dense> && BiasedType<Conv> && !BiasedType<Softmax>);

}  // namespace
}  // namespace smoothbound
