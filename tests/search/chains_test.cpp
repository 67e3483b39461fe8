// Scalars at the end of chains as those of VGG: what all gradients are together is never above the
// numbers of section "Unsaturated scalars" of docs/theory.md, and comes near them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <span>
#include <string>

#include "search/check.hpp"
#include "smoothbound/rules/unsaturated.hpp"

namespace smoothbound::search {
namespace {

double squares_of(std::span<const double> v) { return norm_of(v) * norm_of(v); }

// The output of a chain that ends in one number without a bias, and its gradient by all blocks.
class NumberOfChain {
 public:
  NumberOfChain(const std::string& text, std::uint64_t seed)
      : network_(support::read_network(text)),
        run_(network_.graph, 1),
        trajectory_(run_),
        random_(seed),
        value_(network_.bounds(Method::sharp).value(network_.graph.output())),
        at_(Region(network_, run_.parameter_layout()).draw(Region::Start::positive, random_)),
        gradient_{Numbers(at_.w.size()), Numbers(at_.x.size())} {
    std::normal_distribution<double> normal(1, 0.2);
    for (double& entry : at_.w) entry *= normal(random_);
    for (double& entry : at_.x) entry = normal(random_);
    look();
  }

  /// Input and blocks in turn along their gradients, to the borders of their balls: but for what
  /// bends the number is affine in each of them.
  void ascend(int sweeps) {
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      at_.x = gradient_.x;
      set_norm(at_.x, network_.settings.input_norm.lower.to_double());
      look();
      for (std::size_t k = 0; k < value_.blocks().size(); ++k) {
        std::ranges::copy(block_of(gradient_.w, k), block_of(at_.w, k).begin());
        set_norm(block_of(at_.w, k), value_.blocks()[k].radius.to_double());
        look();
      }
    }
  }
  /// The weights of the last layer out of the direction of what they read, by that angle.
  void turn_to(double degrees) {
    const std::size_t last_block = value_.blocks().size() - 1;
    const std::span<double> last = block_of(at_.w, last_block);
    Numbers along(last.size());
    std::ranges::copy(block_of(gradient_.w, last_block), along.begin());
    set_norm(along, 1);
    std::normal_distribution<double> normal;
    Numbers across(last.size());
    for (double& entry : across) entry = normal(random_);
    const double common = std::inner_product(along.begin(), along.end(), across.begin(), 0.0);
    for (std::size_t i = 0; i < across.size(); ++i) across[i] -= common * along[i];
    set_norm(across, 1);
    const double angle = degrees / 180 * std::numbers::pi;
    for (std::size_t i = 0; i < last.size(); ++i) {
      last[i] = std::cos(angle) * along[i] + std::sin(angle) * across[i];
    }
    set_norm(last, value_.blocks()[last_block].radius.to_double());
    look();
  }

  /// Of the same network with more behind the number: along the gradient, twice.
  [[nodiscard]] double second_derivative(const support::Network& longer) const {
    Network<double> run(longer.graph, 1);
    run.set_parameters(at_.w);
    Trajectory<double> trajectory(run);
    forward<double>(at_.x, trajectory);
    Numbers direction = gradient_.w;
    set_norm(direction, 1);
    Numbers second(1);
    second_directional<double>(trajectory, direction, second);
    return std::abs(second.front());
  }

  [[nodiscard]] double size() const { return std::abs(trajectory_.output().front()); }
  [[nodiscard]] double squared_gradient() const { return squares_of(gradient_.w); }
  /// What bounds that.
  [[nodiscard]] double bound() const {
    return rules::squared_gradient(value_.blocks(), euclidean, value_.m[euclidean],
                                   Magnitude::from_double(size()))
        .to_double();
  }
  [[nodiscard]] double largest_size() const { return value_.m[euclidean].to_double(); }
  [[nodiscard]] std::size_t blocks() const { return value_.blocks().size(); }
  /// e_n M^2/R^2, of radii that are all the same.
  [[nodiscard]] double cauchy_estimate() const {
    const auto n = static_cast<double>(blocks());
    const double quotient = largest_size() / value_.blocks().front().radius.to_double();
    return std::pow(n / (n - 1), n - 1) * quotient * quotient;
  }

