// The rule of values that are parameters themselves: exact up to what is stored.
#include "table_taylor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

class TableRule final : public TaylorRule {
 public:
  TableRule(std::int64_t samples, std::int64_t elements, LookUp look_up)
      : shape_{samples, elements}, look_up_(std::move(look_up)) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override {
    degree_ = line.degree;
    moves_ = line.d != nullptr;
    const Coefficients& z = inputs.front();
    look_up_(z[0], line.v, p[0]);
    if (moves_) look_up_(z[0], line.d, p[1]);
    for (std::size_t j = moves_ ? 2 : 1; j < p.size(); ++j) p[j] = nullptr;
  }

  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override {
    out.is_zero = true;
    std::fill_n(out.rho, shape_.samples, 0.0);
    std::fill_n(out.alpha, shape_.samples, 0.0);
    out.alpha_batch = 0;
    // Of v + t d when it is stored.
    const Powers t(pass.length, degree_);
    std::vector<double> parts(static_cast<std::size_t>(shape_.samples));
    if (moves_) {
      parts = weighted_norms(coefficient_norms(shape_, std::span(p).first(2)), t);
      for (double& part : parts) part *= 2 * unit_roundoff * inflation();
    }
    add_rounding(parts, out);
    if (!is_still(inputs.front())) out.alpha_batch = std::numeric_limits<double>::infinity();
  }

 private:
  // What is looked up does not depend on its input, as long as that stays near the same ids.
  [[nodiscard]] bool is_still(const Enclosed& z) const {
    constexpr double near = 0.25;
    const bool is_constant = std::all_of(z.p.begin() + 1, z.p.end(),
                                         [](const double* values) { return values == nullptr; });
    return z.r == nullptr && is_constant &&
           std::all_of(z.alpha, z.alpha + shape_.samples, [](double a) { return a < near; });
  }

  SampleShape shape_;
  LookUp look_up_;
  int degree_ = 0;
  bool moves_ = false;
};

}  // namespace

std::unique_ptr<TaylorRule> table_rule(std::int64_t samples, std::int64_t elements,
                                       LookUp look_up) {
  return std::make_unique<TableRule>(samples, elements, std::move(look_up));
}

}  // namespace smoothbound::kernels
