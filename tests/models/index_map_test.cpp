#include "models/index_map.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace smoothbound::models {
namespace {

using Sizes = std::vector<std::int64_t>;

// An array that holds the places of its numbers in the first one.
struct Array {
  Sizes sizes;
  std::vector<std::int64_t> numbers;
};

Shape shape(const Sizes& sizes) { return Shape{std::span<const std::int64_t>(sizes)}; }

// Numbers of `from` whose index along each axis is `first` and more, axes in this order.
Array part_of(const Array& from, const std::vector<std::size_t>& order, const Sizes& first,
              const Sizes& count) {
  Array result;
  for (const std::size_t axis : order) result.sizes.push_back(count[axis]);
  std::int64_t all = 1;
  for (const std::int64_t size : result.sizes) all *= size;
  for (std::int64_t i = 0; i < all; ++i) {
    Sizes index(order.size());
    std::int64_t rest = i;
    for (std::size_t place = order.size(); place-- > 0;) {
      index[order[place]] = first[order[place]] + rest % result.sizes[place];
      rest /= result.sizes[place];
    }
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      at = at * from.sizes[axis] + index[axis];
    }
    result.numbers.push_back(from.numbers[static_cast<std::size_t>(at)]);
  }
  return result;
}

std::string word(std::size_t axis, std::size_t rank) {
  if (axis == 0) return "channels";
  if (rank == 2) return "length";
  return std::vector<std::string>{"depth", "height", "width"}[axis + 3 - rank];
}

std::vector<std::size_t> all_axes(std::size_t rank) {
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// A step of a random kind, and what it makes of the array.
Step random_step(Array& array, std::mt19937_64& random) {
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  const std::size_t rank = array.sizes.size();
  Step step;
  std::vector<std::size_t> order = all_axes(rank);
  switch (below(3)) {
    case 0: {  // two axes become one, or one becomes two
      step.component = "reshape";
      Sizes& sizes = array.sizes;
      const std::size_t axis = below(rank);
      const std::int64_t factor = sizes[axis] % 2 == 0 ? 2 : 3;
      if (axis + 1 < rank && random() % 2 == 0) {
        sizes[axis] *= sizes[axis + 1];
        sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
      } else if (rank < 4 && sizes[axis] % factor == 0) {
        sizes[axis] /= factor;
        sizes.insert(sizes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, factor);
      }
      break;
    }
    case 1: {
      step.component = "permute";
      std::ranges::shuffle(order, random);
      std::vector<std::string> words;
      for (const std::size_t axis : order) words.push_back(word(axis, rank));
      step.settings = {{"", fmt::format("[{}]", fmt::join(words, ", "))}};
      array = part_of(array, order, Sizes(rank, 0), array.sizes);
      break;
    }
    default: {
      step.component = "slice";
      const std::size_t axis = below(rank);
      const auto size = static_cast<std::size_t>(array.sizes[axis]);
      Sizes first(rank, 0);
      Sizes count = array.sizes;
      first[axis] = static_cast<std::int64_t>(below(size));
      count[axis] =
          1 + static_cast<std::int64_t>(below(size - static_cast<std::size_t>(first[axis])));
      if (axis != 0) step.settings.push_back({"axis", word(axis, rank)});
      if (first[axis] != 0) step.settings.push_back({"from", std::to_string(first[axis])});
      step.settings.push_back({"to", std::to_string(first[axis] + count[axis])});
      array = part_of(array, order, first, count);
    }
  }
  step.output = shape(array.sizes);
  return step;
}

// The runs that some numbers are, by looking at them; nothing if they are none.
std::optional<IndexMap> map_of(std::span<const std::int64_t> numbers) {
  const std::int64_t offset = numbers.front();
  std::vector<IndexRun> runs;
  std::size_t inner = 1;  // so many are described
  while (inner < numbers.size()) {
    const std::int64_t stride = numbers[inner] - offset;
    std::size_t size = 1;
    const auto fits = [&](std::size_t block) {
      if ((block + 1) * inner > numbers.size()) return false;
      for (std::size_t i = 0; i < inner; ++i) {
        const auto moved = static_cast<std::int64_t>(block) * stride;
        if (numbers[block * inner + i] != numbers[i] + moved) return false;
      }
      return true;
    };
    while (fits(size)) ++size;
    while (numbers.size() % (inner * size) != 0) --size;
    if (size == 1) return std::nullopt;
    runs.insert(runs.begin(), {static_cast<std::int64_t>(size), stride});
    inner *= size;
  }
  return IndexMap(offset, runs);
}

TEST(IndexMap, IsWhatTheNumbersSay) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Array array{{2 + static_cast<std::int64_t>(random() % 5), 6, 4}, {}};
    array.numbers.resize(static_cast<std::size_t>(array.sizes[0]) * 24);
    std::iota(array.numbers.begin(), array.numbers.end(), 0);
    std::optional<IndexMap> map(IndexMap(shape(array.sizes)));
    for (int i = 0; i < 5 && map; ++i) {
      const Shape before = shape(array.sizes);
      map = map->behind(random_step(array, random), before);
      if (!map) break;  // its numbers are no runs
      const auto expected = map_of(array.numbers);
      ASSERT_TRUE(expected.has_value());
      ASSERT_TRUE(*map == *expected);
      ++compared;
    }
  }
  EXPECT_GT(compared, 12000);  // of 20,000
}

