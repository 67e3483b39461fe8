// Stacks of windows, whose bounds differ by position: nothing that a search reaches at a position
// exceeds the numbers of its cell.
#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <string>

#include "search/check.hpp"

namespace smoothbound::search {
namespace {

// A few layers with windows of all kinds, over one axis or two, and sums of branches.
class WindowStack {
 public:
  explicit WindowStack(std::uint64_t seed) : random_(seed) {}

  std::string text() {
    axes_ = between(1, 2);
    const int batch = between(1, 2);
    std::string text = fmt::format("batch: {}\nradius: {}\ninput: {{shape: [{}", batch,
                                   one_of({"1", "0.5", "3"}), between(1, 2));
    for (int axis = 0; axis < axes_; ++axis) text += fmt::format(", {}", between(4, 7));
    text += fmt::format("], norm: {}}}\nlayers:\n", one_of({"1", "0.4", "5"}));
    const int layers = between(1, 4);
    for (int layer = 0; layer < layers; ++layer) {
      text += fmt::format("  - {{name: z{}, {}}}\n", layer, window(batch));
      if (between(0, 3) == 0) add_sum(text, layer);
    }
    return text;
  }

 private:
  int between(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::string one_of(std::initializer_list<const char*> values) {
    return values.begin()[between(0, static_cast<int>(values.size()) - 1)];
  }
  std::string along_axes(int low, int high) {
    if (axes_ == 1) return fmt::format("{}", between(low, high));
    return fmt::format("[{}, {}]", between(low, high), between(low, high));
  }
  std::string bias() { return between(0, 1) == 0 ? ", bias: false" : ""; }
  std::string map() { return one_of({"", ", then: [softplus]", ", then: [tanh]"}); }
  std::string window(int batch) {
    switch (between(0, batch > 1 ? 8 : 7)) {
      case 0:
      case 1:
        return fmt::format("conv: {{filters: {}, kernel: {}, stride: {}, padding: {}}}{}{}",
                           between(1, 2), along_axes(2, 3), between(1, 2), between(0, 1), bias(),
                           map());
      case 2:
        return fmt::format("conv: {{filters: {}, kernel: {}, dilation: 2, padding: same}}{}{}",
                           between(1, 2), along_axes(1, 3), bias(), map());
      case 3:
        return fmt::format(
            "conv_transposed: {{filters: {}, kernel: {}, stride: {}, padding: {}}}{}{}",
            between(1, 2), along_axes(2, 3), along_axes(1, 2), between(0, 1), bias(), map());
      case 4:
        return fmt::format(
            "then: [{{average_pool: {{kernel: {}, stride: {}, padding: 1, count_padding: {}, "
            "ceil: {}}}}}]",
            along_axes(2, 3), between(1, 2), one_of({"true", "false"}), one_of({"true", "false"}));
      case 5:
        return fmt::format("then: [{{adaptive_average_pool: {}}}]", along_axes(2, 4));
      case 6:
        return fmt::format("then: [{{max_pool: {{kernel: {}, stride: {}, padding: 1}}}}]",
                           along_axes(2, 3), between(1, 2));
      case 7:
        return fmt::format("conv: {{filters: {}, kernel: 1}}, then: [softmax]", between(2, 3));
      default:
        return "then: [{batch_norm: {epsilon: 0.1, per: element}}]";
    }
  }
  // Of the layer and two convolutions of it, which keep its positions but not its channels.
  void add_sum(std::string& text, int layer) {
    text += fmt::format(
        "  - {{name: a{0}, from: z{0}, conv: {{filters: 2, kernel: 3, padding: same}}{1}}}\n"
        "  - {{name: b{0}, from: z{0}, conv: {{filters: 2, kernel: {2}, padding: same}}{3}}}\n"
        "  - {{name: y{0}, {4}: [a{0}, b{0}]}}\n",
        layer, bias(), between(1, 2), map(), one_of({"add", "concat", "multiply"}));
  }

  std::mt19937_64 random_;
  int axes_ = 1;
};

TEST(Cells, SinglePositionsStayBelowTheNumbersOfTheirCells) {
  const Wish wish(0, 60);
  Nearest nearest;
  std::uint64_t networks = 0;
  std::uint64_t divided = 0;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    const std::string text = WindowStack(seed).text();
    std::optional<support::Network> network;
    try {
      network = support::read_network(text);
    } catch (const std::runtime_error&) {
      continue;  // a kernel that does not fit
    }
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    nearest.set_context(fmt::format("seed {}", seed));
    search_network(*network, seed, wish.effort, nearest);
    const BoundTable table = network->bounds(Method::sharp);
    if (table.value(network->graph.output()).classes() != nullptr) ++divided;
    ++networks;
  }
  wish.print(nearest);
  EXPECT_GE(networks, wish.count / 2);
  EXPECT_GE(divided, networks / 4);
  EXPECT_GT(nearest.ratio("p m of cells"), 0.7);
  EXPECT_GT(nearest.ratio("sp l of cells"), 0.7);
  EXPECT_GT(nearest.ratio("sp L of cells"), 0.5);
}

}  // namespace
}  // namespace smoothbound::search
