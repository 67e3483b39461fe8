// Networks whose layers share parameters: nothing that a search reaches exceeds a bound, and some
// comes near.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "search/check.hpp"

namespace smoothbound::search {
namespace {

// A few layers with two or three blocks among them, merged in passing.
class SharedLayers {
 public:
  explicit SharedLayers(std::uint64_t seed) : random_(seed) {}

  std::string text() {
    std::string text =
        fmt::format("batch: {}\nradius: {}\ninput: {{shape: [3], norm: {}}}\nlayers:\n",
                    between(1, 3), one_of({"1", "0.5", "2"}), one_of({"1", "0.4", "3"}));
    add(text, "from: input");
    const int layers = between(3, 7);
    while (count_ < layers) {
      if (count_ > 1 && between(0, 3) == 0) {
        text +=
            fmt::format("  - {{name: z{}, {}: [z{}, z{}]{}}}\n", count_,
                        one_of({"add", "multiply"}), between(0, count_ - 1), count_ - 1, then());
        ++count_;
      } else {
        add(text, fmt::format("from: z{}", between(std::max(0, count_ - 2), count_ - 1)));
      }
    }
    return text;
  }

 private:
  int between(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::string one_of(std::vector<std::string> values) {
    return values[static_cast<std::size_t>(between(0, static_cast<int>(values.size()) - 1))];
  }
  std::string then() {
    const std::string map = one_of({"", "tanh", "sigmoid", "softplus", "sin", "softmax"});
    return map.empty() ? "" : fmt::format(", then: [{}]", map);
  }
  std::string learned_slopes() {
    return fmt::format(", then: [{{smooth_prelu: {{beta: {}, per: {}}}}}]", one_of({"1", "5"}),
                       one_of({"channel", "layer"}));
  }
  // Dense, with blocks of its own or those of an earlier layer.
  void add(std::string& text, const std::string& from) {
    std::string share;
    Owner owner;
    if (!owners_.empty() && between(0, 2) > 0) {
      owner = owners_[static_cast<std::size_t>(between(0, static_cast<int>(owners_.size()) - 1))];
      share = ", share: " + owner.name;
    } else {
      owner.name = fmt::format("z{}", count_);
      if (between(0, 1) == 0) owner.bias = ", bias: false";
      if (between(0, 3) == 0) owner.slopes = learned_slopes();
      owners_.push_back(owner);
    }
    text += fmt::format("  - {{name: z{}, {}, dense: 3{}{}{}}}\n", count_, from, owner.bias, share,
                        owner.slopes.empty() ? then() : owner.slopes);
    ++count_;
  }

  struct Owner {
    std::string name;
    std::string bias;    // whether it has one
    std::string slopes;  // learned ones behind it
  };

  std::mt19937_64 random_;
  int count_ = 0;
  std::vector<Owner> owners_;
};

TEST(SharedLayers, StayBelowTheirBounds) {
  const Wish wish(0, 250);
  Nearest nearest;
  std::uint64_t shared = 0;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    const std::string text = SharedLayers(seed).text();
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    nearest.set_context(fmt::format("seed {}", seed));
    const support::Network network = support::read_network(text);
    shared += network.graph.shared_groups > 0 ? 1 : 0;
    search_network(network, seed, wish.effort, nearest);
  }
  wish.print(nearest);
  EXPECT_GT(shared, wish.count / 2);
  EXPECT_GT(nearest.ratio("2 l"), 0.9);
  EXPECT_GT(nearest.ratio("2 L"), 0.5);
}

}  // namespace
}  // namespace smoothbound::search
