#include "reduced_stage.hpp"

#include <algorithm>
#include <utility>

#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

template <class Body>
void each_row(std::int64_t rows, const Body& body) {
  parallel_for(rows, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i);
  });
}

std::size_t to_size(std::int64_t size) { return static_cast<std::size_t>(size); }

DenseMatrix as_column(std::vector<double> entries) {
  DenseMatrix column;
  column.rows = static_cast<std::int64_t>(entries.size());
  column.columns = 1;
  column.entries = std::move(entries);
  return column;
}

}  // namespace

ReducedStage::ReducedStage(SplitLayer& layer, std::span<const double> z_bar,
                           const Regularizer& regularizer, StepKind kind, bool first)
    : part_(&layer.affine()),
      batch_(static_cast<std::int64_t>(layer.input().size()) / part_->inputs()),
      first_(first),
      regularizer_(kind == StepKind::gradient ? 0 : regularizer.lambda),
      weights_(part_->by_filter(layer.weights())),
      u_(layer.rest().begin(), layer.rest().end()),
      rest_(layer.derivatives(z_bar, kind)) {
  reduce(layer);
  if (!first) Z_ = part_->input_jacobian(weights_);
  scale(regularizer.lambda, weights_.entries);
  scale(regularizer.lambda, u_);
  if (first) return;
  const Vector y_bar = layer.pull_rest(z_bar);
  input_cotangent_ = layer.pull_affine(y_bar);
  if (kind != StepKind::newton) return;
  Y_ = DenseMatrix(part_->filters(), rows());
  for (std::int64_t o = 0; o < Y_.rows; ++o) {
    for (std::int64_t r = 0; r < Y_.columns; ++r) Y_(o, r) = y_bar[to_size(place_of(o, r))];
  }
}

void ReducedStage::reduce(SplitLayer& layer) {
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    DenseMatrix X = part_->patches(g, layer.input());
    Group& group = groups_.emplace_back();
    if (X.rows >= X.columns) {
      group.L = std::move(X);
      continue;
    }
    if (!all_finite(X.entries)) {  // for `is_finite`
      group.L = std::move(X);
      return;
    }
    group.Qt = thin_qr(X);
    group.L = product(X, transposed(group.Qt));
    if (first_) continue;
    group.rest = DenseMatrix(X.columns, X.columns);
    add_product(-1, transposed(group.Qt), group.Qt, group.rest);
    add_to_diagonal(1, group.rest);
  }
}

bool ReducedStage::is_finite() const {
  return all_finite(weights_.entries) && all_finite(u_) && rest_.A.is_finite() &&
         rest_.H.is_finite() && all_finite(Z_.entries) && all_finite(Y_.entries) &&
         std::all_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return all_finite(group.L.entries); });
}

// G = hess (lambda^T a) + A^T C A over (y, u); C is used up.
DenseMatrix ReducedStage::joint_hessian(DenseMatrix& C) const {
  if (rest_.identity) return std::move(C);
  DenseMatrix AC = transposed_product(rest_.A, C);
  C = {};
  DenseMatrix G = product(AC, rest_.A);
  AC = {};
  add(rest_.H, G);
  return G;
}

DenseMatrix ReducedStage::joint_gradient(Vector& c) const {
  return as_column(rest_.identity ? std::move(c) : transposed_product(rest_.A, c));
}

// M L, for the columns of y; those of u are left as they are.
DenseMatrix ReducedStage::push_unknowns(const DenseMatrix& M) const {
  const std::int64_t each = unknowns_of_filter();
  DenseMatrix result(M.rows, unknowns());
  DenseMatrix some(M.rows, rows());
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    each_row(M.rows, [&](std::int64_t i) {
      for (std::int64_t r = 0; r < some.columns; ++r) some(i, r) = M(i, place_of(o, r));
    });
    multiply(some, group_of(o).L, MatrixView(result).middle_columns(o * each, each));
  }
  each_row(M.rows, [&](std::int64_t i) {
    const std::span<const double> row = M.row(i);
    std::copy(row.end() - rest_size(), row.end(), result.row(i).end() - rest_size());
  });
  return result;
}

// L^T M, likewise for the rows.
DenseMatrix ReducedStage::pull_unknowns(const DenseMatrix& M) const {
  const std::int64_t each = unknowns_of_filter();
  DenseMatrix result(unknowns(), M.columns);
  DenseMatrix some(rows(), M.columns);
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    each_row(rows(), [&](std::int64_t r) {
      const std::span<const double> row = M.row(place_of(o, r));
      std::copy(row.begin(), row.end(), some.row(r).begin());
    });
    multiply(transposed(group_of(o).L), some, MatrixView(result).middle_rows(o * each, each));
  }
  std::copy(M.entries.end() - rest_size() * M.columns, M.entries.end(),
            result.entries.end() - rest_size() * M.columns);
  return result;
}

