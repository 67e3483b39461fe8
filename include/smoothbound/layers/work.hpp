// What a component costs: the sparsities of the paper's appendix C.3, and multiplications.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "smoothbound/layers/site.hpp"
#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// Numbers of entries that can be other than 0, for the whole batch (Def C.3): of the tensor of a
/// bilinear map, of the matrix of a linear one, of the gradient of any other.
struct Sparsity {
  Magnitude bilinear;           // s_beta
  Magnitude linear_parameters;  // s_{beta^v}
  Magnitude linear_input;       // s_{beta^z}
  Magnitude map;                // s_a
};

/// An affine part as the product of patches with filters, (8) and (9): one patch, the whole sample,
/// in a dense layer.
struct PatchCounts {
  std::int64_t filters = 1;
  std::int64_t positions = 1;  // patches of a sample
  std::int64_t fan_in = 1;     // weights of a filter
  std::int64_t groups = 1;
  bool bias = true;
  bool by_input = false;  // weights lie by input channel, filter of its group, tap
};

/// What a component does for one batch. All numbers are integers: exact below 2^60, rounded up
/// beyond.
///
/// Multiplications are counted as they are executed, a division as one of them; roots, additions
/// and what evaluates a scalar function are not. Zeros around the input of a convolution are
/// multiplied (Fact C.4: s_beta = m n^p n^f s^f), those around a pooling are passed over.
struct Work {
  Sparsity sparsity;
  Magnitude forward;              // multiplications of the value
  Magnitude backward_input;       // of the cotangent of each input
  Magnitude backward_parameters;  // of the cotangent of the parameters
  Magnitude evaluations;          // of scalar functions, forward
  std::optional<PatchCounts> patches;
  /// Why nothing is known; empty if it is. All numbers are 0 then.
  std::string_view unknown;
};

/// Scalars of the output over the batch.
inline Magnitude output_scalars(const Site& site) {
  return Magnitude::from_count(site.output.elements()) * Magnitude::from_count(site.batch);
}

/// Of a product with filters, with or without bias.
Work patch_work(const PatchCounts& patches, std::int64_t batch);

}  // namespace smoothbound
