// The scalar settings of an architecture: read from the file, overridden on the command line,
// reported with the results. A new one is one row in src/spec/settings.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/losses/loss.hpp"
#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/text/fields.hpp"

namespace smoothbound {

/// What was given; nothing where the default is to be used.
struct Settings {
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> clusters;
  std::optional<Real> radius;
  std::optional<Real> input_norm;
  std::optional<Real> sample_norm;
  std::optional<Real> label_radius;
  std::optional<Real> label_smoothing;
  std::optional<Real> threshold;
  std::optional<Real> regularizer;
  std::optional<Real> initial_gap;
  std::optional<Real> accuracy;
  std::optional<Real> variance;
  const LossRow* loss = nullptr;

  /// Takes from `other` whatever it gives.
  void override_by(const Settings& other);
};

/// A real setting. Its command-line option is the name with '-' for '_'.
struct RealSetting {
  std::string_view name;     // of the option and in reports
  std::string_view section;  // the mapping of the file that holds it: "", "input" or "loss"
  std::string_view key;      // its key there
  std::string_view description;
  text::RealRange range;
  std::string_view default_value;  // empty: none
  std::optional<Real> Settings::*member;
};

/// The same for a count, which is at least 1.
struct CountSetting {
  std::string_view name;
  std::string_view section;
  std::string_view key;
  std::string_view description;
  std::optional<std::int64_t> Settings::*member;
};

std::span<const RealSetting> real_settings();
std::span<const CountSetting> count_settings();

constexpr std::int64_t default_batch = 1;

/// Settings with every default filled in, and what was assumed thereby.
struct ResolvedSettings {
  std::int64_t batch = default_batch;
  std::int64_t clusters = default_clusters;  // no bound depends on it
  Real radius;
  Real input_norm;
  Real sample_norm;
  bool sample_norm_is_default = true;  // input_norm
  Real label_radius;
  Real label_smoothing;
  Real threshold;
  Real regularizer;
  Real initial_gap;
  Real accuracy;
  Real variance;
  const LossRow* loss = nullptr;  // null: no objective
  RemedyWords words = plain_words;
  std::vector<std::string> assumptions;
};

/// `norm_counts`: whether bounds depend on the norm of the input, so that its default is assumed.
/// Throws SpecError at `sample_norm_place` if sample_norm exceeds input_norm.
ResolvedSettings resolve(const Settings& given, Location sample_norm_place = {},
                         bool norm_counts = true);

}  // namespace smoothbound
