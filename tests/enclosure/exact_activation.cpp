#include <arb_hypgeom.h>
#include <flint/flint.h>

#include <stdexcept>

#include "enclosure/exact_network.hpp"

namespace smoothbound::test {

Number Number::decimal(const char* literal) {
  Number result;
  if (arb_set_str(result.x_, literal, precision) != 0) throw std::invalid_argument(literal);
  return result;
}

double Number::least_absolute() const {
  arf_t least;
  arf_init(least);
  arb_get_abs_lbound_arf(least, x_, 53);
  const double value = arf_get_d(least, ARF_RND_DOWN);
  arf_clear(least);
  return value;
}

std::string Number::to_text() const {
  char* digits = arb_get_str(x_, 25, ARB_STR_MORE);
  std::string text = digits;
  flint_free(digits);
  return text;
}

Number absolute(const Number& a) {
  Number c;
  arb_abs(c.raw(), a.raw());
  return c;
}
Number root(const Number& a) {
  Number c;
  arb_sqrtpos(c.raw(), a.raw(), Number::precision);
  return c;
}
Number exponential(const Number& a) {
  Number c;
  // Far below what 1 has in this precision: a ball of radius 2^-10000.
  if (certainly_less(a, Number(-1e4))) {
    arb_zero(c.raw());
    mag_set_ui_2exp_si(arb_radref(c.raw()), 1, -10000);
    return c;
  }
  arb_exp(c.raw(), a.raw(), Number::precision);
  return c;
}
Number largest(const Number& a, const Number& b) {
  Number c;
  arb_max(c.raw(), a.raw(), b.raw(), Number::precision);
  return c;
}
Number smallest(const Number& a, const Number& b) {
  Number c;
  arb_min(c.raw(), a.raw(), b.raw(), Number::precision);
  return c;
}

namespace {

Number positive(const Number& x) { return largest(x, Number()); }
Number negative(const Number& x) { return smallest(x, Number()); }
Number between(const Number& x, double low, double high) { return smallest(largest(x, low), high); }

// 1 / (1 + exp(-x)), without large exponentials.
Number logistic(const Number& x) {
  const Number e = exponential(Number() - absolute(x));
  if (certainly_less(x, Number())) return e / (Number(1) + e);
  if (certainly_less(Number(), x)) return Number(1) / (Number(1) + e);
  return Number(1) / (Number(1) + exponential(Number() - x));
}
Number softplus(const Number& x, const Number& beta) {
  const Number z = beta * x;
  Number rest = exponential(Number() - absolute(z));
  arb_log1p(rest.raw(), rest.raw(), Number::precision);
  return (positive(z) + rest) / beta;
}
Number expm1(const Number& x) { return exponential(x) - Number(1); }
Number celu(const Number& x, const Number& height, const Number& width) {
  return positive(x) + height * expm1(negative(x) / width);
}
Number tangent(const Number& x) { return Number(2) * logistic(Number(2) * x) - Number(1); }
Number pi() {
  Number c;
  arb_const_pi(c.raw(), Number::precision);
  return c;
}
Number selu_scale() { return Number::decimal("1.0507009873554804934193349852946"); }
Number selu_alpha() { return Number::decimal("1.6732632423543772848170429916717"); }

Number gelu(const Number& x) {
  if (certainly_less(x, Number(-1e3))) return exponential(Number(-1e5));
  Number c = Number() - x / root(2);
  arb_hypgeom_erfc(c.raw(), c.raw(), Number::precision);
  return x * c / Number(2);
}
Number gelu_tanh(const Number& x) {
  const Number cubic = Number::decimal("0.044715") * x * x * x;
  return x * logistic(Number(2) * root(Number(2) / pi()) * (x + cubic));
}
Number capped_exp(const Number& x, const Number& cap) {
  Number log;
  arb_log(log.raw(), cap.raw(), Number::precision);
  return smallest(exponential(smallest(x, log + Number(1))), cap);
}
Number by_arb(void (*f)(arb_t, const arb_t, slong), const Number& x) {
  Number c;
  f(c.raw(), x.raw(), Number::precision);
  return c;
}

Number hyperbolic(const Number& x) {
  return arb_contains_zero(x.raw()) != 0 ? by_arb(arb_tanh, x) : tangent(x);
}

using Function = Number (*)(const Number& x, const Number& parameter);

const std::map<std::string_view, Function>& functions() {
  static const std::map<std::string_view, Function> all{
      {"softplus", softplus},
      {"sigmoid", [](const Number& x, const Number&) { return logistic(x); }},
      {"tanh", [](const Number& x, const Number&) { return hyperbolic(x); }},
      {"gelu", [](const Number& x, const Number&) { return gelu(x); }},
      {"gelu_tanh", [](const Number& x, const Number&) { return gelu_tanh(x); }},
      {"silu", [](const Number& x, const Number&) { return x * logistic(x); }},
      {"mish", [](const Number& x, const Number&) { return x * hyperbolic(softplus(x, 1)); }},
      {"elu", [](const Number& x, const Number& alpha) { return celu(x, alpha, 1); }},
      {"celu", [](const Number& x, const Number& alpha) { return celu(x, alpha, alpha); }},
      {"softsign", [](const Number& x, const Number&) { return x / (Number(1) + absolute(x)); }},
      {"atan", [](const Number& x, const Number&) { return by_arb(arb_atan, x); }},
      {"sin", [](const Number& x, const Number&) { return by_arb(arb_sin, x); }},
      {"erf", [](const Number& x, const Number&) { return by_arb(arb_hypgeom_erf, x); }},
      {"relu", [](const Number& x, const Number&) { return positive(x); }},
      {"relu6", [](const Number& x, const Number&) { return between(x, 0, 6); }},
      {"smooth_relu6",
       [](const Number& x, const Number& beta) {
         return softplus(x, beta) - softplus(x - Number(6), beta);
       }},
      {"leaky_relu",
       [](const Number& x, const Number& slope) { return positive(x) + slope * negative(x); }},
      {"smooth_leaky_relu",
       [](const Number& x, const Number& slope) {
         return slope * x + (Number(1) - slope) * softplus(x, 1);
       }},
      {"selu",
       [](const Number& x, const Number&) { return selu_scale() * celu(x, selu_alpha(), 1); }},
      {"smooth_selu",
       [](const Number& x, const Number&) {
         return selu_scale() * celu(x, selu_alpha(), selu_alpha());
       }},
      {"hard_tanh", [](const Number& x, const Number&) { return between(x, -1, 1); }},
      {"hard_sigmoid",
       [](const Number& x, const Number&) { return between(x / Number(6) + Number(0.5), 0, 1); }},
      {"hard_swish",
       [](const Number& x, const Number&) { return x * between(x + Number(3), 0, 6) / Number(6); }},
      {"capped_exp", capped_exp},
      {"smooth_capped_exp",
       [](const Number& x, const Number& cap) { return cap * logistic(x - by_arb(arb_log, cap)); }},
      {"identity", [](const Number& x, const Number&) { return x; }},
      {"dropout", [](const Number& x, const Number&) { return x; }},
  };
  return all;
}

}  // namespace

Number exact_activation(const Activation& f, const Number& x) {
  const auto function = functions().find(f.row->name);
  if (function == functions().end()) throw std::logic_error(std::string(f.row->name));
  const Number scale = f.scale.nearest;
  return function->second(scale * x, Number(f.parameter.nearest)) / scale;
}

}  // namespace smoothbound::test
