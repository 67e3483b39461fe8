#include "smoothbound/data/random.hpp"

#include <array>
#include <bit>
#include <cmath>

namespace smoothbound {
namespace {

// log(x) for a normal number x > 0: x = m 2^e with m in [sqrt(1/2), sqrt(2)), and
// log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.1716. The terms left out are below 1e-18.
double logarithm(double x) {
  constexpr std::uint64_t fraction_mask = (std::uint64_t{1} << 52U) - 1;
  constexpr std::uint64_t one = std::uint64_t{1023} << 52U;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto m = std::bit_cast<double>((bits & fraction_mask) | one);
  auto e = static_cast<double>(bits >> 52U) - 1023;
  if (m > 1.4142135623730951) {
    m /= 2;
    e += 1;
  }
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  double series = 0;
  for (int odd = 23; odd >= 1; odd -= 2) series = series * square + 1.0 / odd;
  // log 2 in two parts, of which the first times e is exact.
  return e * 0.693147180369123816490 + (2 * s * series + e * 1.90821492927058770002e-10);
}

template <std::size_t count>
double polynomial(const std::array<double, count>& coefficients, double x) {
  double value = 0;
  for (std::size_t i = count; i-- > 0;) value = value * x + coefficients[i];
  return value;
}

// The coefficients of AS 241: numerators and denominators for the centre, the near and the far
// tail.
constexpr std::array centre_a{3.3871328727963666080e0,  1.3314166789178437745e+2,
                              1.9715909503065514427e+3, 1.3731693765509461125e+4,
                              4.5921953931549871457e+4, 6.7265770927008700853e+4,
                              3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr std::array centre_b{1.0,
                              4.2313330701600911252e+1,
                              6.8718700749205790830e+2,
                              5.3941960214247511077e+3,
                              2.1213794301586595867e+4,
                              3.9307895800092710610e+4,
                              2.8729085735721942674e+4,
                              5.2264952788528545610e+3};
constexpr std::array near_c{1.42343711074968357734e0,  4.63033784615654529590e0,
                            5.76949722146069140550e0,  3.64784832476320460504e0,
                            1.27045825245236838258e0,  2.41780725177450611770e-1,
                            2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array near_d{1.0,
                            2.05319162663775882187e0,
                            1.67638483018380384940e0,
                            6.89767334985100004550e-1,
                            1.48103976427480074590e-1,
                            1.51986665636164571966e-2,
                            5.47593808499534494600e-4,
                            1.05075007164441684324e-9};
constexpr std::array far_e{6.65790464350110377720e0,  5.46378491116411436990e0,
                           1.78482653991729133580e0,  2.96560571828504891230e-1,
                           2.65321895265761230930e-2, 1.24266094738807843860e-3,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array far_f{1.0,
                           5.99832206555887937690e-1,
                           1.36929880922735805310e-1,
                           1.48753612908506148525e-2,
                           7.86869131145613259100e-4,
                           1.84631831751005468180e-5,
                           1.42151175831644588870e-7,
                           2.04426310338993978564e-15};

}  // namespace

double normal_quantile(double probability) {
  const double q = probability - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(centre_a, r) / polynomial(centre_b, r);
  }
  double r = std::sqrt(-logarithm(q < 0 ? probability : 1 - probability));
  double value = 0;
  if (r <= 5) {
    r -= 1.6;
    value = polynomial(near_c, r) / polynomial(near_d, r);
  } else {
    r -= 5;
    value = polynomial(far_e, r) / polynomial(far_f, r);
  }
  return q < 0 ? -value : value;
}

}  // namespace smoothbound
