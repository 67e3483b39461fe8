// Embedding: shapes, constants and what is refused.
#include "smoothbound/layers/embedding.hpp"

#include <gtest/gtest.h>

#include <variant>

#include "numeric.hpp"
#include "smoothbound/layers/layer.hpp"

namespace smoothbound {
namespace {

TEST(Embedding, GivesAColumnForEachToken) {
  Embedding embedding;
  embedding.entries = 7;
  embedding.features = 5;
  const Shape input{9};
  const Shape output = embedding.output_shape({&input, 1});
  EXPECT_EQ(output, (Shape{5, 9}));
  const Site site{{&input, 1}, output, 4};
  EXPECT_EQ(embedding.block(site)->elements, 35);
  EXPECT_FALSE(embedding.couples_samples());
  EXPECT_EQ(ids_of(embedding), 7);
  EXPECT_EQ(ids_of(Dense{}), std::nullopt);
  EXPECT_EQ(embedding.work(site).sparsity.linear_parameters, Magnitude::from_count(4 * 45));
  EXPECT_TRUE(embedding.work(site).forward.is_zero());
  for (const Method method : {Method::paper, Method::sharp}) {
    const Parts parts = embedding.parts(site, method);
    ASSERT_EQ(std::distance(parts.begin(), parts.end()), 1);
    const auto b = std::get<AffineConstants>(*parts.begin());
    EXPECT_TRUE(b.bilinear.value.is_zero());
    EXPECT_TRUE(b.linear_input.value.is_zero());
    EXPECT_TRUE(b.offset.value.is_zero());
    EXPECT_EQ(b.linear_parameters.value, Magnitude::from_count(6));  // sqrt(9 * 4)
    ASSERT_TRUE(b.at_maximum);
    EXPECT_EQ(b.at_maximum->linear_parameters, Magnitude::from_count(1));
    EXPECT_TRUE(b.at_maximum->bilinear.is_zero());
  }
}

// Of a table of norm 1, looked up 6 times: never longer than sqrt(6), and that long if all is in
// the row that is looked up each time.
TEST(Embedding, ConstantIsReachedWhereAllIdsAreEqual) {
  constexpr std::size_t entries = 4;
  constexpr std::size_t features = 3;
  constexpr std::size_t tokens = 6;
  const Embedding embedding{entries, features};
  const Shape input{tokens};
  const Shape output = embedding.output_shape({&input, 1});
  const Parts parts = embedding.parts({{&input, 1}, output, 1}, Method::sharp);
  const double bound =
      std::get<AffineConstants>(*parts.begin()).linear_parameters.value.to_double();
  test::Random random(3);
  const auto looked_up = [&](const test::Vector& table, const std::vector<std::size_t>& ids) {
    test::Vector y;
    for (const std::size_t id : ids) {
      for (std::size_t f = 0; f < features; ++f) y.push_back(table[id * features + f]);
    }
    return static_cast<double>(test::norm(y));
  };
  for (int i = 0; i < 200; ++i) {
    const test::Vector table = test::unit(random.vector(entries * features));
    std::vector<std::size_t> ids(tokens);
    for (std::size_t t = 0; t < tokens; ++t)
      ids[t] = (t * 7 + static_cast<std::size_t>(i)) % entries;
    EXPECT_LE(looked_up(table, ids), bound);
    EXPECT_LE(looked_up(table, std::vector<std::size_t>(tokens, 2)), bound);
  }
  test::Vector table(entries * features);
  table[2 * features + 1] = 1;
  EXPECT_NEAR(looked_up(table, std::vector<std::size_t>(tokens, 2)), bound, 1e-6);
}

TEST(Embedding, BlocksOfOneMatrixAreTold) {
  const Embedding embedding{6, 4};
  const Shape ids{3};
  const Site site{{&ids, 1}, embedding.output_shape({&ids, 1}), 1};
  const Shape columns{4, 3};
  Dense dense;
  dense.units = 6;
  dense.per = 1;
  const Site place{{&columns, 1}, dense.output_shape({&columns, 1}), 1};
  EXPECT_EQ(dense.block(place)->matrix, std::nullopt);  // and a bias
  dense.bias = false;
  EXPECT_EQ(dense.block(place)->matrix, embedding.block(site)->matrix);
  dense.units = 7;
  EXPECT_NE(dense.block(place)->matrix, embedding.block(site)->matrix);
}

}  // namespace
}  // namespace smoothbound
