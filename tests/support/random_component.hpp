// Components of random networks that have settings of their own: some do not fit the shape. And
// the order of layers.
#pragma once

#include <cstdint>
#include <random>

#include "plain_network.hpp"

namespace smoothbound::support {

/// A number from `low` to `high`, the same ones with every standard library.
std::int64_t between(std::mt19937_64& random, std::int64_t low, std::int64_t high);

/// It need not fit.
PlainWindow random_window(std::mt19937_64& random, const Sizes& shape, bool with_dilation);
/// A map that moves, copies or interpolates, or fixed numbers.
PlainPart random_linear_map(std::mt19937_64& random, const Sizes& shape);
PlainPart random_conv_transposed(std::mt19937_64& random, const Sizes& shape);
/// Without a radius of scale and shift.
PlainPart random_normalization(std::mt19937_64& random, const Sizes& shape, bool flat_epsilon);
/// With its kink or without.
PlainPart random_prelu(std::mt19937_64& random, const Sizes& shape);
/// Behind which gradients by blocks are known one by one, if they are in front of it.
PlainPart random_bending_map(std::mt19937_64& random, const Sizes& shape);

/// Another order in the file; the output stays last.
void shuffle_layers(std::mt19937_64& random, PlainNetwork& network);

}  // namespace smoothbound::support
