#include "smoothbound/layers/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace smoothbound {
namespace {

constexpr const char* too_large = "the size of the padded input";

// Rounds towards minus infinity, b > 0.
std::int64_t floor_of(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && a < 0 ? 1 : 0);
}

}  // namespace

std::int64_t AxisWindow::largest_patch() const {
  constexpr std::int64_t most_outputs = 1 << 16;
  // Taps are `dilation` apart, and so are their places in the input.
  const std::int64_t most = std::min(kernel, ceiling_of(input, dilation));
  std::int64_t largest = 0;
  for (std::int64_t o = 0; o < output; ++o) {
    if (o == most_outputs) return most;
    const std::int64_t start = place(o, 0);
    const std::int64_t first = start < 0 ? ceiling_of(-start, dilation) : 0;
    const std::int64_t end =
        start < input ? std::min(kernel, ceiling_of(input - start, dilation)) : 0;
    largest = std::max(largest, end - first);
    if (largest == most) break;
  }
  return largest;
}

std::int64_t AxisWindow::largest_overlap() const {
  // Tap t reads p = r + s k for k = k_t .. k_t + output - 1, where t e - pad = r + s k_t: taps of
  // one residue r form equal intervals that begin at an arithmetic progression.
  const std::int64_t step = stride / std::gcd(stride, dilation);  // taps of one residue
  const std::int64_t advance = dilation / std::gcd(stride, dilation);
  constexpr std::int64_t most_classes = 1 << 20;
  if (std::min(step, kernel) > most_classes) return ceiling_of(kernel, step);  // never exceeded
  std::int64_t largest = 0;
  for (std::int64_t first_tap = 0; first_tap < std::min(step, kernel); ++first_tap) {
    const std::int64_t start = first_tap * dilation - pad_before;
    const std::int64_t first = floor_of(start, stride);
    const std::int64_t residue = start - first * stride;
    if (residue >= input) continue;
    const std::int64_t taps = ceiling_of(kernel - first_tap, step);
    const std::int64_t last_input = (input - 1 - residue) / stride;
    // Number of intervals [first + i advance, first + i advance + output - 1], 0 <= i < taps, that
    // contain x.
    const auto count = [&](std::int64_t x) {
      const std::int64_t highest = std::min(floor_of(x - first, advance), taps - 1);
      const std::int64_t lowest =
          std::max<std::int64_t>(floor_of(x - output - first, advance) + 1, 0);
      return std::max<std::int64_t>(highest - lowest + 1, 0);
    };
    // Where interval i begins, min(i, (output - 1) / advance) + 1 of them meet: most where the last
    // one begins that does not begin behind the input, or at 0 if that is before it.
    const std::int64_t last = std::min(floor_of(last_input - first, advance), taps - 1);
    if (last < 0) continue;
    largest = std::max(largest, count(std::max<std::int64_t>(first + last * advance, 0)));
  }
  return largest;
}

Magnitude AxisWindow::taps() const {
  // Of a tap t those o with 0 <= o stride + t dilation - pad < input; or o and t exchanged.
  const bool by_tap = kernel <= output;
  const std::int64_t outer = by_tap ? kernel : output;
  constexpr std::int64_t most = 1 << 20;
  if (outer > most) return Magnitude::from_count(kernel) * Magnitude::from_count(output);
  const std::int64_t inner = by_tap ? output : kernel;
  const std::int64_t outer_step = by_tap ? dilation : stride;
  const std::int64_t inner_step = by_tap ? stride : dilation;
  Magnitude sum;
  for (std::int64_t i = 0; i < outer; ++i) {
    const std::int64_t first = i * outer_step - pad_before;
    const std::int64_t begin = first >= 0 ? 0 : ceiling_of(-first, inner_step);
    const std::int64_t end = std::min(inner, floor_of(input - 1 - first, inner_step) + 1);
    if (begin < end) sum += Magnitude::from_count(end - begin);
  }
  return sum;
}

AxisReads AxisWindow::reads() const {
  AxisReads reads{input, {}};
  if (!may_be_divided()) return reads;
  for (std::int64_t o = 0; o < output; ++o) {
    const std::int64_t first = place(o, 0);
    const std::int64_t begin = first >= 0 ? 0 : ceiling_of(-first, dilation);
    const std::int64_t end = std::min(kernel, floor_of(input - 1 - first, dilation) + 1);
    const std::int64_t count = std::max<std::int64_t>(end - begin, 0);
    reads.outputs.push_back({count > 0 ? place(o, begin) : 0, dilation, count, kernel});
  }
  return reads;
}

AxisReads AxisWindow::readers() const {
  AxisReads readers{output, {}};
  if (!may_be_divided()) return readers;
  readers.outputs.resize(static_cast<std::size_t>(input));
  const AxisReads forward = reads();
  for (std::int64_t o = 0; o < output; ++o) {
    const AxisReads::Output& read = forward.outputs[static_cast<std::size_t>(o)];
    for (std::int64_t t = 0; t < read.count; ++t) {
      AxisReads::Output& by = readers.outputs[static_cast<std::size_t>(read.first + t * read.step)];
      // Those that read one input are equally far apart: the solutions of a congruence.
      if (by.count == 0) by.first = o;
      if (by.count == 1) by.step = o - by.first;
      ++by.count;
    }
  }
  return readers;
}

