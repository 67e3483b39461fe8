#include "reorder.hpp"

#include "linear.hpp"

namespace smoothbound::kernels {
namespace {

template <class Scalar>
class ReorderKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  ReorderKernel(const BatchShape& from, const BatchShape& to) : from_(from), to_(to) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    inputs[0] = from_.layout;
    return to_.layout;
  }

 protected:
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override {
    move(z[0], from_, y, to_);
  }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] != nullptr) move(y_bar, to_, z_bar[0], from_);
  }

 private:
  static void move(const Scalar* in, const BatchShape& from, Scalar* out, const BatchShape& to) {
    if (in == nullptr) return fill(out, to.elements(), Scalar{0});
    const std::int64_t channels = from.sample.channels();
    const std::int64_t positions = from.sample.positions();
    const std::int64_t grain = 1 + array_grain / positions;
    parallel_for(from.batch * channels, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::int64_t source = from.offset(i / channels, i % channels, 0);
        std::int64_t target = to.offset(i / channels, i % channels, 0);
        for (std::int64_t p = 0; p < positions; ++p) {
          out[target] = in[source];
          source += from.position_stride();
          target += to.position_stride();
        }
      }
    });
  }

  BatchShape from_;
  BatchShape to_;
};

}  // namespace

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> reorder_kernel(const BatchShape& from, const BatchShape& to) {
  return std::make_unique<ReorderKernel<Scalar>>(from, to);
}
template std::unique_ptr<Kernel<float>> reorder_kernel(const BatchShape&, const BatchShape&);
template std::unique_ptr<Kernel<double>> reorder_kernel(const BatchShape&, const BatchShape&);

}  // namespace smoothbound::kernels
