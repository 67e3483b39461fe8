// The validated network: layers with resolved inputs, shapes and an order of evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/layers/layer.hpp"
#include "smoothbound/spec/spec.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// A layer phi_l.
struct Layer {
  static constexpr std::uint32_t none = 0xFFFFFFFFU;

  std::string name;
  Location location;
  std::vector<std::uint32_t> inputs;  // layers, or Graph::network_input; one, but for merges
  /// Of a merge: inputs with equal numbers share parameters, others depend on disjoint ones.
  std::vector<std::uint32_t> input_groups;
  std::optional<Real> radius;  // of its parameters; nothing: the settings' radius
  std::uint32_t share = none;  // the layer whose parameters it takes
  std::vector<PlacedComponent> components;
  Shape output;
  std::int64_t parameters = 0;  // of its own
};

/// A parameter block v with ||v|| <= R: weights and bias of a layer, or scale and shift of a
/// normalization.
struct Block {
  std::uint32_t layer = 0;  // and the component of it that owns the block
  std::uint32_t component = 0;
  std::int64_t elements = 0;
  std::optional<Real> radius;  // its own or its layer's; nothing: the settings' radius
  /// Of a block that several layers use: a number above 0, equal for blocks that the bounds do not
  /// tell apart.
  std::uint32_t group = 0;
};

struct Graph {
  static constexpr std::uint32_t network_input = 0xFFFFFFFFU;

  std::string name;
  Shape input;
  std::vector<Layer> layers;         // in the order of the file
  std::vector<std::uint32_t> order;  // every layer after its inputs
  std::vector<Block> blocks;         // of all layers, in the order of evaluation
  std::vector<std::string> unused;   // layers that do not reach the output
  std::int64_t parameters = 0;
  std::uint32_t shared_groups = 0;  // of blocks that several layers use: 1, ..., shared_groups
  bool couples_samples = false;
  /// Whether the network's input are ids, and how many: 0 to *input_ids - 1, which every layer that
  /// reads them knows. No bound depends on their size then.
  std::optional<std::int64_t> input_ids;

  /// Blocks that several layers use and that the bounds tell apart; all others are one group.
  static constexpr std::uint32_t most_shared_groups = 8;

  /// The last layer of the file.
  [[nodiscard]] std::uint32_t output() const {
    return static_cast<std::uint32_t>(layers.size() - 1);
  }
  [[nodiscard]] const Shape& shape_of(std::uint32_t layer) const {
    return layer == network_input ? input : layers[layer].output;
  }
  /// Of one sample's output.
  [[nodiscard]] const Shape& output_shape() const { return shape_of(output()); }
  /// What the first component of a layer reads, or (`component` > 0) that component. The site
  /// refers to the graph; of a merge it has the first input only.
  [[nodiscard]] Site site_of(const Layer& layer, std::size_t component, std::int64_t batch) const {
    const Shape& read =
        component == 0 ? shape_of(layer.inputs.front()) : layer.components[component - 1].output;
    return {{&read, 1}, layer.components[component].output, batch};
  }
};

/// What the usual names of a component's arrays begin with: "<layer>", or "<layer>.<component>"
/// where it is not the affine part, with "_2" for the second of its kind in the layer.
std::string array_prefix(const Layer& layer, std::size_t component);

/// Resolves names, orders the layers, infers and checks all shapes for batches of `batch` samples.
/// Throws SpecError: unknown or repeated names, cycles, shapes that do not fit, overflow; together
/// with `mistakes`, those of reading the spec, if there are any.
Graph build_graph(Spec&& spec, std::int64_t batch, MistakeList mistakes = {});

/// What to ask about an input that looks like an image whose channels come last, as in Keras and
/// TensorFlow; "" for others.
std::string question_of_channels(const Shape& input);

}  // namespace smoothbound
