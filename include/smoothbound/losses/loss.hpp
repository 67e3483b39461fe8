// The table of losses. A new loss is one row in src/losses/loss.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// What the constants of a loss depend on.
struct LossSite {
  Method method = Method::sharp;
  std::int64_t samples = 1;
  Magnitude prediction_bound;  // radius of a ball that contains the predictions
  Magnitude label_radius;      // radius of a ball that contains each label
};

struct LossConstants {
  Constant lipschitz;
  Constant smoothness;
};

/// What a loss holds the outputs for a sample against.
enum class LabelKind : std::uint8_t { none, classes, classes_or_targets };

struct LossRow {
  std::string_view name;
  std::string_view formula;
  /// A mean of one term per sample: `constants` are those of a term, see `loss_constants`.
  bool is_mean;
  LabelKind labels;
  /// The setting that it takes, of those of the file's `loss` (spec/settings.hpp), or "".
  std::string_view setting;
  LossConstants (*constants)(const LossSite& site);
};

/// Settings of losses, by `LossRow::setting`.
constexpr std::string_view label_radius_setting = "label_radius";
constexpr std::string_view clusters_setting = "clusters";

constexpr std::int64_t default_clusters = 2;

/// All losses.
std::span<const LossRow> loss_table();
/// The row of that name, or null.
const LossRow* find_loss(std::string_view name);

/// l_f and L_f of the loss as a function of the stacked predictions of `site.samples` samples.
/// Mean of n terms: max l_i and max L_i (paper, appendix B.1); max l_i / sqrt n and max L_i / n
/// (sharp, footnote 5).
LossConstants loss_constants(const LossRow& loss, const LossSite& site);

}  // namespace smoothbound
