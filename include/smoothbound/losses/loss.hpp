// The table of losses. A new loss is one row in src/losses/loss.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "smoothbound/rules/constants.hpp"
#include "smoothbound/rules/line_rule.hpp"

namespace smoothbound {

/// What the constants of a loss depend on.
struct LossSite {
  Method method = Method::sharp;
  std::int64_t samples = 1;
  Magnitude
      prediction_bound{};      // of the norms of predictions, of which the root mean square counts
  Magnitude label_radius{};    // radius of a ball that contains each label
  std::int64_t classes = 1;    // outputs at a position of a sample
  std::int64_t positions = 1;  // of a sample
  Real label_smoothing{};
  Real threshold{Magnitude::from_count(1), LowerBound::from_count(1), 1};
  Magnitude position_bound = Magnitude::infinity();  // largest norm at a position of a sample
  Magnitude entry_bound = Magnitude::infinity();     // largest entry
};

struct LossConstants {
  Constant lipschitz;
  Constant smoothness;
  /// sup <z, f''(z) z> of a term of a mean: its curvature is only large where z is not.
  Magnitude radial_curvature = Magnitude::infinity();
};

/// What a loss holds the outputs for a sample against.
enum class LabelKind : std::uint8_t { none, classes, classes_or_targets };

/// What has a term of its own in a loss that is a mean of terms.
enum class TermOf : std::uint8_t { no_mean, sample, position, scalar };

struct LossRow {
  std::string_view name;
  std::string_view formula;
  /// A mean has as many terms for each sample: `constants` are those of a term, see
  /// `loss_constants`.
  TermOf term;
  LabelKind labels;
  /// The settings that it takes, of those of the file's `loss` (spec/settings.hpp).
  std::array<std::string_view, 2> settings;
  LossConstants (*constants)(const LossSite& site);
  /// By what it is enclosed along a line of parameters.
  LineRule line_rule;
  /// An upper bound of the third derivative of a term whose second one is at most 1; nothing: it
  /// has none everywhere, or is no mean.
  std::optional<std::int64_t> third_derivative{};

  [[nodiscard]] constexpr bool is_mean() const { return term != TermOf::no_mean; }
  [[nodiscard]] constexpr bool takes(std::string_view setting) const {
    return settings[0] == setting || settings[1] == setting;
  }
  /// Whether it compares classes position by position.
  [[nodiscard]] constexpr bool classifies_positions() const { return term == TermOf::position; }
};

/// Settings of losses.
constexpr std::string_view label_radius_setting = "label_radius";
constexpr std::string_view clusters_setting = "clusters";
constexpr std::string_view label_smoothing_setting = "label_smoothing";
constexpr std::string_view threshold_setting = "threshold";

constexpr std::int64_t default_clusters = 2;

/// How many terms of a mean level A sums over, rounded down; 1 for what is no mean.
LowerBound summed_terms(const LossRow& loss, const LossSite& site, std::size_t level);
/// Whether each term belongs to one entry of the axes that the level takes the supremum over.
bool divides_terms(const LossRow& loss, std::size_t level);

/// All losses.
std::span<const LossRow> loss_table();
/// The row of that name, or null.
const LossRow* find_loss(std::string_view name);

/// l_f and L_f of a term of a mean, or of what is no mean: `constants` of the row.
LossConstants term_constants(const LossRow& loss, const LossSite& site);

/// l_f and L_f of the loss as a function of the stacked predictions of `site.samples` samples.
/// Mean of n terms: max l_i and max L_i (paper, appendix B.1); max l_i / sqrt n and max L_i / n
/// (sharp, footnote 5). There are as many terms as samples, positions or scalars of them.
LossConstants loss_constants(const LossRow& loss, const LossSite& site);

}  // namespace smoothbound
