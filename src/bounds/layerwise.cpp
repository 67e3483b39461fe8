#include "smoothbound/bounds/layerwise.hpp"

#include <algorithm>
#include <stdexcept>

#include "loss_at_levels.hpp"
#include "places.hpp"

namespace smoothbound {
namespace {

// Which blocks have a step size together, and what the rules call them.
struct Grouping {
  std::vector<StepGroup> groups;
  std::vector<rules::Label> labels;  // of the groups
  std::vector<rules::Label> joined;  // by block
};

Grouping group_blocks(const Graph& graph) {
  const auto is_single = [](const Block& block) { return block.group == 0; };
  const auto singles =
      static_cast<std::size_t>(std::count_if(graph.blocks.begin(), graph.blocks.end(), is_single));
  const std::size_t runs = std::min(singles, LayerwiseBounds::most_groups);
  Grouping result;
  std::size_t passed = 0;  // singles
  for (std::uint32_t b = 0; b < graph.blocks.size(); ++b) {
    rules::Label label = graph.blocks[b].group;
    if (is_single(graph.blocks[b])) {
      label = Graph::most_shared_groups + 1 + static_cast<rules::Label>(passed * runs / singles);
      ++passed;
    }
    result.joined.push_back(label);
    const auto found = std::find(result.labels.begin(), result.labels.end(), label);
    const auto group = static_cast<std::size_t>(found - result.labels.begin());
    if (found == result.labels.end()) {
      result.labels.push_back(label);
      result.groups.emplace_back();
    }
    result.groups[group].blocks.push_back(b);
  }
  return result;
}

// What is known of all blocks together holds for each, and for each pair.
void lower_to(rules::Value& value, const rules::Value& together) {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!value.level_set().has(level)) continue;
    const auto lower = [level](PerLevel<Magnitude>& numbers, const Magnitude& bound) {
      numbers[level] = std::min(numbers[level], bound);
    };
    lower(value.m, together.m[level]);
    lower(value.T, together.smoothness(level));
    lower(value.S, together.lipschitz(level));
  }
  for (std::size_t c = 0; c < value.cells().size(); ++c) lower_to(value.cell(c), together);
  value.lower_to_form();
}

// The network's value. A layer's is kept until the last layer that reads it has been evaluated:
// each has a number for every pair of groups.
rules::Value evaluate_by_groups(const Graph& graph, const Inputs& inputs,
                                const BoundTable& together, const PlaceAffine& place,
                                std::span<const rules::Label> joined) {
  BoundTable table = empty_table(graph, inputs, together.method);
  table.values.resize(graph.layers.size());
  std::vector<std::size_t> readings(graph.layers.size());
  for (const Layer& layer : graph.layers) {
    for (const std::uint32_t input : layer.inputs) {
      if (input != Graph::network_input) ++readings[input];
    }
  }
  const LayerEvaluator evaluator(graph, inputs, table, place, joined);
  for (const std::uint32_t index : graph.order) {
    const Layer& layer = graph.layers[index];
    rules::Value value = evaluator.evaluate(layer, nullptr);
    lower_to(value, together.value(index));
    for (const std::uint32_t input : layer.inputs) {
      if (input != Graph::network_input && --readings[input] == 0) table.values[input] = {};
    }
    table.values[index] = rules::PackedValue(std::move(value));
  }
  return table.value(graph.output());
}

