#include "smoothbound/layers/window.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "small_map.hpp"

namespace smoothbound {
namespace {

using test::counted_overlap;
using test::counted_taps;
using test::Random;

// Output o exists as long as its last tap lies in the padded input.
std::int64_t counted_outputs(std::int64_t padded, std::int64_t span, std::int64_t stride) {
  std::int64_t outputs = 0;
  while (outputs * stride + span <= padded) ++outputs;
  return outputs;
}

TEST(Window, OverlapAndShapeEqualCountsForRandomSettings) {
  Random random(20240501);
  int tried = 0;
  while (tried < 20000) {
    Window window;
    const Shape input{1, random.integer(1, 24)};
    const std::int64_t n = input.spatial(0);
    const std::int64_t kernel = random.integer(1, 9);
    const std::int64_t stride = random.integer(1, 7);
    const std::int64_t dilation = random.integer(1, 6);
    const std::int64_t kind = random.integer(0, 2);
    const std::int64_t pad = random.integer(0, 12);
    window.kernel = Extent::uniform(kernel);
    window.stride = Extent::uniform(stride);
    window.dilation = Extent::uniform(dilation);
    window.padding.kind = static_cast<Padding::Kind>(kind);
    if (window.padding.kind == Padding::Kind::explicit_sizes) {
      window.padding.sizes = Extent::uniform(pad);
    }
    SCOPED_TRACE(testing::Message() << "n " << n << " K " << kernel << " s " << stride << " e "
                                    << dilation << " padding kind " << kind << " size " << pad);
    const std::int64_t span = (kernel - 1) * dilation + 1;
    const std::int64_t padded =
        window.padding.kind == Padding::Kind::explicit_sizes ? n + 2 * pad : n;
    if (window.padding.kind != Padding::Kind::same && span > padded) {
      EXPECT_THROW(static_cast<void>(window.along(input, 0)), ShapeError);
      continue;
    }
    ++tried;
    const AxisWindow axis = window.along(input, 0);
    if (window.padding.kind == Padding::Kind::same) {
      // As many outputs as there are multiples of the stride inside, whatever the kernel.
      ASSERT_EQ(axis.output, counted_outputs(n, 1, stride));
      ASSERT_LE((axis.output - 1) * stride + span - n - axis.pad_before, axis.pad_before + 1);
    } else {
      ASSERT_EQ(axis.output, counted_outputs(padded, span, stride));
      ASSERT_EQ(axis.pad_before, window.padding.kind == Padding::Kind::valid ? 0 : pad);
    }
    ASSERT_EQ(axis.largest_overlap(), counted_overlap(axis));
    ASSERT_EQ(axis.taps().to_integer(), counted_taps(axis));
    const std::int64_t step = stride / std::gcd(stride, dilation);
    ASSERT_LE(axis.largest_overlap(), (kernel + step - 1) / step);
  }
}

// What `reads` says of each output, and `readers` of each input, as lists of places.
std::vector<std::vector<std::int64_t>> listed(const AxisReads& reads) {
  std::vector<std::vector<std::int64_t>> lists;
  for (const AxisReads::Output& output : reads.outputs) {
    std::vector<std::int64_t>& list = lists.emplace_back();
    for (std::int64_t t = 0; t < output.count; ++t) list.push_back(output.first + t * output.step);
  }
  return lists;
}

TEST(Window, ReadsAndReadersAreThoseOfItsTaps) {
  Random random(20261130);
  int tried = 0;
  while (tried < 5000) {
    AxisWindow axis;
    axis.input = random.integer(1, 20);
    axis.kernel = random.integer(1, 7);
    axis.stride = random.integer(1, 5);
    axis.dilation = random.integer(1, 5);
    axis.pad_before = random.integer(0, 9);
    axis.output = random.integer(1, 20);
    SCOPED_TRACE(testing::Message()
                 << axis.input << " to " << axis.output << " K " << axis.kernel << " s "
                 << axis.stride << " e " << axis.dilation << " pad " << axis.pad_before);
    ++tried;
    std::vector<std::vector<std::int64_t>> reads(static_cast<std::size_t>(axis.output));
    std::vector<std::vector<std::int64_t>> readers(static_cast<std::size_t>(axis.input));
    for (std::int64_t o = 0; o < axis.output; ++o) {
      for (const auto& input : test::taps(axis, o)) {
        if (!input) continue;
        reads[static_cast<std::size_t>(o)].push_back(static_cast<std::int64_t>(*input));
        readers[*input].push_back(o);
      }
    }
    ASSERT_EQ(axis.reads().inputs, axis.input);
    ASSERT_EQ(listed(axis.reads()), reads);
    ASSERT_EQ(axis.readers().inputs, axis.output);
    ASSERT_EQ(listed(axis.readers()), readers);
  }
}

TEST(Window, TooManyPositionsAreNotDivided) {
  AxisWindow axis;
  axis.input = axis.output = most_divided_positions;
  EXPECT_EQ(std::ssize(axis.reads().outputs), most_divided_positions);
  EXPECT_EQ(std::ssize(axis.readers().outputs), most_divided_positions);
  for (std::int64_t AxisWindow::*const size : {&AxisWindow::input, &AxisWindow::output}) {
    AxisWindow larger = axis;
    ++(larger.*size);
    EXPECT_TRUE(larger.reads().outputs.empty());
    EXPECT_TRUE(larger.readers().outputs.empty());
  }
}

TEST(Window, KnownOverlaps) {
  const auto overlap = [](std::int64_t n, std::int64_t kernel, std::int64_t stride) {
    Window window;
    window.kernel = Extent::uniform(kernel);
    window.stride = Extent::uniform(stride);
    return window.largest_overlap(Shape{1, n, n});
  };
  EXPECT_EQ(overlap(224, 3, 1), 9);
  EXPECT_EQ(overlap(224, 2, 2), 1);
  EXPECT_EQ(overlap(8, 8, 1), 1);   // a single patch
  EXPECT_EQ(overlap(28, 5, 3), 4);  // ceil(5/3) per axis
}

// Past what can be counted one by one, the answer is still an upper bound found in no time.
TEST(Window, HugeKernelsAreBounded) {
  AxisWindow axis;
  axis.input = std::int64_t{1} << 40;
  axis.kernel = std::int64_t{1} << 39;
  axis.stride = std::int64_t{1} << 30;
  axis.output = (axis.input - axis.kernel) / axis.stride + 1;
  EXPECT_EQ(axis.largest_overlap(), std::int64_t{1} << 9);
  axis.stride = 1;
  axis.output = axis.input - axis.kernel + 1;
  EXPECT_EQ(axis.largest_overlap(), axis.kernel);
  // One tap more, and an input that the first and the last of 2^9 + 1 windows read.
  axis.stride = std::int64_t{1} << 30;
  axis.kernel += 1;
  axis.output = (axis.input - axis.kernel) / axis.stride + 1;
  EXPECT_EQ(axis.largest_overlap(), (std::int64_t{1} << 9) + 1);
  EXPECT_GE(axis.taps(), Magnitude::from_count(axis.kernel));
}

// PyTorch's rule: one window more if steps are left over, unless it would begin behind the input.
TEST(Window, CeilAddsAWindowThatHangsOver) {
  Random random(77);
  int added = 0;
  for (int i = 0; i < 5000; ++i) {
    Window window;
    const Shape input{1, random.integer(1, 16)};
    const std::int64_t n = input.spatial(0);
    const std::int64_t kernel = random.integer(1, 6);
    const std::int64_t stride = random.integer(1, 6);
    const std::int64_t pad = random.integer(0, kernel / 2);
    if (kernel > n + 2 * pad) continue;
    window.kernel = Extent::uniform(kernel);
    window.stride = Extent::uniform(stride);
    window.padding = {Padding::Kind::explicit_sizes, Extent::uniform(pad)};
    const std::int64_t floor = window.along(input, 0).output;
    window.ceil = true;
    const AxisWindow axis = window.along(input, 0);
    std::int64_t expected = (n + 2 * pad - kernel + stride - 1) / stride + 1;
    if ((expected - 1) * stride >= n + pad) --expected;
    ASSERT_EQ(axis.output, expected) << n << " " << kernel << " " << stride << " " << pad;
    ASSERT_EQ(axis.pad_behind, pad);
    ASSERT_EQ(axis.largest_overlap(), counted_overlap(axis));
    ASSERT_EQ(axis.taps().to_integer(), counted_taps(axis));
    added += axis.output != floor ? 1 : 0;
  }
  EXPECT_GT(added, 500);
  Window same{.kernel = Extent::uniform(2), .stride = Extent::uniform(3), .ceil = true};
  same.padding.kind = Padding::Kind::same;
  EXPECT_EQ(same.along(Shape{1, 7}, 0).output, 3);  // ceil(input / stride), as without
}

TEST(Window, ListsOfSizesMustFitTheAxes) {
  Window window;
  window.kernel = {{3, 2}, 3};
  EXPECT_THROW(static_cast<void>(window.along(Shape{1, 9}, 0)), ShapeError);
  EXPECT_EQ(window.along(Shape{1, 9, 9}, 0).output, 7);
  EXPECT_EQ(window.along(Shape{1, 9, 9}, 1).output, 8);
  window.kernel = {{3, 2, 1}, 4};
  EXPECT_THROW(static_cast<void>(window.along(Shape{1, 9, 9}, 0)), ShapeError);
  EXPECT_EQ(window.output_shape(Shape{1, 9, 9, 9}, 5), (Shape{5, 7, 8, 9}));
  EXPECT_EQ(axis_name(Shape{1, 9, 9, 9}, 0), "the depth");
  EXPECT_EQ(axis_name(Shape{1, 9, 9, 9}, 2), "the width");
  EXPECT_EQ(axis_name(Shape{1, 9, 9}, 0), "the height");
  EXPECT_EQ(axis_name(Shape{1, 9}, 0), "the length");
  window.kernel = {{3, 0}, 2};
  EXPECT_EQ(window.along(Shape{1, 9}, 0).output, 7);
  EXPECT_THROW(static_cast<void>(window.along(Shape{1, 9, 9}, 0)), ShapeError);
}

}  // namespace
}  // namespace smoothbound
