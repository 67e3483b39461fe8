#include "reduced_stage.hpp"

#include <utility>

#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Sparse = Eigen::SparseMatrix<double>;

template <class Body>
void each_column(Index columns, const Body& body) {
  parallel_for(columns, 16, [&](Index begin, Index end) {
    for (Index j = begin; j < end; ++j) body(j);
  });
}

// M S
MatrixXd times(const MatrixXd& M, const Sparse& S) {
  MatrixXd product = MatrixXd::Zero(M.rows(), S.cols());
  each_column(S.cols(), [&](Index j) {
    for (Sparse::InnerIterator entry(S, j); entry; ++entry) {
      product.col(j) += entry.value() * M.col(entry.row());
    }
  });
  return product;
}

// S^T M
MatrixXd transposed_times(const Sparse& S, const MatrixXd& M) {
  MatrixXd product(S.cols(), M.cols());
  each_column(M.cols(), [&](Index j) {
    for (Index i = 0; i < S.cols(); ++i) {
      double sum = 0;
      for (Sparse::InnerIterator entry(S, i); entry; ++entry) {
        sum += entry.value() * M(entry.row(), j);
      }
      product(i, j) = sum;
    }
  });
  return product;
}

void mirror_lower(MatrixXd& M) {
  each_column(M.cols(), [&](Index j) {
    for (Index i = 0; i < j; ++i) M(i, j) = M(j, i);
  });
}

}  // namespace

ReducedStage::ReducedStage(SplitLayer& layer, std::span<const double> z_bar,
                           const Regularizer& regularizer, StepKind kind, bool first)
    : part_(&layer.affine()),
      batch_(static_cast<std::int64_t>(layer.input().size()) / part_->inputs()),
      first_(first),
      regularizer_(kind == StepKind::gradient ? 0 : regularizer.lambda),
      weights_(regularizer.lambda * part_->by_filter(layer.weights())),
      u_(regularizer.lambda * view(layer.rest())),
      rest_(layer.derivatives(z_bar, kind)) {
  reduce(layer);
  if (first) return;
  Z_ = part_->input_jacobian(part_->by_filter(layer.weights()));
  const std::vector<double> y_bar = layer.pull_rest(z_bar);
  input_cotangent_ = layer.pull_affine(y_bar);
  if (kind != StepKind::newton) return;
  Y_.resize(part_->filters(), rows());
  const std::int64_t positions = part_->positions();
  for (std::int64_t i = 0; i < batch_; ++i) {
    for (std::int64_t o = 0; o < part_->filters(); ++o) {
      for (std::int64_t p = 0; p < positions; ++p) {
        Y_(o, i * positions + p) =
            y_bar[static_cast<std::size_t>(i * part_->outputs() + o * positions + p)];
      }
    }
  }
}

void ReducedStage::reduce(SplitLayer& layer) {
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    MatrixXd X = part_->patches(g, layer.input());
    if (X.rows() >= X.cols()) {
      groups_.push_back({std::move(X), {}, {}});
      continue;
    }
    const Eigen::HouseholderQR<MatrixXd> qr(X.transpose());
    Group group;
    group.Q = qr.householderQ() * MatrixXd::Identity(X.cols(), X.rows());
    group.L = (group.Q.transpose() * X.transpose()).transpose();
    if (!first_) {
      group.rest = -group.Q * group.Q.transpose();
      group.rest.diagonal().array() += 1;
    }
    groups_.push_back(std::move(group));
  }
}

bool ReducedStage::is_finite() const {
  const auto finite = [](const Sparse& S) { return S.nonZeros() == 0 || S.coeffs().allFinite(); };
  bool all = weights_.allFinite() && u_.allFinite() && finite(rest_.A) && finite(rest_.H) &&
             Z_.allFinite() && Y_.allFinite();
  for (const Group& group : groups_) all = all && group.L.allFinite();
  return all;
}

// G = hess (lambda^T a) + A^T C A over (y, u); C is used up.
Eigen::MatrixXd ReducedStage::joint_hessian(Matrix& C) const {
  if (rest_.identity) return std::move(C);
  Matrix CA = times(C, rest_.A);
  C.resize(0, 0);
  Matrix G = transposed_times(rest_.A, CA);
  CA.resize(0, 0);
  for (Index j = 0; j < rest_.H.outerSize(); ++j) {
    for (Sparse::InnerIterator entry(rest_.H, j); entry; ++entry)
      G(entry.row(), j) += entry.value();
  }
  return G;
}

Eigen::VectorXd ReducedStage::joint_gradient(const Vector& c) const {
  if (rest_.identity) return c;
  return rest_.A.transpose() * c;
}

// G L, for the columns of y; those of u are left as they are.
Eigen::MatrixXd ReducedStage::push_unknowns(const Matrix& G) const {
  const std::int64_t each = unknowns_of_filter();
  const std::int64_t positions = part_->positions();
  Matrix product(G.rows(), unknowns());
  Matrix columns(G.rows(), rows());
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    each_column(rows(), [&](Index r) {
      columns.col(r) = G.col(r / positions * part_->outputs() + o * positions + r % positions);
    });
    product.middleCols(o * each, each).noalias() = columns * group_of(o).L;
  }
  if (rest_size() > 0) product.rightCols(rest_size()) = G.rightCols(rest_size());
  return product;
}

