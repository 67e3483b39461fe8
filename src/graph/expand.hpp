// Puts the layers of which a composite consists in its place.
#pragma once

#include <vector>

#include "smoothbound/spec/spec.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound {

/// Each composite becomes its pieces, one behind the other, named LAYER.PIECE, and the last one as
/// the layer. What they consist of depends on shapes: see `components_of`. A layer that shares
/// takes the parameters piece by piece; a mistake if the other one is not of the same kind.
void expand_composites(Spec& spec, MistakeList& mistakes);

}  // namespace smoothbound
