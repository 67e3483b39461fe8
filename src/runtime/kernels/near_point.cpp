#include "near_point.hpp"

#include <algorithm>
#include <cmath>

#include "grouped.hpp"
#include "normalize.hpp"
#include "smoothbound/layers/activation.hpp"

namespace smoothbound::kernels {
namespace {

Magnitude above(double value) {
  return value >= 0 && std::isfinite(value) ? Magnitude::from_double(value) : Magnitude::infinity();
}
Magnitude above(std::int64_t count) { return Magnitude::from_count(count); }

// At least ||z|| for every z in the vicinity, of one of its arrays.
Magnitude norm_near(const double* z, std::int64_t count, const Magnitude& radius) {
  return above(norm_above({z, static_cast<std::size_t>(count)})) + radius;
}

}  // namespace

// Each entry of v_bar adds up at most as many terms as the batch has inputs or outputs; what jvp
// and hvp add up are two products, one behind the other.
DerivativeBounds near_point(const AffineBounds& bounds, const Vicinity& at) {
  const Magnitude bilinear = above(bounds.bilinear_norm());
  const Magnitude bias = bounds.biases == 0
                             ? Magnitude()
                             : square_root(above(bounds.output.samples) * above(bounds.positions));
  const Magnitude input = norm_near(at.z[0], bounds.input.count(), at.radius);
  const Magnitude absolute = above(bounds.absolute_norm(at.v));
  const Magnitude error = above(gamma(2 * std::max(bounds.fan, bounds.reverse_fan) + 16));
  const Magnitude of_batch =
      above(gamma(2 * std::max(bounds.input.count(), bounds.output.count()) + 16));
  const Magnitude of_bias =
      above(norm_above({at.v + bounds.weights, static_cast<std::size_t>(bounds.biases)}));
  DerivativeBounds near;
  near.by_input = above(bounds.operator_norm(at.v));
  near.by_parameters = hypotenuse(bilinear * input, bias);
  near.second = bilinear;
  near.value_error = error * (absolute * input + bias * of_bias);
  near.by_sample = {error * (absolute + bilinear * input + bias), scale(error * bilinear, 1)};
  near.of_parameters = {of_batch * (bilinear * input + bias), scale(of_batch * bilinear, 1)};
  return near;
}

DerivativeBounds near_point(Kernel<double>& kernel, const LinearSite& site, const Vicinity& at) {
  const LinearNorms norms = linear_norms(kernel, site, at.scratch);
  Magnitude input;
  for (std::size_t i = 0; i < site.inputs.size(); ++i) {
    input = hypotenuse(input, norm_near(at.z[i], site.inputs[i].count(), at.radius));
  }
  Magnitude offset;
  for (const double of_sample : norms.offset) offset = hypotenuse(offset, above(of_sample));
  // The transpose adds up no more terms than a sample has outputs.
  const Magnitude error = above(gamma(site.roundings + site.output.elements + 16));
  DerivativeBounds near;
  near.by_input = above(norms.joint);
  near.value_error = error * (near.by_input * input + offset);
  near.by_sample.first = error * near.by_input;
  return near;
}

std::optional<DerivativeBounds> near_point(const Activation& f, std::int64_t count,
                                           const Vicinity& at) {
  const std::optional<ScaledBranches> branches = f.branches();
  if (!branches || branches->layout().kinks > 0) return std::nullopt;
  const std::span<const double> z(at.z[0], static_cast<std::size_t>(count));
  // Where a derivative is small it is as near to the exact one as where it is not.
  constexpr double error = 0x1p-41;
  std::vector<double> values(z.size());
  double first = 1;
  double second = std::max(1.0, f.scale.nearest);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const TaylorCoefficients at_point = branches->expand(0, z[i]);
    values[i] = larger(at_point.absolute[0], std::abs(z[i]));
    first = larger(first, at_point.absolute[1]);
    second = larger(second, 2 * at_point.absolute[2]);
  }
  const auto [low, high] = std::minmax_element(z.begin(), z.end());
  const double radius = at.radius.to_double();
  DerivativeBounds near;
  if (!std::isfinite(radius + *low + *high)) {
    near.by_input = Magnitude::infinity();
    return near;
  }
  const double from = std::nextafter(*low - radius, -HUGE_VAL);
  const double to = std::nextafter(*high + radius, HUGE_VAL);
  const auto derivative = [&](int m) { return above(branches->envelope(0, m, from, to)); };
  near.by_input = derivative(1);
  near.second = derivative(2);
  near.third = derivative(3);
  const Magnitude roundoff = above(error);
  near.value_error = roundoff * (above(norm_above(values)) + near.by_input * at.radius);
  near.by_sample.first = roundoff * (above(first) + near.by_input + near.second * at.radius);
  near.by_sample.second = roundoff * (above(second) + near.second + near.third * at.radius);
  return near;
}

