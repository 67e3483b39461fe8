// What a component contributes to the bounds: its local constants, each with formula and source.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "smoothbound/rules/level.hpp"
#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/rules/position_classes.hpp"
#include "smoothbound/rules/remedy.hpp"

namespace smoothbound {

/// Whose constants and composition rules: the paper's to the letter, or the sharpest proved here.
enum class Method : std::uint8_t { paper, sharp };

constexpr std::string_view name_of(Method method) {
  return method == Method::paper ? "paper" : "sharp";
}

/// The version of the formulas and constants of both methods. Raise it with every change by which
/// some bound differs for the same architecture and settings: a constant, a composition rule, a
/// rounding, a default. Baselines of other versions are then refused instead of compared. New
/// components and settings that leave every present number as it is do not raise it.
constexpr int formulas_version = 4;

/// A number with its formula and where the formula comes from. For an infinite constant the source
/// is the reason. The texts have static storage.
struct Constant {
  Magnitude value;
  std::string_view formula = "0";
  std::string_view source;
  Remedy remedy = Remedy::none;  // if the number is infinite
};

/// What an affine part does at one level, section 3 of docs/theory.md.
struct AffineAtLevel {
  Reading reads{};              // |z|_read: what stands for ||z|| in the constants that follow
  Magnitude bilinear{};         // |beta(v, z)|_A <= bilinear ||v|| |z|_read
  Magnitude linear_parameters;  // |beta^v(v)|_A
  Magnitude linear_input;       // |beta^z(z)|_A <= linear_input |z|_read
  Magnitude offset;             // |beta^0|_A
  Magnitude at_point{};  // |beta(v*, z)|_A <= at_point |z|_read, for bounds around a point v*
};

/// The same of a map.
struct MapAtLevel {
  Reading reads{};
  Magnitude bound = Magnitude::infinity();
  Magnitude lipschitz;                 // |a'(z)[h]|_A <= lipschitz |h|_read
  Magnitude smoothness;                // |a''(z)[h, h']|_A <= smoothness |h|_read |h'|_inner
  Magnitude at_zero;                   // |a(0)|_A
  Magnitude slope_at_zero;             // |a'(0)[h]|_A <= slope_at_zero |h|_read
  std::optional<std::size_t> inner{};  // nothing: |h'|_read
  /// What stands for `smoothness` where h and h' differ, if that holds for h = h' alone.
  std::optional<Magnitude> smoothness_of_pairs{};
};

/// A norm of one sample, and of one of its positions. A level that sums over n samples has sqrt(n)
/// times as much, and so for positions.
struct Repeated {
  Magnitude sample;
  Magnitude position;

  friend Repeated operator*(const Magnitude& factor, const Repeated& norm) {
    return {factor * norm.sample, factor * norm.position};
  }
};

/// What an affine part does with one sample, where samples do not meet.
struct AffineOfSample {
  Repeated linear_parameters{};
  Repeated offset{};
  /// At levels with positions |beta(v, z)|_A <= ||v|| |z|_read, |z|_read = min{taps |z|_A,
  /// |z|_{A without positions}}. inf: such levels know what coarser ones do.
  Magnitude taps = Magnitude::infinity();
  Magnitude linear_input{};     // at those levels: |beta^z(z)|_A <= linear_input |z|_read
  Magnitude at_point{};         // at those levels: |beta(v*, z)|_A <= at_point |z|_read
  bool is_same_for_all = true;  // beta^v(v) and beta^0 do not differ from sample to sample
  /// With patches, `taps` is the root of the most that an output reads.
  PositionReads positions{};
};

/// That a map's derivatives are only large where its argument is small: squares of s, of which
/// |sigma| <= s in section "Unsaturated scalars" of docs/theory.md, for n scalars outside the
/// level.
struct Unsaturated {
  Magnitude second = Magnitude::infinity();   // s^2 = second sqrt(n): L_a E for L_a l^2
  Magnitude joint = Magnitude::infinity();    // s^2 = joint sqrt(n): the same of MapGrowth::joint
  Magnitude by_norm = Magnitude::infinity();  // s^2 = by_norm m: L_a E for L_a l^2
  Magnitude first = Magnitude::infinity();    // s^2 = first n: l_a^2 E for the slope's square
  /// Whether |f'(t) x + f(t) - f'(t) t| <= f(|x|) and f(c x) <= c f(x) for c >= 1, x >= 0: then
  /// blocks in front of it are known behind it.
  bool is_frozen = false;
};

/// What is known of a map on a ball, and not at 0 and everywhere alone. The functions are those of
/// scale 1, f(scale x)/scale is meant.
struct MapGrowth {
  using Norm = Magnitude (*)(const Magnitude& m, const Magnitude& n, const Real& parameter);
  using Slope = Magnitude (*)(const Magnitude& m, const Real& parameter);

