#include "split_layer.hpp"

#include <algorithm>

namespace smoothbound::steps {
namespace {

using namespace linalg;

// Components [first, last) of a layer as a network of one layer.
Graph part_of_layer(const Graph& graph, const Layer& layer, std::size_t first, std::size_t last) {
  Graph part;
  part.name = graph.name;
  part.input =
      first == 0 ? graph.shape_of(layer.inputs.front()) : layer.components[first - 1].output;
  Layer& alone = part.layers.emplace_back();
  alone.name = layer.name;
  alone.location = layer.location;
  alone.inputs.assign(1, Graph::network_input);
  alone.input_groups = layer.input_groups;
  alone.radius = layer.radius;
  const auto begin = layer.components.begin();
  alone.components.assign(begin + static_cast<std::ptrdiff_t>(first),
                          begin + static_cast<std::ptrdiff_t>(last));
  alone.output = alone.components.back().output;
  part.order.push_back(0);
  part.blocks = graph.blocks;  // to which components refer
  return part;
}

Graph affine_part(const Graph& graph, const Layer& layer) {
  return part_of_layer(graph, layer, 0, 1);
}

using Triplets = std::vector<SparseMatrix::Triplet>;

// The entries of `column` at [begin, end) that are not 0.
void add_column(std::span<const double> column, std::int64_t begin, std::int64_t end,
                std::int64_t first_row, std::int64_t j, Triplets& entries) {
  for (std::int64_t i = begin; i < end; ++i) {
    const double entry = column[static_cast<std::size_t>(i)];
    if (entry != 0) entries.push_back({first_row + i, j, entry});
  }
}

}  // namespace

SplitLayer::SplitLayer(const Graph& graph, std::uint32_t layer, std::int64_t batch)
    : batch_(batch), b_(affine_part(graph, graph.layers[layer]), batch) {
  const Layer& whole = graph.layers[layer];
  Network<double> one_sample(affine_part(graph, whole), 1);
  const PlacedComponent& affine = whole.components.front();
  const Shape& input = graph.shape_of(whole.inputs.front());
  const Work work = work_of(affine.component, {{&input, 1}, affine.output, 1});
  affine_.emplace(one_sample, work.patches.value_or(PatchCounts{}).by_input);
  if (whole.components.size() == 1) return;
  for (std::size_t c = 1; c < whole.components.size(); ++c) {
    couples_samples_ = couples_samples_ || couples_samples(whole.components[c].component);
  }
  rest_ = std::make_unique<Part>(part_of_layer(graph, whole, 1, whole.components.size()), batch);
}

std::span<const double> SplitLayer::forward(std::span<const double> v, std::span<const double> z) {
  input_ = z;
  b_.network.set_parameters(v.first(b_.network.parameters().size()));
  smoothbound::forward<double>(z, b_.trajectory);
  if (rest_) {
    rest_->network.set_parameters(v.subspan(b_.network.parameters().size()));
    smoothbound::forward<double>(b_.trajectory.output(), rest_->trajectory);
  }
  return output();
}

std::span<const double> SplitLayer::output() const {
  return rest_ ? rest_->trajectory.output() : b_.trajectory.output();
}

std::span<const double> SplitLayer::rest() const {
  if (!rest_) return {};
  return std::as_const(rest_->network).parameters();
}

std::vector<double> SplitLayer::pull_rest(std::span<const double> lambda) {
  if (!rest_) return {lambda.begin(), lambda.end()};
  std::vector<double> y_bar(static_cast<std::size_t>(rest_->network.input_elements()));
  vjp<double>(rest_->trajectory, lambda, {}, y_bar);
  return y_bar;
}

std::vector<double> SplitLayer::pull_affine(std::span<const double> y_bar) {
  std::vector<double> z_bar(input_.size());
  vjp<double>(b_.trajectory, y_bar, {}, z_bar);
  return z_bar;
}

RestDerivatives SplitLayer::derivatives(std::span<const double> lambda, StepKind kind) {
  if (!rest_) return {.identity = true, .A = {}, .H = {}};
  Trajectory<double>& trajectory = rest_->trajectory;
  const std::int64_t inputs = rest_->network.input_elements();
  const std::int64_t outputs = rest_->network.output_elements();
  const std::int64_t own = rest_parameters();
  const bool second = kind == StepKind::newton;
  Triplets first_order;
  Triplets second_order;
  std::vector<double> y_dot(static_cast<std::size_t>(inputs));
  std::vector<double> u_dot(static_cast<std::size_t>(own));
  std::vector<double> column(static_cast<std::size_t>(outputs));
  std::vector<double> by_y(y_dot.size());
  std::vector<double> by_u(u_dot.size());

  // Samples that do not see each other share a pass: their columns do not overlap.
  const std::int64_t blocks = couples_samples_ ? 1 : batch_;
  const std::int64_t in_block = inputs / blocks;
  const std::int64_t out_block = outputs / blocks;
  const auto set = [&](std::int64_t j, double value) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      y_dot[static_cast<std::size_t>(b * in_block + j)] = value;
    }
  };
  for (std::int64_t j = 0; j < in_block; ++j) {
    set(j, 1);
    jvp<double>(trajectory, {}, y_dot, column);
    if (second) joint_hvp<double>(trajectory, lambda, {}, y_dot, by_u, by_y);
    set(j, 0);
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t to = b * in_block + j;
      add_column(column, b * out_block, (b + 1) * out_block, 0, to, first_order);
      if (second) add_column(by_y, b * in_block, (b + 1) * in_block, 0, to, second_order);
    }
  }
  for (std::int64_t j = 0; j < own; ++j) {
    u_dot[static_cast<std::size_t>(j)] = 1;
    jvp<double>(trajectory, u_dot, {}, column);
    add_column(column, 0, outputs, 0, inputs + j, first_order);
    if (second) {
      joint_hvp<double>(trajectory, lambda, u_dot, {}, by_u, by_y);
      add_column(by_u, 0, own, inputs, inputs + j, second_order);
      add_column(by_y, 0, inputs, 0, inputs + j, second_order);
      for (std::int64_t i = 0; i < inputs; ++i) {
        const double entry = by_y[static_cast<std::size_t>(i)];
        if (entry != 0) second_order.push_back({inputs + j, i, entry});
      }
    }
    u_dot[static_cast<std::size_t>(j)] = 0;
  }
  return {.identity = false,
          .A = {outputs, inputs + own, first_order},
          .H = {inputs + own, inputs + own, second_order}};
}

}  // namespace smoothbound::steps
