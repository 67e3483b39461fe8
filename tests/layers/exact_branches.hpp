// The branches of every activation as Taylor coefficients in ball arithmetic.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "taylor.hpp"

namespace smoothbound::test {

inline Ball ball(double x) {
  Ball result;
  arb_set_d(result.raw(), x);
  return result;
}

inline Ball logarithm(const Ball& x) {
  Ball result;
  arb_log(result.raw(), x.raw(), Ball::precision);
  return result;
}

inline Taylor operator-(const Taylor& a) { return Taylor(0) - a; }

inline Taylor constant(const char* decimal) { return Taylor(Ball::decimal(decimal)); }
inline Taylor lambda() { return constant("1.0507009873554804934193349852946"); }
inline Taylor alpha() { return constant("1.6732632423543772848170429916717"); }

using ExactBranch = Taylor (*)(const Taylor& x, const Ball& parameter);

inline Taylor zero(const Taylor& /*x*/, const Ball& /*none*/) { return {}; }
inline Taylor one(const Taylor& /*x*/, const Ball& /*none*/) { return 1; }
inline Taylor identity(const Taylor& x, const Ball& /*none*/) { return x; }

inline Taylor gelu_branch(const Taylor& x, const Ball& /*none*/) {
  return x * complementary_error_function(-x / Taylor(square_root(Ball(2)))) / Taylor(2);
}

inline Taylor gelu_tanh_branch(const Taylor& x, const Ball& /*none*/) {
  const Taylor scale(Ball(2) * square_root(Ball(2) / Ball::pi()));
  return x * logistic_of(scale * (x + constant("0.044715") * x * x * x));
}

// tanh(log(1 + exp(x))) = n / (n + 2), n = exp(x) (exp(x) + 2), where that is small.
inline Taylor mish_branch(const Taylor& x, const Ball& /*none*/) {
  const Taylor e = exponential(x);
  const Taylor n = e * (e + Taylor(2));
  if (x.coefficient(0).to_double() > 0) return x * (Taylor(1) - Taylor(2) / (n + Taylor(2)));
  return x * n / (n + Taylor(2));
}

// The branches of each row from the left to the right, at the parameter.
inline const std::map<std::string_view, std::vector<ExactBranch>> exact_branches{
    {"softplus", {[](const Taylor& x, const Ball& beta) {
       return softplus_of(Taylor(beta) * x) / Taylor(beta);
     }}},
    {"sigmoid", {[](const Taylor& x, const Ball&) { return logistic_of(x); }}},
    {"tanh", {[](const Taylor& x, const Ball&) {
       return Taylor(2) * logistic_of(Taylor(2) * x) - Taylor(1);
     }}},
    {"gelu", {gelu_branch}},
    {"gelu_tanh", {gelu_tanh_branch}},
    {"silu", {[](const Taylor& x, const Ball&) { return x * logistic_of(x); }}},
    {"mish", {mish_branch}},
    {"elu",
     {[](const Taylor& x, const Ball& depth) {
        return Taylor(depth) * (exponential(x) - Taylor(1));
      },
      identity}},
    {"celu",
     {[](const Taylor& x, const Ball& depth) {
        return Taylor(depth) * (exponential(x / Taylor(depth)) - Taylor(1));
      },
      identity}},
    {"softsign",
     {[](const Taylor& x, const Ball&) { return x / (Taylor(1) - x); },
      [](const Taylor& x, const Ball&) { return x / (Taylor(1) + x); }}},
    {"atan", {[](const Taylor& x, const Ball&) { return arc_tangent(x); }}},
    {"sin", {[](const Taylor& x, const Ball&) { return sine(x); }}},
    {"erf", {[](const Taylor& x, const Ball&) { return error_function(x); }}},
    {"relu", {zero, identity}},
    {"relu6", {zero, identity, [](const Taylor&, const Ball&) { return Taylor(6); }}},
    {"smooth_relu6", {[](const Taylor& x, const Ball& beta) {
       const Taylor b(beta);
       return (softplus_of(b * x) - softplus_of(b * (x - Taylor(6)))) / b;
     }}},
    {"leaky_relu",
     {[](const Taylor& x, const Ball& slope) { return Taylor(slope) * x; }, identity}},
    {"smooth_leaky_relu", {[](const Taylor& x, const Ball& slope) {
       return Taylor(slope) * x + (Taylor(1) - Taylor(slope)) * softplus_of(x);
     }}},
    {"selu",
     {[](const Taylor& x, const Ball&) {
        return lambda() * alpha() * (exponential(x) - Taylor(1));
      },
      [](const Taylor& x, const Ball&) { return lambda() * x; }}},
    {"smooth_selu",
     {[](const Taylor& x, const Ball&) {
        return lambda() * alpha() * (exponential(x / alpha()) - Taylor(1));
      },
      [](const Taylor& x, const Ball&) { return lambda() * x; }}},
    {"hard_tanh", {[](const Taylor&, const Ball&) { return Taylor(-1); }, identity, one}},
    {"hard_sigmoid",
     {zero, [](const Taylor& x, const Ball&) { return x / Taylor(6) + Taylor(1) / Taylor(2); },
      one}},
    {"hard_swish",
     {zero, [](const Taylor& x, const Ball&) { return x * (x + Taylor(3)) / Taylor(6); },
      identity}},
    {"capped_exp",
     {[](const Taylor& x, const Ball&) { return exponential(x); },
      [](const Taylor&, const Ball& cap) { return Taylor(cap); }}},
    {"smooth_capped_exp", {[](const Taylor& x, const Ball& cap) {
       return Taylor(cap) * logistic_of(x - Taylor(logarithm(cap)));
     }}},
    {"identity", {identity}},
    {"dropout", {identity}},
};

}  // namespace smoothbound::test
