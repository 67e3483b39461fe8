// Eigen's views of what public headers declare without it.
#pragma once

#include <Eigen/Dense>

#include "smoothbound/runtime/stages.hpp"

namespace smoothbound {

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Eigen::Map<const RowMajorMatrix> view(const DenseMatrix& matrix) {
  return {matrix.entries.data(), matrix.rows, matrix.columns};
}
inline Eigen::Map<const Eigen::VectorXd> view(std::span<const double> vector) {
  return {vector.data(), static_cast<Eigen::Index>(vector.size())};
}
inline Eigen::Map<Eigen::VectorXd> view(std::span<double> vector) {
  return {vector.data(), static_cast<Eigen::Index>(vector.size())};
}
inline Eigen::Map<const Eigen::VectorXd> view(const std::vector<double>& vector) {
  return view(std::span<const double>(vector));
}

}  // namespace smoothbound
