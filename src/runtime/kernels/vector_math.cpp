// Loops that the compiler vectorizes, for each of the instruction sets below; the machine's is
// taken at run time. Compiled with contraction of a*b+c, unlike all that computes bounds.
#include "vector_math.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "smoothbound/layers/for_each_machine.hpp"

namespace smoothbound::kernels::vector_math {
namespace {

// x = n log 2 + r with |r| <= log(2)/2; log 2 in two parts, so that n times the first is exact.
struct Reduced {
  float n;
  float r;
};

SMOOTHBOUND_INLINE Reduced reduce(float x) {
  constexpr float log2_e = 1.44269504F;
  constexpr float log_2_high = 0.693359375F;
  constexpr float log_2_low = -2.12194440e-4F;
  constexpr float round_to_integer = 12582912.0F;  // 1.5 * 2^23
  const float n = (x * log2_e + round_to_integer) - round_to_integer;
  return {n, (x - n * log_2_high) - n * log_2_low};
}

// exp(r) - 1 for |r| <= log(2)/2: r + r^2 p(r), p interpolated at Chebyshev nodes to 1.5e-9.
SMOOTHBOUND_INLINE float expm1_reduced(float r) {
  float p = 1.99004440e-4F;
  p = p * r + 1.39345450e-3F;
  p = p * r + 8.33329745e-3F;
  p = p * r + 4.16664556e-2F;
  p = p * r + 0.166666672F;
  p = p * r + 0.5F;
  return r + r * r * p;
}

// 2^n for -126 <= n <= 127
SMOOTHBOUND_INLINE float power_of_two(float n) {
  constexpr std::int32_t bias = 127;
  constexpr std::int32_t mantissa_bits = 23;
  return std::bit_cast<float>((static_cast<std::int32_t>(n) + bias) << mantissa_bits);
}

constexpr float smallest_exponent = -87.0F;  // exp of less underflows: 0 is within 2^-125

// exp(x) for x <= 0
SMOOTHBOUND_INLINE float exp_of_negative(float x) {
  const float clamped = x > smallest_exponent ? x : smallest_exponent;
  const Reduced reduced = reduce(clamped);
  const float scale = power_of_two(reduced.n);
  const float result = scale + scale * expm1_reduced(reduced.r);
  return x < smallest_exponent ? 0.0F : result;
}

// exp(x) - 1 for x <= 0
SMOOTHBOUND_INLINE float expm1_of_negative(float x) {
  const float clamped = x > smallest_exponent ? x : smallest_exponent;
  const Reduced reduced = reduce(clamped);
  const float scale = power_of_two(reduced.n);
  return scale * expm1_reduced(reduced.r) + (scale - 1.0F);
}

// log(1 + t) for 0 <= t <= 1: 2 artanh(s), s = t / (2 + t), artanh(s) = s + s^3 p(s^2). Where a*b+c
// rounds once, `rest` is what the rounding of 2 + t and of s lost.
SMOOTHBOUND_INLINE float log1p_of_fraction(float t) {
  const float sum = 2.0F + t;
  const float lost = t - (sum - 2.0F);
  const float inverse = 1.0F / sum;
  const float s = t * inverse;
  const float rest = ((t - s * sum) - s * lost) * inverse;
  const float u = s * s;
  float p = 0.116195254F;
  p = p * u + 0.108516574F;
  p = p * u + 0.142962918F;
  p = p * u + 0.199998513F;
  p = p * u + 0.333333343F;
  return 2.0F * s + 2.0F * (s * (u * p) + rest);
}

// Each has value(x), slope(y) = f' and ratio(y) = f''/f' in terms of y = f(x).
struct Softplus {
  SMOOTHBOUND_INLINE static float value(float x, float beta) {
    const float u = beta * x;
    const float tail = log1p_of_fraction(exp_of_negative(u < 0 ? u : -u));
    return (u > 0 ? x : 0.0F) + tail / beta;
  }
  SMOOTHBOUND_INLINE static float slope(float y, float beta) {
    return -expm1_of_negative(-beta * y);
  }
  SMOOTHBOUND_INLINE static float ratio(float y, float beta) {
    return beta * exp_of_negative(-beta * y);
  }
};

struct Sigmoid {
  SMOOTHBOUND_INLINE static float value(float x, float /*none*/) {
    const float e = exp_of_negative(x < 0 ? x : -x);
    return (x < 0 ? e : 1.0F) / (1.0F + e);
  }
  SMOOTHBOUND_INLINE static float slope(float y, float /*none*/) { return y * (1.0F - y); }
  SMOOTHBOUND_INLINE static float ratio(float y, float /*none*/) { return 1.0F - 2.0F * y; }
};

struct Tanh {
  SMOOTHBOUND_INLINE static float value(float x, float /*none*/) {
    const float e = expm1_of_negative(-2.0F * std::fabs(x));
    return std::copysign(e / (e + 2.0F), x);
  }
  SMOOTHBOUND_INLINE static float slope(float y, float /*none*/) { return (1.0F - y) * (1.0F + y); }
  SMOOTHBOUND_INLINE static float ratio(float y, float /*none*/) { return -2.0F * y; }
};

// y is above 0 where x is; at the kink the slope is that from the left. Bit for bit what oneDNN
// computes where it does this on the way.
struct LeakyRelu {
  SMOOTHBOUND_INLINE static float value(float x, float slope_below) {
    return x > 0 ? x : slope_below * x;
  }
  SMOOTHBOUND_INLINE static float slope(float y, float slope_below) {
    return y > 0 ? 1.0F : slope_below;
  }
  SMOOTHBOUND_INLINE static float ratio(float /*y*/, float /*slope_below*/) { return 0.0F; }
};

struct Relu {
  SMOOTHBOUND_INLINE static float value(float x, float /*none*/) { return x > 0 ? x : 0.0F; }
  SMOOTHBOUND_INLINE static float slope(float y, float /*none*/) { return y > 0 ? 1.0F : 0.0F; }
  SMOOTHBOUND_INLINE static float ratio(float /*y*/, float /*none*/) { return 0.0F; }
};

template <class F>
SMOOTHBOUND_INLINE void all_values(const float* x, float parameter, std::int64_t count, float* y) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = F::value(x[i], parameter);
}

template <class F>
SMOOTHBOUND_INLINE void all_scaled(const float* y, const float* a, float parameter,
                                   std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = F::slope(y[i], parameter) * a[i];
}

template <class F>
SMOOTHBOUND_INLINE void all_curved(const float* y, const float* a, const float* b, const float* c,
                                   float parameter, std::int64_t count, float* out) {
  if (c == nullptr) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = F::ratio(y[i], parameter) * a[i] * b[i];
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = F::ratio(y[i], parameter) * a[i] * b[i] + F::slope(y[i], parameter) * c[i];
  }
}

}  // namespace

