#include "smoothbound/layers/mask.hpp"

#include <fmt/format.h>

#include "smoothbound/layers/linear_map.hpp"

namespace smoothbound {
namespace {

constexpr const char* too_many_places = "the number of places in the windows";

// Of lists of sizes, one for each axis of the image.
std::size_t listed_axes(const Extent& extent) {
  return extent.is_given() ? static_cast<std::size_t>(extent.given) - 1 : 0;
}

std::int64_t places_along(const Extent& extent, std::size_t axes) {
  std::int64_t product = 1;
  for (std::size_t k = 0; k < axes; ++k) {
    product = checked_product(product, extent.sizes.at(k), too_many_places);
  }
  return product;
}

// The windows are one axis of a stack, each with all pairs of its places behind it.
void require_windows(const Mask& mask, const Shape& scores) {
  const std::size_t axes = listed_axes(mask.window);
  if (axes == 0 || listed_axes(mask.windows) != axes || listed_axes(mask.shift) != axes) {
    throw ShapeError(
        "a mask of shifted windows takes window, windows and shift, lists of a number "
        "for each axis",
        "for example window: [7, 7], windows: [8, 8], shift: [3, 3]");
  }
  for (std::size_t k = 0; k < axes; ++k) {
    if (mask.shift.sizes.at(k) < mask.window.sizes.at(k)) continue;
    throw ShapeError(fmt::format("mask has a shift of {} in windows of {}", mask.shift.sizes.at(k),
                                 mask.window.sizes.at(k)),
                     "a shift is smaller than its window; 0 is none");
  }
  const std::int64_t places = places_along(mask.window, axes);
  const std::int64_t windows = places_along(mask.windows, axes);
  (void)checked_product(windows, places, too_many_places);
  const std::span<const std::int64_t> sizes = scores.sizes();
  if (sizes.back() != places) {
    throw ShapeError(fmt::format("mask has windows of {} places, but {} has scores of {}", places,
                                 scores.to_text(), sizes.back()),
                     "the last two axes are those of the keys and the queries of a window");
  }
  if (scores.elements() / (places * places) % windows != 0) {
    throw ShapeError(
        fmt::format("mask has {} windows, which {} is no stack of", windows, scores.to_text()),
        "before the keys and the queries, the windows of each head are counted");
  }
}

}  // namespace

void Mask::visit_settings(SettingsVisitor& visitor) {
  visitor.choice({.name = "kind", .description = "which keys are masked", .shorthand = true}, kinds,
                 kind);
  visitor.real({.name = "by", .description = "what is subtracted from their scores"},
               text::RealRange::non_negative, by);
  visitor.choice({.name = "keys",
                  .description = "which of the last two axes is that of the keys; the other one is "
                                 "that of the queries",
                  .usual = true},
                 axes, keys);
  visitor.extent(
      {.name = "window", .description = "of shifted_windows: sizes of a window, one for each axis"},
      window);
  visitor.extent({.name = "windows",
                  .description = "of shifted_windows: windows along each axis of the image"},
                 windows);
  visitor.extent({.name = "shift",
                  .description = "of shifted_windows: places that the image was rolled back along "
                                 "each axis, smaller than the window",
                  .smallest = 0},
                 shift);
}

Shape Mask::output_shape(std::span<const Shape> shapes) const {
  const Shape& scores = shapes.front();
  const std::span<const std::int64_t> sizes = scores.sizes();
  if (sizes.size() < 2 || sizes.back() != sizes[sizes.size() - 2]) {
    throw ShapeError(fmt::format("mask needs as many keys as queries, not {}", scores.to_text()),
                     "[keys, queries], or a stack [heads, keys, queries]");
  }
  if (!is_causal()) {
    require_windows(*this, scores);
  } else if (window.is_given() || windows.is_given() || shift.is_given()) {
    throw ShapeError("a causal mask has no windows", "add kind: shifted_windows");
  }
  return scores;
}

// Additions only.
Work Mask::work(const Site& site) const {
  Work work;
  work.sparsity.map = output_scalars(site);
  return work;
}

std::int64_t Mask::masked(const Shape& scores) const {
  const std::int64_t places = scores.sizes().back();
  const std::int64_t matrices = scores.elements() / (places * places);
  if (is_causal()) return matrices * (places * (places - 1) / 2);
  // Pairs of places of one region: a product over the axes, along each of which two regions meet
  // in the last window only.
  std::int64_t seen = 1;
  std::int64_t all = 1;
  for (std::size_t k = 0; k < listed_axes(window); ++k) {
    const std::int64_t size = window.sizes.at(k);
    const std::int64_t behind = shift.sizes.at(k);
    all *= windows.sizes.at(k);
    seen *= windows.sizes.at(k) * size * size - 2 * behind * (size - behind);
  }
  return matrices / all * (all * places * places - seen);
}

Parts Mask::parts(const Site& site, Method /*method*/) const {
  const std::int64_t entries = masked(site.input());
  const Magnitude of_batch = Magnitude::from_count(entries) * Magnitude::from_count(site.batch);
  // Of a position no more is said than of its sample.
  const Magnitude of_sample = by.upper * square_root(Magnitude::from_count(entries));
  return Part(translation({by.upper * square_root(of_batch), "by sqrt(masked entries of the batch)",
                           "a(0) = -by where it masks"},
                          {of_sample, of_sample}, entries == 0 ? Magnitude{} : by.upper));
}

std::uint8_t Mask::axes_at_end(std::int64_t index) const {
  std::uint8_t bits = 0;
  for (std::size_t k = listed_axes(windows); k-- > 0;) {
    const std::int64_t count = windows.sizes.at(k);
    if (index % count == count - 1) bits = static_cast<std::uint8_t>(bits | (1U << k));
    index /= count;
  }
  return bits;
}

std::uint8_t Mask::axes_rolled(std::int64_t place) const {
  std::uint8_t bits = 0;
  for (std::size_t k = listed_axes(window); k-- > 0;) {
    const std::int64_t size = window.sizes.at(k);
    if (place % size >= size - shift.sizes.at(k))
      bits = static_cast<std::uint8_t>(bits | (1U << k));
    place /= size;
  }
  return bits;
}

}  // namespace smoothbound
