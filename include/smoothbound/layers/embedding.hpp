// Embedding: a vector for each token, looked up in a table of parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// [tokens] -> [features, tokens]: at position t, row z_t of the table v [entries, features]. It is
/// linear in v; z are ids, numbers of rows from 0 on, and nothing is differentiated in them.
struct Embedding {
  /// Every id below is a number of float32.
  static constexpr std::int64_t most_entries = std::int64_t{1} << 24U;

  std::int64_t entries = 1;
  std::int64_t features = 1;

  static constexpr std::array<std::string_view, 1> array_words{"weight"};
  static constexpr Role role = Role::affine;
  static std::vector<Embedding> prototypes() { return {Embedding{}}; }
  [[nodiscard]] std::string_view name() const { return "embedding"; }
  [[nodiscard]] std::string_view formula() const { return "row z_t of v, z_t the id of token t"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::parameters; }
  void visit_settings(SettingsVisitor& visitor);
  /// Throws ShapeError for inputs that are not [tokens], and for too many entries.
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it reads are ids, 0 to `ids() - 1`.
  [[nodiscard]] std::int64_t ids() const { return entries; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
