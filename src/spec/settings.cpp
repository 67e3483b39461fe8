#include "smoothbound/spec/settings.hpp"

#include <fmt/format.h>

#include <array>

namespace smoothbound {
namespace {

constexpr std::array counts{
    CountSetting{"batch", "", "batch", "number of samples in a batch", &Settings::batch},
    CountSetting{"clusters", "loss", clusters_setting,
                 "number of clusters (k_means, spectral_clustering)", &Settings::clusters},
};

constexpr std::array rows{
    RealSetting{"radius", "", "radius", "||v_l|| <= radius, for layers that name none",
                text::RealRange::non_negative, "1", &Settings::radius},
    RealSetting{"input_norm", "input", "norm", "norm of the stacked batch of inputs",
                text::RealRange::non_negative, "1", &Settings::input_norm},
    RealSetting{"sample_norm", "input", "sample_norm", "largest norm of a single input",
                text::RealRange::non_negative, "", &Settings::sample_norm},
    RealSetting{"label_radius", "loss", label_radius_setting,
                "norm of the largest label (square, huber)", text::RealRange::non_negative, "1",
                &Settings::label_radius},
    RealSetting{"label_smoothing", "loss", label_smoothing_setting,
                "share of each label that is spread over all classes (logistic)",
                text::RealRange::unit_interval, "0", &Settings::label_smoothing},
    RealSetting{"huber_threshold", "loss", threshold_setting,
                "from where on the loss is linear (huber)", text::RealRange::positive, "1",
                &Settings::threshold},
    RealSetting{"regularizer", "", "regularizer", "lambda of (lambda/2) ||w||^2",
                text::RealRange::non_negative, "0", &Settings::regularizer},
    RealSetting{"initial_gap", "", "initial_gap", "F(w_0) - min F, for Theorem 4.1",
                text::RealRange::non_negative, "1", &Settings::initial_gap},
    RealSetting{"accuracy", "", "accuracy", "norm of the gradient mapping to reach",
                text::RealRange::positive, "1e-3", &Settings::accuracy},
    RealSetting{"variance", "", "variance", "variance of the stochastic gradient",
                text::RealRange::non_negative, "0", &Settings::variance},
};

std::string assumption(const RealSetting& setting) {
  return fmt::format("{} = {} ({}): not given, so the default", setting.name, setting.default_value,
                     setting.description);
}

}  // namespace

std::span<const RealSetting> real_settings() { return rows; }

std::span<const CountSetting> count_settings() { return counts; }

void Settings::override_by(const Settings& other) {
  for (const CountSetting& setting : counts) {
    if (other.*setting.member) this->*setting.member = other.*setting.member;
  }
  for (const RealSetting& setting : rows) {
    if (other.*setting.member) this->*setting.member = other.*setting.member;
  }
  if (other.loss != nullptr) loss = other.loss;
}

ResolvedSettings resolve(const Settings& given, Location sample_norm_place, bool norm_counts) {
  ResolvedSettings result;
  result.loss = given.loss;
  result.batch = given.batch.value_or(default_batch);
  result.clusters = given.clusters.value_or(default_clusters);
  if (!given.batch) {
    result.assumptions.push_back(
        fmt::format("batch = {}: not given, so the default", default_batch));
  }
  const auto take = [&](std::optional<Real> Settings::*member, bool matters) {
    if (given.*member) return *(given.*member);
    for (const RealSetting& setting : rows) {
      if (setting.member != member) continue;
      if (matters) result.assumptions.push_back(assumption(setting));
      return Real::from_decimal(setting.default_value);
    }
    return Real{};
  };
  const bool objective = given.loss != nullptr;
  result.radius = take(&Settings::radius, true);
  result.input_norm = take(&Settings::input_norm, norm_counts);
  result.sample_norm = given.sample_norm.value_or(result.input_norm);
  result.sample_norm_is_default = !given.sample_norm;
  if (result.sample_norm.upper > result.input_norm.upper) {
    throw SpecError(sample_norm_place, "sample_norm exceeds the norm of the whole batch",
                    "norm is that of all inputs stacked: at least that of each one");
  }
  result.label_radius =
      take(&Settings::label_radius, objective && given.loss->takes(label_radius_setting));
  result.label_smoothing = take(&Settings::label_smoothing, false);
  result.threshold = take(&Settings::threshold, objective && given.loss->takes(threshold_setting));
  result.regularizer = take(&Settings::regularizer, false);
  result.initial_gap = take(&Settings::initial_gap, objective);
  result.accuracy = take(&Settings::accuracy, objective);
  result.variance = take(&Settings::variance, objective);
  if (!objective) {
    result.assumptions.emplace_back("no loss is given: no objective, step size or iterations");
  }
  return result;
}

}  // namespace smoothbound
