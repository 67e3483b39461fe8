// The rules of y = max(x, 0) + a min(x, 0), whose slope a moves along the line, and of its smooth
// form.
#include <algorithm>
#include <cmath>
#include <utility>

#include "array.hpp"
#include "elementwise.hpp"
#include "prelu.hpp"
#include "smoothbound/layers/activation.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

// a(t) = v + t d on [0, T], rounded up.
struct MovingSlope {
  double largest = 0;    // |a|
  double bend = 0;       // |1 - a|
  double extent = 0;     // |v| + T |d|
  double motion = 0;     // |d|
  bool is_mean = false;  // 0 <= a <= 1

  MovingSlope(const ParameterLine& line, std::int64_t place, const Powers& t)
      : motion(line.d == nullptr ? 0 : std::abs(line.d[place])) {
    const double v = line.v[place];
    const double step = line.d == nullptr ? 0 : t[1] * line.d[place];
    extent = (std::abs(v) + std::abs(step)) * inflation();
    const double end = v + step;
    const double slack = 0x1p-49 * (1 + extent);
    largest = (larger(std::abs(v), std::abs(end)) + (step == 0 ? 0 : slack)) * inflation();
    bend = larger(std::abs(1 - v), std::abs(1 - end)) + slack;
    is_mean = std::min(v, end) >= slack && std::max(v, end) <= 1 - slack;
  }
};

// sum_j |p_j| T^j + r T^(K+1) + alpha
double extent_of(const Enclosed& z, std::int64_t i, std::int64_t sample, const Powers& t) {
  double sum = z.alpha[sample] + (z.r == nullptr ? 0 : z.r[i] * t.last());
  for (int j = 0; j <= t.degree(); ++j) {
    const double* const p = z.p[static_cast<std::size_t>(j)];
    if (p != nullptr) sum += std::abs(p[i]) * t[j];
  }
  return sum * inflation();
}

// c_j of (v + t d) z(t), with one number for c_(j-1) and one for c_j.
struct Moving {
  const double* v;
  const double* d;  // null: zero
  [[nodiscard]] double times(const Coefficients& z, std::size_t j, std::int64_t i,
                             std::int64_t place) const {
    double sum = z[j] == nullptr ? 0 : v[place] * z[j][i];
    if (j > 0 && d != nullptr && z[j - 1] != nullptr) sum += d[place] * z[j - 1][i];
    return sum;
  }
  [[nodiscard]] bool is_zero(const Coefficients& z, std::size_t j) const {
    return z[j] == nullptr && (j == 0 || d == nullptr || z[j - 1] == nullptr);
  }
};

// By the first coefficient of x that is not 0, a scalar is above the kink, sg = 1, or below it,
// sg = -1, and c = 1 or a(t). At every x and every t,
//   y = c x + (1 - a) max(-sg x, 0)
// (above: x + (1 - a) max(-x, 0) = max(x, 0) + a min(x, 0); below: a x + (1 - a) max(x, 0)). So the
// coefficients are those of c x, a product of polynomials, and E is what c does to E of x, with
// d p_K t^(K+1) below, and |1 - a| max(-sg x, 0), which the rule of relu bounds by dv s(t), n = 1:
//   -sg x <= (t/T) (V + r T^(K+1) - |p_0|),  V = sum_j max(-sg p_j, 0) T^j.
// Above, if 0 <= a <= 1: for x >= 0, y - P = E. For x < 0, y = a x: if P >= 0, both y and P are
// between x and P, |y - P| <= |E|; if P < 0, y - P = a E - (1 - a) P, and -P is bounded as above
// without r. Anywhere, |dy/dx| <= max(1, |a|), which bounds what A does.
class PreluRule final : public TaylorRule {
 public:
  explicit PreluRule(const Slopes& slopes)
      : slopes_(slopes), shape_{slopes.samples, slopes.elements} {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  struct Unit {
    double r = 0;
    double added = 0;      // to what the largest slope does to E
    double slope = 0;      // of E
    double lipschitz = 1;  // for A
    double rounding = 0;
    bool crosses = false;
  };
  [[nodiscard]] bool is_on(const Coefficients& z, std::int64_t i) const;
  [[nodiscard]] double deviation(const Enclosed& z, std::int64_t i, bool on, double carried,
                                 const Powers& t) const;
  [[nodiscard]] Unit unit(const Enclosed& z, std::int64_t i, const Powers& t) const;

  Slopes slopes_;
  SampleShape shape_;
  ParameterLine line_;
};

bool PreluRule::is_on(const Coefficients& z, std::int64_t i) const {
  double side = z[0][i];
  for (std::size_t j = 1; side == 0 && j <= static_cast<std::size_t>(line_.degree); ++j) {
    if (z[j] != nullptr) side = z[j][i];
  }
  return side > 0;
}

void PreluRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                             std::span<double*> p) {
  line_ = line;
  const Coefficients& z = inputs.front();
  const Moving a{line.v, line.d};
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (a.is_zero(z, j)) p[j] = nullptr;
  }
  parallel_for(shape_.count(), array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const bool on = is_on(z, i);
      for (std::size_t j = 0; j < p.size(); ++j) {
        if (p[j] == nullptr) continue;
        const double alone = z[j] == nullptr ? 0 : z[j][i];
        p[j][i] = on ? alone : a.times(z, j, i, slopes_.of(i));
      }
    }
  });
}

