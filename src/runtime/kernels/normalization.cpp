#include "grouped.hpp"
#include "kernels.hpp"
#include "normalize.hpp"

namespace smoothbound::kernels {
namespace {

// The scale and shift of `features` pairs behind a normalization.
template <class Scalar>
Kernels<Scalar> with_affine_kernel(std::unique_ptr<Kernel<Scalar>> normalization,
                                   const BatchShape& shape, const Affine& affine,
                                   std::int64_t features) {
  Kernels<Scalar> kernels;
  kernels.push_back(std::move(normalization));
  if (affine.learnable) {
    kernels.push_back(scale_kernel<Scalar>(shape, features, affine.shift));
  }
  return kernels;
}

template <class Scalar>
Kernels<Scalar> normalization_kernels(const Site& site, const Grouping& grouping, Centring centring,
                                      const Real& epsilon, const Affine& affine,
                                      std::int64_t features) {
  const BatchShape shape{site.output, site.batch, {}};
  return with_affine_kernel(normalize_kernel<Scalar>(shape, grouping, centring, epsilon.nearest),
                            shape, affine, features);
}

Grouping whole_sample(const Shape& shape) {
  return {.samples = 1, .channels = shape.channels(), .positions = shape.positions()};
}

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const BatchNorm& norm, const Site& site) {
  if (norm.fixed != nullptr) {
    const BatchShape shape{site.output, site.batch, {}};
    return with_affine_kernel(
        fixed_normalize_kernel<Scalar>(shape, *norm.fixed, norm.epsilon.nearest), shape,
        norm.affine, norm.features(site.output));
  }
  const bool each_element = BatchNorm::scopes[norm.per] == "element";
  const Grouping grouping{.samples = site.batch,
                          .channels = 1,
                          .positions = each_element ? 1 : site.output.positions()};
  return normalization_kernels<Scalar>(site, grouping, Centring::yes, norm.epsilon, norm.affine,
                                       norm.features(site.output));
}
template Kernels<float> kernels_of(const BatchNorm& norm, const Site& site);
template Kernels<double> kernels_of(const BatchNorm& norm, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const LayerNorm& norm, const Site& site) {
  return normalization_kernels<Scalar>(site, whole_sample(site.output), Centring::yes, norm.epsilon,
                                       norm.affine, site.output.elements());
}
template Kernels<float> kernels_of(const LayerNorm& norm, const Site& site);
template Kernels<double> kernels_of(const LayerNorm& norm, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const GroupNorm& norm, const Site& site) {
  Grouping grouping = whole_sample(site.output);
  grouping.channels /= norm.groups;
  return normalization_kernels<Scalar>(site, grouping, Centring::yes, norm.epsilon, norm.affine,
                                       site.output.channels());
}
template Kernels<float> kernels_of(const GroupNorm& norm, const Site& site);
template Kernels<double> kernels_of(const GroupNorm& norm, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const RmsNorm& norm, const Site& site) {
  return normalization_kernels<Scalar>(site, whole_sample(site.output), Centring::no, norm.epsilon,
                                       norm.affine, site.output.elements());
}
template Kernels<float> kernels_of(const RmsNorm& norm, const Site& site);
template Kernels<double> kernels_of(const RmsNorm& norm, const Site& site);

}  // namespace smoothbound::kernels
