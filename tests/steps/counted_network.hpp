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

#include "counted_part.hpp"
#include "smoothbound/graph/graph.hpp"

namespace smoothbound::testing {

class CountedNetwork {
 public:
  CountedNetwork(const Graph& graph, std::int64_t batch) : graph_(graph), batch_(batch) {}

  Numbers forward(const Numbers& w, const Numbers& x) {
    counts.assign(graph_.layers.size(), {});
    parts_.clear();
    values_ = {{Graph::network_input, x}};
    trained_ = {{Graph::network_input, false}};
    std::size_t offset = 0;
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
        for (std::int64_t i = 0; i < parameters; ++i) part.v.push_back(w.at(offset++));
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
      std::copy(v_bar.begin(), v_bar.end(),
                w_bar.begin() + static_cast<std::ptrdiff_t>(part->offset));
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
  using Part = CountedPart;
  using Bars = std::vector<Numbers>;

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

  static void value(const Add& /*c*/, Part& part) {
    for (const Numbers& z : part.z) {
      for (Index i = 0; i < z.size(); ++i) part.y[i] += z[i];
    }
  }
  static void pull(const Add& /*c*/, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (Index k = 0; k < z_bars.size(); ++k) {
      if (part.wanted[k]) z_bars[k] = mu;
    }
  }

  static void value(const Multiply& /*c*/, Part& part) {
    part.y = part.z[0];
    for (Index k = 1; k < part.z.size(); ++k) {
      for (Index i = 0; i < part.y.size(); ++i) part.y[i] = part.y[i] * part.z[k][i];
    }
  }
  static void pull(const Multiply& /*c*/, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (Index k = 0; k < z_bars.size(); ++k) {
      if (!part.wanted[k]) continue;
      for (Index i = 0; i < mu.size(); ++i) {
        Counted product = mu[i];
        for (Index j = 0; j < part.z.size(); ++j) {
          if (j != k) product = product * part.z[j][i];
        }
        z_bars[k][i] = product;
      }
    }
  }

  // body(input, place in it, place in the output)
  template <class Body>
  void each_joined(const Part& part, const Body& body) const {
    Index out = 0;
    for (Index n = 0; n < at(batch_); ++n) {
      for (Index k = 0; k < part.z.size(); ++k) {
        const Index size = at(part.shapes[k].elements());
        for (Index i = 0; i < size; ++i) body(k, n * size + i, out++);
      }
    }
  }
  void value(const Concat& /*c*/, Part& part) const {
    each_joined(part, [&](Index k, Index i, Index o) { part.y[o] = part.z[k][i]; });
  }
  void pull(const Concat& /*c*/, const Part& part, const Numbers& mu, Bars& z_bars,
            Numbers& /*v_bar*/) const {
    each_joined(part, [&](Index k, Index i, Index o) {
      if (part.wanted[k]) z_bars[k][i] = mu[o];
    });
  }

  static void value(const Activation& a, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      part.y[i] = {a.row->evaluate(part.z[0][i].value, a.parameter.nearest).value};
      ++Counted::evaluations;
    }
  }
  static void pull(const Activation& a, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& /*v_bar*/) {
    for (Index i = 0; i < mu.size() && part.wanted[0]; ++i) {
      const Counted slope{a.row->evaluate(part.z[0][i].value, a.parameter.nearest).first};
      z_bars[0][i] = slope * mu[i];
    }
  }

  static void value(const Prelu& prelu, Part& part) {
    for (Index i = 0; i < part.y.size(); ++i) {
      const Counted x = part.z[0][i];
      const Counted product = part.v[slope_of(prelu, part, i)] * Counted{std::min(x.value, 0.0)};
      part.y[i] = Counted{std::max(x.value, 0.0)} + product;
    }
  }
  static void pull(const Prelu& prelu, const Part& part, const Numbers& mu, Bars& z_bars,
                   Numbers& v_bar) {
    for (Index i = 0; i < mu.size(); ++i) {
      const Counted x = part.z[0][i];
      const Index a = slope_of(prelu, part, i);
      v_bar[a] += Counted{std::min(x.value, 0.0)} * mu[i];
      if (part.wanted[0]) z_bars[0][i] = (x.value > 0 ? Counted{1} : part.v[a]) * mu[i];
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

  void value(const Softmax& /*c*/, Part& part) const {
    for (const auto& group : softmax_groups(part)) {
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
  void pull(const Softmax& /*c*/, const Part& part, const Numbers& mu, Bars& z_bars,
            Numbers& /*v_bar*/) const {
    if (!part.wanted[0]) return;
    for (const auto& group : softmax_groups(part)) {
      Counted mean;
      for (const Index i : group) mean += part.y[i] * mu[i];
      for (const Index i : group) z_bars[0][i] = part.y[i] * (mu[i] - mean);
    }
  }
  [[nodiscard]] std::vector<std::vector<Index>> softmax_groups(const Part& part) const {
    return groups_by(part, [](Index n, Index, Index p) { return Key{n, p}; });
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
  template <class Norm>
  [[nodiscard]] std::vector<std::vector<Index>> groups_of(const Norm& /*norm*/,
                                                          const Part& part) const {
    return groups_by(part, [](Index n, Index, Index) { return Key{n}; });
  }
  template <class Norm>
  static bool has_feature_per_channel(const Norm& norm) {
    if constexpr (std::same_as<Norm, BatchNorm>) return BatchNorm::scopes[norm.per] == "channel";
    return std::same_as<Norm, GroupNorm>;
  }
  template <class Norm>
  static Index feature_of(const Norm& norm, const Part& part, Index i) {
    const Index place = i % at(part.output().elements());
    return has_feature_per_channel(norm) ? place / at(part.output().positions()) : place;
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
      if (norm.fixed != nullptr) {
        for (Index i = 0; i < part.y.size(); ++i) {
          const Index f = feature_of(norm, part, i);
          result.y[i] = (part.z[0][i] - Counted{norm.fixed->mean[f]}) * fixed_slope(norm, f);
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
  static Counted fixed_slope(const BatchNorm& norm, Index f) {
    return {1 / std::sqrt(norm.fixed->variance[f] + norm.epsilon.nearest)};
  }

  template <class Norm>
  void value(const Norm& norm, Part& part) const {
    part.y = normalize(norm, part).y;
    if (!norm.affine.learnable) return;
    const Index features = part.v.size() / (norm.affine.shift ? 2 : 1);
    for (Index i = 0; i < part.y.size(); ++i) {
      const Index f = feature_of(norm, part, i);
      part.y[i] = part.v[f] * part.y[i];
      if (norm.affine.shift) part.y[i] += part.v[features + f];
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
      const Index features = part.v.size() / (norm.affine.shift ? 2 : 1);
      for (Index i = 0; i < mu.size(); ++i) {
        const Index f = feature_of(norm, part, i);
        v_bar[f] += kept.y[i] * mu[i];
        if (norm.affine.shift) v_bar[features + f] += mu[i];
        if (part.wanted[0]) bar[i] = part.v[f] * mu[i];
      }
    }
    if (!part.wanted[0]) return;
    if constexpr (std::same_as<Norm, BatchNorm>) {
      if (norm.fixed != nullptr) {
        for (Index i = 0; i < mu.size(); ++i) {
          z_bars[0][i] = bar[i] * fixed_slope(norm, feature_of(norm, part, i));
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
