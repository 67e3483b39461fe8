// A network that can be executed: the graph's components as kernels, in order, with parameters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/array_names.hpp"
#include "smoothbound/runtime/buffer.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound {

/// An array of parameters in the vector w of all parameters.
struct ParameterArray {
  std::string name;  // "<layer>.weight", "<layer>.<component>.scale", ..., or as `weights` says
  std::vector<std::int64_t> sizes;
  std::int64_t offset = 0;
  std::int64_t elements = 0;
  std::vector<TensorName> other_names{};  // that files may have
};

/// A parameter block, in its place in w.
struct ParameterBlock {
  std::string name;  // "<layer>" or "<layer>.<component>"
  std::uint32_t layer = 0;
  std::int64_t offset = 0;
  std::int64_t elements = 0;
  std::optional<Real> radius;  // its own or its layer's; nothing: the settings' radius
};

struct ParameterLayout {
  std::vector<ParameterArray> arrays;
  std::vector<ParameterBlock> blocks;  // those of `Graph::blocks`, in their order
  std::int64_t elements = 0;
};

/// Whether a network has memory for its parameters. Without, only sizes can be asked of it.
enum class Storage : bool { none, parameters };

/// Value and derivatives of a graph on batches of a fixed size, in `Scalar` arithmetic.
template <class Scalar>
class Network {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFFU;

  /// A kernel in its place.
  struct Node {
    std::unique_ptr<kernels::Kernel<Scalar>> kernel;
    std::vector<std::uint32_t> inputs;  // values
    std::uint32_t output = 0;
    std::uint32_t layer = none;      // none: a change of layout that the network needs
    std::uint32_t component = none;  // of the layer
    std::int64_t parameters = 0;     // how many, from `offset` in w
    std::int64_t offset = 0;
    std::int64_t packed = 0;  // their size and place in the form in which the kernel computes;
    std::int64_t packed_offset = 0;  // 0: as they are
    std::int64_t state_offset = 0;   // in bytes
    double multiplications = 0;      // of its component, forward; see `Work`
    bool adds_parameters = false;    // a later node has the same parameters
    bool in_place = false;           // its output lies where its input does
    bool fused = false;              // and the kernel before it has computed it
  };

  /// A stacked batch between kernels. Value 0 is the network's input.
  struct Value {
    BatchShape shape;
    std::uint32_t producer = none;
    std::vector<std::uint32_t> consumers{};  // in order; a node that reads it twice stands twice
    bool depends_on_parameters = false;
    bool kept = false;          // the derivatives refer to it
    bool tangent_kept = false;  // the second derivatives refer to its tangent
  };

  /// Throws NotExecutable for graphs with components that cannot be executed, naming the layer;
  /// SpecError where two arrays have one name; std::bad_alloc. Parameters are 0.
  Network(const Graph& graph, std::int64_t batch, Purpose purpose = Purpose::derivatives,
          Storage storage = Storage::parameters);

  [[nodiscard]] std::int64_t batch() const { return batch_; }
  [[nodiscard]] Purpose purpose() const { return purpose_; }
  [[nodiscard]] const Shape& input_shape() const { return values_.front().shape.sample; }
  [[nodiscard]] const Shape& output_shape() const { return values_[output_].shape.sample; }
  [[nodiscard]] std::int64_t input_elements() const { return values_.front().shape.elements(); }
  [[nodiscard]] std::int64_t output_elements() const { return values_[output_].shape.elements(); }
  [[nodiscard]] const ParameterLayout& parameter_layout() const { return layout_; }

  /// w. After writing to it, call `update_parameters`.
  [[nodiscard]] std::span<Scalar> parameters() {
    return {w_.data(), static_cast<std::size_t>(layout_.elements)};
  }
  [[nodiscard]] std::span<const Scalar> parameters() const {
    return {w_.data(), static_cast<std::size_t>(layout_.elements)};
  }
  void update_parameters();
  /// Copies `w`, of the size of `parameters()`, and updates.
  void set_parameters(std::span<const Scalar> w);

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }
  /// The value that is the network's output, in plain layout.
  [[nodiscard]] std::uint32_t output() const { return output_; }
  /// The value that is the output of a layer.
  [[nodiscard]] std::uint32_t output_of(std::uint32_t layer) const { return layer_outputs_[layer]; }
  [[nodiscard]] std::int64_t state_bytes() const { return state_bytes_; }
  [[nodiscard]] std::int64_t scratch_elements() const { return scratch_elements_; }
  [[nodiscard]] std::int64_t packed_elements() const { return packed_elements_; }
  /// The size of the largest block that several nodes have; 0: there is none.
  [[nodiscard]] std::int64_t shared_elements() const { return shared_elements_; }
  /// Parameters of a node in the form in which its kernel computes, out of w or a tangent and what
  /// `pack` made of it.
  [[nodiscard]] const Scalar* parameters_of(const Node& node, const Scalar* w,
                                            const Scalar* packed) const {
    return node.packed > 0 ? packed + node.packed_offset : w + node.offset;
  }
  [[nodiscard]] const Scalar* packed() const { return packed_.data(); }
  void pack(const Scalar* w, Scalar* packed) const;

 private:
  std::uint32_t add_node(std::unique_ptr<kernels::Kernel<Scalar>> kernel,
                         std::vector<std::uint32_t> inputs, const Shape& output,
                         std::uint32_t layer, std::uint32_t component);
  void add_parameters(Node& node, const Graph& graph);
  void place_block(std::uint32_t block, const Graph& graph);
  void add_layer(const Graph& graph, std::uint32_t index);
  void finish(Storage storage);

  std::int64_t batch_;
  Purpose purpose_;
  std::vector<Node> nodes_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> layer_outputs_;
  std::uint32_t output_ = 0;
  ParameterLayout layout_;
  std::map<std::uint32_t, std::uint32_t> last_nodes_;      // that have a block of the graph
  std::unordered_map<std::string, std::uint32_t> owners_;  // nodes, by the names of their arrays
  std::int64_t state_bytes_ = 0;
  std::int64_t scratch_elements_ = 0;
  std::int64_t packed_elements_ = 0;
  std::int64_t shared_elements_ = 0;
  Buffer<Scalar> w_;
  Buffer<Scalar> packed_;
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace smoothbound
