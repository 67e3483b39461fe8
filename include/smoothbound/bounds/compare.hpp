// Networks beside one another: their layers aligned by name, and which has the smaller bounds.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/bounds/report.hpp"

namespace smoothbound {

/// A column of a comparison.
struct ComparedNetwork {
  Report report;
  std::string settings;  // what sets it apart from others of the same file ("bn-epsilon=1e-2")
};

/// A layer of some of the networks.
struct ComparedLayer {
  std::string name;
  std::vector<std::optional<std::size_t>> indices;  // in each network
};

struct Comparison {
  std::vector<ComparedNetwork> networks;  // computed by the same methods
  std::vector<ComparedLayer> layers;
};

/// Aligns the layers by name, in an order that is that of each network.
Comparison compare_networks(std::vector<ComparedNetwork>&& networks);

/// "A", "B", ..., "Z", "AA", ...
std::string column_name(std::size_t index);

/// log10(other / first), for people and drawings; nothing where it is not finite.
std::optional<double> log10_ratio(const Magnitude& first, const Magnitude& other);

/// How the bounds of the first network and another one differ in one of the three numbers.
struct Difference {
  std::strong_ordering order = std::strong_ordering::equal;  // of the other's to the first's
  std::optional<double> log10;                               // of the other's over the first's
  /// The first common layer from which on the same one is larger, up to the end. Nothing if that is
  /// so of the network alone.
  std::optional<std::string> parts_at;
};

/// `result`: which method, as an index; `entry`: which number.
Difference difference(const Comparison& comparison, std::size_t result, TripleEntry entry,
                      std::size_t other);

}  // namespace smoothbound
