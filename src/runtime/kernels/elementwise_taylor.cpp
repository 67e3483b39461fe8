// The rule of element-wise activations: smooth branches, and kinks where a unit may change from one
// to the other.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "array.hpp"
#include "elementwise.hpp"
#include "smoothbound/layers/activation.hpp"
#include "taylor_parts.hpp"
#include "unit_taylor.hpp"

namespace smoothbound::kernels {
namespace {

static_assert(most_degree == 3);  // in the formulas that follow

// Units whose coefficients of f stay in a cache.
constexpr std::int64_t unit_block = 256;
using UnitBlock = std::array<double, unit_block>;

// The coefficients of t, t^2, .. of f(p_0 + q).
void compose(const CoefficientArrays& f, const Coefficients& q, std::int64_t count,
             const CoefficientArrays& p) {
  const double* const f1 = f[1];
  const double* const f2 = f[2];
  const double* const f3 = f[3];
  const double* const q1 = q[1];
  const double* const q2 = q[2];
  const double* const q3 = q[3];
  double* __restrict const p1 = p[1];
  double* __restrict const p2 = p[2];
  double* __restrict const p3 = p[3];
  for (std::int64_t i = 0; i < count; ++i) {
    const double square = q1[i] * q1[i];
    p1[i] = f1[i] * q1[i];
    p2[i] = f1[i] * q2[i] + f2[i] * square;
    p3[i] = f1[i] * q3[i] + 2 * (f2[i] * q1[i] * q2[i]) + f3[i] * square * q1[i];
  }
}

// The coefficient of t^(K+1) in sum_(m<=K+1) f_m q^m.
double next_coefficient(int degree, const TaylorCoefficients& f, const Polynomial& q) {
  const double square = q[1] * q[1];
  if (degree == 1) return f.value[2] * square;
  if (degree == 2) return 2 * (f.value[2] * q[1] * q[2]) + f.value[3] * square * q[1];
  return f.value[2] * (2 * (q[1] * q[3]) + q[2] * q[2]) + 3 * (f.value[3] * square * q[2]) +
         f.value[4] * square * square;
}

// What bounds the coefficients beyond it: sum_(m<=K+1) |f_m| sum_(u>=K+2) T^(u-K-2) times the
// coefficient of t^u in (sum_j |q_j| t^j)^m, where that is t^m (a + d(t))^m, d = t e the part that
// moves.
double tail_of(int degree, const std::array<double, most_activation_derivative>& f,
               const Polynomial& q, double length) {
  const double a = std::abs(q[1]);
  const double b = std::abs(q[2]);
  const double c = std::abs(q[3]);
  const double e = b + c * length;
  const double d = e * length;
  if (degree == 1) return 0;
  if (degree == 2) return f[2] * (b * b) + f[3] * (b * (3 * a * (a + d) + d * d));
  return f[2] * (c * (b + e)) + f[3] * (3 * (a * a * c) + (3 * a + d) * (e * e)) +
         f[4] * (e * (2 * a * (2 * a * a + 3 * a * d + 2 * d * d) + d * d * d));
}

// The branch of a unit: at a kink, the one into which its first coefficient that is not 0 points,
// or else the one on the left.
int branch_of(const Branches& branches, const Coefficients& p, std::int64_t i, int degree) {
  int branch = 0;
  for (int k = 0; k < branches.kinks; ++k) {
    double side = p[0][i] - branches.kink[static_cast<std::size_t>(k)];
    for (std::size_t j = 1; side == 0 && j <= static_cast<std::size_t>(degree); ++j) {
      if (p[j] != nullptr) side = p[j][i];
    }
    if (side > 0) branch = k + 1;
  }
  return branch;
}

// How far a unit can be on the other side of a kink, over T^(K+1): `side` is 1 for a unit that is
// above it. `carried` is r T^(K+1).
double deviation(const Motion& unit, double kink, double side, double carried, const Powers& t) {
  double towards = carried;
  for (int i = 1; i <= t.degree(); ++i) {
    const double step = -side * unit.q[static_cast<std::size_t>(i)];
    if (step > 0) towards += step * t[i];
  }
  const double distance = std::abs(unit.start - kink) * (1 - 0x1p-50) - 0x1p-51 * std::abs(kink);
  return positive_part(towards * inflation() - distance) / t.last() * inflation();
}

// Units that are done together.
constexpr std::int64_t unit_grain = 1 << 10;

// What one unit adds to the sums of its sample.
struct UnitRemainder {
  double centre = 0;
  double local = 0;      // |f(P + c t^(K+1)) - P' - centre t^(K+1)| / s
  double slope = 0;      // of the mean value theorem for E
  double lipschitz = 0;  // of f, for A
  double rounding = 0;
  double uncertain = 0;  // what is known of the quotient at once
  bool crosses = false;
};

class SmoothRule final : public TaylorRule {
 public:
  SmoothRule(const ScaledBranches& f, const SampleShape& shape) : f_(f), shape_(shape) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;
  [[nodiscard]] bool reads_centres(EnclosureMode /*mode*/) const override { return true; }