// F = f o psi + r, pair by pair: the rules of section 5 with d and d' in two groups.
LayerwiseBounds compose_by_groups(const Graph& graph, const ResolvedSettings& settings,
                                  Inputs inputs, const BoundTable& together,
                                  const ObjectiveBounds& objective, const PlaceAffine& place,
                                  const GradientsAtPoint& at_point) {
  if (together.method == Method::paper) {
    throw std::invalid_argument("the rules of the paper do not tell blocks from each other");
  }
  Grouping grouping = group_blocks(graph);
  // The gradients of blocks beside those of groups would be the same once more, and cells have a
  // number for each pair each.
  inputs.refinements.cauchy = false;
  if (grouping.groups.size() > rules::most_groups_with_form) inputs.refinements.maps = false;
  std::vector<Magnitude> norms(graph.blocks.size());
  const PlaceAffine noted = [&](std::uint32_t block, const AffineConstants& b) {
    AffinePart part = place(block, b);
    norms[block] = part.parameter_norm;
    return part;
  };
  rules::Value psi = evaluate_by_groups(graph, inputs, together, noted, grouping.joined);
  const std::vector<LossAtLevel> loss =
      loss_at_levels(graph, settings, together.value(graph.output()), inputs.refinements, at_point);
  LayerwiseBounds result{std::move(grouping.groups), {}, {}};
  const std::size_t count = result.groups.size();
  const Magnitude lambda = settings.regularizer.upper;
  std::vector<std::size_t> place_of(count);
  for (std::size_t i = 0; i < count; ++i) place_of[i] = psi.find_or_add(grouping.labels[i]);
  std::vector<Magnitude> of_terms(count, Magnitude::infinity());  // the least l_iA / sqrt(N_A)
  for (std::size_t i = 0; i < count; ++i) {
    StepGroup& group = result.groups[i];
    for (const std::uint32_t block : group.blocks)
      group.norm = hypotenuse(group.norm, norms[block]);
    group.lipschitz = Magnitude::infinity();
    for (const LossAtLevel& f : loss) {
      const Magnitude& l = psi.l(place_of[i])[f.level];
      of_terms[i] = std::min(of_terms[i], l / f.root_terms);
      group.lipschitz = std::min(group.lipschitz, f.slope * l);
    }
    group.lipschitz = std::min(group.lipschitz + lambda * group.norm, objective.lipschitz);
  }
  bool is_finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    is_finite = is_finite && result.groups[i].lipschitz.is_finite();
    for (std::size_t j = 0; j < count; ++j) {
      Magnitude first = Magnitude::infinity();
      for (const LossAtLevel& f : loss) {
        first = std::min(first, f.slope * psi.H(place_of[i], place_of[j])[f.level]);
      }
      Magnitude h = first + loss.back().curvature * (of_terms[i] * of_terms[j]);
      if (i == j) h += lambda;
      result.smoothness.push_back(std::min(h, objective.smoothness));
      is_finite = is_finite && result.smoothness.back().is_finite();
    }
  }
  if (!is_finite) result.infinite_reason = objective.infinite_reason;
  return result;
}

// The best of some passes of x <- min{farthest, g_i x_i / (H x)_i}.
std::vector<Magnitude> improve(const LayerwiseBounds& bounds, std::span<const Magnitude> g,
                               const Magnitude& farthest, std::vector<Magnitude> x) {
  constexpr int passes = 40;
  std::vector<Magnitude> best;
  LowerBound most;
  for (int pass = 0; pass < passes; ++pass) {
    std::vector<Magnitude> D = majorizer(bounds, x);
    for (std::size_t i = 0; i < g.size(); ++i) D[i] = std::max(D[i], g[i] / farthest.turned());
    for (std::size_t i = 0; i < g.size(); ++i) x[i] = g[i] / D[i].turned();
    const LowerBound reached = certified_square(g, D);
    if (best.empty() || reached > most) best = std::move(D);
    most = std::max(most, reached);
  }
  return best;
}

}  // namespace

std::int64_t parameters_of(const Graph& graph, std::span<const std::uint32_t> blocks) {
  std::int64_t sum = 0;
  for (const std::uint32_t block : blocks) sum += graph.blocks[block].elements;
  return sum;
}

LayerwiseBounds bound_layerwise(const Graph& graph, const ResolvedSettings& settings,
                                const BoundTable& table, const ObjectiveBounds& objective,
                                const Refinements& refine) {
  Inputs inputs = inputs_of(settings);
  inputs.refinements = refine;
  return compose_by_groups(graph, settings, inputs, table, objective, place_in_balls(graph, inputs),
                           {});
}

