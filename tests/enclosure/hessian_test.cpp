// Norms of Hessians beside the Hessians themselves, and products with them beside ball arithmetic.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "enclosure/exact_network.hpp"
#include "enclosure/hessian_problem.hpp"
#include "smoothbound/enclosure/hessian_norm.hpp"
#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound {
namespace {

using test::draw;
using test::Entries;
using test::norm_of_entries;
using test::Problem;
using test::smooth_networks;

// By power iteration on the full matrix, from several starts.
double largest_of_matrix(const std::vector<Entries>& columns) {
  const std::size_t size = columns.size();
  double largest = 0;
  std::mt19937_64 random(5);
  for (int start = 0; start < 3; ++start) {
    Entries v = draw(size, random);
    for (int step = 0; step < 300; ++step) {
      const double length = norm_of_entries(v);
      if (!(length > 0)) break;
      linalg::scale(1 / length, v);
      Entries next(size);
      for (std::size_t i = 0; i < size; ++i) linalg::add_scaled(v[i], columns[i], next);
      largest = std::max(largest, norm_of_entries(next));
      v = next;
    }
  }
  return largest;
}

TEST(HessianNorm, TellsOfEachColumnOnce) {
  const Problem problem(smooth_networks().front(), 1);
  std::int64_t told = 0;
  (void)hessian_norm(problem.point(), [&](std::int64_t done, std::int64_t all) {
    EXPECT_EQ(done, ++told);
    EXPECT_EQ(all, std::ssize(problem.w));
  });
  EXPECT_EQ(told, std::ssize(problem.w));
}

// The bound is that of the matrix itself, up to little.
TEST(HessianNorm, IsThatOfTheMatrix) {
  for (const std::string& text : smooth_networks()) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
      const Problem problem(text, seed);
      Objective<double> f = problem.objective();
      f.set_point(problem.w);
      std::vector<Entries> columns(problem.w.size(), Entries(problem.w.size()));
      Entries unit(problem.w.size());
      for (std::size_t i = 0; i < unit.size(); ++i) {
        unit[i] = 1;
        f.hessian_product(unit, columns[i]);
        unit[i] = 0;
      }
      const double largest = largest_of_matrix(columns);
      const HessianNorm found = hessian_norm(problem.point());
      EXPECT_GE(found.bound.to_double(), largest);
      EXPECT_LE(found.bound.to_double(), largest * 1.03);
      double square = 0;
      for (const Entries& column : columns) square += linalg::dot(column, column);
      EXPECT_GE(found.frobenius.to_double(), std::sqrt(square) * (1 - 1e-12));
      EXPECT_LE(found.frobenius.to_double(), std::sqrt(square) * (1 + 1e-5));
      EXPECT_LE(found.found, largest * (1 + 1e-9));
      EXPECT_GE(found.found, largest * 0.99);
      EXPECT_GE(found.products, static_cast<std::int64_t>(unit.size()));
    }
  }
}

// What the basis does not see counts: of the identity, Lanczos sees one vector.
TEST(HessianNorm, CountsWhatItsBasisMisses) {
  Problem problem(
      "input: {shape: [100, 1]}\nbatch: 1\nloss: square\nlayers:\n"
      "  - {conv: {filters: 100, kernel: 1, groups: 100}, bias: false}\n",
      1);
  std::fill(problem.x.begin(), problem.x.end(), 1.0);
  const HessianNorm found = hessian_norm(problem.point());
  EXPECT_NEAR(found.found, 1, 1e-9);
  EXPECT_NEAR(found.bound.to_double(), std::sqrt(99.0), 1e-3);
  EXPECT_NEAR(found.frobenius.to_double(), 10, 1e-7);
}

