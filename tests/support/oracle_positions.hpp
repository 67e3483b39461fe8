// The positions of a value, what a part reads at which of them, and which have equal numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "ball.hpp"
#include "plain_network.hpp"

namespace smoothbound::support::oracle {

/// Positions of one kind have the same numbers.
struct Positions {
  std::vector<std::size_t> kinds;    // of each position
  std::vector<std::int64_t> counts;  // positions of each kind
  std::vector<std::size_t> classes;  // the same where what is read is alike, from the input on

  [[nodiscard]] std::size_t size() const { return counts.size(); }
  [[nodiscard]] bool differ() const {
    return std::any_of(classes.begin(), classes.end(),
                       [&](std::size_t c) { return c != classes.front(); });
  }
};
using SharedPositions = std::shared_ptr<const Positions>;

/// All of one kind.
inline SharedPositions alike(std::int64_t count) {
  const std::vector<std::size_t> same(static_cast<std::size_t>(count));
  return std::make_shared<const Positions>(Positions{same, {count}, same});
}

/// Of one kind where `signatures` are equal. Few positions are kinds of their own in any case: that
/// equal signatures have equal numbers is to be found, then, and not supposed. `classes`:
/// signatures by classes; `first`: a position of each kind.
template <class Signature>
SharedPositions told_apart(const std::vector<Signature>& signatures,
                           const std::vector<Signature>& classes, std::vector<std::size_t>& first) {
  static constexpr std::size_t few = 50;
  Positions positions;
  std::map<std::pair<Signature, std::size_t>, std::size_t> known;
  for (std::size_t p = 0; p < signatures.size(); ++p) {
    const auto [found, is_new] =
        known.try_emplace({signatures[p], signatures.size() > few ? 0 : p}, known.size());
    if (is_new) {
      first.push_back(p);
      positions.counts.push_back(0);
    }
    positions.kinds.push_back(found->second);
    ++positions.counts[found->second];
  }
  std::map<Signature, std::size_t> known_classes;
  for (const Signature& signature : classes) {
    positions.classes.push_back(
        known_classes.try_emplace(signature, known_classes.size()).first->second);
  }
  return std::make_shared<const Positions>(positions);
}

/// Positions that several values have in common: those are alike that are so in all of them.
inline SharedPositions common(const std::vector<SharedPositions>& all,
                              std::vector<std::size_t>& first) {
  std::vector<std::vector<std::size_t>> signatures(all.front()->kinds.size());
  std::vector<std::vector<std::size_t>> classes(signatures.size());
  for (const SharedPositions& positions : all) {
    for (std::size_t p = 0; p < signatures.size(); ++p) {
      signatures[p].push_back(positions->kinds.at(p));
      classes[p].push_back(positions->classes.at(p));
    }
  }
  return told_apart(signatures, classes, first);
}

/// What each position of an output reads: positions of the input, as often as they stand there, for
/// means with what divides their sum.
struct Gathering {
  std::vector<std::vector<std::size_t>> reads;
  std::vector<std::int64_t> divisors;  // none: the root of the sum of squares

  [[nodiscard]] bool is_mean() const { return !divisors.empty(); }
};
using SharedGathering = std::shared_ptr<const Gathering>;

/// What each output reads along one axis of `input` positions.
struct AxisReads {
  std::int64_t input = 1;
  std::vector<std::vector<std::int64_t>> reads;
  std::vector<std::int64_t> divisors;  // none: a sum is not divided
};

/// The product of axes.
inline SharedGathering product_of_axes(const std::vector<AxisReads>& axes) {
  Gathering all{{{0}}, {}};
  for (const AxisReads& axis : axes) {
    Gathering next;
    for (std::size_t p = 0; p < all.reads.size(); ++p) {
      for (std::size_t o = 0; o < axis.reads.size(); ++o) {
        std::vector<std::size_t>& reads = next.reads.emplace_back();
        for (const std::size_t before : all.reads[p]) {
          for (const std::int64_t i : axis.reads[o]) {
            reads.push_back(before * static_cast<std::size_t>(axis.input) +
                            static_cast<std::size_t>(i));
          }
        }
        if (axis.divisors.empty()) continue;
        next.divisors.push_back((all.divisors.empty() ? 1 : all.divisors[p]) * axis.divisors[o]);
      }
    }
    all = std::move(next);
  }
  return std::make_shared<const Gathering>(std::move(all));
}

/// Which positions of the input an output reads.
struct Passage {
  enum class Kind : std::uint8_t {
    all,       // any: what is known of all of them is known of each output
    same,      // its own
    gathered,  // those of a `Gathering`
  };
  Kind kind = Kind::all;
  SharedGathering gathering;

