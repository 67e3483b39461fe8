#include "smoothbound/data/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

// Calls `use(values)` with the samples in doubles, a few at a time.
template <class Use>
void for_each_piece(const Dataset& dataset, std::int64_t first, std::int64_t count,
                    const Use& use) {
  constexpr std::int64_t piece = std::int64_t{1} << 18U;  // scalars
  const std::int64_t elements = dataset.sample_shape.elements();
  const std::int64_t most =
      std::clamp<std::int64_t>(piece / elements, 1, std::max<std::int64_t>(count, 1));
  std::vector<double> buffer(static_cast<std::size_t>(most * elements));
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t now = std::min(most, count - done);
    const auto values = std::span(buffer).first(static_cast<std::size_t>(now * elements));
    dataset.read(first + done, values);
    use(values);
    done += now;
  }
}

// Calls `use(channel, value)` for each scalar of whole samples.
template <class Value, class Use>
void for_each_scalar(const Shape& shape, std::span<Value> values, const Use& use) {
  const auto channels = static_cast<std::size_t>(shape.channels());
  const auto positions = static_cast<std::size_t>(shape.positions());
  for (std::size_t at = 0; at < values.size();) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      for (std::size_t i = 0; i < positions; ++i) use(channel, values[at++]);
    }
  }
}

void measure_channels(const Dataset& dataset, std::int64_t first, std::int64_t count,
                      Preparation& preparation) {
  const Shape& shape = dataset.sample_shape;
  const auto channels = static_cast<std::size_t>(shape.channels());
  const double size = static_cast<double>(count) * static_cast<double>(shape.positions());
  // Two passes: the sum of squares less the square of the sum would cancel.
  const auto mean_of = [&](const auto& term) {
    std::vector<double> sums(channels);
    for_each_piece(dataset, first, count, [&](std::span<double> values) {
      for_each_scalar(shape, values,
                      [&](std::size_t channel, double x) { sums[channel] += term(channel, x); });
    });
    for (double& sum : sums) sum /= size;
    return sums;
  };
  preparation.mean = mean_of([](std::size_t, double x) { return x; });
  preparation.deviation = mean_of([&](std::size_t channel, double x) {
    const double difference = x - preparation.mean[channel];
    return difference * difference;
  });
  for (std::size_t channel = 0; channel < channels; ++channel) {
    double& deviation = preparation.deviation[channel];
    deviation = std::sqrt(deviation);
    const double mean = preparation.mean[channel];
    // A sum of equal numbers rounds: what remains is no deviation.
    if (!(deviation > std::abs(mean) * 0x1p-40) || !std::isfinite(deviation)) {
      throw DataError(
          dataset.name,
          fmt::format("channel {} cannot be standardised: its mean is {:.6g}, its standard "
                      "deviation {:.2g}",
                      channel, mean, deviation),
          "take samples that differ in it, or none of --standardise");
    }
  }
}

void measure_factor(const Dataset& dataset, std::int64_t first, std::int64_t count, double norm,
                    Preparation& preparation) {
  double largest = 0;
  const auto each = [&](const auto& use) {
    for_each_piece(dataset, first, count, [&](std::span<double> values) {
      apply_preparation(preparation, dataset.sample_shape, values);
      for (const double x : values) use(x);
    });
  };
  each([&](double x) { largest = std::max(largest, std::abs(x)); });
  if (largest == 0 && norm > 0) {
    throw DataError(dataset.name,
                    fmt::format("all samples are zero; no factor gives them the norm {}", norm),
                    "take samples that are not zero");
  }
  if (largest == 0) return;
  double sum = 0;  // relative to the largest, whose square need not be a double
  each([&](double x) { sum += (x / largest) * (x / largest); });
  // Smaller than the rounding of the sum, of the products, and of the results to float.
  constexpr double below = 1 - 0x1p-22;
  preparation.factor = norm / largest / std::sqrt(sum) * below;
  if (!std::isfinite(preparation.factor)) {
    throw DataError(dataset.name, fmt::format("no factor gives the samples the norm {}", norm),
                    "take a larger norm, or divide the samples before they are saved");
  }
}

void check_ids(const Dataset& dataset, std::int64_t first, std::int64_t count, std::int64_t ids) {
  const std::int64_t elements = dataset.sample_shape.elements();
  std::int64_t place = first * elements;
  const auto last = static_cast<double>(ids - 1);
  for_each_piece(dataset, first, count, [&](std::span<double> values) {
    for (const double value : values) {
      if (!(value >= 0 && value <= last && value == std::floor(value))) {
        throw DataError(
            dataset.name,
            fmt::format("sample {} has {} at position {}, and ids are whole numbers from 0 to {}",
                        place / elements, value, place % elements, last),
            value > last && value == std::floor(value)
                ? "the network has an embedding: give it as many 'entries' as there are ids"
                : "ids are numbers of rows of the table of an embedding, counted from 0");
      }
      ++place;
    }
  });
}

template <class Value>
void apply(const Preparation& preparation, const Shape& sample_shape, std::span<Value> values) {
  const bool standardise = !preparation.mean.empty();
  for_each_scalar(sample_shape, values, [&](std::size_t channel, Value& value) {
    auto x = static_cast<double>(value);
    if (standardise) x = (x - preparation.mean[channel]) / preparation.deviation[channel];
    value = static_cast<Value>(x * preparation.factor);
  });
}

template <class Value>
Preparation load(const Dataset& dataset, std::int64_t first, const PreparationOptions& options,
                 std::span<Value> values) {
  const auto count = static_cast<std::int64_t>(values.size()) / dataset.sample_shape.elements();
  Preparation preparation = measure_preparation(dataset, first, count, options);
  dataset.read(first, values);
  apply_preparation(preparation, dataset.sample_shape, values);
  return preparation;
}

}  // namespace

Preparation measure_preparation(const Dataset& dataset, std::int64_t first, std::int64_t count,
                                const PreparationOptions& options) {
  Preparation preparation;
  if (count == 0) return preparation;
  if (options.ids) {
    check_ids(dataset, first, count, *options.ids);
    return preparation;
  }
  if (options.standardise) measure_channels(dataset, first, count, preparation);
  if (options.norm) measure_factor(dataset, first, count, *options.norm, preparation);
  return preparation;
}

void apply_preparation(const Preparation& preparation, const Shape& sample_shape,
                       std::span<float> values) {
  apply(preparation, sample_shape, values);
}

void apply_preparation(const Preparation& preparation, const Shape& sample_shape,
                       std::span<double> values) {
  apply(preparation, sample_shape, values);
}

Preparation load_samples(const Dataset& dataset, std::int64_t first,
                         const PreparationOptions& options, std::span<float> values) {
  return load(dataset, first, options, values);
}

Preparation load_samples(const Dataset& dataset, std::int64_t first,
                         const PreparationOptions& options, std::span<double> values) {
  return load(dataset, first, options, values);
}

}  // namespace smoothbound
