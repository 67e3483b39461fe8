#include "smoothbound/layers/local_response_norm.hpp"

#include <algorithm>

namespace smoothbound {
namespace {

const Magnitude one = Magnitude::from_count(1);
const LowerBound one_below = LowerBound::from_count(1);

// factor * x + more
Real affine_of(const Real& x, std::int64_t factor, const Real& more) {
  return {Magnitude::from_count(factor) * x.upper + more.upper,
          LowerBound::from_count(factor) * x.lower + more.lower};
}
Real real(std::int64_t count) {
  return {Magnitude::from_count(count), LowerBound::from_count(count)};
}
Real half() { return {scale(one, -1), scale(one_below, -1)}; }

// The constants of one position; names as in docs/theory.md.
class ResponseConstants {
 public:
  ResponseConstants(const LocalResponseNorm& norm)  // NOLINT(google-explicit-constructor)
      : beta_(norm.beta), k_(norm.k.lower), q_(affine_of(norm.beta, 2, real(1))), a_(norm.alpha) {
    if (LocalResponseNorm::kinds[norm.alpha_of] == "sum") return;
    a_ = {norm.alpha.upper / LowerBound::from_count(norm.size),
          norm.alpha.lower / Magnitude::from_count(norm.size)};
  }

  // k^-beta
  [[nodiscard]] Magnitude slope_at_zero() const { return one / power(k_, beta_); }

  // k^-beta sqrt(1 + 4 beta/(beta+1) ((2 beta+1)/(2 beta+2))^(2 beta+1))
  [[nodiscard]] Magnitude lipschitz() const {
    const Magnitude ratio = q_.upper / (q_.lower + one_below);
    const Magnitude weight = scale(beta_.upper, 2) / (beta_.lower + one_below);
    return slope_at_zero() * square_root(one + weight * power(ratio, q_));
  }

  // sqrt(a) k^(-beta-1/2) (4 beta T + 2 sqrt(2) beta M)
  [[nodiscard]] Magnitude smoothness() const {
    const Magnitude kappa = square_root(a_.upper) / power(k_, affine_of(beta_, 1, half()));
    const Magnitude t = tent();
    const Magnitude m = std::max(t, second_factor());
    const Magnitude root_two = square_root(Magnitude::from_count(2));
    return kappa * (scale(beta_.upper * t, 2) + scale(root_two * beta_.upper * m, 1));
  }

  // sup |y_c| = a^-1/2 k^(1/2-beta) (2 beta-1)^(beta-1/2) (2 beta)^-beta, for beta >= 1/2; the
  // third factor is 1 at 1/2.
  [[nodiscard]] Magnitude entry_bound() const {
    const Real h = half();
    if (beta_.lower < h.lower) return Magnitude::infinity();
    const Real above{distance(beta_.upper, h.upper), distance(beta_.lower, h.lower)};
    return power(scale(above.upper, 1), above) /
           (square_root(a_.lower) * power(k_, above) * power(scale(beta_.lower, 1), beta_));
  }

 private:
  // T = sup sqrt(w) (1+w)^(-beta-1) = q^-1/2 ((q+1)/q)^(-beta-1), at w = 1/q
  [[nodiscard]] Magnitude tent() const {
    const Magnitude ratio = q_.upper / (q_.lower + one_below);
    return power(ratio, affine_of(beta_, 1, real(1))) / square_root(q_.lower);
  }

  // sup sqrt(w) (1+w)^(-beta-2) (q w - 1), at w = (2q+1 + r)/q^2 with r = sqrt((q+1)(3q+1)), where
  // q w - 1 = (q+1 + r)/q
  [[nodiscard]] Magnitude second_factor() const {
    const Real q1 = affine_of(q_, 1, real(1));
    const Real q3 = affine_of(q_, 3, real(1));
    const Real root{square_root(q1.upper * q3.upper), square_root(q1.lower * q3.lower)};
    const Real numerator = affine_of(q_, 2, affine_of(root, 1, real(1)));
    const Magnitude w = numerator.upper / (q_.lower * q_.lower);
    const LowerBound w_below = numerator.lower / (q_.upper * q_.upper);
    return square_root(w) * ((q1.upper + root.upper) / q_.lower) /
           power(one_below + w_below, affine_of(beta_, 1, real(2)));
  }

