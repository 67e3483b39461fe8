// Networks written out as loops over numbers that count their multiplications and divisions: what
// the counts of the library are held against. Shares no code with the kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "counted_maps.hpp"
#include "counted_part.hpp"
#include "counted_response.hpp"
#include "smoothbound/graph/graph.hpp"

namespace smoothbound::testing {

class CountedNetwork : CountedMaps {
 public:
  CountedNetwork(const Graph& graph, std::int64_t batch) : graph_(graph), batch_(batch) {}

  Numbers forward(const Numbers& w, const Numbers& x) {
    counts.assign(graph_.layers.size(), {});
    parts_.clear();
    values_ = {{Graph::network_input, x}};
    trained_ = {{Graph::network_input, false}};
    std::size_t offset = 0;
    std::map<std::uint32_t, std::size_t> offsets;  // of blocks
    for (const std::uint32_t index : graph_.order) {
      const Layer& layer = graph_.layers[index];
      Counted::multiplications = Counted::evaluations = 0;
      std::vector<Numbers> inputs;
      std::vector<Shape> shapes;
      std::vector<bool> wanted;
      for (const std::uint32_t input : layer.inputs) {
        inputs.push_back(values_[input]);
        shapes.push_back(graph_.shape_of(input));
        wanted.push_back(trained_[input]);
      }
      bool trained = false;
      for (const PlacedComponent& placed : layer.components) {
        Part part{&placed, index, inputs, shapes, wanted, offset, {}, {}};
        const Site site{part.shapes, placed.output, batch_};
        const std::int64_t parameters =
            block_of(placed.component, site).value_or(OwnBlock{}).elements;
        // A block that another layer has already stands where it stood.
        part.offset = offsets.emplace(placed.block, offset).first->second;
        for (Index i = 0; i < at(parameters); ++i) part.v.push_back(w.at(part.offset + i));
        if (part.offset == offset) offset += at(parameters);
        part.y.resize(static_cast<std::size_t>(batch_ * placed.output.elements()));
        std::visit([&](const auto& c) { value(c, part); }, placed.component);
        trained = parameters > 0;
        for (const bool want : wanted) trained = trained || want;
        inputs.assign(1, part.y);
        shapes.assign(1, placed.output);
        wanted.assign(1, trained);
        parts_.push_back(std::move(part));
      }
      trained_[index] = wanted.front();
      values_[index] = inputs.front();
      counts[index].forward = Counted::multiplications;
      counts[index].evaluations = Counted::evaluations;
    }
    parameters_ = offset;
    return values_[graph_.output()];
  }

  /// The gradient of <mu, psi>: Algo 2, without what no parameter needs.
  Numbers backward(const Numbers& mu) {
    Numbers w_bar(parameters_);
    std::map<std::uint32_t, Numbers> bars{{graph_.output(), mu}};
    Numbers y_bar;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      const Layer& layer = graph_.layers[part->layer];
      if (!bars.contains(part->layer)) continue;
      if (part->placed == &layer.components.back()) y_bar = bars[part->layer];
      Counted::multiplications = 0;
      std::vector<Numbers> z_bars(part->z.size());
      for (std::size_t k = 0; k < z_bars.size(); ++k) {
        if (part->wanted[k]) z_bars[k].resize(part->z[k].size());
      }
      Numbers v_bar(part->v.size());
      std::visit([&](const auto& c) { pull(c, *part, y_bar, z_bars, v_bar); },
                 part->placed->component);
      counts[part->layer].backward += Counted::multiplications;
      for (Index i = 0; i < v_bar.size(); ++i) w_bar[part->offset + i] += v_bar[i];
      if (part->placed != &layer.components.front()) {
        y_bar = z_bars.front();
        if (y_bar.empty()) y_bar.resize(part->z.front().size());
        continue;
      }
      for (std::size_t k = 0; k < z_bars.size(); ++k) {
        if (!part->wanted[k]) continue;
        Numbers& sum = bars[layer.inputs[k]];
        sum.resize(z_bars[k].size());
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += z_bars[k][i];
      }
    }
    return w_bar;
  }