// With u = C x/sqrt(n), y = sqrt(n) u/s and |u| <= s: derivatives of u/s are below 1/s, 6/s^2 and
// 36/s^3. Rounding: gamma of the sums, relative to ||x|| before and to s behind C.
DerivativeBounds near_point(const GroupPlaces& places, Centring centring, double epsilon,
                            const Vicinity& at) {
  const std::int64_t n = places.size();
  const auto count = static_cast<double>(n);
  const double sums = gamma(pairwise_roundings + 16);
  const double radius = at.radius.to_double();
  const Magnitude root = square_root(above(n));
  const Magnitude error = above(sums);
  DerivativeBounds near;
  std::vector<double> x(static_cast<std::size_t>(n));
  for (std::int64_t group = 0; group < places.groups(); ++group) {
    places.walk(group, [&](std::int64_t place, std::int64_t i) {
      x[static_cast<std::size_t>(i)] = at.z[0][place];
    });
    const auto term = [&](std::int64_t i) { return x[static_cast<std::size_t>(i)]; };
    const double mean = centring == Centring::yes ? pairwise_sum(0, n, term) / count : 0;
    const double square =
        pairwise_sum(0, n, [&](std::int64_t i) { return (term(i) - mean) * (term(i) - mean); });
    const double norm = norm_above(x) + radius;
    // From below: what is computed, less its error and that of the mean.
    const double variance = square / count * (1 - 4 * sums) - 2 * sums * sums * norm * norm / count;
    const double least = std::sqrt(positive_part(variance) + epsilon) * (1 - 0x1p-40) -
                         radius / std::sqrt(count) * (1 + 0x1p-40);
    const double s = larger(least, std::sqrt(epsilon)) * (1 - 0x1p-40);
    const LowerBound scale = s > 0 && std::isfinite(s) ? LowerBound::from_double(s) : LowerBound();
    const Magnitude inverse = above(std::int64_t{1}) / scale;
    // How much is lost where the mean is large beside what is left.
    const Magnitude lost =
        above(std::int64_t{1}) + above(norm) * inverse / square_root(LowerBound::from_count(n));
    const Magnitude curved = inverse * inverse / square_root(LowerBound::from_count(n));
    near.by_input = std::max(near.by_input, inverse);
    near.second = std::max(near.second, above(std::int64_t{6}) * curved);
    near.third = std::max(near.third, above(std::int64_t{36}) * inverse * curved /
                                          square_root(LowerBound::from_count(n)));
    near.value_error = hypotenuse(near.value_error, error * above(std::int64_t{4}) * root * lost);
    near.by_sample.first =
        std::max(near.by_sample.first, error * above(std::int64_t{16}) * lost * inverse);
    near.by_sample.second =
        std::max(near.by_sample.second, error * above(std::int64_t{1000}) * lost * curved);
  }
  return near;
}

DerivativeBounds near_point_of_shift(std::int64_t copies, std::int64_t count, const Vicinity& at,
                                     std::int64_t features) {
  DerivativeBounds near;
  near.by_input = above(std::int64_t{1});
  near.by_parameters = square_root(above(copies));
  const Magnitude error = above(gamma(copies + 16));
  near.value_error =
      error * (norm_near(at.z[0], count, at.radius) +
               near.by_parameters * above(norm_above({at.v, static_cast<std::size_t>(features)})));
  near.by_sample.first = near.of_parameters.first = error * (near.by_input + near.by_parameters);
  return near;
}

}  // namespace smoothbound::kernels
