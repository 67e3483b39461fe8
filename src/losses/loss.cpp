#include "smoothbound/losses/loss.hpp"

#include <algorithm>
#include <array>

namespace smoothbound {
namespace {

Magnitude count(std::int64_t n) { return Magnitude::from_count(n); }

LossConstants logistic(const LossSite& site) {
  if (site.method == Method::paper) {
    return {{count(2), "2", "appendix B.1"}, {count(2), "2", "appendix B.1"}};
  }
  return {{square_root(count(2)), "sqrt 2", "diameter of the simplex"},
          {count(1) / LowerBound::from_count(2), "1/2", "the Jacobian of softmax"}};
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

constexpr std::array table{
    LossRow{"logistic", "log(sum_j exp(z_j)) - z_y, mean over the samples", true,
            LabelKind::classes, "", logistic},
    LossRow{"square", "||z - y||^2 / 2, mean over the samples", true, LabelKind::classes_or_targets,
            label_radius_setting, square},
    LossRow{"convex_clustering", "min_y sum_i ||y_i - z_i||^2 / 2 + sum_{i<j} ||y_i - y_j||", false,
            LabelKind::none, "", convex_clustering},
    LossRow{"k_means", "min over centres and assignments of sum_i ||c_{k(i)} - z_i||^2", false,
            LabelKind::none, clusters_setting, k_means},
    LossRow{"spectral_clustering", "sum of the smallest squared singular values of (z_1, ..., z_n)",
            false, LabelKind::none, clusters_setting, spectral_clustering},
};

}  // namespace

std::span<const LossRow> loss_table() { return table; }

const LossRow* find_loss(std::string_view name) {
  const auto* row =
      std::find_if(table.begin(), table.end(), [&](const LossRow& r) { return r.name == name; });
  return row == table.end() ? nullptr : row;
}

LossConstants loss_constants(const LossRow& loss, const LossSite& site) {
  LossConstants constants = loss.constants(site);
  if (!loss.is_mean || site.method == Method::paper) return constants;
  const LowerBound n = LowerBound::from_count(site.samples);
  constants.lipschitz.value = constants.lipschitz.value / square_root(n);
  constants.smoothness.value = constants.smoothness.value / n;
  return constants;
}

}  // namespace smoothbound
