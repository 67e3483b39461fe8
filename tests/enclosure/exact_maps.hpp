// Maps that are no convolutions, poolings or activations, written out: of what exact networks are
// put together.
#pragma once

#include <vector>

#include "enclosure/exact_windows.hpp"

namespace smoothbound::test::exact {

Numbers apply(const Softmax& softmax, const Stack& s, const Numbers& z);
Numbers apply(const Prelu& prelu, const Stack& s, const Numbers& z);
Numbers apply(const LocalResponseNorm& norm, const Stack& s, const Numbers& z);
Numbers apply(const Embedding& embedding, const Stack& s, const Numbers& z);
Numbers apply(const Parameter& parameter, const Stack& s, const Numbers& z);
Numbers apply(const FixedValue& value, const Stack& s, const Numbers& z);

using Inputs = std::vector<const Numbers*>;
Numbers merged(const Multiply& multiply, const Stack& s, const Inputs& z,
               const std::vector<Shape>& shapes);
Numbers merged(const MatMul& matmul, const Stack& s, const Inputs& z,
               const std::vector<Shape>& shapes);

}  // namespace smoothbound::test::exact