 private:
  // A unit, and how far it may be from P.
  struct Site {
    const Coefficients& p;  // of the output
    std::int64_t i;
    double centre;
    double reach;
    double worthwhile;  // uncertainty of the quotient from which on it is narrowed
  };
  void expand(const Coefficients& z, std::int64_t first, std::int64_t count,
              const CoefficientArrays& f) const;
  [[nodiscard]] UnitRemainder unit(const Enclosed& z, const Coefficients& p, std::int64_t i,
                                   const Powers& t, double worthwhile) const;
  void add_branch(const Motion& unit, int branch, const Site& site, const Powers& t,
                  UnitRemainder& sum) const;

  ScaledBranches f_;
  SampleShape shape_;
  int degree_ = 0;
};

// f_0 .. f_3 of some units.
void SmoothRule::expand(const Coefficients& z, std::int64_t first, std::int64_t count,
                        const CoefficientArrays& f) const {
  if (f_.layout().kinks == 0) return f_.expand_array(0, z[0] + first, count, f);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t place = first + i;
    const TaylorCoefficients at = f_.expand(branch_of(f_.layout(), z, place, degree_), z[0][place]);
    for (std::size_t m = 0; m < f.size(); ++m) f[m][i] = at.value[m];
  }
}

void SmoothRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                              std::span<double*> p) {
  degree_ = line.degree;
  const Coefficients& z = inputs.front();
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  const bool moves = std::any_of(z.begin() + 1, z.begin() + static_cast<std::ptrdiff_t>(terms),
                                 [](const double* values) { return values != nullptr; });
  constexpr std::int64_t grain = 1 << 10;  // transcendental functions
  parallel_for(shape_.count(), grain, [&](std::int64_t begin, std::int64_t end) {
    std::array<UnitBlock, most_degree + 1> expanded;
    std::array<UnitBlock, most_degree + 1> unused;  // beyond the degree
    constexpr UnitBlock zeros{};
    for (std::int64_t first = begin; first < end; first += unit_block) {
      const std::int64_t count = std::min(unit_block, end - first);
      CoefficientArrays f{p[0] + first};
      CoefficientArrays sums{};
      Coefficients q{};
      for (std::size_t j = 1; j < f.size(); ++j) {
        f[j] = expanded[j].data();
        sums[j] = j < terms && moves ? p[j] + first : unused[j].data();
        q[j] = j < terms && z[j] != nullptr ? z[j] + first : zeros.data();
      }
      expand(z, first, count, f);
      if (moves) compose(f, q, count, sums);
    }
  });
  for (std::size_t j = 1; j < terms && !moves; ++j) p[j] = nullptr;
}