 private:
  void look() {
    run_.set_parameters(at_.w);
    forward<double>(at_.x, trajectory_);
    vjp<double>(trajectory_, Numbers{1}, gradient_.w, gradient_.x);
  }
  std::span<double> block_of(std::span<double> w, std::size_t k) const {
    const ParameterBlock& b = run_.parameter_layout().blocks[value_.blocks()[k].block];
    return w.subspan(static_cast<std::size_t>(b.offset), static_cast<std::size_t>(b.elements));
  }

  support::Network network_;
  Network<double> run_;
  Trajectory<double> trajectory_;
  std::mt19937_64 random_;
  rules::Value value_;
  SearchPoint at_;
  SearchPoint gradient_;
};

// Two stages of convolutions with a pooling in between, and three dense layers: they bend less than
// what is put behind them.
struct Chain {
  const char* input;
  const char* radius;
  int convolutions;  // of each stage
  double factor;     // within which e_n M^2/R^2 and L are reached

  [[nodiscard]] std::string text(const char* behind) const {
    std::string text =
        fmt::format("radius: {}\ninput: {{shape: {}, norm: 1e6}}\nlayers:\n", radius, input);
    const std::string conv =
        "  - {conv: {filters: 3, kernel: 3, padding: 1}, then: [softplus: 0.05";
    for (int i = 0; i < 2 * convolutions; ++i) {
      text += conv + (i + 1 == convolutions ? ", average_pool: 2]}\n" : "]}\n");
    }
    for (int i = 0; i < 2; ++i) text += "  - {dense: 8, then: [softplus: 0.05]}\n";
    return text + fmt::format("  - {{dense: 1, bias: false{}}}\n", behind);
  }
};

// e_n/2, at most 1.36, is between a scalar of 0 with two gradients of length M/R, those of the last
// two blocks, and the theorem. The rest is what borders of maps take from M, and of L what bends in
// front of it. L is that of the network with softplus behind the scalar.
TEST(Chains, GradientsOfUnsaturatedScalarsComeNearTheirBound) {
  const Wish wish(0, 3);
  constexpr std::array chains{Chain{"[3, 64]", "1", 2, 1.45}, Chain{"[3, 64]", "3", 4, 1.4},
                              Chain{"[3, 32, 32]", "1", 1, 1.45},
                              Chain{"[3, 32, 32]", "2", 2, 1.5}};
  for (const Chain& chain : chains) {
    const std::string text = chain.text("");
    const support::Network bent = support::read_network(chain.text(", then: [softplus]"));
    const double L = bent.bounds(Method::sharp).network().smoothness.to_double();
    for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
      SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
      NumberOfChain number(text, seed);
      ASSERT_EQ(number.blocks(), static_cast<std::size_t>(2 * chain.convolutions + 3));
      number.ascend(6);
      constexpr double rounding = 1e-9;
      for (const double degrees : {0.0, 20.0, 45.0, 70.0, 85.0, 89.0, 90.0}) {
        number.turn_to(degrees);
        EXPECT_LE(number.size(), number.largest_size() * (1 + rounding));
        EXPECT_LE(number.squared_gradient(), number.bound() * (1 + rounding)) << degrees;
        EXPECT_LE(number.second_derivative(bent), L * (1 + rounding)) << degrees;
        if (degrees > 0) continue;
        EXPECT_GT(number.size(), 0.9 * number.largest_size());
      }
      // It is unsaturated now.
      EXPECT_LT(number.size(), 1e-6 * number.largest_size());
      EXPECT_GT(chain.factor * number.squared_gradient(), number.cauchy_estimate());
      EXPECT_GT(chain.factor * number.second_derivative(bent), L);
      if (!wish.is_given) continue;
      fmt::print(
          "{} blocks, seed {}: of what is reached e_n M^2/R^2 is {:.4f}, E {:.4f}, L {:.4f}\n",
          number.blocks(), seed, number.cauchy_estimate() / number.squared_gradient(),
          number.bound() / number.squared_gradient(), L / number.second_derivative(bent));
    }
  }
}

}  // namespace
}  // namespace smoothbound::search
