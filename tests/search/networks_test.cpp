// Random networks of the whole catalogue: nothing that a search reaches exceeds a bound.
#include <gtest/gtest.h>

#include "search/check.hpp"
#include "search/searched_network.hpp"

namespace smoothbound::search {
namespace {

TEST(SearchedNetworks, StayBelowTheirBounds) {
  const Wish wish(0, 300);
  Nearest nearest;
  std::uint64_t networks = 0;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    const auto plain = searched_network(seed);
    if (!plain) continue;
    const std::string text = support::to_text(*plain);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    nearest.set_context(fmt::format("seed {}", seed));
    search_network(support::read_network(text), seed, wish.effort, nearest);
    ++networks;
  }
  wish.print(nearest);
  EXPECT_GE(networks, wish.count / 2);
  expect_something_near(nearest, 0.3);
}

}  // namespace
}  // namespace smoothbound::search
