#include "smoothbound/steps/cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "newton_cost.hpp"
#include "smoothbound/runtime/trajectory.hpp"
#include "smoothbound/steps/newton.hpp"

namespace smoothbound::steps {
namespace {

// Layers that the output depends on.
std::vector<bool> reaching_the_output(const Graph& graph) {
  std::vector<bool> reaches(graph.layers.size(), false);
  reaches[graph.output()] = true;
  for (auto index = graph.order.rbegin(); index != graph.order.rend(); ++index) {
    if (!reaches[*index]) continue;
    for (const std::uint32_t input : graph.layers[*index].inputs) {
      if (input != Graph::network_input) reaches[input] = true;
    }
  }
  return reaches;
}

class Counter {
 public:
  Counter(const Graph& graph, std::int64_t batch)
      : graph_(graph),
        batch_(batch),
        reaches_(reaching_the_output(graph)),
        trained_(graph.layers.size(), false),
        against_newton_(reason_against_chain(graph)) {}

  NetworkCost run() {
    NetworkCost cost;
    cost.layers.resize(graph_.layers.size());
    for (const std::uint32_t index : graph_.order) cost.layers[index] = count_layer(index);
    for (const LayerCost& layer : cost.layers) add(layer, cost.total);
    cost.outputs = scalars(graph_.output());
    cost.gradient = cost.total.forward_multiplications + cost.total.backward_multiplications;
    cost.gauss_newton = cost.total.forward_multiplications +
                        (scale(cost.outputs, 1) + count(1)) * cost.total.backward_multiplications;
    cost.newton = cost.gradient + cost.total.newton_multiplications;
    cost.newton_bytes = cost.total.newton_bytes + Count{scalar_bytes() * working_, ""};
    return cost;
  }

 private:
  static Magnitude scalar_bytes() { return count(sizeof(double)); }

  [[nodiscard]] Magnitude scalars(std::uint32_t layer) const {
    return count(graph_.shape_of(layer).elements()) * count(batch_);
  }
  [[nodiscard]] bool is_trained(std::uint32_t layer) const {
    return layer != Graph::network_input && trained_[layer];
  }

  static void add(const LayerCost& layer, LayerCost& total) {
    for (Magnitude LayerCost::*member : {&LayerCost::parameters, &LayerCost::activations,
                                         &LayerCost::generic_space, &LayerCost::generic_backward}) {
      total.*member += layer.*member;
    }
    for (Count LayerCost::*member :
         {&LayerCost::sparse_backward, &LayerCost::forward_multiplications,
          &LayerCost::backward_multiplications, &LayerCost::evaluations,
          &LayerCost::newton_unknowns, &LayerCost::newton_multiplications,
          &LayerCost::newton_bytes}) {
      total.*member = total.*member + layer.*member;
    }
  }

  LayerCost count_layer(std::uint32_t index) {
    const Layer& layer = graph_.layers[index];
    LayerCost cost;
    cost.parameters = count(layer.parameters);
    cost.activations = scalars(index);
    Magnitude inputs;
    for (const std::uint32_t input : layer.inputs) inputs += scalars(input);
    cost.generic_space = (cost.parameters + inputs) * cost.activations;
    cost.generic_backward = scale(cost.generic_space, 1);
    count_components(index, cost);
    return cost;
  }

  void count_components(std::uint32_t index, LayerCost& cost) {
    const Layer& layer = graph_.layers[index];
    std::vector<Shape> shapes;
    std::int64_t wanted = 0;  // cotangents of inputs
    for (const std::uint32_t input : layer.inputs) {
      shapes.push_back(graph_.shape_of(input));
      wanted += is_trained(input) ? 1 : 0;
    }
    std::optional<PatchCounts> patches;
    std::int64_t rest_parameters = 0;
    std::string unknown;
    for (const PlacedComponent& part : layer.components) {
      const Site site{shapes, part.output, batch_};
      const Work work = work_of(part.component, site);
      const std::int64_t parameters =
          part.block == PlacedComponent::no_block ? 0 : graph_.blocks[part.block].elements;
      if (!work.unknown.empty()) {
        unknown = fmt::format("layer '{}': {}", layer.name, work.unknown);
      }
      if (work.patches) {
        patches = work.patches;
      } else {
        rest_parameters += parameters;
      }
      const Sparsity& s = work.sparsity;
      cost.sparse_backward.value +=
          s.map + scale(s.bilinear, 1) + s.linear_parameters + s.linear_input;
      cost.forward_multiplications.value += work.forward;
      cost.evaluations.value += work.evaluations;
      if (reaches_[index]) {
        cost.backward_multiplications.value +=
            work.backward_parameters + count(wanted) * work.backward_input;
      }
      wanted = wanted > 0 || parameters > 0 ? 1 : 0;
      shapes.assign(1, part.output);
    }
    trained_[index] = wanted > 0;
    for (Count* number : {&cost.sparse_backward, &cost.forward_multiplications,
                          &cost.backward_multiplications, &cost.evaluations}) {
      if (!unknown.empty()) *number = {{}, unknown};
    }
    count_newton(index, patches, rest_parameters, unknown, cost);
  }

