// How large a component's derivatives are near a point, and how far off they are as computed: what
// the error of a Hessian product is put together from. Section 6.3 of docs/theory.md.
#pragma once

#include <span>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// A point of a kernel in float64 and how far from it, in the norm of all inputs of the whole
/// batch, derivatives may be taken.
struct Vicinity {
  std::span<const double* const> z;  // in plain layout
  const double* v = nullptr;         // parameters, which are exact
  Magnitude radius;
  double* scratch = nullptr;  // of the kernel's size
};

/// Of y = phi(v, z) for all z in the vicinity, z all inputs of the whole batch as one vector.
/// Computed are values and derivatives by the kernel, in float64.
struct DerivativeBounds {
  Magnitude by_input;       // ||d phi/dz||
  Magnitude by_parameters;  // ||d phi/dv||; 0 without
  Magnitude second;         // of the second derivative in (v, z), as a bilinear map
  Magnitude third;          // of the third one
  Magnitude value_error;    // ||computed phi(v, z) - phi(v, z)||
  /// How far derivatives are off as computed: `jvp` by at most `first` ||(z_dot, v_dot)||, z_bar of
  /// `vjp` by at most `first` ||y_bar||, that of `hvp` by that along y_bar_dot and at most `second`
  /// ||(z_dot, v_dot)|| ||y_bar||.
  struct Errors {
    Magnitude first;
    Magnitude second;
  };
  Errors by_sample;
  Errors of_parameters;  // likewise of v_bar, which sums over the batch
};

}  // namespace smoothbound
