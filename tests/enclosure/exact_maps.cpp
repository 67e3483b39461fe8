#include "enclosure/exact_maps.hpp"

#include <algorithm>

namespace smoothbound::test::exact {
namespace {

// Of the axes from one on.
Index size_from(const Shape& shape, std::size_t axis) {
  Index size = 1;
  for (std::size_t k = axis; k < shape.sizes().size(); ++k) size *= shape.sizes()[k];
  return size;
}

Number softplus(const Number& x, const Number& beta) {
  const Number z = beta * x;
  Number rest = exponential(Number() - absolute(z));
  arb_log1p(rest.raw(), rest.raw(), Number::precision);
  return (largest(z, Number()) + rest) / beta;
}

}  // namespace

Numbers apply(const Softmax& softmax, const Stack& s, const Numbers& z) {
  const int axis = axis_of(softmax.axis, s.input, "softmax");
  const Index size = s.input.sizes()[at(axis)];
  const Index behind = size_from(s.input, at(axis) + 1);
  Numbers y(z.size());
  for (Index row = 0; row < static_cast<Index>(z.size()) / size; ++row) {
    const Index first = row / behind * behind * size + row % behind;
    Number top = z[at(first)];
    for (Index k = 1; k < size; ++k) top = largest(top, z[at(first + k * behind)]);
    Number sum;
    for (Index k = 0; k < size; ++k) sum = sum + exponential(z[at(first + k * behind)] - top);
    for (Index k = 0; k < size; ++k) {
      const std::size_t place = at(first + k * behind);
      y[place] = exponential(z[place] - top) / sum;
    }
  }
  return y;
}

Numbers apply(const Prelu& prelu, const Stack& s, const Numbers& z) {
  const Index same = s.input.elements() / static_cast<Index>(s.v.size());
  Numbers y;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Number slope = s.v[at(static_cast<Index>(i) % s.input.elements() / same)];
    if (prelu.is_smooth) {
      const Number beta = prelu.beta.nearest;
      y.push_back(softplus(z[i], beta) - slope * softplus(Number() - z[i], beta));
    } else {
      y.push_back(largest(z[i], Number()) + slope * smallest(z[i], Number()));
    }
  }
  return y;
}

Numbers apply(const LocalResponseNorm& norm, const Stack& s, const Numbers& z) {
  const Index channels = s.input.channels();
  const Index positions = s.input.positions();
  Number power = Number() - Number(norm.beta.nearest);
  Numbers y;
  for (Index i = 0; i < static_cast<Index>(z.size()); ++i) {
    const Index c = i / positions % channels;
    Number sum;
    const Index last = std::min(channels - 1, c + norm.behind());
    for (Index j = std::max<Index>(0, c - norm.before()); j <= last; ++j) {
      const Number& each = z[at(i + (j - c) * positions)];
      sum.add_product(each, each);
    }
    Number d = Number(norm.k.nearest) + Number(norm.factor()) * sum;
    arb_pow(d.raw(), d.raw(), power.raw(), Number::precision);
    y.push_back(z[at(i)] * d);
  }
  return y;
}

// What is no id stands for the nearest one.
Numbers apply(const Embedding& embedding, const Stack& s, const Numbers& z) {
  const Index tokens = s.input.elements();
  Numbers y;
  for (Index n = 0; n < s.batch; ++n) {
    for (Index f = 0; f < embedding.features; ++f) {
      for (Index t = 0; t < tokens; ++t) {
        const double id = z[at(n * tokens + t)].to_double();
        const double known = std::clamp(id, 0.0, static_cast<double>(embedding.entries - 1));
        y.emplace_back(s.v[at(static_cast<Index>(known + 0.5) * embedding.features + f)]);
      }
    }
  }
  return y;
}

Numbers apply(const Parameter& /*parameter*/, const Stack& s, const Numbers& /*z*/) {
  Numbers y;
  for (Index n = 0; n < s.batch; ++n) {
    for (const double each : s.v) y.emplace_back(each);
  }
  return y;
}

Numbers apply(const FixedValue& value, const Stack& s, const Numbers& /*z*/) {
  Numbers y;
  for (Index i = 0; i < s.batch * s.output.elements(); ++i) {
    const Index place = value.values.size() == 1 ? 0 : i % s.output.elements();
    y.emplace_back(value.values[at(place)].nearest());
  }
  return y;
}

// Axes line up from the first one on; those of one entry, or that are not there, are repeated.
Numbers merged(const Multiply& /*multiply*/, const Stack& s, const Inputs& z,
               const std::vector<Shape>& shapes) {
  Numbers y(at(s.batch * s.output.elements()), Number(1));
  for (std::size_t k = 0; k < z.size(); ++k) {
    for (Index i = 0; i < static_cast<Index>(y.size()); ++i) {
      Index place = i / s.output.elements();
      Index rest = i % s.output.elements();
      for (std::size_t axis = 0; axis < s.output.sizes().size(); ++axis) {
        const Index behind = size_from(s.output, axis + 1);
        const Index size = axis < shapes[k].sizes().size() ? shapes[k].sizes()[axis] : 1;
        place = place * size + (size == 1 ? 0 : rest / behind);
        rest %= behind;
      }
      y[at(i)] = y[at(i)] * (*z[k])[at(place)];
    }
  }
  return y;
}

Numbers merged(const MatMul& matmul, const Stack& s, const Inputs& z,
               const std::vector<Shape>& shapes) {
  const auto [stack, rows, inner, columns] = matmul.sizes_of(shapes);
  Numbers y;
  for (Index m = 0; m < s.batch * stack; ++m) {
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) {
        Number sum;
        for (Index k = 0; k < inner; ++k) {
          const Index a = matmul.transposes_first() ? k * rows + i : i * inner + k;
          const Index b = matmul.transposes_second() ? j * inner + k : k * columns + j;
          sum.add_product((*z[0])[at(m * rows * inner + a)], (*z[1])[at(m * inner * columns + b)]);
        }
        y.push_back(Number(matmul.scale.nearest) * sum);
      }
    }
  }
  return y;
}

}  // namespace smoothbound::test::exact
