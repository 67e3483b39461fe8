// Index maps: rules, counts and constants against maps written out output by output.
#include "smoothbound/layers/index_map.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <stdexcept>

#include "named_maps.hpp"
#include "numeric.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound {
namespace {

using support::composed;
using support::most_copies;
using support::reference_sources;

using namespace test;  // NOLINT(google-build-using-namespace): makers of maps

struct Mapped {
  Component map;
  Shape input;
};

std::vector<Mapped> index_maps() {
  const Extent one_two{{1, 2}, 3};
  const Extent none = Extent::uniform(0);
  return {
      {named("flatten"), {3, 2, 5}},
      {reshape({5, 6}), {3, 2, 5}},
      {reshape({30}), {3, 10}},
      {permute({channels_word, length_word}), {3, 4}},
      {permute({length_word, channels_word}), {3, 4}},
      {permute({height_word, width_word, channels_word}), {3, 4, 5}},
      {permute({width_word, channels_word, height_word}), {3, 4, 5}},
      {slice(channels_word, 1, std::nullopt, 2), {6, 3}},
      {slice(height_word, 0, 3, 1), {2, 4, 3}},
      {slice(width_word, 1, 8, 3), {2, 3, 9}},
      {slice(channels_word, 0, std::nullopt, 1), {7}},
      {pad(Extent::uniform(2), none, 0), {2, 5}},
      {pad(one_two, Extent::uniform(1), 0), {2, 3, 4}},
      {pad(one_two, Extent::uniform(1), 1), {2, 3, 4}},
      {pad(Extent::uniform(2), Extent::uniform(2), 1), {1, 3, 3}},
      {pad(Extent::uniform(0), Extent::uniform(3), 1), {1, 4}},
      {pad(one_two, Extent::uniform(1), 2), {2, 3, 4}},
      {pad(Extent::uniform(3), Extent::uniform(2), 2), {2, 1, 4}},
      {pad(one_two, Extent::uniform(1), 3), {2, 3, 4}},
      {pad(Extent::uniform(7), Extent::uniform(0), 3), {2, 3}},
      {pad(none, Extent::uniform(2), 3), {2, 1, 2}},
      {roll(height_word, 1), {2, 3, 4}},
      {roll(width_word, -3), {2, 3, 4}},
      {roll(channels_word, 11), {3, 2}},
      {roll(length_word, -8), {3, 4}},
      {relative_positions({{3}, 2}, 1), {2, 5}},
      {relative_positions({{2, 3}, 3}, 1), {2, 3, 5}},
      {relative_positions({{3, 2}, 3}, 4), {2, 5, 3}},
      {relative_positions(Extent::uniform(2), 3), {1, 3, 3, 3}},
      {relative_positions(Extent::uniform(1), 1), {3, 1, 1}},
      {pad_by(1), {2, 3, 3}},
      {counted("channel_shuffle", 1), {4, 3}},
      {counted("channel_shuffle", 2), {6, 2, 2}},
      {counted("channel_shuffle", 3), {6}},
      {counted("space_to_depth", 2), {3, 4, 6}},
      {counted("space_to_depth", 3), {2, 6}},
      {counted("depth_to_space", 2), {8, 2, 3}},
      {counted("pixel_shuffle", 2), {8, 2, 3}},
      {counted("pixel_shuffle", 3), {6, 4}},
      {counted("pixel_unshuffle", 2), {3, 4, 6}},
      {shortcut(2, 8, 2), {4, 5, 4}},
      {shortcut(3, 5, 0), {5, 7}},
      {shortcut(1, 5, 2), {3}},
      {nearest_factor(2), {2, 3, 4}},
      {nearest_factor(3), {2, 5}},
      {nearest_size({{8, 8}, 3}), {1, 3, 3}},
      {nearest_size({{82, 0}, 2}), {1, 2}},
      {nearest_size({{3, 2}, 3}), {2, 7, 2}},
  };
}

Shape output_of(const Component& map, const Shape& input) {
  return std::visit([&](const auto& c) { return c.output_shape({&input, 1}); }, map);
}

std::vector<std::int64_t> reference(const Component& map, const Shape& input) {
  return std::visit(
      [&](const auto& c) -> std::vector<std::int64_t> {
        using Map = std::remove_cvref_t<decltype(c)>;
        if constexpr (std::same_as<Map, Rearrangement> || std::same_as<Map, Upsample>) {
          return reference_sources(c, input, c.output_shape({&input, 1}));
        }
        throw std::logic_error("not an index map");
      },
      map);
}

IndexMap rule_of(const Component& map, const Shape& input) {
  return index_map_of(map, {{&input, 1}, output_of(map, input), 1}).value();
}

std::string named_on(const Mapped& c) {
  return fmt::format("{} of {}", name_of(c.map), c.input.to_text());
}

TEST(IndexMap, RulesAreWhatTheNamesSay) {
  for (const Mapped& c : index_maps()) {
    SCOPED_TRACE(named_on(c));
    const IndexMap rule = rule_of(c.map, c.input);
    const std::vector<std::int64_t> expected = reference(c.map, c.input);
    EXPECT_EQ(rule.outputs(), std::ssize(expected));
    EXPECT_EQ(rule.sources(), expected);
    const auto zeros = std::ranges::count(expected, -1);
    EXPECT_EQ(rule.copying(), Magnitude::from_count(std::ssize(expected) - zeros));
    const Site site{{&c.input, 1}, output_of(c.map, c.input), 5};
    EXPECT_EQ(work_of(c.map, site).sparsity.map,
              Magnitude::from_count(5 * (std::ssize(expected) - zeros)));
    EXPECT_TRUE(work_of(c.map, site).forward.is_zero());
    const bool bijection =
        zeros == 0 && most_copies(expected) == 1 && std::ssize(expected) == c.input.elements();
    EXPECT_EQ(rule.is_bijection(), bijection);
  }
}

TEST(IndexMap, ConstantsAreExact) {
  for (const Mapped& c : index_maps()) {
    SCOPED_TRACE(named_on(c));
    const std::int64_t copies = most_copies(reference(c.map, c.input));
    const IndexMap rule = rule_of(c.map, c.input);
    EXPECT_EQ(largest_copies({&rule, 1}), Magnitude::from_count(copies));
    for (const Method method : {Method::paper, Method::sharp}) {
      const Site site{{&c.input, 1}, output_of(c.map, c.input), 7};
      const MapConstants a = std::visit(
          [&](const auto& map) -> MapConstants {
            if constexpr (UnaryType<std::remove_cvref_t<decltype(map)>>) {
              return only_map(map.parts(site, method));
            }
            throw std::logic_error("a merge");
          },
          c.map);
      EXPECT_EQ(a.lipschitz.value, square_root(Magnitude::from_count(copies)));
      EXPECT_EQ(a.slope_at_zero.value, a.lipschitz.value);
      EXPECT_TRUE(a.smoothness.value.is_zero());
      EXPECT_TRUE(a.at_zero.value.is_zero());
      EXPECT_TRUE(a.bound.value.is_infinite());
    }
  }
}

// By hand: [nearest] 3 -> 8 has floor(3 o/8) = 0 0 0 1 1 1 2 2, and [2-d] 3 x 3 of these; [reflect]
// (2, 1) of 4 has 2 1 0 1 2 3 2; [replicate] (2, 0) of 5 has 0 0 0 1 2 3 4.
TEST(IndexMap, CopiesByHand) {
  const auto along = [](const AxisRule& rule) { return rule.largest_copies(); };
  EXPECT_EQ(along(AxisRule::nearest(3, 8)), 3);
  EXPECT_EQ(along({.input = 4, .output = 7, .offset = -2, .outside = AxisRule::Outside::reflect}),
            3);
  EXPECT_EQ(along({.input = 5, .output = 7, .offset = -2, .outside = AxisRule::Outside::replicate}),
            3);
  // Around a circle, (2, 2) of 3 has 1 2 0 1 2 0 1.
  EXPECT_EQ(along({.input = 3, .output = 7, .offset = -2, .outside = AxisRule::Outside::wrap}), 3);
  // Each place of a window of 2 x 3 is at the place of itself.
  EXPECT_EQ(along(AxisRule::relative_places({2, 3, 1})), 6);
  // Where nearest is computed in float32, 2 -> 82 copies one entry 42 times.
  EXPECT_EQ(along(AxisRule::nearest(2, 82)), 41);
}

TEST(IndexMap, ClosedFormsCountWhatIsThere) {
  const auto expect_counted = [](const AxisRule& rule) {
    std::vector<std::int64_t> sources;
    for (std::int64_t o = 0; o < rule.output; ++o) sources.push_back(rule.source(o));
    EXPECT_LE(*std::ranges::max_element(sources), rule.input - 1);
    EXPECT_EQ(rule.largest_copies(), std::max<std::int64_t>(most_copies(sources), 1));
    EXPECT_EQ(rule.copying(), std::ssize(sources) - std::ranges::count(sources, -1));
  };
  for (std::int64_t n = 1; n <= 14; ++n) {
    for (std::int64_t m = 1; m <= 40; ++m) {
      SCOPED_TRACE(fmt::format("{} -> {}", n, m));
      const AxisRule nearest = AxisRule::nearest(n, m);
      for (std::int64_t o = 0; o < m; ++o) EXPECT_EQ(nearest.source(o), o * n / m);
      expect_counted(nearest);
    }
    for (std::int64_t before = 0; before <= 9; ++before) {
      for (std::int64_t after = 0; after <= 9; ++after) {
        SCOPED_TRACE(fmt::format("{} around {} and {}", n, before, after));
        AxisRule rule{.input = n, .output = n + before + after, .offset = -before};
        expect_counted(rule);
        rule.outside = AxisRule::Outside::replicate;
        expect_counted(rule);
        rule.outside = AxisRule::Outside::wrap;
        expect_counted(rule);
        rule.outside = AxisRule::Outside::reflect;
        if (before < n && after < n) expect_counted(rule);
      }
    }
    // Every entry of some or, behind both ends, none of them.
    for (std::int64_t step = 1; step <= 3; ++step) {
      for (std::int64_t offset = -5; offset <= n + 2; ++offset) {
        for (std::int64_t m = 1; m <= 8; ++m) {
          SCOPED_TRACE(fmt::format("{} of {}, every {} from {}", m, n, step, offset));
          expect_counted({.input = n, .output = m, .numerator = step, .offset = offset});
        }
      }
    }
  }
}

// Counts and sources of sizes that nobody could go through.
TEST(IndexMap, HugeSizesCostNothing) {
  constexpr std::int64_t huge = std::int64_t{1} << 60;
  EXPECT_EQ(AxisRule::nearest(3, huge).largest_copies(), huge / 3 + 1);
  EXPECT_EQ(AxisRule::nearest(huge - 1, huge).largest_copies(), 2);
  EXPECT_EQ(AxisRule::nearest(huge, 3).largest_copies(), 1);
  EXPECT_EQ(AxisRule::nearest(huge - 1, huge).source(huge - 1), huge - 2);
  EXPECT_EQ(AxisRule::nearest(huge - 1, huge).source(huge / 2), huge / 2 - 1);
  const Shape input{2, huge / 8};
  const Upsample twice = nearest_factor(2);
  const std::vector<IndexMap> run(5, rule_of(twice, input));
  EXPECT_EQ(largest_copies({run.data(), 1}), Magnitude::from_count(2));
}

struct RunOfMaps {
  std::vector<Component> maps;
  Shape input;
};

// Runs on arrays that are gone through; each count is what the composition has.
TEST(IndexMap, RunsAreComposedBeforeTheyAreCounted) {
  const Extent none = Extent::uniform(0);
  const std::vector<RunOfMaps> runs{
      {{nearest_factor(2), slice(length_word, 0, std::nullopt, 2)}, {3, 4}},  // 1, not 2
      {{nearest_factor(2), shortcut(2, 6, 0)}, {3, 4, 5}},
      {{nearest_factor(2), nearest_factor(3)}, {2, 3, 2}},
      {{nearest_factor(2), pad(Extent::uniform(1), none, 2), nearest_factor(2)}, {1, 3, 2}},
      {{pad(Extent::uniform(1), none, 0), nearest_factor(3)}, {2, 2, 2}},
      {{pad(Extent::uniform(2), none, 0), slice(length_word, 0, 2, 1)}, {2, 5}},  // all zeros
      {{pad(Extent::uniform(2), none, 0), pad(none, Extent::uniform(3), 1)}, {2, 2}},
      {{named("flatten"), reshape({2, 12}), nearest_factor(2), named("flatten")}, {2, 3, 4}},
      {{nearest_factor(2), counted("space_to_depth", 2)}, {3, 2, 3}},
      {{nearest_factor(2), counted("space_to_depth", 2), slice(channels_word, 0, 3, 1)}, {3, 2, 3}},
      {{nearest_factor(2), counted("pixel_unshuffle", 2), slice(channels_word, 0, std::nullopt, 4),
        nearest_factor(2)},
       {3, 2, 3}},
      {{nearest_factor(2), permute({length_word, channels_word}), slice(channels_word, 1, 6, 2)},
       {3, 4}},
      {{nearest_factor(2), permute({length_word, channels_word}), nearest_factor(3)}, {3, 4}},
      {{nearest_factor(2), reshape({8, 3}), slice(channels_word, 0, std::nullopt, 2)}, {3, 4}},
      {{counted("channel_shuffle", 3), counted("channel_shuffle", 2)}, {6, 4}},
      {{roll(length_word, 1), nearest_factor(2), roll(length_word, -3)}, {3, 4}},
      {{nearest_factor(2), roll(length_word, 1), slice(length_word, 0, std::nullopt, 2)}, {3, 4}},
      {{pad(Extent::uniform(1), none, 3), pad(none, Extent::uniform(2), 3)}, {2, 3}},
      {{relative_positions({{2}, 2}, 2), slice(height_word, 0, 1, 1)}, {2, 3}},
  };
  for (const RunOfMaps& run : runs) {
    std::vector<std::int64_t> sources;
    for (std::int64_t i = 0; i < run.input.elements(); ++i) sources.push_back(i);
    std::vector<IndexMap> maps;
    Shape shape = run.input;
    std::string names;
    for (const Component& map : run.maps) {
      sources = composed(sources, reference(map, shape));
      maps.push_back(rule_of(map, shape));
      shape = output_of(map, shape);
      names += std::string(name_of(map)) + " ";
      SCOPED_TRACE(names);
      EXPECT_EQ(largest_copies(maps), Magnitude::from_count(most_copies(sources)));
    }
  }
}

// Beyond what is gone through, a bound: the product of the single ones.
TEST(IndexMap, LargeRunsThatMixAxesTakeTheProduct) {
  const Shape input{64, 32, 32};
  const Component up = nearest_factor(2);
  const Shape upsampled = output_of(up, input);
  const Component turn = permute({height_word, width_word, channels_word});
  const Shape turned = output_of(turn, upsampled);
  const Component every_other = slice(channels_word, 0, std::nullopt, 2);
  const std::vector<IndexMap> run{rule_of(up, input), rule_of(turn, upsampled),
                                  rule_of(every_other, turned)};
  EXPECT_EQ(largest_copies(run), Magnitude::from_count(4));
  // It is enough that the largest array is large: [1, 4, 64] has two copies of an entry.
  const Component one_row = slice(channels_word, 0, 1, 1);
  const Shape row = output_of(one_row, turned);
  const std::vector<IndexMap> ends_small{rule_of(up, input), rule_of(turn, upsampled),
                                         rule_of(one_row, turned),
                                         rule_of(slice(height_word, 0, 4, 1), row)};
  EXPECT_EQ(largest_copies(ends_small), Magnitude::from_count(4));
  // Along an axis, too: of 2^13 entries each is seen once, beyond it is a product again.
  for (const std::int64_t entries : {4096, 4097}) {
    const Shape line{1, entries};
    const std::vector<IndexMap> every_second{
        rule_of(up, line), rule_of(slice(length_word, 0, std::nullopt, 2), output_of(up, line))};
    EXPECT_EQ(largest_copies(every_second), Magnitude::from_count(entries == 4096 ? 1 : 2));
  }
  // Along the same axes large arrays are no obstacle.
  const Component skip = slice(height_word, 0, std::nullopt, 2);
  const std::vector<IndexMap> aligned{rule_of(up, input), rule_of(skip, upsampled)};
  EXPECT_EQ(largest_copies(aligned), Magnitude::from_count(2));
}

TEST(IndexMap, SaysWhetherOneMapOrSeveralCopy) {
  const IndexMap twice = rule_of(nearest_factor(2), {1, 3});
  const IndexMap thrice = rule_of(nearest_factor(3), {1, 6});
  EXPECT_EQ(index_map_constants({&twice, 1}, true, false).lipschitz.formula,
            "sqrt(q), an input is copied at most q times");
  EXPECT_EQ(index_map_constants(std::array{twice, thrice}, true, false).lipschitz.formula,
            "sqrt(q), these maps together copy an input at most q times");
}

TEST(IndexMap, AxesOfShapesOfAllRanks) {
  const auto axis = [](std::string_view word, int rank) {
    const auto* const found = std::ranges::find(axis_words, word);
    return find_axis(static_cast<std::size_t>(found - axis_words.begin()), rank).value_or(-1);
  };
  for (int rank = 1; rank <= 4; ++rank) EXPECT_EQ(axis("channels", rank), 0);
  EXPECT_EQ(axis("length", 2), 1);
  EXPECT_EQ(axis("width", 3), 2);
  EXPECT_EQ(axis("height", 3), 1);
  EXPECT_EQ(axis("width", 4), 3);
  EXPECT_EQ(axis("height", 4), 2);
  EXPECT_EQ(axis("depth", 4), 1);
  for (const std::string_view word : {"depth", "height", "width", "length"}) {
    EXPECT_EQ(axis(word, 1), -1) << word;
    EXPECT_EQ(axis(word, 2), word == "length" ? 1 : -1) << word;
  }
  EXPECT_EQ(axis("length", 3), -1);
  EXPECT_EQ(axis("depth", 3), -1);
}

struct Refused {
  Component map;
  Shape input;
  std::string_view message;
  std::string_view hint;
};

TEST(IndexMap, MistakesAreToldWithAHint) {
  Upsample both = nearest_factor(2);
  both.size = Extent::uniform(4);
  Upsample aligned = nearest_factor(2);
  aligned.align_corners = true;
  const std::vector<Refused> all{
      {reshape({4, 4}),
       {3, 5},
       "reshape makes [4, 4] of [3, 5], which has 15 scalars and not 16",
       "the product of the sizes has to remain the same"},
      {permute({height_word, channels_word}),
       {3, 5},
       "permute has to name each axis of [3, 5] once",
       "the axes are channels, length"},
      {permute({channels_word, channels_word, height_word, width_word}),
       {3, 5, 5},
       "permute has to name each axis of [3, 5, 5] once",
       "the axes are channels, height, width"},
      {slice(height_word, 0, {}, 1),
       {3, 5},
       "slice goes along the height, which [3, 5] does not have",
       "the axes are channels, length"},
      {slice(length_word, 5, {}, 1),
       {3, 5},
       "slice takes entries 5 to 5 of 5 along the length",
       "'from' is the first one, counted from 0, and 'to' the one behind the last"},
      {slice(channels_word, 0, 4, 1),
       {3, 5},
       "slice takes entries 0 to 4 of 3 along the channels",
       "'from' is the first one, counted from 0, and 'to' the one behind the last"},
      {pad(Extent::uniform(3), Extent::uniform(0), 1),
       {3, 3, 5},
       "pad cannot reflect 3 of 3 entries along the height",
       "an axis of n entries reflects at most n - 1 of them"},
      {pad({{1, 2}, 3}, Extent::uniform(0), 0),
       {3, 5},
       "before has 2 numbers, but [3, 5] has 1 spatial axis",
       "give one number for all axes, or one for each"},
      {pad(Extent::uniform(1), Extent::uniform(0), 0),
       {3},
       "pad needs an input with positions, not [3]",
       "[channels, length], [channels, height, width] or [channels, depth, height, width]"},
      {roll(width_word, 1),
       {3, 5},
       "roll goes along the width, which [3, 5] does not have",
       "the axes are channels, length"},
      {relative_positions(Extent::uniform(2), 1),
       {3},
       "relative_positions needs an input with positions, not [3]",
       "[channels, length], [channels, height, width] or [channels, depth, height, width]"},
      {relative_positions({{2, 2}, 3}, 1),
       {3, 3},
       "window has 2 numbers, but [3, 3] has 1 spatial axis",
       "give one number for all axes, or one for each"},
      {relative_positions(Extent::uniform(7), 1),
       {3, 13, 12},
       "relative_positions reads 13 entries along the width, not 12",
       "places in a window of 7 are -6 to 6 apart"},
      {relative_positions(Extent::uniform(std::int64_t{1} << 40), 1),
       {1, (std::int64_t{1} << 41) - 1},
       "the number of pairs of places in a window exceeds 2^63 - 1",
       "make the sizes smaller"},
      {relative_positions(Extent::uniform((std::int64_t{1} << 62) + 1), 1),
       {1, 5},
       "the number of places in a window exceeds 2^63 - 1",
       "make the sizes smaller"},
      {relative_positions(Extent::uniform(1), std::int64_t{1} << 62),
       {4, 1},
       "the number of windows exceeds 2^63 - 1",
       "make the sizes smaller"},
      {counted("channel_shuffle", 2),
       {3, 5},
       "groups (2) do not divide the channels (3)",
       "use a divisor of the number of channels"},
      {counted("space_to_depth", 2),
       {3, 4, 5},
       "space_to_depth with 2 does not divide the width (5)",
       "use a divisor, or pad the input before"},
      {counted("pixel_shuffle", 2),
       {6, 4, 4},
       "pixel_shuffle with 2 needs a multiple of 4 channels, not 6",
       "each channel of the output takes one of the input for each position of a block"},
      {shortcut(2, 6, 3),
       {4, 4, 4},
       "padded_shortcut has 6 channels, but needs 7 at least",
       "it adds channels of zeros to those of the input"},
      {both, {3, 4}, "upsample has a factor and a size", "the one follows from the other"},
      {aligned,
       {3, 4},
       "upsample aligns corners in mode bilinear only",
       "add mode: bilinear, or leave align_corners out"},
      {nearest_factor(2),
       {3},
       "upsample needs an input with positions, not [3]",
       "[channels, length], [channels, height, width] or [channels, depth, height, width]"},
  };
  for (const Refused& c : all) {
    try {
      (void)output_of(c.map, c.input);
      ADD_FAILURE() << c.message;
    } catch (const ShapeError& error) {
      EXPECT_EQ(std::string_view(error.what()), c.message);
      EXPECT_EQ(error.hint, c.hint);
    }
  }
}

}  // namespace
}  // namespace smoothbound
