// Small networks with kinks, apart from named_networks.hpp.
#pragma once

#include <array>

#include "named_networks.hpp"

namespace smoothbound::testing {

/// Networks with kinks: at almost all points the first derivatives exist.
inline constexpr std::array kinked_networks{
    NamedNetwork{"Relu", R"(
input: {shape: [3, 8, 8], norm: 1}
layers:
  - conv: {filters: 16, kernel: 3, padding: same}
    then: [relu, max_pool: 2]
  - conv: {filters: 6, kernel: 3, padding: 1}
    then: [leaky_relu: 0.2, {max_pool: {kernel: 3, stride: 2, padding: same}}]
  - dense: 5
    then: [hard_tanh]
)"},
    NamedNetwork{"HardActivations", R"(
input: {shape: [4], norm: 1}
layers:
  - dense: 8
    then: [selu]
  - dense: 8
    then: [hard_swish]
  - dense: 8
    then: [relu6, hard_sigmoid, dropout, identity, capped_exp: 1.25]
  - dense: 3
    then: [{elu: 2}]
)"},
    NamedNetwork{"JumpsOfTheSecondDerivative", R"(
input: {shape: [4], norm: 1}
layers:
  - dense: 8
    then: [{celu: 0.5}]
  - dense: 3
    then: [smooth_selu]
)"},
    NamedNetwork{"LearnedSlopes", R"(
input: {shape: [2, 5, 4], norm: 1}
layers:
  - conv: {filters: 8, kernel: 3}
    then: [prelu, {prelu: {per: layer, radius: 2}}]
  - dense: 4
    then: [prelu]
  - dense: 2
)"},
    NamedNetwork{"Maxima", R"(
input: {shape: [2, 4, 5, 3], norm: 1}
layers:
  - conv: {filters: 3, kernel: 2, padding: same}
    then: [{max_pool: {kernel: 2, stride: [1, 2, 2], padding: [0, 1, 0], ceil: true}}]
  - conv: {filters: 4, kernel: 1}
    then: [global_max_pool]
  - conv: {filters: 3, kernel: 1}
    then: [relu]
)"},
};

}  // namespace smoothbound::testing
