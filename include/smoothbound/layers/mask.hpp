// Masks of scores: keys that a query may not see.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// z - by at the entries of keys that a query may not see, of matrices of scores or stacks of them:
/// the last two axes are those of the keys and of the queries.
struct Mask {
  static constexpr std::array<std::string_view, 2> kinds{"causal", "shifted_windows"};
  static constexpr std::array<std::string_view, 2> axes{"first", "second"};

  std::size_t kind = 0;  // of `kinds`
  Real by = Real::from_decimal("100");
  std::size_t keys = 0;  // of `axes`: which of the last two is that of the keys
  Extent window{};       // of shifted windows: places, along each axis of the image
  Extent windows{};      // windows, likewise
  Extent shift{};        // places that the image was rolled back, likewise

  static constexpr Role role = Role::non_affine;
  static std::vector<Mask> prototypes() { return {Mask{}}; }
  [[nodiscard]] std::string_view name() const { return "mask"; }
  [[nodiscard]] std::string_view formula() const {
    return "z - by for keys behind their query (causal), or from another region of an image that "
           "was rolled before it was cut into windows, the windows counting fastest in a stack";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;

  [[nodiscard]] bool is_causal() const { return kinds.at(kind) == "causal"; }
  /// Masked entries of a sample of that shape.
  [[nodiscard]] std::int64_t masked(const Shape& scores) const;
  /// Of shifted windows, bit k: whether the window of that index is the last one along axis k.
  [[nodiscard]] std::uint8_t axes_at_end(std::int64_t index) const;
  /// Bit k: whether that place of a last window came from the other end of axis k. Keys and queries
  /// see each other where such bits are the same for both.
  [[nodiscard]] std::uint8_t axes_rolled(std::int64_t place) const;
};

}  // namespace smoothbound
