#include "patch_product.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "smoothbound/runtime/oracle.hpp"

namespace smoothbound::steps {
using namespace linalg;

namespace {

[[noreturn]] void fail() {
  throw std::invalid_argument("an affine part is not a product of patches with weights");
}

}  // namespace

void PatchProduct::read_sizes(const Network<double>& network, bool by_input) {
  const std::vector<ParameterArray>& arrays = network.parameter_layout().arrays;
  if (network.batch() != 1 || arrays.empty() || arrays.size() > 2) fail();
  const ParameterArray& weight = arrays[0];
  bias_ = arrays.size() == 2;
  if (bias_ && arrays[1].elements != filters_) fail();
  fan_in_ = weight.elements / filters_;
  if (!by_input) {
    if (weight.sizes.front() != filters_) fail();
    return;
  }
  filters_of_channel_ = weight.sizes.at(1);
  taps_ = weight.elements / weight.sizes[0] / filters_of_channel_;
}

std::size_t PatchProduct::weight_place(std::int64_t filter, std::int64_t k) const {
  if (taps_ == 0) return static_cast<std::size_t>(filter * fan_in_ + k);
  const std::int64_t group = filter / filters_of_channel_;
  const std::int64_t channel = group * (fan_in_ / taps_) + k / taps_;
  return static_cast<std::size_t>(
      (channel * filters_of_channel_ + filter % filters_of_channel_) * taps_ + k % taps_);
}

PatchProduct::PatchProduct(Network<double>& network, bool by_input)
    : filters_(network.output_shape().channels()),
      positions_(network.output_shape().positions()),
      inputs_(network.input_elements()) {
  read_sizes(network, by_input);

  // With weight k of all filters 1, the others 0, and z = (1, 2, ...), b is the places plus 1.
  std::vector<double> z(static_cast<std::size_t>(inputs_));
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<double>(i + 1);
  std::vector<double> w(network.parameters().size());
  Trajectory<double> trajectory(network);
  const auto set_weight = [&](std::int64_t k, double value) {
    for (std::int64_t o = 0; o < filters_; ++o) {
      w[weight_place(o, k)] = value;
    }
  };
  std::vector<std::int64_t> of_filters(static_cast<std::size_t>(filters_ * positions_ * fan_in_));
  for (std::int64_t k = 0; k < fan_in_; ++k) {
    set_weight(k, 1);
    network.set_parameters(w);
    set_weight(k, 0);
    smoothbound::forward<double>(z, trajectory);
    const std::span<const double> y = trajectory.output();
    for (std::size_t j = 0; j < y.size(); ++j) {
      const std::int64_t place = std::llround(y[j]) - 1;
      if (static_cast<double>(place + 1) != y[j] || place < -1 || place >= inputs_) fail();
      of_filters[j * static_cast<std::size_t>(fan_in_) + static_cast<std::size_t>(k)] = place;
    }
  }
  // Filters of a group see the same patches.
  const auto filter = [&](std::int64_t o) {
    return std::span(of_filters)
        .subspan(static_cast<std::size_t>(o * positions_ * fan_in_),
                 static_cast<std::size_t>(positions_ * fan_in_));
  };
  std::int64_t group_size = filters_;
  for (std::int64_t o = 1; o < group_size; ++o) {
    if (!std::ranges::equal(filter(o), filter(0))) group_size = o;
  }
  if (filters_ % group_size != 0) fail();
  groups_ = filters_ / group_size;
  for (std::int64_t o = 0; o < filters_; ++o) {
    const auto first = filter(o / group_size * group_size);
    if (o % group_size == 0) places_.insert(places_.end(), first.begin(), first.end());
    if (!std::ranges::equal(filter(o), first)) fail();
  }
}

DenseMatrix PatchProduct::patches(std::int64_t group, std::span<const double> z) const {
  const std::int64_t batch = static_cast<std::int64_t>(z.size()) / inputs_;
  DenseMatrix X(batch * positions_, features());
  for (std::int64_t r = 0; r < X.rows; ++r) {
    const std::span<const double> sample =
        z.subspan(static_cast<std::size_t>(r / positions_ * inputs_));
    for (std::int64_t k = 0; k < fan_in_; ++k) {
      const std::int64_t from = place(group, r % positions_, k);
      if (from >= 0) X(r, k) = sample[static_cast<std::size_t>(from)];
    }
    if (bias_) X(r, fan_in_) = 1;
  }
  return X;
}

DenseMatrix PatchProduct::input_jacobian(const DenseMatrix& weights) const {
  DenseMatrix Z(outputs(), inputs_);
  for (std::int64_t o = 0; o < filters_; ++o) {
    for (std::int64_t p = 0; p < positions_; ++p) {
      for (std::int64_t k = 0; k < fan_in_; ++k) {
        const std::int64_t from = place(group_of(o), p, k);
        if (from >= 0) Z(o * positions_ + p, from) += weights(o, k);
      }
    }
  }
  return Z;
}

DenseMatrix PatchProduct::by_filter(std::span<const double> v) const {
  DenseMatrix rows(filters_, features());
  for (std::int64_t o = 0; o < filters_; ++o) {
    for (std::int64_t k = 0; k < fan_in_; ++k) {
      rows(o, k) = v[weight_place(o, k)];
    }
    if (bias_) rows(o, fan_in_) = v[static_cast<std::size_t>(filters_ * fan_in_ + o)];
  }
  return rows;
}

void PatchProduct::from_filters(const DenseMatrix& by_filter, std::span<double> v) const {
  for (std::int64_t o = 0; o < filters_; ++o) {
    for (std::int64_t k = 0; k < fan_in_; ++k) {
      v[weight_place(o, k)] = by_filter(o, k);
    }
    if (bias_) v[static_cast<std::size_t>(filters_ * fan_in_ + o)] = by_filter(o, fan_in_);
  }
}

}  // namespace smoothbound::steps
