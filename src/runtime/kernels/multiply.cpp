#include "multiply.hpp"

#include <algorithm>

#include "array.hpp"
#include "kernels.hpp"

namespace smoothbound::kernels {
namespace {

// Scalar by scalar: y = prod z_i, of factors that may be repeated. Tangents by the product rule; k
// inputs are few.
template <class Scalar>
class MultiplyKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit MultiplyKernel(const Site& site)
      : batch_(site.batch), elements_(site.output.elements()) {
    for (const Shape& shape : site.inputs) {
      factors_.push_back({shape.elements(), places_in(shape, site.output)});
      is_repeated_ = is_repeated_ || !factors_.back().places.empty();
    }
  }

  // In the layout of the first one, if shapes are equal; places count in the plain one.
  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    std::ranges::fill(inputs, is_repeated_ ? plain_layout : inputs.front());
    return inputs.front();
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    each(y, [&](const Spot& spot) { return without(at.z, spot, none, none); });
  }
  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) override {
    each(y_dot, [&](const Spot& spot) { return first(at.z, z_dot, spot, none); });
  }
  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar,
           Scalar* /*v_bar*/) override {
    for (std::size_t k = 0; k < z_bar.size(); ++k) {
      if (z_bar[k] == nullptr) continue;
      each_of_factor(k, z_bar[k], [&](const Spot& spot) {
        return y_bar[spot.place] * without(at.z, spot, k, none);
      });
    }
  }
  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* /*v_dot*/,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* /*v_bar_dot*/) override {
    for (std::size_t k = 0; k < z_bar_dot.size(); ++k) {
      if (z_bar_dot[k] == nullptr) continue;
      each_of_factor(k, z_bar_dot[k], [&](const Spot& spot) {
        Scalar sum = y_bar[spot.place] * first(at.z, z_dot, spot, k);
        if (y_bar_dot != nullptr) sum += y_bar_dot[spot.place] * without(at.z, spot, k, none);
        return sum;
      });
    }
  }
  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    each(y_ddot, [&](const Spot& spot) {
      Scalar sum = first(at.z, z_ddot, spot, none);
      for (std::size_t k = 0; k < z_dot.size(); ++k) {
        if (z_dot[k] != nullptr) sum += of(z_dot, k, spot) * first(at.z, z_dot, spot, k);
      }
      return sum;
    });
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      return multiply_rule(factors_, batch_, elements_);
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  // An output: its place in the batch, its sample, and its place there.
  struct Spot {
    std::int64_t place;
    std::int64_t sample;
    std::int64_t element;
  };

  static std::vector<std::int64_t> places_in(const Shape& factor, const Shape& output) {
    std::vector<std::int64_t> places;
    if (factor.elements() == output.elements()) return places;
    places.assign(1, 0);  // axis by axis: those of the axes before, and of each index
    for (std::size_t axis = 0; axis < output.sizes().size(); ++axis) {
      const std::int64_t size = axis < factor.sizes().size() ? factor.sizes()[axis] : 1;
      std::vector<std::int64_t> next;
      for (const std::int64_t before : places) {
        for (std::int64_t i = 0; i < output.sizes()[axis]; ++i) {
          next.push_back(before * size + (size == 1 ? 0 : i));
        }
      }
      places = std::move(next);
    }
    return places;
  }

  [[nodiscard]] std::int64_t place_in(std::size_t k, const Spot& spot) const {
    const Factor& factor = factors_[k];
    if (factor.places.empty()) return spot.place;
    return spot.sample * factor.elements + factor.places[static_cast<std::size_t>(spot.element)];
  }
  template <class Numbers>
  [[nodiscard]] Scalar of(const Numbers& z, std::size_t k, const Spot& spot) const {
    return z[k][place_in(k, spot)];
  }

  template <class Body>
  void each_spot(std::int64_t begin, std::int64_t end, const Body& body) const {
    for (std::int64_t i = begin; i < end;) {
      Spot spot{i, i / elements_, i % elements_};
      const std::int64_t stop = std::min(end, (spot.sample + 1) * elements_);
      for (; i < stop; ++i, ++spot.place, ++spot.element) body(spot);
    }
  }
  template <class Value>
  void each(Scalar* out, const Value& value) const {
    parallel_for(batch_ * elements_, array_grain, [&](std::int64_t begin, std::int64_t end) {
      each_spot(begin, end, [&](const Spot& spot) { out[spot.place] = value(spot); });
    });
  }
  // The sum, for each scalar of a factor, over the outputs that read it.
  template <class Value>
  void each_of_factor(std::size_t k, Scalar* out, const Value& value) const {
    if (factors_[k].places.empty()) return each(out, value);
    fill(out, batch_ * factors_[k].elements, Scalar{0});
    parallel_for(batch_, 1 + array_grain / elements_, [&](std::int64_t begin, std::int64_t end) {
      each_spot(begin * elements_, end * elements_,
                [&](const Spot& spot) { out[place_in(k, spot)] += value(spot); });
    });
  }
  // The product of all inputs but two.
  Scalar without(Inputs z, const Spot& spot, std::size_t j, std::size_t k) const {
    Scalar product = 1;
    for (std::size_t input = 0; input < z.size(); ++input) {
      if (input != j && input != k) product *= of(z, input, spot);
    }
    return product;
  }
  // The derivative along z_dot of the product of all inputs but one.
  Scalar first(Inputs z, Inputs z_dot, const Spot& spot, std::size_t left_out) const {
    Scalar sum = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      if (k != left_out && z_dot[k] != nullptr) {
        sum += of(z_dot, k, spot) * without(z, spot, k, left_out);
      }
    }
    return sum;
  }

  std::int64_t batch_;
  std::int64_t elements_;  // of a sample of the output
  std::vector<Factor> factors_;
  bool is_repeated_ = false;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Multiply& /*multiply*/, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<MultiplyKernel<Scalar>>(site));
}
template Kernels<float> kernels_of(const Multiply& /*multiply*/, const Site& site);
template Kernels<double> kernels_of(const Multiply& /*multiply*/, const Site& site);

}  // namespace smoothbound::kernels
