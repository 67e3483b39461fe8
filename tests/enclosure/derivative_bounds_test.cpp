// What kernels say of their derivatives near a point, beside samples of them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "enclosure/hessian_problem.hpp"
#include "smoothbound/layers/activation.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound {
namespace {

using test::draw;
using test::Entries;
using test::norm_of_entries;
using test::Problem;

// What a kernel says of its derivatives, beside samples of them within the vicinity.
class NearPoint {
 public:
  NearPoint(const std::string& text, std::uint64_t seed)
      : random_(seed), problem_(text, seed), network_(problem_.network.graph, problem_.batch) {
    network_.set_parameters(problem_.w);
  }

  void check(double radius) {
    const auto& node = network_.nodes().front();
    ASSERT_EQ(network_.nodes().size(), 1U);
    scratch_.resize(static_cast<std::size_t>(network_.scratch_elements()));
    state_.resize(static_cast<std::size_t>(network_.state_bytes()));
    outputs_ = static_cast<std::size_t>(network_.output_elements());
    const double* const z = problem_.x.data();
    const std::optional<DerivativeBounds> near = node.kernel->derivative_bounds(
        {std::span(&z, 1), problem_.w.data(), Magnitude::from_double(radius), scratch_.data()});
    ASSERT_TRUE(near.has_value());
    double by_input = 0;
    double by_parameters = 0;
    double second = 0;
    double third = 0;
    for (int i = 0; i < 40; ++i) {
      Entries at = problem_.x;
      const Entries away = direction(at.size());
      linalg::add_scaled(i % 2 == 0 ? radius : 0, away, at);
      const Entries z_dot = i % 4 == 0 ? away : direction(at.size());
      by_input = std::max(by_input, norm_of_entries(jvp(at, z_dot, {})));
      Entries v_dot;
      if (!problem_.w.empty()) {
        v_dot = direction(problem_.w.size());
        by_parameters = std::max(by_parameters, norm_of_entries(jvp(at, {}, v_dot)));
      }
      // || phi''[dot, .]^T bar || with ||dot|| = ||bar|| = 1.
      Entries dot_z = z_dot;
      Entries dot_v = v_dot;
      linalg::scale(v_dot.empty() ? 1 : std::sqrt(0.5), dot_z);
      linalg::scale(std::sqrt(0.5), dot_v);
      const Entries bar = direction(outputs_);
      const Entries curved = hvp(at, dot_z, dot_v, bar);
      second = std::max(second, norm_of_entries(curved));
      constexpr double step = 1e-4;
      Entries moved = at;
      linalg::add_scaled(-step, away, moved);
      Entries change = hvp(moved, dot_z, dot_v, bar);
      linalg::add_scaled(-1, curved, change);
      third = std::max(third, norm_of_entries(change) / step);
    }
    EXPECT_LE(by_input, near->by_input.to_double() * (1 + 1e-12));
    EXPECT_LE(by_parameters, near->by_parameters.to_double() * (1 + 1e-12));
    EXPECT_LE(second, near->second.to_double() * (1 + 1e-9));
    EXPECT_LE(third, near->third.to_double() * (1 + 1e-6) + 1e-9);
    EXPECT_GT(by_input, 0.02 * near->by_input.to_double());
    // Nobody is exact to the last bit, nor far from it.
    EXPECT_GT(near->by_sample.first.to_double(), 1e-16 * by_input);
    EXPECT_LT(near->by_sample.first.to_double(), 1e-8 * near->by_input.to_double());
    EXPECT_LT(near->value_error.to_double(), 1e-8 * (1 + norm_of_entries(problem_.x)));
  }

 private:
  Entries direction(std::size_t count) {
    Entries d = draw(count, random_);
    if (random_() % 3 == 0) {
      for (std::size_t i = 0; i < d.size(); ++i) d[i] = i == random_() % d.size() ? 1 : 0.01 * d[i];
    }
    linalg::scale(1 / norm_of_entries(d), d);
    return d;
  }
  // phi at z, which its derivatives refer to.
  kernels::Point<double> point(const Entries& z) {
    pointer_ = z.data();
    y_.resize(outputs_);
    kernels::Point<double> at{std::span(&pointer_, 1), nullptr, problem_.w.data(), state_.data(),
                              scratch_.data()};
    network_.nodes().front().kernel->forward(at, y_.data());
    at.y = y_.data();
    return at;
  }
  Entries jvp(const Entries& z, const Entries& z_dot, const Entries& v_dot) {
    Entries out(outputs_);
    const double* const along = z_dot.empty() ? nullptr : z_dot.data();
    network_.nodes().front().kernel->jvp(point(z), std::span(&along, 1),
                                         v_dot.empty() ? nullptr : v_dot.data(), out.data());
    return out;
  }
  Entries hvp(const Entries& z, const Entries& z_dot, const Entries& v_dot, const Entries& bar) {
    const Entries y_dot = jvp(z, z_dot, v_dot);
    Entries of_input(z.size());
    Entries of_parameters(problem_.w.size());
    const double* const along = z_dot.data();
    double* const out = of_input.data();
    const Entries zero(outputs_);
    network_.nodes().front().kernel->hvp(point(z), std::span(&along, 1), y_dot.data(),
                                         v_dot.empty() ? nullptr : v_dot.data(), bar.data(),
                                         zero.data(), std::span(&out, 1),
                                         of_parameters.empty() ? nullptr : of_parameters.data());
    of_input.insert(of_input.end(), of_parameters.begin(), of_parameters.end());
    return of_input;
  }