// The smooth branch that a unit is on: section 8.4 of docs/theory.md.
void SmoothRule::add_branch(const Motion& unit, int branch, const Site& site, const Powers& t,
                            UnitRemainder& sum) const {
  const double low = unit.low - site.reach;
  const double high = unit.high + site.reach;
  const TaylorCoefficients f = f_.expand(branch, unit.start);
  sum.slope = f_.envelope(branch, 1, low, high);
  sum.lipschitz = sum.slope;
  const auto next = static_cast<std::size_t>(t.degree()) + 1;  // K + 1
  double reach = 1;                                            // (T S)^m
  double rounded = f.absolute[0];
  std::array<double, most_activation_derivative> size{};  // of f_m
  for (std::size_t m = 1; m <= next; ++m) {
    reach *= t[1] * unit.speed;
    rounded += f.absolute[m] * reach;
    size[m] = std::abs(f.value[m]) + 0x1p-46 * f.absolute[m];
  }
  const double coefficient = next_coefficient(t.degree(), f, unit.q);  // of t^(K+1)
  const double tail = tail_of(t.degree(), size, unit.q, t[1]);
  sum.rounding = gamma(16 * (t.degree() + 2) + 64) * rounded * inflation();
  SlopeRange slopes{f.value[1], 0x1p-46 * f.absolute[1], t[1] * unit.speed};
  if (unit.speed != 0) {
    constexpr std::array<double, 6> factorial{1, 1, 2, 6, 24, 120};
    double fast = 1;  // S^(K+1)
    for (std::size_t m = 0; m < next; ++m) fast *= unit.speed;
    const double last = size[next];
    const int degree = static_cast<int>(next);
    const double above = f_.envelope(branch, degree + 1, unit.low, unit.high);
    double rest = above / factorial[next + 1] * fast * (unit.speed * t[1]);
    // The other bound is no less than this.
    if (!(rest <= 2 * std::abs(f.value[next]) * fast)) {
      const double slope = f_.envelope(branch, degree, unit.low, unit.high) / factorial[next];
      rest = smaller(rest, (slope + last) * fast);
    }
    const double around = (t[1] * tail + rest) * inflation();
    UnitQuotient quotient{coefficient - around, coefficient + around, coefficient, sum.rounding,
                          sum.slope};
    sum.uncertain = around;
    // Otherwise the range is narrow as it is.
    if (!(around <= larger(site.worthwhile, 0.02 * std::abs(coefficient)))) {
      const double highest =
          degree + 1 == most_activation_derivative
              ? above
              : f_.envelope(branch, most_activation_derivative, unit.low, unit.high);
      slopes = narrow(f_, branch, {unit, f, highest}, site.p, site.i, t, quotient);
    }
    sum.centre = (quotient.low + quotient.high) / 2;
    sum.local = (positive_part(quotient.high - quotient.low) / 2 +
                 0x1p-50 * (std::abs(quotient.low) + std::abs(quotient.high))) *
                inflation();
  }
  if (site.centre == 0) return;
  // f' from points of P to what lies between P and P + c t^(K+1).
  const double away =
      slopes.radius + f_.envelope(branch, 2, low, high) * (slopes.gap + site.reach) * inflation();
  const double off = smaller(away, (sum.slope + std::abs(slopes.middle)) * inflation());
  const double carried = slopes.middle * site.centre;
  sum.local +=
      (off * std::abs(site.centre) + 0x1p-50 * (std::abs(sum.centre) + std::abs(carried))) *
      inflation();
  sum.centre += carried;
}

UnitRemainder SmoothRule::unit(const Enclosed& z, const Coefficients& p, std::int64_t i,
                               const Powers& t, double worthwhile) const {
  const Motion motion(z.p, i, t);
  const std::int64_t sample = i / shape_.elements;
  const double remainder = z.r == nullptr ? 0 : smaller(z.r[i], z.rho[sample]);
  const double centre = z.centre == nullptr ? 0 : z.centre[i];
  const double carried = (remainder + std::abs(centre)) * t.last() * inflation();
  const double reach = (carried + z.alpha[sample]) * inflation();
  const double low = motion.low - reach;
  const double high = motion.high + reach;
  const int branch = branch_of(f_.layout(), z.p, i, degree_);
  UnitRemainder sum;
  add_branch(motion, branch, {p, i, centre, reach, worthwhile}, t, sum);
  sum.slope *= remainder;
  for (int k = 0; k < f_.layout().kinks; ++k) {
    const double kink = f_.layout().kink[static_cast<std::size_t>(k)];
    const bool is_above = branch > k;
    const double from = is_above ? std::min(low, kink) : kink;
    const double to = is_above ? kink : std::max(high, kink);
    // Where the kink is a rounded number, the branches change places between it and the exact one.
    const double blur = 0x1p-51 * std::abs(kink);
    const double change = f_.slope_change(k, from - blur, to + blur);
    if (blur != 0) sum.rounding += change * blur;
    if (is_above ? low >= kink : high <= kink) continue;
    sum.lipschitz += change;
    const double beyond = deviation(motion, kink, is_above ? 1 : -1, carried, t);
    if (beyond == 0) continue;  // the slopes may be without bound there
    sum.crosses = true;
    sum.local += change * beyond;
  }
  return sum;
}

void SmoothRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                           const Coefficients& p, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, degree_);
  const auto samples = static_cast<std::size_t>(shape_.samples);
  std::vector<double> rounding(samples);
  std::vector<std::uint8_t> crosses(samples);
  std::vector<double> lipschitz(samples);
  parallel_for(shape_.samples, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> local(static_cast<std::size_t>(shape_.elements));
    std::vector<double> rounded(local.size());
    std::vector<double> carried(local.size());
    std::vector<double> steepness(local.size());
    std::vector<std::uint8_t> crossing(local.size());
    for (std::int64_t n = begin; n < end; ++n) {
      const auto sample = static_cast<std::size_t>(n);
      // In parallel where there is one sample. What is worth to be narrowed goes by the units
      // before in the same block, so that results do not depend on the number of threads.
      const std::int64_t blocks = (shape_.elements + unit_grain - 1) / unit_grain;
      parallel_for(blocks, 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t block = first; block < last; ++block) {
          const std::int64_t start = block * unit_grain;
          const std::int64_t stop = std::min(start + unit_grain, shape_.elements);
          double uncertain = 0;  // the sum so far; those far below the mean are not looked at
          for (std::int64_t place = start; place < stop; ++place) {
            const auto e = static_cast<std::size_t>(place);
            const std::int64_t i = n * shape_.elements + place;
            const auto looked_at = static_cast<double>(8 * (place - start + 1));
            const UnitRemainder sum = unit(z, p, i, t, uncertain / looked_at);
            uncertain += std::min(sum.uncertain, std::numeric_limits<double>::max());
            local[e] = sum.local;
            carried[e] = sum.slope;
            rounded[e] = sum.rounding;
            steepness[e] = sum.lipschitz;
            crossing[e] = sum.crosses ? 1 : 0;
            out.centre[i] = sum.centre;
            out.r[i] = (sum.local + sum.slope) * inflation();
          }
        }
      });
      double slope = 0;
      for (const double each : steepness) slope = larger(slope, each);
      if (std::ranges::any_of(crossing, [](std::uint8_t c) { return c != 0; })) crosses[sample] = 1;
      lipschitz[sample] = slope;
      rounding[sample] = norm_above(rounded);
      const double through = smaller(norm_above(carried), slope * z.rho[n]);
      out.rho[n] =
          smaller(norm_above(shape_.of(out.r, n)), (norm_above(local) + through) * inflation());
    }
  });
  out.has_centre = true;
  double largest = 0;
  for (std::size_t n = 0; n < samples; ++n) {
    out.alpha[n] = lipschitz[n] * z.alpha[n] * inflation();
    largest = larger(largest, lipschitz[n]);
    if (crosses[n] != 0) out.order = 1;
  }
  out.alpha_batch = largest * z.alpha_batch * inflation();
  add_rounding(rounding, out);
}

// y = x above 0 and a x below, a >= 0: with c = 1 or a by the branch, f(y) = c y up to
// |1 - a| max(-sg y, 0).
class KinkRule final : public TaylorRule {
 public:
  KinkRule(double slope_below, const SampleShape& shape) : a_(slope_below), shape_(shape) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;
  [[nodiscard]] bool reads_centres(EnclosureMode /*mode*/) const override { return true; }

