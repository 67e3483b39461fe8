// What executes a component: an overload for each type in the list of components, in float32 and
// float64, defined beside the kernels that it makes.
#pragma once

#include <concepts>
#include <variant>

#include "smoothbound/layers/layer.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// The kernels of a component at its place, one for each of its parts or for all of them, in the
/// order in which they act. Throws NotExecutable for what has constants only.
template <class Scalar>
Kernels<Scalar> kernels_of(const Dense& dense, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Conv& conv, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const ConvTransposed& conv, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Embedding& embedding, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Parameter& parameter, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const FixedValue& value, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Opaque& opaque, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Add& add, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Concat& concat, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Multiply& multiply, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const MatMul& matmul, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Activation& activation, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Prelu& prelu, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Softmax& softmax, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const AveragePool& pool, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const AdaptiveAveragePool& pool, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const MaxPool& pool, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const GlobalAveragePool& pool, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const GlobalMaxPool& pool, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const BatchNorm& norm, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const LayerNorm& norm, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const GroupNorm& norm, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const InstanceNorm& norm, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const RmsNorm& norm, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const LocalResponseNorm& norm, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Rearrangement& rearrangement, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Upsample& upsample, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const FixedScale& scale, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const FixedShift& shift, const Site& site);
template <class Scalar>
Kernels<Scalar> kernels_of(const Mask& mask, const Site& site);

/// A component that somebody executes, or refuses to.
template <class T>
concept ExecutableType = requires(const T component, const Site& site) {
  { kernels_of<float>(component, site) } -> std::same_as<Kernels<float>>;
  { kernels_of<double>(component, site) } -> std::same_as<Kernels<double>>;
};

template <ExecutableType... T>
constexpr bool all_have_kernels(const std::variant<T...>* /*list*/) {
  return true;
}
// Names the component that lacks its `kernels_of`.
static_assert(all_have_kernels(static_cast<Component*>(nullptr)));

}  // namespace smoothbound::kernels
