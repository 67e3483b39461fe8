// A request for training sessions of a small network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smoothbound/train/session.hpp"

namespace smoothbound::testing {

inline constexpr std::string_view small_network = R"(name: net
input: {shape: [4], norm: 2}
batch: 12
loss: logistic
layers:
  - {name: a, dense: 6, then: [softplus]}
  - {name: b, dense: 3}
)";

inline TrainingRequest request(std::int64_t iterations) {
  TrainingRequest result;
  result.source = {"net.yaml", std::string(small_network)};
  result.iterations = iterations;
  return result;
}

}  // namespace smoothbound::testing