// L^T M, likewise for the rows.
Eigen::MatrixXd ReducedStage::pull_unknowns(const Matrix& M) const {
  const std::int64_t each = unknowns_of_filter();
  const std::int64_t positions = part_->positions();
  Matrix product(unknowns(), M.cols());
  Matrix some(rows(), M.cols());
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    each_column(M.cols(), [&](Index j) {
      for (Index r = 0; r < some.rows(); ++r) {
        some(r, j) = M(r / positions * part_->outputs() + o * positions + r % positions, j);
      }
    });
    product.middleRows(o * each, each).noalias() = group_of(o).L.transpose() * some;
  }
  if (rest_size() > 0) product.bottomRows(rest_size()) = M.bottomRows(rest_size());
  return product;
}

// G Z, sample by sample.
Eigen::MatrixXd ReducedStage::push_inputs(const Matrix& G) const {
  Matrix product(G.rows(), batch_ * part_->inputs());
  for (std::int64_t i = 0; i < batch_; ++i) {
    product.middleCols(i * part_->inputs(), part_->inputs()).noalias() =
        G.middleCols(i * part_->outputs(), part_->outputs()) * Z_;
  }
  return product;
}

Eigen::MatrixXd ReducedStage::pull_inputs(const Matrix& M) const {
  Matrix product(batch_ * part_->inputs(), M.cols());
  for (std::int64_t i = 0; i < batch_; ++i) {
    product.middleRows(i * part_->inputs(), part_->inputs()).noalias() =
        Z_.transpose() * M.middleRows(i * part_->outputs(), part_->outputs());
  }
  return product;
}

// N += Q^T T^T. Columns of N that belong to one sample are written by one thread.
void ReducedStage::add_mixed(Matrix& N) const {
  const std::int64_t each = unknowns_of_filter();
  const std::int64_t positions = part_->positions();
  parallel_for(batch_, 1, [&](Index begin, Index end) {
    for (Index r = begin * positions; r < end * positions; ++r) {
      const Index sample = r / positions * part_->inputs();
      for (std::int64_t g = 0; g < part_->groups(); ++g) {
        const Group& group = groups_[static_cast<std::size_t>(g)];
        for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
          const std::int64_t place = part_->place(g, r % positions, k);
          if (place < 0) continue;
          auto column = N.col(sample + place);
          const std::int64_t first = g * part_->filters_of_group();
          for (std::int64_t o = first; o < first + part_->filters_of_group(); ++o) {
            if (group.Q.size() == 0) {
              column(o * each + k) += Y_(o, r);
            } else {
              column.segment(o * each, each) += Y_(o, r) * group.Q.row(k).transpose();
            }
          }
        }
      }
    }
  });
}

// T^T z~: what couples the weights to z~, features x filters.
Eigen::MatrixXd ReducedStage::pull_patches(const Vector& z) const {
  Matrix s = Matrix::Zero(part_->features(), part_->filters());
  const std::span<const double> entries{z.data(), static_cast<std::size_t>(z.size())};
  const std::int64_t size = part_->filters_of_group();
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    const Matrix X = part_->patches(g, entries);
    s.middleCols(g * size, size).noalias() =
        X.transpose() * Y_.middleRows(g * size, size).transpose();
  }
  if (part_->features() > part_->fan_in()) s.bottomRows(1).setZero();
  return s;
}

// z += T s
void ReducedStage::push_patches(const Matrix& s, Vector& z) const {
  const std::int64_t size = part_->filters_of_group();
  const std::int64_t positions = part_->positions();
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    const Matrix patches = s.middleCols(g * size, size) * Y_.middleRows(g * size, size);
    for (Index r = 0; r < rows(); ++r) {
      for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
        const std::int64_t place = part_->place(g, r % positions, k);
        if (place >= 0) z(r / positions * part_->inputs() + place) += patches(k, r);
      }
    }
  }
}

// z += the patches weights factors^T, in their places.
void ReducedStage::add_patches(std::int64_t group, const Vector& weights, const Vector& factors,
                               Eigen::Ref<Vector> z) const {
  const std::int64_t positions = part_->positions();
  for (Index r = 0; r < rows(); ++r) {
    const Index sample = r / positions * part_->inputs();
    for (std::int64_t k = 0; k < part_->fan_in(); ++k) {
      const std::int64_t place = part_->place(group, r % positions, k);
      if (place >= 0) z(sample + place) += factors(r) * weights(k);
    }
  }
}