  static Passage same() { return {Kind::same, nullptr}; }
  static Passage of(SharedGathering gathering) { return {Kind::gathered, std::move(gathering)}; }
};

/// A passage from positions of certain kinds.
struct Route {
  Passage::Kind kind = Passage::Kind::all;
  SharedPositions output;
  std::vector<std::map<std::size_t, std::int64_t>> taps;  // by kinds: how many of which are read
  std::vector<std::int64_t> divisors;
};

/// `maps`: whether positions are told apart.
inline Route route_of(const Passage& passage, const SharedPositions& input, std::int64_t positions,
                      bool maps) {
  Route route;
  const bool is_same = passage.kind == Passage::Kind::same &&
                       static_cast<std::int64_t>(input->kinds.size()) == positions;
  if (!maps || (passage.kind != Passage::Kind::gathered && !is_same)) {
    route.output = alike(positions);
    return route;
  }
  route.kind = passage.kind;
  if (is_same) {
    route.output = input;
    return route;
  }
  const Gathering& gathering = *passage.gathering;
  using Taps = std::map<std::size_t, std::int64_t>;
  const auto signatures_by = [&](const std::vector<std::size_t>& of_inputs) {
    std::vector<std::pair<Taps, std::int64_t>> all;
    for (std::size_t p = 0; p < gathering.reads.size(); ++p) {
      auto& [taps, divisor] = all.emplace_back();
      for (const std::size_t i : gathering.reads[p]) ++taps[of_inputs.at(i)];
      divisor = gathering.is_mean() ? gathering.divisors[p] : 0;
    }
    return all;
  };
  const auto signatures = signatures_by(input->kinds);
  std::vector<std::size_t> first;
  route.output = told_apart(signatures, signatures_by(input->classes), first);
  for (const std::size_t p : first) {
    route.taps.push_back(signatures[p].first);
    if (gathering.is_mean()) route.divisors.push_back(signatures[p].second);
  }
  return route;
}

/// Means of all positions, or the root of all squares.
inline Passage over_all(std::int64_t positions, bool is_mean) {
  AxisReads axis{positions, {{}}, {}};
  for (std::int64_t i = 0; i < positions; ++i) axis.reads.front().push_back(i);
  if (is_mean) axis.divisors = {positions};
  return Passage::of(product_of_axes({axis}));
}

/// What `reads_of` tells of each axis.
inline Passage along_positions(const Sizes& input,
                               const std::function<AxisReads(std::size_t axis)>& reads_of) {
  std::vector<AxisReads> axes;
  for (std::size_t axis = 0; axis + 1 < input.size(); ++axis) {
    axes.push_back(reads_of(axis));
    axes.back().input = input[axis + 1];
  }
  return Passage::of(product_of_axes(axes));
}

/// The largest sum over the outputs that read an input of R/D^2, R inputs of an output and its
/// divisor D: means are no longer than its root times what they read.
inline Ball largest_weight(const Gathering& means, std::int64_t inputs) {
  std::vector<Ball> weights(static_cast<std::size_t>(inputs));
  Ball largest;
  for (std::size_t o = 0; o < means.reads.size(); ++o) {
    const Ball weight = Ball(std::ssize(means.reads[o])) / square(Ball(means.divisors[o]));
    for (const std::size_t i : means.reads[o]) weights[i] = weights[i] + weight;
  }
  for (const Ball& weight : weights) largest = larger(largest, weight);
  return largest;
}

/// Windows of a convolution or a pooling.
inline Passage windows(const PlainPart& part, const Sizes& input, bool is_mean) {
  return along_positions(input, [&](std::size_t axis) {
    const PlainAxis window =
        plain_axis(part.window, is_pooling(part), axis, input[axis + 1]).value();
    AxisReads reads;
    for (std::int64_t o = 0; o < window.output; ++o) {
      reads.reads.emplace_back();
      for (std::int64_t t = 0; t < window.kernel; ++t) {
        const std::int64_t i = o * window.stride + t * window.dilation - window.pad;
        if (i >= 0 && i < window.input) reads.reads.back().push_back(i);
      }
      if (!is_mean) continue;
      // Zeros around the input count, but not what lies behind them.
      const std::int64_t first = o * window.stride - window.pad;
      const std::int64_t end = std::min(first + window.kernel, window.input + window.pad_behind);
      reads.divisors.push_back(part.count_padding ? end - first : std::ssize(reads.reads.back()));
    }
    return reads;
  });
}

}  // namespace smoothbound::support::oracle