  Norm norm = nullptr;    // |a(z)| for |z| <= m, norms of n scalars, increasing in both
  Slope slope = nullptr;  // sup |f'| on [-m, m]
  /// c with c^2 = sup f''^2 / (1 - (f'/l)^2), l = sup |f'|, so that |f' x + f'' y| is at most the
  /// root of (l x)^2 + (c y)^2.
  Magnitude joint = Magnitude::infinity();
  Magnitude third = Magnitude::infinity();  // sup |f'''|
  Real parameter{};
  Real scale{Magnitude::from_count(1), LowerBound::from_count(1), 1};
  Unsaturated unsaturated{};

  [[nodiscard]] Magnitude norm_within(const Magnitude& m, const Magnitude& n) const {
    return norm == nullptr ? Magnitude::infinity()
                           : norm(scale.upper * m, n, parameter) / scale.lower;
  }
  [[nodiscard]] Magnitude slope_within(const Magnitude& m) const {
    return slope == nullptr ? Magnitude::infinity() : slope(scale.upper * m, parameter);
  }
};

/// b(v, z) = beta(v, z) + beta^v(v) + beta^z(z) + beta^0, (6) of the paper.
struct AffineConstants {
  Constant bilinear;           // L_beta: ||beta(v, z)|| <= L_beta ||v|| ||z||
  Constant linear_parameters;  // l_{beta^v}
  Constant linear_input;       // l_{beta^z}
  Constant offset;             // ||beta^0||
  Magnitude at_point{};        // ||beta(v*, z)|| <= at_point ||z||, for bounds around a point v*
  /// Whether beta(v, .) and beta^z read different entries, and ||z|| is a norm in which their sum
  /// is at most the larger one: that counts. beta and beta^v have the same parameters then, and not
  /// weights beside a bias.
  bool acts_on_different_entries = false;
  std::optional<AffineOfSample> of_sample{};  // nothing: only the norm of the batch is known
  std::optional<AffineAtLevel> at_maximum{};  // nothing: what coarser levels say
  std::optional<AffineAtLevel> at_rows{};     // at `largest_of_rows`, likewise
};

/// A map a: what Prop 4.4 asks of a non-affine part.
struct MapConstants {
  Constant bound{Magnitude::infinity(), "inf", "unbounded"};  // sup ||a||
  Constant lipschitz;                                         // sup ||grad a||
  Constant smoothness;                                        // sup ||hess a||
  Constant at_zero;                                           // ||a(0)||
  Constant slope_at_zero;                                     // ||grad a(0)||
  /// The finest level whose supremum runs over axes along which a does not mix entries: it acts on
  /// groups that lie inside, and the constants hold at this level and at coarser ones.
  std::size_t inner = euclidean;
  Repeated bound_of{Magnitude::infinity(), Magnitude::infinity()};
  Repeated at_zero_of{};
  /// Of a linear map, or copies: |a(z)|_A <= at_positions |z|_A at levels with positions.
  Magnitude at_positions = Magnitude::infinity();
  /// With patches or means, `at_positions` bounds what they make of equal norms. Unknown: the same
  /// position where `inner` takes the supremum over positions.
  PositionReads positions{};
  MapGrowth growth{};
  /// Whether a(z) depends on z less its mean over the samples alone, and has the mean 0.
  bool centres_samples = false;
  std::optional<MapAtLevel> at_maximum{};  // nothing: what coarser levels say
  std::optional<MapAtLevel> at_rows{};     // at `largest_of_rows`, likewise
  std::optional<MapAtLevel> at_columns{};  // at `sum_of_columns`, likewise
};

/// A linear map with |a(z)|_A <= norm |z|_read.
inline MapAtLevel linear_at_level(const Reading& reads, const Magnitude& norm) {
  return {reads, Magnitude::infinity(), norm, {}, {}, norm};
}

using Part = std::variant<AffineConstants, MapConstants>;

/// The parts that a component consists of, in the order in which they act; at most two.
class Parts {
 public:
  Parts(Part first) : parts_{std::move(first)}, size_(1) {}  // NOLINT: a part is a list of one
  Parts(Part first, Part second) : parts_{std::move(first), std::move(second)}, size_(2) {}
  [[nodiscard]] const Part* begin() const { return parts_.data(); }
  [[nodiscard]] const Part* end() const { return parts_.data() + size_; }

 private:
  std::array<Part, 2> parts_;
  std::size_t size_;
};

/// The bounds of a function of the parameters on the product of balls, section 1 of docs/theory.md.
struct Triple {
  Magnitude m;           // sup ||g||
  Magnitude lipschitz;   // sup ||grad g||
  Magnitude smoothness;  // sup ||hess g||
};

/// One of the three.
using TripleEntry = Magnitude Triple::*;
inline constexpr std::array<TripleEntry, 3> triple_entries{&Triple::m, &Triple::lipschitz,
                                                           &Triple::smoothness};

}  // namespace smoothbound
