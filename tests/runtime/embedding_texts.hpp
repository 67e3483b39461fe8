// Texts of networks that read ids, for named_networks.hpp.
#pragma once

#include <string_view>

namespace smoothbound::testing {

inline constexpr std::string_view embedding_text = R"(
input: {shape: [5]}
layers:
  - name: words
    embedding: {entries: 4, features: 3}
    then: [softplus]
  - name: position
    parameter: [3, 5]
  - name: others
    from: input
    embedding: {entries: 6, features: 3}
  - name: sum
    add: [words, position, others]
  - name: small
    conv: {filters: 2, kernel: 2}
    then: [tanh]
  - name: last
    dense: 3
)";

inline constexpr std::string_view embedding_chain_text = R"(
input: {shape: [3]}
layers:
  - embedding: {entries: 5, features: 4}
    then: [tanh]
  - dense: 3
    then: [sin]
  - dense: 2
)";

inline constexpr std::string_view tied_embedding_text = R"(
input: {shape: [4]}
layers:
  - name: table
    embedding: {entries: 6, features: 2}
  - name: hidden
    conv: {filters: 2, kernel: 2, padding: same}
    then: [tanh]
  - name: logits
    share: table
    dense: {units: 6, per: position}
    bias: false
)";

inline constexpr std::string_view table_of_weights_text = R"(
input: {shape: [2]}
layers:
  - name: first
    embedding: {entries: 3, features: 4}
    then: [softplus]
  - name: middle
    dense: {units: 3, per: position}
    bias: false
    then: [sin, global_average_pool]
  - name: again
    from: input
    share: middle
    embedding: {entries: 3, features: 4}
  - name: pooled
    then: [global_average_pool]
  - name: whole
    share: middle
    dense: 3
    bias: false
  - name: rows
    concat: [middle, pooled, whole]
  - name: last
    dense: 2
)";

}  // namespace smoothbound::testing