// What the minimum over the part of the weights that X does not see takes off cost_{l-1}:
// |rest (T^T z~ + grad r)|^2 / (2 curvature). Without the constant.
void ReducedStage::subtract_eliminated(double curvature, CostToGo& cost) const {
  if (Y_.size() == 0 || groups_.front().rest.size() == 0) return;
  const std::int64_t size = part_->filters_of_group();
  const std::int64_t positions = part_->positions();
  const std::int64_t fan_in = part_->fan_in();
  for (std::int64_t g = 0; g < part_->groups(); ++g) {
    const Matrix& rest = groups_[static_cast<std::size_t>(g)].rest;
    const auto Y = Y_.middleRows(g * size, size);
    const Matrix YY = Y.transpose() * Y / curvature;
    parallel_for(batch_, 1, [&](Index begin, Index end) {
      for (Index r = begin * positions; r < end * positions; ++r) {
        for (std::int64_t k = 0; k < fan_in; ++k) {
          const std::int64_t to = part_->place(g, r % positions, k);
          if (to < 0) continue;
          add_patches(g, rest.col(k).head(fan_in), -YY.col(r),
                      cost.C.col(r / positions * part_->inputs() + to));
        }
      }
    });
  }
  Matrix s(part_->features(), part_->filters());
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    s.col(o) = group_of(o).rest * weights_.col(o) / -curvature;
  }
  push_patches(s, cost.c);
}

bool ReducedStage::bellman(double gamma, CostToGo& cost, ReducedPolicy& policy) const {
  const double curvature = 1 / gamma + regularizer_;
  const bool reduced = groups_.front().Q.size() > 0;
  if (reduced && !(curvature > 0)) return false;
  Vector h = joint_gradient(cost.c);
  Matrix G = joint_hessian(cost.C);

  CostToGo before;
  before.constant = cost.constant;
  Matrix N;
  if (!first_) {
    Matrix GZ = push_inputs(G);
    N = pull_unknowns(GZ);
    if (Y_.size() > 0) add_mixed(N);
    before.C = pull_inputs(GZ);
    before.c = pull_inputs(h);
  }
  Vector m = pull_unknowns(h);
  if (rest_size() > 0) m.tail(rest_size()) += u_;
  const std::int64_t each = unknowns_of_filter();
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    const Group& group = group_of(o);
    if (!reduced) {
      m.segment(o * each, each) += weights_.col(o);
      continue;
    }
    const Vector seen = group.Q.transpose() * weights_.col(o);
    m.segment(o * each, each) += seen;
    before.constant -= (weights_.col(o) - group.Q * seen).squaredNorm() / (2 * curvature);
  }

  Matrix GL = push_unknowns(G);
  G.resize(0, 0);
  policy.F = pull_unknowns(GL);
  GL.resize(0, 0);
  policy.F.diagonal().array() += curvature;
  const Eigen::LLT<Eigen::Ref<Matrix>> cholesky(policy.F);
  if (cholesky.info() != Eigen::Success) return false;
  policy.curvature = curvature;
  policy.f = std::move(m);
  cholesky.matrixL().solveInPlace(policy.f);
  before.constant -= policy.f.squaredNorm() / 2;
  policy.V = std::move(N);
  if (!first_) {
    cholesky.matrixL().solveInPlace(policy.V);
    before.C.selfadjointView<Eigen::Lower>().rankUpdate(policy.V.transpose(), -1);
    before.c.noalias() -= policy.V.transpose() * policy.f;
    mirror_lower(before.C);
    subtract_eliminated(curvature, before);
  }
  cost = std::move(before);
  return true;
}

Eigen::VectorXd ReducedStage::rollout(const ReducedPolicy& policy, const Vector& z,
                                      std::span<double> v) const {
  Vector t = policy.f;
  if (!first_) t += policy.V * z;
  policy.F.triangularView<Eigen::Lower>().transpose().solveInPlace(t);
  t = -t;

  const std::int64_t each = unknowns_of_filter();
  const std::int64_t positions = part_->positions();
  const bool reduced = groups_.front().Q.size() > 0;
  Matrix pulled = weights_;
  if (reduced && Y_.size() > 0) pulled += pull_patches(z);
  Matrix s(part_->features(), part_->filters());
  Vector y(y_size() + rest_size());
  for (std::int64_t o = 0; o < part_->filters(); ++o) {
    const Group& group = group_of(o);
    const Vector own = t.segment(o * each, each);
    if (reduced) {
      const Vector seen = group.Q.transpose() * pulled.col(o);
      s.col(o) = group.Q * own - (pulled.col(o) - group.Q * seen) / policy.curvature;
    } else {
      s.col(o) = own;
    }
    const Vector filter = group.L * own;
    for (Index r = 0; r < rows(); ++r) {
      y(r / positions * part_->outputs() + o * positions + r % positions) = filter(r);
    }
  }
  part_->from_filters(s, v);
  if (rest_size() > 0) {
    y.tail(rest_size()) = t.tail(rest_size());
    view(v.subspan(static_cast<std::size_t>(part_->parameters()))) = t.tail(rest_size());
  }
  if (!first_) {
    for (std::int64_t i = 0; i < batch_; ++i) {
      y.segment(i * part_->outputs(), part_->outputs()) +=
          Z_ * z.segment(i * part_->inputs(), part_->inputs());
    }
  }
  return rest_.identity ? y : Vector(rest_.A * y);
}

}  // namespace smoothbound
