// What method sharp does beyond the rules at one norm. All of it is on but where someone compares.
#pragma once

#include <array>
#include <string_view>

namespace smoothbound {

/// Each only takes minima with what is there without it.
struct Refinements {
  bool levels = true;     // bounds of samples and positions beside those of the whole batch
  bool growth = true;     // what a map makes of a norm, and its slope on what is reached
  bool joint = true;      // first and second derivative are not large at the same point
  bool loss = true;       // the loss on the ball of predictions
  bool centred = true;    // batch norm does not see what all samples have in common
  bool maps = true;       // bounds by classes of positions: borders read fewer inputs
  bool cauchy = true;     // where an activation bends, not all gradients are at their largest
  bool radial = true;     // with that, how little is left of a value without one of the blocks
  bool attention = true;  // a softmax takes means, which no number of tokens makes larger
};

/// A switch by name.
struct RefinementRow {
  std::string_view name;
  std::string_view description;
  bool Refinements::*flag;
};

/// In the order in which they build on each other.
inline constexpr std::array refinements{
    RefinementRow{"levels", "bounds of samples and positions beside those of the batch",
                  &Refinements::levels},
    RefinementRow{"growth", "norms and slopes of activations and normalizations on what is reached",
                  &Refinements::growth},
    RefinementRow{"joint", "first and second derivatives of activations at the same point",
                  &Refinements::joint},
    RefinementRow{"loss", "the loss on the ball of predictions", &Refinements::loss},
    RefinementRow{"centred", "what batch norms of elements see: differences from the batch's mean",
                  &Refinements::centred},
    RefinementRow{"maps", "bounds of positions, as those at borders read fewer inputs",
                  &Refinements::maps},
    RefinementRow{"cauchy", "gradients of numbers at which softplus and softmax bend",
                  &Refinements::cauchy},
    RefinementRow{"radial", "with cauchy, values without a block by the rules for norms",
                  &Refinements::radial},
    RefinementRow{"attention", "what attention takes means of: the largest entries over tokens",
                  &Refinements::attention},
};

}  // namespace smoothbound
