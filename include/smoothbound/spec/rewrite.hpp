// Changes to a Spec that a caller asks for.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "smoothbound/spec/spec.hpp"

namespace smoothbound {

/// What was put in the place of what, and how often.
struct Replacement {
  std::string from;
  std::string to;
  std::size_t count = 0;
};

/// Replaces what has kinks by its smooth form: relu by softplus(beta) and max pooling by average
/// pooling, as section 5.1 of the paper does, and what else the catalogue has one for.
std::vector<Replacement> make_smooth(Spec& spec, const Real& beta);

/// Sets the epsilon of every batch norm; returns how many there are.
std::size_t set_batch_norm_epsilon(Spec& spec, const Real& epsilon);

/// Sets the scale beta of every softplus; returns how many there are.
std::size_t set_softplus_scale(Spec& spec, const Real& beta);

}  // namespace smoothbound
