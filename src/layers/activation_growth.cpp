#include "activation_growth.hpp"

#include <algorithm>

namespace smoothbound::activations {
namespace {

// With g(x) = log(1 + exp(x)): max g(x)^2 - x^2, rounded up, and where that is, rounded down; the
// root of the largest s^2 (1-s)/(1+s), ((sqrt 5 - 1)/2)^(5/2), rounded up.
const Magnitude softplus_excess = Magnitude::from_decimal("0.731715580121347319987905622556");
const LowerBound softplus_tangent = LowerBound::from_decimal("0.829933520832856506522333024807");
const Magnitude softplus_joint = Magnitude::from_decimal("0.300283106000777607886694709949");

// 4 sup x^2 s (1-s), and sup x^2 s root((1-s)/(1+s)) over softplus_joint, rounded up.
const Magnitude softplus_second = Magnitude::from_decimal("1.75691535956258060310391854662");
const Magnitude softplus_joint_second = Magnitude::from_decimal("4.99337665386915602506679322561");

// sup ||(g(x_i))|| over ||x|| <= m: sqrt(n) g(m/sqrt n) as long as g^2 is concave in x^2, and
// sqrt(m^2 + n k) beyond, which is a bound for all m.
Magnitude softplus_norm(const Magnitude& m, const Magnitude& n, const Real& beta) {
  const Magnitude scaled = beta.upper * m;
  const LowerBound root_n = square_root(n.turned());
  Magnitude bound = square_root(scaled * scaled + n * softplus_excess);
  if (n.is_one()) return std::min(bound, log_one_plus(exponential(scaled))) / beta.lower;
  if (scaled <= (softplus_tangent * root_n).turned()) {
    bound = std::min(bound, square_root(n) * log_one_plus(exponential(scaled / root_n)));
  }
  return bound / beta.lower;
}

// The sigmoid of beta m.
Magnitude softplus_slope(const Magnitude& m, const Real& beta) {
  const LowerBound one = LowerBound::from_count(1);
  return Magnitude::from_count(1) / (one + one / exponential(beta.upper * m));
}

// tanh^2 is concave in x^2.
Magnitude tanh_norm(const Magnitude& m, const Magnitude& n, const Real& /*none*/) {
  return square_root(n) * hyperbolic_tangent(m / square_root(n.turned()));
}

Magnitude same_norm(const Magnitude& m, const Magnitude& /*n*/, const Real& /*none*/) { return m; }

MapGrowth by_derivatives(const Magnitude& joint, const Magnitude& third = Magnitude::infinity()) {
  MapGrowth growth;
  growth.joint = joint;
  growth.third = third;
  return growth;
}

}  // namespace

MapGrowth softplus_growth(const Real& beta) {
  // s (1-s) (1-2s) is largest at s = 1/2 - 1/(2 sqrt 3)
  const Magnitude third = Magnitude::from_count(1) /
                          (LowerBound::from_count(6) * square_root(LowerBound::from_count(3)));
  MapGrowth growth{softplus_norm, softplus_slope, beta.upper * softplus_joint,
                   beta.upper * beta.upper * third, beta};
  const LowerBound squared = beta.lower * beta.lower;
  growth.unsaturated.second = softplus_second / squared;
  growth.unsaturated.joint = softplus_joint_second / squared;
  growth.unsaturated.is_frozen = true;
  return growth;
}

// slope x + (1 - slope) g(x), with weights that are not negative.
MapGrowth smooth_leaky_relu_growth(const Real& slope_below) {
  MapGrowth growth;
  if (slope_below.upper > Magnitude::from_count(1)) return growth;
  growth.unsaturated.second = softplus_second;
  growth.unsaturated.is_frozen = true;
  return growth;
}

MapGrowth tanh_growth(const Real& /*none*/) {
  return {tanh_norm, nullptr, square_root(Magnitude::from_count(2)), Magnitude::from_count(2)};
}

MapGrowth below_identity(const Real& /*none*/) { return {same_norm}; }

MapGrowth sigmoid_growth(const Real& /*none*/) {
  const Magnitude one = Magnitude::from_count(1);
  return by_derivatives(one / square_root(LowerBound::from_count(32)), scale(one, -3));
}

MapGrowth sin_growth(const Real& /*none*/) {
  return by_derivatives(Magnitude::from_count(1), Magnitude::from_count(1));
}

MapGrowth erf_growth(const Real& /*none*/) {
  // sqrt(8/pi), rounded up
  return by_derivatives(Magnitude::from_decimal("1.59576912160573071175978423974"));
}

MapGrowth atan_growth(const Real& /*none*/) {
  return by_derivatives(square_root(Magnitude::from_count(2)));
}

}  // namespace smoothbound::activations
