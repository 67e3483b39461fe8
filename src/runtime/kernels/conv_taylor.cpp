// What rules of enclosures ask of the filters of a convolution.
#include <algorithm>
#include <cmath>

#include "affine_taylor.hpp"
#include "array.hpp"
#include "conv.hpp"
#include "smoothbound/runtime/filter_norm.hpp"

namespace smoothbound::kernels {
namespace {

// The norms of a convolution and of its transpose are the same.
class FilterBounds : public AffineBounds {
 public:
  explicit FilterBounds(const ConvGeometry& geometry) : g_(geometry) {
    weights = g_.weights();
    for (const AxisWindow& axis : g_.axes) {
      kernel_.push_back(axis.kernel);
      overlap_ *= axis.largest_overlap();
    }
  }
  [[nodiscard]] double operator_norm(const double* v) const final {
    return largest_of_groups(v, filter_norm);
  }
  [[nodiscard]] double quick_norm(const double* v) const final {
    return largest_of_groups(v, quick_filter_norm);
  }
  [[nodiscard]] double absolute_norm(const double* v) const final {
    return bilinear_norm() * norm_above({v, static_cast<std::size_t>(weights)}) * inflation();
  }
  // An input stands in so many patches.
  [[nodiscard]] double bilinear_norm() const final {
    return std::sqrt(static_cast<double>(overlap_)) * inflation();
  }

 protected:
  [[nodiscard]] const ConvGeometry& geometry() const { return g_; }
  [[nodiscard]] std::int64_t weights_of_group() const { return weights / g_.groups; }

 private:
  // Groups read and write disjoint channels.
  template <class Norm>
  [[nodiscard]] double largest_of_groups(const double* v, const Norm& norm) const {
    Magnitude largest;
    Filters group{{}, g_.filters_of_group(), g_.channels_of_group(), kernel_, overlap_};
    for (std::int64_t i = 0; i < g_.groups; ++i) {
      group.weights = {v + i * weights_of_group(), static_cast<std::size_t>(weights_of_group())};
      largest = std::max(largest, norm(group));
    }
    return largest.to_double();
  }

  ConvGeometry g_;
  std::vector<std::int64_t> kernel_;
  std::int64_t overlap_ = 1;
};

// A row of the map is a filter, and reads a patch.
class ConvBounds final : public FilterBounds {
 public:
  explicit ConvBounds(const ConvGeometry& geometry)
      : FilterBounds(geometry), ones_(static_cast<std::size_t>(patch_sizes().fan_in()), 1.0) {
    const ConvGeometry& g = this->geometry();
    input = {g.batch, g.input.elements()};
    output = {g.batch, g.output.elements()};
    biases = g.bias ? g.output.channels() : 0;
    positions = g.output.positions();
    fan = g.fan_in();
    reverse_fan = g.filters_of_group() * (g.fan_in() / g.channels_of_group());
    sums_ = conv_kernel<double>(patch_sizes());
  }

  void by_rows(const double* v, const double* moved, const Enclosed& z, double* /*scratch*/,
               double* y) const override {
    const ConvGeometry& g = geometry();
    std::vector<double> norms(static_cast<std::size_t>(g.output.channels()));
    parallel_for(
        g.output.channels(), 1 + array_grain / fan, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t f = begin; f < end; ++f) {
            const auto size = static_cast<std::size_t>(fan);
            norms[static_cast<std::size_t>(f)] =
                larger(norm_above({v + f * fan, size}), norm_above({moved + f * fan, size})) *
                inflation();
          }
        });
    // What is inside runs in parallel where there is one part.
    const std::int64_t units = output.samples * g.groups;
    parallel_for(units, 1, [&](std::int64_t begin, std::int64_t end) {
      std::vector<double> squares(static_cast<std::size_t>(g.input.positions()));
      std::vector<double> patches(static_cast<std::size_t>(positions));
      std::vector<double> scratch(static_cast<std::size_t>(sums_->scratch_elements()));
      for (std::int64_t unit = begin; unit < end; ++unit) {
        const std::int64_t n = unit / g.groups;
        const std::int64_t group = unit % g.groups;
        sum_squares(z.r + n * input.elements + group * g.channels_of_group() * g.input.positions(),
                    squares);
        const double* const from = squares.data();
        sums_->forward({.z = std::span(&from, 1), .v = ones_.data(), .scratch = scratch.data()},
                       patches.data());
        for (double& patch : patches) {
          patch = smaller(std::sqrt(patch) * inflation(fan) + underflow, z.rho[n]);
        }
        spread(norms, patches, group, y + n * output.elements);
      }
    });
  }

