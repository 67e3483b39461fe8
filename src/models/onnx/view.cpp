#include "view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "smoothbound/text/source.hpp"

namespace smoothbound::models::onnx {
namespace {

// An axis as it lies: so many numbers, at that distance.
struct Run {
  std::int64_t size = 1;
  std::int64_t stride = 1;
};

// Those of the view in this order, and neighbours that lie as one axis as one.
std::vector<Run> runs_of(const View& view, const AxisList& order) {
  std::vector<Run> runs;
  for (const std::size_t axis : order) {
    const Run run{view.sizes[axis], view.strides[axis]};
    if (run.size == 1) continue;
    if (!runs.empty() && runs.back().stride == run.size * run.stride) {
      runs.back().size *= run.size;
      runs.back().stride = run.stride;
    } else {
      runs.push_back(run);
    }
  }
  return runs;
}

// What several operators want is there once.
StepId rearranged(Network& network, StepId input, const char* component,
                  std::vector<Setting> settings, const Shape& output, const std::string& name) {
  Step step;
  step.component = component;
  step.settings = std::move(settings);
  step.inputs = {input};
  step.output = output;
  step.name = name;
  return network.add_once(std::move(step));
}

StepId with_shape(Network& network, StepId step, const Sizes& sizes, const std::string& name) {
  const Shape shape = shape_of(sizes);
  if (network.shape(step) == shape) return step;
  if (shape.rank() == 1) return rearranged(network, step, "flatten", {}, shape, name);
  return rearranged(network, step, "reshape", {{"", yaml_list(sizes)}}, shape, name);
}

// Permutes a step whose output is seen with up to four axes.
StepId with_order(Network& network, StepId step, const Sizes& sizes, const AxisList& order,
                  const std::string& name) {
  step = with_shape(network, step, sizes, name);
  std::vector<std::string> words;
  Sizes result;
  for (const std::size_t axis : order) {
    words.push_back(axis_word(axis, static_cast<int>(sizes.size())));
    result.push_back(sizes[axis]);
  }
  return rearranged(network, step, "permute", {{"", fmt::format("[{}]", fmt::join(words, ", "))}},
                    shape_of(result), name);
}

std::int64_t product_of(std::span<const Run> runs) {
  std::int64_t result = 1;
  for (const Run& run : runs) result *= run.size;
  return result;
}

// Runs as they lie; they have to be put into the order `wanted`, by numbers.
StepId with_runs(Network& network, StepId step, std::vector<Run> runs, AxisList wanted,
                 const std::string& name) {
  if (runs.size() <= static_cast<std::size_t>(Shape::largest_rank)) {
    Sizes sizes;
    for (const Run& run : runs) sizes.push_back(run.size);
    return with_order(network, step, sizes, wanted, name);
  }
  // More axes than a shape has: one run after the other is brought to its place.
  for (std::size_t place = 0; place + 1 < runs.size(); ++place) {
    const std::size_t at = wanted[place];
    if (at == place) continue;
    const std::span<const Run> all(runs);
    Sizes sizes{product_of(all.first(place)), product_of(all.subspan(place, at - place)),
                runs[at].size, product_of(all.subspan(at + 1))};
    AxisList order{0, 2, 1, 3};
    if (sizes[3] == 1) {
      sizes.pop_back();
      order.pop_back();
    }
    if (sizes[0] == 1) {
      sizes.erase(sizes.begin());
      order = sizes.size() == 2 ? AxisList{1, 0} : AxisList{1, 0, 2};
    }
    step = with_order(network, step, sizes, order, name);
    std::rotate(runs.begin() + static_cast<std::ptrdiff_t>(place),
                runs.begin() + static_cast<std::ptrdiff_t>(at),
                runs.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    for (std::size_t later = place + 1; later < wanted.size(); ++later) {
      if (wanted[later] < at) ++wanted[later];
    }
  }
  return step;
}

}  // namespace

bool View::is_in_order() const {
  std::int64_t expected = 1;
  for (std::size_t axis = rank(); axis-- > 0;) {
    if (sizes[axis] == 1) continue;
    if (strides[axis] != expected) return false;
    expected *= sizes[axis];
  }
  return true;
}

View in_order(StepId step, Sizes sizes, int batch) {
  View view{step, std::move(sizes), {}, batch};
  view.strides = strides_of(view.sizes);
  for (std::size_t axis = 0; axis < view.rank(); ++axis) {
    if (view.sizes[axis] == 1) view.strides[axis] = 0;
  }
  return view;
}

View in_order(StepId step, Sizes sizes, const View& like) {
  View view = in_order(step, std::move(sizes), View::nowhere);
  view.take_batch(like);
  return view;
}

View permuted(const View& view, const AxisList& order) {
  View result = view;
  for (std::size_t i = 0; i < order.size(); ++i) {
    result.sizes[i] = view.sizes[order[i]];
    result.strides[i] = view.strides[order[i]];
    if (view.batch == static_cast<int>(order[i])) result.batch = static_cast<int>(i);
  }
  return result;
}

void refuse_joined_samples() {
  refuse("samples of the batch depend on each other",
         "is the first axis that of the batch? If not, --no-batch; else export it so that each "
         "sample is treated alone");
}

void require_same_batch(const View& a, const View& b) {
  if (a.batch < 0 || b.batch < 0) return;
  const auto from_behind = [](const View& x) { return static_cast<int>(x.rank()) - x.batch; };
  if (from_behind(a) != from_behind(b) || a.outer != b.outer) refuse_joined_samples();
}

StepId arranged(Network& network, const View& view, const AxisList& order, const Shape& shape,
                const std::string& name) {
  const std::vector<Run> wanted = runs_of(view, order);
  const bool lies_so = wanted.empty() || (wanted.size() == 1 && wanted.front().stride == 1);
  const Sizes sizes(shape.sizes().begin(), shape.sizes().end());
  if (lies_so) return with_shape(network, view.step, sizes, name);
  std::vector<Run> runs = wanted;
  std::ranges::sort(runs, std::greater<>(), &Run::stride);
  AxisList places;
  for (const Run& run : wanted) {
    const auto at = std::ranges::find(runs, run.stride, &Run::stride);
    places.push_back(static_cast<std::size_t>(at - runs.begin()));
  }
  const StepId step = with_runs(network, view.step, runs, places, name);
  return with_shape(network, step, sizes, name);
}

namespace {

// Axes first, ..., end - 1 of a list.
struct Group {
  std::size_t first = 0;
  std::size_t end = 0;
};

// The next groups of axes on both sides with as many entries, behind those so far; axes of size 1
// belong to the group behind them, or to none.
void next_groups(const Sizes& from, const Sizes& to, Group& in_from, Group& in_to) {
  in_from.first = in_from.end;
  in_to.first = in_to.end;
  std::int64_t in = 1;
  std::int64_t out = 1;
  do {
    const bool takes_from = in_from.end < from.size() && (in <= out || in_to.end == to.size());
    if (takes_from) {
      in *= from[in_from.end++];
    } else if (in_to.end < to.size()) {
      out *= to[in_to.end++];
    } else {
      return;
    }
  } while (in != out || in == 1);
}

// Where the batch is in other sizes: where as much stands in front of it as before. Not where it is
// joined with others: who does that knows the sizes that the file has.
int batch_in(const View& view, const Sizes& sizes) {
  if (view.batch >= 0 && view.sizes[static_cast<std::size_t>(view.batch)] != 1)
    return View::nowhere;
  if (view.batch == 0) return !sizes.empty() && sizes[0] == 1 ? 0 : View::nowhere;
  if (view.batch < 0) return View::nowhere;
  const auto before = [](const Sizes& all, int count) {
    std::int64_t elements = 1;
    for (int i = 0; i < count; ++i) elements *= all[static_cast<std::size_t>(i)];
    return elements;
  };
  const std::int64_t in_front = before(view.sizes, view.batch);
  int batch = View::nowhere;
  for (int axis = 0; axis < static_cast<int>(sizes.size()); ++axis) {
    if (sizes[static_cast<std::size_t>(axis)] == 1 && before(sizes, axis) == in_front) batch = axis;
  }
  return batch;
}

}  // namespace

View reshaped(Network& network, const View& view, const Sizes& sizes, const std::string& name) {
  View result{view.step, sizes, Sizes(sizes.size(), 0), batch_in(view, sizes), view.is_ids};
  Group from;
  Group to;
  while (from.end < view.rank() || to.end < sizes.size()) {
    next_groups(view.sizes, sizes, from, to);
    AxisList group(from.end - from.first);
    std::iota(group.begin(), group.end(), from.first);
    const std::vector<Run> runs = runs_of(view, group);
    if (runs.empty()) continue;  // axes of size 1 at the end
    if (runs.size() > 1) {       // numbers have to move
      AxisList all(view.rank());
      std::iota(all.begin(), all.end(), 0);
      const StepId step = arranged(network, view, all, Shape{view.elements()}, name);
      View moved = in_order(step, sizes, result.batch);
      moved.is_ids = view.is_ids;
      return moved;
    }
    std::int64_t stride = runs.front().stride;
    for (std::size_t axis = to.end; axis-- > to.first;) {
      if (sizes[axis] == 1) continue;
      result.strides[axis] = stride;
      stride *= sizes[axis];
    }
  }
  return result;
}

Isolated isolated(Network& network, const View& view, std::size_t axis, const std::string& name) {
  const std::int64_t size = view.sizes[axis];
  const Shape& shape = network.shape(view.step);
  if (size == 1) {  // of that there is none: one in front of all others
    Sizes sizes{1, view.elements()};
    return {with_shape(network, view.step, sizes, name), 0};
  }
  const Sizes own(shape.sizes().begin(), shape.sizes().end());
  const Sizes strides = strides_of(own);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] == size && strides[i] == view.strides[axis]) return {view.step, i};
  }
  const std::int64_t inner = view.strides[axis];
  const std::int64_t outer = view.elements() / size / inner;
  Sizes sizes{outer, size, inner};
  if (outer == 1) sizes = {size, inner};
  const std::size_t place = outer == 1 ? 0 : 1;
  if (inner == 1) sizes.pop_back();
  return {with_shape(network, view.step, sizes, name), place};
}

