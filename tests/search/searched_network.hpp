// The networks that are searched.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>

#include "support/random_network.hpp"

namespace smoothbound::search {

/// Of the generator's networks those that can be executed, in sizes where a search says something.
inline std::optional<support::PlainNetwork> searched_network(std::uint64_t seed) {
  using support::PlainLayer;
  using support::PlainNetwork;
  using support::PlainPart;
  PlainNetwork network = support::random_network(seed);
  std::mt19937_64 random(seed);
  const auto one_of = [&](std::initializer_list<const char*> values) {
    return std::string(values.begin()[random() % values.size()]);
  };
  // Where gradients of many blocks matter, some stay deep.
  const std::size_t depth = support::bends(seed) && random() % 2 == 0 ? 9 : 1 + random() % 4;
  const auto reads_before = [&](const PlainLayer& layer) {
    return std::ranges::all_of(layer.inputs,
                               [&](int input) { return input < static_cast<int>(depth); });
  };
  if (depth < network.layers.size() &&
      std::all_of(network.layers.begin(),
                  network.layers.begin() + static_cast<std::ptrdiff_t>(depth), reads_before)) {
    network.layers.resize(depth);
  }
  network.batch = 1 + static_cast<std::int64_t>(random() % 4);
  network.norm = one_of({"1", "0.4", "5", "20"});
  network.sample_norm = one_of({"0.4", network.norm.c_str(), "0.3"});
  if (network.norm == "20" && random() % 2 == 0) network.sample_norm = "8";
  network.loss =
      one_of({"logistic", "logistic", "binary_logistic", "square", "huber", "convex_clustering"});
  network.regularizer = one_of({"0", "0.01"});
  network.label_radius = one_of({"1", "0.1", "3"});
  network.radius = one_of({"1", "0.2", "2", "7"});
  for (PlainLayer& layer : network.layers) {
    if (!layer.radius.empty()) layer.radius = one_of({"0", "0.5", "3", "10"});
    if (!layer.scale.empty()) layer.scale = one_of({"0.5", "2"});
    for (PlainPart& part : layer.parts) {
      if (part.kind == "opaque") return std::nullopt;
      if (!part.affine_radius.empty()) part.affine_radius = one_of({"0", "0.5", "3"});
      if (!part.epsilon.empty()) part.epsilon = one_of({"1e-3", "0.1", "1", "10"});
    }
  }
  return network;
}

}  // namespace smoothbound::search
