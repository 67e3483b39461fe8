// What generator and oracle take from the catalogue: which components there are, and shapes,
// settings and constants of those that they do not write out themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/layers/layer.hpp"

namespace smoothbound::support {

/// A component of one input that the plain network does not write out.
struct OtherComponent {
  Component component;
  std::string settings;

  [[nodiscard]] std::optional<std::vector<std::int64_t>> shape_after(
      const std::vector<std::int64_t>& sizes) const;
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The components that the plain network, its generator and oracle_constants.hpp write out, by the
/// formulas of docs/theory.md. All others come from the catalogue.
bool is_written_out(std::string_view name);

const OtherComponent& other_component(std::string_view name);

/// Those of a role that are neither written out nor activations nor index maps, which the generator
/// gives settings of their own.
std::vector<std::string> other_components(Role role);

/// An activation with values of its parameter; "" is the default, and stands for none.
struct ActivationValues {
  const ActivationRow* row;
  std::vector<std::string> values;
};

/// The activations with kinks or those without. Some are the one or the other by their parameter.
std::vector<ActivationValues> activations(bool kinked);

}  // namespace smoothbound::support