// Templates cannot be cloned, so each function is written out.

SMOOTHBOUND_FOR_EACH_MACHINE void softplus_value(const float* x, float p, std::int64_t count,
                                                 float* y) {
  all_values<Softplus>(x, p, count, y);
}
SMOOTHBOUND_FOR_EACH_MACHINE void softplus_scale(const float* y, const float* a, float p,
                                                 std::int64_t count, float* out) {
  all_scaled<Softplus>(y, a, p, count, out);
}
SMOOTHBOUND_FOR_EACH_MACHINE void softplus_curve(const float* y, const float* a, const float* b,
                                                 const float* c, float p, std::int64_t count,
                                                 float* out) {
  all_curved<Softplus>(y, a, b, c, p, count, out);
}
const FastActivation softplus{softplus_value, softplus_scale, softplus_curve};

SMOOTHBOUND_FOR_EACH_MACHINE void sigmoid_value(const float* x, float p, std::int64_t count,
                                                float* y) {
  all_values<Sigmoid>(x, p, count, y);
}
SMOOTHBOUND_FOR_EACH_MACHINE void sigmoid_scale(const float* y, const float* a, float p,
                                                std::int64_t count, float* out) {
  all_scaled<Sigmoid>(y, a, p, count, out);
}
SMOOTHBOUND_FOR_EACH_MACHINE void sigmoid_curve(const float* y, const float* a, const float* b,
                                                const float* c, float p, std::int64_t count,
                                                float* out) {
  all_curved<Sigmoid>(y, a, b, c, p, count, out);
}
const FastActivation sigmoid{sigmoid_value, sigmoid_scale, sigmoid_curve};