  void count_newton(std::uint32_t index, const std::optional<PatchCounts>& patches,
                    std::int64_t rest_parameters, const std::string& unknown, LayerCost& cost) {
    const std::string& reason = unknown.empty() ? against_newton_ : unknown;
    if (!reason.empty()) {
      cost.newton_unknowns = cost.newton_multiplications = cost.newton_bytes = {{}, reason};
      return;
    }
    const Layer& layer = graph_.layers[index];
    const StageCost stage =
        stage_cost({.patches = *patches,
                    .batch = batch_,
                    .rest_parameters = rest_parameters,
                    .inputs = count(graph_.shape_of(layer.inputs.front()).elements()),
                    .outputs = cost.activations,
                    .identity = layer.components.size() == 1,
                    .first = layer.inputs.front() == Graph::network_input});
    cost.newton_unknowns.value = stage.unknowns;
    cost.newton_multiplications.value = stage.multiplications;
    cost.newton_bytes.value = scalar_bytes() * stage.kept_scalars;
    working_ = std::max(working_, stage.working_scalars);
  }

  const Graph& graph_;
  std::int64_t batch_;
  std::vector<bool> reaches_;
  std::vector<bool> trained_;  // whether the output depends on parameters
  std::string against_newton_;
  Magnitude working_;
};

// Beyond these a plan takes long or does not fit integers.
constexpr std::size_t most_planned_components = 20'000;
constexpr double most_planned_bytes = 0x1p50;

std::string reason_against_plan(const Graph& graph, std::int64_t batch, std::int64_t scalar_bytes) {
  std::size_t components = 0;
  auto scalars = static_cast<double>(graph.input.elements());
  for (const Layer& layer : graph.layers) {
    components += layer.components.size();
    for (const PlacedComponent& part : layer.components) {
      scalars += static_cast<double>(part.output.elements());
    }
  }
  if (components > most_planned_components) {
    return fmt::format("more than {} components: not planned", most_planned_components);
  }
  scalars = scalars * static_cast<double>(batch) + static_cast<double>(graph.parameters);
  if (scalars * static_cast<double>(scalar_bytes) > most_planned_bytes) {
    return "more than 2^50 bytes: not planned";
  }
  return "";
}

template <class Scalar>
MemoryCost count_memory(const Graph& graph, std::int64_t batch, std::string_view precision) {
  MemoryCost cost;
  cost.precision = precision;
  cost.scalar_bytes = sizeof(Scalar);
  const Magnitude scalar = count(cost.scalar_bytes);
  cost.parameters = scalar * count(graph.parameters);
  std::string reason = reason_against_plan(graph, batch, cost.scalar_bytes);
  if (reason.empty()) {
    try {
      const Network<Scalar> network(graph, batch, Purpose::derivatives, Storage::none);
      const MemoryNeed<Scalar> need = memory_need(network);
      cost.packed.value = scalar * count(network.packed_elements());
      cost.trajectory.value = count(need.forward);
      cost.backward.value = count(need.gradient - need.forward);
      cost.gradient.value = scale(cost.parameters, 1) + cost.packed.value + count(need.gradient) +
                            scalar * count(network.input_elements() + network.output_elements());
      return cost;
    } catch (const NotExecutable& error) {
      reason = error.what();
    } catch (const ShapeError& error) {
      reason = error.what();
    }
  }
  cost.packed = cost.trajectory = cost.backward = cost.gradient = {{}, reason};
  return cost;
}

}  // namespace

Count operator+(const Count& a, const Count& b) {
  if (!a.is_known()) return a;
  if (!b.is_known()) return b;
  return {a.value + b.value, ""};
}

Count operator*(const Magnitude& factor, const Count& a) {
  return a.is_known() ? Count{factor * a.value, ""} : a;
}

bool NetworkCost::has_answer() const {
  return std::ranges::any_of(
      layers, [](const LayerCost& layer) { return layer.forward_multiplications.is_known(); });
}

NetworkCost count_costs(const Graph& graph, std::int64_t batch) {
  NetworkCost cost = Counter(graph, batch).run();
  cost.memory = {count_memory<float>(graph, batch, "float32"),
                 count_memory<double>(graph, batch, "float64")};
  return cost;
}

}  // namespace smoothbound::steps
