#include "smoothbound/runtime/losses/regularizer.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>

namespace smoothbound {
namespace {

void add_scaled(double factor, std::span<const double> x, std::span<double> sum) {
  if (x.size() != sum.size()) {
    throw std::invalid_argument(
        fmt::format("regularizer: vectors of {} and {} numbers", x.size(), sum.size()));
  }
  for (std::size_t i = 0; i < x.size(); ++i) sum[i] += factor * x[i];
}

}  // namespace

double Regularizer::value(std::span<const double> w) const {
  double sum = 0;
  for (const double entry : w) sum += entry * entry;
  return lambda / 2 * sum;
}

void Regularizer::add_gradient(std::span<const double> w, std::span<double> gradient) const {
  add_scaled(lambda, w, gradient);
}

void Regularizer::add_hessian_product(std::span<const double> direction,
                                      std::span<double> product) const {
  add_scaled(lambda, direction, product);
}

}  // namespace smoothbound
