// Masks of scores: counts against masks written out entry by entry, constants by hand.
#include "smoothbound/layers/mask.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "numeric.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound {
namespace {

using test::only_map;

Extent along(std::initializer_list<std::int64_t> sizes) {
  Extent extent;
  for (const std::int64_t size : sizes) extent.sizes.at(extent.given++) = size;
  ++extent.given;
  return extent;
}

Mask shifted(const Extent& window, const Extent& windows, const Extent& shift) {
  Mask mask;
  mask.kind = 1;
  mask.window = window;
  mask.windows = windows;
  mask.shift = shift;
  return mask;
}

struct MaskedShape {
  Mask mask;
  Shape scores;
};

std::vector<MaskedShape> masked_shapes() {
  Mask turned;
  turned.keys = 1;
  return {
      {Mask{}, {1, 1}},
      {Mask{}, {5, 5}},
      {turned, {3, 4, 4}},
      {Mask{}, {2, 3, 4, 4}},
      {shifted(along({3}), along({4}), along({2})), {8, 3, 3}},
      {shifted(along({3}), along({1}), along({0})), {3, 3}},
      {shifted(along({3}), along({1}), along({1})), {3, 3}},
      {shifted(along({2, 3}), along({3, 2}), along({1, 2})), {12, 6, 6}},
      {shifted(along({2, 3}), along({2, 3}), along({0, 1})), {2, 6, 6, 6}},
      {shifted(along({2, 2, 3}), along({1, 2, 2}), along({0, 1, 1})), {4, 12, 12}},
  };
}

TEST(Mask, CountsWhatIsWrittenOut) {
  for (const MaskedShape& c : masked_shapes()) {
    SCOPED_TRACE(fmt::format("{} of {}", c.mask.kind, c.scores.to_text()));
    ASSERT_EQ(c.mask.output_shape({&c.scores, 1}), c.scores);
    std::int64_t masked = 0;
    for (std::int64_t i = 0; i < c.scores.elements(); ++i) {
      masked += support::is_masked(c.mask, support::place_of(i, c.scores), c.scores) ? 1 : 0;
    }
    EXPECT_EQ(c.mask.masked(c.scores), masked);
  }
}

// The mask of swin_t at its first stage, 8 x 8 windows of 7 x 7 shifted by 3: along an axis 8 * 49
// - 2 * 3 * 4 pairs of places are of one region.
TEST(Mask, OfSwin) {
  const Mask mask = shifted(along({7, 7}), along({8, 8}), along({3, 3}));
  const Shape scores{3 * 64, 49, 49};
  const std::int64_t masked = 3 * (64 * 49 * 49 - 368 * 368);
  EXPECT_EQ(mask.masked(scores), masked);
  const MapConstants a = only_map(mask.parts({{&scores, 1}, scores, 2}, Method::sharp));
  EXPECT_EQ(a.at_zero.value,
            Magnitude::from_count(100) * square_root(Magnitude::from_count(2 * masked)));
  EXPECT_EQ(a.at_maximum->at_zero, Magnitude::from_count(100));
}

// Of 9 x 9 scores 36 are masked: over 4 samples 10 * 12.
TEST(Mask, IsATranslation) {
  const Shape scores{9, 9};
  Mask mask;
  mask.by = Real::from_decimal("10");
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = only_map(mask.parts({{&scores, 1}, scores, 4}, method));
    EXPECT_EQ(a.lipschitz.value, Magnitude::from_count(1));
    EXPECT_EQ(a.slope_at_zero.value, Magnitude::from_count(1));
    EXPECT_TRUE(a.smoothness.value.is_zero());
    EXPECT_EQ(a.at_zero.value, Magnitude::from_count(120));
    EXPECT_TRUE(a.bound.value.is_infinite());
    EXPECT_EQ(a.at_maximum->at_zero, Magnitude::from_count(10));
    EXPECT_EQ(a.at_maximum->lipschitz, Magnitude::from_count(1));
  }
  const Work work = mask.work({{&scores, 1}, scores, 4});
  EXPECT_TRUE(work.forward.is_zero());
  EXPECT_EQ(work.sparsity.map, Magnitude::from_count(4 * 81));
  // Where nothing is masked nothing is subtracted.
  const Shape one{3, 1, 1};
  const MapConstants none = only_map(mask.parts({{&one, 1}, one, 4}, Method::sharp));
  EXPECT_TRUE(none.at_zero.value.is_zero());
  EXPECT_TRUE(none.at_maximum->at_zero.is_zero());
}

struct RefusedMask {
  Mask mask;
  Shape scores;
  std::string_view message;
  std::string_view hint;
};

TEST(Mask, MistakesAreToldWithAHint) {
  constexpr std::string_view lists =
      "a mask of shifted windows takes window, windows and shift, lists of a number for each axis";
  constexpr std::string_view such_lists =
      "for example window: [7, 7], windows: [8, 8], shift: [3, 3]";
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  Mask causal = shifted(along({2}), {}, {});
  causal.kind = 0;
  const std::vector<RefusedMask> all{
      {Mask{},
       {5},
       "mask needs as many keys as queries, not [5]",
       "[keys, queries], or a stack [heads, keys, queries]"},
      {Mask{},
       {2, 5, 4},
       "mask needs as many keys as queries, not [2, 5, 4]",
       "[keys, queries], or a stack [heads, keys, queries]"},
      {causal, {4, 4}, "a causal mask has no windows", "add kind: shifted_windows"},
      {shifted({}, {}, {}), {4, 4}, lists, such_lists},
      {shifted(Extent::uniform(2), Extent::uniform(2), Extent::uniform(1)),
       {4, 4, 4},
       lists,
       such_lists},
      {shifted(along({2, 2}), along({2}), along({1, 1})), {4, 4, 4}, lists, such_lists},
      {shifted(along({2, 3}), along({2, 2}), along({1, 3})),
       {4, 6, 6},
       "mask has a shift of 3 in windows of 3",
       "a shift is smaller than its window; 0 is none"},
      {shifted(along({2, 3}), along({2, 2}), along({1, 1})),
       {4, 5, 5},
       "mask has windows of 6 places, but [4, 5, 5] has scores of 5",
       "the last two axes are those of the keys and the queries of a window"},
      {shifted(along({2, 3}), along({2, 2}), along({1, 1})),
       {6, 6, 6},
       "mask has 4 windows, which [6, 6, 6] is no stack of",
       "before the keys and the queries, the windows of each head are counted"},
      {shifted(along({huge, huge}), along({1, 1}), along({0, 0})),
       {4, 4},
       "the number of places in the windows exceeds 2^63 - 1",
       "make the sizes smaller"},
  };
  for (const RefusedMask& c : all) {
    try {
      (void)c.mask.output_shape({&c.scores, 1});
      ADD_FAILURE() << c.message;
    } catch (const ShapeError& error) {
      EXPECT_EQ(std::string_view(error.what()), c.message);
      EXPECT_EQ(error.hint, c.hint);
    }
  }
}

}  // namespace
}  // namespace smoothbound
