// The table of components that copy, move and leave out entries: index maps with names. A new one
// is one row in src/layers/rearrangement.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "smoothbound/layers/axis.hpp"
#include "smoothbound/layers/index_map.hpp"
#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// The settings of all rows; each declares those that it has.
struct RearrangementSettings {
  std::vector<std::int64_t> sizes;       // of a reshape; none: flat
  std::vector<std::size_t> axes;         // of a permutation, into `axis_words`; none: as they are
  std::size_t axis = 0;                  // of a slice or a roll, likewise
  std::int64_t from = 0;                 // of a slice
  std::optional<std::int64_t> to;        // of a slice
  std::int64_t step = 1;                 // of a slice
  Extent by = Extent::uniform(0);        // of a padding
  Extent before{};                       // of a padding
  Extent after{};                        // of a padding
  std::size_t mode = 0;                  // of a padding
  std::int64_t count = 1;                // groups, or entries of a block along each axis
  Extent stride = Extent::uniform(2);    // of a shortcut
  std::optional<std::int64_t> channels;  // of a shortcut
  std::int64_t channels_before = 0;      // of a shortcut
  std::int64_t distance = 1;             // of a roll
  Extent window{};                       // of relative positions
  std::int64_t windows = 1;              // of relative positions
};

struct RearrangementRow {
  struct Result {
    Shape output;
    IndexMap map;
  };
  std::string_view name;
  std::string_view formula;
  void (*visit_settings)(SettingsVisitor& visitor, RearrangementSettings& settings);
  /// Throws ShapeError for inputs that do not fit.
  Result (*at)(const RearrangementSettings& settings, const Shape& input);
};

std::span<const RearrangementRow> rearrangement_table();

/// A row as a component.
struct Rearrangement {
  const RearrangementRow* row = nullptr;
  RearrangementSettings settings;

  static constexpr Role role = Role::non_affine;
  static std::vector<Rearrangement> prototypes();
  [[nodiscard]] std::string_view name() const { return row->name; }
  [[nodiscard]] std::string_view formula() const { return row->formula; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor) { row->visit_settings(visitor, settings); }
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const {
    return row->at(settings, shapes.front()).output;
  }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] static constexpr bool is_index_map() { return true; }
  [[nodiscard]] IndexMap index_map(const Site& site) const {
    return row->at(settings, site.input()).map;
  }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