void require_fit(const Shape& input, std::string_view name, const Extent& extent) {
  if (extent.fits(input.spatial_rank())) return;
  const int numbers = extent.given - 1;
  const int axes = input.spatial_rank();
  throw ShapeError(
      fmt::format("{} has {} number{}, but {} has {} spatial ax{}", name, numbers,
                  numbers == 1 ? "" : "s", input.to_text(), axes, axes == 1 ? "is" : "es"),
      "give one number for all axes, or one for each");
}

std::int64_t span_of(std::int64_t kernel, std::int64_t dilation) {
  return checked_sum(checked_product(kernel - 1, dilation, too_large), 1, too_large);
}

AxisWindow Window::along(const Shape& input, int axis) const {
  const std::pair<std::string_view, const Extent*> extents[] = {{"kernel", &kernel},
                                                                {"stride", &stride},
                                                                {"dilation", &dilation},
                                                                {"padding", &padding.sizes}};
  for (const auto& [name, extent] : extents) require_fit(input, name, *extent);
  AxisWindow window;
  window.input = input.spatial(axis);
  window.kernel = kernel[axis];
  window.dilation = dilation[axis];
  window.stride = stride.is_given() ? stride[axis] : stride_is_kernel ? kernel[axis] : 1;
  const std::int64_t span = span_of(window.kernel, window.dilation);
  std::int64_t padded = window.input;
  if (padding.kind == Padding::Kind::same) {
    const std::int64_t output = ceiling_of(window.input, window.stride);
    const std::int64_t reach = checked_sum((output - 1) * window.stride, span, too_large);
    const std::int64_t total = std::max<std::int64_t>(reach - window.input, 0);
    window.pad_before = total / 2;
    padded = checked_sum(padded, total, too_large);
  } else if (padding.kind == Padding::Kind::explicit_sizes) {
    window.pad_before = padding.sizes[axis];
    padded = checked_sum(padded, checked_product(2, window.pad_before, too_large), too_large);
  }
  if (span > padded) {
    const bool dilated = window.dilation > 1;
    throw ShapeError(
        fmt::format("the kernel ({}{}) is larger than the padded input ({}) along {}", span,
                    dilated ? " with its dilation" : "", padded, axis_name(input, axis)),
        "use a smaller kernel, more padding, or fewer poolings before");
  }
  window.pad_behind = padded - window.input - window.pad_before;
  window.output = (padded - span) / window.stride + 1;
  const bool hangs_over =
      (padded - span) % window.stride != 0 && window.place(window.output, 0) < window.input;
  if (ceil && hangs_over) ++window.output;
  return window;
}

Shape Window::output_shape(const Shape& input, std::int64_t channels) const {
  std::array<std::int64_t, Shape::largest_rank> sizes{channels, 1, 1, 1};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    sizes[static_cast<std::size_t>(axis) + 1] = along(input, axis).output;
  }
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(input.rank())));
}

std::int64_t Window::largest_overlap(const Shape& input) const {
  std::int64_t product = 1;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    product *= along(input, axis).largest_overlap();
  }
  return product;
}

std::int64_t Window::largest_patch(const Shape& input) const {
  std::int64_t product = 1;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    product *= along(input, axis).largest_patch();
  }
  return product;
}

Magnitude Window::taps(const Shape& input) const {
  Magnitude product = Magnitude::from_count(1);
  for (int axis = 0; axis < input.spatial_rank(); ++axis) product *= along(input, axis).taps();
  return product;
}

PositionReads Window::reads(const Shape& input) const {
  PositionReads reads{PositionReads::Kind::patch, {}};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    reads.axes.push_back(along(input, axis).reads());
  }
  return reads;
}

std::int64_t Window::patch_size(int spatial_rank) const {
  std::int64_t product = 1;
  for (int axis = 0; axis < spatial_rank; ++axis) {
    product = checked_product(product, kernel[axis], "the size of the kernel");
  }
  return product;
}

bool Window::is_pointwise() const {
  const auto all = [](const Extent& extent, std::int64_t size) {
    return std::ranges::all_of(
        std::span(extent.sizes).first(extent.given > 1 ? extent.given - 1U : 1U),
        [=](std::int64_t other) { return other == size; });
  };
  return all(kernel, 1) && (padding.kind != Padding::Kind::explicit_sizes || all(padding.sizes, 0));
}

std::string_view axis_name(const Shape& input, int axis) {
  if (input.spatial_rank() == 1) return "the length";
  constexpr std::array<std::string_view, Shape::most_spatial_axes> names{"the depth", "the height",
                                                                         "the width"};
  return names.at(names.size() - static_cast<std::size_t>(input.spatial_rank() - axis));
}

void require_spatial(const Shape& input, std::string_view component) {
  if (input.spatial_rank() > 0) return;
  throw ShapeError(
      fmt::format("{} needs an input with positions, not {}", component, input.to_text()),
      std::string(Shape::spatial_forms));
}

}  // namespace smoothbound