 private:
  [[nodiscard]] bool is_on(const Coefficients& z, std::int64_t i) const {
    Branches kink;
    kink.kinks = 1;
    return branch_of(kink, z, i, degree_) == 1;
  }
  // r' of a unit; its deviation, if there is one, is written to `beyond`.
  [[nodiscard]] double unit(const Enclosed& z, std::int64_t i, const Powers& t,
                            double& beyond) const;

  double a_;
  SampleShape shape_;
  int degree_ = 0;
};

void KinkRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                            std::span<double*> p) {
  degree_ = line.degree;
  const Coefficients& z = inputs.front();
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (z[j] == nullptr) p[j] = nullptr;
  }
  parallel_for(shape_.count(), array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double c = is_on(z, i) ? 1 : a_;
      for (std::size_t j = 0; j < p.size(); ++j) {
        if (p[j] != nullptr) p[j][i] = c * z[j][i];
      }
    }
  });
}

double KinkRule::unit(const Enclosed& z, std::int64_t i, const Powers& t, double& beyond) const {
  const Motion motion(z.p, i, t);
  const double r = z.r == nullptr ? 0 : smaller(z.r[i], z.rho[i / shape_.elements]);
  const bool on = is_on(z.p, i);
  const double side = on ? 1 : -1;
  const double centre = z.centre == nullptr ? 0 : z.centre[i];
  // The centre is a term of P here.
  const double towards = positive_part(-side * centre) * t.last() * inflation();
  const double carried = r * t.last() * inflation() + towards;
  const double bend = std::abs(1 - a_) * inflation();
  beyond = bend * deviation(motion, 0, side, carried, t);
  if (on && a_ <= 1) {
    const double alone = bend * deviation(motion, 0, side, towards, t);
    return larger(r, (a_ * r + alone) * inflation());
  }
  return ((on ? 1 : a_) * r + beyond) * inflation();
}

void KinkRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                         const Coefficients& p, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, degree_);
  const double steepest = std::max(1.0, a_);
  std::vector<std::uint8_t> crosses(static_cast<std::size_t>(shape_.samples));
  parallel_for(shape_.samples, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> beyond(static_cast<std::size_t>(shape_.elements));
    for (std::int64_t n = begin; n < end; ++n) {
      parallel_for(shape_.elements, unit_grain, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t e = first; e < last; ++e) {
          const std::int64_t i = n * shape_.elements + e;
          out.r[i] = unit(z, i, t, beyond[static_cast<std::size_t>(e)]);
          if (z.centre != nullptr) out.centre[i] = (is_on(z.p, i) ? 1 : a_) * z.centre[i];
        }
      });
      if (std::ranges::any_of(beyond, [](double b) { return b != 0; })) {
        crosses[static_cast<std::size_t>(n)] = 1;
      }
      out.rho[n] = smaller(norm_above(shape_.of(out.r, n)),
                           (steepest * z.rho[n] + norm_above(beyond)) * inflation());
    }
  });
  const bool any = std::ranges::any_of(crosses, [](std::uint8_t c) { return c != 0; });
  if (any) out.order = 1;
  out.is_zero = z.r == nullptr && !any;
  out.has_centre = z.centre != nullptr;
  scale_alpha(steepest, shape_.samples, z, out);
  // Of the products with the slope below.
  std::vector<std::vector<double>> norms =
      coefficient_norms(shape_, std::span(p).first(static_cast<std::size_t>(degree_) + 1));
  norms.push_back(sample_norms(shape_, out.has_centre ? out.centre : nullptr));
  std::vector<double> parts = weighted_norms(norms, t);
  for (double& part : parts) part *= a_ == 0 ? 0 : 2 * gamma(2);
  add_rounding(parts, out);
}

}  // namespace

std::unique_ptr<TaylorRule> elementwise_rule(const Activation& f, std::int64_t samples,
                                             std::int64_t elements) {
  const std::optional<ScaledBranches> branches = f.branches();
  if (!branches) return nullptr;
  const SampleShape shape{samples, elements};
  if (const std::optional<double> slope = branches->layout().slope_below) {
    return std::make_unique<KinkRule>(*slope, shape);
  }
  return std::make_unique<SmoothRule>(*branches, shape);
}

}  // namespace smoothbound::kernels