  std::mt19937_64 random_;
  Problem problem_;
  Network<double> network_;
  Entries scratch_;
  std::vector<std::byte> state_;
  std::size_t outputs_ = 0;
  const double* pointer_ = nullptr;
  Entries y_;
};

// What `near_point` takes for granted of smooth activations, beside coefficients that are held by
// ball arithmetic.
// Both products of a tangent may be added up one number after the other.
TEST(DerivativeBounds, AllowForTwoProductsInOneSum) {
  constexpr std::size_t fan = 1000;
  const double tiny = 0x1p-27;
  Problem problem(
      "input: {shape: [1000]}\nbatch: 1\nloss: square\nlayers: [{dense: 1, bias: false}]", 1);
  problem.w.assign(fan, tiny);
  problem.x.assign(fan, 1.9 * tiny);
  problem.w[0] = 1;
  problem.x[0] = 0;
  Network<double> network(problem.network.graph, problem.batch);
  network.set_parameters(problem.w);
  Entries z_dot(fan, 1.9 * tiny);
  Entries v_dot(fan, tiny);
  z_dot[0] = 1;
  v_dot[0] = 0;
  double sum = 0;
  long double exact = 0;
  for (std::size_t i = 0; i < fan; ++i) sum += problem.w[i] * z_dot[i];
  for (std::size_t i = 0; i < fan; ++i) sum += v_dot[i] * problem.x[i];
  for (std::size_t i = 0; i < fan; ++i) {
    exact += static_cast<long double>(problem.w[i]) * z_dot[i];
    exact += static_cast<long double>(v_dot[i]) * problem.x[i];
  }
  Entries scratch(static_cast<std::size_t>(network.scratch_elements()));
  const double* const z = problem.x.data();
  const std::optional<DerivativeBounds> near = network.nodes().front().kernel->derivative_bounds(
      {std::span(&z, 1), problem.w.data(), Magnitude(), scratch.data()});
  ASSERT_TRUE(near.has_value());
  const double tangent = std::hypot(norm_of_entries(z_dot), norm_of_entries(v_dot));
  const double error = static_cast<double>(std::abs(sum - exact));
  EXPECT_GT(error, 1500 * 0x1p-53);
  EXPECT_LE(error, near->by_sample.first.to_double() * tangent);
}

TEST(DerivativeBounds, ActivationsAreComputedAsWellAsTheySay) {
  int compared = 0;
  for (Activation f : Activation::prototypes()) {
    std::vector<Activation> all{f};
    if (f.row->has_scale) {
      f.scale = Real::from_decimal("50");
      all.push_back(f);
    }
    for (const Activation& one : all) {
      const std::optional<ScaledBranches> branches = one.branches();
      if (!branches || branches->layout().kinks > 0) continue;
      SCOPED_TRACE(fmt::format("{} {}", one.name(), one.scale.nearest));
      const double scale = std::max(1.0, one.scale.nearest);
      for (int i = -4000; i <= 4000; ++i) {
        const double x = std::copysign(std::pow(std::abs(i) / 1000.0, 4), i) / scale;
        const Jet computed = one.evaluate(x);
        const TaylorCoefficients near = branches->expand(0, x);
        constexpr double error = 0x1p-42;
        EXPECT_LE(std::abs(computed.value - near.value[0]),
                  error * std::max(std::abs(x), near.absolute[0]))
            << x;
        EXPECT_LE(std::abs(computed.first - near.value[1]), error * std::max(1.0, near.absolute[1]))
            << x;
        EXPECT_LE(std::abs(computed.second - 2 * near.value[2]),
                  error * std::max(scale, 2 * near.absolute[2]))
            << x;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 8 * 8001);
}

// Of inputs that are 0 the biases are all that moves: each stands at four positions of three
// samples.
TEST(DerivativeBounds, CountBiasesOfAllPositions) {
  for (const auto& [layer, copies] :
       {std::pair("{conv: {filters: 2, kernel: 1}}", 4 * 3), std::pair("{dense: 2}", 3)}) {
    const support::Network network = support::read_network(fmt::format(
        "input: {{shape: [1, 2, 2]}}\nbatch: 3\nloss: square\nlayers:\n  - {}\n", layer));
    const Network<double> executed(network.graph, 3);
    const Entries zero(12);
    const double* const z = zero.data();
    const std::optional<DerivativeBounds> near = executed.nodes().front().kernel->derivative_bounds(
        {std::span(&z, 1), executed.parameters().data(), Magnitude()});
    ASSERT_TRUE(near.has_value());
    EXPECT_NEAR(near->by_parameters.to_double(), std::sqrt(copies), 1e-9);
  }
}

// Numbers with a large mean, of which little is left: beside long double.
TEST(DerivativeBounds, NormalizationsLoseWhatTheMeanTakes) {
  constexpr std::size_t count = 48;
  const support::Network network = support::read_network(
      "input: {shape: [48]}\nbatch: 1\nloss: square\nlayers:\n  - {then: [{layer_norm: {epsilon: "
      "1e-2}}]}\n");
  const Network<double> executed(network.graph, 1);
  auto& kernel = *executed.nodes().front().kernel;
  std::mt19937_64 random(2);
  for (const double mean : {1e4, 1e7}) {
    SCOPED_TRACE(mean);
    Entries x = draw(count, random);
    for (double& value : x) value += mean;
    const Entries z_dot = draw(count, random);
    const double* const z = x.data();
    const double* const along = z_dot.data();
    std::vector<std::byte> state(static_cast<std::size_t>(executed.state_bytes()));
    Entries y(count);
    Entries y_dot(count);
    kernels::Point<double> at{std::span(&z, 1), nullptr, nullptr, state.data(), nullptr};
    kernel.forward(at, y.data());
    at.y = y.data();
    kernel.jvp(at, std::span(&along, 1), nullptr, y_dot.data());
    long double sum = 0;
    long double sum_dot = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sum += x[i];
      sum_dot += z_dot[i];
    }
    const long double centre = sum / count;
    const long double centre_dot = sum_dot / count;
    long double square = 0;
    long double mixed = 0;
    for (std::size_t i = 0; i < count; ++i) {
      square += (x[i] - centre) * (x[i] - centre);
      mixed += (x[i] - centre) * (z_dot[i] - centre_dot);
    }
    const long double s = std::sqrt(square / count + static_cast<long double>(1e-2));
    long double off = 0;
    long double off_dot = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const long double exact = (x[i] - centre) / s;
      const long double exact_dot = (z_dot[i] - centre_dot - exact * mixed / (count * s)) / s;
      off += (y[i] - exact) * (y[i] - exact);
      off_dot += (y_dot[i] - exact_dot) * (y_dot[i] - exact_dot);
    }
    const std::optional<DerivativeBounds> near =
        kernel.derivative_bounds({std::span(&z, 1), nullptr, Magnitude()});
    ASSERT_TRUE(near.has_value());
    const double value_off = static_cast<double>(std::sqrt(off));
    const double slope_off = static_cast<double>(std::sqrt(off_dot)) / norm_of_entries(z_dot);
    EXPECT_LE(value_off, near->value_error.to_double());
    EXPECT_LE(slope_off, near->by_sample.first.to_double());
    // Of means of 0 it would be far less than what is lost.
    EXPECT_GT(value_off, 1e-13 * mean / 1e4);
    EXPECT_GT(near->by_sample.second.to_double(), near->by_sample.first.to_double());
  }
}

TEST(DerivativeBounds, AreNotExceeded) {
  for (const char* const layer :
       {"{dense: 4}", "{dense: 3, bias: false}",
        "{conv: {filters: 4, kernel: 3, padding: 1, groups: 2}}",
        "{conv: {filters: 2, kernel: 2, stride: 2}, bias: false}", "{then: [tanh]}",
        "{then: [softplus]}", "{then: [gelu]}", "{then: [{average_pool: 2}]}",
        "{then: [global_average_pool]}", "{then: [{batch_norm: {epsilon: 1e-3}}]}",
        "{then: [{layer_norm: {epsilon: 1e-2}}]}", "{then: [{rms_norm: {epsilon: 1e-2}}]}",
        "{then: [{group_norm: {groups: 2, epsilon: 1e-2}}]}"}) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(fmt::format("{}, seed {}", layer, seed));
      NearPoint one(
          fmt::format("input: {{shape: [2, 4, 4]}}\nbatch: 3\nloss: square\nlayers:\n  - {}\n",
                      layer),
          seed);
      one.check(seed % 2 == 0 ? 0 : 0.05);
    }
  }
}

}  // namespace
}  // namespace smoothbound