// The recursion of docs/theory.md, section 6, by hand on scalars: w_1 softplus(w_0 x) against a
// number.
TEST(HessianProduct, AddsUpWhatTheTheorySays) {
  Problem problem(
      "input: {shape: [1]}\nbatch: 1\nloss: square\nlayers:\n"
      "  - {dense: 1, bias: false, then: [softplus]}\n  - {dense: 1, bias: false}\n",
      3);
  problem.w = {0.75, -1.5};
  problem.x = {1.25};
  problem.labels.targets = {0.5};
  const Entries d{0.6, -0.8};
  HessianProduct hessian(problem.point());
  Entries product(2);
  const double stated = hessian(d, product).to_double();

  const double u = problem.w[0] * problem.x[0];
  const double s = 1 / (1 + std::exp(-u));
  const double a = std::log1p(std::exp(u));
  const Entries z{problem.x[0], u, a, problem.w[1] * a};
  Entries error(4);
  std::vector<DerivativeBounds> near;
  const auto number = [](const Magnitude& bound) { return bound.to_double(); };
  const Entries v{problem.w[0], 0, problem.w[1]};
  for (std::size_t k = 0; k < 3; ++k) {
    const double* const input = &z[k];
    near.push_back(*hessian.network().nodes()[k].kernel->derivative_bounds(
        {std::span(&input, 1), &v[k], Magnitude::from_double(2 * error[k])}));
    error[k + 1] = number(near[k].by_input) * error[k] + number(near[k].value_error);
  }
  constexpr double tiny = 0x1p-48;  // of what is added
  const double residual = z[3] - problem.labels.targets[0];
  const Entries bar{residual * problem.w[1] * s * problem.w[0], residual * problem.w[1] * s,
                    residual * problem.w[1], residual};
  Entries bar_off(4);
  bar_off[3] = error[3] + 0x1p-46 + tiny * std::abs(residual);
  for (std::size_t k = 3; k-- > 0;) {
    const double size = std::abs(bar[k + 1]) + bar_off[k + 1];
    const double off = number(near[k].by_input) * bar_off[k + 1] +
                       number(near[k].second) * error[k] * size +
                       number(near[k].by_sample.first) * std::abs(bar[k + 1]);
    bar_off[k] = off + tiny * (number(near[k].by_input) * size + off);
  }
  const Entries moved{0.6, 0, 0.8};
  Entries dot{0, d[0] * problem.x[0], 0, 0};
  dot[2] = s * dot[1];
  dot[3] = problem.w[1] * dot[2] + d[1] * a;
  Entries dot_off(4);
  Entries tangent(3);
  const auto dot_size = [&](std::size_t k) { return k == 0 ? 0 : std::abs(dot[k]) + dot_off[k]; };
  for (std::size_t k = 0; k < 3; ++k) {
    tangent[k] = std::hypot(dot_size(k), moved[k]);
    dot_off[k + 1] = number(near[k].by_input) * dot_off[k] +
                     number(near[k].second) * error[k] * tangent[k] +
                     number(near[k].by_sample.first) * (tangent[k] + dot_off[k]);
  }
  const double s_slope = s * (1 - s);
  Entries second{0, 0, 0, dot[3]};  // the tangents of the cotangents
  second[2] = problem.w[1] * second[3] + d[1] * residual;
  second[1] = s * second[2] + s_slope * dot[1] * bar[2];
  Entries second_off(4);
  second_off[3] = dot_off[3] + 0x1p-46 * (dot_size(3) + dot_off[3]);  // of a third derivative 0
  double total = 0;
  for (std::size_t k = 3; k-- > 0;) {
    const double exact_bar = std::abs(bar[k + 1]) + bar_off[k + 1];
    const double any_bar = exact_bar + bar_off[k + 1];
    const double computed = std::abs(second[k + 1]);
    const double size = computed + second_off[k + 1];
    const double curved = number(near[k].second) * tangent[k] * exact_bar;
    const double off = number(near[k].second) *
                           (dot_off[k] * any_bar + tangent[k] * bar_off[k + 1] + error[k] * size) +
                       number(near[k].third) * error[k] * tangent[k] * any_bar;
    const auto with = [&](const Magnitude& slope, const DerivativeBounds::Errors& rounding) {
      const double sum = number(slope) * second_off[k + 1] + off +
                         number(rounding.second) * (tangent[k] + dot_off[k]) * any_bar +
                         number(rounding.first) * computed;
      return sum + tiny * (number(slope) * size + curved + sum);
    };
    second_off[k] = with(near[k].by_input, near[k].by_sample);
    if (k != 1) total += with(near[k].by_parameters, near[k].of_parameters);
  }
  EXPECT_NEAR(stated, total, 1e-6 * total);
  EXPECT_GT(total, 0);
}

