#include "smoothbound/layers/index_map.hpp"

#include <algorithm>
#include <numeric>

#include "smoothbound/layers/linear_map.hpp"
#include "smoothbound/layers/site.hpp"

namespace smoothbound {
namespace {

// Entries along an axis, and of an array, that are gone through to count copies of a composed map:
// as many as take microseconds.
constexpr std::int64_t most_along = 1 << 13;
constexpr std::int64_t most_in_all = 1 << 10;

std::int64_t places_of(const AxisRule::Window& window) {
  std::int64_t product = 1;
  for (const std::int64_t size : window) product *= size;
  return product;
}

std::int64_t relative_place(const AxisRule::Window& window, std::int64_t first,
                            std::int64_t second) {
  std::int64_t place = 0;
  std::int64_t stride = 1;
  for (std::size_t k = window.size(); k-- > 0;) {
    const std::int64_t size = window.at(k);
    place += stride * (second % size - first % size + size - 1);
    stride *= 2 * size - 1;
    first /= size;
    second /= size;
  }
  return place;
}

// From the places in what a run reads of some entries to those of the entries that copy them.
void follow(std::vector<std::int64_t>& places, const std::vector<std::int64_t>& sources) {
  std::vector<std::int64_t> next;
  next.reserve(sources.size());
  for (const std::int64_t source : sources) {
    next.push_back(source < 0 ? AxisRule::nothing : places[static_cast<std::size_t>(source)]);
  }
  places.swap(next);
}

std::vector<std::int64_t> sources_of(const AxisRule& rule) {
  std::vector<std::int64_t> sources(static_cast<std::size_t>(rule.output));
  for (std::size_t o = 0; o < sources.size(); ++o) {
    sources[o] = rule.source(static_cast<std::int64_t>(o));
  }
  return sources;
}

std::int64_t most_frequent(const std::vector<std::int64_t>& places) {
  std::vector<std::int64_t> copies;
  std::int64_t most = 1;
  for (const std::int64_t place : places) {
    if (place < 0) continue;
    const auto i = static_cast<std::size_t>(place);
    if (i >= copies.size()) copies.resize(i + 1);
    most = std::max(most, ++copies[i]);
  }
  return most;
}

std::int64_t largest_copies_of(const IndexMap& map) {
  // At most the number of outputs of a shape.
  std::int64_t product = 1;
  for (const IndexMap::Axis& axis : map.axes) product *= axis.rule.largest_copies();
  return product;
}

// Whether `next` goes along the axes of what `map` gives.
bool has_axes_of(const IndexMap& next, const IndexMap& map) {
  if (next.axes.size() != map.axes.size()) return false;
  std::int64_t stride = 1;
  for (std::size_t k = map.axes.size(); k-- > 0;) {
    if (next.axes[k].rule.input != map.axes[k].rule.output) return false;
    if (next.axes[k].stride != stride) return false;
    stride *= next.axes[k].rule.input;
  }
  return true;
}

// Of rules that act along axis k one behind the other.
Magnitude largest_copies_along(std::span<const IndexMap> run, std::size_t k) {
  Magnitude product = Magnitude::from_count(1);
  std::int64_t entries = 0;
  for (const IndexMap& map : run) {
    const AxisRule& rule = map.axes[k].rule;
    product *= Magnitude::from_count(rule.largest_copies());
    entries = std::max({entries, rule.input, rule.output});
  }
  if (product == Magnitude::from_count(1) || entries > most_along) return product;
  std::vector<std::int64_t> places = sources_of(run.front().axes[k].rule);
  for (const IndexMap& map : run.subspan(1)) {
    if (!map.axes[k].rule.is_identity()) follow(places, sources_of(map.axes[k].rule));
  }
  return Magnitude::from_count(most_frequent(places));
}

// What only moves entries changes no number of copies at the ends of a run.
std::span<const IndexMap> without_bijections_at_ends(std::span<const IndexMap> run) {
  while (!run.empty() && run.front().is_bijection()) run = run.subspan(1);
  while (!run.empty() && run.back().is_bijection()) run = run.first(run.size() - 1);
  return run;
}

}  // namespace

AxisRule AxisRule::nearest(std::int64_t input, std::int64_t output) {
  const std::int64_t common = std::gcd(input, output);
  return {input, output, input / common, output / common};
}

AxisRule AxisRule::relative_places(const Window& window) {
  constexpr const char* what = "the number of pairs of places in a window";
  AxisRule rule;
  rule.window = window;
  for (const std::int64_t size : window) {
    rule.input = checked_product(rule.input, checked_sum(size, size - 1, what), what);
    rule.output = checked_product(rule.output, checked_product(size, size, what), what);
  }
  return rule;
}

std::int64_t AxisRule::source(std::int64_t o) const {
  std::int64_t i = o;
  if (window.front() != 0) {
    const std::int64_t places = places_of(window);
    return relative_place(window, o / places, o % places);
  }
  if (denominator != 1) {
    __extension__ using Wide = __int128;
    i = static_cast<std::int64_t>(static_cast<Wide>(o) * numerator / denominator);
  } else {
    i = o * numerator + offset;
  }
  if (i >= 0 && i < input) return i;
  switch (outside) {
    case Outside::reflect:
      return i < 0 ? -i : 2 * (input - 1) - i;
    case Outside::replicate:
      return i < 0 ? 0 : input - 1;
    case Outside::wrap:
      return i % input < 0 ? i % input + input : i % input;
    case Outside::zero:
      break;
  }
  return nothing;
}

std::int64_t AxisRule::largest_copies() const {
  // Of two places as far apart as places can be there is one pair; of the same one, all.
  if (window.front() != 0) return places_of(window);
  const std::int64_t before = std::max<std::int64_t>(-offset, 0);
  const std::int64_t after = std::max<std::int64_t>(output - input - before, 0);
  switch (outside) {
    case Outside::reflect: {
      // Entry i is seen again before the input if 1 <= i <= before, and behind it if
      // input - 1 - after <= i <= input - 2.
      const bool twice =
          std::max<std::int64_t>(1, input - 1 - after) <= std::min(before, input - 2);
      return twice ? 3 : before > 0 || after > 0 ? 2 : 1;
    }
    case Outside::replicate:
      return input == 1 ? 1 + before + after : 1 + std::max(before, after);
    case Outside::wrap:
      return ceiling_of(output, input);  // numbers in a row with the same remainder
    case Outside::zero:
      break;
  }
  // Sources at distances >= 1 differ. Others: the number of o with floor(o n/m) = i is floor(m/n)
  // or its ceiling, and m/n on the average.
  return numerator >= denominator ? 1 : ceiling_of(denominator, numerator);
}

std::int64_t AxisRule::copying() const {
  if (window.front() != 0 || outside != Outside::zero || denominator != 1) return output;
  const std::int64_t first = offset < 0 ? ceiling_of(-offset, numerator) : 0;
  const std::int64_t end =
      offset < input ? std::min(output, ceiling_of(input - offset, numerator)) : 0;
  return std::max<std::int64_t>(end - first, 0);
}

IndexMap IndexMap::in_order(std::span<const std::int64_t> sizes) {
  IndexMap map;
  map.axes.resize(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t k = sizes.size(); k-- > 0; stride *= sizes[k]) {
    map.axes[k] = {AxisRule::identity(sizes[k]), stride};
  }
  return map;
}

IndexMap IndexMap::permuted(std::span<const std::int64_t> sizes, std::span<const int> order) {
  const IndexMap plain = in_order(sizes);
  IndexMap map;
  map.axes.reserve(order.size());
  for (const int k : order) map.axes.push_back(plain.axes[static_cast<std::size_t>(k)]);
  return map;
}

bool IndexMap::is_bijection() const {
  return std::ranges::all_of(axes, [](const Axis& axis) { return axis.rule.is_bijection(); });
}

std::int64_t IndexMap::outputs() const {
  std::int64_t product = 1;
  for (const Axis& axis : axes) product *= axis.rule.output;
  return product;
}

Magnitude IndexMap::copying() const {
  Magnitude product = Magnitude::from_count(1);
  for (const Axis& axis : axes) product *= Magnitude::from_count(axis.rule.copying());
  return product;
}

std::vector<std::int64_t> IndexMap::sources() const {
  std::vector<std::int64_t> all{0};
  std::vector<std::int64_t> wider;
  for (const Axis& axis : axes) {
    const std::vector<std::int64_t> along = sources_of(axis.rule);
    wider.clear();
    wider.reserve(all.size() * along.size());
    for (const std::int64_t place : all) {
      for (const std::int64_t source : along) {
        const bool copies = place >= 0 && source >= 0;
        wider.push_back(copies ? place + source * axis.stride : AxisRule::nothing);
      }
    }
    all.swap(wider);
  }
  return all;
}

Magnitude largest_copies(std::span<const IndexMap> run) {
  run = without_bijections_at_ends(run);
  Magnitude product = Magnitude::from_count(1);
  for (const IndexMap& map : run) product *= Magnitude::from_count(largest_copies_of(map));
  if (run.size() < 2 || product == Magnitude::from_count(1)) return product;

  bool same_axes = true;
  std::int64_t entries = run.front().outputs();
  for (std::size_t i = 1; i < run.size(); ++i) {
    same_axes = same_axes && has_axes_of(run[i], run[i - 1]);
    entries = std::max(entries, run[i].outputs());
  }
  if (same_axes) {
    product = Magnitude::from_count(1);
    for (std::size_t k = 0; k < run.front().axes.size(); ++k) {
      product *= largest_copies_along(run, k);
    }
    return product;
  }
  if (entries > most_in_all) return product;
  std::vector<std::int64_t> places = run.front().sources();
  for (const IndexMap& map : run.subspan(1)) follow(places, map.sources());
  return Magnitude::from_count(most_frequent(places));
}

// Whether outputs are the inputs in their order. An axis of one entry may stand anywhere.
bool is_in_order(const IndexMap& map) {
  std::int64_t stride = 1;
  for (std::size_t k = map.axes.size(); k-- > 0; stride *= map.axes[k].rule.input) {
    const bool is_trivial = map.axes[k].rule.input == 1 && map.axes[k].rule.output == 1;
    if (is_trivial) continue;
    if (map.axes[k].stride != stride || !map.axes[k].rule.is_identity()) return false;
  }
  return true;
}

bool keeps_positions(const IndexMap& map, const Shape& input, const Shape& output) {
  // From one channel of an output position to another, sources are to be whole numbers of channels
  // apart.
  const std::int64_t positions = input.positions();
  if (is_in_order(map) && output.positions() % positions == 0) return true;
  std::int64_t channels = 1;
  for (const IndexMap::Axis& axis : map.axes) {
    if (channels >= output.channels()) break;
    channels *= axis.rule.output;
    if (axis.rule.largest_copies() > 1) return false;
    if (axis.rule.input > 1 && axis.rule.output > 1 && axis.stride % positions != 0) return false;
  }
  return channels == output.channels();
}

bool keeps_rows(const IndexMap& map, const Shape& input, const Shape& output) {
  return is_in_order(map) && row_of(input) == row_of(output);
}

MapConstants index_map_constants(std::span<const IndexMap> run, bool keep_positions,
                                 bool keep_rows) {
  const Magnitude one = Magnitude::from_count(1);
  MapConstants a =
      linear_map({square_root(largest_copies(run)),
                  run.size() > 1 ? "sqrt(q), these maps together copy an input at most q times"
                                 : "sqrt(q), an input is copied at most q times",
                  "each output copies an input, or is 0"},
                 keep_positions ? one : Magnitude::infinity());
  if (keep_rows) a.at_rows = linear_at_level(reading_of(largest_of_rows), one);
  return a;
}

}  // namespace smoothbound
