// The rule of affine maps b(v, z) = beta(v, z) + beta^v(v) along a line of parameters.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "taylor_parts.hpp"

namespace smoothbound::kernels {

/// What is known of the weights of an affine map; norms are rounded up. Weights come first in v,
/// then the biases, if there are any.
class AffineBounds {
 public:
  AffineBounds() = default;
  AffineBounds(const AffineBounds&) = delete;
  AffineBounds& operator=(const AffineBounds&) = delete;
  virtual ~AffineBounds() = default;

  SampleShape input;
  SampleShape output;
  std::int64_t weights = 0;
  std::int64_t biases = 0;
  std::int64_t positions = 1;    // of a sample's output that have the same bias
  std::int64_t fan = 1;          // products in an output
  std::int64_t reverse_fan = 1;  // and in an input of the transpose
  /// Whether the weights are a matrix with a row for each output, which reads all inputs in order.
  bool is_matrix = false;

  /// sup ||beta(v, z)|| / ||z|| over single samples.
  [[nodiscard]] virtual double operator_norm(const double* v) const = 0;
  /// The same, at the cost of a pass over the weights.
  [[nodiscard]] virtual double quick_norm(const double* v) const = 0;
  /// The same of the absolute values of the weights.
  [[nodiscard]] virtual double absolute_norm(const double* v) const = 0;
  /// sup ||beta(v, z)|| / (||v|| ||z||), for absolute values, too.
  [[nodiscard]] virtual double bilinear_norm() const { return 1; }
  /// y >= |beta(v + t d, E)| / s scalar by scalar, by the norms of the rows of v and v + T d, and
  /// those of E on what a row reads: min(rho, ||r||).
  virtual void by_rows(const double* v, const double* moved, const Enclosed& z, double* scratch,
                       double* y) const = 0;
};

/// y (+)= beta(v, z), and + beta^v(v) if `with_bias`.
using AffineProduct = std::function<void(const double* z, const double* v, bool with_bias,
                                         bool accumulate, double* y, double* scratch)>;

/// One of two products with the same z: y (+)= beta(v, z).
template <class Scalar>
struct ProductOf {
  const Scalar* v = nullptr;
  bool accumulate = false;
  Scalar* y = nullptr;
};
/// Both, and + beta^v(v) if `with_bias`.
using AffinePair = std::function<void(const double* z, const std::array<ProductOf<double>, 2>& both,
                                      bool with_bias, double* scratch)>;

std::unique_ptr<TaylorRule> affine_rule(std::unique_ptr<AffineBounds> bounds, AffineProduct product,
                                        AffinePair pair);

}  // namespace smoothbound::kernels
