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
  if (affine.learnable && affine.scale) {
    kernels.push_back(scale_kernel<Scalar>(shape, features, affine.shift));
  } else if (affine.learnable) {
    kernels.push_back(shift_kernel<Scalar>(shape, features));
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

// Of layer and RMS norm: a sample, or the channels of a position, with a pair for each of theirs.
template <class Scalar, class Norm>
Kernels<Scalar> scoped_kernels(const Norm& norm, const Site& site, Centring centring) {
  Grouping grouping = whole_sample(site.output);
  if (Norm::scopes[norm.per] == "position") grouping.positions = 1;
  return normalization_kernels<Scalar>(site, grouping, centring, norm.epsilon, norm.affine,
                                       grouping.size());
}

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const BatchNorm& norm, const Site& site) {
  if (norm.lacks_fixed()) {
    throw NotExecutable("batch_norm has no numbers for its fixed statistics");
  }
  if (norm.has_fixed()) {
    const BatchShape shape{site.output, site.batch, {}};
    return with_affine_kernel(fixed_normalize_kernel<Scalar>(
                                  shape, norm.fixed_statistics(site.output), norm.epsilon.nearest),
                              shape, norm.affine, norm.features(site.output));
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
  return scoped_kernels<Scalar>(norm, site, Centring::yes);
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
Kernels<Scalar> kernels_of(const InstanceNorm& norm, const Site& site) {
  const Grouping channel{.samples = 1, .channels = 1, .positions = site.output.positions()};
  return normalization_kernels<Scalar>(site, channel, Centring::yes, norm.epsilon, norm.affine,
                                       site.output.channels());
}
template Kernels<float> kernels_of(const InstanceNorm& norm, const Site& site);
template Kernels<double> kernels_of(const InstanceNorm& norm, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const RmsNorm& norm, const Site& site) {
  return scoped_kernels<Scalar>(norm, site, Centring::no);
}
template Kernels<float> kernels_of(const RmsNorm& norm, const Site& site);
template Kernels<double> kernels_of(const RmsNorm& norm, const Site& site);

}  // namespace smoothbound::kernels
