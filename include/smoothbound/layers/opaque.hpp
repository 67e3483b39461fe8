// A layer of which only constants are known: Prop 4.3.
#pragma once

#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// phi(v, z) with given Lipschitz and smoothness constants, jointly in (v; z).
struct Opaque {
  Real lipschitz;
  Real smoothness;
  std::optional<Real> bound;    // sup ||phi||
  std::optional<Real> at_zero;  // ||phi(0, 0)||
  std::vector<std::int64_t> output;
  std::int64_t parameters = 0;

  static constexpr Role role = Role::affine;
  static std::vector<Opaque> prototypes() { return {Opaque{}}; }
  [[nodiscard]] std::string_view name() const { return "opaque"; }
  [[nodiscard]] std::string_view formula() const {
    return "any phi(v, z) with the given constants in (v; z), for the whole batch";
  }
  [[nodiscard]] static constexpr LineRule line_rule() {
    return {"", "only constants are known of it"};
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const {
    return OwnBlock{parameters, {}};
  }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return true; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
