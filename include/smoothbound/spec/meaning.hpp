// What an architecture file means, whatever its bytes.
#pragma once

#include <string>

#include "smoothbound/spec/spec.hpp"

namespace smoothbound {

/// SHA-256 digests that are equal for files of the same meaning: comments, formatting, the order of
/// keys, JSON or YAML, 1e-2 or 0.01, a default written out or left out, and the architecture's name
/// do not matter. The names of layers do, because bounds are compared by them.
struct Meaning {
  std::string all;
  std::string structure;  // input shape and layers, without the scalar settings
  std::string form = {};  // the same without the radii of layers
};

/// Throws SpecError for settings that contradict each other.
Meaning meaning_of(const Spec& spec);

}  // namespace smoothbound