// G Z, sample by sample.
DenseMatrix ReducedStage::push_inputs(const DenseMatrix& G) const {
  DenseMatrix result(G.rows, batch_ * part_->inputs());
  for (std::int64_t i = 0; i < batch_; ++i) {
    multiply(ConstMatrixView(G).middle_columns(i * part_->outputs(), part_->outputs()), Z_,
             MatrixView(result).middle_columns(i * part_->inputs(), part_->inputs()));
  }
  return result;
}

// Z^T M
DenseMatrix ReducedStage::pull_inputs(const DenseMatrix& M) const {
  DenseMatrix result(batch_ * part_->inputs(), M.columns);
  for (std::int64_t i = 0; i < batch_; ++i) {
    multiply(transposed(Z_), ConstMatrixView(M).middle_rows(i * part_->outputs(), part_->outputs()),
             MatrixView(result).middle_rows(i * part_->inputs(), part_->inputs()));
  }
  return result;
}

// N += Q^T T^T. Rows of N that belong to one filter are written by one thread.
void ReducedStage::add_mixed(DenseMatrix& N) const {
  const std::int64_t each = unknowns_of_filter();
  parallel_for(part_->filters(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin; o < end; ++o) {
      const std::int64_t group = part_->group_of(o);
      if (is_reduced()) {
        for (std::int64_t j = 0; j < each; ++j) {
          add_patches(group, group_of(o).Qt.row(j), Y_.row(o), N.row(o * each + j));
        }
        continue;
      }
      for (std::int64_t r = 0; r < rows(); ++r) {
        const std::int64_t sample = r / part_->positions() * part_->inputs();
        for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
          const std::int64_t place = part_->place(group, r % part_->positions(), k);
          if (place >= 0) N(o * each + k, sample + place) += Y_(o, r);
        }
      }
    }
  });
}

// s += T^T z~: what couples the weights to z~.
void ReducedStage::pull_patches(std::span<const double> z, DenseMatrix& s) const {
  const std::int64_t size = part_->filters_of_group();
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    const DenseMatrix X = part_->patches(g, z);
    add_product(1, ConstMatrixView(Y_).middle_rows(g * size, size),
                ConstMatrixView(X).middle_columns(0, part_->fan_in()),
                MatrixView(s).middle_rows(g * size, size).middle_columns(0, part_->fan_in()));
  }
}

// z += T s
void ReducedStage::push_patches(const DenseMatrix& s, Vector& z) const {
  const std::int64_t size = part_->filters_of_group();
  const std::int64_t positions = part_->positions();
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    const DenseMatrix patches = product(transposed(ConstMatrixView(Y_).middle_rows(g * size, size)),
                                        ConstMatrixView(s).middle_rows(g * size, size));
    for (std::int64_t r = 0; r < rows(); ++r) {
      for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
        const std::int64_t place = part_->place(g, r % positions, k);
        if (place >= 0) z[to_size(r / positions * part_->inputs() + place)] += patches(r, k);
      }
    }
  }
}

// z += the patches factors weights^T, in their places.
void ReducedStage::add_patches(std::int64_t group, std::span<const double> weights,
                               std::span<const double> factors, std::span<double> z) const {
  const std::int64_t positions = part_->positions();
  for (std::int64_t r = 0; r < rows(); ++r) {
    const std::int64_t sample = r / positions * part_->inputs();
    for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
      const std::int64_t place = part_->place(group, r % positions, k);
      if (place >= 0) z[to_size(sample + place)] += factors[to_size(r)] * weights[to_size(k)];
    }
  }
}

// What the minimum over the part of the weights that X does not see takes off cost_{l-1}:
// |rest (T^T z~ + grad r)|^2 / (2 curvature). Without the constant.
void ReducedStage::subtract_eliminated(double curvature, CostToGo& cost) const {
  if (!is_mixed() || !is_reduced()) return;
  const std::int64_t size = part_->filters_of_group();
  const std::int64_t positions = part_->positions();
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    const DenseMatrix& rest = groups_[to_size(g)].rest;
    const ConstMatrixView Y = ConstMatrixView(Y_).middle_rows(g * size, size);
    DenseMatrix factors = product(transposed(Y), Y);
    scale(-1 / curvature, factors.entries);
    parallel_for(batch_, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin * positions; r < end * positions; ++r) {
        for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
          const std::int64_t to = part_->place(g, r % positions, k);
          if (to < 0) continue;
          add_patches(g, rest.row(k), factors.row(r),
                      cost.C.row(r / positions * part_->inputs() + to));
        }
      }
    });
  }
  DenseMatrix s(part_->filters(), part_->features());
  for (std::int64_t o = 0; o < s.rows; ++o) {
    add_product(-1 / curvature, group_of(o).rest, weights_.row(o), s.row(o));
  }
  push_patches(s, cost.c);
}

