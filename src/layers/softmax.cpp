#include "smoothbound/layers/softmax.hpp"

#include <algorithm>
#include <cmath>

namespace smoothbound {

void Softmax::visit_settings(SettingsVisitor& visitor) {
  visitor.choice({.name = "axis",
                  .description = "along which the outputs sum to 1",
                  .shorthand = true,
                  .usual = true,
                  .later = true},
                 axis_words, axis);
}

Shape Softmax::output_shape(std::span<const Shape> shapes) const {
  axis_of(axis, shapes.front(), name());
  return shapes.front();
}

Parts Softmax::parts(const Site& site, Method method) const {
  // r groups of k scalars over the batch
  const std::int64_t size =
      site.input().sizes()[static_cast<std::size_t>(axis_of(axis, site.input(), name()))];
  const LowerBound k = LowerBound::from_count(size);
  const Magnitude r =
      Magnitude::from_count(site.input().elements() / size) * Magnitude::from_count(site.batch);
  MapConstants a;
  a.at_zero = {square_root(r / k), "sqrt(r/k), r groups of k", "each entry is 1/k at 0"};
  a.slope_at_zero = {Magnitude::from_count(1) / k, "1/k", "(I - 1 1^T/k)/k"};
  if (method == Method::paper) {
    a.lipschitz = {Magnitude::from_count(2), "2", "section 5.1"};
    a.smoothness = {Magnitude::from_count(4), "4", "section 5.1"};
    a.bound.source = "the paper gives no bound";
    return Part(a);
  }
  const Magnitude one = Magnitude::from_count(1);
  a.lipschitz = {one / LowerBound::from_count(2), "1/2", "variance of a variable of range sqrt(2)"};
  a.smoothness = {square_root(Magnitude::from_count(2)) /
                      (LowerBound::from_count(3) * square_root(LowerBound::from_count(3))),
                  "sqrt(2)/(3 sqrt 3)", "third central moment over a range of sqrt(2)"};
  a.bound = {square_root(r), "sqrt(r)", "entries are >= 0 and sum to 1"};
  // Row i of the Jacobian is p_i (e_i - p): at most sqrt(2) p_i (1 - p_i) in the Euclidean norm,
  // 2 p_i (1 - p_i) in the dual of the maximum norm; the second derivative likewise.
  const bool of_position = axis_words.at(axis) == "channels";
  a.inner = of_position ? per_token : per_sample;
  const Magnitude groups = Magnitude::from_count(site.input().elements() / size);
  a.bound_of = {square_root(groups), one};
  a.at_zero_of = {square_root(groups / k), square_root(one / k)};
  // With b less its largest entry p_i <= exp(b_i), so the variance of b is at most 4 k/e^2.
  const Magnitude two_over_e = Magnitude::from_decimal("0.735758882342884643191047540323");
  const Magnitude root_k = square_root(Magnitude::from_count(size));
  a.growth.unsaturated.by_norm = (one + root_k) * two_over_e * root_k / a.smoothness.value.turned();
  a.growth.unsaturated.first = scale(two_over_e * two_over_e, 1);
  Reading reads = reading_of(a.inner);
  reads[maximum] = square_root(Magnitude::from_count(2));
  a.at_maximum =
      MapAtLevel{reads,
                 one,
                 scale(square_root(Magnitude::from_count(2)), -2),
                 one / (LowerBound::from_count(3) * square_root(LowerBound::from_count(3))),
                 one / k,
                 square_root(Magnitude::from_count(2)) / k};
  // Under p a variable of range 2 is off its mean by 1 at most on the average, and so is the
  // product of two; a square by 4/(3 sqrt 3).
  const int rank = site.input().rank();
  if (axis_of(axis, site.input(), name()) == std::max(rank - 2, 0)) {
    Reading range = reading_of(maximum);
    range[per_sample] = one / square_root(LowerBound::from_count(2));
    a.at_columns = MapAtLevel{range,
                              one,
                              one,
                              Magnitude::from_count(4) / (LowerBound::from_count(3) *
                                                          square_root(LowerBound::from_count(3))),
                              one,
                              one,
                              {},
                              one};
  }
  return Part(a);
}

// p_j = exp(z_j) / sum; backward p_j (mu_j - <p, mu>).
Work Softmax::work(const Site& site) const {
  Work work;
  work.evaluations = output_scalars(site);
  work.forward = work.evaluations;
  work.backward_input = scale(work.evaluations, 1);
  work.sparsity.map =
      work.evaluations *
      Magnitude::from_count(
          site.output.sizes()[static_cast<std::size_t>(axis_of(axis, site.output, name()))]);
  return work;
}

}  // namespace smoothbound
