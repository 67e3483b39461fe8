#include "kernels.hpp"

namespace smoothbound::kernels {

template <class Scalar>
Kernels<Scalar> kernels_of(const Opaque& /*opaque*/, const Site& /*site*/) {
  throw NotExecutable("opaque states constants of a layer, not what it computes");
}
template Kernels<float> kernels_of(const Opaque& /*opaque*/, const Site& /*site*/);
template Kernels<double> kernels_of(const Opaque& /*opaque*/, const Site& /*site*/);

}  // namespace smoothbound::kernels