bool ReducedStage::bellman(double gamma, CostToGo& cost, ReducedPolicy& policy) const {
  const double curvature = 1 / gamma + regularizer_;
  if (is_reduced() && !(curvature > 0)) return false;
  const DenseMatrix h = joint_gradient(cost.c);
  DenseMatrix G = joint_hessian(cost.C);

  CostToGo before;
  before.constant = cost.constant;
  DenseMatrix N;
  if (!first_) {
    const DenseMatrix GZ = push_inputs(G);
    N = pull_unknowns(GZ);
    if (is_mixed()) add_mixed(N);
    before.C = pull_inputs(GZ);
    before.c = pull_inputs(h).entries;
  }
  Vector m = pull_unknowns(h).entries;
  add_scaled(1, u_, std::span(m).last(u_.size()));
  const std::int64_t each = unknowns_of_filter();
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    const std::span<double> own = std::span(m).subspan(to_size(o * each), to_size(each));
    if (!is_reduced()) {
      add_scaled(1, weights_.row(o), own);
      continue;
    }
    const DenseMatrix& Qt = group_of(o).Qt;
    const Vector seen = product(Qt, weights_.row(o));
    add_scaled(1, seen, own);
    Vector unseen(weights_.row(o).begin(), weights_.row(o).end());
    add_product(-1, transposed(Qt), seen, unseen);
    before.constant -= dot(unseen, unseen) / (2 * curvature);
  }

  DenseMatrix LG = pull_unknowns(G);
  G = {};
  policy.F = push_unknowns(LG);
  LG = {};
  add_to_diagonal(curvature, policy.F);
  if (!cholesky(policy.F)) return false;
  policy.curvature = curvature;
  policy.f = std::move(m);
  solve_lower(policy.F, policy.f);
  before.constant -= dot(policy.f, policy.f) / 2;
  policy.V = std::move(N);
  if (!first_) {
    solve_lower(policy.F, policy.V);
    add_gram(-1, transposed(policy.V), before.C);
    add_product(-1, transposed(policy.V), policy.f, before.c);
    subtract_eliminated(curvature, before);
  }
  cost = std::move(before);
  return true;
}

std::vector<double> ReducedStage::rollout(const ReducedPolicy& policy, std::span<const double> z,
                                          std::span<double> v) const {
  Vector t = policy.f;
  if (!first_) add_product(1, policy.V, z, t);
  solve_lower_transposed(policy.F, t);
  scale(-1, t);

  const std::int64_t each = unknowns_of_filter();
  DenseMatrix pulled = weights_;
  if (is_reduced() && is_mixed()) pull_patches(z, pulled);
  DenseMatrix s(part_->filters(), part_->features());
  Vector y(to_size(y_size() + rest_size()));
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    const Group& group = group_of(o);
    const auto own = std::span<const double>(t).subspan(to_size(o * each), to_size(each));
    if (is_reduced()) {  // Q own - rest pulled / curvature
      Vector seen = product(group.Qt, pulled.row(o));
      scale(1 / policy.curvature, seen);
      add_scaled(1, own, seen);
      multiply(transposed(group.Qt), seen, s.row(o));
      add_scaled(-1 / policy.curvature, pulled.row(o), s.row(o));
    } else {
      std::copy(own.begin(), own.end(), s.row(o).begin());
    }
    const Vector filter = product(group.L, own);
    for (std::int64_t r = 0; r < rows(); ++r) y[to_size(place_of(o, r))] = filter[to_size(r)];
  }
  part_->from_filters(s, v);
  std::copy(t.end() - rest_size(), t.end(), y.end() - rest_size());
  std::copy(t.end() - rest_size(), t.end(), v.end() - rest_size());
  for (std::int64_t i = 0; i < batch_ && !first_; ++i) {
    add_product(1, Z_, z.subspan(to_size(i * part_->inputs()), to_size(part_->inputs())),
                std::span(y).subspan(to_size(i * part_->outputs()), to_size(part_->outputs())));
  }
  return rest_.identity ? y : product(rest_.A, y);
}

}  // namespace smoothbound::steps
