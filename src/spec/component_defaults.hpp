// Which settings of a component a file leaves to their defaults.
#pragma once

#include <vector>

#include "smoothbound/layers/composite.hpp"
#include "smoothbound/layers/layer.hpp"
#include "smoothbound/spec/spec.hpp"

namespace smoothbound {

/// Adds to `defaults` what `reader`, which has read `component`, was not given: numbers, flags and
/// choices. Sizes, strides and paddings are seen in the shapes.
void note_defaults(const Component& component, const SettingsReader& reader,
                   std::vector<ComponentDefault>& defaults);
void note_defaults(const Composite& composite, const SettingsReader& reader,
                   std::vector<ComponentDefault>& defaults);

}  // namespace smoothbound
