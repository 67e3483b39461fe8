// Rules of single components, in small networks around them, against evaluations in long double.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "rule_problem.hpp"
#include "smoothbound/enclosure/line_enclosure.hpp"

namespace smoothbound {
namespace {

using support::dense;
using support::Parameters;
using support::Reals;
using support::RuleProblem;

Reals softmax(Reals z) {
  const long double top = *std::max_element(z.begin(), z.end());
  long double sum = 0;
  for (long double& e : z) sum += e = std::exp(e - top);
  for (long double& e : z) e /= sum;
  return z;
}

Reals each(Reals z, long double (*f)(long double)) {
  for (long double& e : z) e = f(e);
  return z;
}
long double hyperbolic_tangent(long double x) { return std::tanh(x); }

TEST(EnclosureRules, Softmax) {
  const RuleProblem alone{"input: {shape: [3], norm: 1}\nlayers: [{dense: 5, then: [softmax]}]",
                          [](Parameters& v, const Reals& x) { return softmax(dense(v, x, 5)); }};
  alone.check(3, 4);
  alone.check_failures(3);
  const RuleProblem within{
      "input: {shape: [3], norm: 1}\nlayers: [{dense: 4, then: [tanh]}, {dense: 5, then: "
      "[softmax]}, {dense: 3}]",
      [](Parameters& v, const Reals& x) {
        const Reals hidden = each(dense(v, x, 4), hyperbolic_tangent);
        return dense(v, softmax(dense(v, hidden, 5)), 3);
      }};
  within.check(3, 20);
}

// Rows along the second axis, two in a sample, and each entry in a row with others.
TEST(EnclosureRules, SoftmaxAlongAnAxis) {
  const RuleProblem rows{
      "input: {shape: [3], norm: 1}\nlayers: [{dense: 8, then: [{reshape: [2, 4]}, {softmax: "
      "length}]}]",
      [](Parameters& v, const Reals& x) {
        const Reals z = dense(v, x, 8);
        Reals y = softmax({z.begin(), z.begin() + 4});
        const Reals second = softmax({z.begin() + 4, z.end()});
        y.insert(y.end(), second.begin(), second.end());
        return y;
      }};
  rows.check(2, 4);
  const RuleProblem channels{
      "input: {shape: [3], norm: 1}\nlayers: [{dense: 6, then: [{reshape: [3, 2]}, softmax]}]",
      [](Parameters& v, const Reals& x) {
        const Reals z = dense(v, x, 6);
        const Reals even = softmax({z[0], z[2], z[4]});
        const Reals odd = softmax({z[1], z[3], z[5]});
        return Reals{even[0], odd[0], even[1], odd[1], even[2], odd[2]};
      }};
  channels.check(2, 4);
  channels.check_failures(2);
}

// What lies far below has no part in it, and does not loosen what is known of the others.
TEST(EnclosureRules, MaskedSoftmax) {
  for (const long double far : {-30.0L, -800.0L, -1e9L}) {
    const std::string number = fmt::format("{}", static_cast<double>(far));
    const RuleProblem masked{
        "input: {shape: [3], norm: 1}\nlayers: [{name: mask, constant: {shape: [5], values: [0, " +
            number + ", 0, 0, " + number +
            "]}}, {name: a, from: input, dense: 5}, {name: y, add: [a, mask], then: [softmax]}]",
        [far](Parameters& v, const Reals& x) {
          Reals z = dense(v, x, 5);
          z[1] += far;
          z[4] += far;
          return softmax(z);
        }};
    masked.check(2, 4);
    masked.check_failures(2);
  }
}

TEST(EnclosureRules, SoftmaxOfOneEntryAndOfTies) {
  const RuleProblem one{"input: {shape: [3], norm: 1}\nlayers: [{dense: 1, then: [softmax]}]",
                        [](Parameters& v, const Reals& x) { return softmax(dense(v, x, 1)); }};
  one.check(2, std::numeric_limits<double>::infinity());
  RuleProblem ties{"input: {shape: [3], norm: 1}\nlayers: [{dense: 4, then: [softmax]}]",
                   [](Parameters& v, const Reals& x) { return softmax(dense(v, x, 4)); }};
  ties.size_of_parameters = 0;
  ties.check(2, 4);
}

// Rows that are read twice, and rows that are not read.
TEST(EnclosureRules, Embedding) {
  RuleProblem table{
      "input: {shape: [4]}\nlayers: [{embedding: {entries: 5, features: 2}, then: [tanh]}, {dense: "
      "2}]",
      [](Parameters& v, const Reals& x) {
        const auto rows = v.take(10);
        Reals z;
        for (const std::size_t feature : {0U, 1U}) {
          for (const long double id : x) {
            z.push_back(std::tanh(rows[static_cast<std::size_t>(id) * 2 + feature]));
          }
        }
        return dense(v, z, 2);
      }};
  table.inputs = {0, 4, 2, 2, 4, 1, 0};
  table.check(3, 8);
}

// A block of parameters and numbers of the file, which read nothing.
TEST(EnclosureRules, Parameter) {
  const RuleProblem sum{
      "input: {shape: [3], norm: 1}\nlayers: [{name: c, constant: {shape: [4], values: [0.1, -2, "
      "0, 3]}}, {name: v, parameter: [4]}, {name: a, from: input, dense: 4}, {name: y, add: [a, c, "
      "v], then: [tanh]}]",
      [](Parameters& v, const Reals& x) {
        const auto added = v.take(4);
        Reals z = dense(v, x, 4);
        const Reals numbers{0.1L, -2, 0, 3};
        for (std::size_t i = 0; i < 4; ++i) z[i] += added[i] + numbers[i];
        return each(z, hyperbolic_tangent);
      }};
  sum.check(3, 4);
  sum.check_failures(3);
}

Reals product(Reals a, const Reals& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}

// Of moving factors, with zeros among them, and of one that stands still.
TEST(EnclosureRules, Multiply) {
  RuleProblem gate{
      "input: {shape: [3], norm: 1}\nlayers: [{name: a, from: input, dense: 4}, {name: b, from: "
      "input, dense: 4, then: [tanh]}, {name: y, multiply: [a, b]}]",
      [](Parameters& v, const Reals& x) {
        const Reals a = dense(v, x, 4);
        return product(a, each(dense(v, x, 4), hyperbolic_tangent));
      }};
  gate.check(3, 10);
  gate.check_failures(3);
  gate.has_zeros = true;
  gate.check(3, 10);
  const RuleProblem square{
      "input: {shape: [3], norm: 1}\nlayers: [{name: a, dense: 3}, {name: y, multiply: [a, a, "
      "input, a]}, {dense: 2}]",
      [](Parameters& v, const Reals& x) {
        const Reals a = dense(v, x, 3);
        return dense(v, product(product(product(a, a), x), a), 2);
      }};
  square.check(3, 10);
}

// A number for each channel, and one for all.
TEST(EnclosureRules, MultiplyBroadcast) {
  const RuleProblem channels{
      "input: {shape: [3], norm: 1}\nlayers: [{name: a, from: input, dense: 6, then: [tanh, "
      "{reshape: [2, 3]}]}, {name: g, from: input, dense: 2, then: [sigmoid, {reshape: [2, 1]}]}, "
      "{name: one, from: input, dense: 1, then: [{reshape: [1, 1]}]}, "
      "{name: y, multiply: [g, a, one], then: [{reshape: [6]}]}, {dense: 2}]",
      [](Parameters& v, const Reals& x) {
        Reals a = each(dense(v, x, 6), hyperbolic_tangent);
        const Reals g = dense(v, x, 2);
        const long double one = dense(v, x, 1)[0];
        for (std::size_t i = 0; i < 6; ++i) a[i] *= one / (1 + std::exp(-g[i / 3]));
        return dense(v, a, 2);
      }};
  channels.check(3, 12);
  channels.check_failures(3);
}

struct Matrix {
  std::size_t rows, columns;
  Reals values;
  [[nodiscard]] Matrix transposed() const {
    Matrix turned{columns, rows, Reals(values.size())};
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        turned.values[j * rows + i] = values[i * columns + j];
      }
    }
    return turned;
  }
};

