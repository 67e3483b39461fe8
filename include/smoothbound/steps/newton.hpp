// Newton steps of chains at real sizes: the sweep of Algo 4 with the structure of the layers.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/losses/regularizer.hpp"
#include "smoothbound/steps/step.hpp"

namespace smoothbound::steps {

/// Why there is no `SplitChain` of the graph; empty if there is one.
std::string reason_against_chain(const Graph& graph);

/// A chain whose layers are split as phi = a o b, (7) of the paper: b is the affine part, a product
/// of patches of z with weights, and a all that follows. Executed in float64.
class SplitChain {
 public:
  /// Throws std::invalid_argument unless each layer of the graph reads the one before and begins
  /// with weights; NotExecutable.
  SplitChain(const Graph& graph, std::int64_t batch);
  SplitChain(const SplitChain&) = delete;
  SplitChain& operator=(const SplitChain&) = delete;
  SplitChain(SplitChain&& other) noexcept;
  SplitChain& operator=(SplitChain&& other) noexcept;
  ~SplitChain();

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::int64_t parameters() const;
  /// psi(w), a sample after the other. Keeps what the step needs, `x` by reference; throws
  /// std::invalid_argument if a size is wrong.
  std::span<const double> forward(std::span<const double> w, std::span<const double> x);

  struct Layers;
  [[nodiscard]] Layers& layers() { return *layers_; }

 private:
  std::unique_ptr<Layers> layers_;
};

/// The exact step of f o psi + r where `chain` stands after `forward` and `loss` is f at its
/// output: the solution of (15), as of `riccati_step`, with gamma halved where the problem is not
/// bounded below.
///
/// Nothing of the size of the parameters squared is formed. With X the patches of the batch and a
/// one for the bias, db/dv is X kron I: parameters that X does not see act through a multiple of
/// the identity alone and are eliminated by hand, the others are min(rows, columns) of X for each
/// filter. Cost linear in depth, cubic in the outputs of a layer over the batch.
///
/// Values of gamma with which a direction of negative curvature, found by Lanczos's method, already
/// tells that the problem is not bounded below are passed over without a sweep.
///
/// Throws as `riccati_step`, std::invalid_argument before `forward` and for a loss of another size.
Direction newton_direction(SplitChain& chain, const LossEvaluation& loss,
                           const Regularizer& regularizer, double gamma,
                           StepKind kind = StepKind::newton);

}  // namespace smoothbound::steps