SMOOTHBOUND_FOR_EACH_MACHINE void tanh_value(const float* x, float p, std::int64_t count,
                                             float* y) {
  all_values<Tanh>(x, p, count, y);
}
SMOOTHBOUND_FOR_EACH_MACHINE void tanh_scale(const float* y, const float* a, float p,
                                             std::int64_t count, float* out) {
  all_scaled<Tanh>(y, a, p, count, out);
}
SMOOTHBOUND_FOR_EACH_MACHINE void tanh_curve(const float* y, const float* a, const float* b,
                                             const float* c, float p, std::int64_t count,
                                             float* out) {
  all_curved<Tanh>(y, a, b, c, p, count, out);
}
const FastActivation tanh{tanh_value, tanh_scale, tanh_curve};

SMOOTHBOUND_FOR_EACH_MACHINE void relu_value(const float* x, float p, std::int64_t count,
                                             float* y) {
  all_values<Relu>(x, p, count, y);
}
SMOOTHBOUND_FOR_EACH_MACHINE void relu_scale(const float* y, const float* a, float p,
                                             std::int64_t count, float* out) {
  all_scaled<Relu>(y, a, p, count, out);
}
SMOOTHBOUND_FOR_EACH_MACHINE void relu_curve(const float* y, const float* a, const float* b,
                                             const float* c, float p, std::int64_t count,
                                             float* out) {
  all_curved<Relu>(y, a, b, c, p, count, out);
}
const FastActivation relu{relu_value, relu_scale, relu_curve,
                          [](float /*none*/) { return std::optional(0.0F); }};

SMOOTHBOUND_FOR_EACH_MACHINE void leaky_relu_value(const float* x, float p, std::int64_t count,
                                                   float* y) {
  all_values<LeakyRelu>(x, p, count, y);
}
SMOOTHBOUND_FOR_EACH_MACHINE void leaky_relu_scale(const float* y, const float* a, float p,
                                                   std::int64_t count, float* out) {
  all_scaled<LeakyRelu>(y, a, p, count, out);
}
SMOOTHBOUND_FOR_EACH_MACHINE void leaky_relu_curve(const float* y, const float* a, const float* b,
                                                   const float* c, float p, std::int64_t count,
                                                   float* out) {
  all_curved<LeakyRelu>(y, a, b, c, p, count, out);
}
// oneDNN takes a slope of 0 for ReLU, which has no negative zeros.
const FastActivation leaky_relu{
    leaky_relu_value, leaky_relu_scale, leaky_relu_curve,
    [](float slope) { return slope > 0 ? std::optional(slope) : std::nullopt; }};

SMOOTHBOUND_FOR_EACH_MACHINE float multiply_add(float a, float b, float c) { return a * b + c; }

bool rounds_once() {
  constexpr float a = 1.0F + 0x1p-12F;
  return multiply_add(a, a, -(1.0F + 0x1p-11F)) != 0;  // a^2 ends in 2^-24
}

}  // namespace smoothbound::kernels::vector_math

namespace smoothbound::kernels {

const FastActivation* find_fast_activation(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, const FastActivation*>, 5> table{{
      {"softplus", &vector_math::softplus},
      {"sigmoid", &vector_math::sigmoid},
      {"tanh", &vector_math::tanh},
      {"relu", &vector_math::relu},
      {"leaky_relu", &vector_math::leaky_relu},
  }};
  const auto* row = std::ranges::find(table, name, &decltype(table)::value_type::first);
  return row == table.end() ? nullptr : row->second;
}

}  // namespace smoothbound::kernels