LayerwiseBounds bound_layerwise_around(const Graph& graph, const ResolvedSettings& settings,
                                       const PointBounds& point, const Magnitude& radius,
                                       const BoundTable& table, const ObjectiveBounds& objective) {
  return compose_by_groups(graph, settings, inputs_of(settings), table, objective,
                           place_around(point, radius, table.method),
                           gradients_at(point, radius, table.method));
}

std::vector<Magnitude> majorizer(const LayerwiseBounds& bounds, std::span<const Magnitude> x) {
  const std::size_t count = bounds.groups.size();
  std::vector<Magnitude> D(count);
  for (std::size_t i = 0; i < count; ++i) {
    Magnitude others;  // in the row of i, and x their weights
    bool has_others = false;
    for (std::size_t j = 0; j < count; ++j) {
      if (j == i) continue;
      others += bounds.H(i, j) * x[j];
      has_others = has_others || !bounds.H(i, j).is_zero();
    }
    if (!x[i].is_zero()) {
      D[i] = bounds.H(i, i) + others / x[i].turned();
    } else {
      D[i] = has_others ? Magnitude::infinity() : bounds.H(i, i);
    }
  }
  return D;
}

bool may_move(const LayerwiseBounds& bounds, std::size_t group) {
  return bounds.H(group, group).is_finite() && !bounds.groups[group].norm.is_zero();
}

std::vector<Magnitude> usual_majorizer(const LayerwiseBounds& bounds) {
  const std::size_t count = bounds.groups.size();
  std::vector<Magnitude> x(count, Magnitude::from_count(1));
  for (std::size_t i = 0; i < count; ++i) {
    if (!may_move(bounds, i)) x[i] = {};
  }
  // x_j <- 1 / sum_i H_ij / (H x)_i, which never raises the product of all D_i.
  constexpr int passes = 20;
  for (int pass = 0; pass < passes; ++pass) {
    const std::vector<Magnitude> D = majorizer(bounds, x);
    std::vector<Magnitude> next = x;
    for (std::size_t j = 0; j < count; ++j) {
      Magnitude sum;
      for (std::size_t i = 0; i < count; ++i) {
        if (!x[i].is_zero()) sum += bounds.H(i, j) / (D[i] * x[i]).turned();
      }
      if (!x[j].is_zero() && !sum.is_zero()) next[j] = Magnitude::from_count(1) / sum.turned();
    }
    x = std::move(next);
  }
  return majorizer(bounds, x);
}

std::vector<Magnitude> best_majorizer(const LayerwiseBounds& bounds, std::span<const Magnitude> g,
                                      const Magnitude& farthest) {
  // From the gradient itself, and from the one group that reaches most by itself, or almost.
  std::vector<Magnitude> all(g.begin(), g.end());
  std::vector<Magnitude> alone(g.begin(), g.end());
  std::size_t best = 0;
  LowerBound most;
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (!may_move(bounds, i)) {
      all[i] = alone[i] = {};
      continue;
    }
    const LowerBound reached = g[i].turned() * g[i].turned() / bounds.H(i, i);
    if (reached > most) best = i;
    most = std::max(most, reached);
  }
  constexpr int nothing = -40;
  std::vector<Magnitude> single(g.size());
  if (!g.empty()) single[best] = alone[best];
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (i != best) alone[i] = scale(alone[i], nothing);
  }
  std::vector<Magnitude> D = improve(bounds, g, farthest, std::move(all));
  for (std::vector<Magnitude>* const x : {&alone, &single}) {
    std::vector<Magnitude> other = improve(bounds, g, farthest, std::move(*x));
    if (certified_square(g, other) > certified_square(g, D)) D = std::move(other);
  }
  return D;
}

LowerBound certified_square(std::span<const Magnitude> g, std::span<const Magnitude> D) {
  LowerBound sum;
  for (std::size_t i = 0; i < g.size(); ++i) {
    // Where g_i is 0 nothing moves.
    if (!g[i].is_zero()) sum += g[i].turned() * g[i].turned() / D[i];
  }
  return sum;
}

}  // namespace smoothbound