View resized(const View& view, std::size_t axis, std::int64_t count, StepId step) {
  View result = view;
  result.step = step;
  const std::int64_t size = view.sizes[axis];
  if (size == 1) {  // it stands in front of all others
    result.sizes[axis] = count;
    result.strides[axis] = count == 1 ? 0 : view.elements();
    return result;
  }
  const std::int64_t inner = view.strides[axis];
  for (std::size_t other = 0; other < view.rank(); ++other) {
    if (view.strides[other] >= size * inner) {
      result.strides[other] = view.strides[other] / size * count;
    }
  }
  result.sizes[axis] = count;
  if (count == 1) result.strides[axis] = 0;
  return result;
}

std::string axis_word(std::size_t axis, int rank) {
  if (axis == 0) return "channels";
  if (rank == 2) return "length";
  constexpr std::array<const char*, 3> words{"depth", "height", "width"};
  return words.at(axis + 3 - static_cast<std::size_t>(rank));
}

StepId add_map(Network& network, StepId input, std::string component, std::vector<Setting> settings,
               const Shape& output, const std::string& name) {
  Step step;
  step.component = std::move(component);
  step.settings = std::move(settings);
  step.inputs = {input};
  step.output = output;
  step.name = name;
  return network.add(std::move(step));
}

Shape shape_of(const Sizes& sizes) {
  constexpr std::int64_t most = std::int64_t{1} << 40U;
  try {
    const Shape shape{std::span<const std::int64_t>(sizes)};
    if (shape.elements() <= most) return shape;
    throw ShapeError("it has more than 2^40 numbers",
                     "is the size of the input that of the network?");
  } catch (const ShapeError& error) {
    refuse(fmt::format("an array [{}]: {}", fmt::join(sizes, ", "), error.what()),
           error.hint.empty() ? "architectures have channels and up to three axes of positions"
                              : error.hint);
  }
}

}  // namespace smoothbound::models::onnx
