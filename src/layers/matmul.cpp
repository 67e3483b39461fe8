#include "smoothbound/layers/matmul.hpp"

#include <fmt/format.h>

namespace smoothbound {

void MatMul::visit_settings(SettingsVisitor& visitor) {
  visitor.choice(
      {.name = "transpose", .description = "which of the two is transposed", .usual = true},
      transposes, transpose);
  visitor.real({.name = "scale", .description = "a factor of the product", .usual = true},
               text::RealRange::positive, scale);
}

MatMul::Sizes MatMul::sizes_of(std::span<const Shape> shapes) const {
  const auto refuse = [&](const std::string& what) {
    throw ShapeError(
        fmt::format("matmul of {} and {}: {}", shapes[0].to_text(), shapes[1].to_text(), what),
        "[rows, inner] by [inner, columns], or [stack, rows, inner] by "
        "[stack, inner, columns]; transpose: first or second turns one of them");
  };
  const int rank = shapes[0].rank();
  if (rank != shapes[1].rank() || rank < 2 || rank > 3) {
    refuse("it takes two matrices, or two stacks of them");
  }
  const auto matrix = [&](const Shape& shape, bool is_transposed) {
    const auto last = shape.sizes().subspan(static_cast<std::size_t>(rank - 2));
    return is_transposed ? std::pair(last[1], last[0]) : std::pair(last[0], last[1]);
  };
  const auto [rows, inner] = matrix(shapes[0], transposes_first());
  const auto [inner_of_second, columns] = matrix(shapes[1], transposes_second());
  if (inner != inner_of_second) {
    refuse(fmt::format("rows of {} entries meet columns of {}", inner, inner_of_second));
  }
  const std::int64_t stack = rank == 3 ? shapes[0].channels() : 1;
  if (rank == 3 && stack != shapes[1].channels()) {
    refuse(fmt::format("stacks of {} and {} matrices", stack, shapes[1].channels()));
  }
  return {stack, rows, inner, columns};
}

Shape MatMul::output_shape(std::span<const Shape> shapes) const {
  const Sizes sizes = sizes_of(shapes);
  if (shapes[0].rank() == 2) return {sizes.rows, sizes.columns};
  return {sizes.stack, sizes.rows, sizes.columns};
}

// Each cotangent is a product of the same size.
Work MatMul::work(const Site& site) const {
  const Magnitude products =
      output_scalars(site) * Magnitude::from_count(sizes_of(site.inputs).inner);
  Work work;
  work.forward = products + output_scalars(site);  // with the scale
  work.backward_input = work.forward;
  work.sparsity.map = smoothbound::scale(products, 1);  // each product has two factors
  return work;
}

// ||A B||_F <= ||A||_F ||B||_F for each matrix of each sample: of one factor the sum of squares
// over all of them, of the other one the largest. An entry is the product of a row and a column.
rules::Value MatMul::merge(std::span<const rules::Value> branches, const Site& site,
                           Method method) const {
  const Sizes sizes = sizes_of(site.inputs);
  const auto one_by_maximum = [](std::int64_t a, std::int64_t b) {
    Reading reading = reading_of(per_sample);
    reading[maximum] = square_root(Magnitude::from_count(a) * Magnitude::from_count(b));
    return reading;
  };
  const auto times_scale = [&](Reading reading) {
    for (Magnitude& factor : reading) factor *= scale.upper;
    return reading;
  };
  rules::BilinearBound bound;
  bound.extents = extents_of(site.output, site.batch);
  const Reading all = times_scale(reading_of(euclidean));
  bound.products[euclidean] = {{all, reading_of(euclidean)}};
  if (method == Method::sharp) {
    const Reading first = one_by_maximum(sizes.rows, sizes.inner);
    const Reading second = one_by_maximum(sizes.inner, sizes.columns);
    for (const std::size_t level : {euclidean, per_sample}) {
      bound.products[level] = {{times_scale(reading_of(level)), second},
                               {times_scale(first), reading_of(level)}};
    }
    const Reading line = one_by_maximum(sizes.inner, 1);
    bound.products[maximum] = {{times_scale(line), line}};
    // Of a row and a column one by the largest entry, of two columns both by those of their rows.
    const Reading rows = reading_of(largest_of_rows);
    const Reading columns = reading_of(sum_of_columns);
    if (!transposes_first() && !transposes_second()) {
      bound.products[maximum].push_back({times_scale(reading_of(maximum)), columns});
      bound.products[largest_of_rows] = {{times_scale(rows), columns}};
    } else if (transposes_first()) {
      bound.products[maximum].push_back({times_scale(rows), rows});
    }
  }
  return rules::product(branches, [&](std::size_t /*factor*/) { return bound; });
}

}  // namespace smoothbound