  std::vector<PassCounts> counts;  // of each layer of the graph

 private:
  using CountedMaps::pull;
  using CountedMaps::value;
  using CountedMerges::pull;
  using CountedMerges::value;

  // Dense layers and convolutions: body(input or none, weight, output), and the biases.
  template <class Tap, class Bias>
  void products(const Dense& d, const Part& part, const Tap& tap, const Bias& bias) const {
    const bool each = Dense::scopes[d.per] == "position";
    const Index positions = each ? at(part.input().positions()) : 1;
    const Index inputs = at(part.input().elements()) / positions;
    for (Index n = 0; n < at(batch_) * positions; ++n) {
      const Index sample = n / positions;
      const Index p = n % positions;
      for (Index o = 0; o < at(d.units); ++o) {
        const Index output = (sample * at(d.units) + o) * positions + p;
        for (Index i = 0; i < inputs; ++i) {
          tap(std::optional((sample * inputs + i) * positions + p), o * inputs + i, output);
        }
        if (d.bias) bias(at(d.units) * inputs + o, output);
      }
    }
  }
  template <class Tap, class Bias>
  void products(const Conv& c, const Part& part, const Tap& tap, const Bias& bias) const {
    const auto patches = patches_of(c.window, part.input());
    const Index size = patches.front().places.size();
    const Index channels = at(part.input().channels() / c.groups);
    const Index filters = at(c.filters);
    const Index weights = filters * channels * size;
    for (Index n = 0; n < at(batch_); ++n) {
      for (Index f = 0; f < filters; ++f) {
        const Index group = f / (filters / at(c.groups));
        for (Index p = 0; p < patches.size(); ++p) {
          const Index output = (n * filters + f) * patches.size() + p;
          for (Index ch = 0; ch < channels; ++ch) {
            const Index plane = n * at(part.input().channels()) + group * channels + ch;
            for (Index t = 0; t < size; ++t) {
              const auto place = patches[p].places[t];
              tap(place ? std::optional(plane * at(part.input().positions()) + *place)
                        : std::nullopt,
                  (f * channels + ch) * size + t, output);
            }
          }
          if (c.bias) bias(weights + f, output);
        }
      }
    }
  }
  template <class Affine>
  requires(std::same_as<Affine, Dense> ||
           std::same_as<Affine, Conv>) void value(const Affine& affine, Part& part) const {
    products(
        affine, part,
        [&](std::optional<Index> i, Index w, Index o) {
          part.y[o] += (i ? part.z[0][*i] : Counted{0}) * part.v[w];
        },
        [&](Index b, Index o) { part.y[o] += part.v[b]; });
  }
  template <class Affine>
  requires(std::same_as<Affine, Dense> ||
           std::same_as<Affine, Conv>) void pull(const Affine& affine, const Part& part,
                                                 const Numbers& mu, Bars& z_bars,
                                                 Numbers& v_bar) const {
    products(
        affine, part,
        [&](std::optional<Index> i, Index w, Index o) {
          v_bar[w] += (i ? part.z[0][*i] : Counted{0}) * mu[o];
          if (!part.wanted[0]) return;
          const Counted product = part.v[w] * mu[o];
          if (i) z_bars[0][*i] += product;
        },
        [&](Index b, Index o) { v_bar[b] += mu[o]; });
  }

  void value(const ConvTransposed& c, Part& part) const {
    each_product(c, part, [&](Index i, Index w, std::optional<Index> o) {
      const Counted product = part.v[w] * part.z[0][i];
      if (o) part.y[*o] += product;
    });
    each_bias(c, part, [&](Index b, Index o) { part.y[o] += part.v[b]; });
  }
  void pull(const ConvTransposed& c, const Part& part, const Numbers& mu, Bars& z_bars,
            Numbers& v_bar) const {
    each_product(c, part, [&](Index i, Index w, std::optional<Index> o) {
      const Counted bar = o ? mu[*o] : Counted{0};
      v_bar[w] += part.z[0][i] * bar;
      if (part.wanted[0]) z_bars[0][i] += part.v[w] * bar;
    });
    each_bias(c, part, [&](Index b, Index o) { v_bar[b] += mu[o]; });
  }

