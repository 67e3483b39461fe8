#include "smoothbound/steps/newton.hpp"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>
#include <utility>

#include "gamma.hpp"
#include "negative_curvature.hpp"
#include "reduced_stage.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

DenseMatrix loss_hessian(const LossEvaluation& loss, StepKind kind) {
  const auto size = static_cast<std::int64_t>(loss.gradient.size());
  DenseMatrix hessian(size, size);
  if (kind == StepKind::gradient) return hessian;
  std::vector<double> unit(loss.gradient.size());
  for (std::int64_t j = 0; j < size; ++j) {
    unit[static_cast<std::size_t>(j)] = 1;
    loss.hessian_product(unit, hessian.row(j));
    unit[static_cast<std::size_t>(j)] = 0;
  }
  return hessian;
}

}  // namespace

struct SplitChain::Layers {
  std::vector<std::unique_ptr<SplitLayer>> list;
  Network<double> whole;  // for products with the Hessian
  Trajectory<double> trajectory;
  Layers(const Graph& graph, std::int64_t batch)
      : whole(graph, batch), trajectory(whole, KeepCotangents::yes) {}
};

namespace {

// A few Hessian products cost next to nothing beside a sweep.
constexpr std::int64_t lanczos_products = 24;

// How negative the curvature of f o psi + r is known to be.
double known_curvature(SplitChain::Layers& layers, const LossEvaluation& loss,
                       const Regularizer& regularizer) {
  smoothbound::forward<double>(layers.list.front()->input(), layers.trajectory);
  return least_curvature_found(
      layers.whole.parameter_layout().elements,
      [&](std::span<const double> w_dot, std::span<double> product) {
        hvp<double>(layers.trajectory, loss.gradient, w_dot, product, loss.hessian_product);
        regularizer.add_hessian_product(w_dot, product);
      },
      lanczos_products);
}

}  // namespace

std::string reason_against_chain(const Graph& graph) {
  std::uint32_t before = Graph::network_input;
  for (const std::uint32_t index : graph.order) {
    const Layer& layer = graph.layers[index];
    if (layer.inputs.size() != 1 || layer.inputs.front() != before) {
      return fmt::format("layer '{}' does not read just the layer before it: no chain", layer.name);
    }
    if (layer.share != Layer::none) {
      return fmt::format("layer '{}' takes the parameters of another one: no chain", layer.name);
    }
    if (layer.components.empty() || !begins_with_parameters(layer.components.front().component)) {
      return fmt::format(
          "layer '{}' has no weights to begin with: a Newton step of a chain needs them",
          layer.name);
    }
    before = index;
  }
  return "";
}

SplitChain::SplitChain(const Graph& graph, std::int64_t batch) {
  if (const std::string reason = reason_against_chain(graph); !reason.empty()) {
    throw std::invalid_argument(reason);
  }
  layers_ = std::make_unique<Layers>(graph, batch);
  for (const std::uint32_t index : graph.order) {
    layers_->list.push_back(std::make_unique<SplitLayer>(graph, index, batch));
  }
}
SplitChain::SplitChain(SplitChain&& other) noexcept = default;
SplitChain& SplitChain::operator=(SplitChain&& other) noexcept = default;
SplitChain::~SplitChain() = default;

std::size_t SplitChain::size() const { return layers_->list.size(); }

std::int64_t SplitChain::parameters() const { return layers_->whole.parameter_layout().elements; }

std::span<const double> SplitChain::forward(std::span<const double> w, std::span<const double> x) {
  if (static_cast<std::int64_t>(w.size()) != parameters()) {
    throw std::invalid_argument(
        fmt::format("the network has {} parameters, not {}", parameters(), w.size()));
  }
  layers_->whole.set_parameters(w);
  std::span<const double> z = x;
  for (const auto& layer : layers_->list) {
    const auto count = static_cast<std::size_t>(layer->parameters());
    z = layer->forward(w.first(count), z);
    w = w.subspan(count);
  }
  return z;
}

Direction newton_direction(SplitChain& chain, const LossEvaluation& loss,
                           const Regularizer& regularizer, double gamma, StepKind kind) {
  require_gamma(gamma);
  auto& layers = chain.layers().list;
  if (layers.back()->input().empty()) {
    throw std::invalid_argument("a step needs a forward pass before");
  }
  const std::int64_t outputs = chain.layers().whole.output_elements();
  if (static_cast<std::int64_t>(loss.gradient.size()) != outputs) {
    throw std::invalid_argument(
        fmt::format("the network has {} outputs, the loss {}", outputs, loss.gradient.size()));
  }
  const DenseMatrix P = loss_hessian(loss, kind);
  if (!all_finite(P.entries) || !all_finite(loss.gradient)) {
    throw NotFinite("the derivatives of the loss are not finite");
  }
  std::vector<std::optional<ReducedStage>> stages(layers.size());
  std::vector<double> z_bar = loss.gradient;
  for (std::size_t l = layers.size(); l-- > 0;) {
    stages[l].emplace(*layers[l], z_bar, regularizer, kind, l == 0);
    if (!stages[l]->is_finite()) {
      throw NotFinite(fmt::format("the quadratic model is not finite at layer {}", l + 1));
    }
    z_bar = stages[l]->input_cotangent();
  }

  // A sweep with a gamma for which there is negative curvature is bound to fail.
  const double curvature = kind == StepKind::newton
                               ? known_curvature(chain.layers(), loss, regularizer)
                               : std::numeric_limits<double>::infinity();
  std::vector<ReducedPolicy> policies(layers.size());
  double minimum = 0;
  const Feasible found = halve_gamma(gamma, most_halvings, [&](double tried) {
    if (1 / tried + curvature <= 0) return Attempt{false};
    CostToGo cost{P, loss.gradient};
    for (std::size_t l = layers.size(); l-- > 0;) {
      if (!stages[l]->bellman(tried, cost, policies[l])) return Attempt{false, l};
    }
    minimum = cost.constant;
    return Attempt{};
  });

  Direction direction{std::vector<double>(static_cast<std::size_t>(chain.parameters())),
                      found.gamma, found.halvings, -minimum};
  std::span<double> rest = direction.step;
  std::vector<double> z;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto count = static_cast<std::size_t>(layers[l]->parameters());
    z = stages[l]->rollout(policies[l], z, rest.first(count));
    rest = rest.subspan(count);
  }
  return direction;
}

}  // namespace smoothbound::steps
