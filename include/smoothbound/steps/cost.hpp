// What the passes and steps of a network cost, from its architecture alone: appendix C.3 of the
// paper, and the same for what this library executes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/graph/graph.hpp"

namespace smoothbound::steps {

/// A number of something: an integer, exact below 2^60 and rounded up beyond, or the reason why
/// there is none.
struct Count {
  Magnitude value;
  std::string reason;  // empty: there is a value
  [[nodiscard]] bool is_known() const { return reason.empty(); }
};
/// The sum; the first reason if there is one.
Count operator+(const Count& a, const Count& b);
Count operator*(const Magnitude& factor, const Count& a);

/// Of a layer, or in total, for the whole batch.
struct LayerCost {
  Magnitude parameters;   // rho_l
  Magnitude activations;  // delta_l: scalars of the output
  /// Prop 3.3, for any layer: (rho_l + delta_{l-1}) delta_l numbers, and 2 (delta_{l-1} delta_l +
  /// rho_l delta_l) additions and multiplications. A merge has all its inputs in delta_{l-1}.
  Magnitude generic_space;
  Magnitude generic_backward;
  /// Prop C.5: s_a + 2 s_beta + s_{beta^v} + s_{beta^z}.
  Count sparse_backward;
  /// As the runtime executes them, see `Work`. Cotangents that no parameter needs are not computed,
  /// nor is what the output does not depend on. The transposed pass, jvp, takes as many as vjp.
  Count forward_multiplications;
  Count backward_multiplications;
  Count evaluations;  // of scalar functions
  /// Of `newton_direction`, for one gamma: the products with dense matrices and their
  /// factorizations (docs/theory.md). What it takes to set up the derivatives of a, and products
  /// with these, which are sparse, are left out.
  Count newton_unknowns;
  Count newton_multiplications;
  /// Bytes of the stage and its policy.
  Count newton_bytes;
};

/// Bytes in one precision.
struct MemoryCost {
  std::string_view precision;
  std::int64_t scalar_bytes = 0;
  Magnitude parameters;
  Count packed;      // parameters in the form in which they are multiplied
  Count trajectory;  // what a forward pass leaves for the derivatives
  Count backward;    // working memory of the backward pass
  Count gradient;    // all of it, with input, mu and the gradient
};

struct NetworkCost {
  std::vector<LayerCost> layers;  // of the graph
  LayerCost total;
  Magnitude outputs;  // q, of all samples
  /// Multiplications. A gradient is a forward and a backward pass.
  Count gradient;
  /// After a forward pass, the 2 q + 1 products with grad psi or its transpose of Prop 3.5.
  Count gauss_newton;
  /// Gradient, and one backward sweep of Algo 4.
  Count newton;
  /// What the sweep has at once: all stages and policies, and the largest matrices of a stage.
  Count newton_bytes;
  std::array<MemoryCost, 2> memory;  // float32, float64

  /// Whether the work of any layer is known.
  [[nodiscard]] bool has_answer() const;
};

/// Counts everything for batches of `batch` samples; nothing of the size of the network is
/// allocated. The cost of loss and regularizer is not counted.
NetworkCost count_costs(const Graph& graph, std::int64_t batch);

}  // namespace smoothbound::steps