Matrix times(const Matrix& a, const Matrix& b, long double scale) {
  Matrix y{a.rows, b.columns, Reals(a.rows * b.columns)};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.columns; ++j) {
      long double& sum = y.values[i * b.columns + j];
      for (std::size_t k = 0; k < a.columns; ++k) {
        sum += a.values[i * a.columns + k] * b.values[k * b.columns + j];
      }
      sum *= scale;
    }
  }
  return y;
}

// All of its transposes, with a factor that stands still among them.
TEST(EnclosureRules, MatMul) {
  for (const std::string transpose : {"none", "first", "second"}) {
    SCOPED_TRACE(transpose);
    const std::string first = transpose == "first" ? "[3, 2]" : "[2, 3]";
    const std::string second = transpose == "second" ? "[4, 3]" : "[3, 4]";
    const RuleProblem product{
        "input: {shape: [3], norm: 1}\nlayers: [{name: a, from: input, dense: 6, then: [tanh, "
        "{reshape: " +
            first + "}]}, {name: b, from: input, dense: 12, then: [{reshape: " + second +
            "}]}, {name: y, matmul: {inputs: [a, b], transpose: " + transpose + ", scale: 0.3}}]",
        [&](Parameters& v, const Reals& x) {
          const Reals hidden = each(dense(v, x, 6), hyperbolic_tangent);
          const Reals other = dense(v, x, 12);
          const Matrix a =
              transpose == "first" ? Matrix{3, 2, hidden}.transposed() : Matrix{2, 3, hidden};
          const Matrix b =
              transpose == "second" ? Matrix{4, 3, other}.transposed() : Matrix{3, 4, other};
          return times(a, b, 0.3L).values;
        }};
    product.check(3, 20);
    product.check_failures(3);
  }
  const RuleProblem stack{
      "input: {shape: [3], norm: 1}\nlayers: [{name: a, from: input, dense: 8, then: [{reshape: "
      "[2, 2, 2]}]}, {name: c, constant: {shape: [2, 2, 1], values: [1, -2, 0, 3]}}, {name: y, "
      "matmul: [a, c]}]",
      [](Parameters& v, const Reals& x) {
        const Reals a = dense(v, x, 8);
        return Reals{a[0] - 2 * a[1], a[2] - 2 * a[3], 3 * a[5], 3 * a[7]};
      }};
  stack.check(3, 1);
}

