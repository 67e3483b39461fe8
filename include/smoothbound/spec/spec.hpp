// What an architecture file says, with locations; no more than that.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "smoothbound/graph/shape.hpp"
#include "smoothbound/layers/layer.hpp"
#include "smoothbound/spec/settings.hpp"
#include "smoothbound/spec/source.hpp"

namespace smoothbound {

/// A component in its place. A graph takes these over from the spec and adds the outputs.
struct PlacedComponent {
  Component component;
  Location location;
  Shape output;  // of one sample; set by `build_graph`
};

struct Reference {
  std::string name;
  Location location;
};

/// An entry of `layers`.
struct LayerSpec {
  std::string name;
  Location location;
  std::vector<Reference> inputs;  // empty: the entry before
  std::optional<Real> radius;
  std::vector<PlacedComponent> components;  // at most one that is not non_affine, the first
};

struct Spec {
  std::string name;
  Shape input;
  Settings settings;
  std::optional<Location> sample_norm_location;
  std::vector<LayerSpec> layers;
};

/// The name by which layers refer to the network's input.
constexpr std::string_view input_name = "input";

}  // namespace smoothbound
