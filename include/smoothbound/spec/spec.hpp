// What an architecture file says, with locations; no more than that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/layers/composite.hpp"
#include "smoothbound/layers/layer.hpp"
#include "smoothbound/spec/settings.hpp"
#include "smoothbound/spec/weight_names.hpp"
#include "smoothbound/text/shape.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {

/// A component in its place. A graph takes these over from the spec; `build_graph` adds the rest.
struct PlacedComponent {
  static constexpr std::uint32_t no_block = 0xFFFFFFFFU;

  Component component;
  Location location;
  Shape output;                                  // of one sample
  std::uint32_t block = no_block;                // which of `Graph::blocks` its affine part reads
  std::shared_ptr<const WeightNames> weights{};  // null: its arrays have the usual names
};

struct Reference {
  std::string name;
  Location location;
};

/// A composite in its place, or (in a graph that is being built) one of its pieces.
struct PlacedComposite {
  Composite composite;
  Location location;
  std::uint32_t piece = 0;
  std::shared_ptr<const WeightNames> weights{};  // of all of it; of a piece in a graph: of that
};

/// An entry of `layers`.
struct LayerSpec {
  std::string name;
  Location location;
  std::vector<Reference> inputs;  // empty: the entry before
  std::optional<Real> radius;
  std::optional<Reference> share;            // the layer whose parameters it takes
  std::optional<PlacedComposite> composite;  // what it begins with
  std::vector<PlacedComponent> components;   // at most one that is not non_affine, the first
  bool has_mistake = false;                  // not all of it could be read
};

/// A setting that some component has by default, for numbers that depend on it.
struct ComponentDefault {
  std::string_view component;
  std::string_view setting;
  std::string value;
  std::string_view description;
};

struct Spec {
  std::string name;
  Shape input;
  bool has_input = false;  // a mistake can hide it
  Settings settings;
  std::optional<Location> sample_norm_location;
  std::vector<LayerSpec> layers;
  std::vector<std::string> lost_names;     // that layers with a mistake may have been meant to have
  std::vector<ComponentDefault> defaults;  // each once, in the order of the file
};

/// The name by which layers refer to the network's input.
constexpr std::string_view input_name = "input";

}  // namespace smoothbound