// d^T H d beside second differences of F in ball arithmetic, with batch norms that cancel a lot.
TEST(HessianProduct, IsAsNearAsItSays) {
  int checked = 0;
  for (const std::string& text : smooth_networks()) {
    if (text.find("layer_norm") != std::string::npos) continue;
    for (const double offset : {0.0, 1e3, 1e6}) {
      if (offset > 0 && text.find("batch_norm") == std::string::npos) continue;
      SCOPED_TRACE(fmt::format("offset {}\n{}", offset, text));
      Problem problem(text, 7, 0.6, offset);
      std::mt19937_64 random(11);
      constexpr double step = 0x1p-14;
      Entries d(problem.w.size());
      for (std::size_t i = 0; i < d.size(); ++i) {
        // So that w + step d is a double.
        problem.w[i] = std::ldexp(std::nearbyint(std::ldexp(problem.w[i], 20)), -20);
        d[i] = std::ldexp(std::nearbyint(std::ldexp(draw(1, random)[0], 10)), -10);
      }
      HessianProduct hessian(problem.point());
      Entries product(d.size());
      const double error = hessian(d, product).to_double() * norm_of_entries(d);
      ASSERT_TRUE(std::isfinite(error));
      test::ExactLoss loss;
      loss.name = problem.network.settings.loss->name;
      loss.samples = problem.batch;
      loss.positions = problem.network.graph.output_shape().positions();
      loss.labels = &problem.labels;
      loss.regularizer = problem.network.settings.regularizer.nearest;
      const auto value = [&](double t) {
        Entries w = problem.w;
        linalg::add_scaled(t, d, w);
        return test::exact_loss(
            loss, test::exact_values(problem.network.graph, problem.batch, w, problem.x).output, w);
      };
      const auto difference = [&](double h) {
        return (value(h) + value(-h) - test::Number(2) * value(0)) /
               (test::Number(h) * test::Number(h));
      };
      // Of the fourth order.
      const double exact =
          ((test::Number(4) * difference(step) - difference(2 * step)) / test::Number(3))
              .to_double();
      const double computed = linalg::dot(d, product);
      const double truncated = 1e-9 * (1 + std::abs(exact));
      EXPECT_LE(std::abs(computed - exact), error + truncated);
      EXPECT_LE(error, (offset > 0 ? 1e-2 : 1e-5) * (1 + std::abs(exact)));
      ++checked;
    }
  }
  EXPECT_GE(checked, 6);
}

TEST(HessianProduct, NamesWhatHasNoBounds) {
  const auto message = [](const std::string& layers, const std::string& loss) -> std::string {
    try {
      const Problem problem("input: {shape: [4]}\nbatch: 2\nloss: " + loss + "\nlayers:\n" + layers,
                            1);
      (void)hessian_norm(problem.point());
    } catch (const NotEnclosed& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("  - {name: h, dense: 3, then: [relu]}\n  - {dense: 2}\n", "logistic"),
            "layer 'h': how well second derivatives of relu are computed is not known");
  EXPECT_EQ(message("  - {name: s, dense: 3, then: [softmax]}\n", "square"),
            "layer 's': how well second derivatives of softmax are computed is not known");
  EXPECT_EQ(message("  - {dense: 3}\n", "huber"),
            "loss 'huber': its third derivative is not known");
}

}  // namespace
}  // namespace smoothbound
