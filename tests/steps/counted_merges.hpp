// Merges, and what stands for a branch, written out as loops over numbers that count.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "counted_part.hpp"
#include "smoothbound/graph/graph.hpp"

namespace smoothbound::testing {

class CountedMerges {
 protected:
  using Part = CountedPart;
  using Bars = std::vector<Numbers>;

  static void value(const Add& /*c*/, Part& part) {
    for (const Numbers& z : part.z) {
      for (Index i = 0; i < z.size(); ++i) part.y[i] += z[i];
    }
  }
  static void pull(const Add& /*c*/, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (Index k = 0; k < z_bars.size(); ++k) {
      if (part.wanted[k]) z_bars[k] = mu;
    }
  }

  // Where in factor k output i of the batch reads: along an axis of size 1 always the same.
  static Index place_in_factor(const Part& part, Index k, Index i) {
    const auto whole = part.placed->output.sizes();
    const auto sizes = part.shapes[k].sizes();
    Index place = 0;
    Index stride = 1;
    for (Index axis = whole.size(); axis-- > 0;) {
      const Index coordinate = i % at(whole[axis]);
      i /= at(whole[axis]);
      const Index size = axis < sizes.size() ? at(sizes[axis]) : 1;
      if (size > 1) place += coordinate * stride;
      stride *= size;
    }
    return i * stride + place;  // i is the sample
  }
  static void value(const Multiply& /*c*/, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      part.y[i] = part.z[0][place_in_factor(part, 0, i)];
      for (Index k = 1; k < part.z.size(); ++k) {
        part.y[i] = part.y[i] * part.z[k][place_in_factor(part, k, i)];
      }
    }
  }
  static void pull(const Multiply& /*c*/, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (Index k = 0; k < z_bars.size(); ++k) {
      if (!part.wanted[k]) continue;
      for (Index i = 0; i < mu.size(); ++i) {
        Counted product = mu[i];
        for (Index j = 0; j < part.z.size(); ++j) {
          if (j != k) product = product * part.z[j][place_in_factor(part, j, i)];
        }
        z_bars[k][place_in_factor(part, k, i)] += product;
      }
    }
  }

  // body(input, place in it, place in the output)
  template <class Body>
  static void each_joined(const Concat& c, const Part& part, const Body& body) {
    const Index axis = at(*find_axis(c.axis, part.output().rank()));
    const auto product = [](std::span<const std::int64_t> sizes) {
      Index all = 1;
      for (const std::int64_t size : sizes) all *= at(size);
      return all;
    };
    const Index before = at(part.batch()) * product(part.output().sizes().first(axis));
    const Index behind = product(part.output().sizes().subspan(axis + 1));
    Index out = 0;
    for (Index n = 0; n < before; ++n) {
      for (Index k = 0; k < part.z.size(); ++k) {
        const Index size = at(part.shapes[k].sizes()[axis]) * behind;
        for (Index i = 0; i < size; ++i) body(k, n * size + i, out++);
      }
    }
  }
  static void value(const Concat& c, Part& part) {
    each_joined(c, part, [&](Index k, Index i, Index o) { part.y[o] = part.z[k][i]; });
  }
  static void pull(const Concat& c, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    each_joined(c, part, [&](Index k, Index i, Index o) {
      if (part.wanted[k]) z_bars[k][i] = mu[o];
    });
  }

  // body(place in A, place in B, place in the output) for each of the products.
  template <class Body>
  static void each_matrix_product(const MatMul& c, const Part& part, const Body& body) {
    const MatMul::Sizes s = c.sizes_of(part.shapes);
    const Index rows = at(s.rows);
    const Index inner = at(s.inner);
    const Index columns = at(s.columns);
    for (Index n = 0; n < at(part.batch()) * at(s.stack); ++n) {
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
          for (Index k = 0; k < inner; ++k) {
            const Index a = c.transposes_first() ? k * rows + i : i * inner + k;
            const Index b = c.transposes_second() ? j * inner + k : k * columns + j;
            body(n * rows * inner + a, n * inner * columns + b, (n * rows + i) * columns + j);
          }
        }
      }
    }
  }
  static void value(const MatMul& c, Part& part) {
    each_matrix_product(
        c, part, [&](Index a, Index b, Index o) { part.y[o] += part.z[0][a] * part.z[1][b]; });
    for (Counted& y : part.y) y = Counted{c.scale.nearest} * y;
  }
  static void pull(const MatMul& c, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (const Index k : {0U, 1U}) {
      if (!part.wanted[k]) continue;
      Numbers scaled = mu;
      for (Counted& y : scaled) y = Counted{c.scale.nearest} * y;
      each_matrix_product(c, part, [&](Index a, Index b, Index o) {
        z_bars[k][k == 0 ? a : b] += part.z[1 - k][k == 0 ? b : a] * scaled[o];
      });
    }
  }

  // Where in the table output i of the batch stands.
  static Index place_in_table(const Embedding& c, const Part& part, Index i) {
    const Index tokens = at(part.input().elements());
    const Index features = at(c.features);
    const Counted& id = part.z[0][i / (features * tokens) * tokens + i % tokens];
    return at(std::llround(id.value)) * features + i / tokens % features;
  }
  static void value(const Embedding& c, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) part.y[i] = part.v[place_in_table(c, part, i)];
  }
  static void pull(const Embedding& c, const Part& part, const Numbers& mu, Bars& /*z_bars*/,
                   Numbers& v_bar) {
    for (Index i = 0; i < mu.size(); ++i) v_bar[place_in_table(c, part, i)] += mu[i];
  }

  static void value(const Parameter& /*c*/, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) part.y[i] = part.v[i % part.v.size()];
  }
  static void pull(const Parameter& /*c*/, const Part& part, const Numbers& mu, Bars& /*z_bars*/,
                   Numbers& v_bar) {
    for (Index i = 0; i < mu.size(); ++i) v_bar[i % part.v.size()] += mu[i];
  }

  static void value(const FixedValue& c, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      part.y[i] = Counted{c.values[i % c.values.size()].nearest()};
    }
  }
  static void pull(const FixedValue& /*c*/, const Part& /*part*/, const Numbers& /*mu*/,
                   Bars& /*z_bars*/, Numbers& /*v_bar*/) {}
};

}  // namespace smoothbound::testing