  static void value(const Opaque& /*c*/, Part& /*part*/) { std::abort(); }
  static void pull(const Opaque& /*c*/, const Part& /*part*/, const Numbers& /*mu*/,
                   Bars& /*z_bars*/, Numbers& /*v_bar*/) {
    std::abort();
  }

  static void value(const Activation& a, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      part.y[i] = {a.evaluate(part.z[0][i].value).value};
      ++Counted::evaluations;
    }
  }
  static void pull(const Activation& a, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (Index i = 0; i < mu.size() && part.wanted[0]; ++i) {
      const Counted slope{a.evaluate(part.z[0][i].value).first};
      z_bars[0][i] = slope * mu[i];
    }
  }

  static void value(const Prelu& prelu, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      const auto [positive, negative] = halves_of(prelu, part.z[0][i].value);
      const Counted product = part.v[slope_of(prelu, part, i)] * Counted{negative};
      part.y[i] = Counted{positive} + product;
      if (prelu.is_smooth) ++Counted::evaluations;
    }
  }
  static void pull(const Prelu& prelu, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& v_bar) {
    for (Index i = 0; i < mu.size(); ++i) {
      const double x = part.z[0][i].value;
      const Index a = slope_of(prelu, part, i);
      v_bar[a] += Counted{halves_of(prelu, x).second} * mu[i];
      if (part.wanted[0]) z_bars[0][i] = slope_of(prelu, x, part.v[a]) * mu[i];
    }
  }

  template <class Pool>
  requires(is_mean<Pool>) void value(const Pool& pool, Part& part) const {
    const auto all = readers_of(pool, part);
    for (Index o = 0; o < all.size(); ++o) {
      for (const Index i : all[o].inputs) part.y[o] += Counted{1 / all[o].divisor} * part.z[0][i];
    }
  }
  template <class Pool>
  requires(is_mean<Pool>) void pull(const Pool& pool, const Part& part, const Numbers& mu,
                                    Bars& z_bars, Numbers& /*v_bar*/) const {
    const auto all = readers_of(pool, part);
    for (Index o = 0; o < all.size() && part.wanted[0]; ++o) {
      for (const Index i : all[o].inputs) z_bars[0][i] += Counted{1 / all[o].divisor} * mu[o];
    }
  }
  template <class Pool>
  requires(is_maximum<Pool>) void value(const Pool& pool, Part& part) const {
    each_largest(pool, part, [&](Index i, Index o) { part.y[o] = part.z[0][i]; });
  }
  template <class Pool>
  requires(is_maximum<Pool>) void pull(const Pool& pool, const Part& part, const Numbers& mu,
                                       Bars& z_bars, Numbers& /*v_bar*/) const {
    if (!part.wanted[0]) return;
    each_largest(pool, part, [&](Index i, Index o) { z_bars[0][i] += mu[o]; });
  }
  // Scalars that belong together: body is called with their places.
  template <class Key>
  std::vector<std::vector<Index>> groups_by(const Part& part, const Key& key) const {
    std::map<std::vector<Index>, std::vector<Index>> groups;
    const Index positions = at(part.output().positions());
    for (Index i = 0; i < part.y.size(); ++i) {
      const Index channel = i / positions % at(part.output().channels());
      groups[key(i / at(part.output().elements()), channel, i % positions)].push_back(i);
    }
    std::vector<std::vector<Index>> result;
    for (auto& [name, group] : groups) result.push_back(std::move(group));
    return result;
  }
  using Key = std::vector<Index>;

  void value(const Softmax& c, Part& part) const {
    for (const auto& group : softmax_groups(c, part)) {
      double largest = part.z[0][group[0]].value;
      for (const Index i : group) largest = std::max(largest, part.z[0][i].value);
      Counted sum;
      for (const Index i : group) {
        part.y[i] = {std::exp(part.z[0][i].value - largest)};
        ++Counted::evaluations;
        sum += part.y[i];
      }
      for (const Index i : group) part.y[i] = part.y[i] / sum;
    }
  }
  void pull(const Softmax& c, const Part& part, const Numbers& mu, Bars& z_bars,
            Numbers& /*v_bar*/) const {
    if (!part.wanted[0]) return;
    for (const auto& group : softmax_groups(c, part)) {
      Counted mean;
      for (const Index i : group) mean += part.y[i] * mu[i];
      for (const Index i : group) z_bars[0][i] = part.y[i] * (mu[i] - mean);
    }
  }
  // All indices but that along the axis.
  [[nodiscard]] static std::vector<std::vector<Index>> softmax_groups(const Softmax& c,
                                                                      const Part& part) {
    const auto sizes = part.output().sizes();
    const Index axis = at(*find_axis(c.axis, part.output().rank()));
    Index behind = 1;
    for (Index a = axis + 1; a < sizes.size(); ++a) behind *= at(sizes[a]);
    std::map<Key, std::vector<Index>> groups;
    for (Index i = 0; i < part.y.size(); ++i) {
      groups[{i / behind / at(sizes[axis]), i % behind}].push_back(i);
    }
    std::vector<std::vector<Index>> result;
    for (auto& [name, group] : groups) result.push_back(std::move(group));
    return result;
  }

  [[nodiscard]] std::vector<std::vector<Index>> groups_of(const BatchNorm& norm,
                                                          const Part& part) const {
    const bool element = BatchNorm::scopes[norm.per] == "element";
    return groups_by(part, [&](Index, Index c, Index p) { return element ? Key{c, p} : Key{c}; });
  }
  [[nodiscard]] std::vector<std::vector<Index>> groups_of(const GroupNorm& norm,
                                                          const Part& part) const {
    const Index size = at(part.output().channels() / norm.groups);
    return groups_by(part, [&](Index n, Index c, Index) { return Key{n, c / size}; });
  }
  [[nodiscard]] std::vector<std::vector<Index>> groups_of(const InstanceNorm& /*norm*/,
                                                          const Part& part) const {
    return groups_by(part, [](Index n, Index c, Index) { return Key{n, c}; });
  }
  template <class Norm>
  [[nodiscard]] std::vector<std::vector<Index>> groups_of(const Norm& norm,
                                                          const Part& part) const {
    const bool position = Norm::scopes[norm.per] == "position";
    return groups_by(part, [&](Index n, Index, Index p) { return position ? Key{n, p} : Key{n}; });
  }
  template <class Norm>
  static bool has_feature_per_channel(const Norm& norm) {
    if constexpr (requires { norm.per; }) {
      return Norm::scopes[norm.per] == "channel" || Norm::scopes[norm.per] == "position";
    }
    return true;
  }
  template <class Norm>
  static Index feature_of(const Norm& norm, const Part& part, Index i) {
    const Index place = i % at(part.output().elements());
    return has_feature_per_channel(norm) ? place / at(part.output().positions()) : place;
  }

  // Where the shift begins among the parameters, behind the scale if there is one.
  static Index first_shift(const Affine& affine, const Part& part) {
    return affine.scale ? part.v.size() / (affine.shift ? 2 : 1) : 0;
  }

  // The channels of each position.
  [[nodiscard]] std::vector<std::vector<Index>> channel_groups(const Part& part) const {
    return groups_by(part, [](Index n, Index, Index p) { return Key{n, p}; });
  }
  void value(const LocalResponseNorm& norm, Part& part) const {
    part.y = CountedResponse(norm, part.z[0], channel_groups(part)).value();
  }
  void pull(const LocalResponseNorm& norm, const Part& part, const Numbers& mu, Bars& z_bars,
            Numbers& /*v_bar*/) const {
    if (!part.wanted[0]) return;
    const std::int64_t before = Counted::multiplications;
    const CountedResponse kept(norm, part.z[0], channel_groups(part));
    Counted::multiplications = before;
    z_bars[0] = kept.pull(part.y, mu);
  }

  // The normalized input; backward it is computed anew, out of what a forward pass keeps.
  struct Normalized {
    Numbers y;
    std::map<Index, Counted> root;  // by the first place of a group
  };
  template <class Norm>
  Normalized normalize(const Norm& norm, const Part& part) const {
    Normalized result{Numbers(part.y.size()), {}};
    if constexpr (std::same_as<Norm, BatchNorm>) {
      if (norm.has_fixed()) {
        const FixedStatistics fixed = norm.fixed_statistics(part.output());
        for (Index i = 0; i < part.y.size(); ++i) {
          const Index f = feature_of(norm, part, i);
          result.y[i] = (part.z[0][i] - Counted{fixed.mean[f]}) *
                        fixed_slope(fixed.variance[f], norm.epsilon.nearest);
        }
        return result;
      }
    }
    for (const auto& group : groups_of(norm, part)) {
      const Counted n{static_cast<double>(group.size())};
      Counted mean;
      if constexpr (!std::same_as<Norm, RmsNorm>) {
        for (const Index i : group) mean += part.z[0][i];
        mean = mean / n;
      }
      Counted square;
      for (const Index i : group) {
        result.y[i] = part.z[0][i] - mean;
        square += result.y[i] * result.y[i];
      }
      const Counted root{std::sqrt((square / n).value + norm.epsilon.nearest)};
      for (const Index i : group) result.y[i] = result.y[i] / root;
      result.root[group.front()] = root;
    }
    return result;
  }
  static Counted fixed_slope(double variance, double epsilon) {
    return {1 / std::sqrt(variance + epsilon)};
  }

  template <class Norm>
  void value(const Norm& norm, Part& part) const {
    part.y = normalize(norm, part).y;
    if (!norm.affine.learnable) return;
    const Index shift = first_shift(norm.affine, part);
    for (Index i = 0; i < part.y.size(); ++i) {
      const Index f = feature_of(norm, part, i);
      if (norm.affine.scale) part.y[i] = part.v[f] * part.y[i];
      if (norm.affine.shift) part.y[i] += part.v[shift + f];
    }
  }
  template <class Norm>
  void pull(const Norm& norm, const Part& part, const Numbers& mu, Bars& z_bars,
            Numbers& v_bar) const {
    const std::int64_t before = Counted::multiplications;
    const Normalized kept = normalize(norm, part);
    Counted::multiplications = before;
    Numbers bar = mu;
    if (norm.affine.learnable) {
      const Index shift = first_shift(norm.affine, part);
      for (Index i = 0; i < mu.size(); ++i) {
        const Index f = feature_of(norm, part, i);
        if (norm.affine.shift) v_bar[shift + f] += mu[i];
        if (!norm.affine.scale) continue;
        v_bar[f] += kept.y[i] * mu[i];
        if (part.wanted[0]) bar[i] = part.v[f] * mu[i];
      }
    }
    if (!part.wanted[0]) return;
    if constexpr (std::same_as<Norm, BatchNorm>) {
      if (norm.has_fixed()) {
        const FixedStatistics fixed = norm.fixed_statistics(part.output());
        for (Index i = 0; i < mu.size(); ++i) {
          z_bars[0][i] =
              bar[i] * fixed_slope(fixed.variance[feature_of(norm, part, i)], norm.epsilon.nearest);
        }
        return;
      }
    }
    for (const auto& group : groups_of(norm, part)) {
      const Counted n{static_cast<double>(group.size())};
      const Counted root = kept.root.at(group.front());
      Counted mean;
      if constexpr (!std::same_as<Norm, RmsNorm>) {
        for (const Index i : group) mean += bar[i];
        mean = mean / n;
      }
      Counted moment;
      for (const Index i : group) moment += kept.y[i] * (bar[i] - mean);
      moment = moment / n;
      for (const Index i : group) z_bars[0][i] = (bar[i] - mean - kept.y[i] * moment) / root;
    }
  }

  const Graph& graph_;
  std::int64_t batch_;
  std::vector<Part> parts_;
  std::map<std::uint32_t, Numbers> values_;
  std::map<std::uint32_t, bool> trained_;
  std::size_t parameters_ = 0;
};

}  // namespace smoothbound::testing
