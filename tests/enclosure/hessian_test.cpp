// Norms of Hessians beside the Hessians themselves, and what is known of each kernel's derivatives
// beside samples of them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "enclosure/exact_network.hpp"
#include "smoothbound/enclosure/around.hpp"
#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/layers/activation.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using Entries = std::vector<double>;

Entries draw(std::size_t count, std::mt19937_64& random, double size = 1) {
  std::normal_distribution<double> normal(0, size);
  Entries values(count);
  for (double& value : values) value = normal(random);
  return values;
}

double norm_of_entries(const Entries& values) {
  return euclidean_norm(std::span<const double>(values));
}

// An objective with weights and samples of its own.
struct Problem {
  support::Network network;
  std::int64_t batch;
  Entries w;
  Entries x;
  Labels labels;

  Problem(const std::string& text, std::uint64_t seed, double size = 0.6, double offset = 0)
      : network(support::read_network(text)), batch(network.settings.batch) {
    std::mt19937_64 random(seed);
    const Network<double> layout(network.graph, batch, Purpose::derivatives, Storage::none);
    w = draw(static_cast<std::size_t>(layout.parameter_layout().elements), random, size);
    x = draw(static_cast<std::size_t>(layout.input_elements()), random);
    for (double& value : x) value += offset;
    const std::int64_t outputs = network.graph.output_shape().elements();
    if (network.settings.loss->name == "logistic") {
      const std::int64_t classes = network.graph.output_shape().channels();
      const std::int64_t positions = network.graph.output_shape().positions();
      for (std::int64_t i = 0; i < batch * positions; ++i) {
        labels.classes.push_back(
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(classes)));
      }
    } else {
      std::uniform_real_distribution<double> uniform;
      for (std::int64_t i = 0; i < batch * outputs; ++i) labels.targets.push_back(uniform(random));
    }
  }

  [[nodiscard]] ObjectivePoint point() const {
    ObjectivePoint at{network.graph,
                      *network.settings.loss,
                      w,
                      x,
                      batch,
                      network.settings.regularizer.nearest,
                      {}};
    at.evaluate = [this](std::span<const double> predictions) {
      LossData data;
      data.samples = batch;
      data.outputs = network.graph.output_shape().elements();
      data.positions = network.graph.output_shape().positions();
      data.predictions = predictions;
      data.labels = &labels;
      return evaluate_loss(*network.settings.loss, data);
    };
    return at;
  }
  [[nodiscard]] Objective<double> objective() const {
    ObjectiveOptions options;
    options.regularizer = network.settings.regularizer.nearest;
    return {network.graph, *network.settings.loss, x, batch, labels, options};
  }
};

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

const std::vector<std::string>& smooth_networks() {
  static const std::vector<std::string> all{
      "input: {shape: [3]}\nbatch: 4\nloss: logistic\nlayers:\n"
      "  - {dense: 5, then: [tanh]}\n  - {dense: 4, then: [softplus]}\n  - {dense: 3}\n",
      "input: {shape: [2, 5, 5]}\nbatch: 3\nloss: logistic\nregularizer: 0.25\nlayers:\n"
      "  - {conv: {filters: 3, kernel: 3, stride: 2, padding: 1}, then: [sigmoid]}\n"
      "  - {conv: {filters: 4, kernel: 2, groups: 1}, then: [{average_pool: 2}]}\n"
      "  - {dense: 3}\n",
      "input: {shape: [1, 4, 4]}\nbatch: 5\nloss: logistic\nlayers:\n"
      "  - {conv: {filters: 3, kernel: 3, padding: 1}, bias: false, then: [{batch_norm: "
      "{epsilon: 1e-2, affine: true}}, softplus]}\n"
      "  - {name: a, conv: {filters: 3, kernel: 3, padding: 1}, then: [{batch_norm: {epsilon: "
      "1e-2}}]}\n"
      "  - {name: s, add: [a, layer1], then: [tanh, global_average_pool]}\n  - {dense: 4}\n",
      "input: {shape: [3]}\nbatch: 2\nloss: logistic\nlayers:\n"
      "  - {name: a, dense: 3, then: [tanh]}\n  - {name: b, dense: 3, then: [tanh]}\n"
      "  - {name: c, share: a, dense: 3, then: [tanh]}\n  - {name: d, dense: 3, then: [tanh]}\n"
      "  - {name: e, share: b, dense: 3}\n",
      "input: {shape: [6]}\nbatch: 2\nloss: square\nlayers:\n"
      "  - {dense: 4, then: [{layer_norm: {epsilon: 1e-2}}, gelu]}\n  - {dense: 2, then: [sin]}\n",
      "input: {shape: [2, 3, 3]}\nbatch: 2\nloss: binary_logistic\nlayers:\n"
      "  - {conv: {filters: 2, kernel: 2}, then: [silu, flatten]}\n"
      "  - {dense: 3, then: [{rms_norm: {epsilon: 0.1}}, mish]}\n  - {dense: 1}\n",
  };
  return all;
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
      EXPECT_LE(found.found, largest * (1 + 1e-9));
      EXPECT_GE(found.found, largest * 0.99);
      EXPECT_GE(found.products, static_cast<std::int64_t>(unit.size()));
    }
  }
}

// Many columns are far from those of a small space: what is left counts, and is not lost.
TEST(HessianNorm, CountsWhatItsBasisMisses) {
  // Outputs w_i x_i with a square loss: a diagonal Hessian with 120 eigenvalues close to each
  // other.
  Problem problem(
      "input: {shape: [100, 1]}\nbatch: 1\nloss: square\nlayers:\n"
      "  - {conv: {filters: 100, kernel: 1, groups: 100}, bias: false}\n",
      1);
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    problem.x[i] = 1 + 0.001 * static_cast<double>(i);
  }
  const HessianNorm found = hessian_norm(problem.point());
  EXPECT_GE(found.bound.to_double(), 1.099 * 1.099);
  EXPECT_LE(found.bound.to_double(), 1.099 * 1.099 * std::sqrt(100.0));
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
