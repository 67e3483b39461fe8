// A leaky rectifier whose slope is learned, with its kink and without.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// max(x, 0) + alpha min(x, 0), alpha a parameter block of its own: a number for each channel, or
/// one. Its smooth form is g(x) - alpha g(-x) with the softplus g of scale beta.
struct Prelu {
  static constexpr std::array<std::string_view, 2> scopes{"channel", "layer"};

  std::size_t per = 0;  // index into `scopes`: what has one alpha
  std::optional<Real> radius;
  bool is_smooth = false;
  Real beta{Magnitude::from_count(1), LowerBound::from_count(1), 1};  // of the smooth form

  static constexpr std::array<std::string_view, 1> array_words{"weight"};
  static constexpr Role role = Role::non_affine;
  static std::vector<Prelu> prototypes();
  [[nodiscard]] std::string_view name() const { return is_smooth ? "smooth_prelu" : "prelu"; }
  /// Of either form.
  [[nodiscard]] std::string_view array_name() const { return "prelu"; }
  [[nodiscard]] std::string_view formula() const;
  [[nodiscard]] LineRule line_rule() const;
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  /// Numbers alpha.
  [[nodiscard]] std::int64_t slopes(const Shape& shape) const {
    return per == 0 ? shape.channels() : 1;
  }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
  /// Of the same alpha; nothing if it is that already.
  [[nodiscard]] std::optional<Prelu> smooth_form(const Real& scale) const;

 private:
  [[nodiscard]] Parts smooth_parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
