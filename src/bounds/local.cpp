#include "smoothbound/bounds/local.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "places.hpp"

namespace smoothbound {
namespace {

// b^(d, z) = b(v* + d, z) = beta(d, z) + beta^v(d) + [beta(v*, z) + beta^z(z)] + [beta^0 +
// beta^v(v*)]
AffineConstants around(AffineConstants b, const BlockAtPoint& v, Method method) {
  const Magnitude& lv = b.linear_parameters.value;
  const Magnitude by_norm = b.bilinear.value * v.norm;
  if (b.of_sample) {
    Repeated& offset = b.of_sample->offset;
    const Repeated of_bias = std::min(v.bias, v.norm) * b.of_sample->linear_parameters;
    offset = {offset.sample + of_bias.sample, offset.position + of_bias.position};
    // Of the operator's norm nothing is known at levels with positions.
    Magnitude& with_point =
        b.acts_on_different_entries ? b.of_sample->at_point : b.of_sample->linear_input;
    if (!b.bilinear.value.is_zero()) with_point += v.norm;
  }
  for (std::optional<AffineAtLevel>* const at : {&b.at_maximum, &b.at_rows}) {
    if (!*at) continue;
    // Of the operator's norm nothing is known at these levels.
    AffineAtLevel& stated = **at;
    Magnitude& with_point = b.acts_on_different_entries ? stated.at_point : stated.linear_input;
    with_point += stated.bilinear * v.norm;
    stated.offset += stated.linear_parameters * std::min(v.bias, v.norm);
  }
  const bool is_paper = method == Method::paper;
  if (b.acts_on_different_entries) {
    // beta(v*, .) acts where beta(d, .) does, and not where beta^z does.
    b.at_point = std::min(v.linear_input, by_norm);
  } else if (is_paper) {
    b.linear_input = {b.linear_input.value + by_norm, "l_beta_z + L_beta ||v*||", "Cor 4.5"};
  } else {
    b.linear_input = {b.linear_input.value + std::min(v.linear_input, by_norm),
                      "l_beta_z + ||beta(v*, .)||", "Cor 4.5 with the operator norm"};
  }
  b.offset = is_paper
                 ? Constant{b.offset.value + lv * v.norm, "||beta_0|| + l_beta_v ||v*||", "Cor 4.5"}
                 : Constant{b.offset.value + lv * std::min(v.bias, v.norm),
                            "||beta_0|| + l_beta_v ||bias of v*||", "Cor 4.5 with the bias alone"};
  return b;
}

// ||w - w*|| on C' as far as it concerns that many blocks.
Magnitude distance_of(std::size_t blocks, const Magnitude& radius) {
  return square_root(Magnitude::from_count(static_cast<std::int64_t>(blocks))) * radius;
}

}  // namespace

PlaceAffine place_around(const PointBounds& point, const Magnitude& radius, Method method) {
  return [&point, &radius, method](std::uint32_t block, const AffineConstants& b) {
    const BlockAtPoint& v = point.blocks[block];
    return AffinePart{around(b, v, method), radius, v.norm + radius};
  };
}

BoundTable evaluate_bounds_around(const Graph& graph, const Inputs& inputs,
                                  const PointBounds& point, const Magnitude& radius,
                                  Method method) {
  const std::vector<Magnitude>& norms = point.batch.layer_norms;
  const std::vector<Magnitude>& of_samples = point.sample.layer_norms;
  if (!norms.empty() && norms.size() != graph.layers.size()) {
    throw std::invalid_argument(
        fmt::format("{} layer norms for {} layers", norms.size(), graph.layers.size()));
  }
  if (point.blocks.size() != graph.blocks.size()) {
    throw std::invalid_argument(fmt::format("the point has {} parameter blocks, the network {}",
                                            point.blocks.size(), graph.blocks.size()));
  }
  std::size_t passed = 0;  // blocks
  const PlaceAffine at_point = place_around(point, radius, method);
  const PlaceAffine place = [&](std::uint32_t block, const AffineConstants& b) {
    passed = std::max<std::size_t>(passed, block + 1);
    return at_point(block, b);
  };
  // Around a point no block is near 0, and values without it are not small.
  Inputs around_point = inputs;
  around_point.refinements.cauchy = false;
  BoundTable table = empty_table(graph, around_point, method);
  const auto lower = [&](std::uint32_t layer, rules::Value& value) {
    if (method == Method::paper || norms.empty()) return;
    // z_l depends on blocks that have been passed, and is l_l-Lipschitz in them on C', a convex
    // set.
    const Magnitude distance = distance_of(passed, radius);
    const auto lower_to = [&](std::size_t level, const Magnitude& norm) {
      value.m[level] = std::min(value.m[level], norm + value.lipschitz(level) * distance);
    };
    lower_to(euclidean, norms[layer]);
    if (table.level_set.has(per_sample) && !of_samples.empty()) {
      lower_to(per_sample, of_samples[layer]);
    }
    value.relax(extents_of(graph.shape_of(layer), inputs.batch));
  };
  fill_table(graph, around_point, place, lower, table);
  return table;
}

rules::Trace trace_layer_around(const Graph& graph, const Inputs& inputs, const PointBounds& point,
                                const Magnitude& radius, const BoundTable& table,
                                std::uint32_t layer) {
  Inputs around_point = inputs;
  around_point.refinements.cauchy = false;
  rules::Trace trace;
  LayerEvaluator(graph, around_point, table, place_around(point, radius, table.method))
      .evaluate(graph.layers[layer], &trace);
  for (rules::TraceLine& line : trace.lines) {
    line.source = with_remedy(line.source, line.remedy, inputs.words);
  }
  if (table.method == Method::sharp && !point.batch.layer_norms.empty()) {
    trace.lines.push_back({"m", "min {m, ||z(w*)|| + l ||w - w*||}", table.layers[layer].m,
                           "the layer's values at w* are known"});
  }
  return trace;
}

ObjectiveBounds bound_objective_by_sample(const Graph& graph, const ResolvedSettings& settings,
                                          const PointBounds& point, const Magnitude& radius,
                                          std::span<const ValuesAtPoint> samples,
                                          std::span<const Magnitude> norms) {
  if (samples.empty() || samples.size() != norms.size() ||
      static_cast<std::int64_t>(samples.size()) != settings.batch || settings.loss == nullptr ||
      !settings.loss->is_mean() || graph.couples_samples) {
    throw std::invalid_argument("the objective is no mean over these samples");
  }
  ResolvedSettings of_one = settings;
  of_one.batch = 1;
  PointBounds at = point;
  ObjectiveBounds mean;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    of_one.input_norm = of_one.sample_norm = {norms[i], LowerBound(), norms[i].to_double()};
    at.batch = at.sample = samples[i];
    const BoundTable table =
        evaluate_bounds_around(graph, inputs_of(of_one), at, radius, Method::sharp);
    const ObjectiveBounds one = bound_objective_around(graph, of_one, at, radius, table);
    mean.lipschitz += one.lipschitz;
    mean.smoothness += one.smoothness;
    if (mean.infinite_reason.empty()) mean.infinite_reason = one.infinite_reason;
  }
  const LowerBound n = LowerBound::from_count(settings.batch);
  mean.lipschitz = mean.lipschitz / n;
  mean.smoothness = mean.smoothness / n;
  mean.route = Route::sample;
  return mean;
}

}  // namespace smoothbound
