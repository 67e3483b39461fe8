// Components that stand for several layers: what the catalogue needs of them.
#include "smoothbound/layers/composite.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace smoothbound {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(Composites, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const std::string_view name : catalogue_names()) {
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(names.size(), prototypes().size() + composites().size());
  for (const Composite& composite : composites()) {
    EXPECT_EQ(find_composite(name_of(composite)), &composite);
    EXPECT_FALSE(formula_of(composite).empty());
  }
  EXPECT_EQ(find_composite("dense"), nullptr);
}

TEST(Composites, PiecesReadEarlierOnesAndEndInTheLayer) {
  for (const Composite& composite : composites()) {
    const std::span<const Piece> pieces = pieces_of(composite);
    ASSERT_FALSE(pieces.empty());
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_TRUE(names.insert(pieces[i].name).second) << pieces[i].name;
      EXPECT_EQ(pieces[i].name.empty(), i + 1 == pieces.size()) << name_of(composite);
      EXPECT_FALSE(pieces[i].inputs.empty());
      for (const std::uint32_t input : pieces[i].inputs) {
        EXPECT_TRUE(input == Piece::outside || input < i) << pieces[i].name;
      }
    }
  }
}

TEST(Composites, BiasesThatCanBeLeftOut) {
  EXPECT_THAT(biased_names(), ElementsAre("dense", "conv", "conv_transposed", "attention"));
  Composite attention = Attention{};
  ASSERT_NE(bias_of(attention), nullptr);
  *bias_of(attention) = false;
  EXPECT_FALSE(std::get<Attention>(attention).bias);
}

// Which piece owns parameters is said once in the list, and follows from its components.
TEST(Composites, PiecesSayWhichOwnParameters) {
  Attention attention;
  attention.heads = 2;
  const Shape tokens{4, 3};
  const Shape heads{2, 2, 3};
  const Shape scores{2, 3, 3};
  const std::vector<std::vector<Shape>> inputs{{tokens},       {tokens},        {tokens},
                                               {heads, heads}, {heads, scores}, {tokens}};
  const std::vector<Shape> outputs{heads, heads, heads, scores, tokens, tokens};
  ASSERT_EQ(Attention::pieces().size(), inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    SCOPED_TRACE(i);
    std::vector<Shape> shapes = inputs[i];
    bool owns = false;
    for (const Component& part : attention.components(i, shapes)) {
      const Shape output = std::visit([&](const auto& c) { return c.output_shape(shapes); }, part);
      owns = owns || block_of(part, Site{shapes, output, 1}).has_value();
      shapes.assign(1, output);
    }
    EXPECT_EQ(shapes.front(), outputs[i]);
    EXPECT_EQ(owns, Attention::pieces()[i].has_parameters);
  }
}

// 1/sqrt(d) from both sides, for heads of d channels.
TEST(Attention, ScalesByTheRootOfAHead) {
  for (const std::int64_t d : {1, 2, 3, 4, 7, 64, 96}) {
    const std::vector<Shape> shapes{Shape{2, d, 3}, Shape{2, d, 3}};
    const std::vector<Component> parts = Attention{}.components(3, shapes);
    const Real scale = std::get<MatMul>(parts.front()).scale;
    const double exact = 1 / std::sqrt(static_cast<double>(d));
    EXPECT_DOUBLE_EQ(scale.nearest, exact);
    EXPECT_NEAR(scale.upper.to_double(), exact, 1e-15);
    EXPECT_NEAR(scale.lower.to_double(), exact, 1e-15);
    if (d != 2) continue;
    constexpr std::string_view digits = "0.70710678118654752440084436210484903928";
    EXPECT_GE(scale.upper, Magnitude::from_decimal(digits));
    EXPECT_LE(scale.lower, LowerBound::from_decimal(digits));
    EXPECT_LT(scale.lower.turned(), scale.upper);
  }
}

}  // namespace
}  // namespace smoothbound
