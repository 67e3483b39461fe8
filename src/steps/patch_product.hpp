// The affine part b of a layer as a product of patches with weights.
#pragma once

#include <span>
#include <vector>

#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/network.hpp"

namespace smoothbound::steps {

/// y[i, o, p] = sum_k weight[o, k] z[i, place(group of o, p, k)] + bias[o] for sample i, filter o
/// and position p: what dense layers (one position, the whole sample as the patch) and convolutions
/// have in common. Its derivative by the parameters is X kron I, X the patches with a column of
/// ones.
class PatchProduct {
 public:
  /// `network`: of the affine part alone, for one sample; `by_input`: the order of its weights, see
  /// PatchCounts. Finds the places by executing it. Throws std::invalid_argument if it is no such
  /// product.
  PatchProduct(Network<double>& network, bool by_input);

  [[nodiscard]] std::int64_t filters() const { return filters_; }
  [[nodiscard]] std::int64_t positions() const { return positions_; }
  [[nodiscard]] std::int64_t inputs() const { return inputs_; }  // of a sample
  [[nodiscard]] std::int64_t outputs() const { return filters_ * positions_; }
  [[nodiscard]] std::int64_t groups() const { return groups_; }
  [[nodiscard]] std::int64_t filters_of_group() const { return filters_ / groups_; }
  [[nodiscard]] std::int64_t group_of(std::int64_t filter) const {
    return filter / filters_of_group();
  }
  [[nodiscard]] std::int64_t fan_in() const { return fan_in_; }
  /// Parameters of a filter.
  [[nodiscard]] std::int64_t features() const { return fan_in_ + (bias_ ? 1 : 0); }
  [[nodiscard]] std::int64_t parameters() const { return filters_ * features(); }
  /// Entry of a sample that a patch has at k, negative: padding.
  [[nodiscard]] std::int64_t place(std::int64_t group, std::int64_t position,
                                   std::int64_t k) const {
    return places_[static_cast<std::size_t>((group * positions_ + position) * fan_in_ + k)];
  }

  /// X of a group: a row for each sample and position.
  [[nodiscard]] linalg::DenseMatrix patches(std::int64_t group, std::span<const double> z) const;
  /// d b/dz for one sample, the same for all: outputs x inputs.
  [[nodiscard]] linalg::DenseMatrix input_jacobian(const linalg::DenseMatrix& weights) const;
  /// The parameters of each filter in a row, and back.
  [[nodiscard]] linalg::DenseMatrix by_filter(std::span<const double> v) const;
  void from_filters(const linalg::DenseMatrix& by_filter, std::span<double> v) const;

 private:
  void read_sizes(const Network<double>& network, bool by_input);
  /// Where the parameters have weight k of a filter.
  [[nodiscard]] std::size_t weight_place(std::int64_t filter, std::int64_t k) const;

  std::int64_t filters_ = 0;
  std::int64_t positions_ = 0;
  std::int64_t inputs_ = 0;
  std::int64_t fan_in_ = 0;
  std::int64_t groups_ = 1;
  bool bias_ = false;
  // Of weights that lie by input channel, filter of the group, tap; of others 0.
  std::int64_t taps_ = 0;
  std::int64_t filters_of_channel_ = 0;
  std::vector<std::int64_t> places_;
};

}  // namespace smoothbound::steps
