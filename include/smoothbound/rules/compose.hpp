// The composition rules: Prop 4.3 and 4.4 of the paper and their sharp forms. This is the only
// place where they stand; layers state constants, this file states what follows from them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/rules/constants.hpp"
#include "smoothbound/rules/refinements.hpp"
#include "smoothbound/rules/value.hpp"

namespace smoothbound::rules {

/// One line of the account of how a number came about.
struct TraceLine {
  std::string symbol;
  std::string formula;
  Magnitude value;
  std::string source;
  Remedy remedy = Remedy::none;
};

/// The account of a layer, filled where a caller asks for it.
struct Trace {
  std::vector<TraceLine> lines;
  std::vector<std::string> conclusions;  // for l and L: the result and which term dominates it
};

/// Bounds of a_k o ... o a_1 o b applied to z_{l-1}(w), by Prop 4.4; symbols as there. Feed the
/// parts in the order in which they act; each maps the bounds of what it reads to its own. An
/// affine part that follows others begins a new stretch, as if it were a further layer.
///
/// The rules are the same at every level and for every pair of groups of parameter blocks: those of
/// earlier layers, and the block of the affine part at hand, which joins them when the next one
/// comes. By Cauchy-Schwarz that is the sharp method, by the triangle inequality (20) and (21), the
/// paper's. A block that is used again is the group that it was.
class Composition {
 public:
  /// `input`: the bounds of z_{l-1}. `trace` may be null.
  Composition(Value input, Method method, Trace* trace = nullptr, const Refinements& refine = {});
  /// At the Euclidean level alone.
  Composition(const Triple& input, Method method, Trace* trace = nullptr)
      : Composition(Value(input, LevelSet{}), method, trace) {}

  /// b, with ||v|| <= `radius`. `extents`: of its output; `group`: that of the block, if it is one
  /// of its own.
  /// `block`: which one it is, if it is used nowhere else; `joined`: the group that it then joins
  /// when the next affine part comes.
  void apply(const AffineConstants& b, const Magnitude& radius, const Extents& extents = {},
             Label group = rest, std::optional<std::uint32_t> block = {}, Label joined = rest);
  /// The next non-affine part a_j.
  void apply(const MapConstants& a, const Extents& extents = {});
  /// The Euclidean bounds of what has been composed so far.
  [[nodiscard]] Triple result() const { return value().total(); }
  /// All of its bounds.
  [[nodiscard]] Value value() const;
  /// Ends the account of the trace, if there is one: how the result came about.
  void conclude() const {
    if (trace_ != nullptr) record_result();
  }

 private:
  void begin_stretch();
  // The image, at each level by itself: `statement(level)` is what the part states there, if
  // anything, and `rule(level, statement, read, image)` makes that level of `image` out of a value.
  // `makes_forms`: second derivatives are not those of z_ alone.
  // `keeps_blocks`: they are known behind the part, too.
  template <class Statement, class Rule>
  void apply_at_levels(const PositionReads& positions, const Extents& extents, bool makes_forms,
                       bool keeps_blocks, const Statement& statement, const Rule& rule);
  void apply(std::size_t level, const AffineAtLevel& b, const Magnitude& R,
             bool acts_on_different_entries, const Value& z, Value& image) const;
  void apply(std::size_t level, const MapAtLevel& a, const MapGrowth* growth,
             const Extents& extents, const Value& z, Value& image) const;
  void apply_to_derivatives(std::size_t level, const MapAtLevel& a, const Magnitude& slope,
                            const Magnitude& joint, const Value& z, Value& image) const;
  // What second derivatives, and the first one, are lowered to where blocks are known.
  void lower_unsaturated(std::size_t level, const MapAtLevel& a, const MapGrowth& growth,
                         const Magnitude& slope, const Extents& extents, const Value& z,
                         Value& image) const;
  void apply_centred(std::size_t level, const MapAtLevel& a, const MapGrowth& growth,
                     const Extents& extents, const Value& z, Value& image) const;
  void record_affine(const AffineConstants& b, const Magnitude& R, const Value& before) const;
  void record_map(const MapConstants& a, const Value& before) const;
  void record_result() const;
  void record_earlier_and_own(const Triple& total) const;
  void record_groups(const Value& all) const;
  void record_levels(const Value& all) const;
  void record(std::string_view symbol, std::string_view formula, const Magnitude& value,
              std::string_view source, Remedy remedy = Remedy::none) const;
  void record(std::string_view symbol, const Constant& constant) const;
  /// Records the terms of `total` and concludes which one dominates.
  void record_terms(std::string_view symbol, std::string_view formula, const Magnitude& total,
                    std::span<const TraceLine> terms) const;

  Value z_;
  Method method_;
  Trace* trace_;
  Refinements refine_;
  bool begun_ = false;       // a part of this stretch has been applied
  std::size_t own_ = none_;  // the group of the stretch's own block
  Label joined_ = rest;      // that which it joins

  static constexpr std::size_t none_ = static_cast<std::size_t>(-1);
};

}  // namespace smoothbound::rules
