// The composition rules: Prop 4.3 and 4.4 of the paper and their sharp forms. This is the only
// place where they stand; layers state constants, this file states what follows from them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/rules/constants.hpp"
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

/// Bounds of a_k o ... o a_1 o b applied to z_{l-1}(w), by Prop 4.4; symbols as there. A stretch
/// without an affine part is the case b(v, z) = z, for which the rules are those of a chain of
/// maps.
///
/// Feed the parts in the order in which they act. An affine part that follows maps begins a new
/// stretch, as if it were a further layer.
///
/// The rules are the same at every level and for every pair of groups of parameter blocks. One
/// group is the paper's method, earlier and own parameters the sharp one, and a block that is used
/// again is the group that it was.
class Composition {
 public:
  /// `input`: the bounds of z_{l-1}. `trace` may be null.
  Composition(Value input, Method method, Trace* trace = nullptr);
  /// At the Euclidean level alone.
  Composition(const Triple& input, Method method, Trace* trace = nullptr)
      : Composition(Value(input, 1), method, trace) {}

  /// b, with ||v|| <= `radius`. `group`: that of the block, if it is one of its own.
  void apply(const AffineConstants& b, const Magnitude& radius, Label group = rest);
  /// The next non-affine part a_j.
  void apply(const MapConstants& a);
  /// The Euclidean bounds of what has been composed so far.
  [[nodiscard]] Triple result() const { return value().total(); }
  /// All of its bounds.
  [[nodiscard]] Value value() const;
  /// Ends the account of the trace, if there is one: how the result came about.
  void conclude() const {
    if (trace_ != nullptr) record_result(value());
  }

 private:
  // At one level: symbols of Prop 4.4.
  struct Stretch {
    Magnitude A = Magnitude::from_count(1);  // ||db/dz|| <= L_beta R + l_{beta^z}
    Magnitude B;                             // ||db/dv||
    Magnitude bilinear;                      // L_beta
    Magnitude m;                             // m_{l,j}
    Magnitude P = Magnitude::from_count(1);  // prod l_{l,j}
    Magnitude S;                             // ||hess (a_k o ... o a_1)||
  };
  // Of a pair of groups: Prop 4.4 (iii), (21), term by term.
  struct Terms {
    Magnitude carried, curvature, mixed, own;
  };

  void begin_stretch();
  // Sets what the stretch reads at a level out of all of `before`, and begins it there.
  void read_anew(std::size_t level, const Reading& reading, const Value& before);
  void apply(std::size_t level, const AffineAtLevel& b, const Magnitude& R,
             bool acts_on_different_entries);
  void apply(std::size_t level, const MapAtLevel& a);
  void record_affine(const AffineConstants& b, const Magnitude& R) const;
  void record_map(const MapConstants& a, const Magnitude& m_before) const;
  [[nodiscard]] Magnitude through(std::size_t level, std::size_t group) const;
  [[nodiscard]] Terms terms(std::size_t level, std::size_t i, std::size_t j) const;
  // With the own block as a group of its own, or joined with the rest.
  [[nodiscard]] Value derivatives(bool joined) const;
  void record_result(const Value& all) const;
  void record(std::string_view symbol, std::string_view formula, const Magnitude& value,
              std::string_view source, Remedy remedy = Remedy::none) const;
  void record(std::string_view symbol, const Constant& constant) const;
  /// Records the terms of `total` and concludes which one dominates.
  void record_terms(std::string_view symbol, std::string_view formula, const Magnitude& total,
                    std::span<const TraceLine> terms) const;

  Value input_;  // m_{l-1}, l_{l-1}, L_{l-1}, at each level as the stretch reads them
  Method method_;
  Trace* trace_;
  bool begun_ = false;       // a part of this stretch has been applied
  std::size_t own_ = none_;  // the group of the stretch's own block in `input_`
  PerLevel<Stretch> at_;

  static constexpr std::size_t none_ = static_cast<std::size_t>(-1);
};

}  // namespace smoothbound::rules
