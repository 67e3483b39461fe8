#include "smoothbound/runtime/bound_check.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace smoothbound::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

BoundTable table_of(const std::vector<Magnitude>& bounds) {
  BoundTable table;
  for (const Magnitude& m : bounds) table.layers.emplace_back().m = m;
  return table;
}

const BoundTable table = table_of(
    {Magnitude::from_count(1), Magnitude::from_count(2), Magnitude::infinity(), Magnitude()});

TEST(ExceededLayers, AreThoseBeyondTheirBound) {
  EXPECT_THAT(exceeded_layers(std::vector{1.0, 2.0, 1e300, 0.0}, table, table, 0), IsEmpty());
  EXPECT_THAT(exceeded_layers(std::vector{1.5, 2.0, 1e300, 0.0}, table, table, 0), ElementsAre(0U));
  EXPECT_THAT(
      exceeded_layers(std::vector{0.5, std::nextafter(2.0, 3.0), 1e300, 1e-300}, table, table, 0),
      ElementsAre(1U, 3U));
}

TEST(ExceededLayers, AreGrantedTheRoundingOfTheirArithmetic) {
  const std::vector norms{1 + 9e-5, 2 + 2.2e-4, 1.0, 0.0};
  EXPECT_THAT(exceeded_layers(norms, table, table, rounding_tolerance<float>), ElementsAre(1U));
  EXPECT_THAT(exceeded_layers(norms, table, table, rounding_tolerance<double>),
              ElementsAre(0U, 1U));
}

// What rounding made of numbers before a batch norm took away what they have in common.
TEST(ExceededLayers, AreGrantedTheRoundingOfWhatCancels) {
  const BoundTable centred = table_of({Magnitude(), Magnitude::from_double(1e-13)});
  const BoundTable uncentred = table_of({Magnitude::from_count(300), Magnitude::from_count(300)});
  EXPECT_THAT(
      exceeded_layers(std::vector{2e-8, 2e-8}, centred, uncentred, rounding_tolerance<double>),
      IsEmpty());
  EXPECT_THAT(
      exceeded_layers(std::vector{4e-8, 4e-8}, centred, uncentred, rounding_tolerance<double>),
      ElementsAre(0U, 1U));
}

TEST(ExceededLayers, AreNotThoseThatOverflowed) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector norms{infinity, std::nan(""), 1.0, 0.0};
  EXPECT_THAT(exceeded_layers(norms, table, table, 0), IsEmpty());
  EXPECT_THAT(overflown_layers(norms), ElementsAre(0U, 1U));
}

}  // namespace
}  // namespace smoothbound::testing
