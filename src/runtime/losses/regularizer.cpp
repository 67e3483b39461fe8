#include "smoothbound/runtime/losses/regularizer.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>

#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound {
namespace {

void add_multiple(double factor, std::span<const double> x, std::span<double> sum) {
  if (x.size() != sum.size()) {
    throw std::invalid_argument(
        fmt::format("regularizer: vectors of {} and {} numbers", x.size(), sum.size()));
  }
  linalg::add_scaled(factor, x, sum);
}

}  // namespace

double Regularizer::value(std::span<const double> w) const {
  double sum = 0;
  for (const double entry : w) sum += entry * entry;
  return lambda / 2 * sum;
}

void Regularizer::add_gradient(std::span<const double> w, std::span<double> gradient) const {
  add_multiple(lambda, w, gradient);
}

void Regularizer::add_hessian_product(std::span<const double> direction,
                                      std::span<double> product) const {
  add_multiple(lambda, direction, product);
}

}  // namespace smoothbound