double PreluRule::deviation(const Enclosed& z, std::int64_t i, bool on, double carried,
                            const Powers& t) const {
  double towards = carried;
  for (int j = 1; j <= t.degree(); ++j) {
    const double* const p = z.p[static_cast<std::size_t>(j)];
    if (p != nullptr) towards += positive_part(on ? -p[i] : p[i]) * t[j];
  }
  const double distance = std::abs(z.p[0][i]) * (1 - 0x1p-50);
  return positive_part(towards * inflation() - distance) / t.last() * inflation();
}

PreluRule::Unit PreluRule::unit(const Enclosed& z, std::int64_t i, const Powers& t) const {
  const std::int64_t sample = i / shape_.elements;
  const MovingSlope a(line_, slopes_.of(i), t);
  const bool on = is_on(z.p, i);
  const double r = z.r == nullptr ? 0 : smaller(z.r[i], z.rho[sample]);
  const double carried = r * t.last() * inflation();
  const double beyond = a.bend * deviation(z, i, on, carried, t);
  const double* const last = z.p[static_cast<std::size_t>(line_.degree)];
  Unit sum;
  sum.slope = on ? 1 : a.largest;
  sum.added = beyond + (on || last == nullptr ? 0 : a.motion * std::abs(last[i]) * inflation());
  sum.r = (sum.slope * r + sum.added) * inflation();
  if (on && a.is_mean) {
    const double alone = a.bend * deviation(z, i, on, 0, t);
    sum.r = smaller(sum.r, larger(r, (a.largest * r + alone) * inflation()));
  }
  sum.lipschitz = larger(1, a.largest);
  sum.crosses = beyond != 0;
  // Of the products, and of a when it is stored: nothing where x stays above the kink.
  const double reach = (carried + z.alpha[sample]) * inflation();
  if (!on || deviation(z, i, on, reach, t) != 0) {
    sum.rounding = gamma(8) * a.extent * extent_of(z, i, sample, t) * inflation();
  }
  return sum;
}

void PreluRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                          const Coefficients& /*p*/, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, line_.degree);
  std::vector<double> rounding(static_cast<std::size_t>(shape_.samples));
  std::vector<double> added(static_cast<std::size_t>(shape_.elements));
  std::vector<double> rounded(added.size());
  double steepest = 0;
  bool is_exact = z.r == nullptr;
  for (std::int64_t n = 0; n < shape_.samples; ++n) {
    double slope = 0;
    double lipschitz = 1;
    for (std::size_t e = 0; e < added.size(); ++e) {
      const std::int64_t i = n * shape_.elements + static_cast<std::int64_t>(e);
      const Unit sum = unit(z, i, t);
      out.r[i] = sum.r;
      added[e] = sum.added;
      rounded[e] = sum.rounding;
      slope = larger(slope, sum.slope);
      lipschitz = larger(lipschitz, sum.lipschitz);
      if (sum.crosses) out.order = 1;
      is_exact = is_exact && sum.added == 0;
    }
    steepest = larger(steepest, lipschitz);
    out.alpha[n] = lipschitz * z.alpha[n] * inflation();
    out.rho[n] = smaller(norm_above(shape_.of(out.r, n)),
                         (slope * z.rho[n] + norm_above(added)) * inflation());
    rounding[static_cast<std::size_t>(n)] = norm_above(rounded);
  }
  out.is_zero = is_exact;
  out.alpha_batch = steepest * z.alpha_batch * inflation();
  add_rounding(rounding, out);
}

// y = g(x) - a g(-x) = a x + (1 - a) g(x) of a softplus g, for g(x) - g(-x) = x: the rule of g,
// then that of two products with polynomials of degree 1.
class SmoothPreluRule final : public TaylorRule {
 public:
  SmoothPreluRule(const Slopes& slopes, std::unique_ptr<TaylorRule> softplus)
      : slopes_(slopes), shape_{slopes.samples, slopes.elements}, softplus_(std::move(softplus)) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  Slopes slopes_;
  SampleShape shape_;
  std::unique_ptr<TaylorRule> softplus_;
  ParameterLine line_;
  std::array<std::vector<double>, most_degree + 1> memory_;
  Coefficients g_{};
  std::vector<double> r_;
};

void SmoothPreluRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                                   std::span<double*> p) {
  line_ = line;
  const Coefficients& x = inputs.front();
  std::vector<double*> g;
  for (std::size_t j = 0; j < p.size(); ++j) {
    memory_[j].resize(static_cast<std::size_t>(shape_.count()));
    g.push_back(memory_[j].data());
  }
  softplus_->coefficients({line.degree, nullptr, nullptr, line.scratch}, inputs, g);
  g_ = {};
  std::copy(g.begin(), g.end(), g_.begin());
  const Moving a{line.v, line.d};
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (a.is_zero(x, j) && a.is_zero(g_, j)) p[j] = nullptr;
  }
  parallel_for(shape_.count(), array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t place = slopes_.of(i);
      for (std::size_t j = 0; j < p.size(); ++j) {
        if (p[j] == nullptr) continue;
        const double alone = g_[j] == nullptr ? 0 : g_[j][i];
        p[j][i] = alone + (a.times(x, j, i, place) - a.times(g_, j, i, place));
      }
    }
  });
}

void SmoothPreluRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                                const Coefficients& /*p*/, Remainder& out) {
  const Enclosed& x = inputs.front();
  const Powers t(pass.length, line_.degree);
  const auto samples = static_cast<std::size_t>(shape_.samples);
  r_.resize(static_cast<std::size_t>(shape_.count()));
  std::vector<double> rho(samples);
  std::vector<double> alpha(samples);
  std::vector<double> centre(r_.size());
  Remainder of_g;
  of_g.centre = centre.data();
  of_g.r = r_.data();
  of_g.rho = rho.data();
  of_g.alpha = alpha.data();
  of_g.order = t.degree() + 1;
  softplus_->remainder(pass, inputs, g_, of_g);
  forget_centre(shape_, of_g);
  const Enclosed g{g_,         nullptr,      of_g.is_zero ? nullptr : r_.data(),
                   rho.data(), alpha.data(), of_g.alpha_batch};
  out.order = of_g.order;
  const auto degree = static_cast<std::size_t>(t.degree());
  std::vector<double> rounding(samples);
  std::vector<double> added(static_cast<std::size_t>(shape_.elements));
  std::vector<double> rounded(added.size());
  double steepest = 0;  // of all alphas
  double bend = 0;
  bool is_exact = x.r == nullptr && g.r == nullptr;
  const std::int64_t alphas = shape_.elements / slopes_.same;
  for (std::int64_t place = 0; place < alphas; ++place) {
    const MovingSlope a(line_, place, t);
    steepest = larger(steepest, a.largest);
    bend = larger(bend, a.bend);
  }
  for (std::int64_t n = 0; n < shape_.samples; ++n) {
    for (std::size_t e = 0; e < added.size(); ++e) {
      const std::int64_t i = n * shape_.elements + static_cast<std::int64_t>(e);
      const MovingSlope a(line_, slopes_.of(i), t);
      const double last = (x.p[degree] == nullptr ? 0 : x.p[degree][i]) -
                          (g.p[degree] == nullptr ? 0 : g.p[degree][i]);
      added[e] = a.motion * std::abs(last) * inflation();
      const double carried = (x.r == nullptr ? 0 : a.largest * smaller(x.r[i], x.rho[n])) +
                             (g.r == nullptr ? 0 : a.bend * g.r[i]);
      out.r[i] = (added[e] + carried) * inflation();
      is_exact = is_exact && added[e] == 0;
      rounded[e] = gamma(12) *
                   (a.extent * extent_of(x, i, n, t) + (1 + a.extent) * extent_of(g, i, n, t)) *
                   inflation();
    }
    const double by_norms = norm_above(added) + steepest * x.rho[n] + bend * g.rho[n];
    out.rho[n] = smaller(norm_above(shape_.of(out.r, n)), by_norms * inflation());
    out.alpha[n] = (steepest * x.alpha[n] + bend * g.alpha[n]) * inflation();
    rounding[static_cast<std::size_t>(n)] = norm_above(rounded);
  }
  out.is_zero = is_exact;
  out.alpha_batch = (steepest * x.alpha_batch + bend * g.alpha_batch) * inflation();
  add_rounding(rounding, out);
}

}  // namespace

std::unique_ptr<TaylorRule> prelu_rule(const Slopes& slopes, const std::optional<Real>& beta) {
  if (!beta) return std::make_unique<PreluRule>(slopes);
  Activation softplus(*find_activation("softplus"));
  softplus.parameter = *beta;
  return std::make_unique<SmoothPreluRule>(
      slopes, elementwise_rule(softplus, slopes.samples, slopes.elements));
}

}  // namespace smoothbound::kernels
