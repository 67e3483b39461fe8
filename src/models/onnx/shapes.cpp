// Shapes that operators ask for.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "constant.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound::models::onnx {

Sizes broadcast_sizes(const Sizes& a, const Sizes& b) {
  Sizes sizes(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < sizes.size(); ++i) {  // from the end
    const std::int64_t in_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t in_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (in_a != in_b && in_a != 1 && in_b != 1) {
      refuse(fmt::format("arrays [{}] and [{}] do not fit each other", fmt::join(a, ", "),
                         fmt::join(b, ", ")),
             "is the file complete?");
    }
    sizes[sizes.size() - 1 - i] = in_a == 1 ? in_b : in_a;
  }
  return sizes;
}

std::size_t axis_within(std::int64_t axis, std::size_t rank) {
  const auto axes = static_cast<std::int64_t>(rank);
  if (axis < -axes || axis >= axes) {
    refuse(fmt::format("axis {} is named of {}", axis, rank), "is the file complete?");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + axes : axis);
}

std::vector<std::size_t> order_of(const Node& node, std::size_t rank) {
  const Sizes given = node.integers("perm");
  std::vector<std::size_t> order(rank);
  for (std::size_t i = 0; i < rank; ++i) order[i] = rank - 1 - i;
  if (given.empty()) return order;
  std::vector<bool> is_named(rank, false);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t axis = axis_within(given[i], rank);
    if (given.size() != rank || is_named[axis]) {
      refuse(fmt::format("perm is [{}]", fmt::join(given, ", ")), "it names each axis once");
    }
    is_named[axis] = true;
    order[i] = axis;
  }
  return order;
}

Sizes reshape_sizes(const Sizes& from, const Sizes& asked, bool allows_zero) {
  require_rank(asked.size());
  Sizes sizes = asked;
  std::int64_t known = 1;
  std::size_t open = sizes.size();
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 0 && allows_zero && axis < from.size()) sizes[axis] = from[axis];
    if (sizes[axis] == -1 && open == sizes.size()) {
      open = axis;
    } else if (sizes[axis] < 0) {
      refuse(fmt::format("a shape [{}] is asked for", fmt::join(asked, ", ")),
             "is the file complete?");
    } else {
      known = checked_product(known, sizes[axis], "an array's size");
    }
  }
  const std::int64_t all = product(from);
  if (open < sizes.size() && known > 0) sizes[open] = all / known;
  if (product(sizes) != all) {
    refuse(fmt::format("[{}] cannot have the shape [{}]", fmt::join(from, ", "),
                       fmt::join(asked, ", ")),
           "export it with the shapes that it has when it runs");
  }
  return sizes;
}

Range slice_range(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0) refuse("a slice has the step 0", "is the file complete?");
  const auto place = [&](std::int64_t at) {
    return at < 0 ? std::max(at, -size - 1) + size : std::min(at, size);
  };
  Range range{place(start), step, 0};
  std::int64_t stop = place(end);
  if (step > 0) {
    range.from = std::max<std::int64_t>(range.from, 0);
    stop = std::max<std::int64_t>(stop, 0);
    if (stop > range.from) range.count = (stop - range.from - 1) / step + 1;
  } else {
    range.from = std::min(range.from, size - 1);
    stop = end < -size ? -1 : std::max<std::int64_t>(stop, -1);
    if (stop < range.from) range.count = (range.from - stop - 1) / -std::max(step, -size - 1) + 1;
  }
  return range;
}

std::vector<Range> slice_of(const Graph& graph, const Node& node, const Sizes& sizes,
                            const std::vector<const Constant*>& inputs) {
  const bool as_inputs = graph.opset >= 10;
  const auto list = [&](std::size_t index, std::string_view attribute) {
    if (!as_inputs) return node.integers(attribute);
    const Constant* const given = index < inputs.size() ? inputs[index] : nullptr;
    return given == nullptr ? Sizes{} : given->integers();
  };
  const Sizes starts = list(1, "starts");
  const Sizes ends = list(2, "ends");
  const Sizes axes = list(3, "axes");
  const Sizes steps = as_inputs ? list(4, "") : Sizes{};
  if (starts.size() != ends.size() || (!axes.empty() && axes.size() != starts.size()) ||
      (!steps.empty() && steps.size() != starts.size()) || starts.size() > sizes.size()) {
    refuse("a slice has lists of different lengths", "is the file complete?");
  }
  std::vector<Range> ranges;
  for (const std::int64_t size : sizes) ranges.push_back({0, 1, size});
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axes.empty() ? i : axis_within(axes[i], sizes.size());
    ranges[axis] = slice_range(sizes[axis], starts[i], ends[i], steps.empty() ? 1 : steps[i]);
  }
  return ranges;
}

Sizes split_sizes(const Node& node, std::int64_t size, const Constant* given) {
  Sizes sizes = given != nullptr ? given->integers() : node.integers("split");
  const auto parts = static_cast<std::int64_t>(
      node.integer("num_outputs", static_cast<std::int64_t>(node.outputs.size())));
  if (sizes.empty() && parts > 0 && parts <= std::max<std::int64_t>(size, 1)) {
    const std::int64_t each = ceiling_of(size, parts);
    for (std::int64_t rest = size; rest > 0; rest -= each) sizes.push_back(std::min(each, rest));
  }
  if (sizes.size() != node.outputs.size()) {
    refuse(fmt::format("{} parts are made of an axis of {}", node.outputs.size(), size),
           "is the file complete?");
  }
  std::int64_t sum = 0;
  for (const std::int64_t part : sizes) {
    if (part < 0) refuse("a part has a size below 0", "is the file complete?");
    sum = checked_sum(sum, part, "an array's size");
  }
  if (sum != size) {
    refuse(fmt::format("parts of {} entries are made of an axis of {}", sum, size),
           "is the file complete?");
  }
  return sizes;
}

Sizes axes_of(const Node& node, const Constant* given) {
  Sizes axes = given != nullptr ? given->integers() : node.integers("axes");
  require_rank(axes.size());
  return axes;
}

}  // namespace smoothbound::models::onnx
