#include "smoothbound/losses/loss.hpp"

#include <algorithm>
#include <array>

namespace smoothbound {
namespace {

Magnitude count(std::int64_t n) { return Magnitude::from_count(n); }

// The gradient p - t is longest at the vertex of the simplex opposite of the target
// t = (1-e) e_y + e/K: |p - t|^2 = 1 + (1-e)^2 - e^2/K = 2 (1-e) + e^2 (K-1)/K.
Magnitude distance_from_smoothed_label(const LossSite& site) {
  const Real& e = site.label_smoothing;
  const Magnitude rest = excess(count(1), e.lower);
  const Magnitude others = count(site.classes - 1) / LowerBound::from_count(site.classes);
  return square_root(scale(rest, 1) + e.upper * e.upper * others);
}

// The largest probability of a class where predictions at a position have norms of at most m: two
// of them are at most sqrt(2) m apart.
Magnitude largest_probability(const LossSite& site) {
  const Magnitude apart = square_root(count(2)) * site.position_bound;
  const LowerBound others = LowerBound::from_count(site.classes - 1) / exponential(apart);
  return count(1) / (LowerBound::from_count(1) + others);
}

// The gradient p - t has |p|^2 - 2 <p, t> + |t|^2 <= max p + |t|^2; the Jacobian of softmax is at
// most diag(p). The target t = (1-e) e_y + e/K has |t|^2 = (1-e)^2 + 2 (1-e) e/K + e^2/K.
LossConstants logistic(const LossSite& site) {
  if (site.method == Method::paper) {
    return {{count(2), "2", "appendix B.1"}, {count(2), "2", "appendix B.1"}};
  }
  const bool is_smoothed = !site.label_smoothing.upper.is_zero();
  LossConstants f{{square_root(count(2)), "sqrt 2", "diameter of the simplex"},
                  {count(1) / LowerBound::from_count(2), "1/2", "the Jacobian of softmax"}};
  // The variance of z: with 0 for its largest entry p_i <= exp(z_i), and z^2 exp(z) <= 4/e^2 below.
  f.radial_curvature =
      count(site.classes) * Magnitude::from_decimal("0.5413411329464507675759979799");
  if (is_smoothed) {
    f.lipschitz = {distance_from_smoothed_label(site), "sqrt(1 + (1-e)^2 - e^2/K)",
                   "from a vertex of the simplex to another one's label, smoothed by e"};
  }
  if (site.position_bound.is_infinite()) return f;
  const Magnitude p = largest_probability(site);
  const Magnitude e_of_class = site.label_smoothing.upper / LowerBound::from_count(site.classes);
  const Magnitude rest = excess(count(1), site.label_smoothing.lower);
  const Magnitude target =
      rest * rest + scale(rest * e_of_class, 1) + site.label_smoothing.upper * e_of_class;
  const Magnitude gradient = square_root(p + target);
  if (gradient < f.lipschitz.value) {
    f.lipschitz = {gradient, "sqrt(p + |t|^2)", "p the largest probability within the bound"};
  }
  if (p < f.smoothness.value) {
    f.smoothness = {p, "p", "the Jacobian of softmax, p the largest probability"};
  }
  return f;
}

LossConstants binary_logistic(const LossSite& site) {
  LossConstants f{{count(1), "1", "f' = s - y lies between -1 and 1"},
                  {count(1) / LowerBound::from_count(4), "1/4", "f'' = s(1-s)"}};
  if (site.method == Method::sharp) {
    f.radial_curvature = Magnitude::from_decimal("0.439228839890645150775979636655");  // of z^2 f''
  }
  if (site.entry_bound.is_finite()) {
    const LowerBound one = LowerBound::from_count(1);
    f.lipschitz = {count(1) / (one + one / exponential(site.entry_bound)), "s(m)",
                   "f' = s - y, s the sigmoid within the bound"};
  }
  return f;
}

// f' is r cut off at -+ threshold. The norm of all n q residuals, at most sqrt n (m +
// label_radius), makes their root mean square the second one.
LossConstants huber(const LossSite& site) {
  const LowerBound scalars =
      LowerBound::from_count(site.classes) * LowerBound::from_count(site.positions);
  const Magnitude mean_residual =
      (site.prediction_bound + site.label_radius) / square_root(scalars);
  return {{std::min(site.threshold.upper, mean_residual),
           "min(threshold, (m + label_radius)/sqrt q)", "|f'| = min(|r|, threshold)"},
          {count(1), "1", "f' has slopes 0 and 1"}};
}

LossConstants square(const LossSite& site) {
  return {{site.prediction_bound + site.label_radius, "m + label_radius", "appendix B.1"},
          {count(1), "1", "appendix B.1"}};
}

// Prop B.1, corrected: each y_i stands in n - 1 differences, so ||D^T|| is n sqrt((n-1)/2) on unit
// groups. At n = 2 the paper's constant is below this one.
LossConstants convex_clustering(const LossSite& site) {
  const std::int64_t n = site.samples;
  const Magnitude half_others = count(n - 1) / LowerBound::from_count(2);
  const Magnitude sharp = count(n) * square_root(half_others);
  const Magnitude paper = count(n) * half_others;
  const Constant smoothness{count(1), "1", "Moreau envelope, Prop B.1"};
  if (site.method == Method::sharp || paper < sharp) {
    return {{sharp, "n sqrt((n-1)/2)", "gradients lie in the sum of n(n-1)/2 unit balls"},
            smoothness};
  }
  return {{paper, "n(n-1)/2", "Prop B.1"}, smoothness};
}

LossConstants not_smooth(std::string_view reason) {
  const Constant infinite{Magnitude::infinity(), "inf", reason};
  return {infinite, infinite};
}

LossConstants k_means(const LossSite& /*site*/) {
  return not_smooth("k_means is a minimum over assignments: not smooth; try convex_clustering");
}

LossConstants spectral_clustering(const LossSite& /*site*/) {
  return not_smooth(
      "spectral_clustering is a sum of smallest squared singular values: not smooth; try "
      "convex_clustering");
}

// Along a line: those of terms of one output each, and none.
constexpr LineRule separable{"convexity, in norms and output by output", "docs/theory.md 8.8"};
constexpr LineRule compares_samples{"", "it compares samples with each other"};

constexpr std::array table{
    LossRow{"logistic",
            "log(sum_j exp(z_j)) - z_y over the channels, mean over samples and positions",
            TermOf::position,
            LabelKind::classes,
            {label_smoothing_setting},
            logistic,
            {"differences of outputs, log-sum-exp of their ends", "docs/theory.md 8.8"},
            1},
    LossRow{"binary_logistic",
            "log(1 + exp(z)) - y z of each output, mean over all",
            TermOf::scalar,
            LabelKind::classes_or_targets,
            {},
            binary_logistic,
            separable,
            1},
    LossRow{"square",
            "||z - y||^2 / 2, mean over the samples",
            TermOf::sample,
            LabelKind::classes_or_targets,
            {label_radius_setting},
            square,
            {"triangle inequality, in norms and output by output", "docs/theory.md 8.8"},
            0},
    LossRow{
        "huber",
        "r^2/2 up to |r| = threshold, linear beyond, of r = z - y of each output; mean over all",
        TermOf::scalar,
        LabelKind::classes_or_targets,
        {threshold_setting, label_radius_setting},
        huber,
        separable},
    LossRow{"convex_clustering",
            "min_y sum_i ||y_i - z_i||^2 / 2 + sum_{i<j} ||y_i - y_j||",
            TermOf::no_mean,
            LabelKind::none,
            {},
            convex_clustering,
            compares_samples},
    LossRow{"k_means",
            "min over centres and assignments of sum_i ||c_{k(i)} - z_i||^2",
            TermOf::no_mean,
            LabelKind::none,
            {clusters_setting},
            k_means,
            compares_samples},
    LossRow{"spectral_clustering",
            "sum of the smallest squared singular values of (z_1, ..., z_n)",
            TermOf::no_mean,
            LabelKind::none,
            {clusters_setting},
            spectral_clustering,
            compares_samples},
};

}  // namespace

std::span<const LossRow> loss_table() { return table; }

const LossRow* find_loss(std::string_view name) {
  const auto* row =
      std::find_if(table.begin(), table.end(), [&](const LossRow& r) { return r.name == name; });
  return row == table.end() ? nullptr : row;
}

LowerBound summed_terms(const LossRow& loss, const LossSite& site, std::size_t level) {
  LowerBound terms = LowerBound::from_count(1);
  if (!loss.is_mean()) return terms;
  const auto times = [&](bool is_summed, std::int64_t entries) {
    if (is_summed) terms *= LowerBound::from_count(entries);
  };
  times(!levels[level].samples, site.samples);
  times(!levels[level].positions && loss.term != TermOf::sample, site.positions);
  times(!levels[level].channels && loss.term == TermOf::scalar, site.classes);
  return terms;
}

bool divides_terms(const LossRow& loss, std::size_t level) {
  if (!loss.is_mean()) return level == euclidean;
  if (levels[level].centred || levels[level].of_matrices) return false;
  return (!levels[level].positions || loss.term != TermOf::sample) &&
         (!levels[level].channels || loss.term == TermOf::scalar);
}

LossConstants term_constants(const LossRow& loss, const LossSite& site) {
  return loss.constants(site);
}

LossConstants loss_constants(const LossRow& loss, const LossSite& site) {
  LossConstants constants = term_constants(loss, site);
  if (!loss.is_mean() || site.method == Method::paper) return constants;
  const LowerBound n = summed_terms(loss, site, euclidean);
  constants.lipschitz.value = constants.lipschitz.value / square_root(n);
  constants.smoothness.value = constants.smoothness.value / n;
  return constants;
}

}  // namespace smoothbound
