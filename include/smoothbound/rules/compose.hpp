// The composition rules: Prop 4.3 and 4.4 of the paper and their sharp forms. This is the only
// place where they stand; layers state constants, this file states what follows from them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/rules/constants.hpp"

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
/// stretch with a parameter block of its own, as if it were a further layer.
class Composition {
 public:
  /// `input`: the bounds of z_{l-1}. `trace` may be null.
  Composition(const Triple& input, Method method, Trace* trace = nullptr)
      : input_(input), method_(method), trace_(trace), m_(input.m) {}

  /// b, with ||v|| <= `radius`.
  void apply(const AffineConstants& b, const Magnitude& radius);
  /// The next non-affine part a_j.
  void apply(const MapConstants& a);
  /// The bounds of what has been composed so far.
  [[nodiscard]] Triple result() const;

 private:
  void record(std::string_view symbol, std::string_view formula, const Magnitude& value,
              std::string_view source, Remedy remedy = Remedy::none) const;
  void record(std::string_view symbol, const Constant& constant) const;
  /// Records the terms of `total` and concludes which one dominates.
  void record_terms(std::string_view symbol, std::string_view formula, const Magnitude& total,
                    std::initializer_list<TraceLine> terms) const;
  [[nodiscard]] Triple paper_result() const;
  [[nodiscard]] Triple sharp_result() const;

  Triple input_;  // m_{l-1}, l_{l-1}, L_{l-1}
  Method method_;
  Trace* trace_;
  bool begun_ = false;                      // a part of this stretch has been applied
  Magnitude A_ = Magnitude::from_count(1);  // ||db/dz|| <= L_beta R + l_{beta^z}
  Magnitude B_;                             // ||db/dv||
  Magnitude bilinear_;                      // L_beta
  Magnitude m_;                             // m_{l,j}
  Magnitude P_ = Magnitude::from_count(1);  // prod l_{l,j}
  Magnitude S_;                             // ||hess (a_k o ... o a_1)||
};

/// A branch of a merge. Branches of different `group` depend on disjoint parameters.
struct Branch {
  Triple bounds;
  std::uint32_t group = 0;
};

/// z_1 + ... + z_k: the triangle inequality; between groups, sharp: l^2 adds and L is the largest.
Triple sum(std::span<const Branch> branches, Method method);
/// (z_1; ...; z_k): the root of the sum of squares of each entry.
Triple concatenation(std::span<const Branch> branches);
/// z_1 * ... * z_k element by element: bilinear with L_beta = 1.
Triple product(std::span<const Branch> branches);

}  // namespace smoothbound::rules