// Scores, their softmax with a mask, and the mean of values.
TEST(EnclosureRules, Attention) {
  const RuleProblem attention{
      "input: {shape: [4], norm: 1}\nlayers: [{name: q, from: input, dense: 6, then: [{reshape: "
      "[2, 3]}]}, {name: k, from: input, dense: 6, then: [{reshape: [2, 3]}]}, {name: v, from: "
      "input, dense: 6, then: [{reshape: [2, 3]}]}, {name: m, constant: {shape: [3, 3], values: "
      "[0, -100, -100, 0, 0, -100, 0, 0, 0]}}, {name: s, matmul: {inputs: [q, k], transpose: "
      "first, scale: 0.7071}}, {name: p, add: [s, m], then: [{softmax: length}]}, {name: y, "
      "matmul: "
      "{inputs: [p, v], transpose: second}, then: [{reshape: [6]}]}, {dense: 3}]",
      [](Parameters& v, const Reals& x) {
        const Matrix q{2, 3, dense(v, x, 6)};
        const Matrix k{2, 3, dense(v, x, 6)};
        const Matrix values{2, 3, dense(v, x, 6)};
        Matrix p = times(q.transposed(), k, 0.7071L);
        for (std::size_t i = 0; i < 3; ++i) {
          Reals row(p.values.begin() + static_cast<std::ptrdiff_t>(3 * i),
                    p.values.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
          for (std::size_t j = i + 1; j < 3; ++j) row[j] -= 100;
          row = softmax(row);
          std::copy(row.begin(), row.end(), p.values.begin() + static_cast<std::ptrdiff_t>(3 * i));
        }
        return dense(v, times(p, values.transposed(), 1).values, 3);
      }};
  attention.check(2, 40);
  attention.check_failures(2);
}

// Slopes that move, of channels or of all of a layer, above 1 and below 0 among them; with a
// direction for each, and units that stand at the kink.
TEST(EnclosureRules, Prelu) {
  for (const std::string per : {"channel", "layer"}) {
    for (const bool has_zeros : {false, true}) {
      SCOPED_TRACE(per + (has_zeros ? " with zeros" : ""));
      RuleProblem kink{
          "input: {shape: [3], norm: 1}\nlayers: [{dense: 6, then: [{reshape: [2, 3]}, {prelu: "
          "{per: " +
              per + "}}, {reshape: [6]}]}, {dense: 2}]",
          [per](Parameters& v, const Reals& x) {
            Reals z = dense(v, x, 6);
            const auto slopes = v.take(per == "layer" ? 1 : 2);
            for (std::size_t i = 0; i < 6; ++i) {
              const long double slope = slopes[per == "layer" ? 0 : i / 3];
              z[i] = z[i] > 0 ? z[i] : slope * z[i];
            }
            return dense(v, z, 2);
          }};
      kink.has_kinks = true;
      kink.has_zeros = has_zeros;
      kink.check(8, 8);
      kink.check_failures(8);
    }
  }
  // All at the kink, where the first coefficient tells the side.
  RuleProblem at_zero{"input: {shape: [3], norm: 1}\nlayers: [{dense: 4, then: [prelu]}]",
                      [](Parameters& v, const Reals& x) {
                        Reals z = dense(v, x, 4);
                        const auto slopes = v.take(4);
                        for (std::size_t i = 0; i < 4; ++i)
                          z[i] = z[i] > 0 ? z[i] : slopes[i] * z[i];
                        return z;
                      }};
  at_zero.has_kinks = true;
  at_zero.size_of_parameters = 0;
  at_zero.check(5, 4);
  at_zero.check_failures(5);
}

TEST(EnclosureRules, SmoothPrelu) {
  for (const long double beta : {1.0L, 5.0L}) {
    const RuleProblem smooth{
        "input: {shape: [3], norm: 1}\nlayers: [{dense: 4, then: [{smooth_prelu: {beta: " +
            std::to_string(static_cast<int>(beta)) + "}}]}, {dense: 3}]",
        [beta](Parameters& v, const Reals& x) {
          Reals z = dense(v, x, 4);
          const auto slopes = v.take(4);
          const auto softplus = [beta](long double e) {
            return std::max(e, 0.0L) + std::log1p(std::exp(-beta * std::abs(e))) / beta;
          };
          for (std::size_t i = 0; i < 4; ++i) z[i] = softplus(z[i]) - slopes[i] * softplus(-z[i]);
          return dense(v, z, 3);
        }};
    smooth.check(3, 20);
    smooth.check_failures(3);
  }
}

// Windows that are cut at the border, of even and odd sizes, and channels alone in theirs.
TEST(EnclosureRules, LocalResponseNorm) {
  for (const int size : {1, 2, 3, 9}) {
    SCOPED_TRACE(size);
    const RuleProblem norm{
        "input: {shape: [3], norm: 1}\nlayers: [{dense: 8, then: [{reshape: [4, 2]}, "
        "{local_response_norm: {size: " +
            std::to_string(size) +
            ", alpha: 0.5, beta: 0.75, k: 2}}, {reshape: [8]}]}, {dense: 3}]",
        [size](Parameters& v, const Reals& x) {
          const Reals z = dense(v, x, 8);
          Reals y(8);
          for (int c = 0; c < 4; ++c) {
            for (int p = 0; p < 2; ++p) {
              long double sum = 0;
              const int last = std::min(3, c + (size - 1) / 2);
              for (int j = std::max(0, c - size / 2); j <= last; ++j) {
                const long double e = z[static_cast<std::size_t>(2 * j + p)];
                sum += e * e;
              }
              const auto at = static_cast<std::size_t>(2 * c + p);
              y[at] = z[at] * std::pow(2 + 0.5L / size * sum, -0.75L);
            }
          }
          return dense(v, y, 3);
        }};
    norm.check(3, 10);
    norm.check_failures(3);
  }
}

}  // namespace
}  // namespace smoothbound
