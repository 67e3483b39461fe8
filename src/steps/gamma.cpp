#include "gamma.hpp"

#include <fmt/format.h>

#include <cmath>

#include "smoothbound/steps/step.hpp"

namespace smoothbound::steps {

void require_gamma(double gamma) {
  if (gamma > 0 && std::isfinite(gamma)) return;
  throw std::invalid_argument(fmt::format("gamma is {}; it has to be positive and finite", gamma));
}

void throw_not_bounded_below(double gamma, std::optional<std::size_t> layer) {
  const std::string where = layer ? fmt::format(" at layer {}", *layer + 1) : "";
  throw NotBoundedBelow(
      fmt::format("the quadratic model is not bounded below{}: after {} halvings, with gamma = "
                  "{:.3g}, its matrix is still not positive definite",
                  where, most_halvings, gamma));
}

}  // namespace smoothbound::steps