 private:
  // One channel and one filter.
  [[nodiscard]] ConvGeometry patch_sizes() const {
    ConvGeometry one = geometry();
    one.input = Shape{1, one.input.positions()};
    one.output = Shape{1, one.output.positions()};
    one.batch = one.groups = 1;
    one.bias = false;
    return one;
  }
  void sum_squares(const double* r, std::vector<double>& squares) const {
    const auto places = static_cast<std::int64_t>(squares.size());
    double* const to = squares.data();
    parallel_for(places, 1 + array_grain / geometry().channels_of_group(),
                 [&](std::int64_t begin, std::int64_t end) {
                   std::fill(to + begin, to + end, 0.0);
                   for (std::int64_t c = 0; c < geometry().channels_of_group(); ++c) {
                     const double* const from = r + c * places;
                     for (std::int64_t p = begin; p < end; ++p) to[p] += from[p] * from[p];
                   }
                 });
  }
  // Of a group of filters, on a sample.
  void spread(const std::vector<double>& norms, const std::vector<double>& patches,
              std::int64_t group, double* y) const {
    const std::int64_t filters = geometry().filters_of_group();
    parallel_for(filters, 1 + array_grain / positions, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t f = group * filters + begin; f < group * filters + end; ++f) {
        double* const to = y + f * positions;
        const double norm = norms[static_cast<std::size_t>(f)];
        for (std::int64_t p = 0; p < positions; ++p) {
          to[p] = norm * patches[static_cast<std::size_t>(p)];
        }
      }
    });
  }

  std::vector<double> ones_;
  std::unique_ptr<Kernel<double>> sums_;
};

// A row is what filters have of a channel, or part of it; what it reads is not looked at.
class TransposedConvBounds final : public FilterBounds {
 public:
  TransposedConvBounds(const ConvGeometry& geometry, bool bias) : FilterBounds(geometry) {
    const ConvGeometry& g = this->geometry();
    input = {g.batch, g.output.elements()};
    output = {g.batch, g.input.elements()};
    biases = bias ? g.input.channels() : 0;
    positions = g.input.positions();
    fan = g.filters_of_group() * (g.fan_in() / g.channels_of_group());
    reverse_fan = g.fan_in();
  }

  void by_rows(const double* v, const double* moved, const Enclosed& z, double* /*scratch*/,
               double* y) const override {
    const ConvGeometry& g = geometry();
    for (std::int64_t c = 0; c < g.input.channels(); ++c) {
      const double norm = larger(channel_norm(v, c), channel_norm(moved, c)) * inflation();
      for (std::int64_t n = 0; n < output.samples; ++n) {
        std::fill_n(y + n * output.elements + c * positions, positions, norm * z.rho[n]);
      }
    }
  }

 private:
  [[nodiscard]] double channel_norm(const double* v, std::int64_t channel) const {
    const ConvGeometry& g = geometry();
    const std::int64_t taps = g.fan_in() / g.channels_of_group();
    const std::int64_t group = channel / g.channels_of_group();
    std::vector<double> weights_of_channel;
    for (std::int64_t f = group * g.filters_of_group(); f < (group + 1) * g.filters_of_group();
         ++f) {
      const double* const begin = v + f * g.fan_in() + channel % g.channels_of_group() * taps;
      weights_of_channel.insert(weights_of_channel.end(), begin, begin + taps);
    }
    return norm_above(weights_of_channel);
  }
};

}  // namespace

std::unique_ptr<AffineBounds> conv_bounds(const ConvGeometry& geometry) {
  return std::make_unique<ConvBounds>(geometry);
}

std::unique_ptr<AffineBounds> transposed_conv_bounds(const ConvGeometry& geometry, bool bias) {
  return std::make_unique<TransposedConvBounds>(geometry, bias);
}

}  // namespace smoothbound::kernels
