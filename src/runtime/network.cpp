#include "smoothbound/runtime/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "array.hpp"
#include "kernels/kernels.hpp"
#include "kernels/reorder.hpp"

namespace smoothbound {
namespace {

constexpr std::int64_t alignment = 64;  // bytes

std::int64_t aligned(std::int64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

// All layouts of single positions are the same.
Layout canonical(const Shape& shape, Layout layout) {
  return shape.positions() == 1 ? plain_layout : layout;
}

// Axes of size 1 at the end place nothing elsewhere: [8, 16, 1, 1] are the weights of a 1x1
// convolution, [8, 16] those of the same one behind a global pooling.
std::vector<std::int64_t> without_last_ones(std::vector<std::int64_t> sizes) {
  while (!sizes.empty() && sizes.back() == 1) sizes.pop_back();
  return sizes;
}

// Of arrays of two nodes, which no file could tell apart.
template <class Node>
[[noreturn]] void refuse_name(const std::string& name, const Graph& graph, const Node& first,
                              const Node& second) {
  const Layer& one = graph.layers[first.layer];
  const Layer& other = graph.layers[second.layer];
  throw SpecError(other.components[second.component].location,
                  fmt::format("layers '{}' and '{}' both have an array '{}' in files of weights",
                              one.name, other.name, name),
                  "give each its own with 'weights'; layers have the same parameters by 'share'",
                  {{one.components[first.component].location, "the first one is here"}});
}

}  // namespace

template <class Scalar>
Network<Scalar>::Network(const Graph& graph, std::int64_t batch, Purpose purpose, Storage storage)
    : batch_(batch), purpose_(purpose), layer_outputs_(graph.layers.size(), none) {
  values_.emplace_back().shape = {graph.input, batch, plain_layout};
  for (const std::uint32_t layer : graph.order) add_layer(graph, layer);
  output_ = layer_outputs_[graph.output()];  // NOLINT(*-prefer-member-initializer): known now
  if (values_[output_].shape.layout != plain_layout) {
    const BatchShape from = values_[output_].shape;
    BatchShape to = from;
    to.layout = plain_layout;
    output_ = add_node(kernels::reorder_kernel<Scalar>(from, to), {output_}, to.sample, none, none);
  }
  finish(storage);
}

template <class Scalar>
std::uint32_t Network<Scalar>::add_node(std::unique_ptr<kernels::Kernel<Scalar>> kernel,
                                        std::vector<std::uint32_t> inputs, const Shape& output,
                                        std::uint32_t layer, std::uint32_t component) {
  std::vector<Layout> offered;
  offered.reserve(inputs.size());
  for (const std::uint32_t input : inputs) offered.push_back(values_[input].shape.layout);
  std::vector<Layout> wanted = offered;
  const Layout result = kernel->plan(wanted, purpose_);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const BatchShape from = values_[inputs[i]].shape;
    if (canonical(from.sample, wanted[i]) == canonical(from.sample, offered[i])) continue;
    BatchShape to = from;
    to.layout = wanted[i];
    inputs[i] =
        add_node(kernels::reorder_kernel<Scalar>(from, to), {inputs[i]}, to.sample, none, none);
  }
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  const auto value = static_cast<std::uint32_t>(values_.size());
  for (const std::uint32_t input : inputs) values_[input].consumers.push_back(index);
  Value& made = values_.emplace_back();
  made.shape = {output, batch_, canonical(output, result)};
  made.producer = index;
  Node& node = nodes_.emplace_back();
  node.kernel = std::move(kernel);
  node.inputs = std::move(inputs);
  node.output = value;
  node.layer = layer;
  node.component = component;
  return value;
}

template <class Scalar>
void Network<Scalar>::add_parameters(Node& node, const Graph& graph) {
  const Layer& layer = graph.layers[node.layer];
  const auto index = static_cast<std::uint32_t>(&node - nodes_.data());
  for (kernels::ParameterShape& shape : node.kernel->parameters()) {
    const std::int64_t elements = shape.elements();
    ExpectedTensor tensor = array_tensor(layer, node.component, shape.name, std::move(shape.sizes));
    const auto [owner, is_new] = owners_.emplace(tensor.name, index);
    if (!is_new) refuse_name(tensor.name, graph, nodes_[owner->second], node);
    layout_.arrays.push_back({std::move(tensor.name), std::move(tensor.shape),
                              node.offset + node.parameters, elements, std::move(tensor.also)});
    node.parameters += elements;
  }
  layout_.elements += node.parameters;
}

// Of the last node, if it has any: the block of the graph, with those that have it already.
template <class Scalar>
void Network<Scalar>::place_block(std::uint32_t block, const Graph& graph) {
  const auto index = static_cast<std::uint32_t>(nodes_.size() - 1);
  Node& node = nodes_.back();
  const std::vector<kernels::ParameterShape> shapes = node.kernel->parameters();
  if (shapes.empty()) return;
  const auto [place, is_new] = last_nodes_.emplace(block, index);
  if (is_new) {
    node.offset = layout_.elements;
    add_parameters(node, graph);
    layout_.blocks.push_back({array_prefix(graph.layers[node.layer], node.component), node.layer,
                              node.offset, node.parameters, graph.blocks.at(block).radius});
    return;
  }
  Node& other = nodes_[std::exchange(place->second, index)];
  node.offset = other.offset;
  node.parameters = other.parameters;
  other.adds_parameters = true;
  shared_elements_ = std::max(shared_elements_, node.parameters);
  auto array = std::ranges::find(layout_.arrays, node.offset, &ParameterArray::offset);
  for (const kernels::ParameterShape& shape : shapes) {
    if (without_last_ones(array->sizes) != without_last_ones(shape.sizes)) {
      throw NotExecutable(
          fmt::format("layer '{}': '{}' of another layer, which it takes, has another shape",
                      graph.layers[node.layer].name, array->name));
    }
    ++array;
  }
}

template <class Scalar>
void Network<Scalar>::add_layer(const Graph& graph, std::uint32_t index) {
  const Layer& layer = graph.layers[index];
  std::vector<std::uint32_t> inputs;
  std::vector<Shape> shapes;
  for (const std::uint32_t input : layer.inputs) {
    inputs.push_back(input == Graph::network_input ? 0 : layer_outputs_[input]);
    shapes.push_back(graph.shape_of(input));
  }
  for (std::uint32_t c = 0; c < layer.components.size(); ++c) {
    const PlacedComponent& part = layer.components[c];
    const Site site{shapes, part.output, batch_};
    kernels::Kernels<Scalar> kernels;
    try {
      kernels =
          std::visit([&](const auto& each) { return kernels::kernels_of<Scalar>(each, site); },
                     part.component);
    } catch (const NotExecutable& error) {
      throw NotExecutable(fmt::format("layer '{}': {}", layer.name, error.what()));
    }
    // Of a component of several kernels the first one stands for all.
    double multiplications = work_of(part.component, site).forward.to_double();
    for (std::unique_ptr<kernels::Kernel<Scalar>>& kernel : kernels) {
      const std::uint32_t value = add_node(std::move(kernel), inputs, part.output, index, c);
      nodes_.back().multiplications = std::exchange(multiplications, 0);
      place_block(part.block, graph);
      inputs.assign(1, value);
    }
    shapes.assign(1, part.output);
  }
  layer_outputs_[index] = inputs.front();
}

template <class Scalar>
void Network<Scalar>::finish(Storage storage) {
  for (Node& node : nodes_) {
    node.state_offset = state_bytes_;
    state_bytes_ += aligned(static_cast<std::int64_t>(node.kernel->state_bytes()));
    scratch_elements_ = std::max(scratch_elements_, node.kernel->scratch_elements());
    node.packed = node.parameters > 0 ? node.kernel->packed_elements() : 0;
    node.packed_offset = packed_elements_;
    packed_elements_ += aligned(node.packed * static_cast<std::int64_t>(sizeof(Scalar))) /
                        static_cast<std::int64_t>(sizeof(Scalar));
    const kernels::Needs values = node.kernel->value_needs();
    const kernels::Needs tangents = node.kernel->tangent_needs();
    Value& output = values_[node.output];
    output.depends_on_parameters = node.parameters > 0;
    output.kept = output.kept || values.output;
    output.tangent_kept = output.tangent_kept || tangents.output;
    bool producer_needs_output = false;
    for (const std::uint32_t input : node.inputs) {
      Value& value = values_[input];
      output.depends_on_parameters = output.depends_on_parameters || value.depends_on_parameters;
      // At this point what is kept of `value` is what its producer and earlier consumers need.
      producer_needs_output = producer_needs_output || value.kept || value.tangent_kept;
      value.kept = value.kept || values.input;
      value.tangent_kept = value.tangent_kept || tangents.input;
    }
    node.in_place = node.kernel->works_in_place() && node.inputs.front() != 0 &&
                    values_[node.inputs.front()].consumers.size() == 1 && !producer_needs_output &&
                    !values.input && !tangents.input &&
                    values_[node.inputs.front()].shape.layout == output.shape.layout;
    if (!node.in_place) continue;
    Node& before = nodes_[values_[node.inputs.front()].producer];
    node.fused = before.layer == node.layer && before.kernel->fuse(*node.kernel);
  }
  if (storage == Storage::none) return;
  w_ = Buffer<Scalar>(layout_.elements);
  packed_ = Buffer<Scalar>(packed_elements_);
  fill(w_.data(), layout_.elements, Scalar{0});
  update_parameters();
}

template <class Scalar>
void Network<Scalar>::update_parameters() {
  pack(w_.data(), packed_.data());
}

template <class Scalar>
void Network<Scalar>::set_parameters(std::span<const Scalar> w) {
  if (w.size() != parameters().size()) {
    throw std::invalid_argument(
        fmt::format("the network has {} parameters, not {}", layout_.elements, w.size()));
  }
  copy(w.data(), layout_.elements, w_.data());
  update_parameters();
}

template <class Scalar>
void Network<Scalar>::pack(const Scalar* w, Scalar* packed) const {
  for (const Node& node : nodes_) {
    if (node.packed > 0) node.kernel->pack(w + node.offset, packed + node.packed_offset);
  }
}

template class Network<float>;
template class Network<double>;

}  // namespace smoothbound
