// Attention that a model spells out, as the one component that it is.
#pragma once

#include "smoothbound/models/network.hpp"

namespace smoothbound::models {

/// Puts `attention` in the place of dense layers to queries, keys and values (three, or one with
/// the rows of all), their scores with 1 / sqrt(features of a head), softmax over keys, the mixture
/// of values and the dense layer behind it, among what reaches `output`: where all of it reads one
/// value [features, tokens], and nothing else reads what is between. What does not fit stays.
void fuse_attention(Network& network, StepId output);

}  // namespace smoothbound::models