  Real beta_;
  LowerBound k_;
  Real q_;  // 2 beta + 1
  Real a_;
};

}  // namespace

void LocalResponseNorm::visit_settings(SettingsVisitor& visitor) {
  visitor.count(
      {.name = "size", .description = "channels of a window", .required = true, .shorthand = true},
      size);
  visitor.real({.name = "alpha", .description = "factor of the squares"}, text::RealRange::positive,
               alpha);
  visitor.real({.name = "beta", .description = "exponent"}, text::RealRange::positive, beta);
  visitor.real({.name = "k", .description = "what is added to the squares"},
               text::RealRange::positive, k);
  visitor.choice({.name = "alpha_of",
                  .description = "what alpha multiplies: the mean of the squares over a whole "
                                 "window or, as in TensorFlow, their sum"},
                 kinds, alpha_of);
}

double LocalResponseNorm::factor() const {
  return kinds[alpha_of] == "sum" ? alpha.nearest : alpha.nearest / static_cast<double>(size);
}

Parts LocalResponseNorm::parts(const Site& site, Method /*method*/) const {
  const ResponseConstants constants(*this);
  const std::int64_t channels = site.output.channels();
  MapConstants a;
  a.at_zero = {{}, "0", "a(0) = 0"};
  a.slope_at_zero = {constants.slope_at_zero(), "k^-beta", "k^-beta z at 0"};
  if (size == 1 || channels == 1) {
    a.lipschitz = {constants.slope_at_zero(), "k^-beta", "one channel: reached at 0"};
  } else {
    a.lipschitz = {constants.lipschitz(),
                   "k^-beta sqrt(1 + 4 beta/(beta+1) ((2 beta+1)/(2 beta+2))^(2 beta+1))",
                   "Schur's test for the neighbours' part"};
  }
  a.smoothness = {constants.smoothness(),
                  "c^1/2 k^(-beta-1/2) (4 beta T + 2 sqrt(2) beta M), c the factor of the squares",
                  "mixed and own part of the second derivative"};
  const Magnitude entry = constants.entry_bound();
  // An entry depends on the channels of its position.
  a.inner = per_token;
  Reading reads = reading_of(per_token);
  reads[maximum] = square_root(Magnitude::from_count(channels));
  a.at_maximum =
      MapAtLevel{reads, entry, a.lipschitz.value, a.smoothness.value, {}, a.slope_at_zero.value};
  if (entry.is_infinite()) {
    a.bound.source = "beta is below 1/2: it grows without bound";
    return Part(a);
  }
  // Channels that all see each other have together what one of them may have.
  const std::int64_t run = size / 2 + size % 2;
  const Magnitude of_position =
      Magnitude::from_count(channels / run + (channels % run > 0 ? 1 : 0));
  const Magnitude of_sample = of_position * Magnitude::from_count(site.output.positions());
  const Magnitude runs = of_sample * Magnitude::from_count(site.batch);
  a.bound_of = {square_root(of_sample) * entry, square_root(of_position) * entry};
  a.bound = {square_root(runs) * entry,
             "sqrt(runs) c^-1/2 k^(1/2-beta) (2 beta-1)^(beta-1/2) (2 beta)^-beta",
             "a run of ceil(size/2) channels has what one has"};
  return Part(a);
}

// D = k + c sum of squares and p = D^-beta: a square, its factor and z p. Backward, out of D and p,
// p mu - 2 c beta z sum mu y / D: 5.
Work LocalResponseNorm::work(const Site& site) const {
  Work work;
  work.evaluations = output_scalars(site);
  work.forward = Magnitude::from_count(3) * work.evaluations;
  work.backward_input = Magnitude::from_count(5) * work.evaluations;
  // The channel itself, and on each side those of the window that there are.
  const std::int64_t channels = site.output.channels();
  Magnitude pairs = Magnitude::from_count(channels);
  for (const std::int64_t side : {before(), behind()}) {
    const std::int64_t most = std::min(side, channels - 1);
    // (C-1) + ... + (C-most)
    pairs += scale(Magnitude::from_count(most) * (Magnitude::from_count(channels - 1) +
                                                  Magnitude::from_count(channels - most)),
                   -1);
  }
  work.sparsity.map =
      pairs * Magnitude::from_count(site.output.positions()) * Magnitude::from_count(site.batch);
  return work;
}

}  // namespace smoothbound
