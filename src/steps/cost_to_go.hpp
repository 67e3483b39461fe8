// What a backward sweep hands from a stage to the one before.
#pragma once

#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::steps {

/// cost_l(z) = 1/2 z^T C z + c^T z + constant: (36). C is symmetric.
struct CostToGo {
  linalg::DenseMatrix C;
  std::vector<double> c;
  double constant = 0;
};

}  // namespace smoothbound::steps