TEST(IndexMap, KnowsWhatItDoesNotKnow) {
  const Shape all{4, 6};
  const IndexMap map(all);
  Step step;
  step.output = all;
  for (const char* component : {"relu", "scale", "pad", "upsample"}) {
    step.component = component;
    EXPECT_FALSE(map.behind(step, all)) << component;
  }
  step.component = "permute";
  step.settings = {{"", "[length, height]"}};
  EXPECT_FALSE(map.behind(step, all));
  step.settings = {{"", "[length]"}};
  EXPECT_FALSE(map.behind(step, all));
  step.component = "slice";
  step.output = Shape{2, 6};
  step.settings = {{"to", "3"}, {"step", "2"}};
  EXPECT_FALSE(map.behind(step, all));
  step.settings = {{"axis", "width"}, {"to", "2"}};
  EXPECT_FALSE(map.behind(step, all));
  for (const char* no_number : {"x", "2x", "99999999999999999999"}) {
    step.settings = {{"from", no_number}};
    EXPECT_FALSE(map.behind(step, all)) << no_number;
  }
  // Four of six numbers of each row, across rows of three: no runs.
  const auto turned = IndexMap(Shape{2, 3, 4}).permuted(Shape{2, 3, 4}, {1, 0, 2});
  ASSERT_TRUE(turned);
  step.settings = {{"to", "5"}};
  step.output = Shape{5, 4};
  EXPECT_FALSE(turned->behind(step, Shape{6, 4}));
  step.settings = {{"to", "4"}};
  step.output = Shape{4, 4};
  EXPECT_TRUE(turned->behind(step, Shape{6, 4}));
}

TEST(IndexMap, AxesAreCalledByWords) {
  EXPECT_EQ(axis_called("channels", 1), 0U);
  EXPECT_EQ(axis_called("length", 2), 1U);
  EXPECT_EQ(axis_called("height", 3), 1U);
  EXPECT_EQ(axis_called("width", 3), 2U);
  EXPECT_EQ(axis_called("depth", 4), 1U);
  EXPECT_EQ(axis_called("width", 4), 3U);
  EXPECT_FALSE(axis_called("length", 3));
  EXPECT_FALSE(axis_called("width", 2));
  EXPECT_FALSE(axis_called("depth", 3));
  EXPECT_FALSE(axis_called("", 3));
}

}  // namespace
}  // namespace smoothbound::models
